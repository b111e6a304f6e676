//! Files on their way in: announced or sent along, looked into, and given out again.

use carehub_api::limit::Bucket;
use carehub_testkit::{Caller, Fault, TestHub, files};
use housekeeping::{Chore, Done, Tidied};
use inspector::{Arrival, Inspector, Outcome};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{PASSWORD, People, id_of, inspect, let_in, open, open_limiting, perform};

const ANA: &str = "+923001234567";
const BEA: &str = "+923007654321";
const MEGABYTE: usize = 1024 * 1024;

#[tokio::test]
async fn a_file_is_announced_sent_looked_into_and_saved() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let scan = files::pdf_of(9 * MEGABYTE);

    let reply = announce(&ana, "Röntgen links.pdf", &scan).await;
    let invitation = reply.ok();
    let upload = reply.header("location").to_owned();
    let pending = ana.get(&upload).await.ok();
    let sent = hub.put(&invitation, scan.clone()).await;
    inspect(&hub).await;
    let clean = ana.get(&upload).await.ok();
    let saved = hub.fetch(clean["file_url"].as_str().unwrap()).await;

    assert_eq!((reply.status.as_u16(), sent.as_u16()), (201, 200));
    assert_eq!(upload, format!("/api/uploads/{}", invitation["upload_id"].as_str().unwrap()));
    assert_eq!((&pending["file_status"], &pending["file_url"]), (&json!("PENDING"), &Value::Null));
    assert_eq!(clean["file_status"], "CLEAN");
    assert_eq!(clean["file_name"], "Röntgen links.pdf");
    assert_eq!(clean["file_size"], 9 * MEGABYTE);
    assert_eq!(clean["content_type"], "application/pdf");
    assert_eq!(saved.body, scan);
    assert_eq!(saved.header("content-type"), "application/pdf");
    assert_eq!(
        saved.header("content-disposition"),
        "attachment; filename=\"R_ntgen links.pdf\"; filename*=UTF-8''R%C3%B6ntgen%20links.pdf"
    );
}

#[tokio::test]
async fn an_invitation_is_for_one_file_and_a_quarter_of_an_hour() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let scan = files::pdf();
    let invitation = announce(&ana, "scan.pdf", &scan).await.ok();
    let url = invitation["url"].as_str().unwrap();
    let without = |header: &str| {
        let mut invitation = invitation.clone();
        invitation["headers"].as_object_mut().unwrap().remove(header);
        invitation
    };
    let mut other = invitation.clone();
    other["headers"]["content-type"] = json!("text/html");

    let longer = hub.put(&invitation, [scan.as_slice(), b"\n"].concat()).await;
    let mut changed = scan.clone();
    changed[10] ^= 1;
    let changed = hub.put(&invitation, changed).await;
    let retyped = hub.put(&other, scan.clone()).await;
    let undigested = hub.put(&without("x-amz-checksum-sha256"), scan.clone()).await;
    let sent = hub.put(&invitation, scan).await;

    assert_eq!((longer.as_u16(), retyped.as_u16(), undigested.as_u16()), (403, 403, 403));
    assert_eq!((changed.as_u16(), sent.as_u16()), (400, 200));
    assert!(url.contains("X-Amz-Date=20300107T080000Z&X-Amz-Expires=900"), "{url}");
    assert!(url.contains("content-length%3Bcontent-type%3Bhost%3Bx-amz-checksum-sha256"), "{url}");
    assert_eq!(invitation["expires_at"], "2030-01-07T08:15:00Z");
}

/// 000-C11: size, name and type are looked at before a file is sent.
#[tokio::test]
async fn files_of_more_than_ten_megabytes_and_of_other_kinds_cannot_be_announced() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let digest = "0".repeat(64);
    let body = |name: &str, size: usize| json!({"file_name": name, "size": size, "sha256": digest});

    let most = ana.post("/api/uploads/presign", body("scan.pdf", 10 * MEGABYTE)).await;
    let large = ana.post("/api/uploads/presign", body("scan.pdf", 10 * MEGABYTE + 1)).await;
    let empty = ana.post("/api/uploads/presign", body("scan.pdf", 0)).await;
    let page = ana.post("/api/uploads/presign", body("scan.html", 10)).await;
    let mut mixed = body("scan.pdf", 10);
    mixed["content_type"] = json!("image/png");
    let mixed = ana.post("/api/uploads/presign", mixed).await;
    let bare = ana.post("/api/uploads/presign", json!({})).await;
    let stranger = hub.visitor().post("/api/uploads/presign", body("scan.pdf", 10)).await;

    assert_eq!(most.status, 201);
    assert_eq!(large.refusal(), "413 too-large");
    assert_eq!(pointers(&empty.problem()), ["/size"]);
    assert_eq!(pointers(&page.problem()), ["/file_name"]);
    assert_eq!(pointers(&mixed.problem()), ["/file_name"]);
    assert_eq!(pointers(&bare.problem()), ["/file_name", "/size", "/sha256"]);
    assert_eq!(stranger.refusal(), "401 unauthenticated");
}

/// 000-C11: content has to be what name and type say.
#[tokio::test]
async fn what_is_not_what_it_says_is_turned_away_and_its_uploader_reads_why() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;

    for (name, bytes, why) in [
        ("scan.jpg", files::pdf(), "the content of the file is not what its name says"),
        ("scan.pdf", [files::pdf(), files::docx()].concat(), "the file is of two kinds at once"),
        ("letter.docx", files::bomb(), "the file becomes too large when it is opened"),
        (
            "letter.docx",
            files::docx_with(&[("word/vbaProject.bin", b"")]),
            "the file holds macros or other programs",
        ),
    ] {
        let upload = send(&hub, &ana, name, bytes).await;
        inspect(&hub).await;

        let rejected = ana.get(format!("/api/uploads/{upload}")).await.ok();
        assert_eq!(rejected["file_status"], "REJECTED", "{name}");
        assert_eq!((&rejected["file_problem"], &rejected["file_url"]), (&json!(why), &Value::Null));
        let used = report(&ana, &upload).await;
        assert_eq!(pointers(&used.problem()), ["/upload_id"]);
        assert!(used.text().contains(why));
    }
}

/// 000-28, 000-C11: a report comes with its file, and the file is looked into at once.
#[tokio::test]
async fn what_comes_with_a_form_is_looked_into_at_once() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let path = reports_of(&ana);
    let fields = [("file_type", "XRAY"), ("title", "Hand")];

    let taken = ana.upload(&path, &fields, &[("file", "hand.jpg", files::located_jpeg())]).await;
    let wrong = ana.upload(&path, &fields, &[("file", "hand.jpg", files::pdf())]).await;
    let none = ana.upload(&path, &fields, &[("file", "", Vec::new())]).await;
    let named = ana.upload(&path, &fields, &[("picture", "hand.jpg", files::jpeg())]).await;
    let large = files::pdf_of(4 * MEGABYTE + 1);
    let large = ana.upload(&path, &fields, &[("file", "hand.pdf", large)]).await;
    let huge = files::pdf_of(5 * MEGABYTE);
    let huge = ana.upload(&path, &fields, &[("file", "hand.pdf", huge)]).await;

    let view = taken.ok();
    let view = view.get("report").unwrap_or(&view);
    assert_eq!(view["file_status"], "CLEAN");
    let saved = hub.fetch(view["file_url"].as_str().unwrap()).await;
    assert!(!saved.text().contains("GPS"), "a picture does not say where it was taken");
    assert_eq!(pointers(&wrong.problem()), ["/file"]);
    assert_eq!(pointers(&none.problem()), ["/file"]);
    assert_eq!(pointers(&named.problem()), ["/picture"]);
    assert_eq!(
        (large.refusal().as_str(), huge.refusal().as_str()),
        ("413 too-large", "413 too-large")
    );
    let listed = ana.get("/api/records/my-reports").await.ok();
    assert_eq!(listed["results"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn four_megabytes_come_with_a_form() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let fields = [("file_type", "MRI"), ("title", "Knee")];
    let scan = files::pdf_of(4 * MEGABYTE);

    let taken = ana.upload(reports_of(&ana), &fields, &[("file", "knee.pdf", scan)]).await;

    assert_eq!(taken.status, 201, "{}", taken.text());
}

#[tokio::test]
async fn an_upload_is_for_its_uploader_and_for_one_document() {
    let hub = open().await;
    let (ana, bea) = (hub.patient("ana", ANA).await, hub.patient("bea", BEA).await);
    let upload = send(&hub, &ana, "scan.pdf", files::pdf()).await;

    let hers = bea.get(format!("/api/uploads/{upload}")).await;
    let stolen = report(&bea, &upload).await;
    let first = report(&ana, &upload).await;
    inspect(&hub).await;
    let again = report(&ana, &upload).await;
    let nobodys = report(&ana, "fil_01J9Z3K8Q4N6V2X5Y7W0B1C2D3").await;
    let no_id = report(&ana, "scan.pdf").await;

    assert_eq!(hers.refusal(), "404 not-found");
    assert_eq!(stolen.refusal(), "404 not-found");
    // It was not looked into yet, and is by now.
    let view = first.ok();
    assert_eq!(view.get("report").unwrap_or(&view)["file_status"], "PENDING");
    let listed = ana.get("/api/records/my-reports").await.ok();
    assert_eq!(listed["results"][0]["file_status"], "CLEAN");
    assert_eq!(again.refusal(), "409 upload-used");
    assert_eq!(nobodys.refusal(), "404 not-found");
    assert_eq!(pointers(&no_id.problem()), ["/upload_id"]);
}

#[tokio::test]
async fn an_upload_that_a_document_holds_gives_no_link_by_itself() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let ali = hub.doctor_of(&hub.hospital("jinnah").await, "Ali", "Mehmood").await;
    let file = send(&hub, &ali, "scan.pdf", files::pdf()).await;
    inspect(&hub).await;
    let upload = format!("/api/uploads/{file}");
    assert!(ali.get(&upload).await.ok()["file_url"].is_string());
    let_in(&hub, &ali, ANA).await;

    let body = json!({"file_type": "LAB", "title": "Blood", "upload_id": file});
    let filed = ali.post(reports_of(&ana), body).await.ok();

    let report = format!("/api/records/reports/{}", id_of(&filed["report"]));
    assert!(ali.get(&report).await.ok()["file_url"].is_string());
    hub.clock.advance(SignedDuration::from_mins(30));
    assert_eq!(ali.get(&report).await.refusal(), "404 not-found");
    let held = ali.get(&upload).await.ok();
    assert_eq!((&held["file_status"], &held["file_url"]), (&json!("CLEAN"), &Value::Null));
}

#[tokio::test]
async fn of_two_who_claim_an_upload_at_once_one_wins() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let upload = send(&hub, &ana, "scan.pdf", files::pdf()).await;

    let (one, two) = tokio::join!(report(&ana, &upload), report(&ana, &upload));

    let mut answers = [one.status.as_u16(), two.status.as_u16()];
    answers.sort_unstable();
    assert_eq!(answers, [201, 409]);
}

#[tokio::test]
async fn looking_twice_changes_nothing_and_strays_are_deleted() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let invitation = announce(&ana, "scan.pdf", &files::pdf()).await.ok();
    let upload = invitation["upload_id"].as_str().unwrap();
    hub.put(&invitation, files::pdf()).await;
    let [key] = hub.arrived().try_into().unwrap();

    let outcomes = [look(&hub, &key).await, look(&hub, &key).await];
    let before = ana.get(format!("/api/uploads/{upload}")).await;
    // The same once more, as its invitation still stands.
    hub.put(&invitation, files::pdf()).await;
    let again = look(&hub, &key).await;
    let stray = look(&hub, "quarantine/fil_01J9Z3K8Q4N6V2X5Y7W0B1C2D3").await;
    let odd = look(&hub, "quarantine/../clean/x").await;

    assert_eq!(outcomes, [Outcome::Cleared, Outcome::Settled]);
    assert_eq!((again, stray, odd), (Outcome::Settled, Outcome::Stray, Outcome::Stray));
    let after = ana.get(format!("/api/uploads/{upload}")).await;
    assert_eq!(before.ok()["file_status"], "CLEAN");
    assert_eq!(before.text(), after.text());
    let left = hub.state.objects.arrived(upload.parse().unwrap()).await.unwrap();
    assert_eq!(left, None, "nothing stays in quarantine");
}

#[tokio::test]
async fn an_inspection_that_is_interrupted_anywhere_is_made_good_later() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;

    for passing in 0..4 {
        let upload = send(&hub, &ana, "scan.pdf", files::pdf()).await;
        let [key] = hub.arrived().try_into().unwrap();
        hub.faults.strike(Fault::Cut, passing);
        let first = inspector(&hub).inspect(Arrival::at(&key), hub.state.clock.now()).await;
        let struck = hub.faults.cease();

        assert_eq!(first.is_err(), struck, "{first:?}");
        if struck {
            look(&hub, &key).await;
        }
        let clean = ana.get(format!("/api/uploads/{upload}")).await.ok();
        assert_eq!(clean["file_status"], "CLEAN");
    }
}

#[tokio::test]
async fn what_does_not_arrive_is_given_up_and_what_nobody_claims_is_deleted() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let awaited = announce(&ana, "scan.pdf", &files::pdf()).await.ok();
    let awaited = awaited["upload_id"].as_str().unwrap();
    report(&ana, awaited).await.ok();
    let forgotten = announce(&ana, "other.pdf", &files::pdf()).await.ok();
    let unclaimed = send(&hub, &ana, "extra.pdf", files::pdf()).await;
    inspect(&hub).await;
    let link = ana.get(format!("/api/uploads/{unclaimed}")).await.ok();
    let link = link["file_url"].as_str().unwrap();

    hub.clock.advance(SignedDuration::from_mins(59));
    let early = tidy(&hub).await;
    hub.clock.advance(SignedDuration::from_mins(1));
    let late = tidy(&hub).await;
    let ana = hub.sign_in("ana", PASSWORD).await;
    let listed = ana.get("/api/records/my-reports").await.ok();
    let upload = ana.get(format!("/api/uploads/{awaited}")).await.ok();
    hub.clock.advance(SignedDuration::from_hours(23));
    let ana = hub.sign_in("ana", PASSWORD).await;
    let spoilt = report(&ana, &unclaimed).await;
    hub.clock.advance(SignedDuration::from_hours(1));
    let last = tidy(&hub).await;
    let nothing = tidy(&hub).await;
    let ana = hub.sign_in("ana", PASSWORD).await;

    assert_eq!(early, Tidied::default());
    assert_eq!(late, Tidied { late: 2, ..Tidied::default() });
    assert_eq!(listed["results"][0]["file_status"], "REJECTED");
    assert_eq!(upload["file_problem"], "the file did not arrive in time");
    assert_eq!(spoilt.refusal(), "404 not-found", "it is about to go");
    assert_eq!(last, Tidied { forgotten: 2, ..Tidied::default() });
    assert_eq!(nothing, Tidied::default());
    for gone in [&unclaimed, forgotten["upload_id"].as_str().unwrap()] {
        assert_eq!(ana.get(format!("/api/uploads/{gone}")).await.refusal(), "404 not-found");
    }
    assert_eq!(hub.fetch(link).await.status, 404);
    assert_eq!(ana.get(format!("/api/uploads/{awaited}")).await.status, 200);
}

#[tokio::test]
async fn nothing_is_kept_of_a_file_that_was_given_up_while_it_was_looked_into() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let upload = send(&hub, &ana, "scan.pdf", files::pdf()).await;
    let [key] = hub.arrived().try_into().unwrap();
    let file = hub.state.store.files().recorded(upload.parse().unwrap()).await.unwrap().unwrap();

    // The inspector dies between the two: the content is kept, and nothing says so.
    hub.state.objects.keep(&file, files::pdf()).await.unwrap();
    hub.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(tidy(&hub).await, Tidied { late: 1, ..Tidied::default() });
    let link = hub.state.objects.link(&file, hub.state.clock.now()).await.unwrap();
    assert_eq!(hub.fetch(&link).await.status, 200);
    let outcome = look(&hub, &key).await;

    assert_eq!(outcome, Outcome::Settled);
    assert_eq!(hub.fetch(&link).await.status, 404);
}

#[tokio::test]
async fn files_leave_lines_in_the_log_that_say_nothing_of_them() {
    let hub = open().await;
    let admin = hub.admin().await;
    let ana = hub.patient("ana", ANA).await;
    let clean = send(&hub, &ana, "canary-name.pdf", files::pdf()).await;
    let wrong = send(&hub, &ana, "canary-name.png", files::pdf()).await;
    hub.clock.advance(SignedDuration::from_secs(1));
    inspect(&hub).await;
    hub.clock.advance(SignedDuration::from_hours(26));
    tidy(&hub).await;
    let admin = hub.sign_in(admin.user["username"].as_str().unwrap(), PASSWORD).await;

    let log = admin.get("/api/accounts/audit-logs?limit=100").await;

    let lines = log.ok();
    let of = |file: &str| -> Vec<_> {
        let lines = lines["results"].as_array().unwrap().iter().rev();
        let lines = lines.filter(|line| line.to_string().contains(file));
        lines.map(|line| line["action"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(of(&clean), ["FILE_UPLOADED", "FILE_CLEARED", "FILE_DELETED"]);
    assert_eq!(of(&wrong), ["FILE_UPLOADED", "FILE_REJECTED", "FILE_DELETED"]);
    assert!(!log.text().contains("canary"), "{}", log.text());
}

#[tokio::test]
async fn uploads_are_limited_to_ten_a_minute() {
    let hub = open_limiting(Bucket::Upload).await;
    let ana = hub.patient("ana", ANA).await;
    let fields = [("file_type", "LAB"), ("title", "Blood")];

    for _ in 0..9 {
        announce(&ana, "scan.pdf", &files::pdf()).await.ok();
    }
    let tenth = ana.upload(reports_of(&ana), &fields, &[("file", "a.pdf", files::pdf())]).await;
    let more = ana.upload(reports_of(&ana), &fields, &[("file", "a.pdf", files::pdf())]).await;
    let announced = announce(&ana, "scan.pdf", &files::pdf()).await;

    assert_eq!(tenth.status, 201);
    assert_eq!(more.refusal(), "429 too-many-requests");
    assert_eq!(announced.refusal(), "429 too-many-requests");
}

#[tokio::test]
async fn a_form_with_a_file_is_answered_once_whatever_stands_between_its_parts() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await.with_header("idempotency-key", "report-1");
    let form = |boundary: &str, title: &str| {
        let part = |head: &str, body: &str| {
            format!("--{boundary}\r\ncontent-disposition: form-data; {head}\r\n\r\n{body}\r\n")
        };
        let pdf = String::from_utf8(files::pdf()).unwrap();
        let parts = [
            part("name=\"file_type\"", "LAB"),
            part("name=\"title\"", title),
            part("name=\"file\"; filename=\"a.pdf\"", &pdf),
        ];
        format!("{}--{boundary}--\r\n", parts.concat()).into_bytes()
    };
    let post = async |boundary: &str, title: &str| {
        let media = format!("multipart/form-data; boundary={boundary}");
        let caller = ana.with_header("content-type", media);
        caller.send_bytes(http::Method::POST, &reports_of(&ana), form(boundary, title)).await
    };

    let first = post("first", "Blood").await;
    let again = post("second-try", "Blood").await;
    let other = post("third", "Urine").await;

    assert_eq!(first.status, 201, "{}", first.text());
    assert_eq!(first.ok(), again.ok());
    assert_eq!(other.refusal(), "409 idempotency-key-reused");
}

/// Announces a file.
pub(crate) async fn announce(
    caller: &Caller<'_>,
    name: &str,
    bytes: &[u8],
) -> carehub_testkit::Reply {
    let sha256 = carehub_domain::file::Checksum::of(bytes);
    let body = json!({"file_name": name, "size": bytes.len(), "sha256": sha256});
    caller.post("/api/uploads/presign", body).await
}

/// Announces and sends a file. Gives back the identifier of the upload.
pub(crate) async fn send(hub: &TestHub, caller: &Caller<'_>, name: &str, bytes: Vec<u8>) -> String {
    let invitation = announce(caller, name, &bytes).await.ok();
    assert_eq!(hub.put(&invitation, bytes).await, 200);
    invitation["upload_id"].as_str().unwrap().to_owned()
}

/// Files a report of the patient's own, which was uploaded before.
async fn report(patient: &Caller<'_>, upload: &str) -> carehub_testkit::Reply {
    let body = json!({"file_type": "LAB", "title": "Blood", "upload_id": upload});
    patient.post(reports_of(patient), body).await
}

fn reports_of(patient: &Caller<'_>) -> String {
    format!("/api/records/patients/{}/reports/upload", patient.id_as("pat"))
}

fn inspector(hub: &TestHub) -> Inspector {
    Inspector { store: hub.state.store.clone(), objects: hub.state.objects.clone() }
}

async fn look(hub: &TestHub, key: &str) -> Outcome {
    inspector(hub).inspect(Arrival::at(key), hub.state.clock.now()).await.unwrap()
}

async fn tidy(hub: &TestHub) -> Tidied {
    match perform(hub, Chore::Files).await.unwrap() {
        Done::Tidied(tidied) => tidied,
        other => panic!("{other:?}"),
    }
}

fn pointers(problem: &carehub_api::error::Problem) -> Vec<&str> {
    problem.errors.iter().map(|error| error.pointer.as_str()).collect()
}
