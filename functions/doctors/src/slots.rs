//! `GET /api/doctors/{id}/available_slots`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    extract::{Json, Path, Query},
    form,
};
use carehub_domain::{
    account::Zone,
    doctor::DoctorId,
    schedule::{Slot, slots},
};
use carehub_store::Store;
use jiff::{Zoned, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

form! {
    /// Which day to look at.
    pub(crate) struct Wanted {
        /// The day, as `YYYY-MM-DD`, in the doctor's zone.
        date: Date,
    }
}

/// When a doctor can see patients on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SlotsView {
    /// The day, in the doctor's zone.
    pub date: Date,
    /// The zone of the times below.
    pub timezone: Zone,
    /// When each slot begins, such as `09:00`.
    pub available_slots: Vec<String>,
    /// The slots, earliest first.
    pub slots: Vec<SlotView>,
}

/// A stretch of time in which one patient can be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SlotView {
    /// When it begins, with the offset from UTC.
    #[schema(format = "date-time")]
    pub start: String,
    /// When it ends.
    #[schema(format = "date-time")]
    pub end: String,
    /// The zone of that offset.
    pub timezone: Zone,
}

/// See when a doctor can see patients on one day.
#[utoipa::path(get, path = "/api/doctors/{id}/available_slots", tag = "doctors", params(
    ("id" = DoctorId, Path, description = "The doctor."),
    ("date" = Date, Query, description = "The day, as `YYYY-MM-DD`, in the doctor's zone."),
), responses(
    (status = 200, description = "The slots that the doctor's hours leave, as far as they are still to come.", body = SlotsView),
    (status = 400, description = "The date is missing or cannot be read.", body = Problem),
    (status = 404, description = "There is no such doctor, or nobody has verified them yet.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DoctorId>,
    Query(Wanted { date }): Query<Wanted>,
    State(store): State<Store>,
) -> Result<Json<SlotsView>> {
    let doctor = store.doctors().find(id).await?.view(&actor)?;
    let differing = store.doctors().day_off(doctor.id, date).await?;
    let practice = doctor.practice;
    let (length, zone) = (practice.appointment_duration, practice.zone);
    let mut slots = slots(&practice.week, differing.as_ref(), date, length, &zone);
    slots.retain(|slot| slot.start.timestamp() > actor.at);
    Ok(Json(SlotsView {
        date,
        available_slots: slots.iter().map(|Slot { start, .. }| written(start, "%H:%M")).collect(),
        slots: slots.iter().map(|slot| SlotView::of(slot, &zone)).collect(),
        timezone: zone,
    }))
}

fn written(time: &Zoned, format: &str) -> String {
    time.strftime(format).to_string()
}

impl SlotView {
    fn of(slot: &Slot, zone: &Zone) -> Self {
        let instant = |time| written(time, "%Y-%m-%dT%H:%M:%S%:z");
        Self { start: instant(&slot.start), end: instant(&slot.end), timezone: zone.clone() }
    }
}
