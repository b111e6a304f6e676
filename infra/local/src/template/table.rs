//! DynamoDB tables.

use aws_sdk_dynamodb::{
    error::BuildError,
    operation::{
        create_table::builders::CreateTableInputBuilder,
        update_table::builders::UpdateTableInputBuilder,
    },
    types::{
        AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction, GlobalSecondaryIndex,
        GlobalSecondaryIndexUpdate, KeySchemaElement, KeyType, Projection, ProjectionType,
        ScalarAttributeType, StreamSpecification, StreamViewType,
    },
};
use serde::Deserialize;

use super::{error::Problem, scope::Scope, stack::Resource};

/// A DynamoDB table with its indexes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Table {
    #[serde(rename = "TableName")]
    name: String,
    attribute_definitions: Vec<Attribute>,
    key_schema: Vec<Key>,
    #[serde(default)]
    global_secondary_indexes: Vec<Index>,
    stream_specification: Option<Changes>,
    time_to_live_specification: Option<TimeToLive>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    attribute_name: String,
    attribute_type: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Key {
    attribute_name: String,
    key_type: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Index {
    #[serde(rename = "IndexName")]
    name: String,
    key_schema: Vec<Key>,
    projection: Projected,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Projected {
    projection_type: String,
    non_key_attributes: Option<Vec<String>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Changes {
    stream_view_type: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TimeToLive {
    attribute_name: String,
    enabled: bool,
}

impl Table {
    pub(super) const KIND: &str = "AWS::DynamoDB::Table";

    pub(super) fn read(scope: &Scope<'_>, resource: &Resource) -> Result<Self, Problem> {
        scope.properties(
            &resource.properties,
            &[
                "TableName",
                "AttributeDefinitions",
                "KeySchema",
                "GlobalSecondaryIndexes",
                "StreamSpecification",
                "TimeToLiveSpecification",
            ],
        )
    }

    /// The name, prefix included.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The attribute that says when an item expires.
    pub fn time_to_live(&self) -> Option<&str> {
        let specification = self.time_to_live_specification.as_ref()?;
        specification.enabled.then_some(specification.attribute_name.as_str())
    }

    /// The request that creates the table.
    pub fn create_request(&self) -> Result<CreateTableInputBuilder, BuildError> {
        let stream = self.stream_specification.as_ref().map(|changes| {
            StreamSpecification::builder()
                .stream_enabled(true)
                .stream_view_type(StreamViewType::from(changes.stream_view_type.as_str()))
                .build()
        });
        let indexes: Vec<_> =
            self.global_secondary_indexes.iter().map(Index::built).collect::<Result<_, _>>()?;
        Ok(CreateTableInputBuilder::default()
            .table_name(&self.name)
            .billing_mode(BillingMode::PayPerRequest)
            .set_attribute_definitions(Some(definitions(&self.attribute_definitions)?))
            .set_key_schema(Some(schema(&self.key_schema)?))
            .set_global_secondary_indexes((!indexes.is_empty()).then_some(indexes))
            .set_stream_specification(stream.transpose()?))
    }

    /// The requests that add each index to a table without it, by name.
    pub fn index_requests(&self) -> Result<Vec<(&str, UpdateTableInputBuilder)>, BuildError> {
        self.global_secondary_indexes
            .iter()
            .map(|index| {
                let keys = self.attribute_definitions.iter().filter(|attribute| {
                    index
                        .key_schema
                        .iter()
                        .any(|key| key.attribute_name == attribute.attribute_name)
                });
                let create = CreateGlobalSecondaryIndexAction::builder()
                    .index_name(&index.name)
                    .set_key_schema(Some(schema(&index.key_schema)?))
                    .projection(index.projection.built())
                    .build()?;
                let request = UpdateTableInputBuilder::default()
                    .table_name(&self.name)
                    .set_attribute_definitions(Some(definitions(keys)?))
                    .global_secondary_index_updates(
                        GlobalSecondaryIndexUpdate::builder().create(create).build(),
                    );
                Ok((index.name.as_str(), request))
            })
            .collect()
    }

    pub(super) fn arn(name: &str) -> String {
        format!("arn:aws:dynamodb:local:000000000000:table/{name}")
    }

    pub(super) fn stream_arn(name: &str) -> String {
        format!("{}/stream/local", Self::arn(name))
    }

    /// The table whose stream has the given ARN.
    pub(super) fn of_stream(arn: &str) -> Option<&str> {
        arn.strip_prefix(&Self::arn(""))?.strip_suffix("/stream/local")
    }
}

impl Index {
    fn built(&self) -> Result<GlobalSecondaryIndex, BuildError> {
        GlobalSecondaryIndex::builder()
            .index_name(&self.name)
            .set_key_schema(Some(schema(&self.key_schema)?))
            .projection(self.projection.built())
            .build()
    }
}

impl Projected {
    fn built(&self) -> Projection {
        Projection::builder()
            .projection_type(ProjectionType::from(self.projection_type.as_str()))
            .set_non_key_attributes(self.non_key_attributes.clone())
            .build()
    }
}

fn definitions<'a>(
    attributes: impl IntoIterator<Item = &'a Attribute>,
) -> Result<Vec<AttributeDefinition>, BuildError> {
    attributes
        .into_iter()
        .map(|attribute| {
            AttributeDefinition::builder()
                .attribute_name(&attribute.attribute_name)
                .attribute_type(ScalarAttributeType::from(attribute.attribute_type.as_str()))
                .build()
        })
        .collect()
}

fn schema(keys: &[Key]) -> Result<Vec<KeySchemaElement>, BuildError> {
    keys.iter()
        .map(|key| {
            KeySchemaElement::builder()
                .attribute_name(&key.attribute_name)
                .key_type(KeyType::from(key.key_type.as_str()))
                .build()
        })
        .collect()
}
