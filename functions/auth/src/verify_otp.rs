//! `POST /api/auth/verify-otp`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::Visitor,
    error::Problem,
    extract::{Body, Json},
    form,
    form::Invalid,
    token::Tokens,
};
use carehub_domain::{
    access::{Action, Actor, Role, UserId},
    account::{Account, AccountError, PersonName, SignInError, Username},
    code::{Code, CodeKey, Digits, Purpose},
    contact::{Identifier, Phone},
    secret::Pepper,
    session::Session,
    text::Text,
};
use carehub_store::{Opening, Store, WriteError};

use crate::{SignedInView, view::admitted};

form! {
    /// A code that a phone showed.
    pub(crate) struct Entry {
        /// The phone, with country code.
        phone: Phone = "phone_number",
        /// The six digits.
        otp: Digits = "code",
        /// `LOGIN` (if nothing is said) or `REGISTRATION`.
        purpose: Option<Purpose>,
        /// Which account, if several use the phone.
        username: Option<Username>,
        /// What a newcomer is called.
        name: Option<Text<150>>,
        /// Accepted and without effect: a newcomer is a patient.
        role: Option<Role>,
    }
}

/// Sign in with a code.
#[utoipa::path(post, path = "/api/auth/verify-otp", tag = "auth", security(()), request_body = Entry, responses(
    (status = 200, description = "The person is signed in. An unknown phone opens the account of a patient.", body = SignedInView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 401, description = "The code is not right, was used, or has expired. Five wrong entries end it.", body = Problem),
    (status = 409, description = "Several accounts use the phone; `username` must say which.", body = Problem),
    (status = 429, description = "Too many from this address: 5 a minute.", body = Problem),
))]
pub(crate) async fn handler(
    Visitor(visitor): Visitor,
    State(store): State<Store>,
    State(tokens): State<Tokens>,
    State(pepper): State<Pepper>,
    Body(entry): Body<Entry>,
) -> Result<Json<SignedInView>> {
    let purpose = entry.purpose()?;
    let code = entered(&store, purpose, &entry.phone, &entry.otp, &visitor, &pepper).await?;
    let holder = holder(&store, &entry.phone, entry.username.as_ref()).await?;
    let signed_in = match holder {
        Some(user) => {
            let (account, _) = store.accounts().credentials(user).await?.unzip();
            let account = account.filter(Account::is_active).ok_or(SignInError::CodeRefused)?;
            let open = store.hospitals().is_open(account.hospital, visitor.at).await?;
            open.then_some(()).ok_or(SignInError::CodeRefused)?;
            let (session, refresh) = Session::begin(&account, &visitor.origin, visitor.at, &pepper);
            let actor = account.actor(Some(session.id), visitor.origin, visitor.at);
            let permit = actor.create(Action::SignIn, &session)?.noting("by", "OTP");
            store.sessions().begin_by_code(&session, &code, &permit).await.map_err(refused)?;
            admitted(account, &session, &refresh, &tokens, &pepper, visitor.at)?
        }
        None => {
            let account = entry.newcomer(&visitor);
            let (session, refresh) = Session::begin(&account, &visitor.origin, visitor.at, &pepper);
            let permit =
                visitor.create(Action::CreateAccount, &account)?.noting("role", account.role);
            let opening =
                Opening { session: Some(&session), code: Some(&code), ..Opening::of(&account) };
            // The name is made up, so what somebody else was faster with is the code.
            store.accounts().open(opening, &permit).await.map_err(refused)?;
            admitted(account, &session, &refresh, &tokens, &pepper, visitor.at)?
        }
    };
    Ok(Json(signed_in))
}

/// Counts an entry, and gives out the code if the digits are right.
pub(crate) async fn entered(
    store: &Store,
    purpose: Purpose,
    phone: &Phone,
    digits: &Digits,
    visitor: &Actor,
    pepper: &Pepper,
) -> Result<Code> {
    let key = CodeKey::of(purpose, phone, None, pepper);
    let code = store.codes().attempt(&key).await.map_err(refused)?;
    match code.check(digits, visitor.at, pepper) {
        Ok(()) => Ok(code),
        Err(_) => {
            store.events().append(&visitor.create(Action::FailCode, &code)?).await?;
            Err(SignInError::CodeRefused.into())
        }
    }
}

/// Whose account a phone opens: the one that is named, the only one, or the only patient.
pub(crate) async fn holder(
    store: &Store,
    phone: &Phone,
    username: Option<&Username>,
) -> Result<Option<UserId>> {
    let phone = Identifier::Phone(phone.clone());
    let on_phone = store.accounts().named(&phone).await?;
    let wanted = match username {
        Some(username) => {
            let named = store.accounts().named(&Identifier::Username(username.clone())).await?;
            let named = named.into_iter().find(|named| on_phone.contains(named));
            vec![named.ok_or(SignInError::CodeRefused)?]
        }
        None if on_phone.len() > 1 => {
            on_phone.into_iter().filter(|(_, role)| *role == Role::Patient).collect()
        }
        None if on_phone.is_empty() => return Ok(None),
        None => on_phone,
    };
    match wanted.as_slice() {
        [(user, _)] => Ok(Some(*user)),
        _ => Err(AccountError::Ambiguous.into()),
    }
}

/// A code that somebody else used first is no better than a wrong one.
fn refused<E>(error: WriteError<E>) -> carehub_api::ApiError {
    match error {
        WriteError::Condition(_) => SignInError::CodeRefused.into(),
        WriteError::Store(error) => error.into(),
    }
}

impl Entry {
    fn purpose(&self) -> Result<Purpose, Invalid> {
        match self.purpose.unwrap_or(Purpose::Login) {
            purpose @ (Purpose::Login | Purpose::Registration) => Ok(purpose),
            Purpose::PasswordReset | Purpose::Repository => {
                Err(Invalid::field("purpose", "expected LOGIN or REGISTRATION"))
            }
        }
    }

    fn newcomer(self, visitor: &Actor) -> Account {
        let id = carehub_domain::Id::generate(visitor.at);
        let name = self.name.map_or_else(|| PersonName::of_phone(&self.phone), PersonName::split);
        let mut account = Account::open(Username::of_user(id), Role::Patient, name, visitor.at);
        (account.id, account.phone) = (id, Some(self.phone));
        account
    }
}
