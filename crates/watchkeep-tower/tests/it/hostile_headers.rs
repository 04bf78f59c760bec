//! Ids and traces as a hostile client writes them, byte by byte over a socket: what is kept, passed on, echoed and logged.

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

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03";
const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// What a handler sees of a request, and what it would pass on.
struct Seen {
    context: RequestContext,
    headers: HeaderMap,
    outgoing: HeaderMap,
}

/// A server, and what its only handler has seen last.
struct Server {
    address: SocketAddr,
    ledger: Ledger,
    lines: Lines,
    seen: Arc<Mutex<Option<Seen>>>,
    completed: u32,
}

/// One answer as the client reads it, and what led to it.
struct Asked {
    answer: String,
    seen: Seen,
    line: Line,
}

impl Server {
    async fn start() -> Self {
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
    async fn send(&self, headers: &[&[u8]]) -> String {
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
    async fn ask(&mut self, headers: &[&[u8]]) -> Asked {
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

fn header(name: &str, value: impl AsRef<[u8]>) -> Vec<u8> {
    [name.as_bytes(), b": ", value.as_ref()].concat()
}

#[tokio::test]
async fn ids_that_are_not_valid_are_replaced_on_the_wire() {
    let mut server = Server::start().await;
    let too_long = [b'x'; 10 * 1024];
    let corpus: [&[u8]; 12] = [
        b"",
        b" ",
        b"a b",
        b"a\tb",
        b"\x80",
        b"\xff\xfe",
        "\u{202e}".as_bytes(),
        b"a\"b",
        b"{\"a\":1}",
        b"a%0d%0aset-cookie: evil=1",
        br"a\r\nset-cookie: evil=1",
        &too_long,
    ];
    for value in corpus {
        let asked = server.ask(&[&header("x-request-id", value)]).await;
        let id = asked.seen.context.request_id();
        assert_eq!(id.as_str().len(), 32, "{value:?} is replaced by {id}");
        assert!(!asked.answer.contains("evil"), "{}", asked.answer);
        assert_eq!(asked.seen.headers["x-request-id"], id.as_str());
        assert_eq!(asked.seen.headers.get_all("x-request-id").iter().count(), 1);
    }
    let every_byte = (0x80..=0xff_u8).map(|byte| vec![b'a', byte]);
    for value in every_byte {
        let asked = server.ask(&[&header("x-request-id", value)]).await;
        assert_eq!(asked.seen.context.request_id().as_str().len(), 32);
    }
    let twice: [&[u8]; 2] = [b"x-request-id: a", b"x-request-id: a"];
    let asked = server.ask(&twice).await;
    assert_eq!(asked.seen.context.request_id().as_str().len(), 32);
    let longest = [b'x'; 128];
    let asked = server.ask(&[&header("x-request-id", longest)]).await;
    assert_eq!(asked.seen.context.request_id().as_str().as_bytes(), longest);
}

#[tokio::test]
async fn control_characters_in_an_id_begin_another_header_or_are_refused() {
    let mut server = Server::start().await;
    // For HTTP the first is an id and another header, and nothing of the latter comes back.
    let asked = server
        .ask(&[b"x-request-id: a\r\nset-cookie: evil=1"])
        .await;
    assert_eq!(asked.seen.context.request_id().as_str(), "a");
    assert!(!asked.answer.contains("evil"), "{}", asked.answer);
    for value in ["a\rset-cookie: evil=1", "a\0b", "\u{1b}[31mred"] {
        let answer = server.send(&[&header("x-request-id", value)]).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(!answer.contains("evil"), "{answer}");
    }
    // What the server refuses has never reached the layer.
    server.ledger.check(0, &[("completed", 1)]);
}

/// Asks with these parents, and says whether the trace goes on.
async fn is_continued(server: &mut Server, parents: &[&[u8]]) -> bool {
    let parents: Vec<_> = parents
        .iter()
        .map(|value| header("traceparent", value))
        .collect();
    let parents: Vec<&[u8]> = parents.iter().map(Vec::as_slice).collect();
    let Seen {
        context,
        headers,
        outgoing,
    } = server.ask(&parents).await.seen;
    let own = context.trace_context();
    assert_eq!(outgoing["traceparent"], own.to_string());
    assert_ne!(own.span_id().to_string(), "00f067aa0ba902b7");
    let continued = own.trace_id().to_string() == TRACE_ID;
    assert_eq!(
        continued,
        headers.contains_key("traceparent"),
        "what is not continued is taken out"
    );
    continued
}

#[tokio::test]
async fn only_traces_by_the_letter_are_continued() {
    let mut server = Server::start().await;
    let later = |rest: &str| format!("{}{rest}", TRACE.replacen("00", "cc", 1));
    for value in [
        TRACE.to_owned(),
        later(""),
        later("-what-the-future-brings"),
        later("-"),
    ] {
        assert!(
            is_continued(&mut server, &[value.as_bytes()]).await,
            "{value}"
        );
    }
    let zero_trace = TRACE.replace(TRACE_ID, &"0".repeat(32));
    let zero_span = TRACE.replace("00f067aa0ba902b7", &"0".repeat(16));
    for value in [
        TRACE.replacen("00", "ff", 1),
        TRACE.to_uppercase(),
        TRACE.replace("4bf9", "4bF9"),
        zero_trace,
        zero_span,
        "00-ab-cd-01".to_owned(),
        TRACE.replace("-03", "-+f"),
        TRACE.replace("4bf9", "+bf9"),
        TRACE[..54].to_owned(),
        format!("{TRACE}0"),
        format!("{TRACE}-"),
        later("0"),
        later(".more"),
        String::new(),
        TRACE.replace("-03", "-0\u{e9}"),
        "0".repeat(64 * 1024),
        format!("{TRACE}{}", "-".repeat(64 * 1024)),
    ] {
        assert!(
            !is_continued(&mut server, &[value.as_bytes()]).await,
            "{value}"
        );
    }
    assert!(!is_continued(&mut server, &[TRACE.as_bytes(), TRACE.as_bytes()]).await);
    assert!(
        !is_continued(
            &mut server,
            &[b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0\xff"]
        )
        .await
    );

    let asked = server.ask(&[&header("traceparent", TRACE)]).await;
    assert_eq!(
        asked.seen.context.trace_context().flags(),
        3,
        "the random flag is kept"
    );
    assert_eq!(asked.line.spans[0].1["trace.id"], TRACE_ID);
}

fn members(count: usize) -> String {
    let members: Vec<_> = (0..count)
        .map(|number| format!("vendor{number}=value{number}"))
        .collect();
    members.join(",")
}

#[tokio::test]
async fn a_state_of_32_members_is_passed_on_and_one_of_33_is_not() {
    let mut server = Server::start().await;
    let trace = header("traceparent", TRACE);
    let longest = format!("{}={}", "k".repeat(256), "v".repeat(256));
    for (values, passed) in [
        (vec![members(32)], Some(members(32))),
        (vec![members(33)], None),
        (vec![longest.clone()], Some(longest)),
        (
            vec![members(16), "b=1".to_owned()],
            Some(members(16) + ",b=1"),
        ),
        (vec![members(32), "b=1".to_owned()], None),
        (vec!["a=\u{e9}".to_owned()], None),
        (vec!["a".repeat(64 * 1024)], None),
    ] {
        let states: Vec<_> = values
            .iter()
            .map(|value| header("tracestate", value))
            .collect();
        let headers: Vec<&[u8]> = std::iter::once(&trace)
            .chain(&states)
            .map(Vec::as_slice)
            .collect();
        let seen = server.ask(&headers).await.seen;
        assert_eq!(
            seen.context.trace_context().trace_id().to_string(),
            TRACE_ID
        );
        let state = seen
            .outgoing
            .get("tracestate")
            .map(|state| state.to_str().unwrap());
        assert_eq!(state, passed.as_deref());
        assert_eq!(
            seen.context.trace_state().map(|state| state.as_str()),
            passed.as_deref()
        );
    }
}

/// Baggage is the business of whoever reads it; the layer neither reads nor cuts it.
#[tokio::test]
async fn baggage_of_any_size_passes_untouched() {
    let mut server = Server::start().await;
    for size in [1, 8_192, 8_193, 64 * 1024] {
        let baggage = "b".repeat(size);
        for traced in [true, false] {
            let trace = if traced { TRACE } else { "none" };
            let headers = [
                header("traceparent", trace),
                header("baggage", &baggage),
                header("baggage", "second=1"),
            ];
            let asked = server.ask(&headers.each_ref().map(Vec::as_slice)).await;
            let kept: Vec<_> = asked.seen.headers.get_all("baggage").iter().collect();
            assert_eq!(kept, [baggage.as_str(), "second=1"], "{size}");
            assert!(!asked.answer.contains("baggage"));
        }
    }
}
