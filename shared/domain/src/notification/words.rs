//! What people are told, in plain words.
//!
//! Mail and messages to phones are read by others, too. So nothing here says what somebody suffers
//! from, what they take or what a test has shown; whoever signs in sees it.

use jiff::{Timestamp, civil::Date};

use crate::{
    account::Zone,
    appointment::Appointment,
    glass::EmergencyAccess,
    hospital::{Hospital, MembershipName},
    medical_record::MedicalRecord,
    text::Text,
    waitlist::Offer,
};

/// The words of a notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// A few.
    pub title: Text<200>,
    /// All there is to say.
    pub message: Text<1000>,
}

impl Words {
    fn of(title: &str, message: &str) -> Self {
        Self { title: Text::known(title), message: Text::known(&cut(message, 1000)) }
    }
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// To a doctor or a hospital: somebody wants to come.
pub fn requested(appointment: &Appointment, zone: &Zone) -> Words {
    let when = spoken(appointment.span.start(), zone);
    Words::of(
        "An appointment was requested",
        &format!("A patient asks for an appointment on {when}. Sign in to see and answer it."),
    )
}

/// To a doctor: somebody will come.
pub fn assigned(appointment: &Appointment, zone: &Zone) -> Words {
    let when = spoken(appointment.span.start(), zone);
    Words::of(
        "A patient was assigned to you",
        &format!("A patient will see you on {when}. Sign in to see who."),
    )
}

/// To a doctor: somebody was put into their care.
pub fn entrusted() -> Words {
    Words::of(
        "A patient was assigned to you",
        "A patient was put into your care. Sign in to see who.",
    )
}

/// To a patient: it is agreed.
pub fn confirmed(appointment: &Appointment, zone: &Zone) -> Words {
    let when = spoken(appointment.span.start(), zone);
    Words::of(
        "Your appointment is confirmed",
        &format!("{} will see you{} on {when}.", doctor_of(appointment), place_of(appointment)),
    )
}

/// To a patient: it comes near.
pub fn reminder(appointment: &Appointment, zone: &Zone) -> Words {
    let when = spoken(appointment.span.start(), zone);
    Words::of(
        "Your appointment comes near",
        &format!(
            "You have an appointment with {}{} on {when}. If you cannot come, please call it off in time.",
            doctor_of(appointment),
            place_of(appointment)
        ),
    )
}

/// To a patient, or else to whoever was to see them: nobody meets.
pub fn cancelled(appointment: &Appointment, to_patient: bool, zone: &Zone) -> Words {
    let when = spoken(appointment.span.start(), zone);
    let whose = whose(appointment, to_patient);
    Words::of("An appointment was cancelled", &format!("{whose} on {when} was cancelled."))
}

/// To a patient, or else to whoever sees them: they meet at another time.
pub fn rescheduled(appointment: &Appointment, to_patient: bool, zone: &Zone) -> Words {
    let when = spoken(appointment.span.start(), zone);
    let whose = whose(appointment, to_patient);
    Words::of("An appointment has moved", &format!("{whose} has moved. It is now on {when}."))
}

/// To a patient who waits: a time has become free.
pub fn offered(doctor: &str, offer: Offer, zone: &Zone) -> Words {
    let (when, until) = (spoken(offer.span.start(), zone), offer.until.to_zoned(zone.time_zone()));
    let until = until.strftime("%H:%M");
    Words::of(
        "A time has become free",
        &format!(
            "A time with Dr. {doctor} has become free: {when}. Book it in CareHub by {until}, then it is offered to the next."
        ),
    )
}

/// To a patient: a doctor wrote down what the visit was about.
pub fn recorded(record: &MedicalRecord, is_new: bool) -> Words {
    let doctor = name_of(record.doctor_name.as_ref());
    let date = record.visited_on.strftime("%-d %B %Y");
    let what = if is_new { "written" } else { "changed" };
    Words::of(
        "Your medical record was updated",
        &format!("{doctor} has {what} the record of your visit on {date}. Sign in to see it."),
    )
}

/// To a patient: a doctor said something about one of their records.
pub fn annotated() -> Words {
    Words::of(
        "A doctor commented on your health record",
        "A doctor has added a comment to one of your health records. Sign in to see it.",
    )
}

/// To a patient: there is something to fetch.
pub fn prescribed(doctor: Option<&Text<301>>) -> Words {
    let doctor = name_of(doctor);
    Words::of(
        "A prescription is ready",
        &format!("{doctor} has written a prescription for you. Sign in to see it."),
    )
}

/// To a patient: a test was evaluated.
pub fn resulted(is_critical: bool) -> Words {
    match is_critical {
        true => Words::of(
            "A result needs your attention",
            "A new result of a test needs your attention. Sign in to see it, and speak to your doctor.",
        ),
        false => Words::of(
            "A result of a test is ready",
            "A new result of a test is ready. Sign in to see it.",
        ),
    }
}

/// To a doctor: somebody has to act.
pub fn critical() -> Words {
    Words::of(
        "A critical result needs your attention",
        "A new result of a test of one of your patients needs your attention. Sign in to see it.",
    )
}

/// To a patient: they should come again.
pub fn follow_up(record: &MedicalRecord, on: Date) -> Words {
    let (doctor, date) = (name_of(record.doctor_name.as_ref()), on.strftime("%A, %-d %B %Y"));
    Words::of(
        "A follow-up visit is due",
        &format!("{doctor} would like to see you again around {date}. Book a time in CareHub."),
    )
}

/// To a patient: how was it?
pub fn visited(appointment: &Appointment) -> Words {
    let doctor = doctor_of(appointment);
    Words::of(
        "How was your visit?",
        &format!("You have seen {doctor}. Tell others how it was: sign in and write a review."),
    )
}

/// To a patient: it is time.
pub fn medicine() -> Words {
    Words::of("Time for your medicine", "It is time to take a medicine. Sign in to see which.")
}

/// To a patient: somebody else changed it.
pub fn insured() -> Words {
    Words::of(
        "Your insurance was changed",
        "What CareHub knows of your insurance was changed. Sign in to check it.",
    )
}

/// To those who run the hub: somebody has to decide.
pub fn applied(hospital: &Hospital) -> Words {
    Words::of(
        "A hospital has applied",
        &format!("{} has applied to join CareHub. Sign in to decide.", hospital.name.reveal()),
    )
}

/// To a hospital: where its application stands.
pub fn membership(hospital: &Hospital, state: MembershipName) -> Words {
    let name = hospital.name.reveal();
    match state {
        MembershipName::Approved => Words::of(
            "Your hospital has joined CareHub",
            &format!("{name} has been approved. You can sign in now."),
        ),
        MembershipName::Rejected | MembershipName::Closed => Words::of(
            "Your application to CareHub",
            &format!(
                "{name} has not been approved. Please write to us if you think this is a mistake."
            ),
        ),
        MembershipName::Pending => Words::of(
            "We have your application to CareHub",
            &format!(
                "Thank you for registering {name}. We will write again when it has been decided on."
            ),
        ),
    }
}

/// To a patient: somebody read without asking. It does not say why.
pub fn opened(access: &EmergencyAccess) -> Words {
    let doctor = access.doctor_name.reveal();
    Words::of(
        EMERGENCY,
        &format!(
            "Dr. {doctor} opened your health record in an emergency, for an hour. You can see why in CareHub, and close it there. Somebody will review it."
        ),
    )
}

/// To the doctor's hospital, or to those who run the hub. It does not say whose record it is.
pub fn to_review(access: &EmergencyAccess) -> Words {
    let doctor = access.doctor_name.reveal();
    Words::of(
        EMERGENCY,
        &format!(
            "Dr. {doctor} opened the health record of a patient in an emergency, without asking the patient. Please review in CareHub whether that was right: {}.",
            access.id
        ),
    )
}

const EMERGENCY: &str = "A health record was opened in an emergency";

fn whose(appointment: &Appointment, to_patient: bool) -> String {
    match to_patient {
        true => format!("Your appointment with {}", doctor_of(appointment)),
        false => "An appointment with a patient".to_owned(),
    }
}

fn doctor_of(appointment: &Appointment) -> String {
    match (&appointment.doctor_name, &appointment.hospital_name) {
        (None, Some(hospital)) => hospital.reveal().to_owned(),
        (doctor, _) => name_of(doctor.as_ref()),
    }
}

fn name_of(doctor: Option<&Text<301>>) -> String {
    doctor.map_or_else(|| "Your doctor".to_owned(), |doctor| format!("Dr. {}", doctor.reveal()))
}

/// Where they meet, unless the hospital is who they meet.
fn place_of(appointment: &Appointment) -> String {
    match (&appointment.doctor_name, &appointment.hospital_name) {
        (Some(_), Some(hospital)) => format!(" at {}", hospital.reveal()),
        (_, _) => String::new(),
    }
}

/// `Monday, 14 January 2030 at 09:00 (Asia/Karachi)`.
fn spoken(at: Timestamp, zone: &Zone) -> String {
    let there = at.to_zoned(zone.time_zone());
    format!("{} ({})", there.strftime("%A, %-d %B %Y at %H:%M"), zone.as_str())
}
