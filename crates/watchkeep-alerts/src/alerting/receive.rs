//! Alerts from outside.

use crate::alerting::{Ack, Alerting};
use crate::driver::Command;
use crate::error::{Error, Kind};
use crate::incoming::Incoming;

/// The most alerts that go into the journal together; more are several commits.
const TOGETHER: usize = 1_000;

impl Alerting {
    /// Takes alerts as Prometheus sends them, and returns once all that are taken are in the journal; a thousand of them are one commit.
    ///
    /// Each is taken or refused on its own, and the answers are in their order.
    ///
    /// # Errors
    /// When the engine is shut down, does not answer in time, or the call comes from within it: then some may have been taken.
    /// The error of one alert says that the engine is full ([`Error::is_full`]), or that it ends before it begins.
    ///
    /// # Cancel safety
    /// When it is dropped, alerts may still be taken.
    pub async fn receive(
        &self,
        mut alerts: Vec<Incoming>,
    ) -> Result<Vec<Result<Ack, Error>>, Error> {
        let mut received = Vec::with_capacity(alerts.len());
        while !alerts.is_empty() {
            let later = alerts.split_off(alerts.len().min(TOGETHER));
            let answer = self
                .ask(|reply| Command::Receive(std::mem::replace(&mut alerts, later), reply))
                .await?;
            let durability = answer.durability;
            let outcomes = answer.outcome.received.into_iter();
            received.extend(outcomes.map(|outcome| match outcome {
                Ok((fingerprint, new)) => Ok(Ack {
                    fingerprint,
                    new,
                    durability,
                }),
                Err(refusal) => Err(Error::from(Kind::Refused(refusal))),
            }));
        }
        Ok(received)
    }
}
