//! `GET /api/prescriptions/{id}/pdf`

use axum::{
    extract::State,
    http::header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    response::IntoResponse,
};
use carehub_api::{Result, actor::CurrentActor, config::PublicUrl, error::Problem, extract::Path};
use carehub_domain::{
    access::Action,
    account::Profile,
    prescription::{Item, Prescription, PrescriptionId, verification::VerificationCode},
    secret::Pepper,
    text::Text,
};
use carehub_store::Store;
use jiff::Timestamp;
use qrcodegen::{QrCode, QrCodeEcc};

use crate::{
    entry::found,
    sheet::{Sheet, Style},
};

/// Print a prescription.
#[utoipa::path(get, path = "/api/prescriptions/{id}/pdf", tag = "prescriptions", params(
    ("id" = PrescriptionId, Path, description = "The prescription."),
), responses(
    (status = 200, description = "Pages to print, with a code that leads to where anybody sees whether it is genuine. What only doctors read is not on it. Names in other letters than those of Western Europe are spelled with these. Who prints it for somebody else leaves a line in the audit log.", body = Vec<u8>, content_type = "application/pdf"),
    (status = 404, description = "There is no such prescription, or it is not for this person to see.", body = Problem),
))]
pub(crate) async fn handler(
    CurrentActor(actor): CurrentActor,
    Path(id): Path<PrescriptionId>,
    State(store): State<Store>,
    State(pepper): State<Pepper>,
    State(public_url): State<PublicUrl>,
) -> Result<impl IntoResponse> {
    let (prescription, permit) = found(id, Action::ViewPrescription, &actor, &store).await?;
    let patient = store.patients().recorded(prescription.patient).await?;
    let person = patient.map(|patient| patient.profile).unwrap_or_default();
    let address = address(id, &pepper, &public_url);
    let pdf = printed(&prescription, &person, &address, actor.at);
    store.events().note_look(&permit.noting("form", "PDF")).await?;
    let name = format!("attachment; filename=\"prescription-{}.pdf\"", prescription.number());
    let headers = [(CONTENT_TYPE, "application/pdf".to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((headers, pdf))
}

/// Where anybody sees whether a prescription is genuine.
pub(crate) fn address(id: PrescriptionId, pepper: &Pepper, public_url: &PublicUrl) -> String {
    public_url.of(&format!("/verify/{}", VerificationCode::of(id, pepper)))
}

/// The prescription on paper.
fn printed(
    prescription: &Prescription,
    person: &Profile,
    address: &str,
    now: Timestamp,
) -> Vec<u8> {
    let is_over = prescription.supplies_left(now) == 0;
    let mark = is_over.then(|| prescription.state(now).to_string());
    let mut sheet = Sheet::new(mark);
    head(&mut sheet, prescription, person, address, now);

    let letter = &prescription.letter;
    paragraph(&mut sheet, None, letter.header.as_ref());
    paragraph(&mut sheet, Some("Symptoms"), letter.symptoms.as_ref());
    paragraph(&mut sheet, Some("Diagnosis"), letter.diagnosis.as_ref());
    paragraph(&mut sheet, Some("Investigations"), letter.investigations.as_ref());
    paragraph(&mut sheet, Some("Treatment plan"), letter.treatment_plan.as_ref());
    medicines(&mut sheet, prescription);
    paragraph(&mut sheet, Some("Instructions"), letter.general_instructions.as_ref());
    paragraph(&mut sheet, None, letter.body.as_ref());
    follow_up(&mut sheet, prescription);
    paragraph(&mut sheet, Some("Referral"), letter.referral_notes.as_ref());
    paragraph(&mut sheet, None, letter.footer.as_ref());
    safety(&mut sheet, prescription);

    let number = prescription.number();
    let foot = format!("{number}, version {}", prescription.version());
    sheet.finish(&format!("Prescription {number}"), &foot)
}

fn head(
    sheet: &mut Sheet,
    prescription: &Prescription,
    person: &Profile,
    address: &str,
    now: Timestamp,
) {
    if let Ok(code) = QrCode::encode_text(address, QrCodeEcc::Medium) {
        sheet.code(&code);
    }
    let issued = prescription.zone.date(prescription.issued_at);
    if let Some(hospital) = &prescription.hospital_name {
        sheet.text(Style::Title, hospital.reveal());
    }
    let doctor = format!("Dr. {}", prescription.doctor_name.reveal());
    let field = prescription.doctor_specialization.as_ref().map(Text::reveal);
    sheet.text(Style::Strong, &listed([Some(doctor.as_str()), field]));
    sheet.space();
    sheet.text(Style::Heading, &format!("Prescription {}", prescription.number()));
    let age = person.age(issued).map(|years| format!("{years} years"));
    let gender = person.gender.map(|gender| plain(gender.as_str()));
    let name = prescription.patient_name.reveal();
    sheet.fact("Patient", &listed([Some(name), age.as_deref(), gender.as_deref()]));
    sheet.fact("Date", &issued.to_string());
    sheet.fact("Valid until", &prescription.valid_until.to_string());
    let times = prescription.handed_out().count();
    if times > 0 {
        let left = prescription.supplies_left(now);
        sheet.fact("Handed out", &format!("times: {times}, left: {left}"));
    }
    sheet.below_code();
    sheet.text(Style::Small, &format!("Genuine? Scan the code, or open {address}"));
}

fn medicines(sheet: &mut Sheet, prescription: &Prescription) {
    let (taken, stopped): (Vec<_>, Vec<_>) =
        prescription.items().iter().partition(|item| item.is_active());
    sheet.heading("Medicines");
    let rows: Vec<_> = (1..).zip(taken).map(|(number, item)| row(number, item)).collect();
    let head = [
        ("", 0.4),
        ("Medicine", 3.6),
        ("Dose", 1.6),
        ("How often", 2.0),
        ("How long", 1.5),
        ("Amount", 1.1),
        ("Instructions", 3.2),
    ];
    sheet.table(head, &rows);
    if !stopped.is_empty() {
        let names = stopped.iter().map(|item| Some(item.medication.name.reveal()));
        sheet.fact("No longer to be taken", &listed(names));
    }
}

fn row(number: usize, item: &Item) -> [String; 7] {
    let medicine = &item.medication;
    let form = medicine.dosage_form.map(|form| plain(form.as_str()));
    let [generic, brand] = [&medicine.generic_name, &medicine.brand_name]
        .map(|name| name.as_ref().filter(|name| **name != medicine.name).map(Text::reveal));
    let strength = medicine.strength.as_ref().map(Text::reveal);
    let name = [Some(medicine.name.reveal()), strength].into_iter().flatten().collect::<Vec<_>>();
    let dosage = medicine.dosage.as_ref().map(Text::reveal);
    let timing = medicine.timing.map(|timing| plain(timing.as_str()));
    let often = medicine.how_often().map(plain);
    let days = medicine.days().map(|days| match u16::from(days) {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    });
    let long = medicine.duration.as_ref().map(|words| words.reveal().to_owned()).or(days);
    let refills = match u16::from(medicine.refills) {
        0 => None,
        refills => Some(format!("refills: {refills}")),
    };
    let amount = medicine.quantity.map(|quantity| u16::from(quantity).to_string());
    let original = (!medicine.substitution_allowed).then_some("no substitution");
    let warning = medicine.side_effects_warning.as_ref().map(Text::reveal);
    [
        number.to_string(),
        listed([Some(name.join(" ").as_str()), generic, brand, form.as_deref()]),
        dosage.unwrap_or_default().to_owned(),
        listed([often.as_deref(), timing.as_deref()]),
        long.unwrap_or_default(),
        listed([amount.as_deref(), refills.as_deref()]),
        listed([medicine.instructions.as_ref().map(Text::reveal), warning, original]),
    ]
}

fn follow_up(sheet: &mut Sheet, prescription: &Prescription) {
    let letter = &prescription.letter;
    let day = letter.follow_up_date.map(|day| day.to_string());
    let wanted = letter.follow_up_required.then_some("Please come again");
    let words = letter.follow_up_instructions.as_ref().map(Text::reveal);
    let all = listed([wanted, day.as_deref(), words]);
    if !all.is_empty() {
        sheet.heading("Follow-up");
        sheet.text(Style::Body, &all);
    }
}

/// How the check went, in numbers: the reasons are between doctors.
fn safety(sheet: &mut Sheet, prescription: &Prescription) {
    let report = &prescription.safety;
    let overridden: usize = prescription.overrides.iter().map(|one| one.alerts.len()).sum();
    sheet.rule();
    sheet.text(
        Style::Small,
        &format!(
            "Safety check {}: {} alerts, {overridden} overridden with a reason. {}",
            report.data_version,
            report.alerts.len(),
            report.disclaimer,
        ),
    );
}

fn paragraph<const MAX: usize>(sheet: &mut Sheet, title: Option<&str>, text: Option<&Text<MAX>>) {
    let Some(text) = text else { return };
    match title {
        Some(title) => sheet.heading(title),
        None => sheet.space(),
    }
    sheet.text(Style::Body, text.reveal());
}

fn listed<'t>(parts: impl IntoIterator<Item = Option<&'t str>>) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// A word of a list as people read it: `ONCE_DAILY` is `once daily`. Others stay as they are.
fn plain(word: &str) -> String {
    let listed = word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    if listed { word.to_lowercase().replace('_', " ") } else { word.to_owned() }
}
