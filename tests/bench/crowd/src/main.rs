//! Fills a hospital of a running platform with made-up patients, and counts what it then takes
//! to look at the first page of them, at page 500, and for one of them.

use std::error::Error;

use aws_sdk_dynamodb::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region},
};
use carehub_domain::{
    access::{Action, Actor, Part, Role},
    account::PersonName,
    clock::{Clock, SystemClock},
    hospital::HospitalId,
    patient::{Patient, Roster},
    text::Text,
};
use carehub_store::{PatientFilter, Store, Window};
use carehub_testkit::Meter;
use clap::Parser;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::json;

/// How many patients one transaction enters.
const TOGETHER: usize = 10;

/// How many transactions are under way at once.
const AT_ONCE: usize = 8;

/// How many patients a page has when pages are counted, so that a thousand make 500 pages.
const PAGE: u16 = 2;

/// The page that is looked at behind the first.
const DEEP: usize = 500;

/// Fills a hospital with made-up patients.
#[derive(Debug, Parser)]
struct Crowd {
    /// Where the platform's DynamoDB listens.
    #[arg(long)]
    endpoint: String,
    /// The hospital.
    #[arg(long)]
    hospital: HospitalId,
    /// The number of the first patient.
    #[arg(long, default_value_t = 0)]
    from: u32,
    /// The number behind the last. At most a million.
    #[arg(long, value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    to: u32,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Crowd { endpoint, hospital, from, to } = Crowd::parse();
    let meter = Meter::default();
    let client = Client::from_conf(
        Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::new("local", "local", None, None, "crowd"))
            .region(Region::from_static("local"))
            .endpoint_url(endpoint)
            .interceptor(meter.clone())
            .build(),
    );
    let store = Store::new(client, "carehub");
    let actor = Actor {
        user: Some(hospital.into()),
        part: Part::Member(Role::Hospital),
        hospital: Some(hospital),
        ..Actor::worker("crowd", SystemClock.now())
    };

    let crowd: Vec<Patient> =
        (from..to).map(|number| person(number, &actor)).collect::<Result<_, _>>()?;
    let roster = Roster::of(&actor);
    let permit = actor.authorize(Action::ImportPatients, &roster)?;
    stream::iter(crowd.chunks(TOGETHER))
        .map(|patients| {
            let permit = permit.clone().noting("count", patients.len());
            let store = &store;
            async move { store.patients().import(patients, &permit).await }
        })
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;

    let patients = store.patients();
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
    let found = patients.found_by("03000000999", roster, &everyone, Window::first(PAGE)).await?;
    let search = meter.take().calls;
    let calls = json!({"page 1": first, "page 500": deep, "search": search});
    #[expect(clippy::print_stdout, reason = "this is what the program is for")]
    {
        println!("{}", json!({"calls": calls, "found": found.records.len()}));
    }
    Ok(())
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

/// A made-up word for a number, such as `Bakidu`.
fn word(number: u32) -> String {
    let syllables = ["ba", "ki", "du", "mo", "le", "sa", "ri", "nu", "to", "fe"];
    let digits = number.to_string();
    let spoken: String = digits.bytes().map(|digit| syllables[usize::from(digit - b'0')]).collect();
    let (head, tail) = spoken.split_at(1);
    head.to_uppercase() + tail
}
