//! A doctor with many appointments.

use std::error::Error;

use carehub_domain::{
    access::{Action, Actor},
    appointment::{Appointment, Brief, Kind},
    booking::{Books, When, Wish},
    care::Assignment,
    diary::Agenda,
    doctor::{Doctor, DoctorId},
    hospital::Hospital,
    patient::{Patient, Roster},
};
use carehub_store::{AppointmentFilter, Booked, Desk, Store, Window};
use carehub_testkit::Meter;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde_json::{Value, json};

use crate::{AT_ONCE, patients};

/// How many patients come to the doctor in turn.
const PATIENTS: u32 = 200;

/// How many come on one day: as many as a doctor can see.
const A_DAY: u32 = 50;

/// How far apart they come.
const APART: SignedDuration = SignedDuration::from_mins(15);

/// How many appointments one transaction enters.
const TOGETHER: usize = 20;

/// How many days a month of slots has.
const MONTH: i64 = 31;

/// Enters appointments that took place, day by day back from yesterday, with the doctor's diary.
/// Counts what it then takes to see a month of slots, to book one, and to list the latest.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Appointments {
    /// The doctor, who works there and sees patients tomorrow.
    #[arg(long)]
    doctor: DoctorId,
    /// How many. At most a million.
    #[arg(long, value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    to: u32,
}

/// What comes of an appointment, and the books that one transaction saves with it.
type Batch = (Vec<Appointment>, Books);

impl Appointments {
    pub(crate) async fn enter(
        self,
        store: &Store,
        actor: &Actor,
        meter: &Meter,
    ) -> Result<Value, Box<dyn Error>> {
        let doctor = store.doctors().find(self.doctor).await?.view(actor)?;
        let hospital = store.appointments().house_of(&doctor).await?;
        let patients = patients::enter(0..PATIENTS, store, actor).await?;
        let house = House { doctor, hospital, patients };

        let permit = actor.authorize(Action::ImportPatients, &Roster::of(actor))?;
        let days = (0..self.to.div_ceil(A_DAY)).flat_map(|back| {
            let count = A_DAY.min(self.to - back * A_DAY);
            house.day(today(actor).saturating_sub((i64::from(back) + 1).days()), count, actor)
        });
        stream::iter(days)
            .map(|batch| {
                let permit = permit.clone();
                async move {
                    let (appointments, books) = batch?;
                    let permit = permit.noting("count", appointments.len());
                    match store.appointments().import(&appointments, &books, &permit).await? {
                        true => Ok::<_, Box<dyn Error>>(()),
                        false => Err("the doctor has appointments already".into()),
                    }
                }
            })
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await?;
        Ok(json!({"calls": house.count(store, actor, meter).await?}))
    }
}

/// Who meets whom where.
struct House {
    doctor: Doctor,
    hospital: Option<Hospital>,
    patients: Vec<Patient>,
}

impl House {
    /// The appointments of a day that is over. The last batch brings the diary along.
    fn day(&self, date: Date, count: u32, actor: &Actor) -> Vec<Result<Batch, Box<dyn Error>>> {
        let mut diary = self.untouched();
        let came: Result<Vec<_>, _> =
            (0..count).map(|number| self.visit(date, number, actor)).collect();
        let came = match came {
            Ok(came) => came,
            Err(error) => return vec![Err(error)],
        };
        for it in &came {
            diary.doctor.enter(it.id, it.patient, it.span, Some(date), it.span.start());
        }
        let mut batches: Vec<_> =
            came.chunks(TOGETHER).map(|visits| Ok((visits.to_vec(), self.untouched()))).collect();
        if let Some(Ok((_, books))) = batches.last_mut() {
            *books = diary;
        }
        batches
    }

    fn visit(&self, date: Date, number: u32, actor: &Actor) -> Result<Appointment, Box<dyn Error>> {
        let morning = date.at(8, 0, 0, 0).to_zoned(TimeZone::UTC)?.timestamp();
        let at = morning + APART * i32::try_from(number)?;
        let then = Actor { at, ..actor.clone() };
        let turn = usize::try_from(u32::from(date.day().unsigned_abs()) * A_DAY + number)?;
        let patient = &self.patients[turn % self.patients.len()];
        let came = Appointment::walk_in(patient, &self.doctor, self.hospital.as_ref(), &then);
        Ok(came.complete(&then)?)
    }

    fn untouched(&self) -> Books {
        let agenda = Agenda::of(self.doctor.id.into(), [], []);
        Books::of_doctor(self.doctor.id, agenda, Vec::new(), Vec::new())
    }

    /// What it takes to see a month of slots, to book one of tomorrow, and to list the latest.
    async fn count(
        &self,
        store: &Store,
        actor: &Actor,
        meter: &Meter,
    ) -> Result<Value, Box<dyn Error>> {
        let (appointments, doctor) = (store.appointments(), self.doctor.id);
        let tomorrow = today(actor).saturating_add(1.day());
        let last = tomorrow.saturating_add((MONTH - 1).days());
        meter.take();
        let (_, books) = appointments.calendar_between(doctor, tomorrow, last).await?;
        let month = meter.take().calls;

        let free = books.open_slots(&self.doctor, tomorrow, None, None, actor.at);
        let start = free.first().ok_or("nothing is free tomorrow")?.span().start();
        self.book(start, tomorrow, store, actor).await?;
        let booking = meter.take().calls;

        let roster = Roster { keeper: Some(doctor.into()) };
        let (filter, window) = (AppointmentFilter::default(), Window::first(20));
        let page = appointments.on(roster, &filter, actor.at, window).await?;
        let list = meter.take().calls;
        if page.records.len() < 20 {
            return Err("the list is too short".into());
        }
        Ok(json!({"month of slots": month, "booking": booking, "page 1": list}))
    }

    async fn book(
        &self,
        start: Timestamp,
        date: Date,
        store: &Store,
        actor: &Actor,
    ) -> Result<(), Box<dyn Error>> {
        let (appointments, patient) = (store.appointments(), &self.patients[0]);
        let desk = appointments.desk(self.doctor.id, patient.id, &[date]).await?;
        let Desk { doctor, patient, mut books, .. } = desk;
        let (doctor, patient) = (doctor.view(actor)?, patient.view(actor)?);
        let hospital = appointments.house_of(&doctor).await?;
        let wish = Wish {
            kind: Kind::Slot,
            patient: &patient,
            doctor: &doctor,
            hospital: hospital.as_ref(),
            when: When::Instant(start),
            length: None,
            brief: Brief::default(),
            fee: None,
        };
        let appointment = books.book(wish, actor)?;
        let permit = actor.create(Action::CreateAppointment, &appointment)?;
        let care = Assignment::begin(&patient, &doctor, actor)?;
        let booked = Booked {
            appointment: &appointment,
            books: &books,
            patient: &patient,
            care: Some(&care),
        };
        match appointments.book(&booked, &permit).await? {
            true => Ok(()),
            false => Err("somebody else books".into()),
        }
    }
}

fn today(actor: &Actor) -> Date {
    actor.at.to_zoned(TimeZone::UTC).date()
}
