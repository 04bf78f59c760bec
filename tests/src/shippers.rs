//! Real log shippers as child processes: rsyslog, and the OpenTelemetry collector.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use tokio::process::{Child, Command};

/// A shipper with a folder of its own; killed when it is dropped.
#[derive(Debug)]
pub struct Shipper {
    _child: Child,
    folder: TempDir,
}

impl Shipper {
    /// Starts rsyslog, which ships a log file and its rotated ones to the search server at a port.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn rsyslog(program: &Path, log: &Path, port: u16) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let text = include_str!("../shippers/rsyslog.conf")
            .replace("{log}", &log.display().to_string())
            .replace("{port}", &port.to_string())
            .replace("{work}", &folder.path().display().to_string());
        let configuration = written(&folder, "rsyslog.conf", &text);
        let mut command = Command::new(program);
        command
            .arg("-n")
            .arg("-f")
            .arg(configuration)
            .arg("-i")
            .arg(folder.path().join("pid"));
        Self::start(folder, command)
    }

    /// Starts the collector, which ships a log file and its rotated ones to the OTLP/HTTP server at a URL.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn collector(program: &Path, log: &Path, endpoint: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let text = include_str!("../shippers/collector.yml")
            .replace("{log}", &log.display().to_string())
            .replace("{endpoint}", endpoint);
        let configuration = written(&folder, "collector.yml", &text);
        let mut command = Command::new(program);
        command.arg("--config").arg(configuration);
        Self::start(folder, command)
    }

    /// Returns the text of a file that it wrote into its folder, empty when there is none.
    #[must_use]
    pub fn wrote(&self, name: &str) -> String {
        let bytes = fs::read(self.folder.path().join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn start(folder: TempDir, mut command: Command) -> Self {
        let said = fs::File::create(folder.path().join("said")).expect("its words can be kept");
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(said)
            .kill_on_drop(true)
            .spawn()
            .expect("the program runs");
        Self {
            _child: child,
            folder,
        }
    }
}

fn written(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).expect("the configuration is written");
    path
}
