//! `/api/recommendations/settings`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Query},
    form,
    form::Invalid,
};
use carehub_domain::{
    access::{Action, Denied, UserId},
    formulary::{Addition, BadFormulary, SiteFormulary},
    hospital::HospitalId,
    recommendation::RecommendationSettings,
    text::Text,
};
use carehub_store::Store;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

form! {
    /// Whose settings.
    pub(crate) struct Whose {
        /// The hospital; for admins. Others see those of their own.
        hospital: Option<HospitalId> = "hospital_id",
    }
}

form! {
    /// Changes of what a hospital says. What is not there stays.
    pub(crate) struct SettingsChanges {
        /// Whether patients of the hospital get plain information.
        patient_information: Option<bool>,
        /// The only medicines that are chosen; all if the list is empty.
        only: Option<Vec<Text<200>>>,
        /// Medicines that come first.
        preferred: Option<Vec<Text<200>>>,
        /// Medicines that the hospital does not use.
        excluded: Option<Vec<Text<200>>>,
        /// Medicines that are not bundled, or of which the hospital says something else.
        additions: Option<Vec<Addition>>,
    }
}

/// What a hospital says about recommendations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecommendationSettingsView {
    /// Whose settings they are.
    pub hospital: HospitalId,
    /// Whether its patients get plain information.
    pub patient_information: bool,
    /// The only medicines that are chosen; all if the list is empty.
    pub only: Vec<Text<200>>,
    /// Medicines that come first.
    pub preferred: Vec<Text<200>>,
    /// Medicines that the hospital does not use.
    pub excluded: Vec<Text<200>>,
    /// Medicines that are not bundled, or of which the hospital says something else.
    pub additions: Vec<Addition>,
    /// The version of the formulary that comes of it.
    pub formulary_version: String,
    /// Who changed it last.
    pub updated_by: Option<UserId>,
    /// When.
    pub updated_at: Timestamp,
}

/// See what a hospital says about recommendations.
#[utoipa::path(get, path = "/api/recommendations/settings", tag = "recommendations", params(
    ("hospital" = Option<HospitalId>, Query, description = "The hospital; for admins. Also `hospital_id`."),
), responses(
    (status = 200, description = "What counts at the hospital.", body = RecommendationSettingsView),
    (status = 400, description = "Admins have to name a hospital.", body = Problem),
    (status = 404, description = "It is not the caller's hospital.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Query(whose): Query<Whose>,
    State(store): State<Store>,
) -> Result<Tagged<Json<RecommendationSettingsView>>> {
    let hospital = whose.hospital.or(actor.hospital);
    let hospital = hospital.ok_or_else(|| Invalid::field("hospital", "is required"))?;
    let (found, _) = store.recommendations().settings(hospital, &actor).await?;
    Ok(tagged(found.view(&actor)?))
}

/// Say what counts at one's hospital.
#[utoipa::path(patch, path = "/api/recommendations/settings", tag = "recommendations", request_body = SettingsChanges, responses(
    (status = 200, description = "What counts from now on. `PUT` means the same.", body = RecommendationSettingsView),
    (status = 400, description = "Some fields are not right, or a medicine is not known.", body = Problem),
    (status = 403, description = "Only hospitals do this.", body = Problem),
    (status = 409, description = "The settings changed at the same time.", body = Problem),
    (status = 412, description = "They are not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<SettingsChanges>,
) -> Result<Tagged<Json<RecommendationSettingsView>>> {
    let hospital = actor.hospital.ok_or(Denied::Forbidden)?;
    let (found, is_kept) = store.recommendations().settings(hospital, &actor).await?;
    let (settings, permit) = found.permit(&actor, Action::EditRecommendationSettings)?;
    expected.check(&settings)?;
    let (patient_information, formulary) = changes.apply(&settings)?;
    let mut settings = settings.replaced(patient_information, formulary, &actor);
    let permit = permit.noting("patient_information", patient_information);
    store.recommendations().save_settings(&mut settings, is_kept, &permit).await?;
    Ok(tagged(settings))
}

impl SettingsChanges {
    fn apply(
        self,
        to: &RecommendationSettings,
    ) -> std::result::Result<(bool, SiteFormulary), BadFormulary> {
        let formulary = &to.formulary;
        let formulary = SiteFormulary::of(
            self.only.unwrap_or_else(|| formulary.only().iter().cloned().collect()),
            self.preferred.unwrap_or_else(|| formulary.preferred().iter().cloned().collect()),
            self.excluded.unwrap_or_else(|| formulary.excluded().iter().cloned().collect()),
            self.additions.unwrap_or_else(|| formulary.additions().to_vec()),
        )?;
        Ok((self.patient_information.unwrap_or(to.patient_information), formulary))
    }
}

fn tagged(settings: RecommendationSettings) -> Tagged<Json<RecommendationSettingsView>> {
    Tagged::showing(settings, Into::into)
}

impl From<RecommendationSettings> for RecommendationSettingsView {
    fn from(settings: RecommendationSettings) -> Self {
        let formulary = &settings.formulary;
        Self {
            hospital: settings.hospital,
            patient_information: settings.patient_information,
            only: formulary.only().iter().cloned().collect(),
            preferred: formulary.preferred().iter().cloned().collect(),
            excluded: formulary.excluded().iter().cloned().collect(),
            additions: formulary.additions().to_vec(),
            formulary_version: settings.effective().version().to_owned(),
            updated_by: settings.updated_by,
            updated_at: settings.updated_at,
        }
    }
}
