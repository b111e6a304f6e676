//! `/api/doctors/{id}/education` and `/api/doctors/{id}/experience`

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::CurrentActor,
    created::Created,
    error::Problem,
    extract::{Body, Json, Path},
    form,
    form::{Change, Invalid, replace},
    listing::WholeView,
};
use carehub_domain::{
    Id,
    access::{Action, Actor, Denied},
    doctor::{DoctorError, DoctorId, Education, EducationId, Experience, ExperienceId},
    text::Text,
};
use carehub_store::{Stage, Store};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The most entries of each kind.
const MOST: usize = 100;

/// The years in which degrees are given.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2100;

form! {
    /// Where a doctor learnt.
    pub(crate) struct NewEducation {
        /// The degree.
        degree: Text<200>,
        /// Who gave it.
        institution: Text<200>,
        /// When.
        year_of_completion: Option<i16> = "year_completed" | "year",
        /// How well.
        grade_or_percentage: Option<Text<50>> = "grade",
        /// In which field.
        specialization: Option<Text<100>>,
        /// For admins: whether one has seen proof.
        is_verified: Option<bool>,
    }
}

form! {
    /// Changes to where a doctor learnt. What is not there stays.
    pub(crate) struct EducationChanges {
        /// The degree.
        degree: Option<Text<200>>,
        /// Who gave it.
        institution: Option<Text<200>>,
        /// When.
        year_of_completion: Change<i16> = "year_completed" | "year",
        /// How well.
        grade_or_percentage: Change<Text<50>> = "grade",
        /// In which field.
        specialization: Change<Text<100>>,
        /// For admins: whether one has seen proof. Any change by others takes it back.
        is_verified: Option<bool>,
    }
}

form! {
    /// Where a doctor worked.
    pub(crate) struct NewExperience {
        /// For whom.
        organization: Text<200> = "hospital" | "company",
        /// As what.
        position: Text<200> = "title",
        /// Since when, as `YYYY-MM-DD`.
        start_date: Date,
        /// Until when; nothing for the present post.
        end_date: Option<Date>,
        /// Whether it is the present post, which has no end.
        is_current: Option<bool>,
        /// What there was to do.
        description: Option<Text<2000>>,
    }
}

form! {
    /// Changes to where a doctor worked. What is not there stays.
    pub(crate) struct ExperienceChanges {
        /// For whom.
        organization: Option<Text<200>> = "hospital" | "company",
        /// As what.
        position: Option<Text<200>> = "title",
        /// Since when, as `YYYY-MM-DD`.
        start_date: Option<Date>,
        /// Until when; nothing for the present post.
        end_date: Change<Date>,
        /// Whether it is the present post, which has no end.
        is_current: Option<bool>,
        /// What there was to do.
        description: Change<Text<2000>>,
    }
}

/// Where a doctor learnt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EducationView {
    /// Identifies the entry.
    pub id: EducationId,
    /// Whose it is.
    pub doctor: DoctorId,
    /// The degree.
    pub degree: Text<200>,
    /// Who gave it.
    pub institution: Text<200>,
    /// When.
    pub year_of_completion: Option<i16>,
    /// How well.
    pub grade_or_percentage: Option<Text<50>>,
    /// In which field.
    pub specialization: Option<Text<100>>,
    /// Whether an admin has seen proof.
    pub is_verified: bool,
}

/// Where a doctor worked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExperienceView {
    /// Identifies the entry.
    pub id: ExperienceId,
    /// Whose it is.
    pub doctor: DoctorId,
    /// For whom.
    pub organization: Text<200>,
    /// As what.
    pub position: Text<200>,
    /// Since when.
    pub start_date: Date,
    /// Until when; nothing for the present post.
    pub end_date: Option<Date>,
    /// Whether it is the present post.
    pub is_current: bool,
    /// What there was to do.
    pub description: Option<Text<2000>>,
}

/// List where a doctor learnt.
#[utoipa::path(get, path = "/api/doctors/{id}/education", tag = "doctors", params(
    ("id" = DoctorId, Path, description = "The doctor."),
), responses(
    (status = 200, description = "All entries, in the order they were added.", body = WholeView<EducationView>),
    (status = 404, description = "There is no such doctor, or nobody has verified them yet.", body = Problem),
))]
pub(crate) async fn list_education(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DoctorId>,
    State(store): State<Store>,
) -> Result<Json<WholeView<EducationView>>> {
    let doctor = store.doctors().find(id).await?.view(&actor)?;
    let stages = store.doctors().education(doctor.id).await?;
    Ok(Json(WholeView::of(stages.into_iter().map(Into::into).collect())))
}

/// Add where a doctor learnt.
#[utoipa::path(post, path = "/api/doctors/{id}/education", tag = "doctors", request_body = NewEducation, params(
    ("id" = DoctorId, Path, description = "The doctor."),
), responses(
    (status = 201, description = "The entry.", body = EducationView),
    (status = 400, description = "Some fields are not right, or there are a hundred entries already.", body = Problem),
    (status = 403, description = "Only the doctor, whoever entered them, the hospital and admins may do this. Only admins say whether there is proof.", body = Problem),
    (status = 404, description = "There is no such doctor, or nobody has verified them yet.", body = Problem),
))]
pub(crate) async fn add_education(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DoctorId>,
    State(store): State<Store>,
    Body(new): Body<NewEducation>,
) -> Result<Created<Json<EducationView>>> {
    let doctors = store.doctors();
    let (doctor, permit) = doctors.find(id).await?.permit(&actor, Action::EditDoctor)?;
    let stage = new.read(doctor.id, &actor)?;
    room(doctors.education(doctor.id).await?.len())?;
    doctors.put_stage(&stage, &permit.noting("education", stage.id)).await?;
    let location = format!("/api/doctors/{id}/education/{}", stage.id);
    Ok(Created::at(location, Json(EducationView::from(stage))))
}

/// See where a doctor learnt.
#[utoipa::path(get, path = "/api/doctors/{id}/education/{pk}", tag = "doctors", params(
    ("id" = DoctorId, Path, description = "The doctor."),
    ("pk" = EducationId, Path, description = "The entry."),
), responses(
    (status = 200, description = "The entry.", body = EducationView),
    (status = 404, description = "There is no such entry, or one may not know of the doctor.", body = Problem),
))]
pub(crate) async fn show_education(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(DoctorId, EducationId)>,
    State(store): State<Store>,
) -> Result<Json<EducationView>> {
    let doctor = store.doctors().find(id).await?.view(&actor)?;
    let stage: Education = stage(doctor.id, pk, &store).await?;
    Ok(Json(stage.into()))
}

/// Change where a doctor learnt.
#[utoipa::path(patch, path = "/api/doctors/{id}/education/{pk}", tag = "doctors", request_body = EducationChanges, params(
    ("id" = DoctorId, Path, description = "The doctor."),
    ("pk" = EducationId, Path, description = "The entry."),
), responses(
    (status = 200, description = "The entry as it is now. `PUT` means the same.", body = EducationView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only the doctor, whoever entered them, the hospital and admins may do this. Only admins say whether there is proof.", body = Problem),
    (status = 404, description = "There is no such entry, or one may not know of the doctor.", body = Problem),
))]
pub(crate) async fn edit_education(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(DoctorId, EducationId)>,
    State(store): State<Store>,
    Body(changes): Body<EducationChanges>,
) -> Result<Json<EducationView>> {
    let doctors = store.doctors();
    let (doctor, permit) = doctors.find(id).await?.permit(&actor, Action::EditDoctor)?;
    let mut stage: Education = stage(doctor.id, pk, &store).await?;
    let changed = changes.apply(&mut stage, &actor)?;
    doctors.put_stage(&stage, &permit.noting("education", pk).changing(&changed)).await?;
    Ok(Json(stage.into()))
}

/// Remove where a doctor learnt.
#[utoipa::path(delete, path = "/api/doctors/{id}/education/{pk}", tag = "doctors", params(
    ("id" = DoctorId, Path, description = "The doctor."),
    ("pk" = EducationId, Path, description = "The entry."),
), responses(
    (status = 204, description = "The entry is gone."),
    (status = 403, description = "Only the doctor, whoever entered them, the hospital and admins may do this.", body = Problem),
    (status = 404, description = "There is no such entry, or one may not know of the doctor.", body = Problem),
))]
pub(crate) async fn remove_education(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(DoctorId, EducationId)>,
    State(store): State<Store>,
) -> Result<StatusCode> {
    let doctors = store.doctors();
    let (doctor, permit) = doctors.find(id).await?.permit(&actor, Action::EditDoctor)?;
    let stage: Education = stage(doctor.id, pk, &store).await?;
    doctors.drop_stage(&stage, &permit.noting("education", pk)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List where a doctor worked.
#[utoipa::path(get, path = "/api/doctors/{id}/experience", tag = "doctors", params(
    ("id" = DoctorId, Path, description = "The doctor."),
), responses(
    (status = 200, description = "All entries, in the order they were added.", body = WholeView<ExperienceView>),
    (status = 404, description = "There is no such doctor, or nobody has verified them yet.", body = Problem),
))]
pub(crate) async fn list_experience(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DoctorId>,
    State(store): State<Store>,
) -> Result<Json<WholeView<ExperienceView>>> {
    let doctor = store.doctors().find(id).await?.view(&actor)?;
    let stages = store.doctors().experience(doctor.id).await?;
    Ok(Json(WholeView::of(stages.into_iter().map(Into::into).collect())))
}

/// Add where a doctor worked.
#[utoipa::path(post, path = "/api/doctors/{id}/experience", tag = "doctors", request_body = NewExperience, params(
    ("id" = DoctorId, Path, description = "The doctor."),
), responses(
    (status = 201, description = "The entry.", body = ExperienceView),
    (status = 400, description = "Some fields are not right, or there are a hundred entries already.", body = Problem),
    (status = 403, description = "Only the doctor, whoever entered them, the hospital and admins may do this.", body = Problem),
    (status = 404, description = "There is no such doctor, or nobody has verified them yet.", body = Problem),
))]
pub(crate) async fn add_experience(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DoctorId>,
    State(store): State<Store>,
    Body(new): Body<NewExperience>,
) -> Result<Created<Json<ExperienceView>>> {
    let doctors = store.doctors();
    let (doctor, permit) = doctors.find(id).await?.permit(&actor, Action::EditDoctor)?;
    let stage = new.read(doctor.id, &actor)?;
    room(doctors.experience(doctor.id).await?.len())?;
    doctors.put_stage(&stage, &permit.noting("experience", stage.id)).await?;
    let location = format!("/api/doctors/{id}/experience/{}", stage.id);
    Ok(Created::at(location, Json(ExperienceView::from(stage))))
}

/// See where a doctor worked.
#[utoipa::path(get, path = "/api/doctors/{id}/experience/{pk}", tag = "doctors", params(
    ("id" = DoctorId, Path, description = "The doctor."),
    ("pk" = ExperienceId, Path, description = "The entry."),
), responses(
    (status = 200, description = "The entry.", body = ExperienceView),
    (status = 404, description = "There is no such entry, or one may not know of the doctor.", body = Problem),
))]
pub(crate) async fn show_experience(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(DoctorId, ExperienceId)>,
    State(store): State<Store>,
) -> Result<Json<ExperienceView>> {
    let doctor = store.doctors().find(id).await?.view(&actor)?;
    let stage: Experience = stage(doctor.id, pk, &store).await?;
    Ok(Json(stage.into()))
}

/// Change where a doctor worked.
#[utoipa::path(patch, path = "/api/doctors/{id}/experience/{pk}", tag = "doctors", request_body = ExperienceChanges, params(
    ("id" = DoctorId, Path, description = "The doctor."),
    ("pk" = ExperienceId, Path, description = "The entry."),
), responses(
    (status = 200, description = "The entry as it is now. `PUT` means the same.", body = ExperienceView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only the doctor, whoever entered them, the hospital and admins may do this.", body = Problem),
    (status = 404, description = "There is no such entry, or one may not know of the doctor.", body = Problem),
))]
pub(crate) async fn edit_experience(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(DoctorId, ExperienceId)>,
    State(store): State<Store>,
    Body(changes): Body<ExperienceChanges>,
) -> Result<Json<ExperienceView>> {
    let doctors = store.doctors();
    let (doctor, permit) = doctors.find(id).await?.permit(&actor, Action::EditDoctor)?;
    let mut stage: Experience = stage(doctor.id, pk, &store).await?;
    let changed = changes.apply(&mut stage)?;
    doctors.put_stage(&stage, &permit.noting("experience", pk).changing(&changed)).await?;
    Ok(Json(stage.into()))
}

/// Remove where a doctor worked.
#[utoipa::path(delete, path = "/api/doctors/{id}/experience/{pk}", tag = "doctors", params(
    ("id" = DoctorId, Path, description = "The doctor."),
    ("pk" = ExperienceId, Path, description = "The entry."),
), responses(
    (status = 204, description = "The entry is gone."),
    (status = 403, description = "Only the doctor, whoever entered them, the hospital and admins may do this.", body = Problem),
    (status = 404, description = "There is no such entry, or one may not know of the doctor.", body = Problem),
))]
pub(crate) async fn remove_experience(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(DoctorId, ExperienceId)>,
    State(store): State<Store>,
) -> Result<StatusCode> {
    let doctors = store.doctors();
    let (doctor, permit) = doctors.find(id).await?.permit(&actor, Action::EditDoctor)?;
    let stage: Experience = stage(doctor.id, pk, &store).await?;
    doctors.drop_stage(&stage, &permit.noting("experience", pk)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn stage<T: Stage>(doctor: DoctorId, id: T::Id, store: &Store) -> Result<T> {
    let stage = store.doctors().stage(doctor, id).await?;
    Ok(stage.ok_or(Denied::NotFound)?)
}

fn room(taken: usize) -> Result<(), DoctorError> {
    if taken < MOST { Ok(()) } else { Err(DoctorError::CareerFull) }
}

/// Only who may vouch for every doctor says whether there is proof of a degree.
fn proof(wanted: Option<bool>, present: bool, actor: &Actor) -> Result<bool, Denied> {
    match wanted.filter(|wanted| *wanted != present) {
        Some(wanted) => actor.allow(Action::VerifyDoctor).map(|_permit| wanted),
        None => Ok(present),
    }
}

fn sound(year: Option<i16>) -> Result<(), Invalid> {
    match year.is_none_or(|year| YEARS.contains(&year)) {
        true => Ok(()),
        false => Err(Invalid::field("year_of_completion", "expected a year from 1900 to 2100")),
    }
}

impl NewEducation {
    fn read(self, doctor: DoctorId, actor: &Actor) -> Result<Education> {
        sound(self.year_of_completion)?;
        Ok(Education {
            id: Id::generate(actor.at),
            doctor,
            degree: self.degree,
            institution: self.institution,
            year: self.year_of_completion,
            grade: self.grade_or_percentage,
            specialization: self.specialization,
            is_verified: proof(self.is_verified, false, actor)?,
        })
    }
}

impl EducationChanges {
    fn apply(self, education: &mut Education, actor: &Actor) -> Result<Vec<&'static str>> {
        let mut changed = Vec::new();
        replace(&mut education.degree, self.degree, "degree", &mut changed);
        replace(&mut education.institution, self.institution, "institution", &mut changed);
        self.year_of_completion.apply(&mut education.year, "year_of_completion", &mut changed);
        self.grade_or_percentage.apply(&mut education.grade, "grade_or_percentage", &mut changed);
        self.specialization.apply(&mut education.specialization, "specialization", &mut changed);
        sound(education.year)?;
        let verified = proof(self.is_verified, education.is_verified, actor)?;
        // The proof was of what stood there before.
        let stands = changed.is_empty() || actor.allow(Action::VerifyDoctor).is_ok();
        replace(&mut education.is_verified, Some(verified && stands), "is_verified", &mut changed);
        Ok(changed)
    }
}

impl NewExperience {
    fn read(self, doctor: DoctorId, actor: &Actor) -> Result<Experience, Invalid> {
        Ok(Experience {
            id: Id::generate(actor.at),
            doctor,
            organization: self.organization,
            position: self.position,
            start_date: self.start_date,
            end_date: end(self.start_date, self.end_date, self.is_current)?,
            description: self.description,
        })
    }
}

impl ExperienceChanges {
    fn apply(self, experience: &mut Experience) -> Result<Vec<&'static str>, Invalid> {
        let mut changed = Vec::new();
        replace(&mut experience.organization, self.organization, "organization", &mut changed);
        replace(&mut experience.position, self.position, "position", &mut changed);
        replace(&mut experience.start_date, self.start_date, "start_date", &mut changed);
        let mut wanted = experience.end_date;
        self.end_date.apply(&mut wanted, "end_date", &mut Vec::new());
        let wanted = end(experience.start_date, wanted, self.is_current)?;
        replace(&mut experience.end_date, Some(wanted), "end_date", &mut changed);
        self.description.apply(&mut experience.description, "description", &mut changed);
        Ok(changed)
    }
}

/// When a post ended. The present one did not, and no post ends before it begins.
fn end(start: Date, end: Option<Date>, is_current: Option<bool>) -> Result<Option<Date>, Invalid> {
    match (is_current, end) {
        (Some(true), _) | (None, None) => Ok(None),
        (Some(false), None) => Err(Invalid::field("end_date", "is required for a former post")),
        (_, Some(end)) if end < start => {
            Err(Invalid::field("end_date", "must not be before start_date"))
        }
        (_, end) => Ok(end),
    }
}

impl From<Education> for EducationView {
    fn from(education: Education) -> Self {
        Self {
            id: education.id,
            doctor: education.doctor,
            degree: education.degree,
            institution: education.institution,
            year_of_completion: education.year,
            grade_or_percentage: education.grade,
            specialization: education.specialization,
            is_verified: education.is_verified,
        }
    }
}

impl From<Experience> for ExperienceView {
    fn from(experience: Experience) -> Self {
        Self {
            id: experience.id,
            doctor: experience.doctor,
            organization: experience.organization,
            position: experience.position,
            start_date: experience.start_date,
            is_current: experience.end_date.is_none(),
            end_date: experience.end_date,
            description: experience.description,
        }
    }
}
