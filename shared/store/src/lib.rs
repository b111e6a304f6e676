//! Where records live: a few DynamoDB tables, one module per aggregate.
//!
//! Attribute names and expressions appear in [`key`], [`entity`], [`query`],
//! [`transaction`] and [`limits`] and nowhere else. Aggregates speak only of keys,
//! entities and the domain errors their conditions stand for.

mod accounts;
mod adherence;
mod appointments;
mod breakers;
mod care;
mod census;
mod chains;
mod charts;
mod codes;
mod consultations;
mod deliveries;
mod departments;
mod doctors;
mod documents;
mod entity;
mod error;
mod events;
mod feeds;
mod files;
mod filing;
mod glasses;
mod grants;
mod holds;
mod hospitals;
mod key;
mod labs;
mod limits;
mod medical_records;
mod notes;
mod notifications;
mod papers;
mod patients;
mod prescription_notes;
mod prescriptions;
mod query;
mod queues;
mod race;
mod receipts;
mod recommendations;
mod records;
mod reminders;
mod repositories;
mod reviews;
mod safety_rules;
pub mod schema;
mod sessions;
mod strikes;
mod sweep;
mod table;
mod templates;
mod totals;
mod transaction;
mod waitlists;
mod webhooks;

use std::{fmt, pin::Pin, sync::Arc};

use aws_sdk_dynamodb::Client;
use carehub_domain::access::Permit;
use tokio::sync::OnceCell;

pub use self::{
    accounts::{Accounts, Opening},
    adherence::Adherence,
    appointments::{AppointmentFilter, Appointments, Booked, Desk, Moved},
    breakers::{Breakers, Service},
    care::Care,
    census::Census,
    chains::Chains,
    charts::Pile,
    codes::Codes,
    consultations::{Consultations, Filed},
    deliveries::{Deliveries, Sending},
    departments::Departments,
    doctors::{DoctorFilter, Doctors, Stage, Visitor},
    documents::Documents,
    error::{StoreError, WriteError},
    events::{Events, LogFilter},
    feeds::{Feeds, Listeners},
    files::Files,
    glasses::Glasses,
    grants::Grants,
    holds::HeldSlots,
    hospitals::Hospitals,
    labs::{LabFilter, LabResults},
    limits::{Limits, Spent},
    medical_records::{Concluded, MedicalRecordFilter, MedicalRecords},
    notes::Notes,
    notifications::{NotificationFilter, Notifications},
    patients::{PatientFilter, Patients},
    prescription_notes::PrescriptionNotes,
    prescriptions::{Issued, Prescriptions},
    query::{Page, Position, Window},
    queues::Queues,
    race::{win, won},
    receipts::{Receipt, Receipts},
    recommendations::{Ground, Recommendations},
    records::{Attached, Records},
    reminders::{Clock, Rang, Reminders},
    repositories::Repositories,
    reviews::Reviews,
    safety_rules::HospitalRules,
    sessions::{Attendance, Sessions},
    strikes::FailedSignIns,
    sweep::{Bookmark, Due, Perishable, Sweep},
    table::Table,
    templates::Templates,
    totals::Totals,
    waitlists::Waitlists,
    webhooks::Webhooks,
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
        Accounts::kept_in(self)
    }

    /// People's sessions.
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions::kept_in(self)
    }

    /// One-time codes.
    pub fn codes(&self) -> Codes<'_> {
        Codes::kept_in(self)
    }

    /// Doctors' rights to read repositories.
    pub fn grants(&self) -> Grants<'_> {
        Grants::kept_in(self)
    }

    /// Patients' repositories, and to whom they are open.
    pub fn repositories(&self) -> Repositories<'_> {
        Repositories::kept_in(self)
    }

    /// Repositories that were opened in an emergency.
    pub fn glasses(&self) -> Glasses<'_> {
        Glasses::kept_in(self)
    }

    /// Files that people keep.
    pub fn documents(&self) -> Documents<'_> {
        Documents::kept_in(self)
    }

    /// What doctors want patients to take.
    pub fn prescriptions(&self) -> Prescriptions<'_> {
        Prescriptions::kept_in(self)
    }

    /// What people noted on that.
    pub fn prescription_notes(&self) -> PrescriptionNotes<'_> {
        PrescriptionNotes::kept_in(self)
    }

    /// The rules of hospitals for the safety check.
    pub fn safety_rules(&self) -> HospitalRules<'_> {
        HospitalRules::kept_in(self)
    }

    /// The hospitals.
    pub fn hospitals(&self) -> Hospitals<'_> {
        Hospitals::kept_in(self)
    }

    /// Their departments.
    pub fn departments(&self) -> Departments<'_> {
        Departments::kept_in(self)
    }

    /// The doctors.
    pub fn doctors(&self) -> Doctors<'_> {
        Doctors::kept_in(self)
    }

    /// The patients.
    pub fn patients(&self) -> Patients<'_> {
        Patients::kept_in(self)
    }

    /// Notes about patients.
    pub fn notes(&self) -> Notes<'_> {
        Notes::kept_in(self)
    }

    /// Who cares for whom.
    pub fn care(&self) -> Care<'_> {
        Care::kept_in(self)
    }

    /// Which programs of others are left alone for a while.
    pub fn breakers(&self) -> Breakers<'_> {
        Breakers::kept_in(self)
    }

    /// Who sees whom, and when.
    pub fn appointments(&self) -> Appointments<'_> {
        Appointments::kept_in(self)
    }

    /// What people uploaded.
    pub fn files(&self) -> Files<'_> {
        Files::kept_in(self)
    }

    /// What people see at once: their tickets, connections and feeds.
    pub fn feeds(&self) -> Feeds<'_> {
        Feeds::kept_in(self)
    }

    /// What is kept for patients for a while.
    pub fn holds(&self) -> HeldSlots<'_> {
        HeldSlots::kept_in(self)
    }

    /// Who waits for a day of a doctor.
    pub fn waitlists(&self) -> Waitlists<'_> {
        Waitlists::kept_in(self)
    }

    /// What was written down about visits.
    pub fn consultations(&self) -> Consultations<'_> {
        Consultations::kept_in(self)
    }

    /// What patients and doctors keep about illnesses and visits.
    pub fn records(&self) -> Records<'_> {
        Records::kept_in(self)
    }

    /// What doctors write down about visits when they are over.
    pub fn medical_records(&self) -> MedicalRecords<'_> {
        MedicalRecords::kept_in(self)
    }

    /// What tests have shown.
    pub fn lab_results(&self) -> LabResults<'_> {
        LabResults::kept_in(self)
    }

    /// What patients think of doctors.
    pub fn reviews(&self) -> Reviews<'_> {
        Reviews::kept_in(self)
    }

    /// Who waits for whom without an appointment.
    pub fn queues(&self) -> Queues<'_> {
        Queues::kept_in(self)
    }

    /// What doctors prescribe often.
    pub fn templates(&self) -> Templates<'_> {
        Templates::kept_in(self)
    }

    /// Of which medicines patients want to be reminded.
    pub fn reminders(&self) -> Reminders<'_> {
        Reminders::kept_in(self)
    }

    /// Whether patients take what was prescribed.
    pub fn adherence(&self) -> Adherence<'_> {
        Adherence::kept_in(self)
    }

    /// What statistics count.
    pub fn census(&self) -> Census<'_> {
        Census::kept_in(self)
    }

    /// What links the events of the audit log.
    pub fn chains(&self) -> Chains<'_> {
        Chains::kept_in(self)
    }

    /// The audit log.
    pub fn events(&self) -> Events<'_> {
        Events::kept_in(self)
    }

    /// How often callers may ask.
    pub fn limits(&self) -> Limits<'_> {
        Limits::kept_in(self)
    }

    /// How often callers failed to sign in.
    pub fn failed_sign_ins(&self) -> FailedSignIns<'_> {
        FailedSignIns::kept_in(self)
    }

    /// Answers kept for requests that are sent again.
    pub fn receipts(&self) -> Receipts<'_> {
        Receipts::kept_in(self)
    }

    /// What people are told, and how they want to be told.
    pub fn notifications(&self) -> Notifications<'_> {
        Notifications::kept_in(self)
    }

    /// What people asked could be given, and the answers.
    pub fn recommendations(&self) -> Recommendations<'_> {
        Recommendations::kept_in(self)
    }

    /// Programs of hospitals that are told what happens.
    pub fn webhooks(&self) -> Webhooks<'_> {
        Webhooks::kept_in(self)
    }

    /// What becomes of notifications on their ways out.
    pub fn deliveries(&self) -> Deliveries<'_> {
        Deliveries::kept_in(self)
    }

    /// The totals of the hub.
    pub fn totals(&self) -> Totals<'_> {
        Totals::kept_in(self)
    }

    /// What has expired.
    pub fn sweep(&self) -> Sweep<'_> {
        Sweep::kept_in(self)
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
            pub(crate) fn kept_in(store: &'s crate::Store) -> Self {
                Self { store }
            }
        }
    };
}

use aggregate;
