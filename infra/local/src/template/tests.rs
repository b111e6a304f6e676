//! What the one-machine platform reads out of a template.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use carehub_sqs::Redrive;
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::reasons;

const ROOT: &str = r#"
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Prefix: { Type: String }
Globals:
  Function: { Timeout: 7, Runtime: provided.al2023 }
Resources:
  Data:
    Type: AWS::Serverless::Application
    Properties: { Location: infra/data.yaml, Parameters: { Prefix: !Ref Prefix } }
  Api:
    Type: AWS::Serverless::HttpApi
    Properties: { Domain: !If [Production, a, b] }
  Auth:
    Type: AWS::Serverless::Function
    Metadata: { BuildMethod: rust-cargolambda }
    Properties:
      CodeUri: functions/auth
      Policies: [!Ref Anything]
      Events:
        All: { Type: HttpApi, Properties: { ApiId: !Ref Api, Path: "/api/auth/{proxy+}", Method: any } }
        Health: { Type: HttpApi, Properties: { Path: /api/auth/health, Method: GET } }
  Hospitals:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ./functions/hospitals/
      Events:
        List: { Type: HttpApi, Properties: { Path: /api/hospitals, Method: ANY } }
        Doctors: { Type: HttpApi, Properties: { Path: "/api/hospitals/{id}/doctors", Method: GET } }
  Platform:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/platform
      Events:
        Rest: { Type: HttpApi, Properties: { Path: "/api/{proxy+}", Method: GET } }
        Nearby: { Type: HttpApi, Properties: { Path: /api/hospitals/nearby/doctors, Method: ANY } }
  Relay:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/relay
      Events:
        Happened:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Data.Outputs.EventStream
            BatchSize: 25
            MaximumRetryAttempts: 3
            FilterCriteria: { Filters: [{ Pattern: '{"eventName":["INSERT"]}' }, { Pattern: '{"eventName":["REMOVE"]}' }] }
  Inspector:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/inspector
      EventInvokeConfig: { MaximumRetryAttempts: 1, DestinationConfig: { OnFailure: { Type: SQS, Destination: a } } }
      Events:
        Arrived:
          Type: EventBridgeRule
          Properties:
            Pattern:
              source: [aws.s3]
              detail-type: [Object Created]
              detail: { bucket: { name: [!GetAtt Data.Outputs.Files] }, object: { key: [{ prefix: new/ }] } }
  Notifier:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/notifier
      Timeout: 20
      Events:
        Mail:
          Type: SQS
          Properties:
            Queue: !GetAtt Data.Outputs.Mail
            BatchSize: 5
            MaximumBatchingWindowInSeconds: 2
            FunctionResponseTypes: [ReportBatchItemFailures]
            ScalingConfig: { MaximumConcurrency: 2 }
        Orders: { Type: SQS, Properties: { Queue: !GetAtt Data.Outputs.Orders, Enabled: false } }
  Housekeeping:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/housekeeping
      Events:
        Codes:
          Type: ScheduleV2
          Properties: { ScheduleExpression: rate(15 minutes), Input: '{"task":"codes"}' }
        Nightly: { Type: Schedule, Properties: { Schedule: cron(30 2 * * ? *) } }
"#;

const DATA: &str = r#"
Parameters:
  Prefix: { Type: String, Default: other }
Resources:
  Identity:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub "${Prefix}-identity"
      DeletionProtectionEnabled: !If [Production, true, false]
      AttributeDefinitions:
        - { AttributeName: pk, AttributeType: S }
        - { AttributeName: sk, AttributeType: S }
        - { AttributeName: gsi1pk, AttributeType: S }
      KeySchema:
        - { AttributeName: pk, KeyType: HASH }
        - { AttributeName: sk, KeyType: RANGE }
      GlobalSecondaryIndexes:
        - IndexName: gsi1
          KeySchema: [{ AttributeName: gsi1pk, KeyType: HASH }]
          Projection: { ProjectionType: ALL }
      TimeToLiveSpecification: { AttributeName: ttl, Enabled: true }
  Events:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub ["${Name}-events", { Name: !Ref Prefix }]
      AttributeDefinitions: [{ AttributeName: pk, AttributeType: S }]
      KeySchema: [{ AttributeName: pk, KeyType: HASH }]
      StreamSpecification: { StreamViewType: NEW_IMAGE }
  Files:
    Type: AWS::S3::Bucket
    Properties: { BucketName: !Sub "${Prefix}-files" }
  Mail:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub "${Prefix}-mail"
      VisibilityTimeout: 120
      MessageRetentionPeriod: 3600
      RedrivePolicy: { deadLetterTargetArn: !GetAtt MailDeadLetters.Arn, maxReceiveCount: 4 }
      SqsManagedSseEnabled: true
  MailDeadLetters: { Type: AWS::SQS::Queue, Properties: { QueueName: !Sub "${Prefix}-mail-dead-letters" } }
  Orders:
    Type: AWS::SQS::Queue
    Properties: { QueueName: !Sub "${Prefix}-orders.fifo", FifoQueue: true, ContentBasedDeduplication: true }
Outputs:
  Files: { Value: !Ref Files }
  Mail: { Value: !GetAtt Mail.Arn }
  Orders: { Value: !GetAtt Orders.Arn }
  EventStream: { Value: !GetAtt Events.StreamArn }
"#;

#[test]
fn tables_come_from_nested_stacks() {
    let template = parse(ROOT).unwrap();

    let names: Vec<_> = template.tables.iter().map(Table::name).collect();
    assert_eq!(names, ["clinic-events", "clinic-identity"]);
    assert_eq!(template.tables[1].time_to_live(), Some("ttl"));
    let request = template.tables[1].create_request().unwrap().build().unwrap();
    assert_eq!(request.key_schema().len(), 2);
    assert_eq!(request.global_secondary_indexes()[0].index_name(), "gsi1");
}

#[test]
fn a_stream_is_traced_to_its_table() {
    let template = parse(ROOT).unwrap();

    let Trigger::Stream(stream) = &function(&template, "relay").triggers[0] else {
        panic!("the relay reads a stream");
    };
    assert_eq!((stream.table.as_str(), stream.batch, stream.attempts), ("clinic-events", 25, 4));
    for (name, wanted) in [("INSERT", true), ("REMOVE", true), ("MODIFY", false)] {
        assert_eq!(stream.wants(&json!({"eventName": name})), wanted, "{name}");
    }
}

#[test]
fn schedules_carry_their_input() {
    let template = parse(ROOT).unwrap();

    let schedules: Vec<_> = function(&template, "housekeeping")
        .triggers
        .iter()
        .map(|trigger| match trigger {
            Trigger::Schedule(schedule) => schedule.clone(),
            _ => panic!("housekeeping is only scheduled"),
        })
        .collect();
    assert_eq!(
        schedules,
        [
            Schedule {
                name: "Codes".to_owned(),
                expression: "rate(15 minutes)".to_owned(),
                cadence: Cadence::Every(SignedDuration::from_mins(15)),
                input: json!({"task": "codes"}),
            },
            Schedule {
                name: "Nightly".to_owned(),
                expression: "cron(30 2 * * ? *)".to_owned(),
                cadence: Cadence::At { period: 86_400, offset: 9_000 },
                input: json!(null),
            },
        ]
    );
}

#[test]
fn objects_are_traced_to_their_bucket() {
    let template = parse(ROOT).unwrap();

    let buckets: Vec<_> = template.buckets.iter().map(Bucket::name).collect();
    assert_eq!(buckets, ["clinic-files"]);
    let Trigger::Arrivals(arrivals) = &function(&template, "inspector").triggers[0] else {
        panic!("the inspector is told of objects");
    };
    let (bucket, prefix) = ("clinic-files".to_owned(), "new/".to_owned());
    assert_eq!(*arrivals, Arrivals { bucket, prefix, attempts: 2 });
    let other = parse(&ROOT.replace("Object Created", "Object Deleted")).unwrap_err();
    assert!(
        reasons(&other)
            .ends_with("uses `Object Deleted of aws.s3`, which is not supported on one machine")
    );
}

#[test]
fn queues_come_with_what_is_declared_of_them() {
    let template = parse(ROOT).unwrap();

    let redrive = Redrive { dead_letters: "clinic-mail-dead-letters".to_owned(), receives: 4 };
    let mail = Queue {
        visibility: 120,
        retention: 3600,
        redrive: Some(redrive),
        ..Queue::named("clinic-mail")
    };
    let orders = Queue { same_content_is_same_message: true, ..Queue::named("clinic-orders.fifo") };
    assert_eq!(template.queues, [mail, Queue::named("clinic-mail-dead-letters"), orders]);
}

#[test]
fn messages_are_traced_to_their_queue() {
    let template = parse(ROOT).unwrap();

    let notifier = function(&template, "notifier");
    let [Trigger::Queue(mail), Trigger::Queue(orders)] = &notifier.triggers[..] else {
        panic!("the notifier reads queues");
    };
    let expected = Intake {
        queue: "clinic-mail".to_owned(),
        batch: 5,
        window: Duration::from_secs(2),
        partial: true,
        enabled: true,
    };
    assert_eq!(*mail, expected);
    assert_eq!((orders.batch, orders.partial, orders.enabled), (10, false, false));
    let timeouts = ["notifier", "relay"].map(|name| function(&template, name).timeout.as_secs());
    assert_eq!(timeouts, [20, 7]);
}

#[test]
fn only_fifo_queues_are_called_so() {
    let error = parse(&ROOT.replace("infra/data.yaml", "fifo.yaml")).unwrap_err();

    assert_eq!(
        reasons(&error),
        "fifo.yaml: Odd: is called `odd.fifo`, but only the names of FIFO queues end in `.fifo`"
    );
}

#[test]
fn the_closest_route_wins() {
    let template = parse(ROOT).unwrap();

    for (method, path, function) in [
        ("GET", "/api/auth/health", Some("auth")),
        ("POST", "/api/auth/login/", Some("auth")),
        ("GET", "/api/hospitals", Some("hospitals")),
        ("GET", "/api/hospitals/h1/doctors", Some("hospitals")),
        ("GET", "/api/hospitals/nearby/doctors", Some("platform")),
        ("POST", "/api/hospitals/h1/doctors", None),
        ("GET", "/api/hospitals/h1", Some("platform")),
        ("GET", "/api/auth", Some("platform")),
        ("POST", "/api/auth/", Some("auth")),
        ("GET", "/api/hospitals/", Some("platform")),
        ("GET", "/api/", Some("platform")),
        ("GET", "/api", None),
        ("GET", "/", None),
        ("GET", "", None),
        ("PUT", "/api/anything", None),
    ] {
        assert_eq!(template.route(method, path), function, "{method} {path}");
    }
}

#[test]
fn of_equal_paths_the_named_method_wins() {
    let template = functions(
        "{a: {CodeUri: functions/a, Events: {E: {Type: HttpApi, Properties: {Path: '/x/{id}', Method: ANY}}}}, \
          b: {CodeUri: functions/b, Events: {E: {Type: HttpApi, Properties: {Path: '/x/{name}', Method: get}}}}}",
    )
    .unwrap();

    assert_eq!(template.route("GET", "/x/1"), Some("b"));
    assert_eq!(template.route("PUT", "/x/1"), Some("a"));
}

#[test]
fn a_route_of_one_method_hides_nothing_from_the_others() {
    let template = functions(
        "{a: {CodeUri: functions/a, Events: {E: {Type: HttpApi, Properties: {Path: '/x/{proxy+}', Method: ANY}}}}, \
          b: {CodeUri: functions/b, Events: { \
            E: {Type: HttpApi, Properties: {Path: '/x/{id}', Method: get}}, \
            F: {Type: HttpApi, Properties: {Path: '/x/{id}/{proxy+}', Method: get}}, \
            G: {Type: HttpApi, Properties: {Path: '/x/{id}/notes', Method: ANY}}}}}",
    )
    .unwrap();

    for (method, path, function) in [
        ("GET", "/x/1", "b"),
        ("GET", "/x/1/", "b"),
        ("PUT", "/x/1", "a"),
        ("PUT", "/x/1/", "a"),
        ("OPTIONS", "/x/1", "a"),
        ("POST", "/x/1/start", "a"),
        ("POST", "/x/1/notes", "b"),
        ("GET", "/x/", "a"),
    ] {
        assert_eq!(template.route(method, path), Some(function), "{method} {path}");
    }
}

#[test]
fn errors_name_the_resource_and_the_reason() {
    for (properties, reason) in [
        ("{}", "missing field `CodeUri`"),
        ("{CodeUri: src/a}", "not a folder of `functions/`"),
        ("{CodeUri: functions/a/b}", "not a folder of `functions/`"),
        ("{CodeUri: !Ref Nothing}", "`Nothing`, which is not declared"),
        ("{CodeUri: !If [A, b, c]}", "uses `!If`"),
        ("{CodeUri: !Sub '${AWS::Moon}'}", "`AWS::Moon`, which is not declared"),
        ("{CodeUri: functions/a, Events: [1]}", "invalid type"),
        ("{CodeUri: functions/a, Events: {E: {Type: HttpApi}}}", "missing field `Path`"),
        ("{CodeUri: functions/a, Events: {E: {Type: Sms}}}", "uses `Sms`"),
        (
            "{CodeUri: functions/a, Events: {E: {Type: HttpApi, Properties: {Path: x, Method: GET}}}}",
            "`GET x` is not a method and a path",
        ),
        (
            "{CodeUri: functions/a, Events: {E: {Type: DynamoDB, Properties: {Stream: x}}}}",
            "`x`, which is not the stream of a table",
        ),
        (
            "{CodeUri: functions/a, Events: {E: {Type: DynamoDB, Properties: {Stream: x, FilterCriteria: {Pattern: y}}}}}",
            "missing field `Filters`",
        ),
        (
            "{CodeUri: functions/a, Events: {E: {Type: SQS, Properties: {Queue: x}}}}",
            "`x`, which is not a queue",
        ),
        (
            "{CodeUri: functions/a, Events: {E: {Type: Schedule, Properties: {Schedule: x}}}}",
            "`x` is neither",
        ),
        (
            "{CodeUri: functions/a, Events: {E: {Type: Schedule, Properties: {Schedule: rate(1 day), Input: x}}}}",
            "expected value",
        ),
    ] {
        let error = functions(&format!("{{Broken: {properties}}}")).unwrap_err();

        let text = reasons(&error);
        assert!(text.starts_with("template.yaml: Broken"), "{text}");
        assert!(text.contains(reason), "{text} should say {reason}");
    }
}

#[test]
fn a_missing_file_is_named() {
    let error = parse(&ROOT.replace("infra/data.yaml", "infra/moon.yaml")).unwrap_err();

    assert!(reasons(&error).starts_with("infra/moon.yaml: the template: cannot be read"));
}

#[test]
fn a_table_without_keys_is_refused() {
    let error = parse(&ROOT.replace("infra/data.yaml", "bad.yaml")).unwrap_err();

    assert_eq!(
        reasons(&error),
        "bad.yaml: Keyless: has an unexpected shape: missing field `AttributeDefinitions`"
    );
}

proptest! {
    #[test]
    fn any_text_is_a_template_or_an_error(text in "\\PC{0,40}") {
        let _ = parse(&text);
    }

    #[test]
    fn any_substitution_is_a_name_or_an_error(text in "[a-z.:!${}]{0,16}") {
        let _ = functions(&format!("{{F: {{CodeUri: !Sub '{text}'}}}}"));
    }
}

/// A template of nothing but functions, given their properties.
fn functions(properties: &str) -> Result<Template, TemplateError> {
    let properties: BTreeMap<String, serde_yaml_ng::Value> =
        serde_yaml_ng::from_str(properties).unwrap();
    let resources: BTreeMap<_, _> = properties
        .into_iter()
        .map(|(name, properties)| {
            let kind = serde_yaml_ng::Value::from(Function::KIND);
            let resource = BTreeMap::from([("Type", kind), ("Properties", properties)]);
            (name, resource)
        })
        .collect();
    parse(&serde_yaml_ng::to_string(&BTreeMap::from([("Resources", resources)])).unwrap())
}

fn parse(root: &str) -> Result<Template, TemplateError> {
    let keyless = "Resources: {Keyless: {Type: AWS::DynamoDB::Table, Properties: {TableName: x}}}";
    let odd = "Resources: {Odd: {Type: AWS::SQS::Queue, Properties: {QueueName: odd.fifo}}}";
    let files: BTreeMap<_, _> = [
        (PathBuf::from("template.yaml"), root),
        (PathBuf::from("infra/data.yaml"), DATA),
        (PathBuf::from("bad.yaml"), keyless),
        (PathBuf::from("fifo.yaml"), odd),
    ]
    .into();
    Template::parse(Path::new("template.yaml"), "clinic", &|path| {
        files.get(path).map(|&text| text.to_owned()).ok_or_else(|| io::ErrorKind::NotFound.into())
    })
}

fn function<'a>(template: &'a Template, name: &str) -> &'a Function {
    template.functions.iter().find(|function| function.name == name).unwrap()
}
