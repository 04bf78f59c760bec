//! Request ids as a hostile client writes them: what is kept, echoed and logged.

use crate::wire::{Server, header};

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
