//! `GET /api/accounts/access-log`

use std::collections::BTreeMap;

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    extract::Json,
    listing::{Listing, PageView, Paging, Unfiltered},
};
use carehub_domain::{
    access::{Action, Role, UserId},
    event::{Event, EventId},
    hospital::HospitalId,
};
use carehub_store::Store;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something that was done with a patient's data.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LookView {
    /// Identifies the event.
    pub id: EventId,
    /// When it happened.
    pub timestamp: Timestamp,
    /// What was done, such as `OTP_VERIFIED`.
    pub action: String,
    /// By whom.
    pub performed_by: Option<UserId>,
    /// In which role.
    pub role: Option<Role>,
    /// In which hospital.
    pub hospital: Option<HospitalId>,
    /// Facts worth knowing.
    pub details: BTreeMap<String, String>,
}

/// See what was done with one's own data.
#[utoipa::path(get, path = "/api/accounts/access-log", tag = "accounts", params(
    Paging,
), responses(
    (status = 200, description = "What was done with the data of the patient who asks, and with what was merged into their record, newest first. It lags a moment behind.", body = PageView<LookView>),
    (status = 403, description = "Only patients have one.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Unfiltered>,
    State(store): State<Store>,
) -> Result<Json<PageView<LookView>>> {
    let _permit = actor.allow(Action::ViewAccessLog)?;
    let patient = store.patients().find(actor.patient()?).await?.view(&actor)?;
    let page = store.events().of_patient(&patient, listing.window.clone()).await?;
    Ok(listing.answer(page, view))
}

fn view(event: Event) -> LookView {
    LookView {
        id: event.id,
        timestamp: event.at,
        action: event.action.code().to_owned(),
        performed_by: event.actor,
        role: event.role,
        hospital: event.hospital,
        details: event.details,
    }
}
