//! The HTTP client of the tests.

/// Returns a client.
///
/// The workspace builds reqwest without a TLS provider of its own, so the process gets one at the first call.
#[must_use]
pub fn client() -> reqwest::Client {
    // The second call finds the first one's provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}
