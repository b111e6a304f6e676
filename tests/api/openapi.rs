//! The document promises what is served, and all of it.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

use crate::tour::operations;

#[test]
fn the_committed_document_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let committed: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let current = serde_json::to_value(carehub_tests::document()).unwrap();
    assert!(committed == current, "docs/openapi.json is not current: run `make openapi`");
}

#[test]
fn every_documented_operation_is_served() {
    let served = operations();
    for Operation { method, path, .. } in documented() {
        let found = served.keys().any(|(m, p)| (m, *p) == (&method, path.as_str()));
        assert!(found, "{method} {path} is documented and not served");
    }
}

#[test]
fn every_operation_is_documented_or_said_to_mean_the_same_as_one_that_is() {
    let documented = documented();
    for (method, path) in operations().into_keys() {
        let same = |operation: &Operation| {
            operation.path == path
                && (operation.method == method
                    || operation.answer["200"]["description"]
                        .as_str()
                        .is_some_and(|text| text.contains(&format!("`{method}` means the same"))))
        };
        assert!(documented.iter().any(same), "{method} {path} is served and not documented");
    }
}

#[test]
fn every_operation_has_a_name_of_its_own_and_a_group() {
    let mut names = BTreeSet::new();
    for Operation { method, path, whole, .. } in documented() {
        let name = whole["operationId"].as_str().unwrap_or_default().to_owned();
        assert!(!name.is_empty(), "{method} {path} has no operationId");
        assert!(names.insert(name.clone()), "{method} {path}: another operation is called {name}");
        assert_eq!(whole["tags"].as_array().map(Vec::len), Some(1), "{method} {path}");
    }
}

#[test]
fn every_answer_is_described_and_every_refusal_is_a_problem() {
    for Operation { method, path, answer, .. } in documented() {
        let answers = answer.as_object().unwrap();
        assert!(answers.keys().any(|status| status.starts_with('2')), "{method} {path}");
        for (status, answer) in answers {
            let what = format!("{method} {path} {status}");
            let described = answer["description"].as_str().is_some_and(|text| text.ends_with('.'));
            assert!(described, "{what} is not described in a sentence");
            // A sick hub answers a health check with what it found.
            if status.starts_with('2') || path.starts_with("/health") {
                continue;
            }
            let content = answer["content"].as_object().into_iter().flatten();
            let bodies: Vec<_> = content.map(|(_, body)| body["schema"]["$ref"].as_str()).collect();
            assert_eq!(bodies, [Some("#/components/schemas/Problem")], "{what}");
        }
    }
}

#[test]
fn every_variable_of_a_path_is_described() {
    for Operation { method, path, whole, .. } in documented() {
        let described = whole["parameters"].as_array().into_iter().flatten();
        let described: BTreeSet<_> = described
            .filter(|parameter| parameter["in"] == "path" && parameter["description"].is_string())
            .filter_map(|parameter| parameter["name"].as_str())
            .collect();
        let variables =
            path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
        assert_eq!(variables.collect::<BTreeSet<_>>(), described, "{method} {path}");
    }
}

struct Operation {
    method: String,
    path: String,
    answer: Value,
    whole: Value,
}

fn documented() -> Vec<Operation> {
    let document = serde_json::to_value(carehub_tests::document()).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, operations)| {
        operations.as_object().unwrap().iter().map(move |(method, operation)| Operation {
            method: method.to_uppercase(),
            path: path.clone(),
            answer: operation["responses"].clone(),
            whole: operation.clone(),
        })
    });
    operations.collect()
}
