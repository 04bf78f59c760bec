//! Reads the routes of a file.

use super::node::Node;
use super::{Reader, matchers};
use crate::config::ConfigError;
use crate::matcher::MatchOp;
use crate::route::RouteBuilder;

impl Reader {
    /// Reads a route and those below it; the nesting of nodes is bounded, and so is that of routes.
    pub(super) fn route(&mut self, node: &Node) -> Result<RouteBuilder, ConfigError> {
        let mut fields = node.fields("a route")?;
        let mut route = RouteBuilder::new();
        route.at = Some(node.at);
        route.receiver = fields.located("receiver")?;
        route.group_by = match fields.take("group_by") {
            Some(node) => Some(
                node.list()?
                    .iter()
                    .map(Node::located)
                    .collect::<Result<_, _>>()?,
            ),
            None => None,
        };
        route.group_wait = fields.duration("group_wait")?.map(|wait| wait.value);
        route.group_interval = fields.duration("group_interval")?;
        route.repeat_interval = fields.duration("repeat_interval")?;
        route.mute = fields.texts("mute_time_intervals")?;
        route.active = fields.texts("active_time_intervals")?;
        route.continues = fields.truth("continue")?.unwrap_or(false);
        let found = &mut route.matchers;
        self.deprecated(&fields, &["match", "match_re"], "matchers");
        matchers::map(fields.take("match"), MatchOp::Equal, found)?;
        matchers::map(fields.take("match_re"), MatchOp::Regex, found)?;
        found.extend(self.matcher_list(&mut fields, "matchers")?);
        route.name = fields.located("x-name")?;
        fields.refuse(&[("labels", "labels of routes are not supported")])?;
        for child in fields.list("routes")? {
            route.children.push(self.route(child)?);
        }
        route.extensions = fields.extensions();
        fields.finish()?;
        Ok(route)
    }
}
