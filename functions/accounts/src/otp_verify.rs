//! `POST /api/accounts/otp/verify`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    extract::{Body, Json},
    form,
};
use carehub_domain::{
    access::{Action, PatientId},
    code::{CodeError, CodeKey, Digits, Purpose},
    contact::Phone,
    grant::Grant,
    secret::Pepper,
};
use carehub_store::Store;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

form! {
    /// The code that a patient read out.
    pub(crate) struct ReadOut {
        /// The phone of the patient, with country code.
        patient_phone: Phone = "phone" | "phone_number",
        /// The six digits.
        otp: Digits = "code",
    }
}

/// A repository that is open now.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AccessView {
    /// What was done.
    pub message: String,
    /// Whose repository it is.
    pub patient_id: PatientId,
    /// Always `true`.
    pub verified: bool,
    /// Until when the doctor may read.
    pub access_granted_until: Timestamp,
}

/// Enter the code that the patient read out.
#[utoipa::path(post, path = "/api/accounts/otp/verify", tag = "accounts", request_body = ReadOut, responses(
    (status = 200, description = "The doctor may read the patient's repository for 30 minutes. The code is spent.", body = AccessView),
    (status = 400, description = "The code is not right, was used, or has expired. Five wrong entries end it.", body = Problem),
    (status = 403, description = "Only doctors may do this.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
    State(pepper): State<Pepper>,
    Body(ReadOut { patient_phone, otp }): Body<ReadOut>,
) -> Result<Json<AccessView>> {
    let doctor = actor.doctor()?;
    let key = CodeKey::of(Purpose::Repository, &patient_phone, Some(doctor), &pepper);
    let code = store.codes().attempt(&key).await?;
    if let Err(refused) = code.check(&otp, actor.at, &pepper) {
        store.events().append(&actor.create(Action::FailCode, &code)?).await?;
        return Err(refused.into());
    }
    let patient = code.patient.ok_or(CodeError::Expired)?;
    let grant = Grant::open(doctor, patient, actor.at);
    let permit = actor.create(Action::VerifyCode, &code)?.noting("until", grant.expires_at);
    store.codes().redeem(&code, &grant, &permit).await?;
    Ok(Json(AccessView {
        message: "OTP verified successfully".to_owned(),
        patient_id: grant.patient,
        verified: true,
        access_granted_until: grant.expires_at,
    }))
}
