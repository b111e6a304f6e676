//! Webhooks: programs of hospitals that are told what happens.

use std::{collections::BTreeSet, fmt, net::IpAddr};

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ulid::Ulid;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, SchemaFormat, Type},
};

use crate::{
    Id, Revision,
    access::{Action, Actor, Subject, UserId},
    event::{Event, Reference},
    failures,
    hospital::HospitalId,
    id::Identified,
    revision::{Revised, revised},
    secret::{Pepper, signature},
};

/// How many webhooks a hospital has at most.
pub const MOST: usize = 10;

/// The longest address.
const LONGEST: usize = 1000;

/// A program of a hospital that is told of events.
///
/// Its secret is stored nowhere. It is derived, whenever needed, from the hub's pepper and the
/// number of the issue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Identifies the webhook.
    pub id: WebhookId,
    /// Whose it is.
    pub hospital: HospitalId,
    /// Where the program listens.
    pub url: WebhookUrl,
    /// What it is told of; every change in the hospital, but no look, if nothing is named.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub actions: BTreeSet<Action>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it got the secret that it has.
    pub rotated_at: Timestamp,
    standing: Standing,
    issue: Ulid,
    revision: Revision,
}

/// Identifies a [`Webhook`].
pub type WebhookId = Id<Webhook>;

impl Identified for Webhook {
    const PREFIX: &'static str = "whk";
}

/// Whether a webhook is told anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "SCREAMING_SNAKE_CASE")]
enum Standing {
    /// It is.
    On,
    /// The hospital switched it off.
    Off,
    /// The program said that it is gone for good.
    Gone {
        /// When it said so.
        at: Timestamp,
    },
}

impl Webhook {
    /// Lets a program of a hospital know what happens.
    pub fn register(
        hospital: HospitalId,
        url: WebhookUrl,
        actions: BTreeSet<Action>,
        by: &Actor,
    ) -> Self {
        Self {
            id: Id::generate(by.at),
            hospital,
            url,
            actions,
            created_at: by.at,
            updated_at: by.at,
            rotated_at: by.at,
            standing: Standing::On,
            issue: Ulid::generate(),
            revision: Revision::FIRST,
        }
    }

    /// Whether it is told anything.
    pub fn is_active(&self) -> bool {
        self.standing == Standing::On
    }

    /// When the program said that it is gone, if that is why it is told nothing.
    pub fn gone_at(&self) -> Option<Timestamp> {
        match self.standing {
            Standing::On | Standing::Off => None,
            Standing::Gone { at } => Some(at),
        }
    }

    /// Switches it on or off.
    pub fn switch(&mut self, on: bool) {
        self.standing = if on { Standing::On } else { Standing::Off };
    }

    /// Tells the program nothing any more, as it said that it is gone.
    #[must_use]
    pub fn suspend(self, at: Timestamp) -> Self {
        Self { standing: Standing::Gone { at }, updated_at: at, ..self }
    }

    /// Gives it another secret. The one before signs nothing any more.
    #[must_use]
    pub fn rotate(self, at: Timestamp) -> Self {
        Self { issue: Ulid::generate(), rotated_at: at, updated_at: at, ..self }
    }

    /// Checks that somebody hears a trial call.
    pub fn demand_active(&self) -> Result<(), WebhookError> {
        if self.is_active() { Ok(()) } else { Err(WebhookError::Off) }
    }

    /// Whether the program is told of an event. Of a trial call only the one that was called hears.
    pub fn wants(&self, event: &Event) -> bool {
        let named = match event.action {
            Action::PingWebhook => event.subject == self.reference(),
            action if self.actions.is_empty() => !action.is_look(),
            action => self.actions.contains(&action),
        };
        self.is_active() && event.hospital == Some(self.hospital) && named
    }

    /// What it signs with, and the program checks signatures with.
    pub fn secret(&self, pepper: &Pepper) -> WebhookSecret {
        let parts = [self.id.ulid().to_bytes(), self.issue.to_bytes()];
        WebhookSecret(pepper.tag("webhook-secret", &parts.each_ref().map(<[u8; 16]>::as_slice)))
    }
}

revised!(Webhook);

impl Subject for Webhook {
    const VIEW: Action = Action::ViewWebhook;

    fn reference(&self) -> Reference {
        self.id.into()
    }

    fn hospital(&self) -> Option<HospitalId> {
        Some(self.hospital)
    }
}

/// The webhooks of a hospital.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebhookList {
    /// Whose they are; nobody's if nobody is named.
    pub hospital: Option<HospitalId>,
}

impl Subject for WebhookList {
    const VIEW: Action = Action::ViewWebhook;

    fn reference(&self) -> Reference {
        self.hospital.map_or_else(Reference::hub, Into::into)
    }

    fn owner(&self) -> Option<UserId> {
        self.hospital.map(UserId::from)
    }

    fn hospital(&self) -> Option<HospitalId> {
        self.hospital
    }
}

/// The secret that a webhook and the hub share.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret([u8; 32]);

impl WebhookSecret {
    /// The key itself.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// What stands in the header `webhook-signature` over a message that is sent at `at`, in seconds
    /// since 1970.
    pub fn signature(&self, id: &str, at: i64, body: &str) -> String {
        signed(&self.0, id, at, body)
    }

    /// The secret as hospitals keep it, such as `whsec_MfKQ…`.
    pub fn reveal(&self) -> String {
        format!("whsec_{}", BASE64_STANDARD.encode(self.0))
    }
}

/// The signature of a message as Standard Webhooks say.
fn signed(key: &[u8], id: &str, at: i64, body: &str) -> String {
    let message = format!("{id}.{at}.{body}");
    format!("v1,{}", BASE64_STANDARD.encode(signature(key, message.as_bytes())))
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

/// The address of a program, such as `https://his.example.org/carehub`.
///
/// It names a host and, if need be, a port, but nobody who signs in there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WebhookUrl {
    text: String,
    is_secure: bool,
    host: String,
}

impl PartialSchema for WebhookUrl {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::Custom("uri".to_owned())))
            .max_length(Some(LONGEST))
            .examples(["https://his.example.org/carehub"])
            .into()
    }
}

impl ToSchema for WebhookUrl {}

impl WebhookUrl {
    /// The address itself.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host, in small letters; an address of version 6 without its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Checks that it is one that may be called: by HTTPS and by a name on the open Internet, or at
    /// a host that whoever runs the hub has named.
    pub fn demand_open(&self, hosts: &Hosts) -> Result<(), NotOpen> {
        let is_name = self.host.contains('.') && self.host.parse::<IpAddr>().is_err();
        if hosts.has(&self.host) || (self.is_secure && is_name) { Ok(()) } else { Err(NotOpen) }
    }
}

impl TryFrom<String> for WebhookUrl {
    type Error = BadUrl;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = text.trim();
        let sound = |byte: u8| byte.is_ascii_graphic() && !b"\"#<>\\^`{|}".contains(&byte);
        if text.len() > LONGEST || !text.bytes().all(sound) {
            return Err(BadUrl);
        }
        let (scheme, rest) = text.split_once("://").ok_or(BadUrl)?;
        let is_secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(BadUrl),
        };
        let path = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(path);
        let authority = authority.to_ascii_lowercase();
        let host = host_of(&authority).ok_or(BadUrl)?.to_owned();
        let scheme = if is_secure { "https" } else { "http" };
        Ok(Self { text: format!("{scheme}://{authority}{path}"), is_secure, host })
    }
}

/// The host of `host` or `host:port`.
fn host_of(authority: &str) -> Option<&str> {
    if let Some(bracketed) = authority.strip_prefix('[') {
        let (host, port) = bracketed.split_once(']')?;
        let is_address = host.parse::<std::net::Ipv6Addr>().is_ok();
        return (is_address && (port.is_empty() || is_port(port.strip_prefix(':')?)))
            .then_some(host);
    }
    let (host, port) = authority.split_once(':').map_or((authority, None), |(h, p)| (h, Some(p)));
    let label = |label: &str| {
        let inner =
            label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        (1..=63).contains(&label.len()) && inner && !label.starts_with('-') && !label.ends_with('-')
    };
    let is_name = host.len() <= 253 && host.split('.').all(label);
    (is_name && port.is_none_or(is_port)).then_some(host)
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

impl From<WebhookUrl> for String {
    fn from(url: WebhookUrl) -> Self {
        url.text
    }
}

/// The text is not the address of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an address such as https://his.example.org/carehub, without a name or password")]
pub struct BadUrl;

/// The program is not on the open Internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an address that begins with https:// and names a host on the open Internet")]
pub struct NotOpen;

/// Hosts that webhooks may call although they are not on the open Internet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Hosts(BTreeSet<String>);

impl Hosts {
    /// Whether a host is one of them.
    pub fn has(&self, host: &str) -> bool {
        self.0.contains(host)
    }
}

impl From<String> for Hosts {
    fn from(list: String) -> Self {
        let hosts = list.split(',').map(|host| host.trim().to_ascii_lowercase());
        Self(hosts.filter(|host| !host.is_empty()).collect())
    }
}

failures! {
    /// Why a webhook is not made, changed or called.
    pub enum WebhookError {
        Stale = Conflict "webhook-stale" "the webhook changed in the meantime",
        TooMany = Conflict "too-many-webhooks" "a hospital has at most ten webhooks",
        Off = Conflict "webhook-off" "the webhook is switched off",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn url(text: &str) -> Result<WebhookUrl, BadUrl> {
        text.to_owned().try_into()
    }

    fn webhook(actions: &[Action]) -> Webhook {
        let by = Actor::worker("test", Timestamp::UNIX_EPOCH);
        let url = url("https://his.example.org/hook").unwrap();
        Webhook::register(Id::generate(by.at), url, actions.iter().copied().collect(), &by)
    }

    fn event(action: Action, hospital: HospitalId, subject: Reference) -> Event {
        let hub = Actor::worker("test", Timestamp::UNIX_EPOCH);
        let permit = hub.allow(Action::Sweep).unwrap();
        Event { action, hospital: Some(hospital), subject, ..permit.event() }
    }

    #[test]
    fn addresses_name_a_host_and_nobody() {
        let plain = url(" HTTPS://His.Example.org:8443/Hook?a=B ").unwrap();
        assert_eq!(plain.as_str(), "https://his.example.org:8443/Hook?a=B");
        assert_eq!(plain.host(), "his.example.org");
        assert_eq!(url("https://[2001:db8::1]/x").unwrap().host(), "2001:db8::1");
        for wrong in [
            "",
            "his.example.org",
            "ftp://his.example.org",
            "https://",
            "https:///path",
            "https://user@his.example.org",
            "https://user:word@his.example.org",
            "https://his.example.org#part",
            "https://his.example.org\\@evil.example",
            "https://his .example.org",
            "https://-his.example.org",
            "https://his..example.org",
            "https://his.example.org:0",
            "https://his.example.org:+80",
            "https://his.example.org:99999",
            "https://his.example.org:",
            "https://[::1",
            "https://[his]/",
        ] {
            assert_eq!(url(wrong), Err(BadUrl), "{wrong}");
        }
        assert_eq!(url(&format!("https://his.example.org/{}", "x".repeat(1000))), Err(BadUrl));
    }

    #[test]
    fn programs_are_called_by_https_on_the_open_internet_or_where_the_hub_says() {
        let hosts = Hosts::from(" localhost, 127.0.0.1 ,,".to_owned());
        let open = |text: &str| url(text).unwrap().demand_open(&hosts).is_ok();
        assert!(open("https://his.example.org/hook"));
        assert!(open("http://localhost:9000/hook"));
        assert!(open("http://127.0.0.1:9000/hook"));
        for closed in [
            "http://his.example.org/hook",
            "https://intranet/hook",
            "https://10.0.0.8/hook",
            "https://169.254.169.254/latest",
            "https://[::1]/hook",
        ] {
            assert!(!open(closed), "{closed}");
        }
    }

    #[test]
    fn a_webhook_hears_of_what_it_asked_for_in_its_hospital() {
        let some = webhook(&[Action::CreateAppointment]);
        let all = webhook(&[]);
        let heard = |webhook: &Webhook, action| {
            let subject = Reference::hub();
            webhook.wants(&event(action, webhook.hospital, subject))
        };
        assert!(heard(&some, Action::CreateAppointment));
        assert!(!heard(&some, Action::CancelAppointment));
        assert!(heard(&all, Action::CancelAppointment));
        for look in [Action::ViewPatient, Action::ListPrescriptions, Action::DownloadFile] {
            assert!(!heard(&all, look) && heard(&webhook(&[look]), look), "{look:?}");
        }
        assert!(!all.wants(&event(Action::CancelAppointment, some.hospital, Reference::hub())));

        let ping = |of: &Webhook| event(Action::PingWebhook, some.hospital, of.reference());
        assert!(some.wants(&ping(&some)));
        assert!(!Webhook { hospital: some.hospital, ..all.clone() }.wants(&ping(&some)));

        let mut off = all.clone();
        off.switch(false);
        assert!(!heard(&off, Action::CancelAppointment));
        assert_eq!((off.demand_active(), off.gone_at()), (Err(WebhookError::Off), None));
        let gone = all.suspend(Timestamp::UNIX_EPOCH);
        assert_eq!((gone.is_active(), gone.gone_at()), (false, Some(Timestamp::UNIX_EPOCH)));
    }

    #[test]
    fn a_secret_is_that_of_one_issue_of_one_webhook() {
        let pepper = Pepper::new(b"test");
        let (one, other) = (webhook(&[]), webhook(&[]));
        let secret = one.secret(&pepper);
        assert_eq!(one.secret(&pepper), secret);
        assert_ne!(other.secret(&pepper), secret);
        assert_ne!(one.secret(&Pepper::new(b"other")), secret);
        assert_ne!(one.clone().rotate(Timestamp::UNIX_EPOCH).secret(&pepper), secret);
        let key = secret.reveal();
        let key = BASE64_STANDARD.decode(key.strip_prefix("whsec_").unwrap()).unwrap();
        assert_eq!(key, secret.bytes());
        assert_eq!(format!("{secret:?}"), "<redacted>");
    }

    /// The example that every library of Standard Webhooks is tested with.
    #[test]
    fn signatures_are_those_of_standard_webhooks() {
        let key = BASE64_STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        let signature = signed(&key, id, 1_614_265_330, r#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    proptest! {
        #[test]
        fn any_address_is_read_without_panic(text in any::<String>(), near in "https?://[a-z@:/\\[\\].0-9-]{0,30}") {
            for text in [text, near] {
                if let Ok(url) = url(&text) {
                    prop_assert!(!url.host().is_empty());
                    prop_assert_eq!(WebhookUrl::try_from(String::from(url.clone())), Ok(url));
                }
            }
        }
    }
}
