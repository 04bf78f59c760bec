//! The cases, and with which of ours each is compared.

use std::io;
use std::path::Path;

use crate::event::{self, Share};
use crate::{slog_peer, spdlog_peer, tracing_peers, watchkeep};

/// Waits until everything is with the kernel.
pub(crate) type Finish = Box<dyn FnOnce() -> io::Result<()>>;

/// One way to log, in a process of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// The name of the case of ours that does the same work.
    pub(crate) ours: &'static str,
    /// Sets it up for the whole process, with its files in a folder.
    pub(crate) start: fn(&Path) -> io::Result<Finish>,
    /// Does the work of a thread.
    pub(crate) work: fn(Share),
    /// How many lines become of one event, each in a file of its own.
    pub(crate) lines: u64,
    /// Whether it is measured from the first event until all are written; else only its instructions are of interest.
    pub(crate) is_timed: bool,
    /// What the work may take at most, and how many times the throughput of this peer ours shall reach on 1 and 4 threads.
    pub(crate) goal: Goal,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Goal {
    pub(crate) instructions: Option<f64>,
    /// Instructions, this case's over ours.
    pub(crate) instructions_ratio: Option<f64>,
    /// Events a second, ours over this case's.
    pub(crate) one_thread: Option<f64>,
    pub(crate) four_threads: Option<f64>,
    /// Bytes a second, ours over this case's.
    pub(crate) bytes: Option<f64>,
}

const NONE: Goal = Goal {
    instructions: None,
    instructions_ratio: None,
    one_thread: None,
    four_threads: None,
    bytes: None,
};

/// What starting and ending differ by from run to run is part of the difference of two runs.
const NO_DEARER: Goal = Goal {
    instructions_ratio: Some(0.98),
    ..NONE
};

const ECS: &str = "watchkeep ecs";
const TEXT: &str = "watchkeep text";
const THREE: &str = "watchkeep three sinks";
const ERRORS: &str = "watchkeep three sinks, error";
const OFF: &str = "watchkeep off";
const SPAN: &str = "watchkeep span";

type Start = fn(&Path) -> io::Result<Finish>;

const fn timed(name: &'static str, ours: &'static str, start: Start, lines: u64) -> Case {
    Case {
        name,
        ours,
        start,
        work: event::info,
        lines,
        is_timed: true,
        goal: NONE,
    }
}

const fn counted(name: &'static str, ours: &'static str, start: Start, work: fn(Share)) -> Case {
    Case {
        work,
        is_timed: false,
        ..timed(name, ours, start, 0)
    }
}

pub(crate) const ALL: [Case; 21] = [
    Case {
        goal: Goal {
            instructions: Some(4_500.0),
            ..NONE
        },
        ..timed(ECS, ECS, watchkeep::ecs, 1)
    },
    Case {
        goal: Goal {
            one_thread: Some(5.0),
            four_threads: Some(3.5),
            ..NONE
        },
        ..timed("fmt json", ECS, tracing_peers::json, 1)
    },
    timed("fmt json flat", ECS, tracing_peers::json_flat, 1),
    timed("json-subscriber", ECS, tracing_peers::json_subscriber, 1),
    Case {
        work: slog_peer::info,
        ..timed("slog json", ECS, slog_peer::json, 1)
    },
    Case {
        work: spdlog_peer::info,
        goal: Goal {
            bytes: Some(1.0),
            ..NONE
        },
        ..timed("spdlog-rs text", ECS, spdlog_peer::text, 1)
    },
    Case {
        work: spdlog_peer::info,
        goal: Goal {
            bytes: Some(1.0),
            ..NONE
        },
        ..timed("spdlog-rs text pool", ECS, spdlog_peer::text_pool, 1)
    },
    Case {
        work: spdlog_peer::info,
        ..timed("spdlog-rs json pool", ECS, spdlog_peer::json_pool, 1)
    },
    timed(TEXT, TEXT, watchkeep::text, 1),
    timed("fmt text", TEXT, tracing_peers::text, 1),
    Case {
        goal: Goal {
            instructions: Some(9_000.0),
            ..NONE
        },
        ..timed(THREE, THREE, watchkeep::three, 2)
    },
    Case {
        goal: Goal {
            one_thread: Some(4.0),
            ..NONE
        },
        ..timed("fmt three layers", THREE, tracing_peers::three, 2)
    },
    Case {
        lines: 3,
        ..counted(ERRORS, ERRORS, watchkeep::three, event::error)
    },
    Case {
        lines: 3,
        ..counted(
            "fmt three layers, error",
            ERRORS,
            tracing_peers::three,
            event::error,
        )
    },
    counted(OFF, OFF, watchkeep::three, event::off),
    Case {
        goal: NO_DEARER,
        ..counted("fmt off", OFF, tracing_peers::json, event::off)
    },
    Case {
        goal: NO_DEARER,
        ..counted(
            "fmt off, EnvFilter",
            OFF,
            tracing_peers::json_env_filter,
            event::off,
        )
    },
    Case {
        goal: Goal {
            instructions: Some(2_800.0),
            ..NONE
        },
        ..counted(SPAN, SPAN, watchkeep::ecs, event::span)
    },
    counted("registry span", SPAN, tracing_peers::bare, event::span),
    counted("fmt text span", SPAN, tracing_peers::text, event::span),
    counted("fmt json span", SPAN, tracing_peers::json, event::span),
];
