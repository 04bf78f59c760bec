//! A service: one address in front of the pods that get requests.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use tokio::net::TcpListener;

use crate::client::client;

/// Hands each request to one of its endpoints in turn, once: what is lost there is lost.
#[derive(Clone, Debug)]
pub struct Service {
    url: String,
    endpoints: Arc<Endpoints>,
}

#[derive(Debug)]
struct Endpoints {
    bases: RwLock<Vec<String>>,
    next: AtomicUsize,
    client: reqwest::Client,
}

impl Service {
    /// Starts one without endpoints.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start() -> Self {
        let endpoints = Arc::new(Endpoints {
            bases: RwLock::default(),
            next: AtomicUsize::new(0),
            client: client(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let router = Router::new()
            .fallback(forward)
            .with_state(Arc::clone(&endpoints));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, endpoints }
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// These get requests from now on.
    pub fn set(&self, bases: Vec<String>) {
        let mut known = self.endpoints.bases.write();
        *known
            .as_deref_mut()
            .unwrap_or_else(|_| panic!("a writer panicked")) = bases;
    }
}

async fn forward(State(endpoints): State<Arc<Endpoints>>, uri: Uri, body: Bytes) -> Response {
    let Some(base) = endpoints.next() else {
        return (StatusCode::BAD_GATEWAY, "no endpoint is ready").into_response();
    };
    let request = endpoints.client.post(format!("{base}{uri}")).body(body);
    match request.send().await {
        Ok(answer) => {
            let status = answer.status();
            (status, answer.bytes().await.unwrap_or_default()).into_response()
        }
        Err(error) => (StatusCode::BAD_GATEWAY, format!("{error:?}")).into_response(),
    }
}

impl Endpoints {
    fn next(&self) -> Option<String> {
        let bases = self.bases.read().unwrap_or_else(PoisonError::into_inner);
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        bases.get(turn.checked_rem(bases.len())?).cloned()
    }
}
