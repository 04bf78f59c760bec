//! The stream of events: the newest snapshot at once and at each refresh, and a heartbeat.
//!
//! A viewer has one piece of an event under way at a time. While it has not left for the socket nothing follows it, so that
//! a slow viewer gets the newest snapshot next and not all in between; one that takes nothing for too long is cut off.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use http::StatusCode;
use http::header::{HeaderName, RETRY_AFTER};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};

use super::page::Page;
use super::sampler::Frames;
use crate::respond;

/// How often the server says that it is there, also when nothing is new.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// How long a piece of an event may be under way.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long it may be under way when the service stops.
const GRACE: Duration = Duration::from_millis(500);

/// Well below what hyper buffers before it stops to ask for more; a stream that is not asked could cut nobody off.
const MOST_PIECE_BYTES: usize = 64 * 1024;

/// How long a browser waits before it connects again, in milliseconds.
const GREETING: &str = "retry: 2000\n\n";

/// Tells reverse proxies to hand each event on at once; nginx made it up, others follow.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Room for those who watch.
#[derive(Clone, Debug)]
pub(super) struct Viewers {
    room: Arc<Semaphore>,
}

/// One who watches; the room is free again when it is dropped.
struct Viewer {
    frames: Frames,
    heartbeat: Interval,
    under_way: Arc<Semaphore>,
    /// What is left of the event that was begun.
    rest: Bytes,
    patience: Duration,
    _room: OwnedSemaphorePermit,
}

/// A piece on its way: dropped once it is written, when it gives its permit back.
struct UnderWay {
    piece: Bytes,
    _permit: OwnedSemaphorePermit,
}

pub(super) async fn events(State(page): State<Page>) -> Response {
    let Ok(room) = Arc::clone(&page.viewers().room).try_acquire_owned() else {
        return unavailable(
            "there is no room for another viewer; the page without live updates is still there\n",
        );
    };
    let frames = page.sampler().frames();
    if frames.has_changed().is_err() {
        return unavailable("the service is stopping\n");
    }
    let viewer = Viewer::new(frames, room, PATIENCE);
    let body = viewer.into_body();
    let mut response = respond::fresh(StatusCode::OK, "text/event-stream", body);
    respond::with(&mut response, ACCEL_BUFFERING, "no");
    response
}

fn unavailable(words: &'static str) -> Response {
    let mut response = respond::refusal(StatusCode::SERVICE_UNAVAILABLE, words);
    respond::with(&mut response, RETRY_AFTER, "5");
    response
}

/// What becomes of a stream.
enum Next {
    Cut(io::Error),
    End,
    Piece(Bytes, Viewer),
}

// === impl Viewers ===

impl Viewers {
    pub(super) fn new(most: usize) -> Self {
        Self {
            room: Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))),
        }
    }
}

// === impl Viewer ===

impl Viewer {
    fn new(mut frames: Frames, room: OwnedSemaphorePermit, patience: Duration) -> Self {
        frames.mark_changed();
        let mut heartbeat = interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            frames,
            heartbeat,
            under_way: Arc::new(Semaphore::new(1)),
            rest: Bytes::from_static(GREETING.as_bytes()),
            patience,
            _room: room,
        }
    }

    fn into_body(self) -> Body {
        Body::from_stream(stream::unfold(Some(self), |viewer| async {
            match viewer?.next().await {
                Next::Piece(piece, viewer) => Some((Ok(piece), Some(viewer))),
                Next::Cut(error) => Some((Err(error), None)),
                Next::End => None,
            }
        }))
    }

    async fn next(mut self) -> Next {
        let taken = timeout(self.patience, Arc::clone(&self.under_way).acquire_owned());
        let permit = tokio::select! {
            biased;
            permit = taken => permit,
            () = closed(self.frames.clone()) => {
                // What has just been sent may still leave; a connection that takes nothing goes without a word.
                let left = timeout(GRACE, self.under_way.acquire()).await.is_ok();
                return if left { Next::End } else { Next::Cut(io::ErrorKind::ConnectionAborted.into()) };
            }
        };
        // The semaphore is never closed.
        let Ok(Ok(permit)) = permit else {
            tracing::debug!("viewer of the dashboard does not read and is cut off");
            return Next::Cut(io::ErrorKind::TimedOut.into());
        };
        if self.rest.is_empty() {
            match self.event().await {
                Some(event) => self.rest = event,
                None => return Next::End,
            }
        }
        let length = self.rest.len().min(MOST_PIECE_BYTES);
        let piece = UnderWay {
            piece: self.rest.split_to(length),
            _permit: permit,
        };
        Next::Piece(Bytes::from_owner(piece), self)
    }

    /// Returns the next event; none at the end of the service.
    async fn event(&mut self) -> Option<Bytes> {
        loop {
            tokio::select! {
                biased;
                changed = self.frames.changed() => {
                    changed.ok()?;
                    if let Some(frame) = self.frames.borrow_and_update().as_ref() {
                        return Some(frame.event.clone());
                    }
                }
                _ = self.heartbeat.tick() => {
                    let now = jiff::Timestamp::now();
                    let event = format!("event: heartbeat\ndata: {{\"time\":\"{now:.3}\"}}\n\n");
                    return Some(event.into());
                }
            }
        }
    }
}

/// Waits until no more frames will come.
async fn closed(mut frames: Frames) {
    while frames.changed().await.is_ok() {}
}

// === impl UnderWay ===

impl AsRef<[u8]> for UnderWay {
    fn as_ref(&self) -> &[u8] {
        &self.piece
    }
}

#[cfg(test)]
mod tests;
