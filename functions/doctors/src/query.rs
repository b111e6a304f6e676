//! What a query string says of doctors: numbers and answers, written as text.

use std::str::FromStr;

use carehub_domain::doctor::{BadPractice, Fee, Years};
use serde::Deserialize;
use utoipa::ToSchema;

/// Years of practice.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = u16, maximum = 80)]
pub(crate) struct Experience(pub(crate) Years);

impl TryFrom<String> for Experience {
    type Error = BadPractice;

    fn try_from(text: String) -> Result<Self, BadPractice> {
        let years = u16::from_str(text.trim()).map_err(|_| BadPractice::Years)?;
        years.try_into().map(Self)
    }
}

/// A mean of stars, in hundredths.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = f64, minimum = 1, maximum = 5)]
pub(crate) struct Stars(pub(crate) u32);

impl TryFrom<String> for Stars {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        // It is written like an amount, and hundredths are to it what cents are to that.
        let hundredths = text.parse().ok().map(Fee::cents);
        let sound = hundredths.filter(|hundredths| (100..=500).contains(hundredths));
        sound.map(Self).ok_or("expected a number from 1.0 to 5.0")
    }
}

/// How somebody wants to see a doctor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(rename_all = "snake_case")]
pub(crate) enum Way {
    /// By video or phone.
    Online,
    /// At the clinic, as every doctor does.
    InPerson,
    /// Either way.
    Both,
}

impl TryFrom<String> for Way {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.trim().to_ascii_lowercase().replace(['-', ' '], "_").as_str() {
            "online" => Ok(Self::Online),
            "in_person" => Ok(Self::InPerson),
            "both" => Ok(Self::Both),
            _ => Err("expected one of: in_person online both"),
        }
    }
}
