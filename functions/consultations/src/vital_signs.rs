//! `/api/consultations/{id}/vital-signs`

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::CurrentActor,
    created::Created,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
    form::{Change, Invalid, replace},
    listing::WholeView,
    vitals::{
        Celsius, Centimetres, Fahrenheit, Inches, Kilograms, Pounds, one, pressure, readings,
        wanted,
    },
};
use carehub_domain::{
    access::{PatientId, UserId},
    appointment::AppointmentId,
    consultation::{
        BloodGlucose, BloodPressure, Diastolic, Entry, HeartRate, Height, OxygenSaturation,
        RespiratoryRate, Systolic, Temperature, VitalSigns, VitalSignsId, Weight,
    },
    text::Text,
};
use carehub_store::Store;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::entry::{self, Shown};

form! {
    /// What was measured. Temperature, height and weight are metric or not, as one likes.
    pub(crate) struct NewVitalSigns {
        /// The pressure while the heart beats, in mmHg.
        blood_pressure_systolic: Option<Systolic> = "systolic",
        /// The pressure between two beats, in mmHg.
        blood_pressure_diastolic: Option<Diastolic> = "diastolic",
        /// Beats in a minute.
        heart_rate: Option<HeartRate> = "pulse",
        /// How warm the body is, in °C.
        temperature: Option<Celsius> = "temperature_c",
        /// The same in °F, instead.
        temperature_f: Option<Fahrenheit>,
        /// Breaths in a minute.
        respiratory_rate: Option<RespiratoryRate>,
        /// How much of the haemoglobin carries oxygen, in percent.
        oxygen_saturation: Option<OxygenSaturation> = "spo2",
        /// How tall the person is, in cm.
        height: Option<Centimetres> = "height_cm",
        /// The same in inches, instead.
        height_in: Option<Inches>,
        /// How heavy the person is, in kg.
        weight: Option<Kilograms> = "weight_kg",
        /// The same in pounds, instead.
        weight_lb: Option<Pounds>,
        /// Glucose in the blood, in mg/dL.
        blood_glucose: Option<BloodGlucose>,
        /// What there is to say about it.
        notes: Option<Text<2000>>,
    }
}

form! {
    /// Changes to what was measured. What is not there stays.
    pub(crate) struct VitalSignsChanges {
        /// The pressure while the heart beats, in mmHg.
        blood_pressure_systolic: Change<Systolic> = "systolic",
        /// The pressure between two beats, in mmHg.
        blood_pressure_diastolic: Change<Diastolic> = "diastolic",
        /// Beats in a minute.
        heart_rate: Change<HeartRate> = "pulse",
        /// How warm the body is, in °C.
        temperature: Change<Celsius> = "temperature_c",
        /// The same in °F, instead.
        temperature_f: Change<Fahrenheit>,
        /// Breaths in a minute.
        respiratory_rate: Change<RespiratoryRate>,
        /// How much of the haemoglobin carries oxygen, in percent.
        oxygen_saturation: Change<OxygenSaturation> = "spo2",
        /// How tall the person is, in cm.
        height: Change<Centimetres> = "height_cm",
        /// The same in inches, instead.
        height_in: Change<Inches>,
        /// How heavy the person is, in kg.
        weight: Change<Kilograms> = "weight_kg",
        /// The same in pounds, instead.
        weight_lb: Change<Pounds>,
        /// Glucose in the blood, in mg/dL.
        blood_glucose: Change<BloodGlucose>,
        /// What there is to say about it.
        notes: Change<Text<2000>>,
    }
}

/// What was measured at a visit, in metric units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VitalSignsView {
    /// Identifies the entry.
    pub id: VitalSignsId,
    /// The visit.
    pub consultation: AppointmentId,
    /// Who came.
    pub patient: PatientId,
    /// The pressure while the heart beats, in mmHg.
    pub blood_pressure_systolic: Option<Systolic>,
    /// The pressure between two beats, in mmHg.
    pub blood_pressure_diastolic: Option<Diastolic>,
    /// Both, as people write them.
    #[schema(example = "120/80")]
    pub blood_pressure: Option<String>,
    /// Beats in a minute.
    pub heart_rate: Option<HeartRate>,
    /// How warm the body is, in °C.
    pub temperature: Option<f64>,
    /// Breaths in a minute.
    pub respiratory_rate: Option<RespiratoryRate>,
    /// How much of the haemoglobin carries oxygen, in percent.
    pub oxygen_saturation: Option<OxygenSaturation>,
    /// How tall the person is, in cm.
    pub height: Option<f64>,
    /// How heavy the person is, in kg.
    pub weight: Option<f64>,
    /// The body-mass index, in kg/m².
    pub bmi: Option<f64>,
    /// Glucose in the blood, in mg/dL.
    pub blood_glucose: Option<BloodGlucose>,
    /// The same in units that are not metric.
    pub imperial: ImperialView,
    /// What there is to say about it.
    pub notes: Option<Text<2000>>,
    /// Who wrote it.
    pub created_by: Option<UserId>,
    /// Whether it was written after the visit was over.
    pub is_addendum: bool,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What was measured at a visit, in units that are not metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImperialView {
    /// How warm the body is, in °F.
    pub temperature_f: Option<f64>,
    /// How tall the person is, in inches.
    pub height_in: Option<f64>,
    /// How heavy the person is, in pounds.
    pub weight_lb: Option<f64>,
}

/// List the vital signs of a visit.
#[utoipa::path(get, path = "/api/consultations/{id}/vital-signs", tag = "consultations", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
), responses(
    (status = 200, description = "The vital signs, if they were taken. Who reads about somebody else leaves a line in the audit log.", body = WholeView<VitalSignsView>),
    (status = 403, description = "Who only books appointments does not read what is said there.", body = Problem),
    (status = 404, description = "There is no such appointment, or the caller has no part in it.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AppointmentId>,
    State(store): State<Store>,
) -> Result<Json<WholeView<VitalSignsView>>> {
    entry::list::<VitalSigns>(id, &actor, &store).await
}

/// Write down the vital signs of a visit.
#[utoipa::path(post, path = "/api/consultations/{id}/vital-signs", tag = "consultations", request_body = NewVitalSigns, params(
    ("id" = AppointmentId, Path, description = "The appointment."),
), responses(
    (status = 201, description = "The vital signs. Once the visit is over it is an addendum.", body = VitalSignsView),
    (status = 400, description = "Some fields are not right, a sign is given in two units, or the systolic pressure is not the higher one.", body = Problem),
    (status = 403, description = "Only the doctor and admins may do this.", body = Problem),
    (status = 404, description = "There is no such appointment, or the caller has no part in it.", body = Problem),
    (status = 409, description = "They are there already, nobody has agreed to the visit yet, or it did not take place, or it changed at the same time.", body = Problem),
))]
pub(crate) async fn add(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<AppointmentId>,
    State(store): State<Store>,
    Body(new): Body<NewVitalSigns>,
) -> Result<Created<Tagged<Json<VitalSignsView>>>> {
    entry::add(id, new.read()?, &actor, &store).await
}

/// See the vital signs of a visit.
#[utoipa::path(get, path = "/api/consultations/{id}/vital-signs/{pk}", tag = "consultations", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
    ("pk" = VitalSignsId, Path, description = "The entry."),
), responses(
    (status = 200, description = "The entry. Who reads about somebody else leaves a line in the audit log.", body = VitalSignsView),
    (status = 403, description = "Who only books appointments does not read what is said there.", body = Problem),
    (status = 404, description = "There is no such entry, or the caller has no part in the visit.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(place): Path<(AppointmentId, VitalSignsId)>,
    State(store): State<Store>,
) -> Result<Tagged<Json<VitalSignsView>>> {
    entry::show(place, &actor, &store).await
}

/// See what the vital signs said before.
#[utoipa::path(get, path = "/api/consultations/{id}/vital-signs/{pk}/versions", tag = "consultations", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
    ("pk" = VitalSignsId, Path, description = "The entry."),
), responses(
    (status = 200, description = "The entry as it is and as it was, newest first. Who reads about somebody else leaves a line in the audit log.", body = WholeView<VitalSignsView>),
    (status = 403, description = "Who only books appointments does not read what is said there.", body = Problem),
    (status = 404, description = "There is no such entry, or the caller has no part in the visit.", body = Problem),
))]
pub(crate) async fn versions(
    CurrentActor(actor): CurrentActor,
    Path(place): Path<(AppointmentId, VitalSignsId)>,
    State(store): State<Store>,
) -> Result<Json<WholeView<VitalSignsView>>> {
    entry::versions(place, &actor, &store).await
}

/// Change the vital signs of a visit.
#[utoipa::path(patch, path = "/api/consultations/{id}/vital-signs/{pk}", tag = "consultations", request_body = VitalSignsChanges, params(
    ("id" = AppointmentId, Path, description = "The appointment."),
    ("pk" = VitalSignsId, Path, description = "The entry."),
), responses(
    (status = 200, description = "The entry as it is now. `PUT` means the same.", body = VitalSignsView),
    (status = 400, description = "Some fields are not right, a sign is given in two units, or the systolic pressure is not the higher one.", body = Problem),
    (status = 403, description = "Only the doctor and admins may do this.", body = Problem),
    (status = 404, description = "There is no such entry, or the caller has no part in the visit.", body = Problem),
    (status = 409, description = "The visit is over, or somebody else changed it or the entry at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path(place): Path<(AppointmentId, VitalSignsId)>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<VitalSignsChanges>,
) -> Result<Tagged<Json<VitalSignsView>>> {
    entry::edit(place, &expected, |signs| Ok(changes.apply(signs)?), &actor, &store).await
}

/// Remove the vital signs of a visit.
#[utoipa::path(delete, path = "/api/consultations/{id}/vital-signs/{pk}", tag = "consultations", params(
    ("id" = AppointmentId, Path, description = "The appointment."),
    ("pk" = VitalSignsId, Path, description = "The entry."),
), responses(
    (status = 204, description = "The entry is gone."),
    (status = 403, description = "Only the doctor and admins may do this.", body = Problem),
    (status = 404, description = "There is no such entry, or the caller has no part in the visit.", body = Problem),
    (status = 409, description = "The visit is over, or somebody else changed it or the entry at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn remove(
    CurrentActor(actor): CurrentActor,
    Path(place): Path<(AppointmentId, VitalSignsId)>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    entry::remove(place, &expected, &actor, &store).await
}

impl Shown for VitalSigns {
    const PATH: &'static str = "vital-signs";
    type View = VitalSignsView;

    fn view(entry: Entry<Self>) -> VitalSignsView {
        entry.into()
    }
}

impl From<Entry<VitalSigns>> for VitalSignsView {
    fn from(entry: Entry<VitalSigns>) -> Self {
        let signs = entry.finding;
        let (systolic, diastolic) = readings(signs.blood_pressure);
        Self {
            id: entry.id,
            consultation: entry.appointment,
            patient: entry.patient,
            blood_pressure_systolic: systolic,
            blood_pressure_diastolic: diastolic,
            blood_pressure: signs.blood_pressure.and_then(BloodPressure::written),
            heart_rate: signs.heart_rate,
            temperature: signs.temperature.map(Temperature::in_celsius),
            respiratory_rate: signs.respiratory_rate,
            oxygen_saturation: signs.oxygen_saturation,
            height: signs.height.map(Height::in_centimetres),
            weight: signs.weight.map(Weight::in_kilograms),
            bmi: signs.bmi(),
            blood_glucose: signs.blood_glucose,
            imperial: ImperialView {
                temperature_f: signs.temperature.map(Temperature::in_fahrenheit),
                height_in: signs.height.map(Height::in_inches),
                weight_lb: signs.weight.map(Weight::in_pounds),
            },
            notes: signs.notes,
            created_by: entry.author,
            is_addendum: entry.is_addendum,
            created_at: entry.created_at,
            updated_at: entry.updated_at,
        }
    }
}

impl NewVitalSigns {
    fn read(self) -> Result<VitalSigns, Invalid> {
        let (celsius, centimetres, kilograms) = (self.temperature, self.height, self.weight);
        let (fahrenheit, inches, pounds) = (self.temperature_f, self.height_in, self.weight_lb);
        Ok(VitalSigns {
            blood_pressure: pressure(self.blood_pressure_systolic, self.blood_pressure_diastolic)?,
            heart_rate: self.heart_rate,
            temperature: one(celsius.map(Into::into), fahrenheit.map(Into::into), "temperature_f")?,
            respiratory_rate: self.respiratory_rate,
            oxygen_saturation: self.oxygen_saturation,
            height: one(centimetres.map(Into::into), inches.map(Into::into), "height_in")?,
            weight: one(kilograms.map(Into::into), pounds.map(Into::into), "weight_lb")?,
            blood_glucose: self.blood_glucose,
            notes: self.notes,
        })
    }
}

impl VitalSignsChanges {
    fn apply(self, signs: &mut VitalSigns) -> Result<Vec<&'static str>, Invalid> {
        let mut changed = Vec::new();
        let (mut systolic, mut diastolic) = readings(signs.blood_pressure);
        self.blood_pressure_systolic.apply(&mut systolic, "blood_pressure_systolic", &mut changed);
        let lower = self.blood_pressure_diastolic;
        lower.apply(&mut diastolic, "blood_pressure_diastolic", &mut changed);
        signs.blood_pressure = pressure(systolic, diastolic)?;
        self.heart_rate.apply(&mut signs.heart_rate, "heart_rate", &mut changed);
        let temperature =
            one(wanted(self.temperature), wanted(self.temperature_f), "temperature_f")?;
        replace(&mut signs.temperature, temperature, "temperature", &mut changed);
        self.respiratory_rate.apply(&mut signs.respiratory_rate, "respiratory_rate", &mut changed);
        let saturation = self.oxygen_saturation;
        saturation.apply(&mut signs.oxygen_saturation, "oxygen_saturation", &mut changed);
        let height = one(wanted(self.height), wanted(self.height_in), "height_in")?;
        replace(&mut signs.height, height, "height", &mut changed);
        let weight = one(wanted(self.weight), wanted(self.weight_lb), "weight_lb")?;
        replace(&mut signs.weight, weight, "weight", &mut changed);
        self.blood_glucose.apply(&mut signs.blood_glucose, "blood_glucose", &mut changed);
        self.notes.apply(&mut signs.notes, "notes", &mut changed);
        Ok(changed)
    }
}
