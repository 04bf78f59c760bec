//! A real Chromium without a window, driven through chromedriver.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;

use thirtyfour::{
    By, ChromeCapabilities, ChromiumLikeCapabilities, LoggingPrefsLogLevel, WebDriver, WebElement,
};
use tokio::process::{Child, Command};

use crate::client::client;
use crate::eventually::eventually;
use crate::servers::free_port;

/// What every page runs before its own scripts: it keeps what the policy forbade and what went wrong.
const WATCH: &str = "
    window.violations = [];
    window.ran = [];
    addEventListener('securitypolicyviolation', (event) =>
        violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
    window.alert = (text) => ran.push(`alert ${text}`);
";

/// How long something on a page may take to come.
const PATIENCE: u64 = 20;

/// A browser with one tab; it ends when this is dropped.
#[derive(Debug)]
pub struct Browser {
    driver: WebDriver,
    // The driver's process takes the browser with it.
    _process: Child,
    _profile: TempDir,
}

impl Browser {
    /// Starts this Chromium through this chromedriver.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(chromium: &Path, chromedriver: &Path) -> Self {
        let profile = tempfile::tempdir().expect("a temporary folder can be made");
        let port = free_port();
        let process = Command::new(chromedriver)
            .arg(format!("--port={port}"))
            .env("HOME", profile.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver runs");
        let url = format!("http://127.0.0.1:{port}");
        eventually(PATIENCE, "chromedriver is ready", || async {
            let status = client().get(format!("{url}/status")).send().await;
            status.map_err(|error| error.to_string())
        })
        .await;
        let driver = WebDriver::new(url, capabilities(chromium, profile.path()))
            .await
            .expect("the browser starts");
        let browser = Self {
            driver,
            _process: process,
            _profile: profile,
        };
        browser
            .tool(
                "Page.addScriptToEvaluateOnNewDocument",
                json!({ "source": WATCH }),
            )
            .await;
        browser
    }

    /// Ends it; without this the driver's process is killed, and its browser ends a moment later.
    ///
    /// # Panics
    /// When it does not end.
    pub async fn quit(self) {
        self.driver.quit().await.expect("the browser ends");
    }

    /// Opens a page.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn open(&self, url: &str) {
        self.driver.goto(url).await.expect("the page opens");
    }

    /// The address of the page.
    ///
    /// # Panics
    /// When the browser does not answer.
    pub async fn address(&self) -> String {
        self.driver
            .current_url()
            .await
            .expect("an address")
            .to_string()
    }

    /// The title of the tab.
    ///
    /// # Panics
    /// When the browser does not answer.
    pub async fn title(&self) -> String {
        self.driver.title().await.expect("a title")
    }

    /// Finds an element, waiting for it.
    ///
    /// # Panics
    /// When it does not come.
    pub async fn find(&self, css: &str) -> WebElement {
        eventually(PATIENCE, css, || self.driver.find(By::Css(css))).await
    }

    /// The text of an element as the page has it, whether it is seen or not.
    ///
    /// # Panics
    /// When there is no such element.
    pub async fn text(&self, css: &str) -> String {
        let found = self.run(
            "return document.querySelector(arguments[0]).textContent",
            vec![json!(css)],
        );
        found.await.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the text of an element contains another.
    ///
    /// # Panics
    /// When it does not.
    pub async fn wait_for_text(&self, css: &str, wanted: &str) {
        eventually(PATIENCE, &format!("{css} says {wanted}"), || async {
            let found = self
                .run(
                    "return document.querySelector(arguments[0])?.textContent ?? ''",
                    vec![json!(css)],
                )
                .await;
            let text = found.as_str().unwrap_or_default().to_owned();
            if text.contains(wanted) {
                Ok(())
            } else {
                Err(text)
            }
        })
        .await;
    }

    /// Clicks an element.
    ///
    /// # Panics
    /// When it cannot be clicked.
    pub async fn click(&self, css: &str) {
        let element = self.find(css).await;
        element.click().await.expect("it can be clicked");
    }

    /// Types into an element.
    ///
    /// # Panics
    /// When nothing can be typed there.
    pub async fn type_into(&self, css: &str, text: &str) {
        let element = self.find(css).await;
        element.send_keys(text).await.expect("it takes the keys");
    }

    /// Runs a script within the page, and returns what it returns.
    ///
    /// # Panics
    /// When it fails.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        let answer = self.driver.execute(script, arguments).await;
        answer.expect("the script runs").json().clone()
    }

    /// What the policy of the page has forbidden so far, and what else the browser complained of since the last call.
    ///
    /// # Panics
    /// When the browser does not answer.
    pub async fn complaints(&self) -> Vec<String> {
        let violations = self
            .run("return window.violations.concat(window.ran)", Vec::new())
            .await;
        let violations = violations.as_array().cloned().unwrap_or_default();
        let log = self
            .driver
            .browser_log()
            .await
            .expect("the browser has a log");
        let mut complaints: Vec<String> = violations.iter().map(Value::to_string).collect();
        complaints.extend(
            log.into_iter()
                .filter(|entry| entry.level != "INFO" && entry.level != "DEBUG")
                .map(|entry| format!("{} {}", entry.level, entry.message)),
        );
        complaints
    }

    /// Lets pages run scripts, or forbids it.
    ///
    /// # Panics
    /// When the browser does not answer.
    pub async fn allow_scripts(&self, allowed: bool) {
        self.tool(
            "Emulation.setScriptExecutionDisabled",
            json!({ "value": !allowed }),
        )
        .await;
    }

    /// Shows pages in light or dark colors, and this many pixels wide.
    ///
    /// # Panics
    /// When the browser does not answer.
    pub async fn appear(&self, scheme: &str, width: u32) {
        let scheme = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.tool("Emulation.setEmulatedMedia", json!({ "features": scheme }))
            .await;
        let metrics =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.tool("Emulation.setDeviceMetricsOverride", metrics)
            .await;
    }

    /// Checks the page for accessibility with axe-core, whose text is `axe`; returns what it found.
    ///
    /// # Panics
    /// When it does not run.
    pub async fn check_accessibility(&self, axe: &str) -> Vec<String> {
        // Beside the page's policy, which forbids scripts from elsewhere.
        self.tool("Runtime.evaluate", json!({ "expression": axe }))
            .await;
        let script = "
            const done = arguments[arguments.length - 1];
            axe.run().then(
                (found) => done(found.violations.flatMap((rule) =>
                    rule.nodes.map((node) => `${rule.id}: ${node.html}: ${node.failureSummary}`))),
                (error) => done([`axe-core failed: ${error}`]));
        ";
        let found = self.driver.execute_async(script, Vec::new()).await;
        let found = found.expect("axe-core answers").json().clone();
        let found = found.as_array().cloned().expect("a list");
        found.iter().map(Value::to_string).collect()
    }

    /// A command of the developer tools.
    async fn tool(&self, command: &str, parameters: Value) {
        let done = self.driver.cdp().send_raw(command, parameters).await;
        done.expect("the developer tools answer");
    }
}

fn capabilities(chromium: &Path, profile: &Path) -> ChromeCapabilities {
    let mut capabilities = ChromeCapabilities::new();
    let profile = format!("--user-data-dir={}", profile.join("profile").display());
    let arguments = [
        "--headless=new",
        // Tests may run as root, and in containers with a small /dev/shm.
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--no-first-run",
        // Nothing leaves the machine.
        "--disable-background-networking",
        "--disable-component-update",
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
        &profile,
    ];
    for argument in arguments {
        capabilities.add_arg(argument).expect("a capability");
    }
    let binary = chromium.display().to_string();
    capabilities.set_binary(&binary).expect("a capability");
    capabilities
        .set_browser_log_level(LoggingPrefsLogLevel::All)
        .expect("a capability");
    capabilities
}
