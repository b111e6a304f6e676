//! How prescriptions look to callers.

use carehub_api::document::DocumentView;
use carehub_domain::{
    access::{Actor, PatientId, Role, UserId},
    appointment::AppointmentId,
    doctor::DoctorId,
    hospital::HospitalId,
    medical_record::MedicalRecordId,
    prescription::{
        Days, DosageForm, Frequency, Item, ItemId, Medication, Prescription, PrescriptionId,
        PrescriptionStatus, Quantity, Refills, Timing,
    },
    revision::Revised,
    safety::{Alert, Override, Report},
    text::Text,
};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::pharmacy::HandoverView;

/// A prescription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PrescriptionView {
    /// Identifies the prescription.
    pub id: PrescriptionId,
    /// The number that people read out.
    pub prescription_number: String,
    /// What has become of it.
    pub status: PrescriptionStatus,
    /// Which version it is of what was prescribed at the visit.
    pub version: u32,
    /// The prescription whose place it took.
    pub previous_version: Option<PrescriptionId>,
    /// The prescription that took its place.
    pub next_version: Option<PrescriptionId>,
    /// How often it was written, with each change.
    pub revision: u32,
    /// Who takes it.
    pub patient: PatientId,
    /// What the patient was called when it was written.
    pub patient_name: Text<301>,
    /// Who wrote it.
    pub doctor: DoctorId,
    /// What the doctor was called then.
    pub doctor_name: Text<301>,
    /// The doctor's field of medicine then.
    pub doctor_specialization: Option<Text<100>>,
    /// At which hospital.
    pub hospital: Option<HospitalId>,
    /// What the hospital was called then.
    pub hospital_name: Option<Text<255>>,
    /// The visit it was written at.
    pub appointment: Option<AppointmentId>,
    /// The same, for older clients.
    pub appointment_id: Option<AppointmentId>,
    /// The medical record of that visit, if it was written into one.
    pub medical_record: Option<MedicalRecordId>,
    /// What the doctor takes it to be.
    pub diagnosis: Option<Text<1000>>,
    /// What the patient tells.
    pub symptoms: Option<Text<1000>>,
    /// What is to be looked into.
    pub investigations: Option<Text<1000>>,
    /// What is planned.
    pub treatment_plan: Option<Text<2000>>,
    /// What the patient should heed.
    pub general_instructions: Option<Text<2000>>,
    /// What stands above everything.
    pub header: Option<Text<1000>>,
    /// What stands between.
    pub body: Option<Text<4000>>,
    /// What stands below everything.
    pub footer: Option<Text<1000>>,
    /// For the doctor to whom the patient goes on.
    pub referral_notes: Option<Text<1000>>,
    /// For doctors, the hospital and admins. Patients are not told that there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doctor_notes: Option<Text<2000>>,
    /// Whether the patient should come again.
    pub follow_up_required: bool,
    /// When.
    pub follow_up_date: Option<Date>,
    /// What for.
    pub follow_up_instructions: Option<Text<1000>>,
    /// The last day on which it holds.
    pub valid_until: Date,
    /// Whether it never was on paper.
    pub is_digital: bool,
    /// The medicines, in the order they were prescribed.
    pub medications: Vec<MedicationView>,
    /// The same, for older clients.
    pub medicines: Vec<MedicationView>,
    /// How many there are.
    pub total_medications: usize,
    /// What was found when the medicines were last checked.
    pub safety: Report,
    /// The alerts among that.
    pub warnings: Vec<Alert>,
    /// Why the doctor went on in spite of what was found, each time.
    pub overrides: Vec<Override>,
    /// The day it was written.
    pub issued_date: Date,
    /// When it was written.
    pub issued_at: Timestamp,
    /// The same, for older clients.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// How often the medicines may still be handed out now.
    pub supplies_left: u16,
    /// When the medicines were last handed out.
    pub dispensed_at: Option<Timestamp>,
    /// Who noted that.
    pub dispensed_by: Option<UserId>,
    /// When the patient needed it no longer.
    pub completed_at: Option<Timestamp>,
    /// When it was withdrawn.
    pub cancelled_at: Option<Timestamp>,
    /// The pharmacy that it was sent to, if it was.
    pub pharmacy: Option<HandoverView>,
    /// The first medicine that the patient is to take, for older clients that know only one.
    #[serde(flatten)]
    pub first: FirstView,
}

/// A medicine of a prescription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MedicationView {
    /// Identifies the item.
    pub id: ItemId,
    /// What the doctor calls it.
    pub name: Text<200>,
    /// The substance.
    pub generic_name: Option<Text<200>>,
    /// What its maker calls it.
    pub brand_name: Option<Text<200>>,
    /// How much of the substance is in one unit.
    pub strength: Option<Text<100>>,
    /// What it is made into.
    pub dosage_form: Option<DosageForm>,
    /// How much to take at once.
    pub dosage: Option<Text<100>>,
    /// How often.
    pub frequency: Option<Frequency>,
    /// How often, in words, where none of the list fits.
    pub custom_frequency: Option<Text<200>>,
    /// Whether before or after food.
    pub timing: Option<Timing>,
    /// For how long, in words.
    pub duration: Option<Text<100>>,
    /// For how many days.
    pub duration_days: Option<Days>,
    /// How many units to hand out.
    pub quantity: Option<Quantity>,
    /// The same, for older clients.
    pub total_quantity: Option<Quantity>,
    /// How often the same may be handed out again.
    pub refills: Refills,
    /// How to take it.
    pub instructions: Option<Text<500>>,
    /// The same, for older clients.
    pub special_instructions: Option<Text<500>>,
    /// What to beware of.
    pub side_effects_warning: Option<Text<500>>,
    /// Whether the pharmacy may hand out another maker's.
    pub substitution_allowed: bool,
    /// Whether the patient is to take it.
    pub is_active: bool,
    /// When the patient was told to take it no longer.
    pub deactivated_at: Option<Timestamp>,
    /// When it was prescribed.
    pub added_at: Timestamp,
    /// When it was handed out.
    pub date_filled: Option<Timestamp>,
}

/// One medicine of a prescription, as clients want it that know only one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FirstView {
    /// What the doctor calls it.
    pub medication_name: Option<Text<200>>,
    /// How much to take at once.
    pub dosage: Option<Text<100>>,
    /// How often, in words.
    pub frequency: Option<String>,
    /// For how long.
    pub duration: Option<String>,
    /// How to take it.
    pub instructions: Option<Text<500>>,
    /// How many units to hand out.
    pub quantity: Option<Quantity>,
    /// How often the same may be handed out again.
    pub refills: Refills,
    /// Whether the pharmacy may hand out another maker's.
    pub is_generic_allowed: bool,
    /// Whether the prescription holds and the patient is to take anything.
    pub is_active: bool,
    /// When the prescription was written.
    pub date_prescribed: Timestamp,
    /// When it was handed out.
    pub date_filled: Option<Timestamp>,
}

/// A medicine with whose prescription it is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PrescribedView {
    /// The medicine.
    #[serde(flatten)]
    pub medication: MedicationView,
    /// The prescription.
    pub prescription_id: PrescriptionId,
    /// What has become of it.
    pub prescription_status: PrescriptionStatus,
    /// Who takes it.
    pub patient: PatientId,
    /// What the patient was called when it was written.
    pub patient_name: Text<301>,
    /// Who wrote it.
    pub doctor: DoctorId,
    /// What the doctor was called then.
    pub doctor_name: Text<301>,
}

/// A prescription with which something was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IssuedView {
    /// The prescription as it is now.
    #[serde(flatten)]
    pub now: PrescriptionView,
    /// What was done.
    pub message: String,
    /// The prescription once more, for older clients.
    pub prescription: Box<PrescriptionView>,
}

/// A prescription and what is filed with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WholePrescriptionView {
    /// The prescription.
    #[serde(flatten)]
    pub prescription: PrescriptionView,
    /// The files that belong to it, newest first.
    pub attachments: Vec<DocumentView>,
    /// What is printed on it, so that anybody can ask whether it is genuine.
    pub verification_code: String,
    /// Where anybody can ask.
    pub verification_url: String,
}

impl PrescriptionView {
    /// Shows a prescription to `actor`.
    pub(crate) fn of(prescription: Prescription, actor: &Actor) -> Self {
        let status = prescription.state(actor.at);
        let at = |status| prescription.step(status).map(|step| step.at);
        let dispensed = prescription.step(PrescriptionStatus::Dispensed);
        let medications: Vec<_> = prescription
            .items()
            .iter()
            .map(|item| MedicationView::of(item, &prescription))
            .collect();
        let for_patient = actor.role() == Some(Role::Patient);
        Self {
            id: prescription.id,
            prescription_number: prescription.number(),
            status,
            version: prescription.version(),
            previous_version: prescription.previous_version(),
            next_version: prescription.next_version(),
            revision: prescription.revision().number(),
            completed_at: at(PrescriptionStatus::Completed),
            cancelled_at: at(PrescriptionStatus::Cancelled),
            supplies_left: prescription.supplies_left(actor.at),
            dispensed_at: dispensed.map(|step| step.at),
            dispensed_by: dispensed.and_then(|step| step.by),
            pharmacy: HandoverView::of(&prescription, actor.at),
            first: FirstView::of(&prescription, actor.at),
            issued_date: prescription.zone.date(prescription.issued_at),
            patient: prescription.patient,
            patient_name: prescription.patient_name,
            doctor: prescription.doctor,
            doctor_name: prescription.doctor_name,
            doctor_specialization: prescription.doctor_specialization,
            hospital: prescription.hospital,
            hospital_name: prescription.hospital_name,
            appointment: prescription.appointment,
            appointment_id: prescription.appointment,
            medical_record: prescription.medical_record,
            diagnosis: prescription.letter.diagnosis,
            symptoms: prescription.letter.symptoms,
            investigations: prescription.letter.investigations,
            treatment_plan: prescription.letter.treatment_plan,
            general_instructions: prescription.letter.general_instructions,
            header: prescription.letter.header,
            body: prescription.letter.body,
            footer: prescription.letter.footer,
            referral_notes: prescription.letter.referral_notes,
            doctor_notes: prescription.letter.doctor_notes.filter(|_| !for_patient),
            follow_up_required: prescription.letter.follow_up_required,
            follow_up_date: prescription.letter.follow_up_date,
            follow_up_instructions: prescription.letter.follow_up_instructions,
            valid_until: prescription.valid_until,
            is_digital: prescription.is_digital,
            total_medications: medications.len(),
            medicines: medications.clone(),
            medications,
            warnings: prescription.safety.alerts.clone(),
            safety: prescription.safety,
            overrides: prescription.overrides,
            issued_at: prescription.issued_at,
            created_at: prescription.issued_at,
            updated_at: prescription.updated_at,
        }
    }
}

impl IssuedView {
    /// Shows what was done to `actor`, who did it.
    pub(crate) fn of(prescription: Prescription, message: &str, actor: &Actor) -> Self {
        let now = PrescriptionView::of(prescription, actor);
        Self { prescription: Box::new(now.clone()), now, message: message.to_owned() }
    }
}

impl MedicationView {
    /// Shows a medicine of a prescription.
    pub(crate) fn of(item: &Item, prescription: &Prescription) -> Self {
        let Item { id, medication, added_at, deactivated_at, .. } = item.clone();
        let is_active = item.is_active();
        let Medication { name, generic_name, brand_name, strength, dosage_form, .. } = medication;
        Self {
            id,
            name,
            generic_name,
            brand_name,
            strength,
            dosage_form,
            dosage: medication.dosage,
            frequency: medication.frequency,
            custom_frequency: medication.custom_frequency,
            timing: medication.timing,
            duration: medication.duration,
            duration_days: medication.duration_days,
            quantity: medication.quantity,
            total_quantity: medication.quantity,
            refills: medication.refills,
            instructions: medication.instructions.clone(),
            special_instructions: medication.instructions,
            side_effects_warning: medication.side_effects_warning,
            substitution_allowed: medication.substitution_allowed,
            is_active,
            deactivated_at,
            added_at,
            date_filled: filled(prescription),
        }
    }
}

impl FirstView {
    fn of(prescription: &Prescription, now: Timestamp) -> Self {
        let items = prescription.items();
        let item = items.iter().find(|item| item.is_active()).or(items.first());
        let first = item.map(|item| &item.medication);
        let holds = prescription.state(now) == PrescriptionStatus::Active;
        let days = |days: Days| format!("{} days", u16::from(days));
        Self {
            medication_name: first.map(|first| first.name.clone()),
            dosage: first.and_then(|first| first.dosage.clone()),
            frequency: first.and_then(|first| first.how_often().map(str::to_owned)),
            duration: first.and_then(|first| match &first.duration {
                Some(words) => Some(words.reveal().to_owned()),
                None => first.duration_days.map(days),
            }),
            instructions: first.and_then(|first| first.instructions.clone()),
            quantity: first.and_then(|first| first.quantity),
            refills: first.map(|first| first.refills).unwrap_or_default(),
            is_generic_allowed: first.is_none_or(|first| first.substitution_allowed),
            is_active: holds && item.is_some_and(Item::is_active),
            date_prescribed: prescription.issued_at,
            date_filled: filled(prescription),
        }
    }
}

impl PrescribedView {
    /// Shows each medicine of a prescription.
    pub(crate) fn each(prescription: &Prescription, now: Timestamp) -> Vec<Self> {
        let one = |item| Self {
            medication: MedicationView::of(item, prescription),
            prescription_id: prescription.id,
            prescription_status: prescription.state(now),
            patient: prescription.patient,
            patient_name: prescription.patient_name.clone(),
            doctor: prescription.doctor,
            doctor_name: prescription.doctor_name.clone(),
        };
        prescription.items().iter().map(one).collect()
    }
}

fn filled(prescription: &Prescription) -> Option<Timestamp> {
    prescription.step(PrescriptionStatus::Dispensed).map(|step| step.at)
}
