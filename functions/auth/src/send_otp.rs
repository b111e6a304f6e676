//! `POST /api/auth/send-otp`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::Visitor,
    error::Problem,
    extract::{Body, Json},
    form,
    form::Invalid,
    limit::{Bucket, Limiter},
};
use carehub_domain::{
    access::{Action, Role},
    code::{Code, Purpose},
    contact::{Identifier, Phone},
    secret::Pepper,
    text::Text,
};
use carehub_store::Store;

use crate::Expiring;

form! {
    /// A phone that a code is wanted on.
    pub(crate) struct CodeRequest {
        /// The phone, with country code. Ten digits alone are an Indian number.
        phone: Phone = "phone_number",
        /// `LOGIN` (if nothing is said), `REGISTRATION` or `PASSWORD_RESET`.
        purpose: Option<Purpose>,
        /// Accepted and without effect.
        name: Option<Text<150>>,
        /// Accepted and without effect.
        role: Option<Role>,
    }
}

/// Ask for a code by SMS.
#[utoipa::path(post, path = "/api/auth/send-otp", tag = "auth", security(()), request_body = CodeRequest, responses(
    (status = 200, description = "A code is on its way. For a password it is sent only to a phone with an account; the answer is the same.", body = Expiring),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 429, description = "Too many from this address or for this phone: 5 a minute, 20 a day.", body = Problem),
))]
pub(crate) async fn handler(
    Visitor(visitor): Visitor,
    State(store): State<Store>,
    State(limiter): State<Limiter>,
    State(pepper): State<Pepper>,
    Body(request): Body<CodeRequest>,
) -> Result<Json<Expiring>> {
    let (phone, purpose) = request.read()?;
    limiter.count(Bucket::AuthIdentity, phone.reveal(), visitor.at).await?;
    limiter.count(Bucket::OtpDaily, phone.reveal(), visitor.at).await?;
    let accounts = store.accounts().named(&Identifier::Phone(phone.clone())).await?;
    let mut code = Code::issue(purpose, phone, visitor.at, &pepper);
    code.sent = purpose != Purpose::PasswordReset || !accounts.is_empty();
    let permit = visitor.create(Action::RequestCode, &code)?.noting("purpose", purpose);
    store.codes().issue(&code, &permit).await?;
    Ok(Json(Expiring {
        message: "OTP sent successfully".to_owned(),
        phone: code.phone.reveal().to_owned(),
        expires_in: purpose.life().as_secs(),
    }))
}

impl CodeRequest {
    fn read(self) -> Result<(Phone, Purpose), Invalid> {
        match self.purpose.unwrap_or(Purpose::Login) {
            Purpose::Repository => {
                Err(Invalid::field("purpose", "is for doctors, at /api/accounts/otp/generate"))
            }
            purpose @ (Purpose::Login | Purpose::Registration | Purpose::PasswordReset) => {
                Ok((self.phone, purpose))
            }
        }
    }
}
