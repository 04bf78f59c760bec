//! Runs the mail room on <http://127.0.0.1:8080>; its page is <http://127.0.0.1:8080/internal/dashboard>.

use std::sync::Arc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let watchkeep = mailroom::watchkeep().start()?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    let app = mailroom::app(&watchkeep, &Arc::default(), listener.local_addr()?);
    let stop = watchkeep.drain_on(async { drop(tokio::signal::ctrl_c().await) });
    axum::serve(listener, app)
        .with_graceful_shutdown(stop)
        .await?;
    watchkeep.shutdown().await;
    Ok(())
}
