//! A small HTTP proxy that gives every request to the next of its endpoints, as an ingress does, and tries nothing twice.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use tokio::net::TcpListener;

use crate::client::client;

/// The most of a body that is passed on.
const BODY_BYTES: usize = 1 << 20;

/// A running proxy; it ends with its runtime.
#[derive(Clone, Debug)]
pub struct Proxy {
    url: String,
    shared: Shared,
}

#[derive(Clone, Debug)]
struct Shared {
    client: reqwest::Client,
    endpoints: Arc<Mutex<Vec<String>>>,
    next: Arc<AtomicUsize>,
}

// === impl Proxy ===

impl Proxy {
    /// Starts a proxy without endpoints on a free port.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let shared = Shared {
            client: client(),
            endpoints: Arc::default(),
            next: Arc::default(),
        };
        let router = Router::new().fallback(pass_on).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url: format!("http://{address}"),
            shared,
        }
    }

    /// Returns its base URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Gives requests to this base URL from now on, or not any more; those that are under way go on.
    pub fn set(&self, endpoint: &str, is_used: bool) {
        let mut endpoints = self.shared.endpoints();
        endpoints.retain(|other| other != endpoint);
        if is_used {
            endpoints.push(endpoint.to_owned());
        }
    }

    /// Returns how many endpoints get requests.
    #[must_use]
    pub fn endpoints(&self) -> usize {
        self.shared.endpoints().len()
    }
}

// === impl Shared ===

impl Shared {
    fn endpoints(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.endpoints
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn choose(&self) -> Option<String> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let endpoints = self.endpoints();
        let index = turn.checked_rem(endpoints.len())?;
        endpoints.get(index).cloned()
    }
}

async fn pass_on(State(shared): State<Shared>, request: Request) -> Response {
    let Some(endpoint) = shared.choose() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "no endpoint").into_response();
    };
    match exchange(&shared.client, &endpoint, request).await {
        Ok(response) => response,
        Err(error) => (StatusCode::BAD_GATEWAY, error).into_response(),
    }
}

async fn exchange(
    client: &reqwest::Client,
    endpoint: &str,
    request: Request,
) -> Result<Response, String> {
    let words = |error: reqwest::Error| format!("{error:?}");
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_BYTES)
        .await
        .map_err(|error| error.to_string())?;
    let url = format!("{endpoint}{}", parts.uri);
    let answer = client.request(parts.method, url).body(body).send().await;
    let answer = answer.map_err(words)?;
    let status = answer.status();
    let body = answer.bytes().await.map_err(words)?;
    Ok((status, Body::from(body)).into_response())
}
