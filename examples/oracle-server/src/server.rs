//! The server: its parts started in order, and stopped in the order that a cluster needs.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use tokio::sync::{RwLock, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tower_http::compression::CompressionLayer;
use watchkeep::Watchkeep;
use watchkeep::alerts::journal::Sqlite;
use watchkeep::endpoints::{Access, Dashboard};
use watchkeep::metrics::Daily;

use crate::cache::Cache;
use crate::config::{Config, Database, SERVICE};
use crate::data_dir::{AddressFile, ClaimError, DataDir};
use crate::engine::{EmbeddedEngine, Engine, MoodyEngine, RemoteEngine};
use crate::exchange::Oracle;
use crate::listeners::{Accepting, Bound};
use crate::numbers::Numbers;
use crate::reload::Reload;
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
    operators: Option<SocketAddr>,
    data_dir: DataDir,
    drain_delay: Duration,
    drain: Duration,
    watchkeep: Watchkeep,
    reload: Arc<Reload>,
    oracle: Arc<Oracle>,
    store: Arc<Store>,
    accepting: Accepting,
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
        let service = bind(config.address).await?;
        let operators = match config.operators {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        let address = service.address;
        let operators_address = operators.as_ref().map(|bound| bound.address);

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
        let rules = config.rules.source.clone();
        let reload = Arc::new(Reload::new(&watchkeep, config.routing.clone(), rules));
        let routers = routers(
            &config,
            address,
            operators_address,
            &watchkeep,
            &oracle,
            &reload,
        );
        let mut accepting = Accepting::new();
        if let (Some(bound), Some(router)) = (operators, routers.operators) {
            accepting.serve(bound, router);
        }
        accepting.serve(service, routers.service);
        let mut helpers = vec![tokio::spawn(recount(Arc::clone(&oracle)))];
        if config.demo {
            helpers.push(tokio::spawn(demo::talk(address)));
        }
        // The service's comes last: whoever sees it can rely on the other.
        if let Some(address) = operators_address {
            publish(&data_dir, AddressFile::Operators, address, &config)?;
        }
        publish(&data_dir, AddressFile::Service, address, &config)?;
        tracing::info!(addr = %address, "listening");
        if let Some(address) = operators_address {
            tracing::info!(addr = %address, listener = "ops", "listening");
        }
        Ok(Self {
            address,
            operators: operators_address,
            data_dir,
            drain_delay: config.drain_delay,
            drain: config.drain,
            watchkeep,
            reload,
            oracle,
            store,
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

    /// Returns the address of the operators' own listener, if they have one.
    #[must_use]
    pub const fn operators_address(&self) -> Option<SocketAddr> {
        self.operators
    }

    /// Opens the log files anew, and reads the files of routes and rules again; with a bad file what it would replace stays.
    ///
    /// # Errors
    /// A line for each problem of the files; they are logged, too.
    pub async fn reload(&self) -> Result<(), Vec<String>> {
        self.reload.all().await
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
        if timeout(GRACE, self.accepting.end()).await.is_err() {
            tracing::warn!("connections were still open at the end, without a whole request");
        }
        if timeout(Duration::from_secs(2), self.store.close())
            .await
            .is_err()
        {
            tracing::warn!("database connections did not close in time");
        }
        if let Err(error) = self.data_dir.withdraw_addresses() {
            tracing::warn!(%error, "address files could not be removed");
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

/// What each listener serves.
struct Routers {
    service: Router,
    operators: Option<Router>,
}

fn routers(
    config: &Config,
    address: SocketAddr,
    operators: Option<SocketAddr>,
    watchkeep: &Watchkeep,
    oracle: &Arc<Oracle>,
    reload: &Arc<Reload>,
) -> Routers {
    let access = match &config.ops_token {
        Some(token) => Access::with_token(token.expose()),
        None => Access::for_listener(operators.unwrap_or(address)),
    };
    let summary = Arc::clone(&oracle.numbers);
    let tiles = Arc::clone(&oracle.numbers);
    let reload = Arc::clone(reload);
    let endpoints = watchkeep
        .endpoints(access)
        .with_summary(move || summary.summary())
        .with_reload(move || {
            let reload = Arc::clone(&reload);
            async move { reload.all().await }
        })
        .with_dashboard(
            Dashboard::new("ORACLE System Dashboard")
                .with_tiles(move || tiles.tiles())
                .with_detail("Environment", &config.environment),
        );
    let endpoints = match config.elasticsearch.clone() {
        Some(server) => endpoints.with_elasticsearch(server),
        None => endpoints,
    };
    let layered = |router: Router| {
        router
            .layer(CompressionLayer::new())
            .layer(watchkeep.layer())
    };
    let own = api::routes(Arc::clone(oracle));
    if operators.is_none() {
        return Routers {
            service: layered(own.merge(endpoints.router())),
            operators: None,
        };
    }
    let split = endpoints.split();
    Routers {
        service: layered(own.merge(split.service)),
        operators: Some(layered(split.operators)),
    }
}

async fn bind(address: SocketAddr) -> Result<Bound, StartError> {
    let bound = Bound::to(address).await;
    bound.map_err(|error| StartError::Listen(address, error))
}

fn publish(
    data_dir: &DataDir,
    name: AddressFile,
    address: SocketAddr,
    config: &Config,
) -> Result<(), StartError> {
    let published = data_dir.publish(name, address);
    published.map_err(|error| StartError::DataDir(config.data_dir.clone(), error))
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
    let for_operators = config.operators.unwrap_or(config.address);
    if config.ops_token.is_none() && !for_operators.ip().is_loopback() {
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
