//! What people tell us stays out of logs, events, links, problems and orders to pharmacies.

use std::{
    io,
    sync::{Arc, Mutex},
};

use carehub_domain::file::Checksum;
use carehub_testkit::{Caller, Reply, TestHub, files};
use http::Method;
use serde_json::{Value, json};
use tracing_subscriber::{EnvFilter, fmt::format::FmtSpan};

use crate::{
    support::{People, inspect, let_in, open},
    tour::catch_up,
};

/// Words that nobody writes by chance, one for each thing that people tell us.
const CANARIES: [&str; 50] = [
    "canaryuser",
    "canary-mail",
    "Canaria",
    "Canarino",
    "canary-lantern-97",
    "canary-harbour-31",
    "+923001230987",
    "3001230987",
    "Canary Street",
    "Canaryville",
    "canary-zip",
    "canary nuts",
    "canary fever",
    "canary insurance",
    "Canary Contact",
    "canary-licence",
    "canary-cnic",
    "Canary Hospital",
    "+924211122233",
    "canary-desk",
    "canary-avatar",
    "+923007776655",
    "canary-search",
    "canary-agent",
    "canary reason",
    "canary remark",
    "canary cough",
    "canary flu",
    "canary blood",
    "canary advice",
    "canary floor",
    "canary delay",
    "canary-file",
    "canary report",
    "canary finding",
    "canary judgement",
    "canary emergency",
    "canary record",
    "canary diary",
    "canary opinion",
    "canary treatment",
    "canary test",
    "canary unit",
    "canary letter",
    "canary pill",
    "canary dosage",
    "canary motive",
    "canary hint",
    "canary template",
    "canary pharmacy",
];
const PHONE: &str = "+923001230987";
const PASSWORD: &str = "canary-lantern-97";

#[tokio::test]
async fn nothing_that_people_tell_us_is_logged_or_linked_or_repeated() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(FILTER))
        .with_span_events(FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    // With a single subscriber, tracing lets threads without one switch off what it listens to:
    // https://github.com/tokio-rs/tracing/issues/3611
    let _another = tracing::Dispatch::new(tracing_subscriber::registry());
    let _logging = tracing::subscriber::set_default(subscriber);
    let hub = open().await;
    let mut run = Run { hub: &hub, secrets: Vec::new(), seen: Vec::new(), events: Vec::new() };

    Box::pin(run.everything()).await;

    let logged = log.text();
    assert!(
        logged.contains("request answered") && logged.contains("/api/auth/register"),
        "{logged}"
    );
    let events = serde_json::to_string(&run.events).unwrap();
    assert!(run.events.len() > 20, "{events}");
    let canaries: Vec<_> =
        CANARIES.iter().map(|&canary| canary.to_owned()).chain(run.secrets).collect();
    for (place, text) in [
        ("the log", &logged),
        ("the events", &events),
        ("links, problems and orders", &run.seen.join("\n")),
    ] {
        let lower = text.to_lowercase();
        for canary in &canaries {
            // An agent is what a program calls itself, and events keep it.
            if place == "the events" && canary == "canary-agent" {
                continue;
            }
            let found = lower.find(&canary.to_lowercase());
            let around = found.map(|at| text.get(at.saturating_sub(200)..text.len().min(at + 80)));
            assert!(found.is_none(), "{place} tells {canary}: {around:?}");
        }
    }
}

/// All that the hub itself says, and what others say of requests and errors.
const FILTER: &str = "info,carehub_api=trace,carehub_store=trace,carehub_domain=trace,carehub_clients=trace,accounts=trace,appointments=trace,auth=trace,carehub_objects=trace,consultations=trace,hospitals=trace,patients=trace,doctors=trace,platform=trace,prescriptions=trace,records=trace,inspector=trace,relay=trace,housekeeping=trace,tower_http=trace,axum=trace";

struct Run<'h> {
    hub: &'h TestHub,
    /// Codes, tokens and passwords of this run.
    secrets: Vec<String>,
    /// What stands in links, problems and orders to pharmacies.
    seen: Vec<String>,
    events: Vec<carehub_domain::event::Event>,
}

impl Run<'_> {
    async fn everything(&mut self) {
        let visitor = self.hub.visitor().with_header("user-agent", "canary-agent");
        let patient = json!({
            "username": "canaryuser", "password": PASSWORD, "email": "canary-mail@example.org",
            "first_name": "Canaria", "last_name": "Canarino", "phone": PHONE, "consent": true,
            "street": "1 Canary Street", "location": "Canaryville",
        });
        let registered = self.post(&visitor, "/api/auth/register", &patient).await;
        self.post(&visitor, "/api/auth/register", &patient).await;
        let ana = visitor.with_tokens(&registered);
        self.send(&ana, Method::PATCH, "/api/auth/profile", json!({
            "city": "Canaryville", "zip_code": "canary-zip", "allergies": "canary nuts",
            "medical_history": "canary fever", "insurance_info": "canary insurance",
            "emergency_contact_name": "Canary Contact", "emergency_contact_phone": "+923007776655",
            "avatar": "canary-avatar", "phone": PHONE, "first_name": "Canaria",
        })).await;

        // Everything is wrong here, and said so without repeating it.
        for path in [
            "/api/auth/register",
            "/api/auth/login",
            "/api/auth/send-otp",
            "/api/auth/verify-otp",
            "/api/auth/password-reset",
            "/api/auth/refresh",
            "/api/accounts/patients/register",
            "/api/hospitals/register",
        ] {
            self.post(&visitor, path, json!({
                "username": "canaryuser\u{7}", "password": {"canary-lantern-97": 1}, "phone": "canary-mail",
                "email": "canary-mail", "otp": "canary-zip", "role": "canary-agent", "refresh": "canary-zip",
                "first_name": ["Canaria"], "latitude": "Canaryville", "consent": "canary nuts",
            })).await;
            let reply =
                visitor.send_bytes(Method::POST, path, b"{\"name\": Canaria}".to_vec()).await;
            self.note(&reply).await;
        }

        for password in ["canary-harbour-31", PASSWORD] {
            for identifier in ["canaryuser", "canary-mail@example.org", PHONE] {
                let body = json!({"username": identifier, "password": password});
                self.post(&visitor, "/api/auth/login", body).await;
            }
        }
        self.post(&visitor, "/api/auth/send-otp", json!({"phone": PHONE})).await;
        let entry = json!({"phone": PHONE, "otp": self.code()});
        self.post(&visitor, "/api/auth/verify-otp", &entry).await;
        self.post(&visitor, "/api/auth/verify-otp", &entry).await;
        let request = json!({"phone": PHONE, "purpose": "PASSWORD_RESET"});
        self.post(&visitor, "/api/auth/send-otp", request).await;
        let reset =
            json!({"phone": PHONE, "otp": self.code(), "new_password": "canary-harbour-31"});
        self.post(&visitor, "/api/auth/password-reset", reset).await;
        let login = json!({"username": "canaryuser", "password": "canary-harbour-31"});
        let ana = visitor.with_tokens(&self.post(&visitor, "/api/auth/login", login).await);
        let change = json!({"old_password": "canary-harbour-31", "new_password": PASSWORD});
        let ana = ana.with_tokens(&self.post(&ana, "/api/auth/change-password", change).await);
        let renewal = json!({"refresh": ana.refresh});
        let renewed = self.post(&visitor, "/api/auth/refresh", &renewal).await;
        self.post(&visitor, "/api/auth/refresh", &renewal).await;
        drop(renewed);

        let application = json!({
            "username": "canaryuser2", "email": "canary-mail@example.org",
            "password": PASSWORD, "password_confirm": PASSWORD,
            "first_name": "Canaria", "last_name": "Canarino", "phone_number": PHONE,
            "hospital_name": "Canary Hospital", "license_number": "canary-licence",
            "hospital_email": "canary-desk@example.org", "hospital_phone": "+924211122233",
            "address": "1 Canary Street", "location": "Canaryville",
        });
        let applied = self.post(&visitor, "/api/hospitals/register", &application).await;
        self.post(&visitor, "/api/hospitals/register", &application).await;
        let admin = self.hub.admin().await;
        let id = applied["hospital"]["id"].as_str().unwrap();
        let approve = format!("/api/hospitals/{id}/approve");
        self.send(&admin, Method::PATCH, &approve, json!({})).await;
        let hospital = self.hub.sign_in("canaryuser2", PASSWORD).await;
        let employed = self.post(&hospital, "/api/hospitals/doctors/create", json!({
            "first_name": "Canaria", "last_name": "Canarino", "email": "canary-mail@example.org",
            "phone_number": PHONE, "cnic": "canary-cnic", "address": "1 Canary Street",
            "license_number": "canary-licence", "specialization": "Cardiology",
        })).await;
        let given = &employed["credentials"];
        self.secrets.push(given["password"].as_str().unwrap().to_owned());
        let username = given["username"].as_str().unwrap().to_owned();
        let doctor = self.hub.sign_in(&username, given["password"].as_str().unwrap()).await;
        let change = json!({"old_password": given["password"], "new_password": PASSWORD});
        let doctor =
            doctor.with_tokens(&self.post(&doctor, "/api/auth/change-password", change).await);
        self.post(&doctor, "/api/accounts/otp/generate", json!({"patient_phone": PHONE})).await;
        let entry = json!({"patient_phone": PHONE, "otp": self.code()});
        self.post(&doctor, "/api/accounts/otp/verify", &entry).await;
        self.post(&doctor, "/api/accounts/otp/verify", &entry).await;

        // The token that was used twice has ended the session.
        let ana = self.hub.sign_in("canaryuser", PASSWORD).await;
        Box::pin(self.people(&ana, &doctor)).await;
        Box::pin(self.visits(&hospital, &ana, &doctor)).await;
        Box::pin(self.papers(&hospital, &ana, &doctor)).await;
        Box::pin(self.medicines(&hospital, &ana, &doctor)).await;
        for path in [
            "/api/auth/admin/users?limit=1",
            "/api/auth/admin/users?limit=1&search=canaria",
            "/api/auth/admin/users?limit=1&search=canary-search",
            "/api/users/patients?search=canary-mail",
            "/api/auth/admin/users?role=canary-search",
            "/api/hospitals/nearby?lat=canary-search&lng=1",
            "/api/hospitals/canary-search",
            "/api/auth/admin/users?canary-agent=1&limit=canary-search",
            "/canary-search",
            "/api/auth/admin/users?cursor=canary-search",
            "/api/accounts/audit-logs?limit=1",
            "/api/accounts/audit-logs?action=canary-search",
        ] {
            let page = self.send(&admin, Method::GET, path, Value::Null).await;
            if let Some(next) = page["next"].as_str() {
                self.send(&admin, Method::GET, next, Value::Null).await;
            }
        }
        let carl = json!({"role": "PATIENT", "name": "Canaria Canarino", "email": "canary-mail@example.org", "phone": PHONE});
        let carl = self.post(&admin, "/api/auth/admin/users", carl).await;
        self.secrets.push(carl["password"].as_str().unwrap().to_owned());
        self.secrets
            .extend([&ana, &doctor, &hospital, &admin].map(|caller| caller.refresh.clone()));
        self.secrets.extend(
            [&ana, &doctor, &hospital, &admin].map(|caller| caller.access.clone().unwrap()),
        );
    }

    /// Patients, notes about them, their doctors and what they think of them.
    async fn people(&mut self, ana: &Caller<'_>, doctor: &Caller<'_>) {
        let coordinator = self.hub.coordinator("keeper").await;
        let person = json!({
            "first_name": "Canaria", "last_name": "Canarino", "phone": PHONE,
            "email": "canary-mail@example.org", "address": "1 Canary Street", "city": "Canaryville",
            "zip_code": "canary-zip", "date_of_birth": "1980-05-05",
            "allergies": [{"substance": "canary nuts"}], "chronic_conditions": ["canary fever"],
            "insurance_policy_number": "canary insurance", "emergency_contact_name": "Canary Contact",
        });
        let one = self.post(&coordinator, "/api/patients", &person).await;
        self.post(&coordinator, "/api/patients", &person).await;
        self.post(
            &coordinator,
            "/api/patients",
            json!({"first_name": ["Canaria"], "gender": "canary-zip"}),
        )
        .await;
        let path = format!("/api/patients/{}", one["id"].as_str().unwrap());
        self.post(&coordinator, &format!("{path}/notes"), json!({"note": "canary fever"})).await;
        self.send(&coordinator, Method::PATCH, &path, json!({"allergy_status": "canary nuts"}))
            .await;
        let care =
            json!({"patient": one["id"], "doctor": doctor.id_as("doc"), "notes": "canary fever"});
        self.post(&coordinator, "/api/mappings", &care).await;
        self.post(&coordinator, "/api/mappings", &care).await;
        for search in ["canaria", "canary-mail", "3001230987"] {
            let path = format!("/api/patients/search?limit=1&query={search}");
            let page = self.send(&coordinator, Method::GET, &path, Value::Null).await;
            if let Some(next) = page["next"].as_str() {
                self.send(&coordinator, Method::GET, next, Value::Null).await;
            }
        }
        self.send(&coordinator, Method::DELETE, &path, Value::Null).await;
        self.hub.visit(ana, doctor).await;
        let review = json!({
            "doctor": doctor.id_as("doc"), "rating": 2, "review_text": "canary fever", "is_anonymous": true,
        });
        self.post(ana, "/api/reviews", &review).await;
        self.post(ana, "/api/reviews", &review).await;
        self.send(
            doctor,
            Method::PATCH,
            "/api/doctors/update_profile",
            json!({"bio": "canary fever", "city": "Canaryville"}),
        )
        .await;
        self.send(doctor, Method::GET, "/api/doctors?search=canaria&city=canaryville", Value::Null)
            .await;
    }

    /// Appointments, what is said and written down at them, and who waits.
    async fn visits(&mut self, hospital: &Caller<'_>, ana: &Caller<'_>, doctor: &Caller<'_>) {
        let hours = json!({"available_days": {"TUESDAY": "09:00-10:00"}});
        doctor.put("/api/doctors/availability", hours).await.ok();
        let department = json!({"name": "Surgery"});
        let department = hospital.post("/api/hospitals/departments", department).await.ok();
        let (all, id) = ("/api/appointments", doctor.id_as("doc"));
        let slot = json!({
            "doctor": id, "appointment_date": "2030-01-15", "start_time": "09:00",
            "reason": "canary reason", "patient_notes": "canary remark",
        });
        let request = json!({
            "hospital": hospital.id_as("hsp"), "department": department["id"],
            "requested_time": "2030-01-16T10:00:00Z", "reason": "canary reason",
            "patient_notes": "canary remark",
        });
        let wrong = json!({
            "doctor": "canary-search", "start_time": "canary delay", "start": "canary delay",
            "appointment_type": "canary reason", "reason": {"canary reason": 1},
        });
        let booked = self.post(ana, all, &slot).await;
        self.post(ana, all, &slot).await;
        let asked = self.post(ana, all, &request).await;
        let held = json!({"doctor": id, "start": "2030-01-15T09:30:00Z"});
        let held = self.post(ana, "/api/appointments/holds", held).await;
        let wait = json!({"doctor": id, "date": "2030-01-15"});
        let bea = self.hub.patient("bea", "+923007654321").await;
        self.post(&bea, "/api/appointments/waitlist", wait).await;
        let hold = format!("/api/appointments/holds/{}", held["id"].as_str().unwrap());
        self.send(ana, Method::DELETE, &hold, Value::Null).await;
        for path in [all, "/api/appointments/holds", "/api/appointments/waitlist"] {
            self.post(ana, path, &wrong).await;
        }

        let asked = format!("{all}/{}", asked["id"].as_str().unwrap());
        let assigning = json!({"doctor_id": id, "notes": "canary floor"});
        self.post(hospital, &format!("{asked}/assign-doctor"), assigning).await;
        let calling_off = json!({"status": "CANCELLED", "notes": "canary delay"});
        self.send(ana, Method::PATCH, &format!("{asked}/status"), calling_off).await;
        let booked = booked["id"].as_str().unwrap();
        let one = format!("{all}/{booked}");
        let brief = json!({"patient_notes": "canary remark", "reason": "canary reason"});
        self.send(ana, Method::PATCH, &one, brief).await;
        let brief = json!({"doctor_notes": "canary advice", "notes": "canary floor"});
        self.send(doctor, Method::PATCH, &one, &brief).await;
        let later = json!({"start": "2030-01-15T09:30:00Z", "reason": "canary delay"});
        self.post(ana, &format!("{one}/reschedule"), later).await;
        for step in ["confirm", "check-in"] {
            self.post(doctor, &format!("{one}/{step}"), Value::Null).await;
        }

        let visit = format!("/api/consultations/{booked}");
        let entries = [
            ("symptoms", json!({"symptom": "canary cough", "duration": "canary delay"})),
            ("diagnosis", json!({"diagnosis": "canary flu", "notes": "canary remark"})),
            ("vital-signs", json!({"heart_rate": 72, "notes": "canary blood"})),
            ("notes", json!({"content": "canary advice"})),
        ];
        let wrong = json!({
            "symptom": ["canary cough"], "severity": "canary cough", "icd_code": "canary flu",
            "diagnosis_type": "canary flu", "heart_rate": "canary blood", "content": {"canary remark": 1},
            "note_type": "canary advice",
        });
        for (kind, new) in entries {
            let path = format!("{visit}/{kind}");
            let entry = self.post(doctor, &path, &new).await;
            self.post(doctor, &path, &wrong).await;
            let entry = format!("{path}/{}", entry["id"].as_str().unwrap());
            self.send(doctor, Method::PATCH, &entry, &new).await;
            self.send(doctor, Method::PATCH, &entry, &wrong).await;
            self.send(doctor, Method::GET, &path, Value::Null).await;
            self.send(doctor, Method::DELETE, &entry, Value::Null).await;
        }
        self.post(doctor, &format!("{one}/complete"), &brief).await;
        let queue = format!("/api/appointments/queues/{id}");
        let patient = json!({"patient": ana.id_as("pat")});
        self.post(doctor, &format!("{queue}/tokens"), patient).await;
        self.post(doctor, &format!("{queue}/next"), Value::Null).await;
        for path in [
            visit,
            queue,
            format!("{all}?limit=1"),
            format!("{all}?status=canary-search"),
            "/api/consultations/search?limit=1&query=canari".to_owned(),
            "/api/consultations/search?query=canary-search".to_owned(),
            "/api/appointments/available_doctors?limit=1&search=canaria&city=canaryville"
                .to_owned(),
        ] {
            let page = self.send(doctor, Method::GET, &path, Value::Null).await;
            if let Some(next) = page["next"].as_str() {
                self.send(doctor, Method::GET, next, Value::Null).await;
            }
        }
    }

    /// Files, and what is known of people's health.
    async fn papers(&mut self, hospital: &Caller<'_>, ana: &Caller<'_>, doctor: &Caller<'_>) {
        let patient = ana.id_as("pat");
        let scan = files::pdf();
        let announced = json!({
            "file_name": "canary-file.pdf", "content_type": "application/pdf", "size": scan.len(),
            "sha256": Checksum::of(&scan),
        });
        let announced = self.post(ana, "/api/uploads/presign", announced).await;
        assert_eq!(self.hub.put(&announced, scan).await, 200);
        inspect(self.hub).await;
        let wrong = json!({
            "file_name": "canary-file.exe", "content_type": "canary-file", "size": "canary-file",
            "sha256": "canary-file",
        });
        self.post(ana, "/api/uploads/presign", &wrong).await;
        self.send(ana, Method::GET, "/api/uploads/canary-file", Value::Null).await;
        let_in(self.hub, doctor, PHONE).await;

        let said = [("title", "canary report"), ("description", "canary finding")];
        let changes = json!({"title": "canary report", "description": "canary finding"});
        let wrong = json!({
            "title": ["canary report"], "document_type": "canary finding", "date": "canary report",
            "is_verified": "canary judgement", "notes": ["canary judgement"],
            "record_type": "canary record", "doctor": "canary diary", "content": ["canary opinion"],
            "reason": ["canary emergency"], "outcome": "canary judgement",
        });
        let reports = format!("/api/records/patients/{patient}/reports");
        let proofs = format!("/api/patients/{patient}/documents");
        let licences = format!("/api/doctors/{}/documents", doctor.id_as("doc"));
        let places = [
            (doctor, format!("{reports}/upload"), "/api/records/reports".to_owned(), "OTHER"),
            (ana, proofs.clone(), proofs, "ID_PROOF"),
            (doctor, licences.clone(), licences, "LICENSE"),
        ];
        for (author, all, one, kind) in places {
            let fields = [&[("document_type", kind)], &said[..]].concat();
            let filed = self.upload(author, &all, &fields, "canary-file.pdf").await;
            self.upload(author, &all, &fields, "canary-file.exe").await;
            self.upload(author, &all, &[("document_type", "canary report")], "canary-file.pdf")
                .await;
            let filed = filed.get("report").unwrap_or(&filed);
            let one = format!("{one}/{}", filed["id"].as_str().unwrap());
            self.send(author, Method::GET, &one, Value::Null).await;
            self.send(author, Method::PATCH, &one, &changes).await;
            self.send(author, Method::PATCH, &one, &wrong).await;
            let judgement = json!({"is_verified": true, "notes": "canary judgement"});
            self.post(hospital, &format!("{one}/verify"), judgement).await;
            self.post(hospital, &format!("{one}/verify"), &wrong).await;
            self.send(author, Method::GET, &format!("{one}/versions"), Value::Null).await;
            self.send(author, Method::DELETE, &one, Value::Null).await;
        }

        let glass = format!("/api/records/patients/{patient}/break-glass");
        let reason = json!({"reason": "canary emergency in the street"});
        let opened = self.post(doctor, &glass, reason).await;
        self.post(doctor, &glass, &wrong).await;
        let opened = format!("/api/records/break-glass/{}", opened["id"].as_str().unwrap());
        self.send(hospital, Method::GET, &opened, Value::Null).await;
        self.post(hospital, &format!("{opened}/review"), &wrong).await;
        let judgement = json!({"outcome": "JUSTIFIED", "notes": "canary judgement"});
        self.post(hospital, &format!("{opened}/review"), judgement).await;

        let record = [
            ("record_type", "OTHER"),
            ("title", "canary record"),
            ("description", "canary diary"),
            ("doctor", &*doctor.id_as("doc")),
        ];
        let record = self.upload(ana, "/api/records", &record, "canary-file.pdf").await;
        self.upload(ana, "/api/records", &[("record_type", "canary record")], "canary-file").await;
        self.post(ana, "/api/records", &wrong).await;
        let id = record["id"].as_str().unwrap();
        let record = format!("/api/records/{id}");
        let changes = json!({"title": "canary record", "description": "canary diary!"});
        self.send(ana, Method::PATCH, &record, &changes).await;
        self.send(ana, Method::PATCH, &record, &wrong).await;
        let attached = json!({"upload_id": announced["upload_id"], "title": "canary report"});
        self.post(ana, &format!("{record}/upload_attachment"), &attached).await;
        self.post(ana, &format!("{record}/upload_attachment"), &attached).await;
        let opinion = json!({"record": id, "content": "canary opinion"});
        let said = self.post(doctor, "/api/doctors/annotations", &opinion).await;
        self.post(doctor, &format!("{record}/add_annotation"), &wrong).await;
        let said = format!("/api/doctors/annotations/{}", said["id"].as_str().unwrap());
        self.send(doctor, Method::PATCH, &said, json!({"content": "canary opinion!"})).await;
        for path in [record, said, "/api/records?type=canary-search".to_owned()] {
            self.send(doctor, Method::GET, &path, Value::Null).await;
        }
        self.send(doctor, Method::GET, "/api/records/canary-search", Value::Null).await;
    }

    /// What is found at a visit, and what is prescribed.
    async fn medicines(&mut self, hospital: &Caller<'_>, ana: &Caller<'_>, doctor: &Caller<'_>) {
        let (records, results) = ("/api/medical-records", "/api/lab-results");
        let visit = self.hub.visit(ana, doctor).await;
        let finding = json!({
            "appointment": visit, "diagnosis": "canary flu", "treatment": "canary treatment",
            "prescription": "canary pill", "lab_results": "canary blood",
            "allergies": "canary nuts", "medications": "canary pill",
            "medical_history": "canary fever",
        });
        let wrong = json!({
            "appointment": "canary reason", "diagnosis": ["canary flu"], "weight": "canary treatment",
            "medical_record": "canary finding", "test_type": "canary test", "status": "canary blood",
            "result_date": "canary delay", "patient": "canary-search", "medicines": "canary pill",
            "medication_name": ["canary pill"], "override_reason": "canary", "note": ["canary hint"],
            "pharmacy_phone": "canary pharmacy", "pharmacy_email": "canary pharmacy",
            "reminder_times": "canary delay", "medication": "canary pill",
            "severity": "canary judgement", "drug1": "canary pill",
        });
        let written = self.post(doctor, records, &finding).await;
        self.post(doctor, records, &finding).await;
        self.post(doctor, records, &wrong).await;
        let id = written["id"].as_str().unwrap();
        let record = format!("{records}/{id}");
        self.send(doctor, Method::PATCH, &record, json!({"diagnosis": "canary flu!"})).await;
        self.send(doctor, Method::PATCH, &record, &wrong).await;
        let result = json!({
            "medical_record": id, "test_name": "canary test", "test_type": "BLOOD",
            "result_value": "canary blood", "result_unit": "canary unit", "status": "ABNORMAL",
            "reference_range": "canary finding", "notes": "canary remark",
        });
        let written = self.post(doctor, results, &result).await;
        self.post(doctor, results, &wrong).await;
        let result = format!("{results}/{}", written["id"].as_str().unwrap());
        self.send(doctor, Method::PATCH, &result, json!({"notes": "canary remark!"})).await;
        self.send(doctor, Method::PATCH, &result, &wrong).await;
        for path in [
            record,
            result,
            format!("{results}?limit=1&test_name=canary+test"),
            format!("{results}/trend?patient={}&test_name=canary+test", ana.id_as("pat")),
            format!("{records}?patient=canary-search"),
            format!("/api/records/patients/{}/summary", ana.id_as("pat")),
        ] {
            self.send(doctor, Method::GET, &path, Value::Null).await;
        }

        let known = json!({"allergies": [{"substance": "canary nuts"}], "allergy_status": "KNOWN"});
        self.send(ana, Method::PATCH, "/api/patients/update_profile", known).await;
        let letter = "canary letter";
        let mut prescription = json!({
            "appointment": visit, "diagnosis": "canary flu", "symptoms": "canary cough",
            "investigations": letter, "treatment_plan": "canary treatment",
            "general_instructions": letter, "header": letter, "body": letter, "footer": letter,
            "referral_notes": letter, "doctor_notes": letter, "follow_up_instructions": letter,
            "medicines": [{
                "name": "canary pill", "generic_name": "canary pill", "brand_name": "canary pill",
                "strength": "canary dosage", "dosage": "canary dosage", "frequency": "canary dosage",
                "duration": "canary delay", "instructions": letter, "side_effects_warning": letter,
            }],
        });
        let all = "/api/prescriptions";
        // Nobody knows this medicine, so it takes a reason.
        self.post(doctor, all, &prescription).await;
        self.post(doctor, all, &wrong).await;
        prescription["override_reason"] = json!("canary motive: nothing else helps");
        self.post(doctor, all, &prescription).await;
        let written = self.post(doctor, all, &prescription).await;
        let one = format!("{all}/{}", written["id"].as_str().unwrap());
        self.send(doctor, Method::PATCH, &one, json!({"diagnosis": "canary flu!"})).await;
        self.send(doctor, Method::PATCH, &one, &wrong).await;
        let pill = json!({"name": "canary pill", "override_reason": "canary motive, once more"});
        let pill = self.post(doctor, &format!("{one}/medications"), pill).await;
        self.post(doctor, &format!("{one}/medications"), json!({"name": "canary pill"})).await;
        self.post(doctor, &format!("{one}/notes"), json!({"note": "canary hint"})).await;
        self.post(doctor, &format!("{one}/notes"), &wrong).await;
        let fields = [("title", "canary report"), ("description", "canary finding")];
        self.upload(doctor, &format!("{one}/documents"), &fields, "canary-file.pdf").await;
        let question = json!({"patient": ana.id_as("pat"), "medicines": ["canary pill"]});
        self.post(doctor, "/api/prescriptions/interactions/check", question).await;
        let rule = json!({
            "title": letter, "drug1": "paracetamol", "drug2": "cetirizine", "severity": "NOTE",
            "detail": "canary judgement", "source": "canary report",
        });
        self.post(hospital, "/api/prescriptions/interactions", rule).await;
        self.post(hospital, "/api/prescriptions/interactions", &wrong).await;
        let template = json!({
            "name": "canary template", "diagnosis": "canary flu", "instructions": letter,
            "medicines": [{"name": "canary pill"}],
        });
        self.post(doctor, "/api/prescriptions/templates", template).await;
        self.post(doctor, "/api/prescriptions/templates", &wrong).await;
        let reminder = json!({"medication": pill["id"], "reminder_times": ["08:00"]});
        self.post(ana, "/api/prescriptions/reminders", &reminder).await;
        self.post(ana, "/api/prescriptions/reminders", &reminder).await;
        self.post(ana, "/api/prescriptions/reminders", &wrong).await;
        let dose = json!({"medication": pill["id"], "status": "TAKEN", "notes": "canary remark"});
        self.post(ana, "/api/prescriptions/adherence", dose).await;
        self.post(ana, "/api/prescriptions/adherence", &wrong).await;
        let shop = json!({
            "pharmacy_name": "canary pharmacy", "pharmacy_phone": "+924211122233",
            "pharmacy_email": "canary-desk@example.org",
        });
        self.post(ana, &format!("{one}/send-to-pharmacy"), &wrong).await;
        self.post(ana, &format!("{one}/send-to-pharmacy"), &shop).await;
        self.post(ana, &format!("{one}/send-to-pharmacy"), &shop).await;
        for path in [
            format!("{one}/pdf"),
            format!("{one}/versions"),
            format!("{one}/notes"),
            "/verify/canary-search".to_owned(),
            "/api/prescriptions/verify/canary-search".to_owned(),
            "/api/prescriptions?limit=1&query=canary+flu&medicine_name=canary+pill".to_owned(),
            "/api/prescriptions?status=canary-search".to_owned(),
            "/api/prescriptions/medications?limit=1&search=canary+pill".to_owned(),
            "/api/prescriptions/templates?limit=1&search=canary".to_owned(),
            "/api/prescriptions/canary-search".to_owned(),
        ] {
            let page = self.send(doctor, Method::GET, &path, Value::Null).await;
            if let Some(next) = page["next"].as_str() {
                self.send(doctor, Method::GET, next, Value::Null).await;
            }
        }
        let orders = self.hub.queues.orders();
        assert_eq!(orders.len(), 1);
        self.seen.push(serde_json::to_string(&orders).unwrap());
    }

    fn code(&mut self) -> String {
        let code = self.hub.post.code_to(PHONE);
        self.secrets.push(code.clone());
        code
    }

    async fn post(
        &mut self,
        caller: &Caller<'_>,
        path: &str,
        body: impl serde::Serialize,
    ) -> Value {
        self.send(caller, Method::POST, path, body).await
    }

    async fn send(
        &mut self,
        caller: &Caller<'_>,
        method: Method,
        path: &str,
        body: impl serde::Serialize,
    ) -> Value {
        let body = serde_json::to_value(body).unwrap();
        let body = (!body.is_null()).then_some(&body);
        let reply = Box::pin(caller.send(method, path, body)).await;
        let signed_in = caller.access.is_none() || reply.status != 401;
        assert!(signed_in, "nothing is told by who is not signed in: {path}");
        self.note(&reply).await;
        told(&reply)
    }

    /// Sends a form with a file.
    async fn upload(
        &mut self,
        caller: &Caller<'_>,
        path: &str,
        fields: &[(&str, &str)],
        name: &str,
    ) -> Value {
        let reply = caller.upload(path, fields, &[("file", name, files::pdf())]).await;
        self.note(&reply).await;
        told(&reply)
    }

    async fn note(&mut self, reply: &Reply) {
        assert!(!reply.status.is_server_error(), "{}", reply.text());
        self.seen.push(reply.header("location").to_owned());
        if !reply.status.is_success() {
            self.seen.push(reply.text());
        } else if let Ok(page) = serde_json::from_slice::<Value>(&reply.body) {
            self.seen.extend(["next", "previous"].map(|name| page[name].to_string()));
        }
        self.events.extend(catch_up(self.hub).await);
    }
}

/// What somebody was told, if it is JSON.
fn told(reply: &Reply) -> Value {
    if !reply.status.is_success() {
        return Value::Null;
    }
    serde_json::from_slice(&reply.body).unwrap_or_default()
}

/// All that was logged so far.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
