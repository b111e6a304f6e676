//! How often callers may ask.

use std::{collections::BTreeMap, fmt, num::NonZeroU32, sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use carehub_domain::{Class, Failure, access::Actor, secret::Pepper};
use carehub_store::Store;
use governor::{DefaultKeyedRateLimiter, clock::Clock as _};
use jiff::{SignedDuration, Timestamp};

use crate::{AppState, Peer, Result, config::ConfigError};

macro_rules! buckets {
    ($($(#[$meta:meta])* $bucket:ident = $name:literal $most:literal per $seconds:literal,)+) => {
        /// What is counted together.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Bucket {
            $($(#[$meta])* $bucket,)+
        }

        impl Bucket {
            /// Every bucket.
            pub const ALL: &[Self] = &[$(Self::$bucket),+];

            /// The bucket as settings and answers name it.
            pub fn name(self) -> &'static str {
                match self { $(Self::$bucket => $name,)+ }
            }

            /// What it allows unless settings say otherwise.
            pub fn quota(self) -> Quota {
                match self { $(Self::$bucket => Quota::per($most, $seconds),)+ }
            }
        }
    };
}

buckets! {
    /// Everything, for each person or else each address.
    General = "GENERAL" 100 per 60,
    /// Signing in and asking for codes, for each address.
    Auth = "AUTH" 5 per 60,
    /// The same, for each phone or user name.
    AuthIdentity = "AUTH_IDENTITY" 5 per 60,
    /// Opening accounts and renewing sessions, for each address.
    Register = "REGISTER" 20 per 60,
    /// Codes for a repository, for each address.
    Otp = "OTP" 3 per 900,
    /// The same, for each phone.
    OtpIdentity = "OTP_IDENTITY" 3 per 900,
    /// Codes of any kind, for each phone.
    OtpDaily = "OTP_DAILY" 20 per 86_400,
    /// Taking a doctor's time or keeping it, for each person.
    Booking = "BOOKING" 10 per 60,
    /// Sending files or announcing them, for each person.
    Upload = "UPLOAD" 10 per 60,
    /// Opening repositories in an emergency, for each doctor.
    Glass = "GLASS" 5 per 3600,
    /// Asking what could be given, for each person.
    Recommendations = "RECOMMENDATIONS" 10 per 3600,
    /// Asking whether a prescription is genuine, for each address.
    Verify = "VERIFY" 30 per 60,
}

impl std::str::FromStr for Bucket {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|bucket| bucket.name() == text).ok_or(())
    }
}

/// So many requests in so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    most: NonZeroU32,
    seconds: NonZeroU32,
}

impl Quota {
    /// `most` requests in `seconds` seconds; neither is ever less than one.
    pub const fn per(most: u32, seconds: u32) -> Self {
        Self { most: at_least_one(most), seconds: at_least_one(seconds) }
    }

    /// Reads `5/60`, or `off`.
    pub(crate) fn read(text: &str) -> Result<Option<Self>, ConfigError> {
        if text.trim() == "off" {
            return Ok(None);
        }
        let numbers = text.split_once('/').and_then(|(most, seconds)| {
            Some(Self { most: most.trim().parse().ok()?, seconds: seconds.trim().parse().ok()? })
        });
        numbers.map(Some).ok_or_else(|| ConfigError::Limit(text.to_owned()))
    }
}

const fn at_least_one(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

/// Counts requests: the sensitive ones exactly and for all instances together, in
/// DynamoDB; the others within this instance only.
#[derive(Clone)]
pub struct Limiter {
    store: Store,
    pepper: Pepper,
    quotas: Arc<BTreeMap<Bucket, Option<Quota>>>,
    general: Option<Arc<DefaultKeyedRateLimiter<String>>>,
}

impl Limiter {
    /// Counts by these quotas.
    pub fn new(store: Store, pepper: Pepper, quotas: BTreeMap<Bucket, Option<Quota>>) -> Self {
        let general = quotas.get(&Bucket::General).copied().flatten().and_then(|quota| {
            let refill = Duration::from_secs(quota.seconds.get().into()) / quota.most.get();
            let quota = governor::Quota::with_period(refill)?.allow_burst(quota.most);
            Some(Arc::new(DefaultKeyedRateLimiter::hashmap(quota)))
        });
        Self { store, pepper, quotas: Arc::new(quotas), general }
    }

    /// Counts a sensitive request of `caller`, who is not told in what is stored.
    pub async fn count(&self, bucket: Bucket, caller: &str, now: Timestamp) -> Result<()> {
        let Some(quota) = self.quotas.get(&bucket).copied().flatten() else { return Ok(()) };
        let tag = self.pepper.tag("limit", &[caller.as_bytes()]);
        let caller = BASE64.encode(&tag[..12]);
        let window = SignedDuration::from_secs(quota.seconds.get().into());
        let limits = self.store.limits();
        match limits.take(bucket.name(), &caller, quota.most.get(), window, now).await? {
            Ok(()) => Ok(()),
            Err(spent) => Err(TooMany { bucket, wait: spent.until.duration_since(now) }.into()),
        }
    }

    /// Counts a sensitive request of somebody who is signed in.
    pub async fn count_of(&self, bucket: Bucket, actor: &Actor) -> Result<()> {
        let user = actor.user.map(|user| user.to_string()).unwrap_or_default();
        self.count(bucket, &user, actor.at).await
    }

    /// Counts any request of `caller` within this instance.
    pub(crate) fn count_here(&self, caller: &str) -> Result<(), TooMany> {
        /// How many callers are remembered before those who paused are forgotten.
        const CROWD: usize = 10_000;

        let Some(general) = &self.general else { return Ok(()) };
        if general.len() > CROWD {
            general.retain_recent();
        }
        general.check_key(&caller.to_owned()).map_err(|refused| {
            let wait = refused.wait_time_from(governor::clock::DefaultClock::default().now());
            let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::ZERO);
            TooMany { bucket: Bucket::General, wait }
        })
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter").field("quotas", &self.quotas).finish_non_exhaustive()
    }
}

/// The caller asks too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests; wait a little")]
pub struct TooMany {
    bucket: Bucket,
    wait: SignedDuration,
}

impl Failure for TooMany {
    fn class(&self) -> Class {
        Class::TooMany
    }

    fn code(&self) -> &'static str {
        "too-many-requests"
    }

    fn retry_after(&self) -> Option<SignedDuration> {
        Some(self.wait)
    }
}

/// Counts requests to a route by the address they come from, before anything is read.
pub(crate) async fn by_address(
    State((state, bucket)): State<(AppState, Bucket)>,
    request: Request,
    next: Next,
) -> Result<Response> {
    let Peer(address) = Peer::of(request.extensions());
    state.limiter.count(bucket, &address.to_string(), state.clock.now()).await?;
    Ok(next.run(request).await)
}
