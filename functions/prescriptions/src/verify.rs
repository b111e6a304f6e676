//! `GET /verify/{code}` and `GET /api/prescriptions/verify/{code}`

use axum::{
    extract::State,
    http::{
        HeaderName,
        header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY},
    },
    response::{Html, IntoResponse},
};
use carehub_api::{
    Result,
    actor::Visitor,
    error::Problem,
    extract::{Json, Path},
};
use carehub_domain::{
    prescription::{PrescriptionStatus, verification::VerificationCode},
    secret::Pepper,
};
use carehub_store::Store;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ulid::Ulid;
use utoipa::ToSchema;

const PAGE: &str = include_str!("verify.html");

/// Nothing but the style of the page, which is named by its digest.
const POLICY: &str = "default-src 'none'; style-src 'sha256-3erYbfgRBV7LRHAsCXkPZ733fl7uqQgSHuqpRTT6ewU='; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What anybody may know of a prescription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VerificationView {
    /// Whether this hub wrote the prescription with that code.
    pub genuine: bool,
    /// What became of it; `null` if it is not genuine.
    pub status: Option<PrescriptionStatus>,
    /// Whether its medicines may be handed out now, for the first time or again.
    pub may_be_dispensed: bool,
}

/// See on a page whether a prescription is genuine.
#[utoipa::path(get, path = "/verify/{code}", tag = "prescriptions", security(()), params(
    ("code" = String, Path, description = "The code printed on the prescription."),
), responses(
    (status = 200, description = "A page that says whether it is genuine, what became of it and whether it may be dispensed, and nothing else.", body = String, content_type = "text/html"),
    (status = 429, description = "The address asked too often.", body = Problem),
))]
pub(crate) async fn page(
    Visitor(actor): Visitor,
    Path(code): Path<String>,
    State(store): State<Store>,
    State(pepper): State<Pepper>,
) -> Result<impl IntoResponse> {
    let (title, text) = words(verdict(&code, actor.at, &store, &pepper).await?);
    let page = PAGE.replace("{title}", title).replace("{text}", text);
    let headers: [(HeaderName, &str); 2] =
        [(CONTENT_SECURITY_POLICY, POLICY), (REFERRER_POLICY, "no-referrer")];
    Ok((headers, Html(page)))
}

/// Ask whether a prescription is genuine.
#[utoipa::path(get, path = "/api/prescriptions/verify/{code}", tag = "prescriptions", security(()), params(
    ("code" = String, Path, description = "The code printed on the prescription."),
), responses(
    (status = 200, description = "Whether it is genuine, what became of it and whether it may be dispensed, and nothing else. A code that was made up and one of a prescription that does not exist look the same.", body = VerificationView),
    (status = 429, description = "The address asked too often.", body = Problem),
))]
pub(crate) async fn show(
    Visitor(actor): Visitor,
    Path(code): Path<String>,
    State(store): State<Store>,
    State(pepper): State<Pepper>,
) -> Result<Json<VerificationView>> {
    let found = verdict(&code, actor.at, &store, &pepper).await?;
    Ok(Json(VerificationView {
        genuine: found.is_some(),
        status: found.map(|found| found.status),
        may_be_dispensed: found.is_some_and(|found| found.may_be_dispensed),
    }))
}

/// What there is to say of a prescription that is genuine.
#[derive(Clone, Copy, Debug)]
struct Verdict {
    status: PrescriptionStatus,
    may_be_dispensed: bool,
}

/// What became of the prescription with that code. Whatever the code is, it costs one look.
async fn verdict(
    code: &str,
    now: Timestamp,
    store: &Store,
    pepper: &Pepper,
) -> Result<Option<Verdict>> {
    let code: Option<VerificationCode> = code.parse().ok();
    let named = code.map_or_else(|| Ulid::nil().into(), |code| code.prescription);
    let found = store.prescriptions().recorded(named).await?;
    let ours = code.is_some_and(|code| code.is_ours(pepper));
    Ok(found.filter(|_| ours).map(|prescription| Verdict {
        status: prescription.state(now),
        may_be_dispensed: prescription.supplies_left(now) > 0,
    }))
}

fn words(verdict: Option<Verdict>) -> (&'static str, &'static str) {
    let Some(Verdict { status, may_be_dispensed }) = verdict else {
        return (
            "Not genuine",
            "CareHub did not write a prescription with this code. Do not dispense it.",
        );
    };
    match status {
        PrescriptionStatus::Active => ("Genuine", "CareHub wrote this prescription, and it holds."),
        PrescriptionStatus::Completed => (
            "Genuine, completed",
            "CareHub wrote this prescription. The patient needs it no longer. Do not dispense it.",
        ),
        PrescriptionStatus::Cancelled => (
            "Genuine, cancelled",
            "CareHub wrote this prescription, and it was withdrawn. Do not dispense it.",
        ),
        PrescriptionStatus::Expired => (
            "Genuine, expired",
            "CareHub wrote this prescription, and its last day is over. Do not dispense it.",
        ),
        PrescriptionStatus::Dispensed if may_be_dispensed => (
            "Genuine, dispensed, with refills",
            "CareHub wrote this prescription, and its medicines were handed out. A further supply may be dispensed.",
        ),
        PrescriptionStatus::Dispensed => (
            "Genuine, dispensed",
            "CareHub wrote this prescription, and its medicines were handed out. Do not dispense it again.",
        ),
        PrescriptionStatus::Replaced => (
            "Genuine, replaced",
            "CareHub wrote this prescription, and a newer one took its place. Do not dispense it.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_STANDARD};
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_policy_allows_the_style_of_the_page() {
        let (_, style) = PAGE.split_once("<style>").unwrap();
        let (style, _) = style.split_once("</style>").unwrap();
        let digest = BASE64_STANDARD.encode(Sha256::digest(style));
        assert!(POLICY.contains(&format!("'sha256-{digest}'")), "{digest}");
    }

    #[test]
    fn no_two_verdicts_read_alike() {
        let genuine =
            |&status: &PrescriptionStatus| Some(Verdict { status, may_be_dispensed: false });
        let refillable = Verdict { status: PrescriptionStatus::Dispensed, may_be_dispensed: true };
        let every = PrescriptionStatus::ALL.iter().map(genuine).chain([Some(refillable), None]);
        let mut titles: Vec<_> = every.map(|verdict| words(verdict).0).collect();
        titles.sort_unstable();
        titles.dedup();
        assert_eq!(titles.len(), PrescriptionStatus::ALL.len() + 2);
    }
}
