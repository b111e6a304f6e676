//! `/api/prescriptions/templates`

use axum::{extract::State, http::StatusCode};
use carehub_api::{
    Result,
    actor::CurrentActor,
    created::Created,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
    form::{Change, replace},
    listing::{Listing, PageView, Paging},
};
use carehub_domain::{
    access::{Action, Actor},
    doctor::DoctorId,
    prescription::{Days, DosageForm, Frequency, Medication, Quantity, Refills, Timing},
    search,
    template::{Template, TemplateId},
    text::Text,
};
use carehub_store::Store;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::form::Medicines;

form! {
    /// Which templates to list.
    pub(crate) struct Wanted {
        /// Only those with this in their name or diagnosis.
        search: Option<Text<150>> = "query" | "q",
        /// Accepted and without effect: every list has one order.
        ordering: Option<String>,
    }
}

form! {
    /// A template to keep.
    pub(crate) struct NewTemplate {
        /// What the doctor calls it.
        name: Text<200> = "template_name",
        /// For which illness.
        diagnosis: Option<Text<1000>>,
        /// What to do besides.
        general_instructions: Option<Text<2000>> = "instructions",
        /// The medicines, 30 at most.
        medications: Option<Medicines> = "medicines" | "items",
    }
}

form! {
    /// Changes to a template. What is not there stays.
    pub(crate) struct TemplateChanges {
        /// What the doctor calls it.
        name: Option<Text<200>> = "template_name",
        /// For which illness.
        diagnosis: Change<Text<1000>>,
        /// What to do besides.
        general_instructions: Change<Text<2000>> = "instructions",
        /// All medicines, instead of those that were there.
        medications: Option<Medicines> = "medicines" | "items",
    }
}

/// What a doctor prescribes often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TemplateView {
    /// Identifies the template.
    pub id: TemplateId,
    /// Whose it is.
    pub doctor: DoctorId,
    /// What the doctor calls it.
    pub name: Text<200>,
    /// For which illness.
    pub diagnosis: Option<Text<1000>>,
    /// What to do besides.
    pub general_instructions: Option<Text<2000>>,
    /// The medicines.
    pub medications: Vec<TemplateMedicationView>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A medicine of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TemplateMedicationView {
    /// What the doctor calls it.
    pub name: Text<200>,
    /// The substance.
    pub generic_name: Option<Text<200>>,
    /// What its maker calls it.
    pub brand_name: Option<Text<200>>,
    /// How much of the substance is in one unit.
    pub strength: Option<Text<100>>,
    /// What it is made into.
    pub dosage_form: Option<DosageForm>,
    /// How much to take at once.
    pub dosage: Option<Text<100>>,
    /// How often.
    pub frequency: Option<Frequency>,
    /// How often, in words, where none of the list fits.
    pub custom_frequency: Option<Text<200>>,
    /// Whether before or after food.
    pub timing: Option<Timing>,
    /// For how long, in words.
    pub duration: Option<Text<100>>,
    /// For how many days.
    pub duration_days: Option<Days>,
    /// How many units to hand out.
    pub quantity: Option<Quantity>,
    /// How often the same may be handed out again.
    pub refills: Refills,
    /// How to take it.
    pub instructions: Option<Text<500>>,
    /// What to beware of.
    pub side_effects_warning: Option<Text<500>>,
    /// Whether the pharmacy may hand out another maker's.
    pub substitution_allowed: bool,
}

/// List one's templates.
#[utoipa::path(get, path = "/api/prescriptions/templates", tag = "prescriptions", params(
    ("search" = Option<String>, Query, description = "Only those with this in their name or diagnosis. Also `query` and `q`."),
    Paging,
), responses(
    (status = 200, description = "The doctor's own templates, the latest first.", body = PageView<TemplateView>),
    (status = 400, description = "Some parameters are not right.", body = Problem),
    (status = 403, description = "Only doctors have templates.", body = Problem),
))]
pub(crate) async fn list(
    CurrentActor(actor): CurrentActor,
    listing: Listing<Wanted>,
    State(store): State<Store>,
) -> Result<Json<PageView<TemplateView>>> {
    let keep = |template: &Template| listing.filter.keeps(template);
    let page = store.templates().list(actor.doctor()?, listing.window.clone(), keep).await?;
    Ok(listing.answer(page.visible_to(&actor), TemplateView::from))
}

/// Keep a template.
#[utoipa::path(post, path = "/api/prescriptions/templates", tag = "prescriptions", request_body = NewTemplate, responses(
    (status = 201, description = "The template. `template` of a new prescription fills in from it what is not given.", body = TemplateView),
    (status = 400, description = "Some fields are not right, or there are more than 30 medicines.", body = Problem),
    (status = 403, description = "Only doctors have templates.", body = Problem),
))]
pub(crate) async fn create(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
    Body(new): Body<NewTemplate>,
) -> Result<Created<Tagged<Json<TemplateView>>>> {
    let template = new.read(&actor)?;
    let permit = actor.create(Action::CreateTemplate, &template)?;
    let permit = permit.noting("medications", template.medications.len());
    store.templates().create(&template, &permit).await?;
    let location = format!("/api/prescriptions/templates/{}", template.id);
    Ok(Created::at(location, tagged(template)))
}

/// See a template.
#[utoipa::path(get, path = "/api/prescriptions/templates/{id}", tag = "prescriptions", params(
    ("id" = TemplateId, Path, description = "The template."),
), responses(
    (status = 200, description = "The template.", body = TemplateView),
    (status = 404, description = "There is no such template of the doctor's own.", body = Problem),
))]
pub(crate) async fn show(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<TemplateId>,
    State(store): State<Store>,
) -> Result<Tagged<Json<TemplateView>>> {
    Ok(tagged(store.templates().find(id).await?.view(&actor)?))
}

/// Change a template.
#[utoipa::path(patch, path = "/api/prescriptions/templates/{id}", tag = "prescriptions", request_body = TemplateChanges, params(
    ("id" = TemplateId, Path, description = "The template."),
), responses(
    (status = 200, description = "The template as it is now. `PUT` means the same.", body = TemplateView),
    (status = 400, description = "Some fields are not right, or there are more than 30 medicines.", body = Problem),
    (status = 404, description = "There is no such template of the doctor's own.", body = Problem),
    (status = 409, description = "It changed at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn edit(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<TemplateId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<TemplateChanges>,
) -> Result<Tagged<Json<TemplateView>>> {
    let found = store.templates().find(id).await?;
    let (before, permit) = found.permit(&actor, Action::EditTemplate)?;
    expected.check(&before)?;
    let mut template = before.clone();
    let changed = changes.apply(&mut template, actor.at)?;
    store.templates().save(&before, &mut template, &permit.changing(&changed)).await?;
    Ok(tagged(template))
}

/// Remove a template.
#[utoipa::path(delete, path = "/api/prescriptions/templates/{id}", tag = "prescriptions", params(
    ("id" = TemplateId, Path, description = "The template."),
), responses(
    (status = 204, description = "Nobody finds the template any more."),
    (status = 404, description = "There is no such template of the doctor's own.", body = Problem),
    (status = 409, description = "It changed at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn remove(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<TemplateId>,
    expected: IfMatch,
    State(store): State<Store>,
) -> Result<StatusCode> {
    let found = store.templates().find(id).await?;
    let (before, permit) = found.permit(&actor, Action::DeleteTemplate)?;
    expected.check(&before)?;
    let mut removed = before.clone();
    removed.removed_at = Some(actor.at);
    store.templates().save(&before, &mut removed, &permit).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn tagged(template: Template) -> Tagged<Json<TemplateView>> {
    Tagged::showing(template, Into::into)
}

impl Wanted {
    fn keeps(&self, template: &Template) -> bool {
        let Some(wanted) = self.search.as_ref().map(|words| search::fold(words.reveal())) else {
            return true;
        };
        let diagnosis = template.diagnosis.as_ref().map(Text::reveal).unwrap_or_default();
        [template.name.reveal(), diagnosis].iter().any(|text| search::fold(text).contains(&wanted))
    }
}

impl NewTemplate {
    fn read(self, by: &Actor) -> Result<Template> {
        let medications = self.medications.map(Medicines::read).transpose()?.unwrap_or_default();
        let mut template = Template::write(self.name, medications, by)?;
        template.diagnosis = self.diagnosis;
        template.general_instructions = self.general_instructions;
        Ok(template)
    }
}

impl TemplateChanges {
    fn apply(self, template: &mut Template, now: Timestamp) -> Result<Vec<&'static str>> {
        let mut changed = Vec::new();
        let medications = self.medications.map(Medicines::read).transpose()?;
        replace(&mut template.name, self.name, "name", &mut changed);
        self.diagnosis.apply(&mut template.diagnosis, "diagnosis", &mut changed);
        let instructions = &mut template.general_instructions;
        self.general_instructions.apply(instructions, "general_instructions", &mut changed);
        replace(&mut template.medications, medications, "medications", &mut changed);
        template.updated_at = now;
        Ok(changed)
    }
}

impl From<Template> for TemplateView {
    fn from(template: Template) -> Self {
        let medications = template.medications.into_iter().map(Into::into).collect();
        Self {
            id: template.id,
            doctor: template.doctor,
            name: template.name,
            diagnosis: template.diagnosis,
            general_instructions: template.general_instructions,
            medications,
            created_at: template.created_at,
            updated_at: template.updated_at,
        }
    }
}

impl From<Medication> for TemplateMedicationView {
    fn from(medication: Medication) -> Self {
        let Medication { name, generic_name, brand_name, strength, dosage_form, .. } = medication;
        Self {
            name,
            generic_name,
            brand_name,
            strength,
            dosage_form,
            dosage: medication.dosage,
            frequency: medication.frequency,
            custom_frequency: medication.custom_frequency,
            timing: medication.timing,
            duration: medication.duration,
            duration_days: medication.duration_days,
            quantity: medication.quantity,
            refills: medication.refills,
            instructions: medication.instructions,
            side_effects_warning: medication.side_effects_warning,
            substitution_allowed: medication.substitution_allowed,
        }
    }
}
