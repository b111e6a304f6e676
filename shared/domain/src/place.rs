//! Places on the globe, and which of them are near.

use h3o::{CellIndex, LatLng, Resolution};
use serde::{Deserialize, Serialize};

use crate::failures;

/// A point on the globe, in millionths of a degree (about eleven centimetres).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GeoPoint {
    latitude: i32,
    longitude: i32,
}

impl GeoPoint {
    /// The point at so many degrees north and east.
    pub fn at(latitude: f64, longitude: f64) -> Result<Self, PlaceError> {
        let sound = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        if sound {
            let [latitude, longitude] = [latitude, longitude].map(micro);
            Ok(Self { latitude, longitude })
        } else {
            Err(PlaceError::OffGlobe)
        }
    }

    /// Degrees north.
    pub fn latitude(self) -> f64 {
        f64::from(self.latitude) / 1e6
    }

    /// Degrees east.
    pub fn longitude(self) -> f64 {
        f64::from(self.longitude) / 1e6
    }

    /// How far it is to `other` over the ground, in kilometres.
    pub fn distance_km(self, other: Self) -> f64 {
        match (self.lat_lng(), other.lat_lng()) {
            (Some(here), Some(there)) => here.distance_km(there),
            _ => f64::INFINITY,
        }
    }

    /// The cells under which a place at this point is filed.
    pub fn cells(self) -> Vec<Cell> {
        NETS.iter().filter_map(|net| self.cell(net)).collect()
    }

    fn cell(self, net: &Net) -> Option<Cell> {
        self.lat_lng().map(|point| Cell(point.to_cell(net.resolution)))
    }

    fn lat_lng(self) -> Option<LatLng> {
        LatLng::new(self.latitude(), self.longitude()).ok()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "degrees fit, and the rest is centimetres")]
fn micro(degrees: f64) -> i32 {
    (degrees * 1e6).round() as i32
}

/// The farthest that can be searched, in kilometres.
pub const FARTHEST_KM: f64 = 250.0;

/// A circle in which to look for places.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Circle {
    /// The middle.
    pub centre: GeoPoint,
    /// How far around it, in kilometres.
    pub radius_km: f64,
}

impl Circle {
    /// A circle around `centre`.
    pub fn around(centre: GeoPoint, radius_km: f64) -> Result<Self, PlaceError> {
        if radius_km > 0.0 && radius_km <= FARTHEST_KM {
            Ok(Self { centre, radius_km })
        } else {
            Err(PlaceError::Radius)
        }
    }

    /// Cells that together cover the circle, some of them beyond its rim.
    pub fn cells(&self) -> Vec<Cell> {
        let net =
            NETS.iter().find(|net| self.radius_km <= net.reach_km).unwrap_or(&NETS[NETS.len() - 1]);
        let Some(Cell(centre)) = self.centre.cell(net) else { return Vec::new() };
        centre.grid_disk::<Vec<_>>(net.rings(self.radius_km)).into_iter().map(Cell).collect()
    }
}

/// A cell of the H3 grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cell(CellIndex);

impl std::fmt::Display for Cell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A size of cells, and how far it is used for.
struct Net {
    resolution: Resolution,
    reach_km: f64,
    /// The smallest distance that one more ring adds anywhere on the globe.
    ring_km: f64,
}

/// Fine cells for the town, coarse ones for the country.
const NETS: [Net; 2] = [
    Net { resolution: Resolution::Five, reach_km: 25.0, ring_km: 9.0 },
    Net { resolution: Resolution::Three, reach_km: FARTHEST_KM, ring_km: 63.0 },
];

impl Net {
    /// How many rings around a cell reach `radius_km` beyond it.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small positive number"
    )]
    fn rings(&self, radius_km: f64) -> u32 {
        (radius_km / self.ring_km).ceil() as u32
    }
}

failures! {
    /// Why nothing can be looked for there.
    pub enum PlaceError {
        OffGlobe = Invalid "invalid-coordinates" "expected a latitude from -90 to 90 and a longitude from -180 to 180",
        Half = Invalid "half-coordinates" "latitude and longitude go together",
        Radius = Invalid "invalid-radius" "expected a radius of more than 0 and at most 250 kilometres",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn whatever_is_near_lies_in_a_cell_that_is_searched(
            latitude in -89.0..89.0f64, longitude in -180.0..180.0f64,
            bearing in 0.0..std::f64::consts::TAU, share in 0.0..1.0f64, radius in 0.5..FARTHEST_KM,
        ) {
            let centre = GeoPoint::at(latitude, longitude).unwrap();
            let away = share * radius / 6371.0;
            let north = latitude.to_radians();
            let there = (north.sin() * away.cos() + north.cos() * away.sin() * bearing.cos()).asin();
            let east = longitude.to_radians()
                + (bearing.sin() * away.sin() * north.cos()).atan2(away.cos() - north.sin() * there.sin());
            let east = (east.to_degrees() + 540.0).rem_euclid(360.0) - 180.0;
            let place = GeoPoint::at(there.to_degrees(), east).unwrap();

            let circle = Circle::around(centre, radius).unwrap();
            if centre.distance_km(place) <= radius {
                let searched = circle.cells();
                prop_assert!(place.cells().iter().any(|cell| searched.contains(cell)));
                prop_assert!(searched.len() <= 61);
            }
        }

        #[test]
        fn any_numbers_are_read_without_panic(latitude: f64, longitude: f64, radius: f64) {
            if let Ok(point) = GeoPoint::at(latitude, longitude) {
                prop_assert!(point.latitude().abs() <= 90.0);
                prop_assert_eq!(point.cells().len(), 2);
                let _ = Circle::around(point, radius).map(|circle| circle.cells());
            }
        }
    }
}
