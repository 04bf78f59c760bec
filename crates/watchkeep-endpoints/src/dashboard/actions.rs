//! What can be done from the page: silence an alert, send a test notice, log more for a while.
//!
//! A form is taken only from the page itself: the guard in front refuses what a browser says comes from another site, and
//! the form carries a token that only this process's pages know.

use std::time::Duration;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::response::Response;
use http::StatusCode;
use http::header::{HeaderValue, LOCATION};
use serde::Deserialize;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use watchkeep_alerts::matcher::{MatchOp, Matcher, Matchers};
use watchkeep_alerts::{Alerting, SilenceRequest, Timestamp};
use watchkeep_logging::{Filter, LogHandle};

use super::page::{self, Page};
use crate::respond;

/// How long an alert can be silenced from the page, in minutes and in words.
pub(super) const DURATIONS: [(u64, &str); 5] = [
    (30, "30 minutes"),
    (60, "1 hour"),
    (240, "4 hours"),
    (1_440, "1 day"),
    (10_080, "1 week"),
];

/// Up to what level can be logged from the page, and in words.
pub(super) const LEVELS: [(&str, &str); 2] = [
    ("debug", "debug: details of each request"),
    ("trace", "trace: everything"),
];

/// How long more is logged.
const LOG_MORE: Duration = Duration::from_secs(600);

/// In characters.
const LONGEST_COMMENT: usize = 500;

/// Who silences.
const AUTHOR: &str = "dashboard";

/// From an action's address to where the page is.
const ROOT: &str = "../../";

/// The parts that can be acted on.
pub(super) struct Actions {
    alerts: Option<Alerting>,
    logs: Option<LogHandle>,
    /// None when the system gives no random numbers; then nothing can be done.
    token: Option<String>,
    /// One test notice at a time, so that nobody floods a channel by clicking.
    testing: Semaphore,
}

/// Why something was not done.
struct Refused {
    status: StatusCode,
    words: String,
}

// === impl Actions ===

impl Actions {
    pub(super) fn new(alerts: Option<Alerting>, logs: Option<LogHandle>) -> Self {
        let mut bytes = [0; 16];
        let token = match getrandom::fill(&mut bytes) {
            Ok(()) => Some(format!("{:032x}", u128::from_ne_bytes(bytes))),
            Err(error) => {
                tracing::error!(%error, "nothing can be done from the dashboard, the system gives no random numbers");
                None
            }
        };
        Self {
            alerts,
            logs,
            token,
            testing: Semaphore::new(1),
        }
    }

    /// What a form must carry.
    pub(super) fn token(&self) -> Option<String> {
        self.token.clone()
    }

    pub(super) fn knows_receiver(&self, receiver: &str) -> bool {
        let alerts = self.alerts.as_ref();
        alerts.is_some_and(|alerts| alerts.receivers().iter().any(|it| it == receiver))
    }

    /// What is logged now.
    pub(super) fn filter(&self) -> Option<String> {
        Some(self.logs.as_ref()?.filter().to_string())
    }

    fn check(&self, token: &str) -> Result<(), Refused> {
        let own = self.token.as_deref();
        if own.is_some_and(|own| bool::from(own.as_bytes().ct_eq(token.as_bytes()))) {
            return Ok(());
        }
        Err(Refused::new(
            StatusCode::FORBIDDEN,
            "The form is not of this process: it may have been open since before a restart. Go back and try again.",
        ))
    }

    fn alerts(&self) -> Result<&Alerting, Refused> {
        let missing = || Refused::new(StatusCode::NOT_FOUND, "The page knows of no alerts.");
        self.alerts.as_ref().ok_or_else(missing)
    }

    async fn silence(&self, form: SilenceForm) -> Result<(), Refused> {
        self.check(&form.token)?;
        if !DURATIONS
            .iter()
            .any(|(minutes, _)| *minutes == form.minutes)
        {
            return Err(Refused::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "That is none of the durations.",
            ));
        }
        let comment = form.comment.trim();
        if comment.is_empty() || comment.chars().count() > LONGEST_COMMENT {
            return Err(Refused::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                format!("A silence needs a reason, of at most {LONGEST_COMMENT} characters."),
            ));
        }
        let alerts = self.alerts()?;
        let firing = alerts.active().await;
        let alert = firing
            .iter()
            .find(|alert| alert.fingerprint.to_string() == form.alert);
        let Some(alert) = alert else {
            return Err(Refused::new(
                StatusCode::NOT_FOUND,
                "This alert is not active any more.",
            ));
        };
        let matchers: Result<Vec<Matcher>, _> = alert
            .labels
            .iter()
            .map(|(name, value)| Matcher::new(name, MatchOp::Equal, value))
            .collect();
        let matchers =
            matchers.map_err(|error| Refused::because(StatusCode::UNPROCESSABLE_ENTITY, &error))?;
        let millis = i64::try_from(form.minutes.saturating_mul(60_000)).unwrap_or(i64::MAX);
        let end = jiff::Timestamp::now()
            .as_millisecond()
            .saturating_add(millis);
        let request = SilenceRequest::until(Matchers::new(matchers), Timestamp::from_millis(end));
        let silence = alerts
            .silence(request.by(AUTHOR).because(comment))
            .await
            .map_err(|error| Refused::because(StatusCode::CONFLICT, &error))?;
        tracing::info!(alert = %alert.fingerprint, silence = silence.id(), minutes = form.minutes, comment, "alert silenced from the dashboard");
        Ok(())
    }

    async fn test(&self, form: TestForm) -> Result<(), Refused> {
        self.check(&form.token)?;
        let alerts = self.alerts()?;
        if !self.knows_receiver(&form.receiver) {
            return Err(Refused::new(
                StatusCode::NOT_FOUND,
                "There is no such receiver.",
            ));
        }
        let Ok(_one) = self.testing.try_acquire() else {
            return Err(Refused::new(
                StatusCode::TOO_MANY_REQUESTS,
                "Another test notice is still on its way.",
            ));
        };
        tracing::info!(
            receiver = form.receiver,
            "test notice sent from the dashboard"
        );
        alerts
            .test(&form.receiver)
            .await
            .map_err(|error| Refused::because(StatusCode::BAD_GATEWAY, &error))
    }

    fn log_more(&self, form: &LevelForm) -> Result<(), Refused> {
        self.check(&form.token)?;
        if !LEVELS.iter().any(|(level, _)| *level == form.level) {
            return Err(Refused::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "That is none of the levels.",
            ));
        }
        let Some(logs) = &self.logs else {
            return Err(Refused::new(
                StatusCode::NOT_FOUND,
                "The page knows of no log.",
            ));
        };
        // Targets keep their own levels; of two bare ones the last counts.
        let filter = format!("{},{}", logs.filter_state().base, form.level);
        let filter: Filter = filter
            .parse()
            .map_err(|error| Refused::because(StatusCode::CONFLICT, &error))?;
        tracing::info!(%filter, seconds = LOG_MORE.as_secs(), "log level raised from the dashboard");
        logs.set_level(filter, Some(LOG_MORE))
            .map_err(|error| Refused::because(StatusCode::SERVICE_UNAVAILABLE, &error))
    }
}

#[derive(Deserialize)]
pub(super) struct SilenceForm {
    token: String,
    alert: String,
    minutes: u64,
    comment: String,
}

#[derive(Deserialize)]
pub(super) struct TestForm {
    token: String,
    receiver: String,
}

#[derive(Deserialize)]
pub(super) struct LevelForm {
    token: String,
    level: String,
}

pub(super) async fn silence(
    State(page): State<Page>,
    form: Result<Form<SilenceForm>, FormRejection>,
) -> Response {
    let done = match read(form) {
        Ok(form) => page.actions().silence(form).await,
        Err(refused) => Err(refused),
    };
    answer(&page, done, "silence").await
}

pub(super) async fn test(
    State(page): State<Page>,
    form: Result<Form<TestForm>, FormRejection>,
) -> Response {
    let done = match read(form) {
        Ok(form) => page.actions().test(form).await,
        Err(refused) => Err(refused),
    };
    answer(&page, done, "test").await
}

pub(super) async fn log_level(
    State(page): State<Page>,
    form: Result<Form<LevelForm>, FormRejection>,
) -> Response {
    let done = read(form).and_then(|form| page.actions().log_more(&form));
    answer(&page, done, "log-level").await
}

fn read<T>(form: Result<Form<T>, FormRejection>) -> Result<T, Refused> {
    match form {
        Ok(Form(form)) => Ok(form),
        Err(rejection) => Err(Refused::new(rejection.status(), rejection.body_text())),
    }
}

/// Back to the page that says so, or a page that says why not.
async fn answer(page: &Page, done: Result<(), Refused>, what: &str) -> Response {
    match done {
        Ok(()) => {
            page.sampler().renew().await;
            let mut response = respond::refusal(StatusCode::SEE_OTHER, "done\n");
            if let Ok(location) = HeaderValue::from_str(&format!("{ROOT}dashboard?did={what}")) {
                response.headers_mut().insert(LOCATION, location);
            }
            response
        }
        Err(refused) => page::outcome(refused.status, ROOT, "That was not done", &refused.words),
    }
}

// === impl Refused ===

impl Refused {
    fn new(status: StatusCode, words: impl Into<String>) -> Self {
        Self {
            status,
            words: words.into(),
        }
    }

    /// An error with its causes.
    fn because(status: StatusCode, error: &dyn std::error::Error) -> Self {
        let mut words = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            words = format!("{words}: {error}");
            cause = error.source();
        }
        Self::new(status, words)
    }
}

#[cfg(test)]
mod tests;
