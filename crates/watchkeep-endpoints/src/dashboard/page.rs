//! The page, the pages that ask before they do something, and the same as JSON.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use http::{StatusCode, Uri};
use serde::Deserialize;

use super::actions::{Actions, DURATIONS, LEVELS};
use super::sampler::Sampler;
use super::snapshot::{AlertRow, Snapshot};
use super::stream::Viewers;
use crate::respond;

/// Nothing inline, nothing from elsewhere, in nobody's frame, and no text ever becomes markup.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// What the handlers share.
#[derive(Clone)]
pub(super) struct Page {
    inner: Arc<Inner>,
}

struct Inner {
    sampler: Sampler,
    viewers: Viewers,
    actions: Actions,
}

impl Page {
    pub(super) fn new(sampler: Sampler, viewers: Viewers, actions: Actions) -> Self {
        Self {
            inner: Arc::new(Inner {
                sampler,
                viewers,
                actions,
            }),
        }
    }

    pub(super) fn sampler(&self) -> &Sampler {
        &self.inner.sampler
    }

    pub(super) fn viewers(&self) -> &Viewers {
        &self.inner.viewers
    }

    pub(super) fn actions(&self) -> &Actions {
        &self.inner.actions
    }
}

#[derive(Template)]
#[template(path = "page.html")]
struct Index<'a> {
    now: &'a Snapshot,
    /// What the script makes new rows of.
    blank: &'a Snapshot,
    /// What has just been done.
    notice: &'static str,
    /// Whether anything can be done from here.
    can_act: bool,
}

/// Asks before something is done.
#[derive(Template)]
#[template(path = "confirm.html")]
struct Confirm<'a> {
    title: &'static str,
    action: &'static str,
    token: &'a str,
    subject: Subject<'a>,
}

enum Subject<'a> {
    Level {
        filter: &'a str,
        levels: &'static [(&'static str, &'static str)],
    },
    Silence {
        alert: &'a AlertRow,
        durations: &'static [(u64, &'static str)],
    },
    Test {
        receiver: &'a str,
    },
}

/// What became of it, when it was not done.
#[derive(Template)]
#[template(path = "outcome.html")]
struct Outcome<'a> {
    /// The way from here to where the page is.
    root: &'static str,
    title: &'a str,
    words: &'a str,
}

pub(super) async fn index(State(page): State<Page>, uri: Uri) -> Response {
    let Some(frame) = page.sampler().newest().await else {
        return not_there_yet();
    };
    // Only these sentences, whatever the address says.
    let notice = match uri.query() {
        Some("did=silence") => "The alert is silenced.",
        Some("did=test") => "The test notice was delivered.",
        Some("did=log-level") => "More is logged for the next ten minutes.",
        _ => return html(StatusCode::OK, frame.html()),
    };
    let can_act = page.actions().token().is_some();
    html(StatusCode::OK, render(&frame.snapshot, notice, can_act))
}

pub(super) async fn json(State(page): State<Page>) -> Response {
    match page.sampler().newest().await {
        Some(frame) => respond::fresh(StatusCode::OK, "application/json", frame.json.clone()),
        None => not_there_yet(),
    }
}

#[derive(Deserialize)]
pub(super) struct AlertQuery {
    alert: String,
}

pub(super) async fn silence(State(page): State<Page>, query: Query<AlertQuery>) -> Response {
    let Some(frame) = page.sampler().newest().await else {
        return not_there_yet();
    };
    let alert = frame
        .snapshot
        .alerts
        .iter()
        .find(|alert| alert.key == query.alert);
    let Some(alert) = alert else {
        return outcome(
            StatusCode::NOT_FOUND,
            "../",
            "Nothing to silence",
            "This alert is not active any more.",
        );
    };
    confirm(
        &page,
        "Silence an alert",
        "silence",
        Subject::Silence {
            alert,
            durations: &DURATIONS,
        },
    )
}

#[derive(Deserialize)]
pub(super) struct ReceiverQuery {
    receiver: String,
}

pub(super) async fn test(State(page): State<Page>, query: Query<ReceiverQuery>) -> Response {
    if !page.actions().knows_receiver(&query.receiver) {
        return outcome(
            StatusCode::NOT_FOUND,
            "../",
            "Nothing to test",
            "There is no such receiver.",
        );
    }
    confirm(
        &page,
        "Send a test notice",
        "test",
        Subject::Test {
            receiver: &query.receiver,
        },
    )
}

pub(super) async fn log_level(State(page): State<Page>) -> Response {
    let Some(filter) = page.actions().filter() else {
        return outcome(
            StatusCode::NOT_FOUND,
            "../",
            "Nothing to change",
            "The page knows of no log.",
        );
    };
    confirm(
        &page,
        "Log more for ten minutes",
        "log-level",
        Subject::Level {
            filter: &filter,
            levels: &LEVELS,
        },
    )
}

fn confirm(
    page: &Page,
    title: &'static str,
    action: &'static str,
    subject: Subject<'_>,
) -> Response {
    let Some(token) = page.actions().token() else {
        return outcome(
            StatusCode::FORBIDDEN,
            "../",
            "Nothing can be done from here",
            "The system gave no random numbers, without which forms are not safe.",
        );
    };
    let confirm = Confirm {
        title,
        action,
        token: &token,
        subject,
    };
    html(StatusCode::OK, confirm.render().unwrap_or_default())
}

/// A page that says why something was not done.
pub(super) fn outcome(
    status: StatusCode,
    root: &'static str,
    title: &str,
    words: &str,
) -> Response {
    let outcome = Outcome { root, title, words };
    html(status, outcome.render().unwrap_or_default())
}

/// Renders the page; writing to memory does not fail.
pub(super) fn render(now: &Snapshot, notice: &'static str, can_act: bool) -> String {
    let blank = Snapshot::blank();
    let index = Index {
        now,
        blank: &blank,
        notice,
        can_act,
    };
    index.render().unwrap_or_default()
}

fn html(status: StatusCode, body: impl Into<axum::body::Body>) -> Response {
    let mut response = respond::fresh(status, "text/html; charset=utf-8", body);
    respond::with(&mut response, CONTENT_SECURITY_POLICY, POLICY);
    // With less than this, a browser does not say where a form comes from.
    respond::with(&mut response, REFERRER_POLICY, "same-origin");
    response
}

fn not_there_yet() -> Response {
    respond::refusal(
        StatusCode::SERVICE_UNAVAILABLE,
        "there is no snapshot yet\n",
    )
}
