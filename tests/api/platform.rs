//! What every answer has in common: health, documents, headers, and refusals at the edge.

use carehub_testkit::{Caller, Fault, Reply};
use futures_util::future::join_all;
use http::Method;
use serde_json::{Value, json};

use crate::support::{PASSWORD, People, open};

/// 002-10, 003-35: the hub says whether it is well, to everyone.
#[tokio::test]
async fn the_hub_says_that_it_is_well() {
    let hub = open().await;

    let paths = ["/health", "/health/", "/api/v1/health/", "/api/health/"];
    let replies = join_all(paths.map(|path| visit(&hub, path))).await;

    for reply in &replies {
        let health = reply.ok();
        assert_eq!(
            health,
            json!({
                "status": "healthy", "checks": {"database": "ok", "cache": "ok"},
                "version": env!("CARGO_PKG_VERSION"), "time": "2030-01-07T08:00:00Z",
            })
        );
    }
}

/// 002-11, 002-12: each thing that the hub needs is looked at on its own.
#[tokio::test]
async fn the_hub_says_whether_its_database_and_its_cache_are_well() {
    let hub = open().await;

    let database = visit(&hub, "/health/database/").await.ok();
    let cache = visit(&hub, "/health/redis/").await.ok();

    for (check, component) in [(&database, "database"), (&cache, "cache")] {
        assert!(check["latency_ms"].as_f64().unwrap() > 0.0);
        assert_eq!(
            check,
            &json!({
                "status": "healthy", "component": component, "backend": "DynamoDB",
                "latency_ms": check["latency_ms"], "time": "2030-01-07T08:00:00Z",
            })
        );
    }
}

/// 002-13: the details are all of them together, without the names of tables.
#[tokio::test]
async fn the_hub_says_in_detail_what_is_well() {
    let hub = open().await;

    let reply = visit(&hub, "/health/detailed/").await;

    let health = reply.ok();
    let components: Vec<_> = health["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| (check["component"].as_str().unwrap(), check["status"].as_str().unwrap()))
        .collect();
    assert_eq!(health["status"], "healthy");
    assert_eq!(components, [("database", "healthy"), ("cache", "healthy"), ("storage", "healthy")]);
    assert!(!reply.text().contains("test-"), "{}", reply.text());
}

/// 002-10…13, 003-35: a hub that is not well says what is wrong, and nothing about itself.
#[tokio::test]
async fn a_sick_hub_says_what_it_found() {
    let hub = open().await;
    let visitor = hub.visitor();
    hub.faults.strike(Fault::Down, 0);

    let (overall, database) =
        (visitor.get("/health/").await, visitor.get("/health/database/").await);
    let (cache, detailed) =
        (visitor.get("/health/redis/").await, visitor.get("/health/detailed/").await);

    hub.faults.cease();
    for reply in [&overall, &database, &cache, &detailed] {
        assert_eq!(
            (reply.status.as_u16(), reply.header("content-type")),
            (503, "application/json")
        );
        let health: Value = serde_json::from_slice(&reply.body).unwrap();
        assert_eq!(health["status"], "unhealthy");
        assert!(!reply.text().contains("127.0.0.1"), "{}", reply.text());
    }
    let overall: Value = serde_json::from_slice(&overall.body).unwrap();
    assert_eq!(overall["checks"], json!({"database": "error", "cache": "error"}));
    assert_eq!(visitor.get("/health/").await.status, 200);
}

/// 000-35, 000-36, 002-07…09: the API is there to try out, to read and for programs.
#[tokio::test]
async fn the_api_describes_itself() {
    let hub = open().await;

    let (docs, redoc) = tokio::join!(visit(&hub, "/api/docs/"), visit(&hub, "/api/redoc/"));
    let schema = visit(&hub, "/api/schema/").await;

    for (page, script) in [(&docs, "swagger-ui-bundle.js"), (&redoc, "redoc.standalone.js")] {
        assert_eq!(
            (page.status.as_u16(), page.header("content-type")),
            (200, "text/html; charset=utf-8")
        );
        assert!(page.text().contains(script), "{}", page.text());
        assert!(page.text().contains("/api/schema"));
        assert!(page.header("content-security-policy").starts_with("default-src 'self'"));
        // Nothing comes from anywhere else.
        assert!(!page.text().contains("https://"), "{}", page.text());
    }
    assert_eq!(schema.header("content-type"), "application/json");
    assert_eq!(schema.ok()["openapi"], "3.1.0");
    assert_eq!(schema.ok()["info"]["title"], "CareHub");
    assert!(schema.ok()["paths"]["/api/hospitals/register"]["post"].is_object());
}

/// 000-35: the pages bring their own scripts and styles.
#[tokio::test]
async fn the_scripts_and_styles_of_the_pages_are_served() {
    let hub = open().await;

    let files = ["swagger-ui-bundle.js", "swagger-ui.css", "redoc.standalone.js", "other.js"];
    let replies = join_all(files.map(|file| visit_owned(&hub, format!("/api/docs/{file}")))).await;

    let (missing, found) = replies.split_last().unwrap();
    for reply in found {
        assert_eq!((reply.status.as_u16(), reply.header("content-encoding")), (200, "gzip"));
        assert_eq!(reply.header("cache-control"), "public, max-age=86400");
        // The first bytes of every gzip file.
        assert_eq!(reply.body[..2], [0x1f, 0x8b]);
    }
    assert_eq!(missing.refusal(), "404 not-found");
}

#[tokio::test]
async fn the_index_says_where_to_go() {
    let hub = open().await;

    let replies = join_all(["/", "/api/", "/api/v1/"].map(|path| visit(&hub, path))).await;

    for reply in &replies {
        let index = reply.ok();
        assert_eq!(index["name"], "CareHub");
        for link in ["docs", "redoc", "schema", "health"] {
            let found = visit(&hub, index[link].as_str().unwrap()).await;
            assert_eq!(found.status, 200, "{link}");
        }
    }
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_protect_it() {
    let hub = open().await;
    let ana = hub.patient("ana", "+923001234567").await;

    let replies = [
        ana.get("/api/auth/profile/").await,
        ana.get("/api/hospitals/").await,
        hub.visitor().get("/health/").await,
        hub.visitor().get("/api/hospitals/").await,
        hub.visitor().get("/api/nothing/").await,
        hub.visitor().post("/api/token/", json!({"username": "ana", "password": PASSWORD})).await,
    ];

    for reply in &replies {
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(
            reply.header("strict-transport-security"),
            "max-age=63072000; includeSubDomains"
        );
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert_eq!(reply.header("x-frame-options"), "DENY");
        assert!(reply.header("x-response-time").ends_with('s'));
        assert!(reply.header("x-request-id").len() >= 8);
    }
}

#[tokio::test]
async fn a_request_may_bring_its_name() {
    let hub = open().await;
    let named = |name: &str| hub.visitor().with_header("x-request-id", name);

    let (sound, short, long, odd) = (
        named("order-12345").get("/health/").await,
        named("seven-7").get("/health/").await,
        named(&"x".repeat(65)).get("/health/").await,
        named("order 12345; rm").get("/api/nothing/").await,
    );

    assert_eq!(sound.header("x-request-id"), "order-12345");
    for reply in [&short, &long, &odd] {
        assert_eq!(reply.header("x-request-id").len(), 26);
    }
    assert_eq!(odd.problem().request_id, odd.header("x-request-id"));
}

#[tokio::test]
async fn a_problem_names_its_kind_and_its_request() {
    let hub = open().await;
    let visitor = hub.visitor().with_header("x-request-id", "request-0001");

    let reply = visitor.get("/api/hospitals/").await;

    assert_eq!(reply.header("content-type"), "application/problem+json");
    assert_eq!(reply.header("www-authenticate"), "Bearer");
    let problem: Value = serde_json::from_slice(&reply.body).unwrap();
    assert_eq!(
        problem,
        json!({
            "type": "/problems/unauthenticated", "title": "You are not signed in", "status": 401,
            "detail": "sign in first", "code": "unauthenticated", "request_id": "request-0001",
        })
    );
}

#[tokio::test]
async fn a_known_site_may_call_from_a_browser() {
    let hub = open().await;

    for site in ["http://localhost:3000", "http://127.0.0.1:3000", "http://localhost:5173"] {
        let asked = preflight(&hub.visitor(), site, "PATCH").await;
        let called = hub.visitor().with_header("origin", site).get("/health/").await;

        assert!(asked.status.is_success());
        assert_eq!(asked.header("access-control-allow-origin"), site);
        assert_eq!(asked.header("access-control-allow-methods"), "GET,POST,PUT,PATCH,DELETE");
        let allowed = asked.header("access-control-allow-headers");
        for name in ["authorization", "content-type", "if-match", "idempotency-key"] {
            assert!(allowed.contains(name), "{allowed}");
        }
        assert_eq!(asked.header("access-control-allow-credentials"), "");
        assert_eq!(called.header("access-control-allow-origin"), site);
        assert!(called.header("access-control-expose-headers").contains("etag"));
    }
}

#[tokio::test]
async fn a_strange_site_may_not_call_from_a_browser() {
    let hub = open().await;

    for site in ["https://evil.example", "http://localhost:3001", "null"] {
        let asked = preflight(&hub.visitor(), site, "PATCH").await;
        let called = hub.visitor().with_header("origin", site).get("/health/").await;

        assert_eq!(asked.header("access-control-allow-origin"), "");
        assert_eq!(called.header("access-control-allow-origin"), "");
    }
}

#[tokio::test]
async fn a_site_may_read_refusals_too() {
    let hub = open().await;
    let site = "http://localhost:3000";

    let refused = hub.visitor().with_header("origin", site).get("/api/hospitals/").await;

    assert_eq!(refused.refusal(), "401 unauthenticated");
    assert_eq!(refused.header("access-control-allow-origin"), site);
}

#[tokio::test]
async fn a_path_that_nobody_serves_is_not_found() {
    let hub = open().await;

    let paths =
        ["/api/nothing/", "/api/hospitals/a/b/c/", "/api/auth/nothing", "/api/v2/auth/login"];
    let replies = join_all(paths.map(|path| visit(&hub, path))).await;

    assert!(replies.iter().all(|reply| reply.refusal() == "404 not-found"), "{replies:?}");
}

#[tokio::test]
async fn a_path_says_which_methods_it_takes() {
    let hub = open().await;

    let health = hub.visitor().post("/health/", json!({})).await;
    let login = hub.visitor().get("/api/token/").await;
    let hospital = hub.visitor().post("/api/hospitals/hsp_1/", json!({})).await;

    for (reply, allowed) in [
        (&health, vec!["GET"]),
        (&login, vec!["POST"]),
        (&hospital, vec!["GET", "PATCH", "PUT", "DELETE"]),
    ] {
        assert_eq!(reply.refusal(), "405 wrong-method");
        for method in allowed {
            assert!(reply.header("allow").contains(method), "{:?}", reply.headers);
        }
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let hub = open().await;
    let large = vec![b' '; (1 << 20) + 1];

    let reply = hub.visitor().send_bytes(Method::POST, "/api/token/", large).await;

    assert_eq!(reply.refusal(), "413 too-large");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_with_an_idempotency_key_too() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await.with_header("idempotency-key", "large-1");
    let large = vec![b' '; (1 << 20) + 1];
    let path = "/api/hospitals/doctors/create/";

    let reply = hospital.send_bytes(Method::POST, path, large).await;

    assert_eq!(reply.refusal(), "413 too-large");
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused() {
    let hub = open().await;
    let form = b"username=ana&password=secret".to_vec();

    let kinds = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"];
    let replies = join_all(kinds.map(|kind| {
        let (visitor, form) = (hub.visitor().with_header("content-type", kind), form.clone());
        async move { visitor.send_bytes(Method::POST, "/api/token/", form).await }
    }))
    .await;

    assert!(replies.iter().all(|reply| reply.refusal() == "415 wrong-media-type"), "{replies:?}");
}

#[tokio::test]
async fn json_is_read_whatever_its_media_type_is_called() {
    let hub = open().await;
    hub.patient("ana", "+923001234567").await;
    let body = serde_json::to_vec(&json!({"username": "ana", "password": PASSWORD})).unwrap();

    let kinds =
        ["application/json; charset=utf-8", "Application/JSON", "application/merge-patch+json"];
    let replies = join_all(kinds.map(|kind| {
        let (visitor, body) = (hub.visitor().with_header("content-type", kind), body.clone());
        async move { visitor.send_bytes(Method::POST, "/api/token/", body).await }
    }))
    .await;

    assert!(replies.iter().all(|reply| reply.status.is_success()), "{replies:?}");
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused() {
    let hub = open().await;

    let bodies = ["{\"username\": \"ana\"", "{'username': 'ana'}", "[]", "null", "7", "\u{0}"];
    let replies = join_all(bodies.map(|body| {
        let visitor = hub.visitor();
        async move { visitor.send_bytes(Method::POST, "/api/token/", body.into()).await }
    }))
    .await;

    assert!(replies.iter().all(|reply| reply.refusal() == "400 unreadable-body"), "{replies:?}");
    assert!(replies.iter().all(|reply| !reply.text().contains("ana")));
}

#[tokio::test]
async fn a_query_that_cannot_be_read_is_refused() {
    let hub = open().await;
    let ana = hub.patient("ana", "+923001234567").await;

    let twice = ana.get("/api/hospitals/?limit=1&limit=2").await;
    let bytes = ana.get("/api/hospitals/?is_approved=%FF%FE").await;

    // The last of two counts, and bytes that are no text are no flag.
    assert!(twice.status.is_success());
    assert_eq!(bytes.problem().status, 400);
}

#[tokio::test]
async fn every_wrong_field_is_named_by_its_pointer_and_no_value_is_repeated() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let body = json!({
        "email": "canary-1", "phone": "canary-2", "date_of_birth": "canary-3",
        "gender": "canary-4", "blood_group": "canary-5", "timezone": "canary-6",
        "city": "x".repeat(101), "first_name": 7, "canary/~7": true,
    });

    let reply = cora.patch("/api/auth/profile/", body).await;

    let problem = reply.problem();
    let mut pointers: Vec<_> = problem.errors.iter().map(|error| error.pointer.as_str()).collect();
    pointers.sort_unstable();
    assert_eq!((problem.status, problem.code.as_str()), (400, "invalid"));
    assert_eq!(
        pointers,
        [
            "/blood_group",
            "/canary~1~07",
            "/city",
            "/date_of_birth",
            "/email",
            "/first_name",
            "/gender",
            "/phone",
            "/timezone",
        ]
    );
    assert!(!reply.text().contains("canary-"), "{}", reply.text());
}

#[tokio::test]
async fn an_answer_without_a_body_is_asked_for_with_head() {
    let hub = open().await;

    let reply = hub.visitor().send_bytes(Method::HEAD, "/health/", Vec::new()).await;

    assert_eq!((reply.status.as_u16(), reply.body.len()), (200, 0));
}

async fn visit(hub: &carehub_testkit::TestHub, path: &str) -> Reply {
    hub.visitor().get(path).await
}

async fn visit_owned(hub: &carehub_testkit::TestHub, path: String) -> Reply {
    hub.visitor().get(path).await
}

/// Asks, as browsers do, whether `site` may use `method`.
async fn preflight(visitor: &Caller<'_>, site: &str, method: &str) -> Reply {
    let visitor = visitor
        .with_header("origin", site)
        .with_header("access-control-request-method", method)
        .with_header("access-control-request-headers", "authorization,if-match");
    visitor.send_bytes(Method::OPTIONS, "/api/hospitals/hsp_1/", Vec::new()).await
}
