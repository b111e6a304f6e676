//! What is left of a report when a medicine of it is taken no longer.

use super::{
    Medicine,
    check::understood,
    report::{Alert, Kind, Report},
};

impl Report {
    /// Says anew where the medicines stand that the alerts are about.
    pub(crate) fn move_to(&mut self, place_of: impl Fn(usize) -> usize) {
        let positions = self.alerts.iter_mut().flat_map(|alert| &mut alert.positions);
        positions.for_each(|at| *at = place_of(*at));
    }

    /// The medicine at a place is taken no longer: no alert names it, and what it alone brought
    /// about is gone. An alert about two stays if what is left brings them together nevertheless.
    pub(crate) fn forget(&mut self, gone: usize, medicines: &[Medicine<'_>]) {
        self.alerts.retain_mut(|alert| {
            let Ok(place) = alert.positions.binary_search(&gone) else { return true };
            alert.positions.remove(place);
            let own = alert.positions.iter().filter_map(|&at| medicines.get(at));
            let own: Vec<_> = own.copied().collect();
            let is_own = |name: &str| own.iter().any(|medicine| medicine.name == name);
            let name_gone = medicines.get(gone).map(|medicine| medicine.name);
            alert.medicines.retain(|name| Some(name.as_str()) != name_gone || is_own(name));
            let current = alert.medicines.iter().filter(|name| !is_own(name));
            let left: Vec<_> =
                own.iter().copied().chain(current.map(|name| Medicine::named(name))).collect();
            !own.is_empty() && alert.holds_of(&left)
        });
    }
}

impl Alert {
    fn holds_of(&self, medicines: &[Medicine<'_>]) -> bool {
        let within: Vec<_> = medicines.iter().flat_map(understood).collect();
        let times = |ingredient: &str| within.iter().filter(|each| **each == ingredient).count();
        let counts = self.ingredients.iter().map(|ingredient| times(ingredient));
        match self.kind {
            // One ingredient speaks against itself where it is there twice.
            Kind::Interaction | Kind::Duplicate => {
                counts.clone().all(|count| count > 0) && counts.sum::<usize>() > 1
            }
            Kind::Allergy | Kind::Dose | Kind::NotChecked => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::safety::{Person, SiteRules, check};

    /// Where the alerts of a rule point to once one of the new medicines is taken no longer.
    fn left(rule: &str, new: &[&str], current: &[&str], gone: &[usize]) -> Vec<Vec<usize>> {
        let [new, current]: [Vec<_>; 2] =
            [new, current].map(|names| names.iter().map(|name| Medicine::named(name)).collect());
        let mut report = check(&new, &current, &Person::unknown(), &SiteRules::default());
        for &place in gone {
            report.forget(place, &new);
        }
        let alerts = report.alerts.into_iter().filter(|alert| alert.rule.as_str() == rule);
        alerts.map(|alert| alert.positions).collect()
    }

    #[test]
    fn an_alert_about_two_medicines_goes_with_either() {
        let pair = ["Paracetamol", "Simvastatin", "Clarithromycin"];
        assert_eq!(left("ONC-25", &pair, &[], &[0]), [[1, 2]]);
        assert!(left("ONC-25", &pair, &[], &[1]).is_empty());
        assert!(left("ONC-25", &pair, &[], &[2]).is_empty());
        assert!(left("ONC-25", &pair[1..2], &["Clarithromycin"], &[0]).is_empty());
    }

    #[test]
    fn it_stays_if_what_is_left_brings_both_together() {
        let pair = ["Simvastatin", "Clarithromycin"];
        assert_eq!(left("ONC-25", &pair, &["Clarithromycin 500 mg"], &[1]), [[0]]);
        assert!(left("ONC-25", &pair, &["Zocor"], &[1]).is_empty());
        let line = ["Simvastatin + Clarithromycin", "Clarithromycin"];
        assert_eq!(left("ONC-25", &line, &[], &[1]), [[0]]);
    }

    #[test]
    fn an_alert_about_each_of_some_goes_with_the_last() {
        let unknown = ["Xyzzyline", "Xyzzyline"];
        assert_eq!(left("MEDICINE-UNKNOWN", &unknown, &[], &[0]), [[1]]);
        assert!(left("MEDICINE-UNKNOWN", &unknown, &[], &[0, 1]).is_empty());
        let thrice = ["Paracetamol", "Panadol", "Calpol"];
        assert_eq!(left("DUPLICATE-INGREDIENT", &thrice, &[], &[1]), [[0, 2]]);
        assert!(left("DUPLICATE-INGREDIENT", &thrice, &[], &[1, 0]).is_empty());
    }
}
