//! What the totals of the hub count, and which events move them.

use crate::{
    access::{Action, Role},
    choice::choice,
    event::Event,
    hospital::MembershipName,
};

choice! {
    /// A total that is kept, for the hub or for a person.
    pub enum Total: "a total" {
        /// Accounts that are not closed.
        Users = "TOTAL_USERS",
        /// Accounts of patients.
        Patients = "TOTAL_PATIENTS",
        /// Accounts of doctors.
        Doctors = "TOTAL_DOCTORS",
        /// Hospitals that are not removed.
        Hospitals = "TOTAL_HOSPITALS",
        /// Hospitals that have joined.
        ApprovedHospitals = "APPROVED_HOSPITALS",
        /// Hospitals that wait for a decision.
        PendingHospitals = "PENDING_HOSPITALS",
        /// Appointments ever made.
        Appointments = "TOTAL_APPOINTMENTS",
        /// Appointments that wait for an answer.
        PendingAppointments = "PENDING_APPOINTMENTS",
        /// Visits that took place.
        CompletedVisits = "COMPLETED_VISITS",
        /// Reviews that wait to be read.
        PendingReviews = "PENDING_REVIEWS",
    }
}

/// How `event` moves the totals.
pub fn moves(event: &Event) -> Vec<(Total, i64)> {
    match event.action {
        Action::CreateAccount => account(event, "role", 1),
        Action::DeleteAccount => account(event, "role", -1),
        Action::AdministerAccount => {
            [account(event, "from_role", -1), account(event, "role", 1)].concat()
        }
        // Who is entered without an account is on the sheet of doctors and not here.
        Action::CreateDoctor if event.details.get("account").is_some_and(|it| it == "none") => {
            Vec::new()
        }
        Action::CreateDoctor => vec![(Total::Users, 1), (Total::Doctors, 1)],
        // Whoever leaves or comes back as a doctor does so with their account.
        Action::EditDoctor | Action::DeleteDoctor => {
            match event.details.get("account_open").map(String::as_str) {
                Some("true") => vec![(Total::Users, 1), (Total::Doctors, 1)],
                Some(_) => vec![(Total::Users, -1), (Total::Doctors, -1)],
                None => Vec::new(),
            }
        }
        Action::RegisterHospital => {
            vec![(Total::Users, 1), (Total::Hospitals, 1), (Total::PendingHospitals, 1)]
        }
        Action::ApproveHospital => [left(event), vec![(Total::ApprovedHospitals, 1)]].concat(),
        Action::RejectHospital => left(event),
        Action::DeleteHospital => {
            [left(event), vec![(Total::Users, -1), (Total::Hospitals, -1)]].concat()
        }
        _ => Vec::new(),
    }
}

fn account(event: &Event, detail: &str, by: i64) -> Vec<(Total, i64)> {
    let role = event.details.get(detail).and_then(|role| role.parse().ok());
    // Whoever runs a hospital comes and goes with it.
    let Some(role) = role.filter(|role| *role != Role::Hospital) else { return Vec::new() };
    let kind = match role {
        Role::Patient => Some((Total::Patients, by)),
        Role::Doctor => Some((Total::Doctors, by)),
        Role::Hospital | Role::Coordinator | Role::Admin | Role::Superadmin => None,
    };
    std::iter::once((Total::Users, by)).chain(kind).collect()
}

/// The state that a hospital left loses one.
fn left(event: &Event) -> Vec<(Total, i64)> {
    match event.details.get("from").and_then(|state| state.parse().ok()) {
        Some(MembershipName::Pending) => vec![(Total::PendingHospitals, -1)],
        Some(MembershipName::Approved) => vec![(Total::ApprovedHospitals, -1)],
        Some(MembershipName::Rejected | MembershipName::Closed) | None => Vec::new(),
    }
}
