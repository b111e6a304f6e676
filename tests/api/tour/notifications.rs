//! What people are told, how they want to be told, and programs that are told.

use carehub_domain::notification::NotificationKind;
use carehub_testkit::Caller;
use serde_json::{Value, json};

use super::Tour;
use crate::{hooks::listening, notifications::tell};

impl Tour<'_> {
    pub(super) async fn notifications(&mut self, ana: &Caller<'_>) {
        let one = "/api/notifications/{id}";
        let first = tell(self.hub, ana, NotificationKind::SystemMessage).await;
        let second = tell(self.hub, ana, NotificationKind::PrescriptionReady).await;
        for path in ["/api/notifications", "/api/notifications/recent"] {
            self.get(ana, path, "").await;
        }
        self.get(ana, "/api/notifications/unread_count", "").await;
        self.get(ana, one, &first).await;
        self.visit(ana, "POST", "/api/notifications/{id}/mark_read", &first, Value::Null).await;
        self.visit(ana, "DELETE", one, &first, Value::Null).await;
        let named = json!({"notification_ids": [second]});
        self.visit(ana, "POST", "/api/notifications/mark_all_read", "", named).await;
        self.visit(ana, "POST", "/api/notifications/clear_all", "", Value::Null).await;
    }

    pub(super) async fn preferences(&mut self, ana: &Caller<'_>) {
        let (all, one) = ("/api/notification-preferences", "/api/notification-preferences/{id}");
        self.get(ana, all, "").await;
        self.visit(ana, "PATCH", all, "", json!({"sms_notifications": true})).await;
        self.visit(ana, "PUT", all, "", json!({"max_daily_notifications": 5})).await;
        self.get(ana, one, &ana.id()).await;
        self.visit(ana, "PATCH", one, &ana.id(), json!({"reminder_hours": [1]})).await;
        self.visit(ana, "PUT", one, &ana.id(), json!({"timezone": "Asia/Karachi"})).await;
        for path in [
            "/api/notification-preferences/disable_all",
            "/api/notification-preferences/enable_all",
            "/api/notification-preferences/reset_to_defaults",
        ] {
            self.visit(ana, "POST", path, "", Value::Null).await;
        }
    }

    pub(super) async fn webhooks(&mut self, hospital: &Caller<'_>) {
        let (all, one) = ("/api/webhooks", "/api/webhooks/{id}");
        let new = json!({"url": listening().await, "actions": ["APPOINTMENT_CREATED"]});
        let webhook = self.visit(hospital, "POST", all, "", new).await;
        let id = webhook["id"].as_str().unwrap();
        self.get(hospital, all, "").await;
        self.get(hospital, one, id).await;
        let actions = json!({"actions": ["APPOINTMENT_CANCELLED"]});
        self.visit(hospital, "PATCH", one, id, &actions).await;
        self.visit(hospital, "PUT", one, id, &actions).await;
        for path in ["/api/webhooks/{id}/rotate", "/api/webhooks/{id}/ping"] {
            self.visit(hospital, "POST", path, id, Value::Null).await;
        }
        self.visit(hospital, "DELETE", one, id, Value::Null).await;
    }
}
