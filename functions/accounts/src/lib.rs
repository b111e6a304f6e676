//! What accounts are for: opening a repository by code, seeing who looked, running the hub.

mod access_log;
mod audit_logs;
mod dashboard_data;
mod dashboard_stats;
mod grants;
mod otp_generate;
mod otp_verify;
mod people;

use carehub_api::{Routes, limit::Bucket};
use utoipa::OpenApi;

pub use self::{
    access_log::LookView, audit_logs::LogView, dashboard_data::DashboardView,
    dashboard_stats::StatsView, grants::GrantView, otp_generate::CodeSentView,
    otp_verify::AccessView,
};

/// The routes of this function.
pub fn routes() -> Routes {
    Routes::new()
        .post("/api/accounts/otp/generate", otp_generate::handler)
        .limited(Bucket::Otp)
        .post("/api/accounts/otp/verify", otp_verify::handler)
        .get("/api/accounts/access-grants", grants::list)
        .delete("/api/accounts/access-grants/{doctor}", grants::revoke)
        .get("/api/accounts/access-log", access_log::handler)
        .get("/api/accounts/audit-logs", audit_logs::handler)
        .get("/api/accounts/dashboard-stats", dashboard_stats::handler)
        .get("/api/users/doctors", people::doctors)
        .get("/api/users/patients", people::patients)
        .get("/api/profiles/dashboard_data", dashboard_data::handler)
}

/// What the routes promise.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    otp_generate::handler,
    otp_verify::handler,
    grants::list,
    grants::revoke,
    access_log::handler,
    audit_logs::handler,
    dashboard_stats::handler,
    people::doctors,
    people::patients,
    dashboard_data::handler,
))]
pub struct Api;
