//! `carehub`: what operators do, on one machine and in the cloud alike.

use std::{
    error::Error,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use aws_config::BehaviorVersion;
use aws_sdk_sqs::Client as SqsClient;
use carehub_api::{
    config::{Config, ConfigError},
    lambda, token,
};
use carehub_domain::{
    account::Username,
    chain::{Month, Tenant},
    clock::{Clock, SystemClock},
    contact::EmailAddress,
};
use carehub_local::{
    FolderError, Options, PREFIX, Platform, StartError, archive_at, queues_at, reasons, secrets,
    store_at,
};
use carehub_objects::Objects;
use carehub_operator::{
    audit::{self, Archive, Finding, Scope},
    create_admin, demo, dlq,
};
use carehub_store::Store;
use clap::{Args, Parser, Subcommand};
use secrecy::ExposeSecret;

/// What operators of CareHub do at its console.
#[derive(Debug, Parser)]
#[command(name = "carehub", version)]
struct Console {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Open the account of a superadmin, who opens all others.
    CreateAdmin {
        /// The name to sign in with.
        #[arg(long)]
        username: Username,
        /// Where the person reads mail.
        #[arg(long)]
        email: Option<EmailAddress>,
        /// Read the password from standard input instead of making one up.
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Add a small made-up hub to try things out with.
    DemoData {
        /// Remove it first.
        #[arg(long)]
        clear: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Look after the audit log.
    #[command(subcommand)]
    Audit(Audit),
    /// Look after what was given up on the queues.
    #[command(subcommand)]
    Dlq(Dlq),
    /// Make a key pair to sign tokens with, for the first deployment.
    Keys,
}

/// What can be done about the audit log.
#[derive(Debug, Subcommand)]
enum Audit {
    /// Compare the log with its links, and those with their checkpoints; fails where they differ.
    Verify {
        #[command(flatten)]
        part: Part,
        #[command(flatten)]
        place: Place,
    },
    /// Link the events that `relay` gave up.
    Seal {
        #[command(flatten)]
        part: Part,
        #[command(flatten)]
        place: Place,
    },
}

/// What can be done about what was given up.
#[derive(Debug, Subcommand)]
enum Dlq {
    /// Count what waits with the dead letters.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Send the dead letters of a queue back to it, such as `sms`.
    Redrive {
        /// The queue that gave them up, or that of the dead letters.
        queue: String,
        #[command(flatten)]
        place: Place,
    },
}

/// How much of the log.
#[derive(Args, Clone, Copy, Debug)]
struct Part {
    /// Only the chain of this hospital, or `hub` for what belongs to none.
    #[arg(long)]
    tenant: Option<Tenant>,
    /// Only events from this month on, such as 2030-01; links are looked at from the first.
    #[arg(long)]
    since: Option<Month>,
}

impl From<Part> for Scope {
    fn from(Part { tenant, since }: Part) -> Self {
        Self { tenant, since }
    }
}

/// Which hub.
#[derive(Args, Clone, Debug)]
struct Place {
    /// The hub in the cloud, with the credentials and the region of the environment.
    #[arg(long)]
    aws: bool,
    /// How the names of its tables begin; `CAREHUB_TABLE_PREFIX` if nothing is said.
    #[arg(long, requires = "aws")]
    table_prefix: Option<String>,
    /// The folder of the hub on this machine, whether it runs or not.
    #[arg(long, default_value = ".carehub")]
    data: PathBuf,
    /// The port of its DynamoDB, if it runs.
    #[arg(long, default_value_t = 8001)]
    dynamodb_port: u16,
    /// The port of its S3, if it runs.
    #[arg(long, default_value_t = 8002)]
    s3_port: u16,
    /// The port of its SQS, if it runs.
    #[arg(long, default_value_t = 8003)]
    sqs_port: u16,
    /// The template that says what the hub consists of.
    #[arg(long, default_value = "template.yaml")]
    template: PathBuf,
}

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> ExitCode {
    match Console::parse().command.run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If even this cannot be said, the exit code still says it.
            let _ = writeln!(io::stderr(), "carehub: {}", reasons(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

impl Command {
    async fn run(self) -> Outcome {
        match self {
            Self::CreateAdmin { username, email, password_stdin, place } => {
                let password = if password_stdin { Some(line()?.into()) } else { None };
                place.with(async |store| {
                    let now = SystemClock.now();
                    let shown = create_admin(store, username.clone(), email, password, now).await?;
                    writeln!(io::stdout(), "{username} can sign in now.")?;
                    if let Some(password) = shown {
                        writeln!(io::stdout(), "The password is {password} – it has to be changed at the first sign-in.")?;
                    }
                    Ok(())
                })
                .await
            }
            Self::DemoData { clear, place } => {
                place
                    .with(async |store| {
                        if clear {
                            demo::clear(store, SystemClock.now()).await?;
                        }
                        demo::load(store, SystemClock.now()).await?;
                        for (username, password, what) in demo::ACCOUNTS {
                            writeln!(io::stdout(), "{username:28}{password:14}{what}")?;
                        }
                        Ok(())
                    })
                    .await
            }
            Self::Audit(Audit::Verify { part, place }) => {
                place.with_archive(async |archive| verify(archive, part.into()).await).await
            }
            Self::Audit(Audit::Seal { part, place }) => {
                place
                    .with_archive(async |archive| {
                        let sealed = audit::seal(archive, part.into(), SystemClock.now()).await?;
                        writeln!(io::stdout(), "{sealed} events were linked.")?;
                        Ok(())
                    })
                    .await
            }
            Self::Dlq(Dlq::List { place }) => {
                place
                    .with_queues(async |queues, prefix| {
                        for letters in dlq::list(queues, prefix).await? {
                            let from = match &letters.sources[..] {
                                [] => "no queue".to_owned(),
                                sources => sources.join(", "),
                            };
                            let (name, waiting) = (letters.queue, letters.waiting);
                            writeln!(io::stdout(), "{name:44}{waiting:>6}  from {from}")?;
                        }
                        Ok(())
                    })
                    .await
            }
            Self::Dlq(Dlq::Redrive { queue, place }) => {
                place
                    .with_queues(async |queues, prefix| {
                        let moved = dlq::redrive(queues, prefix, &queue).await?;
                        writeln!(io::stdout(), "{moved} sent back.")?;
                        Ok(())
                    })
                    .await
            }
            Self::Keys => keys(),
        }
    }
}

/// The log and its chains differ.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the audit log is not whole")]
struct NotWhole;

async fn verify(archive: &Archive, scope: Scope) -> Outcome {
    let findings = audit::verify(archive, scope, SystemClock.now()).await?;
    for finding in &findings {
        writeln!(io::stdout(), "{finding}")?;
    }
    if findings.is_empty() {
        writeln!(io::stdout(), "No event has been linked yet.")?;
    }
    let is_whole = |finding: &Finding| finding.verdict.is_ok();
    if findings.iter().all(is_whole) { Ok(()) } else { Err(NotWhole.into()) }
}

/// The ports at which a hub on this machine is open.
struct Doors {
    dynamodb: u16,
    s3: u16,
    sqs: u16,
}

impl Place {
    /// Does `work` on the hub.
    async fn with(self, work: impl AsyncFnOnce(&Store) -> Outcome) -> Outcome {
        if self.aws {
            let aws = aws_config::load_defaults(BehaviorVersion::latest()).await;
            return work(&Store::new(aws_sdk_dynamodb::Client::new(&aws), &self.prefix()?)).await;
        }
        self.here(async |doors| work(&store_at(doors.dynamodb)).await).await
    }

    /// Does `work` on the log of the hub.
    async fn with_archive(self, work: impl AsyncFnOnce(&Archive) -> Outcome) -> Outcome {
        if self.aws {
            let (aws, config) =
                (aws_config::load_defaults(BehaviorVersion::latest()).await, Config::from_env()?);
            let prefix = self.table_prefix.as_ref().unwrap_or(&config.table_prefix);
            let ledger = config.ledger.as_ref().ok_or(ConfigError::Missing("LEDGER"))?;
            let objects = Objects::new(carehub_objects::client(&aws), ledger).with_ledger(ledger);
            let store = Store::new(aws_sdk_dynamodb::Client::new(&aws), prefix);
            return work(&Archive { store, objects, peppers: lambda::peppers(&config)? }).await;
        }
        self.here(async |doors| work(&archive_at(&self.options(), doors.dynamodb, doors.s3)?).await)
            .await
    }

    /// Does `work` on the queues of the hub, whose names begin as it is told.
    async fn with_queues(self, work: impl AsyncFnOnce(&SqsClient, &str) -> Outcome) -> Outcome {
        if self.aws {
            let aws = aws_config::load_defaults(BehaviorVersion::latest()).await;
            return work(&SqsClient::new(&aws), &self.prefix()?).await;
        }
        self.here(async |doors| work(&queues_at(doors.sqs), PREFIX).await).await
    }

    /// Does `work` at the doors of the hub on this machine, which is started for it unless it runs.
    async fn here(&self, work: impl AsyncFnOnce(Doors) -> Outcome) -> Outcome {
        match Platform::start(&self.options()).await {
            Ok(platform) => {
                let outcome = work(Doors {
                    dynamodb: platform.dynamodb.port(),
                    s3: platform.s3.port(),
                    sqs: platform.sqs.port(),
                })
                .await;
                platform.stop().await;
                outcome
            }
            Err(StartError::Folder(FolderError::Busy(_))) => {
                let Self { dynamodb_port: dynamodb, s3_port: s3, sqs_port: sqs, .. } = *self;
                work(Doors { dynamodb, s3, sqs }).await
            }
            Err(error) => Err(error.into()),
        }
    }

    fn options(&self) -> Options {
        Options::on_any_port(self.template.clone(), self.data.clone())
    }

    fn prefix(&self) -> Result<String, ConfigError> {
        match &self.table_prefix {
            Some(prefix) => Ok(prefix.clone()),
            None => Ok(Config::from_env()?.table_prefix),
        }
    }
}

fn line() -> io::Result<String> {
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn keys() -> Outcome {
    let key = secrets::signing_key()?;
    let public = serde_json::to_string(&token::public_keys(&key)?)?;
    writeln!(
        io::stdout(),
        "The private key, for Secrets Manager as carehub/STAGE/signing-key:\n\n{}\n\
         The public keys, for Parameter Store as /carehub/STAGE/verifying-keys:\n\n{public}",
        key.expose_secret(),
    )?;
    Ok(())
}
