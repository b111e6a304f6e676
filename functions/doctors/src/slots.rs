//! `GET /api/doctors/{id}/available_slots`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    extract::{Json, Path, Query},
    form,
    slot::{self, Minutes, SlotsView},
};
use carehub_domain::doctor::DoctorId;
use carehub_store::Store;
use jiff::civil::Date;

form! {
    /// Which day to look at.
    pub(crate) struct Wanted {
        /// The day, as `YYYY-MM-DD`, in the doctor's zone.
        date: Date,
        /// How long the appointment is to be, if not as usual.
        duration: Option<Minutes> = "duration_minutes" | "appointment_duration",
    }
}

/// See when a doctor can see patients on one day.
#[utoipa::path(get, path = "/api/doctors/{id}/available_slots", tag = "doctors", params(
    ("id" = DoctorId, Path, description = "The doctor."),
    ("date" = Date, Query, description = "The day, as `YYYY-MM-DD`, in the doctor's zone."),
    ("duration" = Option<Minutes>, Query, description = "How long the appointment is to be, in minutes: 15 to 120; as usual if nothing is said."),
), responses(
    (status = 200, description = "The slots of the doctor's hours that are still to come and free: nobody has booked them, and they are kept for nobody but oneself. A doctor who takes no appointments at present has none.", body = SlotsView),
    (status = 400, description = "The date is missing, or it or the length makes no sense.", body = Problem),
    (status = 404, description = "There is no such doctor, or nobody has verified them yet.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DoctorId>,
    Query(Wanted { date, duration }): Query<Wanted>,
    State(store): State<Store>,
) -> Result<Json<SlotsView>> {
    let (found, books) = store.appointments().calendar(id, &[date]).await?;
    let doctor = found.view(&actor)?;
    let length = duration.map(|Minutes(length)| length);
    let slots = slot::free(&books, &doctor, date, length, &actor);
    Ok(Json(SlotsView::of(date, &slots, &doctor.practice.zone)))
}
