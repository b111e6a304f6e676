//! Departments, filed under their hospital.

use carehub_domain::{
    access::{Guarded, Permit},
    department::{Department, DepartmentError, DepartmentId},
    hospital::HospitalId,
};
use serde::{Deserialize, Serialize};

use crate::{
    Entity, Key, Page, StoreError, Table, Window, WriteError, aggregate, hospitals, query::Order,
};

aggregate! {
    /// The departments of every hospital.
    Departments
}

impl Departments<'_> {
    /// Looks up a department.
    pub async fn find(&self, id: DepartmentId) -> Result<Guarded<Department>, StoreError> {
        self.store.find(at(id)).await.map(Guarded::new)
    }

    /// Reads the departments of a hospital, oldest first.
    pub async fn of_hospital(
        &self,
        hospital: HospitalId,
        window: Window,
    ) -> Result<Page<Department>, StoreError> {
        let slice = hospitals::under(hospital).slice(format!("{}#", Department::KIND));
        self.store.page(slice, Order::OldestFirst, window).await
    }

    /// Opens a department.
    pub async fn open(
        &self,
        department: &Department,
        permit: &Permit,
    ) -> Result<(), WriteError<DepartmentError>> {
        self.store
            .transaction(permit)
            .create(&Name::of(department), DepartmentError::NameTaken)
            .create(department, DepartmentError::NameTaken)
            .copy(department, listed(department.hospital, department.id))
            .commit()
            .await
    }

    /// Saves a changed department, which was `before`.
    pub async fn save(
        &self,
        before: &Department,
        department: &mut Department,
        permit: &Permit,
    ) -> Result<(), WriteError<DepartmentError>> {
        let (old, new) = (Name::of(before), Name::of(department));
        let transaction = self
            .store
            .transaction(permit)
            .replace(department, DepartmentError::Stale)
            .copy(department, listed(department.hospital, department.id));
        if old.folded == new.folded {
            transaction
        } else {
            transaction.remove(old.key()).create(&new, DepartmentError::NameTaken)
        }
        .commit()
        .await
    }

    /// Closes a department.
    pub async fn close(
        &self,
        department: &Department,
        permit: &Permit,
    ) -> Result<(), WriteError<DepartmentError>> {
        self.store
            .transaction(permit)
            .retire(department, DepartmentError::Stale)
            .remove(listed(department.hospital, department.id))
            .remove(Name::of(department).key())
            .commit()
            .await
    }
}

fn at(id: DepartmentId) -> Key {
    Key::partition(Table::Directory, "department", id).only(Department::KIND)
}

/// Where a department is filed for its hospital. It exists only there.
pub(crate) fn listed(hospital: HospitalId, id: DepartmentId) -> Key {
    hospitals::under(hospital).sort(Department::KIND, id)
}

impl Entity for Department {
    const KIND: &'static str = "department";

    fn key(&self) -> Key {
        at(self.id)
    }
}

/// Marks a name as in use within a hospital. Its key is the uniqueness constraint.
#[derive(Debug, Serialize, Deserialize)]
struct Name {
    hospital: HospitalId,
    folded: String,
    department: DepartmentId,
}

impl Name {
    fn of(department: &Department) -> Self {
        let Department { hospital, id, .. } = *department;
        Self { hospital, folded: department.folded_name(), department: id }
    }
}

impl Entity for Name {
    const KIND: &'static str = "department-name";

    fn key(&self) -> Key {
        hospitals::under(self.hospital).sort(Self::KIND, &self.folded)
    }
}
