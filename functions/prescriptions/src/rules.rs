//! `/api/prescriptions/interactions`

use std::collections::BTreeMap;

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::CurrentActor,
    created::Created,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path, Query},
    form,
    form::{Change, Invalid, replace},
};
use carehub_domain::{
    Failure, FieldError,
    access::{Action, Actor, Denied, Permit},
    hospital::HospitalId,
    prescription::{CommonRules, RuleError},
    safety::{
        self, BadSiteRules, DISCLAIMER, RuleId, RuleInfo, SafetyRules, Severity, SiteRule,
        SiteRules, Source,
    },
    text::Text,
};
use carehub_store::Store;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

form! {
    /// Whose rules to list.
    pub(crate) struct Wanted {
        /// The hospital; for admins. Others see those of their own.
        hospital: Option<HospitalId> = "hospital_id",
    }
}

form! {
    /// A rule of a hospital about two medicines: one of `objects` with one of `precipitants`, or
    /// any two of one list. Names are those of ingredients and classes.
    #[derive(Clone)]
    pub(crate) struct NewRule {
        /// What it says in a few words.
        title: Option<Text<200>> = "name",
        /// How much it weighs.
        severity: Severity,
        /// Medicines on one side, or one.
        objects: Option<Names> = "drug1",
        /// Medicines on the other side, or one.
        precipitants: Option<Names> = "drug2",
        /// Medicines of which no two go together.
        any_two_of: Option<Names>,
        /// Why, in one sentence.
        detail: Text<500> = "description" | "clinical_effect",
        /// Where it comes from; the hospital if nothing is said.
        source: Option<Text<300>>,
    }
}

form! {
    /// Changes to a rule. What is not there stays. Of rules that are built in, only how much they
    /// weigh can be changed.
    #[derive(Clone)]
    pub(crate) struct RuleChanges {
        /// How much it weighs; `null` for as much as is built in.
        severity: Change<Severity>,
        /// What it says in a few words.
        title: Option<Text<200>> = "name",
        /// Medicines on one side.
        objects: Option<Names>,
        /// Medicines on the other side.
        precipitants: Option<Names>,
        /// Medicines of which no two go together.
        any_two_of: Option<Names>,
        /// Why, in one sentence.
        detail: Option<Text<500>> = "description" | "clinical_effect",
        /// Where it comes from.
        source: Option<Text<300>>,
    }
}

/// Several names, or one.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Names {
    /// One.
    One(Text<100>),
    /// Several.
    Several(Vec<Text<100>>),
}

impl From<Names> for Vec<Text<100>> {
    fn from(names: Names) -> Self {
        match names {
            Names::One(name) => vec![name],
            Names::Several(names) => names,
        }
    }
}

/// A rule of the safety check, as much as it weighs at a hospital.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuleView {
    /// The rule.
    #[serde(flatten)]
    pub rule: RuleInfo,
    /// How much it weighs where the hospital has not changed that.
    pub adjusted_from: Option<Severity>,
    /// Whether the hospital added it.
    pub is_own: bool,
}

/// The rules of the safety check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RulesView {
    /// Whose rules they are; nobody's if they are those that are built in.
    pub hospital: Option<HospitalId>,
    /// How many there are.
    pub count: usize,
    /// The rules, those of the hospital last.
    pub results: Vec<RuleView>,
    /// Always `null`.
    pub next: Option<String>,
    /// Always `null`.
    pub previous: Option<String>,
    /// The version of the rules that are built in.
    pub data_version: String,
    /// Where they come from.
    pub sources: Vec<Source>,
    /// What to keep in mind.
    pub disclaimer: String,
}

/// List the rules of the safety check.
#[utoipa::path(get, path = "/api/prescriptions/interactions", tag = "prescriptions", params(
    ("hospital" = Option<HospitalId>, Query, description = "The hospital; for admins. Others see the rules of their own."),
), responses(
    (status = 200, description = "All rules that are built in, as much as they weigh at the caller's hospital, and those it added.", body = RulesView),
    (status = 403, description = "Patients and who only books appointments do not see them.", body = Problem),
    (status = 404, description = "There is no such hospital, or it is not the caller's.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    Query(wanted): Query<Wanted>,
    State(store): State<Store>,
) -> Result<Json<RulesView>> {
    let hospital = wanted.hospital.or(actor.hospital);
    let site = rules_at(hospital, &actor, &store).await?;
    let results: Vec<_> = RuleView::all(&site).collect();
    Ok(Json(RulesView {
        hospital,
        count: results.len(),
        results,
        next: None,
        previous: None,
        data_version: safety::version().to_owned(),
        sources: safety::sources().to_vec(),
        disclaimer: DISCLAIMER.to_owned(),
    }))
}

/// Add a rule to those of one's hospital.
#[utoipa::path(post, path = "/api/prescriptions/interactions", tag = "prescriptions", request_body = NewRule, responses(
    (status = 201, description = "The rule. It counts from now on, for the hospital's own doctors.", body = RuleView),
    (status = 400, description = "Some fields are not right, or a name is not known.", body = Problem),
    (status = 403, description = "Only hospitals do this.", body = Problem),
    (status = 409, description = "The rules changed at the same time.", body = Problem),
))]
pub(crate) async fn add(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
    Body(new): Body<NewRule>,
) -> Result<Created<Tagged<Json<RuleView>>>> {
    let own = Own::of(&actor, &store).await?;
    let id = own.next_id()?;
    let mut rules = own.kept.rules.rules().to_vec();
    rules.push(new.read(id.clone())?);
    let kept = own.save(own.kept.rules.severities().clone(), rules, &id, &actor, &store).await?;
    let location = format!("/api/prescriptions/interactions/{id}");
    Ok(Created::at(location, shown(&kept, &id)?))
}

/// See a rule of the safety check.
#[utoipa::path(get, path = "/api/prescriptions/interactions/{rule}", tag = "prescriptions", params(
    ("rule" = RuleId, Path, description = "The rule."),
), responses(
    (status = 200, description = "The rule, as much as it weighs at the caller's hospital.", body = RuleView),
    (status = 403, description = "Patients and who only books appointments do not see them.", body = Problem),
    (status = 404, description = "There is no such rule.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<RuleId>,
    State(store): State<Store>,
) -> Result<Json<RuleView>> {
    let site = rules_at(actor.hospital, &actor, &store).await?;
    Ok(Json(RuleView::find(&site, &id)?))
}

/// Change how much a rule weighs at one's hospital, or what a rule of one's own says.
#[utoipa::path(patch, path = "/api/prescriptions/interactions/{rule}", tag = "prescriptions", request_body = RuleChanges, params(
    ("rule" = RuleId, Path, description = "The rule."),
), responses(
    (status = 200, description = "The rule as it is now. `PUT` means the same.", body = RuleView),
    (status = 400, description = "Some fields are not right, a name is not known, or the weight of the rule cannot be changed.", body = Problem),
    (status = 403, description = "Only hospitals do this.", body = Problem),
    (status = 404, description = "There is no such rule.", body = Problem),
    (status = 409, description = "What the rule says is built in, or the rules changed at the same time.", body = Problem),
    (status = 412, description = "The rules are not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<RuleId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<RuleChanges>,
) -> Result<Tagged<Json<RuleView>>> {
    let own = Own::of(&actor, &store).await?;
    expected.check(&own.kept)?;
    let _known = RuleView::find(&own.kept.rules, &id)?;
    let (severities, rules) = changes.apply(&own.kept.rules, &id)?;
    let kept = own.save(severities, rules, &id, &actor, &store).await?;
    Ok(shown(&kept, &id)?)
}

/// Remove a rule of one's hospital.
#[utoipa::path(delete, path = "/api/prescriptions/interactions/{rule}", tag = "prescriptions", params(
    ("rule" = RuleId, Path, description = "The rule."),
), responses(
    (status = 204, description = "The rule counts no longer."),
    (status = 403, description = "Only hospitals do this.", body = Problem),
    (status = 404, description = "There is no such rule.", body = Problem),
    (status = 409, description = "The rule is built in, or the rules changed at the same time.", body = Problem),
    (status = 412, description = "The rules are not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn remove(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<RuleId>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    let own = Own::of(&actor, &store).await?;
    expected.check(&own.kept)?;
    let found = RuleView::find(&own.kept.rules, &id)?;
    found.is_own.then_some(()).ok_or(RuleError::BuiltIn)?;
    let mut rules = own.kept.rules.rules().to_vec();
    rules.retain(|rule| rule.id != id);
    let mut severities = own.kept.rules.severities().clone();
    severities.remove(&id);
    own.save(severities, rules, &id, &actor, &store).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The rules at the actor's hospital, for somebody who checks medicines.
pub(crate) async fn site_of(actor: &Actor, store: &Store) -> Result<SiteRules> {
    rules_at(actor.hospital, actor, store).await
}

/// The rules at a hospital, or those that are built in.
async fn rules_at(hospital: Option<HospitalId>, actor: &Actor, store: &Store) -> Result<SiteRules> {
    let _common = actor.create(Action::ViewSafetyRules, &CommonRules)?;
    let Some(hospital) = hospital else { return Ok(SiteRules::default()) };
    let (found, _) = store.safety_rules().find(hospital, actor).await?;
    Ok(found.view(actor)?.rules)
}

/// The rules that a hospital may change.
struct Own {
    kept: SafetyRules,
    is_kept: bool,
    permit: Permit,
}

impl Own {
    async fn of(actor: &Actor, store: &Store) -> Result<Self> {
        let hospital = actor.hospital.ok_or(Denied::Forbidden)?;
        let (found, is_kept) = store.safety_rules().find(hospital, actor).await?;
        let (kept, permit) = found.permit(actor, Action::EditSafetyRules)?;
        Ok(Self { kept, is_kept, permit })
    }

    /// A name that no rule of the hospital has.
    fn next_id(&self) -> Result<RuleId, RuleError> {
        let number = |rule: &SiteRule| rule.id.as_str().rsplit('-').next()?.parse::<u32>().ok();
        let last = self.kept.rules.rules().iter().filter_map(number).max().unwrap_or(0);
        format!("SITE-{}", last.saturating_add(1)).parse().map_err(|_| RuleError::Unknown)
    }

    async fn save(
        &self,
        severities: BTreeMap<RuleId, Severity>,
        rules: Vec<SiteRule>,
        about: &RuleId,
        actor: &Actor,
        store: &Store,
    ) -> Result<SafetyRules> {
        let at = rules.iter().position(|rule| rule.id == *about);
        let rules = SiteRules::of(severities, rules).map_err(|wrong| within(&wrong, at))?;
        let mut kept = self.kept.clone().replaced(rules, actor);
        let permit = self.permit.clone().noting("rule", about);
        let permit = match RuleView::find(&kept.rules, about) {
            Ok(rule) => permit.noting("severity", rule.rule.severity),
            Err(_) => permit,
        };
        store.safety_rules().save(&mut kept, self.is_kept, &permit).await?;
        Ok(kept)
    }
}

/// What is wrong with the rule that was asked for, and not with which of all rules.
fn within(wrong: &BadSiteRules, at: Option<usize>) -> Invalid {
    let prefix = at.map(|at| format!("/rules/{at}")).unwrap_or_default();
    let errors = wrong.fields().into_iter().map(|error| {
        let pointer = match error.pointer.strip_prefix(&prefix) {
            Some(inner) => inner.to_owned(),
            None if error.pointer.starts_with("/severities/") => "/severity".to_owned(),
            None => error.pointer,
        };
        FieldError { pointer, ..error }
    });
    Invalid(errors.collect())
}

fn shown(kept: &SafetyRules, id: &RuleId) -> Result<Tagged<Json<RuleView>>, RuleError> {
    Ok(Tagged::of(kept, Json(RuleView::find(&kept.rules, id)?)))
}

impl RuleView {
    fn all(site: &SiteRules) -> impl Iterator<Item = Self> {
        let own = site.rules().iter().map(|rule| (own(rule), true));
        safety::rules().map(|rule| (rule, false)).chain(own).map(|(rule, is_own)| {
            let severity = site.severities().get(&rule.id).copied().unwrap_or(rule.severity);
            let adjusted_from = (severity != rule.severity).then_some(rule.severity);
            Self { rule: RuleInfo { severity, ..rule }, adjusted_from, is_own }
        })
    }

    fn find(site: &SiteRules, id: &RuleId) -> Result<Self, RuleError> {
        Self::all(site).find(|view| view.rule.id == *id).ok_or(RuleError::Unknown)
    }
}

fn own(rule: &SiteRule) -> RuleInfo {
    let names =
        |list: &[Text<100>]| list.iter().map(|name| name.reveal().to_owned().into()).collect();
    RuleInfo {
        id: rule.id.clone(),
        kind: safety::Kind::Interaction,
        severity: rule.severity,
        is_adjustable: true,
        title: rule.title.reveal().to_owned().into(),
        detail: rule.detail.reveal().to_owned().into(),
        source: rule.source.reveal().to_owned().into(),
        objects: names(&rule.objects),
        precipitants: names(&rule.precipitants),
        any_two_of: names(&rule.any_two_of),
    }
}

impl NewRule {
    fn read(self, id: RuleId) -> Result<SiteRule, Invalid> {
        Ok(SiteRule {
            id,
            title: match self.title {
                Some(title) => title,
                None => told("A rule of the hospital")?,
            },
            severity: self.severity,
            objects: self.objects.map(Vec::from).unwrap_or_default(),
            precipitants: self.precipitants.map(Vec::from).unwrap_or_default(),
            any_two_of: self.any_two_of.map(Vec::from).unwrap_or_default(),
            detail: self.detail,
            source: match self.source {
                Some(source) => source,
                None => told("The hospital")?,
            },
        })
    }
}

fn told<const MAX: usize>(words: &str) -> Result<Text<MAX>, Invalid> {
    words.to_owned().try_into().map_err(|error| Invalid::field("title", error))
}

impl RuleChanges {
    fn apply(
        self,
        site: &SiteRules,
        id: &RuleId,
    ) -> Result<(BTreeMap<RuleId, Severity>, Vec<SiteRule>), RuleError> {
        let (mut severities, mut rules) = (site.severities().clone(), site.rules().to_vec());
        let says = [
            self.title.is_some(),
            self.objects.is_some(),
            self.precipitants.is_some(),
            self.any_two_of.is_some(),
            self.detail.is_some(),
            self.source.is_some(),
        ];
        let mut changed = Vec::new();
        match rules.iter_mut().find(|rule| rule.id == *id) {
            Some(rule) => {
                replace(&mut rule.title, self.title, "title", &mut changed);
                replace(&mut rule.detail, self.detail, "detail", &mut changed);
                replace(&mut rule.source, self.source, "source", &mut changed);
                let lists = [
                    (&mut rule.objects, self.objects),
                    (&mut rule.precipitants, self.precipitants),
                    (&mut rule.any_two_of, self.any_two_of),
                ];
                for (list, wanted) in lists {
                    replace(list, wanted.map(Vec::from), "names", &mut changed);
                }
                replace(
                    &mut rule.severity,
                    self.severity.wanted().flatten(),
                    "severity",
                    &mut changed,
                );
            }
            None if says.contains(&true) => return Err(RuleError::BuiltIn),
            None => match self.severity.wanted() {
                None => {}
                Some(None) => {
                    severities.remove(id);
                }
                Some(Some(severity)) => {
                    severities.insert(id.clone(), severity);
                }
            },
        }
        Ok((severities, rules))
    }
}
