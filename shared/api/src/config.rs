//! Settings, read once from the environment. Every one has a name that starts with `CAREHUB_`.

use std::{collections::BTreeMap, env};

use carehub_domain::contact::EmailAddress;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use crate::limit::{Bucket, Quota};

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
    /// The address that mail is sent from.
    pub mail_from: Option<EmailAddress>,
    /// The queue of the pharmacies. Only `relay` knows it.
    pub pharmacy_queue: Option<String>,
    /// Where people reach this hub, for addresses on paper.
    pub public_url: Option<PublicUrl>,
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
            mail_from: None,
            pharmacy_queue: None,
            public_url: None,
            limits: Bucket::ALL.iter().map(|&bucket| (bucket, Some(bucket.quota()))).collect(),
        }
    }
}

impl Config {
    /// Reads the variables that start with `CAREHUB_`.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(
            env::vars().filter_map(|(name, value)| {
                Some((name.strip_prefix("CAREHUB_")?.to_owned(), value))
            }),
        )
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
        let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let sound = |host: &str| {
            let plain = |b: u8| b.is_ascii_graphic() && !b"?#@\\\"<>".contains(&b);
            !host.is_empty() && host.len() <= 200 && host.bytes().all(plain)
        };
        if host.is_some_and(sound) { Ok(Self(text.to_owned())) } else { Err(NoPublicUrl) }
    }
}

/// The text is not the address of a hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an address such as https://hub.example")]
pub struct NoPublicUrl;

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
    fn the_public_address_has_no_slash_at_its_end() {
        let config = read(&[("PUBLIC_URL", "https://hub.example/")]).unwrap();
        assert_eq!(config.public_url.unwrap().of("/verify/x"), "https://hub.example/verify/x");
        for wrong in ["https://", "ftp://hub.example", "https://hub.example/?a", "https://a b"] {
            assert_eq!(PublicUrl::try_from(wrong.to_owned()), Err(NoPublicUrl), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_limit_is_read_without_panic(text in any::<String>(), near in "[0-9]{0,12}/?[0-9]{0,12}") {
            let _ = (Quota::read(&text), Quota::read(&near));
        }
    }
}
