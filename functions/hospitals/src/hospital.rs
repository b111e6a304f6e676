//! `GET`, `PUT`, `PATCH` and `DELETE /api/hospitals/{id}`

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
    form::{Change, replace},
};
use carehub_domain::{
    access::{Action, Denied},
    account::AccountError,
    contact::{EmailAddress, Phone},
    hospital::{Hospital, HospitalId, LicenceNumber},
    place::{GeoPoint, PlaceError},
    text::Text,
};
use carehub_store::Store;
use jiff::Timestamp;

use crate::{HospitalView, register::point};

form! {
    /// Changes to what a hospital says of itself. What is not there stays.
    pub(crate) struct HospitalChanges {
        /// What it is called.
        name: Option<Text<255>> = "hospital_name",
        /// The licence it works under.
        license_number: Option<LicenceNumber>,
        /// Where it reads mail.
        email: Option<EmailAddress> = "hospital_email",
        /// How to call it, with country code.
        phone: Option<Phone> = "hospital_phone" | "phone_number",
        /// Street, number and city.
        address: Option<Text<500>>,
        /// The area it serves, in words.
        location: Change<Text<255>>,
        /// Degrees north, together with `longitude`.
        latitude: Option<f64>,
        /// Degrees east, together with `latitude`.
        longitude: Option<f64>,
    }
}

/// See a hospital.
#[utoipa::path(get, path = "/api/hospitals/{id}", tag = "hospitals", params(
    ("id" = HospitalId, Path, description = "The hospital."),
), responses(
    (status = 200, description = "The hospital.", body = HospitalView),
    (status = 404, description = "There is no such hospital, or it has not joined.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<HospitalId>,
    State(store): State<Store>,
) -> Result<Tagged<Json<HospitalView>>> {
    let hospital = store.hospitals().find(id).await?.view(&actor)?;
    Ok(Tagged::showing(hospital, Into::into))
}

/// Change a hospital.
#[utoipa::path(patch, path = "/api/hospitals/{id}", tag = "hospitals", request_body = HospitalChanges, params(
    ("id" = HospitalId, Path, description = "The hospital."),
), responses(
    (status = 200, description = "The hospital as it is now. `PUT` means the same.", body = HospitalView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only the hospital itself and admins may do this.", body = Problem),
    (status = 404, description = "There is no such hospital, or it has not joined.", body = Problem),
    (status = 409, description = "The licence is taken, or somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<HospitalId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<HospitalChanges>,
) -> Result<Tagged<Json<HospitalView>>> {
    let hospitals = store.hospitals();
    let (before, permit) = hospitals.find(id).await?.permit(&actor, Action::EditHospital)?;
    expected.check(&before)?;
    let mut hospital = before.clone();
    let changed = changes.apply(&mut hospital, actor.at)?;
    hospitals.save(&before, &mut hospital, &permit.changing(&changed)).await?;
    Ok(Tagged::showing(hospital, Into::into))
}

/// Remove a hospital.
#[utoipa::path(delete, path = "/api/hospitals/{id}", tag = "hospitals", params(
    ("id" = HospitalId, Path, description = "The hospital."),
), responses(
    (status = 204, description = "The hospital is gone and everyone who works for it signed out. What was recorded is kept."),
    (status = 403, description = "Only admins may do this.", body = Problem),
    (status = 404, description = "There is no such hospital.", body = Problem),
))]
pub(crate) async fn close(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<HospitalId>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    let (found, owner) = store.hospitals().with_owner(id).await?;
    let (before, permit) = found.permit(&actor, Action::DeleteHospital)?;
    expected.check(&before)?;
    let mut closed = before.clone().close(&actor)?;
    let owner = owner.ok_or(Denied::NotFound)?;
    let mut owner = match owner.clone().close(&actor) {
        Err(AccountError::Closed) => owner,
        closed => closed?,
    };
    let permit = permit.noting("from", before.membership().name());
    store.hospitals().decide(&before, &mut closed, &mut owner, &permit).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl HospitalChanges {
    fn apply(
        self,
        hospital: &mut Hospital,
        now: Timestamp,
    ) -> Result<Vec<&'static str>, PlaceError> {
        let point: Option<GeoPoint> = point(self.latitude, self.longitude)?;
        let mut changed = Vec::new();
        replace(&mut hospital.name, self.name, "name", &mut changed);
        replace(&mut hospital.license_number, self.license_number, "license_number", &mut changed);
        replace(&mut hospital.email, self.email, "email", &mut changed);
        replace(&mut hospital.phone, self.phone, "phone", &mut changed);
        replace(&mut hospital.address, self.address, "address", &mut changed);
        self.location.apply(&mut hospital.location, "location", &mut changed);
        replace(&mut hospital.point, point.map(Some), "coordinates", &mut changed);
        hospital.updated_at = now;
        Ok(changed)
    }
}
