//! Notes about patients: written by those who care, and read by patients unless they are private.

use carehub_testkit::{Caller, Reply, TestHub};
use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{People, assigned, each, entered, id_of, looks, open};

const ANA: &str = "+923001234567";

/// 002-P22: a doctor writes a note about a patient, which is private unless they say otherwise.
#[tokio::test]
async fn a_doctor_writes_a_note() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;

    let reply = ward.ali.post(&ward.notes, json!({"note": " Prefers mornings. "})).await;

    let note = reply.ok();
    assert_eq!(reply.status, 201);
    assert_eq!(
        note,
        json!({
            "id": note["id"], "patient": ward.ana.id_as("pat"), "note": "Prefers mornings.",
            "is_private": true, "created_by": ward.ali.id(), "created_by_name": "Ali Mehmood",
            "created_at": "2030-01-07T08:00:00Z", "updated_at": "2030-01-07T08:00:00Z",
        })
    );
    let shown = ward.ali.get(reply.header("location")).await;
    assert_eq!(shown.ok(), note);
    assert_eq!(shown.header("etag"), reply.header("etag"));
}

/// 002-P22: a note says something, and is read by its older names.
#[tokio::test]
async fn a_note_has_text_and_nothing_unknown() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let bodies = [
        json!({}),
        json!({"note": "  "}),
        json!({"note": 7}),
        json!({"note": "x".repeat(5001)}),
        json!({"note": "x", "is_private": "perhaps"}),
        json!({"note": "x", "colour": "red"}),
    ];

    let replies = join_all(bodies.map(|body| ward.ali.post(&ward.notes, body))).await;

    let pointers: Vec<_> =
        replies.iter().map(|reply| reply.problem().errors[0].pointer.clone()).collect();
    assert_eq!(pointers, ["/note", "/note", "/note", "/note", "/is_private", "/colour"]);
    for name in ["text", "content"] {
        let note = ward.ali.post(&ward.notes, json!({name: "Old client."})).await.ok();
        assert_eq!(note["note"], "Old client.");
    }
}

/// 002-P21: those who see the record list its notes, newest first; the patient those that are
/// not private.
#[tokio::test]
async fn notes_are_listed_and_private_ones_kept_from_the_patient() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, hospital, ali, ana, .. } = &ward;
    for (author, text, private) in
        [(ali, "One", true), (hospital, "Two", false), (admin, "Three", true), (ali, "Four", false)]
    {
        ward.write(author, text, private).await;
    }

    for path in ["/api/patients", "/api/admin/patients", "/api/v1/patients"] {
        let path = format!("{path}/{}/notes/", ana.id_as("pat"));
        for person in [admin, hospital, ali] {
            let list = person.get(&path).await.ok();
            assert_eq!(each(&list, "note"), ["Four", "Three", "Two", "One"]);
            assert_eq!(each(&list, "created_by_name")[1..3], ["Ada Min", "Olga Owner"]);
        }
        assert_eq!(each(&ana.get(&path).await.ok(), "note"), ["Four", "Two"]);
    }
}

/// 002-P21: the pages of a patient are full, however many notes are private.
#[tokio::test]
async fn pages_of_notes_are_full_for_the_patient_too() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    for number in 0..12 {
        ward.write(&ward.ali, &number.to_string(), number % 4 != 0).await;
    }

    let first = ward.ana.get(format!("{}?limit=2", ward.notes)).await.ok();
    let second = ward.ana.get(first["next"].as_str().unwrap()).await.ok();

    assert_eq!(each(&first, "note"), ["8", "4"]);
    assert_eq!(each(&second, "note"), ["0"]);
    assert_eq!(second["next"], Value::Null);
    let stranger = ward.ali.get(first["next"].as_str().unwrap()).await;
    assert_eq!(stranger.refusal(), "400 bad-cursor");
}

/// 002-P23: a note is read by those who see the record, by the patient if it is not private.
#[tokio::test]
async fn a_private_note_is_not_there_for_the_patient() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, hospital, ali, ana, .. } = &ward;
    let private = ward.write(ali, "Private", true).await;
    let open = ward.write(ali, "Open", false).await;

    let readers = [admin, hospital, ali, ana];
    let seen = async |note: &Value| {
        let replies = join_all(readers.map(|person| person.get(ward.at(note)))).await;
        replies.iter().map(|reply| reply.status.as_u16()).collect::<Vec<_>>()
    };

    assert_eq!(seen(&open).await, [200; 4]);
    assert_eq!(seen(&private).await, [200, 200, 200, 404]);
    let edit = ana.patch(ward.at(&private), json!({"is_private": false})).await;
    assert_eq!(edit.refusal(), "404 not-found");
    let path = format!("/api/admin/patients/{}/notes/{}/", ana.id_as("pat"), id_of(&private));
    assert_eq!(admin.get(path).await.ok(), private);
}

/// 002-P22: patients write no notes, not even about themselves.
#[tokio::test]
async fn patients_write_no_notes() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let note = ward.write(&ward.ali, "Open", false).await;

    let refusals = [
        ward.ana.post(&ward.notes, json!({"note": "Mine."})).await.refusal(),
        ward.ana.patch(ward.at(&note), json!({"note": "Mine."})).await.refusal(),
        ward.ana.delete(ward.at(&note)).await.refusal(),
    ];

    assert_eq!(refusals, ["403 forbidden"; 3]);
}

/// 002-P24, 002-P25: the author and admins change a note, in part, with either verb.
#[tokio::test]
async fn a_note_is_changed_by_its_author_and_by_admins() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, hospital, ali, ana, .. } = &ward;
    let note = ward.write(ali, "First", true).await;
    let other = format!("/api/admin/patients/{}/notes/{}/", ana.id_as("pat"), id_of(&note));

    let put = ali.put(ward.at(&note), json!({"note": "Second"})).await.ok();
    let patched = admin.patch(other, json!({"is_private": false})).await.ok();
    let colleague = hospital.patch(ward.at(&note), json!({"note": "Mine"})).await;
    let wrong = ali.patch(ward.at(&note), json!({"created_by": ali.id()})).await.problem();

    assert_eq!((&put["note"], &put["is_private"]), (&json!("Second"), &json!(true)));
    assert_eq!((&patched["note"], &patched["is_private"]), (&json!("Second"), &json!(false)));
    assert_eq!(patched["created_by_name"], "Ali Mehmood");
    assert_eq!(patched["updated_at"], "2030-01-07T08:00:01Z");
    assert_eq!(colleague.refusal(), "403 forbidden");
    assert_eq!(wrong.errors[0].pointer, "/created_by");
    assert_eq!(ana.get(ward.at(&note)).await.ok(), patched);
}

/// 002-P23, 002-P25, 002-P26: what a note said before is kept, and what was private before is kept
/// from the patient.
#[tokio::test]
async fn what_a_note_said_in_private_is_kept_from_the_patient() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, hospital, ali, ana, .. } = &ward;
    let strangers = [
        hub.patient("bea", "+923007654321").await,
        hub.doctor_of(&hub.hospital("aga").await, "Sara", "Khan").await,
        hub.coordinator("cora").await,
    ];
    let note = ward.write(ali, "Suspicion", true).await;
    let versions = format!("{}/versions", ward.at(&note));
    let change = async |change: Value| {
        ali.patch(ward.at(&note), change).await.ok();
        hub.clock.advance(SignedDuration::from_secs(1));
    };
    assert_eq!(ana.get(&versions).await.refusal(), "404 not-found");

    change(json!({"note": "Told", "is_private": false})).await;
    change(json!({"note": "Told again"})).await;

    let other = versions.replace("/api/", "/api/admin/");
    for path in [&versions, &other] {
        for reader in [admin, hospital, ali] {
            let list = reader.get(path).await.ok();
            assert_eq!(each(&list, "note"), ["Told again", "Told", "Suspicion"]);
            assert_eq!((&list["results"][2], &list["count"]), (&note, &json!(3)));
        }
        let seen = ana.get(path).await;
        assert_eq!(each(&seen.ok(), "note"), ["Told again", "Told"]);
        assert_eq!(seen.ok()["count"], 2);
        assert!(!seen.text().contains("Suspicion"));
        for stranger in &strangers {
            assert_eq!(stranger.get(path).await.refusal(), "404 not-found");
        }
        assert_eq!(hub.visitor().get(path).await.status, 401);
    }
    let lines = looks(ana, "PATIENT_VIEWED").await;
    let of_versions = lines.iter().filter(|(_, details)| details["versions"] == "3");
    let mut by: Vec<_> = of_versions.map(|(by, _)| by.clone()).collect();
    by.sort_by_key(ToString::to_string);
    let mut readers: Vec<_> =
        [admin, hospital, ali].repeat(2).iter().map(|reader| json!(reader.id())).collect();
    readers.sort_by_key(ToString::to_string);
    assert_eq!(by, readers);

    change(json!({"is_private": true})).await;
    assert_eq!(ana.get(&versions).await.refusal(), "404 not-found");
    ali.delete(ward.at(&note)).await.ok();
    for reader in [admin, hospital, ali, ana] {
        assert_eq!(reader.get(&versions).await.refusal(), "404 not-found");
    }
    let beginning = format!("past#note#{}#", id_of(&note));
    let mut kept = hub.items("clinical", &format!("patient#{}", ana.id_as("pat")));
    kept.retain(|item| item["sk"]["S"].as_str().unwrap().starts_with(&beginning));
    let kept: Vec<_> = kept.iter().map(|item| item["text"]["S"].as_str().unwrap()).collect();
    assert_eq!(kept, ["Suspicion", "Told", "Told again", "Told again"]);
}

/// 002-P23: what a note of a merged record said before is found with the record that stays.
#[tokio::test]
async fn versions_of_a_note_follow_a_merged_record() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, hospital, ana, .. } = &ward;
    let twin = entered(hospital, json!({"name": "Anna Diaz"})).await;
    let path = format!("/api/patients/{}/notes", id_of(&twin));
    let note = hospital.post(&path, json!({"note": "First", "is_private": false})).await.ok();
    hospital.patch(format!("{path}/{}", id_of(&note)), json!({"note": "Second"})).await.ok();
    let merge = format!("/api/patients/{}/merge", ana.id_as("pat"));
    admin.post(merge, json!({"duplicate": twin["id"]})).await.ok();

    let versions = ana.get(format!("{}/versions", ward.at(&note))).await.ok();

    assert_eq!(each(&versions, "note"), ["Second", "First"]);
}

/// 002-P25: who saw an older note changes nothing, and of two at once one does.
#[tokio::test]
async fn an_outdated_change_of_a_note_is_refused() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let note = ward.write(&ward.ali, "First", true).await;
    let seen = ward.ali.get(ward.at(&note)).await.header("etag").to_owned();
    let careful = ward.ali.with_header("if-match", seen);

    let replies = join_all(
        ["Second", "Third"].map(|text| careful.patch(ward.at(&note), json!({"note": text}))),
    )
    .await;
    let late = careful.delete(ward.at(&note)).await;

    let (made, refused): (Vec<_>, Vec<_>) =
        replies.iter().partition(|reply| reply.status.is_success());
    assert_eq!((made.len(), refused.len()), (1, 1));
    assert!(["409 note-stale", "412 precondition-failed"].contains(&&*refused[0].refusal()));
    assert_eq!(late.refusal(), "412 precondition-failed");
    assert_eq!(ward.ali.get(ward.at(&note)).await.ok(), made[0].ok());
}

/// 002-P26: a removed note is gone.
#[tokio::test]
async fn a_removed_note_is_gone() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, hospital, ali, ana, .. } = &ward;
    let note = ward.write(ali, "Gone", false).await;
    let other = ward.write(hospital, "Gone too", false).await;
    ward.write(hospital, "Stays", false).await;
    let colleague = hospital.delete(ward.at(&note)).await;

    let reply = ali.delete(ward.at(&note)).await;
    let by_admin = format!("/api/v1/admin/patients/{}/notes/{}", ana.id_as("pat"), id_of(&other));
    admin.delete(by_admin).await.ok();

    assert_eq!(colleague.refusal(), "403 forbidden");
    assert_eq!((reply.status.as_u16(), reply.text()), (204, String::new()));
    for person in [admin, hospital, ali, ana] {
        assert_eq!(person.get(ward.at(&note)).await.refusal(), "404 not-found");
        assert_eq!(person.delete(ward.at(&note)).await.refusal(), "404 not-found");
        assert_eq!(each(&person.get(&ward.notes).await.ok(), "note"), ["Stays"]);
    }
}

/// 002-P23: a note is found in the record it was written into and in no other.
#[tokio::test]
async fn a_note_is_not_found_in_another_record() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let note = ward.write(&ward.ali, "Ana's", false).await;
    let other = entered(&ward.ali, json!({"first_name": "Pia"})).await;

    let path = format!("/api/patients/{}/notes/{}", id_of(&other), id_of(&note));
    let replies = [
        ward.ali.get(&path).await,
        ward.ali.patch(&path, json!({"note": "Mine"})).await,
        ward.ali.delete(&path).await,
    ];

    assert!(replies.iter().all(|reply| reply.refusal() == "404 not-found"), "{replies:?}");
}

/// 002-P21: who knows the patient no longer reads no notes, not even their own.
#[tokio::test]
async fn notes_are_closed_to_who_no_longer_cares() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, ali, .. } = &ward;
    let note = ward.write(ali, "Mine", true).await;

    admin.delete(format!("/api/mappings/{}", id_of(&ward.care))).await.ok();

    let replies = [
        ali.get(&ward.notes).await,
        ali.get(ward.at(&note)).await,
        ali.patch(ward.at(&note), json!({"note": "Still mine"})).await,
        ali.post(&ward.notes, json!({"note": "Another"})).await,
    ];
    assert!(replies.iter().all(|reply| reply.refusal() == "404 not-found"), "{replies:?}");
    assert_eq!(each(&admin.get(&ward.notes).await.ok(), "note"), ["Mine"]);
}

/// 002-P22, 002-P25, 002-P26: what is done with notes is in the audit log, and what they say is not.
#[tokio::test]
async fn what_is_done_with_notes_is_in_the_audit_log() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let note = ward.write(&ward.ali, "canary", true).await;
    ward.ali.patch(ward.at(&note), json!({"note": "canary too"})).await.ok();

    ward.ali.delete(ward.at(&note)).await.ok();

    for action in ["NOTE_CREATED", "NOTE_UPDATED", "NOTE_DELETED"] {
        let path = format!("/api/accounts/audit-logs/?action={action}");
        let log: Reply = ward.admin.get(path).await;
        let line = &log.ok()["results"][0];
        assert_eq!(line["entity"], note["id"], "{action}");
        assert_eq!(line["performed_by"], ward.ali.id());
        assert!(!log.text().contains("canary"));
    }
}

/// A doctor of a hospital who cares for Ana.
struct Ward<'h> {
    hub: &'h TestHub,
    admin: Caller<'h>,
    hospital: Caller<'h>,
    ali: Caller<'h>,
    ana: Caller<'h>,
    care: Value,
    notes: String,
}

impl<'h> Ward<'h> {
    async fn open(hub: &'h TestHub) -> Self {
        let admin = hub.admin().await;
        let hospital = hub.hospital("jinnah").await;
        let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
        let ana = hub.patient("ana", ANA).await;
        let care = assigned(&admin, &ana.id_as("pat"), &ali).await;
        let notes = format!("/api/patients/{}/notes", ana.id_as("pat"));
        Self { hub, admin, hospital, ali, ana, care, notes }
    }

    /// Somebody writes a note, a second before the next.
    async fn write(&self, author: &Caller<'_>, text: &str, private: bool) -> Value {
        let body = json!({"note": text, "is_private": private});
        let note = author.post(&self.notes, body).await.ok();
        self.hub.clock.advance(SignedDuration::from_secs(1));
        note
    }

    fn at(&self, note: &Value) -> String {
        format!("{}/{}", self.notes, id_of(note))
    }
}
