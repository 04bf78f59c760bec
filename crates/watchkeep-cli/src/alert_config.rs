//! `watchkeep alerts check`, `export` and `routes`: what a configuration file says.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use watchkeep_alerts::config::Config;
use watchkeep_alerts::dry_run::Script;
use watchkeep_alerts::{Labels, Timestamp};

/// As many bytes as are read of a file: more than the largest that is taken.
const MOST: u64 = 2 << 20;

/// Says what a file has, and what in it is worth a look.
pub(crate) fn check(path: &Path) -> Result<String, String> {
    let config = read(path)?;
    let mut text = format!(
        "{}: valid, with {} routes, {} receivers, {} inhibition rules and {} time intervals",
        path.display(),
        config.routes().iter().count(),
        config.receivers().len(),
        config.inhibit_rules().len(),
        config.intervals().len(),
    );
    for warning in config.warnings() {
        // A `String` takes all that is written to it.
        let _ = write!(text, "\nwarning: {}: {warning}", path.display());
    }
    Ok(text)
}

/// Writes a file as Alertmanager reads it, with what that loses as comments.
pub(crate) fn export(path: &Path, with_secrets: bool) -> Result<String, String> {
    let config = read(path)?;
    let export = if with_secrets {
        config
            .to_alertmanager_with_secrets()
            .map_err(|error| error.to_string())?
    } else {
        config.to_alertmanager()
    };
    Ok(export.to_string().trim_end().to_owned())
}

/// Says which receivers hear of an alert with these labels, as `amtool config routes test` does; with a time, also which routes said what, and who is muted then.
pub(crate) fn routes(
    path: &Path,
    labels: &[String],
    at: Option<Timestamp>,
) -> Result<String, String> {
    if let Some(at) = at {
        return explain(path, labels, at, false);
    }
    let config = read(path)?;
    Ok(config.routes().receivers(&alert(labels)?).join(","))
}

/// Says how an alert with these labels is routed, and who is muted at that time.
pub(crate) fn explain(
    path: &Path,
    labels: &[String],
    at: Timestamp,
    json: bool,
) -> Result<String, String> {
    let explanation = read(path)?.explain_routes(&alert(labels)?, at);
    match json {
        true => serde_json::to_string_pretty(&explanation).map_err(|error| error.to_string()),
        false => Ok(explanation.to_string().trim_end().to_owned()),
    }
}

/// Says what a file would send if this happened.
pub(crate) fn dry_run(path: &Path, script: &Script, json: bool) -> Result<String, String> {
    let run = read(path)?
        .dry_run(script)
        .map_err(|error| error.to_string())?;
    match json {
        true => serde_json::to_string_pretty(&run).map_err(|error| error.to_string()),
        false => Ok(run.to_string().trim_end().to_owned()),
    }
}

fn alert(labels: &[String]) -> Result<Labels, String> {
    let mut alert = Labels::new();
    for text in labels {
        let (name, value) = label(text).ok_or_else(|| format!("`{text}` is not label=value"))?;
        alert.insert(name.to_owned(), value.to_owned());
    }
    Ok(alert)
}

/// Reads a label as name=value.
pub(crate) fn label(text: &str) -> Option<(&str, &str)> {
    text.split_once('=').filter(|(name, _)| !name.is_empty())
}

/// Reads a file that is not too large.
pub(crate) fn text(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(MOST).read_to_string(&mut text))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text)
}

fn read(path: &Path) -> Result<Config, String> {
    let text = text(path)?;
    Config::from_yaml(&text).map_err(|error| format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use tempfile::NamedTempFile;

    use super::*;

    const TEXT: &str = "route:\n  receiver: a\n  routes:\n  - match: {x: 'y=z'}\n    receiver: b\n    continue: true\n  - matchers: ['x=~.+']\n    receiver: c\nreceivers: [{name: a}, {name: b}, {name: c}]\n";

    fn file(text: &str) -> NamedTempFile {
        let mut file = NamedTempFile::new().expect("there is room");
        file.write_all(text.as_bytes()).expect("there is room");
        file
    }

    #[test]
    fn a_valid_file_is_counted_and_warned_of() {
        let file = file(TEXT);
        let path = file.path().display().to_string();
        let said = check(file.path());
        let expected = format!(
            "{path}: valid, with 3 routes, 3 receivers, 0 inhibition rules and 0 time intervals\nwarning: {path}: line 4, column 5: `match` is deprecated: use `matchers`"
        );
        assert_eq!(said, Ok(expected));
    }

    #[test]
    fn an_export_says_first_what_it_loses_and_hides_secrets_unless_asked() {
        let file = file(
            "route: {receiver: a}\nreceivers: [{name: a, slack_configs: [{api_url: 'http://s/key'}]}]\nx-own: 1\n",
        );
        let text = |with_secrets| export(file.path(), with_secrets).expect("it is valid");
        assert!(text(false).starts_with("# lost: the file: `x-own` is an extension\nglobal:\n"));
        assert!(text(false).contains("api_url: \"<secret>\""));
        assert!(text(true).contains("api_url: \"http://s/key\""));
    }

    #[test]
    fn labels_find_their_receivers() {
        let file = file(TEXT);
        let receivers = |labels: &[&str]| {
            let labels: Vec<String> = labels.iter().map(|&label| label.to_owned()).collect();
            routes(file.path(), &labels, None)
        };
        assert_eq!(receivers(&[]), Ok("a".to_owned()));
        assert_eq!(receivers(&["x=y=z"]), Ok("b,c".to_owned()));
        assert_eq!(receivers(&["x=1", "w="]), Ok("c".to_owned()));
        assert_eq!(receivers(&["x"]), Err("`x` is not label=value".to_owned()));
        assert_eq!(
            receivers(&["=x"]),
            Err("`=x` is not label=value".to_owned())
        );
    }

    #[test]
    fn what_is_wrong_names_the_file_and_the_line() {
        let bad = file("route:\n  foo: bar\n");
        let said = check(bad.path()).unwrap_err();
        assert!(
            said.ends_with(": line 2, column 3: a route has no field `foo`"),
            "{said}"
        );
        let said = routes(Path::new("/nowhere/at/all"), &[], None).unwrap_err();
        assert!(said.starts_with("/nowhere/at/all: "), "{said}");
        let large = file(&"#".repeat(3 << 20));
        let said = check(large.path()).unwrap_err();
        assert!(said.ends_with("the file has more than 1 MiB"), "{said}");
    }
}
