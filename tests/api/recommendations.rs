//! What could be given instead: asked, answered by rules from a queue, and decided on by people.

use std::time::Duration;

use carehub_api::limit::Bucket;
use carehub_clients::{Errand, Queue};
use carehub_testkit::{Caller, TestHub};
use futures_util::future::join;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    notifier::queue_up,
    support::{
        PASSWORD, People, assigned, each, id_of, let_in, looks, open, open_limiting, recommender,
        work,
    },
};

pub(crate) const ALL: &str = "/api/recommendations";
const HISTORY: &str = "/api/recommendations/history/";
const STATS: &str = "/api/recommendations/stats/";
const CLEAR: &str = "/api/recommendations/clear-cache/";
const SETTINGS: &str = "/api/recommendations/settings";
const ANA: &str = "+923001234567";

/// What could be given instead of lisinopril to a man of forty of whom nothing else matters.
pub(crate) fn question() -> Value {
    json!({
        "medicine_name": "Zestril 10 mg",
        "patient_info": {
            "age": 40, "sex": "male", "allergies": ["none"], "comorbidities": [],
            "current_medications": [], "kidney_impaired": false, "liver_impaired": false,
        },
    })
}

/// Asks without waiting, and gives back what was asked.
pub(crate) async fn put(who: &Caller<'_>, question: &Value) -> Value {
    who.with_header("prefer", "respond-async").post(ALL, question).await.ok()
}

/// Asks, lets the rules answer, and reads the answer.
async fn ask(hub: &TestHub, who: &Caller<'_>, question: &Value) -> Value {
    let asked = put(who, question).await;
    queue_up(hub).await;
    work(hub, None).await;
    who.get(format!("{ALL}/{}", id_of(&asked))).await.ok()
}

pub(crate) fn names(answer: &Value) -> Vec<&str> {
    let all = answer["alternatives"].as_array().unwrap().iter();
    all.map(|one| one["name"].as_str().unwrap()).collect()
}

/// 000-32, 000-C9: a doctor asks and gets a draft, by way of a queue. Without a model the rules answer and
/// say so.
#[tokio::test]
async fn a_doctor_gets_a_draft() {
    let hub = open().await;
    let (admin, hospital) = (hub.admin().await, hub.hospital("jinnah").await);
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;

    let prompt = ali.with_header("prefer", "respond-async");
    let reply = prompt.post(format!("{ALL}/"), question()).await;

    let asked = reply.ok();
    let location = format!("{ALL}/{}", id_of(&asked));
    assert_eq!((reply.status.as_u16(), reply.header("location")), (202, location.as_str()));
    assert_eq!(reply.header("preference-applied"), "respond-async");
    assert_eq!(
        (&asked["state"], &asked["alternatives"], &asked["response_time_ms"]),
        (&json!("QUEUED"), &json!([]), &Value::Null)
    );
    queue_up(&hub).await;
    let recommendation = id_of(&asked).parse().unwrap();
    let errand = Errand::Recommend { requester: ali.id().parse().unwrap(), recommendation };
    assert_eq!(hub.queues.waiting(Queue::Recommendations), [errand]);
    hub.clock.advance(SignedDuration::from_millis(250));
    work(&hub, None).await;

    let answer = ali.get(&location).await.ok();
    assert_eq!(
        (&answer["state"], &answer["outcome"], &answer["asked_for"], &answer["cached"]),
        (&json!("DONE"), &json!("ALTERNATIVES"), &json!("lisinopril"), &json!(false))
    );
    assert_eq!(answer["medicine_name"], "Zestril 10 mg");
    assert_eq!(answer["response_time_ms"], 250);
    assert_eq!(answer["by"], json!({"kind": "RULES", "without_model": "NOT_SET_UP"}));
    let alternatives = names(&answer);
    assert!(alternatives.contains(&"enalapril") && alternatives.contains(&"valsartan"));
    assert!(!alternatives.contains(&"lisinopril") && alternatives.len() <= 12);
    for alternative in answer["alternatives"].as_array().unwrap() {
        assert!(["reason", "notes"].iter().all(|name| alternative[name].is_string()));
    }
    assert!(answer["suggestion"].is_string() && answer["warnings"].is_array());
    assert!(answer["note"].as_str().unwrap().contains("No alert does not mean no interaction"));
    assert_eq!(answer["basis"]["rules_version"], "2");
    let log = admin.get("/api/accounts/audit-logs/?limit=100").await.ok();
    let deeds = each(&log, "action");
    let asked_and_made = ["RECOMMENDATION_REQUESTED", "RECOMMENDATION_MADE"];
    assert!(asked_and_made.iter().all(|deed| deeds.contains(deed)), "{deeds:?}");
    let log = log.to_string().to_lowercase();
    assert!(!["zestril", "lisinopril", "enalapril"].iter().any(|name| log.contains(name)));
}

/// 000-32: older clients expect the answer itself, and get it if it does not take long.
#[tokio::test]
async fn whoever_says_nothing_waits_for_the_answer() {
    let hub = open().await;
    let doctor = hub.lone_doctor("lone").await;
    let worker = async {
        while hub.queues.waiting(Queue::Recommendations).is_empty() {
            queue_up(&hub).await;
            sleep(Duration::from_millis(5)).await;
        }
        work(&hub, None).await
    };

    let (reply, _) = join(doctor.post("/api/v1/recommendations/", question()), worker).await;

    assert_eq!((reply.status.as_u16(), reply.header("preference-applied")), (200, ""));
    assert_eq!(reply.ok()["state"], "DONE");
    let impatient = doctor.with_header("prefer", "wait=0");
    let other = json!({"medicine_name": "Aspirin"});
    let reply = impatient.post(ALL, other).await;
    assert_eq!((reply.status.as_u16(), reply.header("preference-applied")), (202, "wait=0"));
}

/// 000-32, 000-C9: the same question has the same answer, at once: for those of one hospital, of the same
/// facts, by the same data and for a day.
#[tokio::test]
async fn the_same_question_is_answered_at_once() {
    let hub = open().await;
    let (jinnah, mayo) = (hub.hospital("jinnah").await, hub.hospital("mayo").await);
    let ali = hub.doctor_of(&jinnah, "Ali", "Mehmood").await;
    let sara = hub.doctor_of(&jinnah, "Sara", "Khan").await;
    let omar = hub.doctor_of(&mayo, "Omar", "Malik").await;
    let first = ask(&hub, &ali, &question()).await;
    hub.clock.advance(SignedDuration::from_mins(1));
    let mut spelled = question();
    spelled["medicine_name"] = json!("lisinopril");

    let reply = sara.post(ALL, &spelled).await;

    let again = reply.ok();
    assert_eq!((reply.status.as_u16(), &again["cached"]), (200, &json!(true)));
    assert_eq!((&again["response_time_ms"], &again["state"]), (&json!(0), &json!("DONE")));
    assert_eq!(again["alternatives"], first["alternatives"]);
    assert_ne!(again["id"], first["id"]);
    queue_up(&hub).await;
    assert_eq!(hub.queues.waiting(Queue::Recommendations), []);
    let mut older = question();
    older["patient_info"]["age"] = json!(41);
    for (who, asked) in [(&omar, &question()), (&ali, &older)] {
        assert_eq!(put(who, asked).await["state"], "QUEUED");
    }
    jinnah.patch(SETTINGS, json!({"preferred": ["losartan"]})).await.ok();
    let changed = ask(&hub, &ali, &question()).await;
    assert_eq!((&changed["cached"], names(&changed)[0]), (&json!(false), "losartan"));
    hub.clock.advance(SignedDuration::from_hours(24));
    let ali = hub.sign_in(ali.user["username"].as_str().unwrap(), PASSWORD).await;
    assert_eq!(put(&ali, &question()).await["state"], "QUEUED");
}

/// 000-32, 000-C9: admins make the hub forget what it answered.
#[tokio::test]
async fn admins_clear_what_is_kept() {
    let hub = open().await;
    let admin = hub.admin().await;
    let (jinnah, mayo) = (hub.hospital("jinnah").await, hub.hospital("mayo").await);
    let is_kept = async || {
        let mut kept = Vec::new();
        for who in [&jinnah, &mayo] {
            kept.push(ask(&hub, who, &question()).await["cached"] == true);
        }
        hub.clock.advance(SignedDuration::from_secs(1));
        kept
    };
    assert_eq!(is_kept().await, [false, false]);
    assert_eq!(is_kept().await, [true, true]);

    let own = json!({"hospital": jinnah.id_as("hsp")});
    assert_eq!(jinnah.post(CLEAR, &own).await.refusal(), "403 forbidden");
    let cleared = admin.post(CLEAR, &own).await.ok();
    assert_eq!(cleared["hospital"], own["hospital"]);
    hub.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(is_kept().await, [false, true]);
    admin.post(CLEAR, json!({})).await.ok();
    hub.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(is_kept().await, [false, false]);
    assert_eq!(is_kept().await, [true, true]);
}

/// 000-32, 000-C9: ten an hour, for each person.
#[tokio::test]
async fn people_ask_ten_times_an_hour() {
    let hub = open_limiting(Bucket::Recommendations).await;
    let (one, other) = (hub.lone_doctor("one").await, hub.lone_doctor("other").await);
    for _ in 0..10 {
        put(&one, &question()).await;
    }

    let refused = one.post(ALL, question()).await;

    assert_eq!(refused.refusal(), "429 too-many-requests");
    assert_eq!(refused.header("retry-after"), "3600");
    put(&other, &question()).await;
}

/// 000-33: people see what they asked, and nobody else does.
#[tokio::test]
async fn people_see_what_they_asked_and_nobody_else_does() {
    let hub = open().await;
    let (admin, hospital) = (hub.admin().await, hub.hospital("jinnah").await);
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let sara = hub.doctor_of(&hospital, "Sara", "Khan").await;
    let first = ask(&hub, &ali, &question()).await;
    hub.clock.advance(SignedDuration::from_secs(1));
    let second = ask(&hub, &ali, &json!({"medicine_name": "Aspirin"})).await;

    let history = ali.get(format!("{HISTORY}?limit=1")).await.ok();

    assert_eq!(history["results"], json!([second]));
    let next = history["next"].as_str().unwrap();
    assert_eq!(ali.get(next).await.ok()["results"], json!([first]));
    let path = format!("{ALL}/{}", id_of(&first));
    let verdict = json!({"decision": "ACCEPTED"});
    for stranger in [&sara, &hospital, &admin] {
        assert_eq!(stranger.get(HISTORY).await.ok()["results"], json!([]));
        assert_eq!(stranger.get(&path).await.refusal(), "404 not-found");
        let decided = stranger.post(format!("{path}/decision"), &verdict).await;
        assert_eq!(decided.refusal(), "404 not-found");
    }
    let cora = hub.coordinator("cora").await;
    assert_eq!(cora.post(ALL, question()).await.refusal(), "403 forbidden");
    assert_eq!(cora.get(HISTORY).await.refusal(), "403 forbidden");
}

/// 000-34: admins see the numbers, in which no word is that somebody typed.
#[tokio::test]
async fn admins_see_the_numbers() {
    let hub = open().await;
    let (admin, hospital) = (hub.admin().await, hub.hospital("jinnah").await);
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let first = put(&ali, &question()).await;
    queue_up(&hub).await;
    hub.clock.advance(SignedDuration::from_millis(600));
    work(&hub, None).await;
    for name in ["Lisinopril", "Aspirin", "canary pill"] {
        let mut asked = question();
        asked["medicine_name"] = json!(name);
        ask(&hub, &hospital, &asked).await;
    }
    hub.settle().await;
    // What comes twice counts once.
    let again = Errand::Recommend {
        requester: ali.id().parse().unwrap(),
        recommendation: id_of(&first).parse().unwrap(),
    };
    hub.queues.poison(Queue::Recommendations, &serde_json::to_string(&again).unwrap());
    hub.settle().await;

    let numbers = admin.get(STATS).await.ok();

    assert_eq!(
        numbers,
        json!({
            "total_recommendations": 4, "unique_medicines": 2, "unique_users": 2,
            "avg_response_time_ms": 150,
            "top_medicines": [
                {"medicine_name": "lisinopril", "count": 2},
                {"medicine_name": "aspirin", "count": 1},
                {"medicine_name": "other", "count": 1},
            ],
        })
    );
    for other in [&ali, &hospital] {
        assert_eq!(other.get(STATS).await.refusal(), "403 forbidden");
    }
}

#[tokio::test]
async fn what_is_not_known_makes_no_recommendation() {
    let hub = open().await;
    let doctor = hub.lone_doctor("lone").await;
    let nothing = ask(&hub, &doctor, &json!({"medicine_name": "Aspirin"})).await;
    let unknown = ask(&hub, &doctor, &json!({"medicine_name": "Zorblaxin"})).await;
    let refused = doctor.post(ALL, json!({})).await;
    let odd = json!({"indication": "PAIN", "patient_info": {"age": 131, "shoe_size": 44}});
    let odd = doctor.post(ALL, odd).await;

    assert_eq!(nothing["outcome"], "INSUFFICIENT_INFORMATION");
    assert_eq!(nothing["missing"], json!(["AGE", "ALLERGY_STATUS", "CURRENT_MEDICATIONS"]));
    assert_eq!((&nothing["alternatives"], &nothing["state"]), (&json!([]), &json!("DONE")));
    assert_eq!(unknown["outcome"], "UNKNOWN_MEDICINE");
    assert_eq!(refused.refusal(), "400 recommendation-invalid");
    assert_eq!(odd.refusal(), "400 invalid");
}

/// Facts come from the record where it is open, and whoever reads it leaves a line.
#[tokio::test]
async fn a_record_says_more_to_those_whom_it_is_open_to() {
    let hub = open().await;
    let (admin, hospital) = (hub.admin().await, hub.hospital("jinnah").await);
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", ANA).await;
    let known = json!({
        "date_of_birth": "1980-05-01", "gender": "MALE", "allergies": ["Aspirin"],
        "current_medications": ["Warfarin"],
    });
    ana.patch("/api/patients/update_profile", known).await.ok();
    let asked = json!({"medicine_name": "Ibuprofen", "patient": ana.id_as("pat")});
    assert_eq!(ali.post(ALL, &asked).await.refusal(), "404 not-found");
    assigned(&admin, &ana.id_as("pat"), &ali).await;
    assert_eq!(ali.post(ALL, &asked).await.refusal(), "403 grant-required");
    let_in(&hub, &ali, ANA).await;

    let answer = ask(&hub, &ali, &asked).await;

    assert_eq!(answer["facts"]["age"], 49);
    assert_eq!(answer["facts"]["allergies"], json!(["aspirin"]));
    assert_eq!(answer["facts"]["current_medications"], json!(["warfarin"]));
    assert!(!names(&answer).contains(&"naproxen"), "{answer}");
    ali.get(HISTORY).await.ok();
    let count = async |action| looks(&ana, action).await.len();
    assert_eq!(count("RECOMMENDATION_REQUESTED").await, 1);
    assert_eq!(count("RECOMMENDATION_VIEWED").await, 2);
    hub.clock.advance(SignedDuration::from_mins(31));
    assert_eq!(ali.post(ALL, &asked).await.refusal(), "403 grant-required");
}

/// A record in which nobody noted any medicine does not say that none is taken.
#[tokio::test]
async fn who_was_never_asked_for_medicines_may_take_some() {
    let hub = open().await;
    let (admin, hospital) = (hub.admin().await, hub.hospital("jinnah").await);
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", ANA).await;
    assigned(&admin, &ana.id_as("pat"), &ali).await;
    let_in(&hub, &ali, ANA).await;
    let notes = async |notes: Value| ana.patch("/api/patients/update_profile", notes).await.ok();
    notes(json!({"date_of_birth": "1980-05-01", "gender": "M", "allergy_status": "NONE_KNOWN"}))
        .await;
    let mut asked = json!({"medicine_name": "Ibuprofen", "patient": ana.id_as("pat")});

    let unasked = ask(&hub, &ali, &asked).await;
    notes(json!({"current_medications": ["none"]})).await;
    let noted = ask(&hub, &ali, &asked).await;
    notes(json!({"current_medications": []})).await;
    asked["patient_info"] = json!({"current_medications": []});
    let told = ask(&hub, &ali, &asked).await;

    assert_eq!(unasked["outcome"], "INSUFFICIENT_INFORMATION");
    assert_eq!(unasked["missing"], json!(["CURRENT_MEDICATIONS"]));
    assert_eq!(unasked["alternatives"], json!([]));
    for answer in [noted, told] {
        assert_eq!(answer["outcome"], "ALTERNATIVES");
        assert_eq!(answer["facts"]["current_medications"], json!([]));
    }
}

/// Patients are informed where one of their hospitals wants it: in the order of the alphabet, with
/// the same stops, and never by a model.
#[tokio::test]
async fn patients_are_informed_where_their_hospital_wants_it() {
    let hub = open().await;
    let (admin, hospital) = (hub.admin().await, hub.hospital("jinnah").await);
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", ANA).await;
    assigned(&admin, &ana.id_as("pat"), &ali).await;
    assert_eq!(ana.post(ALL, question()).await.refusal(), "403 recommendation-closed");
    let on = json!({"patient_information": true, "preferred": ["losartan"]});
    assert_eq!(ali.patch(SETTINGS, &on).await.refusal(), "403 forbidden");
    hospital.patch(SETTINGS, &on).await.ok();

    let answer = ask(&hub, &ana, &question()).await;

    assert_eq!(answer["audience"], "PATIENT");
    assert_eq!(answer["by"]["without_model"], "FOR_PATIENT");
    let shown = names(&answer);
    assert!(shown.len() > 1 && shown.is_sorted(), "{shown:?}");
    assert!(answer["note"].as_str().unwrap().starts_with("Plain information"));
    let draft = ask(&hub, &ali, &question()).await;
    assert_eq!((&draft["cached"], names(&draft)[0]), (&json!(false), "losartan"));
    let path = format!("{ALL}/{}", id_of(&answer));
    assert_eq!(hospital.get(&path).await.refusal(), "404 not-found");
    let decision = ana.post(format!("{path}/decision"), json!({"decision": "ACCEPTED"})).await;
    assert_eq!(decision.refusal(), "403 forbidden");
    hospital.patch(SETTINGS, json!({"patient_information": false})).await.ok();
    assert_eq!(ana.post(ALL, question()).await.refusal(), "403 recommendation-closed");
}

#[tokio::test]
async fn a_hospital_says_which_medicines_it_has() {
    let hub = open().await;
    let (admin, hospital) = (hub.admin().await, hub.hospital("jinnah").await);
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let before = ali.get(SETTINGS).await;
    let changes = json!({"only": ["Losartan 50 mg", "enalapril"], "excluded": ["enalapril"]});

    let changed = hospital.put(SETTINGS, changes).await.ok();

    assert_eq!(changed["only"], json!(["enalapril", "losartan"]));
    assert_ne!(changed["formulary_version"], before.ok()["formulary_version"]);
    let shown = admin.get(format!("{SETTINGS}?hospital={}", hospital.id_as("hsp"))).await;
    assert_eq!(shown.ok(), changed);
    assert_eq!(admin.get(SETTINGS).await.refusal(), "400 invalid");
    let stale = hospital.with_header("if-match", before.header("etag"));
    assert_eq!(stale.patch(SETTINGS, json!({})).await.refusal(), "412 precondition-failed");
    let unknown = hospital.patch(SETTINGS, json!({"only": ["Zorblaxin"]})).await;
    assert_eq!(unknown.refusal(), "400 formulary-invalid");
    assert_eq!(names(&ask(&hub, &ali, &question()).await), ["losartan"]);
}

#[tokio::test]
async fn whoever_asked_says_what_became_of_the_draft() {
    let hub = open().await;
    let doctor = hub.lone_doctor("lone").await;
    let asked = put(&doctor, &question()).await;
    let path = format!("{ALL}/{}/decision/", id_of(&asked));
    let accepted = json!({"decision": "accepted"});
    assert_eq!(doctor.post(&path, &accepted).await.refusal(), "409 recommendation-not-done");
    hub.settle().await;
    let rejected = json!({"decision": "REJECTED"});
    assert_eq!(doctor.post(&path, rejected).await.refusal(), "400 recommendation-reason");

    let reason = json!({"decision": "EDITED", "reason": "Half of it."});
    let decided = doctor.post(&path, reason).await.ok();

    assert_eq!(decided["decision"]["decision"], "EDITED");
    assert_eq!(decided["decision"]["by"], json!(doctor.id()));
    assert_eq!(doctor.post(&path, &accepted).await.refusal(), "409 recommendation-decided");
}

/// What fails comes again, and the last time whoever asked is told. Its neighbours are answered.
#[tokio::test]
async fn what_cannot_be_answered_is_given_up_in_the_end() {
    let hub = open().await;
    let (hospital, lone) = (hub.hospital("jinnah").await, hub.lone_doctor("lone").await);
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let stuck = put(&ali, &question()).await;
    let place = format!("hospital#{}", hospital.id_as("hsp"));
    hub.spoil("directory", &place, "recommendations");
    let fine = put(&lone, &question()).await;
    queue_up(&hub).await;
    hub.queues.poison(Queue::Recommendations, "no errand");

    for time in 1..=5 {
        let batch = hub.queues.batch(Queue::Recommendations);
        let answer = recommender(&hub, None).work(batch.clone()).await;
        hub.queues.done(Queue::Recommendations, &batch, &answer);
        let failed = answer.batch_item_failures.len();
        assert_eq!(failed, if time < 5 { 2 } else { 1 }, "at {time}");
    }

    let answered = lone.get(format!("{ALL}/{}", id_of(&fine))).await.ok();
    assert_eq!(answered["state"], "DONE");
    let given_up = ali.get(format!("{ALL}/{}", id_of(&stuck))).await.ok();
    assert_eq!((&given_up["state"], &given_up["cause"]), (&json!("FAILED"), &json!("UNREADABLE")));
    assert_eq!(given_up["alternatives"], json!([]));
}
