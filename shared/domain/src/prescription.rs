//! Prescriptions: what a doctor wants a patient to take, and what becomes of it.

pub mod handover;
mod medication;
mod note;
mod regimen;
mod search;
pub mod verification;

use std::fmt;

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use self::{handover::Handover, medication::LONGEST};
pub use self::{
    medication::{
        Days, DosageForm, Frequency, Item, ItemId, Medication, OutOfBounds, Quantity, Refills,
        Timing,
    },
    note::{PrescriptionNote, PrescriptionNoteId},
    regimen::{Asked, Bedside, CommonRules, Regimen, RuleError, check_alone},
    search::Search,
};
use crate::{
    Class, Failure, Id, Revision,
    access::{Action, Actor, PatientId, Subject, UserId},
    account::Zone,
    appointment::{Appointment, AppointmentId, Status as VisitStatus},
    choice::choice,
    consultation::Closed,
    doctor::{Doctor, DoctorId},
    event::Reference,
    failures,
    hospital::{Hospital, HospitalId},
    id::Identified,
    medical_record::MedicalRecordId,
    patient::{Patient, Roster},
    revision::{Revised, revised},
    safety::{Override, Report},
    text::Text,
};

/// How many days a prescription holds unless the doctor says otherwise.
const USUAL_DAYS: i64 = 30;

/// How many days it holds at most.
const MOST_DAYS: i64 = 366;

/// The most medicines on one prescription.
pub const MOST_ITEMS: usize = 30;

/// What a doctor wants a patient to take.
///
/// Its state changes only by the methods below, and each leaves a [`Step`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prescription {
    /// Identifies the prescription, and with a number its items.
    pub id: PrescriptionId,
    /// Who takes it.
    pub patient: PatientId,
    /// What the patient was called when it was written.
    pub patient_name: Text<301>,
    /// Who wrote it.
    pub doctor: DoctorId,
    /// What the doctor was called then.
    pub doctor_name: Text<301>,
    /// The doctor's field of medicine then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doctor_specialization: Option<Text<100>>,
    /// At which hospital.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospital: Option<HospitalId>,
    /// What the hospital was called then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospital_name: Option<Text<255>>,
    /// The visit it was written at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appointment: Option<AppointmentId>,
    /// The medical record of that visit, if it was written into one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub medical_record: Option<MedicalRecordId>,
    /// What it says besides the medicines.
    #[serde(flatten)]
    pub letter: Letter,
    /// The last day on which it holds.
    pub valid_until: Date,
    /// The zone in which that day ends.
    pub zone: Zone,
    /// Whether it never was on paper.
    pub is_digital: bool,
    /// When it was written.
    pub issued_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// What was found when its medicines were last checked.
    pub safety: Report,
    /// Why the doctor went on in spite of what was found, each time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
    /// The pharmacy it was sent to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handover: Option<Handover>,
    // Documents keep their revision as `version` beside what they said before.
    #[serde(rename = "edition")]
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous_version: Option<PrescriptionId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_version: Option<PrescriptionId>,
    items: Vec<Item>,
    /// How many items there have ever been.
    numbered: u8,
    status: PrescriptionStatus,
    steps: Vec<Step>,
    revision: Revision,
}

/// Identifies a [`Prescription`].
pub type PrescriptionId = Id<Prescription>;

impl Identified for Prescription {
    const PREFIX: &'static str = "prx";
}

choice! {
    /// What became of a prescription.
    pub enum PrescriptionStatus: "a status of a prescription" {
        /// It holds.
        Active = "ACTIVE",
        /// The patient needs it no longer.
        Completed = "COMPLETED",
        /// It was withdrawn.
        Cancelled = "CANCELLED" | "CANCELED",
        /// Its last day is over.
        Expired = "EXPIRED",
        /// The medicines were handed out.
        Dispensed = "DISPENSED",
        /// A newer version took its place.
        Replaced = "REPLACED",
    }
}

/// What a prescription says besides the medicines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Letter {
    /// What the doctor takes it to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<Text<1000>>,
    /// What the patient tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub symptoms: Option<Text<1000>>,
    /// What is to be looked into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub investigations: Option<Text<1000>>,
    /// What is planned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub treatment_plan: Option<Text<2000>>,
    /// What the patient should heed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub general_instructions: Option<Text<2000>>,
    /// What stands above everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<Text<1000>>,
    /// What stands between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Text<4000>>,
    /// What stands below everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub footer: Option<Text<1000>>,
    /// For the doctor to whom the patient goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub referral_notes: Option<Text<1000>>,
    /// For doctors only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doctor_notes: Option<Text<2000>>,
    /// Whether the patient should come again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub follow_up_required: bool,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follow_up_date: Option<Date>,
    /// What for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follow_up_instructions: Option<Text<1000>>,
}

/// A prescription got somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Where to.
    pub to: PrescriptionStatus,
    /// When.
    pub at: Timestamp,
    /// Who brought it there; nobody if it was the hub itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
}

/// On what occasion a prescription is written.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    /// Who takes it.
    pub patient: &'a Patient,
    /// Who writes it.
    pub doctor: &'a Doctor,
    /// Where the doctor works.
    pub hospital: Option<&'a Hospital>,
    /// The visit.
    pub visit: Option<&'a Appointment>,
    /// The medical record of the visit.
    pub medical_record: Option<MedicalRecordId>,
}

/// What a doctor writes on a prescription.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// What it says besides the medicines.
    pub letter: Letter,
    /// The medicines.
    pub medications: Vec<Medication>,
    /// The last day on which it holds; 30 days from now if nothing is said.
    pub valid_until: Option<Date>,
    /// Whether it is written on paper as well.
    pub on_paper: bool,
}

impl Prescription {
    /// Writes a prescription, which has yet to be checked.
    pub fn write(
        occasion: Occasion<'_>,
        draft: Draft,
        by: &Actor,
    ) -> Result<Self, PrescriptionError> {
        let Occasion { patient, doctor, hospital, visit, medical_record } = occasion;
        let zone = doctor.practice.zone.clone();
        let today = zone.date(by.at);
        let valid_until = match draft.valid_until {
            Some(day) => day,
            None => today.saturating_add(USUAL_DAYS.days()),
        };
        let mut prescription = Self {
            id: PrescriptionId::numbering(by.at),
            patient: patient.id,
            patient_name: patient.name.signature(),
            doctor: doctor.id,
            doctor_name: doctor.name.signature(),
            doctor_specialization: doctor.practice.specialization.clone(),
            hospital: visit.and_then(|visit| visit.hospital).or(hospital.map(|house| house.id)),
            hospital_name: visit
                .and_then(|visit| visit.hospital_name.clone())
                .or(hospital.map(|house| house.name.clone())),
            appointment: visit.map(|visit| visit.id),
            medical_record,
            letter: draft.letter,
            valid_until,
            zone,
            is_digital: !draft.on_paper,
            issued_at: by.at,
            updated_at: by.at,
            safety: Report::unasked(),
            overrides: Vec::new(),
            handover: None,
            version: 1,
            previous_version: None,
            next_version: None,
            items: Vec::new(),
            numbered: 0,
            status: PrescriptionStatus::Active,
            steps: vec![Step { to: PrescriptionStatus::Active, at: by.at, by: by.user }],
            revision: Revision::FIRST,
        };
        prescription.demand_sound()?;
        for medication in draft.medications {
            prescription.add(medication, by)?;
        }
        Ok(prescription)
    }

    /// Checks that the dates on it make sense.
    pub fn demand_sound(&self) -> Result<(), PrescriptionError> {
        let issued = self.zone.date(self.issued_at);
        if self.valid_until < issued {
            return Err(PrescriptionError::OverBefore);
        }
        if self.valid_until > issued.saturating_add(MOST_DAYS.days()) {
            return Err(PrescriptionError::TooLong);
        }
        if self.letter.follow_up_date.is_some_and(|day| day < issued) {
            return Err(PrescriptionError::FollowUpBefore);
        }
        Ok(())
    }

    /// Takes the place of an earlier prescription for the same visit, and gives back what becomes
    /// of that one.
    #[must_use]
    pub fn take_the_place_of(&mut self, earlier: Self, by: &Actor) -> Self {
        self.version = earlier.version + 1;
        self.previous_version = Some(earlier.id);
        let from = [
            PrescriptionStatus::Active,
            PrescriptionStatus::Dispensed,
            PrescriptionStatus::Expired,
        ];
        // What was withdrawn or is done with stays so.
        let replaced = earlier.clone().advance(&from, PrescriptionStatus::Replaced, by);
        Self { next_version: Some(self.id), ..replaced.unwrap_or(earlier) }
    }

    /// The number that people read out.
    pub fn number(&self) -> String {
        let ulid = self.id.ulid().to_string();
        // The last digit and a half are those of items.
        let digits = ulid.get(15..25).unwrap_or(&ulid);
        format!("RX-{digits}")
    }

    /// Which version it is of what was prescribed at the visit.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The prescription whose place it took.
    pub fn previous_version(&self) -> Option<PrescriptionId> {
        self.previous_version
    }

    /// The prescription that took its place.
    pub fn next_version(&self) -> Option<PrescriptionId> {
        self.next_version
    }

    /// Its medicines, in the order they were prescribed.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// One of its medicines.
    pub fn item(&self, id: ItemId) -> Option<&Item> {
        self.items.iter().find(|item| item.id == id)
    }

    /// What has become of it by `now`.
    pub fn state(&self, now: Timestamp) -> PrescriptionStatus {
        match self.status {
            PrescriptionStatus::Active if self.ends_at() <= now => PrescriptionStatus::Expired,
            status => status,
        }
    }

    /// What has become of it as far as anybody noted it, for counting.
    pub fn recorded_status(&self) -> PrescriptionStatus {
        self.status
    }

    /// When it got to `status`, and who brought it there.
    pub fn step(&self, status: PrescriptionStatus) -> Option<Step> {
        self.steps.iter().rfind(|step| step.to == status).copied()
    }

    /// When its last day is over.
    pub fn ends_at(&self) -> Timestamp {
        let zone = TimeZone::get(self.zone.as_str()).unwrap_or(TimeZone::UTC);
        let day = self.valid_until.saturating_add(1.day());
        day.to_zoned(zone).map_or(Timestamp::MAX, |midnight| midnight.timestamp())
    }

    /// When somebody has to note that it holds no longer.
    pub fn expires_at(&self) -> Option<Timestamp> {
        (self.status == PrescriptionStatus::Active).then(|| self.ends_at())
    }

    /// The medicines that the patient may be taking at `now` because of it. One that was handed
    /// out, or was to be taken for longer than the prescription holds, counts until it is used up.
    pub fn taken(&self, now: Timestamp) -> impl Iterator<Item = &Item> {
        let counts = match self.status {
            PrescriptionStatus::Active
            | PrescriptionStatus::Expired
            | PrescriptionStatus::Dispensed => true,
            PrescriptionStatus::Completed
            | PrescriptionStatus::Cancelled
            | PrescriptionStatus::Replaced => false,
        };
        let ends = self.ends_at();
        let is_taken =
            move |item: &&Item| counts && item.is_active() && now < ends.max(self.used_up_at(item));
        self.items.iter().filter(is_taken)
    }

    /// When nothing is left of an item. A supply begins when it is handed out, or when the one
    /// before is used up; those that nobody has handed out yet follow at once. What was handed out
    /// lasts for a year if nobody said how long, and all of it for a year at most.
    fn used_up_at(&self, item: &Item) -> Timestamp {
        let supplies = item.medication.supplies();
        let handed_out = || self.handed_out().take(supplies.into());
        let last = handed_out().last();
        let longest = last.unwrap_or(item.added_at) + LONGEST;
        let Some(each) = item.medication.supply_lasts() else {
            return if last.is_some() { longest } else { item.added_at };
        };
        let begun = handed_out().fold(item.added_at, |until, at| until.max(at) + each);
        let to_come = handed_out().fold(i32::from(supplies), |left, _| left - 1);
        longest.min(begun + each * to_come)
    }

    /// When its medicines were handed out, each time.
    pub fn handed_out(&self) -> impl Iterator<Item = Timestamp> {
        let steps = self.steps.iter().filter(|step| step.to == PrescriptionStatus::Dispensed);
        steps.map(|step| step.at)
    }

    /// How many supplies may still be handed out at `now`: of the first and as many as the
    /// medicines that the patient is to take have refills.
    pub fn supplies_left(&self, now: Timestamp) -> u16 {
        let holds = match self.state(now) {
            PrescriptionStatus::Active => true,
            PrescriptionStatus::Dispensed => now < self.ends_at(),
            PrescriptionStatus::Completed
            | PrescriptionStatus::Cancelled
            | PrescriptionStatus::Expired
            | PrescriptionStatus::Replaced => false,
        };
        let active = self.items.iter().filter(|item| item.is_active());
        let supplies = active.map(|item| item.medication.supplies()).max().unwrap_or(1);
        let left = self.handed_out().fold(supplies, |left, _| left.saturating_sub(1));
        if holds { left } else { 0 }
    }

    /// The medicines were handed out. A further supply takes somebody who `knows` of those before,
    /// so that what is sent twice hands out once.
    pub fn dispense(self, knows: bool, by: &Actor) -> Result<Self, StateError> {
        let (is, to) = (self.state(by.at), PrescriptionStatus::Dispensed);
        if self.supplies_left(by.at) == 0 {
            return Err(StateError::Wrong { is, to });
        }
        if self.handed_out().next().is_some() && !knows {
            return Err(StateError::Unseen);
        }
        self.advance(&[is], to, by)
    }

    /// The patient needs it no longer.
    pub fn complete(self, by: &Actor) -> Result<Self, StateError> {
        let from = [PrescriptionStatus::Active, PrescriptionStatus::Dispensed];
        self.advance(&from, PrescriptionStatus::Completed, by)
    }

    /// Withdraws it.
    pub fn cancel(self, by: &Actor) -> Result<Self, StateError> {
        self.advance(&[PrescriptionStatus::Active], PrescriptionStatus::Cancelled, by)
    }

    /// Notes that its last day is over.
    pub fn expire(self, by: &Actor) -> Result<Self, StateError> {
        match (self.status, self.state(by.at)) {
            (PrescriptionStatus::Active, PrescriptionStatus::Expired) => {
                self.advance(&[PrescriptionStatus::Expired], PrescriptionStatus::Expired, by)
            }
            (is, _) => Err(StateError::Wrong { is, to: PrescriptionStatus::Expired }),
        }
    }

    fn advance(
        mut self,
        from: &[PrescriptionStatus],
        to: PrescriptionStatus,
        by: &Actor,
    ) -> Result<Self, StateError> {
        let is = self.state(by.at);
        if !from.contains(&is) {
            return Err(StateError::Wrong { is, to });
        }
        self.steps.push(Step { to, at: by.at, by: by.user });
        Ok(Self { status: to, updated_at: by.at, ..self })
    }

    /// Checks that what it says can still change.
    pub fn demand_open(&self, now: Timestamp) -> Result<(), StateError> {
        match self.state(now) {
            PrescriptionStatus::Active => Ok(()),
            is => Err(StateError::Closed { is }),
        }
    }

    /// Adds a medicine.
    pub fn add(&mut self, medication: Medication, by: &Actor) -> Result<ItemId, PrescriptionError> {
        if self.items.len() >= MOST_ITEMS {
            return Err(PrescriptionError::Full);
        }
        self.numbered = self.numbered.checked_add(1).ok_or(PrescriptionError::Full)?;
        let id = ItemId::of(self.id, self.numbered);
        let (deactivated_at, deactivated_by) = (None, None);
        self.items.push(Item { id, medication, added_at: by.at, deactivated_at, deactivated_by });
        self.updated_at = by.at;
        Ok(id)
    }

    /// Says something else about a medicine.
    pub fn change(
        &mut self,
        id: ItemId,
        change: impl FnOnce(&mut Medication),
        by: &Actor,
    ) -> Result<(), PrescriptionError> {
        let item = self.item_mut(id)?;
        if !item.is_active() {
            return Err(PrescriptionError::Deactivated);
        }
        change(&mut item.medication);
        self.updated_at = by.at;
        Ok(())
    }

    /// Takes a medicine off the prescription. The version before still names it.
    pub fn remove(&mut self, id: ItemId, by: &Actor) -> Result<(), PrescriptionError> {
        let place = self.place_of(id)?;
        self.forget_alerts_about(place);
        self.items.remove(place);
        self.safety.move_to(|at| at - usize::from(at > place));
        self.updated_at = by.at;
        Ok(())
    }

    /// The patient is to take a medicine no longer.
    pub fn deactivate(&mut self, id: ItemId, by: &Actor) -> Result<(), PrescriptionError> {
        let place = self.place_of(id)?;
        let item = self.item_mut(id)?;
        if !item.is_active() {
            return Err(PrescriptionError::Deactivated);
        }
        (item.deactivated_at, item.deactivated_by) = (Some(by.at), by.user);
        self.forget_alerts_about(place);
        self.updated_at = by.at;
        Ok(())
    }

    fn forget_alerts_about(&mut self, place: usize) {
        let medicines: Vec<_> = self.items.iter().map(|item| item.medication.to_check()).collect();
        self.safety.forget(place, &medicines);
    }

    /// Checks that a medicine of it can still be stopped.
    pub fn demand_in_use(&self, now: Timestamp) -> Result<(), StateError> {
        match self.state(now) {
            PrescriptionStatus::Active
            | PrescriptionStatus::Dispensed
            | PrescriptionStatus::Expired => Ok(()),
            is @ (PrescriptionStatus::Completed
            | PrescriptionStatus::Cancelled
            | PrescriptionStatus::Replaced) => Err(StateError::Closed { is }),
        }
    }

    fn place_of(&self, id: ItemId) -> Result<usize, PrescriptionError> {
        let found = self.items.iter().position(|item| item.id == id);
        found.ok_or(PrescriptionError::NoSuchItem)
    }

    fn item_mut(&mut self, id: ItemId) -> Result<&mut Item, PrescriptionError> {
        let found = self.items.iter_mut().find(|item| item.id == id);
        found.ok_or(PrescriptionError::NoSuchItem)
    }

    /// The same prescription as one of the person whose record is `patient` now, if it is theirs.
    #[must_use]
    pub fn in_record_of(self, patient: &Patient) -> Self {
        match patient.parts().contains(&self.patient) {
            true => Self { patient: patient.id, ..self },
            false => self,
        }
    }
}

/// Checks that something can be prescribed at a visit.
pub fn demand_under_way(visit: &Appointment) -> Result<(), Closed> {
    match visit.status() {
        VisitStatus::Requested => Err(Closed::Early),
        VisitStatus::Confirmed
        | VisitStatus::CheckedIn
        | VisitStatus::InProgress
        | VisitStatus::Completed => Ok(()),
        over @ (VisitStatus::Cancelled | VisitStatus::NoShow) => Err(Closed::Over(over)),
    }
}

revised!(Prescription);

impl Subject for Prescription {
    const VIEW: Action = Action::ViewPrescription;

    fn reference(&self) -> Reference {
        self.id.into()
    }

    fn is_of(&self, user: UserId) -> bool {
        [self.patient.into(), self.doctor.into()].contains(&user)
    }

    fn hospital(&self) -> Option<HospitalId> {
        self.hospital
    }

    fn patient(&self) -> Option<PatientId> {
        Some(self.patient)
    }
}

/// The prescriptions of somebody, or of the whole hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrescriptionList {
    /// Whose they are.
    pub roster: Roster,
}

impl PrescriptionList {
    /// The one that `actor` looks at: an admin's is that of the hub.
    pub fn of(actor: &Actor) -> Self {
        Self { roster: Roster::of(actor) }
    }
}

impl Subject for PrescriptionList {
    const VIEW: Action = Action::ListPrescriptions;

    fn reference(&self) -> Reference {
        self.roster.reference()
    }

    fn owner(&self) -> Option<UserId> {
        self.roster.keeper
    }
}

/// A prescription is not where it would have to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateError {
    /// Its state rules it out.
    Wrong {
        /// The state it is in.
        is: PrescriptionStatus,
        /// The state it was to get to.
        to: PrescriptionStatus,
    },
    /// What it says stays as it is.
    Closed {
        /// The state it is in.
        is: PrescriptionStatus,
    },
    /// Its medicines were handed out before, and whoever hands out more did not say that they know.
    Unseen,
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong { is, to } => write!(f, "the prescription is {is} and cannot become {to}"),
            Self::Closed { is } => write!(f, "the prescription is {is} and stays as it is"),
            Self::Unseen => f.write_str(
                "the medicines were handed out before; a further supply takes If-Match with the present ETag",
            ),
        }
    }
}

impl std::error::Error for StateError {}

impl Failure for StateError {
    fn class(&self) -> Class {
        match self {
            Self::Wrong { .. } | Self::Closed { .. } => Class::Conflict,
            Self::Unseen => Class::Conflict,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Wrong { .. } | Self::Closed { .. } => "prescription-state",
            Self::Unseen => "dispensed-before",
        }
    }
}

failures! {
    /// Why a prescription cannot be written or changed.
    pub enum PrescriptionError {
        OverBefore = Invalid "prescription-over" "the last day must not be before the prescription is written",
        TooLong = Invalid "prescription-too-long" "a prescription holds for a year at most",
        FollowUpBefore = Invalid "follow-up-too-early" "the patient must not be to come again before the prescription is written",
        Full = Invalid "prescription-full" "a prescription has at most 30 medicines",
        OtherPatient = Invalid "patient-of-another-visit" "the appointment is one of another patient",
        OtherHospital = Invalid "hospital-of-another" "the doctor does not see the patient at this hospital",
        Deactivated = Conflict "medication-deactivated" "the patient was told to take it no longer",
        NoSuchItem = NotFound "not-found" "there is no such record",
        Ambiguous = Conflict "medication-unnamed" "the prescription has several medicines; name the one that is meant",
        Stale = Conflict "prescription-stale" "the prescription changed in the meantime",
    }
}

#[cfg(test)]
mod tests;
