//! Sessions: a person at a device, from sign-in to sign-out.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::{
    Id, Revision,
    access::{Action, Origin, Subject, UserId},
    account::Account,
    event::Reference,
    failures,
    id::Identified,
    revision::{Revised, revised},
    secret::{Pepper, same},
    text::Text,
};

/// How long a session lives after its last renewal.
pub const SESSION: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long an access token is good for.
pub const ACCESS: SignedDuration = SignedDuration::from_mins(60);

/// One sign-in and the chain of refresh tokens that continues it.
///
/// Only the newest token of the chain renews the session. Presenting an older one
/// means that somebody copied it, and ends the session for everyone who holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Identifies the session.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// When the person signed in.
    pub started_at: Timestamp,
    /// When the session was last renewed.
    pub renewed_at: Timestamp,
    /// The program that signed in.
    pub device: Option<Text<400>>,
    /// The address it signed in from.
    pub address: String,
    generation: u32,
    expires_at: Timestamp,
    fingerprint: String,
    revision: Revision,
}

/// Identifies a [`Session`].
pub type SessionId = Id<Session>;

impl Identified for Session {
    const PREFIX: &'static str = "ses";
}

impl Session {
    /// Begins a session for the holder of `account`, who is at `origin`.
    pub fn begin(
        account: &Account,
        origin: &Origin,
        now: Timestamp,
        pepper: &Pepper,
    ) -> (Self, RefreshToken) {
        let (id, user) = (Id::generate(now), account.id);
        let token = RefreshToken::mint(user, id, pepper);
        let device = origin.device.as_deref().map(|device| device.chars().take(400).collect());
        let session = Self {
            id,
            user,
            started_at: now,
            renewed_at: now,
            device: device.and_then(|device: String| device.try_into().ok()),
            address: origin.address.to_string(),
            generation: account.generation(),
            expires_at: now + SESSION,
            fingerprint: token.fingerprint(pepper),
            revision: Revision::FIRST,
        };
        (session, token)
    }

    /// Continues the session with a new token, in exchange for its newest one.
    pub fn renew(
        self,
        account: &Account,
        presented: &RefreshToken,
        now: Timestamp,
        pepper: &Pepper,
    ) -> Result<(Self, RefreshToken), SessionError> {
        if !self.is_live(account, now) {
            return Err(SessionError::Invalid);
        }
        if !same(self.fingerprint.as_bytes(), presented.fingerprint(pepper).as_bytes()) {
            return Err(SessionError::Reused);
        }
        let token = RefreshToken::mint(self.user, self.id, pepper);
        let fingerprint = token.fingerprint(pepper);
        let (renewed_at, expires_at) = (now, now + SESSION);
        Ok((Self { renewed_at, expires_at, fingerprint, ..self }, token))
    }

    /// When the session ends by itself.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// Whether the session has not ended by itself and the holder of `account`, whose
    /// it is, may still use it.
    pub fn is_live(&self, account: &Account, now: Timestamp) -> bool {
        now < self.expires_at && account.is_active() && account.generation() == self.generation
    }
}

revised!(Session);

impl Subject for Session {
    const VIEW: Action = Action::ViewSession;

    fn reference(&self) -> Reference {
        self.id.into()
    }

    fn owner(&self) -> Option<UserId> {
        Some(self.user)
    }
}

/// Names a session and proves that its holder received it from us.
///
/// It carries 32 random bytes and a keyed digest of itself, so a made-up token is
/// refused without a look at the table, and what is stored of it is a digest.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// Whose session it continues.
    pub user: UserId,
    /// The session it continues.
    pub session: SessionId,
    secret: [u8; 32],
}

impl RefreshToken {
    fn mint(user: UserId, session: SessionId, pepper: &Pepper) -> Self {
        let [a, b] = [Ulid::generate(), Ulid::generate()].map(|draw| draw.random().to_be_bytes());
        let secret = pepper.tag("refresh-secret", &[&a, &b, &session.ulid().to_bytes()]);
        Self { user, session, secret }
    }

    /// Reads a token that we wrote.
    pub fn read(text: &str, pepper: &Pepper) -> Result<Self, SessionError> {
        let bytes = BASE64.decode(text).map_err(|_| SessionError::Invalid)?;
        let bytes: [u8; 96] = bytes.try_into().map_err(|_| SessionError::Invalid)?;
        let (body, seal) = bytes.split_at(64);
        if !same(seal, &pepper.tag("refresh-token", &[body])) {
            return Err(SessionError::Invalid);
        }
        let ulid = |at: usize| {
            body[at..at + 16].try_into().map(Ulid::from_bytes).map_err(|_| SessionError::Invalid)
        };
        let secret = body[32..].try_into().map_err(|_| SessionError::Invalid)?;
        Ok(Self { user: ulid(0)?.into(), session: ulid(16)?.into(), secret })
    }

    /// The token as its holder keeps it.
    pub fn reveal(&self, pepper: &Pepper) -> String {
        let body = self.body();
        BASE64.encode([&body[..], &pepper.tag("refresh-token", &[&body])].concat())
    }

    fn body(&self) -> [u8; 64] {
        let mut body = [0; 64];
        body[..16].copy_from_slice(&self.user.ulid().to_bytes());
        body[16..32].copy_from_slice(&self.session.ulid().to_bytes());
        body[32..].copy_from_slice(&self.secret);
        body
    }

    fn fingerprint(&self, pepper: &Pepper) -> String {
        BASE64.encode(pepper.tag("refresh-fingerprint", &[&self.body()]))
    }
}

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<redacted>")
    }
}

failures! {
    /// Why a session cannot be continued.
    pub enum SessionError {
        Invalid = Unauthenticated "invalid-refresh-token" "the refresh token is not valid or has expired",
        Reused = Unauthenticated "refresh-token-reused" "the refresh token was used before, so the session has ended; sign in again",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{access::Role, account::PersonName};

    fn begin(pepper: &Pepper) -> (Account, Session, RefreshToken) {
        let name = PersonName { first: "Ana".to_owned().try_into().unwrap(), last: None };
        let now = Timestamp::UNIX_EPOCH;
        let account = Account::open("ana".parse().unwrap(), Role::Patient, name, now);
        let origin =
            Origin { address: [127, 0, 0, 1].into(), device: None, request: "test".into() };
        let (session, token) = Session::begin(&account, &origin, now, pepper);
        (account, session, token)
    }

    proptest! {
        #[test]
        fn no_text_we_did_not_write_is_a_token(text in "[A-Za-z0-9_-]{0,140}") {
            prop_assert!(RefreshToken::read(&text, &Pepper::new(b"test")).is_err());
        }

        #[test]
        fn however_tokens_are_presented_only_the_newest_renews(picks in prop::collection::vec(any::<prop::sample::Index>(), 1..20)) {
            let pepper = Pepper::new(b"test");
            let (account, mut session, first) = begin(&pepper);
            let mut issued = vec![first];
            for pick in picks {
                let position = pick.index(issued.len());
                let newest = position + 1 == issued.len();
                match session.clone().renew(&account, &issued[position], Timestamp::UNIX_EPOCH, &pepper) {
                    Ok((renewed, token)) => {
                        prop_assert!(newest);
                        session = renewed;
                        issued.push(token);
                    }
                    Err(error) => {
                        prop_assert!(!newest);
                        prop_assert_eq!(error, SessionError::Reused);
                        break;
                    }
                }
            }
        }
    }

    #[test]
    fn a_token_reads_back_and_a_changed_one_does_not() {
        let pepper = Pepper::new(b"test");
        let (_, _, token) = begin(&pepper);
        let text = token.reveal(&pepper);
        assert_eq!(RefreshToken::read(&text, &pepper), Ok(token));
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(RefreshToken::read(&changed, &pepper).is_err());
        }
    }
}
