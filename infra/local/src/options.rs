//! What a start of the one-machine platform can be told.

use std::path::PathBuf;

/// The whole platform on one machine.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "carehub-local")]
pub struct Options {
    /// The template that says what the platform consists of.
    #[arg(long, default_value = "template.yaml")]
    pub template: PathBuf,

    /// The folder that everything is kept in.
    #[arg(long, default_value = ".carehub")]
    pub data: PathBuf,

    /// Forget everything first.
    #[arg(long)]
    pub fresh: bool,

    /// Add the accounts of the demonstration where they are missing.
    #[arg(long)]
    pub demo: bool,

    /// The port of the API; 0 takes any.
    #[arg(long, default_value_t = 8000)]
    pub port: u16,

    /// The port of DynamoDB; 0 takes any.
    #[arg(long, default_value_t = 8001)]
    pub dynamodb_port: u16,

    /// The port of S3; 0 takes any.
    #[arg(long, default_value_t = 8002)]
    pub s3_port: u16,

    /// The port of SQS; 0 takes any.
    #[arg(long, default_value_t = 8003)]
    pub sqs_port: u16,

    /// Let other machines and containers use DynamoDB, S3 and SQS, as `sam local` needs.
    #[arg(long)]
    pub share: bool,
}

impl Options {
    /// A start that is in nobody's way: on whatever ports are free, with what is there.
    pub fn on_any_port(template: PathBuf, data: PathBuf) -> Self {
        Self {
            template,
            data,
            fresh: false,
            demo: false,
            port: 0,
            dynamodb_port: 0,
            s3_port: 0,
            sqs_port: 0,
            share: false,
        }
    }
}
