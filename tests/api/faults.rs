//! The tables fail: nobody gets in, nothing is half done, and everyone is told to come again.

use carehub_domain::{access::Action, event::Event};
use carehub_testkit::Fault;

use crate::{
    support::{People, open},
    tour::{open_counting, stricken_tour},
};

/// Each operation of the tour is struck at its first call to the tables, at its second and so
/// on, and then has to succeed as if nothing had happened.
async fn survive(fault: Fault) {
    let hub = open_counting().await;

    let stops = stricken_tour(&hub, fault).await;

    let mut blows = 0;
    for stop in stops {
        for (reply, events) in stop.struck {
            let what = format!("{:?} {fault:?}: {} {}", stop.operation, reply.status, reply.text());
            assert_eq!(reply.status, 503, "{what}");
            // A file that comes with a form is kept first. If no document claims it, it is deleted.
            let half_done = events.iter().filter(|event| event.action != Action::CreateUpload);
            assert_eq!(half_done.collect::<Vec<_>>(), Vec::<&Event>::new(), "{what}");
            blows += 1;
            // Health checks answer with what they found.
            if !stop.operation.1.starts_with("/health") {
                let problem = reply.problem();
                assert_eq!(
                    (problem.code.as_str(), problem.detail),
                    ("store-unavailable", None),
                    "{what}"
                );
                assert_eq!(reply.header("retry-after"), "1", "{what}");
            }
        }
    }
    assert!(blows > 100, "{blows}");
}

#[tokio::test]
async fn a_throttled_store_is_unavailable_and_nothing_is_half_done() {
    survive(Fault::Throttled).await;
}

#[tokio::test]
async fn a_broken_store_is_unavailable_and_nothing_is_half_done() {
    survive(Fault::Broken).await;
}

#[tokio::test]
async fn a_store_that_hangs_up_is_unavailable_and_nothing_is_half_done() {
    survive(Fault::Cut).await;
}

#[tokio::test]
async fn a_store_that_is_down_is_unavailable_and_nothing_is_half_done() {
    survive(Fault::Down).await;
}

#[tokio::test]
async fn nobody_waits_forever_for_a_store_that_is_silent() {
    let hub = open().await;
    let ana = hub.patient("ana", "+923001234567").await;

    hub.faults.strike(Fault::Silent, 0);
    // The clock jumps to whatever is waited for.
    tokio::time::pause();
    let reply = ana.get("/api/auth/profile").await;
    tokio::time::resume();

    assert!(hub.faults.cease());
    assert_eq!(reply.status, 503);
    assert_eq!(reply.header("retry-after"), "1");
    ana.get("/api/auth/profile").await.ok();
}
