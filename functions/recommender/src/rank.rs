//! Putting candidates in order, by rules or with a language model.

use carehub_clients::{Assistant, Consultation, SharedAssistant};
use carehub_domain::{
    Failure,
    recommendation::{
        Answer, Audience, Findings, Flaw, Ranking, Recommendation, Shortlist, WithoutModel, prompt,
        repair,
    },
};
use carehub_store::Service;

use crate::{Recommender, RecommenderError};

/// How often a model is asked about one recommendation.
const TRIES: usize = 2;

/// What a consultation came to.
enum Consulted {
    /// The model put the candidates in order.
    Ranked(Ranking),
    /// It did not, for all that it said.
    Flawed(Flaw),
    /// It was not asked.
    Unasked(WithoutModel),
}

/// The answer: by the model if there is one to be asked, and else by the rules, which say so.
pub(crate) async fn findings(
    recommender: &Recommender,
    asked: &Recommendation,
    shortlist: &Shortlist,
) -> Result<Findings, Box<dyn Failure>> {
    let assistant = match occasion(recommender, asked, shortlist) {
        Ok(assistant) => assistant,
        Err(without) => return Ok(Findings::by_rules(shortlist, without)),
    };
    let recommendations = recommender.store.recommendations();
    let claimed = recommendations.claim(asked.id, recommender.clock.now());
    if !claimed.await? {
        return Err(RecommenderError::InHand.into());
    }
    let model = assistant.model();
    Ok(match consult(recommender, assistant.as_ref(), asked, shortlist).await? {
        Consulted::Ranked(ranking) => Findings::by_model(shortlist, &ranking, model),
        Consulted::Flawed(flaw) => Findings::after_model_failed(shortlist, flaw, model),
        Consulted::Unasked(without) => Findings::by_rules(shortlist, without),
    })
}

/// The model, if there is something to ask it.
fn occasion<'r>(
    recommender: &'r Recommender,
    asked: &Recommendation,
    shortlist: &Shortlist,
) -> Result<&'r SharedAssistant, WithoutModel> {
    match (asked.audience, &recommender.assistant) {
        (Audience::Patient, _) => Err(WithoutModel::ForPatient),
        (Audience::Clinician, None) => Err(WithoutModel::NotSetUp),
        (Audience::Clinician, Some(_)) if !shortlist.is_worth_ranking() => {
            Err(WithoutModel::NothingToRank)
        }
        (Audience::Clinician, Some(assistant)) => Ok(assistant),
    }
}

/// Asks the model, and once more if it is told what was wrong. The breaker and the budget of the
/// tenant are asked before each time.
async fn consult(
    recommender: &Recommender,
    assistant: &dyn Assistant,
    asked: &Recommendation,
    shortlist: &Shortlist,
) -> Result<Consulted, Box<dyn Failure>> {
    let prompt = prompt(shortlist);
    let mut flaw: Option<Flaw> = None;
    for _ in 0..TRIES {
        if let Some(without) = spared(recommender, asked).await? {
            return Ok(flaw.map_or(Consulted::Unasked(without), Consulted::Flawed));
        }
        let repair = flaw.map(repair);
        let consultation = Consultation { prompt: &prompt, repair: repair.as_deref() };
        let wrong = match heard(recommender, assistant, consultation).await? {
            Ok(text) => match Answer::check(&text, shortlist) {
                Ok(ranking) => return Ok(Consulted::Ranked(ranking)),
                Err(wrong) => wrong,
            },
            Err(wrong) => wrong,
        };
        tracing::warn!(recommendation.id = %asked.id, flaw = %wrong, "the model was of no use");
        flaw = Some(wrong);
        if !wrong.is_repairable() {
            break;
        }
    }
    Ok(Consulted::Flawed(flaw.unwrap_or(Flaw::Unavailable)))
}

/// Why the model is not asked now, if it is not.
async fn spared(
    recommender: &Recommender,
    asked: &Recommendation,
) -> Result<Option<WithoutModel>, Box<dyn Failure>> {
    let (store, now) = (&recommender.store, recommender.clock.now());
    if store.breakers().admit(Service::Model, now).await?.is_err() {
        return Ok(Some(WithoutModel::Resting));
    }
    let may = store.recommendations().spend(asked.tenant, recommender.budget, now).await;
    if may? {
        return Ok(None);
    }
    store.breakers().untried(Service::Model, now).await?;
    Ok(Some(WithoutModel::BudgetSpent))
}

/// Asks once, and tells the breaker how that went.
async fn heard(
    recommender: &Recommender,
    assistant: &dyn Assistant,
    consultation: Consultation<'_>,
) -> Result<Result<String, Flaw>, Box<dyn Failure>> {
    let answer = assistant.ask(consultation).await;
    let (breakers, now) = (recommender.store.breakers(), recommender.clock.now());
    match answer {
        Err(error) if error.flaw.is_outage() => {
            let wish = error.retry_after;
            breakers.failed(Service::Model, wish, now).await?;
            Ok(Err(error.flaw))
        }
        answer => {
            breakers.succeeded(Service::Model, now).await?;
            Ok(answer.map_err(|error| error.flaw))
        }
    }
}
