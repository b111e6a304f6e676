//! Answering a recommendation, once.

use carehub_domain::{
    Failure,
    access::{Action, Actor, Permit, UserId},
    recommendation::{
        FailureCause, Findings, Recommendation, RecommendationId, RecommendationState, candidates,
    },
};
use carehub_store::WriteError;

use crate::{Recommender, failed, rank};

/// Answers a recommendation, unless it is answered or given up.
pub(crate) async fn answer(
    recommender: &Recommender,
    requester: UserId,
    id: RecommendationId,
) -> Result<(), Box<dyn Failure>> {
    let Some(asked) = waiting(recommender, requester, id).await? else { return Ok(()) };
    let since = recommender.clock.now();
    let recommendations = recommender.store.recommendations();
    let ground = recommendations.ground(asked.tenant.hospital()).await.map_err(failed)?;
    let (formulary, rules) = (&ground.formulary, &ground.rules);
    let shortlist = candidates(&asked.inquiry, formulary, rules);
    let findings = rank::findings(recommender, &asked, &shortlist).await?;

    // What the hospital says may have changed since somebody asked.
    let key = asked.inquiry.key(asked.tenant, asked.audience, formulary, rules);
    let permit = noting(permit(recommender, &asked)?, &findings);
    let at = recommender.clock.now();
    let mut done = asked.answer(findings.clone(), at).map_err(failed)?;
    let kept = (key, findings);
    settled(recommendations.answer(&mut done, kept, since, &permit).await)
}

/// Tells whoever waits that there will be no answer.
pub(crate) async fn give_up(
    recommender: &Recommender,
    requester: UserId,
    id: RecommendationId,
    cause: FailureCause,
) -> Result<(), Box<dyn Failure>> {
    let Some(asked) = waiting(recommender, requester, id).await? else { return Ok(()) };
    let permit = permit(recommender, &asked)?.noting("cause", cause);
    let mut failed_one = asked.fail(cause, recommender.clock.now()).map_err(failed)?;
    settled(recommender.store.recommendations().save(&mut failed_one, &permit).await)
}

/// The recommendation, if nobody has answered it.
async fn waiting(
    recommender: &Recommender,
    requester: UserId,
    id: RecommendationId,
) -> Result<Option<Recommendation>, Box<dyn Failure>> {
    let found = recommender.store.recommendations().recorded(requester, id).await;
    Ok(found.map_err(failed)?.filter(|asked| asked.state() == RecommendationState::Queued))
}

fn permit(recommender: &Recommender, asked: &Recommendation) -> Result<Permit, Box<dyn Failure>> {
    let hub = Actor::worker("recommender", recommender.clock.now());
    let permit = hub.authorize(Action::AnswerRecommendation, asked).map_err(failed)?;
    Ok(permit.noting("requester", asked.requester))
}

/// What the audit log tells of an answer: its kind, how it came about and by which data.
fn noting(permit: Permit, findings: &Findings) -> Permit {
    permit
        .noting("outcome", findings.outcome.code())
        .noting("alternatives", findings.alternatives.len())
        .noting("by", findings.by.code())
        .noting("formulary", &findings.basis.formulary_version)
        .noting("rules", &findings.basis.rules_version)
}

/// If somebody else was faster, their answer stands.
fn settled<E: Failure>(written: Result<(), WriteError<E>>) -> Result<(), Box<dyn Failure>> {
    match written {
        Ok(()) | Err(WriteError::Condition(_)) => Ok(()),
        Err(WriteError::Store(error)) => Err(failed(error)),
    }
}
