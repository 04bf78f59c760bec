//! Telegram as a component: whether its API answers, and takes the bot's token.

use std::time::Duration;

use reqwest::{Client, Url};
use watchkeep::health::{CheckError, Component};

use crate::config::Secret;

/// How long Telegram has for an answer; its servers are far away.
const TIMEOUT: Duration = Duration::from_secs(3);

/// The component `telegram`: asks `GET {base}/bot<token>/getMe`, which changes nothing and sends nobody anything.
///
/// Optional: without it alerts go their other ways, and messages are answered.
/// The token is part of the URL, so no error says the URL.
pub(crate) fn telegram(client: Client, base: &Url, token: &Secret<String>) -> Component {
    let url = get_me(base, token);
    Component::from_fn("telegram", move || {
        let asked = client.get(url.expose().clone()).send();
        async move {
            let status = asked.await.map_err(reqwest::Error::without_url)?.status();
            if status.is_success() {
                return Ok(());
            }
            let status = status.as_u16();
            Err(CheckError::new(format!("Telegram answers {status}")))
        }
    })
    .optional()
    .timeout(TIMEOUT)
}

fn get_me(base: &Url, token: &Secret<String>) -> Secret<Url> {
    let (folder, token) = (base.path().trim_end_matches('/'), token.expose());
    let mut url = base.clone();
    url.set_path(&format!("{folder}/bot{token}/getMe"));
    Secret::new(url)
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::http::{StatusCode, Uri};
    use tokio::net::TcpListener;
    use watchkeep::health::{Registry, Status};

    use super::*;
    use crate::tls::http_client;

    const TOKEN: &str = "123456:hunter2-token";

    /// A Telegram that knows one bot, and says what it was asked when it does not know it.
    async fn api() -> Url {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let answer = |uri: Uri| async move {
            match uri.path() {
                "/api/bot123456:hunter2-token/getMe" => {
                    (StatusCode::OK, "{\"ok\":true}".to_owned())
                }
                "/moved/bot123456:hunter2-token/getMe" => (StatusCode::FOUND, String::new()),
                path => (StatusCode::UNAUTHORIZED, path.to_owned()),
            }
        };
        let router = Router::new().fallback(answer);
        tokio::spawn(async move { axum::serve(listener, router).await });
        url(&format!("http://{address}"))
    }

    fn url(text: &str) -> Url {
        text.parse().expect("it is a URL")
    }

    /// Looks once; returns the status, and the message unless all is well.
    async fn look(base: Url, token: &str) -> (Status, Option<String>) {
        let client = http_client(Duration::from_millis(500)).expect("the client is made");
        let token = Secret::new(token.to_owned());
        let component = telegram(client, &base, &token).fail_after(1);
        let registry = Registry::builder("1")
            .component(component)
            .ready_without_checks()
            .build()
            .expect("the registry is valid");
        let _running = registry.start();
        let status = registry.run_now("telegram").await.expect("it is run");
        let details = registry.report().to_json_detailed();
        assert!(!details.contains("hunter2"), "{details}");
        (status, registry.message("telegram"))
    }

    #[tokio::test]
    async fn a_bot_that_telegram_knows_is_healthy() {
        let base = api().await;
        for path in ["/api", "/api/"] {
            let base = base.join(path).expect("it is a path");
            assert_eq!(look(base, TOKEN).await, (Status::Healthy, None));
        }
    }

    #[tokio::test]
    async fn a_refusal_degrades_without_saying_the_token() {
        let base = api().await;
        let answers = |code: u16| Some(format!("Telegram answers {code}"));
        let wrong = look(base.clone(), "1:hunter2-wrong").await;
        assert_eq!(wrong, (Status::Degraded, answers(401)));
        let moved = base.join("/moved").expect("it is a path");
        assert_eq!(look(moved, TOKEN).await, (Status::Degraded, answers(302)));
    }

    #[tokio::test]
    async fn an_api_that_is_gone_or_hangs_degrades_without_saying_the_token() {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let base = url(&format!("http://{address}"));
        let (status, message) = look(base.clone(), TOKEN).await;
        assert_eq!(status, Status::Degraded, "{message:?}");
        drop(listener);
        let (status, message) = look(base, TOKEN).await;
        assert_eq!(status, Status::Degraded);
        assert!(message.is_some_and(|text| text.contains("error sending request")));
    }
}
