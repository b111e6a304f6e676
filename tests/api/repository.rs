//! What is kept of patients' health, and who may read it.

use carehub_testkit::{Caller, Reply, files::pdf};
use jiff::SignedDuration;
use serde_json::json;

use crate::support::{
    People, assigned, came, each, entered, id_of, let_in, looks, open, took_place,
};

const ANA: &str = "+923001234567";

/// 000-28, 000-29, 000-31: a repository is open to a doctor as long as the patient says, whatever
/// the request claims.
#[tokio::test]
async fn a_repository_opens_with_a_code_and_closes_again() {
    let hub = open().await;
    let (admin, hospital) = (hub.admin().await, hub.hospital("jinnah").await);
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", ANA).await;
    let paths = Paths::of(&ana);

    for path in paths.reading() {
        assert_eq!(ali.get(path).await.refusal(), "404 not-found");
    }
    assigned(&admin, &ana.id_as("pat"), &ali).await;
    for path in paths.reading() {
        assert_eq!(ali.get(path).await.refusal(), "403 grant-required");
    }
    let claimed = format!("{}?otp_verified=true", paths.reports);
    assert_eq!(ali.get(claimed).await.refusal(), "403 grant-required");
    assert_eq!(paths.file(&ali).await.refusal(), "403 grant-required");

    let_in(&hub, &ali, ANA).await;
    for path in paths.reading() {
        ali.get(path).await.ok();
    }
    let report = paths.file(&ali).await.ok()["report"].clone();
    let shown = format!("/api/records/reports/{}", id_of(&report));
    ali.get(&shown).await.ok();

    hub.clock.advance(SignedDuration::from_mins(30));
    for path in paths.reading().into_iter().chain([shown.as_str()]) {
        assert_eq!(ali.get(path).await.refusal(), "403 grant-required");
    }
    let_in(&hub, &ali, ANA).await;
    ali.get(&shown).await.ok();
    let grant = format!("/api/accounts/access-grants/{}", ali.id_as("doc"));
    ana.delete(grant).await.ok();
    assert_eq!(ali.get(&shown).await.refusal(), "403 grant-required");
}

/// 000-29, 004-04: the next page asks for the grant anew.
#[tokio::test]
async fn a_grant_that_ends_between_two_pages_ends_the_list() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", ANA).await;
    let paths = Paths::of(&ana);
    for title in ["First", "Second", "Third"] {
        hub.clock.advance(SignedDuration::from_secs(1));
        paths.file(&ana).await.ok();
        let record = json!({"record_type": "OTHER", "title": title, "description": "."});
        ana.post("/api/records", record).await.ok();
    }
    let_in(&hub, &ali, ANA).await;
    let records = format!("/api/records?patient={}", ana.id_as("pat"));
    let mut nexts = Vec::new();
    for first in [format!("{}?limit=1", paths.reports), format!("{records}&limit=1")] {
        let first = ali.get(first).await.ok();
        let second = ali.get(first["next"].as_str().unwrap()).await.ok();
        assert_eq!(second["results"].as_array().unwrap().len(), 1);
        nexts.push(second["next"].as_str().unwrap().to_owned());
    }

    hub.clock.advance(SignedDuration::from_mins(30));

    for next in nexts {
        assert_eq!(ali.get(next).await.refusal(), "404 not-found");
    }
}

/// 000-29, 000-30, 000-31: nobody else learns that there is something to read.
#[tokio::test]
async fn a_repository_is_closed_to_strangers() {
    let hub = open().await;
    let (admin, hospital) = (hub.admin().await, hub.hospital("jinnah").await);
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let sara = hub.doctor_of(&hospital, "Sara", "Khan").await;
    let (aga, cora) = (hub.hospital("aga").await, hub.coordinator("cora").await);
    let (ana, bea) = (hub.patient("ana", ANA).await, hub.patient("bea", "+923007654321").await);
    let paths = Paths::of(&ana);
    let report = paths.file(&ana).await.ok()["report"].clone();
    let shown = format!("/api/records/reports/{}", id_of(&report));
    assigned(&admin, &ana.id_as("pat"), &ali).await;
    let_in(&hub, &ali, ANA).await;

    for path in paths.reading().into_iter().chain([shown.as_str()]) {
        for stranger in [&sara, &aga, &cora, &bea] {
            assert_eq!(stranger.get(path).await.refusal(), "404 not-found", "{path}");
        }
        for reader in [&ana, &ali, &admin] {
            reader.get(path).await.ok();
        }
        assert_eq!(hub.visitor().get(path).await.status, 401);
    }
    for path in paths.reading() {
        hospital.get(path).await.ok();
    }
    // It knows the patient, but the report is not its own.
    assert_eq!(hospital.get(&shown).await.refusal(), "404 not-found");
    assert_eq!(ali.get("/api/records/my-reports").await.refusal(), "403 forbidden");
    assert_eq!(cora.get("/api/records/my-reports").await.refusal(), "403 forbidden");
}

/// 000-29, 000-31: who reads about somebody else leaves a line, and patients leave none.
#[tokio::test]
async fn reading_a_repository_is_noted() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", ANA).await;
    let paths = Paths::of(&ana);
    let report = paths.file(&ana).await.ok()["report"].clone();
    let shown = format!("/api/records/reports/{}", id_of(&report));
    let_in(&hub, &ali, ANA).await;

    for path in paths.reading().into_iter().chain([shown.as_str()]) {
        for reader in [&ana, &ali] {
            reader.get(path).await.ok();
        }
        hub.clock.advance(SignedDuration::from_secs(1));
    }
    ana.get("/api/records/my-reports").await.ok();
    let versions = format!("{shown}/versions");
    ali.get(versions).await.ok();

    let read = looks(&ana, "REPOSITORY_VIEWED").await;
    assert_eq!(
        read,
        [
            (
                json!(ali.id()),
                json!({"what": "summary", "reports": "1", "prescriptions": "0", "files": "1"})
            ),
            (json!(ali.id()), json!({"shelf": "REPORT", "count": "1", "files": "1"})),
        ]
    );
    let file = report["file"].as_str().unwrap();
    let facts = json!({"shelf": "REPORT", "type": "LAB", "file": file});
    assert_eq!(looks(&ana, "FILE_DOWNLOADED").await, [(json!(ali.id()), facts)]);
    assert_eq!(looks(&ana, "DOCUMENT_VIEWED").await.len(), 1);
}

/// 000-27, 003-21, 003-27, 004-04: who lists what is known of several people leaves a line for
/// each of them, and none for whom the page does not show.
#[tokio::test]
async fn patients_see_who_listed_what_is_known_of_them() {
    let hub = open().await;
    let (admin, hospital) = (hub.admin().await, hub.hospital("jinnah").await);
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let (ana, bea) = (hub.patient("ana", ANA).await, hub.patient("bea", "+923007654321").await);
    for (patient, visits) in [(&ana, 2), (&bea, 1)] {
        let known = json!({"allergy_status": "NONE_KNOWN", "date_of_birth": "1990-05-01"});
        patient.patch("/api/patients/update_profile", known).await.ok();
        for _ in 0..visits {
            let visit = came(&hub, patient, &ali).await;
            let medicines = json!([{"name": "Paracetamol"}]);
            let prescription = json!({"appointment": visit, "medicines": medicines});
            ali.post("/api/prescriptions", prescription).await.ok();
            let record = json!({"appointment": visit, "diagnosis": "Flu"});
            let record = ali.post("/api/medical-records", record).await.ok();
            let result = json!({
                "medical_record": record["id"], "test_name": "Potassium", "test_type": "BLOOD",
                "result_value": 4, "result_unit": "mmol/L", "status": "NORMAL",
            });
            ali.post("/api/lab-results", result).await.ok();
        }
        let medicine =
            patient.get("/api/prescriptions").await.ok()["results"][0]["medicines"][0]["id"]
                .clone();
        let reminder = json!({"medication": medicine, "times": ["08:00"]});
        patient.post("/api/prescriptions/reminders", reminder).await.ok();
        let glass = format!("/api/records/patients/{}/break-glass", patient.id_as("pat"));
        ali.post(glass, json!({"reason": "Unconscious after a fall."})).await.ok();
        let ache = json!({
            "record_type": "OTHER", "title": "Headache", "description": ".",
            "doctor": ali.id_as("doc"),
        });
        let ache = patient.post("/api/records", ache).await;
        let note = format!("{}/add_annotation", ache.header("location"));
        ali.post(note, json!({"content": "Rest."})).await.ok();
    }

    for (reader, list, action, of_ana) in [
        (&ali, "/api/prescriptions", "PRESCRIPTIONS_LISTED", "2"),
        (&hospital, "/api/medical-records", "MEDICAL_RECORDS_LISTED", "2"),
        (&admin, "/api/lab-results", "LAB_RESULTS_LISTED", "2"),
        (&ali, "/api/records", "HEALTH_RECORDS_LISTED", "1"),
        (&ali, "/api/doctors/annotations", "ANNOTATION_VIEWED", "1"),
        (&admin, "/api/prescriptions/reminders", "REMINDER_VIEWED", "1"),
        (&hospital, "/api/records/break-glass", "EMERGENCY_ACCESSES_LISTED", "1"),
    ] {
        for person in [reader, &ana, &bea] {
            let _own = person.get(list).await;
        }
        for (patient, count) in [(&ana, of_ana), (&bea, "1")] {
            let look = (json!(reader.id()), json!({"count": count}));
            assert_eq!(looks(patient, action).await, [look], "{action}");
        }
    }
    let of_ana = format!("/api/prescriptions/medications?patient={}", ana.id_as("pat"));
    admin.get(of_ana).await.ok();
    assert_eq!(looks(&ana, "PRESCRIPTIONS_LISTED").await.len(), 2);
    assert_eq!(looks(&bea, "PRESCRIPTIONS_LISTED").await.len(), 1);
}

/// 000-31: the summary says what matters most.
#[tokio::test]
async fn a_summary_says_what_matters_most() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", ANA).await;
    let health = json!({
        "allergies": [{"substance": "penicillin"}], "current_medications": ["metformin"],
        "blood_group": "A+",
    });
    ana.patch(format!("/api/patients/{}", ana.id_as("pat")), health).await.ok();
    let paths = Paths::of(&ana);
    for _ in 0..6 {
        paths.file(&ana).await.ok();
    }
    let visit = hub.visit(&ana, &ali).await;

    let summary = ana.get(&paths.summary).await.ok();

    assert_eq!(summary["patient_id"], ana.id_as("pat"));
    assert_eq!(summary["patient_name"], "Ana Diaz");
    assert_eq!(summary["allergy_status"], "KNOWN");
    assert_eq!(summary["allergies"], json!([{"substance": "penicillin"}]));
    assert_eq!(summary["current_medications"], json!(["metformin"]));
    assert_eq!(summary["blood_group"], "A+");
    assert_eq!(summary["total_reports"], 6);
    assert_eq!(summary["recent_reports"].as_array().unwrap().len(), 5);
    assert_eq!(summary["total_prescriptions"], 0);
    assert_eq!(summary["recent_prescriptions"], json!([]));
    assert_eq!(summary["last_visit"]["appointment"], visit);
    assert_eq!(summary["last_visit"]["doctor_name"], "Ali Mehmood");
}

/// 000-29: what was filed in a record that was merged is found in the one that stayed.
#[tokio::test]
async fn the_repository_of_a_merged_record_is_that_of_the_one_that_stayed() {
    let hub = open().await;
    let (admin, hospital) = (hub.admin().await, hub.hospital("jinnah").await);
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", ANA).await;
    let twin = entered(&hospital, json!({"name": "Ana Diaz"})).await;
    let (own, other) = (Paths::of(&ana), Paths::to(id_of(&twin)));
    let first = other.file(&hospital).await.ok()["report"].clone();
    hub.clock.advance(SignedDuration::from_secs(1));
    let second = own.file(&ana).await.ok()["report"].clone();
    let merge = format!("/api/patients/{}/merge", ana.id_as("pat"));
    admin.post(merge, json!({"duplicate": twin["id"]})).await.ok();
    let_in(&hub, &ali, ANA).await;

    for path in [&own.reports, &other.reports] {
        for reader in [&ana, &ali, &admin] {
            let list = reader.get(path).await.ok();
            assert_eq!(each(&list, "id"), [id_of(&second), id_of(&first)]);
        }
        assert_eq!(each(&hospital.get(path).await.ok(), "id"), [id_of(&first)]);
    }
    ali.get(format!("/api/records/reports/{}", id_of(&first))).await.ok();
}

/// 000-29: patients see what was done with what was merged into their record, before and after.
#[tokio::test]
async fn the_access_log_of_a_merged_record_is_that_of_the_one_that_stayed() {
    let hub = open().await;
    let (admin, hospital) = (hub.admin().await, hub.hospital("jinnah").await);
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", ANA).await;
    let twin = entered(&hospital, json!({"name": "Ana Diaz"})).await;
    let patient = hub.state.store.patients().recorded(id_of(&twin).parse().unwrap()).await;
    let doctor = ali.id_as("doc").parse().unwrap();
    let visit = took_place(&hub, &patient.unwrap().unwrap(), doctor).await.id;
    let record = json!({"appointment": visit, "diagnosis": "Flu"});
    let record = ali.post("/api/medical-records", record).await.ok();
    let shown = format!("/api/medical-records/{}", id_of(&record));
    hospital.get(&shown).await.ok();
    hub.clock.advance(SignedDuration::from_secs(1));
    let merge = format!("/api/patients/{}/merge", ana.id_as("pat"));
    admin.post(merge, json!({"duplicate": twin["id"]})).await.ok();

    ali.get(&shown).await.ok();

    let seen = looks(&ana, "MEDICAL_RECORD_VIEWED").await;
    let by: Vec<_> = seen.into_iter().map(|(by, _)| by).collect();
    assert_eq!(by, [json!(ali.id()), json!(hospital.id())]);
    let log = "/api/accounts/access-log";
    let whole = ana.get(format!("{log}?limit=100")).await.ok();
    let mut page = ana.get(format!("{log}?limit=1")).await.ok();
    let mut read = vec![page["results"][0].clone()];
    while let Some(next) = page["next"].as_str().map(str::to_owned) {
        page = ana.get(next).await.ok();
        read.extend(page["results"].as_array().unwrap().clone());
    }
    assert_eq!(json!(read), whole["results"]);
}

/// 000-29: what lets a doctor read a merged record is seen and ended by whose record it is now.
#[tokio::test]
async fn what_lets_doctors_read_a_merged_record_is_the_patients_to_close() {
    let hub = open().await;
    let (admin, hospital) = (hub.admin().await, hub.hospital("jinnah").await);
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", ANA).await;
    let twin = entered(&hospital, json!({"name": "Ana Diaz"})).await;
    let glass = format!("/api/records/patients/{}/break-glass", id_of(&twin));
    let access = ali.post(glass, json!({"reason": "Unconscious after a fall."})).await.ok();
    let merge = format!("/api/patients/{}/merge", ana.id_as("pat"));
    admin.post(merge, json!({"duplicate": twin["id"]})).await.ok();
    let paths = Paths::of(&ana);
    ali.get(&paths.summary).await.ok();

    let grants = ana.get("/api/accounts/access-grants").await.ok();
    ana.delete(format!("/api/accounts/access-grants/{}", ali.id_as("doc"))).await.ok();

    assert_eq!(grants["results"].as_array().unwrap().len(), 1);
    assert_eq!(grants["results"][0]["patient"], ana.id_as("pat"));
    assert_eq!(grants["results"][0]["emergency"], access["id"]);
    assert_eq!(ali.get(&paths.summary).await.refusal(), "404 not-found");
    for person in [&ana, &ali] {
        let grants = person.get("/api/accounts/access-grants").await.ok();
        assert_eq!(grants["results"], json!([]));
    }
    assert_eq!(looks(&ana, "ACCESS_REVOKED").await.len(), 1);
}

/// Where the repository of a patient is.
struct Paths {
    reports: String,
    summary: String,
}

impl Paths {
    fn of(patient: &Caller<'_>) -> Self {
        Self::to(&patient.id_as("pat"))
    }

    fn to(patient: &str) -> Self {
        let path = format!("/api/records/patients/{patient}");
        Self { reports: format!("{path}/reports"), summary: format!("{path}/summary") }
    }

    fn reading(&self) -> [&str; 2] {
        [&self.reports, &self.summary]
    }

    async fn file(&self, by: &Caller<'_>) -> Reply {
        let path = format!("{}/upload", self.reports);
        let fields = [("file_type", "LAB"), ("title", "Blood")];
        by.upload(path, &fields, &[("file", "blood.pdf", pdf())]).await
    }
}
