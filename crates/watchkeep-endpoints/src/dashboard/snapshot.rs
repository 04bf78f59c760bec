//! Everything that the page shows at one moment: the page, its JSON and its events are made of this.
//!
//! Texts are ready to be shown; `key` tells the rows of a list apart.

use serde::Serialize;

use super::trend::Spark;

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Snapshot {
    /// Counts snapshots from 1; 0 is none.
    pub(super) sequence: u64,
    pub(super) title: String,
    /// The title with the sign of what is wrong, for the tab.
    pub(super) page_title: String,
    /// RFC 3339, in UTC.
    pub(super) taken_at: String,
    pub(super) taken_at_words: String,
    pub(super) refresh_seconds: f64,
    pub(super) status: String,
    pub(super) status_words: String,
    pub(super) version: String,
    pub(super) uptime: String,
    pub(super) uptime_seconds: u64,
    /// What could not be read, in words.
    pub(super) problems: Vec<Line>,
    pub(super) tiles: Vec<TileView>,
    pub(super) components: Vec<ComponentView>,
    pub(super) components_hidden: String,
    pub(super) transitions: Vec<TransitionView>,
    pub(super) has_transitions: bool,
    pub(super) alerts: Vec<AlertRow>,
    pub(super) has_alerts: bool,
    pub(super) alerts_total: usize,
    pub(super) alerts_hidden: String,
    pub(super) dead_letters: usize,
    pub(super) has_dead_letters: bool,
    pub(super) receivers: Vec<Line>,
    pub(super) logs: LogsView,
    pub(super) sections: Vec<SectionView>,
    pub(super) details: Vec<Detail>,
}

/// A line of text in a list.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Line {
    pub(super) key: String,
    pub(super) text: String,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct TileView {
    pub(super) key: usize,
    pub(super) title: String,
    pub(super) value: String,
    pub(super) note: String,
    pub(super) tone: String,
    pub(super) spark: Spark,
    pub(super) has_spark: bool,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct ComponentView {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) status: String,
    pub(super) status_words: String,
    pub(super) criticality: &'static str,
    pub(super) since: String,
    pub(super) since_seconds: u64,
    pub(super) latency: String,
    pub(super) latency_seconds: Option<f64>,
    pub(super) last_success: String,
    pub(super) consecutive_failures: u32,
    pub(super) message: String,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct TransitionView {
    pub(super) key: u64,
    pub(super) at: String,
    pub(super) at_words: String,
    pub(super) component: String,
    pub(super) from: String,
    pub(super) from_words: String,
    pub(super) to: String,
    pub(super) to_words: String,
    pub(super) reason: String,
    pub(super) message: String,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct AlertRow {
    /// The fingerprint.
    pub(super) key: String,
    pub(super) name: String,
    pub(super) level: String,
    pub(super) tone: &'static str,
    pub(super) summary: String,
    pub(super) since: String,
    pub(super) started_at: String,
    /// `active` or `suppressed`.
    pub(super) state: &'static str,
    pub(super) state_words: String,
    pub(super) labels: Vec<Line>,
    pub(super) details: Vec<Detail>,
    pub(super) deliveries: Vec<DeliveryRow>,
    pub(super) has_deliveries: bool,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct DeliveryRow {
    pub(super) key: String,
    pub(super) receiver: String,
    pub(super) outcome: &'static str,
    pub(super) tone: &'static str,
    pub(super) words: String,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct LogsView {
    /// Whether there is a log to look at.
    pub(super) is_known: bool,
    pub(super) filter: String,
    pub(super) filter_words: String,
    pub(super) codes: Vec<CodeCount>,
    pub(super) has_codes: bool,
    pub(super) records: Vec<RecordRow>,
    pub(super) has_records: bool,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct CodeCount {
    pub(super) key: String,
    pub(super) code: String,
    pub(super) count: usize,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct RecordRow {
    pub(super) key: String,
    pub(super) at: String,
    pub(super) at_words: String,
    pub(super) level: &'static str,
    pub(super) tone: &'static str,
    pub(super) target: String,
    pub(super) message: String,
    pub(super) fields: String,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct SectionView {
    pub(super) key: usize,
    pub(super) title: String,
    pub(super) columns: Vec<Line>,
    pub(super) rows: Vec<RowView>,
    pub(super) has_rows: bool,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct RowView {
    pub(super) key: usize,
    pub(super) cells: Vec<CellView>,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct CellView {
    pub(super) key: usize,
    pub(super) column: String,
    pub(super) text: String,
}

/// A name and a value.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Detail {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) value: String,
}

// === impl Line ===

impl Line {
    pub(super) fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            key: text.clone(),
            text,
        }
    }
}

// === impl Detail ===

impl Detail {
    pub(super) fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            key: name.clone(),
            name,
            value: value.into(),
        }
    }
}

// === impl Snapshot ===

impl Snapshot {
    /// One empty row of everything: what a script makes new rows of.
    pub(super) fn blank() -> Self {
        let line = || vec![Line::default()];
        let detail = || vec![Detail::default()];
        Self {
            problems: line(),
            tiles: vec![TileView::default()],
            components: vec![ComponentView::default()],
            transitions: vec![TransitionView::default()],
            alerts: vec![AlertRow {
                labels: line(),
                details: detail(),
                deliveries: vec![DeliveryRow::default()],
                ..AlertRow::default()
            }],
            receivers: line(),
            logs: LogsView {
                codes: vec![CodeCount::default()],
                records: vec![RecordRow::default()],
                ..LogsView::default()
            },
            sections: vec![SectionView {
                columns: line(),
                rows: vec![RowView {
                    cells: vec![CellView::default()],
                    ..RowView::default()
                }],
                ..SectionView::default()
            }],
            details: detail(),
            ..Self::default()
        }
    }
}
