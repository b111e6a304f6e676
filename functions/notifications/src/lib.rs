//! What people are told, how they want to be told, and programs that are told what happens.

mod inbox;
mod preferences;
mod tickets;
mod webhooks;

use carehub_api::Routes;
use utoipa::OpenApi;

pub use self::{
    inbox::{AssignedView, NotificationView, ReadView, SeveralView, UnreadView},
    preferences::PreferencesView,
    tickets::TicketView,
    webhooks::{PingView, SecretWebhookView, WebhookView},
};

/// The routes of this function.
pub fn routes() -> Routes {
    Routes::new()
        .get("/api/notifications", inbox::list)
        .get("/api/notifications/recent", inbox::recent)
        .get("/api/notifications/unread_count", inbox::unread_count)
        .also_at(&["/api/notifications/unread-count"])
        .post("/api/notifications/mark_all_read", inbox::mark_all_read)
        .also_at(&["/api/notifications/mark-all-read"])
        .post("/api/notifications/clear_all", inbox::clear_all)
        .also_at(&["/api/notifications/clear-all"])
        .get("/api/notifications/{id}", inbox::show)
        .delete("/api/notifications/{id}", inbox::remove)
        .post("/api/notifications/{id}/mark_read", inbox::mark_read)
        .also_at(&["/api/notifications/{id}/mark-read"])
        .get("/api/doctors/notifications", inbox::assigned)
        .get("/api/notification-preferences", preferences::show)
        .edit("/api/notification-preferences", preferences::edit)
        .post("/api/notification-preferences/reset_to_defaults", preferences::reset)
        .also_at(&["/api/notification-preferences/reset-to-defaults"])
        .post("/api/notification-preferences/enable_all", preferences::enable_all)
        .also_at(&["/api/notification-preferences/enable-all"])
        .post("/api/notification-preferences/disable_all", preferences::disable_all)
        .also_at(&["/api/notification-preferences/disable-all"])
        .get("/api/notification-preferences/{id}", preferences::show_one)
        .edit("/api/notification-preferences/{id}", preferences::edit_one)
        .post("/api/realtime/tickets", tickets::create)
        .get("/api/webhooks", webhooks::list)
        .post("/api/webhooks", webhooks::create)
        .idempotent()
        .get("/api/webhooks/{id}", webhooks::show)
        .edit("/api/webhooks/{id}", webhooks::edit)
        .delete("/api/webhooks/{id}", webhooks::remove)
        .post("/api/webhooks/{id}/rotate", webhooks::rotate)
        .post("/api/webhooks/{id}/ping", webhooks::ping)
}

/// What the routes promise.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    inbox::list,
    inbox::recent,
    inbox::unread_count,
    inbox::mark_all_read,
    inbox::clear_all,
    inbox::show,
    inbox::remove,
    inbox::mark_read,
    inbox::assigned,
    preferences::show,
    preferences::edit,
    preferences::reset,
    preferences::enable_all,
    preferences::disable_all,
    preferences::show_one,
    preferences::edit_one,
    tickets::create,
    webhooks::list,
    webhooks::create,
    webhooks::show,
    webhooks::edit,
    webhooks::remove,
    webhooks::rotate,
    webhooks::ping,
))]
pub struct Api;
