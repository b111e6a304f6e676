//! Accounts, and the names under which they are found.

use carehub_domain::{
    access::{Guarded, Permit, Role, UserId},
    account::{Account, AccountError, SignInError},
    code::Code,
    contact::{EmailAddress, Identifier, Phone},
    doctor::Doctor,
    password::PasswordHash,
    patient::Patient,
    search::{self, Place},
    session::Session,
};
use serde::{Deserialize, Serialize};

use crate::{
    Entity, Key, Page, StoreError, Table, Window, WriteError, aggregate, doctors, entity,
    filing::discard,
    key::{Partition, Slice},
    patients,
    query::{Filter, Order},
    transaction::Transaction,
};

aggregate! {
    /// The accounts of everyone.
    Accounts
}

/// An account with what comes into being at its side.
#[derive(Clone, Debug)]
pub struct Opening<'a> {
    /// The account.
    pub account: &'a Account,
    /// What is kept of the password, for those who have one.
    pub password: Option<&'a PasswordHash>,
    /// The session that begins at once.
    pub session: Option<&'a Session>,
    /// The doctor, for those who register as one.
    pub doctor: Option<&'a Doctor>,
    /// The one-time code that paid for it.
    pub code: Option<&'a Code>,
}

impl<'a> Opening<'a> {
    /// The account alone.
    pub fn of(account: &'a Account) -> Self {
        Self { account, password: None, session: None, doctor: None, code: None }
    }
}

impl Accounts<'_> {
    /// Looks up an account.
    pub async fn find(&self, id: UserId) -> Result<Guarded<Account>, StoreError> {
        self.store.find(at(id)).await.map(Guarded::new)
    }

    /// The account of `id` and what is kept of its password, for checking who signs in.
    pub async fn credentials(
        &self,
        id: UserId,
    ) -> Result<Option<(Account, Option<PasswordHash>)>, StoreError> {
        self.all_credentials(&[id]).await.map(|mut found| found.pop())
    }

    /// The same for several, in one round trip. Those that are gone are left out.
    pub async fn all_credentials(
        &self,
        ids: &[UserId],
    ) -> Result<Vec<(Account, Option<PasswordHash>)>, StoreError> {
        let keys: Vec<Key> = ids.iter().flat_map(|&id| [at(id), Credential::at(id)]).collect();
        let mut found = self.store.gather(&keys).await?;
        let mut all = Vec::new();
        for &id in ids {
            let Some(account) = found.remove(&at(id)) else { continue };
            let credential = found.remove(&Credential::at(id)).map(entity::decode::<Credential>);
            let hash = credential.transpose()?.map(|credential| credential.hash);
            all.push((entity::decode(account)?, hash));
        }
        Ok(all)
    }

    /// The accounts that `identifier` may mean: one user name, or all that share an
    /// e-mail address or a phone, at most ten.
    pub async fn named(&self, identifier: &Identifier) -> Result<Vec<(UserId, Role)>, StoreError> {
        let partition = match identifier {
            Identifier::Username(username) => {
                Key::partition(Table::Identity, "username", username.folded())
            }
            Identifier::Email(email) => of_email(email),
            Identifier::Phone(phone) => of_phone(phone),
        };
        let slice = partition.slice(format!("{}#", Handle::KIND));
        let page = self.store.page::<Handle>(slice, Order::OldestFirst, Window::first(10)).await?;
        Ok(page.records.into_iter().map(|Handle { user, role, .. }| (user, role)).collect())
    }

    /// The patients who read their messages on `phone`, at most ten.
    pub async fn patients_on(&self, phone: &Phone) -> Result<Vec<UserId>, StoreError> {
        let named = self.named(&Identifier::Phone(phone.clone())).await?;
        Ok(named.into_iter().filter(|(_, role)| *role == Role::Patient).map(|(id, _)| id).collect())
    }

    /// Reads a page of accounts of any of `roles`, newest first.
    pub async fn of_roles(
        &self,
        roles: &[Role],
        window: Window,
    ) -> Result<Page<Account>, StoreError> {
        let slices = slices(roles, &format!("{}#", Listed::KIND));
        self.listed(slices, Order::NewestFirst, window, &Filter::default()).await
    }

    /// Reads a page of accounts of any of `roles` with a word that begins with the one
    /// wanted in `text`.
    pub async fn found_by(
        &self,
        text: &str,
        roles: &[Role],
        window: Window,
    ) -> Result<Page<Account>, StoreError> {
        let Some(word) = search::wanted(text) else {
            return Ok(Page::of(Vec::new()));
        };
        let (slices, first) =
            (slices(roles, &format!("{WORD}#{word}")), Filter::default().first_of(&word));
        self.listed(slices, Order::OldestFirst, window, &first).await
    }

    async fn listed(
        &self,
        slices: Vec<Slice>,
        order: Order,
        window: Window,
        filter: &Filter,
    ) -> Result<Page<Account>, StoreError> {
        let page = self.store.merged::<Listed>(slices, order, window, filter).await?;
        let ids = page.records.iter().map(|listed| listed.user);
        let accounts = self.store.fetch(ids.map(at).collect()).await?;
        Ok(page.with(accounts))
    }

    /// Opens an account.
    pub async fn open(
        &self,
        opening: Opening<'_>,
        permit: &Permit,
    ) -> Result<(), WriteError<AccountError>> {
        open(self.store.transaction(permit), &opening, AccountError::UsernameTaken).commit().await
    }

    /// Saves a changed account, which was `before`, and files it under its present names.
    pub async fn save(
        &self,
        before: &Account,
        account: &mut Account,
        permit: &Permit,
    ) -> Result<(), WriteError<AccountError>> {
        let transaction = self.store.transaction(permit);
        let (transaction, late) = self.take_along(transaction, before, account).await?;
        resave(transaction, before, account, AccountError::Stale).commit().await?;
        Ok(discard(late, self.store).await?)
    }

    /// Patients and doctors are recorded beside their accounts: what changes here changes there.
    /// What is given back is to go afterwards.
    async fn take_along<'s>(
        &'s self,
        transaction: Transaction<'s, AccountError>,
        before: &Account,
        account: &Account,
    ) -> Result<(Transaction<'s, AccountError>, Vec<Key>), StoreError> {
        let (store, none) = (self.store, Vec::new());
        match account.role {
            Role::Patient => match store.patients().recorded(account.id.into()).await? {
                Some(patient) => {
                    let mut changed = patient.clone();
                    changed.follow(account);
                    let stale = AccountError::Stale;
                    patients::follow(transaction, &patient, &mut changed, stale, store).await
                }
                None => Ok((patients::enter(transaction, &Patient::of_account(account)), none)),
            },
            Role::Doctor if !before.is_the_same_person_as(account) => {
                let Some(doctor) = store.doctors().recorded(account.id.into()).await? else {
                    return Ok((transaction, none));
                };
                let mut changed = doctor.clone();
                changed.follow(account);
                let stale = AccountError::Stale;
                Ok((doctors::resave(transaction, &doctor, &mut changed, stale), none))
            }
            Role::Doctor | Role::Hospital | Role::Coordinator | Role::Admin | Role::Superadmin => {
                Ok((transaction, none))
            }
        }
    }

    /// Removes an account with everything it is found by, as if it had never been. Its
    /// sessions end with it. Only demonstrations need this; people's accounts are closed.
    pub async fn erase(
        &self,
        account: &Account,
        permit: &Permit,
    ) -> Result<(), WriteError<AccountError>> {
        let claim = Handle { home: name_of(account), user: account.id, role: account.role };
        let transaction = self
            .store
            .transaction(permit)
            .retire(account, AccountError::Stale)
            .remove(Credential::at(account.id))
            .remove(claim.key());
        let handles = handles(account).into_iter().map(|handle| handle.key());
        let listings = listings(account).into_iter().map(|listed| listed.key());
        let transaction = handles.chain(listings).fold(transaction, Transaction::remove);
        match self.store.patients().recorded(account.id.into()).await? {
            Some(patient) => patients::erase(transaction, &patient),
            None => transaction,
        }
        .commit()
        .await
    }

    /// Saves a chosen password and the session that goes on with it.
    pub async fn change_password(
        &self,
        account: &mut Account,
        hash: PasswordHash,
        session: &Session,
        permit: &Permit,
    ) -> Result<(), WriteError<AccountError>> {
        let user = account.id;
        self.store
            .transaction(permit)
            .replace(account, AccountError::Stale)
            .put(&Credential { user, hash })
            .put(session)
            .commit()
            .await
    }

    /// Saves a new password that a one-time code paid for.
    pub async fn reset_password(
        &self,
        account: &mut Account,
        hash: PasswordHash,
        code: &Code,
        permit: &Permit,
    ) -> Result<(), WriteError<SignInError>> {
        let user = account.id;
        self.store
            .transaction(permit)
            .delete(code.key(), SignInError::CodeRefused)
            .replace(account, SignInError::CodeRefused)
            .put(&Credential { user, hash })
            .commit()
            .await
    }
}

/// Adds the opening of an account to a transaction.
pub(crate) fn open<'s, E: Copy>(
    transaction: Transaction<'s, E>,
    opening: &Opening<'_>,
    taken: E,
) -> Transaction<'s, E> {
    let Opening { account, password, session, doctor, code } = *opening;
    let claim = Handle { home: name_of(account), user: account.id, role: account.role };
    let mut transaction = transaction.create(&claim, taken).create(account, taken);
    if let Some(hash) = password {
        transaction = transaction.put(&Credential { user: account.id, hash: hash.clone() });
    }
    if let Some(session) = session {
        transaction = transaction.put(session);
    }
    if let Some(code) = code {
        transaction = transaction.delete(code.key(), taken);
    }
    if let Some(doctor) = doctor {
        transaction = doctors::enter(transaction, doctor);
    }
    if account.role == Role::Patient {
        transaction = patients::enter(transaction, &Patient::of_account(account));
    }
    for handle in handles(account) {
        transaction = transaction.put(&handle);
    }
    for listed in listings(account) {
        transaction = transaction.put(&listed);
    }
    transaction
}

/// Adds a changed account, which was `before`, to a transaction.
pub(crate) fn resave<'s, E>(
    transaction: Transaction<'s, E>,
    before: &Account,
    account: &mut Account,
    stale: E,
) -> Transaction<'s, E> {
    refile(transaction.replace(account, stale), before, account)
}

/// Files a changed account under its present names and no longer under former ones.
fn refile<'s, E>(
    mut transaction: Transaction<'s, E>,
    before: &Account,
    after: &Account,
) -> Transaction<'s, E> {
    let (old, new) = (handles(before), handles(after));
    // A role may change while the name stays, and one transaction writes an item once.
    for handle in old.iter().filter(|handle| new.iter().all(|kept| kept.home != handle.home)) {
        transaction = transaction.remove(handle.key());
    }
    for handle in new.iter().filter(|handle| !old.contains(handle)) {
        transaction = transaction.put(handle);
    }
    let (old, new) = (listings(before), listings(after));
    for listed in old.iter().filter(|listed| new.iter().all(|kept| kept.key() != listed.key())) {
        transaction = transaction.remove(listed.key());
    }
    for listed in new.iter().filter(|listed| !old.contains(listed)) {
        transaction = transaction.put(listed);
    }
    if before.role != after.role {
        transaction =
            transaction.put(&Handle { home: name_of(after), user: after.id, role: after.role });
    }
    transaction
}

pub(crate) fn partition(user: UserId) -> Partition {
    Key::partition(Table::Identity, "user", user)
}

pub(crate) fn at(user: UserId) -> Key {
    partition(user).only(Account::KIND)
}

fn of_email(email: &EmailAddress) -> Partition {
    Key::partition(Table::Identity, "email", email.reveal())
}

fn of_phone(phone: &Phone) -> Partition {
    Key::partition(Table::Identity, "phone", phone.reveal())
}

fn of_role(role: Role) -> Partition {
    Key::partition(Table::Identity, "people", role)
}

fn slices(roles: &[Role], prefix: &str) -> Vec<Slice> {
    roles.iter().map(|&role| of_role(role).slice(prefix)).collect()
}

impl Entity for Account {
    const KIND: &'static str = "account";

    fn key(&self) -> Key {
        at(self.id)
    }
}

/// What is kept of a password, apart from the account so that nobody reads it by the way.
#[derive(Debug, Serialize, Deserialize)]
struct Credential {
    user: UserId,
    hash: PasswordHash,
}

impl Credential {
    fn at(user: UserId) -> Key {
        partition(user).only(Self::KIND)
    }
}

impl Entity for Credential {
    const KIND: &'static str = "credential";

    fn key(&self) -> Key {
        Self::at(self.user)
    }
}

/// Leads from a name to an account. For user names its key is the uniqueness constraint.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Handle {
    home: Home,
    user: UserId,
    role: Role,
}

/// Under which name a handle is filed.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Home {
    Username(String),
    Email(EmailAddress),
    Phone(Phone),
}

fn name_of(account: &Account) -> Home {
    Home::Username(account.username.folded())
}

/// The names that may lead to several accounts.
fn handles(account: &Account) -> Vec<Handle> {
    let homes = account.email.clone().map(Home::Email).into_iter();
    homes
        .chain(account.phone.clone().map(Home::Phone))
        .map(|home| Handle { home, user: account.id, role: account.role })
        .collect()
}

impl Entity for Handle {
    const KIND: &'static str = "account";

    fn key(&self) -> Key {
        match &self.home {
            // One place for all who want the name, whoever they are.
            Home::Username(name) => {
                Key::partition(Table::Identity, "username", name).sort(Self::KIND, "")
            }
            Home::Email(email) => of_email(email).sort(Self::KIND, self.user),
            Home::Phone(phone) => of_phone(phone).sort(Self::KIND, self.user),
        }
    }
}

const WORD: &str = "word";

/// Files an account in the list of its role, by age or under a word.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Listed {
    user: UserId,
    role: Role,
    #[serde(flatten)]
    place: Place,
}

fn listings(account: &Account) -> Vec<Listed> {
    let places = search::places(search::words(account)).into_iter();
    places.map(|place| Listed { user: account.id, role: account.role, place }).collect()
}

impl Entity for Listed {
    const KIND: &'static str = "listed";

    fn key(&self) -> Key {
        match &self.place.word {
            None => of_role(self.role).sort(Self::KIND, self.user),
            Some(word) => of_role(self.role).sort(WORD, format!("{word}#{}", self.user)),
        }
    }
}
