//! The panels, as one table: what each asks, and what its answer is in.

use oracle_server::names::{
    ACTIVE_USERS, AI_TASKS, BUILD_INFO, COST_USD, ERRORS, MESSAGES, RESPONSE_TIME, TOKENS_USED,
    USERS,
};

use crate::grafana::{Kind, Panel, Query, Row};

/// Every query is about the chosen jobs only.
const JOB: &str = "job=~\"$job\"";

const UP: &[(u32, &str, &str)] = &[(0, "down", "red"), (1, "up", "green")];
const READY: &[(u32, &str, &str)] = &[(0, "not ready", "red"), (1, "ready", "green")];
const HEALTH: &[(u32, &str, &str)] = &[
    (0, "healthy", "green"),
    (1, "degraded", "orange"),
    (2, "unknown", "purple"),
    (3, "unhealthy", "red"),
];

pub(crate) fn rows() -> Vec<Row> {
    vec![
        row("Now", now()),
        row("Messages", messages()),
        row("Health", health()),
        row("Alerts", alerts()),
        row("Money", money()),
        row("Logs and process", process()),
    ]
}

const fn row(title: &'static str, panels: Vec<Panel>) -> Row {
    Row { title, panels }
}

fn now() -> Vec<Panel> {
    vec![
        panel("System Status", Kind::Stat(UP), "none", 4)
            .about("Whether every server that Prometheus knows answers it.")
            .asks(format!("min(up{{{JOB}}})"), "status"),
        panel("Ready", Kind::Stat(READY), "none", 4)
            .about("Whether every server is ready: its critical components are healthy and it is not stopping.")
            .asks(format!("min(watchkeep_health_ready{{{JOB}}})"), "ready"),
        panel("Messages in this range", Kind::Stat(&[]), "short", 4)
            .about("Messages within the chosen range, whatever their end. Counters begin anew with a process; this looks through that.")
            .asks(format!("sum(increase({MESSAGES}{{{JOB}}}[$__range]))"), "messages"),
        panel("Error Rate", Kind::Stat(&[]), "percentunit", 4)
            .about("Failed messages as a part of all messages, failed ones included. A dash when there were none.")
            .asks(error_rate(), "errors"),
        panel("Active Users", Kind::Stat(&[]), "short", 4)
            .about("Distinct users of the last five minutes, of each server: one who talks to two of them counts twice.")
            .asks(format!("sum({ACTIVE_USERS}{{{JOB}}})"), "users"),
        panel("Users", Kind::Stat(&[]), "short", 4)
            .about("Distinct users ever seen, as the database counts them: every server says the same.")
            .asks(format!("max({USERS}{{{JOB}}})"), "users"),
    ]
}

fn messages() -> Vec<Panel> {
    let quantile = |quantile: &str| {
        format!(
            "histogram_quantile({quantile}, sum by (le) (rate({RESPONSE_TIME}_bucket{{{JOB}}}[$__rate_interval])))"
        )
    };
    vec![
        panel("Messages Processed", Kind::Lines, "cps", 12)
            .about("Messages a second, by how they ended.")
            .asks(format!("sum by (outcome) (rate({MESSAGES}{{{JOB}}}[$__rate_interval]))"), "{{outcome}}"),
        panel("Average Response Time", Kind::Lines, "s", 12)
            .about("The mean time from an accepted message to its answer or failure, over all servers. The rule SlowResponses fires above 2 s.")
            .asks(
                format!("sum(rate({RESPONSE_TIME}_sum{{{JOB}}}[$__rate_interval])) / sum(rate({RESPONSE_TIME}_count{{{JOB}}}[$__rate_interval]))"),
                "mean",
            ),
        panel("Response Time Quantiles", Kind::Lines, "s", 12)
            .about("How long the slowest half, twentieth and hundredth took at least. The rule HighLatency fires above 5 s at the twentieth.")
            .asks(quantile("0.5"), "p50")
            .asks(quantile("0.95"), "p95")
            .asks(quantile("0.99"), "p99"),
        panel("Errors", Kind::Lines, "cps", 12)
            .about("Failed messages a second, by what failed.")
            .asks(format!("sum by (error_type) (rate({ERRORS}{{{JOB}}}[$__rate_interval]))"), "{{error_type}}"),
        panel("Top Errors in this range", Kind::Bars, "short", 12)
            .about("Failed messages within the chosen range, by what failed, the most frequent first.")
            .asks(format!("sort_desc(topk(10, sum by (error_type) (increase({ERRORS}{{{JOB}}}[$__range]))))"), "{{error_type}}"),
        panel("Requests", Kind::Lines, "reqps", 12)
            .about("Requests a second by status, refused ones too; probes and scrapes are not counted.")
            .asks(format!("sum by (status) (rate(http_server_requests_total{{{JOB}}}[$__rate_interval]))"), "{{status}}"),
    ]
}

fn health() -> Vec<Panel> {
    let status = |word: &str| {
        format!("max by (component) (watchkeep_health_status{{{JOB},status=\"{word}\"}})")
    };
    vec![
        panel("Components", Kind::States(HEALTH), "none", 12)
            .about("The worst word that any server has for a component.")
            .asks(
                format!("{} + 2 * {} + 3 * {}", status("degraded"), status("unknown"), status("unhealthy")),
                "{{component}}",
            ),
        panel("Check Duration", Kind::Lines, "s", 12)
            .about("How long a component's check takes, at the slowest twentieth: a component that is about to fail is often slow first.")
            .asks(
                format!("histogram_quantile(0.95, sum by (le, component) (rate(watchkeep_health_check_duration_seconds_bucket{{{JOB}}}[$__range])))"),
                "{{component}}",
            ),
    ]
}

fn alerts() -> Vec<Panel> {
    vec![
        panel("Alerts Firing", Kind::Stat(&[]), "short", 6)
            .about("Alerts of the rules that fire now, on Prometheus.")
            .asks("count(ALERTS{alertstate=\"firing\",service=\"oracle\"}) or vector(0)".to_owned(), "firing"),
        panel("Dead Letters", Kind::Stat(&[]), "short", 6)
            .about("Notices that a server gave up on. There should be none; the rule AlertsNotDelivered fires above that.")
            .asks(format!("sum(watchkeep_alerts_dead_letters{{{JOB}}})"), "dead letters"),
        panel("Alerts Raised by the Servers", Kind::Lines, "short", 6)
            .about("Alerts that the servers raised themselves, by severity: timeouts of the AI engine, panics.")
            .asks(format!("sum by (severity) (increase(watchkeep_alerts_triggered_total{{{JOB}}}[$__rate_interval]))"), "{{severity}}"),
        panel("Notices", Kind::Lines, "cps", 6)
            .about("Notices a second of the servers themselves, by receiver and end.")
            .asks(
                format!("sum by (receiver, outcome) (rate(watchkeep_alerts_notifications_total{{{JOB}}}[$__rate_interval]))"),
                "{{receiver}} {{outcome}}",
            ),
    ]
}

fn money() -> Vec<Panel> {
    vec![
        panel("Cost in this range", Kind::Stat(&[]), "currencyUSD", 6)
            .about("What the AI engine cost within the chosen range.")
            .asks(
                format!("sum(increase({COST_USD}{{{JOB}}}[$__range]))"),
                "cost",
            ),
        panel("Tokens", Kind::Lines, "cps", 9)
            .about("Tokens a second that the AI engine charged for.")
            .asks(
                format!("sum(rate({TOKENS_USED}{{{JOB}}}[$__rate_interval]))"),
                "tokens",
            ),
        panel("AI Tasks", Kind::Lines, "cps", 9)
            .about("Calls to the AI engine a second; answers from the cache are none.")
            .asks(
                format!("sum(rate({AI_TASKS}{{{JOB}}}[$__rate_interval]))"),
                "tasks",
            ),
    ]
}

fn process() -> Vec<Panel> {
    vec![
        panel("Log Lines", Kind::Lines, "cps", 12)
            .about("Lines a second by level, over all files and the console.")
            .asks(format!("sum by (level) (rate(watchkeep_log_lines_total{{{JOB},outcome=\"written\"}}[$__rate_interval]))"), "{{level}}"),
        panel("Log Lines Lost", Kind::Lines, "short", 12)
            .about("Lines that no room was left for, or that could not be written. There should be none.")
            .asks(format!("sum by (sink, outcome) (increase(watchkeep_log_lines_total{{{JOB},outcome!=\"written\"}}[$__rate_interval]))"), "{{sink}} {{outcome}}"),
        panel("Processor", Kind::Lines, "percentunit", 8)
            .about("Processor time as a part of one core.")
            .asks(format!("rate(process_cpu_seconds_total{{{JOB}}}[$__rate_interval])"), "{{instance}}"),
        panel("Memory", Kind::Lines, "bytes", 8)
            .about("Resident memory.")
            .asks(format!("process_resident_memory_bytes{{{JOB}}}"), "{{instance}}"),
        panel("Runtime Lag", Kind::Lines, "s", 8)
            .about("How late the runtime serves a timer: more than milliseconds means that something blocks it.")
            .asks(format!("watchkeep_health_runtime_lag_seconds{{{JOB}}}"), "{{instance}}"),
        panel("Versions", Kind::Bars, "short", 24)
            .about("How many servers run which version: two bars while an update rolls.")
            .asks(format!("count by (version, environment) ({BUILD_INFO}{{{JOB}}})"), "{{version}} {{environment}}"),
    ]
}

/// Failed ones as a part of all; nothing, and no division by zero, where there were none.
fn error_rate() -> String {
    format!(
        "sum(rate({ERRORS}{{{JOB}}}[$__rate_interval])) / (sum(rate({MESSAGES}{{{JOB}}}[$__rate_interval])) > 0)"
    )
}

const fn panel(title: &'static str, kind: Kind, unit: &'static str, width: u32) -> Panel {
    Panel {
        title,
        description: "",
        kind,
        unit,
        width,
        queries: Vec::new(),
    }
}

// === impl Panel ===

impl Panel {
    const fn about(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    fn asks(mut self, expression: String, legend: &'static str) -> Self {
        self.queries.push(Query { expression, legend });
        self
    }
}
