//! What is known of people's health: reports, documents, records of visits, results of tests.

mod annotations;
mod break_glass;
mod doctor_documents;
mod health_records;
mod lab_results;
mod medical_records;
mod patient_documents;
mod patient_records;
mod pile;
mod reports;
mod summary;
mod uploads;
mod visit_documents;

use carehub_api::Routes;
use utoipa::OpenApi;

pub use self::{
    annotations::{AddedAnnotationView, AnnotationView},
    break_glass::{EmergencyAccessView, EmergencyReviewView},
    health_records::{ConcernedView, RecordView, RecordsView, WholeRecordView, WrittenRecordView},
    lab_results::{ComparedResultView, LabResultView, PointView, TrendView},
    medical_records::{
        MedicalRecordView, MetricView, PrescribedItemView, PrescribedView, WholeMedicalRecordView,
    },
    reports::FiledView,
    summary::{ActiveMedicineView, LastVisitView, RecentPrescriptionView, SummaryView},
    uploads::InvitationView,
};

/// The routes of this function.
pub fn routes() -> Routes {
    visits(records(documents(Routes::new())))
}

fn documents(routes: Routes) -> Routes {
    routes
        .post("/api/uploads/presign", uploads::presign)
        .idempotent()
        .get("/api/uploads/{id}", uploads::show)
        .post("/api/records/patients/{id}/reports/upload", reports::upload)
        .with_files()
        .idempotent()
        .get("/api/records/patients/{id}/reports", reports::list)
        .get("/api/records/my-reports", reports::own)
        .get("/api/records/reports/{id}", reports::show)
        .edit("/api/records/reports/{id}", reports::edit)
        .delete("/api/records/reports/{id}", reports::remove)
        .get("/api/records/reports/{id}/versions", reports::versions)
        .get("/api/records/patients/{id}/summary", summary::handler)
        .post("/api/records/patients/{id}/break-glass", break_glass::open)
        .idempotent()
        .get("/api/records/break-glass", break_glass::list)
        .get("/api/records/break-glass/{id}", break_glass::show)
        .post("/api/records/break-glass/{id}/review", break_glass::review)
        .get("/api/patients/{id}/documents", patient_documents::list)
        .also_at(&["/api/admin/patients/{id}/documents"])
        .post("/api/patients/{id}/documents", patient_documents::add)
        .also_at(&["/api/admin/patients/{id}/documents"])
        .with_files()
        .idempotent()
        .get("/api/patients/{id}/documents/{pk}", patient_documents::show)
        .also_at(&["/api/admin/patients/{id}/documents/{pk}"])
        .edit("/api/patients/{id}/documents/{pk}", patient_documents::edit)
        .also_at(&["/api/admin/patients/{id}/documents/{pk}"])
        .delete("/api/patients/{id}/documents/{pk}", patient_documents::remove)
        .also_at(&["/api/admin/patients/{id}/documents/{pk}"])
        .get("/api/patients/{id}/documents/{pk}/versions", patient_documents::versions)
        .also_at(&["/api/admin/patients/{id}/documents/{pk}/versions"])
        .post("/api/patients/{id}/documents/{pk}/verify", patient_documents::verify)
        .also_at(&["/api/admin/patients/{id}/documents/{pk}/verify"])
        .get("/api/doctors/{id}/documents", doctor_documents::list)
        .also_at(&["/api/admin/doctors/{id}/documents"])
        .post("/api/doctors/{id}/documents", doctor_documents::add)
        .also_at(&["/api/admin/doctors/{id}/documents"])
        .with_files()
        .idempotent()
        .get("/api/doctors/{id}/documents/{pk}", doctor_documents::show)
        .also_at(&["/api/admin/doctors/{id}/documents/{pk}"])
        .edit("/api/doctors/{id}/documents/{pk}", doctor_documents::edit)
        .also_at(&["/api/admin/doctors/{id}/documents/{pk}"])
        .delete("/api/doctors/{id}/documents/{pk}", doctor_documents::remove)
        .also_at(&["/api/admin/doctors/{id}/documents/{pk}"])
        .get("/api/doctors/{id}/documents/{pk}/versions", doctor_documents::versions)
        .also_at(&["/api/admin/doctors/{id}/documents/{pk}/versions"])
        .post("/api/doctors/{id}/documents/{pk}/verify", doctor_documents::verify)
        .also_at(&["/api/admin/doctors/{id}/documents/{pk}/verify"])
        .get("/api/consultations/{id}/documents", visit_documents::list)
        .post("/api/consultations/{id}/documents", visit_documents::add)
        .with_files()
        .idempotent()
        .get("/api/consultations/{id}/documents/{pk}", visit_documents::show)
        .edit("/api/consultations/{id}/documents/{pk}", visit_documents::edit)
        .delete("/api/consultations/{id}/documents/{pk}", visit_documents::remove)
        .get("/api/consultations/{id}/documents/{pk}/versions", visit_documents::versions)
}

fn records(routes: Routes) -> Routes {
    routes
        .get("/api/records", health_records::list)
        .also_at(&["/api/records/my_records", "/api/records/records_by_type"])
        .post("/api/records", health_records::write)
        .with_files()
        .idempotent()
        .get("/api/records/{id}", health_records::show)
        .also_at(&["/api/records/{id}/record_details"])
        .edit("/api/records/{id}", health_records::edit)
        .delete("/api/records/{id}", health_records::remove)
        .get("/api/records/{id}/versions", health_records::versions)
        .post("/api/records/{id}/add_annotation", annotations::add_to)
        .post("/api/records/{id}/upload_attachment", health_records::attach)
        .with_files()
        .idempotent()
        .get("/api/records/{id}/attachments/{pk}", health_records::attachment)
        .delete("/api/records/{id}/attachments/{pk}", health_records::detach)
        .get("/api/doctors/annotations", annotations::list)
        .post("/api/doctors/annotations", annotations::add)
        .get("/api/doctors/annotations/{id}", annotations::show)
        .edit("/api/doctors/annotations/{id}", annotations::edit)
        .delete("/api/doctors/annotations/{id}", annotations::remove)
        .get("/api/doctors/annotations/{id}/versions", annotations::versions)
        .get("/api/patients/{id}/medical-records", patient_records::list)
        .also_at(&["/api/admin/patients/{id}/medical-records"])
        .post("/api/patients/{id}/medical-records", patient_records::write)
        .also_at(&["/api/admin/patients/{id}/medical-records"])
        .with_files()
        .idempotent()
        .get("/api/patients/{id}/medical-records/{pk}", patient_records::show)
        .also_at(&["/api/admin/patients/{id}/medical-records/{pk}"])
        .edit("/api/patients/{id}/medical-records/{pk}", patient_records::edit)
        .also_at(&["/api/admin/patients/{id}/medical-records/{pk}"])
        .delete("/api/patients/{id}/medical-records/{pk}", patient_records::remove)
        .also_at(&["/api/admin/patients/{id}/medical-records/{pk}"])
}

fn visits(routes: Routes) -> Routes {
    routes
        .get("/api/medical-records", medical_records::list)
        .post("/api/medical-records", medical_records::write)
        .idempotent()
        .get("/api/medical-records/{id}", medical_records::show)
        .edit("/api/medical-records/{id}", medical_records::edit)
        .get("/api/medical-records/{id}/versions", medical_records::versions)
        .get("/api/lab-results", lab_results::list)
        .post("/api/lab-results", lab_results::write)
        .idempotent()
        .get("/api/lab-results/trend", lab_results::trend)
        .get("/api/lab-results/{id}", lab_results::show)
        .edit("/api/lab-results/{id}", lab_results::edit)
        .get("/api/lab-results/{id}/versions", lab_results::versions)
}

/// What the routes promise.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    uploads::presign,
    uploads::show,
    reports::upload,
    reports::list,
    reports::own,
    reports::show,
    reports::edit,
    reports::remove,
    reports::versions,
    summary::handler,
    break_glass::open,
    break_glass::list,
    break_glass::show,
    break_glass::review,
    patient_documents::list,
    patient_documents::add,
    patient_documents::show,
    patient_documents::edit,
    patient_documents::remove,
    patient_documents::versions,
    patient_documents::verify,
    doctor_documents::list,
    doctor_documents::add,
    doctor_documents::show,
    doctor_documents::edit,
    doctor_documents::remove,
    doctor_documents::versions,
    doctor_documents::verify,
    visit_documents::list,
    visit_documents::add,
    visit_documents::show,
    visit_documents::edit,
    visit_documents::remove,
    visit_documents::versions,
    health_records::list,
    health_records::write,
    health_records::show,
    health_records::edit,
    health_records::remove,
    health_records::versions,
    annotations::add_to,
    health_records::attach,
    health_records::attachment,
    health_records::detach,
    annotations::list,
    annotations::add,
    annotations::show,
    annotations::edit,
    annotations::remove,
    annotations::versions,
    patient_records::list,
    patient_records::write,
    patient_records::show,
    patient_records::edit,
    patient_records::remove,
    medical_records::list,
    medical_records::write,
    medical_records::show,
    medical_records::edit,
    medical_records::versions,
    lab_results::list,
    lab_results::write,
    lab_results::trend,
    lab_results::show,
    lab_results::edit,
    lab_results::versions,
))]
pub struct Api;
