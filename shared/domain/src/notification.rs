//! Notifications: what a person is told, by which ways, and when.

mod planned;
mod preferences;
pub mod words;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use ulid::Ulid;

pub use self::{
    planned::{Basis, Condition, Planned, REVIEWABLE},
    preferences::{
        BadPreference, DailyMaximum, Decision, PreferenceError, Preferences, QuietHours, Reason,
        ReminderHours,
    },
    words::Words,
};
use crate::{
    Id, Revision,
    access::{Action, Subject, UserId},
    account::Zone,
    appointment::{Appointment, AppointmentId},
    choice::choice,
    event::{Event, EventId, Reference},
    id::Identified,
    reminder::Reminder,
    revision::{Revised, revised},
    text::Text,
};

choice! {
    /// What a notification is about.
    pub enum NotificationKind: "a type of notification" {
        /// Somebody asks for an appointment.
        AppointmentRequest = "APPOINTMENT_REQUEST",
        /// A patient was given to a doctor.
        PatientAssigned = "PATIENT_ASSIGNED",
        /// An appointment stands.
        AppointmentConfirmed = "APPOINTMENT_CONFIRMED",
        /// An appointment comes near.
        AppointmentReminder = "APPOINTMENT_REMINDER",
        /// An appointment was called off.
        AppointmentCancelled = "APPOINTMENT_CANCELLED",
        /// An appointment has moved.
        AppointmentRescheduled = "APPOINTMENT_RESCHEDULED",
        /// A time for which somebody waits has become free.
        SlotOffered = "SLOT_OFFERED",
        /// The record of a visit was written or changed.
        MedicalRecordUpdated = "MEDICAL_RECORD_UPDATED",
        /// A doctor said something about a health record.
        AnnotationAdded = "ANNOTATION_ADDED",
        /// A prescription was written.
        PrescriptionReady = "PRESCRIPTION_READY",
        /// The result of a test is there.
        LabResultsAvailable = "LAB_RESULTS_AVAILABLE",
        /// The day of a follow-up comes near.
        FollowUpRequired = "FOLLOW_UP_REQUIRED",
        /// A visit may be reviewed.
        ReviewRequest = "REVIEW_REQUEST",
        /// It is time to take a medicine.
        MedicationReminder = "MEDICATION_REMINDER",
        /// Something is to be paid.
        PaymentReminder = "PAYMENT_REMINDER",
        /// What is known of an insurance has changed.
        InsuranceUpdate = "INSURANCE_UPDATE",
        /// Anything else.
        SystemMessage = "SYSTEM_MESSAGE",
    }
}

choice! {
    /// How much a notification presses.
    pub enum Priority: "a priority" {
        /// Whenever.
        Low = "LOW",
        /// As usual.
        Normal = "NORMAL",
        /// Soon.
        High = "HIGH",
        /// At once, also at night and however many there were today.
        Urgent = "URGENT",
    }
}

choice! {
    /// A way to a person.
    pub enum Channel: "a way" {
        /// A message to the phone.
        Sms = "SMS",
        /// Mail.
        Email = "EMAIL",
        /// In the application, at once if it is open.
        Push = "PUSH",
    }
}

/// How long a notification that was read stays in the list.
pub const KEPT_READ: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long a notification that nobody reads stays in the list.
pub const KEPT_UNREAD: SignedDuration = SignedDuration::from_hours(365 * 24);

/// How long it is remembered that a notification was removed, so that a stream which repeats
/// itself does not bring it back.
pub const REMEMBERED: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long after its time a reminder of a medicine is still of use.
const DOSE: SignedDuration = SignedDuration::from_mins(60);

/// Something that a person is told.
///
/// It is in the person's list from `created_at` on. What leaves the hub by SMS and mail is `message`, too, so
/// that says nothing about somebody's health.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// Identifies the notification. It follows from why and to whom it comes, so nobody is told
    /// the same twice.
    pub id: NotificationId,
    /// Who is told. Of a patient without an account, the account that they would have. A hospital
    /// is told through the account that runs it, whether or not that may be used yet; its mail
    /// goes to the mailbox of the hospital.
    pub recipient: UserId,
    /// What it is about.
    #[serde(rename = "type")]
    pub kind: NotificationKind,
    /// How much it presses.
    pub priority: Priority,
    /// A few words.
    pub title: Text<200>,
    /// What there is to say.
    pub message: Text<1000>,
    /// The ways that are thought of. What the person wishes decides when it goes out.
    pub channels: BTreeSet<Channel>,
    /// The record behind it.
    pub about: Reference,
    /// The appointment it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appointment: Option<AppointmentId>,
    /// The event it comes from, if from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<EventId>,
    /// The zone to speak of time in, if the person has named none.
    pub zone: Zone,
    /// Ids, states and numbers for programs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// When it is to come, if not at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled_for: Option<Timestamp>,
    /// When it is of no use any more. It is not sent from then on.
    #[serde(default, rename = "void_at", skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// As long as what it is true, if that can change. It is not sent from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_long_as: Option<Condition>,
    /// When it came.
    pub created_at: Timestamp,
    /// When the person read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_at: Option<Timestamp>,
    /// When it first left the hub by SMS or mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// When the person removed it from the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_at: Option<Timestamp>,
    revision: Revision,
}

/// Identifies a [`Notification`].
pub type NotificationId = Id<Notification>;

impl Identified for Notification {
    const PREFIX: &'static str = "ntf";
}

impl NotificationId {
    /// The one notification of that kind by which a person is told of an event.
    pub fn of(event: EventId, recipient: UserId, kind: NotificationKind) -> Self {
        Self::derived(event.ulid().timestamp_ms(), &event.into(), recipient, kind)
    }

    /// The one notification of that kind by which a person is told of a record at an instant.
    pub fn at(about: &Reference, recipient: UserId, kind: NotificationKind, at: Timestamp) -> Self {
        let millis = u64::try_from(at.as_millisecond()).unwrap_or_default();
        Self::derived(millis, about, recipient, kind)
    }

    /// The instant stands in front, so that lists are in order.
    fn derived(millis: u64, why: &Reference, recipient: UserId, kind: NotificationKind) -> Self {
        let digest = Sha256::digest(format!("{why} {recipient} {kind} {millis}"));
        let mut random = [0; 16];
        random[6..].copy_from_slice(&digest[..10]);
        Ulid::from_parts(millis, u128::from_be_bytes(random)).into()
    }
}

impl Notification {
    /// Tells a person at once of an event, by all ways.
    pub fn of(
        event: &Event,
        recipient: UserId,
        kind: NotificationKind,
        zone: &Zone,
        words: Words,
    ) -> Self {
        let id = NotificationId::of(event.id, recipient, kind);
        let blank = Self::blank(id, event.subject.clone(), recipient, kind, zone, words, event.at);
        Self { event: Some(event.id), ..blank }
    }

    /// Tells a person of a record at an instant, by all ways.
    pub fn at(
        about: Reference,
        recipient: UserId,
        kind: NotificationKind,
        at: Timestamp,
        zone: &Zone,
        words: Words,
    ) -> Self {
        let id = NotificationId::at(&about, recipient, kind, at);
        let blank = Self::blank(id, about, recipient, kind, zone, words, at);
        Self { scheduled_for: Some(at), ..blank }
    }

    /// Reminds a patient of a medicine, by the ways that the patient chose. An hour later it is of
    /// no use any more.
    pub fn of_reminder(reminder: &Reminder, at: Timestamp) -> Self {
        let ways = [
            (Channel::Sms, reminder.ways.sms),
            (Channel::Email, reminder.ways.email),
            (Channel::Push, reminder.ways.push),
        ];
        let ways = ways.into_iter().filter_map(|(way, chosen)| chosen.then_some(way));
        let (kind, words) = (NotificationKind::MedicationReminder, words::medicine());
        Self::at(reminder.id.into(), reminder.patient.into(), kind, at, &reminder.zone, words)
            .by(ways)
            .until(at + DOSE)
    }

    fn blank(
        id: NotificationId,
        about: Reference,
        recipient: UserId,
        kind: NotificationKind,
        zone: &Zone,
        Words { title, message }: Words,
        created_at: Timestamp,
    ) -> Self {
        Self {
            id,
            recipient,
            kind,
            priority: Priority::Normal,
            title,
            message,
            channels: Channel::ALL.iter().copied().collect(),
            about,
            appointment: None,
            event: None,
            zone: zone.clone(),
            metadata: BTreeMap::new(),
            scheduled_for: None,
            expires_at: None,
            as_long_as: None,
            created_at,
            read_at: None,
            sent_at: None,
            removed_at: None,
            revision: Revision::FIRST,
        }
    }

    /// The same by these ways only.
    #[must_use]
    pub fn by(self, ways: impl IntoIterator<Item = Channel>) -> Self {
        Self { channels: ways.into_iter().collect(), ..self }
    }

    /// The same, more or less urgent.
    #[must_use]
    pub fn pressing(self, priority: Priority) -> Self {
        Self { priority, ..self }
    }

    /// The same, of no use any more from `expires_at` on.
    #[must_use]
    pub fn until(self, expires_at: Timestamp) -> Self {
        Self { expires_at: Some(expires_at), ..self }
    }

    /// The same, about an appointment.
    #[must_use]
    pub fn about(self, appointment: AppointmentId) -> Self {
        Self { appointment: Some(appointment), ..self }.noting("appointment", appointment)
    }

    /// The same, about an appointment to come: of no use any more once that begins, and not true
    /// once it was moved or called off.
    #[must_use]
    pub fn ahead_of(self, appointment: &Appointment) -> Self {
        let (visit, starts_at) = (appointment.id, appointment.span.start());
        let as_long_as = Some(Condition::Standing { visit, starts_at });
        Self { as_long_as, ..self.about(visit).until(starts_at) }
    }

    /// Adds an id, a state or a number for programs.
    #[must_use]
    pub fn noting(mut self, name: &str, fact: impl Display) -> Self {
        self.metadata.insert(name.to_owned(), fact.to_string());
        self
    }

    /// Whether it is of no use any more.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Whether it is yet to come.
    pub fn is_scheduled(&self, now: Timestamp) -> bool {
        self.scheduled_for.is_some_and(|at| at > now)
    }

    /// Whether it is in the list and nobody has read it.
    pub fn is_unread(&self) -> bool {
        self.read_at.is_none() && self.removed_at.is_none()
    }

    /// The same, read at `now` at the latest.
    #[must_use]
    pub fn read(self, now: Timestamp) -> Self {
        Self { read_at: self.read_at.or(Some(now)), ..self }
    }

    /// The same, taken out of the list.
    #[must_use]
    pub fn remove(self, now: Timestamp) -> Self {
        Self { removed_at: self.removed_at.or(Some(now)), ..self }
    }

    /// The ways that are thought of, as the audit log tells them: `EMAIL,PUSH,SMS`.
    fn ways(&self) -> String {
        let mut ways: Vec<_> = self.channels.iter().map(|way| way.as_str()).collect();
        ways.sort_unstable();
        ways.join(",")
    }
}

revised!(Notification);

impl Subject for Notification {
    const VIEW: Action = Action::ViewNotification;

    fn reference(&self) -> Reference {
        self.id.into()
    }

    fn owner(&self) -> Option<UserId> {
        Some(self.recipient)
    }

    /// What `relay` needs to carry it on.
    fn facts(&self) -> Vec<(&'static str, String)> {
        vec![
            ("recipient", self.recipient.to_string()),
            ("kind", self.kind.to_string()),
            ("priority", self.priority.to_string()),
            ("channels", self.ways()),
        ]
    }
}

/// The notifications of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inbox {
    /// Whose they are.
    pub owner: UserId,
}

impl Subject for Inbox {
    const VIEW: Action = Action::ListNotifications;

    fn reference(&self) -> Reference {
        self.owner.into()
    }

    fn owner(&self) -> Option<UserId> {
        Some(self.owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_told_the_same_is_told_it_under_the_same_name() {
        let (ana, ali) = (Ulid::from(7_u128).into(), Ulid::from(8_u128).into());
        let event: EventId = "evt_01J9Z3K8Q4N6V2X5Y7W0B1C2D3".parse().unwrap();
        let kind = NotificationKind::AppointmentCancelled;
        let id = NotificationId::of(event, ana, kind);
        assert_eq!(id, NotificationId::of(event, ana, kind));
        assert_eq!(id.ulid().timestamp_ms(), event.ulid().timestamp_ms());
        assert_ne!(id, NotificationId::of(event, ali, kind));
        assert_ne!(id, NotificationId::of(event, ana, NotificationKind::SystemMessage));

        let (about, at) = (Reference::named("apt_1"), Timestamp::UNIX_EPOCH);
        let id = NotificationId::at(&about, ana, kind, at);
        assert_eq!(id.ulid().timestamp_ms(), 0);
        assert_ne!(id, NotificationId::at(&about, ana, kind, at + DOSE));
    }

    #[test]
    fn a_notification_is_read_once_and_then_not_again() {
        let words = words::insured();
        let (about, kind) = (Reference::named("pat_1"), NotificationKind::InsuranceUpdate);
        let (at, zone) = (Timestamp::UNIX_EPOCH, Zone::default());
        let told = Notification::at(about, Ulid::from(7_u128).into(), kind, at, &zone, words);
        assert!(told.is_unread() && told.is_scheduled(at - DOSE) && !told.is_scheduled(at));
        let read = told.clone().read(at);
        assert_eq!(read.clone().read(at + DOSE).read_at, Some(at));
        assert!(!read.is_unread() && !told.clone().remove(at).is_unread());
        assert!(!told.is_expired(at) && told.until(at).is_expired(at));
        assert_eq!(read.ways(), "EMAIL,PUSH,SMS");
    }
}
