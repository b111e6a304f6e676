//! `POST /api/doctors/{id}/verify`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    doctor::DoctorView,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
};
use carehub_domain::{
    access::Action,
    doctor::{DoctorId, Verified},
};
use carehub_store::Store;

use crate::entry::{home, tagged};

form! {
    /// Whether to vouch for a doctor.
    pub(crate) struct Vouching {
        /// Whether others may rely on the doctor being one. Without it, yes.
        is_verified: Option<bool>,
    }
}

/// Vouch for a doctor, or no longer.
#[utoipa::path(post, path = "/api/doctors/{id}/verify", tag = "doctors", request_body = Vouching, params(
    ("id" = DoctorId, Path, description = "The doctor."),
), responses(
    (status = 200, description = "The doctor as they are now. The same decision again changes nothing.", body = DoctorView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only admins may do this, and hospitals for their own.", body = Problem),
    (status = 404, description = "There is no such doctor, or one may not know of them.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DoctorId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(Vouching { is_verified }): Body<Vouching>,
) -> Result<Tagged<Json<DoctorView>>> {
    let doctors = store.doctors();
    let (before, permit) = doctors.find(id).await?.permit(&actor, Action::VerifyDoctor)?;
    expected.check(&before)?;
    let hospital = home(&before, &actor, &store).await?;
    let wanted = is_verified.unwrap_or(true);
    if before.verified.is_some() == wanted {
        return Ok(tagged(before, hospital.as_ref(), &actor));
    }
    let mut doctor = before.clone();
    doctor.verified = wanted.then_some(Verified { at: actor.at, by: actor.user });
    doctor.updated_at = actor.at;
    let permit = permit.noting("is_verified", wanted).changing(&["is_verified"]);
    doctors.save(&before, &mut doctor, &permit).await?;
    Ok(tagged(doctor, hospital.as_ref(), &actor))
}
