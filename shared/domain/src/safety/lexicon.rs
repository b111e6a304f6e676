//! Reading the names of medicines and allergies, word by word, without a guess.

use std::{
    borrow::Cow,
    cmp::Reverse,
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

/// Stands for an ingredient.
pub(super) type Ingredient = u16;

/// What a text names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reading {
    /// The ingredients, each once.
    pub(super) ingredients: Vec<Ingredient>,
    /// Whether something was named, and every word was understood.
    pub(super) is_complete: bool,
}

/// A word that names nothing by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Says what an ingredient is bound to, if it stands behind one.
    Salt,
    /// Says in which form or how it is taken.
    Form,
    /// Measures the number before it, or says what a measure is in.
    Unit,
    /// Joins what stands on its sides.
    Joint,
    /// Says that somebody does not bear something.
    Allergy,
}

/// How far the words before have got with a measure, such as `100 units/ml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measure {
    /// They measure nothing.
    None,
    /// They end with a number.
    Number,
    /// They end with a number and its unit.
    Whole,
    /// They say that a whole measure is in, or for, something.
    Per,
}

/// The names of something with the ingredients that they stand for, and the words around them.
///
/// All are filed under their first word, so that reading takes one look for each word.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(HashMap<&'static str, Filed, BuildHasherDefault<Fnv>>);

/// What begins with a word.
#[derive(Clone, Debug, Default)]
struct Filed {
    /// The names, the longest first.
    names: Vec<(&'static str, Vec<Ingredient>)>,
    /// What the word is by itself.
    word: Option<Word>,
}

impl Names {
    /// Files a name. If it is there already, the new meaning counts.
    pub(super) fn insert(&mut self, name: &'static str, ingredients: Vec<Ingredient>) {
        let names = &mut self.0.entry(first_word(name)).or_default().names;
        names.retain(|(other, _)| *other != name);
        names.push((name, ingredients));
        names.sort_by_key(|(name, _)| Reverse(name.len()));
    }

    /// Files a word that is no name.
    pub(super) fn insert_word(&mut self, word: &'static str, kind: Word) {
        self.0.entry(word).or_default().word = Some(kind);
    }

    /// The ingredients that exactly this name stands for.
    pub(super) fn get(&self, name: &str) -> Option<&[Ingredient]> {
        let names = &self.0.get(first_word(name))?.names;
        names.iter().find(|(other, _)| *other == name).map(|(_, ingredients)| &**ingredients)
    }

    /// Reads a text. Every word has to be understood.
    pub(super) fn read(&self, text: &str) -> Reading {
        let text = plain(text);
        let mut reading = Reading { ingredients: Vec::new(), is_complete: true };
        let (mut named, mut behind_ingredient, mut measure) = (false, false, Measure::None);
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let word = first_word(rest);
            let filed = self.0.get(word);
            let length = if let Some((name, ingredients)) = begins(rest, filed) {
                reading.ingredients.extend(ingredients);
                (named, behind_ingredient, measure) = (true, true, Measure::None);
                name.len()
            } else {
                let kind = filed.and_then(|filed| filed.word);
                let number = self.number(word);
                reading.is_complete &= match kind {
                    Some(Word::Salt) => behind_ingredient,
                    Some(Word::Unit) => matches!(measure, Measure::Number | Measure::Per),
                    Some(Word::Form | Word::Joint | Word::Allergy) => true,
                    None => number.is_some(),
                };
                behind_ingredient &= kind != Some(Word::Joint);
                measure = match (kind, measure) {
                    (Some(Word::Unit), _) => Measure::Whole,
                    (Some(Word::Joint), Measure::Whole) => Measure::Per,
                    (Some(Word::Form), Measure::Whole) if word == "per" => Measure::Per,
                    _ => number.unwrap_or(Measure::None),
                };
                word.len()
            };
            rest = rest.get(length + 1..).unwrap_or_default();
        }
        reading.is_complete &= named;
        reading.ingredients.sort_unstable();
        reading.ingredients.dedup();
        reading
    }

    /// What the word measures if it is a number, perhaps with a unit, such as `500mg`.
    fn number(&self, word: &str) -> Option<Measure> {
        let unit = word.trim_start_matches(|c: char| c.is_ascii_digit());
        let is_unit = || self.0.get(unit).is_some_and(|filed| filed.word == Some(Word::Unit));
        match unit {
            unit if unit.len() == word.len() => None,
            "" => Some(Measure::Number),
            _ => is_unit().then_some(Measure::Whole),
        }
    }

    /// Every name.
    #[cfg(test)]
    pub(super) fn all(&self) -> impl Iterator<Item = &'static str> {
        self.0.values().flat_map(|filed| &filed.names).map(|(name, _)| *name)
    }
}

/// The longest of the names that the text begins with.
fn begins<'f>(text: &str, filed: Option<&'f Filed>) -> Option<(&'static str, &'f [Ingredient])> {
    let begins = |name: &str| {
        text.starts_with(name) && matches!(text.as_bytes().get(name.len()), None | Some(b' '))
    };
    let (name, ingredients) = filed?.names.iter().find(|(name, _)| begins(name))?;
    Some((name, ingredients))
}

fn first_word(text: &str) -> &str {
    let end = text.bytes().position(|byte| byte == b' ');
    end.map_or(text, |end| &text[..end])
}

/// The hash of Fowler, Noll and Vo: quick for short words, and nobody adds words to ours.
#[derive(Clone, Debug)]
pub(super) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The text in plain small letters and digits, with single spaces between words and ` + ` where
/// a sign joins or separates. Signs between digits, such as in `70/30`, do neither.
pub(crate) fn plain(text: &str) -> String {
    let folded: Cow<'_, str> =
        if text.is_ascii() { text.into() } else { deunicode::deunicode(text).into() };
    let mut plain = String::with_capacity(folded.len() + 4);
    let bytes = folded.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b'0'..=b'9' | b'a'..=b'z' => plain.push(char::from(byte)),
            b'A'..=b'Z' => plain.push(char::from(byte.to_ascii_lowercase())),
            b'\'' | b'`' => {}
            b'+' | b'/' | b',' | b'&' | b';' | b'|' if !is_between_digits(bytes, at) => {
                space(&mut plain);
                plain.push_str("+ ");
            }
            _ => space(&mut plain),
        }
    }
    plain.truncate(plain.trim_end().len());
    plain
}

fn is_between_digits(bytes: &[u8], at: usize) -> bool {
    let is_digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    at > 0 && is_digit(bytes.get(at - 1)) && is_digit(bytes.get(at + 1))
}

fn space(plain: &mut String) {
    if !plain.is_empty() && !plain.ends_with(' ') {
        plain.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_plain() {
        assert_eq!(plain("  St. John’s  WORT "), "st johns wort");
        assert_eq!(plain("Paracétamol/Codéine 500mg"), "paracetamol + codeine 500mg");
        assert_eq!(plain("Humulin 70/30"), "humulin 70 30");
        assert_eq!(plain("½"), plain("1/2"));
    }
}
