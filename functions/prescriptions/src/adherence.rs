//! `/api/prescriptions/adherence`

use axum::{
    extract::State,
    http::{HeaderName, StatusCode, header::LOCATION},
};
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path, Query},
    form,
    form::Invalid,
    listing::{Listing, PageView, Paging},
};
use carehub_domain::{
    access::{Action, Actor, Denied, PatientId, Permit},
    adherence::{AdherenceError, Dose, DoseId, DoseList, Outcome, Score, Stretch, Telling},
    doctor::DoctorId,
    prescription::{ItemId, Prescription, PrescriptionId},
    text::Text,
};
use carehub_store::{Store, WriteError, win};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::entry::found;

form! {
    /// Which doses to list.
    pub(crate) struct Wanted {
        /// Only those of this medicine.
        medication: Option<ItemId> = "medication_id",
        /// Only those of this patient.
        patient: Option<PatientId> = "patient_id",
        /// Accepted and without effect: every list has one order.
        ordering: Option<String>,
    }
}

form! {
    /// Which doses to count.
    pub(crate) struct Counted {
        /// Only those of this medicine.
        medication: Option<ItemId> = "medication_id",
        /// Only those of this patient.
        patient: Option<PatientId> = "patient_id",
        /// None before this day in UTC; 29 days before the last one if nothing is said.
        date_from: Option<Date> = "from" | "start_date",
        /// None behind this day in UTC; today if nothing is said.
        date_to: Option<Date> = "to" | "end_date",
    }
}

form! {
    /// What became of a dose.
    pub(crate) struct NewTelling {
        /// The medicine, one of a prescription.
        medication: ItemId = "medication_id",
        /// What became of it.
        status: Outcome,
        /// When it was due; when it was taken, or else now, if nothing is said.
        scheduled_at: Option<Timestamp> = "scheduled_time",
        /// When it was taken.
        taken_at: Option<Timestamp> = "taken_time",
        /// What else there is to say.
        notes: Option<Text<1000>>,
    }
}

/// A dose of a medicine, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DoseView {
    /// Identifies the dose.
    pub id: DoseId,
    /// The medicine.
    pub medication: ItemId,
    /// The prescription that it is of.
    pub prescription: PrescriptionId,
    /// Who takes it.
    pub patient: PatientId,
    /// Who prescribed it.
    pub doctor: DoctorId,
    /// What became of it.
    pub status: Outcome,
    /// When it was due.
    pub scheduled_at: Timestamp,
    /// When it was taken.
    pub taken_at: Option<Timestamp>,
    /// What else the patient says.
    pub notes: Option<Text<1000>>,
    /// When the patient told it.
    pub told_at: Timestamp,
    /// How often the patient told something else before.
    pub corrections: usize,
}

/// Whether a patient takes what was prescribed, in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AdherenceView {
    /// Who takes it.
    pub patient: PatientId,
    /// The first day, in UTC.
    pub date_from: Date,
    /// The last day, in UTC.
    pub date_to: Date,
    /// All medicines together.
    pub overall: ScoreView,
    /// Each of them.
    pub medications: Vec<MedicineScoreView>,
}

/// What became of the doses of one medicine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MedicineScoreView {
    /// The medicine.
    pub medication: ItemId,
    /// The prescription that it is of.
    pub prescription: PrescriptionId,
    /// What became of them.
    #[serde(flatten)]
    pub score: ScoreView,
}

/// What became of some doses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScoreView {
    /// How many came to what.
    #[serde(flatten)]
    pub score: Score,
    /// How many there are.
    pub total: u32,
    /// How many of a hundred were taken; `null` if nothing was told.
    #[schema(example = "87.5")]
    pub rate: Option<String>,
}

type Told = (StatusCode, [(HeaderName, String); 1], Tagged<Json<DoseView>>);

/// List what became of doses.
#[utoipa::path(get, path = "/api/prescriptions/adherence", tag = "prescriptions", params(
    ("medication" = Option<ItemId>, Query, description = "Only those of this medicine. Doctors and hospitals have to name one that they prescribed. Also `medication_id`."),
    ("patient" = Option<PatientId>, Query, description = "Only those of this patient; for patients, their own. Also `patient_id`."),
    Paging,
), responses(
    (status = 200, description = "The doses, the last one that was due first. Who reads about somebody else leaves a line in the audit log.", body = PageView<DoseView>),
    (status = 400, description = "Some parameters are not right, or neither medicine nor patient is named.", body = Problem),
    (status = 403, description = "Only the patient, the doctor and hospital that prescribed it, and admins see them.", body = Problem),
    (status = 404, description = "There is no such medicine, or it is not for this person to see.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Wanted>,
    State(store): State<Store>,
) -> Result<Json<PageView<DoseView>>> {
    let Wanted { medication, patient, .. } = listing.filter;
    let (patient, permit) = whose(medication, patient, &actor, &store).await?;
    let page = store.adherence().list(patient, medication, listing.window.clone()).await?;
    let page = page.visible_to(&actor);
    store.events().note_look(&permit.noting("count", page.records.len())).await?;
    Ok(listing.answer(page, DoseView::from))
}

/// Tell what became of a dose.
#[utoipa::path(post, path = "/api/prescriptions/adherence", tag = "prescriptions", request_body = NewTelling, responses(
    (status = 200, description = "The dose, of which something was told before. What was told is kept.", body = DoseView),
    (status = 201, description = "The dose.", body = DoseView),
    (status = 400, description = "Some fields are not right, the medicine was not prescribed at that time, or the dose is yet to come.", body = Problem),
    (status = 403, description = "Only the patient tells it.", body = Problem),
    (status = 404, description = "There is no such medicine, or it is not for this person to see.", body = Problem),
    (status = 409, description = "The dose was told of too often.", body = Problem),
))]
pub(crate) async fn tell(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
    Body(new): Body<NewTelling>,
) -> Result<Told> {
    let id = new.medication.prescription();
    let (prescription, _) = found(id, Action::TellAdherence, &actor, &store).await?;
    let dose = new.read(&prescription, &actor)?;
    let (status, dose) = win(|| told(&dose, &actor, &store)).await?;
    let location = [(LOCATION, format!("/api/prescriptions/adherence/{}", dose.id))];
    Ok((status, location, tagged(dose)))
}

/// See what became of a dose.
#[utoipa::path(get, path = "/api/prescriptions/adherence/{id}", tag = "prescriptions", params(
    ("id" = DoseId, Path, description = "The dose."),
), responses(
    (status = 200, description = "The dose.", body = DoseView),
    (status = 403, description = "Only patients look at single doses. Others list them.", body = Problem),
    (status = 404, description = "There is no such dose of theirs.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DoseId>,
    State(store): State<Store>,
) -> Result<Tagged<Json<DoseView>>> {
    let dose = store.adherence().find(actor.patient()?, id).await?.view(&actor)?;
    Ok(tagged(dose))
}

/// Take back what was told of a dose.
#[utoipa::path(delete, path = "/api/prescriptions/adherence/{id}", tag = "prescriptions", params(
    ("id" = DoseId, Path, description = "The dose."),
), responses(
    (status = 204, description = "Nobody finds the dose any more. What was told is kept."),
    (status = 403, description = "Only the patient takes it back.", body = Problem),
    (status = 404, description = "There is no such dose of theirs.", body = Problem),
    (status = 409, description = "The patient told something else at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn remove(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<DoseId>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    let found = store.adherence().find(actor.patient()?, id).await?;
    let (dose, permit) = found.permit(&actor, Action::DeleteAdherence)?;
    expected.check(&dose)?;
    store.adherence().save(&mut dose.take_back(&actor), &permit).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// See in numbers whether a patient takes what was prescribed.
#[utoipa::path(get, path = "/api/prescriptions/adherence/summary", tag = "prescriptions", params(
    ("medication" = Option<ItemId>, Query, description = "Only this medicine. Doctors and hospitals have to name one that they prescribed. Also `medication_id`."),
    ("patient" = Option<PatientId>, Query, description = "Of this patient; for patients, themselves. Also `patient_id`."),
    ("date_from" = Option<Date>, Query, description = "The first day in UTC; 29 days before the last one if nothing is said. Also `from`."),
    ("date_to" = Option<Date>, Query, description = "The last day in UTC, at most 91 days behind the first; today if nothing is said. Also `to`."),
), responses(
    (status = 200, description = "The numbers of each medicine. Who reads about somebody else leaves a line in the audit log.", body = AdherenceView),
    (status = 400, description = "Some parameters are not right, or neither medicine nor patient is named.", body = Problem),
    (status = 403, description = "Only the patient, the doctor and hospital that prescribed it, and admins see them.", body = Problem),
    (status = 404, description = "There is no such medicine, or it is not for this person to see.", body = Problem),
))]
pub(crate) async fn summary(
    CurrentActor(actor): CurrentActor,
    Query(wanted): Query<Counted>,
    State(store): State<Store>,
) -> Result<Json<AdherenceView>> {
    let stretch = Stretch::read(wanted.date_from, wanted.date_to, actor.at)?;
    let (patient, permit) = whose(wanted.medication, wanted.patient, &actor, &store).await?;
    let scores = store.adherence().scores(patient, wanted.medication, stretch).await?;
    store.events().note_look(&permit.noting("count", scores.len())).await?;
    let overall = scores.values().copied().fold(Score::default(), Score::and);
    let medications = scores.into_iter().map(|(medication, score)| MedicineScoreView {
        medication,
        prescription: medication.prescription(),
        score: score.into(),
    });
    Ok(Json(AdherenceView {
        patient,
        date_from: stretch.from,
        date_to: stretch.until,
        overall: overall.into(),
        medications: medications.collect(),
    }))
}

/// The patient who takes a medicine, or the one named, for somebody who may see how.
async fn whose(
    medication: Option<ItemId>,
    patient: Option<PatientId>,
    actor: &Actor,
    store: &Store,
) -> Result<(PatientId, Permit)> {
    if let Some(medication) = medication {
        let id = medication.prescription();
        let (prescription, permit) = found(id, Action::ViewAdherence, actor, store).await?;
        let _item = prescription.item(medication).ok_or(Denied::NotFound)?;
        return Ok((prescription.patient, permit));
    }
    let Some(patient) = patient.or(actor.patient().ok()) else {
        return Err(Invalid::field("medication", "is required").into());
    };
    Ok((patient, actor.create(Action::ViewAdherence, &DoseList { patient })?))
}

/// Notes what was told of a dose, unless the patient told something at the same time.
async fn told(new: &Dose, actor: &Actor, store: &Store) -> Result<Option<(StatusCode, Dose)>> {
    let adherence = store.adherence();
    let before = adherence.recorded(new.patient, new.id).await?;
    let permit = actor.create(Action::TellAdherence, new)?;
    let permit = permit.noting("status", new.telling.outcome);
    let (status, dose, written) = match before {
        None => {
            let dose = new.clone();
            let written = adherence.tell(&dose, &permit).await;
            (StatusCode::CREATED, dose, written)
        }
        Some(before) if before.says(&new.telling) => return Ok(Some((StatusCode::OK, before))),
        Some(before) => {
            let mut dose = before.correct(new.telling.clone())?;
            let written = adherence.save(&mut dose, &permit).await;
            (StatusCode::OK, dose, written)
        }
    };
    match written {
        Ok(()) => Ok(Some((status, dose))),
        Err(WriteError::Condition(AdherenceError::Stale)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn tagged(dose: Dose) -> Tagged<Json<DoseView>> {
    Tagged::showing(dose, Into::into)
}

impl NewTelling {
    fn read(self, prescription: &Prescription, by: &Actor) -> Result<Dose, AdherenceError> {
        let Self { medication, status, scheduled_at, taken_at, notes } = self;
        let scheduled_at = scheduled_at.or(taken_at).unwrap_or(by.at);
        let telling = Telling { outcome: status, taken_at, notes, told_at: by.at };
        Dose::tell(medication, prescription, scheduled_at, telling)
    }
}

impl From<Dose> for DoseView {
    fn from(dose: Dose) -> Self {
        Self {
            id: dose.id,
            medication: dose.medication,
            prescription: dose.medication.prescription(),
            patient: dose.patient,
            doctor: dose.doctor,
            status: dose.telling.outcome,
            scheduled_at: dose.scheduled_at,
            taken_at: dose.telling.taken_at,
            notes: dose.telling.notes,
            told_at: dose.telling.told_at,
            corrections: dose.earlier.len(),
        }
    }
}

impl From<Score> for ScoreView {
    fn from(score: Score) -> Self {
        let percent = |rate: u32| format!("{}.{}", rate / 10, rate % 10);
        Self { score, total: score.total(), rate: score.per_mille().map(percent) }
    }
}
