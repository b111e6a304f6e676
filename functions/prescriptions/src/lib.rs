//! Prescriptions, from the safety check to the pharmacy.

mod adherence;
mod create;
mod documents;
mod edit;
mod entry;
mod form;
mod interactions;
mod items;
mod list;
mod notes;
mod pharmacy;
mod print;
mod reminders;
mod rules;
mod sheet;
mod show;
mod stats;
mod steps;
mod templates;
mod verify;
mod view;

use carehub_api::{Routes, limit::Bucket};
use utoipa::OpenApi;

pub use self::{
    adherence::{AdherenceView, DoseView, MedicineScoreView, ScoreView},
    interactions::InteractionsView,
    items::CheckedView,
    notes::PrescriptionNoteView,
    pharmacy::HandoverView,
    reminders::ReminderView,
    rules::{RuleView, RulesView},
    stats::{PrescribedOftenView, PrescriberView, PrescriptionMonthView, PrescriptionStatsView},
    templates::{TemplateMedicationView, TemplateView},
    verify::VerificationView,
    view::{
        FirstView, IssuedView, MedicationView, PrescribedView, PrescriptionView,
        WholePrescriptionView,
    },
};

/// The routes of this function.
pub fn routes() -> Routes {
    taken(handed_over(filed(safety(written(Routes::new())))))
}

/// What doctors write, and what becomes of it.
fn written(routes: Routes) -> Routes {
    routes
        .get("/api/prescriptions", list::handler)
        .also_at(&["/api/prescriptions/search", "/api/records/prescriptions"])
        .post("/api/prescriptions", create::handler)
        .also_at(&["/api/records/prescriptions", "/api/records/prescriptions/create"])
        .idempotent()
        .get("/api/prescriptions/medications", list::medications)
        .get("/api/prescriptions/{id}", show::handler)
        .also_at(&["/api/records/prescriptions/{id}"])
        .edit("/api/prescriptions/{id}", edit::handler)
        .also_at(&["/api/records/prescriptions/{id}"])
        .delete("/api/prescriptions/{id}", steps::cancel)
        .also_at(&["/api/records/prescriptions/{id}"])
        .get("/api/prescriptions/{id}/versions", show::versions)
        .post("/api/prescriptions/{id}/dispense", steps::dispense)
        .post("/api/prescriptions/{id}/complete", steps::complete)
        .post("/api/prescriptions/{id}/deactivate", steps::deactivate)
        .get("/api/prescriptions/{id}/medications", items::list)
        .post("/api/prescriptions/{id}/medications", items::add)
        .idempotent()
        .get("/api/prescriptions/{id}/medications/{pk}", items::show)
        .edit("/api/prescriptions/{id}/medications/{pk}", items::edit)
        .delete("/api/prescriptions/{id}/medications/{pk}", items::remove)
        .get("/api/consultations/{id}/prescription", show::of_visit)
        .get("/api/records/patients/{id}/prescriptions", list::of_patient)
}

/// Whether medicines go together.
fn safety(routes: Routes) -> Routes {
    routes
        .get("/api/prescriptions/interactions", rules::list)
        .post("/api/prescriptions/interactions", rules::add)
        .idempotent()
        .post("/api/prescriptions/interactions/check", interactions::check)
        .get("/api/prescriptions/interactions/{rule}", rules::show)
        .edit("/api/prescriptions/interactions/{rule}", rules::edit)
        .delete("/api/prescriptions/interactions/{rule}", rules::remove)
}

/// What is filed with a prescription.
fn filed(routes: Routes) -> Routes {
    routes
        .get("/api/prescriptions/{id}/documents", documents::list)
        .post("/api/prescriptions/{id}/documents", documents::add)
        .also_at(&["/api/records/prescriptions/{id}/attachments"])
        .with_files()
        .idempotent()
        .get("/api/prescriptions/{id}/documents/{pk}", documents::show)
        .edit("/api/prescriptions/{id}/documents/{pk}", documents::edit)
        .delete("/api/prescriptions/{id}/documents/{pk}", documents::remove)
        .get("/api/prescriptions/{id}/documents/{pk}/versions", documents::versions)
        .get("/api/prescriptions/{id}/notes", notes::list)
        .post("/api/prescriptions/{id}/notes", notes::write)
        .get("/api/prescriptions/{id}/notes/{pk}", notes::show)
        .get("/api/prescriptions/{id}/notes/{pk}/versions", notes::versions)
        .edit("/api/prescriptions/{id}/notes/{pk}", notes::edit)
        .delete("/api/prescriptions/{id}/notes/{pk}", notes::remove)
}

/// The way from the doctor to the pharmacy.
fn handed_over(routes: Routes) -> Routes {
    routes
        .get("/api/prescriptions/{id}/pdf", print::handler)
        .get("/verify/{code}", verify::page)
        .limited(Bucket::Verify)
        .get("/api/prescriptions/verify/{code}", verify::show)
        .limited(Bucket::Verify)
        .post("/api/prescriptions/{id}/send-to-pharmacy", pharmacy::handler)
        .idempotent()
        .get("/api/prescriptions/stats", stats::handler)
        .get("/api/prescriptions/templates", templates::list)
        .post("/api/prescriptions/templates", templates::create)
        .get("/api/prescriptions/templates/{id}", templates::show)
        .edit("/api/prescriptions/templates/{id}", templates::edit)
        .delete("/api/prescriptions/templates/{id}", templates::remove)
}

/// Whether patients take it.
fn taken(routes: Routes) -> Routes {
    routes
        .get("/api/prescriptions/reminders", reminders::list)
        .post("/api/prescriptions/reminders", reminders::create)
        .get("/api/prescriptions/reminders/{id}", reminders::show)
        .edit("/api/prescriptions/reminders/{id}", reminders::edit)
        .delete("/api/prescriptions/reminders/{id}", reminders::remove)
        .get("/api/prescriptions/adherence", adherence::list)
        .post("/api/prescriptions/adherence", adherence::tell)
        .get("/api/prescriptions/adherence/summary", adherence::summary)
        .get("/api/prescriptions/adherence/{id}", adherence::show)
        .delete("/api/prescriptions/adherence/{id}", adherence::remove)
}

/// What the routes promise.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    list::handler,
    create::handler,
    list::medications,
    show::handler,
    edit::handler,
    steps::cancel,
    show::versions,
    steps::dispense,
    steps::complete,
    steps::deactivate,
    items::list,
    items::add,
    items::show,
    items::edit,
    items::remove,
    show::of_visit,
    list::of_patient,
    rules::list,
    rules::add,
    interactions::check,
    rules::show,
    rules::edit,
    rules::remove,
    documents::list,
    documents::add,
    documents::show,
    documents::edit,
    documents::remove,
    documents::versions,
    notes::list,
    notes::write,
    notes::show,
    notes::versions,
    notes::edit,
    notes::remove,
    print::handler,
    verify::page,
    verify::show,
    pharmacy::handler,
    stats::handler,
    templates::list,
    templates::create,
    templates::show,
    templates::edit,
    templates::remove,
    reminders::list,
    reminders::create,
    reminders::show,
    reminders::edit,
    reminders::remove,
    adherence::list,
    adherence::tell,
    adherence::summary,
    adherence::show,
    adherence::remove,
))]
pub struct Api;
