//! Waitlists: who comes if somebody else does not.

use jiff::{SignedDuration, Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    Revision,
    access::{Action, PatientId, Subject, UserId},
    account::Zone,
    diary::Span,
    doctor::{Doctor, DoctorId},
    event::Reference,
    failures,
    hospital::HospitalId,
    revision::{Revised, revised},
};

/// How long a time that has become free is offered to one patient.
pub const OFFERED: SignedDuration = SignedDuration::from_mins(15);

/// How much longer others are kept away, so that the next one can be asked.
pub(crate) const GRACE: SignedDuration = SignedDuration::from_mins(5);

/// How many patients wait for one day of a doctor at most.
const MOST: usize = 50;

/// Who waits for one day of a doctor, first come, first served. There is one such record for each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waitlist {
    /// Whose day.
    pub doctor: DoctorId,
    /// The hospital the doctor works at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospital: Option<HospitalId>,
    /// Which day, in the doctor's zone.
    pub date: Date,
    /// That zone.
    pub zone: Zone,
    waiting: Vec<Waiting>,
    revision: Revision,
}

/// A patient who waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Who.
    pub patient: PatientId,
    /// Since when.
    pub since: Timestamp,
    /// What the patient is offered now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<Offer>,
}

/// A time that has become free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Which time.
    pub span: Span,
    /// Until when it is the patient's to take.
    pub until: Timestamp,
}

impl Waitlist {
    /// Nobody waits for that day yet.
    pub fn open(doctor: &Doctor, date: Date) -> Self {
        Self {
            doctor: doctor.id,
            hospital: doctor.hospital,
            date,
            zone: doctor.practice.zone.clone(),
            waiting: Vec::new(),
            revision: Revision::FIRST,
        }
    }

    /// Those who wait, the first one first.
    pub fn waiting(&self) -> &[Waiting] {
        &self.waiting
    }

    /// The wait of a patient who is on the list.
    pub fn wait_of(&self, patient: PatientId) -> Option<Wait<'_>> {
        self.place(patient).map(|_| Wait { list: self, patient })
    }

    /// How many come before `patient`, and what the patient is offered.
    pub fn place(&self, patient: PatientId) -> Option<(usize, &Waiting)> {
        self.waiting.iter().enumerate().find(|(_, waiting)| waiting.patient == patient)
    }

    /// `patient` waits behind all others.
    pub fn join(&mut self, patient: PatientId, now: Timestamp) -> Result<(), WaitlistError> {
        if self.place(patient).is_some() {
            return Err(WaitlistError::Waiting);
        }
        if self.waiting.len() >= MOST {
            return Err(WaitlistError::Full);
        }
        self.waiting.push(Waiting { patient, since: now, offer: None });
        Ok(())
    }

    /// `patient` waits no longer.
    pub fn leave(&mut self, patient: PatientId) -> Option<Waiting> {
        let place = self.waiting.iter().position(|waiting| waiting.patient == patient)?;
        Some(self.waiting.remove(place))
    }

    /// Offers a time to the first one who is not offered any. Gives back to whom.
    pub(crate) fn offer(&mut self, span: Span, now: Timestamp) -> Option<PatientId> {
        let next = self.waiting.iter_mut().find(|waiting| waiting.offer.is_none())?;
        next.offer = Some(Offer { span, until: (now + OFFERED).min(span.start()) });
        Some(next.patient)
    }

    /// What `patient` is offered now, if it is that time.
    pub(crate) fn offered(&self, patient: PatientId, span: Span) -> Option<Offer> {
        self.place(patient)?.1.offer.filter(|offer| offer.span == span)
    }

    /// Offers that time to `patient` until `until` at least, if it is offered to them. Gives back
    /// until when it is.
    pub(crate) fn extend(
        &mut self,
        patient: PatientId,
        span: Span,
        until: Timestamp,
    ) -> Option<Timestamp> {
        let waiting = self.waiting.iter_mut().find(|waiting| waiting.patient == patient)?;
        let offer = waiting.offer.as_mut().filter(|offer| offer.span == span)?;
        offer.until = offer.until.max(until);
        Some(offer.until)
    }

    /// Those who did not take what they were offered, who wait no longer.
    pub(crate) fn lapse(&mut self, now: Timestamp) -> Vec<(PatientId, Span)> {
        let lapsed = |waiting: &Waiting| waiting.offer.filter(|offer| offer.until <= now);
        let gone = self.waiting.iter().filter_map(|it| Some((it.patient, lapsed(it)?.span)));
        let gone = gone.collect();
        self.waiting.retain(|waiting| lapsed(waiting).is_none());
        gone
    }

    /// When somebody has to look whether an offer was taken.
    pub fn lapses_at(&self) -> Option<Timestamp> {
        self.waiting.iter().filter_map(|waiting| Some(waiting.offer?.until)).min()
    }
}

revised!(Waitlist);

impl Subject for Waitlist {
    const VIEW: Action = Action::ViewWaitlist;

    fn reference(&self) -> Reference {
        self.doctor.into()
    }

    fn owner(&self) -> Option<UserId> {
        Some(self.doctor.into())
    }

    fn hospital(&self) -> Option<HospitalId> {
        self.hospital
    }
}

/// One patient's wait for a day of a doctor.
#[derive(Clone, Copy, Debug)]
pub struct Wait<'a> {
    /// The day.
    pub list: &'a Waitlist,
    /// Who waits.
    pub patient: PatientId,
}

impl Subject for Wait<'_> {
    const VIEW: Action = Action::ViewWaitlist;

    fn reference(&self) -> Reference {
        self.list.doctor.into()
    }

    fn is_of(&self, user: UserId) -> bool {
        [UserId::from(self.list.doctor), self.patient.into()].contains(&user)
    }

    fn hospital(&self) -> Option<HospitalId> {
        self.list.hospital
    }

    fn patient(&self) -> Option<PatientId> {
        Some(self.patient)
    }
}

failures! {
    /// Why a patient cannot wait.
    pub enum WaitlistError {
        Waiting = Conflict "already-waiting" "you wait for this day already",
        Full = Conflict "waitlist-full" "too many wait for this day already",
        NotNeeded = Conflict "slots-available" "there are free times on this day",
    }
}
