//! PDF.

use super::{Flaw, inspection::holds};

pub(super) const FIRST: &[u8] = b"%PDF-";

const LAST: &[u8] = b"%%EOF";

/// How far from its ends readers look for the first and the last mark.
const NEAR: usize = 1024;

/// Whether it is a whole PDF: a known version in front, the last mark at the end.
pub(super) fn check(bytes: &[u8]) -> Result<(), Flaw> {
    let version = bytes.get(FIRST.len()..FIRST.len() + 3);
    let known = matches!(version, Some([b'1' | b'2', b'.', minor]) if minor.is_ascii_digit());
    let end = bytes.trim_ascii_end();
    let end = &end[..end.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1)];
    let near = &end[end.len().saturating_sub(NEAR)..];
    if !known || !holds(near, LAST) {
        return Err(Flaw::Damaged);
    }
    // Comments may follow the mark; another file may not.
    let behind = near.len() - near.windows(LAST.len()).rposition(|w| w == LAST).unwrap_or(0);
    if near[near.len() - behind..]
        .iter()
        .any(|byte| !byte.is_ascii_graphic() && !byte.is_ascii_whitespace())
    {
        return Err(Flaw::Polyglot);
    }
    Ok(())
}

/// Whether readers would take it for a PDF, as they skip what comes before the first mark.
pub(super) fn begins_as_one(bytes: &[u8]) -> bool {
    holds(&bytes[..bytes.len().min(NEAR)], FIRST)
}
