//! Passwords become digests here, slowly, off the async threads.

use std::sync::Arc;

use argon2::{Argon2, Params, PasswordHasher, PasswordVerifier, password_hash::phc};
use carehub_domain::{
    Class, Failure,
    account::Account,
    password::{NewPassword, PasswordHash},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::{sync::Semaphore, task::spawn_blocking};
use utoipa::ToSchema;

use crate::form::Invalid;

/// Argon2id with 19 MiB, two passes and one lane.
/// <https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// A digest of no password, made with the same effort. It stands in for accounts that do
/// not exist or have no password, so that a try costs the same.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ib2R5$gYhnkCZPjIGDBb+vIZkLdF9l2u2T2k2V0i1OB2lzmDM";

/// A password as somebody typed it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(from = "String")]
#[schema(value_type = String, format = "password", min_length = 8, max_length = 128)]
pub struct Typed(SecretString);

impl From<String> for Typed {
    fn from(typed: String) -> Self {
        Self(typed.into())
    }
}

impl Typed {
    /// The password itself.
    pub fn secret(&self) -> &SecretString {
        &self.0
    }

    /// Takes it as a new password for the holder of `account`, if it is fit to be one and
    /// was typed the same twice. `field` is where the form has it.
    pub fn choose(
        self,
        again: Option<&Self>,
        field: &str,
        account: &Account,
    ) -> Result<NewPassword, Invalid> {
        let same = |again: &Self| again.0.expose_secret() == self.0.expose_secret();
        if !again.is_none_or(same) {
            return Err(Invalid::field(&format!("{field}_confirm"), "the two passwords differ"));
        }
        NewPassword::choose(self.0, &account.names()).map_err(|weak| Invalid::field(field, weak))
    }
}

/// Makes and compares digests, as many at once as there are processors.
#[derive(Clone, Debug)]
pub struct Passwords(Arc<Semaphore>);

impl Default for Passwords {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Semaphore::new(processors)))
    }
}

impl Passwords {
    /// The digest to keep of a password.
    pub async fn digest(&self, password: &NewPassword) -> Result<PasswordHash, DigestError> {
        let password = password.reveal().clone();
        self.work(move || {
            let hash = argon2()?.hash_password(password.expose_secret().as_bytes());
            hash.map(|hash| PasswordHash::from_phc(hash.to_string()))
                .map_err(|_| DigestError::Argon2)
        })
        .await
    }

    /// Whether `typed` is the password that `kept` is the digest of. Takes as long for no
    /// digest at all, and then it never is.
    pub async fn matches(
        &self,
        typed: &SecretString,
        kept: Option<PasswordHash>,
    ) -> Result<bool, DigestError> {
        let typed = typed.clone();
        self.work(move || {
            let kept_phc = kept.as_ref().map_or(NOBODY, PasswordHash::as_phc);
            let hash = phc::PasswordHash::new(kept_phc).map_err(|_| DigestError::Argon2)?;
            let same = argon2()?.verify_password(typed.expose_secret().as_bytes(), &hash).is_ok();
            Ok(same && kept.is_some())
        })
        .await
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, DigestError> + Send + 'static,
    ) -> Result<T, DigestError> {
        let _turn = self.0.acquire().await.map_err(|_| DigestError::Stopped)?;
        spawn_blocking(work).await.map_err(|_| DigestError::Stopped)?
    }
}

fn argon2() -> Result<Argon2<'static>, DigestError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| DigestError::Argon2)?;
    Ok(Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params))
}

/// A digest could not be made or compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// The digest function refused.
    #[error("the password digest failed")]
    Argon2,
    /// The process is going down.
    #[error("the password digest was stopped")]
    Stopped,
}

impl Failure for DigestError {
    fn class(&self) -> Class {
        Class::Internal
    }

    fn code(&self) -> &'static str {
        "internal"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_digest_and_no_other() {
        let passwords = Passwords::default();
        let kept = passwords.digest(&NewPassword::unchecked("quiet-lantern-97")).await.unwrap();
        assert!(passwords.matches(&"quiet-lantern-97".into(), Some(kept.clone())).await.unwrap());
        assert!(!passwords.matches(&"quiet-lantern-98".into(), Some(kept)).await.unwrap());
        assert!(!passwords.matches(&"quiet-lantern-97".into(), None).await.unwrap());
    }
}
