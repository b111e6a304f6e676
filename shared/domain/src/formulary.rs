//! The formulary: which medicines there are, what they are for and for whom they are not.
//!
//! The bundled one is in `data/formulary.json`: generic medicines and facts about them, for
//! recommendations only. Every one is known to the safety check by the same name, so that
//! nothing is suggested that the check cannot judge. A hospital adds to it and takes from it.

mod data;
mod site;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

pub use self::site::{Addition, BadFormulary, SiteFormulary};
use crate::{
    account::Gender,
    choice::choice,
    safety::{self, Source},
};

choice! {
    /// What a medicine is for.
    pub enum Indication: "an indication" {
        /// Pain.
        Pain = "PAIN" | "ANALGESIA",
        /// Severe pain.
        SeverePain = "SEVERE_PAIN",
        /// Fever.
        Fever = "FEVER",
        /// Migraine attacks.
        Migraine = "MIGRAINE",
        /// Pain of nerves.
        NervePain = "NERVE_PAIN" | "NEUROPATHIC_PAIN",
        /// Inflamed joints.
        Arthritis = "ARTHRITIS" | "RHEUMATOID_ARTHRITIS" | "OSTEOARTHRITIS",
        /// Gout.
        Gout = "GOUT",
        /// Tense muscles.
        MuscleSpasm = "MUSCLE_SPASM" | "SPASTICITY",
        /// High blood pressure.
        Hypertension = "HYPERTENSION" | "HIGH_BLOOD_PRESSURE",
        /// Angina.
        Angina = "ANGINA",
        /// A weak heart.
        HeartFailure = "HEART_FAILURE",
        /// A heart that beats out of step.
        Arrhythmia = "ARRHYTHMIA" | "ATRIAL_FIBRILLATION",
        /// Too much water in the body.
        Edema = "EDEMA" | "OEDEMA",
        /// Much cholesterol.
        HighCholesterol = "HIGH_CHOLESTEROL" | "HYPERLIPIDEMIA" | "HYPERCHOLESTEROLEMIA" | "DYSLIPIDEMIA",
        /// Keeping blood from clotting in vessels.
        Thrombosis = "THROMBOSIS" | "ANTICOAGULATION",
        /// Keeping platelets from clumping.
        CardiovascularPrevention = "CARDIOVASCULAR_PREVENTION",
        /// Diabetes of type 2.
        Type2Diabetes = "TYPE_2_DIABETES" | "DIABETES" | "DIABETES_TYPE_2" | "DIABETES_MELLITUS",
        /// An underactive thyroid.
        Hypothyroidism = "HYPOTHYROIDISM",
        /// An overactive thyroid.
        Hyperthyroidism = "HYPERTHYROIDISM",
        /// Weak bones.
        Osteoporosis = "OSTEOPOROSIS",
        /// Asthma.
        Asthma = "ASTHMA",
        /// Chronic obstructive lung disease.
        Copd = "COPD",
        /// Hay fever and other allergies.
        Allergies = "ALLERGIES" | "ALLERGIC_RHINITIS" | "HAY_FEVER" | "URTICARIA",
        /// A cough.
        Cough = "COUGH",
        /// A blocked nose.
        Congestion = "CONGESTION" | "NASAL_CONGESTION",
        /// Acid reflux.
        Reflux = "REFLUX" | "GERD" | "HEARTBURN" | "ACID_REFLUX",
        /// Ulcers of the stomach and the gut.
        Ulcer = "ULCER" | "PEPTIC_ULCER",
        /// Feeling sick.
        Nausea = "NAUSEA" | "VOMITING",
        /// Constipation.
        Constipation = "CONSTIPATION",
        /// Diarrhoea.
        Diarrhea = "DIARRHEA" | "DIARRHOEA",
        /// Depression.
        Depression = "DEPRESSION",
        /// Anxiety.
        Anxiety = "ANXIETY",
        /// Sleeplessness.
        Insomnia = "INSOMNIA",
        /// Psychosis and mania.
        Psychosis = "PSYCHOSIS" | "SCHIZOPHRENIA",
        /// Bipolar disorder.
        Bipolar = "BIPOLAR" | "BIPOLAR_DISORDER",
        /// Seizures.
        Epilepsy = "EPILEPSY" | "SEIZURES",
        /// Parkinson's disease.
        Parkinson = "PARKINSON" | "PARKINSONS_DISEASE",
        /// Dementia of the Alzheimer type.
        Alzheimer = "ALZHEIMER" | "ALZHEIMERS_DISEASE",
        /// Attention deficit disorder.
        Adhd = "ADHD",
        /// Infections of the airways.
        RespiratoryInfection = "RESPIRATORY_INFECTION" | "PNEUMONIA" | "BRONCHITIS",
        /// Infections of throat, ear and sinuses.
        EarNoseThroatInfection = "EAR_NOSE_THROAT_INFECTION" | "OTITIS_MEDIA" | "SINUSITIS" | "TONSILLITIS" | "PHARYNGITIS",
        /// Infections of the urinary tract.
        UrinaryInfection = "URINARY_INFECTION" | "URINARY_TRACT_INFECTION" | "UTI" | "CYSTITIS",
        /// Infections of the skin.
        SkinInfection = "SKIN_INFECTION" | "CELLULITIS",
        /// Infections with fungi.
        FungalInfection = "FUNGAL_INFECTION",
        /// Herpes and shingles.
        Herpes = "HERPES" | "SHINGLES",
        /// Worms.
        Worms = "WORMS" | "HELMINTH_INFECTION",
        /// Malaria.
        Malaria = "MALARIA",
        /// A large prostate.
        Prostate = "PROSTATE" | "BPH" | "BENIGN_PROSTATIC_HYPERPLASIA",
        /// A bladder that is too active.
        OveractiveBladder = "OVERACTIVE_BLADDER",
        /// Erectile dysfunction.
        ErectileDysfunction = "ERECTILE_DYSFUNCTION",
        /// Contraception.
        Contraception = "CONTRACEPTION",
        /// Inflammation that the body keeps up itself.
        Inflammation = "INFLAMMATION",
        /// Too little iron.
        IronDeficiency = "IRON_DEFICIENCY" | "IRON_DEFICIENCY_ANEMIA",
    }
}

impl Indication {
    /// The indication in words.
    pub fn words(self) -> String {
        match self {
            Self::Copd => "COPD".to_owned(),
            Self::Adhd => "ADHD".to_owned(),
            other => other.as_str().to_lowercase().replace('_', " "),
        }
    }
}

choice! {
    /// An illness that matters when a medicine is chosen.
    pub enum Condition: "an illness" {
        /// Asthma.
        Asthma = "ASTHMA" | "BRONCHIAL_ASTHMA",
        /// Chronic obstructive lung disease.
        Copd = "COPD" | "CHRONIC_OBSTRUCTIVE_PULMONARY_DISEASE",
        /// High blood pressure.
        Hypertension = "HYPERTENSION" | "HIGH_BLOOD_PRESSURE" | "HTN",
        /// Diabetes of any type.
        Diabetes = "DIABETES" | "DIABETES_MELLITUS" | "TYPE_2_DIABETES" | "TYPE_1_DIABETES" | "DIABETES_TYPE_2" | "DIABETES_TYPE_1" | "DM" | "T2DM" | "T1DM",
        /// Much cholesterol.
        HighCholesterol = "HIGH_CHOLESTEROL" | "HYPERLIPIDEMIA" | "HYPERCHOLESTEROLEMIA" | "DYSLIPIDEMIA" | "HYPERLIPIDAEMIA",
        /// A weak heart.
        HeartFailure = "HEART_FAILURE" | "CHF" | "CONGESTIVE_HEART_FAILURE" | "CARDIAC_FAILURE",
        /// Narrow vessels of the heart, or an attack in the past.
        CoronaryDisease = "CORONARY_DISEASE" | "CORONARY_ARTERY_DISEASE" | "CAD" | "ISCHEMIC_HEART_DISEASE" | "ISCHAEMIC_HEART_DISEASE" | "IHD" | "ANGINA" | "MYOCARDIAL_INFARCTION" | "HEART_ATTACK",
        /// A heart that beats out of step.
        Arrhythmia = "ARRHYTHMIA" | "ATRIAL_FIBRILLATION" | "AF",
        /// A long QT interval.
        LongQt = "LONG_QT" | "QT_PROLONGATION" | "LONG_QT_SYNDROME",
        /// A slow heart or a blocked one.
        Bradycardia = "BRADYCARDIA" | "HEART_BLOCK",
        /// Kidneys that work badly.
        KidneyDisease = "KIDNEY_DISEASE" | "CHRONIC_KIDNEY_DISEASE" | "CKD" | "RENAL_IMPAIRMENT" | "KIDNEY_IMPAIRMENT" | "RENAL_DISEASE",
        /// A liver that works badly.
        LiverDisease = "LIVER_DISEASE" | "HEPATIC_IMPAIRMENT" | "LIVER_IMPAIRMENT" | "CIRRHOSIS" | "HEPATITIS" | "FATTY_LIVER",
        /// Ulcers or bleeding of the stomach and the gut.
        PepticUlcer = "PEPTIC_ULCER" | "GASTRIC_ULCER" | "STOMACH_ULCER" | "DUODENAL_ULCER" | "GI_BLEEDING" | "GASTROINTESTINAL_BLEEDING" | "PUD",
        /// Acid reflux.
        Reflux = "REFLUX" | "GERD" | "ACID_REFLUX" | "GASTRITIS",
        /// A tendency to bleed.
        BleedingDisorder = "BLEEDING_DISORDER" | "HEMOPHILIA" | "HAEMOPHILIA",
        /// A stroke in the past.
        Stroke = "STROKE" | "TIA",
        /// Clots in vessels.
        Thrombosis = "THROMBOSIS" | "DVT" | "DEEP_VEIN_THROMBOSIS" | "PULMONARY_EMBOLISM",
        /// Seizures.
        Epilepsy = "EPILEPSY" | "SEIZURES" | "SEIZURE_DISORDER",
        /// Depression.
        Depression = "DEPRESSION",
        /// Anxiety.
        Anxiety = "ANXIETY" | "ANXIETY_DISORDER",
        /// Bipolar disorder.
        Bipolar = "BIPOLAR" | "BIPOLAR_DISORDER",
        /// Dementia.
        Dementia = "DEMENTIA" | "ALZHEIMERS" | "ALZHEIMERS_DISEASE" | "ALZHEIMER_DISEASE",
        /// Parkinson's disease.
        Parkinson = "PARKINSON" | "PARKINSONS" | "PARKINSONS_DISEASE" | "PARKINSON_DISEASE",
        /// Migraine.
        Migraine = "MIGRAINE",
        /// High pressure in the eye.
        Glaucoma = "GLAUCOMA",
        /// A large prostate or a bladder that does not empty.
        UrinaryRetention = "URINARY_RETENTION" | "PROSTATE" | "BPH" | "ENLARGED_PROSTATE" | "BENIGN_PROSTATIC_HYPERPLASIA",
        /// An underactive thyroid.
        Hypothyroidism = "HYPOTHYROIDISM",
        /// An overactive thyroid.
        Hyperthyroidism = "HYPERTHYROIDISM",
        /// Gout.
        Gout = "GOUT" | "HYPERURICEMIA",
        /// Weak bones.
        Osteoporosis = "OSTEOPOROSIS",
        /// Joints that hurt.
        Arthritis = "ARTHRITIS" | "OSTEOARTHRITIS" | "RHEUMATOID_ARTHRITIS",
        /// Too few red blood cells.
        Anemia = "ANEMIA" | "ANAEMIA" | "IRON_DEFICIENCY" | "IRON_DEFICIENCY_ANEMIA",
        /// A lack of the enzyme G6PD.
        G6pdDeficiency = "G6PD_DEFICIENCY" | "G6PD",
        /// Weak muscles by myasthenia.
        Myasthenia = "MYASTHENIA" | "MYASTHENIA_GRAVIS",
        /// Much potassium.
        HighPotassium = "HIGH_POTASSIUM" | "HYPERKALEMIA" | "HYPERKALAEMIA",
        /// Swelling of face and throat in the past.
        Angioedema = "ANGIOEDEMA" | "ANGIOOEDEMA",
        /// Very heavy.
        Obesity = "OBESITY",
        /// Breathing that stops in sleep.
        SleepApnea = "SLEEP_APNEA" | "SLEEP_APNOEA",
        /// Addiction.
        Addiction = "ADDICTION" | "SUBSTANCE_ABUSE" | "ALCOHOL_ABUSE" | "ALCOHOLISM",
        /// An inflamed pancreas in the past.
        Pancreatitis = "PANCREATITIS",
        /// Feeding a child at the breast.
        Breastfeeding = "BREASTFEEDING" | "BREAST_FEEDING" | "LACTATION",
        /// Kidneys that do not work at all.
        KidneyFailure = "KIDNEY_FAILURE" | "RENAL_FAILURE" | "DIALYSIS" | "ESRD" | "END_STAGE_RENAL_DISEASE",
        /// A liver that does not work at all.
        LiverFailure = "LIVER_FAILURE" | "HEPATIC_FAILURE",
        /// Somebody else's organ.
        Transplant = "TRANSPLANT" | "ORGAN_TRANSPLANT" | "KIDNEY_TRANSPLANT" | "LIVER_TRANSPLANT",
        /// Cancer under treatment.
        Cancer = "CANCER" | "CHEMOTHERAPY" | "LEUKEMIA" | "LYMPHOMA",
        /// HIV.
        Hiv = "HIV" | "AIDS",
        /// An infection of the blood.
        Sepsis = "SEPSIS",
        /// Thoughts of suicide.
        Suicidal = "SUICIDAL" | "SUICIDAL_IDEATION" | "SUICIDAL_THOUGHTS",
        /// Pain in the chest, now.
        ChestPain = "CHEST_PAIN" | "ACUTE_CORONARY_SYNDROME" | "ACS",
        /// Short of breath, now.
        Breathless = "BREATHLESS" | "SHORTNESS_OF_BREATH" | "DYSPNEA" | "DYSPNOEA" | "RESPIRATORY_FAILURE",
        /// A severe allergic reaction, now.
        Anaphylaxis = "ANAPHYLAXIS",
        /// Porphyria.
        Porphyria = "PORPHYRIA",
    }
}

impl Condition {
    /// The illness that somebody wrote down, if it is on the list. Nothing is guessed.
    pub fn read(text: &str) -> Option<Self> {
        safety::plain(text).parse().ok()
    }

    /// Whether it changes everything, so that nothing is recommended without a specialist.
    pub fn is_red_flag(self) -> bool {
        matches!(
            self,
            Self::Breastfeeding
                | Self::KidneyFailure
                | Self::LiverFailure
                | Self::Transplant
                | Self::Cancer
                | Self::Hiv
                | Self::Sepsis
                | Self::Suicidal
                | Self::ChestPain
                | Self::Breathless
                | Self::Anaphylaxis
                | Self::Porphyria
        )
    }

    /// The illness in words.
    pub fn words(self) -> String {
        match self {
            Self::Copd => "COPD".to_owned(),
            Self::G6pdDeficiency => "a lack of G6PD".to_owned(),
            Self::LongQt => "a long QT interval".to_owned(),
            other => other.as_str().to_lowercase().replace('_', " "),
        }
    }
}

choice! {
    /// What a label says about giving a medicine under a condition.
    pub enum Advice: "an advice" {
        /// Nothing particular.
        None = "NONE",
        /// With care.
        Caution = "CAUTION",
        /// Not at all.
        Avoid = "AVOID",
    }
}

choice! {
    /// What a hospital makes of a medicine.
    pub enum Standing: "a standing" {
        /// Nothing in particular.
        Usual = "USUAL",
        /// It comes first.
        Preferred = "PREFERRED",
        /// The hospital does not use it.
        Excluded = "EXCLUDED",
        /// The hospital lists others only. It is known, but never chosen.
        Unlisted = "UNLISTED",
    }
}

/// A medicine of the formulary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What it is called: its ingredients, as the safety check calls them.
    pub name: Cow<'static, str>,
    /// What is in it, in the order of the alphabet.
    pub ingredients: Vec<&'static str>,
    /// The pharmacological class it belongs to.
    pub class: Cow<'static, str>,
    /// What it is for.
    pub indications: BTreeSet<Indication>,
    /// What it is made into.
    pub forms: Vec<Cow<'static, str>>,
    /// Younger people do not take it.
    pub min_age: u8,
    /// The only sex that takes it.
    pub only: Option<Gender>,
    /// What is said about pregnancy.
    pub pregnancy: Advice,
    /// What is said about kidneys that work badly.
    pub kidney: Advice,
    /// What is said about a liver that works badly.
    pub liver: Advice,
    /// What is said about illnesses.
    pub conditions: BTreeMap<Condition, Advice>,
    /// Whether it is kept for special cases: it only takes the place of its like.
    pub is_restricted: bool,
    /// Where it comes from, and in which version.
    pub source: Cow<'static, str>,
    /// What the hospital makes of it.
    pub standing: Standing,
    /// Whether the hospital added it.
    pub is_added: bool,
}

/// A formulary: the bundled one, with what a hospital says.
#[derive(Clone, Debug)]
pub struct Formulary {
    entries: Vec<Entry>,
    version: String,
}

impl Formulary {
    /// The formulary as it is bundled.
    pub fn bundled() -> Self {
        let file = data::file();
        Self { entries: file.entries.clone(), version: file.version.to_owned() }
    }

    /// The formulary of a hospital. What the hospital says wins.
    pub fn with(site: &SiteFormulary) -> Self {
        let mut formulary = Self::bundled();
        site.apply(&mut formulary);
        formulary
    }

    /// Its version, which changes with every word of the hospital.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Where it was written from.
    pub fn sources(&self) -> &'static [Source] {
        &data::file().sources
    }

    /// Every medicine, in the order of the alphabet.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// The medicine with exactly these ingredients.
    pub fn find(&self, ingredients: &[&'static str]) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.ingredients == ingredients)
    }
}

/// The ingredients that a name stands for, and what is made of them here; nothing if the safety
/// check does not know all of it.
fn known(name: &str) -> Option<(String, Vec<&'static str>)> {
    let ingredients = safety::ingredients(&safety::Medicine::named(name));
    (!ingredients.is_empty()).then(|| (ingredients.join(" + "), ingredients))
}

#[cfg(test)]
mod tests;
