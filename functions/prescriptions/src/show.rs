//! `GET /api/prescriptions/{id}`, its versions, and the prescription of a visit

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    config::PublicUrl,
    document::Filing,
    error::Problem,
    etag::Tagged,
    extract::{Json, Path},
    listing::WholeView,
};
use carehub_domain::{
    access::{Action, Denied},
    appointment::AppointmentId,
    prescription::{PrescriptionId, verification::VerificationCode},
    secret::Pepper,
};
use carehub_store::{Store, Window};

use crate::{
    PrescriptionView, WholePrescriptionView,
    documents::folder,
    entry::{read, tagged},
    print::address,
};

/// The most files that are shown with a prescription.
const MOST_FILES: u16 = 50;

/// See a prescription.
#[utoipa::path(get, path = "/api/prescriptions/{id}", tag = "prescriptions", params(
    ("id" = PrescriptionId, Path, description = "The prescription."),
), responses(
    (status = 200, description = "The prescription with its medicines, what the safety check found, and the files that belong to it. Who reads about somebody else leaves a line in the audit log.", body = WholePrescriptionView),
    (status = 404, description = "There is no such prescription, or the caller has no part in it.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<PrescriptionId>,
    State(store): State<Store>,
    State(filing): State<Filing>,
    State(pepper): State<Pepper>,
    State(public_url): State<PublicUrl>,
) -> Result<Tagged<Json<WholePrescriptionView>>> {
    let (prescription, permit) = read(id, &actor, &store).await?;
    let (folder, window) = (folder(&prescription), Window::first(MOST_FILES));
    let files = store.documents().within(&folder, None, &actor, window).await?.records;
    store.events().note_look(&permit.noting("files", files.len())).await?;
    let view = WholePrescriptionView {
        prescription: PrescriptionView::of(prescription.clone(), &actor),
        attachments: filing.views(files, actor.at).await?,
        verification_code: VerificationCode::of(id, &pepper).to_string(),
        verification_url: address(id, &pepper, &public_url),
    };
    Ok(Tagged::of(&prescription, Json(view)))
}

/// See what a prescription said before.
#[utoipa::path(get, path = "/api/prescriptions/{id}/versions", tag = "prescriptions", params(
    ("id" = PrescriptionId, Path, description = "The prescription."),
), responses(
    (status = 200, description = "The prescription as it is and as it was, newest first; `revision` counts. Who reads about somebody else leaves a line in the audit log.", body = WholeView<PrescriptionView>),
    (status = 404, description = "There is no such prescription, or the caller has no part in it.", body = Problem),
))]
pub(crate) async fn versions(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<PrescriptionId>,
    State(store): State<Store>,
) -> Result<Json<WholeView<PrescriptionView>>> {
    let (now, permit) = read(id, &actor, &store).await?;
    let before = store.prescriptions().versions(&now).await?;
    let all: Vec<_> = std::iter::once(now).chain(before).collect();
    store.events().note_look(&permit.noting("count", all.len())).await?;
    let views = all.into_iter().map(|version| PrescriptionView::of(version, &actor));
    Ok(Json(WholeView::of(views.collect())))
}

/// See the prescription of a consultation.
#[utoipa::path(get, path = "/api/consultations/{id}/prescription", tag = "prescriptions", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
), responses(
    (status = 200, description = "The prescription of the visit as it stands, or else the last one that was written beside it. Who reads about somebody else leaves a line in the audit log.", body = PrescriptionView),
    (status = 403, description = "Who only books appointments does not read what is said there.", body = Problem),
    (status = 404, description = "No prescription was written, there is no such appointment, or the caller has no part in it.", body = Problem),
))]
pub(crate) async fn of_visit(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AppointmentId>,
    State(store): State<Store>,
) -> Result<Tagged<Json<PrescriptionView>>> {
    let found = store.appointments().find(id).await?;
    let (visit, permit) = found.permit(&actor, Action::ViewConsultation)?;
    let prescriptions = store.prescriptions();
    let standing = prescriptions.standing_at(visit.id).await?;
    let prescription = match standing {
        Some(standing) => Some(standing),
        None => prescriptions.of_visit(visit.id).await?.into_iter().next(),
    };
    let prescription = prescription.ok_or(Denied::NotFound)?;
    store.events().note_look(&permit.noting("prescription", prescription.id)).await?;
    Ok(tagged(prescription, &actor))
}
