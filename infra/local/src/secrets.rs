//! The secrets of one machine, made at its first start.

use std::{collections::BTreeMap, error::Error, fs, io, path::Path};

use base64::{Engine, prelude::BASE64_STANDARD};
use carehub_api::{
    config::{Config, ConfigError},
    limit::{Bucket, Quota},
    token,
};
use carehub_domain::webhook::Hosts;
use p256::{
    SecretKey,
    elliptic_curve::Generate,
    pkcs8::{EncodePrivateKey, LineEnding},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::platform::PREFIX;

/// What an address may ask for here, unless settings say otherwise. Limits for each
/// phone and user name hold as everywhere.
const SHARED_ADDRESS: Quota = Quota::per(100, 60);

/// Where `sam local start-api` answers.
const SAM_LOCAL: &str = "http://localhost:3000";

/// What the cloud keeps in Secrets Manager.
#[derive(Serialize, Deserialize)]
pub(crate) struct Secrets {
    pepper: String,
    signing_key: String,
}

/// Makes a private key to sign tokens with, as PEM.
pub fn signing_key() -> Result<SecretString, Box<dyn Error + Send + Sync>> {
    let key = SecretKey::try_generate()?.to_pkcs8_pem(LineEnding::LF)?;
    Ok(key.to_string().into())
}

impl Secrets {
    /// Reads the secrets from `file`, making them first where there are none.
    pub(crate) fn open(file: &Path) -> Result<Self, Box<dyn Error + Send + Sync>> {
        match fs::read(file) {
            Ok(kept) => Ok(serde_json::from_slice(&kept)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let secrets = Self::generate()?;
                fs::write(file, serde_json::to_vec(&secrets)?)?;
                Ok(secrets)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn generate() -> Result<Self, Box<dyn Error + Send + Sync>> {
        // Nothing is as random as a key.
        let pepper = BASE64_STANDARD.encode(SecretKey::try_generate()?.to_bytes());
        let signing_key = signing_key()?.expose_secret().to_owned();
        Ok(Self { pepper, signing_key })
    }

    /// The settings of the functions: those of the environment, with these secrets.
    pub(crate) fn config(&self) -> Result<Config, ConfigError> {
        let mut config = Config::from_env()?;
        // Everyone on this machine shares one address.
        for bucket in [Bucket::Auth, Bucket::Register, Bucket::Otp] {
            let usual = config.limits.insert(bucket, Some(SHARED_ADDRESS));
            if usual != Some(Some(bucket.quota())) {
                config.limits.extend(usual.map(|chosen| (bucket, chosen)));
            }
        }
        // Programs that are tried with the hub run beside it.
        if config.webhook_hosts == Hosts::default() {
            config.webhook_hosts = Hosts::from("localhost,127.0.0.1".to_owned());
        }
        Ok(Config {
            table_prefix: PREFIX.to_owned(),
            pepper: Some(self.pepper.clone().into()),
            signing_key: Some(self.signing_key.clone().into()),
            ..config
        })
    }

    /// Writes what `sam local --env-vars` gives to functions in containers.
    pub(crate) fn export(
        &self,
        file: &Path,
        services: &Services<'_>,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let variables = self.variables(services)?;
        fs::write(file, serde_json::to_vec_pretty(&json!({ "Parameters": variables }))?)?;
        Ok(())
    }

    fn variables(
        &self,
        services: &Services<'_>,
    ) -> Result<BTreeMap<&'static str, String>, Box<dyn Error + Send + Sync>> {
        let keys = token::public_keys(&SecretString::from(self.signing_key.clone()))?;
        let at = |port: u16| format!("http://host.docker.internal:{port}");
        Ok(BTreeMap::from([
            ("AWS_ENDPOINT_URL_DYNAMODB", at(services.dynamodb)),
            ("AWS_ENDPOINT_URL_S3", at(services.s3)),
            ("AWS_ENDPOINT_URL_SQS", at(services.sqs)),
            ("CAREHUB_BUCKET", services.bucket.to_owned()),
            ("CAREHUB_PEPPER", self.pepper.clone()),
            ("CAREHUB_PUBLIC_URL", SAM_LOCAL.to_owned()),
            ("CAREHUB_REALTIME_URL", format!("ws://localhost:{}/ws", services.gateway)),
            ("CAREHUB_SIGNING_KEY", self.signing_key.clone()),
            ("CAREHUB_TABLE_PREFIX", PREFIX.to_owned()),
            ("CAREHUB_VERIFYING_KEYS", serde_json::to_string(&keys)?),
        ]))
    }
}

/// The services of this machine, for functions in containers.
pub(crate) struct Services<'a> {
    /// The bucket of the files.
    pub(crate) bucket: &'a str,
    /// The ports.
    pub(crate) gateway: u16,
    pub(crate) dynamodb: u16,
    pub(crate) s3: u16,
    pub(crate) sqs: u16,
}

#[cfg(test)]
mod tests {
    use std::{env, process};

    use serde_yaml_ng::Value;

    use super::*;

    #[test]
    fn secrets_are_made_once() {
        let file = env::temp_dir().join(format!("carehub-secrets-{}.json", process::id()));

        let made = Secrets::open(&file).unwrap();
        let kept = Secrets::open(&file).unwrap();

        assert_eq!((made.pepper, made.signing_key), (kept.pepper, kept.signing_key));
        fs::remove_file(file).unwrap();
    }

    /// `sam local` knows no outputs of nested stacks, no identifiers and no secrets.
    #[test]
    fn containers_are_told_what_only_the_cloud_knows() {
        let template = include_str!("../../../template.yaml");
        let template: Value = serde_yaml_ng::from_str(template).unwrap();
        let text = |value: &Value| serde_yaml_ng::to_string(value).unwrap();
        let services = Services {
            bucket: "carehub-files",
            gateway: 8000,
            dynamodb: 8001,
            s3: 8002,
            sqs: 8003,
        };

        let told = Secrets::generate().unwrap().variables(&services).unwrap();

        assert_eq!(told["CAREHUB_BUCKET"], "carehub-files");
        assert_eq!(told["CAREHUB_PUBLIC_URL"], "http://localhost:3000");
        assert_eq!(told["CAREHUB_REALTIME_URL"], "ws://localhost:8000/ws");
        for (function, resource) in template["Resources"].as_mapping().unwrap() {
            let properties = &resource["Properties"];
            if !text(&properties["Events"]).contains("HttpApi") {
                continue;
            }
            let variables = properties["Environment"]["Variables"].as_mapping();
            for (name, value) in variables.into_iter().flatten() {
                let value = text(value);
                let unknown = ["Outputs.", "${Live}", "{{resolve:"];
                let unknown = unknown.iter().any(|part| value.contains(part));
                let name = name.as_str().unwrap();
                assert!(!unknown || told.contains_key(name), "{function:?} lacks {name}");
            }
        }
    }
}
