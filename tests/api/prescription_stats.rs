//! Prescriptions in numbers.

use serde_json::json;

use crate::{
    pharmacy::Surgery,
    support::{People, id_of, open},
};

/// 002-R10: admins see the numbers of the hub, and doctors their own, a moment after it happened.
#[tokio::test]
async fn prescriptions_are_counted() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let Surgery { admin, hospital, ali, ana, .. } = &surgery;
    let first = surgery.prescribe().await;
    let second = surgery.written(json!({"medicines": [{"name": "Calpol"}]})).await;
    let third = surgery
        .written(json!({"medication_name": "Grandmother's tea", "override_reason": "It does no harm, says everybody."}))
        .await;
    ali.post(format!("/api/prescriptions/{}/complete", id_of(&first)), json!({})).await.ok();
    hospital.post(format!("/api/prescriptions/{}/dispense", id_of(&second)), json!({})).await.ok();
    ali.delete(format!("/api/prescriptions/{}", id_of(&third))).await.ok();
    hub.settle().await;

    let stats = admin.get("/api/prescriptions/stats/").await.ok();

    let month = &first["issued_at"].as_str().unwrap()[..7];
    assert_eq!(
        stats,
        json!({
            "total_prescriptions": 3, "active_prescriptions": 0, "completed_prescriptions": 1,
            "dispensed_prescriptions": 1, "cancelled_prescriptions": 1, "expired_prescriptions": 0,
            "replaced_prescriptions": 0, "digital_prescriptions": 3, "total_medications": 4,
            "most_prescribed_medicines": [
                {"medicine": "acetaminophen", "count": 2}, {"medicine": "cetirizine", "count": 1},
                {"medicine": "other", "count": 1},
            ],
            "prescription_trends": [{"month": month, "count": 3}],
            "doctor_prescription_stats": {},
        })
    );
    let own = ali.get("/api/prescriptions/stats").await.ok();
    let numbers = json!({"total": 3, "active": 0, "completed": 1, "medications": 4});
    assert_eq!(own["doctor_prescription_stats"], json!({ali.id_as("doc"): numbers}));
    let asked = format!("/api/prescriptions/stats?doctor_id={}", ali.id_as("doc"));
    for reader in [admin, hospital] {
        assert_eq!(reader.get(&asked).await.ok(), own);
    }
    assert_eq!(hospital.get("/api/prescriptions/stats").await.refusal(), "403 forbidden");
    assert_eq!(ana.get("/api/prescriptions/stats").await.refusal(), "403 forbidden");
    assert_eq!(hub.visitor().get("/api/prescriptions/stats").await.status, 401);
}

/// 002-R10: the prescription that a newer one replaced counts as replaced, however often the
/// stream says so.
#[tokio::test]
async fn a_newer_version_is_counted_once() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let visit = hub.visit(&surgery.ana, &surgery.ali).await;
    let body = json!({"appointment": visit, "medicines": [{"name": "Ibuprofen"}]});
    for _ in 0..2 {
        surgery.ali.post("/api/prescriptions", body.clone()).await.ok();
        hub.settle().await;
    }
    let stats = surgery.admin.get("/api/prescriptions/stats").await.ok();
    let counts = ["total_prescriptions", "active_prescriptions", "replaced_prescriptions"];
    assert_eq!(counts.map(|count| &stats[count]), [&json!(2), &json!(1), &json!(1)]);
}
