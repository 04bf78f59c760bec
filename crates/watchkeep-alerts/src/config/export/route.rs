//! Writes the routing tree.

use std::time::Duration;

use super::yaml::Value;
use super::{Writer, list_of, names};
use crate::config::{duration, shown};
use crate::route::{GroupBy, Route, RouteTree};

/// A label that alerts do not have: grouping by it puts all of them into one group, where 0.25 would inherit.
const NO_LABEL: &str = "watchkeep_one_group";

impl Writer {
    pub(super) fn routes(&mut self, tree: &RouteTree) -> Value {
        self.route(tree, tree.root(), None)
    }

    /// Writes a route and those below it; what it inherits is left out.
    fn route(&mut self, tree: &RouteTree, route: &Route, parent: Option<&Route>) -> Value {
        let mut fields = vec![("receiver", Value::text(&route.receiver))];
        if parent.is_none_or(|parent| parent.group_by != route.group_by) {
            fields.push(("group_by", self.group_by(route, parent.is_none())));
        }
        for (name, time) in [
            ("group_wait", Route::group_wait as fn(&Route) -> Duration),
            ("group_interval", Route::group_interval),
            ("repeat_interval", Route::repeat_interval),
        ] {
            let own = time(route);
            if parent.is_none_or(|parent| time(parent) != own) {
                fields.push((name, Value::text(duration::print(own))));
            }
        }
        if !route.matchers.is_empty() {
            fields.push(("matchers", list_of(&route.matchers)));
        }
        if route.continues {
            fields.push(("continue", Value::bare(true)));
        }
        for (name, intervals) in [
            ("mute_time_intervals", &route.mute),
            ("active_time_intervals", &route.active),
        ] {
            if !intervals.is_empty() {
                let intervals = intervals.iter().map(Value::text);
                fields.push((name, Value::List(intervals.collect())));
            }
        }
        self.lose_extensions(route);
        let children: Vec<_> = route
            .children
            .iter()
            .map(|id| tree.get(*id))
            .filter(|child| self.can_be_read(child))
            .collect();
        if !children.is_empty() {
            let children = children.into_iter();
            let children = children.map(|child| self.route(tree, child, Some(route)));
            fields.push(("routes", Value::List(children.collect())));
        }
        Value::Map(fields)
    }

    /// Says whether 0.25 can read the matchers of a route; where it cannot, alerts go to the routes around it.
    fn can_be_read(&mut self, route: &Route) -> bool {
        let problem = route.matchers.iter().filter_map(names::matcher_problem);
        let Some(problem) = problem.into_iter().next() else {
            return true;
        };
        let reason = format!(
            "{problem}: it is left out with all below it, and its alerts go to the routes around it"
        );
        self.lose(place(route), reason);
        false
    }

    fn group_by(&mut self, route: &Route, is_root: bool) -> Value {
        let labels = match &route.group_by {
            GroupBy::All => return Value::List(vec![Value::text("...")]),
            GroupBy::Labels(labels) => labels,
        };
        let (known, unknown): (Vec<&String>, Vec<_>) =
            labels.iter().partition(|label| names::is_label(label));
        for label in unknown {
            let problem = names::label_problem(label);
            self.lose(
                place(route),
                format!("{problem}: its groups are larger without it"),
            );
        }
        if known.is_empty() && !is_root {
            let reason = format!(
                "Alertmanager inherits `group_by` where it is empty, up to 0.30: it is a label that no alert has, `{NO_LABEL}`"
            );
            self.lose(place(route), reason);
            return Value::List(vec![Value::text(NO_LABEL)]);
        }
        Value::List(known.into_iter().map(Value::text).collect())
    }

    fn lose_extensions(&mut self, route: &Route) {
        if route.key.starts_with('@') && !route.key.contains('/') {
            let reason = "the groups of a route with `x-name` keep their identity when matchers are edited, and Alertmanager's do not";
            self.lose(place(route), reason);
        }
        for name in route.extensions.keys() {
            self.lose(place(route), format!("`{name}` is an extension"));
        }
    }
}

fn place(route: &Route) -> String {
    format!("route `{}`", shown(&route.key))
}
