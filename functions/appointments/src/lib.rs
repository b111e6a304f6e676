//! Booking, moving, keeping and ending appointments.

mod assign;
mod availability;
mod book;
mod booking;
mod holds;
mod list;
mod queue;
mod record;
mod reschedule;
mod seek;
mod steps;
mod time;
mod view;
mod waitlist;

use carehub_api::Routes;
use utoipa::OpenApi;

pub use self::{
    availability::DoctorAvailabilityView,
    holds::HoldView,
    queue::{CalledView, PlaceView, QueueView, TokenView},
    seek::{AvailableDoctorView, AvailableDoctorsView},
    view::{ActionView, BookedView, HealthRecordView},
    waitlist::{OfferView, SeenWaitlistView, WaitView, WaitingView, WaitlistView},
};

/// The routes of this function.
pub fn routes() -> Routes {
    let routes = records(Routes::new());
    let routes = steps(routes);
    let routes = free(routes);
    let routes = waits(routes);
    queues(routes)
}

fn records(routes: Routes) -> Routes {
    routes
        .get("/api/appointments", list::all)
        .also_at(&["/api/consultations", "/api/consultations/search"])
        .post("/api/appointments", book::create)
        .idempotent()
        .post("/api/appointments/book", book::book)
        .also_at(&["/api/appointment-booking/book"])
        .idempotent()
        .post("/api/consultations", book::consult)
        .idempotent()
        .get("/api/appointments/my-appointments", list::of_patient)
        .get("/api/appointments/hospital-appointments", list::of_hospital)
        .get("/api/appointments/doctor-appointments", list::of_doctor)
        .get("/api/appointments/{id}", record::show)
        .edit("/api/appointments/{id}", record::edit)
        .also_at(&["/api/consultations/{id}"])
        .delete("/api/appointments/{id}", record::remove)
        .also_at(&["/api/consultations/{id}"])
}

fn steps(routes: Routes) -> Routes {
    routes
        .post("/api/appointments/{id}/assign-doctor", assign::handler)
        .edit("/api/appointments/{id}/status", steps::set_status)
        .post("/api/appointments/{id}/confirm", steps::confirm)
        .also_at(&["/api/consultations/{id}/confirm"])
        .post("/api/appointments/{id}/check-in", steps::check_in)
        .also_at(&[
            "/api/appointments/{id}/check_in",
            "/api/consultations/{id}/check-in",
            "/api/consultations/{id}/check_in",
        ])
        .post("/api/appointments/{id}/start", steps::start)
        .also_at(&["/api/consultations/{id}/start"])
        .post("/api/appointments/{id}/complete", steps::complete)
        .also_at(&["/api/consultations/{id}/complete"])
        .post("/api/appointments/{id}/cancel", steps::cancel)
        .also_at(&["/api/consultations/{id}/cancel"])
        .post("/api/appointments/{id}/reschedule", reschedule::handler)
        .also_at(&["/api/consultations/{id}/reschedule"])
        .post("/api/appointments/{id}/no-show", steps::miss)
        .also_at(&[
            "/api/appointments/{id}/no_show",
            "/api/consultations/{id}/no-show",
            "/api/consultations/{id}/no_show",
        ])
}

fn free(routes: Routes) -> Routes {
    routes
        .get("/api/appointments/doctor_availability", availability::handler)
        .get("/api/appointments/available_doctors", seek::handler)
        .also_at(&["/api/appointment-booking/available_doctors"])
}

fn waits(routes: Routes) -> Routes {
    routes
        .get("/api/appointments/holds", holds::list)
        .post("/api/appointments/holds", holds::keep)
        .idempotent()
        .get("/api/appointments/holds/{id}", holds::show)
        .delete("/api/appointments/holds/{id}", holds::give_up)
        .get("/api/appointments/waitlist", waitlist::list)
        .post("/api/appointments/waitlist", waitlist::join)
        .idempotent()
        .get("/api/appointments/waitlist/{doctor}/{date}", waitlist::show)
        .delete("/api/appointments/waitlist/{doctor}/{date}", waitlist::leave)
}

fn queues(routes: Routes) -> Routes {
    routes
        .get("/api/appointments/queues/{doctor}", queue::show)
        .post("/api/appointments/queues/{doctor}/tokens", queue::take)
        .idempotent()
        .get("/api/appointments/queues/{doctor}/tokens/{number}", queue::show_token)
        .post("/api/appointments/queues/{doctor}/tokens/{number}/check-in", queue::check_in)
        .delete("/api/appointments/queues/{doctor}/tokens/{number}", queue::leave)
        .post("/api/appointments/queues/{doctor}/next", queue::call_next)
        .idempotent()
}

/// What the routes promise.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    list::all,
    book::create,
    book::book,
    book::consult,
    list::of_patient,
    list::of_hospital,
    list::of_doctor,
    record::show,
    record::edit,
    record::remove,
    assign::handler,
    steps::set_status,
    steps::confirm,
    steps::check_in,
    steps::start,
    steps::complete,
    steps::cancel,
    reschedule::handler,
    steps::miss,
    availability::handler,
    seek::handler,
    holds::list,
    holds::keep,
    holds::show,
    holds::give_up,
    waitlist::list,
    waitlist::join,
    waitlist::show,
    waitlist::leave,
    queue::show,
    queue::take,
    queue::show_token,
    queue::check_in,
    queue::leave,
    queue::call_next,
))]
pub struct Api;
