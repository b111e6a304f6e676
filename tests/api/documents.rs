//! Documents: reports, and what belongs to patients, doctors and visits.

use carehub_testkit::{Caller, Reply, TestHub, files};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{
    PASSWORD, People, assigned, each, entered, id_of, inspect, let_in, looks, open,
};

const ANA: &str = "+923001234567";
const NOW: &str = "2030-01-07T08:00:00Z";

/// 000-28: a patient files a report, and sees it as it was filed.
#[tokio::test]
async fn a_patient_files_a_report() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ana = hub.patient("ana", ANA).await;
    let fields = [
        ("file_type", "xray"),
        ("title", " Left hand "),
        ("description", "After the fall."),
        ("report_date", "2030-01-05"),
        ("hospital", &hospital.id_as("hsp")),
    ];

    let path = format!("/api/records/patients/{}/reports/upload/", ana.id_as("pat"));
    let reply = ana.upload(path, &fields, &[("file", "Left Hand.PDF", files::pdf())]).await;

    let filed = reply.ok();
    let report = &filed["report"];
    assert_eq!(reply.status, 201);
    assert_eq!(filed["message"], "Report uploaded successfully");
    assert_eq!(
        *report,
        json!({
            "id": report["id"], "shelf": "REPORT", "belongs_to": ana.id_as("pat"),
            "patient": ana.id_as("pat"), "patient_name": "Ana Diaz",
            "doctor": null, "doctor_name": null,
            "hospital": hospital.id_as("hsp"), "hospital_name": "jinnah Hospital",
            "document_type": "XRAY", "file_type": "XRAY", "attachment_type": "XRAY",
            "title": "Left hand", "description": "After the fall.", "report_date": "2030-01-05",
            "file": report["file"], "file_name": "Left Hand.PDF",
            "file_size": files::pdf().len(), "file_extension": "pdf",
            "content_type": "application/pdf", "sha256": report["sha256"],
            "file_status": "CLEAN", "file_problem": null, "file_url": report["file_url"],
            "uploaded_by": ana.id(), "uploaded_by_name": "Ana Diaz", "is_verified": false,
            "verified_by": null, "verified_at": null, "verification_notes": null, "version": 1,
            "uploaded_at": NOW, "updated_at": NOW,
        })
    );
    let shown = ana.get(reply.header("location")).await;
    assert_eq!(shown.ok(), *report);
    assert_eq!(shown.header("etag"), reply.header("etag"));
    let content = hub.fetch(report["file_url"].as_str().unwrap()).await;
    assert_eq!(content.body, files::pdf());
}

/// 000-28: every wrong field is named, and a wrong file is none.
#[tokio::test]
async fn wrong_reports_are_refused() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let path = format!("/api/records/patients/{}/reports/upload", ana.id_as("pat"));
    let (lab, long) = (("file_type", "LAB"), "x".repeat(256));
    let pdf = || vec![("file", "a.pdf", files::pdf())];
    let wrong = [
        (vec![], pdf(), "/file_type"),
        (vec![("file_type", "POEM")], pdf(), "/file_type"),
        (vec![("file_type", "ID_PROOF")], pdf(), "/document_type"),
        (vec![lab, ("title", long.as_str())], pdf(), "/title"),
        (vec![lab, ("report_date", "yesterday")], pdf(), "/report_date"),
        (vec![lab, ("hospital", "hsp_01J9Z3K8Q4N6V2X5Y7W0B1C2D3")], pdf(), "/hospital"),
        (vec![lab], vec![], "/file"),
        (vec![lab], vec![("file", "a.pdf", files::png())], "/file"),
    ];

    for (fields, files, pointer) in wrong {
        let problem = ana.upload(&path, &fields, &files).await.problem();
        let pointers: Vec<_> = problem.errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!((problem.status, pointers), (400, vec![pointer]), "{fields:?}");
    }
    let list = ana.get("/api/records/my-reports").await.ok();
    assert_eq!(list["results"], json!([]));
}

/// 000-28: what was announced is part of a report at once, and of no other, and has a link once
/// it was looked into.
#[tokio::test]
async fn a_report_may_consist_of_what_was_uploaded_before() {
    let hub = open().await;
    let (ana, bea) = (hub.patient("ana", ANA).await, hub.patient("bea", "+923007654321").await);
    let bytes = files::pdf();
    let body = json!({
        "file_name": "scan.pdf", "content_type": "application/pdf", "size": bytes.len(),
        "sha256": sha256(&bytes),
    });
    let upload = ana.post("/api/uploads/presign", body).await.ok();
    let mention = json!({"file_type": "CT", "upload_id": upload["upload_id"]});
    let path =
        |who: &Caller<'_>| format!("/api/records/patients/{}/reports/upload", who.id_as("pat"));

    assert_eq!(bea.post(path(&bea), &mention).await.refusal(), "404 not-found");
    let filed = ana.post(path(&ana), &mention).await.ok();
    assert_eq!(ana.post(path(&ana), &mention).await.refusal(), "409 upload-used");

    let report = &filed["report"];
    assert_eq!((&report["title"], &report["file_status"]), (&json!("scan.pdf"), &json!("PENDING")));
    assert_eq!(report["file_url"], Value::Null);
    assert_eq!(hub.put(&upload, bytes.clone()).await, 200);
    inspect(&hub).await;
    let shown = ana.get(format!("/api/records/reports/{}", id_of(report))).await.ok();
    assert_eq!(shown["file_status"], "CLEAN");
    assert_eq!(hub.fetch(shown["file_url"].as_str().unwrap()).await.body, bytes);
}

/// 000-28, 000-29: a hospital files what comes from there and finds nothing else.
#[tokio::test]
async fn a_hospital_has_reports_of_its_own() {
    let hub = open().await;
    let (jinnah, aga) = (hub.hospital("jinnah").await, hub.hospital("aga").await);
    let admin = hub.admin().await;
    let ali = hub.doctor_of(&jinnah, "Ali", "Mehmood").await;
    let sara = hub.doctor_of(&aga, "Sara", "Khan").await;
    let ana = hub.patient("ana", ANA).await;
    for doctor in [&ali, &sara] {
        assigned(&admin, &ana.id_as("pat"), doctor).await;
    }
    let own = report(&ana, &ana, &[("file_type", "LAB")]).await.ok();
    later(&hub);
    let theirs = report(&jinnah, &ana, &[("file_type", "LAB")]).await.ok();
    let_in(&hub, &ali, ANA).await;
    later(&hub);
    let his = report(&ali, &ana, &[("file_type", "MRI")]).await.ok();

    assert_eq!(theirs["report"]["hospital"], jinnah.id_as("hsp"));
    assert_eq!(his["report"]["hospital"], jinnah.id_as("hsp"));
    let path = format!("/api/records/patients/{}/reports", ana.id_as("pat"));
    let ids = async |person: &Caller<'_>, query: &str| {
        let list = person.get(format!("{path}{query}")).await.ok();
        each(&list, "id").into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let [own, theirs, his] = [&own, &theirs, &his].map(|filed| id_of(&filed["report"]));
    for person in [&ana, &ali, &admin] {
        assert_eq!(ids(person, "").await, [his, theirs, own]);
        assert_eq!(ids(person, "?file_type=lab").await, [theirs, own]);
    }
    assert_eq!(ids(&jinnah, "").await, [his, theirs]);
    assert_eq!(ids(&aga, "").await, [""; 0]);
    let other = [("file_type", "LAB"), ("hospital", &aga.id_as("hsp"))];
    for person in [&jinnah, &ali] {
        let problem = report(person, &ana, &other).await.problem();
        assert_eq!(problem.errors[0].pointer, "/hospital");
    }
}

/// 000-30: patients list their own reports, page by page.
#[tokio::test]
async fn patients_list_their_own_reports() {
    let hub = open().await;
    let (ana, bea) = (hub.patient("ana", ANA).await, hub.patient("bea", "+923007654321").await);
    report(&bea, &bea, &[("file_type", "LAB")]).await.ok();
    for title in ["One", "Two", "Three"] {
        report(&ana, &ana, &[("file_type", "LAB"), ("title", title)]).await.ok();
        later(&hub);
    }

    let first = ana.get("/api/records/my-reports?limit=2").await.ok();
    let second = ana.get(first["next"].as_str().unwrap()).await.ok();

    assert_eq!(each(&first, "title"), ["Three", "Two"]);
    assert_eq!(each(&second, "title"), ["One"]);
    assert_eq!(second["next"], Value::Null);
}

/// 000-31, 000-29: reports are changed and removed by who filed them; what they said is kept.
#[tokio::test]
async fn a_report_is_changed_and_removed_and_kept() {
    let hub = open().await;
    let (admin, hospital) = (hub.admin().await, hub.hospital("jinnah").await);
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", ANA).await;
    let_in(&hub, &ali, ANA).await;
    let filed = report(&ali, &ana, &[("file_type", "LAB"), ("title", "Blood")]).await;
    let (path, etag) = (filed.header("location").to_owned(), filed.header("etag").to_owned());
    let change = json!({"title": "Blood count", "report_date": "2030-01-04"});

    assert_eq!(ana.patch(&path, &change).await.refusal(), "403 forbidden");
    assert_eq!(ana.delete(&path).await.refusal(), "403 forbidden");
    let wrong = ali.patch(&path, json!({"document_type": "LICENSE"})).await.problem();
    assert_eq!(wrong.errors[0].pointer, "/document_type");
    let changed = ali.with_header("if-match", &etag).patch(&path, &change).await.ok();
    let outdated = ali.with_header("if-match", &etag).put(&path, &change).await;
    assert_eq!(outdated.refusal(), "412 precondition-failed");

    assert_eq!((&changed["title"], &changed["version"]), (&json!("Blood count"), &json!(2)));
    let versions = ana.get(format!("{path}/versions")).await.ok();
    assert_eq!(each(&versions, "title"), ["Blood count", "Blood"]);
    assert_eq!(admin.delete(&path).await.status, 204);
    for person in [&ana, &ali, &admin] {
        for path in [path.clone(), format!("{path}/versions")] {
            assert_eq!(person.get(path).await.refusal(), "404 not-found");
        }
        assert_eq!(person.patch(&path, &change).await.refusal(), "404 not-found");
    }
    assert_eq!(ana.get("/api/records/my-reports").await.ok()["results"], json!([]));
}

/// 002-P15, 002-P16, 002-P17, 002-P18, 002-P19, 002-P20: whoever knows a patient keeps the
/// patient's documents.
#[tokio::test]
async fn documents_of_patients_are_kept_by_those_who_know_them() {
    let hub = open().await;
    let (admin, hospital) = (hub.admin().await, hub.hospital("jinnah").await);
    let (cora, carl) = (hub.coordinator("cora").await, hub.coordinator("carl").await);
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let pia = entered(&cora, json!({"name": "Pia Pohl"})).await;
    assigned(&admin, id_of(&pia), &ali).await;
    let path = format!("/api/patients/{}/documents", id_of(&pia));
    let fields = [("document_type", "id_proof"), ("title", "Passport")];

    let filed = upload(&cora, &path, &fields).await;
    let document = filed.ok();
    assert_eq!(document["document_type"], "ID_PROOF");
    assert_eq!(
        (&document["is_verified"], &document["patient_name"]),
        (&json!(false), &json!("Pia Pohl"))
    );
    let one = format!("{path}/{}", id_of(&document));
    assert_eq!(filed.header("location"), one);
    for person in [&admin, &hospital, &cora, &ali] {
        assert_eq!(person.get(&one).await.ok()["id"], document["id"]);
        let list = person.get(format!("/api/admin{}", &path[4..])).await.ok();
        assert_eq!(each(&list, "id"), [id_of(&document)]);
    }
    for (method, path) in [("list", &path), ("show", &one)] {
        assert_eq!(carl.get(path).await.refusal(), "404 not-found", "{method}");
    }
    assert_eq!(upload(&carl, &path, &fields).await.refusal(), "404 not-found");
    let wrong = upload(&cora, &path, &[("document_type", "MRI")]).await.problem();
    assert_eq!(wrong.errors[0].pointer, "/document_type");

    let changed = cora.put(&one, json!({"description": "Both sides."})).await.ok();
    assert_eq!(changed["description"], "Both sides.");
    assert_eq!(ali.patch(&one, json!({"title": "x"})).await.refusal(), "403 forbidden");
    assert_eq!(ali.delete(&one).await.refusal(), "403 forbidden");
    let versions = cora.get(format!("{one}/versions")).await.ok();
    assert_eq!(versions["count"], 2);
    assert_eq!(cora.delete(&one).await.status, 204);
    assert_eq!(cora.get(&one).await.refusal(), "404 not-found");
}

/// 002-P15, 002-P16, 002-P17: what a patient shows of their health is open to whom they let in, and
/// to who filed it; who they are, to everyone who knows them.
#[tokio::test]
async fn what_patients_show_of_their_health_is_for_whom_they_let_in() {
    let hub = open().await;
    let (jinnah, aga) = (hub.hospital("jinnah").await, hub.hospital("aga").await);
    let (admin, cora) = (hub.admin().await, hub.coordinator("cora").await);
    let ali = hub.doctor_of(&jinnah, "Ali", "Mehmood").await;
    let sara = hub.doctor_of(&aga, "Sara", "Khan").await;
    let ana = hub.patient("ana", ANA).await;
    for doctor in [&ali, &sara] {
        assigned(&admin, &ana.id_as("pat"), doctor).await;
    }
    let path = format!("/api/patients/{}/documents", ana.id_as("pat"));
    let card = upload(&ana, &path, &[("document_type", "INSURANCE_CARD")]).await.ok();
    later(&hub);
    let blood = upload(&ana, &path, &[("document_type", "LAB_REPORT")]).await.ok();
    later(&hub);
    let letter = upload(&ali, &path, &[("document_type", "MEDICAL_REPORT")]).await.ok();
    let [card, blood, letter] = [&card, &blood, &letter].map(id_of);
    let ids = async |person: &Caller<'_>| {
        let list = person.get(&path).await.ok();
        each(&list, "id").into_iter().map(str::to_owned).collect::<Vec<_>>()
    };

    for person in [&ana, &admin] {
        assert_eq!(ids(person).await, [letter, blood, card]);
    }
    // The letter is Ali's own, and his hospital's.
    for person in [&ali, &jinnah] {
        assert_eq!(ids(person).await, [letter, card]);
    }
    for person in [&sara, &aga] {
        assert_eq!(ids(person).await, [card]);
    }
    for paper in [format!("{path}/{blood}"), format!("{path}/{blood}/versions")] {
        for doctor in [&ali, &sara] {
            assert_eq!(doctor.get(&paper).await.refusal(), "403 grant-required");
        }
        for person in [&jinnah, &aga, &cora] {
            assert_eq!(person.get(&paper).await.refusal(), "404 not-found");
        }
    }
    let_in(&hub, &sara, ANA).await;
    assert_eq!(ids(&sara).await, [letter, blood, card]);
    assert_eq!(sara.get(format!("{path}/{blood}")).await.ok()["file_status"], "CLEAN");
    hub.clock.advance(SignedDuration::from_mins(30));
    let sara = hub.sign_in(sara.user["username"].as_str().unwrap(), PASSWORD).await;
    assert_eq!(ids(&sara).await, [card], "the grant is over");
}

/// A doctor whom the patient let in reads what was shown of their health, and not who they are.
#[tokio::test]
async fn whoever_was_let_in_reads_what_patients_show_of_their_health() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", ANA).await;
    let path = format!("/api/patients/{}/documents", ana.id_as("pat"));
    upload(&ana, &path, &[("document_type", "ID_PROOF")]).await.ok();
    let blood = upload(&ana, &path, &[("document_type", "LAB_REPORT")]).await.ok();

    assert_eq!(ali.get(&path).await.refusal(), "404 not-found");
    let_in(&hub, &ali, ANA).await;

    assert_eq!(each(&ali.get(&path).await.ok(), "id"), [id_of(&blood)]);
}

/// 002-P15, 002-P18: admins say whether a patient's document is genuine, until it says something
/// else; and only of what they saw.
#[tokio::test]
async fn admins_verify_what_patients_show() {
    let hub = open().await;
    let (admin, hospital) = (hub.admin().await, hub.hospital("jinnah").await);
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", ANA).await;
    assigned(&admin, &ana.id_as("pat"), &ali).await;
    let path = format!("/api/patients/{}/documents", ana.id_as("pat"));
    let document = upload(&ana, &path, &[("document_type", "INSURANCE_CARD")]).await.ok();
    let one = format!("{path}/{}", id_of(&document));
    let finding = json!({"notes": "Seen at the desk."});

    for nobody in [&ana, &ali, &hospital] {
        let reply = nobody.post(format!("{one}/verify"), &finding).await;
        assert_eq!(reply.refusal(), "403 forbidden");
    }
    let verified = admin.post(format!("{one}/verify"), &finding).await;
    let changed = ana.patch(&one, json!({"title": "Card"})).await.ok();
    let late = admin.with_header("if-match", verified.header("etag"));
    assert_eq!(
        late.post(format!("{one}/verify"), &finding).await.refusal(),
        "412 precondition-failed"
    );
    let verified = verified.ok();

    assert_eq!(verified["is_verified"], true);
    assert_eq!(
        (&verified["verified_by"], &verified["verified_at"]),
        (&json!(admin.id()), &json!(NOW))
    );
    assert_eq!(verified["verification_notes"], "Seen at the desk.");
    assert_eq!((&changed["is_verified"], &changed["verified_by"]), (&json!(false), &Value::Null));
}

/// 002-D21, 002-D22, 002-D23, 002-D24, 002-D25, 002-D26: what a doctor shows is for the doctor,
/// the hospital and admins, although everybody may see the doctor.
#[tokio::test]
async fn documents_of_doctors_are_never_public() {
    let hub = open().await;
    let (admin, hospital) = (hub.admin().await, hub.hospital("jinnah").await);
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let sara = hub.doctor_of(&hospital, "Sara", "Khan").await;
    let (aga, cora) = (hub.hospital("aga").await, hub.coordinator("cora").await);
    let ana = hub.patient("ana", ANA).await;
    let path = format!("/api/doctors/{}/documents", ali.id_as("doc"));
    let fields = [("document_type", "license"), ("title", "Licence")];

    let document = upload(&ali, &path, &fields).await.ok();
    assert_eq!(
        (&document["document_type"], &document["shelf"]),
        (&json!("LICENSE"), &json!("DOCTOR"))
    );
    let one = format!("{path}/{}", id_of(&document));
    for stranger in [&ana, &sara, &aga, &cora] {
        for path in [&path, &one] {
            assert_eq!(stranger.get(path).await.refusal(), "404 not-found");
        }
        assert_eq!(upload(stranger, &path, &fields).await.refusal(), "404 not-found");
        let verify = stranger.post(format!("{one}/verify"), json!({})).await;
        assert_eq!(verify.refusal(), "404 not-found");
    }
    for person in [&ali, &hospital, &admin] {
        let list = person.get(format!("/api/admin{}", &path[4..])).await.ok();
        assert_eq!(each(&list, "id"), [id_of(&document)]);
        assert_eq!(person.get(&one).await.ok()["title"], "Licence");
    }
    assert_eq!(ali.post(format!("{one}/verify"), json!({})).await.refusal(), "403 forbidden");
    let refused = json!({"is_verified": false, "verification_notes": "It has run out."});
    let found = hospital.post(format!("{one}/verify"), refused).await.ok();
    assert_eq!(
        (&found["is_verified"], &found["verified_by"]),
        (&json!(false), &json!(hospital.id()))
    );
    assert_eq!(found["verification_notes"], "It has run out.");
    let changed = ali.patch(&one, json!({"document_type": "OTHER"})).await.ok();
    assert_eq!((&changed["document_type"], &changed["version"]), (&json!("OTHER"), &json!(3)));
    assert_eq!(hospital.delete(&one).await.refusal(), "403 forbidden");
    assert_eq!(ali.delete(&one).await.status, 204);
    assert_eq!(each(&ali.get(&path).await.ok(), "id"), [""; 0]);
}

/// 002-D21: whoever entered a doctor keeps the documents of the doctor.
#[tokio::test]
async fn who_entered_a_doctor_keeps_the_documents() {
    let hub = open().await;
    let (cora, carl) = (hub.coordinator("cora").await, hub.coordinator("carl").await);
    let entry = json!({
        "name": "Dora Dietz", "specialization": "Surgery", "email": "dora@example.org",
        "phone": "+923003330000", "license_number": "L-1",
    });
    let dora = cora.post("/api/doctors/create", entry).await.ok();
    let path = format!("/api/doctors/{}/documents", id_of(&dora));

    let document = upload(&cora, &path, &[("document_type", "DEGREE_CERTIFICATE")]).await.ok();

    assert_eq!(each(&cora.get(&path).await.ok(), "id"), [id_of(&document)]);
    assert_eq!(carl.get(&path).await.refusal(), "404 not-found");
}

/// 002-K24, 002-K25, 002-K26, 002-K27, 002-K28, 002-K29: who takes part in a visit shares its
/// documents.
#[tokio::test]
async fn documents_of_visits_are_shared_by_those_who_take_part() {
    let hub = open().await;
    let visit = Visit::of(&hub).await;
    let Visit { hospital, ali, ana, path } = &visit;
    let sara = hub.doctor_of(hospital, "Sara", "Khan").await;
    let (admin, aga) = (hub.admin().await, hub.hospital("aga").await);
    let bea = hub.patient("bea", "+923007654321").await;

    let fields = [("attachment_type", "xray"), ("title", "Hand"), ("description", "Left.")];
    let document = upload(ana, path, &fields).await.ok();
    later(&hub);
    let scan = upload(ali, path, &[("attachment_type", "SCAN")]).await.ok();
    assert_eq!(
        (&document["attachment_type"], &document["shelf"]),
        (&json!("XRAY"), &json!("VISIT"))
    );
    assert_eq!(document["doctor_name"], "Ali Mehmood");
    let one = format!("{path}/{}", id_of(&document));
    for person in [ana, ali, hospital, &admin] {
        let list = person.get(path).await.ok();
        assert_eq!(each(&list, "id"), [id_of(&scan), id_of(&document)]);
        let list = person.get(format!("{path}?attachment_type=XRAY")).await.ok();
        assert_eq!(each(&list, "id"), [id_of(&document)]);
        person.get(&one).await.ok();
    }
    for stranger in [&sara, &aga, &bea] {
        for path in [path, &one] {
            assert_eq!(stranger.get(path).await.refusal(), "404 not-found");
        }
        assert_eq!(upload(stranger, path, &fields).await.refusal(), "404 not-found");
    }
    let wrong = upload(ana, path, &[("attachment_type", "LICENSE")]).await.problem();
    assert_eq!(wrong.errors[0].pointer, "/document_type");
    assert_eq!(ali.patch(&one, json!({"title": "x"})).await.refusal(), "403 forbidden");
    assert_eq!(ana.patch(&one, json!({"title": "x"})).await.ok()["version"], 2);
    assert_eq!(ana.get(format!("{one}/versions")).await.ok()["count"], 2);
    assert_eq!(ana.delete(&one).await.status, 204);
    assert_eq!(each(&ali.get(path).await.ok(), "id"), [id_of(&scan)]);
}

/// 002-K25: what was called off takes no documents.
#[tokio::test]
async fn a_visit_that_was_called_off_takes_no_documents() {
    let hub = open().await;
    let visit = Visit::of(&hub).await;
    let Visit { ali, ana, path, .. } = &visit;
    let cancel = path.replace("/documents", "/cancel");
    let before = upload(ana, path, &[("attachment_type", "IMAGE")]).await.ok();
    ali.post(cancel, json!({"reason": "Ill."})).await.ok();

    let reply = upload(ana, path, &[("attachment_type", "IMAGE")]).await;

    assert_eq!(reply.refusal(), "409 consultation-locked");
    assert_eq!(each(&ana.get(path).await.ok(), "id"), [id_of(&before)]);
}

/// 000-29, 002-P16, 002-K26: a link to what is about somebody else leaves a line, whoever filed it.
#[tokio::test]
async fn a_link_to_a_file_is_noted() {
    let hub = open().await;
    let visit = Visit::of(&hub).await;
    let Visit { hospital, ali, ana, path } = &visit;
    let theirs = upload(ana, path, &[("attachment_type", "IMAGE")]).await.ok();
    let own = upload(ali, path, &[("attachment_type", "IMAGE")]).await.ok();

    for document in [&theirs, &own] {
        for person in [ana, ali] {
            person.get(format!("{path}/{}", id_of(document))).await.ok();
            later(&hub);
        }
    }
    hospital.get(format!("{path}/{}", id_of(&own))).await.ok();

    let lines = looks(ana, "FILE_DOWNLOADED").await;
    let who: Vec<_> =
        lines.iter().map(|(who, facts)| (who.clone(), facts["file"].clone())).collect();
    assert_eq!(
        who,
        [
            (json!(hospital.id()), own["file"].clone()),
            (json!(ali.id()), own["file"].clone()),
            (json!(ali.id()), theirs["file"].clone()),
        ]
    );
}

struct Visit<'h> {
    hospital: Caller<'h>,
    ali: Caller<'h>,
    ana: Caller<'h>,
    path: String,
}

impl<'h> Visit<'h> {
    async fn of(hub: &'h TestHub) -> Self {
        let hospital = hub.hospital("jinnah").await;
        let ali = hub.bookable(&hospital, "Ali", "Mehmood").await;
        let ana = hub.patient("ana", ANA).await;
        let body = json!({
            "doctor": ali.id_as("doc"), "scheduled_date": "2030-01-08", "scheduled_time": "10:00",
        });
        let agreed = ana.post("/api/consultations", body).await.ok();
        let path = format!("/api/consultations/{}/documents", id_of(&agreed));
        Self { hospital, ali, ana, path }
    }
}

/// What is made within an instant has no order.
fn later(hub: &TestHub) {
    hub.clock.advance(SignedDuration::from_secs(1));
}

async fn report(by: &Caller<'_>, patient: &Caller<'_>, fields: &[(&str, &str)]) -> Reply {
    let path = format!("/api/records/patients/{}/reports/upload", patient.id_as("pat"));
    upload(by, &path, fields).await
}

async fn upload(by: &Caller<'_>, path: &str, fields: &[(&str, &str)]) -> Reply {
    by.upload(path, fields, &[("file", "paper.pdf", files::pdf())]).await
}

fn sha256(bytes: &[u8]) -> String {
    carehub_domain::file::Checksum::of(bytes).to_string()
}
