//! `/api/appointments/waitlist`

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::CurrentActor,
    created::Created,
    error::Problem,
    extract::{Body, Json, Path},
    form,
    limit::{Bucket, Limiter},
    listing::WholeView,
    slot::written,
};
use carehub_domain::{
    access::{Action, Actor, Denied, PatientId},
    account::Zone,
    doctor::{Doctor, DoctorId},
    waitlist::{Offer, Waiting, Waitlist},
};
use carehub_store::{Store, win};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

form! {
    /// A day to wait for.
    pub(crate) struct NewWait {
        /// Whose day.
        doctor: DoctorId = "doctor_id",
        /// Which day, as `YYYY-MM-DD`, in the doctor's zone.
        date: Date = "appointment_date",
    }
}

/// One's own place on a waitlist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitView {
    /// For whom one waits.
    pub doctor: DoctorId,
    /// What the doctor is called.
    pub doctor_name: Option<String>,
    /// The day, in the doctor's zone.
    pub date: Date,
    /// That zone.
    pub timezone: Zone,
    /// One's place, from 1 on.
    pub position: usize,
    /// Since when.
    pub since: Timestamp,
    /// A time that has become free and is one's own to take.
    pub offer: Option<OfferView>,
}

/// A time that has become free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OfferView {
    /// When it begins, with the offset from UTC.
    #[schema(format = "date-time")]
    pub start: String,
    /// When it ends, with the offset from UTC.
    #[schema(format = "date-time")]
    pub end: String,
    /// Until when it is the patient's to take.
    pub expires_at: Timestamp,
}

/// Everyone who waits for a day of a doctor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitlistView {
    /// For whom they wait.
    pub doctor: DoctorId,
    /// What the doctor is called.
    pub doctor_name: String,
    /// The day, in the doctor's zone.
    pub date: Date,
    /// That zone.
    pub timezone: Zone,
    /// How many they are.
    pub count: usize,
    /// The patients, the first one first.
    pub waiting: Vec<WaitingView>,
}

/// A patient who waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WaitingView {
    /// Who waits.
    pub patient: PatientId,
    /// Their place, from 1 on.
    pub position: usize,
    /// Since when.
    pub since: Timestamp,
    /// What they are offered.
    pub offer: Option<OfferView>,
}

/// A waitlist: one's own place for a patient, everyone's for all others who may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum SeenWaitlistView {
    /// Everyone who waits.
    Whole(WaitlistView),
    /// One's own place.
    Own(WaitView),
}

/// Wait for a day on which nothing is free.
#[utoipa::path(post, path = "/api/appointments/waitlist", tag = "appointments", request_body = NewWait, responses(
    (status = 201, description = "Whoever waits is told when a time becomes free, the first one first, and has 15 minutes to book it.", body = WaitView),
    (status = 400, description = "Some fields are not right, or the day is over or too far ahead.", body = Problem),
    (status = 403, description = "Only patients may do this.", body = Problem),
    (status = 404, description = "There is no such doctor, or nobody has verified them yet.", body = Problem),
    (status = 409, description = "There are free times on that day, the doctor takes no appointments at present, the patient waits already, or too many do.", body = Problem),
))]
pub(crate) async fn join(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
    State(limiter): State<Limiter>,
    Body(NewWait { doctor, date }): Body<NewWait>,
) -> Result<Created<Json<WaitView>>> {
    let own = actor.patient()?;
    limiter.count_of(Bucket::Booking, &actor).await?;
    let wait = joined(own, doctor, date, &actor, &store).await?;
    let location = format!("/api/appointments/waitlist/{doctor}/{date}");
    Ok(Created::at(location, Json(wait)))
}

/// List the days for which one waits.
#[utoipa::path(get, path = "/api/appointments/waitlist", tag = "appointments", responses(
    (status = 200, description = "One's own places, the earliest day first.", body = WholeView<WaitView>),
    (status = 403, description = "Only patients may do this.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
) -> Result<Json<WholeView<WaitView>>> {
    let own = actor.patient()?;
    let (mut lists, doctors) = store.waitlists().of_patient(own, actor.at).await?;
    lists.retain(|list| list.date >= list.zone.date(actor.at));
    let doctor = |list: &Waitlist| doctors.iter().find(|doctor| doctor.id == list.doctor);
    let waits = lists.iter().filter_map(|list| WaitView::of(list, doctor(list), own, actor.at));
    Ok(Json(WholeView::of(waits.collect())))
}

/// See who waits for a day of a doctor.
#[utoipa::path(get, path = "/api/appointments/waitlist/{doctor}/{date}", tag = "appointments", params(
    ("doctor" = DoctorId, Path, description = "The doctor."),
    ("date" = Date, Path, description = "The day, as `YYYY-MM-DD`, in the doctor's zone."),
), responses(
    (status = 200, description = "For a patient, their own place; for the doctor, the doctor's hospital and admins, everyone, which leaves a line in the audit log.", body = SeenWaitlistView),
    (status = 404, description = "There is no such doctor, or the waitlist does not concern the caller.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path((id, date)): Path<(DoctorId, Date)>,
    State(store): State<Store>,
) -> Result<Json<SeenWaitlistView>> {
    let doctor = doctor(id, &actor, &store).await?;
    let found = store.waitlists().of_day(&doctor, date).await?;
    let Ok(own) = actor.patient() else {
        let (list, permit) = found.permit(&actor, Action::ViewWaitlist)?;
        let permit = permit.noting("date", date).noting("count", list.waiting().len());
        store.events().append(&permit).await?;
        let whole = WaitlistView::of(&list, &doctor, actor.at);
        return Ok(Json(SeenWaitlistView::Whole(whole)));
    };
    let list = found.view(&hub(&actor))?;
    let wait = WaitView::of(&list, Some(&doctor), own, actor.at).ok_or(Denied::NotFound)?;
    Ok(Json(SeenWaitlistView::Own(wait)))
}

/// Wait no longer.
#[utoipa::path(delete, path = "/api/appointments/waitlist/{doctor}/{date}", tag = "appointments", params(
    ("doctor" = DoctorId, Path, description = "The doctor."),
    ("date" = Date, Path, description = "The day, as `YYYY-MM-DD`, in the doctor's zone."),
), responses(
    (status = 204, description = "The patient waits no longer. What they were offered is offered to the next."),
    (status = 403, description = "Only patients may do this.", body = Problem),
    (status = 404, description = "There is no such doctor, or the patient does not wait for that day.", body = Problem),
))]
pub(crate) async fn leave(
    CurrentActor(actor): CurrentActor,
    Path((id, date)): Path<(DoctorId, Date)>,
    State(store): State<Store>,
) -> Result<StatusCode> {
    left(actor.patient()?, id, date, &actor, &store).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn joined(
    own: PatientId,
    doctor: DoctorId,
    date: Date,
    actor: &Actor,
    store: &Store,
) -> Result<WaitView> {
    let (appointments, patients) = (store.appointments(), store.patients());
    win(|| async {
        let dates = [date];
        let ((doctor, mut books), patient) =
            tokio::try_join!(appointments.calendar(doctor, &dates), patients.find(own))?;
        let (doctor, patient) = (doctor.view(actor)?, patient.view(actor)?);
        books.wait(&doctor, &patient, date, actor)?;
        let list = books.waitlist_on(date).ok_or(Denied::NotFound)?;
        let wait = list.wait_of(own).ok_or(Denied::NotFound)?;
        let permit = actor.create(Action::JoinWaitlist, &wait)?.noting("date", date);
        let saved = store.waitlists().join(wait, &books, &permit).await?;
        Ok(WaitView::of(list, Some(&doctor), own, actor.at).filter(|_| saved))
    })
    .await
}

async fn left(
    own: PatientId,
    doctor: DoctorId,
    date: Date,
    actor: &Actor,
    store: &Store,
) -> Result<()> {
    let appointments = store.appointments();
    win(|| async {
        let (doctor, mut books) = appointments.calendar(doctor, &[date]).await?;
        let doctor = doctor.view(&hub(actor))?;
        let list = books.waitlist_on(date).cloned().ok_or(Denied::NotFound)?;
        let wait = list.wait_of(own).ok_or(Denied::NotFound)?;
        let permit = actor.authorize(Action::LeaveWaitlist, &wait)?.noting("date", date);
        books.leave(&doctor, own, date, actor.at);
        let saved = store.waitlists().leave(wait, &books, &permit).await?;
        Ok(saved.then_some(()))
    })
    .await
}

/// The doctor of a waitlist. Who waits for doctors knows them, whoever vouches for them now.
async fn doctor(id: DoctorId, actor: &Actor, store: &Store) -> Result<Doctor> {
    Ok(store.doctors().find(id).await?.view(&hub(actor))?)
}

fn hub(actor: &Actor) -> Actor {
    Actor::worker("waitlist", actor.at)
}

impl WaitView {
    /// The place of a patient who is on the list.
    fn of(
        list: &Waitlist,
        doctor: Option<&Doctor>,
        patient: PatientId,
        now: Timestamp,
    ) -> Option<Self> {
        let (before, waiting) = list.place(patient)?;
        Some(Self {
            doctor: list.doctor,
            doctor_name: doctor.map(|doctor| doctor.name.full()),
            date: list.date,
            timezone: list.zone.clone(),
            position: before + 1,
            since: waiting.since,
            offer: OfferView::to(waiting, list, now),
        })
    }
}

impl WaitlistView {
    fn of(list: &Waitlist, doctor: &Doctor, now: Timestamp) -> Self {
        let waiting = list.waiting().iter().zip(1..).map(|(waiting, position)| WaitingView {
            patient: waiting.patient,
            position,
            since: waiting.since,
            offer: OfferView::to(waiting, list, now),
        });
        Self {
            doctor: list.doctor,
            doctor_name: doctor.name.full(),
            date: list.date,
            timezone: list.zone.clone(),
            count: list.waiting().len(),
            waiting: waiting.collect(),
        }
    }
}

impl OfferView {
    /// What is offered and can still be taken.
    fn to(waiting: &Waiting, list: &Waitlist, now: Timestamp) -> Option<Self> {
        let Offer { span, until } = waiting.offer.filter(|offer| now < offer.until)?;
        let zone = TimeZone::get(list.zone.as_str()).unwrap_or(TimeZone::UTC);
        let shown = |at: Timestamp| written(&at.to_zoned(zone.clone()));
        Some(Self { start: shown(span.start()), end: shown(span.end()), expires_at: until })
    }
}
