//! Documents: files that people keep, each on a shelf and in a folder there.

use std::{collections::BTreeSet, fmt};

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    Id, Revision,
    access::{Action, Actor, Denied, PatientId, Role, Subject, UserId},
    appointment::{Appointment, Status},
    choice::choice,
    consultation::Closed,
    doctor::{Doctor, DoctorId},
    event::Reference,
    failures,
    file::{FileId, StoredFile},
    glass::EmergencyAccessId,
    hospital::{Hospital, HospitalId},
    id::Identified,
    patient::Patient,
    repository::Repository,
    revision::{Revised, revised},
    text::Text,
};

/// A file and what there is to say about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Identifies the document.
    pub id: DocumentId,
    /// What it belongs to, and whom that is about.
    #[serde(flatten)]
    pub folder: Folder,
    /// What kind of document it is.
    pub document_type: DocumentType,
    /// What it is called.
    pub title: Text<255>,
    /// What there is to say about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text<5000>>,
    /// The day that it speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report_date: Option<Date>,
    /// Its file.
    pub file: FileId,
    /// Who filed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uploaded_by: Option<UserId>,
    /// What they were called then.
    pub uploaded_by_name: Text<301>,
    /// What somebody found who looked whether it is genuine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification: Option<Verification>,
    /// When it was filed.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was removed. It is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<Timestamp>,
    revision: Revision,
}

/// Identifies a [`Document`].
pub type DocumentId = Id<Document>;

impl Identified for Document {
    const PREFIX: &'static str = "dcm";
}

/// What documents belong to: the repository of a patient, a doctor, a visit. Whoever holds one
/// was cleared for that.
///
/// It names whom it is about on the day that a document is filed. To whom it is open besides is
/// never kept, but found anew by whoever opens it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folder {
    /// The shelf that it stands on.
    pub shelf: Shelf,
    /// What it belongs to.
    pub filed_under: Reference,
    /// The patient.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<PatientId>,
    /// What the patient is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient_name: Option<Text<301>>,
    /// The doctor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doctor: Option<DoctorId>,
    /// What the doctor is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doctor_name: Option<Text<301>>,
    /// The hospital.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospital: Option<HospitalId>,
    /// What the hospital is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospital_name: Option<Text<255>>,
    #[serde(skip)]
    also: Vec<Reference>,
    #[serde(skip)]
    open_to: BTreeSet<UserId>,
    #[serde(skip)]
    reader: Option<UserId>,
    #[serde(skip)]
    emergency: Option<EmergencyAccessId>,
}

choice! {
    /// Where documents of one kind stand.
    pub enum Shelf: "a shelf" {
        /// What is known of a patient's health.
        Report = "REPORT",
        /// What a patient has shown.
        Patient = "PATIENT",
        /// What a doctor has shown.
        Doctor = "DOCTOR",
        /// What belongs to a visit.
        Visit = "VISIT",
        /// What belongs to a prescription.
        Prescription = "PRESCRIPTION",
        /// What belongs to a health record.
        Record = "RECORD",
    }
}

choice! {
    /// What kind of document it is. Each shelf takes some.
    pub enum DocumentType: "a type of document" {
        /// What a laboratory found.
        Lab = "LAB" | "LAB_REPORT" | "LAB_RESULT",
        /// What a doctor prescribed.
        Prescription = "PRESCRIPTION",
        /// A picture made with X-rays.
        Xray = "XRAY" | "X_RAY",
        /// A picture made by magnetic resonance.
        Mri = "MRI",
        /// A picture made by computed tomography.
        Ct = "CT" | "CT_SCAN",
        /// A picture made with ultrasound.
        Ultrasound = "ULTRASOUND",
        /// A picture of the inside, however it was made.
        Scan = "SCAN" | "IMAGING_SCAN",
        /// A picture.
        Image = "IMAGE",
        /// Something written.
        Document = "DOCUMENT",
        /// What somebody wrote about an illness.
        MedicalReport = "MEDICAL_REPORT",
        /// It says who somebody is.
        IdProof = "ID_PROOF",
        /// It says where somebody lives.
        AddressProof = "ADDRESS_PROOF",
        /// It says who pays.
        InsuranceCard = "INSURANCE_CARD",
        /// It says that a doctor may practise.
        License = "LICENSE" | "LICENCE",
        /// It says what a doctor learnt.
        DegreeCertificate = "DEGREE_CERTIFICATE",
        /// It says where a doctor worked.
        ExperienceCertificate = "EXPERIENCE_CERTIFICATE",
        /// Anything else.
        Other = "OTHER",
    }
}

impl DocumentType {
    /// Whether it says what somebody suffers from, takes or was tested for, and not only who they
    /// are.
    pub fn is_clinical(self) -> bool {
        match self {
            Self::Lab
            | Self::Prescription
            | Self::Xray
            | Self::Mri
            | Self::Ct
            | Self::Ultrasound
            | Self::Scan
            | Self::MedicalReport => true,
            Self::Image
            | Self::Document
            | Self::IdProof
            | Self::AddressProof
            | Self::InsuranceCard
            | Self::License
            | Self::DegreeCertificate
            | Self::ExperienceCertificate
            | Self::Other => false,
        }
    }
}

impl Shelf {
    /// The kinds of document that it takes.
    pub fn types(self) -> &'static [DocumentType] {
        use DocumentType as T;
        match self {
            Self::Report => {
                &[T::Lab, T::Prescription, T::Xray, T::Mri, T::Ct, T::Ultrasound, T::Other]
            }
            Self::Patient => &[
                T::IdProof,
                T::AddressProof,
                T::InsuranceCard,
                T::MedicalReport,
                T::Prescription,
                T::Lab,
                T::Other,
            ],
            Self::Doctor => &[
                T::License,
                T::DegreeCertificate,
                T::ExperienceCertificate,
                T::IdProof,
                T::AddressProof,
                T::Other,
            ],
            Self::Visit => {
                &[T::Image, T::Document, T::Lab, T::Prescription, T::Xray, T::Scan, T::Other]
            }
            Self::Prescription => &[T::Lab, T::Scan, T::Other],
            Self::Record => &[
                T::Lab,
                T::Prescription,
                T::Xray,
                T::Mri,
                T::Ct,
                T::Ultrasound,
                T::Scan,
                T::Image,
                T::Document,
                T::MedicalReport,
                T::Other,
            ],
        }
    }

    /// Checks that it takes documents of this kind.
    pub fn demand(self, wanted: DocumentType) -> Result<(), Misfiled> {
        if self.types().contains(&wanted) { Ok(()) } else { Err(Misfiled(self)) }
    }
}

/// The shelf takes other kinds of document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Misfiled(Shelf);

impl fmt::Display for Misfiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected one of:")?;
        self.0.types().iter().try_for_each(|taken| write!(f, " {taken}"))
    }
}

/// What somebody found who looked whether a document is genuine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Whether it is.
    pub is_verified: bool,
    /// Who looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
    /// When.
    pub at: Timestamp,
    /// What there is to say about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<Text<2000>>,
}

impl Folder {
    /// A folder for the documents of `filed_under`, about nobody so far.
    pub fn new(shelf: Shelf, filed_under: impl Into<Reference>) -> Self {
        Self {
            shelf,
            filed_under: filed_under.into(),
            patient: None,
            patient_name: None,
            doctor: None,
            doctor_name: None,
            hospital: None,
            hospital_name: None,
            also: Vec::new(),
            open_to: BTreeSet::new(),
            reader: None,
            emergency: None,
        }
    }

    /// The reports in a repository. A hospital files and finds its own.
    pub fn reports(repository: &Repository) -> Self {
        let folder = Self::about(Shelf::Report, &repository.patient);
        let (hospital, emergency) = (repository.hospital(), repository.emergency());
        let reader = repository.reader().map(UserId::from);
        Self { hospital, emergency, ..folder.open_to(reader) }
    }

    /// What a patient has shown, open to everyone who knows the patient. What of it speaks of the
    /// patient's health is open to whom the patient let in, as all of the repository is.
    pub fn of_patient(repository: &Repository) -> Self {
        let folder = Self::about(Shelf::Patient, &repository.patient);
        let (reader, emergency) = (repository.reader().map(UserId::from), repository.emergency());
        Self { reader, emergency, ..folder.open_to(repository.patient.known_to()) }
    }

    fn about(shelf: Shelf, patient: &Patient) -> Self {
        Self {
            patient: Some(patient.id),
            patient_name: Some(patient.name.signature()),
            also: patient.parts().split_off(1).into_iter().map(Reference::from).collect(),
            ..Self::new(shelf, patient.id)
        }
    }

    /// What a doctor has shown, open to the hospital and to whoever entered the doctor.
    pub fn of_doctor(doctor: &Doctor) -> Self {
        let folder = Self {
            doctor: Some(doctor.id),
            doctor_name: Some(doctor.name.signature()),
            hospital: doctor.hospital,
            ..Self::new(Shelf::Doctor, doctor.id)
        };
        folder.open_to(doctor.created_by)
    }

    /// What belongs to a visit, open to those who take part in it.
    pub fn of_visit(visit: &Appointment) -> Self {
        Self {
            patient: Some(visit.patient),
            patient_name: Some(visit.patient_name.clone()),
            doctor: visit.doctor,
            doctor_name: visit.doctor_name.clone(),
            hospital: visit.hospital,
            hospital_name: visit.hospital_name.clone(),
            ..Self::new(Shelf::Visit, visit.id)
        }
    }

    /// Checks that a visit takes documents: one that did not take place has none.
    pub fn demand_held(visit: &Appointment) -> Result<(), Closed> {
        match visit.status() {
            over @ (Status::Cancelled | Status::NoShow) => Err(Closed::Over(over)),
            Status::Requested
            | Status::Confirmed
            | Status::CheckedIn
            | Status::InProgress
            | Status::Completed => Ok(()),
        }
    }

    /// The same folder, open to these people, too.
    #[must_use]
    pub fn open_to(mut self, people: impl IntoIterator<Item = UserId>) -> Self {
        self.open_to.extend(people);
        self
    }

    /// The same folder, open in this emergency.
    #[must_use]
    pub fn in_emergency(self, emergency: Option<EmergencyAccessId>) -> Self {
        Self { emergency, ..self }
    }

    /// The same folder at a hospital.
    #[must_use]
    pub fn at(self, hospital: &Hospital) -> Self {
        let hospital_name = Some(hospital.name.clone());
        Self { hospital: Some(hospital.id), hospital_name, ..self }
    }

    /// Everything that it belongs to: that of a merged record is in it, too.
    pub fn places(&self) -> impl Iterator<Item = &Reference> {
        std::iter::once(&self.filed_under).chain(&self.also)
    }

    /// Whether everything in it is for `user`.
    fn is_open_to(&self, user: UserId) -> bool {
        self.patient.map(UserId::from) == Some(user)
            || self.doctor.map(UserId::from) == Some(user)
            || self.open_to.contains(&user)
    }

    /// Whether it is about `actor`.
    pub fn is_about(&self, actor: &Actor) -> bool {
        let doctor = self.doctor.filter(|_| self.shelf == Shelf::Doctor).map(UserId::from);
        actor.user.is_some() && [self.patient.map(UserId::from), doctor].contains(&actor.user)
    }
}

/// To ask whether somebody may file something there.
impl Subject for Folder {
    const VIEW: Action = Action::ViewDocument;

    fn reference(&self) -> Reference {
        self.filed_under.clone()
    }

    fn is_of(&self, user: UserId) -> bool {
        self.is_open_to(user) || self.reader == Some(user)
    }

    fn hospital(&self) -> Option<HospitalId> {
        self.hospital
    }

    fn patient(&self) -> Option<PatientId> {
        self.patient
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        self.emergency.map(|emergency| ("emergency", emergency.to_string())).into_iter().collect()
    }
}

/// What people say of a document.
#[derive(Clone, Debug)]
pub struct Description {
    /// What kind of document it is.
    pub document_type: DocumentType,
    /// What it is called; like its file if nothing is said.
    pub title: Option<Text<255>>,
    /// What there is to say about it.
    pub description: Option<Text<5000>>,
    /// The day that it speaks of.
    pub report_date: Option<Date>,
}

impl Document {
    /// Files something.
    pub fn file(
        folder: &Folder,
        said: Description,
        file: &StoredFile,
        uploaded_by_name: Text<301>,
        by: &Actor,
    ) -> Result<Self, Misfiled> {
        folder.shelf.demand(said.document_type)?;
        // Where a patient shows something, it comes from the hospital of who files it.
        let hospital = match folder.shelf {
            Shelf::Patient => by.hospital,
            _ => folder.hospital,
        };
        Ok(Self {
            id: Id::generate(by.at),
            folder: Folder { hospital, ..folder.clone() },
            document_type: said.document_type,
            title: said.title.unwrap_or_else(|| Text::known(file.name.reveal())),
            description: said.description,
            report_date: said.report_date,
            file: file.id,
            uploaded_by: by.user,
            uploaded_by_name,
            verification: None,
            created_at: by.at,
            updated_at: by.at,
            removed_at: None,
            revision: Revision::FIRST,
        })
    }

    /// The document as it lies in a folder that somebody opened: whoever that is about now may
    /// see it. `None` if it lies elsewhere, or was removed.
    #[must_use]
    pub fn within(self, folder: &Folder) -> Option<Self> {
        let lies_there = folder.shelf == self.folder.shelf
            && folder.places().any(|place| *place == self.folder.filed_under);
        if !lies_there || self.removed_at.is_some() {
            return None;
        }
        Some(self.in_hands_of(folder))
    }

    /// The same document, to be seen by those to whom `folder` is open.
    #[must_use]
    pub fn in_hands_of(self, folder: &Folder) -> Self {
        // What says something of a patient stays that of the hospital that it came from.
        let hospital = match folder.shelf {
            Shelf::Report | Shelf::Patient => self.folder.hospital,
            _ => folder.hospital,
        };
        let Folder { patient, doctor, ref open_to, reader, emergency, .. } = *folder;
        let open_to = open_to.clone();
        let folder =
            Folder { patient, doctor, hospital, open_to, reader, emergency, ..self.folder };
        Self { folder, ..self }
    }

    /// Whether it says more of a patient than everybody is told who knows the patient.
    fn is_confided(&self) -> bool {
        self.folder.shelf == Shelf::Patient && self.document_type.is_clinical()
    }

    /// Checks that `by` may change or remove it: who filed it, and admins.
    pub fn demand_own_hand(&self, by: &Actor) -> Result<(), Denied> {
        let admin = matches!(by.role(), Some(Role::Admin | Role::Superadmin));
        let own = by.user.is_some() && by.user == self.uploaded_by;
        if own || admin { Ok(()) } else { Err(Denied::Forbidden) }
    }

    /// Notes that something else is said of it, which nobody has verified.
    pub fn touch(&mut self, now: Timestamp) {
        self.updated_at = now;
        self.verification = None;
    }

    /// Notes what `by` found. Hospitals look at the documents of their doctors only.
    pub fn verify(
        mut self,
        is_verified: bool,
        notes: Option<Text<2000>>,
        by: &Actor,
    ) -> Result<Self, Denied> {
        if by.role() == Some(Role::Hospital) && self.folder.shelf != Shelf::Doctor {
            return Err(Denied::Forbidden);
        }
        self.verification = Some(Verification { is_verified, by: by.user, at: by.at, notes });
        self.updated_at = by.at;
        Ok(self)
    }

    /// Removes it. It is kept.
    #[must_use]
    pub fn remove(self, now: Timestamp) -> Self {
        Self { removed_at: Some(now), updated_at: now, ..self }
    }
}

revised!(Document);

impl Subject for Document {
    const VIEW: Action = Action::ViewDocument;

    fn reference(&self) -> Reference {
        self.id.into()
    }

    fn is_of(&self, user: UserId) -> bool {
        let Folder { patient, reader, .. } = self.folder;
        match self.is_confided() {
            true => [patient.map(UserId::from), reader, self.uploaded_by].contains(&Some(user)),
            false => self.folder.is_open_to(user),
        }
    }

    fn hospital(&self) -> Option<HospitalId> {
        self.folder.hospital
    }

    fn patient(&self) -> Option<PatientId> {
        self.folder.patient
    }

    /// Doctors who know the patient learn what they lack.
    fn refusal(&self, actor: &Actor) -> Denied {
        let knows = actor.user.is_some_and(|user| self.folder.is_open_to(user));
        match actor.role() {
            Some(Role::Doctor) if knows && self.is_confided() => Denied::GrantRequired,
            _ => Denied::NotFound,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        self.folder.facts()
    }
}

failures! {
    /// Why a document cannot be filed or changed.
    pub enum DocumentError {
        Used = Conflict "upload-used" "the upload belongs to a document already",
        Stale = Conflict "document-stale" "the document changed in the meantime",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::access::{Origin, Part};

    const ANA: &str = "01J9Z3K8Q4N6V2X5Y7W0B1C2D3";
    const ALI: &str = "01J9Z3K8Q4N6V2X5Y7W0B1C2D4";
    const SARA: &str = "01J9Z3K8Q4N6V2X5Y7W0B1C2D5";
    const JINNAH: &str = "01J9Z3K8Q4N6V2X5Y7W0B1C2D6";

    fn actor(role: Role, user: &str) -> Actor {
        let origin = Origin { address: [127, 0, 0, 1].into(), device: None, request: "r".into() };
        let visitor = Actor::visitor(origin, "2030-01-07T08:00:00Z".parse().unwrap());
        let user = format!("usr_{user}").parse().ok();
        let hospital = user.filter(|_| role == Role::Hospital).map(HospitalId::from);
        Actor { user, hospital, part: Part::Member(role), ..visitor }
    }

    fn document(shelf: Shelf) -> Document {
        let at = "2030-01-07T08:00:00Z";
        let document = json!({
            "id": format!("dcm_{ANA}"), "shelf": shelf, "filed_under": format!("pat_{ANA}"),
            "patient": format!("pat_{ANA}"), "document_type": "OTHER", "title": "Paper",
            "file": format!("fil_{ANA}"), "uploaded_by": format!("usr_{ANA}"),
            "uploaded_by_name": "Ana Diaz", "created_at": at, "updated_at": at, "revision": 1,
        });
        serde_json::from_value(document).unwrap()
    }

    fn folder(shelf: Shelf) -> Folder {
        let patient: PatientId = format!("pat_{ANA}").parse().unwrap();
        Folder { patient: Some(patient), ..Folder::new(shelf, patient) }
    }

    #[test]
    fn every_shelf_takes_some_kinds() {
        let table: Vec<_> = Shelf::ALL
            .iter()
            .map(|shelf| {
                let refused = DocumentType::ALL.iter().find_map(|one| shelf.demand(*one).err());
                format!("{shelf:12} {}", refused.unwrap())
            })
            .collect();
        insta::assert_snapshot!(table.join("\n"), @"
        REPORT       expected one of: LAB PRESCRIPTION XRAY MRI CT ULTRASOUND OTHER
        PATIENT      expected one of: ID_PROOF ADDRESS_PROOF INSURANCE_CARD MEDICAL_REPORT PRESCRIPTION LAB OTHER
        DOCTOR       expected one of: LICENSE DEGREE_CERTIFICATE EXPERIENCE_CERTIFICATE ID_PROOF ADDRESS_PROOF OTHER
        VISIT        expected one of: IMAGE DOCUMENT LAB PRESCRIPTION XRAY SCAN OTHER
        PRESCRIPTION expected one of: LAB SCAN OTHER
        RECORD       expected one of: LAB PRESCRIPTION XRAY MRI CT ULTRASOUND SCAN IMAGE DOCUMENT MEDICAL_REPORT OTHER
        ");
    }

    #[test]
    fn a_document_is_found_in_its_folder_only_and_until_it_is_removed() {
        let found = |document: Document, folder: &Folder| document.within(folder).is_some();
        let report = document(Shelf::Report);
        let elsewhere = Folder { filed_under: Reference::named("pat_x"), ..folder(Shelf::Report) };
        assert!(found(report.clone(), &folder(Shelf::Report)));
        assert!(!found(report.clone(), &folder(Shelf::Patient)));
        assert!(!found(report.clone(), &elsewhere));
        assert!(!found(report.clone().remove(report.created_at), &folder(Shelf::Report)));
    }

    #[test]
    fn to_whom_it_is_open_is_never_kept() {
        let ali = actor(Role::Doctor, ALI);
        let open = folder(Shelf::Report).open_to(ali.user);
        let seen = document(Shelf::Report).within(&open).unwrap();
        assert!(ali.can(Action::ViewDocument, &seen));
        let kept = serde_json::to_value(&seen).unwrap();
        let read: Document = serde_json::from_value(kept).unwrap();
        assert!(!ali.can(Action::ViewDocument, &read));
    }

    #[test]
    fn what_a_patient_shows_of_their_health_is_for_whom_they_let_in() {
        let (ali, sara) = (actor(Role::Doctor, ALI), actor(Role::Coordinator, SARA));
        let jinnah = actor(Role::Hospital, JINNAH);
        let all = [&ali, &sara, &jinnah].map(|who| who.user.unwrap());
        let known = folder(Shelf::Patient).open_to(all);
        let asked = |by: &Actor, kind, folder: &Folder| {
            let mut paper = document(Shelf::Patient);
            paper.document_type = kind;
            let paper = paper.within(folder).unwrap();
            by.authorize(Action::ViewDocument, &paper).map(drop)
        };
        for who in [&ali, &sara, &jinnah] {
            assert_eq!(asked(who, DocumentType::InsuranceCard, &known), Ok(()));
        }
        let lab = DocumentType::Lab;
        assert_eq!(asked(&actor(Role::Patient, ANA), lab, &known), Ok(()));
        assert_eq!(asked(&ali, lab, &known), Err(Denied::GrantRequired));
        assert_eq!(asked(&sara, lab, &known), Err(Denied::NotFound));
        assert_eq!(asked(&jinnah, lab, &known), Err(Denied::NotFound));
        let let_in = Folder { reader: ali.user, ..folder(Shelf::Patient) };
        assert_eq!(asked(&ali, lab, &let_in), Ok(()));
        assert_eq!(asked(&ali, DocumentType::InsuranceCard, &let_in), Err(Denied::NotFound));
    }

    #[test]
    fn a_report_stays_that_of_its_hospital() {
        let jinnah = actor(Role::Hospital, JINNAH);
        let opened = Folder { hospital: jinnah.hospital, ..folder(Shelf::Report) };
        let none = document(Shelf::Report).within(&opened).unwrap();
        assert!(!jinnah.can(Action::ViewDocument, &none));
        let mut own = document(Shelf::Report);
        own.folder.hospital = jinnah.hospital;
        assert!(jinnah.can(Action::ViewDocument, &own.within(&opened).unwrap()));
    }

    #[test]
    fn hospitals_verify_their_doctors_only() {
        let jinnah = actor(Role::Hospital, JINNAH);
        let verified = |shelf, by: &Actor| document(shelf).verify(true, None, by).is_ok();
        assert!(verified(Shelf::Doctor, &jinnah));
        assert!(!verified(Shelf::Patient, &jinnah));
        assert!(verified(Shelf::Patient, &actor(Role::Admin, SARA)));
    }

    #[test]
    fn what_is_said_anew_is_not_verified() {
        let mut paper =
            document(Shelf::Patient).verify(true, None, &actor(Role::Admin, SARA)).unwrap();
        paper.touch(paper.created_at);
        assert_eq!(paper.verification, None);
    }

    #[test]
    fn only_who_filed_it_and_admins_change_it() {
        let paper = document(Shelf::Report);
        assert_eq!(paper.demand_own_hand(&actor(Role::Patient, ANA)), Ok(()));
        assert_eq!(paper.demand_own_hand(&actor(Role::Admin, SARA)), Ok(()));
        assert_eq!(paper.demand_own_hand(&actor(Role::Doctor, ALI)), Err(Denied::Forbidden));
    }
}
