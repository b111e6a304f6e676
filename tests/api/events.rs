//! Every change leaves its line in the audit log.

use insta::assert_snapshot;
use serde_json::json;

use crate::{
    support::{PASSWORD, People, open},
    tour::{actions, catch_up, open_counting, tour},
};

#[tokio::test]
async fn every_change_leaves_its_event_and_nothing_else_does() {
    let hub = open_counting().await;

    let stops = tour(&hub).await;

    let lines = stops.iter().filter_map(|stop| {
        let (method, path) = &stop.operation;
        let events: Vec<_> = stop
            .events
            .iter()
            .map(|event| {
                let by = event
                    .role
                    .map_or("a visitor".to_owned(), |role| role.to_string().to_lowercase());
                format!("{} by {by}", event.action.code())
            })
            .collect();
        (method != "GET" || !events.is_empty())
            .then(|| format!("{method:6} {path}: {}", events.join(", ")))
    });
    let mut lines: Vec<_> = lines.collect();
    lines.sort();
    lines.dedup();
    assert_snapshot!(lines.join("\n"), @"
    DELETE /api/accounts/access-grants/{doctor}: ACCESS_REVOKED by patient
    DELETE /api/appointments/holds/{id}: HOLD_DELETED by patient
    DELETE /api/appointments/queues/{doctor}/tokens/{number}: TOKEN_LEFT by patient
    DELETE /api/appointments/waitlist/{doctor}/{date}: WAITLIST_LEFT by patient
    DELETE /api/appointments/{id}: APPOINTMENT_CANCELLED by patient
    DELETE /api/auth/admin/users/{id}: USER_DELETED by admin
    DELETE /api/auth/sessions/{id}: SESSION_ENDED by patient
    DELETE /api/auth/sessions: SESSION_ENDED by patient
    DELETE /api/consultations/{id}/diagnosis/{pk}: DIAGNOSIS_DELETED by doctor
    DELETE /api/consultations/{id}/documents/{pk}: DOCUMENT_DELETED by patient
    DELETE /api/consultations/{id}/notes/{pk}: CONSULTATION_NOTE_DELETED by doctor
    DELETE /api/consultations/{id}/symptoms/{pk}: SYMPTOM_DELETED by patient
    DELETE /api/consultations/{id}/vital-signs/{pk}: VITAL_SIGNS_DELETED by doctor
    DELETE /api/doctor-availability/{id}: DOCTOR_UPDATED by doctor
    DELETE /api/doctors/annotations/{id}: ANNOTATION_DELETED by doctor
    DELETE /api/doctors/{id}/availability/{pk}: DOCTOR_UPDATED by doctor
    DELETE /api/doctors/{id}/delete: DOCTOR_DELETED by coordinator
    DELETE /api/doctors/{id}/documents/{pk}: DOCUMENT_DELETED by doctor
    DELETE /api/doctors/{id}/education/{pk}: DOCTOR_UPDATED by doctor
    DELETE /api/doctors/{id}/experience/{pk}: DOCTOR_UPDATED by doctor
    DELETE /api/doctors/{id}/reviews/{pk}: REVIEW_DELETED by patient
    DELETE /api/doctors/{id}/schedule/{pk}: DOCTOR_UPDATED by doctor
    DELETE /api/hospitals/departments/{id}: DEPARTMENT_DELETED by hospital
    DELETE /api/hospitals/{id}: HOSPITAL_DELETED by admin
    DELETE /api/mappings/{id}: ASSIGNMENT_DELETED by coordinator
    DELETE /api/notifications/{id}: NOTIFICATION_DELETED by patient
    DELETE /api/patients/{id}/documents/{pk}: DOCUMENT_DELETED by patient
    DELETE /api/patients/{id}/medical-records/{pk}: HEALTH_RECORD_DELETED by patient
    DELETE /api/patients/{id}/notes/{pk}: NOTE_DELETED by coordinator
    DELETE /api/patients/{id}: PATIENT_DELETED by hospital
    DELETE /api/prescriptions/adherence/{id}: ADHERENCE_DELETED by patient
    DELETE /api/prescriptions/interactions/{rule}: SAFETY_RULES_UPDATED by hospital
    DELETE /api/prescriptions/reminders/{id}: REMINDER_DELETED by patient
    DELETE /api/prescriptions/templates/{id}: TEMPLATE_DELETED by doctor
    DELETE /api/prescriptions/{id}/documents/{pk}: DOCUMENT_DELETED by patient
    DELETE /api/prescriptions/{id}/medications/{pk}: PRESCRIPTION_UPDATED by doctor
    DELETE /api/prescriptions/{id}/notes/{pk}: PRESCRIPTION_NOTE_DELETED by doctor
    DELETE /api/prescriptions/{id}: PRESCRIPTION_CANCELLED by doctor
    DELETE /api/records/reports/{id}: DOCUMENT_DELETED by doctor
    DELETE /api/records/{id}/attachments/{pk}: DOCUMENT_DELETED by patient
    DELETE /api/records/{id}: HEALTH_RECORD_DELETED by patient
    DELETE /api/reviews/{id}: REVIEW_DELETED by patient
    DELETE /api/webhooks/{id}: WEBHOOK_DELETED by hospital
    GET    /api/appointments/doctor-appointments: APPOINTMENTS_LISTED by doctor
    GET    /api/appointments/hospital-appointments: APPOINTMENTS_LISTED by hospital
    GET    /api/appointments/queues/{doctor}/tokens/{number}: TOKEN_VIEWED by doctor
    GET    /api/appointments/queues/{doctor}: QUEUE_VIEWED by doctor
    GET    /api/appointments/waitlist/{doctor}/{date}: WAITLIST_VIEWED by doctor
    GET    /api/appointments/{id}: APPOINTMENT_VIEWED by doctor
    GET    /api/consultations/{id}/diagnosis/{pk}/versions: CONSULTATION_VIEWED by doctor
    GET    /api/consultations/{id}/diagnosis/{pk}: CONSULTATION_VIEWED by doctor
    GET    /api/consultations/{id}/diagnosis: CONSULTATION_VIEWED by doctor
    GET    /api/consultations/{id}/documents/{pk}/versions: DOCUMENT_VIEWED by doctor
    GET    /api/consultations/{id}/documents/{pk}: FILE_DOWNLOADED by doctor
    GET    /api/consultations/{id}/documents: CONSULTATION_VIEWED by doctor
    GET    /api/consultations/{id}/notes/{pk}/versions: CONSULTATION_VIEWED by doctor
    GET    /api/consultations/{id}/notes/{pk}: CONSULTATION_VIEWED by doctor
    GET    /api/consultations/{id}/notes: CONSULTATION_VIEWED by doctor
    GET    /api/consultations/{id}/prescription: CONSULTATION_VIEWED by doctor
    GET    /api/consultations/{id}/symptoms/{pk}/versions: CONSULTATION_VIEWED by doctor
    GET    /api/consultations/{id}/symptoms/{pk}: CONSULTATION_VIEWED by doctor
    GET    /api/consultations/{id}/symptoms: CONSULTATION_VIEWED by doctor
    GET    /api/consultations/{id}/vital-signs/{pk}/versions: CONSULTATION_VIEWED by doctor
    GET    /api/consultations/{id}/vital-signs/{pk}: CONSULTATION_VIEWED by doctor
    GET    /api/consultations/{id}/vital-signs: CONSULTATION_VIEWED by doctor
    GET    /api/consultations/{id}: CONSULTATION_VIEWED by doctor
    GET    /api/doctors/annotations/{id}/versions: ANNOTATION_VIEWED by doctor
    GET    /api/doctors/annotations/{id}: ANNOTATION_VIEWED by doctor
    GET    /api/doctors/annotations: ANNOTATION_VIEWED by doctor
    GET    /api/doctors/patients: PATIENTS_LISTED by doctor
    GET    /api/doctors/{id}/documents/{pk}/versions: DOCUMENT_VIEWED by hospital
    GET    /api/doctors/{id}/documents/{pk}: FILE_DOWNLOADED by hospital
    GET    /api/doctors/{id}/documents: DOCUMENT_VIEWED by hospital
    GET    /api/lab-results/trend: LAB_RESULTS_LISTED by doctor
    GET    /api/lab-results/{id}/versions: LAB_RESULT_VIEWED by doctor
    GET    /api/lab-results/{id}: LAB_RESULT_VIEWED by doctor
    GET    /api/lab-results: LAB_RESULTS_LISTED by doctor
    GET    /api/mappings/patient/{patient_id}: PATIENT_VIEWED by coordinator
    GET    /api/mappings: PATIENTS_LISTED by coordinator
    GET    /api/medical-records/{id}/versions: MEDICAL_RECORD_VIEWED by doctor
    GET    /api/medical-records/{id}: MEDICAL_RECORD_VIEWED by doctor
    GET    /api/medical-records: MEDICAL_RECORDS_LISTED by doctor
    GET    /api/patients/search: PATIENTS_LISTED by coordinator
    GET    /api/patients/{id}/documents/{pk}/versions: DOCUMENT_VIEWED by admin
    GET    /api/patients/{id}/documents/{pk}: FILE_DOWNLOADED by admin
    GET    /api/patients/{id}/documents: DOCUMENT_VIEWED by admin
    GET    /api/patients/{id}/medical-records/{pk}: HEALTH_RECORD_VIEWED by doctor
    GET    /api/patients/{id}/medical-records: HEALTH_RECORDS_LISTED by doctor
    GET    /api/patients/{id}/notes/{pk}/versions: PATIENT_VIEWED by coordinator
    GET    /api/patients/{id}/notes/{pk}: PATIENT_VIEWED by coordinator
    GET    /api/patients/{id}/notes: PATIENT_VIEWED by coordinator
    GET    /api/patients/{id}: PATIENT_VIEWED by coordinator
    GET    /api/patients: PATIENTS_LISTED by coordinator
    GET    /api/prescriptions/adherence/summary: ADHERENCE_VIEWED by doctor
    GET    /api/prescriptions/adherence: ADHERENCE_VIEWED by doctor
    GET    /api/prescriptions/medications: PRESCRIPTIONS_LISTED by doctor
    GET    /api/prescriptions/{id}/documents/{pk}/versions: DOCUMENT_VIEWED by doctor
    GET    /api/prescriptions/{id}/documents/{pk}: FILE_DOWNLOADED by doctor
    GET    /api/prescriptions/{id}/documents: PRESCRIPTION_VIEWED by doctor
    GET    /api/prescriptions/{id}/medications/{pk}: PRESCRIPTION_VIEWED by doctor
    GET    /api/prescriptions/{id}/medications: PRESCRIPTION_VIEWED by doctor
    GET    /api/prescriptions/{id}/notes/{pk}/versions: PRESCRIPTION_VIEWED by doctor
    GET    /api/prescriptions/{id}/notes/{pk}: PRESCRIPTION_VIEWED by doctor
    GET    /api/prescriptions/{id}/notes: PRESCRIPTION_VIEWED by doctor
    GET    /api/prescriptions/{id}/pdf: PRESCRIPTION_VIEWED by doctor
    GET    /api/prescriptions/{id}/versions: PRESCRIPTION_VIEWED by doctor
    GET    /api/prescriptions/{id}: PRESCRIPTION_VIEWED by doctor
    GET    /api/prescriptions: PRESCRIPTIONS_LISTED by doctor
    GET    /api/recommendations/history: RECOMMENDATION_VIEWED by hospital
    GET    /api/recommendations/{id}: RECOMMENDATION_VIEWED by hospital
    GET    /api/records/break-glass/{id}: EMERGENCY_ACCESS_VIEWED by hospital
    GET    /api/records/break-glass: EMERGENCY_ACCESSES_LISTED by hospital
    GET    /api/records/patients/{id}/prescriptions: REPOSITORY_VIEWED by doctor
    GET    /api/records/patients/{id}/reports: REPOSITORY_VIEWED by doctor
    GET    /api/records/patients/{id}/summary: REPOSITORY_VIEWED by doctor
    GET    /api/records/reports/{id}/versions: DOCUMENT_VIEWED by doctor
    GET    /api/records/reports/{id}: FILE_DOWNLOADED by doctor
    GET    /api/records/{id}/attachments/{pk}: FILE_DOWNLOADED by doctor
    GET    /api/records/{id}/versions: HEALTH_RECORD_VIEWED by doctor
    GET    /api/records/{id}: HEALTH_RECORD_VIEWED by doctor
    GET    /api/records: HEALTH_RECORDS_LISTED by doctor
    PATCH  /api/appointments/{id}/status: APPOINTMENT_CHECKED_IN by hospital
    PATCH  /api/appointments/{id}: APPOINTMENT_UPDATED by patient
    PATCH  /api/auth/admin/users/{id}: USER_UPDATED by admin
    PATCH  /api/auth/profile: USER_UPDATED by patient
    PATCH  /api/consultations/{id}/diagnosis/{pk}: DIAGNOSIS_UPDATED by doctor
    PATCH  /api/consultations/{id}/documents/{pk}: DOCUMENT_UPDATED by patient
    PATCH  /api/consultations/{id}/notes/{pk}: CONSULTATION_NOTE_UPDATED by doctor
    PATCH  /api/consultations/{id}/symptoms/{pk}: SYMPTOM_UPDATED by patient
    PATCH  /api/consultations/{id}/vital-signs/{pk}: VITAL_SIGNS_UPDATED by doctor
    PATCH  /api/doctor-availability/{id}: DOCTOR_UPDATED by doctor
    PATCH  /api/doctors/annotations/{id}: ANNOTATION_UPDATED by doctor
    PATCH  /api/doctors/availability: DOCTOR_UPDATED by doctor
    PATCH  /api/doctors/update_profile: DOCTOR_UPDATED by doctor
    PATCH  /api/doctors/{id}/availability/{pk}: DOCTOR_UPDATED by doctor
    PATCH  /api/doctors/{id}/documents/{pk}: DOCUMENT_UPDATED by doctor
    PATCH  /api/doctors/{id}/education/{pk}: DOCTOR_UPDATED by doctor
    PATCH  /api/doctors/{id}/experience/{pk}: DOCTOR_UPDATED by doctor
    PATCH  /api/doctors/{id}/reviews/{pk}: REVIEW_UPDATED by patient
    PATCH  /api/doctors/{id}/schedule/{pk}: DOCTOR_UPDATED by doctor
    PATCH  /api/doctors/{id}/update: DOCTOR_UPDATED by coordinator
    PATCH  /api/hospitals/departments/{id}: DEPARTMENT_UPDATED by hospital
    PATCH  /api/hospitals/{id}/approve: HOSPITAL_APPROVED by admin
    PATCH  /api/hospitals/{id}: HOSPITAL_UPDATED by hospital
    PATCH  /api/lab-results/{id}: LAB_RESULT_UPDATED by doctor
    PATCH  /api/mappings/{id}/update: ASSIGNMENT_UPDATED by doctor
    PATCH  /api/medical-records/{id}: MEDICAL_RECORD_UPDATED by doctor
    PATCH  /api/notification-preferences/{id}: NOTIFICATION_PREFERENCES_UPDATED by patient
    PATCH  /api/notification-preferences: NOTIFICATION_PREFERENCES_UPDATED by patient
    PATCH  /api/patients/update_profile: PATIENT_UPDATED by patient
    PATCH  /api/patients/{id}/documents/{pk}: DOCUMENT_UPDATED by patient
    PATCH  /api/patients/{id}/medical-records/{pk}: HEALTH_RECORD_UPDATED by patient
    PATCH  /api/patients/{id}/notes/{pk}: NOTE_UPDATED by coordinator
    PATCH  /api/patients/{id}: PATIENT_UPDATED by coordinator
    PATCH  /api/prescriptions/interactions/{rule}: SAFETY_RULES_UPDATED by hospital
    PATCH  /api/prescriptions/reminders/{id}: REMINDER_UPDATED by patient
    PATCH  /api/prescriptions/templates/{id}: TEMPLATE_UPDATED by doctor
    PATCH  /api/prescriptions/{id}/documents/{pk}: DOCUMENT_UPDATED by patient
    PATCH  /api/prescriptions/{id}/medications/{pk}: PRESCRIPTION_UPDATED by doctor
    PATCH  /api/prescriptions/{id}/notes/{pk}: PRESCRIPTION_NOTE_UPDATED by doctor
    PATCH  /api/prescriptions/{id}: PRESCRIPTION_UPDATED by doctor
    PATCH  /api/recommendations/settings: RECOMMENDATION_SETTINGS_UPDATED by hospital
    PATCH  /api/records/reports/{id}: DOCUMENT_UPDATED by doctor
    PATCH  /api/records/{id}: HEALTH_RECORD_UPDATED by patient
    PATCH  /api/reviews/{id}: REVIEW_UPDATED by patient
    PATCH  /api/webhooks/{id}: WEBHOOK_UPDATED by hospital
    POST   /api/accounts/otp/generate: OTP_REQUESTED by doctor
    POST   /api/accounts/otp/verify: OTP_VERIFIED by doctor
    POST   /api/accounts/patients/register: USER_CREATED by a visitor
    POST   /api/appointments/book: APPOINTMENT_CREATED by patient
    POST   /api/appointments/holds: HOLD_CREATED by patient
    POST   /api/appointments/queues/{doctor}/next: TOKEN_CALLED by doctor, APPOINTMENT_CREATED by doctor
    POST   /api/appointments/queues/{doctor}/tokens/{number}/check-in: TOKEN_CHECKED_IN by patient
    POST   /api/appointments/queues/{doctor}/tokens: TOKEN_CREATED by patient
    POST   /api/appointments/waitlist: WAITLIST_JOINED by patient
    POST   /api/appointments/{id}/assign-doctor: DOCTOR_ASSIGNED by hospital
    POST   /api/appointments/{id}/cancel: APPOINTMENT_CANCELLED by patient
    POST   /api/appointments/{id}/check-in: APPOINTMENT_CHECKED_IN by patient
    POST   /api/appointments/{id}/complete: APPOINTMENT_COMPLETED by doctor
    POST   /api/appointments/{id}/confirm: APPOINTMENT_CONFIRMED by doctor
    POST   /api/appointments/{id}/no-show: APPOINTMENT_MISSED by hospital
    POST   /api/appointments/{id}/reschedule: APPOINTMENT_RESCHEDULED by patient
    POST   /api/appointments/{id}/start: APPOINTMENT_STARTED by doctor
    POST   /api/appointments: APPOINTMENT_CREATED by patient
    POST   /api/auth/admin/users: USER_CREATED by admin
    POST   /api/auth/change-password: PASSWORD_CHANGED by patient
    POST   /api/auth/login: LOGIN by patient
    POST   /api/auth/logout: LOGOUT by patient
    POST   /api/auth/password-reset: PASSWORD_RESET by patient
    POST   /api/auth/refresh: TOKEN_REFRESHED by patient
    POST   /api/auth/register: USER_CREATED by a visitor
    POST   /api/auth/send-otp: OTP_REQUESTED by a visitor
    POST   /api/auth/verify-otp: LOGIN by patient
    POST   /api/consultations/{id}/diagnosis: DIAGNOSIS_CREATED by doctor
    POST   /api/consultations/{id}/documents: FILE_UPLOADED by patient, DOCUMENT_CREATED by patient
    POST   /api/consultations/{id}/notes: CONSULTATION_NOTE_CREATED by doctor
    POST   /api/consultations/{id}/symptoms: SYMPTOM_CREATED by patient
    POST   /api/consultations/{id}/vital-signs: VITAL_SIGNS_CREATED by doctor
    POST   /api/consultations: APPOINTMENT_CREATED by patient
    POST   /api/doctor-availability/{id}/toggle: DOCTOR_UPDATED by doctor
    POST   /api/doctor-availability: DOCTOR_UPDATED by doctor
    POST   /api/doctors/annotations: ANNOTATION_ADDED by doctor
    POST   /api/doctors/create: DOCTOR_CREATED by coordinator
    POST   /api/doctors/{id}/availability: DOCTOR_UPDATED by doctor
    POST   /api/doctors/{id}/documents/{pk}/verify: DOCUMENT_VERIFIED by hospital
    POST   /api/doctors/{id}/documents: FILE_UPLOADED by doctor, DOCUMENT_CREATED by doctor
    POST   /api/doctors/{id}/education: DOCTOR_UPDATED by doctor
    POST   /api/doctors/{id}/experience: DOCTOR_UPDATED by doctor
    POST   /api/doctors/{id}/reviews: REVIEW_CREATED by patient
    POST   /api/doctors/{id}/schedule: DOCTOR_UPDATED by doctor
    POST   /api/doctors/{id}/verify: DOCTOR_VERIFIED by admin
    POST   /api/hospitals/departments: DEPARTMENT_CREATED by hospital
    POST   /api/hospitals/doctors/create: DOCTOR_CREATED by hospital, PASSWORD_RETURNED by hospital
    POST   /api/hospitals/register: HOSPITAL_CREATED by a visitor
    POST   /api/hospitals/{id}/approve: HOSPITAL_REJECTED by admin
    POST   /api/lab-results: LAB_RESULT_CREATED by doctor
    POST   /api/mappings: ASSIGNMENT_CREATED by coordinator
    POST   /api/medical-records: MEDICAL_RECORD_CREATED by doctor, APPOINTMENT_COMPLETED by doctor
    POST   /api/notification-preferences/disable_all: NOTIFICATION_PREFERENCES_UPDATED by patient
    POST   /api/notification-preferences/enable_all: NOTIFICATION_PREFERENCES_UPDATED by patient
    POST   /api/notification-preferences/reset_to_defaults: NOTIFICATION_PREFERENCES_UPDATED by patient
    POST   /api/notifications/clear_all: NOTIFICATION_DELETED by patient
    POST   /api/notifications/mark_all_read: NOTIFICATION_READ by patient
    POST   /api/notifications/{id}/mark_read: NOTIFICATION_READ by patient
    POST   /api/patients/{id}/documents/{pk}/verify: DOCUMENT_VERIFIED by admin
    POST   /api/patients/{id}/documents: FILE_UPLOADED by patient, DOCUMENT_CREATED by patient
    POST   /api/patients/{id}/medical-records: FILE_UPLOADED by patient, HEALTH_RECORD_CREATED by patient, DOCUMENT_CREATED by patient
    POST   /api/patients/{id}/merge: PATIENTS_MERGED by hospital
    POST   /api/patients/{id}/notes: NOTE_CREATED by coordinator
    POST   /api/patients/{id}/unmerge: PATIENTS_UNMERGED by hospital
    POST   /api/patients: PATIENT_CREATED by coordinator
    POST   /api/prescriptions/adherence: ADHERENCE_RECORDED by patient
    POST   /api/prescriptions/interactions/check: INTERACTIONS_CHECKED by doctor
    POST   /api/prescriptions/interactions: SAFETY_RULES_UPDATED by hospital
    POST   /api/prescriptions/reminders: REMINDER_CREATED by patient
    POST   /api/prescriptions/templates: TEMPLATE_CREATED by doctor
    POST   /api/prescriptions/{id}/complete: PRESCRIPTION_COMPLETED by doctor
    POST   /api/prescriptions/{id}/deactivate: MEDICATION_DEACTIVATED by doctor
    POST   /api/prescriptions/{id}/dispense: PRESCRIPTION_DISPENSED by hospital
    POST   /api/prescriptions/{id}/documents: FILE_UPLOADED by patient, DOCUMENT_CREATED by patient
    POST   /api/prescriptions/{id}/medications: PRESCRIPTION_UPDATED by doctor
    POST   /api/prescriptions/{id}/notes: PRESCRIPTION_NOTE_CREATED by doctor
    POST   /api/prescriptions/{id}/send-to-pharmacy: PRESCRIPTION_SENT by patient
    POST   /api/prescriptions: PRESCRIPTION_CREATED by doctor
    POST   /api/realtime/tickets: TICKET_CREATED by patient
    POST   /api/recommendations/clear-cache: RECOMMENDATIONS_CLEARED by admin
    POST   /api/recommendations/{id}/decision: RECOMMENDATION_DECIDED by hospital
    POST   /api/recommendations: RECOMMENDATION_REQUESTED by hospital
    POST   /api/records/break-glass/{id}/review: EMERGENCY_ACCESS_REVIEWED by hospital
    POST   /api/records/patients/{id}/break-glass: EMERGENCY_ACCESS_OPENED by doctor
    POST   /api/records/patients/{id}/reports/upload: FILE_UPLOADED by doctor, DOCUMENT_CREATED by doctor
    POST   /api/records/{id}/add_annotation: ANNOTATION_ADDED by doctor
    POST   /api/records/{id}/upload_attachment: FILE_UPLOADED by patient, DOCUMENT_CREATED by patient
    POST   /api/records: FILE_UPLOADED by patient, HEALTH_RECORD_CREATED by patient, DOCUMENT_CREATED by patient
    POST   /api/reviews/{id}/moderate: REVIEW_MODERATED by admin
    POST   /api/reviews: REVIEW_CREATED by patient
    POST   /api/uploads/presign: FILE_UPLOADED by patient
    POST   /api/webhooks/{id}/ping: WEBHOOK_PINGED by hospital
    POST   /api/webhooks/{id}/rotate: WEBHOOK_ROTATED by hospital
    POST   /api/webhooks: WEBHOOK_CREATED by hospital
    PUT    /api/appointments/{id}/status: APPOINTMENT_STARTED by doctor
    PUT    /api/appointments/{id}: APPOINTMENT_UPDATED by hospital
    PUT    /api/auth/admin/users/{id}: USER_ADMINISTERED by admin
    PUT    /api/auth/profile: USER_UPDATED by patient
    PUT    /api/consultations/{id}/diagnosis/{pk}: DIAGNOSIS_UPDATED by doctor
    PUT    /api/consultations/{id}/documents/{pk}: DOCUMENT_UPDATED by patient
    PUT    /api/consultations/{id}/notes/{pk}: CONSULTATION_NOTE_UPDATED by doctor
    PUT    /api/consultations/{id}/symptoms/{pk}: SYMPTOM_UPDATED by patient
    PUT    /api/consultations/{id}/vital-signs/{pk}: VITAL_SIGNS_UPDATED by doctor
    PUT    /api/doctor-availability/{id}: DOCTOR_UPDATED by doctor
    PUT    /api/doctors/annotations/{id}: ANNOTATION_UPDATED by doctor
    PUT    /api/doctors/availability: DOCTOR_UPDATED by doctor
    PUT    /api/doctors/update_profile: DOCTOR_UPDATED by doctor
    PUT    /api/doctors/{id}/availability/{pk}: DOCTOR_UPDATED by doctor
    PUT    /api/doctors/{id}/documents/{pk}: DOCUMENT_UPDATED by doctor
    PUT    /api/doctors/{id}/education/{pk}: DOCTOR_UPDATED by doctor
    PUT    /api/doctors/{id}/experience/{pk}: DOCTOR_UPDATED by doctor
    PUT    /api/doctors/{id}/reviews/{pk}: REVIEW_UPDATED by patient
    PUT    /api/doctors/{id}/schedule/{pk}: DOCTOR_UPDATED by doctor
    PUT    /api/doctors/{id}/update: DOCTOR_UPDATED by coordinator
    PUT    /api/hospitals/departments/{id}: DEPARTMENT_UPDATED by hospital
    PUT    /api/hospitals/{id}: HOSPITAL_UPDATED by hospital
    PUT    /api/lab-results/{id}: LAB_RESULT_UPDATED by doctor
    PUT    /api/mappings/{id}/update: ASSIGNMENT_UPDATED by coordinator
    PUT    /api/medical-records/{id}: MEDICAL_RECORD_UPDATED by doctor
    PUT    /api/notification-preferences/{id}: NOTIFICATION_PREFERENCES_UPDATED by patient
    PUT    /api/notification-preferences: NOTIFICATION_PREFERENCES_UPDATED by patient
    PUT    /api/patients/update_profile: PATIENT_UPDATED by patient
    PUT    /api/patients/{id}/documents/{pk}: DOCUMENT_UPDATED by patient
    PUT    /api/patients/{id}/medical-records/{pk}: HEALTH_RECORD_UPDATED by patient
    PUT    /api/patients/{id}/notes/{pk}: NOTE_UPDATED by coordinator
    PUT    /api/patients/{id}: PATIENT_UPDATED by coordinator
    PUT    /api/prescriptions/interactions/{rule}: SAFETY_RULES_UPDATED by hospital
    PUT    /api/prescriptions/reminders/{id}: REMINDER_UPDATED by patient
    PUT    /api/prescriptions/templates/{id}: TEMPLATE_UPDATED by doctor
    PUT    /api/prescriptions/{id}/documents/{pk}: DOCUMENT_UPDATED by patient
    PUT    /api/prescriptions/{id}/medications/{pk}: PRESCRIPTION_UPDATED by doctor
    PUT    /api/prescriptions/{id}/notes/{pk}: PRESCRIPTION_NOTE_UPDATED by doctor
    PUT    /api/prescriptions/{id}: PRESCRIPTION_UPDATED by doctor
    PUT    /api/recommendations/settings: RECOMMENDATION_SETTINGS_UPDATED by hospital
    PUT    /api/records/reports/{id}: DOCUMENT_UPDATED by doctor
    PUT    /api/records/{id}: HEALTH_RECORD_UPDATED by patient
    PUT    /api/reviews/{id}: REVIEW_UPDATED by patient
    PUT    /api/webhooks/{id}: WEBHOOK_UPDATED by hospital
    ");
}

#[tokio::test]
async fn an_event_says_who_did_it_from_where_and_in_which_request() {
    let hub = open_counting().await;

    for stop in tour(&hub).await {
        for event in &stop.events {
            assert_eq!(event.request, stop.reply.header("x-request-id"), "{:?}", stop.operation);
            assert_eq!(event.address, stop.address, "{:?}", stop.operation);
            assert_eq!(event.actor.is_some(), event.role.is_some(), "{:?}", stop.operation);
            if let Some(caller) = &stop.caller {
                let actor = event.actor.map(|actor| actor.to_string());
                assert_eq!(actor.as_ref(), Some(caller), "{:?}", stop.operation);
            }
        }
    }
}

#[tokio::test]
async fn a_refusal_leaves_no_event_but_that_of_the_policy() {
    let hub = open().await;
    let hospital = hub.hospital("jinnah").await;
    let ana = hub.patient("ana", "+923001234567").await;
    let department = json!({"name": "Cardiology"});
    let path = "/api/hospitals/departments";
    let opened = hospital.post(path, &department).await.ok();
    let path_of_it = format!("{path}/{}", opened["id"].as_str().unwrap());
    catch_up(&hub).await;

    let outdated = hospital.with_header("if-match", "\"7\"");
    let newcomer = json!({"username": "ana", "password": PASSWORD});
    let refusals = [
        hospital.post(path, &department).await.refusal(),
        hospital.post(path, json!({})).await.refusal(),
        outdated.patch(&path_of_it, json!({"name": "Heart"})).await.refusal(),
        outdated.delete(&path_of_it).await.refusal(),
        ana.delete(&path_of_it).await.refusal(),
        hub.visitor().post("/api/auth/register", newcomer).await.refusal(),
    ];

    assert_eq!(
        refusals,
        [
            "409 department-exists",
            "400 invalid",
            "412 precondition-failed",
            "412 precondition-failed",
            "403 forbidden",
            "409 username-taken",
        ]
    );
    let events = catch_up(&hub).await;
    assert_eq!(actions(&events), ["ACCESS_DENIED"]);
    assert_eq!(events[0].actor.unwrap().to_string(), ana.id());
    assert_eq!(events[0].details["operation"], "DELETE /api/hospitals/departments/{id}");
}

#[tokio::test]
async fn a_failed_proof_leaves_an_event() {
    let hub = open().await;
    let (visitor, ana) = (hub.visitor(), "+923001234567");
    hub.patient("ana", ana).await;
    visitor.post("/api/auth/send-otp", json!({"phone": ana})).await.ok();
    catch_up(&hub).await;

    let wrong = if hub.post.code_to(ana) == "000000" { "000001" } else { "000000" };
    let code = visitor.post("/api/auth/verify-otp", json!({"phone": ana, "otp": wrong})).await;
    let login = json!({"username": "ana", "password": "not-the-password"});
    let password = visitor.post("/api/auth/login", login).await;

    assert_eq!([code.status.as_u16(), password.status.as_u16()], [401, 401]);
    assert_eq!(actions(&catch_up(&hub).await), ["OTP_REJECTED", "LOGIN_FAILED"]);
}
