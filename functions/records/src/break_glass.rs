//! `/api/records/patients/{id}/break-glass` and `/api/records/break-glass`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    created::Created,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
    limit::{Bucket, Limiter},
    listing::{Listing, PageView, Paging},
};
use carehub_domain::{
    access::{Action, Actor, Denied, PatientId, Permit, Role, UserId},
    doctor::DoctorId,
    glass::{
        Emergencies, EmergencyAccess, EmergencyAccessId, EmergencyReview, EmergencyStatus, Outcome,
        Reason,
    },
    hospital::HospitalId,
    revision::Revised,
    text::Text,
};
use carehub_store::Store;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

form! {
    /// Why a repository has to be opened without asking the patient.
    pub(crate) struct Emergency {
        /// In 10 to 1000 characters. The patient and the hospital read it.
        reason: Reason,
    }
}

form! {
    /// What somebody thinks of an emergency.
    pub(crate) struct Judgement {
        /// Whether it was one.
        outcome: Outcome,
        /// What there is to say about it.
        notes: Option<Text<2000>>,
    }
}

form! {
    /// Which emergencies to list.
    pub(crate) struct WantedEmergencies {
        /// Only those whose review stands so.
        status: Option<EmergencyStatus>,
        /// Accepted and without effect: newest first.
        ordering: Option<String>,
    }
}

/// A repository that was opened in an emergency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EmergencyAccessView {
    /// Identifies it.
    pub id: EmergencyAccessId,
    /// Who opened it.
    pub doctor: DoctorId,
    /// What the doctor was called then.
    pub doctor_name: Text<301>,
    /// The hospital the doctor works at.
    pub hospital: Option<HospitalId>,
    /// Whose repository it is.
    pub patient: PatientId,
    /// What the patient was called then.
    pub patient_name: Text<301>,
    /// Why it could not wait.
    pub reason: Reason,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Until when the doctor may read, unless the patient or a review closes it before.
    pub expires_at: Timestamp,
    /// Where its review stands.
    pub status: EmergencyStatus,
    /// What somebody thought of it.
    pub review: Option<EmergencyReviewView>,
    /// How often it has been written.
    pub version: u32,
}

/// What somebody thought of an emergency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EmergencyReviewView {
    /// Whether it was one.
    pub outcome: Outcome,
    /// What there is to say about it.
    pub notes: Option<Text<2000>>,
    /// Who thought so.
    pub reviewed_by: Option<UserId>,
    /// When.
    pub reviewed_at: Timestamp,
}

/// Open a patient's repository in an emergency.
#[utoipa::path(post, path = "/api/records/patients/{id}/break-glass", tag = "records", request_body = Emergency, params(
    ("id" = PatientId, Path, description = "The patient, whom the doctor need not know."),
), responses(
    (status = 201, description = "The doctor may read the repository for an hour. The patient and the hospital are told at once, everything that is read is marked, and somebody reviews it.", body = EmergencyAccessView),
    (status = 400, description = "The reason is not right.", body = Problem),
    (status = 403, description = "Only doctors may do this, of a hospital that has joined, or whom somebody verified.", body = Problem),
    (status = 404, description = "There is no such patient.", body = Problem),
    (status = 429, description = "More than 5 in an hour.", body = Problem),
))]
pub(crate) async fn open(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<PatientId>,
    State(store): State<Store>,
    State(limiter): State<Limiter>,
    Body(Emergency { reason }): Body<Emergency>,
) -> Result<Created<Tagged<Json<EmergencyAccessView>>>> {
    let doctor = actor.doctor()?;
    limiter.count_of(Bucket::Glass, &actor).await?;
    let glass = store.glasses().before(id, doctor).await?;
    let (glass, permit) = glass.permit(&actor, Action::BreakGlass)?;
    let access = glass.shatter(reason, &actor)?;
    let permit = permit.noting("emergency", access.id).noting("until", access.expires_at);
    store.glasses().shatter(&access, glass.grant(&access).as_ref(), &permit).await?;
    let location = format!("/api/records/break-glass/{}", access.id);
    Ok(Created::at(location, tagged(access)))
}

/// List repositories that were opened in an emergency.
#[utoipa::path(get, path = "/api/records/break-glass", tag = "records", params(
    ("status" = Option<EmergencyStatus>, Query, description = "Only those whose review stands so."),
    Paging,
), responses(
    (status = 200, description = "Newest first: for a hospital those of its doctors, for a doctor their own, for patients those of their own repository, for admins all. Who lists those of others leaves a line in the access log of each of them.", body = PageView<EmergencyAccessView>),
    (status = 403, description = "Coordinators have none.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    listing: Listing<WantedEmergencies>,
    State(store): State<Store>,
) -> Result<Json<PageView<EmergencyAccessView>>> {
    let emergencies = Emergencies::of(&actor);
    let permit =
        actor.authorize(Action::ListEmergencies, &emergencies).map_err(|_| Denied::Forbidden)?;
    let (people, permit) = concerned(&emergencies, permit, &actor, &store).await?;
    let window = listing.window.clone();
    let page = store.glasses().about(people, listing.filter.status, window).await?;
    store.events().note_page(permit, &page.records).await?;
    Ok(listing.answer(page, EmergencyAccessView::from))
}

/// See why a repository was opened in an emergency.
#[utoipa::path(get, path = "/api/records/break-glass/{id}", tag = "records", params(
    ("id" = EmergencyAccessId, Path, description = "The emergency."),
), responses(
    (status = 200, description = "The emergency. Who reads about somebody else leaves a line in the audit log.", body = EmergencyAccessView),
    (status = 404, description = "There is no such emergency, or it is not for this person to see.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<EmergencyAccessId>,
    State(store): State<Store>,
) -> Result<Tagged<Json<EmergencyAccessView>>> {
    let (access, permit) = store.glasses().find(id).await?.permit(&actor, Action::ViewEmergency)?;
    store.events().note_look(&permit).await?;
    Ok(tagged(access))
}

/// Say whether a repository was rightly opened in an emergency.
#[utoipa::path(post, path = "/api/records/break-glass/{id}/review", tag = "records", request_body = Judgement, params(
    ("id" = EmergencyAccessId, Path, description = "The emergency."),
), responses(
    (status = 200, description = "The emergency with its review. If it was none, the repository is closed to the doctor again, unless the patient has let them in since.", body = EmergencyAccessView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only the doctor's hospital and admins may do this.", body = Problem),
    (status = 404, description = "There is no such emergency, or it is not for this person to see.", body = Problem),
    (status = 409, description = "Somebody has judged it before.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn review(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<EmergencyAccessId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(Judgement { outcome, notes }): Body<Judgement>,
) -> Result<Tagged<Json<EmergencyAccessView>>> {
    let (before, permit) =
        store.glasses().find(id).await?.permit(&actor, Action::ReviewEmergency)?;
    expected.check(&before)?;
    let mut access = before.clone().judge(outcome, notes, &actor)?;
    let permit = permit.noting("outcome", outcome);
    store.glasses().judge(&before, &mut access, &permit).await?;
    Ok(tagged(access))
}

/// Whose emergencies to list; all if nobody's. Patients are also whoever was merged into them.
async fn concerned(
    emergencies: &Emergencies,
    permit: Permit,
    actor: &Actor,
    store: &Store,
) -> Result<(Option<Vec<UserId>>, Permit)> {
    if actor.role() != Some(Role::Patient) {
        return Ok((emergencies.roster.keeper.map(|keeper| vec![keeper]), permit));
    }
    let patient = store.patients().find(actor.patient()?).await?.view(actor)?;
    let parts = patient.parts().into_iter().map(UserId::from).collect();
    Ok((Some(parts), permit.about(patient.id)))
}

fn tagged(access: EmergencyAccess) -> Tagged<Json<EmergencyAccessView>> {
    Tagged::showing(access, Into::into)
}

impl From<EmergencyAccess> for EmergencyAccessView {
    fn from(access: EmergencyAccess) -> Self {
        Self {
            status: access.status(),
            version: access.revision().number(),
            id: access.id,
            doctor: access.doctor,
            doctor_name: access.doctor_name,
            hospital: access.hospital,
            patient: access.patient,
            patient_name: access.patient_name,
            reason: access.reason,
            opened_at: access.opened_at,
            expires_at: access.expires_at,
            review: access.review.map(EmergencyReviewView::from),
        }
    }
}

impl From<EmergencyReview> for EmergencyReviewView {
    fn from(review: EmergencyReview) -> Self {
        let EmergencyReview { outcome, notes, by, at } = review;
        Self { outcome, notes, reviewed_by: by, reviewed_at: at }
    }
}
