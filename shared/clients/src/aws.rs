//! Messages by Amazon SNS and mail by Amazon SES.

use std::{fmt, pin::Pin};

use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent};
use carehub_domain::contact::{EmailAddress, Phone};
use tokio::sync::OnceCell;

use crate::{Message, Post, PostError};

/// Sends by SNS and SES, which take a message as often as they are given it.
pub struct AwsPost {
    carriers: OnceCell<Carriers>,
    hire: Box<dyn Fn() -> Pin<Box<dyn Future<Output = Carriers> + Send>> + Send + Sync>,
    sender: Option<EmailAddress>,
}

/// Who carries what.
#[derive(Clone, Debug)]
pub struct Carriers {
    /// Carries messages to phones.
    pub sns: aws_sdk_sns::Client,
    /// Carries mail.
    pub ses: aws_sdk_sesv2::Client,
}

impl AwsPost {
    /// Sends mail as `sender`; without one, mail is written off and only messages are
    /// sent. The carriers are hired when there is something to send.
    pub fn new<F>(
        sender: Option<EmailAddress>,
        hire: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Carriers> + Send + 'static,
    {
        let hire = Box::new(move || Box::pin(hire()) as _);
        Self { carriers: OnceCell::new(), hire, sender }
    }

    async fn carriers(&self) -> &Carriers {
        self.carriers.get_or_init(&self.hire).await
    }

    async fn sms(&self, to: Phone, text: String) -> Result<(), PostError> {
        let sns = &self.carriers().await.sns;
        let sent = sns.publish().phone_number(to.reveal()).message(text).send().await;
        sent.map(drop).map_err(|error| PostError(error.into()))
    }

    async fn mail(
        &self,
        to: EmailAddress,
        subject: String,
        text: String,
        html: Option<String>,
    ) -> Result<(), PostError> {
        let Some(sender) = &self.sender else {
            tracing::warn!("no sender is configured, so a mail was not sent");
            return Ok(());
        };
        let content = |data: String| {
            let content = Content::builder().data(data).charset("UTF-8").build();
            content.map_err(|error| PostError(Box::new(error)))
        };
        let body = Body::builder().text(content(text)?).set_html(html.map(content).transpose()?);
        let message = aws_sdk_sesv2::types::Message::builder()
            .subject(content(subject)?)
            .body(body.build())
            .build();
        let carriers = self.carriers().await;
        let sent = carriers
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
    fn send<'a>(
        &'a self,
        _key: &'a str,
        message: Message,
    ) -> Pin<Box<dyn Future<Output = Result<(), PostError>> + Send + 'a>> {
        Box::pin(async move {
            match message {
                Message::Sms { to, text } => self.sms(to, text).await,
                Message::Mail { to, subject, text, html } => {
                    self.mail(to, subject, text, html).await
                }
            }
        })
    }
}

impl fmt::Debug for AwsPost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsPost").field("sender", &self.sender).finish_non_exhaustive()
    }
}
