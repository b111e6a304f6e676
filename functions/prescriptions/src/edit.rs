//! `PATCH /api/prescriptions/{id}`

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    error::Problem,
    etag::{IfMatch, Tagged},
    extract::{Body, Json, Path},
    form,
    form::{Change, replace},
};
use carehub_domain::{
    access::Action,
    prescription::{Prescription, PrescriptionId},
    text::Text,
};
use carehub_store::Store;
use jiff::{Timestamp, civil::Date};

use crate::{
    PrescriptionView,
    entry::{found, tagged},
};

form! {
    /// Changes to what a prescription says. What is not there stays. Medicines are changed under
    /// `/medications`.
    pub(crate) struct PrescriptionChanges {
        /// What the doctor takes it to be.
        diagnosis: Change<Text<1000>>,
        /// What the patient tells.
        symptoms: Change<Text<1000>>,
        /// What is to be looked into.
        investigations: Change<Text<1000>>,
        /// What is planned.
        treatment_plan: Change<Text<2000>>,
        /// What the patient should heed.
        general_instructions: Change<Text<2000>>,
        /// What stands above everything.
        header: Change<Text<1000>>,
        /// What stands between.
        body: Change<Text<4000>>,
        /// What stands below everything.
        footer: Change<Text<1000>>,
        /// For the doctor to whom the patient goes on.
        referral_notes: Change<Text<1000>>,
        /// For doctors, the hospital and admins; the patient does not see it.
        doctor_notes: Change<Text<2000>>,
        /// Whether the patient should come again.
        follow_up_required: Option<bool>,
        /// When.
        follow_up_date: Change<Date>,
        /// What for.
        follow_up_instructions: Change<Text<1000>>,
        /// The last day on which it holds.
        valid_until: Option<Date>,
        /// Whether it never was on paper.
        is_digital: Option<bool>,
    }
}

/// Change what a prescription says.
#[utoipa::path(patch, path = "/api/prescriptions/{id}", tag = "prescriptions", request_body = PrescriptionChanges, params(
    ("id" = PrescriptionId, Path, description = "The prescription."),
), responses(
    (status = 200, description = "The prescription as it is now; what it said before is kept. `PUT` means the same.", body = PrescriptionView),
    (status = 400, description = "Some fields are not right, or the dates make no sense.", body = Problem),
    (status = 403, description = "Only the doctor who wrote it may do this.", body = Problem),
    (status = 404, description = "There is no such prescription, or the caller has no part in it.", body = Problem),
    (status = 409, description = "It does not hold; the problem names its state. Or it changed at the same time.", body = Problem),
    (status = 412, description = "It is not as `If-Match` says.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<PrescriptionId>,
    expected: IfMatch,
    State(store): State<Store>,
    Body(changes): Body<PrescriptionChanges>,
) -> Result<Tagged<Json<PrescriptionView>>> {
    let (before, permit) = found(id, Action::EditPrescription, &actor, &store).await?;
    expected.check(&before)?;
    before.demand_open(actor.at)?;
    let mut after = before.clone();
    let changed = changes.apply(&mut after, actor.at);
    after.demand_sound()?;
    store.prescriptions().save(&before, &mut after, &permit.changing(&changed)).await?;
    Ok(tagged(after, &actor))
}

impl PrescriptionChanges {
    fn apply(self, prescription: &mut Prescription, now: Timestamp) -> Vec<&'static str> {
        let mut changed = Vec::new();
        let to = &mut prescription.letter;
        self.diagnosis.apply(&mut to.diagnosis, "diagnosis", &mut changed);
        self.symptoms.apply(&mut to.symptoms, "symptoms", &mut changed);
        self.investigations.apply(&mut to.investigations, "investigations", &mut changed);
        self.treatment_plan.apply(&mut to.treatment_plan, "treatment_plan", &mut changed);
        let wanted = self.general_instructions;
        wanted.apply(&mut to.general_instructions, "general_instructions", &mut changed);
        self.header.apply(&mut to.header, "header", &mut changed);
        self.body.apply(&mut to.body, "body", &mut changed);
        self.footer.apply(&mut to.footer, "footer", &mut changed);
        self.referral_notes.apply(&mut to.referral_notes, "referral_notes", &mut changed);
        self.doctor_notes.apply(&mut to.doctor_notes, "doctor_notes", &mut changed);
        let wanted = self.follow_up_required;
        replace(&mut to.follow_up_required, wanted, "follow_up_required", &mut changed);
        self.follow_up_date.apply(&mut to.follow_up_date, "follow_up_date", &mut changed);
        let wanted = self.follow_up_instructions;
        wanted.apply(&mut to.follow_up_instructions, "follow_up_instructions", &mut changed);
        replace(&mut prescription.valid_until, self.valid_until, "valid_until", &mut changed);
        replace(&mut prescription.is_digital, self.is_digital, "is_digital", &mut changed);
        prescription.updated_at = now;
        changed
    }
}
