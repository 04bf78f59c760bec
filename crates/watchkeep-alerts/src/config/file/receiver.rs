//! Reads the receivers of a file.

use super::channels::{self, Channel};
use super::global::Global;
use super::node::Node;
use crate::config::{ConfigError, IntegrationConfig, ReceiverConfig};

const CHANNEL: &str = "this channel is not supported; a program can bring its own notifier";

/// Channels that Alertmanager has and this engine has not.
const REFUSED: [(&str, &str); 11] = [
    ("incidentio_configs", CHANNEL),
    ("jira_configs", CHANNEL),
    ("mattermost_configs", CHANNEL),
    (
        "msteams_configs",
        "Microsoft has retired these connectors; use msteamsv2_configs",
    ),
    ("opsgenie_configs", CHANNEL),
    ("pushover_configs", CHANNEL),
    ("rocketchat_configs", CHANNEL),
    ("sns_configs", CHANNEL),
    ("victorops_configs", CHANNEL),
    ("webex_configs", CHANNEL),
    ("wechat_configs", CHANNEL),
];

/// The most channels of one receiver.
const CHANNELS: usize = 256;

pub(super) fn read(global: &Global, node: &Node) -> Result<ReceiverConfig, ConfigError> {
    let mut fields = node.fields("a receiver")?;
    let name = fields.located("name")?;
    let mut receiver = ReceiverConfig::new("");
    receiver.at = Some(node.at);
    if let Some(name) = name {
        (receiver.name, receiver.at) = (name.value, name.at);
    }
    for channel in channels::ALL {
        for node in fields.list(channel.key)? {
            receiver
                .integrations
                .push(integration(channel, global, node)?);
        }
    }
    if receiver.integrations.len() > CHANNELS {
        return Err(node.wrong(format!("a receiver has more than {CHANNELS} channels")));
    }
    fields.refuse_filled(&REFUSED)?;
    fields.refuse(&[("labels", "labels of receivers are not supported")])?;
    receiver.extensions = fields.extensions();
    fields.finish()?;
    Ok(receiver)
}

fn integration(
    channel: &Channel,
    global: &Global,
    node: &Node,
) -> Result<IntegrationConfig, ConfigError> {
    let mut fields = node.fields(channel.what)?;
    let send_resolved = fields.truth("send_resolved")?;
    fields.refuse_filled(channel.refused)?;
    let settings = (channel.read)(&mut fields, node, global)?;
    let mut integration = IntegrationConfig::new(settings);
    if let Some(send_resolved) = send_resolved {
        integration.send_resolved = send_resolved;
    }
    integration.extensions = fields.extensions();
    fields.finish()?;
    Ok(integration)
}
