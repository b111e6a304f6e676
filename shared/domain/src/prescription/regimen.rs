//! What a patient takes, and whether something else goes with it.

use std::collections::BTreeSet;

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::{ItemId, Medication, Prescription, PrescriptionId};
use crate::{
    Revision,
    access::{Action, Actor, PatientId, Subject},
    event::Reference,
    failures,
    patient::{AllergyStatus, Patient},
    recommendation::Facts,
    revision::{Revised, revised},
    safety::{self, Grounds, Medicine, Override, Person, Report, SafetyError, SiteRules},
    text::Text,
};

/// Which prescriptions a patient may be taking something of.
///
/// Whoever prescribes writes it as they read it. So of two doctors who prescribe for one patient
/// at once, the second checks against what the first has prescribed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Regimen {
    /// Who takes them.
    pub patient: PatientId,
    /// The prescriptions.
    pub prescriptions: BTreeSet<PrescriptionId>,
    revision: Revision,
}

impl Regimen {
    /// That of a patient for whom nobody has prescribed anything yet.
    pub fn of(patient: PatientId) -> Self {
        Self { patient, prescriptions: BTreeSet::new(), revision: Revision::FIRST }
    }
}

revised!(Regimen);

/// A medicine that a request asks for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The medicine.
    pub item: ItemId,
    /// Where the request names it, as a JSON pointer.
    pub pointer: String,
}

/// All that a safety check looks at besides the new medicines.
#[derive(Clone, Debug)]
pub struct Bedside {
    /// Who is to take them.
    pub patient: Patient,
    /// Which prescriptions the patient may be taking something of, if there ever was one.
    pub regimen: Option<Regimen>,
    /// Those that could be read.
    pub prescriptions: Vec<Prescription>,
    /// What the hospital says about rules.
    pub site: SiteRules,
    /// Whether something could not be read.
    pub has_gaps: bool,
}

impl Bedside {
    /// Checks new medicines that nobody has prescribed yet.
    pub fn check(&self, new: &[Medication], allergies: Option<&[Text<200>]>, by: &Actor) -> Report {
        let taken = self.taken(&[], by.at);
        let new: Vec<_> = new.iter().collect();
        let mut person = self.person(by.at);
        hear(&mut person, allergies);
        self.report(&new, &taken, &person)
    }

    /// Checks the medicines of a prescription that were `asked` for, and that there are grounds to
    /// go on in spite of what speaks against them. The prescription then says what was found about
    /// all of its medicines.
    ///
    /// Neither the prescription as it was nor the one whose place it takes count.
    pub fn clear(
        &self,
        prescription: &mut Prescription,
        asked: &[Asked],
        grounds: Option<&Grounds>,
        by: &Actor,
    ) -> Result<(), SafetyError> {
        if asked.is_empty() {
            return Ok(());
        }
        let own = [Some(prescription.id), prescription.previous_version];
        let own: Vec<_> = own.into_iter().flatten().collect();
        let (taken, person) = (self.taken(&own, by.at), self.person(by.at));
        let active = || prescription.items.iter().enumerate().filter(|(_, item)| item.is_active());
        let (mut new, mut pointers, mut besides) = (Vec::new(), Vec::new(), taken.clone());
        for (_, item) in active() {
            match asked.iter().find(|asked| asked.item == item.id) {
                Some(asked) => {
                    new.push(&item.medication);
                    pointers.push(asked.pointer.as_str());
                }
                None => besides.push(&item.medication),
            }
        }
        let found = self.report(&new, &besides, &person);
        let given =
            grounds.zip(by.user).map(|(grounds, user)| Override::of(&found, grounds, user, by.at));
        found.pass(given.as_ref(), &pointers)?;

        let (places, all): (Vec<_>, Vec<_>) =
            active().map(|(place, item)| (place, &item.medication)).unzip();
        let mut whole = self.report(&all, &taken, &person);
        whole.move_to(|at| places.get(at).copied().unwrap_or(at));
        prescription.overrides.extend(given.filter(|given| !given.alerts.is_empty()));
        prescription.safety = whole;
        Ok(())
    }

    /// What the patient takes by prescription once this one is written, and what no longer counts
    /// left out.
    pub fn taking(&self, prescription: &Prescription, now: Timestamp) -> Regimen {
        let mut regimen = match &self.regimen {
            Some(regimen) => regimen.clone(),
            None => Regimen::of(self.patient.id),
        };
        let is_over = |known: &&Prescription| {
            known.taken(now).next().is_none() || Some(known.id) == prescription.previous_version
        };
        for over in self.prescriptions.iter().filter(is_over) {
            regimen.prescriptions.remove(&over.id);
        }
        regimen.prescriptions.insert(prescription.id);
        regimen
    }

    /// What the record knows of the patient, with what was prescribed.
    pub fn facts(&self, now: Timestamp) -> Facts {
        let prescribed = self.taken(&[], now).into_iter();
        Facts {
            prescribed: prescribed.map(|medication| medication.best_name().clone()).collect(),
            has_unread_prescriptions: self.has_gaps,
            ..Facts::of(&self.patient, now.to_zoned(TimeZone::UTC).date())
        }
    }

    fn taken(&self, besides: &[PrescriptionId], now: Timestamp) -> Vec<&Medication> {
        let others = self.prescriptions.iter().filter(|known| !besides.contains(&known.id));
        others.flat_map(|known| known.taken(now)).map(|item| &item.medication).collect()
    }

    fn person(&self, now: Timestamp) -> Person<'_> {
        Person::of(&self.patient, now.to_zoned(TimeZone::UTC).date())
    }

    fn report(&self, new: &[&Medication], taken: &[&Medication], person: &Person<'_>) -> Report {
        let new: Vec<_> = new.iter().map(|medication| medication.to_check()).collect();
        let taken = taken.iter().map(|medication| medication.to_check());
        let current: Vec<_> = taken.chain(Person::medicines_of(&self.patient)).collect();
        let report = safety::check(&new, &current, person, &self.site);
        if self.has_gaps { report.with_gaps() } else { report }
    }
}

/// Checks new medicines for somebody of whom no more is known than these allergies.
pub fn check_alone(
    new: &[Medication],
    allergies: Option<&[Text<200>]>,
    site: &SiteRules,
) -> Report {
    let new: Vec<_> = new.iter().map(Medication::to_check).collect();
    let mut person = Person::unknown();
    hear(&mut person, allergies);
    safety::check(&new, &[], &person, site)
}

/// Heeds allergies that somebody names besides those on record. Whoever names an empty list has
/// asked, and there are none.
fn hear<'a>(person: &mut Person<'a>, allergies: Option<&'a [Text<200>]>) {
    let Some(named) = allergies else { return };
    person.allergies.extend(named.iter().map(Text::reveal));
    person.allergy_status = match person.allergies.as_slice() {
        [] if person.allergy_status != AllergyStatus::Known => AllergyStatus::NoneKnown,
        _ => AllergyStatus::Known,
    };
}

impl Medication {
    /// The first of its names that the safety check knows, or else what it is called.
    fn best_name(&self) -> &Text<200> {
        let is_known =
            |name: &&&Text<200>| !safety::ingredients(&Medicine::named(name.reveal())).is_empty();
        let names = [self.generic_name.as_ref(), Some(&self.name), self.brand_name.as_ref()];
        names.iter().flatten().find(is_known).copied().unwrap_or(&self.name)
    }

    /// What the safety check has to know of it.
    pub(super) fn to_check(&self) -> Medicine<'_> {
        Medicine {
            name: self.name.reveal(),
            generic: self.generic_name.as_ref().map(Text::reveal),
            brand: self.brand_name.as_ref().map(Text::reveal),
            strength: self.strength.as_ref().map(Text::reveal),
            daily: self.daily(),
        }
    }
}

/// The rules of the safety check that are the same everywhere.
#[derive(Clone, Copy, Debug)]
pub struct CommonRules;

impl Subject for CommonRules {
    const VIEW: Action = Action::ViewSafetyRules;

    fn reference(&self) -> Reference {
        Reference::named("safety")
    }

    fn is_published(&self) -> bool {
        true
    }
}

failures! {
    /// Why a rule is not shown or changed.
    pub enum RuleError {
        Unknown = NotFound "not-found" "there is no such record",
        BuiltIn = Conflict "rule-built-in" "the rule is built in; only how much it weighs can be changed",
    }
}
