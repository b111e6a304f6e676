//! `GET /api/appointments` and the lists of each role

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    appointment::AppointmentView,
    error::Problem,
    extract::Json,
    form,
    form::Invalid,
    listing::{Listing, PageView, Paging},
};
use carehub_domain::{
    access::{Action, Actor, Denied, PatientId, Role},
    appointment::{Calendar, Kind, PaymentStatus, Status, Way},
    doctor::DoctorId,
    text::Text,
};
use carehub_store::{AppointmentFilter, Store};
use jiff::civil::Date;

form! {
    /// Which appointments to list.
    pub(crate) struct Wanted {
        /// Only those where the name of patient, doctor or hospital has a part like this.
        search: Option<Text<150>> = "query" | "q",
        /// Only those that have got this far.
        status: Option<Status>,
        /// None before this day in UTC.
        date_from: Option<Date> = "start_date",
        /// None behind this day in UTC.
        date_to: Option<Date> = "end_date",
        /// Only those booked in this way.
        kind: Option<Kind>,
        /// Only those where people meet in this way.
        consultation_type: Option<Way>,
        /// Only those whose fee stands so.
        payment_status: Option<PaymentStatus>,
        /// Only those of this patient.
        patient: Option<PatientId> = "patient_id",
        /// Only those of this doctor.
        doctor: Option<DoctorId> = "doctor_id",
        /// Accepted and without effect: every list has one order.
        ordering: Option<String>,
    }
}

/// List appointments.
#[utoipa::path(get, path = "/api/appointments", tag = "appointments", params(
    ("search" = Option<String>, Query, description = "Only those where the name of patient, doctor or hospital has a part like this."),
    ("status" = Option<Status>, Query, description = "Only those that have got this far."),
    ("date_from" = Option<Date>, Query, description = "None before this day in UTC."),
    ("date_to" = Option<Date>, Query, description = "None behind this day in UTC."),
    ("kind" = Option<Kind>, Query, description = "Only those booked in this way."),
    ("consultation_type" = Option<Way>, Query, description = "Only those where people meet in this way."),
    ("payment_status" = Option<PaymentStatus>, Query, description = "Only those whose fee stands so."),
    ("patient" = Option<PatientId>, Query, description = "Only those of this patient."),
    ("doctor" = Option<DoctorId>, Query, description = "Only those of this doctor."),
    Paging,
), responses(
    (status = 200, description = "The appointments that concern the caller, those that begin last first: as patient, as doctor, as hospital or as who booked them; for admins, all of the last four months by when they were made. Who lists those of others leaves a line in the audit log.", body = PageView<AppointmentView>),
    (status = 400, description = "Some filters are not right.", body = Problem),
    (status = 401, description = "Nobody is signed in.", body = Problem),
))]
pub(crate) async fn all(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Wanted>,
    State(store): State<Store>,
) -> Result<Json<PageView<AppointmentView>>> {
    known(&actor, &listing, &store).await
}

/// List one's own appointments as a patient.
#[utoipa::path(get, path = "/api/appointments/my-appointments", tag = "appointments", params(
    ("status" = Option<Status>, Query, description = "Only those that have got this far. All other filters of the list of appointments narrow this one as well."),
    Paging,
), responses(
    (status = 200, description = "The patient's appointments, those that begin last first.", body = PageView<AppointmentView>),
    (status = 400, description = "Some filters are not right.", body = Problem),
    (status = 403, description = "Only patients have these.", body = Problem),
))]
pub(crate) async fn of_patient(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Wanted>,
    State(store): State<Store>,
) -> Result<Json<PageView<AppointmentView>>> {
    demand(Role::Patient, &actor)?;
    known(&actor, &listing, &store).await
}

/// List the appointments of one's hospital.
#[utoipa::path(get, path = "/api/appointments/hospital-appointments", tag = "appointments", params(
    ("status" = Option<Status>, Query, description = "Only those that have got this far. All other filters of the list of appointments narrow this one as well."),
    Paging,
), responses(
    (status = 200, description = "The hospital's appointments, those that begin last first. Who lists them leaves a line in the audit log.", body = PageView<AppointmentView>),
    (status = 400, description = "Some filters are not right.", body = Problem),
    (status = 403, description = "Only hospitals have these.", body = Problem),
))]
pub(crate) async fn of_hospital(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Wanted>,
    State(store): State<Store>,
) -> Result<Json<PageView<AppointmentView>>> {
    demand(Role::Hospital, &actor)?;
    known(&actor, &listing, &store).await
}

/// List one's own appointments as a doctor.
#[utoipa::path(get, path = "/api/appointments/doctor-appointments", tag = "appointments", params(
    ("status" = Option<Status>, Query, description = "Only those that have got this far. All other filters of the list of appointments narrow this one as well."),
    Paging,
), responses(
    (status = 200, description = "The doctor's appointments, those that begin last first. Who lists them leaves a line in the audit log.", body = PageView<AppointmentView>),
    (status = 400, description = "Some filters are not right.", body = Problem),
    (status = 403, description = "Only doctors have these.", body = Problem),
))]
pub(crate) async fn of_doctor(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Wanted>,
    State(store): State<Store>,
) -> Result<Json<PageView<AppointmentView>>> {
    demand(Role::Doctor, &actor)?;
    known(&actor, &listing, &store).await
}

fn demand(role: Role, actor: &Actor) -> Result<(), Denied> {
    if actor.role() == Some(role) { Ok(()) } else { Err(Denied::Forbidden) }
}

async fn known(
    actor: &Actor,
    listing: &Listing<Wanted>,
    store: &Store,
) -> Result<Json<PageView<AppointmentView>>> {
    let filter = listing.filter.filter()?;
    let calendar = Calendar::of(actor);
    let permit = actor.authorize(Action::ListAppointments, &calendar)?;
    let (window, appointments) = (listing.window.clone(), store.appointments());
    let page = appointments.on(calendar.roster, &filter, actor.at, window).await?;
    let page = page.visible_to(actor);
    if actor.patient().is_err() {
        store.events().append(&permit.noting("count", page.records.len())).await?;
    }
    Ok(listing.answer(page, |appointment| AppointmentView::of(appointment, actor)))
}

impl Wanted {
    fn filter(&self) -> Result<AppointmentFilter, Invalid> {
        if self.date_from.zip(self.date_to).is_some_and(|(from, to)| from > to) {
            return Err(Invalid::field("date_from", "must not be after date_to"));
        }
        Ok(AppointmentFilter {
            status: self.status,
            kind: self.kind,
            way: self.consultation_type,
            payment: self.payment_status,
            patient: self.patient,
            doctor: self.doctor,
            text: self.search.as_ref().map(|text| text.reveal().to_owned()),
            since: self.date_from,
            until: self.date_to,
        })
    }
}
