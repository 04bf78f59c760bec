//! The pure parts together: what is kept of an alert for those who look ends with it.

use std::sync::Arc;
use std::time::Duration;

use crate::alert::Alert;
use crate::clock::Now;
use crate::config::{Config, ReceiverConfig};
use crate::driver::batch::Batch;
use crate::driver::machine::Machine;
use crate::driver::receipts::Receipts;
use crate::driver::trail::Trail;
use crate::level::Level;
use crate::outbox::{self, LaneSettings, Outbox};
use crate::route::RouteBuilder;
use crate::state::{self, Ends, Lane, State};
use crate::timestamp::Timestamp;
use crate::view::{AlertKind, AlertView};

const PLAIN: LaneSettings = LaneSettings {
    rate: None,
    idempotent: false,
    pages: false,
};

fn at(seconds: i64) -> Now {
    Now {
        elapsed: Duration::from_secs(seconds.unsigned_abs()),
        wall: Timestamp::from_millis(1_800_000_000_000 + seconds * 1_000),
    }
}

fn machine(lane: &Lane) -> Machine {
    let route = RouteBuilder::to("chat").group_wait(Duration::ZERO);
    let config = Config::builder()
        .route(route)
        .receiver(ReceiverConfig::new("chat"));
    let config = Arc::new(config.build().unwrap());
    Machine {
        state: State::new(config, state::Settings::new("oracle", 1)),
        outbox: Outbox::new(outbox::Settings::new(1), [(lane.clone(), PLAIN)].into()),
        trail: Trail::default(),
        receipts: Receipts::default(),
    }
}

#[test]
fn a_notice_that_arrives_after_the_end_of_its_alert_leaves_nothing() {
    let lane = Lane {
        receiver: "chat".to_owned(),
        integration: 0,
    };
    let mut machine = machine(&lane);
    let mut batch = Batch::default();
    let alert = Alert::new("Late", Level::Error, "text");
    let fingerprint = alert.fingerprint();
    let raised = state::Event::Alert {
        alert,
        kind: AlertKind::State,
        starts_at: None,
        ends: Ends::Unsaid,
    };
    machine.tell_state(at(0), raised, &mut batch);
    machine.tick(at(1), &mut batch);
    let firing = machine.firing(at(1));
    assert_eq!(firing[0].deliveries.len(), 1, "it is under way");
    let (_, notification) = batch.sends.pop().unwrap();

    machine.tell_state(at(2), state::Event::Resolve(fingerprint), &mut batch);
    let tried = outbox::Event::Tried {
        lane,
        id: notification.id().to_owned(),
        result: Ok(()),
    };
    machine.tell_outbox(at(3), tried, &mut batch);
    let ended = AlertView {
        deliveries: Vec::new(),
        ..firing[0].clone()
    };
    assert_eq!(machine.receipts.fill(ended).deliveries, []);
}
