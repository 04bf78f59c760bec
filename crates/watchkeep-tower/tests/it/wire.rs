//! A server that is asked byte by byte over a socket, and what its handler, its client and its log see of a request.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{Router, extract::Request, routing::get};
use http::HeaderMap;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use watchkeep_tower::{RequestContext, propagation_headers};

use crate::{
    lines::{Line, Lines},
    support::Ledger,
};

/// What a handler sees of a request, and what it would pass on.
pub(crate) struct Seen {
    pub(crate) context: RequestContext,
    pub(crate) headers: HeaderMap,
    pub(crate) outgoing: HeaderMap,
}

/// A server, and what its only handler has seen last.
pub(crate) struct Server {
    address: SocketAddr,
    pub(crate) ledger: Ledger,
    lines: Lines,
    seen: Arc<Mutex<Option<Seen>>>,
    completed: u32,
}

/// One answer as the client reads it, and what led to it.
pub(crate) struct Asked {
    pub(crate) answer: String,
    pub(crate) seen: Seen,
    pub(crate) line: Line,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let (ledger, seen) = (Ledger::new(), Arc::new(Mutex::new(None)));
        let sink = Arc::clone(&seen);
        let handler = async move |request: Request| {
            let context = RequestContext::current();
            *sink.lock().unwrap() = context.map(|context| Seen {
                context,
                headers: request.headers().clone(),
                outgoing: propagation_headers(),
            });
        };
        let app = Router::new().route("/", get(handler)).layer(ledger.layer());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            address,
            ledger,
            lines: Lines::capture(),
            seen,
            completed: 0,
        }
    }

    /// Sends headers as they are.
    pub(crate) async fn send(&self, headers: &[&[u8]]) -> String {
        let mut client = TcpStream::connect(self.address).await.unwrap();
        let mut head = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n".to_vec();
        for header in headers {
            head.extend_from_slice(header);
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        client.write_all(&head).await.unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).expect("an answer is never more than ASCII")
    }

    /// Asks, and checks what holds for each request: one valid id, the same for all who look, and one clean line.
    pub(crate) async fn ask(&mut self, headers: &[&[u8]]) -> Asked {
        let answer = self.send(headers).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        let ids: Vec<_> = answer
            .lines()
            .filter_map(|line| line.strip_prefix("x-request-id: "))
            .collect();
        let [id] = ids[..] else {
            panic!("one id in {answer}");
        };
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        assert!(
            (1..=128).contains(&id.len()) && id.bytes().all(is_allowed),
            "{id}"
        );
        let seen = self.seen.lock().unwrap().take().unwrap();
        assert_eq!(seen.context.request_id().as_str(), id);
        self.completed += 1;
        self.ledger.check(0, &[("completed", self.completed)]);
        let [line] = &mut self.lines.take()[..] else {
            panic!("one line");
        };
        let fields = &line.spans[0].1;
        assert_eq!(fields["http.request.id"], id);
        let context = seen.context.trace_context();
        assert_eq!(fields["trace.id"], context.trace_id().to_string());
        for (name, value) in fields.iter().chain(&line.fields) {
            let is_clean =
                value.len() <= 128 && value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
            assert!(is_clean, "{name}: {value:?}");
        }
        let line = line.clone();
        Asked { answer, seen, line }
    }
}

pub(crate) fn header(name: &str, value: impl AsRef<[u8]>) -> Vec<u8> {
    [name.as_bytes(), b": ", value.as_ref()].concat()
}
