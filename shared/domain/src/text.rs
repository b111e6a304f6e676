//! Text that people type.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

/// Up to `MAX` characters that a person wrote, trimmed and never empty.
///
/// It may be about somebody's health, so `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// Text that is known to be sound.
    pub(crate) fn known(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = BadText;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = text.trim();
        match text.chars().count() {
            0 => Err(BadText::Empty),
            count if count > MAX => Err(BadText::TooLong { max: MAX }),
            _ if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) => {
                Err(BadText::Control)
            }
            _ => Ok(Self(text.to_owned())),
        }
    }
}

impl<const MAX: usize> From<Text<MAX>> for String {
    fn from(text: Text<MAX>) -> Self {
        text.0
    }
}

impl<const MAX: usize> fmt::Debug for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

impl<const MAX: usize> PartialSchema for Text<MAX> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(MAX))
            .into()
    }
}

impl<const MAX: usize> ToSchema for Text<MAX> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("Text.{MAX}").into()
    }
}

/// The text cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// Nothing is left after trimming.
    #[error("must not be empty")]
    Empty,
    /// It is too long.
    #[error("must have at most {max} characters")]
    TooLong {
        /// How long it may be.
        max: usize,
    },
    /// It holds characters that cannot be shown.
    #[error("must not hold control characters")]
    Control,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn accepted_text_is_trimmed_short_and_printable(typed in any::<String>()) {
            if let Ok(text) = Text::<20>::try_from(typed) {
                prop_assert_eq!(text.reveal().trim(), text.reveal());
                prop_assert!((1..=20).contains(&text.reveal().chars().count()));
                prop_assert_eq!(Text::<20>::try_from(text.reveal().to_owned()), Ok(text));
            }
        }
    }
}
