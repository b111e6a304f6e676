//! The words of messages.

use carehub_clients::Message;
use carehub_domain::{
    Failure,
    access::{Action, Actor},
    code::{Code, CodeKey, Purpose},
    event::Event,
};
use jiff::{Timestamp, tz::TimeZone};

use crate::Relay;

/// The code that a phone is to show. One that was used or replaced meanwhile is not sent.
pub(crate) async fn code(
    relay: &Relay,
    event: &Event,
) -> Result<Option<Message>, Box<dyn Failure>> {
    let Some(key) = CodeKey::named(&event.subject) else { return Ok(None) };
    let code = relay.store.codes().find(&key).await.map_err(failed)?;
    let Some(code) = code.filter(|code| code.sent) else { return Ok(None) };
    let digits = code.digits(&relay.pepper);
    let minutes = code.purpose.life().as_mins();
    let text = match code.purpose {
        Purpose::Login | Purpose::Registration => {
            format!(
                "{} is your CareHub code. It is good for {minutes} minutes. Tell it to nobody.",
                digits.reveal()
            )
        }
        Purpose::PasswordReset => {
            format!(
                "{} is your CareHub code to choose a new password. It is good for {minutes} minutes. Tell it to nobody.",
                digits.reveal()
            )
        }
        Purpose::Repository => {
            let doctor = doctor(relay, &code).await?;
            format!(
                "{doctor} asks to read your health record. If you agree, read out this code: {}. It is good for {minutes} minutes.",
                digits.reveal()
            )
        }
    };
    Ok(Some(Message::Sms { to: code.phone, text }))
}

async fn doctor(relay: &Relay, code: &Code) -> Result<String, Box<dyn Failure>> {
    let Some(id) = code.requester else { return Ok("A doctor".to_owned()) };
    let doctor = relay.store.doctors().find(id).await.map_err(failed)?;
    let reader = Actor::worker("relay", code.expires_at);
    Ok(doctor
        .view(&reader)
        .map_or_else(|_| "A doctor".to_owned(), |doctor| format!("Dr. {}", doctor.name.full())))
}

/// What a hospital is told about its application.
pub(crate) async fn decision(
    relay: &Relay,
    event: &Event,
) -> Result<Option<Message>, Box<dyn Failure>> {
    let Some(id) = event.hospital else { return Ok(None) };
    let hospital = relay.store.hospitals().find(id).await.map_err(failed)?;
    let Ok(hospital) = hospital.view(&Actor::worker("relay", event.at)) else { return Ok(None) };
    let name = hospital.name.reveal();
    let (subject, text) = match event.action {
        Action::ApproveHospital => (
            "Your hospital has joined CareHub",
            format!("{name} has been approved. You can sign in now."),
        ),
        Action::RejectHospital => (
            "Your application to CareHub",
            format!(
                "{name} has not been approved. Please write to us if you think this is a mistake."
            ),
        ),
        _ => (
            "We have your application to CareHub",
            format!(
                "Thank you for registering {name}. We will write again when it has been decided on."
            ),
        ),
    };
    Ok(Some(Message::Mail { to: hospital.email, subject: subject.to_owned(), text }))
}

/// What a patient who waits is offered. What was taken or has lapsed meanwhile is not told.
pub(crate) async fn offer(
    relay: &Relay,
    event: &Event,
) -> Result<Option<Message>, Box<dyn Failure>> {
    let (Some(patient), Some(doctor), Some(date)) = (
        event.patient,
        event.subject.as_str().parse().ok(),
        event.details.get("date").and_then(|date| date.parse().ok()),
    ) else {
        return Ok(None);
    };
    let (reader, store) = (Actor::worker("relay", event.at), &relay.store);
    let doctor = store.doctors().find(doctor).await.map_err(failed)?;
    let Ok(doctor) = doctor.view(&reader) else { return Ok(None) };
    let list = store.waitlists().of_day(&doctor, date).await.map_err(failed)?;
    let Ok(list) = list.view(&reader) else { return Ok(None) };
    let Some(offer) = list.place(patient).and_then(|(_, waiting)| waiting.offer) else {
        return Ok(None);
    };
    let patient = store.patients().find(patient).await.map_err(failed)?;
    let Ok(patient) = patient.view(&reader) else { return Ok(None) };
    let zone = TimeZone::get(list.zone.as_str()).unwrap_or(TimeZone::UTC);
    let civil = |at: Timestamp| at.to_zoned(zone.clone());
    let (start, until) = (civil(offer.span.start()), civil(offer.until));
    let text = format!(
        "A time with Dr. {} has become free: {} at {} ({}). Book it in CareHub by {}, then it is offered to the next.",
        doctor.name.full(),
        start.strftime("%A, %-d %B %Y"),
        start.strftime("%H:%M"),
        list.zone.as_str(),
        until.strftime("%H:%M"),
    );
    Ok(match (patient.phone, patient.email) {
        (Some(to), _) => Some(Message::Sms { to, text }),
        (None, Some(to)) => {
            let subject = "A time has become free".to_owned();
            Some(Message::Mail { to, subject, text })
        }
        (None, None) => None,
    })
}

/// What the patient and the doctor's hospital are told when a repository was opened in an emergency.
/// Neither letter says why, or what is in the repository.
pub(crate) async fn emergency(
    relay: &Relay,
    event: &Event,
) -> Result<Vec<Message>, Box<dyn Failure>> {
    let id = event.details.get("emergency").and_then(|id| id.parse().ok());
    let Some(id) = id else { return Ok(Vec::new()) };
    let (reader, store) = (Actor::worker("relay", event.at), &relay.store);
    let access = store.glasses().find(id).await.map_err(failed)?;
    let Ok(access) = access.view(&reader) else { return Ok(Vec::new()) };
    let doctor = access.doctor_name.reveal();
    let subject = "A health record was opened in an emergency";
    let mut messages = Vec::new();
    let patient = store.patients().find(access.patient).await.map_err(failed)?;
    if let Ok(patient) = patient.view(&reader) {
        let text = format!(
            "Dr. {doctor} opened your health record in an emergency, for an hour. You can see why in CareHub, and close it there. Somebody will review it."
        );
        messages.extend(match (patient.phone, patient.email) {
            (Some(to), _) => Some(Message::Sms { to, text }),
            (None, Some(to)) => Some(Message::Mail { to, subject: subject.to_owned(), text }),
            (None, None) => None,
        });
    }
    let Some(hospital) = access.hospital else { return Ok(messages) };
    let hospital = store.hospitals().find(hospital).await.map_err(failed)?;
    if let Ok(hospital) = hospital.view(&reader) {
        let text = format!(
            "Dr. {doctor} opened the health record of a patient in an emergency, without asking the patient. Please review in CareHub whether that was right: {}.",
            access.id
        );
        messages.push(Message::Mail { to: hospital.email, subject: subject.to_owned(), text });
    }
    Ok(messages)
}

fn failed(error: impl Failure) -> Box<dyn Failure> {
    Box::new(error)
}
