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

/// Returns a client that makes a new connection for every request and follows no redirect, as a kubelet does.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn client_without_connections() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .pool_max_idle_per_host(0)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client can be made")
}
