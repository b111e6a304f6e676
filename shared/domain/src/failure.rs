//! How failures describe themselves to whoever has to answer for them.

use std::error::Error;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::safety::RuleId;

/// What a failure means to the caller, whatever the transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The request can never succeed as written.
    Invalid,
    /// The caller has not proved who they are.
    Unauthenticated,
    /// The caller may know of the record but may not do this to it.
    Forbidden,
    /// There is no such record, or the caller may not know that there is.
    NotFound,
    /// The path exists, but not with this method.
    WrongMethod,
    /// The request is sound but the record's present state rules it out.
    Conflict,
    /// The caller acted on an older revision than the present one.
    Outdated,
    /// The body is larger than this path takes.
    TooLarge,
    /// The body is of a kind this path does not take.
    WrongMedia,
    /// The caller asks too often.
    TooMany,
    /// Trying again later may work.
    Unavailable,
    /// We broke a promise to ourselves.
    Internal,
}

/// An error that may cross the edge of the system.
pub trait Failure: Error + Send + Sync + 'static {
    /// What this failure means to the caller.
    fn class(&self) -> Class;

    /// A stable name for this failure, part of the API contract.
    fn code(&self) -> &'static str;

    /// The parts of the request that are wrong, where that can be said.
    fn fields(&self) -> Vec<FieldError> {
        Vec::new()
    }

    /// How long to wait before another try, where that is known.
    fn retry_after(&self) -> Option<SignedDuration> {
        None
    }
}

impl<F: Failure> From<F> for Box<dyn Failure> {
    fn from(failure: F) -> Self {
        Box::new(failure)
    }
}

/// One wrong part of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// Where it is, as a JSON pointer into the body, such as `/email`.
    pub pointer: String,
    /// What is wrong with it. Never repeats the value.
    pub detail: String,
    /// The rule of the safety check that says so, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleId>,
}

impl FieldError {
    /// Says what is wrong with the field called `name`.
    pub fn of(name: &str, detail: impl Into<String>) -> Self {
        Self::at(format!("/{name}"), detail)
    }

    /// Says what is wrong at a place.
    pub fn at(pointer: String, detail: impl Into<String>) -> Self {
        Self { pointer, detail: detail.into(), rule: None }
    }
}

/// Defines error enums whose every variant has one sentence, one class and one code.
///
/// [`CODES`](crate::failure) of all enums together are the vocabulary of the API.
#[macro_export]
macro_rules! failures {
    ($(#[$meta:meta])* $vis:vis enum $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident = $class:ident $code:literal $sentence:literal,)+
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
        $vis enum $name {
            $($(#[$variant_meta])* #[doc = $sentence] #[error($sentence)] $variant,)+
        }

        impl $name {
            /// Every failure of this kind.
            pub const ALL: &[Self] = &[$(Self::$variant),+];
        }

        impl $crate::Failure for $name {
            fn class(&self) -> $crate::Class {
                match self { $(Self::$variant => $crate::Class::$class,)+ }
            }

            fn code(&self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }
        }
    };
}
