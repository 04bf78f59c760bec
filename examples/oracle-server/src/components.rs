//! ORACLE's components, as the health report names them.

use std::sync::Arc;
use std::time::Duration;

use watchkeep::health::{CheckError, Component, Status};

use reqwest::Client;

use crate::cache::Cache;
use crate::config::Bot;
use crate::engine::Engine;
use crate::store::Store;

mod telegram;

use telegram::telegram;

/// The component that every call to the engine is told to.
pub(crate) const AI_ENGINE: &str = "ai_engine";

/// The component that the rule `DatabaseDown` reads.
pub(crate) const DATABASE: &str = "database";

/// How long a check of the database may take: longer than an operation's own patience, so that its error is the one told.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(4);

/// The components of a server with these parts.
pub(crate) fn components(
    store: &Arc<Store>,
    engine: &Arc<dyn Engine>,
    cache: &Arc<Cache>,
    bot: Option<(&Bot, &Client)>,
) -> Vec<Component> {
    let mut components = vec![
        Component::manual("api").starting_as(Status::Healthy),
        database(Arc::clone(store)),
        ai_engine(Arc::clone(engine)),
    ];
    if matches!(**cache, Cache::Redis(_)) {
        components.push(redis(Arc::clone(cache)));
    }
    if let Some((bot, client)) = bot {
        components.push(telegram(client.clone(), &bot.address, &bot.token));
    }
    components
}

fn database(store: Arc<Store>) -> Component {
    Component::from_fn(DATABASE, move || {
        let store = Arc::clone(&store);
        async move {
            store
                .ping()
                .await
                .map_err(|error| CheckError::from_error(&error))
        }
    })
    .critical()
    .timeout(DATABASE_TIMEOUT)
}

/// Connects, which costs no token; beside it, the registry listens to how real calls go.
fn ai_engine(engine: Arc<dyn Engine>) -> Component {
    Component::from_fn(AI_ENGINE, move || {
        let engine = Arc::clone(&engine);
        async move {
            engine
                .reachable()
                .await
                .map_err(|error| CheckError::from_error(&error))
        }
    })
    .optional()
    .timeout(Duration::from_secs(3))
}

fn redis(cache: Arc<Cache>) -> Component {
    Component::from_fn("redis", move || {
        let cache = Arc::clone(&cache);
        async move {
            cache
                .ping()
                .await
                .map_err(|error| CheckError::from_error(&error))
        }
    })
    .optional()
}
