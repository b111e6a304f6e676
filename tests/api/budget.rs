//! What every operation costs in calls to DynamoDB.

use std::{fs, path::Path};

use insta::assert_snapshot;
use serde_json::json;

use crate::tour::{open_counting, tour};

/// What takes one round more. Lists of people look up in an index who is on the page and then look
/// at them; departments and own profiles are shown with the name of the hospital; a change of name
/// or contact takes the account along; an assignment's end and a patient's need the other record;
/// a review looks for the visit and whether it has been reviewed; who is free on a day is looked up
/// behind who is in the directory; a booking says what the doctor's hospital is called; an
/// appointment leads to the diaries that it is crossed out of; what is kept for a patient counts as
/// long as the doctor's diary keeps it, and giving it up looks at who waits for it; the days for
/// which a patient waits lead to the waitlists; a queue is that of a day where the doctor is, a
/// token is taken if the patient has none, and whoever is called is looked up first, and then
/// whether the doctor cares for them.
const DEEP: [&str; 32] = [
    "GET /api/auth/admin/users",
    "GET /api/users/doctors",
    "GET /api/users/patients",
    "GET /api/hospitals/departments/{id}",
    "PATCH /api/hospitals/departments/{id}",
    "PUT /api/hospitals/departments/{id}",
    "GET /api/patients",
    "GET /api/patients/search",
    "PATCH /api/patients/update_profile",
    "GET /api/patients/my_doctor",
    "DELETE /api/patients/{id}",
    "GET /api/mappings/patient/{patient_id}",
    "GET /api/doctors/patients",
    "DELETE /api/mappings/{id}",
    "GET /api/doctors",
    "GET /api/doctors/search",
    "GET /api/doctors/profile",
    "PATCH /api/doctors/update_profile",
    "PUT /api/doctors/update_profile",
    "GET /api/appointments/available_doctors",
    "POST /api/appointments/book",
    "DELETE /api/appointments/{id}",
    "GET /api/appointments/holds",
    "GET /api/appointments/holds/{id}",
    "DELETE /api/appointments/holds/{id}",
    "GET /api/appointments/waitlist",
    "POST /api/appointments/queues/{doctor}/tokens",
    "GET /api/appointments/queues/{doctor}",
    "POST /api/appointments/queues/{doctor}/next",
    "POST /api/consultations",
    "POST /api/doctors/{id}/reviews",
    "POST /api/reviews",
];

#[tokio::test]
async fn every_operation_keeps_to_its_budget() {
    let hub = open_counting().await;

    let stops = tour(&hub).await;

    // The operation, its rounds, and its calls.
    let mut table = String::new();
    let (mut written, mut deep) = (Vec::new(), Vec::new());
    for stop in stops {
        let ((method, path), spent) = (&stop.operation, &stop.spent);
        let calls: Vec<_> = spent
            .calls
            .iter()
            .map(
                |(name, count)| {
                    if *count == 1 { (*name).to_owned() } else { format!("{name}×{count}") }
                },
            )
            .collect();
        table.push_str(
            format!("{method:6} {path}: {} {}", spent.rounds, calls.join(" ")).trim_end(),
        );
        table.push('\n');
        written.push(json!({
            "method": method, "path": path, "calls": spent.calls,
            "read_units": spent.read_units, "write_units": spent.write_units,
        }));

        // Counting requests and entries comes on top.
        let counted = spent.calls.get("UpdateItem").copied().unwrap_or_default();
        let reads = method == "GET";
        // A look at what is known of a patient leaves an event.
        let looks = reads && !stop.events.is_empty();
        // What lies within a record is looked up behind it.
        let within = path.matches("/{").count() > 1 || path.contains("{id}/");
        let most = if reads { 2 } else { 3 } + u32::from(looks) + u32::from(within);
        if spent.rounds - counted > most {
            deep.push(format!("{method} {path}"));
        }
        let transactions = spent.calls.get("TransactWriteItems").copied().unwrap_or_default();
        assert!(transactions <= u32::from(!reads || looks), "{method} {path}: {calls:?}");
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/budget.json");
    fs::write(file, serde_json::to_string_pretty(&written).unwrap()).unwrap();

    assert_snapshot!(table, @"
    GET    /health: 1 GetItem×2
    GET    /health/database: 1 GetItem
    GET    /health/redis: 1 GetItem
    GET    /health/detailed: 1 GetItem×2
    GET    /api: 0
    GET    /api/schema: 0
    GET    /api/docs: 0
    GET    /api/redoc: 0
    GET    /api/docs/{asset}: 0
    GET    /api/auth/health: 0
    GET    /.well-known/jwks.json: 0
    POST   /api/auth/register: 2 TransactWriteItems UpdateItem
    POST   /api/accounts/patients/register: 2 TransactWriteItems UpdateItem
    POST   /api/auth/login: 5 BatchGetItem GetItem Query TransactWriteItems UpdateItem×2
    POST   /api/auth/refresh: 3 BatchGetItem TransactWriteItems UpdateItem
    GET    /api/auth/profile: 1 BatchGetItem
    PATCH  /api/auth/profile: 3 BatchGetItem GetItem TransactWriteItems
    PUT    /api/auth/profile: 3 BatchGetItem GetItem TransactWriteItems
    GET    /api/profiles: 1 BatchGetItem
    POST   /api/auth/send-otp: 5 Query TransactWriteItems UpdateItem×3
    POST   /api/auth/verify-otp: 5 BatchGetItem Query TransactWriteItems UpdateItem×2
    POST   /api/auth/send-otp: 5 Query TransactWriteItems UpdateItem×3
    POST   /api/auth/password-reset: 5 BatchGetItem Query TransactWriteItems UpdateItem×2
    POST   /api/auth/change-password: 4 BatchGetItem×2 TransactWriteItems UpdateItem
    GET    /api/auth/sessions: 2 BatchGetItem Query
    DELETE /api/auth/sessions/{id}: 3 BatchGetItem GetItem TransactWriteItems
    DELETE /api/auth/sessions: 3 BatchGetItem Query TransactWriteItems
    POST   /api/auth/logout: 3 BatchGetItem GetItem TransactWriteItems
    GET    /api/auth/admin/users: 3 BatchGetItem×2 Query×5
    POST   /api/auth/admin/users: 2 BatchGetItem TransactWriteItems
    GET    /api/auth/admin/users/{id}: 2 BatchGetItem GetItem
    PATCH  /api/auth/admin/users/{id}: 3 BatchGetItem GetItem TransactWriteItems
    PUT    /api/auth/admin/users/{id}: 3 BatchGetItem GetItem TransactWriteItems
    DELETE /api/auth/admin/users/{id}: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/accounts/otp/generate: 6 BatchGetItem Query TransactWriteItems UpdateItem×3
    POST   /api/accounts/otp/verify: 3 BatchGetItem TransactWriteItems UpdateItem
    GET    /api/accounts/access-grants: 2 BatchGetItem Query
    DELETE /api/accounts/access-grants/{doctor}: 3 BatchGetItem GetItem TransactWriteItems
    GET    /api/accounts/access-log: 2 BatchGetItem Query
    GET    /api/profiles/dashboard_data: 2 BatchGetItem GetItem Query
    GET    /api/accounts/audit-logs: 2 BatchGetItem Query×8
    GET    /api/accounts/dashboard-stats: 2 BatchGetItem GetItem
    GET    /api/users/doctors: 3 BatchGetItem×2 Query
    GET    /api/users/patients: 3 BatchGetItem×2 Query
    POST   /api/hospitals/register: 2 TransactWriteItems UpdateItem
    PATCH  /api/hospitals/{id}/approve: 3 BatchGetItem×2 TransactWriteItems
    POST   /api/hospitals/{id}/approve: 3 BatchGetItem×2 TransactWriteItems
    DELETE /api/hospitals/{id}: 3 BatchGetItem×2 TransactWriteItems
    GET    /api/hospitals: 2 BatchGetItem Query
    GET    /api/hospitals/nearby: 2 BatchGetItem Query×19
    GET    /api/hospitals/{id}: 2 BatchGetItem GetItem
    PATCH  /api/hospitals/{id}: 3 BatchGetItem GetItem TransactWriteItems
    PUT    /api/hospitals/{id}: 3 BatchGetItem GetItem TransactWriteItems
    GET    /api/hospitals/{id}/departments: 2 BatchGetItem GetItem Query
    GET    /api/hospitals/departments: 2 BatchGetItem GetItem Query
    POST   /api/hospitals/departments: 3 BatchGetItem GetItem TransactWriteItems
    GET    /api/hospitals/departments/{id}: 3 BatchGetItem GetItem×2
    PATCH  /api/hospitals/departments/{id}: 4 BatchGetItem GetItem×2 TransactWriteItems
    PUT    /api/hospitals/departments/{id}: 4 BatchGetItem GetItem×2 TransactWriteItems
    POST   /api/hospitals/doctors/create: 3 BatchGetItem GetItem TransactWriteItems
    GET    /api/hospitals/{id}/doctors: 2 BatchGetItem GetItem Query
    GET    /api/hospitals/doctors: 2 BatchGetItem GetItem Query
    DELETE /api/hospitals/departments/{id}: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/patients: 3 BatchGetItem Query×2 TransactWriteItems
    GET    /api/patients: 4 BatchGetItem×2 Query TransactWriteItems
    GET    /api/patients/search: 4 BatchGetItem×2 Query TransactWriteItems
    GET    /api/patients/stats: 2 BatchGetItem GetItem×2
    GET    /api/patients/{id}: 3 BatchGetItem GetItem TransactWriteItems
    PATCH  /api/patients/{id}: 3 BatchGetItem GetItem TransactWriteItems
    PUT    /api/patients/{id}: 3 BatchGetItem GetItem TransactWriteItems
    GET    /api/patients/profile: 2 BatchGetItem GetItem
    PATCH  /api/patients/update_profile: 4 BatchGetItem GetItem×2 TransactWriteItems
    PUT    /api/patients/update_profile: 3 BatchGetItem GetItem TransactWriteItems
    GET    /api/patients/my_doctor: 3 BatchGetItem GetItem Query
    POST   /api/patients/{id}/notes: 3 BatchGetItem GetItem TransactWriteItems
    GET    /api/patients/{id}/notes: 4 BatchGetItem GetItem Query TransactWriteItems
    GET    /api/patients/{id}/notes/{pk}: 4 BatchGetItem×2 GetItem TransactWriteItems
    PATCH  /api/patients/{id}/notes/{pk}: 4 BatchGetItem×2 GetItem TransactWriteItems
    PUT    /api/patients/{id}/notes/{pk}: 4 BatchGetItem×2 GetItem TransactWriteItems
    DELETE /api/patients/{id}/notes/{pk}: 4 BatchGetItem×2 GetItem TransactWriteItems
    POST   /api/patients/{id}/merge: 3 BatchGetItem GetItem×2 TransactWriteItems
    POST   /api/patients/{id}/unmerge: 3 BatchGetItem GetItem×2 TransactWriteItems
    DELETE /api/patients/{id}: 4 BatchGetItem GetItem Query TransactWriteItems
    POST   /api/mappings: 3 BatchGetItem GetItem×2 TransactWriteItems
    GET    /api/mappings: 3 BatchGetItem Query TransactWriteItems
    GET    /api/mappings/patient/{patient_id}: 5 BatchGetItem×2 GetItem Query TransactWriteItems
    GET    /api/mappings/{id}: 2 BatchGetItem GetItem
    GET    /api/doctors/patients: 4 BatchGetItem×2 Query TransactWriteItems
    GET    /api/doctors/notifications: 2 BatchGetItem Query
    PATCH  /api/mappings/{id}/update: 4 BatchGetItem GetItem×2 TransactWriteItems
    PUT    /api/mappings/{id}/update: 4 BatchGetItem GetItem×2 TransactWriteItems
    DELETE /api/mappings/{id}: 4 BatchGetItem GetItem×2 TransactWriteItems
    POST   /api/doctors/create: 2 BatchGetItem TransactWriteItems
    POST   /api/doctors/{id}/verify: 3 BatchGetItem GetItem TransactWriteItems
    GET    /api/doctors: 3 BatchGetItem×2 Query×2
    GET    /api/doctors/search: 3 BatchGetItem×2 Query×2
    GET    /api/doctors/stats: 2 BatchGetItem GetItem×2 Query
    GET    /api/doctors/{id}: 2 BatchGetItem GetItem
    PATCH  /api/doctors/{id}/update: 3 BatchGetItem GetItem TransactWriteItems
    PUT    /api/doctors/{id}/update: 3 BatchGetItem GetItem TransactWriteItems
    DELETE /api/doctors/{id}/delete: 3 BatchGetItem GetItem TransactWriteItems
    GET    /api/doctors/profile: 3 BatchGetItem GetItem×2
    PATCH  /api/doctors/update_profile: 4 BatchGetItem GetItem×2 TransactWriteItems
    PUT    /api/doctors/update_profile: 4 BatchGetItem GetItem×2 TransactWriteItems
    PUT    /api/doctors/availability: 3 BatchGetItem GetItem TransactWriteItems
    PATCH  /api/doctors/availability: 3 BatchGetItem GetItem TransactWriteItems
    GET    /api/doctors/availability: 2 BatchGetItem GetItem
    GET    /api/doctors/{id}/available_slots: 2 BatchGetItem×2
    GET    /api/doctors/{id}/statistics: 3 BatchGetItem GetItem×2
    POST   /api/doctors/{id}/education: 4 BatchGetItem GetItem Query TransactWriteItems
    GET    /api/doctors/{id}/education: 3 BatchGetItem GetItem Query
    GET    /api/doctors/{id}/education/{pk}: 3 BatchGetItem GetItem×2
    PATCH  /api/doctors/{id}/education/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    PUT    /api/doctors/{id}/education/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    DELETE /api/doctors/{id}/education/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    POST   /api/doctors/{id}/experience: 4 BatchGetItem GetItem Query TransactWriteItems
    GET    /api/doctors/{id}/experience: 3 BatchGetItem GetItem Query
    GET    /api/doctors/{id}/experience/{pk}: 3 BatchGetItem GetItem×2
    PATCH  /api/doctors/{id}/experience/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    PUT    /api/doctors/{id}/experience/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    DELETE /api/doctors/{id}/experience/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    POST   /api/doctors/{id}/schedule: 3 BatchGetItem GetItem TransactWriteItems
    GET    /api/doctors/{id}/schedule: 2 BatchGetItem GetItem
    GET    /api/doctors/{id}/schedule/{pk}: 2 BatchGetItem GetItem
    PATCH  /api/doctors/{id}/schedule/{pk}: 3 BatchGetItem GetItem TransactWriteItems
    PUT    /api/doctors/{id}/schedule/{pk}: 3 BatchGetItem GetItem TransactWriteItems
    DELETE /api/doctors/{id}/schedule/{pk}: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/doctors/{id}/availability: 3 BatchGetItem GetItem TransactWriteItems
    GET    /api/doctors/{id}/availability: 3 BatchGetItem GetItem Query
    GET    /api/doctors/{id}/availability/{pk}: 3 BatchGetItem GetItem×2
    PATCH  /api/doctors/{id}/availability/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    PUT    /api/doctors/{id}/availability/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    DELETE /api/doctors/{id}/availability/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    POST   /api/doctor-availability: 3 BatchGetItem GetItem TransactWriteItems
    GET    /api/doctor-availability: 2 BatchGetItem GetItem
    GET    /api/doctor-availability/{id}: 2 BatchGetItem GetItem
    PATCH  /api/doctor-availability/{id}: 3 BatchGetItem GetItem TransactWriteItems
    PUT    /api/doctor-availability/{id}: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/doctor-availability/{id}/toggle: 3 BatchGetItem GetItem TransactWriteItems
    DELETE /api/doctor-availability/{id}: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/appointments: 4 BatchGetItem GetItem×3 TransactWriteItems UpdateItem
    GET    /api/appointments: 2 BatchGetItem Query
    GET    /api/appointments/my-appointments: 2 BatchGetItem Query
    GET    /api/appointments/hospital-appointments: 3 BatchGetItem Query TransactWriteItems
    POST   /api/appointments/{id}/assign-doctor: 4 BatchGetItem×2 GetItem TransactWriteItems
    GET    /api/appointments/doctor-appointments: 3 BatchGetItem Query TransactWriteItems
    GET    /api/appointments/{id}: 3 BatchGetItem GetItem TransactWriteItems
    PATCH  /api/appointments/{id}: 3 BatchGetItem GetItem TransactWriteItems
    PUT    /api/appointments/{id}: 3 BatchGetItem GetItem TransactWriteItems
    PATCH  /api/appointments/{id}/status: 3 BatchGetItem GetItem TransactWriteItems
    PUT    /api/appointments/{id}/status: 3 BatchGetItem GetItem TransactWriteItems
    GET    /api/appointments/available_doctors: 4 BatchGetItem×3 Query
    GET    /api/appointments/doctor_availability: 2 BatchGetItem GetItem Query×2
    POST   /api/appointments/book: 5 BatchGetItem×2 GetItem TransactWriteItems UpdateItem
    POST   /api/appointments/{id}/reschedule: 5 BatchGetItem×2 GetItem TransactWriteItems UpdateItem
    POST   /api/appointments/{id}/confirm: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/appointments/{id}/check-in: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/appointments/{id}/start: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/appointments/{id}/complete: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/appointments/{id}/cancel: 4 BatchGetItem×2 GetItem TransactWriteItems
    DELETE /api/appointments/{id}: 4 BatchGetItem×2 GetItem TransactWriteItems
    POST   /api/appointments/holds: 4 BatchGetItem×2 GetItem×2 TransactWriteItems UpdateItem
    GET    /api/appointments/holds: 3 BatchGetItem×2 GetItem
    GET    /api/appointments/holds/{id}: 3 BatchGetItem×2 GetItem
    DELETE /api/appointments/holds/{id}: 5 BatchGetItem×3 GetItem TransactWriteItems
    POST   /api/appointments/waitlist: 4 BatchGetItem×2 GetItem TransactWriteItems UpdateItem
    GET    /api/appointments/waitlist: 3 BatchGetItem×3 Query
    GET    /api/appointments/waitlist/{doctor}/{date}: 4 BatchGetItem GetItem×2 TransactWriteItems
    DELETE /api/appointments/waitlist/{doctor}/{date}: 3 BatchGetItem×2 TransactWriteItems
    POST   /api/appointments/queues/{doctor}/tokens: 4 BatchGetItem×2 GetItem×3 Query TransactWriteItems
    GET    /api/appointments/queues/{doctor}: 4 BatchGetItem GetItem×2 Query TransactWriteItems
    GET    /api/appointments/queues/{doctor}/tokens/{number}: 4 BatchGetItem GetItem×2 Query TransactWriteItems
    POST   /api/appointments/queues/{doctor}/tokens/{number}/check-in: 4 BatchGetItem GetItem×2 Query TransactWriteItems
    POST   /api/appointments/queues/{doctor}/next: 6 BatchGetItem×2 GetItem×4 Query TransactWriteItems
    DELETE /api/appointments/queues/{doctor}/tokens/{number}: 4 BatchGetItem GetItem×2 TransactWriteItems
    POST   /api/consultations: 5 BatchGetItem×2 GetItem TransactWriteItems UpdateItem
    POST   /api/consultations/{id}/symptoms: 4 BatchGetItem GetItem Query TransactWriteItems
    GET    /api/consultations/{id}/symptoms: 4 BatchGetItem GetItem Query TransactWriteItems
    GET    /api/consultations/{id}/symptoms/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    PATCH  /api/consultations/{id}/symptoms/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    PUT    /api/consultations/{id}/symptoms/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    DELETE /api/consultations/{id}/symptoms/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    POST   /api/consultations/{id}/diagnosis: 4 BatchGetItem GetItem Query TransactWriteItems
    GET    /api/consultations/{id}/diagnosis: 4 BatchGetItem GetItem Query TransactWriteItems
    GET    /api/consultations/{id}/diagnosis/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    PATCH  /api/consultations/{id}/diagnosis/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    PUT    /api/consultations/{id}/diagnosis/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    DELETE /api/consultations/{id}/diagnosis/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    POST   /api/consultations/{id}/vital-signs: 4 BatchGetItem GetItem Query TransactWriteItems
    GET    /api/consultations/{id}/vital-signs: 4 BatchGetItem GetItem Query TransactWriteItems
    GET    /api/consultations/{id}/vital-signs/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    PATCH  /api/consultations/{id}/vital-signs/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    PUT    /api/consultations/{id}/vital-signs/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    DELETE /api/consultations/{id}/vital-signs/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    POST   /api/consultations/{id}/notes: 4 BatchGetItem GetItem Query TransactWriteItems
    GET    /api/consultations/{id}/notes: 4 BatchGetItem GetItem Query TransactWriteItems
    GET    /api/consultations/{id}/notes/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    PATCH  /api/consultations/{id}/notes/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    PUT    /api/consultations/{id}/notes/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    DELETE /api/consultations/{id}/notes/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    GET    /api/consultations/{id}: 3 BatchGetItem GetItem Query TransactWriteItems
    GET    /api/consultations/{id}/prescription: 2 BatchGetItem GetItem
    GET    /api/consultations/stats: 2 BatchGetItem GetItem×2
    POST   /api/doctors/{id}/reviews: 5 BatchGetItem×2 GetItem Query TransactWriteItems
    GET    /api/doctors/{id}/reviews: 3 BatchGetItem GetItem Query
    GET    /api/doctors/{id}/reviews/{pk}: 2 BatchGetItem GetItem
    PATCH  /api/doctors/{id}/reviews/{pk}: 3 BatchGetItem GetItem TransactWriteItems
    PUT    /api/doctors/{id}/reviews/{pk}: 3 BatchGetItem GetItem TransactWriteItems
    DELETE /api/doctors/{id}/reviews/{pk}: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/reviews: 5 BatchGetItem×2 GetItem Query TransactWriteItems
    GET    /api/reviews: 2 BatchGetItem Query
    GET    /api/reviews/{id}: 2 BatchGetItem GetItem
    POST   /api/reviews/{id}/moderate: 3 BatchGetItem GetItem TransactWriteItems
    PATCH  /api/reviews/{id}: 3 BatchGetItem GetItem TransactWriteItems
    PUT    /api/reviews/{id}: 3 BatchGetItem GetItem TransactWriteItems
    DELETE /api/reviews/{id}: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/appointments/{id}/no-show: 3 BatchGetItem GetItem TransactWriteItems
    ");
    assert_eq!(deep, DEEP);
}
