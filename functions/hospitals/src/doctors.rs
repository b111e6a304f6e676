//! `/api/hospitals/doctors` and `/api/hospitals/{id}/doctors`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
    form::{Change, replace},
    listing::{Listing, PageView, Paging},
};
use carehub_domain::{
    access::{Action, Actor, Denied},
    contact::{EmailAddress, Phone},
    department::DepartmentId,
    doctor::{AppointmentLength, DailyMaximum, Doctor, DoctorId, NationalId},
    hospital::{Hospital, HospitalId},
    hours::WeeklyHours,
    text::Text,
};
use carehub_store::Store;
use jiff::Timestamp;

use crate::{DoctorView, departments::named};

form! {
    /// Whose doctors to list.
    pub(crate) struct Wanted {
        /// The hospital; one's own for those who work for one.
        hospital_id: Option<HospitalId> = "hospital",
        /// Accepted and without effect: the list is always oldest first.
        ordering: Option<String>,
    }
}

form! {
    /// Changes to a doctor. What is not there stays.
    pub(crate) struct DoctorChanges {
        /// The given name.
        first_name: Option<Text<150>>,
        /// The family name.
        last_name: Change<Text<150>>,
        /// Where the doctor reads mail.
        email: Change<EmailAddress>,
        /// How to call the doctor, with country code.
        phone_number: Change<Phone> = "phone",
        /// The number of the identity card.
        cnic: Change<NationalId>,
        /// The doctor's own address.
        address: Change<Text<500>>,
        /// The licence to practise.
        license_number: Change<Text<100>>,
        /// The field of medicine.
        specialization: Change<Text<100>> = "specialty",
        /// A department of the hospital.
        department: Change<DepartmentId> = "department_id",
        /// When the doctor sees patients.
        available_timings: Option<WeeklyHours> = "available_days",
        /// How long one appointment is, in minutes.
        appointment_duration: Option<AppointmentLength>,
        /// How many patients a day.
        max_patients_per_day: Option<DailyMaximum>,
        /// Whether the doctor works here now.
        is_active: Option<bool>,
    }
}

/// List doctors.
#[utoipa::path(get, path = "/api/hospitals/doctors", tag = "hospitals", params(
    ("hospital_id" = Option<HospitalId>, Query, description = "The hospital; one's own for those who work for one."),
    Paging,
), responses(
    (status = 200, description = "The doctors of the hospital, oldest first; for the hospital itself and admins, also those who left.", body = PageView<DoctorView>),
    (status = 400, description = "No hospital was named.", body = Problem),
    (status = 404, description = "There is no such hospital, or it has not joined.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Wanted>,
    State(store): State<Store>,
) -> Result<Json<PageView<DoctorView>>> {
    let hospital = named(listing.filter.hospital_id, &actor, "hospital_id")?;
    of(hospital, &actor, &listing, &store).await
}

/// List the doctors of a hospital.
#[utoipa::path(get, path = "/api/hospitals/{id}/doctors", tag = "hospitals", params(
    ("id" = HospitalId, Path, description = "The hospital."),
    Paging,
), responses(
    (status = 200, description = "The doctors of the hospital, oldest first; for the hospital itself and admins, also those who left.", body = PageView<DoctorView>),
    (status = 404, description = "There is no such hospital, or it has not joined.", body = Problem),
))]
pub(crate) async fn of_hospital(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<HospitalId>,
    listing: Listing<Wanted>,
    State(store): State<Store>,
) -> Result<Json<PageView<DoctorView>>> {
    of(id, &actor, &listing, &store).await
}

/// See a doctor.
#[utoipa::path(get, path = "/api/hospitals/doctors/{id}", tag = "hospitals", params(
    ("id" = DoctorId, Path, description = "The doctor."),
), responses(
    (status = 200, description = "The doctor.", body = DoctorView),
    (status = 404, description = "There is no such doctor, or nobody has verified them yet.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DoctorId>,
    State(store): State<Store>,
) -> Result<Tagged<Json<DoctorView>>> {
    let doctor = store.doctors().find(id).await?.view(&actor)?;
    let hospital = home(&doctor, &actor, &store).await?;
    Ok(Tagged::of(&doctor.clone(), Json(DoctorView::of(doctor, hospital.as_ref(), &actor))))
}

/// Change a doctor.
#[utoipa::path(patch, path = "/api/hospitals/doctors/{id}", tag = "hospitals", request_body = DoctorChanges, params(
    ("id" = DoctorId, Path, description = "The doctor."),
), responses(
    (status = 200, description = "The doctor as they are now. `PUT` means the same.", body = DoctorView),
    (status = 400, description = "Some fields are not right, or the department is not one of the hospital's.", body = Problem),
    (status = 403, description = "Only the doctor, the hospital and admins may do this.", body = Problem),
    (status = 404, description = "There is no such doctor, or nobody has verified them yet.", body = Problem),
    (status = 409, description = "The licence is taken, or somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DoctorId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<DoctorChanges>,
) -> Result<Tagged<Json<DoctorView>>> {
    let doctors = store.doctors();
    let (before, permit) = doctors.find(id).await?.permit(&actor, Action::EditDoctor)?;
    expected.check(&before)?;
    let hospital = home(&before, &actor, &store).await?;
    let mut doctor = before.clone();
    let changed = changes.apply(&mut doctor, actor.at);
    // Who adds doctors also says whether they work there; the doctor does not.
    if changed.contains(&"is_active") && !actor.can(Action::CreateDoctor, &before) {
        return Err(Denied::Forbidden.into());
    }
    doctors.save(&before, &mut doctor, &permit.changing(&changed)).await?;
    Ok(Tagged::of(&doctor.clone(), Json(DoctorView::of(doctor, hospital.as_ref(), &actor))))
}

/// The hospital that a doctor works at, if there is one and the actor may see it.
async fn home(doctor: &Doctor, actor: &Actor, store: &Store) -> Result<Option<Hospital>> {
    match doctor.hospital {
        Some(hospital) => Ok(Some(store.hospitals().find(hospital).await?.view(actor)?)),
        None => Ok(None),
    }
}

async fn of(
    id: HospitalId,
    actor: &Actor,
    listing: &Listing<Wanted>,
    store: &Store,
) -> Result<Json<PageView<DoctorView>>> {
    let (hospitals, doctors, window) = (store.hospitals(), store.doctors(), listing.window.clone());
    // Those who run the hospital or the hub also see who left.
    let runs_it = actor.user == Some(id.into()) || actor.allow(Action::EditHospital).is_ok();
    let page = async {
        match runs_it {
            true => doctors.ever_at_hospital(id, window).await,
            false => doctors.at_hospital(id, window).await,
        }
    };
    let (hospital, page) = tokio::try_join!(hospitals.find(id), page)?;
    let hospital = hospital.view(actor)?;
    let page = page.visible_to(actor);
    Ok(listing.answer(page, |doctor| DoctorView::of(doctor, Some(&hospital), actor)))
}

impl DoctorChanges {
    fn apply(self, doctor: &mut Doctor, now: Timestamp) -> Vec<&'static str> {
        let mut changed = Vec::new();
        replace(&mut doctor.name.first, self.first_name, "first_name", &mut changed);
        self.last_name.apply(&mut doctor.name.last, "last_name", &mut changed);
        self.email.apply(&mut doctor.email, "email", &mut changed);
        self.phone_number.apply(&mut doctor.phone, "phone_number", &mut changed);
        let practice = &mut doctor.practice;
        self.cnic.apply(&mut practice.cnic, "cnic", &mut changed);
        self.address.apply(&mut practice.address, "address", &mut changed);
        self.license_number.apply(&mut practice.license_number, "license_number", &mut changed);
        self.specialization.apply(&mut practice.specialization, "specialization", &mut changed);
        self.department.apply(&mut practice.department, "department", &mut changed);
        replace(&mut practice.hours, self.available_timings, "available_timings", &mut changed);
        replace(
            &mut practice.appointment_duration,
            self.appointment_duration,
            "appointment_duration",
            &mut changed,
        );
        replace(
            &mut practice.max_patients_per_day,
            self.max_patients_per_day,
            "max_patients_per_day",
            &mut changed,
        );
        replace(&mut doctor.is_active, self.is_active, "is_active", &mut changed);
        doctor.updated_at = now;
        changed
    }
}
