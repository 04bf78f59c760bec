//! The engine's API beside a real Alertmanager: the same requests, commands and alerts to both.

mod amtool;
mod deviations;
mod different;
mod prometheus;
mod requests;
mod scenarios;
mod script;

use std::net::SocketAddr;

use reqwest::{Client, Method};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use watchkeep_alerts::notifiers::Log;
use watchkeep_alerts::{Alerting, AlertingBuilder};
use watchkeep_endpoints::{Access, Endpoints};
use watchkeep_tests::programs;
use watchkeep_tests::servers::{Real, alertmanager_with};

/// The engine behind its own API.
struct Ours {
    alerting: Alerting,
    address: SocketAddr,
    serving: JoinHandle<()>,
}

/// A request to both.
#[derive(Clone, Debug)]
struct Asked {
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

#[derive(Debug)]
struct Answer {
    status: u16,
    body: Value,
}

impl Ours {
    async fn start(builder: AlertingBuilder) -> Self {
        let alerting = builder.build().expect("the engine can be built");
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let router = Endpoints::new(Access::for_listener(address))
            .with_alertmanager_api(alerting.clone())
            .router();
        let serving = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("it serves");
        });
        Self {
            alerting,
            address,
            serving,
        }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Starts both with the same configuration, ours in strict mode; receivers without channels are bound to the log.
async fn both(config: &str, receivers: &[&str]) -> Option<(Real, Ours)> {
    let program = programs::require("prometheus-alertmanager")?;
    let theirs = alertmanager_with(&program, config).await;
    let builder = Alerting::builder("twin").strict(true).config_yaml(config);
    let builder = receivers
        .iter()
        .fold(builder, |builder, name| builder.notifier(*name, Log::new()));
    Some((theirs, Ours::start(builder).await))
}

fn url_of(server: &Real) -> String {
    format!("http://127.0.0.1:{}", server.port())
}

impl Asked {
    fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    fn post(path: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            method: Method::POST,
            path: path.to_owned(),
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.into(),
        }
    }

    fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// Sends this header instead of others of its name, or none when it is empty.
    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        if !value.is_empty() {
            self.headers.push((name, value.to_owned()));
        }
        self
    }

    /// Asks one server; an error when there is no answer.
    async fn ask(&self, client: &Client, base: &str) -> reqwest::Result<Answer> {
        let url = format!("{base}{}", self.path);
        let mut request = client.request(self.method.clone(), url);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let response = request.body(self.body.clone()).send().await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer { status, body })
    }
}

/// Takes out what differs by nature: times, ids, and what later versions of Alertmanager say in addition.
fn comparable(mut value: Value) -> Value {
    match &mut value {
        Value::Array(items) => {
            for item in items {
                *item = comparable(item.take());
            }
        }
        Value::Object(fields) => {
            fields.remove("mutedBy");
            for (name, field) in fields {
                *field = match name.as_str() {
                    "startsAt" | "endsAt" | "updatedAt" => Value::from("time"),
                    "id" | "silenceID" => Value::from("id"),
                    "silencedBy" => Value::from(field.as_array().map_or(0, Vec::len)),
                    _ => comparable(field.take()),
                };
            }
        }
        _ => {}
    }
    value
}
