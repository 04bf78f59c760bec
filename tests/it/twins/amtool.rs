//! amtool as the command line of both: it prints the same.

use std::path::Path;

use tokio::process::Command;
use watchkeep_tests::eventually::eventually;
use watchkeep_tests::programs;

use super::requests::{CONFIG, RECEIVERS};
use super::{both, url_of};

/// What a command printed, its errors after that, and whether it succeeded.
#[derive(Debug, PartialEq)]
struct Said {
    printed: String,
    ok: bool,
}

struct Amtool<'a> {
    program: &'a Path,
    url: String,
}

impl Amtool<'_> {
    async fn run(&self, words: &[&str]) -> Said {
        let output = Command::new(self.program)
            .arg(format!("--alertmanager.url={}", self.url))
            .args(words)
            .env("TZ", "UTC")
            .env_remove("HOME")
            .kill_on_drop(true)
            .output()
            .await
            .expect("amtool runs");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!errors.contains("panic"), "{words:?}: {errors}");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        Said {
            printed: format!("{printed}{}", errors.replace(&self.url, "")),
            ok: output.status.success(),
        }
    }
}

/// Takes out ids, times and the width of columns.
fn comparable(said: &Said) -> Said {
    let word = |word: &str| {
        let plain = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        let digits = plain.chars().filter(char::is_ascii_digit).count();
        let is_id = plain.len() == 36 && plain.matches('-').count() == 4;
        let is_time = digits >= 6 && plain.contains([':', '-']) && !plain.contains('/');
        if is_id || is_time {
            "#".to_owned()
        } else {
            word.to_owned()
        }
    };
    let spaced = said.printed.replace(',', ", ").replace("\":", "\": ");
    let lines = spaced.lines().map(|line| {
        line.split_whitespace()
            .map(word)
            .collect::<Vec<_>>()
            .join(" ")
    });
    Said {
        printed: lines
            .collect::<Vec<_>>()
            .join("\n")
            .replace(", \"mutedBy\": null", ""),
        ok: said.ok,
    }
}

/// Runs a command on both, and returns what it printed for each.
async fn same(amtools: &[Amtool<'_>; 2], words: &[&str]) -> [String; 2] {
    let (theirs, ours) = tokio::join!(amtools[0].run(words), amtools[1].run(words));
    assert_eq!(
        comparable(&theirs),
        comparable(&ours),
        "{words:?}\n{}\n{}",
        theirs.printed,
        ours.printed
    );
    [theirs.printed, ours.printed]
}

#[tokio::test]
async fn amtool_prints_the_same() {
    let (Some(program), Some((theirs, ours))) =
        (programs::require("amtool"), both(CONFIG, &RECEIVERS).await)
    else {
        return;
    };
    let amtool = |url| Amtool {
        program: &program,
        url,
    };
    let amtools = [amtool(url_of(&theirs)), amtool(ours.url())];
    for words in [
        &[
            "alert",
            "add",
            "Disk",
            "team=a",
            "severity=error",
            "--annotation=summary=full",
            "--generator-url=http://prometheus/graph",
        ][..],
        &["alert", "add", "alertname=Down", "team=b"],
        &[
            "alert",
            "add",
            "alertname=Slow",
            "team=b",
            "--annotation=summary=it is slow",
        ],
        &["alert", "add", "bad-name=x"],
        &[
            "alert",
            "add",
            "alertname=Backwards",
            "--start=2098-01-02T00:00:00Z",
            "--end=2098-01-01T00:00:00Z",
        ],
        &["alert", "query"],
        &["alert"],
        &["alert", "query", "-o", "extended"],
        &["alert", "query", "-o", "json"],
        &["alert", "query", "Disk"],
        &["alert", "query", "alertname=~D.*", "team!=b"],
        &["alert", "query", "--inhibited"],
        &["alert", "query", "--silenced"],
        &["alert", "query", "--active", "--receiver=chat"],
        &["silence", "query"],
        &[
            "silence",
            "add",
            "alertname=~.*",
            "--comment=x",
            "--author=me",
        ],
        &["silence", "add", "alertname=x", "--author=me"],
        &["cluster", "show"],
        &["config", "routes", "show"],
        &["config", "routes", "test", "team=a"],
        &[
            "config",
            "routes",
            "test",
            "team=z",
            "--verify.receivers=chat",
        ],
        &["config", "routes", "test", "--tree", "team=a"],
        &["silence", "expire", "00000000-0000-4000-8000-00000000000x"],
    ] {
        same(&amtools, words).await;
    }
    silences(&amtools).await;
}

async fn silences(amtools: &[Amtool<'_>; 2]) {
    same(
        amtools,
        &[
            "silence",
            "add",
            "alertname=Disk",
            "--comment=quiet",
            "--author=me",
            "--duration=10m",
        ],
    )
    .await;
    same(amtools, &["alert", "query", "--silenced"]).await;
    same(amtools, &["alert", "query"]).await;
    same(amtools, &["alert", "query", "--silenced", "-o", "extended"]).await;
    same(
        amtools,
        &[
            "silence",
            "add",
            "team=~a|b",
            "severity!=x",
            "--comment=more",
            "--author=me",
            "--duration=1h",
        ],
    )
    .await;
    for words in [
        &["silence", "query"][..],
        &["silence", "query", "-o", "extended"],
        &["silence", "query", "-o", "json"],
        &["silence", "query", "Disk"],
        &["silence", "query", "--created-by=me"],
        &["silence", "query", "--within=30m"],
    ] {
        same(amtools, words).await;
    }
    let ids = same(amtools, &["silence", "query", "-q", "Disk"]).await;
    // What follows names an id, so each has its own.
    for (amtool, id) in amtools.iter().zip(&ids) {
        let id = id.trim();
        let updated = amtool
            .run(&[
                "silence",
                "update",
                id,
                "--duration=20m",
                "--comment=longer",
            ])
            .await;
        assert!(
            updated.ok && updated.printed.contains(id),
            "in place: {updated:?}"
        );
    }
    same(amtools, &["silence", "query", "-o", "extended"]).await;
    let stored = same(amtools, &["silence", "query", "-o", "json"]).await;
    for (amtool, id) in amtools.iter().zip(&ids) {
        let expired = amtool.run(&["silence", "expire", id.trim()]).await;
        assert_eq!((expired.printed.as_str(), expired.ok), ("", true));
    }
    same(amtools, &["silence", "query"]).await;
    same(amtools, &["silence", "query", "--expired"]).await;
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("silences.json");
    std::fs::write(&path, &stored[0]).expect("it is written");
    let path = path.display().to_string();
    same(amtools, &["silence", "import", "--force", &path]).await;
    let left = same(amtools, &["silence", "query", "-q"]).await;
    assert_eq!(
        left[1].lines().count(),
        3,
        "one was left, and two are imported"
    );
}

#[tokio::test]
async fn the_configuration_that_is_shown_is_one_that_amtool_takes() {
    let Some(program) = programs::require("amtool") else {
        return;
    };
    let secret = "  - {name: hook, webhook_configs: [{url: 'http://localhost/very-secret'}]}\n  - {name: page, pagerduty_configs: [{routing_key: 0123very0123secret0123very0123se}]}\n";
    let config = format!(
        "route: {{receiver: hook, routes: [{{matchers: ['a=~\"x|y\"'], receiver: page, mute_time_intervals: [night]}}]}}\nreceivers:\n{secret}time_intervals: [{{name: night, time_intervals: [{{times: [{{start_time: '22:00', end_time: '24:00'}}], location: Europe/Berlin}}]}}]\n"
    );
    let builder = watchkeep_alerts::Alerting::builder("twin").config_yaml(&config);
    let ours = super::Ours::start(builder).await;
    let amtool = Amtool {
        program: &program,
        url: ours.url(),
    };
    let shown = eventually(5, "it is shown", || async {
        let shown = amtool.run(&["config", "show"]).await;
        if shown.ok {
            Ok(shown.printed)
        } else {
            Err(shown)
        }
    })
    .await;
    assert!(
        shown.contains("webhook_configs") && !shown.contains("secret0"),
        "{shown}"
    );
    assert!(!shown.contains("very-secret"), "{shown}");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("shown.yml");
    std::fs::write(&path, &shown).expect("it is written");
    let checked = amtool
        .run(&["check-config", &path.display().to_string()])
        .await;
    assert!(
        checked.ok && checked.printed.contains("SUCCESS"),
        "{checked:?}\n{shown}"
    );
    let tested = amtool.run(&["config", "routes", "test", "a=x"]).await;
    assert_eq!((tested.printed.trim(), tested.ok), ("page", true));
}
