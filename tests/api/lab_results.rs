//! Results of tests: what is usual, where a result lies, and where results lead.

use carehub_testkit::{Caller, TestHub};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{People, assigned, came, each, id_of, let_in, looks, open};

const ANA: &str = "+923001234567";
const NOW: &str = "2030-01-07T08:00:00Z";

/// 003-27: a doctor writes down a result, and is told where it lies.
#[tokio::test]
async fn a_doctor_writes_down_a_result() {
    let hub = open().await;
    let lab = Lab::open(&hub).await;
    let Lab { admin, hospital, ali, ana, .. } = &lab;
    let body = json!({
        "medical_record": lab.record, "test_name": "Potassium", "test_type": "blood",
        "result_value": 5.4, "result_unit": "mmol/L", "reference_range": "3.5-5.0",
        "status": "abnormal", "notes": "Repeat.", "ordered_date": "2030-01-05",
        "result_date": "2030-01-06",
    });

    let reply = ali.post("/api/v1/lab-results/", body).await;

    assert_eq!(reply.status, 201);
    let result = reply.ok();
    assert_eq!(
        result,
        json!({
            "id": result["id"], "medical_record": lab.record,
            "appointment": lab.record.replacen("mrc", "apt", 1), "patient": ana.id_as("pat"),
            "patient_name": "Ana Diaz", "doctor": ali.id_as("doc"), "doctor_name": "Ali Mehmood",
            "hospital": hospital.user["hospital"], "hospital_name": null,
            "test_name": "Potassium", "test_type": "BLOOD", "result_value": "5.4",
            "result_unit": "mmol/L", "reference_range": "3.5-5.0", "status": "ABNORMAL",
            "flag": "HIGH", "is_abnormal": true, "notes": "Repeat.",
            "ordered_date": "2030-01-05", "result_date": "2030-01-06", "version": 1,
            "created_at": NOW, "updated_at": NOW, "trend": null,
        })
    );
    for reader in [ana, ali, hospital, admin] {
        let shown = reader.get(reply.header("location")).await;
        assert_eq!((shown.ok(), shown.header("etag")), (result.clone(), reply.header("etag")));
        let record = reader.get(format!("/api/medical-records/{}", lab.record)).await.ok();
        assert_eq!(each(&json!({"results": record["lab_results"]}), "id"), [id_of(&result)]);
    }
    assert_eq!(looks(ana, "LAB_RESULT_VIEWED").await.len(), 3);
    let (_, facts) = looks(ana, "LAB_RESULT_CREATED").await[0].clone();
    assert_eq!(
        facts,
        json!({
            "flag": "HIGH", "status": "ABNORMAL", "medical_record": lab.record,
            "doctor": ali.id_as("doc"),
        })
    );
}

/// 003-27: every wrong field is named, and no result is called normal that cannot be read.
#[tokio::test]
async fn wrong_results_are_refused_field_by_field() {
    let hub = open().await;
    let lab = Lab::open(&hub).await;
    let wrong = [
        (json!({"medical_record": null}), "/medical_record"),
        (json!({"test_name": null}), "/test_name"),
        (json!({"test_type": "magic"}), "/test_type"),
        (json!({"status": "fine"}), "/status"),
        (json!({"status": "NORMAL"}), "/result_value"),
        (json!({"result_value": 5}), "/status"),
        (json!({"result_value": [5], "status": "NORMAL"}), "/result_value"),
        (json!({"ordered_date": "2030-01-05", "result_date": "2030-01-04"}), "/result_date"),
        (json!({"mood": 5}), "/mood"),
    ];
    for (fields, pointer) in wrong {
        let body = lab.test(fields);
        let problem = lab.ali.post("/api/lab-results", &body).await.problem();
        assert_eq!((problem.status, &*problem.errors[0].pointer), (400, pointer), "{body}");
    }
    for (value, range) in [("<5", "<10"), ("5.0", "see letter"), ("positive", "3-5")] {
        let body = json!({"result_value": value, "reference_range": range, "status": "NORMAL"});
        let result = lab.ali.post("/api/lab-results", lab.test(body)).await.ok();
        assert_eq!((&result["flag"], &result["is_abnormal"]), (&Value::Null, &json!(false)));
    }
    let ordered = lab.ali.post("/api/lab-results", lab.test(json!({}))).await.ok();
    assert_eq!(
        (&ordered["status"], &ordered["flag"], &ordered["ordered_date"]),
        (&json!("PENDING"), &Value::Null, &json!("2030-01-07"))
    );
}

/// 003-27: the doctor of the visit, its hospital and admins write; nobody else does.
#[tokio::test]
async fn who_may_write_results() {
    let hub = open().await;
    let lab = Lab::open(&hub).await;
    let Lab { admin, hospital, ali, ana, .. } = &lab;
    let (sara, aga) = (hub.doctor_of(hospital, "Sara", "Khan").await, hub.hospital("aga").await);
    let bea = hub.patient("bea", "+923007654321").await;
    let body = lab.test(json!({}));

    for stranger in [&sara, &aga, &bea] {
        assert_eq!(stranger.post("/api/lab-results", &body).await.refusal(), "404 not-found");
    }
    assert_eq!(ana.post("/api/lab-results", &body).await.refusal(), "403 forbidden");
    let result = ali.post("/api/lab-results", &body).await.ok();
    let path = format!("/api/lab-results/{}", id_of(&result));
    let change = json!({"notes": "Late."});
    for stranger in [&sara, &aga, &bea] {
        assert_eq!(stranger.get(&path).await.refusal(), "404 not-found");
        assert_eq!(stranger.patch(&path, &change).await.refusal(), "404 not-found");
    }
    let_in(&hub, &sara, ANA).await;
    sara.get(&path).await.ok();
    for person in [&sara, ana] {
        assert_eq!(person.patch(&path, &change).await.refusal(), "403 forbidden");
        assert_eq!(person.post("/api/lab-results", &body).await.refusal(), "403 forbidden");
    }
    for author in [hospital, admin] {
        author.post("/api/lab-results", &body).await.ok();
        author.patch(&path, &change).await.ok();
    }
}

/// 003-26, 003-27: a result that was awaited arrives, is put right, and all it said is kept.
#[tokio::test]
async fn results_are_changed() {
    let hub = open().await;
    let lab = Lab::open(&hub).await;
    let Lab { ali, ana, .. } = &lab;
    let ordered = json!({"reference_range": "up to 40", "result_unit": "U/L"});
    let reply = ali.post("/api/lab-results", lab.test(ordered)).await;
    let path = reply.header("location").to_owned();

    let unjudged = ali.patch(&path, json!({"result_value": "41"})).await.problem();
    assert_eq!((unjudged.status, &*unjudged.errors[0].pointer), (400, "/status"));
    let arrived = json!({"result_value": "41", "status": "NORMAL", "result_date": "2030-01-07"});
    let arrived = ali.patch(&path, arrived).await.ok();
    let stale = ali.with_header("if-match", "\"1\"").patch(&path, json!({"notes": "x"})).await;
    hub.clock.advance(SignedDuration::from_secs(1));
    let critical = ali.put(&path, json!({"status": "critical"})).await.ok();

    assert_eq!((&arrived["flag"], &arrived["is_abnormal"]), (&json!("HIGH"), &json!(true)));
    assert_eq!(stale.refusal(), "412 precondition-failed");
    assert_eq!((&critical["flag"], &critical["version"]), (&json!("CRITICAL"), &json!(3)));
    let versions = ana.get(format!("{path}/versions/")).await.ok();
    assert_eq!(each(&versions, "status"), ["CRITICAL", "NORMAL", "PENDING"]);
    let changes = looks(ana, "LAB_RESULT_UPDATED").await;
    assert_eq!(changes[0].1["flag"], "CRITICAL");
    assert_eq!(changes[0].1["status"], "CRITICAL");
    let record = ana.get(format!("/api/medical-records/{}", lab.record)).await.ok();
    assert_eq!(record["lab_results"][0]["version"], 3);
    let elsewhere = json!({"medical_record": lab.record.replace('0', "1")});
    assert_eq!(ali.patch(&path, elsewhere).await.problem().errors[0].pointer, "/medical_record");
    let early = ali.patch(&path, json!({"result_date": "2029-01-01"})).await.problem();
    assert_eq!(early.errors[0].pointer, "/result_date");
}

/// 003-26: results are compared with the one before in the same unit, and drawn.
#[tokio::test]
async fn results_lead_somewhere() {
    let hub = open().await;
    let lab = Lab::open(&hub).await;
    let Lab { ali, ana, .. } = &lab;
    let measured = |date: &str, value: &str, unit: &str| {
        lab.test(json!({
            "test_name": "Glucose", "result_value": value, "result_unit": unit,
            "ordered_date": date, "result_date": date, "status": "NORMAL",
            "reference_range": "70-100",
        }))
    };
    let mut trends = Vec::new();
    for (date, value, unit) in [
        ("2030-01-01", "95", "mg/dL"),
        ("2030-01-02", "5.2", "mmol/L"),
        ("2030-01-03", "99.5", "mg/dL"),
        ("2030-01-04", "99.50", "mg/dl"),
        ("2030-01-05", "high", "mg/dL"),
        ("2029-12-31", "90", "mg/dL"),
        ("2030-01-06", "101", "mg/dL"),
    ] {
        let result = ali.post("/api/lab-results", measured(date, value, unit)).await.ok();
        let trend = &result["trend"];
        trends.push(match trend {
            Value::Null => "·".to_owned(),
            trend => format!(
                "{} {} {}",
                trend["direction"].as_str().unwrap(),
                trend["previous_value"].as_str().unwrap(),
                trend["previous_date"].as_str().unwrap()
            ),
        });
        hub.clock.advance(SignedDuration::from_secs(1));
    }
    assert_eq!(
        trends,
        [
            "·",
            "·",
            "RISING 95 2030-01-01",
            "STEADY 99.5 2030-01-03",
            "·",
            "·",
            "RISING 99.50 2030-01-04",
        ]
    );

    let drawn = ana.get("/api/lab-results/trend?test_name=%20GLUCOSE").await.ok();
    assert_eq!(each(&drawn, "value"), ["90", "95", "5.2", "99.5", "99.50", "101"]);
    assert_eq!(drawn["results"][5]["flag"], "HIGH");
    let of_ana =
        format!("/api/v1/lab-results/trend/?patient={}&test_name=glucose", ana.id_as("pat"));
    assert_eq!(ali.get(&of_ana).await.refusal(), "404 not-found");
    assigned(&lab.admin, &ana.id_as("pat"), ali).await;
    assert_eq!(ali.get(&of_ana).await.ok()["count"], 6);
    let nobody = ali.get("/api/lab-results/trend?test_name=glucose").await.problem();
    assert_eq!(nobody.errors[0].pointer, "/patient");
    // What is renamed is drawn elsewhere.
    let last = format!("/api/lab-results/{}", drawn["results"][5]["id"].as_str().unwrap());
    ali.patch(&last, json!({"test_name": "Fasting glucose"})).await.ok();
    let drawn = ana.get("/api/lab-results/trend?test_name=glucose").await.ok();
    assert_eq!(drawn["count"], 5);
}

/// 003-26: patients and doctors list their own, hospitals their own, admins all.
#[tokio::test]
async fn results_are_listed() {
    let hub = open().await;
    let lab = Lab::open(&hub).await;
    let Lab { admin, hospital, ali, ana, .. } = &lab;
    let sara = hub.doctor_of(hospital, "Sara", "Khan").await;
    for (name, kind) in [("Iron", "BLOOD"), ("Sugar", "URINE"), ("Lung", "IMAGING")] {
        let body = lab.test(json!({"test_name": name, "test_type": kind}));
        ali.post("/api/lab-results", body).await.ok();
        hub.clock.advance(SignedDuration::from_secs(1));
    }

    for reader in [ana, ali, hospital, admin] {
        let list = reader.get("/api/v1/lab-results/").await.ok();
        assert_eq!(each(&list, "test_name"), ["Lung", "Sugar", "Iron"]);
    }
    assert_eq!(sara.get("/api/lab-results").await.ok()["results"], json!([]));
    for (query, names) in [
        ("test_type=urine", &["Sugar"][..]),
        ("test_name=IRON", &["Iron"]),
        ("status=NORMAL", &[]),
        (&format!("medical_record={}", lab.record), &["Lung", "Sugar", "Iron"]),
        (&format!("patient={}", ana.id_as("pat")), &["Lung", "Sugar", "Iron"]),
    ] {
        let list = ana.get(format!("/api/lab-results?{query}")).await.ok();
        assert_eq!(each(&list, "test_name"), names, "{query}");
    }
    let first = ana.get("/api/lab-results?limit=2").await.ok();
    let rest = ana.get(first["next"].as_str().unwrap()).await.ok();
    assert_eq!(each(&rest, "test_name"), ["Iron"]);
    let cora = hub.coordinator("cora").await;
    assert_eq!(cora.get("/api/lab-results").await.refusal(), "403 forbidden");
}

/// 003-21, 003-26: what a sensitive visit has shown stays among those who read its record, also
/// where results are compared.
#[tokio::test]
async fn results_are_as_sensitive_as_the_visit() {
    let hub = open().await;
    let lab = Lab::open(&hub).await;
    let Lab { admin, hospital, ali, ana, .. } = &lab;
    let sara = hub.doctor_of(hospital, "Sara", "Khan").await;
    let visit = came(&hub, ana, &sara).await;
    let body = json!({"appointment": visit, "diagnosis": "x"});
    let other = sara.post("/api/medical-records", body).await.ok();
    let measured = |record: &str, date: &str, value: &str| {
        json!({
            "medical_record": record, "test_name": "Iron", "test_type": "BLOOD",
            "result_value": value, "status": "NORMAL", "ordered_date": date, "result_date": date,
        })
    };
    let secret = ali.post("/api/lab-results", measured(&lab.record, "2030-01-01", "9")).await.ok();
    hub.clock.advance(SignedDuration::from_secs(1));
    let record = format!("/api/medical-records/{}", lab.record);
    ali.patch(record, json!({"is_sensitive": true})).await.ok();
    let body = measured(id_of(&other), "2030-01-02", "10");
    let open = sara.post("/api/lab-results", body).await.ok();
    assert_eq!(open["trend"], Value::Null);
    assigned(admin, &ana.id_as("pat"), ali).await;
    let_in(&hub, &sara, ANA).await;

    let path = format!("/api/lab-results/{}", id_of(&secret));
    let of_ana = format!("/api/lab-results?patient={}", ana.id_as("pat"));
    for person in [&sara, hospital] {
        assert_eq!(person.get(&path).await.refusal(), "404 not-found");
        assert_eq!(each(&person.get(&of_ana).await.ok(), "id"), [id_of(&open)]);
        let shown = person.get(format!("/api/lab-results/{}", id_of(&open))).await.ok();
        assert_eq!(shown["trend"], Value::Null);
    }
    for reader in [ana, admin] {
        let shown = reader.get(format!("/api/lab-results/{}", id_of(&open))).await.ok();
        assert_eq!(shown["trend"]["direction"], "RISING");
        assert_eq!(each(&reader.get(&of_ana).await.ok(), "id"), [id_of(&open), id_of(&secret)]);
    }
}

/// A visit with its record.
struct Lab<'h> {
    admin: Caller<'h>,
    hospital: Caller<'h>,
    ali: Caller<'h>,
    ana: Caller<'h>,
    record: String,
}

impl<'h> Lab<'h> {
    async fn open(hub: &'h TestHub) -> Self {
        let admin = hub.admin().await;
        let hospital = hub.hospital("jinnah").await;
        let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
        let ana = hub.patient("ana", ANA).await;
        let visit = came(hub, &ana, &ali).await;
        let body = json!({"appointment": visit, "diagnosis": "Anaemia"});
        let record = ali.post("/api/medical-records", body).await.ok();
        let record = id_of(&record).to_owned();
        Self { admin, hospital, ali, ana, record }
    }

    /// A test at the visit, with some fields of its own.
    fn test(&self, fields: Value) -> Value {
        let mut test =
            json!({"medical_record": self.record, "test_name": "Iron", "test_type": "BLOOD"});
        let Value::Object(fields) = fields else { panic!("an object") };
        test.as_object_mut().unwrap().extend(fields);
        test
    }
}
