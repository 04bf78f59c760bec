//! Traces, their state and baggage as a hostile client writes them: what is continued and passed on.

use crate::wire::{Seen, Server, header};

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03";
const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

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
