//! What every operation costs in calls to DynamoDB.

use std::{collections::BTreeSet, fs, path::Path};

use carehub_domain::access::Action;
use insta::assert_snapshot;
use serde_json::json;

use crate::tour::{open_counting, tour};

/// What takes more rounds, and why.
const DEEP: &[(&str, &[&str])] = &[
    (
        "a list leads to what is on its page",
        &[
            "GET /api/auth/admin/users",
            "GET /api/users/doctors",
            "GET /api/users/patients",
            "GET /api/patients",
            "GET /api/patients/search",
            "GET /api/mappings/patient/{patient_id}",
            "GET /api/doctors/patients",
            "GET /api/doctors",
            "GET /api/doctors/search",
            "GET /api/appointments/holds",
            "GET /api/appointments/waitlist",
            "GET /api/records",
            "GET /api/records/break-glass",
            "GET /api/medical-records",
            "GET /api/prescriptions",
            "GET /api/prescriptions/medications",
            "GET /api/prescriptions/templates",
        ],
    ),
    (
        "a page of a patient's record leads to it behind the record, its merged parts and its grants",
        &[
            "GET /api/patients/{id}/medical-records",
            "GET /api/patients/{id}/medical-records/{pk}",
            "GET /api/records/patients/{id}/prescriptions",
            "GET /api/records/patients/{id}/summary",
        ],
    ),
    (
        "an allergy that is written down leads to whether there was thought to be none",
        &[
            "POST /api/patients/{id}/medical-records",
            "PATCH /api/patients/{id}/medical-records/{pk}",
            "PUT /api/patients/{id}/medical-records/{pk}",
        ],
    ),
    (
        "what was merged into a patient's record is theirs, in the log and among grants",
        &[
            "GET /api/accounts/access-grants",
            "DELETE /api/accounts/access-grants/{doctor}",
            "GET /api/accounts/access-log",
        ],
    ),
    (
        "departments and own profiles are shown with the name of the hospital",
        &[
            "GET /api/hospitals/departments/{id}",
            "PATCH /api/hospitals/departments/{id}",
            "PUT /api/hospitals/departments/{id}",
            "GET /api/patients/my_doctor",
            "GET /api/doctors/profile",
            "PATCH /api/doctors/update_profile",
            "PUT /api/doctors/update_profile",
        ],
    ),
    (
        "a change of name or contact takes the account along",
        &["PATCH /api/patients/update_profile"],
    ),
    (
        "the end of an assignment and of a patient need the other record",
        &["DELETE /api/patients/{id}", "DELETE /api/mappings/{id}"],
    ),
    (
        "a review looks for the visit and whether it has been reviewed",
        &["POST /api/doctors/{id}/reviews", "POST /api/reviews"],
    ),
    (
        "who is free on a day is looked up behind who is in the directory",
        &["GET /api/appointments/available_doctors"],
    ),
    (
        "a booking says what the doctor's hospital is called",
        &["POST /api/appointments/book", "POST /api/consultations"],
    ),
    (
        "an appointment leads to the diaries that it is crossed out of",
        &["DELETE /api/appointments/{id}"],
    ),
    (
        "what is kept counts as long as the diary keeps it, and giving it up looks at who waits",
        &["GET /api/appointments/holds/{id}", "DELETE /api/appointments/holds/{id}"],
    ),
    (
        "a queue is that of a day where the doctor is, and whoever is called is looked up first",
        &[
            "POST /api/appointments/queues/{doctor}/tokens",
            "GET /api/appointments/queues/{doctor}",
            "POST /api/appointments/queues/{doctor}/next",
        ],
    ),
    (
        "documents are shown with what became of their files",
        &[
            "GET /api/records/patients/{id}/reports",
            "GET /api/records/my-reports",
            "GET /api/records/reports/{id}",
            "PATCH /api/records/reports/{id}",
            "PUT /api/records/reports/{id}",
            "GET /api/records/reports/{id}/versions",
            "GET /api/patients/{id}/documents",
            "GET /api/patients/{id}/documents/{pk}",
            "POST /api/patients/{id}/documents/{pk}/verify",
            "PATCH /api/patients/{id}/documents/{pk}",
            "PUT /api/patients/{id}/documents/{pk}",
            "GET /api/patients/{id}/documents/{pk}/versions",
            "GET /api/doctors/{id}/documents",
            "GET /api/doctors/{id}/documents/{pk}",
            "POST /api/doctors/{id}/documents/{pk}/verify",
            "PATCH /api/doctors/{id}/documents/{pk}",
            "PUT /api/doctors/{id}/documents/{pk}",
            "GET /api/doctors/{id}/documents/{pk}/versions",
            "GET /api/consultations/{id}/documents",
            "GET /api/consultations/{id}/documents/{pk}",
            "PATCH /api/consultations/{id}/documents/{pk}",
            "PUT /api/consultations/{id}/documents/{pk}",
            "GET /api/consultations/{id}/documents/{pk}/versions",
            "GET /api/prescriptions/{id}/documents",
            "GET /api/prescriptions/{id}/documents/{pk}",
            "PATCH /api/prescriptions/{id}/documents/{pk}",
            "PUT /api/prescriptions/{id}/documents/{pk}",
            "GET /api/prescriptions/{id}/documents/{pk}/versions",
            "GET /api/records/{id}",
            "GET /api/records/{id}/attachments/{pk}",
            "GET /api/prescriptions/{id}",
        ],
    ),
    ("a report is open as long as the repository is", &["DELETE /api/records/reports/{id}"]),
    ("a record names doctors whom its author has to know", &["POST /api/records"]),
    (
        "an annotation is as open as the record that it is about",
        &[
            "GET /api/doctors/annotations",
            "GET /api/doctors/annotations/{id}",
            "PATCH /api/doctors/annotations/{id}",
            "PUT /api/doctors/annotations/{id}",
            "GET /api/doctors/annotations/{id}/versions",
            "DELETE /api/doctors/annotations/{id}",
        ],
    ),
    (
        "what an entry or a note said before is looked up behind it",
        &[
            "GET /api/consultations/{id}/diagnosis/{pk}/versions",
            "GET /api/consultations/{id}/notes/{pk}/versions",
            "GET /api/consultations/{id}/symptoms/{pk}/versions",
            "GET /api/consultations/{id}/vital-signs/{pk}/versions",
            "GET /api/patients/{id}/notes/{pk}/versions",
            "GET /api/prescriptions/{id}/notes/{pk}/versions",
        ],
    ),
    (
        "the record of a visit is shown with what was prescribed there",
        &[
            "POST /api/medical-records",
            "GET /api/medical-records/{id}",
            "GET /api/consultations/{id}/prescription",
        ],
    ),
    (
        "a result is as open as the record of its visit, and is compared with the one before",
        &[
            "POST /api/lab-results",
            "GET /api/lab-results",
            "GET /api/lab-results/trend",
            "GET /api/lab-results/{id}",
            "PATCH /api/lab-results/{id}",
            "PUT /api/lab-results/{id}",
            "GET /api/lab-results/{id}/versions",
        ],
    ),
    (
        "medicines are checked against all that the patient takes",
        &[
            "POST /api/prescriptions",
            "POST /api/prescriptions/interactions/check",
            "POST /api/prescriptions/{id}/medications",
            "PATCH /api/prescriptions/{id}/medications/{pk}",
            "PUT /api/prescriptions/{id}/medications/{pk}",
        ],
    ),
    ("a webhook also leaves the list by which they are counted", &["DELETE /api/webhooks/{id}"]),
    (
        "what could be given depends on the record, the hospital, and what was asked before",
        &["POST /api/recommendations"],
    ),
    (
        "reminders and doses are of a medicine that the patient is to take",
        &[
            "POST /api/prescriptions/reminders",
            "GET /api/prescriptions/reminders",
            "GET /api/prescriptions/reminders/{id}",
            "PATCH /api/prescriptions/reminders/{id}",
            "PUT /api/prescriptions/reminders/{id}",
            "POST /api/prescriptions/adherence",
            "GET /api/prescriptions/adherence",
            "GET /api/prescriptions/adherence/summary",
            "GET /api/prescriptions/adherence/{id}",
            "DELETE /api/prescriptions/adherence/{id}",
        ],
    ),
];

#[tokio::test]
async fn every_operation_keeps_to_its_budget() {
    let hub = open_counting().await;

    let stops = tour(&hub).await;

    // The operation, its rounds, and its calls.
    let mut table = String::new();
    let (mut written, mut deep) = (Vec::new(), BTreeSet::new());
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
        // A file that comes with a form is kept before the document that it is of.
        let file = stop.events.iter().any(|event| event.action == Action::CreateUpload)
            && stop.events.len() > 1;
        let most =
            if reads { 2 } else { 3 } + u32::from(looks) + u32::from(within) + u32::from(file);
        if spent.rounds - counted > most {
            deep.insert(format!("{method} {path}"));
        }
        let transactions = spent.calls.get("TransactWriteItems").copied().unwrap_or_default();
        let all = u32::from(!reads || looks) + u32::from(file);
        assert!(transactions <= all, "{method} {path}: {calls:?}");
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
    GET    /api/accounts/access-grants: 3 BatchGetItem GetItem Query
    DELETE /api/accounts/access-grants/{doctor}: 4 BatchGetItem×2 GetItem TransactWriteItems
    GET    /api/accounts/access-log: 3 BatchGetItem GetItem Query
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
    GET    /api/patients/{id}/notes/{pk}/versions: 5 BatchGetItem×2 GetItem Query TransactWriteItems
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
    GET    /api/doctors/stats: 2 BatchGetItem GetItem×2 Query×2
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
    GET    /api/consultations/{id}/symptoms/{pk}/versions: 5 BatchGetItem GetItem×2 Query TransactWriteItems
    DELETE /api/consultations/{id}/symptoms/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    POST   /api/consultations/{id}/diagnosis: 4 BatchGetItem GetItem Query TransactWriteItems
    GET    /api/consultations/{id}/diagnosis: 4 BatchGetItem GetItem Query TransactWriteItems
    GET    /api/consultations/{id}/diagnosis/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    PATCH  /api/consultations/{id}/diagnosis/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    PUT    /api/consultations/{id}/diagnosis/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    GET    /api/consultations/{id}/diagnosis/{pk}/versions: 5 BatchGetItem GetItem×2 Query TransactWriteItems
    DELETE /api/consultations/{id}/diagnosis/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    POST   /api/consultations/{id}/vital-signs: 4 BatchGetItem GetItem Query TransactWriteItems
    GET    /api/consultations/{id}/vital-signs: 4 BatchGetItem GetItem Query TransactWriteItems
    GET    /api/consultations/{id}/vital-signs/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    PATCH  /api/consultations/{id}/vital-signs/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    PUT    /api/consultations/{id}/vital-signs/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    GET    /api/consultations/{id}/vital-signs/{pk}/versions: 5 BatchGetItem GetItem×2 Query TransactWriteItems
    DELETE /api/consultations/{id}/vital-signs/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    POST   /api/consultations/{id}/notes: 4 BatchGetItem GetItem Query TransactWriteItems
    GET    /api/consultations/{id}/notes: 4 BatchGetItem GetItem Query TransactWriteItems
    GET    /api/consultations/{id}/notes/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    PATCH  /api/consultations/{id}/notes/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    PUT    /api/consultations/{id}/notes/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    GET    /api/consultations/{id}/notes/{pk}/versions: 5 BatchGetItem GetItem×2 Query TransactWriteItems
    DELETE /api/consultations/{id}/notes/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    GET    /api/consultations/{id}: 3 BatchGetItem GetItem Query TransactWriteItems
    GET    /api/consultations/stats: 2 BatchGetItem GetItem×2
    POST   /api/uploads/presign: 3 BatchGetItem TransactWriteItems UpdateItem
    GET    /api/uploads/{id}: 2 BatchGetItem GetItem
    POST   /api/records/patients/{id}/reports/upload: 6 BatchGetItem×2 GetItem TransactWriteItems×2 UpdateItem
    GET    /api/records/patients/{id}/reports: 6 BatchGetItem×4 Query TransactWriteItems
    GET    /api/records/my-reports: 5 BatchGetItem×4 Query
    GET    /api/records/reports/{id}: 5 BatchGetItem×3 GetItem TransactWriteItems
    PATCH  /api/records/reports/{id}: 5 BatchGetItem×3 GetItem TransactWriteItems
    PUT    /api/records/reports/{id}: 5 BatchGetItem×3 GetItem TransactWriteItems
    GET    /api/records/reports/{id}/versions: 6 BatchGetItem×3 GetItem Query TransactWriteItems
    GET    /api/records/patients/{id}/summary: 6 BatchGetItem×4 Query×3 TransactWriteItems
    DELETE /api/records/reports/{id}: 4 BatchGetItem×2 GetItem TransactWriteItems
    POST   /api/records/patients/{id}/break-glass: 5 BatchGetItem GetItem×3 TransactWriteItems UpdateItem
    GET    /api/records/break-glass: 4 BatchGetItem×2 Query TransactWriteItems
    GET    /api/records/break-glass/{id}: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/records/break-glass/{id}/review: 4 BatchGetItem GetItem×2 TransactWriteItems
    POST   /api/patients/{id}/documents: 5 BatchGetItem×2 TransactWriteItems×2 UpdateItem
    GET    /api/patients/{id}/documents: 6 BatchGetItem×4 Query TransactWriteItems
    GET    /api/patients/{id}/documents/{pk}: 5 BatchGetItem×3 GetItem TransactWriteItems
    POST   /api/patients/{id}/documents/{pk}/verify: 5 BatchGetItem×3 GetItem TransactWriteItems
    PATCH  /api/patients/{id}/documents/{pk}: 5 BatchGetItem×3 GetItem TransactWriteItems
    PUT    /api/patients/{id}/documents/{pk}: 5 BatchGetItem×3 GetItem TransactWriteItems
    GET    /api/patients/{id}/documents/{pk}/versions: 6 BatchGetItem×3 GetItem Query TransactWriteItems
    DELETE /api/patients/{id}/documents/{pk}: 4 BatchGetItem×2 GetItem TransactWriteItems
    POST   /api/doctors/{id}/documents: 5 BatchGetItem GetItem TransactWriteItems×2 UpdateItem
    GET    /api/doctors/{id}/documents: 6 BatchGetItem×3 GetItem Query TransactWriteItems
    GET    /api/doctors/{id}/documents/{pk}: 5 BatchGetItem×2 GetItem×2 TransactWriteItems
    POST   /api/doctors/{id}/documents/{pk}/verify: 5 BatchGetItem×2 GetItem×2 TransactWriteItems
    PATCH  /api/doctors/{id}/documents/{pk}: 5 BatchGetItem×2 GetItem×2 TransactWriteItems
    PUT    /api/doctors/{id}/documents/{pk}: 5 BatchGetItem×2 GetItem×2 TransactWriteItems
    GET    /api/doctors/{id}/documents/{pk}/versions: 6 BatchGetItem×2 GetItem×2 Query TransactWriteItems
    DELETE /api/doctors/{id}/documents/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    POST   /api/consultations/{id}/documents: 5 BatchGetItem GetItem TransactWriteItems×2 UpdateItem
    GET    /api/consultations/{id}/documents: 6 BatchGetItem×3 GetItem Query TransactWriteItems
    GET    /api/consultations/{id}/documents/{pk}: 5 BatchGetItem×2 GetItem×2 TransactWriteItems
    PATCH  /api/consultations/{id}/documents/{pk}: 5 BatchGetItem×2 GetItem×2 TransactWriteItems
    PUT    /api/consultations/{id}/documents/{pk}: 5 BatchGetItem×2 GetItem×2 TransactWriteItems
    GET    /api/consultations/{id}/documents/{pk}/versions: 6 BatchGetItem×2 GetItem×2 Query TransactWriteItems
    DELETE /api/consultations/{id}/documents/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    POST   /api/records: 6 BatchGetItem GetItem×2 TransactWriteItems×2 UpdateItem
    GET    /api/records: 4 BatchGetItem×2 Query TransactWriteItems
    GET    /api/records/{id}: 6 BatchGetItem×3 GetItem Query×2 TransactWriteItems
    PATCH  /api/records/{id}: 3 BatchGetItem GetItem TransactWriteItems
    PUT    /api/records/{id}: 3 BatchGetItem GetItem TransactWriteItems
    GET    /api/records/{id}/versions: 4 BatchGetItem GetItem Query TransactWriteItems
    POST   /api/records/{id}/upload_attachment: 5 BatchGetItem GetItem TransactWriteItems×2 UpdateItem
    GET    /api/records/{id}/attachments/{pk}: 5 BatchGetItem×2 GetItem×2 TransactWriteItems
    DELETE /api/records/{id}/attachments/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    POST   /api/records/{id}/add_annotation: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/doctors/annotations: 3 BatchGetItem GetItem TransactWriteItems
    GET    /api/doctors/annotations: 5 BatchGetItem×3 Query TransactWriteItems
    GET    /api/doctors/annotations/{id}: 4 BatchGetItem GetItem×2 TransactWriteItems
    PATCH  /api/doctors/annotations/{id}: 4 BatchGetItem GetItem×2 TransactWriteItems
    PUT    /api/doctors/annotations/{id}: 4 BatchGetItem GetItem×2 TransactWriteItems
    GET    /api/doctors/annotations/{id}/versions: 5 BatchGetItem GetItem×2 Query TransactWriteItems
    DELETE /api/doctors/annotations/{id}: 4 BatchGetItem GetItem×2 TransactWriteItems
    DELETE /api/records/{id}: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/patients/{id}/medical-records: 7 BatchGetItem GetItem×3 TransactWriteItems×2 UpdateItem
    GET    /api/patients/{id}/medical-records: 5 BatchGetItem×3 Query TransactWriteItems
    GET    /api/patients/{id}/medical-records/{pk}: 7 BatchGetItem×4 GetItem Query×2 TransactWriteItems
    PATCH  /api/patients/{id}/medical-records/{pk}: 5 BatchGetItem×2 GetItem×2 TransactWriteItems
    PUT    /api/patients/{id}/medical-records/{pk}: 5 BatchGetItem×2 GetItem×2 TransactWriteItems
    DELETE /api/patients/{id}/medical-records/{pk}: 4 BatchGetItem×2 GetItem TransactWriteItems
    POST   /api/prescriptions/templates: 2 BatchGetItem TransactWriteItems
    GET    /api/prescriptions/templates: 3 BatchGetItem×2 Query
    GET    /api/prescriptions/templates/{id}: 2 BatchGetItem GetItem
    PATCH  /api/prescriptions/templates/{id}: 3 BatchGetItem GetItem TransactWriteItems
    PUT    /api/prescriptions/templates/{id}: 3 BatchGetItem GetItem TransactWriteItems
    DELETE /api/prescriptions/templates/{id}: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/prescriptions/interactions: 3 BatchGetItem GetItem TransactWriteItems
    GET    /api/prescriptions/interactions: 2 BatchGetItem GetItem
    GET    /api/prescriptions/interactions/{rule}: 2 BatchGetItem GetItem
    PATCH  /api/prescriptions/interactions/{rule}: 3 BatchGetItem GetItem TransactWriteItems
    PUT    /api/prescriptions/interactions/{rule}: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/prescriptions/interactions/check: 5 BatchGetItem×2 GetItem×2 TransactWriteItems
    DELETE /api/prescriptions/interactions/{rule}: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/prescriptions: 7 BatchGetItem×2 GetItem×4 TransactWriteItems
    GET    /api/prescriptions: 4 BatchGetItem×2 Query TransactWriteItems
    GET    /api/prescriptions/medications: 4 BatchGetItem×2 Query TransactWriteItems
    GET    /api/prescriptions/{id}: 4 BatchGetItem GetItem Query TransactWriteItems
    PATCH  /api/prescriptions/{id}: 3 BatchGetItem GetItem TransactWriteItems
    PUT    /api/prescriptions/{id}: 3 BatchGetItem GetItem TransactWriteItems
    GET    /api/prescriptions/{id}/versions: 4 BatchGetItem GetItem Query TransactWriteItems
    GET    /api/consultations/{id}/prescription: 5 BatchGetItem GetItem×3 TransactWriteItems
    GET    /api/records/patients/{id}/prescriptions: 5 BatchGetItem×3 Query TransactWriteItems
    POST   /api/prescriptions/{id}/medications: 5 BatchGetItem×3 GetItem TransactWriteItems
    GET    /api/prescriptions/{id}/medications: 3 BatchGetItem GetItem TransactWriteItems
    GET    /api/prescriptions/{id}/medications/{pk}: 3 BatchGetItem GetItem TransactWriteItems
    PATCH  /api/prescriptions/{id}/medications/{pk}: 5 BatchGetItem×3 GetItem TransactWriteItems
    PUT    /api/prescriptions/{id}/medications/{pk}: 5 BatchGetItem×3 GetItem TransactWriteItems
    DELETE /api/prescriptions/{id}/medications/{pk}: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/prescriptions/{id}/documents: 5 BatchGetItem GetItem TransactWriteItems×2 UpdateItem
    GET    /api/prescriptions/{id}/documents: 6 BatchGetItem×3 GetItem Query TransactWriteItems
    GET    /api/prescriptions/{id}/documents/{pk}: 5 BatchGetItem×2 GetItem×2 TransactWriteItems
    PATCH  /api/prescriptions/{id}/documents/{pk}: 5 BatchGetItem×2 GetItem×2 TransactWriteItems
    PUT    /api/prescriptions/{id}/documents/{pk}: 5 BatchGetItem×2 GetItem×2 TransactWriteItems
    GET    /api/prescriptions/{id}/documents/{pk}/versions: 6 BatchGetItem×2 GetItem×2 Query TransactWriteItems
    DELETE /api/prescriptions/{id}/documents/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    POST   /api/prescriptions/{id}/notes: 3 BatchGetItem GetItem TransactWriteItems
    GET    /api/prescriptions/{id}/notes: 4 BatchGetItem GetItem Query TransactWriteItems
    GET    /api/prescriptions/{id}/notes/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    PATCH  /api/prescriptions/{id}/notes/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    PUT    /api/prescriptions/{id}/notes/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    GET    /api/prescriptions/{id}/notes/{pk}/versions: 5 BatchGetItem GetItem×2 Query TransactWriteItems
    DELETE /api/prescriptions/{id}/notes/{pk}: 4 BatchGetItem GetItem×2 TransactWriteItems
    POST   /api/medical-records: 5 BatchGetItem×2 GetItem Query TransactWriteItems
    GET    /api/medical-records: 4 BatchGetItem×2 Query TransactWriteItems
    GET    /api/medical-records/{id}: 4 BatchGetItem×2 GetItem Query×2 TransactWriteItems
    PATCH  /api/medical-records/{id}: 3 BatchGetItem GetItem TransactWriteItems
    PUT    /api/medical-records/{id}: 3 BatchGetItem GetItem TransactWriteItems
    GET    /api/medical-records/{id}/versions: 4 BatchGetItem GetItem Query TransactWriteItems
    POST   /api/lab-results: 5 BatchGetItem×2 GetItem×2 Query TransactWriteItems
    GET    /api/lab-results: 5 BatchGetItem×3 Query TransactWriteItems
    GET    /api/lab-results/trend: 5 BatchGetItem×3 Query TransactWriteItems
    GET    /api/lab-results/{id}: 6 BatchGetItem×2 GetItem×3 Query TransactWriteItems
    PATCH  /api/lab-results/{id}: 6 BatchGetItem×2 GetItem×3 Query TransactWriteItems
    PUT    /api/lab-results/{id}: 6 BatchGetItem×2 GetItem×3 Query TransactWriteItems
    GET    /api/lab-results/{id}/versions: 5 BatchGetItem GetItem×2 Query TransactWriteItems
    POST   /api/prescriptions/reminders: 5 BatchGetItem GetItem×3 TransactWriteItems
    GET    /api/prescriptions/reminders: 5 BatchGetItem×3 GetItem Query
    GET    /api/prescriptions/reminders/{id}: 3 BatchGetItem×2 GetItem
    PATCH  /api/prescriptions/reminders/{id}: 4 BatchGetItem×2 GetItem TransactWriteItems
    PUT    /api/prescriptions/reminders/{id}: 4 BatchGetItem×2 GetItem TransactWriteItems
    DELETE /api/prescriptions/reminders/{id}: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/prescriptions/adherence: 5 BatchGetItem×2 GetItem×2 TransactWriteItems
    GET    /api/prescriptions/adherence: 5 BatchGetItem GetItem×2 Query TransactWriteItems
    GET    /api/prescriptions/adherence/summary: 5 BatchGetItem GetItem×2 Query TransactWriteItems
    GET    /api/prescriptions/adherence/{id}: 3 BatchGetItem×2 GetItem
    DELETE /api/prescriptions/adherence/{id}: 4 BatchGetItem×2 GetItem TransactWriteItems
    GET    /api/prescriptions/{id}/pdf: 4 BatchGetItem GetItem×2 TransactWriteItems
    GET    /verify/{code}: 2 GetItem UpdateItem
    GET    /api/prescriptions/verify/{code}: 2 GetItem UpdateItem
    POST   /api/prescriptions/{id}/send-to-pharmacy: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/prescriptions/{id}/deactivate: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/prescriptions/{id}/dispense: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/prescriptions/{id}/complete: 3 BatchGetItem GetItem TransactWriteItems
    GET    /api/prescriptions/stats: 2 BatchGetItem GetItem
    DELETE /api/prescriptions/{id}: 3 BatchGetItem GetItem TransactWriteItems
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
    GET    /api/notifications: 2 BatchGetItem Query
    GET    /api/notifications/recent: 2 BatchGetItem Query
    GET    /api/notifications/unread_count: 2 BatchGetItem GetItem
    GET    /api/notifications/{id}: 2 BatchGetItem GetItem
    POST   /api/notifications/{id}/mark_read: 3 BatchGetItem GetItem TransactWriteItems
    DELETE /api/notifications/{id}: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/notifications/mark_all_read: 3 BatchGetItem×2 TransactWriteItems
    POST   /api/notifications/clear_all: 3 BatchGetItem Query TransactWriteItems
    POST   /api/realtime/tickets: 2 BatchGetItem TransactWriteItems
    GET    /api/notification-preferences: 2 BatchGetItem GetItem
    PATCH  /api/notification-preferences: 3 BatchGetItem GetItem TransactWriteItems
    PUT    /api/notification-preferences: 3 BatchGetItem GetItem TransactWriteItems
    GET    /api/notification-preferences/{id}: 2 BatchGetItem GetItem
    PATCH  /api/notification-preferences/{id}: 3 BatchGetItem GetItem TransactWriteItems
    PUT    /api/notification-preferences/{id}: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/notification-preferences/disable_all: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/notification-preferences/enable_all: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/notification-preferences/reset_to_defaults: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/webhooks: 3 BatchGetItem GetItem TransactWriteItems
    GET    /api/webhooks: 2 BatchGetItem Query
    GET    /api/webhooks/{id}: 2 BatchGetItem GetItem
    PATCH  /api/webhooks/{id}: 3 BatchGetItem GetItem TransactWriteItems
    PUT    /api/webhooks/{id}: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/webhooks/{id}/rotate: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/webhooks/{id}/ping: 3 BatchGetItem GetItem TransactWriteItems
    DELETE /api/webhooks/{id}: 4 BatchGetItem GetItem×2 TransactWriteItems
    GET    /api/recommendations/settings: 2 BatchGetItem GetItem
    PATCH  /api/recommendations/settings: 3 BatchGetItem GetItem TransactWriteItems
    PUT    /api/recommendations/settings: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/recommendations: 8 BatchGetItem×6 TransactWriteItems UpdateItem
    GET    /api/recommendations/history: 3 BatchGetItem Query TransactWriteItems
    GET    /api/recommendations/{id}: 3 BatchGetItem GetItem TransactWriteItems
    POST   /api/recommendations/{id}/decision: 3 BatchGetItem GetItem TransactWriteItems
    GET    /api/recommendations/stats: 2 BatchGetItem GetItem
    POST   /api/recommendations/clear-cache: 2 BatchGetItem TransactWriteItems
    POST   /api/appointments/{id}/no-show: 3 BatchGetItem GetItem TransactWriteItems
    ");
    let known = DEEP.iter().flat_map(|(_, operations)| *operations);
    assert_eq!(deep, known.map(|&operation| operation.to_owned()).collect());
}
