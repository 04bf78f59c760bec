//! Lively traffic that the server sends to itself, so that every page and panel moves.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;

use crate::tls::http_client;

const TEXTS: &[&str] = &[
    "what is the weather in Delphi?",
    "please cancel my order",
    "hello there",
    "this is terrible, the vase arrived broken",
    "I want to buy twelve amphorae",
    "thank you, that was great",
    "how many stones are in the wall?",
    "when does the ship arrive?",
];

/// Users who talk to the demo.
const USERS: u32 = 250;

/// Sends messages until it is aborted: several a second, now and then one that is no message.
pub(crate) async fn talk(address: SocketAddr) {
    let Ok(client) = http_client(Duration::from_secs(30)) else {
        tracing::error!("the demo's HTTP client could not be made");
        return;
    };
    let url = format!("http://{}/message", reachable(address));
    loop {
        let pause = Duration::from_millis(fastrand::u64(50..350));
        tokio::time::sleep(pause).await;
        let client = client.clone();
        let url = url.clone();
        // Each message on its own, so that a slow spell does not quiet the rest.
        tokio::spawn(async move {
            let text = format!(
                "{} {}",
                TEXTS[fastrand::usize(..TEXTS.len())],
                fastrand::u32(..500)
            );
            let text = if fastrand::u32(..50) == 0 { "" } else { &text };
            let body = json!({ "user_id": fastrand::u32(..USERS), "text": text });
            if let Err(error) = client.post(url).json(&body).send().await {
                tracing::debug!(error = %error.without_url(), "demo message was not answered");
            }
        });
    }
}

/// An address that a client on this machine can connect to.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        std::net::IpAddr::V4(ip) if ip.is_unspecified() => std::net::Ipv4Addr::LOCALHOST.into(),
        std::net::IpAddr::V6(ip) if ip.is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
