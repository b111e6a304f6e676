//! `POST /api/doctors/create`, and each doctor under `/api/doctors/{id}`

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::CurrentActor,
    created::Created,
    doctor::{DoctorChanges, DoctorView},
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
    form::{Fields, Form, Invalid},
};
use carehub_domain::{
    FieldError,
    access::{Action, Actor, Denied, Permit},
    doctor::{Doctor, DoctorError, DoctorId, Practice},
    hospital::{Hospital, HospitalError, HospitalId},
};
use carehub_store::Store;
use utoipa::{
    ToSchema,
    openapi::{AllOfBuilder, RefOr, Schema},
};

form! {
    /// Where a doctor is entered.
    pub(crate) struct House {
        /// For admins: the hospital. One's own for those who work for one.
        hospital: Option<HospitalId> = "hospital_id",
    }
}

/// A doctor to enter: fields of both in one object.
#[derive(Debug)]
pub(crate) struct NewEntry {
    house: House,
    entry: DoctorChanges,
}

impl Form for NewEntry {
    fn read(fields: &mut Fields) -> Option<Self> {
        let (house, entry) = (House::read(fields), DoctorChanges::read(fields));
        Some(Self { house: house?, entry: entry? })
    }
}

impl utoipa::PartialSchema for NewEntry {
    fn schema() -> RefOr<Schema> {
        let house = <House as utoipa::PartialSchema>::schema();
        let entry = <DoctorChanges as utoipa::PartialSchema>::schema();
        AllOfBuilder::new().item(house).item(entry).into()
    }
}

impl ToSchema for NewEntry {}

/// Enter a doctor into the directory.
#[utoipa::path(post, path = "/api/doctors/create", tag = "doctors", request_body = NewEntry, responses(
    (status = 201, description = "A doctor completes the entry of their own; others enter one without an account, which takes a given name and a field of medicine. Hospitals vouch for their own; whoever else is entered waits to be verified.", body = DoctorView),
    (status = 400, description = "Some fields are not right, or the department is not one of the hospital's.", body = Problem),
    (status = 403, description = "Patients may not do this, only admins name a hospital that is not their own, and it must have joined.", body = Problem),
    (status = 404, description = "There is no such hospital.", body = Problem),
    (status = 409, description = "The own entry is complete already, the hospital has a doctor with this licence, or somebody else changed it at the same time.", body = Problem),
))]
pub(crate) async fn create(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
    Body(new): Body<NewEntry>,
) -> Result<Created<Tagged<Json<DoctorView>>>> {
    let hospital = new.house.of(&actor)?;
    let (doctor, hospital) = match actor.doctor() {
        Ok(own) => complete(own, new.entry, &actor, &store).await?,
        Err(_) => enter(hospital, new.entry, &actor, &store).await?,
    };
    let location = format!("/api/doctors/{}", doctor.id);
    Ok(Created::at(location, tagged(doctor, hospital.as_ref(), &actor)))
}

/// See a doctor.
#[utoipa::path(get, path = "/api/doctors/{id}", tag = "doctors", params(
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
    shown(id, &actor, &store).await
}

/// Change a doctor.
#[utoipa::path(patch, path = "/api/doctors/{id}/update", tag = "doctors", request_body = DoctorChanges, params(
    ("id" = DoctorId, Path, description = "The doctor."),
), responses(
    (status = 200, description = "The doctor as they are now. `PUT` means the same.", body = DoctorView),
    (status = 400, description = "Some fields are not right, or the department is not one of the hospital's.", body = Problem),
    (status = 403, description = "Only the doctor, whoever entered them, the hospital and admins may do this. Whether they work here, the doctor does not say.", body = Problem),
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
    changed(id, &expected, changes, &actor, &store).await
}

/// Take a doctor out of the directory.
#[utoipa::path(delete, path = "/api/doctors/{id}/delete", tag = "doctors", params(
    ("id" = DoctorId, Path, description = "The doctor."),
), responses(
    (status = 204, description = "The doctor is out of the directory, but can be taken in again by setting `is_active`. Whoever may still see the doctor may ask again, and nothing more happens."),
    (status = 403, description = "Only the doctor, whoever entered them, the hospital and admins may do this.", body = Problem),
    (status = 404, description = "There is no such doctor, or nobody has verified them yet.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn remove(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DoctorId>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    let doctors = store.doctors();
    let (before, permit) = doctors.find(id).await?.permit(&actor, Action::DeleteDoctor)?;
    expected.check(&before)?;
    if before.is_active {
        let mut doctor = before.clone();
        doctor.is_active = false;
        doctor.updated_at = actor.at;
        doctors.save(&before, &mut doctor, &permit.changing(&["is_active"])).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Shows a doctor.
pub(crate) async fn shown(
    id: DoctorId,
    actor: &Actor,
    store: &Store,
) -> Result<Tagged<Json<DoctorView>>> {
    let doctor = store.doctors().find(id).await?.view(actor)?;
    let hospital = home(&doctor, actor, store).await?;
    Ok(tagged(doctor, hospital.as_ref(), actor))
}

/// Changes a doctor.
pub(crate) async fn changed(
    id: DoctorId,
    expected: &IfMatch,
    changes: DoctorChanges,
    actor: &Actor,
    store: &Store,
) -> Result<Tagged<Json<DoctorView>>> {
    let (before, permit) = store.doctors().find(id).await?.permit(actor, Action::EditDoctor)?;
    expected.check(&before)?;
    let (doctor, hospital) = amend(&before, permit, changes, actor, store).await?;
    Ok(tagged(doctor, hospital.as_ref(), actor))
}

/// The hospital that a doctor works at, if there is one and the actor may see it.
pub(crate) async fn home(
    doctor: &Doctor,
    actor: &Actor,
    store: &Store,
) -> Result<Option<Hospital>> {
    match doctor.hospital {
        Some(hospital) => Ok(Some(store.hospitals().find(hospital).await?.view(actor)?)),
        None => Ok(None),
    }
}

pub(crate) fn tagged(
    doctor: Doctor,
    hospital: Option<&Hospital>,
    actor: &Actor,
) -> Tagged<Json<DoctorView>> {
    Tagged::showing(doctor, |doctor| DoctorView::of(doctor, hospital, actor))
}

/// Completes the entry of a doctor who has an account, once.
async fn complete(
    own: DoctorId,
    entry: DoctorChanges,
    actor: &Actor,
    store: &Store,
) -> Result<(Doctor, Option<Hospital>)> {
    let (before, permit) = store.doctors().find(own).await?.permit(actor, Action::EditDoctor)?;
    if before.is_complete() {
        return Err(DoctorError::ProfileExists.into());
    }
    amend(&before, permit, entry, actor, store).await
}

/// Enters a doctor who has no account.
async fn enter(
    hospital: Option<HospitalId>,
    entry: DoctorChanges,
    actor: &Actor,
    store: &Store,
) -> Result<(Doctor, Option<Hospital>)> {
    let (name, field) = (entry.called(), entry.specialization.clone().wanted().flatten());
    let (Some(name), Some(_)) = (&name, &field) else {
        let missing = [("first_name", name.is_none()), ("specialization", field.is_none())];
        let missing = missing.into_iter().filter(|(_, missing)| *missing);
        let errors = missing.map(|(name, _)| FieldError::of(name, "is required"));
        return Err(Invalid(errors.collect()).into());
    };
    let mut doctor = Doctor::list(name.clone(), Practice::default(), actor);
    doctor.hospital = hospital;
    entry.apply(&mut doctor, actor.at);
    let doctor = doctor.vouched_for(actor);
    // Without an account there is nobody to count as a user.
    let permit = actor.create(Action::CreateDoctor, &doctor)?.noting("account", "none");
    let hospital = home(&doctor, actor, store).await?;
    let joined = hospital.as_ref().is_none_or(Hospital::is_approved);
    joined.then_some(()).ok_or(HospitalError::NotApproved)?;
    store.doctors().list(&doctor, &permit).await?;
    Ok((doctor, hospital))
}

async fn amend(
    before: &Doctor,
    permit: Permit,
    changes: DoctorChanges,
    actor: &Actor,
    store: &Store,
) -> Result<(Doctor, Option<Hospital>)> {
    let hospital = home(before, actor, store).await?;
    let mut doctor = before.clone();
    let changed = changes.apply(&mut doctor, actor.at);
    // Who enters doctors also says whether they work here; the doctor does not.
    if changed.contains(&"is_active") && before.account() == actor.user {
        return Err(Denied::Forbidden.into());
    }
    store.doctors().save(before, &mut doctor, &permit.changing(&changed)).await?;
    Ok((doctor, hospital))
}

impl House {
    /// The hospital where the actor enters a doctor. Others than admins have one at most.
    fn of(&self, actor: &Actor) -> Result<Option<HospitalId>, Denied> {
        let anywhere = actor.allow(Action::CreateDoctor).is_ok();
        match self.hospital {
            None => Ok(actor.hospital),
            Some(named) if anywhere || actor.hospital == Some(named) => Ok(Some(named)),
            Some(_) => Err(Denied::Forbidden),
        }
    }
}
