//! Health records: what patients and doctors keep about an illness or a visit.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    Id, Revision,
    access::{Action, Actor, PatientId, Role, Subject, UserId},
    appointment::{Appointment, AppointmentId},
    chart::{Chart, Clinical, Reader, Secrecy},
    choice::choice,
    doctor::{Doctor, DoctorId},
    document::{DocumentType, Folder, Shelf},
    event::Reference,
    failures,
    hospital::HospitalId,
    id::Identified,
    patient::{Health, Patient},
    revision::{Revised, revised},
    text::Text,
};

/// The most doctors who are named on a record.
pub const MOST_DOCTORS: usize = 10;

/// A document of a patient's health.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthRecord {
    /// Identifies the record.
    pub id: HealthRecordId,
    /// Whom it is about.
    pub patient: PatientId,
    /// What the patient was called when it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient_name: Option<Text<301>>,
    /// The doctors concerned.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doctors: Vec<Concerned>,
    /// The hospital where it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospital: Option<HospitalId>,
    /// The appointment it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appointment: Option<AppointmentId>,
    /// What kind of record it is.
    #[serde(rename = "about")]
    pub kind: RecordKind,
    /// What it is called.
    pub title: Text<200>,
    /// What it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text<5000>>,
    /// The day it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_on: Option<Date>,
    /// Whether it is kept from everyone but the patient.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_private: bool,
    /// Who wrote it; nobody if the hub opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<UserId>,
    /// What the author was called then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author_name: Option<Text<301>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was removed. It is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<Timestamp>,
    revision: Revision,
}

/// Identifies a [`HealthRecord`].
pub type HealthRecordId = Id<HealthRecord>;

impl Identified for HealthRecord {
    const PREFIX: &'static str = "rec";
}

/// A doctor whom a record concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Concerned {
    /// Who it is.
    pub doctor: DoctorId,
    /// What the doctor was called when they were named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text<301>>,
}

impl From<&Doctor> for Concerned {
    fn from(doctor: &Doctor) -> Self {
        Self { doctor: doctor.id, name: Some(doctor.name.signature()) }
    }
}

choice! {
    /// What a health record is about.
    pub enum RecordKind: "a kind of record" {
        /// A visit.
        Consultation = "CONSULTATION",
        /// The result of a test.
        LabResult = "LAB_RESULT" | "LAB_REPORT",
        /// A prescription.
        Prescription = "PRESCRIPTION",
        /// A vaccination.
        Vaccination = "VACCINATION",
        /// What was found.
        Diagnosis = "DIAGNOSIS",
        /// An operation.
        Surgery = "SURGERY",
        /// What the patient does not bear.
        Allergy = "ALLERGY",
        /// Anything else.
        Other = "OTHER",
    }
}

impl RecordKind {
    /// What is attached to such a record.
    pub fn attached(self) -> DocumentType {
        match self {
            Self::LabResult => DocumentType::Lab,
            Self::Prescription => DocumentType::Prescription,
            Self::Consultation
            | Self::Vaccination
            | Self::Diagnosis
            | Self::Surgery
            | Self::Allergy
            | Self::Other => DocumentType::Document,
        }
    }
}

impl HealthRecord {
    /// Writes a record about `patient`. A doctor who writes one is concerned with it.
    pub fn write(
        patient: &Patient,
        kind: RecordKind,
        title: Text<200>,
        author_name: Text<301>,
        by: &Actor,
    ) -> Self {
        let name = Some(author_name.clone());
        let doctors = by.doctor().map(|doctor| Concerned { doctor, name });
        Self {
            id: Id::generate(by.at),
            patient: patient.id,
            patient_name: Some(patient.name.signature()),
            doctors: doctors.into_iter().collect(),
            hospital: by.hospital,
            appointment: None,
            kind,
            title,
            description: None,
            recorded_on: None,
            is_private: false,
            author: by.user,
            author_name: Some(author_name),
            created_at: by.at,
            updated_at: by.at,
            removed_at: None,
            revision: Revision::FIRST,
        }
    }

    /// Opens the record of a visit that is to come.
    pub fn of_visit(appointment: &Appointment) -> Self {
        let doctor = appointment.doctor_name.as_ref().map_or("the doctor", Text::reveal);
        let title: String = format!("Consultation with Dr. {doctor}").chars().take(200).collect();
        let time = appointment.start().strftime("%Y-%m-%d at %H:%M %Q");
        let doctors = appointment
            .doctor
            .map(|doctor| Concerned { doctor, name: appointment.doctor_name.clone() });
        Self {
            id: appointment.id.ulid().into(),
            patient: appointment.patient,
            patient_name: Some(appointment.patient_name.clone()),
            doctors: doctors.into_iter().collect(),
            hospital: appointment.hospital,
            appointment: Some(appointment.id),
            kind: RecordKind::Consultation,
            title: Text::known(&title),
            description: Some(Text::known(&format!("Booked for {time}."))),
            recorded_on: Some(appointment.date()),
            is_private: false,
            author: None,
            author_name: None,
            created_at: appointment.created_at,
            updated_at: appointment.created_at,
            removed_at: None,
            revision: Revision::FIRST,
        }
    }

    /// The number that people read out: `HR…`.
    pub fn number(&self) -> String {
        format!("HR{}", self.id.ulid())
    }

    /// Whether it can be found.
    pub fn is_current(&self) -> bool {
        self.removed_at.is_none()
    }

    /// Whether it says that the patient is allergic to something. One that is private says so, too.
    pub fn tells_of_allergy(&self) -> bool {
        self.is_current() && self.kind == RecordKind::Allergy && !Health::none_meant_by(&self.title)
    }

    /// Names the doctors whom it concerns. A doctor who wrote it always is.
    pub fn concern(&mut self, doctors: Vec<Concerned>) -> Result<(), RecordError> {
        let author = self.author.map(DoctorId::from);
        let wrote = self.doctors.iter().filter(|concerned| Some(concerned.doctor) == author);
        let mut named: Vec<_> = wrote.cloned().collect();
        for concerned in doctors {
            if !named.iter().any(|known| known.doctor == concerned.doctor) {
                named.push(concerned);
            }
        }
        if named.len() > MOST_DOCTORS {
            return Err(RecordError::TooManyDoctors);
        }
        self.doctors = named;
        Ok(())
    }

    /// A doctor whom it concerns says something about it.
    pub fn annotate(
        &self,
        content: Text<5000>,
        doctor_name: Text<301>,
        by: &Actor,
    ) -> Result<Annotation, RecordError> {
        let doctor = by.doctor().map_err(|_| RecordError::NotAssigned)?;
        if !self.is_of_doctor(doctor) {
            return Err(RecordError::NotAssigned);
        }
        Ok(Annotation {
            id: Id::generate(by.at),
            record: self.id,
            patient: self.patient,
            doctor,
            doctor_name,
            content,
            created_at: by.at,
            updated_at: by.at,
            removed_at: None,
            revision: Revision::FIRST,
        })
    }
}

revised!(HealthRecord);

impl Clinical for HealthRecord {
    const VIEW: Action = Action::ViewHealthRecord;

    fn reference(&self) -> Reference {
        self.id.into()
    }

    fn patient(&self) -> PatientId {
        self.patient
    }

    fn is_of_doctor(&self, doctor: DoctorId) -> bool {
        self.doctors.iter().any(|concerned| concerned.doctor == doctor)
    }

    fn hospital(&self) -> Option<HospitalId> {
        self.hospital
    }

    fn secrecy(&self) -> Secrecy {
        if self.is_private { Secrecy::Private } else { Secrecy::Open }
    }
}

impl Chart<HealthRecord> {
    /// Checks that `by` wrote the record, or that the hub opened it for `by`.
    pub fn demand_own_hand(&self, by: &Actor) -> Result<(), RecordError> {
        let own = |user| match self.paper.author {
            Some(author) => author == user,
            None => self.is_about(user),
        };
        if by.user.is_some_and(own) { Ok(()) } else { Err(RecordError::NotOwn) }
    }

    /// Checks that `by` may take the record away: who may change it may, and those who run the
    /// hub.
    pub fn demand_disposable(&self, by: &Actor) -> Result<(), RecordError> {
        match by.role() {
            Some(Role::Admin | Role::Superadmin) => Ok(()),
            _ => self.demand_own_hand(by),
        }
    }

    /// Checks that `by` may add to the record: who may change it may, and the doctors concerned.
    pub fn demand_part(&self, by: &Actor) -> Result<(), RecordError> {
        match by.doctor() {
            Ok(doctor) if self.paper.is_of_doctor(doctor) => Ok(()),
            Ok(_) | Err(_) => self.demand_own_hand(by),
        }
    }

    /// The folder of its attachments, open to whoever reads the record.
    pub fn folder(&self) -> Folder {
        let record = &self.paper;
        let mut folder = Folder::new(Shelf::Record, record.id);
        folder.patient = Subject::patient(self);
        folder.patient_name.clone_from(&record.patient_name);
        folder.hospital = Subject::hospital(self);
        match (record.secrecy(), self.reader()) {
            (Secrecy::Private, _) => folder,
            (Secrecy::Open | Secrecy::Sensitive, reader) => {
                let doctors = record.doctors.iter().map(|concerned| concerned.doctor.into());
                let folder = folder.open_to(doctors);
                match reader {
                    Some(Reader::Doctor(user, emergency)) => {
                        folder.open_to([user]).in_emergency(emergency)
                    }
                    Some(Reader::Patient(_)) | None => folder,
                }
            }
        }
    }

    /// Checks that nobody but the patient keeps the record from others.
    pub fn demand_privacy_of_patient(&self, by: &Actor) -> Result<(), RecordError> {
        let own = by.user.is_some_and(|user| self.is_about(user));
        if own || !self.paper.is_private { Ok(()) } else { Err(RecordError::PrivacyOfPatient) }
    }
}

/// What a doctor says about a health record, for everyone who reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annotation {
    /// Identifies the annotation.
    pub id: AnnotationId,
    /// What it is about.
    pub record: HealthRecordId,
    /// Whose record that is.
    pub patient: PatientId,
    /// Who says it.
    pub doctor: DoctorId,
    /// What the doctor was called then.
    pub doctor_name: Text<301>,
    /// What there is to say.
    pub content: Text<5000>,
    /// When it was said.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was withdrawn. It is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<Timestamp>,
    revision: Revision,
}

/// Identifies an [`Annotation`].
pub type AnnotationId = Id<Annotation>;

impl Identified for Annotation {
    const PREFIX: &'static str = "ann";
}

impl Annotation {
    /// Whether it can be found.
    pub fn is_current(&self) -> bool {
        self.removed_at.is_none()
    }
}

revised!(Annotation);

/// Who may see the record may see what doctors say about it, so whoever looks an annotation up has
/// cleared the record first.
impl Subject for Annotation {
    const VIEW: Action = Action::ViewAnnotation;

    fn reference(&self) -> Reference {
        self.id.into()
    }

    fn owner(&self) -> Option<UserId> {
        Some(self.doctor.into())
    }

    fn patient(&self) -> Option<PatientId> {
        Some(self.patient)
    }
}

/// A health record with all that doctors say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotated {
    /// The record.
    pub record: HealthRecord,
    /// What doctors say, oldest first.
    pub annotations: Vec<Annotation>,
}

impl Clinical for Annotated {
    const VIEW: Action = HealthRecord::VIEW;

    fn reference(&self) -> Reference {
        self.record.reference()
    }

    fn patient(&self) -> PatientId {
        self.record.patient
    }

    fn is_of_doctor(&self, doctor: DoctorId) -> bool {
        self.record.is_of_doctor(doctor)
    }

    fn hospital(&self) -> Option<HospitalId> {
        self.record.hospital
    }

    fn secrecy(&self) -> Secrecy {
        self.record.secrecy()
    }
}

failures! {
    /// Why a health record cannot be kept, changed or annotated.
    pub enum RecordError {
        NotOwn = Forbidden "not-own-record" "you can only update your own records",
        NotAssigned = Forbidden "not-assigned" "you can only annotate records assigned to you",
        PrivacyOfPatient = Forbidden "privacy-of-patient" "only patients keep their own records from others",
        TooManyDoctors = Invalid "too-many-doctors" "a record concerns at most ten doctors",
        Stale = Conflict "record-stale" "the record changed in the meantime",
        Used = Conflict "upload-used" "the upload belongs to a document already",
        AnnotationStale = Conflict "annotation-stale" "the annotation changed in the meantime",
    }
}
