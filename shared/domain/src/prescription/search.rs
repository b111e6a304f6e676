//! Which prescriptions somebody looks for.

use jiff::{Timestamp, civil::Date};

use super::{Item, Prescription, PrescriptionStatus};
use crate::{
    access::PatientId, appointment::AppointmentId, doctor::DoctorId, search::fold, text::Text,
};

/// What prescriptions have to be like. Nothing that is not said narrows them.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// A name, the diagnosis, a medicine or the number has a part like this.
    pub text: Option<Text<150>>,
    /// They are for this patient.
    pub patient: Option<PatientId>,
    /// They are by this doctor.
    pub doctor: Option<DoctorId>,
    /// They were written at this visit.
    pub appointment: Option<AppointmentId>,
    /// The number, with or without what stands before the digits.
    pub number: Option<Text<40>>,
    /// What has become of them.
    pub status: Option<PrescriptionStatus>,
    /// Whether they never were on paper.
    pub is_digital: Option<bool>,
    /// They were not written before this day.
    pub since: Option<Date>,
    /// They were not written behind this day.
    pub until: Option<Date>,
    /// A medicine is called like this.
    pub medicine: Option<Text<150>>,
    /// They hold, and the patient is to take something.
    pub active_only: bool,
}

impl Search {
    /// Whether a prescription is like that at `now`.
    pub fn finds(&self, prescription: &Prescription, now: Timestamp) -> bool {
        let written = prescription.zone.date(prescription.issued_at);
        let status = prescription.state(now);
        let in_use = || prescription.items().iter().any(Item::is_active);
        let number = prescription.number();
        self.patient.is_none_or(|patient| patient == prescription.patient)
            && self.doctor.is_none_or(|doctor| doctor == prescription.doctor)
            && self.appointment.is_none_or(|visit| Some(visit) == prescription.appointment)
            && self.status.is_none_or(|wanted| wanted == status)
            && self.is_digital.is_none_or(|wanted| wanted == prescription.is_digital)
            && self.since.is_none_or(|day| day <= written)
            && self.until.is_none_or(|day| written <= day)
            && self.number.as_ref().is_none_or(|wanted| is_number(wanted.reveal(), &number))
            && self.medicine.as_ref().is_none_or(|wanted| {
                let wanted = fold(wanted.reveal());
                medicines(prescription).any(|name| fold(name).contains(&wanted))
            })
            && self.text.as_ref().is_none_or(|wanted| {
                let wanted = fold(wanted.reveal());
                words(prescription).any(|words| fold(words).contains(&wanted))
                    || fold(&number).contains(&wanted)
            })
            && (!self.active_only || status == PrescriptionStatus::Active && in_use())
    }
}

fn is_number(wanted: &str, number: &str) -> bool {
    let digits = number.rsplit('-').next();
    wanted.eq_ignore_ascii_case(number)
        || digits.is_some_and(|digits| wanted.eq_ignore_ascii_case(digits))
}

fn medicines(prescription: &Prescription) -> impl Iterator<Item = &str> {
    prescription.items().iter().flat_map(|item| {
        let medication = &item.medication;
        let others = [&medication.generic_name, &medication.brand_name];
        let others = others.into_iter().flatten().map(Text::reveal);
        others.chain([medication.name.reveal()])
    })
}

fn words(prescription: &Prescription) -> impl Iterator<Item = &str> {
    let hospital = prescription.hospital_name.as_ref().map(Text::reveal);
    let diagnosis = prescription.letter.diagnosis.as_ref().map(Text::reveal);
    let names = [prescription.patient_name.reveal(), prescription.doctor_name.reveal()];
    medicines(prescription).chain(hospital).chain(diagnosis).chain(names)
}
