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
        dynamodb_port: u16,
        s3_port: u16,
        sqs_port: u16,
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        let keys = token::public_keys(&SecretString::from(self.signing_key.clone()))?;
        let variables = BTreeMap::from([
            ("AWS_ENDPOINT_URL_DYNAMODB", format!("http://host.docker.internal:{dynamodb_port}")),
            ("AWS_ENDPOINT_URL_S3", format!("http://host.docker.internal:{s3_port}")),
            ("AWS_ENDPOINT_URL_SQS", format!("http://host.docker.internal:{sqs_port}")),
            ("CAREHUB_PEPPER", self.pepper.clone()),
            ("CAREHUB_SIGNING_KEY", self.signing_key.clone()),
            ("CAREHUB_TABLE_PREFIX", PREFIX.to_owned()),
            ("CAREHUB_VERIFYING_KEYS", serde_json::to_string(&keys)?),
        ]);
        fs::write(file, serde_json::to_vec_pretty(&json!({ "Parameters": variables }))?)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{env, process};

    use super::*;

    #[test]
    fn secrets_are_made_once() {
        let file = env::temp_dir().join(format!("carehub-secrets-{}.json", process::id()));

        let made = Secrets::open(&file).unwrap();
        let kept = Secrets::open(&file).unwrap();

        assert_eq!((made.pepper, made.signing_key), (kept.pepper, kept.signing_key));
        fs::remove_file(file).unwrap();
    }
}
