//! A running server, and how it is asked.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use reqwest::header::ACCEPT;
use reqwest::{Client, Method, Url};

/// How long an answer may take; a test waits for the receiver.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The most bytes of an answer.
const MOST: usize = 64 << 20;

/// A running server.
#[derive(Args, Clone, Debug)]
pub(crate) struct Server {
    /// The server's address.
    #[arg(
        long,
        global = true,
        env = "WATCHKEEP_URL",
        hide_env_values = true,
        default_value = "http://127.0.0.1:8000"
    )]
    url: String,
    /// What lets operators in; best from the environment, so that it stays out of the shell's history.
    #[arg(long, global = true, env = "OPS_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// The type of answer that is asked for.
    #[arg(skip = "text/plain")]
    accept: &'static str,
}

impl Server {
    /// Asks for JSON, or for text.
    pub(crate) const fn accepting(mut self, json: bool) -> Self {
        self.accept = if json {
            "application/json"
        } else {
            "text/plain"
        };
        self
    }

    /// Gets a path as text.
    pub(crate) fn text(&self, path: &str, query: &[(&str, String)]) -> Result<String, String> {
        self.get(path, query)
    }

    /// Gets a path as JSON.
    pub(crate) fn json(&self, path: &str, query: &[(&str, String)]) -> Result<String, String> {
        self.clone().accepting(true).get(path, query)
    }

    /// Posts to a path, and says whether it was taken.
    pub(crate) fn post(
        &self,
        path: &[&str],
        query: &[(&str, String)],
        body: String,
    ) -> Result<(bool, String), String> {
        self.ask(Method::POST, path, query, body)
    }

    fn get(&self, path: &str, query: &[(&str, String)]) -> Result<String, String> {
        let path: Vec<_> = path.split('/').filter(|part| !part.is_empty()).collect();
        let (found, text) = self.ask(Method::GET, &path, query, String::new())?;
        if found { Ok(text) } else { Err(text) }
    }

    fn ask(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, String)],
        body: String,
    ) -> Result<(bool, String), String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let url = address(&self.url, path, query)?;
        runtime.block_on(self.exchange(method, url, body))
    }

    async fn exchange(
        &self,
        method: Method,
        url: Url,
        body: String,
    ) -> Result<(bool, String), String> {
        let mut request = client()?
            .request(method, url)
            .header(ACCEPT, self.accept)
            .body(body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let mut response = request.send().await.map_err(failure)?;
        let status = response.status();
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failure)? {
            if bytes.len() + chunk.len() > MOST {
                return Err("the answer has more than 64 MiB".to_owned());
            }
            bytes.extend_from_slice(&chunk);
        }
        let text = printable(String::from_utf8_lossy(&bytes).trim_end());
        match status.as_u16() {
            401 | 403 => Err(format!(
                "the server refuses: {text}; say --token, or set OPS_TOKEN"
            )),
            404 if text.is_empty() => Err("the server has no such path".to_owned()),
            _ => Ok((status.is_success(), text)),
        }
    }
}

/// Puts an address together; what goes into the path stays one part of it.
fn address(base: &str, path: &[&str], query: &[(&str, String)]) -> Result<Url, String> {
    let wrong = || "the server's address is not like http://127.0.0.1:8000".to_owned();
    let mut url = Url::parse(base).map_err(|_| wrong())?;
    url.path_segments_mut()
        .map_err(|()| wrong())?
        .pop_if_empty()
        .extend(path);
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    Ok(url)
}

fn client() -> Result<Client, String> {
    let roots: rustls::RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .timeout(TIMEOUT)
        .build()
        .map_err(|error| error.to_string())
}

/// Says why there was no answer, without the address, which may hold a password.
fn failure(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut cause: &dyn std::error::Error = &error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    format!("the server could not be asked: {cause}")
}

/// Returns a text with nothing in it that a terminal would obey or hide; lines stay lines.
pub(crate) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let hidden = c.is_control() && c != '\n'
            || matches!(c, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if hidden {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_into_the_path_stays_one_part_of_it() {
        let url = |base, path: &[&str]| address(base, path, &[("at", "a&b".to_owned())]);
        let expected = "http://h/ops/alerts/test/a%2F..%2Fb%3Fc?at=a%26b".to_owned();
        let made = url("http://h/ops/", &["alerts", "test", "a/../b?c"]).map(String::from);
        assert_eq!(made, Ok(expected));
        assert!(url("localhost", &["alerts"]).is_err());
        assert!(url("mailto:a", &["alerts"]).is_err());
    }

    #[test]
    fn a_terminal_gets_nothing_to_obey() {
        assert_eq!(
            printable("a\n\u{1b}[2J\u{9b}\u{202e}é"),
            "a\n\\u{1b}[2J\\u{9b}\\u{202e}é"
        );
    }
}
