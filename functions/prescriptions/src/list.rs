//! `GET /api/prescriptions` and the lists under it

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    extract::{Json, Path},
    form,
    form::{Flag, Invalid},
    listing::{Listing, PageView, Paging},
};
use carehub_domain::{
    access::{Action, Actor, PatientId, Subject},
    appointment::AppointmentId,
    doctor::DoctorId,
    prescription::{Prescription, PrescriptionList, PrescriptionStatus, Search},
    text::Text,
};
use carehub_store::{Page, Store};
use jiff::civil::Date;

use crate::{PrescriptionView, view::PrescribedView};

form! {
    /// Which prescriptions to list.
    pub(crate) struct Wanted {
        /// Only those where a name, the diagnosis, a medicine or the number has a part like this.
        search: Option<Text<150>> = "query" | "q",
        /// Only those of this patient.
        patient: Option<PatientId> = "patient_id",
        /// Only those by this doctor.
        doctor: Option<DoctorId> = "doctor_id",
        /// Only those that were written at this visit.
        appointment: Option<AppointmentId> = "appointment_id" | "consultation" | "consultation_id",
        /// Only the one with this number.
        prescription_number: Option<Text<40>> = "number",
        /// Only those of which this has become.
        status: Option<PrescriptionStatus>,
        /// Only those that never were on paper, or only those that were.
        is_digital: Option<Flag>,
        /// None that was written before this day.
        date_from: Option<Date> = "start_date",
        /// None that was written behind this day.
        date_to: Option<Date> = "end_date",
        /// Only those with a medicine that is called like this.
        medicine_name: Option<Text<150>> = "medication_name" | "medicine",
        /// Only those that hold and of which the patient is to take something.
        active_only: Option<Flag> = "is_active",
        /// Accepted and without effect: newest first.
        ordering: Option<String>,
    }
}

/// List prescriptions.
#[utoipa::path(get, path = "/api/prescriptions", tag = "prescriptions", params(
    ("search" = Option<String>, Query, description = "Only those where a name, the diagnosis, a medicine or the number has a part like this. Also `query`."),
    ("patient" = Option<PatientId>, Query, description = "Only those of this patient. Also `patient_id`."),
    ("doctor" = Option<DoctorId>, Query, description = "Only those by this doctor. Also `doctor_id`."),
    ("appointment" = Option<AppointmentId>, Query, description = "Only those that were written at this visit. Also `consultation_id`."),
    ("prescription_number" = Option<String>, Query, description = "Only the one with this number."),
    ("status" = Option<PrescriptionStatus>, Query, description = "Only those of which this has become."),
    ("is_digital" = Option<bool>, Query, description = "Only those that never were on paper, or only those that were."),
    ("date_from" = Option<Date>, Query, description = "None that was written before this day."),
    ("date_to" = Option<Date>, Query, description = "None that was written behind this day."),
    ("medicine_name" = Option<String>, Query, description = "Only those with a medicine that is called like this."),
    ("active_only" = Option<bool>, Query, description = "Only those that hold and of which the patient is to take something."),
    Paging,
), responses(
    (status = 200, description = "The prescriptions that concern the caller, newest first: as patient, as doctor or as hospital; for admins, all. Those of one medicine tell it at the top as well. A page may be short although there is a next one. Who lists those of others leaves a line in the access log of each of them.", body = PageView<PrescriptionView>),
    (status = 400, description = "Some filters are not right.", body = Problem),
    (status = 403, description = "Who only books appointments reads no prescriptions.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Wanted>,
    State(store): State<Store>,
) -> Result<Json<PageView<PrescriptionView>>> {
    let page = known(&actor, &listing, &store).await?;
    Ok(listing.answer(page, |prescription| PrescriptionView::of(prescription, &actor)))
}

/// List the medicines of prescriptions.
#[utoipa::path(get, path = "/api/prescriptions/medications", tag = "prescriptions", params(
    ("status" = Option<PrescriptionStatus>, Query, description = "Only of prescriptions of which this has become. All other filters of the list of prescriptions narrow this one as well."),
    Paging,
), responses(
    (status = 200, description = "The medicines of the prescriptions that concern the caller, those of the newest prescription first. `limit` counts prescriptions. Who lists those of others leaves a line in the access log of each of them.", body = PageView<PrescribedView>),
    (status = 400, description = "Some filters are not right.", body = Problem),
    (status = 403, description = "Who only books appointments reads no prescriptions.", body = Problem),
))]
pub(crate) async fn medications(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Wanted>,
    State(store): State<Store>,
) -> Result<Json<PageView<PrescribedView>>> {
    let page = known(&actor, &listing, &store).await?;
    let Json(PageView { results, next, previous }) =
        listing.answer(page, |prescription| PrescribedView::each(&prescription, actor.at));
    Ok(Json(PageView { results: results.into_iter().flatten().collect(), next, previous }))
}

/// List the prescriptions in a patient's repository.
#[utoipa::path(get, path = "/api/records/patients/{id}/prescriptions", tag = "prescriptions", params(
    ("id" = PatientId, Path, description = "The patient."),
    ("status" = Option<PrescriptionStatus>, Query, description = "Only those of which this has become. All other filters of the list of prescriptions narrow this one as well."),
    Paging,
), responses(
    (status = 200, description = "The prescriptions for the patient, newest first: all for the patient, for a doctor whom the patient has let in and for admins, their own for a hospital. Who reads about somebody else leaves a line in the audit log.", body = PageView<PrescriptionView>),
    (status = 400, description = "Some filters are not right.", body = Problem),
    (status = 403, description = "The patient has not let the doctor in, or not for so long.", body = Problem),
    (status = 404, description = "There is no such patient, or the caller does not know them.", body = Problem),
))]
pub(crate) async fn of_patient(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<PatientId>,
    listing: Listing<Wanted>,
    State(store): State<Store>,
) -> Result<Json<PageView<PrescriptionView>>> {
    let found = store.repositories().find(id, &actor).await?;
    let (repository, permit) = found.permit(&actor, Action::ViewRepository)?;
    let (search, only) = (listing.filter.read()?, repository.hospital());
    let kept = |prescription: &Prescription| {
        (only.is_none() || prescription.hospital == only) && search.finds(prescription, actor.at)
    };
    let (patient, window) = (&repository.patient, listing.window.clone());
    let page = store.prescriptions().of_patient(patient, window, kept).await?;
    let permit = permit.noting("what", "prescriptions").noting("count", page.records.len());
    store.events().note_look(&permit).await?;
    Ok(listing.answer(page, |prescription| PrescriptionView::of(prescription, &actor)))
}

/// A page of the prescriptions that concern the actor.
async fn known(
    actor: &Actor,
    listing: &Listing<Wanted>,
    store: &Store,
) -> Result<Page<Prescription>> {
    let list = PrescriptionList::of(actor);
    let permit = actor.create(Action::ListPrescriptions, &list)?;
    let search = listing.filter.read()?;
    let kept = |prescription: &Prescription| search.finds(prescription, actor.at);
    let (prescriptions, window) = (store.prescriptions(), listing.window.clone());
    let (page, permit) = match actor.patient() {
        Ok(own) => {
            let record = store.patients().find(own).await?.view(actor)?;
            (prescriptions.of_patient(&record, window, kept).await?, permit.about(own))
        }
        Err(_) => (prescriptions.on(list.roster, window, kept).await?, permit),
    };
    let page = page.visible_to(actor);
    store.events().note_page(permit, &page.records).await?;
    Ok(page)
}

impl Wanted {
    fn read(&self) -> Result<Search, Invalid> {
        if self.date_from.zip(self.date_to).is_some_and(|(from, to)| from > to) {
            return Err(Invalid::field("date_from", "must not be after date_to"));
        }
        let is = |flag: Option<Flag>| flag.map(|Flag(is)| is);
        Ok(Search {
            text: self.search.clone(),
            patient: self.patient,
            doctor: self.doctor,
            appointment: self.appointment,
            number: self.prescription_number.clone(),
            status: self.status,
            is_digital: is(self.is_digital),
            since: self.date_from,
            until: self.date_to,
            medicine: self.medicine_name.clone(),
            active_only: is(self.active_only).unwrap_or(false),
        })
    }
}
