//! An HTTP server that stands for the outside world: it keeps what it gets, and answers as it is told.

use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use tokio::net::TcpListener;

/// What to answer to a body.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reply {
    /// This status and this text.
    Answer(u16, String),
    /// A 200 with this text, after so long.
    Later(Duration, String),
    /// Nothing, ever.
    Never,
}

impl Reply {
    /// A 200 with this JSON text.
    #[must_use]
    pub fn ok(text: impl Into<String>) -> Self {
        Self::Answer(200, text.into())
    }
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Received {
    /// Its path.
    pub path: String,
    /// Its body, as text.
    pub body: String,
}

/// A running sink; it ends with its runtime.
#[derive(Clone, Debug)]
pub struct Sink {
    url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

type Answer = Arc<dyn Fn(&str) -> Reply + Send + Sync>;

#[derive(Clone)]
struct Shared {
    received: Arc<Mutex<Vec<Received>>>,
    answer: Answer,
}

impl Sink {
    /// Starts a sink on a free port that answers to a body as `answer` says.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let received = Arc::default();
        let shared = Shared {
            received: Arc::clone(&received),
            answer: Arc::new(answer),
        };
        let router = Router::new().fallback(keep).with_state(shared);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url: format!("http://{address}"),
            received,
        }
    }

    /// Returns its base URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns what came so far.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.received
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

async fn keep(State(shared): State<Shared>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let body = axum::body::to_bytes(request.into_body(), 1 << 20)
        .await
        .unwrap_or_else(|_| Bytes::new());
    let body = String::from_utf8_lossy(&body).into_owned();
    let reply = (shared.answer)(&body);
    shared
        .received
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(Received { path, body });
    match reply {
        Reply::Answer(status, text) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, text).into_response()
        }
        Reply::Later(delay, text) => {
            tokio::time::sleep(delay).await;
            text.into_response()
        }
        Reply::Never => pending().await,
    }
}
