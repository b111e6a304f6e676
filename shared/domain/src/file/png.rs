//! PNG.

use std::{borrow::Cow, ops::Range};

use flate2::Crc;

use super::{Flaw, inspection::u32_be, jpeg::measure};

pub(super) const FIRST: &[u8] = b"\x89PNG\r\n\x1a\n";

/// The chunks that are needed to show a picture as it is. The others say what they like.
const KEPT: [&[u8; 4]; 18] = [
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT",
    b"bKGD", b"pHYs", b"hIST", b"sPLT", b"cICP", b"acTL", b"fcTL", b"fdAT",
];

/// The picture without texts and what else may say where it was taken.
pub(super) fn clean(bytes: &[u8]) -> Result<Cow<'_, [u8]>, Flaw> {
    let chunks = chunks(bytes)?;
    let kept = |place: &Range<usize>| {
        KEPT.iter().any(|&kind| kind == &bytes[place.start + 4..place.start + 8])
    };
    if chunks.iter().all(kept) {
        return Ok(Cow::Borrowed(bytes));
    }
    let chunks = chunks.into_iter().filter(kept).map(|place| &bytes[place]);
    Ok(Cow::Owned(std::iter::once(FIRST).chain(chunks).collect::<Vec<_>>().concat()))
}

/// The chunks, each with its length, its kind and its digest. Nothing follows the last.
fn chunks(bytes: &[u8]) -> Result<Vec<Range<usize>>, Flaw> {
    let (mut at, mut chunks, mut drawn) = (FIRST.len(), Vec::new(), false);
    loop {
        let length = u32_be(bytes, at).and_then(|length| usize::try_from(length).ok());
        let end = length.and_then(|length| at.checked_add(12)?.checked_add(length));
        let chunk = end.and_then(|end| bytes.get(at..end)).ok_or(Flaw::Damaged)?;
        let (checked, digest) = chunk[4..].split_at(chunk.len() - 8);
        let mut crc = Crc::new();
        crc.update(checked);
        if u32_be(digest, 0) != Some(crc.sum()) {
            return Err(Flaw::Damaged);
        }
        chunks.push(at..at + chunk.len());
        at += chunk.len();
        let (kind, content) = checked.split_at(4);
        match (kind, chunks.len()) {
            (b"IHDR", 1) if content.len() == 13 => {
                let (width, height) =
                    u32_be(content, 0).zip(u32_be(content, 4)).ok_or(Flaw::Damaged)?;
                measure(width.into(), height.into())?;
            }
            (b"IHDR", _) | (_, 1) => return Err(Flaw::Damaged),
            (b"IDAT", _) => drawn = true,
            (b"IEND", _) if !drawn || !content.is_empty() => return Err(Flaw::Damaged),
            (b"IEND", _) if at < bytes.len() => return Err(Flaw::Polyglot),
            (b"IEND", _) => return Ok(chunks),
            // What has to be understood and is not.
            (kind, _) if kind[0].is_ascii_uppercase() && kind != b"PLTE" => {
                return Err(Flaw::Damaged);
            }
            _ => {}
        }
    }
}
