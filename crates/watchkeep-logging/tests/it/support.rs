//! A layer over a folder of its own, and strict readers for what it writes.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::fs;
use std::time::Duration;

use serde_json::{Map, Value};
use tempfile::TempDir;
use tracing_subscriber::layer::SubscriberExt;
use watchkeep_logging::{Console, LogConfig, LogGuard};

use crate::ecs;

pub(crate) const LONG: Duration = Duration::from_secs(30);

pub(crate) struct Bench {
    // The guard goes first: what writes after the folder was deleted makes it again.
    pub(crate) guard: LogGuard,
    pub(crate) folder: TempDir,
}

/// Lets time pass in which something must not happen.
pub(crate) fn pause(time: Duration) {
    let (_send, receive) = std::sync::mpsc::channel::<()>();
    assert!(receive.recv_timeout(time).is_err());
}

/// Runs `work` with a layer, and returns the folder with everything written.
pub(crate) fn logged(work: impl FnOnce()) -> Bench {
    logged_with(|config| config, |_| work())
}

pub(crate) fn logged_with(
    configure: impl FnOnce(LogConfig) -> LogConfig,
    work: impl FnOnce(&Bench),
) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let config = LogConfig::new("app")
        .with_console(Console::Off)
        .with_dir(Some(folder.path().to_owned()))
        .with_json(true);
    let (layer, guard) = configure(config).build().unwrap();
    let bench = Bench { guard, folder };
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, || work(&bench));
    assert!(bench.guard.flush(LONG).is_complete());
    bench
}

impl Bench {
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    /// The text lines from the level on.
    pub(crate) fn text(&self) -> Vec<String> {
        let text = self.read("app.log");
        text.lines().map(|line| line[28..].to_owned()).collect()
    }

    /// The JSON lines, each held against what ECS allows.
    pub(crate) fn json(&self) -> Vec<Map<String, Value>> {
        self.read("app_json.log").lines().map(ecs::parse).collect()
    }

    pub(crate) fn only(&self) -> Map<String, Value> {
        let mut lines = self.json();
        assert_eq!(lines.len(), 1);
        lines.remove(0)
    }
}
