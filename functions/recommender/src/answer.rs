//! Answering a recommendation, once.

use carehub_domain::{
    Failure,
    access::{Action, Actor, Permit, UserId},
    recommendation::{
        FailureCause, Findings, Recommendation, RecommendationId, RecommendationState, candidates,
    },
};
use carehub_store::won;

use crate::{Recommender, rank};

/// Answers a recommendation, unless it is answered or given up.
pub(crate) async fn answer(
    recommender: &Recommender,
    requester: UserId,
    id: RecommendationId,
) -> Result<(), Box<dyn Failure>> {
    let Some(asked) = waiting(recommender, requester, id).await? else { return Ok(()) };
    let since = recommender.clock.now();
    let recommendations = recommender.store.recommendations();
    let ground = recommendations.ground(asked.tenant.hospital()).await?;
    let (formulary, rules) = (&ground.formulary, &ground.rules);
    let shortlist = candidates(&asked.inquiry, formulary, rules);
    let findings = rank::findings(recommender, &asked, &shortlist).await?;

    // What the hospital says may have changed since somebody asked.
    let key = asked.inquiry.key(asked.tenant, asked.audience, formulary, rules);
    let permit = noting(permit(recommender, &asked)?, &findings);
    let at = recommender.clock.now();
    let mut done = asked.answer(findings.clone(), at)?;
    let kept = (key, findings);
    // If somebody else was faster, their answer stands.
    Ok(won(recommendations.answer(&mut done, kept, since, &permit).await).map(drop)?)
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
    let mut failed_one = asked.fail(cause, recommender.clock.now())?;
    Ok(won(recommender.store.recommendations().save(&mut failed_one, &permit).await).map(drop)?)
}

/// The recommendation, if nobody has answered it.
async fn waiting(
    recommender: &Recommender,
    requester: UserId,
    id: RecommendationId,
) -> Result<Option<Recommendation>, Box<dyn Failure>> {
    let found = recommender.store.recommendations().recorded(requester, id).await;
    Ok(found?.filter(|asked| asked.state() == RecommendationState::Queued))
}

fn permit(recommender: &Recommender, asked: &Recommendation) -> Result<Permit, Box<dyn Failure>> {
    let hub = Actor::worker("recommender", recommender.clock.now());
    let permit = hub.authorize(Action::AnswerRecommendation, asked)?;
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
