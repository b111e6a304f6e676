//! Where records live: a few DynamoDB tables, one module per aggregate.
//!
//! Attribute names and expressions appear in [`key`], [`entity`], [`query`],
//! [`transaction`] and [`limits`] and nowhere else. Aggregates speak only of keys,
//! entities and the domain errors their conditions stand for.

mod accounts;
mod appointments;
mod care;
mod census;
mod codes;
mod consultations;
mod departments;
mod doctors;
mod entity;
mod error;
mod events;
mod filing;
mod grants;
mod holds;
mod hospitals;
mod key;
mod limits;
mod notes;
mod patients;
mod query;
mod queues;
mod race;
mod receipts;
mod reviews;
pub mod schema;
mod sessions;
mod strikes;
mod sweep;
mod table;
mod totals;
mod transaction;
mod waitlists;

use std::{fmt, pin::Pin, sync::Arc};

use aws_sdk_dynamodb::Client;
use carehub_domain::access::Permit;
use tokio::sync::OnceCell;

pub use self::{
    accounts::{Accounts, Opening},
    appointments::{AppointmentFilter, Appointments, Booked, Desk, Moved},
    care::Care,
    census::Census,
    codes::Codes,
    consultations::{Consultations, Filed},
    departments::Departments,
    doctors::{DoctorFilter, Doctors, Stage, Visitor},
    error::{StoreError, WriteError},
    events::{Events, LogFilter},
    grants::Grants,
    holds::HeldSlots,
    hospitals::Hospitals,
    limits::{Limits, Spent},
    notes::Notes,
    patients::{PatientFilter, Patients},
    query::{Page, Position, Window},
    queues::Queues,
    race::win,
    receipts::{Receipt, Receipts},
    reviews::Reviews,
    sessions::{Attendance, Sessions},
    strikes::FailedSignIns,
    sweep::Sweep,
    table::Table,
    totals::Totals,
    waitlists::Waitlists,
};
use self::{
    entity::{Entity, Item},
    key::Key,
    table::Names,
    transaction::Transaction,
};

/// Access to every record, grouped by aggregate.
#[derive(Clone)]
pub struct Store {
    connection: Arc<Connection>,
    names: Names,
}

/// The way to DynamoDB, opened when it is first used.
struct Connection {
    client: OnceCell<Client>,
    open: Box<dyn Fn() -> Pin<Box<dyn Future<Output = Client> + Send>> + Send + Sync>,
}

impl Store {
    /// Opens the store kept in the tables whose names begin with `prefix`.
    pub fn new(client: Client, prefix: &str) -> Self {
        Self::lazy(prefix, move || std::future::ready(client.clone()))
    }

    /// The same, with a client that `open` makes when the first record is wanted.
    ///
    /// A client reads certificates and credentials, which is most of a cold start.
    pub fn lazy<F>(prefix: &str, open: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Client> + Send + 'static,
    {
        let open = Box::new(move || Box::pin(open()) as _);
        let connection = Arc::new(Connection { client: OnceCell::new(), open });
        Self { connection, names: Names::prefixed(prefix) }
    }

    async fn client(&self) -> &Client {
        self.connection.client.get_or_init(&self.connection.open).await
    }

    /// People's accounts.
    pub fn accounts(&self) -> Accounts<'_> {
        Accounts::of(self)
    }

    /// People's sessions.
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions::of(self)
    }

    /// One-time codes.
    pub fn codes(&self) -> Codes<'_> {
        Codes::of(self)
    }

    /// Doctors' rights to read repositories.
    pub fn grants(&self) -> Grants<'_> {
        Grants::of(self)
    }

    /// The hospitals.
    pub fn hospitals(&self) -> Hospitals<'_> {
        Hospitals::of(self)
    }

    /// Their departments.
    pub fn departments(&self) -> Departments<'_> {
        Departments::of(self)
    }

    /// The doctors.
    pub fn doctors(&self) -> Doctors<'_> {
        Doctors::of(self)
    }

    /// The patients.
    pub fn patients(&self) -> Patients<'_> {
        Patients::of(self)
    }

    /// Notes about patients.
    pub fn notes(&self) -> Notes<'_> {
        Notes::of(self)
    }

    /// Who cares for whom.
    pub fn care(&self) -> Care<'_> {
        Care::of(self)
    }

    /// Who sees whom, and when.
    pub fn appointments(&self) -> Appointments<'_> {
        Appointments::of(self)
    }

    /// What is kept for patients for a while.
    pub fn holds(&self) -> HeldSlots<'_> {
        HeldSlots::of(self)
    }

    /// Who waits for a day of a doctor.
    pub fn waitlists(&self) -> Waitlists<'_> {
        Waitlists::of(self)
    }

    /// What was written down about visits.
    pub fn consultations(&self) -> Consultations<'_> {
        Consultations::of(self)
    }

    /// What patients think of doctors.
    pub fn reviews(&self) -> Reviews<'_> {
        Reviews::of(self)
    }

    /// Who waits for whom without an appointment.
    pub fn queues(&self) -> Queues<'_> {
        Queues::of(self)
    }

    /// What statistics count.
    pub fn census(&self) -> Census<'_> {
        Census::of(self)
    }

    /// The audit log.
    pub fn events(&self) -> Events<'_> {
        Events::of(self)
    }

    /// How often callers may ask.
    pub fn limits(&self) -> Limits<'_> {
        Limits::of(self)
    }

    /// How often callers failed to sign in.
    pub fn failed_sign_ins(&self) -> FailedSignIns<'_> {
        FailedSignIns::of(self)
    }

    /// Answers kept for requests that are sent again.
    pub fn receipts(&self) -> Receipts<'_> {
        Receipts::of(self)
    }

    /// The totals of the hub.
    pub fn totals(&self) -> Totals<'_> {
        Totals::of(self)
    }

    /// What has expired.
    pub fn sweep(&self) -> Sweep<'_> {
        Sweep::of(self)
    }

    /// Whether a table answers.
    pub async fn ping(&self, table: Table) -> Result<(), StoreError> {
        let nothing = Key::partition(table, "health", "hub").only("health");
        let request = self.client().await.get_item().table_name(self.names.of(table));
        request.set_key(Some(nothing.into())).send().await.map_err(StoreError::aws)?;
        Ok(())
    }

    /// Begins a transaction on behalf of whoever holds `permit`.
    fn transaction<E>(&self, permit: &Permit) -> Transaction<'_, E> {
        Transaction::on(self).event(permit)
    }

    /// Looks up one item, strongly consistent.
    async fn find<T: Entity>(&self, key: Key) -> Result<Option<T>, StoreError> {
        self.client()
            .await
            .get_item()
            .table_name(self.names.of(key.table))
            .set_key(Some(key.into()))
            .consistent_read(true)
            .send()
            .await
            .map_err(StoreError::aws)?
            .item
            .map(entity::decode)
            .transpose()
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("names", &self.names).finish_non_exhaustive()
    }
}

/// Declares the view of the store that one aggregate has.
macro_rules! aggregate {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name<'s> {
            store: &'s crate::Store,
        }

        impl<'s> $name<'s> {
            pub(crate) fn of(store: &'s crate::Store) -> Self {
                Self { store }
            }
        }
    };
}

use aggregate;
