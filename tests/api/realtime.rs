//! Live updates: tickets, connections, and what people see at once.

use std::{
    future::poll_fn,
    pin::pin,
    sync::atomic::{AtomicU32, Ordering},
    task::Poll,
};

use carehub_clients::{Wire, Word};
use carehub_domain::{
    live::{EntryKind, MOST_MISSED, News},
    notification::{Channel, Notification, NotificationKind, Priority},
};
use carehub_events::announced;
use carehub_local::template::Trigger;
use carehub_testkit::{Caller, TestHub};
use housekeeping::Chore;
use insta::assert_snapshot;
use jiff::SignedDuration;
use realtime::Realtime;
use serde_json::{Value, json};

use crate::{
    notifications::{self, notice},
    support::{PASSWORD, People, each, id_of, open, perform, relay, template},
};

#[test]
fn whatever_comes_over_a_connection_leads_to_realtime() {
    let routes = template().functions.iter().flat_map(|function| {
        function.triggers.iter().filter_map(|trigger| match trigger {
            Trigger::WebSocket(route) => Some(format!("{route} {}", function.name)),
            _ => None,
        })
    });
    let routes: Vec<_> = routes.collect();
    assert_eq!(routes, ["$connect realtime", "$default realtime", "$disconnect realtime"]);
}

#[tokio::test]
async fn a_ticket_opens_one_connection() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;

    let reply = ana.post("/api/realtime/tickets", json!({})).await;

    assert_eq!(reply.status, 201);
    let ticket = reply.ok();
    let secret = ticket["ticket"].as_str().unwrap();
    assert_eq!(secret.len(), 43);
    assert_eq!(ticket["url"], format!("ws://localhost:8000/ws?ticket={secret}"));
    assert_eq!(ticket["expires_at"], "2030-01-07T08:01:00Z");
    hub.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(connect(&hub, "one", secret).await, 200);
    assert_eq!(connect(&hub, "two", secret).await, 401);
    assert_eq!(
        say(&hub, "one", json!({"type": "ping"})).await,
        [json!({"type": "pong", "seq": 0})]
    );
    hub.clock.advance(SignedDuration::from_secs(1));
    let admin = hub.admin().await;
    let log = admin.get(format!("/api/accounts/audit-logs?user={}", ana.id())).await.ok();
    assert_eq!(each(&log, "action")[..2], ["CONNECTION_OPENED", "TICKET_CREATED"]);
    assert!(!log.to_string().contains(secret));
}

#[tokio::test]
async fn a_ticket_is_good_for_a_minute_and_nobody_makes_one_up() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;

    let ticket = take_ticket(&ana).await;
    hub.clock.advance(SignedDuration::from_secs(60));
    assert_eq!(connect(&hub, "late", &ticket).await, 401);
    for made_up in ["", "x", &"A".repeat(43), ana.access.as_deref().unwrap()] {
        assert_eq!(connect(&hub, "made-up", made_up).await, 401, "{made_up}");
    }
    assert_eq!(hub.visitor().post("/api/realtime/tickets", json!({})).await.status, 401);
}

#[tokio::test]
async fn of_several_who_show_one_ticket_one_gets_in() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let ticket = take_ticket(&ana).await;

    let names = ["a", "b", "c", "d"];
    let entering = names.iter().map(|name| connect(&hub, name, &ticket));
    let answers = futures_util::future::join_all(entering).await;

    assert_eq!(answers.iter().filter(|&&status| status == 200).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|&&status| status == 401).count(), 3, "{answers:?}");
}

#[tokio::test]
async fn a_ticket_ends_with_its_session() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let ticket = take_ticket(&ana).await;

    ana.post("/api/auth/logout", json!({})).await.ok();

    assert_eq!(connect(&hub, "one", &ticket).await, 401);
}

#[tokio::test]
async fn a_generated_password_has_to_be_changed_first() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let new = json!({
        "first_name": "Ali", "last_name": "Mehmood", "email": "ali@example.org",
        "phone_number": "+923002220000", "specialization": "Cardiology",
    });
    let employed = hospital.post("/api/hospitals/doctors/create", new).await.ok();
    let given = &employed["credentials"];
    let username = given["username"].as_str().unwrap();
    let ali = hub.sign_in(username, given["password"].as_str().unwrap()).await;

    let refusal = ali.post("/api/realtime/tickets", json!({})).await.refusal();
    assert_eq!(refusal, "403 password-change-due");
}

/// 003-C9, 002-C4: live updates of appointments, and of what is found at a visit.
#[tokio::test]
async fn everyone_concerned_sees_it_at_once_and_nobody_else() {
    let hub = open().await;
    let (hospital, sara, ana) = people(&hub).await;
    let bea = hub.patient("bea", "+923007654321").await;
    hub.settle().await;
    for (person, id) in [(&hospital, "hospital"), (&sara, "sara"), (&ana, "ana"), (&bea, "bea")] {
        listen(&hub, person, id).await;
    }

    let slot = json!({"doctor": sara.id_as("doc"), "start": "2030-01-08T09:00:00Z"});
    let booked = ana.post("/api/appointments/book", slot).await.ok();
    let path = format!("/api/appointments/{}", id_of(&booked));
    sara.post(format!("{path}/confirm"), json!({})).await.ok();
    hub.settle().await;

    let heard = hub.wire.take("ana");
    let first = heard.iter().find(|word| word["type"] == "appointment").unwrap();
    assert_eq!(first["data"]["id"], booked["id"]);
    assert_eq!(first["at"], "2030-01-07T08:00:00Z");
    assert_eq!(first["event"].as_str().unwrap()[..4], *"evt_");
    assert_snapshot!(told(&heard), @"
    1 appointment CONFIRMED APPOINTMENT_CREATED
    2 appointment CONFIRMED APPOINTMENT_CONFIRMED
    3 notification APPOINTMENT_CONFIRMED NORMAL Your appointment is confirmed
    ");
    assert_snapshot!(told(&hub.wire.take("sara")), @"
    1 appointment CONFIRMED APPOINTMENT_CREATED
    2 appointment CONFIRMED APPOINTMENT_CONFIRMED
    3 notification APPOINTMENT_REQUEST NORMAL An appointment was requested
    ");
    assert_snapshot!(told(&hub.wire.take("hospital")), @"
    1 appointment CONFIRMED APPOINTMENT_CREATED
    2 appointment CONFIRMED APPOINTMENT_CONFIRMED
    ");
    assert_eq!(hub.wire.take("bea"), [] as [Value; 0]);

    ana.patch(path, json!({"reason": "canary complaint"})).await.ok();
    let notes = format!("/api/consultations/{}/notes", id_of(&booked));
    sara.post(notes, json!({"content": "canary remark"})).await.ok();
    hub.settle().await;

    let heard = hub.wire.take("ana");
    assert_snapshot!(told(&heard), @"
    4 appointment CONFIRMED APPOINTMENT_UPDATED
    5 consultation NOTE
    ");
    assert!(!json!(heard).to_string().contains("canary"));
    assert_snapshot!(told(&hub.wire.take("sara")), @"
    4 appointment CONFIRMED APPOINTMENT_UPDATED
    5 consultation NOTE
    ");
    let heard = hub.wire.take("hospital");
    assert_snapshot!(told(&heard), @"3 appointment CONFIRMED APPOINTMENT_UPDATED");
    assert_eq!(hub.wire.take("bea"), [] as [Value; 0]);
}

#[tokio::test]
async fn whoever_looks_at_an_old_request_sees_it_closed() {
    let hub = open().await;
    let (_, sara, ana) = people(&hub).await;
    let slot = json!({"doctor": sara.id_as("doc"), "start": "2030-01-08T09:00:00Z"});
    ana.post("/api/appointments/book", slot).await.ok();
    hub.clock.advance(SignedDuration::from_hours(91 * 24 + 2));
    let ana = hub.sign_in("ana", PASSWORD).await;
    hub.settle().await;
    listen(&hub, &ana, "ana").await;

    perform(&hub, Chore::OldAppointments).await.unwrap();
    hub.settle().await;

    let heard = hub.wire.take("ana");
    assert_snapshot!(told(&heard), @"1 appointment CANCELLED APPOINTMENT_EXPIRED");
}

#[tokio::test]
async fn a_queue_moves_before_the_eyes_of_those_in_it() {
    let hub = open().await;
    let (hospital, sara, ana) = people(&hub).await;
    hub.settle().await;
    for (person, id) in [(&hospital, "hospital"), (&sara, "sara"), (&ana, "ana")] {
        listen(&hub, person, id).await;
    }

    let queue = format!("/api/appointments/queues/{}", sara.id_as("doc"));
    let token = ana.post(format!("{queue}/tokens"), json!({})).await.ok();
    let path = format!("{queue}/tokens/{}/check-in", token["number"]);
    sara.post(path, json!({})).await.ok();
    sara.post(format!("{queue}/next"), json!({})).await.ok();
    hub.settle().await;

    assert_snapshot!(queued(&hub.wire.take("ana")), @"
    queue TOKEN_CREATED 2030-01-07 1
    queue TOKEN_CHECKED_IN 2030-01-07 1
    queue TOKEN_CALLED 2030-01-07 1
    ");
    assert_snapshot!(queued(&hub.wire.take("sara")), @"
    queue TOKEN_CREATED 2030-01-07 1
    queue TOKEN_CHECKED_IN 2030-01-07 1
    queue TOKEN_CALLED 2030-01-07 1
    ");
    assert_snapshot!(queued(&hub.wire.take("hospital")), @"
    queue TOKEN_CREATED 2030-01-07 1
    queue TOKEN_CHECKED_IN 2030-01-07 1
    queue TOKEN_CALLED 2030-01-07 1
    ");
}

#[tokio::test]
async fn whoever_waits_sees_the_queue_move_and_not_who_leaves_it() {
    let hub = open().await;
    let (_, sara, ana) = people(&hub).await;
    let bea = hub.patient("bea", "+923007654321").await;
    let cid = hub.patient("cid", "+923007654322").await;
    let dana = hub.patient("dana", "+923007654323").await;
    let queue = format!("/api/appointments/queues/{}", sara.id_as("doc"));
    for person in [&ana, &bea, &cid] {
        person.post(format!("{queue}/tokens"), json!({})).await.ok();
    }
    sara.post(format!("{queue}/tokens/1/check-in"), json!({})).await.ok();
    hub.settle().await;
    for (person, id) in [(&ana, "ana"), (&bea, "bea"), (&cid, "cid"), (&dana, "dana")] {
        listen(&hub, person, id).await;
    }

    sara.post(format!("{queue}/next"), json!({})).await.ok();
    hub.settle().await;
    for id in ["ana", "bea", "cid"] {
        assert_eq!(queued(&hub.wire.take(id)), "queue TOKEN_CALLED 2030-01-07 1", "{id}");
    }

    assert_eq!(bea.delete(format!("{queue}/tokens/2")).await.status, 204);
    hub.settle().await;
    assert_eq!(queued(&hub.wire.take("bea")), "queue TOKEN_LEFT 2030-01-07 2");
    assert_eq!(queued(&hub.wire.take("cid")), "queue TOKEN_LEFT 2030-01-07");
    assert_eq!(queued(&hub.wire.take("ana")), "");
    assert_eq!(hub.wire.take("dana"), [] as [Value; 0]);
}

#[tokio::test]
async fn whoever_waits_sees_the_offer() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let nadia = hub.doctor_of(&hospital, "Nadia", "Iqbal").await;
    let hours = json!({"available_days": {"TUESDAY": "09:00-09:30"}});
    nadia.put("/api/doctors/availability", hours).await.ok();
    let (ana, bea) = (hub.patient("ana", ANA).await, hub.patient("bea", "+923007654321").await);
    let doctor = nadia.id_as("doc");
    let slot = json!({"doctor": doctor, "start": "2030-01-08T09:00:00Z"});
    let booked = ana.post("/api/appointments/book", slot).await.ok();
    let wait = json!({"doctor": doctor, "date": "2030-01-08"});
    bea.post("/api/appointments/waitlist", wait).await.ok();
    hub.settle().await;
    listen(&hub, &bea, "bea").await;

    let cancel = format!("/api/appointments/{}/cancel", id_of(&booked));
    ana.post(cancel, json!({})).await.ok();
    hub.settle().await;

    let heard = hub.wire.take("bea");
    let offers: Vec<_> = heard.iter().filter(|word| word["type"] == "waitlist").collect();
    assert_eq!(offers.len(), 1, "{heard:?}");
    assert_eq!(offers[0]["data"], json!({"doctor": doctor, "date": "2030-01-08"}));
    assert!(heard.iter().all(|word| word["type"] != "appointment"), "{heard:?}");
}

/// 003-31: a person sees everything, and the application speaks up when they want it to.
#[tokio::test]
async fn the_application_speaks_up_as_people_want() {
    type Telling = fn(Notification) -> Notification;
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    hub.settle().await;
    listen(&hub, &ana, "ana").await;
    let quiet = || json!({"quiet_hours_start": "07:00", "quiet_hours_end": "09:00"});
    let urgent = |news: Notification| news.pressing(Priority::Urgent);
    let usual = |news: Notification| news;
    let by_mail = |news: Notification| news.by([Channel::Email]);
    let rows: [(Value, Telling, bool); 8] = [
        (json!({}), usual, true),
        (json!({"push_notifications": false}), usual, false),
        (json!({"push_notifications": false}), urgent, true),
        (json!({"prescription_notifications": false}), usual, false),
        (quiet(), usual, false),
        (quiet(), urgent, true),
        (json!({"max_daily_notifications": 1}), usual, true),
        (json!({}), by_mail, false),
    ];

    for (wishes, news, speaks) in rows {
        hub.clock.advance(SignedDuration::from_secs(1));
        let path = "/api/notification-preferences";
        ana.post(format!("{path}/reset_to_defaults"), json!({})).await.ok();
        ana.patch(path, &wishes).await.ok();
        let news = news(notice(&hub, &ana, NotificationKind::PrescriptionReady));
        notifications::told(&hub, news).await;
        hub.settle().await;

        let heard = hub.wire.take("ana");
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert_eq!(heard[0]["data"]["speaks"], speaks, "{wishes}");
    }
}

#[tokio::test]
async fn whoever_comes_back_misses_nothing() {
    let hub = open().await;
    let (_, sara, ana) = people(&hub).await;
    let visit = agreed(&sara, &ana).await;
    hub.settle().await;
    listen(&hub, &ana, "one").await;
    note(&sara, &visit).await;
    hub.settle().await;
    let heard = hub.wire.take("one");
    assert_eq!(numbers(&heard), [1]);
    leave(&hub, "one").await;

    for _ in 0..3 {
        note(&sara, &visit).await;
    }
    hub.settle().await;
    connect(&hub, "two", &take_ticket(&ana).await).await;

    let heard = say(&hub, "two", json!({"type": "resume", "since": 1})).await;
    assert_eq!(numbers(&heard[..3]), [2, 3, 4]);
    assert_eq!(heard[3..], [json!({"type": "ready", "seq": 4})]);
    let heard = say(&hub, "two", json!({"type": "resume", "since": 4})).await;
    assert_eq!(heard, [json!({"type": "ready", "seq": 4})]);
    let heard = say(&hub, "two", json!({"type": "resume"})).await;
    assert_eq!(heard, [json!({"type": "ready", "seq": 4})]);
    let heard = say(&hub, "two", json!({"type": "resume", "since": 5})).await;
    assert_eq!(heard, [json!({"type": "reset", "seq": 4}), json!({"type": "ready", "seq": 4})]);
}

#[tokio::test]
async fn whoever_was_away_for_long_reads_everything_anew() {
    let hub = open().await;
    let (_, sara, ana) = people(&hub).await;
    let visit = agreed(&sara, &ana).await;
    hub.settle().await;
    listen(&hub, &ana, "one").await;
    leave(&hub, "one").await;

    hub.clock.advance(SignedDuration::from_hours(24));
    let sara = hub.sign_in(sara.user["username"].as_str().unwrap(), PASSWORD).await;
    note(&sara, &visit).await;
    hub.settle().await;
    let ana = hub.sign_in("ana", PASSWORD).await;
    connect(&hub, "two", &take_ticket(&ana).await).await;

    let heard = say(&hub, "two", json!({"type": "resume", "since": 0})).await;
    assert_eq!(heard, [json!({"type": "reset", "seq": 1}), json!({"type": "ready", "seq": 1})]);
    note(&sara, &visit).await;
    hub.settle().await;
    assert_eq!(numbers(&hub.wire.take("two")), [2]);
}

#[tokio::test]
async fn more_than_anybody_would_read_is_read_anew() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let (feeds, user) = (hub.state.store.feeds(), ana.id().parse().unwrap());
    connect(&hub, "one", &take_ticket(&ana).await).await;
    let mut events = announced(hub.unread()).into_iter().map(|(_, event)| event.unwrap());
    let mut event = events.next_back().unwrap();
    let news = News::Consultation { id: id("apt"), entry: EntryKind::Note };
    for number in 0..=MOST_MISSED {
        event.id = carehub_domain::Id::generate(event.at);
        let entry = feeds.append(user, &event, &news).await.unwrap().unwrap();
        assert_eq!(entry.seq, u64::from(number) + 1);
    }

    let heard = say(&hub, "one", json!({"type": "resume", "since": 0})).await;
    assert_eq!(heard[0], json!({"type": "reset", "seq": 201}));
    let heard = say(&hub, "one", json!({"type": "resume", "since": 1})).await;
    assert_eq!(numbers(&heard[..200]), (2..=201).collect::<Vec<_>>());
    assert_eq!(heard[200..], [json!({"type": "ready", "seq": 201})]);
}

#[tokio::test]
async fn nothing_is_lost_or_entered_twice_wherever_relay_dies() {
    let hub = open().await;
    let (_, sara, ana) = people(&hub).await;
    let visit = agreed(&sara, &ana).await;
    hub.settle().await;
    listen(&hub, &ana, "ana").await;
    hub.settle().await;
    note(&sara, &visit).await;
    note(&sara, &visit).await;
    let batch = hub.unread();

    let (mut heard, mut deaths) = (Vec::new(), 0);
    while killed_after(deaths, relay(&hub).relay(batch.clone())).await.is_none() {
        heard.extend(hub.wire.take("ana"));
        deaths += 1;
    }
    heard.extend(hub.wire.take("ana"));
    // The stream repeats itself.
    relay(&hub).relay(batch).await;
    heard.extend(hub.wire.take("ana"));

    assert!(deaths > 10, "{deaths}");
    let mut seen = numbers(&heard);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, [1, 2]);
    let heard = say(&hub, "ana", json!({"type": "resume", "since": 0})).await;
    assert_eq!(numbers(&heard[..2]), [1, 2]);
    assert_eq!(heard[2..], [json!({"type": "ready", "seq": 2})]);
}

/// Whoever connects while something is said either hears it or catches up on it, in whatever order
/// the steps of both happen.
#[tokio::test]
async fn nothing_falls_between_saying_and_catching_up() {
    let hub = open().await;
    let (_, sara, ana) = people(&hub).await;
    let visit = agreed(&sara, &ana).await;
    hub.settle().await;
    listen(&hub, &ana, "first").await;
    leave(&hub, "first").await;
    let (feeds, user) = (hub.state.store.feeds(), ana.id().parse().unwrap());

    let orders =
        ["RRRCC", "RRCRC", "RRCCR", "RCRRC", "RCRCR", "RCCRR", "CRRRC", "CRRCR", "CRCRR", "CCRRR"];
    for (since, order) in (0_u64..).zip(orders) {
        hub.unread();
        note(&sara, &visit).await;
        let mut events = announced(hub.unread()).into_iter().map(|(_, event)| event.unwrap());
        let event = events.next_back().unwrap();
        let news =
            News::Consultation { id: id_of(&visit).parse().unwrap(), entry: EntryKind::Note };
        let (mut said, mut entry, mut listeners) = (0, None, None);
        let mut connected = false;
        let ticket = take_ticket(&ana).await;
        for step in order.chars() {
            match (step, said) {
                ('R', 0) => entry = feeds.append(user, &event, &news).await.unwrap(),
                ('R', 1) => listeners = Some(feeds.listeners(user, event.at).await.unwrap().live),
                ('R', _) => {
                    for connection in listeners.take().unwrap() {
                        let word = Word::News(entry.as_ref().unwrap()).to_string();
                        hub.wire.say(&connection.id, word).await.unwrap();
                    }
                }
                _ if connected => {
                    let resume = json!({"type": "resume", "since": since});
                    message(&hub, order, &resume.to_string()).await;
                }
                _ => {
                    assert_eq!(connect(&hub, order, &ticket).await, 200);
                    connected = true;
                }
            }
            said += u32::from(step == 'R');
        }

        let heard = hub.wire.take(order);
        assert!(
            heard.iter().any(|word| word["seq"] == since + 1 && word["type"] == "consultation"),
            "{order}: {heard:?}"
        );
        leave(&hub, order).await;
    }
}

#[tokio::test]
async fn many_events_at_once_are_numbered_without_gaps() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    connect(&hub, "one", &take_ticket(&ana).await).await;
    let mut events = announced(hub.unread()).into_iter().map(|(_, event)| event.unwrap());
    let event = events.next_back().unwrap();
    let news = News::Consultation { id: id("apt"), entry: EntryKind::Note };

    // Each shard of the stream has a relay of its own, and one of them says everything twice.
    let feeds = hub.state.store.feeds();
    let (user, mut several) = (ana.id().parse().unwrap(), Vec::new());
    for _ in 0..6 {
        several.push(carehub_domain::event::Event {
            id: carehub_domain::Id::generate(event.at),
            ..event.clone()
        });
    }
    let twice = several.iter().chain(&several);
    let entering = twice.map(|event| feeds.append(user, event, &news));
    let entries = futures_util::future::try_join_all(entering).await.unwrap();

    let mut seen: Vec<_> = entries.iter().flatten().map(|entry| (entry.seq, entry.event)).collect();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.iter().map(|(seq, _)| *seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
}

#[tokio::test]
async fn one_bad_line_keeps_nobody_waiting() {
    let hub = open().await;
    let (_, sara, ana) = people(&hub).await;
    let visit = agreed(&sara, &ana).await;
    hub.settle().await;
    for id in ["gone", "noisy", "good"] {
        listen(&hub, &ana, id).await;
    }
    hub.wire.cut("gone");
    hub.wire.disturb("noisy", true);

    note(&sara, &visit).await;
    hub.settle().await;

    assert_eq!(numbers(&hub.wire.take("good")), [1]);
    assert_eq!(open_connections(&hub, &ana), ["good", "noisy"]);
    // Whoever did not hear it notices by the number, and catches up.
    hub.wire.disturb("noisy", false);
    assert_eq!(
        say(&hub, "noisy", json!({"type": "ping"})).await,
        [json!({"type": "pong", "seq": 1})]
    );
    let heard = say(&hub, "noisy", json!({"type": "resume", "since": 0})).await;
    assert_eq!(numbers(&heard[..1]), [1]);
}

#[tokio::test]
async fn a_person_has_five_connections_and_the_oldest_makes_room() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;

    for id in ["1", "2", "3", "4", "5", "6"] {
        hub.clock.advance(SignedDuration::from_secs(1));
        assert_eq!(connect(&hub, id, &take_ticket(&ana).await).await, 200);
    }

    assert_eq!(open_connections(&hub, &ana), ["2", "3", "4", "5", "6"]);
    assert_eq!(hub.wire.hung_up(), ["1"]);
    leave(&hub, "3").await;
    assert_eq!(open_connections(&hub, &ana), ["2", "4", "5", "6"]);
}

#[tokio::test]
async fn a_connection_ends_with_its_session() {
    let hub = open().await;
    let (_, sara, ana) = people(&hub).await;
    let visit = agreed(&sara, &ana).await;
    let other = hub.sign_in("ana", PASSWORD).await;
    hub.settle().await;
    listen(&hub, &ana, "left").await;
    listen(&hub, &other, "stays").await;

    ana.post("/api/auth/logout", json!({})).await.ok();
    note(&sara, &visit).await;
    assert_eq!(say(&hub, "left", json!({"type": "ping"})).await, [] as [Value; 0]);
    assert_eq!(hub.wire.hung_up(), ["left"]);
    hub.settle().await;
    assert_eq!(numbers(&hub.wire.take("stays")), [1]);
    assert_eq!(hub.wire.take("left"), [] as [Value; 0]);

    listen(&hub, &other, "password").await;
    let change = json!({"old_password": PASSWORD, "new_password": "amber-harbour-31"});
    let again = other.post("/api/auth/change-password", change).await.ok();
    hub.settle().await;
    let mut hung_up = hub.wire.hung_up();
    hung_up.sort();
    assert_eq!(hung_up, ["left", "password", "stays"]);

    let again = other.with_tokens(&again);
    listen(&hub, &again, "closed").await;
    let admin = hub.admin().await;
    assert_eq!(admin.delete(format!("/api/auth/admin/users/{}", ana.id())).await.status, 204);
    hub.settle().await;
    assert_eq!(hub.wire.hung_up().last().unwrap(), "closed");
    assert_eq!(open_connections(&hub, &ana), [] as [&str; 0]);
}

#[tokio::test]
async fn a_session_that_ran_out_hears_nothing() {
    let hub = open().await;
    let (_, sara, ana) = people(&hub).await;
    let visit = agreed(&sara, &ana).await;
    hub.settle().await;
    listen(&hub, &ana, "ana").await;

    hub.clock.advance(SignedDuration::from_hours(7 * 24));
    let sara = hub.sign_in(sara.user["username"].as_str().unwrap(), PASSWORD).await;
    note(&sara, &visit).await;
    hub.settle().await;
    assert_eq!(hub.wire.take("ana"), [] as [Value; 0]);
    assert_eq!(say(&hub, "ana", json!({"type": "ping"})).await, [] as [Value; 0]);
    assert_eq!(hub.wire.hung_up(), ["ana"]);
}

#[tokio::test]
async fn what_makes_no_sense_is_a_problem_and_whom_nobody_knows_is_cut_off() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    listen(&hub, &ana, "ana").await;

    let long = "x".repeat(128 * 1024);
    let senseless = [
        "",
        "ping",
        "[]",
        "{}",
        "null",
        r#"{"type":"sing"}"#,
        r#"{"type":"resume","since":-1}"#,
        r#"{"type":"resume","since":"1"}"#,
        r#"{"type":1}"#,
        &long,
    ];
    for text in senseless {
        assert_eq!(message(&hub, "ana", text).await, 200);
        let problem = json!({"type": "problem", "code": "unreadable-message"});
        assert_eq!(hub.wire.take("ana"), [problem], "{text}");
    }
    assert_eq!(message(&hub, "nobody", r#"{"type":"ping"}"#).await, 200);
    assert_eq!(hub.wire.hung_up(), ["nobody"]);
}

#[tokio::test]
async fn nothing_is_kept_for_those_who_never_listen() {
    let hub = open().await;
    let (_, sara, ana) = people(&hub).await;
    let visit = agreed(&sara, &ana).await;

    note(&sara, &visit).await;
    hub.settle().await;

    assert_eq!(hub.items("engagement", &format!("feed#{}", ana.id())), [] as [Value; 0]);
}

const ANA: &str = "+923001234567";

/// A hospital, a doctor of it who sees patients, and a patient.
async fn people(hub: &TestHub) -> (Caller<'_>, Caller<'_>, Caller<'_>) {
    let hospital = hub.hospital("jinnah").await;
    let sara = hub.bookable(&hospital, "Sara", "Khan").await;
    let ana = hub.patient("ana", ANA).await;
    (hospital, sara, ana)
}

/// A visit that both have agreed to.
async fn agreed(doctor: &Caller<'_>, patient: &Caller<'_>) -> Value {
    let new = json!({
        "doctor": doctor.id_as("doc"), "scheduled_date": "2030-01-10", "scheduled_time": "14:00",
    });
    patient.post("/api/consultations", new).await.ok()
}

/// The doctor writes a note into a visit.
async fn note(doctor: &Caller<'_>, visit: &Value) {
    let notes = format!("/api/consultations/{}/notes", id_of(visit));
    doctor.post(notes, json!({"content": "Rest."})).await.ok();
}

pub(crate) async fn take_ticket(person: &Caller<'_>) -> String {
    let ticket = person.post("/api/realtime/tickets", json!({})).await.ok();
    ticket["ticket"].as_str().unwrap().to_owned()
}

/// Connects somebody, who has read everything just now.
async fn listen(hub: &TestHub, person: &Caller<'_>, id: &str) {
    assert_eq!(connect(hub, id, &take_ticket(person).await).await, 200);
    say(hub, id, json!({"type": "resume"})).await;
}

pub(crate) async fn connect(hub: &TestHub, id: &str, ticket: &str) -> i64 {
    let query = json!({"queryStringParameters": {"ticket": ticket}});
    event(hub, id, "CONNECT", query).await
}

pub(crate) async fn leave(hub: &TestHub, id: &str) {
    assert_eq!(event(hub, id, "DISCONNECT", json!({})).await, 200);
}

/// Says something, and gives back what was heard since the last time.
pub(crate) async fn say(hub: &TestHub, id: &str, word: Value) -> Vec<Value> {
    hub.wire.take(id);
    assert_eq!(message(hub, id, &word.to_string()).await, 200);
    hub.wire.take(id)
}

async fn message(hub: &TestHub, id: &str, text: &str) -> i64 {
    event(hub, id, "MESSAGE", json!({"body": text})).await
}

/// Tells the function of something as API Gateway words it.
async fn event(hub: &TestHub, id: &str, kind: &str, mut event: Value) -> i64 {
    static REQUESTS: AtomicU32 = AtomicU32::new(0);

    let now = hub.state.clock.now();
    let request = REQUESTS.fetch_add(1, Ordering::Relaxed);
    event["headers"] = json!({"user-agent": "a browser"});
    event["isBase64Encoded"] = false.into();
    event["requestContext"] = json!({
        "routeKey": "$default", "eventType": kind, "connectionId": id, "stage": "live",
        "connectedAt": now.as_millisecond(), "requestTimeEpoch": now.as_millisecond(),
        "requestId": format!("live-{request:08}"), "identity": {"sourceIp": "10.9.8.7"},
    });
    let realtime = Realtime { store: hub.state.store.clone(), wire: hub.wire.clone() };
    realtime.answer(serde_json::from_value(event).unwrap(), now).await.status_code
}

/// The connections that the hub knows of a person.
fn open_connections(hub: &TestHub, person: &Caller<'_>) -> Vec<String> {
    let items = hub.items("engagement", &format!("connections#{}", person.id()));
    items.iter().map(|item| item["id"]["S"].as_str().unwrap().to_owned()).collect()
}

/// What was heard, a line for each word.
fn told(words: &[Value]) -> String {
    let lines = words.iter().map(|word| {
        let data = &word["data"];
        let facts =
            ["notification_type", "priority", "title", "state", "action", "entry", "date", "token"];
        let facts: Vec<_> =
            facts.iter().filter_map(|fact| data.get(fact)).map(Value::to_string).collect();
        format!("{} {} {}", word["seq"], word["type"].as_str().unwrap(), facts.join(" "))
    });
    lines.collect::<Vec<_>>().join("\n").replace('"', "")
}

/// The same, of queues alone.
fn queued(words: &[Value]) -> String {
    let queue: Vec<_> = words.iter().filter(|word| word["type"] == "queue").cloned().collect();
    let lines = told(&queue);
    lines.lines().map(|line| line.split_once(' ').unwrap().1).collect::<Vec<_>>().join("\n")
}

fn numbers(words: &[Value]) -> Vec<u64> {
    words.iter().map(|word| word["seq"].as_u64().unwrap()).collect()
}

fn id<T>(prefix: &str) -> carehub_domain::Id<T>
where
    T: carehub_domain::id::Identified,
{
    format!("{prefix}_01J9Z3K8Q4N6V2X5Y7W0B1C2D3").parse().unwrap()
}

/// Lets a future go on so many times and then drops it. Says what came of it if it was done by
/// then.
async fn killed_after<T>(times: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = times;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}
