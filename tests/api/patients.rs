//! Patients: entered by those who care, listed, found, changed, counted and removed.

use carehub_testkit::{Caller, Reply, TestHub};
use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{PASSWORD, People, assigned, each, entered, id_of, open, relay};

const ALL: &str = "/api/patients/";
const SEARCH: &str = "/api/patients/search/";
const ANA: &str = "+923001234567";

/// 001-06, 002-P2: a coordinator enters a patient with everything an older client sends.
#[tokio::test]
async fn a_coordinator_enters_a_patient() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let body = json!({
        "first_name": " Pia ", "last_name": "Pohl", "email": "Pia@Example.org",
        "phone_number": "+92 300 111 2222", "date_of_birth": "1980-05-05", "gender": "F",
        "address": "1 Example Road", "city": "Lahore", "state": "Punjab", "zip_code": "54000",
        "blood_type": "O+", "allergies": "nuts", "medical_history": "Measles",
    });

    let reply = cora.post(ALL, body).await;

    let entered = reply.ok();
    assert_eq!(reply.status, 201);
    let id = id_of(&entered);
    let mut expected = json!({
        "id": id, "user": null, "name": "Pia Pohl", "first_name": "Pia", "last_name": "Pohl",
        "email": "pia@example.org", "phone_number": "+923001112222",
        "date_of_birth": "1980-05-05", "age": 49, "gender": "FEMALE",
        "address": "1 Example Road", "city": "Lahore", "state": "Punjab", "zip_code": "54000",
        "country": null, "location": null, "language": null, "timezone": null,
        "emergency_contact_name": null, "emergency_contact_phone": null,
        "emergency_contact_relationship": null,
        "blood_group": "O+", "allergy_status": "KNOWN", "allergies": [], "allergy_notes": "nuts",
        "medical_history": "Measles", "chronic_conditions": [], "current_medications": [],
        "insurance_provider": null, "insurance_policy_number": null, "insurance_expiry": null,
        "insurance_info": null, "created_by": cora.id(),
        "created_at": "2030-01-07T08:00:00Z", "updated_at": "2030-01-07T08:00:00Z",
    });
    let shown = cora.get(reply.header("location")).await;
    assert_eq!(shown.ok(), expected);
    assert_eq!(shown.header("etag"), reply.header("etag"));
    expected["warnings"] = json!([]);
    assert_eq!(entered, expected);
    assert_eq!(reply.header("location"), format!("/api/patients/{id}"));
}

/// 002-P2: what a patient lives with and who pays is kept too, and read by its older names.
#[tokio::test]
async fn lists_and_insurance_of_a_patient_are_kept() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let body = json!({
        "full_name": "Pia Maria Pohl", "street": "2 Example Road", "pincode": "54001",
        "phone": "+923001112222", "preferred_language": "en", "emergency_contact": "Max",
        "emergency_phone": "+923001113333", "blood_group": "ab-",
        "chronic_conditions": ["asthma", "diabetes"], "current_medications": "insulin",
        "insurance_provider": "Example Life", "insurance_policy_number": "P-77",
        "insurance_expiry": "2031-12-31", "insurance_info": "family plan",
    });

    let pia = entered(&cora, body).await;

    let kept = |fields: &[&str]| fields.iter().map(|field| pia[field].clone()).collect::<Value>();
    assert_eq!(
        kept(&["first_name", "last_name", "address", "zip_code", "phone_number", "language"]),
        json!(["Pia", "Maria Pohl", "2 Example Road", "54001", "+923001112222", "en"])
    );
    assert_eq!(
        kept(&["emergency_contact_name", "emergency_contact_phone", "blood_group"]),
        json!(["Max", "+923001113333", "AB-"])
    );
    assert_eq!(
        kept(&["chronic_conditions", "current_medications"]),
        json!([["asthma", "diabetes"], ["insulin"]])
    );
    assert_eq!(
        kept(&[
            "insurance_provider",
            "insurance_policy_number",
            "insurance_expiry",
            "insurance_info"
        ]),
        json!(["Example Life", "P-77", "2031-12-31", "family plan"])
    );
}

/// 001-06: hospitals, their doctors and admins enter patients as well; who is to keep the record
/// of an admin's is said with it.
#[tokio::test]
async fn everyone_who_cares_enters_patients() {
    let hub = open().await;
    let admin = hub.admin().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let own = entered(&hospital, json!({"first_name": "Own"})).await;
    let of_doctor = entered(&ali, json!({"first_name": "Doc"})).await;

    let named = json!({"first_name": "Adm", "hospital": hospital.id_as("hsp")});
    let of_admin = entered(&admin, named).await;

    for patient in [&own, &of_doctor, &of_admin] {
        hospital.get(item(patient)).await.ok();
        admin.get(item(patient)).await.ok();
    }
    let seen_by_ali = join_all([&own, &of_doctor, &of_admin].map(|one| ali.get(item(one)))).await;
    let seen_by_ali: Vec<_> = seen_by_ali.iter().map(|reply| reply.status.as_u16()).collect();
    assert_eq!(seen_by_ali, [404, 200, 404]);
}

#[tokio::test]
async fn only_admins_say_which_hospital_keeps_a_record_and_only_one_that_joined() {
    let hub = open().await;
    let admin = hub.admin().await;
    let hospital = hub.hospital("jinnah").await;
    let cora = hub.coordinator("cora").await;
    let waiting = hub.applicant("waiting").await;
    let other = hub.hospital("other").await;
    let with = |id: &str| json!({"first_name": "Pia", "hospital_id": id});

    let replies = join_all([
        cora.post(ALL, with(&hospital.id_as("hsp"))),
        other.post(ALL, with(&hospital.id_as("hsp"))),
        admin.post(ALL, with(id_of(&waiting))),
        admin.post(ALL, with("hsp_01J9Z3K8Q4N6V2X5Y7W0B1C2D3")),
        other.post(ALL, with(&other.id_as("hsp"))),
    ])
    .await;

    let refusals: Vec<_> = replies[..4].iter().map(Reply::refusal).collect();
    assert_eq!(
        refusals,
        ["403 forbidden", "403 forbidden", "403 hospital-not-approved", "404 not-found"]
    );
    replies[4].ok();
}

/// 001-06: everything that is missing, wrong or unknown is named at once.
#[tokio::test]
async fn every_wrong_field_of_a_patient_is_named() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let body = json!({
        "last_name": 7, "email": "nowhere", "phone_number": "12", "date_of_birth": "yesterday",
        "gender": "X", "blood_type": "Z", "chronic_conditions": [""], "insurance_expiry": "soon",
        "shoe_size": 40,
    });

    let problem = cora.post(ALL, body).await.problem();
    let nameless = cora.post(ALL, json!({"city": "Lahore"})).await.problem();

    let pointers: Vec<_> = problem.errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/last_name",
            "/email",
            "/phone_number",
            "/date_of_birth",
            "/gender",
            "/blood_type",
            "/chronic_conditions",
            "/insurance_expiry",
            "/shoe_size",
        ]
    );
    assert_eq!(nameless.errors[0].pointer, "/first_name");
    assert_eq!(nameless.errors[0].detail, "is required");
    assert_eq!(cora.get(ALL).await.ok()["results"], json!([]));
}

#[tokio::test]
async fn nobody_is_born_tomorrow() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;

    // It is the eighth already where days begin first.
    let today = cora.post(ALL, json!({"first_name": "Baby", "date_of_birth": "2030-01-07"})).await;
    let later = cora.post(ALL, json!({"first_name": "Baby", "date_of_birth": "2030-01-09"})).await;

    assert_eq!(today.ok()["age"], 0);
    let (admin, ana) = (hub.admin().await, hub.patient("ana", ANA).await);
    let tomorrow = json!({"date_of_birth": "2030-01-09"});
    let una = json!({"username": "una", "password": PASSWORD, "date_of_birth": "2030-01-09"});
    for refused in [
        later,
        hub.visitor().post("/api/auth/register", una).await,
        ana.patch("/api/auth/profile", &tomorrow).await,
        admin.patch(format!("/api/auth/admin/users/{}", ana.id()), &tomorrow).await,
    ] {
        assert_eq!(refused.refusal(), "400 invalid");
        assert_eq!(refused.problem().errors[0].pointer, "/date_of_birth");
    }
}

/// 002-P2: a patient completes their own profile, once.
#[tokio::test]
async fn a_patient_completes_their_own_profile_once() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let body = json!({"blood_group": "O+", "chronic_conditions": ["asthma"]});

    let completed = ana.post(ALL, &body).await;
    let again = ana.post(ALL, &body).await;

    assert_eq!(completed.status, 201);
    assert_eq!(completed.ok()["id"], ana.id_as("pat"));
    assert_eq!(completed.ok()["user"], ana.id());
    assert_eq!(completed.ok()["name"], "Ana Diaz");
    assert_eq!(completed.ok()["chronic_conditions"], json!(["asthma"]));
    assert_eq!(again.refusal(), "409 profile-exists");
}

#[tokio::test]
async fn an_entry_that_is_sent_again_enters_nobody_more() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await.with_header("idempotency-key", "pia-1");
    let first = cora.post(ALL, json!({"first_name": "Pia"})).await;

    let again = cora.post(ALL, json!({"first_name": "Pia"})).await;

    assert_eq!((again.status, again.ok()), (first.status, first.ok()));
    assert_eq!(cora.get(ALL).await.ok()["results"].as_array().unwrap().len(), 1);
}

/// 001-05, 002-P1: everyone lists the patients they know, newest first, wherever they ask.
#[tokio::test]
async fn everyone_lists_the_patients_they_know() {
    let hub = open().await;
    let roster = Clinic::open(&hub).await;
    let Clinic { admin, hospital, ali, cora, carl, ana, .. } = &roster;
    entered(carl, json!({"first_name": "Cle"})).await;

    let mut lists = Vec::new();
    for person in [cora, carl, ali, hospital, ana, admin] {
        let paths = ["/api/patients", ALL, "/api/admin/patients/", "/api/v1/patients/"];
        let paths = paths.into_iter().chain(["/api/v1/admin/patients", SEARCH]);
        let replies = join_all(paths.map(|path| person.get(path))).await;
        let all: Vec<Value> = replies.iter().map(Reply::ok).collect();
        assert!(all.iter().all(|list| list["results"] == all[0]["results"]), "{all:?}");
        assert_eq!((&all[0]["next"], &all[0]["previous"]), (&Value::Null, &Value::Null));
        lists.push(each(&all[0], "first_name").join(" "));
    }

    assert_eq!(
        lists,
        [
            "Cared Pia",
            "Cle",
            "Ana Doc Cared",
            "Ana Doc Own Cared",
            "Ana",
            "Cle Ana Doc Own Cared Pia"
        ]
    );
}

/// 001-05: a line of a list is short, and nothing in it is masked.
#[tokio::test]
async fn a_patient_in_a_list_is_shown_in_short() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let mut body = pia();
    body["medical_history"] = json!("Measles");
    let pia = entered(&cora, body).await;

    let list = cora.get(ALL).await.ok();

    assert_eq!(
        list["results"],
        json!([{
            "id": pia["id"], "name": "Pia Pohl", "first_name": "Pia", "last_name": "Pohl",
            "email": "pia@example.org", "phone_number": "+923001112222",
            "date_of_birth": "1980-05-05", "age": 49, "gender": "FEMALE",
            "city": "Lahore", "state": "Punjab", "blood_group": "O+",
        }])
    );
}

/// 001-07, 002-P3: those who know a patient see the record, all of it, under every path.
#[tokio::test]
async fn those_who_know_a_patient_see_the_whole_record() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { admin, hospital, ali, cora, ana, .. } = &clinic;
    let id = id_of(&clinic.cared).to_owned();

    let mut shown = Vec::new();
    for person in [cora, ali, hospital, admin] {
        for path in ["/api/patients", "/api/admin/patients", "/api/v1/patients"] {
            shown.push(person.get(format!("{path}/{id}/")).await.ok());
        }
    }
    let own = ana.get(format!("/api/patients/{}/", ana.id_as("pat"))).await;
    let profile = ana.get("/api/patients/profile/").await;

    assert!(shown.iter().all(|record| record == &shown[0]));
    assert_eq!(shown[0]["phone_number"], "+923001112222");
    assert_eq!(own.ok(), profile.ok());
    assert_eq!(own.header("etag"), profile.header("etag"));
    assert_eq!(own.ok()["phone_number"], ANA);
    assert_eq!(own.ok()["email"], "ana@example.org");
}

/// 001-07: whoever does not know a patient is told that there is none, whatever they try.
#[tokio::test]
async fn strangers_cannot_tell_that_there_is_a_patient() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { ali, cora, carl, ana, .. } = &clinic;
    let path = item(&clinic.cared);
    let note = cora.post(format!("{path}notes"), json!({"note": "Shy."})).await.ok();
    let note = format!("{path}notes/{}", id_of(&note));
    let mapping = format!("/api/mappings/{}", id_of(&clinic.care));
    let other = hub.hospital("other").await;
    let sara = hub.doctor_of(&other, "Sara", "Khan").await;

    for stranger in [carl, &other, &sara, ana] {
        let care = json!({"patient": clinic.cared["id"], "doctor": ali.id_as("doc")});
        let duplicate = json!({"duplicate": clinic.cared["id"]});
        let mut refusals = vec![
            stranger.get(&path).await.refusal(),
            stranger.patch(&path, json!({"city": "Mine"})).await.refusal(),
            stranger.put(&path, json!({"city": "Mine"})).await.refusal(),
            stranger.delete(&path).await.refusal(),
            stranger.get(format!("{path}notes")).await.refusal(),
            stranger.post(format!("{path}notes"), json!({"note": "Mine"})).await.refusal(),
            stranger.get(&note).await.refusal(),
            stranger.patch(&note, json!({"note": "Mine"})).await.refusal(),
            stranger.delete(&note).await.refusal(),
            stranger.post("/api/mappings", care).await.refusal(),
            stranger.get(format!("/api/mappings/patient/{}", id_of(&clinic.cared))).await.refusal(),
            stranger.get(&mapping).await.refusal(),
            stranger.patch(format!("{mapping}/update"), json!({"notes": "Mine"})).await.refusal(),
            stranger.delete(&mapping).await.refusal(),
            stranger.post(format!("{path}merge"), &duplicate).await.refusal(),
            stranger.post(format!("{path}unmerge"), &duplicate).await.refusal(),
        ];
        refusals.dedup();
        assert_eq!(refusals, ["404 not-found"], "{stranger:?}");
        for list in [ALL, "/api/patients/search/?query=cared", "/api/patients/?search=1112222"] {
            let list = stranger.get(list).await.text();
            assert!(!list.contains(id_of(&clinic.cared)), "{stranger:?}: {list}");
        }
        assert_eq!(
            stranger.get("/api/mappings").await.ok()["results"],
            json!(if stranger.id() == ana.id() { vec![clinic.ana_care.clone()] } else { vec![] })
        );
    }
}

/// 001-07: a hospital and its doctors know their own patients and no others'.
#[tokio::test]
async fn a_doctor_sees_a_patient_while_they_care() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let cora = hub.coordinator("cora").await;
    let pia = entered(&cora, pia()).await;
    let before = ali.get(item(&pia)).await.refusal();
    let care = assigned(&cora, id_of(&pia), &ali).await;
    let during = ali.get(item(&pia)).await.ok();
    let update = format!("/api/mappings/{}/update/", id_of(&care));

    cora.patch(&update, json!({"status": "COMPLETED"})).await.ok();

    assert_eq!(during["id"], pia["id"]);
    let after = [
        before,
        ali.get(item(&pia)).await.refusal(),
        ali.get(format!("{}notes", item(&pia))).await.refusal(),
        ali.patch(item(&pia), json!({"city": "Karachi"})).await.refusal(),
        ali.patch(&update, json!({"status": "ACTIVE"})).await.refusal(),
    ];
    assert_eq!(after[..4], ["404 not-found"; 4]);
    assert_eq!(after[4], "403 forbidden");
    assert_eq!(ali.get(ALL).await.ok()["results"], json!([]));
    assert_eq!(ali.get("/api/patients/?search=pohl").await.ok()["results"], json!([]));
}

#[tokio::test]
async fn nobody_sees_patients_without_signing_in() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let pia = entered(&cora, pia()).await;
    let visitor = hub.visitor();

    let replies = [
        visitor.get(ALL).await,
        visitor.get(SEARCH).await,
        visitor.get("/api/patients/stats").await,
        visitor.get(item(&pia)).await,
        visitor.delete(item(&pia)).await,
    ];

    assert!(replies.iter().all(|reply| reply.refusal() == "401 unauthenticated"), "{replies:?}");
}

/// 001-08, 002-P4, 002-P5: what is sent is changed, and the rest stays, with either verb.
#[tokio::test]
async fn a_record_is_changed_in_part() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let pia = entered(&cora, pia()).await;
    let id = id_of(&pia);
    hub.clock.advance(SignedDuration::from_secs(1));

    let put = cora.put(item(&pia), json!({"last_name": "Paul", "city": "Karachi"})).await.ok();
    let admin_put = format!("/api/admin/patients/{id}/");
    let blood = cora.put(admin_put, json!({"blood_type": "A-"})).await.ok();
    let patched = format!("/api/v1/patients/{id}");
    let patched = cora.patch(patched, json!({"email": null, "gender": "other"})).await.ok();

    assert_eq!((&put["name"], &put["city"]), (&json!("Pia Paul"), &json!("Karachi")));
    assert_eq!((&put["phone_number"], &put["email"]), (&pia["phone_number"], &pia["email"]));
    assert_eq!(blood["blood_group"], "A-");
    assert_eq!((&patched["email"], &patched["gender"]), (&Value::Null, &json!("OTHER")));
    assert_eq!(patched["name"], "Pia Paul");
    assert_eq!(patched["created_at"], "2030-01-07T08:00:00Z");
    assert_eq!(patched["updated_at"], "2030-01-07T08:00:01Z");
    assert_eq!(cora.get(item(&pia)).await.ok(), patched);
}

/// 001-08: who saw an older record changes nothing.
#[tokio::test]
async fn an_outdated_change_is_refused() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let pia = entered(&cora, pia()).await;
    let seen = cora.get(item(&pia)).await.header("etag").to_owned();
    let careful = cora.with_header("if-match", seen);

    let first = careful.patch(item(&pia), json!({"city": "Karachi"})).await;
    let late = careful.patch(item(&pia), json!({"city": "Multan"})).await;
    let removal = careful.delete(item(&pia)).await;

    assert_eq!(first.ok()["city"], "Karachi");
    assert_eq!(late.refusal(), "412 precondition-failed");
    assert_eq!(removal.refusal(), "412 precondition-failed");
    let again = cora.with_header("if-match", first.header("etag"));
    assert_eq!(again.patch(item(&pia), json!({"city": "Multan"})).await.ok()["city"], "Multan");
}

/// 001-08: of two who change a record at once, one is told.
#[tokio::test]
async fn of_two_who_change_a_record_at_once_one_does() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let pia = entered(&cora, pia()).await;
    let careful = cora.with_header("if-match", cora.get(item(&pia)).await.header("etag"));

    let cities = ["Karachi", "Multan"];
    let replies =
        join_all(cities.map(|city| careful.patch(item(&pia), json!({"city": city})))).await;

    let (made, refused): (Vec<_>, Vec<_>) =
        replies.iter().partition(|reply| reply.status.is_success());
    assert_eq!(made.len(), 1);
    assert!(["409 patient-stale", "412 precondition-failed"].contains(&&*refused[0].refusal()));
    assert_eq!(cora.get(item(&pia)).await.ok()["city"], made[0].ok()["city"]);
}

#[tokio::test]
async fn a_wrong_change_is_refused_as_a_whole() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let pia = entered(&cora, pia()).await;

    let wrong = json!({"city": "Karachi", "first_name": "", "created_by": cora.id(), "id": 1});
    let problem = cora.patch(item(&pia), wrong).await.problem();

    let pointers: Vec<_> = problem.errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(pointers, ["/first_name", "/created_by", "/id"]);
    assert_eq!(cora.get(item(&pia)).await.ok()["city"], "Lahore");
}

/// 002-P4: only the patient and admins change where an account is reached.
#[tokio::test]
async fn nobody_else_changes_mailbox_and_phone_of_an_account() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { admin, hospital, ali, ana, .. } = &clinic;
    let path = format!("/api/patients/{}", ana.id_as("pat"));

    for change in [json!({"phone": "+923009999999"}), json!({"email": null})] {
        for person in [ali, hospital] {
            assert_eq!(person.patch(&path, &change).await.refusal(), "403 contact-of-account");
        }
    }
    ali.patch(&path, json!({"city": "Multan", "phone": ANA})).await.ok();
    let changed = admin.patch(&path, json!({"phone": "+923009999999"})).await.ok();
    let own = ana.patch(&path, json!({"email": "new@example.org"})).await.ok();

    assert_eq!(changed["phone_number"], "+923009999999");
    assert_eq!(own["email"], "new@example.org");
    let account = ana.get("/api/auth/profile").await.ok();
    assert_eq!(account["phone"], "+923009999999");
    assert_eq!(account["email"], "new@example.org");
    assert_eq!(account["city"], "Multan");
}

/// 002-P3, 002-P4: what patients say of themselves in their account stands in their record.
#[tokio::test]
async fn a_changed_account_shows_in_the_record() {
    let hub = open().await;
    let admin = hub.admin().await;
    let ana = hub.patient("ana", ANA).await;
    let path = format!("/api/patients/{}", ana.id_as("pat"));
    let change = json!({
        "name": "Anna Dietz", "phone": "+923007654321", "email": "anna@example.org",
        "allergies": "pollen", "blood_type": "B-", "city": "Quetta",
    });

    ana.patch("/api/auth/profile", change).await.ok();

    let record = ana.get(&path).await.ok();
    assert_eq!(record, admin.get(&path).await.ok());
    let fields = ["name", "phone_number", "email", "allergy_notes", "allergy_status"];
    let shown: Vec<_> = fields.iter().map(|field| record[field].as_str().unwrap()).collect();
    assert_eq!(shown, ["Anna Dietz", "+923007654321", "anna@example.org", "pollen", "KNOWN"]);
    assert_eq!((&record["blood_group"], &record["city"]), (&json!("B-"), &json!("Quetta")));
    for (gone, found) in [("diaz", "dietz"), ("1234567", "7654321"), ("ana@", "anna@")] {
        assert_eq!(search(&admin, gone).await, Vec::<String>::new(), "{gone}");
        assert_eq!(search(&admin, found).await, ["Anna Dietz"], "{found}");
    }
    ana.patch("/api/auth/profile", json!({"allergies": null})).await.ok();
    assert_eq!(ana.get(&path).await.ok()["allergy_status"], "NOT_RECORDED");
}

/// 002-P4, 002-P5: what is changed in the record shows in the account.
#[tokio::test]
async fn a_changed_record_shows_in_the_account() {
    let hub = open().await;
    let admin = hub.admin().await;
    let ana = hub.patient("ana", ANA).await;
    let change = json!({
        "first_name": "Anna", "last_name": "Dietz", "phone_number": "+923007654321",
        "blood_group": "B-", "allergies": "pollen", "address": "5 Example Road",
    });

    let record = ana.put("/api/patients/update_profile/", change).await.ok();

    let account = ana.get("/api/auth/profile").await.ok();
    let fields = ["name", "phone", "blood_group", "allergies", "street"];
    let shown: Vec<_> = fields.iter().map(|field| account[field].as_str().unwrap()).collect();
    assert_eq!(shown, ["Anna Dietz", "+923007654321", "B-", "pollen", "5 Example Road"]);
    assert_eq!(record["user"], ana.id());
    let code = json!({"phone": "+923007654321"});
    hub.visitor().post("/api/auth/send-otp", code).await.ok();
    hub.settle().await;
    let entry = json!({"phone": "+923007654321", "otp": hub.post.code_to("+923007654321")});
    let signed_in = hub.visitor().post("/api/auth/verify-otp", entry).await.ok();
    assert_eq!(signed_in["user"]["id"], ana.id());
    assert_eq!(search(&admin, "diaz").await, Vec::<String>::new());
    assert_eq!(search(&admin, "dietz").await, ["Anna Dietz"]);
}

/// 002-P4: a patient's own profile is their record, and nobody else has one.
#[tokio::test]
async fn only_patients_have_a_profile_of_their_own() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;

    let replies = [
        cora.get("/api/patients/profile").await,
        cora.patch("/api/patients/update_profile", json!({"city": "Lahore"})).await,
        cora.get("/api/patients/my_doctor").await,
    ];

    assert!(replies.iter().all(|reply| reply.refusal() == "403 forbidden"), "{replies:?}");
}

/// 002-P1, 002-P3: a closed account takes its patient along.
#[tokio::test]
async fn the_patient_of_a_closed_account_is_found_no_more() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { admin, hospital, ali, ana, .. } = &clinic;
    let path = format!("/api/patients/{}", ana.id_as("pat"));
    let user = format!("/api/auth/admin/users/{}", ana.id());

    admin.delete(&user).await.ok();

    for person in [admin, hospital, ali] {
        assert_eq!(person.get(&path).await.refusal(), "404 not-found");
        assert!(!person.get(ALL).await.text().contains("Ana Diaz"));
        assert_eq!(search(person, "diaz").await, Vec::<String>::new());
    }
    admin.patch(&user, json!({"is_active": true})).await.ok();
    for person in [admin, hospital, ali] {
        assert_eq!(person.get(&path).await.ok()["name"], "Ana Diaz");
        assert_eq!(search(person, "diaz").await, ["Ana Diaz"]);
    }
}

/// 002-P7: patients are found by the beginning of a word and by the end of a phone.
#[tokio::test]
async fn patients_are_found_by_words_and_numbers() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let jose = json!({
        "first_name": "José", "last_name": "Núñez", "email": "jn@example.org",
        "phone": "+92 300 1234567",
    });
    entered(&cora, jose).await;
    entered(&cora, pia()).await;

    for text in [
        "jose",
        "JOS%C3%89",
        "jos",
        "nunez",
        "Jos%C3%A9%20N%C3%BA%C3%B1ez",
        "jn@ex",
        "jn@example.org",
        "03001234567",
        "3001234567",
        "1234567",
        "4567",
        "%2B923001234567",
        "%2B92%20300%201234567",
        "0092%20300-1234567",
    ] {
        for path in ["/api/patients/search/?query=", "/api/patients/?search="] {
            let list = cora.get(format!("{path}{text}")).await.ok();
            assert_eq!(each(&list, "name"), ["José Núñez"], "{path}{text}");
        }
    }
    for text in ["ose", "567", "7654321", "jn@other", "-", "zz"] {
        assert_eq!(search(&cora, text).await, Vec::<String>::new(), "{text}");
    }
    let other = "/api/v1/admin/patients/search?query=jose";
    assert_eq!(each(&cora.get(other).await.ok(), "name"), ["José Núñez"]);
}

/// 002-P7: right behind a change, the old words find nothing and the new ones do.
#[tokio::test]
async fn a_changed_patient_is_found_by_the_new_words_only() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let pia = entered(&cora, pia()).await;
    let change = json!({"last_name": "Paul", "phone": "+923009998888", "email": "pp@example.org"});

    cora.patch(item(&pia), change).await.ok();

    for (gone, found) in [("pohl", "paul"), ("1112222", "9998888"), ("pia@", "pp@")] {
        assert_eq!(search(&cora, gone).await, Vec::<String>::new(), "{gone}");
        assert_eq!(search(&cora, found).await, ["Pia Paul"], "{found}");
    }
}

#[tokio::test]
async fn a_patient_who_is_found_by_two_words_is_listed_once() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    for (name, email) in [("Ana Anders", "anatol@example.org"), ("Andy Adams", "aa@example.org")] {
        entered(&cora, json!({"name": name, "email": email})).await;
    }

    let pages = pages(&cora, "/api/patients/search/?query=an&limit=1").await;

    let mut found: Vec<_> = pages.concat();
    found.sort();
    assert_eq!(found, ["Ana Anders", "Andy Adams"]);
}

/// 002-P7: filters narrow what is listed and what is found.
#[tokio::test]
async fn filters_narrow_a_list() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    for (name, gender, blood, born, city, state) in [
        ("Una Uhl", "F", "O+", "2000-01-07", "São Paulo", "Punjāb"),
        ("Duo Uhl", "M", "O+", "2000-01-08", "Lahore", "Punjab"),
        ("Tri Uhl", "M", "AB-", "1960-02-29", "lahore", "Sindh"),
    ] {
        let body = json!({
            "name": name, "gender": gender, "blood_group": blood, "date_of_birth": born,
            "city": city, "state": state,
        });
        entered(&cora, body).await;
    }
    entered(&cora, json!({"name": "Nil Uhl"})).await;

    for (filter, found) in [
        ("gender=male", "Duo Tri"),
        ("gender=F", "Una"),
        ("blood_group=O%2B", "Duo Una"),
        ("blood_type=ab-", "Tri"),
        ("age_min=30", "Tri Una"),
        ("age_max=29", "Duo"),
        ("age_min=29&age_max=30", "Duo Una"),
        ("age_min=69&age_max=69", "Tri"),
        ("age_min=0&age_max=150", "Duo Tri Una"),
        ("city=LAHORE", "Duo Tri"),
        ("city=sao%20paulo", "Una"),
        ("state=punjab", "Duo Una"),
        ("state=Sindh&gender=M", "Tri"),
        ("state=Sindh&gender=F", ""),
        ("ordering=name&gender=F", "Una"),
    ] {
        for path in [format!("{ALL}?{filter}"), format!("{SEARCH}?query=uhl&{filter}")] {
            let list = cora.get(&path).await.ok();
            let mut names = each(&list, "first_name");
            names.sort_unstable();
            assert_eq!(names.join(" "), found, "{path}");
        }
    }
}

/// 002-P7: filters that make no sense are named.
#[tokio::test]
async fn wrong_filters_are_named() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;

    for (filter, pointer) in [
        ("gender=x", "/gender"),
        ("blood_group=Z", "/blood_group"),
        ("age_min=151", "/age_min"),
        ("age_max=-1", "/age_max"),
        ("age_min=x", "/age_min"),
        ("age_min=40&age_max=30", "/age_min"),
        ("shoe_size=40", "/shoe_size"),
        ("limit=0", "/limit"),
    ] {
        for path in [ALL, SEARCH] {
            let problem = cora.get(format!("{path}?{filter}")).await.problem();
            assert_eq!((problem.status, &*problem.errors[0].pointer), (400, pointer), "{filter}");
        }
    }
}

/// 002-P7: every page is full but the last, however few a filter lets through.
#[tokio::test]
async fn filtered_pages_are_full() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    for number in 0..25 {
        let gender = if number % 5 == 0 { "F" } else { "M" };
        let body = json!({"name": format!("N{number:02} Uhl"), "gender": gender});
        entered(&cora, body).await;
        hub.clock.advance(SignedDuration::from_secs(1));
    }

    let listed = pages(&cora, "/api/patients/?gender=F&limit=2").await;
    let found = pages(&cora, "/api/patients/search/?query=uhl&gender=F&limit=2").await;

    assert_eq!(listed, [vec!["N20 Uhl", "N15 Uhl"], vec!["N10 Uhl", "N05 Uhl"], vec!["N00 Uhl"]]);
    assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
}

/// 001-05: a list goes on where it was left, whoever comes and goes meanwhile.
#[tokio::test]
async fn a_list_goes_on_where_it_was_left() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let mut all = Vec::new();
    for name in ["One", "Two", "Three", "Four", "Five"] {
        all.push(entered(&cora, json!({"name": name})).await);
        hub.clock.advance(SignedDuration::from_secs(1));
    }
    let first = cora.get("/api/patients/?page_size=2").await.ok();

    entered(&cora, json!({"name": "Six"})).await;
    cora.delete(item(&all[3])).await.ok();
    let second = cora.get(first["next"].as_str().unwrap()).await.ok();
    let third = cora.get(second["next"].as_str().unwrap()).await.ok();
    let back = cora.get(second["previous"].as_str().unwrap()).await.ok();

    assert_eq!(each(&first, "name"), ["Five", "Four"]);
    assert_eq!(each(&second, "name"), ["Three", "Two"]);
    assert_eq!(each(&third, "name"), ["One"]);
    assert_eq!(third["next"], Value::Null);
    assert_eq!(each(&back, "name"), ["Six", "Five"]);
}

/// 001-05: a link to a page is good for whoever was given it.
#[tokio::test]
async fn a_link_of_somebody_else_leads_nowhere() {
    let hub = open().await;
    let (cora, carl) = (hub.coordinator("cora").await, hub.coordinator("carl").await);
    for keeper in [&cora, &cora, &carl, &carl] {
        entered(keeper, json!({"first_name": "Pia"})).await;
    }
    let list = cora.get("/api/patients/?limit=1").await.ok();
    let next = list["next"].as_str().unwrap();

    let elsewhere = next.replace("/api/patients", SEARCH.trim_end_matches('/'));
    let refusals = [carl.get(next).await.refusal(), cora.get(elsewhere).await.refusal()];

    assert_eq!(refusals, ["400 bad-cursor"; 2]);
    cora.get(next).await.ok();
}

/// 002-P2: allergies come in words, as a list of words, or one by one with their codes.
#[tokio::test]
async fn allergies_are_read_in_every_form() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let coded = json!({
        "substance": "Penicillin", "code": "7980", "system": "RXNORM", "reaction": "Hives",
        "severity": "moderate",
    });

    for (told, status, list, notes) in [
        (json!({"allergies": "nuts, cats"}), "KNOWN", json!([]), json!("nuts, cats")),
        (
            json!({"allergies": ["nuts", {"name": "cats"}]}),
            "KNOWN",
            json!([{"substance": "nuts"}, {"substance": "cats"}]),
            Value::Null,
        ),
        (
            json!({"allergies": [coded], "allergy_notes": "since 2001"}),
            "KNOWN",
            json!([{
                "substance": "Penicillin", "code": "7980", "system": "RXNORM",
                "reaction": "Hives", "severity": "MODERATE",
            }]),
            json!("since 2001"),
        ),
        (json!({}), "NOT_RECORDED", json!([]), Value::Null),
        (json!({"allergies": []}), "NOT_RECORDED", json!([]), Value::Null),
        (json!({"allergies": "None."}), "NONE_KNOWN", json!([]), Value::Null),
        (json!({"allergy_status": "NKA"}), "NONE_KNOWN", json!([]), Value::Null),
        (json!({"allergy_status": "unknown"}), "UNAVAILABLE", json!([]), Value::Null),
    ] {
        let mut body = told.clone();
        body["first_name"] = json!("Pia");
        let pia = entered(&cora, body).await;
        assert_eq!(pia["allergy_status"], status, "{told}");
        assert_eq!(pia["allergies"], list, "{told}");
        assert_eq!(pia["allergy_notes"], notes, "{told}");
    }
}

/// 002-P4: what is known about allergies follows from them, and never contradicts them.
#[tokio::test]
async fn the_allergy_status_agrees_with_the_allergies() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let pia = entered(&cora, json!({"first_name": "Pia", "allergy_status": "NONE_KNOWN"})).await;
    let path = item(&pia);
    let status = async |change: Value| {
        let reply = cora.patch(&path, change).await;
        match reply.status.is_success() {
            true => reply.ok()["allergy_status"].as_str().unwrap().to_owned(),
            false => reply.refusal(),
        }
    };

    let statuses = [
        status(json!({"allergy_status": "KNOWN"})).await,
        status(json!({"allergies": ["nuts"], "allergy_status": "NONE_KNOWN"})).await,
        status(json!({"allergies": ["nuts"]})).await,
        status(json!({"allergy_status": "NONE_KNOWN"})).await,
        status(json!({"allergy_status": "UNAVAILABLE"})).await,
        status(json!({"allergies": []})).await,
        status(json!({"allergies": "dust"})).await,
        status(json!({"allergies": "none known"})).await,
        status(json!({"allergies": [], "allergy_status": "UNAVAILABLE"})).await,
    ];

    assert_eq!(
        statuses,
        [
            "400 allergies-missing",
            "400 allergies-contradict",
            "KNOWN",
            "400 allergies-contradict",
            "400 allergies-contradict",
            "NOT_RECORDED",
            "KNOWN",
            "NONE_KNOWN",
            "UNAVAILABLE",
        ]
    );
    let entry = json!({"first_name": "Max", "allergies": ["nuts"], "allergy_status": "NONE"});
    assert_eq!(cora.post(ALL, entry).await.refusal(), "400 allergies-contradict");
}

/// 001-09, 002-P6: a removed record is gone for everyone, and nobody cares for it any more.
#[tokio::test]
async fn a_removed_patient_is_gone_everywhere() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { admin, hospital, ali, cora, .. } = &clinic;
    let path = item(&clinic.cared);
    let note = cora.post(format!("{path}notes"), json!({"note": "Shy."})).await.ok();
    let id = id_of(&clinic.cared);

    let reply = cora.delete(&path).await;

    assert_eq!((reply.status.as_u16(), reply.text()), (204, String::new()));
    for person in [cora, ali, hospital, admin] {
        let mut refusals = vec![
            person.get(&path).await.refusal(),
            person.delete(&path).await.refusal(),
            person.patch(&path, json!({"city": "Lahore"})).await.refusal(),
            person.get(format!("{path}notes/{}", id_of(&note))).await.refusal(),
            person.get(format!("{path}notes")).await.refusal(),
            person.get(format!("/api/mappings/patient/{id}")).await.refusal(),
            person.get(format!("/api/mappings/{}", id_of(&clinic.care))).await.refusal(),
        ];
        refusals.dedup();
        assert_eq!(refusals, ["404 not-found"], "{person:?}");
        for list in [ALL, "/api/patients/search/?query=cared", "/api/mappings"] {
            assert!(!person.get(list).await.text().contains(id), "{person:?} {list}");
        }
    }
}

/// 002-P6: a record is removed under its other path too.
#[tokio::test]
async fn an_admin_removes_a_record_under_the_other_path() {
    let hub = open().await;
    let admin = hub.admin().await;
    let cora = hub.coordinator("cora").await;
    let pia = entered(&cora, pia()).await;

    admin.delete(format!("/api/v1/admin/patients/{}/", id_of(&pia))).await.ok();

    assert_eq!(cora.get(item(&pia)).await.refusal(), "404 not-found");
}

/// 001-09: only who keeps a record removes it, and nobody one with an account.
#[tokio::test]
async fn not_everyone_removes_every_record() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { admin, hospital, ali, ana, .. } = &clinic;
    let own = format!("/api/patients/{}", ana.id_as("pat"));

    let refusals = [
        ali.delete(item(&clinic.cared)).await.refusal(),
        hospital.delete(item(&clinic.cared)).await.refusal(),
        ali.delete(&own).await.refusal(),
        ana.delete(&own).await.refusal(),
        admin.delete(&own).await.refusal(),
    ];

    assert_eq!(
        refusals,
        [
            "403 not-keeper",
            "403 not-keeper",
            "409 patient-has-account",
            "403 forbidden",
            "409 patient-has-account",
        ]
    );
    assert_eq!(ali.get(item(&clinic.cared)).await.ok()["id"], clinic.cared["id"]);
}

/// 001-06: whoever enters a patient is told who may be the same person.
#[tokio::test]
async fn possible_duplicates_are_named() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let first = entered(&cora, pia()).await;
    let also = json!({"name": "Pia Post", "date_of_birth": "1980-05-05", "phone": "+923004445555"});
    entered(&cora, also).await;

    for (body, matched) in [
        (json!({"first_name": "Max", "phone": "0092 300 1112222"}), json!(["PHONE"])),
        (json!({"first_name": "Max", "email": "PIA@example.org"}), json!(["EMAIL"])),
        (
            json!({"name": "PÍA  POHL", "date_of_birth": "1980-05-05"}),
            json!(["NAME_AND_DATE_OF_BIRTH"]),
        ),
    ] {
        let reply = entered(&cora, body.clone()).await;
        let warnings = reply["warnings"].as_array().unwrap();
        let warning = warnings.iter().find(|warning| warning["patient"] == first["id"]);
        let expected = json!({
            "code": "possible-duplicate", "patient": first["id"],
            "url": format!("/api/patients/{}", id_of(&first)), "matched_on": matched,
        });
        assert_eq!(warning, Some(&expected), "{body}: {warnings:?}");
        cora.get(warning.unwrap()["url"].as_str().unwrap()).await.ok();
        cora.delete(item(&reply)).await.ok();
    }
    for body in [
        json!({"name": "Pia Pohl"}),
        json!({"name": "Pia Pohl", "date_of_birth": "1980-05-06"}),
        json!({"name": "Pia Poh", "date_of_birth": "1980-05-05"}),
        json!({"first_name": "Max", "phone": "+923001112223"}),
    ] {
        assert_eq!(entered(&cora, body).await["warnings"], json!([]));
    }
}

#[tokio::test]
async fn a_name_that_begins_a_mailbox_still_warns() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let person = json!({"name": "Pia Pohl", "date_of_birth": "1980-05-05"});
    let mut with_mail = person.clone();
    with_mail["email"] = json!("pohl@example.org");
    let first = entered(&cora, with_mail).await;

    let second = entered(&cora, person).await;

    assert_eq!(second["warnings"][0]["patient"], first["id"]);
}

/// 001-06: nobody learns of patients whom they do not know.
#[tokio::test]
async fn duplicates_are_named_to_those_who_know_both() {
    let hub = open().await;
    let (cora, carl) = (hub.coordinator("cora").await, hub.coordinator("carl").await);
    let admin = hub.admin().await;
    hub.patient("ana", "+923001112222").await;
    let first = entered(&cora, pia()).await;

    let of_carl = entered(&carl, pia()).await;
    let of_admin = entered(&admin, pia()).await;

    assert_eq!(of_carl["warnings"], json!([]));
    let warnings = of_admin["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 3);
    let named: Vec<_> = warnings.iter().map(|warning| &warning["patient"]).collect();
    assert!(named.contains(&&first["id"]) && named.contains(&&of_carl["id"]), "{warnings:?}");
}

/// 001-08: a patient may stand on more rosters than one transaction takes.
#[tokio::test]
async fn a_patient_of_thirty_doctors_is_renamed_on_every_roster() {
    let hub = open().await;
    let admin = hub.admin().await;
    let cora = hub.coordinator("cora").await;
    let pia = entered(&cora, pia()).await;
    let doctors = thirty_doctors_of(id_of(&pia), &hub, &admin).await;
    let change = json!({"name": "Berta Berg", "phone": "+923009998888", "email": "bb@example.org", "city": "Multan"});

    cora.patch(item(&pia), change).await.ok();

    for person in doctors.iter().chain([&cora, &admin]) {
        for (gone, found) in [("pohl", "berg"), ("pia", "berta"), ("1112222", "9998888")] {
            assert_eq!(search(person, gone).await, Vec::<String>::new(), "{gone}");
            assert_eq!(search(person, found).await, ["Berta Berg"], "{found}");
        }
        let filtered = person.get("/api/patients/?city=multan").await.ok();
        assert_eq!(each(&filtered, "name"), ["Berta Berg"]);
        assert_eq!(person.get("/api/patients/?city=lahore").await.ok()["results"], json!([]));
    }
    admin.delete(item(&pia)).await.ok();
    for person in doctors.iter().chain([&cora, &admin]) {
        assert_eq!(person.get(ALL).await.ok()["results"], json!([]));
        assert_eq!(search(person, "berg").await, Vec::<String>::new());
    }
}

/// 002-P4: the same, for patients who rename themselves.
#[tokio::test]
async fn a_patient_of_thirty_doctors_renames_themselves() {
    let hub = open().await;
    let admin = hub.admin().await;
    let ana = hub.patient("ana", ANA).await;
    let doctors = thirty_doctors_of(&ana.id_as("pat"), &hub, &admin).await;
    let change = json!({"name": "Berta Berg", "phone": "+923009998888", "email": "bb@example.org", "city": "Multan"});

    ana.patch("/api/auth/profile", change).await.ok();

    for person in doctors.iter().chain([&admin]) {
        assert_eq!(search(person, "diaz").await, Vec::<String>::new());
        assert_eq!(search(person, "berg").await, ["Berta Berg"]);
        assert_eq!(search(person, "9998888").await, ["Berta Berg"]);
    }
    admin.delete(format!("/api/auth/admin/users/{}", ana.id())).await.ok();
    for person in doctors.iter().chain([&admin]) {
        assert_eq!(search(person, "berg").await, Vec::<String>::new());
    }
}

/// 002-P8: the patients in numbers, for the hub and for whoever keeps records, also when the
/// stream repeats itself.
#[tokio::test]
async fn statistics_follow_what_happens() {
    let hub = open().await;
    let admin = hub.admin().await;
    let hospital = hub.hospital("jinnah").await;
    let cora = hub.coordinator("cora").await;
    for (keeper, name, gender, blood, born, city) in [
        (&hospital, "Una", "F", "O+", "2000-05-05", "Lahore"),
        (&hospital, "Duo", "M", "A-", "1960-05-05", "lahore"),
        (&hospital, "Tri", "F", "O+", "2020-05-05", "Karachi"),
        (&cora, "Qua", "F", "B+", "1990-05-05", "Łódź"),
    ] {
        let body = json!({
            "first_name": name, "gender": gender, "blood_group": blood, "date_of_birth": born,
            "city": city,
        });
        entered(keeper, body).await;
    }
    hub.patient("ana", ANA).await;
    settle_twice(&hub).await;

    let of_hub = admin.get("/api/patients/stats/").await.ok();
    let of_hospital = hospital.get("/api/admin/patients/stats").await.ok();

    assert_eq!(
        of_hub,
        json!({
            "total_patients": 5, "new_patients_this_month": 5, "active_patients": 5,
            "gender_distribution": {"FEMALE": 3, "MALE": 1},
            "age_distribution": {"0-17": 1, "18-34": 1, "35-49": 1, "50-64": 0, "65+": 1},
            "blood_group_distribution": {"A-": 1, "B+": 1, "O+": 2},
            "top_cities": [
                {"city": "lahore", "count": 2}, {"city": "karachi", "count": 1},
                {"city": "lodz", "count": 1},
            ],
            "consultation_stats": {
                "total_appointments": 0, "pending_appointments": 0, "completed_visits": 0,
            },
        })
    );
    assert_eq!(
        of_hospital,
        json!({
            "total_patients": 3, "new_patients_this_month": 3, "active_patients": 3,
            "gender_distribution": {"FEMALE": 2, "MALE": 1},
            "age_distribution": {"0-17": 1, "18-34": 1, "35-49": 0, "50-64": 0, "65+": 1},
            "blood_group_distribution": {"A-": 1, "O+": 2},
            "top_cities": [],
            "consultation_stats": {
                "total_appointments": 0, "pending_appointments": 0, "completed_visits": 0,
            },
        })
    );
}

/// 002-P8: changes and removals are counted, once.
#[tokio::test]
async fn statistics_forget_what_is_no_longer_so() {
    let hub = open().await;
    let admin = hub.admin().await;
    let hospital = hub.hospital("jinnah").await;
    let body = |name: &str| json!({"first_name": name, "gender": "F", "city": "Lahore", "blood_group": "O+"});
    let una = entered(&hospital, body("Una")).await;
    let duo = entered(&hospital, body("Duo")).await;
    let ana = hub.patient("ana", ANA).await;
    settle_twice(&hub).await;

    hospital.patch(item(&una), json!({"gender": "O", "city": "Multan"})).await.ok();
    settle_twice(&hub).await;
    hospital
        .patch(item(&una), json!({"blood_group": null, "date_of_birth": "2000-05-05"}))
        .await
        .ok();
    hospital.delete(item(&duo)).await.ok();
    ana.patch("/api/auth/profile", json!({"gender": "F"})).await.ok();
    settle_twice(&hub).await;

    let stats = [
        hospital.get("/api/patients/stats").await.ok(),
        admin.get("/api/patients/stats").await.ok(),
    ];
    let numbers = |name: &str| stats.each_ref().map(|stats| stats[name].clone());
    assert_eq!(numbers("total_patients"), [1, 2]);
    assert_eq!(numbers("new_patients_this_month"), [1, 2]);
    assert_eq!(
        numbers("gender_distribution"),
        [json!({"OTHER": 1}), json!({"OTHER": 1, "FEMALE": 1})]
    );
    assert_eq!(numbers("blood_group_distribution"), [json!({}), json!({})]);
    assert_eq!(numbers("top_cities"), [json!([]), json!([{"city": "multan", "count": 1}])]);
    assert_eq!(stats[0]["age_distribution"]["18-34"], 1);

    admin.delete(format!("/api/auth/admin/users/{}", ana.id())).await.ok();
    settle_twice(&hub).await;
    assert_eq!(admin.get("/api/patients/stats").await.ok()["total_patients"], 1);
    hub.clock.advance(SignedDuration::from_hours(31 * 24));
    let admin = hub.sign_in("admin", PASSWORD).await;
    let later = admin.get("/api/patients/stats").await.ok();
    assert_eq!(
        (&later["total_patients"], &later["new_patients_this_month"]),
        (&json!(1), &json!(0))
    );
}

/// 002-P8: patients see no statistics, and who keeps no records sees zeros.
#[tokio::test]
async fn statistics_are_not_for_patients() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let ana = hub.patient("ana", ANA).await;
    hub.settle().await;

    assert_eq!(ana.get("/api/patients/stats").await.refusal(), "403 forbidden");
    assert_eq!(cora.get("/api/patients/stats").await.ok()["total_patients"], 0);
}

/// 002-P3: patients read who looked at their record, and are not told of themselves.
#[tokio::test]
async fn patients_see_who_looked_at_their_record() {
    let hub = open().await;
    let clinic = Clinic::open(&hub).await;
    let Clinic { admin, ali, ana, .. } = &clinic;
    let id = ana.id_as("pat");
    let looks = async || {
        hub.settle().await;
        let log = ana.get("/api/accounts/access-log").await.ok();
        let log = log["results"].as_array().unwrap().clone();
        let looks = log.into_iter().filter(|line| line["action"] == "PATIENT_VIEWED");
        let line = |line: Value| (line["performed_by"].clone(), line["details"].clone());
        looks.map(line).collect::<Vec<_>>()
    };
    let before = looks().await;

    for path in ["", "/notes"] {
        ana.get(format!("/api/patients/{id}{path}")).await.ok();
    }
    ana.get("/api/patients/profile").await.ok();
    ana.get(format!("/api/mappings/patient/{id}")).await.ok();
    ana.get(ALL).await.ok();
    let after_own = looks().await;
    ali.get(format!("/api/patients/{id}")).await.ok();
    ali.get(format!("/api/patients/{id}/notes")).await.ok();
    admin.get(format!("/api/mappings/patient/{id}")).await.ok();
    ali.get(ALL).await.ok();
    let mut after = looks().await;

    assert_eq!((before.len(), after_own.len()), (0, 0));
    after.sort_by_key(|(_, details)| details.to_string());
    assert_eq!(
        after,
        [
            (json!(ali.id()), json!({"what": "notes", "count": "0"})),
            (json!(admin.id()), json!({"what": "assignments", "count": "1"})),
            (json!(ali.id()), json!({})),
        ]
    );
}

#[tokio::test]
async fn what_is_done_with_patients_is_in_the_audit_log() {
    let hub = open().await;
    let admin = hub.admin().await;
    let cora = hub.coordinator("cora").await;
    let pia = entered(&cora, pia()).await;
    cora.patch(item(&pia), json!({"city": "Multan", "allergies": "nuts"})).await.ok();
    cora.get(item(&pia)).await.ok();
    cora.get("/api/patients/search?query=pohl").await.ok();

    cora.delete(item(&pia)).await.ok();

    for action in ["PATIENT_CREATED", "PATIENT_UPDATED", "PATIENT_VIEWED", "PATIENT_DELETED"] {
        let log = admin.get(format!("/api/accounts/audit-logs/?action={action}")).await.ok();
        let line = &log["results"][0];
        assert_eq!(line["entity"], pia["id"], "{action}");
        assert_eq!(line["performed_by"], cora.id());
    }
    let log = admin.get("/api/accounts/audit-logs/?action=PATIENTS_LISTED").await;
    let lines = log.ok()["results"].as_array().unwrap().clone();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["details"], json!({"count": "1"}));
    assert!(!log.text().contains("pohl"));
}

/// A hospital with a doctor, two coordinators, and everyone's patients.
struct Clinic<'h> {
    admin: Caller<'h>,
    hospital: Caller<'h>,
    /// Works at the hospital, and cares for Ana and for `cared`.
    ali: Caller<'h>,
    /// Keeps Pia, and `cared`.
    cora: Caller<'h>,
    /// Keeps nobody.
    carl: Caller<'h>,
    ana: Caller<'h>,
    cared: Value,
    care: Value,
    ana_care: Value,
}

impl<'h> Clinic<'h> {
    async fn open(hub: &'h TestHub) -> Self {
        let admin = hub.admin().await;
        let hospital = hub.hospital("jinnah").await;
        let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
        let (cora, carl) = (hub.coordinator("cora").await, hub.coordinator("carl").await);
        let tick = || hub.clock.advance(SignedDuration::from_secs(1));
        entered(&cora, json!({"first_name": "Pia"})).await;
        tick();
        let cared = json!({"first_name": "Cared", "last_name": "For", "phone": "+923001112222"});
        let cared = entered(&cora, cared).await;
        tick();
        entered(&hospital, json!({"first_name": "Own"})).await;
        tick();
        entered(&ali, json!({"first_name": "Doc"})).await;
        tick();
        let ana = hub.patient("ana", ANA).await;
        tick();
        let care = assigned(&cora, id_of(&cared), &ali).await;
        tick();
        let ana_care = assigned(&admin, &ana.id_as("pat"), &ali).await;
        tick();
        Self { admin, hospital, ali, cora, carl, ana, cared, care, ana_care }
    }
}

fn pia() -> Value {
    json!({
        "first_name": "Pia", "last_name": "Pohl", "email": "pia@example.org",
        "phone": "+923001112222", "date_of_birth": "1980-05-05", "gender": "F",
        "city": "Lahore", "state": "Punjab", "blood_group": "O+",
    })
}

fn item(patient: &Value) -> String {
    format!("/api/patients/{}/", id_of(patient))
}

/// The names of those whom a search finds.
async fn search(person: &Caller<'_>, text: &str) -> Vec<String> {
    let list = person.get(format!("{SEARCH}?query={text}")).await.ok();
    each(&list, "name").into_iter().map(str::to_owned).collect()
}

/// The names on every page of a list.
async fn pages(person: &Caller<'_>, path: &str) -> Vec<Vec<String>> {
    let (mut pages, mut next) = (Vec::new(), Some(path.to_owned()));
    while let Some(path) = next {
        let page = person.get(path).await.ok();
        pages.push(each(&page, "name").into_iter().map(str::to_owned).collect());
        next = page["next"].as_str().map(str::to_owned);
    }
    pages
}

/// Thirty doctors in whose care an admin puts a patient.
async fn thirty_doctors_of<'h>(
    patient: &str,
    hub: &'h TestHub,
    admin: &Caller<'_>,
) -> Vec<Caller<'h>> {
    let doctors =
        (0..30).map(|number| async move { hub.lone_doctor(&format!("doctor{number}")).await });
    let doctors = join_all(doctors).await;
    for doctor in &doctors {
        assigned(admin, patient, doctor).await;
    }
    doctors
}

/// Lets `relay` catch up with a stream that says everything twice.
async fn settle_twice(hub: &TestHub) {
    let relay = relay(hub);
    let batch = hub.unread();
    for batch in [batch.clone(), batch] {
        let answer = relay.relay(batch).await;
        assert!(answer.batch_item_failures.is_empty(), "{answer:?}");
    }
}
