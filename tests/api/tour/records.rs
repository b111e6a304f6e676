//! Files, and what is known of people's health.

use carehub_domain::file::Checksum;
use carehub_testkit::{Caller, files};
use serde_json::{Value, json};

use super::{ANA, Tour};
use crate::support::{id_of, inspect, let_in};

impl Tour<'_> {
    pub(super) async fn uploads(&mut self, ana: &Caller<'_>) {
        let scan = files::pdf();
        let new = json!({
            "file_name": "scan.pdf", "content_type": "application/pdf", "size": scan.len(),
            "sha256": Checksum::of(&scan),
        });
        let announced = self.visit(ana, "POST", "/api/uploads/presign", "", new).await;
        assert_eq!(self.hub.put(&announced, scan).await, 200);
        inspect(self.hub).await;
        let id = announced["upload_id"].as_str().unwrap();
        self.get(ana, "/api/uploads/{id}", id).await;
    }

    /// Leaves the repository open to Sara.
    pub(super) async fn repository(
        &mut self,
        hospital: &Caller<'_>,
        ali: &Caller<'_>,
        sara: &Caller<'_>,
        ana: &Caller<'_>,
    ) {
        let patient = ana.id_as("pat");
        let_in(self.hub, sara, ANA).await;
        let fields = [("file_type", "LAB"), ("title", "Blood")];
        let upload = "/api/records/patients/{id}/reports/upload";
        let filed = self.send_file(sara, upload, &patient, &fields).await;
        let report = id_of(&filed["report"]);
        self.get(sara, "/api/records/patients/{id}/reports", &patient).await;
        self.get(ana, "/api/records/my-reports", "").await;
        let one = "/api/records/reports/{id}";
        self.get(sara, one, report).await;
        self.visit(sara, "PATCH", one, report, json!({"title": "Blood, fasting"})).await;
        self.visit(sara, "PUT", one, report, json!({"description": "At eight."})).await;
        self.get(sara, "/api/records/reports/{id}/versions", report).await;
        self.get(sara, "/api/records/patients/{id}/summary", &patient).await;
        self.visit(sara, "DELETE", one, report, Value::Null).await;

        let (all, one) = ("/api/records/break-glass", "/api/records/break-glass/{id}");
        let reason = json!({"reason": "Unconscious after a fall."});
        let breaking = "/api/records/patients/{id}/break-glass";
        let opened = self.visit(ali, "POST", breaking, &patient, reason).await;
        self.get(hospital, all, "").await;
        self.get(hospital, one, id_of(&opened)).await;
        let outcome = json!({"outcome": "JUSTIFIED", "notes": "It was."});
        let review = "/api/records/break-glass/{id}/review";
        self.visit(hospital, "POST", review, id_of(&opened), outcome).await;
    }

    pub(super) async fn documents(
        &mut self,
        admin: &Caller<'_>,
        hospital: &Caller<'_>,
        sara: &Caller<'_>,
        ana: &Caller<'_>,
        visit: &str,
    ) {
        let paths = [
            "/api/patients/{id}/documents",
            "/api/patients/{id}/documents/{pk}",
            "/api/patients/{id}/documents/{pk}/versions",
        ];
        let verify = Some("/api/patients/{id}/documents/{pk}/verify");
        self.shelf(paths, &ana.id_as("pat"), "ID_PROOF", [ana, admin], verify).await;
        let paths = [
            "/api/doctors/{id}/documents",
            "/api/doctors/{id}/documents/{pk}",
            "/api/doctors/{id}/documents/{pk}/versions",
        ];
        let verify = Some("/api/doctors/{id}/documents/{pk}/verify");
        self.shelf(paths, &sara.id_as("doc"), "LICENSE", [sara, hospital], verify).await;
        let paths = [
            "/api/consultations/{id}/documents",
            "/api/consultations/{id}/documents/{pk}",
            "/api/consultations/{id}/documents/{pk}/versions",
        ];
        self.shelf(paths, visit, "XRAY", [ana, sara], None).await;
    }

    /// What its author files, and the other reads.
    pub(super) async fn shelf(
        &mut self,
        [all, one, versions]: [&'static str; 3],
        record: &str,
        kind: &str,
        [author, reader]: [&Caller<'_>; 2],
        verify: Option<&'static str>,
    ) {
        let fields = [("document_type", kind), ("title", "Scan")];
        let filed = self.send_file(author, all, record, &fields).await;
        self.get(reader, all, record).await;
        let place = format!("{record} {}", id_of(&filed));
        self.get(reader, one, &place).await;
        if let Some(verify) = verify {
            self.visit(reader, "POST", verify, &place, json!({"is_verified": true})).await;
        }
        self.visit(author, "PATCH", one, &place, json!({"title": "Both sides"})).await;
        self.visit(author, "PUT", one, &place, json!({"description": "Readable."})).await;
        self.get(reader, versions, &place).await;
        self.visit(author, "DELETE", one, &place, Value::Null).await;
    }

    pub(super) async fn health_records(&mut self, sara: &Caller<'_>, ana: &Caller<'_>) {
        let (all, one) = ("/api/records", "/api/records/{id}");
        let doctor = sara.id_as("doc");
        let fields = [("record_type", "OTHER"), ("title", "Fall"), ("doctor_ids", &*doctor)];
        let written = self.send_file(ana, all, "", &fields).await;
        let id = id_of(&written["record"]);
        self.get(sara, all, "").await;
        self.get(sara, one, id).await;
        self.visit(ana, "PATCH", one, id, json!({"title": "A fall"})).await;
        self.visit(ana, "PUT", one, id, json!({"description": "From a ladder."})).await;
        self.get(sara, "/api/records/{id}/versions", id).await;
        let attach = "/api/records/{id}/upload_attachment";
        let attached = self.send_file(ana, attach, id, &[("title", "The ladder")]).await;
        let place = format!("{id} {}", id_of(&attached));
        let attachment = "/api/records/{id}/attachments/{pk}";
        self.get(sara, attachment, &place).await;
        self.visit(ana, "DELETE", attachment, &place, Value::Null).await;

        let content = json!({"content": "Nothing is broken."});
        self.visit(sara, "POST", "/api/records/{id}/add_annotation", id, content).await;
        let (all, note) = ("/api/doctors/annotations", "/api/doctors/annotations/{id}");
        let content = json!({"record": id, "content": "Come again."});
        let said = self.visit(sara, "POST", all, "", content).await;
        let said = id_of(&said);
        self.get(sara, all, "").await;
        self.get(sara, note, said).await;
        self.visit(sara, "PATCH", note, said, json!({"content": "Come in a week."})).await;
        self.visit(sara, "PUT", note, said, json!({"content": "Come in two weeks."})).await;
        self.get(sara, "/api/doctors/annotations/{id}/versions", said).await;
        self.visit(sara, "DELETE", note, said, Value::Null).await;
        self.visit(ana, "DELETE", one, id, Value::Null).await;

        let (all, one) =
            ("/api/patients/{id}/medical-records", "/api/patients/{id}/medical-records/{pk}");
        let patient = ana.id_as("pat");
        let fields = [("record_type", "ALLERGY"), ("title", "Pollen"), ("doctor_ids", &*doctor)];
        let written = self.send_file(ana, all, &patient, &fields).await;
        self.get(sara, all, &patient).await;
        let place = format!("{patient} {}", id_of(&written));
        self.get(sara, one, &place).await;
        self.visit(ana, "PATCH", one, &place, json!({"title": "Birch"})).await;
        self.visit(ana, "PUT", one, &place, json!({"description": "In spring."})).await;
        self.visit(ana, "DELETE", one, &place, Value::Null).await;
    }

    /// Ends the visit.
    pub(super) async fn medical_records(&mut self, sara: &Caller<'_>, visit: &str) {
        let (all, one) = ("/api/medical-records", "/api/medical-records/{id}");
        let new = json!({
            "appointment": visit, "diagnosis": "Bruise", "heart_rate": 72, "temperature": 98.6,
        });
        let written = self.visit(sara, "POST", all, "", new).await;
        let id = id_of(&written);
        self.get(sara, all, "").await;
        self.get(sara, one, id).await;
        self.visit(sara, "PATCH", one, id, json!({"treatment": "Rest"})).await;
        self.visit(sara, "PUT", one, id, json!({"follow_up_required": true})).await;
        self.get(sara, "/api/medical-records/{id}/versions", id).await;

        let (all, one) = ("/api/lab-results", "/api/lab-results/{id}");
        let new = json!({
            "medical_record": id, "test_name": "Potassium", "test_type": "BLOOD",
            "result_value": "4.1", "result_unit": "mmol/L", "reference_range": "3.5-5.0",
            "status": "NORMAL",
        });
        let written = self.visit(sara, "POST", all, "", new).await;
        let id = id_of(&written);
        self.get(sara, all, "").await;
        let trend = "/api/lab-results/trend?test_name=potassium&patient={patient}";
        self.get(sara, trend, written["patient"].as_str().unwrap()).await;
        self.get(sara, one, id).await;
        self.visit(sara, "PATCH", one, id, json!({"notes": "Fasting"})).await;
        self.visit(sara, "PUT", one, id, json!({"result_value": "5.9", "status": "ABNORMAL"}))
            .await;
        self.get(sara, "/api/lab-results/{id}/versions", id).await;
    }
}
