//! The template and the code say the same: which function serves a path, what it is told, and
//! what it may do.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use carehub_api::config::Config;
use carehub_domain::{clock::Clock, delivery};
use carehub_events::announced;
use carehub_local::template::Trigger;
use carehub_testkit::{Caller, FakeModel, Mood, TestHub, files};
use housekeeping::Chore;
use http::StatusCode;
use insta::assert_snapshot;
use jiff::{SignedDuration, tz::TimeZone};
use serde_json::{Value, json};

use crate::{
    notifier::queue_up,
    realtime::{connect, leave, say, take_ticket},
    recommendations::question,
    support::{PASSWORD, People, carry, id_of, inspect, open, perform, relay, template, work},
    tour::{open_counting, operations, tour},
    uploads::{announce, send},
    webhooks::{Program, listen},
};

#[test]
fn every_path_leads_to_the_function_that_serves_it() {
    for (function, routes) in carehub_tests::functions() {
        for route in routes.iter() {
            for path in route.paths.iter().flat_map(|path| spellings(path)) {
                let led = template().route(route.method.as_str(), &path);
                assert_eq!(led, Some(function), "{} {path}", route.method);
            }
        }
    }
}

#[test]
fn every_event_of_the_template_leads_to_something() {
    let paths: Vec<_> = carehub_tests::functions()
        .into_iter()
        .flat_map(|(function, routes)| {
            let all: Vec<_> = routes.iter().flat_map(|route| route.paths.clone()).collect();
            all.into_iter().flat_map(move |path| spellings(path).map(move |path| (function, path)))
        })
        .collect();
    for (function, route) in template().routes() {
        let pattern = route.to_string();
        let pattern = pattern.split_once(' ').unwrap().1;
        let led = paths.iter().any(|(server, path)| *server == function && matches(pattern, path));
        assert!(led, "{function} serves nothing at {pattern}");
    }
}

#[test]
fn every_function_of_the_template_is_a_folder_and_the_reverse() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions");
    let folders = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let folders = folders.filter(|entry| entry.path().join("Cargo.toml").is_file());
    let crates: BTreeSet<_> =
        folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
    let declared: BTreeSet<_> =
        template().functions.iter().map(|function| function.name.clone()).collect();
    assert_eq!(declared, crates);

    let serving: BTreeSet<_> =
        carehub_tests::functions().into_iter().map(|(name, _)| name.to_owned()).collect();
    let routed: BTreeSet<_> = template().routes().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(routed, serving);
}

#[test]
fn every_function_is_told_what_it_needs_to_start() {
    for (function, properties) in declarations() {
        let given = properties["Environment"]["Variables"].as_object().cloned().unwrap_or_default();
        let names: BTreeSet<_> = given
            .keys()
            .filter_map(|name| name.strip_prefix("CAREHUB_"))
            .map(str::to_owned)
            .collect();
        let settings = names.iter().map(|name| {
            let value = match name.as_str() {
                "MAIL_FROM" => "desk@example.org",
                "MODEL_BUDGET" => "500",
                "MODEL_URL" => "https://model.example",
                "PUBLIC_URL" => "https://hub.example",
                "REALTIME_URL" => "wss://hub.example/live",
                _ => "x",
            };
            (name.clone(), value.to_owned())
        });
        let config = Config::read(settings).unwrap();
        // `platform` serves openly: it knows nobody and keeps no secret.
        let serves =
            template().routes().any(|(name, _)| name == function) && function != "platform";
        let (knows, signs) = (config.verifying_keys.is_some(), config.signing_key.is_some());
        assert_eq!(knows, serves, "CAREHUB_VERIFYING_KEYS of {function}");
        assert_eq!(signs, function == "auth", "CAREHUB_SIGNING_KEY of {function}");
        let secret = serves || matches!(function.as_str(), "housekeeping" | "notifier" | "relay");
        assert_eq!(config.pepper.is_some(), secret, "CAREHUB_PEPPER of {function}");
        // Whoever may do something with the bucket has to know which it is, and the reverse.
        let files = properties["Policies"].to_string().contains("BucketArn");
        assert_eq!(config.bucket.is_some(), files, "CAREHUB_BUCKET of {function}");
        let ledger = properties["Policies"].to_string().contains("LedgerArn");
        assert_eq!(config.ledger.is_some(), ledger, "CAREHUB_LEDGER of {function}");
    }
}

/// The stream is filtered by the template: too narrow, and nobody is told anything any more.
#[tokio::test]
async fn relay_is_given_every_event_and_nothing_else() {
    let triggers = template().functions.iter().flat_map(|function| &function.triggers);
    let mut streams = triggers.filter_map(|trigger| match trigger {
        Trigger::Stream(stream) => Some(stream),
        _ => None,
    });
    let stream = streams.next().unwrap();
    let hub = open().await;
    hub.patient("ana", "+923001234567").await;

    let mut batch = hub.unread();
    relay(&hub).relay(batch.clone()).await;
    batch.records.extend(hub.unread().records);

    let all = batch.records.len();
    let wanted =
        batch.records.iter().filter(|record| stream.wants(&serde_json::to_value(record).unwrap()));
    let wanted: Vec<_> =
        wanted.map(|record| record.change.sequence_number.clone().unwrap()).collect();
    let events: Vec<_> = announced(batch).into_iter().map(|(place, _)| place).collect();
    assert_eq!(wanted, events);
    assert!(events.len() < all, "what relay links is in the stream as well");
}

/// Every action that a function took in a tour of all operations, and by the way.
#[tokio::test]
async fn every_function_may_do_what_it_does_and_no_more() {
    let hub = open_counting().await;
    let functions = operations();
    let mut used: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    let mut note = |function: &str, spent: carehub_testkit::Spent| {
        let spent = spent.used.into_iter().map(|(action, resource)| {
            (action.to_owned(), resource.strip_prefix("test-").unwrap().to_owned())
        });
        used.entry(function.to_owned()).or_default().extend(spent);
    };

    for stop in tour(&hub).await {
        note(functions[&stop.operation], stop.spent);
    }

    // What succeeds less often.
    hub.meter.take();
    let visitor = hub.visitor();
    let wrong = json!({"username": "ana", "password": "not-the-password"});
    assert_eq!(visitor.post("/api/auth/login", wrong).await.status, 401);
    hub.sign_in("ana", PASSWORD).await;
    let admin = hub.sign_in("admin", PASSWORD).await;
    let again = admin.with_header("idempotency-key", "again");
    let new = json!({"role": "COORDINATOR", "name": "Carl Orso"});
    for _ in 0..2 {
        again.post("/api/auth/admin/users", &new).await.ok();
    }
    let other = admin.with_header("idempotency-key", "another");
    assert_eq!(other.post("/api/auth/admin/users", json!({})).await.status, 400);
    let email = json!({"email": "new@example.org"});
    let ana = hub.sign_in("ana", PASSWORD).await;
    ana.patch("/api/auth/profile", email).await.ok();
    let doctor = hub.lone_doctor("lone").await;
    let hospital = hub.sign_in("jinnah", PASSWORD).await;
    hospital.get("/api/auth/profile").await.ok();
    let dora = json!({"role": "DOCTOR", "name": "Dora Dent", "email": "dora@example.org"});
    let dora = admin.post("/api/auth/admin/users", dora).await.ok();
    let dora = format!("/api/auth/admin/users/{}", dora["user"]["id"].as_str().unwrap());
    assert_eq!(admin.delete(dora).await.status, 204);
    note("auth", hub.meter.take());
    Box::pin(people_by_the_way(&hub, &admin, &hospital, &mut note)).await;
    Box::pin(time_by_the_way(&hub, &hospital, &ana, &mut note)).await;
    Box::pin(papers_by_the_way(&hub, &hospital, &ana, &mut note)).await;
    let again = hospital.with_header("idempotency-key", "again");
    hub.meter.take();
    let department = json!({"name": "Surgery"});
    for _ in 0..2 {
        again.post("/api/hospitals/departments", &department).await.ok();
    }
    let other = hospital.with_header("idempotency-key", "another");
    assert_eq!(other.post("/api/hospitals/departments", &department).await.status, 409);
    note("hospitals", hub.meter.take());
    let entry = json!({"patient_phone": "+923001234567", "otp": "000000"});
    assert_eq!(doctor.post("/api/accounts/otp/verify", entry).await.status, 400);
    doctor.get("/api/accounts/access-grants").await.ok();
    let admin = hub.sign_in("admin", PASSWORD).await;
    hub.meter.take();
    admin.get(format!("/api/accounts/audit-logs?user={}", admin.id())).await.ok();
    admin.get("/api/users/doctors?search=ali").await.ok();
    note("accounts", hub.meter.take());

    Box::pin(advice_by_the_way(&hub, &hospital, &ana, &mut note)).await;

    // What nobody asks for.
    let letter = json!({"phone": "+923001234567"});
    visitor.post("/api/auth/send-otp", letter).await.ok();
    doctor.post("/api/accounts/otp/generate", json!({"patient_phone": "+923001234567"})).await.ok();
    hub.applicant("mayo2").await;
    let all = hospital.get("/api/hospitals/doctors").await.ok();
    let ali = all["results"][0]["id"].as_str().unwrap();
    hub.visit_to(&ana, ali).await;
    ana.post("/api/reviews", json!({"doctor": ali, "rating": 5})).await.ok();
    Box::pin(live_by_the_way(&hub, &hospital, &ana, &mut note)).await;
    let sooner = json!({"reminder_hours": [3]});
    ana.patch("/api/notification-preferences", sooner).await.ok();
    for _ in 0..3 {
        hub.meter.take();
        queue_up(&hub).await;
        note("relay", hub.meter.take());
        carry(&hub).await;
        note("notifier", hub.meter.take());
    }
    send(&hub, &ana, "scan.pdf", files::pdf()).await;
    announce(&ana, "late.pdf", &files::pdf()).await.ok();
    hub.meter.take();
    inspect(&hub).await;
    note("inspector", hub.meter.take());
    let again = ana.with_header("idempotency-key", "scan");
    for _ in 0..2 {
        announce(&again, "late.pdf", &files::pdf()).await.ok();
    }
    let other = ana.with_header("idempotency-key", "no-scan");
    assert_eq!(other.post("/api/uploads/presign", json!({})).await.status, 400);
    note("records", hub.meter.take());
    send(&hub, &ana, "slow.pdf", files::pdf()).await;
    for pause in [SignedDuration::from_hours(1), SignedDuration::from_hours(7 * 24)] {
        hub.clock.advance(pause);
        hub.meter.take();
        for chore in Chore::ALL {
            perform(&hub, chore).await.unwrap().wholly().unwrap();
        }
        note("housekeeping", hub.meter.take());
        inspect(&hub).await;
        note("inspector", hub.meter.take());
        queue_up(&hub).await;
        note("relay", hub.meter.take());
        carry(&hub).await;
        note("notifier", hub.meter.take());
    }

    let mut wrong = Vec::new();
    for (function, properties) in declarations() {
        let allowed = allowances(&properties);
        let used = used.remove(&function).unwrap_or_default();
        wrong.extend(used.difference(&allowed).map(|it| format!("{function} may not {it:?}")));
        wrong.extend(allowed.difference(&used).map(|it| format!("{function} never does {it:?}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Who listens to what happens. One of them has gone when there is something to say.
async fn live_by_the_way(
    hub: &TestHub,
    hospital: &Caller<'_>,
    ana: &Caller<'_>,
    note: &mut impl FnMut(&str, carehub_testkit::Spent),
) {
    let mut tickets = Vec::new();
    for person in [ana, ana, ana, hospital] {
        tickets.push(take_ticket(person).await);
    }
    hub.meter.take();
    for (id, ticket) in ["stays", "goes", "leaves", "desk"].iter().zip(&tickets) {
        assert_eq!(connect(hub, id, ticket).await, 200);
    }
    say(hub, "stays", json!({"type": "resume", "since": 0})).await;
    leave(hub, "leaves").await;
    note("realtime", hub.meter.take());
    hub.wire.cut("goes");
}

/// What could be given, answered by rules and with a model.
async fn advice_by_the_way(
    hub: &TestHub,
    hospital: &Caller<'_>,
    ana: &Caller<'_>,
    note: &mut impl FnMut(&str, carehub_testkit::Spent),
) {
    let model = FakeModel::start([Mood::Refuses]).await;
    let prompt = hospital.with_header("prefer", "respond-async");
    let again = prompt.with_header("idempotency-key", "advice");
    let patient = ana.with_header("prefer", "respond-async");
    hub.meter.take();
    for who in [&again, &again, &patient] {
        who.post("/api/recommendations", question()).await.ok();
    }
    let other = prompt.with_header("idempotency-key", "no-advice");
    assert_eq!(other.post("/api/recommendations", json!({})).await.status, 400);
    note("recommendations", hub.meter.take());
    hub.meter.take();
    queue_up(hub).await;
    note("relay", hub.meter.take());
    work(hub, Some(model.assistant())).await;
    note("recommender", hub.meter.take());
}

/// What patients and doctors do less often.
async fn people_by_the_way(
    hub: &TestHub,
    admin: &Caller<'_>,
    hospital: &Caller<'_>,
    note: &mut impl FnMut(&str, carehub_testkit::Spent),
) {
    let ana = hub.sign_in("ana", PASSWORD).await;
    let again = admin.with_header("idempotency-key", "people");
    hub.meter.take();
    admin.get("/api/patients/stats").await.ok();
    let moved = json!({"email": "moved@example.org"});
    ana.patch("/api/patients/update_profile", moved).await.ok();
    let pia = json!({"first_name": "Pia"});
    for _ in 0..2 {
        again.post("/api/patients", &pia).await.ok();
    }
    let other = admin.with_header("idempotency-key", "nobody");
    assert_eq!(other.post("/api/patients", json!({"first_name": 1})).await.status, 400);
    note("patients", hub.meter.take());

    let department = json!({"name": "Radiology"});
    let department = hospital.post("/api/hospitals/departments", department).await.ok();
    let all = hospital.get("/api/hospitals/doctors").await.ok();
    let ali = format!("/api/doctors/{}", all["results"][0]["id"].as_str().unwrap());
    let again = hospital.with_header("idempotency-key", "doctors");
    hub.meter.take();
    let change = json!({
        "department": department["id"], "email": "ali-2@example.org", "license_number": "DOC-9",
    });
    hospital.patch(&ali, change).await.ok();
    let listed = json!({"first_name": "Dora", "specialization": "Dentistry"});
    for _ in 0..2 {
        again.post("/api/doctors/create", &listed).await.ok();
    }
    let other = hospital.with_header("idempotency-key", "no-doctor");
    assert_eq!(other.post("/api/doctors/create", json!({})).await.status, 400);
    note("doctors", hub.meter.take());
}

/// What becomes of a doctor's time less often. It leaves an offer that nobody takes and an
/// appointment that nobody comes to.
async fn time_by_the_way(
    hub: &TestHub,
    hospital: &Caller<'_>,
    ana: &Caller<'_>,
    note: &mut impl FnMut(&str, carehub_testkit::Spent),
) {
    let nadia = hub.doctor_of(hospital, "Nadia", "Iqbal").await;
    let hours = json!({"TUESDAY": "09:00-09:30", "WEDNESDAY": "09:00-17:00"});
    nadia.put("/api/doctors/availability", json!({"available_days": hours})).await.ok();
    let bea = hub.sign_in("bea", PASSWORD).await;
    let again = ana.with_header("idempotency-key", "slot");
    let doctor = nadia.id_as("doc");
    hub.meter.take();
    let slot = json!({"doctor": doctor, "start": "2030-01-08T09:00:00Z"});
    let booked = again.post("/api/appointments/book", &slot).await.ok();
    again.post("/api/appointments/book", &slot).await.ok();
    let other = ana.with_header("idempotency-key", "no-slot");
    assert_eq!(other.post("/api/appointments/book", json!({})).await.status, 400);
    let wait = json!({"doctor": doctor, "date": "2030-01-08"});
    bea.post("/api/appointments/waitlist", wait).await.ok();
    let cancel = format!("/api/appointments/{}/cancel", booked["id"].as_str().unwrap());
    ana.post(cancel, json!({})).await.ok();
    let agreed = json!({"doctor": doctor, "start": "2030-01-09T16:00:00Z"});
    ana.post("/api/consultations", agreed).await.ok();
    note("appointments", hub.meter.take());
}

/// What is written of visits less often. It leaves a repository that was opened in an emergency,
/// and a prescription that a pharmacy is to see and that soon ends.
async fn papers_by_the_way(
    hub: &TestHub,
    hospital: &Caller<'_>,
    ana: &Caller<'_>,
    note: &mut impl FnMut(&str, carehub_testkit::Spent),
) {
    let omar = hub.doctor_of(hospital, "Omar", "Aziz").await;
    let visit = hub.visit(ana, &omar).await;
    hub.meter.take();
    let record = json!({"appointment": visit, "diagnosis": "Cold"});
    omar.post("/api/medical-records", record).await.ok();
    let reason = json!({"reason": "Unconscious after a fall."});
    let glass = format!("/api/records/patients/{}/break-glass", ana.id_as("pat"));
    let access = omar.post(glass, reason).await.ok();
    let review = format!("/api/records/break-glass/{}/review", id_of(&access));
    hospital.post(review, json!({"outcome": "UNJUSTIFIED"})).await.ok();
    note("records", hub.meter.take());

    let rules = "/api/prescriptions/interactions";
    let rule = json!({
        "drug1": "paracetamol", "drug2": "cetirizine", "severity": "NOTE", "detail": "Ours.",
    });
    let again = hospital.with_header("idempotency-key", "rule");
    let other = hospital.with_header("idempotency-key", "no-rule");
    hub.meter.take();
    for _ in 0..2 {
        again.post(rules, &rule).await.ok();
    }
    assert_eq!(other.post(rules, json!({})).await.status, 400);
    let prescription = json!({
        "appointment": visit, "valid_until": "2030-01-08", "medicines": [{"name": "Paracetamol"}],
    });
    let prescription = omar.post("/api/prescriptions", prescription).await.ok();
    let path = format!("/api/prescriptions/{}", id_of(&prescription));
    ana.post(format!("{path}/send-to-pharmacy"), json!({"pharmacy_name": "Corner"})).await.ok();
    let reminders = "/api/prescriptions/reminders";
    let reminder = json!({"medication": prescription["medicines"][0]["id"], "times": ["08:00"]});
    let reminder = ana.post(reminders, reminder).await.ok();
    let reminder_of = format!("{reminders}/{}", id_of(&reminder));
    let zone = TimeZone::get(reminder["zone"].as_str().unwrap()).unwrap();
    let soon = (hub.clock.now() + SignedDuration::from_mins(30)).to_zoned(zone);
    let soon = json!({"times": [soon.strftime("%H:%M").to_string()]});
    ana.patch(reminder_of, soon).await.ok();
    note("prescriptions", hub.meter.take());

    let program = Program::start().await;
    program.answer((StatusCode::GONE, ""));
    let webhook = listen(hospital, &program, json!(["WEBHOOK_PINGED"])).await;
    hospital.post(format!("/api/webhooks/{}/ping", id_of(&webhook)), json!({})).await.ok();
    let webhook = json!({"url": "https://hook.example.org/carehub", "is_active": false});
    let again = hospital.with_header("idempotency-key", "webhook");
    let other = hospital.with_header("idempotency-key", "no-webhook");
    for _ in 0..2 {
        again.post("/api/webhooks", &webhook).await.ok();
    }
    assert_eq!(other.post("/api/webhooks", json!({})).await.status, 400);
    note("notifications", hub.meter.take());
}

/// Each queue that a function works on forgives some failures and remembers the rest, and hides
/// what is being worked on until nobody can be at it any more.
#[test]
fn every_queue_of_a_function_forgives_and_remembers() {
    let queue = |name: &str| template().queues.iter().find(|queue| queue.name == name).unwrap();
    let mut read = Vec::new();
    for function in &template().functions {
        for trigger in &function.triggers {
            let Trigger::Queue(intake) = trigger else { continue };
            let queue = queue(&intake.queue);
            let name = &queue.name;
            read.push(name.clone());
            let timeout = function.timeout.as_secs();
            assert!(u64::from(queue.visibility) >= 6 * timeout, "{name} hides for too short");
            // A claim on a delivery ends before the message is given out again.
            assert!(i64::from(queue.visibility) > delivery::CLAIM.as_secs(), "{name}");
            assert!(timeout < delivery::CLAIM.unsigned_abs().as_secs(), "{name}");
            assert!(intake.enabled && intake.partial, "{name}: a failure goes back alone");
            let redrive = queue.redrive.as_ref().unwrap_or_else(|| panic!("{name} forgets"));
            assert!(redrive.receives >= 3, "{name} gives up too soon");
        }
    }
    for source in &template().queues {
        let Some(redrive) = &source.redrive else { continue };
        let dead_letters = queue(&redrive.dead_letters);
        assert_eq!(dead_letters.fifo, source.fifo, "{}", source.name);
        assert!(dead_letters.redrive.is_none(), "{}", source.name);
        assert!(dead_letters.retention >= source.retention, "{}", source.name);
    }
    read.sort();
    assert_eq!(read, ["test-mail", "test-recommendations", "test-sms", "test-webhooks"]);
}

/// What a function may do with the content of files.
#[test]
fn few_functions_touch_files() {
    let mut lines = Vec::new();
    for (function, properties) in declarations() {
        for (action, resource) in statements(&properties).iter().flat_map(pairs) {
            if let Some(action) = action.strip_prefix("s3:") {
                let (bucket, place) = resource.split_once("Arn").unwrap();
                let bucket = bucket.strip_prefix("Data.Outputs.").unwrap().to_lowercase();
                lines.push(format!("{function} {action} {bucket}{place}"));
            }
        }
    }
    assert_snapshot!(lines.join("\n"), @"
    housekeeping PutObject ledger/checkpoints/*
    housekeeping DeleteObject bucket/clean/*
    housekeeping DeleteObject bucket/quarantine/*
    inspector DeleteObject bucket/clean/*
    inspector PutObject bucket/clean/*
    inspector ListBucket bucket
    inspector DeleteObject bucket/quarantine/*
    inspector GetObject bucket/quarantine/*
    platform ListBucket bucket
    prescriptions GetObject bucket/clean/*
    prescriptions PutObject bucket/clean/*
    records GetObject bucket/clean/*
    records PutObject bucket/clean/*
    records PutObject bucket/quarantine/*
    ");
}

/// A path as callers may write it, with something in the place of variables.
fn spellings(path: &str) -> impl Iterator<Item = String> {
    let filled: Vec<_> =
        path.split('/').map(|part| if part.starts_with('{') { "x_1" } else { part }).collect();
    let plain = filled.join("/");
    let versioned = plain.strip_prefix("/api").map(|rest| format!("/api/v1{rest}"));
    // The index is at the root and at /api; nobody asks for the version of it.
    let versioned = versioned.filter(|_| plain != "/api");
    let all = [Some(plain), versioned].into_iter().flatten();
    all.flat_map(|path| [path.clone(), format!("{}/", path.trim_end_matches('/'))])
}

/// Whether a path of API Gateway takes a path.
fn matches(pattern: &str, path: &str) -> bool {
    let route = |pattern: &str| -> Vec<String> { pattern.split('/').map(str::to_owned).collect() };
    let (pattern, path) = (route(pattern), route(path));
    let greedy = pattern.last().is_some_and(|last| last.ends_with("+}"));
    let fixed = pattern.len() - usize::from(greedy);
    (path.len() == pattern.len() || greedy && path.len() > fixed)
        && pattern[..fixed]
            .iter()
            .zip(&path)
            .all(|(want, have)| want.starts_with('{') || want == have)
}

/// The properties of every function of the template, by folder name.
fn declarations() -> BTreeMap<String, Value> {
    let template = written("template.yaml");
    let resources = template["Resources"].as_object().unwrap().values();
    let functions = resources.filter(|resource| resource["Type"] == "AWS::Serverless::Function");
    let named = functions.map(|function| {
        let properties = function["Properties"].clone();
        let folder = properties["CodeUri"].as_str().unwrap();
        (folder.strip_prefix("functions/").unwrap().to_owned(), properties)
    });
    named.collect()
}

/// A template as it is written, without the tags of `CloudFormation`.
pub(crate) fn written(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    plain(serde_yaml_ng::from_str(&fs::read_to_string(path).unwrap()).unwrap())
}

/// YAML as JSON, without the tags of `CloudFormation`.
fn plain(yaml: serde_yaml_ng::Value) -> Value {
    use serde_yaml_ng::Value as Yaml;
    match yaml {
        Yaml::Tagged(tagged) => plain(tagged.value),
        Yaml::Sequence(values) => values.into_iter().map(plain).collect(),
        Yaml::Mapping(entries) => {
            let entries = entries
                .into_iter()
                .map(|(name, value)| (name.as_str().unwrap_or_default().to_owned(), plain(value)));
            Value::Object(entries.collect())
        }
        other => serde_json::to_value(other).unwrap(),
    }
}

/// What a function may do with tables: `(PutItem, identity)`, `(Query, events/index/by-actor)`.
fn allowances(properties: &Value) -> BTreeSet<(String, String)> {
    let mut allowances = BTreeSet::new();
    for (action, resource) in statements(properties).iter().flat_map(pairs) {
        let Some(action) = action.strip_prefix("dynamodb:") else { continue };
        let resource = resource.strip_prefix("Data.Outputs.").unwrap();
        let (table, index) = resource.split_once("Arn").unwrap();
        // An index takes queries only, whatever else a statement says.
        if index.is_empty() || action == "Query" {
            allowances.insert((action.to_owned(), table.to_lowercase() + index));
        }
    }
    allowances
}

/// The statements of a function's policies.
fn statements(properties: &Value) -> Vec<Value> {
    let policies = properties["Policies"].as_array().cloned().unwrap_or_default();
    let statements = policies.iter().filter_map(|policy| policy["Statement"].as_array()).flatten();
    statements.cloned().collect()
}

/// Each action of a statement on each of its resources.
fn pairs(statement: &Value) -> Vec<(String, String)> {
    let many = |value: &Value| -> Vec<String> {
        let all = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        let texts = all.iter().map(|one| one.as_str().unwrap_or_default());
        texts.map(|text| text.replace("${", "").replace('}', "")).collect()
    };
    let (actions, resources) = (many(&statement["Action"]), many(&statement["Resource"]));
    let pairs = actions
        .iter()
        .flat_map(|action| resources.iter().map(|resource| (action.clone(), resource.clone())));
    pairs.collect()
}
