//! Doctors, as patients and hospitals know them.

use std::{fmt, str::FromStr};

use jiff::{Timestamp, civil::Date};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, Visitor},
};
use serde_with::SerializeDisplay;
use utoipa::ToSchema;

use crate::{
    Id, Revision,
    access::{Action, Actor, Subject, UserId},
    account::{Account, PersonName, Username, Zone},
    contact::{EmailAddress, Phone},
    department::DepartmentId,
    event::Reference,
    failures,
    hospital::HospitalId,
    id::Identified,
    review::Rating,
    revision::{Revised, revised},
    schedule::Week,
    text::Text,
};

/// Someone who gives care.
///
/// Who works at two hospitals has two accounts and is two doctors here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doctor {
    /// Identifies the doctor.
    pub id: DoctorId,
    /// The name the doctor signs in with; none for those without an account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<Username>,
    /// What the doctor is called.
    pub name: PersonName,
    /// Where the doctor reads mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailAddress>,
    /// How to call the doctor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// The hospital the doctor works at; none for those who registered themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospital: Option<HospitalId>,
    /// What the doctor does.
    #[serde(flatten)]
    pub practice: Practice,
    /// Who entered the doctor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<UserId>,
    /// Who vouches for the doctor, if anybody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
    /// What patients think, kept by `relay`.
    #[serde(default)]
    pub rating: Rating,
    /// Whether the doctor works here now.
    pub is_active: bool,
    /// When the doctor was added.
    pub created_at: Timestamp,
    /// When the profile last changed.
    pub updated_at: Timestamp,
    revision: Revision,
}

/// Identifies a [`Doctor`].
pub type DoctorId = Id<Doctor>;

impl Identified for Doctor {
    const PREFIX: &'static str = "doc";
}

/// Who vouched for a doctor, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// When.
    pub at: Timestamp,
    /// Who: a hospital for its own doctors, or an admin.
    pub by: Option<UserId>,
}

/// What a doctor does, where and when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Practice {
    /// The field of medicine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub specialization: Option<Text<100>>,
    /// The licence to practise. No two doctors of a hospital share one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license_number: Option<Text<100>>,
    /// The department the doctor works in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub department: Option<DepartmentId>,
    /// The doctor's own address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Text<500>>,
    /// The number of the doctor's identity card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cnic: Option<NationalId>,
    /// A narrower field within it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_specialization: Option<Text<100>>,
    /// Degrees, as the doctor writes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qualification: Option<Text<300>>,
    /// How long the doctor has practised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub years_of_experience: Option<Years>,
    /// What a visit costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consultation_fee: Option<Fee>,
    /// What a visit by video or phone costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub online_consultation_fee: Option<Fee>,
    /// The languages the doctor speaks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub languages: Vec<Text<50>>,
    /// What the doctor says of themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bio: Option<Text<2000>>,
    /// What the doctor is proud of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub achievements: Option<Text<2000>>,
    /// The clinic, for those without a hospital.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clinic_name: Option<Text<255>>,
    /// Where the clinic is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clinic_address: Option<Text<500>>,
    /// City or town.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<Text<100>>,
    /// State or province.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<Text<100>>,
    /// Postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zip_code: Option<Text<20>>,
    /// Whether the doctor takes no new patients for the time being.
    pub is_unavailable: bool,
    /// Whether the doctor sees patients by video or phone.
    pub is_online: bool,
    /// When the doctor sees patients.
    pub week: Week,
    /// The zone those hours are in.
    pub zone: Zone,
    /// How long one appointment is.
    pub appointment_duration: AppointmentLength,
    /// How long the doctor rests between two appointments.
    pub buffer: Buffer,
    /// How many patients the doctor sees in a day.
    pub max_patients_per_day: DailyMaximum,
}

/// What something costs, in the currency of the hub, to the cent. Written `"150.00"`; a plain
/// number is read as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, SerializeDisplay, ToSchema)]
#[schema(value_type = String, example = "150.00", pattern = r"^\d{1,7}\.\d\d$")]
pub struct Fee(u32);

impl Fee {
    /// The amount in cents.
    pub fn cents(self) -> u32 {
        self.0
    }
}

impl FromStr for Fee {
    type Err = BadPractice;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (whole, cents) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
        let sound = (1..=7).contains(&whole.len())
            && (1..=2).contains(&cents.len())
            && [whole, cents].iter().all(|part| part.bytes().all(|b| b.is_ascii_digit()));
        let amount = |part: &str| part.parse::<u32>().map_err(|_| BadPractice::Fee);
        if !sound {
            return Err(BadPractice::Fee);
        }
        let tens = if cents.len() == 1 { 10 } else { 1 };
        Ok(Self(amount(whole)? * 100 + amount(cents)? * tens))
    }
}

impl fmt::Display for Fee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl<'de> Deserialize<'de> for Fee {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Amount;

        impl Visitor<'_> for Amount {
            type Value = Fee;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount such as 150.00")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Fee, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, whole: u64) -> Result<Fee, E> {
                self.visit_str(&whole.to_string())
            }

            fn visit_i64<E: de::Error>(self, whole: i64) -> Result<Fee, E> {
                self.visit_str(&whole.to_string())
            }

            // The shortest decimal that means this number is the one that was typed.
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Fee, E> {
                self.visit_str(&number.to_string())
            }
        }

        deserializer.deserialize_any(Amount)
    }
}

/// Years of practice: 0 to 80.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "u16", into = "u16")]
#[schema(value_type = u16, maximum = 80)]
pub struct Years(u16);

impl TryFrom<u16> for Years {
    type Error = BadPractice;

    fn try_from(years: u16) -> Result<Self, Self::Error> {
        if years <= 80 { Ok(Self(years)) } else { Err(BadPractice::Years) }
    }
}

impl From<Years> for u16 {
    fn from(years: Years) -> Self {
        years.0
    }
}

/// The number of an identity card.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub struct NationalId(Text<30>);

impl NationalId {
    /// The number itself.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// The number as other people may see it: `***6789`.
    pub fn masked(&self) -> String {
        let letters: Vec<char> = self.0.reveal().chars().collect();
        format!("***{}", letters[letters.len().saturating_sub(4)..].iter().collect::<String>())
    }
}

impl fmt::Debug for NationalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

/// How long one appointment is: 15 to 120 minutes, 30 unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "u16", into = "u16")]
#[schema(value_type = u16, minimum = 15, maximum = 120)]
pub struct AppointmentLength(u16);

impl Default for AppointmentLength {
    fn default() -> Self {
        Self(30)
    }
}

impl TryFrom<u16> for AppointmentLength {
    type Error = BadPractice;

    fn try_from(minutes: u16) -> Result<Self, Self::Error> {
        if (15..=120).contains(&minutes) { Ok(Self(minutes)) } else { Err(BadPractice::Length) }
    }
}

impl From<AppointmentLength> for u16 {
    fn from(length: AppointmentLength) -> Self {
        length.0
    }
}

impl AppointmentLength {
    /// In minutes.
    pub fn get(self) -> u16 {
        self.0
    }
}

/// How long a doctor rests between two appointments: 0 to 60 minutes, 0 unless said otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "u16", into = "u16")]
#[schema(value_type = u16, maximum = 60)]
pub struct Buffer(u16);

impl Buffer {
    /// In minutes.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for Buffer {
    type Error = BadPractice;

    fn try_from(minutes: u16) -> Result<Self, Self::Error> {
        if minutes <= 60 { Ok(Self(minutes)) } else { Err(BadPractice::Buffer) }
    }
}

impl From<Buffer> for u16 {
    fn from(buffer: Buffer) -> Self {
        buffer.0
    }
}

/// How many patients a doctor sees in a day: 1 to 50, 20 unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "u16", into = "u16")]
#[schema(value_type = u16, minimum = 1, maximum = 50)]
pub struct DailyMaximum(u16);

impl Default for DailyMaximum {
    fn default() -> Self {
        Self(20)
    }
}

impl TryFrom<u16> for DailyMaximum {
    type Error = BadPractice;

    fn try_from(patients: u16) -> Result<Self, Self::Error> {
        if (1..=50).contains(&patients) { Ok(Self(patients)) } else { Err(BadPractice::Maximum) }
    }
}

impl From<DailyMaximum> for u16 {
    fn from(maximum: DailyMaximum) -> Self {
        maximum.0
    }
}

impl From<DailyMaximum> for usize {
    fn from(maximum: DailyMaximum) -> Self {
        maximum.0.into()
    }
}

/// The numbers of a practice make no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPractice {
    /// Appointments are too short or too long.
    #[error("expected 15 to 120 minutes")]
    Length,
    /// The rest between appointments is too long.
    #[error("expected 0 to 60 minutes")]
    Buffer,
    /// Too few or too many patients a day.
    #[error("expected 1 to 50 patients a day")]
    Maximum,
    /// The fee is no amount of money.
    #[error("expected an amount such as 150.00")]
    Fee,
    /// Nobody practises that long.
    #[error("expected 0 to 80 years")]
    Years,
}

impl Doctor {
    /// Enters the holder of `account` as a doctor of the hospital they work for, if any.
    pub fn enter(account: &Account, practice: Practice) -> Self {
        Self {
            id: account.id.into(),
            username: Some(account.username.clone()),
            name: account.name.clone(),
            email: account.email.clone(),
            phone: account.phone.clone(),
            hospital: account.hospital,
            practice,
            created_by: Some(account.id),
            verified: None,
            rating: Rating::default(),
            is_active: true,
            created_at: account.created_at,
            updated_at: account.created_at,
            revision: Revision::FIRST,
        }
    }

    /// Enters a doctor who has no account into the directory.
    pub fn list(name: PersonName, practice: Practice, by: &Actor) -> Self {
        Self {
            id: Id::generate(by.at),
            username: None,
            name,
            email: None,
            phone: None,
            hospital: by.hospital,
            practice,
            created_by: by.user,
            verified: None,
            rating: Rating::default(),
            is_active: true,
            created_at: by.at,
            updated_at: by.at,
            revision: Revision::FIRST,
        }
    }

    /// Lets `by` vouch for the doctor, if they are in a position to.
    #[must_use]
    pub fn vouched_for(self, by: &Actor) -> Self {
        let verified = Verified { at: by.at, by: by.user };
        Self { verified: by.can(Action::VerifyDoctor, &self).then_some(verified), ..self }
    }

    /// The account of the doctor, if there is one.
    pub fn account(&self) -> Option<UserId> {
        self.username.is_some().then(|| self.id.into())
    }

    /// Takes over what the account says of the person. A closed account takes the doctor along.
    pub fn follow(&mut self, account: &Account) {
        self.name.clone_from(&account.name);
        self.email.clone_from(&account.email);
        self.phone.clone_from(&account.phone);
        self.is_active &= account.is_active();
        self.updated_at = account.updated_at;
    }

    /// Whether both say the same of who the person is and whether they work.
    pub fn is_the_same_person_as(&self, other: &Self) -> bool {
        let person = |doctor: &Self| {
            let Self { name, email, phone, is_active, .. } = doctor.clone();
            (name, email, phone, is_active)
        };
        person(self) == person(other)
    }

    /// Whether there is anything yet that patients could go by.
    pub fn is_complete(&self) -> bool {
        self.practice.specialization.is_some() && self.practice.license_number.is_some()
    }

    /// Whether patients find the doctor and may come.
    pub fn is_available(&self) -> bool {
        self.is_published() && !self.practice.is_unavailable
    }
}

revised!(Doctor);

impl Subject for Doctor {
    const VIEW: Action = Action::ViewDoctor;

    fn reference(&self) -> Reference {
        self.id.into()
    }

    fn owner(&self) -> Option<UserId> {
        self.account().or(self.created_by)
    }

    fn is_of(&self, user: UserId) -> bool {
        self.created_by == Some(user) || self.account() == Some(user)
    }

    fn hospital(&self) -> Option<HospitalId> {
        self.hospital
    }

    /// Those for whom nobody vouches wait for an admin to verify them.
    fn is_published(&self) -> bool {
        self.verified.is_some() && self.is_active
    }
}

failures! {
    /// Why a doctor cannot be added or changed.
    pub enum DoctorError {
        LicenceTaken = Conflict "doctor-licence-taken" "the hospital already has a doctor with this licence number",
        UsernameTaken = Conflict "username-taken" "the user name is already taken",
        Stale = Conflict "doctor-stale" "the doctor changed in the meantime",
        DepartmentUnknown = Invalid "department-unknown" "the hospital has no such department",
        ProfileExists = Conflict "profile-exists" "the profile was completed before; change it instead",
        CareerFull = Invalid "career-full" "there are a hundred entries already; remove one first",
    }
}

/// Where a doctor learnt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Education {
    /// Identifies the entry.
    pub id: EducationId,
    /// Whose it is.
    pub doctor: DoctorId,
    /// The degree.
    pub degree: Text<200>,
    /// Who gave it.
    pub institution: Text<200>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<i16>,
    /// How well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<Text<50>>,
    /// In which field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub specialization: Option<Text<100>>,
    /// Whether an admin has seen proof.
    pub is_verified: bool,
}

/// Identifies an [`Education`].
pub type EducationId = Id<Education>;

impl Identified for Education {
    const PREFIX: &'static str = "edu";
}

/// Where a doctor worked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Experience {
    /// Identifies the entry.
    pub id: ExperienceId,
    /// Whose it is.
    pub doctor: DoctorId,
    /// For whom.
    pub organization: Text<200>,
    /// As what.
    pub position: Text<200>,
    /// Since when.
    pub start_date: Date,
    /// Until when; nothing for the present post.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<Date>,
    /// What there was to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Text<2000>>,
}

/// Identifies an [`Experience`].
pub type ExperienceId = Id<Experience>;

impl Identified for Experience {
    const PREFIX: &'static str = "exp";
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use super::*;

    #[test]
    fn a_fee_is_read_from_text_and_numbers_and_written_to_the_cent() {
        for (given, written) in [
            (json!("150"), "150.00"),
            (json!(" 150.5 "), "150.50"),
            (json!(150), "150.00"),
            (json!(150.5), "150.50"),
            (json!(0.29), "0.29"),
            (json!(9_999_999.99), "9999999.99"),
        ] {
            assert_eq!(json!(from_value::<Fee>(given).unwrap()), written);
        }
        for given in [
            json!(-1),
            json!(150.555),
            json!(1e9),
            json!("1,50"),
            json!(""),
            json!(true),
            json!([]),
        ] {
            let error = from_value::<Fee>(given).unwrap_err().to_string();
            assert!(error.ends_with("expected an amount such as 150.00"), "{error}");
        }
    }
}
