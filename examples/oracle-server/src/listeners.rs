//! Where the service listens, and where its operators do: bound before anything starts, published once they accept, ended together.

use std::io;
use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// One that is bound and accepts nothing yet.
#[derive(Debug)]
pub(crate) struct Bound {
    listener: TcpListener,
    pub(crate) address: SocketAddr,
}

/// All that accept.
#[derive(Debug)]
pub(crate) struct Accepting {
    stop: watch::Sender<bool>,
    servers: JoinSet<io::Result<()>>,
}

// === impl Bound ===

impl Bound {
    pub(crate) async fn to(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }
}

// === impl Accepting ===

impl Accepting {
    pub(crate) fn new() -> Self {
        Self {
            stop: watch::Sender::new(false),
            servers: JoinSet::new(),
        }
    }

    /// Serves a router from now on.
    pub(crate) fn serve(&mut self, bound: Bound, router: Router) {
        let mut stop = self.stop.subscribe();
        self.servers.spawn(async move {
            axum::serve(bound.listener, router)
                .with_graceful_shutdown(async move {
                    // Nobody who could say it is as good as having said it.
                    let _ = stop.wait_for(|stop| *stop).await;
                })
                .await
        });
    }

    /// Accepts no more, and waits until the connections have ended.
    pub(crate) async fn end(mut self) {
        self.stop.send_replace(true);
        while self.servers.join_next().await.is_some() {}
    }
}
