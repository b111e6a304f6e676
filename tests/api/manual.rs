//! What the documents say is so.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use carehub_api::{config::Config, limit::Bucket};

use crate::{parity::written, problems::sources, support::template};

#[test]
fn every_setting_is_described() {
    let readme = document("README.md");
    let refused = Config::read([("?".to_owned(), "?".to_owned())].into_iter()).unwrap_err();
    let refused = refused.to_string();
    let known: Vec<_> = refused.split('`').skip(3).step_by(2).collect();
    assert!(known.contains(&"PEPPER"), "{refused}");
    for name in known {
        let name = match name {
            // What the makers of others named.
            "GROQ_API_KEY" => name.to_owned(),
            "AWS_ENDPOINT_URL_S3" => continue,
            _ => format!("CAREHUB_{name}"),
        };
        assert!(readme.contains(&format!("`{name}`")), "{name} is not described");
    }
}

#[test]
fn every_limit_is_described_as_it_is() {
    let (readme, api) = (document("README.md"), document("docs/API.md"));
    for bucket in Bucket::ALL {
        let name = bucket.name();
        assert!(api.contains(&format!("| `{name}` |")), "{name} is not in API.md");
        let row = readme.split(&format!("| `CAREHUB_LIMIT_{name}` | `")).nth(1);
        let row = row.unwrap_or_else(|| panic!("{name} is not in the README"));
        let said = row.split('`').next().unwrap().to_owned();
        let said = Config::read([(format!("LIMIT_{name}"), said)].into_iter()).unwrap();
        assert_eq!(said.limits[bucket], Some(bucket.quota()), "{name}");
    }
}

#[test]
fn who_knows_keys_and_pepper_is_told() {
    let (operations, stack) = (document("docs/OPERATIONS.md"), written("template.yaml"));
    let mut knowing: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for resource in stack["Resources"].as_object().unwrap().values() {
        let properties = &resource["Properties"];
        let variables = properties["Environment"]["Variables"].as_object();
        let function = properties["CodeUri"].as_str().unwrap_or_default();
        for variable in variables.into_iter().flat_map(|variables| variables.keys()) {
            let function = function.trim_start_matches("functions/").to_owned();
            knowing.entry(variable.as_str()).or_default().insert(function);
        }
    }
    for (secret, variable) in [
        ("signing key", "CAREHUB_SIGNING_KEY"),
        ("verifying keys", "CAREHUB_VERIFYING_KEYS"),
        ("pepper", "CAREHUB_PEPPER"),
        ("key of the model", "GROQ_API_KEY"),
    ] {
        let row = operations.lines().find(|line| line.starts_with(&format!("| {secret} |")));
        let told = row.unwrap().rsplit(" | ").next().unwrap();
        let told: BTreeSet<_> = told.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        assert_eq!(told, knowing[variable], "{secret}");
    }
}

#[test]
fn every_alarm_is_explained() {
    let operations = document("docs/OPERATIONS.md");
    let stack = written("infra/observability.yaml");
    for alarm in stack["Resources"].as_object().unwrap().values() {
        let Some(name) = alarm["Properties"]["AlarmName"].as_str() else { continue };
        let name = name.strip_prefix("${Prefix}").unwrap();
        let of_each = ["-errors", "-slow"].into_iter().find(|end| name.ends_with(end));
        let row = match of_each {
            Some(end) => format!("<function>{end}`"),
            None => format!("{name}`"),
        };
        assert!(operations.contains(&row), "{name} is not explained");
        let patience = &alarm["Properties"]["Threshold"];
        if of_each == Some("-slow") && *patience != 3000 {
            let function = name.trim_start_matches('-').trim_end_matches("-slow");
            let seconds = patience.as_f64().unwrap() / 1000.0;
            let told = operations.split(&format!("`{function}`")).any(|rest| {
                rest.split(['`', '(', ')']).next().unwrap().contains(&format!("{seconds} s"))
            });
            assert!(told, "{function} may take {seconds} s");
        }
    }
}

#[test]
fn every_table_is_named() {
    let (architecture, data) = (document("docs/ARCHITECTURE.md"), document("docs/DATA.md"));
    for table in &template().tables {
        let name = format!("`{}`", table.name().trim_start_matches("test-"));
        for text in [&architecture, &data] {
            assert!(text.contains(&name), "{name}");
        }
    }
}

#[test]
fn every_line_of_the_log_is_listed() {
    let logging = document("docs/LOGGING.md");
    for source in sources() {
        for level in ["error", "warn", "info"] {
            for line in source.split(&format!("tracing::{level}!(")).skip(1) {
                let line = line.split(");").next().unwrap();
                let line = line.rsplit('"').nth(1).unwrap();
                assert!(logging.contains(&format!("`{line}`")), "`{line}` is not listed");
            }
        }
    }
}

/// A test names the operations of the systems that it stands for.
#[test]
fn every_operation_that_a_test_shows_has_a_row() {
    let seeds = document("docs/SEEDS.md");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("api");
    for entry in fs::read_dir(folder).unwrap() {
        let Ok(text) = fs::read_to_string(entry.unwrap().path()) else { continue };
        let comments = text.lines().filter_map(|line| line.trim().strip_prefix("/// "));
        for id in comments.flat_map(|line| line.split([' ', ',', ':'])).filter(|word| is_id(word)) {
            assert!(seeds.contains(&format!("| {id} |")), "{id} has no row");
        }
    }
}

#[test]
fn tables_are_whole() {
    for file in ["README.md", "CONTRIBUTING.md"].into_iter().map(str::to_owned).chain(manuals()) {
        let text = document(&file);
        let mut lines = text.lines().peekable();
        let mut before = "";
        while let Some(line) = lines.next() {
            let begins = line.starts_with('|') && !before.starts_with('|');
            let headed = lines.peek().is_some_and(|next| next.starts_with("|---"));
            assert!(!begins || headed, "{file}: {line}");
            before = line;
        }
    }
}

/// The documents of the folder `docs`.
fn manuals() -> impl Iterator<Item = String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| format!("docs/{}", name.into_string().unwrap()));
    names.filter(|name| Path::new(name).extension().is_some_and(|it| it == "md"))
}

fn document(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    fs::read_to_string(path).unwrap()
}

/// Whether a word is like `000-01` or `002-K1`.
fn is_id(word: &str) -> bool {
    word.split_once('-').is_some_and(|(system, number)| {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        system.len() == 3
            && digits(system)
            && digits(number.trim_start_matches(|c: char| c.is_ascii_uppercase()))
    })
}
