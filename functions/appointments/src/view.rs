//! Appointments after something was done with them.

use carehub_api::{appointment::AppointmentView, etag::Tagged, extract::Json};
use carehub_domain::{
    access::Actor,
    appointment::{Appointment, Kind},
    record::{HealthRecord, HealthRecordId, RecordKind},
    text::Text,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An appointment with which something was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ActionView {
    /// The appointment as it is now.
    #[serde(flatten)]
    pub now: AppointmentView,
    /// What was done.
    pub message: String,
    /// The appointment once more, for older clients.
    pub appointment: AppointmentView,
}

impl ActionView {
    /// Shows what was done to `actor`, who did it.
    pub(crate) fn tagged(
        appointment: Appointment,
        message: &str,
        actor: &Actor,
    ) -> Tagged<Json<Self>> {
        Tagged::showing(appointment, |appointment| Self::of(appointment, message, actor))
    }

    fn of(appointment: Appointment, message: &str, actor: &Actor) -> Self {
        let now = AppointmentView::of(appointment, actor);
        Self { appointment: now.clone(), now, message: message.to_owned() }
    }
}

/// An appointment that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BookedView {
    /// The appointment.
    #[serde(flatten)]
    pub action: ActionView,
    /// The record of the visit, which a slot that is booked opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_record: Option<HealthRecordView>,
}

impl BookedView {
    /// Shows what was made to `actor`, who made it.
    pub(crate) fn tagged(
        appointment: &Appointment,
        message: &str,
        actor: &Actor,
    ) -> Tagged<Json<Self>> {
        let record = (appointment.kind == Kind::Slot).then(|| HealthRecord::of_visit(appointment));
        let view = Self {
            action: ActionView::of(appointment.clone(), message, actor),
            health_record: record.map(HealthRecordView::from),
        };
        Tagged::of(appointment, Json(view))
    }
}

/// The record of a visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HealthRecordView {
    /// Identifies the record.
    pub id: HealthRecordId,
    /// What it is called.
    pub title: Text<200>,
    /// What kind of record it is.
    #[serde(rename = "type")]
    pub kind: RecordKind,
    /// What it says.
    pub description: Option<Text<5000>>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl From<HealthRecord> for HealthRecordView {
    fn from(record: HealthRecord) -> Self {
        Self {
            id: record.id,
            title: record.title,
            kind: record.kind,
            description: record.description,
            created_at: record.created_at,
        }
    }
}
