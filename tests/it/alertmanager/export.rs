//! What is exported is a file that amtool takes, with the routes and the groups of the original.

use std::collections::BTreeMap;

use serde_json::Value;
use watchkeep_alerts::config::Config;

use super::amtool::Amtool;
use super::{files, mutations, random, rounds, routes};

#[test]
fn whatever_we_take_is_exported_to_a_file_that_amtool_takes() {
    let Some(amtool) = Amtool::find() else {
        return;
    };
    let (mut random, seed) = random();
    let mut texts = files::texts();
    texts.extend((0..rounds(1_500)).map(|_| mutations::mutated(&mut random)));
    let read: Vec<_> = texts
        .iter()
        .filter_map(|text| Some((text, Config::from_yaml(text).ok()?)))
        .collect();
    let hidden: Vec<_> = read
        .iter()
        .map(|(_, config)| config.to_alertmanager().to_string())
        .collect();
    assert!(hidden.len() > 300, "only {} were valid", hidden.len());
    // Those that refer to files of secrets cannot be written out here.
    let revealed: Vec<_> = read
        .iter()
        .filter_map(|(_, config)| config.to_alertmanager_with_secrets().ok())
        .map(|export| export.yaml().to_owned())
        .collect();
    assert!(revealed.len() > 250, "only {} were", revealed.len());
    for files in [&hidden, &revealed] {
        for (text, verdict) in files.iter().zip(amtool.verdicts(files)) {
            assert_eq!(verdict, Ok(()), "{text} (seed {seed})");
        }
    }
    for text in &revealed {
        let again = Config::from_yaml(text)
            .unwrap_or_else(|error| panic!("{error}: {text} (seed {seed})"))
            .to_alertmanager_with_secrets()
            .expect("there are no files any more, or as before");
        assert_eq!(again.yaml(), text, "(seed {seed})");
    }
}

#[test]
fn exported_routes_have_the_receivers_of_the_original() {
    let Some(amtool) = Amtool::find() else {
        return;
    };
    let (mut random, seed) = random();
    for _ in 0..rounds(12) {
        let original: Value = routes::config(&mut random);
        let config = Config::from_yaml(&original.to_string()).expect("it is valid");
        let export = config.to_alertmanager();
        for _ in 0..6 {
            let labels: BTreeMap<_, _> = routes::labels(&mut random);
            let ours = config.routes().receivers(&labels).join(",");
            assert_eq!(
                ours,
                amtool.receivers_in(&export.to_string(), &labels),
                "{labels:?} by {original} (seed {seed})"
            );
        }
    }
}
