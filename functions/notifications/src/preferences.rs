//! `/api/notification-preferences`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
    form::{Change, Invalid, replace},
};
use carehub_domain::{
    access::{Action, Actor, UserId},
    account::Zone,
    hours::Minute,
    notification::{DailyMaximum, Preferences, QuietHours, ReminderHours},
};
use carehub_store::Store;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::inbox::me;

form! {
    /// Changes to how one wants to be told. What is not there stays.
    pub(crate) struct PreferenceChanges {
        /// Whether mail is sent.
        email_notifications: Option<bool>,
        /// Whether messages are sent to the phone.
        sms_notifications: Option<bool>,
        /// Whether the application speaks up while it is open.
        push_notifications: Option<bool>,
        /// Of appointments and follow-ups that come near.
        appointment_reminders: Option<bool>,
        /// Of appointments that were asked for, agreed, moved or called off.
        appointment_confirmations: Option<bool>,
        /// Of records and what doctors say about them.
        medical_record_updates: Option<bool>,
        /// Of prescriptions.
        prescription_notifications: Option<bool>,
        /// Of results of tests.
        lab_result_notifications: Option<bool>,
        /// To be asked for reviews.
        review_requests: Option<bool>,
        /// Of anything else.
        system_messages: Option<bool>,
        /// How many hours before an appointment, up to ten numbers from 0 to 168; none for 24 and 2.
        reminder_hours: Option<ReminderHours>,
        /// From when on not to be disturbed, such as `22:00`.
        quiet_hours_start: Change<Minute>,
        /// Until when.
        quiet_hours_end: Change<Minute>,
        /// How many may leave the hub in a day: 1 to 100.
        max_daily_notifications: Option<DailyMaximum>,
        /// Where those hours and days are, if not where the profile says.
        timezone: Change<Zone> = "time_zone",
    }
}

/// How somebody wants to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct PreferencesView {
    /// Whose wishes they are.
    pub id: UserId,
    /// Whether mail is sent.
    pub email_notifications: bool,
    /// Whether messages are sent to the phone.
    pub sms_notifications: bool,
    /// Whether the application speaks up while it is open.
    pub push_notifications: bool,
    /// Of appointments and follow-ups that come near.
    pub appointment_reminders: bool,
    /// Of appointments that were asked for, agreed, moved or called off.
    pub appointment_confirmations: bool,
    /// Of records and what doctors say about them.
    pub medical_record_updates: bool,
    /// Of prescriptions.
    pub prescription_notifications: bool,
    /// Of results of tests.
    pub lab_result_notifications: bool,
    /// To be asked for reviews.
    pub review_requests: bool,
    /// Of anything else.
    pub system_messages: bool,
    /// How many hours before an appointment.
    pub reminder_hours: ReminderHours,
    /// From when on not to be disturbed.
    #[schema(value_type = Option<String>)]
    pub quiet_hours_start: Option<Minute>,
    /// Until when.
    #[schema(value_type = Option<String>)]
    pub quiet_hours_end: Option<Minute>,
    /// How many may leave the hub in a day.
    pub max_daily_notifications: DailyMaximum,
    /// Where those hours and days are, if not where the profile says.
    pub timezone: Option<Zone>,
    /// When they last changed; never, if these are the usual ones.
    pub updated_at: Option<Timestamp>,
}

type Shown = Tagged<Json<PreferencesView>>;

/// What is switched on and off.
const SWITCHES: [&str; 10] = [
    "email_notifications",
    "sms_notifications",
    "push_notifications",
    "appointment_reminders",
    "appointment_confirmations",
    "medical_record_updates",
    "prescription_notifications",
    "lab_result_notifications",
    "review_requests",
    "system_messages",
];

/// What is there besides.
const OTHERS: [&str; 5] = [
    "reminder_hours",
    "quiet_hours_start",
    "quiet_hours_end",
    "max_daily_notifications",
    "timezone",
];

/// See how one wants to be told.
#[utoipa::path(get, path = "/api/notification-preferences", tag = "notifications", responses(
    (status = 200, description = "One object; the usual wishes for whoever has not said.", body = PreferencesView),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
) -> Result<Shown> {
    shown(me(&actor)?, &actor, &store).await
}

/// See how somebody wants to be told.
#[utoipa::path(get, path = "/api/notification-preferences/{id}", tag = "notifications", params(
    ("id" = UserId, Path, description = "The caller."),
), responses(
    (status = 200, description = "The same object.", body = PreferencesView),
    (status = 404, description = "It is somebody else.", body = Problem),
))]
pub(crate) async fn show_one(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<UserId>,
    State(store): State<Store>,
) -> Result<Shown> {
    shown(id, &actor, &store).await
}

/// Want to be told in another way.
#[utoipa::path(patch, path = "/api/notification-preferences", tag = "notifications", request_body = PreferenceChanges, responses(
    (status = 200, description = "The wishes as they are now. They count for what leaves the hub from now on. `PUT` means the same.", body = PreferencesView),
    (status = 400, description = "Some fields are not right, or the quiet hours have only one end.", body = Problem),
    (status = 409, description = "They changed at the same time.", body = Problem),
    (status = 412, description = "They are not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<PreferenceChanges>,
) -> Result<Shown> {
    changed(me(&actor)?, &expected, changes, &actor, &store).await
}

/// Want somebody to be told in another way.
#[utoipa::path(patch, path = "/api/notification-preferences/{id}", tag = "notifications", request_body = PreferenceChanges, params(
    ("id" = UserId, Path, description = "The caller."),
), responses(
    (status = 200, description = "The wishes as they are now. `PUT` means the same.", body = PreferencesView),
    (status = 400, description = "Some fields are not right, or the quiet hours have only one end.", body = Problem),
    (status = 404, description = "It is somebody else.", body = Problem),
    (status = 409, description = "They changed at the same time.", body = Problem),
    (status = 412, description = "They are not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit_one(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<UserId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<PreferenceChanges>,
) -> Result<Shown> {
    changed(id, &expected, changes, &actor, &store).await
}

/// Want to be told as everybody who has not said.
#[utoipa::path(post, path = "/api/notification-preferences/reset_to_defaults", tag = "notifications", responses(
    (status = 200, description = "The usual wishes.", body = PreferencesView),
    (status = 409, description = "They changed at the same time.", body = Problem),
))]
pub(crate) async fn reset(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
) -> Result<Shown> {
    let all = [SWITCHES.as_slice(), OTHERS.as_slice()].concat();
    replaced(|before| before.reset(actor.at), &all, &actor, &store).await
}

/// Want to be told of everything in every way.
#[utoipa::path(post, path = "/api/notification-preferences/enable_all", tag = "notifications", responses(
    (status = 200, description = "The wishes with every switch on.", body = PreferencesView),
    (status = 409, description = "They changed at the same time.", body = Problem),
))]
pub(crate) async fn enable_all(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
) -> Result<Shown> {
    replaced(|before| before.switched(true, actor.at), &SWITCHES, &actor, &store).await
}

/// Want to be told of nothing.
#[utoipa::path(post, path = "/api/notification-preferences/disable_all", tag = "notifications", responses(
    (status = 200, description = "The wishes with every switch off. What is urgent comes all the same, and everything is in the list.", body = PreferencesView),
    (status = 409, description = "They changed at the same time.", body = Problem),
))]
pub(crate) async fn disable_all(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
) -> Result<Shown> {
    replaced(|before| before.switched(false, actor.at), &SWITCHES, &actor, &store).await
}

async fn shown(user: UserId, actor: &Actor, store: &Store) -> Result<Shown> {
    Ok(tagged(store.notifications().preferences(user).await?.view(actor)?))
}

async fn changed(
    user: UserId,
    expected: &IfMatch,
    changes: PreferenceChanges,
    actor: &Actor,
    store: &Store,
) -> Result<Shown> {
    let found = store.notifications().preferences(user).await?;
    let (before, permit) = found.permit(actor, Action::EditPreferences)?;
    expected.check(&before)?;
    let mut preferences = before.clone();
    let permit = permit.changing(&changes.apply(&mut preferences, actor.at)?);
    store.notifications().save_preferences(&before, &mut preferences, &permit).await?;
    Ok(tagged(preferences))
}

async fn replaced(
    change: impl FnOnce(Preferences) -> Preferences,
    fields: &[&'static str],
    actor: &Actor,
    store: &Store,
) -> Result<Shown> {
    let found = store.notifications().preferences(me(actor)?).await?;
    let (before, permit) = found.permit(actor, Action::EditPreferences)?;
    let mut preferences = change(before.clone());
    let permit = permit.changing(fields);
    store.notifications().save_preferences(&before, &mut preferences, &permit).await?;
    Ok(tagged(preferences))
}

fn tagged(preferences: Preferences) -> Shown {
    Tagged::showing(preferences, Into::into)
}

impl From<Preferences> for PreferencesView {
    fn from(wishes: Preferences) -> Self {
        Self {
            id: wishes.user,
            email_notifications: wishes.email_notifications,
            sms_notifications: wishes.sms_notifications,
            push_notifications: wishes.push_notifications,
            appointment_reminders: wishes.appointment_reminders,
            appointment_confirmations: wishes.appointment_confirmations,
            medical_record_updates: wishes.medical_record_updates,
            prescription_notifications: wishes.prescription_notifications,
            lab_result_notifications: wishes.lab_result_notifications,
            review_requests: wishes.review_requests,
            system_messages: wishes.system_messages,
            reminder_hours: wishes.reminder_hours,
            quiet_hours_start: wishes.quiet_hours.map(|quiet| quiet.start),
            quiet_hours_end: wishes.quiet_hours.map(|quiet| quiet.end),
            max_daily_notifications: wishes.max_daily_notifications,
            timezone: wishes.timezone,
            updated_at: wishes.updated_at,
        }
    }
}

impl PreferenceChanges {
    fn apply(self, to: &mut Preferences, now: Timestamp) -> Result<Vec<&'static str>, Invalid> {
        let mut changed = Vec::new();
        let switches = [
            (&mut to.email_notifications, self.email_notifications),
            (&mut to.sms_notifications, self.sms_notifications),
            (&mut to.push_notifications, self.push_notifications),
            (&mut to.appointment_reminders, self.appointment_reminders),
            (&mut to.appointment_confirmations, self.appointment_confirmations),
            (&mut to.medical_record_updates, self.medical_record_updates),
            (&mut to.prescription_notifications, self.prescription_notifications),
            (&mut to.lab_result_notifications, self.lab_result_notifications),
            (&mut to.review_requests, self.review_requests),
            (&mut to.system_messages, self.system_messages),
        ];
        for ((switch, wanted), name) in switches.into_iter().zip(SWITCHES) {
            replace(switch, wanted, name, &mut changed);
        }
        replace(&mut to.reminder_hours, self.reminder_hours, "reminder_hours", &mut changed);
        let (mut start, mut end) =
            (to.quiet_hours.map(|quiet| quiet.start), to.quiet_hours.map(|quiet| quiet.end));
        self.quiet_hours_start.apply(&mut start, "quiet_hours_start", &mut changed);
        self.quiet_hours_end.apply(&mut end, "quiet_hours_end", &mut changed);
        to.quiet_hours = QuietHours::between(start, end)
            .map_err(|half| Invalid::field("quiet_hours_end", half))?;
        let most = self.max_daily_notifications;
        replace(&mut to.max_daily_notifications, most, "max_daily_notifications", &mut changed);
        self.timezone.apply(&mut to.timezone, "timezone", &mut changed);
        to.updated_at = Some(now);
        Ok(changed)
    }
}
