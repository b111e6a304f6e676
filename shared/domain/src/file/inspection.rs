//! Looking into a file before anybody else does.

use std::borrow::Cow;

use super::{Checksum, Format, MOST, jpeg, ole, pdf, png, zip};
use crate::choice::choice;

/// What is said of a file.
#[derive(Clone, Copy, Debug)]
pub struct Declared<'d> {
    /// What it is.
    pub format: Format,
    /// How many bytes it has, if that was said.
    pub size: Option<u64>,
    /// The digest of its content, if that was said.
    pub sha256: Option<&'d Checksum>,
}

/// A file that is what it is said to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspected<'b> {
    /// What is to be kept: the content without what tells where a picture was taken.
    pub bytes: Cow<'b, [u8]>,
    /// The digest of that.
    pub sha256: Checksum,
}

choice! {
    /// Why a file is not taken.
    pub enum Flaw: "a flaw of a file" {
        /// It has no content.
        Empty = "EMPTY",
        /// It is too large.
        TooLarge = "TOO_LARGE",
        /// It is not of the size that was announced.
        WrongSize = "WRONG_SIZE",
        /// It is not the file that was announced.
        WrongChecksum = "WRONG_CHECKSUM",
        /// It is something else than its name or its content type says.
        WrongType = "WRONG_TYPE",
        /// It is not whole.
        Damaged = "DAMAGED",
        /// It is something else as well.
        Polyglot = "POLYGLOT",
        /// It becomes very large when it is opened.
        Bomb = "BOMB",
        /// It cannot be looked into.
        Protected = "PROTECTED",
        /// It holds what can be run.
        Programs = "PROGRAMS",
        /// It loads parts of itself from elsewhere.
        Remote = "REMOTE",
        /// It was announced and not sent.
        Late = "LATE",
    }
}

impl Flaw {
    /// The flaw in words that its uploader reads.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Empty => "the file is empty",
            Self::TooLarge => "the file has more than 10 MB",
            Self::WrongSize => "the file does not have the size that was announced",
            Self::WrongChecksum => "the file is not the one that was announced",
            Self::WrongType => "the content of the file is not what its name says",
            Self::Damaged => "the file is damaged or not complete",
            Self::Polyglot => "the file is of two kinds at once",
            Self::Bomb => "the file becomes too large when it is opened",
            Self::Protected => "the file is protected by a password",
            Self::Programs => "the file holds macros or other programs",
            Self::Remote => "the file loads parts of itself from elsewhere",
            Self::Late => "the file did not arrive in time",
        }
    }
}

/// Looks into a file: whether it is what it is said to be, and nothing besides.
///
/// It takes time in proportion to the file, and little more memory than the file has.
pub fn inspect<'b>(declared: &Declared<'_>, bytes: &'b [u8]) -> Result<Inspected<'b>, Flaw> {
    let size = bytes.len() as u64;
    if bytes.is_empty() {
        return Err(Flaw::Empty);
    }
    if size > MOST {
        return Err(Flaw::TooLarge);
    }
    if declared.size.is_some_and(|announced| announced != size) {
        return Err(Flaw::WrongSize);
    }
    if declared.sha256.is_some_and(|announced| *announced != Checksum::of(bytes)) {
        return Err(Flaw::WrongChecksum);
    }
    if sniff(bytes) != Some(declared.format) {
        return Err(Flaw::WrongType);
    }
    let kept = match declared.format {
        Format::Pdf => pdf::check(bytes).map(|()| Cow::Borrowed(bytes))?,
        Format::Jpeg => jpeg::clean(bytes)?,
        Format::Png => png::clean(bytes)?,
        Format::Doc => ole::check(bytes).map(|()| Cow::Borrowed(bytes))?,
        Format::Docx => zip::check(bytes).map(|()| Cow::Borrowed(bytes))?,
    };
    // What is cut off must not hide that another face was there, nor bring one to light.
    if [bytes, &kept].iter().any(|bytes| has_another_face(declared.format, bytes)) {
        return Err(Flaw::Polyglot);
    }
    Ok(Inspected { sha256: Checksum::of(&kept), bytes: kept })
}

fn has_another_face(format: Format, bytes: &[u8]) -> bool {
    format != Format::Docx && zip::ends_as_one(bytes)
        || format != Format::Pdf && pdf::begins_as_one(bytes)
}

/// What a file is by its first bytes.
fn sniff(bytes: &[u8]) -> Option<Format> {
    const FIRST: [(&[u8], Format); 5] = [
        (pdf::FIRST, Format::Pdf),
        (jpeg::FIRST, Format::Jpeg),
        (png::FIRST, Format::Png),
        (ole::FIRST, Format::Doc),
        (zip::FIRST, Format::Docx),
    ];
    FIRST.iter().find(|(first, _)| bytes.starts_with(first)).map(|(_, format)| *format)
}

/// Whether `needle` occurs in `bytes`.
pub(super) fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// The number at `at`, lowest byte first.
pub(super) fn u16_le(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The number at `at`, lowest byte first.
pub(super) fn u32_le(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The number at `at`, highest byte first.
pub(super) fn u16_be(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The number at `at`, highest byte first.
pub(super) fn u32_be(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}
