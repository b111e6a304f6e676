//! Sessions, each beside the account it belongs to.

use carehub_domain::{
    access::{Guarded, Permit, UserId},
    account::Account,
    code::{Code, CodeError},
    hospital::{Hospital, HospitalId},
    session::{Session, SessionError, SessionId},
    strikes::Strikes,
};
use jiff::Timestamp;

use crate::{
    Entity, Key, Page, StoreError, Window, WriteError, accounts, aggregate,
    entity::{self, Expiry},
    hospitals,
    query::Order,
};

aggregate! {
    /// The sessions of everyone.
    Sessions
}

/// What must hold for somebody to act: the session, the account and the hospital
/// they claim, as they are now.
#[derive(Clone, Debug)]
pub struct Attendance {
    /// The session, if it has not ended.
    pub session: Option<Session>,
    /// The account.
    pub account: Option<Account>,
    /// The hospital, for those who work for one.
    pub hospital: Option<Hospital>,
}

impl Attendance {
    /// The account and the session, if their holder may act at `now`: the session goes on, and the
    /// `hospital` they claim is theirs and has belonged to the hub since it began.
    pub fn admits(
        self,
        hospital: Option<HospitalId>,
        now: Timestamp,
    ) -> Option<(Account, Session)> {
        let (account, session) = (self.account?, self.session?);
        let belongs = |hospital: Hospital| hospital.has_belonged_since(session.started_at);
        let housed = account.hospital.is_none() || self.hospital.is_some_and(belongs);
        let live = session.is_live(&account, now) && account.hospital == hospital;
        (live && housed).then_some((account, session))
    }
}

impl Sessions<'_> {
    /// Reads in one round trip all that decides whether somebody may act.
    pub async fn attendance(
        &self,
        user: UserId,
        session: SessionId,
        hospital: Option<HospitalId>,
    ) -> Result<Attendance, StoreError> {
        let (account, session) = (accounts::at(user), at(user, session));
        let hospital = hospital.map(hospitals::at);
        let keys: Vec<_> = [&account, &session].into_iter().chain(&hospital).cloned().collect();
        let mut found = self.store.gather(&keys).await?;
        Ok(Attendance {
            account: found.remove(&account).map(entity::decode).transpose()?,
            session: found.remove(&session).map(entity::decode).transpose()?,
            hospital: hospital
                .and_then(|hospital| found.remove(&hospital))
                .map(entity::decode)
                .transpose()?,
        })
    }

    /// Looks up a session.
    pub async fn find(&self, user: UserId, id: SessionId) -> Result<Guarded<Session>, StoreError> {
        self.store.find(at(user, id)).await.map(Guarded::new)
    }

    /// Reads a page of somebody's sessions, newest first.
    pub async fn of_user(&self, user: UserId, window: Window) -> Result<Page<Session>, StoreError> {
        let slice = accounts::partition(user).slice(format!("{}#", Session::KIND));
        self.store.page(slice, Order::NewestFirst, window).await
    }

    /// Begins a session and forgets the failures that came before it.
    pub async fn begin(
        &self,
        session: &Session,
        failures: Option<&Strikes>,
        permit: &Permit,
    ) -> Result<(), StoreError> {
        let transaction = self.store.transaction(permit).put(session);
        let forgetting = failures
            .into_iter()
            .fold(transaction, |transaction, strikes| transaction.remove(strikes.key()));
        forgetting.commit().await.map_err(WriteError::only_store)
    }

    /// Begins a session that a one-time code paid for.
    pub async fn begin_by_code(
        &self,
        session: &Session,
        code: &Code,
        permit: &Permit,
    ) -> Result<(), WriteError<CodeError>> {
        self.store
            .transaction(permit)
            .delete(code.key(), CodeError::Expired)
            .put(session)
            .commit()
            .await
    }

    /// Saves a renewed session.
    pub async fn renew(
        &self,
        session: &mut Session,
        permit: &Permit,
    ) -> Result<(), WriteError<SessionError>> {
        self.store.transaction(permit).replace(session, SessionError::Reused).commit().await
    }

    /// Ends a session, which may have ended already.
    pub async fn end(&self, session: &Session, permit: &Permit) -> Result<(), StoreError> {
        let transaction = self.store.transaction(permit).remove(session.key());
        transaction.commit().await.map_err(WriteError::only_store)
    }

    /// Ends every session of a person but one.
    pub async fn end_others(
        &self,
        user: UserId,
        kept: SessionId,
        permit: &Permit,
    ) -> Result<(), StoreError> {
        /// Leaves room for the event.
        const BATCH: u16 = 90;
        loop {
            let page = self.of_user(user, Window::first(BATCH)).await?;
            let others: Vec<_> = page.records.iter().filter(|session| session.id != kept).collect();
            let permit = permit.clone().noting("count", others.len());
            let transaction = self.store.transaction(&permit);
            let ending = others
                .iter()
                .fold(transaction, |transaction, session| transaction.remove(session.key()));
            ending.commit().await.map_err(WriteError::only_store)?;
            if page.next.is_none() {
                return Ok(());
            }
        }
    }
}

fn at(user: UserId, session: SessionId) -> Key {
    accounts::partition(user).sort(Session::KIND, session)
}

impl Entity for Session {
    const KIND: &'static str = "session";

    fn key(&self) -> Key {
        at(self.user, self.id)
    }

    fn expiry(&self) -> Option<Expiry> {
        Some(Expiry::Promptly(self.expires_at()))
    }
}
