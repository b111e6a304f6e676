//! Where the content of files is: a bucket.
//!
//! What people send arrives under `quarantine/` and is never given out. What was looked into is
//! kept under `clean/`, and given out only by links that end soon and only save to disk.
//!
//! A second bucket is the [`Ledger`] of the audit log.

mod error;
mod ledger;

use std::{collections::BTreeMap, fmt, pin::Pin, sync::Arc, time::SystemTime};

use aws_sdk_s3::{
    Client,
    config::{Builder, RequestChecksumCalculation},
    operation::get_object::GetObjectError,
    presigning::PresigningConfig,
    primitives::ByteStream,
};
use carehub_domain::file::{FileId, LINK, MOST, StoredFile};
use jiff::Timestamp;
use tokio::sync::OnceCell;

pub use self::{error::ObjectsError, ledger::Ledger};

/// Where files arrive.
pub const QUARANTINE: &str = "quarantine/";

/// Where files are kept that were looked into.
pub const CLEAN: &str = "clean/";

// What the SDK does for a request is boxed: it would not fit onto the stack of every caller.

/// The objects of the hub, for functions that have to do with files.
#[derive(Clone)]
pub struct Objects {
    bucket: Option<Arc<Bucket>>,
    ledger: Option<Arc<str>>,
}

/// The way to S3, opened when it is first used.
struct Bucket {
    name: String,
    client: OnceCell<Client>,
    open: Box<dyn Fn() -> Pin<Box<dyn Future<Output = Client> + Send>> + Send + Sync>,
}

/// A request that somebody else may make, once it is written down like this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presigned {
    /// The method.
    pub method: String,
    /// Where it goes.
    pub url: String,
    /// The headers that it must have, as they are signed, too.
    pub headers: BTreeMap<String, String>,
    /// Until when it is taken.
    pub expires_at: Timestamp,
}

impl Objects {
    /// The objects of a function that has nothing to do with files.
    pub fn absent() -> Self {
        Self { bucket: None, ledger: None }
    }

    /// The objects in the bucket called `name`.
    pub fn new(client: Client, name: &str) -> Self {
        Self::lazy(name, move || std::future::ready(client.clone()))
    }

    /// The same, with a client that `open` makes when the first object is wanted.
    pub fn lazy<F>(name: &str, open: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Client> + Send + 'static,
    {
        let open = Box::new(move || Box::pin(open()) as _);
        let bucket = Bucket { name: name.to_owned(), client: OnceCell::new(), open };
        Self { bucket: Some(Arc::new(bucket)), ledger: None }
    }

    /// The same, for a function that also has to do with the bucket of the checkpoints.
    #[must_use]
    pub fn with_ledger(self, name: &str) -> Self {
        Self { ledger: Some(name.into()), ..self }
    }

    /// Where checkpoints of the audit log are kept.
    pub fn ledger(&self) -> Ledger<'_> {
        Ledger::beside(self)
    }

    /// Whether the function has to do with files at all.
    pub fn is_absent(&self) -> bool {
        self.bucket.is_none()
    }

    /// Lets whoever announced a file send it: exactly that one, with its size, type and digest.
    pub async fn invite(
        &self,
        file: &StoredFile,
        at: Timestamp,
    ) -> Result<Presigned, ObjectsError> {
        let (client, bucket) = self.bucket().await?;
        let request = client
            .put_object()
            .bucket(bucket)
            .key(quarantined(file.id))
            .content_type(file.name.format().content_type())
            .content_length(i64::try_from(file.size()).unwrap_or(i64::MAX))
            .checksum_sha256(file.sha256().base64())
            .presigned(lasting(at)?);
        let request = Box::pin(request).await.map_err(ObjectsError::aws)?;
        let headers = request.headers();
        Ok(Presigned {
            method: request.method().to_owned(),
            url: request.uri().to_owned(),
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            expires_at: at + LINK,
        })
    }

    /// A link by which anybody can save a clean file for a quarter of an hour.
    pub async fn link(&self, file: &StoredFile, at: Timestamp) -> Result<String, ObjectsError> {
        let (client, bucket) = self.bucket().await?;
        let request = client
            .get_object()
            .bucket(bucket)
            .key(clean(file.id))
            .response_content_type(file.name.format().content_type())
            .response_content_disposition(disposition(file))
            .response_cache_control("private, no-store")
            .presigned(lasting(at)?);
        let request = Box::pin(request).await.map_err(ObjectsError::aws)?;
        Ok(request.uri().to_owned())
    }

    /// What arrived for a file, if anything did: at most one byte more than is taken.
    pub async fn arrived(&self, id: FileId) -> Result<Option<Vec<u8>>, ObjectsError> {
        let (client, bucket) = self.bucket().await?;
        let asked = client.get_object().bucket(bucket).key(quarantined(id)).send();
        let mut body = match Box::pin(asked).await {
            Ok(object) => object.body,
            Err(error) => match error.as_service_error() {
                Some(GetObjectError::NoSuchKey(_)) => return Ok(None),
                _ => return Err(ObjectsError::aws(error)),
            },
        };
        let (mut bytes, room) = (Vec::new(), usize::try_from(MOST + 1).unwrap_or(usize::MAX));
        while let Some(chunk) = body.try_next().await.map_err(ObjectsError::cut)? {
            bytes.extend_from_slice(&chunk[..chunk.len().min(room - bytes.len())]);
            if bytes.len() == room {
                break;
            }
        }
        Ok(Some(bytes))
    }

    /// Keeps the content of a file that was found clean.
    pub async fn keep(&self, file: &StoredFile, bytes: Vec<u8>) -> Result<(), ObjectsError> {
        let (client, bucket) = self.bucket().await?;
        let asked = client
            .put_object()
            .bucket(bucket)
            .key(clean(file.id))
            .content_type(file.name.format().content_type())
            .content_disposition("attachment")
            .checksum_sha256(file.sha256().base64())
            .body(ByteStream::from(bytes))
            .send();
        Box::pin(asked).await.map_err(ObjectsError::aws)?;
        Ok(())
    }

    /// Deletes what arrived under a name, which need not be that of a file.
    pub async fn discard(&self, key: &str) -> Result<(), ObjectsError> {
        let (client, bucket) = self.bucket().await?;
        let asked = client.delete_object().bucket(bucket).key(key).send();
        Box::pin(asked).await.map_err(ObjectsError::aws)?;
        Ok(())
    }

    /// Deletes all that there is of a file.
    pub async fn remove(&self, id: FileId) -> Result<(), ObjectsError> {
        self.discard(&quarantined(id)).await?;
        self.discard(&clean(id)).await
    }

    /// Whether the bucket answers.
    pub async fn ping(&self) -> Result<(), ObjectsError> {
        let (client, bucket) = self.bucket().await?;
        let asked = client.head_bucket().bucket(bucket).send();
        Box::pin(asked).await.map_err(ObjectsError::aws)?;
        Ok(())
    }

    async fn bucket(&self) -> Result<(&Client, &str), ObjectsError> {
        let bucket = self.bucket.as_ref().ok_or(ObjectsError::Absent)?;
        Ok((bucket.client.get_or_init(&bucket.open).await, &bucket.name))
    }
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bucket = self.bucket.as_ref().map(|bucket| &bucket.name);
        f.debug_struct("Objects").field("bucket", &bucket).field("ledger", &self.ledger).finish()
    }
}

/// A client that sends the digests that it is given, and computes no others: a request that is
/// signed for somebody else has no content yet.
pub fn client(config: impl Into<Builder>) -> Client {
    let digests = RequestChecksumCalculation::WhenRequired;
    Client::from_conf(config.into().request_checksum_calculation(digests).build())
}

/// The same, for an S3 that has no name in the network for each of its buckets.
pub fn client_by_path(config: impl Into<Builder>) -> Client {
    client(config.into().force_path_style(true))
}

/// Where a file arrives.
pub fn quarantined(id: FileId) -> String {
    format!("{QUARANTINE}{id}")
}

/// The file that arrived at a key, if it has the name of one.
pub fn arrival(key: &str) -> Option<FileId> {
    key.strip_prefix(QUARANTINE)?.parse().ok()
}

fn clean(id: FileId) -> String {
    format!("{CLEAN}{id}")
}

fn lasting(at: Timestamp) -> Result<PresigningConfig, ObjectsError> {
    let life = LINK.unsigned_abs();
    PresigningConfig::builder()
        .start_time(SystemTime::from(at))
        .expires_in(life)
        .build()
        .map_err(|error| ObjectsError::Rejected(error.into()))
}

/// Browsers save the file under its name and show nothing of it.
fn disposition(file: &StoredFile) -> String {
    let spelled = |byte: u8| match byte {
        b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    let name: String = file.name.reveal().bytes().map(spelled).collect();
    format!("attachment; filename=\"{}\"; filename*=UTF-8''{name}", file.name.plain())
}
