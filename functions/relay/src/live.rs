//! What people see at once: which events concern whom, and who of them listens.

use std::collections::{BTreeMap, BTreeSet};

use carehub_clients::{Heard, Word};
use carehub_domain::{
    Failure,
    access::{Action, UserId},
    appointment::{Appointment, AppointmentId},
    doctor::DoctorId,
    event::Event,
    live::{Connection, Entry, EntryKind, News},
    notification::{Channel, Decision},
};
use carehub_store::{Listeners, Store, StoreError};
use futures_util::{StreamExt, TryStreamExt, future::try_join_all, stream};
use jiff::{Timestamp, civil::Date};

use crate::Relay;

/// For how many people something is entered, or to how many it is said, at the same time.
const AT_ONCE: usize = 8;

/// Enters what events mean for people into their feeds, and then says it to those who listen.
///
/// First all is entered, then connections are looked for: see `feeds` in the store. Whoever hears
/// something twice knows it by its number. A connection that cannot be reached keeps nobody
/// waiting, as its person catches up.
pub(crate) async fn push(relay: &Relay, events: &[Event]) -> Result<(), Box<dyn Failure>> {
    let Some(now) = events.iter().map(|event| event.at).max() else { return Ok(()) };
    let mut told: BTreeMap<UserId, Vec<Entry>> = BTreeMap::new();
    for event in events {
        let parts = news(&relay.store, event).await?;
        let onlookers = onlookers(&relay.store, event).await?;
        for (people, news) in parts.into_iter().chain(onlookers) {
            for entry in enter(&relay.store, people, event, &news).await? {
                told.entry(entry.user).or_default().push(entry);
            }
        }
        if let Some(person) = signed_out(event) {
            told.entry(person).or_default();
        }
    }
    let telling = stream::iter(told).map(|(person, entries)| tell(relay, person, entries, now));
    Ok(telling.buffer_unordered(AT_ONCE).try_collect::<()>().await?)
}

/// Enters what an event means for people into the feeds of those who listen.
async fn enter(
    store: &Store,
    people: BTreeSet<UserId>,
    event: &Event,
    news: &News,
) -> Result<Vec<Entry>, StoreError> {
    let feeds = store.feeds();
    let entering = people.into_iter().map(|person| feeds.append(person, event, news));
    let entered = stream::iter(entering).buffer_unordered(AT_ONCE);
    let entries: Vec<Option<Entry>> = entered.try_collect().await?;
    Ok(entries.into_iter().flatten().collect())
}

/// What an event means, and for whom.
async fn news(
    store: &Store,
    event: &Event,
) -> Result<Option<(BTreeSet<UserId>, News)>, StoreError> {
    match event.action {
        Action::Notify => notification(store, event).await,
        Action::CreateAppointment
        | Action::EditAppointment
        | Action::AssignDoctor
        | Action::ConfirmAppointment
        | Action::CheckIn
        | Action::StartVisit
        | Action::CompleteVisit
        | Action::CancelAppointment
        | Action::RescheduleAppointment
        | Action::MissAppointment
        | Action::ExpireAppointment => appointment(store, event).await,
        Action::TakeToken | Action::CheckInToken | Action::CallNext | Action::LeaveQueue => {
            Ok(queue(event))
        }
        Action::OfferSlot => Ok(offer(event)),
        Action::CreateSymptom | Action::EditSymptom | Action::DeleteSymptom => {
            finding(store, event, EntryKind::Symptom).await
        }
        Action::CreateDiagnosis | Action::EditDiagnosis | Action::DeleteDiagnosis => {
            finding(store, event, EntryKind::Diagnosis).await
        }
        Action::CreateVitalSigns | Action::EditVitalSigns | Action::DeleteVitalSigns => {
            finding(store, event, EntryKind::VitalSigns).await
        }
        Action::CreateRemark | Action::EditRemark | Action::DeleteRemark => {
            finding(store, event, EntryKind::Note).await
        }
        _ => Ok(None),
    }
}

async fn notification(
    store: &Store,
    event: &Event,
) -> Result<Option<(BTreeSet<UserId>, News)>, StoreError> {
    let recipient = event.details.get("recipient").and_then(|id| id.parse().ok());
    let (Some(recipient), Ok(id)) = (recipient, event.subject.as_str().parse()) else {
        return Ok(None);
    };
    // Most people do not listen, and there is much to read for those who do.
    if store.feeds().feed(recipient).await?.is_none_or(|feed| !feed.is_kept(event.at)) {
        return Ok(None);
    }
    // One that was removed meanwhile is no news.
    let found = store.deliveries().prepare(recipient, id, Channel::Push, event.at).await?;
    Ok(found.map(|found| {
        let speaks = found.notification.channels.contains(&Channel::Push)
            && found.decide(event.at) == Decision::Send;
        let news = News::Notification {
            id,
            notification_type: found.notification.kind,
            priority: found.notification.priority,
            title: found.notification.title,
            speaks,
        };
        (BTreeSet::from([recipient]), news)
    }))
}

/// All who have a part in an appointment are told where it is now, which may be further than the
/// event brought it.
async fn appointment(
    store: &Store,
    event: &Event,
) -> Result<Option<(BTreeSet<UserId>, News)>, StoreError> {
    let Ok(id) = event.subject.as_str().parse::<AppointmentId>() else { return Ok(None) };
    let found = store.appointments().recorded(id).await?;
    Ok(found.map(|found| {
        let Appointment { patient, doctor, hospital, keeper, .. } = found;
        let concerned = [Some(patient.into()), doctor.map(Into::into), hospital.map(Into::into)];
        let people = concerned.into_iter().flatten().chain(keeper).collect();
        (people, News::Appointment { id, state: found.status(), action: event.action })
    }))
}

/// The subject is a queue or a token, `queue#doc_…#<date>` or `token#doc_…#<date>#<number>`.
fn queue(event: &Event) -> Option<(BTreeSet<UserId>, News)> {
    let mut parts = event.subject.as_str().split('#').skip(1);
    let doctor: DoctorId = parts.next()?.parse().ok()?;
    let date: Date = parts.next()?.parse().ok()?;
    let number = event.details.get("number").map(String::as_str).or(parts.next());
    let token = number.and_then(|number| number.parse().ok());
    let concerned =
        [Some(doctor.into()), event.patient.map(Into::into), event.hospital.map(Into::into)];
    let people = concerned.into_iter().flatten().collect();
    Some((people, News::Queue { doctor, date, token, action: event.action }))
}

/// Whoever waits in a queue sees it move: which number is called, which is no secret, and that
/// somebody has left, but not who.
async fn onlookers(
    store: &Store,
    event: &Event,
) -> Result<Option<(BTreeSet<UserId>, News)>, StoreError> {
    if !matches!(event.action, Action::CallNext | Action::LeaveQueue) {
        return Ok(None);
    }
    let Some((concerned, News::Queue { doctor, date, token, action })) = queue(event) else {
        return Ok(None);
    };
    let waiting = store.queues().waiting(doctor, date).await?;
    let people: BTreeSet<_> = waiting.into_iter().map(UserId::from).collect();
    let token = token.filter(|_| action == Action::CallNext);
    Ok(Some((&people - &concerned, News::Queue { doctor, date, token, action })))
}

fn offer(event: &Event) -> Option<(BTreeSet<UserId>, News)> {
    let patient = event.patient?;
    let doctor = event.subject.as_str().parse().ok()?;
    let date = event.details.get("date")?.parse().ok()?;
    Some((BTreeSet::from([patient.into()]), News::Waitlist { doctor, date }))
}

/// What is written down about a visit is for everyone who takes part in it, so patient and doctor
/// may read all of it.
async fn finding(
    store: &Store,
    event: &Event,
    entry: EntryKind,
) -> Result<Option<(BTreeSet<UserId>, News)>, StoreError> {
    let Some(Ok(id)) = event.details.get("appointment").map(|id| id.parse::<AppointmentId>())
    else {
        return Ok(None);
    };
    let found = store.appointments().recorded(id).await?;
    Ok(found.map(|found| {
        let people = [Some(found.patient.into()), found.doctor.map(Into::into)];
        (people.into_iter().flatten().collect(), News::Consultation { id, entry })
    }))
}

/// Whose sessions an event may have ended. What ends sessions in another way ends connections when
/// there is something to say to them.
fn signed_out(event: &Event) -> Option<UserId> {
    match event.action {
        Action::SignOut
        | Action::EndSession
        | Action::ReuseToken
        | Action::ChangePassword
        | Action::ResetPassword => event.actor,
        Action::AdministerAccount | Action::DeleteAccount => event.subject.as_str().parse().ok(),
        Action::DeleteDoctor => event.subject.as_str().parse::<DoctorId>().ok().map(Into::into),
        Action::DeletePatient => event.patient.map(Into::into),
        Action::RejectHospital | Action::DeleteHospital => event.hospital.map(Into::into),
        _ => None,
    }
}

/// Says entries to every connection of a person, and ends those whose session has ended.
async fn tell(
    relay: &Relay,
    person: UserId,
    entries: Vec<Entry>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Listeners { live, ended } = relay.store.feeds().listeners(person, now).await?;
    for connection in ended {
        end(relay, &connection).await?;
    }
    try_join_all(live.iter().map(|connection| say(relay, connection, &entries))).await?;
    Ok(())
}

/// A connection that cannot be ended now is not forgotten, so that the next news end it. Until then
/// nothing is said to it.
async fn end(relay: &Relay, connection: &Connection) -> Result<(), StoreError> {
    match relay.wire.hang_up(&connection.id).await {
        Ok(()) => relay.store.feeds().forget(connection).await,
        Err(error) => {
            tracing::warn!(error.code = error.code(), "a connection was not ended");
            Ok(())
        }
    }
}

async fn say(relay: &Relay, connection: &Connection, entries: &[Entry]) -> Result<(), StoreError> {
    for entry in entries {
        match relay.wire.say(&connection.id, Word::News(entry).to_string()).await {
            Ok(Heard::Said) => {}
            Ok(Heard::Gone) => return relay.store.feeds().forget(connection).await,
            Err(error) => {
                tracing::warn!(error.code = error.code(), "something was not said");
                return Ok(());
            }
        }
    }
    Ok(())
}
