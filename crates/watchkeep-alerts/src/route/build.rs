//! Makes a tree out of routes in the making: inherits, checks, and gives each its key.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{GroupBy, Route, RouteBuilder, RouteId, RouteTree};
use crate::config::{ConfigError, ConfigWarning, Located, Position, shown};
use crate::interval::TimeInterval;
use crate::matcher::{self, Matchers};

/// The most routes of a tree.
const ROUTES: usize = 10_000;
/// The deepest nesting of routes.
const DEEPEST: usize = 32;
/// What all routes together may take with what they inherit, in bytes.
const BYTES: usize = 16 << 20;
/// The most labels to group by.
const LABELS: usize = 256;
/// The most time intervals of one route.
const INTERVALS: usize = 256;
/// The longest name of a route, in bytes.
const NAME_BYTES: usize = 128;

impl RouteTree {
    /// Makes a tree of a root.
    pub(crate) fn build(
        root: RouteBuilder,
        receivers: &BTreeSet<String>,
        intervals: &BTreeMap<String, Vec<TimeInterval>>,
        warnings: &mut Vec<ConfigWarning>,
    ) -> Result<Self, ConfigError> {
        check_root(&root)?;
        let mut planter = Planter {
            routes: Vec::new(),
            receivers,
            intervals,
            names: BTreeSet::new(),
            bytes: 0,
            warnings,
        };
        let seed = Route {
            key: String::new(),
            strict_key: String::new(),
            receiver: String::new(),
            group_by: GroupBy::Labels(BTreeSet::new()),
            group_wait: Duration::from_secs(30),
            group_interval: Duration::from_secs(5 * 60),
            repeat_interval: Duration::from_secs(4 * 3_600),
            mute: Vec::new(),
            active: Vec::new(),
            continues: false,
            children: Vec::new(),
            matchers: Matchers::default(),
            extensions: Default::default(),
        };
        planter.plant(root, &seed, 0)?;
        Ok(Self {
            routes: planter.routes,
        })
    }
}

fn check_root(root: &RouteBuilder) -> Result<(), ConfigError> {
    let wrong = |reason: &'static str| Err(ConfigError::new(root.at, reason));
    if root
        .receiver
        .as_ref()
        .is_none_or(|name| name.value.is_empty())
    {
        return wrong("the root route has no receiver");
    }
    if !root.matchers.is_empty() {
        return wrong("the root route has matchers, though it takes every alert");
    }
    if root.continues {
        return wrong("the root route has `continue`, though it has no siblings");
    }
    if !root.mute.is_empty() || !root.active.is_empty() {
        return wrong("the root route has time intervals, which only its children may");
    }
    Ok(())
}

struct Planter<'a> {
    routes: Vec<Route>,
    receivers: &'a BTreeSet<String>,
    intervals: &'a BTreeMap<String, Vec<TimeInterval>>,
    names: BTreeSet<String>,
    bytes: usize,
    warnings: &'a mut Vec<ConfigWarning>,
}

impl Planter<'_> {
    fn plant(
        &mut self,
        draft: RouteBuilder,
        parent: &Route,
        depth: usize,
    ) -> Result<RouteId, ConfigError> {
        if self.routes.len() >= ROUTES {
            return Err(ConfigError::new(
                draft.at,
                format!("there are more than {ROUTES} routes"),
            ));
        }
        if depth >= DEEPEST {
            let reason = format!("routes are nested more than {DEEPEST} deep");
            return Err(ConfigError::new(draft.at, reason));
        }
        let id = RouteId(self.routes.len());
        let at = draft.at;
        let (route, drafts) = self.route(draft, parent)?;
        self.bytes += size(&route);
        if self.bytes > BYTES {
            let reason = format!("the routes, and what they inherit, take more than {BYTES} bytes");
            return Err(ConfigError::new(at, reason));
        }
        self.routes.push(route.clone());
        let mut children = Vec::with_capacity(drafts.len());
        let mut twins: BTreeMap<String, usize> = BTreeMap::new();
        for child in drafts {
            let child = self.plant(child, &route, depth + 1)?;
            let planted = &mut self.routes[child.0];
            let count = twins.entry(planted.key.clone()).or_default();
            *count += 1;
            if *count > 1 {
                let twin = format!("{}#{count}", planted.key);
                self.rename(child, &twin);
            }
            children.push(child);
        }
        self.routes[id.0].children = children;
        Ok(id)
    }

    /// Gives a route that was just planted another key, and all below it whose keys begin with its own.
    fn rename(&mut self, id: RouteId, key: &str) {
        let old = self.routes[id.0].key.clone();
        for route in &mut self.routes[id.0..] {
            if let Some(rest) = route.key.strip_prefix(&old) {
                route.key = format!("{key}{rest}");
            }
        }
    }

    fn route(
        &mut self,
        draft: RouteBuilder,
        parent: &Route,
    ) -> Result<(Route, Vec<RouteBuilder>), ConfigError> {
        self.check(&draft)?;
        let matchers = Matchers::new(draft.matchers);
        let path = |parent: &str, own: &str| match parent.is_empty() {
            true => own.to_owned(),
            false => format!("{parent}/{own}"),
        };
        let printed = matchers.to_string();
        let key = match &draft.name {
            Some(name) => format!("@{}", name.value),
            None => path(&parent.key, &printed),
        };
        let own_time =
            |own: Option<Located<Duration>>, inherited| own.map_or(inherited, |own| own.value);
        let names =
            |names: Vec<Located<String>>| names.into_iter().map(|name| name.value).collect();
        let group_interval = own_time(draft.group_interval, parent.group_interval);
        let repeat_interval = own_time(draft.repeat_interval, parent.repeat_interval);
        if repeat_interval < group_interval {
            self.warnings.push(ConfigWarning::new(
                draft.at,
                "repeat_interval is shorter than group_interval, at which it will repeat",
            ));
        }
        let route = Route {
            key,
            strict_key: path(&parent.strict_key, &printed),
            receiver: match draft.receiver {
                Some(receiver) if !receiver.value.is_empty() => receiver.value,
                _ => parent.receiver.clone(),
            },
            group_by: match draft.group_by {
                Some(labels) => group_by(draft.at, labels)?,
                None => parent.group_by.clone(),
            },
            group_wait: draft.group_wait.unwrap_or(parent.group_wait),
            group_interval,
            repeat_interval,
            mute: names(draft.mute),
            active: names(draft.active),
            continues: draft.continues,
            children: Vec::new(),
            matchers,
            extensions: draft.extensions,
        };
        Ok((route, draft.children))
    }

    fn check(&mut self, draft: &RouteBuilder) -> Result<(), ConfigError> {
        let wrong = |at, reason: String| Err(ConfigError::new(at, reason));
        if let Some(Located { value: name, at }) = &draft.receiver
            && !name.is_empty()
            && !self.receivers.contains(name)
        {
            return wrong(*at, format!("there is no receiver `{}`", shown(name)));
        }
        if draft.matchers.len() > matcher::MOST {
            return wrong(
                draft.at,
                format!("a route has more than {} matchers", matcher::MOST),
            );
        }
        for Located { value: name, at } in draft.mute.iter().chain(&draft.active) {
            if !self.intervals.contains_key(name) {
                return wrong(*at, format!("there is no time interval `{}`", shown(name)));
            }
        }
        if draft.mute.len() > INTERVALS || draft.active.len() > INTERVALS {
            return wrong(
                draft.at,
                format!("a route has more than {INTERVALS} time intervals"),
            );
        }
        for (interval, name) in [
            (&draft.group_interval, "group_interval"),
            (&draft.repeat_interval, "repeat_interval"),
        ] {
            if let Some(Located {
                value: Duration::ZERO,
                at,
            }) = interval
            {
                return wrong(*at, format!("{name} is zero"));
            }
        }
        match &draft.name {
            Some(name) => self.check_name(name),
            None => Ok(()),
        }
    }

    fn check_name(&mut self, name: &Located<String>) -> Result<(), ConfigError> {
        if !(1..=NAME_BYTES).contains(&name.value.len()) || name.value.contains(['/', '#']) {
            let reason =
                format!("the name of a route is not 1 to {NAME_BYTES} bytes without / and #");
            return Err(ConfigError::new(name.at, reason));
        }
        if !self.names.insert(name.value.clone()) {
            let reason = format!("two routes are named `{}`", shown(&name.value));
            return Err(ConfigError::new(name.at, reason));
        }
        Ok(())
    }
}

fn group_by(at: Option<Position>, labels: Vec<Located<String>>) -> Result<GroupBy, ConfigError> {
    if labels.len() > LABELS {
        return Err(ConfigError::new(
            at,
            format!("group_by has more than {LABELS} labels"),
        ));
    }
    let all = labels.iter().any(|label| label.value == "...");
    let mut names = BTreeSet::new();
    for Located { value: name, at } in labels {
        if name == "..." {
            continue;
        }
        if all {
            return Err(ConfigError::new(
                at,
                "group_by has `...` for all labels, and others too",
            ));
        }
        if name.is_empty() {
            return Err(ConfigError::new(at, "group_by has a label without a name"));
        }
        if names.contains(&name) {
            let reason = format!("group_by has the label `{}` twice", shown(&name));
            return Err(ConfigError::new(at, reason));
        }
        names.insert(name);
    }
    match all {
        true => Ok(GroupBy::All),
        false => Ok(GroupBy::Labels(names)),
    }
}

/// Returns about how many bytes a route takes of what it inherits.
fn size(route: &Route) -> usize {
    let labels: usize = match &route.group_by {
        GroupBy::All => 0,
        GroupBy::Labels(labels) => labels.iter().map(|label| label.len() + 64).sum(),
    };
    route.key.len() + route.strict_key.len() + route.receiver.len() + labels
}
