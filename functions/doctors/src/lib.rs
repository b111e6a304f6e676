//! Doctors: the directory, their careers and hours, and what patients think of them.

mod availability;
mod career;
mod directory;
mod entry;
mod own;
mod own_week;
mod query;
mod reviews;
mod schedule;
mod shift;
mod slots;
mod stats;
mod verify;

use carehub_api::Routes;
use utoipa::OpenApi;

pub use self::{
    availability::{AvailabilityView, DayOffView},
    career::{EducationView, ExperienceView},
    own::{CaredForView, HoursView, OwnHoursView, OwnPatientsView},
    reviews::ReviewView,
    schedule::{DayView, ScheduleView},
    shift::{BreakView, ShiftView},
    stats::{DirectoryStatsView, PracticeView, TopRatedView},
};

/// The routes of this function.
pub fn routes() -> Routes {
    let routes = directory(Routes::new());
    let routes = own(routes);
    let routes = careers(routes);
    let routes = hours(routes);
    opinions(routes)
}

fn directory(routes: Routes) -> Routes {
    routes
        .get("/api/doctors", directory::list)
        .also_at(&["/api/admin/doctors"])
        .get("/api/doctors/search", directory::search)
        .also_at(&["/api/admin/doctors/search"])
        .get("/api/doctors/stats", stats::of_directory)
        .also_at(&["/api/admin/doctors/stats"])
        .post("/api/doctors/create", entry::create)
        .idempotent()
        .also_at(&["/api/doctors", "/api/admin/doctors"])
        .get("/api/doctors/{id}", entry::show)
        .also_at(&["/api/admin/doctors/{id}", "/api/hospitals/doctors/{id}"])
        .edit("/api/doctors/{id}/update", entry::edit)
        .also_at(&["/api/doctors/{id}", "/api/admin/doctors/{id}", "/api/hospitals/doctors/{id}"])
        .delete("/api/doctors/{id}/delete", entry::remove)
        .also_at(&["/api/doctors/{id}", "/api/admin/doctors/{id}"])
        .post("/api/doctors/{id}/verify", verify::handler)
        .get("/api/doctors/{id}/statistics", stats::of_doctor)
}

fn own(routes: Routes) -> Routes {
    routes
        .get("/api/doctors/profile", own::profile)
        .edit("/api/doctors/update_profile", own::edit_profile)
        .get("/api/doctors/availability", own::hours)
        .edit("/api/doctors/availability", own::edit_hours)
        .get("/api/doctors/patients", own::patients)
        .also_at(&["/api/doctors/my_patients"])
}

fn careers(routes: Routes) -> Routes {
    routes
        .get("/api/doctors/{id}/education", career::list_education)
        .also_at(&["/api/admin/doctors/{id}/education"])
        .post("/api/doctors/{id}/education", career::add_education)
        .also_at(&["/api/admin/doctors/{id}/education"])
        .get("/api/doctors/{id}/education/{pk}", career::show_education)
        .also_at(&["/api/admin/doctors/{id}/education/{pk}"])
        .edit("/api/doctors/{id}/education/{pk}", career::edit_education)
        .also_at(&["/api/admin/doctors/{id}/education/{pk}"])
        .delete("/api/doctors/{id}/education/{pk}", career::remove_education)
        .also_at(&["/api/admin/doctors/{id}/education/{pk}"])
        .get("/api/doctors/{id}/experience", career::list_experience)
        .also_at(&["/api/admin/doctors/{id}/experience"])
        .post("/api/doctors/{id}/experience", career::add_experience)
        .also_at(&["/api/admin/doctors/{id}/experience"])
        .get("/api/doctors/{id}/experience/{pk}", career::show_experience)
        .also_at(&["/api/admin/doctors/{id}/experience/{pk}"])
        .edit("/api/doctors/{id}/experience/{pk}", career::edit_experience)
        .also_at(&["/api/admin/doctors/{id}/experience/{pk}"])
        .delete("/api/doctors/{id}/experience/{pk}", career::remove_experience)
        .also_at(&["/api/admin/doctors/{id}/experience/{pk}"])
}

fn hours(routes: Routes) -> Routes {
    routes
        .get("/api/doctors/{id}/schedule", schedule::list)
        .also_at(&["/api/admin/doctors/{id}/schedule"])
        .post("/api/doctors/{id}/schedule", schedule::add)
        .also_at(&["/api/admin/doctors/{id}/schedule"])
        .get("/api/doctors/{id}/schedule/{pk}", schedule::show)
        .also_at(&["/api/admin/doctors/{id}/schedule/{pk}"])
        .edit("/api/doctors/{id}/schedule/{pk}", schedule::edit)
        .also_at(&["/api/admin/doctors/{id}/schedule/{pk}"])
        .delete("/api/doctors/{id}/schedule/{pk}", schedule::remove)
        .also_at(&["/api/admin/doctors/{id}/schedule/{pk}"])
        .get("/api/doctors/{id}/availability", availability::list)
        .also_at(&["/api/admin/doctors/{id}/availability"])
        .post("/api/doctors/{id}/availability", availability::add)
        .also_at(&["/api/admin/doctors/{id}/availability"])
        .get("/api/doctors/{id}/availability/{pk}", availability::show)
        .also_at(&["/api/admin/doctors/{id}/availability/{pk}"])
        .edit("/api/doctors/{id}/availability/{pk}", availability::edit)
        .also_at(&["/api/admin/doctors/{id}/availability/{pk}"])
        .delete("/api/doctors/{id}/availability/{pk}", availability::remove)
        .also_at(&["/api/admin/doctors/{id}/availability/{pk}"])
        .get("/api/doctors/{id}/available_slots", slots::handler)
        .get("/api/doctor-availability", own_week::list)
        .post("/api/doctor-availability", own_week::add)
        .get("/api/doctor-availability/{id}", own_week::show)
        .edit("/api/doctor-availability/{id}", own_week::edit)
        .delete("/api/doctor-availability/{id}", own_week::remove)
        .post("/api/doctor-availability/{id}/toggle", own_week::toggle)
}

fn opinions(routes: Routes) -> Routes {
    routes
        .get("/api/doctors/{id}/reviews", reviews::of_doctor)
        .also_at(&["/api/admin/doctors/{id}/reviews"])
        .post("/api/doctors/{id}/reviews", reviews::write_of)
        .also_at(&["/api/admin/doctors/{id}/reviews"])
        .get("/api/doctors/{id}/reviews/{pk}", reviews::show_of)
        .also_at(&["/api/admin/doctors/{id}/reviews/{pk}"])
        .edit("/api/doctors/{id}/reviews/{pk}", reviews::edit_of)
        .also_at(&["/api/admin/doctors/{id}/reviews/{pk}"])
        .delete("/api/doctors/{id}/reviews/{pk}", reviews::withdraw_of)
        .also_at(&["/api/admin/doctors/{id}/reviews/{pk}"])
        .get("/api/reviews", reviews::list)
        .post("/api/reviews", reviews::write)
        .get("/api/reviews/{id}", reviews::show)
        .edit("/api/reviews/{id}", reviews::edit)
        .delete("/api/reviews/{id}", reviews::withdraw)
        .post("/api/reviews/{id}/moderate", reviews::moderate)
}

/// What the routes promise.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    directory::list,
    directory::search,
    stats::of_directory,
    stats::of_doctor,
    entry::create,
    entry::show,
    entry::edit,
    entry::remove,
    verify::handler,
    own::profile,
    own::edit_profile,
    own::hours,
    own::edit_hours,
    own::patients,
    career::list_education,
    career::add_education,
    career::show_education,
    career::edit_education,
    career::remove_education,
    career::list_experience,
    career::add_experience,
    career::show_experience,
    career::edit_experience,
    career::remove_experience,
    schedule::list,
    schedule::add,
    schedule::show,
    schedule::edit,
    schedule::remove,
    availability::list,
    availability::add,
    availability::show,
    availability::edit,
    availability::remove,
    slots::handler,
    own_week::list,
    own_week::add,
    own_week::show,
    own_week::edit,
    own_week::remove,
    own_week::toggle,
    reviews::of_doctor,
    reviews::write_of,
    reviews::show_of,
    reviews::edit_of,
    reviews::withdraw_of,
    reviews::list,
    reviews::write,
    reviews::show,
    reviews::edit,
    reviews::withdraw,
    reviews::moderate,
))]
pub struct Api;
