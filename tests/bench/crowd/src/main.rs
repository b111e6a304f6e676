//! Fills a running platform with made-up patients or appointments, and counts what it then takes
//! to look at them; or measures the safety check, which needs no platform.

mod diary;
mod events;
mod patients;
mod safety;

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
use clap::Parser;

/// How many transactions are under way at once.
const AT_ONCE: usize = 8;

/// Fills a hospital with made-up people and what they do, or measures what needs no platform.
#[derive(Debug, Parser)]
enum Crowd {
    /// Patients of the hospital.
    Patients {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        patients: patients::Patients,
    },
    /// Appointments that took place with a doctor of the hospital.
    Appointments {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        appointments: diary::Appointments,
    },
    /// Lines of the hospital's audit log.
    Events {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        events: events::Events,
    },
    /// How long a safety check takes.
    Safety(safety::Safety),
}

/// Where to fill in what.
#[derive(Debug, clap::Args)]
struct Place {
    /// Where the platform's DynamoDB listens.
    #[arg(long)]
    endpoint: String,
    /// The hospital.
    #[arg(long)]
    hospital: HospitalId,
}

impl Place {
    fn open(self) -> (Store, Actor, Meter) {
        let meter = Meter::default();
        let client = Client::from_conf(
            Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .credentials_provider(Credentials::new("local", "local", None, None, "crowd"))
                .region(Region::from_static("local"))
                .endpoint_url(self.endpoint)
                .interceptor(meter.clone())
                .build(),
        );
        let actor = Actor {
            user: Some(self.hospital.into()),
            part: Part::Member(Role::Hospital),
            hospital: Some(self.hospital),
            ..Actor::worker("crowd", SystemClock.now())
        };
        (Store::new(client, "carehub"), actor, meter)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let counted = match Crowd::parse() {
        Crowd::Patients { place, patients } => {
            let (store, actor, meter) = place.open();
            patients.enter(&store, &actor, &meter).await?
        }
        Crowd::Appointments { place, appointments } => {
            let (store, actor, meter) = place.open();
            appointments.enter(&store, &actor, &meter).await?
        }
        Crowd::Events { place, events } => {
            let (store, actor, _) = place.open();
            events.enter(&store, &actor).await?
        }
        Crowd::Safety(safety) => safety.measure()?,
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
