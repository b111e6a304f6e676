//! What statistics count, as facts of single records.
//!
//! A record adds its facts to some sheets. When it changes, `relay` compares what it adds now
//! with what it added before, so a sheet is right however often an event comes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    access::UserId,
    appointment::{Appointment, Status},
    care::Assignment,
    doctor::Doctor,
    formulary::Formulary,
    patient::Patient,
    prescription::Prescription,
    recommendation::Recommendation,
    review::{Moderation, Review, Stars},
    safety::{self, Medicine},
    search,
    tally::Total,
    text::Text,
};

/// Numbers by name, such as `gender:FEMALE`.
pub type Facts = BTreeMap<String, i64>;

/// A page of numbers. What people say in their own words has a page for each word, so that no page
/// grows with what they type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sheet {
    /// The patients of the hub, or of whoever keeps their records.
    Patients(Option<UserId>),
    /// The patients of the hub who live in a city.
    #[serde(alias = "cities")]
    City(String),
    /// The doctors of the hub.
    Doctors,
    /// The doctors of the hub in a field of medicine.
    Field(String),
    /// The totals of the hub, or of a person.
    Totals(Option<UserId>),
    /// The appointments of the hub, or of a doctor.
    Visits(Option<UserId>),
    /// What patients think of a doctor.
    Rating(UserId),
    /// The prescriptions of the hub, or of a doctor.
    Prescriptions(Option<UserId>),
    /// The recommendations of the hub.
    Recommendations,
}

/// What a record adds to the sheets.
pub type Share = BTreeMap<Sheet, Facts>;

/// What there is to count in a record.
pub trait Counted {
    /// What it adds now.
    fn share(&self) -> Share;
}

impl Counted for Patient {
    fn share(&self) -> Share {
        if !self.is_current() {
            return Share::new();
        }
        let mut facts = Facts::from([one("total")]);
        let profile = &self.profile;
        facts.extend(profile.gender.map(|gender| one(&format!("gender:{gender}"))));
        facts.extend(profile.blood_group.map(|group| one(&format!("blood-group:{group}"))));
        facts.extend(profile.date_of_birth.map(|born| one(&format!("born:{}", born.year()))));
        facts.extend([one(&format!("since:{}", self.created_at.strftime("%Y-%m")))]);
        let keepers = self.known_to().filter(|user| self.is_kept_by(*user));
        let sheets = std::iter::once(None).chain(keepers.map(Some)).map(Sheet::Patients);
        let mut share: Share = sheets.map(|sheet| (sheet, facts.clone())).collect();
        if let Some(city) = profile.city.as_ref().map(folded) {
            let facts = Facts::from([one(&format!("city:{city}"))]);
            share.insert(Sheet::City(city), facts);
        }
        share
    }
}

impl Counted for Doctor {
    fn share(&self) -> Share {
        if !self.is_active {
            return Share::new();
        }
        let practice = &self.practice;
        let mut facts = Facts::from([one("total")]);
        facts.extend(self.verified.map(|_| one("verified")));
        facts.extend(self.is_available().then(|| one("available")));
        facts.extend(
            practice
                .years_of_experience
                .map(|years| one(&format!("experience:{}", experience_band(years.into())))),
        );
        if let Some(fee) = practice.consultation_fee {
            facts.extend([one("fees"), ("fee-cents".to_owned(), i64::from(fee.cents()))]);
        }
        let mut share = Share::from([(Sheet::Doctors, facts)]);
        if let Some(field) = practice.specialization.as_ref().map(field_name) {
            let facts = Facts::from([one(&format!("specialization:{field}"))]);
            share.insert(Sheet::Field(field), facts);
        }
        share
    }
}

impl Counted for Assignment {
    fn share(&self) -> Share {
        if !self.is_active() {
            return Share::new();
        }
        let facts = Facts::from([one(Total::Patients.as_str())]);
        Share::from([(Sheet::Totals(Some(self.doctor.into())), facts)])
    }
}

impl Counted for Appointment {
    fn share(&self) -> Share {
        let status = self.status();
        let mut totals = Facts::from([one(Total::Appointments.as_str())]);
        match status {
            Status::Requested => totals.extend([one(Total::PendingAppointments.as_str())]),
            Status::Completed => totals.extend([one(Total::CompletedVisits.as_str())]),
            Status::Confirmed
            | Status::CheckedIn
            | Status::InProgress
            | Status::Cancelled
            | Status::NoShow => {}
        }
        let doctor = self.doctor.map(UserId::from);
        let people =
            [Some(self.patient.into()), doctor, self.hospital.map(UserId::from), self.keeper];
        let people = people.into_iter().flatten().map(Some);
        let mut share: Share =
            people.chain([None]).map(|whose| (Sheet::Totals(whose), totals.clone())).collect();

        let mut facts = Facts::from([
            one("total"),
            one(&format!("status:{status}")),
            one(&format!("month:{}", self.start().strftime("%Y-%m"))),
        ]);
        facts.extend(self.brief.way.map(|way| one(&format!("way:{way}"))));
        if let (Status::Completed, Some(fee)) = (status, self.fee) {
            facts.insert("fee-cents".to_owned(), fee.cents().into());
        }
        let sheets = doctor.map(Some).into_iter().chain([None]).map(Sheet::Visits);
        share.extend(sheets.map(|sheet| (sheet, facts.clone())));
        share
    }
}

impl Counted for Review {
    fn share(&self) -> Share {
        let doctor: UserId = self.doctor.into();
        match self.moderation {
            Moderation::Rejected => Share::new(),
            Moderation::Pending => {
                let facts = Facts::from([one(Total::PendingReviews.as_str())]);
                Share::from([(Sheet::Totals(Some(doctor)), facts)])
            }
            Moderation::Approved => {
                let stars = |name: &str, stars: Stars| {
                    [
                        one(&format!("{name}:count")),
                        (format!("{name}:stars"), u8::from(stars).into()),
                    ]
                };
                let opinion = &self.opinion;
                let mut facts: Facts = stars("rating", opinion.rating).into();
                for (name, given) in [
                    ("communication", opinion.communication),
                    ("treatment", opinion.treatment),
                    ("punctuality", opinion.punctuality),
                ] {
                    facts.extend(given.into_iter().flat_map(|given| stars(name, given)));
                }
                Share::from([(Sheet::Rating(doctor), facts)])
            }
        }
    }
}

/// Of the medicines only what is in them counts, by the names of a closed list, so that no number
/// tells what somebody typed.
impl Counted for Prescription {
    fn share(&self) -> Share {
        let mut facts = Facts::from([
            one("total"),
            one(&format!("status:{}", self.recorded_status())),
            one(&format!("month:{}", self.issued_at.strftime("%Y-%m"))),
        ]);
        facts.extend(self.is_digital.then(|| one("digital")));
        for item in self.items() {
            *facts.entry("medications".to_owned()).or_default() += 1;
            let medication = &item.medication;
            let known = safety::ingredients(&Medicine {
                generic: medication.generic_name.as_ref().map(Text::reveal),
                brand: medication.brand_name.as_ref().map(Text::reveal),
                ..Medicine::named(medication.name.reveal())
            });
            let known = if known.is_empty() { vec![OTHER] } else { known };
            for ingredient in known {
                *facts.entry(format!("medicine:{ingredient}")).or_default() += 1;
            }
        }
        let sheets = [None, Some(self.doctor.into())].map(Sheet::Prescriptions);
        sheets.map(|sheet| (sheet, facts.clone())).into()
    }
}

/// As with prescriptions, no number tells what somebody typed. Medicines that are made together
/// are counted as one; any others that are named together are not, as there is no end of them.
impl Counted for Recommendation {
    fn share(&self) -> Share {
        let mut facts = Facts::from([one("total"), one(&format!("state:{}", self.state()))]);
        if let Some(name) = &self.inquiry.medicine_name {
            let known = safety::ingredients(&Medicine::named(name.reveal()));
            let is_one = known.len() == 1 || Formulary::bundled().find(&known).is_some();
            let name = if is_one { known.join(" + ") } else { OTHER.to_owned() };
            facts.extend([one(&format!("medicine:{name}"))]);
        }
        if let Some(time) = self.response_time() {
            let time = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
            facts.extend([one("timed"), ("time-ms".to_owned(), time)]);
        }
        Share::from([(Sheet::Recommendations, facts)])
    }
}

/// What somebody adds to the numbers of recommendations who asks for the first time.
pub fn asker() -> Share {
    Share::from([(Sheet::Recommendations, Facts::from([one("users")]))])
}

/// What medicines are counted as that nobody recognises, or that are not made together.
pub const OTHER: &str = "other";

/// A record that is gone adds nothing.
impl<T: Counted> Counted for Option<T> {
    fn share(&self) -> Share {
        self.as_ref().map(T::share).unwrap_or_default()
    }
}

fn one(name: &str) -> (String, i64) {
    (name.to_owned(), 1)
}

/// The numbers above zero whose name begins with `kind`, by the rest of it.
pub fn distribution(facts: &Facts, kind: &str) -> BTreeMap<String, i64> {
    let numbers = facts.iter().filter(|(_, number)| **number > 0);
    let of_kind = numbers.filter_map(|(name, &number)| Some((name.strip_prefix(kind)?, number)));
    of_kind.map(|(name, number)| (name.to_owned(), number)).collect()
}

/// The form of a field of medicine that is counted and filtered by: `GENERAL_MEDICINE`.
pub fn field_name(field: &Text<100>) -> String {
    folded(field).to_uppercase().replace([' ', '-'], "_")
}

/// The form of a word that it is counted by. One sign of some scripts becomes a whole phrase here,
/// so it is cut to fit a key.
fn folded(words: &Text<100>) -> String {
    search::fold(words.reveal()).chars().take(100).collect()
}

/// The band of years of practice that statistics speak of.
pub fn experience_band(years: u16) -> &'static str {
    match years {
        0..=2 => "0-2",
        3..=5 => "3-5",
        6..=10 => "6-10",
        11..=20 => "11-20",
        _ => "20+",
    }
}

/// How `now` differs from `before`, sheet by sheet. What is equal is left out.
pub fn difference(before: &Share, now: &Share) -> Share {
    let mut difference = Share::new();
    for (share, sign) in [(before, -1), (now, 1)] {
        for (sheet, facts) in share {
            let sheet = difference.entry(sheet.clone()).or_default();
            for (name, by) in facts {
                *sheet.entry(name.clone()).or_default() += sign * by;
            }
        }
    }
    for facts in difference.values_mut() {
        facts.retain(|_, by| *by != 0);
    }
    difference.retain(|_, facts| !facts.is_empty());
    difference
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{access::Actor, account::PersonName};

    fn share() -> impl Strategy<Value = Share> {
        let sheet = prop_oneof![Just(Sheet::Doctors), "[a-c]".prop_map(Sheet::City),];
        prop::collection::btree_map(
            sheet,
            prop::collection::btree_map("[a-c]", -9_i64..9, 0..4),
            0..4,
        )
    }

    fn sum(sheets: &mut Share, by: &Share) {
        for (sheet, facts) in by {
            for (name, by) in facts {
                *sheets.entry(sheet.clone()).or_default().entry(name.clone()).or_default() += by;
            }
        }
    }

    #[test]
    fn no_page_grows_with_what_people_type() {
        let operator = Actor::operator("2030-01-07T08:00:00Z".parse().unwrap());
        let text = |words: &str| Text::try_from(words.to_owned()).unwrap();
        let name = PersonName { first: text("Ana"), last: None };
        let living_in = |city: &str| {
            let mut ana = Patient::enter(name.clone(), None, &operator);
            ana.profile.city = Some(Text::try_from(city.to_owned()).unwrap());
            ana.share()
        };
        let pages = |share: &Share| -> BTreeMap<_, Vec<_>> {
            let names = |facts: &Facts| facts.keys().cloned().collect();
            share.iter().map(|(sheet, facts)| (sheet.clone(), names(facts))).collect()
        };
        let (lahore, karachi) = (pages(&living_in("Lahore")), pages(&living_in("Karachi")));

        assert_eq!(lahore[&Sheet::City("lahore".to_owned())], ["city:lahore"]);
        assert_eq!(karachi[&Sheet::City("karachi".to_owned())], ["city:karachi"]);
        assert_eq!(lahore[&Sheet::Patients(None)], karachi[&Sheet::Patients(None)]);
        let long = living_in(&"\u{fdfa}".repeat(100));
        assert!(long.keys().all(|sheet| format!("{sheet:?}").len() < 200), "{long:?}");
    }

    proptest! {
        #[test]
        fn differences_add_up_to_what_is_counted_last(first in share(), second in share(), third in share()) {
            let mut sheets = Share::new();
            for (before, now) in [(&Share::new(), &first), (&first, &second), (&second, &second), (&second, &third)] {
                sum(&mut sheets, &difference(before, now));
            }
            prop_assert_eq!(difference(&sheets, &third), Share::new());
        }
    }
}
