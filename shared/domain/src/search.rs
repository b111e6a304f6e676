//! Finding people by the beginning of a word.

use std::collections::BTreeSet;

use crate::{account::Account, contact::Phone};

/// The longest word that is filed, in characters. What lies behind does not tell people apart.
const LONGEST: usize = 40;

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

fn split(text: &str) -> impl Iterator<Item = String> {
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
