//! One-time codes.

use carehub_clients::{Carried, Message};
use carehub_domain::{
    Failure,
    access::Actor,
    code::{Code, CodeKey, Purpose},
    event::{EventId, Reference},
};
use jiff::Timestamp;

use crate::Notifier;

/// Sends the code that an event asked for to its phone. One that was used, replaced or is too old
/// meanwhile is not sent, nor is one that is only to look as if it were.
///
/// A code that goes out twice is the same code twice, so nobody claims it: a message too many is
/// better than one that comes a minute too late. One that is refused for good is not tried again.
pub(crate) async fn send(
    notifier: &Notifier,
    event: EventId,
    code: String,
    now: Timestamp,
) -> Result<(), Box<dyn Failure>> {
    let Some(key) = CodeKey::named(&Reference::named(code)) else { return Ok(()) };
    let code = notifier.store.codes().find(&key).await?;
    let wanted = |code: &Code| code.sent && code.was_asked_for_by(event) && now < code.expires_at;
    let Some(code) = code.filter(wanted) else { return Ok(()) };
    let text = words(notifier, &code).await?;
    let message = Message::Sms { to: code.phone, text };
    if notifier.post.send(&event.to_string(), message).await? == Carried::Refused {
        tracing::warn!(event.id = %event, "a message was refused for good");
    }
    Ok(())
}

async fn words(notifier: &Notifier, code: &Code) -> Result<String, Box<dyn Failure>> {
    let (digits, minutes) = (code.digits(&notifier.pepper), code.purpose.life().as_mins());
    let digits = digits.reveal();
    Ok(match code.purpose {
        Purpose::Login | Purpose::Registration => {
            format!(
                "{digits} is your CareHub code. It is good for {minutes} minutes. Tell it to nobody."
            )
        }
        Purpose::PasswordReset => {
            format!(
                "{digits} is your CareHub code to choose a new password. It is good for {minutes} minutes. Tell it to nobody."
            )
        }
        Purpose::Repository => {
            let doctor = doctor(notifier, code).await?;
            format!(
                "{doctor} asks to read your health record. If you agree, read out this code: {digits}. It is good for {minutes} minutes."
            )
        }
    })
}

async fn doctor(notifier: &Notifier, code: &Code) -> Result<String, Box<dyn Failure>> {
    let Some(id) = code.requester else { return Ok("A doctor".to_owned()) };
    let doctor = notifier.store.doctors().find(id).await?;
    let reader = Actor::worker("notifier", code.expires_at);
    Ok(doctor
        .view(&reader)
        .map_or_else(|_| "A doctor".to_owned(), |doctor| format!("Dr. {}", doctor.name.full())))
}
