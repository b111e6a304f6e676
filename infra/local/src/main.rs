//! `make dev`.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use carehub_local::{Options, Platform, StartError, reasons};
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
            let _ = writeln!(io::stderr(), "carehub: {}", reasons(&error));
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<(), StartError> {
    let platform = Platform::start(options).await?;
    let (api, dynamodb, s3) = (platform.gateway, platform.dynamodb, platform.s3);
    writeln!(
        io::stdout(),
        "\n  CareHub    http://{api}\n  Documents  http://{api}/api/docs\n  \
         SMS, mail  http://{api}/dev/outbox\n  DynamoDB   http://{dynamodb}\n  \
         S3         http://{s3}\n  Data       {}\n\n  Ctrl-C stops; the data stays.\n",
        options.data.display(),
    )?;
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
