//! `POST /api/hospitals/register`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::Visitor,
    created::Created,
    error::Problem,
    extract::{Body, Json},
    form,
    passwords::{Passwords, Typed},
};
use carehub_domain::{
    access::{Action, Role},
    account::{Account, PersonName, Username},
    contact::{EmailAddress, Phone},
    hospital::{Application, Hospital, LicenceNumber},
    place::{GeoPoint, PlaceError},
    text::Text,
};
use carehub_store::{Opening, Store};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::HospitalView;

form! {
    /// A hospital that wants to join, and the person who is to run it.
    pub(crate) struct NewHospital {
        /// The name to sign in with.
        username: Username,
        /// Where the person reads mail.
        email: EmailAddress,
        /// The password to sign in with: 8 to 128 characters, hard to guess.
        password: Typed,
        /// The same password again.
        password_confirm: Typed = "confirm_password" | "password2",
        /// The given name of the person.
        first_name: Text<150>,
        /// The family name of the person.
        last_name: Text<150>,
        /// The phone of the person, with country code.
        phone_number: Phone = "phone",
        /// What the hospital is called.
        hospital_name: Text<255>,
        /// The licence it works under.
        license_number: LicenceNumber,
        /// Where the hospital reads mail.
        hospital_email: EmailAddress,
        /// How to call the hospital, with country code.
        hospital_phone: Phone,
        /// Street, number and city.
        address: Text<500>,
        /// The area it serves, in words.
        location: Option<Text<255>>,
        /// Degrees north, from -90 to 90.
        latitude: Option<f64>,
        /// Degrees east, from -180 to 180.
        longitude: Option<f64>,
    }
}

/// An application that was received.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ApplicationView {
    /// What was done.
    pub message: String,
    /// The hospital.
    pub hospital: HospitalView,
}

/// Apply for a hospital to join.
#[utoipa::path(post, path = "/api/hospitals/register", tag = "hospitals", security(()), request_body = NewHospital, responses(
    (status = 201, description = "The application waits for an admin; until then nobody can sign in for the hospital.", body = ApplicationView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 409, description = "The user name or the licence is taken.", body = Problem),
    (status = 429, description = "Too many from this address: 20 a minute.", body = Problem),
))]
pub(crate) async fn handler(
    Visitor(visitor): Visitor,
    State(store): State<Store>,
    State(passwords): State<Passwords>,
    Body(new): Body<NewHospital>,
) -> Result<Created<Json<ApplicationView>>> {
    let (owner, hospital, password, again) = new.apply(visitor.at)?;
    let password = password.choose(Some(&again), "password", &owner)?;
    let permit = visitor.create(Action::RegisterHospital, &hospital)?;
    let digest = passwords.digest(&password).await?;
    let opening = Opening { password: Some(&digest), ..Opening::of(&owner) };
    store.hospitals().register(&hospital, opening, &permit).await?;
    let location = format!("/api/hospitals/{}", hospital.id);
    let message = "Hospital registered successfully. Awaiting admin approval.".to_owned();
    let hospital = hospital.into();
    Ok(Created::at(location, Json(ApplicationView { message, hospital })))
}

impl NewHospital {
    fn apply(self, now: Timestamp) -> Result<(Account, Hospital, Typed, Typed), PlaceError> {
        let point = point(self.latitude, self.longitude)?;
        let name = PersonName { first: self.first_name, last: Some(self.last_name) };
        let mut owner = Account::open(self.username, Role::Hospital, name, now).awaiting_approval();
        owner.email = Some(self.email);
        owner.phone = Some(self.phone_number);
        owner.hospital = Some(owner.id.into());
        let application = Application {
            name: self.hospital_name,
            license_number: self.license_number,
            email: self.hospital_email,
            phone: self.hospital_phone,
            address: self.address,
            location: self.location,
            point,
        };
        let hospital = Hospital::apply(owner.id, application, now);
        Ok((owner, hospital, self.password, self.password_confirm))
    }
}

/// Both coordinates make a point, none makes no point, and one is a mistake.
pub(crate) fn point(
    latitude: Option<f64>,
    longitude: Option<f64>,
) -> Result<Option<GeoPoint>, PlaceError> {
    match (latitude, longitude) {
        (Some(latitude), Some(longitude)) => GeoPoint::at(latitude, longitude).map(Some),
        (None, None) => Ok(None),
        (Some(_), None) | (None, Some(_)) => Err(PlaceError::Half),
    }
}
