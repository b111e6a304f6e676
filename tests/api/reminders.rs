//! Reminders to take a medicine.

use serde_json::{Value, json};

use crate::{
    pharmacy::{Surgery, first_of},
    support::{each, id_of, open},
};

const PATH: &str = "/api/prescriptions/reminders";

/// 002-R30, 002-R31, 002-R32, 002-R33, 002-R34, 002-R35: patients say when they want to be reminded
/// of what.
#[tokio::test]
async fn patients_keep_their_reminders() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let ana = &surgery.ana;
    let prescription = surgery.prescribe().await;
    let medication = first_of(&prescription);
    let zone = json!({"timezone": "Asia/Karachi"});
    ana.patch("/api/patients/update_profile", zone).await.ok();

    let body = json!({"medication": medication, "reminder_times": ["20:00", "08:00"]});
    let made = ana.post(format!("{PATH}/"), body).await;

    let reminder = made.ok();
    assert_eq!((made.status.as_u16(), made.header("location")), (201, path(&reminder).as_str()));
    assert_eq!(
        reminder,
        json!({
            "id": medication.replacen("med", "rem", 1), "medication": medication,
            "medication_name": "Paracetamol", "prescription": prescription["id"],
            "patient": ana.id_as("pat"), "reminder_times": ["08:00", "20:00"],
            "zone": "Asia/Karachi", "is_active": true, "has_ended": false, "sms_enabled": true,
            "email_enabled": false, "push_enabled": true,
            "created_at": reminder["created_at"], "updated_at": reminder["created_at"],
        })
    );
    assert_eq!(ana.get(PATH).await.ok()["results"], json!([reminder]));
    assert_eq!(ana.get(path(&reminder)).await.ok(), reminder);

    let changes = json!({"times": ["07:30"], "is_active": false, "email_enabled": true});
    let changed = ana.put(path(&reminder), changes).await.ok();
    assert_eq!(changed["reminder_times"], json!(["07:30"]));
    let switches = ["is_active", "sms_enabled", "email_enabled"];
    assert_eq!(
        switches.map(|switch| &changed[switch]),
        [false, true, true].map(Value::from).each_ref()
    );
    let stale = ana.with_header("if-match", made.header("etag"));
    assert_eq!(stale.patch(path(&reminder), json!({})).await.refusal(), "412 precondition-failed");

    assert_eq!(ana.delete(path(&reminder)).await.status, 204);
    assert_eq!(ana.get(path(&reminder)).await.refusal(), "404 not-found");
    assert_eq!(ana.get(PATH).await.ok()["results"], json!([]));
}

/// 002-R31: there is one reminder of a medicine; a removed one may be made again.
#[tokio::test]
async fn there_is_one_reminder_of_a_medicine() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let prescription = surgery.prescribe().await;
    let body = json!({"medication": first_of(&prescription), "reminder_times": ["08:00"]});

    let first = surgery.ana.post(PATH, body.clone()).await.ok();
    assert_eq!(surgery.ana.post(PATH, body.clone()).await.refusal(), "409 reminder-exists");
    surgery.ana.delete(path(&first)).await.ok();
    let again = surgery.ana.post(PATH, body).await.ok();

    assert_eq!(again["id"], first["id"]);
    assert_eq!(surgery.ana.get(PATH).await.ok()["results"], json!([again]));
}

/// 002-R31: a reminder ends with its medicine, and of what has ended nobody is reminded.
#[tokio::test]
async fn a_reminder_ends_with_its_medicine() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let prescription = surgery.prescribe().await;
    let (medication, ana) = (first_of(&prescription), &surgery.ana);
    let body = json!({"medication": medication, "reminder_times": ["08:00"]});
    let reminder = ana.post(PATH, body.clone()).await.ok();

    let stop = format!("/api/v1/prescriptions/{medication}/deactivate/");
    surgery.ali.post(stop, json!({})).await.ok();

    assert_eq!(ana.get(path(&reminder)).await.ok()["has_ended"], true);
    assert_eq!(ana.get(PATH).await.ok()["results"][0]["has_ended"], true);
    ana.delete(path(&reminder)).await.ok();
    assert_eq!(ana.post(PATH, body).await.refusal(), "409 medication-ended");
}

/// 002-R30, 002-R31, 002-R32: only the patient and admins have to do with reminders.
#[tokio::test]
async fn reminders_are_nobody_elses_business() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let Surgery { admin, ali, hospital, ana, .. } = &surgery;
    let prescription = surgery.prescribe().await;
    let body = json!({"medication": first_of(&prescription), "reminder_times": ["08:00"]});
    let [sara, bea, aga] = surgery.strangers().await;
    for (other, answer) in [
        (ali, "403 forbidden"),
        (hospital, "403 forbidden"),
        (&bea, "404 not-found"),
        (&aga, "404 not-found"),
    ] {
        assert_eq!(other.post(PATH, body.clone()).await.refusal(), answer);
    }
    let reminder = admin.post(PATH, body).await.ok();
    assert_eq!(reminder["patient"], ana.id_as("pat"));

    let hers = format!("{PATH}?patient={}", ana.id_as("pat"));
    for other in [ali, hospital, &sara, &bea, &aga] {
        assert_eq!(other.get(path(&reminder)).await.refusal(), "404 not-found");
        assert_eq!(other.patch(path(&reminder), json!({})).await.refusal(), "404 not-found");
        assert_eq!(other.delete(path(&reminder)).await.refusal(), "404 not-found");
        assert_eq!(other.get(&hers).await.refusal(), "403 forbidden");
    }
    assert_eq!(ali.get(PATH).await.refusal(), "403 forbidden");
    assert_eq!(bea.get(PATH).await.ok()["results"], json!([]));
    for list in [admin.get(PATH).await, admin.get(&hers).await, ana.get(&hers).await] {
        assert_eq!(each(&list.ok(), "id"), [id_of(&reminder)]);
    }
}

/// 002-R31, 002-R33: wrong times, zones and medicines are refused.
#[tokio::test]
async fn wrong_reminders_are_refused() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let prescription = surgery.prescribe().await;
    let medication = first_of(&prescription);
    for (times, zone, pointer) in [
        (json!([]), "UTC", "/reminder_times"),
        (json!(["8:00"]), "UTC", "/reminder_times/0"),
        (json!(["08:00", "08:00"]), "UTC", "/reminder_times"),
        (json!(vec!["08:00"; 13]), "UTC", "/reminder_times"),
        (json!(["08:00"]), "Mars/Base", "/zone"),
    ] {
        let body = json!({"medication": medication, "reminder_times": times, "zone": zone});
        let problem = surgery.ana.post(PATH, body).await.problem();
        assert_eq!((problem.status, problem.errors[0].pointer.as_str()), (400, pointer));
    }
    let absent = medication.replacen("med_0", "med_1", 1);
    let body = json!({"medication": absent, "reminder_times": ["08:00"]});
    assert_eq!(surgery.ana.post(PATH, body).await.refusal(), "404 not-found");
}

fn path(reminder: &Value) -> String {
    format!("{PATH}/{}", id_of(reminder))
}
