//! `POST /api/auth/login`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::Visitor,
    error::Problem,
    extract::{Body, Json},
    form,
    form::Invalid,
    limit::{Bucket, Limiter},
    passwords::{Passwords, Typed},
    token::Tokens,
};
use carehub_domain::{
    Id,
    access::{Action, Actor, Stranger, UserId},
    account::{Account, SignInError},
    contact::{Identifier, Phone},
    event::Reference,
    secret::Pepper,
    session::Session,
    strikes::Strikes,
    text::Text,
};
use carehub_store::{Store, StoreError};

use crate::{SignedInView, view::admitted};

form! {
    /// Somebody who signs in.
    pub(crate) struct Credentials {
        /// The user name, the e-mail address or the phone.
        username: Option<Text<254>> = "identifier",
        /// The e-mail address, if there is no user name.
        email: Option<Text<254>>,
        /// The phone, if there is neither.
        phone: Option<Text<254>> = "phone_number",
        /// The password.
        password: Typed,
        /// Accepted and without effect: sessions always last seven days.
        remember: Option<bool> = "remember_me",
    }
}

/// Sign in with a password.
#[utoipa::path(post, path = "/api/auth/login", tag = "auth", security(()), request_body = Credentials, responses(
    (status = 200, description = "The person is signed in.", body = SignedInView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 401, description = "No active account has these credentials, whatever the cause.", body = Problem),
    (status = 429, description = "Too many from this address or for this account: 5 a minute; after failures, ever longer waits.", body = Problem),
))]
pub(crate) async fn handler(
    Visitor(visitor): Visitor,
    State(store): State<Store>,
    State(limiter): State<Limiter>,
    State(passwords): State<Passwords>,
    State(tokens): State<Tokens>,
    State(pepper): State<Pepper>,
    Body(credentials): Body<Credentials>,
) -> Result<Json<SignedInView>> {
    let (typed, password) = credentials.read()?;
    limiter.count(Bucket::AuthIdentity, &typed.to_lowercase(), visitor.at).await?;
    let failures = Strikes::none(&typed, &visitor.origin.address.to_string(), &pepper);
    let failed = store.failed_sign_ins();
    let (failures, meant) =
        tokio::try_join!(failed.so_far(failures), meant(&store, &typed, &visitor))?;
    failures.admit(visitor.at)?;

    let account = proved(&store, &passwords, &meant, &password, &visitor).await?;
    let Some(account) = account else {
        let permit = visitor.create(Action::FailSignIn, &attempt())?;
        failed.save(&failures.and_one(visitor.at), &permit).await?;
        return Err(SignInError::Refused.into());
    };

    let (session, refresh) = Session::begin(&account, &visitor.origin, visitor.at, &pepper);
    let actor = account.actor(Some(session.id), visitor.origin, visitor.at);
    let permit = actor.create(Action::SignIn, &session)?;
    store.sessions().begin(&session, failures.any().as_ref(), &permit).await?;
    Ok(Json(admitted(account, &session, &refresh, &tokens, &pepper, visitor.at)?))
}

fn attempt() -> Stranger {
    Stranger { reference: Reference::named("sign-in") }
}

/// How many of the accounts that share an e-mail address or a phone are tried, the oldest
/// first. Whoever registers with the address of another comes behind them.
const NAMESAKES: usize = 3;

/// The accounts that `typed` may mean. Where it means none, an identifier that nobody has,
/// so that all that follows is the same.
async fn meant(store: &Store, typed: &str, visitor: &Actor) -> Result<Vec<UserId>, StoreError> {
    let named = match Identifier::read(typed) {
        Some(identifier) => store.accounts().named(&identifier).await?,
        None => Vec::new(),
    };
    let mut meant: Vec<UserId> = named.into_iter().map(|(user, _)| user).take(NAMESAKES).collect();
    if meant.is_empty() {
        meant.push(Id::generate(visitor.at));
    }
    Ok(meant)
}

/// The one of the accounts that `password` proves to be theirs, if it may be used.
async fn proved(
    store: &Store,
    passwords: &Passwords,
    meant: &[UserId],
    password: &Typed,
    visitor: &Actor,
) -> Result<Option<Account>> {
    let found = store.accounts().all_credentials(meant).await?;
    let mut tries: Vec<_> = found.into_iter().map(Some).collect();
    if tries.is_empty() {
        // Nobody is tried too, in vain and for as long.
        tries.push(None);
    }
    let hospitals = store.hospitals();
    for one in tries {
        let (account, kept) = one.unzip();
        let hospital = account.as_ref().and_then(|account| account.hospital);
        // The look at the hospital hides in the time that the digest takes.
        let (matches, open) = tokio::join!(
            passwords.matches(password.secret(), kept.flatten()),
            hospitals.is_open(hospital, visitor.at)
        );
        let admitted = matches? && open?;
        let proved = account.filter(|account| admitted && account.is_active());
        if proved.is_some() {
            return Ok(proved);
        }
    }
    Ok(None)
}

impl Credentials {
    fn read(self) -> Result<(String, Typed), Invalid> {
        let typed = self.username.or(self.email).or(self.phone);
        let typed = typed.ok_or_else(|| Invalid::field("username", "is required"))?;
        let typed = typed.reveal();
        // However a phone is written, its tries are counted together.
        let phone = typed.parse().map(|phone: Phone| phone.reveal().to_owned());
        Ok((phone.unwrap_or_else(|_| typed.to_owned()), self.password))
    }
}
