//! What people are told of appointments.

use carehub_domain::{
    access::{Action, UserId},
    account::Zone,
    appointment::{Appointment, Kind, Status},
    care::Assignment,
    notification::{Notification, NotificationKind, Planned, Priority, REVIEWABLE, words},
};
use carehub_store::StoreError;

use super::{Desk, LIST_AND_MAIL, Notices, Person};

impl Desk<'_> {
    async fn appointment(self) -> Result<Option<Appointment>, StoreError> {
        match self.id(None) {
            Some(id) => self.store.appointments().recorded(id).await,
            None => Ok(None),
        }
    }

    /// The same, unless it was called off since.
    async fn standing(self) -> Result<Option<Appointment>, StoreError> {
        let found = self.appointment().await?;
        Ok(found.filter(|appointment| appointment.status() != Status::Cancelled))
    }

    /// Whoever has to answer is told. Of a consultation, which stands at once, the patient, too.
    pub(super) async fn booked(self) -> Result<Notices, StoreError> {
        let Some(booked) = self.standing().await? else { return Ok(Notices::default()) };
        match booked.kind {
            Kind::Request => {
                let hospital = booked.hospital.map(|id| keeper(id.into(), &booked.zone));
                let kind = NotificationKind::AppointmentRequest;
                let ask = |person: Person| {
                    self.ahead(&booked, &person, kind, words::requested(&booked, &person.zone))
                        .by(LIST_AND_MAIL)
                };
                Ok(Notices::of(hospital.filter(|it| self.concerns(it)).map(ask)))
            }
            Kind::Slot => {
                let kind = NotificationKind::AppointmentRequest;
                let ask = |person: Person| {
                    self.ahead(&booked, &person, kind, words::requested(&booked, &person.zone))
                };
                Ok(Notices::of(self.doctor_of(&booked).await?.map(ask)))
            }
            Kind::Consultation => {
                let kind = NotificationKind::PatientAssigned;
                let assign = |person: Person| {
                    self.ahead(&booked, &person, kind, words::assigned(&booked, &person.zone))
                        .by(LIST_AND_MAIL)
                };
                let doctor = self.doctor_of(&booked).await?.map(assign);
                let Notices { now, later } = self.agreed(&booked).await?;
                Ok(Notices { now: now.into_iter().chain(doctor).collect(), later })
            }
            Kind::WalkIn => Ok(Notices::default()),
        }
    }

    /// The doctor is told of a patient whom somebody has put into their care, or back into it.
    pub(super) async fn entrusted(self) -> Result<Notices, StoreError> {
        let is_new = self.event.action == Action::CreateAssignment;
        let begins = is_new || self.event.changed.iter().any(|field| field == "status");
        let care = match self.id(None).filter(|_| begins) {
            Some(id) => self.store.care().recorded(id).await?,
            None => None,
        };
        let Some(care) = care.filter(Assignment::is_active) else {
            return Ok(Notices::default());
        };
        let kind = NotificationKind::PatientAssigned;
        let assign = |person: Person| {
            Notification::of(self.event, person.id, kind, &person.zone, words::entrusted())
                .by(LIST_AND_MAIL)
                .noting("patient", care.patient)
        };
        let doctor = self.doctor(care.doctor).await?.filter(|doctor| self.concerns(doctor));
        Ok(Notices::of(doctor.map(assign)))
    }

    /// The patient is told, and the doctor if a hospital said who that is.
    pub(super) async fn confirmed(self) -> Result<Notices, StoreError> {
        let Some(agreed) = self.standing().await? else { return Ok(Notices::default()) };
        let Notices { now, later } = self.agreed(&agreed).await?;
        let kind = NotificationKind::AppointmentConfirmed;
        let assigned = self.event.action == Action::AssignDoctor;
        let doctor = self.doctor_of(&agreed).await?.filter(|_| assigned);
        let assign = |person: Person| {
            self.ahead(&agreed, &person, kind, words::assigned(&agreed, &person.zone))
        };
        Ok(Notices { now: now.into_iter().chain(doctor.map(assign)).collect(), later })
    }

    /// Tells a patient that an appointment stands, and plans to remind them of it.
    async fn agreed(self, agreed: &Appointment) -> Result<Notices, StoreError> {
        let Some(patient) = self.patient(agreed.patient, &agreed.zone).await? else {
            return Ok(Notices::default());
        };
        let kind = NotificationKind::AppointmentConfirmed;
        let told = self
            .concerns(&patient)
            .then(|| self.ahead(agreed, &patient, kind, words::confirmed(agreed, &patient.zone)));
        Ok(Notices::of(told).and_later(self.reminders(agreed, &patient).await?))
    }

    /// The others who meet are told, and the patient will be reminded anew.
    pub(super) async fn rescheduled(self) -> Result<Notices, StoreError> {
        let Some(moved) = self.standing().await? else { return Ok(Notices::default()) };
        let parties = self.parties(&moved).await?;
        let kind = NotificationKind::AppointmentRescheduled;
        let told = parties.iter().filter(|(party, _)| self.concerns(party));
        let told = told.map(|(party, is_patient)| {
            self.ahead(&moved, party, kind, words::rescheduled(&moved, *is_patient, &party.zone))
        });
        let told = Notices::of(told);
        let later = match parties.iter().find(|(_, is_patient)| *is_patient) {
            Some((patient, _)) => self.reminders(&moved, patient).await?,
            None => Vec::new(),
        };
        Ok(told.and_later(later))
    }

    /// The others are told. Reminders that were planned fall away when they are due.
    pub(super) async fn cancelled(self) -> Result<Notices, StoreError> {
        let Some(off) = self.appointment().await? else { return Ok(Notices::default()) };
        let parties = self.parties(&off).await?;
        let kind = NotificationKind::AppointmentCancelled;
        let told = parties.iter().filter(|(party, _)| self.concerns(party));
        Ok(Notices::of(told.map(|(party, is_patient)| {
            self.about(&off, party, kind, words::cancelled(&off, *is_patient, &party.zone))
                .pressing(Priority::High)
        })))
    }

    /// The patient may review the doctor, and is asked once more if they do not.
    pub(super) async fn completed(self) -> Result<Notices, StoreError> {
        let Some(over) = self.appointment().await? else { return Ok(Notices::default()) };
        let patient = self.patient(over.patient, &over.zone).await?;
        // Only whoever has an account can write a review.
        let (Some(visit), Some(patient)) = (over.visit(), patient.filter(|it| it.has_account))
        else {
            return Ok(Notices::default());
        };
        let (kind, words) = (NotificationKind::ReviewRequest, words::visited(&over));
        let again = Planned::second_request(&visit, patient.id, &patient.zone, words.clone());
        let told = self.about(&over, &patient, kind, words).until(visit.completed_at + REVIEWABLE);
        Ok(Notices::of([told]).and_later(vec![again]))
    }

    /// A patient who waits is told what became free. What was taken or has lapsed meanwhile is not
    /// told.
    pub(super) async fn offered(self) -> Result<Notices, StoreError> {
        let (Some(waiting), Some(doctor), Some(date)) =
            (self.event.patient, self.id(None), self.id(Some("date")))
        else {
            return Ok(Notices::default());
        };
        let hub = self.hub();
        let Ok(doctor) = self.store.doctors().find(doctor).await?.view(&hub) else {
            return Ok(Notices::default());
        };
        let list = self.store.waitlists().of_day(&doctor, date).await?.view(&hub).ok();
        let offer = list.as_ref().and_then(|list| list.place(waiting)?.1.offer);
        let patient = self.patient(waiting, &doctor.practice.zone).await?;
        let (Some(offer), Some(patient)) = (offer, patient) else {
            return Ok(Notices::default());
        };
        let kind = NotificationKind::SlotOffered;
        let words = words::offered(&doctor.name.full(), offer, &doctor.practice.zone);
        let told = Notification::of(self.event, patient.id, kind, &patient.zone, words)
            .pressing(Priority::High)
            .until(offer.until)
            .noting("doctor", doctor.id)
            .noting("date", date)
            .noting("starts_at", offer.span.start());
        Ok(Notices::of([told]))
    }

    /// A patient who wants to be reminded at other times is, also of what was agreed before.
    pub(super) async fn preferred(self) -> Result<Notices, StoreError> {
        let Some(user) = self.id::<UserId>(None) else { return Ok(Notices::default()) };
        let ahead = self.store.appointments().ahead_of(user, self.event.at).await?;
        let mut later = Vec::new();
        for appointment in ahead.iter().filter(|it| UserId::from(it.patient) == user) {
            if let Some(patient) = self.patient(appointment.patient, &appointment.zone).await? {
                later.extend(self.reminders(appointment, &patient).await?);
            }
        }
        Ok(Notices::default().and_later(later))
    }

    async fn reminders(
        self,
        appointment: &Appointment,
        patient: &Person,
    ) -> Result<Vec<Planned>, StoreError> {
        let hours = self.store.notifications().wishes(patient.id).await?.reminder_hours;
        let (to, zone) = (patient.id, &patient.zone);
        Ok(Planned::reminders(appointment, to, &hours, zone, self.event.at))
    }

    /// Those who meet, and whoever arranged it for the patient; of a request that nobody has taken
    /// on, the hospital. Says who of them is the patient.
    async fn parties(self, appointment: &Appointment) -> Result<Vec<(Person, bool)>, StoreError> {
        let Appointment { zone, keeper: booker, hospital, .. } = appointment;
        let patient = self.patient(appointment.patient, zone).await?;
        let doctor = match appointment.doctor {
            Some(doctor) => self.doctor(doctor).await?,
            None => hospital.map(|hospital| keeper(hospital.into(), zone)),
        };
        let patient = patient.map(|patient| (patient, true));
        let others = doctor.into_iter().chain(booker.map(|booker| keeper(booker, zone)));
        Ok(patient.into_iter().chain(others.map(|other| (other, false))).collect())
    }

    /// The doctor, if it is somebody else's deed.
    async fn doctor_of(self, appointment: &Appointment) -> Result<Option<Person>, StoreError> {
        let doctor = match appointment.doctor {
            Some(doctor) => self.doctor(doctor).await?,
            None => None,
        };
        Ok(doctor.filter(|doctor| self.concerns(doctor)))
    }

    /// What is true as long as the appointment stands and lies ahead.
    fn ahead(
        self,
        appointment: &Appointment,
        person: &Person,
        kind: NotificationKind,
        words: words::Words,
    ) -> Notification {
        Notification::of(self.event, person.id, kind, &person.zone, words).ahead_of(appointment)
    }

    fn about(
        self,
        appointment: &Appointment,
        person: &Person,
        kind: NotificationKind,
        words: words::Words,
    ) -> Notification {
        Notification::of(self.event, person.id, kind, &person.zone, words).about(appointment.id)
    }
}

/// Somebody of whom no more is known than where those who meet are.
fn keeper(id: UserId, zone: &Zone) -> Person {
    Person { id, zone: zone.clone(), has_account: true }
}
