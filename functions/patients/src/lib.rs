//! Patients: their records, notes about them, and who cares for them.

mod form;
mod list;
mod mappings;
mod merge;
mod notes;
mod profile;
mod record;
mod stats;
mod view;

use carehub_api::Routes;
use utoipa::OpenApi;

pub use self::{
    mappings::{AssignmentView, CarerView},
    notes::NoteView,
    profile::{MyDoctorView, MyDoctorsView},
    record::{EnteredView, WarningView},
    stats::{CityView, PatientStatsView},
    view::{PatientSummary, PatientView},
};

/// The routes of this function.
pub fn routes() -> Routes {
    Routes::new()
        .get("/api/patients", list::list)
        .also_at(&["/api/admin/patients"])
        .post("/api/patients", record::create)
        .also_at(&["/api/admin/patients"])
        .idempotent()
        .get("/api/patients/search", list::search)
        .also_at(&["/api/admin/patients/search"])
        .get("/api/patients/stats", stats::handler)
        .also_at(&["/api/admin/patients/stats"])
        .get("/api/patients/profile", profile::show)
        .edit("/api/patients/update_profile", profile::edit)
        .get("/api/patients/my_doctor", profile::my_doctor)
        .get("/api/patients/{id}", record::show)
        .also_at(&["/api/admin/patients/{id}"])
        .edit("/api/patients/{id}", record::edit)
        .also_at(&["/api/admin/patients/{id}"])
        .delete("/api/patients/{id}", record::remove)
        .also_at(&["/api/admin/patients/{id}"])
        .post("/api/patients/{id}/merge", merge::merge)
        .post("/api/patients/{id}/unmerge", merge::unmerge)
        .get("/api/patients/{id}/notes", notes::list)
        .also_at(&["/api/admin/patients/{id}/notes"])
        .post("/api/patients/{id}/notes", notes::write)
        .also_at(&["/api/admin/patients/{id}/notes"])
        .get("/api/patients/{id}/notes/{pk}", notes::show)
        .also_at(&["/api/admin/patients/{id}/notes/{pk}"])
        .get("/api/patients/{id}/notes/{pk}/versions", notes::versions)
        .also_at(&["/api/admin/patients/{id}/notes/{pk}/versions"])
        .edit("/api/patients/{id}/notes/{pk}", notes::edit)
        .also_at(&["/api/admin/patients/{id}/notes/{pk}"])
        .delete("/api/patients/{id}/notes/{pk}", notes::remove)
        .also_at(&["/api/admin/patients/{id}/notes/{pk}"])
        .get("/api/mappings", mappings::list)
        .post("/api/mappings", mappings::assign)
        .idempotent()
        .get("/api/mappings/patient/{patient_id}", mappings::of_patient)
        .get("/api/mappings/{id}", mappings::show)
        .edit("/api/mappings/{id}/update", mappings::edit)
        .also_at(&["/api/mappings/{id}"])
        .delete("/api/mappings/{id}", mappings::end)
}

/// What the routes promise.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    list::list,
    record::create,
    list::search,
    stats::handler,
    profile::show,
    profile::edit,
    profile::my_doctor,
    record::show,
    record::edit,
    record::remove,
    merge::merge,
    merge::unmerge,
    notes::list,
    notes::write,
    notes::show,
    notes::versions,
    notes::edit,
    notes::remove,
    mappings::list,
    mappings::assign,
    mappings::of_patient,
    mappings::show,
    mappings::edit,
    mappings::end,
))]
pub struct Api;
