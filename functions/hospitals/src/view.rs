//! Hospitals as callers see them.

use carehub_domain::{
    access::UserId,
    contact::{EmailAddress, Phone},
    hospital::{Hospital, HospitalId, LicenceNumber, Membership, MembershipName},
    place::GeoPoint,
    text::Text,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A hospital.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct HospitalView {
    /// Identifies the hospital.
    pub id: HospitalId,
    /// The account that runs it.
    pub user: UserId,
    /// What it is called.
    pub name: Text<255>,
    /// The licence it works under.
    pub license_number: LicenceNumber,
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
    /// Where its application stands.
    pub status: MembershipName,
    /// Whether it has joined.
    pub is_approved: bool,
    /// Who let it in.
    pub approved_by: Option<UserId>,
    /// When it was let in.
    pub approved_at: Option<Timestamp>,
    /// When it applied.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl From<Hospital> for HospitalView {
    fn from(hospital: Hospital) -> Self {
        let (approved_at, approved_by) = match hospital.membership() {
            Membership::Approved { decided_at, decided_by } => (Some(decided_at), decided_by),
            Membership::Pending | Membership::Rejected { .. } | Membership::Closed { .. } => {
                (None, None)
            }
        };
        Self {
            id: hospital.id,
            user: hospital.owner,
            status: hospital.membership().name(),
            is_approved: hospital.is_approved(),
            approved_by,
            approved_at,
            name: hospital.name,
            license_number: hospital.license_number,
            email: hospital.email,
            phone: hospital.phone,
            address: hospital.address,
            location: hospital.location,
            latitude: hospital.point.map(GeoPoint::latitude),
            longitude: hospital.point.map(GeoPoint::longitude),
            created_at: hospital.created_at,
            updated_at: hospital.updated_at,
        }
    }
}
