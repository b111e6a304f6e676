//! What somebody is to take: a medicine, how much of it, how often and for how long.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use ulid::Ulid;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use super::PrescriptionId;
use crate::{Id, access::UserId, choice::choice, id::Identified, safety::DailyIntake, text::Text};

/// How many numbers an identifier of a prescription leaves to its items.
const NUMBERS: u128 = 0xff;

/// The longest that a medicine counts as being taken after it was handed out.
pub(super) const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);

/// A medicine and how to take it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Medication {
    /// What the doctor calls it.
    pub name: Text<200>,
    /// The substance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generic_name: Option<Text<200>>,
    /// What its maker calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand_name: Option<Text<200>>,
    /// How much of the substance is in one unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<Text<100>>,
    /// What it is made into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dosage_form: Option<DosageForm>,
    /// How much to take at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dosage: Option<Text<100>>,
    /// How often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency: Option<Frequency>,
    /// How often, in words, where none of the list fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_frequency: Option<Text<200>>,
    /// Whether before or after food.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timing: Option<Timing>,
    /// For how long, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Text<100>>,
    /// For how many days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_days: Option<Days>,
    /// How many units to hand out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
    /// How often the same may be handed out again.
    #[serde(default)]
    pub refills: Refills,
    /// How to take it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<Text<500>>,
    /// What to beware of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side_effects_warning: Option<Text<500>>,
    /// Whether the pharmacy may hand out another maker's.
    pub substitution_allowed: bool,
}

impl Medication {
    /// A medicine of which nothing but the name is known.
    pub fn named(name: Text<200>) -> Self {
        Self {
            name,
            generic_name: None,
            brand_name: None,
            strength: None,
            dosage_form: None,
            dosage: None,
            frequency: None,
            custom_frequency: None,
            timing: None,
            duration: None,
            duration_days: None,
            quantity: None,
            refills: Refills::default(),
            instructions: None,
            side_effects_warning: None,
            substitution_allowed: true,
        }
    }

    /// Says how often: what is on the list is understood, other words are kept as they are.
    pub fn told(&mut self, frequency: Option<Text<200>>, in_words: Option<Text<200>>) {
        let listed = frequency.as_ref().map(|words| words.reveal().parse::<Frequency>());
        (self.frequency, self.custom_frequency) = match (listed, in_words) {
            (None, None) => (None, None),
            (None, words @ Some(_)) => (Some(Frequency::Custom), words),
            (Some(Ok(Frequency::Custom)), words) => (Some(Frequency::Custom), words),
            (Some(Ok(listed)), _) => (Some(listed), None),
            (Some(Err(_)), _) => (Some(Frequency::Custom), frequency),
        };
    }

    /// How often, as a person would say it.
    pub fn how_often(&self) -> Option<&str> {
        match (self.frequency, &self.custom_frequency) {
            (Some(Frequency::Custom) | None, Some(words)) => Some(words.reveal()),
            (frequency, _) => frequency.map(Frequency::as_str),
        }
    }

    /// For how many days, whether it was said in days or in words.
    pub fn days(&self) -> Option<Days> {
        self.duration_days.or_else(|| Days::told_by(self.duration.as_ref()?.reveal()))
    }

    /// How much of it is taken in a day, where dose and frequency say so.
    pub(super) fn daily(&self) -> Option<DailyIntake> {
        let times = self.frequency.and_then(Frequency::doses_a_day)?;
        DailyIntake::read(self.dosage.as_ref()?.reveal(), times.into())
    }

    /// How many supplies of it there are: the first, and its refills.
    pub(super) fn supplies(&self) -> u16 {
        u16::from(self.refills) + 1
    }

    /// How long one supply of it lasts, if somebody said so or its units tell.
    pub(super) fn supply_lasts(&self) -> Option<SignedDuration> {
        let said = self.days().map(|days| u64::from(u16::from(days)));
        let days = said.or_else(|| self.daily()?.days_of(self.units()?))?;
        Some(LONGEST.min(SignedDuration::from_hours(24 * i64::try_from(days).ok()?)))
    }

    /// How many tablets or capsules are handed out. Of anything else a number says nothing: an
    /// inhaler is one unit and many doses.
    fn units(&self) -> Option<u16> {
        let is_counted = match self.dosage_form {
            Some(DosageForm::Tablet | DosageForm::Capsule) => true,
            None => self.dosage.as_ref()?.reveal().contains(char::is_alphabetic),
            Some(
                DosageForm::Syrup
                | DosageForm::Injection
                | DosageForm::Cream
                | DosageForm::Ointment
                | DosageForm::Drops
                | DosageForm::Inhaler
                | DosageForm::Patch
                | DosageForm::Other,
            ) => false,
        };
        self.quantity.filter(|_| is_counted).map(u16::from)
    }
}

/// A medicine of a prescription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Identifies the item.
    pub id: ItemId,
    /// What to take.
    #[serde(flatten)]
    pub medication: Medication,
    /// When it was prescribed.
    pub added_at: Timestamp,
    /// When the patient was told to take it no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deactivated_at: Option<Timestamp>,
    /// Who told them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deactivated_by: Option<UserId>,
}

impl Item {
    /// Whether the patient is to take it.
    pub fn is_active(&self) -> bool {
        self.deactivated_at.is_none()
    }
}

/// Identifies an [`Item`]. The items of a prescription are numbered behind its own identifier.
pub type ItemId = Id<Item>;

impl Identified for Item {
    const PREFIX: &'static str = "med";
}

impl ItemId {
    /// The item with this number of a prescription.
    pub fn of(prescription: PrescriptionId, number: u8) -> Self {
        Ulid::from(u128::from(prescription.ulid()) | u128::from(number)).into()
    }

    /// The prescription that it belongs to.
    pub fn prescription(self) -> PrescriptionId {
        Ulid::from(u128::from(self.ulid()) & !NUMBERS).into()
    }
}

impl PrescriptionId {
    /// Makes a fresh identifier that leaves room for those of its items.
    pub fn numbering(now: Timestamp) -> Self {
        Self::generate(now).rounded()
    }

    /// The same without the number of an item.
    pub(super) fn rounded(self) -> Self {
        Ulid::from(u128::from(self.ulid()) & !NUMBERS).into()
    }
}

choice! {
    /// What a medicine is made into.
    pub enum DosageForm: "a dosage form" {
        /// To swallow.
        Tablet = "TABLET" | "TAB",
        /// To swallow, in a shell.
        Capsule = "CAPSULE" | "CAP",
        /// To drink.
        Syrup = "SYRUP",
        /// Given with a needle.
        Injection = "INJECTION",
        /// For the skin, light.
        Cream = "CREAM",
        /// For the skin, greasy.
        Ointment = "OINTMENT",
        /// For eyes, ears or nose.
        Drops = "DROPS",
        /// To breathe in.
        Inhaler = "INHALER",
        /// To stick on.
        Patch = "PATCH",
        /// Anything else.
        Other = "OTHER",
    }
}

choice! {
    /// How often to take a medicine.
    pub enum Frequency: "a frequency" {
        /// Once a day.
        OnceDaily = "ONCE_DAILY" | "ONCE_A_DAY" | "DAILY" | "OD",
        /// Twice a day.
        TwiceDaily = "TWICE_DAILY" | "TWICE_A_DAY" | "BD" | "BID",
        /// Three times a day.
        ThriceDaily = "THRICE_DAILY" | "THREE_TIMES_DAILY" | "THREE_TIMES_A_DAY" | "TDS" | "TID",
        /// Four times a day.
        FourTimesDaily = "FOUR_TIMES_DAILY" | "FOUR_TIMES_A_DAY" | "QDS" | "QID",
        /// Every four hours.
        Every4Hours = "EVERY_4_HOURS",
        /// Every six hours.
        Every6Hours = "EVERY_6_HOURS",
        /// Every eight hours.
        Every8Hours = "EVERY_8_HOURS",
        /// Every twelve hours.
        Every12Hours = "EVERY_12_HOURS",
        /// When it is needed.
        AsNeeded = "AS_NEEDED" | "PRN",
        /// Before meals.
        BeforeMeals = "BEFORE_MEALS",
        /// After meals.
        AfterMeals = "AFTER_MEALS",
        /// At bedtime.
        AtBedtime = "AT_BEDTIME",
        /// As the doctor says in words.
        Custom = "CUSTOM",
    }
}

impl Frequency {
    /// How many doses that is in a day, where it says so.
    pub fn doses_a_day(self) -> Option<u8> {
        match self {
            Self::OnceDaily | Self::AtBedtime => Some(1),
            Self::TwiceDaily | Self::Every12Hours => Some(2),
            Self::ThriceDaily | Self::Every8Hours | Self::BeforeMeals | Self::AfterMeals => Some(3),
            Self::FourTimesDaily | Self::Every6Hours => Some(4),
            Self::Every4Hours => Some(6),
            Self::AsNeeded | Self::Custom => None,
        }
    }
}

choice! {
    /// When to take a medicine, as seen from a meal.
    pub enum Timing: "a time" {
        /// Before food.
        BeforeFood = "BEFORE_FOOD",
        /// After food.
        AfterFood = "AFTER_FOOD",
        /// With food.
        WithFood = "WITH_FOOD",
        /// On an empty stomach.
        EmptyStomach = "EMPTY_STOMACH",
        /// Any time.
        Anytime = "ANYTIME" | "ANY_TIME",
    }
}

macro_rules! counted {
    ($($(#[$meta:meta])* $name:ident $least:literal to $most:literal $sentence:literal;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "u16", into = "u16")]
        pub struct $name(u16);

        impl TryFrom<u16> for $name {
            type Error = OutOfBounds;

            fn try_from(count: u16) -> Result<Self, OutOfBounds> {
                if ($least..=$most).contains(&count) { Ok(Self(count)) } else { Err(OutOfBounds($sentence)) }
            }
        }

        impl From<$name> for u16 {
            fn from(count: $name) -> Self {
                count.0
            }
        }

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new()
                    .schema_type(Type::Integer)
                    .minimum(Some($least))
                    .maximum(Some($most))
                    .into()
            }
        }

        impl ToSchema for $name {}
    )+};
}

counted! {
    /// How many days a medicine is taken.
    Days 1 to 365 "expected 1 to 365 days";
    /// How many units are handed out.
    Quantity 1 to 9999 "expected 1 to 9999";
    /// How often the same may be handed out again.
    Refills 0 to 99 "expected 0 to 99";
}

#[expect(clippy::derivable_impls, reason = "the macro makes the type for others, too")]
impl Default for Refills {
    fn default() -> Self {
        Self(0)
    }
}

impl Days {
    /// Reads `7 days`, `2 weeks` or `1 month`. Anything else is for people only.
    fn told_by(words: &str) -> Option<Self> {
        let words = words.trim().to_lowercase();
        let end = words.find(|c: char| !c.is_ascii_digit()).unwrap_or(words.len());
        let (count, unit) = words.split_at(end);
        let each = match unit.trim() {
            "day" | "days" | "d" => 1,
            "week" | "weeks" | "wk" | "wks" => 7,
            "month" | "months" => 30,
            _ => return None,
        };
        u16::from_str(count).ok()?.checked_mul(each)?.try_into().ok()
    }
}

/// The number is too small or too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OutOfBounds(&'static str);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn medication() -> Medication {
        Medication::named(Text::known("Amoxicillin"))
    }

    #[test]
    fn durations_in_words_are_read_where_they_are_plain() {
        let days = |words| Days::told_by(words).map(u16::from);
        assert_eq!(days("7 days"), Some(7));
        assert_eq!(days(" 2 Weeks "), Some(14));
        assert_eq!(days("1month"), Some(30));
        for vague in ["until finished", "7", "0 days", "2-3 days", "99999 weeks", "", "400 days"] {
            assert_eq!(days(vague), None, "{vague}");
        }
    }

    #[test]
    fn a_supply_lasts_as_long_as_somebody_said_or_its_units_tell() {
        let lasts = |dose: &'static str, form, frequency, duration: Option<&'static str>| {
            let medication = Medication {
                dosage: Some(Text::known(dose)),
                dosage_form: form,
                frequency: Some(frequency),
                quantity: Some(Quantity(90)),
                duration: duration.map(Text::known),
                ..medication()
            };
            medication.supply_lasts().map(|lasts| lasts.as_hours() / 24)
        };
        let once = Frequency::OnceDaily;
        assert_eq!(lasts("1 tablet", None, once, Some("10 days")), Some(10));
        assert_eq!(lasts("1 tablet", None, once, Some("lifelong")), Some(90));
        assert_eq!(lasts("2 capsules", None, Frequency::TwiceDaily, None), Some(23));
        assert_eq!(lasts("1", Some(DosageForm::Tablet), once, None), Some(90));
        assert_eq!(lasts("0.1 tablet", None, once, None), Some(366));
        for (dose, form, frequency) in [
            ("1 tablet", None, Frequency::AsNeeded),
            ("500 mg", None, once),
            ("2", None, once),
            ("2", Some(DosageForm::Inhaler), once),
            ("0 tablets", None, once),
        ] {
            assert_eq!(lasts(dose, form, frequency, None), None, "{dose}");
        }
    }

    #[test]
    fn frequencies_are_understood_or_kept_as_they_are() {
        let told = |words| {
            let mut medication = medication();
            medication.told(Some(Text::known(words)), None);
            (medication.frequency, medication.how_often().map(str::to_owned))
        };
        assert_eq!(told("twice daily"), (Some(Frequency::TwiceDaily), Some("TWICE_DAILY".into())));
        assert_eq!(told("three_times_daily").0, Some(Frequency::ThriceDaily));
        let odd = "every other morning";
        assert_eq!(told(odd), (Some(Frequency::Custom), Some(odd.into())));
    }

    proptest! {
        #[test]
        fn an_item_leads_to_its_prescription(ulid: u128, number in 1..=u8::MAX) {
            let prescription = PrescriptionId::from(Ulid::from(ulid)).rounded();
            let item = ItemId::of(prescription, number);
            prop_assert_eq!(item.prescription(), prescription);
            prop_assert_ne!(item.ulid(), prescription.ulid());
        }

        #[test]
        fn any_duration_is_read_without_panic(words in ".*") {
            let _ = Days::told_by(&words);
        }
    }
}
