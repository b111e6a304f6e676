//! One template file and the stacks nested in it, as written.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_yaml_ng::{Mapping, Value};

use super::error::{Problem, TemplateError};

/// A template file and the files it nests.
pub(super) struct Stack {
    pub(super) file: PathBuf,
    pub(super) document: Document,
    pub(super) nested: BTreeMap<String, Stack>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Document {
    #[serde(default)]
    pub(super) globals: Globals,
    #[serde(default)]
    pub(super) parameters: BTreeMap<String, Parameter>,
    pub(super) resources: BTreeMap<String, Resource>,
    #[serde(default)]
    pub(super) outputs: BTreeMap<String, Output>,
}

/// What holds for all functions unless they say otherwise.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Globals {
    #[serde(default)]
    function: Mapping,
}

impl Globals {
    /// How long a call may take, in seconds.
    pub(super) fn timeout(&self) -> Option<u64> {
        self.function.get("Timeout")?.as_u64()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Parameter {
    pub(super) default: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Resource {
    #[serde(rename = "Type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) properties: Mapping,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    pub(super) value: Value,
}

impl Stack {
    /// The resource types that nest another file.
    pub(super) const KINDS: [&str; 2] =
        ["AWS::Serverless::Application", "AWS::CloudFormation::Stack"];

    pub(super) fn read(
        file: &Path,
        read: &dyn Fn(&Path) -> io::Result<String>,
    ) -> Result<Self, TemplateError> {
        let at = |problem| TemplateError::new(file, "the template", problem);
        let text = read(file).map_err(|error| at(Problem::Unreadable(error)))?;
        let document: Document =
            serde_yaml_ng::from_str(&text).map_err(|error| at(Problem::NotATemplate(error)))?;
        let mut nested = BTreeMap::new();
        for (name, resource) in &document.resources {
            if let Some(location) = resource.location() {
                let path = file.parent().unwrap_or(Path::new("")).join(location);
                nested.insert(name.clone(), Self::read(&path, read)?);
            }
        }
        Ok(Self { file: file.to_owned(), document, nested })
    }
}

impl Resource {
    /// The file that this resource nests, if it nests one.
    fn location(&self) -> Option<&str> {
        if !Stack::KINDS.contains(&self.kind.as_str()) {
            return None;
        }
        let location =
            self.properties.get("Location").or_else(|| self.properties.get("TemplateURL"))?;
        location.as_str()
    }
}
