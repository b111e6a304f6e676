//! What is measured at a visit, in whole numbers of a small metric unit.

use std::{fmt, ops::RangeInclusive, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de, de::Visitor};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use crate::{Id, id::Identified, text::Text};

/// What was measured at a visit. There is at most one such record for each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VitalSigns {
    /// The pressure of the blood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blood_pressure: Option<BloodPressure>,
    /// How fast the heart beats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heart_rate: Option<HeartRate>,
    /// How warm the body is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<Temperature>,
    /// How fast the person breathes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub respiratory_rate: Option<RespiratoryRate>,
    /// How much oxygen the blood carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oxygen_saturation: Option<OxygenSaturation>,
    /// How tall the person is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<Height>,
    /// How heavy the person is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<Weight>,
    /// How much glucose is in the blood.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blood_glucose: Option<BloodGlucose>,
    /// What there is to say about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<Text<2000>>,
}

/// Identifies the [`VitalSigns`] of a visit.
pub type VitalSignsId = Id<VitalSigns>;

impl Identified for VitalSigns {
    const PREFIX: &'static str = "vit";
}

impl VitalSigns {
    /// The body-mass index in kg/m², to one digit behind the point, if height and weight are known.
    pub fn bmi(&self) -> Option<f64> {
        let (millimetres, grams) = (i64::from(self.height?.0), i64::from(self.weight?.0));
        Some(one_digit(rounded(grams * 10_000, millimetres * millimetres)))
    }
}

/// The pressure of the blood. The upper one is the higher, and may be all that can be felt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Readings")]
pub struct BloodPressure {
    systolic: Systolic,
    #[serde(skip_serializing_if = "Option::is_none")]
    diastolic: Option<Diastolic>,
}

#[derive(Deserialize)]
struct Readings {
    systolic: Systolic,
    #[serde(default)]
    diastolic: Option<Diastolic>,
}

impl BloodPressure {
    /// Puts two readings together.
    pub fn of(systolic: Systolic, diastolic: Option<Diastolic>) -> Result<Self, BadPressure> {
        match diastolic {
            Some(diastolic) if diastolic.0 >= systolic.0 => Err(BadPressure),
            _ => Ok(Self { systolic, diastolic }),
        }
    }

    /// The pressure while the heart beats.
    pub fn systolic(self) -> Systolic {
        self.systolic
    }

    /// The pressure between two beats.
    pub fn diastolic(self) -> Option<Diastolic> {
        self.diastolic
    }

    /// Both, as people write them: `120/80`.
    pub fn written(self) -> Option<String> {
        Some(format!("{}/{}", self.systolic.0, self.diastolic?.0))
    }
}

impl TryFrom<Readings> for BloodPressure {
    type Error = BadPressure;

    fn try_from(Readings { systolic, diastolic }: Readings) -> Result<Self, Self::Error> {
        Self::of(systolic, diastolic)
    }
}

/// The lower pressure is not the lower one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the systolic pressure must be higher than the diastolic one")]
pub struct BadPressure;

/// A number as people type or measure it, to the thousandth. Finer ones are rounded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    thousandths: i64,
}

impl FromStr for Decimal {
    type Err = BadMeasure;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
        let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
        let sound = (1..=6).contains(&whole.len())
            && (1..=30).contains(&part.len())
            && [whole, part].iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()));
        if !sound {
            return Err(BadMeasure::NUMBER);
        }
        let number = |text: &str| text.parse::<i64>().map_err(|_| BadMeasure::NUMBER);
        let ten_thousandths: String = part.chars().chain("0000".chars()).take(4).collect();
        let size = number(whole)? * 1000 + rounded(number(&ten_thousandths)?, 10);
        Ok(Self { thousandths: sign * size })
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;

        impl Visitor<'_> for Number {
            type Value = Decimal;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Decimal, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, whole: u64) -> Result<Decimal, E> {
                self.visit_str(&whole.to_string())
            }

            fn visit_i64<E: de::Error>(self, whole: i64) -> Result<Decimal, E> {
                self.visit_str(&whole.to_string())
            }

            // The shortest decimal that means this number is the one that was typed.
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Decimal, E> {
                self.visit_str(&number.to_string())
            }
        }

        deserializer.deserialize_any(Number)
    }
}

/// Defines measures: the whole numbers they may have, and how that is said to people.
macro_rules! measures {
    ($($(#[$meta:meta])* $name:ident [$low:literal to $high:literal] $expected:literal;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "Decimal", into = "u32")]
        pub struct $name(u32);

        impl $name {
            /// The numbers there are.
            pub const RANGE: RangeInclusive<u32> = $low..=$high;

            /// The number itself.
            pub fn number(self) -> u32 {
                self.0
            }

            fn within(number: i64) -> Result<Self, BadMeasure> {
                u32::try_from(number)
                    .ok()
                    .filter(|number| Self::RANGE.contains(number))
                    .map(Self)
                    .ok_or(BadMeasure { expected: $expected })
            }
        }

        impl TryFrom<Decimal> for $name {
            type Error = BadMeasure;

            fn try_from(number: Decimal) -> Result<Self, Self::Error> {
                Self::within(rounded(number.thousandths, 1000))
            }
        }

        impl From<$name> for u32 {
            fn from(measure: $name) -> Self {
                measure.0
            }
        }

        // It is about somebody's health.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("<redacted>")
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::Integer)
                    .minimum(Some($low))
                    .maximum(Some($high))
                    .into()
            }
        }

        impl ToSchema for $name {}
    )+};
}

measures! {
    /// The pressure while the heart beats, in mmHg: 40 to 300. Nobody in shock and nobody in a
    /// crisis is turned away.
    Systolic [40 to 300] "40 to 300 mmHg";
    /// The pressure between two beats, in mmHg: 20 to 200.
    Diastolic [20 to 200] "20 to 200 mmHg";
    /// Beats in a minute: 20 to 300, which a newborn may have.
    HeartRate [20 to 300] "20 to 300 beats per minute";
    /// How warm the body is, in hundredths of 1 °C: 25.00 to 45.00 °C, from deep hypothermia to
    /// beyond any fever. Hundredths keep a tenth of 1 °F as it was read.
    Temperature [2_500 to 4_500] "25 to 45 °C, which is 77 to 113 °F";
    /// Breaths in a minute: 4 to 120.
    RespiratoryRate [4 to 120] "4 to 120 breaths per minute";
    /// How much of the blood's haemoglobin carries oxygen, in percent: 0 to 100.
    OxygenSaturation [0 to 100] "0 to 100 percent";
    /// How tall somebody is, in millimetres: 20 cm, as one born far too early, to 280 cm.
    Height [200 to 2_800] "20 to 280 cm, which is 7.9 to 110.2 inches";
    /// How heavy somebody is, in grams: 200 g to 700 kg.
    Weight [200 to 700_000] "0.2 to 700 kg, which is 0.5 to 1543 pounds";
    /// Glucose in the blood, in mg/dL: 10 to 2000.
    BloodGlucose [10 to 2_000] "10 to 2000 mg/dL";
}

impl Temperature {
    /// Reads degrees Celsius.
    pub fn celsius(degrees: Decimal) -> Result<Self, BadMeasure> {
        Self::within(rounded(degrees.thousandths, 10))
    }

    /// Reads degrees Fahrenheit.
    pub fn fahrenheit(degrees: Decimal) -> Result<Self, BadMeasure> {
        Self::within(rounded((degrees.thousandths - 32_000) * 5, 90))
    }

    /// In degrees Celsius.
    pub fn in_celsius(self) -> f64 {
        f64::from(self.0) / 100.0
    }

    /// In degrees Fahrenheit, to one digit behind the point.
    pub fn in_fahrenheit(self) -> f64 {
        one_digit(rounded(i64::from(self.0) * 9 + 16_000, 50))
    }
}

impl Height {
    /// Reads centimetres.
    pub fn centimetres(length: Decimal) -> Result<Self, BadMeasure> {
        Self::within(rounded(length.thousandths, 100))
    }

    /// Reads inches.
    pub fn inches(length: Decimal) -> Result<Self, BadMeasure> {
        Self::within(rounded(length.thousandths * 254, 10_000))
    }

    /// In centimetres.
    pub fn in_centimetres(self) -> f64 {
        f64::from(self.0) / 10.0
    }

    /// In inches, to one digit behind the point.
    pub fn in_inches(self) -> f64 {
        one_digit(rounded(i64::from(self.0) * 100, 254))
    }
}

/// A pound in hundred-thousandths of a gram.
const POUND: i64 = 45_359_237;

impl Weight {
    /// Reads kilograms.
    pub fn kilograms(mass: Decimal) -> Result<Self, BadMeasure> {
        Self::within(mass.thousandths)
    }

    /// Reads pounds.
    pub fn pounds(mass: Decimal) -> Result<Self, BadMeasure> {
        Self::within(rounded(mass.thousandths * POUND, 100_000_000))
    }

    /// In kilograms.
    pub fn in_kilograms(self) -> f64 {
        f64::from(self.0) / 1000.0
    }

    /// In pounds, to one digit behind the point.
    pub fn in_pounds(self) -> f64 {
        one_digit(rounded(i64::from(self.0) * 1_000_000, POUND))
    }
}

/// The nearest whole number to a fraction.
fn rounded(numerator: i64, denominator: i64) -> i64 {
    (2 * numerator + denominator).div_euclid(2 * denominator)
}

/// So many tenths. Measures are far too small to be cut.
fn one_digit(tenths: i64) -> f64 {
    f64::from(i32::try_from(tenths).unwrap_or(i32::MAX)) / 10.0
}

/// No living person has such a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}")]
pub struct BadMeasure {
    expected: &'static str,
}

impl BadMeasure {
    const NUMBER: Self = Self { expected: "a number" };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn tenths(number: i64) -> Decimal {
        Decimal { thousandths: number * 100 }
    }

    #[test]
    fn numbers_are_read_as_typed_and_rounded_to_the_thousandth() {
        let thousandths = |text: &str| text.parse().map(|Decimal { thousandths }| thousandths).ok();
        assert_eq!(thousandths("37"), Some(37_000));
        assert_eq!(thousandths(" 36.6 "), Some(36_600));
        assert_eq!(thousandths("36.6666666666666643"), Some(36_667));
        assert_eq!(thousandths("0.9996"), Some(1_000));
        assert_eq!(thousandths("-1.5"), Some(-1_500));
        for wrong in ["", ".", "1.", ".5", "1e3", "NaN", "--1", "1 000", "1000000"] {
            assert_eq!(thousandths(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn measures_are_read_from_numbers_and_text_and_written_as_numbers() {
        for json in ["72", "72.0", "71.6", "\"72\"", "\"72.4\""] {
            let read: HeartRate = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), "72");
        }
        for json in ["19", "301", "\"fast\"", "null", "true", "-72", "1e300"] {
            assert!(serde_json::from_str::<HeartRate>(json).is_err(), "{json}");
        }
        let refusal = serde_json::from_str::<HeartRate>("500").unwrap_err();
        assert_eq!(refusal.to_string(), "expected 20 to 300 beats per minute");
    }

    #[test]
    fn all_that_clinics_of_either_system_take_is_taken() {
        assert_eq!(Temperature::fahrenheit(decimal("95")).unwrap().0, 3_500);
        assert_eq!(Temperature::fahrenheit(decimal("110")).unwrap().0, 4_333);
        assert_eq!(Weight::pounds(decimal("10")).unwrap().0, 4_536);
        assert_eq!(Weight::pounds(decimal("1000")).unwrap().0, 453_592);
        assert_eq!(Height::inches(decimal("12")).unwrap().0, 305);
        assert_eq!(Height::inches(decimal("96")).unwrap().0, 2_438);
        assert!([70, 250].iter().all(|number| Systolic::RANGE.contains(number)));
        assert!([40, 150].iter().all(|number| Diastolic::RANGE.contains(number)));
        assert!([30, 220].iter().all(|number| HeartRate::RANGE.contains(number)));
    }

    #[test]
    fn the_upper_pressure_is_the_higher() {
        let pressure =
            |systolic, diastolic| BloodPressure::of(Systolic(systolic), Some(Diastolic(diastolic)));
        assert_eq!(pressure(120, 80).unwrap().written().as_deref(), Some("120/80"));
        assert_eq!(pressure(80, 80), Err(BadPressure));
        assert_eq!(pressure(80, 81), Err(BadPressure));
        assert_eq!(BloodPressure::of(Systolic(90), None).unwrap().written(), None);
        let stored = serde_json::to_value(pressure(120, 80).unwrap()).unwrap();
        assert_eq!(stored, serde_json::json!({"systolic": 120, "diastolic": 80}));
        assert!(
            serde_json::from_str::<BloodPressure>(r#"{"systolic":80,"diastolic":90}"#).is_err()
        );
    }

    #[test]
    fn the_body_mass_index_is_weight_by_height_squared() {
        let signs = |height, weight| VitalSigns {
            height: Some(Height(height)),
            weight: Some(Weight(weight)),
            ..VitalSigns::default()
        };
        assert_eq!(signs(1_800, 81_000).bmi(), Some(25.0));
        assert_eq!(signs(1_650, 62_350).bmi(), Some(22.9));
        assert_eq!(VitalSigns { height: None, ..signs(1_800, 81_000) }.bmi(), None);
        assert_eq!(VitalSigns { weight: None, ..signs(1_800, 81_000) }.bmi(), None);
    }

    #[test]
    fn no_measure_is_shown_in_logs() {
        let signs = VitalSigns { heart_rate: Some(HeartRate(111)), ..VitalSigns::default() };
        assert!(!format!("{signs:?}").contains("111"));
    }

    proptest! {
        #[test]
        fn a_temperature_reads_back_as_typed(number in 780..1_120_i64) {
            let temperature = Temperature::fahrenheit(tenths(number)).unwrap();
            let shown = decimal(&temperature.in_fahrenheit().to_string());
            prop_assert_eq!(shown.thousandths, number * 100);
        }

        #[test]
        fn a_metric_temperature_reads_back_as_typed(number in 2_500..=4_500_i64) {
            let temperature =
                Temperature::celsius(Decimal { thousandths: number * 10 }).unwrap();
            let shown = decimal(&temperature.in_celsius().to_string());
            prop_assert_eq!(shown.thousandths, number * 10);
        }

        #[test]
        fn a_height_reads_back_as_typed(number in 79..1_102_i64) {
            let height = Height::inches(tenths(number)).unwrap();
            prop_assert_eq!(decimal(&height.in_inches().to_string()).thousandths, number * 100);
        }

        #[test]
        fn a_metric_height_reads_back_as_typed(number in 200..=2_800_i64) {
            let height = Height::centimetres(tenths(number)).unwrap();
            prop_assert_eq!(decimal(&height.in_centimetres().to_string()).thousandths, number * 100);
        }

        #[test]
        fn a_weight_reads_back_as_typed(number in 5..15_432_i64) {
            let weight = Weight::pounds(tenths(number)).unwrap();
            prop_assert_eq!(decimal(&weight.in_pounds().to_string()).thousandths, number * 100);
        }

        #[test]
        fn a_metric_weight_reads_back_as_typed(thousandths in 200..=700_000_i64) {
            let weight = Weight::kilograms(Decimal { thousandths }).unwrap();
            prop_assert_eq!(decimal(&weight.in_kilograms().to_string()).thousandths, thousandths);
        }

        #[test]
        fn what_is_kept_reads_back(grams in Weight::RANGE, millimetres in Height::RANGE) {
            let signs = VitalSigns {
                height: Some(Height(millimetres)),
                weight: Some(Weight(grams)),
                ..VitalSigns::default()
            };
            let kept = serde_json::to_value(&signs).unwrap();
            prop_assert!(signs.bmi().is_some_and(|bmi| bmi >= 0.0));
            prop_assert_eq!(serde_json::from_value::<VitalSigns>(kept).unwrap(), signs);
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".*") {
            let _ = text.parse::<Decimal>();
        }

        #[test]
        fn any_number_is_read_without_panic(number: f64, whole: u64) {
            for json in [serde_json::json!(number), serde_json::json!(whole)] {
                if let Ok(number) = serde_json::from_value::<Decimal>(json) {
                    let _ = Temperature::fahrenheit(number);
                    let _ = Height::inches(number);
                    let _ = Weight::pounds(number);
                }
            }
        }
    }
}
