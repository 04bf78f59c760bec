//! The way of an alert through the routing tree, and whether the time mutes it where it arrives.

use std::fmt;

use serde::Serialize;

use crate::alert::Labels;
use crate::config::Config;
use crate::notification::braced;
use crate::route::{Route, RouteId};
use crate::text::printable;
use crate::timestamp::Timestamp;

/// The most routes that are listed.
const STEPS: usize = 200;

/// The way of an alert through the routing tree, and where it arrives; prints one line for each.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteExplanation {
    /// The routes that were asked, in their order, 200 at most.
    pub steps: Vec<RouteStep>,
    /// The routes that took the alert.
    pub targets: Vec<RouteTarget>,
}

/// A route that was asked about an alert.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteStep {
    /// How far below the root it is.
    pub depth: usize,
    /// Its key.
    pub route: String,
    /// Its receiver.
    pub receiver: String,
    /// Whether all of its matchers hold.
    pub matched: bool,
    /// Whether it is where the alert arrived.
    pub taken: bool,
    /// What it said, and why.
    pub words: String,
}

/// A route that took an alert.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteTarget {
    /// Its key.
    pub route: String,
    /// Its receiver.
    pub receiver: String,
    /// The key of the alert's group.
    pub group_key: String,
    /// The labels that the alerts of the group share.
    pub group_labels: Labels,
    /// Why nothing is sent at that time, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub muted: Option<String>,
}

impl Config {
    /// Says how an alert with these labels is routed, and whether its receivers are told at that time.
    pub fn explain_routes(&self, labels: &Labels, at: Timestamp) -> RouteExplanation {
        let mut steps = Vec::new();
        self.visit(RouteId(0), 0, labels, &mut steps);
        let targets = self.routes.matching(labels).into_iter().map(|id| {
            let route = self.routes.get(id);
            let group_labels = self.routes.group_labels(id, labels);
            RouteTarget {
                route: route.key.clone(),
                receiver: route.receiver.clone(),
                group_key: format!("{}:{}", route.key, braced(&group_labels)),
                group_labels,
                muted: self.muted(route, at),
            }
        });
        RouteExplanation {
            targets: targets.collect(),
            steps,
        }
    }

    /// Says why nothing is sent along a route at some time, if so.
    fn muted(&self, route: &Route, at: Timestamp) -> Option<String> {
        let holds = |name: &&String| {
            let parts = self.intervals.get(*name);
            parts.is_some_and(|parts| parts.iter().any(|part| part.contains(at)))
        };
        if !route.active.is_empty() && !route.active.iter().any(|name| holds(&name)) {
            return Some(format!("outside of {}", route.active.join(", ")));
        }
        let names: Vec<_> = route.mute.iter().filter(holds).cloned().collect();
        (!names.is_empty()).then(|| format!("muted by {}", names.join(", ")))
    }

    /// Asks a route and those below it, as the engine does, and says whether it took the alert.
    fn visit(
        &self,
        id: RouteId,
        depth: usize,
        labels: &Labels,
        steps: &mut Vec<RouteStep>,
    ) -> bool {
        let route = self.routes.get(id);
        let refused = route.matchers.iter().find(|it| !it.matches(labels));
        let place = steps.len();
        let mut step = RouteStep {
            depth,
            route: route.key.clone(),
            receiver: route.receiver.clone(),
            matched: refused.is_none(),
            taken: false,
            words: String::new(),
        };
        if let Some(matcher) = refused {
            let value = labels.get(matcher.name());
            step.words = match value {
                Some(value) => format!(
                    "no: {matcher} does not hold, {} is {value:?}",
                    matcher.name()
                ),
                None => format!(
                    "no: {matcher} does not hold, there is no {}",
                    matcher.name()
                ),
            };
            push(steps, step);
            return false;
        }
        push(steps, step);
        let mut below = false;
        for &child in &route.children {
            if self.visit(child, depth + 1, labels, steps) {
                below = true;
                if !self.routes.get(child).continues {
                    break;
                }
            }
        }
        if let Some(step) = steps.get_mut(place) {
            step.taken = !below;
            step.words = match (below, route.continues) {
                (true, false) => "yes, by routes below it".to_owned(),
                (true, true) => "yes, by routes below it; later ones are asked too".to_owned(),
                (false, false) => format!("yes: to {}", route.receiver),
                (false, true) => format!("yes: to {}; later ones are asked too", route.receiver),
            };
        }
        true
    }
}

fn push(steps: &mut Vec<RouteStep>, step: RouteStep) {
    if steps.len() < STEPS {
        steps.push(step);
    }
}

impl fmt::Display for RouteExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            writeln!(f, "{step}")?;
        }
        for target in &self.targets {
            writeln!(f, "{target}")?;
        }
        Ok(())
    }
}

impl fmt::Display for RouteStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (route, words) = (printable(&self.route), printable(&self.words));
        write!(f, "{:1$}{route}: {words}", "", self.depth * 2)
    }
}

impl fmt::Display for RouteTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let receiver = printable(&self.receiver);
        let group = printable(&braced(&self.group_labels));
        match &self.muted {
            Some(why) => write!(f, "{receiver} is not told: {}", printable(why)),
            None => write!(f, "{receiver} is told, in the group {group}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = r#"
route:
  receiver: root
  routes:
    - {matchers: [a=x], receiver: first, continue: true}
    - matchers: ['a=~".+"']
      receiver: second
      routes: [{matchers: [b=y], receiver: third, continue: true, active_time_intervals: [days, mornings]}]
    - {receiver: last}
receivers: [{name: root}, {name: first}, {name: second}, {name: third}, {name: last}]
time_intervals:
  - {name: days, time_intervals: [{times: [{start_time: "08:00", end_time: "18:00"}]}]}
  - {name: mornings, time_intervals: [{times: [{start_time: "06:00", end_time: "07:00"}]}]}
"#;

    fn explain(labels: &[(&str, &str)], at: &str) -> RouteExplanation {
        let config = Config::from_yaml(CONFIG).unwrap();
        let labels = labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let labels: Labels = labels.collect();
        let explanation = config.explain_routes(&labels, at.parse().unwrap());
        // What is said to have taken the alert is what takes it.
        let taken = explanation.steps.iter().filter(|step| step.taken);
        let taken: Vec<_> = taken.map(|step| step.receiver.as_str()).collect();
        assert_eq!(taken, config.routes().receivers(&labels));
        explanation
    }

    #[test]
    fn the_way_is_told_as_far_as_it_goes_and_no_farther() {
        let way = explain(&[("a", "x"), ("b", "y")], "2026-11-27T07:00:00Z");
        assert_eq!(
            way.to_string(),
            r#"{}: yes, by routes below it
  {}/{a="x"}: yes: to first; later ones are asked too
  {}/{a=~".+"}: yes, by routes below it
    {}/{a=~".+"}/{b="y"}: yes: to third; later ones are asked too
first is told, in the group {}
third is not told: outside of days, mornings
"#
        );
        let inside = explain(&[("a", "z"), ("b", "y")], "2026-11-27T06:59:59Z");
        assert_eq!(inside.targets[0].muted, None);
        let none = explain(&[], "2026-11-27T07:00:00Z");
        assert_eq!(none.steps.len(), 4);
        assert!(!none.steps[1].matched && none.steps[3].taken);
    }

    #[test]
    fn what_is_listed_is_bounded_and_what_is_found_is_not() {
        let routes = "{receiver: a, continue: true},".repeat(300);
        let text =
            format!("route: {{receiver: a, routes: [{routes}]}}\nreceivers: [{{name: a}}]\n");
        let config = Config::from_yaml(&text).unwrap();
        let way = config.explain_routes(&Labels::new(), Timestamp::from_millis(0));
        assert_eq!((way.steps.len(), way.targets.len()), (STEPS, 300));
    }
}
