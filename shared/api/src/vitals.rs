//! What is measured, in the units in which people give it.

use carehub_domain::consultation::{
    BadMeasure, BloodPressure, Decimal, Diastolic, Height, Systolic, Temperature, Weight,
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::form::{Change, Invalid};

macro_rules! units {
    ($($(#[$meta:meta])* $unit:ident of $measure:ident by $read:ident;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
        #[serde(try_from = "Decimal")]
        #[schema(value_type = f64)]
        pub struct $unit($measure);

        impl TryFrom<Decimal> for $unit {
            type Error = BadMeasure;

            fn try_from(number: Decimal) -> Result<Self, BadMeasure> {
                $measure::$read(number).map(Self)
            }
        }

        impl From<$unit> for $measure {
            fn from($unit(measure): $unit) -> Self {
                measure
            }
        }
    )+};
}

units! {
    /// Degrees Celsius.
    Celsius of Temperature by celsius;
    /// Degrees Fahrenheit.
    Fahrenheit of Temperature by fahrenheit;
    /// Centimetres.
    Centimetres of Height by centimetres;
    /// Inches.
    Inches of Height by inches;
    /// Kilograms.
    Kilograms of Weight by kilograms;
    /// Pounds.
    Pounds of Weight by pounds;
}

/// What is asked of a measure, whatever the unit.
pub fn wanted<U: Into<M> + PartialEq, M>(change: Change<U>) -> Option<Option<M>> {
    change.wanted().map(|wanted| wanted.map(Into::into))
}

/// A sign that is given in one unit at most.
pub fn one<T>(metric: Option<T>, other: Option<T>, name: &str) -> Result<Option<T>, Invalid> {
    match (metric, other) {
        (Some(_), Some(_)) => Err(Invalid::field(name, "is given in another unit as well")),
        (metric, other) => Ok(metric.or(other)),
    }
}

/// The two readings of a pressure.
pub fn readings(pressure: Option<BloodPressure>) -> (Option<Systolic>, Option<Diastolic>) {
    (pressure.map(BloodPressure::systolic), pressure.and_then(BloodPressure::diastolic))
}

/// Puts two readings together. The lower one makes no sense alone.
pub fn pressure(
    systolic: Option<Systolic>,
    diastolic: Option<Diastolic>,
) -> Result<Option<BloodPressure>, Invalid> {
    match (systolic, diastolic) {
        (None, None) => Ok(None),
        (None, Some(_)) => {
            Err(Invalid::field("blood_pressure_systolic", "is required beside the diastolic one"))
        }
        (Some(systolic), diastolic) => BloodPressure::of(systolic, diastolic)
            .map(Some)
            .map_err(|error| Invalid::field("blood_pressure_diastolic", error)),
    }
}
