//! `POST /api/uploads/presign` and `GET /api/uploads/{id}`

use std::collections::BTreeMap;

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    created::Created,
    error::Problem,
    extract::{Body, Json, Path},
    form,
    form::Invalid,
    limit::{Bucket, Limiter},
    upload::{self, FileView},
};
use carehub_domain::{
    access::Action,
    failures,
    file::{Checksum, FileId, Flaw, MOST, StoredFile},
};
use carehub_objects::{Objects, Presigned};
use carehub_store::Store;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

form! {
    /// A file that is about to be sent.
    pub(crate) struct Announcement {
        /// What it is called. The end says what it is.
        file_name: String = "name" | "filename",
        /// What it is said to be.
        content_type: Option<String> = "mime_type" | "file_type",
        /// How many bytes it has, 10 MB at most.
        size: u64 = "file_size",
        /// The SHA-256 digest of its content.
        sha256: Checksum = "checksum" | "checksum_sha256",
    }
}

/// How to send a file that was announced.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct InvitationView {
    /// Identifies the upload; documents take it as `upload_id`.
    pub upload_id: FileId,
    /// The method to send it with.
    pub method: String,
    /// Where to send it.
    pub url: String,
    /// The headers to send along. They are part of the signature.
    pub headers: BTreeMap<String, String>,
    /// Until when it is taken.
    pub expires_at: Timestamp,
}

/// Announce a file of up to 10 MB.
#[utoipa::path(post, path = "/api/uploads/presign", tag = "records", request_body = Announcement, responses(
    (status = 201, description = "The file can be sent to where the answer says, for a quarter of an hour.", body = InvitationView, headers(("location" = String, description = "Where to see how far it has come."))),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 413, description = "The file is too large.", body = Problem),
    (status = 429, description = "Too many files in a minute.", body = Problem),
))]
pub(crate) async fn presign(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
    State(objects): State<Objects>,
    State(limiter): State<Limiter>,
    Body(announced): Body<Announcement>,
) -> Result<Created<Json<InvitationView>>> {
    limiter.count_of(Bucket::Upload, &actor).await?;
    let Announcement { file_name, content_type, size, sha256 } = announced;
    let name = upload::named(file_name, content_type.as_deref(), "file_name")?;
    let size = sound(size)?;
    let file = StoredFile::announced(name, size, sha256, &actor);
    let permit = actor.create(Action::CreateUpload, &file)?.noting("size", size);
    let invitation = objects.invite(&file, actor.at).await?;
    store.files().add(&file, &permit).await?;
    let location = format!("/api/uploads/{}", file.id);
    let Presigned { method, url, headers, expires_at } = invitation;
    let view = InvitationView { upload_id: file.id, method, url, headers, expires_at };
    Ok(Created::at(location, Json(view)))
}

/// See how far a file has come.
#[utoipa::path(get, path = "/api/uploads/{id}", tag = "records", params(
    ("id" = FileId, Path, description = "The upload."),
), responses(
    (status = 200, description = "How far it has come, and why it was not taken if so. Once it belongs to a document, only the document gives a link to it.", body = FileView),
    (status = 404, description = "There is no such upload of yours.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<FileId>,
    State(store): State<Store>,
    State(objects): State<Objects>,
) -> Result<Json<FileView>> {
    let file = store.files().find(id).await?.view(&actor)?;
    let view = match file.holder() {
        Some(_document) => FileView::closed(&file),
        None => FileView::of(&file, &objects, actor.at).await?,
    };
    Ok(Json(view))
}

fn sound(size: u64) -> Result<u64> {
    match size {
        0 => Err(Invalid::field("size", Flaw::Empty.sentence()).into()),
        size if size > MOST => Err(AnnouncementError::TooLarge.into()),
        size => Ok(size),
    }
}

failures! {
    /// Why a file cannot be announced.
    pub enum AnnouncementError {
        TooLarge = TooLarge "too-large" "files may have 10 MB at most",
    }
}
