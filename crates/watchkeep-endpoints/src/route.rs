//! The table of all paths: method, path, who may use it, and whether it is asked again and again.

use axum::Router;
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, MethodRouter, on};
use http::Method;

use crate::access::{self, Access};

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a door is locked or it is not")]
pub enum Audience {
    /// Everybody who reaches the listener; it gives away no detail.
    Open,
    /// Whom [`Access`] lets in.
    Operators,
}

/// One method of one path.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    method: Method,
    filter: MethodFilter,
    path: &'static str,
    audience: Audience,
    polled: bool,
}

/// Makes a constant of each line, and the list of all of them: a route that is mounted stands in the list.
macro_rules! table {
    ($($name:ident = $method:ident $path:literal $audience:ident $($polled:ident)?;)*) => {
        $(pub(crate) const $name: Route = Route {
            method: Method::$method,
            filter: MethodFilter::$method,
            path: $path,
            audience: Audience::$audience,
            polled: table!(@ $($polled)?),
        };)*
        /// Every route that there can be.
        pub(crate) const ALL: &[Route] = &[$($name),*];
    };
    (@ polled) => { true };
    (@) => { false };
}

table! {
    METRICS = GET "/metrics" Open polled;
    SUMMARY = GET "/metrics/summary" Open polled;
    HEALTH = GET "/health" Open polled;
    LIVE = GET "/livez" Open polled;
    READY = GET "/readyz" Open polled;
    STARTUP = GET "/startupz" Open polled;
    ALERTS = GET "/alerts" Operators;
    ERRORS = GET "/logs/errors" Operators;
    LOG_LEVEL = GET "/log-level" Operators;
    SET_LOG_LEVEL = PUT "/log-level" Operators;
    RELOAD = POST "/-/reload" Operators;
    ALERTS_DECISIONS = GET "/alerts/decisions" Operators;
    ALERTS_DRY_RUN = POST "/alerts/dry-run" Operators;
    ALERTS_EXPLAIN = GET "/alerts/explain" Operators;
    ALERTS_EXPORT = GET "/alerts/export" Operators;
    ALERTS_TEST = POST "/alerts/test/{receiver}" Operators;
    DEAD_LETTERS = GET "/alerts/dead-letters" Operators;
    DEAD_LETTER_DISCARD = POST "/alerts/dead-letters/{id}/discard" Operators;
    DEAD_LETTER_REPLAY = POST "/alerts/dead-letters/{id}/replay" Operators;
    API_STATUS = GET "/api/v2/status" Operators;
    API_RECEIVERS = GET "/api/v2/receivers" Operators;
    API_ALERTS = GET "/api/v2/alerts" Operators;
    API_POST_ALERTS = POST "/api/v2/alerts" Operators;
    API_GROUPS = GET "/api/v2/alerts/groups" Operators;
    API_SILENCES = GET "/api/v2/silences" Operators;
    API_POST_SILENCE = POST "/api/v2/silences" Operators;
    API_SILENCE = GET "/api/v2/silence/{id}" Operators;
    API_EXPIRE_SILENCE = DELETE "/api/v2/silence/{id}" Operators;
    API_HEALTHY = GET "/-/healthy" Operators;
    API_READY = GET "/-/ready" Operators;
    DASHBOARD = GET "/dashboard" Operators polled;
    DASHBOARD_STYLE = GET "/dashboard/style.css" Operators polled;
    DASHBOARD_SCRIPT = GET "/dashboard/script.js" Operators polled;
    DASHBOARD_EVENTS = GET "/dashboard/events" Operators polled;
    DASHBOARD_SNAPSHOT = GET "/dashboard/api/snapshot" Operators polled;
    DASHBOARD_ASK_SILENCE = GET "/dashboard/silence" Operators;
    DASHBOARD_ASK_TEST = GET "/dashboard/test" Operators;
    DASHBOARD_ASK_LOG_LEVEL = GET "/dashboard/log-level" Operators;
    DASHBOARD_SILENCE = POST "/dashboard/api/silence" Operators;
    DASHBOARD_TEST = POST "/dashboard/api/test" Operators;
    DASHBOARD_LOG_LEVEL = POST "/dashboard/api/log-level" Operators;
}

/// The paths that machines, and the page itself, ask again and again.
///
/// A middleware that logs and counts requests leaves them out, or they drown the rest.
/// Below a prefix of your own they begin with it.
pub const POLLED_PATHS: [&str; polled_count()] = {
    let mut paths = [""; polled_count()];
    let (mut index, mut found) = (0, 0);
    while index < ALL.len() {
        if ALL[index].polled {
            paths[found] = ALL[index].path;
            found += 1;
        }
        index += 1;
    }
    paths
};

const fn polled_count() -> usize {
    let (mut index, mut found) = (0, 0);
    while index < ALL.len() {
        if ALL[index].polled {
            found += 1;
        }
        index += 1;
    }
    found
}

// === impl Route ===

impl Route {
    /// Returns the method; `GET` also answers `HEAD`.
    #[must_use]
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// Returns the path below the prefix of the router, in the form of axum: `/api/v2/silence/{id}`.
    #[must_use]
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// Returns who may use it.
    #[must_use]
    pub const fn audience(&self) -> Audience {
        self.audience
    }

    /// Returns whether machines, or the page itself, ask it again and again ([`POLLED_PATHS`]).
    #[must_use]
    pub const fn is_polled(&self) -> bool {
        self.polled
    }

    /// Returns whether the service's listener still has it when operators have a listener of their own: health and probes.
    pub(crate) fn stays_with_the_service(&self) -> bool {
        [&HEALTH, &LIVE, &READY, &STARTUP].contains(&self)
    }
}

/// The routes of the parts that there are, each with what answers it.
#[derive(Default)]
pub(crate) struct Routes {
    mounted: Vec<(Route, MethodRouter)>,
}

// === impl Routes ===

impl Routes {
    /// Has `handler` answer a route of the table.
    pub(crate) fn mount<H, T, S>(&mut self, route: Route, handler: H, state: S)
    where
        H: Handler<T, S>,
        T: 'static,
        S: Clone + Send + Sync + 'static,
    {
        let answer = on(route.filter, handler).with_state(state);
        self.mounted.push((route, answer));
    }

    /// Returns what is mounted.
    pub(crate) fn list(self) -> Vec<Route> {
        self.mounted.into_iter().map(|(route, _)| route).collect()
    }

    /// Makes the router: one guard in front of everything that is for operators, so that nothing new can be forgotten.
    pub(crate) fn router<S: Clone + Send + Sync + 'static>(self, access: Access) -> Router<S> {
        let (mut open, mut operators) = (Router::new(), Router::new());
        for (route, answer) in self.mounted {
            match route.audience {
                Audience::Open => open = open.route(route.path, answer),
                Audience::Operators => operators = operators.route(route.path, answer),
            }
        }
        if operators.has_routes() {
            operators = operators.route_layer(from_fn_with_state(access, access::guard));
        }
        open.merge(operators).with_state(())
    }

    /// Keeps only what the service's listener still has beside one for operators.
    pub(crate) fn of_the_service(mut self) -> Self {
        self.mounted
            .retain(|(route, _)| route.stays_with_the_service());
        self
    }
}
