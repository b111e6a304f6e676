//! `GET /api/accounts/audit-logs`

use std::collections::BTreeMap;

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    extract::Json,
    form,
    listing::{Listing, PageView, Paging},
};
use carehub_domain::{
    access::{Action, PatientId, Role, UserId},
    event::{Event, EventId},
    hospital::HospitalId,
};
use carehub_store::{LogFilter, Store};
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

form! {
    /// Which lines of the audit log to list.
    pub(crate) struct Wanted {
        /// Only this action, such as `USER_CREATED`.
        action: Option<Action>,
        /// Only what this person did.
        user: Option<UserId> = "user_id" | "performed_by",
        /// Only this day in UTC.
        date: Option<Date>,
        /// Nothing from before this day in UTC; thirty days ago if nothing is said.
        from: Option<Date> = "since" | "date_from",
        /// Nothing from after this day in UTC; today if nothing is said.
        to: Option<Date> = "until" | "date_to",
        /// Accepted and without effect: the list is always newest first.
        ordering: Option<String>,
    }
}

/// A line of the audit log.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LogView {
    /// Identifies the event.
    pub id: EventId,
    /// When it happened.
    pub timestamp: Timestamp,
    /// What was done, such as `HOSPITAL_APPROVED`.
    pub action: String,
    /// By whom; nobody for visitors and the hub itself.
    pub performed_by: Option<UserId>,
    /// In which role.
    pub role: Option<Role>,
    /// To what.
    pub entity: String,
    /// In which hospital.
    pub hospital: Option<HospitalId>,
    /// The patient it is about.
    pub patient: Option<PatientId>,
    /// The names of the fields that changed.
    pub changed: Vec<String>,
    /// Facts worth knowing: ids, states, counts.
    pub details: BTreeMap<String, String>,
    /// The address the request came from.
    pub ip_address: String,
    /// The program that asked.
    pub user_agent: Option<String>,
    /// The request that did it.
    pub request_id: String,
}

/// Read the audit log.
#[utoipa::path(get, path = "/api/accounts/audit-logs", tag = "accounts", params(
    ("action" = Option<String>, Query, description = "Only this action, such as `USER_CREATED`."),
    ("user" = Option<UserId>, Query, description = "Only what this person did. Such a list lags a moment behind."),
    ("date" = Option<Date>, Query, description = "Only this day in UTC."),
    ("from" = Option<Date>, Query, description = "Nothing from before this day in UTC; thirty days ago if nothing is said."),
    ("to" = Option<Date>, Query, description = "Nothing from after this day in UTC; today if nothing is said. At most 13 months are looked at."),
    Paging,
), responses(
    (status = 200, description = "What happened in the hub, newest first.", body = PageView<LogView>),
    (status = 403, description = "Only admins may see this.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Wanted>,
    State(store): State<Store>,
) -> Result<Json<PageView<LogView>>> {
    let _permit = actor.allow(Action::ViewAuditLog)?;
    let wanted = listing.filter.read(actor.at);
    let page = store.events().of_hub(&wanted, listing.window.clone()).await?;
    Ok(listing.answer(page, view))
}

impl Wanted {
    fn read(&self, now: Timestamp) -> LogFilter {
        let today = now.to_zoned(TimeZone::UTC).date();
        let until = self.date.or(self.to).unwrap_or(today);
        let since = self.date.or(self.from).unwrap_or_else(|| until.saturating_sub(30.days()));
        LogFilter { action: self.action, actor: self.user, since, until }
    }
}

fn view(event: Event) -> LogView {
    LogView {
        id: event.id,
        timestamp: event.at,
        action: event.action.code().to_owned(),
        performed_by: event.actor,
        role: event.role,
        entity: event.subject.to_string(),
        hospital: event.hospital,
        patient: event.patient,
        changed: event.changed,
        details: event.details,
        ip_address: event.address.to_string(),
        user_agent: event.device,
        request_id: event.request,
    }
}
