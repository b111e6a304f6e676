//! Fills a running platform with made-up patients or appointments, and counts what it then takes
//! to look at them.

mod diary;
mod patients;

use std::error::Error;

use aws_sdk_dynamodb::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region},
};
use carehub_domain::{
    access::{Actor, Part, Role},
    clock::{Clock, SystemClock},
    hospital::HospitalId,
};
use carehub_store::Store;
use carehub_testkit::Meter;
use clap::{Parser, Subcommand};

/// How many transactions are under way at once.
const AT_ONCE: usize = 8;

/// Fills a hospital with made-up people and what they do.
#[derive(Debug, Parser)]
struct Crowd {
    /// Where the platform's DynamoDB listens.
    #[arg(long)]
    endpoint: String,
    /// The hospital.
    #[arg(long)]
    hospital: HospitalId,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Patients of the hospital.
    Patients(patients::Patients),
    /// Appointments that took place with a doctor of the hospital.
    Appointments(diary::Appointments),
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Crowd { endpoint, hospital, what } = Crowd::parse();
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
    let counted = match what {
        What::Patients(patients) => patients.enter(&store, &actor, &meter).await?,
        What::Appointments(appointments) => appointments.enter(&store, &actor, &meter).await?,
    };
    #[expect(clippy::print_stdout, reason = "this is what the program is for")]
    {
        println!("{counted}");
    }
    Ok(())
}

/// A made-up word for a number, such as `Bakidu`.
fn word(number: u32) -> String {
    let syllables = ["ba", "ki", "du", "mo", "le", "sa", "ri", "nu", "to", "fe"];
    let digits = number.to_string();
    let spoken: String = digits.bytes().map(|digit| syllables[usize::from(digit - b'0')]).collect();
    let (head, tail) = spoken.split_at(1);
    head.to_uppercase() + tail
}
