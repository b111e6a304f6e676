//! Doctors, as patients and hospitals know them.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Id, Revision,
    access::{Action, Subject, UserId},
    account::{Account, PersonName, Username},
    contact::{EmailAddress, Phone},
    department::DepartmentId,
    event::Reference,
    failures,
    hospital::HospitalId,
    hours::WeeklyHours,
    id::Identified,
    revision::{Revised, revised},
    text::Text,
};

/// Someone who gives care.
///
/// Who works at two hospitals has two accounts and is two doctors here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doctor {
    /// Identifies the doctor.
    pub id: DoctorId,
    /// The name the doctor signs in with.
    pub username: Username,
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
    /// When the doctor sees patients.
    pub hours: WeeklyHours,
    /// How long one appointment is.
    pub appointment_duration: AppointmentLength,
    /// How many patients the doctor sees in a day.
    pub max_patients_per_day: DailyMaximum,
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

/// The numbers of a practice make no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPractice {
    /// Appointments are too short or too long.
    #[error("expected 15 to 120 minutes")]
    Length,
    /// Too few or too many patients a day.
    #[error("expected 1 to 50 patients a day")]
    Maximum,
}

impl Doctor {
    /// Enters the holder of `account` as a doctor of the hospital they work for, if any.
    pub fn enter(account: &Account, practice: Practice) -> Self {
        Self {
            id: account.id.into(),
            username: account.username.clone(),
            name: account.name.clone(),
            email: account.email.clone(),
            phone: account.phone.clone(),
            hospital: account.hospital,
            practice,
            is_active: true,
            created_at: account.created_at,
            updated_at: account.created_at,
            revision: Revision::FIRST,
        }
    }
}

revised!(Doctor);

impl Subject for Doctor {
    const VIEW: Action = Action::ViewDoctor;

    fn reference(&self) -> Reference {
        self.id.into()
    }

    fn owner(&self) -> Option<UserId> {
        Some(self.id.into())
    }

    fn hospital(&self) -> Option<HospitalId> {
        self.hospital
    }

    /// Those who registered themselves wait for an admin to verify them.
    fn is_published(&self) -> bool {
        self.hospital.is_some() && self.is_active
    }
}

failures! {
    /// Why a doctor cannot be added or changed.
    pub enum DoctorError {
        LicenceTaken = Conflict "doctor-licence-taken" "the hospital already has a doctor with this licence number",
        UsernameTaken = Conflict "username-taken" "the user name is already taken",
        Stale = Conflict "doctor-stale" "the doctor changed in the meantime",
        DepartmentUnknown = Invalid "department-unknown" "the hospital has no such department",
    }
}
