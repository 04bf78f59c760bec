//! The outages, one after the other.

use super::World;
use super::stand_in::Mood;

/// Every dependency hangs once, and is gone once.
pub(super) const OUTAGES: [Outage; 8] = [
    Outage::DatabaseGone,
    Outage::EngineFails,
    Outage::CacheGone,
    Outage::ReceiverFails,
    Outage::DatabaseHangs,
    Outage::EngineHangs,
    Outage::CacheHangs,
    Outage::ReceiverHangs,
];

#[derive(Clone, Copy, Debug)]
pub(super) enum Outage {
    CacheGone,
    CacheHangs,
    DatabaseGone,
    DatabaseHangs,
    EngineFails,
    EngineHangs,
    ReceiverFails,
    ReceiverHangs,
}

impl Outage {
    pub(super) async fn begin(self, world: &mut World) {
        match self {
            Self::CacheGone => world.redis.stop().await,
            Self::CacheHangs => world.redis.freeze(),
            Self::DatabaseGone => world.postgres.stop().await,
            Self::DatabaseHangs => world.postgres.freeze(),
            Self::EngineFails => world.engine.set(Mood::Failing),
            Self::EngineHangs => world.engine.set(Mood::Silent),
            Self::ReceiverFails => world.webhook.set(Mood::Failing),
            Self::ReceiverHangs => world.webhook.set(Mood::Silent),
        }
    }

    pub(super) async fn end(self, world: &mut World) {
        match self {
            Self::CacheGone => world.redis.restart().await,
            Self::CacheHangs => world.redis.thaw(),
            Self::DatabaseGone => world.postgres.restart().await,
            Self::DatabaseHangs => world.postgres.thaw(),
            Self::EngineFails | Self::EngineHangs => world.engine.set(Mood::Well),
            Self::ReceiverFails | Self::ReceiverHangs => world.webhook.set(Mood::Well),
        }
    }
}
