//! `/api/notifications`

use std::collections::{BTreeMap, BTreeSet};

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
    form::{Flag, Invalid},
    listing::{Listing, PageView, Paging, WholeView},
};
use carehub_domain::{
    access::{Action, Actor, Denied, UserId},
    appointment::AppointmentId,
    notification::{Channel, Inbox, Notification, NotificationId, NotificationKind, Priority},
    text::Text,
};
use carehub_store::{NotificationFilter, Store, Window};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How many the latest are.
const RECENT: u16 = 10;

/// How many of a doctor's patients are shown.
const LATEST: u16 = 100;

/// How many can be named at once.
const MOST_NAMED: usize = 100;

form! {
    /// Which notifications to list.
    pub(crate) struct Wanted {
        /// Only those that were not read.
        unread_only: Option<Flag> = "unread",
        /// Only those of this type.
        notification_type: Option<NotificationKind> = "kind" | "type",
        /// Only those that press like this.
        priority: Option<Priority>,
        /// Accepted and without effect: newest first.
        ordering: Option<String>,
    }
}

form! {
    /// Which notifications were read.
    pub(crate) struct Named {
        /// These, a hundred at most; all if nothing is said.
        notification_ids: Option<Vec<NotificationId>> = "ids",
    }
}

/// Something that a person is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "older clients read each of them")]
pub struct NotificationView {
    /// Identifies the notification.
    pub id: NotificationId,
    /// What it is about.
    pub notification_type: NotificationKind,
    /// How much it presses.
    pub priority: Priority,
    /// A few words.
    pub title: Text<200>,
    /// What there is to say.
    pub message: Text<1000>,
    /// Whether it was read.
    pub is_read: bool,
    /// Whether it left the hub by SMS or mail.
    pub is_sent: bool,
    /// When it was read.
    pub read_at: Option<Timestamp>,
    /// When it first left the hub.
    pub sent_at: Option<Timestamp>,
    /// The appointment it is about.
    pub appointment: Option<AppointmentId>,
    /// Whether mail is thought of.
    pub send_email: bool,
    /// Whether a message to the phone is thought of.
    pub send_sms: bool,
    /// Whether the application is to speak up.
    pub send_push: bool,
    /// All of these ways.
    pub delivery_channels: Vec<Channel>,
    /// When it was to come, if not at once.
    pub scheduled_for: Option<Timestamp>,
    /// When it is of no use any more.
    pub expires_at: Option<Timestamp>,
    /// Whether it is of no use any more.
    pub is_expired: bool,
    /// Whether it is yet to come.
    pub is_scheduled: bool,
    /// Ids, states and numbers for programs.
    pub metadata: BTreeMap<String, String>,
    /// When it came.
    pub created_at: Timestamp,
}

/// How many notifications a person has not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnreadView {
    /// So many.
    pub unread_count: u64,
}

/// A notification that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReadView {
    /// What was done.
    pub message: String,
    /// The notification as it is now.
    pub notification: NotificationView,
}

/// What became of several notifications.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SeveralView {
    /// What was done.
    pub message: String,
    /// Of how many.
    pub count: usize,
}

/// What a doctor is told of new patients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AssignedView {
    /// The latest hundred, newest first.
    pub notifications: Vec<NotificationView>,
    /// How many these are.
    pub count: usize,
    /// How many of them were not read.
    pub unread_count: usize,
}

/// List what one was told.
#[utoipa::path(get, path = "/api/notifications", tag = "notifications", params(
    ("unread_only" = Option<bool>, Query, description = "Only those that were not read."),
    ("notification_type" = Option<NotificationKind>, Query, description = "Only those of this type. Also `kind`."),
    ("priority" = Option<Priority>, Query, description = "Only those that press like this."),
    Paging,
), responses(
    (status = 200, description = "The caller's own notifications, newest first. Those that were read stay for 30 days, others for a year.", body = PageView<NotificationView>),
    (status = 400, description = "Some parameters are not right.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Wanted>,
    State(store): State<Store>,
) -> Result<Json<PageView<NotificationView>>> {
    let wanted = listing.filter.read();
    let page = store.notifications().page(me(&actor)?, wanted, listing.window.clone()).await?;
    Ok(listing.answer(page.visible_to(&actor), |it| NotificationView::at(it, actor.at)))
}

/// See the latest that one was told.
#[utoipa::path(get, path = "/api/notifications/recent", tag = "notifications", responses(
    (status = 200, description = "The latest ten, newest first.", body = WholeView<NotificationView>),
))]
pub(crate) async fn recent(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
) -> Result<Json<WholeView<NotificationView>>> {
    let (all, window) = (NotificationFilter::default(), Window::first(RECENT));
    let page = store.notifications().page(me(&actor)?, all, window).await?.visible_to(&actor);
    let recent = page.records.into_iter().map(|it| NotificationView::at(it, actor.at));
    Ok(Json(WholeView::of(recent.collect())))
}

/// See how much one has not read.
#[utoipa::path(get, path = "/api/notifications/unread_count", tag = "notifications", responses(
    (status = 200, description = "How many of the caller's notifications were not read.", body = UnreadView),
))]
pub(crate) async fn unread_count(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
) -> Result<Json<UnreadView>> {
    let unread_count = store.notifications().unread(me(&actor)?).await?;
    Ok(Json(UnreadView { unread_count }))
}

/// See a notification.
#[utoipa::path(get, path = "/api/notifications/{id}", tag = "notifications", params(
    ("id" = NotificationId, Path, description = "The notification."),
), responses(
    (status = 200, description = "The notification. To look at it does not mark it as read.", body = NotificationView),
    (status = 404, description = "The caller was told no such thing.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<NotificationId>,
    State(store): State<Store>,
) -> Result<Tagged<Json<NotificationView>>> {
    let notification = store.notifications().find(me(&actor)?, id).await?.view(&actor)?;
    let view = NotificationView::at(notification.clone(), actor.at);
    Ok(Tagged::of(&notification, Json(view)))
}

/// Note that one has read a notification.
#[utoipa::path(post, path = "/api/notifications/{id}/mark_read", tag = "notifications", params(
    ("id" = NotificationId, Path, description = "The notification."),
), responses(
    (status = 200, description = "The notification counts as read, since the first time.", body = ReadView),
    (status = 404, description = "The caller was told no such thing.", body = Problem),
))]
pub(crate) async fn mark_read(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<NotificationId>,
    State(store): State<Store>,
) -> Result<Json<ReadView>> {
    let (notifications, recipient) = (store.notifications(), me(&actor)?);
    let found = notifications.find(recipient, id).await?;
    let (notification, permit) = found.permit(&actor, Action::ReadNotification)?;
    notifications.mark_read(vec![notification.clone()], &permit).await?;
    let notification = NotificationView::at(notification.read(actor.at), actor.at);
    Ok(Json(ReadView { message: "Notification marked as read".to_owned(), notification }))
}

/// Note that one has read several notifications, or all.
#[utoipa::path(post, path = "/api/notifications/mark_all_read", tag = "notifications", request_body = Named, responses(
    (status = 200, description = "How many count as read from now on. Of all, the newest thousand are marked at once. What the caller was not told, or has read, does not count.", body = SeveralView),
    (status = 400, description = "Some fields are not right, or there are more than a hundred.", body = Problem),
))]
pub(crate) async fn mark_all_read(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
    Body(named): Body<Named>,
) -> Result<Json<SeveralView>> {
    let (notifications, inbox) = (store.notifications(), Inbox { owner: me(&actor)? });
    let permit = actor.authorize(Action::ReadNotification, &inbox)?;
    let unread = match named.read()? {
        Some(ids) => notifications.several(inbox.owner, &ids).await?,
        None => notifications.all_unread(inbox.owner).await?,
    };
    let count = notifications.mark_read(unread, &permit).await?;
    Ok(Json(SeveralView { message: format!("Marked {count} notifications as read"), count }))
}

/// Take a notification out of one's list.
#[utoipa::path(delete, path = "/api/notifications/{id}", tag = "notifications", params(
    ("id" = NotificationId, Path, description = "The notification."),
), responses(
    (status = 204, description = "It is in the list no more, and leaves the hub no more if it has not."),
    (status = 404, description = "The caller was told no such thing.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn remove(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<NotificationId>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    let notifications = store.notifications();
    let found = notifications.find(me(&actor)?, id).await?;
    let (notification, permit) = found.permit(&actor, Action::DeleteNotification)?;
    expected.check(&notification)?;
    notifications.remove(vec![notification], &permit).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take what one has read out of one's list.
#[utoipa::path(post, path = "/api/notifications/clear_all", tag = "notifications", responses(
    (status = 200, description = "How many are in the list no more: those that were read, the newest thousand at once.", body = SeveralView),
))]
pub(crate) async fn clear_all(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
) -> Result<Json<SeveralView>> {
    let (notifications, inbox) = (store.notifications(), Inbox { owner: me(&actor)? });
    let permit = actor.authorize(Action::DeleteNotification, &inbox)?;
    let read = notifications.all_read(inbox.owner).await?;
    let count = notifications.remove(read, &permit).await?;
    Ok(Json(SeveralView { message: format!("Removed {count} notifications"), count }))
}

/// See what one was told of new patients.
#[utoipa::path(get, path = "/api/doctors/notifications", tag = "notifications", responses(
    (status = 200, description = "The doctor's own notifications of the type `PATIENT_ASSIGNED`: the latest hundred, newest first.", body = AssignedView),
    (status = 403, description = "Only doctors may do this.", body = Problem),
))]
pub(crate) async fn assigned(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
) -> Result<Json<AssignedView>> {
    let own = actor.doctor()?;
    let kind = Some(NotificationKind::PatientAssigned);
    let wanted = NotificationFilter { kind, ..NotificationFilter::default() };
    let page = store.notifications().page(own.into(), wanted, Window::first(LATEST)).await?;
    let told = page.visible_to(&actor).records.into_iter();
    let notifications: Vec<_> = told.map(|it| NotificationView::at(it, actor.at)).collect();
    let unread_count = notifications.iter().filter(|it| !it.is_read).count();
    Ok(Json(AssignedView { count: notifications.len(), unread_count, notifications }))
}

/// The account whose list it is.
pub(crate) fn me(actor: &Actor) -> Result<UserId, Denied> {
    actor.user.ok_or(Denied::Forbidden)
}

impl Wanted {
    fn read(&self) -> NotificationFilter {
        NotificationFilter {
            unread_only: self.unread_only.is_some_and(|Flag(unread)| unread),
            kind: self.notification_type,
            priority: self.priority,
        }
    }
}

impl Named {
    fn read(self) -> Result<Option<BTreeSet<NotificationId>>, Invalid> {
        let ids = self.notification_ids;
        match ids.as_ref().is_some_and(|ids| ids.len() > MOST_NAMED) {
            true => Err(Invalid::field("notification_ids", "expected at most 100")),
            false => Ok(ids.map(|ids| ids.into_iter().collect())),
        }
    }
}

impl NotificationView {
    fn at(notification: Notification, now: Timestamp) -> Self {
        let (is_expired, is_scheduled) =
            (notification.is_expired(now), notification.is_scheduled(now));
        let by = |channel| notification.channels.contains(&channel);
        Self {
            send_email: by(Channel::Email),
            send_sms: by(Channel::Sms),
            send_push: by(Channel::Push),
            id: notification.id,
            notification_type: notification.kind,
            priority: notification.priority,
            title: notification.title,
            message: notification.message,
            is_read: notification.read_at.is_some(),
            is_sent: notification.sent_at.is_some(),
            read_at: notification.read_at,
            sent_at: notification.sent_at,
            appointment: notification.appointment,
            delivery_channels: notification.channels.into_iter().collect(),
            scheduled_for: notification.scheduled_for,
            expires_at: notification.expires_at,
            is_expired,
            is_scheduled,
            metadata: notification.metadata,
            created_at: notification.created_at,
        }
    }
}
