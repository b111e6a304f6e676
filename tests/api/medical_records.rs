//! Medical records: what a doctor writes down about a visit when it is over.

use carehub_domain::{
    access::{Action, Actor},
    appointment::{Appointment, StepError},
};
use carehub_testkit::{Caller, TestHub};
use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{People, assigned, came, each, id_of, let_in, looks, open, took_place};

const ANA: &str = "+923001234567";
const NOW: &str = "2030-01-07T08:00:00Z";

/// 003-20, 003-21: the doctor writes the record of a visit, in the units of old, and it is complete.
#[tokio::test]
async fn a_doctor_writes_the_record_of_a_visit() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, hospital, ali, ana, .. } = &ward;
    let visit = ward.came().await;
    let body = json!({
        "appointment": visit, "diagnosis": "Influenza", "treatment": "Rest", "prescription": "Tea",
        "lab_results": "None yet", "follow_up_required": true, "follow_up_date": "2030-01-21",
        "blood_pressure_systolic": 120, "blood_pressure_diastolic": 80, "heart_rate": 72,
        "temperature": 101.3, "weight": 178.6, "height": "70.9", "allergies": "Nuts",
        "medications": "None", "medical_history": "Asthma", "is_sensitive": false,
    });

    let reply = ali.post("/api/v1/medical-records/", body).await;

    assert_eq!(reply.status, 201);
    let record = reply.ok();
    assert_eq!(
        record,
        json!({
            "id": visit.replacen("apt", "mrc", 1), "appointment": visit,
            "patient": ana.id_as("pat"), "patient_name": "Ana Diaz",
            "doctor": ali.id_as("doc"), "doctor_name": "Ali Mehmood",
            "hospital": hospital.user["hospital"], "hospital_name": null,
            "visit_date": "2030-01-07", "diagnosis": "Influenza", "treatment": "Rest",
            "prescription": "Tea", "lab_results_text": "None yet", "allergies": "Nuts",
            "medications": "None", "medical_history": "Asthma", "follow_up_required": true,
            "follow_up_date": "2030-01-21", "blood_pressure_systolic": 120,
            "blood_pressure_diastolic": 80, "blood_pressure": "120/80", "heart_rate": 72,
            "temperature": 101.3, "weight": 178.6, "height": 70.9,
            "metric": {"temperature_c": 38.5, "weight_kg": 81.012, "height_cm": 180.1},
            "respiratory_rate": null, "oxygen_saturation": null, "blood_glucose": null,
            "bmi": 25.0,
            "vitals_summary": "BP 120/80 mmHg, HR 72 bpm, Temp 101.3 °F (38.5 °C), Weight 178.6 lb (81.012 kg), Height 70.9 in (180.1 cm), BMI 25",
            "is_sensitive": false, "version": 1, "created_at": NOW, "updated_at": NOW,
            "prescriptions": [], "lab_results": [],
        })
    );
    for reader in [ana, ali, hospital, admin] {
        assert_eq!(reader.get(reply.header("location")).await.ok(), record);
    }
    let done = ana.get(format!("/api/appointments/{visit}")).await.ok();
    assert_eq!(done["status"], "COMPLETED");
    let completed = looks(ana, "APPOINTMENT_COMPLETED").await;
    assert_eq!(
        completed,
        [(
            json!(ali.id()),
            json!({
                "doctor": ali.id_as("doc"), "from": "CHECKED_IN", "kind": "WALK_IN", "to": "COMPLETED",
            })
        )]
    );
    let seen = looks(ana, "MEDICAL_RECORD_VIEWED").await;
    assert_eq!(seen.len(), 3);
    assert_eq!(seen[0].1, json!({"lab_results": "0", "prescriptions": "0"}));
    // Patients review what took place.
    let review = json!({"doctor": ali.id_as("doc"), "rating": 5});
    ana.post("/api/reviews", review).await.ok();
}

/// 003-20: an allergy that a doctor writes down after a visit makes the next who prescribes ask.
#[tokio::test]
async fn allergies_that_were_spoken_of_make_doctors_ask() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { ali, ana, .. } = &ward;
    let known = json!({"allergy_status": "NONE_KNOWN", "date_of_birth": "1990-05-01"});
    ana.patch("/api/patients/update_profile", known).await.ok();
    let visit = ward.came().await;
    let body = json!({"appointment": visit, "diagnosis": "Rash", "allergies": "NKDA"});
    let record = ali.post("/api/medical-records", body).await.ok();
    let medicines = json!({"appointment": visit, "medicines": [{"name": "Amoxicillin"}]});
    let status = async || {
        let seen = ana.get(format!("/api/patients/{}", ana.id_as("pat"))).await.ok();
        seen["allergy_status"].as_str().unwrap().to_owned()
    };

    assert_eq!(status().await, "NONE_KNOWN");
    let told = json!({"allergies": "Penicillin"});
    ali.patch(format!("/api/medical-records/{}", id_of(&record)), told).await.ok();

    assert_eq!(status().await, "UNAVAILABLE");
    let stopped = ali.post("/api/prescriptions", medicines).await;
    assert_eq!(stopped.refusal(), "409 safety-not-checked");
}

/// 003-20: metric units are taken by their names, and every wrong field is named.
#[tokio::test]
async fn wrong_medical_records_are_refused_field_by_field() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let visit = ward.came().await;
    let wrong = [
        (json!({"diagnosis": null}), "/diagnosis"),
        (json!({"blood_pressure_systolic": 301}), "/blood_pressure_systolic"),
        (json!({"blood_pressure_diastolic": 80}), "/blood_pressure_systolic"),
        (
            json!({"blood_pressure_systolic": 80, "blood_pressure_diastolic": 90}),
            "/blood_pressure_diastolic",
        ),
        (json!({"heart_rate": 19}), "/heart_rate"),
        (json!({"temperature": 38.5}), "/temperature"),
        (json!({"temperature": 101, "temperature_c": 38}), "/temperature_c"),
        (json!({"weight": 2000}), "/weight"),
        (json!({"height": 180}), "/height"),
        (json!({"follow_up_date": "2030-01-07"}), "/follow_up_date"),
        (json!({"mood": 5}), "/mood"),
    ];
    for (fields, pointer) in wrong {
        let mut body = json!({"appointment_id": visit, "diagnosis": "Flu"});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let problem = ward.ali.post("/api/medical-records", &body).await.problem();
        assert_eq!((problem.status, &*problem.errors[0].pointer), (400, pointer), "{body}");
    }
    assert_eq!(
        ward.ana.get(format!("/api/appointments/{visit}")).await.ok()["status"],
        "CHECKED_IN"
    );
    let problem =
        ward.ali.post("/api/medical-records", json!({"diagnosis": "Flu"})).await.problem();
    assert_eq!(problem.errors[0].pointer, "/appointment");

    let body = json!({
        "appointment_id": visit, "diagnosis": "Flu", "temperature_c": 38.5, "weight_kg": 81,
        "height_cm": 180, "follow_up_date": "2030-01-08",
    });
    let record = ward.ali.post("/api/medical-records", body).await.ok();
    assert_eq!((&record["temperature"], &record["bmi"]), (&json!(101.3), &json!(25.0)));
    assert_eq!(record["follow_up_required"], true);
}

/// 003-20: each visit has one record, however many write it at once.
#[tokio::test]
async fn a_visit_has_one_record() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let visit = ward.came().await;
    let body = json!({"appointment": visit, "diagnosis": "Flu"});

    let replies = join_all((0..4).map(|_| ward.ali.post("/api/medical-records", &body))).await;

    let made = replies.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(made, 1);
    let late = ward.ali.post("/api/medical-records", &body).await.problem();
    assert_eq!((late.status, &*late.code), (409, "medical-record-exists"));
    assert_eq!(late.detail.unwrap(), "a medical record already exists for this appointment");
}

/// 003-20: only what takes place or took place has a record.
#[tokio::test]
async fn the_state_of_a_visit_decides() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { ali, ana, hospital, .. } = &ward;
    let sara = hub.bookable(hospital, "Sara", "Khan").await;
    let write = |visit: &str| json!({"appointment": visit, "diagnosis": "Flu"});

    let slot = json!({"doctor": sara.id_as("doc"), "appointment_date": "2030-01-08", "start_time": "09:00"});
    let requested = ana.post("/api/appointments/book", slot).await.ok();
    let problem = sara.post("/api/medical-records", write(id_of(&requested))).await.problem();
    assert_eq!(problem.status, 409);
    assert!(problem.detail.unwrap().contains("REQUESTED"));

    let called_off = ward.came().await;
    ward.advance(&called_off, |visit, by| visit.cancel(None, by)).await;
    let problem = ali.post("/api/medical-records", write(&called_off)).await.problem();
    assert_eq!(problem.status, 409);
    assert!(problem.detail.unwrap().contains("CANCELLED"));

    let patient = ana.id_as("pat").parse().unwrap();
    let patient = hub.state.store.patients().recorded(patient).await.unwrap().unwrap();
    let over = took_place(&hub, &patient, ali.id_as("doc").parse().unwrap()).await.id.to_string();
    let completed = looks(ana, "APPOINTMENT_COMPLETED").await.len();
    ali.post("/api/medical-records", write(&over)).await.ok();
    assert_eq!(looks(ana, "APPOINTMENT_COMPLETED").await.len(), completed);

    // Nobody said when the consultation began.
    let slot = json!({"doctor": sara.id_as("doc"), "scheduled_date": "2030-01-09", "scheduled_time": "09:00"});
    let agreed = ana.post("/api/consultations", slot).await.ok();
    sara.post("/api/medical-records", write(id_of(&agreed))).await.ok();
    let shown = ana.get(format!("/api/appointments/{}", id_of(&agreed))).await.ok();
    assert_eq!(shown["status"], "COMPLETED");
}

/// 003-20, 003-22: nobody but the doctor of the visit and admins writes its record.
#[tokio::test]
async fn who_may_write_medical_records() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, hospital, ali, ana, .. } = &ward;
    let (sara, aga) = (hub.doctor_of(hospital, "Sara", "Khan").await, hub.hospital("aga").await);
    let bea = hub.patient("bea", "+923007654321").await;
    let visit = ward.came().await;
    let body = json!({"appointment": visit, "diagnosis": "Flu"});

    for (person, refusal) in [
        (ana, "403 forbidden"),
        (hospital, "403 forbidden"),
        (&sara, "404 not-found"),
        (&aga, "404 not-found"),
        (&bea, "404 not-found"),
    ] {
        assert_eq!(person.post("/api/medical-records", &body).await.refusal(), refusal);
    }
    let reply = admin.post("/api/medical-records", &body).await;
    assert_eq!(reply.ok()["doctor"], ali.id_as("doc"));
    let (path, change) = (reply.header("location"), json!({"treatment": "Rest"}));
    for (person, refusal) in [
        (ana, "403 forbidden"),
        (hospital, "403 forbidden"),
        (&sara, "404 not-found"),
        (&bea, "404 not-found"),
    ] {
        assert_eq!(person.patch(path, &change).await.refusal(), refusal);
    }
    let_in(&hub, &sara, ANA).await;
    sara.get(path).await.ok();
    assert_eq!(sara.patch(path, &change).await.refusal(), "403 forbidden");
    ali.patch(path, &change).await.ok();
}

/// 003-22: the record of a visit is changed, and what it said before is kept.
#[tokio::test]
async fn medical_records_are_changed() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { ali, ana, .. } = &ward;
    let visit = ward.came().await;
    let body = json!({
        "appointment": visit, "diagnosis": "Flu", "blood_pressure_systolic": 120,
        "blood_pressure_diastolic": 80, "weight": 178.6, "treatment": "Rest",
    });
    let reply = ali.post("/api/medical-records", body).await;
    let path = reply.header("location").to_owned();

    let stale = ali.with_header("if-match", "\"7\"").put(&path, json!({"diagnosis": "x"})).await;
    assert_eq!(stale.refusal(), "412 precondition-failed");
    let change = json!({
        "appointment": visit, "diagnosis": "Influenza", "blood_pressure_systolic": 130,
        "treatment": null, "weight_kg": 80, "follow_up_date": "2030-02-01",
    });
    let changed = ali.put(format!("{path}/"), change).await.ok();

    assert_eq!((&changed["diagnosis"], &changed["version"]), (&json!("Influenza"), &json!(2)));
    assert_eq!(
        (&changed["blood_pressure"], &changed["treatment"]),
        (&json!("130/80"), &Value::Null)
    );
    assert_eq!(
        (&changed["weight"], &changed["metric"]["weight_kg"]),
        (&json!(176.4), &json!(80.0))
    );
    let early = ali.patch(&path, json!({"follow_up_date": "2030-01-07"})).await.problem();
    assert_eq!(early.errors[0].pointer, "/follow_up_date");
    let moved = json!({"appointment": visit.replace('0', "1")});
    assert_eq!(ali.patch(&path, moved).await.problem().errors[0].pointer, "/appointment");
    let versions = ana.get(format!("{path}/versions")).await.ok();
    assert_eq!(each(&versions, "diagnosis"), ["Influenza", "Flu"]);
    assert_eq!(versions["results"][1]["blood_pressure"], "120/80");
    let again = ali.post("/api/medical-records", json!({"appointment": visit, "diagnosis": "x"}));
    assert_eq!(again.await.refusal(), "409 medical-record-exists");
}

/// 003-19: patients and doctors list their own, hospitals their own, admins all.
#[tokio::test]
async fn medical_records_are_listed() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, hospital, ali, ana, .. } = &ward;
    let (sara, aga) = (hub.doctor_of(hospital, "Sara", "Khan").await, hub.hospital("aga").await);
    let bea = hub.patient("bea", "+923007654321").await;
    for diagnosis in ["One", "Two", "Three"] {
        ward.write(json!({"diagnosis": diagnosis})).await;
    }

    for (reader, diagnoses) in [
        (ana, &["Three", "Two", "One"][..]),
        (ali, &["Three", "Two", "One"]),
        (hospital, &["Three", "Two", "One"]),
        (admin, &["Three", "Two", "One"]),
        (&sara, &[]),
        (&aga, &[]),
        (&bea, &[]),
    ] {
        let list = reader.get("/api/v1/medical-records/").await.ok();
        assert_eq!(each(&list, "diagnosis"), diagnoses);
    }
    let first = ana.get("/api/medical-records?limit=2").await.ok();
    let rest = ana.get(first["next"].as_str().unwrap()).await.ok();
    assert_eq!(
        (each(&first, "diagnosis"), each(&rest, "diagnosis")),
        (vec!["Three", "Two"], vec!["One"])
    );
    let visit = first["results"][0]["appointment"].as_str().unwrap();
    let one = ali.get(format!("/api/medical-records?appointment={visit}")).await.ok();
    assert_eq!(each(&one, "diagnosis"), ["Three"]);
    let none = ali.get("/api/medical-records?date_from=2030-01-08").await.ok();
    assert_eq!(each(&none, "diagnosis"), Vec::<&str>::new());
    let wrong = ali.get("/api/medical-records?date_from=2030-01-08&date_to=2030-01-07").await;
    assert_eq!(wrong.status, 400);

    let of_ana = format!("/api/medical-records?patient={}", ana.id_as("pat"));
    assert_eq!(sara.get(&of_ana).await.refusal(), "404 not-found");
    let_in(&hub, &sara, ANA).await;
    assert_eq!(each(&sara.get(&of_ana).await.ok(), "diagnosis").len(), 3);
    let look = (json!(sara.id()), json!({"count": "3"}));
    assert!(looks(ana, "MEDICAL_RECORDS_LISTED").await.contains(&look));
}

/// 003-21: a sensitive record is for the patient, its doctor and admins, and so is what it said.
#[tokio::test]
async fn sensitive_records_are_for_few() {
    let hub = open().await;
    let ward = Ward::open(&hub).await;
    let Ward { admin, hospital, ali, ana, .. } = &ward;
    let sara = hub.doctor_of(hospital, "Sara", "Khan").await;
    let path = ward.write(json!({"diagnosis": "Flu", "is_sensitive": true})).await;
    assigned(admin, &ana.id_as("pat"), ali).await;
    let_in(&hub, &sara, ANA).await;
    let of_ana = format!("/api/medical-records?patient={}", ana.id_as("pat"));

    for reader in [ana, ali, admin] {
        assert_eq!(reader.get(&path).await.ok()["is_sensitive"], true);
    }
    for person in [hospital, &sara] {
        for path in [path.clone(), format!("{path}/versions")] {
            assert_eq!(person.get(path).await.refusal(), "404 not-found");
        }
        assert_eq!(person.get(&of_ana).await.ok()["results"], json!([]));
    }
    ali.patch(&path, json!({"is_sensitive": false, "diagnosis": "Cold"})).await.ok();
    for person in [hospital, &sara] {
        let versions = person.get(format!("{path}/versions")).await.ok();
        assert_eq!(each(&versions, "diagnosis"), ["Cold"]);
    }
    assert_eq!(ana.get(format!("{path}/versions")).await.ok()["count"], 2);
}

/// A doctor of a hospital whom a patient visits.
struct Ward<'h> {
    hub: &'h TestHub,
    admin: Caller<'h>,
    hospital: Caller<'h>,
    ali: Caller<'h>,
    ana: Caller<'h>,
}

impl<'h> Ward<'h> {
    async fn open(hub: &'h TestHub) -> Self {
        let admin = hub.admin().await;
        let hospital = hub.hospital("jinnah").await;
        let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
        let ana = hub.patient("ana", ANA).await;
        Self { hub, admin, hospital, ali, ana }
    }

    /// Ana comes to see Ali. Gives back what identifies the visit.
    async fn came(&self) -> String {
        came(self.hub, &self.ana, &self.ali).await
    }

    /// Ana comes to see Ali, who writes the record, a second before the next. Says where it is.
    async fn write(&self, mut record: Value) -> String {
        record["appointment"] = json!(self.came().await);
        let reply = self.ali.post("/api/medical-records", record).await;
        reply.ok();
        self.hub.clock.advance(SignedDuration::from_secs(1));
        reply.header("location").to_owned()
    }

    async fn advance(
        &self,
        visit: &str,
        step: impl Fn(Appointment, &Actor) -> Result<Appointment, StepError>,
    ) {
        let appointments = self.hub.state.store.appointments();
        let by = Actor::operator(self.hub.state.clock.now());
        let before = appointments.recorded(visit.parse().unwrap()).await.unwrap().unwrap();
        let after = step(before.clone(), &by).unwrap();
        let permit = by.authorize(Action::EditAppointment, &before).unwrap();
        assert!(appointments.step(&before, &after, &permit).await.unwrap());
    }
}
