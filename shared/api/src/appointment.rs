//! Appointments as callers see them, whichever way they were booked.

use carehub_domain::{
    access::{Action, Actor, PatientId, UserId},
    account::Zone,
    appointment::{Appointment, AppointmentId, Kind, Move, PaymentStatus, Status, VisitType, Way},
    contact::Phone,
    department::DepartmentId,
    doctor::{DoctorId, Fee},
    hospital::HospitalId,
    text::Text,
};
use jiff::{
    Timestamp, Zoned,
    civil::{Date, Time},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{etag::Tagged, extract::Json};

/// An appointment, or the consultation that it is.
///
/// Days and times of day are those of its zone. What it got to, it got to at an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "clients read each of them on its own")]
pub struct AppointmentView {
    /// Identifies the appointment.
    pub id: AppointmentId,
    /// The same, for older clients.
    pub appointment_id: AppointmentId,
    /// How it was booked.
    pub kind: Kind,
    /// How far it has got.
    pub status: Status,
    /// Whether it should have begun and has not.
    pub is_overdue: bool,
    /// Whether it is still to come.
    pub is_upcoming: bool,
    /// Whether the caller may call it off now.
    pub can_be_cancelled: bool,
    /// Who comes.
    pub patient: PatientId,
    /// What the patient was called when it was booked.
    pub patient_name: Text<301>,
    /// How to call the patient about it.
    pub patient_phone: Option<Phone>,
    /// Who sees the patient; nobody yet for a department's request.
    pub doctor: Option<DoctorId>,
    /// The same, for older clients.
    pub assigned_doctor: Option<DoctorId>,
    /// What the doctor was called when it was booked.
    pub doctor_name: Option<Text<301>>,
    /// At which hospital.
    pub hospital: Option<HospitalId>,
    /// What the hospital was called when it was booked.
    pub hospital_name: Option<Text<255>>,
    /// In which department.
    pub department: Option<DepartmentId>,
    /// What the department was called when it was booked.
    pub department_name: Option<Text<100>>,
    /// When the patient wished to come, with the offset from UTC.
    #[schema(format = "date-time")]
    pub requested_time: String,
    /// When the patient is to come, once that is agreed.
    #[schema(format = "date-time")]
    pub confirmed_time: Option<String>,
    /// The day.
    pub appointment_date: Date,
    /// When it begins on that day.
    #[schema(value_type = String, format = "time", example = "09:30:00")]
    pub start_time: Time,
    /// When it ends.
    #[schema(value_type = String, format = "time", example = "09:30:00")]
    pub end_time: Time,
    /// The day, for older clients.
    pub scheduled_date: Date,
    /// When it begins, for older clients.
    #[schema(value_type = String, format = "time", example = "09:30:00")]
    pub scheduled_time: Time,
    /// When it begins, with the offset from UTC.
    #[schema(format = "date-time")]
    pub start: String,
    /// When it ends, with the offset from UTC.
    #[schema(format = "date-time")]
    pub end: String,
    /// The zone of those times.
    pub timezone: Zone,
    /// How long it is, in minutes.
    pub duration_minutes: u16,
    /// The same, for older clients.
    pub duration: u16,
    /// Why the patient comes.
    pub appointment_type: Option<VisitType>,
    /// How they meet.
    pub consultation_type: Way,
    /// The complaint.
    pub reason: Option<Text<1000>>,
    /// The same, for older clients.
    pub chief_complaint: Option<Text<1000>>,
    /// What the hospital adds.
    pub notes: Option<Text<2000>>,
    /// What the patient adds.
    pub patient_notes: Option<Text<1000>>,
    /// What the doctor adds.
    pub doctor_notes: Option<Text<2000>>,
    /// What it costs.
    pub consultation_fee: Option<Fee>,
    /// Whether that was paid.
    pub payment_status: PaymentStatus,
    /// The same, as yes or no.
    pub is_paid: bool,
    /// Who gave a department's request to the doctor.
    pub assigned_by: Option<UserId>,
    /// When they did.
    pub assigned_at: Option<Timestamp>,
    /// When the patient came.
    pub checked_in_at: Option<Timestamp>,
    /// When it began.
    pub actual_start_time: Option<Timestamp>,
    /// When it was over.
    pub actual_end_time: Option<Timestamp>,
    /// Who called it off; nobody if it was the hub itself.
    pub cancelled_by: Option<UserId>,
    /// When it was called off.
    pub cancelled_at: Option<Timestamp>,
    /// Why.
    pub cancellation_reason: Option<Text<500>>,
    /// Whether it follows another one up.
    pub is_follow_up: bool,
    /// Whether another visit should follow.
    pub follow_up_required: bool,
    /// When.
    pub follow_up_date: Option<Date>,
    /// The appointment that this one follows up.
    pub parent_consultation: Option<AppointmentId>,
    /// The times it was moved, the first one first.
    pub reschedules: Vec<RescheduleView>,
    /// Who booked it.
    pub created_by: Option<UserId>,
    /// When it was booked.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl AppointmentView {
    /// Shows an appointment to `actor`.
    pub fn of(appointment: Appointment, actor: &Actor) -> Self {
        let (start, end) = (appointment.start(), appointment.end());
        let step = |status| appointment.step(status);
        let at = |status| step(status).map(|step| step.at);
        let assigned = step(Status::Confirmed).filter(|_| appointment.kind == Kind::Request);
        let agreed = step(Status::Confirmed).or(step(Status::CheckedIn)).is_some();
        let wished = appointment.requested.map(|wished| wished.to_zoned(start.time_zone().clone()));
        let follows = appointment.brief.visit_type == Some(VisitType::FollowUp);
        let moved = |moved: &Move| RescheduleView::of(moved, start.time_zone());
        let minutes = appointment.span.minutes();
        Self {
            id: appointment.id,
            appointment_id: appointment.id,
            status: appointment.status(),
            is_overdue: appointment.is_overdue(actor.at),
            is_upcoming: appointment.is_upcoming(actor.at),
            can_be_cancelled: actor.can(Action::CancelAppointment, &appointment)
                && appointment.can_be_cancelled(actor),
            requested_time: written(wished.as_ref().unwrap_or(&start)),
            confirmed_time: agreed.then(|| written(&start)),
            appointment_date: start.date(),
            start_time: start.time(),
            end_time: end.time(),
            scheduled_date: start.date(),
            scheduled_time: start.time(),
            start: written(&start),
            end: written(&end),
            duration_minutes: minutes,
            duration: minutes,
            is_paid: appointment.payment == PaymentStatus::Paid,
            assigned_by: assigned.and_then(|step| step.by),
            assigned_at: assigned.map(|step| step.at),
            checked_in_at: at(Status::CheckedIn),
            actual_start_time: at(Status::InProgress),
            actual_end_time: at(Status::Completed),
            cancelled_by: step(Status::Cancelled).and_then(|step| step.by),
            cancelled_at: at(Status::Cancelled),
            cancellation_reason: appointment.cancellation_reason().cloned(),
            reschedules: appointment.moves().iter().map(moved).collect(),
            kind: appointment.kind,
            patient: appointment.patient,
            patient_name: appointment.patient_name,
            patient_phone: appointment.patient_phone,
            doctor: appointment.doctor,
            assigned_doctor: appointment.doctor,
            doctor_name: appointment.doctor_name,
            hospital: appointment.hospital,
            hospital_name: appointment.hospital_name,
            department: appointment.department,
            department_name: appointment.department_name,
            timezone: appointment.zone,
            appointment_type: appointment.brief.visit_type,
            consultation_type: appointment.brief.way.unwrap_or(Way::InPerson),
            chief_complaint: appointment.brief.reason.clone(),
            reason: appointment.brief.reason,
            notes: appointment.brief.notes,
            patient_notes: appointment.brief.patient_notes,
            doctor_notes: appointment.brief.doctor_notes,
            consultation_fee: appointment.fee,
            payment_status: appointment.payment,
            is_follow_up: follows || appointment.brief.follows.is_some(),
            follow_up_required: appointment.brief.follow_up_required,
            follow_up_date: appointment.brief.follow_up_date,
            parent_consultation: appointment.brief.follows,
            created_by: appointment.booked_by,
            created_at: appointment.created_at,
            updated_at: appointment.updated_at,
        }
    }

    /// The same, with the revision that is shown.
    pub fn tagged(appointment: Appointment, actor: &Actor) -> Tagged<Json<Self>> {
        Tagged::showing(appointment, |appointment| Self::of(appointment, actor))
    }
}

/// An appointment was moved to another time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RescheduleView {
    /// When it was to begin before, with the offset from UTC.
    #[schema(format = "date-time")]
    pub old_start: String,
    /// When it was to begin then.
    #[schema(format = "date-time")]
    pub new_start: String,
    /// Why.
    pub reason: Option<Text<500>>,
    /// Who moved it.
    pub requested_by: Option<UserId>,
    /// When they did.
    pub at: Timestamp,
}

impl RescheduleView {
    fn of(moved: &Move, zone: &TimeZone) -> Self {
        let civil = |at: Timestamp| written(&at.to_zoned(zone.clone()));
        Self {
            old_start: civil(moved.from),
            new_start: civil(moved.to),
            reason: moved.reason.clone(),
            requested_by: moved.by,
            at: moved.at,
        }
    }
}

/// A time of day somewhere, as RFC 3339 writes it.
fn written(time: &Zoned) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

#[cfg(test)]
mod tests {
    use carehub_domain::{Id, access::Actor};
    use serde_json::{Value, json};

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn appointment(details: &Value) -> Appointment {
        let now = at("2030-03-01T08:00:00Z");
        let mut record = json!({
            "id": Id::<Appointment>::generate(now),
            "booking": "SLOT",
            "patient": PatientId::generate(now),
            "patient_name": "Ana Diaz",
            "doctor": DoctorId::generate(now),
            "span": "2030-03-02T20:00:00Z/30",
            "zone": "Asia/Kathmandu",
            "payment": "PENDING",
            "status": "REQUESTED",
            "steps": [{"to": "REQUESTED", "at": now}],
            "created_at": now,
            "updated_at": now,
            "revision": 1,
        });
        for (name, value) in details.as_object().unwrap() {
            record[name] = value.clone();
        }
        serde_json::from_value(record).unwrap()
    }

    fn shown(details: &Value, now: &str) -> AppointmentView {
        AppointmentView::of(appointment(details), &Actor::operator(at(now)))
    }

    #[test]
    fn days_and_times_are_those_of_the_zone() {
        let view = shown(&json!({}), "2030-03-01T09:00:00Z");

        assert_eq!(view.start, "2030-03-03T01:45:00+05:45");
        assert_eq!(view.end, "2030-03-03T02:15:00+05:45");
        assert_eq!(view.requested_time, view.start);
        assert_eq!(view.confirmed_time, None);
        let json = serde_json::to_value(&view).unwrap();
        assert_eq!(json["appointment_date"], "2030-03-03");
        assert_eq!(json["start_time"], "01:45:00");
        assert_eq!(json["end_time"], "02:15:00");
        assert_eq!(json["duration"], 30);
        assert_eq!(json["consultation_type"], "IN_PERSON");
        assert_eq!(serde_json::from_value::<AppointmentView>(json).unwrap(), view);
    }

    #[test]
    fn what_may_still_happen_depends_on_when_it_is_looked_at() {
        let before = shown(&json!({}), "2030-03-01T09:00:00Z");
        let after = shown(&json!({}), "2030-03-02T20:00:01Z");

        assert!(before.is_upcoming && !before.is_overdue && before.can_be_cancelled);
        assert!(!after.is_upcoming && after.is_overdue);
    }

    #[test]
    fn steps_and_moves_are_told() {
        let hospital = HospitalId::generate(at("2030-02-01T00:00:00Z"));
        let admin = UserId::from(PatientId::generate(at("2030-02-01T00:00:00Z")));
        let details = json!({
            "booking": "REQUEST",
            "hospital": hospital,
            "requested": "2030-03-02T19:00:00Z",
            "status": "CANCELLED",
            "steps": [
                {"to": "REQUESTED", "at": "2030-03-01T08:00:00Z"},
                {"to": "CONFIRMED", "at": "2030-03-01T09:00:00Z", "by": admin},
                {"to": "CANCELLED", "at": "2030-03-01T10:00:00Z", "by": admin},
            ],
            "moves": [{
                "from": "2030-03-02T18:00:00Z",
                "to": "2030-03-02T20:00:00Z",
                "at": "2030-03-01T09:30:00Z",
            }],
        });
        let view = shown(&details, "2030-03-01T11:00:00Z");

        assert_eq!(view.requested_time, "2030-03-03T00:45:00+05:45");
        assert_eq!(view.confirmed_time.as_ref(), Some(&view.start));
        assert_eq!((view.assigned_by, view.cancelled_by), (Some(admin), Some(admin)));
        assert_eq!(view.assigned_at, Some(at("2030-03-01T09:00:00Z")));
        assert_eq!(view.cancelled_at, Some(at("2030-03-01T10:00:00Z")));
        assert!(!view.can_be_cancelled && !view.is_upcoming);
        assert_eq!(view.reschedules.len(), 1);
        assert_eq!(view.reschedules[0].old_start, "2030-03-02T23:45:00+05:45");
        assert_eq!(view.reschedules[0].new_start, view.start);
    }
}
