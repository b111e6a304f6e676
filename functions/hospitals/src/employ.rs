//! `POST /api/hospitals/doctors/create`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    created::Created,
    doctor::DoctorView,
    error::Problem,
    extract::{Body, Json},
    form,
    passwords::Passwords,
};
use carehub_domain::{
    access::{Action, Actor, Role},
    account::{Account, PersonName, Username},
    contact::{EmailAddress, Phone},
    department::DepartmentId,
    doctor::{AppointmentLength, Buffer, DailyMaximum, Doctor, DoctorError, NationalId, Practice},
    hospital::{Hospital, HospitalError, HospitalId},
    hours::WeeklyHours,
    password::{NewPassword, PasswordHash},
    schedule::Week,
    text::Text,
};
use carehub_store::{Opening, Store, WriteError};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::departments::named;

/// How many doctors of one name at one hospital get a number before something is wrong.
const NAMESAKES: u32 = 100;

form! {
    /// A doctor to add to a hospital.
    pub(crate) struct NewDoctor {
        /// The given name.
        first_name: Text<150>,
        /// The family name.
        last_name: Text<150>,
        /// Where the doctor reads mail.
        email: EmailAddress,
        /// How to call the doctor, with country code.
        phone_number: Phone = "phone",
        /// The number of the identity card.
        cnic: Option<NationalId>,
        /// The doctor's own address.
        address: Option<Text<500>>,
        /// The licence to practise. No two doctors of a hospital share one.
        license_number: Option<Text<100>>,
        /// The field of medicine.
        specialization: Text<100> = "specialty",
        /// A department of the hospital.
        department: Option<DepartmentId> = "department_id",
        /// When the doctor sees patients.
        available_timings: Option<WeeklyHours> = "available_days",
        /// How long one appointment is, in minutes: 15 to 120, 30 if nothing is said.
        appointment_duration: Option<AppointmentLength>,
        /// How long the doctor rests between two appointments, in minutes: 0 to 60, 0 if nothing is
        /// said.
        buffer_minutes: Option<Buffer>,
        /// How many patients a day: 1 to 50, 20 if nothing is said.
        max_patients_per_day: Option<DailyMaximum>,
        /// For admins: the hospital.
        hospital: Option<HospitalId> = "hospital_id",
    }
}

/// A doctor who was added.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EmployedView {
    /// What was done.
    pub message: String,
    /// The doctor.
    pub doctor: DoctorView,
    /// How the doctor signs in the first time.
    pub credentials: CredentialsView,
}

/// How a doctor signs in the first time.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CredentialsView {
    /// The name to sign in with.
    pub username: Username,
    /// The password, which is shown here and never again.
    pub password: String,
    /// What to do with it.
    pub note: String,
}

/// Add a doctor to a hospital.
#[utoipa::path(post, path = "/api/hospitals/doctors/create", tag = "hospitals", request_body = NewDoctor, responses(
    (status = 201, description = "The doctor is added and can sign in with the password, which is shown once and must be changed first.", body = EmployedView),
    (status = 400, description = "Some fields are not right, or the department is not one of the hospital's.", body = Problem),
    (status = 403, description = "Only hospitals that have joined may do this.", body = Problem),
    (status = 409, description = "The hospital has a doctor with this licence.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
    State(passwords): State<Passwords>,
    Body(new): Body<NewDoctor>,
) -> Result<Created<Json<EmployedView>>> {
    let id = named(new.hospital, &actor, "hospital")?;
    let hospital = store.hospitals().find(id).await?.view(&actor)?;
    hospital.is_approved().then_some(()).ok_or(HospitalError::NotApproved)?;
    let password = NewPassword::generate();
    let (doctor, username) = employ(&store, &passwords, new, &hospital, &password, &actor).await?;
    let location = format!("/api/hospitals/doctors/{}", doctor.id);
    let credentials = CredentialsView {
        username,
        password: password.reveal().expose_secret().to_owned(),
        note: "Please save these credentials. The password is not shown again and has to be changed at the first login.".to_owned(),
    };
    let message = "Doctor created successfully".to_owned();
    let doctor = DoctorView::of(doctor, Some(&hospital), &actor);
    Ok(Created::at(location, Json(EmployedView { message, doctor, credentials })))
}

/// Adds the doctor under the first user name that is free.
async fn employ(
    store: &Store,
    passwords: &Passwords,
    new: NewDoctor,
    hospital: &Hospital,
    password: &NewPassword,
    actor: &Actor,
) -> Result<(Doctor, Username)> {
    let (mut account, practice) = new.read(hospital, actor.at);
    let mut permit =
        actor.create(Action::CreateDoctor, &Doctor::enter(&account, practice.clone()))?;
    permit = permit.noting("hospital", hospital.id);
    let handing_out = actor.create(Action::ReturnPassword, &account)?;
    let digest: PasswordHash = passwords.digest(password).await?;
    let mut taken = 0;
    loop {
        account.username = Username::of_doctor(&account.name, hospital.name.reveal(), taken);
        let doctor = Doctor::enter(&account, practice.clone()).vouched_for(actor);
        let opening = Opening { password: Some(&digest), ..Opening::of(&account) };
        match store.doctors().employ(&doctor, opening, &permit, &handing_out).await {
            Ok(()) => return Ok((doctor, account.username)),
            Err(WriteError::Condition(DoctorError::UsernameTaken)) if taken < NAMESAKES => {
                taken += 1;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

impl NewDoctor {
    fn read(self, hospital: &Hospital, now: Timestamp) -> (Account, Practice) {
        let name = PersonName { first: self.first_name, last: Some(self.last_name) };
        let username = Username::of_doctor(&name, hospital.name.reveal(), 0);
        let mut account =
            Account::open(username, Role::Doctor, name, now).with_generated_password();
        account.email = Some(self.email);
        account.phone = Some(self.phone_number);
        account.hospital = Some(hospital.id);
        let practice = Practice {
            specialization: Some(self.specialization),
            license_number: self.license_number,
            department: self.department,
            address: self.address,
            cnic: self.cnic,
            week: Week::of(self.available_timings.unwrap_or_default(), now),
            appointment_duration: self.appointment_duration.unwrap_or_default(),
            buffer: self.buffer_minutes.unwrap_or_default(),
            max_patients_per_day: self.max_patients_per_day.unwrap_or_default(),
            ..Practice::default()
        };
        (account, practice)
    }
}
