//! `/api/medical-records`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    created::Created,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
    form::{Change, Invalid, replace},
    listing::{Listing, PageView, Paging, WholeView},
    vitals::{
        Celsius, Centimetres, Fahrenheit, Inches, Kilograms, Pounds, one, pressure, readings,
        wanted,
    },
};
use carehub_domain::{
    access::{Action, PatientId, Permit, Subject},
    appointment::AppointmentId,
    chart::Chart,
    consultation::{
        BloodGlucose, BloodPressure, Diastolic, HeartRate, Height, OxygenSaturation,
        RespiratoryRate, Systolic, Temperature, VitalSigns, Weight,
    },
    doctor::DoctorId,
    hospital::HospitalId,
    medical_record::{MedicalRecord, MedicalRecordError, MedicalRecordId, VisitAccount},
    prescription::{ItemId, Prescription, PrescriptionId, PrescriptionStatus},
    revision::Revised,
    text::Text,
};
use carehub_store::{Concluded, MedicalRecordFilter, Store};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{LabResultView, pile::pile};

form! {
    /// The record of a visit. Temperature, weight and height are in °F, pounds and inches unless
    /// the name of the field says otherwise.
    pub(crate) struct NewMedicalRecord {
        /// The visit.
        appointment: AppointmentId = "appointment_id",
        /// What was found.
        diagnosis: Text<5000>,
        /// What was done.
        treatment: Option<Text<5000>>,
        /// What was prescribed, in words.
        prescription: Option<Text<5000>>,
        /// What tests have shown, in words.
        lab_results: Option<Text<5000>> = "lab_results_text",
        /// Whether the patient should come again; as `follow_up_date` suggests if nothing is said.
        follow_up_required: Option<bool>,
        /// When: on a day after the visit.
        follow_up_date: Option<Date>,
        /// The pressure while the heart beats, in mmHg.
        blood_pressure_systolic: Option<Systolic>,
        /// The pressure between two beats, in mmHg.
        blood_pressure_diastolic: Option<Diastolic>,
        /// Beats in a minute.
        heart_rate: Option<HeartRate>,
        /// How warm the body is, in °F.
        temperature: Option<Fahrenheit> = "temperature_f",
        /// The same in °C, instead.
        temperature_c: Option<Celsius>,
        /// How heavy the person is, in pounds.
        weight: Option<Pounds> = "weight_lb",
        /// The same in kg, instead.
        weight_kg: Option<Kilograms>,
        /// How tall the person is, in inches.
        height: Option<Inches> = "height_in",
        /// The same in cm, instead.
        height_cm: Option<Centimetres>,
        /// Breaths in a minute.
        respiratory_rate: Option<RespiratoryRate>,
        /// How much of the haemoglobin carries oxygen, in percent.
        oxygen_saturation: Option<OxygenSaturation>,
        /// Glucose in the blood, in mg/dL.
        blood_glucose: Option<BloodGlucose>,
        /// The allergies that were spoken of.
        allergies: Option<Text<2000>>,
        /// The medicines that were spoken of.
        medications: Option<Text<2000>>,
        /// Earlier illnesses that were spoken of.
        medical_history: Option<Text<5000>>,
        /// Whether it is for the patient, the doctor and admins only.
        is_sensitive: Option<bool>,
    }
}

form! {
    /// Changes to the record of a visit. What is not there stays.
    pub(crate) struct MedicalRecordChanges {
        /// The visit. It stays the same, and may be sent along.
        appointment: Option<AppointmentId> = "appointment_id",
        /// What was found.
        diagnosis: Option<Text<5000>>,
        /// What was done.
        treatment: Change<Text<5000>>,
        /// What was prescribed, in words.
        prescription: Change<Text<5000>>,
        /// What tests have shown, in words.
        lab_results: Change<Text<5000>> = "lab_results_text",
        /// Whether the patient should come again.
        follow_up_required: Option<bool>,
        /// When: on a day after the visit.
        follow_up_date: Change<Date>,
        /// The pressure while the heart beats, in mmHg.
        blood_pressure_systolic: Change<Systolic>,
        /// The pressure between two beats, in mmHg.
        blood_pressure_diastolic: Change<Diastolic>,
        /// Beats in a minute.
        heart_rate: Change<HeartRate>,
        /// How warm the body is, in °F.
        temperature: Change<Fahrenheit> = "temperature_f",
        /// The same in °C, instead.
        temperature_c: Change<Celsius>,
        /// How heavy the person is, in pounds.
        weight: Change<Pounds> = "weight_lb",
        /// The same in kg, instead.
        weight_kg: Change<Kilograms>,
        /// How tall the person is, in inches.
        height: Change<Inches> = "height_in",
        /// The same in cm, instead.
        height_cm: Change<Centimetres>,
        /// Breaths in a minute.
        respiratory_rate: Change<RespiratoryRate>,
        /// How much of the haemoglobin carries oxygen, in percent.
        oxygen_saturation: Change<OxygenSaturation>,
        /// Glucose in the blood, in mg/dL.
        blood_glucose: Change<BloodGlucose>,
        /// The allergies that were spoken of.
        allergies: Change<Text<2000>>,
        /// The medicines that were spoken of.
        medications: Change<Text<2000>>,
        /// Earlier illnesses that were spoken of.
        medical_history: Change<Text<5000>>,
        /// Whether it is for the patient, the doctor and admins only.
        is_sensitive: Option<bool>,
    }
}

form! {
    /// Which medical records to list.
    pub(crate) struct WantedMedicalRecords {
        /// Only those about this patient.
        patient: Option<PatientId> = "patient_id",
        /// Only those of this doctor.
        doctor: Option<DoctorId> = "doctor_id",
        /// Only that of this visit.
        appointment: Option<AppointmentId> = "appointment_id",
        /// None of a visit before this day.
        date_from: Option<Date>,
        /// None of a visit after this day.
        date_to: Option<Date>,
        /// Accepted and without effect: newest first.
        ordering: Option<String>,
    }
}

/// The record of a visit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MedicalRecordView {
    /// Identifies the record.
    pub id: MedicalRecordId,
    /// The visit.
    pub appointment: AppointmentId,
    /// Who came.
    pub patient: PatientId,
    /// What the patient was called then.
    pub patient_name: Text<301>,
    /// Who saw the patient.
    pub doctor: DoctorId,
    /// What the doctor was called then.
    pub doctor_name: Option<Text<301>>,
    /// At which hospital.
    pub hospital: Option<HospitalId>,
    /// What the hospital was called then.
    pub hospital_name: Option<Text<255>>,
    /// The day of the visit.
    pub visit_date: Date,
    /// What was found.
    pub diagnosis: Text<5000>,
    /// What was done.
    pub treatment: Option<Text<5000>>,
    /// What was prescribed, in words.
    pub prescription: Option<Text<5000>>,
    /// What tests have shown, in words.
    pub lab_results_text: Option<Text<5000>>,
    /// The allergies that were spoken of.
    pub allergies: Option<Text<2000>>,
    /// The medicines that were spoken of.
    pub medications: Option<Text<2000>>,
    /// Earlier illnesses that were spoken of.
    pub medical_history: Option<Text<5000>>,
    /// Whether the patient should come again.
    pub follow_up_required: bool,
    /// When.
    pub follow_up_date: Option<Date>,
    /// The pressure while the heart beats, in mmHg.
    pub blood_pressure_systolic: Option<Systolic>,
    /// The pressure between two beats, in mmHg.
    pub blood_pressure_diastolic: Option<Diastolic>,
    /// Both, as people write them.
    #[schema(example = "120/80")]
    pub blood_pressure: Option<String>,
    /// Beats in a minute.
    pub heart_rate: Option<HeartRate>,
    /// How warm the body is, in °F.
    pub temperature: Option<f64>,
    /// How heavy the person is, in pounds.
    pub weight: Option<f64>,
    /// How tall the person is, in inches.
    pub height: Option<f64>,
    /// The same in metric units, in which it is kept.
    pub metric: MetricView,
    /// Breaths in a minute.
    pub respiratory_rate: Option<RespiratoryRate>,
    /// How much of the haemoglobin carries oxygen, in percent.
    pub oxygen_saturation: Option<OxygenSaturation>,
    /// Glucose in the blood, in mg/dL.
    pub blood_glucose: Option<BloodGlucose>,
    /// The body-mass index, in kg/m².
    pub bmi: Option<f64>,
    /// What was measured, in one line.
    pub vitals_summary: Option<String>,
    /// Whether it is for the patient, the doctor and admins only.
    pub is_sensitive: bool,
    /// How often it has been written.
    pub version: u32,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What was measured, in metric units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MetricView {
    /// How warm the body is, in °C.
    pub temperature_c: Option<f64>,
    /// How heavy the person is, in kg.
    pub weight_kg: Option<f64>,
    /// How tall the person is, in cm.
    pub height_cm: Option<f64>,
}

/// The record of a visit with all that belongs to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WholeMedicalRecordView {
    /// The record.
    #[serde(flatten)]
    pub record: MedicalRecordView,
    /// What was prescribed at the visit, newest first.
    pub prescriptions: Vec<PrescribedView>,
    /// What tests have shown, oldest first.
    pub lab_results: Vec<LabResultView>,
}

/// A prescription of the visit, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PrescribedView {
    /// Identifies the prescription.
    pub id: PrescriptionId,
    /// Its number.
    pub prescription_number: String,
    /// How far it has got.
    pub status: PrescriptionStatus,
    /// Which one of the visit it is.
    pub version: u32,
    /// When it was written.
    pub issued_at: Timestamp,
    /// The medicines.
    pub medications: Vec<PrescribedItemView>,
}

/// A medicine on a prescription of the visit, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PrescribedItemView {
    /// Identifies the item.
    pub id: ItemId,
    /// What it is called.
    pub name: Text<200>,
    /// How much of it.
    pub dosage: Option<Text<100>>,
    /// How often.
    pub frequency: Option<String>,
    /// Whether it is still to be taken.
    pub is_active: bool,
}

/// List medical records.
#[utoipa::path(get, path = "/api/medical-records", tag = "records", params(
    ("patient" = Option<PatientId>, Query, description = "Only those about this patient."),
    ("doctor" = Option<DoctorId>, Query, description = "Only those of this doctor."),
    ("appointment" = Option<AppointmentId>, Query, description = "Only that of this visit."),
    ("date_from" = Option<Date>, Query, description = "None of a visit before this day."),
    ("date_to" = Option<Date>, Query, description = "None of a visit after this day."),
    Paging,
), responses(
    (status = 200, description = "The records, newest first: for patients and doctors their own, for hospitals their own that are not sensitive, for admins all. With `patient` a doctor whom the patient let in sees all that are not sensitive. Who lists those of others leaves a line in the access log of each of them.", body = PageView<MedicalRecordView>),
    (status = 400, description = "Some filters are not right.", body = Problem),
    (status = 403, description = "Coordinators read no medical records.", body = Problem),
    (status = 404, description = "There is no such patient, or the caller does not know them.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    listing: Listing<WantedMedicalRecords>,
    State(store): State<Store>,
) -> Result<Json<PageView<MedicalRecordView>>> {
    let filter = listing.filter.filter()?;
    let patient = listing.filter.patient;
    let (pile, permit) = pile(patient, Action::ListMedicalRecords, &actor, &store).await?;
    let (records, window) = (store.medical_records(), listing.window.clone());
    let page = records.on(&pile, &filter, &actor, window).await?.visible_to(&actor);
    store.events().note_page(permit, &page.records).await?;
    Ok(listing.answer(page, |chart| MedicalRecordView::from(chart.paper)))
}

/// Write the record of a visit.
#[utoipa::path(post, path = "/api/medical-records", tag = "records", request_body = NewMedicalRecord, responses(
    (status = 201, description = "The record. The visit is complete then.", body = WholeMedicalRecordView),
    (status = 400, description = "Some fields are not right, something is measured in two units, or the follow-up is not after the visit.", body = Problem),
    (status = 403, description = "Only the doctor of the visit and admins may do this.", body = Problem),
    (status = 404, description = "There is no such appointment, or it does not concern the caller.", body = Problem),
    (status = 409, description = "The visit has its record already, nobody has agreed to it yet, it did not take place, or it changed at the same time.", body = Problem),
))]
pub(crate) async fn write(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
    Body(new): Body<NewMedicalRecord>,
) -> Result<Created<Tagged<Json<WholeMedicalRecordView>>>> {
    let found = store.appointments().find(new.appointment).await?;
    let (visit, completing) = found.permit(&actor, Action::CompleteVisit)?;
    let (account, vital_signs, is_sensitive) = new.read()?;
    let (mut record, over) = MedicalRecord::write(&visit, account, &actor)?;
    record.vital_signs = vital_signs;
    record.is_sensitive = is_sensitive;
    demand_sound(&record)?;
    let permit = actor.create(Action::CreateMedicalRecord, &Chart::of(&record, None))?;
    let permit = noting(permit, &record);
    let concluded =
        over.as_ref().map(|after| Concluded { before: &visit, after, permit: &completing });
    let prescribed = store.prescriptions().of_visit(record.appointment).await?;
    store.medical_records().write(&record, concluded, &permit).await?;
    let location = format!("/api/medical-records/{}", record.id);
    let prescribed = prescribed.iter().map(|one| PrescribedView::of(one, actor.at)).collect();
    Ok(Created::at(location, whole(&record, prescribed, Vec::new())))
}

/// See the record of a visit.
#[utoipa::path(get, path = "/api/medical-records/{id}", tag = "records", params(
    ("id" = MedicalRecordId, Path, description = "The record."),
), responses(
    (status = 200, description = "The record with the results of tests. Who reads about somebody else leaves a line in the audit log.", body = WholeMedicalRecordView),
    (status = 404, description = "There is no such record, or it is not for this person to see.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<MedicalRecordId>,
    State(store): State<Store>,
) -> Result<Tagged<Json<WholeMedicalRecordView>>> {
    let found = store.medical_records().find(id, &actor).await?;
    let (Chart { paper: record, .. }, permit) = found.permit(&actor, Action::ViewMedicalRecord)?;
    let (results, prescriptions) = (store.lab_results(), store.prescriptions());
    let (results, mut prescribed) =
        tokio::try_join!(results.of_record(&record), prescriptions.of_visit(record.appointment))?;
    prescribed.retain(|prescription| actor.can(Prescription::VIEW, prescription));
    let permit =
        permit.noting("lab_results", results.len()).noting("prescriptions", prescribed.len());
    store.events().note_look(&permit).await?;
    let prescribed = prescribed.iter().map(|one| PrescribedView::of(one, actor.at)).collect();
    Ok(whole(&record, prescribed, results.into_iter().map(LabResultView::from).collect()))
}

/// Change the record of a visit.
#[utoipa::path(patch, path = "/api/medical-records/{id}", tag = "records", request_body = MedicalRecordChanges, params(
    ("id" = MedicalRecordId, Path, description = "The record."),
), responses(
    (status = 200, description = "The record as it is now. What it said before is kept. `PUT` means the same.", body = MedicalRecordView),
    (status = 400, description = "Some fields are not right, something is measured in two units, the follow-up is not after the visit, or the visit is another one.", body = Problem),
    (status = 403, description = "Only the doctor of the visit and admins may do this.", body = Problem),
    (status = 404, description = "There is no such record, or it is not for this person to see.", body = Problem),
    (status = 409, description = "Somebody else changed it at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<MedicalRecordId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<MedicalRecordChanges>,
) -> Result<Tagged<Json<MedicalRecordView>>> {
    let found = store.medical_records().find(id, &actor).await?;
    let (chart, permit) = found.permit(&actor, Action::EditMedicalRecord)?;
    chart.demand_own_visit(&actor)?;
    expected.check(&chart.paper)?;
    let mut record = chart.paper.clone();
    let changed = changes.apply(&mut record, actor.at)?;
    demand_sound(&record)?;
    let permit = noting(permit, &record).changing(&changed);
    store.medical_records().save(&chart.paper, &mut record, &permit).await?;
    Ok(Tagged::showing(record, Into::into))
}

/// List the versions of the record of a visit.
#[utoipa::path(get, path = "/api/medical-records/{id}/versions", tag = "records", params(
    ("id" = MedicalRecordId, Path, description = "The record."),
), responses(
    (status = 200, description = "All that the record ever said, newest first; of what was sensitive then, what the caller may see. Who reads about somebody else leaves a line in the audit log.", body = WholeView<MedicalRecordView>),
    (status = 404, description = "There is no such record, or it is not for this person to see.", body = Problem),
))]
pub(crate) async fn versions(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<MedicalRecordId>,
    State(store): State<Store>,
) -> Result<Json<WholeView<MedicalRecordView>>> {
    let found = store.medical_records().find(id, &actor).await?;
    let (chart, permit) = found.permit(&actor, Action::ViewMedicalRecord)?;
    let versions = store.medical_records().versions(&chart, &actor).await?;
    store.events().note_look(&permit.noting("versions", versions.len())).await?;
    Ok(Json(WholeView::of(versions.into_iter().map(MedicalRecordView::from).collect())))
}

fn demand_sound(record: &MedicalRecord) -> Result<()> {
    record.demand_sound().map_err(|error| match error {
        MedicalRecordError::FollowUpTooEarly => Invalid::field("follow_up_date", error).into(),
        other @ (MedicalRecordError::Exists
        | MedicalRecordError::VisitMoved
        | MedicalRecordError::Stale) => other.into(),
    })
}

fn noting(permit: Permit, record: &MedicalRecord) -> Permit {
    permit
        .noting("appointment", record.appointment)
        .noting("doctor", record.doctor)
        .noting("follow_up", record.account.follow_up_required)
        .noting("sensitive", record.is_sensitive)
}

fn whole(
    record: &MedicalRecord,
    prescriptions: Vec<PrescribedView>,
    lab_results: Vec<LabResultView>,
) -> Tagged<Json<WholeMedicalRecordView>> {
    let view = WholeMedicalRecordView { record: record.clone().into(), prescriptions, lab_results };
    Tagged::of(record, Json(view))
}

impl PrescribedView {
    fn of(prescription: &Prescription, now: Timestamp) -> Self {
        let medications = prescription.items().iter().map(|item| PrescribedItemView {
            id: item.id,
            name: item.medication.name.clone(),
            dosage: item.medication.dosage.clone(),
            frequency: item.medication.how_often().map(str::to_owned),
            is_active: item.is_active(),
        });
        Self {
            id: prescription.id,
            prescription_number: prescription.number(),
            status: prescription.state(now),
            version: prescription.version(),
            issued_at: prescription.issued_at,
            medications: medications.collect(),
        }
    }
}

impl From<MedicalRecord> for MedicalRecordView {
    fn from(record: MedicalRecord) -> Self {
        let (version, vitals_summary) = (record.revision().number(), record.vitals_summary());
        let (account, signs) = (record.account, record.vital_signs);
        let (systolic, diastolic) = readings(signs.blood_pressure);
        Self {
            id: record.id,
            appointment: record.appointment,
            patient: record.patient,
            patient_name: record.patient_name,
            doctor: record.doctor,
            doctor_name: record.doctor_name,
            hospital: record.hospital,
            hospital_name: record.hospital_name,
            visit_date: record.visited_on,
            diagnosis: account.diagnosis,
            treatment: account.treatment,
            prescription: account.prescription,
            lab_results_text: account.lab_results,
            allergies: account.allergies,
            medications: account.medications,
            medical_history: account.medical_history,
            follow_up_required: account.follow_up_required,
            follow_up_date: account.follow_up_date,
            blood_pressure_systolic: systolic,
            blood_pressure_diastolic: diastolic,
            blood_pressure: signs.blood_pressure.and_then(BloodPressure::written),
            heart_rate: signs.heart_rate,
            temperature: signs.temperature.map(Temperature::in_fahrenheit),
            weight: signs.weight.map(Weight::in_pounds),
            height: signs.height.map(Height::in_inches),
            metric: MetricView {
                temperature_c: signs.temperature.map(Temperature::in_celsius),
                weight_kg: signs.weight.map(Weight::in_kilograms),
                height_cm: signs.height.map(Height::in_centimetres),
            },
            respiratory_rate: signs.respiratory_rate,
            oxygen_saturation: signs.oxygen_saturation,
            blood_glucose: signs.blood_glucose,
            bmi: signs.bmi(),
            vitals_summary,
            is_sensitive: record.is_sensitive,
            version,
            created_at: record.created_at,
            updated_at: record.updated_at,
        }
    }
}

impl NewMedicalRecord {
    fn read(self) -> Result<(VisitAccount, VitalSigns, bool), Invalid> {
        let follow_up_required = self.follow_up_required.unwrap_or(self.follow_up_date.is_some());
        let account = VisitAccount {
            treatment: self.treatment,
            prescription: self.prescription,
            lab_results: self.lab_results,
            allergies: self.allergies,
            medications: self.medications,
            medical_history: self.medical_history,
            follow_up_required,
            follow_up_date: self.follow_up_date,
            ..VisitAccount::of(self.diagnosis)
        };
        let (fahrenheit, pounds, inches) = (self.temperature, self.weight, self.height);
        let (celsius, kilograms, centimetres) =
            (self.temperature_c, self.weight_kg, self.height_cm);
        let signs = VitalSigns {
            blood_pressure: pressure(self.blood_pressure_systolic, self.blood_pressure_diastolic)?,
            heart_rate: self.heart_rate,
            temperature: one(celsius.map(Into::into), fahrenheit.map(Into::into), "temperature_c")?,
            respiratory_rate: self.respiratory_rate,
            oxygen_saturation: self.oxygen_saturation,
            height: one(centimetres.map(Into::into), inches.map(Into::into), "height_cm")?,
            weight: one(kilograms.map(Into::into), pounds.map(Into::into), "weight_kg")?,
            blood_glucose: self.blood_glucose,
            notes: None,
        };
        Ok((account, signs, self.is_sensitive.unwrap_or_default()))
    }
}

impl MedicalRecordChanges {
    fn apply(
        self,
        record: &mut MedicalRecord,
        now: Timestamp,
    ) -> Result<Vec<&'static str>, Invalid> {
        if self.appointment.is_some_and(|appointment| appointment != record.appointment) {
            return Err(Invalid::field("appointment", "a record stays with its visit"));
        }
        let mut changed = Vec::new();
        let account = &mut record.account;
        replace(&mut account.diagnosis, self.diagnosis, "diagnosis", &mut changed);
        self.treatment.apply(&mut account.treatment, "treatment", &mut changed);
        self.prescription.apply(&mut account.prescription, "prescription", &mut changed);
        self.lab_results.apply(&mut account.lab_results, "lab_results", &mut changed);
        self.allergies.apply(&mut account.allergies, "allergies", &mut changed);
        self.medications.apply(&mut account.medications, "medications", &mut changed);
        self.medical_history.apply(&mut account.medical_history, "medical_history", &mut changed);
        let required = self.follow_up_required;
        replace(&mut account.follow_up_required, required, "follow_up_required", &mut changed);
        self.follow_up_date.apply(&mut account.follow_up_date, "follow_up_date", &mut changed);
        let signs = &mut record.vital_signs;
        let (mut systolic, mut diastolic) = readings(signs.blood_pressure);
        self.blood_pressure_systolic.apply(&mut systolic, "blood_pressure_systolic", &mut changed);
        let lower = self.blood_pressure_diastolic;
        lower.apply(&mut diastolic, "blood_pressure_diastolic", &mut changed);
        signs.blood_pressure = pressure(systolic, diastolic)?;
        self.heart_rate.apply(&mut signs.heart_rate, "heart_rate", &mut changed);
        let temperature =
            one(wanted(self.temperature_c), wanted(self.temperature), "temperature_c")?;
        replace(&mut signs.temperature, temperature, "temperature", &mut changed);
        let weight = one(wanted(self.weight_kg), wanted(self.weight), "weight_kg")?;
        replace(&mut signs.weight, weight, "weight", &mut changed);
        let height = one(wanted(self.height_cm), wanted(self.height), "height_cm")?;
        replace(&mut signs.height, height, "height", &mut changed);
        self.respiratory_rate.apply(&mut signs.respiratory_rate, "respiratory_rate", &mut changed);
        let saturation = self.oxygen_saturation;
        saturation.apply(&mut signs.oxygen_saturation, "oxygen_saturation", &mut changed);
        self.blood_glucose.apply(&mut signs.blood_glucose, "blood_glucose", &mut changed);
        replace(&mut record.is_sensitive, self.is_sensitive, "is_sensitive", &mut changed);
        record.updated_at = now;
        Ok(changed)
    }
}

impl WantedMedicalRecords {
    fn filter(&self) -> Result<MedicalRecordFilter, Invalid> {
        if self.date_from.zip(self.date_to).is_some_and(|(from, to)| from > to) {
            return Err(Invalid::field("date_from", "must not be after date_to"));
        }
        Ok(MedicalRecordFilter {
            appointment: self.appointment,
            doctor: self.doctor,
            since: self.date_from,
            until: self.date_to,
        })
    }
}
