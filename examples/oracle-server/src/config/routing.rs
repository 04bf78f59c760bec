//! The routing of alerts: a file, or the one that the server brings along.

use std::fs;
use std::path::{Path, PathBuf};

use watchkeep::alerts::config::Config;
use watchkeep::alerts::{Alerting, notifiers::Log};

use super::SERVICE;
use super::channels::NAMES;

/// The routing that the server brings along.
const BUILT_IN: &str = include_str!("../../config/alerts.yml");

/// The largest file.
const LARGEST: u64 = 1_024 * 1_024;

/// Where alerts go, and where that was read.
#[derive(Clone, Debug)]
pub(crate) struct Routing {
    path: Option<PathBuf>,
    pub(crate) config: Config,
}

impl Routing {
    /// Reads a file, or takes what is built in; a problem says which line is wrong, and why.
    pub(crate) fn read(path: Option<&str>) -> Result<Self, String> {
        let path = path.map(PathBuf::from);
        let config = load(path.as_deref())?;
        Ok(Self { path, config })
    }

    /// Reads the same file once more.
    pub(crate) fn again(&self) -> Result<Self, String> {
        Ok(Self {
            path: self.path.clone(),
            config: load(self.path.as_deref())?,
        })
    }

    /// Says where it was read.
    pub(crate) fn source(&self) -> String {
        match &self.path {
            Some(path) => path.display().to_string(),
            None => "the built-in routes".to_owned(),
        }
    }
}

fn load(path: Option<&Path>) -> Result<Config, String> {
    let text = match path {
        Some(path) => text(path)?,
        None => BUILT_IN.to_owned(),
    };
    let config = Config::from_yaml(&text).map_err(|error| match path {
        Some(path) => format!("{}: {error}", path.display()),
        None => error.to_string(),
    })?;
    check(&config)?;
    Ok(config)
}

fn text(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let size = fs::metadata(path).map_err(|error| format!("{shown} cannot be read: {error}"))?;
    if size.len() > LARGEST {
        return Err(format!("{shown} is larger than 1 MiB"));
    }
    fs::read_to_string(path).map_err(|error| format!("{shown} cannot be read: {error}"))
}

/// Finds receivers that nobody is behind, before anything starts.
fn check(config: &Config) -> Result<(), String> {
    let log = Alerting::builder(SERVICE).notifier("log", Log::new());
    let builder = NAMES.iter().fold(log, |builder, (name, _)| {
        builder.notifier(*name, Log::new())
    });
    builder
        .config(config.clone())
        .check()
        .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_routes_are_those_of_the_guide() {
        let routes = Routing::read(None).unwrap().config;
        let to = |severity: &str| {
            let labels = [("severity".to_owned(), severity.to_owned())];
            routes.routes().receivers(&labels.into())
        };
        assert_eq!(to("critical"), ["pagerduty", "email", "telegram"]);
        assert_eq!(to("error"), ["slack", "telegram"]);
        assert_eq!(to("warning"), ["log"]);
        assert_eq!(to("info"), ["log"]);
    }

    #[test]
    fn a_bad_file_is_refused_with_its_name_and_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alerts.yml");
        let read = || Routing::read(path.to_str()).unwrap_err();
        assert!(read().contains("cannot be read"), "{}", read());
        for (text, part) in [
            (
                "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n",
                "nobody",
            ),
            (
                "route: {receiver: log, colour: red}\nreceivers: [{name: log}]\n",
                "colour",
            ),
            ("", "alerts.yml"),
            ("route: {receiver: log\n", "alerts.yml"),
        ] {
            fs::write(&path, text).unwrap();
            assert!(read().contains(part), "{text:?}: {}", read());
        }
    }
}
