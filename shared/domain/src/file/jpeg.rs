//! JPEG.

use std::{borrow::Cow, ops::Range};

use super::{
    Flaw,
    inspection::{u16_be, u16_le, u32_be, u32_le},
};

pub(super) const FIRST: &[u8] = &[0xff, 0xd8, 0xff];

/// The most pixels that a picture may have.
pub(super) const MOST_PIXELS: u64 = 200_000_000;

const SOI: usize = 2;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const APP0: u8 = 0xe0;
const APP1: u8 = 0xe1;
const APP2: u8 = 0xe2;
const APP14: u8 = 0xee;
const APP15: u8 = 0xef;
const COMMENT: u8 = 0xfe;

const EXIF: &[u8] = b"Exif\0\0";

/// The picture without what says where, when and with what it was taken, and without what follows
/// it, such as the film that some phones append. The way up is kept.
pub(super) fn clean(bytes: &[u8]) -> Result<Cow<'_, [u8]>, Flaw> {
    let parts = parts(bytes)?;
    let end = parts.last().map_or(SOI, |part| part.place.end);
    if parts.iter().all(|part| part.keep(bytes)) && end == bytes.len() {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut kept = bytes[..SOI].to_vec();
    for part in parts {
        if part.keep(bytes) {
            kept.extend_from_slice(&bytes[part.place]);
        } else if let Some(turned) = part.exif(bytes).and_then(orientation).map(upright) {
            kept.extend_from_slice(&turned);
        }
    }
    Ok(Cow::Owned(kept))
}

/// A segment with its marker, and for a scan all of its data.
struct Part {
    marker: u8,
    place: Range<usize>,
}

impl Part {
    /// What the segment holds, behind its marker and its length.
    fn content<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        bytes[self.place.clone()].get(4..).unwrap_or_default()
    }

    fn exif<'b>(&self, bytes: &'b [u8]) -> Option<&'b [u8]> {
        (self.marker == APP1).then(|| self.content(bytes).strip_prefix(EXIF)).flatten()
    }

    /// Whether it is needed to show the picture as it is.
    fn keep(&self, bytes: &[u8]) -> bool {
        let begins = |with: &[u8]| self.content(bytes).starts_with(with);
        match self.marker {
            APP0 => begins(b"JFIF\0"),
            APP1 => self
                .exif(bytes)
                .and_then(orientation)
                .is_some_and(|way| upright(way) == bytes[self.place.clone()]),
            APP2 => begins(b"ICC_PROFILE\0"),
            APP14 => begins(b"Adobe"),
            APP1..=APP15 | COMMENT => false,
            _ => true,
        }
    }
}

/// The segments from the first to the end of the picture.
fn parts(bytes: &[u8]) -> Result<Vec<Part>, Flaw> {
    let (mut at, mut parts) = (SOI, Vec::new());
    let (mut framed, mut scanned) = (false, false);
    loop {
        let begin = at;
        if bytes.get(at) != Some(&0xff) {
            return Err(Flaw::Damaged);
        }
        // A marker may be preceded by any number of these.
        at += bytes[at..].iter().take_while(|&&byte| byte == 0xff).count();
        let marker = *bytes.get(at).ok_or(Flaw::Damaged)?;
        // What stands in front of the marker is left out, so that its length has one place.
        let begin = begin.max(at - 1);
        at += 1;
        match marker {
            EOI if framed && scanned => {
                parts.push(Part { marker, place: begin..at });
                return Ok(parts);
            }
            0x00 | 0x01 | 0xd0..=EOI => return Err(Flaw::Damaged),
            _ => {}
        }
        let length = usize::from(u16_be(bytes, at).ok_or(Flaw::Damaged)?);
        let content = bytes.get(at + 2..at + length.max(2)).ok_or(Flaw::Damaged)?;
        if length < 2 {
            return Err(Flaw::Damaged);
        }
        at += length;
        match marker {
            // Tables that begin like frames, and one for arithmetic coding.
            0xc4 | 0xc8 | 0xcc => {}
            0xc0..=0xcf => {
                let (height, width) =
                    u16_be(content, 1).zip(u16_be(content, 3)).ok_or(Flaw::Damaged)?;
                measure(width.into(), height.into())?;
                framed = true;
            }
            SOS if !framed => return Err(Flaw::Damaged),
            SOS => {
                scanned = true;
                at += scan(&bytes[at..]).ok_or(Flaw::Damaged)?;
            }
            _ => {}
        }
        parts.push(Part { marker, place: begin..at });
    }
}

/// Refuses pictures of no size and of too large a size.
pub(super) fn measure(width: u64, height: u64) -> Result<(), Flaw> {
    match width * height {
        0 => Err(Flaw::Damaged),
        pixels if pixels > MOST_PIXELS => Err(Flaw::Bomb),
        _ => Ok(()),
    }
}

/// How long the data of a scan is: until a marker that is no restart.
fn scan(data: &[u8]) -> Option<usize> {
    let is_marker = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7 | 0xff);
    data.windows(2).position(is_marker)
}

/// Which way up the picture is, if that is neither unknown nor as usual.
fn orientation(tiff: &[u8]) -> Option<u8> {
    let (u16_at, u32_at): (Number<u16>, Number<u32>) = match tiff.get(..4)? {
        b"II*\0" => (u16_le, u32_le),
        b"MM\0*" => (u16_be, u32_be),
        _ => return None,
    };
    let directory = usize::try_from(u32_at(tiff, 4)?).ok()?;
    let entries = usize::from(u16_at(tiff, directory)?);
    let entry = (0..entries)
        .map_while(|entry| tiff.get(directory + 2 + 12 * entry..)?.get(..12))
        .find(|entry| u16_at(entry, 0) == Some(0x0112))?;
    let way = u16_at(entry, 8).filter(|_| u16_at(entry, 2) == Some(3))?;
    u8::try_from(way).ok().filter(|way| (2..=8).contains(way))
}

type Number<T> = fn(&[u8], usize) -> Option<T>;

/// A segment that says which way up the picture is, and nothing else.
fn upright(way: u8) -> [u8; 36] {
    let mut segment =
        *b"\xff\xe1\x00\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\0\0\0\0\0\0\0";
    segment[29] = way;
    segment
}
