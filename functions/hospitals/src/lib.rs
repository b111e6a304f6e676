//! Hospitals, from application to everyday life: their departments and their doctors.

mod approve;
mod departments;
mod doctors;
mod employ;
mod hospital;
mod list;
mod nearby;
mod register;
mod view;

use carehub_api::{Routes, limit::Bucket};
use utoipa::OpenApi;

pub use self::{
    approve::DecisionView,
    departments::DepartmentView,
    employ::{CredentialsView, EmployedView},
    nearby::{NearView, NearbyView},
    register::ApplicationView,
    view::HospitalView,
};

/// The routes of this function.
pub fn routes() -> Routes {
    Routes::new()
        .post("/api/hospitals/register", register::handler)
        .limited(Bucket::Register)
        .get("/api/hospitals", list::handler)
        .get("/api/hospitals/nearby", nearby::handler)
        .get("/api/hospitals/{id}", hospital::show)
        .edit("/api/hospitals/{id}", hospital::edit)
        .delete("/api/hospitals/{id}", hospital::close)
        .patch("/api/hospitals/{id}/approve", approve::handler)
        .post("/api/hospitals/{id}/approve", approve::handler)
        .get("/api/hospitals/departments", departments::list)
        .post("/api/hospitals/departments", departments::open)
        .idempotent()
        .get("/api/hospitals/departments/{id}", departments::show)
        .edit("/api/hospitals/departments/{id}", departments::edit)
        .delete("/api/hospitals/departments/{id}", departments::close)
        .get("/api/hospitals/{id}/departments", departments::of_hospital)
        .post("/api/hospitals/doctors/create", employ::handler)
        .idempotent()
        .get("/api/hospitals/doctors", doctors::list)
        .get("/api/hospitals/{id}/doctors", doctors::of_hospital)
}

/// What the routes promise.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    register::handler,
    list::handler,
    nearby::handler,
    hospital::show,
    hospital::edit,
    hospital::close,
    approve::handler,
    departments::list,
    departments::open,
    departments::show,
    departments::edit,
    departments::close,
    departments::of_hospital,
    employ::handler,
    doctors::list,
    doctors::of_hospital,
))]
pub struct Api;
