//! `GET` and `POST /api/auth/admin/users`, and each user under it

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::{CurrentActor, SignedIn},
    created::Created,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
    form::{Fields, Form},
    listing::{Listing, PageView, Paging},
    passwords::{Passwords, Typed},
    profile::ProfileChanges,
    view::AccountView,
};
use carehub_domain::{
    access::{Action, Actor, Permit, Role, UserId},
    account::{Account, AccountError, PersonName, Username},
    contact::{EmailAddress, Phone},
    doctor::{Doctor, Practice},
    password::NewPassword,
    text::Text,
};
use carehub_store::{Opening, Page, Store};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::{
    ToSchema,
    openapi::{AllOfBuilder, RefOr, Schema},
};

form! {
    /// Which accounts to list.
    pub(crate) struct Wanted {
        /// Only this role.
        role: Option<Role> = "user_type",
        /// Only those with a word that begins like this: name, user name, e-mail or phone.
        search: Option<Text<150>> = "query",
        /// Accepted and without effect: newest first, or by word when searching.
        ordering: Option<String>,
    }
}

form! {
    /// An account that an admin opens for somebody.
    pub(crate) struct NewUser {
        /// `PATIENT`, `DOCTOR`, `COORDINATOR` or `ADMIN`.
        role: Role,
        /// The whole name.
        name: Option<Text<150>> = "full_name",
        /// The given name, instead of the whole.
        first_name: Option<Text<150>>,
        /// The family name.
        last_name: Option<Text<150>>,
        /// The name to sign in with; made up if there is none.
        username: Option<Username>,
        /// Where the person reads messages, with country code.
        phone: Option<Phone> = "phone_number",
        /// Where the person reads mail.
        email: Option<EmailAddress>,
        /// The first password; made up, and shown once, if there is none.
        password: Option<Typed>,
    }
}

form! {
    /// What only an admin changes about an account.
    pub(crate) struct Administration {
        /// The part the holder plays from now on.
        role: Option<Role> = "user_type",
        /// Whether the account may be used.
        is_active: Option<bool>,
    }
}

/// Changes that an admin makes to an account: fields of both in one object.
#[derive(Debug)]
pub(crate) struct UserChanges {
    administration: Administration,
    profile: ProfileChanges,
}

impl Form for UserChanges {
    fn read(fields: &mut Fields) -> Option<Self> {
        let (administration, profile) =
            (Administration::read(fields), ProfileChanges::read(fields));
        Some(Self { administration: administration?, profile: profile? })
    }
}

impl utoipa::PartialSchema for UserChanges {
    fn schema() -> RefOr<Schema> {
        let administration = <Administration as utoipa::PartialSchema>::schema();
        let profile = <ProfileChanges as utoipa::PartialSchema>::schema();
        AllOfBuilder::new().item(administration).item(profile).into()
    }
}

impl ToSchema for UserChanges {}

/// An account that was opened for somebody.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NewUserView {
    /// What was done.
    pub message: String,
    /// The account.
    pub user: AccountView,
    /// The password that was made up. It is shown here and never again.
    pub password: Option<String>,
}

/// List and search accounts.
#[utoipa::path(get, path = "/api/auth/admin/users", tag = "auth", params(
    ("role" = Option<Role>, Query, description = "Only this role."),
    ("search" = Option<String>, Query, description = "Only those with a word that begins like this: name, user name, e-mail or phone."),
    Paging,
), responses(
    (status = 200, description = "Accounts, newest first, or by word when searching.", body = PageView<AccountView>),
    (status = 403, description = "Only admins may see this.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Wanted>,
    State(store): State<Store>,
) -> Result<Json<PageView<AccountView>>> {
    everyone(&actor, &listing, &store).await
}

/// List the profiles one may see.
#[utoipa::path(get, path = "/api/profiles", tag = "accounts", params(
    ("role" = Option<Role>, Query, description = "For admins: only this role."),
    ("search" = Option<String>, Query, description = "For admins: only those with a word that begins like this."),
    Paging,
), responses(
    (status = 200, description = "One's own profile; for admins, those of everyone.", body = PageView<AccountView>),
    (status = 401, description = "Nobody is signed in.", body = Problem),
))]
pub(crate) async fn profiles(
    signed_in: SignedIn,
    listing: Listing<Wanted>,
    State(store): State<Store>,
) -> Result<Json<PageView<AccountView>>> {
    let SignedIn { actor, account, .. } = signed_in.settled()?;
    match actor.allow(Action::ListAccounts) {
        Ok(_) => everyone(&actor, &listing, &store).await,
        Err(_) => {
            Ok(listing
                .answer(Page::of(vec![account]), |account| AccountView::of(account, actor.at)))
        }
    }
}

async fn everyone(
    actor: &Actor,
    listing: &Listing<Wanted>,
    store: &Store,
) -> Result<Json<PageView<AccountView>>> {
    let _permit = actor.allow(Action::ListAccounts)?;
    let (accounts, window) = (store.accounts(), listing.window.clone());
    let roles: Vec<Role> = listing.filter.roles().filter(|role| actor.outranks(*role)).collect();
    let page = match &listing.filter.search {
        Some(text) => accounts.found_by(text.reveal(), &roles, window).await?,
        None => accounts.of_roles(&roles, window).await?,
    };
    Ok(listing.answer(page.visible_to(actor), |account| AccountView::of(account, actor.at)))
}

/// Open an account for somebody.
#[utoipa::path(post, path = "/api/auth/admin/users", tag = "auth", request_body = NewUser, responses(
    (status = 201, description = "The account is open.", body = NewUserView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only admins may do this, and only up to their own rank.", body = Problem),
    (status = 409, description = "The user name is taken.", body = Problem),
))]
pub(crate) async fn create(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
    State(passwords): State<Passwords>,
    Body(new): Body<NewUser>,
) -> Result<Created<Json<NewUserView>>> {
    let (account, password, shown) = new.open(&actor)?;
    let permit = actor.create(Action::CreateAccount, &account)?.noting("role", account.role);
    let digest = passwords.digest(&password).await?;
    let doctor = || Doctor::enter(&account, Practice::default()).vouched_for(&actor);
    let doctor = (account.role == Role::Doctor).then(doctor);
    let opening =
        Opening { password: Some(&digest), doctor: doctor.as_ref(), ..Opening::of(&account) };
    store.accounts().open(opening, &permit).await?;
    let location = format!("/api/auth/admin/users/{}", account.id);
    let message = format!("{} account created successfully", account.role);
    let user = AccountView::of(account, actor.at);
    Ok(Created::at(location, Json(NewUserView { message, user, password: shown })))
}

/// See an account.
#[utoipa::path(get, path = "/api/auth/admin/users/{id}", tag = "auth", params(
    ("id" = UserId, Path, description = "The account."),
), responses(
    (status = 200, description = "The account.", body = AccountView),
    (status = 404, description = "There is no such account, or it is not for this person to see.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<UserId>,
    State(store): State<Store>,
) -> Result<Tagged<Json<AccountView>>> {
    let account = store.accounts().find(id).await?.view(&actor)?;
    Ok(Tagged::showing(account, |account| AccountView::of(account, actor.at)))
}

/// Change an account.
#[utoipa::path(patch, path = "/api/auth/admin/users/{id}", tag = "auth", request_body = UserChanges, params(
    ("id" = UserId, Path, description = "The account."),
), responses(
    (status = 200, description = "The account as it is now. `PUT` means the same. Profile fields stand beside `role` and `is_active`.", body = AccountView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 404, description = "There is no such account, or it is not for this person to see.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<UserId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<UserChanges>,
) -> Result<Tagged<Json<AccountView>>> {
    let (before, _) = store.accounts().find(id).await?.permit(&actor, Action::EditAccount)?;
    expected.check(&before)?;
    let (mut account, permit) = changes.apply(before.clone(), &actor)?;
    store.accounts().save(&before, &mut account, &permit).await?;
    Ok(Tagged::showing(account, |account| AccountView::of(account, actor.at)))
}

/// Close an account.
#[utoipa::path(delete, path = "/api/auth/admin/users/{id}", tag = "auth", params(
    ("id" = UserId, Path, description = "The account."),
), responses(
    (status = 204, description = "The account is closed and its holder signed out. What they did is kept."),
    (status = 400, description = "Nobody closes their own account.", body = Problem),
    (status = 404, description = "There is no such account, or it is not for this person to see.", body = Problem),
    (status = 409, description = "The account is closed already.", body = Problem),
))]
pub(crate) async fn close(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<UserId>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    let (before, permit) =
        store.accounts().find(id).await?.permit(&actor, Action::DeleteAccount)?;
    expected.check(&before)?;
    let mut closed = before.clone().close(&actor)?;
    store.accounts().save(&before, &mut closed, &permit.noting("role", before.role)).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Wanted {
    fn roles(&self) -> impl Iterator<Item = Role> {
        let wanted = self.role;
        Role::ALL.iter().copied().filter(move |role| wanted.is_none_or(|wanted| wanted == *role))
    }
}

impl NewUser {
    /// The account, its first password, and that password in words if it was made up.
    fn open(self, actor: &Actor) -> Result<(Account, NewPassword, Option<String>)> {
        if self.role == Role::Hospital {
            return Err(AccountError::RoleRefused.into());
        }
        let id: UserId = carehub_domain::Id::generate(actor.at);
        let username = self.username.unwrap_or_else(|| Username::of_user(id));
        let name = match (self.first_name, self.name) {
            (Some(first), _) => PersonName { first, last: self.last_name },
            (None, Some(name)) => PersonName::split(name),
            (None, None) => PersonName::of_username(&username),
        };
        let mut account = Account::open(username, self.role, name, actor.at);
        (account.id, account.phone, account.email) = (id, self.phone, self.email);
        match self.password {
            Some(typed) => {
                let password = typed.choose(None, "password", &account)?;
                Ok((account, password, None))
            }
            None => {
                let password = NewPassword::generate();
                let shown = password.reveal().expose_secret().to_owned();
                Ok((account.with_generated_password(), password, Some(shown)))
            }
        }
    }
}

impl UserChanges {
    /// The changed account, and permission for the weightiest of the changes.
    fn apply(self, before: Account, actor: &Actor) -> Result<(Account, Permit)> {
        let Administration { role: wanted, is_active } = self.administration;
        let (role, active) = (before.role, before.is_active());
        let mut account = before;
        let changed = self.profile.apply(&mut account, actor.at)?;
        let account = match wanted {
            Some(wanted) => account.assign(wanted, actor.at)?,
            None => account,
        };
        let (account, action) = match is_active {
            Some(false) if active => (account.close(actor)?, Action::DeleteAccount),
            Some(true) if !active => (account.activate(actor.at), Action::AdministerAccount),
            _ if account.role != role => (account.sign_out_everywhere(), Action::AdministerAccount),
            _ => (account, Action::EditAccount),
        };
        let permit = actor.authorize(action, &account)?.changing(&changed);
        let permit = match action {
            Action::EditAccount => permit,
            Action::AdministerAccount if active => {
                permit.noting("from_role", role).noting("role", account.role)
            }
            _ => permit.noting("role", if active { role } else { account.role }),
        };
        Ok((account, permit))
    }
}
