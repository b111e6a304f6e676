//! What is deployed fits AWS, and each stage says what only its owner can know.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;

use crate::parity::written;

/// SQS takes no policy that speaks of another queue.
#[test]
fn every_queue_has_a_policy_of_its_own() {
    let stack = written("infra/messaging.yaml");
    let resources = stack["Resources"].as_object().unwrap();
    let of_kind = |kind: &'static str| resources.iter().filter(move |(_, one)| one["Type"] == kind);
    let mut covered = BTreeSet::new();
    for (name, policy) in of_kind("AWS::SQS::QueuePolicy") {
        let properties = &policy["Properties"];
        let [queue] = properties["Queues"].as_array().unwrap().as_slice() else {
            panic!("{name} is for several queues")
        };
        let queue = queue.as_str().unwrap();
        let statements = properties["PolicyDocument"]["Statement"].as_array().unwrap();
        for statement in statements {
            assert_eq!(statement["Resource"], format!("{queue}.Arn"), "{name}");
        }
        assert!(statements.iter().any(|one| one["Sid"] == "TlsOnly"), "{name}");
        assert!(covered.insert(queue.to_owned()), "{queue} has two policies");
    }
    let queues: BTreeSet<_> = of_kind("AWS::SQS::Queue").map(|(name, _)| name.clone()).collect();
    assert_eq!(covered, queues);
}

/// What has an invented name for a default leads nowhere.
#[test]
fn every_stage_says_where_it_is() {
    let template = written("template.yaml");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../samconfig.toml");
    let stages = fs::read_to_string(path).unwrap();
    let invented = |parameter: &Value| {
        parameter["Default"].as_str().is_some_and(|default| default.contains("carehub.example"))
    };
    let parameters = template["Parameters"].as_object().unwrap();
    for stage in ["dev", "prod"] {
        let settings = stages.split(&format!("[{stage}.deploy.parameters]")).nth(1).unwrap();
        let settings = settings.split("\n[").next().unwrap();
        for (name, _) in parameters.iter().filter(|(_, parameter)| invented(parameter)) {
            assert!(settings.contains(&format!("\"{name}=")), "{stage} does not set {name}");
        }
    }
}

/// SAM lets API Gateway call a function by one permission for each event, and Lambda keeps so many
/// bytes of them. Some are left for names that AWS makes longer than they are here.
#[test]
fn who_may_call_a_function_has_room_in_its_policy() {
    const ROOM: usize = 20_480 * 95 / 100;

    let template = written("template.yaml");
    let longest = template["Parameters"]["Prefix"]["MaxLength"].as_u64().unwrap();
    let prefix = "p".repeat(usize::try_from(longest).unwrap());
    let region = "ap-southeast-1";
    for (function, resource) in template["Resources"].as_object().unwrap() {
        let Some(events) = resource["Properties"]["Events"].as_object() else { continue };
        let events = events.iter().filter(|(_, event)| event["Type"] == "HttpApi");
        let permissions = events.map(|(event, declared)| {
            let path = declared["Properties"]["Path"].as_str().unwrap();
            let name = format!("{prefix}-{function}{event}Permission-ABCDEFGHIJKL");
            let callee = format!("{prefix}-{}:live", function.to_lowercase());
            let permission = format!(
                r#"{{"Sid":"{name}","Effect":"Allow","Principal":{{"Service":"apigateway.amazonaws.com"}},"Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:{region}:123456789012:function:{callee}","Condition":{{"ArnLike":{{"AWS:SourceArn":"arn:aws:execute-api:{region}:123456789012:abcdefghij/*/*{}"}}}}}},"#,
                starred(path)
            );
            permission.len()
        });
        let frame = r#"{"Version":"2012-10-17","Id":"default","Statement":[]}"#.len();
        let bytes = frame + permissions.sum::<usize>();
        assert!(bytes < ROOM, "{function}: {bytes} bytes of {ROOM}");
    }
}

/// A path with a star for each variable.
fn starred(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "*" } else { part });
    parts.collect::<Vec<_>>().join("/")
}
