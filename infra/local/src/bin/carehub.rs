//! `carehub`: what operators do, on one machine and in the cloud alike.

use std::{
    error::Error,
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use aws_config::BehaviorVersion;
use carehub_api::{config::Config, token};
use carehub_domain::{
    account::Username,
    clock::{Clock, SystemClock},
    contact::EmailAddress,
};
use carehub_local::{FolderError, Options, Platform, StartError, reasons, secrets, store_at};
use carehub_operator::{create_admin, demo};
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
    /// Make a key pair to sign tokens with, for the first deployment.
    Keys,
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
            Self::Keys => keys(),
        }
    }
}

impl Place {
    /// Does `work` on the hub.
    async fn with(self, work: impl AsyncFnOnce(&Store) -> Outcome) -> Outcome {
        if self.aws {
            let aws = aws_config::load_defaults(BehaviorVersion::latest()).await;
            let prefix = match self.table_prefix {
                Some(prefix) => prefix,
                None => Config::from_env()?.table_prefix,
            };
            return work(&Store::new(aws_sdk_dynamodb::Client::new(&aws), &prefix)).await;
        }
        let options = Options::on_any_port(self.template, self.data);
        match Platform::start(&options).await {
            Ok(platform) => {
                let outcome = work(platform.store()).await;
                platform.stop().await;
                outcome
            }
            // It runs already: go through its own door.
            Err(StartError::Folder(FolderError::Busy(_))) => {
                work(&store_at(self.dynamodb_port)).await
            }
            Err(error) => Err(error.into()),
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
