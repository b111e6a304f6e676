//! Booking: everything that a decision about a doctor's time looks at, and the decision.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::{
    Class, Failure,
    access::{Actor, PatientId, Role, Subject},
    appointment::{Appointment, AppointmentError, Brief, Kind, StepError, Way, within_horizon},
    diary::{Agenda, Span, civil_day, days_around},
    doctor::{AppointmentLength, Doctor, DoctorId, Fee},
    hold::Hold,
    hospital::Hospital,
    hours::Minute,
    patient::Patient,
    schedule::{self, DayOff, Sitting, Slot, sittings},
    text::Text,
    waitlist::{GRACE, OFFERED, Waitlist, WaitlistError},
};

/// When somebody wants to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At this time of the doctor's day. If clocks show it twice, at whichever is free.
    Civil(Date, Minute),
    /// At this instant.
    Instant(Timestamp),
}

impl When {
    /// The civil days of a doctor that it may lie on, whatever the doctor's zone.
    pub fn dates(self) -> Vec<Date> {
        match self {
            Self::Civil(date, _) => vec![date],
            Self::Instant(at) => days_around(civil_day(at, &TimeZone::UTC)).collect(),
        }
    }

    fn date(self, doctor: &Doctor) -> Date {
        match self {
            Self::Civil(date, _) => date,
            Self::Instant(at) => civil_day(at, &zone_of(doctor)),
        }
    }

    fn is(self, slot: &Slot) -> bool {
        match self {
            Self::Civil(date, minute) => {
                let start = slot.start.datetime();
                let minutes = i32::from(start.hour()) * 60 + i32::from(start.minute());
                start.date() == date && minutes == i32::from(minute.minutes())
            }
            Self::Instant(at) => slot.span().start() == Span::of(at, 0).start(),
        }
    }

    /// The instant, for a time that nobody offers.
    fn instant(self, doctor: &Doctor) -> Option<Timestamp> {
        match self {
            Self::Instant(at) => Some(at),
            Self::Civil(date, minute) => {
                let zoned = schedule::at(date, minute).to_zoned(zone_of(doctor)).ok()?;
                Some(zoned.timestamp())
            }
        }
    }
}

fn zone_of(doctor: &Doctor) -> TimeZone {
    TimeZone::get(doctor.practice.zone.as_str()).unwrap_or(TimeZone::UTC)
}

/// What a patient wishes for.
#[derive(Clone, Debug)]
pub struct Wish<'a> {
    /// How it is booked.
    pub kind: Kind,
    /// Who comes.
    pub patient: &'a Patient,
    /// To whom.
    pub doctor: &'a Doctor,
    /// The hospital the doctor works at.
    pub hospital: Option<&'a Hospital>,
    /// When.
    pub when: When,
    /// For how long, if not as usual.
    pub length: Option<AppointmentLength>,
    /// What it is about.
    pub brief: Brief,
    /// What it costs, if not as usual. Only doctors and those who run the place say so.
    pub fee: Option<Fee>,
}

/// The diaries, days off and waitlists around the time that a decision is about, as they were
/// read. A decision changes them; if they can be saved so, it holds.
#[derive(Clone, Debug)]
pub struct Books {
    /// The doctor's diaries.
    pub doctor: Agenda,
    /// The patient's diaries.
    pub patient: Agenda,
    /// The doctor's days that differ from the week.
    pub days_off: Vec<DayOff>,
    waitlists: BTreeMap<Date, (Option<Waitlist>, Waitlist)>,
    offered: Vec<PatientId>,
}

impl Books {
    /// The books as they were read.
    pub fn read(
        doctor: Agenda,
        patient: Agenda,
        days_off: Vec<DayOff>,
        waitlists: Vec<Waitlist>,
    ) -> Self {
        let page = |list: Waitlist| (list.date, (Some(list.clone()), list));
        let waitlists = waitlists.into_iter().map(page).collect();
        Self { doctor, patient, days_off, waitlists, offered: Vec::new() }
    }

    /// The same without the diaries of any patient: enough to see what is free, to keep it and to
    /// wait for it, but not to book it.
    pub fn of_doctor(
        doctor: DoctorId,
        agenda: Agenda,
        days_off: Vec<DayOff>,
        waitlists: Vec<Waitlist>,
    ) -> Self {
        Self::read(agenda, Agenda::of(doctor.into(), [], []), days_off, waitlists)
    }

    /// The waitlist of a day, if there is one.
    pub fn waitlist_on(&self, date: Date) -> Option<&Waitlist> {
        self.waitlists.get(&date).map(|(_, now)| now)
    }

    /// The waitlists that have changed: as they were, if they were there, and as they are now.
    pub fn changed_waitlists(&self) -> impl Iterator<Item = (Option<&Waitlist>, &Waitlist)> {
        let changed = |(read, now): &&(Option<Waitlist>, Waitlist)| read.as_ref() != Some(now);
        self.waitlists.values().filter(changed).map(|(read, now)| (read.as_ref(), now))
    }

    /// Who is offered a time by this decision, of those who wait.
    pub fn offered(&self) -> &[PatientId] {
        &self.offered
    }

    /// The slots of a day that `patient`, or anybody, may still take.
    pub fn open_slots(
        &self,
        doctor: &Doctor,
        date: Date,
        length: Option<AppointmentLength>,
        patient: Option<PatientId>,
        now: Timestamp,
    ) -> Vec<Slot> {
        let practice = &doctor.practice;
        let length = length.unwrap_or(practice.appointment_duration);
        let differing = self.days_off.iter().find(|day| day.date == date);
        schedule::open_slots(practice, differing, date, length, &self.doctor, patient, now)
    }

    /// Books what is wished for, or says why it cannot be.
    pub fn book(&mut self, wish: Wish<'_>, by: &Actor) -> Result<Appointment, AppointmentError> {
        let Wish { kind, patient, doctor, hospital, when, length, mut brief, fee } = wish;
        let online = doctor.practice.is_online;
        if kind == Kind::Consultation {
            let usual = if online { Way::Video } else { Way::InPerson };
            brief.way = brief.way.or(Some(usual));
        }
        if matches!(brief.way, Some(Way::Video | Way::Phone)) && !online {
            return Err(AppointmentError::NotOnline);
        }
        let slot = self.slot(doctor, when, length, patient.id, by)?;
        if !self.patient.is_free(slot.span(), None, by.at) {
            return Err(AppointmentError::PatientBusy);
        }
        let mut taken = Appointment::take(kind, patient, doctor, hospital, &slot, brief, by);
        let sets_fee = !matches!(by.role(), Some(Role::Patient | Role::Coordinator));
        taken.fee = fee.filter(|_| sets_fee).or(taken.fee);
        self.enter(&taken, doctor, by.at);
        Ok(taken)
    }

    /// Keeps a slot for a patient. What the patient is offered is theirs at least that long.
    pub fn hold(
        &mut self,
        doctor: &Doctor,
        patient: &Patient,
        when: When,
        by: &Actor,
    ) -> Result<Hold, AppointmentError> {
        let slot = self.slot(doctor, when, None, patient.id, by)?;
        let (hold, span) = (Hold::of(doctor, &slot, by.at), occupied(slot.span(), doctor));
        let date = slot.start.date();
        let list = self.waitlists.get_mut(&date).map(|(_, list)| list);
        let offered = list.and_then(|list| list.extend(patient.id, slot.span(), hold.until));
        let until = offered.map_or(hold.until, |until| until + GRACE);
        self.doctor.hold(patient.id, span, date, until, by.at);
        Ok(hold)
    }

    /// Gives back a slot that was kept for a patient, unless it is offered to them as well. It is
    /// offered to those who wait.
    pub fn give_up(&mut self, doctor: &Doctor, patient: PatientId, hold: &Hold, now: Timestamp) {
        let date = civil_day(hold.span.start(), &zone_of(doctor));
        let offer = self.waitlist_on(date).and_then(|list| list.offered(patient, hold.span));
        if offer.is_none() {
            self.pass_on(doctor, patient, hold.span, now);
        }
    }

    /// Gives a department's request to a doctor of the hospital, at the time that was wished for
    /// or at another. The hospital may choose a time outside the doctor's hours.
    pub fn assign(
        &mut self,
        request: Appointment,
        doctor: &Doctor,
        at: Option<Timestamp>,
        by: &Actor,
    ) -> Result<Appointment, BookingError> {
        if !request.is_assignable() {
            let Appointment { kind, .. } = request;
            return Err(StepError::NotAssignable { kind, is: request.status() }.into());
        }
        if doctor.hospital != request.hospital || !doctor.is_active {
            return Err(AppointmentError::DoctorElsewhere.into());
        }
        if doctor.practice.department.is_some_and(|it| request.department != Some(it)) {
            return Err(AppointmentError::DoctorOfAnotherDepartment.into());
        }
        let start = at.unwrap_or(request.span.start());
        let span = Span::of(start, doctor.practice.appointment_duration.get());
        self.demand_free(doctor, span, by.at)?;
        let assigned = request.assign(doctor, span, by)?;
        self.enter(&assigned, doctor, by.at);
        Ok(assigned)
    }

    /// Moves an appointment to another time. Hospitals and admins give a department's request
    /// any time that is free; all others take one that the doctor offers. The time that becomes
    /// free is offered to those who wait.
    pub fn reschedule(
        &mut self,
        appointment: Appointment,
        doctor: &Doctor,
        when: When,
        reason: Option<Text<500>>,
        by: &Actor,
    ) -> Result<Appointment, BookingError> {
        appointment.demand_movable(by)?;
        let mut after = self.clone();
        after.strike(&appointment);
        let gives = matches!(by.role(), Some(Role::Hospital | Role::Admin | Role::Superadmin));
        let minutes = appointment.span.minutes();
        let span = if appointment.kind == Kind::Request && gives {
            let start = when.instant(doctor).ok_or(AppointmentError::NotOffered)?;
            let span = Span::of(start, minutes);
            after.demand_free(doctor, span, by.at)?;
            span
        } else {
            let length = AppointmentLength::try_from(minutes).ok();
            let slot = after.slot(doctor, when, length, appointment.patient, by)?;
            if !after.patient.is_free(slot.span(), None, by.at) {
                return Err(AppointmentError::PatientBusy.into());
            }
            slot.span()
        };
        let freed = appointment.span;
        let moved = appointment.reschedule(doctor, span, reason, by)?;
        after.enter(&moved, doctor, by.at);
        after.offer(doctor, freed, by.at);
        *self = after;
        Ok(moved)
    }

    /// Gives back the time of an appointment that was called off. It is offered to those who wait.
    pub fn release(&mut self, appointment: &Appointment, doctor: &Doctor, now: Timestamp) {
        self.strike(appointment);
        self.offer(doctor, appointment.span, now);
    }

    /// Takes a patient onto the waitlist of a day on which nothing is free.
    pub fn wait(
        &mut self,
        doctor: &Doctor,
        patient: &Patient,
        date: Date,
        by: &Actor,
    ) -> Result<(), BookingError> {
        demand_bookable(doctor, by)?;
        if date < civil_day(by.at, &zone_of(doctor)) {
            return Err(AppointmentError::Past.into());
        }
        if date > civil_day(by.at + schedule::HORIZON, &zone_of(doctor)) {
            return Err(AppointmentError::TooFarAhead.into());
        }
        if !self.open_slots(doctor, date, None, Some(patient.id), by.at).is_empty() {
            return Err(WaitlistError::NotNeeded.into());
        }
        Ok(self.waitlist(doctor, date).join(patient.id, by.at)?)
    }

    /// Takes a patient off a waitlist, if they are on it. What they were offered goes to the next.
    pub fn leave(&mut self, doctor: &Doctor, patient: PatientId, date: Date, now: Timestamp) {
        let left = self.waitlists.get_mut(&date).and_then(|(_, list)| list.leave(patient));
        if let Some(offer) = left.and_then(|waiting| waiting.offer) {
            self.pass_on(doctor, patient, offer.span, now);
        }
    }

    /// Passes on what was offered and not taken in time.
    pub fn lapse(&mut self, doctor: &Doctor, date: Date, now: Timestamp) {
        for (patient, span) in self.waitlist(doctor, date).lapse(now) {
            self.pass_on(doctor, patient, span, now);
        }
    }

    fn pass_on(&mut self, doctor: &Doctor, from: PatientId, span: Span, now: Timestamp) {
        self.doctor.let_go(from, span);
        self.offer(doctor, span, now);
    }

    /// Offers a time that has become free to the first one who waits for that day, if the doctor
    /// still sees patients then.
    fn offer(&mut self, doctor: &Doctor, span: Span, now: Timestamp) {
        if !doctor.is_available() {
            return;
        }
        let date = civil_day(span.start(), &zone_of(doctor));
        let length = AppointmentLength::try_from(span.minutes()).ok();
        let open = self.open_slots(doctor, date, length, None, now);
        let Some((_, list)) = self.waitlists.get_mut(&date) else { return };
        if !open.iter().any(|slot| slot.span() == span) {
            return;
        }
        if let Some(patient) = list.offer(span, now) {
            let until = now + OFFERED + GRACE;
            self.doctor.hold(patient, occupied(span, doctor), date, until, now);
            self.offered.push(patient);
        }
    }

    fn waitlist(&mut self, doctor: &Doctor, date: Date) -> &mut Waitlist {
        let open = || (None, Waitlist::open(doctor, date));
        &mut self.waitlists.entry(date).or_insert_with(open).1
    }

    /// Finds the slot that is meant, or says why the patient cannot have it.
    fn slot(
        &self,
        doctor: &Doctor,
        when: When,
        length: Option<AppointmentLength>,
        patient: PatientId,
        by: &Actor,
    ) -> Result<Slot, AppointmentError> {
        demand_bookable(doctor, by)?;
        let (date, now) = (when.date(doctor), by.at);
        let open = self.open_slots(doctor, date, length, Some(patient), now);
        if let Some(slot) = open.into_iter().find(|slot| when.is(slot)) {
            return Ok(slot);
        }
        let start = when.instant(doctor).ok_or(AppointmentError::NotOffered)?;
        within_horizon(start, now)?;
        let differing = self.days_off.iter().find(|day| day.date == date);
        let practice = &doctor.practice;
        let length = length.unwrap_or(practice.appointment_duration);
        let offered = sittings(practice, differing, date, length);
        let slot = offered.iter().flat_map(Sitting::slots).find(|slot| when.is(slot));
        let span = slot.ok_or(AppointmentError::NotOffered)?.span();
        let free = self.doctor.is_free(occupied(span, doctor), Some(patient), now);
        Err(if free { AppointmentError::DayFull } else { AppointmentError::Taken })
    }

    fn demand_free(
        &self,
        doctor: &Doctor,
        span: Span,
        now: Timestamp,
    ) -> Result<(), AppointmentError> {
        within_horizon(span.start(), now)?;
        if !self.doctor.is_free(occupied(span, doctor), None, now) {
            return Err(AppointmentError::Taken);
        }
        let date = civil_day(span.start(), &zone_of(doctor));
        let day = self.doctor.counted_on(date, span, None, now);
        if day.count() >= doctor.practice.max_patients_per_day.into() {
            return Err(AppointmentError::DayFull);
        }
        if !self.patient.is_free(span, None, now) {
            return Err(AppointmentError::PatientBusy);
        }
        Ok(())
    }

    fn enter(&mut self, appointment: &Appointment, doctor: &Doctor, now: Timestamp) {
        let Appointment { id, patient, span, .. } = *appointment;
        let date = appointment.date();
        self.doctor.enter(id, patient, occupied(span, doctor), Some(date), now);
        self.patient.enter(id, patient, span, None, now);
        self.leave(doctor, patient, date, now);
    }

    fn strike(&mut self, appointment: &Appointment) {
        self.doctor.strike(appointment.id);
        self.patient.strike(appointment.id);
    }
}

/// The time that the doctor needs, with the rest that follows.
fn occupied(span: Span, doctor: &Doctor) -> Span {
    span.and(doctor.practice.buffer.get())
}

/// Patients come only to doctors who take new ones; others may book with whoever is verified.
fn demand_bookable(doctor: &Doctor, by: &Actor) -> Result<(), AppointmentError> {
    let invited = !matches!(by.role(), Some(Role::Patient | Role::Coordinator));
    let open = if invited { doctor.is_published() } else { doctor.is_available() };
    if open { Ok(()) } else { Err(AppointmentError::DoctorUnavailable) }
}

/// Why an appointment is not made or moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BookingError {
    /// The time cannot be had.
    #[error(transparent)]
    Time(#[from] AppointmentError),
    /// The appointment is not where it would have to be.
    #[error(transparent)]
    Step(#[from] StepError),
    /// There is no waiting for it.
    #[error(transparent)]
    Waitlist(#[from] WaitlistError),
}

impl Failure for BookingError {
    fn class(&self) -> Class {
        match self {
            Self::Time(error) => error.class(),
            Self::Step(error) => error.class(),
            Self::Waitlist(error) => error.class(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Time(error) => error.code(),
            Self::Step(error) => error.code(),
            Self::Waitlist(error) => error.code(),
        }
    }
}

#[cfg(test)]
mod tests;
