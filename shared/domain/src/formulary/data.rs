//! The bundled formulary: parsed once, when it is first asked for.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use serde::Deserialize;

use super::{Advice, Condition, Entry, Indication, Standing, known};
use crate::{account::Gender, safety::Source};

/// What the file says. Without it no medicine is known, so nothing is recommended.
static FILE: LazyLock<File> =
    LazyLock::new(|| File::parse(include_str!("../../data/formulary.json")).unwrap_or_default());

pub(super) fn file() -> &'static File {
    &FILE
}

#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) version: &'static str,
    pub(super) sources: Vec<Source>,
    pub(super) entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lines {
    version: &'static str,
    #[serde(rename = "date")]
    _date: &'static str,
    sources: Vec<Source>,
    #[serde(borrow)]
    medicines: BTreeMap<&'static str, Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    class: &'static str,
    #[serde(rename = "for")]
    indications: BTreeSet<Indication>,
    #[serde(borrow)]
    forms: Vec<&'static str>,
    min_age: u8,
    #[serde(default)]
    only: Option<Gender>,
    pregnancy: Advice,
    kidney: Advice,
    liver: Advice,
    #[serde(default)]
    avoid: BTreeSet<Condition>,
    #[serde(default)]
    caution: BTreeSet<Condition>,
    #[serde(default)]
    restricted: bool,
    source: &'static str,
}

impl File {
    /// Nothing if a medicine is not known to the safety check, or the file contradicts itself.
    pub(super) fn parse(text: &'static str) -> Option<Self> {
        let Lines { version, sources, medicines, .. } = serde_json::from_str(text).ok()?;
        let mut entries = Vec::with_capacity(medicines.len());
        for (name, line) in medicines {
            let (called, ingredients) = known(name)?;
            let source = sources.iter().find(|source| source.key == line.source)?;
            let is_new = entries.iter().all(|other: &Entry| other.ingredients != ingredients);
            if called != name || !is_new || !line.avoid.is_disjoint(&line.caution) {
                return None;
            }
            let avoid = line.avoid.into_iter().map(|condition| (condition, Advice::Avoid));
            let caution = line.caution.into_iter().map(|condition| (condition, Advice::Caution));
            entries.push(Entry {
                name: name.into(),
                ingredients,
                class: line.class.into(),
                indications: line.indications,
                forms: line.forms.into_iter().map(Into::into).collect(),
                min_age: line.min_age,
                only: line.only,
                pregnancy: line.pregnancy,
                kidney: line.kidney,
                liver: line.liver,
                conditions: avoid.chain(caution).collect(),
                is_restricted: line.restricted,
                source: format!("{} {}", source.key, source.version).into(),
                standing: Standing::Usual,
                is_added: false,
            });
        }
        Some(Self { version, sources, entries })
    }
}
