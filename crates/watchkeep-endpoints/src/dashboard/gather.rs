//! Asks every part how it is, and makes a snapshot of the answers.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tokio::time::Instant;
use watchkeep_health::Report;

use super::Dashboard;
use super::alerts::Alerts;
use super::snapshot::{CellView, Line, RowView, SectionView, Snapshot, TileView};
use super::source::{Section, Tile};
use super::trend::Trend;
use super::{Parts, words};

mod alerts;
mod details;
mod health;
mod logs;

/// What the page has room for; a source that returns more is cut.
const MOST_TILES: usize = 24;
const MOST_SECTIONS: usize = 8;
const MOST_COLUMNS: usize = 8;
const MOST_ROWS: usize = 100;

/// Everything that is asked, and the samples so far.
pub(super) struct Gatherer {
    dashboard: Dashboard,
    parts: Parts,
    form_token: Option<String>,
    /// By the titles of their tiles; a tile that is gone takes its samples with it.
    trends: BTreeMap<String, Trend>,
    sampled_at: Option<Instant>,
    sequence: u64,
}

impl Gatherer {
    pub(super) fn new(dashboard: Dashboard, parts: Parts, form_token: Option<String>) -> Self {
        Self {
            dashboard,
            parts,
            form_token,
            trends: BTreeMap::new(),
            sampled_at: None,
            sequence: 0,
        }
    }

    pub(super) const fn parts(&self) -> &Parts {
        &self.parts
    }

    /// What the forms of the page must carry.
    pub(super) fn form_token(&self) -> Option<&str> {
        self.form_token.as_deref()
    }

    /// Takes a snapshot; with `is_sample` the sparklines move on.
    ///
    /// `alerts` are none when the engine did not answer in time.
    pub(super) fn gather(
        &mut self,
        alerts: Option<Alerts>,
        is_sample: bool,
        now: jiff::Timestamp,
    ) -> Snapshot {
        let mut problems = Vec::new();
        if alerts.is_none() {
            problems.push("The alert engine does not answer.".to_owned());
        }
        let alerts = alerts.unwrap_or_default();
        let report = self.parts.health.as_ref().map(|health| health.report());
        let (mut tiles, sections) = self.ask_sources(&mut problems);
        tiles.extend(report.as_ref().map(|report| {
            Tile::new("System Status", report.status.as_str().to_uppercase())
                .with_tone(report.status.as_str())
        }));
        if report.as_ref().is_some_and(|report| report.draining) {
            problems.push("The service is stopping.".to_owned());
        }
        self.sequence += 1;
        let mut snapshot = Snapshot {
            sequence: self.sequence,
            title: words::cut(&self.dashboard.title),
            taken_at: format!("{now:.3}"),
            taken_at_words: now.strftime("%H:%M:%S UTC").to_string(),
            refresh_seconds: self.dashboard.refresh.as_secs_f64(),
            tiles: self.draw(tiles, is_sample),
            sections: sections
                .iter()
                .take(MOST_SECTIONS)
                .enumerate()
                .map(section)
                .collect(),
            ..Snapshot::default()
        };
        health::add(
            &mut snapshot,
            self.parts.health.as_ref(),
            report.as_ref(),
            now,
        );
        alerts::add(&mut snapshot, &alerts, self.parts.alerts.as_ref(), now);
        logs::add(&mut snapshot, self.parts.logs.as_ref(), now);
        snapshot.details = details::of(&self.dashboard, &self.parts, report.as_ref());
        snapshot.page_title = page_title(&snapshot.title, report.as_ref());
        snapshot.problems = problems.into_iter().map(Line::new).collect();
        snapshot
    }

    fn ask_sources(&self, problems: &mut Vec<String>) -> (Vec<Tile>, Vec<Section>) {
        let (mut tiles, mut sections) = (Vec::new(), Vec::new());
        for source in &self.dashboard.sources {
            let asked = catch_unwind(AssertUnwindSafe(|| (source.tiles(), source.sections())));
            match asked {
                Ok((more_tiles, more_sections)) => {
                    tiles.extend(more_tiles);
                    sections.extend(more_sections);
                }
                Err(_) => {
                    problems
                        .push("A source of this page panics; its tiles are missing.".to_owned());
                }
            }
        }
        (tiles, sections)
    }

    fn draw(&mut self, mut tiles: Vec<Tile>, is_sample: bool) -> Vec<TileView> {
        // The last one is the whole's, which always has room.
        while tiles.len() > MOST_TILES {
            tiles.remove(tiles.len() - 2);
        }
        let now = Instant::now();
        let elapsed = self.sampled_at.map_or(Duration::ZERO, |at| now - at);
        if is_sample {
            self.sampled_at = Some(now);
            self.trends
                .retain(|title, _| tiles.iter().any(|tile| tile.title == *title));
        }
        let samples = self.dashboard.samples;
        let span = self.dashboard.refresh * u32::try_from(samples).unwrap_or(u32::MAX);
        let mut views = Vec::with_capacity(tiles.len());
        for (key, tile) in tiles.iter().enumerate() {
            if is_sample && tile.reading.is_some() {
                let trend = self.trends.entry(tile.title.clone());
                let trend = trend.or_insert_with(|| Trend::new(samples));
                trend.push(tile.reading, elapsed);
            }
            let trend = tile.reading.and_then(|_| self.trends.get(&tile.title));
            views.push(TileView {
                key,
                title: words::cut(&tile.title),
                value: words::cut(&tile.value),
                note: words::cut(&tile.note),
                tone: words::cut(&tile.tone),
                has_spark: trend.is_some(),
                spark: trend
                    .map(|trend| trend.draw(&tile.unit, span))
                    .unwrap_or_default(),
            });
        }
        views
    }
}

fn section((key, section): (usize, &Section)) -> SectionView {
    let columns = || {
        section
            .columns
            .iter()
            .take(MOST_COLUMNS)
            .map(|it| words::cut(it))
    };
    let rows = section.rows.iter().take(MOST_ROWS).enumerate();
    let row = |(key, cells): (usize, &Vec<String>)| RowView {
        key,
        cells: columns()
            .enumerate()
            .map(|(key, column)| CellView {
                key,
                column,
                text: cells
                    .get(key)
                    .map(|text| words::cut(text))
                    .unwrap_or_default(),
            })
            .collect(),
    };
    SectionView {
        key,
        title: words::cut(&section.title),
        columns: columns()
            .enumerate()
            .map(|(key, text)| Line {
                key: key.to_string(),
                text,
            })
            .collect(),
        rows: rows.map(row).collect(),
        has_rows: !section.rows.is_empty(),
    }
}

/// The title of a tab that nobody looks at says when something is wrong.
fn page_title(title: &str, report: Option<&Report>) -> String {
    match report.map(|report| report.status.as_str()) {
        Some("unhealthy") => format!("✕ {title}"),
        Some("degraded") => format!("▲ {title}"),
        _ => title.to_owned(),
    }
}

#[cfg(test)]
mod tests;
