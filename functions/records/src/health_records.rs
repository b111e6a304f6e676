//! `/api/records`

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::{CurrentActor, SignedIn},
    created::Created,
    document::{DocumentView, Filing, NewDocument},
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
    form::{Change, Invalid, replace},
    listing::{Listing, PageView, Paging, WholeView},
    upload::{Incoming, Intake, Upload},
};
use carehub_domain::{
    access::{Action, Actor, PatientId, Permit, UserId},
    appointment::AppointmentId,
    chart::Chart,
    doctor::DoctorId,
    document::{Description, Document, DocumentId, DocumentType},
    file::{Formats, StoredFile},
    hospital::HospitalId,
    record::{Annotated, Concerned, HealthRecord, HealthRecordId, RecordKind},
    revision::Revised,
    text::Text,
};
use carehub_store::{Attached, Store, Window};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AnnotationView, pile::pile};

/// The most attachments that are shown with a record.
const MOST_SHOWN: u16 = 100;

form! {
    /// A health record to write.
    pub(crate) struct NewRecord {
        /// What it is about.
        record_type: RecordKind = "type" | "kind",
        /// What it is called.
        title: Text<200>,
        /// What it says.
        description: Option<Text<5000>>,
        /// Whom it is about. Patients need not say so; it is about them.
        patient: Option<PatientId> = "patient_id",
        /// The doctors concerned. They read it and may say something about it.
        doctor_ids: Option<DoctorIds> = "doctors" | "doctor" | "doctor_id",
        /// The day it is about.
        date_recorded: Option<Date> = "date" | "recorded_on",
        /// Whether it is kept from everyone but the patient, who alone decides so.
        is_private: Option<bool>,
    }
}

form! {
    /// Changes to a health record. What is not there stays.
    pub(crate) struct RecordChanges {
        /// What it is about.
        record_type: Option<RecordKind> = "type" | "kind",
        /// What it is called.
        title: Option<Text<200>>,
        /// What it says.
        description: Change<Text<5000>>,
        /// The doctors concerned, all of them.
        doctor_ids: Option<DoctorIds> = "doctors" | "doctor" | "doctor_id",
        /// The day it is about.
        date_recorded: Change<Date> = "date" | "recorded_on",
        /// Whether it is kept from everyone but the patient, who alone decides so.
        is_private: Option<bool>,
    }
}

form! {
    /// Something to attach to a health record. Its file comes with it, or was uploaded before.
    pub(crate) struct NewAttachment {
        /// What kind of document it is; as the record suggests if nothing is said.
        document_type: Option<DocumentType> = "attachment_type" | "file_type" | "type",
        /// What it is called; like its file if nothing is said.
        title: Option<Text<255>>,
        /// What there is to say about it.
        description: Option<Text<5000>>,
    }
}

form! {
    /// Which health records to list.
    pub(crate) struct WantedRecords {
        /// Only this kind.
        record_type: Option<RecordKind> = "type" | "kind",
        /// Only those about this patient.
        patient: Option<PatientId> = "patient_id",
        /// Accepted and without effect: newest first.
        ordering: Option<String>,
    }
}

/// One doctor or several.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(from = "OneOrSeveral")]
#[schema(value_type = Vec<DoctorId>)]
pub(crate) struct DoctorIds(Vec<DoctorId>);

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a doctor or a list of doctors")]
enum OneOrSeveral {
    One(DoctorId),
    Several(Vec<DoctorId>),
}

impl From<OneOrSeveral> for DoctorIds {
    fn from(ids: OneOrSeveral) -> Self {
        match ids {
            OneOrSeveral::One(id) => Self(vec![id]),
            OneOrSeveral::Several(ids) => Self(ids),
        }
    }
}

/// A health record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordView {
    /// Identifies the record.
    pub id: HealthRecordId,
    /// Its number, as people read it out.
    #[schema(example = "HR01J9Z3K8Q4N6V2X5Y7W0B1C2D3")]
    pub record_id: String,
    /// Whom it is about.
    pub patient: PatientId,
    /// What the patient was called then.
    pub patient_name: Option<Text<301>>,
    /// What it is about.
    pub record_type: RecordKind,
    /// The same, for older clients.
    #[serde(rename = "type")]
    pub kind: RecordKind,
    /// What it is called.
    pub title: Text<200>,
    /// What it says.
    pub description: Option<Text<5000>>,
    /// The day it is about.
    pub date_recorded: Option<Date>,
    /// The doctors concerned.
    pub doctors: Vec<ConcernedView>,
    /// The first of them.
    pub doctor: Option<DoctorId>,
    /// What the first of them was called then.
    pub doctor_name: Option<Text<301>>,
    /// The hospital where it was made.
    pub hospital: Option<HospitalId>,
    /// The appointment it belongs to.
    pub appointment: Option<AppointmentId>,
    /// Whether it is kept from everyone but the patient.
    pub is_private: bool,
    /// Whether it can be found. What was removed is seen in no list.
    pub is_active: bool,
    /// Who wrote it; `null` if it was opened by a booking.
    pub recorded_by: Option<UserId>,
    /// What they were called then.
    pub recorded_by_name: Option<Text<301>>,
    /// How often it has been written.
    pub version: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A doctor whom a record concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConcernedView {
    /// Who it is.
    pub id: DoctorId,
    /// What the doctor was called when they were named.
    pub name: Option<Text<301>>,
}

/// A health record with all that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WholeRecordView {
    /// The record.
    #[serde(flatten)]
    pub record: RecordView,
    /// What doctors say about it, oldest first.
    pub annotations: Vec<AnnotationView>,
    /// What is attached to it, newest first.
    pub attachments: Vec<DocumentView>,
}

/// A health record that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WrittenRecordView {
    /// The record.
    pub record: WholeRecordView,
    /// The same, for clients that look for its fields here.
    #[serde(flatten)]
    pub flat: WholeRecordView,
}

/// A page of health records.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RecordsView {
    /// The records.
    pub results: Vec<RecordView>,
    /// The same, for older clients.
    pub records: Vec<RecordView>,
    /// How many there are on this page.
    pub count: usize,
    /// Where the next page is; `null` on the last.
    pub next: Option<String>,
    /// Where the page before is; `null` on the first.
    pub previous: Option<String>,
}

/// List health records.
#[utoipa::path(get, path = "/api/records", tag = "records", params(
    ("type" = Option<RecordKind>, Query, description = "Only this kind. Also `record_type`."),
    ("patient" = Option<PatientId>, Query, description = "Only those about this patient."),
    Paging,
), responses(
    (status = 200, description = "The records, newest first: for patients their own, for doctors those that concern them, for hospitals their own, for admins all that are not private. With `patient` a doctor whom the patient let in sees all that are not private. Who lists those of others leaves a line in the access log of each of them.", body = RecordsView),
    (status = 400, description = "Some filters are not right.", body = Problem),
    (status = 403, description = "Coordinators read no health records.", body = Problem),
    (status = 404, description = "There is no such patient, or the caller does not know them.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    listing: Listing<WantedRecords>,
    State(store): State<Store>,
) -> Result<Json<RecordsView>> {
    listed(listing.filter.patient, &listing, &actor, &store).await
}

/// Write a health record.
#[utoipa::path(post, path = "/api/records", tag = "records", request_body(content((NewRecord = "multipart/form-data"), (NewRecord = "application/json"))), responses(
    (status = 201, description = "The record, with its attachments: up to ten files (pdf, jpg, jpeg, png) as `attachments`, or `upload_id`s.", body = WrittenRecordView),
    (status = 400, description = "Some fields or files are not right, or more than ten doctors are named.", body = Problem),
    (status = 403, description = "Coordinators write no health records, and only patients keep their own from others.", body = Problem),
    (status = 404, description = "There is no such patient, doctor or upload, or the caller does not know them.", body = Problem),
    (status = 409, description = "An upload belongs to a document already, or the patient changed at the same time.", body = Problem),
    (status = 413, description = "The files are too large; upload them before.", body = Problem),
    (status = 429, description = "The caller uploads too often.", body = Problem),
))]
pub(crate) async fn write(
    signed_in: SignedIn,
    State(desk): State<Desk>,
    Upload { form, files }: Upload<NewRecord>,
) -> Result<Created<Tagged<Json<WrittenRecordView>>>> {
    let written = desk.write(None, form, files, signed_in).await?;
    let location = format!("/api/records/{}", written.paper.id);
    let (paper, record) = (written.paper, written.view);
    let view = WrittenRecordView { record: record.clone(), flat: record };
    Ok(Created::at(location, Tagged::of(&paper, Json(view))))
}

/// See a health record.
#[utoipa::path(get, path = "/api/records/{id}", tag = "records", params(
    ("id" = HealthRecordId, Path, description = "The record."),
), responses(
    (status = 200, description = "The record with what doctors say about it and what is attached. Who reads about somebody else leaves a line in the audit log.", body = WholeRecordView),
    (status = 404, description = "There is no such record, or it is not for this person to see.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<HealthRecordId>,
    State(desk): State<Desk>,
) -> Result<Tagged<Json<WholeRecordView>>> {
    desk.show(id, |_| true, &actor).await
}

/// Change a health record.
#[utoipa::path(patch, path = "/api/records/{id}", tag = "records", request_body = RecordChanges, params(
    ("id" = HealthRecordId, Path, description = "The record."),
), responses(
    (status = 200, description = "The record as it is now. What it said before is kept. `PUT` means the same.", body = RecordView),
    (status = 400, description = "Some fields are not right, or more than ten doctors are named.", body = Problem),
    (status = 403, description = "Everybody changes only what they wrote themselves, and patients the records that their bookings opened.", body = Problem),
    (status = 404, description = "There is no such record or doctor, or it is not for this person to see.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<HealthRecordId>,
    expected: IfMatch,
    State(desk): State<Desk>,
    Body(changes): Body<RecordChanges>,
) -> Result<Tagged<Json<RecordView>>> {
    desk.edit(id, |_| true, &expected, changes, &actor).await
}

/// Remove a health record.
#[utoipa::path(delete, path = "/api/records/{id}", tag = "records", params(
    ("id" = HealthRecordId, Path, description = "The record."),
), responses(
    (status = 204, description = "Nobody finds the record or its attachments any more. They are kept."),
    (status = 403, description = "Everybody removes only what they wrote themselves, patients the records that their bookings opened as well, and admins any.", body = Problem),
    (status = 404, description = "There is no such record, or it is not for this person to see.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn remove(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<HealthRecordId>,
    expected: IfMatch,
    State(desk): State<Desk>,
) -> Result<StatusCode> {
    desk.remove(id, |_| true, &expected, &actor).await
}

/// List the versions of a health record.
#[utoipa::path(get, path = "/api/records/{id}/versions", tag = "records", params(
    ("id" = HealthRecordId, Path, description = "The record."),
), responses(
    (status = 200, description = "All that the record ever said, newest first, but what was private then only for the patient. Who reads about somebody else leaves a line in the audit log.", body = WholeView<RecordView>),
    (status = 404, description = "There is no such record, or it is not for this person to see.", body = Problem),
))]
pub(crate) async fn versions(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<HealthRecordId>,
    State(store): State<Store>,
) -> Result<Json<WholeView<RecordView>>> {
    let found = store.records().find(id, &actor).await?;
    let (chart, permit) = found.permit(&actor, Action::ViewHealthRecord)?;
    let versions = store.records().versions(&chart, &actor).await?;
    store.events().note_look(&permit.noting("versions", versions.len())).await?;
    Ok(Json(WholeView::of(versions.into_iter().map(RecordView::from).collect())))
}

/// Attach a file to a health record.
#[utoipa::path(post, path = "/api/records/{id}/upload_attachment", tag = "records", request_body(content((NewAttachment = "multipart/form-data"), (NewAttachment = "application/json"))), params(
    ("id" = HealthRecordId, Path, description = "The record."),
), responses(
    (status = 201, description = "The attachment: a file (pdf, jpg, jpeg, png) that comes as `file`, or an `upload_id`.", body = DocumentView),
    (status = 400, description = "Some fields or the file are not right.", body = Problem),
    (status = 403, description = "Only who wrote the record, the patient whose booking opened it, and the doctors concerned may do this.", body = Problem),
    (status = 404, description = "There is no such record or upload, or it is not for this person to see.", body = Problem),
    (status = 409, description = "The upload belongs to a document already.", body = Problem),
    (status = 413, description = "The file is too large; upload it before.", body = Problem),
    (status = 429, description = "The caller uploads too often.", body = Problem),
))]
pub(crate) async fn attach(
    signed_in: SignedIn,
    Path(id): Path<HealthRecordId>,
    State(desk): State<Desk>,
    Upload { form, files }: Upload<NewAttachment>,
) -> Result<Created<Tagged<Json<DocumentView>>>> {
    let author = signed_in.settled()?;
    let chart = desk.store.records().find(id, &author.actor).await?.view(&author.actor)?;
    chart.demand_part(&author.actor)?;
    let NewAttachment { document_type, title, description } = form;
    let document_type = document_type.unwrap_or_else(|| chart.paper.kind.attached());
    let new = NewDocument { document_type, title, description };
    let formats = Formats::PICTURES_AND_PDF;
    let (document, view) =
        desk.filing.add(&chart.folder(), new.into(), formats, files, &author).await?;
    let location = format!("/api/records/{id}/attachments/{}", document.id);
    Ok(Created::at(location, Tagged::of(&document, Json(view))))
}

/// See an attachment of a health record.
#[utoipa::path(get, path = "/api/records/{id}/attachments/{pk}", tag = "records", params(
    ("id" = HealthRecordId, Path, description = "The record."),
    ("pk" = DocumentId, Path, description = "The attachment."),
), responses(
    (status = 200, description = "The attachment. Who reads about somebody else leaves a line in the audit log.", body = DocumentView),
    (status = 404, description = "There is no such attachment, or the record is not for this person to see.", body = Problem),
))]
pub(crate) async fn attachment(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(HealthRecordId, DocumentId)>,
    State(desk): State<Desk>,
) -> Result<Tagged<Json<DocumentView>>> {
    let chart = desk.store.records().find(id, &actor).await?.view(&actor)?;
    desk.filing.show(&chart.folder(), pk, &actor).await
}

/// Remove an attachment of a health record.
#[utoipa::path(delete, path = "/api/records/{id}/attachments/{pk}", tag = "records", params(
    ("id" = HealthRecordId, Path, description = "The record."),
    ("pk" = DocumentId, Path, description = "The attachment."),
), responses(
    (status = 204, description = "Nobody finds the attachment any more. It is kept."),
    (status = 403, description = "Only who attached it and admins may do this.", body = Problem),
    (status = 404, description = "There is no such attachment, or the record is not for this person to see.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn detach(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(HealthRecordId, DocumentId)>,
    expected: IfMatch,
    State(desk): State<Desk>,
) -> Result<StatusCode> {
    let chart = desk.store.records().find(id, &actor).await?.view(&actor)?;
    desk.filing.remove(&chart.folder(), pk, &expected, &actor).await
}

/// Lists what `actor` may see, about a patient or not.
pub(crate) async fn listed(
    patient: Option<PatientId>,
    listing: &Listing<WantedRecords>,
    actor: &Actor,
    store: &Store,
) -> Result<Json<RecordsView>> {
    let (pile, permit) = pile(patient, Action::ListHealthRecords, actor, store).await?;
    let (kind, window) = (listing.filter.record_type, listing.window.clone());
    let page = store.records().on(&pile, kind, actor, window).await?.visible_to(actor);
    store.events().note_page(permit, &page.records).await?;
    let Json(PageView { results, next, previous }) =
        listing.answer(page, |chart| RecordView::from(chart.paper));
    let (records, count) = (results.clone(), results.len());
    Ok(Json(RecordsView { results, records, count, next, previous }))
}

/// Where health records are written and shown, whatever the path.
#[derive(Clone, Debug)]
pub(crate) struct Desk {
    pub(crate) store: Store,
    filing: Filing,
    intake: Intake,
}

impl axum::extract::FromRef<carehub_api::AppState> for Desk {
    fn from_ref(state: &carehub_api::AppState) -> Self {
        Self {
            store: state.store.clone(),
            filing: Filing::from_ref(state),
            intake: Intake::from_ref(state),
        }
    }
}

/// A record that was written, and how it is shown.
pub(crate) struct Draft {
    pub(crate) paper: HealthRecord,
    pub(crate) view: WholeRecordView,
}

impl Desk {
    /// Writes a record, about a patient whom the path or the form names, or about the author.
    pub(crate) async fn write(
        &self,
        patient: Option<PatientId>,
        new: NewRecord,
        files: Vec<Incoming>,
        signed_in: SignedIn,
    ) -> Result<Draft> {
        let SignedIn { actor, account, .. } = signed_in.settled()?;
        let about = patient.or(new.patient).or(actor.patient().ok());
        let about = about.ok_or_else(|| Invalid::field("patient", "is required"))?;
        let patient = self.store.patients().find(about).await?.view(&actor)?;
        let name = account.name.signature();
        let NewRecord { record_type, title, description, doctor_ids, .. } = new;
        let mut record = HealthRecord::write(&patient, record_type, title, name.clone(), &actor);
        record.description = description;
        record.recorded_on = new.date_recorded;
        record.is_private = new.is_private.unwrap_or_default();
        let _permit = actor.create(Action::CreateHealthRecord, &Chart::of(&record, None))?;
        record.concern(self.concerned(doctor_ids.unwrap_or_default(), &actor).await?)?;
        let chart = Chart::of(record, None);
        chart.demand_privacy_of_patient(&actor)?;
        let permit = actor.create(Action::CreateHealthRecord, &chart)?;
        let permit = noting(permit, &chart.paper);
        let files = self.intake.several(files, Formats::PICTURES_AND_PDF, &actor).await?;
        let documents = attached(&chart, &files, &name, &actor)?;
        let attachments: Vec<_> = documents
            .iter()
            .zip(&files)
            .map(|((document, permit), file)| Attached { document, file, permit })
            .collect();
        self.store.records().write(&chart.paper, &attachments, &permit).await?;
        let documents = documents.into_iter().map(|(document, _)| document);
        let attachments = self.filing.new_views(documents.zip(&files), actor.at).await?;
        let record = RecordView::from(chart.paper.clone());
        let view = WholeRecordView { record, annotations: Vec::new(), attachments };
        Ok(Draft { paper: chart.paper, view })
    }

    /// Shows a record that `fits` the path.
    pub(crate) async fn show(
        &self,
        id: HealthRecordId,
        fits: impl Fn(&HealthRecord) -> bool,
        actor: &Actor,
    ) -> Result<Tagged<Json<WholeRecordView>>> {
        let found = self.store.records().whole(id, actor).await?;
        let (chart, permit) = found.permit(actor, Action::ViewHealthRecord)?;
        let reader = chart.reader();
        let Annotated { record, annotations } = chart.paper;
        demand(fits(&record))?;
        let chart = Chart::of(record, reader);
        let (folder, window) = (chart.folder(), Window::first(MOST_SHOWN));
        let documents = self.store.documents().within(&folder, None, actor, window).await?;
        let attachments = self.filing.views(documents.records, actor.at).await?;
        let linked =
            |view: &&DocumentView| view.file.as_ref().is_some_and(|file| file.file_url.is_some());
        let links = attachments.iter().filter(linked).count();
        let permit = permit.noting("annotations", annotations.len()).noting("files", links);
        self.store.events().note_look(&permit).await?;
        let annotations = annotations.into_iter().map(AnnotationView::from).collect();
        let record = RecordView::from(chart.paper.clone());
        let view = WholeRecordView { record, annotations, attachments };
        Ok(Tagged::of(&chart.paper, Json(view)))
    }

    /// Changes a record that `fits` the path.
    pub(crate) async fn edit(
        &self,
        id: HealthRecordId,
        fits: impl Fn(&HealthRecord) -> bool,
        expected: &IfMatch,
        changes: RecordChanges,
        actor: &Actor,
    ) -> Result<Tagged<Json<RecordView>>> {
        let found = self.store.records().find(id, actor).await?;
        let (mut chart, permit) = found.permit(actor, Action::EditHealthRecord)?;
        demand(fits(&chart.paper))?;
        chart.demand_own_hand(actor)?;
        expected.check(&chart.paper)?;
        let before = chart.paper.clone();
        let named = match changes.doctor_ids.clone() {
            Some(ids) => Some(self.concerned(ids, actor).await?),
            None => None,
        };
        let changed = changes.apply(&mut chart.paper, named, actor.at)?;
        chart.demand_privacy_of_patient(actor)?;
        let permit = noting(permit, &chart.paper).changing(&changed);
        self.store.records().save(&before, &mut chart.paper, &permit).await?;
        let view = RecordView::from(chart.paper.clone());
        Ok(Tagged::of(&chart.paper, Json(view)))
    }

    /// Removes a record that `fits` the path.
    pub(crate) async fn remove(
        &self,
        id: HealthRecordId,
        fits: impl Fn(&HealthRecord) -> bool,
        expected: &IfMatch,
        actor: &Actor,
    ) -> Result<StatusCode> {
        let found = self.store.records().find(id, actor).await?;
        let (chart, permit) = found.permit(actor, Action::DeleteHealthRecord)?;
        demand(fits(&chart.paper))?;
        chart.demand_disposable(actor)?;
        expected.check(&chart.paper)?;
        let mut removed = chart.paper.clone();
        removed.removed_at = Some(actor.at);
        removed.updated_at = actor.at;
        let permit = noting(permit, &removed);
        self.store.records().save(&chart.paper, &mut removed, &permit).await?;
        Ok(StatusCode::NO_CONTENT)
    }

    /// The doctors whom a record is to name, if the author may see them all.
    async fn concerned(&self, DoctorIds(ids): DoctorIds, actor: &Actor) -> Result<Vec<Concerned>> {
        let mut concerned = Vec::new();
        for id in ids.into_iter().take(carehub_domain::record::MOST_DOCTORS + 1) {
            let doctor = self.store.doctors().find(id).await?.view(actor)?;
            concerned.push(Concerned::from(&doctor));
        }
        Ok(concerned)
    }
}

/// What the path names may be there, but not below it.
fn demand(fits: bool) -> Result<(), carehub_domain::access::Denied> {
    fits.then_some(()).ok_or(carehub_domain::access::Denied::NotFound)
}

fn noting(permit: Permit, record: &HealthRecord) -> Permit {
    permit.noting("kind", record.kind).noting("private", record.is_private)
}

/// The documents that files become which came with a record.
fn attached(
    chart: &Chart<HealthRecord>,
    files: &[StoredFile],
    author_name: &Text<301>,
    actor: &Actor,
) -> Result<Vec<(Document, Permit)>> {
    let (folder, document_type) = (chart.folder(), chart.paper.kind.attached());
    let attach = |file: &StoredFile| {
        let said = Description { document_type, title: None, description: None, report_date: None };
        let document = Document::file(&folder, said, file, author_name.clone(), actor)
            .map_err(|misfiled| Invalid::field("document_type", misfiled))?;
        let permit = actor.create(Action::CreateDocument, &document)?;
        let permit = permit.noting("file", file.id).noting("shelf", folder.shelf);
        Ok((document, permit))
    };
    files.iter().map(attach).collect()
}

impl From<HealthRecord> for RecordView {
    fn from(record: HealthRecord) -> Self {
        let first = record.doctors.first().cloned();
        let doctors = record
            .doctors
            .iter()
            .map(|concerned| ConcernedView { id: concerned.doctor, name: concerned.name.clone() });
        Self {
            id: record.id,
            record_id: record.number(),
            patient: record.patient,
            record_type: record.kind,
            kind: record.kind,
            date_recorded: record.recorded_on,
            doctors: doctors.collect(),
            doctor: first.as_ref().map(|concerned| concerned.doctor),
            doctor_name: first.and_then(|concerned| concerned.name),
            hospital: record.hospital,
            appointment: record.appointment,
            is_private: record.is_private,
            is_active: record.is_current(),
            recorded_by: record.author,
            version: record.revision().number(),
            created_at: record.created_at,
            updated_at: record.updated_at,
            patient_name: record.patient_name,
            title: record.title,
            description: record.description,
            recorded_by_name: record.author_name,
        }
    }
}

impl RecordChanges {
    fn apply(
        self,
        record: &mut HealthRecord,
        doctors: Option<Vec<Concerned>>,
        now: Timestamp,
    ) -> Result<Vec<&'static str>> {
        let mut changed = Vec::new();
        replace(&mut record.kind, self.record_type, "record_type", &mut changed);
        replace(&mut record.title, self.title, "title", &mut changed);
        self.description.apply(&mut record.description, "description", &mut changed);
        self.date_recorded.apply(&mut record.recorded_on, "date_recorded", &mut changed);
        replace(&mut record.is_private, self.is_private, "is_private", &mut changed);
        if let Some(doctors) = doctors {
            let before = record.doctors.clone();
            record.concern(doctors)?;
            changed.extend((before != record.doctors).then_some("doctor_ids"));
        }
        record.updated_at = now;
        Ok(changed)
    }
}
