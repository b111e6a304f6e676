//! How long the safety check of a long prescription takes.

use std::{error::Error, fs, hint::black_box};

use carehub_domain::{
    patient::AllergyStatus,
    safety::{DailyIntake, Medicine, Person, SiteRules, check},
};
use serde_json::{Value, json};

/// What is prescribed.
const NEW: [&str; 10] = [
    "Amoxicillin 500 mg capsules",
    "Panadol",
    "Omeprazole 20 mg",
    "Atorvastatin calcium 40 mg",
    "Metformin HCl 500 mg XR",
    "Co-amoxiclav 625 mg",
    "Salbutamol inhaler",
    "Lisinopril 10 mg",
    "Simvastatin 20 mg",
    "Ibuprofen 400 mg",
];

/// What is taken already.
const CURRENT: [&str; 30] = [
    "Amlodipine besylate 5 mg",
    "Hydrochlorothiazide 25 mg",
    "Levothyroxine sodium 50 mcg",
    "Calcium carbonate",
    "Vitamin D3",
    "Clarithromycin 500 mg",
    "Gabapentin 300 mg",
    "Sertraline 50 mg",
    "Zolpidem",
    "Loratadine 10 mg",
    "Montelukast",
    "Fluticasone nasal spray",
    "Tamsulosin 0.4 mg",
    "Finasteride",
    "Allopurinol 300 mg",
    "Folic acid 5 mg",
    "Ferrous sulfate",
    "Insulin glargine",
    "Empagliflozin 10 mg",
    "Sitagliptin",
    "Latanoprost eye drops",
    "Timolol eye drops",
    "Senna",
    "Lactulose",
    "Domperidone",
    "Cyanocobalamin",
    "Alendronic acid 70 mg",
    "Donepezil",
    "Memantine",
    "Melatonin",
];

/// Checks one prescription again and again, and tells the time on the processor.
#[derive(Debug, clap::Args)]
pub(crate) struct Safety {
    /// How often.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..))]
    checks: u64,
}

impl Safety {
    pub(crate) fn measure(&self) -> Result<Value, Box<dyn Error>> {
        let daily = DailyIntake::read("1 tablet", 2);
        let new = NEW.map(|name| Medicine { daily, ..Medicine::named(name) });
        let current = CURRENT.map(Medicine::named);
        let (allergy_status, allergies) = (AllergyStatus::Known, vec!["Penicillin", "Peanuts"]);
        let person = Person { allergy_status, allergies, age: Some(70) };
        let site = SiteRules::default();
        let run = || check(black_box(&new), black_box(&current), &person, &site);
        // The first check reads the data.
        let begun = processor_time()?;
        let report = run();
        let first = processor_time()? - begun;
        let begun = processor_time()?;
        for _ in 0..self.checks {
            black_box(run());
        }
        let ns = (processor_time()? - begun) / self.checks;
        Ok(json!({
            "new": new.len(),
            "current": current.len(),
            "alerts": report.alerts.len(),
            "checks": self.checks,
            "ns": ns,
            "first_ns": first,
        }))
    }
}

/// The nanoseconds that this thread has spent on a processor.
fn processor_time() -> Result<u64, Box<dyn Error>> {
    let statistics = fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(statistics.split_whitespace().next().ok_or("no processor time")?.parse()?)
}
