//! What references mean inside one stack.

use carehub_sqs::Queue;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};
use serde_yaml_ng::{
    Mapping, Value,
    value::{Tag, TaggedValue},
};

use super::{
    bucket::Bucket,
    error::Problem,
    queue,
    stack::{Resource, Stack},
    table::Table,
};

/// Where queues seem to be. Nobody looks at it: an address names the queue by its end.
const QUEUES: &str = "sqs.local.amazonaws.com";

/// A stack with the values of its parameters.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) stack: &'a Stack,
    arguments: Arguments<'a>,
}

/// Where parameters get their values from.
#[derive(Clone, Copy)]
enum Arguments<'a> {
    /// From whoever deploys the root stack.
    Prefix(&'a str),
    /// From the stack around this one.
    Passed { from: &'a Scope<'a>, values: Option<&'a Mapping> },
}

impl<'a> Scope<'a> {
    pub(super) fn root(stack: &'a Stack, prefix: &'a str) -> Self {
        Self { stack, arguments: Arguments::Prefix(prefix) }
    }

    /// The stack that the resource `name` nests.
    pub(super) fn nested(&'a self, name: &str) -> Result<Self, Problem> {
        let undeclared = || Problem::Undeclared(name.to_owned());
        let stack = self.stack.nested.get(name).ok_or_else(undeclared)?;
        let resource = self.stack.document.resources.get(name).ok_or_else(undeclared)?;
        let values = resource.properties.get("Parameters").and_then(Value::as_mapping);
        Ok(Self { stack, arguments: Arguments::Passed { from: self, values } })
    }

    /// Reads those properties of a resource that are `wanted`.
    ///
    /// The others may be computed in ways that mean nothing on one machine.
    pub(super) fn properties<T: DeserializeOwned>(
        &self,
        properties: &Mapping,
        wanted: &[&str],
    ) -> Result<T, Problem> {
        let mut found = Map::new();
        for &name in wanted {
            if let Some(value) = properties.get(name) {
                found.insert(name.to_owned(), self.value(value)?);
            }
        }
        serde_json::from_value(Json::Object(found)).map_err(Problem::Shape)
    }

    fn value(&self, value: &Value) -> Result<Json, Problem> {
        match value {
            Value::Tagged(tagged) => self.computed(tagged),
            Value::Sequence(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Mapping(entries) => {
                let mut object = Map::new();
                for (key, value) in entries {
                    object.insert(self.text(key)?, self.value(value)?);
                }
                Ok(Json::Object(object))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                serde_json::to_value(value).map_err(Problem::Shape)
            }
        }
    }

    fn computed(&self, TaggedValue { tag, value }: &TaggedValue) -> Result<Json, Problem> {
        if *tag == Tag::new("Ref") {
            self.reference(&self.text(value)?)
        } else if *tag == Tag::new("GetAtt") {
            let path = match value {
                Value::Sequence(parts) => {
                    let parts: Result<Vec<_>, _> =
                        parts.iter().map(|part| self.text(part)).collect();
                    parts?.join(".")
                }
                _ => self.text(value)?,
            };
            self.attribute(&path)
        } else if *tag == Tag::new("Sub") {
            match value.as_sequence().map(Vec::as_slice) {
                Some([text, Value::Mapping(names)]) => self.substitute(&self.text(text)?, names),
                _ => self.substitute(&self.text(value)?, &Mapping::new()),
            }
        } else {
            Err(Problem::Unsupported(tag.to_string()))
        }
    }

    /// `!Ref name`
    fn reference(&self, name: &str) -> Result<Json, Problem> {
        if let Some(pseudo) = name.strip_prefix("AWS::") {
            return self.pseudo(pseudo).ok_or_else(|| Problem::Undeclared(name.to_owned()));
        }
        if self.stack.document.parameters.contains_key(name) {
            return self.parameter(name);
        }
        // The alias of a function stands for the function.
        let name = name.strip_suffix(".Alias").unwrap_or(name);
        let resource = self
            .stack
            .document
            .resources
            .get(name)
            .ok_or_else(|| Problem::Undeclared(name.to_owned()))?;
        let named = match resource.kind.as_str() {
            Table::KIND => resource.properties.get("TableName"),
            Bucket::KIND => resource.properties.get("BucketName"),
            queue::KIND => {
                let name = self.queue(name, resource)?;
                return Ok(Queue::url_of(QUEUES, &name).into());
            }
            _ => None,
        };
        named.map_or_else(|| Ok(name.into()), |name| self.value(name))
    }

    /// The name of a queue. Those without one of their own are never looked for by name.
    fn queue(&self, name: &str, resource: &Resource) -> Result<String, Problem> {
        let named = resource.properties.get("QueueName");
        named.map_or_else(|| Ok(name.to_owned()), |name| self.text(name))
    }

    fn parameter(&self, name: &str) -> Result<Json, Problem> {
        match self.arguments {
            Arguments::Prefix(prefix) if name == "Prefix" => return Ok(prefix.into()),
            Arguments::Passed { from, values } => {
                if let Some(value) = values.and_then(|values| values.get(name)) {
                    return from.value(value);
                }
            }
            Arguments::Prefix(_) => {}
        }
        let parameter = self.stack.document.parameters.get(name);
        match parameter.and_then(|parameter| parameter.default.as_ref()) {
            Some(default) => self.value(default),
            None => Err(Problem::Unset(name.to_owned())),
        }
    }

    fn pseudo(&self, name: &str) -> Option<Json> {
        let value = match name {
            "AccountId" => "000000000000",
            "Partition" => "aws",
            "Region" => "local",
            "StackName" => match self.arguments {
                Arguments::Prefix(prefix) => prefix,
                Arguments::Passed { from, .. } => return from.pseudo(name),
            },
            "URLSuffix" => "amazonaws.com",
            _ => return None,
        };
        Some(value.into())
    }

    /// `!GetAtt Resource.Attribute`
    fn attribute(&self, path: &str) -> Result<Json, Problem> {
        let undeclared = || Problem::Undeclared(path.to_owned());
        let (name, attribute) = path.split_once('.').ok_or_else(undeclared)?;
        let resource = self.stack.document.resources.get(name).ok_or_else(undeclared)?;
        if let Some(output) = attribute.strip_prefix("Outputs.") {
            let nested = self.nested(name)?;
            let output = nested.stack.document.outputs.get(output).ok_or_else(undeclared)?;
            return nested.value(&output.value);
        }
        if resource.kind == queue::KIND {
            let queue = self.queue(name, resource)?;
            return match attribute {
                "Arn" => Ok(Queue::arn_of(&queue).into()),
                "QueueName" => Ok(queue.into()),
                "QueueUrl" => Ok(Queue::url_of(QUEUES, &queue).into()),
                _ => Err(Problem::Unsupported(format!("!GetAtt {path}"))),
            };
        }
        let kind = resource.kind.replace("::", "/").to_lowercase();
        let physical = self.reference(name)?;
        let physical = physical.as_str().ok_or_else(undeclared)?;
        match (resource.kind.as_str(), attribute) {
            (Table::KIND, "Arn") => Ok(Table::arn(physical).into()),
            (Table::KIND, "StreamArn") => Ok(Table::stream_arn(physical).into()),
            (_, "Arn") => Ok(format!("arn:{kind}:local:000000000000:{physical}").into()),
            _ => Err(Problem::Unsupported(format!("!GetAtt {path}"))),
        }
    }

    /// `!Sub "text with ${References}"`
    fn substitute(&self, text: &str, names: &Mapping) -> Result<Json, Problem> {
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) =
                after.split_once('}').ok_or_else(|| Problem::Unsupported(text.to_owned()))?;
            result.push_str(before);
            if let Some(literal) = name.strip_prefix('!') {
                result.extend(["${", literal, "}"]);
            } else {
                let value = match names.get(name) {
                    Some(value) => self.value(value)?,
                    None if name.contains('.') => self.attribute(name)?,
                    None => self.reference(name)?,
                };
                result.push_str(&plain(value)?);
            }
            rest = after;
        }
        result.push_str(rest);
        Ok(result.into())
    }

    fn text(&self, value: &Value) -> Result<String, Problem> {
        plain(self.value(value)?)
    }
}

fn plain(value: Json) -> Result<String, Problem> {
    match value {
        Json::Bool(_) | Json::Number(_) => Ok(value.to_string()),
        value => serde_json::from_value(value).map_err(Problem::Shape),
    }
}
