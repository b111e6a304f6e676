//! Health records: what patients and doctors keep, what is attached to it, and what doctors say
//! about it.

use carehub_testkit::{
    Caller, TestHub,
    files::{docx, pdf, png},
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{PASSWORD, People, assigned, each, entered, id_of, let_in, looks, open};

const ANA: &str = "+923001234567";
const NOW: &str = "2030-01-07T08:00:00Z";

/// 004-05, 004-06: a patient writes a record and names the doctor whom it concerns.
#[tokio::test]
async fn a_patient_writes_a_record() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { ali, ana, .. } = &ward;
    let body = json!({
        "record_type": "vaccination", "title": " Tetanus ", "description": "Left arm.",
        "doctor": ali.id_as("doc"), "date": "2029-12-31", "is_private": false,
    });

    let reply = ana.post("/api/records/", body).await;

    assert_eq!(reply.status, 201);
    let written = reply.ok();
    let id = id_of(&written).to_owned();
    let mut flat = written.clone();
    let record = flat.as_object_mut().unwrap().remove("record").unwrap();
    assert_eq!(record, flat);
    assert_eq!(
        record,
        json!({
            "id": id, "record_id": id.replacen("rec_", "HR", 1), "patient": ana.id_as("pat"),
            "patient_name": "Ana Diaz", "record_type": "VACCINATION", "type": "VACCINATION",
            "title": "Tetanus", "description": "Left arm.", "date_recorded": "2029-12-31",
            "doctors": [{"id": ali.id_as("doc"), "name": "Ali Mehmood"}],
            "doctor": ali.id_as("doc"), "doctor_name": "Ali Mehmood", "hospital": null,
            "appointment": null, "is_private": false, "is_active": true,
            "recorded_by": ana.id(), "recorded_by_name": "Ana Diaz", "version": 1,
            "created_at": NOW, "updated_at": NOW, "annotations": [], "attachments": [],
        })
    );
    for reader in [ana, ali, &ward.admin] {
        let shown = reader.get(reply.header("location")).await;
        assert_eq!((shown.ok(), shown.header("etag")), (record.clone(), reply.header("etag")));
        hub.clock.advance(SignedDuration::from_secs(1));
    }
    let details = format!("/api/records/{id}/record_details/");
    assert_eq!(ana.get(details).await.ok(), record);
    let log = looks(ana, "HEALTH_RECORD_VIEWED").await;
    let seen = json!({"annotations": "0", "files": "0"});
    assert_eq!(log, [(json!(ward.admin.id()), seen.clone()), (json!(ali.id()), seen)]);
}

/// 004-05: an allergy that is written down here is none of those that prescriptions are checked
/// against; but nobody goes on to think that there are none.
#[tokio::test]
async fn an_allergy_in_a_record_makes_doctors_ask() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, ana, .. } = &ward;
    let allergy = |title: &str| json!({"type": "ALLERGY", "title": title, "is_private": true});
    let status = async || {
        let seen = ana.get(format!("/api/patients/{}", ana.id_as("pat"))).await.ok();
        seen["allergy_status"].as_str().unwrap().to_owned()
    };
    let say = async |told: Value| {
        ana.patch("/api/patients/update_profile", told).await.ok();
    };

    ana.post("/api/records", allergy("Penicillin")).await.ok();
    assert_eq!(status().await, "NOT_RECORDED");
    say(json!({"allergy_status": "NONE_KNOWN"})).await;
    let none = ana.post("/api/records", allergy("None known.")).await.ok();
    assert_eq!(status().await, "NONE_KNOWN");
    let path = format!("/api/records/{}", id_of(&none));
    ana.patch(&path, json!({"title": "Latex"})).await.ok();
    assert_eq!(status().await, "UNAVAILABLE");
    say(json!({"allergies": ["nuts"], "allergy_status": "KNOWN"})).await;
    ana.post("/api/records", allergy("Penicillin")).await.ok();
    assert_eq!(status().await, "KNOWN");
    say(json!({"allergies": [], "allergy_status": "NONE_KNOWN"})).await;
    ana.delete(&path).await.ok();
    assert_eq!(status().await, "NONE_KNOWN");

    let log = admin.get("/api/accounts/audit-logs?action=HEALTH_RECORD_UPDATED").await.ok();
    assert_eq!(log["results"][0]["details"]["allergy_status"], "UNAVAILABLE");
    let log = admin.get("/api/accounts/audit-logs?action=HEALTH_RECORD_CREATED").await.ok();
    assert!(!log.to_string().contains("UNAVAILABLE"), "{log}");
}

/// 004-05, 002-P10: every wrong field is named.
#[tokio::test]
async fn wrong_records_are_refused_field_by_field() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let wrong = [
        (json!({"title": "x"}), "/record_type"),
        (json!({"record_type": "poem", "title": "x"}), "/record_type"),
        (json!({"record_type": "OTHER"}), "/title"),
        (json!({"record_type": "OTHER", "title": "x".repeat(201)}), "/title"),
        (json!({"record_type": "OTHER", "title": "x", "doctor": "ali"}), "/doctor"),
        (json!({"record_type": "OTHER", "title": "x", "date": "soon"}), "/date"),
        (json!({"record_type": "OTHER", "title": "x", "mood": 5}), "/mood"),
    ];
    for (body, pointer) in wrong {
        let problem = ward.ana.post("/api/records", &body).await.problem();
        assert_eq!((problem.status, &*problem.errors[0].pointer), (400, pointer), "{body}");
    }
    let plain = json!({"record_type": "OTHER", "title": "x"});
    let problem = ward.ali.post("/api/records", &plain).await.problem();
    assert_eq!(problem.errors[0].pointer, "/patient");
    let nobody =
        json!({"record_type": "OTHER", "title": "x", "doctor": "doc_01J9Z3K8Q4N6V2X5Y7W0B1C2D3"});
    assert_eq!(ward.ana.post("/api/records", nobody).await.refusal(), "404 not-found");
    let many = vec![ward.ali.id_as("doc"); 11];
    let twice = json!({"record_type": "OTHER", "title": "x", "doctor_ids": many});
    assert_eq!(
        ward.ana.post("/api/records", twice).await.ok()["doctors"].as_array().unwrap().len(),
        1
    );
}

/// 004-04: patients list their own, doctors those that concern them, hospitals their own, admins
/// all, each by kind if they wish.
#[tokio::test]
async fn records_are_listed() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, hospital, ali, ana, .. } = &ward;
    let bea = hub.patient("bea", "+923007654321").await;
    let record = |kind: &str, title: &str| json!({"record_type": kind, "title": title});
    ward.write(ana, record("OTHER", "One")).await;
    let named = json!({"type": "lab_report", "title": "Two", "doctor_ids": [ali.id_as("doc")]});
    ward.write(ana, named).await;
    ward.write(&bea, record("OTHER", "Three")).await;
    assigned(admin, &ana.id_as("pat"), ali).await;
    let body = json!({"record_type": "surgery", "title": "Four", "patient": ana.id_as("pat")});
    ward.write(ali, body).await;

    for (reader, titles) in [
        (ana, &["Four", "Two", "One"][..]),
        (&bea, &["Three"]),
        (ali, &["Four", "Two"]),
        (hospital, &["Four"]),
        (admin, &["Four", "Three", "Two", "One"]),
    ] {
        let list = reader.get("/api/records/").await.ok();
        assert_eq!(each(&list, "title"), titles);
        assert_eq!((&list["records"], &list["count"]), (&list["results"], &json!(titles.len())));
    }
    for path in ["/api/records?type=LAB_RESULT", "/api/records/records_by_type/?type=lab_report"] {
        assert_eq!(each(&ana.get(path).await.ok(), "title"), ["Two"]);
    }
    let first = ana.get("/api/records/my_records/?limit=2").await.ok();
    assert_eq!(each(&first, "title"), ["Four", "Two"]);
    let rest = ana.get(first["next"].as_str().unwrap()).await.ok();
    assert_eq!((each(&rest, "title"), &rest["next"]), (vec!["One"], &Value::Null));
    let back = ana.get(rest["previous"].as_str().unwrap()).await.ok();
    assert_eq!(each(&back, "title"), ["Four", "Two"]);
    let cora = hub.coordinator("cora").await;
    assert_eq!(cora.get("/api/records").await.refusal(), "403 forbidden");
    assert_eq!(ana.get("/api/records?type=poem").await.status, 400);
}

/// 004-04, 004-06: what a patient keeps to herself nobody else finds, not even what it said
/// before.
#[tokio::test]
async fn private_records_are_for_the_patient_alone() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, ali, ana, .. } = &ward;
    let body = json!({
        "record_type": "OTHER", "title": "Mine", "doctor": ali.id_as("doc"), "is_private": true,
    });
    let path = ward.write(ana, body).await;
    let versions = format!("{path}/versions");
    assigned(admin, &ana.id_as("pat"), ali).await;
    let_in(&hub, ali, ANA).await;

    let superadmin = hub.sign_in("superadmin", PASSWORD).await;
    for person in [ali, admin, &superadmin] {
        assert_eq!(person.get(&path).await.refusal(), "404 not-found");
        assert_eq!(person.delete(&path).await.refusal(), "404 not-found");
        assert_eq!(person.get("/api/records").await.ok()["count"], 0);
    }
    let content = json!({"content": "x"});
    let reply = ali.post(format!("{path}/add_annotation"), &content).await;
    assert_eq!(reply.refusal(), "404 not-found");

    ana.patch(&path, json!({"is_private": false, "title": "Ours"})).await.ok();
    assert_eq!(ali.get(&path).await.ok()["title"], "Ours");
    assert_eq!(each(&ali.get(&versions).await.ok(), "title"), ["Ours"]);
    assert_eq!(each(&ana.get(&versions).await.ok(), "title"), ["Ours", "Mine"]);

    ana.patch(&path, json!({"is_private": true})).await.ok();
    assert_eq!(ali.get(&versions).await.refusal(), "404 not-found");
    let secret = json!({
        "record_type": "OTHER", "title": "x", "patient": ana.id_as("pat"), "is_private": true,
    });
    for author in [ali, admin] {
        assert_eq!(author.post("/api/records", &secret).await.status, 403);
    }
}

/// 004-07: people change what they wrote themselves, and what it said before is kept.
#[tokio::test]
async fn records_are_changed_by_who_wrote_them() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, ali, ana, .. } = &ward;
    let body = json!({"record_type": "OTHER", "title": "First", "doctor": ali.id_as("doc")});
    let path = ward.write(ana, body).await;
    let change = json!({"title": "Second", "description": "More.", "doctors": [], "date": null});

    for person in [ali, admin] {
        let problem = person.put(&path, &change).await.problem();
        assert_eq!((problem.status, &*problem.code), (403, "not-own-record"));
        assert_eq!(problem.detail.unwrap(), "you can only update your own records");
    }
    let outdated = ana.with_header("if-match", "\"2\"").patch(&path, &change).await;
    assert_eq!(outdated.refusal(), "412 precondition-failed");
    let put = ana.put(&path, &change).await;
    assert_eq!(put.header("etag"), "\"2\"");
    let changed = put.ok();
    assert_eq!((&changed["title"], &changed["version"]), (&json!("Second"), &json!(2)));
    assert_eq!((&changed["doctors"], &changed["doctor"]), (&json!([]), &Value::Null));
    // Whom it no longer concerns does not see it any more.
    assert_eq!(ali.get(&path).await.refusal(), "404 not-found");
    assert_eq!(ali.get("/api/records").await.ok()["count"], 0);
    ana.patch(&path, json!({"doctor_ids": ali.id_as("doc")})).await.ok();
    let versions = ali.get(format!("{path}/versions/")).await.ok();
    assert_eq!(each(&versions, "title"), ["Second", "Second", "First"]);
    assert_eq!(versions["results"][2]["doctor_name"], "Ali Mehmood");

    assigned(admin, &ana.id_as("pat"), ali).await;
    let body = json!({"record_type": "SURGERY", "title": "Knee", "patient": ana.id_as("pat")});
    let own = ward.write(ali, body).await;
    assert_eq!(ana.patch(&own, json!({"title": "x"})).await.refusal(), "403 not-own-record");
    assert_eq!(ana.delete(&own).await.refusal(), "403 not-own-record");
    // Who wrote it goes on to be concerned with it.
    let cleared = ali.patch(&own, json!({"doctors": []})).await.ok();
    assert_eq!(cleared["doctor"], ali.id_as("doc"));
    let changes = looks(ana, "HEALTH_RECORD_UPDATED").await;
    assert_eq!(changes.len(), 3);
    assert_eq!(changes[0], (json!(ali.id()), json!({"kind": "SURGERY", "private": "false"})));
}

/// 004-08: who wrote a record and admins remove it, and what is attached goes out of sight with it.
#[tokio::test]
async fn records_are_removed_with_what_is_attached() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, ali, ana, .. } = &ward;
    for remover in [ana, admin] {
        let fields = [("record_type", "OTHER"), ("title", "Scar"), ("doctor", &ali.id_as("doc"))];
        let reply = ana.upload("/api/records", &fields, &[("attachments", "a.pdf", pdf())]).await;
        let (path, written) = (reply.header("location").to_owned(), reply.ok());
        let attachment = format!("{path}/attachments/{}", id_of(&written["attachments"][0]));
        assert_eq!(ali.delete(&path).await.refusal(), "403 not-own-record");
        ali.get(&attachment).await.ok();

        let gone = remover.delete(format!("{path}/")).await;

        assert_eq!((gone.status.as_u16(), gone.text()), (204, String::new()));
        for path in [path.clone(), format!("{path}/versions"), attachment] {
            for person in [ana, ali, admin] {
                assert_eq!(person.get(&path).await.refusal(), "404 not-found");
            }
        }
        assert_eq!(ana.get("/api/records").await.ok()["count"], 0);
        assert_eq!(remover.delete(&path).await.refusal(), "404 not-found");
    }
}

/// 004-09, 004-12: a doctor whom a record concerns says something about it, and whoever reads the
/// record reads that.
#[tokio::test]
async fn a_doctor_annotates_a_record() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { ali, ana, .. } = &ward;
    let body = json!({"record_type": "LAB_RESULT", "title": "Iron", "doctor": ali.id_as("doc")});
    let path = ward.write(ana, body).await;
    let id = path.rsplit('/').next().unwrap();

    let reply = ali.post(format!("{path}/add_annotation/"), json!({"content": "Low."})).await;
    hub.clock.advance(SignedDuration::from_secs(1));
    let number = id.replacen("rec_", "HR", 1);
    let body = json!({"record_id": number, "content": "Eat beans."});
    let other = ali.post("/api/doctors/annotations/", body).await.ok();

    assert_eq!(reply.status, 201);
    let mut annotation = reply.ok();
    let nested = annotation.as_object_mut().unwrap().remove("annotation").unwrap();
    assert_eq!(nested, annotation);
    assert_eq!(
        annotation,
        json!({
            "id": annotation["id"], "record": id, "patient": ana.id_as("pat"), "content": "Low.",
            "doctor": ali.id_as("doc"), "doctor_name": "Ali Mehmood", "version": 1,
            "created_at": "2030-01-07T08:00:01Z", "updated_at": "2030-01-07T08:00:01Z",
        })
    );
    assert_eq!(ana.get(reply.header("location")).await.ok(), annotation);
    assert_eq!(ana.get(&path).await.ok()["annotations"], json!([annotation, other]));
    let about = ana.get(format!("/api/doctors/annotations/?record={id}")).await.ok();
    assert_eq!(about["results"], json!([annotation, other]));
    let own = ali.get("/api/doctors/annotations").await.ok();
    assert_eq!(own["results"], json!([other, annotation]));
    assert_eq!(ana.get("/api/doctors/annotations").await.refusal(), "403 forbidden");
    let events = looks(ana, "ANNOTATION_ADDED").await;
    let facts = json!({"record": id, "doctor": ali.id_as("doc")});
    assert_eq!(events, [(json!(ali.id()), facts.clone()), (json!(ali.id()), facts)]);

    // Once the record is private, what was said about it is, too.
    ana.patch(&path, json!({"is_private": true})).await.ok();
    assert_eq!(ali.get(reply.header("location")).await.refusal(), "404 not-found");
    assert_eq!(ali.get("/api/doctors/annotations").await.ok()["results"], json!([]));
    assert_eq!(ana.get(&path).await.ok()["annotations"].as_array().unwrap().len(), 2);
}

/// 004-09, 004-12: nobody annotates a record that does not concern them.
#[tokio::test]
async fn only_doctors_concerned_annotate() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, hospital, ali, ana, .. } = &ward;
    let sara = hub.doctor_of(hospital, "Sara", "Khan").await;
    let body = json!({"record_type": "OTHER", "title": "x", "doctor": ali.id_as("doc")});
    let path = ward.write(ana, body).await;
    let id = path.rsplit('/').next().unwrap();
    let (add, content) = (format!("{path}/add_annotation"), json!({"content": "Hm."}));

    assert_eq!(sara.post(&add, &content).await.refusal(), "404 not-found");
    let_in(&hub, &sara, ANA).await;
    for person in [&sara, ana, admin] {
        let problem = person.post(&add, &content).await.problem();
        assert_eq!((problem.status, &*problem.code), (403, "not-assigned"));
        assert_eq!(problem.detail.unwrap(), "you can only annotate records assigned to you");
        let body = json!({"record": id, "content": "Hm."});
        assert_eq!(
            person.post("/api/doctors/annotations", body).await.refusal(),
            "403 not-assigned"
        );
    }
    let body = json!({"record": "HR1", "content": " "});
    let problem = ali.post("/api/doctors/annotations", body).await.problem();
    let pointers: Vec<_> = problem.errors.iter().map(|error| &*error.pointer).collect();
    assert_eq!(pointers, ["/record", "/content"]);
}

/// 004-12: a doctor changes and withdraws what they said, and it is kept.
#[tokio::test]
async fn annotations_are_changed_and_withdrawn() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { hospital, ali, ana, .. } = &ward;
    let sara = hub.doctor_of(hospital, "Sara", "Khan").await;
    let doctors = json!([ali.id_as("doc"), sara.id_as("doc")]);
    let record = ward.write(ana, json!({"type": "OTHER", "title": "x", "doctors": doctors})).await;
    let add = format!("{record}/add_annotation");
    let reply = ali.post(add, json!({"content": "First"})).await;
    let path = reply.header("location").to_owned();

    for person in [ana, &sara] {
        assert_eq!(person.patch(&path, json!({"content": "x"})).await.refusal(), "403 forbidden");
        assert_eq!(person.delete(&path).await.refusal(), "403 forbidden");
    }
    let changed = ali.patch(&path, json!({"content": "Second"})).await.ok();
    assert_eq!((&changed["content"], &changed["version"]), (&json!("Second"), &json!(2)));
    assert_eq!(ana.get(&record).await.ok()["annotations"], json!([changed]));
    let versions = sara.get(format!("{path}/versions")).await.ok();
    assert_eq!(each(&versions, "content"), ["Second", "First"]);

    ali.delete(&path).await.ok();
    assert_eq!(ali.get(&path).await.refusal(), "404 not-found");
    assert_eq!(ana.get(&record).await.ok()["annotations"], json!([]));
    assert_eq!(ali.get("/api/doctors/annotations").await.ok()["results"], json!([]));
}

/// 004-05: files come with a record, pictures and PDF only, or were uploaded before.
#[tokio::test]
async fn records_have_attachments() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { ali, ana, .. } = &ward;
    let fields = [("record_type", "lab_result"), ("title", "Blood"), ("doctor", &ali.id_as("doc"))];
    let files = [("attachments", "blood.pdf", pdf()), ("attachments", "arm.png", png())];

    let wrong = ana.upload("/api/records", &fields, &[("attachments", "a.docx", docx())]).await;
    assert_eq!(wrong.status, 400);
    assert_eq!(ana.get("/api/records").await.ok()["count"], 0);
    let reply = ana.upload("/api/records", &fields, &files).await;

    let written = reply.ok();
    let path = reply.header("location").to_owned();
    let attachments = written["attachments"].as_array().unwrap();
    let names: Vec<_> = attachments.iter().map(|one| &one["file_name"]).collect();
    assert_eq!(names, ["blood.pdf", "arm.png"]);
    assert_eq!(
        (&attachments[0]["document_type"], &attachments[0]["shelf"], &attachments[0]["title"]),
        (&json!("LAB"), &json!("RECORD"), &json!("blood.pdf"))
    );
    let shown = ali.get(&path).await.ok();
    assert_eq!(shown["attachments"].as_array().unwrap().len(), 2);
    assert_eq!(looks(ana, "HEALTH_RECORD_VIEWED").await[0].1["files"], "2");
    let link = shown["attachments"][0]["file_url"].as_str().unwrap();
    assert_eq!(hub.fetch(link).await.status, 200);
}

/// 004-06, 004-C3: who wrote a record and doctors concerned attach more to it.
#[tokio::test]
async fn more_is_attached_to_a_record() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, hospital, ali, ana, .. } = &ward;
    let sara = hub.doctor_of(hospital, "Sara", "Khan").await;
    let body = json!({"record_type": "OTHER", "title": "x", "doctor": ali.id_as("doc")});
    let path = ward.write(ana, body).await;
    let at = format!("{path}/upload_attachment/");

    let reply = ali.upload(&at, &[("title", "Scan")], &[("file", "scan.pdf", pdf())]).await;
    assert_eq!(reply.status, 201);
    let attachment = reply.ok();
    assert_eq!(attachment["title"], "Scan");
    assert_eq!(ana.get(reply.header("location")).await.ok()["id"], attachment["id"]);
    ana.upload(&at, &[("document_type", "IMAGE")], &[("file", "arm.png", png())]).await.ok();
    assert_eq!(ana.get(&path).await.ok()["attachments"].as_array().unwrap().len(), 2);

    let file = || [("file", "scan.pdf", pdf())];
    assert_eq!(sara.upload(&at, &[], &file()).await.refusal(), "404 not-found");
    let_in(&hub, &sara, ANA).await;
    assert_eq!(sara.upload(&at, &[], &file()).await.refusal(), "403 not-own-record");
    assert_eq!(sara.get(&path).await.ok()["attachments"].as_array().unwrap().len(), 2);
    assert_eq!(admin.upload(&at, &[], &file()).await.refusal(), "403 not-own-record");
    let empty = ali.post(&at, json!({})).await.problem();
    assert_eq!((empty.status, &*empty.errors[0].pointer), (400, "/file"));
    let wrong = ali.upload(&at, &[("type", "LICENSE")], &file()).await;
    assert_eq!(wrong.problem().errors[0].pointer, "/document_type");

    assert_eq!(ana.delete(reply.header("location")).await.refusal(), "403 forbidden");
    ali.delete(reply.header("location")).await.ok();
    assert_eq!(ana.get(&path).await.ok()["attachments"].as_array().unwrap().len(), 1);
}

/// 002-P9, 002-P10, 002-P11, 002-P12, 002-P13, 002-P14: the records of one patient, for whoever
/// knows the patient.
#[tokio::test]
async fn the_records_of_a_patient() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, hospital, ali, ana, .. } = &ward;
    let cora = hub.coordinator("cora").await;
    let list = format!("/api/patients/{}/medical-records", ana.id_as("pat"));
    let body = json!({
        "record_type": "lab_report", "title": "Blood", "description": "Fine.",
        "date_recorded": "2030-01-06",
    });

    assert_eq!(ali.post(&list, &body).await.refusal(), "404 not-found");
    assert_eq!(ali.get(&list).await.refusal(), "404 not-found");
    assigned(admin, &ana.id_as("pat"), ali).await;
    let reply = ali.post(&list, &body).await;
    let record = reply.ok();
    assert_eq!(reply.status, 201);
    assert_eq!(
        (&record["record_type"], &record["recorded_by"], &record["recorded_by_name"]),
        (&json!("LAB_RESULT"), &json!(ali.id()), &json!("Ali Mehmood"))
    );
    let hospital_id = hospital.user["hospital"].clone();
    assert_eq!((&record["is_active"], &record["hospital"]), (&json!(true), &hospital_id));
    hub.clock.advance(SignedDuration::from_secs(1));
    let fields = [("record_type", "allergy"), ("title", "Nuts")];
    let own = ana.upload(&list, &fields, &[("document", "nuts.pdf", pdf())]).await.ok();
    assert_eq!(own["attachments"][0]["file_name"], "nuts.pdf");

    let one = format!("{list}/{}/", id_of(&record));
    for path in [&list, &list.replace("/api/", "/api/v1/admin/")] {
        for (reader, titles) in [
            (ana, &["Nuts", "Blood"][..]),
            (ali, &["Blood"]),
            (hospital, &["Blood"]),
            (admin, &["Nuts", "Blood"]),
        ] {
            assert_eq!(each(&reader.get(path).await.ok(), "title"), titles);
            assert_eq!(reader.get(&one).await.ok()["title"], "Blood");
        }
    }
    let_in(&hub, ali, ANA).await;
    assert_eq!(each(&ali.get(&list).await.ok(), "title"), ["Nuts", "Blood"]);
    assert_eq!(each(&ali.get(format!("{list}?record_type=ALLERGY")).await.ok(), "title"), ["Nuts"]);

    let patched = ali.patch(&one, json!({"title": "Blood test"})).await.ok();
    assert_eq!((&patched["title"], &patched["version"]), (&json!("Blood test"), &json!(2)));
    for person in [ana, hospital, admin] {
        assert_eq!(person.put(&one, json!({"title": "x"})).await.refusal(), "403 not-own-record");
    }
    for path in [&list, &one] {
        assert_eq!(cora.get(path).await.refusal(), "403 forbidden");
    }
    let bea = hub.patient("bea", "+923007654321").await;
    let elsewhere = one.replace(&ana.id_as("pat"), &bea.id_as("pat"));
    assert_eq!(admin.get(&elsewhere).await.refusal(), "404 not-found");
    assert_eq!(bea.get(&one).await.refusal(), "404 not-found");
    ali.delete(&one).await.ok();
    assert_eq!(ana.get(&one).await.refusal(), "404 not-found");
    assert_eq!(each(&ana.get(&list).await.ok(), "title"), ["Nuts"]);
}

/// 004-04, 004-06: a doctor whom the patient let in reads all that is not private, for as long as
/// the patient says.
#[tokio::test]
async fn a_doctor_who_was_let_in_reads_all() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { ali, ana, .. } = &ward;
    let open = ward.write(ana, json!({"record_type": "OTHER", "title": "Open"})).await;
    let secret = json!({"record_type": "OTHER", "title": "Secret", "is_private": true});
    let secret = ward.write(ana, secret).await;
    let list = format!("/api/records?patient={}", ana.id_as("pat"));
    assert_eq!(ali.get(&open).await.refusal(), "404 not-found");
    assert_eq!(ali.get(&list).await.refusal(), "404 not-found");

    let_in(&hub, ali, ANA).await;
    assert_eq!(ali.get(&open).await.ok()["title"], "Open");
    assert_eq!(ali.get(&secret).await.refusal(), "404 not-found");
    assert_eq!(each(&ali.get(&list).await.ok(), "title"), ["Open"]);
    assert_eq!(ali.get("/api/records").await.ok()["count"], 0);
    assert_eq!(
        looks(ana, "HEALTH_RECORDS_LISTED").await,
        [(json!(ali.id()), json!({"count": "1"}))]
    );

    hub.clock.advance(SignedDuration::from_mins(30));
    assert_eq!(ali.get(&open).await.refusal(), "404 not-found");
    assert_eq!(ali.get(&list).await.refusal(), "404 not-found");

    let glass = format!("/api/records/patients/{}/break-glass", ana.id_as("pat"));
    let access = ali.post(glass, json!({"reason": "Found without consciousness."})).await.ok();
    ali.get(&open).await.ok();
    let (_, facts) = looks(ana, "HEALTH_RECORD_VIEWED").await[0].clone();
    assert_eq!(facts["emergency"], access["id"]);
}

/// 004-16, 004-04: a booking opens the record of the visit, which is the patient's own.
#[tokio::test]
async fn a_booking_opens_a_record() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { hospital, ana, .. } = &ward;
    let sara = hub.bookable(hospital, "Sara", "Khan").await;
    let slot = json!({"doctor": sara.id_as("doc"), "appointment_date": "2030-01-08", "start_time": "09:00"});
    let booked = ana.post("/api/appointments/book", slot).await.ok();
    let path = format!("/api/records/{}", id_of(&booked["health_record"]));

    for reader in [ana, &sara, hospital] {
        let record = reader.get(&path).await.ok();
        assert_eq!(record["title"], "Consultation with Dr. Sara Khan");
        assert_eq!(record["appointment"], booked["id"]);
        assert_eq!(
            (&record["recorded_by"], &record["doctor"]),
            (&Value::Null, &json!(sara.id_as("doc")))
        );
        assert_eq!(each(&reader.get("/api/records").await.ok(), "title").len(), 1);
    }
    assert_eq!(sara.patch(&path, json!({"title": "x"})).await.refusal(), "403 not-own-record");
    ana.patch(&path, json!({"title": "My visit"})).await.ok();
    sara.post(format!("{path}/add_annotation"), json!({"content": "Bring papers."})).await.ok();
}

/// 002-P9, 004-04: after a merge, patients find what was kept under their other record.
#[tokio::test]
async fn merged_patients_find_all_their_records() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, hospital, ana, .. } = &ward;
    let other = entered(hospital, json!({"name": "Anna Diaz"})).await;
    let list = format!("/api/patients/{}/medical-records", id_of(&other));
    let record = json!({"record_type": "OTHER", "title": "Before"});
    let record = hospital.post(&list, record).await.ok();
    hub.clock.advance(SignedDuration::from_secs(1));
    ward.write(ana, json!({"record_type": "OTHER", "title": "Own"})).await;
    let path = format!("/api/records/{}", id_of(&record));
    assert_eq!(ana.get(&path).await.refusal(), "404 not-found");

    let merge = format!("/api/patients/{}/merge", ana.id_as("pat"));
    admin.post(merge, json!({"duplicate": other["id"]})).await.ok();

    assert_eq!(each(&ana.get("/api/records").await.ok(), "title"), ["Own", "Before"]);
    assert_eq!(ana.get(&path).await.ok()["title"], "Before");
    let own = list.replace(id_of(&other), &ana.id_as("pat"));
    for list in [&list, &own] {
        let one = format!("{list}/{}", id_of(&record));
        assert_eq!(hospital.get(one).await.ok()["title"], "Before");
    }
}

/// A hospital, a doctor of it, a patient, and an admin.
struct Ward<'h> {
    hub: &'h TestHub,
    admin: Caller<'h>,
    hospital: Caller<'h>,
    ali: Caller<'h>,
    ana: Caller<'h>,
}

impl<'h> Ward<'h> {
    async fn open(hub: &'h TestHub) -> Self {
        let admin = hub.admin().await;
        let hospital = hub.hospital("jinnah").await;
        let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
        let ana = hub.patient("ana", ANA).await;
        Self { hub, admin, hospital, ali, ana }
    }

    /// Somebody writes a record, a second before the next. Says where it is.
    async fn write(&self, author: &Caller<'_>, body: Value) -> String {
        let reply = author.post("/api/records", body).await;
        reply.ok();
        self.hub.clock.advance(SignedDuration::from_secs(1));
        reply.header("location").to_owned()
    }
}
