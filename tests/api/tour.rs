//! One success of every operation, one after the other, and what each left behind.

mod notifications;
mod prescriptions;
mod recommendations;
mod records;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use carehub_api::limit::Quota;
use carehub_domain::{access::Action, event::Event};
use carehub_events::announced;
use carehub_testkit::{Caller, Fault, Reply, Spent, TestHub, files};
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{PASSWORD, People, open_with, relay};

/// A success of one operation.
#[derive(Debug)]
pub(crate) struct Stop {
    /// The method and the documented path.
    pub(crate) operation: (String, &'static str),
    /// The account of whoever asked, if they were signed in.
    pub(crate) caller: Option<String>,
    /// Where they were.
    pub(crate) address: IpAddr,
    /// The answer.
    pub(crate) reply: Reply,
    /// What it cost.
    pub(crate) spent: Spent,
    /// What it left in the audit log.
    pub(crate) events: Vec<Event>,
    /// The answers while something was wrong with the tables, and what they left in the audit log.
    pub(crate) struck: Vec<(Reply, Vec<Event>)>,
}

/// Opens a hub that counts requests as the cloud does, but minds none.
pub(crate) async fn open_counting() -> TestHub {
    open_with(|_| Some(Quota::per(100_000, 60))).await
}

/// Every operation of every function, as method and documented path, with the function.
pub(crate) fn operations() -> BTreeMap<(String, &'static str), &'static str> {
    let functions = carehub_tests::functions();
    let operations = functions.iter().flat_map(|(name, routes)| {
        routes.iter().map(|route| ((route.method.to_string(), route.paths[0]), *name))
    });
    operations.collect()
}

/// Visits every operation.
pub(crate) async fn tour(hub: &TestHub) -> Vec<Stop> {
    Box::pin(visit_all(hub, None)).await
}

/// Visits every operation. Before it succeeds, each is struck by `fault`: at the first call
/// to the tables, then at the second, and so on.
pub(crate) async fn stricken_tour(hub: &TestHub, fault: Fault) -> Vec<Stop> {
    Box::pin(visit_all(hub, Some(fault))).await
}

#[tokio::test]
async fn the_tour_is_complete() {
    let stops = tour(&open_counting().await).await;

    let visited: BTreeSet<_> = stops.into_iter().map(|stop| stop.operation).collect();
    let all: BTreeSet<_> = operations().into_keys().collect();
    assert_eq!(visited, all, "visit a new operation in `visit_all`");
}

struct Tour<'h> {
    hub: &'h TestHub,
    fault: Option<Fault>,
    stops: Vec<Stop>,
}

async fn visit_all(hub: &TestHub, fault: Option<Fault>) -> Vec<Stop> {
    let mut tour = Tour { hub, fault, stops: Vec::new() };
    let visitor = hub.visitor();
    let admin = hub.admin().await;
    let hospital = hub.hospital("jinnah").await;
    let doctor = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", ANA).await;
    tour.platform(&visitor).await;
    tour.auth(&visitor).await;
    tour.users(&admin).await;
    tour.accounts(&admin, &doctor, &ana).await;
    tour.hospitals(&visitor, &admin, &hospital).await;
    let cora = hub.coordinator("coordinator").await;
    let patient = tour.patients(&cora, &hospital, &ana).await;
    tour.mappings(&cora, &patient, &doctor).await;
    tour.doctors(&admin, &cora, &doctor).await;
    tour.careers(&doctor).await;
    let sara = hub.bookable(&hospital, "Sara", "Khan").await;
    tour.appointments(&hospital, &sara, &ana).await;
    tour.waits(&sara, &ana).await;
    tour.queues(&sara, &ana).await;
    tour.consultations(&sara, &ana).await;
    tour.uploads(&ana).await;
    tour.repository(&hospital, &doctor, &sara, &ana).await;
    let visit = agreed(&sara, &ana, "2030-01-10").await;
    tour.documents(&admin, &hospital, &sara, &ana, &visit).await;
    tour.health_records(&sara, &ana).await;
    tour.templates(&sara).await;
    tour.safety(&hospital, &sara, &ana).await;
    let prescribed = tour.prescriptions(&sara, &ana, &visit).await;
    tour.medical_records(&sara, &visit).await;
    tour.doses(&sara, &ana, &prescribed).await;
    tour.pharmacy([&visitor, &admin, &hospital, &sara, &ana], &prescribed).await;
    tour.reviews(&admin, &ana, &sara).await;
    tour.notifications(&ana).await;
    tour.visit(&ana, "POST", "/api/realtime/tickets", "", Value::Null).await;
    tour.preferences(&ana).await;
    tour.webhooks(&hospital).await;
    tour.recommendations(&admin, &hospital, &ana).await;
    // Time moves on here, and access tokens run out.
    tour.no_show(&sara, &ana).await;
    tour.stops
}

/// A visit that both have agreed to.
async fn agreed(doctor: &Caller<'_>, patient: &Caller<'_>, day: &str) -> String {
    let new = json!({
        "doctor": doctor.id_as("doc"), "scheduled_date": day, "scheduled_time": "14:00",
    });
    let agreed = patient.post("/api/consultations", new).await.ok();
    agreed["id"].as_str().unwrap().to_owned()
}

const ANA: &str = "+923001234567";
const BEA: &str = "+923007654321";

impl Tour<'_> {
    async fn platform(&mut self, visitor: &Caller<'_>) {
        for path in ["/health", "/health/database", "/health/redis", "/health/detailed"] {
            self.get(visitor, path, "").await;
        }
        for path in ["/api", "/api/schema", "/api/docs", "/api/redoc"] {
            self.get(visitor, path, "").await;
        }
        self.get(visitor, "/api/docs/{asset}", "swagger-ui.css").await;
        self.get(visitor, "/api/auth/health", "").await;
        self.get(visitor, "/.well-known/jwks.json", "").await;
    }

    async fn auth(&mut self, visitor: &Caller<'_>) {
        let newcomer = json!({"username": "cora", "password": PASSWORD});
        self.visit(visitor, "POST", "/api/auth/register", "", newcomer).await;
        let patient = json!({
            "username": "bea", "password": PASSWORD, "password_confirm": PASSWORD, "consent": true,
            "first_name": "Bea", "last_name": "Baum", "email": "bea@example.org", "phone": BEA,
        });
        self.visit(visitor, "POST", "/api/accounts/patients/register", "", patient).await;
        let credentials = json!({"username": "bea", "password": PASSWORD});
        let signed_in = self.visit(visitor, "POST", "/api/auth/login", "", &credentials).await;
        let renewal = json!({"refresh": signed_in["refresh"]});
        let signed_in = self.visit(visitor, "POST", "/api/auth/refresh", "", renewal).await;
        let bea = visitor.with_tokens(&signed_in);

        self.get(&bea, "/api/auth/profile", "").await;
        self.visit(&bea, "PATCH", "/api/auth/profile", "", json!({"city": "Lahore"})).await;
        self.visit(&bea, "PUT", "/api/auth/profile", "", json!({"city": "Karachi"})).await;
        self.get(&bea, "/api/profiles", "").await;

        self.visit(visitor, "POST", "/api/auth/send-otp", "", json!({"phone": BEA})).await;
        let entry = json!({"phone": BEA, "otp": self.hub.post.code_to(BEA)});
        self.visit(visitor, "POST", "/api/auth/verify-otp", "", entry).await;
        let request = json!({"phone": BEA, "purpose": "PASSWORD_RESET"});
        self.visit(visitor, "POST", "/api/auth/send-otp", "", request).await;
        let code = self.hub.post.code_to(BEA);
        let reset = json!({"phone": BEA, "otp": code, "new_password": "amber-harbour-31"});
        self.visit(visitor, "POST", "/api/auth/password-reset", "", reset).await;

        let bea = self.hub.sign_in("bea", "amber-harbour-31").await;
        let change = json!({"old_password": "amber-harbour-31", "new_password": PASSWORD});
        let signed_in = self.visit(&bea, "POST", "/api/auth/change-password", "", change).await;
        let bea = bea.with_tokens(&signed_in);
        let other = self.hub.sign_in("bea", PASSWORD).await;
        let sessions = self.get(&other, "/api/auth/sessions", "").await;
        let sessions = sessions["results"].as_array().unwrap();
        let current = sessions.iter().find(|session| session["is_current"] == true).unwrap();
        let id = current["id"].as_str().unwrap();
        self.visit(&bea, "DELETE", "/api/auth/sessions/{id}", id, Value::Null).await;
        self.hub.sign_in("bea", PASSWORD).await;
        self.visit(&bea, "DELETE", "/api/auth/sessions", "", Value::Null).await;
        self.visit(&bea, "POST", "/api/auth/logout", "", Value::Null).await;
    }

    async fn users(&mut self, admin: &Caller<'_>) {
        self.get(admin, "/api/auth/admin/users", "").await;
        let new = json!({"role": "COORDINATOR", "name": "Carl Orso"});
        let carl = self.visit(admin, "POST", "/api/auth/admin/users", "", new).await;
        let (path, id) = ("/api/auth/admin/users/{id}", carl["user"]["id"].as_str().unwrap());
        self.get(admin, path, id).await;
        self.visit(admin, "PATCH", path, id, json!({"city": "Lahore"})).await;
        self.visit(admin, "PUT", path, id, json!({"role": "ADMIN"})).await;
        self.visit(admin, "DELETE", path, id, Value::Null).await;
    }

    async fn accounts(&mut self, admin: &Caller<'_>, doctor: &Caller<'_>, ana: &Caller<'_>) {
        let request = json!({"patient_phone": ANA});
        self.visit(doctor, "POST", "/api/accounts/otp/generate", "", request).await;
        let entry = json!({"patient_phone": ANA, "otp": self.hub.post.code_to(ANA)});
        self.visit(doctor, "POST", "/api/accounts/otp/verify", "", entry).await;
        self.get(ana, "/api/accounts/access-grants", "").await;
        let id = doctor.id_as("doc");
        self.visit(ana, "DELETE", "/api/accounts/access-grants/{doctor}", &id, Value::Null).await;
        self.get(ana, "/api/accounts/access-log", "").await;
        self.get(ana, "/api/profiles/dashboard_data", "").await;
        self.get(admin, "/api/accounts/audit-logs", "").await;
        self.get(admin, "/api/accounts/dashboard-stats", "").await;
        self.get(admin, "/api/users/doctors", "").await;
        self.get(admin, "/api/users/patients", "").await;
    }

    async fn hospitals(&mut self, visitor: &Caller<'_>, admin: &Caller<'_>, hospital: &Caller<'_>) {
        let application = json!({
            "username": "mayo", "email": "mayo@example.org",
            "password": PASSWORD, "password_confirm": PASSWORD,
            "first_name": "Olga", "last_name": "Owner", "phone_number": "+923001110001",
            "hospital_name": "Mayo Hospital", "license_number": "LIC-mayo",
            "hospital_email": "desk-mayo@example.org", "hospital_phone": "+924211100001",
            "address": "2 Example Road", "latitude": 31.5, "longitude": 74.3,
        });
        let mayo = self.visit(visitor, "POST", "/api/hospitals/register", "", application).await;
        let (path, mayo) = ("/api/hospitals/{id}", mayo["hospital"]["id"].as_str().unwrap());
        let decision = "/api/hospitals/{id}/approve";
        self.visit(admin, "PATCH", decision, mayo, Value::Null).await;
        self.visit(admin, "POST", decision, mayo, json!({"is_approved": false})).await;
        self.visit(admin, "DELETE", path, mayo, Value::Null).await;

        let id = &hospital.user["hospital"].as_str().unwrap().to_owned();
        self.get(hospital, "/api/hospitals", "").await;
        self.get(hospital, "/api/hospitals/nearby?lat=31.5&lng=74.3", "").await;
        self.get(hospital, path, id).await;
        self.visit(hospital, "PATCH", path, id, json!({"location": "Gulberg"})).await;
        self.visit(hospital, "PUT", path, id, json!({"location": "Model Town"})).await;

        self.get(hospital, "/api/hospitals/{id}/departments", id).await;
        self.get(hospital, "/api/hospitals/departments", "").await;
        let (all, one) = ("/api/hospitals/departments", "/api/hospitals/departments/{id}");
        let opened = self.visit(hospital, "POST", all, "", json!({"name": "Cardiology"})).await;
        let department = opened["id"].as_str().unwrap();
        self.get(hospital, one, department).await;
        self.visit(hospital, "PATCH", one, department, json!({"description": "Hearts"})).await;
        self.visit(hospital, "PUT", one, department, json!({"name": "Heart"})).await;

        let new = json!({
            "first_name": "Dana", "last_name": "Dahl", "email": "dana@example.org",
            "phone_number": "+923002220001", "specialization": "Cardiology",
            "license_number": "DOC-1", "department": department,
        });
        self.visit(hospital, "POST", "/api/hospitals/doctors/create", "", new).await;
        self.get(hospital, "/api/hospitals/{id}/doctors", id).await;
        self.get(hospital, "/api/hospitals/doctors", "").await;
        self.visit(hospital, "DELETE", one, department, Value::Null).await;
    }

    /// Gives back a patient of the coordinator.
    async fn patients(
        &mut self,
        cora: &Caller<'_>,
        hospital: &Caller<'_>,
        ana: &Caller<'_>,
    ) -> String {
        let (all, one) = ("/api/patients", "/api/patients/{id}");
        let new = json!({
            "first_name": "Pia", "last_name": "Pohl", "phone": "+923001112222",
            "date_of_birth": "1980-05-05", "allergies": "nuts", "city": "Lahore",
        });
        let patient = self.visit(cora, "POST", all, "", &new).await;
        let id = patient["id"].as_str().unwrap();
        for path in [all, "/api/patients/search?query=pia", "/api/patients/stats"] {
            self.get(cora, path, "").await;
        }
        self.get(cora, one, id).await;
        self.visit(cora, "PATCH", one, id, json!({"city": "Karachi"})).await;
        self.visit(cora, "PUT", one, id, json!({"last_name": "Paul"})).await;
        self.get(ana, "/api/patients/profile", "").await;
        let own = "/api/patients/update_profile";
        self.visit(ana, "PATCH", own, "", json!({"blood_group": "O+"})).await;
        self.visit(ana, "PUT", own, "", json!({"chronic_conditions": ["asthma"]})).await;
        self.get(ana, "/api/patients/my_doctor", "").await;

        let notes = "/api/patients/{id}/notes";
        let note = self.visit(cora, "POST", notes, id, json!({"note": "Prefers mornings."})).await;
        self.get(cora, notes, id).await;
        let (note_path, note) = ("/api/patients/{id}/notes/{pk}", note["id"].as_str().unwrap());
        let note = format!("{id} {note}");
        self.get(cora, note_path, &note).await;
        self.visit(cora, "PATCH", note_path, &note, json!({"is_private": false})).await;
        self.visit(cora, "PUT", note_path, &note, json!({"note": "Prefers evenings."})).await;
        self.get(cora, "/api/patients/{id}/notes/{pk}/versions", &note).await;
        self.visit(cora, "DELETE", note_path, &note, Value::Null).await;

        let twins = [hospital.post(all, &new).await.ok(), hospital.post(all, &new).await.ok()];
        let [stays, goes] = twins.map(|twin| twin["id"].as_str().unwrap().to_owned());
        let duplicate = json!({"duplicate": goes});
        self.visit(hospital, "POST", "/api/patients/{id}/merge", &stays, &duplicate).await;
        self.visit(hospital, "POST", "/api/patients/{id}/unmerge", &stays, &duplicate).await;
        self.visit(hospital, "DELETE", one, &goes, Value::Null).await;
        id.to_owned()
    }

    async fn mappings(&mut self, cora: &Caller<'_>, patient: &str, doctor: &Caller<'_>) {
        let (all, one) = ("/api/mappings", "/api/mappings/{id}");
        let new =
            json!({"patient": patient, "doctor": doctor.id_as("doc"), "notes": "first visit"});
        let mapping = self.visit(cora, "POST", all, "", new).await;
        let id = mapping["id"].as_str().unwrap();
        self.get(cora, all, "").await;
        self.get(cora, "/api/mappings/patient/{patient_id}", patient).await;
        self.get(cora, one, id).await;
        for path in ["/api/doctors/patients", "/api/doctors/notifications"] {
            self.get(doctor, path, "").await;
        }
        let update = "/api/mappings/{id}/update";
        self.visit(doctor, "PATCH", update, id, json!({"notes": "seen"})).await;
        self.visit(cora, "PUT", update, id, json!({"status": "COMPLETED"})).await;
        self.visit(cora, "DELETE", one, id, Value::Null).await;
    }

    async fn doctors(&mut self, admin: &Caller<'_>, cora: &Caller<'_>, doctor: &Caller<'_>) {
        let own = doctor.id_as("doc");
        let new = json!({
            "first_name": "Dora", "last_name": "Dent", "specialization": "CARDIOLOGY",
            "license_number": "MD123456", "city": "Lahore", "consultation_fee": 150,
        });
        let listed = self.visit(cora, "POST", "/api/doctors/create", "", new).await;
        let id = listed["id"].as_str().unwrap();
        self.visit(admin, "POST", "/api/doctors/{id}/verify", id, json!({})).await;
        for path in ["/api/doctors", "/api/doctors/search?query=dora"] {
            self.get(cora, path, "").await;
        }
        self.get(admin, "/api/doctors/stats", "").await;
        self.get(cora, "/api/doctors/{id}", id).await;
        let update = "/api/doctors/{id}/update";
        self.visit(cora, "PATCH", update, id, json!({"city": "Karachi"})).await;
        self.visit(cora, "PUT", update, id, json!({"bio": "Hearts."})).await;
        self.visit(cora, "DELETE", "/api/doctors/{id}/delete", id, Value::Null).await;

        self.get(doctor, "/api/doctors/profile", "").await;
        let profile = "/api/doctors/update_profile";
        self.visit(doctor, "PATCH", profile, "", json!({"languages": ["Urdu"]})).await;
        self.visit(doctor, "PUT", profile, "", json!({"years_of_experience": 9})).await;
        let hours =
            json!({"available_days": {"MONDAY": {"start_time": "09:00", "end_time": "17:00"}}});
        let availability = "/api/doctors/availability";
        self.visit(doctor, "PUT", availability, "", &hours).await;
        self.visit(doctor, "PATCH", availability, "", json!({"appointment_duration": 45})).await;
        self.get(doctor, availability, "").await;
        self.get(cora, "/api/doctors/{id}/available_slots?date=2030-01-07", &own).await;
        self.get(doctor, "/api/doctors/{id}/statistics", &own).await;
    }

    async fn careers(&mut self, doctor: &Caller<'_>) {
        let own = doctor.id_as("doc");
        let degree = json!({"degree": "MBBS", "institution": "Example University", "year": 2012});
        let post = json!({"organization": "Example Clinic", "position": "Registrar", "start_date": "2013-01-01"});
        let shift = json!({"day_of_week": "tuesday", "start_time": "09:00", "end_time": "12:00"});
        let day = json!({"date": "2030-01-07", "is_available": false, "reason": "Leave"});
        let parts: [(&str, &str, Value, Value); 4] = [
            (
                "/api/doctors/{id}/education",
                "/api/doctors/{id}/education/{pk}",
                degree,
                json!({"grade": "A"}),
            ),
            (
                "/api/doctors/{id}/experience",
                "/api/doctors/{id}/experience/{pk}",
                post,
                json!({"position": "Consultant"}),
            ),
            (
                "/api/doctors/{id}/schedule",
                "/api/doctors/{id}/schedule/{pk}",
                shift,
                json!({"end_time": "13:00"}),
            ),
            (
                "/api/doctors/{id}/availability",
                "/api/doctors/{id}/availability/{pk}",
                day,
                json!({"reason": "Away"}),
            ),
        ];
        for (all, one, new, change) in parts {
            let added = self.visit(doctor, "POST", all, &own, new).await;
            self.get(doctor, all, &own).await;
            let place = format!("{own} {}", added["id"].as_str().unwrap());
            self.get(doctor, one, &place).await;
            self.visit(doctor, "PATCH", one, &place, &change).await;
            self.visit(doctor, "PUT", one, &place, &change).await;
            self.visit(doctor, "DELETE", one, &place, Value::Null).await;
        }
        let (all, one) = ("/api/doctor-availability", "/api/doctor-availability/{id}");
        let shift = json!({"day_of_week": 2, "start_time": "09:00", "end_time": "12:00"});
        let added = self.visit(doctor, "POST", all, "", shift).await;
        let id = added["id"].as_str().unwrap();
        self.get(doctor, all, "").await;
        self.get(doctor, one, id).await;
        self.visit(doctor, "PATCH", one, id, json!({"end_time": "13:00"})).await;
        self.visit(doctor, "PUT", one, id, json!({"end_time": "14:00"})).await;
        let toggle = "/api/doctor-availability/{id}/toggle";
        self.visit(doctor, "POST", toggle, id, Value::Null).await;
        self.visit(doctor, "DELETE", one, id, Value::Null).await;
    }

    /// A department's request up to the visit, and a slot up to the visit.
    async fn appointments(&mut self, hospital: &Caller<'_>, sara: &Caller<'_>, ana: &Caller<'_>) {
        let (all, one) = ("/api/appointments", "/api/appointments/{id}");
        let department = json!({"name": "Paediatrics"});
        let department = hospital.post("/api/hospitals/departments", department).await.ok();
        let request = json!({
            "hospital": hospital.id_as("hsp"), "department": department["id"],
            "requested_time": "2030-01-08T10:00:00Z", "reason": "Pain",
        });
        let request = self.visit(ana, "POST", all, "", request).await;
        let id = request["id"].as_str().unwrap();
        self.get(ana, all, "").await;
        self.get(ana, "/api/appointments/my-appointments", "").await;
        self.get(hospital, "/api/appointments/hospital-appointments", "").await;
        let assigning = json!({"doctor_id": sara.id_as("doc")});
        let assign = "/api/appointments/{id}/assign-doctor";
        self.visit(hospital, "POST", assign, id, assigning).await;
        self.get(sara, "/api/appointments/doctor-appointments", "").await;
        self.get(sara, one, id).await;
        self.visit(ana, "PATCH", one, id, json!({"patient_notes": "Left side."})).await;
        self.visit(hospital, "PUT", one, id, json!({"notes": "Second floor."})).await;
        let status = "/api/appointments/{id}/status";
        self.visit(hospital, "PATCH", status, id, json!({"status": "CHECKED_IN"})).await;
        self.visit(sara, "PUT", status, id, json!({"status": "IN_PROGRESS"})).await;

        let doctor = sara.id_as("doc");
        self.get(ana, "/api/appointments/available_doctors?date=2030-01-09", "").await;
        let days = "/api/appointments/doctor_availability?doctor_id={doctor}";
        self.get(ana, days, &doctor).await;
        let book = "/api/appointments/book";
        let slot = |time: &str| json!({"doctor": doctor, "appointment_date": "2030-01-09", "start_time": time});
        let booked = self.visit(ana, "POST", book, "", slot("10:00")).await;
        let id = booked["id"].as_str().unwrap();
        let reschedule = "/api/appointments/{id}/reschedule";
        self.visit(ana, "POST", reschedule, id, json!({"start": "2030-01-09T11:00:00Z"})).await;
        self.visit(sara, "POST", "/api/appointments/{id}/confirm", id, Value::Null).await;
        self.visit(ana, "POST", "/api/appointments/{id}/check-in", id, Value::Null).await;
        self.visit(sara, "POST", "/api/appointments/{id}/start", id, Value::Null).await;
        let findings = json!({"doctor_notes": "All is well."});
        self.visit(sara, "POST", "/api/appointments/{id}/complete", id, findings).await;

        let booked = ana.post(book, slot("12:00")).await.ok();
        let (cancel, id) = ("/api/appointments/{id}/cancel", booked["id"].as_str().unwrap());
        self.visit(ana, "POST", cancel, id, json!({"reason": "Away."})).await;
        let booked = ana.post(book, slot("12:00")).await.ok();
        self.visit(ana, "DELETE", one, booked["id"].as_str().unwrap(), Value::Null).await;
    }

    async fn waits(&mut self, sara: &Caller<'_>, ana: &Caller<'_>) {
        let (all, one) = ("/api/appointments/holds", "/api/appointments/holds/{id}");
        let doctor = sara.id_as("doc");
        let slot = json!({"doctor": doctor, "date": "2030-01-10", "start_time": "09:00"});
        let hold = self.visit(ana, "POST", all, "", slot).await;
        let id = hold["id"].as_str().unwrap();
        self.get(ana, all, "").await;
        self.get(ana, one, id).await;
        self.visit(ana, "DELETE", one, id, Value::Null).await;

        let day_off = json!({"date": "2030-01-11", "is_available": false});
        sara.post(format!("/api/doctors/{doctor}/availability"), day_off).await.ok();
        let all = "/api/appointments/waitlist";
        let one = "/api/appointments/waitlist/{doctor}/{date}";
        let wait = json!({"doctor": doctor, "date": "2030-01-11"});
        self.visit(ana, "POST", all, "", wait).await;
        self.get(ana, all, "").await;
        let place = format!("{doctor} 2030-01-11");
        self.get(sara, one, &place).await;
        self.visit(ana, "DELETE", one, &place, Value::Null).await;
    }

    async fn queues(&mut self, sara: &Caller<'_>, ana: &Caller<'_>) {
        let tokens = "/api/appointments/queues/{doctor}/tokens";
        let one = "/api/appointments/queues/{doctor}/tokens/{number}";
        let doctor = sara.id_as("doc");
        let (first, second) = (format!("{doctor} 1"), format!("{doctor} 2"));
        self.visit(ana, "POST", tokens, &doctor, json!({})).await;
        self.get(sara, "/api/appointments/queues/{doctor}", &doctor).await;
        self.get(sara, one, &first).await;
        let check_in = "/api/appointments/queues/{doctor}/tokens/{number}/check-in";
        self.visit(ana, "POST", check_in, &first, Value::Null).await;
        let next = "/api/appointments/queues/{doctor}/next";
        self.visit(sara, "POST", next, &doctor, Value::Null).await;
        ana.post(tokens.replace("{doctor}", &doctor), json!({})).await.ok();
        self.visit(ana, "DELETE", one, &second, Value::Null).await;
    }

    async fn consultations(&mut self, sara: &Caller<'_>, ana: &Caller<'_>) {
        let new = json!({
            "doctor": sara.id_as("doc"), "scheduled_date": "2030-01-09", "scheduled_time": "14:00",
            "chief_complaint": "Cough",
        });
        let agreed = self.visit(ana, "POST", "/api/consultations", "", new).await;
        let id = agreed["id"].as_str().unwrap();
        let parts: [(&Caller<'_>, [&str; 3], Value, Value); 4] = [
            (
                ana,
                [
                    "/api/consultations/{id}/symptoms",
                    "/api/consultations/{id}/symptoms/{pk}",
                    "/api/consultations/{id}/symptoms/{pk}/versions",
                ],
                json!({"symptom": "Cough"}),
                json!({"severity": "MILD"}),
            ),
            (
                sara,
                [
                    "/api/consultations/{id}/diagnosis",
                    "/api/consultations/{id}/diagnosis/{pk}",
                    "/api/consultations/{id}/diagnosis/{pk}/versions",
                ],
                json!({"diagnosis": "Cold", "icd_code": "J00"}),
                json!({"confidence_level": "HIGH"}),
            ),
            (
                sara,
                [
                    "/api/consultations/{id}/vital-signs",
                    "/api/consultations/{id}/vital-signs/{pk}",
                    "/api/consultations/{id}/vital-signs/{pk}/versions",
                ],
                json!({"heart_rate": 72}),
                json!({"temperature": 37.5}),
            ),
            (
                sara,
                [
                    "/api/consultations/{id}/notes",
                    "/api/consultations/{id}/notes/{pk}",
                    "/api/consultations/{id}/notes/{pk}/versions",
                ],
                json!({"content": "Rest."}),
                json!({"note_type": "TREATMENT"}),
            ),
        ];
        for (author, [all, one, versions], new, change) in parts {
            let added = self.visit(author, "POST", all, id, new).await;
            self.get(sara, all, id).await;
            let place = format!("{id} {}", added["id"].as_str().unwrap());
            self.get(sara, one, &place).await;
            self.visit(author, "PATCH", one, &place, &change).await;
            self.visit(author, "PUT", one, &place, &change).await;
            self.get(sara, versions, &place).await;
            self.visit(author, "DELETE", one, &place, Value::Null).await;
        }
        self.get(sara, "/api/consultations/{id}", id).await;
        self.get(sara, "/api/consultations/stats", "").await;
        for step in ["start", "complete"] {
            sara.post(format!("/api/consultations/{id}/{step}"), json!({})).await.ok();
        }
    }

    /// Comes last, as time goes by.
    async fn no_show(&mut self, sara: &Caller<'_>, ana: &Caller<'_>) {
        let new = json!({
            "doctor": sara.id_as("doc"), "scheduled_date": "2030-01-07", "scheduled_time": "16:30",
        });
        let agreed = ana.post("/api/consultations", new).await.ok();
        self.hub.clock.advance(SignedDuration::from_hours(9));
        let hospital = self.hub.sign_in("jinnah", PASSWORD).await;
        let (miss, id) = ("/api/appointments/{id}/no-show", agreed["id"].as_str().unwrap());
        self.visit(&hospital, "POST", miss, id, Value::Null).await;
    }

    async fn reviews(&mut self, admin: &Caller<'_>, ana: &Caller<'_>, doctor: &Caller<'_>) {
        let own = doctor.id_as("doc");
        let (all, one) = ("/api/doctors/{id}/reviews", "/api/doctors/{id}/reviews/{pk}");
        let review = self.visit(ana, "POST", all, &own, json!({"rating": 5})).await;
        self.get(ana, all, &own).await;
        let place = format!("{own} {}", review["id"].as_str().unwrap());
        self.get(ana, one, &place).await;
        self.visit(ana, "PATCH", one, &place, json!({"rating": 4})).await;
        self.visit(ana, "PUT", one, &place, json!({"is_anonymous": true})).await;
        self.visit(ana, "DELETE", one, &place, Value::Null).await;

        let (all, one) = ("/api/reviews", "/api/reviews/{id}");
        let new = json!({"doctor": own, "rating": 3, "review_text": "Long wait."});
        let review = self.visit(ana, "POST", all, "", new).await;
        let id = review["id"].as_str().unwrap();
        self.get(ana, all, "").await;
        self.get(ana, one, id).await;
        let moderate = "/api/reviews/{id}/moderate";
        self.visit(admin, "POST", moderate, id, json!({"is_approved": true})).await;
        self.visit(ana, "PATCH", one, id, json!({"rating": 4})).await;
        self.visit(ana, "PUT", one, id, json!({"rating": 5})).await;
        self.visit(ana, "DELETE", one, id, Value::Null).await;
    }

    async fn get(&mut self, caller: &Caller<'_>, path: &'static str, record: &str) -> Value {
        self.visit(caller, "GET", path, record, Value::Null).await
    }

    /// Asks for the operation at `path`, on `record`, until it succeeds. For a record within
    /// another, `record` names both.
    async fn visit(
        &mut self,
        caller: &Caller<'_>,
        method: &str,
        path: &'static str,
        record: &str,
        body: impl serde::Serialize,
    ) -> Value {
        let body = serde_json::to_value(body).unwrap();
        let body = (!body.is_null()).then_some(&body);
        let operation = (method.parse().unwrap(), path);
        let send = async |method, path: &str| caller.send(method, path, body).await;
        Box::pin(self.ask(caller, operation, record, send)).await
    }

    /// The same with a form that a file belongs to.
    async fn send_file(
        &mut self,
        caller: &Caller<'_>,
        path: &'static str,
        record: &str,
        fields: &[(&str, &str)],
    ) -> Value {
        let send = async |_, path: &str| {
            caller.upload(path, fields, &[("file", "scan.pdf", files::pdf())]).await
        };
        Box::pin(self.ask(caller, (Method::POST, path), record, send)).await
    }

    /// Asks for the operation until nothing is wrong with the tables any more.
    async fn ask(
        &mut self,
        caller: &Caller<'_>,
        (method, path): (Method, &'static str),
        record: &str,
        send: impl AsyncFn(Method, &str) -> Reply,
    ) -> Value {
        let hub = self.hub;
        let variables = path.split(['{', '}']).skip(1).step_by(2);
        let real = variables
            .zip(record.split(' '))
            .fold(path.to_owned(), |path, (name, id)| path.replace(&format!("{{{name}}}"), id));
        catch_up(hub).await;

        let mut struck = Vec::new();
        let (reply, spent) = loop {
            if let Some(fault) = self.fault {
                hub.faults.strike(fault, u32::try_from(struck.len()).unwrap());
            }
            hub.meter.take();
            let reply = send(method.clone(), &real).await;
            if !hub.faults.cease() {
                break (reply, hub.meter.take());
            }
            struck.push((reply, catch_up(hub).await));
        };
        let status = reply.status;
        assert!(status.is_success(), "{method} {path}: {status} {}", reply.text());
        self.stops.push(Stop {
            operation: (method.to_string(), path.split('?').next().unwrap()),
            caller: caller.user["id"].as_str().map(str::to_owned),
            address: caller.address,
            reply: reply.clone(),
            spent,
            events: catch_up(hub).await,
            struck,
        });
        match reply.header("content-type").starts_with("application/json") {
            true => reply.ok(),
            false => Value::Null,
        }
    }
}

/// Lets `relay` act on what happened since the last time, and says what that was.
pub(crate) async fn catch_up(hub: &TestHub) -> Vec<Event> {
    let batch = hub.unread();
    let events = announced(batch.clone()).into_iter().map(|(_, event)| event.unwrap()).collect();
    let answer = relay(hub).relay(batch).await;
    assert!(answer.batch_item_failures.is_empty(), "{answer:?}");
    // What the hub makes of it, such as telling people, is nobody's deed.
    hub.settle().await;
    events
}

/// The codes of what happened.
pub(crate) fn actions(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(|event| Action::code(event.action)).collect()
}
