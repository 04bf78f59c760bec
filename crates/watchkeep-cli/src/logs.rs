//! `watchkeep logs`: what the JSON log files, or Elasticsearch, say about errors.

use std::env::VarError;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Subcommand;
use jiff::{SignedDuration, Timestamp};
use watchkeep_logging::one_line_json;
use watchkeep_logging::query::{Elasticsearch, ErrorQuery, ErrorReport, json_logs, parse_since};

use self::progress::Bar;
use crate::words;

mod chart;
mod progress;
mod tail;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Count the errors since a time, and show the last of them.
    Errors(Errors),
}

/// What is asked for, and where.
#[derive(Debug, clap::Args)]
pub(crate) struct Errors {
    /// How far back: a number with s, m, h or d behind it.
    #[arg(long, default_value = "1h", value_parser = since, allow_hyphen_values = true, conflicts_with = "tail")]
    since: Duration,
    /// The folder of the JSON files (`*_json.log` and what was rotated); without it Elasticsearch, if there is one, else `logs`.
    #[arg(long, conflicts_with = "elasticsearch")]
    dir: Option<PathBuf>,
    /// Ask Elasticsearch: `http://user:password@host:9200/indices`, without a path `filebeat-*`; with a password, say it in the environment (ELASTICSEARCH_URL).
    // The variable is not read by clap: it would contradict `--dir`, whose user means the files.
    #[arg(long)]
    elasticsearch: Option<String>,
    /// The key to count by; with `--tail` it is shown behind each error.
    #[arg(long, default_value = "error.code")]
    by: String,
    /// Show the errors that are logged into the files from now on, until it is interrupted; Elasticsearch cannot be followed.
    #[arg(long, conflicts_with = "elasticsearch")]
    tail: bool,
    /// Print the object that `/logs/errors` answers; with `--tail` the documents, one a line.
    #[arg(long)]
    json: bool,
}

fn since(text: &str) -> Result<Duration, String> {
    parse_since(text).map_err(|error| error.to_string())
}

/// Runs a command; the answer is what to print.
pub(crate) fn run(command: Command) -> Result<String, String> {
    let Command::Errors(errors) = command;
    if errors.tail {
        if errors.server()?.is_some() {
            return Err("Elasticsearch cannot be followed: name the folder of the files with --dir (ELASTICSEARCH_URL is set)".to_owned());
        }
        return tail::follow(errors.dir(), &errors.by, errors.json);
    }
    let report = errors.report()?;
    if errors.json {
        return Ok(one_line_json(&report.to_json()));
    }
    Ok(chart::draw(&report, width()))
}

impl Errors {
    /// Returns the server to ask: one that was named, or that of the environment when no folder was.
    fn server(&self) -> Result<Option<String>, String> {
        if self.elasticsearch.is_some() || self.dir.is_some() {
            return Ok(self.elasticsearch.clone());
        }
        match std::env::var("ELASTICSEARCH_URL") {
            Ok(url) => Ok(Some(url).filter(|url| !url.is_empty())),
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err("ELASTICSEARCH_URL is no text".to_owned()),
        }
    }

    fn dir(&self) -> &Path {
        self.dir.as_deref().unwrap_or_else(|| Path::new("logs"))
    }

    fn report(&self) -> Result<ErrorReport, String> {
        let back = SignedDuration::try_from(self.since).unwrap_or(SignedDuration::MAX);
        let from = Timestamp::now().saturating_sub(back);
        let query = ErrorQuery::new(from.unwrap_or(Timestamp::MIN)).with_by(&self.by);
        if let Some(url) = self.server()? {
            // Read here and not by clap, which would repeat what it refuses.
            let server = Elasticsearch::new(&url);
            let server = server.map_err(|error| format!("the URL of Elasticsearch {error}"))?;
            return query.of_elasticsearch(&server).map_err(words);
        }
        let paths = files(self.dir())?;
        let mut bar = Bar::on_terminal();
        let scanned = query.of_files(&paths, |progress| bar.show(progress));
        bar.clear();
        Ok(scanned.map_err(words)?.report)
    }
}

/// Finds the active files of a folder; none at all is a mistake in the folder's name.
fn files(dir: &Path) -> Result<Vec<PathBuf>, String> {
    let paths = json_logs(dir).map_err(words)?;
    if paths.is_empty() {
        return Err(format!(
            "there is no JSON log file (`*_json.log`) in `{}`; the service writes one with LOG_JSON=true",
            dir.display()
        ));
    }
    Ok(paths)
}

/// How wide the answer may be: as `COLUMNS` says, else 80.
fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok();
    let columns = columns.and_then(|text| text.parse().ok());
    columns.unwrap_or(80).clamp(40, 200)
}

/// Whether somebody looks at the progress.
fn is_watched() -> bool {
    io::stderr().is_terminal()
}
