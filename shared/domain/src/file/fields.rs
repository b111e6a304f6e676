//! The fields of a text of Word: a page number, a date, or something that another program runs or
//! a file that is fetched from elsewhere.
//!
//! <https://ecma-international.org/publications-and-standards/standards/ecma-376/>, part 1, 17.16

use std::collections::BTreeSet;

use super::{Flaw, zip::attributes};

/// The fields that run something.
const RUN: [&str; 2] = ["dde", "ddeauto"];

/// The fields that load something.
const LOAD: [&str; 6] = ["database", "import", "include", "includepicture", "includetext", "link"];

/// Refuses fields that run or load something, in XML of small letters. They may link to pages.
pub(super) fn check(xml: &str) -> Result<(), Flaw> {
    let codes = codes(xml)?;
    let any = |names: &[&str]| names.iter().any(|name| may_be_called(&codes, name));
    if any(&RUN) {
        Err(Flaw::Programs)
    } else if any(&LOAD) {
        Err(Flaw::Remote)
    } else {
        Ok(())
    }
}

/// All that is written into fields, in order. It must not be written so that only a reader of XML
/// finds it.
fn codes(xml: &str) -> Result<Vec<&str>, Flaw> {
    let (mut codes, mut open) = (Vec::new(), false);
    for step in xml.split('<') {
        if open && !step.starts_with('/') {
            return Err(Flaw::Damaged);
        }
        let (tag, text) = parted(step);
        let name = tag.split(|end: char| end.is_whitespace() || end == '/').next();
        let name = name.and_then(|name| name.rsplit(':').next()).unwrap_or_default();
        open = name.ends_with("instrtext") && !tag.ends_with('/');
        if open {
            codes.push(text);
        } else if name == "fldsimple" {
            let named =
                attributes(tag).filter(|(name, _)| name.rsplit(':').next() == Some("instr"));
            codes.extend(named.map(|(_, code)| code));
        }
    }
    let hides = codes.iter().any(|code| code.contains("&#"));
    if hides { Err(Flaw::Damaged) } else { Ok(codes) }
}

/// A tag, and the text behind it.
fn parted(step: &str) -> (&str, &str) {
    let mut quote = None;
    let end = step.find(|letter| match quote {
        Some(open) if open == letter => {
            quote = None;
            false
        }
        None if matches!(letter, '"' | '\'') => {
            quote = Some(letter);
            false
        }
        Some(_) => false,
        None => letter == '>',
    });
    end.map_or((step, ""), |end| (&step[..end], &step[end + 1..]))
}

/// Whether there may be a field of this name. A name can be cut into many codes, and programs pass
/// over some, such as what was deleted; so any of them may belong together that are in order.
fn may_be_called(codes: &[&str], name: &str) -> bool {
    let mut begun = BTreeSet::from([0]);
    for code in codes {
        for length in begun.clone() {
            let code = if length == 0 { code.trim_start() } else { code };
            match code.strip_prefix(&name[length..]) {
                Some(behind) if !behind.starts_with(char::is_alphanumeric) => return true,
                _ if name[length..].starts_with(code) => {
                    begun.insert(length + code.len());
                }
                _ => {}
            }
        }
    }
    false
}
