//! Webhooks: what happened, told to programs of hospitals as Standard Webhooks say.
//!
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use std::time::Duration;

use carehub_clients::{Announcement, Answer, Inquiry};
use carehub_domain::{
    Failure,
    access::{Action, Actor},
    hospital::HospitalId,
    webhook::{Webhook, WebhookId},
};
use carehub_store::{Service, won};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{ErrandError, Notifier};

/// How long a program has to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many bytes of an answer are read.
const MOST: usize = 64 * 1024;

/// The answer of a program that is gone for good.
const GONE: u16 = 410;

/// Tells a program of an event, until it took it. One that was switched off or deleted meanwhile is
/// told nothing, and one that says it is gone is switched off. One that does not answer is left alone
/// for a while, so that others need not wait for it.
pub(crate) async fn call(
    notifier: &Notifier,
    (hospital, webhook): (HospitalId, WebhookId),
    announcement: &Announcement,
    now: Timestamp,
) -> Result<(), Box<dyn Failure>> {
    let (store, event) = (&notifier.store, announcement.event);
    if store.deliveries().was_told(webhook, event).await? {
        return Ok(());
    }
    let found = store.webhooks().recorded(hospital, webhook).await?;
    let Some(webhook) = found.filter(Webhook::is_active) else { return Ok(()) };
    let service = Service::Webhook(webhook.id);
    // Somebody who has mended a program tries whether it answers now.
    let is_trial = announcement.action == Action::PingWebhook;
    if !is_trial && store.breakers().admit(service, now).await?.is_err() {
        return Err(ErrandError::Resting.into());
    }
    let (id, at) = (event.to_string(), now.as_second());
    let body = told(hospital, announcement).to_string();
    let signature = webhook.secret(&notifier.pepper).signature(&id, at, &body);
    let at = at.to_string();
    let headers = [
        ("user-agent", "CareHub"),
        ("webhook-id", &*id),
        ("webhook-timestamp", &*at),
        ("webhook-signature", &*signature),
    ];
    let url = webhook.url.as_str();
    let inquiry = Inquiry { url, headers: &headers, body: &body, patience: PATIENCE, most: MOST };
    let answer = heard(notifier, service, inquiry, now).await?;
    if answer.status.is_success() {
        return Ok(store.deliveries().note_told(webhook.id, event, now).await?);
    }
    if answer.status.as_u16() == GONE {
        return suspend(notifier, webhook, now).await;
    }
    tracing::warn!(webhook.id = %webhook.id, status = answer.status.as_u16(), "a webhook was refused");
    Err(ErrandError::Refused.into())
}

/// Calls a program, and tells its breaker whether it answered.
async fn heard(
    notifier: &Notifier,
    service: Service,
    inquiry: Inquiry<'_>,
    now: Timestamp,
) -> Result<Answer, Box<dyn Failure>> {
    let breakers = notifier.store.breakers();
    match notifier.web.post(inquiry).await {
        Ok(answer) => {
            breakers.succeeded(service, now).await?;
            Ok(answer)
        }
        Err(silence) => {
            breakers.failed(service, None, now).await?;
            Err(silence.into())
        }
    }
}

/// What a program is told: ids, states and counts.
fn told(hospital: HospitalId, announcement: &Announcement) -> Value {
    let Announcement { event, at, action, subject, patient, changed, details } = announcement;
    json!({
        "id": event,
        "type": action.code(),
        "at": at,
        "data": {
            "subject": subject, "hospital": hospital, "patient": patient, "changed": changed,
            "details": details,
        },
    })
}

/// Tells a program nothing any more, as it said that it is gone.
async fn suspend(
    notifier: &Notifier,
    webhook: Webhook,
    now: Timestamp,
) -> Result<(), Box<dyn Failure>> {
    let hub = Actor::worker("notifier", now);
    let permit = hub.authorize(Action::SuspendWebhook, &webhook)?;
    let mut gone = webhook.suspend(now);
    // Whoever changed it meanwhile wants it as it is; the next call will tell.
    won(notifier.store.webhooks().save(&mut gone, &permit).await)?;
    Ok(())
}
