//! The audit log shows whether it is whole: whatever is done behind the hub's back is found.

use aws_lambda_events::event::dynamodb::Event as Batch;
use carehub_domain::{
    chain::{Break, Checkpoint, Flaw, Head, Imprint, Intact, Link, Tenant},
    clock::Clock,
    event::EventId,
    secret::Pepper,
};
use carehub_operator::audit::{self, Archive, Finding, Scope};
use carehub_testkit::{Caller, TestHub};
use futures_util::future::join;
use housekeeping::{Chore, Done, Kept};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::{
    notifier::killed_at,
    support::{PASSWORD, People, open, perform, relay},
};

const ANA: &str = "+923001234567";

/// People of a hospital and of none have done things, and `relay` has linked all of them.
async fn lively() -> TestHub {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    hospital.post("/api/hospitals/departments", json!({"name": "Cardiology"})).await.ok();
    hub.doctor_of(&hospital, "Ali", "Mehmood").await;
    let ana = hub.patient("ana", ANA).await;
    for last_name in ["Diaz", "Dias", "Diasz"] {
        rename(&ana, last_name).await;
    }
    seal(&hub).await;
    hub
}

async fn rename(ana: &Caller<'_>, last_name: &str) {
    ana.patch("/api/auth/profile", json!({"last_name": last_name})).await.ok();
}

/// Lets `relay` link everything, also what it brings about itself.
async fn seal(hub: &TestHub) {
    loop {
        let batch = hub.unread();
        if batch.records.is_empty() {
            return;
        }
        act(hub, batch).await;
    }
}

async fn act(hub: &TestHub, batch: Batch) {
    let answer = relay(hub).relay(batch).await;
    assert!(answer.batch_item_failures.is_empty(), "{answer:?}");
}

async fn keep(hub: &TestHub) -> usize {
    match perform(hub, Chore::Checkpoints).await.unwrap() {
        Done::Kept(Kept { checkpoints, failed: 0 }) => checkpoints,
        done => panic!("{done:?}"),
    }
}

/// The chain of the hub itself is kept before those of hospitals, and of those the busiest first.
#[tokio::test]
async fn the_chain_of_the_hub_is_kept_first() {
    let hub = lively().await;
    for name in ["aga", "shifa"] {
        hub.hospital(name).await;
    }
    seal(&hub).await;

    let moved = hub.state.store.chains().moved().await.unwrap();

    let moved: Vec<Head> = moved.into_iter().map(Result::unwrap).collect();
    assert_eq!((moved.len(), moved[0].tenant), (4, Tenant::Hub));
    assert!(moved[1..].is_sorted_by_key(|head| std::cmp::Reverse(head.number)));
}

fn archive(hub: &TestHub) -> Archive {
    let (store, objects) = (hub.state.store.clone(), hub.state.objects.clone());
    Archive { store, objects, peppers: vec![hub.state.pepper.clone()] }
}

/// What an operator finds an hour later.
async fn findings(hub: &TestHub, scope: Scope) -> Vec<Finding> {
    let later = hub.clock.now() + SignedDuration::from_hours(1);
    audit::verify(&archive(hub), scope, later).await.unwrap()
}

async fn intact(hub: &TestHub) -> Vec<(Tenant, Intact)> {
    let findings = findings(hub, Scope::default()).await.into_iter();
    let intact = findings.map(|found| {
        let Ok(intact) = found.verdict else { panic!("{found}") };
        (found.tenant, intact)
    });
    intact.collect()
}

/// Where and how the chain of what belongs to no hospital is broken.
async fn broken(hub: &TestHub) -> (Option<u64>, Option<EventId>, Flaw) {
    let scope = Scope { tenant: Some(Tenant::Hub), since: None };
    let verdict = findings(hub, scope).await[0].verdict;
    let Err(Break { number, event, flaw }) = verdict else { panic!("the chain is whole") };
    (number, event, flaw)
}

/// The events of the log, as they stand there.
fn events(hub: &TestHub) -> Vec<Value> {
    (0..4).flat_map(|shard| hub.items("events", &format!("log#2030-01#{shard}"))).collect()
}

/// The links of a chain by number, as they stand there.
fn links(hub: &TestHub, tenant: Tenant) -> Vec<Value> {
    let mut links = hub.items("events", &format!("chain#{tenant}#2030-01"));
    links.sort_by_key(number_of);
    links
}

fn number_of(link: &Value) -> u64 {
    link["number"]["N"].as_str().unwrap().parse().unwrap()
}

fn event_of(link: &Value) -> EventId {
    link["event"]["S"].as_str().unwrap().parse().unwrap()
}

/// The event that a link is about.
fn linked(hub: &TestHub, link: &Value) -> Value {
    let is_it = |event: &Value| event["id"] == link["event"];
    events(hub).into_iter().find(is_it).unwrap()
}

fn head(hub: &TestHub) -> Value {
    let mut heads = hub.items("rollups", "chains#hub").into_iter();
    heads.rfind(|item| item["sk"]["S"] == "head#hub").unwrap()
}

/// A link as the hub reads it.
fn read(link: &Value) -> Link {
    let text = |name: &str| link[name]["S"].as_str().unwrap();
    Link {
        tenant: text("tenant").parse().unwrap(),
        number: number_of(link),
        event: event_of(link),
        digest: text("digest").parse().unwrap(),
        previous: text("previous").parse().unwrap(),
        hash: text("hash").parse().unwrap(),
    }
}

/// The same link with other content.
fn written(link: &Value, other: &Link) -> Value {
    let mut item = link.clone();
    item["number"]["N"] = json!(other.number.to_string());
    item["digest"]["S"] = json!(other.digest);
    item["previous"]["S"] = json!(other.previous);
    item["hash"]["S"] = json!(other.hash);
    item
}

/// 003 (complete audit trail): whatever happened has its place in a chain, and nobody touched it.
#[tokio::test]
async fn what_nobody_touched_is_whole() {
    let hub = lively().await;

    let found = intact(&hub).await;

    let tenants: Vec<_> = found.iter().map(|(tenant, _)| *tenant).collect();
    assert!(matches!(tenants[..], [Tenant::Hub, Tenant::Hospital(_)]), "{tenants:?}");
    let all: u64 = found.iter().map(|(_, intact)| intact.events).sum();
    assert_eq!(all, events(&hub).len() as u64);
    for (tenant, intact) in found {
        let links = links(&hub, tenant);
        assert_eq!(intact, Intact { events: links.len() as u64, ..Intact::default() });
        assert!(links.iter().map(number_of).eq(1..=links.len() as u64));
    }
}

#[tokio::test]
async fn what_is_done_to_events_is_found() {
    let hub = lively().await;
    let link = links(&hub, Tenant::Hub)[4].clone();
    let (event, place) = (linked(&hub, &link), Some(event_of(&link)));

    let mut changed = event.clone();
    changed["request"]["S"] = json!("another");
    hub.plant("events", &changed);
    assert_eq!(broken(&hub).await, (Some(5), place, Flaw::Mutated));

    let mut changed = event.clone();
    changed["whatever"] = json!({"S": "that no version of the hub knows"});
    hub.plant("events", &changed);
    assert_eq!(broken(&hub).await, (Some(5), place, Flaw::Mutated));

    let mut changed = event.clone();
    changed["hospital"] = json!({"S": "hsp_01JH4AXQ00000000000000000A"});
    hub.plant("events", &changed);
    assert_eq!(broken(&hub).await, (Some(5), place, Flaw::Mutated));

    hub.lose("events", &event);
    assert_eq!(broken(&hub).await, (Some(5), place, Flaw::MissingEvent));
    hub.plant("events", &event);

    let mut made_up = event.clone();
    let id = format!("{}ZZZZZZ", &event["id"]["S"].as_str().unwrap()[..24]);
    (made_up["id"]["S"], made_up["sk"]["S"]) = (json!(id), json!(format!("event#{id}")));
    hub.plant("events", &made_up);
    assert_eq!(broken(&hub).await, (None, Some(id.parse().unwrap()), Flaw::NotSealed));
    hub.lose("events", &made_up);

    intact(&hub).await;
}

#[tokio::test]
async fn what_is_done_to_links_is_found() {
    let hub = lively().await;
    let links = links(&hub, Tenant::Hub);
    let (link, next, last) = (&links[4], &links[5], links.last().unwrap());
    let (place, most) = (Some(event_of(link)), links.len() as u64);

    hub.lose("events", link);
    assert_eq!(broken(&hub).await, (Some(5), place, Flaw::MissingLink));
    let event = linked(&hub, link);
    hub.lose("events", &event);
    assert_eq!(broken(&hub).await, (Some(5), None, Flaw::MissingLink));
    hub.plant("events", &event);
    hub.plant("events", link);

    let (mut left, mut right) = (link.clone(), next.clone());
    std::mem::swap(&mut left["number"], &mut right["number"]);
    hub.plant("events", &left);
    hub.plant("events", &right);
    assert_eq!(broken(&hub).await, (Some(5), Some(event_of(next)), Flaw::Reordered));
    hub.plant("events", next);

    let mut other = read(link);
    other.digest = other.previous;
    hub.plant("events", &written(link, &other));
    assert_eq!(broken(&hub).await, (Some(5), place, Flaw::ForgedLink));
    let other = Link::forge(&other.imprint(), 5, other.previous);
    hub.plant("events", &written(link, &other));
    assert_eq!(broken(&hub).await, (Some(5), place, Flaw::ForgedLink));
    hub.spoil("events", "chain#hub#2030-01", &format!("link#{}", event_of(link)));
    assert_eq!(broken(&hub).await, (Some(5), place, Flaw::ForgedLink));
    hub.plant("events", link);

    hub.lose("events", last);
    assert_eq!(broken(&hub).await, (Some(most), Some(event_of(last)), Flaw::Truncated));
    let (crown, before) = (head(&hub), &links[links.len() - 2]);
    let mut lowered = crown.clone();
    (lowered["number"], lowered["hash"]) = (before["number"].clone(), before["hash"].clone());
    hub.plant("rollups", &lowered);
    assert_eq!(broken(&hub).await, (None, Some(event_of(last)), Flaw::NotSealed));
    hub.plant("events", last);
    assert_eq!(broken(&hub).await, (Some(most), Some(event_of(last)), Flaw::ForgedHead));
    hub.plant("rollups", &crown);

    intact(&hub).await;
}

#[tokio::test]
async fn whoever_rewrites_a_whole_chain_is_betrayed_by_a_checkpoint() {
    let hub = lively().await;
    assert_eq!(keep(&hub).await, 2);
    let ana = hub.sign_in("ana", PASSWORD).await;
    rename(&ana, "Diaz").await;
    seal(&hub).await;
    let (links, crown) = (links(&hub, Tenant::Hub), head(&hub));
    let ledger = hub.state.objects.ledger();
    let kept = ledger.list(Some(Tenant::Hub)).await.unwrap()[0].1;
    let checkpoint = ledger.get(Tenant::Hub, kept).await.unwrap().unwrap();

    // Somebody who may write everything changes an event and makes up every link behind it.
    let event = linked(&hub, &links[2]);
    let mut changed = event.clone();
    changed["request"]["S"] = json!("another");
    hub.plant("events", &changed);
    let imprint = Imprint::of(Tenant::Hub, event_of(&links[2]), &changed);
    let mut made_up = Link::forge(&imprint, 3, read(&links[1]).hash);
    hub.plant("events", &written(&links[2], &made_up));
    for link in &links[3..] {
        made_up = Link::forge(&read(link).imprint(), number_of(link), made_up.hash);
        hub.plant("events", &written(link, &made_up));
    }
    let mut fitting = crown.clone();
    fitting["hash"]["S"] = json!(made_up.hash);
    hub.plant("rollups", &fitting);
    let at = usize::try_from(kept).unwrap() - 1;
    let place = (Some(kept), Some(event_of(&links[at])));
    assert_eq!(broken(&hub).await, (place.0, place.1, Flaw::Rewritten));

    // Who may write checkpoints as well has no pepper to sign them with.
    let hash = read(&self::links(&hub, Tenant::Hub)[at]).hash;
    ledger.put(&Checkpoint { hash, ..checkpoint }).await.unwrap();
    assert_eq!(broken(&hub).await, (place.0, place.1, Flaw::ForgedCheckpoint));

    // Who takes the end away, and lets the head say that there never was more, is found, too.
    ledger.put(&checkpoint).await.unwrap();
    hub.plant("events", &event);
    for link in &links {
        hub.plant("events", link);
    }
    for link in &links[at - 1..] {
        hub.lose("events", &linked(&hub, link));
        hub.lose("events", link);
    }
    let mut lowered = crown.clone();
    for part in ["number", "hash"] {
        lowered[part] = links[at - 2][part].clone();
    }
    hub.plant("rollups", &lowered);
    assert_eq!(broken(&hub).await, (Some(kept), None, Flaw::Truncated));
}

#[tokio::test]
async fn checkpoints_are_kept_of_chains_that_have_moved() {
    let hub = lively().await;
    let ana = hub.sign_in("ana", PASSWORD).await;
    seal(&hub).await;

    let both = keep(&hub).await;
    let none = keep(&hub).await;
    rename(&ana, "Diaz").await;
    seal(&hub).await;
    let one = keep(&hub).await;

    assert_eq!((both, none, one), (2, 0, 1));
    let found = intact(&hub).await;
    let checkpoints: Vec<_> = found.iter().map(|(_, intact)| intact.checkpoints).collect();
    assert_eq!(checkpoints, [2, 1]);
    let other = Archive { peppers: vec![Pepper::new(b"another")], ..archive(&hub) };
    let now = hub.clock.now();
    let strange = audit::verify(&other, Scope::default(), now).await.unwrap();
    let flaws: Vec<_> = strange.iter().map(|it| it.verdict.unwrap_err().flaw).collect();
    assert_eq!(flaws, [Flaw::ForgedCheckpoint, Flaw::ForgedCheckpoint]);
    let peppers = vec![Pepper::new(b"another"), hub.state.pepper.clone()];
    let former = Archive { peppers, ..archive(&hub) };
    let fine = audit::verify(&former, Scope::default(), now).await.unwrap();
    assert!(fine.iter().all(|found| found.verdict.is_ok()));
}

#[tokio::test]
async fn a_stream_that_repeats_itself_leaves_one_chain() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let first = hub.unread();
    rename(&ana, "Dias").await;
    rename(&ana, "Diaz").await;
    let mut overlapping = hub.unread();
    overlapping.records.splice(0..0, first.records.clone());

    act(&hub, first.clone()).await;
    act(&hub, first).await;
    act(&hub, overlapping.clone()).await;
    act(&hub, overlapping).await;
    seal(&hub).await;

    let found = intact(&hub).await;
    assert_eq!(found[0].1.events, events(&hub).len() as u64);
}

#[tokio::test]
async fn two_who_link_at_once_make_one_chain() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    for last_name in ["Dias", "Diaz", "Diasz"] {
        rename(&ana, last_name).await;
    }
    let left = hub.unread();
    for last_name in ["Dias", "Diaz", "Diasz"] {
        rename(&ana, last_name).await;
    }
    let right = hub.unread();

    // They read two parts of the stream, and then the same.
    join(act(&hub, left.clone()), act(&hub, right)).await;
    join(act(&hub, left.clone()), act(&hub, left)).await;
    seal(&hub).await;

    let found = intact(&hub).await;
    assert_eq!(found[0].1.events, events(&hub).len() as u64);
}

#[tokio::test]
async fn a_relay_that_dies_anywhere_leaves_one_chain() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    seal(&hub).await;

    for deaths in 0.. {
        rename(&ana, ["Dias", "Diaz"][deaths % 2]).await;
        let batch = hub.unread();
        if killed_at(deaths, relay(&hub).relay(batch.clone())).await.is_some() {
            assert!(deaths > 3, "there was nothing to die in");
            break;
        }
        act(&hub, batch).await;
    }
    seal(&hub).await;

    let found = intact(&hub).await;
    assert_eq!(found[0].1.events, events(&hub).len() as u64);
}

#[tokio::test]
async fn what_happened_before_the_chain_is_counted_and_what_relay_gave_up_is_found_and_linked() {
    let hub = open().await;
    let ana = hub.patient("ana", ANA).await;
    let before = events(&hub).len() as u64;
    hub.unread();
    hub.clock.advance(SignedDuration::from_mins(1));
    rename(&ana, "Dias").await;
    seal(&hub).await;
    let old = intact(&hub).await;

    hub.clock.advance(SignedDuration::from_mins(1));
    rename(&ana, "Diaz").await;
    hub.unread();
    let now = hub.clock.now();
    let young = audit::verify(&archive(&hub), Scope::default(), now).await.unwrap();
    let (_, _, flaw) = broken(&hub).await;
    let later = now + SignedDuration::from_mins(10);
    let sealed = audit::seal(&archive(&hub), Scope::default(), later).await.unwrap();
    let again = audit::seal(&archive(&hub), Scope::default(), later).await.unwrap();

    assert_eq!(old[0].1, Intact { events: 1, before, ..Intact::default() });
    assert_eq!(young[0].verdict, Ok(Intact { events: 1, young: 1, before, ..Intact::default() }));
    assert_eq!(
        young[0].to_string(),
        format!(
            "hub: intact: 1 events, 0 checkpoints, 1 not sealed yet, {before} from before the chain"
        )
    );
    assert_eq!((flaw, sealed, again), (Flaw::NotSealed, 1, 0));
    assert_eq!(intact(&hub).await[0].1, Intact { events: 2, before, ..Intact::default() });
}

#[tokio::test]
async fn a_part_of_the_log_can_be_looked_at() {
    let hub = lively().await;
    hub.clock.advance(SignedDuration::from_hours(30 * 24));
    let ana = hub.sign_in("ana", PASSWORD).await;
    rename(&ana, "Diaz").await;
    seal(&hub).await;
    let whole = intact(&hub).await;
    let january = links(&hub, Tenant::Hub);

    let february = Scope { tenant: None, since: Some("2030-02".parse().unwrap()) };
    let part = findings(&hub, february).await;
    let hospital = Scope { tenant: Some(whole[1].0), since: None };
    let only = findings(&hub, hospital).await;
    hub.lose("events", &linked(&hub, &january[1]));
    let unseen = findings(&hub, february).await;
    hub.lose("events", &january[1]);
    let seen = findings(&hub, february).await;
    let not_theirs = findings(&hub, hospital).await;

    let events = |found: &Finding| found.verdict.unwrap().events;
    assert_eq!(events(&part[0]), whole[0].1.events - january.len() as u64);
    assert_eq!((only.len(), only[0].verdict), (1, Ok(whole[1].1)));
    assert_eq!(unseen, part);
    assert_eq!(seen[0].verdict.unwrap_err().flaw, Flaw::MissingLink);
    assert_eq!(not_theirs, only);
}

#[tokio::test]
async fn a_head_says_how_far_its_chain_has_come() {
    let hub = lively().await;
    let heads = hub.state.store.chains().heads().await.unwrap();
    for (tenant, found) in heads {
        let Head { number, hash, .. } = found.unwrap();
        let links = links(&hub, tenant);
        let last = read(links.last().unwrap());
        assert_eq!((last.number, last.hash), (number, hash));
    }
}
