use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::json;
use ulid::Ulid;

use super::*;

/// The written form of an item, and what is made of it, never change: chains would be torn.
#[test]
fn an_item_is_written_down_in_one_way() {
    let item = json!({
        "sk": {"S": "event#evt_01JH4AXQ00000000000000000B"},
        "at": {"S": "2030-01-07T08:00:00Z"},
        "odd": {"SS": ["b", "a"]},
        "changed": {"L": [{"S": "phone"}, {"S": "email"}]},
        "details": {"M": {"kind": {"S": "café \"1\""}, "count": {"S": "2"}}},
        "actor": {"S": "usr_01JH4AXQ00000000000000000A"},
    });

    let event = "evt_01JH4AXQ00000000000000000B".parse().unwrap();
    let imprint = Imprint::of(Tenant::Hub, event, &item);
    let link = Link::forge(&imprint, 1, origin());

    assert_eq!(
        canonical(&item),
        r#"{"actor":{"S":"usr_01JH4AXQ00000000000000000A"},"at":{"S":"2030-01-07T08:00:00Z"},"changed":{"L":[{"S":"phone"},{"S":"email"}]},"details":{"M":{"count":{"S":"2"},"kind":{"S":"café \"1\""}}},"odd":{"SS":["a","b"]},"sk":{"S":"event#evt_01JH4AXQ00000000000000000B"}}"#
    );
    assert_eq!(
        [link.digest, link.previous, link.hash].map(|digest| digest.to_string()),
        [
            "ebf176e1e574c6a49553fa0579042fcde8b5f847777ecae8ed2f9cf306814308",
            "5b1cb08c6bbb9e96cdd5b738d75a3ea3ebbc0da93f5b389d21b0adcc75c0e98e",
            "440b88e4bacfa28b9a3860c8bc72fad628e9034c3b9beebfcf648b86bb677d12",
        ]
    );
}

#[test]
fn types_names_and_the_order_of_lists_count() {
    let alike = [
        json!({"a": {"S": "1"}}),
        json!({"a": {"N": "1"}}),
        json!({"b": {"S": "1"}}),
        json!({"a": {"S": "1"}, "b": {"S": "1"}}),
        json!({"a": {"L": [{"S": "1"}, {"S": "2"}]}}),
        json!({"a": {"L": [{"S": "2"}, {"S": "1"}]}}),
        json!({"a": {"SS": ["1", "2"]}}),
    ];
    let written: std::collections::BTreeSet<_> = alike.iter().map(canonical).collect();
    assert_eq!(written.len(), alike.len());
}

#[test]
fn months_are_written_in_one_way() {
    let month: Month = "2030-11".parse().unwrap();
    let months = month.through("2031-02".parse().unwrap()).map(|month| month.to_string());
    assert_eq!(months.collect::<Vec<_>>(), ["2030-11", "2030-12", "2031-01", "2031-02"]);
    for wrong in ["2030", "2030-1", "2030-13", "30-11", "2030-11-01", "20301-1"] {
        assert_eq!(wrong.parse::<Month>(), Err(NoMonth), "{wrong}");
    }
}

#[test]
fn a_checkpoint_cannot_be_made_up_without_the_pepper() {
    let (ours, theirs) = (Pepper::new(b"ours"), Pepper::new(b"theirs"));
    let hub = Hub::of(3);
    let genuine = Checkpoint::of(&hub.head.unwrap(), &ours);
    let forged = Checkpoint::of(&hub.head.unwrap(), &theirs);

    assert!(genuine.is_genuine(&[theirs.clone(), ours.clone()]));
    assert!(!forged.is_genuine(std::slice::from_ref(&ours)));
    for other in [
        Checkpoint { number: 2, ..genuine },
        Checkpoint { hash: origin(), ..genuine },
        Checkpoint { tenant: Tenant::Hospital(Ulid::from(7_u128).into()), ..genuine },
        Checkpoint { at: genuine.at + SignedDuration::from_secs(1), ..genuine },
    ] {
        assert!(!other.is_genuine(std::slice::from_ref(&ours)), "{other:?}");
    }
}

/// A hub whose events happen seven hours apart, and what is kept of them.
#[derive(Clone, Debug)]
struct Hub {
    events: Vec<Imprint>,
    links: Vec<Link>,
    spoilt: Vec<EventId>,
    before: Option<Head>,
    head: Option<Head>,
    checkpoints: BTreeMap<u64, Option<Checkpoint>>,
}

fn pepper() -> Pepper {
    Pepper::new(b"ours")
}

fn event(number: u64) -> Imprint {
    let at: Timestamp = "2030-01-25T08:00:00Z".parse().unwrap();
    let at = at + SignedDuration::from_hours(7) * i32::try_from(number).unwrap();
    let millis = u64::try_from(at.as_millisecond()).unwrap();
    let event = Ulid::from_parts(millis, number.into()).into();
    Imprint::of(Tenant::Hub, event, &json!({"number": {"N": number.to_string()}}))
}

/// Long after everything.
fn later() -> Timestamp {
    "2040-01-01T00:00:00Z".parse().unwrap()
}

impl Hub {
    fn of(many: u64) -> Self {
        Self::sealed((0..many).map(event).collect())
    }

    /// Events that are linked three at a time in the given order.
    fn sealed(events: Vec<Imprint>) -> Self {
        let (mut links, mut head, mut checkpoints) = (Vec::new(), None, BTreeMap::new());
        for batch in events.chunks(3) {
            let (more, next) = Head::extend(head.as_ref(), batch).unwrap();
            links.extend(more);
            head = Some(next);
            if next.number % 2 == 0 {
                checkpoints.insert(next.number, Some(Checkpoint::of(&next, &pepper())));
            }
        }
        Self { events, links, spoilt: Vec::new(), before: head, head, checkpoints }
    }

    fn without_checkpoints(mut self) -> Self {
        self.checkpoints.clear();
        self
    }

    /// Makes up all links from a place on, as somebody would who may write everything.
    fn relink(&mut self, from: usize) {
        let mut previous = from.checked_sub(1).map_or(origin(), |before| self.links[before].hash);
        for (place, link) in self.links.iter_mut().enumerate().skip(from) {
            *link = Link::forge(&link.imprint(), place as u64 + 1, previous);
            previous = link.hash;
        }
        self.crown();
    }

    /// Makes the head that of the last link.
    fn crown(&mut self) {
        let imprints: Vec<_> = self.links.iter().map(Link::imprint).collect();
        self.head = Head::extend(None, &imprints).map(|(_, head)| head);
        self.before = self.head;
    }

    fn prove(&self) -> Result<Intact, Break> {
        self.prove_at(later(), None)
    }

    fn prove_at(&self, now: Timestamp, since: Option<Month>) -> Result<Intact, Break> {
        let hub = Tenant::Hub;
        let mut proofs = Proofs::begin(&[(hub, self.before)], None, now);
        for (number, checkpoint) in &self.checkpoints {
            proofs.confirm(hub, *number, *checkpoint, &[pepper()]);
        }
        let months = proofs.first_month().into_iter();
        for month in months.flat_map(|first| first.through("2031-01".parse().unwrap())) {
            let filed = self.links.iter().filter(|link| link.imprint().month() == month);
            let filed = filed.copied().map(Filed::Link);
            let spoilt = self.spoilt.iter().filter(|event| Month::of(happened(**event)) == month);
            let filed = filed.chain(spoilt.copied().map(Filed::Spoilt)).collect();
            let with_events = since.is_none_or(|since| month >= since);
            proofs.file(hub, filed, with_events);
            let shown = self.events.iter().filter(|it| with_events && it.month() == month);
            for imprint in shown {
                proofs.show(imprint);
            }
            proofs.turn_page();
        }
        match proofs.finish(&[(hub, self.head)]).pop() {
            Some((_, verdict)) => verdict,
            None => Ok(Intact::default()),
        }
    }

    fn broken(&self) -> (Option<u64>, Option<EventId>, Flaw) {
        let found = self.prove().expect_err("a chain that is broken");
        (found.number, found.event, found.flaw)
    }
}

#[test]
fn a_chain_that_nobody_touched_is_whole() {
    assert_eq!(Hub::of(40).prove(), Ok(Intact { events: 40, checkpoints: 7, ..Intact::default() }));
    assert_eq!(Hub::of(0).prove(), Ok(Intact::default()));
}

#[test]
fn events_from_before_the_chain_and_young_ones_are_counted() {
    let mut hub = Hub::sealed((5..20).map(event).collect());
    hub.events.extend((0..5).map(event));
    hub.events.extend((20..22).map(event));
    let now = event(20).at() + SignedDuration::from_mins(9);

    let intact = hub.prove_at(now, None);

    assert_eq!(intact, Ok(Intact { events: 15, checkpoints: 2, young: 2, before: 5 }));
    let now = event(20).at() + SignedDuration::from_mins(10);
    let found = hub.prove_at(now, None).unwrap_err();
    assert_eq!((found.event, found.flaw), (Some(event(20).event), Flaw::NotSealed));
}

#[test]
fn events_of_earlier_months_can_be_left_out_and_their_links_cannot() {
    let february: Month = "2030-02".parse().unwrap();
    let mut hub = Hub::of(40);
    let january = (0..40).filter(|number| event(*number).month() < february).count() as u64;
    hub.events[0].digest = origin();

    let intact = hub.prove_at(later(), Some(february));

    assert_eq!(intact.map(|intact| intact.events), Ok(40 - january));
    hub.links.remove(0);
    let found = hub.prove_at(later(), Some(february)).unwrap_err();
    assert_eq!((found.number, found.flaw), (Some(1), Flaw::MissingLink));
}

#[test]
fn an_event_that_was_linked_months_later_belongs_to_the_chain() {
    let mut order: Vec<_> = (0..40).map(event).collect();
    let late = order.remove(1);
    order.insert(30, late);
    order.push(event(100));
    assert_eq!(Hub::sealed(order).prove().map(|intact| intact.events), Ok(41));
}

#[test]
fn what_was_done_to_the_log_has_a_name() {
    let whole = Hub::of(12).without_checkpoints();
    let (at, id) =
        (|place: usize| Some(place as u64 + 1), |place: usize| Some(whole.events[place].event));

    let mut hub = whole.clone();
    hub.events[4].digest = origin();
    assert_eq!(hub.broken(), (at(4), id(4), Flaw::Mutated));

    let mut hub = whole.clone();
    hub.events.remove(4);
    assert_eq!(hub.broken(), (at(4), id(4), Flaw::MissingEvent));

    let mut hub = whole.clone();
    let (left, right) = (hub.events[4].digest, hub.events[7].digest);
    (hub.events[4].digest, hub.events[7].digest) = (right, left);
    assert_eq!(hub.broken(), (at(4), id(4), Flaw::Mutated));

    let mut hub = whole.clone();
    hub.events[4].tenant = Tenant::Hospital(Ulid::from(7_u128).into());
    hub.events[4].digest = origin();
    assert_eq!(hub.broken(), (at(4), id(4), Flaw::Mutated));

    let mut hub = whole.clone();
    hub.events.push(Imprint {
        event: Ulid::from_parts(event(4).event.ulid().timestamp_ms(), 99).into(),
        ..event(4)
    });
    assert_eq!(hub.broken(), (None, Some(hub.events[12].event), Flaw::NotSealed));
}

#[test]
fn what_was_done_to_the_links_has_a_name() {
    let whole = Hub::of(12).without_checkpoints();
    let (at, id) =
        (|place: usize| Some(place as u64 + 1), |place: usize| Some(whole.events[place].event));

    let mut hub = whole.clone();
    hub.links.remove(4);
    assert_eq!(hub.broken(), (at(4), id(4), Flaw::MissingLink));

    let mut hub = whole.clone();
    hub.links.remove(4);
    hub.events.remove(4);
    assert_eq!(hub.broken(), (at(4), None, Flaw::MissingLink));

    let mut hub = whole.clone();
    hub.links.pop();
    assert_eq!(hub.broken(), (at(11), id(11), Flaw::Truncated));

    let mut hub = whole.clone();
    hub.links.truncate(9);
    hub.events.truncate(9);
    assert_eq!(hub.broken(), (at(9), None, Flaw::Truncated));

    let mut hub = whole.clone();
    hub.links.truncate(9);
    hub.crown();
    assert_eq!(hub.broken(), (None, id(9), Flaw::NotSealed));

    let mut hub = whole.clone();
    (hub.links[4].number, hub.links[5].number) = (6, 5);
    assert_eq!(hub.broken(), (at(4), id(5), Flaw::Reordered));

    let mut hub = whole.clone();
    hub.links[4].digest = origin();
    assert_eq!(hub.broken(), (at(4), id(4), Flaw::ForgedLink));

    let mut hub = whole.clone();
    hub.links[4] = Link::forge(&Imprint { digest: origin(), ..event(4) }, 5, hub.links[3].hash);
    assert_eq!(hub.broken(), (at(4), id(4), Flaw::ForgedLink), "the event fits the next");

    let mut hub = whole.clone();
    hub.links[4] = Link::forge(&event(4), 5, origin());
    assert_eq!(hub.broken(), (at(4), id(4), Flaw::ForgedLink));

    let mut hub = whole.clone();
    hub.links[4] = Link::forge(&Imprint { digest: origin(), ..event(4) }, 5, hub.links[3].hash);
    hub.events[4].digest = origin();
    assert_eq!(hub.broken(), (at(4), id(4), Flaw::ForgedLink), "the event fits, the next does not");

    let mut hub = whole.clone();
    let made_up = Imprint {
        event: Ulid::from_parts(event(4).event.ulid().timestamp_ms(), 99).into(),
        ..event(4)
    };
    hub.events.push(made_up);
    hub.links.push(Link::forge(&made_up, 5, hub.links[3].hash));
    assert_eq!(hub.broken(), (at(4), Some(made_up.event), Flaw::ForgedLink));

    let mut hub = whole.clone();
    hub.links.remove(4);
    hub.spoilt.push(event(4).event);
    assert_eq!(hub.broken(), (at(4), id(4), Flaw::ForgedLink));

    let mut hub = whole.clone();
    hub.spoilt.push(made_up.event);
    assert_eq!(hub.broken(), (None, Some(made_up.event), Flaw::ForgedLink));
}

#[test]
fn what_was_done_to_heads_and_checkpoints_has_a_name() {
    let whole = Hub::of(12);
    let (at, id) =
        (|place: usize| Some(place as u64 + 1), |place: usize| Some(whole.events[place].event));

    let mut hub = whole.clone();
    hub.events[2].digest = origin();
    hub.links[2].digest = origin();
    hub.relink(2);
    assert_eq!(hub.broken(), (at(5), id(5), Flaw::Rewritten));

    let mut hub = whole.clone();
    hub.links.truncate(9);
    hub.events.truncate(9);
    hub.crown();
    assert_eq!(hub.broken(), (at(11), None, Flaw::Truncated));

    let mut hub = whole.clone();
    let theirs = Checkpoint::of(&hub.head.unwrap(), &Pepper::new(b"theirs"));
    hub.checkpoints.insert(12, Some(theirs));
    assert_eq!(hub.broken(), (at(11), id(11), Flaw::ForgedCheckpoint));

    let mut hub = whole.clone();
    let other = hub.checkpoints[&6];
    hub.checkpoints.insert(12, other);
    assert_eq!(hub.broken(), (at(11), id(11), Flaw::ForgedCheckpoint));

    let mut hub = whole.clone();
    hub.before = hub.before.map(|head| Head { hash: origin(), ..head });
    assert_eq!(hub.broken(), (at(11), id(11), Flaw::ForgedHead));

    let mut hub = whole.clone();
    hub.head = None;
    assert_eq!(hub.broken(), (at(11), id(11), Flaw::ForgedHead));

    let mut hub = whole.clone();
    let back = |head: Head| Head { number: 7, hash: whole.links[6].hash, ..head };
    (hub.before, hub.head) = (hub.before.map(back), hub.head.map(back));
    assert_eq!(hub.broken(), (at(11), id(11), Flaw::ForgedHead));

    let mut hub = whole.clone();
    hub.before = hub.before.map(|head| Head { since: event(3).at(), ..head });
    assert_eq!(hub.broken(), (at(0), id(0), Flaw::ForgedHead));

    let mut hub = whole.clone();
    (hub.before, hub.head) = (None, None);
    hub.links.clear();
    assert_eq!(hub.broken().2, Flaw::Truncated);
}

/// Something that somebody does to the log behind the hub's back.
#[derive(Clone, Debug)]
enum Deed {
    ChangeEvent(usize),
    RemoveEvent(usize),
    SwapEvents(usize, usize),
    AddEvent(usize),
    RemoveLink(usize),
    RemoveBoth(usize),
    Truncate(usize),
    ChangeLink(usize, u8),
    SwapNumbers(usize, usize),
    SwapAndRelink(usize, usize),
    ChangeAndRelink(usize),
    InsertLink(usize),
    MoveLink(usize, u64),
}

impl Deed {
    fn befall(self, hub: &mut Hub) {
        let made_up = |place: usize| {
            let like = event(place as u64);
            let id = Ulid::from_parts(like.event.ulid().timestamp_ms(), 99).into();
            Imprint { event: id, ..like }
        };
        match self {
            Self::ChangeEvent(at) => hub.events[at].digest = origin(),
            Self::RemoveEvent(at) => drop(hub.events.remove(at)),
            Self::SwapEvents(left, right) => {
                let digests = (hub.events[left].digest, hub.events[right].digest);
                (hub.events[right].digest, hub.events[left].digest) = digests;
            }
            Self::AddEvent(like) => hub.events.push(made_up(like)),
            Self::RemoveLink(at) => drop(hub.links.remove(at)),
            Self::RemoveBoth(at) => {
                let link = hub.links.remove(at);
                hub.events.retain(|it| it.event != link.event);
            }
            Self::Truncate(to) => {
                hub.links.truncate(to);
                let kept: Vec<_> = hub.links.iter().map(|link| link.event).collect();
                hub.events.retain(|it| kept.contains(&it.event));
            }
            Self::ChangeLink(at, part) => {
                let link = &mut hub.links[at];
                match part % 3 {
                    0 => link.digest = Checksum::of(b"other"),
                    1 => link.previous = Checksum::of(b"other"),
                    _ => link.hash = Checksum::of(b"other"),
                }
            }
            Self::SwapNumbers(left, right) => {
                let numbers = (hub.links[left].number, hub.links[right].number);
                (hub.links[right].number, hub.links[left].number) = numbers;
            }
            Self::SwapAndRelink(left, right) => {
                hub.links.swap(left, right);
                hub.relink(left.min(right));
            }
            Self::ChangeAndRelink(at) => {
                hub.links[at].digest = origin();
                let event = hub.links[at].event;
                let changed = hub.events.iter_mut().filter(|it| it.event == event);
                for it in changed {
                    it.digest = origin();
                }
                hub.relink(at);
            }
            Self::InsertLink(at) => {
                let previous = at.checked_sub(1).map_or(origin(), |before| hub.links[before].hash);
                hub.events.push(made_up(at));
                hub.links.push(Link::forge(&made_up(at), at as u64 + 1, previous));
            }
            Self::MoveLink(at, to) => {
                let previous = hub.links[at].previous;
                hub.links[at] = Link::forge(&hub.links[at].imprint(), to, previous);
            }
        }
    }
}

/// A hub with checkpoints up to its end, events linked nearly in their order, and a deed that
/// changes something.
fn hub_and_deed() -> impl Strategy<Value = (Hub, Deed)> {
    let hub = (4..40_u64, prop::collection::vec(1..36_usize, 0..8)).prop_map(|(many, swaps)| {
        let mut events: Vec<_> = (0..many).map(event).collect();
        for at in swaps.into_iter().filter(|at| at + 3 < usize::try_from(many).unwrap()) {
            events.swap(at, at + 3);
        }
        let mut hub = Hub::sealed(events);
        let head = hub.head.unwrap();
        hub.checkpoints.insert(head.number, Some(Checkpoint::of(&head, &pepper())));
        hub
    });
    hub.prop_flat_map(|hub| {
        let many = hub.links.len();
        let (one, two) = (0..many, (0..many, 1..many));
        let two = two.prop_map(move |(left, by)| (left, (left + by) % many));
        let deed = prop_oneof![
            one.clone().prop_map(Deed::ChangeEvent),
            one.clone().prop_map(Deed::RemoveEvent),
            two.clone().prop_map(|(left, right)| Deed::SwapEvents(left, right)),
            (1..many).prop_map(Deed::AddEvent),
            one.clone().prop_map(Deed::RemoveLink),
            one.clone().prop_map(Deed::RemoveBoth),
            one.clone().prop_map(Deed::Truncate),
            (one.clone(), any::<u8>()).prop_map(|(at, part)| Deed::ChangeLink(at, part)),
            two.clone().prop_map(|(left, right)| Deed::SwapNumbers(left, right)),
            two.prop_map(|(left, right)| Deed::SwapAndRelink(left, right)),
            one.clone().prop_map(Deed::ChangeAndRelink),
            one.clone().prop_map(Deed::InsertLink),
            (one, 41..u64::MAX).prop_map(|(at, to)| Deed::MoveLink(at, to)),
        ];
        (Just(hub), deed)
    })
}

proptest! {
    #[test]
    fn whatever_is_done_behind_the_back_of_the_hub_is_found((whole, deed) in hub_and_deed()) {
        prop_assert_eq!(whole.prove().map(|it| it.events), Ok(whole.events.len() as u64));
        let mut hub = whole;
        deed.befall(&mut hub);
        prop_assert!(hub.prove().is_err());
    }

    #[test]
    fn whatever_stands_in_a_checkpoint_is_read_without_panic(text in ".*", tenant in ".*") {
        let _ = (serde_json::from_str::<Checkpoint>(&text), tenant.parse::<Tenant>(), tenant.parse::<Month>());
    }
}
