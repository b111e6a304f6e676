//! Repositories: all that is kept of a patient's health, and to whom it is open.

use crate::{
    access::{Action, Actor, Denied, PatientId, Role, Subject, UserId},
    doctor::DoctorId,
    event::Reference,
    glass::EmergencyAccessId,
    grant::Grant,
    hospital::HospitalId,
    patient::Patient,
};

/// All that is kept of a patient's health, as somebody stands before it.
///
/// Patients see their own. Doctors need a grant that is live, however well they know the patient;
/// hospitals that know the patient see what is theirs in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// Whose it is.
    pub patient: Patient,
    key: Key,
}

/// Why it is open.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Key {
    /// It is open to the patient and to nobody else.
    None,
    /// A doctor was let in.
    Grant(Grant),
    /// A hospital knows the patient.
    Hospital(HospitalId),
}

impl Repository {
    /// The repository of `patient` as it is to `actor`, who may have been given these grants.
    pub fn before(
        patient: Patient,
        grants: impl IntoIterator<Item = Grant>,
        actor: &Actor,
    ) -> Self {
        let parts = patient.parts();
        let key = match (actor.role(), actor.hospital) {
            (Some(Role::Doctor), _) => grants
                .into_iter()
                .filter(|grant| Ok(grant.doctor) == actor.doctor())
                .filter(|grant| parts.contains(&grant.patient) && grant.is_live(actor.at))
                // Whoever was let in by the patient needs no emergency.
                .max_by_key(|grant| (grant.emergency.is_none(), grant.expires_at))
                .map_or(Key::None, Key::Grant),
            (Some(Role::Hospital), Some(hospital)) => {
                let knows = patient.known_to().any(|user| user == hospital.into());
                if knows { Key::Hospital(hospital) } else { Key::None }
            }
            _ => Key::None,
        };
        Self { patient, key }
    }

    /// The doctor whom it is open to.
    pub fn reader(&self) -> Option<DoctorId> {
        match &self.key {
            Key::Grant(grant) => Some(grant.doctor),
            Key::None | Key::Hospital(_) => None,
        }
    }

    /// The emergency that it is open for.
    pub fn emergency(&self) -> Option<EmergencyAccessId> {
        match &self.key {
            Key::Grant(grant) => grant.emergency,
            Key::None | Key::Hospital(_) => None,
        }
    }
}

impl Subject for Repository {
    const VIEW: Action = Action::ViewRepository;

    fn reference(&self) -> Reference {
        self.patient.id.into()
    }

    fn owner(&self) -> Option<UserId> {
        self.patient.account
    }

    fn is_of(&self, user: UserId) -> bool {
        self.patient.account == Some(user) || self.reader().map(UserId::from) == Some(user)
    }

    fn hospital(&self) -> Option<HospitalId> {
        match self.key {
            Key::Hospital(hospital) => Some(hospital),
            Key::None | Key::Grant(_) => None,
        }
    }

    fn patient(&self) -> Option<PatientId> {
        Some(self.patient.id)
    }

    /// Doctors who know the patient learn what they lack.
    fn refusal(&self, actor: &Actor) -> Denied {
        let knows = actor.can(Action::ViewPatient, &self.patient);
        match actor.role() {
            Some(Role::Doctor) if knows => Denied::GrantRequired,
            _ => Denied::NotFound,
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        self.emergency().map(|emergency| ("emergency", emergency.to_string())).into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use serde_json::json;

    use super::*;
    use crate::{
        access::{Origin, Part},
        patient::Grounds,
    };

    const PATIENT: &str = "01J9Z3K8Q4N6V2X5Y7W0B1C2D3";
    const DOCTOR: &str = "01J9Z3K8Q4N6V2X5Y7W0B1C2D4";
    const OTHER: &str = "01J9Z3K8Q4N6V2X5Y7W0B1C2D5";
    const HOSPITAL: &str = "01J9Z3K8Q4N6V2X5Y7W0B1C2D6";

    fn now() -> Timestamp {
        "2030-01-07T08:00:00Z".parse().unwrap()
    }

    fn actor(role: Role, user: &str) -> Actor {
        let origin = Origin { address: [127, 0, 0, 1].into(), device: None, request: "r".into() };
        let user = format!("usr_{user}").parse().ok();
        let hospital = user.filter(|_| role == Role::Hospital).map(HospitalId::from);
        Actor { user, hospital, part: Part::Member(role), ..Actor::visitor(origin, now()) }
    }

    fn patient(known_to: &[&str]) -> Patient {
        let patient = json!({
            "id": format!("pat_{PATIENT}"), "account": format!("usr_{PATIENT}"),
            "name": {"first": "Ana"}, "created_at": now(), "updated_at": now(),
            "standing": "current", "revision": 1,
        });
        let mut patient: Patient = serde_json::from_value(patient).unwrap();
        for user in known_to {
            patient.admit(format!("usr_{user}").parse().unwrap(), Grounds::Record);
        }
        patient
    }

    fn grant(patient: &str, doctor: &str, at: Timestamp) -> Grant {
        let doctor = format!("doc_{doctor}").parse().unwrap();
        Grant::open(doctor, format!("pat_{patient}").parse().unwrap(), at)
    }

    fn seen(known_to: &[&str], grants: Vec<Grant>, by: &Actor) -> &'static str {
        let repository = Repository::before(patient(known_to), grants, by);
        match by.authorize(Action::ViewRepository, &repository) {
            Ok(_) => "open",
            Err(denied) => crate::Failure::code(&denied),
        }
    }

    #[test]
    fn patients_and_admins_see_it() {
        assert_eq!(seen(&[], vec![], &actor(Role::Patient, PATIENT)), "open");
        assert_eq!(seen(&[], vec![], &actor(Role::Admin, OTHER)), "open");
        assert_eq!(seen(&[], vec![], &actor(Role::Patient, OTHER)), "not-found");
        // Keeping the record of a person is not reading what is known of their health.
        assert_eq!(seen(&[OTHER], vec![], &actor(Role::Coordinator, OTHER)), "not-found");
    }

    #[test]
    fn doctors_need_a_live_grant_of_their_own() {
        let ali = actor(Role::Doctor, DOCTOR);
        let before = now() - SignedDuration::from_mins(30);
        assert_eq!(seen(&[], vec![], &ali), "not-found");
        assert_eq!(seen(&[DOCTOR], vec![], &ali), "grant-required");
        assert_eq!(seen(&[DOCTOR], vec![grant(PATIENT, DOCTOR, before)], &ali), "grant-required");
        assert_eq!(seen(&[DOCTOR], vec![grant(PATIENT, OTHER, now())], &ali), "grant-required");
        assert_eq!(seen(&[DOCTOR], vec![grant(OTHER, DOCTOR, now())], &ali), "grant-required");
        assert_eq!(seen(&[], vec![grant(PATIENT, DOCTOR, now())], &ali), "open");
    }

    #[test]
    fn hospitals_need_to_know_the_patient() {
        let jinnah = actor(Role::Hospital, HOSPITAL);
        assert_eq!(seen(&[], vec![], &jinnah), "not-found");
        assert_eq!(seen(&[HOSPITAL], vec![], &jinnah), "open");
        // A doctor of the hospital is not the hospital.
        let mut ali = actor(Role::Doctor, DOCTOR);
        ali.hospital = jinnah.hospital;
        assert_eq!(seen(&[HOSPITAL], vec![], &ali), "not-found");
    }

    #[test]
    fn who_was_let_in_needs_no_emergency() {
        let ali = actor(Role::Doctor, DOCTOR);
        let emergency = Grant {
            emergency: "gls_01J9Z3K8Q4N6V2X5Y7W0B1C2D7".parse().ok(),
            expires_at: now() + SignedDuration::from_hours(1),
            ..grant(PATIENT, DOCTOR, now())
        };
        let of = |grants| Repository::before(patient(&[]), grants, &ali).emergency();
        assert_eq!(of(vec![emergency.clone()]), emergency.emergency);
        assert_eq!(of(vec![emergency, grant(PATIENT, DOCTOR, now())]), None);
    }
}
