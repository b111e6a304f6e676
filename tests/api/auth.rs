//! Opening accounts, signing in and out.

use serde_json::json;

use crate::support::{PASSWORD, People, open};

#[tokio::test]
async fn a_person_registers_signs_in_and_sees_their_profile() {
    let hub = open().await;
    hub.patient("ana", "+923001234567").await;

    let ana = hub.sign_in("ana", PASSWORD).await;
    let profile = ana.get("/api/auth/profile").await.ok();

    assert_eq!(profile["username"], "ana");
    assert_eq!(profile["role"], "PATIENT");
}

#[tokio::test]
async fn a_doctor_opens_a_repository_with_the_code_that_the_patient_reads_out() {
    let hub = open().await;
    let ana = hub.patient("ana", "+923001234567").await;
    let hospital = hub.hospital("jinnah").await;
    let doctor = hub.doctor_of(&hospital, "Ali", "Mehmood").await;

    doctor.post("/api/accounts/otp/generate", json!({"patient_phone": "+923001234567"})).await.ok();
    hub.settle().await;
    let code = hub.post.code_to("+923001234567");
    let body = json!({"patient_phone": "+923001234567", "otp": code});
    let access = doctor.post("/api/accounts/otp/verify", body).await.ok();

    assert_eq!(access["patient_id"], ana.id_as("pat"));
    let grants = doctor.get("/api/accounts/access-grants").await.ok();
    assert_eq!(grants["results"][0]["is_active"], true);
}
