//! Notifications that are to come, as long as what they speak of stays as it is.

use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, Time},
};
use serde::{Deserialize, Serialize};

use super::{Notification, NotificationId, NotificationKind, Priority, ReminderHours, words};
use crate::{
    access::UserId,
    account::Zone,
    appointment::{Appointment, AppointmentId, Status},
    event::Reference,
    medical_record::{MedicalRecord, MedicalRecordId},
    review::Visit,
};

/// For how long after a visit it is of use to ask for a review.
pub const REVIEWABLE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How long after a visit somebody who has not reviewed it is asked once more.
const ASKED_AGAIN: SignedDuration = SignedDuration::from_hours(3 * 24);

/// How many days before a follow-up the patient is told first.
const DAYS_BEFORE: [i32; 2] = [3, 0];

/// When on those days, where the patient is.
const MORNING: i8 = 9;

/// For how long a reminder is of use that comes as the appointment begins.
const GRACE: SignedDuration = SignedDuration::from_mins(15);

/// A notification that is to come at an instant, if the reason for it still holds then.
///
/// It is not in anybody's list yet, and nobody is told that it is planned. Whether the reason holds
/// is asked when it falls due, and again when it leaves the hub, so nothing has to be undone when an
/// appointment moves or a review is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// What the person will be told.
    #[serde(flatten)]
    pub notification: Notification,
    /// As long as what.
    pub as_long_as: Condition,
}

/// What must be so for a notification to be true.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "holds", rename_all = "kebab-case")]
pub enum Condition {
    /// The appointment is agreed, begins then, and the patient wants to be reminded so early.
    Awaited {
        /// The appointment.
        visit: AppointmentId,
        /// When it is to begin.
        starts_at: Timestamp,
        /// How many hours before.
        hours: u8,
    },
    /// The appointment was not called off, and begins then.
    Standing {
        /// The appointment.
        visit: AppointmentId,
        /// When it is to begin.
        starts_at: Timestamp,
    },
    /// The visit was not reviewed.
    Unreviewed {
        /// The visit.
        visit: AppointmentId,
    },
    /// The record says that the patient should come again on that day.
    FollowUp {
        /// The record.
        record: MedicalRecordId,
        /// The day.
        on: Date,
    },
}

/// What is known of what a condition speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Of an appointment and of when its patient wants to be reminded.
    Awaited {
        /// The appointment, if there is one.
        appointment: Option<Box<Appointment>>,
        /// The hours before.
        hours: ReminderHours,
    },
    /// Of an appointment.
    Standing {
        /// The appointment, if there is one.
        appointment: Option<Box<Appointment>>,
    },
    /// Of a visit.
    Unreviewed {
        /// Whether it was reviewed.
        is_reviewed: bool,
    },
    /// Of the record of a visit.
    FollowUp {
        /// When the patient should come again, if so.
        on: Option<Date>,
    },
}

impl Condition {
    /// Whether it is so, as far as `basis` shows.
    pub fn holds(&self, basis: &Basis) -> bool {
        match (self, basis) {
            (
                Self::Awaited { starts_at, hours, .. },
                Basis::Awaited { appointment, hours: wanted },
            ) => {
                wanted.hold(*hours)
                    && appointment.as_ref().is_some_and(|appointment| {
                        appointment.status() == Status::Confirmed
                            && appointment.span.start() == *starts_at
                    })
            }
            (Self::Standing { starts_at, .. }, Basis::Standing { appointment }) => {
                appointment.as_ref().is_some_and(|appointment| {
                    appointment.status() != Status::Cancelled
                        && appointment.span.start() == *starts_at
                })
            }
            (Self::Unreviewed { .. }, Basis::Unreviewed { is_reviewed }) => !is_reviewed,
            (Self::FollowUp { on, .. }, Basis::FollowUp { on: now }) => *now == Some(*on),
            (_, _) => false,
        }
    }
}

impl Planned {
    /// The instant at which it is to come.
    pub fn due_at(&self) -> Timestamp {
        self.notification.scheduled_for.unwrap_or(self.notification.created_at)
    }

    /// Whether it comes into the list at `now`, as far as `basis` shows.
    pub fn holds(&self, basis: &Basis, now: Timestamp) -> bool {
        self.as_long_as.holds(basis) && !self.notification.is_expired(now)
    }

    /// The same for the person whose record the patient's was merged into. It is what would have
    /// been planned for them, so nobody is told twice.
    #[must_use]
    pub fn readdressed(self, recipient: UserId) -> Self {
        let (at, told) = (self.due_at(), self.notification);
        let id = NotificationId::at(&told.about, recipient, told.kind, at);
        Self { notification: Notification { id, recipient, ..told }, ..self }
    }

    /// The same, as it comes into the list at `now`. It leaves the hub as long as it is true.
    pub fn arrive(self, now: Timestamp) -> Notification {
        Notification { created_at: now, as_long_as: Some(self.as_long_as), ..self.notification }
    }

    /// The reminders of an agreed appointment, those that lie behind `now`.
    pub fn reminders(
        appointment: &Appointment,
        recipient: UserId,
        hours: &ReminderHours,
        zone: &Zone,
        now: Timestamp,
    ) -> Vec<Self> {
        let (visit, starts_at) = (appointment.id, appointment.span.start());
        if appointment.status() != Status::Confirmed {
            return Vec::new();
        }
        let remind = |(hours, at)| {
            let (kind, words) =
                (NotificationKind::AppointmentReminder, words::reminder(appointment, zone));
            let notification = Notification::at(visit.into(), recipient, kind, at, zone, words)
                .about(visit)
                .until(starts_at.max(at + GRACE));
            Self { notification, as_long_as: Condition::Awaited { visit, starts_at, hours } }
        };
        hours.before(starts_at, now).into_iter().map(remind).collect()
    }

    /// Asks once more for the review of a visit, three days after it.
    pub fn second_request(
        visit: &Visit,
        recipient: UserId,
        zone: &Zone,
        words: words::Words,
    ) -> Self {
        let (kind, at) = (NotificationKind::ReviewRequest, visit.completed_at + ASKED_AGAIN);
        let notification = Notification::at(visit.id.into(), recipient, kind, at, zone, words)
            .about(visit.id)
            .pressing(Priority::Low)
            .until(visit.completed_at + REVIEWABLE);
        Self { notification, as_long_as: Condition::Unreviewed { visit: visit.id } }
    }

    /// Tells a patient of the follow-up that the record of a visit speaks of: three days before
    /// and on the day, at nine in the morning, as far as that lies behind `now`.
    pub fn follow_ups(
        record: &MedicalRecord,
        recipient: UserId,
        zone: &Zone,
        now: Timestamp,
    ) -> Vec<Self> {
        let Some(on) = record.account.follow_up_date else { return Vec::new() };
        let rules = zone.time_zone();
        let morning = |date: Date| {
            let nine = date.to_datetime(Time::new(MORNING, 0, 0, 0).ok()?);
            rules.to_timestamp(nine).ok()
        };
        let over = on.tomorrow().ok().and_then(|day| rules.to_timestamp(day.into()).ok());
        let tell = |before: i32| {
            let at = morning(on.checked_sub(before.days()).ok()?).filter(|at| *at > now)?;
            let (kind, about) = (NotificationKind::FollowUpRequired, Reference::from(record.id));
            let words = words::follow_up(record, on);
            let notification = Notification::at(about, recipient, kind, at, zone, words)
                .about(record.appointment)
                .noting("follow_up_date", on)
                .until(over?);
            let as_long_as = Condition::FollowUp { record: record.id, on };
            Some(Self { notification, as_long_as })
        };
        DAYS_BEFORE.into_iter().filter_map(tell).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use ulid::Ulid;

    use super::*;

    const ULID: &str = "01J9Z3K8Q4N6V2X5Y7W0B1C2D3";
    const NOW: &str = "2030-01-07T08:00:00Z";
    const START: &str = "2030-01-09T09:00:00Z";

    fn at(instant: &str) -> Timestamp {
        instant.parse().unwrap()
    }

    fn ana() -> UserId {
        Ulid::from(7_u128).into()
    }

    fn karachi() -> Zone {
        "Asia/Karachi".parse().unwrap()
    }

    fn appointment(status: &str, start: &str) -> Appointment {
        serde_json::from_value(json!({
            "id": format!("apt_{ULID}"), "booking": "SLOT", "patient": format!("pat_{ULID}"),
            "patient_name": "Ana Diaz", "doctor": format!("doc_{ULID}"),
            "doctor_name": "Ali Mehmood", "hospital": format!("hsp_{ULID}"),
            "hospital_name": "Jinnah Hospital", "span": format!("{start}/30"),
            "zone": "Asia/Karachi", "payment": "PENDING", "created_at": NOW, "updated_at": NOW,
            "status": status, "revision": 1,
            "steps": [{"to": status, "at": NOW}],
        }))
        .unwrap()
    }

    fn reminders(status: &str) -> Vec<Planned> {
        let hours = ReminderHours::default();
        Planned::reminders(&appointment(status, START), ana(), &hours, &karachi(), at(NOW))
    }

    #[test]
    fn patients_are_reminded_of_what_is_agreed() {
        let mut planned = reminders("CONFIRMED");
        planned.sort_by_key(Planned::due_at);
        let due: Vec<_> = planned.iter().map(|one| one.due_at().to_string()).collect();
        assert_eq!(due, ["2030-01-08T09:00:00Z", "2030-01-09T07:00:00Z"]);
        let first = &planned[0].notification;
        assert_eq!(first.expires_at, Some(at(START)));
        assert_eq!(
            first.message.reveal(),
            "You have an appointment with Dr. Ali Mehmood at Jinnah Hospital on Wednesday, 9 January 2030 at 14:00 (Asia/Karachi). If you cannot come, please call it off in time."
        );
        assert_ne!(planned[0].notification.id, planned[1].notification.id);
        assert_eq!(reminders("CONFIRMED").len(), 2);
        assert!(reminders("REQUESTED").is_empty());
    }

    #[test]
    fn planning_the_same_again_plans_nothing_else() {
        let ids = |planned: Vec<Planned>| planned.into_iter().map(|one| one.notification.id);
        assert!(ids(reminders("CONFIRMED")).eq(ids(reminders("CONFIRMED"))));
    }

    #[test]
    fn a_reminder_falls_away_with_its_reason() {
        let hours = |hours: &[u8]| ReminderHours::try_from(hours.to_vec()).unwrap();
        let basis = |status: &str, start: &str, wanted: &[u8]| Basis::Awaited {
            appointment: Some(Box::new(appointment(status, start))),
            hours: hours(wanted),
        };
        let planned = reminders("CONFIRMED");
        let early = planned.iter().find(|one| one.due_at() == at("2030-01-08T09:00:00Z")).unwrap();
        let holds = |basis: &Basis| early.holds(basis, early.due_at());
        assert!(holds(&basis("CONFIRMED", START, &[])));
        assert!(!holds(&basis("CANCELLED", START, &[])));
        assert!(!holds(&basis("CHECKED_IN", START, &[])));
        assert!(!holds(&basis("CONFIRMED", "2030-01-10T09:00:00Z", &[])));
        assert!(!holds(&basis("CONFIRMED", START, &[2, 48])));
        assert!(!holds(&Basis::Awaited { appointment: None, hours: hours(&[]) }));
        assert!(!holds(&Basis::Unreviewed { is_reviewed: false }));
        assert!(!early.holds(&basis("CONFIRMED", START, &[]), at(START)));
    }

    #[test]
    fn a_reminder_at_the_beginning_is_of_use_for_a_quarter_of_an_hour() {
        let hours = ReminderHours::try_from(vec![0, 1]).unwrap();
        let visit = appointment("CONFIRMED", START);
        let mut planned = Planned::reminders(&visit, ana(), &hours, &karachi(), at(NOW));
        planned.sort_by_key(Planned::due_at);
        let times = planned.iter().map(|one| (one.due_at(), one.notification.expires_at));
        let quarter_past = at(START) + GRACE;
        let hour_before = at("2030-01-09T08:00:00Z");
        assert_eq!(
            times.collect::<Vec<_>>(),
            [(hour_before, Some(at(START))), (at(START), Some(quarter_past))]
        );
        let basis = Basis::Awaited { appointment: Some(Box::new(visit)), hours };
        assert!(planned[1].holds(&basis, at(START)) && !planned[1].holds(&basis, quarter_past));
    }

    #[test]
    fn what_is_told_of_an_appointment_is_true_until_that_moves_or_is_called_off() {
        let told = || reminders("CONFIRMED").remove(0).arrive(at(NOW));
        assert!(matches!(told().as_long_as, Some(Condition::Awaited { .. })));
        let told = told().ahead_of(&appointment("REQUESTED", START));
        assert_eq!(told.expires_at, Some(at(START)));
        let holds = |appointment: Option<Appointment>| {
            let appointment = appointment.map(Box::new);
            told.as_long_as.as_ref().unwrap().holds(&Basis::Standing { appointment })
        };
        for status in ["REQUESTED", "CONFIRMED", "CHECKED_IN", "IN_PROGRESS"] {
            assert!(holds(Some(appointment(status, START))), "{status}");
        }
        assert!(!holds(Some(appointment("CANCELLED", START))));
        assert!(!holds(Some(appointment("CONFIRMED", "2030-01-10T09:00:00Z"))));
        assert!(!holds(None));
    }

    #[test]
    fn a_plan_for_a_twin_becomes_the_one_that_would_have_been_made_for_the_person() {
        let twin: UserId = Ulid::from(8_u128).into();
        let hours = ReminderHours::default();
        let of_twin =
            Planned::reminders(&appointment("CONFIRMED", START), twin, &hours, &karachi(), at(NOW));
        assert_ne!(of_twin, reminders("CONFIRMED"));
        let readdressed: Vec<_> =
            of_twin.into_iter().map(|planned| planned.readdressed(ana())).collect();
        assert_eq!(readdressed, reminders("CONFIRMED"));
    }

    #[test]
    fn whoever_has_not_reviewed_is_asked_once_more() {
        let visit = Visit {
            id: format!("apt_{ULID}").parse().unwrap(),
            patient: ana().into(),
            doctor: ana().into(),
            hospital: None,
            completed_at: at(NOW),
        };
        let words = words::visited(&appointment("COMPLETED", START));
        let again = Planned::second_request(&visit, ana(), &karachi(), words);
        assert_eq!(again.due_at(), at("2030-01-10T08:00:00Z"));
        assert!(again.holds(&Basis::Unreviewed { is_reviewed: false }, again.due_at()));
        assert!(!again.holds(&Basis::Unreviewed { is_reviewed: true }, again.due_at()));
        let late = at("2030-02-06T08:00:00Z");
        assert!(!again.holds(&Basis::Unreviewed { is_reviewed: false }, late));
    }

    #[test]
    fn a_follow_up_is_told_on_two_mornings_where_the_patient_is() {
        let record = |follow_up: Option<&str>| -> MedicalRecord {
            serde_json::from_value(json!({
                "id": format!("mrc_{ULID}"), "appointment": format!("apt_{ULID}"),
                "patient": format!("pat_{ULID}"), "patient_name": "Ana Diaz",
                "doctor": format!("doc_{ULID}"), "doctor_name": "Ali Mehmood",
                "visited_on": "2030-01-07", "diagnosis": "Angina", "follow_up_date": follow_up,
                "created_at": NOW, "updated_at": NOW, "revision": 1,
            }))
            .unwrap()
        };
        let planned = |follow_up: Option<&str>| {
            Planned::follow_ups(&record(follow_up), ana(), &karachi(), at(NOW))
        };
        let due = |follow_up: Option<&str>| {
            let all = planned(follow_up).into_iter();
            all.map(|one| one.due_at().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(due(Some("2030-01-21")), ["2030-01-18T04:00:00Z", "2030-01-21T04:00:00Z"]);
        assert_eq!(due(Some("2030-01-09")), ["2030-01-09T04:00:00Z"]);
        assert!(due(None).is_empty());

        let told = &planned(Some("2030-01-21"))[0];
        let message = told.notification.message.reveal();
        assert_eq!(
            message,
            "Dr. Ali Mehmood would like to see you again around Monday, 21 January 2030. Book a time in CareHub."
        );
        let on = |day: Option<&str>| Basis::FollowUp { on: day.map(|day| day.parse().unwrap()) };
        assert!(told.holds(&on(Some("2030-01-21")), told.due_at()));
        assert!(!told.holds(&on(Some("2030-01-28")), told.due_at()));
        assert!(!told.holds(&on(None), told.due_at()));
    }
}
