//! Checkpoints of the audit log: a bucket of their own, where what was written stays.

use aws_sdk_s3::{Client, operation::get_object::GetObjectError, primitives::ByteStream};
use carehub_domain::{
    chain::{Checkpoint, Tenant},
    file::Checksum,
};

use crate::{Objects, ObjectsError};

/// What the keys of checkpoints begin with.
const CHECKPOINTS: &str = "checkpoints/";

/// No checkpoint is as long.
const LONGEST: usize = 4096;

/// Where the checkpoints of the audit log are kept.
#[derive(Clone, Copy, Debug)]
pub struct Ledger<'o>(&'o Objects);

impl<'o> Ledger<'o> {
    pub(crate) fn beside(objects: &'o Objects) -> Self {
        Self(objects)
    }

    /// Keeps a checkpoint.
    pub async fn put(self, checkpoint: &Checkpoint) -> Result<(), ObjectsError> {
        let (client, bucket) = self.bucket().await?;
        let text = serde_json::to_vec(checkpoint);
        let bytes = text.map_err(|error| ObjectsError::Rejected(error.into()))?;
        let asked = client
            .put_object()
            .bucket(bucket)
            .key(named(checkpoint.tenant, checkpoint.number))
            .content_type("application/json")
            .checksum_sha256(Checksum::of(&bytes).base64())
            .body(ByteStream::from(bytes))
            .send();
        Box::pin(asked).await.map_err(ObjectsError::aws)?;
        Ok(())
    }

    /// Which checkpoints there are of a chain, or of all.
    pub async fn list(self, tenant: Option<Tenant>) -> Result<Vec<(Tenant, u64)>, ObjectsError> {
        let (client, bucket) = self.bucket().await?;
        let tenant = tenant.map(|tenant| format!("{tenant}/")).unwrap_or_default();
        let mut pages = client
            .list_objects_v2()
            .bucket(bucket)
            .prefix(format!("{CHECKPOINTS}{tenant}"))
            .into_paginator()
            .send();
        let mut found = Vec::new();
        while let Some(page) = Box::pin(pages.next()).await {
            let page = page.map_err(ObjectsError::aws)?;
            found.extend(page.contents().iter().filter_map(|object| parse(object.key()?)));
        }
        Ok(found)
    }

    /// A checkpoint, unless what stands in its place is none.
    pub async fn get(
        self,
        tenant: Tenant,
        number: u64,
    ) -> Result<Option<Checkpoint>, ObjectsError> {
        let (client, bucket) = self.bucket().await?;
        let asked = client.get_object().bucket(bucket).key(named(tenant, number)).send();
        let mut body = match Box::pin(asked).await {
            Ok(object) => object.body,
            Err(error) => match error.as_service_error() {
                Some(GetObjectError::NoSuchKey(_)) => return Ok(None),
                _ => return Err(ObjectsError::aws(error)),
            },
        };
        let mut bytes = Vec::new();
        while let Some(chunk) = body.try_next().await.map_err(ObjectsError::cut)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > LONGEST {
                return Ok(None);
            }
        }
        Ok(serde_json::from_slice(&bytes).ok())
    }

    async fn bucket(self) -> Result<(&'o Client, &'o str), ObjectsError> {
        let ledger = self.0.ledger.as_ref().ok_or(ObjectsError::Absent)?;
        let (client, _) = self.0.bucket().await?;
        Ok((client, ledger))
    }
}

fn named(tenant: Tenant, number: u64) -> String {
    format!("{CHECKPOINTS}{tenant}/{number:012}.json")
}

fn parse(key: &str) -> Option<(Tenant, u64)> {
    let (tenant, number) = key.strip_prefix(CHECKPOINTS)?.split_once('/')?;
    Some((tenant.parse().ok()?, number.strip_suffix(".json")?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_are_named_after_chain_and_number() {
        let key = named(Tenant::Hub, 42);
        assert_eq!(key, "checkpoints/hub/000000000042.json");
        assert_eq!(parse(&key), Some((Tenant::Hub, 42)));
        for other in ["checkpoints/hub", "checkpoints/mine/000000000042.json", "clean/hub/1.json"] {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
