//! The AWS SDK, against the queues of one machine.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use aws_sdk_sqs::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region},
    error::ProvideErrorMetadata,
    types::{
        ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry,
        MessageAttributeValue, MessageSystemAttributeName, QueueAttributeName,
        SendMessageBatchRequestEntry, SendMessageBatchResultEntry,
    },
};
use carehub_domain::clock::Clock;
use carehub_sqs::{Engine, Queue, Redrive, Sqs};
use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;

const QUEUE: &str = "http://anywhere/000000000000/mail";
const DEAD: &str = "http://anywhere/000000000000/mail-dead-letters";
const ORDERS: &str = "http://anywhere/000000000000/orders.fifo";

#[tokio::test]
async fn what_is_sent_is_received_with_all_that_is_said_about_it() {
    let scene = Scene::open().await;
    let said = MessageAttributeValue::builder().data_type("Number").string_value("1493147359900");
    let sent = scene.client.send_message().queue_url(QUEUE).message_body("derp");
    let sent = sent.message_attributes("timestamp", said.build().unwrap()).send().await.unwrap();
    assert_eq!(sent.md5_of_message_body(), Some("58fd9edd83341c29f1aebba81c31e257"));
    assert_eq!(sent.md5_of_message_attributes(), Some("235c5c510d26fb653d073faed50ae77c"));

    let received = scene.client.receive_message().queue_url(QUEUE);
    let received = received.message_attribute_names("All");
    let received = received.message_system_attribute_names(MessageSystemAttributeName::All);
    let received = received.max_number_of_messages(10).send().await.unwrap();

    let [message] = received.messages() else { panic!("one message") };
    assert_eq!(message.message_id(), sent.message_id());
    assert_eq!(message.body(), Some("derp"));
    assert_eq!(message.md5_of_body(), sent.md5_of_message_body());
    assert_eq!(message.md5_of_message_attributes(), sent.md5_of_message_attributes());
    let said = &message.message_attributes().unwrap()["timestamp"];
    assert_eq!(said.string_value(), Some("1493147359900"));
    let system = message.attributes().unwrap();
    assert_eq!(system[&MessageSystemAttributeName::ApproximateReceiveCount], "1");
    assert_eq!(system[&MessageSystemAttributeName::SentTimestamp], "1900000000000");
    let delete = scene.client.delete_message().queue_url(QUEUE);
    delete.receipt_handle(message.receipt_handle().unwrap()).send().await.unwrap();
    assert_eq!(
        scene.count(QUEUE, QueueAttributeName::ApproximateNumberOfMessagesNotVisible).await,
        0
    );
}

#[tokio::test]
async fn a_batch_is_taken_one_by_one() {
    let scene = Scene::open().await;
    let entry = |id: &str, body: &str| {
        SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap()
    };
    let entries = vec![entry("a", "one"), entry("b", "\u{1}"), entry("c", "two")];
    let sent = scene.client.send_message_batch().queue_url(QUEUE).set_entries(Some(entries));
    let sent = sent.send().await.unwrap();
    let ids: Vec<_> = sent.successful().iter().map(SendMessageBatchResultEntry::id).collect();
    assert_eq!(ids, ["a", "c"]);
    let [failed] = sent.failed() else { panic!("one is refused") };
    assert_eq!((failed.id(), failed.sender_fault()), ("b", true));
    assert_eq!(failed.code(), "InvalidMessageContents");

    let received = scene.receive(QUEUE).await;
    let later = received.iter().enumerate().map(|(number, receipt)| {
        ChangeMessageVisibilityBatchRequestEntry::builder()
            .id(number.to_string())
            .receipt_handle(receipt)
            .visibility_timeout(0)
            .build()
            .unwrap()
    });
    let change = scene.client.change_message_visibility_batch().queue_url(QUEUE);
    let changed = change.set_entries(Some(later.collect())).send().await.unwrap();
    assert_eq!((changed.successful().len(), changed.failed().len()), (2, 0));

    let again = scene.receive(QUEUE).await;
    assert_eq!(again.len(), 2);
    let receipts = [again[0].as_str(), "nonsense"];
    let delete = receipts.iter().enumerate().map(|(number, receipt)| {
        let entry = DeleteMessageBatchRequestEntry::builder().id(number.to_string());
        entry.receipt_handle(*receipt).build().unwrap()
    });
    let deleted = scene.client.delete_message_batch().queue_url(QUEUE);
    let deleted = deleted.set_entries(Some(delete.collect())).send().await.unwrap();
    assert_eq!((deleted.successful().len(), deleted.failed().len()), (1, 1));
    assert_eq!(deleted.failed()[0].code(), "ReceiptHandleIsInvalid");

    let twice = vec![entry("a", "x"), entry("a", "y")];
    let refused = scene.client.send_message_batch().queue_url(QUEUE).set_entries(Some(twice));
    let refused = refused.send().await.unwrap_err().into_service_error();
    assert!(refused.is_batch_entry_ids_not_distinct(), "{refused:?}");
    let none = scene.client.send_message_batch().queue_url(QUEUE).set_entries(Some(Vec::new()));
    let none = none.send().await.unwrap_err().into_service_error();
    assert!(none.is_empty_batch_request(), "{none:?}");
}

#[tokio::test]
async fn refusals_are_those_that_the_sdk_knows() {
    let scene = Scene::open().await;

    let absent = scene.client.get_queue_url().queue_name("moon").send().await.unwrap_err();
    assert!(absent.into_service_error().is_queue_does_not_exist());
    let receipt = scene.client.delete_message().queue_url(QUEUE).receipt_handle("x");
    let receipt = receipt.send().await.unwrap_err().into_service_error();
    assert!(receipt.is_receipt_handle_is_invalid());
    let contents = scene.client.send_message().queue_url(QUEUE).message_body("\u{1}");
    let contents = contents.send().await.unwrap_err().into_service_error();
    assert!(contents.is_invalid_message_contents());
    let attribute = scene.client.get_queue_attributes().queue_url(QUEUE);
    let attribute = attribute.attribute_names(QueueAttributeName::from("Colour"));
    let attribute = attribute.send().await.unwrap_err().into_service_error();
    assert!(attribute.is_invalid_attribute_name());
    let created = scene.client.create_queue().queue_name("new").send().await.unwrap_err();
    assert_eq!(created.into_service_error().code(), Some("InvalidAction"));
}

#[tokio::test]
async fn whoever_waits_hears_of_a_message_at_once() {
    let scene = Scene::open().await;
    let waiting = scene.client.receive_message().queue_url(QUEUE).wait_time_seconds(20).send();
    let sending = async {
        // Whether this comes before or after the other is all the same.
        tokio::task::yield_now().await;
        scene.client.send_message().queue_url(QUEUE).message_body("now").send().await.unwrap();
    };

    let started = Instant::now();
    let (received, ()) = tokio::join!(waiting, sending);

    assert_eq!(received.unwrap().messages()[0].body(), Some("now"));
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn queues_are_found_and_described() {
    let scene = Scene::open().await;

    let url = scene.client.get_queue_url().queue_name("mail").send().await.unwrap();
    assert_eq!(url.queue_url(), Some(&*format!("http://{}/000000000000/mail", scene.address)));
    let listed = scene.client.list_queues().queue_name_prefix("mail").send().await.unwrap();
    assert_eq!(listed.queue_urls().len(), 2);
    let all = scene.client.get_queue_attributes().queue_url(QUEUE);
    let all = all.attribute_names(QueueAttributeName::All).send().await.unwrap();
    let all = all.attributes().unwrap();
    assert_eq!(all[&QueueAttributeName::VisibilityTimeout], "30");
    assert_eq!(all[&QueueAttributeName::QueueArn], "arn:aws:sqs:local:000000000000:mail");
    assert_eq!(
        all[&QueueAttributeName::RedrivePolicy],
        r#"{"deadLetterTargetArn":"arn:aws:sqs:local:000000000000:mail-dead-letters","maxReceiveCount":2}"#
    );
}

#[tokio::test]
async fn dead_letters_are_sent_back() {
    let scene = Scene::open().await;
    scene.client.send_message().queue_url(QUEUE).message_body("poison").send().await.unwrap();
    for _ in 0..2 {
        assert_eq!(scene.receive(QUEUE).await.len(), 1);
        scene.clock.advance(30);
    }
    assert!(scene.receive(QUEUE).await.is_empty());
    assert_eq!(scene.count(DEAD, QueueAttributeName::ApproximateNumberOfMessages).await, 1);

    let source = "arn:aws:sqs:local:000000000000:mail-dead-letters";
    let moved = scene.client.start_message_move_task().source_arn(source).send().await.unwrap();
    assert!(moved.task_handle().is_some());
    let tasks = scene.client.list_message_move_tasks().source_arn(source).send().await.unwrap();
    let [task] = tasks.results() else { panic!("one task") };
    assert_eq!(task.status(), Some("COMPLETED"));
    assert_eq!(task.approximate_number_of_messages_moved(), 1);
    assert_eq!(scene.receive(QUEUE).await.len(), 1);

    let mail = "arn:aws:sqs:local:000000000000:mail";
    let no = scene.client.start_message_move_task().source_arn(mail).send().await.unwrap_err();
    assert_eq!(no.into_service_error().code(), Some("InvalidParameterValue"));
    scene.client.purge_queue().queue_url(QUEUE).send().await.unwrap();
    let left = QueueAttributeName::ApproximateNumberOfMessagesNotVisible;
    assert_eq!(scene.count(QUEUE, left).await, 0);
}

#[tokio::test]
async fn orders_keep_their_order() {
    let scene = Scene::open().await;
    for body in ["one", "two", "two"] {
        let send = scene.client.send_message().queue_url(ORDERS).message_body(body);
        let sent = send.message_group_id("rx").message_deduplication_id(body).send().await.unwrap();
        assert_eq!(sent.sequence_number().map(str::len), Some(20));
    }

    assert_eq!(scene.receive(ORDERS).await.len(), 2);
    assert!(scene.receive(ORDERS).await.is_empty());
}

/// Queues that listen, and somebody who speaks to them.
struct Scene {
    client: Client,
    clock: Arc<Hands>,
    address: SocketAddr,
}

/// A clock that is moved by hand, in seconds.
struct Hands(AtomicI64);

impl Hands {
    fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

impl Scene {
    async fn open() -> Self {
        let redrive = |name: &str| Some(Redrive { dead_letters: name.to_owned(), receives: 2 });
        let queues = vec![
            Queue { redrive: redrive("mail-dead-letters"), ..Queue::named("mail") },
            Queue::named("mail-dead-letters"),
            Queue::named("orders.fifo"),
        ];
        let clock = Arc::new(Hands(AtomicI64::new(1_900_000_000)));
        let sqs = Sqs::new(Engine::memory(queues).unwrap(), clock.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, sqs.router()).await });
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::new("local", "local", None, None, "test"))
            .region(Region::from_static("local"))
            .endpoint_url(format!("http://{address}"))
            .build();
        Self { client: Client::from_conf(config), clock, address }
    }

    /// The receipts of what can be received.
    async fn receive(&self, queue: &str) -> Vec<String> {
        let received = self.client.receive_message().queue_url(queue).max_number_of_messages(10);
        let received = received.send().await.unwrap();
        let receipts = received.messages().iter().map(|it| it.receipt_handle().unwrap().to_owned());
        receipts.collect()
    }

    async fn count(&self, queue: &str, name: QueueAttributeName) -> u64 {
        let counts = self.client.get_queue_attributes().queue_url(queue);
        let counts = counts.attribute_names(name.clone()).send().await.unwrap();
        counts.attributes().unwrap()[&name].parse().unwrap()
    }
}
