//! How to reach a person: e-mail addresses and phone numbers.

use std::{fmt, str::FromStr};

use serde::Serialize;
use serde_with::DeserializeFromStr;
use utoipa::ToSchema;

/// An e-mail address, in lower case.
#[derive(Clone, PartialEq, Eq, Serialize, DeserializeFromStr, ToSchema)]
#[schema(value_type = String, format = "email", max_length = 254)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The address itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The address as logs and other people may see it: `a***@example.org`.
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.split_once('@').unwrap_or((&self.0, ""));
        format!("{}***@{domain}", local.chars().next().unwrap_or('*'))
    }
}

impl FromStr for EmailAddress {
    type Err = BadContact;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        email_address::EmailAddress::parse_with_options(
            text.trim(),
            email_address::Options::default()
                .with_required_tld()
                .without_display_text()
                .without_domain_literal(),
        )
        .map(|address| Self(address.as_str().to_lowercase()))
        .map_err(|_| BadContact::Email)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

/// A phone number in E.164, such as `+923001234567`.
///
/// Spaces, dashes and brackets are dropped. Without a leading `+` or `00`, ten digits
/// are an Indian number and anything else is read as if the `+` had been forgotten.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, DeserializeFromStr, ToSchema)]
#[schema(value_type = String, format = "phone", example = "+923001234567")]
pub struct Phone(String);

impl Phone {
    /// The number itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The last four digits, which is all that other people may see.
    pub fn last_four(&self) -> &str {
        &self.0[self.0.len() - 4..]
    }

    /// The number as other people may see it: `***4567`.
    pub fn masked(&self) -> String {
        format!("***{}", self.last_four())
    }
}

impl FromStr for Phone {
    type Err = BadContact;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bare: String =
            text.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.')).collect();
        let digits = bare.strip_prefix('+').or_else(|| bare.strip_prefix("00"));
        let international = match digits {
            Some(digits) => format!("+{digits}"),
            None if bare.len() == 10 => format!("+91{bare}"),
            None => format!("+{bare}"),
        };
        let plausible = (9..=16).contains(&international.len())
            && international[1..].bytes().all(|b| b.is_ascii_digit());
        // The country code must exist; whether the line does, only an SMS can tell.
        match phonenumber::parse(None, &international) {
            Ok(_) if plausible => Ok(Self(international)),
            _ => Err(BadContact::Phone),
        }
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

/// The text does not say how to reach anyone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadContact {
    /// It is no e-mail address.
    #[error("expected an e-mail address such as name@example.org")]
    Email,
    /// It is no phone number.
    #[error("expected a phone number with its country code, such as +923001234567")]
    Phone,
}

/// What a person types to say which account is theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identifier {
    /// The e-mail address of the account.
    Email(EmailAddress),
    /// The phone number of the account.
    Phone(Phone),
    /// The name of the account.
    Username(crate::account::Username),
}

impl Identifier {
    /// Reads the identifier. What can name no account is `None`.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.contains('@') {
            return text.parse().ok().map(Self::Email);
        }
        if !text.chars().any(char::is_alphabetic) {
            return text.parse().ok().map(Self::Phone);
        }
        text.parse().ok().map(Self::Username)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_phone_number_is_read_as_people_write_it() {
        for (typed, stored) in [
            ("+92 300 1234567", "+923001234567"),
            ("0092-300-1234567", "+923001234567"),
            ("923001234567", "+923001234567"),
            ("9876543210", "+919876543210"),
            ("+1 (202) 555-0123", "+12025550123"),
            ("+1234567890", "+1234567890"),
        ] {
            assert_eq!(typed.parse::<Phone>().unwrap().reveal(), stored);
        }
        for typed in ["", "12345", "+", "+0000000000", "phone", "+92 300 12345 67890 12"] {
            assert!(typed.parse::<Phone>().is_err(), "{typed}");
        }
    }

    #[test]
    fn masks_keep_what_helps_and_hide_the_rest() {
        let email: EmailAddress = "Ana.Diaz@Example.org".parse().unwrap();
        assert_eq!(email.masked(), "a***@example.org");
        let phone: Phone = "+923001234567".parse().unwrap();
        assert_eq!(phone.masked(), "***4567");
        assert_eq!(format!("{email:?} {phone:?}"), "<redacted> <redacted>");
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in any::<String>()) {
            let _ = (text.parse::<Phone>(), text.parse::<EmailAddress>(), Identifier::read(&text));
        }

        #[test]
        fn a_phone_number_reads_back_as_stored(text in "\\+?[0-9 ()-]{6,18}") {
            if let Ok(phone) = text.parse::<Phone>() {
                prop_assert_eq!(phone.reveal().parse::<Phone>(), Ok(phone.clone()));
            }
        }

        #[test]
        fn an_email_address_reads_back_as_stored(text in "[a-zA-Z0-9.+_-]{1,12}@[a-z]{1,8}\\.[a-z]{2,4}") {
            if let Ok(email) = text.parse::<EmailAddress>() {
                prop_assert_eq!(email.reveal().parse::<EmailAddress>(), Ok(email.clone()));
            }
        }
    }
}
