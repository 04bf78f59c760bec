//! Random traces: what happens to six alerts, five routes and a few silences.

use proptest::prelude::*;

use super::support::*;
use crate::alert::Alert;
use crate::config::Config;
use crate::state::{Ends, Event, Settings};
use crate::view::AlertKind;

/// How many alerts there are; the odd ones are in zone 1.
pub(super) const ALERTS: usize = 6;
pub(super) const WAIT: u64 = 30;
pub(super) const INTERVAL: u64 = 60;
pub(super) const REPEAT: u64 = 180;

/// One thing that happens.
#[derive(Clone, Debug)]
pub(super) enum Op {
    Expire(usize),
    Fire(usize),
    Lease(usize, u64),
    Resolve(usize),
    /// Silences the alerts of a mask, for so many seconds.
    Silence(u8, u64),
    Trigger(usize),
    Wait(u64),
}

pub(super) fn ops(most: usize) -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        1 => (0..4_usize).prop_map(Op::Expire),
        4 => (0..ALERTS).prop_map(Op::Fire),
        2 => (0..ALERTS, 1..400_u64).prop_map(|(n, seconds)| Op::Lease(n, seconds)),
        4 => (0..ALERTS).prop_map(Op::Resolve),
        1 => (1..64_u8, 1..600_u64).prop_map(|(mask, seconds)| Op::Silence(mask, seconds)),
        3 => (0..ALERTS).prop_map(Op::Trigger),
        9 => (1..150_u64).prop_map(Op::Wait),
    ];
    proptest::collection::vec(op, 1..most)
}

pub(super) fn alert(n: usize) -> Alert {
    error(&format!("A{n}")).with_label("zone", (n % 2).to_string())
}

/// Zone 1 goes to `pager`, an alert a group, and on to `mail`, which is muted for ten minutes; all others to `chat`.
pub(super) fn tree(inhibits: bool) -> Config {
    let mut pager = route("pager", "zone=1", &["alertname"]);
    pager.continues = true;
    let mut mail = route("mail", "zone=1,alertname!=A5", &[]);
    mail.mute = vec!["early".to_owned()];
    let mut config = config(route("chat", "", &["zone"]), vec![pager, mail]);
    for route in &mut config.routes.routes {
        route.group_wait = std::time::Duration::from_secs(WAIT);
        route.group_interval = std::time::Duration::from_secs(INTERVAL);
        route.repeat_interval = std::time::Duration::from_secs(REPEAT);
    }
    config
        .intervals
        .insert("early".to_owned(), daily("00:10", "00:20"));
    if inhibits {
        config.inhibit_rules = vec![
            inhibit("alertname=~A0|A1", "alertname=~A2|A3", &["zone"]),
            inhibit("alertname=~A3|A4", "alertname=~A3|A5", &[]),
        ];
    }
    config
}

pub(super) fn tree_settings(strict: bool) -> Settings {
    let mut settings = settings();
    settings.strict = strict;
    settings.bound.insert("pager".to_owned(), PAGER);
    settings
}

pub(super) fn bench(inhibits: bool, strict: bool) -> Bench {
    Bench::with(tree(inhibits), tree_settings(strict))
}

/// Lets one thing happen.
pub(super) fn apply(bench: &mut Bench, op: &Op) {
    match op {
        Op::Expire(at) => {
            let id = bench.state.silences().nth(*at).map(|it| it.id.clone());
            if let Some(id) = id {
                bench.expire(&id);
            }
        }
        Op::Fire(n) => drop(bench.fire(alert(*n))),
        Op::Lease(n, seconds) => {
            let wall = bench.now().wall;
            let ends = Ends::At(wall.after(std::time::Duration::from_secs(*seconds)));
            bench.raise(alert(*n), AlertKind::State, Some(wall), ends);
        }
        Op::Resolve(n) => drop(bench.step(Event::Resolve(alert(*n).fingerprint()))),
        Op::Silence(mask, seconds) => drop(bench.silence(&silenced(*mask), *seconds)),
        Op::Trigger(n) => drop(bench.trigger(alert(*n))),
        Op::Wait(seconds) => drop(bench.at_millis(bench.millis + seconds * 1_000)),
    }
}

pub(super) fn is_masked(mask: u8, n: usize) -> bool {
    mask >> n & 1 == 1
}

fn silenced(mask: u8) -> String {
    let masked = (0..ALERTS).filter(|n| is_masked(mask, *n));
    let names: Vec<_> = masked.map(|n| format!("A{n}")).collect();
    format!("alertname=~{}", names.join("|"))
}

/// Lets everything be over, and a year pass.
pub(super) fn drain(bench: &mut Bench) {
    for n in 0..ALERTS {
        apply(bench, &Op::Resolve(n));
    }
    let over = bench.millis / 1_000 + 365 * 24 * HOUR;
    bench.at(over);
    apply(bench, &Op::Resolve(0));
}

/// Returns the notices alone, those of one second in the order of their text.
pub(super) fn notices(bench: &mut Bench) -> Vec<String> {
    let said = bench.said();
    let mut notices: Vec<_> = said
        .into_iter()
        .filter(|line| line.starts_with(|first: char| first.is_ascii_digit()))
        .map(|line| {
            let second = line.split(' ').next().unwrap_or_default();
            (second.parse::<f64>().unwrap_or_default().to_bits(), line)
        })
        .collect();
    notices.sort();
    notices.into_iter().map(|(_, line)| line).collect()
}
