//! An address whose network swallows everything, as behind a firewall that drops.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;

/// A listener whose queue is full, and that accepts nobody: whoever connects waits, for as long as this lives.
#[derive(Debug)]
pub struct Blackhole {
    address: SocketAddr,
    _listener: TcpListener,
    _queue: Vec<TcpStream>,
}

impl Blackhole {
    /// Makes one on a free port.
    ///
    /// # Panics
    /// When no port is free, or the system's queue has no end.
    pub async fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("there is a socket");
        socket
            .bind(([127, 0, 0, 1], 0).into())
            .expect("a port is free");
        let listener = socket.listen(1).expect("it listens");
        let address = listener.local_addr().expect("it is bound");
        let mut queue = Vec::new();
        let patience = Duration::from_millis(300);
        while let Ok(stream) = timeout(patience, TcpStream::connect(address)).await {
            queue.push(stream.expect("the queue has room"));
            assert!(queue.len() < 64, "the queue has no end");
        }
        Self {
            address,
            _listener: listener,
            _queue: queue,
        }
    }

    /// Returns its address.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}
