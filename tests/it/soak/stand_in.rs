//! A service of others, whose mood can be changed.

use std::sync::{Arc, Mutex};

use watchkeep_tests::sink::{Reply, Sink};

/// How a service answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Mood {
    Failing,
    Silent,
    Well,
}

pub(super) struct StandIn {
    sink: Sink,
    state: Arc<Mutex<State>>,
}

struct State {
    mood: Mood,
    accepted: Vec<String>,
}

impl StandIn {
    /// Starts a service that is well, and then answers so.
    pub(super) async fn start(answer: &'static str) -> Self {
        let state = Arc::new(Mutex::new(State {
            mood: Mood::Well,
            accepted: Vec::new(),
        }));
        let shared = Arc::clone(&state);
        let sink = Sink::start(move |body| {
            let mut state = shared.lock().unwrap();
            match state.mood {
                Mood::Failing => Reply::Answer(503, String::new()),
                Mood::Silent => Reply::Never,
                Mood::Well => {
                    state.accepted.push(body.to_owned());
                    Reply::ok(answer)
                }
            }
        })
        .await;
        Self { sink, state }
    }

    pub(super) fn url(&self) -> &str {
        self.sink.url()
    }

    pub(super) fn set(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    /// Returns what was accepted.
    pub(super) fn bodies(&self) -> Vec<String> {
        self.state.lock().unwrap().accepted.clone()
    }
}
