//! Prescriptions: who writes them, what they say, and what becomes of them.

use carehub_testkit::{Caller, TestHub, files::pdf};
use futures_util::future::join_all;
use housekeeping::{Chore, Done, Expired};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{People, assigned, came, each, entered, id_of, let_in, looks, open, perform};

const ALL: &str = "/api/prescriptions";
const ANA: &str = "+923001234567";

/// A hospital, its doctor, and a patient who comes to see him.
pub(crate) struct Surgery<'h> {
    pub(crate) admin: Caller<'h>,
    pub(crate) hospital: Caller<'h>,
    pub(crate) ali: Caller<'h>,
    pub(crate) ana: Caller<'h>,
    pub(crate) visit: String,
}

impl<'h> Surgery<'h> {
    /// Ana, who has no allergies, is here.
    pub(crate) async fn open(hub: &'h TestHub) -> Self {
        let admin = hub.admin().await;
        let hospital = hub.hospital("jinnah").await;
        let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
        let ana = hub.patient("ana", ANA).await;
        let known = json!({"allergy_status": "NONE_KNOWN", "date_of_birth": "1990-05-01"});
        ana.patch("/api/patients/update_profile", known).await.ok();
        let visit = came(hub, &ana, &ali).await;
        Self { admin, hospital, ali, ana, visit }
    }

    /// Ali prescribes at the visit.
    pub(crate) async fn prescribe(&self, medicines: Value) -> Value {
        let body = json!({"appointment": self.visit, "medicines": medicines});
        self.ali.post(ALL, body).await.ok()
    }

    /// What the audit log has of an action, newest first.
    pub(crate) async fn events(&self, action: &str) -> Vec<Value> {
        let log = self.admin.get(format!("/api/accounts/audit-logs/?action={action}")).await.ok();
        log["results"].as_array().unwrap().clone()
    }
}

/// The path of a prescription, or below it.
fn at(prescription: &Value, below: &str) -> String {
    format!("{ALL}/{}{below}", id_of(prescription))
}

fn pointers(reply: &carehub_testkit::Reply) -> Vec<String> {
    reply.problem().errors.into_iter().map(|error| error.pointer).collect()
}

/// 000-25, 002-R2: a doctor prescribes at a visit, at any path that clients know.
#[tokio::test]
async fn a_doctor_prescribes_at_a_visit() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let body = json!({
        "appointment": surgery.visit, "patient": surgery.ana.id_as("pat"),
        "hospital_id": surgery.hospital.id_as("hsp"), "diagnosis": "Common cold",
        "investigations": "None", "treatment_plan": "Rest", "referral_notes": "To nobody",
        "doctor_notes": "Anxious", "follow_up_date": "2030-01-21",
        "medicines": [
            {"name": "Paracetamol", "dosage": "500 mg", "frequency": "twice daily", "duration": "5 days", "instructions": "With water"},
            {"name": "Cetirizine", "dosage": "10 mg", "frequency": "every other evening"},
        ],
    });

    let reply = surgery.ali.post("/api/records/prescriptions/create/", body).await;

    let made = reply.ok();
    assert_eq!(reply.status, 201);
    assert_eq!(reply.header("location"), at(&made, ""));
    assert_eq!(made["message"], "Prescription created");
    let nested = &made["prescription"];
    for (field, value) in [
        ("status", json!("ACTIVE")),
        ("version", json!(1)),
        ("previous_version", Value::Null),
        ("revision", json!(1)),
        ("patient", json!(surgery.ana.id_as("pat"))),
        ("patient_name", json!("Ana Diaz")),
        ("doctor", json!(surgery.ali.id_as("doc"))),
        ("doctor_name", json!("Ali Mehmood")),
        ("doctor_specialization", json!("Cardiology")),
        ("hospital_name", json!("jinnah Hospital")),
        ("appointment_id", json!(surgery.visit)),
        ("diagnosis", json!("Common cold")),
        ("doctor_notes", json!("Anxious")),
        ("follow_up_required", json!(true)),
        ("valid_until", json!("2030-02-06")),
        ("issued_date", json!("2030-01-07")),
        ("total_medications", json!(2)),
        ("is_digital", json!(true)),
    ] {
        assert_eq!((&made[field], &nested[field]), (&value, &value), "{field}");
    }
    // Nobody knows how much that is in a day.
    let warned = made["warnings"].as_array().unwrap();
    assert_eq!(warned.len(), 1);
    assert_eq!(warned[0]["id"], "DOSE-NOT-CHECKED:cetirizine");
    assert_eq!(made["safety"]["disclaimer"], "No alert does not mean no interaction.");
    let [first, second] = [&made["medicines"][0], &made["medications"][1]];
    assert_eq!(first["frequency"], "TWICE_DAILY");
    assert_eq!(second["frequency"], "CUSTOM");
    assert_eq!(second["custom_frequency"], "every other evening");
    let shown = surgery.ali.get(reply.header("location")).await;
    assert_eq!(shown.header("etag"), reply.header("etag"));
    assert_eq!(shown.ok()["medicines"], made["medicines"]);
    assert_eq!(shown.ok()["attachments"], json!([]));
}

/// 000-25: the patient has to be that of the visit, and the hospital where it takes place.
#[tokio::test]
async fn patient_and_hospital_are_those_of_the_visit() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let bea = hub.patient("bea", "+923007654321").await;
    let aga = hub.hospital("aga").await;
    let with = |field: &str, value: String| {
        let mut body = json!({"appointment": surgery.visit});
        body[field] = json!(value);
        body
    };

    let other = surgery.ali.post(ALL, with("patient", bea.id_as("pat"))).await;
    assert_eq!(other.refusal(), "400 patient-of-another-visit");
    let other = surgery.ali.post(ALL, with("hospital", aga.id_as("hsp"))).await;
    assert_eq!(other.refusal(), "400 hospital-of-another");
    let record = surgery.visit.replace("apt", "mrc").replace(&surgery.visit[4..8], "0000");
    let other = surgery.ali.post(ALL, with("medical_record", record)).await;
    assert_eq!(pointers(&other), ["/medical_record"]);
}

/// 000-25, 002-R2, 003-24: only the doctor of the visit prescribes there, and without a visit only
/// a doctor who knows the patient.
#[tokio::test]
async fn nobody_else_prescribes() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let sara = hub.doctor_of(&surgery.hospital, "Sara", "Khan").await;
    let cora = hub.coordinator("cora").await;
    let at_visit = json!({"appointment": surgery.visit});
    let for_ana = json!({"patient": surgery.ana.id_as("pat")});

    for body in [&at_visit, &for_ana] {
        for person in [&surgery.ana, &surgery.hospital, &surgery.admin, &cora] {
            assert_eq!(person.post(ALL, body).await.refusal(), "403 forbidden", "{body}");
        }
        assert_eq!(sara.post(ALL, body).await.refusal(), "404 not-found", "{body}");
        assert_eq!(hub.visitor().post(ALL, body).await.status, 401);
    }
    assert_eq!(surgery.ali.post(ALL, &for_ana).await.refusal(), "404 not-found");

    assigned(&surgery.admin, &surgery.ana.id_as("pat"), &sara).await;
    let made = sara.post(ALL, for_ana).await.ok();
    assert_eq!((&made["appointment"], &made["total_medications"]), (&Value::Null, &json!(0)));
}

/// 000-25, 002-R2, 003-24: every wrong field is named.
#[tokio::test]
async fn wrong_prescriptions_are_refused_field_by_field() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let visit = json!(surgery.visit);
    let wrong = [
        (json!({}), "/patient"),
        (json!({"medication_name": "Paracetamol"}), "/medical_record"),
        (json!({"appointment": visit, "dosage": "1"}), "/dosage"),
        (
            json!({"appointment": visit, "medication_name": "x", "medicines": []}),
            "/medication_name",
        ),
        (
            json!({"appointment": visit, "medicines": [{"name": "x"}, {"dosage": "1"}]}),
            "/medicines/1/name",
        ),
        (
            json!({"appointment": visit, "medicines": [{"name": "x", "mood": 1}]}),
            "/medicines/0/mood",
        ),
        (
            json!({"appointment": visit, "medicines": [{"name": "x", "duration_days": 0}]}),
            "/medicines/0/duration_days",
        ),
        (json!({"appointment": visit, "medicines": "x"}), "/medicines"),
        (json!({"appointment": visit, "valid_until": "soon"}), "/valid_until"),
        (json!({"appointment": visit, "override_reason": "short"}), "/override_reason"),
    ];
    for (body, pointer) in wrong {
        let reply = surgery.ali.post(ALL, &body).await;
        assert_eq!(
            (reply.status.as_u16(), pointers(&reply)),
            (400, vec![pointer.to_owned()]),
            "{body}"
        );
    }
    let many = vec![json!({"name": "Paracetamol"}); 31];
    for (body, refusal) in [
        (json!({"medicines": many}), "400 prescription-full"),
        (json!({"valid_until": "2030-01-06"}), "400 prescription-over"),
        (json!({"valid_until": "2031-01-09"}), "400 prescription-too-long"),
        (json!({"follow_up_date": "2030-01-06"}), "400 follow-up-too-early"),
    ] {
        let mut body = body;
        body["appointment"] = visit.clone();
        assert_eq!(surgery.ali.post(ALL, &body).await.refusal(), refusal, "{body}");
    }
}

/// 000-25, 000-C8: writing again at the same visit makes the next version, linked both ways.
#[tokio::test]
async fn a_visit_has_one_prescription_that_stands() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let place = format!("/api/consultations/{}/prescription", surgery.visit);
    let first = surgery.prescribe(json!([{"name": "Paracetamol"}])).await;
    assert_eq!(surgery.ana.get(&place).await.ok()["id"], first["id"]);

    let second = surgery.prescribe(json!([{"name": "Ibuprofen"}])).await;

    assert_eq!((&second["version"], &second["previous_version"]), (&json!(2), &first["id"]));
    let before = surgery.ali.get(at(&first, "")).await.ok();
    assert_eq!((&before["status"], &before["next_version"]), (&json!("REPLACED"), &second["id"]));
    assert_eq!(surgery.ana.get(&place).await.ok()["id"], second["id"]);
    for below in ["/dispense", "/complete"] {
        let reply = surgery.ali.post(at(&first, below), json!({})).await;
        assert_eq!(reply.refusal(), "409 prescription-state");
        assert!(reply.text().contains("REPLACED"), "{}", reply.text());
    }
}

/// 000-25: several write at the same visit at once, and the versions are still one chain.
#[tokio::test]
async fn versions_that_are_written_at_once_are_one_chain() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let body = json!({"appointment": surgery.visit, "medicines": [{"name": "Paracetamol"}]});

    let replies = join_all((0..5).map(|_| surgery.ali.post(ALL, &body))).await;

    let mut made: Vec<_> = replies.iter().map(carehub_testkit::Reply::ok).collect();
    made.sort_by_key(|one| one["version"].as_u64());
    let versions: Vec<_> = made.iter().map(|one| one["version"].as_u64().unwrap()).collect();
    assert_eq!(versions, [1, 2, 3, 4, 5]);
    for (earlier, later) in made.iter().zip(&made[1..]) {
        assert_eq!(later["previous_version"], earlier["id"]);
        let earlier = surgery.ali.get(at(earlier, "")).await.ok();
        assert_eq!(
            (&earlier["status"], &earlier["next_version"]),
            (&json!("REPLACED"), &later["id"])
        );
    }
}

/// 000-25: a request that is sent twice with the same key prescribes once.
#[tokio::test]
async fn a_prescription_that_is_sent_twice_is_written_once() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let ali = surgery.ali.with_header("idempotency-key", "one");
    let body = json!({"appointment": surgery.visit, "medicines": [{"name": "Paracetamol"}]});

    let (first, again) = (ali.post(ALL, &body).await, ali.post(ALL, &body).await);

    assert_eq!(first.ok(), again.ok());
    assert_eq!(surgery.ali.get(ALL).await.ok()["results"].as_array().unwrap().len(), 1);
}

/// 003-24, 003-23: a prescription of one medicine stands beside others of the visit, and tells its
/// medicine at the top.
#[tokio::test]
async fn a_prescription_of_one_medicine_stands_for_itself() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let record = json!({"appointment": surgery.visit, "diagnosis": "Cold"});
    let record = surgery.ali.post("/api/v1/medical-records/", record).await.ok();
    let one = |name: &str| {
        json!({
            "medical_record": record["id"], "medication_name": name, "dosage": "500 mg",
            "frequency": "three times daily", "duration": "7 days", "instructions": "With food",
            "quantity": 21, "refills": 2, "is_generic_allowed": false,
        })
    };

    let first = surgery.ali.post("/api/v1/prescriptions/", one("Amoxicillin")).await.ok();
    let second = surgery.ali.post("/api/v1/prescriptions/", one("Paracetamol")).await.ok();

    for (field, value) in [
        ("medication_name", json!("Amoxicillin")),
        ("dosage", json!("500 mg")),
        ("frequency", json!("THRICE_DAILY")),
        ("duration", json!("7 days")),
        ("instructions", json!("With food")),
        ("quantity", json!(21)),
        ("refills", json!(2)),
        ("is_generic_allowed", json!(false)),
        ("is_active", json!(true)),
        ("date_prescribed", json!("2030-01-07T08:00:00Z")),
        ("date_filled", Value::Null),
        ("medical_record", record["id"].clone()),
        ("appointment", json!(surgery.visit)),
        ("status", json!("ACTIVE")),
    ] {
        assert_eq!(first[field], value, "{field}");
    }
    assert_eq!(second["version"], 1);
    surgery.ali.post(at(&first, "/complete"), json!({})).await.ok();
    for person in [&surgery.ana, &surgery.ali] {
        let list = person.get("/api/v1/prescriptions/?active_only=true").await.ok();
        assert_eq!(each(&list, "medication_name"), ["Paracetamol"]);
        let list = person.get("/api/v1/prescriptions/").await.ok();
        assert_eq!(list["results"].as_array().unwrap().len(), 2);
    }
    let unknown = json!({"medical_record": format!("mrc_{}", &surgery.ali.id()[4..]), "medication_name": "x"});
    assert_eq!(surgery.ali.post(ALL, unknown).await.refusal(), "404 not-found");
}

/// 003-25: the prescribing doctor stops one medicine, and nobody else does.
#[tokio::test]
async fn a_doctor_stops_a_medicine() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let made = surgery.prescribe(json!([{"name": "Paracetamol"}, {"name": "Cetirizine"}])).await;
    let item = id_of(&made["medicines"][0]);
    let stop = format!("/api/v1/prescriptions/{item}/deactivate/");

    for person in [&surgery.ana, &surgery.hospital, &surgery.admin] {
        assert_eq!(person.post(&stop, json!({})).await.refusal(), "403 forbidden");
    }
    let whole = surgery.ali.post(at(&made, "/deactivate"), json!({})).await;
    assert_eq!(whole.refusal(), "409 medication-unnamed");
    let reply = surgery.ali.post(&stop, json!({})).await.ok();
    assert_eq!(reply["message"], "Prescription deactivated successfully");
    assert_eq!(reply["medicines"][0]["is_active"], false);
    assert_eq!(reply["medicines"][1]["is_active"], true);
    assert_eq!(surgery.ali.post(&stop, json!({})).await.refusal(), "409 medication-deactivated");
    let strange = format!("{ALL}/med_{}/deactivate", &surgery.ali.id()[4..]);
    assert_eq!(surgery.ali.post(strange, json!({})).await.refusal(), "404 not-found");
    assert_eq!(
        surgery.ali.post(format!("{ALL}/x/deactivate"), json!({})).await.refusal(),
        "404 not-found"
    );
}

/// 000-26, 002-R1: each sees the prescriptions that concern them.
#[tokio::test]
async fn everyone_lists_what_concerns_them() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let made = surgery.prescribe(json!([{"name": "Paracetamol"}])).await;
    let (bea, cora) = (hub.patient("bea", "+923007654321").await, hub.coordinator("cora").await);
    let sara = hub.doctor_of(&surgery.hospital, "Sara", "Khan").await;

    for path in [ALL, "/api/records/prescriptions/", "/api/v1/prescriptions"] {
        for person in [&surgery.ana, &surgery.ali, &surgery.hospital, &surgery.admin] {
            assert_eq!(each(&person.get(path).await.ok(), "id"), [id_of(&made)]);
        }
        for person in [&bea, &sara] {
            assert_eq!(person.get(path).await.ok()["results"], json!([]));
        }
        assert_eq!(cora.get(path).await.refusal(), "403 forbidden");
    }
    assert_eq!(surgery.events("PRESCRIPTIONS_LISTED").await.len(), 12);
}

/// 000-27, 002-R3: whoever has no part in a prescription does not learn that there is one.
#[tokio::test]
async fn strangers_learn_nothing_of_a_prescription() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let made = surgery.prescribe(json!([{"name": "Paracetamol"}])).await;
    let sara = hub.doctor_of(&surgery.hospital, "Sara", "Khan").await;
    let bea = hub.patient("bea", "+923007654321").await;
    let (aga, cora) = (hub.hospital("aga").await, hub.coordinator("cora").await);

    for below in ["", "/versions", "/medications", "/documents", "/notes"] {
        for stranger in [&sara, &bea, &aga, &cora] {
            assert_eq!(stranger.get(at(&made, below)).await.refusal(), "404 not-found", "{below}");
        }
        assert_eq!(hub.visitor().get(at(&made, below)).await.status, 401);
        for person in [&surgery.ana, &surgery.ali, &surgery.hospital, &surgery.admin] {
            person.get(at(&made, below)).await.ok();
        }
    }
    let place = format!("/api/records/prescriptions/{}/", id_of(&made));
    assert_eq!(surgery.ana.get(place).await.ok()["attachments"], json!([]));
}

/// 000-27: who reads about somebody else stands in the patient's access log, and patients do not
/// read what doctors note for doctors.
#[tokio::test]
async fn looks_are_noted_and_doctors_notes_are_for_doctors() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let body = json!({"appointment": surgery.visit, "doctor_notes": "Anxious"});
    let made = surgery.ali.post(ALL, body).await.ok();
    surgery.hospital.get(at(&made, "")).await.ok();
    surgery.hospital.get(at(&made, "/versions")).await.ok();

    for path in [at(&made, ""), at(&made, "/versions"), ALL.to_owned()] {
        let seen = surgery.ana.get(path).await;
        assert!(!seen.text().contains("doctor_notes"), "{}", seen.text());
        assert!(!seen.text().contains("Anxious"));
    }
    let by: Vec<_> =
        looks(&surgery.ana, "PRESCRIPTION_VIEWED").await.into_iter().map(|(by, _)| by).collect();
    assert_eq!(by, [json!(surgery.hospital.id()), json!(surgery.hospital.id())]);
    assert_eq!(surgery.ali.get(at(&made, "")).await.ok()["doctor_notes"], "Anxious");
}

/// 002-R4, 002-R5: the doctor says something else, and what the prescription said before is kept.
#[tokio::test]
async fn a_change_keeps_the_version_before() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let made = surgery.prescribe(json!([{"name": "Paracetamol"}])).await;
    let change = json!({"diagnosis": "Influenza", "valid_until": "2030-03-01", "body": "Rest."});

    let reply = surgery.ali.patch(at(&made, ""), &change).await;
    hub.clock.advance(SignedDuration::from_secs(1));
    surgery.ali.put(at(&made, ""), json!({"body": null})).await.ok();

    assert_eq!((reply.ok()["revision"].clone(), reply.header("etag")), (json!(2), "\"2\""));
    let versions = surgery.ana.get(at(&made, "/versions")).await.ok();
    assert_eq!(versions["count"], 3);
    let said = |field: &str| -> Vec<Value> {
        versions["results"].as_array().unwrap().iter().map(|one| one[field].clone()).collect()
    };
    assert_eq!(said("revision"), [3, 2, 1]);
    assert_eq!(said("body"), [json!(null), json!("Rest."), json!(null)]);
    assert_eq!(said("diagnosis"), [json!("Influenza"), json!("Influenza"), json!(null)]);
    let stale = surgery.ali.with_header("if-match", "\"1\"");
    assert_eq!(stale.patch(at(&made, ""), &change).await.refusal(), "412 precondition-failed");
    for person in [&surgery.ana, &surgery.hospital, &surgery.admin] {
        assert_eq!(person.patch(at(&made, ""), &change).await.refusal(), "403 forbidden");
    }
    let past = surgery.ali.patch(at(&made, ""), json!({"valid_until": "2029-01-01"})).await;
    assert_eq!(past.refusal(), "400 prescription-over");
    let changed = &surgery.events("PRESCRIPTION_UPDATED").await[1]["changed"];
    assert_eq!(changed, &json!(["diagnosis", "body", "valid_until"]));
}

/// 002-R6: withdrawing a prescription keeps it.
#[tokio::test]
async fn a_withdrawn_prescription_is_kept() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let made = surgery.prescribe(json!([{"name": "Paracetamol"}])).await;

    for person in [&surgery.ana, &surgery.hospital] {
        assert_eq!(person.delete(at(&made, "")).await.refusal(), "403 forbidden");
    }
    assert_eq!(surgery.ali.delete(at(&made, "")).await.status, 204);

    let kept = surgery.ana.get(at(&made, "")).await.ok();
    assert_eq!((&kept["status"], &kept["is_active"]), (&json!("CANCELLED"), &json!(false)));
    assert_eq!(surgery.ali.delete(at(&made, "")).await.refusal(), "409 prescription-state");
    let change = json!({"diagnosis": "x"});
    assert_eq!(surgery.ali.patch(at(&made, ""), change).await.refusal(), "409 prescription-state");
}

/// 002-R7: doctor, hospital and admins note that the medicines were handed out, once.
#[tokio::test]
async fn medicines_are_handed_out_once() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    for person in [&surgery.ali, &surgery.hospital, &surgery.admin] {
        let made = surgery.prescribe(json!([{"name": "Paracetamol"}])).await;
        let dispense = at(&made, "/dispense/");
        assert_eq!(surgery.ana.post(&dispense, json!({})).await.refusal(), "403 forbidden");

        let done = person.post(&dispense, json!({})).await.ok();

        assert_eq!(
            (&done["status"], &done["dispensed_by"]),
            (&json!("DISPENSED"), &json!(person.id()))
        );
        assert_eq!(done["date_filled"], done["dispensed_at"]);
        let again = person.post(&dispense, json!({})).await;
        assert_eq!(again.refusal(), "409 prescription-state");
        assert!(again.text().contains("DISPENSED"), "{}", again.text());
    }
}

/// 002-R7: refills are handed out one by one until the last day, each by somebody who has seen the
/// one before; so what is sent twice hands out once.
#[tokio::test]
async fn refills_are_handed_out_one_by_one() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let medicines = json!([{"name": "Paracetamol"}, {"name": "Cetirizine", "refills": 2}]);
    let made = surgery.prescribe(medicines).await;
    assert_eq!(made["supplies_left"], 3);
    let dispense = at(&made, "/dispense");

    let mut last = surgery.hospital.post(&dispense, json!({})).await;
    let unseen = surgery.hospital.post(&dispense, json!({})).await;
    assert_eq!(unseen.refusal(), "409 dispensed-before");
    let anyway = surgery.hospital.with_header("if-match", "*").post(&dispense, json!({})).await;
    assert_eq!(anyway.refusal(), "409 dispensed-before");
    for left in [1, 0] {
        hub.clock.advance(SignedDuration::from_secs(1));
        let seen = surgery.hospital.with_header("if-match", last.header("etag"));
        let [one, twice] =
            join_all([seen.post(&dispense, json!({})), seen.post(&dispense, json!({}))])
                .await
                .try_into()
                .unwrap();
        let (done, refused) = if one.status == 200 { (one, twice) } else { (twice, one) };
        assert!([409, 412].contains(&refused.status.as_u16()), "{}", refused.text());
        let view = done.ok();
        assert_eq!((&view["status"], &view["supplies_left"]), (&json!("DISPENSED"), &json!(left)));
        assert_eq!(view["dispensed_at"], view["updated_at"]);
        last = done;
    }

    let seen = surgery.hospital.with_header("if-match", last.header("etag"));
    assert_eq!(seen.post(&dispense, json!({})).await.refusal(), "409 prescription-state");
    let supplies: Vec<_> = surgery.events("PRESCRIPTION_DISPENSED").await;
    let supplies: Vec<_> = supplies.iter().map(|event| &event["details"]["supply"]).collect();
    assert_eq!(supplies, ["3", "2", "1"]);
}

/// 002-R8: doctor and admins note that a prescription is needed no longer.
#[tokio::test]
async fn a_prescription_is_completed() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let made = surgery.prescribe(json!([{"name": "Paracetamol"}])).await;
    let complete = at(&made, "/complete/");
    for person in [&surgery.ana, &surgery.hospital] {
        assert_eq!(person.post(&complete, json!({})).await.refusal(), "403 forbidden");
    }
    surgery.hospital.post(at(&made, "/dispense"), json!({})).await.ok();

    let done = surgery.admin.post(&complete, json!({})).await.ok();

    assert_eq!(
        (&done["status"], &done["completed_at"]),
        (&json!("COMPLETED"), &done["updated_at"])
    );
    assert_eq!(surgery.ali.post(&complete, json!({})).await.refusal(), "409 prescription-state");
    let event = &surgery.events("PRESCRIPTION_COMPLETED").await[0];
    assert_eq!(
        (&event["details"]["from"], &event["details"]["to"]),
        (&json!("DISPENSED"), &json!("COMPLETED"))
    );
}

/// 002-R1: a prescription expires when its last day is over, at once for everyone who looks, and
/// the hub notes it.
#[tokio::test]
async fn a_prescription_expires() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let body = json!({"appointment": surgery.visit, "valid_until": "2030-01-08"});
    let made = surgery.ali.post(ALL, body).await.ok();
    let expire = async || perform(&hub, Chore::Prescriptions).await.unwrap();
    hub.clock.advance(SignedDuration::from_hours(39));
    let hospital = hub.sign_in("jinnah", crate::support::PASSWORD).await;
    assert_eq!(hospital.get(at(&made, "")).await.ok()["status"], "ACTIVE");
    assert_eq!(expire().await, Done::Expired(Expired { prescriptions: 0, failed: 0 }));

    hub.clock.advance(SignedDuration::from_hours(1));
    let (hospital, ali) = (
        hub.sign_in("jinnah", crate::support::PASSWORD).await,
        hub.sign_in(surgery.ali.user["username"].as_str().unwrap(), crate::support::PASSWORD).await,
    );
    assert_eq!(hospital.get(at(&made, "")).await.ok()["status"], "EXPIRED");
    assert_eq!(
        hospital.post(at(&made, "/dispense"), json!({})).await.refusal(),
        "409 prescription-state"
    );
    assert_eq!(
        ali.patch(at(&made, ""), json!({"body": "x"})).await.refusal(),
        "409 prescription-state"
    );
    let expired = ali.get(format!("{ALL}?status=expired")).await.ok();
    assert_eq!(each(&expired, "id"), [id_of(&made)]);

    assert_eq!(expire().await, Done::Expired(Expired { prescriptions: 1, failed: 0 }));
    assert_eq!(expire().await, Done::Expired(Expired { prescriptions: 0, failed: 0 }));
    let versions = ali.get(at(&made, "/versions")).await.ok();
    assert_eq!(
        (&versions["count"], &versions["results"][0]["status"]),
        (&json!(2), &json!("EXPIRED"))
    );
}

/// 002-R9: prescriptions are found by what they say.
#[tokio::test]
async fn prescriptions_are_found() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let body = json!({
        "appointment": surgery.visit, "diagnosis": "Migräne",
        "medicines": [{"name": "Panadol", "generic_name": "Paracetamol"}],
    });
    let made = surgery.ali.post(ALL, body).await.ok();
    let number = made["prescription_number"].as_str().unwrap();
    let (patient, doctor) = (surgery.ana.id_as("pat"), surgery.ali.id_as("doc"));
    let found = async |query: String| {
        let list = surgery.admin.get(format!("{ALL}/search/?{query}")).await.ok();
        list["results"].as_array().unwrap().len()
    };

    for (query, count) in [
        ("query=migrane".to_owned(), 1),
        ("query=diaz".to_owned(), 1),
        ("query=measles".to_owned(), 0),
        (format!("patient_id={patient}&doctor_id={doctor}"), 1),
        (format!("patient_id=pat_{}", &doctor[4..]), 0),
        (format!("consultation_id={}", surgery.visit), 1),
        (format!("prescription_number={number}"), 1),
        (format!("prescription_number={}", &number[3..]), 1),
        ("prescription_number=RX-1".to_owned(), 0),
        ("status=active".to_owned(), 1),
        ("status=dispensed".to_owned(), 0),
        ("is_digital=true".to_owned(), 1),
        ("is_digital=false".to_owned(), 0),
        ("date_from=2030-01-07&date_to=2030-01-07".to_owned(), 1),
        ("date_to=2030-01-06".to_owned(), 0),
        ("medicine_name=paraceta".to_owned(), 1),
        ("medicine_name=aspirin".to_owned(), 0),
    ] {
        assert_eq!(found(query.clone()).await, count, "{query}");
    }
    for wrong in
        ["status=lost", "is_digital=maybe", "date_from=2030-01-08&date_to=2030-01-07", "mood=1"]
    {
        assert_eq!(surgery.admin.get(format!("{ALL}/search?{wrong}")).await.status, 400, "{wrong}");
    }
}

/// 002-R9: a page of what is searched for goes on where it ended.
#[tokio::test]
async fn searches_go_on_page_by_page() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    for name in ["Paracetamol", "Ibuprofen", "Paracetamol", "Ibuprofen", "Paracetamol"] {
        let body = json!({"appointment": surgery.visit, "medication_name": name});
        surgery.ali.post(ALL, body).await.ok();
        hub.clock.advance(SignedDuration::from_secs(1));
    }

    let mut path = format!("{ALL}?medicine_name=paracetamol&limit=2");
    let mut pages = Vec::new();
    loop {
        let page = surgery.ali.get(&path).await.ok();
        pages.push(page["results"].as_array().unwrap().len());
        let Some(next) = page["next"].as_str() else { break };
        path = next.to_owned();
    }
    assert_eq!(pages, [2, 1]);
}

/// 002-R11: the medicines of all prescriptions, with whose they are.
#[tokio::test]
async fn medicines_are_listed_across_prescriptions() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let made = surgery.prescribe(json!([{"name": "Paracetamol"}, {"name": "Cetirizine"}])).await;

    for person in [&surgery.ana, &surgery.ali, &surgery.hospital, &surgery.admin] {
        let list = person.get("/api/prescriptions/medications/").await.ok();
        assert_eq!(each(&list, "name"), ["Paracetamol", "Cetirizine"]);
        assert_eq!(each(&list, "prescription_id"), [id_of(&made), id_of(&made)]);
        assert_eq!(each(&list, "patient_name"), ["Ana Diaz", "Ana Diaz"]);
        assert_eq!(each(&list, "doctor_name"), ["Ali Mehmood", "Ali Mehmood"]);
    }
}

/// 002-R12, 002-R13, 002-R14: a header comes first, and medicines are added to it.
#[tokio::test]
async fn medicines_are_added_to_a_prescription() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let made = surgery.ali.post(ALL, json!({"consultation": surgery.visit})).await.ok();
    let medicine = json!({
        "name": "Panadol", "generic_name": "Paracetamol", "brand_name": "Panadol",
        "strength": "500 mg", "dosage_form": "tablet", "dosage": "1 tablet",
        "frequency": "custom", "custom_frequency": "when it hurts", "timing": "after_food",
        "duration_days": 5, "total_quantity": 10, "special_instructions": "With water",
        "side_effects_warning": "Drowsiness", "substitution_allowed": false,
    });

    let reply = surgery.ali.post(at(&made, "/medications/"), medicine).await;

    let added = reply.ok();
    assert_eq!(reply.status, 201);
    let (at_now, none) = (json!("2030-01-07T08:00:00Z"), Value::Null);
    assert_eq!(
        added,
        json!({
            "id": added["id"], "prescription": made["id"], "name": "Panadol",
            "generic_name": "Paracetamol", "brand_name": "Panadol", "strength": "500 mg",
            "dosage_form": "TABLET", "dosage": "1 tablet", "frequency": "CUSTOM",
            "custom_frequency": "when it hurts", "timing": "AFTER_FOOD", "duration": none,
            "duration_days": 5, "quantity": 10, "total_quantity": 10, "refills": 0,
            "instructions": "With water", "special_instructions": "With water",
            "side_effects_warning": "Drowsiness", "substitution_allowed": false,
            "is_active": true, "deactivated_at": none, "added_at": at_now, "date_filled": none,
            "safety": added["safety"], "warnings": added["warnings"],
        })
    );
    assert_eq!(surgery.ana.get(reply.header("location")).await.ok(), added);
    let list = surgery.ana.get(at(&made, "/medications")).await.ok();
    assert_eq!((&list["count"], each(&list, "name")), (&json!(1), vec!["Panadol"]));
    for person in [&surgery.ana, &surgery.hospital, &surgery.admin] {
        let reply = person.post(at(&made, "/medications"), json!({"name": "Cetirizine"})).await;
        assert_eq!(reply.refusal(), "403 forbidden");
    }
}

/// 002-R15, 002-R16, 002-R17: medicines are changed and taken off, and what was said is kept.
#[tokio::test]
async fn medicines_are_changed_and_taken_off() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let made = surgery.prescribe(json!([{"name": "Paracetamol", "frequency": "OD"}])).await;
    let place = at(&made, &format!("/medications/{}", id_of(&made["medicines"][0])));

    let changed =
        surgery.ali.patch(&place, json!({"frequency": "every 8 hours", "refills": 1})).await.ok();
    assert_eq!((&changed["frequency"], &changed["refills"]), (&json!("EVERY_8_HOURS"), &json!(1)));
    let changed = surgery.ali.put(&place, json!({"custom_frequency": "at noon"})).await.ok();
    assert_eq!(
        (&changed["frequency"], &changed["custom_frequency"]),
        (&json!("CUSTOM"), &json!("at noon"))
    );
    let stale = surgery.ali.with_header("if-match", "\"1\"");
    assert_eq!(stale.delete(&place).await.refusal(), "412 precondition-failed");
    assert_eq!(surgery.ali.delete(&place).await.status, 204);

    assert_eq!(surgery.ali.get(&place).await.refusal(), "404 not-found");
    let versions = surgery.ana.get(at(&made, "/versions")).await.ok();
    let items: Vec<_> = versions["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["total_medications"].clone())
        .collect();
    assert_eq!(items, [0, 1, 1, 1]);
    let other =
        surgery.ali.post(at(&made, "/medications"), json!({"name": "Cetirizine"})).await.ok();
    assert_ne!(other["id"], made["medicines"][0]["id"]);
}

/// 002-R18, 002-R19, 002-R20, 002-R21, 002-R22, 002-R23, 000-27, 000-C8: files belong to a
/// prescription.
#[tokio::test]
async fn files_belong_to_a_prescription() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let made = surgery.prescribe(json!([{"name": "Paracetamol"}])).await;
    let old = format!("/api/records/prescriptions/{}/attachments/", id_of(&made));

    let first = surgery
        .ali
        .upload(&old, &[("description", "Blood count")], &[("file", "blood.pdf", pdf())])
        .await
        .ok();
    hub.clock.advance(SignedDuration::from_secs(1));
    let fields = [("attachment_type", "imaging_scan")];
    let reply =
        surgery.ana.upload(&at(&made, "/documents"), &fields, &[("file", "scan.pdf", pdf())]).await;
    let second = reply.ok();

    assert_eq!(
        (&first["document_type"], &first["file_name"]),
        (&json!("OTHER"), &json!("blood.pdf"))
    );
    assert_eq!(second["attachment_type"], "SCAN");
    let seen = surgery.hospital.get(at(&made, "")).await.ok();
    assert_eq!(seen["attachments"].as_array().unwrap().len(), 2);
    let list = surgery.hospital.get(at(&made, "/documents")).await.ok();
    assert_eq!(each(&list, "id"), [id_of(&second), id_of(&first)]);
    let place = reply.header("location");
    surgery.ana.patch(place, json!({"title": "Scan of the knee"})).await.ok();
    assert_eq!(surgery.ali.get(format!("{place}/versions")).await.ok()["count"], 2);
    assert_eq!(surgery.ali.delete(place).await.refusal(), "403 forbidden");
    assert_eq!(surgery.ana.delete(place).await.status, 204);
    assert_eq!(surgery.ana.get(place).await.refusal(), "404 not-found");
    let wrong = [("attachment_type", "MRI")];
    let wrong = surgery.ali.upload(&old, &wrong, &[("file", "x.pdf", pdf())]).await;
    assert_eq!(pointers(&wrong), ["/document_type"]);
}

/// 002-R24, 002-R25, 002-R26, 002-R27, 002-R28, 002-R29: notes, of which private ones never reach
/// the patient.
#[tokio::test]
async fn private_notes_never_reach_the_patient() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let made = surgery.prescribe(json!([{"name": "Paracetamol"}])).await;
    let all = at(&made, "/notes/");
    let note = async |by: &Caller<'_>, body: Value| {
        let note = by.post(&all, body).await.ok();
        hub.clock.advance(SignedDuration::from_secs(1));
        note
    };
    let shown = note(&surgery.ali, json!({"note": "Drink much."})).await;
    let private =
        note(&surgery.hospital, json!({"note": "Canary", "is_patient_visible": false})).await;
    let own = note(&surgery.ana, json!({"note": "I do.", "is_patient_visible": false})).await;

    assert_eq!(
        (&shown["is_patient_visible"], &private["is_patient_visible"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(own["is_patient_visible"], true);
    assert_eq!(each(&surgery.ana.get(&all).await.ok(), "id"), [id_of(&own), id_of(&shown)]);
    for person in [&surgery.ali, &surgery.hospital, &surgery.admin] {
        let list = person.get(&all).await.ok();
        assert_eq!(each(&list, "id"), [id_of(&own), id_of(&private), id_of(&shown)]);
    }
    let place = |note: &Value| format!("{all}{}", id_of(note));
    assert_eq!(surgery.ana.get(place(&private)).await.refusal(), "404 not-found");
    for path in [all.clone(), at(&made, ""), at(&made, "/versions"), ALL.to_owned()] {
        assert!(!surgery.ana.get(&path).await.text().contains("Canary"), "{path}");
    }

    let hide = json!({"is_patient_visible": false});
    assert_eq!(surgery.hospital.patch(place(&shown), &hide).await.refusal(), "403 forbidden");
    let hidden = surgery.ali.patch(place(&shown), &hide).await.ok();
    assert_eq!(hidden["is_patient_visible"], false);
    assert_eq!(surgery.ana.get(place(&shown)).await.refusal(), "404 not-found");
    let edited = surgery.ali.put(place(&shown), json!({"note": "Drink."})).await.ok();
    assert_eq!((&edited["note"], &edited["is_patient_visible"]), (&json!("Drink."), &json!(false)));
    assert_eq!(surgery.ali.delete(place(&own)).await.refusal(), "403 forbidden");
    assert_eq!(surgery.ana.delete(place(&own)).await.status, 204);
    assert_eq!(surgery.ana.get(&all).await.ok()["results"], json!([]));
}

/// 002-R27, 002-R28, 002-R29: what a note said before is kept, and what was private before never
/// reaches the patient.
#[tokio::test]
async fn what_a_note_said_in_private_never_reaches_the_patient() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let Surgery { admin, hospital, ali, ana, .. } = &surgery;
    let aga = hub.hospital("aga").await;
    let strangers = [
        hub.doctor_of(hospital, "Sara", "Khan").await,
        hub.patient("bea", "+923007654321").await,
        hub.coordinator("cora").await,
        aga,
    ];
    let made = surgery.prescribe(json!([{"name": "Paracetamol"}])).await;
    let secret = json!({"note": "Canary", "is_patient_visible": false});
    let note = hospital.post(at(&made, "/notes"), secret).await.ok();
    let path = format!("{}/{}", at(&made, "/notes"), id_of(&note));
    let versions = format!("{path}/versions");
    assert_eq!(ana.get(&versions).await.refusal(), "404 not-found");

    let shown = json!({"note": "Rest.", "is_patient_visible": true});
    hospital.patch(&path, shown).await.ok();
    hub.clock.advance(SignedDuration::from_secs(1));
    hospital.put(&path, json!({"note": "Rest well."})).await.ok();

    for reader in [admin, hospital, ali] {
        let list = reader.get(&versions).await.ok();
        assert_eq!(each(&list, "note"), ["Rest well.", "Rest.", "Canary"]);
        assert_eq!((&list["results"][2], &list["count"]), (&note, &json!(3)));
    }
    let seen = ana.get(&versions).await;
    assert_eq!(each(&seen.ok(), "note"), ["Rest well.", "Rest."]);
    assert!(!seen.text().contains("Canary"), "{}", seen.text());
    for stranger in &strangers {
        assert_eq!(stranger.get(&versions).await.refusal(), "404 not-found");
    }
    assert_eq!(hub.visitor().get(&versions).await.status, 401);
    let lines = looks(ana, "PRESCRIPTION_VIEWED").await;
    let of_versions = lines.iter().filter(|(_, details)| details["versions"] == "3");
    assert_eq!(of_versions.count(), 3);

    hospital.patch(&path, json!({"is_patient_visible": false})).await.ok();
    assert_eq!(ana.get(&versions).await.refusal(), "404 not-found");
    assert_eq!(hospital.delete(&path).await.status, 204);
    for reader in [admin, hospital, ali, ana] {
        assert_eq!(reader.get(&versions).await.refusal(), "404 not-found");
    }
    let beginning = format!("past#note#{}#", id_of(&note));
    let mut kept = hub.items("clinical", &format!("prescription#{}", id_of(&made)));
    kept.retain(|item| item["sk"]["S"].as_str().unwrap().starts_with(&beginning));
    let kept: Vec<_> = kept.iter().map(|item| item["note"]["S"].as_str().unwrap()).collect();
    assert_eq!(kept, ["Canary", "Rest.", "Rest well.", "Rest well."]);
    // What its notes said before is no version of the prescription.
    assert_eq!(ali.get(at(&made, "/versions")).await.ok()["count"], 1);
}

/// 002-K42: the prescription of a consultation, for those who take part in it.
#[tokio::test]
async fn a_consultation_shows_its_prescription() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let place = format!("/api/consultations/{}/prescription/", surgery.visit);
    assert_eq!(surgery.ana.get(&place).await.refusal(), "404 not-found");
    let beside = json!({"appointment": surgery.visit, "medication_name": "Paracetamol"});
    let beside = surgery.ali.post(ALL, beside).await.ok();
    assert_eq!(surgery.ana.get(&place).await.ok()["id"], beside["id"]);

    let made = surgery.prescribe(json!([{"name": "Cetirizine"}])).await;

    for person in [&surgery.ana, &surgery.ali, &surgery.hospital, &surgery.admin] {
        assert_eq!(person.get(&place).await.ok()["id"], made["id"]);
    }
    assert_eq!(made["version"], 1);
}

/// 000-31: a doctor reads all prescriptions in a repository that is open to them, a hospital only
/// its own.
#[tokio::test]
async fn a_repository_shows_its_prescriptions() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let aga = hub.hospital("aga").await;
    let sara = hub.doctor_of(&aga, "Sara", "Khan").await;
    let lone = came(&hub, &surgery.ana, &sara).await;
    let ours = surgery.prescribe(json!([{"name": "Paracetamol"}])).await;
    hub.clock.advance(SignedDuration::from_secs(1));
    let theirs = sara
        .post(ALL, json!({"appointment": lone, "medicines": [{"name": "Cetirizine"}]}))
        .await
        .ok();
    let place = format!("/api/records/patients/{}/prescriptions/", surgery.ana.id_as("pat"));

    assert_eq!(surgery.ali.get(&place).await.status, 404);
    assigned(&surgery.admin, &surgery.ana.id_as("pat"), &surgery.ali).await;
    assert_eq!(surgery.ali.get(&place).await.refusal(), "403 grant-required");
    let_in(&hub, &surgery.ali, ANA).await;

    for person in [&surgery.ali, &surgery.ana, &surgery.admin] {
        let list = person.get(&place).await.ok();
        assert_eq!(each(&list, "id"), [id_of(&theirs), id_of(&ours)]);
    }
    assert_eq!(each(&surgery.hospital.get(&place).await.ok(), "id"), [id_of(&ours)]);
    let bea = hub.patient("bea", "+923007654321").await;
    assert_eq!(bea.get(&place).await.refusal(), "404 not-found");
}

/// 002-R1: the prescriptions of a record that was merged are those of the patient.
#[tokio::test]
async fn prescriptions_follow_a_merged_record() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let twin = json!({"name": "Anna Diaz", "allergy_status": "NONE_KNOWN"});
    let twin = entered(&surgery.hospital, twin).await;
    assigned(&surgery.hospital, id_of(&twin), &surgery.ali).await;
    let made = surgery
        .ali
        .post(ALL, json!({"patient": twin["id"], "medicines": [{"name": "Paracetamol"}]}))
        .await
        .ok();
    let merge = json!({"duplicate": twin["id"]});
    let ana = surgery.ana.id_as("pat");
    surgery.admin.post(format!("/api/patients/{ana}/merge"), merge).await.ok();

    let seen = surgery.ana.get(at(&made, "")).await.ok();

    assert_eq!(seen["patient"], json!(ana));
    assert_eq!(each(&surgery.ana.get(ALL).await.ok(), "patient"), [ana.as_str()]);
    let body = json!({"appointment": surgery.visit, "medicines": [{"name": "Panadol"}]});
    let anew = surgery.ali.post(ALL, body).await.ok();
    assert_eq!(anew["warnings"][0]["rule"], "DUPLICATE-INGREDIENT");
}
