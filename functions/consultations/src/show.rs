//! `/api/consultations/{id}`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    etag::Tagged,
    extract::{Json, Path},
};
use carehub_domain::{access::Action, appointment::AppointmentId, consultation::Consultation};
use carehub_store::Store;

use crate::ConsultationView;

/// See a consultation.
#[utoipa::path(get, path = "/api/consultations/{id}", tag = "consultations", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
), responses(
    (status = 200, description = "The appointment with all that was written down about it. Who reads about somebody else leaves a line in the audit log.", body = ConsultationView),
    (status = 403, description = "Who only books appointments does not read what is said there.", body = Problem),
    (status = 404, description = "There is no such appointment, or the caller has no part in it.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AppointmentId>,
    State(store): State<Store>,
) -> Result<Tagged<Json<ConsultationView>>> {
    let found = store.consultations().whole(id).await?;
    let (consultation, permit) = found.permit(&actor, Action::ViewConsultation)?;
    let Consultation { visit, findings } = consultation;
    let permit = permit.noting("what", "consultation").noting("count", findings.count());
    store.events().note_look(&permit).await?;
    let view = ConsultationView::of(visit.clone(), findings, &actor);
    Ok(Tagged::of(&visit, Json(view)))
}
