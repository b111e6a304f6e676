//! The files of Word before 2007: a small file system.
//!
//! <https://learn.microsoft.com/openspecs/windows_protocols/ms-cfb>

use super::{
    Flaw,
    inspection::{u16_le, u32_le},
};

pub(super) const FIRST: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// What marks the end of a chain of sectors. Higher numbers stand for other things than sectors.
const END: u32 = 0xffff_fffe;
const LAST_SECTOR: u32 = 0xffff_fffa;

/// What the table of sectors says of one that nothing is in.
const FREE: [u8; 4] = [0xff; 4];

/// How many sectors of the table of sectors the header itself names.
const IN_HEADER: usize = 109;

const ENTRY: usize = 128;

/// Whether it is a text of Word that holds nothing to run.
pub(super) fn check(bytes: &[u8]) -> Result<(), Flaw> {
    let file = File::open(bytes).ok_or(Flaw::Damaged)?;
    file.ends_where_it_says()?;
    let names = file.names().ok_or(Flaw::Damaged)?;
    let has = |wanted: &[&str]| {
        names.iter().any(|name| wanted.iter().any(|wanted| name.eq_ignore_ascii_case(wanted)))
    };
    if has(&["EncryptedPackage", "EncryptionInfo"]) {
        return Err(Flaw::Protected);
    }
    if has(&["Macros", "VBA", "_VBA_PROJECT", "_VBA_PROJECT_CUR", "\u{1}Ole10Native", "Package"]) {
        return Err(Flaw::Programs);
    }
    if !has(&["WordDocument"]) {
        return Err(Flaw::WrongType);
    }
    Ok(())
}

struct File<'b> {
    bytes: &'b [u8],
    /// How long a sector is, as a power of two.
    shift: u32,
    /// The sectors in which the table of sectors is.
    table: Vec<u32>,
}

impl<'b> File<'b> {
    fn open(bytes: &'b [u8]) -> Option<Self> {
        let (major, order) = (u16_le(bytes, 26)?, u16_le(bytes, 28)?);
        let shift = match (major, u16_le(bytes, 30)?) {
            (3, 9) => 9,
            (4, 12) => 12,
            _ => return None,
        };
        if order != 0xfffe || u16_le(bytes, 32)? != 6 {
            return None;
        }
        let mut file = Self { bytes, shift, table: Vec::new() };
        let (count, mut more) = (usize::try_from(u32_le(bytes, 44)?).ok()?, u32_le(bytes, 68)?);
        if count > bytes.len() >> shift {
            return None;
        }
        let mut named: Vec<u32> =
            (0..IN_HEADER).map_while(|place| u32_le(bytes, 76 + 4 * place)).collect();
        let room = file.room() - 1;
        while named.len() < count && more <= LAST_SECTOR {
            // A chain that is longer than the file runs in circles.
            if named.len() > bytes.len() / 4 {
                return None;
            }
            let sector = file.sector(more)?;
            named.extend((0..room).map_while(|place| u32_le(sector, 4 * place)));
            more = u32_le(sector, 4 * room)?;
        }
        file.table = named.into_iter().take(count).collect();
        (file.table.len() == count).then_some(file)
    }

    fn sector(&self, number: u32) -> Option<&'b [u8]> {
        let begin = usize::try_from(number).ok()?.checked_add(1)?.checked_mul(1 << self.shift)?;
        self.bytes.get(begin..begin.checked_add(1 << self.shift)?)
    }

    /// How many numbers are in a sector.
    fn room(&self) -> usize {
        (1 << self.shift) / 4
    }

    /// Refuses what is behind the last sector in use, and a file of which that one is missing.
    /// Some programs do not write it to its end.
    fn ends_where_it_says(&self) -> Result<(), Flaw> {
        let last = self.last().ok_or(Flaw::Damaged)?;
        let begin = (last + 1) << self.shift;
        match self.bytes.len() {
            length if length <= begin => Err(Flaw::Damaged),
            length if length > begin + (1 << self.shift) => Err(Flaw::Polyglot),
            _ => Ok(()),
        }
    }

    /// The last sector that something is in.
    fn last(&self) -> Option<usize> {
        for (place, sector) in self.table.iter().enumerate().rev() {
            let mut entries = self.sector(*sector)?.chunks_exact(FREE.len());
            if let Some(used) = entries.rposition(|entry| entry != FREE) {
                return Some(place * self.room() + used);
            }
        }
        None
    }

    fn next(&self, number: u32) -> Option<u32> {
        let room = self.room();
        let number = usize::try_from(number).ok()?;
        u32_le(self.sector(*self.table.get(number / room)?)?, 4 * (number % room))
    }

    /// The names of all that is in it.
    fn names(&self) -> Option<Vec<String>> {
        let (mut names, mut at, mut left) =
            (Vec::new(), u32_le(self.bytes, 48)?, self.bytes.len() >> self.shift);
        while at != END {
            left = left.checked_sub(1)?;
            names.extend(self.sector(at)?.chunks_exact(ENTRY).filter_map(name));
            at = self.next(at)?;
        }
        Some(names)
    }
}

fn name(entry: &[u8]) -> Option<String> {
    let length = usize::from(u16_le(entry, 64)?).min(64);
    // Unused places have no name; each name ends with a zero.
    let units = (0..length.checked_sub(2)? / 2).map_while(|unit| u16_le(entry, 2 * unit));
    Some(char::decode_utf16(units).map(|unit| unit.unwrap_or('?')).collect())
}
