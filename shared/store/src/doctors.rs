//! Doctors, filed under their hospital if they have one.

use carehub_domain::{
    access::{Guarded, Permit},
    department::DepartmentId,
    doctor::{Doctor, DoctorError, DoctorId},
    hospital::HospitalId,
    search,
};
use serde::{Deserialize, Serialize};

use crate::{
    Entity, Key, Opening, Page, StoreError, Table, Window, WriteError, accounts, aggregate,
    departments, hospitals, query::Order, transaction::Transaction,
};

aggregate! {
    /// The doctors of the hub.
    Doctors
}

impl Doctors<'_> {
    /// Looks up a doctor.
    pub async fn find(&self, id: DoctorId) -> Result<Guarded<Doctor>, StoreError> {
        self.store.find(at(id)).await.map(Guarded::new)
    }

    /// Reads a page of the doctors who work at a hospital now, oldest first.
    pub async fn at_hospital(
        &self,
        hospital: HospitalId,
        window: Window,
    ) -> Result<Page<Doctor>, StoreError> {
        let slice = hospitals::under(hospital).slice(format!("{PRESENT}#"));
        self.store.page(slice, Order::OldestFirst, window).await
    }

    /// Reads a page of the doctors who work or worked at a hospital: first those who do.
    pub async fn ever_at_hospital(
        &self,
        hospital: HospitalId,
        window: Window,
    ) -> Result<Page<Doctor>, StoreError> {
        let slice = hospitals::under(hospital).slice(PRESENT);
        self.store.page(slice, Order::OldestFirst, window).await
    }

    /// Adds a doctor to a hospital, with an account whose password is handed out once.
    pub async fn employ(
        &self,
        doctor: &Doctor,
        opening: Opening<'_>,
        permit: &Permit,
        password_permit: &Permit,
    ) -> Result<(), WriteError<DoctorError>> {
        let transaction = self.store.transaction(permit).event(password_permit);
        let transaction = demand_department(transaction, doctor);
        let transaction = match Licence::of(doctor) {
            Some(licence) => transaction.create(&licence, DoctorError::LicenceTaken),
            None => transaction,
        };
        let opening = Opening { doctor: Some(doctor), ..opening };
        accounts::open(transaction, &opening, DoctorError::UsernameTaken).commit().await
    }

    /// Saves a changed doctor, who was `before`.
    pub async fn save(
        &self,
        before: &Doctor,
        doctor: &mut Doctor,
        permit: &Permit,
    ) -> Result<(), WriteError<DoctorError>> {
        let mut transaction = self.store.transaction(permit).replace(doctor, DoctorError::Stale);
        if before.practice.department != doctor.practice.department {
            transaction = demand_department(transaction, doctor);
        }
        let (old, new) = (Licence::of(before), Licence::of(doctor));
        if old != new {
            if let Some(old) = old {
                transaction = transaction.remove(old.key());
            }
            if let Some(new) = new {
                transaction = transaction.create(&new, DoctorError::LicenceTaken);
            }
        }
        if before.is_active != doctor.is_active
            && let Some(former) = listed(before)
        {
            transaction = transaction.remove(former);
        }
        file(transaction, doctor).commit().await
    }
}

/// Adds a doctor to a transaction.
pub(crate) fn enter<'s, E>(transaction: Transaction<'s, E>, doctor: &Doctor) -> Transaction<'s, E> {
    file(transaction.put(doctor), doctor)
}

fn file<'s, E>(transaction: Transaction<'s, E>, doctor: &Doctor) -> Transaction<'s, E> {
    match listed(doctor) {
        Some(list) => transaction.copy(doctor, list),
        None => transaction,
    }
}

/// The department must be one of the doctor's own hospital.
fn demand_department<'s>(
    transaction: Transaction<'s, DoctorError>,
    doctor: &Doctor,
) -> Transaction<'s, DoctorError> {
    match (doctor.practice.department, doctor.hospital) {
        (None, _) => transaction,
        (Some(department), hospital) => {
            transaction.demand(home(hospital, department), DoctorError::DepartmentUnknown)
        }
    }
}

/// Where a department of `hospital` is. Those without a hospital have none.
fn home(hospital: Option<HospitalId>, department: DepartmentId) -> Key {
    departments::listed(hospital.unwrap_or_else(|| department.ulid().into()), department)
}

fn at(id: DoctorId) -> Key {
    Key::partition(Table::Directory, "doctor", id).only(Doctor::KIND)
}

/// How those who work at a hospital are filed there. What former ones are filed under
/// begins the same, so that one query reads both.
const PRESENT: &str = "doctor";
const FORMER: &str = "doctor-former";

fn listed(doctor: &Doctor) -> Option<Key> {
    let kind = if doctor.is_active { PRESENT } else { FORMER };
    Some(hospitals::under(doctor.hospital?).sort(kind, doctor.id))
}

impl Entity for Doctor {
    const KIND: &'static str = "doctor";

    fn key(&self) -> Key {
        at(self.id)
    }
}

/// Marks a licence as in use within a hospital. Its key is the uniqueness constraint.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Licence {
    hospital: HospitalId,
    folded: String,
}

impl Licence {
    fn of(doctor: &Doctor) -> Option<Self> {
        let number = doctor.practice.license_number.as_ref()?;
        Some(Self { hospital: doctor.hospital?, folded: search::fold(number.reveal()) })
    }
}

impl Entity for Licence {
    const KIND: &'static str = "licence-of-doctor";

    fn key(&self) -> Key {
        hospitals::under(self.hospital).sort(Self::KIND, &self.folded)
    }
}
