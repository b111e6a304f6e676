//! Medicines, as requests describe them.

use std::collections::BTreeSet;

use carehub_api::{
    Result, form,
    form::{Change, Each, Invalid, replace},
};
use carehub_domain::{
    glass::Reason,
    prescription::{
        Days, DosageForm, Frequency, MOST_ITEMS, Medication, PrescriptionError, Quantity, Refills,
        Timing,
    },
    safety::{Grounds, RuleId},
    text::Text,
};
use serde::Deserialize;
use utoipa::ToSchema;

form! {
    /// A medicine to prescribe.
    pub struct NewMedication {
        /// What the doctor calls it.
        name: Text<200> = "medication_name" | "medicine_name",
        /// The substance.
        generic_name: Option<Text<200>>,
        /// What its maker calls it.
        brand_name: Option<Text<200>>,
        /// How much of the substance is in one unit, such as `500 mg`.
        strength: Option<Text<100>>,
        /// What it is made into.
        dosage_form: Option<DosageForm>,
        /// How much to take at once, such as `1 tablet` or `500 mg`.
        dosage: Option<Text<100>>,
        /// How often: one of the list such as `TWICE_DAILY`, or any other words.
        frequency: Option<Text<200>>,
        /// How often, in words, where `frequency` is `CUSTOM`.
        custom_frequency: Option<Text<200>>,
        /// Whether before or after food.
        timing: Option<Timing>,
        /// For how long, such as `7 days`, or any other words.
        duration: Option<Text<100>>,
        /// For how many days.
        duration_days: Option<Days>,
        /// How many units to hand out.
        quantity: Option<Quantity> = "total_quantity",
        /// How often the same may be handed out again; never if nothing is said.
        refills: Option<Refills>,
        /// How to take it.
        instructions: Option<Text<500>> = "special_instructions",
        /// What to beware of.
        side_effects_warning: Option<Text<500>>,
        /// Whether the pharmacy may hand out another maker's; `true` if nothing is said.
        substitution_allowed: Option<bool> = "is_generic_allowed",
    }
}

form! {
    /// Changes to a medicine of a prescription. What is not there stays.
    #[derive(Clone)]
    pub(crate) struct MedicationChanges {
        /// What the doctor calls it.
        name: Option<Text<200>> = "medication_name" | "medicine_name",
        /// The substance.
        generic_name: Change<Text<200>>,
        /// What its maker calls it.
        brand_name: Change<Text<200>>,
        /// How much of the substance is in one unit.
        strength: Change<Text<100>>,
        /// What it is made into.
        dosage_form: Change<DosageForm>,
        /// How much to take at once.
        dosage: Change<Text<100>>,
        /// How often: one of the list, or any other words.
        frequency: Change<Text<200>>,
        /// How often, in words, where `frequency` is `CUSTOM`.
        custom_frequency: Change<Text<200>>,
        /// Whether before or after food.
        timing: Change<Timing>,
        /// For how long, in words.
        duration: Change<Text<100>>,
        /// For how many days.
        duration_days: Change<Days>,
        /// How many units to hand out.
        quantity: Change<Quantity> = "total_quantity",
        /// How often the same may be handed out again.
        refills: Option<Refills>,
        /// How to take it.
        instructions: Change<Text<500>> = "special_instructions",
        /// What to beware of.
        side_effects_warning: Change<Text<500>>,
        /// Whether the pharmacy may hand out another maker's.
        substitution_allowed: Option<bool> = "is_generic_allowed",
        /// Why it is right in spite of what the safety check finds.
        override_reason: Option<Reason>,
        /// The rules that the reason is about; whatever the check finds if they are not named.
        override_rules: Option<BTreeSet<RuleId>>,
    }
}

/// Why medicines are right in spite of what the safety check finds, if somebody says so.
pub(crate) fn grounds(
    reason: Option<Reason>,
    rules: Option<BTreeSet<RuleId>>,
) -> Result<Option<Grounds>, Invalid> {
    match (reason, rules) {
        (Some(reason), rules) => Ok(Some(Grounds { reason, rules })),
        (None, None) => Ok(None),
        (None, Some(_)) => {
            Err(Invalid::field("override_reason", "is required with override_rules"))
        }
    }
}

/// Medicines to prescribe.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(value_type = Vec<NewMedication>)]
pub(crate) struct Medicines(pub(crate) Each<NewMedication>);

impl Medicines {
    /// All of them, of which there are not too many.
    pub(crate) fn read(self) -> Result<Vec<Medication>> {
        let Self(medicines) = self;
        if medicines.count() > MOST_ITEMS {
            return Err(PrescriptionError::Full.into());
        }
        Ok(medicines.read("medicines")?.into_iter().map(NewMedication::medication).collect())
    }
}

impl NewMedication {
    /// What is to be taken.
    pub(crate) fn medication(self) -> Medication {
        let mut medication = Medication {
            generic_name: self.generic_name,
            brand_name: self.brand_name,
            strength: self.strength,
            dosage_form: self.dosage_form,
            dosage: self.dosage,
            timing: self.timing,
            duration: self.duration,
            duration_days: self.duration_days,
            quantity: self.quantity,
            refills: self.refills.unwrap_or_default(),
            instructions: self.instructions,
            side_effects_warning: self.side_effects_warning,
            substitution_allowed: self.substitution_allowed.unwrap_or(true),
            ..Medication::named(self.name)
        };
        medication.told(self.frequency, self.custom_frequency);
        medication
    }
}

impl MedicationChanges {
    /// Makes the changes, and names them.
    pub(crate) fn apply(self, medication: &mut Medication) -> Vec<&'static str> {
        let mut changed = Vec::new();
        let to = medication;
        replace(&mut to.name, self.name, "name", &mut changed);
        self.generic_name.apply(&mut to.generic_name, "generic_name", &mut changed);
        self.brand_name.apply(&mut to.brand_name, "brand_name", &mut changed);
        self.strength.apply(&mut to.strength, "strength", &mut changed);
        self.dosage_form.apply(&mut to.dosage_form, "dosage_form", &mut changed);
        self.dosage.apply(&mut to.dosage, "dosage", &mut changed);
        self.timing.apply(&mut to.timing, "timing", &mut changed);
        self.duration.apply(&mut to.duration, "duration", &mut changed);
        self.duration_days.apply(&mut to.duration_days, "duration_days", &mut changed);
        self.quantity.apply(&mut to.quantity, "quantity", &mut changed);
        replace(&mut to.refills, self.refills, "refills", &mut changed);
        self.instructions.apply(&mut to.instructions, "instructions", &mut changed);
        let warning = self.side_effects_warning;
        warning.apply(&mut to.side_effects_warning, "side_effects_warning", &mut changed);
        let allowed = self.substitution_allowed;
        replace(&mut to.substitution_allowed, allowed, "substitution_allowed", &mut changed);

        let before = (to.frequency, to.custom_frequency.clone());
        match (self.frequency.wanted(), self.custom_frequency.wanted()) {
            (None, None) => {}
            (Some(frequency), custom) => to.told(frequency, custom.flatten()),
            (None, Some(custom)) => {
                let listed = to.frequency.filter(|listed| *listed != Frequency::Custom);
                to.told(None, custom);
                to.frequency = to.frequency.or(listed);
            }
        }
        if before != (to.frequency, to.custom_frequency.clone()) {
            changed.push("frequency");
        }
        changed
    }
}
