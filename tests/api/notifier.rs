//! Messages leave the hub once, as people want them, whatever dies in between.

use std::{
    collections::BTreeSet,
    future::poll_fn,
    pin::pin,
    sync::atomic::{AtomicU32, Ordering},
    task::Poll,
};

use carehub_clients::{Errand, Message, Order, Queue};
use carehub_domain::{
    Id,
    access::{Actor, UserId},
    account::Zone,
    delivery::{CLAIM, PATIENCE},
    event::Reference,
    notification::{Channel, Notification, NotificationId, NotificationKind, Priority, Words},
};
use carehub_testkit::{Caller, TestHub};
use futures_util::future::join;
use housekeeping::Chore;
use insta::assert_snapshot;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{People, carry, entered, id_of, notifier, open, perform, relay};

const ANA: &str = "+923001234567";
const MAILBOX: &str = "ana@example.org";

/// 004-13, 000-C14: mail has a subject, a text and a page, and says nothing about anybody's health.
#[tokio::test]
async fn a_notification_goes_out_by_mail_as_text_and_as_a_page() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;

    let told = tell(&hub, &ana, by(&[Channel::Email, Channel::Push])).await;
    hub.settle().await;

    let Some(Message::Mail { to, subject, text, html }) = hub.post.sent().pop() else {
        panic!("expected a mail");
    };
    assert_eq!((to.reveal(), subject.as_str()), (MAILBOX, "News"));
    assert_snapshot!(text, @r"
    There is news for you <& more>.

    Open CareHub: http://localhost:8000/
    Choose what you are told, how and when: http://localhost:8000/notification-preferences
    ");
    let html = html.unwrap();
    assert!(html.contains("<p>There is news for you &lt;&amp; more&gt;.</p>"), "{html}");
    assert!(html.contains("href=\"http://localhost:8000/notification-preferences\""), "{html}");
    assert!(!html.contains("{{"), "{html}");
    assert_eq!(fate(&hub, &ana, told.id, Channel::Email), json!("SENT"));
    let shown = ana.get(format!("/api/notifications/{}", told.id)).await.ok();
    assert_eq!(
        (&shown["is_sent"], &shown["sent_at"]),
        (&json!(true), &json!("2030-01-07T08:00:00Z"))
    );
}

/// 003-31: what people want is asked when a message goes out, not when it is queued.
#[tokio::test]
async fn wishes_that_change_while_a_message_is_queued_count() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let ways = by(&[Channel::Email, Channel::Sms]);
    let (mail, sms) = (Channel::Email, Channel::Sms);
    let told = tell(&hub, &ana, ways.clone()).await;
    queue_up(&hub).await;

    wish(&ana, json!({"email_notifications": false, "sms_notifications": true})).await;
    hub.settle().await;

    assert_eq!(hub.post.texts_to(ANA), ["There is news for you <& more>."]);
    assert_eq!(hub.post.texts_to(MAILBOX), [""; 0]);
    let fates = [mail, sms].map(|way| fate(&hub, &ana, told.id, way));
    assert_eq!(fates, [json!("DROPPED CHANNEL_OFF"), json!("SENT")]);

    let short = News { life: Some(SignedDuration::from_mins(30)), ..ways.clone() };
    let expired = tell(&hub, &ana, short).await;
    queue_up(&hub).await;
    hub.clock.advance(SignedDuration::from_mins(30));
    hub.settle().await;
    assert_eq!(fate(&hub, &ana, expired.id, sms), json!("DROPPED EXPIRED"));
    let removed = tell(&hub, &ana, ways).await;
    queue_up(&hub).await;
    ana.delete(format!("/api/notifications/{}", removed.id)).await.ok();
    hub.settle().await;
    assert_eq!(fate(&hub, &ana, removed.id, sms), Value::Null);
    assert_eq!(hub.post.sent().len(), 1);
}

/// 003-31: at night a message waits until the morning, and goes out then, once.
#[tokio::test]
async fn what_waits_for_the_morning_goes_out_once() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let night = json!({"quiet_hours_start": "12:00", "quiet_hours_end": "14:00", "timezone": "Asia/Karachi"});
    wish(&ana, night).await;

    let told = tell(&hub, &ana, by(&[Channel::Email])).await;
    let urgent = tell(&hub, &ana, pressing()).await;
    hub.settle().await;

    assert_eq!(hub.post.sent().len(), 1);
    assert_eq!(fate(&hub, &ana, told.id, Channel::Email), json!("WAITING"));
    assert_eq!(fate(&hub, &ana, urgent.id, Channel::Email), json!("SENT"));
    perform(&hub, Chore::Pending).await.unwrap();
    assert!(!carry(&hub).await);

    hub.clock.advance(SignedDuration::from_hours(1));
    perform(&hub, Chore::Pending).await.unwrap();
    // Nobody delivers it for a while, so it is looked for again, and there are two of it.
    hub.clock.advance(PATIENCE);
    perform(&hub, Chore::Pending).await.unwrap();
    assert_eq!(hub.queues.waiting(Queue::Mail).len(), 2);
    hub.settle().await;

    assert_eq!(hub.post.sent().len(), 2);
    assert_eq!(fate(&hub, &ana, told.id, Channel::Email), json!("SENT"));
    hub.clock.advance(PATIENCE);
    perform(&hub, Chore::Pending).await.unwrap();
    assert!(!carry(&hub).await);
}

/// 003-31: whoever has no phone and no mailbox finds it in the list.
#[tokio::test]
async fn people_are_told_where_they_can_be_reached() {
    let hub = open().await;
    let cora = hub.coordinator("cora").await;
    let hospital = hub.hospital("jinnah").await;
    wish(&cora, json!({"sms_notifications": true})).await;

    let told = tell(&hub, &cora, by(&[Channel::Email, Channel::Sms, Channel::Push])).await;
    // A patient without an account is reached as the record says, and a hospital at its own desk.
    let pia = entered(&hospital, json!({"name": "Pia Pohl", "email": "pia@example.org"})).await;
    tell_them(&hub, id_of(&pia).replacen("pat", "usr", 1).parse().unwrap(), pressing()).await;
    tell(&hub, &hospital, pressing()).await;
    hub.settle().await;

    for way in [Channel::Email, Channel::Sms] {
        assert_eq!(fate(&hub, &cora, told.id, way), json!("DROPPED NO_ADDRESS"));
    }
    assert_eq!(fate(&hub, &cora, told.id, Channel::Push), Value::Null);
    let listed = cora.get(format!("/api/notifications/{}", told.id)).await.ok();
    assert_eq!((&listed["is_read"], &listed["is_sent"]), (&json!(false), &json!(false)));
    assert_eq!(hub.post.texts_to("pia@example.org").len(), 1);
    let desk = hub.post.texts_to("desk-jinnah@example.org");
    assert_eq!(desk.iter().filter(|text| text.starts_with("There is news")).count(), 1);
    assert_eq!(hub.post.texts_to("jinnah@example.org"), [""; 0]);
}

/// 003-31: as many leave the hub in a day as a person wants, however many go at once. What is
/// urgent does not count.
#[tokio::test]
async fn a_day_has_as_many_messages_as_a_person_wants() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    wish(&ana, json!({"max_daily_notifications": 2, "sms_notifications": true})).await;
    let both = || by(&[Channel::Email, Channel::Sms]);

    for _ in 0..5 {
        tell(&hub, &ana, both()).await;
        tell(&hub, &ana, pressing()).await;
    }
    hub.settle().await;

    // Five are urgent, and two others go out both by mail and by SMS.
    let many = |hub: &TestHub| [MAILBOX, ANA].map(|to| hub.post.texts_to(to).len());
    let [mails, messages] = many(&hub);
    assert!(mails >= 5, "{mails}");
    let keys = hub.post.keys();
    let sent: BTreeSet<_> =
        keys.iter().filter_map(|key| key.split_once('#')).map(|(told, _)| told).collect();
    assert_eq!(sent.len(), 5 + 2);
    hub.clock.advance(SignedDuration::from_hours(24));
    tell(&hub, &ana, both()).await;
    hub.settle().await;
    assert_eq!(many(&hub), [mails + 1, messages + 1]);
}

/// A code that was used, replaced or is too old is not sent.
#[tokio::test]
async fn only_the_code_that_counts_is_sent() {
    let hub = open().await;
    hub.patient("ana", ANA).await;
    ask_for_code(&hub).await;
    queue_up(&hub).await;
    hub.clock.advance(SignedDuration::from_mins(1));
    ask_for_code(&hub).await;
    hub.settle().await;
    assert_eq!(hub.post.texts_to(ANA).len(), 1);
    let body =
        json!({"phone": ANA, "otp": hub.post.code_to(ANA), "new_password": "louder-lantern-98"});
    hub.visitor().post("/api/auth/password-reset", body).await.ok();

    hub.clock.advance(SignedDuration::from_mins(1));
    ask_for_code(&hub).await;
    queue_up(&hub).await;
    hub.clock.advance(SignedDuration::from_mins(5));
    hub.settle().await;

    assert_eq!(hub.post.texts_to(ANA).len(), 1);
    // Nobody is told that a phone is unknown, and nobody gets a message.
    ask_for_code_of(&hub, "+923009999999").await;
    hub.settle().await;
    assert_eq!(hub.post.sent().len(), 1);
}

/// Whoever carries messages dies at every point at which it waits for somebody. The message comes
/// again, and it goes out once.
#[tokio::test]
async fn a_notifier_that_dies_anywhere_sends_once() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    wish(&ana, json!({"max_daily_notifications": 100, "sms_notifications": true})).await;
    let mut deaths = 0;
    loop {
        hub.clock.advance(SignedDuration::from_mins(6));
        let told = tell(&hub, &ana, by(&[Channel::Email, Channel::Sms])).await;
        ask_for_code(&hub).await;
        queue_up(&hub).await;
        let mut died = false;
        for queue in [Queue::Sms, Queue::Mail] {
            let batch = hub.queues.batch(queue);
            let notifier = notifier(&hub);
            let delivered = notifier.deliver(batch, hub.state.clock.now());
            // Whoever dies behind the last message has acknowledged nothing, either.
            died |= killed_at(deaths, delivered).await.is_none();
        }
        hub.clock.advance(CLAIM);
        carry(&hub).await;

        let once = deaths + 1;
        for way in [Channel::Email, Channel::Sms] {
            assert_eq!(fate(&hub, &ana, told.id, way), json!("SENT"), "at {deaths}");
        }
        let sent = [ANA, MAILBOX].map(|to| hub.post.texts_to(to).len());
        assert_eq!(sent, [2 * once, once], "at {deaths}");
        if !died {
            break;
        }
        deaths += 1;
    }
    assert!(deaths > 5, "{deaths}");
}

/// `relay` dies at every point at which it waits for somebody, and the stream repeats itself.
#[tokio::test]
async fn a_relay_that_dies_anywhere_leads_to_one_message() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    hub.settle().await;
    let mut deaths = 0;
    loop {
        hub.clock.advance(SignedDuration::from_mins(6));
        tell(&hub, &ana, pressing()).await;
        ask_for_code(&hub).await;
        let batch = hub.unread();
        let died = killed_at(deaths, relay(&hub).relay(batch.clone())).await.is_none();
        let answer = relay(&hub).relay(batch).await;
        assert!(answer.batch_item_failures.is_empty(), "{answer:?}");
        hub.settle().await;

        let sent = [ANA, MAILBOX].map(|to| hub.post.texts_to(to).len());
        assert_eq!(sent, [deaths + 1; 2], "at {deaths}");
        if !died {
            break;
        }
        deaths += 1;
    }
    assert!(deaths > 8, "{deaths}");
}

/// Queues give out a message twice, in any order and to two at once, and the stream repeats itself.
#[tokio::test]
async fn whatever_comes_twice_is_sent_once() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    wish(&ana, json!({"max_daily_notifications": 100})).await;
    for _ in 0..4 {
        tell(&hub, &ana, by(&[Channel::Email])).await;
    }
    let stream = hub.unread();
    for _ in 0..2 {
        let answer = relay(&hub).relay(stream.clone()).await;
        assert!(answer.batch_item_failures.is_empty(), "{answer:?}");
    }
    hub.queues.reverse(Queue::Mail);
    assert_eq!(hub.queues.waiting(Queue::Mail).len(), 8);

    let (batch, now) = (hub.queues.batch(Queue::Mail), hub.state.clock.now());
    let (one, other) = (notifier(&hub), notifier(&hub));
    join(one.deliver(batch.clone(), now), other.deliver(batch, now)).await;
    assert_eq!(hub.post.sent().len(), 4);

    hub.clock.advance(CLAIM);
    hub.settle().await;
    assert_eq!(hub.post.sent().len(), 4);
    assert_eq!(hub.post.tries(), 4, "what has a claim is not even tried");
}

/// What cannot be read, or is on a queue by mistake, fails alone, and goes where the dead letters
/// are in the end.
#[tokio::test]
async fn a_poisonous_message_fails_alone() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let before = tell(&hub, &ana, by(&[Channel::Email])).await;
    queue_up(&hub).await;
    hub.queues.poison(Queue::Mail, "no errand");
    let order = Errand::Order(Order {
        event: Id::generate(hub.state.clock.now()),
        prescription: Reference::named("prx"),
        prescription_number: String::new(),
        verification_url: String::new(),
        hospital: None,
    });
    hub.queues.poison(Queue::Mail, &serde_json::to_string(&order).unwrap());
    let behind = tell(&hub, &ana, by(&[Channel::Email])).await;
    queue_up(&hub).await;

    let batch = hub.queues.batch(Queue::Mail);
    let answer = notifier(&hub).deliver(batch.clone(), hub.state.clock.now()).await;
    hub.queues.done(Queue::Mail, &batch, &answer);

    assert_eq!(answer.batch_item_failures.len(), 2);
    for told in [before, behind] {
        assert_eq!(fate(&hub, &ana, told.id, Channel::Email), json!("SENT"));
    }
    assert_eq!(hub.queues.batch(Queue::Mail).records.len(), 2);
}

/// 000-C14: nothing is lost while the carriers are down, and nothing is sent twice when they are up again.
#[tokio::test]
async fn everything_waits_for_carriers_that_are_down() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    tell(&hub, &ana, by(&[Channel::Email])).await;
    ask_for_code(&hub).await;
    queue_up(&hub).await;

    hub.post.turn(false);
    for _ in 0..3 {
        for queue in [Queue::Sms, Queue::Mail] {
            let batch = hub.queues.batch(queue);
            let answer = notifier(&hub).deliver(batch, hub.state.clock.now()).await;
            assert_eq!(answer.batch_item_failures.len(), 1);
        }
        hub.clock.advance(CLAIM);
    }
    assert_eq!(hub.post.sent(), []);
    hub.post.turn(true);
    hub.settle().await;

    assert_eq!(hub.post.sent().len(), 2);
}

/// Nobody tries again what a carrier refuses for good. It stays in the list, and other ways lead to
/// the person all the same.
#[tokio::test]
async fn what_is_refused_for_good_is_not_tried_again() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    wish(&ana, json!({"sms_notifications": true})).await;
    hub.post.refuse(ANA);

    let told = tell(&hub, &ana, by(&[Channel::Email, Channel::Sms])).await;
    ask_for_code(&hub).await;
    hub.settle().await;

    let fates = [Channel::Email, Channel::Sms].map(|way| fate(&hub, &ana, told.id, way));
    assert_eq!(fates, [json!("SENT"), json!("DROPPED REFUSED")]);
    assert_eq!(hub.post.texts_to(MAILBOX).len(), 1);
    assert_eq!(hub.post.tries(), 3);
    hub.clock.advance(CLAIM);
    hub.settle().await;
    assert_eq!(hub.post.tries(), 3);
    let shown = ana.get(format!("/api/notifications/{}", told.id)).await.ok();
    assert_eq!(shown["is_sent"], json!(true));
}

/// Somebody who finds a claim that is younger than a minute leaves the delivery alone.
#[tokio::test]
async fn a_claim_is_left_alone_until_it_is_too_old() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let told = tell(&hub, &ana, by(&[Channel::Email])).await;
    queue_up(&hub).await;
    let batch = hub.queues.batch(Queue::Mail);
    hub.post.turn(false);
    notifier(&hub).deliver(batch.clone(), hub.state.clock.now()).await;
    hub.post.turn(true);
    assert_eq!(fate(&hub, &ana, told.id, Channel::Email), json!("CLAIMED"));

    let answer = notifier(&hub).deliver(batch, hub.state.clock.now()).await;

    assert_eq!(answer.batch_item_failures.len(), 1);
    assert_eq!(hub.post.sent(), []);
    hub.clock.advance(CLAIM);
    hub.settle().await;
    assert_eq!(hub.post.sent().len(), 1);
}

/// Something to tell somebody.
#[derive(Clone)]
struct News {
    ways: BTreeSet<Channel>,
    priority: Priority,
    life: Option<SignedDuration>,
}

fn by(ways: &[Channel]) -> News {
    News { ways: ways.iter().copied().collect(), priority: Priority::Normal, life: None }
}

/// What nobody may miss, by mail.
fn pressing() -> News {
    News { priority: Priority::Urgent, ..by(&[Channel::Email]) }
}

/// Tells somebody something, as the hub would.
async fn tell(hub: &TestHub, to: &Caller<'_>, news: News) -> Notification {
    tell_them(hub, to.id().parse().unwrap(), news).await
}

async fn tell_them(hub: &TestHub, to: UserId, news: News) -> Notification {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let about = Reference::named(format!("news-{}", COUNT.fetch_add(1, Ordering::Relaxed)));
    let now = hub.state.clock.now();
    let words = Words {
        title: "News".to_owned().try_into().unwrap(),
        message: "There is news for you <& more>.".to_owned().try_into().unwrap(),
    };
    let kind = NotificationKind::SystemMessage;
    let told = Notification::at(about, to, kind, now, &Zone::default(), words);
    let mut told = told.by(news.ways).pressing(news.priority);
    told.expires_at = news.life.map(|life| now + life);
    let hub = (hub.state.store.notifications(), Actor::worker("relay", now));
    assert_eq!(hub.0.create(std::slice::from_ref(&told), &hub.1).await.unwrap(), 1);
    told
}

/// Lets `relay` catch up, and nobody else.
pub(crate) async fn queue_up(hub: &TestHub) {
    loop {
        let batch = hub.unread();
        if batch.records.is_empty() {
            return;
        }
        let answer = relay(hub).relay(batch).await;
        assert!(answer.batch_item_failures.is_empty(), "{answer:?}");
    }
}

async fn wish(person: &Caller<'_>, wishes: Value) {
    person.patch("/api/notification-preferences", wishes).await.ok();
}

async fn ask_for_code(hub: &TestHub) {
    ask_for_code_of(hub, ANA).await;
}

async fn ask_for_code_of(hub: &TestHub, phone: &str) {
    let asking = json!({"phone": phone, "purpose": "PASSWORD_RESET"});
    hub.visitor().post("/api/auth/send-otp", asking).await.ok();
}

/// What the table says of a delivery: its state, and why it was dropped.
fn fate(hub: &TestHub, to: &Caller<'_>, told: NotificationId, way: Channel) -> Value {
    let items = hub.items("engagement", &format!("inbox#{}", to.id()));
    let place = format!("delivery#{told}#{way}");
    let found = items.iter().find(|item| item["sk"]["S"] == place);
    found.map_or(Value::Null, |item| match &item["reason"]["S"] {
        Value::String(reason) => json!(format!("DROPPED {reason}")),
        _ => item["state"]["S"].clone(),
    })
}

/// Lets a future go on until it has waited some times, and kills it when it waits once more: at
/// once, or when what it waits for has had time to happen.
pub(crate) async fn killed_at<F: Future>(deaths: usize, future: F) -> Option<F::Output> {
    let (times, is_late) = (deaths / 2, deaths % 2 == 1);
    let (mut future, mut waited) = (pin!(future), 0);
    let output = poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if waited == times => Poll::Ready(None),
        Poll::Pending => {
            waited += 1;
            Poll::Pending
        }
    })
    .await;
    if output.is_none() && is_late {
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
    }
    output
}
