//! What was written down about visits, filed under the appointment.

use carehub_domain::{
    Id,
    access::{Guarded, Permit},
    appointment::{Appointment, AppointmentId},
    consultation::{
        Consultation, ConsultationError, Diagnosis, Entry, Finding, Findings, Remark, Symptom,
        VitalSigns,
    },
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    Entity, Key, StoreError, Table, Window, WriteError, aggregate, key::Partition, papers,
    query::Order, transaction::Transaction,
};

aggregate! {
    /// The clinical side of appointments. Whoever holds the appointment was cleared for it.
    Consultations
}

impl Consultations<'_> {
    /// Looks up a visit with all that was written down about it, in one round.
    pub async fn whole(&self, id: AppointmentId) -> Result<Guarded<Consultation>, StoreError> {
        let slice = under(id).slice(FINDING);
        // There is room for a hundred of each kind.
        let window = Window::first(500);
        let appointments = self.store.appointments();
        let (visit, page) = tokio::try_join!(
            appointments.recorded(id),
            self.store.page::<Found>(slice, Order::OldestFirst, window),
        )?;
        let mut findings = Findings::default();
        for found in page.records {
            match found {
                Found::Symptom(entry) => findings.symptoms.push(entry),
                Found::Diagnosis(entry) => findings.diagnoses.push(entry),
                Found::VitalSigns(entry) => findings.vital_signs = Some(entry),
                Found::Remark(entry) => findings.notes.push(entry),
            }
        }
        Ok(Guarded::new(visit.map(|visit| Consultation { visit, findings })))
    }

    /// Reads the entries of one kind, oldest first. There are at most a hundred.
    pub async fn list<F: Filed>(&self, visit: &Appointment) -> Result<Vec<Entry<F>>, StoreError> {
        let slice = under(visit.id).slice(F::FILED);
        let page = self.store.page::<Entry<F>>(slice, Order::OldestFirst, Window::first(100));
        Ok(page.await?.records.into_iter().map(|entry| entry.in_hands_of(visit)).collect())
    }

    /// Looks up one entry.
    pub async fn find<F: Filed>(
        &self,
        visit: &Appointment,
        id: Id<F>,
    ) -> Result<Guarded<Entry<F>>, StoreError> {
        let found: Option<Entry<F>> = self.store.find(F::at(visit.id, id)).await?;
        let found = found.filter(|entry| entry.id == id);
        Ok(Guarded::new(found.map(|entry| entry.in_hands_of(visit))))
    }

    /// Adds an entry.
    pub async fn add<F: Filed>(
        &self,
        visit: &Appointment,
        entry: &Entry<F>,
        permit: &Permit,
    ) -> Result<(), WriteError<ConsultationError>> {
        self.during(visit, permit).create(entry, F::TAKEN).commit().await
    }

    /// Everything that an entry said before, newest first.
    pub async fn versions<F: Filed>(
        &self,
        visit: &Appointment,
        entry: &Entry<F>,
    ) -> Result<Vec<Entry<F>>, StoreError> {
        let past = self.store.remembered(name_of(entry), entry).await?;
        Ok(past.into_iter().map(|entry| entry.in_hands_of(visit)).collect())
    }

    /// Saves a changed entry, and keeps what it said.
    pub async fn save<F: Filed>(
        &self,
        visit: &Appointment,
        before: &Entry<F>,
        entry: &mut Entry<F>,
        permit: &Permit,
    ) -> Result<(), WriteError<ConsultationError>> {
        let transaction = self.during(visit, permit).replace(entry, ConsultationError::Stale);
        papers::remember(transaction, name_of(before), before).commit().await
    }

    /// Removes an entry, and keeps what it said.
    pub async fn remove<F: Filed>(
        &self,
        visit: &Appointment,
        entry: &Entry<F>,
        permit: &Permit,
    ) -> Result<(), WriteError<ConsultationError>> {
        let transaction = self.during(visit, permit).retire(entry, ConsultationError::Stale);
        papers::remember(transaction, name_of(entry), entry).commit().await
    }

    /// Begins a transaction that only goes through if the visit got no further in the meantime.
    /// What is over gets no further.
    fn during(&self, visit: &Appointment, permit: &Permit) -> Transaction<'_, ConsultationError> {
        let transaction = self.store.transaction(permit);
        match visit.status().is_over() {
            true => transaction,
            false => transaction.demand_as_read(visit, ConsultationError::Moved),
        }
    }
}

/// Tells an entry from all others that the visit ever had.
fn name_of<F: Filed>(entry: &Entry<F>) -> String {
    format!("{}#{}", F::FILED, entry.id)
}

/// What all sort keys and kinds of entries begin with.
const FINDING: &str = "finding-";

fn under(visit: AppointmentId) -> Partition {
    Key::partition(Table::Clinical, "consultation", visit)
}

/// A kind of entry that can be kept.
#[expect(private_bounds, reason = "how records are kept is the store's own affair")]
pub trait Filed: Finding + Place + Serialize + DeserializeOwned {}

trait Place: Sized {
    /// Names the kind in keys. None begins another.
    const FILED: &'static str;

    /// Where the entry is.
    fn at(visit: AppointmentId, id: Id<Self>) -> Key;
}

macro_rules! filed {
    ($($finding:ident $kind:literal $place:expr;)+) => {
        $(
            impl Filed for $finding {}

            impl Place for $finding {
                const FILED: &'static str = $kind;

                fn at(visit: AppointmentId, id: Id<Self>) -> Key {
                    let place: fn(Partition, Id<Self>) -> Key = $place;
                    place(under(visit), id)
                }
            }
        )+

        /// Anything that was written down about a visit.
        #[derive(Serialize, Deserialize)]
        #[serde(tag = "kind")]
        enum Found {
            $(#[serde(rename = $kind)] $finding(Entry<$finding>),)+
        }

        impl Entity for Found {
            const KIND: &'static str = "finding";

            fn key(&self) -> Key {
                match self { $(Self::$finding(entry) => entry.key(),)+ }
            }
        }
    };
}

filed! {
    Symptom "finding-symptom" |visit, id| visit.sort(Symptom::FILED, id);
    Diagnosis "finding-diagnosis" |visit, id| visit.sort(Diagnosis::FILED, id);
    // Their key makes sure that there is only one.
    VitalSigns "finding-vital-signs" |visit, _| visit.only(VitalSigns::FILED);
    Remark "finding-note" |visit, id| visit.sort(Remark::FILED, id);
}

impl<F: Filed> Entity for Entry<F> {
    const KIND: &'static str = F::FILED;

    fn key(&self) -> Key {
        F::at(self.appointment, self.id)
    }
}
