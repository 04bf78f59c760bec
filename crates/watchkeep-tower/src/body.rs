//! The response's body, and how its end is known.

use std::{
    fmt,
    panic::{self, AssertUnwindSafe},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Buf;
use http::{Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::{
    guard::{Guard, Live},
    headers,
    method::MethodLabel,
    outcome::Outcome,
};

pin_project! {
    /// The body of a watched response; data, trailers and size pass through as they are.
    ///
    /// The request ends with the last frame that the body gives, not when the client has it.
    /// Dropped before that, the request ends as `cancelled_in_body`, except when nothing is missing: servers drop the
    /// bodies of `HEAD`, 204 and 304 unread, and any body once its `content-length` is written.
    pub struct ObservedBody<B> {
        // None once it has ended.
        #[pin]
        inner: Option<B>,
        guard: Option<Box<Guard>>,
        // How many bytes complete the body, where that is known.
        missing: Option<u64>,
    }

    impl<B> PinnedDrop for ObservedBody<B> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.inner.is_none() {
                return;
            }
            // What an unfinished body says while it is dropped belongs to the request.
            let _entered = this.guard.as_deref().and_then(Guard::enter_to_drop);
            this.inner.set(None);
        }
    }
}

/// How the end of a response will be known.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// There is nothing to wait for.
    Known(Outcome),
    /// After so many bytes, or whatever comes earlier.
    Length(u64),
    /// When the body says so.
    Open,
}

// === impl End ===

impl End {
    /// Tells from a response's head how its end will be known.
    pub(crate) fn of<B: Body>(response: &Response<B>, request: &Live) -> Self {
        let status = response.status();
        if status == StatusCode::SWITCHING_PROTOCOLS
            || status.is_success() && request.is(MethodLabel::CONNECT)
        {
            return Self::Known(Outcome::Upgraded);
        }
        let is_bodiless = status.is_informational()
            || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
            || request.is(MethodLabel::HEAD);
        if is_bodiless || response.body().is_end_stream() {
            return Self::Known(Outcome::Completed);
        }
        if request.is_grpc() {
            // The status comes after the last byte.
            return Self::Open;
        }
        match length(response) {
            None => Self::Open,
            Some(0) => Self::Known(Outcome::Completed),
            Some(length) => Self::Length(length),
        }
    }

    /// Says whether the response may go on for as long as somebody listens.
    pub(crate) const fn is_open(self) -> bool {
        matches!(self, Self::Open)
    }

    /// Ends the request where there is nothing to wait for, and else says how many bytes complete it, where that is known.
    pub(crate) fn reached_by(self, request: &mut Live) -> Option<u64> {
        match self {
            Self::Known(outcome) => {
                request.finish(outcome);
                None
            }
            Self::Length(length) => Some(length),
            Self::Open => None,
        }
    }
}

/// What the server will take for the length of the body.
fn length<B: Body>(response: &Response<B>) -> Option<u64> {
    let declared = || headers::number(response.headers(), &header::CONTENT_LENGTH);
    response.body().size_hint().exact().or_else(declared)
}

// === impl ObservedBody ===

impl<B> ObservedBody<B> {
    pub(crate) const fn new(inner: B, missing: Option<u64>, guard: Box<Guard>) -> Self {
        Self {
            inner: Some(inner),
            guard: Some(guard),
            missing,
        }
    }
}

/// A body that belongs to no request, for layers outside that answer on their own.
impl<B: Default> Default for ObservedBody<B> {
    fn default() -> Self {
        Self {
            inner: Some(B::default()),
            guard: None,
            missing: None,
        }
    }
}

impl<B> fmt::Debug for ObservedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObservedBody")
            .field("guard", &self.guard)
            .field("missing", &self.missing)
            .finish_non_exhaustive()
    }
}

impl<B: Body> Body for ObservedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let Some(guard) = this.guard else {
            return match this.inner.as_pin_mut() {
                Some(inner) => inner.poll_frame(cx),
                None => Poll::Ready(None),
            };
        };
        // Once it has ended there is nothing more to do for the request.
        if this.inner.is_none() {
            return Poll::Ready(None);
        }
        guard.within(|request| {
            let polled = panic::catch_unwind(AssertUnwindSafe(|| poll_inner(&mut this.inner, cx)));
            let (polled, is_end) = polled.unwrap_or_else(|payload| {
                request.panicked(&*payload, None);
                panic::resume_unwind(payload);
            });
            match &polled {
                Poll::Pending => {}
                Poll::Ready(None) => request.finish(Outcome::Completed),
                Poll::Ready(Some(Err(_))) => request.finish(Outcome::BodyError),
                Poll::Ready(Some(Ok(frame))) => {
                    let bytes = frame.data_ref().map_or(0, Buf::remaining);
                    request.sent(bytes, frame.trailers_ref());
                    if is_last(frame, this.missing) || is_end {
                        request.finish(Outcome::Completed);
                    }
                }
            }
            polled
        })
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

/// Polls a body that is there, says whether that was its end, and drops it then.
fn poll_inner<B: Body>(
    inner: &mut Pin<&mut Option<B>>,
    cx: &mut Context<'_>,
) -> (Poll<Option<Result<Frame<B::Data>, B::Error>>>, bool) {
    let Some(mut body) = inner.as_mut().as_pin_mut() else {
        return (Poll::Ready(None), true);
    };
    let polled = body.as_mut().poll_frame(cx);
    // A server need not poll again after the last frame, so ask now.
    let is_end = match &polled {
        Poll::Pending => false,
        Poll::Ready(None) => true,
        Poll::Ready(Some(_)) => body.is_end_stream(),
    };
    if is_end {
        inner.set(None);
    }
    (polled, is_end)
}

/// Says whether nothing can follow the frame, and takes its bytes off those that are missing.
fn is_last<D: Buf>(frame: &Frame<D>, missing: &mut Option<u64>) -> bool {
    let Some(data) = frame.data_ref() else {
        return frame.is_trailers();
    };
    let Some(missing) = missing else {
        return false;
    };
    *missing = missing.saturating_sub(data.remaining() as u64);
    *missing == 0
}
