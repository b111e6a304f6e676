//! Access tokens: ES256 and nothing else.

use std::{collections::HashMap, sync::Arc};

use carehub_domain::{
    Class, Failure,
    access::{Role, UserId},
    account::Account,
    hospital::HospitalId,
    session::{ACCESS, Session, SessionId},
};
use jiff::Timestamp;
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
    jwk::{Jwk, JwkSet, KeyAlgorithm, PublicKeyUse, ThumbprintHash},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::config::ConfigError;

/// Whom our tokens are for.
pub const AUDIENCE: &str = "carehub-api";

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who signed it.
    pub iss: String,
    /// Whom it is for.
    pub aud: String,
    /// Whose it is.
    pub sub: UserId,
    /// In which role.
    pub role: Role,
    /// In which hospital.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospital: Option<HospitalId>,
    /// In which session.
    pub sid: SessionId,
    /// From when it holds, in seconds since 1970.
    pub iat: i64,
    /// Until when it holds.
    pub exp: i64,
}

/// Signs tokens and knows who signed them.
#[derive(Clone)]
pub struct Tokens {
    issuer: Arc<str>,
    signing: Option<Arc<(String, EncodingKey)>>,
    verifying: Arc<HashMap<String, DecodingKey>>,
    published: Arc<JwkSet>,
}

impl Tokens {
    /// Accepts tokens by `issuer` that are signed with one of the public keys.
    pub fn verifying(issuer: &str, keys: &str) -> Result<Self, ConfigError> {
        let published: JwkSet =
            serde_json::from_str(keys).map_err(|error| ConfigError::Key(error.into()))?;
        let keys = published.keys.iter().map(|key| {
            let id = key.common.key_id.clone().ok_or(ConfigError::Missing("VERIFYING_KEYS"))?;
            Ok((id, DecodingKey::from_jwk(key).map_err(bad_key)?))
        });
        Ok(Self {
            issuer: issuer.into(),
            signing: None,
            verifying: Arc::new(keys.collect::<Result<_, ConfigError>>()?),
            published: Arc::new(published),
        })
    }

    /// Signs tokens too, with a private key as PEM, and accepts what it signed.
    pub fn signing(self, key: &SecretString) -> Result<Self, ConfigError> {
        let (public, key) = public_key(key)?;
        let id = public.common.key_id.clone().unwrap_or_default();
        let mut tokens = self;
        if !tokens.verifying.contains_key(&id) {
            let verifying = DecodingKey::from_jwk(&public).map_err(bad_key)?;
            Arc::make_mut(&mut tokens.verifying).insert(id.clone(), verifying);
            Arc::make_mut(&mut tokens.published).keys.push(public);
        }
        Ok(Self { signing: Some(Arc::new((id, key))), ..tokens })
    }

    /// The public keys, for whoever wants to check our tokens.
    pub fn published(&self) -> &JwkSet {
        &self.published
    }

    /// Signs an access token for a session of an account.
    pub fn sign(
        &self,
        account: &Account,
        session: &Session,
        now: Timestamp,
    ) -> Result<String, CannotSign> {
        let (id, key) = self.signing.as_deref().ok_or(CannotSign)?;
        let claims = Claims {
            iss: self.issuer.to_string(),
            aud: AUDIENCE.to_owned(),
            sub: account.id,
            role: account.role,
            hospital: account.hospital,
            sid: session.id,
            iat: now.as_second(),
            exp: (now + ACCESS).as_second(),
        };
        let header = Header { kid: Some(id.clone()), ..Header::new(Algorithm::ES256) };
        encode(&header, &claims, key).map_err(|_| CannotSign)
    }

    /// Checks a token's algorithm, signature, issuer, audience and lifetime.
    pub fn verify(&self, token: &str, now: Timestamp) -> Option<Claims> {
        let id = decode_header(token).ok()?.kid?;
        let key = self.verifying.get(&id)?;
        let mut rules = Validation::new(Algorithm::ES256);
        rules.set_issuer(&[&*self.issuer]);
        rules.set_audience(&[AUDIENCE]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The library would ask the system's clock; ours decides below.
        rules.validate_exp = false;
        let claims: Claims = decode(token, key, &rules).ok()?.claims;
        let now = now.as_second();
        (claims.iat <= now && now < claims.exp).then_some(claims)
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// The public half of a private key, named by its thumbprint, as it is published.
pub fn public_keys(key: &SecretString) -> Result<JwkSet, ConfigError> {
    public_key(key).map(|(public, _)| JwkSet { keys: vec![public] })
}

fn public_key(key: &SecretString) -> Result<(Jwk, EncodingKey), ConfigError> {
    let key = EncodingKey::from_ec_pem(key.expose_secret().as_bytes()).map_err(bad_key)?;
    let mut public = Jwk::from_encoding_key(&key, Algorithm::ES256).map_err(bad_key)?;
    public.common.key_id = Some(public.thumbprint(ThumbprintHash::SHA256).map_err(bad_key)?);
    public.common.key_algorithm = Some(KeyAlgorithm::ES256);
    public.common.public_key_use = Some(PublicKeyUse::Signature);
    Ok((public, key))
}

fn bad_key(error: jsonwebtoken::errors::Error) -> ConfigError {
    ConfigError::Key(error.into())
}

/// This function was not given the key to sign with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token could not be signed")]
pub struct CannotSign;

impl Failure for CannotSign {
    fn class(&self) -> Class {
        Class::Internal
    }

    fn code(&self) -> &'static str {
        "internal"
    }
}
