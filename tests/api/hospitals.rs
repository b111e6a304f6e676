//! Hospitals: applying, joining, leaving, being listed and being found nearby.

use carehub_testkit::{Caller, TestHub};
use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{PASSWORD, People, open};

/// 000-09: whoever applies for a hospital learns what was noted and that an admin decides.
#[tokio::test]
async fn a_hospital_applies_and_waits_for_approval() {
    let hub = open().await;
    let body = application("jinnah", "Jinnah Hospital", Some((31.4844, 74.2975)));

    let reply = hub.visitor().post("/api/hospitals/register/", body).await;

    let hospital = &reply.ok()["hospital"];
    assert_eq!(reply.status, 201);
    assert_eq!(
        reply.header("location"),
        format!("/api/hospitals/{}", hospital["id"].as_str().unwrap())
    );
    assert_eq!(
        reply.ok(),
        json!({
            "message": "Hospital registered successfully. Awaiting admin approval.",
            "hospital": {
                "id": hospital["id"], "user": hospital["user"],
                "name": "Jinnah Hospital", "license_number": "LIC-jinnah",
                "email": "desk-jinnah@example.org", "phone": "+924211100000",
                "address": "1 Example Road", "location": "Lahore",
                "latitude": 31.4844, "longitude": 74.2975,
                "status": "PENDING", "is_approved": false,
                "approved_by": null, "approved_at": null,
                "created_at": "2030-01-07T08:00:00Z", "updated_at": "2030-01-07T08:00:00Z",
            },
        })
    );
}

/// 000-09: coordinates may be left out, and so may the second spelling of a field.
#[tokio::test]
async fn a_hospital_may_apply_without_coordinates() {
    let hub = open().await;
    let mut body = application("jinnah", "Jinnah Hospital", None);
    let fields = body.as_object_mut().unwrap();
    fields.insert("phone".to_owned(), fields["phone_number"].clone());
    fields.insert("confirm_password".to_owned(), json!(PASSWORD));
    fields.retain(|name, _| !["phone_number", "password_confirm"].contains(&name.as_str()));

    let applied = hub.visitor().post("/api/hospitals/register/", body).await.ok();

    assert_eq!(applied["hospital"]["latitude"], Value::Null);
    assert_eq!(applied["hospital"]["longitude"], Value::Null);
}

/// 000-09: everything that is missing is named at once.
#[tokio::test]
async fn an_application_names_every_field_it_lacks() {
    let hub = open().await;

    let problem = hub.visitor().post("/api/hospitals/register/", json!({})).await.problem();

    assert_eq!((problem.status, problem.code.as_str()), (400, "invalid"));
    let pointers: Vec<_> = problem.errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/username",
            "/email",
            "/password",
            "/password_confirm",
            "/first_name",
            "/last_name",
            "/phone_number",
            "/hospital_name",
            "/license_number",
            "/hospital_email",
            "/hospital_phone",
            "/address",
        ]
    );
}

/// 000-09: the password has to be typed twice the same.
#[tokio::test]
async fn an_application_with_two_different_passwords_is_refused() {
    let hub = open().await;
    let mut body = application("jinnah", "Jinnah Hospital", None);
    body["password_confirm"] = json!("another-lantern-98");

    let problem = hub.visitor().post("/api/hospitals/register/", body).await.problem();

    assert_eq!(problem.code, "invalid");
    assert_eq!(problem.errors[0].pointer, "/password_confirm");
}

#[tokio::test]
async fn coordinates_go_together_and_lie_on_the_globe() {
    let hub = open().await;
    let half = application("half", "Half", None);
    let half = with(half, "latitude", json!(31.5));
    let off = application("off", "Off", Some((91.0, 74.0)));

    let replies = join_all([half, off].map(|body| register(&hub, body))).await;

    let refusals: Vec<_> = replies.iter().map(carehub_testkit::Reply::refusal).collect();
    assert_eq!(refusals, ["400 half-coordinates", "400 invalid-coordinates"]);
}

/// 000-09: a licence is registered once, however it is written.
#[tokio::test]
async fn no_two_hospitals_share_a_licence() {
    let hub = open().await;
    hub.applicant("jinnah").await;
    let second = application("second", "Second Hospital", None);
    let second = with(second, "license_number", json!(" lic-JINNAH "));

    let reply = register(&hub, second).await;

    assert_eq!(reply.refusal(), "409 licence-taken");
    // Nothing of the second is left: its name is still free.
    register(&hub, application("second", "Second Hospital", None)).await.ok();
}

#[tokio::test]
async fn no_two_hospitals_share_a_user_name() {
    let hub = open().await;
    hub.applicant("jinnah").await;
    let second = with(application("Jinnah", "Second", None), "license_number", json!("LIC-2"));

    let reply = register(&hub, second).await;

    assert_eq!(reply.refusal(), "409 username-taken");
}

/// 000-09: of many who race for a licence one gets it.
#[tokio::test]
async fn of_many_who_apply_at_once_with_one_licence_one_is_noted() {
    let hub = open().await;
    let bodies = (0..4).map(|n| {
        let body = application(&format!("racer-{n}"), "Racer Hospital", None);
        with(body, "license_number", json!("LIC-1"))
    });

    let replies = join_all(bodies.map(|body| register(&hub, body))).await;

    let (noted, refused): (Vec<_>, Vec<_>) =
        replies.iter().partition(|reply| reply.status.is_success());
    assert_eq!(noted.len(), 1);
    assert!(refused.iter().all(|reply| reply.refusal() == "409 licence-taken"));
}

/// 000-C2: a hospital that waits cannot sign in, and the answer does not say why.
#[tokio::test]
async fn nobody_signs_in_for_a_hospital_that_waits() {
    let hub = open().await;
    hub.applicant("jinnah").await;
    let credentials = json!({"username": "jinnah", "password": PASSWORD});

    let reply = hub.visitor().post("/api/token/", credentials).await;

    assert_eq!(reply.refusal(), "401 sign-in-refused");
}

/// 000-12: an admin lets a hospital in, and its owner can sign in.
#[tokio::test]
async fn a_hospital_that_was_let_in_can_sign_in() {
    let hub = open().await;
    let admin = hub.admin().await;
    let path = approval(&hub.applicant("jinnah").await);

    let decided = admin.patch(&path, json!({"is_approved": true})).await.ok();

    assert_eq!(decided["message"], "Hospital approved successfully");
    assert_eq!(decided["hospital"]["is_approved"], true);
    assert_eq!(decided["hospital"]["status"], "APPROVED");
    assert_eq!(decided["hospital"]["approved_by"], admin.id());
    assert_eq!(decided["hospital"]["approved_at"], "2030-01-07T08:00:00Z");
    let owner = hub.sign_in("jinnah", PASSWORD).await;
    assert_eq!(owner.user["role"], "HOSPITAL");
    assert_eq!(owner.user["hospital"], decided["hospital"]["id"]);
}

/// 000-12: the decision is in the audit log, with its author and the hospital.
#[tokio::test]
async fn an_approval_leaves_a_line_in_the_audit_log() {
    let hub = open().await;
    let admin = hub.admin().await;
    let hospital = hub.applicant("jinnah").await;

    admin.patch(approval(&hospital), json!({"is_approved": true})).await.ok();

    let lines = lines(&admin, "HOSPITAL_APPROVED").await;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["performed_by"], admin.id());
    assert_eq!(lines[0]["entity"], hospital["id"]);
    assert_eq!(lines[0]["details"], json!({"from": "PENDING"}));
}

/// 000-12: the same decision again changes nothing.
#[tokio::test]
async fn approving_again_changes_nothing_and_leaves_no_second_event() {
    let hub = open().await;
    let admin = hub.admin().await;
    let path = approval(&hub.applicant("jinnah").await);
    let first = admin.patch(&path, json!({"is_approved": true})).await.ok();
    hub.clock.advance(SignedDuration::from_mins(1));

    let again = admin.patch(&path, json!({"is_approved": true})).await.ok();

    assert_eq!(again, first);
    assert_eq!(lines(&admin, "HOSPITAL_APPROVED").await.len(), 1);
}

#[tokio::test]
async fn turning_away_again_changes_nothing_and_leaves_no_second_event() {
    let hub = open().await;
    let admin = hub.admin().await;
    let path = approval(&hub.applicant("jinnah").await);
    let first = admin.patch(&path, json!({"is_approved": false})).await.ok();
    hub.clock.advance(SignedDuration::from_mins(1));

    let again = admin.patch(&path, json!({"is_approved": false})).await.ok();

    assert_eq!(again, first);
    assert_eq!(lines(&admin, "HOSPITAL_REJECTED").await.len(), 1);
}

#[tokio::test]
async fn of_many_approvals_at_once_one_leaves_an_event() {
    let hub = open().await;
    let admin = hub.admin().await;
    let path = approval(&hub.applicant("jinnah").await);

    let replies = join_all((0..4).map(|_| admin.patch(&path, json!({})))).await;

    for reply in replies.iter().filter(|reply| !reply.status.is_success()) {
        assert_eq!(reply.refusal(), "409 hospital-stale");
    }
    assert_eq!(lines(&admin, "HOSPITAL_APPROVED").await.len(), 1);
}

/// 000-12: without a word an approval is meant, and `POST` means `PATCH`.
#[tokio::test]
async fn an_approval_needs_no_body_and_may_be_posted() {
    let hub = open().await;
    let admin = hub.admin().await;
    let path = approval(&hub.applicant("jinnah").await);

    let decided = admin.post(&path, json!({})).await.ok();

    assert_eq!(decided["hospital"]["is_approved"], true);
}

#[tokio::test]
async fn a_decision_that_is_neither_is_named() {
    let hub = open().await;
    let admin = hub.admin().await;
    let path = approval(&hub.applicant("jinnah").await);

    let problem = admin.patch(&path, json!({"is_approved": "perhaps"})).await.problem();

    assert_eq!(problem.code, "invalid");
    assert_eq!(problem.errors[0].pointer, "/is_approved");
}

/// 000-C2: a hospital that is turned away is out at once, with everyone who works there.
#[tokio::test]
async fn turning_a_hospital_away_signs_out_its_owner_and_its_doctors() {
    let hub = open().await;
    let admin = hub.admin().await;
    let owner = hub.hospital("jinnah").await;
    let doctor = hub.doctor_of(&owner, "Ali", "Mehmood").await;
    let path = format!("/api/hospitals/{}/approve/", owner.id_as("hsp"));

    admin.patch(path, json!({"is_approved": false})).await.ok();

    for person in [&owner, &doctor] {
        let profile = person.get("/api/auth/profile/").await;
        assert_eq!(profile.refusal(), "401 unauthenticated");
        let renewal = json!({"refresh": person.refresh});
        let renewed = hub.visitor().post("/api/token/refresh/", renewal).await;
        assert_eq!(renewed.refusal(), "401 invalid-refresh-token");
        let again = json!({"username": person.user["username"], "password": PASSWORD});
        let signed_in = hub.visitor().post("/api/token/", again).await;
        assert_eq!(signed_in.refusal(), "401 sign-in-refused");
    }
}

#[tokio::test]
async fn a_hospital_that_was_turned_away_can_still_be_let_in() {
    let hub = open().await;
    let admin = hub.admin().await;
    let owner = hub.hospital("jinnah").await;
    let path = format!("/api/hospitals/{}/approve/", owner.id_as("hsp"));
    admin.patch(&path, json!({"is_approved": false})).await.ok();

    admin.patch(&path, json!({"is_approved": true})).await.ok();

    hub.sign_in("jinnah", PASSWORD).await;
    // What was ended stays ended.
    assert_eq!(owner.get("/api/auth/profile/").await.refusal(), "401 unauthenticated");
}

/// 000-12: only admins decide. One who may not even see the hospital learns nothing.
#[tokio::test]
async fn only_admins_decide_on_hospitals() {
    let hub = open().await;
    let waiting = approval(&hub.applicant("waiting").await);
    let owner = hub.hospital("jinnah").await;
    let joined = format!("/api/hospitals/{}/approve/", owner.id_as("hsp"));
    let ana = hub.patient("ana", "+923001234567").await;

    let replies = join_all([
        hub.visitor().patch(&joined, json!({})),
        ana.patch(&joined, json!({})),
        ana.patch(&waiting, json!({})),
        owner.patch(&joined, json!({"is_approved": true})),
        owner.patch(&waiting, json!({"is_approved": true})),
    ])
    .await;

    let refusals: Vec<_> = replies.iter().map(carehub_testkit::Reply::refusal).collect();
    assert_eq!(
        refusals,
        ["401 unauthenticated", "403 forbidden", "404 not-found", "403 forbidden", "404 not-found"]
    );
}

#[tokio::test]
async fn an_applicant_is_told_by_mail_what_became_of_it() {
    let hub = open().await;
    let admin = hub.admin().await;
    let path = approval(&hub.applicant("jinnah").await);
    hub.settle().await;
    admin.patch(&path, json!({"is_approved": true})).await.ok();
    hub.settle().await;
    admin.patch(&path, json!({"is_approved": false})).await.ok();

    hub.settle().await;

    let letters = hub.post.texts_to("desk-jinnah@example.org");
    let letters: Vec<_> = letters.iter().filter_map(|letter| letter.lines().next()).collect();
    assert_eq!(
        letters,
        [
            "Thank you for registering jinnah Hospital. We will write again when it has been decided on.",
            "jinnah Hospital has been approved. You can sign in now.",
            "jinnah Hospital has not been approved. Please write to us if you think this is a mistake.",
        ]
    );
}

/// 000-10: those who run the hub see every hospital, everyone else those that have joined.
#[tokio::test]
async fn everyone_lists_the_hospitals_they_may_see() {
    let hub = open().await;
    let admin = hub.admin().await;
    three_hospitals(&hub, &admin).await;
    let ana = hub.patient("ana", "+923001234567").await;
    let cora = hub.coordinator("cora").await;
    let lone = hub.lone_doctor("lone").await;
    let owner = hub.sign_in("joined", PASSWORD).await;
    let doctor = hub.doctor_of(&owner, "Ali", "Mehmood").await;

    let people = [&ana, &cora, &lone, &owner, &doctor, &admin];
    let lists = join_all(people.map(|person| names(person, "/api/hospitals/"))).await;

    let (admins, others) = lists.split_last().unwrap();
    assert_eq!(admins, &["joined", "waiting", "rejected"]);
    assert!(others.iter().all(|list| list == &["joined"]), "{others:?}");
}

/// 000-10: `is_approved` narrows the list of those who run the hub, and widens nobody's.
#[tokio::test]
async fn is_approved_narrows_the_list_for_admins_only() {
    let hub = open().await;
    let admin = hub.admin().await;
    three_hospitals(&hub, &admin).await;
    let ana = hub.patient("ana", "+923001234567").await;

    let (yes, no) = ("/api/hospitals/?is_approved=true", "/api/hospitals/?is_approved=False");
    let lists =
        join_all([names(&admin, yes), names(&admin, no), names(&ana, yes), names(&ana, no)]).await;

    assert_eq!(lists[0], ["joined"]);
    assert_eq!(lists[1], ["waiting", "rejected"]);
    assert_eq!(lists[2], ["joined"]);
    assert_eq!(lists[3], ["joined"]);
}

#[tokio::test]
async fn nobody_lists_hospitals_without_signing_in() {
    let hub = open().await;

    let reply = hub.visitor().get("/api/hospitals/").await;

    assert_eq!(reply.refusal(), "401 unauthenticated");
}

#[tokio::test]
async fn a_list_refuses_filters_and_limits_it_does_not_know() {
    let hub = open().await;
    let ana = hub.patient("ana", "+923001234567").await;

    let paths =
        ["?limit=0", "?limit=101", "?page_size=many", "?is_approved=perhaps", "?colour=red"];
    let replies = join_all(paths.map(|query| ana.get(format!("/api/hospitals/{query}")))).await;

    let pointers: Vec<_> = replies
        .iter()
        .map(|reply| {
            let problem = reply.problem();
            assert_eq!(problem.code, "invalid");
            problem.errors[0].pointer.clone()
        })
        .collect();
    assert_eq!(pointers, ["/limit", "/limit", "/limit", "/is_approved", "/colour"]);
}

/// 000-10: page by page, forwards and back, every hospital is there once.
#[tokio::test]
async fn pages_lead_forwards_and_back() {
    let hub = open().await;
    for clinic in 1..=5 {
        hub.hospital(&format!("clinic-{clinic}")).await;
        hub.clock.advance(SignedDuration::from_secs(1));
    }
    let ana = hub.patient("ana", "+923001234567").await;

    let first = ana.get("/api/hospitals/?limit=2").await.ok();
    let second = follow(&ana, &first, "next").await;
    let third = follow(&ana, &second, "next").await;
    let back = follow(&ana, &third, "previous").await;
    let start = follow(&ana, &back, "previous").await;

    assert_eq!(shown(&first), ["clinic-1", "clinic-2"]);
    assert_eq!(shown(&second), ["clinic-3", "clinic-4"]);
    assert_eq!(shown(&third), ["clinic-5"]);
    assert_eq!(shown(&back), ["clinic-3", "clinic-4"]);
    assert_eq!(shown(&start), ["clinic-1", "clinic-2"]);
    assert_eq!((&first["previous"], &third["next"]), (&Value::Null, &Value::Null));
    assert_eq!(start["previous"], Value::Null);
    assert_eq!(shown(&follow(&ana, &start, "next").await), ["clinic-3", "clinic-4"]);
}

#[tokio::test]
async fn pages_of_several_states_are_one_list() {
    let hub = open().await;
    let admin = hub.admin().await;
    for round in 0..4 {
        let applied = hub.applicant(&format!("clinic-{round}")).await;
        match round % 3 {
            0 => admin.patch(approval(&applied), json!({"is_approved": true})).await.ok(),
            1 => admin.patch(approval(&applied), json!({"is_approved": false})).await.ok(),
            _ => Value::Null,
        };
        hub.clock.advance(SignedDuration::from_secs(1));
    }

    let first = admin.get("/api/hospitals/?page_size=3").await.ok();
    let second = follow(&admin, &first, "next").await;
    let back = follow(&admin, &second, "previous").await;

    assert_eq!(shown(&first), ["clinic-0", "clinic-1", "clinic-2"]);
    assert_eq!(shown(&second), ["clinic-3"]);
    assert_eq!(shown(&back), ["clinic-0", "clinic-1", "clinic-2"]);
}

#[tokio::test]
async fn a_page_stays_where_it_was_while_hospitals_join_and_leave() {
    let hub = open().await;
    let admin = hub.admin().await;
    let mut owners = Vec::new();
    for clinic in 1..=4 {
        owners.push(hub.hospital(&format!("clinic-{clinic}")).await);
        hub.clock.advance(SignedDuration::from_secs(1));
    }
    let first = admin.get("/api/hospitals/?limit=2&is_approved=true").await.ok();

    // The very hospital that the first page ends with goes, and another one comes.
    admin.delete(format!("/api/hospitals/{}", owners[1].id_as("hsp"))).await.ok();
    hub.hospital("clinic-5").await;
    let second = follow(&admin, &first, "next").await;

    assert_eq!(shown(&second), ["clinic-3", "clinic-4"]);
    assert_eq!(shown(&follow(&admin, &second, "next").await), ["clinic-5"]);
    assert_eq!(shown(&follow(&admin, &second, "previous").await), ["clinic-1"]);
}

/// 000-10: a link leads only its owner, and only through its own list.
#[tokio::test]
async fn a_cursor_is_good_for_its_caller_and_its_list_only() {
    let hub = open().await;
    let owner = hub.hospital("clinic-1").await;
    hub.hospital("clinic-2").await;
    let ana = hub.patient("ana", "+923001234567").await;
    let bela = hub.patient("bela", "+923001234568").await;
    let first = ana.get("/api/hospitals/?limit=1").await.ok();
    let next = first["next"].as_str().unwrap();
    let cursor = next.split_once('=').unwrap().1;
    let staff = format!("/api/hospitals/{}/doctors/?cursor={cursor}", owner.id_as("hsp"));

    let replies = join_all([
        bela.get(next),
        ana.get(&staff),
        ana.get("/api/hospitals/?cursor=made-up"),
        ana.get("/api/hospitals/?cursor="),
    ])
    .await;

    assert!(replies.iter().all(|reply| reply.refusal() == "400 bad-cursor"), "{replies:?}");
    // The same list under its other name is the same list.
    ana.get(format!("/api/v1/hospitals/?cursor={cursor}")).await.ok();
}

/// 000-11: everyone with an account sees a hospital that has joined.
#[tokio::test]
async fn a_hospital_that_has_joined_is_shown_to_everyone() {
    let hub = open().await;
    let owner = hub.hospital("jinnah").await;
    let ana = hub.patient("ana", "+923001234567").await;

    let reply = ana.get(format!("/api/hospitals/{}/", owner.id_as("hsp"))).await;

    assert_eq!(reply.ok()["name"], "jinnah Hospital");
    assert!(!reply.header("etag").is_empty());
}

/// 000-11: one that has not joined cannot be told from one that does not exist.
#[tokio::test]
async fn a_hospital_that_waits_is_as_if_it_were_not_there() {
    let hub = open().await;
    let admin = hub.admin().await;
    let waiting = hub.applicant("waiting").await["id"].as_str().unwrap().to_owned();
    let ana = hub.patient("ana", "+923001234567").await;

    let paths = [waiting.as_str(), "hsp_01ARZ3NDEKTSV4RRFFQ69G5FAV", "17", "nothing"];
    let replies = join_all(paths.map(|id| ana.get(format!("/api/hospitals/{id}/")))).await;

    assert!(replies.iter().all(|reply| reply.refusal() == "404 not-found"), "{replies:?}");
    let shown = admin.get(format!("/api/hospitals/{waiting}/")).await.ok();
    assert_eq!(shown["status"], "PENDING");
}

/// Optional route of 000: PATCH `/api/hospitals/{id}/` by the owner.
#[tokio::test]
async fn a_hospital_changes_what_it_says_of_itself() {
    let hub = open().await;
    let admin = hub.admin().await;
    let owner = hub.hospital("jinnah").await;
    let path = format!("/api/hospitals/{}/", owner.id_as("hsp"));
    let read = owner.get(&path).await;
    hub.clock.advance(SignedDuration::from_mins(1));

    let change =
        json!({"name": "Jinnah General", "hospital_phone": "+924211100001", "location": null});
    let reply = owner.with_header("if-match", read.header("etag")).patch(&path, change).await;

    let hospital = reply.ok();
    assert_eq!(hospital["name"], "Jinnah General");
    assert_eq!(hospital["phone"], "+924211100001");
    assert_eq!(hospital["location"], Value::Null);
    assert_eq!(hospital["address"], "1 Example Road");
    assert_eq!(hospital["updated_at"], "2030-01-07T08:01:00Z");
    assert_eq!(owner.get(&path).await.ok(), hospital);
    assert_eq!(owner.get("/api/hospitals/").await.ok()["results"][0], hospital);
    assert_eq!(owner.get(&path).await.header("etag"), reply.header("etag"));
    let line = &lines(&admin, "HOSPITAL_UPDATED").await[0];
    assert_eq!(line["changed"], json!(["name", "phone", "location"]));
}

/// Optional route of 000: PUT `/api/hospitals/{id}/` by an admin, before it has joined too.
#[tokio::test]
async fn an_admin_changes_a_hospital_that_waits() {
    let hub = open().await;
    let admin = hub.admin().await;
    let id = hub.applicant("waiting").await["id"].as_str().unwrap().to_owned();

    let path = format!("/api/hospitals/{id}/");
    let hospital = admin.put(&path, json!({"address": "2 Example Road"})).await.ok();

    assert_eq!(hospital["address"], "2 Example Road");
    assert_eq!(hospital["status"], "PENDING");
    assert_eq!(admin.get("/api/hospitals/").await.ok()["results"][0], hospital);
}

#[tokio::test]
async fn a_change_to_what_was_read_before_another_change_is_refused() {
    let hub = open().await;
    let owner = hub.hospital("jinnah").await;
    let path = format!("/api/hospitals/{}/", owner.id_as("hsp"));
    let stale = owner.get(&path).await.header("etag").to_owned();
    owner.patch(&path, json!({"name": "Jinnah General"})).await.ok();

    let late = owner.with_header("if-match", stale).patch(&path, json!({"name": "Late"})).await;

    assert_eq!(late.refusal(), "412 precondition-failed");
    assert_eq!(owner.get(&path).await.ok()["name"], "Jinnah General");
}

#[tokio::test]
async fn of_many_changes_at_once_to_one_revision_one_is_made() {
    let hub = open().await;
    let owner = hub.hospital("jinnah").await;
    let path = format!("/api/hospitals/{}/", owner.id_as("hsp"));
    let careful = owner.with_header("if-match", owner.get(&path).await.header("etag"));

    let changes = (0..4).map(|n| careful.patch(&path, json!({"name": format!("Name {n}")})));
    let replies = join_all(changes).await;

    let (made, refused): (Vec<_>, Vec<_>) =
        replies.iter().partition(|reply| reply.status.is_success());
    assert_eq!(made.len(), 1);
    for reply in refused {
        let refusal = reply.refusal();
        assert!(["409 hospital-stale", "412 precondition-failed"].contains(&refusal.as_str()));
    }
}

#[tokio::test]
async fn nobody_changes_or_removes_the_hospital_of_another() {
    let hub = open().await;
    let owner = hub.hospital("jinnah").await;
    let other = hub.hospital("other").await;
    let doctor = hub.doctor_of(&owner, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", "+923001234567").await;
    let path = format!("/api/hospitals/{}/", owner.id_as("hsp"));

    let changes =
        [&other, &doctor, &ana].map(|person| person.patch(&path, json!({"name": "Mine"})));
    let removals = [&owner, &other, &doctor, &ana].map(|person| person.delete(&path));
    let (changed, removed) = (join_all(changes).await, join_all(removals).await);

    let replies = changed.iter().chain(&removed);
    assert!(replies.clone().all(|reply| reply.refusal() == "403 forbidden"), "{replies:?}");
}

#[tokio::test]
async fn a_hospital_takes_no_licence_of_another_and_frees_the_one_it_gives_up() {
    let hub = open().await;
    let owner = hub.hospital("jinnah").await;
    hub.applicant("other").await;
    let path = format!("/api/hospitals/{}/", owner.id_as("hsp"));
    let taken = owner.patch(&path, json!({"license_number": "lic-other"})).await;

    owner.patch(&path, json!({"license_number": "LIC-2"})).await.ok();

    assert_eq!(taken.refusal(), "409 licence-taken");
    let heir = with(application("heir", "Heir", None), "license_number", json!("LIC-jinnah"));
    register(&hub, heir).await.ok();
    let late = with(application("late", "Late", None), "license_number", json!("LIC-2"));
    assert_eq!(register(&hub, late).await.refusal(), "409 licence-taken");
}

/// Optional route of 000: DELETE `/api/hospitals/{id}/`.
#[tokio::test]
async fn a_hospital_that_is_removed_is_gone_for_everyone_at_once() {
    let hub = open().await;
    let admin = hub.admin().await;
    let owner = hub.hospital("jinnah").await;
    let doctor = hub.doctor_of(&owner, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", "+923001234567").await;
    let path = format!("/api/hospitals/{}/", owner.id_as("hsp"));

    let reply = admin.delete(&path).await;

    assert_eq!((reply.status.as_u16(), reply.text().as_str()), (204, ""));
    assert_eq!(ana.get(&path).await.refusal(), "404 not-found");
    assert_eq!(names(&ana, "/api/hospitals/").await, [""; 0]);
    assert_eq!(names(&admin, "/api/hospitals/").await, [""; 0]);
    let near = ana.get("/api/hospitals/nearby/?lat=31.4844&lng=74.2975").await.ok();
    assert_eq!(near["count"], 0);
    for person in [&owner, &doctor] {
        assert_eq!(person.get("/api/auth/profile/").await.refusal(), "401 unauthenticated");
        let again = json!({"username": person.user["username"], "password": PASSWORD});
        let signed_in = hub.visitor().post("/api/auth/login/", again).await;
        assert_eq!(signed_in.refusal(), "401 sign-in-refused");
    }
    assert_eq!(lines(&admin, "HOSPITAL_DELETED").await.len(), 1);
}

#[tokio::test]
async fn a_removed_hospital_cannot_be_let_in_and_its_licence_is_free() {
    let hub = open().await;
    let admin = hub.admin().await;
    let applied = hub.applicant("jinnah").await;
    admin.delete(format!("/api/hospitals/{}/", applied["id"].as_str().unwrap())).await.ok();

    let approved = admin.patch(approval(&applied), json!({"is_approved": true})).await;

    assert_eq!(approved.refusal(), "404 not-found");
    let heir = with(application("heir", "Heir", None), "license_number", json!("LIC-jinnah"));
    register(&hub, heir).await.ok();
}

#[tokio::test]
async fn a_hospital_is_removed_only_in_the_state_that_was_read() {
    let hub = open().await;
    let admin = hub.admin().await;
    let owner = hub.hospital("jinnah").await;
    let path = format!("/api/hospitals/{}/", owner.id_as("hsp"));
    let stale = admin.get(&path).await.header("etag").to_owned();
    owner.patch(&path, json!({"name": "Jinnah General"})).await.ok();

    let reply = admin.with_header("if-match", stale).delete(&path).await;

    assert_eq!(reply.refusal(), "412 precondition-failed");
    owner.get(&path).await.ok();
}

#[tokio::test]
async fn a_hospital_is_removed_once() {
    let hub = open().await;
    let admin = hub.admin().await;
    let applied = hub.applicant("jinnah").await;
    let path = format!("/api/hospitals/{}/", applied["id"].as_str().unwrap());
    admin.delete(&path).await.ok();

    let again = admin.delete(&path).await;

    assert_eq!(again.refusal(), "404 not-found");
    assert_eq!(lines(&admin, "HOSPITAL_DELETED").await.len(), 1);
}

#[tokio::test]
async fn a_hospital_can_be_removed_although_its_owners_account_was_closed() {
    let hub = open().await;
    let admin = hub.admin().await;
    let owner = hub.hospital("jinnah").await;
    admin.delete(format!("/api/users/{}/", owner.id())).await.ok();

    let reply = admin.delete(format!("/api/hospitals/{}/", owner.id_as("hsp"))).await;

    assert_eq!(reply.status, 204, "{}", reply.text());
}

/// 000-13: the nearest come first, each with its distance.
#[tokio::test]
async fn hospitals_nearby_are_those_within_the_radius_nearest_first() {
    let hub = open().await;
    around_lahore(&hub).await;
    let ana = hub.patient("ana", "+923001234567").await;

    let near = ana.get("/api/hospitals/nearby/?lat=31.4844&lng=74.2975&radius_km=25").await.ok();

    assert_eq!((&near["count"], &near["radius_km"]), (&json!(3), &json!(25.0)));
    assert_eq!(places(&near), [("here", 0.0), ("near", 5.56), ("far", 22.24)]);
    let first = &near["hospitals"][0];
    assert_eq!(
        first,
        &json!({
            "id": first["id"], "name": "here", "email": "desk-here@example.org",
            "phone": "+924211100000", "address": "1 Example Road", "location": "Lahore",
            "latitude": 31.4844, "longitude": 74.2975, "distance_km": 0.0,
        })
    );
}

/// 000-13: the radius is ten kilometres unless another is asked for, and may span a country.
#[tokio::test]
async fn the_radius_decides_who_is_near() {
    let hub = open().await;
    around_lahore(&hub).await;
    let ana = hub.patient("ana", "+923001234567").await;

    let queries = ["", "&radius_km=5", "&radius=200", "&radius_km=250"];
    let lists = join_all(queries.map(|query| {
        ana.get(format!("/api/hospitals/nearby/?latitude=31.4844&longitude=74.2975{query}"))
    }))
    .await;

    let counts: Vec<_> = lists.iter().map(|reply| reply.ok()["count"].clone()).collect();
    assert_eq!(counts, [2, 1, 4, 4]);
    assert_eq!(lists[0].ok()["radius_km"], 10.0);
    assert_eq!(places(&lists[2].ok())[3], ("away", 166.79));
}

/// 000-13: coordinates and radii that make no sense are refused.
#[tokio::test]
async fn places_that_make_no_sense_are_refused() {
    let hub = open().await;
    let ana = hub.patient("ana", "+923001234567").await;

    let queries = [
        "lat=91&lng=74",
        "lat=31&lng=-180.5",
        "lat=NaN&lng=74",
        "lat=31&lng=74&radius_km=0",
        "lat=31&lng=74&radius_km=-3",
        "lat=31&lng=74&radius_km=251",
        "lat=31&lng=74&radius_km=NaN",
    ];
    let replies =
        join_all(queries.map(|query| ana.get(format!("/api/hospitals/nearby/?{query}")))).await;

    let codes: Vec<_> = replies.iter().map(|reply| reply.problem().code).collect();
    let (off, wide) = ("invalid-coordinates", "invalid-radius");
    assert_eq!(codes, [off, off, off, wide, wide, wide, wide]);
    assert!(replies.iter().all(|reply| reply.status == 400));
}

/// 000-13: what is missing or no number is named.
#[tokio::test]
async fn a_place_without_numbers_is_refused_by_name() {
    let hub = open().await;
    let ana = hub.patient("ana", "+923001234567").await;

    let queries = ["", "?lat=31", "?lat=here&lng=74", "?lat=31&lng=74&radius_km=wide"];
    let replies =
        join_all(queries.map(|query| ana.get(format!("/api/hospitals/nearby/{query}")))).await;

    let pointers: Vec<Vec<_>> = replies
        .iter()
        .map(|reply| reply.problem().errors.into_iter().map(|error| error.pointer).collect())
        .collect();
    assert_eq!(pointers, [vec!["/lat", "/lng"], vec!["/lng"], vec!["/lat"], vec!["/radius_km"]]);
}

#[tokio::test]
async fn a_hospital_that_moves_or_is_turned_away_is_found_there_no_longer() {
    let hub = open().await;
    let admin = hub.admin().await;
    let owner = hub.hospital("jinnah").await;
    let id = owner.id_as("hsp");
    let count = async |query: &str| {
        admin.get(format!("/api/hospitals/nearby/?{query}")).await.ok()["count"].clone()
    };
    let (lahore, karachi) = ("lat=31.4844&lng=74.2975", "lat=24.8607&lng=67.0011");

    let moved = json!({"latitude": 24.8607, "longitude": 67.0011});
    owner.patch(format!("/api/hospitals/{id}/"), moved).await.ok();
    let after_moving = (count(lahore).await, count(karachi).await);
    admin.patch(format!("/api/hospitals/{id}/approve/"), json!({"is_approved": false})).await.ok();
    let after_rejection = (count(lahore).await, count(karachi).await);

    assert_eq!(after_moving, (json!(0), json!(1)));
    assert_eq!(after_rejection, (json!(0), json!(0)));
}

fn application(username: &str, name: &str, place: Option<(f64, f64)>) -> Value {
    let body = json!({
        "username": username, "email": format!("{username}@example.org"),
        "password": PASSWORD, "password_confirm": PASSWORD,
        "first_name": "Olga", "last_name": "Owner", "phone_number": "+923001110000",
        "hospital_name": name, "license_number": format!("LIC-{username}"),
        "hospital_email": format!("desk-{username}@example.org"), "hospital_phone": "+924211100000",
        "address": "1 Example Road", "location": "Lahore",
    });
    match place {
        Some((latitude, longitude)) => {
            with(with(body, "latitude", json!(latitude)), "longitude", json!(longitude))
        }
        None => body,
    }
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

async fn register(hub: &TestHub, body: Value) -> carehub_testkit::Reply {
    hub.visitor().post("/api/hospitals/register/", body).await
}

fn approval(hospital: &Value) -> String {
    format!("/api/hospitals/{}/approve/", hospital["id"].as_str().unwrap())
}

/// The lines of the audit log about one action, newest first.
async fn lines(admin: &Caller<'_>, action: &str) -> Vec<Value> {
    let log = admin.get(format!("/api/accounts/audit-logs/?action={action}")).await.ok();
    log["results"].as_array().unwrap().clone()
}

/// A hospital in each state, oldest first: `joined`, `waiting`, `rejected`.
async fn three_hospitals(hub: &TestHub, admin: &Caller<'_>) {
    for name in ["joined", "waiting", "rejected"] {
        let applied = register(hub, application(name, name, None)).await.ok()["hospital"].clone();
        if name != "waiting" {
            let decision = json!({"is_approved": name == "joined"});
            admin.patch(approval(&applied), decision).await.ok();
        }
        hub.clock.advance(SignedDuration::from_secs(1));
    }
}

/// Hospitals at several distances north of one place, one that waits, and one nowhere.
async fn around_lahore(hub: &TestHub) {
    let admin = hub.admin().await;
    let north = |degrees: f64| Some((31.4844 + degrees, 74.2975));
    for (name, place) in [
        ("away", north(1.5)),
        ("far", north(0.2)),
        ("here", north(0.0)),
        ("near", north(0.05)),
        ("nowhere", None),
        ("waiting", north(0.0)),
    ] {
        let applied = register(hub, application(name, name, place)).await.ok()["hospital"].clone();
        if name != "waiting" {
            admin.patch(approval(&applied), json!({"is_approved": true})).await.ok();
        }
    }
}

fn places(near: &Value) -> Vec<(&str, f64)> {
    let hospitals = near["hospitals"].as_array().unwrap().iter();
    let place = |hospital: &'_ Value| hospital["distance_km"].as_f64().unwrap();
    hospitals.map(|hospital| (hospital["name"].as_str().unwrap(), place(hospital))).collect()
}

/// The first words of the names on a page.
fn shown(page: &Value) -> Vec<String> {
    let results = page["results"].as_array().unwrap().iter();
    let name = |hospital: &Value| hospital["name"].as_str().unwrap().to_owned();
    results.map(name).map(|name| name.trim_end_matches(" Hospital").to_owned()).collect()
}

async fn names(person: &Caller<'_>, path: &str) -> Vec<String> {
    shown(&person.get(path).await.ok())
}

async fn follow(person: &Caller<'_>, page: &Value, link: &str) -> Value {
    person.get(page[link].as_str().unwrap()).await.ok()
}
