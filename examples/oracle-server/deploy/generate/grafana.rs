//! Rows of panels as Grafana's dashboard, schema version 42.

use serde_json::{Value, json};

use crate::{File, sorted};

/// How wide Grafana's grid is.
const WIDTH: u32 = 24;

/// A row of the dashboard, which can be folded.
pub(crate) struct Row {
    pub(crate) title: &'static str,
    pub(crate) panels: Vec<Panel>,
}

/// One panel.
pub(crate) struct Panel {
    pub(crate) title: &'static str,
    pub(crate) description: &'static str,
    pub(crate) kind: Kind,
    /// Grafana's name of it.
    pub(crate) unit: &'static str,
    /// Columns of the 24.
    pub(crate) width: u32,
    pub(crate) queries: Vec<Query>,
}

/// How a panel looks.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// Bars, one a series, over the whole range.
    Bars,
    /// States of things over time, out of numbers that have words.
    States(&'static [(u32, &'static str, &'static str)]),
    /// One number, which may have words and colors.
    Stat(&'static [(u32, &'static str, &'static str)]),
    /// Lines over time.
    Lines,
}

/// A PromQL expression, and what its series are called.
pub(crate) struct Query {
    pub(crate) expression: String,
    pub(crate) legend: &'static str,
}

/// Lays the rows out, one below the other, panels from left to right.
pub(crate) fn file(rows: Vec<Row>) -> File {
    let mut panels = Vec::new();
    let mut y = 0;
    for row in rows {
        panels.push(json!({
            "type": "row", "title": row.title, "collapsed": false, "panels": [],
            "id": panels.len() + 1, "gridPos": {"h": 1, "w": WIDTH, "x": 0, "y": y},
        }));
        y += 1;
        let (mut x, mut tallest) = (0, 0);
        for panel in row.panels {
            if x + panel.width > WIDTH {
                y += tallest;
                (x, tallest) = (0, 0);
            }
            let height = panel.kind.height();
            let place = json!({"h": height, "w": panel.width, "x": x, "y": y});
            x += panel.width;
            tallest = tallest.max(height);
            panels.push(panel.json(panels.len() + 1, &place));
        }
        y += tallest;
    }
    File {
        path: "grafana/dashboards/oracle.json",
        text: format!("{:#}\n", sorted(dashboard(&panels))),
    }
}

fn dashboard(panels: &[Value]) -> Value {
    json!({
        "uid": "oracle",
        "title": "ORACLE",
        "description": "The ORACLE service: messages, response times, health, alerts, money, logs.",
        "tags": ["oracle"],
        "schemaVersion": 42,
        "editable": false,
        "graphTooltip": 1,
        "timezone": "browser",
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "annotations": {"list": []},
        "templating": {"list": [
            {
                "name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus",
                "hide": 0, "includeAll": false, "multi": false, "refresh": 1, "regex": "",
            },
            {
                "name": "job", "label": "Job", "type": "query", "datasource": datasource(),
                "query": {"query": format!("label_values({}, job)", oracle_server::names::BUILD_INFO), "refId": "job"},
                "hide": 0, "includeAll": true, "allValue": ".+", "multi": true, "refresh": 2, "regex": "", "sort": 1,
                "current": {"text": "All", "value": "$__all"},
            },
        ]},
        "panels": panels,
    })
}

fn datasource() -> Value {
    json!({"type": "prometheus", "uid": "${datasource}"})
}

// === impl Kind ===

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Bars => "bargauge",
            Self::Lines => "timeseries",
            Self::Stat(_) => "stat",
            Self::States(_) => "state-timeline",
        }
    }

    const fn height(self) -> u32 {
        match self {
            Self::Stat(_) => 4,
            Self::Bars | Self::Lines | Self::States(_) => 8,
        }
    }

    /// What its numbers mean in words.
    const fn words(self) -> &'static [(u32, &'static str, &'static str)] {
        match self {
            Self::Stat(words) | Self::States(words) => words,
            Self::Bars | Self::Lines => &[],
        }
    }

    fn options(self) -> Value {
        let last = json!({"calcs": ["lastNotNull"], "fields": "", "values": false});
        match self {
            Self::Bars => {
                json!({"orientation": "horizontal", "displayMode": "gradient", "reduceOptions": last})
            }
            Self::Lines => json!({
                "legend": {"displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": []},
                "tooltip": {"mode": "multi", "sort": "desc"},
            }),
            Self::Stat(_) => {
                json!({"colorMode": "value", "graphMode": "area", "textMode": "auto", "reduceOptions": last})
            }
            Self::States(_) => json!({"showValue": "auto", "mergeValues": true, "rowHeight": 0.9}),
        }
    }
}

// === impl Panel ===

impl Panel {
    fn json(&self, id: usize, place: &Value) -> Value {
        let targets: Vec<Value> = self
            .queries
            .iter()
            .zip('A'..='Z')
            .map(|(query, id)| {
                // What looks at the whole range is asked once, at its end.
                let instant = query.expression.contains("$__range");
                json!({
                    "refId": id.to_string(), "datasource": datasource(), "editorMode": "code",
                    "expr": query.expression, "legendFormat": query.legend,
                    "instant": instant, "range": !instant,
                })
            })
            .collect();
        json!({
            "id": id,
            "type": self.kind.name(),
            "title": self.title,
            "description": self.description,
            "datasource": datasource(),
            "gridPos": place,
            "targets": targets,
            "fieldConfig": {"defaults": self.defaults(), "overrides": []},
            "options": self.kind.options(),
        })
    }

    fn defaults(&self) -> Value {
        let mut defaults = json!({
            "unit": self.unit,
            "min": 0,
            // No words for "nothing" but these: a gap is not a zero.
            "noValue": "–",
            "color": {"mode": "palette-classic"},
        });
        let words = self.kind.words();
        if !words.is_empty() {
            let options: serde_json::Map<String, Value> = words
                .iter()
                .map(|(number, word, color)| {
                    (
                        number.to_string(),
                        json!({"text": word, "color": color, "index": number}),
                    )
                })
                .collect();
            defaults["mappings"] = json!([{"type": "value", "options": options}]);
            defaults["color"] = json!({"mode": "thresholds"});
        }
        defaults
    }
}
