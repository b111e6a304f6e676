//! Secrets of the tests, made anew for each run.

use std::sync::OnceLock;

use carehub_domain::secret::Pepper;
use p256::{
    SecretKey,
    elliptic_curve::Generate,
    pkcs8::{EncodePrivateKey, LineEnding},
};
use secrecy::SecretString;

/// The key that the hubs of this run sign tokens with, as PEM.
pub fn signing_key() -> &'static SecretString {
    static KEY: OnceLock<SecretString> = OnceLock::new();
    KEY.get_or_init(another_key)
}

/// The secret that the hubs of this run make keyed digests with.
pub fn pepper() -> Pepper {
    Pepper::new(b"the pepper of tests")
}

fn another_key() -> SecretString {
    let key = SecretKey::try_generate().expect("random bytes");
    key.to_pkcs8_pem(LineEnding::LF).expect("a key as text").to_string().into()
}
