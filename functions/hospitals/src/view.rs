//! Hospitals and doctors as callers see them.

use carehub_domain::{
    access::{Actor, UserId},
    account::Username,
    contact::{EmailAddress, Phone},
    department::DepartmentId,
    doctor::{AppointmentLength, DailyMaximum, Doctor, DoctorId},
    hospital::{Hospital, HospitalId, LicenceNumber, Membership, MembershipName},
    hours::WeeklyHours,
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

/// A doctor.
///
/// The address, the identity card, the mailbox and the phone are masked or left out for
/// those who neither are the doctor nor run the hospital or the hub.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DoctorView {
    /// Identifies the doctor.
    pub id: DoctorId,
    /// The account of the doctor.
    pub user: UserId,
    /// The hospital the doctor works at.
    pub hospital: Option<HospitalId>,
    /// What that hospital is called.
    pub hospital_name: Option<Text<255>>,
    /// What the doctor is called.
    pub doctor_name: String,
    /// The name the doctor signs in with.
    pub doctor_username: Username,
    /// Where the doctor reads mail.
    pub doctor_email: Option<String>,
    /// How to call the doctor.
    pub phone_number: Option<String>,
    /// The number of the doctor's identity card.
    pub cnic: Option<String>,
    /// The doctor's own address.
    pub address: Option<Text<500>>,
    /// The licence to practise.
    pub license_number: Option<Text<100>>,
    /// The field of medicine.
    pub specialization: Option<Text<100>>,
    /// The department the doctor works in.
    pub department: Option<DepartmentId>,
    /// When the doctor sees patients.
    pub available_timings: WeeklyHours,
    /// How long one appointment is, in minutes.
    pub appointment_duration: AppointmentLength,
    /// How many patients the doctor sees in a day.
    pub max_patients_per_day: DailyMaximum,
    /// Whether the doctor works here now.
    pub is_active: bool,
    /// When the doctor was added.
    pub created_at: Timestamp,
    /// When the profile last changed.
    pub updated_at: Timestamp,
}

impl DoctorView {
    /// Shows a doctor of `hospital` to `actor`.
    pub(crate) fn of(doctor: Doctor, hospital: Option<&Hospital>, actor: &Actor) -> Self {
        let whole = actor.can(carehub_domain::access::Action::EditDoctor, &doctor);
        let practice = doctor.practice;
        Self {
            id: doctor.id,
            user: doctor.id.into(),
            hospital: doctor.hospital,
            hospital_name: hospital.map(|hospital| hospital.name.clone()),
            doctor_name: doctor.name.full(),
            doctor_username: doctor.username,
            doctor_email: doctor.email.map(|email| shown(whole, email.reveal(), email.masked())),
            phone_number: doctor.phone.map(|phone| shown(whole, phone.reveal(), phone.masked())),
            cnic: practice.cnic.map(|cnic| shown(whole, cnic.reveal(), cnic.masked())),
            address: practice.address.filter(|_| whole),
            license_number: practice.license_number,
            specialization: practice.specialization,
            department: practice.department,
            available_timings: practice.hours,
            appointment_duration: practice.appointment_duration,
            max_patients_per_day: practice.max_patients_per_day,
            is_active: doctor.is_active,
            created_at: doctor.created_at,
            updated_at: doctor.updated_at,
        }
    }
}

fn shown(whole: bool, plain: &str, masked: String) -> String {
    if whole { plain.to_owned() } else { masked }
}
