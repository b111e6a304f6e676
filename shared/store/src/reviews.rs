//! Reviews, filed under the doctor and under the patient, and the visits they are of.

use carehub_domain::{
    access::{Guarded, PatientId, Permit, Subject},
    appointment::AppointmentId,
    doctor::DoctorId,
    review::{Moderation, Review, ReviewError, ReviewId, Visit},
};
use serde::{Deserialize, Serialize};

use crate::{
    Entity, Key, Page, StoreError, Table, Window, WriteError, aggregate, filing::Refiling,
    key::Partition, patients, query::Order,
};

aggregate! {
    /// What patients think of doctors.
    Reviews
}

/// How many of the last visits to a doctor are looked at for one to review.
const RECENT: u16 = 20;

impl Reviews<'_> {
    /// Looks up a review.
    pub async fn find(&self, id: ReviewId) -> Result<Guarded<Review>, StoreError> {
        self.recorded(id).await.map(Guarded::new)
    }

    /// The review itself, for counting.
    pub async fn recorded(&self, id: ReviewId) -> Result<Option<Review>, StoreError> {
        self.store.find(at(id)).await
    }

    /// Reads a page of the reviews of a doctor that others may read, newest first.
    pub async fn of_doctor(
        &self,
        doctor: DoctorId,
        window: Window,
    ) -> Result<Page<Review>, StoreError> {
        self.page(of_doctor(doctor), window).await
    }

    /// Reads a page of the reviews that a patient wrote, newest first.
    pub async fn of_patient(
        &self,
        patient: PatientId,
        window: Window,
    ) -> Result<Page<Review>, StoreError> {
        self.page(patients::under(patient), window).await
    }

    /// Reads a page of the reviews in a state of moderation, newest first.
    pub async fn in_moderation(
        &self,
        moderation: Moderation,
        window: Window,
    ) -> Result<Page<Review>, StoreError> {
        self.page(in_state(moderation), window).await
    }

    async fn page(&self, partition: Partition, window: Window) -> Result<Page<Review>, StoreError> {
        let slice = partition.slice(format!("{}#", Review::KIND));
        self.store.page(slice, Order::NewestFirst, window).await
    }

    /// The visit of that name, or the last completed one to the doctor that is not reviewed yet.
    pub async fn visit(
        &self,
        patient: PatientId,
        doctor: DoctorId,
        wanted: Option<AppointmentId>,
    ) -> Result<Option<Visit>, StoreError> {
        let slice = patients::under(patient).slice(format!("{}#{doctor}#", Visit::KIND));
        let page = self.store.page::<Visit>(slice, Order::NewestFirst, Window::first(RECENT));
        let visits = match wanted {
            Some(id) => return self.store.find(visited(patient, doctor, id)).await,
            None => page.await?.records,
        };
        let places = visits.iter().map(|visit| Reviewed::at(patient, visit.id));
        let reviewed = self.store.fetch::<Reviewed>(places.collect()).await?;
        let fresh = |visit: &Visit| reviewed.iter().all(|reviewed| reviewed.visit != visit.id);
        // If all are reviewed, the last one tells so.
        Ok(visits.iter().find(|visit| fresh(visit)).or(visits.first()).cloned())
    }

    /// Whether somebody has reviewed a visit of a patient.
    pub(crate) async fn is_reviewed(
        &self,
        patient: PatientId,
        visit: AppointmentId,
    ) -> Result<bool, StoreError> {
        let found: Option<Reviewed> = self.store.find(Reviewed::at(patient, visit)).await?;
        Ok(found.is_some())
    }

    /// Adds the review of a visit. The visit must have taken place.
    pub async fn write(
        &self,
        review: &Review,
        permit: &Permit,
    ) -> Result<(), WriteError<ReviewError>> {
        let visit = visited(review.patient, review.doctor, review.visit);
        let transaction = self
            .store
            .transaction(&about(review, permit))
            .demand(visit, ReviewError::NoVisit)
            .create(&Reviewed::by(review), ReviewError::AlreadyReviewed)
            .create(review, ReviewError::Stale);
        Refiling::first(copies(review)).join(transaction).commit().await
    }

    /// Saves a changed review, which was `before`.
    pub async fn save(
        &self,
        before: &Review,
        review: &mut Review,
        permit: &Permit,
    ) -> Result<(), WriteError<ReviewError>> {
        let permit = about(review, permit);
        let transaction = self.store.transaction(&permit).replace(review, ReviewError::Stale);
        Refiling::between(&copies(before), copies(review)).join(transaction).commit().await
    }

    /// Withdraws a review. The visit can be reviewed anew.
    pub async fn withdraw(
        &self,
        review: &Review,
        permit: &Permit,
    ) -> Result<(), WriteError<ReviewError>> {
        let permit = about(review, permit);
        let transaction = self
            .store
            .transaction(&permit)
            .retire(review, ReviewError::Stale)
            .remove(Reviewed::by(review).key());
        Refiling::last(&copies(review)).join(transaction).commit().await
    }
}

/// The event names the doctor, so that `relay` rates them anew also when the review is gone.
fn about(review: &Review, permit: &Permit) -> Permit {
    permit.clone().noting("doctor", review.doctor)
}

fn at(id: ReviewId) -> Key {
    Key::partition(Table::Clinical, "review", id).only(Review::KIND)
}

fn of_doctor(doctor: DoctorId) -> Partition {
    Key::partition(Table::Clinical, "reviews-of", doctor)
}

fn in_state(moderation: Moderation) -> Partition {
    Key::partition(Table::Clinical, "reviews", moderation)
}

/// Under the patient, in its state, and, if others may read it, under the doctor.
fn copies(review: &Review) -> Vec<(Key, Review)> {
    let public = review.is_published().then(|| of_doctor(review.doctor));
    [patients::under(review.patient), in_state(review.moderation)]
        .into_iter()
        .chain(public)
        .map(|partition| (partition.sort(Review::KIND, review.id), review.clone()))
        .collect()
}

fn visited(patient: PatientId, doctor: DoctorId, id: AppointmentId) -> Key {
    patients::under(patient).sort(Visit::KIND, format!("{doctor}#{id}"))
}

impl Entity for Review {
    const KIND: &'static str = "review";

    fn key(&self) -> Key {
        at(self.id)
    }
}

impl Entity for Visit {
    const KIND: &'static str = "visit";

    fn key(&self) -> Key {
        visited(self.patient, self.doctor, self.id)
    }
}

/// Marks a visit as reviewed. Its key makes sure that it is so only once.
#[derive(Debug, Serialize, Deserialize)]
struct Reviewed {
    patient: PatientId,
    visit: AppointmentId,
}

impl Reviewed {
    fn by(review: &Review) -> Self {
        Self { patient: review.patient, visit: review.visit }
    }

    fn at(patient: PatientId, visit: AppointmentId) -> Key {
        patients::under(patient).sort(Self::KIND, visit)
    }
}

impl Entity for Reviewed {
    const KIND: &'static str = "reviewed";

    fn key(&self) -> Key {
        Self::at(self.patient, self.visit)
    }
}
