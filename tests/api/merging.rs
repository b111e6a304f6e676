//! Two records of one person: merged into one, and parted again.

use carehub_testkit::{Caller, TestHub};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{People, assigned, each, entered, id_of, open};

/// 001-07, 002-P3: behind a merge the other record leads to the one that stays, which knows all.
#[tokio::test]
async fn a_merged_record_leads_to_the_one_that_stays() {
    let hub = open().await;
    let desk = Desk::open(&hub).await;
    let Desk { hospital, ali, sara, pia, peea, .. } = &desk;

    let merged = hospital.post(at(pia, "merge"), json!({"duplicate": peea["id"]})).await.ok();

    assert_eq!(merged["id"], pia["id"]);
    assert_eq!(merged["name"], "Pia Pohl");
    assert_eq!(merged["allergies"], json!([{"substance": "nuts"}, {"substance": "cats"}]));
    assert_eq!(merged["chronic_conditions"], json!(["asthma", "gout"]));
    assert_eq!(merged["allergy_status"], "KNOWN");
    for person in [hospital, ali, sara] {
        for path in [at(pia, ""), at(peea, "")] {
            assert_eq!(person.get(path).await.ok(), merged);
        }
        for path in [at(pia, "notes"), at(peea, "notes")] {
            assert_eq!(each(&person.get(path).await.ok(), "note"), ["of Peea", "of Pia"]);
        }
        for patient in [pia, peea] {
            let care = person.get(format!("/api/mappings/patient/{}", id_of(patient))).await.ok();
            assert_eq!(each(&care, "doctor_name"), ["Sara Khan", "Ali Mehmood"]);
        }
        let list = person.get("/api/patients").await.ok();
        assert_eq!(each(&list, "id"), [id_of(pia)]);
        let found = person.get("/api/patients/search?query=peea").await.ok();
        assert_eq!(found["results"], json!([]));
        let found = person.get("/api/patients/search?query=pia").await.ok();
        assert_eq!(each(&found, "id"), [id_of(pia)]);
    }
}

/// 002-P4, 002-P23: what is done under the other's name is done to the one that stays.
#[tokio::test]
async fn the_other_name_goes_on_to_work() {
    let hub = open().await;
    let desk = Desk::open(&hub).await;
    let Desk { hospital, sara, pia, peea, peeas_note, .. } = &desk;
    desk.merge().await;

    let changed = sara.patch(at(peea, ""), json!({"city": "Multan"})).await.ok();
    let note = sara.post(at(peea, "notes"), json!({"note": "Later"})).await.ok();
    let edited = at(pia, &format!("notes/{}", id_of(peeas_note)));
    let edited = sara.patch(edited, json!({"note": "of both"})).await.ok();

    assert_eq!((&changed["id"], &changed["city"]), (&pia["id"], &json!("Multan")));
    assert_eq!(note["patient"], pia["id"]);
    assert_eq!(edited["patient"], peea["id"]);
    let notes = hospital.get(at(pia, "notes")).await.ok();
    assert_eq!(each(&notes, "note"), ["Later", "of both", "of Pia"]);
    let again = hospital.post(at(pia, "merge"), json!({"duplicate": peea["id"]})).await;
    assert_eq!(again.refusal(), "400 merge-with-itself");
}

/// 002-P3: undoing a merge restores both records exactly.
#[tokio::test]
async fn undoing_a_merge_restores_both() {
    let hub = open().await;
    let desk = Desk::open(&hub).await;
    let Desk { hospital, ali, sara, pia, peea, .. } = &desk;
    let before = desk.look().await;
    desk.merge().await;
    let merged = desk.look().await;

    let parted = hospital.post(at(pia, "unmerge"), json!({"duplicate": peea["id"]})).await.ok();

    assert_eq!(desk.look().await, before);
    assert_ne!(merged, before);
    assert_eq!(parted, hospital.get(at(pia, "")).await.ok());
    assert_eq!(ali.get(at(peea, "")).await.refusal(), "404 not-found");
    assert_eq!(sara.get(at(pia, "")).await.refusal(), "404 not-found");
    let again = hospital.post(at(pia, "unmerge"), json!({"duplicate": peea["id"]})).await;
    assert_eq!(again.refusal(), "409 not-merged");
}

/// 002-P3: nobody merges, or undoes a merge, into a record that has changed since they saw it.
#[tokio::test]
async fn a_record_that_has_changed_since_is_looked_at_before_it_is_merged() {
    let hub = open().await;
    let desk = Desk::open(&hub).await;
    let Desk { hospital, pia, peea, .. } = &desk;
    let other = json!({"duplicate": peea["id"]});
    let late = hospital.with_header("if-match", hospital.get(at(pia, "")).await.header("etag"));
    hospital.patch(at(pia, ""), json!({"city": "Karachi"})).await.ok();

    let merged = late.post(at(pia, "merge"), &other).await;
    desk.merge().await;
    let parted = late.post(at(pia, "unmerge"), &other).await;

    assert_eq!(merged.refusal(), "412 precondition-failed");
    assert_eq!(parted.refusal(), "412 precondition-failed");
    let fresh = hospital.with_header("if-match", hospital.get(at(pia, "")).await.header("etag"));
    assert_eq!(fresh.post(at(pia, "unmerge"), &other).await.status, 200);
}

/// 002-P3: what was written meanwhile stays where it was written.
#[tokio::test]
async fn what_is_new_since_a_merge_survives_its_undoing() {
    let hub = open().await;
    let desk = Desk::open(&hub).await;
    let Desk { hospital, pia, peea, .. } = &desk;
    desk.merge().await;
    let change = json!({"city": "Multan", "chronic_conditions": ["asthma", "gout", "migraine"]});
    hospital.patch(at(pia, ""), change).await.ok();
    hospital.post(at(pia, "notes"), json!({"note": "Later"})).await.ok();

    desk.unmerge().await;

    let pia_now = hospital.get(at(pia, "")).await.ok();
    assert_eq!(pia_now["city"], "Multan");
    assert_eq!(pia_now["chronic_conditions"], json!(["asthma", "migraine"]));
    let peea_now = hospital.get(at(peea, "")).await.ok();
    assert_eq!(peea_now["chronic_conditions"], json!(["gout"]));
    assert_eq!(each(&hospital.get(at(pia, "notes")).await.ok(), "note"), ["Later", "of Pia"]);
    assert_eq!(each(&hospital.get(at(peea, "notes")).await.ok(), "note"), ["of Peea"]);
}

/// 001-21: care that ended while two records were one does not come back with the undoing.
#[tokio::test]
async fn who_stopped_to_care_meanwhile_sees_neither_record() {
    let hub = open().await;
    let desk = Desk::open(&hub).await;
    let Desk { hospital, sara, pia, peea, saras_care, .. } = &desk;
    desk.merge().await;
    hospital.delete(format!("/api/mappings/{}", id_of(saras_care))).await.ok();
    let merged = sara.get(at(peea, "")).await;

    desk.unmerge().await;

    assert_eq!(merged.refusal(), "404 not-found");
    for patient in [pia, peea] {
        assert_eq!(sara.get(at(patient, "")).await.refusal(), "404 not-found");
    }
    assert_eq!(sara.get("/api/patients").await.ok()["results"], json!([]));
}

/// 001-17: whoever cares for both records cares for the one until both cares have ended.
#[tokio::test]
async fn who_cares_for_both_goes_on_until_both_cares_end() {
    let hub = open().await;
    let desk = Desk::open(&hub).await;
    let Desk { hospital, sara, pia, saras_care, .. } = &desk;
    let second = assigned(hospital, id_of(pia), sara).await;
    desk.merge().await;

    hospital.delete(format!("/api/mappings/{}", id_of(&second))).await.ok();
    let between = sara.get(at(pia, "")).await;
    hospital.delete(format!("/api/mappings/{}", id_of(saras_care))).await.ok();

    assert_eq!(between.ok()["id"], pia["id"]);
    assert_eq!(sara.get(at(pia, "")).await.refusal(), "404 not-found");
}

/// 002-P3: an admin merges what nobody else may, into the record with the account.
#[tokio::test]
async fn an_admin_merges_a_record_into_that_of_an_account() {
    let hub = open().await;
    let admin = hub.admin().await;
    let cora = hub.coordinator("cora").await;
    let ana = hub.patient("ana", "+923001234567").await;
    let anna = entered(&cora, json!({"first_name": "Anna", "allergies": ["nuts"]})).await;
    let path = format!("/api/patients/{}", ana.id_as("pat"));
    let duplicate = json!({"patient": anna["id"]});

    let merged = admin.post(format!("{path}/merge"), &duplicate).await.ok();

    assert_eq!(merged["user"], ana.id());
    assert_eq!(merged["allergies"], json!([{"substance": "nuts"}]));
    assert_eq!(ana.get("/api/patients/profile").await.ok(), merged);
    assert_eq!(cora.get(at(&anna, "")).await.ok(), merged);
    let found = cora.get("/api/patients/search?query=diaz").await.ok();
    assert_eq!(each(&found, "id"), [ana.id_as("pat")]);

    let parted = admin.post(format!("{path}/unmerge"), &duplicate).await.ok();

    assert_eq!(parted["allergies"], json!([]));
    assert_eq!(parted["allergy_status"], "NOT_RECORDED");
    assert_eq!(cora.get(&path).await.refusal(), "404 not-found");
    let found = cora.get("/api/patients/search?query=diaz").await.ok();
    assert_eq!(found["results"], json!([]));
    assert_eq!(cora.get(at(&anna, "")).await.ok()["name"], "Anna");
}

#[tokio::test]
async fn merges_that_make_no_sense_are_refused() {
    let hub = open().await;
    let admin = hub.admin().await;
    let hospital = hub.hospital("jinnah").await;
    let ana = hub.patient("ana", "+923001234567").await;
    let bea = hub.patient("bea", "+923007654321").await;
    let pia = entered(&hospital, json!({"first_name": "Pia"})).await;
    let (ana, bea) = (json!({"id": ana.id_as("pat")}), json!({"id": bea.id_as("pat")}));
    let nobody = json!({"id": "pat_01J9Z3K8Q4N6V2X5Y7W0B1C2D3"});

    let mut refusals = Vec::new();
    for (stays, goes) in
        [(&pia, &pia), (&ana, &bea), (&pia, &ana), (&pia, &nobody), (&nobody, &pia)]
    {
        let duplicate = json!({"duplicate_id": goes["id"]});
        refusals.push(admin.post(at(stays, "merge"), &duplicate).await.refusal());
        refusals.push(admin.post(at(stays, "unmerge"), &duplicate).await.refusal());
    }

    assert_eq!(
        refusals,
        [
            "400 merge-with-itself",
            "409 not-merged",
            "409 both-have-accounts",
            "409 not-merged",
            "409 account-must-stay",
            "409 not-merged",
            "404 not-found",
            "404 not-found",
            "404 not-found",
            "404 not-found",
        ]
    );
    let wrong = admin.post(at(&pia, "merge"), json!({"duplicate": "x", "why": 1})).await.problem();
    let pointers: Vec<_> = wrong.errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(pointers, ["/duplicate", "/why"]);
    let missing = admin.post(at(&pia, "unmerge"), json!({})).await.problem();
    assert_eq!(missing.errors[0].pointer, "/duplicate");
}

#[tokio::test]
async fn only_who_keeps_both_records_merges_them() {
    let hub = open().await;
    let desk = Desk::open(&hub).await;
    let Desk { hospital, ali, pia, peea, .. } = &desk;
    let cora = hub.coordinator("cora").await;
    let other = hub.hospital("other").await;
    let [of_cora, also_of_cora] = [
        entered(&cora, json!({"first_name": "A"})).await,
        entered(&cora, json!({"first_name": "B"})).await,
    ];
    assigned(&cora, id_of(&of_cora), ali).await;
    let duplicate = |patient: &Value| json!({"duplicate": patient["id"]});

    let refusals = [
        ali.post(at(pia, "merge"), duplicate(peea)).await.refusal(),
        ali.post(at(pia, "merge"), duplicate(&of_cora)).await.refusal(),
        cora.post(at(&of_cora, "merge"), duplicate(&also_of_cora)).await.refusal(),
        cora.post(at(pia, "merge"), duplicate(peea)).await.refusal(),
        other.post(at(pia, "merge"), duplicate(peea)).await.refusal(),
        hospital.post(at(pia, "merge"), duplicate(&of_cora)).await.refusal(),
        hospital.post(at(&of_cora, "merge"), duplicate(pia)).await.refusal(),
        hospital.post(at(pia, "merge"), duplicate(&also_of_cora)).await.refusal(),
    ];

    assert_eq!(
        refusals,
        [
            "403 forbidden",
            "403 forbidden",
            "403 forbidden",
            "404 not-found",
            "404 not-found",
            "403 not-keeper",
            "403 not-keeper",
            "404 not-found",
        ]
    );
}

#[tokio::test]
async fn merges_are_undone_in_reverse() {
    let hub = open().await;
    let desk = Desk::open(&hub).await;
    let Desk { hospital, pia, peea, .. } = &desk;
    let third = entered(hospital, json!({"first_name": "Pea", "allergies": ["dust"]})).await;
    desk.merge().await;
    let duplicate = json!({"duplicate": third["id"]});
    hospital.post(at(pia, "merge"), &duplicate).await.ok();

    let early = hospital.post(at(pia, "unmerge"), json!({"duplicate": peea["id"]})).await;
    hospital.post(at(pia, "unmerge"), &duplicate).await.ok();

    assert_eq!(early.refusal(), "409 not-merged");
    desk.unmerge().await;
    assert_eq!(hospital.get(at(&third, "")).await.ok()["name"], "Pea");
    assert_eq!(hospital.get(at(peea, "")).await.ok()["name"], "Peea Pohl");
    let list = hospital.get("/api/patients").await.ok();
    assert_eq!(list["results"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_chain_of_merges_leads_to_its_end() {
    let hub = open().await;
    let desk = Desk::open(&hub).await;
    let Desk { hospital, pia, peea, .. } = &desk;
    let third = entered(hospital, json!({"first_name": "Pea", "allergies": ["dust"]})).await;
    desk.merge().await;

    hospital.post(at(&third, "merge"), json!({"duplicate": pia["id"]})).await.ok();

    for patient in [&third, pia, peea] {
        let shown = hospital.get(at(patient, "")).await.ok();
        assert_eq!(shown["id"], third["id"]);
        assert_eq!(shown["allergies"].as_array().unwrap().len(), 3);
        let notes = hospital.get(at(patient, "notes")).await.ok();
        assert_eq!(each(&notes, "note"), ["of Peea", "of Pia"]);
    }
}

/// 002-P8: a merged record counts as one person, and as two again behind the undoing.
#[tokio::test]
async fn statistics_count_merged_records_once() {
    let hub = open().await;
    let desk = Desk::open(&hub).await;
    let totals = async || {
        hub.settle().await;
        let total = async |person: &Caller<'_>| {
            person.get("/api/patients/stats").await.ok()["total_patients"].clone()
        };
        [total(&desk.hospital).await, total(&desk.admin).await]
    };
    let before = totals().await;

    desk.merge().await;
    let merged = totals().await;
    desk.unmerge().await;

    assert_eq!((before, merged), ([json!(2), json!(2)], [json!(1), json!(1)]));
    assert_eq!(totals().await, [2, 2]);
}

#[tokio::test]
async fn merges_are_in_the_audit_log() {
    let hub = open().await;
    let desk = Desk::open(&hub).await;
    desk.merge().await;

    desk.unmerge().await;

    for action in ["PATIENTS_MERGED", "PATIENTS_UNMERGED"] {
        let path = format!("/api/accounts/audit-logs/?action={action}");
        let line = &desk.admin.get(path).await.ok()["results"][0];
        assert_eq!(line["entity"], desk.pia["id"]);
        assert_eq!(line["details"], json!({"duplicate": desk.peea["id"]}));
        assert_eq!(line["performed_by"], desk.hospital.id());
    }
}

#[tokio::test]
async fn of_two_merges_at_once_one_happens() {
    let hub = open().await;
    let desk = Desk::open(&hub).await;
    let Desk { hospital, pia, peea, .. } = &desk;

    let replies = futures_util::future::join_all([(pia, peea), (peea, pia)].map(
        |(stays, goes)| async move {
            hospital.post(at(stays, "merge"), json!({"duplicate": goes["id"]})).await
        },
    ))
    .await;

    let made = replies.iter().filter(|reply| reply.status.is_success()).count();
    assert_eq!(made, 1, "{replies:?}");
    let list = hospital.get("/api/patients").await.ok();
    assert_eq!(list["results"].as_array().unwrap().len(), 1);
}

/// A hospital with two records of one person: Ali cares for Pia, and Sara for Peea.
struct Desk<'h> {
    admin: Caller<'h>,
    hospital: Caller<'h>,
    ali: Caller<'h>,
    sara: Caller<'h>,
    pia: Value,
    peea: Value,
    peeas_note: Value,
    saras_care: Value,
}

impl<'h> Desk<'h> {
    async fn open(hub: &'h TestHub) -> Self {
        let admin = hub.admin().await;
        let hospital = hub.hospital("jinnah").await;
        let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
        let sara = hub.doctor_of(&hospital, "Sara", "Khan").await;
        let pia = json!({
            "name": "Pia Pohl", "allergies": ["nuts"], "chronic_conditions": ["asthma"],
        });
        let pia = entered(&hospital, pia).await;
        let peea = json!({
            "name": "Peea Pohl", "allergies": ["nuts", "cats"], "chronic_conditions": ["gout"],
            "phone": "+923001112222",
        });
        let peea = entered(&hospital, peea).await;
        assigned(&hospital, id_of(&pia), &ali).await;
        hospital.post(at(&pia, "notes"), json!({"note": "of Pia"})).await.ok();
        hub.clock.advance(SignedDuration::from_secs(1));
        let saras_care = assigned(&hospital, id_of(&peea), &sara).await;
        let peeas_note = sara.post(at(&peea, "notes"), json!({"note": "of Peea"})).await.ok();
        hub.clock.advance(SignedDuration::from_secs(1));
        // Merging touches a record, and so does undoing it, at the same instant.
        for patient in [&pia, &peea] {
            hospital.patch(at(patient, ""), json!({"city": "Lahore"})).await.ok();
        }
        Self { admin, hospital, ali, sara, pia, peea, peeas_note, saras_care }
    }

    async fn merge(&self) {
        let duplicate = json!({"duplicate": self.peea["id"]});
        self.hospital.post(at(&self.pia, "merge"), duplicate).await.ok();
    }

    async fn unmerge(&self) {
        let duplicate = json!({"duplicate": self.peea["id"]});
        self.hospital.post(at(&self.pia, "unmerge"), duplicate).await.ok();
    }

    /// All that everyone sees.
    async fn look(&self) -> Vec<Value> {
        let mut seen = Vec::new();
        for person in [&self.hospital, &self.ali, &self.sara, &self.admin] {
            for patient in [&self.pia, &self.peea] {
                for part in ["", "notes"] {
                    let reply = person.get(at(patient, part)).await;
                    seen.push(match reply.status.is_success() {
                        true => reply.ok(),
                        false => json!(reply.refusal()),
                    });
                }
            }
            for list in ["/api/patients", "/api/mappings", "/api/patients/search?query=peea"] {
                seen.push(person.get(list).await.ok()["results"].clone());
            }
        }
        seen
    }
}

fn at(patient: &Value, part: &str) -> String {
    format!("/api/patients/{}/{part}", id_of(patient))
}
