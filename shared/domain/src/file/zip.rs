//! The files of Word: an archive of XML.
//!
//! Programs read archives from both ends and disagree about what lies between, so an archive is
//! taken only if every byte of it has one meaning: entry behind entry, then their list, then the
//! end. <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read,
};

use flate2::{Crc, bufread::DeflateDecoder};

use super::{
    Flaw, fields,
    inspection::{holds, u16_le, u32_le},
    ole,
};

pub(super) const FIRST: &[u8] = b"PK\x03\x04";

const LISTED: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const DESCRIPTOR: &[u8] = b"PK\x07\x08";
const END_LENGTH: usize = 22;

/// How far from the end programs look for the end of an archive.
const TAIL: usize = END_LENGTH + 0xffff;

const MOST_ENTRIES: usize = 2000;

/// The most bytes that an archive may become.
const MOST_EXPANDED: u64 = 64 * 1024 * 1024;

/// How many times larger than itself an archive may become, once it becomes large.
const MOST_RATIO: u64 = 100;
const LARGE: u64 = 4 * 1024 * 1024;

/// The most bytes of an entry that are looked at as a whole.
const MOST_READ: usize = 8 * 1024 * 1024;

/// Whether it is a text of Word that holds nothing to run and loads nothing.
pub(super) fn check(bytes: &[u8]) -> Result<(), Flaw> {
    let entries = entries(bytes)?;
    let mut budget = MOST_EXPANDED.min((MOST_RATIO * bytes.len() as u64).max(LARGE));
    look_into(&entries, &mut budget, true)?;
    let has = |name: &str| entries.iter().any(|entry| entry.name == name);
    if has("[Content_Types].xml") && has("word/document.xml") {
        Ok(())
    } else {
        Err(Flaw::WrongType)
    }
}

/// Whether programs that begin at the end would take it for an archive.
pub(super) fn ends_as_one(bytes: &[u8]) -> bool {
    let tail = &bytes[bytes.len().saturating_sub(TAIL)..];
    tail.windows(END_LENGTH).enumerate().any(|(at, end)| {
        end.starts_with(END)
            && u32_le(end, 4) == Some(0)
            && end[8..10] == end[10..12]
            && usize::from(u16_le(end, 20).unwrap_or_default()) <= tail.len() - at - END_LENGTH
    })
}

struct Entry<'b> {
    name: String,
    data: &'b [u8],
    deflated: bool,
    expanded: u64,
    crc: u32,
}

/// The entries, if they fill the archive without gap and overlap.
fn entries(bytes: &[u8]) -> Result<Vec<Entry<'_>>, Flaw> {
    let damaged = Flaw::Damaged;
    let end_at = bytes.len().checked_sub(END_LENGTH).ok_or(damaged)?;
    let end = &bytes[end_at..];
    if !end.starts_with(END) {
        return Err(if ends_as_one(bytes) { Flaw::Polyglot } else { damaged });
    }
    let number = |at| u32_le(end, at).and_then(|number| usize::try_from(number).ok());
    let (length, begin) = number(12).zip(number(16)).ok_or(damaged)?;
    let count = usize::from(u16_le(end, 10).ok_or(damaged)?);
    if u32_le(end, 4) != Some(0) || end[8..10] != end[10..12] || end[20..22] != [0, 0] {
        return Err(damaged);
    }
    if begin.checked_add(length) != Some(end_at) {
        return Err(Flaw::Polyglot);
    }
    if count > MOST_ENTRIES {
        return Err(Flaw::Bomb);
    }
    let mut list = &bytes[begin..end_at];
    let mut listed = Vec::new();
    for _ in 0..count {
        let (entry, rest) = Listed::read(list).ok_or(damaged)?;
        listed.push(entry);
        list = rest;
    }
    if !list.is_empty() {
        return Err(Flaw::Polyglot);
    }
    listed.sort_by_key(|entry| entry.at);
    let (mut entries, mut next) = (Vec::new(), 0);
    for entry in listed {
        if entry.at != next {
            return Err(Flaw::Polyglot);
        }
        let (entry, end) = entry.open(bytes)?;
        entries.push(entry);
        next = end;
    }
    let names: BTreeSet<_> = entries.iter().map(|entry| entry.name.to_ascii_lowercase()).collect();
    match (next == begin, names.len() == entries.len()) {
        (true, true) => Ok(entries),
        (false, _) => Err(Flaw::Polyglot),
        (_, false) => Err(damaged),
    }
}

/// An entry as the list has it.
struct Listed<'b> {
    name: &'b [u8],
    flags: u16,
    method: u16,
    crc: u32,
    packed: usize,
    expanded: u32,
    at: usize,
}

const ENCRYPTED: u16 = 1 | 1 << 6;
const DESCRIBED: u16 = 1 << 3;

impl<'b> Listed<'b> {
    fn read(list: &'b [u8]) -> Option<(Self, &'b [u8])> {
        if !list.starts_with(LISTED) {
            return None;
        }
        let short = |at| u16_le(list, at).map(usize::from);
        let (name, extra, comment) = (short(28)?, short(30)?, short(32)?);
        let entry = Self {
            name: list.get(46..46 + name)?,
            flags: u16_le(list, 8)?,
            method: u16_le(list, 10)?,
            crc: u32_le(list, 16)?,
            packed: usize::try_from(u32_le(list, 20)?).ok()?,
            expanded: u32_le(list, 24)?,
            at: usize::try_from(u32_le(list, 42)?).ok()?,
        };
        Some((entry, list.get(46 + name + extra + comment..)?))
    }

    /// The entry itself, and where it ends.
    fn open(self, bytes: &'b [u8]) -> Result<(Entry<'b>, usize), Flaw> {
        let damaged = Flaw::Damaged;
        if self.flags & ENCRYPTED != 0 {
            return Err(Flaw::Protected);
        }
        let deflated = match self.method {
            0 => false,
            8 => true,
            _ => return Err(damaged),
        };
        let local = bytes.get(self.at..).ok_or(damaged)?;
        let short = |at| u16_le(local, at).ok_or(damaged);
        let (name, extra) = (usize::from(short(26)?), usize::from(short(28)?));
        let agrees = local.starts_with(FIRST)
            && short(6)? == self.flags
            && short(8)? == self.method
            && local.get(30..30 + name) == Some(self.name);
        let data = 30 + name + extra;
        let packed = local.get(data..).and_then(|rest| rest.get(..self.packed)).ok_or(damaged)?;
        let mut end = data + self.packed;
        if self.flags & DESCRIBED != 0 {
            end += if local[end..].starts_with(DESCRIPTOR) { 16 } else { 12 };
        } else if u32_le(local, 22) != Some(self.expanded) || u32_le(local, 14) != Some(self.crc) {
            return Err(damaged);
        }
        let name = std::str::from_utf8(self.name).map_err(|_| damaged)?;
        let strays = name.starts_with('/')
            || name.contains(['\\', ':', '\0'])
            || name.split('/').any(|step| step == "..");
        if !agrees || strays {
            return Err(damaged);
        }
        let entry = Entry {
            name: name.to_owned(),
            data: packed,
            deflated,
            expanded: self.expanded.into(),
            crc: self.crc,
        };
        Ok((entry, self.at + end))
    }
}

/// Looks into every entry, spending no more than `budget` bytes on all of them.
fn look_into(entries: &[Entry<'_>], budget: &mut u64, outer: bool) -> Result<(), Flaw> {
    let declared: u64 = entries.iter().map(|entry| entry.expanded).sum();
    if declared > *budget {
        return Err(Flaw::Bomb);
    }
    for entry in entries {
        let name = entry.name.to_ascii_lowercase();
        if RUN.iter().any(|ending| name.ends_with(ending)) || name.contains("activex/") {
            return Err(Flaw::Programs);
        }
        let content = entry.expand(budget)?;
        let begins = |with: &[u8]| content.starts_with(with);
        if RUN_FIRST.iter().any(|first| begins(first)) {
            return Err(Flaw::Programs);
        }
        if begins(FIRST) {
            // A table or a chart brings an archive of its own; one within that has no purpose.
            if !outer || content.len() == MOST_READ {
                return Err(Flaw::Bomb);
            }
            look_into(&self::entries(&content)?, budget, false)?;
        }
        if name == "[content_types].xml" && holds(&plain(&content)?, b"macroenabled") {
            return Err(Flaw::Programs);
        }
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        if ending == "rels" {
            loads_nothing(&content)?;
        }
        if content.trim_ascii_start().starts_with(b"<") || MARKS.iter().any(|mark| begins(mark)) {
            does_nothing(ending, content)?;
        }
    }
    Ok(())
}

/// What XML may begin with instead of a tag.
const MARKS: [&[u8]; 4] = [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\0<"];

/// The endings of what can be run, or holds what can.
const RUN: [&str; 20] = [
    "vbaproject.bin",
    "vbadata.xml",
    ".exe",
    ".dll",
    ".com",
    ".scr",
    ".bat",
    ".cmd",
    ".ps1",
    ".vbs",
    ".vbe",
    ".js",
    ".jse",
    ".wsf",
    ".hta",
    ".lnk",
    ".jar",
    ".class",
    ".msi",
    ".sh",
];

/// What programs begin with, and what old documents do that may hold some.
const RUN_FIRST: [&[u8]; 8] = [
    b"MZ",
    b"\x7fELF",
    b"#!",
    b"\xca\xfe\xba\xbe",
    b"\xcf\xfa\xed\xfe",
    b"\xfe\xed\xfa\xcf",
    b"dex\n",
    ole::FIRST,
];

impl Entry<'_> {
    /// The beginning of the content. All of it is read and has to be what the list says.
    fn expand(&self, budget: &mut u64) -> Result<Vec<u8>, Flaw> {
        let mut reader = DeflateDecoder::new(self.data);
        let mut stored = self.data;
        let (mut crc, mut kept, mut length, mut chunk) =
            (Crc::new(), Vec::new(), 0, vec![0; 1 << 14]);
        loop {
            let read =
                if self.deflated { reader.read(&mut chunk) } else { stored.read(&mut chunk) };
            let read = &chunk[..read.map_err(|_| Flaw::Damaged)?];
            if read.is_empty() {
                break;
            }
            length += read.len() as u64;
            *budget = budget.checked_sub(read.len() as u64).ok_or(Flaw::Bomb)?;
            if length > self.expanded {
                return Err(Flaw::Bomb);
            }
            crc.update(read);
            kept.extend_from_slice(&read[..read.len().min(MOST_READ - kept.len())]);
        }
        let whole = !self.deflated || reader.total_in() == self.data.len() as u64;
        if length == self.expanded && crc.sum() == self.crc && whole {
            Ok(kept)
        } else {
            Err(Flaw::Damaged)
        }
    }
}

/// XML in small letters. A word must not be written so that only a reader of XML finds it.
fn plain(xml: &[u8]) -> Result<Vec<u8>, Flaw> {
    let xml = xml.to_ascii_lowercase();
    let hides = xml.contains(&0) || holds(&xml, b"&#") || holds(&xml, b"<!doctype");
    if hides || xml.len() == MOST_READ { Err(Flaw::Damaged) } else { Ok(xml) }
}

/// Refuses XML with fields that run or load something, and what cannot be seen whole.
fn does_nothing(ending: &str, mut xml: Vec<u8>) -> Result<(), Flaw> {
    if xml.len() == MOST_READ {
        return Err(Flaw::Bomb);
    }
    // With letters of two bytes it reads like one with letters of one, without what is between.
    xml.retain(|byte| *byte != 0);
    xml.make_ascii_lowercase();
    // Pictures say by it which drawing they are; in a text it could stand for other words.
    if holds(&xml, b"<!doctype") && ending != "svg" {
        return Err(Flaw::Damaged);
    }
    fields::check(&String::from_utf8_lossy(&xml))
}

/// Refuses a document that loads templates, pictures or objects; it may link to pages.
fn loads_nothing(relationships: &[u8]) -> Result<(), Flaw> {
    let relationships = plain(relationships)?;
    let relationships = std::str::from_utf8(&relationships).map_err(|_| Flaw::Damaged)?;
    let loads = |tag: &str| {
        let attributes: BTreeMap<_, _> = attributes(tag).collect();
        let is_link = attributes.get("type").is_some_and(|kind| kind.ends_with("/hyperlink"));
        attributes.get("targetmode").is_some_and(|mode| *mode == "external") && !is_link
    };
    if relationships.split('<').any(loads) { Err(Flaw::Remote) } else { Ok(()) }
}

/// The attributes of a tag, by name.
pub(super) fn attributes(tag: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = tag;
    std::iter::from_fn(move || {
        let (name, value) = rest.split_once('=')?;
        let value = value.trim_start();
        let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let (value, behind) = value[1..].split_once(quote)?;
        rest = behind;
        Some((name.split_whitespace().last().unwrap_or_default(), value))
    })
}
