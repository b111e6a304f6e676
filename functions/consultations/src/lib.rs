//! The clinical side of an appointment: what was told, measured, found and noted.

mod diagnoses;
mod entry;
mod notes;
mod show;
mod stats;
mod symptoms;
mod view;
mod vital_signs;

use carehub_api::Routes;
use utoipa::OpenApi;

pub use self::{
    diagnoses::DiagnosisView,
    notes::RemarkView,
    stats::{ConsultationStatsView, DoctorNumbersView, MonthView},
    symptoms::SymptomView,
    view::{BookingView, ConsultationView},
    vital_signs::{ImperialView, VitalSignsView},
};

/// The routes of this function.
pub fn routes() -> Routes {
    Routes::new()
        .get("/api/consultations/stats", stats::handler)
        .get("/api/consultations/{id}", show::handler)
        .get("/api/consultations/{id}/symptoms", symptoms::list)
        .post("/api/consultations/{id}/symptoms", symptoms::add)
        .get("/api/consultations/{id}/symptoms/{pk}", symptoms::show)
        .get("/api/consultations/{id}/symptoms/{pk}/versions", symptoms::versions)
        .edit("/api/consultations/{id}/symptoms/{pk}", symptoms::edit)
        .delete("/api/consultations/{id}/symptoms/{pk}", symptoms::remove)
        .get("/api/consultations/{id}/diagnosis", diagnoses::list)
        .also_at(&["/api/consultations/{id}/diagnoses"])
        .post("/api/consultations/{id}/diagnosis", diagnoses::add)
        .also_at(&["/api/consultations/{id}/diagnoses"])
        .get("/api/consultations/{id}/diagnosis/{pk}", diagnoses::show)
        .also_at(&["/api/consultations/{id}/diagnoses/{pk}"])
        .get("/api/consultations/{id}/diagnosis/{pk}/versions", diagnoses::versions)
        .also_at(&["/api/consultations/{id}/diagnoses/{pk}/versions"])
        .edit("/api/consultations/{id}/diagnosis/{pk}", diagnoses::edit)
        .also_at(&["/api/consultations/{id}/diagnoses/{pk}"])
        .delete("/api/consultations/{id}/diagnosis/{pk}", diagnoses::remove)
        .also_at(&["/api/consultations/{id}/diagnoses/{pk}"])
        .get("/api/consultations/{id}/vital-signs", vital_signs::list)
        .post("/api/consultations/{id}/vital-signs", vital_signs::add)
        .get("/api/consultations/{id}/vital-signs/{pk}", vital_signs::show)
        .get("/api/consultations/{id}/vital-signs/{pk}/versions", vital_signs::versions)
        .edit("/api/consultations/{id}/vital-signs/{pk}", vital_signs::edit)
        .delete("/api/consultations/{id}/vital-signs/{pk}", vital_signs::remove)
        .get("/api/consultations/{id}/notes", notes::list)
        .post("/api/consultations/{id}/notes", notes::add)
        .get("/api/consultations/{id}/notes/{pk}", notes::show)
        .get("/api/consultations/{id}/notes/{pk}/versions", notes::versions)
        .edit("/api/consultations/{id}/notes/{pk}", notes::edit)
        .delete("/api/consultations/{id}/notes/{pk}", notes::remove)
}

/// What the routes promise.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    show::handler,
    stats::handler,
    symptoms::list,
    symptoms::add,
    symptoms::show,
    symptoms::versions,
    symptoms::edit,
    symptoms::remove,
    diagnoses::list,
    diagnoses::add,
    diagnoses::show,
    diagnoses::versions,
    diagnoses::edit,
    diagnoses::remove,
    vital_signs::list,
    vital_signs::add,
    vital_signs::show,
    vital_signs::versions,
    vital_signs::edit,
    vital_signs::remove,
    notes::list,
    notes::add,
    notes::show,
    notes::versions,
    notes::edit,
    notes::remove,
))]
pub struct Api;
