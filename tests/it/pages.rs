//! The page in a real browser.

mod hostile;
mod viewers;

use std::time::Duration;

use serde_json::json;
use tokio::runtime::Runtime;
use tokio::time::Instant;
use watchkeep_tests::browser::Browser;
use watchkeep_tests::eventually::eventually;
use watchkeep_tests::oracle::Oracle;
use watchkeep_tests::programs;
use watchkeep_tests::sink::{Reply, Sink};

const BINARY: &str = env!("CARGO_BIN_EXE_oracle");

/// Two refreshes, and what a busy machine takes.
const TWO_REFRESHES: Duration = Duration::from_millis(2 * 2_000 + 1_500);

/// The value of the first tile, which counts messages.
const MESSAGES: &str = ".tile .value";

/// A browser, where there is one.
async fn browser() -> Option<Browser> {
    let chromium = programs::require("chromium")?;
    let chromedriver = programs::require("chromedriver")?;
    Some(Browser::start(&chromium, &chromedriver).await)
}

fn row(component: &str) -> String {
    format!("tr[data-key='{component}'] .status")
}

#[tokio::test(flavor = "multi_thread")]
async fn page_is_live_turns_a_row_and_connects_again_after_a_restart() {
    let Some(browser) = browser().await else {
        return;
    };
    let engine_runtime = Runtime::new().expect("a runtime can be made");
    let engine = engine_runtime
        .spawn(Sink::start(|_| {
            Reply::ok(r#"{"category":"question","reply":"yes","tokens_used":7}"#)
        }))
        .await
        .expect("the engine starts");
    let environment = [
        ("AI_ENGINE_URL", engine.url()),
        ("MONITOR_INTERVAL_SECONDS", "1"),
    ];
    let mut oracle = Oracle::start(BINARY, &environment).await;
    oracle.component("ai_engine", "healthy").await;
    browser.open(&format!("{}/dashboard", oracle.base())).await;
    browser.wait_for_text(".live", "Live").await;
    assert_eq!(browser.text(MESSAGES).await, "0");
    for user in 0..3 {
        let (status, answer) = oracle
            .message(user, "does it move?")
            .await
            .expect("it answers");
        assert_eq!(status, 200, "{answer}");
    }
    browser.wait_for_text(MESSAGES, "3").await;
    browser.wait_for_text(&row("ai_engine"), "HEALTHY").await;
    assert_eq!(browser.complaints().await, [""; 0]);

    engine_runtime.shutdown_background();
    oracle.component("ai_engine", "degraded").await;
    let since = Instant::now();
    browser.wait_for_text(&row("ai_engine"), "DEGRADED").await;
    assert!(since.elapsed() < TWO_REFRESHES, "{:?}", since.elapsed());
    browser
        .wait_for_text("[aria-labelledby=journal]", "DEGRADED")
        .await;
    assert!(browser.title().await.starts_with('▲'));

    let address = oracle.base().trim_start_matches("http://").to_owned();
    oracle.signal("TERM").await;
    assert_eq!(oracle.ended().await.code(), Some(0));
    let mut again = Oracle::start(BINARY, &[("ORACLE_ADDR", &address)]).await;
    browser.wait_for_text(MESSAGES, "0").await;
    browser.wait_for_text(".live", "Live").await;

    again.signal("TERM").await;
    assert_eq!(again.ended().await.code(), Some(0));
    browser.wait_for_text(".live", "Stale").await;
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_clicked_and_confirmed_is_done() {
    let Some(browser) = browser().await else {
        return;
    };
    let engine = Sink::start(|_| Reply::Never).await;
    let slack = Sink::start(|_| Reply::ok("ok")).await;
    let webhook = format!("{}/services/x", slack.url());
    let environment = [
        ("AI_ENGINE_URL", engine.url()),
        ("AI_TIMEOUT_SECONDS", "0.1"),
        ("SLACK_WEBHOOK_URL", webhook.as_str()),
    ];
    let oracle = Oracle::start(BINARY, &environment).await;
    let (status, answer) = oracle
        .message(7, "is anybody there?")
        .await
        .expect("it answers");
    assert_eq!(status, 504, "{answer}");
    browser.open(&format!("{}/dashboard", oracle.base())).await;
    browser.wait_for_text(".alert .head", "AiTimeout").await;
    browser.wait_for_text(".codes", "AI_TIMEOUT").await;

    browser.click(".alert button").await;
    browser.wait_for_text("h1", "Silence an alert").await;
    browser
        .type_into("#comment", "the engine <b>moves</b> house")
        .await;
    browser.click("button.main").await;
    browser.wait_for_text(".notice", "silenced").await;
    let why = "the engine <b>moves</b> house";
    browser.wait_for_text(".alert .why", why).await;
    let alerts = oracle.json("/alerts").await.expect("it answers");
    assert_eq!(alerts["alerts"][0]["suppressed"], json!(["silenced"]));

    let told = |word: &'static str| {
        let slack = slack.clone();
        async move {
            let bodies: Vec<String> = slack.received().into_iter().map(|it| it.body).collect();
            if bodies.iter().any(|body| body.contains(word)) {
                Ok(())
            } else {
                Err(bodies)
            }
        }
    };
    browser.click("button[name=receiver][value=slack]").await;
    browser.wait_for_text("h1", "Send a test notice").await;
    assert!(
        told("test").await.is_err(),
        "nothing is sent before it is confirmed"
    );
    browser.click("button.main").await;
    browser.wait_for_text(".notice", "delivered").await;
    eventually(5, "the test notice is at Slack", || told("test")).await;
    assert_eq!(browser.complaints().await, [""; 0]);

    // The same without a script, which the forms do not need.
    browser.allow_scripts(false).await;
    browser
        .open(&format!("{}/dashboard/log-level", oracle.base()))
        .await;
    browser.click("button.main").await;
    browser.wait_for_text(".notice", "More is logged").await;
    browser.wait_for_text(".actions", "debug").await;
    browser.quit().await;
}
