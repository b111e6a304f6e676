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
        "steps": [{"to": status, "at": NOW}], "revision": 1,
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
                it().dispense(false, &by).is_ok_and(|it| it.state(by.at) == Dispensed),
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

    // The last day after the first on which Ana may still be taking it.
    let last = |status, medication: &Medication, handed_out: &[i64]| {
        let mut it = prescription(status);
        it.add(medication.clone(), &ali(0)).unwrap();
        let step = |&day| Step { to: Dispensed, at: ali(day).at, by: None };
        it.steps = handed_out.iter().map(step).collect();
        (0..=800).rev().find(|&day| it.taken(ali(day).at).count() == 1)
    };
    let for_days = |days: u16, refills: u16| {
        let duration_days = Some(days.try_into().unwrap());
        Medication { duration_days, refills: refills.try_into().unwrap(), ..medication() }
    };
    assert_eq!(last(Active, &medication(), &[]), Some(30));
    assert_eq!(last(Expired, &for_days(60, 0), &[]), Some(59));
    assert_eq!(last(Expired, &for_days(20, 2), &[]), Some(59));
    assert_eq!(last(Dispensed, &for_days(60, 0), &[20]), Some(79));
    assert_eq!(last(Dispensed, &for_days(5, 0), &[20]), Some(30));
    for over in [Cancelled, Completed, Replaced] {
        assert_eq!(last(over, &for_days(60, 0), &[]), None, "{over}");
    }

    // Each supply begins when it is handed out or when the one before is used up.
    assert_eq!(last(Dispensed, &for_days(20, 2), &[5]), Some(64));
    assert_eq!(last(Dispensed, &for_days(20, 2), &[5, 6, 29]), Some(64));
    assert_eq!(last(Dispensed, &for_days(10, 2), &[0, 1, 29]), Some(38));
    assert_eq!(last(Dispensed, &for_days(10, 1), &[0, 25, 29]), Some(34));
    assert_eq!(last(Dispensed, &for_days(30, 99), &[0]), Some(365));

    // What was handed out counts for a year if nobody knows when it is used up.
    let mut daily = medication();
    daily.duration = Some(Text::known("lifelong"));
    assert_eq!(last(Expired, &daily, &[]), Some(30));
    assert_eq!(last(Dispensed, &daily, &[29]), Some(29 + 365));
    daily.told(Some(Text::known("once daily")), None);
    daily.quantity = Some(90.try_into().unwrap());
    assert_eq!(last(Dispensed, &daily, &[29]), Some(29 + 365));
    daily.dosage = Some(Text::known("1 tablet"));
    assert_eq!(last(Dispensed, &daily, &[29]), Some(29 + 89));
}

#[test]
fn refills_are_handed_out_until_none_is_left_or_the_prescription_ends() {
    let refills = 2.try_into().unwrap();
    let mut it = prescription(PrescriptionStatus::Active);
    it.add(medication(), &ali(0)).unwrap();
    let refilled = it.add(Medication { refills, ..medication() }, &ali(0)).unwrap();
    assert_eq!(it.supplies_left(ali(0).at), 3);

    let first = it.dispense(false, &ali(1)).unwrap();
    assert_eq!(first.clone().dispense(false, &ali(1)), Err(StateError::Unseen));
    let second = first.clone().dispense(true, &ali(10)).unwrap();
    assert_eq!(second.supplies_left(ali(10).at), 1);
    let third = second.clone().dispense(true, &ali(20)).unwrap();
    let wrong = |by: &Actor| {
        let status = PrescriptionStatus::Dispensed;
        assert_eq!(third.supplies_left(by.at), 0);
        Err(StateError::Wrong { is: status, to: status })
    };
    assert_eq!(third.clone().dispense(true, &ali(21)), wrong(&ali(21)));
    assert_eq!(second.clone().dispense(true, &ali(31)), wrong(&ali(31)));
    assert_eq!(third.handed_out().collect::<Vec<_>>(), [1, 10, 20].map(|day| ali(day).at));

    let mut stopped = second;
    stopped.deactivate(refilled, &ali(11)).unwrap();
    assert_eq!(stopped.supplies_left(ali(11).at), 0);
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
