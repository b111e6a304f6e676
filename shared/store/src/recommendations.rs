//! Recommendations, under whoever asked; answers that are kept for the next who asks the same, and
//! what keeps a language model from being asked too often.

use carehub_domain::{
    Revision,
    access::{Actor, Guarded, Permit, UserId},
    failures,
    formulary::Formulary,
    hospital::HospitalId,
    patient::Patient,
    recommendation::{
        Author, Budget, Findings, InquiryKey, Recommendation, RecommendationError,
        RecommendationId, RecommendationSettings, SettingsError, Tenant, WithoutModel,
    },
    revision::Revised,
    safety::{SafetyRules, SiteRules},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Entity, Key, Page, StoreError, Table, Window, WriteError, aggregate, entity, entity::Expiry,
    hospitals, key::Partition, query::Order, safety_rules, transaction::Transaction,
};

aggregate! {
    /// What people asked could be given, and the answers.
    Recommendations
}

/// How long an answer is kept for the next who asks the same.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// How long whoever asks a model is left alone with it: longer than a function may run.
const CLAIM: SignedDuration = SignedDuration::from_secs(60);
/// The most hospitals of a patient that are looked at.
const MOST_HOSPITALS: usize = 50;
/// What the calls to the model are counted in.
const CALLS: &str = "MODEL";
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What the people of a tenant are answered by.
#[derive(Clone, Debug)]
pub struct Ground {
    /// The formulary: the bundled one, with what the hospital says.
    pub formulary: Formulary,
    /// What the hospital says about the rules of the safety check.
    pub rules: SiteRules,
}

impl Recommendations<'_> {
    /// Looks up what somebody asked.
    pub async fn find(
        &self,
        requester: UserId,
        id: RecommendationId,
    ) -> Result<Guarded<Recommendation>, StoreError> {
        self.recorded(requester, id).await.map(Guarded::new)
    }

    /// The recommendation itself, for those who answer and count it.
    pub async fn recorded(
        &self,
        requester: UserId,
        id: RecommendationId,
    ) -> Result<Option<Recommendation>, StoreError> {
        self.store.find(at(requester, id)).await
    }

    /// Reads a page of what somebody asked, newest first.
    pub async fn of_requester(
        &self,
        requester: UserId,
        window: Window,
    ) -> Result<Page<Recommendation>, StoreError> {
        let slice = of(requester).slice(format!("{}#", Recommendation::KIND));
        self.store.page(slice, Order::NewestFirst, window).await
    }

    /// Keeps what somebody asks.
    pub async fn ask(
        &self,
        recommendation: &Recommendation,
        permit: &Permit,
    ) -> Result<(), WriteError<RecommendationError>> {
        let transaction = self.store.transaction(permit);
        transaction.create(recommendation, RecommendationError::Stale).commit().await
    }

    /// Saves what somebody made of a draft.
    pub async fn save(
        &self,
        recommendation: &mut Recommendation,
        permit: &Permit,
    ) -> Result<(), WriteError<RecommendationError>> {
        let transaction = self.store.transaction(permit);
        transaction.replace(recommendation, RecommendationError::Stale).commit().await
    }

    /// Saves an answer, and keeps it for the next of the tenant whose question has this key. What
    /// another try might answer better is not kept.
    ///
    /// It counts as answered at `since`, before anything was read: whoever clears the answers
    /// meanwhile clears this one, too.
    pub async fn answer(
        &self,
        recommendation: &mut Recommendation,
        (key, findings): (InquiryKey, Findings),
        since: Timestamp,
        permit: &Permit,
    ) -> Result<(), WriteError<RecommendationError>> {
        let transaction = self.store.transaction(permit);
        let transaction = transaction.replace(recommendation, RecommendationError::Stale);
        let kept = Kept { tenant: recommendation.tenant, key, findings, at: since };
        let transaction = if kept.is_final() { transaction.put(&kept) } else { transaction };
        transaction.commit().await
    }

    /// The answer that is kept for a question of a tenant.
    pub async fn known(
        &self,
        tenant: Tenant,
        key: &InquiryKey,
        now: Timestamp,
    ) -> Result<Option<Findings>, StoreError> {
        let (kept, hub, own) = (answer_to(tenant, key), cleared(None), cleared(tenant.hospital()));
        let mut keys = vec![kept.clone(), hub.clone()];
        keys.extend(tenant.hospital().map(|_| own.clone()));
        let mut found = self.store.gather(&keys).await?;
        let Some(kept) = found.remove(&kept).map(entity::decode::<Kept>).transpose()? else {
            return Ok(None);
        };
        let cleared = [hub, own].into_iter().filter_map(|key| found.remove(&key));
        let cleared = cleared.map(entity::decode::<Cleared>);
        let cleared = cleared.collect::<Result<Vec<_>, _>>()?;
        let is_young = now < kept.at + KEPT;
        let is_fresh = cleared.iter().all(|cleared| kept.at > cleared.at);
        Ok((is_young && is_fresh).then_some(kept.findings))
    }

    /// Forgets all answers that are kept, or those of a hospital.
    pub async fn clear(
        &self,
        hospital: Option<HospitalId>,
        at: Timestamp,
        permit: &Permit,
    ) -> Result<(), StoreError> {
        let transaction = self.store.transaction(permit).put(&Cleared { hospital, at });
        transaction.commit().await.map_err(WriteError::only_store)
    }

    /// What the people of a hospital are answered by, or those of none.
    pub async fn ground(&self, hospital: Option<HospitalId>) -> Result<Ground, StoreError> {
        let Some(hospital) = hospital else {
            return Ok(Ground { formulary: Formulary::bundled(), rules: SiteRules::default() });
        };
        let (settings, rules) = (settings_of(hospital), safety_rules::at(hospital));
        let mut found = self.store.gather(&[settings.clone(), rules.clone()]).await?;
        let settings = found.remove(&settings).map(entity::decode::<RecommendationSettings>);
        let rules = found.remove(&rules).map(entity::decode::<SafetyRules>);
        Ok(Ground {
            formulary: match settings.transpose()? {
                Some(settings) => settings.effective(),
                None => Formulary::bundled(),
            },
            rules: rules.transpose()?.map(|kept| kept.rules).unwrap_or_default(),
        })
    }

    /// The first of the hospitals that know a patient which informs its patients.
    pub async fn open_to(&self, patient: &Patient) -> Result<Option<HospitalId>, StoreError> {
        let known = patient.known_to().take(MOST_HOSPITALS).map(HospitalId::from);
        let keys: Vec<_> = known.map(settings_of).collect();
        let settings = self.store.fetch::<RecommendationSettings>(keys).await?;
        Ok(settings.iter().find(|it| it.patient_information).map(|it| it.hospital))
    }

    /// Looks up what a hospital says about recommendations, and whether it ever said anything.
    pub async fn settings(
        &self,
        hospital: HospitalId,
        actor: &Actor,
    ) -> Result<(Guarded<RecommendationSettings>, bool), StoreError> {
        let found: Option<RecommendationSettings> = self.store.find(settings_of(hospital)).await?;
        let is_kept = found.is_some();
        let settings = found.unwrap_or_else(|| RecommendationSettings::of(hospital, actor));
        Ok((Guarded::new(Some(settings)), is_kept))
    }

    /// Saves what a hospital says, which it says for the first time unless it `is_kept`.
    pub async fn save_settings(
        &self,
        settings: &mut RecommendationSettings,
        is_kept: bool,
        permit: &Permit,
    ) -> Result<(), WriteError<SettingsError>> {
        let transaction = self.store.transaction(permit);
        let transaction = match is_kept {
            true => transaction.replace(settings, SettingsError::Stale),
            false => transaction.introduce(settings, SettingsError::Stale),
        };
        transaction.commit().await
    }

    /// Claims the right to ask a model about a recommendation. Nobody else has it for a minute.
    pub async fn claim(&self, id: RecommendationId, now: Timestamp) -> Result<bool, StoreError> {
        let mut claim = Claim { recommendation: id, at: now, revision: Revision::FIRST };
        let transaction = Transaction::on(self.store);
        let transaction = match self.store.find::<Claim>(claim.key()).await? {
            None => transaction.create(&claim, Raced::Elsewhere),
            Some(earlier) if now < earlier.at + CLAIM => return Ok(false),
            Some(earlier) => {
                claim.revision = earlier.revision;
                transaction.replace(&mut claim, Raced::Elsewhere)
            }
        };
        transaction.won().await
    }

    /// Counts a call of the tenant to the model, and says whether it may be made.
    pub async fn spend(
        &self,
        tenant: Tenant,
        budget: Budget,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if budget.calls_a_day == 0 {
            return Ok(false);
        }
        let (limits, tenant) = (self.store.limits(), tenant.to_string());
        Ok(limits.take(CALLS, &tenant, budget.calls_a_day, DAY, now).await?.is_ok())
    }
}

fn of(requester: UserId) -> Partition {
    Key::partition(Table::Clinical, "recommendations", requester)
}

fn at(requester: UserId, id: RecommendationId) -> Key {
    of(requester).sort(Recommendation::KIND, id)
}

fn settings_of(hospital: HospitalId) -> Key {
    hospitals::under(hospital).only(RecommendationSettings::KIND)
}

fn answer_to(tenant: Tenant, key: &InquiryKey) -> Key {
    Key::partition(Table::Ephemeral, "answers", tenant).sort(Kept::KIND, key.as_str())
}

fn cleared(hospital: Option<HospitalId>) -> Key {
    let whose = hospital.map_or_else(|| "hub".to_owned(), |hospital| hospital.to_string());
    Key::partition(Table::Ephemeral, "answers", whose).only(Cleared::KIND)
}

impl Entity for Recommendation {
    const KIND: &'static str = "recommendation";

    fn key(&self) -> Key {
        at(self.requester, self.id)
    }
}

impl Entity for RecommendationSettings {
    const KIND: &'static str = "recommendations";

    fn key(&self) -> Key {
        settings_of(self.hospital)
    }
}

/// An answer that is kept for the next who asks the same. It names nobody.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    tenant: Tenant,
    key: InquiryKey,
    findings: Findings,
    at: Timestamp,
}

impl Kept {
    /// Whether another try would answer the same.
    fn is_final(&self) -> bool {
        match self.findings.by {
            Author::Model { .. } => true,
            Author::RulesAfterModelFailed { .. } => false,
            Author::Rules { without_model } => match without_model {
                WithoutModel::NotSetUp | WithoutModel::NothingToRank | WithoutModel::ForPatient => {
                    true
                }
                WithoutModel::Resting | WithoutModel::BudgetSpent => false,
            },
        }
    }
}

impl Entity for Kept {
    const KIND: &'static str = "answer";

    fn key(&self) -> Key {
        answer_to(self.tenant, &self.key)
    }

    fn expiry(&self) -> Option<Expiry> {
        Some(Expiry::Lazily(self.at + KEPT))
    }
}

/// When the answers of the hub, or those of a hospital, were cleared last. It is of use as long as
/// there may be older ones.
#[derive(Debug, Serialize, Deserialize)]
struct Cleared {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hospital: Option<HospitalId>,
    at: Timestamp,
}

impl Entity for Cleared {
    const KIND: &'static str = "cleared";

    fn key(&self) -> Key {
        cleared(self.hospital)
    }

    fn expiry(&self) -> Option<Expiry> {
        Some(Expiry::Lazily(self.at + KEPT))
    }
}

/// Says who asks a model about a recommendation.
#[derive(Debug, Serialize, Deserialize)]
struct Claim {
    recommendation: RecommendationId,
    at: Timestamp,
    revision: Revision,
}

impl Entity for Claim {
    const KIND: &'static str = "claim";

    fn key(&self) -> Key {
        Key::partition(Table::Ephemeral, "recommendation", self.recommendation).only(Self::KIND)
    }

    fn expiry(&self) -> Option<Expiry> {
        Some(Expiry::Lazily(self.at + CLAIM))
    }
}

impl Revised for Claim {
    fn revision(&self) -> Revision {
        self.revision
    }

    fn advance(&mut self) {
        self.revision = self.revision.next();
    }
}

failures! {
    /// Why a claim was not taken.
    enum Raced {
        Elsewhere = Conflict "raced-elsewhere" "somebody else was faster",
    }
}
