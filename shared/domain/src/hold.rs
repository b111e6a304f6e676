//! Holds: time that is kept for a patient while they pay or fill in a form.

use jiff::{SignedDuration, Timestamp, Zoned, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::{
    Id, Revision,
    access::{Action, PatientId, Subject, UserId},
    account::Zone,
    diary::Span,
    doctor::{Doctor, DoctorId},
    event::Reference,
    failures,
    id::Identified,
    revision::{Revised, revised},
    schedule::Slot,
};

/// How long a slot is kept.
pub const LIFE: SignedDuration = SignedDuration::from_mins(5);

/// How many slots one patient can keep at once.
const MOST: usize = 3;

/// A slot that is kept for a patient. It keeps others away until it ends; the patient books the
/// same slot as usual.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Identifies the hold.
    pub id: HoldId,
    /// Whose time it is.
    pub doctor: DoctorId,
    /// Which time.
    pub span: Span,
    /// The zone of the doctor's days.
    pub zone: Zone,
    /// Until when it is kept.
    pub until: Timestamp,
}

impl Hold {
    /// When it begins, in its zone.
    pub fn start(&self) -> Zoned {
        self.civil(self.span.start())
    }

    /// When it ends, in its zone.
    pub fn end(&self) -> Zoned {
        self.civil(self.span.end())
    }

    fn civil(&self, at: Timestamp) -> Zoned {
        at.to_zoned(TimeZone::get(self.zone.as_str()).unwrap_or(TimeZone::UTC))
    }
}

/// Identifies a [`Hold`].
pub type HoldId = Id<Hold>;

impl Identified for Hold {
    const PREFIX: &'static str = "hld";
}

impl Hold {
    /// Keeps a slot of the doctor.
    pub(crate) fn of(doctor: &Doctor, slot: &Slot, now: Timestamp) -> Self {
        Self {
            id: Id::generate(now),
            doctor: doctor.id,
            span: slot.span(),
            zone: doctor.practice.zone.clone(),
            until: now + LIFE,
        }
    }
}

/// What is kept for one patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holds {
    /// For whom.
    pub patient: PatientId,
    held: Vec<Hold>,
    revision: Revision,
}

impl Holds {
    /// Nothing yet.
    pub fn none(patient: PatientId) -> Self {
        Self { patient, held: Vec::new(), revision: Revision::FIRST }
    }

    /// What is kept at that instant, the oldest first.
    pub fn live(&self, now: Timestamp) -> impl Iterator<Item = &Hold> {
        self.held.iter().filter(move |hold| now < hold.until)
    }

    /// Forgets those of which `kept` says that they were used.
    pub fn retain(&mut self, kept: impl FnMut(&Hold) -> bool) {
        self.held.retain(kept);
    }

    /// When nothing is kept any more.
    pub fn end(&self) -> Option<Timestamp> {
        self.held.iter().map(|hold| hold.until).max()
    }

    /// Keeps one more, instead of one at the same time of the same doctor.
    pub fn add(&mut self, hold: Hold, now: Timestamp) -> Result<(), HoldError> {
        let same = |held: &Hold| held.doctor == hold.doctor && held.span.overlaps(hold.span);
        self.held.retain(|held| now < held.until && !same(held));
        if self.held.len() >= MOST {
            return Err(HoldError::TooMany);
        }
        self.held.push(hold);
        Ok(())
    }

    /// Gives one up.
    pub fn take(&mut self, id: HoldId, now: Timestamp) -> Option<Hold> {
        self.held.retain(|held| now < held.until);
        let place = self.held.iter().position(|held| held.id == id)?;
        Some(self.held.remove(place))
    }
}

revised!(Holds);

impl Subject for Holds {
    const VIEW: Action = Action::ViewHold;

    fn reference(&self) -> Reference {
        self.patient.into()
    }

    fn owner(&self) -> Option<UserId> {
        Some(self.patient.into())
    }

    fn patient(&self) -> Option<PatientId> {
        Some(self.patient)
    }
}

failures! {
    /// Why a slot is not kept.
    pub enum HoldError {
        TooMany = Conflict "too-many-holds" "three slots are kept for you already",
    }
}
