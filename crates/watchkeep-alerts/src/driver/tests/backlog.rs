//! What is kept while the journal cannot be written: random changes and failures against a plain map.

use std::collections::{BTreeMap, HashSet};

use proptest::prelude::*;

use crate::driver::backlog::Backlog;
use crate::journal::faulty::{Fault, Faulty};
use crate::journal::{Change, Journal as _, Table};

fn change() -> impl Strategy<Value = Change> {
    (0..6_u8, proptest::option::of(0..100_u8)).prop_map(|(key, value)| Change {
        table: Table::Alerts,
        key: format!("k{key}"),
        value: value.map(|value| value.to_string()),
    })
}

fn commits() -> impl Strategy<Value = Vec<(Vec<Change>, u8)>> {
    let commit = (proptest::collection::vec(change(), 1..6), 0..4_u8);
    proptest::collection::vec(commit, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_a_catch_up_the_journal_is_what_it_would_have_been(commits in commits()) {
        let mut disk = Faulty::default();
        let mut backlog = Backlog::new(HashSet::new());
        let mut expected = BTreeMap::new();
        let mut trouble = false;
        for (changes, luck) in commits {
            for change in &changes {
                match &change.value {
                    Some(value) => drop(expected.insert(change.key.clone(), value.clone())),
                    None => drop(expected.remove(&change.key)),
                }
            }
            backlog.note(&changes);
            disk.set(match luck {
                0 => Fault::Refuses,
                1 => Fault::Lies,
                _ => Fault::None,
            });
            if trouble {
                backlog.keep(changes);
                // Nothing that is gone is kept.
                prop_assert!(backlog.len() <= expected.len());
                if luck == 3
                    && let Ok(written) = backlog.catchup().write(&mut disk)
                {
                    backlog.caught_up(&written);
                    prop_assert_eq!(backlog.len(), 0);
                    trouble = false;
                }
            } else if disk.commit(&changes).is_err() {
                backlog.keep_older(changes);
                trouble = true;
            }
            if !trouble {
                prop_assert_eq!(&disk.table(Table::Alerts), &expected);
            }
        }
        disk.set(Fault::None);
        let written = backlog.catchup().write(&mut disk).unwrap();
        backlog.caught_up(&written);
        prop_assert_eq!(disk.table(Table::Alerts), expected);
    }
}
