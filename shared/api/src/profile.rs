//! What people may change about an account.

use carehub_domain::{
    account::{Account, BloodGroup, Gender, PersonName, Profile, Zone},
    contact::{EmailAddress, Phone},
    text::Text,
};
use jiff::{Timestamp, civil::Date};

use crate::form::{Change, Invalid, replace};

crate::form! {
    /// Changes to a profile. What is not there stays; `null` forgets.
    pub struct ProfileChanges {
        /// The whole name, instead of its parts.
        name: Option<Text<150>> = "full_name",
        /// The given name.
        first_name: Option<Text<150>>,
        /// The family name.
        last_name: Change<Text<150>>,
        /// Where the person reads mail.
        email: Change<EmailAddress>,
        /// Where the person reads messages, with country code.
        phone: Change<Phone> = "phone_number",
        /// The day of birth, as `YYYY-MM-DD`; not one that is to come.
        date_of_birth: Change<Date>,
        /// The stated gender.
        gender: Change<Gender>,
        /// Street and number.
        street: Change<Text<300>> = "address",
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
        /// Whom to call in an emergency.
        emergency_contact_name: Change<Text<150>> = "emergency_contact",
        /// How to call them.
        emergency_contact_phone: Change<Phone> = "emergency_phone",
        /// What they are to the person.
        emergency_contact_relationship: Change<Text<100>>,
        /// The blood group.
        blood_group: Change<BloodGroup> = "blood_type",
        /// Allergies, in the person's own words.
        allergies: Change<Text<2000>>,
        /// Earlier illnesses, in the person's own words.
        medical_history: Change<Text<5000>>,
        /// The insurance, in the person's own words.
        insurance_info: Change<Text<1000>>,
        /// Where a picture of the person is.
        avatar: Change<Text<500>> = "profile_picture",
        /// The IANA time zone the person lives in.
        timezone: Change<Zone>,
        /// The preferred language, as a BCP 47 tag.
        language: Change<Text<35>> = "preferred_language",
    }
}

/// Refuses a day of birth that is to come.
pub fn demand_born(profile: &Profile, now: Timestamp) -> Result<(), Invalid> {
    match profile.is_unborn(now) {
        true => Err(Invalid::field("date_of_birth", "must not lie in the future")),
        false => Ok(()),
    }
}

impl ProfileChanges {
    /// Makes the changes and says which fields they touch.
    pub fn apply(
        self,
        account: &mut Account,
        now: Timestamp,
    ) -> Result<Vec<&'static str>, Invalid> {
        let mut changed = Vec::new();
        if let Some(name) = self.name {
            replace(&mut account.name, Some(PersonName::split(name)), "name", &mut changed);
        }
        replace(&mut account.name.first, self.first_name, "first_name", &mut changed);
        self.last_name.apply(&mut account.name.last, "last_name", &mut changed);
        self.email.apply(&mut account.email, "email", &mut changed);
        self.phone.apply(&mut account.phone, "phone", &mut changed);
        let profile = &mut account.profile;
        self.date_of_birth.apply(&mut profile.date_of_birth, "date_of_birth", &mut changed);
        self.gender.apply(&mut profile.gender, "gender", &mut changed);
        self.street.apply(&mut profile.street, "street", &mut changed);
        self.city.apply(&mut profile.city, "city", &mut changed);
        self.state.apply(&mut profile.state, "state", &mut changed);
        self.zip_code.apply(&mut profile.zip_code, "zip_code", &mut changed);
        self.country.apply(&mut profile.country, "country", &mut changed);
        self.location.apply(&mut profile.location, "location", &mut changed);
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
        self.blood_group.apply(&mut profile.blood_group, "blood_group", &mut changed);
        self.allergies.apply(&mut profile.allergies, "allergies", &mut changed);
        self.medical_history.apply(&mut profile.medical_history, "medical_history", &mut changed);
        self.insurance_info.apply(&mut profile.insurance_info, "insurance_info", &mut changed);
        self.avatar.apply(&mut profile.avatar, "avatar", &mut changed);
        self.timezone.apply(&mut profile.timezone, "timezone", &mut changed);
        self.language.apply(&mut profile.language, "language", &mut changed);
        account.updated_at = now;
        if changed.contains(&"date_of_birth") {
            demand_born(&account.profile, now)?;
        }
        Ok(changed)
    }
}
