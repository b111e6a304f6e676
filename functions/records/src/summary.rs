//! `GET /api/records/patients/{id}/summary`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    document::{DocumentView, Filing},
    error::Problem,
    extract::{Json, Path},
};
use carehub_domain::{
    access::{Action, Actor, PatientId, Role},
    account::{BloodGroup, Gender},
    appointment::{Appointment, AppointmentId, Status},
    doctor::DoctorId,
    document::Folder,
    hospital::HospitalId,
    patient::{Allergy, AllergyStatus, Patient, Roster},
    prescription::{Item, ItemId, Prescription, PrescriptionId, PrescriptionStatus},
    text::Text,
};
use carehub_store::{AppointmentFilter, Store, Window};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many of each kind are shown.
const RECENT: usize = 5;

/// The most of each kind that are counted.
const COUNTED: u16 = 1000;

/// Among how many visits the last one is looked for.
const LOOKED_AT: u16 = 20;

/// What matters most about a patient's health, on one page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SummaryView {
    /// The patient.
    pub patient_id: PatientId,
    /// What the patient is called.
    pub patient_name: Text<301>,
    /// The day of birth.
    pub date_of_birth: Option<Date>,
    /// Whole years lived so far.
    pub age: Option<i16>,
    /// The stated gender.
    pub gender: Option<Gender>,
    /// The blood group.
    pub blood_group: Option<BloodGroup>,
    /// What is known about allergies.
    pub allergy_status: AllergyStatus,
    /// The allergies.
    pub allergies: Vec<Allergy>,
    /// Allergies, in the patient's own words.
    pub allergies_in_words: Option<Text<2000>>,
    /// Illnesses that stay.
    pub chronic_conditions: Vec<Text<200>>,
    /// Medicines that the patient says they take.
    pub current_medications: Vec<Text<200>>,
    /// Medicines that the patient may be taking because they were prescribed.
    pub active_medicines: Vec<ActiveMedicineView>,
    /// How many prescriptions there are, without those that others took the place of; a thousand
    /// are counted at most.
    pub total_prescriptions: usize,
    /// The last five prescriptions.
    pub recent_prescriptions: Vec<RecentPrescriptionView>,
    /// How many reports there are; a thousand are counted at most.
    pub total_reports: usize,
    /// The last five reports.
    pub recent_reports: Vec<DocumentView>,
    /// The last visit that took place.
    pub last_visit: Option<LastVisitView>,
}

/// A medicine that the patient may be taking.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActiveMedicineView {
    /// Identifies it within its prescription.
    pub id: ItemId,
    /// The prescription.
    pub prescription: PrescriptionId,
    /// What the doctor calls it.
    pub name: Text<200>,
    /// How much of the substance is in one unit.
    pub strength: Option<Text<100>>,
    /// How much to take at once.
    pub dosage: Option<Text<100>>,
    /// How often.
    pub frequency: Option<String>,
}

/// A prescription in a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecentPrescriptionView {
    /// Identifies the prescription.
    pub id: PrescriptionId,
    /// The number that people read out.
    pub prescription_number: String,
    /// What has become of it.
    pub status: PrescriptionStatus,
    /// Who wrote it.
    pub doctor: DoctorId,
    /// What the doctor was called then.
    pub doctor_name: Text<301>,
    /// In which hospital.
    pub hospital: Option<HospitalId>,
    /// What the hospital was called then.
    pub hospital_name: Option<Text<255>>,
    /// What for.
    pub diagnosis: Option<Text<1000>>,
    /// Its medicines.
    pub medicines: Vec<Text<200>>,
    /// When it was written.
    pub issued_at: Timestamp,
}

/// A visit that took place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LastVisitView {
    /// The appointment.
    pub appointment: AppointmentId,
    /// When it began.
    pub start: Timestamp,
    /// Whom the patient saw.
    pub doctor: Option<DoctorId>,
    /// What the doctor was called then.
    pub doctor_name: Option<Text<301>>,
    /// Where.
    pub hospital: Option<HospitalId>,
    /// What the hospital was called then.
    pub hospital_name: Option<Text<255>>,
}

/// See what matters most about a patient's health.
#[utoipa::path(get, path = "/api/records/patients/{id}/summary", tag = "records", params(
    ("id" = PatientId, Path, description = "The patient. A record that was merged leads to the one that stayed."),
), responses(
    (status = 200, description = "The summary; of reports, prescriptions and visits a hospital sees its own. Who reads about somebody else leaves a line in the audit log.", body = SummaryView),
    (status = 403, description = "The patient has not let the doctor in.", body = Problem),
    (status = 404, description = "There is no such patient, or the caller does not know them.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<PatientId>,
    State(store): State<Store>,
    State(filing): State<Filing>,
) -> Result<Json<SummaryView>> {
    let found = store.repositories().find(id, &actor).await?;
    let (repository, permit) = found.permit(&actor, Action::ViewRepository)?;
    let folder = Folder::reports(&repository);
    let documents = store.documents();
    let (reports, prescriptions, last_visit) = tokio::try_join!(
        async { Ok(documents.within(&folder, None, &actor, Window::first(COUNTED)).await?) },
        prescribed(&repository.patient, &actor, &store),
        last_visit(&repository.patient, &actor, &store),
    )?;
    let total_reports = reports.records.len();
    let recent = reports.records.into_iter().take(RECENT).collect();
    let recent_reports = filing.views(recent, actor.at).await?;
    let links = recent_reports.iter().filter_map(|report| report.file.as_ref()?.file_url.as_ref());
    let permit = permit.noting("what", "summary").noting("files", links.count());
    let permit = permit.noting("reports", total_reports);
    store.events().note_look(&permit.noting("prescriptions", prescriptions.len())).await?;
    let taken = |one| Prescription::taken(one, actor.at).map(move |item| medicine(one, item));
    let active_medicines = prescriptions.iter().flat_map(taken).collect();
    let recent = prescriptions.iter().take(RECENT);
    let recent_prescriptions = recent.map(|one| prescription(one, actor.at)).collect();
    let Patient { name, profile, health, .. } = repository.patient;
    Ok(Json(SummaryView {
        patient_id: id,
        patient_name: name.signature(),
        date_of_birth: profile.date_of_birth,
        age: profile.age(actor.at.to_zoned(TimeZone::UTC).date()),
        gender: profile.gender,
        blood_group: profile.blood_group,
        allergy_status: health.allergy_status,
        allergies: health.allergies,
        allergies_in_words: profile.allergies,
        chronic_conditions: health.chronic_conditions,
        current_medications: health.current_medications,
        active_medicines,
        total_prescriptions: prescriptions.len(),
        recent_prescriptions,
        total_reports,
        recent_reports,
        last_visit,
    }))
}

/// What was prescribed, newest first, as far as the caller may know of it.
async fn prescribed(patient: &Patient, actor: &Actor, store: &Store) -> Result<Vec<Prescription>> {
    let hospital = own_hospital(actor);
    let wanted = |prescription: &Prescription| {
        prescription.recorded_status() != PrescriptionStatus::Replaced
            && (hospital.is_none() || prescription.hospital == hospital)
    };
    let window = Window::first(COUNTED);
    Ok(store.prescriptions().of_patient(patient, window, wanted).await?.records)
}

/// The last visit that took place, of those that the caller may know of.
async fn last_visit(
    patient: &Patient,
    actor: &Actor,
    store: &Store,
) -> Result<Option<LastVisitView>> {
    let filter = AppointmentFilter { status: Some(Status::Completed), ..Default::default() };
    let roster = Roster { keeper: Some(patient.id.into()) };
    let window = Window::first(LOOKED_AT);
    let visits = store.appointments().on(roster, &filter, actor.at, window).await?;
    let hospital = own_hospital(actor);
    let mut visits = visits.records.into_iter();
    let last = visits.find(|visit| hospital.is_none() || visit.hospital == hospital);
    Ok(last.map(LastVisitView::from))
}

/// The hospital that the caller is and sees its own of.
fn own_hospital(actor: &Actor) -> Option<HospitalId> {
    actor.hospital.filter(|_| actor.role() == Some(Role::Hospital))
}

fn medicine(prescription: &Prescription, item: &Item) -> ActiveMedicineView {
    let medication = &item.medication;
    ActiveMedicineView {
        id: item.id,
        prescription: prescription.id,
        name: medication.name.clone(),
        strength: medication.strength.clone(),
        dosage: medication.dosage.clone(),
        frequency: medication.how_often().map(str::to_owned),
    }
}

fn prescription(prescription: &Prescription, now: Timestamp) -> RecentPrescriptionView {
    let medicines = prescription.items().iter().filter(|item| item.is_active());
    RecentPrescriptionView {
        id: prescription.id,
        prescription_number: prescription.number(),
        status: prescription.state(now),
        doctor: prescription.doctor,
        doctor_name: prescription.doctor_name.clone(),
        hospital: prescription.hospital,
        hospital_name: prescription.hospital_name.clone(),
        diagnosis: prescription.letter.diagnosis.clone(),
        medicines: medicines.map(|item| item.medication.name.clone()).collect(),
        issued_at: prescription.issued_at,
    }
}

impl From<Appointment> for LastVisitView {
    fn from(visit: Appointment) -> Self {
        Self {
            appointment: visit.id,
            start: visit.start().timestamp(),
            doctor: visit.doctor,
            doctor_name: visit.doctor_name,
            hospital: visit.hospital,
            hospital_name: visit.hospital_name,
        }
    }
}
