//! `/-/reload`: reads the service's files again, as a hang-up signal does.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::json;

use crate::respond;
use crate::route::{self, Routes};

/// What came of reading everything again: the problems in words, a line each.
type Outcome = Pin<Box<dyn Future<Output = Result<(), Vec<String>>> + Send>>;

/// Reads a service's files again.
#[derive(Clone)]
pub(crate) struct Reload(Arc<dyn Fn() -> Outcome + Send + Sync>);

// === impl Reload ===

impl Reload {
    pub(crate) fn new<F>(reload: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), Vec<String>>> + Send + 'static,
    {
        Self(Arc::new(move || Box::pin(reload())))
    }
}

impl fmt::Debug for Reload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reload")
    }
}

pub(crate) fn mount(routes: &mut Routes, reload: Reload) {
    routes.mount(route::RELOAD, answer, reload);
}

/// Answers once everything is read: 200, or 500 with the problems, as Prometheus and Alertmanager do.
async fn answer(State(reload): State<Reload>) -> Response {
    // In a task of its own, so that a caller who goes away does not leave it half done.
    match tokio::spawn((reload.0)()).await {
        Ok(Ok(())) => respond::json_of(StatusCode::OK, &json!({ "problems": [] })),
        Ok(Err(problems)) => respond::json_of(
            StatusCode::INTERNAL_SERVER_ERROR,
            &json!({ "problems": problems }),
        ),
        Err(_) => respond::refusal(
            StatusCode::INTERNAL_SERVER_ERROR,
            "reading the files again broke off\n",
        ),
    }
}
