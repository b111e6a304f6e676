//! Whom events concern, what they are told at once, and what they will be told.
//!
//! Nobody is told of what they did themselves, and nobody is told the same twice: a notification
//! is named by the event and by whom it is for.

mod clinical;
mod hospitals;
mod visits;

use std::collections::BTreeMap;

use carehub_domain::{
    Failure,
    access::{Action, Actor, PatientId, UserId},
    account::Zone,
    doctor::DoctorId,
    event::Event,
    notification::{Channel, Notification, Planned},
};
use carehub_store::{Store, StoreError};
use futures_util::future::try_join_all;

use crate::Relay;

/// How many events are looked at, or people told, at once.
const AT_ONCE: usize = 8;

/// In the list, and by mail.
const LIST_AND_MAIL: [Channel; 2] = [Channel::Push, Channel::Email];

/// What follows from an event.
#[derive(Debug, Default)]
struct Notices {
    /// What people are told at once.
    now: Vec<Notification>,
    /// What they will be told.
    later: Vec<Planned>,
}

/// Somebody who is told.
#[derive(Clone, Debug)]
struct Person {
    id: UserId,
    /// Where they live, as far as anybody knows.
    zone: Zone,
    has_account: bool,
}

/// Tells people what concerns them, and plans what they will be told.
pub(crate) async fn tell(relay: &Relay, events: &[Event]) -> Result<(), Box<dyn Failure>> {
    let Some(at) = events.iter().map(|event| event.at).max() else { return Ok(()) };
    let (store, hub) = (&relay.store, Actor::worker("relay", at));
    // The number of those unread is one item of each person, so each is told one by one.
    let mut told: BTreeMap<UserId, Vec<Notification>> = BTreeMap::new();
    let mut planned = Vec::new();
    for chunk in events.chunks(AT_ONCE) {
        let notices = chunk.iter().map(|event| Desk { store, event }.notices());
        for Notices { now, later } in try_join_all(notices).await? {
            for notification in now {
                told.entry(notification.recipient).or_default().push(notification);
            }
            planned.extend(later);
        }
    }
    let (told, notifications) = (told.into_values().collect::<Vec<_>>(), store.notifications());
    for people in told.chunks(AT_ONCE) {
        let telling = people.iter().map(|each| notifications.create(each, &hub));
        try_join_all(telling).await?;
    }
    Ok(notifications.plan(&planned).await?)
}

/// Where an event is read.
#[derive(Clone, Copy, Debug)]
struct Desk<'r> {
    store: &'r Store,
    event: &'r Event,
}

impl Desk<'_> {
    async fn notices(self) -> Result<Notices, StoreError> {
        match self.event.action {
            Action::RegisterHospital => self.applied().await,
            Action::ApproveHospital | Action::RejectHospital => self.decided().await,
            Action::BreakGlass => self.opened().await,
            Action::CreateAppointment => self.booked().await,
            Action::ConfirmAppointment | Action::AssignDoctor => self.confirmed().await,
            Action::RescheduleAppointment => self.rescheduled().await,
            Action::CancelAppointment => self.cancelled().await,
            Action::CompleteVisit => self.completed().await,
            Action::OfferSlot => self.offered().await,
            Action::EditPreferences => self.preferred().await,
            Action::CreateMedicalRecord | Action::EditMedicalRecord => self.recorded().await,
            Action::CreateAnnotation => self.annotated().await,
            Action::CreatePrescription => self.prescribed().await,
            Action::CreateLabResult | Action::EditLabResult => self.resulted().await,
            Action::EditPatient | Action::EditAccount | Action::AdministerAccount => {
                self.insured().await
            }
            Action::CreateAssignment | Action::EditAssignment => self.entrusted().await,
            _ => Ok(Notices::default()),
        }
    }

    fn hub(self) -> Actor {
        Actor::worker("relay", self.event.at)
    }

    /// The record that the event is about, or names under `name`.
    fn id<T: std::str::FromStr>(self, name: Option<&str>) -> Option<T> {
        match name {
            None => self.event.subject.as_str().parse().ok(),
            Some(name) => self.event.details.get(name)?.parse().ok(),
        }
    }

    /// Whether it is somebody else's deed.
    fn concerns(self, person: &Person) -> bool {
        self.event.actor != Some(person.id)
    }

    /// A patient, or whoever their record was merged into.
    async fn patient(self, id: PatientId, zone: &Zone) -> Result<Option<Person>, StoreError> {
        let patient = self.store.patients().find(id).await?.view(&self.hub()).ok();
        Ok(patient.map(|patient| Person {
            id: patient.id.into(),
            zone: patient.profile.timezone.unwrap_or_else(|| zone.clone()),
            has_account: patient.account.is_some(),
        }))
    }

    async fn doctor(self, id: DoctorId) -> Result<Option<Person>, StoreError> {
        let doctor = self.store.doctors().find(id).await?.view(&self.hub()).ok();
        Ok(doctor.map(|doctor| Person {
            id: doctor.id.into(),
            zone: doctor.practice.zone,
            has_account: true,
        }))
    }
}

impl Notices {
    fn of(now: impl IntoIterator<Item = Notification>) -> Self {
        Self { now: now.into_iter().collect(), later: Vec::new() }
    }

    fn and_later(self, later: Vec<Planned>) -> Self {
        Self { later, ..self }
    }
}
