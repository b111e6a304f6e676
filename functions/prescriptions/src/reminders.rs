//! `/api/prescriptions/reminders`

use std::{collections::BTreeSet, slice};

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::CurrentActor,
    created::Created,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
    form::replace,
    listing::{Listing, PageView, Paging},
};
use carehub_domain::{
    access::{Action, Denied, PatientId},
    account::Zone,
    prescription::{ItemId, PrescriptionId},
    reminder::{Reminder, ReminderId, ReminderList, Times},
    text::Text,
};
use carehub_store::Store;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::entry::found;

form! {
    /// Which reminders to list.
    pub(crate) struct Wanted {
        /// Only those of this patient.
        patient: Option<PatientId> = "patient_id",
        /// Accepted and without effect: every list has one order.
        ordering: Option<String>,
    }
}

form! {
    /// A reminder to make.
    pub(crate) struct NewReminder {
        /// The medicine, one of a prescription.
        medication: ItemId = "medication_id",
        /// When, one to twelve times of a day.
        reminder_times: Times = "times",
        /// Where those times are; where the patient lives if nothing is said.
        zone: Option<Zone> = "timezone",
        /// Whether it is switched on; `true` if nothing is said.
        is_active: Option<bool>,
        /// Whether it comes by SMS; `true` if nothing is said.
        sms_enabled: Option<bool>,
        /// Whether it comes by mail; `false` if nothing is said.
        email_enabled: Option<bool>,
        /// Whether it comes as a notification; `true` if nothing is said.
        push_enabled: Option<bool>,
    }
}

form! {
    /// Changes to a reminder. What is not there stays.
    pub(crate) struct ReminderChanges {
        /// When, one to twelve times of a day.
        reminder_times: Option<Times> = "times",
        /// Where those times are.
        zone: Option<Zone> = "timezone",
        /// Whether it is switched on.
        is_active: Option<bool>,
        /// Whether it comes by SMS.
        sms_enabled: Option<bool>,
        /// Whether it comes by mail.
        email_enabled: Option<bool>,
        /// Whether it comes as a notification.
        push_enabled: Option<bool>,
    }
}

/// A reminder to take a medicine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "each is switched on and off by itself")]
pub struct ReminderView {
    /// Identifies the reminder.
    pub id: ReminderId,
    /// The medicine.
    pub medication: ItemId,
    /// What it is called.
    pub medication_name: Text<200>,
    /// The prescription that it is of.
    pub prescription: PrescriptionId,
    /// Who is reminded.
    pub patient: PatientId,
    /// When.
    pub reminder_times: Times,
    /// Where those times are.
    pub zone: Zone,
    /// Whether it is switched on.
    pub is_active: bool,
    /// Whether the medicine is not to be taken any more, so that nobody is reminded of it.
    pub has_ended: bool,
    /// Whether it comes by SMS.
    pub sms_enabled: bool,
    /// Whether it comes by mail.
    pub email_enabled: bool,
    /// Whether it comes as a notification.
    pub push_enabled: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// List reminders of medicines.
#[utoipa::path(get, path = "/api/prescriptions/reminders", tag = "prescriptions", params(
    ("patient" = Option<PatientId>, Query, description = "Only those of this patient; for patients, their own. Also `patient_id`."),
    Paging,
), responses(
    (status = 200, description = "The reminders of a patient or, for admins who name none, of all; the latest first. Who reads about others leaves a line in the access log of each of them.", body = PageView<ReminderView>),
    (status = 400, description = "Some parameters are not right.", body = Problem),
    (status = 403, description = "Only the patient and admins see them.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Wanted>,
    State(store): State<Store>,
) -> Result<Json<PageView<ReminderView>>> {
    let reminders = store.reminders();
    let patient = listing.filter.patient.or(actor.patient().ok());
    let permit = actor.create(Action::ViewReminder, &ReminderList { patient })?;
    let page = reminders.list(patient, listing.window.clone()).await?.visible_to(&actor);
    let taken = reminders.taken(&page.records, actor.at).await?;
    store.events().note_page(permit, &page.records).await?;
    Ok(listing.answer(page, |reminder| view(reminder, &taken)))
}

/// Be reminded of a medicine.
#[utoipa::path(post, path = "/api/prescriptions/reminders", tag = "prescriptions", request_body = NewReminder, responses(
    (status = 201, description = "The reminder. It ends with the medicine.", body = ReminderView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only the patient and admins make reminders.", body = Problem),
    (status = 404, description = "There is no such medicine, or it is not for this person to see.", body = Problem),
    (status = 409, description = "There is a reminder of this medicine already, or it is not to be taken any more.", body = Problem),
))]
pub(crate) async fn create(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
    Body(new): Body<NewReminder>,
) -> Result<Created<Tagged<Json<ReminderView>>>> {
    let id = new.medication;
    let (prescription, _) =
        found(id.prescription(), Action::ViewPrescription, &actor, &store).await?;
    let item = prescription.item(id).ok_or(Denied::NotFound)?;
    let zone = match new.zone.clone() {
        Some(zone) => zone,
        None => home(prescription.patient, &store).await?,
    };
    let mut reminder = Reminder::of(item, &prescription, new.reminder_times.clone(), zone, &actor)?;
    new.switch(&mut reminder);
    let permit = actor.create(Action::CreateReminder, &reminder)?;
    let reminder = store.reminders().create(reminder, &permit).await?;
    let location = format!("/api/prescriptions/reminders/{}", reminder.id);
    Ok(Created::at(location, tagged(reminder, &BTreeSet::from([id]))))
}

/// See a reminder of a medicine.
#[utoipa::path(get, path = "/api/prescriptions/reminders/{id}", tag = "prescriptions", params(
    ("id" = ReminderId, Path, description = "The reminder."),
), responses(
    (status = 200, description = "The reminder. Who reads about somebody else leaves a line in the audit log.", body = ReminderView),
    (status = 404, description = "There is no such reminder, or it is not for this person to see.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<ReminderId>,
    State(store): State<Store>,
) -> Result<Tagged<Json<ReminderView>>> {
    let found = store.reminders().find(id, &actor).await?;
    let (reminder, permit) = found.permit(&actor, Action::ViewReminder)?;
    let taken = store.reminders().taken(slice::from_ref(&reminder), actor.at).await?;
    store.events().note_look(&permit).await?;
    Ok(tagged(reminder, &taken))
}

/// Change a reminder of a medicine.
#[utoipa::path(patch, path = "/api/prescriptions/reminders/{id}", tag = "prescriptions", request_body = ReminderChanges, params(
    ("id" = ReminderId, Path, description = "The reminder."),
), responses(
    (status = 200, description = "The reminder as it is now. `PUT` means the same.", body = ReminderView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 404, description = "There is no such reminder, or it is not for this person to see.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<ReminderId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<ReminderChanges>,
) -> Result<Tagged<Json<ReminderView>>> {
    let found = store.reminders().find(id, &actor).await?;
    let (before, permit) = found.permit(&actor, Action::EditReminder)?;
    expected.check(&before)?;
    let mut reminder = before.clone();
    let changed = changes.apply(&mut reminder, actor.at);
    let taken = store.reminders().taken(slice::from_ref(&reminder), actor.at).await?;
    store.reminders().save(&before, &mut reminder, &permit.changing(&changed)).await?;
    Ok(tagged(reminder, &taken))
}

/// Be reminded of a medicine no longer.
#[utoipa::path(delete, path = "/api/prescriptions/reminders/{id}", tag = "prescriptions", params(
    ("id" = ReminderId, Path, description = "The reminder."),
), responses(
    (status = 204, description = "Nobody is reminded of the medicine any more."),
    (status = 404, description = "There is no such reminder, or it is not for this person to see.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn remove(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<ReminderId>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    let found = store.reminders().find(id, &actor).await?;
    let (before, permit) = found.permit(&actor, Action::DeleteReminder)?;
    expected.check(&before)?;
    let mut removed = before.clone();
    removed.removed_at = Some(actor.at);
    store.reminders().save(&before, &mut removed, &permit).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The zone in which a patient lives, as far as anybody knows.
async fn home(patient: PatientId, store: &Store) -> Result<Zone> {
    let record = store.patients().recorded(patient).await?;
    Ok(record.and_then(|record| record.profile.timezone).unwrap_or_default())
}

fn tagged(reminder: Reminder, taken: &BTreeSet<ItemId>) -> Tagged<Json<ReminderView>> {
    Tagged::showing(reminder, |reminder| view(reminder, taken))
}

fn view(reminder: Reminder, taken: &BTreeSet<ItemId>) -> ReminderView {
    let medication = reminder.medication();
    ReminderView {
        id: reminder.id,
        medication,
        medication_name: reminder.medicine,
        prescription: medication.prescription(),
        patient: reminder.patient,
        reminder_times: reminder.times,
        zone: reminder.zone,
        is_active: reminder.is_active,
        has_ended: !taken.contains(&medication),
        sms_enabled: reminder.ways.sms,
        email_enabled: reminder.ways.email,
        push_enabled: reminder.ways.push,
        created_at: reminder.created_at,
        updated_at: reminder.updated_at,
    }
}

impl NewReminder {
    fn switch(self, reminder: &mut Reminder) {
        let Reminder { is_active, ways, .. } = reminder;
        let switches = [
            (is_active, self.is_active),
            (&mut ways.sms, self.sms_enabled),
            (&mut ways.email, self.email_enabled),
            (&mut ways.push, self.push_enabled),
        ];
        for (switch, wanted) in switches {
            *switch = wanted.unwrap_or(*switch);
        }
    }
}

impl ReminderChanges {
    fn apply(self, reminder: &mut Reminder, now: Timestamp) -> Vec<&'static str> {
        let mut changed = Vec::new();
        replace(&mut reminder.times, self.reminder_times, "reminder_times", &mut changed);
        replace(&mut reminder.zone, self.zone, "zone", &mut changed);
        replace(&mut reminder.is_active, self.is_active, "is_active", &mut changed);
        replace(&mut reminder.ways.sms, self.sms_enabled, "sms_enabled", &mut changed);
        replace(&mut reminder.ways.email, self.email_enabled, "email_enabled", &mut changed);
        replace(&mut reminder.ways.push, self.push_enabled, "push_enabled", &mut changed);
        reminder.updated_at = now;
        changed
    }
}
