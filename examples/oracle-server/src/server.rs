//! The server: its parts started in order, and stopped in the order that a cluster needs.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::{RwLock, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tower_http::compression::CompressionLayer;
use watchkeep::Watchkeep;
use watchkeep::alerts::journal::Sqlite;
use watchkeep::endpoints::{Access, Dashboard};
use watchkeep::metrics::Daily;

use crate::cache::Cache;
use crate::config::{Config, Database, Routing, SERVICE, rule_file};
use crate::data_dir::{ClaimError, DataDir};
use crate::engine::{EmbeddedEngine, Engine, MoodyEngine, RemoteEngine};
use crate::exchange::Oracle;
use crate::numbers::Numbers;
use crate::store::Store;
use crate::tls::http_client;
use crate::{alerts, api, components, demo};

/// What the log and the page call the service.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How long a call to Telegram may take; its check has a limit of its own below that.
const BOT_LIMIT: Duration = Duration::from_secs(10);

/// How often the users in the database are counted again: other replicas add some too.
const RECOUNT: Duration = Duration::from_secs(60);

/// How long the runtime may be unable to serve a timer before the process counts as dead; a busy one is late by milliseconds.
const RUNTIME_LIMIT: Duration = Duration::from_secs(30);

/// How long connections have to end once nothing is in flight any more: answers on their way, and clients that sent half a request.
const GRACE: Duration = Duration::from_millis(500);

/// A start that failed for another reason than its configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The data folder could not be made, or not be written to.
    #[error("the data folder `{}` cannot be used", .0.display())]
    DataDir(PathBuf, #[source] std::io::Error),
    /// Another server uses the data folder.
    #[error("the data folder `{}` belongs to a server that runs; each needs its own DATA_DIR", .0.display())]
    DataDirInUse(PathBuf),
    /// An HTTP client, for the AI engine or for checks, could not be made.
    #[error("the HTTP client cannot be made")]
    HttpClient(#[source] reqwest::Error),
    /// The address could not be listened on.
    #[error("cannot listen on {0}")]
    Listen(SocketAddr, #[source] std::io::Error),
    /// The journal of alerts could not be opened.
    #[error("the journal of alerts cannot be used")]
    Journal(#[from] watchkeep::alerts::journal::JournalError),
    /// Logging, metrics, health or alerts could not be set up.
    #[error("the monitoring cannot be set up")]
    Watchkeep(#[from] watchkeep::Error),
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    data_dir: DataDir,
    drain_delay: Duration,
    drain: Duration,
    watchkeep: Watchkeep,
    routing: Routing,
    rules: rule_file::Source,
    oracle: Arc<Oracle>,
    store: Arc<Store>,
    stop_accepting: oneshot::Sender<()>,
    accepting: JoinHandle<std::io::Result<()>>,
    helpers: Vec<JoinHandle<()>>,
}

impl Server {
    /// Starts everything and returns once the server accepts.
    ///
    /// Logging and the metrics recorder are the process's own: a process starts one server.
    ///
    /// # Errors
    /// When the address is taken, a folder cannot be made, or another logger or recorder is installed. A database, cache or engine that is down is none.
    pub async fn start(mut config: Config) -> Result<Self, StartError> {
        let data_dir = DataDir::claim(&config.data_dir).map_err(|error| match error {
            ClaimError::InUse => StartError::DataDirInUse(config.data_dir.clone()),
            ClaimError::Io(error) => StartError::DataDir(config.data_dir.clone(), error),
        })?;
        let journal = Sqlite::open(data_dir.file("alerts"))?;
        let listener = TcpListener::bind(config.address)
            .await
            .map_err(|error| StartError::Listen(config.address, error))?;
        let address = listener
            .local_addr()
            .map_err(|error| StartError::Listen(config.address, error))?;

        let store = Arc::new(match &config.database {
            Database::Postgres(options) => Store::postgres((**options.expose()).clone()),
            Database::Sqlite => Store::sqlite(&data_dir.file("oracle.db")),
        });
        let cache = Arc::new(match &config.redis {
            Some(client) => Cache::redis(client.expose().clone()),
            None => Cache::embedded(),
        });
        let engine = engine(&config)?;
        let fallbacks = alerts::fallbacks(&config);
        let client = http_client(BOT_LIMIT).map_err(StartError::HttpClient)?;
        let bot = config.bot.as_ref().map(|bot| (bot, &client));
        let parts = components::components(&store, &engine, &cache, bot);
        let watchkeep = watch(&mut config, &data_dir, parts, journal)?;
        say_fallbacks(&config, &fallbacks);

        let numbers = Numbers::register(watchkeep.recorder(), config.price_per_1k_tokens, || {
            daily(&config)
        });
        watchkeep.rules().observe();
        let oracle = Arc::new(Oracle {
            numbers,
            store: Arc::clone(&store),
            cache,
            engine,
            ai_timeout: config.ai_timeout,
            alerting: watchkeep.alerts().clone(),
            registry: watchkeep.health().clone(),
            in_flight: watch::Sender::new(0),
            draining: AtomicBool::new(false),
            given_up: watch::Sender::new(false),
            counting_users: RwLock::new(()),
        });
        let (stop_accepting, stopped) = oneshot::channel();
        let service = router(&config, address, &watchkeep, &oracle);
        let accepting = tokio::spawn(async move {
            axum::serve(listener, service)
                .with_graceful_shutdown(async { drop(stopped.await) })
                .await
        });
        let mut helpers = vec![tokio::spawn(recount(Arc::clone(&oracle)))];
        if config.demo {
            helpers.push(tokio::spawn(demo::talk(address)));
        }
        data_dir
            .publish_address(address)
            .map_err(|error| StartError::DataDir(config.data_dir.clone(), error))?;
        tracing::info!(addr = %address, "listening");
        Ok(Self {
            address,
            data_dir,
            drain_delay: config.drain_delay,
            drain: config.drain,
            watchkeep,
            routing: config.routing,
            rules: config.rules.source,
            oracle,
            store,
            stop_accepting,
            accepting,
            helpers,
        })
    }

    /// Returns the address really bound.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns what watches the server.
    pub const fn watchkeep(&self) -> &Watchkeep {
        &self.watchkeep
    }

    /// Reads the routing file again; a bad one is refused, and the old routes stay.
    pub async fn reload_routes(&mut self) {
        let routing = match self.routing.again() {
            Ok(routing) => routing,
            Err(problem) => {
                tracing::error!(problem, "routing file is refused, the old routes stay");
                return;
            }
        };
        match self.watchkeep.alerts().reload(routing.config.clone()).await {
            Ok(()) => {
                tracing::info!(
                    source = routing.source(),
                    "routes of alerts were read again"
                );
                self.routing = routing;
            }
            Err(error) => tracing::error!(%error, "routes are refused, the old ones stay"),
        }
    }

    /// Reads the rule file again; with a bad one everything stays as it was.
    ///
    /// # Errors
    /// A line for each problem of the file.
    pub fn reload_rules(&self) -> Result<(), Vec<String>> {
        let rules = rule_file::load(self.rules.clone())?;
        let taken = self.watchkeep.rules().reload(rules.groups);
        taken.map_err(|error| error.problems())
    }

    /// Stops it: unready at once, accepting until the drain delay is over and the messages in flight have ended, then everything flushed.
    ///
    /// Returns after the drain delay, the drain time and the time that flushing takes at the latest, whatever is still in flight then.
    pub async fn stop(self) {
        self.watchkeep.health().begin_drain();
        self.oracle.draining.store(true, Ordering::Relaxed);
        tracing::info!(in_flight = *self.oracle.in_flight.borrow(), "draining");
        for helper in &self.helpers {
            helper.abort();
        }
        sleep(self.drain_delay).await;
        let deadline = Instant::now() + self.drain;
        if timeout_at(deadline, self.idle()).await.is_err() {
            tracing::warn!(
                in_flight = *self.oracle.in_flight.borrow(),
                "requests were still in flight when the drain time was over"
            );
            // Those that wait for the engine or the database are answered now, and so counted and logged.
            self.oracle.given_up.send_replace(true);
            // What is left then is still sending its body, and no message yet.
            let _ = timeout(GRACE, self.idle()).await;
        }
        // The receiver is gone only when the server has ended by itself.
        let _ = self.stop_accepting.send(());
        if timeout(GRACE, self.accepting).await.is_err() {
            tracing::warn!("connections were still open at the end, without a whole request");
        }
        if timeout(Duration::from_secs(2), self.store.close())
            .await
            .is_err()
        {
            tracing::warn!("database connections did not close in time");
        }
        if let Err(error) = self.data_dir.withdraw_address() {
            tracing::warn!(%error, "address file could not be removed");
        }
        tracing::info!("stopped");
        self.watchkeep.shutdown().await;
    }

    /// Waits until no message is in flight.
    async fn idle(&self) {
        let mut in_flight = self.oracle.in_flight.subscribe();
        // The sender is the server's own.
        let _ = in_flight.wait_for(|count| *count == 0).await;
    }
}

fn engine(config: &Config) -> Result<Arc<dyn Engine>, StartError> {
    if let Some(url) = &config.engine {
        // The exchange has its own clock; the client's is only there so that a call never outlives it by much.
        let client = http_client(config.ai_timeout + Duration::from_secs(1))
            .map_err(StartError::HttpClient)?;
        if let Some(engine) = RemoteEngine::new(client, url.expose()) {
            return Ok(Arc::new(engine));
        }
    }
    Ok(if config.demo {
        Arc::new(MoodyEngine::default())
    } else {
        Arc::new(EmbeddedEngine)
    })
}

/// Sets up everything that watches the server.
fn watch(
    config: &mut Config,
    data_dir: &DataDir,
    components: Vec<watchkeep::health::Component>,
    journal: Sqlite,
) -> Result<Watchkeep, StartError> {
    let registry = Arc::new(OnceLock::new());
    let for_rules = Arc::clone(&registry);
    let mut builder = Watchkeep::builder(SERVICE)
        .with_version(VERSION)
        .with_environment(&config.environment)
        .with_start_message("ORACLE system started")
        .with_logging(config.logging.clone())
        .with_rule_groups(config.rules.groups.clone())
        .with_rule_state(data_dir.file("rules.json"))
        .with_rule_annotation("DatabaseDown", "error", move || {
            alerts::database_error(&for_rules)
        })
        .with_health(|health| health.watchdog(RUNTIME_LIMIT));
    for component in components {
        builder = builder.with_component(component);
    }
    if let Some(interval) = config.monitor_interval {
        builder = builder
            .with_rule_interval(interval)
            .with_check_interval(interval);
    }
    let channels = std::mem::take(&mut config.channels);
    let watchkeep = alerts::route(builder, &config.routing, channels, journal).start()?;
    // Set once, right here; nobody else holds the cell.
    let _ = registry.set(watchkeep.health().clone());
    Ok(watchkeep)
}

fn router(
    config: &Config,
    address: SocketAddr,
    watchkeep: &Watchkeep,
    oracle: &Arc<Oracle>,
) -> Router {
    let access = match &config.ops_token {
        Some(token) => Access::with_token(token.expose()),
        None => Access::for_listener(address),
    };
    let summary = Arc::clone(&oracle.numbers);
    let tiles = Arc::clone(&oracle.numbers);
    let endpoints = watchkeep
        .endpoints(access)
        .with_summary(move || summary.summary())
        .with_dashboard(
            Dashboard::new("ORACLE System Dashboard")
                .with_tiles(move || tiles.tiles())
                .with_detail("Environment", &config.environment),
        );
    api::routes(Arc::clone(oracle))
        .merge(endpoints.router())
        .layer(CompressionLayer::new())
        .layer(watchkeep.layer())
}

/// Says which channels are not configured.
fn say_fallbacks(config: &Config, fallbacks: &[(&str, &str)]) {
    for (channel, name) in fallbacks {
        tracing::info!(
            channel,
            name,
            "channel is not configured, its alerts go to the log"
        );
    }
    if config.ops_token.is_none() && !config.address.ip().is_loopback() {
        tracing::warn!("no OPS_TOKEN and not on loopback: the operators' pages are closed");
    }
}

fn daily(config: &Config) -> Daily {
    match &config.zone {
        Some(zone) => Daily::in_zone(zone).unwrap_or_else(|_| Daily::utc()),
        None => Daily::system(),
    }
}

/// Counts the users now, and every minute again.
async fn recount(oracle: Arc<Oracle>) {
    let mut ticks = tokio::time::interval(RECOUNT);
    loop {
        ticks.tick().await;
        if let Err(error) = oracle.recount_users().await {
            tracing::debug!(%error, "users could not be counted");
        }
    }
}
