//! Consultations: what patients tell at a visit, and what doctors measure, find and note.

mod icd;
mod vitals;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::{
    icd::{BadCode, IcdCode},
    vitals::{
        BadMeasure, BadPressure, BloodGlucose, BloodPressure, Decimal, Diastolic, HeartRate,
        Height, OxygenSaturation, RespiratoryRate, Systolic, Temperature, VitalSigns, VitalSignsId,
        Weight,
    },
};
use crate::{
    Class, Failure, Id, Revision,
    access::{Action, Actor, Denied, PatientId, Role, Subject, UserId},
    appointment::{Appointment, AppointmentId, Status},
    choice::choice,
    doctor::DoctorId,
    event::Reference,
    failures,
    hospital::HospitalId,
    id::Identified,
    revision::Revised,
    text::Text,
};

/// Something that was written down about a visit: a symptom, a diagnosis, the vital signs or a
/// note.
///
/// Until the visit is over, entries come and go. Then they stay as they are, and what is written
/// later is an addendum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry<F: Identified> {
    /// Identifies the entry.
    pub id: Id<F>,
    /// The visit.
    pub appointment: AppointmentId,
    /// Who came.
    pub patient: PatientId,
    /// Who saw the patient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doctor: Option<DoctorId>,
    /// At which hospital.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospital: Option<HospitalId>,
    /// What there is to know.
    #[serde(flatten)]
    pub finding: F,
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<UserId>,
    /// Whether it was written after the visit was over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_addendum: bool,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    revision: Revision,
}

/// A kind of thing to write down about a visit.
pub trait Finding: Identified + Clone {
    /// What several of them are called.
    const PLURAL: &'static str;
    /// To write one down.
    const CREATE: Action;
    /// To change one.
    const EDIT: Action;
    /// To remove one.
    const DELETE: Action;
    /// Whether patients may write them down before the visit is agreed.
    const BEFOREHAND: bool = false;
    /// What it means that the place of a new one is taken.
    const TAKEN: ConsultationError = ConsultationError::Stale;
}

/// Something that the patient feels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Symptom {
    /// What it is.
    pub symptom: Text<200>,
    /// How bad it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// How long it has lasted, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Text<100>>,
    /// What there is to say about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<Text<2000>>,
}

/// Identifies a [`Symptom`].
pub type SymptomId = Id<Symptom>;

impl Identified for Symptom {
    const PREFIX: &'static str = "sym";
}

impl Finding for Symptom {
    const PLURAL: &'static str = "symptoms";
    const CREATE: Action = Action::CreateSymptom;
    const EDIT: Action = Action::EditSymptom;
    const DELETE: Action = Action::DeleteSymptom;
    const BEFOREHAND: bool = true;
}

/// What the doctor takes it to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnosis {
    /// In words.
    pub diagnosis: Text<300>,
    /// Its part among others.
    pub diagnosis_type: DiagnosisType,
    /// As the International Classification of Diseases has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icd_code: Option<IcdCode>,
    /// How sure the doctor is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
    /// What there is to say about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<Text<2000>>,
}

/// Identifies a [`Diagnosis`].
pub type DiagnosisId = Id<Diagnosis>;

impl Identified for Diagnosis {
    const PREFIX: &'static str = "dia";
}

impl Finding for Diagnosis {
    const PLURAL: &'static str = "diagnoses";
    const CREATE: Action = Action::CreateDiagnosis;
    const EDIT: Action = Action::EditDiagnosis;
    const DELETE: Action = Action::DeleteDiagnosis;
}

impl Finding for VitalSigns {
    const PLURAL: &'static str = "vital-signs";
    const CREATE: Action = Action::CreateVitalSigns;
    const EDIT: Action = Action::EditVitalSigns;
    const DELETE: Action = Action::DeleteVitalSigns;
    const TAKEN: ConsultationError = ConsultationError::VitalSignsExist;
}

/// A note that belongs to a visit, for everyone who takes part in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// What it is about.
    pub note_type: RemarkType,
    /// What it says.
    pub content: Text<5000>,
}

/// Identifies a [`Remark`].
pub type RemarkId = Id<Remark>;

impl Identified for Remark {
    const PREFIX: &'static str = "cno";
}

impl Finding for Remark {
    const PLURAL: &'static str = "notes";
    const CREATE: Action = Action::CreateRemark;
    const EDIT: Action = Action::EditRemark;
    const DELETE: Action = Action::DeleteRemark;
}

choice! {
    /// How bad a symptom is.
    pub enum Severity: "a severity" {
        /// It hardly hinders.
        Mild = "MILD",
        /// It hinders.
        Moderate = "MODERATE",
        /// It hinders everything.
        Severe = "SEVERE",
    }
}

choice! {
    /// The part of a diagnosis among others.
    pub enum DiagnosisType: "a type of diagnosis" {
        /// It explains the visit.
        Primary = "PRIMARY",
        /// It is there as well.
        Secondary = "SECONDARY",
        /// It may explain the visit instead.
        Differential = "DIFFERENTIAL",
        /// It has yet to be confirmed.
        Provisional = "PROVISIONAL",
    }
}

choice! {
    /// How sure a diagnosis is.
    pub enum Confidence: "a level of confidence" {
        /// It is a guess.
        Low = "LOW",
        /// It is likely.
        Medium = "MEDIUM",
        /// It is all but certain.
        High = "HIGH",
    }
}

choice! {
    /// What a note is about.
    pub enum RemarkType: "a type of note" {
        /// Anything.
        General = "GENERAL",
        /// What was examined.
        Examination = "EXAMINATION",
        /// What was done.
        Treatment = "TREATMENT",
        /// What the patient should do.
        Advice = "ADVICE",
        /// What should happen next.
        FollowUp = "FOLLOW_UP",
    }
}

/// All that was written down about a visit, each kind in the order it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// What the patient feels.
    pub symptoms: Vec<Entry<Symptom>>,
    /// What the doctor takes it to be.
    pub diagnoses: Vec<Entry<Diagnosis>>,
    /// What was measured.
    pub vital_signs: Option<Entry<VitalSigns>>,
    /// What else there is to say.
    pub notes: Vec<Entry<Remark>>,
}

impl Findings {
    /// How many entries there are.
    pub fn count(&self) -> usize {
        self.symptoms.len()
            + self.diagnoses.len()
            + usize::from(self.vital_signs.is_some())
            + self.notes.len()
    }
}

/// A visit and all that was written down about it, for whoever may read that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consultation {
    /// The visit.
    pub visit: Appointment,
    /// What was written down.
    pub findings: Findings,
}

impl Subject for Consultation {
    const VIEW: Action = Appointment::VIEW;

    fn reference(&self) -> Reference {
        self.visit.reference()
    }

    fn is_of(&self, user: UserId) -> bool {
        self.visit.is_of(user)
    }

    fn hospital(&self) -> Option<HospitalId> {
        self.visit.hospital
    }

    fn patient(&self) -> Option<PatientId> {
        Some(self.visit.patient)
    }
}

impl<F: Finding> Entry<F> {
    /// Writes down a finding about `visit`. Once it took place, that is an addendum.
    pub fn add(finding: F, visit: &Appointment, by: &Actor) -> Result<Self, Closed> {
        let is_addendum = match visit.status() {
            Status::Requested if F::BEFOREHAND && by.role() == Some(Role::Patient) => false,
            Status::Requested => return Err(Closed::Early),
            Status::Confirmed | Status::CheckedIn | Status::InProgress => false,
            Status::Completed => true,
            over @ (Status::Cancelled | Status::NoShow) => return Err(Closed::Over(over)),
        };
        Ok(Self {
            id: Id::generate(by.at),
            appointment: visit.id,
            patient: visit.patient,
            doctor: visit.doctor,
            hospital: visit.hospital,
            finding,
            author: by.user,
            is_addendum,
            created_at: by.at,
            updated_at: by.at,
            revision: Revision::FIRST,
        })
    }

    /// Checks that it can still be changed or removed.
    pub fn demand_open(&self, visit: &Appointment) -> Result<(), Closed> {
        let status = visit.status();
        if status.is_over() { Err(Closed::Over(status)) } else { Ok(()) }
    }

    /// Checks that `by` may touch it: patients only what they wrote themselves.
    pub fn demand_own_hand(&self, by: &Actor) -> Result<(), Denied> {
        match by.role() {
            Some(Role::Patient) if self.author != by.user => Err(Denied::Forbidden),
            _ => Ok(()),
        }
    }

    /// The same entry, of whoever the visit is of now: a doctor who takes over reads what was
    /// written before.
    #[must_use]
    pub fn in_hands_of(self, visit: &Appointment) -> Self {
        let Appointment { patient, doctor, hospital, .. } = *visit;
        Self { patient, doctor, hospital, ..self }
    }
}

impl<F: Identified> Revised for Entry<F> {
    fn revision(&self) -> Revision {
        self.revision
    }

    fn advance(&mut self) {
        self.revision = self.revision.next();
    }
}

impl<F: Finding> Subject for Entry<F> {
    const VIEW: Action = Action::ViewConsultation;

    fn reference(&self) -> Reference {
        self.id.into()
    }

    fn is_of(&self, user: UserId) -> bool {
        [Some(self.patient.into()), self.doctor.map(UserId::from)].contains(&Some(user))
    }

    fn hospital(&self) -> Option<HospitalId> {
        self.hospital
    }

    fn patient(&self) -> Option<PatientId> {
        Some(self.patient)
    }
}

/// The state of a visit rules out that something is written down about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// Nobody has agreed to it yet.
    #[error("the visit is {}; nothing is written down before it is confirmed", Status::Requested)]
    Early,
    /// It is over, in this state.
    #[error("the visit is {0}; what was written down stays as it is")]
    Over(Status),
}

impl Failure for Closed {
    fn class(&self) -> Class {
        match self {
            Self::Early => Class::Conflict,
            Self::Over(_) => Class::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Early => "consultation-not-open",
            Self::Over(_) => "consultation-locked",
        }
    }
}

failures! {
    /// Why what was written down about a visit cannot be kept.
    pub enum ConsultationError {
        VitalSignsExist = Conflict "vital-signs-exist" "the vital signs of this visit are there already",
        Full = Invalid "consultation-full" "a visit has at most a hundred entries of each kind",
        Stale = Conflict "entry-stale" "the entry changed in the meantime",
        Moved = Conflict "consultation-stale" "the visit changed in the meantime",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::access::{Origin, Part};

    const PATIENT: &str = "01J9Z3K8Q4N6V2X5Y7W0B1C2D3";
    const DOCTOR: &str = "01J9Z3K8Q4N6V2X5Y7W0B1C2D4";

    fn visit(status: Status) -> Appointment {
        let at = "2030-01-07T08:00:00Z";
        let visit = json!({
            "id": format!("apt_{PATIENT}"), "booking": "SLOT", "status": status, "payment": "PENDING",
            "patient": format!("pat_{PATIENT}"), "patient_name": "Ana Diaz",
            "doctor": format!("doc_{DOCTOR}"), "zone": "UTC",
            "span": "2030-01-07T08:00:00Z/30",
            "created_at": at, "updated_at": at, "steps": [], "revision": 1,
        });
        serde_json::from_value(visit).unwrap()
    }

    fn actor(role: Role, user: &str) -> Actor {
        let origin = Origin { address: [127, 0, 0, 1].into(), device: None, request: "r".into() };
        let visitor = Actor::visitor(origin, "2030-01-07T09:00:00Z".parse().unwrap());
        let user = format!("usr_{user}").parse().ok();
        Actor { user, part: Part::Member(role), ..visitor }
    }

    fn symptom() -> Symptom {
        let symptom = Text::known("Headache");
        Symptom { symptom, severity: None, duration: None, notes: None }
    }

    #[test]
    fn what_may_be_written_depends_on_how_far_the_visit_has_got() {
        let (ana, ali) = (actor(Role::Patient, PATIENT), actor(Role::Doctor, DOCTOR));
        let note = || Remark { note_type: RemarkType::General, content: Text::known("Rest.") };
        let table: Vec<_> = Status::ALL
            .iter()
            .map(|&status| {
                let visit = visit(status);
                let entry = Entry { is_addendum: false, ..written(&ana) };
                let told = |by| match Entry::add(symptom(), &visit, by) {
                    Ok(entry) if entry.is_addendum => "addendum",
                    Ok(_) => "entry",
                    Err(error) => error.code(),
                };
                let noted = Entry::add(note(), &visit, &ana).is_ok();
                let changed = entry.demand_open(&visit).is_ok();
                format!("{status:12}{:22}{:22}{noted:6}{changed}", told(&ana), told(&ali))
            })
            .collect();
        insta::assert_snapshot!(table.join("\n"), @r"
        REQUESTED   entry                 consultation-not-open false true
        CONFIRMED   entry                 entry                 true  true
        CHECKED_IN  entry                 entry                 true  true
        IN_PROGRESS entry                 entry                 true  true
        COMPLETED   addendum              addendum              true  false
        CANCELLED   consultation-locked   consultation-locked   false false
        NO_SHOW     consultation-locked   consultation-locked   false false
        ");
    }

    #[test]
    fn refusals_name_the_state() {
        for status in [Status::Completed, Status::Cancelled, Status::NoShow] {
            let visit = visit(status);
            let entry = written(&actor(Role::Patient, PATIENT));
            let refusal = entry.demand_open(&visit).unwrap_err().to_string();
            assert!(refusal.contains(status.as_str()), "{refusal}");
        }
        assert!(Closed::Early.to_string().contains("REQUESTED"));
    }

    #[test]
    fn patients_change_only_what_they_wrote() {
        let (ana, ali) = (actor(Role::Patient, PATIENT), actor(Role::Doctor, DOCTOR));
        assert_eq!(written(&ana).demand_own_hand(&ana), Ok(()));
        assert_eq!(written(&ali).demand_own_hand(&ana), Err(Denied::Forbidden));
        assert_eq!(written(&ana).demand_own_hand(&ali), Ok(()));
    }

    #[test]
    fn who_takes_over_reads_what_was_written_before() {
        let (ana, ali) = (actor(Role::Patient, PATIENT), actor(Role::Doctor, DOCTOR));
        let mut nobody = visit(Status::Requested);
        nobody.doctor = None;
        let entry = Entry::add(symptom(), &nobody, &ana).unwrap();

        assert!(!ali.can(Action::ViewConsultation, &entry));
        let entry = entry.in_hands_of(&visit(Status::Confirmed));
        assert!(ali.can(Action::ViewConsultation, &entry));
    }

    #[test]
    fn an_entry_reads_back_as_it_was_kept() {
        let entry = written(&actor(Role::Patient, PATIENT));
        let kept = serde_json::to_value(&entry).unwrap();
        assert_eq!(kept["symptom"], "Headache");
        assert_eq!(serde_json::from_value::<Entry<Symptom>>(kept).unwrap(), entry);
        assert!(!format!("{entry:?}").contains("Headache"));
    }

    fn written(by: &Actor) -> Entry<Symptom> {
        Entry::add(symptom(), &visit(Status::Confirmed), by).unwrap()
    }
}
