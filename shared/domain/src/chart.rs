//! Clinical documents as they lie before whoever wants to read them.

use crate::{
    access::{Action, Actor, PatientId, Role, Subject, UserId},
    doctor::DoctorId,
    event::Reference,
    glass::EmergencyAccessId,
    hospital::HospitalId,
    repository::Repository,
};

/// A document about somebody's health, of which the policy decides who reads it.
pub trait Clinical {
    /// The action that reveals that the document exists.
    const VIEW: Action;

    /// What the document is called in the audit log.
    fn reference(&self) -> Reference;

    /// Whom it is about.
    fn patient(&self) -> PatientId;

    /// Whether it is this doctor's.
    fn is_of_doctor(&self, doctor: DoctorId) -> bool;

    /// The hospital where it was made.
    fn hospital(&self) -> Option<HospitalId>;

    /// From whom it is kept.
    fn secrecy(&self) -> Secrecy;
}

impl<T: Clinical> Clinical for &T {
    const VIEW: Action = T::VIEW;

    fn reference(&self) -> Reference {
        T::reference(self)
    }

    fn patient(&self) -> PatientId {
        T::patient(self)
    }

    fn is_of_doctor(&self, doctor: DoctorId) -> bool {
        T::is_of_doctor(self, doctor)
    }

    fn hospital(&self) -> Option<HospitalId> {
        T::hospital(self)
    }

    fn secrecy(&self) -> Secrecy {
        T::secrecy(self)
    }
}

/// From whom a document is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrecy {
    /// From those without any part in it.
    Open,
    /// From everyone but the patient, the document's doctors and those who run the hub.
    Sensitive,
    /// From everyone but the patient.
    Private,
}

/// Somebody who reads what is known of a patient though they do not stand on every document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// The patient, whose record another one was merged into.
    Patient(UserId),
    /// A doctor to whom the patient's repository stands open, which may be an emergency.
    Doctor(UserId, Option<EmergencyAccessId>),
}

impl Reader {
    /// Whoever stands before a repository that is open to them, if they stand on no document.
    pub fn of(repository: &Repository, actor: &Actor) -> Option<Self> {
        match actor.role()? {
            Role::Patient => actor.user.map(Self::Patient),
            Role::Doctor => actor.user.map(|user| Self::Doctor(user, repository.emergency())),
            Role::Hospital | Role::Coordinator | Role::Admin | Role::Superadmin => None,
        }
    }
}

/// A document as it lies before somebody who wants to read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart<T> {
    /// The document.
    pub paper: T,
    reader: Option<Reader>,
}

impl<T: Clinical> Chart<T> {
    /// Lays a document before a reader, and before whoever stands on it anyway.
    pub fn of(paper: T, reader: Option<Reader>) -> Self {
        Self { paper, reader }
    }

    /// Who reads it besides those who stand on it.
    pub fn reader(&self) -> Option<Reader> {
        self.reader
    }

    /// Whether it is about this person.
    pub fn is_about(&self, user: UserId) -> bool {
        self.paper.patient() == user.into() || self.reader == Some(Reader::Patient(user))
    }
}

impl<T: Clinical> Subject for Chart<T> {
    const VIEW: Action = T::VIEW;

    fn reference(&self) -> Reference {
        self.paper.reference()
    }

    fn is_of(&self, user: UserId) -> bool {
        let theirs = self.paper.is_of_doctor(user.into());
        let let_in = matches!(self.reader, Some(Reader::Doctor(reader, _)) if reader == user);
        match self.paper.secrecy() {
            _ if self.is_about(user) => true,
            Secrecy::Open => theirs || let_in,
            Secrecy::Sensitive => theirs,
            Secrecy::Private => false,
        }
    }

    fn hospital(&self) -> Option<HospitalId> {
        match self.paper.secrecy() {
            Secrecy::Open => self.paper.hospital(),
            Secrecy::Sensitive | Secrecy::Private => None,
        }
    }

    fn patient(&self) -> Option<PatientId> {
        match self.reader {
            Some(Reader::Patient(user)) => Some(user.into()),
            Some(Reader::Doctor(..)) | None => Some(self.paper.patient()),
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        match self.reader {
            Some(Reader::Doctor(_, Some(emergency))) => vec![("emergency", emergency.to_string())],
            Some(Reader::Patient(_) | Reader::Doctor(_, None)) | None => Vec::new(),
        }
    }

    /// Nobody ranks high enough for what is private.
    fn rank(&self) -> u8 {
        match self.paper.secrecy() {
            Secrecy::Open | Secrecy::Sensitive => 1,
            Secrecy::Private => u8::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Origin, Part};

    struct Paper(Secrecy);

    const PATIENT: u128 = 1;
    const DOCTOR: u128 = 2;
    const GUEST: u128 = 3;
    const HOSPITAL: u128 = 4;
    const OLD: u128 = 5;

    fn user(number: u128) -> UserId {
        ulid::Ulid::from(number).into()
    }

    impl Clinical for Paper {
        const VIEW: Action = Action::ViewHealthRecord;

        fn reference(&self) -> Reference {
            Reference::named("paper")
        }

        fn patient(&self) -> PatientId {
            user(OLD).into()
        }

        fn is_of_doctor(&self, doctor: DoctorId) -> bool {
            doctor == user(DOCTOR).into()
        }

        fn hospital(&self) -> Option<HospitalId> {
            Some(ulid::Ulid::from(HOSPITAL).into())
        }

        fn secrecy(&self) -> Secrecy {
            self.0
        }
    }

    #[test]
    fn who_reads_what() {
        let actor = |role, number| {
            let origin =
                Origin { address: [127, 0, 0, 1].into(), device: None, request: "r".into() };
            let visitor = Actor::visitor(origin, jiff::Timestamp::UNIX_EPOCH);
            let hospital = (role == Role::Hospital).then(|| ulid::Ulid::from(number).into());
            Actor { user: Some(user(number)), part: Part::Member(role), hospital, ..visitor }
        };
        let (patient, guest) = (Reader::Patient(user(PATIENT)), Reader::Doctor(user(GUEST), None));
        let people = [
            ("patient", actor(Role::Patient, OLD), None),
            ("patient, merged", actor(Role::Patient, PATIENT), Some(patient)),
            ("another patient", actor(Role::Patient, GUEST), None),
            ("doctor of it", actor(Role::Doctor, DOCTOR), None),
            ("doctor let in", actor(Role::Doctor, GUEST), Some(guest)),
            ("another doctor", actor(Role::Doctor, PATIENT), None),
            ("its hospital", actor(Role::Hospital, HOSPITAL), None),
            ("another hospital", actor(Role::Hospital, GUEST), None),
            ("coordinator", actor(Role::Coordinator, DOCTOR), None),
            ("admin", actor(Role::Admin, GUEST), None),
            ("superadmin", actor(Role::Superadmin, GUEST), None),
        ];

        let rows = people.map(|(name, actor, reader)| {
            let [open, sensitive, private] = [Secrecy::Open, Secrecy::Sensitive, Secrecy::Private]
                .map(|secrecy| {
                    let chart = Chart::of(Paper(secrecy), reader);
                    if actor.can(Action::ViewHealthRecord, &chart) { "yes" } else { "·" }
                });
            format!("{name:17}{open:5}{sensitive:5}{private}")
        });

        insta::assert_snapshot!(rows.join("\n"), @r"
        patient          yes  yes  yes
        patient, merged  yes  yes  yes
        another patient  ·    ·    ·
        doctor of it     yes  yes  ·
        doctor let in    yes  ·    ·
        another doctor   ·    ·    ·
        its hospital     yes  ·    ·
        another hospital ·    ·    ·
        coordinator      ·    ·    ·
        admin            yes  yes  ·
        superadmin       yes  yes  ·
        ");
    }
}
