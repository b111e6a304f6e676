//! The policy, cell by cell.

use std::fmt::Write;

use carehub_domain::access::{Action, Part, Reach, Role, reach};
use insta::assert_snapshot;

#[test]
fn the_whole_policy() {
    let parts = std::iter::once(Part::Visitor)
        .chain(Role::ALL.iter().map(|&role| Part::Member(role)))
        .chain([Part::Worker]);
    let parts: Vec<Part> = parts.collect();
    let mut table = format!("{:20}", "");
    for part in &parts {
        let name = match part {
            Part::Visitor => "visitor".to_owned(),
            Part::Member(role) => role.to_string().to_lowercase(),
            Part::Worker => "worker".to_owned(),
        };
        write!(table, "{name:>12}").unwrap();
    }
    for &action in Action::ALL {
        write!(table, "\n{:20}", format!("{action:?}")).unwrap();
        for &part in &parts {
            let cell = match reach(part, action) {
                Reach::Nothing => "·",
                Reach::Own => "own",
                Reach::Hospital => "hospital",
                Reach::Published => "published",
                Reach::Rank => "rank",
                Reach::All => "all",
            };
            write!(table, "{cell:>12}").unwrap();
        }
    }

    assert_snapshot!(table, @"");
}
