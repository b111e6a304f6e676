//! `/api/reviews` and `/api/doctors/{id}/reviews`

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use carehub_api::{
    Result,
    actor::CurrentActor,
    created::Created,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
    form::{Change, Invalid, replace},
    listing::{Listing, PageView, Paging, Unfiltered},
};
use carehub_domain::{
    access::{Action, Actor, Guarded, PatientId, Subject, UserId},
    appointment::AppointmentId,
    doctor::DoctorId,
    review::{Moderation, Opinion, Review, ReviewError, ReviewId, Stars},
    text::Text,
};
use carehub_store::{Page, Store, StoreError};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

form! {
    /// Which reviews to list.
    pub(crate) struct Wanted {
        /// For admins: only those in this state.
        moderation: Option<Moderation> = "status",
        /// Accepted and without effect: the list is always newest first.
        ordering: Option<String>,
    }
}

form! {
    /// What a patient thinks of a visit.
    pub(crate) struct NewReview {
        /// Who is reviewed. Not needed where the path says so.
        doctor: Option<DoctorId> = "doctor_id",
        /// The visit; the last one that is not reviewed yet if none is named.
        visit: Option<AppointmentId> = "consultation" | "appointment" | "appointment_id",
        /// One to five stars.
        rating: Stars = "overall_rating",
        /// The same in words. They are read before others see them.
        review_text: Option<Text<2000>> = "text" | "comment",
        /// How the doctor listened and explained.
        communication_rating: Option<Stars>,
        /// How the doctor treated.
        treatment_rating: Option<Stars> = "professionalism_rating",
        /// How long the wait was.
        punctuality_rating: Option<Stars> = "wait_time_rating",
        /// Whether the author is not to be named. Without it, no.
        is_anonymous: Option<bool>,
    }
}

form! {
    /// Changes to a review. What is not there stays.
    pub(crate) struct ReviewChanges {
        /// One to five stars.
        rating: Option<Stars> = "overall_rating",
        /// The same in words. New ones are read before others see them.
        review_text: Change<Text<2000>> = "text" | "comment",
        /// How the doctor listened and explained.
        communication_rating: Change<Stars>,
        /// How the doctor treated.
        treatment_rating: Change<Stars> = "professionalism_rating",
        /// How long the wait was.
        punctuality_rating: Change<Stars> = "wait_time_rating",
        /// Whether the author is not to be named.
        is_anonymous: Option<bool>,
    }
}

form! {
    /// What an admin decides on a review.
    pub(crate) struct ModerationDecision {
        /// Whether others may read it. Without it, yes.
        is_approved: Option<bool> = "approved",
    }
}

/// What a patient thought of a visit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReviewView {
    /// Identifies the review.
    pub id: ReviewId,
    /// Who is reviewed.
    pub doctor: DoctorId,
    /// By whom. Shown to the author, to admins and, unless the author is not to be named, to
    /// the doctor.
    pub patient: Option<PatientId>,
    /// One to five stars.
    pub rating: Stars,
    /// The same in words.
    pub review_text: Option<Text<2000>>,
    /// How the doctor listened and explained.
    pub communication_rating: Option<Stars>,
    /// How the doctor treated.
    pub treatment_rating: Option<Stars>,
    /// How long the wait was.
    pub punctuality_rating: Option<Stars>,
    /// Whether the author is not to be named.
    pub is_anonymous: bool,
    /// Whether others may read it.
    pub is_approved: bool,
    /// Where it stands.
    pub moderation: Moderation,
    /// The visit. Shown to those who see the patient.
    pub visit: Option<AppointmentId>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// List the reviews of a doctor.
#[utoipa::path(get, path = "/api/doctors/{id}/reviews", tag = "doctors", params(
    ("id" = DoctorId, Path, description = "The doctor."),
    Paging,
), responses(
    (status = 200, description = "The reviews that others may read, newest first.", body = PageView<ReviewView>),
    (status = 400, description = "The page makes no sense.", body = Problem),
    (status = 404, description = "There is no such doctor, or nobody has verified them yet.", body = Problem),
))]
pub(crate) async fn of_doctor(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DoctorId>,
    listing: Listing<Unfiltered>,
    State(store): State<Store>,
) -> Result<Json<PageView<ReviewView>>> {
    let doctor = store.doctors().find(id).await?.view(&actor)?;
    let page = store.reviews().of_doctor(doctor.id, listing.window.clone()).await?;
    Ok(listing.answer(page.visible_to(&actor), |review| ReviewView::of(review, &actor)))
}

/// Review a doctor.
#[utoipa::path(post, path = "/api/doctors/{id}/reviews", tag = "doctors", request_body = NewReview, params(
    ("id" = DoctorId, Path, description = "The doctor."),
), responses(
    (status = 201, description = "The review. Stars alone count at once; words are read first.", body = ReviewView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only patients may do this.", body = Problem),
    (status = 404, description = "There is no such doctor, or nobody has verified them yet.", body = Problem),
    (status = 409, description = "There was no such visit, or it has been reviewed.", body = Problem),
))]
pub(crate) async fn write_of(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DoctorId>,
    State(store): State<Store>,
    Body(new): Body<NewReview>,
) -> Result<impl IntoResponse> {
    add(id, new, &actor, &store).await
}

/// See a review of a doctor.
#[utoipa::path(get, path = "/api/doctors/{id}/reviews/{pk}", tag = "doctors", params(
    ("id" = DoctorId, Path, description = "The doctor."),
    ("pk" = ReviewId, Path, description = "The review."),
), responses(
    (status = 200, description = "The review.", body = ReviewView),
    (status = 404, description = "There is no such review of the doctor, or one may not read it.", body = Problem),
))]
pub(crate) async fn show_of(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(DoctorId, ReviewId)>,
    State(store): State<Store>,
) -> Result<Tagged<Json<ReviewView>>> {
    let review = found(Some(id), pk, &store).await?.view(&actor)?;
    Ok(tagged(review, &actor))
}

/// Change a review of a doctor.
#[utoipa::path(patch, path = "/api/doctors/{id}/reviews/{pk}", tag = "doctors", request_body = ReviewChanges, params(
    ("id" = DoctorId, Path, description = "The doctor."),
    ("pk" = ReviewId, Path, description = "The review."),
), responses(
    (status = 200, description = "The review as it is now. `PUT` means the same.", body = ReviewView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only its author may do this.", body = Problem),
    (status = 404, description = "There is no such review of the doctor, or one may not read it.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit_of(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(DoctorId, ReviewId)>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<ReviewChanges>,
) -> Result<Tagged<Json<ReviewView>>> {
    change(found(Some(id), pk, &store).await?, &expected, changes, &actor, &store).await
}

/// Withdraw a review of a doctor.
#[utoipa::path(delete, path = "/api/doctors/{id}/reviews/{pk}", tag = "doctors", params(
    ("id" = DoctorId, Path, description = "The doctor."),
    ("pk" = ReviewId, Path, description = "The review."),
), responses(
    (status = 204, description = "The review is gone."),
    (status = 403, description = "Only its author and admins may do this.", body = Problem),
    (status = 404, description = "There is no such review of the doctor, or one may not read it.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn withdraw_of(
    CurrentActor(actor): CurrentActor,
    Path((id, pk)): Path<(DoctorId, ReviewId)>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    remove(found(Some(id), pk, &store).await?, &expected, &actor, &store).await
}

/// List the reviews that concern one.
#[utoipa::path(get, path = "/api/reviews", tag = "doctors", params(
    ("moderation" = Option<Moderation>, Query, description = "For admins: only those in this state; those that wait if nothing is said."),
    Paging,
), responses(
    (status = 200, description = "For patients, what they wrote; for doctors, what others may read of them; for admins, what waits to be read. Newest first.", body = PageView<ReviewView>),
    (status = 400, description = "Some parameters are not right.", body = Problem),
    (status = 403, description = "Only patients, doctors and admins may do this.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Wanted>,
    State(store): State<Store>,
) -> Result<Json<PageView<ReviewView>>> {
    let page = concerning(&actor, &listing, &store).await?.visible_to(&actor);
    Ok(listing.answer(page, |review| ReviewView::of(review, &actor)))
}

/// Review a doctor whom one names.
#[utoipa::path(post, path = "/api/reviews", tag = "doctors", request_body = NewReview, responses(
    (status = 201, description = "The review. Stars alone count at once; words are read first.", body = ReviewView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only patients may do this.", body = Problem),
    (status = 404, description = "There is no such doctor, or nobody has verified them yet.", body = Problem),
    (status = 409, description = "There was no such visit, or it has been reviewed.", body = Problem),
))]
pub(crate) async fn write(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
    Body(new): Body<NewReview>,
) -> Result<impl IntoResponse> {
    let doctor = new.doctor.ok_or_else(|| Invalid::field("doctor", "is required"))?;
    add(doctor, new, &actor, &store).await
}

/// See a review.
#[utoipa::path(get, path = "/api/reviews/{id}", tag = "doctors", params(
    ("id" = ReviewId, Path, description = "The review."),
), responses(
    (status = 200, description = "The review.", body = ReviewView),
    (status = 404, description = "There is no such review, or one may not read it.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<ReviewId>,
    State(store): State<Store>,
) -> Result<Tagged<Json<ReviewView>>> {
    let review = found(None, id, &store).await?.view(&actor)?;
    Ok(tagged(review, &actor))
}

/// Change a review.
#[utoipa::path(patch, path = "/api/reviews/{id}", tag = "doctors", request_body = ReviewChanges, params(
    ("id" = ReviewId, Path, description = "The review."),
), responses(
    (status = 200, description = "The review as it is now. `PUT` means the same.", body = ReviewView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only its author may do this.", body = Problem),
    (status = 404, description = "There is no such review, or one may not read it.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<ReviewId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<ReviewChanges>,
) -> Result<Tagged<Json<ReviewView>>> {
    change(found(None, id, &store).await?, &expected, changes, &actor, &store).await
}

/// Withdraw a review.
#[utoipa::path(delete, path = "/api/reviews/{id}", tag = "doctors", params(
    ("id" = ReviewId, Path, description = "The review."),
), responses(
    (status = 204, description = "The review is gone."),
    (status = 403, description = "Only its author and admins may do this.", body = Problem),
    (status = 404, description = "There is no such review, or one may not read it.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn withdraw(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<ReviewId>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    remove(found(None, id, &store).await?, &expected, &actor, &store).await
}

/// Decide whether others may read a review.
#[utoipa::path(post, path = "/api/reviews/{id}/moderate", tag = "doctors", request_body = ModerationDecision, params(
    ("id" = ReviewId, Path, description = "The review."),
), responses(
    (status = 200, description = "The review as it is now. The same decision again changes nothing.", body = ReviewView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Only admins may do this.", body = Problem),
    (status = 404, description = "There is no such review, or one may not read it.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn moderate(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<ReviewId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(ModerationDecision { is_approved }): Body<ModerationDecision>,
) -> Result<Tagged<Json<ReviewView>>> {
    let reviews = store.reviews();
    let (before, permit) = reviews.find(id).await?.permit(&actor, Action::ModerateReview)?;
    expected.check(&before)?;
    let moderation = match is_approved.unwrap_or(true) {
        true => Moderation::Approved,
        false => Moderation::Rejected,
    };
    if before.moderation == moderation {
        return Ok(tagged(before, &actor));
    }
    let permit = permit.noting("from", before.moderation).noting("moderation", moderation);
    let mut review = before.clone().moderate(moderation, actor.at);
    reviews.save(&before, &mut review, &permit).await?;
    Ok(tagged(review, &actor))
}

/// A review, if it is of the doctor whom the path names.
async fn found(
    doctor: Option<DoctorId>,
    id: ReviewId,
    store: &Store,
) -> Result<Guarded<Review>, StoreError> {
    let review = store.reviews().recorded(id).await?;
    let meant = |review: &Review| doctor.is_none_or(|doctor| review.doctor == doctor);
    Ok(Guarded::new(review.filter(meant)))
}

async fn concerning(
    actor: &Actor,
    listing: &Listing<Wanted>,
    store: &Store,
) -> Result<Page<Review>> {
    let (reviews, window) = (store.reviews(), listing.window.clone());
    match (actor.patient(), actor.doctor()) {
        (Ok(patient), _) => Ok(reviews.of_patient(patient, window).await?),
        (_, Ok(doctor)) => Ok(reviews.of_doctor(doctor, window).await?),
        (Err(_), Err(_)) => {
            let _permit = actor.allow(Action::ModerateReview)?;
            let moderation = listing.filter.moderation.unwrap_or(Moderation::Pending);
            Ok(reviews.in_moderation(moderation, window).await?)
        }
    }
}

async fn add(
    doctor: DoctorId,
    new: NewReview,
    actor: &Actor,
    store: &Store,
) -> Result<impl IntoResponse + use<>> {
    let (reviews, patient) = (store.reviews(), actor.patient()?);
    let doctor = store.doctors().find(doctor).await?.view(actor)?;
    let visit = reviews.visit(patient, doctor.id, new.visit).await?;
    let visit = visit.ok_or(ReviewError::NoVisit)?;
    let review = Review::write(&visit, new.opinion(), actor.at);
    let permit = actor.create(Action::CreateReview, &review)?;
    reviews.write(&review, &permit).await?;
    let location = format!("/api/reviews/{}", review.id);
    Ok(Created::at(location, tagged(review, actor)))
}

async fn change(
    review: Guarded<Review>,
    expected: &IfMatch,
    changes: ReviewChanges,
    actor: &Actor,
    store: &Store,
) -> Result<Tagged<Json<ReviewView>>> {
    let (before, permit) = review.permit(actor, Action::EditReview)?;
    expected.check(&before)?;
    let (opinion, changed) = changes.apply(before.opinion.clone());
    let mut review = before.clone().rewrite(opinion, actor.at);
    store.reviews().save(&before, &mut review, &permit.changing(&changed)).await?;
    Ok(tagged(review, actor))
}

async fn remove(
    review: Guarded<Review>,
    expected: &IfMatch,
    actor: &Actor,
    store: &Store,
) -> Result<StatusCode> {
    let (review, permit) = review.permit(actor, Action::DeleteReview)?;
    expected.check(&review)?;
    store.reviews().withdraw(&review, &permit).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn tagged(review: Review, actor: &Actor) -> Tagged<Json<ReviewView>> {
    Tagged::showing(review, |review| ReviewView::of(review, actor))
}

impl NewReview {
    fn opinion(self) -> Opinion {
        Opinion {
            rating: self.rating,
            communication: self.communication_rating,
            treatment: self.treatment_rating,
            punctuality: self.punctuality_rating,
            text: self.review_text,
            is_anonymous: self.is_anonymous.unwrap_or_default(),
        }
    }
}

impl ReviewChanges {
    fn apply(self, mut opinion: Opinion) -> (Opinion, Vec<&'static str>) {
        let mut changed = Vec::new();
        replace(&mut opinion.rating, self.rating, "rating", &mut changed);
        self.review_text.apply(&mut opinion.text, "review_text", &mut changed);
        let communication = &mut opinion.communication;
        self.communication_rating.apply(communication, "communication_rating", &mut changed);
        self.treatment_rating.apply(&mut opinion.treatment, "treatment_rating", &mut changed);
        self.punctuality_rating.apply(&mut opinion.punctuality, "punctuality_rating", &mut changed);
        replace(&mut opinion.is_anonymous, self.is_anonymous, "is_anonymous", &mut changed);
        (opinion, changed)
    }
}

impl ReviewView {
    fn of(review: Review, actor: &Actor) -> Self {
        let concerned = actor
            .user
            .is_some_and(|user| review.is_of(user) || user == UserId::from(review.doctor))
            || actor.allow(Action::ModerateReview).is_ok();
        let knows = concerned && !review.hides_author_from(actor);
        let Review { id, visit, doctor, patient, opinion, moderation, .. } = review;
        let (created_at, updated_at) = (review.created_at, review.updated_at);
        Self {
            id,
            doctor,
            patient: knows.then_some(patient),
            rating: opinion.rating,
            review_text: opinion.text,
            communication_rating: opinion.communication,
            treatment_rating: opinion.treatment,
            punctuality_rating: opinion.punctuality,
            is_anonymous: opinion.is_anonymous,
            is_approved: moderation == Moderation::Approved,
            moderation,
            visit: knows.then_some(visit),
            created_at,
            updated_at,
        }
    }
}
