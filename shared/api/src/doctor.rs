//! Doctors as callers see them, and what people may change about them.

use carehub_domain::{
    access::{Action, Actor, UserId},
    account::{PersonName, Username, Zone},
    contact::{EmailAddress, Phone},
    department::DepartmentId,
    doctor::{AppointmentLength, Buffer, DailyMaximum, Doctor, DoctorId, Fee, NationalId, Years},
    hospital::{Hospital, HospitalId},
    hours::WeeklyHours,
    schedule::Week,
    text::Text,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::form::{Change, replace};

/// The most languages of one doctor.
const MOST_LANGUAGES: usize = 20;

/// A doctor.
///
/// The address, the identity card, the mailbox and the phone are masked or left out for
/// those who may not change them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "clients read each of them on its own")]
pub struct DoctorView {
    /// Identifies the doctor.
    pub id: DoctorId,
    /// The account of the doctor; none for those who are only listed.
    pub user: Option<UserId>,
    /// The hospital the doctor works at.
    pub hospital: Option<HospitalId>,
    /// What that hospital is called.
    pub hospital_name: Option<Text<255>>,
    /// What the doctor is called.
    pub name: String,
    /// The same, for older clients.
    pub doctor_name: String,
    /// The given name.
    pub first_name: Text<150>,
    /// The family name.
    pub last_name: Option<Text<150>>,
    /// The name the doctor signs in with.
    pub doctor_username: Option<Username>,
    /// Where the doctor reads mail.
    pub doctor_email: Option<String>,
    /// How to call the doctor.
    pub phone_number: Option<String>,
    /// The number of the doctor's identity card.
    pub cnic: Option<String>,
    /// The doctor's own address.
    pub address: Option<Text<500>>,
    /// The licence to practise.
    pub license_number: Option<Text<100>>,
    /// The field of medicine.
    pub specialization: Option<Text<100>>,
    /// A narrower field within it.
    pub sub_specialization: Option<Text<100>>,
    /// Degrees, as the doctor writes them.
    pub qualification: Option<Text<300>>,
    /// How long the doctor has practised.
    pub years_of_experience: Option<Years>,
    /// What a visit costs.
    pub consultation_fee: Option<Fee>,
    /// What a visit by video or phone costs.
    pub online_consultation_fee: Option<Fee>,
    /// The languages the doctor speaks.
    pub languages: Vec<Text<50>>,
    /// What the doctor says of themselves.
    pub bio: Option<Text<2000>>,
    /// What the doctor is proud of.
    pub achievements: Option<Text<2000>>,
    /// The clinic, for those without a hospital.
    pub clinic_name: Option<Text<255>>,
    /// Where the clinic is.
    pub clinic_address: Option<Text<500>>,
    /// City or town.
    pub city: Option<Text<100>>,
    /// State or province.
    pub state: Option<Text<100>>,
    /// Postal code.
    pub zip_code: Option<Text<20>>,
    /// The department the doctor works in.
    pub department: Option<DepartmentId>,
    /// When the doctor sees patients.
    pub available_timings: WeeklyHours,
    /// The zone those hours are in.
    pub timezone: Zone,
    /// How long one appointment is, in minutes.
    pub appointment_duration: AppointmentLength,
    /// How long the doctor rests between two appointments, in minutes.
    pub buffer_minutes: Buffer,
    /// How many patients the doctor sees in a day.
    pub max_patients_per_day: DailyMaximum,
    /// Whether the doctor takes new patients.
    pub is_available: bool,
    /// Whether the doctor sees patients by video or phone.
    pub is_online_consultation_available: bool,
    /// Whether somebody vouches for the doctor.
    pub is_verified: bool,
    /// Whether the doctor works here now.
    pub is_active: bool,
    /// The mean of the stars that patients gave.
    pub rating: Option<f64>,
    /// How many patients gave stars.
    pub total_reviews: u32,
    /// Who entered the doctor.
    pub created_by: Option<UserId>,
    /// When the doctor was added.
    pub created_at: Timestamp,
    /// When the profile last changed.
    pub updated_at: Timestamp,
}

impl DoctorView {
    /// Shows a doctor of `hospital` to `actor`.
    pub fn of(doctor: Doctor, hospital: Option<&Hospital>, actor: &Actor) -> Self {
        let whole = actor.can(Action::EditDoctor, &doctor);
        let (user, name) = (doctor.account(), doctor.name.full());
        let practice = doctor.practice;
        Self {
            id: doctor.id,
            user,
            hospital: doctor.hospital,
            hospital_name: hospital.map(|hospital| hospital.name.clone()),
            doctor_name: name.clone(),
            name,
            first_name: doctor.name.first,
            last_name: doctor.name.last,
            doctor_username: doctor.username,
            doctor_email: doctor.email.map(|email| shown(whole, email.reveal(), email.masked())),
            phone_number: doctor.phone.map(|phone| shown(whole, phone.reveal(), phone.masked())),
            cnic: practice.cnic.map(|cnic| shown(whole, cnic.reveal(), cnic.masked())),
            address: practice.address.filter(|_| whole),
            license_number: practice.license_number,
            specialization: practice.specialization,
            sub_specialization: practice.sub_specialization,
            qualification: practice.qualification,
            years_of_experience: practice.years_of_experience,
            consultation_fee: practice.consultation_fee,
            online_consultation_fee: practice.online_consultation_fee,
            languages: practice.languages,
            bio: practice.bio,
            achievements: practice.achievements,
            clinic_name: practice.clinic_name,
            clinic_address: practice.clinic_address,
            city: practice.city,
            state: practice.state,
            zip_code: practice.zip_code,
            department: practice.department,
            available_timings: practice.week.hours(),
            timezone: practice.zone,
            appointment_duration: practice.appointment_duration,
            buffer_minutes: practice.buffer,
            max_patients_per_day: practice.max_patients_per_day,
            is_available: !practice.is_unavailable,
            is_online_consultation_available: practice.is_online,
            is_verified: doctor.verified.is_some(),
            is_active: doctor.is_active,
            rating: doctor.rating.mean(),
            total_reviews: doctor.rating.count,
            created_by: doctor.created_by,
            created_at: doctor.created_at,
            updated_at: doctor.updated_at,
        }
    }
}

fn shown(whole: bool, plain: &str, masked: String) -> String {
    if whole { plain.to_owned() } else { masked }
}

crate::form! {
    /// What a doctor is to be from now on. What is not there stays; `null` forgets.
    pub struct DoctorChanges {
        /// The whole name, instead of its parts.
        name: Option<Text<150>> = "full_name",
        /// The given name.
        first_name: Option<Text<150>>,
        /// The family name.
        last_name: Change<Text<150>>,
        /// Where the doctor reads mail.
        email: Change<EmailAddress>,
        /// How to call the doctor, with country code.
        phone_number: Change<Phone> = "phone",
        /// The number of the identity card.
        cnic: Change<NationalId>,
        /// The doctor's own address.
        address: Change<Text<500>>,
        /// The licence to practise.
        license_number: Change<Text<100>>,
        /// The field of medicine.
        specialization: Change<Text<100>> = "specialty",
        /// A narrower field within it.
        sub_specialization: Change<Text<100>> = "subspecialty",
        /// Degrees, as the doctor writes them.
        qualification: Change<Text<300>>,
        /// How long the doctor has practised.
        years_of_experience: Change<Years> = "experience_years" | "years_experience",
        /// What a visit costs, as text or a number.
        consultation_fee: Change<Fee>,
        /// What a visit by video or phone costs.
        online_consultation_fee: Change<Fee>,
        /// The languages the doctor speaks: a list, or one text with commas. At most 20.
        languages: Change<Languages> = "languages_spoken",
        /// What the doctor says of themselves.
        bio: Change<Text<2000>>,
        /// What the doctor is proud of.
        achievements: Change<Text<2000>>,
        /// The clinic, for those without a hospital.
        clinic_name: Change<Text<255>> = "hospital_affiliation",
        /// Where the clinic is.
        clinic_address: Change<Text<500>>,
        /// City or town.
        city: Change<Text<100>>,
        /// State or province.
        state: Change<Text<100>>,
        /// Postal code.
        zip_code: Change<Text<20>> = "pincode" | "postal_code",
        /// A department of the hospital.
        department: Change<DepartmentId> = "department_id",
        /// When the doctor sees patients. Other hours than now replace the whole week.
        available_timings: Option<WeeklyHours> = "available_days",
        /// The IANA time zone those hours are in.
        timezone: Option<Zone> = "time_zone",
        /// How long one appointment is, in minutes: 15 to 120.
        appointment_duration: Option<AppointmentLength> = "consultation_duration",
        /// How long the doctor rests between two appointments, in minutes: 0 to 60.
        buffer_minutes: Option<Buffer> = "buffer_time" | "buffer",
        /// How many patients a day: 1 to 50.
        max_patients_per_day: Option<DailyMaximum>,
        /// Whether the doctor takes new patients.
        is_available: Option<bool> = "accepts_new_patients" | "is_accepting_patients",
        /// Whether the doctor sees patients by video or phone.
        is_online_consultation_available: Option<bool> = "is_online",
        /// Whether the doctor works here now. The doctor does not say so.
        is_active: Option<bool>,
    }
}

impl DoctorChanges {
    /// The name of somebody who is to be entered, as far as one is given.
    pub fn called(&self) -> Option<PersonName> {
        let whole = self.name.clone().map(PersonName::split);
        whole.or_else(|| Some(PersonName { first: self.first_name.clone()?, last: None }))
    }

    /// Makes the changes and says which fields they touch.
    pub fn apply(self, doctor: &mut Doctor, now: Timestamp) -> Vec<&'static str> {
        let mut changed = Vec::new();
        let name = self.name.map(PersonName::split);
        replace(&mut doctor.name, name, "name", &mut changed);
        replace(&mut doctor.name.first, self.first_name, "first_name", &mut changed);
        self.last_name.apply(&mut doctor.name.last, "last_name", &mut changed);
        self.email.apply(&mut doctor.email, "email", &mut changed);
        self.phone_number.apply(&mut doctor.phone, "phone_number", &mut changed);
        replace(&mut doctor.is_active, self.is_active, "is_active", &mut changed);

        let practice = &mut doctor.practice;
        macro_rules! change {
            ($($field:ident)+) => {
                $(self.$field.apply(&mut practice.$field, stringify!($field), &mut changed);)+
            };
        }
        change! {
            cnic address license_number specialization sub_specialization qualification
            years_of_experience consultation_fee online_consultation_fee bio achievements
            clinic_name clinic_address city state zip_code department
        }
        let mut languages = Some(Languages(practice.languages.clone()));
        self.languages.apply(&mut languages, "languages", &mut Vec::new());
        let languages = languages.map(|Languages(names)| names).unwrap_or_default();
        replace(&mut practice.languages, Some(languages), "languages", &mut changed);
        // The hours alone do not tell the shifts apart: the same hours keep their breaks.
        let hours = self.available_timings.filter(|hours| *hours != practice.week.hours());
        let week = hours.map(|hours| Week::of(hours, now));
        replace(&mut practice.week, week, "available_timings", &mut changed);
        replace(&mut practice.zone, self.timezone, "timezone", &mut changed);
        let length = self.appointment_duration;
        replace(&mut practice.appointment_duration, length, "appointment_duration", &mut changed);
        replace(&mut practice.buffer, self.buffer_minutes, "buffer_minutes", &mut changed);
        let most = self.max_patients_per_day;
        replace(&mut practice.max_patients_per_day, most, "max_patients_per_day", &mut changed);
        let unavailable = self.is_available.map(|is_available| !is_available);
        replace(&mut practice.is_unavailable, unavailable, "is_available", &mut changed);
        replace(
            &mut practice.is_online,
            self.is_online_consultation_available,
            "is_online_consultation_available",
            &mut changed,
        );
        doctor.updated_at = now;
        changed
    }
}

/// The languages somebody speaks, each of them once.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(try_from = "WrittenLanguages")]
#[schema(value_type = Vec<String>, max_items = 20)]
pub struct Languages(Vec<Text<50>>);

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a list of languages, or their names with commas")]
enum WrittenLanguages {
    List(Vec<Text<50>>),
    Text(String),
}

impl TryFrom<WrittenLanguages> for Languages {
    type Error = BadLanguages;

    fn try_from(written: WrittenLanguages) -> Result<Self, BadLanguages> {
        let mut names = Vec::new();
        let listed = match written {
            WrittenLanguages::List(listed) => listed,
            WrittenLanguages::Text(text) => text
                .split(',')
                .filter(|name| !name.trim().is_empty())
                .map(|name| name.to_owned().try_into().map_err(|_| BadLanguages))
                .collect::<Result<_, _>>()?,
        };
        for name in listed {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if names.len() <= MOST_LANGUAGES { Ok(Self(names)) } else { Err(BadLanguages) }
    }
}

/// These are no languages of one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected at most 20 languages with at most 50 characters each")]
pub struct BadLanguages;
