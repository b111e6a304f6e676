//! What leaves our hands encrypted and comes back unchanged or not at all.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use carehub_domain::secret::Pepper;
use serde::{Serialize, de::DeserializeOwned};

/// Encrypts `value` for one `usage`, bound to what `bound` says.
pub(crate) fn seal(
    value: &impl Serialize,
    usage: &str,
    bound: &str,
    pepper: &Pepper,
) -> Option<String> {
    let mut text = serde_json::to_vec(value).ok()?;
    let nonce = key(usage, pepper)?.seal_in_place_append_tag(Aad::from(bound), &mut text).ok()?;
    Some(BASE64.encode([&nonce.as_ref()[..], &text].concat()))
}

/// Decrypts what [`seal`] made for the same usage and bound to the same.
pub(crate) fn open<T: DeserializeOwned>(
    sealed: &str,
    usage: &str,
    bound: &str,
    pepper: &Pepper,
) -> Option<T> {
    let bytes = BASE64.decode(sealed).ok()?;
    let (nonce, text) = bytes.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut text = text.to_vec();
    let plain = key(usage, pepper)?.open_in_place(nonce, Aad::from(bound), &mut text).ok()?;
    serde_json::from_slice(plain).ok()
}

fn key(usage: &str, pepper: &Pepper) -> Option<RandomizedNonceKey> {
    RandomizedNonceKey::new(&AES_256_GCM, &pepper.tag(usage, &[])).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn only_what_was_sealed_here_for_this_opens(value: String, noise in "[A-Za-z0-9_-]{0,80}", at: prop::sample::Index) {
            let pepper = Pepper::new(b"test");
            let sealed = seal(&value, "cursor", "ana /list", &pepper).unwrap();
            prop_assert_eq!(open::<String>(&sealed, "cursor", "ana /list", &pepper), Some(value));
            prop_assert_eq!(open::<String>(&sealed, "cursor", "ben /list", &pepper), None);
            prop_assert_eq!(open::<String>(&sealed, "answer", "ana /list", &pepper), None);
            prop_assert_eq!(open::<String>(&noise, "cursor", "ana /list", &pepper), None);
            let mut changed = sealed.into_bytes();
            let at = at.index(changed.len());
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            prop_assert_eq!(open::<String>(&changed, "cursor", "ana /list", &pepper), None);
        }
    }
}
