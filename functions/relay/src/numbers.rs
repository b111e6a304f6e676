//! What statistics and ratings make of events.

use std::collections::BTreeSet;

use carehub_domain::{
    access::{Action, Actor, UserId},
    census::{Counted, Share, Sheet, asker},
    doctor::DoctorId,
    event::{Event, Reference},
    recommendation::RecommendationId,
    review::Rating,
};
use carehub_store::{Store, StoreError, WriteError};

/// How often a doctor whom others change at the same time is rated.
const TRIES: usize = 8;

/// Counts anew every record that events say has changed, each once, and rates the doctors whose
/// reviews have.
pub(crate) async fn recount(store: &Store, events: &[Event]) -> Result<(), StoreError> {
    let records: BTreeSet<String> = events.iter().flat_map(changed).collect();
    for record in records {
        count(store, &record).await?;
    }
    let reviewed: BTreeSet<DoctorId> = events.iter().filter_map(reviewed).collect();
    for doctor in reviewed {
        rate(store, doctor, events).await?;
    }
    let recommended: BTreeSet<_> = events.iter().filter_map(recommended).collect();
    for (requester, recommendation) in recommended {
        recommend(store, requester, recommendation).await?;
    }
    Ok(())
}

/// The records whose numbers an event may have changed.
fn changed(event: &Event) -> Vec<String> {
    let subject = event.subject.to_string();
    let patient = event.patient.map(|patient| patient.to_string());
    match event.action {
        Action::CreateAccount
        | Action::EditAccount
        | Action::AdministerAccount
        | Action::DeleteAccount => {
            let doctor = subject.replacen("usr_", "doc_", 1);
            patient.into_iter().chain([doctor]).collect()
        }
        Action::CreatePatient | Action::EditPatient | Action::DeletePatient => {
            patient.into_iter().collect()
        }
        Action::MergePatients | Action::UnmergePatients => {
            patient.into_iter().chain(event.details.get("duplicate").cloned()).collect()
        }
        Action::CreateDoctor
        | Action::EditDoctor
        | Action::DeleteDoctor
        | Action::VerifyDoctor
        | Action::CreateReview
        | Action::EditReview
        | Action::DeleteReview
        | Action::ModerateReview => vec![subject],
        Action::CreateAssignment | Action::EditAssignment | Action::DeleteAssignment => {
            patient.into_iter().chain([subject]).collect()
        }
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
        | Action::ExpireAppointment => {
            let care = event.details.get("assignment").cloned();
            patient.into_iter().chain(care).chain([subject]).collect()
        }
        Action::CreatePrescription
        | Action::EditPrescription
        | Action::CancelPrescription
        | Action::DispensePrescription
        | Action::CompletePrescription
        | Action::ExpirePrescription => {
            event.details.get("replaces").cloned().into_iter().chain([subject]).collect()
        }
        _ => Vec::new(),
    }
}

/// The doctor of whom an event says that a review has changed.
fn reviewed(event: &Event) -> Option<DoctorId> {
    match event.action {
        Action::CreateReview
        | Action::EditReview
        | Action::DeleteReview
        | Action::ModerateReview => event.details.get("doctor")?.parse().ok(),
        _ => None,
    }
}

/// The recommendation of which an event says that it was asked for or answered, and by whom it
/// was asked for.
fn recommended(event: &Event) -> Option<(UserId, RecommendationId)> {
    let requester = match event.action {
        Action::RequestRecommendation => event.actor,
        Action::AnswerRecommendation => event.details.get("requester")?.parse().ok(),
        _ => None,
    };
    Some((requester?, event.subject.as_str().parse().ok()?))
}

/// Counts a recommendation anew, and whoever asked for it once.
async fn recommend(
    store: &Store,
    requester: UserId,
    id: RecommendationId,
) -> Result<(), StoreError> {
    let share = || async {
        store.recommendations().recorded(requester, id).await.map(|asked| asked.share())
    };
    store.census().recount(&id.into(), share).await?;
    let asker_of = Reference::named(format!("asker-{requester}"));
    store.census().recount(&asker_of, || async { Ok(asker()) }).await
}

async fn count(store: &Store, record: &str) -> Result<(), StoreError> {
    let share = || async {
        let (patients, doctors) = (store.patients(), store.doctors());
        if let Ok(id) = record.parse() {
            return patients.recorded(id).await.map(|patient| patient.share());
        }
        if let Ok(id) = record.parse() {
            return doctors.recorded(id).await.map(|doctor| doctor.share());
        }
        if let Ok(id) = record.parse() {
            return store.care().recorded(id).await.map(|assignment| assignment.share());
        }
        if let Ok(id) = record.parse() {
            return store.appointments().recorded(id).await.map(|booked| booked.share());
        }
        if let Ok(id) = record.parse() {
            return store.prescriptions().recorded(id).await.map(|written| written.share());
        }
        match record.parse() {
            Ok(id) => store.reviews().recorded(id).await.map(|review| review.share()),
            Err(_) => Ok(Share::new()),
        }
    };
    store.census().recount(&Reference::named(record), share).await
}

/// Writes what the approved reviews come to where patients see it.
async fn rate(store: &Store, id: DoctorId, events: &[Event]) -> Result<(), StoreError> {
    let Some(at) = events.iter().map(|event| event.at).max() else { return Ok(()) };
    for _ in 0..TRIES {
        let Some(before) = store.doctors().recorded(id).await? else { return Ok(()) };
        // The sheet is read behind the doctor: were it older, a newer rating could be overwritten.
        let facts = store.census().sheet(&Sheet::Rating(id.into())).await?;
        let number = |name: &str| {
            facts.get(name).and_then(|number| u32::try_from(*number).ok()).unwrap_or_default()
        };
        let rating = Rating { count: number("rating:count"), stars: number("rating:stars") };
        if rating == before.rating {
            return Ok(());
        }
        let mut doctor = before.clone();
        doctor.rating = rating;
        let relay = Actor::worker("relay", at);
        let permit = relay
            .authorize(Action::RateDoctor, &before)
            .map_err(|denied| StoreError::Rejected(denied.into()))?;
        match store.doctors().rate(&before, &mut doctor, &permit).await {
            Ok(()) => return Ok(()),
            // Somebody else changed the doctor, or rated them as well.
            Err(WriteError::Condition(_)) => {}
            Err(WriteError::Store(error)) => return Err(error),
        }
    }
    Err(StoreError::Unavailable("a doctor is changed by too many at once".into()))
}
