//! What is printed on a prescription, so that anybody can ask whether it is genuine.

use std::{fmt, str::FromStr};

use ulid::Ulid;

use super::PrescriptionId;
use crate::secret::{Pepper, same};

/// How long the identifier is, and the seal behind it.
const HALF: usize = 26;

/// Names a prescription and proves that the hub printed it. It says nothing else, and nobody who
/// does not know the hub's own secret can make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerificationCode {
    /// The prescription that it names. It may not exist.
    pub prescription: PrescriptionId,
    seal: Ulid,
}

impl VerificationCode {
    /// The code of a prescription.
    pub fn of(prescription: PrescriptionId, pepper: &Pepper) -> Self {
        let tag = pepper.tag("prescription", &[&prescription.ulid().to_bytes()]);
        let seal = tag.iter().take(16).fold(0, |seal, byte| seal << 8 | u128::from(*byte));
        Self { prescription, seal: Ulid::from(seal) }
    }

    /// Whether the hub made it.
    pub fn is_ours(&self, pepper: &Pepper) -> bool {
        let ours = Self::of(self.prescription, pepper);
        same(&self.seal.to_bytes(), &ours.seal.to_bytes())
    }
}

impl fmt::Display for VerificationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.prescription.ulid(), self.seal)
    }
}

impl FromStr for VerificationCode {
    type Err = NoCode;

    fn from_str(text: &str) -> Result<Self, NoCode> {
        let (prescription, seal) = text.split_at_checked(HALF).ok_or(NoCode)?;
        let ulid = |half| Ulid::from_string(half).map_err(|_| NoCode);
        Ok(Self { prescription: ulid(prescription)?.into(), seal: ulid(seal)? })
    }
}

/// The text is not such a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the code of a prescription")]
pub struct NoCode;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn codes_read_back_and_prove_themselves(id: u128) {
            let pepper = Pepper::new(b"secret");
            let code = VerificationCode::of(Ulid::from(id).into(), &pepper);
            prop_assert_eq!(code.to_string().parse(), Ok(code));
            prop_assert!(code.is_ours(&pepper));
            prop_assert!(!code.is_ours(&Pepper::new(b"other")));
        }

        #[test]
        fn a_code_with_another_letter_proves_nothing(id: u128, place in 0..52_usize, letter in "[0-7]") {
            let pepper = Pepper::new(b"secret");
            let mut text = VerificationCode::of(Ulid::from(id).into(), &pepper).to_string();
            prop_assume!(text.get(place..=place) != Some(&letter));
            text.replace_range(place..=place, &letter);
            let forged = text.parse::<VerificationCode>();
            prop_assert!(forged.is_ok_and(|forged| !forged.is_ours(&pepper)));
        }

        #[test]
        fn any_code_is_read_without_panic(text in any::<String>()) {
            let _ = text.parse::<VerificationCode>();
        }
    }
}
