//! Files that people attach to documents: what they are, and how far they have come.

mod fields;
mod inspection;
mod jpeg;
mod ole;
mod pdf;
mod png;
mod zip;

use std::{fmt, str::FromStr};

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_with::{DeserializeFromStr, SerializeDisplay};
use sha2::{Digest, Sha256};

pub use self::inspection::{Declared, Flaw, Inspected, inspect};
use crate::{
    Id, Revision,
    access::{Action, Actor, Subject, UserId},
    choice::choice,
    event::Reference,
    failures,
    id::Identified,
    revision::{Revised, revised},
};

/// The most bytes that a file may have.
pub const MOST: u64 = 10 * 1024 * 1024;

/// The most bytes of a file that comes with the form itself, as Lambda takes no more at once.
pub const MOST_INLINE: usize = 4 * 1024 * 1024;

/// How long a link to a file works, and how long it may be sent to one.
pub const LINK: SignedDuration = SignedDuration::from_mins(15);

/// How long a file that was announced is waited for.
const AWAITED: SignedDuration = SignedDuration::from_hours(1);

/// How long a document may claim a file.
const CLAIMABLE: SignedDuration = SignedDuration::from_hours(24);

/// How long a file is kept that no document claimed: longer, so that none is claimed as it goes.
const UNCLAIMED: SignedDuration = SignedDuration::from_hours(25);

/// The most characters that the name of a file keeps.
const LONGEST_NAME: usize = 255;

/// A file that somebody uploaded or is about to.
///
/// Its content is an object of the same name, and only that of a clean one is ever given out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFile {
    /// Identifies the file.
    pub id: FileId,
    /// Who uploads it.
    pub uploader: Option<UserId>,
    /// What it is called, which also says what it is.
    pub name: FileName,
    size: u64,
    sha256: Checksum,
    state: FileState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    holder: Option<Reference>,
    /// When it was announced or arrived.
    pub created_at: Timestamp,
    /// When it last got further.
    pub updated_at: Timestamp,
    revision: Revision,
}

/// Identifies a [`StoredFile`].
pub type FileId = Id<StoredFile>;

impl Identified for StoredFile {
    const PREFIX: &'static str = "fil";
}

revised!(StoredFile);

/// How far a file has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FileState {
    /// It was announced and has not been looked at.
    Awaited {
        /// When it is waited for no longer.
        until: Timestamp,
    },
    /// It is what it says it is.
    Clean {
        /// When that was found.
        at: Timestamp,
    },
    /// It is not taken.
    Rejected {
        /// Why.
        flaw: Flaw,
        /// When that was found.
        at: Timestamp,
    },
}

choice! {
    /// How far a file has come, as callers see it.
    pub enum FileStatus: "the state of a file" {
        /// It has not been looked at.
        Pending = "PENDING",
        /// It can be read.
        Clean = "CLEAN",
        /// It was not taken.
        Rejected = "REJECTED",
    }
}

impl StoredFile {
    /// Announces a file that is sent later.
    pub fn announced(name: FileName, size: u64, sha256: Checksum, by: &Actor) -> Self {
        Self::new(name, size, sha256, FileState::Awaited { until: by.at + AWAITED }, by)
    }

    /// Takes a file that came with a form and was found clean.
    pub fn received(name: FileName, found: &Inspected<'_>, by: &Actor) -> Self {
        let size = found.bytes.len() as u64;
        Self::new(name, size, found.sha256, FileState::Clean { at: by.at }, by)
    }

    fn new(name: FileName, size: u64, sha256: Checksum, state: FileState, by: &Actor) -> Self {
        Self {
            id: Id::generate(by.at),
            uploader: by.user,
            name,
            size,
            sha256,
            state,
            holder: None,
            created_at: by.at,
            updated_at: by.at,
            revision: Revision::FIRST,
        }
    }

    /// How many bytes it has, or is said to have.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The digest of its content, or of what is said to come.
    pub fn sha256(&self) -> &Checksum {
        &self.sha256
    }

    /// How far it has come.
    pub fn state(&self) -> FileState {
        self.state
    }

    /// How far it has come, in a word.
    pub fn status(&self) -> FileStatus {
        match self.state {
            FileState::Awaited { .. } => FileStatus::Pending,
            FileState::Clean { .. } => FileStatus::Clean,
            FileState::Rejected { .. } => FileStatus::Rejected,
        }
    }

    /// Why it was not taken.
    pub fn flaw(&self) -> Option<Flaw> {
        match self.state {
            FileState::Rejected { flaw, .. } => Some(flaw),
            FileState::Awaited { .. } | FileState::Clean { .. } => None,
        }
    }

    /// Whether its content can be read.
    pub fn is_clean(&self) -> bool {
        self.status() == FileStatus::Clean
    }

    /// Whether it is still waited for.
    pub fn is_awaited(&self) -> bool {
        self.status() == FileStatus::Pending
    }

    /// The document that it belongs to.
    pub fn holder(&self) -> Option<&Reference> {
        self.holder.as_ref()
    }

    /// Whether a document may still claim it.
    pub fn is_claimable(&self, now: Timestamp) -> bool {
        self.holder.is_none() && now < self.created_at + CLAIMABLE
    }

    /// What was said of it when it was announced.
    pub fn declared(&self) -> Declared<'_> {
        Declared { format: self.name.format(), size: Some(self.size), sha256: Some(&self.sha256) }
    }

    /// When housekeeping has to see to it: what does not arrive, and what nobody claims.
    pub fn is_due_at(&self) -> Option<Timestamp> {
        match (self.state, &self.holder) {
            (FileState::Awaited { until }, _) => Some(until),
            (_, None) => Some(self.created_at + UNCLAIMED),
            (_, Some(_)) => None,
        }
    }

    /// What housekeeping has to do about it at `now`.
    pub fn upkeep(&self, now: Timestamp) -> Upkeep {
        match (self.state, &self.holder) {
            _ if self.is_due_at().is_none_or(|due| now < due) => Upkeep::Leave,
            (FileState::Awaited { .. }, _) => Upkeep::GiveUp,
            (_, None) => Upkeep::Forget,
            (_, Some(_)) => Upkeep::Leave,
        }
    }

    /// It is what it says it is. What is kept of it may be less than what came.
    pub fn clear(self, found: &Inspected<'_>, at: Timestamp) -> Result<Self, FileError> {
        let (size, sha256) = (found.bytes.len() as u64, found.sha256);
        self.settle(FileState::Clean { at }, at).map(|file| Self { size, sha256, ..file })
    }

    /// It is not taken.
    pub fn reject(self, flaw: Flaw, at: Timestamp) -> Result<Self, FileError> {
        self.settle(FileState::Rejected { flaw, at }, at)
    }

    fn settle(self, state: FileState, at: Timestamp) -> Result<Self, FileError> {
        match self.state {
            FileState::Awaited { .. } => Ok(Self { state, updated_at: at, ..self }),
            FileState::Clean { .. } | FileState::Rejected { .. } => Err(FileError::Settled),
        }
    }
}

/// What housekeeping has to do about a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upkeep {
    /// Nothing yet.
    Leave,
    /// Wait for it no longer.
    GiveUp,
    /// Delete it: it belongs to nothing.
    Forget,
}

/// Only its uploader sees a file by itself; others see the document that it belongs to.
impl Subject for StoredFile {
    const VIEW: Action = Action::ViewUpload;

    fn reference(&self) -> Reference {
        self.id.into()
    }

    fn owner(&self) -> Option<UserId> {
        self.uploader
    }
}

failures! {
    /// Why a file gets no further.
    pub enum FileError {
        Used = Conflict "upload-used" "the upload belongs to a document already",
        Settled = Conflict "upload-settled" "the file was looked at already",
        Stale = Conflict "upload-stale" "the file got further in the meantime",
    }
}

choice! {
    /// A kind of file that is taken.
    pub enum Format: "a kind of file" {
        /// A document to print.
        Pdf = "PDF",
        /// A photograph.
        Jpeg = "JPEG" | "JPG",
        /// A picture.
        Png = "PNG",
        /// A text of Word before 2007.
        Doc = "DOC",
        /// A text of Word.
        Docx = "DOCX",
    }
}

impl Format {
    /// The content type that it is given out with.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Doc => "application/msword",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        }
    }

    /// Whether a content type can stand for it. Programs that do not know one say nothing, or
    /// `application/octet-stream`.
    pub fn goes_by(self, content_type: &str) -> bool {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let essence = essence.to_ascii_lowercase();
        match essence.as_str() {
            "" | "application/octet-stream" => true,
            "image/jpg" | "image/pjpeg" => self == Self::Jpeg,
            "application/x-pdf" => self == Self::Pdf,
            essence => essence == self.content_type(),
        }
    }
}

/// The kinds of file that a document takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Formats(&'static [Format]);

impl Formats {
    /// Every kind.
    pub const ALL: Self = Self(Format::ALL);

    /// What can be looked at without Word.
    pub const PICTURES_AND_PDF: Self = Self(&[Format::Pdf, Format::Jpeg, Format::Png]);

    /// Whether files of this kind are taken.
    pub fn contain(self, format: Format) -> bool {
        self.0.contains(&format)
    }
}

/// `a file that is PDF, JPEG or PNG`
impl fmt::Display for Formats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a file that is ")?;
        for (place, format) in self.0.iter().enumerate() {
            let before = match place {
                0 => "",
                place if place + 1 == self.0.len() => " or ",
                _ => ", ",
            };
            write!(f, "{before}{format}")?;
        }
        Ok(())
    }
}

/// The name of a file, without a path, with an extension that says what it is.
///
/// It may be about somebody's health, so `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FileName {
    name: String,
    format: Format,
}

impl FileName {
    /// The name itself.
    pub fn reveal(&self) -> &str {
        &self.name
    }

    /// The extension, in small letters.
    pub fn extension(&self) -> String {
        let extension = self.name.rsplit_once('.').map_or("", |(_, extension)| extension);
        extension.to_ascii_lowercase()
    }

    /// What it says the file is.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The name without letters outside ASCII, for programs that know no others.
    pub fn plain(&self) -> String {
        let plain = |c: char| match c {
            '"' | '\\' | '%' | ';' => '_',
            c if c.is_ascii_graphic() || c == ' ' => c,
            _ => '_',
        };
        self.name.chars().map(plain).collect()
    }
}

impl TryFrom<String> for FileName {
    type Error = BadFileName;

    fn try_from(given: String) -> Result<Self, BadFileName> {
        // Some programs send the whole path.
        let name = given.rsplit(['/', '\\']).next().unwrap_or_default();
        let name: String = name.chars().filter(|&c| is_visible(c)).collect();
        let (stem, extension) = name.rsplit_once('.').ok_or(BadFileName)?;
        let format = match extension.trim_end().to_ascii_lowercase().as_str() {
            "pdf" => Format::Pdf,
            "jpg" | "jpeg" => Format::Jpeg,
            "png" => Format::Png,
            "doc" => Format::Doc,
            "docx" => Format::Docx,
            _ => return Err(BadFileName),
        };
        let extension = extension.trim_end();
        let room = LONGEST_NAME - 1 - extension.len();
        let stem: String = stem.trim_matches(['.', ' ']).chars().take(room).collect();
        let stem = stem.trim_end_matches(['.', ' ']);
        if stem.is_empty() {
            return Err(BadFileName);
        }
        Ok(Self { name: format!("{stem}.{extension}"), format })
    }
}

/// Marks that turn the direction of writing make `exe.jpg` of `gpj.exe`.
fn is_visible(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

impl FromStr for FileName {
    type Err = BadFileName;

    fn from_str(text: &str) -> Result<Self, BadFileName> {
        text.to_owned().try_into()
    }
}

impl From<FileName> for String {
    fn from(name: FileName) -> Self {
        name.name
    }
}

impl fmt::Debug for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

/// The name does not say what the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the name of a file that ends in .pdf, .jpg, .jpeg, .png, .doc or .docx")]
pub struct BadFileName;

/// The SHA-256 digest of a file, written in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, SerializeDisplay, DeserializeFromStr)]
pub struct Checksum([u8; 32]);

impl Checksum {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest as S3 writes it.
    pub fn base64(&self) -> String {
        BASE64_STANDARD.encode(self.0)
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Checksum {
    type Err = BadChecksum;

    fn from_str(text: &str) -> Result<Self, BadChecksum> {
        let text = text.trim();
        let bytes = if text.len() == 64 && text.is_ascii() {
            let pairs = (0..64).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16));
            pairs.collect::<Result<Vec<_>, _>>().map_err(|_| BadChecksum)?
        } else {
            BASE64_STANDARD.decode(text).map_err(|_| BadChecksum)?
        };
        bytes.try_into().map(Self).map_err(|_| BadChecksum)
    }
}

impl utoipa::PartialSchema for Checksum {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::String)
            .pattern(Some("^[0-9a-f]{64}$"))
            .description(Some("A SHA-256 digest in hexadecimal; Base64 is accepted, too."))
            .into()
    }
}

impl utoipa::ToSchema for Checksum {
    fn name() -> std::borrow::Cow<'static, str> {
        "Checksum".into()
    }
}

impl utoipa::PartialSchema for FileName {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::Type::String)
            .max_length(Some(LONGEST_NAME))
            .description(Some("Ends in .pdf, .jpg, .jpeg, .png, .doc or .docx."))
            .into()
    }
}

impl utoipa::ToSchema for FileName {
    fn name() -> std::borrow::Cow<'static, str> {
        "FileName".into()
    }
}

/// The text is no SHA-256 digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a SHA-256 digest in hexadecimal or Base64")]
pub struct BadChecksum;

#[cfg(test)]
#[expect(unreachable_pub, reason = "the testkit gives the same samples to everyone")]
mod samples;
#[cfg(test)]
mod tests;
