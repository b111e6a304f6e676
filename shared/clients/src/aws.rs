//! Messages by Amazon SNS and mail by Amazon SES.

use std::pin::Pin;

use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent};
use carehub_domain::contact::{EmailAddress, Phone};

use crate::{Message, Post, PostError};

/// Sends by SNS and SES.
#[derive(Clone, Debug)]
pub struct AwsPost {
    sns: aws_sdk_sns::Client,
    ses: aws_sdk_sesv2::Client,
    sender: Option<EmailAddress>,
}

impl AwsPost {
    /// Sends mail as `sender`. Without one, mail is written off and only messages are sent.
    pub fn new(
        sns: aws_sdk_sns::Client,
        ses: aws_sdk_sesv2::Client,
        sender: Option<EmailAddress>,
    ) -> Self {
        Self { sns, ses, sender }
    }

    async fn sms(&self, to: Phone, text: String) -> Result<(), PostError> {
        let sent = self.sns.publish().phone_number(to.reveal()).message(text).send().await;
        sent.map(drop).map_err(|error| PostError(error.into()))
    }

    async fn mail(&self, to: EmailAddress, subject: String, text: String) -> Result<(), PostError> {
        let Some(sender) = &self.sender else {
            tracing::warn!("no sender is configured, so a mail was not sent");
            return Ok(());
        };
        let failed = |error| PostError(Box::new(error));
        let content = |data: String| Content::builder().data(data).charset("UTF-8").build();
        let message = aws_sdk_sesv2::types::Message::builder()
            .subject(content(subject).map_err(failed)?)
            .body(Body::builder().text(content(text).map_err(failed)?).build())
            .build();
        let sent = self
            .ses
            .send_email()
            .from_email_address(sender.reveal())
            .destination(Destination::builder().to_addresses(to.reveal()).build())
            .content(EmailContent::builder().simple(message).build())
            .send()
            .await;
        sent.map(drop).map_err(|error| PostError(error.into()))
    }
}

impl Post for AwsPost {
    fn send(
        &self,
        message: Message,
    ) -> Pin<Box<dyn Future<Output = Result<(), PostError>> + Send + '_>> {
        Box::pin(async move {
            match message {
                Message::Sms { to, text } => self.sms(to, text).await,
                Message::Mail { to, subject, text } => self.mail(to, subject, text).await,
            }
        })
    }
}
