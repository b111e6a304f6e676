//! Consultations as callers see them.

use carehub_api::appointment::AppointmentView;
use carehub_domain::{access::Actor, appointment::Appointment, consultation::Findings, text::Text};
use serde::{Serialize, Serializer, ser::Error};
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use crate::{DiagnosisView, RemarkView, SymptomView, VitalSignsView};

const NOTES: &str = "notes";

/// An appointment with all that was written down about it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ConsultationView {
    /// How it was booked and how far it has got.
    #[serde(flatten)]
    pub appointment: BookingView,
    /// What the hospital adds, which the appointment alone calls `notes`.
    pub hospital_notes: Option<Text<2000>>,
    /// What the patient feels.
    pub symptoms: Vec<SymptomView>,
    /// What the doctor takes it to be.
    pub diagnoses: Vec<DiagnosisView>,
    /// What was measured.
    pub vital_signs: Option<VitalSignsView>,
    /// What else there is to say.
    pub notes: Vec<RemarkView>,
}

/// An appointment without its `notes`: a consultation has others of that name.
#[derive(Clone, Debug, PartialEq)]
pub struct BookingView(AppointmentView);

impl BookingView {
    /// Takes the notes out.
    fn of(mut appointment: AppointmentView) -> (Self, Option<Text<2000>>) {
        let notes = appointment.notes.take();
        (Self(appointment), notes)
    }
}

impl Serialize for BookingView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serde_json::to_value(&self.0).map_err(S::Error::custom)?;
        if let Value::Object(fields) = &mut fields {
            fields.remove(NOTES);
        }
        fields.serialize(serializer)
    }
}

impl utoipa::PartialSchema for BookingView {
    fn schema() -> RefOr<Schema> {
        let mut schema = AppointmentView::schema();
        if let RefOr::T(Schema::Object(object)) = &mut schema {
            object.properties.remove(NOTES);
            object.required.retain(|name| name != NOTES);
        }
        schema
    }
}

impl ToSchema for BookingView {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        AppointmentView::schemas(schemas);
    }
}

impl ConsultationView {
    /// Shows to `actor` what was written down about an appointment.
    pub(crate) fn of(appointment: Appointment, findings: Findings, actor: &Actor) -> Self {
        let (appointment, hospital_notes) =
            BookingView::of(AppointmentView::of(appointment, actor));
        Self {
            appointment,
            hospital_notes,
            symptoms: findings.symptoms.into_iter().map(Into::into).collect(),
            diagnoses: findings.diagnoses.into_iter().map(Into::into).collect(),
            vital_signs: findings.vital_signs.map(Into::into),
            notes: findings.notes.into_iter().map(Into::into).collect(),
        }
    }
}
