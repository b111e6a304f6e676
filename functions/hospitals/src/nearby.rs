//! `GET /api/hospitals/nearby`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    extract::{Json, Query},
    form,
    form::Invalid,
};
use carehub_domain::{
    contact::{EmailAddress, Phone},
    hospital::{Hospital, HospitalId},
    place::{Circle, GeoPoint},
    text::Text,
};
use carehub_store::Store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

form! {
    /// Where to look.
    pub(crate) struct Place {
        /// Degrees north, from -90 to 90.
        lat: String = "latitude",
        /// Degrees east, from -180 to 180.
        lng: String = "longitude" | "lon",
        /// How far around, in kilometres; 10 if nothing is said, at most 250.
        radius_km: Option<String> = "radius",
    }
}

/// Hospitals around a place.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NearbyView {
    /// How many there are; at most 100 are shown.
    pub count: usize,
    /// How far around was looked, in kilometres.
    pub radius_km: f64,
    /// The hospitals, nearest first.
    pub hospitals: Vec<NearView>,
}

/// A hospital and how far it is.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct NearView {
    /// Identifies the hospital.
    pub id: HospitalId,
    /// What it is called.
    pub name: Text<255>,
    /// Where it reads mail.
    pub email: EmailAddress,
    /// How to call it.
    pub phone: Phone,
    /// Street, number and city.
    pub address: Text<500>,
    /// The area it serves, in words.
    pub location: Option<Text<255>>,
    /// Degrees north.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
    /// How far it is over the ground, in kilometres to two places.
    pub distance_km: f64,
}

/// Find hospitals nearby.
#[utoipa::path(get, path = "/api/hospitals/nearby", tag = "hospitals", params(
    ("lat" = f64, Query, description = "Degrees north, from -90 to 90."),
    ("lng" = f64, Query, description = "Degrees east, from -180 to 180."),
    ("radius_km" = Option<f64>, Query, description = "How far around, in kilometres; 10 if nothing is said, at most 250."),
), responses(
    (status = 200, description = "The hospitals that have joined and stand within the circle, nearest first.", body = NearbyView),
    (status = 400, description = "The coordinates or the radius make no sense.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(_actor): CurrentActor,
    Query(place): Query<Place>,
    State(store): State<Store>,
) -> Result<Json<NearbyView>> {
    let circle = place.circle()?;
    let near = store.hospitals().within(circle).await?;
    let hospitals: Vec<_> = near.into_iter().map(NearView::from).collect();
    Ok(Json(NearbyView { count: hospitals.len(), radius_km: circle.radius_km, hospitals }))
}

impl Place {
    fn circle(&self) -> Result<Circle> {
        let number = |name, text: &str| {
            text.parse::<f64>().map_err(|_| Invalid::field(name, "expected a number"))
        };
        let centre = GeoPoint::at(number("lat", &self.lat)?, number("lng", &self.lng)?)?;
        let radius =
            self.radius_km.as_deref().map_or(Ok(10.0), |text| number("radius_km", text))?;
        Ok(Circle::around(centre, radius)?)
    }
}

impl From<(Hospital, f64)> for NearView {
    fn from((hospital, distance): (Hospital, f64)) -> Self {
        Self {
            id: hospital.id,
            name: hospital.name,
            email: hospital.email,
            phone: hospital.phone,
            address: hospital.address,
            location: hospital.location,
            latitude: hospital.point.map(GeoPoint::latitude),
            longitude: hospital.point.map(GeoPoint::longitude),
            distance_km: (distance * 100.0).round() / 100.0,
        }
    }
}
