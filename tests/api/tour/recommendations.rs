//! What could be given, asked and answered.

use carehub_testkit::Caller;
use serde_json::json;

use super::Tour;

impl Tour<'_> {
    pub(super) async fn recommendations(
        &mut self,
        admin: &Caller<'_>,
        hospital: &Caller<'_>,
        ana: &Caller<'_>,
    ) {
        let settings = "/api/recommendations/settings";
        self.get(hospital, settings, "").await;
        self.visit(hospital, "PATCH", settings, "", json!({"patient_information": true})).await;
        self.visit(hospital, "PUT", settings, "", json!({"preferred": ["losartan"]})).await;

        let new = json!({"medicine_name": "Lisinopril", "patient": ana.id_as("pat")});
        let prompt = hospital.with_header("prefer", "respond-async");
        let asked = self.visit(&prompt, "POST", "/api/recommendations", "", new).await;
        let id = asked["id"].as_str().unwrap();
        self.get(hospital, "/api/recommendations/history", "").await;
        self.get(hospital, "/api/recommendations/{id}", id).await;
        let decision = json!({"decision": "REJECTED", "reason": "Tried before."});
        self.visit(hospital, "POST", "/api/recommendations/{id}/decision", id, decision).await;
        self.get(admin, "/api/recommendations/stats", "").await;
        self.visit(admin, "POST", "/api/recommendations/clear-cache", "", json!({})).await;
    }
}
