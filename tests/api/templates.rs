//! Templates: what doctors prescribe often.

use serde_json::{Value, json};

use crate::{
    pharmacy::Surgery,
    support::{each, id_of, open},
};

fn cold() -> Value {
    json!({
        "name": "Cold", "diagnosis": "Common cold", "instructions": "Drink a lot.",
        "medicines": [{"name": "Paracetamol", "frequency": "TWICE_DAILY", "duration_days": 3}],
    })
}

/// 002-C5: a doctor keeps, finds, changes and removes templates, and nobody else sees them.
#[tokio::test]
async fn templates_are_the_doctors_own() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let ali = &surgery.ali;

    let made = ali.post("/api/prescriptions/templates/", cold()).await;

    let template = made.ok();
    assert_eq!(made.status, 201);
    let path = made.header("location").to_owned();
    assert_eq!(path, format!("/api/prescriptions/templates/{}", id_of(&template)));
    assert_eq!(template["medications"][0]["frequency"], "TWICE_DAILY");
    let list = ali.get("/api/prescriptions/templates?search=COLD").await.ok();
    assert_eq!(list["results"], json!([template]));
    assert_eq!(ali.get("/api/prescriptions/templates?search=flu").await.ok()["results"], json!([]));

    let shown = ali.get(&path).await;
    let changes =
        json!({"name": "Bad cold", "diagnosis": null, "medicines": [{"name": "Ibuprofen"}]});
    let marked = ali.with_header("if-match", shown.header("etag"));
    let changed = marked.patch(&path, changes.clone()).await.ok();
    assert_eq!((&changed["name"], &changed["diagnosis"]), (&json!("Bad cold"), &Value::Null));
    assert_eq!(each(&json!({"results": changed["medications"]}), "name"), ["Ibuprofen"]);
    assert_eq!(changed["general_instructions"], "Drink a lot.");
    assert_eq!(marked.patch(&path, changes).await.refusal(), "412 precondition-failed");

    let [sara, bea, aga] = surgery.strangers().await;
    for stranger in [&sara, &bea, &aga, &surgery.ana, &surgery.hospital, &surgery.admin] {
        assert_eq!(stranger.get(&path).await.refusal(), "404 not-found");
        assert_eq!(stranger.patch(&path, json!({"name": "x"})).await.refusal(), "404 not-found");
        assert_eq!(stranger.delete(&path).await.refusal(), "404 not-found");
    }
    for other in [&bea, &aga, &surgery.admin] {
        let templates = "/api/prescriptions/templates";
        assert_eq!(other.get(templates).await.refusal(), "403 forbidden");
        assert_eq!(other.post(templates, cold()).await.refusal(), "403 forbidden");
    }
    assert_eq!(ali.delete(&path).await.status, 204);
    assert_eq!(ali.get(&path).await.refusal(), "404 not-found");
    assert_eq!(ali.get("/api/prescriptions/templates").await.ok()["results"], json!([]));
}

/// 002-C5: a prescription is filled in from a template as far as nothing else is said.
#[tokio::test]
async fn a_template_fills_in_what_is_not_said() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let template = surgery.ali.post("/api/prescriptions/templates", cold()).await.ok();
    let id = id_of(&template);

    let whole = surgery.written(json!({"template": id})).await;
    let own = json!({"template": id, "diagnosis": "Flu", "medicines": [{"name": "Cetirizine"}]});
    let partly = surgery.written(own).await;

    assert_eq!(whole["diagnosis"], "Common cold");
    assert_eq!(whole["general_instructions"], "Drink a lot.");
    assert_eq!(whole["medicines"][0]["name"], "Paracetamol");
    assert_eq!(partly["diagnosis"], "Flu");
    assert_eq!(partly["general_instructions"], "Drink a lot.");
    assert_eq!(partly["total_medications"], 1);
    assert_eq!(partly["medicines"][0]["name"], "Cetirizine");

    let [sara, ..] = surgery.strangers().await;
    let hers = sara.post("/api/prescriptions/templates", cold()).await.ok();
    let patient = surgery.ana.id_as("pat");
    let borrowed = json!({"patient": patient, "template": id_of(&hers)});
    assert_eq!(surgery.ali.post("/api/prescriptions", borrowed).await.refusal(), "404 not-found");
}

/// 002-C5: wrong templates are refused field by field, and thirty medicines are the most.
#[tokio::test]
async fn wrong_templates_are_refused() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let post = async |body: Value| surgery.ali.post("/api/prescriptions/templates", body).await;

    let nameless = post(json!({"medicines": [{"dosage": "1"}], "patient": "x"})).await.problem();
    let pointers: Vec<_> = nameless.errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(pointers, ["/name", "/patient"]);
    let inner = post(json!({"name": "x", "medicines": [{"dosage": "1"}]})).await.problem();
    assert_eq!(inner.errors[0].pointer, "/medicines/0/name");
    let many = vec![json!({"name": "Paracetamol"}); 31];
    let full = post(json!({"name": "x", "medicines": many})).await;
    assert_eq!(full.refusal(), "400 prescription-full");
}
