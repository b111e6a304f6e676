//! Passwords that people choose and passwords that the hub makes.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::Id;

/// The shortest and the longest password, in characters.
pub const LENGTH: std::ops::RangeInclusive<usize> = 8..=128;

/// How hard to guess a password must be, as `zxcvbn` scores it from 0 to 4.
pub const SCORE: u8 = 2;

/// A password that is fit to be kept.
#[derive(Clone, Debug)]
pub struct NewPassword(SecretString);

impl NewPassword {
    /// Accepts a password that is long enough and hard to guess for those who know
    /// `names`: the user name, the person's name, the e-mail address.
    pub fn choose(typed: SecretString, names: &[String]) -> Result<Self, WeakPassword> {
        let length = typed.expose_secret().chars().count();
        if !LENGTH.contains(&length) {
            return Err(WeakPassword::Length);
        }
        // The estimate is quadratic; a hundred characters say enough.
        let head: String = typed.expose_secret().chars().take(100).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        if u8::from(zxcvbn::zxcvbn(&head, &names).score()) < SCORE {
            return Err(WeakPassword::Guessable);
        }
        Ok(Self(typed))
    }

    /// Accepts a password as it is, for accounts of demonstrations.
    pub fn unchecked(text: &str) -> Self {
        Self(text.into())
    }

    /// Makes a password of twelve characters with at least one lower-case letter, one
    /// upper-case letter, one digit and one of `!@#$%^&*`.
    pub fn generate() -> Self {
        const LOWER: &[u8] = b"abcdefghijkmnopqrstuvwxyz";
        const UPPER: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
        const DIGIT: &[u8] = b"23456789";
        const SPECIAL: &[u8] = b"!@#$%^&*";
        const ANY: &[u8] = b"abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789!@#$%^&*";

        let mut letters: Vec<u8> = [LOWER, UPPER, DIGIT, SPECIAL]
            .into_iter()
            .chain(std::iter::repeat_n(ANY, 8))
            .map(|alphabet| alphabet[below(alphabet.len())])
            .collect();
        for end in (1..letters.len()).rev() {
            letters.swap(end, below(end + 1));
        }
        Self(letters.into_iter().map(char::from).collect::<String>().into())
    }

    /// The password itself.
    pub fn reveal(&self) -> &SecretString {
        &self.0
    }
}

/// What is kept of a password: a salted digest that takes long to make.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Wraps a digest in PHC string format.
    pub fn from_phc(phc: String) -> Self {
        Self(phc)
    }

    /// The digest in PHC string format.
    pub fn as_phc(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<redacted>")
    }
}

/// An even draw from `0..bound`.
fn below(bound: usize) -> usize {
    let bound = bound as u128;
    // Draws from the incomplete last round would favour the low numbers.
    let limit = u128::from(u64::MAX) / bound * bound;
    loop {
        let draw =
            Id::<()>::generate(jiff::Timestamp::UNIX_EPOCH).ulid().random() & u128::from(u64::MAX);
        if draw < limit {
            return usize::try_from(draw % bound).unwrap_or_default();
        }
    }
}

/// The password is not fit to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// It is too short or too long.
    #[error("must have 8 to 128 characters")]
    Length,
    /// It is too easy to guess.
    #[error("is too easy to guess; a few unrelated words make a good password")]
    Guessable,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_must_be_long_and_not_made_of_names() {
        let names = ["anadiaz", "Ana", "Diaz"].map(str::to_owned);
        let choose = |typed: &str| NewPassword::choose(typed.into(), &names);
        assert_eq!(choose("short").unwrap_err(), WeakPassword::Length);
        assert_eq!(choose(&"x".repeat(129)).unwrap_err(), WeakPassword::Length);
        assert_eq!(choose("password1").unwrap_err(), WeakPassword::Guessable);
        assert_eq!(choose("anadiaz1").unwrap_err(), WeakPassword::Guessable);
        assert!(choose("quiet-lantern-97").is_ok());
    }

    #[test]
    fn generated_passwords_hold_one_of_each_kind_and_differ() {
        let all: Vec<String> =
            (0..200).map(|_| NewPassword::generate().reveal().expose_secret().to_owned()).collect();
        for password in &all {
            assert_eq!(password.len(), 12);
            assert!(password.chars().any(|c| c.is_ascii_lowercase()));
            assert!(password.chars().any(|c| c.is_ascii_uppercase()));
            assert!(password.chars().any(|c| c.is_ascii_digit()));
            assert!(password.chars().any(|c| "!@#$%^&*".contains(c)));
        }
        let distinct: std::collections::HashSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }
}
