//! `make dev`.

use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

use carehub_domain::clock::{Clock, SystemClock};
use carehub_local::{Options, Platform, reasons};
use carehub_operator::demo;
use clap::Parser;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,dynoxide=error,s3s=warn,s3s_fs=warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
    match run(&Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // If even this cannot be said, the exit code still says it.
            let _ = writeln!(io::stderr(), "carehub: {}", reasons(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<(), Box<dyn Error + Send + Sync>> {
    let platform = Platform::start(options).await?;
    if options.demo {
        demo::load(platform.store(), SystemClock.now()).await?;
    }
    let Platform { gateway: api, dynamodb, s3, sqs, .. } = &platform;
    writeln!(
        io::stdout(),
        "\n  CareHub    http://{api}\n  Documents  http://{api}/api/docs\n  \
         Backstage  http://{api}/dev\n  SMS, mail  http://{api}/dev/outbox\n  \
         Queues     http://{api}/dev/queues\n  Schedules  http://{api}/dev/schedules\n  \
         DynamoDB   http://{dynamodb}\n  S3         http://{s3}\n  SQS        http://{sqs}\n  \
         Data       {}\n\n  Ctrl-C stops; the data stays.\n",
        options.data.display(),
    )?;
    if options.demo {
        for (username, password, what) in demo::ACCOUNTS {
            writeln!(io::stdout(), "  {username:28}{password:14}{what}")?;
        }
    }
    interrupted().await?;
    platform.stop().await;
    Ok(())
}

/// Waits for Ctrl-C or a polite kill.
async fn interrupted() -> io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        let mut terminated = signal(SignalKind::terminate())?;
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed,
            _ = terminated.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
