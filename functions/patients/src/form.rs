//! What people say about a patient, when they enter a record or change one.

use carehub_api::{
    Result, form,
    form::{Change, Fields, Form, Invalid, replace},
    profile::demand_born,
};
use carehub_domain::{
    account::{BloodGroup, Gender, PersonName, Zone},
    contact::{EmailAddress, Phone},
    hospital::HospitalId,
    patient::{Allergy, AllergyStatus, Health, Insurance, Patient, PatientError, PolicyNumber},
    text::Text,
};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, de::Error};
use serde_json::Value;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{AllOfBuilder, RefOr, Schema},
};

form! {
    /// Who the patient is. What is not there stays; `null` forgets.
    pub(crate) struct PersonChanges {
        /// The given name.
        first_name: Option<Text<150>>,
        /// The family name.
        last_name: Change<Text<150>>,
        /// The whole name, instead of its parts.
        name: Option<Text<150>> = "full_name",
        /// Where the patient reads mail.
        email: Change<EmailAddress>,
        /// Where the patient reads messages, with country code.
        phone_number: Change<Phone> = "phone",
        /// The day of birth, as `YYYY-MM-DD`; not one that is to come.
        date_of_birth: Change<Date>,
        /// The stated gender.
        gender: Change<Gender>,
        /// Street and number.
        address: Change<Text<300>> = "street",
        /// City or town.
        city: Change<Text<100>>,
        /// State or province.
        state: Change<Text<100>>,
        /// Postal code.
        zip_code: Change<Text<20>> = "pincode" | "postal_code",
        /// Country.
        country: Change<Text<100>>,
        /// Where to look on a map, in words.
        location: Change<Text<300>>,
        /// The preferred language, as a BCP 47 tag.
        language: Change<Text<35>> = "preferred_language",
        /// The IANA time zone the patient lives in.
        timezone: Change<Zone>,
        /// Whom to call in an emergency.
        emergency_contact_name: Change<Text<150>> = "emergency_contact",
        /// How to call them.
        emergency_contact_phone: Change<Phone> = "emergency_phone",
        /// What they are to the patient.
        emergency_contact_relationship: Change<Text<100>>,
    }
}

form! {
    /// What there is to know for those who care. What is not there stays; `null` forgets.
    pub(crate) struct HealthChanges {
        /// The blood group.
        blood_group: Change<BloodGroup> = "blood_type",
        /// Allergies: a list of substances, or words for `allergy_notes`. An empty list empties
        /// the list; `null` forgets the words. Words such as `None` mean that none are known.
        allergies: Change<Allergies>,
        /// Allergies in words.
        allergy_notes: Change<Text<2000>>,
        /// What is known about allergies; if nothing is said, it follows from them.
        allergy_status: Option<AllergyStatus>,
        /// Earlier illnesses, in words.
        medical_history: Change<Text<5000>>,
        /// Illnesses that stay: a list, or the only one.
        chronic_conditions: Change<Entries>,
        /// Medicines that are taken at present: a list, or the only one. `none` says that there
        /// are none; an empty list says nothing.
        current_medications: Change<Entries>,
    }
}

form! {
    /// Who pays. What is not there stays; `null` forgets.
    #[expect(clippy::struct_field_names, reason = "requests name the fields like this")]
    pub(crate) struct InsuranceChanges {
        /// The insurer.
        insurance_provider: Change<Text<200>>,
        /// The number of the policy.
        insurance_policy_number: Change<PolicyNumber>,
        /// The last day on which it holds, as `YYYY-MM-DD`.
        insurance_expiry: Change<Date>,
        /// The insurance, in words.
        insurance_info: Change<Text<1000>>,
    }
}

form! {
    /// Who is to keep a new record.
    pub(crate) struct Keeping {
        /// For admins: the hospital that keeps the record. A hospital and its doctors keep
        /// theirs at the hospital.
        hospital: Option<HospitalId> = "hospital_id",
    }
}

/// Allergies as a client tells them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged, try_from = "Value")]
pub(crate) enum Allergies {
    /// In words.
    Words(Text<2000>),
    /// One by one. A substance may also be only its name.
    Listed(Vec<Allergy>),
}

impl TryFrom<Value> for Allergies {
    type Error = serde_json::Error;

    fn try_from(told: Value) -> Result<Self, Self::Error> {
        match told {
            Value::String(_) => Text::deserialize(told).map(Self::Words),
            Value::Array(list) => {
                list.into_iter().map(substance).collect::<Result<_, _>>().map(Self::Listed)
            }
            _ => Err(Error::custom("expected text or a list of allergies")),
        }
    }
}

fn substance(told: Value) -> Result<Allergy, serde_json::Error> {
    match told {
        Value::String(_) => Text::deserialize(told).map(Allergy::named),
        Value::Object(_) => Allergy::deserialize(told),
        _ => Err(Error::custom("expected a substance")),
    }
}

/// A list, of which a client may also name the only entry.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(try_from = "Value")]
pub(crate) struct Entries(Vec<Text<200>>);

impl TryFrom<Value> for Entries {
    type Error = serde_json::Error;

    fn try_from(told: Value) -> Result<Self, Self::Error> {
        let entries = match told {
            Value::Array(entries) => entries,
            only => vec![only],
        };
        entries.into_iter().map(Text::deserialize).collect::<Result<_, _>>().map(Self)
    }
}

/// What there is to say about a patient: fields of several forms in one object.
#[derive(Debug)]
pub(crate) struct PatientForm {
    person: PersonChanges,
    health: HealthChanges,
    insurance: InsuranceChanges,
}

/// A patient to enter: the same, and who keeps the record.
#[derive(Debug)]
pub(crate) struct NewPatient {
    /// Who keeps the record.
    pub(crate) keeping: Keeping,
    /// What there is to say about the patient.
    pub(crate) form: PatientForm,
}

impl Form for PatientForm {
    fn read(fields: &mut Fields) -> Option<Self> {
        let (person, health, insurance) = (
            PersonChanges::read(fields),
            HealthChanges::read(fields),
            InsuranceChanges::read(fields),
        );
        Some(Self { person: person?, health: health?, insurance: insurance? })
    }
}

impl Form for NewPatient {
    fn read(fields: &mut Fields) -> Option<Self> {
        let (keeping, form) = (Keeping::read(fields), PatientForm::read(fields));
        Some(Self { keeping: keeping?, form: form? })
    }
}

impl PartialSchema for PatientForm {
    fn schema() -> RefOr<Schema> {
        AllOfBuilder::new()
            .item(PersonChanges::schema())
            .item(HealthChanges::schema())
            .item(InsuranceChanges::schema())
            .into()
    }
}

impl PartialSchema for NewPatient {
    fn schema() -> RefOr<Schema> {
        AllOfBuilder::new().item(Keeping::schema()).item(PatientForm::schema()).into()
    }
}

impl ToSchema for PatientForm {}

impl ToSchema for NewPatient {}

impl PatientForm {
    /// What a new patient is called.
    pub(crate) fn name(&self) -> Result<PersonName, Invalid> {
        match (&self.person.first_name, &self.person.name) {
            (Some(first), _) => Ok(PersonName { first: first.clone(), last: None }),
            (None, Some(name)) => Ok(PersonName::split(name.clone())),
            (None, None) => Err(Invalid::field("first_name", "is required")),
        }
    }

    /// Makes the changes and says which fields they touch.
    pub(crate) fn apply(self, patient: &mut Patient, now: Timestamp) -> Result<Vec<&'static str>> {
        let mut changed = self.person.apply(patient, now)?;
        changed.extend(self.health.apply(patient)?);
        changed.extend(self.insurance.apply(patient));
        patient.updated_at = now;
        Ok(changed)
    }
}

impl PersonChanges {
    fn apply(self, patient: &mut Patient, now: Timestamp) -> Result<Vec<&'static str>, Invalid> {
        let mut changed = Vec::new();
        let name = self.name.map(PersonName::split);
        replace(&mut patient.name, name, "name", &mut changed);
        replace(&mut patient.name.first, self.first_name, "first_name", &mut changed);
        self.last_name.apply(&mut patient.name.last, "last_name", &mut changed);
        self.email.apply(&mut patient.email, "email", &mut changed);
        self.phone_number.apply(&mut patient.phone, "phone_number", &mut changed);
        let profile = &mut patient.profile;
        self.date_of_birth.apply(&mut profile.date_of_birth, "date_of_birth", &mut changed);
        self.gender.apply(&mut profile.gender, "gender", &mut changed);
        self.address.apply(&mut profile.street, "address", &mut changed);
        self.city.apply(&mut profile.city, "city", &mut changed);
        self.state.apply(&mut profile.state, "state", &mut changed);
        self.zip_code.apply(&mut profile.zip_code, "zip_code", &mut changed);
        self.country.apply(&mut profile.country, "country", &mut changed);
        self.location.apply(&mut profile.location, "location", &mut changed);
        self.language.apply(&mut profile.language, "language", &mut changed);
        self.timezone.apply(&mut profile.timezone, "timezone", &mut changed);
        self.emergency_contact_name.apply(
            &mut profile.emergency_contact_name,
            "emergency_contact_name",
            &mut changed,
        );
        self.emergency_contact_phone.apply(
            &mut profile.emergency_contact_phone,
            "emergency_contact_phone",
            &mut changed,
        );
        self.emergency_contact_relationship.apply(
            &mut profile.emergency_contact_relationship,
            "emergency_contact_relationship",
            &mut changed,
        );
        if changed.contains(&"date_of_birth") {
            demand_born(profile, now)?;
        }
        Ok(changed)
    }
}

impl HealthChanges {
    fn apply(self, patient: &mut Patient) -> Result<Vec<&'static str>, PatientError> {
        let mut changed = Vec::new();
        let (profile, health) = (&mut patient.profile, &mut patient.health);
        let (list, words) = match self.allergies.wanted() {
            Some(Some(Allergies::Listed(list))) => (Some(list), None),
            Some(Some(Allergies::Words(words))) => (None, Some(Some(words))),
            Some(None) => (None, Some(None)),
            None => (None, None),
        };
        let words = self.allergy_notes.wanted().or(words);
        let denied = words.iter().flatten().any(Health::none_meant_by);
        let words = if denied { Some(None) } else { words };
        replace(&mut health.allergies, list, "allergies", &mut changed);
        replace(&mut profile.allergies, words, "allergy_notes", &mut changed);

        let (before, in_words) = (health.allergy_status, profile.allergies.is_some());
        match self.allergy_status.or(denied.then_some(AllergyStatus::NoneKnown)) {
            Some(status) => health.allergy_status = status,
            None => health.infer_status(in_words),
        }
        let entries = |wanted: Change<Entries>| {
            wanted.wanted().map(|list| list.map(|Entries(list)| list).unwrap_or_default())
        };
        let conditions = entries(self.chronic_conditions);
        replace(&mut health.chronic_conditions, conditions, "chronic_conditions", &mut changed);
        let medicines = entries(self.current_medications);
        replace(&mut health.current_medications, medicines, "current_medications", &mut changed);
        health.settle(in_words)?;

        changed.extend((health.allergy_status != before).then_some("allergy_status"));
        self.blood_group.apply(&mut profile.blood_group, "blood_group", &mut changed);
        self.medical_history.apply(&mut profile.medical_history, "medical_history", &mut changed);
        Ok(changed)
    }
}

impl InsuranceChanges {
    fn apply(self, patient: &mut Patient) -> Vec<&'static str> {
        let mut changed = Vec::new();
        let Insurance { provider, policy_number, expires_on } = &mut patient.insurance;
        self.insurance_provider.apply(provider, "insurance_provider", &mut changed);
        self.insurance_policy_number.apply(policy_number, "insurance_policy_number", &mut changed);
        self.insurance_expiry.apply(expires_on, "insurance_expiry", &mut changed);
        let info = &mut patient.profile.insurance_info;
        self.insurance_info.apply(info, "insurance_info", &mut changed);
        changed
    }
}
