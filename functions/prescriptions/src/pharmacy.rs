//! `POST /api/prescriptions/{id}/send-to-pharmacy`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
};
use carehub_domain::{
    access::{Action, UserId},
    contact::{EmailAddress, Phone},
    prescription::{
        Prescription, PrescriptionId,
        handover::{HandoverState, Pharmacy},
    },
    text::Text,
};
use carehub_store::Store;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    PrescriptionView,
    entry::{found, tagged},
};

form! {
    /// The pharmacy to send a prescription to.
    #[expect(clippy::struct_field_names, reason = "requests name the fields like this")]
    pub(crate) struct Addressee {
        /// What it is called.
        pharmacy_name: Text<200> = "pharmacy" | "name",
        /// Its phone.
        pharmacy_phone: Option<Phone> = "phone",
        /// Its mailbox.
        pharmacy_email: Option<EmailAddress> = "email",
    }
}

/// A prescription at a pharmacy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HandoverView {
    /// How far the pharmacy has come.
    pub status: HandoverState,
    /// What it is called.
    pub pharmacy_name: Text<200>,
    /// Its phone.
    pub pharmacy_phone: Option<Phone>,
    /// Its mailbox.
    pub pharmacy_email: Option<EmailAddress>,
    /// When the prescription was sent there.
    pub sent_at: Timestamp,
    /// Who sent it.
    pub sent_by: Option<UserId>,
}

/// Send a prescription to a pharmacy.
#[utoipa::path(post, path = "/api/prescriptions/{id}/send-to-pharmacy", tag = "prescriptions", request_body = Addressee, params(
    ("id" = PrescriptionId, Path, description = "The prescription."),
), responses(
    (status = 200, description = "The prescription, with how far the pharmacy has come in `pharmacy`. The order is on the queue of the pharmacies within a moment; `dispense` closes it.", body = PrescriptionView),
    (status = 400, description = "Some fields are not right.", body = Problem),
    (status = 404, description = "There is no such prescription, or it is not for this person to see.", body = Problem),
    (status = 409, description = "It does not hold any more, was sent already, or changed at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<PrescriptionId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(to): Body<Addressee>,
) -> Result<Tagged<Json<PrescriptionView>>> {
    let (before, permit) = found(id, Action::SendPrescription, &actor, &store).await?;
    expected.check(&before)?;
    let mut sent = before.clone().send(to.read(), &actor)?;
    let permit = permit.noting("medications", sent.items().len());
    store.prescriptions().save(&before, &mut sent, &permit).await?;
    Ok(tagged(sent, &actor))
}

impl Addressee {
    fn read(self) -> Pharmacy {
        let Self { pharmacy_name, pharmacy_phone, pharmacy_email } = self;
        Pharmacy { name: pharmacy_name, phone: pharmacy_phone, email: pharmacy_email }
    }
}

impl HandoverView {
    /// How far a pharmacy has come with a prescription, if it was sent to one.
    pub(crate) fn of(prescription: &Prescription, now: Timestamp) -> Option<Self> {
        let handover = prescription.handover.clone()?;
        Some(Self {
            status: prescription.handover_state(now)?,
            pharmacy_name: handover.pharmacy.name,
            pharmacy_phone: handover.pharmacy.phone,
            pharmacy_email: handover.pharmacy.email,
            sent_at: handover.sent_at,
            sent_by: handover.sent_by,
        })
    }
}
