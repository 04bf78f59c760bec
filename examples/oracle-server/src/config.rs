//! The environment, checked before anything starts: all problems at once, each with the name that has it.

mod env_file;
mod reader;
mod secret;
mod unsupported;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;
use sqlx::postgres::PgConnectOptions;
use watchkeep::alerts::notifiers::Slack;
use watchkeep::logging::LogConfig;

use reader::Reader;
use secret::Secret;

/// The service's name: in file names, metrics and alerts.
pub(crate) const SERVICE: &str = "oracle";

/// The most seconds that a waiting time may have: a day.
const LONGEST_WAIT: f64 = 86_400.0;

/// What is in force. It is valid: everything that can be checked without a network has been.
#[derive(Debug)]
pub struct Config {
    pub(crate) address: SocketAddr,
    pub(crate) drain_delay: Duration,
    pub(crate) drain: Duration,
    pub(crate) price_per_1k_tokens: f64,
    pub(crate) environment: String,
    pub(crate) logging: LogConfig,
    pub(crate) data_dir: PathBuf,
    pub(crate) database: Database,
    pub(crate) redis: Option<Redis>,
    pub(crate) engine: Option<Secret<Url>>,
    pub(crate) ai_timeout: Duration,
    pub(crate) rules: bool,
    pub(crate) monitor_interval: Option<Duration>,
    pub(crate) slack: Option<Slack>,
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
        let file = env_file::read(std::path::Path::new(".env"))
            .map_err(|problem| Problems(vec![problem]))?;
        Self::from_lookup(|name| match std::env::var_os(name) {
            Some(value) => Some(value.to_string_lossy().into_owned()),
            None => file.get(name).cloned(),
        })
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
        unsupported::refuse(&mut reader);
        let config = (|| {
            let address = reader.parsed("ORACLE_ADDR", "127.0.0.1:8000", address);
            let drain_delay = reader.seconds("ORACLE_DRAIN_DELAY_SECONDS", 0.0, 0.0..=LONGEST_WAIT);
            let drain = reader.seconds("ORACLE_DRAIN_SECONDS", 10.0, 0.0..=LONGEST_WAIT);
            let price = reader.number("ORACLE_PRICE_PER_1K_TOKENS", 0.002, 0.0..=1e9);
            let ai_timeout = reader.seconds("AI_TIMEOUT_SECONDS", 10.0, 0.001..=LONGEST_WAIT);
            let monitor = reader.optional("MONITOR_INTERVAL_SECONDS", |text| {
                reader::seconds(text, &(0.1..=LONGEST_WAIT))
            });
            let data_dir = reader.parsed("DATA_DIR", "data", |text| Ok(PathBuf::from(text)));
            let environment =
                reader.parsed("ENVIRONMENT", "development", |text| Ok(text.to_owned()));
            let database = reader.optional("DATABASE_URL", database);
            let redis = reader.optional("REDIS_URL", redis_client);
            let engine = reader.optional("AI_ENGINE_URL", engine_url);
            let slack = reader.optional("SLACK_WEBHOOK_URL", |url| {
                Slack::new(url).map_err(|error| error.to_string())
            });
            let zone = reader.optional("TZ", zone);
            let ops_token = reader.ops_token();
            Some(Self {
                address: address?,
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
                // Unset means the rules that the server brings along; set and empty means none.
                rules: lookup("RULES_CONFIG").is_none(),
                monitor_interval: monitor?,
                slack: slack?,
                ops_token: ops_token?,
                zone: zone?,
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

    /// Says what a start would do, a line each, without a secret.
    #[must_use]
    pub fn summary(&self) -> String {
        let seconds = |duration: Duration| format!("{} s", duration.as_secs_f64());
        let lines = [
            ("listens on", self.address.to_string()),
            ("environment", self.environment.clone()),
            ("data in", self.data_dir.display().to_string()),
            (
                "database",
                match &self.database {
                    Database::Postgres(options) => format!(
                        "PostgreSQL at {}:{}",
                        options.expose().get_host(),
                        options.expose().get_port()
                    ),
                    Database::Sqlite => "SQLite, embedded".to_owned(),
                },
            ),
            (
                "cache",
                match &self.redis {
                    Some(_) => "Redis".to_owned(),
                    None => "embedded".to_owned(),
                },
            ),
            (
                "AI engine",
                match &self.engine {
                    Some(url) => format!(
                        "at {}, {} for an answer",
                        url.expose().host_str().unwrap_or("?"),
                        seconds(self.ai_timeout)
                    ),
                    None => "embedded".to_owned(),
                },
            ),
            (
                "price",
                format!("{} USD per 1,000 tokens", self.price_per_1k_tokens),
            ),
            (
                "rules",
                match (self.rules, self.monitor_interval) {
                    (false, _) => "none in the process".to_owned(),
                    (true, None) => "embedded, every 60 s".to_owned(),
                    (true, Some(interval)) => format!("embedded, every {}", seconds(interval)),
                },
            ),
            ("alerts", crate::alerts::summary(self)),
            (
                "operators",
                match (&self.ops_token, self.address.ip().is_loopback()) {
                    (Some(_), _) => "by token",
                    (None, true) => "from this machine, without a token",
                    (None, false) => "closed: no OPS_TOKEN, and the listener is not on loopback",
                }
                .to_owned(),
            ),
            (
                "at SIGTERM",
                format!(
                    "unready, {} more of accepting, then {} at the most for requests in flight",
                    seconds(self.drain_delay),
                    seconds(self.drain)
                ),
            ),
        ];
        let mut text = String::new();
        for (name, value) in lines {
            text.push_str(&format!("{name:<12} {value}\n"));
        }
        text
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

fn zone(name: &str) -> Result<String, String> {
    watchkeep::metrics::Daily::in_zone(name)
        .map(|_| name.to_owned())
        .map_err(|_| format!("`{name}` is no time zone of this system, such as Europe/Athens"))
}

#[cfg(test)]
mod tests;
