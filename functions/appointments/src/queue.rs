//! `/api/appointments/queues/{doctor}`

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::CurrentActor,
    appointment::AppointmentView,
    created::Created,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path, Query},
    form,
    form::Invalid,
};
use carehub_domain::{
    access::{Action, Actor, PatientId, Permit, UserId},
    account::Zone,
    appointment::AppointmentId,
    doctor::{Doctor, DoctorId},
    hospital::HospitalId,
    queue::{Day, QueueError, Token, TokenState, WalkIn},
    text::Text,
};
use carehub_store::Store;
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

form! {
    /// Which day to look at.
    pub(crate) struct WantedDay {
        /// The day, as `YYYY-MM-DD`, in the doctor's zone; today if none is named.
        date: Option<Date>,
    }
}

form! {
    /// Somebody who comes without an appointment.
    pub(crate) struct NewToken {
        /// Who comes. Patients need not say so; they come themselves.
        patient: Option<PatientId> = "patient_id",
    }
}

/// The queue of one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QueueView {
    /// For whom they wait.
    pub doctor: DoctorId,
    /// The day, in the doctor's zone.
    pub date: Date,
    /// That zone.
    pub timezone: Zone,
    /// The last number that was given; 0 before the first.
    pub last_number: u32,
    /// The number that was called last.
    pub serving: Option<u32>,
    /// How many are still to be called.
    pub waiting: usize,
    /// The tokens of the day by number: all for the doctor, the hospital and admins, and their
    /// own for patients.
    pub tokens: Vec<TokenView>,
}

/// A patient's number in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenView {
    /// For whom they wait.
    pub doctor: DoctorId,
    /// The hospital the doctor works at.
    pub hospital: Option<HospitalId>,
    /// The day, in the doctor's zone.
    pub date: Date,
    /// The number.
    pub number: u32,
    /// Who waits.
    pub patient: PatientId,
    /// What they were called when the token was taken.
    pub patient_name: Text<301>,
    /// How far they have come.
    pub state: TokenState,
    /// Who took the token.
    pub issued_by: Option<UserId>,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// When they were there.
    pub checked_in_at: Option<Timestamp>,
    /// When they were called.
    pub called_at: Option<Timestamp>,
    /// When they gave up.
    pub left_at: Option<Timestamp>,
    /// The appointment that the call became.
    pub appointment: Option<AppointmentId>,
}

/// A patient's number, and how far the queue is from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlaceView {
    /// The token.
    #[serde(flatten)]
    pub token: TokenView,
    /// How many with lower numbers are still to be called; `null` for those who no longer wait.
    pub ahead: Option<usize>,
    /// The number that was called last.
    pub serving: Option<u32>,
}

/// A patient whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CalledView {
    /// The token.
    pub token: TokenView,
    /// The appointment that the call became.
    pub appointment: AppointmentView,
}

/// See the queue of a doctor.
#[utoipa::path(get, path = "/api/appointments/queues/{doctor}", tag = "appointments", params(
    ("doctor" = DoctorId, Path, description = "The doctor."),
    ("date" = Option<Date>, Query, description = "The day, as `YYYY-MM-DD`, in the doctor's zone; today if none is named."),
), responses(
    (status = 200, description = "The queue in numbers, with the tokens that the caller may see. Who sees those of others leaves a line in the audit log.", body = QueueView),
    (status = 400, description = "The date cannot be read.", body = Problem),
    (status = 404, description = "There is no such doctor, nobody has verified them yet, or queues do not concern the caller.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DoctorId>,
    Query(WantedDay { date }): Query<WantedDay>,
    State(store): State<Store>,
) -> Result<Json<QueueView>> {
    let doctor = store.doctors().find(id).await?.view(&actor)?;
    let found = store.queues().day(&doctor, day_of(&doctor, date, &actor)).await?;
    let (day, permit) = found.permit(&actor, Action::ViewQueue)?;
    let tokens = day.tokens_for(&actor);
    note_names(&tokens, permit, &store).await?;
    Ok(Json(QueueView::of(&doctor, &day, tokens)))
}

/// Take a token.
#[utoipa::path(post, path = "/api/appointments/queues/{doctor}/tokens", tag = "appointments", request_body = NewToken, params(
    ("doctor" = DoctorId, Path, description = "The doctor."),
), responses(
    (status = 201, description = "The next number of today. Patients who take it themselves check in when they arrive; for others it is taken when they are there.", body = PlaceView),
    (status = 400, description = "The patient is missing, or some fields are not right.", body = Problem),
    (status = 403, description = "Only the patient, the doctor, the doctor's hospital and admins may do this.", body = Problem),
    (status = 404, description = "There is no such doctor or patient, or the caller does not know them.", body = Problem),
    (status = 409, description = "The doctor takes no patients now, or the patient waits already.", body = Problem),
))]
pub(crate) async fn take(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DoctorId>,
    State(store): State<Store>,
    Body(NewToken { patient }): Body<NewToken>,
) -> Result<Created<Tagged<Json<PlaceView>>>> {
    let patient = patient.or_else(|| actor.patient().ok());
    let patient = patient.ok_or_else(|| Invalid::field("patient", "is required"))?;
    let (patients, doctors, queues) = (store.patients(), store.doctors(), store.queues());
    let (patient, doctor) = tokio::try_join!(patients.find(patient), doctors.find(id))?;
    let (patient, doctor) = (patient.view(&actor)?, doctor.view(&actor)?);
    let walk_in = WalkIn::announce(&doctor, &patient, &actor)?;
    let permit = actor.create(Action::TakeToken, &walk_in)?;
    let (token, day) = queues.take(&walk_in, &doctor, &patient, &permit).await?;
    Ok(Created::at(url(&token), placed(token, &day)))
}

/// See a token and how far the queue is from it.
#[utoipa::path(get, path = "/api/appointments/queues/{doctor}/tokens/{number}", tag = "appointments", params(
    ("doctor" = DoctorId, Path, description = "The doctor."),
    ("number" = u32, Path, description = "The number."),
    ("date" = Option<Date>, Query, description = "The day, as `YYYY-MM-DD`, in the doctor's zone; today if none is named."),
), responses(
    (status = 200, description = "The token. Who sees somebody else's leaves a line in the audit log.", body = PlaceView),
    (status = 400, description = "The date cannot be read.", body = Problem),
    (status = 404, description = "There is no such token, or it does not concern the caller.", body = Problem),
))]
pub(crate) async fn show_token(
    CurrentActor(actor): CurrentActor,
    Path((id, number)): Path<(DoctorId, u32)>,
    Query(WantedDay { date }): Query<WantedDay>,
    State(store): State<Store>,
) -> Result<Tagged<Json<PlaceView>>> {
    let doctor = doctor(id, &actor, &store).await?;
    let date = day_of(&doctor, date, &actor);
    let day = store.queues().day(&doctor, date).await?.view(&actor)?;
    let (token, permit) = day.token(number).permit(&actor, Action::ViewToken)?;
    note_names(std::slice::from_ref(&token), permit, &store).await?;
    Ok(placed(token, &day))
}

/// Check in with a token.
#[utoipa::path(post, path = "/api/appointments/queues/{doctor}/tokens/{number}/check-in", tag = "appointments", params(
    ("doctor" = DoctorId, Path, description = "The doctor."),
    ("number" = u32, Path, description = "The number."),
    ("date" = Option<Date>, Query, description = "The day, as `YYYY-MM-DD`, in the doctor's zone; today if none is named."),
), responses(
    (status = 200, description = "The patient is there and is called in turn. Once more changes nothing.", body = PlaceView),
    (status = 400, description = "The date cannot be read.", body = Problem),
    (status = 404, description = "There is no such token, or it does not concern the caller.", body = Problem),
    (status = 409, description = "The patient was called already or has left.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn check_in(
    CurrentActor(actor): CurrentActor,
    Path((id, number)): Path<(DoctorId, u32)>,
    Query(WantedDay { date }): Query<WantedDay>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<Tagged<Json<PlaceView>>> {
    let doctor = doctor(id, &actor, &store).await?;
    let date = day_of(&doctor, date, &actor);
    let day = store.queues().day(&doctor, date).await?.view(&actor)?;
    let (token, permit) = day.token(number).permit(&actor, Action::CheckInToken)?;
    expected.check(&token)?;
    let check_in = |token: Token| {
        expected.check(&token).map_err(|_| QueueError::Stale)?;
        token.check_in(actor.at)
    };
    let token = store.queues().change(token, check_in, &permit).await?;
    Ok(placed(token, &day))
}

/// Leave the queue.
#[utoipa::path(delete, path = "/api/appointments/queues/{doctor}/tokens/{number}", tag = "appointments", params(
    ("doctor" = DoctorId, Path, description = "The doctor."),
    ("number" = u32, Path, description = "The number."),
    ("date" = Option<Date>, Query, description = "The day, as `YYYY-MM-DD`, in the doctor's zone; today if none is named."),
), responses(
    (status = 204, description = "The patient no longer waits, and nobody else gets the number. Once more changes nothing."),
    (status = 400, description = "The date cannot be read.", body = Problem),
    (status = 404, description = "There is no such token, or it does not concern the caller.", body = Problem),
    (status = 409, description = "The patient was called already.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn leave(
    CurrentActor(actor): CurrentActor,
    Path((id, number)): Path<(DoctorId, u32)>,
    Query(WantedDay { date }): Query<WantedDay>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    let doctor = doctor(id, &actor, &store).await?;
    let date = day_of(&doctor, date, &actor);
    let found = store.queues().token(doctor.id, date, number).await?;
    let (token, permit) = found.permit(&actor, Action::LeaveQueue)?;
    expected.check(&token)?;
    let leave = |token: Token| {
        expected.check(&token).map_err(|_| QueueError::Stale)?;
        token.leave(actor.at)
    };
    store.queues().change(token, leave, &permit).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Call whoever is next.
#[utoipa::path(post, path = "/api/appointments/queues/{doctor}/next", tag = "appointments", params(
    ("doctor" = DoctorId, Path, description = "The doctor."),
    ("date" = Option<Date>, Query, description = "The day, as `YYYY-MM-DD`, in the doctor's zone; today if none is named."),
), responses(
    (status = 200, description = "Of those who are there, the one with the lowest number. The patient has an appointment now and is in the doctor's care.", body = CalledView),
    (status = 400, description = "The date cannot be read.", body = Problem),
    (status = 403, description = "Only the doctor, the doctor's hospital and admins may do this.", body = Problem),
    (status = 404, description = "There is no such doctor, or queues do not concern the caller.", body = Problem),
    (status = 409, description = "Nobody who waits has checked in, or the record of the next patient was removed.", body = Problem),
))]
pub(crate) async fn call_next(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DoctorId>,
    Query(WantedDay { date }): Query<WantedDay>,
    State(store): State<Store>,
) -> Result<Json<CalledView>> {
    let doctor = doctor(id, &actor, &store).await?;
    let date = day_of(&doctor, date, &actor);
    let (queues, appointments) = (store.queues(), store.appointments());
    let (found, hospital) =
        tokio::try_join!(queues.day(&doctor, date), appointments.house_of(&doctor))?;
    let (day, permit) = found.permit(&actor, Action::CallNext)?;
    let (token, appointment) = queues.call_next(day, &doctor, hospital.as_ref(), &permit).await?;
    let appointment = AppointmentView::of(appointment, &actor);
    Ok(Json(CalledView { token: token.into(), appointment }))
}

/// The doctor of a queue. Who holds a token in it knows the doctor, whoever vouches for them now.
async fn doctor(id: DoctorId, actor: &Actor, store: &Store) -> Result<Doctor> {
    let hub = Actor::worker("queues", actor.at);
    Ok(store.doctors().find(id).await?.view(&hub)?)
}

fn day_of(doctor: &Doctor, wanted: Option<Date>, actor: &Actor) -> Date {
    wanted.unwrap_or_else(|| doctor.practice.zone.date(actor.at))
}

/// Who sees the names of others who wait leaves a line in the audit log.
async fn note_names(tokens: &[Token], permit: Permit, store: &Store) -> Result<()> {
    let own = |token: &&Token| permit.actor().user == Some(token.patient.into());
    let others = tokens.iter().filter(|token| !own(token)).count();
    if others > 0 {
        store.events().append(&permit.noting("count", others)).await?;
    }
    Ok(())
}

fn url(token: &Token) -> String {
    let Token { doctor, date, number, .. } = token;
    format!("/api/appointments/queues/{doctor}/tokens/{number}?date={date}")
}

/// The token, and where it stands among the others of the day.
fn placed(token: Token, day: &Day) -> Tagged<Json<PlaceView>> {
    let (ahead, serving) = (day.ahead_of(&token), day.queue().serving());
    Tagged::showing(token, |token| PlaceView { token: token.into(), ahead, serving })
}

impl QueueView {
    fn of(doctor: &Doctor, day: &Day, tokens: Vec<Token>) -> Self {
        let queue = day.queue();
        Self {
            doctor: queue.doctor,
            date: queue.date,
            timezone: doctor.practice.zone.clone(),
            last_number: queue.last(),
            serving: queue.serving(),
            waiting: day.waiting(),
            tokens: tokens.into_iter().map(TokenView::from).collect(),
        }
    }
}

impl From<Token> for TokenView {
    fn from(token: Token) -> Self {
        Self {
            doctor: token.doctor,
            hospital: token.hospital,
            date: token.date,
            number: token.number,
            patient: token.patient,
            state: token.state(),
            issued_by: token.issued_by,
            taken_at: token.taken_at,
            checked_in_at: token.checked_in_at(),
            called_at: token.called_at(),
            left_at: token.left_at(),
            appointment: token.appointment(),
            patient_name: token.patient_name,
        }
    }
}
