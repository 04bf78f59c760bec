//! The environment, checked before anything starts: all problems at once, each with the name that has it.

mod channels;
mod env_file;
mod reader;
mod routing;
pub(crate) mod rule_file;
mod secret;
mod summary;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::env::VarError;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::Url;
use sqlx::postgres::PgConnectOptions;
use watchkeep::logging::LogConfig;
use watchkeep::logging::query::Elasticsearch;
use watchkeep::metrics::Daily;

pub(crate) use channels::{Bot, Channels, NAMES};
use reader::Reader;
pub(crate) use routing::Routing;
use rule_file::Rules;
pub(crate) use secret::Secret;

/// The service's name: in file names, metrics and alerts.
pub(crate) const SERVICE: &str = "oracle";

/// The most seconds that a waiting time may have: a day.
const LONGEST_WAIT: f64 = 86_400.0;

/// What is in force. It is valid: everything that can be checked without a network has been.
#[derive(Debug)]
pub struct Config {
    pub(crate) address: SocketAddr,
    /// The listener of operators, when they have their own.
    pub(crate) operators: Option<SocketAddr>,
    pub(crate) drain_delay: Duration,
    pub(crate) drain: Duration,
    pub(crate) price_per_1k_tokens: f64,
    pub(crate) environment: String,
    pub(crate) logging: LogConfig,
    /// The names of the environment that logging reads, with what is set.
    log_settings: Vec<(&'static str, Option<String>)>,
    pub(crate) data_dir: PathBuf,
    pub(crate) database: Database,
    pub(crate) redis: Option<Redis>,
    pub(crate) engine: Option<Secret<Url>>,
    pub(crate) ai_timeout: Duration,
    pub(crate) rules: Rules,
    pub(crate) monitor_interval: Option<Duration>,
    pub(crate) channels: Channels,
    pub(crate) routing: Routing,
    pub(crate) bot: Option<Bot>,
    /// Where errors are looked for instead of the files.
    pub(crate) elasticsearch: Option<Elasticsearch>,
    pub(crate) ops_token: Option<Secret<String>>,
    pub(crate) zone: Option<String>,
    /// Whether the server sends traffic to itself; from the command line.
    pub(crate) demo: bool,
}

/// Which database.
#[derive(Debug)]
pub(crate) enum Database {
    Postgres(Secret<Box<PgConnectOptions>>),
    /// The file in the data folder.
    Sqlite,
}

/// Which Redis.
pub(crate) type Redis = Secret<redis::Client>;

/// Everything that is wrong with the environment, a line each.
#[derive(Clone, Debug)]
pub struct Problems(Vec<String>);

impl Config {
    /// Reads the process's environment, and a `.env` file in the working directory for what it does not have.
    ///
    /// # Errors
    /// When any name has a value that cannot be meant; all of them are listed.
    pub fn from_env() -> Result<Self, Problems> {
        let file = env_file::read(Path::new(".env")).map_err(|problem| Problems(vec![problem]))?;
        let unreadable = RefCell::new(BTreeSet::new());
        let config = Self::from_lookup(|name| match std::env::var(name) {
            Ok(value) => Some(value),
            Err(VarError::NotPresent) => file.get(name).cloned(),
            Err(VarError::NotUnicode(_)) => {
                unreadable.borrow_mut().insert(name.to_owned());
                None
            }
        });
        let unreadable = unreadable.into_inner();
        if unreadable.is_empty() {
            return config;
        }
        let mut problems = config.err().map_or_else(Vec::new, |problems| problems.0);
        problems.extend(
            unreadable
                .iter()
                .map(|name| format!("{name}: is not UTF-8")),
        );
        Err(Problems(problems))
    }

    /// Reads an environment through a function that knows the value of each name.
    ///
    /// # Errors
    /// When any name has a value that cannot be meant; all of them are listed.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let logging = LogConfig::from_lookup(SERVICE, &lookup)
            .map_err(|error| problems.extend_from_slice(error.problems()))
            .ok();
        let mut reader = Reader::new(&lookup, problems);
        let config = (|| {
            let address = reader.parsed("ORACLE_ADDR", "127.0.0.1:8000", address);
            let operators = reader.optional("OPS_ADDR", address_of_its_own(address));
            let drain_delay = reader.seconds("ORACLE_DRAIN_DELAY_SECONDS", 0.0, 0.0..=LONGEST_WAIT);
            let drain = reader.seconds("ORACLE_DRAIN_SECONDS", 10.0, 0.0..=LONGEST_WAIT);
            let price = reader.number("ORACLE_PRICE_PER_1K_TOKENS", 0.002, 0.0..=1e9);
            let ai_timeout = reader.seconds("AI_TIMEOUT_SECONDS", 10.0, 0.001..=LONGEST_WAIT);
            let monitor = reader.optional("MONITOR_INTERVAL_SECONDS", |text| {
                reader::seconds(text, &(0.1..=LONGEST_WAIT))
            });
            let rules = rule_file::read(&mut reader);
            let data_dir = reader.parsed("DATA_DIR", "data", folder);
            let log_dir = reader.optional("LOG_DIR", folder);
            let environment =
                reader.parsed("ENVIRONMENT", "development", |text| Ok(text.to_owned()));
            let database = reader.optional("DATABASE_URL", database);
            let redis = reader.optional("REDIS_URL", redis_client);
            let engine = reader.optional("AI_ENGINE_URL", engine_url);
            let channels = Channels::read(&mut reader);
            let routing = match reader.optional("ALERTS_CONFIG", |path| Routing::read(Some(path))) {
                Some(None) => reader.built_in("ALERTS_CONFIG", Routing::read(None)),
                named => named.flatten(),
            };
            let zone = reader.optional("TZ", zone);
            let elasticsearch = reader.optional("ELASTICSEARCH_URL", |url| {
                Elasticsearch::new(url).map_err(|error| error.to_string())
            });
            let ops_token = reader.ops_token();
            log_dir?;
            Some(Self {
                log_settings: summary::log_settings(&lookup),
                address: address?,
                operators: operators?,
                drain_delay: drain_delay?,
                drain: drain?,
                price_per_1k_tokens: price?,
                environment: environment?,
                logging: logging?,
                data_dir: data_dir?,
                database: database?.unwrap_or(Database::Sqlite),
                redis: redis?,
                engine: engine?,
                ai_timeout: ai_timeout?,
                rules: rules?,
                monitor_interval: monitor?,
                channels: channels?,
                routing: routing?,
                bot: Bot::read(&reader),
                elasticsearch: elasticsearch?,
                ops_token: ops_token?,
                zone: zone?.flatten(),
                demo: false,
            })
        })();
        let problems = reader.into_problems();
        match config {
            Some(config) if problems.is_empty() => Ok(config),
            _ => Err(Problems(problems)),
        }
    }

    /// Also sends traffic to itself, through an engine in changing moods.
    #[must_use]
    pub fn with_demo(mut self, demo: bool) -> Self {
        self.demo = demo;
        self
    }
}

impl Problems {
    /// Returns the problems, a line each.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Problems {}

/// `host:port` with an address, or `localhost`, for a host.
fn address(text: &str) -> Result<SocketAddr, String> {
    let literal = text
        .strip_prefix("localhost:")
        .map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    literal
        .parse()
        .map_err(|_| "is no address and port, such as 127.0.0.1:8000".to_owned())
}

/// An address of which the port is not taken by the service's own listener.
fn address_of_its_own(service: Option<SocketAddr>) -> impl Fn(&str) -> Result<SocketAddr, String> {
    move |text| {
        let parsed = address(text)?;
        let is_taken = service.is_some_and(|service| {
            let any_host = parsed.ip().is_unspecified() || service.ip().is_unspecified();
            parsed.port() != 0
                && parsed.port() == service.port()
                && (any_host || parsed.ip() == service.ip())
        });
        if is_taken {
            return Err("is where ORACLE_ADDR listens; give it another port".to_owned());
        }
        Ok(parsed)
    }
}

fn database(url: &str) -> Result<Database, String> {
    let known = ["postgres://", "postgresql://"];
    if !known.iter().any(|scheme| url.starts_with(scheme)) {
        return Err("is no postgres:// URL; leave it unset for the embedded database".to_owned());
    }
    // The error's own text may quote the URL, and with it the password.
    let options: PgConnectOptions = url
        .parse()
        .map_err(|_| "is no valid postgres:// URL".to_owned())?;
    Ok(Database::Postgres(Secret::new(Box::new(options))))
}

fn redis_client(url: &str) -> Result<Redis, String> {
    redis::Client::open(url)
        .map(Secret::new)
        .map_err(|_| "is no redis:// URL that this build can use".to_owned())
}

fn engine_url(url: &str) -> Result<Secret<Url>, String> {
    let parsed = Url::parse(url).map_err(|_| "is no URL".to_owned())?;
    if !matches!(parsed.scheme(), "http" | "https") || parsed.host_str().is_none() {
        return Err("is no http:// or https:// URL".to_owned());
    }
    Ok(Secret::new(parsed))
}

/// A folder that is there, or could be made: its nearest ancestor that exists is a folder.
fn folder(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let existing = path.ancestors().find(|ancestor| ancestor.exists());
    match existing {
        Some(existing) if !existing.is_dir() => {
            Err(format!("`{}` is no folder", existing.display()))
        }
        _ => Ok(path),
    }
}

/// A zone of the system's list; or none for the process's own `TZ` in a form that only the system reads, such as `EST5EDT` with rules.
fn zone(name: &str) -> Result<Option<String>, String> {
    if Daily::in_zone(name).is_ok() {
        return Ok(Some(name.to_owned()));
    }
    let looks_posix =
        name.starts_with(':') || name.contains(|character: char| character.is_ascii_digit());
    if looks_posix && std::env::var("TZ").as_deref() == Ok(name) {
        return Ok(None);
    }
    Err(format!(
        "`{name}` is no time zone of this system, such as Europe/Athens"
    ))
}

#[cfg(test)]
mod tests;
