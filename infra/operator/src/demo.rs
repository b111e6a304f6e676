//! A small made-up hub to try things out with: plainly synthetic people and places.

use carehub_api::passwords::Passwords;
use carehub_domain::{
    Id,
    access::{Action, Actor, Role, UserId},
    account::{Account, AccountError, Gender, PersonName, Username},
    appointment::{Appointment, Brief},
    care::{Assignment, CareError},
    contact::Identifier,
    department::{Department, DepartmentError},
    doctor::{Doctor, DoctorError, Practice},
    hospital::{Application, Hospital, HospitalError, HospitalId, RegistrationError},
    hours::Day,
    password::{NewPassword, PasswordHash},
    patient::{Patient, Roster},
    place::GeoPoint,
    schedule::{Shift, Week},
    text::Text,
};
use carehub_store::{AppointmentFilter, Opening, Store, Window, WriteError};
use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, date},
};

use crate::OperatorError;

/// An account of the demonstration: name, password and what it shows.
pub const ACCOUNTS: [(&str, &str, &str); 6] = [
    ("admin", "admin123", "runs the hub"),
    ("jinnah_hospital", "jinnah123", "a hospital that has joined, with a request to answer"),
    (
        "alimehmood_jinnahhospital",
        "doctor123",
        "a doctor of that hospital, who sees patients from Monday to Saturday",
    ),
    ("demo_hospital", "hospital123", "a hospital that waits for approval"),
    ("demo_patient", "patient123", "a patient"),
    ("demo_coordinator", "coordinator123", "a coordinator with two patients"),
];

const DEPARTMENTS: [&str; 4] = ["Cardiology", "Neurology", "Orthopedics", "Pediatrics"];

/// The people of whom the coordinator keeps a record. The first is in the care of the doctor.
const PATIENTS: [(&str, &str, Date, Gender); 2] = [
    ("Amina", "+923000000011", date(1956, 4, 2), Gender::Female),
    ("Bilal", "+923000000012", date(2019, 9, 27), Gender::Male),
];

/// Adds what is missing of the demonstration. Doing it again adds nothing.
pub async fn load(store: &Store, now: Timestamp) -> Result<(), OperatorError> {
    let scene = Scene { store, passwords: Passwords::default(), operator: Actor::operator(now) };
    scene.person(0, Role::Admin, "Demo", "Admin", None).await?;
    scene.person(4, Role::Patient, "Demo", "Patient", Some("+923000000004")).await?;
    let joined = scene.hospital(1, "Jinnah Hospital", "DEMO-LIC-001", (31.4844, 74.2975)).await?;
    scene.hospital(3, "Demo Hospital", "DEMO-LIC-002", (31.5204, 74.3587)).await?;
    scene.approve(joined).await?;
    for name in DEPARTMENTS {
        scene.department(joined, name).await?;
    }
    scene.request(ACCOUNTS[4].0, joined).await?;
    let doctor = scene.doctor(2, joined).await?;
    scene.person(5, Role::Coordinator, "Demo", "Coordinator", None).await?;
    let Some(coordinator) = scene.holder(ACCOUNTS[5].0).await? else { return Ok(()) };
    let amina = scene.patient(0, coordinator).await?;
    scene.patient(1, coordinator).await?;
    scene.care(&amina, doctor, coordinator).await
}

/// Removes the demonstration, so that it can be loaded anew. What the audit log says of
/// it stays.
pub async fn clear(store: &Store, now: Timestamp) -> Result<(), OperatorError> {
    let scene = Scene { store, passwords: Passwords::default(), operator: Actor::operator(now) };
    for (username, _, _) in ACCOUNTS {
        let Some(user) = scene.holder(username).await? else { continue };
        let Some((account, _)) = store.accounts().credentials(user).await? else { continue };
        match account.role {
            Role::Hospital => scene.remove_hospital(user.into()).await?,
            Role::Doctor => scene.dismiss(user).await?,
            Role::Coordinator => scene.remove_patients(user).await?,
            Role::Patient => scene.call_off(user).await?,
            _ => {}
        }
        let Some((account, _)) = store.accounts().credentials(user).await? else { continue };
        let permit = scene.operator.authorize(Action::DeleteAccount, &account)?;
        // Hospitals and doctors were counted down when they were removed.
        let counts = account.is_active() && account.role != Role::Hospital;
        let permit = if counts { permit.noting("role", account.role) } else { permit };
        store.accounts().erase(&account, &permit).await?;
    }
    Ok(())
}

/// Where the demonstration plays.
struct Scene<'s> {
    store: &'s Store,
    passwords: Passwords,
    operator: Actor,
}

impl Scene<'_> {
    async fn person(
        &self,
        which: usize,
        role: Role,
        first: &str,
        last: &str,
        phone: Option<&str>,
    ) -> Result<(), OperatorError> {
        let mut account = self.account(which, role, first, last)?;
        account.phone = phone.map(str::parse).transpose()?;
        let permit = self.operator.create(Action::CreateAccount, &account)?.noting("role", role);
        let digest = self.digest(which).await?;
        let opening = Opening { password: Some(&digest), ..Opening::of(&account) };
        match self.store.accounts().open(opening, &permit).await {
            Ok(()) | Err(WriteError::Condition(AccountError::UsernameTaken)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn hospital(
        &self,
        which: usize,
        name: &str,
        licence: &str,
        (latitude, longitude): (f64, f64),
    ) -> Result<HospitalId, OperatorError> {
        let username = ACCOUNTS[which].0;
        if let Some(owner) = self.holder(username).await? {
            return Ok(owner.into());
        }
        let mut owner = self.account(which, Role::Hospital, "Demo", "Owner")?.awaiting_approval();
        owner.hospital = Some(owner.id.into());
        let application = Application {
            name: text(name)?,
            license_number: text(licence)?,
            email: format!("{username}@example.org").parse()?,
            phone: format!("+92300000000{which}").parse()?,
            address: text("1 Example Road, Lahore")?,
            location: Some(text("Lahore")?),
            point: GeoPoint::at(latitude, longitude).ok(),
        };
        let hospital = Hospital::apply(owner.id, application, self.operator.at);
        let visitor = Actor::visitor(self.operator.origin.clone(), self.operator.at);
        let permit = visitor.create(Action::RegisterHospital, &hospital)?;
        let digest = self.digest(which).await?;
        let opening = Opening { password: Some(&digest), ..Opening::of(&owner) };
        match self.store.hospitals().register(&hospital, opening, &permit).await {
            Ok(()) | Err(WriteError::Condition(RegistrationError::UsernameTaken)) => {
                Ok(hospital.id)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn approve(&self, id: HospitalId) -> Result<(), OperatorError> {
        let (found, owner) = self.store.hospitals().with_owner(id).await?;
        let (before, permit) = found.permit(&self.operator, Action::ApproveHospital)?;
        let Some(owner) = owner else { return Err(OperatorError::Demonstration) };
        let mut hospital = match before.clone().approve(&self.operator) {
            Ok(hospital) => hospital,
            Err(HospitalError::AlreadyDecided) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let permit = permit.noting("from", before.membership().name());
        let mut owner = owner.activate(self.operator.at);
        Ok(self.store.hospitals().decide(&before, &mut hospital, &mut owner, &permit).await?)
    }

    async fn department(&self, hospital: HospitalId, name: &str) -> Result<(), OperatorError> {
        let department = Department::open(hospital, text(name)?, None, self.operator.at);
        let permit = self.operator.create(Action::CreateDepartment, &department)?;
        match self.store.departments().open(&department, &permit).await {
            Ok(()) | Err(WriteError::Condition(DepartmentError::NameTaken)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    async fn doctor(
        &self,
        which: usize,
        hospital: HospitalId,
    ) -> Result<Option<Doctor>, OperatorError> {
        if let Some(user) = self.holder(ACCOUNTS[which].0).await? {
            return Ok(self.store.doctors().recorded(user.into()).await?);
        }
        let mut account = self.account(which, Role::Doctor, "Ali", "Mehmood")?;
        account.hospital = Some(hospital);
        account.phone = Some("+923000000002".parse()?);
        let practice = Practice {
            specialization: Some(text("Cardiology")?),
            week: self.hours()?,
            zone: "Asia/Karachi".parse().unwrap_or_default(),
            ..Practice::default()
        };
        let doctor = Doctor::enter(&account, practice).vouched_for(&self.operator);
        let permit = self.operator.create(Action::CreateDoctor, &doctor)?;
        let handing_out = self.operator.create(Action::ReturnPassword, &account)?;
        let digest = self.digest(which).await?;
        let opening = Opening { password: Some(&digest), ..Opening::of(&account) };
        match self.store.doctors().employ(&doctor, opening, &permit, &handing_out).await {
            Ok(()) => Ok(Some(doctor)),
            Err(WriteError::Condition(DoctorError::UsernameTaken)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// A patient who never asked for an appointment asks the first department for one.
    async fn request(&self, username: &str, hospital: HospitalId) -> Result<(), OperatorError> {
        let (store, now) = (self.store, self.operator.at);
        let Some(user) = self.holder(username).await? else { return Ok(()) };
        let appointments = store.appointments();
        if !self.appointments_of(user).await?.is_empty() {
            return Ok(());
        }
        let patient = store.patients().find(user.into()).await?.view(&self.operator)?;
        let house = store.hospitals().find(hospital).await?.view(&self.operator)?;
        let departments = store.departments().of_hospital(hospital, Window::first(100)).await?;
        let asked = |department: &&Department| department.name.reveal() == DEPARTMENTS[0];
        let Some(department) = departments.records.iter().find(asked) else { return Ok(()) };
        let brief =
            Brief { reason: Some(text("A check after a demonstration")?), ..Brief::default() };
        let (wished, by) = (now + SignedDuration::from_hours(48), &self.operator);
        let request = Appointment::request(&patient, &house, department, wished, brief, by);
        // A hospital that was turned away takes no appointments.
        let Ok(request) = request else { return Ok(()) };
        let permit = by.create(Action::CreateAppointment, &request)?;
        Ok(appointments.request(&request, &permit).await?)
    }

    /// Calls off what a patient has asked for. What was given to a doctor stays.
    async fn call_off(&self, user: UserId) -> Result<(), OperatorError> {
        for before in self.appointments_of(user).await? {
            let permit = self.operator.authorize(Action::CancelAppointment, &before)?;
            let waits = before.is_assignable();
            if let Ok(after) = before.clone().cancel(None, &self.operator)
                && waits
            {
                self.store.appointments().step(&before, &after, &permit).await?;
            }
        }
        Ok(())
    }

    async fn appointments_of(&self, user: UserId) -> Result<Vec<Appointment>, OperatorError> {
        let (roster, filter) = (Roster { keeper: Some(user) }, AppointmentFilter::default());
        let (appointments, all) = (self.store.appointments(), Window::first(100));
        Ok(appointments.on(roster, &filter, self.operator.at, all).await?.records)
    }

    /// When the doctor sees patients.
    fn hours(&self) -> Result<Week, OperatorError> {
        let mut week = Week::default();
        for &day in Day::ALL.iter().filter(|day| **day != Day::Sunday) {
            let window = "09:00-17:00".parse().map_err(|_| OperatorError::Demonstration)?;
            let shift = Shift {
                id: Id::generate(self.operator.at),
                day,
                window,
                is_available: true,
                breaks: Vec::new(),
                max_patients: None,
            };
            week.put(shift).map_err(|_| OperatorError::Demonstration)?;
        }
        Ok(week)
    }

    async fn patient(&self, which: usize, keeper: UserId) -> Result<Patient, OperatorError> {
        let patient = self.sketch(which, keeper)?;
        if let Some(kept) = self.kept(&patient, keeper).await? {
            return Ok(kept);
        }
        let permit = self.operator.create(Action::CreatePatient, &patient)?;
        self.store.patients().enter(&patient, &permit).await?;
        Ok(patient)
    }

    /// The record of a person as it is entered.
    fn sketch(&self, which: usize, keeper: UserId) -> Result<Patient, OperatorError> {
        let (first, phone, born, gender) = PATIENTS[which];
        let name = PersonName { first: text(first)?, last: Some(text("Example")?) };
        let mut patient = Patient::enter(name, Some(keeper), &self.operator);
        patient.created_by = Some(keeper);
        patient.phone = Some(phone.parse()?);
        patient.profile.date_of_birth = Some(born);
        patient.profile.gender = Some(gender);
        patient.profile.city = Some(text("Lahore")?);
        Ok(patient)
    }

    /// The record that is kept of the person already.
    async fn kept(
        &self,
        person: &Patient,
        keeper: UserId,
    ) -> Result<Option<Patient>, OperatorError> {
        let roster = Roster { keeper: Some(keeper) };
        let alike = self.store.patients().alike(roster, person).await?;
        Ok(alike.into_iter().find(|it| it.account.is_none() && it.is_kept_by(keeper)))
    }

    async fn care(
        &self,
        patient: &Patient,
        doctor: Option<Doctor>,
        by: UserId,
    ) -> Result<(), OperatorError> {
        let before = self.store.care().of_patient(patient, Window::first(1)).await?;
        let Some(doctor) = doctor.filter(|_| before.records.is_empty()) else { return Ok(()) };
        // A doctor who was dismissed cares for nobody.
        let Ok(mut assignment) = Assignment::begin(patient, &doctor, &self.operator) else {
            return Ok(());
        };
        assignment.created_by = Some(by);
        let permit = self.operator.create(Action::CreateAssignment, &assignment)?;
        match self.store.care().begin(&assignment, patient, &permit).await {
            Ok(()) | Err(WriteError::Condition(CareError::AlreadyAssigned)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Ends the care of the coordinator's patients, and then removes their records.
    async fn remove_patients(&self, keeper: UserId) -> Result<(), OperatorError> {
        for which in 0..PATIENTS.len() {
            let person = self.sketch(which, keeper)?;
            while let Some(before) = self.kept(&person, keeper).await? {
                let care = self.store.care().of_patient(&before, Window::first(1)).await?;
                if let Some(assignment) = care.records.first() {
                    let permit = self.operator.authorize(Action::DeleteAssignment, assignment)?;
                    self.store.care().end(assignment, &before, &permit).await?;
                } else {
                    let permit = self.operator.authorize(Action::DeletePatient, &before)?;
                    let mut removed = before.clone().remove(&self.operator)?;
                    self.store.patients().save(&before, &mut removed, &permit).await?;
                }
            }
        }
        Ok(())
    }

    async fn remove_hospital(&self, id: HospitalId) -> Result<(), OperatorError> {
        let departments = self.store.departments().of_hospital(id, Window::first(500)).await?;
        for department in departments.records {
            let permit = self.operator.authorize(Action::DeleteDepartment, &department)?;
            self.store.departments().close(&department, &permit).await?;
        }
        let (found, owner) = self.store.hospitals().with_owner(id).await?;
        let (before, permit) = found.permit(&self.operator, Action::DeleteHospital)?;
        let (Some(owner), Ok(mut closed)) = (owner, before.clone().close(&self.operator)) else {
            return Ok(());
        };
        let permit = permit.noting("from", before.membership().name());
        let mut owner = owner.suspend(self.operator.at);
        Ok(self.store.hospitals().decide(&before, &mut closed, &mut owner, &permit).await?)
    }

    async fn dismiss(&self, user: UserId) -> Result<(), OperatorError> {
        let doctor = self.store.doctors().find(user.into()).await?;
        let (before, permit) = doctor.permit(&self.operator, Action::EditDoctor)?;
        let mut doctor = before.clone();
        doctor.is_active = false;
        Ok(self
            .store
            .doctors()
            .save(&before, &mut doctor, &permit.changing(&["is_active"]))
            .await?)
    }

    fn account(
        &self,
        which: usize,
        role: Role,
        first: &str,
        last: &str,
    ) -> Result<Account, OperatorError> {
        let name = PersonName { first: text(first)?, last: Some(text(last)?) };
        let username = username(ACCOUNTS[which].0)?;
        let mut account = Account::open(username, role, name, self.operator.at);
        account.email = Some(format!("{}@example.org", ACCOUNTS[which].0).parse()?);
        Ok(account)
    }

    async fn digest(&self, which: usize) -> Result<PasswordHash, OperatorError> {
        Ok(self.passwords.digest(&NewPassword::unchecked(ACCOUNTS[which].1)).await?)
    }

    async fn holder(&self, name: &str) -> Result<Option<UserId>, OperatorError> {
        let named = self.store.accounts().named(&Identifier::Username(username(name)?)).await?;
        Ok(named.first().map(|(user, _)| *user))
    }
}

fn text<const MAX: usize>(text: &str) -> Result<Text<MAX>, OperatorError> {
    text.to_owned().try_into().map_err(|_| OperatorError::Demonstration)
}

fn username(name: &str) -> Result<Username, OperatorError> {
    name.parse().map_err(|_| OperatorError::Demonstration)
}
