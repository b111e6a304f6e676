//! Settings, read once from the environment. Every one of the hub has a name that starts with
//! `CAREHUB_`.

use std::{collections::BTreeMap, env, num::ParseIntError};

use carehub_domain::{contact::EmailAddress, recommendation::Budget, webhook::Hosts};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use crate::limit::{Bucket, Quota};

/// The variable that tells the SDK where S3 is.
const S3_ENDPOINT: &str = "AWS_ENDPOINT_URL_S3";

/// The variable that the makers of the language model named.
const MODEL_KEY: &str = "GROQ_API_KEY";

/// Settings that `template.yaml` passes to functions. Without any, defaults hold.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", deny_unknown_fields, default)]
pub struct Config {
    /// How the names of the tables begin.
    pub table_prefix: String,
    /// Who signs tokens.
    pub issuer: String,
    /// The hub's own secret, from which keyed digests are made.
    #[serde(deserialize_with = "secret")]
    pub pepper: Option<SecretString>,
    /// The public keys of those who sign tokens, as a JSON Web Key Set.
    pub verifying_keys: Option<String>,
    /// The private key to sign tokens with, as PEM. Only `auth` has it.
    #[serde(deserialize_with = "secret")]
    pub signing_key: Option<SecretString>,
    /// The web sites that may call, separated by commas.
    pub cors_origins: Origins,
    /// The bucket of the files. Only functions that have to do with files know it.
    pub bucket: Option<String>,
    /// The bucket of the checkpoints of the audit log. Only `housekeeping` knows it.
    pub ledger: Option<String>,
    /// Peppers that were in use earlier, separated by commas. Only operators need them, to verify
    /// older checkpoints.
    #[serde(deserialize_with = "secret")]
    pub former_peppers: Option<SecretString>,
    /// The address that mail is sent from.
    pub mail_from: Option<EmailAddress>,
    /// The queue of messages to phones.
    pub sms_queue: Option<String>,
    /// The queue of mail.
    pub mail_queue: Option<String>,
    /// The queue of what programs of hospitals are told. Only `relay` knows it.
    pub webhook_queue: Option<String>,
    /// The queue of the pharmacies. Only `relay` knows it.
    pub pharmacy_queue: Option<String>,
    /// The queue of recommendations. Only `relay` knows it.
    pub recommendation_queue: Option<String>,
    /// What opens the API of a language model. Without it, rules alone recommend. Only
    /// `recommender` has it.
    #[serde(deserialize_with = "secret")]
    pub groq_api_key: Option<SecretString>,
    /// Where the API of the language model is.
    pub model_url: ModelUrl,
    /// What the language model is called there.
    pub model: String,
    /// How often each tenant asks it in a day.
    pub model_budget: ModelBudget,
    /// Where people reach this hub, for addresses on paper.
    pub public_url: Option<PublicUrl>,
    /// The hosts that webhooks may call although they are not on the open Internet, separated by
    /// commas.
    pub webhook_hosts: Hosts,
    /// Where people connect for live updates. Only `notifications` knows it.
    pub realtime_url: Option<RealtimeUrl>,
    /// Where functions reach the live connections.
    pub realtime_endpoint: Option<String>,
    /// Where S3 is; what the SDK reads, too.
    pub aws_endpoint_url_s3: Option<String>,
    /// How often callers may ask, such as `5/60` for five times a minute, or `off`.
    #[serde(skip)]
    pub limits: BTreeMap<Bucket, Option<Quota>>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            table_prefix: "carehub".to_owned(),
            issuer: "carehub".to_owned(),
            pepper: None,
            verifying_keys: None,
            signing_key: None,
            cors_origins: Origins::default(),
            bucket: None,
            ledger: None,
            former_peppers: None,
            mail_from: None,
            sms_queue: None,
            mail_queue: None,
            webhook_queue: None,
            pharmacy_queue: None,
            recommendation_queue: None,
            groq_api_key: None,
            model_url: ModelUrl::default(),
            model: "openai/gpt-oss-20b".to_owned(),
            model_budget: ModelBudget::default(),
            public_url: None,
            webhook_hosts: Hosts::default(),
            realtime_url: None,
            realtime_endpoint: None,
            aws_endpoint_url_s3: None,
            limits: Bucket::ALL.iter().map(|&bucket| (bucket, Some(bucket.quota()))).collect(),
        }
    }
}

impl Config {
    /// Reads the variables that start with `CAREHUB_`, where S3 is, and `GROQ_API_KEY`.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(env::vars().filter_map(|(name, value)| match name.as_str() {
            S3_ENDPOINT | MODEL_KEY => Some((name, value)),
            _ => Some((name.strip_prefix("CAREHUB_")?.to_owned(), value)),
        }))
    }

    /// Whether S3 finds a bucket by the path only. On one machine, where nothing is encrypted,
    /// names of buckets lead nowhere; those of AWS do.
    pub fn finds_buckets_by_path(&self) -> bool {
        self.aws_endpoint_url_s3.as_ref().is_some_and(|url| url.starts_with("http://"))
    }

    /// Reads settings by name, without the prefix. An empty value counts as none.
    pub fn read(settings: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let settings = settings.filter(|(_, value)| !value.trim().is_empty());
        let (limits, rest): (BTreeMap<_, _>, BTreeMap<_, _>) =
            settings.partition(|(name, _)| name.starts_with("LIMIT_"));
        let mut config =
            serde_json::from_value::<Self>(json!(rest)).map_err(ConfigError::Setting)?;
        for (name, value) in limits {
            let bucket = name.strip_prefix("LIMIT_").unwrap_or_default().parse();
            let bucket = bucket.map_err(|()| ConfigError::UnknownLimit(name))?;
            config.limits.insert(bucket, Quota::read(&value)?);
        }
        Ok(config)
    }
}

fn secret<'de, D: Deserializer<'de>>(value: D) -> Result<Option<SecretString>, D::Error> {
    String::deserialize(value).map(|secret| Some(secret.into()))
}

/// The settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A variable is unknown or cannot be read.
    #[error("a setting cannot be used: {0}")]
    Setting(serde_json::Error),
    /// There is no such limit.
    #[error("there is no limit called {0}")]
    UnknownLimit(String),
    /// A limit cannot be read.
    #[error("expected a limit such as 5/60, or off, but found {0}")]
    Limit(String),
    /// A secret is not there.
    #[error("CAREHUB_{0} is not set")]
    Missing(&'static str),
    /// A key cannot be used.
    #[error("a key cannot be used")]
    Key(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Where people reach this hub, such as `https://hub.example`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PublicUrl(String);

impl Default for PublicUrl {
    fn default() -> Self {
        Self("http://localhost:8000".to_owned())
    }
}

impl PublicUrl {
    /// The address of a path, which begins with a slash.
    pub fn of(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl TryFrom<String> for PublicUrl {
    type Error = NoPublicUrl;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = text.trim().trim_end_matches('/');
        if is_address(text) { Ok(Self(text.to_owned())) } else { Err(NoPublicUrl) }
    }
}

/// Whether a text is an address without a query.
fn is_address(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        let plain = |b: u8| b.is_ascii_graphic() && !b"?#@\\\"<>".contains(&b);
        !host.is_empty() && host.len() <= 200 && host.bytes().all(plain)
    })
}

/// The text is not the address of a hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an address such as https://hub.example")]
pub struct NoPublicUrl;

/// Where the API of a language model is, such as `https://api.groq.com/openai/v1`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ModelUrl(String);

impl Default for ModelUrl {
    fn default() -> Self {
        Self("https://api.groq.com/openai/v1".to_owned())
    }
}

impl ModelUrl {
    /// The address, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ModelUrl {
    type Error = NoModelUrl;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = text.trim().trim_end_matches('/');
        if is_address(text) { Ok(Self(text.to_owned())) } else { Err(NoModelUrl) }
    }
}

/// The text is not the address of an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an address such as https://api.groq.com/openai/v1")]
pub struct NoModelUrl;

/// How often each tenant asks the language model in a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ModelBudget(Budget);

impl From<ModelBudget> for Budget {
    fn from(ModelBudget(budget): ModelBudget) -> Self {
        budget
    }
}

impl TryFrom<String> for ModelBudget {
    type Error = ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Ok(Self(Budget { calls_a_day: text.trim().parse()? }))
    }
}

/// Where people connect for live updates, such as `wss://hub.example/live`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct RealtimeUrl(String);

impl Default for RealtimeUrl {
    fn default() -> Self {
        Self("ws://localhost:8000/ws".to_owned())
    }
}

impl RealtimeUrl {
    /// The address at which a ticket is shown.
    pub fn with_ticket(&self, ticket: &str) -> String {
        format!("{}?ticket={ticket}", self.0)
    }
}

impl TryFrom<String> for RealtimeUrl {
    type Error = NoRealtimeUrl;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = text.trim();
        let host = text.strip_prefix("wss://").or_else(|| text.strip_prefix("ws://"));
        let plain = |b: u8| b.is_ascii_graphic() && !b"?#@\\\"<>".contains(&b);
        match host {
            Some(host) if !host.is_empty() && host.bytes().all(plain) => Ok(Self(text.to_owned())),
            _ => Err(NoRealtimeUrl),
        }
    }
}

/// The text is not an address to connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an address such as wss://hub.example/live")]
pub struct NoRealtimeUrl;

/// The web sites that may call.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct Origins(pub Vec<String>);

impl Default for Origins {
    fn default() -> Self {
        let local = ["localhost:3000", "127.0.0.1:3000", "localhost:5173", "localhost:8000"];
        Self(local.map(|site| format!("http://{site}")).into())
    }
}

impl From<String> for Origins {
    fn from(list: String) -> Self {
        Self(
            list.split(',')
                .map(|site| site.trim().to_owned())
                .filter(|site| !site.is_empty())
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(settings: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::read(settings.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())))
    }

    #[test]
    fn nothing_set_means_defaults_and_unknown_settings_are_refused() {
        assert_eq!(read(&[]).unwrap().table_prefix, "carehub");
        assert!(read(&[("TABEL_PREFIX", "x")]).is_err());
        assert!(read(&[("LIMIT_NAPS", "5/60")]).is_err());
        assert!(read(&[("PUBLIC_URL", "hub.example")]).is_err());
        assert!(read(&[("LIMIT_AUTH", "often")]).is_err());
    }

    #[test]
    fn limits_can_be_changed_and_switched_off() {
        let config = read(&[("LIMIT_AUTH", "7/30"), ("LIMIT_GENERAL", "off")]).unwrap();
        assert_eq!(config.limits[&Bucket::Auth], Some(Quota::per(7, 30)));
        assert_eq!(config.limits[&Bucket::General], None);
        assert_eq!(config.limits[&Bucket::Register], Some(Bucket::Register.quota()));
    }

    #[test]
    fn buckets_are_found_by_path_on_one_machine_only() {
        let by_path = |url| read(&[(S3_ENDPOINT, url)]).unwrap().finds_buckets_by_path();
        assert!(by_path("http://host.docker.internal:8002"));
        assert!(!by_path("https://s3.eu-central-1.amazonaws.com"));
        assert!(!by_path(""));
        assert!(!read(&[]).unwrap().finds_buckets_by_path());
    }

    #[test]
    fn the_public_address_has_no_slash_at_its_end() {
        let config = read(&[("PUBLIC_URL", "https://hub.example/")]).unwrap();
        assert_eq!(config.public_url.unwrap().of("/verify/x"), "https://hub.example/verify/x");
        for wrong in ["https://", "ftp://hub.example", "https://hub.example/?a", "https://a b"] {
            assert_eq!(PublicUrl::try_from(wrong.to_owned()), Err(NoPublicUrl), "{wrong}");
        }
    }

    #[test]
    fn a_model_is_at_an_address_and_has_a_budget() {
        let config = read(&[("MODEL_URL", "http://127.0.0.1:9/v1/"), ("MODEL_BUDGET", "7")]);
        let config = config.unwrap();
        assert_eq!(config.model_url.as_str(), "http://127.0.0.1:9/v1");
        assert_eq!(Budget::from(config.model_budget).calls_a_day, 7);
        let usual = read(&[]).unwrap();
        assert_eq!(usual.model_url.as_str(), "https://api.groq.com/openai/v1");
        assert_eq!(Budget::from(usual.model_budget), Budget::default());
        assert!(read(&[("MODEL_URL", "api.groq.com")]).is_err());
        assert!(read(&[("MODEL_BUDGET", "many")]).is_err());
    }

    #[test]
    fn people_connect_by_websocket_only() {
        let config = read(&[("REALTIME_URL", "wss://hub.example/live")]).unwrap();
        let shown = config.realtime_url.unwrap().with_ticket("abc");
        assert_eq!(shown, "wss://hub.example/live?ticket=abc");
        for wrong in ["https://hub.example", "wss://", "wss://a b", "wss://hub.example?x"] {
            assert_eq!(RealtimeUrl::try_from(wrong.to_owned()), Err(NoRealtimeUrl), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_limit_is_read_without_panic(text in any::<String>(), near in "[0-9]{0,12}/?[0-9]{0,12}") {
            let _ = (Quota::read(&text), Quota::read(&near));
        }
    }
}
