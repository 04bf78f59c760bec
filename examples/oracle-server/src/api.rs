//! `POST /message`: what comes in, what goes out, and every refusal in one shape.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::post;
use http::StatusCode;
use http::header::{CONNECTION, HeaderValue};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::watch;
use tower::ServiceBuilder;
use tower_http::timeout::RequestBodyTimeoutLayer;
use watchkeep::tower::RequestId;

use crate::exchange::{Failure, Oracle};

/// The longest body.
const LONGEST_BODY: usize = 64 * 1024;

/// The longest text, in characters.
const LONGEST_TEXT: usize = 4_000;

/// How long a client may pause while it sends its body.
const BODY_PAUSE: Duration = Duration::from_secs(10);

/// The routes of ORACLE's own.
pub(crate) fn routes(oracle: Arc<Oracle>) -> Router {
    let limits = ServiceBuilder::new()
        .layer(RequestBodyTimeoutLayer::new(BODY_PAUSE))
        .layer(DefaultBodyLimit::max(LONGEST_BODY));
    Router::new()
        .route("/message", post(message).layer(limits))
        .layer(from_fn_with_state(Arc::clone(&oracle), in_flight))
        .with_state(oracle)
}

/// Counts a request among those in flight from its head to its answer, however it ends.
async fn in_flight(State(oracle): State<Arc<Oracle>>, request: Request, next: Next) -> Response {
    let _counted = InFlight::enter(&oracle.in_flight);
    next.run(request).await
}

struct InFlight<'a>(&'a watch::Sender<usize>);

impl<'a> InFlight<'a> {
    fn enter(count: &'a watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

#[derive(Debug, Deserialize)]
struct MessageRequest {
    user_id: i64,
    text: String,
}

/// Why a request is no message.
#[derive(Debug)]
struct Invalid {
    status: StatusCode,
    code: &'static str,
    reason: String,
}

async fn message(
    State(oracle): State<Arc<Oracle>>,
    request_id: RequestId,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let request = match read(body) {
        Ok(request) => request,
        Err(invalid) => {
            return refusal(invalid.status, invalid.code, &invalid.reason, &request_id);
        }
    };
    match oracle.answer(request.user_id, &request.text).await {
        Ok(answer) => Json(json!({ "success": true, "result": answer })).into_response(),
        Err(failure) => {
            let mut response = refusal(
                failure.status(),
                failure.code(),
                &failure.to_string(),
                &request_id,
            );
            if matches!(failure, Failure::ShuttingDown) {
                response
                    .headers_mut()
                    .insert(CONNECTION, HeaderValue::from_static("close"));
            }
            response
        }
    }
}

/// Reads a body as a message; its content type does not matter, its content does.
fn read(body: Result<Bytes, BytesRejection>) -> Result<MessageRequest, Invalid> {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Invalid {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            code: "BODY_TOO_LARGE",
            reason: format!("a body may have {LONGEST_BODY} bytes"),
        },
        _ => invalid(
            StatusCode::BAD_REQUEST,
            "the body did not arrive whole".to_owned(),
        ),
    })?;
    let request: MessageRequest = crate::json::object(&body).map_err(|error| {
        let status = if error.is_data() {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::BAD_REQUEST
        };
        invalid(status, format!("the body is no message: {error}"))
    })?;
    let characters = request.text.chars().count();
    if request.user_id < 0 {
        return Err(unprocessable(format!(
            "user_id is {}; it must be from 0 to 2^63-1",
            request.user_id
        )));
    }
    if characters == 0 || characters > LONGEST_TEXT {
        return Err(unprocessable(format!(
            "text has {characters} characters; it must have from 1 to {LONGEST_TEXT}"
        )));
    }
    Ok(request)
}

fn unprocessable(reason: String) -> Invalid {
    invalid(StatusCode::UNPROCESSABLE_ENTITY, reason)
}

fn invalid(status: StatusCode, reason: String) -> Invalid {
    Invalid {
        status,
        code: "INVALID_MESSAGE",
        reason,
    }
}

fn refusal(status: StatusCode, code: &str, reason: &str, request_id: &RequestId) -> Response {
    let body = json!({
        "success": false,
        "error": { "code": code, "message": reason },
        "request_id": request_id.as_str(),
    });
    (status, Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, expected: u16) {
        let found = read(Ok(Bytes::copy_from_slice(body.as_bytes())));
        match found {
            Ok(_) => assert_eq!(expected, 200, "{body}"),
            Err(invalid) => {
                assert_eq!(
                    invalid.status.as_u16(),
                    expected,
                    "{body}: {}",
                    invalid.reason
                );
                assert_eq!(invalid.code, "INVALID_MESSAGE");
            }
        }
    }

    #[test]
    fn only_a_message_is_a_message() {
        check(r#"{"user_id":7,"text":"hello"}"#, 200);
        check(r#"{"user_id":0,"text":"x","more":"ignored"}"#, 200);
        check(r#"{"user_id":9223372036854775807,"text":"x"}"#, 200);
        for bad in ["", "{", "nonsense", r#"{"user_id":7,"text":"x"} trailing"#] {
            check(bad, 400);
        }
        for bad in [
            "[]",
            r#"[7,"hello"]"#,
            "null",
            "7",
            "{}",
            r#"{"user_id":7}"#,
            r#"{"text":"x"}"#,
            r#"{"user_id":7,"text":""}"#,
            r#"{"user_id":7,"text":7}"#,
            r#"{"user_id":"7","text":"x"}"#,
            r#"{"user_id":-1,"text":"x"}"#,
            r#"{"user_id":1.5,"text":"x"}"#,
            r#"{"user_id":9223372036854775808,"text":"x"}"#,
            r#"{"user_id":7,"user_id":8,"text":"x"}"#,
        ] {
            check(bad, 422);
        }
    }

    #[test]
    fn length_is_counted_in_characters() {
        let text = |count: usize| format!(r#"{{"user_id":7,"text":"{}"}}"#, "ω".repeat(count));
        check(&text(LONGEST_TEXT), 200);
        check(&text(LONGEST_TEXT + 1), 422);
    }

    #[test]
    fn invalid_utf8_is_no_message() {
        let body = Bytes::from_static(b"{\"user_id\":7,\"text\":\"\xff\"}");
        let invalid = read(Ok(body)).expect_err("not UTF-8");
        assert_eq!(invalid.code, "INVALID_MESSAGE");
    }
}
