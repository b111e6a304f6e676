//! Files that come with forms, or before them.

use std::collections::BTreeMap;

use axum::{
    body::Bytes,
    extract::{FromRef, FromRequest, Multipart, Request, multipart::MultipartError},
};
use carehub_domain::{
    access::{Action, Actor, Denied},
    failures,
    file::{
        Checksum, Declared, FileError, FileId, FileName, FileStatus, Formats, MOST_INLINE,
        StoredFile, inspect,
    },
};
use carehub_objects::Objects;
use carehub_store::Store;
use http::{HeaderMap, StatusCode, header::CONTENT_TYPE};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::task;
use utoipa::ToSchema;

use crate::{
    ApiError, AppState, Result,
    extract::Body,
    form::{self, Form, Invalid},
    limit::{Bucket, Limiter},
};

/// The names under which files come.
const FILES: [&str; 7] =
    ["file", "files", "files[]", "document", "attachment", "attachments", "attachments[]"];

/// The names under which files are mentioned that came before.
const UPLOADS: [&str; 3] = ["upload_id", "upload_ids", "upload_ids[]"];

/// The most files that come at once.
const MOST_FILES: usize = 10;

/// A form with files: as `multipart/form-data`, or as JSON that mentions uploads.
#[derive(Debug)]
pub struct Upload<F> {
    /// The form, which does not mention the files.
    pub form: F,
    /// The files, in their order.
    pub files: Vec<Incoming>,
}

/// A file on its way in.
#[derive(Debug)]
pub enum Incoming {
    /// It came with the form.
    Inline {
        /// What it is called.
        name: String,
        /// What it is said to be.
        content_type: Option<String>,
        /// What it holds.
        bytes: Bytes,
    },
    /// It was announced before.
    Announced(FileId),
}

impl<F: Form> FromRequest<AppState> for Upload<F> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> Result<Self> {
        if boundary(request.headers()).is_none() {
            let Body(Mentioning { rest, files }) = Body::from_request(request, state).await?;
            return Ok(Self { form: form::read(rest)?, files });
        }
        let parts = Multipart::from_request(request, state).await;
        let mut parts = parts.map_err(|_| UploadError::Unreadable)?;
        let (mut fields, mut files) = (Map::new(), Vec::new());
        while let Some(part) = parts.next_field().await.map_err(|error| unreadable(&error))? {
            let name = part.name().unwrap_or_default().to_owned();
            let content_type = part.content_type().map(str::to_owned);
            let Some(called) = part.file_name().map(str::to_owned) else {
                let text = part.text().await.map_err(|error| unreadable(&error))?;
                add(&mut fields, &name, text);
                continue;
            };
            if !FILES.contains(&name.as_str()) {
                return Err(Invalid::field(&name, "files are sent as `file`").into());
            }
            let bytes = part.bytes().await.map_err(|error| unreadable(&error))?;
            // What browsers send for a field in which nothing was chosen.
            if !called.is_empty() || !bytes.is_empty() {
                files.push(Incoming::Inline { name: called, content_type, bytes });
            }
        }
        let Mentioning { rest, files: mentioned } = Mentioning::of(fields)?;
        files.extend(mentioned);
        Ok(Self { form: form::read_text(rest)?, files })
    }
}

/// A field that comes again, or whose name says so, is a list.
fn add(fields: &mut Map<String, Value>, name: &str, text: String) {
    let text = Value::String(text);
    let (name, is_list) = match name.strip_suffix("[]") {
        Some(name) => (name, true),
        None => (name, false),
    };
    match fields.get_mut(name) {
        Some(Value::Array(texts)) => texts.push(text),
        Some(first) => *first = Value::Array(vec![first.take(), text]),
        None if is_list => drop(fields.insert(name.to_owned(), Value::Array(vec![text]))),
        None => drop(fields.insert(name.to_owned(), text)),
    }
}

/// A form before it is read, and the uploads that it mentions.
struct Mentioning {
    rest: Map<String, Value>,
    files: Vec<Incoming>,
}

impl Form for Mentioning {
    fn read(fields: &mut form::Fields) -> Option<Self> {
        let rest = fields.take_all();
        Self::of(rest).map_err(|Invalid(errors)| fields.refuse(errors)).ok()
    }
}

impl Mentioning {
    fn of(mut fields: Map<String, Value>) -> Result<Self, Invalid> {
        let mut files = Vec::new();
        for name in UPLOADS {
            let mentioned = match fields.remove(name) {
                None | Some(Value::Null) => continue,
                Some(Value::String(blank)) if blank.trim().is_empty() => continue,
                Some(Value::Array(several)) => several,
                Some(one) => vec![one],
            };
            for id in mentioned {
                let id = id.as_str().and_then(|id| id.trim().parse().ok());
                let id = id.ok_or_else(|| Invalid::field(name, "expected the id of an upload"))?;
                files.push(Incoming::Announced(id));
            }
        }
        Ok(Self { rest: fields, files })
    }
}

/// Takes files in.
#[derive(Clone, Debug)]
pub struct Intake {
    store: Store,
    objects: Objects,
    limiter: Limiter,
}

impl FromRef<AppState> for Intake {
    fn from_ref(state: &AppState) -> Self {
        let AppState { store, objects, limiter, .. } = state.clone();
        Self { store, objects, limiter }
    }
}

impl Intake {
    /// Takes the one file that a document consists of.
    pub async fn one(
        &self,
        files: Vec<Incoming>,
        allowed: Formats,
        actor: &Actor,
    ) -> Result<StoredFile> {
        let file = self.at_most_one(files, allowed, actor).await?;
        Ok(file.ok_or_else(|| Invalid::field("file", "is required"))?)
    }

    /// Takes the one file that a document may have.
    pub async fn at_most_one(
        &self,
        mut files: Vec<Incoming>,
        allowed: Formats,
        actor: &Actor,
    ) -> Result<Option<StoredFile>> {
        if files.len() > 1 {
            return Err(Invalid::field("file", "expected one file").into());
        }
        match files.pop() {
            Some(file) => self.take_in(file, allowed, actor).await.map(Some),
            None => Ok(None),
        }
    }

    /// Takes the files that a document may have, ten at most.
    pub async fn several(
        &self,
        files: Vec<Incoming>,
        allowed: Formats,
        actor: &Actor,
    ) -> Result<Vec<StoredFile>> {
        if files.len() > MOST_FILES {
            return Err(Invalid::field("files", "expected at most 10 files").into());
        }
        let mut taken: Vec<StoredFile> = Vec::new();
        for file in files {
            let file = self.take_in(file, allowed, actor).await?;
            if taken.iter().any(|other| other.id == file.id) {
                return Err(FileError::Used.into());
            }
            taken.push(file);
        }
        Ok(taken)
    }

    /// Takes a file, which belongs to nothing yet.
    ///
    /// One that comes with the form is looked into and kept. If no document claims it within a
    /// day, it is deleted.
    pub async fn take_in(
        &self,
        file: Incoming,
        allowed: Formats,
        actor: &Actor,
    ) -> Result<StoredFile> {
        match file {
            Incoming::Announced(id) => self.announced(id, allowed, actor).await,
            Incoming::Inline { name, content_type, bytes } => {
                let name = named(name, content_type.as_deref(), "file")?;
                self.received(name, bytes, allowed, actor).await
            }
        }
    }

    async fn announced(&self, id: FileId, allowed: Formats, actor: &Actor) -> Result<StoredFile> {
        let file = self.store.files().find(id).await?.view(actor)?;
        if file.holder().is_some() {
            return Err(FileError::Used.into());
        }
        if !file.is_claimable(actor.at) {
            return Err(Denied::NotFound.into());
        }
        let wrong = match file.flaw() {
            Some(flaw) => Some(flaw.sentence().to_owned()),
            None if allowed.contain(file.name.format()) => None,
            None => Some(format!("expected {allowed}")),
        };
        match wrong {
            Some(wrong) => Err(Invalid::field("upload_id", wrong).into()),
            None => Ok(file),
        }
    }

    async fn received(
        &self,
        name: FileName,
        bytes: Bytes,
        allowed: Formats,
        actor: &Actor,
    ) -> Result<StoredFile> {
        if bytes.len() > MOST_INLINE {
            return Err(UploadError::TooLarge.into());
        }
        if !allowed.contain(name.format()) {
            return Err(Invalid::field("file", format!("expected {allowed}")).into());
        }
        self.limiter.count_of(Bucket::Upload, actor).await?;
        let by = actor.clone();
        // Unpacking takes a while, during which others want to be served.
        let looked = task::spawn_blocking(move || {
            let declared = Declared { format: name.format(), size: None, sha256: None };
            let found = inspect(&declared, &bytes)?;
            let file = StoredFile::received(name, &found, &by);
            Ok((file, found.bytes.into_owned()))
        });
        let looked = looked.await.map_err(|_| UploadError::Interrupted)?;
        let (file, bytes) = looked
            .map_err(|flaw: carehub_domain::file::Flaw| Invalid::field("file", flaw.sentence()))?;
        let permit = actor.create(Action::CreateUpload, &file)?.noting("size", file.size());
        self.store.files().add(&file, &permit).await?;
        self.objects.keep(&file, bytes).await?;
        Ok(file)
    }
}

/// The name of a file, if its content type can stand for the same.
pub fn named(name: String, content_type: Option<&str>, field: &str) -> Result<FileName, Invalid> {
    let name = FileName::try_from(name).map_err(|error| Invalid::field(field, error))?;
    match content_type {
        Some(content_type) if !name.format().goes_by(content_type) => {
            let wrong = "the content type is not that of the name of the file";
            Err(Invalid::field(field, wrong))
        }
        _ => Ok(name),
    }
}

/// A file as part of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileView {
    /// Identifies the file.
    pub file: FileId,
    /// What it is called.
    pub file_name: FileName,
    /// How many bytes it has.
    pub file_size: u64,
    /// The end of its name, in small letters.
    pub file_extension: String,
    /// What it is.
    pub content_type: String,
    /// The digest of its content.
    pub sha256: Checksum,
    /// Whether it can be read.
    pub file_status: FileStatus,
    /// Why it was not taken.
    pub file_problem: Option<String>,
    /// Where it can be saved from, for a quarter of an hour.
    pub file_url: Option<String>,
}

impl FileView {
    /// Shows a file as it is at `at`.
    pub async fn of(file: &StoredFile, objects: &Objects, at: Timestamp) -> Result<Self> {
        let file_url = if file.is_clean() { Some(objects.link(file, at).await?) } else { None };
        Ok(Self { file_url, ..Self::closed(file) })
    }

    /// Shows how far a file has come, and gives no link to it.
    pub fn closed(file: &StoredFile) -> Self {
        Self {
            file: file.id,
            file_name: file.name.clone(),
            file_size: file.size(),
            file_extension: file.name.extension(),
            content_type: file.name.format().content_type().to_owned(),
            sha256: *file.sha256(),
            file_status: file.status(),
            file_problem: file.flaw().map(|flaw| flaw.sentence().to_owned()),
            file_url: None,
        }
    }

    /// Shows several files.
    pub async fn each(
        files: &BTreeMap<FileId, StoredFile>,
        objects: &Objects,
        at: Timestamp,
    ) -> Result<BTreeMap<FileId, Self>> {
        let mut views = BTreeMap::new();
        for (id, file) in files {
            views.insert(*id, Self::of(file, objects, at).await?);
        }
        Ok(views)
    }
}

/// What a body says, whatever stands between its parts: programs that send a form once more put
/// something else there.
pub(crate) fn content<'b>(headers: &HeaderMap, body: &'b [u8]) -> Vec<&'b [u8]> {
    // A short one would take the body to pieces.
    let Some(boundary) = boundary(headers).filter(|boundary| boundary.len() > 3) else {
        return vec![body];
    };
    let (mut parts, mut begin, mut at) = (Vec::new(), 0, 0);
    while let Some(rest) = body.get(at..).filter(|rest| rest.len() >= boundary.len()) {
        if rest.starts_with(boundary.as_bytes()) {
            parts.push(&body[begin..at]);
            at += boundary.len();
            begin = at;
        } else {
            at += 1;
        }
    }
    parts.push(&body[begin..]);
    parts
}

/// What stands between the parts of a form that is sent in parts.
fn boundary(headers: &HeaderMap) -> Option<String> {
    let media = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let (essence, rest) = media.split_once(';').unwrap_or((media, ""));
    if !essence.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let mut named = rest.split(';').filter_map(|parameter| parameter.trim().split_once('='));
    let boundary = named.find(|(name, _)| name.eq_ignore_ascii_case("boundary"));
    Some(boundary.map_or_else(String::new, |(_, value)| value.trim_matches('"').to_owned()))
}

fn unreadable(error: &MultipartError) -> ApiError {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => UploadError::TooLarge.into(),
        _ => UploadError::Unreadable.into(),
    }
}

failures! {
    /// Why a form with files is not taken.
    pub enum UploadError {
        TooLarge = TooLarge "too-large" "files with more than 4 MB are announced at /api/uploads/presign and sent from there",
        Unreadable = Invalid "unreadable-body" "the body is not valid multipart/form-data",
        Interrupted = Internal "internal" "the file was not looked into",
    }
}
