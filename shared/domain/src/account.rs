//! Accounts: who a person is to the hub and what they say of themselves.

use std::fmt;

use jiff::{Timestamp, ToSpan, civil::Date, tz};
use serde::{Deserialize, Serialize};
use serde_with::DeserializeFromStr;
use utoipa::ToSchema;

use crate::{
    Id, Revision,
    access::{Action, Actor, Origin, Part, PatientId, Role, Subject, UserId},
    choice::choice,
    contact::{EmailAddress, Phone},
    doctor::Doctor,
    event::Reference,
    failures,
    hospital::HospitalId,
    patient::Patient,
    revision::{Revised, revised},
    session::SessionId,
    text::Text,
};

/// The name an account is signed in with.
///
/// 3 to 150 letters, digits, dots, dashes and underscores, with a letter among them.
/// Case is kept for show; `Ana` and `ana` are the same name.
#[derive(Clone, PartialEq, Eq, Serialize, DeserializeFromStr, ToSchema)]
#[schema(value_type = String, min_length = 3, max_length = 150, pattern = "^[A-Za-z0-9._-]+$")]
pub struct Username(String);

impl Username {
    /// The name as it was chosen.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form under which the name is unique.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }

    /// The name of a doctor's account that a hospital opens: `alimehmood_jinnahhospital`.
    ///
    /// Whoever comes later under the same name gets a number behind it, and whose own name has no
    /// letter is called by the profession.
    pub fn of_doctor(doctor: &PersonName, hospital: &str, taken: u32) -> Self {
        let suffix = if taken == 0 { String::new() } else { taken.to_string() };
        let doctor = slug(&doctor.full(), 110);
        let has_letter = doctor.bytes().any(|b| b.is_ascii_alphabetic());
        let doctor = if has_letter { doctor.as_str() } else { "doctor" };
        Self(format!("{doctor}_{}{suffix}", slug(hospital, 20)))
    }

    /// The name of an account that begins with nothing but a phone.
    pub fn of_user(user: UserId) -> Self {
        Self(user.to_string().to_lowercase())
    }
}

/// The letters and digits of `text`, in lower-case ASCII.
fn slug(text: &str, length: usize) -> String {
    let folded = deunicode::deunicode(text).to_lowercase();
    folded.chars().filter(char::is_ascii_alphanumeric).take(length).collect()
}

impl std::str::FromStr for Username {
    type Err = BadUsername;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let sound = (3..=150).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
            && text.bytes().any(|b| b.is_ascii_alphabetic());
        if sound { Ok(Self(text.to_owned())) } else { Err(BadUsername) }
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

/// The text cannot name an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must have 3 to 150 letters, digits, dots, dashes or underscores, with a letter among them"
)]
pub struct BadUsername;

/// What a person is called. The last name may be missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonName {
    /// The given name.
    pub first: Text<150>,
    /// The family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Text<150>>,
}

impl PersonName {
    /// Splits a name written as one at its first space.
    pub fn split(name: Text<150>) -> Self {
        let parts = name.reveal().split_once(char::is_whitespace);
        let parts = parts.and_then(|(first, last)| {
            Some((first.to_owned().try_into().ok()?, last.to_owned().try_into().ok()?))
        });
        match parts {
            Some((first, last)) => Self { first, last: Some(last) },
            None => Self { first: name, last: None },
        }
    }

    /// Stands in for the name of somebody who gave none.
    pub fn of_username(username: &Username) -> Self {
        Self { first: Text::known(username.as_str()), last: None }
    }

    /// Stands in for the name of somebody of whom only the phone is known: `User 4567`.
    pub fn of_phone(phone: &Phone) -> Self {
        Self { first: Text::known("User"), last: Some(Text::known(phone.last_four())) }
    }

    /// The whole name.
    pub fn full(&self) -> String {
        match &self.last {
            Some(last) => format!("{} {}", self.first.reveal(), last.reveal()),
            None => self.first.reveal().to_owned(),
        }
    }

    /// The whole name, to be kept beside what the person wrote.
    pub fn signature(&self) -> Text<301> {
        Text::known(&self.full())
    }
}

choice! {
    /// The gender a person states.
    pub enum Gender: "a gender" {
        /// Male.
        Male = "MALE" | "M",
        /// Female.
        Female = "FEMALE" | "F",
        /// Another.
        Other = "OTHER" | "O",
        /// The person prefers not to say.
        Undisclosed = "UNDISCLOSED" | "P" | "PREFER_NOT_TO_SAY",
    }
}

choice! {
    /// A blood group of the ABO and rhesus systems.
    pub enum BloodGroup: "a blood group" {
        /// A, rhesus positive.
        APositive = "A+",
        /// A, rhesus negative.
        ANegative = "A-",
        /// B, rhesus positive.
        BPositive = "B+",
        /// B, rhesus negative.
        BNegative = "B-",
        /// AB, rhesus positive.
        AbPositive = "AB+",
        /// AB, rhesus negative.
        AbNegative = "AB-",
        /// O, rhesus positive.
        OPositive = "O+",
        /// O, rhesus negative.
        ONegative = "O-",
    }
}

/// What the holder of an account says of themselves. Every part is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// The day of birth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_of_birth: Option<Date>,
    /// The stated gender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<Gender>,
    /// Street and number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street: Option<Text<300>>,
    /// City or town.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<Text<100>>,
    /// State or province.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<Text<100>>,
    /// Postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zip_code: Option<Text<20>>,
    /// Country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<Text<100>>,
    /// Where to look on a map, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Text<300>>,
    /// Whom to call in an emergency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emergency_contact_name: Option<Text<150>>,
    /// How to call them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emergency_contact_phone: Option<Phone>,
    /// What they are to the person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emergency_contact_relationship: Option<Text<100>>,
    /// The blood group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blood_group: Option<BloodGroup>,
    /// Allergies, in the person's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allergies: Option<Text<2000>>,
    /// Earlier illnesses, in the person's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub medical_history: Option<Text<5000>>,
    /// The insurance, in the person's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insurance_info: Option<Text<1000>>,
    /// Where a picture of the person is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<Text<500>>,
    /// The IANA time zone the person lives in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<Zone>,
    /// The language the person prefers, as a BCP 47 tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Text<35>>,
}

impl Profile {
    /// How many whole years the person has lived.
    pub fn age(&self, today: Date) -> Option<i16> {
        let birthday = self.date_of_birth?;
        let years = today.year() - birthday.year();
        let had_it = birthday.checked_add(i64::from(years).years()).ok()? <= today;
        Some(if had_it { years } else { years - 1 })
    }

    /// Whether the day of birth is still to come everywhere on Earth.
    pub fn is_unborn(&self, now: Timestamp) -> bool {
        // Days begin first fourteen hours east of Greenwich.
        let latest_today = now.to_zoned(tz::offset(14).to_time_zone()).date();
        self.date_of_birth.is_some_and(|born| born > latest_today)
    }

    /// The latest day of birth of those who have lived `years` by `today`.
    pub fn latest_birthday(years: i16, today: Date) -> Date {
        let day = today.saturating_sub(years.years());
        let next = day.saturating_add(1.day());
        // Who was born on 29 February may be as old as those born the day before.
        if next.saturating_add(years.years()) <= today { next } else { day }
    }
}

/// The name of a time zone in the IANA database, such as `Asia/Karachi`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, DeserializeFromStr, ToSchema)]
#[schema(value_type = String, example = "Asia/Karachi")]
pub struct Zone(String);

impl Default for Zone {
    fn default() -> Self {
        Self("UTC".to_owned())
    }
}

impl Zone {
    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The rules of the zone.
    pub fn time_zone(&self) -> tz::TimeZone {
        tz::TimeZone::get(&self.0).unwrap_or(tz::TimeZone::UTC)
    }

    /// Which day it is there at an instant.
    pub fn date(&self, at: Timestamp) -> Date {
        at.to_zoned(self.time_zone()).date()
    }
}

impl std::str::FromStr for Zone {
    type Err = UnknownZone;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        tz::TimeZone::get(text)
            .ok()
            .and_then(|zone| zone.iana_name().map(|name| Self(name.to_owned())))
            .ok_or(UnknownZone)
    }
}

/// The text names no time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an IANA time zone such as Asia/Karachi")]
pub struct UnknownZone;

/// Which role somebody gets who opens an account on their own.
///
/// Who asks for none is a patient if they consent to their data being kept, and else
/// keeps a roster of others.
pub fn role_for_newcomer(
    wanted: Option<Role>,
    consent: Option<bool>,
) -> Result<Role, AccountError> {
    match (wanted, consent) {
        (_, Some(false)) => Err(AccountError::NoConsent),
        (Some(role), _) if role.is_open_to_all() => Ok(role),
        (Some(_), _) => Err(AccountError::RoleRefused),
        (None, Some(true)) => Ok(Role::Patient),
        (None, None) => Ok(Role::Coordinator),
    }
}

/// Whether an account may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
enum Standing {
    /// It waits for the hospital to be approved.
    Pending,
    /// It may be used.
    Active,
    /// It was closed.
    Closed {
        /// When.
        closed_at: Timestamp,
        /// By whom.
        closed_by: Option<UserId>,
    },
}

choice! {
    /// Whether an account may be used, in a word.
    pub enum StandingName: "a status" {
        /// It waits for approval.
        Pending = "PENDING",
        /// It may be used.
        Active = "ACTIVE",
        /// It was closed.
        Inactive = "INACTIVE",
    }
}

/// The account of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Identifies the account.
    pub id: UserId,
    /// The name it is signed in with.
    pub username: Username,
    /// The part its holder plays.
    pub role: Role,
    /// What its holder is called.
    pub name: PersonName,
    /// Where its holder reads mail. Several accounts may share an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailAddress>,
    /// Where its holder reads messages. Several accounts may share a phone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// The hospital its holder works for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospital: Option<HospitalId>,
    /// What its holder says of themselves.
    #[serde(default)]
    pub profile: Profile,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When its holder last gave consent to the hub keeping their data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consented_at: Option<Timestamp>,
    must_change_password: bool,
    generation: u32,
    #[serde(flatten)]
    standing: Standing,
    revision: Revision,
}

impl Account {
    /// Opens an account that may be used at once.
    pub fn open(username: Username, role: Role, name: PersonName, now: Timestamp) -> Self {
        Self {
            id: Id::generate(now),
            username,
            role,
            name,
            email: None,
            phone: None,
            hospital: None,
            profile: Profile::default(),
            created_at: now,
            updated_at: now,
            consented_at: None,
            must_change_password: false,
            generation: 0,
            standing: Standing::Active,
            revision: Revision::FIRST,
        }
    }

    /// Makes the account wait until its hospital is approved.
    #[must_use]
    pub fn awaiting_approval(self) -> Self {
        Self { standing: Standing::Pending, ..self }
    }

    /// Makes the holder choose a password before anything else.
    #[must_use]
    pub fn with_generated_password(self) -> Self {
        Self { must_change_password: true, ..self }
    }

    /// Whether the account may be used, in a word.
    pub fn standing(&self) -> StandingName {
        match self.standing {
            Standing::Pending => StandingName::Pending,
            Standing::Active => StandingName::Active,
            Standing::Closed { .. } => StandingName::Inactive,
        }
    }

    /// Whether the account may be used.
    pub fn is_active(&self) -> bool {
        matches!(self.standing, Standing::Active)
    }

    /// Whether the holder must choose a password before anything else.
    pub fn must_change_password(&self) -> bool {
        self.must_change_password
    }

    /// How often the holder was signed out everywhere. Sessions of an earlier
    /// generation have ended.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Lets the account be used, from now on.
    #[must_use]
    pub fn activate(self, now: Timestamp) -> Self {
        Self { standing: Standing::Active, updated_at: now, ..self }
    }

    /// Makes the account wait again and signs its holder out everywhere.
    #[must_use]
    pub fn suspend(self, now: Timestamp) -> Self {
        Self { standing: Standing::Pending, updated_at: now, ..self.sign_out_everywhere() }
    }

    /// Changes the part the holder plays. Doctors and hospitals come into being with
    /// records of their own, so nobody becomes one or ceases to be one.
    pub fn assign(self, role: Role, now: Timestamp) -> Result<Self, AccountError> {
        let fixed = |role| matches!(role, Role::Doctor | Role::Hospital);
        if role != self.role && (fixed(role) || fixed(self.role)) {
            return Err(AccountError::RoleRefused);
        }
        Ok(Self { role, updated_at: now, ..self })
    }

    /// Closes the account and signs its holder out everywhere.
    pub fn close(self, by: &Actor) -> Result<Self, AccountError> {
        match self.standing {
            Standing::Closed { .. } => Err(AccountError::Closed),
            _ if by.user == Some(self.id) => Err(AccountError::SelfDelete),
            Standing::Pending | Standing::Active => {
                let standing = Standing::Closed { closed_at: by.at, closed_by: by.user };
                Ok(Self { standing, updated_at: by.at, ..self.sign_out_everywhere() })
            }
        }
    }

    /// Records that the holder chose a new password. Other sessions end.
    #[must_use]
    pub fn password_chosen(self, now: Timestamp) -> Self {
        Self { must_change_password: false, updated_at: now, ..self.sign_out_everywhere() }
    }

    /// Ends every session that has begun so far.
    #[must_use]
    pub fn sign_out_everywhere(self) -> Self {
        Self { generation: self.generation + 1, ..self }
    }

    /// The holder, acting from `origin` in `session`.
    pub fn actor(&self, session: Option<SessionId>, origin: Origin, at: Timestamp) -> Actor {
        Actor {
            user: Some(self.id),
            part: Part::Member(self.role),
            hospital: self.hospital,
            session,
            origin,
            at,
        }
    }

    /// Whether both say the same of who the person is and whether they may act.
    pub fn is_the_same_person_as(&self, other: &Self) -> bool {
        let person = |account: &Self| {
            let Self { name, email, phone, .. } = account.clone();
            (name, email, phone, account.is_active())
        };
        person(self) == person(other)
    }

    /// Takes over what the record of the patient says of the person.
    pub fn follow_patient(&mut self, patient: &Patient) {
        self.name.clone_from(&patient.name);
        self.email.clone_from(&patient.email);
        self.phone.clone_from(&patient.phone);
        self.profile.clone_from(&patient.profile);
        self.updated_at = patient.updated_at;
    }

    /// Takes over what the directory says of the doctor, who was `before`. When others say that
    /// the doctor no longer works, or works again, the account closes or opens with it.
    pub fn follow_doctor(&mut self, before: &Doctor, doctor: &Doctor, by: &Actor) {
        self.name.clone_from(&doctor.name);
        self.email.clone_from(&doctor.email);
        self.phone.clone_from(&doctor.phone);
        self.updated_at = doctor.updated_at;
        if before.is_active == doctor.is_active || by.user == Some(self.id) {
            return;
        }
        if doctor.is_active {
            self.standing = Standing::Active;
        } else {
            self.standing = Standing::Closed { closed_at: by.at, closed_by: by.user };
            self.generation += 1;
        }
    }

    /// The names that a password must not be made of.
    pub fn names(&self) -> Vec<String> {
        let whole = self.name.full();
        let mut names = vec![self.username.folded(), whole.replace(' ', "")];
        names.extend(whole.split(' ').map(str::to_owned));
        if let Some(email) = &self.email {
            names.extend(email.reveal().split('@').map(str::to_owned));
            names.push(email.reveal().to_owned());
        }
        names.extend(self.phone.as_ref().map(|phone| phone.reveal().to_owned()));
        names
    }
}

revised!(Account);

impl Subject for Account {
    const VIEW: Action = Action::ViewAccount;

    fn reference(&self) -> Reference {
        self.id.into()
    }

    fn owner(&self) -> Option<UserId> {
        Some(self.id)
    }

    fn hospital(&self) -> Option<HospitalId> {
        self.hospital
    }

    fn patient(&self) -> Option<PatientId> {
        (self.role == Role::Patient).then(|| self.id.into())
    }

    fn rank(&self) -> u8 {
        self.role.rank()
    }
}

failures! {
    /// Why an account cannot be opened or changed.
    pub enum AccountError {
        UsernameTaken = Conflict "username-taken" "the user name is already taken",
        Stale = Conflict "account-stale" "the account changed in the meantime",
        Closed = Conflict "account-closed" "the account is closed",
        SelfDelete = Invalid "self-delete" "you cannot close your own account",
        RoleRefused = Invalid "role-refused" "nobody may give themselves this role",
        NoConsent = Invalid "no-consent" "consent is needed to keep your data",
        Ambiguous = Conflict "several-accounts" "several accounts use this phone number; say which one with `username`",
        AmbiguousPatient = Conflict "several-patients" "several patients use this phone number; say which one with `patient_id`",
        WrongPassword = Invalid "wrong-password" "the old password is not right",
        PasswordChangeDue = Forbidden "password-change-due" "choose a password of your own first, at /api/auth/change-password",
    }
}

failures! {
    /// Why somebody is not signed in. There is one answer for every cause.
    pub enum SignInError {
        Refused = Unauthenticated "sign-in-refused" "no active account was found with these credentials",
        CodeRefused = Unauthenticated "code-refused" "the code is not right or has expired",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day() -> impl Strategy<Value = Date> {
        (0_i64..60_000).prop_map(|days| jiff::civil::date(1900, 1, 1).saturating_add(days.days()))
    }

    fn name(first: &str, last: &str) -> PersonName {
        PersonName {
            first: first.to_owned().try_into().unwrap(),
            last: last.to_owned().try_into().ok(),
        }
    }

    #[test]
    fn a_doctors_username_joins_the_doctor_and_the_hospital() {
        let of = |first, last, hospital, taken| {
            Username::of_doctor(&name(first, last), hospital, taken).to_string()
        };
        assert_eq!(of("Ali", "Mehmood", "Jinnah Hospital", 0), "alimehmood_jinnahhospital");
        assert_eq!(of("Ali", "Mehmood", "Jinnah Hospital", 2), "alimehmood_jinnahhospital2");
        assert_eq!(
            of("José", "Núñez-Ortiz", "St. Mary’s Children Hospital", 0),
            "josenunezortiz_stmaryschildrenhospi"
        );
        assert_eq!(of("☃", "", "Clinic", 0), "snowman_clinic");
        assert_eq!(of("7", "", "24/7", 0), "doctor_247");
    }

    #[test]
    fn age_counts_birthdays_that_have_passed() {
        let born = |text: &str| Profile { date_of_birth: text.parse().ok(), ..Profile::default() };
        let today: Date = "2030-01-07".parse().unwrap();
        assert_eq!(born("2000-01-07").age(today), Some(30));
        assert_eq!(born("2000-01-08").age(today), Some(29));
        assert_eq!(born("2028-02-29").age("2029-02-28".parse().unwrap()), Some(1));
        assert_eq!(Profile::default().age(today), None);
    }

    #[test]
    fn lists_are_read_in_any_case() {
        assert_eq!("f".parse(), Ok(Gender::Female));
        assert_eq!("prefer not to say".parse(), Ok(Gender::Undisclosed));
        assert_eq!("ab-".parse(), Ok(BloodGroup::AbNegative));
        assert_eq!(BloodGroup::AbNegative.to_string(), "AB-");
        assert!("X".parse::<Gender>().is_err());
    }

    proptest! {
        #[test]
        fn usernames_read_back_and_generated_ones_are_sound(text in any::<String>(), hospital in any::<String>(), taken: u32) {
            if let Ok(username) = text.parse::<Username>() {
                prop_assert_eq!(username.as_str().parse::<Username>(), Ok(username.clone()));
            }
            if let Ok(first) = Text::<150>::try_from(text) {
                let generated = Username::of_doctor(&PersonName::split(first), &hospital, taken);
                prop_assert!(generated.as_str().parse::<Username>().is_ok());
                prop_assert!(generated.as_str().len() <= 140 + 4);
            }
        }

        #[test]
        fn who_is_born_until_the_latest_birthday_is_old_enough(born in day(), today in day(), years in 0_i16..120) {
            let (born, today) = (born.min(today), born.max(today));
            let profile = Profile { date_of_birth: Some(born), ..Profile::default() };
            let old_enough = profile.age(today) >= Some(years);
            prop_assert_eq!(old_enough, born <= Profile::latest_birthday(years, today));
        }

        #[test]
        fn any_zone_name_is_read_without_panic(text in any::<String>()) {
            let _ = text.parse::<Zone>();
        }
    }
}
