//! A hospital with many patients.

use std::{error::Error, ops::Range};

use carehub_domain::{
    access::{Action, Actor},
    account::PersonName,
    patient::{Patient, Roster},
    text::Text,
};
use carehub_store::{PatientFilter, Store, Window};
use carehub_testkit::Meter;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};

use crate::{AT_ONCE, word};

/// How many patients one transaction enters.
const TOGETHER: usize = 10;

/// How many patients a page has when pages are counted, so that a thousand make 500 pages.
const PAGE: u16 = 2;

/// The page that is looked at behind the first.
const DEEP: usize = 500;

/// Enters patients, and counts what it takes to look at the first page of them, at page 500, and
/// for one of them.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Patients {
    /// The number of the first patient.
    #[arg(long, default_value_t = 0)]
    from: u32,
    /// The number behind the last. At most a million.
    #[arg(long, value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    to: u32,
}

impl Patients {
    pub(crate) async fn enter(
        self,
        store: &Store,
        actor: &Actor,
        meter: &Meter,
    ) -> Result<Value, Box<dyn Error>> {
        enter(self.from..self.to, store, actor).await?;
        let (roster, patients) = (Roster::of(actor), store.patients());
        let everyone = PatientFilter::default();
        meter.take();
        let mut page = patients.on(roster, &everyone, Window::first(PAGE)).await?;
        let first = meter.take().calls;
        for _ in 1..DEEP {
            let window = Window { limit: PAGE, from: page.next };
            meter.take();
            page = patients.on(roster, &everyone, window).await?;
        }
        let deep = meter.take().calls;
        let found =
            patients.found_by("03000000999", roster, &everyone, Window::first(PAGE)).await?;
        let search = meter.take().calls;
        let calls = json!({"page 1": first, "page 500": deep, "search": search});
        Ok(json!({"calls": calls, "found": found.records.len()}))
    }
}

/// Enters the patients of these numbers.
pub(crate) async fn enter(
    numbers: Range<u32>,
    store: &Store,
    actor: &Actor,
) -> Result<Vec<Patient>, Box<dyn Error>> {
    let crowd: Vec<Patient> =
        numbers.map(|number| person(number, actor)).collect::<Result<_, _>>()?;
    let permit = actor.authorize(Action::ImportPatients, &Roster::of(actor))?;
    stream::iter(crowd.chunks(TOGETHER))
        .map(|patients| {
            let permit = permit.clone().noting("count", patients.len());
            async move { store.patients().import(patients, &permit).await }
        })
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    Ok(crowd)
}

fn person(number: u32, actor: &Actor) -> Result<Patient, Box<dyn Error>> {
    let name = |text: String| Text::try_from(text);
    let name = PersonName { first: name(word(number))?, last: Some(name(word(number / 7 + 3))?) };
    let mut patient = Patient::enter(name, None, actor);
    patient.phone = Some(format!("+92300{number:07}").parse()?);
    patient.profile.date_of_birth = Some(jiff::civil::date(
        1930 + i16::try_from(number % 90)?,
        1 + i8::try_from(number % 12)?,
        1 + i8::try_from(number % 28)?,
    ));
    Ok(patient)
}
