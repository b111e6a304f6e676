//! `GET /api/profiles/dashboard_data`

use axum::extract::State;
use carehub_api::{Result, actor::SignedIn, error::Problem, extract::Json};
use carehub_domain::{access::Role, appointment::Appointment, tally::Total};
use carehub_store::Store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a person sees first, by role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum DashboardView {
    /// For patients.
    Patient {
        /// Appointments that are still to come: a hundred at most.
        upcoming_appointments: i64,
        /// Appointments ever made.
        total_appointments: i64,
        /// Visits that took place.
        completed_visits: i64,
    },
    /// For doctors.
    Doctor {
        /// Appointments of today that were not called off: a hundred at most.
        todays_appointments: i64,
        /// Patients ever seen.
        total_patients: i64,
        /// Reviews that wait to be read.
        pending_reviews: i64,
    },
    /// For everyone else.
    Other {
        /// Appointments ever made.
        total_appointments: i64,
        /// Appointments that wait for an answer.
        pending_appointments: i64,
    },
}

/// See one's own totals.
#[utoipa::path(get, path = "/api/profiles/dashboard_data", tag = "accounts", responses(
    (status = 200, description = "What the person who asks sees first.", body = DashboardView),
    (status = 401, description = "Nobody is signed in.", body = Problem),
))]
pub(crate) async fn handler(
    SignedIn { account, actor, .. }: SignedIn,
    State(store): State<Store>,
) -> Result<Json<DashboardView>> {
    let (totals, appointments) = (store.totals(), store.appointments());
    let ahead = async {
        match account.role {
            Role::Patient | Role::Doctor => appointments.ahead_of(account.id, actor.at).await,
            Role::Hospital | Role::Coordinator | Role::Admin | Role::Superadmin => Ok(Vec::new()),
        }
    };
    let (totals, ahead) = tokio::try_join!(totals.of_person(account.id), ahead)?;
    let total = |total| totals.get(&total).copied().unwrap_or_default();
    let count = |counts: &dyn Fn(&Appointment) -> bool| {
        i64::try_from(ahead.iter().filter(|appointment| counts(appointment)).count())
            .unwrap_or(i64::MAX)
    };
    Ok(Json(match account.role {
        Role::Patient => DashboardView::Patient {
            upcoming_appointments: count(&|appointment| appointment.is_upcoming(actor.at)),
            total_appointments: total(Total::Appointments),
            completed_visits: total(Total::CompletedVisits),
        },
        Role::Doctor => DashboardView::Doctor {
            todays_appointments: count(&|appointment| appointment.is_on_the_day_of(actor.at)),
            total_patients: total(Total::Patients),
            pending_reviews: total(Total::PendingReviews),
        },
        Role::Hospital | Role::Coordinator | Role::Admin | Role::Superadmin => {
            DashboardView::Other {
                total_appointments: total(Total::Appointments),
                pending_appointments: total(Total::PendingAppointments),
            }
        }
    }))
}
