//! `POST /api/prescriptions`

use std::collections::BTreeSet;

use axum::extract::State;
use carehub_api::{
    Result,
    actor::CurrentActor,
    created::Created,
    error::Problem,
    etag::Tagged,
    extract::{Body, Json},
    form,
    form::Invalid,
};
use carehub_domain::{
    Failure,
    access::{Action, Actor, Denied, PatientId, Permit},
    appointment::{Appointment, AppointmentId},
    glass::Reason,
    hospital::HospitalId,
    medical_record::MedicalRecordId,
    prescription::{
        Asked, Bedside, Draft, Letter, Medication, Occasion, Prescription, PrescriptionError,
        Quantity, Refills, demand_under_way,
    },
    safety::{Grounds, RuleId},
    template::{Template, TemplateId},
    text::Text,
};
use carehub_store::{Issued, Store, win};
use jiff::civil::Date;

use crate::{
    form::{Medicines, grounds},
    view::IssuedView,
};

form! {
    /// A prescription to write. It has `medicines`, or is of the one medicine that
    /// `medication_name` and what follows it describe; others can be added later.
    pub(crate) struct NewPrescription {
        /// Who takes it. Not needed at a visit.
        patient: Option<PatientId> = "patient_id",
        /// The visit. What was prescribed at it before is replaced.
        appointment: Option<AppointmentId> = "appointment_id" | "consultation" | "consultation_id",
        /// The medical record of the visit, instead of the visit. A prescription of one medicine
        /// needs it, or one of the two above.
        medical_record: Option<MedicalRecordId> = "medical_record_id",
        /// The hospital, which is that of the visit or of the doctor.
        hospital: Option<HospitalId> = "hospital_id",
        /// What the doctor takes it to be.
        diagnosis: Option<Text<1000>>,
        /// What the patient tells.
        symptoms: Option<Text<1000>>,
        /// What is to be looked into.
        investigations: Option<Text<1000>>,
        /// What is planned.
        treatment_plan: Option<Text<2000>>,
        /// What the patient should heed.
        general_instructions: Option<Text<2000>>,
        /// What stands above everything.
        header: Option<Text<1000>>,
        /// What stands between.
        body: Option<Text<4000>>,
        /// What stands below everything.
        footer: Option<Text<1000>>,
        /// For the doctor to whom the patient goes on.
        referral_notes: Option<Text<1000>>,
        /// For doctors, the hospital and admins; the patient does not see it.
        doctor_notes: Option<Text<2000>>,
        /// Whether the patient should come again; `true` if a date is given.
        follow_up_required: Option<bool>,
        /// When.
        follow_up_date: Option<Date>,
        /// What for.
        follow_up_instructions: Option<Text<1000>>,
        /// The last day on which it holds; 30 days from now if nothing is said, and a year at most.
        valid_until: Option<Date>,
        /// Whether it never was on paper; `true` if nothing is said.
        is_digital: Option<bool>,
        /// The medicines, 30 at most.
        medicines: Option<Medicines> = "medications" | "items",
        /// The one medicine of a prescription that has no `medicines`. Such a prescription stands
        /// beside others of the visit.
        medication_name: Option<Text<200>>,
        /// Of the one medicine: how much to take at once.
        dosage: Option<Text<100>>,
        /// Of the one medicine: how often.
        frequency: Option<Text<200>>,
        /// Of the one medicine: for how long.
        duration: Option<Text<100>>,
        /// Of the one medicine: how to take it.
        instructions: Option<Text<500>>,
        /// Of the one medicine: how many units to hand out.
        quantity: Option<Quantity>,
        /// Of the one medicine: how often the same may be handed out again.
        refills: Option<Refills>,
        /// Of the one medicine: whether the pharmacy may hand out another maker's.
        is_generic_allowed: Option<bool> = "substitution_allowed",
        /// One of the doctor's own templates. It fills in diagnosis, instructions and medicines
        /// where they are not given.
        template: Option<TemplateId> = "template_id",
        /// Why it is right in spite of what the safety check finds.
        override_reason: Option<Reason>,
        /// The rules that the reason is about; whatever the check finds if they are not named.
        override_rules: Option<BTreeSet<RuleId>>,
    }
}

/// Write a prescription.
#[utoipa::path(post, path = "/api/prescriptions", tag = "prescriptions", request_body = NewPrescription, responses(
    (status = 201, description = "The prescription, with what the safety check has to say about it. At a visit it takes the place of what was prescribed there before.", body = IssuedView),
    (status = 400, description = "Some fields are not right, the patient is not that of the visit, or the dates make no sense.", body = Problem),
    (status = 403, description = "Only doctors prescribe: at their visits, or for patients they know.", body = Problem),
    (status = 404, description = "There is no such patient, visit, medical record or template, or the caller does not know of it.", body = Problem),
    (status = 409, description = "The safety check stops it, or could not check everything, and no `override_reason` was given for it: `errors` says what was found, by which `rule`. Or the visit does not take place.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    State(store): State<Store>,
    Body(new): Body<NewPrescription>,
) -> Result<Created<Tagged<Json<IssuedView>>>> {
    let _doctor = actor.doctor()?;
    let template = match new.template {
        Some(template) => Some(store.templates().find(template).await?.view(&actor)?),
        None => None,
    };
    let order = new.read()?.filled_in(template);
    let prescription = win(|| order.issue(&actor, &store)).await?;
    let location = format!("/api/prescriptions/{}", prescription.id);
    let view = Json(IssuedView::of(prescription.clone(), "Prescription created", &actor));
    Ok(Created::at(location, Tagged::of(&prescription, view)))
}

/// What a doctor asks for.
struct Order {
    patient: Option<PatientId>,
    visit: Option<AppointmentId>,
    medical_record: Option<MedicalRecordId>,
    hospital: Option<HospitalId>,
    draft: Draft,
    origin: Origin,
    grounds: Option<Grounds>,
}

/// Where in the request the medicines are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Medicines,
    OneMedicine,
    Template,
}

impl Origin {
    fn pointer(self, position: usize) -> String {
        match self {
            Self::Medicines => format!("/medicines/{position}"),
            Self::OneMedicine => "/medication_name".to_owned(),
            Self::Template => "/template".to_owned(),
        }
    }
}

impl NewPrescription {
    fn read(self) -> Result<Order> {
        let recorded = self.medical_record.map(|record| record.ulid().into());
        if self.appointment.zip(recorded).is_some_and(|(visit, recorded)| visit != recorded) {
            let detail = "is that of another visit";
            return Err(Invalid::field("medical_record", detail).into());
        }
        let visit = self.appointment.or(recorded);
        let for_whom = visit.is_some() || self.patient.is_some();
        let (medications, origin) = match (self.medicines, self.medication_name) {
            (Some(_), Some(_)) => {
                let detail = "give either the one medicine or medicines";
                return Err(Invalid::field("medication_name", detail).into());
            }
            (_, Some(_)) if !for_whom => {
                return Err(Invalid::field("medical_record", "is required").into());
            }
            (None, Some(name)) => {
                let mut medication = Medication {
                    dosage: self.dosage,
                    duration: self.duration,
                    instructions: self.instructions,
                    quantity: self.quantity,
                    refills: self.refills.unwrap_or_default(),
                    substitution_allowed: self.is_generic_allowed.unwrap_or(true),
                    ..Medication::named(name)
                };
                medication.told(self.frequency, None);
                (vec![medication], Origin::OneMedicine)
            }
            (medicines, None) => {
                let one = [
                    ("dosage", self.dosage.is_some()),
                    ("frequency", self.frequency.is_some()),
                    ("duration", self.duration.is_some()),
                    ("instructions", self.instructions.is_some()),
                    ("quantity", self.quantity.is_some()),
                    ("refills", self.refills.is_some()),
                    ("is_generic_allowed", self.is_generic_allowed.is_some()),
                ];
                if let Some((name, _)) = one.into_iter().find(|(_, given)| *given) {
                    return Err(Invalid::field(name, "needs medication_name").into());
                }
                let medicines = medicines.map(Medicines::read).transpose()?;
                (medicines.unwrap_or_default(), Origin::Medicines)
            }
        };
        if !for_whom {
            return Err(Invalid::field("patient", "is required").into());
        }
        let letter = Letter {
            diagnosis: self.diagnosis,
            symptoms: self.symptoms,
            investigations: self.investigations,
            treatment_plan: self.treatment_plan,
            general_instructions: self.general_instructions,
            header: self.header,
            body: self.body,
            footer: self.footer,
            referral_notes: self.referral_notes,
            doctor_notes: self.doctor_notes,
            follow_up_required: self.follow_up_required.unwrap_or(self.follow_up_date.is_some()),
            follow_up_date: self.follow_up_date,
            follow_up_instructions: self.follow_up_instructions,
        };
        let on_paper = self.is_digital == Some(false);
        Ok(Order {
            patient: self.patient,
            visit,
            medical_record: self.medical_record,
            hospital: self.hospital,
            draft: Draft { letter, medications, valid_until: self.valid_until, on_paper },
            origin,
            grounds: grounds(self.override_reason, self.override_rules)?,
        })
    }
}

impl Order {
    /// The same, with what the template says where nothing was said.
    fn filled_in(mut self, template: Option<Template>) -> Self {
        let Some(template) = template else { return self };
        let Draft { letter, medications, .. } = &mut self.draft;
        letter.diagnosis = letter.diagnosis.take().or(template.diagnosis);
        let instructions = letter.general_instructions.take();
        letter.general_instructions = instructions.or(template.general_instructions);
        if medications.is_empty() {
            *medications = template.medications;
            self.origin = Origin::Template;
        }
        self
    }

    /// Writes the prescription, unless somebody was faster.
    async fn issue(&self, actor: &Actor, store: &Store) -> Result<Option<Prescription>> {
        let prescriptions = store.prescriptions();
        let (visit, patient, look) = self.occasion(actor, store).await?;
        let doctor = store.doctors().find(actor.doctor()?).await?.view(actor)?;
        let house = store.appointments().house_of(&doctor).await?;
        let hospital = visit.as_ref().and_then(|visit| visit.hospital).or(doctor.hospital);
        let bedside = prescriptions.bedside(patient, hospital).await?.ok_or(Denied::NotFound)?;
        self.demand_agreement(&bedside, hospital)?;

        let occasion = Occasion {
            patient: &bedside.patient,
            doctor: &doctor,
            hospital: house.as_ref(),
            visit: visit.as_ref(),
            medical_record: self.medical_record,
        };
        let mut prescription = Prescription::write(occasion, self.draft.clone(), actor)?;
        // One medicine stands beside others of the visit.
        let stands_for_visit = self.origin != Origin::OneMedicine;
        let before = match visit.as_ref().filter(|_| stands_for_visit) {
            Some(visit) => prescriptions.standing_at(visit.id).await?,
            None => None,
        };
        let after = before.clone().map(|before| prescription.take_the_place_of(before, actor));
        let items = prescription.items().iter().enumerate();
        let asked =
            items.map(|(at, item)| Asked { item: item.id, pointer: self.origin.pointer(at) });
        let (asked, grounds) = (asked.collect::<Vec<_>>(), self.grounds.as_ref());
        clear(&mut prescription, &asked, &bedside, grounds, look, actor, store).await?;

        let permit = actor.create(Action::CreatePrescription, &prescription)?;
        let issued = Issued {
            prescription: &prescription,
            bedside: &bedside,
            visit: visit.as_ref(),
            stands_for_visit,
            replaced: before.as_ref().zip(after.as_ref()),
        };
        Ok(prescriptions.issue(&issued, &permit).await?.then_some(prescription))
    }

    /// The visit and the patient, and the permit to look at what speaks against medicines.
    async fn occasion(
        &self,
        actor: &Actor,
        store: &Store,
    ) -> Result<(Option<Appointment>, PatientId, Permit)> {
        match (self.visit, self.patient) {
            (Some(visit), _) => {
                let found = store.appointments().find(visit).await?;
                let (visit, _) = found.permit(actor, Action::CreatePrescription)?;
                demand_under_way(&visit)?;
                if let Some(record) = self.medical_record {
                    store.medical_records().find(record, actor).await?.view(actor)?;
                }
                let look = actor.authorize(Action::CheckInteractions, &visit)?;
                let patient = visit.patient;
                Ok((Some(visit), patient, look))
            }
            (None, Some(patient)) => {
                let found = store.patients().find(patient).await?;
                let (patient, _) = found.permit(actor, Action::CreatePrescription)?;
                let look = actor.authorize(Action::CheckInteractions, &patient)?;
                Ok((None, patient.id, look))
            }
            (None, None) => Err(Denied::NotFound.into()),
        }
    }

    /// Checks that patient and hospital are those of the visit, where both are named.
    fn demand_agreement(
        &self,
        bedside: &Bedside,
        hospital: Option<HospitalId>,
    ) -> Result<(), PrescriptionError> {
        let patient_agrees =
            self.patient.is_none_or(|patient| bedside.patient.parts().contains(&patient));
        if !patient_agrees {
            return Err(PrescriptionError::OtherPatient);
        }
        if self.hospital.is_some() && self.hospital != hospital {
            return Err(PrescriptionError::OtherHospital);
        }
        Ok(())
    }
}

/// Checks medicines. Whoever is told what speaks against them has looked at what the patient takes.
pub(crate) async fn clear(
    prescription: &mut Prescription,
    asked: &[Asked],
    bedside: &Bedside,
    grounds: Option<&Grounds>,
    look: Permit,
    actor: &Actor,
    store: &Store,
) -> Result<()> {
    let cleared = bedside.clear(prescription, asked, grounds, actor);
    if let Err(stop) = &cleared {
        store.events().note_look(&look.noting("alerts", stop.fields().len())).await?;
    }
    Ok(cleared?)
}
