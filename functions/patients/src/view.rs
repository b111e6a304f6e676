//! Patients as callers see them.

use carehub_api::{etag::Tagged, extract::Json};
use carehub_domain::{
    access::{PatientId, UserId},
    account::{BloodGroup, Gender, Profile, Zone},
    contact::{EmailAddress, Phone},
    patient::{Allergy, AllergyStatus, Patient, PolicyNumber},
    text::Text,
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The record of a patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PatientView {
    /// Identifies the patient.
    pub id: PatientId,
    /// The patient's own account, if there is one.
    pub user: Option<UserId>,
    /// The whole name.
    pub name: String,
    /// The given name.
    pub first_name: Text<150>,
    /// The family name.
    pub last_name: Option<Text<150>>,
    /// Where the patient reads mail.
    pub email: Option<EmailAddress>,
    /// Where the patient reads messages.
    pub phone_number: Option<Phone>,
    /// The day of birth.
    pub date_of_birth: Option<Date>,
    /// Whole years lived so far.
    pub age: Option<i16>,
    /// The stated gender.
    pub gender: Option<Gender>,
    /// Street and number.
    pub address: Option<Text<300>>,
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
    /// The preferred language.
    pub language: Option<Text<35>>,
    /// The IANA time zone the patient lives in.
    pub timezone: Option<Zone>,
    /// Whom to call in an emergency.
    pub emergency_contact_name: Option<Text<150>>,
    /// How to call them.
    pub emergency_contact_phone: Option<Phone>,
    /// What they are to the patient.
    pub emergency_contact_relationship: Option<Text<100>>,
    /// The blood group.
    pub blood_group: Option<BloodGroup>,
    /// What is known about allergies.
    pub allergy_status: AllergyStatus,
    /// The allergies.
    pub allergies: Vec<Allergy>,
    /// Allergies in words.
    pub allergy_notes: Option<Text<2000>>,
    /// Earlier illnesses, in words.
    pub medical_history: Option<Text<5000>>,
    /// Illnesses that stay.
    pub chronic_conditions: Vec<Text<200>>,
    /// Medicines that are taken at present.
    pub current_medications: Vec<Text<200>>,
    /// The insurer.
    pub insurance_provider: Option<Text<200>>,
    /// The number of the policy.
    pub insurance_policy_number: Option<PolicyNumber>,
    /// The last day on which it holds.
    pub insurance_expiry: Option<Date>,
    /// The insurance, in words.
    pub insurance_info: Option<Text<1000>>,
    /// Who entered the record.
    pub created_by: Option<UserId>,
    /// When the record was entered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl PatientView {
    /// Shows a patient as they are at `now`.
    pub fn of(patient: Patient, now: Timestamp) -> Self {
        let name = patient.name.full();
        let age = age(&patient, now);
        let Patient { id, account, name: parts, email, phone, health, insurance, .. } = patient;
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
            avatar: _,
            timezone,
            language,
        } = patient.profile;
        Self {
            id,
            user: account,
            name,
            first_name: parts.first,
            last_name: parts.last,
            email,
            phone_number: phone,
            date_of_birth,
            age,
            gender,
            address: street,
            city,
            state,
            zip_code,
            country,
            location,
            language,
            timezone,
            emergency_contact_name,
            emergency_contact_phone,
            emergency_contact_relationship,
            blood_group,
            allergy_status: health.allergy_status,
            allergies: health.allergies,
            allergy_notes: allergies,
            medical_history,
            chronic_conditions: health.chronic_conditions,
            current_medications: health.current_medications,
            insurance_provider: insurance.provider,
            insurance_policy_number: insurance.policy_number,
            insurance_expiry: insurance.expires_on,
            insurance_info,
            created_by: patient.created_by,
            created_at: patient.created_at,
            updated_at: patient.updated_at,
        }
    }

    /// The same, with the revision that is shown.
    pub(crate) fn tagged(patient: Patient, now: Timestamp) -> Tagged<Json<Self>> {
        Tagged::showing(patient, |patient| Self::of(patient, now))
    }
}

/// A patient in a list, which is no look at the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PatientSummary {
    /// Identifies the patient.
    pub id: PatientId,
    /// The whole name.
    pub name: String,
    /// The given name.
    pub first_name: Text<150>,
    /// The family name.
    pub last_name: Option<Text<150>>,
    /// Where the patient reads mail.
    pub email: Option<EmailAddress>,
    /// Where the patient reads messages.
    pub phone_number: Option<Phone>,
    /// The day of birth.
    pub date_of_birth: Option<Date>,
    /// Whole years lived so far.
    pub age: Option<i16>,
    /// The stated gender.
    pub gender: Option<Gender>,
    /// City or town.
    pub city: Option<Text<100>>,
    /// State or province.
    pub state: Option<Text<100>>,
    /// The blood group.
    pub blood_group: Option<BloodGroup>,
}

impl PatientSummary {
    /// Shows a patient as they are at `now`.
    pub fn of(patient: Patient, now: Timestamp) -> Self {
        Self {
            id: patient.id,
            name: patient.name.full(),
            age: age(&patient, now),
            first_name: patient.name.first,
            last_name: patient.name.last,
            email: patient.email,
            phone_number: patient.phone,
            date_of_birth: patient.profile.date_of_birth,
            gender: patient.profile.gender,
            city: patient.profile.city,
            state: patient.profile.state,
            blood_group: patient.profile.blood_group,
        }
    }
}

fn age(patient: &Patient, now: Timestamp) -> Option<i16> {
    patient.profile.age(now.to_zoned(TimeZone::UTC).date())
}
