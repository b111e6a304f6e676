//! What others are to do about events: carry a message, tell a program, dispense.

use std::collections::{BTreeMap, BTreeSet};

use carehub_clients::{Errand, Queue};
use carehub_domain::{
    Failure,
    access::Action,
    event::Event,
    hospital::HospitalId,
    notification::{Channel, NotificationId},
    recommendation::RecommendationState,
    webhook::Webhook,
};

use crate::{Relay, orders};

/// Puts what events call for on the queues. An event that comes again is queued again; whoever
/// takes the errand does it once.
pub(crate) async fn put(relay: &Relay, events: &[Event]) -> Result<(), Box<dyn Failure>> {
    let mut queued: BTreeMap<Queue, Vec<Errand>> = BTreeMap::new();
    for event in events {
        let mut add = |queue, errand| queued.entry(queue).or_default().push(errand);
        match event.action {
            Action::RequestCode => {
                add(Queue::Sms, Errand::Code { event: event.id, code: event.subject.to_string() });
            }
            Action::Notify => {
                for (queue, errand) in notification(event) {
                    add(queue, errand);
                }
            }
            Action::SendPrescription => {
                if let Some(order) = orders::order(relay, event).await? {
                    add(Queue::Pharmacy, Errand::Order(order));
                }
            }
            Action::RequestRecommendation => {
                if let Some(errand) = recommendation(event) {
                    add(Queue::Recommendations, errand);
                }
            }
            _ => {}
        }
    }
    let told = calls(relay, events).await?;
    queued.entry(Queue::Webhooks).or_default().extend(told);
    for (queue, errands) in queued {
        if !errands.is_empty() {
            relay.queues.put(queue, errands).await?;
        }
    }
    Ok(())
}

/// A notification once for each of its ways out of the hub.
fn notification(event: &Event) -> Vec<(Queue, Errand)> {
    let fact = |name: &str| event.details.get(name).map(String::as_str).unwrap_or_default();
    let Ok(notification) = event.subject.as_str().parse::<NotificationId>() else {
        return Vec::new();
    };
    let Ok(recipient) = fact("recipient").parse() else { return Vec::new() };
    let ways = fact("channels").split(',').filter_map(|way| way.parse::<Channel>().ok());
    let errand = |channel| {
        Some((Queue::of(channel)?, Errand::Notification { recipient, notification, channel }))
    };
    ways.filter_map(errand).collect()
}

/// A recommendation that nobody has answered yet.
fn recommendation(event: &Event) -> Option<Errand> {
    let state: RecommendationState = event.details.get("state")?.parse().ok()?;
    let recommendation = event.subject.as_str().parse().ok()?;
    let requester = event.actor.filter(|_| state == RecommendationState::Queued)?;
    Some(Errand::Recommend { requester, recommendation })
}

/// What programs of hospitals are told.
async fn calls(relay: &Relay, events: &[Event]) -> Result<Vec<Errand>, Box<dyn Failure>> {
    let hospitals: BTreeSet<HospitalId> =
        events.iter().filter_map(|event| event.hospital).collect();
    let mut calls = Vec::new();
    for hospital in hospitals {
        let webhooks = relay.store.webhooks().all_of(hospital).await?;
        let call = |webhook: &Webhook, event: &Event| Errand::Webhook {
            hospital,
            webhook: webhook.id,
            announcement: Box::new(event.into()),
        };
        for event in events {
            let told = webhooks.iter().filter(|webhook| webhook.wants(event));
            calls.extend(told.map(|webhook| call(webhook, event)));
        }
    }
    Ok(calls)
}
