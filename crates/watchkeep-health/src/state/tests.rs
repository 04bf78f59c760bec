//! The core under a clock in the test's hand.

use super::*;
use crate::status::{Probe, ProbeAnswer};

mod calls;
mod component;
mod whole;

/// A state with a clock in the test's hand; every component is called by a letter.
struct Bench {
    state: State,
    now: Instant,
}

fn checked(name: &str) -> Component {
    Component::from_fn(name, || async { Ok(()) })
}

impl Bench {
    fn new(components: &[Component]) -> Self {
        let now = Instant::now();
        Self {
            state: State::new(
                "1".to_owned(),
                components,
                Latches::default(),
                History::new(2),
                now,
            ),
            now,
        }
    }

    fn wait(&mut self, seconds: f64) -> Vec<Transition> {
        self.now += Duration::from_secs_f64(seconds);
        self.state.refresh(self.now)
    }

    fn bring(&mut self, name: &str, source: Source, error: Option<&str>) -> Vec<Transition> {
        let index = self.state.find(name).unwrap();
        self.state.record(index, source, error, self.now);
        self.state.refresh(self.now)
    }

    fn pass(&mut self, name: &str) -> Vec<Transition> {
        self.bring(name, Source::Check, None)
    }

    fn fail(&mut self, name: &str) -> Vec<Transition> {
        self.bring(name, Source::Check, Some("refused"))
    }

    fn say(&mut self, name: &str, status: Status) {
        let index = self.state.find(name).unwrap();
        self.state.say(index, status, None, self.now);
        self.state.refresh(self.now);
    }

    fn probe(&self, probe: Probe) -> ProbeAnswer {
        self.state.answers().pack().answer(probe)
    }

    fn status(&self, name: &str) -> Status {
        self.state.status(self.state.find(name).unwrap())
    }

    fn message(&self, name: &str) -> Option<String> {
        self.state.message(self.state.find(name).unwrap())
    }

    #[track_caller]
    fn check(&self, name: &str, component: Status, whole: Status) {
        assert_eq!((self.status(name), self.state.whole), (component, whole));
    }
}
