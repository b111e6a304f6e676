//! Queues: who waits for a doctor without an appointment, in the order of their numbers.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{
    Revision,
    access::{Action, Actor, Guarded, PatientId, Subject, UserId},
    appointment::AppointmentId,
    choice::choice,
    doctor::{Doctor, DoctorId},
    event::Reference,
    failures,
    hospital::HospitalId,
    patient::Patient,
    revision::{Revised, revised},
    text::Text,
};

/// Those who come to a doctor without an appointment on one day, counted.
///
/// The day is a civil one in the doctor's zone. Who they are is on their tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// To whom they come.
    pub doctor: DoctorId,
    /// Whose desk looks after them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospital: Option<HospitalId>,
    /// On which day.
    pub date: Date,
    last: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    serving: Option<u32>,
    revision: Revision,
}

impl Queue {
    /// The queue of a day on which nobody has come yet.
    pub fn open(doctor: &Doctor, date: Date) -> Self {
        Self {
            doctor: doctor.id,
            hospital: doctor.hospital,
            date,
            last: 0,
            serving: None,
            revision: Revision::FIRST,
        }
    }

    /// The last number that was given, 0 before the first.
    pub fn last(&self) -> u32 {
        self.last
    }

    /// The number that was called last.
    pub fn serving(&self) -> Option<u32> {
        self.serving
    }

    /// Gives the next number to somebody who comes.
    pub fn admit(self, walk_in: &WalkIn) -> (Self, Token) {
        let number = self.last + 1;
        (Self { last: number, ..self }, Token::numbered(number, walk_in.clone()))
    }
}

revised!(Queue);

/// That there is a queue is no secret; it names nobody.
impl Subject for Queue {
    const VIEW: Action = Action::ViewQueue;

    fn reference(&self) -> Reference {
        Reference::named(format!("queue#{}#{}", self.doctor, self.date))
    }

    fn owner(&self) -> Option<UserId> {
        Some(self.doctor.into())
    }

    fn hospital(&self) -> Option<HospitalId> {
        self.hospital
    }

    fn is_published(&self) -> bool {
        true
    }
}

/// Somebody who comes to a doctor without an appointment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalkIn {
    /// To whom.
    pub doctor: DoctorId,
    /// At which hospital.
    pub hospital: Option<HospitalId>,
    /// On which day, in the doctor's zone.
    pub date: Date,
    /// Who.
    pub patient: PatientId,
    /// What they are called.
    pub patient_name: Text<301>,
    /// Who says so.
    pub told_by: Option<UserId>,
    /// When.
    pub told_at: Timestamp,
    /// Whether they are there. Patients who say so themselves may still be on their way.
    pub has_arrived: bool,
}

impl WalkIn {
    /// Says that `patient` comes to `doctor` today. The doctor must take patients.
    pub fn announce(doctor: &Doctor, patient: &Patient, by: &Actor) -> Result<Self, QueueError> {
        if !doctor.is_available() {
            return Err(QueueError::DoctorAway);
        }
        Ok(Self {
            doctor: doctor.id,
            hospital: doctor.hospital,
            date: doctor.practice.zone.date(by.at),
            patient: patient.id,
            patient_name: patient.name.signature(),
            told_by: by.user,
            told_at: by.at,
            has_arrived: by.user.is_none() || by.user != patient.account,
        })
    }
}

impl Subject for WalkIn {
    const VIEW: Action = Action::ViewToken;

    fn reference(&self) -> Reference {
        Reference::named(format!("queue#{}#{}", self.doctor, self.date))
    }

    fn is_of(&self, user: UserId) -> bool {
        [UserId::from(self.doctor), self.patient.into()].contains(&user)
    }

    fn hospital(&self) -> Option<HospitalId> {
        self.hospital
    }

    fn patient(&self) -> Option<PatientId> {
        Some(self.patient)
    }
}

/// A patient's number in the queue of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// For whom they wait.
    pub doctor: DoctorId,
    /// Whose desk looks after them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospital: Option<HospitalId>,
    /// On which day, in the doctor's zone.
    pub date: Date,
    /// The number. No two tokens of a day share one.
    pub number: u32,
    /// Who waits.
    pub patient: PatientId,
    /// What they are called.
    pub patient_name: Text<301>,
    /// Who took the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_by: Option<UserId>,
    /// When.
    pub taken_at: Timestamp,
    #[serde(flatten)]
    progress: Progress,
    revision: Revision,
}

choice! {
    /// How far somebody in a queue has come.
    pub enum TokenState: "a state of a token" {
        /// They took a number and are on their way.
        Waiting = "WAITING",
        /// They are there.
        CheckedIn = "CHECKED_IN",
        /// It is their turn, or was.
        Called = "CALLED",
        /// They no longer wait.
        Left = "LEFT",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
enum Progress {
    Waiting,
    CheckedIn {
        checked_in_at: Timestamp,
    },
    Called {
        checked_in_at: Timestamp,
        called_at: Timestamp,
        appointment: AppointmentId,
    },
    Left {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        checked_in_at: Option<Timestamp>,
        left_at: Timestamp,
    },
}

impl Token {
    fn numbered(number: u32, walk_in: WalkIn) -> Self {
        let WalkIn { doctor, hospital, date, patient, patient_name, told_by, told_at, has_arrived } =
            walk_in;
        let progress = match has_arrived {
            true => Progress::CheckedIn { checked_in_at: told_at },
            false => Progress::Waiting,
        };
        Self {
            doctor,
            hospital,
            date,
            number,
            patient,
            patient_name,
            issued_by: told_by,
            taken_at: told_at,
            progress,
            revision: Revision::FIRST,
        }
    }

    /// How far they have come.
    pub fn state(&self) -> TokenState {
        match self.progress {
            Progress::Waiting => TokenState::Waiting,
            Progress::CheckedIn { .. } => TokenState::CheckedIn,
            Progress::Called { .. } => TokenState::Called,
            Progress::Left { .. } => TokenState::Left,
        }
    }

    /// Whether it is still to be called.
    pub fn is_live(&self) -> bool {
        match self.progress {
            Progress::Waiting | Progress::CheckedIn { .. } => true,
            Progress::Called { .. } | Progress::Left { .. } => false,
        }
    }

    /// When they were there.
    pub fn checked_in_at(&self) -> Option<Timestamp> {
        match self.progress {
            Progress::Waiting => None,
            Progress::CheckedIn { checked_in_at } | Progress::Called { checked_in_at, .. } => {
                Some(checked_in_at)
            }
            Progress::Left { checked_in_at, .. } => checked_in_at,
        }
    }

    /// When they were called.
    pub fn called_at(&self) -> Option<Timestamp> {
        match self.progress {
            Progress::Called { called_at, .. } => Some(called_at),
            Progress::Waiting | Progress::CheckedIn { .. } | Progress::Left { .. } => None,
        }
    }

    /// When they gave up.
    pub fn left_at(&self) -> Option<Timestamp> {
        match self.progress {
            Progress::Left { left_at, .. } => Some(left_at),
            Progress::Waiting | Progress::CheckedIn { .. } | Progress::Called { .. } => None,
        }
    }

    /// The appointment that the call became.
    pub fn appointment(&self) -> Option<AppointmentId> {
        match self.progress {
            Progress::Called { appointment, .. } => Some(appointment),
            Progress::Waiting | Progress::CheckedIn { .. } | Progress::Left { .. } => None,
        }
    }

    /// Notes that the patient is there. Whoever is there already stays as they are.
    pub fn check_in(self, at: Timestamp) -> Result<Self, QueueError> {
        match self.progress {
            Progress::Waiting => {
                Ok(Self { progress: Progress::CheckedIn { checked_in_at: at }, ..self })
            }
            Progress::CheckedIn { .. } => Ok(self),
            Progress::Called { .. } => Err(QueueError::Called),
            Progress::Left { .. } => Err(QueueError::Left),
        }
    }

    /// Lets the patient go. Whoever has left stays as they are.
    pub fn leave(self, at: Timestamp) -> Result<Self, QueueError> {
        let checked_in_at = self.checked_in_at();
        match self.progress {
            Progress::Waiting | Progress::CheckedIn { .. } => {
                Ok(Self { progress: Progress::Left { checked_in_at, left_at: at }, ..self })
            }
            Progress::Left { .. } => Ok(self),
            Progress::Called { .. } => Err(QueueError::Called),
        }
    }

    /// Calls somebody who is there, and nobody else.
    fn call(self, appointment: AppointmentId, at: Timestamp) -> Option<Self> {
        match self.progress {
            Progress::CheckedIn { checked_in_at } => {
                let progress = Progress::Called { checked_in_at, called_at: at, appointment };
                Some(Self { progress, ..self })
            }
            Progress::Waiting | Progress::Called { .. } | Progress::Left { .. } => None,
        }
    }
}

revised!(Token);

impl Subject for Token {
    const VIEW: Action = Action::ViewToken;

    fn reference(&self) -> Reference {
        Reference::named(format!("token#{}#{}#{}", self.doctor, self.date, self.number))
    }

    fn is_of(&self, user: UserId) -> bool {
        [UserId::from(self.doctor), self.patient.into()].contains(&user)
    }

    fn hospital(&self) -> Option<HospitalId> {
        self.hospital
    }

    fn patient(&self) -> Option<PatientId> {
        Some(self.patient)
    }
}

/// A queue with everyone who took a number of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    queue: Queue,
    tokens: Vec<Token>,
}

impl Day {
    /// Puts a queue and its tokens together.
    pub fn of(queue: Queue, mut tokens: Vec<Token>) -> Self {
        tokens.sort_unstable_by_key(|token| token.number);
        Self { queue, tokens }
    }

    /// The queue, which names nobody.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Looks up a token.
    pub fn token(&self, number: u32) -> Guarded<Token> {
        Guarded::new(self.tokens.iter().find(|token| token.number == number).cloned())
    }

    /// The tokens that `actor` may see, in the order of their numbers.
    pub fn tokens_for(&self, actor: &Actor) -> Vec<Token> {
        let mine = |token: &&Token| actor.can(Action::ViewToken, *token);
        self.tokens.iter().filter(mine).cloned().collect()
    }

    /// How many are still to be called.
    pub fn waiting(&self) -> usize {
        self.tokens.iter().filter(|token| token.is_live()).count()
    }

    /// How many with lower numbers are still to be called, as long as `token` is.
    pub fn ahead_of(&self, token: &Token) -> Option<usize> {
        let before = |other: &&Token| other.is_live() && other.number < token.number;
        token.is_live().then(|| self.tokens.iter().filter(before).count())
    }

    /// Who is next: of those who are there, the one with the lowest number.
    pub fn next(&self) -> Result<&Token, QueueError> {
        let there = |token: &&Token| token.state() == TokenState::CheckedIn;
        self.tokens.iter().find(there).ok_or(QueueError::Empty)
    }

    /// Calls whoever is next, to an appointment.
    pub fn call_next(
        self,
        appointment: AppointmentId,
        at: Timestamp,
    ) -> Result<(Queue, Token), QueueError> {
        let called = self.next()?.clone().call(appointment, at).ok_or(QueueError::Empty)?;
        Ok((Queue { serving: Some(called.number), ..self.queue }, called))
    }
}

impl Subject for Day {
    const VIEW: Action = Queue::VIEW;

    fn reference(&self) -> Reference {
        self.queue.reference()
    }

    fn owner(&self) -> Option<UserId> {
        self.queue.owner()
    }

    fn hospital(&self) -> Option<HospitalId> {
        self.queue.hospital()
    }

    fn is_published(&self) -> bool {
        self.queue.is_published()
    }
}

failures! {
    /// Why a queue does not move as somebody wishes.
    pub enum QueueError {
        DoctorAway = Conflict "doctor-unavailable" "the doctor takes no patients now",
        AlreadyQueued = Conflict "already-in-queue" "the patient waits for this doctor already",
        Empty = Conflict "queue-empty" "nobody who waits has checked in",
        Called = Conflict "token-called" "the patient has been called already",
        Left = Conflict "token-left" "the patient has left the queue",
        PatientGone = Conflict "patient-gone" "the record of the next patient was removed; take their token back first",
        Stale = Conflict "token-stale" "the token changed in the meantime",
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, net::IpAddr};

    use proptest::prelude::*;

    use super::*;
    use crate::{
        Id,
        access::{Origin, Part, Role},
        account::PersonName,
        doctor::Practice,
    };

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn admin() -> Actor {
        let origin =
            Origin { address: IpAddr::from([127, 0, 0, 1]), device: None, request: String::new() };
        let mut admin = Actor::visitor(origin, START);
        admin.part = Part::Member(Role::Admin);
        admin
    }

    fn doctor() -> Doctor {
        let name = PersonName::split(Text::known("Ali Mehmood"));
        Doctor::list(name, Practice::default(), &admin()).vouched_for(&admin())
    }

    fn walk_in(doctor: &Doctor, has_arrived: bool) -> WalkIn {
        let patient = Patient::enter(PersonName::split(Text::known("Ana")), None, &admin());
        WalkIn { has_arrived, ..WalkIn::announce(doctor, &patient, &admin()).unwrap() }
    }

    /// Something that happens in a queue. Places are of tokens, as far as there are any.
    #[derive(Clone, Copy, Debug)]
    enum Deed {
        Take { has_arrived: bool },
        CheckIn(usize),
        Leave(usize),
        Next,
    }

    fn deed() -> impl Strategy<Value = Deed> {
        prop_oneof![
            3 => any::<bool>().prop_map(|has_arrived| Deed::Take { has_arrived }),
            2 => (0..20usize).prop_map(Deed::CheckIn),
            1 => (0..20usize).prop_map(Deed::Leave),
            2 => Just(Deed::Next),
        ]
    }

    proptest! {
        #[test]
        fn numbers_are_gapless_and_the_lowest_who_is_there_is_called_once(deeds in prop::collection::vec(deed(), 0..60)) {
            let doctor = doctor();
            let mut day = Day::of(Queue::open(&doctor, START.to_zoned(jiff::tz::TimeZone::UTC).date()), Vec::new());
            let mut called = BTreeSet::new();
            for deed in deeds {
                let before = day.clone();
                match deed {
                    Deed::Take { has_arrived } => {
                        let (queue, token) = day.queue.clone().admit(&walk_in(&doctor, has_arrived));
                        prop_assert_eq!(token.number, before.queue.last() + 1);
                        prop_assert_eq!(day.ahead_of(&token), Some(before.waiting()));
                        let tokens = day.tokens.into_iter().chain([token]).collect();
                        day = Day::of(queue, tokens);
                    }
                    Deed::CheckIn(place) => if let Some(token) = day.tokens.get_mut(place) {
                        let live = token.is_live();
                        match token.clone().check_in(START) {
                            Ok(there) => { prop_assert!(live); *token = there; }
                            Err(_) => prop_assert!(!live),
                        }
                    },
                    Deed::Leave(place) => if let Some(token) = day.tokens.get_mut(place) {
                        match token.clone().leave(START) {
                            Ok(gone) => { prop_assert!(!gone.is_live()); *token = gone; }
                            Err(error) => prop_assert!(error == QueueError::Called && called.contains(&token.number)),
                        }
                    },
                    Deed::Next => {
                        let there: Vec<_> = before.tokens.iter().filter(|token| token.state() == TokenState::CheckedIn).collect();
                        match day.clone().call_next(Id::generate(START), START) {
                            Err(error) => prop_assert!(error == QueueError::Empty && there.is_empty()),
                            Ok((queue, token)) => {
                                prop_assert_eq!(Some(token.number), there.iter().map(|token| token.number).min());
                                prop_assert!(called.insert(token.number), "nobody is called twice");
                                prop_assert_eq!(queue.serving(), Some(token.number));
                                let others = day.tokens.into_iter().filter(|other| other.number != token.number);
                                let tokens = others.chain([token.clone()]).collect();
                                day = Day::of(queue, tokens);
                            }
                        }
                    }
                }
                let numbers: Vec<_> = day.tokens.iter().map(|token| token.number).collect();
                prop_assert_eq!(numbers, (1..=day.queue.last()).collect::<Vec<_>>());
                prop_assert!(called.iter().all(|number| day.tokens.iter().any(|token| token.number == *number && token.state() == TokenState::Called)));
            }
        }
    }

    #[test]
    fn a_doctor_who_is_away_takes_nobody() {
        let patient = Patient::enter(PersonName::split(Text::known("Ana")), None, &admin());
        let here = doctor();
        let (mut resting, mut gone) = (here.clone(), here.clone());
        resting.practice.is_unavailable = true;
        gone.is_active = false;
        assert!(WalkIn::announce(&here, &patient, &admin()).is_ok());
        for doctor in [resting, gone] {
            let refused = WalkIn::announce(&doctor, &patient, &admin());
            assert_eq!(refused, Err(QueueError::DoctorAway));
        }
    }

    #[test]
    fn a_token_reads_back_as_written() {
        let (queue, token) = {
            let doctor = doctor();
            Queue::open(&doctor, jiff::civil::date(2030, 1, 7)).admit(&walk_in(&doctor, false))
        };
        let there = token.clone().check_in(START).unwrap();
        let day = Day::of(queue, vec![there.clone()]);
        let (_, called) = day.call_next(Id::generate(START), START).unwrap();
        let left = there.clone().leave(START).unwrap();
        for token in [token, there, called, left] {
            let written = serde_json::to_value(&token).unwrap();
            assert_eq!(serde_json::from_value::<Token>(written).unwrap(), token);
        }
    }
}
