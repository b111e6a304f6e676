//! The pages show what is there, and only they can change it.

use std::{env, fs, path::PathBuf, process, sync::Mutex};

use axum::body;
use carehub_domain::clock::SystemClock;
use carehub_sqs::{Engine, Outgoing, Queue, Redrive, Wish};
use futures_util::{FutureExt, future};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::{folder::Folder, template::Schedule};

#[tokio::test]
async fn queues_are_shown_with_their_messages_and_dead_letters_are_sent_back() {
    let scene = Scene::open("queues").await;
    let order = Outgoing { body: "poison".to_owned(), ..Outgoing::default() };
    scene.sqs.tell(|engine, now| engine.send("mail", order, now)).unwrap();
    for _ in 0..2 {
        let wish = Wish { most: 1, visibility: Some(0) };
        scene.sqs.tell(|engine, now| engine.receive("mail", wish, now)).unwrap();
    }

    let shown = scene.get("/dev/queues.json").await;
    let [mail, dead] = &shown["queues"].as_array().unwrap()[..] else { panic!("two queues") };
    assert_eq!((&mail["name"], &mail["visible"]), (&json!("mail"), &json!(0)));
    assert_eq!((&mail["dead_letters"], &mail["receives"]), (&json!("mail-dead"), &json!(1)));
    assert_eq!((&dead["dead_letters_of"], &dead["visible"]), (&json!(["mail"]), &json!(1)));
    let letter = &dead["messages"][0];
    assert_eq!((&letter["body"], &letter["state"]), (&json!("poison"), &json!("VISIBLE")));
    assert_eq!((&letter["given_up_by"], &letter["received"]), (&json!("mail"), &json!(1)));

    let back = Request::post("/dev/queues/mail-dead/redrive").header("host", "localhost:8000");
    let back = scene.ask(back.body(Body::empty()).unwrap()).await;
    assert_eq!(back, (StatusCode::OK, r#"{"moved":1,"stayed":0}"#.to_owned()));
    let shown = scene.get("/dev/queues.json").await;
    assert_eq!(
        (&shown["queues"][0]["visible"], &shown["queues"][1]["visible"]),
        (&json!(1), &json!(0))
    );

    for (name, status) in [("mail", StatusCode::CONFLICT), ("moon", StatusCode::NOT_FOUND)] {
        let back = Request::post(format!("/dev/queues/{name}/redrive")).header("host", "localhost");
        assert_eq!(scene.ask(back.body(Body::empty()).unwrap()).await.0, status);
    }
}

#[tokio::test]
async fn dead_letters_of_streams_are_shown_newest_first() {
    let scene = Scene::open("letters").await;
    for number in [1, 2] {
        let letter = json!({"function": "relay", "reason": "no", "record": number});
        scene.dead_letters.append(&letter).await.unwrap();
    }

    let shown = scene.get("/dev/dead-letters.json").await;

    assert_eq!(shown["results"][0]["record"], 2);
    assert_eq!(shown["results"][1]["record"], 1);
}

#[tokio::test]
async fn a_schedule_is_run_now_and_says_what_it_did() {
    let scene = Scene::open("schedules").await;

    let shown = scene.get("/dev/schedules.json").await;
    assert_eq!(shown["schedules"][0]["expression"], "rate(1 hour)");
    assert_eq!(shown["schedules"][0]["run"], Value::Null);

    for (name, status, said) in [
        ("Codes", StatusCode::OK, r#""did":{"codes":3},"problem":null"#),
        ("Broken", StatusCode::INTERNAL_SERVER_ERROR, r#""did":null,"problem":"out of paper""#),
        ("Moon", StatusCode::NOT_FOUND, "no such schedule"),
    ] {
        let run = Request::post(format!("/dev/schedules/housekeeping/{name}/run"));
        let run = run.header("host", "127.0.0.1:8000").body(Body::empty()).unwrap();
        let (answered, text) = scene.ask(run).await;
        assert_eq!(answered, status, "{text}");
        assert!(text.contains(said), "{text}");
    }
    let shown = scene.get("/dev/schedules.json").await;
    assert_eq!(shown["schedules"][0]["run"]["did"], json!({"codes": 3}));
}

#[tokio::test]
async fn other_sites_change_nothing() {
    let scene = Scene::open("sites").await;
    let cases: [(&[(&str, &str)], StatusCode); 8] = [
        (&[("host", "localhost:8000"), ("origin", "http://localhost:8000")], StatusCode::OK),
        (&[("host", "localhost:8000"), ("sec-fetch-site", "same-origin")], StatusCode::OK),
        (&[("host", "localhost:8000"), ("sec-fetch-site", "cross-site")], StatusCode::FORBIDDEN),
        (&[("host", "localhost:8000"), ("sec-fetch-site", "same-site")], StatusCode::FORBIDDEN),
        (&[("host", "localhost:8000"), ("origin", "http://localhost:3000")], StatusCode::FORBIDDEN),
        (&[("host", "localhost:8000"), ("origin", "null")], StatusCode::FORBIDDEN),
        (&[("host", "hub.example"), ("origin", "http://hub.example")], StatusCode::FORBIDDEN),
        (&[], StatusCode::FORBIDDEN),
    ];
    for (more, status) in cases {
        let mut request = Request::post("/dev/schedules/housekeeping/Codes/run");
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        let (answered, _) = scene.ask(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answered, status, "{more:?}");
    }
}

#[tokio::test]
async fn every_page_of_the_index_is_there() {
    let scene = Scene::open("index").await;

    for path in ["/dev", "/dev/style.css", "/dev/queues", "/dev/dead-letters", "/dev/schedules"] {
        let (status, text) = scene.ask(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(!text.is_empty(), "{path}");
    }
}

struct Scene {
    path: PathBuf,
    sqs: Sqs,
    dead_letters: Arc<Journal>,
    router: Router,
}

impl Scene {
    async fn open(name: &str) -> Self {
        let path = env::temp_dir().join(format!("carehub-dev-{name}-{}", process::id()));
        let folder = Folder::open(&path, true).unwrap();
        let redrive = Redrive { dead_letters: "mail-dead".to_owned(), receives: 1 };
        let mail = Queue { redrive: Some(redrive), ..Queue::named("mail") };
        let engine = Engine::memory(vec![mail, Queue::named("mail-dead")]).unwrap();
        let sqs = Sqs::new(engine, Arc::new(SystemClock));
        let dead_letters = Arc::new(Journal::open(&folder.dead_letters()).await.unwrap());
        let timers = ["Codes", "Broken"].map(|name| {
            let schedule = Schedule {
                name: name.to_owned(),
                expression: "rate(1 hour)".to_owned(),
                cadence: "rate(1 hour)".parse().unwrap(),
                input: json!(name),
            };
            let timer = Timer {
                function: "housekeeping".to_owned(),
                schedule,
                clock: Arc::new(SystemClock),
                task: Box::new(|input| {
                    let works = input == "Codes";
                    let did = works.then(|| json!({"codes": 3})).ok_or("out of paper".into());
                    future::ready(did).boxed()
                }),
                mark: folder.mark("housekeeping", name),
                run: Mutex::default(),
            };
            Arc::new(timer)
        });
        let backstage = Backstage {
            sqs: sqs.clone(),
            timers: timers.into(),
            dead_letters: Arc::clone(&dead_letters),
        };
        Self { path, sqs, dead_letters, router: backstage.router() }
    }

    async fn ask(&self, request: Request) -> (StatusCode, String) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    async fn get(&self, path: &str) -> Value {
        let (status, text) = self.ask(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(status, StatusCode::OK, "{text}");
        serde_json::from_str(&text).unwrap()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}
