//! The router of each case: bare, with ours, with the peers.

use std::fmt::Debug;
use std::io;
use std::sync::Once;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use axum_prometheus::PrometheusMetricLayer;
use metrics_exporter_prometheus::PrometheusBuilder;
use tempfile::TempDir;
use tower::layer::layer_fn;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::trace::{DefaultMakeSpan, DefaultOnResponse, TraceLayer};
use tracing::Level;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::layer::SubscriberExt;
use watchkeep_logging::{Console, LogConfig, LogGuard, OnFull};
use watchkeep_metrics::Recorder;
use watchkeep_tower::ObservabilityLayer;

const LONG: Duration = Duration::from_secs(600);

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) goal: Option<Goal>,
    pub(crate) prepare: fn() -> io::Result<Prepared>,
}

/// What a request may cost.
#[derive(Clone, Copy)]
pub(crate) struct Goal {
    pub(crate) instructions: f64,
    pub(crate) allocations: f64,
}

/// A router, and what must live as long as it is asked.
pub(crate) struct Prepared {
    pub(crate) router: Router,
    /// Taken off before the log is ended.
    subscriber: Option<DefaultGuard>,
    log: Option<(LogGuard, TempDir)>,
}

const fn case(name: &'static str, prepare: fn() -> io::Result<Prepared>) -> Case {
    Case {
        name,
        goal: None,
        prepare,
    }
}

pub(crate) const CASES: [Case; 8] = [
    Case {
        name: "watchkeep",
        goal: Some(Goal {
            instructions: 13_000.0,
            allocations: 26.0,
        }),
        prepare: || Ok(Prepared::quiet(ours()?)),
    },
    Case {
        name: "watchkeep and an ECS line",
        goal: Some(Goal {
            instructions: 20_300.0,
            allocations: 29.0,
        }),
        prepare: ours_with_a_line,
    },
    case("bare router", || Ok(Prepared::quiet(bare()))),
    case("a layer that does nothing", || {
        Ok(Prepared::quiet(
            bare().layer(layer_fn(|service: axum::routing::Route| service)),
        ))
    }),
    case("TraceLayer", || Ok(Prepared::quiet(traced(bare())))),
    case("request ids of tower-http", || {
        Ok(Prepared::quiet(identified(bare())))
    }),
    case("ids, trace, axum-prometheus, catch-panic", || {
        Ok(Prepared::quiet(stack()))
    }),
    case("the same and a JSON line", || {
        let subscriber = tracing_subscriber::fmt()
            .json()
            .with_writer(io::sink)
            .finish();
        Ok(Prepared {
            router: stack(),
            subscriber: Some(tracing::subscriber::set_default(subscriber)),
            log: None,
        })
    }),
];

// === impl Prepared ===

impl Prepared {
    fn quiet(router: Router) -> Self {
        Self {
            router,
            subscriber: None,
            log: None,
        }
    }

    /// Ends the log, whose every line must be there.
    ///
    /// # Errors
    ///
    /// Lines were lost.
    pub(crate) fn finish(self) -> io::Result<()> {
        drop((self.router, self.subscriber));
        let Some((guard, _folder)) = self.log else {
            return Ok(());
        };
        let report = guard.flush(LONG);
        match report.is_complete() && report.lost() == 0 {
            true => Ok(()),
            false => Err(lost(&report)),
        }
    }
}

fn lost(report: &dyn Debug) -> io::Error {
    io::Error::other(format!("lines were lost: {report:?}"))
}

fn bare() -> Router {
    Router::new().route("/users/{id}", get(|| async { "hello" }))
}

/// Everything is on: ids, trace context, span, metrics, panics.
fn ours() -> io::Result<Router> {
    let recorder = Recorder::builder().build().map_err(io::Error::other)?;
    let layer = ObservabilityLayer::builder()
        .with_recorder(recorder)
        .with_panic_response()
        .build();
    Ok(bare().layer(layer))
}

fn ours_with_a_line() -> io::Result<Prepared> {
    let folder = tempfile::tempdir()?;
    let (layer, guard) = LogConfig::new("bench")
        .with_console(Console::Off)
        .with_dir(Some(folder.path().to_owned()))
        .with_text(false)
        .with_errors(false)
        .with_json(true)
        .with_max_bytes(1 << 40)
        .with_on_full(OnFull::Block { at_most: LONG })
        .build()
        .map_err(io::Error::other)?;
    let subscriber = tracing_subscriber::registry().with(layer);
    Ok(Prepared {
        router: ours()?,
        subscriber: Some(tracing::subscriber::set_default(subscriber)),
        log: Some((guard, folder)),
    })
}

fn traced(router: Router) -> Router {
    router.layer(
        TraceLayer::new_for_http()
            .make_span_with(DefaultMakeSpan::new().level(Level::INFO))
            .on_response(DefaultOnResponse::new().level(Level::INFO)),
    )
}

fn identified(router: Router) -> Router {
    router
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
}

/// What a service of today puts together.
fn stack() -> Router {
    // axum-prometheus speaks to the global recorder; ours has its own.
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let installed = PrometheusBuilder::new().install_recorder();
        assert!(installed.is_ok(), "nobody else has installed one");
    });
    let router = bare()
        .layer(CatchPanicLayer::new())
        .layer(PrometheusMetricLayer::new());
    identified(traced(router))
}
