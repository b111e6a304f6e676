//! `POST /api/accounts/otp/generate`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    extract::{Body, Json},
    form,
    limit::{Bucket, Limiter},
};
use carehub_domain::{
    access::{Action, PatientId, UserId},
    account::AccountError,
    code::Code,
    contact::Phone,
    grant::GrantError,
    secret::Pepper,
};
use carehub_store::Store;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

form! {
    /// A patient whose repository a doctor wants to read.
    pub(crate) struct AccessRequest {
        /// The phone of the patient, with country code.
        patient_phone: Phone = "phone" | "phone_number",
        /// Which patient, if several use the phone.
        patient_id: Option<PatientId> = "patient",
    }
}

/// A code that was sent to a patient.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CodeSentView {
    /// What was done.
    pub message: String,
    /// Until when the code is good.
    pub expires_at: Timestamp,
    /// The last four digits of the phone.
    pub phone_number: String,
}

/// Ask a patient for access to their repository.
#[utoipa::path(post, path = "/api/accounts/otp/generate", tag = "accounts", request_body = AccessRequest, responses(
    (status = 200, description = "A code is on its way to the patient's phone. It is good for ten minutes and for this doctor only; an earlier one ends.", body = CodeSentView),
    (status = 400, description = "Some fields are not right, or the phone is not the patient's.", body = Problem),
    (status = 403, description = "Only doctors may ask.", body = Problem),
    (status = 404, description = "No patient has this phone.", body = Problem),
    (status = 409, description = "Several patients use the phone; `patient_id` must say which.", body = Problem),
    (status = 429, description = "Too many from this address or for this phone: 3 in 15 minutes, 20 a day.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
    State(limiter): State<Limiter>,
    State(pepper): State<Pepper>,
    Body(AccessRequest { patient_phone, patient_id }): Body<AccessRequest>,
) -> Result<Json<CodeSentView>> {
    let doctor = actor.doctor()?;
    limiter.count(Bucket::OtpIdentity, patient_phone.reveal(), actor.at).await?;
    limiter.count(Bucket::OtpDaily, patient_phone.reveal(), actor.at).await?;
    let patients = store.accounts().patients_on(&patient_phone).await?;
    let patient = meant(&patients, patient_id)?;
    let code = Code::for_repository(doctor, patient, patient_phone, actor.at, &pepper);
    let permit = actor.create(Action::RequestCode, &code)?.noting("purpose", code.purpose);
    store.codes().issue(&code, &permit).await?;
    Ok(Json(CodeSentView {
        message: "OTP sent successfully to patient phone".to_owned(),
        expires_at: code.expires_at,
        phone_number: code.phone.last_four().to_owned(),
    }))
}

fn meant(on_phone: &[UserId], named: Option<PatientId>) -> Result<PatientId> {
    match (on_phone, named) {
        ([], _) => Err(GrantError::PatientUnknown.into()),
        (several, Some(named)) if several.contains(&named.into()) => Ok(named),
        (_, Some(_)) => Err(GrantError::PhoneMismatch.into()),
        ([one], None) => Ok((*one).into()),
        (_, None) => Err(AccountError::AmbiguousPatient.into()),
    }
}
