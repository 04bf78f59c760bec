//! The dashboard: one live page, complete without a script, and the same as JSON and as a stream of events.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::handler::Handler as _;
use watchkeep_alerts::Alerting;
use watchkeep_health::Registry;
use watchkeep_logging::LogHandle;
use watchkeep_metrics::Recorder;

use crate::route::{self, Routes};
use crate::shutdown::Shutdown;

mod actions;
mod alerts;
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

/// The page, its events and its actions; all of them are for operators.
///
/// The sampler starts here when there is a runtime, and with the first request otherwise.
pub(crate) fn mount(routes: &mut Routes, dashboard: Dashboard, parts: Parts) {
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
    let small = || DefaultBodyLimit::max(MOST_FORM_BYTES);
    routes.mount(route::DASHBOARD, page::index, page.clone());
    routes.mount(route::DASHBOARD_STYLE, assets::style, ());
    routes.mount(route::DASHBOARD_SCRIPT, assets::script, ());
    routes.mount(route::DASHBOARD_EVENTS, stream::events, page.clone());
    routes.mount(route::DASHBOARD_SNAPSHOT, page::json, page.clone());
    routes.mount(route::DASHBOARD_ASK_SILENCE, page::silence, page.clone());
    routes.mount(route::DASHBOARD_ASK_TEST, page::test, page.clone());
    routes.mount(
        route::DASHBOARD_ASK_LOG_LEVEL,
        page::log_level,
        page.clone(),
    );
    routes.mount(
        route::DASHBOARD_SILENCE,
        actions::silence.layer(small()),
        page.clone(),
    );
    routes.mount(
        route::DASHBOARD_TEST,
        actions::test.layer(small()),
        page.clone(),
    );
    routes.mount(
        route::DASHBOARD_LOG_LEVEL,
        actions::log_level.layer(small()),
        page,
    );
}
