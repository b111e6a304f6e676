//! Where doctors learnt and worked.

use carehub_testkit::{Caller, Reply};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::{People, doctor, each, id_of, open};

const ANA: &str = "+923001234567";
const SPELLINGS: [&str; 3] = ["/api/doctors", "/api/admin/doctors", "/api/v1/doctors"];

/// 002-D9, 002-D10, 002-D11, 002-D12, 002-D13, 002-D14: a doctor says where they learnt.
#[tokio::test]
async fn a_doctor_says_where_they_learnt() {
    let hub = open().await;
    let ali = doctor(&hub).await;
    for spelling in SPELLINGS {
        let all = format!("{spelling}/{}/education/", ali.id_as("doc"));
        let body = json!({
            "degree": " MBBS ", "institution": "Example University", "year_of_completion": 2012,
            "grade_or_percentage": "82%", "specialization": "Medicine",
        });

        let reply = ali.post(&all, body).await;

        let mut entry = reply.ok();
        assert_eq!(reply.status, 201);
        assert_eq!(
            entry,
            json!({
                "id": entry["id"], "doctor": ali.id_as("doc"), "degree": "MBBS",
                "institution": "Example University", "year_of_completion": 2012,
                "grade_or_percentage": "82%", "specialization": "Medicine", "is_verified": false,
            })
        );
        let id = id_of(&entry).to_owned();
        let location = format!("/api/doctors/{}/education/{id}", ali.id_as("doc"));
        assert_eq!(reply.header("location"), location);
        let item = format!("{all}{id}/");
        assert_eq!(ali.get(&item).await.ok(), entry);
        let list = ali.get(&all).await.ok();
        assert_eq!((&list["count"], &list["results"]), (&json!(1), &json!([entry])));

        entry["grade_or_percentage"] = Value::Null;
        let change = json!({"grade_or_percentage": null});
        assert_eq!(ali.put(&item, change).await.ok(), entry);
        entry["year_of_completion"] = json!(2013);
        assert_eq!(ali.patch(&item, json!({"year_of_completion": 2013})).await.ok(), entry);
        assert_eq!(ali.get(&item).await.ok(), entry);

        assert_eq!(ali.delete(&item).await.status, 204);
        assert_eq!(ali.get(&item).await.refusal(), "404 not-found");
        assert_eq!(ali.delete(&item).await.refusal(), "404 not-found");
        assert_eq!(ali.get(&all).await.ok()["count"], 0);
    }
}

/// 002-D15, 002-D16, 002-D17, 002-D18, 002-D19, 002-D20: a doctor says where they worked.
#[tokio::test]
async fn a_doctor_says_where_they_worked() {
    let hub = open().await;
    let ali = doctor(&hub).await;
    for spelling in SPELLINGS {
        let all = format!("{spelling}/{}/experience/", ali.id_as("doc"));
        let body = json!({
            "organization": "Example Clinic", "position": "Registrar", "start_date": "2013-01-01",
            "end_date": "2018-12-31", "is_current": false, "description": "Night shifts",
        });

        let reply = ali.post(&all, body).await;

        let mut entry = reply.ok();
        assert_eq!(reply.status, 201);
        assert_eq!(
            entry,
            json!({
                "id": entry["id"], "doctor": ali.id_as("doc"), "organization": "Example Clinic",
                "position": "Registrar", "start_date": "2013-01-01", "end_date": "2018-12-31",
                "is_current": false, "description": "Night shifts",
            })
        );
        let id = id_of(&entry).to_owned();
        let location = format!("/api/doctors/{}/experience/{id}", ali.id_as("doc"));
        assert_eq!(reply.header("location"), location);
        let item = format!("{all}{id}/");
        assert_eq!(ali.get(&item).await.ok(), entry);
        let list = ali.get(&all).await.ok();
        assert_eq!((&list["count"], &list["results"]), (&json!(1), &json!([entry])));

        entry["position"] = json!("Consultant");
        assert_eq!(ali.put(&item, json!({"position": "Consultant"})).await.ok(), entry);
        entry["end_date"] = Value::Null;
        entry["is_current"] = json!(true);
        assert_eq!(ali.patch(&item, json!({"is_current": true})).await.ok(), entry);
        assert_eq!(ali.get(&item).await.ok(), entry);

        assert_eq!(ali.delete(&item).await.status, 204);
        assert_eq!(ali.get(&item).await.refusal(), "404 not-found");
        assert_eq!(ali.delete(&item).await.refusal(), "404 not-found");
        assert_eq!(ali.get(&all).await.ok()["count"], 0);
    }
}

/// 002-D10, 002-D16: what the older apps call otherwise is read all the same.
#[tokio::test]
async fn a_career_is_read_by_older_names() {
    let hub = open().await;
    let ali = doctor(&hub).await;
    let degree =
        json!({"degree": "FCPS", "institution": "CPSP", "year_completed": 2016, "grade": "A"});
    let post =
        json!({"hospital": "Mayo Hospital", "title": "Consultant", "start_date": "2019-01-01"});

    let degree = ali.post(education(&ali), degree).await.ok();
    let post = ali.post(experience(&ali), post).await.ok();

    assert_eq!(
        (&degree["year_of_completion"], &degree["grade_or_percentage"]),
        (&json!(2016), &json!("A"))
    );
    assert_eq!(
        (&post["organization"], &post["position"]),
        (&json!("Mayo Hospital"), &json!("Consultant"))
    );
    assert_eq!((&post["end_date"], &post["is_current"]), (&Value::Null, &json!(true)));
}

/// 002-D9, 002-D15: entries are listed in the order they were added.
#[tokio::test]
async fn a_career_is_listed_in_order() {
    let hub = open().await;
    let ali = doctor(&hub).await;
    for degree in ["MBBS", "FCPS", "PhD"] {
        let body = json!({"degree": degree, "institution": "Example University"});
        ali.post(education(&ali), body).await.ok();
        let body =
            json!({"organization": degree, "position": "Fellow", "start_date": "2013-01-01"});
        ali.post(experience(&ali), body).await.ok();
        hub.clock.advance(jiff::SignedDuration::from_secs(1));
    }

    let learnt = ali.get(education(&ali)).await.ok();
    let worked = ali.get(experience(&ali)).await.ok();

    assert_eq!(each(&learnt, "degree"), ["MBBS", "FCPS", "PhD"]);
    assert_eq!(each(&worked, "organization"), ["MBBS", "FCPS", "PhD"]);
}

/// 002-D9, 002-D11, 002-D15, 002-D17: everybody who sees the doctor reads the career.
#[tokio::test]
async fn everyone_reads_the_career_of_a_doctor() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", ANA).await;
    let entries = [
        (education(&ali), json!({"degree": "MBBS", "institution": "Example University"})),
        (
            experience(&ali),
            json!({"organization": "X", "position": "Y", "start_date": "2013-01-01"}),
        ),
    ];
    let verify = format!("/api/doctors/{}/verify/", ali.id_as("doc"));
    for (all, body) in entries {
        let entry = ali.post(&all, body).await.ok();
        let item = format!("{all}{}/", id_of(&entry));

        assert_eq!(ana.get(&all).await.ok()["results"], json!([entry]));
        assert_eq!(ana.get(&item).await.ok(), entry);

        hospital.post(&verify, json!({"is_verified": false})).await.ok();
        for path in [&all, &item] {
            assert_eq!(ana.get(path).await.refusal(), "404 not-found");
            ali.get(path).await.ok();
        }
        hospital.post(&verify, json!({})).await.ok();
    }
}

/// 002-D10, 002-D13, 002-D14, 002-D16, 002-D19, 002-D20: the hospital and admins write it too,
/// and nobody else.
#[tokio::test]
async fn only_those_who_keep_a_doctor_write_the_career() {
    let hub = open().await;
    let admin = hub.admin().await;
    let (hospital, other) = (hub.hospital("jinnah").await, hub.hospital("other").await);
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let bea = hub.doctor_of(&hospital, "Bea", "Baum").await;
    let (ana, cora) = (hub.patient("ana", ANA).await, hub.coordinator("cora").await);
    for (all, body, change) in [
        (
            education(&ali),
            json!({"degree": "MBBS", "institution": "Example University"}),
            json!({"degree": "Changed"}),
        ),
        (
            experience(&ali),
            json!({"organization": "X", "position": "Y", "start_date": "2013-01-01"}),
            json!({"position": "Changed"}),
        ),
    ] {
        let entry = ali.post(&all, &body).await.ok();
        let item = format!("{all}{}/", id_of(&entry));
        for stranger in [&other, &bea, &ana, &cora] {
            let replies = [
                stranger.post(&all, &body).await,
                stranger.patch(&item, &change).await,
                stranger.put(&item, &change).await,
                stranger.delete(&item).await,
            ];
            assert!(replies.iter().all(|reply| reply.refusal() == "403 forbidden"), "{stranger:?}");
        }
        assert_eq!(ana.get(&all).await.ok()["results"], json!([entry]));
        for friend in [&hospital, &admin] {
            let entry = friend.post(&all, &body).await.ok();
            let item = format!("{all}{}/", id_of(&entry));
            friend.patch(&item, &change).await.ok();
            assert_eq!(friend.delete(&item).await.status, 204);
        }
    }
}

/// 002-D10, 002-D13: only admins say that they have seen proof, and any change takes it back.
#[tokio::test]
async fn a_degree_is_proved_to_an_admin() {
    let hub = open().await;
    let admin = hub.admin().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let body = json!({"degree": "MBBS", "institution": "Example University"});
    let mut claimed = body.clone();
    claimed["is_verified"] = json!(true);
    let entry = ali.post(education(&ali), body).await.ok();
    let item = format!("{}{}/", education(&ali), id_of(&entry));

    for person in [&ali, &hospital] {
        assert_eq!(person.post(education(&ali), &claimed).await.refusal(), "403 forbidden");
        let claim = person.patch(&item, json!({"is_verified": true})).await;
        assert_eq!(claim.refusal(), "403 forbidden");
    }
    let proved = admin.patch(&item, json!({"is_verified": true})).await.ok();

    assert_eq!(proved["is_verified"], true);
    assert_eq!(ali.patch(&item, json!({"is_verified": true})).await.ok()["is_verified"], true);
    let changed = ali.patch(&item, json!({"degree": "PhD"})).await.ok();
    assert_eq!((&changed["degree"], &changed["is_verified"]), (&json!("PhD"), &json!(false)));
}

/// 002-D10, 002-D12, 002-D16, 002-D18: what is wrong is named with its place.
#[tokio::test]
async fn wrong_fields_of_a_career_are_named() {
    let hub = open().await;
    let ali = doctor(&hub).await;
    let degree = json!({"degree": "MBBS", "institution": "Example University", "year": 2012});
    let post = json!({
        "organization": "X", "position": "Y", "start_date": "2013-01-01", "end_date": "2014-01-01",
    });

    for (all, body, wrong) in [
        (
            education(&ali),
            degree,
            vec![
                ("degree", json!("")),
                ("institution", json!("x".repeat(201))),
                ("year_of_completion", json!(1899)),
                ("year_of_completion", json!(2101)),
                ("year_of_completion", json!("long ago")),
                ("shoe_size", json!(40)),
            ],
        ),
        (
            experience(&ali),
            post,
            vec![
                ("position", json!(7)),
                ("start_date", json!("01.01.2013")),
                ("start_date", json!("2013-02-30")),
                ("end_date", json!("2012-12-31")),
                ("is_current", json!("yes")),
                ("description", json!("x".repeat(2001))),
            ],
        ),
    ] {
        let entry = ali.post(&all, &body).await.ok();
        let item = format!("{all}{}/", id_of(&entry));
        for (field, value) in wrong {
            let mut whole = body.clone();
            whole.as_object_mut().unwrap().remove("year");
            whole[field] = value.clone();
            let made = ali.post(&all, &whole).await.problem();
            let changed = ali.patch(&item, json!({field: value})).await.problem();
            for problem in [made, changed] {
                assert_eq!(problem.status, 400);
                assert_eq!(problem.errors[0].pointer, format!("/{field}"), "{value}");
            }
        }
        let missing = ali.post(&all, json!({})).await.problem();
        assert!(missing.errors.len() > 1);
        assert_eq!(ali.get(&all).await.ok()["results"], json!([entry]));
    }
}

/// 002-D16, 002-D18: a present post has no end, and a former one does.
#[tokio::test]
async fn a_post_ends_or_goes_on() {
    let hub = open().await;
    let ali = doctor(&hub).await;
    let former = json!({
        "organization": "X", "position": "Y", "start_date": "2013-01-01", "is_current": false,
    });
    let present = json!({
        "organization": "X", "position": "Y", "start_date": "2013-01-01",
        "end_date": "2014-01-01", "is_current": true,
    });

    let endless = ali.post(experience(&ali), former).await.problem();
    let present = ali.post(experience(&ali), present).await.ok();

    assert_eq!(endless.errors[0].pointer, "/end_date");
    assert_eq!((&present["end_date"], &present["is_current"]), (&Value::Null, &json!(true)));
    let item = format!("{}{}/", experience(&ali), id_of(&present));
    let left = ali.patch(&item, json!({"end_date": "2020-05-31"})).await.ok();
    assert_eq!((&left["end_date"], &left["is_current"]), (&json!("2020-05-31"), &json!(false)));
    let before = ali.patch(&item, json!({"start_date": "2021-01-01"})).await.problem();
    assert_eq!(before.errors[0].pointer, "/end_date");
}

/// 002-D11, 002-D17: an entry is one of its own doctor only.
#[tokio::test]
async fn an_entry_of_another_doctor_is_not_found() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ali = hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let bea = hub.doctor_of(&hospital, "Bea", "Baum").await;
    let body = json!({"degree": "MBBS", "institution": "Example University"});
    let degree = ali.post(education(&ali), body).await.ok();
    let body = json!({"organization": "X", "position": "Y", "start_date": "2013-01-01"});
    let post = ali.post(experience(&ali), body).await.ok();

    for path in [
        format!("{}{}/", education(&bea), id_of(&degree)),
        format!("{}{}/", experience(&bea), id_of(&post)),
        format!("{}{}/", education(&ali), id_of(&post)),
        format!("{}not-an-id/", education(&ali)),
        format!("/api/doctors/not-an-id/education/{}/", id_of(&degree)),
    ] {
        let replies = [
            bea.get(&path).await,
            bea.patch(&path, json!({"description": "Mine"})).await,
            bea.delete(&path).await,
        ];
        assert!(!replies.iter().any(|reply| reply.status.is_success()), "{path}");
        assert_eq!(replies[0].refusal(), "404 not-found", "{path}");
    }
    ali.get(format!("{}{}/", education(&ali), id_of(&degree))).await.ok();
}

/// 002-D10: a hundred entries are enough for anybody.
#[tokio::test]
async fn a_career_has_room_for_a_hundred_entries() {
    let hub = open().await;
    let ali = doctor(&hub).await;
    let body = json!({"degree": "MBBS", "institution": "Example University"});
    let replies = join_all((0..100).map(|_| ali.post(education(&ali), &body))).await;
    assert!(replies.iter().all(|reply| reply.status == 201));

    let more = ali.post(education(&ali), &body).await;

    assert_eq!(more.refusal(), "400 career-full");
    let list = ali.get(education(&ali)).await.ok();
    assert_eq!(list["count"], 100);
    let first = format!("{}{}/", education(&ali), id_of(&list["results"][0]));
    ali.delete(first).await.ok();
    assert_eq!(ali.post(education(&ali), &body).await.status, 201);
}

/// 002-D10, 002-D13, 002-D14: every change to a career is in the audit log, without what it says.
#[tokio::test]
async fn every_change_to_a_career_is_in_the_audit_log() {
    let hub = open().await;
    let admin = hub.admin().await;
    let ali = doctor(&hub).await;
    let body = json!({"degree": "MBBS", "institution": "Secret University"});
    let entry = ali.post(education(&ali), body).await.ok();
    let item = format!("{}{}/", education(&ali), id_of(&entry));
    ali.patch(&item, json!({"degree": "PhD"})).await.ok();
    ali.delete(&item).await.ok();

    let log: Reply = admin.get("/api/accounts/audit-logs/?action=DOCTOR_UPDATED").await;

    let lines = log.ok()["results"].clone();
    let lines: Vec<_> = lines
        .as_array()
        .unwrap()
        .iter()
        .filter(|line| line["entity"] == ali.id_as("doc"))
        .cloned()
        .collect();
    assert_eq!(lines.len(), 3);
    assert!(lines.iter().all(|line| line["performed_by"] == ali.id()));
    assert!(!log.text().contains("Secret"));
}

fn education(doctor: &Caller<'_>) -> String {
    format!("/api/doctors/{}/education/", doctor.id_as("doc"))
}

fn experience(doctor: &Caller<'_>) -> String {
    format!("/api/doctors/{}/experience/", doctor.id_as("doc"))
}
