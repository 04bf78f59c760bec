//! Texts that attack, in every field that somebody else can fill; and a page that everybody can read.

use std::time::Duration;

use axum::Router;
use serde_json::json;
use tokio::net::TcpListener;
use tracing_subscriber::layer::SubscriberExt as _;
use watchkeep_alerts::{Alert, Alerting, Level, notifiers};
use watchkeep_endpoints::{Access, Dashboard, Endpoints, Section, Source, Tile};
use watchkeep_health::{Component, Registry, Status};
use watchkeep_logging::{Console, LogConfig, LogGuard};
use watchkeep_metrics::Recorder;
use watchkeep_tests::programs;

/// Each runs `ran.push` if it runs at all, from wherever a page could be careless.
const ATTACKS: [&str; 6] = [
    "<script>ran.push('script')</script>",
    "<img src=x onerror=\"ran.push('image')\">",
    "\"><svg onload=\"ran.push('attribute')\">",
    "' autofocus onfocus='ran.push(`quote`)' x='",
    "</template></title></style><iframe srcdoc=\"<script>parent.ran.push('frame')</script>\">",
    "javascript:ran.push('address')//\u{202e}\u{0}{{7*7}}${7*7}",
];

struct Hostile;

impl Source for Hostile {
    fn tiles(&self) -> Vec<Tile> {
        let tile = |text: &&str| {
            Tile::new(*text, *text)
                .with_note(*text)
                .with_tone(*text)
                .with_gauge(1.0, *text)
        };
        ATTACKS.iter().map(tile).collect()
    }

    fn sections(&self) -> Vec<Section> {
        let section = |text: &&str| Section::new(*text, [*text, *text]).with_row([*text, *text]);
        ATTACKS.iter().map(section).collect()
    }
}

struct Site {
    address: String,
    registry: Registry,
    alerting: Alerting,
    _logs: LogGuard,
}

/// A service whose every text attacks.
async fn site() -> Site {
    let mut registry = Registry::builder(ATTACKS[0]);
    for (index, text) in ATTACKS.iter().enumerate() {
        // What is refused in a name.
        let name = format!("{index} {}", text.replace([':', '\0', '\u{202e}'], ""));
        registry = registry.component(Component::manual(name).starting_as(Status::Healthy));
    }
    let registry = registry
        .ready_without_checks()
        .build()
        .expect("the components are valid");
    let mut alerting = Alerting::builder("test").notifier(ATTACKS[2], notifiers::Log::new());
    alerting = alerting.route(Level::Critical, &[ATTACKS[2]]);
    let alerting = alerting.build().expect("the defaults are valid");
    let (layer, logs) = LogConfig::new("hostile")
        .with_console(Console::Off)
        .with_dir(None)
        .build()
        .expect("the configuration is valid");
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, || {
        for text in ATTACKS {
            tracing::error!(error.code = text, field = text, "{text}");
        }
    });
    let endpoints = Endpoints::new(Access::for_listener(([127, 0, 0, 1], 0).into()))
        .with_metrics(Recorder::default())
        .with_health(registry.clone())
        .with_alerts(alerting.clone())
        .with_logs(logs.handle())
        .with_dashboard(
            Dashboard::new(ATTACKS[1])
                .with_source(Hostile)
                .with_detail(ATTACKS[3], ATTACKS[4])
                .with_refresh(Duration::from_millis(250)),
        );
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port is free");
    let address = format!("http://{}", listener.local_addr().expect("it is bound"));
    let router: Router = endpoints.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Site {
        address,
        registry,
        alerting,
        _logs: logs,
    }
}

impl Site {
    /// Raises alerts and turns components, so that everything comes by the stream too.
    async fn attack(&self) {
        for (index, text) in ATTACKS.iter().enumerate() {
            let alert = Alert::new(*text, Level::Critical, *text)
                .with_label(format!("label{index}"), *text)
                .with_detail("detail", *text);
            self.alerting.fire(alert).await.expect("the alert is valid");
        }
        let report = self.registry.report();
        for (component, text) in report.components.iter().zip(ATTACKS) {
            self.registry
                .set_status(&component.name, Status::Unhealthy, Some(text))
                .expect("the component is the program's own");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_texts_never_run_and_everybody_can_read_the_page() {
    let Some(browser) = super::browser().await else {
        return;
    };
    let site = site().await;
    let page = format!("{}/dashboard", site.address);
    browser.open(&page).await;
    browser.wait_for_text(".live", "Live").await;
    site.attack().await;
    // What came by the stream, and then what is there at the first paint.
    for _ in 0..2 {
        browser.wait_for_text(".alerts", ATTACKS[0]).await;
        for (css, text) in [
            ("h1", ATTACKS[1]),
            (".tiles", ATTACKS[4]),
            (".alerts .chips", "label"),
            ("tbody", ATTACKS[0]),
            ("[aria-labelledby=journal]", ATTACKS[3]),
            (".columns", ATTACKS[2]),
            (".records", ATTACKS[1]),
            (".codes", ATTACKS[0]),
            (".card.details", ATTACKS[4]),
            (".buttons", ATTACKS[2]),
        ] {
            browser.wait_for_text(css, text).await;
        }
        assert_eq!(browser.complaints().await, [""; 0]);
        let strangers = "return document.querySelectorAll('body script, iframe, img, svg[onload], [onfocus]').length";
        assert_eq!(browser.run(strangers, Vec::new()).await, json!(0));
        browser.open(&page).await;
    }
    // The pages that ask say the same texts.
    browser.click(".alert button").await;
    browser.wait_for_text("h1", "Silence an alert").await;
    assert_eq!(browser.complaints().await, [""; 0]);

    if let Some(package) = programs::require("axe-core") {
        let axe =
            std::fs::read_to_string(package.join("axe.min.js")).expect("it is in the package");
        for (scheme, width) in [
            ("light", 1_280),
            ("dark", 1_280),
            ("light", 320),
            ("dark", 320),
        ] {
            browser.appear(scheme, width).await;
            browser.open(&page).await;
            browser.wait_for_text(".live", "Live").await;
            let found = browser.check_accessibility(&axe).await;
            assert_eq!(found, [""; 0], "{scheme} at {width}");
            let wide = browser
                .run("return document.documentElement.scrollWidth", Vec::new())
                .await;
            assert!(wide.as_u64() <= Some(width.into()), "{wide} at {width}");
            browser.click(".alert button").await;
            browser.wait_for_text("h1", "Silence an alert").await;
            let found = browser.check_accessibility(&axe).await;
            assert_eq!(found, [""; 0], "{scheme} at {width}");
        }
    }

    browser.allow_scripts(false).await;
    browser.open(&page).await;
    let text = browser
        .find(".tile .value")
        .await
        .text()
        .await
        .expect("a text");
    assert_eq!(text, ATTACKS[0]);
    browser.quit().await;
}
