//! The dashboard: one live page, complete without a script, and the same as JSON and as a stream of events.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use watchkeep_alerts::Alerting;
use watchkeep_health::Registry;
use watchkeep_logging::LogHandle;
use watchkeep_metrics::Recorder;

use crate::shutdown::Shutdown;

mod actions;
mod assets;
mod gather;
mod page;
mod sampler;
mod snapshot;
mod source;
mod stream;
mod trend;
mod words;

pub use source::{Section, Source, Tile};

use actions::Actions;
use gather::Gatherer;
use page::Page;
use sampler::Sampler;
use stream::Viewers;

/// How often the page is brought up to date unless it is said otherwise.
const REFRESH: Duration = Duration::from_secs(2);

/// The least and the longest time between two snapshots; whoever watches hears something every five seconds.
const REFRESH_BOUNDS: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));

/// How many snapshots a sparkline looks back, and between what that may be set.
const SAMPLES: usize = 150;
const SAMPLES_BOUNDS: (usize, usize) = (2, 600);

/// How many may watch at once.
const VIEWERS: usize = 64;

/// The form of an action is a few hundred bytes.
const MOST_FORM_BYTES: usize = 16 * 1024;

/// What the page shows beside components, alerts and logs, and how it is shown.
///
/// | what | default | why |
/// |---|---|---|
/// | [refresh](Self::with_refresh) | 2 s | fast enough to watch an outage, and a snapshot costs little |
/// | [samples](Self::with_samples) | 150 | the last five minutes at that pace |
/// | [viewers](Self::with_max_viewers) | 64 | more than a team, and few enough that nobody can tie the server down |
#[derive(Clone)]
#[must_use]
pub struct Dashboard {
    title: String,
    sources: Vec<Arc<dyn Source>>,
    details: Vec<(String, String)>,
    refresh: Duration,
    samples: usize,
    max_viewers: usize,
}

impl Dashboard {
    /// A page with this title, and nothing of the service's own.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            sources: Vec::new(),
            details: Vec::new(),
            refresh: REFRESH,
            samples: SAMPLES,
            max_viewers: VIEWERS,
        }
    }

    /// Adds tiles and sections of the service's own; of several sources those come first that were added first.
    ///
    /// A source is asked once a refresh, however many watch, on a thread that may block for a moment.
    pub fn with_source(mut self, source: impl Source) -> Self {
        self.sources.push(Arc::new(source));
        self
    }

    /// Adds tiles; the short form of [`with_source`](Self::with_source) for a service without sections.
    pub fn with_tiles(self, tiles: impl Fn() -> Vec<Tile> + Send + Sync + 'static) -> Self {
        self.with_source(source::OnlyTiles(tiles))
    }

    /// Adds a line to the details of build and runtime: the environment, say, or a commit.
    pub fn with_detail(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.details.push((name.into(), value.into()));
        self
    }

    /// Sets how often the page is brought up to date: from 250 ms to 5 s, and 2 s unless this is said.
    pub fn with_refresh(mut self, refresh: Duration) -> Self {
        self.refresh = refresh.clamp(REFRESH_BOUNDS.0, REFRESH_BOUNDS.1);
        self
    }

    /// Sets how many samples a sparkline shows, one a refresh: from 2 to 600, and 150 unless this is said.
    pub fn with_samples(mut self, samples: usize) -> Self {
        self.samples = samples.clamp(SAMPLES_BOUNDS.0, SAMPLES_BOUNDS.1);
        self
    }

    /// Sets how many may watch at once, 64 unless this is said; who comes then gets 503 and `Retry-After`.
    ///
    /// The page itself and its JSON have no such limit.
    pub fn with_max_viewers(mut self, viewers: usize) -> Self {
        self.max_viewers = viewers;
        self
    }
}

impl fmt::Debug for Dashboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dashboard")
            .field("title", &self.title)
            .field("refresh", &self.refresh)
            .field("samples", &self.samples)
            .field("max_viewers", &self.max_viewers)
            .finish_non_exhaustive()
    }
}

/// What the page is about.
#[derive(Clone, Default)]
pub(crate) struct Parts {
    pub(crate) health: Option<Registry>,
    pub(crate) alerts: Option<Alerting>,
    pub(crate) logs: Option<LogHandle>,
    pub(crate) recorder: Option<Recorder>,
    pub(crate) shutdown: Shutdown,
}

/// The routes of the page; all of them are for operators.
///
/// The sampler starts here when there is a runtime, and with the first request otherwise.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(
    dashboard: Dashboard,
    parts: Parts,
) -> Router<S> {
    let refresh = dashboard.refresh;
    let viewers = Viewers::new(dashboard.max_viewers);
    let actions = Actions::new(parts.alerts.clone(), parts.logs.clone());
    let shutdown = parts.shutdown.clone();
    let health = parts.health.clone();
    let gatherer = Gatherer::new(dashboard, parts, actions.token());
    let sampler = Sampler::new(gatherer, refresh, shutdown, health);
    if tokio::runtime::Handle::try_current().is_ok() {
        sampler.start();
    }
    let page = Page::new(sampler, viewers, actions);
    let forms = Router::new()
        .route("/dashboard/api/silence", post(actions::silence))
        .route("/dashboard/api/test", post(actions::test))
        .route("/dashboard/api/log-level", post(actions::log_level))
        .layer(DefaultBodyLimit::max(MOST_FORM_BYTES))
        .layer(from_fn(actions::same_origin));
    Router::new()
        .route("/dashboard", get(page::index))
        .route("/dashboard/style.css", get(assets::style))
        .route("/dashboard/script.js", get(assets::script))
        .route("/dashboard/events", get(stream::events))
        .route("/dashboard/api/snapshot", get(page::json))
        .route("/dashboard/silence", get(page::silence))
        .route("/dashboard/test", get(page::test))
        .route("/dashboard/log-level", get(page::log_level))
        .merge(forms)
        .with_state(page)
}
