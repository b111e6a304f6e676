//! Whatever people do, nobody is booked twice and nothing is offered that cannot be had.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, ToSpan, civil::Date, tz};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    Id,
    access::UserId,
    appointment::{AppointmentId, Status},
    diary::Diary,
    doctor::{DoctorId, Practice, Verified},
    hours::{Day, Window},
    schedule::{Break, Shift, Week},
};

/// A hub of two doctors and three patients, with the diaries as they would be stored.
struct World {
    now: Timestamp,
    doctors: Vec<Doctor>,
    days_off: Vec<DayOff>,
    patients: Vec<Patient>,
    diaries: BTreeMap<(UserId, Date), Diary>,
    waitlists: BTreeMap<(DoctorId, Date), Waitlist>,
    appointments: BTreeMap<AppointmentId, Appointment>,
    moved: BTreeSet<DoctorId>,
}

#[derive(Clone, Copy, Debug)]
enum Deed {
    /// Takes one of the slots that are offered.
    Book {
        doctor: usize,
        patient: usize,
        day: i64,
        slot: usize,
        long: bool,
    },
    /// Asks for any time.
    Try {
        doctor: usize,
        patient: usize,
        minutes: i64,
    },
    Hold {
        doctor: usize,
        patient: usize,
        day: i64,
        slot: usize,
    },
    Wait {
        doctor: usize,
        patient: usize,
        day: i64,
    },
    Cancel {
        which: usize,
    },
    Reschedule {
        which: usize,
        day: i64,
        slot: usize,
    },
    Miss {
        which: usize,
    },
    Pass {
        minutes: i64,
    },
    Lapse {
        doctor: usize,
        day: i64,
    },
    Move {
        doctor: usize,
        zone: usize,
    },
}

impl World {
    fn actor(&self) -> Actor {
        Actor::operator(self.now)
    }

    fn today(&self, doctor: usize) -> Date {
        civil_day(self.now, &zone_of(&self.doctors[doctor]))
    }

    fn books(&self, doctor: &Doctor, patient: PatientId, dates: &[Date]) -> Books {
        let agenda = |person: UserId| {
            let days: Vec<_> = dates.iter().copied().flat_map(days_around).collect();
            let found = days.iter().filter_map(|&day| self.diaries.get(&(person, day)).cloned());
            Agenda::of(person, days.iter().copied(), found.collect::<Vec<_>>())
        };
        let lists = dates.iter().filter_map(|&date| self.waitlists.get(&(doctor.id, date)));
        let days_off = self.days_off.iter().filter(|day| day.doctor == doctor.id);
        let days_off = days_off.filter(|day| dates.contains(&day.date)).cloned();
        let lists = lists.cloned().collect();
        Books::read(agenda(doctor.id.into()), agenda(patient.into()), days_off.collect(), lists)
    }

    fn save(&mut self, books: &Books) {
        for (read, now) in books.doctor.changes().chain(books.patient.changes()) {
            let place = (now.person, now.day);
            assert_eq!(self.diaries.get(&place), read, "what is saved was read");
            self.diaries.insert(place, now.clone());
        }
        for (read, now) in books.changed_waitlists() {
            let place = (now.doctor, now.date);
            assert_eq!(self.waitlists.get(&place), read);
            self.waitlists.insert(place, now.clone());
        }
    }

    fn live(&self) -> impl Iterator<Item = &Appointment> {
        self.appointments.values().filter(|appointment| {
            !matches!(appointment.status(), Status::Cancelled | Status::NoShow)
        })
    }

    fn nth_live(&self, which: usize) -> Option<Appointment> {
        let live: Vec<_> = self.live().collect();
        (!live.is_empty()).then(|| live[which % live.len()].clone())
    }

    fn doctor_of(&self, appointment: &Appointment) -> Doctor {
        let doctor = |doctor: &&Doctor| appointment.doctor == Some(doctor.id);
        self.doctors.iter().find(doctor).cloned().unwrap()
    }

    fn wish<'a>(doctor: &'a Doctor, patient: &'a Patient, when: When) -> Wish<'a> {
        Wish {
            kind: Kind::Slot,
            patient,
            doctor,
            hospital: None,
            when,
            length: None,
            brief: Brief::default(),
            fee: None,
        }
    }

    fn book(&mut self, doctor: usize, patient: usize, when: When, length: Option<u16>) -> bool {
        let (doctor, patient) = (self.doctors[doctor].clone(), self.patients[patient].clone());
        let mut books = self.books(&doctor, patient.id, &when.dates());
        let date = when.date(&doctor);
        let length = length.and_then(|minutes| minutes.try_into().ok());
        let offered = books.open_slots(&doctor, date, length, Some(patient.id), self.now);
        let wish = Wish { length, ..Self::wish(&doctor, &patient, when) };
        let slots_before: Vec<_> = offered.iter().map(Slot::span).collect();
        let busy = |span| !books.patient.is_free(span, None, self.now);
        let meant = offered.iter().find(|slot| when.is(slot)).map(Slot::span);
        let busy = meant.map(busy);
        match books.book(wish, &self.actor()) {
            Ok(appointment) => {
                assert!(slots_before.contains(&appointment.span), "what is booked was offered");
                self.save(&books);
                self.appointments.insert(appointment.id, appointment);
                true
            }
            Err(AppointmentError::PatientBusy) => {
                assert_eq!(busy, Some(true));
                false
            }
            Err(error) => {
                assert_eq!(meant, None, "what is offered can be booked, but: {error}");
                false
            }
        }
    }

    fn slot(&self, doctor: usize, patient: usize, day: i64, slot: usize) -> Option<When> {
        let date = self.today(doctor).saturating_add(day.days());
        let (doctor, patient) = (&self.doctors[doctor], self.patients[patient].id);
        let books = self.books(doctor, patient, &[date]);
        let open = books.open_slots(doctor, date, None, Some(patient), self.now);
        let slot = (!open.is_empty()).then(|| &open[slot % open.len()])?;
        Some(When::Instant(slot.start.timestamp()))
    }

    fn cancel(&mut self, appointment: &Appointment) {
        let doctor = self.doctor_of(appointment);
        let Ok(cancelled) = appointment.clone().cancel(None, &self.actor()) else { return };
        let mut books = self.books(&doctor, appointment.patient, &[appointment.date()]);
        books.release(appointment, &doctor, self.now);
        let offered = books.offered().first().copied();
        self.save(&books);
        self.appointments.insert(cancelled.id, cancelled);
        // For a doctor who moved, other days may be full by now.
        let same_days = !self.moved.contains(&doctor.id);
        let to_come = appointment.span.start() > self.now;
        let usual = appointment.span.minutes() == doctor.practice.appointment_duration.get();
        if same_days && to_come && usual {
            let books = self.books(&doctor, appointment.patient, &[appointment.date()]);
            // Whoever gave it back may still keep other times of that day.
            let whose = offered.or(Some(appointment.patient));
            let open = books.open_slots(&doctor, appointment.date(), None, whose, self.now);
            let again = open.iter().any(|slot| slot.span() == appointment.span);
            assert!(again, "what was given back is offered again");
        }
    }

    fn does(&mut self, deed: Deed) {
        match deed {
            Deed::Book { doctor, patient, day, slot, long } => {
                if let Some(when) = self.slot(doctor, patient, day, slot) {
                    let double = self.doctors[doctor].practice.appointment_duration.get() * 2;
                    self.book(doctor, patient, when, long.then_some(double));
                }
            }
            Deed::Try { doctor, patient, minutes } => {
                let when = When::Instant(self.now + minutes.minutes());
                self.book(doctor, patient, when, None);
                let civil = (self.now + minutes.minutes()).to_zoned(zone_of(&self.doctors[doctor]));
                let minute = civil.strftime("%H:%M").to_string().parse().unwrap();
                self.book(doctor, patient, When::Civil(civil.date(), minute), None);
            }
            Deed::Hold { doctor, patient, day, slot } => {
                let Some(when) = self.slot(doctor, patient, day, slot) else { return };
                let (doctor, patient) =
                    (self.doctors[doctor].clone(), self.patients[patient].clone());
                let mut books = self.books(&doctor, patient.id, &when.dates());
                books.hold(&doctor, &patient, when, &self.actor()).unwrap();
                self.save(&books);
            }
            Deed::Wait { doctor, patient, day } => {
                let date = self.today(doctor).saturating_add(day.days());
                let (doctor, patient) =
                    (self.doctors[doctor].clone(), self.patients[patient].clone());
                let mut books = self.books(&doctor, patient.id, &[date]);
                if books.wait(&doctor, &patient, date, &self.actor()).is_ok() {
                    self.save(&books);
                }
            }
            Deed::Cancel { which } => {
                if let Some(appointment) = self.nth_live(which) {
                    self.cancel(&appointment);
                }
            }
            Deed::Reschedule { which, day, slot } => self.reschedule(which, day, slot),
            Deed::Miss { which } => {
                let Some(appointment) = self.nth_live(which) else { return };
                let agreed = appointment.clone().confirm(&self.actor()).unwrap_or(appointment);
                let missed = agreed.clone().miss(&self.actor()).unwrap_or(agreed);
                self.appointments.insert(missed.id, missed);
            }
            Deed::Pass { minutes } => self.now += minutes.minutes(),
            Deed::Lapse { doctor, day } => {
                let date = self.today(doctor).saturating_add(day.days());
                let doctor = self.doctors[doctor].clone();
                let mut books = self.books(&doctor, self.patients[0].id, &[date]);
                books.lapse(&doctor, date, self.now);
                self.save(&books);
            }
            Deed::Move { doctor, zone } => {
                let name = zones()[zone % zones().len()].clone();
                self.doctors[doctor].practice.zone = name.parse().unwrap();
                self.moved.insert(self.doctors[doctor].id);
            }
        }
    }

    fn reschedule(&mut self, which: usize, day: i64, slot: usize) {
        let Some(before) = self.nth_live(which) else { return };
        let doctor = self.doctor_of(&before);
        let place = self.doctors.iter().position(|other| other.id == doctor.id).unwrap();
        let patient = self.patients.iter().position(|other| other.id == before.patient).unwrap();
        let Some(when) = self.slot(place, patient, day, slot) else { return };
        let dates: Vec<_> = when.dates().into_iter().chain([before.date()]).collect();
        let mut books = self.books(&doctor, before.patient, &dates);
        let untouched = books.clone();
        match books.reschedule(before, &doctor, when, None, &self.actor()) {
            Ok(moved) => {
                self.save(&books);
                self.appointments.insert(moved.id, moved);
            }
            Err(_) => {
                assert_eq!(books.doctor, untouched.doctor);
                assert_eq!(books.patient, untouched.patient);
            }
        }
    }

    /// What must hold whatever happened.
    fn check(&self) {
        let live: Vec<_> = self.live().collect();
        for (place, one) in live.iter().enumerate() {
            for other in &live[place + 1..] {
                let meet = one.doctor == other.doctor || one.patient == other.patient;
                assert!(!meet || !one.span.overlaps(other.span), "{one:?} {other:?}");
            }
        }
        for doctor in &self.doctors {
            let most = usize::from(doctor.practice.max_patients_per_day);
            let mut days: BTreeMap<(Date, String), usize> = BTreeMap::new();
            for appointment in live.iter().filter(|it| it.doctor == Some(doctor.id)) {
                let zone = appointment.zone.as_str().to_owned();
                *days.entry((appointment.date(), zone)).or_default() += 1;
            }
            assert!(days.values().all(|count| *count <= most), "{days:?}");
        }
    }
}

fn zones() -> Vec<String> {
    tz::db().available().map(|name| name.to_string()).collect()
}

fn deed() -> impl Strategy<Value = Deed> {
    let (doctor, patient, day) = (0_usize..2, 0_usize..3, 0_i64..4);
    prop_oneof![
        5 => (doctor.clone(), patient.clone(), day.clone(), any::<prop::sample::Index>(), any::<bool>())
            .prop_map(|(doctor, patient, day, slot, long)| Deed::Book { doctor, patient, day, slot: slot.index(97), long }),
        1 => (doctor.clone(), patient.clone(), -60_i64..6000)
            .prop_map(|(doctor, patient, minutes)| Deed::Try { doctor, patient, minutes }),
        1 => (doctor.clone(), patient.clone(), day.clone(), 0_usize..97)
            .prop_map(|(doctor, patient, day, slot)| Deed::Hold { doctor, patient, day, slot }),
        1 => (doctor.clone(), patient, day.clone())
            .prop_map(|(doctor, patient, day)| Deed::Wait { doctor, patient, day }),
        2 => (0_usize..97).prop_map(|which| Deed::Cancel { which }),
        2 => (0_usize..97, day.clone(), 0_usize..97)
            .prop_map(|(which, day, slot)| Deed::Reschedule { which, day, slot }),
        1 => (0_usize..97).prop_map(|which| Deed::Miss { which }),
        1 => (1_i64..600).prop_map(|minutes| Deed::Pass { minutes }),
        1 => (doctor.clone(), day).prop_map(|(doctor, day)| Deed::Lapse { doctor, day }),
        1 => (doctor, 0_usize..1000).prop_map(|(doctor, zone)| Deed::Move { doctor, zone }),
    ]
}

fn week() -> impl Strategy<Value = Week> {
    let shift = (0_usize..7, 0_u16..1380, 60_u16..800, any::<bool>(), prop::option::of(1_u16..4));
    prop::collection::vec(shift, 3..14).prop_map(|shifts| {
        let mut week = Week::default();
        for (day, start, long, rests, most) in shifts {
            let end = (start + long).min(1440);
            let middle = u16::midpoint(start, end);
            let pause = rests.then(|| Break { window: window(middle, middle + 10), reason: None });
            let shift = Shift {
                id: Id::generate(Timestamp::UNIX_EPOCH),
                day: Day::ALL[day],
                window: window(start, end),
                is_available: true,
                breaks: pause.into_iter().collect(),
                max_patients: most.map(|most| most.try_into().unwrap()),
            };
            // Shifts that overlap are left out.
            let _ = week.put(shift);
        }
        week
    })
}

fn window(start: u16, end: u16) -> Window {
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    format!("{}-{}", clock(start), clock(end)).parse().unwrap()
}

fn practice() -> impl Strategy<Value = Practice> {
    let zones = zones();
    (week(), 0..zones.len(), 15_u16..=60, 0_u16..=20, 1_u16..=6).prop_map(
        move |(week, zone, length, buffer, most)| Practice {
            week,
            zone: zones[zone].parse().unwrap(),
            appointment_duration: length.try_into().unwrap(),
            buffer: buffer.try_into().unwrap(),
            max_patients_per_day: most.try_into().unwrap(),
            ..Practice::default()
        },
    )
}

fn world() -> impl Strategy<Value = World> {
    let days_off = prop::collection::vec((0_usize..2, 0_i64..4, any::<bool>()), 0..3);
    let instants = (0_i64..200_000, any::<bool>());
    ([practice(), practice()], days_off, instants).prop_map(
        |(practices, days_off, (hours, near))| {
            let day = Timestamp::from_second(1_700_000_000 + hours * 3600).unwrap();
            // Half of the worlds begin a day before clocks change, if they ever do.
            let zone = TimeZone::get(practices[0].zone.as_str()).unwrap();
            let change = zone.following(day).next().filter(|_| near);
            let now = change.map_or(day, |change| change.timestamp() - 30.hours());
            let by = Actor::operator(now);
            let name = || serde_json::from_value(json!({"first": "Ali"})).unwrap();
            let doctors: Vec<_> = practices
                .into_iter()
                .map(|practice| {
                    let mut doctor = Doctor::list(name(), practice, &by);
                    doctor.verified = Some(Verified { at: now, by: None });
                    doctor
                })
                .collect();
            let days_off = days_off.into_iter().map(|(doctor, day, open)| {
                let doctor = &doctors[doctor];
                let date = civil_day(now, &zone_of(doctor)).saturating_add(day.days());
                DayOff::set(doctor.id, date, open.then(|| window(0, 1440)), None)
            });
            World {
                now,
                days_off: days_off.collect(),
                patients: (0..3).map(|_| Patient::enter(name(), None, &by)).collect(),
                doctors,
                diaries: BTreeMap::new(),
                waitlists: BTreeMap::new(),
                appointments: BTreeMap::new(),
                moved: BTreeSet::new(),
            }
        },
    )
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let practices: Vec<_> = self.doctors.iter().map(|doctor| &doctor.practice).collect();
        write!(f, "{} {practices:?} {:?}", self.now, self.days_off)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nobody_is_ever_booked_twice(world in world(), deeds in prop::collection::vec(deed(), 1..40)) {
        let mut world = world;
        for deed in deeds {
            world.does(deed);
            world.check();
        }
    }
}

/// Slots in every zone there is, around each of the next changes of its clocks.
#[test]
fn every_zone_offers_slots_that_do_not_overlap() {
    let begin = Timestamp::from_second(1_600_000_000).unwrap();
    let mut changes = 0;
    for name in zones() {
        let zone = TimeZone::get(&name).unwrap();
        let hours = json!({"MONDAY": ["00:00-24:00"], "TUESDAY": ["00:00-24:00"], "WEDNESDAY": ["00:00-24:00"],
            "THURSDAY": ["00:00-24:00"], "FRIDAY": ["00:00-24:00"], "SATURDAY": ["00:00-24:00"], "SUNDAY": ["00:00-24:00"]});
        let practice = Practice {
            week: Week::of(serde_json::from_value(hours).unwrap(), begin),
            zone: name.parse().unwrap(),
            ..Practice::default()
        };
        for change in zone.following(begin).take(40) {
            changes += 1;
            let date = civil_day(change.timestamp(), &zone);
            let around = [date.yesterday().unwrap(), date, date.tomorrow().unwrap()];
            let slots_on = |date| sittings(&practice, None, date, practice.appointment_duration);
            let mut slots = Vec::new();
            for date in around {
                let day: Vec<_> =
                    slots_on(date).iter().flat_map(|it| it.slots().to_vec()).collect();
                assert!(day.iter().all(|slot| slot.start.date() == date), "{name} {date} {day:?}");
                slots.extend(day);
            }
            for pair in slots.windows(2) {
                assert!(pair[0].end.timestamp() <= pair[1].start.timestamp(), "{name} {pair:?}");
            }
        }
    }
    assert!(changes > 200, "{changes}");
}
