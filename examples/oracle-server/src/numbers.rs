//! ORACLE's own numbers: as metrics, as the JSON summary and as the tiles of the page.

mod active_users;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use metrics::{
    Counter, Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge,
    histogram,
};
use serde_json::json;
use tokio::time::Instant;
use watchkeep::endpoints::Tile;
use watchkeep::metrics::{Daily, FloatCounter, Recorder, Summary, clock};

use active_users::ActiveUsers;

use crate::names;

/// How a message ended. Refused as invalid is none of these: it was no message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Outcome {
    Answered,
    /// The client gave up before there was an answer.
    Cancelled,
    Failed,
    /// The engine took too long.
    TimedOut,
}

impl Outcome {
    const ALL: [Self; 4] = [
        Self::Answered,
        Self::Cancelled,
        Self::Failed,
        Self::TimedOut,
    ];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
        }
    }
}

/// The error types that there are, as the `error_type` label and the `code` of an answer.
pub(crate) const ERROR_TYPES: [&str; 4] = [
    "AI_ERROR",
    "AI_TIMEOUT",
    "DATABASE_UNAVAILABLE",
    "SHUTTING_DOWN",
];

/// ORACLE's own numbers.
pub(crate) struct Numbers {
    recorder: Recorder,
    summary: Summary,
    messages: [Counter; 4],
    errors: [Counter; 4],
    response_time: Histogram,
    ai_tasks: Counter,
    tokens: Counter,
    cost: FloatCounter,
    users: AtomicU64,
    active: ActiveUsers,
    daily_messages: Daily,
    daily_errors: Daily,
    daily_ai_tasks: Daily,
    price_per_1k_tokens: f64,
    began: Instant,
}

/// One message on its way; counts as given up unless it is told otherwise before it is dropped.
#[derive(Debug)]
pub(crate) struct Message {
    numbers: Arc<Numbers>,
    began: Instant,
    ended: bool,
}

impl Numbers {
    /// Registers the numbers with this recorder; every label value that is known starts at 0.
    pub(crate) fn register(
        recorder: &Recorder,
        price_per_1k_tokens: f64,
        daily: impl Fn() -> Daily,
    ) -> Arc<Self> {
        let cost = recorder.float_counter(
            names::COST_USD,
            "Money spent on the AI engine, in USD.",
            &[],
        );
        let numbers = metrics::with_local_recorder(recorder, || {
            describe();
            Self {
                recorder: recorder.clone(),
                summary: Summary::builder(names::MESSAGES)
                    .with_errors(names::ERRORS, "error_type")
                    .with_durations(names::RESPONSE_TIME)
                    .build(recorder),
                messages: Outcome::ALL
                    .map(|outcome| counter!(names::MESSAGES, "outcome" => outcome.as_str())),
                errors: ERROR_TYPES
                    .map(|error_type| counter!(names::ERRORS, "error_type" => error_type)),
                response_time: histogram!(names::RESPONSE_TIME),
                ai_tasks: counter!(names::AI_TASKS),
                tokens: counter!(names::TOKENS_USED),
                cost,
                users: AtomicU64::new(0),
                active: ActiveUsers::default(),
                daily_messages: daily(),
                daily_errors: daily(),
                daily_ai_tasks: daily(),
                price_per_1k_tokens,
                began: Instant::now(),
            }
        });
        let numbers = Arc::new(numbers);
        let weak = Arc::downgrade(&numbers);
        recorder.before_render(move |recorder| {
            if let Some(numbers) = weak.upgrade() {
                metrics::with_local_recorder(recorder, || numbers.refresh_gauges());
            }
        });
        numbers
    }

    /// A message was accepted for work.
    pub(crate) fn begin(self: &Arc<Self>, user_id: i64) -> Message {
        self.active.seen(user_id, Instant::now());
        Message {
            numbers: Arc::clone(self),
            began: Instant::now(),
            ended: false,
        }
    }

    /// The engine is called.
    pub(crate) fn ai_task(&self) {
        self.ai_tasks.increment(1);
        self.daily_ai_tasks.add(1, clock::now());
    }

    /// The engine has answered; returns what that cost in USD.
    pub(crate) fn spend(&self, tokens: u64) -> f64 {
        let cost = self.cost_of(tokens);
        self.tokens.increment(tokens);
        self.cost.increment(cost);
        cost
    }

    /// What so many tokens cost, in USD.
    #[expect(
        clippy::cast_precision_loss,
        reason = "token counts are far below 2^52"
    )]
    fn cost_of(&self, tokens: u64) -> f64 {
        tokens as f64 * self.price_per_1k_tokens / 1_000.0
    }

    /// The database counted the users.
    pub(crate) fn users_counted(&self, users: u64) {
        self.users.store(users, Ordering::Relaxed);
    }

    /// A user came who was never here before.
    pub(crate) fn new_user(&self) {
        self.users.fetch_add(1, Ordering::Relaxed);
    }

    /// The JSON summary.
    pub(crate) fn summary(&self) -> String {
        let totals = self.totals();
        let now = clock::now();
        json!({
            "total_messages": totals.messages,
            "total_users": totals.users,
            "total_ai_tasks": totals.ai_tasks,
            "average_response_time_ms": totals.average_response_time_ms.unwrap_or(0.0),
            "error_rate": totals.error_rate.unwrap_or(0.0),
            "tokens_used": totals.tokens,
            "cost_usd": totals.cost_usd,
            "uptime_seconds": self.began.elapsed().as_secs(),
            "daily": {
                "messages": self.daily_messages.get(now),
                "errors": self.daily_errors.get(now),
                "ai_tasks": self.daily_ai_tasks.get(now),
            },
        })
        .to_string()
    }

    /// The tiles of the page; a rate or mean of nothing is a dash.
    pub(crate) fn tiles(&self) -> Vec<Tile> {
        let totals = self.totals();
        let dash = || "–".to_owned();
        let success = totals.error_rate.map(|rate| 1.0 - rate);
        let messages = count(totals.messages);
        let today = |daily: &Daily| format!("{} today", grouped(daily.get(clock::now())));
        let p95 = totals.p95_response_time_ms;
        vec![
            Tile::new("Messages", grouped(totals.messages))
                .with_note(today(&self.daily_messages))
                .with_counter(messages, "messages"),
            Tile::new("Users", grouped(totals.users))
                .with_note(format!("{} active", self.active.count(Instant::now())))
                .with_gauge(count(totals.users), "users"),
            Tile::new("AI Tasks", grouped(totals.ai_tasks))
                .with_note(today(&self.daily_ai_tasks))
                .with_counter(count(totals.ai_tasks), "tasks"),
            Tile::new(
                "Success Rate",
                success.map_or_else(dash, |rate| format!("{:.1}%", rate * 100.0)),
            )
            .with_note(format!("{} errors", grouped(totals.errors)))
            .with_ratio((messages - count(totals.errors)) * 100.0, messages, "%"),
            Tile::new(
                "Avg Response Time",
                totals
                    .average_response_time_ms
                    .map_or_else(dash, |mean| format!("{mean:.0} ms")),
            )
            .with_note(p95.map_or_else(String::new, |p95| format!("p95 {p95:.0} ms")))
            .with_ratio(totals.response_time_sum_ms, totals.response_times, "ms"),
            Tile::new("Tokens Used", grouped(totals.tokens))
                .with_counter(count(totals.tokens), "tokens"),
            Tile::new("Cost (USD)", format!("${:.2}", totals.cost_usd))
                .with_counter(totals.cost_usd, "USD"),
        ]
    }

    /// Reads the numbers back from the recorder, so that a page and a scrape say the same.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counters of whole things, far below 2^52"
    )]
    fn totals(&self) -> Totals {
        let names = [names::AI_TASKS, names::COST_USD, names::TOKENS_USED];
        let snapshot = self.recorder.snapshot_of(&names);
        let [ai_tasks, cost_usd, tokens] = names.map(|name| snapshot.counter(name, &[]));
        let durations = self.summary.durations();
        let durations = durations.as_ref();
        Totals {
            errors: self.summary.errors(),
            p95_response_time_ms: durations
                .and_then(|it| it.quantile(0.95))
                .map(|p95| p95 * 1_000.0),
            response_time_sum_ms: durations.map_or(0.0, |it| it.sum * 1_000.0),
            response_times: durations.map_or(0.0, |it| count(it.count)),
            messages: self.summary.total(),
            users: self.users.load(Ordering::Relaxed),
            ai_tasks: ai_tasks as u64,
            tokens: tokens as u64,
            cost_usd,
            error_rate: self.summary.error_rate(),
            average_response_time_ms: self.summary.mean().map(|mean| mean.as_secs_f64() * 1_000.0),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "users are far below 2^52")]
    fn refresh_gauges(&self) {
        gauge!(names::USERS).set(self.users.load(Ordering::Relaxed) as f64);
        gauge!(names::ACTIVE_USERS).set(self.active.count(Instant::now()) as f64);
    }

    fn end(&self, outcome: Outcome, error_type: Option<&'static str>, began: Instant) {
        let now = clock::now();
        self.messages[outcome as usize].increment(1);
        self.daily_messages.add(1, now);
        let known = error_type
            .and_then(|error_type| ERROR_TYPES.iter().position(|known| *known == error_type));
        if let Some(index) = known {
            self.errors[index].increment(1);
            self.daily_errors.add(1, now);
        }
        if matches!(outcome, Outcome::Answered | Outcome::Failed) {
            self.response_time.record(began.elapsed().as_secs_f64());
        }
    }
}

impl fmt::Debug for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Numbers").finish_non_exhaustive()
    }
}

/// The numbers at one moment.
struct Totals {
    messages: u64,
    users: u64,
    ai_tasks: u64,
    tokens: u64,
    cost_usd: f64,
    error_rate: Option<f64>,
    average_response_time_ms: Option<f64>,
    p95_response_time_ms: Option<f64>,
    errors: u64,
    response_time_sum_ms: f64,
    response_times: f64,
}

impl Message {
    /// The message was answered.
    pub(crate) fn answered(mut self) {
        self.end(Outcome::Answered, None);
    }

    /// The message failed, with this error type.
    pub(crate) fn failed(mut self, outcome: Outcome, error_type: &'static str) {
        self.end(outcome, Some(error_type));
    }

    fn end(&mut self, outcome: Outcome, error_type: Option<&'static str>) {
        if !std::mem::replace(&mut self.ended, true) {
            self.numbers.end(outcome, error_type, self.began);
        }
    }
}

impl Drop for Message {
    fn drop(&mut self) {
        self.end(Outcome::Cancelled, None);
    }
}

fn describe() {
    describe_counter!(
        names::MESSAGES,
        "Messages by how they ended; one that was refused as invalid is none."
    );
    describe_counter!(names::ERRORS, "Messages that failed, by error type.");
    describe_histogram!(
        names::RESPONSE_TIME,
        "Time from an accepted message to its answer or failure."
    );
    describe_gauge!(
        names::ACTIVE_USERS,
        "Distinct users of the last five minutes."
    );
    describe_gauge!(names::USERS, "Distinct users ever seen.");
    describe_counter!(
        names::AI_TASKS,
        "Calls to the AI engine; answers from the cache are none."
    );
    describe_counter!(names::TOKENS_USED, "Tokens that the AI engine charged for.");
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn count(number: u64) -> f64 {
    number as f64
}

/// A number with commas between its thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests;
