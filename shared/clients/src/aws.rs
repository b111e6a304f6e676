//! Messages by Amazon SNS, mail by Amazon SES and orders by Amazon SQS.

use std::{fmt, pin::Pin};

use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent};
use carehub_domain::contact::{EmailAddress, Phone};
use tokio::sync::OnceCell;

use crate::{Message, Order, Post, PostError};

/// Sends by SNS, SES and SQS.
pub struct AwsPost {
    carriers: OnceCell<Carriers>,
    hire: Box<dyn Fn() -> Pin<Box<dyn Future<Output = Carriers> + Send>> + Send + Sync>,
    sender: Option<EmailAddress>,
    pharmacies: Option<String>,
}

/// Who carries what.
#[derive(Clone, Debug)]
pub struct Carriers {
    /// Carries messages to phones.
    pub sns: aws_sdk_sns::Client,
    /// Carries mail.
    pub ses: aws_sdk_sesv2::Client,
    /// Carries orders.
    pub sqs: aws_sdk_sqs::Client,
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
        Self { carriers: OnceCell::new(), hire, sender, pharmacies: None }
    }

    /// Puts orders on the queue at this address; without one, they are written off.
    #[must_use]
    pub fn with_pharmacies(self, queue: Option<String>) -> Self {
        Self { pharmacies: queue, ..self }
    }

    async fn carriers(&self) -> &Carriers {
        self.carriers.get_or_init(&self.hire).await
    }

    async fn sms(&self, to: Phone, text: String) -> Result<(), PostError> {
        let sns = &self.carriers().await.sns;
        let sent = sns.publish().phone_number(to.reveal()).message(text).send().await;
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

    async fn order(&self, order: Order) -> Result<(), PostError> {
        let Some(queue) = &self.pharmacies else {
            tracing::warn!("no queue of pharmacies is configured, so an order was not sent");
            return Ok(());
        };
        let body = serde_json::to_string(&order).map_err(|error| PostError(error.into()))?;
        let sqs = &self.carriers().await.sqs;
        // Within five minutes the queue itself drops what comes again; later the event tells.
        let sent = sqs
            .send_message()
            .queue_url(queue)
            .message_group_id(order.prescription.to_string())
            .message_deduplication_id(order.event.to_string())
            .message_body(body)
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
                Message::Order(order) => self.order(order).await,
            }
        })
    }
}

impl fmt::Debug for AwsPost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsPost").field("sender", &self.sender).finish_non_exhaustive()
    }
}
