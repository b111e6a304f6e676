//! Whether patients take what was prescribed.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::{
    pharmacy::{Surgery, first_of},
    support::{each, id_of, open},
    tour::{actions, catch_up},
};

const PATH: &str = "/api/prescriptions/adherence";

fn dose(medication: &str, status: &str, scheduled_at: &str) -> Value {
    json!({"medication": medication, "status": status, "scheduled_at": scheduled_at})
}

/// 002-C5: a dose is told of once; what is told again corrects it, and the same again changes
/// nothing.
#[tokio::test]
async fn a_dose_is_told_of_once() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let ana = &surgery.ana;
    let prescription = surgery.prescribe().await;
    let medication = first_of(&prescription);
    let due = hub.state.clock.now().to_string();
    let missed = json!({"medication": medication, "status": "missed", "scheduled_time": due, "notes": "Asleep."});

    let first = ana.post(format!("{PATH}/"), missed.clone()).await;
    let same = ana.post(PATH, missed).await;
    let other = json!({"medication_id": medication, "status": "TAKEN", "scheduled_at": due, "taken_at": due});
    let corrected = ana.post(PATH, other).await;

    assert_eq!([&first, &same, &corrected].map(|reply| reply.status.as_u16()), [201, 200, 200]);
    let told = first.ok();
    assert_eq!(first.header("location"), format!("{PATH}/{}", id_of(&told)));
    assert_eq!(
        told,
        json!({
            "id": told["id"], "medication": medication, "prescription": prescription["id"],
            "patient": ana.id_as("pat"), "doctor": surgery.ali.id_as("doc"), "status": "MISSED",
            "scheduled_at": due, "taken_at": null, "notes": "Asleep.", "told_at": due, "corrections": 0,
        })
    );
    assert_eq!(same.ok(), told);
    let now = corrected.ok();
    assert_eq!(
        (&now["id"], &now["status"], &now["notes"]),
        (&told["id"], &json!("TAKEN"), &Value::Null)
    );
    assert_eq!(now["corrections"], 1);
    assert_eq!(ana.get(PATH).await.ok()["results"], json!([now]));
    assert_eq!(ana.get(first.header("location")).await.ok(), now);
}

/// 002-C5: whoever tells the same many times at once has told it once.
#[tokio::test]
async fn a_dose_told_many_times_at_once_is_one_dose() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let prescription = surgery.prescribe().await;
    let due = hub.state.clock.now().to_string();
    let body = dose(first_of(&prescription), "TAKEN", &due);

    let told = join_all((0..8).map(|_| surgery.ana.post(PATH, &body))).await;

    let mut statuses: Vec<_> = told.iter().map(|reply| reply.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 200, 201]);
    assert_eq!(surgery.ana.get(PATH).await.ok()["results"].as_array().unwrap().len(), 1);
}

/// 002-C5: a patient takes back what they told, and may tell it again.
#[tokio::test]
async fn a_dose_can_be_taken_back() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let prescription = surgery.prescribe().await;
    let due = hub.state.clock.now().to_string();
    let body = dose(first_of(&prescription), "SKIPPED", &due);
    let told = surgery.ana.post(PATH, &body).await.ok();
    let path = format!("{PATH}/{}", id_of(&told));
    let [_, bea, _] = surgery.strangers().await;
    assert_eq!(bea.delete(&path).await.refusal(), "404 not-found");
    assert_eq!(surgery.ali.delete(&path).await.refusal(), "403 forbidden");

    assert_eq!(surgery.ana.delete(&path).await.status, 204);

    assert_eq!(surgery.ana.get(&path).await.refusal(), "404 not-found");
    assert_eq!(surgery.ana.get(PATH).await.ok()["results"], json!([]));
    let again = surgery.ana.post(PATH, &body).await.ok();
    assert_eq!((&again["id"], &again["corrections"]), (&told["id"], &json!(1)));
}

/// 002-C5: the doctor and the hospital that prescribed a medicine read how it is taken, and the
/// patient learns that they did.
#[tokio::test]
async fn who_prescribed_it_reads_how_it_is_taken() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let Surgery { admin, hospital, ali, ana, .. } = &surgery;
    let prescription = surgery.prescribe().await;
    let (medication, other) =
        (first_of(&prescription), prescription["medicines"][1]["id"].as_str().unwrap());
    let due = hub.state.clock.now().to_string();
    let told = ana.post(PATH, dose(medication, "TAKEN", &due)).await.ok();
    ana.post(PATH, dose(other, "MISSED", &due)).await.ok();
    catch_up(&hub).await;

    let asked = format!("{PATH}?medication={medication}");
    for reader in [ali, hospital, admin] {
        assert_eq!(each(&reader.get(&asked).await.ok(), "id"), [id_of(&told)]);
        assert_eq!(actions(&catch_up(&hub).await), ["ADHERENCE_VIEWED"]);
    }
    ana.get(&asked).await.ok();
    assert_eq!(actions(&catch_up(&hub).await), [] as [&str; 0]);

    for reader in [ali, hospital] {
        let unnamed = reader.get(PATH).await.problem();
        assert_eq!((unnamed.status, unnamed.errors[0].pointer.as_str()), (400, "/medication"));
        let whole = format!("{PATH}?patient={}", ana.id_as("pat"));
        assert_eq!(reader.get(whole).await.refusal(), "403 forbidden");
        let body = dose(medication, "TAKEN", &due);
        assert_eq!(reader.post(PATH, body).await.refusal(), "403 forbidden");
    }
    let [sara, bea, aga] = surgery.strangers().await;
    for stranger in [&sara, &bea, &aga] {
        assert_eq!(stranger.get(&asked).await.refusal(), "404 not-found");
        let summary = format!("{PATH}/summary?medication={medication}");
        assert_eq!(stranger.get(summary).await.refusal(), "404 not-found");
    }
}

/// 002-C5: a summary counts the doses of some days and says how many of a hundred were taken.
#[tokio::test]
async fn a_summary_counts_what_was_taken() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let Surgery { ali, ana, .. } = &surgery;
    let prescription = surgery.prescribe().await;
    let (one, two) =
        (first_of(&prescription), prescription["medicines"][1]["id"].as_str().unwrap());
    let none = ana.get(format!("{PATH}/summary")).await.ok();
    assert_eq!(none["overall"]["rate"], Value::Null);
    let now = hub.state.clock.now();
    let at = |hours: i64| (now + jiff::SignedDuration::from_hours(hours)).to_string();
    for (medication, status, hours) in [
        (one, "TAKEN", 0),
        (one, "DELAYED", 6),
        (one, "MISSED", 12),
        (one, "TAKEN", 18),
        (two, "SKIPPED", 0),
    ] {
        ana.post(PATH, dose(medication, status, &at(hours))).await.ok();
    }

    let summary = ana.get(format!("{PATH}/summary?to=2099-12-31&from=2099-11-01")).await.ok();
    assert_eq!(summary["medications"], json!([]));
    let until = (now + jiff::SignedDuration::from_hours(24)).to_string();
    let summary = ana.get(format!("{PATH}/summary?date_to={}", &until[..10])).await.ok();

    let score = |taken: u32, delayed: u32, missed: u32, skipped: u32, rate: &str| {
        json!({"taken": taken, "delayed": delayed, "missed": missed, "skipped": skipped,
            "total": taken + missed + skipped, "rate": rate})
    };
    assert_eq!(summary["overall"], score(3, 1, 1, 1, "60.0"));
    let mut first = score(3, 1, 1, 0, "75.0");
    first["medication"] = json!(one);
    first["prescription"] = prescription["id"].clone();
    assert_eq!(summary["medications"][0], first);
    let asked = format!("{PATH}/summary?medication={one}&date_to={}", &until[..10]);
    assert_eq!(ali.get(asked).await.ok()["overall"], score(3, 1, 1, 0, "75.0"));
    let long = format!("{PATH}/summary?from=2030-01-01&to=2031-01-01");
    assert_eq!(ana.get(long).await.refusal(), "400 bad-range");
}

/// 002-C5: what was not prescribed then or is yet to come cannot be told.
#[tokio::test]
async fn only_what_was_prescribed_and_has_come_is_told() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let prescription = surgery.prescribe().await;
    let medication = first_of(&prescription);
    let now = hub.state.clock.now();
    let at = |hours: i64| (now + jiff::SignedDuration::from_hours(hours)).to_string();
    for (when, code) in [(at(48), "400 dose-in-future"), (at(-48), "400 not-prescribed")] {
        let reply = surgery.ana.post(PATH, dose(medication, "TAKEN", &when)).await;
        assert_eq!(reply.refusal(), code);
    }
    let unknown = format!("{}F", &medication[..medication.len() - 1]);
    let reply = surgery.ana.post(PATH, dose(&unknown, "TAKEN", &at(0))).await;
    assert_eq!(reply.refusal(), "400 not-prescribed");
    let wrong = surgery.ana.post(PATH, dose(medication, "EATEN", "soon")).await.problem();
    let pointers: Vec<_> = wrong.errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(pointers, ["/status", "/scheduled_at"]);
}
