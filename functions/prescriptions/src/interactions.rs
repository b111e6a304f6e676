//! `POST /api/prescriptions/interactions/check`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    extract::{Body, Json},
    form,
};
use carehub_domain::{
    access::{Action, Denied, PatientId},
    prescription::check_alone,
    safety::{Alert, Report},
    text::Text,
};
use carehub_store::Store;
use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::{
    form::{Medicines, NewMedication},
    rules::site_of,
};

form! {
    /// Medicines to check.
    pub(crate) struct Question {
        /// Who would take them. Without anybody they are checked against each other and against
        /// the allergies that are named.
        patient: Option<PatientId> = "patient_id",
        /// The medicines, 30 at most: what they are called, or what a prescription says of them.
        medicines: NamedOrTold = "medications" | "drugs",
        /// Allergies besides those on record. An empty list says that there are none.
        allergies: Option<Vec<Text<200>>>,
    }
}

/// Medicines of which some may be no more than a name.
#[derive(Debug, ToSchema)]
#[schema(value_type = Vec<NewMedication>)]
pub(crate) struct NamedOrTold(Medicines);

impl<'de> Deserialize<'de> for NamedOrTold {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let told = Vec::<Value>::deserialize(deserializer)?.into_iter().map(|one| match one {
            Value::String(name) => json!({"name": name}),
            told => told,
        });
        Medicines::deserialize(Value::Array(told.collect())).map(Self).map_err(Error::custom)
    }
}

/// What speaks against medicines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InteractionsView {
    /// Who would take them.
    pub patient: Option<PatientId>,
    /// Whether a prescription of them would take a reason.
    pub stops: bool,
    /// Whether everything could be checked.
    pub is_complete: bool,
    /// What was found.
    #[serde(flatten)]
    pub report: Report,
    /// The alerts once more, for older clients.
    pub interactions: Vec<Alert>,
}

/// Check whether medicines go together.
#[utoipa::path(post, path = "/api/prescriptions/interactions/check", tag = "prescriptions", request_body = Question, responses(
    (status = 200, description = "What speaks against the medicines: together, and with what the patient takes and does not bear. Nothing is written, but who asks about a patient leaves a line in the audit log. No alert does not mean no interaction.", body = InteractionsView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Patients and who only books appointments do not ask.", body = Problem),
    (status = 404, description = "There is no such patient, or the caller does not know them.", body = Problem),
))]
pub(crate) async fn check(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
    Body(question): Body<Question>,
) -> Result<Json<InteractionsView>> {
    let site = site_of(&actor, &store).await?;
    let medications = question.medicines.0.read()?;
    let allergies = question.allergies.as_deref();
    let Some(patient) = question.patient else {
        let report = check_alone(&medications, allergies, &site);
        return Ok(Json(InteractionsView::of(None, report)));
    };
    let found = store.patients().find(patient).await?;
    let (patient, permit) = found.permit(&actor, Action::CheckInteractions)?;
    let bedside = store.prescriptions().bedside(patient.id, actor.hospital).await?;
    let report = bedside.ok_or(Denied::NotFound)?.check(&medications, allergies, &actor);
    store.events().note_look(&permit.noting("alerts", report.alerts.len())).await?;
    Ok(Json(InteractionsView::of(Some(patient.id), report)))
}

impl InteractionsView {
    fn of(patient: Option<PatientId>, report: Report) -> Self {
        let (stops, is_complete) = (report.stops().next().is_some(), report.is_complete());
        let interactions = report.alerts.clone();
        Self { patient, stops, is_complete, report, interactions }
    }
}
