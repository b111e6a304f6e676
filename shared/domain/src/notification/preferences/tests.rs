use jiff::SignedDuration;
use proptest::prelude::*;
use ulid::Ulid;

use super::{
    super::{Words, words},
    *,
};
use crate::event::Reference;

const NOON: &str = "2030-01-07T12:00:00Z";

fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

fn zone(name: &str) -> Zone {
    name.parse().unwrap()
}

fn ana() -> UserId {
    Ulid::from(7_u128).into()
}

fn notification(kind: NotificationKind) -> Notification {
    let Words { title, message } = words::annotated();
    let words = Words { title, message };
    let about = Reference::named("rec_1");
    let made =
        Notification::at(about, ana(), kind, at("2030-01-07T08:00:00Z"), &zone("UTC"), words);
    Notification { scheduled_for: None, ..made }
}

fn quiet(start: &str, end: &str) -> Option<QuietHours> {
    QuietHours::between(start.parse().ok(), end.parse().ok()).unwrap()
}

fn quiet_until(start: &str, end: &str, in_zone: &str, now: &str) -> Option<String> {
    let preferences = Preferences { quiet_hours: quiet(start, end), ..Preferences::usual(ana()) };
    preferences.quiet_until(&zone(in_zone), at(now)).map(|end| end.to_string())
}

#[test]
fn quiet_hours_may_lie_around_midnight() {
    let night = |now| quiet_until("22:00", "07:00", "Asia/Karachi", now);
    // Karachi is five hours ahead.
    for (now, end) in [
        ("2030-01-07T16:59:59Z", None),
        ("2030-01-07T17:00:00Z", Some("2030-01-08T02:00:00Z")),
        ("2030-01-07T20:00:00Z", Some("2030-01-08T02:00:00Z")),
        ("2030-01-08T01:59:59Z", Some("2030-01-08T02:00:00Z")),
        ("2030-01-08T02:00:00Z", None),
    ] {
        assert_eq!(night(now).as_deref(), end, "{now}");
    }
    let day = |now| quiet_until("13:00", "15:00", "UTC", now);
    assert_eq!(day("2030-01-07T12:59:59Z"), None);
    assert_eq!(day("2030-01-07T13:00:00Z").as_deref(), Some("2030-01-07T15:00:00Z"));
    assert_eq!(day("2030-01-07T15:00:00Z"), None);
    assert_eq!(
        quiet_until("22:00", "24:00", "UTC", "2030-01-07T23:00:00Z").as_deref(),
        Some("2030-01-08T00:00:00Z")
    );
}

#[test]
fn quiet_hours_end_when_clocks_say_so() {
    for (end, now, wanted) in [
        // At two the clocks in Berlin jump to three.
        ("07:00", "2030-03-31T00:30:00Z", Some("2030-03-31T05:00:00Z")),
        ("02:30", "2030-03-31T00:30:00Z", Some("2030-03-31T01:30:00Z")),
        ("02:30", "2030-03-31T01:00:00Z", None),
        // At three they show two again.
        ("07:00", "2030-10-27T00:15:00Z", Some("2030-10-27T06:00:00Z")),
        ("02:30", "2030-10-27T00:15:00Z", Some("2030-10-27T00:30:00Z")),
        ("02:30", "2030-10-27T00:45:00Z", None),
        ("02:30", "2030-10-27T01:15:00Z", Some("2030-10-27T01:30:00Z")),
        ("02:30", "2030-10-27T01:30:00Z", None),
    ] {
        let until = quiet_until("22:00", end, "Europe/Berlin", now);
        assert_eq!(until.as_deref(), wanted, "until {end} at {now}");
    }
}

#[test]
fn quiet_hours_have_two_ends() {
    let between = |start: Option<&str>, end: Option<&str>| {
        QuietHours::between(
            start.and_then(|it| it.parse().ok()),
            end.and_then(|it| it.parse().ok()),
        )
    };
    assert_eq!(between(None, None), Ok(None));
    assert_eq!(between(Some("22:00"), None), Err(BadPreference::HalfQuiet));
    assert_eq!(between(None, Some("07:00")), Err(BadPreference::HalfQuiet));
    assert_eq!(between(Some("07:00"), Some("07:00")), Ok(None));
    assert_eq!(between(Some("00:00"), Some("24:00")), Ok(None));
}

#[test]
fn reminders_come_at_some_hours_and_each_once() {
    let read = |hours: &[u8]| ReminderHours::try_from(hours.to_vec()).map(Vec::from);
    assert_eq!(read(&[]), Ok(vec![24, 2]));
    assert_eq!(read(&[1, 168, 0]), Ok(vec![168, 1, 0]));
    assert_eq!(read(&[169]), Err(BadPreference::Hours));
    assert_eq!(read(&[2, 2]), Err(BadPreference::Hours));
    assert_eq!(read(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]).map(|all| all.len()), Ok(10));
    assert_eq!(read(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]), Err(BadPreference::Hours));

    let start = at("2030-01-08T12:00:00Z");
    let before = |now: &str| ReminderHours::default().before(start, at(now));
    let (day, hour) = (at(NOON), at("2030-01-08T10:00:00Z"));
    assert_eq!(before("2030-01-07T11:59:59Z"), [(2, hour), (24, day)]);
    assert_eq!(before(NOON), [(2, hour)]);
    assert!(before("2030-01-08T10:00:00Z").is_empty());
}

#[test]
fn a_day_has_between_one_and_a_hundred_notifications() {
    for (most, sound) in [(0, false), (1, true), (100, true), (101, false)] {
        assert_eq!(DailyMaximum::try_from(most).is_ok(), sound, "{most}");
    }
}

/// What a notification is, what somebody wishes, and what becomes of it.
#[test]
fn wishes_decide_in_order() {
    let usual = || Preferences::usual(ana());
    let night = || Preferences { quiet_hours: quiet("11:00", "13:00"), ..usual() };
    let confirmed = || notification(NotificationKind::AppointmentConfirmed);
    let urgent = || confirmed().pressing(Priority::Urgent);
    let soon = at("2030-01-07T14:00:00Z");
    let off = || Preferences { appointment_confirmations: false, ..night() };
    let rows = [
        (usual(), confirmed(), Channel::Email, 0, Decision::Send),
        (usual(), confirmed(), Channel::Push, 99, Decision::Send),
        (night(), confirmed(), Channel::Push, 0, Decision::Wait(at("2030-01-07T13:00:00Z"))),
        (usual(), confirmed(), Channel::Email, 10, Decision::Drop(Reason::DailyMaximum)),
        (usual(), confirmed(), Channel::Sms, 0, Decision::Drop(Reason::ChannelOff)),
        (night(), confirmed(), Channel::Sms, 99, Decision::Drop(Reason::ChannelOff)),
        (off(), confirmed(), Channel::Email, 99, Decision::Drop(Reason::KindOff)),
        (night(), confirmed(), Channel::Email, 99, Decision::Wait(at("2030-01-07T13:00:00Z"))),
        (off(), urgent(), Channel::Sms, 99, Decision::Send),
        (usual(), urgent().until(at(NOON)), Channel::Email, 0, Decision::Drop(Reason::Expired)),
        (
            usual(),
            Notification { scheduled_for: Some(soon), ..urgent() },
            Channel::Email,
            0,
            Decision::Wait(soon),
        ),
        (
            usual(),
            Notification { scheduled_for: Some(soon), ..urgent() }.until(at(NOON)),
            Channel::Email,
            0,
            Decision::Drop(Reason::Expired),
        ),
        (
            usual(),
            notification(NotificationKind::MedicationReminder),
            Channel::Sms,
            0,
            Decision::Send,
        ),
        (
            night(),
            notification(NotificationKind::MedicationReminder),
            Channel::Sms,
            0,
            Decision::Wait(at("2030-01-07T13:00:00Z")),
        ),
    ];
    for (row, (preferences, notification, way, today, wanted)) in rows.into_iter().enumerate() {
        let decision = preferences.decide(&notification, way, &zone("UTC"), at(NOON), today);
        assert_eq!(decision, wanted, "row {row}");
    }
}

#[test]
fn everything_can_be_switched_off_and_back_to_what_is_usual() {
    let changed = Preferences { quiet_hours: quiet("22:00", "07:00"), ..Preferences::usual(ana()) };
    let off = changed.switched(false, at(NOON));
    assert!(Channel::ALL.iter().all(|way| !off.takes(*way)));
    let wanted: Vec<_> = NotificationKind::ALL.iter().filter(|kind| off.wants(**kind)).collect();
    assert_eq!(
        wanted,
        [
            &NotificationKind::SlotOffered,
            &NotificationKind::MedicationReminder,
            &NotificationKind::PaymentReminder
        ]
    );
    assert!(off.quiet_hours.is_some());

    let mut usual = off.reset(at(NOON));
    assert_eq!(usual.updated_at.take(), Some(at(NOON)));
    assert_eq!(usual, Preferences::usual(ana()));
}

#[test]
fn hours_are_where_the_person_says_or_lives() {
    let told = notification(NotificationKind::ReviewRequest);
    let (karachi, berlin) = (zone("Asia/Karachi"), zone("Europe/Berlin"));
    let named = Preferences { timezone: Some(berlin.clone()), ..Preferences::usual(ana()) };
    assert_eq!(named.zone(Some(&karachi), &told), &berlin);
    assert_eq!(Preferences::usual(ana()).zone(Some(&karachi), &told), &karachi);
    assert_eq!(Preferences::usual(ana()).zone(None, &told), &told.zone);
}

proptest! {
    /// However clocks go, whoever waits for the end of quiet hours waits for something to come,
    /// for a day and two hours at most, and is not sent on for ever.
    #[test]
    fn quiet_hours_pass(
        name in prop::sample::select(vec!["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/Havana", "Asia/Karachi"]),
        start in 0_u16..=1440, end in 0_u16..=1440, second in 1_900_000_000_i64..1_960_000_000,
    ) {
        let minute = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60).parse().ok();
        let quiet_hours = QuietHours::between(minute(start), minute(end)).unwrap();
        let preferences = Preferences { quiet_hours, ..Preferences::usual(ana()) };
        let now = Timestamp::from_second(second).unwrap();
        let mut waited = now;
        for _ in 0..4 {
            let Some(until) = preferences.quiet_until(&zone(name), waited) else { return Ok(()) };
            prop_assert!(until > waited);
            prop_assert!(until.duration_since(waited) <= SignedDuration::from_hours(26));
            waited = until;
        }
        prop_assert!(false, "quiet from {} to {} in {} at {}", start, end, name, now);
    }
}
