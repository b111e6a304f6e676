//! One-time codes that a phone receives.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_with::DeserializeFromStr;
use ulid::Ulid;
use utoipa::ToSchema;

use crate::{
    access::{Action, PatientId, Subject, UserId},
    choice::choice,
    contact::Phone,
    doctor::DoctorId,
    event::{EventId, Reference},
    failures,
    secret::{Pepper, same},
};

/// How many wrong entries end a code.
pub const TRIES: u8 = 5;

choice! {
    /// What a code is good for.
    pub enum Purpose: "a purpose" {
        /// Sign in with the phone, opening an account if there is none.
        Login = "LOGIN",
        /// The same, on the way in.
        Registration = "REGISTRATION",
        /// Choose a new password.
        PasswordReset = "PASSWORD_RESET",
        /// Let a doctor read the patient's repository.
        Repository = "REPOSITORY",
    }
}

impl Purpose {
    /// How long a code of this purpose is good for.
    pub fn life(self) -> SignedDuration {
        match self {
            Self::Login | Self::Registration | Self::PasswordReset => SignedDuration::from_mins(5),
            Self::Repository => SignedDuration::from_mins(10),
        }
    }
}

/// A code on its way to a phone.
///
/// There is one live code per purpose, phone and requester: asking again replaces it.
/// The digits are stored nowhere. They are derived, whenever needed, from the hub's
/// pepper and the number of the issue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// Names the purpose, phone and requester without telling them.
    pub key: CodeKey,
    /// What it is good for.
    pub purpose: Purpose,
    /// The phone it goes to.
    pub phone: Phone,
    /// The doctor who asked, for access to a repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<DoctorId>,
    /// The patient whose repository it opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<PatientId>,
    /// Whether a message is to be sent. A code for an unknown account stays silent.
    pub sent: bool,
    /// When it stops being good.
    pub expires_at: Timestamp,
    /// How often it was tried.
    pub tries: u8,
    issue: Ulid,
}

impl Code {
    /// Issues a code to `phone` at `now`.
    pub fn issue(purpose: Purpose, phone: Phone, now: Timestamp, pepper: &Pepper) -> Self {
        let key = CodeKey::of(purpose, &phone, None, pepper);
        let expires_at = now + purpose.life();
        let issue = Ulid::generate();
        Self {
            key,
            purpose,
            phone,
            requester: None,
            patient: None,
            sent: true,
            expires_at,
            tries: 0,
            issue,
        }
    }

    /// Issues a code with which `doctor` may open the repository of `patient`.
    pub fn for_repository(
        doctor: DoctorId,
        patient: PatientId,
        phone: Phone,
        now: Timestamp,
        pepper: &Pepper,
    ) -> Self {
        let key = CodeKey::of(Purpose::Repository, &phone, Some(doctor), pepper);
        let code = Self::issue(Purpose::Repository, phone, now, pepper);
        Self { key, requester: Some(doctor), patient: Some(patient), ..code }
    }

    /// The digits that the phone is to show.
    pub fn digits(&self, pepper: &Pepper) -> Digits {
        let tag = pepper.tag("code-digits", &[self.key.0.as_bytes(), &self.issue.to_bytes()]);
        // Eight bytes make six digits as even as anyone can tell.
        let number = tag[..8].iter().fold(0_u64, |number, &byte| number << 8 | u64::from(byte));
        Digits(format!("{:06}", number % 1_000_000))
    }

    /// Whether it is the code that an event asked for, and not one that replaced it.
    pub fn was_asked_for_by(&self, event: EventId) -> bool {
        let asked = (self.expires_at - self.purpose.life()).as_millisecond();
        u64::try_from(asked) == Ok(event.ulid().timestamp_ms())
    }

    /// Checks an entry that was counted in [`tries`](Self::tries) before.
    pub fn check(
        &self,
        entered: &Digits,
        now: Timestamp,
        pepper: &Pepper,
    ) -> Result<(), CodeError> {
        if self.expires_at <= now || self.tries > TRIES {
            return Err(CodeError::Expired);
        }
        if same(self.digits(pepper).0.as_bytes(), entered.0.as_bytes()) {
            Ok(())
        } else {
            Err(CodeError::Wrong)
        }
    }
}

impl Subject for Code {
    const VIEW: Action = Action::RequestCode;

    fn reference(&self) -> Reference {
        Reference::named(self.key.to_string())
    }

    fn owner(&self) -> Option<UserId> {
        self.requester.map(UserId::from)
    }

    fn patient(&self) -> Option<PatientId> {
        self.patient
    }
}

/// Names a code by a keyed digest of its purpose, phone and requester.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeKey(String);

impl CodeKey {
    /// The key of the one live code for `purpose`, `phone` and `requester`.
    pub fn of(
        purpose: Purpose,
        phone: &Phone,
        requester: Option<DoctorId>,
        pepper: &Pepper,
    ) -> Self {
        let requester = requester.map(|doctor| doctor.to_string()).unwrap_or_default();
        let parts = [purpose.as_str(), phone.reveal(), &requester].map(str::as_bytes);
        let tag = pepper.tag("code-key", &parts);
        Self(tag[..16].iter().fold("otp_".to_owned(), |text, byte| format!("{text}{byte:02x}")))
    }

    /// Reads a key from the audit log.
    pub fn named(reference: &Reference) -> Option<Self> {
        reference.as_str().starts_with("otp_").then(|| Self(reference.to_string()))
    }
}

impl fmt::Display for CodeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The six digits of a code.
#[derive(Clone, PartialEq, Eq, DeserializeFromStr, ToSchema)]
#[schema(value_type = String, pattern = "^[0-9]{6}$")]
pub struct Digits(String);

impl Digits {
    /// The digits themselves.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Digits {
    type Err = NotSixDigits;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotSixDigits)
        }
    }
}

impl fmt::Debug for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

/// The text is not six digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected six digits")]
pub struct NotSixDigits;

failures! {
    /// Why a code opens nothing.
    pub enum CodeError {
        Wrong = Invalid "code-wrong" "the code is not right",
        Expired = Invalid "code-expired" "there is no valid code, or it has expired; ask for a new one",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn phone() -> Phone {
        "+923001234567".parse().unwrap()
    }

    #[test]
    fn a_code_opens_with_its_digits_until_it_expires() {
        let (pepper, now) = (Pepper::new(b"test"), Timestamp::UNIX_EPOCH);
        let code = Code::issue(Purpose::Login, phone(), now, &pepper);
        let digits = code.digits(&pepper);

        assert_eq!(code.check(&digits, now + SignedDuration::from_secs(299), &pepper), Ok(()));
        assert_eq!(
            code.check(&digits, now + SignedDuration::from_secs(300), &pepper),
            Err(CodeError::Expired)
        );
        assert_eq!(
            Code { tries: 6, ..code.clone() }.check(&digits, now, &pepper),
            Err(CodeError::Expired)
        );
        assert_ne!(Code::issue(Purpose::Login, phone(), now, &pepper).digits(&pepper), digits);
    }

    #[test]
    fn a_code_is_that_of_the_event_that_asked_for_it() {
        let (pepper, now) = (Pepper::new(b"test"), Timestamp::UNIX_EPOCH);
        let later = now + SignedDuration::from_millis(1);
        let code = Code::issue(Purpose::Login, phone(), later, &pepper);
        assert!(code.was_asked_for_by(crate::Id::generate(later)));
        assert!(!code.was_asked_for_by(crate::Id::generate(now)));
    }

    #[test]
    fn a_code_is_bound_to_the_doctor_who_asked() {
        let (pepper, now) = (Pepper::new(b"test"), Timestamp::UNIX_EPOCH);
        let patient = crate::Id::generate(now);
        let issue = |doctor| Code::for_repository(doctor, patient, phone(), now, &pepper).key;
        assert_ne!(issue(crate::Id::generate(now)), issue(crate::Id::generate(now)));
    }

    proptest! {
        #[test]
        fn any_entry_is_read_without_panic(text in any::<String>()) {
            if let Ok(digits) = text.parse::<Digits>() {
                prop_assert_eq!(digits.reveal().len(), 6);
            }
        }
    }
}
