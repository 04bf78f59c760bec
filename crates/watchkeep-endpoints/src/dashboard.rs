//! The dashboard: one page that is complete without a script, and the same as JSON.

use std::fmt;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use serde::Serialize;
use watchkeep_alerts::Alerting;
use watchkeep_health::Registry;

use crate::respond;
use crate::route::{self, Routes};

/// Nothing inline, nothing from elsewhere, in nobody's frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

const STYLE: &str = include_str!("../assets/style.css");

/// One number on the page.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Tile {
    /// What the number is.
    pub title: String,
    /// The number as people read it; `–` where there is none.
    pub value: String,
    /// A word of health (`healthy`, `degraded`, `unknown`, `unhealthy`) that gives the tile its sign and colour; empty for a plain number.
    pub tone: String,
}

impl Tile {
    /// A plain number.
    #[must_use]
    pub fn new(title: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            value: value.into(),
            tone: String::new(),
        }
    }

    /// Gives the tile the sign and colour of a word of health.
    #[must_use]
    pub fn with_tone(mut self, tone: impl Into<String>) -> Self {
        self.tone = tone.into();
        self
    }
}

/// What the page shows beside components and alerts: a title, and the service's own tiles.
#[derive(Clone)]
pub struct Dashboard {
    title: String,
    tiles: Arc<dyn Fn() -> Vec<Tile> + Send + Sync>,
}

impl Dashboard {
    /// A page with this title and no tiles of the service's own.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            tiles: Arc::new(Vec::new),
        }
    }

    /// Sets where the tiles come from; called for each view, so it must be cheap and must not block.
    #[must_use]
    pub fn with_tiles(mut self, tiles: impl Fn() -> Vec<Tile> + Send + Sync + 'static) -> Self {
        self.tiles = Arc::new(tiles);
        self
    }
}

impl fmt::Debug for Dashboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dashboard")
            .field("title", &self.title)
            .finish_non_exhaustive()
    }
}

#[derive(Clone)]
pub(crate) struct Page {
    pub(crate) dashboard: Dashboard,
    pub(crate) health: Option<Registry>,
    pub(crate) alerts: Option<Alerting>,
}

/// Everything one view of the page shows; the JSON twin is the same value.
#[derive(Serialize, Template)]
#[template(path = "dashboard.html")]
struct View {
    title: String,
    status: String,
    uptime: String,
    version: String,
    tiles: Vec<Tile>,
    components: Vec<Row>,
    alerts: Vec<AlertRow>,
    taken_at: String,
}

#[derive(Serialize)]
struct Row {
    name: String,
    status: String,
    criticality: &'static str,
    latency: String,
    message: String,
}

#[derive(Serialize)]
struct AlertRow {
    name: String,
    level: String,
    summary: String,
    since: String,
}

impl Page {
    async fn view(&self) -> View {
        let alerts = match &self.alerts {
            Some(alerting) => alerting.active().await,
            None => Vec::new(),
        };
        let report = self.health.as_ref().map(Registry::report);
        let mut tiles = (self.dashboard.tiles)();
        let status = report.as_ref().map_or_else(
            || "unknown".to_owned(),
            |report| report.status.as_str().to_owned(),
        );
        if report.is_some() {
            tiles.push(Tile::new("System Status", status.to_uppercase()).with_tone(&status));
        }
        View {
            title: self.dashboard.title.clone(),
            uptime: report.as_ref().map_or_else(
                || "–".to_owned(),
                |report| duration_words(report.uptime.as_secs()),
            ),
            version: report
                .as_ref()
                .map_or_else(String::new, |report| report.version.clone()),
            components: report.as_ref().map_or_else(Vec::new, |report| {
                report.components.iter().map(row).collect()
            }),
            alerts: alerts.iter().map(alert_row).collect(),
            taken_at: jiff::Timestamp::now()
                .strftime("%Y-%m-%d %H:%M:%S UTC")
                .to_string(),
            status,
            tiles,
        }
    }
}

fn row(component: &watchkeep_health::ComponentReport) -> Row {
    Row {
        name: component.name.clone(),
        status: component.status.as_str().to_owned(),
        criticality: component.criticality.as_str(),
        latency: component.latency.map_or_else(
            || "–".to_owned(),
            |latency| format!("{:.1} ms", latency.as_secs_f64() * 1_000.0),
        ),
        message: component.message.clone().unwrap_or_default(),
    }
}

fn alert_row(alert: &watchkeep_alerts::AlertView) -> AlertRow {
    let text = |map: &std::collections::BTreeMap<String, String>, key: &str| {
        map.get(key).cloned().unwrap_or_default()
    };
    AlertRow {
        name: text(&alert.labels, "alertname"),
        level: text(&alert.labels, "severity"),
        summary: text(&alert.annotations, "summary"),
        since: alert.starts_at.to_string(),
    }
}

pub(crate) fn mount(routes: &mut Routes, state: Page) {
    routes.mount(route::DASHBOARD, page, state.clone());
    routes.mount(route::DASHBOARD_SNAPSHOT, snapshot, state);
    routes.mount(route::DASHBOARD_STYLE, style, ());
}

async fn page(State(page): State<Page>) -> Response {
    let Ok(html) = page.view().await.render() else {
        return respond::refusal(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the page could not be rendered\n",
        );
    };
    let mut response = respond::fresh(StatusCode::OK, "text/html; charset=utf-8", html);
    respond::with(&mut response, CONTENT_SECURITY_POLICY, POLICY);
    respond::with(&mut response, REFERRER_POLICY, "no-referrer");
    response
}

async fn snapshot(State(page): State<Page>) -> Response {
    match serde_json::to_string(&page.view().await) {
        Ok(body) => respond::json(StatusCode::OK, body),
        Err(_) => respond::refusal(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the snapshot could not be written\n",
        ),
    }
}

async fn style() -> Response {
    let mut response = respond::fresh(StatusCode::OK, "text/css; charset=utf-8", STYLE);
    respond::with(&mut response, CACHE_CONTROL, "private, max-age=300");
    response
}

/// A span of seconds in its two largest units: `3 d 4 h`, `12 min 5 s`.
fn duration_words(seconds: u64) -> String {
    let units = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)];
    let mut rest = seconds;
    let mut words = Vec::new();
    for (unit, size) in units {
        let count = rest / size;
        rest %= size;
        if count > 0 {
            words.push(format!("{count} {unit}"));
        }
    }
    words.truncate(2);
    if words.is_empty() {
        "0 s".to_owned()
    } else {
        words.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_in_their_two_largest_units() {
        for (seconds, words) in [
            (0, "0 s"),
            (59, "59 s"),
            (725, "12 min 5 s"),
            (3_600, "1 h"),
            (273_700, "3 d 4 h"),
        ] {
            assert_eq!(duration_words(seconds), words);
        }
    }

    #[test]
    fn hostile_text_is_escaped_in_every_field() {
        let hostile = "<script>alert(1)</script>\"'";
        let tile = Tile::new(hostile, hostile).with_tone(hostile);
        let view = View {
            title: hostile.into(),
            status: hostile.into(),
            uptime: hostile.into(),
            version: hostile.into(),
            tiles: vec![tile],
            components: vec![Row {
                name: hostile.into(),
                status: hostile.into(),
                criticality: "critical",
                latency: hostile.into(),
                message: hostile.into(),
            }],
            alerts: vec![AlertRow {
                name: hostile.into(),
                level: hostile.into(),
                summary: hostile.into(),
                since: hostile.into(),
            }],
            taken_at: hostile.into(),
        };
        let html = view.render().expect("the page renders");
        assert!(!html.contains("<script"), "{html}");
        assert!(!html.contains("alert(1)</"), "{html}");
        assert!(!html.contains("\"'"), "a quote passed raw: {html}");
    }
}
