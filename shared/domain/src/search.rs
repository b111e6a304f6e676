//! Finding people by the beginning of a word.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{account::Account, contact::Phone, doctor::Doctor, patient::Patient, text::Text};

/// The longest word that is filed, in characters. What lies behind does not tell people apart.
const LONGEST: usize = 40;

/// How many words of one text are filed.
const MOST_WORDS: usize = 6;

/// Fewer digits than this are no part of a phone number.
const SHORTEST_NUMBER: usize = 4;

/// Folds text so that `José` and `jose` are the same.
pub fn fold(text: &str) -> String {
    deunicode::deunicode(text).trim().to_lowercase()
}

/// The words under which an account is filed.
pub fn words(account: &Account) -> BTreeSet<String> {
    let mut words: BTreeSet<String> = split(&account.name.full()).collect();
    words.insert(term(account.username.as_str()));
    words.extend(account.email.as_ref().map(|email| term(email.reveal())));
    words.extend(account.phone.iter().map(|phone| term(phone.reveal())));
    // Who looks for the beginning of a word finds the whole one.
    words.iter().filter(|word| !begins_another(word, &words)).cloned().collect()
}

fn begins_another(word: &str, words: &BTreeSet<String>) -> bool {
    words.iter().any(|other| other.len() > word.len() && other.starts_with(word))
}

/// The words under which a patient is filed: those of the name, the address of the mailbox, and
/// the digits of the phone from the last to the first, as people know the end of a number best.
pub fn words_of_patient(patient: &Patient) -> BTreeSet<String> {
    let name = split(&patient.name.full());
    let mut words: BTreeSet<String> = name.take(MOST_WORDS).collect();
    words.extend(patient.email.as_ref().map(|email| term(email.reveal())));
    words.extend(patient.phone.iter().filter_map(|phone| from_the_end(phone.reveal())));
    words.iter().filter(|word| !begins_another(word, &words)).cloned().collect()
}

/// The words under which a doctor is filed.
pub fn words_of_doctor(doctor: &Doctor) -> BTreeSet<String> {
    let practice = &doctor.practice;
    let texts = [
        practice.specialization.as_ref().map(Text::reveal),
        practice.sub_specialization.as_ref().map(Text::reveal),
    ];
    let clinic = practice.clinic_name.as_ref().map(Text::reveal);
    let texts = texts.into_iter().chain([clinic]).flatten();
    let mut words: BTreeSet<String> = split(&doctor.name.full()).take(MOST_WORDS).collect();
    words.extend(texts.flat_map(split).take(MOST_WORDS));
    words.iter().filter(|word| !begins_another(word, &words)).cloned().collect()
}

/// The word of a patient to look for when a person types `text`.
pub fn wanted_patient(text: &str) -> Option<String> {
    let digits = text.chars().all(|c| !c.is_alphabetic() && c != '@');
    if digits { from_the_end(text) } else { wanted(text) }
}

/// The digits of a number from the last to the first, without what only some countries dial first.
fn from_the_end(number: &str) -> Option<String> {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    (digits.len() >= SHORTEST_NUMBER).then(|| digits.chars().rev().collect())
}

/// The places of a record in its files: one by age, and one for each word with the word before it,
/// by which a search tells whether the record was found under an earlier word already.
pub fn places(words: BTreeSet<String>) -> Vec<Place> {
    let mut before = None;
    let by_word = words.into_iter().map(|word| {
        let after = before.replace(word.clone());
        Place { word: Some(word), after }
    });
    std::iter::once(Place::default()).chain(by_word).collect()
}

/// Where a record is filed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Under which word; by age if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word: Option<String>,
    /// The word of the record right before it in the alphabet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// The word to look for when a person types `text`: the longest, as it tells most.
pub fn wanted(text: &str) -> Option<String> {
    if text.contains('@') {
        return Some(term(text));
    }
    if let (Ok(phone), false) = (text.parse::<Phone>(), text.chars().any(char::is_alphabetic)) {
        return Some(term(phone.reveal()));
    }
    split(text).max_by_key(String::len)
}

fn split(text: &str) -> impl Iterator<Item = String> + use<> {
    let folded = fold(text);
    let words: Vec<String> = folded
        .split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '_' | '-' | '+'))
        .filter(|word| !word.is_empty())
        .map(term)
        .collect();
    words.into_iter()
}

fn term(text: &str) -> String {
    fold(text).chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn people_are_wanted_by_any_word_of_theirs() {
        assert_eq!(wanted("José").as_deref(), Some("jose"));
        assert_eq!(wanted("de la Cruz").as_deref(), Some("cruz"));
        assert_eq!(wanted("+92 300 1234567").as_deref(), Some("+923001234567"));
        assert_eq!(wanted("Ana@Example.org").as_deref(), Some("ana@example.org"));
        assert_eq!(wanted(" , "), None);
    }

    proptest! {
        #[test]
        fn any_text_is_wanted_without_panic(text in any::<String>()) {
            if let Some(word) = wanted(&text) {
                prop_assert!(!word.is_empty() || text.contains('@'));
                prop_assert!(word.is_ascii());
            }
        }
    }
}
