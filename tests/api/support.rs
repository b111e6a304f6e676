//! What the tests have in common: a hub behind the template's gateway, and its people.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::OnceLock,
    time::{Duration, Instant},
};

use carehub_api::limit::{Bucket, Quota};
use carehub_clients::{Queue, SharedAssistant, Web};
use carehub_domain::{
    access::{Action, Actor},
    appointment::Appointment,
    doctor::DoctorId,
    patient::Patient,
    recommendation::Budget,
    review::Visit,
};
use carehub_local::template::Template;
use carehub_store::{Booked, Desk};
use carehub_testkit::{Caller, TestHub};
use housekeeping::{Chore, ChoreError, Done, Housekeeping, Run};
use inspector::{Arrival, Inspector};
use notifier::Notifier;
use recommender::Recommender;
use relay::Relay;
use serde_json::{Value, json};

/// A password that is hard to guess.
pub(crate) const PASSWORD: &str = "quiet-lantern-97";

/// The template that also goes to the cloud.
pub(crate) fn template() -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
        Template::load(&path, "test").unwrap()
    })
}

fn gateway(method: &str, path: &str) -> Option<String> {
    template().route(method, path).map(str::to_owned)
}

/// Opens a hub where nothing limits how often people ask.
pub(crate) async fn open() -> TestHub {
    TestHub::open(carehub_tests::functions(), gateway).await
}

/// Opens a hub that limits one bucket as it is limited in the cloud.
pub(crate) async fn open_limiting(limited: Bucket) -> TestHub {
    open_with(|bucket| (bucket == limited).then(|| bucket.quota())).await
}

/// Opens a hub with a quota for each bucket.
pub(crate) async fn open_with(quota: impl Fn(Bucket) -> Option<Quota>) -> TestHub {
    let quotas: BTreeMap<Bucket, Option<Quota>> =
        Bucket::ALL.iter().map(|&bucket| (bucket, quota(bucket))).collect();
    TestHub::open_with(carehub_tests::functions(), gateway, quotas).await
}

/// The people of a hub.
pub(crate) trait People {
    /// A patient who registered themselves, reached at `phone`.
    async fn patient(&self, username: &str, phone: &str) -> Caller<'_>;
    /// Somebody who keeps a roster.
    async fn coordinator(&self, username: &str) -> Caller<'_>;
    /// A doctor who registered themselves and works for no hospital.
    async fn lone_doctor(&self, username: &str) -> Caller<'_>;
    /// Somebody who runs the hub.
    async fn admin(&self) -> Caller<'_>;
    /// Somebody who runs the hub and those who run it.
    async fn superadmin(&self) -> Caller<'_>;
    /// A hospital that has applied, as its registration answered it.
    async fn applicant(&self, username: &str) -> Value;
    /// A hospital that has joined.
    async fn hospital(&self, username: &str) -> Caller<'_>;
    /// A doctor of that hospital who has chosen a password of their own.
    async fn doctor_of(&self, hospital: &Caller<'_>, first: &str, last: &str) -> Caller<'_>;
    /// A doctor of that hospital who sees patients every day from 09:00 to 17:00 UTC.
    async fn bookable(&self, hospital: &Caller<'_>, first: &str, last: &str) -> Caller<'_>;
    /// Signs somebody in with a user name and a password.
    async fn sign_in(&self, username: &str, password: &str) -> Caller<'_>;
    /// A completed visit of a patient to a doctor. Gives back its identifier.
    async fn visit(&self, patient: &Caller<'_>, doctor: &Caller<'_>) -> String;
    /// The same, to a doctor of that identifier.
    async fn visit_to(&self, patient: &Caller<'_>, doctor: &str) -> String;
    /// Lets `relay` catch up with what happened, and `notifier` with the queues.
    async fn settle(&self);
}

impl People for TestHub {
    async fn patient(&self, username: &str, phone: &str) -> Caller<'_> {
        let visitor = self.visitor();
        let body = json!({
            "username": username, "password": PASSWORD, "email": format!("{username}@example.org"),
            "first_name": "Ana", "last_name": "Diaz", "phone": phone, "consent": true,
        });
        let signed_in = visitor.post("/api/auth/register", body).await.ok();
        visitor.with_tokens(&signed_in)
    }

    async fn coordinator(&self, username: &str) -> Caller<'_> {
        let visitor = self.visitor();
        let body = json!({"username": username, "password": PASSWORD, "first_name": "Cora", "last_name": "Nator"});
        let signed_in = visitor.post("/api/auth/register", body).await.ok();
        visitor.with_tokens(&signed_in)
    }

    async fn lone_doctor(&self, username: &str) -> Caller<'_> {
        let visitor = self.visitor();
        let body = json!({"username": username, "password": PASSWORD, "name": "Lone Doctor", "role": "DOCTOR"});
        let signed_in = visitor.post("/api/auth/register", body).await.ok();
        visitor.with_tokens(&signed_in)
    }

    async fn admin(&self) -> Caller<'_> {
        let superadmin = self.superadmin().await;
        let body =
            json!({"role": "ADMIN", "username": "admin", "name": "Ada Min", "password": PASSWORD});
        superadmin.post("/api/auth/admin/users", body).await.ok();
        self.sign_in("admin", PASSWORD).await
    }

    async fn superadmin(&self) -> Caller<'_> {
        let (username, password) = ("superadmin".parse().unwrap(), Some(PASSWORD.into()));
        let now = self.state.clock.now();
        carehub_operator::create_admin(&self.state.store, username, None, password, now)
            .await
            .unwrap();
        self.sign_in("superadmin", PASSWORD).await
    }

    async fn applicant(&self, username: &str) -> Value {
        let body = json!({
            "username": username, "email": format!("{username}@example.org"),
            "password": PASSWORD, "password_confirm": PASSWORD,
            "first_name": "Olga", "last_name": "Owner", "phone_number": "+923001110000",
            "hospital_name": format!("{username} Hospital"), "license_number": format!("LIC-{username}"),
            "hospital_email": format!("desk-{username}@example.org"), "hospital_phone": "+924211100000",
            "address": "1 Example Road", "location": "Lahore", "latitude": 31.4844, "longitude": 74.2975,
        });
        self.visitor().post("/api/hospitals/register", body).await.ok()["hospital"].clone()
    }

    async fn hospital(&self, username: &str) -> Caller<'_> {
        let hospital = self.applicant(username).await;
        let operator = Actor::operator(self.state.clock.now());
        let id = hospital["id"].as_str().unwrap().parse().unwrap();
        let (found, owner) = self.state.store.hospitals().with_owner(id).await.unwrap();
        let action = Action::ApproveHospital;
        let (before, permit) = found.permit(&operator, action).unwrap();
        let mut approved = before.clone().approve(&operator).unwrap();
        let mut owner = owner.unwrap().activate(operator.at);
        let permit = permit.noting("from", "PENDING");
        self.state
            .store
            .hospitals()
            .decide(&before, &mut approved, &mut owner, &permit)
            .await
            .unwrap();
        self.sign_in(username, PASSWORD).await
    }

    async fn doctor_of(&self, hospital: &Caller<'_>, first: &str, last: &str) -> Caller<'_> {
        let body = json!({
            "first_name": first, "last_name": last, "email": "doctor@example.org",
            "phone_number": "+923002220000", "specialization": "Cardiology",
        });
        let employed = hospital.post("/api/hospitals/doctors/create", body).await.ok();
        let given = &employed["credentials"];
        let username = given["username"].as_str().unwrap();
        let doctor = self.sign_in(username, given["password"].as_str().unwrap()).await;
        let change = json!({"old_password": given["password"], "new_password": PASSWORD});
        let signed_in = doctor.post("/api/auth/change-password", change).await.ok();
        doctor.with_tokens(&signed_in)
    }

    async fn bookable(&self, hospital: &Caller<'_>, first: &str, last: &str) -> Caller<'_> {
        let doctor = self.doctor_of(hospital, first, last).await;
        let days = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
        let days: BTreeMap<_, _> = days.map(|day| (day, ["09:00-17:00"])).into();
        let hours = json!({"available_days": days, "max_patients_per_day": 50});
        doctor.put("/api/doctors/availability", hours).await.ok();
        doctor
    }

    async fn sign_in(&self, username: &str, password: &str) -> Caller<'_> {
        let visitor = self.visitor();
        let body = json!({"username": username, "password": password});
        let signed_in = visitor.post("/api/auth/login", body).await.ok();
        visitor.with_tokens(&signed_in)
    }

    async fn visit(&self, patient: &Caller<'_>, doctor: &Caller<'_>) -> String {
        self.visit_to(patient, &doctor.id_as("doc")).await
    }

    async fn visit_to(&self, patient: &Caller<'_>, doctor: &str) -> String {
        let operator = Actor::operator(self.state.clock.now());
        let patient = patient.id_as("pat").parse().unwrap();
        let patient = self.state.store.patients().find(patient).await.unwrap();
        let patient = patient.view(&operator).unwrap();
        took_place(self, &patient, doctor.parse().unwrap()).await.id.to_string()
    }

    async fn settle(&self) {
        for _ in 0..ROUNDS {
            let batch = self.unread();
            let happened = !batch.records.is_empty();
            let answer = relay(self).relay(batch).await;
            assert!(answer.batch_item_failures.is_empty(), "{answer:?}");
            if !carry(self).await && !happened {
                return;
            }
        }
        panic!("one thing follows from another without end");
    }
}

/// How often `relay` and `notifier` take turns at most until nothing follows any more.
const ROUNDS: usize = 20;

/// The function that follows the stream of events.
pub(crate) fn relay(hub: &TestHub) -> Relay {
    Relay {
        store: hub.state.store.clone(),
        pepper: hub.state.pepper.clone(),
        queues: hub.queues.clone(),
        wire: hub.wire.clone(),
        public_url: hub.state.public_url.clone(),
    }
}

/// The function that does the errands of the queues.
pub(crate) fn notifier(hub: &TestHub) -> Notifier {
    Notifier {
        store: hub.state.store.clone(),
        pepper: hub.state.pepper.clone(),
        post: hub.post.clone(),
        web: Web::of_strangers(hub.state.webhook_hosts.clone()),
        public_url: hub.state.public_url.clone(),
    }
}

/// Lets `notifier` empty the queues, and says whether there was anything in them.
pub(crate) async fn carry(hub: &TestHub) -> bool {
    let mut carried = false;
    for queue in [Queue::Sms, Queue::Mail, Queue::Webhooks] {
        loop {
            let batch = hub.queues.batch(queue);
            if batch.records.is_empty() {
                break;
            }
            let answer = notifier(hub).deliver(batch.clone(), hub.state.clock.now()).await;
            assert!(answer.batch_item_failures.is_empty(), "{answer:?}");
            hub.queues.done(queue, &batch, &answer);
            carried = true;
        }
    }
    Box::pin(work(hub, None)).await || carried
}

/// The function that answers what people asked could be given.
pub(crate) fn recommender(hub: &TestHub, assistant: Option<SharedAssistant>) -> Recommender {
    Recommender {
        store: hub.state.store.clone(),
        assistant,
        budget: Budget::default(),
        clock: hub.state.clock.clone(),
    }
}

/// Lets `recommender` empty its queue, with a language model or without, and says whether there
/// was anything in it.
pub(crate) async fn work(hub: &TestHub, assistant: Option<SharedAssistant>) -> bool {
    let (queue, mut worked) = (Queue::Recommendations, false);
    loop {
        let batch = hub.queues.batch(queue);
        if batch.records.is_empty() {
            return worked;
        }
        let answer = recommender(hub, assistant.clone()).work(batch.clone()).await;
        assert!(answer.batch_item_failures.is_empty(), "{answer:?}");
        hub.queues.done(queue, &batch, &answer);
        worked = true;
    }
}

/// Does a chore of the hub, as its schedule would.
pub(crate) async fn perform(hub: &TestHub, chore: Chore) -> Result<Done, ChoreError> {
    let soon = Instant::now() + Duration::from_mins(10);
    Ok(perform_until(hub, chore, soon).await?.done)
}

/// The same, with so much time for it.
pub(crate) async fn perform_until(
    hub: &TestHub,
    chore: Chore,
    until: Instant,
) -> Result<Run, ChoreError> {
    let (store, objects) = (hub.state.store.clone(), hub.state.objects.clone());
    let housekeeping = Housekeeping {
        store,
        objects,
        queues: hub.queues.clone(),
        pepper: hub.state.pepper.clone(),
    };
    Box::pin(housekeeping.perform(chore, hub.state.clock.now(), until)).await
}

/// Looks into the files that have arrived.
pub(crate) async fn inspect(hub: &TestHub) {
    let (store, objects) = (hub.state.store.clone(), hub.state.objects.clone());
    let inspector = Inspector { store, objects };
    for key in hub.arrived() {
        inspector.inspect(Arrival::at(key), hub.state.clock.now()).await.unwrap();
    }
}

/// A patient came to a doctor without an appointment, and the visit is complete.
pub(crate) async fn took_place(hub: &TestHub, patient: &Patient, doctor: DoctorId) -> Visit {
    let operator = Actor::operator(hub.state.clock.now());
    let appointments = hub.state.store.appointments();
    let Desk { doctor, books, .. } = appointments.desk(doctor, patient.id, &[]).await.unwrap();
    let came = Appointment::walk_in(patient, &doctor.view(&operator).unwrap(), None, &operator);
    let booked = Booked { appointment: &came, books: &books, patient, care: None };
    let permit = operator.create(Action::CreateAppointment, &came).unwrap();
    assert!(appointments.book(&booked, &permit).await.unwrap());
    let over = came.clone().complete(&operator).unwrap();
    let permit = operator.authorize(Action::CompleteVisit, &came).unwrap();
    assert!(appointments.step(&came, &over, &permit).await.unwrap());
    over.visit().unwrap()
}

/// A doctor of a hospital that has joined.
pub(crate) async fn doctor(hub: &TestHub) -> Caller<'_> {
    let hospital = hub.hospital("jinnah").await;
    hub.doctor_of(&hospital, "Ali", "Mehmood").await
}

/// The same person, who signs in once more.
pub(crate) async fn again<'h>(hub: &'h TestHub, person: &Caller<'_>) -> Caller<'h> {
    hub.sign_in(person.user["username"].as_str().unwrap(), PASSWORD).await
}

/// A patient comes to see a doctor without an appointment.
pub(crate) async fn came(hub: &TestHub, patient: &Caller<'_>, doctor: &Caller<'_>) -> String {
    let (store, by) = (&hub.state.store, Actor::operator(hub.state.clock.now()));
    let patient = store.patients().recorded(patient.id_as("pat").parse().unwrap()).await;
    let doctor = store.doctors().recorded(doctor.id_as("doc").parse().unwrap()).await;
    let (patient, doctor) = (patient.unwrap().unwrap(), doctor.unwrap().unwrap());
    let visit = Appointment::walk_in(&patient, &doctor, None, &by);
    let permit = by.create(Action::CreateAppointment, &visit).unwrap();
    store.appointments().request(&visit, &permit).await.unwrap();
    visit.id.to_string()
}

/// The record of a patient whom `keeper` enters.
pub(crate) async fn entered(keeper: &Caller<'_>, patient: Value) -> Value {
    keeper.post("/api/patients", patient).await.ok()
}

/// The care of a doctor for a patient, which `by` brings about.
pub(crate) async fn assigned(by: &Caller<'_>, patient: &str, doctor: &Caller<'_>) -> Value {
    let body = json!({"patient": patient, "doctor": doctor.id_as("doc")});
    by.post("/api/mappings", body).await.ok()
}

/// A doctor enters the code that the patient with this phone read out.
pub(crate) async fn let_in(hub: &TestHub, doctor: &Caller<'_>, phone: &str) {
    doctor.post("/api/accounts/otp/generate", json!({"patient_phone": phone})).await.ok();
    hub.settle().await;
    let entry = json!({"patient_phone": phone, "otp": hub.post.code_to(phone)});
    doctor.post("/api/accounts/otp/verify", entry).await.ok();
}

/// What the access log of a patient says of one action: by whom, and what else is known.
pub(crate) async fn looks(patient: &Caller<'_>, action: &str) -> Vec<(Value, Value)> {
    let log = patient.get("/api/accounts/access-log?limit=100").await.ok();
    let log = log["results"].as_array().unwrap().clone();
    let lines = log.into_iter().filter(|line| line["action"] == action);
    lines.map(|line| (line["performed_by"].clone(), line["details"].clone())).collect()
}

/// What identifies a record.
pub(crate) fn id_of(record: &Value) -> &str {
    record["id"].as_str().unwrap()
}

/// One field of everything in a list.
pub(crate) fn each<'l>(list: &'l Value, field: &str) -> Vec<&'l str> {
    let results = list["results"].as_array().unwrap().iter();
    results.map(|one| one[field].as_str().unwrap()).collect()
}
