//! `/api/patients/{id}/medical-records`: the health records of one patient

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::{CurrentActor, SignedIn},
    created::Created,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    listing::{Listing, Paging},
    upload::Upload,
};
use carehub_domain::{
    access::{Action, Actor, PatientId},
    record::{HealthRecord, HealthRecordId, RecordKind},
};
use carehub_store::{Pile, Store};

use crate::{
    RecordView, RecordsView, WholeRecordView,
    health_records::{Desk, NewRecord, RecordChanges, WantedRecords, listed},
    pile::pile,
};

/// List the health records of a patient.
#[utoipa::path(get, path = "/api/patients/{id}/medical-records", tag = "records", params(
    ("id" = PatientId, Path, description = "The patient."),
    ("record_type" = Option<RecordKind>, Query, description = "Only this kind. Also `type`."),
    Paging,
), responses(
    (status = 200, description = "The records that the caller may see, newest first: doctors those that concern them, or all that are not private if the patient let them in. Who lists those of others leaves a line in the audit log.", body = RecordsView),
    (status = 400, description = "Some filters are not right.", body = Problem),
    (status = 403, description = "Coordinators read no health records.", body = Problem),
    (status = 404, description = "There is no such patient, or the caller does not know them.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<PatientId>,
    listing: Listing<WantedRecords>,
    State(store): State<Store>,
) -> Result<Json<RecordsView>> {
    listed(Some(id), &listing, &actor, &store).await
}

/// Write a health record of a patient.
#[utoipa::path(post, path = "/api/patients/{id}/medical-records", tag = "records", request_body(content((NewRecord = "multipart/form-data"), (NewRecord = "application/json"))), params(
    ("id" = PatientId, Path, description = "The patient."),
), responses(
    (status = 201, description = "The record, with its attachments: a file (pdf, jpg, jpeg, png) as `document`, several as `attachments`, or `upload_id`s.", body = WholeRecordView),
    (status = 400, description = "Some fields or files are not right, or more than ten doctors are named.", body = Problem),
    (status = 403, description = "Coordinators write no health records, and only patients keep their own from others.", body = Problem),
    (status = 404, description = "There is no such patient, doctor or upload, or the caller does not know them.", body = Problem),
    (status = 409, description = "An upload belongs to a document already, or the patient changed at the same time.", body = Problem),
    (status = 413, description = "The files are too large; upload them before.", body = Problem),
    (status = 429, description = "The caller uploads too often.", body = Problem),
))]
pub(crate) async fn write(
    signed_in: SignedIn,
    Path(id): Path<PatientId>,
    State(desk): State<Desk>,
    Upload { form, files }: Upload<NewRecord>,
) -> Result<Created<Tagged<Json<WholeRecordView>>>> {
    let written = desk.write(Some(id), form, files, signed_in).await?;
    let location = format!("/api/patients/{id}/medical-records/{}", written.paper.id);
    Ok(Created::at(location, Tagged::of(&written.paper, Json(written.view))))
}

/// See a health record of a patient.
#[utoipa::path(get, path = "/api/patients/{id}/medical-records/{pk}", tag = "records", params(
    ("id" = PatientId, Path, description = "The patient."),
    ("pk" = HealthRecordId, Path, description = "The record."),
), responses(
    (status = 200, description = "The record with what doctors say about it and what is attached. Who reads about somebody else leaves a line in the audit log.", body = WholeRecordView),
    (status = 403, description = "Coordinators read no health records.", body = Problem),
    (status = 404, description = "There is no such record, or it is not for this person to see.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(PatientId, HealthRecordId)>,
    State(desk): State<Desk>,
) -> Result<Tagged<Json<WholeRecordView>>> {
    let pile = of(id, &actor, &desk.store).await?;
    desk.show(pk, |record| holds(&pile, record), &actor).await
}

/// Change a health record of a patient.
#[utoipa::path(patch, path = "/api/patients/{id}/medical-records/{pk}", tag = "records", request_body = RecordChanges, params(
    ("id" = PatientId, Path, description = "The patient."),
    ("pk" = HealthRecordId, Path, description = "The record."),
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
    Path((id, pk)): Path<(PatientId, HealthRecordId)>,
    expected: IfMatch,
    State(desk): State<Desk>,
    Body(changes): Body<RecordChanges>,
) -> Result<Tagged<Json<RecordView>>> {
    let pile = of(id, &actor, &desk.store).await?;
    desk.edit(pk, |record| holds(&pile, record), &expected, changes, &actor).await
}

/// Remove a health record of a patient.
#[utoipa::path(delete, path = "/api/patients/{id}/medical-records/{pk}", tag = "records", params(
    ("id" = PatientId, Path, description = "The patient."),
    ("pk" = HealthRecordId, Path, description = "The record."),
), responses(
    (status = 204, description = "Nobody finds the record or its attachments any more. They are kept."),
    (status = 403, description = "Everybody removes only what they wrote themselves, patients the records that their bookings opened as well, and admins any.", body = Problem),
    (status = 404, description = "There is no such record, or it is not for this person to see.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn remove(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(PatientId, HealthRecordId)>,
    expected: IfMatch,
    State(desk): State<Desk>,
) -> Result<StatusCode> {
    let pile = of(id, &actor, &desk.store).await?;
    desk.remove(pk, |record| holds(&pile, record), &expected, &actor).await
}

async fn of(patient: PatientId, actor: &Actor, store: &Store) -> Result<Pile> {
    let (pile, _) = pile(Some(patient), Action::ListHealthRecords, actor, store).await?;
    Ok(pile)
}

fn holds(pile: &Pile, record: &HealthRecord) -> bool {
    pile.holds(record.patient)
}
