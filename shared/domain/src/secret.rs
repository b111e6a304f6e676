//! Keyed digests.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The hub's own secret, from which every keyed digest is made.
///
/// Whoever reads the tables without it learns neither codes nor tokens.
#[derive(Clone)]
pub struct Pepper([u8; 32]);

impl Pepper {
    /// Uses `secret`, of whatever length.
    pub fn new(secret: &[u8]) -> Self {
        Self(tag(secret, "pepper", &[]))
    }

    /// The digest of `parts` for one use. Digests for different uses are unrelated.
    pub fn tag(&self, usage: &str, parts: &[&[u8]]) -> [u8; 32] {
        tag(&self.0, usage, parts)
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

fn tag(key: &[u8], usage: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = keyed(key);
    // Lengths keep `ab, c` and `a, bc` apart.
    for part in std::iter::once(usage.as_bytes()).chain(parts.iter().copied()) {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("a key of any length")
}

/// HMAC-SHA-256 of a message as others know it, for those who share a key with the hub.
pub fn signature(key: &[u8], message: &[u8]) -> [u8; 32] {
    keyed(key).chain_update(message).finalize().into_bytes().into()
}

/// Whether two digests are the same, in time that does not depend on where they differ.
pub fn same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_depend_on_usage_and_on_where_parts_end() {
        let pepper = Pepper::new(b"secret");
        let tags = [
            pepper.tag("a", &[b"bc", b"d"]),
            pepper.tag("a", &[b"b", b"cd"]),
            pepper.tag("ab", &[b"c", b"d"]),
            Pepper::new(b"other").tag("a", &[b"bc", b"d"]),
        ];
        for (i, left) in tags.iter().enumerate() {
            for (j, right) in tags.iter().enumerate() {
                assert_eq!(same(left, right), i == j);
            }
        }
    }
}
