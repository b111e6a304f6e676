//! `POST /api/recommendations`

use std::time::Duration;

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header::LOCATION},
};
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    etag::Tagged,
    extract::{Body, Json},
    form,
    limit::Limiter,
};
use carehub_domain::{
    access::{Action, Actor, Denied, PatientId, Role, Subject},
    account::Gender,
    formulary::Indication,
    patient::AllergyStatus,
    recommendation::{
        Audience, Facts, Inquiry, Question, Recommendation, RecommendationError,
        RecommendationState, Tenant,
    },
    repository::Repository,
    text::Text,
};
use carehub_store::{Ground, Store};
use serde::Deserialize;
use tokio::time::{Instant, sleep};
use utoipa::ToSchema;

use crate::{BUCKET, prefer::Prefer, read::tagged, view::RecommendationView};

/// How often whoever waits looks.
const LOOK: Duration = Duration::from_millis(200);

form! {
    /// What to recommend, and to whom.
    pub(crate) struct NewQuestion {
        /// The medicine in question. It, or an indication, has to be there.
        medicine_name: Option<Text<200>> = "medicine" | "medication_name",
        /// What it is to be for; whatever the medicine is for if nothing is said.
        indication: Option<Indication>,
        /// What is known about the person.
        patient_info: Option<Told> = "patient_information",
        /// Somebody whose record says more. It is read if it is open to the caller.
        patient: Option<PatientId> = "patient_id",
    }
}

/// What is known about a person. What is not there is not known.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Told {
    /// How old they are, in years.
    age: Option<u8>,
    /// The gender that they state.
    #[serde(alias = "gender")]
    sex: Option<Gender>,
    /// Whether they are pregnant.
    #[serde(alias = "is_pregnant")]
    pregnant: Option<bool>,
    /// How many kilograms they weigh.
    #[serde(alias = "weight")]
    weight_kg: Option<u16>,
    /// What is known about allergies. A list that names some speaks for itself, and so does one
    /// that says `none`; an empty one says nothing.
    allergy_status: Option<AllergyStatus>,
    /// The substances that they do not bear.
    allergies: Vec<Text<200>>,
    /// Their illnesses.
    #[serde(alias = "chronic_conditions", alias = "conditions")]
    comorbidities: Vec<Text<200>>,
    /// The medicines that they take; an empty list says none, also where a record says nothing.
    #[serde(alias = "medications")]
    current_medications: Option<Vec<Text<200>>>,
    /// Whether their kidneys work badly.
    #[serde(alias = "renal_impairment")]
    kidney_impaired: Option<bool>,
    /// Whether their liver works badly.
    #[serde(alias = "hepatic_impairment")]
    liver_impaired: Option<bool>,
}

/// Ask what could be given instead of a medicine, or for a complaint.
#[utoipa::path(post, path = "/api/recommendations", tag = "recommendations", request_body = NewQuestion, params(
    ("Prefer" = Option<String>, Header, description = "`wait=N` waits N seconds for the answer, 8 at most; `respond-async` does not wait. Five if nothing is said."),
), responses(
    (status = 200, description = "The answer: a draft for a clinician, or plain information for a patient. It may say that something has to be known first.", body = RecommendationView),
    (status = 202, description = "It takes longer. The answer will be where `Location` says.", body = RecommendationView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 403, description = "Who only books appointments does not ask, nor do patients whose hospitals do not inform them, nor doctors to whom the record is not open.", body = Problem),
    (status = 404, description = "There is no such patient, or the caller does not know them.", body = Problem),
    (status = 409, description = "The same `Idempotency-Key` came with another question, or is still at work.", body = Problem),
    (status = 429, description = "The caller asks too often.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    prefer: Prefer,
    State(store): State<Store>,
    State(limiter): State<Limiter>,
    Body(new): Body<NewQuestion>,
) -> Result<(StatusCode, HeaderMap, Tagged<Json<RecommendationView>>)> {
    let end = Instant::now() + prefer.patience();
    limiter.count_of(BUCKET, &actor).await?;
    let place = Place::of(&actor, &store).await?;
    let told = new.patient_info.unwrap_or_default();
    let (opened, facts) = facts(new.patient, told, &actor, &store).await?;
    let inquiry = Inquiry::of(new.medicine_name, new.indication, facts)?;
    let patient = opened.as_ref().map(|repository| repository.patient.id);
    let asked = place.ask(inquiry, patient, &actor, &store).await?;
    let permit = actor.create(Action::RequestRecommendation, &asked)?;
    // The line about the question is that about the look, too.
    let opened = opened.iter().flat_map(Subject::facts);
    let permit = opened.fold(permit, |permit, (name, fact)| permit.noting(name, fact));
    store.recommendations().ask(&asked, &permit.noting("state", asked.state())).await?;
    let asked = waited(asked, end, &store).await?;
    Ok(answer(asked, &prefer))
}

/// For whom an answer is, and by what it is given.
struct Place {
    audience: Audience,
    tenant: Tenant,
    ground: Ground,
}

impl Place {
    /// The place of whoever asks. Patients have one only at a hospital that informs its patients.
    async fn of(actor: &Actor, store: &Store) -> Result<Self> {
        let (audience, tenant) = match actor.role() {
            Some(Role::Patient) => {
                let patient = store.patients().find(actor.patient()?).await?.view(actor)?;
                let open = store.recommendations().open_to(&patient).await?;
                let hospital = open.ok_or(RecommendationError::Closed)?;
                (Audience::Patient, Tenant::Hospital(hospital))
            }
            Some(Role::Doctor | Role::Hospital | Role::Admin | Role::Superadmin) => {
                (Audience::Clinician, Tenant::of(actor).ok_or(Denied::Forbidden)?)
            }
            Some(Role::Coordinator) | None => return Err(Denied::Forbidden.into()),
        };
        let ground = store.recommendations().ground(tenant.hospital()).await?;
        Ok(Self { audience, tenant, ground })
    }

    /// The question, with its answer if that is there already.
    async fn ask(
        &self,
        inquiry: Inquiry,
        patient: Option<PatientId>,
        actor: &Actor,
        store: &Store,
    ) -> Result<Recommendation> {
        let requester = actor.user.ok_or(Denied::Forbidden)?;
        let Self { audience, tenant, ground } = self;
        let key = inquiry.key(*tenant, *audience, &ground.formulary, &ground.rules);
        let known = store.recommendations().known(*tenant, &key, actor.at).await?;
        let question = Question { inquiry, audience: *audience, patient, key };
        let asked = Recommendation::ask(question, *tenant, requester, actor);
        Ok(match known {
            Some(findings) => asked.known_already(findings),
            None => asked,
        })
    }
}

/// What is known about the person: what the record says, if one is named, and what is told besides.
/// A record that was merged leads to the one that stayed.
async fn facts(
    patient: Option<PatientId>,
    told: Told,
    actor: &Actor,
    store: &Store,
) -> Result<(Option<Repository>, Facts)> {
    let Some(patient) = patient else { return Ok((None, told.into())) };
    let repository = store.repositories().find(patient, actor).await?.view(actor)?;
    let bedside = store.prescriptions().bedside(repository.patient.id, None).await?;
    let facts = bedside.ok_or(Denied::NotFound)?.facts(actor.at);
    Ok((Some(repository), facts.with(told.into())))
}

/// The recommendation as it is when it is answered, or when patience is over.
async fn waited(asked: Recommendation, end: Instant, store: &Store) -> Result<Recommendation> {
    let (requester, id) = (asked.requester, asked.id);
    let mut latest = asked;
    while latest.state() == RecommendationState::Queued && Instant::now() < end {
        sleep(LOOK.min(end.saturating_duration_since(Instant::now()))).await;
        let found = store.recommendations().recorded(requester, id).await?;
        latest = found.unwrap_or(latest);
    }
    Ok(latest)
}

fn answer(
    asked: Recommendation,
    prefer: &Prefer,
) -> (StatusCode, HeaderMap, Tagged<Json<RecommendationView>>) {
    let status = match asked.state() {
        RecommendationState::Queued => StatusCode::ACCEPTED,
        RecommendationState::Done | RecommendationState::Failed => StatusCode::OK,
    };
    let mut headers = prefer.applied();
    let location = HeaderValue::from_str(&format!("/api/recommendations/{}", asked.id));
    headers.extend(location.ok().map(|location| (LOCATION, location)));
    (status, headers, tagged(asked))
}

impl From<Told> for Facts {
    fn from(told: Told) -> Self {
        Self {
            age: told.age,
            sex: told.sex,
            pregnant: told.pregnant,
            weight_kg: told.weight_kg,
            allergy_status: told.allergy_status.unwrap_or_default(),
            allergies: told.allergies,
            comorbidities: told.comorbidities,
            current_medications: told.current_medications,
            kidney_impaired: told.kidney_impaired,
            liver_impaired: told.liver_impaired,
            ..Self::default()
        }
    }
}
