//! `POST /api/auth/register`

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::Visitor,
    error::Problem,
    extract::{Body, Json},
    form,
    form::Invalid,
    passwords::{Passwords, Typed},
    profile::demand_born,
    token::Tokens,
};
use carehub_domain::{
    access::{Action, Actor, Role},
    account::{Account, PersonName, Username, role_for_newcomer},
    contact::{EmailAddress, Phone},
    doctor::{AppointmentLength, Buffer, DailyMaximum, Doctor, Practice},
    hours::WeeklyHours,
    password::NewPassword,
    schedule::Week,
    secret::Pepper,
    session::Session,
    text::Text,
};
use carehub_store::{Opening, Store};
use jiff::civil::Date;

use crate::{SignedInView, view::admitted};

form! {
    /// Somebody who opens an account of their own.
    pub(crate) struct Newcomer {
        /// The name to sign in with.
        username: Username,
        /// The password to sign in with: 8 to 128 characters, hard to guess.
        password: Typed,
        /// The same password again.
        password_confirm: Option<Typed> = "confirm_password" | "password2",
        /// Where the person reads mail.
        email: Option<EmailAddress>,
        /// Where the person reads messages, with country code.
        phone: Option<Phone> = "phone_number",
        /// The given name; the user name if there is none.
        first_name: Option<Text<150>>,
        /// The family name.
        last_name: Option<Text<150>>,
        /// The whole name, instead of its parts.
        name: Option<Text<150>> = "full_name",
        /// `PATIENT`, `DOCTOR` or `COORDINATOR`. Without one: a patient if `consent` is
        /// given, else a coordinator.
        role: Option<Role> = "user_type",
        /// Whether the person consents to their data being kept.
        consent: Option<bool>,
        /// The day of birth, as `YYYY-MM-DD`; not one that is to come.
        date_of_birth: Option<Date>,
        /// Street and number.
        street: Option<Text<300>> = "address",
        /// Where to look on a map, in words.
        location: Option<Text<300>>,
        /// For doctors: the field of medicine.
        specialization: Option<Text<100>> = "specialty",
        /// For doctors: the licence to practise.
        license_number: Option<Text<100>>,
        /// For doctors: how long one appointment is, in minutes.
        appointment_duration: Option<AppointmentLength>,
        /// For doctors: how long to rest between two appointments, in minutes.
        buffer_minutes: Option<Buffer>,
        /// For doctors: how many patients a day.
        max_patients_per_day: Option<DailyMaximum>,
        /// For doctors: when patients are seen.
        available_days: Option<WeeklyHours> = "available_timings",
    }
}

/// Open an account of one's own.
#[utoipa::path(post, path = "/api/auth/register", tag = "auth", security(()), request_body = Newcomer, responses(
    (status = 201, description = "The account is open and its holder signed in.", body = SignedInView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 409, description = "The user name is taken.", body = Problem),
    (status = 429, description = "Too many from this address: 20 a minute.", body = Problem),
))]
pub(crate) async fn handler(
    Visitor(visitor): Visitor,
    State(store): State<Store>,
    State(passwords): State<Passwords>,
    State(tokens): State<Tokens>,
    State(pepper): State<Pepper>,
    Body(newcomer): Body<Newcomer>,
) -> Result<(StatusCode, Json<SignedInView>)> {
    let role = role_for_newcomer(newcomer.role, newcomer.consent)?;
    let (account, practice, password) = newcomer.open(role, &visitor)?;
    let password = passwords.digest(&password.choose(&account)?).await?;
    let (session, refresh) = Session::begin(&account, &visitor.origin, visitor.at, &pepper);
    let doctor = (role == Role::Doctor).then(|| Doctor::enter(&account, practice));
    let permit = visitor.create(Action::CreateAccount, &account)?.noting("role", role);
    let opening = Opening {
        password: Some(&password),
        session: Some(&session),
        doctor: doctor.as_ref(),
        ..Opening::of(&account)
    };
    store.accounts().open(opening, &permit).await?;
    let signed_in = admitted(account, &session, &refresh, &tokens, &pepper, visitor.at)?;
    Ok((StatusCode::CREATED, Json(signed_in)))
}

/// A password on its way, typed twice.
struct Chosen {
    typed: Typed,
    again: Option<Typed>,
}

impl Chosen {
    fn choose(self, account: &Account) -> Result<NewPassword, Invalid> {
        self.typed.choose(self.again.as_ref(), "password", account)
    }
}

impl Newcomer {
    /// The account, for doctors what they do, and the password.
    fn open(self, role: Role, visitor: &Actor) -> Result<(Account, Practice, Chosen), Invalid> {
        let name = match (self.first_name, self.name) {
            (Some(first), _) => Some(PersonName { first, last: self.last_name }),
            (None, name) => name.map(PersonName::split),
        };
        let name = name.unwrap_or_else(|| PersonName::of_username(&self.username));
        let mut account = Account::open(self.username, role, name, visitor.at);
        account.email = self.email;
        account.phone = self.phone;
        account.consented_at = self.consent.filter(|&consent| consent).map(|_| visitor.at);
        account.profile.date_of_birth = self.date_of_birth;
        demand_born(&account.profile, visitor.at)?;
        account.profile.street = self.street;
        account.profile.location = self.location;
        let practice = Practice {
            specialization: self.specialization,
            license_number: self.license_number,
            week: Week::of(self.available_days.unwrap_or_default(), visitor.at),
            appointment_duration: self.appointment_duration.unwrap_or_default(),
            buffer: self.buffer_minutes.unwrap_or_default(),
            max_patients_per_day: self.max_patients_per_day.unwrap_or_default(),
            ..Practice::default()
        };
        Ok((account, practice, Chosen { typed: self.password, again: self.password_confirm }))
    }
}
