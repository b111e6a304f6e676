//! What pharmacies are told.

use carehub_clients::Order;
use carehub_domain::{
    Failure,
    event::Event,
    prescription::{PrescriptionId, handover::HandoverState, verification::VerificationCode},
};

use crate::Relay;

/// The order that a pharmacy is to see. One that was handed out or withdrawn meanwhile is not sent.
pub(crate) async fn order(relay: &Relay, event: &Event) -> Result<Option<Order>, Box<dyn Failure>> {
    let Ok(id) = event.subject.as_str().parse::<PrescriptionId>() else { return Ok(None) };
    let found = relay.store.prescriptions().recorded(id).await;
    let Some(sent) = found? else { return Ok(None) };
    if sent.handover_state(event.at) != Some(HandoverState::Queued) {
        return Ok(None);
    }
    let code = VerificationCode::of(id, &relay.pepper);
    Ok(Some(Order {
        event: event.id,
        prescription: event.subject.clone(),
        prescription_number: sent.number(),
        verification_url: relay.public_url.of(&format!("/verify/{code}")),
        hospital: sent.hospital,
    }))
}
