//! Pharmacies: what they are sent, and what becomes of it.

use carehub_testkit::{Caller, TestHub};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{People, assigned, id_of, open};

const ANA: &str = "+923001234567";

/// A hospital whose doctor prescribes for a patient.
pub(crate) struct Surgery<'h> {
    pub(crate) hub: &'h TestHub,
    pub(crate) admin: Caller<'h>,
    pub(crate) hospital: Caller<'h>,
    pub(crate) ali: Caller<'h>,
    pub(crate) ana: Caller<'h>,
}

impl<'h> Surgery<'h> {
    /// Ana has no allergies and is in the care of Ali.
    pub(crate) async fn open(hub: &'h TestHub) -> Self {
        let admin = hub.admin().await;
        let hospital = hub.hospital("jinnah").await;
        let ali = hub.doctor_of(&hospital, "Ali", "Raza").await;
        let ana = hub.patient("ana", ANA).await;
        let known = json!({"allergy_status": "NONE_KNOWN", "date_of_birth": "1990-05-01", "gender": "FEMALE"});
        ana.patch("/api/patients/update_profile", known).await.ok();
        assigned(&admin, &ana.id_as("pat"), &ali).await;
        Self { hub, admin, hospital, ali, ana }
    }

    /// Ali prescribes something that nothing speaks against.
    pub(crate) async fn prescribe(&self) -> Value {
        let medicines = json!([
            {"name": "Paracetamol", "strength": "500 mg", "dosage": "1 tablet", "frequency": "TWICE_DAILY", "duration_days": 5},
            {"name": "Cetirizine", "dosage": "10 mg", "frequency": "ONCE_DAILY", "duration": "7 days"},
        ]);
        self.written(json!({"diagnosis": "Common cold", "medicines": medicines})).await
    }

    /// Ali writes a prescription for Ana.
    pub(crate) async fn written(&self, mut body: Value) -> Value {
        body["patient"] = json!(self.ana.id_as("pat"));
        self.ali.post("/api/prescriptions", body).await.ok()
    }

    /// People who have no part in it.
    pub(crate) async fn strangers(&self) -> [Caller<'h>; 3] {
        let sara = self.hub.doctor_of(&self.hospital, "Sara", "Khan").await;
        let (bea, aga) =
            (self.hub.patient("bea", "+923007654321").await, self.hub.hospital("aga").await);
        [sara, bea, aga]
    }
}

/// The first medicine of a prescription.
pub(crate) fn first_of(prescription: &Value) -> &str {
    prescription["medicines"][0]["id"].as_str().unwrap()
}

fn shop() -> Value {
    json!({"pharmacy_name": "Corner Pharmacy", "phone": "+924235678901", "email": "desk@corner.example"})
}

/// 002-C5: whoever has a part in a prescription sends it to a pharmacy, once, and the pharmacy is
/// told within a moment, without any name.
#[tokio::test]
async fn a_prescription_is_sent_to_a_pharmacy_once() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    for sender in [&surgery.ana, &surgery.ali, &surgery.hospital, &surgery.admin] {
        let prescription = surgery.prescribe().await;
        let path = format!("/api/prescriptions/{}/send-to-pharmacy", id_of(&prescription));

        let sent = sender.post(&path, shop()).await.ok();

        assert_eq!(sent["pharmacy"]["status"], "QUEUED");
        assert_eq!(sent["pharmacy"]["pharmacy_name"], "Corner Pharmacy");
        assert_eq!(sent["pharmacy"]["sent_by"], sender.id());
        assert_eq!(sender.post(&path, shop()).await.refusal(), "409 prescription-sent");
        hub.settle().await;
        let order = hub.queues.orders().pop().unwrap();
        assert_eq!(order.prescription.as_str(), id_of(&prescription));
        assert_eq!(json!(order.prescription_number), prescription["prescription_number"]);
        assert_eq!(json!(order.hospital), prescription["hospital"]);
        let asked = order.verification_url.strip_prefix("http://localhost:8000").unwrap();
        assert!(hub.visitor().get(asked).await.text().contains("Genuine"));
        let told = json!(order).to_string();
        for name in ["Ana", "Diaz", "Ali", "Raza", "Corner", "Paracetamol"] {
            assert!(!told.contains(name), "{told}");
        }
    }
    assert_eq!(hub.queues.orders().len(), 4);
}

/// 002-C5: handing the medicines out closes the order; what was withdrawn first is never told.
#[tokio::test]
async fn handing_out_closes_the_order() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let Surgery { ali, ana, hospital, .. } = &surgery;
    let prescription = surgery.prescribe().await;
    let path = format!("/api/prescriptions/{}", id_of(&prescription));
    ana.post(format!("{path}/send-to-pharmacy"), shop()).await.ok();
    hub.settle().await;

    hospital.post(format!("{path}/dispense"), json!({})).await.ok();

    assert_eq!(ana.get(&path).await.ok()["pharmacy"]["status"], "DISPENSED");

    let withdrawn = surgery.prescribe().await;
    let path = format!("/api/prescriptions/{}", id_of(&withdrawn));
    ana.post(format!("{path}/send-to-pharmacy"), shop()).await.ok();
    assert_eq!(ali.delete(&path).await.status, 204);
    hub.settle().await;
    assert_eq!(ana.get(&path).await.ok()["pharmacy"]["status"], "WITHDRAWN");
    assert_eq!(hub.queues.orders().len(), 1);
}

/// 002-C5: only what holds is sent, and only by those who have a part in it.
#[tokio::test]
async fn only_what_holds_is_sent() {
    let hub = open().await;
    let surgery = Surgery::open(&hub).await;
    let prescription = surgery.prescribe().await;
    let path = format!("/api/prescriptions/{}/send-to-pharmacy", id_of(&prescription));
    for stranger in surgery.strangers().await.iter().skip(1) {
        assert_eq!(stranger.post(&path, shop()).await.refusal(), "404 not-found");
    }
    assert_eq!(hub.visitor().post(&path, shop()).await.status, 401);
    let nameless = surgery.ana.post(&path, json!({"phone": "x"})).await.problem();
    let wrong: Vec<_> = nameless.errors.iter().map(|error| error.pointer.as_str()).collect();
    assert_eq!(wrong, ["/pharmacy_name", "/phone"]);
    let stale = surgery.ana.with_header("if-match", "\"7\"").post(&path, shop()).await;
    assert_eq!(stale.refusal(), "412 precondition-failed");

    hub.clock.advance(SignedDuration::from_hours(40 * 24));
    let ana = hub.sign_in("ana", crate::support::PASSWORD).await;

    assert_eq!(ana.post(&path, shop()).await.refusal(), "409 prescription-state");
    assert_eq!(hub.queues.orders(), []);
}
