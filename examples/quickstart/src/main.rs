//! The smallest service that Watchkeep watches: one dependency, one builder, one wrapped router.

use axum::Router;
use axum::routing::get;
use watchkeep::Watchkeep;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let watchkeep = Watchkeep::builder("quickstart")
        .with_version(env!("CARGO_PKG_VERSION"))
        .start()?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    let app = Router::new().route("/", get(|| async { "hello" }));
    let app = watchkeep.watch(app, listener.local_addr()?);
    let stop = watchkeep.drain_on(async { drop(tokio::signal::ctrl_c().await) });
    axum::serve(listener, app)
        .with_graceful_shutdown(stop)
        .await?;
    watchkeep.shutdown().await;
    Ok(())
}
