//! The keys by which routes are found again: after a reload, and in the journal.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::route::{RouteId, RouteTree};

/// The keys of the routes; no two are equal, also when the tree's own are.
#[derive(Debug, Default)]
pub(super) struct RouteKeys {
    keys: Vec<Arc<str>>,
    routes: BTreeMap<Arc<str>, RouteId>,
}

impl RouteKeys {
    pub(super) fn new(tree: &RouteTree) -> Self {
        let mut found = Self::default();
        for (at, route) in tree.routes.iter().enumerate() {
            let mut key: Arc<str> = Arc::from(route.key.as_str());
            let mut twin = 1;
            while found.routes.contains_key(&key) {
                twin += 1;
                key = Arc::from(format!("{}#{twin}", route.key));
            }
            found.routes.insert(Arc::clone(&key), RouteId(at));
            found.keys.push(key);
        }
        found
    }

    pub(super) fn of(&self, id: RouteId) -> Arc<str> {
        self.keys
            .get(id.0)
            .map_or_else(|| Arc::from(""), Arc::clone)
    }

    pub(super) fn find(&self, key: &str) -> Option<RouteId> {
        self.routes.get(key).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn no_two_keys_are_equal() {
        let yaml = "
route:
  receiver: r
  routes:
  - matchers: [a=1]
    receiver: r
    continue: true
  - matchers: [a=1]
    receiver: r
receivers: [{name: r}]
";
        let mut config = Config::from_yaml(yaml).unwrap();
        let same = config.routes.routes[1].key.clone();
        config.routes.routes[2].key = same.clone();
        let keys = RouteKeys::new(&config.routes);
        for id in (0..3).map(RouteId) {
            assert_eq!(keys.find(&keys.of(id)), Some(id));
        }
        assert_eq!(*keys.of(RouteId(1)), *same);
        assert_eq!(keys.find("other"), None);
    }
}
