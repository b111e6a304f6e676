//! Appointments: who makes them, what becomes of them, and who may do what when.

use std::{collections::BTreeMap, fmt::Write};

use carehub_api::limit::Bucket;
use carehub_testkit::{Caller, Reply, TestHub};
use futures_util::future::{join, join_all};
use insta::assert_snapshot;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{People, again, each, entered, id_of, open, open_limiting};

const ALL: &str = "/api/appointments/";
const ANA: &str = "+923001234567";
const BEA: &str = "+923007654321";
/// The Monday on which the hub opens, at 08:00.
const MONDAY: &str = "2030-01-07";
const TUESDAY: &str = "2030-01-08";
/// Where a doctor's time is taken.
const BOOK: [&str; 4] = [
    "/api/appointments/book/",
    "/api/v1/appointment-booking/book/",
    "/api/v1/appointments/",
    "/api/appointment-booking/book",
];

/// 000-18: a patient asks a department of a hospital for an appointment.
#[tokio::test]
async fn a_patient_asks_a_department_for_an_appointment() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { hospital, ana, heart, .. } = &clinic;
    let body = json!({
        "hospital": hospital.id_as("hsp"), "department": heart, "reason": " Chest pain ",
        "requested_time": "2030-01-08T15:00:00+05:00",
    });

    let reply = ana.post(ALL, body).await;

    let made = reply.ok();
    assert_eq!(reply.status, 201);
    assert_eq!(made["message"], "Appointment request created successfully");
    let request = &made["appointment"];
    for (field, expected) in [
        ("id", &made["id"]),
        ("patient", &json!(ana.id_as("pat"))),
        ("patient_name", &json!("Ana Diaz")),
        ("patient_phone", &json!(ANA)),
        ("hospital", &json!(hospital.id_as("hsp"))),
        ("hospital_name", &json!("jinnah Hospital")),
        ("department", heart),
        ("department_name", &json!("Heart")),
        ("assigned_doctor", &Value::Null),
        ("doctor_name", &Value::Null),
        ("requested_time", &json!("2030-01-08T10:00:00+00:00")),
        ("confirmed_time", &Value::Null),
        ("status", &json!("REQUESTED")),
        ("kind", &json!("REQUEST")),
        ("reason", &json!("Chest pain")),
        ("notes", &Value::Null),
        ("assigned_by", &Value::Null),
        ("assigned_at", &Value::Null),
        ("created_at", &json!("2030-01-07T08:00:00Z")),
        ("updated_at", &json!("2030-01-07T08:00:00Z")),
    ] {
        assert_eq!((&request[field], &made[field]), (expected, expected), "{field}");
    }
    assert_eq!(made["health_record"], Value::Null);
    let shown = ana.get(reply.header("location")).await;
    assert_eq!((&shown.ok(), shown.header("etag")), (request, reply.header("etag")));
}

/// 000-18: a time without an offset is one of UTC.
#[tokio::test]
async fn a_request_without_an_offset_is_of_utc() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    for time in ["2030-01-08T10:00:00", "2030-01-08 10:00", "2030-01-08T10:00:00Z"] {
        let request = clinic.request(time).await;
        assert_eq!(request["requested_time"], "2030-01-08T10:00:00+00:00");
    }
}

/// 000-18: a request for what there is not, or for then, is refused.
#[tokio::test]
async fn wrong_requests_are_refused() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { hospital, ali, ana, heart, .. } = &clinic;
    let other = hub.hospital("other").await;
    let elsewhere = department(&other, "Skin").await;
    let applicant = hub.applicant("mayo").await;
    let ask = async |changes: Value| {
        let mut body = json!({
            "hospital_id": hospital.id_as("hsp"), "department_id": heart,
            "requested_time": "2030-01-08T10:00:00Z", "reason": "Pain",
        });
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        ana.post(ALL, body).await
    };

    let refusals = [
        ask(json!({"requested_time": "2030-01-07T08:00:00Z"})).await.refusal(),
        ask(json!({"requested_time": "2030-04-08T08:00:00Z"})).await.refusal(),
        ask(json!({"requested_time": "soon"})).await.refusal(),
        ask(json!({"requested_time": null})).await.refusal(),
        ask(json!({"department_id": elsewhere})).await.refusal(),
        ask(json!({"department_id": "dep_01J9Z3K8Q4N6V2X5Y7W0B1C2D3"})).await.refusal(),
        ask(json!({"department_id": null})).await.refusal(),
        ask(json!({"hospital_id": null})).await.refusal(),
        ask(json!({"hospital_id": applicant["id"]})).await.refusal(),
        ask(json!({"doctor": ali.id_as("doc")})).await.refusal(),
        ask(json!({"patient": clinic.bea.id_as("pat")})).await.refusal(),
    ];

    let expected = [
        "400 in-the-past",
        "400 too-far-ahead",
        "400 invalid",
        "400 invalid",
        "400 department-unknown",
        "400 department-unknown",
        "400 invalid",
        "400 invalid",
        "404 not-found",
        "400 invalid",
        "404 not-found",
    ];
    assert_eq!(refusals, expected);
    assert_eq!(ana.get(ALL).await.ok()["results"], json!([]));
    // Somebody who has nothing to do with the hospital asks for nobody.
    let pia = entered(ali, json!({"first_name": "Pia"})).await;
    let body = json!({
        "hospital": hospital.id_as("hsp"), "department": heart, "patient": pia["id"],
        "requested_time": "2030-01-08T10:00:00Z", "reason": "Pain",
    });
    assert_eq!(ali.post(ALL, &body).await.refusal(), "403 forbidden");
}

/// 000-19, 000-20, 000-21: patients, hospitals and doctors each have a list of their own.
#[tokio::test]
async fn each_role_has_a_list_of_its_own() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { admin, hospital, ali, sara, ana, bea, .. } = &clinic;
    let request = clinic.request("2030-01-09T10:00:00Z").await;
    let slot = clinic.slot(TUESDAY, "10:00").await;
    ali.post(format!("{ALL}{}/confirm", id_of(&slot)), Value::Null).await.ok();

    for (path, owner, all, confirmed) in [
        ("my-appointments", ana, vec![id_of(&request), id_of(&slot)], vec![id_of(&slot)]),
        (
            "hospital-appointments",
            hospital,
            vec![id_of(&request), id_of(&slot)],
            vec![id_of(&slot)],
        ),
        ("doctor-appointments", ali, vec![id_of(&slot)], vec![id_of(&slot)]),
    ] {
        let path = format!("{ALL}{path}/");
        assert_eq!(each(&owner.get(&path).await.ok(), "id"), all);
        let narrowed = owner.get(format!("{path}?status=CONFIRMED")).await.ok();
        assert_eq!(each(&narrowed, "id"), confirmed);
        assert_eq!(owner.get(format!("{path}?status=late")).await.refusal(), "400 invalid");
        for person in [admin, hospital, ali, ana] {
            if person.id() != owner.id() {
                assert_eq!(person.get(&path).await.refusal(), "403 forbidden");
            }
        }
        assert_eq!(hub.visitor().get(&path).await.refusal(), "401 unauthenticated");
    }
    assert_eq!(bea.get(format!("{ALL}my-appointments")).await.ok()["results"], json!([]));
    assert_eq!(sara.get(format!("{ALL}doctor-appointments")).await.ok()["results"], json!([]));
}

/// 003-11, 002-K1, 004-X1: everyone lists the appointments that concern them, narrowed as they like.
#[tokio::test]
async fn everyone_lists_the_appointments_that_concern_them() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { admin, hospital, ali, sara, cora, ana, bea, .. } = &clinic;
    let pia = entered(cora, json!({"first_name": "Pia", "last_name": "Pohl"})).await;
    let first = clinic.slot(TUESDAY, "10:00").await;
    let second = taken(bea, sara, json!({"appointment_date": "2030-01-09", "start_time": "09:00"}));
    let second = second.await;
    let third = json!({
        "patient": pia["id"], "doctor": ali.id_as("doc"), "consultation_type": "in_person",
        "scheduled_date": "2030-01-10", "scheduled_time": "09:00",
    });
    let third = cora.post("/api/consultations/", third).await.ok();
    let [first, second, third] = [&first, &second, &third].map(id_of);

    for (person, expected) in [
        (ana, vec![first]),
        (bea, vec![second]),
        (ali, vec![third, first]),
        (sara, vec![second]),
        (cora, vec![third]),
        (hospital, vec![third, second, first]),
    ] {
        for path in [ALL, "/api/v1/appointments", "/api/consultations/"] {
            assert_eq!(each(&person.get(path).await.ok(), "id"), expected);
        }
    }
    let all = admin.get(ALL).await.ok();
    assert_eq!(all["results"].as_array().unwrap().len(), 3);
    let of = |query: String| async move {
        let list = hospital.get(format!("{ALL}?{query}")).await.ok();
        each(&list, "id").into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    for (query, expected) in [
        ("status=pending".to_owned(), vec![second, first]),
        ("status=scheduled".to_owned(), vec![third]),
        ("date_from=2030-01-09".to_owned(), vec![third, second]),
        ("date_to=2030-01-09".to_owned(), vec![second, first]),
        ("date_from=2030-01-09&date_to=2030-01-09".to_owned(), vec![second]),
        ("kind=consultation".to_owned(), vec![third]),
        ("consultation_type=in-person".to_owned(), vec![third]),
        ("payment_status=PAID".to_owned(), vec![]),
        (format!("doctor={}", ali.id_as("doc")), vec![third, first]),
        (format!("patient_id={}", bea.id_as("pat")), vec![second]),
        ("ordering=-start_time&limit=1".to_owned(), vec![third]),
    ] {
        assert_eq!(of(query.clone()).await, expected, "{query}");
    }
    let backwards = hospital.get(format!("{ALL}?date_from=2030-01-10&date_to=2030-01-09")).await;
    assert_eq!(backwards.refusal(), "400 invalid");
}

#[tokio::test]
async fn who_lists_or_sees_appointments_of_others_is_in_the_audit_log() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { ali, ana, .. } = &clinic;
    let slot = clinic.slot(TUESDAY, "10:00").await;
    let path = format!("{ALL}{}", id_of(&slot));

    for person in [ana, ali] {
        person.get(ALL).await.ok();
        person.get(&path).await.ok();
    }

    let listed = clinic.log("APPOINTMENTS_LISTED").await;
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (&listed[0]["performed_by"], &listed[0]["details"]["count"]),
        (&json!(ali.id()), &json!("1"))
    );
    let viewed = clinic.log("APPOINTMENT_VIEWED").await;
    assert_eq!(viewed.len(), 1);
    assert_eq!((&viewed[0]["performed_by"], &viewed[0]["entity"]), (&json!(ali.id()), &slot["id"]));
}

/// 000-22, 000-C6: the hospital gives a request to a doctor, who takes it as it was wished for.
#[tokio::test]
async fn a_hospital_gives_a_request_to_a_doctor() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { hospital, ali, ana, .. } = &clinic;
    let request = clinic.request("2030-01-08T10:00:00Z").await;
    let path = format!("{ALL}{}", id_of(&request));
    let record = format!("/api/patients/{}", ana.id_as("pat"));
    let before = [ali.get(&path).await.refusal(), ali.get(&record).await.refusal()];

    let body = json!({"doctor_id": ali.id_as("doc"), "notes": "Bring the letter."});
    let reply = hospital.post(format!("{path}/assign-doctor/"), body).await;

    let given = reply.ok();
    assert_eq!(before, ["404 not-found"; 2]);
    assert_eq!(given["message"], "Doctor assigned successfully");
    let given = &given["appointment"];
    assert_eq!((&given["status"], &given["kind"]), (&json!("CONFIRMED"), &json!("REQUEST")));
    assert_eq!(given["assigned_doctor"], ali.id_as("doc"));
    assert_eq!(given["doctor_name"], "Ali Mehmood");
    assert_eq!(given["requested_time"], "2030-01-08T10:00:00+00:00");
    assert_eq!(given["confirmed_time"], "2030-01-08T10:00:00+00:00");
    assert_eq!(given["notes"], "Bring the letter.");
    assert_eq!(given["assigned_by"], hospital.id());
    assert_eq!(given["assigned_at"], "2030-01-07T08:00:00Z");
    for person in [ana, ali, hospital] {
        let shown = person.get(&path).await;
        assert_eq!(shown.ok()["assigned_doctor"], ali.id_as("doc"));
        assert_eq!(shown.header("etag"), reply.header("etag"));
        person.get(&record).await.ok();
    }
    let care = ana.get("/api/mappings").await.ok();
    assert_eq!(each(&care, "doctor"), [ali.id_as("doc")]);
    let log = clinic.log("DOCTOR_ASSIGNED").await;
    let details = &log[0]["details"];
    assert_eq!((&details["from"], &details["to"]), (&json!("REQUESTED"), &json!("CONFIRMED")));
    assert_eq!(details["doctor"], ali.id_as("doc"));
    assert_eq!(details["assignment"], care["results"][0]["id"]);
    // The time is taken now.
    let body = json!({"appointment_date": TUESDAY, "start_time": "10:00"});
    let again = clinic.bea.post(BOOK[0], to(ali, body)).await;
    assert_eq!(again.refusal(), "409 slot-taken");
}

/// 000-22: the hospital may choose another time, also one at which the doctor offers none.
#[tokio::test]
async fn a_hospital_may_choose_another_time() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { admin, ali, .. } = &clinic;
    let request = clinic.request("2030-01-08T10:00:00Z").await;
    let path = format!("{ALL}{}/assign-doctor", id_of(&request));
    let body = json!({"doctor": ali.id_as("doc"), "confirmed_time": "2030-01-08T23:00:00+05:00"});

    let given = admin.post(&path, &body).await.ok();

    assert_eq!(given["requested_time"], "2030-01-08T10:00:00+00:00");
    assert_eq!(given["confirmed_time"], "2030-01-08T18:00:00+00:00");
    assert_eq!(given["start"], "2030-01-08T18:00:00+00:00");
    assert_eq!(admin.post(&path, &body).await.refusal(), "409 not-assignable");
}

/// 000-22: a doctor who cannot see the patient is not assigned, and nothing changes.
#[tokio::test]
async fn a_doctor_who_cannot_see_the_patient_is_not_assigned() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { admin, hospital, ali, sara, ana, bea, .. } = &clinic;
    let other = hub.hospital("other").await;
    let elsewhere = hub.bookable(&other, "Omar", "Other").await;
    let skin = department(hospital, "Skin").await;
    let dermatologist = json!({
        "first_name": "Dina", "last_name": "Derm", "email": "dina@example.org",
        "phone_number": "+923002220003", "specialization": "Skin", "department": skin,
    });
    let dermatologist =
        hospital.post("/api/hospitals/doctors/create", dermatologist).await.ok()["doctor"].clone();
    hospital.delete(format!("/api/doctors/{}/delete", sara.id_as("doc"))).await.ok();
    let late = json!({"appointment_date": TUESDAY, "start_time": "10:00"});
    taken(bea, ali, late).await;
    let request = clinic.request("2030-01-08T10:00:00Z").await;
    let path = format!("{ALL}{}", id_of(&request));
    let before = hospital.get(&path).await.ok();
    let assign = async |person: &Caller<'_>, body: Value| {
        person.post(format!("{path}/assign-doctor"), body).await.refusal()
    };

    let unknown = json!({"doctor_id": "doc_01J9Z3K8Q4N6V2X5Y7W0B1C2D3"});
    let mut refusals = vec![
        assign(hospital, unknown).await,
        assign(hospital, json!({"doctor_id": elsewhere.id_as("doc")})).await,
        assign(admin, json!({"doctor_id": elsewhere.id_as("doc")})).await,
        assign(hospital, json!({"doctor_id": sara.id_as("doc")})).await,
        assign(admin, json!({"doctor_id": sara.id_as("doc")})).await,
        assign(hospital, json!({"doctor_id": dermatologist["id"]})).await,
        assign(hospital, json!({"doctor_id": ali.id_as("doc")})).await,
        assign(hospital, json!({})).await,
    ];
    for time in ["2030-01-07T07:00:00Z", "2030-05-01T07:00:00Z", "2030-01-08T10:15:00Z"] {
        let body = json!({"doctor_id": ali.id_as("doc"), "confirmed_time": time});
        refusals.push(assign(hospital, body).await);
    }
    refusals.push(assign(ana, json!({"doctor_id": ali.id_as("doc")})).await);
    refusals.push(assign(&other, json!({"doctor_id": elsewhere.id_as("doc")})).await);

    let expected = [
        "404 doctor-not-found",
        "404 doctor-not-found",
        "404 doctor-not-found",
        "404 doctor-not-found",
        "404 doctor-not-found",
        "400 doctor-of-another-department",
        "409 slot-taken",
        "400 invalid",
        "400 in-the-past",
        "400 too-far-ahead",
        "409 slot-taken",
        "403 forbidden",
        "404 not-found",
    ];
    assert_eq!(refusals, expected);
    assert_eq!(hospital.get(&path).await.ok(), before);
    assert_eq!(clinic.log("DOCTOR_ASSIGNED").await, [] as [Value; 0]);
    assert_eq!(ana.get("/api/mappings").await.ok()["results"], json!([]));
}

/// 000-22: of two who assign at once, one does.
#[tokio::test]
async fn of_two_who_assign_at_once_one_does() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { hospital, ali, sara, .. } = &clinic;
    let request = clinic.request("2030-01-08T10:00:00Z").await;
    let path = format!("{ALL}{}/assign-doctor", id_of(&request));
    let to = |doctor: &Caller<'_>| hospital.post(&path, json!({"doctor_id": doctor.id_as("doc")}));

    let (one, two) = join(to(ali), to(sara)).await;

    let (won, lost) = if one.status.is_success() { (one, two) } else { (two, one) };
    assert_eq!(lost.refusal(), "409 not-assignable");
    let doctor = won.ok()["doctor"].clone();
    let idle = if doctor == ali.id_as("doc") { sara } else { ali };
    assert_eq!(idle.get(ALL).await.ok()["results"], json!([]));
    let slot = json!({"appointment_date": TUESDAY, "start_time": "10:00"});
    taken(&clinic.bea, idle, slot).await;
}

/// 000-23: one path takes an appointment to any status, by the same rules as the actions.
#[tokio::test]
async fn the_status_goes_the_way_of_the_actions() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { admin, hospital, ali, ana, .. } = &clinic;
    let slot = clinic.slot(TUESDAY, "10:00").await;
    let path = format!("{ALL}{}/status/", id_of(&slot));

    let early = ali.patch(&path, json!({"status": "COMPLETED"})).await;
    let mut notes = Vec::new();
    for (person, status, note) in [
        (hospital, "CONFIRMED", json!("Room 4")),
        (hospital, "checked_in", Value::Null),
        (ali, "in-progress", Value::Null),
        (admin, "COMPLETED", json!("All well")),
    ] {
        let reply = person.patch(&path, json!({"status": status, "notes": note})).await.ok();
        assert_eq!(reply["appointment"]["status"], status.to_uppercase().replace('-', "_"));
        notes.push(reply["notes"].clone());
    }
    let late = admin.put(&path, json!({"status": "CANCELLED"})).await;
    let again = clinic.slot(TUESDAY, "11:00").await;
    let other = format!("{ALL}{}/status", id_of(&again));
    let patient = [
        ana.patch(&other, json!({"status": "CONFIRMED"})).await.refusal(),
        ana.patch(&other, json!({"status": "CHECKED_IN"})).await.refusal(),
        ana.patch(&other, json!({"status": "COMPLETED"})).await.refusal(),
    ];
    let wrong = [
        ali.patch(&other, json!({"status": "REQUESTED"})).await.refusal(),
        ali.patch(&other, json!({"status": "FINE"})).await.refusal(),
        ali.patch(&other, json!({})).await.refusal(),
    ];
    let cancelled = ana.patch(&other, json!({"status": "CANCELLED", "notes": "Ill"})).await.ok();

    assert_eq!(early.refusal(), "409 appointment-state");
    assert!(early.problem().detail.unwrap().contains("REQUESTED"));
    assert_eq!(notes, ["Room 4", "Room 4", "Room 4", "All well"]);
    assert!(late.problem().detail.unwrap().contains("COMPLETED"));
    assert_eq!(patient, ["403 forbidden"; 3]);
    assert_eq!(wrong, ["400 invalid"; 3]);
    assert_eq!(cancelled["cancellation_reason"], "Ill");
    assert_eq!(
        clinic.bea.patch(&other, json!({"status": "CANCELLED"})).await.refusal(),
        "404 not-found"
    );
}

/// 000-24, 003-15, 004-18, 002-K9: those who meet, and who answers for it, call it off.
#[tokio::test]
async fn an_appointment_is_called_off() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { admin, hospital, ali, ana, bea, .. } = &clinic;
    for (place, (path, person, word)) in [
        ("/api/appointments", ana, "notes"),
        ("/api/v1/appointments", ali, "reason"),
        ("/api/appointments", hospital, "reason"),
        ("/api/consultations", admin, "cancellation_reason"),
    ]
    .into_iter()
    .enumerate()
    {
        let slot = clinic.slot(TUESDAY, "10:00").await;
        let cancel = format!("{path}/{}/cancel/", id_of(&slot));

        let reply = person.post(&cancel, json!({word: "Ill"})).await;

        let gone = reply.ok();
        assert_eq!(gone["message"], "Appointment cancelled successfully");
        assert_eq!(gone["appointment"]["status"], "CANCELLED");
        assert_eq!(gone["cancellation_reason"], "Ill");
        assert_eq!(gone["cancelled_by"], person.id());
        assert_eq!(gone["cancelled_at"], "2030-01-07T08:00:00Z");
        assert_eq!(gone["can_be_cancelled"], false);
        let again = person.post(&cancel, json!({})).await;
        assert_eq!(again.refusal(), "409 appointment-state");
        assert!(again.problem().detail.unwrap().contains("CANCELLED"));
        // Cancelling twice is one event.
        assert_eq!(clinic.log("APPOINTMENT_CANCELLED").await.len(), place + 1);
        let other = bea.post(&cancel, json!({})).await;
        assert_eq!(other.refusal(), "404 not-found");
    }
    // The time is free again.
    taken(bea, ali, json!({"appointment_date": TUESDAY, "start_time": "10:00"})).await;
    let request = clinic.request("2030-01-08T12:00:00Z").await;
    let gone = ana.post(format!("{ALL}{}/cancel", id_of(&request)), json!({})).await.ok();
    assert_eq!(
        (&gone["status"], &gone["cancellation_reason"]),
        (&json!("CANCELLED"), &Value::Null)
    );
}

/// 003-15, 004-18: who meets calls a slot off until two hours before; the hospital and admins
/// need not mind.
#[tokio::test]
async fn a_slot_that_is_near_is_kept_by_those_who_meet() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { ali, ana, .. } = &clinic;
    let [first, second, third] = [
        clinic.slot(MONDAY, "10:30").await,
        clinic.slot(MONDAY, "11:00").await,
        clinic.slot(MONDAY, "11:30").await,
    ];
    let cancel = |slot: &Value| format!("{ALL}{}/cancel", id_of(slot));
    hub.clock.advance(SignedDuration::from_mins(30));
    let in_time = ana.post(cancel(&first), json!({})).await;
    hub.clock.advance(SignedDuration::from_mins(31));
    let (ali, ana) = (again(&hub, ali).await, again(&hub, ana).await);
    let (admin, hospital) = (again(&hub, &clinic.admin).await, again(&hub, &clinic.hospital).await);
    let shown = ana.get(format!("{ALL}{}", id_of(&second))).await.ok();

    let late = [
        ana.post(cancel(&second), json!({})).await.refusal(),
        ali.post(cancel(&second), json!({})).await.refusal(),
        ana.delete(format!("{ALL}{}", id_of(&second))).await.refusal(),
        ana.post(
            format!("{ALL}{}/reschedule", id_of(&second)),
            json!({"appointment_date": TUESDAY, "start_time": "10:00"}),
        )
        .await
        .refusal(),
    ];

    assert_eq!(in_time.ok()["status"], "CANCELLED");
    assert_eq!((&shown["can_be_cancelled"], &shown["is_upcoming"]), (&json!(false), &json!(true)));
    assert_eq!(late, ["409 too-late"; 4]);
    assert_eq!(hospital.post(cancel(&second), json!({})).await.ok()["status"], "CANCELLED");
    assert_eq!(admin.post(cancel(&third), json!({})).await.ok()["status"], "CANCELLED");
}

/// 003-12, 003-17, 004-16: a patient takes a time that a doctor offers, under any of the paths.
#[tokio::test]
async fn a_patient_takes_a_time_that_a_doctor_offers() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { hospital, ali, ana, .. } = &clinic;
    let bodies = [
        json!({"doctor_id": ali.id_as("doc"), "appointment_date": TUESDAY, "start_time": "09:00:00",
            "appointment_type": "consultation", "patient_notes": "First visit"}),
        json!({"doctor": ali.id_as("doc"), "scheduled_date": TUESDAY, "scheduled_time": "9:30 AM",
            "appointment_type": "follow-up", "patient_notes": "First visit"}),
        json!({"doctor": ali.id_as("doc"), "appointment_date": TUESDAY, "start_time": "10:00",
            "end_time": "10:45", "appointment_type": "CHECKUP", "patient_notes": "First visit"}),
        json!({"doctor": ali.id_as("doc"), "start": "2030-01-08T15:30:00+05:00",
            "appointment_type": "lab_work", "symptoms": "First visit", "notes": "Cough"}),
    ];
    let starts = ["09:00:00", "09:30:00", "10:00:00", "10:30:00"];
    let ends = ["09:30:00", "10:00:00", "10:30:00", "11:00:00"];
    let types = ["CONSULTATION", "FOLLOW_UP", "CHECKUP", "LAB_WORK"];
    for (place, (path, body)) in BOOK.into_iter().zip(bodies).enumerate() {
        let reply = ana.post(path, body).await;

        let slot = reply.ok();
        assert_eq!(reply.status, 201);
        assert_eq!(slot["message"], "Appointment booked successfully");
        assert_eq!(slot["id"], slot["appointment"]["id"]);
        assert_eq!((&slot["kind"], &slot["status"]), (&json!("SLOT"), &json!("REQUESTED")));
        assert_eq!(slot["appointment_date"], TUESDAY);
        assert_eq!(
            (&slot["start_time"], &slot["end_time"]),
            (&json!(starts[place]), &json!(ends[place]))
        );
        assert_eq!((&slot["duration_minutes"], &slot["timezone"]), (&json!(30), &json!("UTC")));
        assert_eq!(slot["appointment_type"], types[place]);
        assert_eq!(slot["patient_notes"], "First visit");
        assert_eq!(
            (&slot["patient"], &slot["doctor"]),
            (&json!(ana.id_as("pat")), &json!(ali.id_as("doc")))
        );
        assert_eq!(
            (&slot["doctor_name"], &slot["created_by"]),
            (&json!("Ali Mehmood"), &json!(ana.id()))
        );
        assert_eq!((&slot["is_upcoming"], &slot["can_be_cancelled"]), (&json!(true), &json!(true)));
        let record = &slot["health_record"];
        assert_eq!(record["id"], slot["id"].as_str().unwrap().replacen("apt", "rec", 1));
        assert_eq!(record["type"], "CONSULTATION");
        assert_eq!(record["title"], "Consultation with Dr. Ali Mehmood");
        assert_eq!(record["created_at"], "2030-01-07T08:00:00Z");
        let shown = ana.get(reply.header("location")).await;
        assert_eq!(
            (&shown.ok(), shown.header("etag")),
            (&slot["appointment"], reply.header("etag"))
        );
    }
    // The first of them began the doctor's care.
    let care = ana.get("/api/mappings").await.ok();
    assert_eq!(each(&care, "doctor"), [ali.id_as("doc")]);
    let log = clinic.log("APPOINTMENT_CREATED").await;
    let begun: Vec<_> = log.iter().filter_map(|line| line["details"].get("assignment")).collect();
    assert_eq!(begun, [&care["results"][0]["id"]]);
    assert!(log.iter().all(|line| line["details"]["doctor"] == ali.id_as("doc")));
    for person in [ali, hospital] {
        person.get(format!("/api/patients/{}", ana.id_as("pat"))).await.ok();
    }
}

/// 003-17, 004-16: what cannot be had is not booked.
#[tokio::test]
async fn what_cannot_be_had_is_not_booked() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { hospital, ali, sara, ana, bea, .. } = &clinic;
    clinic.slot(TUESDAY, "10:00").await;
    let lone = hub.lone_doctor("lone").await;
    let away = hub.bookable(hospital, "Awa", "Away").await;
    away.patch("/api/doctors/update_profile", json!({"is_available": false})).await.ok();
    let book = async |person: &Caller<'_>, doctor: &Caller<'_>, date: &str, time: &str| {
        let body = to(doctor, json!({"appointment_date": date, "start_time": time}));
        person.post(BOOK[0], body).await.refusal()
    };

    let refusals = [
        book(bea, ali, TUESDAY, "10:00").await,
        book(ana, sara, TUESDAY, "10:00").await,
        book(bea, ali, TUESDAY, "17:00").await,
        book(bea, ali, TUESDAY, "10:10").await,
        book(bea, ali, "2030-01-06", "10:00").await,
        book(bea, ali, MONDAY, "08:00").await,
        book(bea, ali, "2030-04-08", "10:00").await,
        book(bea, &lone, TUESDAY, "11:00").await,
        book(bea, &away, TUESDAY, "11:00").await,
    ];
    let body = |change: Value| {
        let mut body = to(ali, json!({"appointment_date": TUESDAY, "start_time": "11:00"}));
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        body
    };
    let wrong = [
        json!({"end_time": "11:00"}),
        json!({"duration": 5}),
        json!({"patient_notes": "x".repeat(1001)}),
        json!({"appointment_type": "party"}),
        json!({"start_time": "25:00"}),
        json!({"start_time": null}),
        json!({"appointment_date": null}),
        json!({"doctor_id": null}),
        json!({"surprise": true}),
    ];
    let wrong = join_all(wrong.map(|change| bea.post(BOOK[0], body(change)))).await;
    let stranger = bea.post(BOOK[0], body(json!({"patient": ana.id_as("pat")}))).await;
    let nobody = clinic.admin.post(BOOK[0], body(json!({}))).await;

    let expected = [
        "409 slot-taken",
        "409 patient-busy",
        "409 slot-not-offered",
        "409 slot-not-offered",
        "400 in-the-past",
        "400 in-the-past",
        "400 too-far-ahead",
        "404 not-found",
        "409 doctor-unavailable",
    ];
    assert_eq!(refusals, expected);
    let wrong: Vec<_> = wrong.iter().map(Reply::refusal).collect();
    assert_eq!(wrong, ["400 invalid"; 9]);
    assert_eq!(
        (stranger.refusal(), nobody.refusal()),
        ("404 not-found".into(), "400 invalid".into())
    );
    assert_eq!(bea.get(ALL).await.ok()["results"], json!([]));
    // The last day of the horizon is as good as any.
    taken(bea, ali, json!({"appointment_date": "2030-04-06", "start_time": "16:30"})).await;
}

/// 003-17, 004-16: of many who want one slot, one has it.
#[tokio::test]
async fn of_many_who_want_one_slot_one_has_it() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let mut patients = Vec::new();
    for number in 0..12 {
        let (name, phone) = (format!("patient{number}"), format!("+9230080000{number:02}"));
        patients.push(hub.patient(&name, &phone).await);
    }
    let body = to(&clinic.ali, json!({"appointment_date": TUESDAY, "start_time": "10:00"}));

    let replies = join_all(patients.iter().map(|patient| patient.post(BOOK[0], &body))).await;

    let mut answers: BTreeMap<String, usize> = BTreeMap::new();
    for reply in &replies {
        let answer = if reply.status == 201 { "201".to_owned() } else { reply.refusal() };
        *answers.entry(answer).or_default() += 1;
    }
    assert_eq!(answers, BTreeMap::from([("201".to_owned(), 1), ("409 slot-taken".to_owned(), 11)]));
    let list = clinic.ali.get(ALL).await.ok();
    assert_eq!(list["results"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_booking_that_is_sent_again_books_nothing_more() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { hospital, ali, ana, heart, .. } = &clinic;
    let slot = to(ali, json!({"appointment_date": TUESDAY, "start_time": "10:00"}));
    let visit = to(ali, json!({"scheduled_date": TUESDAY, "scheduled_time": "11:00"}));
    let request = json!({
        "hospital": hospital.id_as("hsp"), "department": heart, "reason": "Pain",
        "requested_time": "2030-01-08T12:00:00Z",
    });
    let bodies = [(BOOK[0], slot), ("/api/consultations", visit), (ALL, request)];
    for (place, (path, mut body)) in bodies.into_iter().enumerate() {
        let careful = ana.with_header("idempotency-key", format!("key-{place}"));
        let first = careful.post(path, &body).await;

        let again = careful.post(path, &body).await;

        assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201));
        assert_eq!(first.ok(), again.ok());
        assert_eq!(first.header("location"), again.header("location"));
        body["reason"] = json!("Another");
        assert!(careful.post(path, &body).await.refusal().starts_with("409 "));
    }
    assert_eq!(ana.get(ALL).await.ok()["results"].as_array().unwrap().len(), 3);
}

/// 003-17: nobody books more than ten times a minute, on whichever path.
#[tokio::test]
async fn nobody_books_too_often() {
    let hub = open_limiting(Bucket::Booking).await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { ali, ana, bea, .. } = &clinic;
    let body = to(ali, json!({"appointment_date": "2030-01-06", "start_time": "10:00"}));
    for _ in 0..2 {
        for path in BOOK.into_iter().chain(["/api/consultations/"]) {
            assert_eq!(ana.post(path, &body).await.refusal(), "400 in-the-past");
        }
    }

    let refused = ana.post(BOOK[0], &body).await;

    assert_eq!(refused.refusal(), "429 too-many-requests");
    assert!(!refused.header("retry-after").is_empty());
    for path in [
        BOOK[1],
        ALL,
        "/api/consultations",
        "/api/appointments/apt_01J9Z3K8Q4N6V2X5Y7W0B1C2D3/reschedule",
    ] {
        let body = if path.ends_with("reschedule") {
            json!({"start": "2030-01-08T10:00:00Z"})
        } else {
            body.clone()
        };
        assert_eq!(ana.post(path, &body).await.refusal(), "429 too-many-requests", "{path}");
    }
    assert_eq!(bea.post(BOOK[0], &body).await.refusal(), "400 in-the-past");
    hub.clock.advance(SignedDuration::from_secs(60));
    assert_eq!(ana.post(BOOK[0], &body).await.refusal(), "400 in-the-past");
}

/// 003-13: those who meet, the hospital and admins see an appointment; others cannot tell that
/// there is one.
#[tokio::test]
async fn strangers_cannot_tell_that_there_is_an_appointment() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { admin, hospital, ali, sara, cora, ana, bea, .. } = &clinic;
    let slot = clinic.slot(TUESDAY, "10:00").await;
    let other = hub.hospital("other").await;

    for path in ["/api/appointments", "/api/v1/appointments"] {
        let path = format!("{path}/{}/", id_of(&slot));
        for person in [admin, hospital, ali, ana] {
            let mut shown = person.get(&path).await.ok();
            shown["can_be_cancelled"] = json!(true);
            assert_eq!(shown, slot["appointment"]);
        }
        for stranger in [sara, cora, bea, &other] {
            assert_eq!(stranger.get(&path).await.refusal(), "404 not-found");
        }
        assert_eq!(hub.visitor().get(&path).await.refusal(), "401 unauthenticated");
    }
    for group in ["appointments", "consultations"] {
        let path = format!("/api/{group}/{}", id_of(&slot));
        for stranger in [sara, cora, bea, &other] {
            let time = json!({"appointment_date": TUESDAY, "start_time": "11:00"});
            let mut replies = vec![
                stranger.patch(&path, json!({"reason": "Mine"})).await,
                stranger.put(&path, json!({"reason": "Mine"})).await,
                stranger.delete(&path).await,
                stranger.post(format!("{path}/reschedule"), time).await,
            ];
            for action in
                ["confirm", "check-in", "check_in", "start", "complete", "cancel", "no-show"]
            {
                replies.push(stranger.post(format!("{path}/{action}"), json!({})).await);
            }
            assert!(replies.iter().all(|reply| reply.refusal() == "404 not-found"), "{stranger:?}");
        }
    }
    assert_eq!(
        ana.get(format!("{ALL}apt_01J9Z3K8Q4N6V2X5Y7W0B1C2D3")).await.refusal(),
        "404 not-found"
    );
    assert_eq!(ana.get(format!("{ALL}7")).await.refusal(), "404 not-found");
}

/// 003-14, 003-16: the doctor confirms an appointment and completes the visit.
#[tokio::test]
async fn a_doctor_confirms_and_completes() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { ali, ana, cora, .. } = &clinic;
    let slot = clinic.slot(TUESDAY, "10:00").await;
    let path = format!("/api/v1/appointments/{}", id_of(&slot));
    let early = ali.post(format!("{path}/complete/"), json!({})).await;
    let patient = ana.post(format!("{path}/confirm/"), Value::Null).await;

    let confirmed = ali.post(format!("{path}/confirm/"), Value::Null).await.ok();
    let again = ali.post(format!("{path}/confirm/"), Value::Null).await;
    hub.clock.advance(SignedDuration::from_mins(30));
    let notes = json!({"doctor_notes": "Rest and tea."});
    let reply = ali.post(format!("{path}/complete/"), notes).await;

    assert_eq!(early.refusal(), "409 appointment-state");
    assert_eq!(patient.refusal(), "403 forbidden");
    assert_eq!(confirmed["message"], "Appointment confirmed successfully");
    assert_eq!((&confirmed["id"], &confirmed["status"]), (&slot["id"], &json!("CONFIRMED")));
    assert_eq!(confirmed["confirmed_time"], "2030-01-08T10:00:00+00:00");
    assert!(again.problem().detail.unwrap().contains("CONFIRMED"));
    let completed = reply.ok();
    assert_eq!(completed["message"], "Appointment completed successfully");
    assert_eq!(
        (&completed["status"], &completed["doctor_notes"]),
        (&json!("COMPLETED"), &json!("Rest and tea."))
    );
    assert_eq!(completed["actual_end_time"], "2030-01-07T08:30:00Z");
    let shown = ana.get(&path).await;
    assert_eq!(
        (&shown.ok(), shown.header("etag")),
        (&completed["appointment"], reply.header("etag"))
    );
    let patient = ana.post(format!("{path}/complete"), json!({})).await;
    assert_eq!(patient.refusal(), "403 forbidden");
    assert_eq!(cora.post(format!("{path}/complete"), json!({})).await.refusal(), "404 not-found");
    // A visit that took place can be reviewed.
    let review = format!("/api/doctors/{}/reviews", ali.id_as("doc"));
    let review = ana.post(review, json!({"rating": 5})).await.ok();
    assert_eq!(review["visit"], slot["id"]);
    let log = clinic.log("APPOINTMENT_COMPLETED").await;
    let details = &log[0]["details"];
    assert_eq!((&details["from"], &details["to"]), (&json!("CONFIRMED"), &json!("COMPLETED")));
}

/// 002-K2: a consultation is agreed at once, with its way of meeting and its fee.
#[tokio::test]
async fn a_consultation_is_agreed_at_once() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { admin, ali, sara, cora, ana, .. } = &clinic;
    let practice = json!({
        "consultation_fee": "100", "online_consultation_fee": "80",
        "is_online_consultation_available": true,
    });
    ali.patch("/api/doctors/update_profile", practice).await.ok();
    let pia = entered(cora, json!({"first_name": "Pia", "last_name": "Pohl"})).await;
    let own = entered(ali, json!({"first_name": "Own", "last_name": "Patient"})).await;
    let at = |time: &str, more: Value| {
        let mut body = json!({"scheduled_date": TUESDAY, "scheduled_time": time});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let doctor = ali.id_as("doc");

    let by_patient = json!({
        "doctor": doctor, "consultation_type": "video_call", "duration": 30,
        "chief_complaint": "Cough", "symptoms": "Since Monday", "consultation_fee": "1.00",
    });
    let by_patient = ana.post("/api/consultations/", at("09:00", by_patient)).await;
    let by_coordinator =
        json!({"doctor": doctor, "patient": pia["id"], "consultation_type": "in_person"});
    let by_coordinator = cora.post("/api/consultations", at("09:30", by_coordinator)).await;
    let by_doctor =
        json!({"patient": own["id"], "consultation_fee": 20, "consultation_type": "phone"});
    let by_doctor = ali.post("/api/consultations", at("10:00", by_doctor)).await;
    let by_admin = json!({"doctor": doctor, "patient_id": pia["id"]});
    let by_admin = admin.post("/api/v1/consultations", at("10:30", by_admin)).await;
    let not_online = json!({"doctor": sara.id_as("doc"), "consultation_type": "video"});
    let not_online = ana.post("/api/consultations", at("11:00", not_online)).await;
    let in_person = json!({"doctor": sara.id_as("doc")});
    let in_person = ana.post("/api/consultations", at("11:00", in_person)).await.ok();

    let first = by_patient.ok();
    assert_eq!(by_patient.status, 201);
    assert_eq!(first["message"], "Consultation booked successfully");
    assert_eq!((&first["kind"], &first["status"]), (&json!("CONSULTATION"), &json!("CONFIRMED")));
    assert_eq!(
        (&first["chief_complaint"], &first["patient_notes"]),
        (&json!("Cough"), &json!("Since Monday"))
    );
    assert_eq!((&first["payment_status"], &first["is_paid"]), (&json!("PENDING"), &json!(false)));
    assert_eq!(first["health_record"], Value::Null);
    assert_eq!(by_patient.header("location"), format!("/api/consultations/{}", id_of(&first)));
    assert_eq!(ana.get(by_patient.header("location")).await.ok()["id"], first["id"]);
    let facts: Vec<_> = [first, by_coordinator.ok(), by_doctor.ok(), by_admin.ok()]
        .iter()
        .map(|made| {
            [&made["consultation_type"], &made["consultation_fee"], &made["patient_name"]]
                .map(|fact| fact.as_str().unwrap().to_owned())
        })
        .collect();
    assert_eq!(
        facts,
        [
            ["VIDEO", "80.00", "Ana Diaz"],
            ["IN_PERSON", "100.00", "Pia Pohl"],
            ["PHONE", "20.00", "Own Patient"],
            ["VIDEO", "80.00", "Pia Pohl"],
        ]
    );
    assert_eq!(not_online.refusal(), "409 not-online");
    assert_eq!(in_person["consultation_type"], "IN_PERSON");
}

/// 002-K7, 002-K8: the doctor starts a consultation, and only then completes it.
#[tokio::test]
async fn a_consultation_is_started_and_completed() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { hospital, ali, ana, .. } = &clinic;
    let body = to(ali, json!({"scheduled_date": TUESDAY, "scheduled_time": "10:00"}));
    let made = ana.post("/api/consultations", body).await.ok();
    let path = format!("/api/consultations/{}", id_of(&made));
    let early = ali.post(format!("{path}/complete/"), json!({})).await;
    let others = [
        ana.post(format!("{path}/start/"), Value::Null).await.refusal(),
        hospital.post(format!("{path}/start/"), Value::Null).await.refusal(),
    ];

    let arrived = ana.post(format!("{path}/check_in"), Value::Null).await.ok();
    hub.clock.advance(SignedDuration::from_mins(5));
    let started = ali.post(format!("{path}/start/"), Value::Null).await.ok();
    let again = ali.post(format!("{path}/start/"), Value::Null).await;
    hub.clock.advance(SignedDuration::from_mins(20));
    let notes = json!({"doctor_notes": "Rest.", "notes": "Paid in cash."});
    let completed = ali.post(format!("{path}/complete/"), notes).await.ok();

    assert_eq!(early.refusal(), "409 appointment-state");
    assert_eq!(others, ["403 forbidden"; 2]);
    assert_eq!(
        (&arrived["message"], &arrived["status"]),
        (&json!("Patient checked in successfully"), &json!("CHECKED_IN"))
    );
    assert_eq!(arrived["checked_in_at"], "2030-01-07T08:00:00Z");
    assert_eq!(
        (&started["message"], &started["status"]),
        (&json!("Appointment started successfully"), &json!("IN_PROGRESS"))
    );
    assert_eq!(started["actual_start_time"], "2030-01-07T08:05:00Z");
    assert!(again.problem().detail.unwrap().contains("IN_PROGRESS"));
    assert_eq!(
        (&completed["status"], &completed["notes"]),
        (&json!("COMPLETED"), &json!("Paid in cash."))
    );
    assert_eq!(completed["actual_end_time"], "2030-01-07T08:25:00Z");
    assert_eq!(
        ana.post(format!("{path}/cancel"), json!({})).await.refusal(),
        "409 appointment-state"
    );
}

/// 002-K4, 002-K5, 003-X1, 003-X2: what an appointment is about changes in part, and nothing else does.
#[tokio::test]
async fn what_an_appointment_is_about_changes_in_part() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { hospital, ali, cora, ana, .. } = &clinic;
    let slot = clinic.slot(TUESDAY, "10:00").await;
    let path = format!("{ALL}{}/", id_of(&slot));
    let clinical = format!("/api/consultations/{}/", id_of(&slot));
    hub.clock.advance(SignedDuration::from_secs(1));

    // Older clients send back all that they saw.
    let full = json!({
        "doctor": ali.id_as("doc"), "patient": ana.id_as("pat"), "appointment_date": TUESDAY,
        "start_time": "10:00:00", "end_time": "10:30:00", "duration": 30, "status": "pending",
        "payment_status": "pending", "start": "2030-01-08T10:00:00Z",
        "appointment_type": "follow_up", "reason": "Cough", "patient_notes": "Since Monday",
    });
    let put = ana.put(&path, full).await.ok();
    let patched = ali
        .patch(&clinical, json!({"doctor_notes": "Check the lungs.", "follow_up_required": true, "follow_up_date": "2030-02-01"}))
        .await
        .ok();
    let last = hospital.put(&clinical, json!({"notes": "Room 4", "reason": null})).await;

    assert_eq!((&put["appointment_type"], &put["reason"]), (&json!("FOLLOW_UP"), &json!("Cough")));
    assert_eq!(
        (&put["patient_notes"], &put["is_follow_up"]),
        (&json!("Since Monday"), &json!(true))
    );
    assert_eq!(put["updated_at"], "2030-01-07T08:00:01Z");
    assert_eq!(
        (&patched["doctor_notes"], &patched["reason"]),
        (&json!("Check the lungs."), &json!("Cough"))
    );
    assert_eq!(
        (&patched["follow_up_required"], &patched["follow_up_date"]),
        (&json!(true), &json!("2030-02-01"))
    );
    assert_eq!((&last.ok()["notes"], &last.ok()["reason"]), (&json!("Room 4"), &Value::Null));
    let shown = hospital.get(&path).await;
    assert_eq!((shown.ok(), shown.header("etag")), (last.ok(), last.header("etag")));
    for theirs in [
        json!({"doctor_notes": "Mine"}),
        json!({"notes": null}),
        json!({"follow_up_required": false}),
        json!({"follow_up_date": null}),
    ] {
        assert_eq!(ana.patch(&path, theirs).await.refusal(), "403 forbidden");
    }
    // What is sent as it is changes nothing.
    ana.patch(&path, json!({"doctor_notes": "Check the lungs.", "notes": "Room 4"})).await.ok();
    let fixed = join_all(
        [
            json!({"appointment_date": "2030-01-09"}),
            json!({"scheduled_time": "10:30"}),
            json!({"start": "2030-01-08T10:30:00"}),
            json!({"duration_minutes": 45}),
            json!({"status": "CONFIRMED"}),
            json!({"payment_status": "PAID"}),
            json!({"doctor_id": clinic.sara.id_as("doc")}),
        ]
        .map(|change| ali.patch(&path, change)),
    )
    .await;
    let fixed: Vec<_> = fixed.iter().map(Reply::refusal).collect();
    let expected = [
        "409 use-reschedule",
        "409 use-reschedule",
        "409 use-reschedule",
        "409 use-reschedule",
        "409 use-actions",
        "409 use-payments",
        "409 book-anew",
    ];
    assert_eq!(fixed, expected);
    assert_eq!(
        ali.patch(&path, json!({"consultation_type": "video"})).await.refusal(),
        "409 not-online"
    );
    assert_eq!(cora.patch(&path, json!({"reason": "x"})).await.refusal(), "404 not-found");
    let log = clinic.log("APPOINTMENT_UPDATED").await;
    let changed = json!(["doctor_notes", "follow_up_required", "follow_up_date"]);
    assert!(log.iter().any(|line| line["changed"] == changed), "{log:?}");
}

#[tokio::test]
async fn outdated_changes_and_changes_of_what_is_over_are_refused() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { ali, ana, .. } = &clinic;
    let slot = clinic.slot(TUESDAY, "10:00").await;
    let path = format!("{ALL}{}", id_of(&slot));
    let careful = ana.with_header("if-match", ana.get(&path).await.header("etag"));

    let replies =
        join_all(["One", "Two"].map(|reason| careful.patch(&path, json!({"reason": reason}))))
            .await;
    let late = careful.delete(&path).await;
    ali.post(format!("{path}/confirm"), Value::Null).await.ok();
    ali.post(format!("{path}/complete"), json!({})).await.ok();
    let over = ali.patch(&path, json!({"doctor_notes": "Later"})).await;

    let (made, refused): (Vec<_>, Vec<_>) =
        replies.iter().partition(|reply| reply.status.is_success());
    assert_eq!((made.len(), refused.len()), (1, 1));
    assert!(["409 appointment-stale", "412 precondition-failed"].contains(&&*refused[0].refusal()));
    assert_eq!(late.refusal(), "412 precondition-failed");
    assert_eq!(over.refusal(), "409 appointment-state");
    assert!(over.problem().detail.unwrap().contains("COMPLETED"));
}

/// 000-22, 000-23, 000-24, 003-14, 003-16: whoever goes on from what an appointment was is told to
/// look again.
#[tokio::test]
async fn no_step_is_taken_on_what_has_changed_since() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { hospital, ali, ana, .. } = &clinic;
    let path = format!("{ALL}{}", id_of(&clinic.slot(TUESDAY, "10:00").await));
    let seen = ana.get(&path).await;
    let [patient, doctor, desk] =
        [ana, ali, hospital].map(|one| one.with_header("if-match", seen.header("etag")));
    hospital.patch(&path, json!({"notes": "By the back door"})).await.ok();
    let later = json!({"start": "2030-01-08T11:00:00Z"});
    let steps = [
        (&doctor, "confirm", json!({})),
        (&patient, "check-in", json!({})),
        (&doctor, "start", json!({})),
        (&doctor, "complete", json!({})),
        (&desk, "no-show", json!({})),
        (&patient, "cancel", json!({})),
        (&patient, "reschedule", later.clone()),
        (&desk, "assign-doctor", json!({"doctor_id": ali.id_as("doc")})),
    ];

    for (person, step, body) in steps {
        let reply = person.post(format!("{path}/{step}"), body).await;
        assert_eq!(reply.refusal(), "412 precondition-failed", "{step}");
    }
    let set = doctor.patch(format!("{path}/status"), json!({"status": "CONFIRMED"})).await;
    assert_eq!(set.refusal(), "412 precondition-failed");

    let patient = ana.with_header("if-match", ana.get(&path).await.header("etag"));
    let moved = patient.post(format!("{path}/reschedule"), later).await;
    assert_eq!(moved.status, 200);
    let patient = ana.with_header("if-match", moved.header("etag"));
    let cancelled = patient.post(format!("{path}/cancel"), json!({})).await.ok();
    assert_eq!(cancelled["status"], "CANCELLED");
}

/// 002-K6, 003-X3: an appointment is not deleted but called off, and is kept.
#[tokio::test]
async fn an_appointment_that_is_deleted_is_called_off() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { ali, ana, bea, .. } = &clinic;
    for path in ["/api/appointments", "/api/v1/consultations"] {
        let slot = clinic.slot(TUESDAY, "10:00").await;
        let path = format!("{path}/{}/", id_of(&slot));

        let reply = ana.delete(&path).await;

        assert_eq!((reply.status.as_u16(), reply.text()), (204, String::new()));
        let shown = ana.get(format!("{ALL}{}", id_of(&slot))).await.ok();
        assert_eq!(
            (&shown["status"], &shown["cancelled_by"]),
            (&json!("CANCELLED"), &json!(ana.id()))
        );
        assert_eq!(ana.delete(&path).await.refusal(), "409 appointment-state");
    }
    assert_eq!(clinic.log("APPOINTMENT_CANCELLED").await.len(), 2);
    taken(bea, ali, json!({"appointment_date": TUESDAY, "start_time": "10:00"})).await;
}

/// 004-X3, 002-X1: an appointment is moved, its old time is free again, and what was moved is told.
#[tokio::test]
async fn an_appointment_is_moved() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { hospital, ali, ana, bea, .. } = &clinic;
    let slot = clinic.slot(TUESDAY, "10:00").await;
    let names = [
        ("appointment_date", "start_time"),
        ("scheduled_date", "scheduled_time"),
        ("new_date", "new_time"),
    ];
    let mut moved = Value::Null;
    for (place, (date, time)) in names.into_iter().enumerate() {
        let group = ["appointments", "v1/appointments", "consultations"][place];
        let path = format!("/api/{group}/{}/reschedule/", id_of(&slot));
        let to = json!({date: "2030-01-09", time: format!("1{place}:00"), "reason": "Busy"});
        moved = [ana, ali, hospital][place].post(path, to).await.ok();
    }
    let path = format!("{ALL}{}/reschedule", id_of(&slot));
    let reply = ana.post(&path, json!({"start": "2030-01-09T18:00:00+05:00"})).await;

    assert_eq!(moved["message"], "Appointment rescheduled successfully");
    assert_eq!(moved["appointment"]["start"], "2030-01-09T12:00:00+00:00");
    let moved = reply.ok();
    assert_eq!((&moved["start_time"], &moved["status"]), (&json!("13:00:00"), &json!("REQUESTED")));
    let history = moved["reschedules"].as_array().unwrap();
    let starts: Vec<_> = history
        .iter()
        .map(|one| (one["old_start"].as_str().unwrap(), one["new_start"].as_str().unwrap()))
        .collect();
    assert_eq!(
        starts,
        [
            ("2030-01-08T10:00:00+00:00", "2030-01-09T10:00:00+00:00"),
            ("2030-01-09T10:00:00+00:00", "2030-01-09T11:00:00+00:00"),
            ("2030-01-09T11:00:00+00:00", "2030-01-09T12:00:00+00:00"),
            ("2030-01-09T12:00:00+00:00", "2030-01-09T13:00:00+00:00"),
        ]
    );
    assert_eq!(
        (&history[0]["reason"], &history[1]["requested_by"]),
        (&json!("Busy"), &json!(ali.id()))
    );
    assert_eq!(history[3]["reason"], Value::Null);
    let shown = ana.get(format!("{ALL}{}", id_of(&slot))).await;
    assert_eq!((&shown.ok(), shown.header("etag")), (&moved["appointment"], reply.header("etag")));
    assert_eq!(each(&ali.get(ALL).await.ok(), "start"), ["2030-01-09T13:00:00+00:00"]);
    for (date, time) in [(TUESDAY, "10:00"), ("2030-01-09", "10:00"), ("2030-01-09", "12:00")] {
        taken(bea, ali, json!({"appointment_date": date, "start_time": time})).await;
    }
}

/// 004-X3: a move that cannot be made changes nothing.
#[tokio::test]
async fn a_move_that_cannot_be_made_changes_nothing() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { hospital, ali, sara, ana, bea, .. } = &clinic;
    let slot = clinic.slot(TUESDAY, "10:00").await;
    taken(bea, ali, json!({"appointment_date": TUESDAY, "start_time": "11:00"})).await;
    taken(ana, sara, json!({"appointment_date": TUESDAY, "start_time": "12:00"})).await;
    let request = clinic.request("2030-01-08T14:00:00Z").await;
    let path = format!("{ALL}{}", id_of(&slot));
    let before = ana.get(&path).await;
    let go = async |body: Value| ana.post(format!("{path}/reschedule"), body).await.refusal();
    let at = |date: &str, time: &str| json!({"appointment_date": date, "start_time": time});

    let refusals = [
        go(at(TUESDAY, "11:00")).await,
        go(at(TUESDAY, "12:00")).await,
        go(at(TUESDAY, "18:00")).await,
        go(at("2030-01-06", "10:00")).await,
        go(at("2030-04-08", "10:00")).await,
        go(json!({"appointment_date": TUESDAY})).await,
        go(json!({})).await,
        hospital
            .post(format!("{ALL}{}/reschedule", id_of(&request)), at(TUESDAY, "13:00"))
            .await
            .refusal(),
    ];

    let expected = [
        "409 slot-taken",
        "409 patient-busy",
        "409 slot-not-offered",
        "400 in-the-past",
        "400 too-far-ahead",
        "400 invalid",
        "400 invalid",
        "409 no-doctor-assigned",
    ];
    assert_eq!(refusals, expected);
    let after = ana.get(&path).await;
    assert_eq!((after.ok(), after.header("etag")), (before.ok(), before.header("etag")));
    assert_eq!(clinic.log("APPOINTMENT_RESCHEDULED").await, [] as [Value; 0]);
    assert_eq!(bea.post(BOOK[0], to(ali, at(TUESDAY, "10:00"))).await.refusal(), "409 slot-taken");
}

/// 000-23: confirming and cancelling at once ends in one of the two orders, never in both.
#[tokio::test]
async fn of_a_confirmation_and_a_cancellation_neither_overwrites_the_other() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { ali, ana, bea, .. } = &clinic;
    for hour in ["10:00", "11:00", "12:00", "13:00"] {
        let slot = clinic.slot(TUESDAY, hour).await;
        let path = format!("{ALL}{}", id_of(&slot));

        let (confirmed, cancelled) = join(
            ali.post(format!("{path}/confirm"), Value::Null),
            ana.post(format!("{path}/cancel"), json!({})),
        )
        .await;

        // Whatever comes first, a cancellation follows a confirmation, and not the other way round.
        assert_eq!(cancelled.ok()["status"], "CANCELLED");
        if !confirmed.status.is_success() {
            assert!(confirmed.problem().detail.unwrap().contains("CANCELLED"));
        }
        assert_eq!(ana.get(&path).await.ok()["status"], "CANCELLED");
        taken(bea, ali, json!({"appointment_date": TUESDAY, "start_time": hour})).await;
    }
}

/// An appointment that follows another one up names it, if it is one of the same patient.
#[tokio::test]
async fn an_appointment_follows_another_one_up() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { ali, ana, bea, .. } = &clinic;
    let first = clinic.slot(TUESDAY, "10:00").await;
    let body = json!({
        "appointment_date": "2030-01-09", "start_time": "10:00", "parent_consultation": first["id"],
    });

    let stranger = bea.post(BOOK[0], to(ali, body.clone())).await;
    let second = taken(ana, ali, body).await;

    assert_eq!(stranger.refusal(), "400 follow-up-of-another");
    assert_eq!(
        (&second["is_follow_up"], &second["parent_consultation"]),
        (&json!(true), &first["id"])
    );
}

/// Every action on an appointment in every state, by an admin, who may do all of them: the state
/// it leads to, or why it does not. A dot is a conflict that names the state, and a dash a state
/// that such an appointment does not get into here.
#[tokio::test]
async fn every_action_in_every_state() {
    const ACTIONS: [&str; 9] = [
        "edit",
        "confirm",
        "check-in",
        "start",
        "complete",
        "no-show",
        "reschedule",
        "assign-doctor",
        "cancel",
    ];
    const WAYS: [(&str, &[&str]); 7] = [
        ("REQUESTED", &[]),
        ("CONFIRMED", &["confirm"]),
        ("CHECKED_IN", &["confirm", "check-in"]),
        ("IN_PROGRESS", &["confirm", "start"]),
        ("COMPLETED", &["confirm", "start", "complete"]),
        ("CANCELLED", &["cancel"]),
        ("NO_SHOW", &["confirm", "no-show"]),
    ];
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { hospital, ali, ana, heart, .. } = &clinic;
    let mut made: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for number in 0..ACTIONS.len() * WAYS.len() {
        let (day, slot) = (8 + number / 16, number % 16);
        let time = format!("{:02}:{:02}", 9 + slot / 2, slot % 2 * 30);
        let body = json!({"appointment_date": format!("2030-01-{day:02}"), "start_time": time});
        let slot = taken(ana, ali, body).await;
        made.entry("slot").or_default().push(id_of(&slot).to_owned());
        let body =
            json!({"scheduled_date": format!("2030-01-{:02}", day + 4), "scheduled_time": time});
        let consultation = ana.post("/api/consultations", to(ali, body)).await.ok();
        made.entry("consultation").or_default().push(id_of(&consultation).to_owned());
        let body = json!({
            "hospital": hospital.id_as("hsp"), "department": heart, "reason": "Pain",
            "requested_time": format!("2030-01-{day:02}T01:00:00Z"),
        });
        let request = ana.post(ALL, body).await.ok();
        made.entry("request").or_default().push(id_of(&request).to_owned());
    }
    hub.clock.advance(SignedDuration::from_hours(9 * 24));
    let admin = again(&hub, &clinic.admin).await;

    let (mut lines, mut number) = (Vec::new(), 0);
    for (kind, ids) in &made {
        let heads = ACTIONS.map(|action| format!(" {action:<18}")).concat();
        lines.push(format!("{kind:<12}{heads}").trim_end().to_owned());
        let mut ids = ids.iter();
        for (state, way) in WAYS {
            let mut cells = String::new();
            for action in ACTIONS {
                number += 1;
                let path = format!("{ALL}{}", ids.next().unwrap());
                let mut reached = true;
                for step in way {
                    // A request is given to a doctor, and a consultation is agreed anyway.
                    let step = match (*kind, *step) {
                        ("request", "confirm") => "assign-doctor",
                        ("consultation", "confirm") => continue,
                        (_, step) => step,
                    };
                    reached &= act(&admin, &path, step, ali, number).await.status.is_success();
                }
                let at = admin.get(&path).await.ok()["status"].clone();
                reached &= at == state;
                let reply = act(&admin, &path, action, ali, number).await;
                let cell = match (reached, reply.status.is_success()) {
                    (false, _) => "-".to_owned(),
                    (true, true) => reply.ok()["status"].as_str().unwrap().to_owned(),
                    (true, false) => {
                        let problem = reply.problem();
                        if ["appointment-state", "not-assignable"].contains(&&*problem.code) {
                            assert!(problem.detail.unwrap().contains(state), "{action}");
                        }
                        assert_eq!(problem.status, 409);
                        problem.code.replace("appointment-state", "·")
                    }
                };
                write!(cells, " {cell:<18}").unwrap();
            }
            lines.push(format!("{state:<12}{cells}").trim_end().to_owned());
        }
    }

    assert_snapshot!(lines.join("\n"), @"
    consultation edit               confirm            check-in           start              complete           no-show            reschedule         assign-doctor      cancel
    REQUESTED    -                  -                  -                  -                  -                  -                  -                  -                  -
    CONFIRMED    CONFIRMED          ·                  CHECKED_IN         IN_PROGRESS        ·                  NO_SHOW            CONFIRMED          not-assignable     CANCELLED
    CHECKED_IN   CHECKED_IN         ·                  ·                  IN_PROGRESS        ·                  ·                  ·                  not-assignable     CANCELLED
    IN_PROGRESS  IN_PROGRESS        ·                  ·                  ·                  COMPLETED          ·                  ·                  not-assignable     CANCELLED
    COMPLETED    ·                  ·                  ·                  ·                  ·                  ·                  ·                  not-assignable     ·
    CANCELLED    ·                  ·                  ·                  ·                  ·                  ·                  ·                  not-assignable     ·
    NO_SHOW      ·                  ·                  ·                  ·                  ·                  ·                  ·                  not-assignable     ·
    request      edit               confirm            check-in           start              complete           no-show            reschedule         assign-doctor      cancel
    REQUESTED    REQUESTED          no-doctor-assigned ·                  ·                  ·                  ·                  no-doctor-assigned CONFIRMED          CANCELLED
    CONFIRMED    CONFIRMED          ·                  CHECKED_IN         IN_PROGRESS        COMPLETED          too-early          CONFIRMED          not-assignable     CANCELLED
    CHECKED_IN   CHECKED_IN         ·                  ·                  IN_PROGRESS        COMPLETED          ·                  ·                  not-assignable     CANCELLED
    IN_PROGRESS  IN_PROGRESS        ·                  ·                  ·                  COMPLETED          ·                  ·                  not-assignable     CANCELLED
    COMPLETED    ·                  ·                  ·                  ·                  ·                  ·                  ·                  not-assignable     ·
    CANCELLED    ·                  ·                  ·                  ·                  ·                  ·                  ·                  not-assignable     ·
    NO_SHOW      -                  -                  -                  -                  -                  -                  -                  -                  -
    slot         edit               confirm            check-in           start              complete           no-show            reschedule         assign-doctor      cancel
    REQUESTED    REQUESTED          CONFIRMED          ·                  ·                  ·                  ·                  REQUESTED          not-assignable     CANCELLED
    CONFIRMED    CONFIRMED          ·                  CHECKED_IN         IN_PROGRESS        COMPLETED          NO_SHOW            CONFIRMED          not-assignable     CANCELLED
    CHECKED_IN   CHECKED_IN         ·                  ·                  IN_PROGRESS        COMPLETED          ·                  ·                  not-assignable     ·
    IN_PROGRESS  IN_PROGRESS        ·                  ·                  ·                  COMPLETED          ·                  ·                  not-assignable     ·
    COMPLETED    ·                  ·                  ·                  ·                  ·                  ·                  ·                  not-assignable     ·
    CANCELLED    ·                  ·                  ·                  ·                  ·                  ·                  ·                  not-assignable     ·
    NO_SHOW      ·                  ·                  ·                  ·                  ·                  ·                  ·                  not-assignable     ·
    ");
}

/// Does one of the actions; those that take time take other time for each `number`.
async fn act(
    person: &Caller<'_>,
    path: &str,
    action: &str,
    doctor: &Caller<'_>,
    number: usize,
) -> Reply {
    let first: jiff::civil::Date = "2030-01-20".parse().unwrap();
    let day = first.saturating_add(jiff::ToSpan::days(i64::try_from(number / 8).unwrap()));
    let hour = number % 8;
    let body = match action {
        "edit" => return person.patch(path, json!({"reason": "Another"})).await,
        "reschedule" => {
            json!({"appointment_date": day, "start_time": format!("{:02}:00", 9 + hour)})
        }
        "assign-doctor" => json!({
            "doctor_id": doctor.id_as("doc"), "confirmed_time": format!("{day}T0{hour}:00:00Z"),
        }),
        _ => json!({}),
    };
    person.post(format!("{path}/{action}"), body).await
}

/// A hospital with two doctors who see patients from nine to five, and those who come.
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
        Self {
            heart: department(&hospital, "Heart").await,
            ali: hub.bookable(&hospital, "Ali", "Mehmood").await,
            sara: hub.bookable(&hospital, "Sara", "Khan").await,
            cora: hub.coordinator("cora").await,
            ana: hub.patient("ana", ANA).await,
            bea: hub.patient("bea", BEA).await,
            admin,
            hospital,
        }
    }

    /// What Ana asks the heart department for.
    async fn request(&self, time: &str) -> Value {
        let body = json!({
            "hospital": self.hospital.id_as("hsp"), "department": self.heart,
            "requested_time": time, "reason": "Chest pain",
        });
        self.ana.post(ALL, body).await.ok()
    }

    /// What Ana books with Ali.
    async fn slot(&self, date: &str, time: &str) -> Value {
        taken(&self.ana, &self.ali, json!({"appointment_date": date, "start_time": time})).await
    }

    /// The lines of the audit log about one action, the latest first.
    async fn log(&self, action: &str) -> Vec<Value> {
        let path = format!("/api/accounts/audit-logs/?action={action}");
        self.admin.get(path).await.ok()["results"].as_array().unwrap().clone()
    }
}

/// The identifier of a new department.
async fn department(hospital: &Caller<'_>, name: &str) -> Value {
    let body = json!({"name": name});
    hospital.post("/api/hospitals/departments", body).await.ok()["id"].clone()
}

/// A request for the time of a doctor.
fn to(doctor: &Caller<'_>, mut body: Value) -> Value {
    body["doctor_id"] = json!(doctor.id_as("doc"));
    body
}

/// A time that a patient takes of a doctor.
async fn taken(patient: &Caller<'_>, doctor: &Caller<'_>, body: Value) -> Value {
    patient.post(BOOK[0], to(doctor, body)).await.ok()
}
