//! S3 buckets, and who is told of their objects.

use serde::Deserialize;

use super::{error::Problem, scope::Scope, stack::Resource};

/// A bucket, by name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Bucket {
    #[serde(rename = "BucketName")]
    name: String,
}

impl Bucket {
    pub(super) const KIND: &str = "AWS::S3::Bucket";

    pub(super) fn read(scope: &Scope<'_>, resource: &Resource) -> Result<Self, Problem> {
        scope.properties(&resource.properties, &["BucketName"])
    }

    /// The name, prefix included.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The objects that arrive in a bucket, on their way to a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrivals {
    /// The bucket.
    pub bucket: String,
    /// What the keys begin with.
    pub prefix: String,
    /// How often the function is told of an object before it is put aside.
    pub attempts: u32,
}

/// What a rule of EventBridge waits for, if it waits for objects.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Pattern {
    source: [String; 1],
    detail_type: [String; 1],
    detail: Detail,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Detail {
    bucket: Named,
    object: Keyed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: [String; 1],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keyed {
    key: [Prefixed; 1],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Prefixed {
    prefix: String,
}

impl Arrivals {
    pub(super) fn read(pattern: serde_json::Value, attempts: u32) -> Result<Self, Problem> {
        let Pattern { source: [source], detail_type: [kind], detail } =
            serde_json::from_value(pattern).map_err(Problem::Shape)?;
        if source != "aws.s3" || kind != "Object Created" {
            return Err(Problem::Unsupported(format!("{kind} of {source}")));
        }
        let Detail {
            bucket: Named { name: [bucket] },
            object: Keyed { key: [Prefixed { prefix }] },
        } = detail;
        Ok(Self { bucket, prefix, attempts })
    }
}
