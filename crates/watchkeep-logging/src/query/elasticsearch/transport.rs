//! One connection for one search: no proxy, no redirect, a bounded time and a bounded answer.

use std::io;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ureq::Agent;

use super::{Elasticsearch, ElasticsearchError};
use crate::query::{ErrorQuery, ErrorReport};

/// How long one search may take, from the name's look-up to the answer's end: a little more than the server has for it.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The most of an answer that is read: the last errors are a few of them.
const ANSWER_BYTES: u64 = 8 * 1024 * 1024;

impl ErrorQuery {
    /// Asks a server, twice at most; it blocks the thread, at most 10 seconds each time.
    ///
    /// TLS trusts the roots of Mozilla's list, and no authority of one's own.
    ///
    /// # Errors
    ///
    /// Those of [`of_search`](Self::of_search), and no connection or no answer in time.
    pub fn of_elasticsearch(
        &self,
        server: &Elasticsearch,
    ) -> Result<ErrorReport, ElasticsearchError> {
        let agent: Agent = Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .user_agent(concat!("watchkeep/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        self.of_search(|body| {
            search(&agent, server, body).map_err(|error| words(&error, server.shown()))
        })
    }
}

fn search(
    agent: &Agent,
    server: &Elasticsearch,
    body: &str,
) -> Result<(u16, Vec<u8>), ureq::Error> {
    let address = &server.address;
    let mut request = agent.post(&address.search_url);
    if let Some(userinfo) = &address.userinfo {
        let basic = format!("Basic {}", STANDARD.encode(userinfo));
        request = request.header("authorization", basic);
    }
    let mut answer = request.content_type("application/json").send(body)?;
    let status = answer.status().as_u16();
    if status != 200 {
        // The status says it all, and the body may never end.
        return Ok((status, Vec::new()));
    }
    let body = answer.body_mut().with_config().limit(ANSWER_BYTES);
    Ok((status, body.read_to_vec()?))
}

/// Says what went wrong, and with which server.
fn words(error: &ureq::Error, server: &str) -> ElasticsearchError {
    let words = match error {
        ureq::Error::Timeout(_) => {
            format!(
                "elasticsearch at {server} did not answer within {} s",
                TIMEOUT.as_secs()
            )
        }
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => {
            format!(
                "elasticsearch at {server} did not answer within {} s",
                TIMEOUT.as_secs()
            )
        }
        ureq::Error::HostNotFound => "the host of elasticsearch is not known".to_owned(),
        ureq::Error::ConnectionFailed => format!("elasticsearch at {server} cannot be reached"),
        ureq::Error::Io(error) => {
            format!("elasticsearch at {server} cannot be reached: {error}")
        }
        ureq::Error::BodyExceedsLimit(_) => {
            "the answer of elasticsearch is larger than 8 MiB".to_owned()
        }
        ureq::Error::Tls(what) => format!("no TLS with elasticsearch: {what}"),
        ureq::Error::Rustls(error) => format!("no TLS with elasticsearch: {error}"),
        // The text of the others may have the address in it.
        _ => "elasticsearch does not speak HTTP as it should".to_owned(),
    };
    ElasticsearchError::new(words)
}
