//! The first account of a hub, which opens all others.

use carehub_api::passwords::Passwords;
use carehub_domain::{
    access::{Action, Actor, Role},
    account::{Account, PersonName, Username},
    contact::EmailAddress,
    password::NewPassword,
};
use carehub_store::{Opening, Store};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use crate::OperatorError;

/// Opens the account of a superadmin.
///
/// Without a password one is made up and given back; it has to be changed at the first sign-in.
pub async fn create_admin(
    store: &Store,
    username: Username,
    email: Option<EmailAddress>,
    password: Option<SecretString>,
    now: Timestamp,
) -> Result<Option<String>, OperatorError> {
    let name = PersonName::of_username(&username);
    let mut account = Account::open(username, Role::Superadmin, name, now);
    account.email = email;
    let (account, password, shown) = match password {
        Some(typed) => {
            let password = NewPassword::choose(typed, &account.names())?;
            (account, password, None)
        }
        None => {
            let password = NewPassword::generate();
            let shown = password.reveal().expose_secret().to_owned();
            (account.with_generated_password(), password, Some(shown))
        }
    };
    let digest = Passwords::default().digest(&password).await?;
    let permit = Actor::operator(now).create(Action::CreateAccount, &account)?;
    let opening = Opening { password: Some(&digest), ..Opening::of(&account) };
    store.accounts().open(opening, &permit.noting("role", account.role)).await?;
    Ok(shown)
}
