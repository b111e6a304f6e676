use jiff::ToSpan;
use serde_json::json;

use super::*;
use crate::access::{Origin, Part, Role};

const NOW: &str = "2030-01-07T08:00:00Z";
const ULID: &str = "01J9Z3K8Q4N6V2X5Y7W0B1C200";

fn prescription(status: PrescriptionStatus) -> Prescription {
    let prescription = json!({
        "id": format!("prx_{ULID}"), "patient": format!("pat_{ULID}"), "patient_name": "Ana Diaz",
        "doctor": format!("doc_{ULID}"), "doctor_name": "Ali Mehmood", "zone": "Asia/Karachi",
        "valid_until": "2030-02-06", "is_digital": true, "issued_at": NOW, "updated_at": NOW,
        "safety": Report::unasked(), "edition": 1, "items": [], "numbered": 0, "status": status,
        "steps": [], "revision": 1,
    });
    serde_json::from_value(prescription).unwrap()
}

fn ali(days: i64) -> Actor {
    let origin = Origin { address: [127, 0, 0, 1].into(), device: None, request: "r".into() };
    let at = NOW.parse::<Timestamp>().unwrap() + (24 * days).hours();
    let user = format!("usr_{ULID}").parse().ok();
    Actor { user, part: Part::Member(Role::Doctor), ..Actor::visitor(origin, at) }
}

fn medication() -> Medication {
    Medication::named(Text::known("Amoxicillin"))
}

#[test]
fn what_becomes_of_a_prescription() {
    use PrescriptionStatus::{Active, Completed, Dispensed};

    let by = ali(0);
    let table: Vec<_> = PrescriptionStatus::ALL
        .iter()
        .map(|&status| {
            let it = || prescription(status);
            let open = it().demand_open(by.at).is_ok();
            let steps = [
                it().dispense(&by).is_ok_and(|it| it.state(by.at) == Dispensed),
                it().complete(&by).is_ok_and(|it| it.state(by.at) == Completed),
                it().cancel(&by).is_ok(),
                it().demand_in_use(by.at).is_ok(),
            ];
            let replaced = prescription(Active).take_the_place_of(it(), &by).state(by.at);
            format!("{status:10}{open:6}{steps:?} {replaced}")
        })
        .collect();
    insta::assert_snapshot!(table.join("\n"), @r"
    ACTIVE    true  [true, true, true, true] REPLACED
    COMPLETED false [false, false, false, false] COMPLETED
    CANCELLED false [false, false, false, false] CANCELLED
    EXPIRED   false [false, false, false, true] REPLACED
    DISPENSED false [false, true, false, true] REPLACED
    REPLACED  false [false, false, false, false] REPLACED
    ");
}

#[test]
fn refusals_name_the_state() {
    let refusal = prescription(PrescriptionStatus::Dispensed).cancel(&ali(0)).unwrap_err();
    assert_eq!(refusal.to_string(), "the prescription is DISPENSED and cannot become CANCELLED");
}

#[test]
fn a_prescription_ends_at_midnight_where_it_was_written() {
    let active = prescription(PrescriptionStatus::Active);
    assert_eq!(active.ends_at().to_string(), "2030-02-06T19:00:00Z");
    assert_eq!(active.expires_at(), Some(active.ends_at()));
    let (before, after) = (active.ends_at() - 1.second(), active.ends_at());
    assert_eq!(active.state(before), PrescriptionStatus::Active);
    assert_eq!(active.state(after), PrescriptionStatus::Expired);
    assert!(active.clone().expire(&ali(29)).is_err());
    let expired = active.expire(&ali(31)).unwrap();
    assert_eq!(expired.expires_at(), None);
    assert!(expired.expire(&ali(32)).is_err());
}

#[test]
fn a_medicine_counts_to_its_end() {
    use PrescriptionStatus::{Active, Cancelled, Completed, Dispensed, Expired, Replaced};

    let taken = |status, days: Option<u16>, handed_out: Option<i64>, after: i64| {
        let mut it = prescription(status);
        let duration_days = days.map(|days| days.try_into().unwrap());
        it.add(Medication { duration_days, ..medication() }, &ali(0)).unwrap();
        it.steps.extend(handed_out.map(|day| Step { to: Dispensed, at: ali(day).at, by: None }));
        it.taken(ali(after).at).count() == 1
    };
    assert!(taken(Active, None, None, 30) && !taken(Active, None, None, 31));
    assert!(taken(Expired, Some(60), None, 59) && !taken(Expired, Some(60), None, 60));
    assert!(taken(Dispensed, Some(60), Some(20), 79) && !taken(Dispensed, Some(60), Some(20), 80));
    assert!(taken(Dispensed, Some(5), Some(20), 30));
    for over in [Cancelled, Completed, Replaced] {
        assert!(!taken(over, Some(60), None, 0), "{over}");
    }
}

#[test]
fn items_are_numbered_and_numbers_never_come_back() {
    let mut it = prescription(PrescriptionStatus::Active);
    let first = it.add(medication(), &ali(0)).unwrap();
    it.remove(first, &ali(0)).unwrap();
    let second = it.add(medication(), &ali(0)).unwrap();
    assert_eq!((first, second), (ItemId::of(it.id, 1), ItemId::of(it.id, 2)));
    assert_eq!(it.remove(first, &ali(0)), Err(PrescriptionError::NoSuchItem));
    for _ in 1..MOST_ITEMS {
        it.add(medication(), &ali(0)).unwrap();
    }
    assert_eq!(it.add(medication(), &ali(0)), Err(PrescriptionError::Full));
}

#[test]
fn what_the_patient_was_told_to_stop_stays_stopped() {
    let mut it = prescription(PrescriptionStatus::Active);
    let item = it.add(medication(), &ali(0)).unwrap();
    it.deactivate(item, &ali(1)).unwrap();
    assert_eq!(it.taken(ali(1).at).count(), 0);
    assert_eq!(it.deactivate(item, &ali(2)), Err(PrescriptionError::Deactivated));
    assert_eq!(it.change(item, |_| {}, &ali(2)), Err(PrescriptionError::Deactivated));
}

#[test]
fn a_prescription_reads_back_as_it_was_kept_and_shows_nothing_to_logs() {
    let mut it = prescription(PrescriptionStatus::Active);
    it.add(medication(), &ali(0)).unwrap();
    let kept = serde_json::to_value(&it).unwrap();
    assert_eq!(kept["items"][0]["name"], "Amoxicillin");
    assert_eq!(serde_json::from_value::<Prescription>(kept).unwrap(), it);
    let logged = format!("{it:?}");
    assert!(!logged.contains("Amoxicillin") && !logged.contains("Ana"), "{logged}");
    assert_eq!(it.number(), format!("RX-{}", &ULID[15..25]));
}

#[test]
fn a_search_finds_by_all_that_is_said() {
    let mut it = prescription(PrescriptionStatus::Active);
    let generic_name = Some(Text::known("Amoxicilline"));
    it.add(Medication { generic_name, ..medication() }, &ali(0)).unwrap();
    it.letter.doctor_notes = Some(Text::known("anxious"));
    let text = |words: &str| Search { text: Some(Text::known(words)), ..Search::default() };
    let finds = |search: Search| search.finds(&it, ali(0).at);

    assert!(finds(Search::default()) && finds(text("AMOXICILLINÉ")) && finds(text("mehmood")));
    // Nobody finds out by searching what they are not shown.
    assert!(!finds(text("anxious")));
    let medicine = Some(Text::known("xicil"));
    assert!(finds(Search { medicine, active_only: true, ..Search::default() }));
    let since = Some("2030-01-08".parse().unwrap());
    assert!(!finds(Search { since, ..Search::default() }));
}
