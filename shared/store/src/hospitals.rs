//! Hospitals, listed by the state of their application and by where they stand.

use carehub_domain::{
    access::{Guarded, Permit},
    account::Account,
    hospital::{Hospital, HospitalError, HospitalId, MembershipName, RegistrationError},
    place::{Cell, Circle, GeoPoint},
    search,
};
use futures_util::future::try_join_all;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Entity, Key, Opening, Page, StoreError, Table, Window, WriteError, accounts, aggregate, entity,
    key::Partition,
    query::{Filter, Order},
    transaction::Transaction,
};

aggregate! {
    /// The hospitals of the hub.
    Hospitals
}

impl Hospitals<'_> {
    /// Looks up a hospital.
    pub async fn find(&self, id: HospitalId) -> Result<Guarded<Hospital>, StoreError> {
        self.store.find(at(id)).await.map(Guarded::new)
    }

    /// Looks up a hospital together with the account that runs it.
    pub async fn with_owner(
        &self,
        id: HospitalId,
    ) -> Result<(Guarded<Hospital>, Option<Account>), StoreError> {
        let (hospital, owner) = (at(id), accounts::at(id.into()));
        let mut found = self.store.gather(&[hospital.clone(), owner.clone()]).await?;
        let hospital = found.remove(&hospital).map(entity::decode).transpose()?;
        let owner = found.remove(&owner).map(entity::decode).transpose()?;
        Ok((Guarded::new(hospital), owner))
    }

    /// Whether those who work for `hospital` may act as they could at `since`: it had
    /// joined by then and still belongs, or they work for none.
    pub async fn is_open(
        &self,
        hospital: Option<HospitalId>,
        since: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(id) = hospital else { return Ok(true) };
        let hospital: Option<Hospital> = self.store.find(at(id)).await?;
        Ok(hospital.is_some_and(|hospital| hospital.has_belonged_since(since)))
    }

    /// Reads a page of the hospitals in any of `states`, oldest first.
    pub async fn in_states(
        &self,
        states: &[MembershipName],
        window: Window,
    ) -> Result<Page<Hospital>, StoreError> {
        let slices = states
            .iter()
            .map(|&state| in_state(state).slice(format!("{}#", Hospital::KIND)))
            .collect();
        self.store.merged(slices, Order::OldestFirst, window, &Filter::default()).await
    }

    /// Reads the hospitals that have joined and stand within a circle, nearest first, at most 100.
    pub async fn within(&self, circle: Circle) -> Result<Vec<(Hospital, f64)>, StoreError> {
        let queries = circle.cells().into_iter().map(|cell| {
            let slice = in_cell(cell).slice(format!("{}#", Hospital::KIND));
            self.store.page::<Hospital>(slice, Order::OldestFirst, Window::first(100))
        });
        let pages = try_join_all(queries).await?;
        let mut near: Vec<_> = pages
            .into_iter()
            .flat_map(|page| page.records)
            .filter_map(|hospital| {
                let distance = circle.centre.distance_km(hospital.point?);
                (distance <= circle.radius_km).then_some((hospital, distance))
            })
            .collect();
        near.sort_by(|(_, left), (_, right)| left.total_cmp(right));
        near.truncate(100);
        Ok(near)
    }

    /// Registers a hospital with the account that is to run it.
    pub async fn register(
        &self,
        hospital: &Hospital,
        opening: Opening<'_>,
        permit: &Permit,
    ) -> Result<(), WriteError<RegistrationError>> {
        let transaction = self
            .store
            .transaction(permit)
            .create(&Licence::of(hospital), RegistrationError::LicenceTaken)
            .create(hospital, RegistrationError::LicenceTaken);
        let transaction = file(transaction, hospital);
        accounts::open(transaction, &opening, RegistrationError::UsernameTaken).commit().await
    }

    /// Saves a changed hospital, which was `before`.
    pub async fn save(
        &self,
        before: &Hospital,
        hospital: &mut Hospital,
        permit: &Permit,
    ) -> Result<(), WriteError<HospitalError>> {
        let transaction = self.store.transaction(permit).replace(hospital, HospitalError::Stale);
        relicense(refile(transaction, before, hospital), before, hospital).commit().await
    }

    /// Saves a decision on a hospital, which was `before`, and what it means for the
    /// account that runs it.
    pub async fn decide(
        &self,
        before: &Hospital,
        hospital: &mut Hospital,
        owner: &mut Account,
        permit: &Permit,
    ) -> Result<(), WriteError<HospitalError>> {
        let transaction = self
            .store
            .transaction(permit)
            .replace(hospital, HospitalError::Stale)
            .replace(owner, HospitalError::Stale);
        relicense(refile(transaction, before, hospital), before, hospital).commit().await
    }
}

fn partition(id: HospitalId) -> Partition {
    Key::partition(Table::Directory, "hospital", id)
}

/// Everything that is filed under a hospital.
pub(crate) fn under(id: HospitalId) -> Partition {
    partition(id)
}

pub(crate) fn at(id: HospitalId) -> Key {
    partition(id).only(Hospital::KIND)
}

fn in_state(state: MembershipName) -> Partition {
    Key::partition(Table::Directory, "hospitals", state)
}

fn in_cell(cell: Cell) -> Partition {
    Key::partition(Table::Directory, "cell", cell)
}

/// The lists that show a hospital: one for its state and, once it has joined, the
/// cells of the globe it stands in.
fn lists(hospital: &Hospital) -> Vec<Key> {
    let state = hospital.membership().name();
    let listed = (state != MembershipName::Closed).then(|| in_state(state));
    let cells = hospital.point.filter(|_| hospital.is_approved()).map(GeoPoint::cells);
    let cells = cells.into_iter().flatten().map(in_cell);
    listed.into_iter().chain(cells).map(|list| list.sort(Hospital::KIND, hospital.id)).collect()
}

fn file<'s, E>(transaction: Transaction<'s, E>, hospital: &Hospital) -> Transaction<'s, E> {
    lists(hospital)
        .into_iter()
        .fold(transaction, |transaction, key| transaction.copy(hospital, key))
}

fn refile<'s, E>(
    transaction: Transaction<'s, E>,
    before: &Hospital,
    after: &Hospital,
) -> Transaction<'s, E> {
    let present = lists(after);
    let former = lists(before).into_iter().filter(|key| !present.contains(key));
    file(former.fold(transaction, Transaction::remove), after)
}

/// Claims the licence that a hospital works under now and frees the one it worked under.
fn relicense<'s>(
    transaction: Transaction<'s, HospitalError>,
    before: &Hospital,
    after: &Hospital,
) -> Transaction<'s, HospitalError> {
    let held = |hospital: &Hospital| {
        (hospital.membership().name() != MembershipName::Closed).then(|| Licence::of(hospital))
    };
    match (held(before), held(after)) {
        (Some(old), Some(new)) if old.folded == new.folded => transaction,
        (old, new) => {
            let transaction =
                old.into_iter().fold(transaction, |transaction, old| transaction.remove(old.key()));
            new.into_iter().fold(transaction, |transaction, new| {
                transaction.create(&new, HospitalError::LicenceTaken)
            })
        }
    }
}

impl Entity for Hospital {
    const KIND: &'static str = "hospital";

    fn key(&self) -> Key {
        at(self.id)
    }
}

/// Marks a licence number as in use. Its key is the uniqueness constraint.
#[derive(Debug, Serialize, Deserialize)]
struct Licence {
    folded: String,
    hospital: HospitalId,
}

impl Licence {
    fn of(hospital: &Hospital) -> Self {
        Self { folded: search::fold(hospital.license_number.reveal()), hospital: hospital.id }
    }
}

impl Entity for Licence {
    const KIND: &'static str = "licence";

    fn key(&self) -> Key {
        Key::partition(Table::Directory, "licence", &self.folded).only(Self::KIND)
    }
}
