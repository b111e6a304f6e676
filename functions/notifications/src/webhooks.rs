//! `/api/webhooks`

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::CurrentActor,
    created::Created,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path, Query},
    form,
    form::{Invalid, replace},
    listing::{Listing, PageView, Paging},
};
use carehub_domain::{
    access::{Action, Actor, Denied, Permit},
    hospital::HospitalId,
    secret::Pepper,
    webhook::{Hosts, Webhook, WebhookId, WebhookList, WebhookUrl},
};
use carehub_store::Store;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

form! {
    /// Whose webhooks.
    pub(crate) struct Whose {
        /// The hospital; for admins. Hospitals see their own.
        hospital: Option<HospitalId> = "hospital_id",
        /// Accepted and without effect: every list has one order.
        ordering: Option<String>,
    }
}

form! {
    /// A program to tell what happens.
    pub(crate) struct NewWebhook {
        /// Where it listens.
        url: WebhookUrl,
        /// What it is told of; every change in the hospital, but no look, if nothing is said.
        actions: Option<Vec<Action>> = "events" | "event_types",
        /// Whether it is told anything; `true` if nothing is said.
        is_active: Option<bool>,
    }
}

form! {
    /// Changes to a webhook. What is not there stays.
    pub(crate) struct WebhookChanges {
        /// Where it listens.
        url: Option<WebhookUrl>,
        /// What it is told of; every change in the hospital, but no look, if the list is empty.
        actions: Option<Vec<Action>> = "events" | "event_types",
        /// Whether it is told anything.
        is_active: Option<bool>,
    }
}

/// A program that is told what happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookView {
    /// Identifies the webhook.
    pub id: WebhookId,
    /// Whose it is.
    pub hospital: HospitalId,
    /// Where it listens.
    pub url: WebhookUrl,
    /// What it is told of; every change in the hospital, but no look, if the list is empty.
    pub actions: Vec<Action>,
    /// Whether it is told anything.
    pub is_active: bool,
    /// When the program answered that it is gone (410), and was switched off for that.
    pub gone_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it got the secret that it has.
    pub rotated_at: Timestamp,
}

/// A webhook with its secret, which is shown here only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SecretWebhookView {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: WebhookView,
    /// What the hub signs with: `whsec_` and 32 bytes in Base64.
    pub secret: String,
}

/// A webhook is on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PingView {
    /// What was done.
    pub message: String,
    /// The webhook.
    pub webhook: WebhookId,
}

/// List the webhooks of a hospital.
#[utoipa::path(get, path = "/api/webhooks", tag = "webhooks", params(
    ("hospital" = Option<HospitalId>, Query, description = "The hospital; for admins, who have to name one. Also `hospital_id`."),
    Paging,
), responses(
    (status = 200, description = "The webhooks, the latest first. Secrets are not shown.", body = PageView<WebhookView>),
    (status = 400, description = "Some parameters are not right.", body = Problem),
    (status = 403, description = "Only the hospital and admins see them.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Whose>,
    State(store): State<Store>,
) -> Result<Json<PageView<WebhookView>>> {
    let hospital = listing.filter.hospital.or(actor.hospital);
    let _permit = actor.create(Action::ViewWebhook, &WebhookList { hospital })?;
    let hospital = hospital.ok_or_else(|| Invalid::field("hospital", "is required"))?;
    let page = store.webhooks().page(hospital, listing.window.clone()).await?;
    Ok(listing.answer(page.visible_to(&actor), WebhookView::from))
}

/// Let a program of one's hospital know what happens.
#[utoipa::path(post, path = "/api/webhooks", tag = "webhooks", request_body = NewWebhook, responses(
    (status = 201, description = "The webhook and, this once, its secret. From now on it is told what happens.", body = SecretWebhookView),
    (status = 400, description = "Some fields are not right, or the address is not one that may be called.", body = Problem),
    (status = 403, description = "Only hospitals do this.", body = Problem),
    (status = 409, description = "The hospital has ten webhooks already.", body = Problem),
))]
pub(crate) async fn create(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
    State(pepper): State<Pepper>,
    State(hosts): State<Hosts>,
    Body(new): Body<NewWebhook>,
) -> Result<Created<Tagged<Json<SecretWebhookView>>>> {
    let hospital = actor.hospital.ok_or(Denied::Forbidden)?;
    let url = open(new.url, &hosts)?;
    let actions = new.actions.unwrap_or_default().into_iter().collect();
    let mut webhook = Webhook::register(hospital, url, actions, &actor);
    webhook.switch(new.is_active.unwrap_or(true));
    let permit = actor.create(Action::CreateWebhook, &webhook)?;
    store.webhooks().create(&webhook, &permit).await?;
    let location = format!("/api/webhooks/{}", webhook.id);
    Ok(Created::at(location, with_secret(webhook, &pepper)))
}

/// See a webhook.
#[utoipa::path(get, path = "/api/webhooks/{id}", tag = "webhooks", params(
    ("id" = WebhookId, Path, description = "The webhook."),
    ("hospital" = Option<HospitalId>, Query, description = "Whose it is; for admins. Also `hospital_id`."),
), responses(
    (status = 200, description = "The webhook, without its secret.", body = WebhookView),
    (status = 404, description = "There is no such webhook, or it is not for this person to see.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<WebhookId>,
    Query(whose): Query<Whose>,
    State(store): State<Store>,
) -> Result<Tagged<Json<WebhookView>>> {
    let hospital = whose.hospital.or(actor.hospital).ok_or(Denied::NotFound)?;
    Ok(tagged(store.webhooks().find(hospital, id).await?.view(&actor)?))
}

/// Change a webhook.
#[utoipa::path(patch, path = "/api/webhooks/{id}", tag = "webhooks", request_body = WebhookChanges, params(
    ("id" = WebhookId, Path, description = "The webhook."),
), responses(
    (status = 200, description = "The webhook as it is now. `PUT` means the same.", body = WebhookView),
    (status = 400, description = "Some fields are not right, or the address is not one that may be called.", body = Problem),
    (status = 404, description = "The hospital has no such webhook.", body = Problem),
    (status = 409, description = "It changed at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<WebhookId>,
    expected: IfMatch,
    State(store): State<Store>,
    State(hosts): State<Hosts>,
    Body(changes): Body<WebhookChanges>,
) -> Result<Tagged<Json<WebhookView>>> {
    let (mut webhook, permit) = own(id, Action::EditWebhook, &actor, &store).await?;
    expected.check(&webhook)?;
    let changed = changes.apply(&mut webhook, &hosts, actor.at)?;
    store.webhooks().save(&mut webhook, &permit.changing(&changed)).await?;
    Ok(tagged(webhook))
}

/// Let a program know nothing any more.
#[utoipa::path(delete, path = "/api/webhooks/{id}", tag = "webhooks", params(
    ("id" = WebhookId, Path, description = "The webhook."),
), responses(
    (status = 204, description = "The webhook is gone. What is on its way is not sent."),
    (status = 404, description = "The hospital has no such webhook.", body = Problem),
    (status = 409, description = "It changed at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn remove(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<WebhookId>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    let (webhook, permit) = own(id, Action::DeleteWebhook, &actor, &store).await?;
    expected.check(&webhook)?;
    store.webhooks().delete(&webhook, &permit).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a webhook another secret.
#[utoipa::path(post, path = "/api/webhooks/{id}/rotate", tag = "webhooks", params(
    ("id" = WebhookId, Path, description = "The webhook."),
), responses(
    (status = 200, description = "The webhook and, this once, its secret. The one before signs nothing any more.", body = SecretWebhookView),
    (status = 404, description = "The hospital has no such webhook.", body = Problem),
    (status = 409, description = "It changed at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn rotate(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<WebhookId>,
    expected: IfMatch,
    State(store): State<Store>,
    State(pepper): State<Pepper>,
) -> Result<Tagged<Json<SecretWebhookView>>> {
    let (webhook, permit) = own(id, Action::RotateWebhook, &actor, &store).await?;
    expected.check(&webhook)?;
    let mut webhook = webhook.rotate(actor.at);
    store.webhooks().save(&mut webhook, &permit).await?;
    Ok(with_secret(webhook, &pepper))
}

/// Have a webhook called on trial.
#[utoipa::path(post, path = "/api/webhooks/{id}/ping", tag = "webhooks", params(
    ("id" = WebhookId, Path, description = "The webhook."),
), responses(
    (status = 202, description = "The program is told of `WEBHOOK_PINGED` within a moment, whatever it asked for.", body = PingView),
    (status = 404, description = "The hospital has no such webhook.", body = Problem),
    (status = 409, description = "It is switched off, or changed at the same time.", body = Problem),
))]
pub(crate) async fn ping(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<WebhookId>,
    State(store): State<Store>,
) -> Result<(StatusCode, Json<PingView>)> {
    let (webhook, permit) = own(id, Action::PingWebhook, &actor, &store).await?;
    webhook.demand_active()?;
    store.webhooks().ping(&webhook, &permit).await?;
    let message = "The webhook is called within a moment".to_owned();
    Ok((StatusCode::ACCEPTED, Json(PingView { message, webhook: webhook.id })))
}

/// A webhook of the hospital that the actor runs.
async fn own(
    id: WebhookId,
    action: Action,
    actor: &Actor,
    store: &Store,
) -> Result<(Webhook, Permit)> {
    let hospital = actor.hospital.ok_or(Denied::NotFound)?;
    Ok(store.webhooks().find(hospital, id).await?.permit(actor, action)?)
}

/// The address, if it is one that may be called.
fn open(url: WebhookUrl, hosts: &Hosts) -> Result<WebhookUrl, Invalid> {
    url.demand_open(hosts).map_err(|closed| Invalid::field("url", closed))?;
    Ok(url)
}

fn tagged(webhook: Webhook) -> Tagged<Json<WebhookView>> {
    Tagged::showing(webhook, Into::into)
}

fn with_secret(webhook: Webhook, pepper: &Pepper) -> Tagged<Json<SecretWebhookView>> {
    let secret = webhook.secret(pepper).reveal();
    Tagged::showing(webhook, |webhook| SecretWebhookView { webhook: webhook.into(), secret })
}

impl From<Webhook> for WebhookView {
    fn from(webhook: Webhook) -> Self {
        let (is_active, gone_at) = (webhook.is_active(), webhook.gone_at());
        Self {
            id: webhook.id,
            hospital: webhook.hospital,
            url: webhook.url,
            actions: webhook.actions.into_iter().collect(),
            is_active,
            gone_at,
            created_at: webhook.created_at,
            updated_at: webhook.updated_at,
            rotated_at: webhook.rotated_at,
        }
    }
}

impl WebhookChanges {
    fn apply(
        self,
        webhook: &mut Webhook,
        hosts: &Hosts,
        now: Timestamp,
    ) -> Result<Vec<&'static str>, Invalid> {
        let mut changed = Vec::new();
        let url = self.url.map(|url| open(url, hosts)).transpose()?;
        replace(&mut webhook.url, url, "url", &mut changed);
        let actions = self.actions.map(|actions| actions.into_iter().collect());
        replace(&mut webhook.actions, actions, "actions", &mut changed);
        if let Some(on) = self.is_active.filter(|on| *on != webhook.is_active()) {
            webhook.switch(on);
            changed.push("is_active");
        }
        webhook.updated_at = now;
        Ok(changed)
    }
}
