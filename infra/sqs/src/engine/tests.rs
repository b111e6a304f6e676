//! Nothing is lost, nothing overtakes its group, and what nobody can do is put aside.

use std::{collections::BTreeSet, env, fs, process};

use proptest::prelude::*;

use super::*;
use crate::{Redrive, State};

const QUEUE: &str = "mail";
const DEAD: &str = "mail-dead-letters";
const ORDERS: &str = "orders.fifo";
const DEAD_ORDERS: &str = "orders-dead-letters.fifo";

#[test]
fn what_was_received_is_hidden_until_its_time_is_up_and_then_comes_again() {
    let mut engine = engine();
    send(&mut engine, "one", 0);

    let first = receive(&mut engine, 10, 1);
    assert_eq!(bodies(&first), ["one"]);
    assert_eq!(bodies(&receive(&mut engine, 10, 30)), [] as [&str; 0]);
    assert_eq!(engine.next(QUEUE, at(30)).unwrap(), Some(at(31)));
    let second = receive(&mut engine, 10, 31);

    assert_eq!((second[0].received, second[0].first_received_at), (2, Some(at(1))));
    assert_eq!(first[0].id, second[0].id);
    assert_ne!(first[0].receipt, second[0].receipt);
}

#[test]
fn only_the_last_receipt_deletes() {
    let mut engine = engine();
    send(&mut engine, "one", 0);
    let first = receive(&mut engine, 1, 0);
    let second = receive(&mut engine, 1, 30);

    engine.delete(QUEUE, receipt(&first), at(31)).unwrap();
    assert_eq!(counts(&mut engine, QUEUE, 31), (0, 1, 0));
    // Late, but nobody has received it since.
    engine.delete(QUEUE, receipt(&second), at(100)).unwrap();
    assert_eq!(counts(&mut engine, QUEUE, 100), (0, 0, 0));
    engine.delete(QUEUE, receipt(&second), at(100)).unwrap();

    let refused = engine.delete(QUEUE, "nonsense", at(100)).unwrap_err();
    assert_eq!(refused.names().0, "ReceiptHandleIsInvalid");
}

#[test]
fn a_message_can_be_hidden_longer_or_given_back() {
    let mut engine = engine();
    send(&mut engine, "one", 0);
    let held = receive(&mut engine, 1, 0);

    engine.change_visibility(QUEUE, receipt(&held), 100, at(10)).unwrap();
    assert!(receive(&mut engine, 1, 109).is_empty());
    engine.change_visibility(QUEUE, receipt(&held), 0, at(109)).unwrap();
    assert_eq!(receive(&mut engine, 1, 109).len(), 1);

    let late = engine.change_visibility(QUEUE, receipt(&held), 9, at(109)).unwrap_err();
    assert_eq!(late.names().0, "MessageNotInflight");
    let long = engine.change_visibility(QUEUE, receipt(&held), 43_201, at(109)).unwrap_err();
    assert_eq!(long.names().0, "InvalidParameterValue");
}

#[test]
fn what_is_delayed_is_seen_later_and_what_is_old_is_forgotten() {
    let mut engine = engine();
    let later = Outgoing { delay: Some(60), ..text("later") };
    engine.send(QUEUE, later, at(0)).unwrap();

    assert_eq!(counts(&mut engine, QUEUE, 59), (0, 0, 1));
    assert!(receive(&mut engine, 1, 59).is_empty());
    assert_eq!(bodies(&receive(&mut engine, 1, 60)), ["later"]);

    assert_eq!(counts(&mut engine, QUEUE, 4 * 86_400 - 1), (1, 0, 0));
    assert_eq!(counts(&mut engine, QUEUE, 4 * 86_400), (0, 0, 0));
}

#[test]
fn what_is_received_too_often_is_put_aside_alone_and_can_be_sent_back() {
    let mut engine = engine();
    send(&mut engine, "poison", 0);
    for minute in 0..3 {
        assert_eq!(bodies(&receive(&mut engine, 1, minute * 60)), ["poison"]);
    }
    send(&mut engine, "neighbour", 180);

    assert_eq!(bodies(&receive(&mut engine, 10, 180)), ["neighbour"]);
    let dead = engine.look(DEAD, 10, at(180)).unwrap();
    assert_eq!((dead[0].body.as_str(), dead[0].source.as_deref()), ("poison", Some(QUEUE)));
    assert_eq!((dead[0].received, dead[0].state(at(180))), (3, State::Visible));

    let moved = engine.move_back(DEAD, None, at(200)).unwrap();
    assert_eq!((moved.moved, moved.stayed), (1, 0));
    let again = receive(&mut engine, 10, 200);
    assert_eq!(
        (again[0].body.as_str(), again[0].received, again[0].sent_at),
        ("poison", 1, at(200))
    );
    assert_ne!(again[0].id, dead[0].id);
    assert_eq!(engine.moves(DEAD).unwrap(), [moved]);
}

#[test]
fn dead_letters_of_nobody_stay_where_they_are() {
    let mut engine = engine();
    engine.send(DEAD, text("stranger"), at(0)).unwrap();

    let moved = engine.move_back(DEAD, None, at(0)).unwrap();
    assert_eq!((moved.moved, moved.stayed), (0, 1));
    let moved = engine.move_back(DEAD, Some(QUEUE), at(0)).unwrap();
    assert_eq!((moved.moved, moved.stayed), (1, 0));

    let no = engine.move_back(QUEUE, None, at(0)).unwrap_err();
    assert!(matches!(no, Refusal::NoDeadLetters));
    let no = engine.move_back("moon", None, at(0)).unwrap_err();
    assert!(matches!(no, Refusal::NoSuchResource("SourceArn")));
    let no = engine.move_back(DEAD, Some(ORDERS), at(0)).unwrap_err();
    assert_eq!(no.names().0, "InvalidParameterValue");
}

#[test]
fn of_a_group_nothing_overtakes_what_is_being_done() {
    let mut engine = engine();
    for (group, body) in [("a", "a1"), ("a", "a2"), ("b", "b1"), ("a", "a3")] {
        order(&mut engine, group, body, 0);
    }

    let first = take(&mut engine, 2, 0);
    assert_eq!(bodies(&first), ["a1", "a2"]);
    let others = take(&mut engine, 10, 1);
    assert_eq!(bodies(&others), ["b1"]);

    engine.delete(ORDERS, receipt(&first), at(2)).unwrap();
    assert!(take(&mut engine, 10, 2).is_empty(), "a2 is being done");
    assert_eq!(bodies(&take(&mut engine, 10, 30)), ["a2", "a3"]);
    let late = engine.delete(ORDERS, first[1].receipt.as_deref().unwrap(), at(30)).unwrap_err();
    assert!(late.to_string().ends_with("Reason: The receipt handle has expired."), "{late}");
}

#[test]
fn an_order_that_nobody_can_do_lets_the_rest_of_its_group_pass() {
    let mut engine = engine();
    order(&mut engine, "a", "poison", 0);
    for minute in 0..3 {
        assert_eq!(bodies(&take(&mut engine, 1, minute * 60)), ["poison"]);
    }
    order(&mut engine, "a", "next", 180);

    assert_eq!(bodies(&take(&mut engine, 10, 180)), ["next"]);
    assert_eq!(engine.look(DEAD_ORDERS, 10, at(180)).unwrap()[0].body, "poison");
    assert_eq!(engine.move_back(DEAD_ORDERS, None, at(180)).unwrap().moved, 1);
    assert!(take(&mut engine, 10, 181).is_empty(), "it is behind what is being done");
    assert_eq!(bodies(&take(&mut engine, 10, 210)), ["next", "poison"]);
}

#[test]
fn for_five_minutes_the_same_message_is_taken_once() {
    let mut engine = engine();
    let same = || Outgoing {
        group: Some("a".to_owned()),
        deduplication: Some("evt_1".to_owned()),
        ..text("order")
    };
    let first = engine.send(ORDERS, same(), at(0)).unwrap();

    assert_eq!(engine.send(ORDERS, same(), at(299)).unwrap(), first);
    let held = take(&mut engine, 10, 299);
    assert_eq!(held.len(), 1);
    engine.delete(ORDERS, receipt(&held), at(299)).unwrap();
    assert_eq!(engine.send(ORDERS, same(), at(299)).unwrap(), first);
    assert_ne!(engine.send(ORDERS, same(), at(300)).unwrap(), first);
    assert_eq!(counts(&mut engine, ORDERS, 300), (1, 0, 0));
}

#[test]
fn a_queue_may_tell_messages_apart_by_what_they_say() {
    let queue = Queue { same_content_is_same_message: true, ..Queue::named("by-content.fifo") };
    let mut engine = Engine::memory(vec![queue]).unwrap();
    for body in ["one", "one", "two"] {
        let message = Outgoing { group: Some("a".to_owned()), ..text(body) };
        engine.send("by-content.fifo", message, at(0)).unwrap();
    }

    assert_eq!(counts(&mut engine, "by-content.fifo", 0), (2, 0, 0));
}

#[test]
fn what_makes_no_sense_is_refused_in_the_words_of_aws() {
    let mut engine = engine();
    let group = Some("a".to_owned());
    let same = Some("1".to_owned());
    let mut refused = |queue, message| engine.send(queue, message, at(0)).unwrap_err().to_string();

    assert_eq!(refused("moon", text("x")), "The specified queue does not exist.");
    assert_eq!(refused(QUEUE, text("")), "The request must contain the parameter MessageBody.");
    assert_eq!(
        refused(QUEUE, text(&"x".repeat(1024 * 1024 + 1))),
        "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes."
    );
    assert!(refused(QUEUE, text("\u{1}")).starts_with("Invalid characters found."));
    assert_eq!(
        refused(QUEUE, Outgoing { delay: Some(901), ..text("x") }),
        "Value 901 for parameter DelaySeconds is invalid. \
         Reason: DelaySeconds must be >= 0 and <= 900."
    );
    assert_eq!(
        refused(ORDERS, Outgoing { deduplication: same.clone(), ..text("x") }),
        "The request must contain the parameter MessageGroupId."
    );
    assert!(
        refused(ORDERS, Outgoing { group: group.clone(), ..text("x") })
            .contains("ContentBasedDeduplication")
    );
    let delayed = Outgoing { delay: Some(1), group, deduplication: same.clone(), ..text("x") };
    assert!(refused(ORDERS, delayed).ends_with("not valid for this queue type."));
    assert!(
        refused(QUEUE, Outgoing { deduplication: same, ..text("x") })
            .ends_with("not valid for this queue type.")
    );
    let many = engine.receive(QUEUE, Wish { most: 11, visibility: None }, at(0)).unwrap_err();
    assert_eq!(
        many.to_string(),
        "Value 11 for parameter MaxNumberOfMessages is invalid. \
         Reason: Must be between 1 and 10, if provided."
    );
}

#[test]
fn dead_letters_go_to_a_queue_of_the_same_kind() {
    let lost = vec![with_dead_letters(QUEUE, "moon")];
    assert!(matches!(Engine::memory(lost), Err(OpenError::DeadLetters(_))));
    let mixed = vec![with_dead_letters(QUEUE, ORDERS), Queue::named(ORDERS)];
    assert!(matches!(Engine::memory(mixed), Err(OpenError::DeadLetters(_))));
}

#[test]
fn a_restart_forgets_nothing() {
    let file = env::temp_dir().join(format!("carehub-sqs-{}.sqlite", process::id()));
    let held = {
        let mut engine = Engine::open(&file, queues()).unwrap();
        for body in ["one", "two"] {
            send(&mut engine, body, 0);
        }
        receive(&mut engine, 1, 0)
    };

    let mut engine = Engine::open(&file, queues()).unwrap();
    assert_eq!(counts(&mut engine, QUEUE, 1), (1, 1, 0));
    engine.delete(QUEUE, receipt(&held), at(1)).unwrap();
    assert_eq!(bodies(&receive(&mut engine, 10, 1)), ["two"]);
    for end in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{end}", file.display()));
    }
}

/// What somebody does at a queue.
#[derive(Clone, Debug)]
enum Step {
    Send {
        group: u8,
    },
    Receive {
        most: usize,
    },
    /// Delete one of those that are being worked on.
    Finish {
        which: usize,
    },
    /// Give one of them back.
    Return {
        which: usize,
    },
    Wait {
        seconds: i64,
    },
    Redrive,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_u8..3).prop_map(|group| Step::Send { group }),
        4 => (1_usize..=10).prop_map(|most| Step::Receive { most }),
        3 => any::<usize>().prop_map(|which| Step::Finish { which }),
        1 => any::<usize>().prop_map(|which| Step::Return { which }),
        2 => (1_i64..40).prop_map(|seconds| Step::Wait { seconds }),
        1 => Just(Step::Redrive),
    ]
}

proptest! {
    /// Whatever happens at a queue, each message is in it, with its dead letters, or finished;
    /// none is handed out to two at once; and what was not put aside keeps the order of its group.
    #[test]
    fn no_message_is_lost_and_none_is_with_two(
        fifo in any::<bool>(),
        steps in prop::collection::vec(step(), 1..80),
    ) {
        let (queue, dead) = if fifo { (ORDERS, DEAD_ORDERS) } else { (QUEUE, DEAD) };
        let mut engine = engine();
        let (mut now, mut sent, mut finished) = (0, 0_u32, BTreeSet::new());
        let mut held: Vec<Message> = Vec::new();
        for step in steps {
            held.retain(|message| message.visible_at > at(now));
            match step {
                Step::Send { group } => {
                    let body = format!("{sent:05}");
                    let message = Outgoing {
                        group: Some(format!("g{group}")),
                        deduplication: fifo.then(|| body.clone()),
                        ..text(&body)
                    };
                    engine.send(queue, message, at(now)).unwrap();
                    sent += 1;
                }
                Step::Receive { most } => {
                    let wish = Wish { most, visibility: None };
                    let messages = engine.receive(queue, wish, at(now)).unwrap();
                    prop_assert!(messages.len() <= most);
                    for message in &messages {
                        prop_assert!(message.received <= 3);
                        prop_assert!(!finished.contains(&message.body), "finished twice");
                        prop_assert!(held.iter().all(|other| other.body != message.body));
                        if fifo {
                            prop_assert!(held.iter().all(|other| other.group != message.group));
                        }
                    }
                    let in_order = messages.is_sorted_by_key(|message| message.number);
                    prop_assert!(in_order);
                    held.extend(messages);
                }
                Step::Finish { which } if !held.is_empty() => {
                    let message = held.swap_remove(which % held.len());
                    engine.delete(queue, message.receipt.as_deref().unwrap(), at(now)).unwrap();
                    finished.insert(message.body);
                }
                Step::Return { which } if !held.is_empty() => {
                    let message = held.swap_remove(which % held.len());
                    let receipt = message.receipt.as_deref().unwrap();
                    engine.change_visibility(queue, receipt, 0, at(now)).unwrap();
                }
                Step::Wait { seconds } => now += seconds,
                Step::Redrive => {
                    let moved = engine.move_back(dead, None, at(now)).unwrap();
                    prop_assert_eq!(moved.stayed, 0);
                    prop_assert_eq!(engine.counts(dead, at(now)).unwrap().visible, 0);
                }
                Step::Finish { .. } | Step::Return { .. } => {}
            }
            let mut left: Vec<_> = finished.iter().cloned().collect();
            for name in [queue, dead] {
                let messages = engine.look(name, usize::MAX, at(now)).unwrap();
                left.extend(messages.into_iter().map(|message| message.body));
            }
            left.sort();
            let all: Vec<_> = (0..sent).map(|number| format!("{number:05}")).collect();
            prop_assert_eq!(left, all);
        }
    }

    /// Those who finish what they receive see each group in the order in which it was sent.
    #[test]
    fn a_group_comes_in_the_order_in_which_it_was_sent(
        groups in prop::collection::vec(0_u8..3, 1..40),
        wishes in prop::collection::vec(1_usize..=10, 1..80),
    ) {
        let mut engine = engine();
        for (number, group) in groups.iter().enumerate() {
            order(&mut engine, &format!("g{group}"), &format!("{number:05}"), 0);
        }
        let mut seen: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for most in wishes.into_iter().chain([10; 40]) {
            for message in take(&mut engine, most, 0) {
                engine.delete(ORDERS, message.receipt.as_deref().unwrap(), at(0)).unwrap();
                seen.entry(message.group.unwrap()).or_default().push(message.body);
            }
        }
        prop_assert_eq!(seen.values().map(Vec::len).sum::<usize>(), groups.len());
        prop_assert!(seen.values().all(|bodies| bodies.is_sorted()));
    }
}

fn engine() -> Engine {
    Engine::memory(queues()).unwrap()
}

fn queues() -> Vec<Queue> {
    vec![
        with_dead_letters(QUEUE, DEAD),
        Queue::named(DEAD),
        with_dead_letters(ORDERS, DEAD_ORDERS),
        Queue::named(DEAD_ORDERS),
    ]
}

fn with_dead_letters(name: &str, dead_letters: &str) -> Queue {
    let redrive = Redrive { dead_letters: dead_letters.to_owned(), receives: 3 };
    Queue { redrive: Some(redrive), ..Queue::named(name) }
}

fn text(body: &str) -> Outgoing {
    Outgoing { body: body.to_owned(), ..Outgoing::default() }
}

fn send(engine: &mut Engine, body: &str, second: i64) {
    engine.send(QUEUE, text(body), at(second)).unwrap();
}

fn order(engine: &mut Engine, group: &str, body: &str, second: i64) {
    let (group, same) = (Some(group.to_owned()), Some(body.to_owned()));
    let message = Outgoing { group, deduplication: same, ..text(body) };
    engine.send(ORDERS, message, at(second)).unwrap();
}

fn receive(engine: &mut Engine, most: usize, second: i64) -> Vec<Message> {
    engine.receive(QUEUE, Wish { most, visibility: None }, at(second)).unwrap()
}

fn take(engine: &mut Engine, most: usize, second: i64) -> Vec<Message> {
    engine.receive(ORDERS, Wish { most, visibility: None }, at(second)).unwrap()
}

fn counts(engine: &mut Engine, queue: &str, second: i64) -> (u64, u64, u64) {
    let Counts { visible, in_flight, delayed } = engine.counts(queue, at(second)).unwrap();
    (visible, in_flight, delayed)
}

fn bodies(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.body.as_str()).collect()
}

fn receipt(messages: &[Message]) -> &str {
    messages[0].receipt.as_deref().unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_900_000_000 + second).unwrap()
}
