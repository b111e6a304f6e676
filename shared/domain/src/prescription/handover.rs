//! Handing a prescription over to a pharmacy.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Prescription, PrescriptionStatus};
use crate::{
    access::{Actor, UserId},
    choice::choice,
    contact::{EmailAddress, Phone},
    failures,
    text::Text,
};

/// A prescription was sent to a pharmacy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    /// Which one.
    #[serde(flatten)]
    pub pharmacy: Pharmacy,
    /// When.
    pub sent_at: Timestamp,
    /// By whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_by: Option<UserId>,
}

/// Where medicines are handed out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pharmacy {
    /// What it is called.
    #[serde(rename = "pharmacy_name")]
    pub name: Text<200>,
    /// Its phone.
    #[serde(rename = "pharmacy_phone", default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// Its mailbox.
    #[serde(rename = "pharmacy_email", default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailAddress>,
}

choice! {
    /// How far a pharmacy has come with a prescription.
    pub enum HandoverState: "a state of a handover" {
        /// The pharmacy is to hand the medicines out.
        Queued = "QUEUED",
        /// The pharmacy has handed them out.
        Dispensed = "DISPENSED",
        /// The prescription ended before that.
        Withdrawn = "WITHDRAWN",
    }
}

impl Prescription {
    /// Sends it to a pharmacy. It is sent once; for another pharmacy the doctor writes another.
    pub fn send(self, pharmacy: Pharmacy, by: &Actor) -> Result<Self, HandoverError> {
        if self.state(by.at) != PrescriptionStatus::Active {
            return Err(HandoverError::NotActive);
        }
        if self.handover.is_some() {
            return Err(HandoverError::Sent);
        }
        let handover = Handover { pharmacy, sent_at: by.at, sent_by: by.user };
        Ok(Self { handover: Some(handover), updated_at: by.at, ..self })
    }

    /// How far the pharmacy has come, if it was sent to one.
    pub fn handover_state(&self, now: Timestamp) -> Option<HandoverState> {
        self.handover.as_ref()?;
        Some(match (self.state(now), self.step(PrescriptionStatus::Dispensed)) {
            (PrescriptionStatus::Active, _) => HandoverState::Queued,
            (_, Some(_)) => HandoverState::Dispensed,
            (_, None) => HandoverState::Withdrawn,
        })
    }
}

failures! {
    /// Why a prescription is not sent to a pharmacy.
    pub enum HandoverError {
        NotActive = Conflict "prescription-state" "only a prescription that holds is sent to a pharmacy",
        Sent = Conflict "prescription-sent" "the prescription was sent to a pharmacy already",
    }
}
