//! Who may do what to which record.
//!
//! The whole policy is the table in [`policy`]. `tests/api/access.rs` prints every
//! cell of it, so a change to the policy is a change to that snapshot.

mod policy;

use std::{collections::BTreeMap, fmt::Display, net::IpAddr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::policy::{Action, Reach, reach};
use crate::{
    Id,
    choice::choice,
    doctor::DoctorId,
    event::{Event, Reference},
    failures,
    hospital::HospitalId,
    id::Identified,
    session::SessionId,
};

/// A person with an account.
#[derive(Debug)]
pub enum User {}
impl Identified for User {
    const PREFIX: &'static str = "usr";
}
/// Identifies a [`User`].
pub type UserId = Id<User>;

/// Someone who receives care.
#[derive(Debug)]
pub enum Patient {}
impl Identified for Patient {
    const PREFIX: &'static str = "pat";
}
/// Identifies a [`Patient`].
pub type PatientId = Id<Patient>;

/// A patient with an account has the same ULID as the account.
impl From<UserId> for PatientId {
    fn from(user: UserId) -> Self {
        user.ulid().into()
    }
}

/// A doctor with an account has the same ULID as the account.
impl From<UserId> for DoctorId {
    fn from(user: UserId) -> Self {
        user.ulid().into()
    }
}

impl From<PatientId> for UserId {
    fn from(patient: PatientId) -> Self {
        patient.ulid().into()
    }
}

impl From<DoctorId> for UserId {
    fn from(doctor: DoctorId) -> Self {
        doctor.ulid().into()
    }
}

choice! {
    /// The part that the holder of an account plays.
    pub enum Role: "a role" {
        /// Receives care.
        Patient = "PATIENT",
        /// Gives care.
        Doctor = "DOCTOR",
        /// Runs a hospital, which is a tenant of the hub.
        Hospital = "HOSPITAL",
        /// Keeps a roster of patients and who cares for them.
        Coordinator = "COORDINATOR",
        /// Runs the hub.
        Admin = "ADMIN" | "ADMINISTRATOR",
        /// Runs the hub and those who run it.
        Superadmin = "SUPERADMIN" | "SUPER_ADMIN",
    }
}

impl Role {
    /// Nobody creates or changes an account that ranks above their own.
    pub fn rank(self) -> u8 {
        match self {
            Self::Patient | Self::Doctor | Self::Hospital | Self::Coordinator => 1,
            Self::Admin => 2,
            Self::Superadmin => 3,
        }
    }

    /// Whether people may give themselves this role.
    pub fn is_open_to_all(self) -> bool {
        matches!(self, Self::Patient | Self::Doctor | Self::Coordinator)
    }
}

/// The part someone plays in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Nobody we know yet.
    Visitor,
    /// The holder of an account.
    Member(Role),
    /// The hub itself, at work on a schedule or a queue.
    Worker,
}

impl Part {
    fn rank(self) -> u8 {
        match self {
            Self::Visitor => 1,
            Self::Member(role) => role.rank(),
            Self::Worker => 0,
        }
    }
}

/// Where a request came from, for the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The address it came from.
    pub address: IpAddr,
    /// What the caller says their program is.
    pub device: Option<String>,
    /// Names the request in logs and answers.
    pub request: String,
}

/// A record the policy can reason about.
pub trait Subject {
    /// The action that reveals the record exists.
    const VIEW: Action;

    /// What the record is called in the audit log.
    fn reference(&self) -> Reference;

    /// Whose record it is.
    fn owner(&self) -> Option<UserId> {
        None
    }

    /// Whether the record is about this person as if it were their own.
    fn is_of(&self, user: UserId) -> bool {
        self.owner() == Some(user)
    }

    /// The hospital that keeps the record.
    fn hospital(&self) -> Option<HospitalId> {
        None
    }

    /// The patient the record is about.
    fn patient(&self) -> Option<PatientId> {
        None
    }

    /// Whether everyone with an account may see it.
    fn is_published(&self) -> bool {
        false
    }

    /// How privileged the record is, comparable to [`Role::rank`].
    fn rank(&self) -> u8 {
        1
    }

    /// What `actor`, who may not see it, is told: that it does not exist, unless they know better.
    fn refusal(&self, _actor: &Actor) -> Denied {
        Denied::NotFound
    }

    /// What every line about it in the audit log tells.
    fn facts(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// Someone acting on the system.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Their account, if they have proved to have one.
    pub user: Option<UserId>,
    /// The part they play.
    pub part: Part,
    /// The hospital they belong to.
    pub hospital: Option<HospitalId>,
    /// The session they act in.
    pub session: Option<SessionId>,
    /// Where they are.
    pub origin: Origin,
    /// When they asked. Everything one request does happens at this instant.
    pub at: Timestamp,
}

impl Actor {
    /// Someone who has not signed in.
    pub fn visitor(origin: Origin, at: Timestamp) -> Self {
        Self { user: None, part: Part::Visitor, hospital: None, session: None, origin, at }
    }

    /// The hub itself, doing the job called `job`.
    pub fn worker(job: &str, at: Timestamp) -> Self {
        let origin = Origin {
            address: IpAddr::from([127, 0, 0, 1]),
            device: Some(format!("carehub {job}")),
            request: job.to_owned(),
        };
        Self { user: None, part: Part::Worker, hospital: None, session: None, origin, at }
    }

    /// Whoever operates the hub at its own console, who may do what a superadmin may.
    pub fn operator(at: Timestamp) -> Self {
        Self { part: Part::Member(Role::Superadmin), ..Self::worker("operator", at) }
    }

    /// The role of the account, for members.
    pub fn role(&self) -> Option<Role> {
        match self.part {
            Part::Member(role) => Some(role),
            Part::Visitor | Part::Worker => None,
        }
    }

    /// The doctor they are.
    pub fn doctor(&self) -> Result<DoctorId, Denied> {
        match (self.part, self.user) {
            (Part::Member(Role::Doctor), Some(user)) => Ok(user.into()),
            _ => Err(Denied::Forbidden),
        }
    }

    /// The patient they are.
    pub fn patient(&self) -> Result<PatientId, Denied> {
        match (self.part, self.user) {
            (Part::Member(Role::Patient), Some(user)) => Ok(user.into()),
            _ => Err(Denied::Forbidden),
        }
    }

    /// Whether accounts of `role` rank no higher than this actor.
    pub fn outranks(&self, role: Role) -> bool {
        role.rank() <= self.part.rank()
    }

    /// Whether the policy lets this actor perform `action` on `record`.
    pub fn can(&self, action: Action, record: &impl Subject) -> bool {
        let own = self.user.is_some_and(|user| record.is_of(user));
        let housed = record.hospital().is_some() && record.hospital() == self.hospital;
        match reach(self.part, action) {
            Reach::Nothing => false,
            Reach::Own => own,
            Reach::Hospital => own || housed,
            Reach::Published => own || housed || record.is_published(),
            Reach::Rank => record.rank() <= self.part.rank(),
            Reach::All => true,
        }
    }

    /// Asks the policy for permission to perform `action` on `record`.
    ///
    /// Whoever may not even view the record is told that it does not exist.
    pub fn authorize<T: Subject>(&self, action: Action, record: &T) -> Result<Permit, Denied> {
        match (self.can(T::VIEW, record), self.can(action, record)) {
            (true, true) => Ok(Permit::grant(self, action, record)),
            (true, false) => Err(Denied::Forbidden),
            (false, _) => Err(record.refusal(self)),
        }
    }

    /// Asks the policy for permission to bring `record` into being.
    ///
    /// There is nothing to hide yet, so a refusal is always [`Denied::Forbidden`].
    pub fn create<T: Subject>(&self, action: Action, record: &T) -> Result<Permit, Denied> {
        if self.can(action, record) {
            Ok(Permit::grant(self, action, record))
        } else {
            Err(Denied::Forbidden)
        }
    }

    /// Asks for permission to do what concerns no single record, such as reading
    /// the audit log. It takes a reach of [`Reach::All`].
    pub fn allow(&self, action: Action) -> Result<Permit, Denied> {
        if reach(self.part, action) == Reach::All {
            Ok(Permit {
                actor: self.clone(),
                action,
                subject: Reference::hub(),
                hospital: self.hospital,
                patient: None,
                details: BTreeMap::new(),
                changed: Vec::new(),
            })
        } else {
            Err(Denied::Forbidden)
        }
    }
}

/// Proof that the policy allowed an action on a record.
///
/// Only [`Actor`] makes these, and every write demands one, so there is no
/// unauthorised write and no write without an author in the audit log.
#[derive(Clone, Debug)]
#[must_use = "a permit is for writing with"]
pub struct Permit {
    actor: Actor,
    action: Action,
    subject: Reference,
    hospital: Option<HospitalId>,
    patient: Option<PatientId>,
    details: BTreeMap<String, String>,
    changed: Vec<String>,
}

impl Permit {
    fn grant<T: Subject>(actor: &Actor, action: Action, record: &T) -> Self {
        let facts = record.facts().into_iter();
        Self {
            actor: actor.clone(),
            action,
            subject: record.reference(),
            hospital: record.hospital().or(actor.hospital),
            patient: record.patient(),
            details: facts.map(|(name, fact)| (name.to_owned(), fact)).collect(),
            changed: Vec::new(),
        }
    }

    /// Who was allowed.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// What they were allowed to do.
    pub fn action(&self) -> Action {
        self.action
    }

    /// Adds a fact to the line in the audit log. Facts are ids, states and
    /// counts, never what people wrote or who they are.
    pub fn noting(mut self, name: &str, fact: impl Display) -> Self {
        self.details.insert(name.to_owned(), fact.to_string());
        self
    }

    /// Names the patient whom it turns out to be about.
    pub fn about(self, patient: PatientId) -> Self {
        Self { patient: Some(patient), ..self }
    }

    /// Those for the lines that a page leaves: one for each patient of whom it shows something, with
    /// how much that is. A page about one patient who is named already, or about nobody, leaves one.
    pub fn about_each(self, shown: impl IntoIterator<Item = Option<PatientId>>) -> Vec<Self> {
        let (mut count, mut patients) = (0, BTreeMap::<_, usize>::new());
        for patient in shown {
            count += 1;
            if let Some(patient) = patient {
                *patients.entry(patient).or_default() += 1;
            }
        }
        if self.patient.is_some() || patients.is_empty() {
            return vec![self.noting("count", count)];
        }
        let each = |(patient, count)| self.clone().about(patient).noting("count", count);
        patients.into_iter().map(each).collect()
    }

    /// Whether the actor is the patient it is about.
    pub fn is_about_actor(&self) -> bool {
        self.patient.is_some_and(|patient| self.actor.user == Some(patient.into()))
    }

    /// Names the fields that change, without their values.
    pub fn changing(mut self, fields: &[&str]) -> Self {
        self.changed.extend(fields.iter().map(|&field| field.to_owned()));
        self
    }

    /// The line that this permit leaves in the audit log.
    pub fn event(&self) -> Event {
        let Self { actor, action, subject, hospital, patient, details, changed } = self.clone();
        Event {
            id: Id::generate(actor.at),
            at: actor.at,
            action,
            actor: actor.user,
            role: actor.role(),
            subject,
            hospital,
            patient,
            changed,
            details,
            address: actor.origin.address,
            device: actor.origin.device,
            request: actor.origin.request,
        }
    }
}

/// A record that was looked up but not yet cleared for anyone to see.
///
/// The only ways in are [`permit`](Self::permit) and [`view`](Self::view), so a
/// handler cannot read a record without saying who is reading it. A record that is
/// absent and one the actor may not view are the same thing from outside.
#[derive(Debug)]
#[must_use = "nobody may see the record until it is cleared for them"]
pub struct Guarded<T>(Option<T>);

impl<T: Subject> Guarded<T> {
    /// Guards the outcome of a lookup.
    pub fn new(found: Option<T>) -> Self {
        Self(found)
    }

    /// Releases the record to an actor who wants to do something with it.
    pub fn permit(self, actor: &Actor, action: Action) -> Result<(T, Permit), Denied> {
        let record = self.0.ok_or(Denied::NotFound)?;
        let permit = actor.authorize(action, &record)?;
        Ok((record, permit))
    }

    /// Releases the record to an actor who only wants to see it.
    pub fn view(self, actor: &Actor) -> Result<T, Denied> {
        self.permit(actor, T::VIEW).map(|(record, _)| record)
    }
}

failures! {
    /// The policy said no.
    pub enum Denied {
        NotFound = NotFound "not-found" "there is no such record",
        Forbidden = Forbidden "forbidden" "you may not do this",
        GrantRequired = Forbidden "grant-required" "the patient has not let you in; ask for a code",
    }
}

/// How an account appears to the policy before its holder has proved anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stranger {
    /// Names what was tried, without saying who.
    pub reference: Reference,
}

impl Subject for Stranger {
    const VIEW: Action = Action::FailSignIn;

    fn reference(&self) -> Reference {
        self.reference.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looks(by: u128, named: Option<u128>, shown: &[Option<u128>]) -> Vec<String> {
        let patient = |number: u128| PatientId::from(ulid::Ulid::from(number));
        let user = Some(ulid::Ulid::from(by).into());
        let actor = Actor { user, ..Actor::operator(Timestamp::UNIX_EPOCH) };
        let permit = actor.allow(Action::ListPrescriptions).unwrap();
        let permit = Permit { patient: named.map(patient), ..permit };
        let looks = permit.about_each(shown.iter().map(|shown| shown.map(patient)));
        let line = |look: Permit| {
            let whose = look.patient.map_or(0, |patient| patient.ulid().0);
            let own = if look.is_about_actor() { " own" } else { "" };
            format!("{whose}: {}{own}", look.details["count"])
        };
        looks.into_iter().map(line).collect()
    }

    #[test]
    fn a_page_is_a_look_at_each_patient_on_it() {
        let page = [Some(1), Some(2), None, Some(1)];
        assert_eq!(looks(9, None, &page), ["1: 2", "2: 1"]);
        assert_eq!(looks(1, None, &page), ["1: 2 own", "2: 1"]);
        assert_eq!(looks(9, Some(1), &page), ["1: 4"]);
        for nobody in [&[][..], &[None]] {
            assert_eq!(looks(9, None, nobody), [format!("0: {}", nobody.len())]);
        }
    }
}
