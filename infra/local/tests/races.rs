//! Many people at once on the whole platform, over HTTP.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::{collections::BTreeMap, env, fs, net::SocketAddr, ops::Range, path::Path, process};

use carehub_api::{config::Config, token::Tokens};
use carehub_domain::{
    access::{Action, Actor, Role},
    account::{Account, PersonName},
    clock::{Clock, SystemClock},
    secret::Pepper,
    session::Session,
};
use carehub_local::{Options, Platform};
use carehub_operator::demo;
use carehub_store::Opening;
use futures_util::{StreamExt, stream};
use jiff::{ToSpan, civil::Date, tz::TimeZone};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const DOCTOR: (&str, &str) = ("alimehmood_jinnahhospital", "doctor123");
/// How many ask at once. Each takes up to four sockets, of which some machines have few, and
/// nobody waits for so long that the hub gives up.
const AT_ONCE: usize = 100;

/// Of a thousand bookings of one slot, one succeeds; and of fifty bookings of fifty slots of a
/// doctor who sees twenty patients a day, twenty.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_booked_twice_and_no_day_overflows() {
    let scene = Scene::start().await;
    let signed_in = json!({"username": DOCTOR.0, "password": DOCTOR.1});
    let signed_in = scene.ask("POST", "/api/auth/login", "", &signed_in).await.json();
    let (doctor, access) = (&signed_in["user"]["id"], signed_in["access"].as_str().unwrap());
    let doctor = doctor.as_str().unwrap().replacen("usr", "doc", 1);
    let hours = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"].map(|day| (day, ["08:00-20:30"]));
    let hours = json!({
        "available_days": BTreeMap::from(hours), "appointment_duration": 15,
        "max_patients_per_day": 20, "timezone": "UTC",
    });
    scene.ask("PUT", "/api/doctors/availability", access, &hours).await.json();
    let today = scene.clock.now().to_zoned(TimeZone::UTC).date();
    let [first, second] = [2, 3].map(|days| today.saturating_add(days.days()));

    // Nobody may book more than ten times a minute, and the hub may be busy.
    let racers = scene.patients(0..200).await;
    let thousand = racers.iter().cycle().take(1000);
    let wanted = thousand.map(|racer| (racer, first, "10:00".to_owned()));
    let answers = scene.race(&doctor, wanted.collect()).await;
    assert_eq!(answers, answered([("201", 1), ("409 slot-taken", 999)]));
    assert_eq!(scene.booked(access, first).await, 1);

    let racers = scene.patients(200..250).await;
    let slots = (0..50).map(|slot| format!("{:02}:{:02}", 8 + slot / 4, slot % 4 * 15));
    let wanted = racers.iter().zip(slots).map(|(racer, slot)| (racer, second, slot));
    let answers = scene.race(&doctor, wanted.collect()).await;
    assert_eq!(answers, answered([("201", 20), ("409 day-full", 30)]));
    assert_eq!(scene.booked(access, second).await, 20);
    scene.stop().await;
}

/// A platform of its own, on any ports, with the accounts of the demonstration.
struct Scene {
    platform: Platform,
    options: Options,
    clock: SystemClock,
}

impl Scene {
    async fn start() -> Self {
        let data = env::temp_dir().join(format!("carehub-races-{}", process::id()));
        let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
        let options = Options::on_any_port(template, data);
        let platform = Platform::start(&options).await.unwrap();
        demo::load(platform.store(), SystemClock.now()).await.unwrap();
        Self { platform, options, clock: SystemClock }
    }

    async fn stop(self) {
        self.platform.stop().await;
        fs::remove_dir_all(&self.options.data).unwrap();
    }

    /// The access tokens of patients who are signed in. Nobody hashes a password for them, which
    /// takes time.
    async fn patients(&self, numbers: Range<u32>) -> Vec<String> {
        let now = self.clock.now();
        let (tokens, operator) = (self.tokens(), Actor::operator(now));
        // Sessions that nobody renews need not know the pepper of the platform.
        let pepper = Pepper::new(b"of these sessions only");
        let open = async |number: u32| {
            let username = format!("racer{number}").parse().unwrap();
            let name = PersonName::of_username(&username);
            let account = Account::open(username, Role::Patient, name, now);
            let (session, _) = Session::begin(&account, &operator.origin, now, &pepper);
            let permit = operator.create(Action::CreateAccount, &account).unwrap();
            let opening = Opening { session: Some(&session), ..Opening::of(&account) };
            self.platform.store().accounts().open(opening, &permit).await.unwrap();
            tokens.sign(&account, &session, now).unwrap()
        };
        stream::iter(numbers).map(open).buffer_unordered(AT_ONCE).collect().await
    }

    /// What signs as the platform does.
    fn tokens(&self) -> Tokens {
        let secrets = fs::read(self.options.data.join("secrets.json")).unwrap();
        let secrets: Value = serde_json::from_slice(&secrets).unwrap();
        let key = SecretString::from(secrets["signing_key"].as_str().unwrap());
        let tokens = Tokens::verifying(&Config::default().issuer, r#"{"keys":[]}"#).unwrap();
        tokens.signing(&key).unwrap()
    }

    /// Everyone books their slot, again and again as long as the hub is busy. Counts the answers.
    async fn race(
        &self,
        doctor: &str,
        wanted: Vec<(&String, Date, String)>,
    ) -> BTreeMap<String, usize> {
        let book = async |(access, date, time): (&String, Date, String)| {
            let slot = json!({"doctor": doctor, "appointment_date": date, "start_time": time});
            loop {
                let reply = self.ask("POST", "/api/appointments/book", access, &slot).await;
                if reply.status != 503 {
                    return reply.outcome();
                }
                assert!(reply.head.contains("\r\nretry-after: "), "{}", reply.head);
            }
        };
        let answers = stream::iter(wanted).map(book).buffer_unordered(AT_ONCE);
        let answers: Vec<String> = answers.collect().await;
        let mut counted = BTreeMap::new();
        for answer in answers {
            *counted.entry(answer).or_default() += 1;
        }
        counted
    }

    /// How many appointments the doctor has on a day.
    async fn booked(&self, access: &str, date: Date) -> usize {
        let path = "/api/appointments/doctor-appointments?limit=100";
        let path = format!("{path}&date_from={date}&date_to={date}");
        let list = self.ask("GET", &path, access, &Value::Null).await.json();
        list["results"].as_array().unwrap().len()
    }

    async fn ask(&self, method: &str, path: &str, access: &str, body: &Value) -> Answer {
        ask(self.platform.gateway, method, path, access, body).await
    }
}

/// What the platform answered.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    #[track_caller]
    fn json(&self) -> Value {
        assert!(self.status < 300, "{} {}", self.status, self.body);
        serde_json::from_str(&self.body).unwrap()
    }

    fn outcome(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        let code = body["code"].as_str().unwrap_or_default();
        format!("{} {code}", self.status).trim_end().to_owned()
    }
}

async fn ask(address: SocketAddr, method: &str, path: &str, access: &str, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: hub\r\nConnection: close\r\nContent-Length: {}\r\n\
         Content-Type: application/json\r\nAuthorization: Bearer {access}\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{request}\r\n{body}").as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    let status = head[9..12].parse().unwrap();
    Answer { status, head: head.to_lowercase(), body: body.to_owned() }
}

fn answered<const N: usize>(answers: [(&str, usize); N]) -> BTreeMap<String, usize> {
    answers.map(|(answer, count)| (answer.to_owned(), count)).into()
}
