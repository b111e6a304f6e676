//! Who is told of what: by which ways, how urgently, and that nobody else is.

use carehub_domain::{
    access::{Action, Actor, UserId},
    clock::Clock,
    notification::{Channel, Inbox, Notification},
};
use carehub_store::{Bookmark, NotificationFilter, Window};
use carehub_testkit::{Caller, TestHub};
use housekeeping::Chore;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    reviews::settle_twice,
    support::{PASSWORD, People, assigned, came, entered, id_of, open, perform},
};

const ANA: &str = "+923001234567";
const NOBODY: [&str; 0] = [];
/// The Wednesday after the hub opens, which is a Monday at 08:00.
const WEDNESDAY: &str = "2030-01-09";

/// 000-07, 000-12: those who run the hub hear of a hospital that applies, and it hears from them.
#[tokio::test]
async fn a_hospital_hears_what_becomes_of_its_application() {
    let hub = open().await;
    let admin = hub.admin().await;
    let superadmin = hub.sign_in("superadmin", PASSWORD).await;
    let (aga, mayo) = (hub.applicant("aga").await, hub.applicant("mayo").await);
    hub.settle().await;

    for person in [&admin, &superadmin] {
        assert_eq!(told(&hub, person).await, ["SYSTEM_MESSAGE NORMAL EMAIL,PUSH"; 2]);
    }
    for (hospital, decision) in [(&aga, true), (&mayo, false)] {
        assert_eq!(told_to(&hub, id_of(hospital)).await, ["SYSTEM_MESSAGE URGENT EMAIL"]);
        let path = format!("/api/hospitals/{}/approve", id_of(hospital));
        admin.patch(path, json!({"is_approved": decision})).await.ok();
    }
    hub.settle().await;

    for (hospital, last) in [(&aga, "has been approved"), (&mayo, "has not been approved")] {
        let all = notifications(&hub, id_of(hospital)).await;
        assert_eq!(all.len(), 2);
        assert!(all.iter().any(|one| one.message.reveal().contains(last)), "{last}");
    }
    assert_eq!(told(&hub, &admin).await.len(), 2);
}

/// 000-18, 000-22: a department's request is told to the hospital, and its answer to both who meet.
#[tokio::test]
async fn a_hospital_is_asked_and_its_answer_is_told() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { hospital, ali, ana, .. } = &clinic;

    let request = clinic.request().await;
    hub.settle().await;

    let asked = "APPOINTMENT_REQUEST NORMAL EMAIL,PUSH";
    assert_eq!(told(&hub, hospital).await, [asked]);
    assert_eq!(told(&hub, ana).await, NOBODY);
    let assign = format!("/api/appointments/{}/assign-doctor", id_of(&request));
    hospital.post(assign, json!({"doctor_id": ali.id_as("doc")})).await.ok();
    hub.settle().await;

    for person in [ana, ali] {
        assert_eq!(told(&hub, person).await, ["APPOINTMENT_CONFIRMED NORMAL EMAIL,PUSH,SMS"]);
    }
    assert_eq!(told(&hub, hospital).await, [asked]);
    let told = notifications(&hub, &ana.id()).await;
    assert_eq!(
        told[0].message.reveal(),
        "Dr. Ali Mehmood will see you at jinnah Hospital on Wednesday, 9 January 2030 at 10:00 (UTC)."
    );
    assert_eq!(told[0].appointment, id_of(&request).parse().ok());
}

/// 003-08: a slot that is taken is told to the doctor, and what the doctor says to the patient.
#[tokio::test]
async fn a_doctor_is_asked_for_a_slot() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { hospital, ali, ana, bea, .. } = &clinic;

    let slot = clinic.slot("09:00").await;
    hub.settle().await;

    assert_eq!(told(&hub, ali).await, ["APPOINTMENT_REQUEST NORMAL EMAIL,PUSH,SMS"]);
    assert_eq!(told(&hub, ana).await, NOBODY);
    assert_eq!(planned(&hub, ana), NOBODY);
    ali.post(format!("/api/appointments/{}/confirm", id_of(&slot)), json!({})).await.ok();
    hub.settle().await;

    assert_eq!(told(&hub, ana).await, ["APPOINTMENT_CONFIRMED NORMAL EMAIL,PUSH,SMS"]);
    assert_eq!(planned(&hub, ana), ["2030-01-08T09:00:00Z", "2030-01-09T07:00:00Z"]);
    assert_eq!(told(&hub, ali).await.len(), 1);
    for other in [hospital, bea] {
        assert_eq!(told(&hub, other).await, NOBODY);
    }
    for (person, words) in [(ali, "Ana"), (ana, "Cardiology"), (ali, "Chest")] {
        let told = notifications(&hub, &person.id()).await;
        assert!(told.iter().all(|one| !one.message.reveal().contains(words)), "{words}");
    }
}

/// 004-13, 004-17: a doctor hears of a consultation, and the patient of one that others book.
#[tokio::test]
async fn a_consultation_that_is_booked_is_told() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { ali, ana, cora, .. } = &clinic;
    let pia = entered(cora, json!({"first_name": "Pia", "last_name": "Pohl"})).await;
    let at = |time: &str, patient: Value| json!({"doctor": ali.id_as("doc"), "scheduled_date": WEDNESDAY, "scheduled_time": time, "patient": patient});

    ana.post("/api/consultations", at("09:00", json!(ana.id_as("pat")))).await.ok();
    cora.post("/api/consultations", at("10:00", pia["id"].clone())).await.ok();
    ali.post("/api/consultations", at("11:00", json!(ana.id_as("pat")))).await.ok();
    hub.settle().await;

    let assigned = "PATIENT_ASSIGNED NORMAL EMAIL,PUSH";
    assert_eq!(told(&hub, ali).await, [assigned, assigned]);
    let confirmed = "APPOINTMENT_CONFIRMED NORMAL EMAIL,PUSH,SMS";
    assert_eq!(told(&hub, ana).await, [confirmed]);
    assert_eq!(told_to(&hub, id_of(&pia)).await, [confirmed]);
    assert_eq!(told(&hub, cora).await, NOBODY);
    assert_eq!(planned(&hub, ana).len(), 4);
}

/// 000-24, 003-15: whoever calls an appointment off knows; the others are told.
#[tokio::test]
async fn those_who_did_not_call_it_off_are_told() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { hospital, ali, ana, .. } = &clinic;
    let cancelled = |lines: Vec<String>| {
        lines.into_iter().filter(|line| line.starts_with("APPOINTMENT_CANCELLED")).collect()
    };
    let cancel = async |person: &Caller<'_>, appointment: &Value| {
        let path = format!("/api/appointments/{}/cancel", id_of(appointment));
        person.post(path, json!({"reason": "Ill"})).await.ok();
        hub.settle().await;
        let mut counts = Vec::new();
        for person in [ana, ali, hospital] {
            let lines: Vec<String> = cancelled(told(&hub, person).await);
            assert!(lines.iter().all(|line| line == "APPOINTMENT_CANCELLED HIGH EMAIL,PUSH,SMS"));
            counts.push(lines.len());
        }
        counts
    };

    assert_eq!(cancel(ana, &clinic.slot("09:00").await).await, [0, 1, 0]);
    assert_eq!(cancel(ali, &clinic.slot("10:00").await).await, [1, 1, 0]);
    assert_eq!(cancel(hospital, &clinic.slot("11:00").await).await, [2, 2, 0]);
    assert_eq!(cancel(ana, &clinic.request().await).await, [2, 2, 1]);
    assert_eq!(cancel(hospital, &clinic.request().await).await, [3, 2, 1]);
    let told = notifications(&hub, &ana.id()).await;
    assert!(told.iter().all(|one| !one.message.reveal().contains("Ill")));
}

/// 003-16: the others are told when they meet now, and the patient is reminded of that time.
#[tokio::test]
async fn an_appointment_that_moves_is_told() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { ali, ana, .. } = &clinic;
    let slot = clinic.slot("09:00").await;
    ali.post(format!("/api/appointments/{}/confirm", id_of(&slot)), json!({})).await.ok();
    hub.settle().await;
    let path = format!("/api/appointments/{}/reschedule", id_of(&slot));

    let time = json!({"new_date": "2030-01-10", "new_time": "12:00"});
    ana.post(&path, time).await.ok();
    hub.settle().await;
    let time = json!({"new_date": "2030-01-11", "new_time": "12:00"});
    ali.post(&path, time).await.ok();
    hub.settle().await;

    let moved = "APPOINTMENT_RESCHEDULED NORMAL EMAIL,PUSH,SMS";
    for person in [ana, ali] {
        let told = told(&hub, person).await;
        assert_eq!(told.iter().filter(|line| *line == moved).count(), 1);
    }
    travel(&hub, "2030-01-10T10:00:00Z");
    assert_eq!(pending(&hub).await, [0, 4]);
    travel(&hub, "2030-01-11T10:00:00Z");
    assert_eq!(pending(&hub).await, [2, 0]);
    let ana = told(&hub, ana).await;
    let reminder = "APPOINTMENT_REMINDER NORMAL EMAIL,PUSH,SMS";
    assert_eq!(ana.iter().filter(|line| *line == reminder).count(), 2);
}

/// 003-C6, 003-31: whoever sleeps when a reminder comes is not told of an appointment that was
/// called off before they wake.
#[tokio::test]
async fn a_reminder_that_waits_goes_only_if_the_appointment_stands() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { ali, sara, ana, bea, .. } = &clinic;
    let mut visits = Vec::new();
    for (patient, doctor) in [(ana, ali), (bea, sara)] {
        sleep(patient, "22:00", "09:00").await;
        let visit = json!({"doctor": doctor.id_as("doc"), "start": "2030-01-09T10:00:00Z"});
        visits.push(patient.post("/api/consultations", visit).await.ok());
    }
    hub.settle().await;

    travel(&hub, "2030-01-09T08:00:00Z");
    perform(&hub, Chore::Pending).await.unwrap();
    hub.settle().await;
    travel(&hub, "2030-01-09T08:30:00Z");
    let again = hub.sign_in("ana", PASSWORD).await;
    again.post(format!("/api/appointments/{}/cancel", id_of(&visits[0])), json!({})).await.ok();
    hub.settle().await;
    wake(&hub, "2030-01-09T09:00:00Z").await;

    let reminder = "APPOINTMENT_REMINDER NORMAL EMAIL,PUSH,SMS";
    for person in [ana, bea] {
        assert_eq!(told(&hub, person).await, [reminder; 2]);
    }
    assert_eq!(hub.post.texts_to("ana@example.org"), NOBODY);
    assert_eq!(hub.post.texts_to("bea@example.org").len(), 2);
}

/// 003-31: of all that became of an appointment while somebody slept, they hear in the morning what
/// is so then.
#[tokio::test]
async fn a_morning_brings_what_is_so_by_then() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { ali, ana, bea, .. } = &clinic;
    let mut slots = Vec::new();
    for (patient, time) in [(ana, "09:00"), (bea, "11:00")] {
        sleep(patient, "07:00", "12:00").await;
        let slot = json!({"doctor": ali.id_as("doc"), "start": format!("2030-01-09T{time}:00Z")});
        slots.push(patient.post("/api/appointments/book", slot).await.ok());
    }
    let step = async |slot: &Value, step: &str, body: Value| {
        ali.post(format!("/api/appointments/{}/{step}", id_of(slot)), body).await.ok();
        hub.settle().await;
    };

    for (slot, time) in [(&slots[0], "14:00"), (&slots[1], "15:00")] {
        step(slot, "confirm", json!({})).await;
        let time = json!({"new_date": "2030-01-10", "new_time": time});
        step(slot, "reschedule", time).await;
    }
    step(&slots[0], "cancel", json!({"reason": "Ill"})).await;
    wake(&hub, "2030-01-07T12:00:00Z").await;

    let mornings = [(ana, "ana", 3, "was cancelled"), (bea, "bea", 2, "has moved")];
    for (person, name, listed, last) in mornings {
        assert_eq!(told(&hub, person).await.len(), listed);
        let mail = hub.post.texts_to(&format!("{name}@example.org"));
        assert_eq!(mail.len(), 1, "{mail:?}");
        assert!(mail[0].contains(last), "{mail:?}");
    }
}

/// 003-15: what was called off before anybody was told of it is told as that.
#[tokio::test]
async fn nobody_is_asked_for_what_was_called_off_meanwhile() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { ali, ana, .. } = &clinic;

    let slot = clinic.slot("09:00").await;
    ana.post(format!("/api/appointments/{}/cancel", id_of(&slot)), json!({})).await.ok();
    hub.settle().await;

    assert_eq!(told(&hub, ali).await, ["APPOINTMENT_CANCELLED HIGH EMAIL,PUSH,SMS"]);
}

/// 001-17: a doctor hears of a patient when the care begins, and when it begins again.
#[tokio::test]
async fn a_doctor_hears_when_care_begins() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { admin, ali, sara, ana, .. } = &clinic;
    let assigned_to = "PATIENT_ASSIGNED NORMAL EMAIL,PUSH";
    let (patient, doctor) = (ana.id_as("pat"), ali.id_as("doc"));

    assigned(admin, &patient, sara).await;
    let rests = json!({"patient": patient, "doctor": doctor, "status": "INACTIVE"});
    let care = admin.post("/api/mappings", rests).await.ok();
    hub.settle().await;
    assert_eq!(told(&hub, sara).await, [assigned_to]);
    assert_eq!(told(&hub, ali).await, NOBODY);

    let path = format!("/api/mappings/{}/update", id_of(&care));
    let steps = [("COMPLETED", 0), ("ACTIVE", 1), ("TRANSFERRED", 1), ("ACTIVE", 2)];
    for (status, times) in steps {
        hub.clock.advance(SignedDuration::from_secs(1));
        admin.patch(&path, json!({"status": status})).await.ok();
        admin.patch(&path, json!({"notes": status})).await.ok();
        hub.settle().await;
        assert_eq!(told(&hub, ali).await, vec![assigned_to; times], "{status}");
    }
}

/// 003-32: patients are reminded when they want to be, of what was agreed before, too.
#[tokio::test]
async fn patients_are_reminded_when_they_want_to_be() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { ali, ana, .. } = &clinic;
    let slot = clinic.slot("09:00").await;
    ali.post(format!("/api/appointments/{}/confirm", id_of(&slot)), json!({})).await.ok();
    hub.settle().await;

    let hours = json!({"reminder_hours": [1, 24]});
    ana.put("/api/notification-preferences", hours).await.ok();
    hub.settle().await;

    let instants = ["2030-01-08T09:00:00Z", "2030-01-09T07:00:00Z", "2030-01-09T08:00:00Z"];
    assert_eq!(planned(&hub, ana), instants);
    for (instant, done) in instants.iter().zip([[1, 0], [0, 1], [1, 0]]) {
        travel(&hub, instant);
        assert_eq!(pending(&hub).await, done, "{instant}");
        assert_eq!(pending(&hub).await, [0, 0], "{instant}");
    }
    assert_eq!(planned(&hub, ana), NOBODY);
    let reminded = notifications(&hub, &ana.id()).await;
    let reminded: Vec<_> =
        reminded.iter().filter_map(|one| one.scheduled_for).map(|at| at.to_string()).collect();
    assert_eq!(reminded, [instants[2], instants[0]]);
}

/// 003-17: after a visit the patient is asked for a review, and once more if there is none.
#[tokio::test]
async fn whoever_was_seen_is_asked_for_a_review() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { ali, sara, ana, bea, .. } = &clinic;
    hub.visit(ana, ali).await;
    hub.visit(bea, sara).await;
    hub.settle().await;
    let asked = "REVIEW_REQUEST NORMAL EMAIL,PUSH,SMS".to_owned();
    for person in [ana, bea] {
        assert_eq!(told(&hub, person).await, std::slice::from_ref(&asked));
        assert_eq!(planned(&hub, person), ["2030-01-10T08:00:00Z"]);
    }
    let first = &notifications(&hub, &ana.id()).await[0];
    assert_eq!(first.expires_at, "2030-02-06T08:00:00Z".parse().ok());
    let review = json!({"doctor": ali.id_as("doc"), "rating": 5});
    ana.post("/api/reviews", review).await.ok();

    hub.clock.advance(SignedDuration::from_hours(72));
    assert_eq!(pending(&hub).await, [1, 1]);

    assert_eq!(told(&hub, ana).await, std::slice::from_ref(&asked));
    assert_eq!(told(&hub, bea).await, ["REVIEW_REQUEST LOW EMAIL,PUSH,SMS", &asked]);
    for doctor in [ali, sara] {
        assert_eq!(told(&hub, doctor).await, NOBODY);
    }
}

/// 003-20, 003-22: a patient sees what was written down, and hears when to come again.
#[tokio::test]
async fn what_was_written_down_is_told_and_what_comes_next() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { ali, ana, .. } = &clinic;
    let visit = came(&hub, ana, ali).await;
    let record =
        json!({"appointment": visit, "diagnosis": "Angina", "follow_up_date": "2030-01-21"});
    let record = ali.post("/api/medical-records", record).await.ok();
    hub.settle().await;

    let updated = "MEDICAL_RECORD_UPDATED NORMAL EMAIL,PUSH,SMS".to_owned();
    let asked = "REVIEW_REQUEST NORMAL EMAIL,PUSH,SMS".to_owned();
    assert_eq!(told(&hub, ana).await, [updated.clone(), asked.clone()]);
    let days = ["2030-01-10T08:00:00Z", "2030-01-18T09:00:00Z", "2030-01-21T09:00:00Z"];
    assert_eq!(planned(&hub, ana), days);
    let path = format!("/api/medical-records/{}", id_of(&record));
    ali.patch(&path, json!({"follow_up_date": "2030-01-28"})).await.ok();
    ali.patch(&path, json!({})).await.ok();
    hub.settle().await;

    assert_eq!(told(&hub, ana).await, [updated.clone(), updated, asked]);
    assert_eq!(told(&hub, ali).await, NOBODY);
    let due =
        [(days[0], [1, 0]), (days[1], [0, 1]), (days[2], [0, 1]), ("2030-01-25T09:00:00Z", [1, 0])];
    for (instant, done) in due {
        travel(&hub, instant);
        assert_eq!(pending(&hub).await, done, "{instant}");
    }
    let told = notifications(&hub, &ana.id()).await;
    assert!(told[0].message.reveal().contains("Monday, 28 January 2030"));
    assert!(told.iter().all(|one| !one.message.reveal().contains("Angina")));
}

/// 004-21: a patient hears that a doctor said something about a record.
#[tokio::test]
async fn an_annotation_is_told() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { ali, ana, .. } = &clinic;
    let body = json!({"record_type": "LAB_RESULT", "title": "Iron", "doctor": ali.id_as("doc")});
    let record = ana.post("/api/records", body).await;

    let path = format!("{}/add_annotation", record.header("location"));
    ali.post(path, json!({"content": "Low."})).await.ok();
    hub.settle().await;

    assert_eq!(told(&hub, ana).await, ["ANNOTATION_ADDED NORMAL EMAIL,PUSH"]);
    assert_eq!(told(&hub, ali).await, NOBODY);
}

/// 000-25, 002-R2: a patient hears of a prescription, and not what is in it.
#[tokio::test]
async fn a_prescription_is_told() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { ali, ana, .. } = &clinic;
    let known = json!({"allergy_status": "NONE_KNOWN", "date_of_birth": "1990-05-01"});
    ana.patch("/api/patients/update_profile", known).await.ok();
    let visit = came(&hub, ana, ali).await;
    let medicine = json!({"name": "Cetirizine", "dosage": "10 mg", "frequency": "every evening"});

    let body = json!({"appointment": visit, "medicines": [medicine]});
    ali.post("/api/prescriptions", body).await.ok();
    hub.settle().await;

    assert_eq!(told(&hub, ana).await, ["PRESCRIPTION_READY NORMAL EMAIL,PUSH,SMS"]);
    assert_eq!(told(&hub, ali).await, NOBODY);
    let told = &notifications(&hub, &ana.id()).await[0];
    assert_eq!(
        told.message.reveal(),
        "Dr. Ali Mehmood has written a prescription for you. Sign in to see it."
    );
}

/// 003-27: a result is told to the patient; of a critical one the doctor hears, too, at once.
#[tokio::test]
async fn a_result_is_told_and_a_critical_one_at_once() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { hospital, ali, ana, .. } = &clinic;
    let visit = came(&hub, ana, ali).await;
    let record = json!({"appointment": visit, "diagnosis": "Anaemia"});
    let record = ali.post("/api/medical-records", record).await.ok();
    let results = |lines: Vec<String>| -> Vec<String> {
        lines.into_iter().filter(|line| line.starts_with("LAB_RESULTS")).collect()
    };
    let test = |status: &str, value: Value| {
        json!({
            "medical_record": record["id"], "test_name": "Iron", "test_type": "BLOOD",
            "status": status, "result_value": value, "ordered_date": "2030-01-05",
        })
    };

    let ordered = ali.post("/api/lab-results", test("PENDING", Value::Null)).await.ok();
    hub.settle().await;
    let nothing_yet = results(told(&hub, ana).await);
    let path = format!("/api/lab-results/{}", id_of(&ordered));
    ali.patch(&path, json!({"status": "NORMAL", "result_value": 90})).await.ok();
    hub.settle().await;
    let usual = results(told(&hub, ana).await);
    hospital.post("/api/lab-results", test("CRITICAL", json!(1))).await.ok();
    hub.settle().await;

    let (normal, urgent) = (
        "LAB_RESULTS_AVAILABLE NORMAL EMAIL,PUSH,SMS",
        "LAB_RESULTS_AVAILABLE URGENT EMAIL,PUSH,SMS",
    );
    assert_eq!((nothing_yet, usual), (Vec::new(), vec![normal.to_owned()]));
    assert_eq!(results(told(&hub, ana).await), [normal, urgent]);
    assert_eq!(results(told(&hub, ali).await), [urgent]);
    assert_eq!(results(told(&hub, hospital).await), NOBODY);
    let told = notifications(&hub, &ali.id()).await;
    assert!(told.iter().all(|one| !one.message.reveal().contains("Iron")));
}

/// 004-08: a patient hears that somebody else changed what is known of the insurance.
#[tokio::test]
async fn a_changed_insurance_is_told() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { admin, ana, .. } = &clinic;
    let path = format!("/api/patients/{}", ana.id_as("pat"));

    ana.patch(&path, json!({"insurance_provider": "Adam"})).await.ok();
    admin.patch(&path, json!({"gender": "FEMALE"})).await.ok();
    hub.settle().await;
    let own = told(&hub, ana).await;
    admin.patch(&path, json!({"insurance_provider": "State Life"})).await.ok();
    hub.settle().await;

    assert_eq!(own, NOBODY);
    let changed = "INSURANCE_UPDATE NORMAL EMAIL,PUSH,SMS";
    assert_eq!(told(&hub, ana).await, [changed]);
    let account = format!("/api/auth/admin/users/{}", ana.id());
    ana.patch("/api/auth/profile", json!({"insurance_info": "Adam"})).await.ok();
    admin.patch(account, json!({"insurance_info": "State Life"})).await.ok();
    hub.settle().await;
    assert_eq!(told(&hub, ana).await, [changed; 2]);
    assert_eq!(told(&hub, admin).await, NOBODY);
}

/// 003-31, 004-13: whom a hospital knows by phone only hears by SMS; whoever has a mailbox, by mail.
#[tokio::test]
async fn whoever_is_known_by_phone_only_is_told_by_sms() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { ali, cora, .. } = &clinic;
    let (pia, paul) = ("+923005550001", "+923005550002");
    let known = [
        json!({"name": "Pia Pohl", "phone_number": pia}),
        json!({"name": "Paul Pohl", "phone_number": paul, "email": "paul@example.org"}),
    ];

    for (known, time) in known.into_iter().zip(["09:00", "10:00"]) {
        let patient = entered(cora, known).await;
        let visit = json!({
            "doctor": ali.id_as("doc"), "patient": patient["id"],
            "start": format!("2030-01-09T{time}:00Z"),
        });
        cora.post("/api/consultations", visit).await.ok();
    }
    hub.settle().await;

    assert_eq!(
        hub.post.texts_to(pia),
        [
            "Dr. Ali Mehmood will see you at jinnah Hospital on Wednesday, 9 January 2030 at 09:00 (UTC)."
        ]
    );
    assert_eq!(hub.post.texts_to(paul), NOBODY);
    assert_eq!(hub.post.texts_to("paul@example.org").len(), 1);
}

/// 000-17: patient and hospital hear at once that a repository was opened in an emergency.
#[tokio::test]
async fn an_emergency_is_told_at_once() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { hospital, ali, ana, bea, .. } = &clinic;
    let path = format!("/api/records/patients/{}/break-glass", ana.id_as("pat"));

    ali.post(path, json!({"reason": "Unconscious, relatives not reached."})).await.ok();
    hub.settle().await;

    assert_eq!(told(&hub, ana).await, ["SYSTEM_MESSAGE URGENT EMAIL,PUSH,SMS"]);
    assert_eq!(told(&hub, hospital).await, ["SYSTEM_MESSAGE URGENT EMAIL,PUSH"]);
    for other in [ali, bea] {
        assert_eq!(told(&hub, other).await, NOBODY);
    }
}

/// 003-09: whoever waits is told what became free, as long as it is theirs to take.
#[tokio::test]
async fn a_time_that_becomes_free_is_told_to_who_waits() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { ali, ana, bea, .. } = &clinic;
    let week = json!({"available_days": {"WEDNESDAY": "09:00-09:30"}});
    ali.put("/api/doctors/availability", week).await.ok();
    let slot = clinic.slot("09:00").await;
    let wait = json!({"doctor": ali.id_as("doc"), "date": WEDNESDAY});
    bea.post("/api/appointments/waitlist", wait).await.ok();

    let path = format!("/api/appointments/{}/cancel", id_of(&slot));
    ana.post(path, json!({"reason": "Well again"})).await.ok();
    hub.settle().await;

    assert_eq!(told(&hub, bea).await, ["SLOT_OFFERED HIGH EMAIL,PUSH,SMS"]);
    let offer = &notifications(&hub, &bea.id()).await[0];
    assert_eq!(offer.expires_at, "2030-01-07T08:15:00Z".parse().ok());
    assert_eq!(
        offer.message.reveal(),
        "A time with Dr. Ali Mehmood has become free: Wednesday, 9 January 2030 at 09:00 (UTC). Book it in CareHub by 08:15, then it is offered to the next."
    );
    assert_eq!(told(&hub, ana).await, NOBODY);
}

/// However often the stream repeats itself, nobody is told twice, and what somebody has removed
/// does not come back.
#[tokio::test]
async fn nobody_is_told_twice() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { ali, ana, .. } = &clinic;
    let slot = clinic.slot("09:00").await;
    ali.post(format!("/api/appointments/{}/confirm", id_of(&slot)), json!({})).await.ok();

    settle_twice(&hub).await;

    let (asked, agreed) = (notifications(&hub, &ali.id()).await, told(&hub, ana).await);
    assert_eq!((asked.len(), agreed.len()), (1, 1));
    assert_eq!(planned(&hub, ana).len(), 2);
    let notices = hub.state.store.notifications();
    let ali = ali.id().parse().unwrap();
    assert_eq!(notices.unread(ali).await.unwrap(), 1);
    let worker = Actor::worker("test", hub.state.clock.now());
    assert_eq!(notices.create(&asked, &worker).await.unwrap(), 0);
    let permit = worker.create(Action::DeleteNotification, &Inbox { owner: ali }).unwrap();
    assert_eq!(notices.remove(asked.clone(), &permit).await.unwrap(), 1);
    assert_eq!(notices.remove(asked.clone(), &permit).await.unwrap(), 0);
    assert_eq!(notices.create(&asked, &worker).await.unwrap(), 0);
    assert_eq!(notices.unread(ali).await.unwrap(), 0);
    assert!(notifications(&hub, &ali.to_string()).await.is_empty());
}

/// Reading marks each notification once, whoever else reads at the same time.
#[tokio::test]
async fn the_number_of_those_unread_is_exact() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { ali, .. } = &clinic;
    for time in ["09:00", "10:00", "11:00", "12:00"] {
        clinic.slot(time).await;
    }
    hub.settle().await;
    let (notices, owner) = (hub.state.store.notifications(), ali.id().parse().unwrap());
    let all = notices.all_unread(owner).await.unwrap();
    let reader = Actor { user: Some(owner), ..Actor::operator(hub.state.clock.now()) };
    let inbox = Inbox { owner };
    let action = Action::ReadNotification;
    let permit = reader.create(action, &inbox).unwrap();
    assert_eq!(notices.unread(owner).await.unwrap(), 4);

    let (one, other) = tokio::join!(
        notices.mark_read(all[..3].to_vec(), &permit),
        notices.mark_read(all[1..].to_vec(), &permit),
    );

    assert_eq!(one.unwrap() + other.unwrap(), 4);
    assert_eq!(notices.unread(owner).await.unwrap(), 0);
    assert!(notices.all_unread(owner).await.unwrap().is_empty());
    assert_eq!(notices.all_read(owner).await.unwrap().len(), 4);
    let read = notices.all_read(owner).await.unwrap();
    hub.clock.advance(SignedDuration::from_hours(31 * 24));
    let now = hub.state.clock.now();
    let worker = Actor::worker("test", now);
    let outdated = async || notices.outdated(now, Bookmark::default()).await.unwrap().records;
    assert_eq!(outdated().await.len(), 4);
    assert_eq!(notices.forget(owner, &read, &worker).await.unwrap(), 4);
    assert!(outdated().await.is_empty());
}

/// A hospital with its doctors, and their patients.
struct Clinic<'h> {
    admin: Caller<'h>,
    hospital: Caller<'h>,
    ali: Caller<'h>,
    sara: Caller<'h>,
    cora: Caller<'h>,
    ana: Caller<'h>,
    bea: Caller<'h>,
    heart: Value,
}

impl<'h> Clinic<'h> {
    async fn open(hub: &'h TestHub) -> Self {
        let admin = hub.admin().await;
        let hospital = hub.hospital("jinnah").await;
        let heart = json!({"name": "Heart"});
        let heart = hospital.post("/api/hospitals/departments", heart).await.ok();
        let clinic = Self {
            heart: heart["id"].clone(),
            ali: hub.bookable(&hospital, "Ali", "Mehmood").await,
            sara: hub.bookable(&hospital, "Sara", "Khan").await,
            cora: hub.coordinator("cora").await,
            ana: hub.patient("ana", ANA).await,
            bea: hub.patient("bea", "+923007654321").await,
            admin,
            hospital,
        };
        hub.settle().await;
        clear(hub, &clinic.admin).await;
        clear(hub, &clinic.hospital).await;
        clinic
    }

    /// What Ana books with Ali.
    async fn slot(&self, time: &str) -> Value {
        let body = json!({
            "doctor_id": self.ali.id_as("doc"), "appointment_date": WEDNESDAY, "start_time": time,
            "reason": "Chest pain",
        });
        self.ana.post("/api/appointments/book", body).await.ok()
    }

    /// What Ana asks the heart department for.
    async fn request(&self) -> Value {
        let body = json!({
            "hospital": self.hospital.id_as("hsp"), "department": self.heart,
            "requested_time": "2030-01-09T10:00:00Z", "reason": "Chest pain",
        });
        self.ana.post("/api/appointments", body).await.ok()
    }
}

/// What somebody was told: types, priorities and ways.
async fn told(hub: &TestHub, person: &Caller<'_>) -> Vec<String> {
    told_to(hub, &person.id()).await
}

async fn told_to(hub: &TestHub, id: &str) -> Vec<String> {
    let all = notifications(hub, id).await;
    let mut lines: Vec<_> = all.iter().map(line).collect();
    lines.sort();
    lines
}

fn line(told: &Notification) -> String {
    let mut ways: Vec<_> = told.channels.iter().map(|way: &Channel| way.as_str()).collect();
    ways.sort_unstable();
    format!("{} {} {}", told.kind, told.priority, ways.join(","))
}

/// The notifications of whoever has this identifier, newest first.
async fn notifications(hub: &TestHub, id: &str) -> Vec<Notification> {
    let person: UserId = format!("usr_{}", &id[4..]).parse().unwrap();
    let (notices, all) = (hub.state.store.notifications(), NotificationFilter::default());
    notices.page(person, all, Window::first(100)).await.unwrap().records
}

/// When somebody will be told something.
fn planned(hub: &TestHub, person: &Caller<'_>) -> Vec<String> {
    let items = hub.items("engagement", &format!("inbox#{}", person.id()));
    let planned = items.iter().filter(|item| item["kind"]["S"] == "planned");
    let mut instants: Vec<_> =
        planned.map(|item| item["scheduled_for"]["S"].as_str().unwrap().to_owned()).collect();
    instants.sort();
    instants
}

/// Tells people what is due now. Says of how much, and how much was dropped.
async fn pending(hub: &TestHub) -> [usize; 2] {
    let (notices, now) = (hub.state.store.notifications(), hub.state.clock.now());
    let worker = Actor::worker("housekeeping", now);
    let mut done = [0, 0];
    for planned in notices.due_planned(now, Bookmark::default()).await.unwrap().records {
        let planned = planned.unwrap();
        let (recipient, condition) = (planned.notification.recipient, &planned.as_long_as);
        if planned.holds(&notices.basis(recipient, condition).await.unwrap(), now) {
            assert!(notices.release(&planned, planned.clone(), &worker).await.unwrap());
            done[0] += 1;
        } else {
            notices.unplan(&planned).await.unwrap();
            done[1] += 1;
        }
    }
    done
}

/// Somebody is not to be disturbed between these times.
async fn sleep(person: &Caller<'_>, from: &str, to: &str) {
    let quiet = json!({"quiet_hours_start": from, "quiet_hours_end": to, "timezone": "UTC"});
    person.patch("/api/notification-preferences", quiet).await.ok();
}

/// It is that instant, and what waited for it goes out.
async fn wake(hub: &TestHub, instant: &str) {
    travel(hub, instant);
    perform(hub, Chore::Pending).await.unwrap();
    hub.settle().await;
}

/// Somebody looks at nothing that came before.
async fn clear(hub: &TestHub, person: &Caller<'_>) {
    let owner: UserId = person.id().parse().unwrap();
    let worker = Actor::worker("test", hub.state.clock.now());
    let inbox = Inbox { owner };
    let action = Action::DeleteNotification;
    let permit = worker.create(action, &inbox).unwrap();
    let all = notifications(hub, &person.id()).await;
    hub.state.store.notifications().remove(all, &permit).await.unwrap();
}

fn travel(hub: &TestHub, instant: &str) {
    let instant: Timestamp = instant.parse().unwrap();
    hub.clock.advance(instant.duration_since(hub.clock.now()));
}
