//! A way to a server that can be shut: connections are cut and new ones refused until it opens again.

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// A port that leads to another port of this machine; shut when it is dropped.
#[derive(Debug)]
pub struct Gate {
    port: u16,
    target: u16,
    open: Option<JoinHandle<()>>,
}

impl Gate {
    /// Opens a gate to a port.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn open_to(target: u16) -> Self {
        let listener = listen(0).await;
        let port = listener.local_addr().expect("it is bound").port();
        Self {
            port,
            target,
            open: Some(tokio::spawn(forward(listener, target))),
        }
    }

    /// Returns the port to connect to.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Cuts every connection, also in the middle of an answer, and refuses new ones.
    pub async fn shut(&mut self) {
        if let Some(open) = self.open.take() {
            open.abort();
            // Its sockets are closed once it has ended, which is an error because it was told to.
            let _ = open.await;
        }
    }

    /// Opens it again, on the same port.
    ///
    /// # Panics
    /// When the port was taken by another in the meantime.
    pub async fn open(&mut self) {
        self.shut().await;
        let listener = listen(self.port).await;
        self.open = Some(tokio::spawn(forward(listener, self.target)));
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        if let Some(open) = &self.open {
            open.abort();
        }
    }
}

async fn listen(port: u16) -> TcpListener {
    TcpListener::bind(("127.0.0.1", port))
        .await
        .expect("the port is free")
}

/// Forwards until it is aborted; then its connections end with it.
async fn forward(listener: TcpListener, target: u16) {
    let mut connections = JoinSet::new();
    while let Ok((mut from, _)) = listener.accept().await {
        connections.spawn(async move {
            if let Ok(mut to) = TcpStream::connect(("127.0.0.1", target)).await {
                // Either side may go whenever it likes.
                let _ = copy_bidirectional(&mut from, &mut to).await;
            }
        });
        while connections.try_join_next().is_some() {}
    }
}
