//! What several functions show in the same way.

use std::collections::BTreeMap;

use carehub_domain::{
    access::{Role, UserId},
    account::{Account, BloodGroup, Gender, Profile, StandingName, Username, Zone},
    contact::{EmailAddress, Phone},
    hospital::HospitalId,
    tally::Total,
    text::Text,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A person with an account, in one shape for all roles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountView {
    /// Identifies the account.
    pub id: UserId,
    /// The name it is signed in with.
    pub username: Username,
    /// The part its holder plays.
    pub role: Role,
    /// Whether it may be used.
    pub status: StandingName,
    /// Whether it may be used.
    pub is_active: bool,
    /// Whether the holder must choose a password before anything else.
    pub must_change_password: bool,
    /// The hospital its holder works for.
    pub hospital: Option<HospitalId>,
    /// The whole name.
    pub name: String,
    /// The given name.
    pub first_name: Text<150>,
    /// The family name.
    pub last_name: Option<Text<150>>,
    /// Where its holder reads mail.
    pub email: Option<EmailAddress>,
    /// Where its holder reads messages.
    pub phone: Option<Phone>,
    /// The day of birth.
    pub date_of_birth: Option<Date>,
    /// Whole years lived so far.
    pub age: Option<i16>,
    /// The stated gender.
    pub gender: Option<Gender>,
    /// Street and number.
    pub street: Option<Text<300>>,
    /// City or town.
    pub city: Option<Text<100>>,
    /// State or province.
    pub state: Option<Text<100>>,
    /// Postal code.
    pub zip_code: Option<Text<20>>,
    /// Country.
    pub country: Option<Text<100>>,
    /// Where to look on a map, in words.
    pub location: Option<Text<300>>,
    /// Whom to call in an emergency.
    pub emergency_contact_name: Option<Text<150>>,
    /// How to call them.
    pub emergency_contact_phone: Option<Phone>,
    /// What they are to the person.
    pub emergency_contact_relationship: Option<Text<100>>,
    /// The blood group.
    pub blood_group: Option<BloodGroup>,
    /// Allergies, in the person's own words.
    pub allergies: Option<Text<2000>>,
    /// Earlier illnesses, in the person's own words.
    pub medical_history: Option<Text<5000>>,
    /// The insurance, in the person's own words.
    pub insurance_info: Option<Text<1000>>,
    /// Where a picture of the person is.
    pub avatar: Option<Text<500>>,
    /// The IANA time zone the person lives in.
    pub timezone: Option<Zone>,
    /// The preferred language.
    pub language: Option<Text<35>>,
    /// When the account was opened.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl AccountView {
    /// Shows an account as it is at `now`.
    pub fn of(account: Account, now: Timestamp) -> Self {
        let (status, is_active) = (account.standing(), account.is_active());
        let must_change_password = account.must_change_password();
        let name = account.name.full();
        let age = account.profile.age(now.to_zoned(TimeZone::UTC).date());
        let Account {
            id,
            username,
            role,
            hospital,
            name: parts,
            email,
            phone,
            profile,
            created_at,
            updated_at,
            ..
        } = account;
        let Profile {
            date_of_birth,
            gender,
            street,
            city,
            state,
            zip_code,
            country,
            location,
            emergency_contact_name,
            emergency_contact_phone,
            emergency_contact_relationship,
            blood_group,
            allergies,
            medical_history,
            insurance_info,
            avatar,
            timezone,
            language,
        } = profile;
        Self {
            id,
            username,
            role,
            status,
            is_active,
            must_change_password,
            hospital,
            name,
            first_name: parts.first,
            last_name: parts.last,
            email,
            phone,
            date_of_birth,
            age,
            gender,
            street,
            city,
            state,
            zip_code,
            country,
            location,
            emergency_contact_name,
            emergency_contact_phone,
            emergency_contact_relationship,
            blood_group,
            allergies,
            medical_history,
            insurance_info,
            avatar,
            timezone,
            language,
            created_at,
            updated_at,
        }
    }
}

/// Appointments in numbers. They follow what happens within a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VisitsView {
    /// Appointments ever made.
    pub total_appointments: i64,
    /// Appointments that wait for an answer.
    pub pending_appointments: i64,
    /// Visits that took place.
    pub completed_visits: i64,
}

impl From<&BTreeMap<Total, i64>> for VisitsView {
    fn from(totals: &BTreeMap<Total, i64>) -> Self {
        let total = |total| totals.get(&total).copied().unwrap_or_default();
        Self {
            total_appointments: total(Total::Appointments),
            pending_appointments: total(Total::PendingAppointments),
            completed_visits: total(Total::CompletedVisits),
        }
    }
}

/// A sentence that says what was done.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Done {
    /// The sentence.
    pub message: String,
}

impl Done {
    /// Says so.
    pub fn saying(message: &str) -> Self {
        Self { message: message.to_owned() }
    }
}
