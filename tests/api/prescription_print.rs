//! Prescriptions on paper, and whether they are genuine.

use carehub_api::limit::Bucket;
use jiff::SignedDuration;
use serde_json::json;

use crate::{
    pharmacy::Surgery,
    support::{PASSWORD, People, id_of, open, open_limiting},
    tour::{actions, catch_up},
};

/// 002-C5: whoever may read a prescription prints it: everything but what is between doctors.
#[tokio::test]
async fn a_prescription_is_printed() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let prescription = surgery
        .written(json!({
            "diagnosis": "Acute bronchitis", "general_instructions": "Rest well.", "doctor_notes": "Canary of doctors",
            "follow_up_date": "2099-01-01", "medicines": [
                {"name": "Amoxicillin", "strength": "500 mg", "dosage": "1 capsule", "frequency": "THRICE_DAILY", "duration_days": 7},
                {"name": "Paracetamol", "frequency": "when it hurts", "instructions": "Not more than 8 a day."},
            ],
        }))
        .await;
    let path = format!("/api/prescriptions/{}", id_of(&prescription));
    let secret = json!({"note": "Canary of notes", "is_patient_visible": false});
    surgery.ali.post(format!("{path}/notes"), secret).await.ok();
    catch_up(&hub).await;
    let number = prescription["prescription_number"].as_str().unwrap();

    for (reader, looks) in [
        (&surgery.ana, &[][..]),
        (&surgery.ali, &["PRESCRIPTION_VIEWED"]),
        (&surgery.hospital, &["PRESCRIPTION_VIEWED"]),
        (&surgery.admin, &["PRESCRIPTION_VIEWED"]),
    ] {
        let reply = reader.get(format!("{path}/pdf/")).await;

        assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, "application/pdf"));
        let named = format!("attachment; filename=\"prescription-{number}.pdf\"");
        assert_eq!(reply.header("content-disposition"), named);
        assert_eq!(reply.header("cache-control"), "no-store");
        let page = reply.text();
        assert!(page.starts_with("%PDF-"));
        for line in [
            "jinnah Hospital",
            "Dr. Ali Raza, Cardiology",
            "Ana Diaz, 39 years, female",
            "Acute bronchitis",
            "Amoxicillin 500 mg",
            "thrice daily",
            "7 days",
            "when it hurts",
            "Rest well.",
            "2099-01-01",
            &format!("Prescription {number}"),
            &format!("{number}, version 1, page 1 of 1"),
        ] {
            assert!(page.contains(line), "{line}");
        }
        assert!(!page.contains("Canary"));
        assert!(!page.contains("(ACTIVE) Tj"));
        assert_eq!(actions(&catch_up(&hub).await), looks);
    }
    for stranger in surgery.strangers().await.iter().skip(1) {
        assert_eq!(stranger.get(format!("{path}/pdf")).await.refusal(), "404 not-found");
    }
    assert_eq!(hub.visitor().get(format!("{path}/pdf")).await.status, 401);
}

/// 002-C5: what does not hold says so across every page.
#[tokio::test]
async fn what_does_not_hold_says_so_on_paper() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let prescription = surgery.prescribe().await;
    let path = format!("/api/prescriptions/{}", id_of(&prescription));
    surgery.ali.delete(&path).await.ok();
    let page = surgery.ana.get(format!("{path}/pdf")).await.text();
    assert!(page.contains("(CANCELLED) Tj"));
}

/// 002-C5: anybody asks whether a prescription is genuine, and learns that and its state alone.
#[tokio::test]
async fn anybody_learns_whether_a_prescription_is_genuine() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let Surgery { ali, ana, hospital, .. } = &surgery;
    let prescription = surgery.prescribe().await;
    let path = format!("/api/prescriptions/{}", id_of(&prescription));
    let code = code_on(&ana.get(format!("{path}/pdf")).await.text());
    let visitor = hub.visitor();
    let ask =
        async |code: &str| visitor.get(format!("/api/prescriptions/verify/{code}/")).await.ok();

    let active = json!({"genuine": true, "status": "ACTIVE", "may_be_dispensed": true});
    assert_eq!(ask(&code).await, active);
    hospital.post(format!("{path}/dispense"), json!({})).await.ok();
    let dispensed = json!({"genuine": true, "status": "DISPENSED", "may_be_dispensed": false});
    assert_eq!(ask(&code).await, dispensed);
    ali.post(format!("{path}/complete"), json!({})).await.ok();
    let reply = visitor.get(format!("/verify/{code}")).await;
    let page = reply.text();
    assert!(page.contains("<h1>Genuine, completed</h1>"));
    assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
    assert!(
        reply
            .header("content-security-policy")
            .starts_with("default-src 'none'; style-src 'sha256-")
    );
    assert_eq!(reply.header("referrer-policy"), "no-referrer");
    for fact in [
        "Ana",
        "Diaz",
        "Raza",
        "jinnah",
        "Paracetamol",
        "RX-",
        id_of(&prescription),
        "<script",
        &code,
    ] {
        assert!(!page.contains(fact), "{fact}");
    }
}

/// 002-C5, 002-R7: what may be handed out again says so, on paper and to anybody who asks, until
/// nothing is left or the last day is over.
#[tokio::test]
async fn what_has_refills_may_be_dispensed_again() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let medicines = json!([{"name": "Paracetamol", "duration_days": 5, "refills": 1}]);
    let ali = surgery.ali.user["username"].as_str().unwrap();
    for is_used_up in [true, false] {
        let ali = hub.sign_in(ali, PASSWORD).await;
        let body = json!({"patient": surgery.ana.id_as("pat"), "medicines": medicines});
        let prescription = ali.post("/api/prescriptions", body).await.ok();
        let path = format!("/api/prescriptions/{}", id_of(&prescription));
        let first = ali.post(format!("{path}/dispense"), json!({})).await;

        let paper = ali.get(format!("{path}/pdf")).await.text();
        assert!(paper.contains("times: 1, left: 1") && !paper.contains("(DISPENSED) Tj"));
        let code = code_on(&paper);
        let page = hub.visitor().get(format!("/verify/{code}")).await.text();
        assert!(page.contains("A further supply may be dispensed."), "{page}");

        if is_used_up {
            let seen = ali.with_header("if-match", first.header("etag"));
            seen.post(format!("{path}/dispense"), json!({})).await.ok();
        } else {
            hub.clock.advance(SignedDuration::from_hours(40 * 24));
        }
        let page = hub.visitor().get(format!("/verify/{code}")).await.text();
        assert!(page.contains("Do not dispense it again."), "{page}");
        let ana = hub.sign_in("ana", PASSWORD).await;
        assert!(ana.get(format!("{path}/pdf")).await.text().contains("(DISPENSED) Tj"));
    }
}

/// 002-C5: one that is past its last day is expired at once.
#[tokio::test]
async fn an_old_prescription_is_expired() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let prescription = surgery.prescribe().await;
    let path = format!("/api/prescriptions/{}/pdf", id_of(&prescription));
    let code = code_on(&surgery.ana.get(&path).await.text());

    hub.clock.advance(SignedDuration::from_hours(40 * 24));

    let verdict = hub.visitor().get(format!("/api/prescriptions/verify/{code}")).await.ok();
    let expired = json!({"genuine": true, "status": "EXPIRED", "may_be_dispensed": false});
    assert_eq!(verdict, expired);
    let ana = hub.sign_in("ana", PASSWORD).await;
    assert!(ana.get(path).await.text().contains("(EXPIRED) Tj"));
}

/// 002-C5: made-up codes, cut ones and codes of what does not exist look the same and cost the
/// same.
#[tokio::test]
async fn a_code_that_is_not_ours_tells_nothing() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let prescription = surgery.prescribe().await;
    let path = format!("/api/prescriptions/{}/pdf", id_of(&prescription));
    let code = code_on(&surgery.ana.get(path).await.text());
    let forged = code.chars().rev().collect::<String>();
    let guessed = format!("{}{}", &code[..26], "0".repeat(26));
    let visitor = hub.visitor();

    for wrong in [&guessed, &forged, &code[..51], "x", "%F0%9F%92%8A", id_of(&prescription)] {
        hub.meter.take();
        let reply = visitor.get(format!("/api/prescriptions/verify/{wrong}")).await;
        let spent = hub.meter.take();
        let not_ours = json!({"genuine": false, "status": null, "may_be_dispensed": false});
        assert_eq!(reply.ok(), not_ours, "{wrong}");
        assert_eq!(spent.rounds, 1, "{wrong}");
        let page = visitor.get(format!("/verify/{wrong}")).await;
        assert!(page.text().contains("<h1>Not genuine</h1>"));
    }
}

/// 002-C5: nobody asks for codes all day.
#[tokio::test]
async fn asking_for_codes_is_limited() {
    let hub = open_limiting(Bucket::Verify).await;
    let visitor = hub.visitor();
    for number in 0..30 {
        let path = if number % 2 == 0 { "/verify/x" } else { "/api/prescriptions/verify/x" };
        assert_eq!(visitor.get(path).await.status, 200);
    }
    assert_eq!(visitor.get("/verify/x").await.refusal(), "429 too-many-requests");
    assert_eq!(visitor.elsewhere().get("/verify/x").await.status, 200);
}

/// The code in the address that is printed below the head of a prescription.
fn code_on(page: &str) -> String {
    let (_, rest) = page.split_once("/verify/").unwrap();
    rest.chars().take_while(char::is_ascii_alphanumeric).collect()
}
