//! Messages by Amazon SNS and mail by Amazon SES.

use std::{fmt, pin::Pin, time::Duration};

use aws_sdk_sesv2::{
    operation::send_email::SendEmailError,
    types::{Body, Content, Destination, EmailContent},
};
use aws_sdk_sns::{
    config::{
        interceptors::InterceptorContext,
        retry::{ClassifyRetry, RetryAction},
        timeout::TimeoutConfig,
    },
    operation::publish::PublishError,
};
use carehub_domain::contact::{EmailAddress, Phone};
use tokio::sync::OnceCell;

use crate::{Carried, Message, Post, PostError};

/// How long a carrier has to take a message.
const PATIENCE: Duration = Duration::from_secs(7);

/// Sends by SNS and SES, which take a message as often as they are given it.
pub struct AwsPost {
    carriers: OnceCell<Carriers>,
    hire: Box<dyn Fn() -> Pin<Box<dyn Future<Output = Carriers> + Send>> + Send + Sync>,
    sender: Option<EmailAddress>,
}

/// Who carries what.
#[derive(Clone, Debug)]
pub struct Carriers {
    sns: aws_sdk_sns::Client,
    ses: aws_sdk_sesv2::Client,
}

impl Carriers {
    /// Hires those whom `sns` and `ses` reach.
    ///
    /// Neither knows a message again. So only who refuses it is asked a second time; whoever gives
    /// no answer, or fails, may have taken it.
    pub fn hire(sns: aws_sdk_sns::config::Builder, ses: aws_sdk_sesv2::config::Builder) -> Self {
        let patience = TimeoutConfig::builder().operation_timeout(PATIENCE).build();
        let sns = sns.timeout_config(patience.clone()).retry_classifier(OnlyRefused).build();
        let ses = ses.timeout_config(patience).retry_classifier(OnlyRefused).build();
        Self {
            sns: aws_sdk_sns::Client::from_conf(sns),
            ses: aws_sdk_sesv2::Client::from_conf(ses),
        }
    }
}

/// Forbids to send again what may have been taken.
#[derive(Debug)]
struct OnlyRefused;

impl ClassifyRetry for OnlyRefused {
    fn name(&self) -> &'static str {
        "only what was refused"
    }

    fn classify_retry(&self, attempt: &InterceptorContext) -> RetryAction {
        match attempt.response() {
            Some(answer) if answer.status().is_client_error() => RetryAction::NoActionIndicated,
            _ => RetryAction::RetryForbidden,
        }
    }
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

    async fn sms(&self, to: Phone, text: String) -> Result<Carried, PostError> {
        let sns = &self.carriers().await.sns;
        match sns.publish().phone_number(to.reveal()).message(text).send().await {
            Ok(_) => Ok(Carried::Taken),
            Err(error) if error.as_service_error().is_some_and(is_no_phone) => Ok(Carried::Refused),
            Err(error) => Err(PostError(error.into())),
        }
    }

    async fn mail(
        &self,
        to: EmailAddress,
        subject: String,
        text: String,
        html: Option<String>,
    ) -> Result<Carried, PostError> {
        let Some(sender) = &self.sender else {
            tracing::warn!("no sender is configured, so a mail was not sent");
            return Ok(Carried::Taken);
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
        match sent {
            Ok(_) => Ok(Carried::Taken),
            Err(error) if error.as_service_error().is_some_and(is_no_mail) => Ok(Carried::Refused),
            Err(error) => Err(PostError(error.into())),
        }
    }
}

/// Whether SNS will never reach this phone.
fn is_no_phone(error: &PublishError) -> bool {
    error.is_invalid_parameter_exception() || error.is_invalid_parameter_value_exception()
}

/// Whether SES will never take this mail to this mailbox. It also rejects mail while the sender is
/// not verified or the account is in the sandbox: that concerns all mail and can be mended.
/// <https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-error-messages.html>
fn is_no_mail(error: &SendEmailError) -> bool {
    match error {
        SendEmailError::BadRequestException(_) => true,
        SendEmailError::MessageRejected(rejected) => {
            !rejected.message().is_some_and(|why| why.contains("not verified"))
        }
        _ => false,
    }
}

impl Post for AwsPost {
    fn send<'a>(
        &'a self,
        _key: &'a str,
        message: Message,
    ) -> Pin<Box<dyn Future<Output = Result<Carried, PostError>> + Send + 'a>> {
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

#[cfg(test)]
mod tests {
    use std::{
        future,
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
    };

    use aws_sdk_sns::config::{BehaviorVersion, Credentials, Region};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
        task,
    };

    use super::*;

    const FAILED: &str = "HTTP/1.1 504 Gateway Timeout\r\ncontent-length: 0\r\n\r\n";
    const BUSY: &str = "HTTP/1.1 429 Too Many Requests\r\nconnection: close\r\n\
        x-amzn-errortype: TooManyRequestsException\r\ncontent-length: 0\r\n\r\n";
    const NO_PHONE: &str = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n\
        <ErrorResponse><Error><Type>Sender</Type><Code>InvalidParameter</Code>\
        <Message>Invalid parameter: PhoneNumber</Message></Error></ErrorResponse>";
    const NO_MAILBOX: &str = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\
        x-amzn-errortype: BadRequestException\r\n\r\n{\"message\":\"Missing final '@domain'\"}";
    const NO_SENDER: &str = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\
        x-amzn-errortype: MessageRejected\r\n\r\n{\"message\":\"Email address is not verified.\"}";
    const SUSPENDED: &str = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\
        x-amzn-errortype: AccountSuspendedException\r\n\r\n{}";
    const TAKEN: &str = "HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n{\"MessageId\":\"1\"}";

    #[tokio::test]
    async fn nobody_gets_a_message_twice_as_its_carrier_does_not_say_that_it_took_it() {
        for answer in ["", FAILED] {
            for message in [sms(), mail()] {
                let (post, asked) = carriers_that_answer(vec![answer, answer]).await;

                post.send("ntf", message).await.unwrap_err();

                assert_eq!(asked.load(Ordering::Relaxed), 1, "{answer}");
            }
        }
    }

    #[tokio::test]
    async fn a_carrier_that_is_too_busy_is_asked_again() {
        let (post, asked) = carriers_that_answer(vec![BUSY, TAKEN]).await;

        post.send("ntf", mail()).await.unwrap();

        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn what_is_refused_for_good_is_no_outage() {
        let rows = [
            (sms(), NO_PHONE, Some(Carried::Refused)),
            (mail(), NO_MAILBOX, Some(Carried::Refused)),
            (mail(), NO_SENDER, None),
            (mail(), SUSPENDED, None),
            (mail(), TAKEN, Some(Carried::Taken)),
        ];
        for (message, answer, wanted) in rows {
            let (post, _) = carriers_that_answer(vec![answer]).await;

            let carried = post.send("ntf", message).await;

            assert_eq!(carried.ok(), wanted, "{answer}");
        }
    }

    fn sms() -> Message {
        Message::Sms { to: "+923001234567".parse().unwrap(), text: "Come.".to_owned() }
    }

    fn mail() -> Message {
        let to = "ana@example.org".parse().unwrap();
        Message::Mail { to, subject: "Come".to_owned(), text: "Come.".to_owned(), html: None }
    }

    /// Carriers that answer so, one time after the other, and how often they were asked.
    async fn carriers_that_answer(answers: Vec<&'static str>) -> (AwsPost, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        task::spawn(async move {
            let mut callers = Vec::new();
            for answer in answers {
                let (mut caller, _) = listener.accept().await.unwrap();
                assert_ne!(caller.read(&mut [0; 1024]).await.unwrap(), 0);
                counted.fetch_add(1, Ordering::Relaxed);
                caller.write_all(answer.as_bytes()).await.unwrap();
                caller.shutdown().await.unwrap();
                callers.push(caller);
            }
            // Whoever hangs up on words it has not read takes back its own.
            future::pending::<()>().await;
        });
        let hire = move || {
            let key = Credentials::new("local", "local", None, None, "local");
            let sns = aws_sdk_sns::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .credentials_provider(key.clone())
                .region(Region::from_static("local"))
                .endpoint_url(&url);
            let ses = aws_sdk_sesv2::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .credentials_provider(key)
                .region(Region::from_static("local"))
                .endpoint_url(&url);
            async move { Carriers::hire(sns, ses) }
        };
        (AwsPost::new(Some("desk@example.org".parse().unwrap()), hire), asked)
    }
}
