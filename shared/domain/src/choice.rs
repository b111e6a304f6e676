//! Closed lists of values.

/// Defines an enum that prints as `UPPER_SNAKE` and reads in any case.
///
/// Further names behind the first are accepted on input only.
macro_rules! choice {
    ($(#[$meta:meta])* $vis:vis enum $name:ident: $what:literal {
        $($(#[$variant_meta:meta])* $variant:ident = $first:literal $(| $also:literal)*,)+
    }) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde_with::SerializeDisplay, serde_with::DeserializeFromStr,
        )]
        $vis enum $name {
            $($(#[$variant_meta])* $variant,)+
        }

        impl $name {
            /// Every value, in order of definition.
            $vis const ALL: &[Self] = &[$(Self::$variant),+];

            /// The value as the API prints it.
            $vis fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $first,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::choice::Unlisted;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let upper = text.trim().to_uppercase();
                // `A-` is on a list as it stands; `in-progress` is not.
                for text in [&upper, &upper.replace([' ', '-'], "_")] {
                    match text.as_str() {
                        $($first $(| $also)* => return Ok(Self::$variant),)+
                        _ => {}
                    }
                }
                Err($crate::choice::Unlisted { what: $what, list: concat!($($first, " "),+) })
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::Type::String)
                    .enum_values(Some([$($first),+]))
                    .description(Some(concat!("One of a closed list; read in any case: ", $what, ".")))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                std::borrow::Cow::Borrowed(stringify!($name))
            }
        }
    };
}

pub(crate) use choice;

/// The text is not on the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {what}, one of: {}", list.trim_end())]
pub struct Unlisted {
    pub(crate) what: &'static str,
    pub(crate) list: &'static str,
}
