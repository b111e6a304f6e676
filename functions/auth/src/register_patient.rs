//! `POST /api/accounts/patients/register`

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::Visitor,
    error::Problem,
    extract::{Body, Json},
    form,
    passwords::{Passwords, Typed},
    view::AccountView,
};
use carehub_domain::{
    access::{Action, Role},
    account::{Account, AccountError, PersonName, Username},
    contact::{EmailAddress, Phone},
    text::Text,
};
use carehub_store::{Opening, Store};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

form! {
    /// A patient who opens an account.
    pub(crate) struct NewPatient {
        /// The name to sign in with.
        username: Username,
        /// Where the patient reads mail.
        email: EmailAddress,
        /// The password to sign in with: 8 to 128 characters, hard to guess.
        password: Typed,
        /// The same password again.
        password_confirm: Typed = "confirm_password" | "password2",
        /// The given name.
        first_name: Text<150>,
        /// The family name.
        last_name: Text<150>,
        /// Where the patient reads messages, with country code.
        phone_number: Phone = "phone",
        /// Must be `true`: the patient consents to their data being kept.
        consent: bool,
    }
}

/// A patient who was registered.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct RegisteredView {
    /// What was done.
    message: String,
    /// The account.
    user: AccountView,
}

/// Register as a patient.
#[utoipa::path(post, path = "/api/accounts/patients/register", tag = "accounts", security(()), request_body = NewPatient, responses(
    (status = 201, description = "The account is open.", body = RegisteredView),
    (status = 400, description = "Some fields are not right, or consent is missing.", body = Problem),
    (status = 409, description = "The user name is taken.", body = Problem),
    (status = 429, description = "Too many from this address: 20 a minute.", body = Problem),
))]
pub(crate) async fn handler(
    Visitor(visitor): Visitor,
    State(store): State<Store>,
    State(passwords): State<Passwords>,
    Body(patient): Body<NewPatient>,
) -> Result<(StatusCode, Json<RegisteredView>)> {
    let (account, password, again) = patient.open(visitor.at)?;
    let password = password.choose(Some(&again), "password", &account)?;
    let password = passwords.digest(&password).await?;
    let permit = visitor.create(Action::CreateAccount, &account)?.noting("role", account.role);
    let opening = Opening { password: Some(&password), ..Opening::of(&account) };
    store.accounts().open(opening, &permit).await?;
    let (message, user) =
        ("Patient registered successfully".to_owned(), AccountView::of(account, visitor.at));
    Ok((StatusCode::CREATED, Json(RegisteredView { message, user })))
}

impl NewPatient {
    fn open(self, now: Timestamp) -> Result<(Account, Typed, Typed), AccountError> {
        let consented_at = self.consent.then_some(now).ok_or(AccountError::NoConsent)?;
        let name = PersonName { first: self.first_name, last: Some(self.last_name) };
        let mut account = Account::open(self.username, Role::Patient, name, now);
        account.email = Some(self.email);
        account.phone = Some(self.phone_number);
        account.consented_at = Some(consented_at);
        Ok((account, self.password, self.password_confirm))
    }
}
