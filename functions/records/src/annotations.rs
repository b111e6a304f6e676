//! `/api/doctors/annotations` and `POST /api/records/{id}/add_annotation`

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::{CurrentActor, SignedIn},
    created::Created,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
    form::replace,
    listing::{Listing, PageView, Paging, WholeView},
};
use carehub_domain::{
    access::{Action, Actor, PatientId, Permit},
    doctor::DoctorId,
    record::{Annotation, AnnotationId, HealthRecordId},
    revision::Revised,
    text::Text,
};
use carehub_store::{Page, Store};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ulid::Ulid;
use utoipa::ToSchema;

form! {
    /// What there is to say about a health record.
    pub(crate) struct NewAnnotation {
        /// The record, by its identifier or its number.
        record: RecordName = "record_id" | "health_record",
        /// What there is to say.
        content: Text<5000> = "annotation" | "text",
    }
}

form! {
    /// What there is to say about the record that the path names.
    pub(crate) struct NewRemark {
        /// What there is to say.
        content: Text<5000> = "annotation" | "text",
    }
}

form! {
    /// What there is to say instead.
    pub(crate) struct AnnotationChanges {
        /// What there is to say.
        content: Option<Text<5000>> = "annotation" | "text",
    }
}

form! {
    /// Which annotations to list.
    pub(crate) struct WantedAnnotations {
        /// Those of this record, by its identifier or its number.
        record: Option<RecordName> = "record_id" | "health_record",
        /// Accepted and without effect.
        ordering: Option<String>,
    }
}

/// A record as people name it: `rec_…` or `HR…`.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, example = "rec_01J9Z3K8Q4N6V2X5Y7W0B1C2D3")]
pub(crate) struct RecordName(HealthRecordId);

impl TryFrom<String> for RecordName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = text.trim();
        let number = || Ulid::from_string(text.strip_prefix("HR")?).ok().map(HealthRecordId::from);
        let id = text.parse().ok().or_else(number);
        id.map(Self).ok_or("expected a record, such as rec_01J9Z3K8Q4N6V2X5Y7W0B1C2D3")
    }
}

/// What a doctor says about a health record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AnnotationView {
    /// Identifies the annotation.
    pub id: AnnotationId,
    /// What it is about.
    pub record: HealthRecordId,
    /// Whose record that is.
    pub patient: PatientId,
    /// What there is to say.
    pub content: Text<5000>,
    /// Who says it.
    pub doctor: DoctorId,
    /// What the doctor was called then.
    pub doctor_name: Text<301>,
    /// How often it has been written.
    pub version: u32,
    /// When it was said.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// An annotation that was added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AddedAnnotationView {
    /// The annotation.
    pub annotation: AnnotationView,
    /// The same, for clients that look for its fields here.
    #[serde(flatten)]
    pub flat: AnnotationView,
}

/// Annotate a health record.
#[utoipa::path(post, path = "/api/records/{id}/add_annotation", tag = "records", request_body = NewRemark, params(
    ("id" = HealthRecordId, Path, description = "The record."),
), responses(
    (status = 201, description = "The annotation, which everyone reads who reads the record.", body = AddedAnnotationView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only doctors whom the record concerns may do this.", body = Problem),
    (status = 404, description = "There is no such record, or it is not for this person to see.", body = Problem),
    (status = 409, description = "The record changed at the same time.", body = Problem),
))]
pub(crate) async fn add_to(
    signed_in: SignedIn,
    Path(id): Path<HealthRecordId>,
    State(store): State<Store>,
    Body(NewRemark { content }): Body<NewRemark>,
) -> Result<Created<Tagged<Json<AddedAnnotationView>>>> {
    let annotation = annotate(id, content, signed_in, &store).await?;
    let view = AnnotationView::from(annotation.clone());
    Ok(added(&annotation, AddedAnnotationView { annotation: view.clone(), flat: view }))
}

/// Annotate a health record that the body names.
#[utoipa::path(post, path = "/api/doctors/annotations", tag = "records", request_body = NewAnnotation, responses(
    (status = 201, description = "The annotation, which everyone reads who reads the record.", body = AnnotationView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only doctors whom the record concerns may do this.", body = Problem),
    (status = 404, description = "There is no such record, or it is not for this person to see.", body = Problem),
    (status = 409, description = "The record changed at the same time.", body = Problem),
))]
pub(crate) async fn add(
    signed_in: SignedIn,
    State(store): State<Store>,
    Body(NewAnnotation { record: RecordName(record), content }): Body<NewAnnotation>,
) -> Result<Created<Tagged<Json<AnnotationView>>>> {
    let annotation = annotate(record, content, signed_in, &store).await?;
    Ok(added(&annotation, AnnotationView::from(annotation.clone())))
}

/// List annotations.
#[utoipa::path(get, path = "/api/doctors/annotations", tag = "records", params(
    ("record" = Option<String>, Query, description = "Those of this record, oldest first."),
    Paging,
), responses(
    (status = 200, description = "With `record`, all that doctors say about it; else what the doctor who asks says about any, newest first. Who reads about others leaves a line in the access log of each of them.", body = PageView<AnnotationView>),
    (status = 400, description = "Some filters are not right.", body = Problem),
    (status = 403, description = "Only doctors have annotations of their own.", body = Problem),
    (status = 404, description = "There is no such record, or it is not for this person to see.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    listing: Listing<WantedAnnotations>,
    State(store): State<Store>,
) -> Result<Json<PageView<AnnotationView>>> {
    let (page, permit) = match listing.filter.record {
        Some(RecordName(record)) => about(record, &actor, &store).await?,
        None => {
            let (doctor, permit) = (actor.doctor()?, actor.allow(Action::ViewAnnotation)?);
            let window = listing.window.clone();
            (store.records().annotations_of(doctor, &actor, window).await?, permit)
        }
    };
    let page = page.visible_to(&actor);
    store.events().note_page(permit, &page.records).await?;
    Ok(listing.answer(page, AnnotationView::from))
}

/// See an annotation.
#[utoipa::path(get, path = "/api/doctors/annotations/{id}", tag = "records", params(
    ("id" = AnnotationId, Path, description = "The annotation."),
), responses(
    (status = 200, description = "The annotation. Who reads about somebody else leaves a line in the audit log.", body = AnnotationView),
    (status = 404, description = "There is no such annotation, or the record is not for this person to see.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AnnotationId>,
    State(store): State<Store>,
) -> Result<Tagged<Json<AnnotationView>>> {
    let (annotation, permit) = found(id, Action::ViewAnnotation, &actor, &store).await?;
    store.events().note_look(&permit).await?;
    Ok(tagged(annotation))
}

/// List the versions of an annotation.
#[utoipa::path(get, path = "/api/doctors/annotations/{id}/versions", tag = "records", params(
    ("id" = AnnotationId, Path, description = "The annotation."),
), responses(
    (status = 200, description = "All that the annotation ever said, newest first. Who reads about somebody else leaves a line in the audit log.", body = WholeView<AnnotationView>),
    (status = 404, description = "There is no such annotation, or the record is not for this person to see.", body = Problem),
))]
pub(crate) async fn versions(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AnnotationId>,
    State(store): State<Store>,
) -> Result<Json<WholeView<AnnotationView>>> {
    let (annotation, permit) = found(id, Action::ViewAnnotation, &actor, &store).await?;
    let versions = store.records().annotation_versions(&annotation).await?;
    store.events().note_look(&permit.noting("versions", versions.len())).await?;
    Ok(Json(WholeView::of(versions.into_iter().map(AnnotationView::from).collect())))
}

/// Change an annotation.
#[utoipa::path(patch, path = "/api/doctors/annotations/{id}", tag = "records", request_body = AnnotationChanges, params(
    ("id" = AnnotationId, Path, description = "The annotation."),
), responses(
    (status = 200, description = "The annotation as it is now. What it said before is kept. `PUT` means the same.", body = AnnotationView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only the doctor who wrote it may do this.", body = Problem),
    (status = 404, description = "There is no such annotation, or the record is not for this person to see.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AnnotationId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<AnnotationChanges>,
) -> Result<Tagged<Json<AnnotationView>>> {
    let (before, permit) = found(id, Action::EditAnnotation, &actor, &store).await?;
    expected.check(&before)?;
    let mut annotation = before.clone();
    let changed = changes.apply(&mut annotation, actor.at);
    let permit = noting(permit, &before).changing(&changed);
    store.records().save_annotation(&before, &mut annotation, &permit).await?;
    Ok(tagged(annotation))
}

/// Withdraw an annotation.
#[utoipa::path(delete, path = "/api/doctors/annotations/{id}", tag = "records", params(
    ("id" = AnnotationId, Path, description = "The annotation."),
), responses(
    (status = 204, description = "Nobody finds the annotation any more. It is kept."),
    (status = 403, description = "Only the doctor who wrote it may do this.", body = Problem),
    (status = 404, description = "There is no such annotation, or the record is not for this person to see.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn remove(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AnnotationId>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    let (before, permit) = found(id, Action::DeleteAnnotation, &actor, &store).await?;
    expected.check(&before)?;
    let mut removed = before.clone();
    removed.removed_at = Some(actor.at);
    removed.updated_at = actor.at;
    store.records().save_annotation(&before, &mut removed, &noting(permit, &before)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn annotate(
    record: HealthRecordId,
    content: Text<5000>,
    signed_in: SignedIn,
    store: &Store,
) -> Result<Annotation> {
    let SignedIn { actor, account, .. } = signed_in.settled()?;
    let chart = store.records().find(record, &actor).await?.view(&actor)?;
    let annotation = chart.paper.annotate(content, account.name.signature(), &actor)?;
    let permit = actor.create(Action::CreateAnnotation, &annotation)?;
    let permit = noting(permit, &annotation);
    store.records().annotate(&chart.paper, &annotation, &permit).await?;
    Ok(annotation)
}

/// All that doctors say about a record that `actor` may see.
async fn about(
    record: HealthRecordId,
    actor: &Actor,
    store: &Store,
) -> Result<(Page<Annotation>, Permit)> {
    let found = store.records().find(record, actor).await?;
    let (chart, permit) = found.permit(actor, Action::ViewHealthRecord)?;
    let annotations = store.records().annotations(&chart.paper).await?;
    Ok((Page::of(annotations), permit.noting("what", "annotations")))
}

/// An annotation of a record that `actor` may see.
async fn found(
    id: AnnotationId,
    action: Action,
    actor: &Actor,
    store: &Store,
) -> Result<(Annotation, Permit)> {
    let (record, annotation) = store.records().annotation(id, actor).await?;
    let _record = record.view(actor)?;
    Ok(annotation.permit(actor, action)?)
}

/// Who tells the patient of it needs to know by whom it is and about what.
fn noting(permit: Permit, annotation: &Annotation) -> Permit {
    permit.noting("record", annotation.record).noting("doctor", annotation.doctor)
}

fn added<V>(annotation: &Annotation, view: V) -> Created<Tagged<Json<V>>> {
    let location = format!("/api/doctors/annotations/{}", annotation.id);
    Created::at(location, Tagged::of(annotation, Json(view)))
}

fn tagged(annotation: Annotation) -> Tagged<Json<AnnotationView>> {
    Tagged::showing(annotation, Into::into)
}

impl From<Annotation> for AnnotationView {
    fn from(annotation: Annotation) -> Self {
        Self {
            id: annotation.id,
            record: annotation.record,
            patient: annotation.patient,
            version: annotation.revision().number(),
            content: annotation.content,
            doctor: annotation.doctor,
            doctor_name: annotation.doctor_name,
            created_at: annotation.created_at,
            updated_at: annotation.updated_at,
        }
    }
}

impl AnnotationChanges {
    fn apply(self, annotation: &mut Annotation, now: Timestamp) -> Vec<&'static str> {
        let mut changed = Vec::new();
        replace(&mut annotation.content, self.content, "content", &mut changed);
        annotation.updated_at = now;
        changed
    }
}
