//! `/api/lab-results`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    created::Created,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path, Query},
    form,
    form::{Change, Invalid, replace},
    listing::{Listing, PageView, Paging, WholeView},
};
use carehub_domain::{
    access::{Action, PatientId, Permit},
    appointment::AppointmentId,
    chart::Chart,
    doctor::DoctorId,
    hospital::HospitalId,
    lab::{
        Direction, Flag, LabError, LabReport, LabResult, LabResultId, LabStatus, Reading, TestType,
        Trend,
    },
    medical_record::MedicalRecordId,
    revision::Revised,
    text::Text,
};
use carehub_store::{LabFilter, Store};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::pile::pile;

form! {
    /// The result of a test, or a test that was ordered.
    pub(crate) struct NewLabResult {
        /// The record of the visit at which it was ordered.
        medical_record: MedicalRecordId = "medical_record_id",
        /// What was tested.
        test_name: Text<200>,
        /// In what.
        test_type: TestType,
        /// What came out.
        result_value: Option<Reading> = "value",
        /// In which unit.
        result_unit: Option<Text<50>> = "unit",
        /// What is usual: `3.5-5.0`, `<5`, `up to 40`, `>= 60`, or anything in words.
        reference_range: Option<Text<200>>,
        /// What to make of it; `PENDING` without a value if nothing is said.
        status: Option<LabStatus>,
        /// What there is to say about it.
        notes: Option<Text<2000>>,
        /// When it was ordered; today if nothing is said.
        ordered_date: Option<Date>,
        /// When the result was there.
        result_date: Option<Date>,
    }
}

form! {
    /// Changes to the result of a test. What is not there stays.
    pub(crate) struct LabResultChanges {
        /// The record of the visit. It stays the same, and may be sent along.
        medical_record: Option<MedicalRecordId> = "medical_record_id",
        /// What was tested.
        test_name: Option<Text<200>>,
        /// In what.
        test_type: Option<TestType>,
        /// What came out.
        result_value: Change<Reading> = "value",
        /// In which unit.
        result_unit: Change<Text<50>> = "unit",
        /// What is usual.
        reference_range: Change<Text<200>>,
        /// What to make of it.
        status: Option<LabStatus>,
        /// What there is to say about it.
        notes: Change<Text<2000>>,
        /// When it was ordered.
        ordered_date: Option<Date>,
        /// When the result was there.
        result_date: Change<Date>,
    }
}

form! {
    /// Which results to list.
    pub(crate) struct WantedLabResults {
        /// Only those about this patient.
        patient: Option<PatientId> = "patient_id",
        /// Only those of this medical record.
        medical_record: Option<MedicalRecordId> = "medical_record_id",
        /// Only this type of test.
        test_type: Option<TestType>,
        /// Only those of which somebody made this.
        status: Option<LabStatus>,
        /// Only this test.
        test_name: Option<Text<200>>,
        /// Accepted and without effect: newest first.
        ordering: Option<String>,
    }
}

form! {
    /// Whose results of which test to draw.
    pub(crate) struct WantedTrend {
        /// The patient. Patients need not say so.
        patient: Option<PatientId> = "patient_id",
        /// The test.
        test_name: Text<200> = "test",
    }
}

/// The result of a test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LabResultView {
    /// Identifies the result.
    pub id: LabResultId,
    /// The record of the visit at which it was ordered.
    pub medical_record: MedicalRecordId,
    /// The visit.
    pub appointment: AppointmentId,
    /// Who was tested.
    pub patient: PatientId,
    /// What the patient was called then.
    pub patient_name: Text<301>,
    /// Who ordered it.
    pub doctor: DoctorId,
    /// What the doctor was called then.
    pub doctor_name: Option<Text<301>>,
    /// At which hospital.
    pub hospital: Option<HospitalId>,
    /// What the hospital was called then.
    pub hospital_name: Option<Text<255>>,
    /// What was tested.
    pub test_name: Text<200>,
    /// In what.
    pub test_type: TestType,
    /// What came out.
    pub result_value: Option<Reading>,
    /// In which unit.
    pub result_unit: Option<Text<50>>,
    /// What is usual.
    pub reference_range: Option<Text<200>>,
    /// What whoever wrote it down makes of it.
    pub status: LabStatus,
    /// Where it lies. `null` if that cannot be said for certain, which does not mean that it is
    /// normal.
    pub flag: Option<Flag>,
    /// Whether somebody should look at it.
    pub is_abnormal: bool,
    /// What there is to say about it.
    pub notes: Option<Text<2000>>,
    /// When it was ordered.
    pub ordered_date: Date,
    /// When the result was there.
    pub result_date: Option<Date>,
    /// How often it has been written.
    pub version: u32,
    /// When it was written down.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The result of a test, beside the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ComparedResultView {
    /// The result.
    #[serde(flatten)]
    pub result: LabResultView,
    /// How it compares with the one before in the same unit; `null` if there is none.
    pub trend: Option<TrendView>,
}

/// How a result compares with the one before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrendView {
    /// Where it leads.
    pub direction: Direction,
    /// The result before.
    pub previous: LabResultId,
    /// What came out then.
    pub previous_value: Option<Reading>,
    /// When.
    pub previous_date: Date,
}

/// One result in a chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PointView {
    /// The result.
    pub id: LabResultId,
    /// When.
    pub date: Date,
    /// What came out.
    pub value: Option<Reading>,
    /// In which unit. Points in different units belong to different lines.
    pub unit: Option<Text<50>>,
    /// What is usual.
    pub reference_range: Option<Text<200>>,
    /// What whoever wrote it down makes of it.
    pub status: LabStatus,
    /// Where it lies.
    pub flag: Option<Flag>,
}

/// List the results of tests.
#[utoipa::path(get, path = "/api/lab-results", tag = "records", params(
    ("patient" = Option<PatientId>, Query, description = "Only those about this patient."),
    ("medical_record" = Option<MedicalRecordId>, Query, description = "Only those of this medical record."),
    ("test_type" = Option<TestType>, Query, description = "Only this type of test."),
    ("status" = Option<LabStatus>, Query, description = "Only those of which somebody made this."),
    ("test_name" = Option<String>, Query, description = "Only this test, in any case."),
    Paging,
), responses(
    (status = 200, description = "The results, newest first: for patients and doctors their own, for hospitals their own that are not sensitive, for admins all. With `patient` a doctor whom the patient let in sees all that are not sensitive. Who lists those of others leaves a line in the access log of each of them.", body = PageView<LabResultView>),
    (status = 400, description = "Some filters are not right.", body = Problem),
    (status = 403, description = "Coordinators read no results.", body = Problem),
    (status = 404, description = "There is no such patient, or the caller does not know them.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    listing: Listing<WantedLabResults>,
    State(store): State<Store>,
) -> Result<Json<PageView<LabResultView>>> {
    let (filter, patient) = (listing.filter.filter(), listing.filter.patient);
    let (pile, permit) = pile(patient, Action::ListLabResults, &actor, &store).await?;
    let (results, window) = (store.lab_results(), listing.window.clone());
    let page = results.on(&pile, &filter, &actor, window).await?.visible_to(&actor);
    store.events().note_page(permit, &page.records).await?;
    Ok(listing.answer(page, |chart| LabResultView::from(chart.paper.result)))
}

/// Write down the result of a test.
#[utoipa::path(post, path = "/api/lab-results", tag = "records", request_body = NewLabResult, responses(
    (status = 201, description = "The result, with where it lies and how it compares with the one before.", body = ComparedResultView),
    (status = 400, description = "Some fields are not right, the result comes before it was ordered, or a value has no status.", body = Problem),
    (status = 403, description = "Only the doctor of the visit, the hospital and admins may do this.", body = Problem),
    (status = 404, description = "There is no such medical record, or it is not for this person to see.", body = Problem),
))]
pub(crate) async fn write(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
    Body(new): Body<NewLabResult>,
) -> Result<Created<Tagged<Json<ComparedResultView>>>> {
    let found = store.medical_records().find(new.medical_record, &actor).await?.view(&actor)?;
    let today = actor.at.to_zoned(TimeZone::UTC).date();
    let ordered = new.ordered_date.unwrap_or_else(|| new.result_date.unwrap_or(today).min(today));
    let (name, kind) = (new.test_name.clone(), new.test_type);
    let mut result = LabResult::order(&found.paper, name, kind, ordered, &actor);
    new.fill(&mut result)?;
    demand_sound(&result)?;
    let reader = found.reader();
    let chart = Chart::of(LabReport { result, record: found.paper }, reader);
    let permit = actor.create(Action::CreateLabResult, &chart)?;
    chart.demand_own_visit(&actor)?;
    let result = &chart.paper.result;
    let trend = store.lab_results().trend(&chart, &actor).await?;
    store.lab_results().write(result, &noting(permit, result)).await?;
    let location = format!("/api/lab-results/{}", result.id);
    Ok(Created::at(location, compared(result, trend)))
}

/// Draw the results of one test.
#[utoipa::path(get, path = "/api/lab-results/trend", tag = "records", params(
    ("patient" = Option<PatientId>, Query, description = "The patient. Patients need not say so."),
    ("test_name" = String, Query, description = "The test, in any case."),
), responses(
    (status = 200, description = "The latest two hundred results that are numbers, oldest first, of those that the caller may see. Who reads about somebody else leaves a line in the audit log.", body = WholeView<PointView>),
    (status = 400, description = "No test or no patient is named.", body = Problem),
    (status = 403, description = "Coordinators read no results.", body = Problem),
    (status = 404, description = "There is no such patient, or the caller does not know them.", body = Problem),
))]
pub(crate) async fn trend(
    CurrentActor(actor): CurrentActor,
    Query(wanted): Query<WantedTrend>,
    State(store): State<Store>,
) -> Result<Json<WholeView<PointView>>> {
    let patient = wanted.patient.or(actor.patient().ok());
    let patient = patient.ok_or_else(|| Invalid::field("patient", "is required"))?;
    let (pile, permit) = pile(Some(patient), Action::ListLabResults, &actor, &store).await?;
    let series = store.lab_results().series(&pile, wanted.test_name.reveal(), &actor).await?;
    let permit = permit.noting("what", "trend").noting("count", series.len());
    store.events().note_look(&permit).await?;
    let points = series.into_iter().map(|chart| PointView::from(chart.paper.result));
    Ok(Json(WholeView::of(points.collect())))
}

/// See the result of a test.
#[utoipa::path(get, path = "/api/lab-results/{id}", tag = "records", params(
    ("id" = LabResultId, Path, description = "The result."),
), responses(
    (status = 200, description = "The result, with where it lies and how it compares with the one before. Who reads about somebody else leaves a line in the audit log.", body = ComparedResultView),
    (status = 404, description = "There is no such result, or it is not for this person to see.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<LabResultId>,
    State(store): State<Store>,
) -> Result<Tagged<Json<ComparedResultView>>> {
    let found = store.lab_results().find(id, &actor).await?;
    let (chart, permit) = found.permit(&actor, Action::ViewLabResult)?;
    let trend = store.lab_results().trend(&chart, &actor).await?;
    store.events().note_look(&permit).await?;
    Ok(compared(&chart.paper.result, trend))
}

/// Change the result of a test.
#[utoipa::path(patch, path = "/api/lab-results/{id}", tag = "records", request_body = LabResultChanges, params(
    ("id" = LabResultId, Path, description = "The result."),
), responses(
    (status = 200, description = "The result as it is now. What it said before is kept. `PUT` means the same.", body = ComparedResultView),
    (status = 400, description = "Some fields are not right, the result comes before it was ordered, a value for a result that is `PENDING` has no status, or the medical record is another one.", body = Problem),
    (status = 403, description = "Only the doctor of the visit, the hospital and admins may do this.", body = Problem),
    (status = 404, description = "There is no such result, or it is not for this person to see.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<LabResultId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<LabResultChanges>,
) -> Result<Tagged<Json<ComparedResultView>>> {
    let found = store.lab_results().find(id, &actor).await?;
    let (mut chart, permit) = found.permit(&actor, Action::EditLabResult)?;
    chart.demand_own_visit(&actor)?;
    expected.check(&chart.paper.result)?;
    let before = chart.paper.result.clone();
    let result = &mut chart.paper.result;
    let changed = changes.apply(result, actor.at)?;
    demand_sound(result)?;
    let permit = noting(permit, result).changing(&changed);
    let trend = store.lab_results().trend(&chart, &actor).await?;
    store.lab_results().save(&before, &mut chart.paper.result, &permit).await?;
    Ok(compared(&chart.paper.result, trend))
}

/// List the versions of the result of a test.
#[utoipa::path(get, path = "/api/lab-results/{id}/versions", tag = "records", params(
    ("id" = LabResultId, Path, description = "The result."),
), responses(
    (status = 200, description = "All that the result ever said, newest first. Who reads about somebody else leaves a line in the audit log.", body = WholeView<LabResultView>),
    (status = 404, description = "There is no such result, or it is not for this person to see.", body = Problem),
))]
pub(crate) async fn versions(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<LabResultId>,
    State(store): State<Store>,
) -> Result<Json<WholeView<LabResultView>>> {
    let found = store.lab_results().find(id, &actor).await?;
    let (chart, permit) = found.permit(&actor, Action::ViewLabResult)?;
    let versions = store.lab_results().versions(&chart.paper.result).await?;
    store.events().note_look(&permit.noting("versions", versions.len())).await?;
    Ok(Json(WholeView::of(versions.into_iter().map(LabResultView::from).collect())))
}

fn demand_sound(result: &LabResult) -> Result<()> {
    result.demand_sound().map_err(|error| match error {
        LabError::ResultTooEarly => Invalid::field("result_date", error).into(),
        LabError::ValueMissing => Invalid::field("result_value", error).into(),
        LabError::Stale => error.into(),
    })
}

/// Whoever is told of a result needs to know how urgent it is, and nothing of what it says.
fn noting(permit: Permit, result: &LabResult) -> Permit {
    let permit = match result.flag() {
        Some(flag) => permit.noting("flag", flag),
        None => permit,
    };
    permit
        .noting("status", result.status)
        .noting("medical_record", result.record)
        .noting("doctor", result.doctor)
}

fn compared(result: &LabResult, trend: Option<Trend>) -> Tagged<Json<ComparedResultView>> {
    let trend = trend.map(TrendView::from);
    let view = ComparedResultView { result: result.clone().into(), trend };
    Tagged::of(result, Json(view))
}

impl From<LabResult> for LabResultView {
    fn from(result: LabResult) -> Self {
        let (flag, is_abnormal) = (result.flag(), result.is_abnormal());
        Self {
            id: result.id,
            medical_record: result.record,
            appointment: result.appointment,
            patient: result.patient,
            version: result.revision().number(),
            patient_name: result.patient_name,
            doctor: result.doctor,
            doctor_name: result.doctor_name,
            hospital: result.hospital,
            hospital_name: result.hospital_name,
            test_name: result.test_name,
            test_type: result.test_type,
            result_value: result.value,
            result_unit: result.unit,
            reference_range: result.reference_range,
            status: result.status,
            flag,
            is_abnormal,
            notes: result.notes,
            ordered_date: result.ordered_on,
            result_date: result.resulted_on,
            created_at: result.created_at,
            updated_at: result.updated_at,
        }
    }
}

impl From<Trend> for TrendView {
    fn from(Trend { direction, previous }: Trend) -> Self {
        Self {
            direction,
            previous: previous.id,
            previous_date: previous.on(),
            previous_value: previous.value,
        }
    }
}

impl From<LabResult> for PointView {
    fn from(result: LabResult) -> Self {
        Self {
            id: result.id,
            date: result.on(),
            flag: result.flag(),
            value: result.value,
            unit: result.unit,
            reference_range: result.reference_range,
            status: result.status,
        }
    }
}

impl NewLabResult {
    fn fill(self, result: &mut LabResult) -> Result<(), Invalid> {
        result.status = match (self.status, &self.result_value) {
            (Some(status), _) => status,
            (None, None) => LabStatus::Pending,
            (None, Some(_)) => return Err(unjudged()),
        };
        result.value = self.result_value;
        result.unit = self.result_unit;
        result.reference_range = self.reference_range;
        result.notes = self.notes;
        result.resulted_on = self.result_date;
        Ok(())
    }
}

impl LabResultChanges {
    fn apply(self, result: &mut LabResult, now: Timestamp) -> Result<Vec<&'static str>, Invalid> {
        if self.medical_record.is_some_and(|record| record != result.record) {
            return Err(Invalid::field("medical_record", "a result stays with its visit"));
        }
        let (is_judged, mut changed) = (self.status.is_some(), Vec::new());
        replace(&mut result.test_name, self.test_name, "test_name", &mut changed);
        replace(&mut result.test_type, self.test_type, "test_type", &mut changed);
        self.result_value.apply(&mut result.value, "result_value", &mut changed);
        self.result_unit.apply(&mut result.unit, "result_unit", &mut changed);
        self.reference_range.apply(&mut result.reference_range, "reference_range", &mut changed);
        replace(&mut result.status, self.status, "status", &mut changed);
        self.notes.apply(&mut result.notes, "notes", &mut changed);
        replace(&mut result.ordered_on, self.ordered_date, "ordered_date", &mut changed);
        self.result_date.apply(&mut result.resulted_on, "result_date", &mut changed);
        result.updated_at = now;
        let has_come = result.value.is_some() && changed.contains(&"result_value");
        match has_come && result.status == LabStatus::Pending && !is_judged {
            true => Err(unjudged()),
            false => Ok(changed),
        }
    }
}

/// Nobody is told of a value before somebody says what to make of it.
fn unjudged() -> Invalid {
    Invalid::field("status", "is required with a value")
}

impl WantedLabResults {
    fn filter(&self) -> LabFilter {
        LabFilter {
            record: self.medical_record,
            kind: self.test_type,
            status: self.status,
            test: self.test_name.as_ref().map(|name| name.reveal().to_owned()),
        }
    }
}
