//! What is prescribed, and what becomes of it.

use carehub_domain::prescription::verification::VerificationCode;
use carehub_testkit::Caller;
use serde_json::{Value, json};

use super::Tour;
use crate::support::id_of;

impl Tour<'_> {
    pub(super) async fn templates(&mut self, sara: &Caller<'_>) {
        let (all, one) = ("/api/prescriptions/templates", "/api/prescriptions/templates/{id}");
        let new = json!({"name": "Cold", "medicines": [{"name": "Paracetamol"}]});
        let kept = self.visit(sara, "POST", all, "", new).await;
        let id = id_of(&kept);
        self.get(sara, all, "").await;
        self.get(sara, one, id).await;
        self.visit(sara, "PATCH", one, id, json!({"diagnosis": "Common cold"})).await;
        self.visit(sara, "PUT", one, id, json!({"general_instructions": "Rest."})).await;
        self.visit(sara, "DELETE", one, id, Value::Null).await;
    }

    pub(super) async fn safety(
        &mut self,
        hospital: &Caller<'_>,
        sara: &Caller<'_>,
        ana: &Caller<'_>,
    ) {
        let known = json!({"allergy_status": "NONE_KNOWN"});
        ana.patch("/api/patients/update_profile", known).await.ok();
        let all = "/api/prescriptions/interactions";
        let one = "/api/prescriptions/interactions/{rule}";
        let new = json!({
            "drug1": "paracetamol", "drug2": "cetirizine", "severity": "WARNING",
            "detail": "Nobody should take both.",
        });
        let added = self.visit(hospital, "POST", all, "", new).await;
        let rule = id_of(&added);
        self.get(sara, all, "").await;
        self.get(sara, one, rule).await;
        self.visit(hospital, "PATCH", one, rule, json!({"severity": "NOTE"})).await;
        self.visit(hospital, "PUT", one, rule, json!({"title": "Both at once"})).await;
        let question =
            json!({"patient": ana.id_as("pat"), "medicines": ["Paracetamol", "Cetirizine"]});
        let check = "/api/prescriptions/interactions/check";
        self.visit(sara, "POST", check, "", question).await;
        self.visit(hospital, "DELETE", one, rule, Value::Null).await;
    }

    /// Gives back what was prescribed at the visit.
    pub(super) async fn prescriptions(
        &mut self,
        sara: &Caller<'_>,
        ana: &Caller<'_>,
        visit: &str,
    ) -> Value {
        let (all, one) = ("/api/prescriptions", "/api/prescriptions/{id}");
        let new = json!({
            "appointment": visit, "diagnosis": "Bruise", "medicines": [
                {"name": "Paracetamol", "dosage": "500 mg", "frequency": "TWICE_DAILY", "duration_days": 5},
                {"name": "Cetirizine", "dosage": "10 mg", "frequency": "ONCE_DAILY", "duration_days": 5},
            ],
        });
        let prescribed = self.visit(sara, "POST", all, "", new).await;
        let id = id_of(&prescribed);
        self.get(sara, all, "").await;
        self.get(sara, "/api/prescriptions/medications", "").await;
        self.get(sara, one, id).await;
        self.visit(sara, "PATCH", one, id, json!({"symptoms": "Pain"})).await;
        self.visit(sara, "PUT", one, id, json!({"general_instructions": "Rest."})).await;
        self.get(sara, "/api/prescriptions/{id}/versions", id).await;
        self.get(sara, "/api/consultations/{id}/prescription", visit).await;
        let patient = ana.id_as("pat");
        self.get(sara, "/api/records/patients/{id}/prescriptions", &patient).await;

        let (all, one) =
            ("/api/prescriptions/{id}/medications", "/api/prescriptions/{id}/medications/{pk}");
        let new = json!({"name": "Omeprazole", "dosage": "20 mg", "duration_days": 5});
        let added = self.visit(sara, "POST", all, id, new).await;
        self.get(sara, all, id).await;
        let place = format!("{id} {}", id_of(&added));
        self.get(sara, one, &place).await;
        self.visit(sara, "PATCH", one, &place, json!({"timing": "BEFORE_FOOD"})).await;
        self.visit(sara, "PUT", one, &place, json!({"duration_days": 7})).await;
        self.visit(sara, "DELETE", one, &place, Value::Null).await;

        let paths = [
            "/api/prescriptions/{id}/documents",
            "/api/prescriptions/{id}/documents/{pk}",
            "/api/prescriptions/{id}/documents/{pk}/versions",
        ];
        self.shelf(paths, id, "SCAN", [ana, sara], None).await;
        let (all, one) = ("/api/prescriptions/{id}/notes", "/api/prescriptions/{id}/notes/{pk}");
        let note = self.visit(sara, "POST", all, id, json!({"note": "Call me."})).await;
        self.get(sara, all, id).await;
        let place = format!("{id} {}", id_of(&note));
        self.get(sara, one, &place).await;
        self.visit(sara, "PATCH", one, &place, json!({"note": "Call me at noon."})).await;
        self.visit(sara, "PUT", one, &place, json!({"is_patient_visible": false})).await;
        self.get(sara, "/api/prescriptions/{id}/notes/{pk}/versions", &place).await;
        self.visit(sara, "DELETE", one, &place, Value::Null).await;
        prescribed
    }

    /// What a patient does with a prescription.
    pub(super) async fn doses(&mut self, sara: &Caller<'_>, ana: &Caller<'_>, prescribed: &Value) {
        let medication = id_of(&prescribed["medications"][0]);
        let (all, one) = ("/api/prescriptions/reminders", "/api/prescriptions/reminders/{id}");
        let new = json!({"medication": medication, "reminder_times": ["08:00", "20:00"]});
        let made = self.visit(ana, "POST", all, "", new).await;
        let id = id_of(&made);
        self.get(ana, all, "").await;
        self.get(ana, one, id).await;
        self.visit(ana, "PATCH", one, id, json!({"email_enabled": true})).await;
        self.visit(ana, "PUT", one, id, json!({"sms_enabled": false})).await;
        self.visit(ana, "DELETE", one, id, Value::Null).await;

        let (all, one) = ("/api/prescriptions/adherence", "/api/prescriptions/adherence/{id}");
        let dose = json!({"medication": medication, "status": "TAKEN"});
        let told = self.visit(ana, "POST", all, "", dose).await;
        self.get(sara, "/api/prescriptions/adherence?medication={medication}", medication).await;
        let summary = "/api/prescriptions/adherence/summary?medication={medication}";
        self.get(sara, summary, medication).await;
        self.get(ana, one, id_of(&told)).await;
        self.visit(ana, "DELETE", one, id_of(&told), Value::Null).await;
    }

    /// Uses a prescription up.
    pub(super) async fn pharmacy(
        &mut self,
        [visitor, admin, hospital, sara, ana]: [&Caller<'_>; 5],
        prescribed: &Value,
    ) {
        let id = id_of(prescribed);
        self.get(sara, "/api/prescriptions/{id}/pdf", id).await;
        let code = VerificationCode::of(id.parse().unwrap(), &self.hub.state.pepper).to_string();
        self.get(visitor, "/verify/{code}", &code).await;
        self.get(visitor, "/api/prescriptions/verify/{code}", &code).await;
        let shop = json!({"pharmacy_name": "Corner Pharmacy", "pharmacy_phone": "+924211122233"});
        let send = "/api/prescriptions/{id}/send-to-pharmacy";
        self.visit(ana, "POST", send, id, shop).await;
        let deactivate = "/api/prescriptions/{id}/deactivate";
        let medication = id_of(&prescribed["medications"][1]);
        self.visit(sara, "POST", deactivate, medication, Value::Null).await;
        self.visit(hospital, "POST", "/api/prescriptions/{id}/dispense", id, Value::Null).await;
        self.visit(sara, "POST", "/api/prescriptions/{id}/complete", id, Value::Null).await;
        self.get(admin, "/api/prescriptions/stats", "").await;

        let other = json!({
            "appointment": prescribed["appointment"],
            "medicines": [{"name": "Ibuprofen", "duration_days": 3}],
        });
        let other = sara.post("/api/prescriptions", other).await.ok();
        let one = "/api/prescriptions/{id}";
        self.visit(sara, "DELETE", one, id_of(&other), Value::Null).await;
    }
}
