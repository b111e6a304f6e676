//! What people are told of what was written down about them. It never says what that is.

use carehub_domain::{
    access::{Action, PatientId},
    account::Zone,
    lab::{Flag, LabStatus},
    medical_record::MedicalRecordId,
    notification::{Notification, NotificationKind, Planned, Priority, words},
    prescription::PrescriptionId,
};
use carehub_store::StoreError;

use super::{Desk, LIST_AND_MAIL, Notices, Person};

impl Desk<'_> {
    /// Whom a record is about, if somebody else wrote it.
    async fn other(self, patient: PatientId) -> Result<Option<Person>, StoreError> {
        let patient = self.patient(patient, &Zone::default()).await?;
        Ok(patient.filter(|patient| self.concerns(patient)))
    }

    /// The same for the patient whom the event is about.
    async fn patient_of(self) -> Result<Option<Person>, StoreError> {
        match self.event.patient {
            Some(patient) => self.other(patient).await,
            None => Ok(None),
        }
    }

    /// Whether a change changed nothing.
    fn is_idle(self) -> bool {
        let edits = [Action::EditLabResult, Action::EditMedicalRecord];
        edits.contains(&self.event.action) && self.event.changed.is_empty()
    }

    /// The patient sees the record of a visit, and is told when to come again.
    pub(super) async fn recorded(self) -> Result<Notices, StoreError> {
        let Some(id) = self.id::<MedicalRecordId>(None).filter(|_| !self.is_idle()) else {
            return Ok(Notices::default());
        };
        let Some(record) = self.store.medical_records().recorded(id).await? else {
            return Ok(Notices::default());
        };
        let visit = self.store.appointments().recorded(record.appointment).await?;
        let zone = visit.map(|visit| visit.zone).unwrap_or_default();
        let Some(patient) = self.patient(record.patient, &zone).await? else {
            return Ok(Notices::default());
        };
        let is_new = self.event.action == Action::CreateMedicalRecord;
        let (kind, words) =
            (NotificationKind::MedicalRecordUpdated, words::recorded(&record, is_new));
        let later = Planned::follow_ups(&record, patient.id, &patient.zone, self.event.at);
        let told = self.concerns(&patient).then(|| {
            self.told(&patient, kind, words)
                .about(record.appointment)
                .noting("medical_record", record.id)
        });
        Ok(Notices::of(told).and_later(later))
    }

    /// The patient sees what a doctor says about a health record.
    pub(super) async fn annotated(self) -> Result<Notices, StoreError> {
        let Some(patient) = self.patient_of().await? else { return Ok(Notices::default()) };
        let told = self.told(&patient, NotificationKind::AnnotationAdded, words::annotated());
        let told = match self.event.details.get("record") {
            Some(record) => told.noting("record", record),
            None => told,
        };
        Ok(Notices::of([told.by(LIST_AND_MAIL)]))
    }

    /// The patient can fetch the medicines.
    pub(super) async fn prescribed(self) -> Result<Notices, StoreError> {
        let Some(id) = self.id::<PrescriptionId>(None) else { return Ok(Notices::default()) };
        let Some(written) = self.store.prescriptions().recorded(id).await? else {
            return Ok(Notices::default());
        };
        let Some(patient) = self.other(written.patient).await? else {
            return Ok(Notices::default());
        };
        let (kind, words) =
            (NotificationKind::PrescriptionReady, words::prescribed(Some(&written.doctor_name)));
        Ok(Notices::of([self.told(&patient, kind, words).noting("prescription", id)]))
    }

    /// The patient sees a result. Of a critical one the doctor is told, too, and both at once.
    pub(super) async fn resulted(self) -> Result<Notices, StoreError> {
        let status = self.id::<LabStatus>(Some("status"));
        if self.is_idle() || status.is_none_or(|status| status == LabStatus::Pending) {
            return Ok(Notices::default());
        }
        let is_critical = status == Some(LabStatus::Critical)
            || self.id::<Flag>(Some("flag")) == Some(Flag::Critical);
        let priority = if is_critical { Priority::Urgent } else { Priority::Normal };
        let doctor = match self.id(Some("doctor")).filter(|_| is_critical) {
            Some(doctor) => self.doctor(doctor).await?.filter(|doctor| self.concerns(doctor)),
            None => None,
        };
        let patient = self.patient_of().await?.map(|it| (it, words::resulted(is_critical)));
        let doctor = doctor.map(|it| (it, words::critical()));
        let kind = NotificationKind::LabResultsAvailable;
        let told = patient.into_iter().chain(doctor).map(|(person, words)| {
            self.told(&person, kind, words)
                .pressing(priority)
                .noting("lab_result", &self.event.subject)
        });
        Ok(Notices::of(told))
    }

    /// The patient should look whether it is right.
    pub(super) async fn insured(self) -> Result<Notices, StoreError> {
        if !self.event.changed.iter().any(|field| field.starts_with("insurance")) {
            return Ok(Notices::default());
        }
        let kind = NotificationKind::InsuranceUpdate;
        let patient = self.patient_of().await?;
        Ok(Notices::of(patient.map(|patient| self.told(&patient, kind, words::insured()))))
    }

    fn told(self, person: &Person, kind: NotificationKind, words: words::Words) -> Notification {
        Notification::of(self.event, person.id, kind, &person.zone, words)
    }
}
