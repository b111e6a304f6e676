//! How a person wants to be told, and what follows from that.

use std::collections::BTreeSet;

use jiff::{
    Timestamp, ToSpan, Zoned,
    civil::{Date, Time},
    tz::AmbiguousOffset,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Channel, Notification, NotificationKind, Priority};
use crate::{
    Revision,
    access::{Action, Subject, UserId},
    account::Zone,
    choice::choice,
    event::Reference,
    failures,
    hours::Minute,
    revision::{Revised, revised},
};

/// When patients are reminded who have not said so: a day before, and two hours before.
const USUAL_HOURS: [u8; 2] = [24, 2];

/// The longest time before an appointment, in hours.
const LONGEST: u8 = 168;

/// The most times at which somebody is reminded of one appointment.
const MOST: usize = 10;

/// How a person wants to be told. Nothing is kept until somebody changes something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct Preferences {
    /// Whose wishes they are.
    pub user: UserId,
    /// Whether mail is sent.
    pub email_notifications: bool,
    /// Whether messages are sent to the phone.
    pub sms_notifications: bool,
    /// Whether the application speaks up while it is open.
    pub push_notifications: bool,
    /// `APPOINTMENT_REMINDER` and `FOLLOW_UP_REQUIRED`.
    pub appointment_reminders: bool,
    /// `APPOINTMENT_REQUEST`, `PATIENT_ASSIGNED`, `APPOINTMENT_CONFIRMED`,
    /// `APPOINTMENT_CANCELLED` and `APPOINTMENT_RESCHEDULED`.
    pub appointment_confirmations: bool,
    /// `MEDICAL_RECORD_UPDATED` and `ANNOTATION_ADDED`.
    pub medical_record_updates: bool,
    /// `PRESCRIPTION_READY`.
    pub prescription_notifications: bool,
    /// `LAB_RESULTS_AVAILABLE`.
    pub lab_result_notifications: bool,
    /// `REVIEW_REQUEST`.
    pub review_requests: bool,
    /// `SYSTEM_MESSAGE` and `INSURANCE_UPDATE`.
    pub system_messages: bool,
    /// How long before an appointment to remind.
    pub reminder_hours: ReminderHours,
    /// When not to disturb.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_hours: Option<QuietHours>,
    /// How many may leave the hub in a day.
    pub max_daily_notifications: DailyMaximum,
    /// Where those hours and days are, if not where the profile says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<Zone>,
    /// When they last changed; never, if these are the usual ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    revision: Revision,
}

impl Preferences {
    /// What holds for somebody who has said nothing.
    pub fn usual(user: UserId) -> Self {
        Self {
            user,
            email_notifications: true,
            sms_notifications: false,
            push_notifications: true,
            appointment_reminders: true,
            appointment_confirmations: true,
            medical_record_updates: true,
            prescription_notifications: true,
            lab_result_notifications: true,
            review_requests: true,
            system_messages: true,
            reminder_hours: ReminderHours::default(),
            quiet_hours: None,
            max_daily_notifications: DailyMaximum::default(),
            timezone: None,
            updated_at: None,
            revision: Revision::FIRST,
        }
    }

    /// The usual ones again, as a change of these.
    #[must_use]
    pub fn reset(self, now: Timestamp) -> Self {
        let Self { user, revision, .. } = self;
        Self { updated_at: Some(now), revision, ..Self::usual(user) }
    }

    /// The same with every way and every kind switched on, or off.
    #[must_use]
    pub fn switched(self, on: bool, now: Timestamp) -> Self {
        Self {
            email_notifications: on,
            sms_notifications: on,
            push_notifications: on,
            appointment_reminders: on,
            appointment_confirmations: on,
            medical_record_updates: on,
            prescription_notifications: on,
            lab_result_notifications: on,
            review_requests: on,
            system_messages: on,
            updated_at: Some(now),
            ..self
        }
    }

    /// The zone in which the person's hours and days are: the one they named, else that of their
    /// profile, else that of the notification.
    pub fn zone<'a>(
        &'a self,
        profile: Option<&'a Zone>,
        notification: &'a Notification,
    ) -> &'a Zone {
        self.timezone.as_ref().or(profile).unwrap_or(&notification.zone)
    }

    /// What becomes of a notification by one of its ways at `now`, if the person can be reached
    /// that way and `sent_today` left the hub for them today.
    ///
    /// What is urgent waits for nothing and counts for nothing. Of a medicine a patient is
    /// reminded by the ways that the reminder names, whatever is switched on here. What stays in the
    /// application does not leave the hub, so no maximum of a day keeps it quiet.
    pub fn decide(
        &self,
        notification: &Notification,
        way: Channel,
        zone: &Zone,
        now: Timestamp,
        sent_today: u32,
    ) -> Decision {
        if notification.is_expired(now) {
            return Decision::Drop(Reason::Expired);
        }
        if let Some(at) = notification.scheduled_for.filter(|at| *at > now) {
            return Decision::Wait(at);
        }
        if notification.priority == Priority::Urgent {
            return Decision::Send;
        }
        let chosen = notification.kind == NotificationKind::MedicationReminder;
        if !chosen && !self.takes(way) {
            return Decision::Drop(Reason::ChannelOff);
        }
        if !self.wants(notification.kind) {
            return Decision::Drop(Reason::KindOff);
        }
        if let Some(end) = self.quiet_until(zone, now) {
            return Decision::Wait(end);
        }
        if way != Channel::Push && sent_today >= self.max_daily_notifications.get() {
            return Decision::Drop(Reason::DailyMaximum);
        }
        Decision::Send
    }

    /// Whether the person is told by this way.
    pub fn takes(&self, way: Channel) -> bool {
        match way {
            Channel::Sms => self.sms_notifications,
            Channel::Email => self.email_notifications,
            Channel::Push => self.push_notifications,
        }
    }

    /// Whether the person is told of this. Some things everybody is told.
    pub fn wants(&self, kind: NotificationKind) -> bool {
        match kind {
            NotificationKind::AppointmentReminder | NotificationKind::FollowUpRequired => {
                self.appointment_reminders
            }
            NotificationKind::AppointmentRequest
            | NotificationKind::PatientAssigned
            | NotificationKind::AppointmentConfirmed
            | NotificationKind::AppointmentCancelled
            | NotificationKind::AppointmentRescheduled => self.appointment_confirmations,
            NotificationKind::MedicalRecordUpdated | NotificationKind::AnnotationAdded => {
                self.medical_record_updates
            }
            NotificationKind::PrescriptionReady => self.prescription_notifications,
            NotificationKind::LabResultsAvailable => self.lab_result_notifications,
            NotificationKind::ReviewRequest => self.review_requests,
            NotificationKind::SystemMessage | NotificationKind::InsuranceUpdate => {
                self.system_messages
            }
            NotificationKind::SlotOffered
            | NotificationKind::MedicationReminder
            | NotificationKind::PaymentReminder => true,
        }
    }

    /// When the person may be disturbed again, if not at `now`.
    fn quiet_until(&self, zone: &Zone, now: Timestamp) -> Option<Timestamp> {
        self.quiet_hours?.until(&now.to_zoned(zone.time_zone()))
    }
}

revised!(Preferences);

impl Subject for Preferences {
    const VIEW: Action = Action::ViewPreferences;

    fn reference(&self) -> Reference {
        self.user.into()
    }

    fn owner(&self) -> Option<UserId> {
        Some(self.user)
    }
}

/// What becomes of a notification by one of its ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It goes out.
    Send,
    /// It is looked at again then.
    Wait(Timestamp),
    /// It does not go out. It stays in the list.
    Drop(Reason),
}

choice! {
    /// Why a notification does not go out.
    pub enum Reason: "a reason" {
        /// It is of no use any more.
        Expired = "EXPIRED",
        /// The person wants nothing by this way.
        ChannelOff = "CHANNEL_OFF",
        /// The person does not want to be told of such things.
        KindOff = "KIND_OFF",
        /// Enough left the hub today.
        DailyMaximum = "DAILY_MAXIMUM",
        /// Nobody knows how to reach the person by this way.
        NoAddress = "NO_ADDRESS",
        /// What it says is not so any more.
        Outdated = "OUTDATED",
        /// Whoever carries messages says that this one never arrives.
        Refused = "REFUSED",
    }
}

/// How many hours before an appointment somebody is reminded: up to ten different numbers up to
/// 168. None means the usual ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "Vec<u8>", into = "Vec<u8>")]
#[schema(value_type = Vec<u8>, max_items = 10, example = json!([24, 2]))]
pub struct ReminderHours(BTreeSet<u8>);

impl Default for ReminderHours {
    fn default() -> Self {
        Self(USUAL_HOURS.into())
    }
}

impl ReminderHours {
    /// Whether somebody is reminded that many hours before.
    pub fn hold(&self, hours: u8) -> bool {
        self.0.contains(&hours)
    }

    /// The instants behind `now` at which somebody is reminded of what begins at `start`, each
    /// with its hours.
    pub fn before(&self, start: Timestamp, now: Timestamp) -> Vec<(u8, Timestamp)> {
        let before = |&hours: &u8| {
            let at = start.checked_sub(i64::from(hours).hours()).ok()?;
            (at > now).then_some((hours, at))
        };
        self.0.iter().filter_map(before).collect()
    }
}

impl TryFrom<Vec<u8>> for ReminderHours {
    type Error = BadPreference;

    fn try_from(hours: Vec<u8>) -> Result<Self, Self::Error> {
        let count = hours.len();
        let hours: BTreeSet<u8> = hours.into_iter().collect();
        match (count, hours.last()) {
            (0, _) => Ok(Self::default()),
            (_, Some(longest)) if *longest > LONGEST => Err(BadPreference::Hours),
            (count, _) if count > MOST || hours.len() != count => Err(BadPreference::Hours),
            (_, _) => Ok(Self(hours)),
        }
    }
}

/// The longest time before comes first.
impl From<ReminderHours> for Vec<u8> {
    fn from(hours: ReminderHours) -> Self {
        hours.0.into_iter().rev().collect()
    }
}

/// How many notifications leave the hub for a person in a day at most: 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "u32", into = "u32")]
#[schema(value_type = u32, minimum = 1, maximum = 100)]
pub struct DailyMaximum(u32);

impl Default for DailyMaximum {
    fn default() -> Self {
        Self(10)
    }
}

impl DailyMaximum {
    /// The number itself.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for DailyMaximum {
    type Error = BadPreference;

    fn try_from(most: u32) -> Result<Self, Self::Error> {
        if (1..=100).contains(&most) { Ok(Self(most)) } else { Err(BadPreference::Daily) }
    }
}

impl From<DailyMaximum> for u32 {
    fn from(most: DailyMaximum) -> Self {
        most.0
    }
}

/// The time of day when somebody is not to be disturbed, which may lie around midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietHours {
    /// When they begin.
    pub start: Minute,
    /// When they are over.
    pub end: Minute,
}

impl QuietHours {
    /// The time between the two. There are both or none, and the same twice is none.
    pub fn between(
        start: Option<Minute>,
        end: Option<Minute>,
    ) -> Result<Option<Self>, BadPreference> {
        match (start, end) {
            (Some(start), Some(end)) if time(start) == time(end) => Ok(None),
            (Some(start), Some(end)) => Ok(Some(Self { start, end })),
            (None, None) => Ok(None),
            (Some(_), None) | (None, Some(_)) => Err(BadPreference::HalfQuiet),
        }
    }

    /// When they are over, if they are on at `now`. Clocks decide: what they show is quiet or not,
    /// also where they jump or go back.
    fn until(self, now: &Zoned) -> Option<Timestamp> {
        let (start, end, shown) = (time(self.start), time(self.end), now.time());
        let (quiet, last) = match start < end {
            true => (start <= shown && shown < end, now.date()),
            false if shown >= start => (true, now.date().tomorrow().ok()?),
            false => (shown < end, now.date()),
        };
        quiet.then(|| next(last, end, now)).flatten()
    }
}

/// The first instant behind `now` at which clocks show that time, or have jumped over it.
fn next(date: Date, time: Time, now: &Zoned) -> Option<Timestamp> {
    let shown = now.time_zone().to_ambiguous_zoned(date.to_datetime(time));
    let twice = matches!(shown.offset(), AmbiguousOffset::Fold { .. });
    let first = shown.clone().compatible().ok()?.timestamp();
    if twice && first <= now.timestamp() {
        return Some(shown.later().ok()?.timestamp());
    }
    Some(first)
}

/// `24:00` is the midnight with which the next day begins.
fn time(minute: Minute) -> Time {
    let minutes = i8::try_from(minute.minutes() % 60).unwrap_or_default();
    let hours = i8::try_from(minute.minutes() / 60 % 24).unwrap_or_default();
    Time::new(hours, minutes, 0, 0).unwrap_or(Time::midnight())
}

/// Nobody can be told like that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPreference {
    /// There are too many hours, one is too large, or one comes twice.
    #[error("expected up to ten different hours, each from 0 to 168")]
    Hours,
    /// The number is too small or too large.
    #[error("expected 1 to 100")]
    Daily,
    /// One end of the quiet hours is missing.
    #[error("quiet hours have both a start and an end")]
    HalfQuiet,
}

failures! {
    /// Why preferences cannot be saved.
    pub enum PreferenceError {
        Stale = Conflict "preferences-stale" "the preferences changed in the meantime",
    }
}

#[cfg(test)]
mod tests;
