//! Names of the environment that have nothing behind them yet: set, they are refused and never ignored.

use super::reader::Reader;

const NAMES: &[(&str, &str)] = &[
    ("OPS_ADDR", "this version has no second listener"),
    (
        "ALERTS_CONFIG",
        "this version has no routing file; its routes are built in",
    ),
    ("TELEGRAM_BOT_TOKEN", "this version has no Telegram channel"),
    ("TELEGRAM_CHAT_ID", "this version has no Telegram channel"),
    ("TELEGRAM_API_URL", "this version has no Telegram channel"),
    ("SMTP_URL", "this version has no e-mail channel"),
    ("ADMIN_EMAIL", "this version has no e-mail channel"),
    ("ALERT_FROM", "this version has no e-mail channel"),
    (
        "PAGERDUTY_ROUTING_KEY",
        "this version has no PagerDuty channel",
    ),
    ("PAGERDUTY_URL", "this version has no PagerDuty channel"),
    (
        "ALERT_WEBHOOK_URL",
        "no built-in route leads to a webhook, and this version has no routing file",
    ),
    (
        "ALERT_WEBHOOK_SECRET",
        "no built-in route leads to a webhook, and this version has no routing file",
    ),
    (
        "ALERTMANAGER_URL",
        "this version has no Alertmanager channel",
    ),
    ("ELASTICSEARCH_URL", "this version has no error report"),
];

/// Refuses every such name that is set; empty means none, as it does for those that work.
pub(crate) fn refuse(reader: &mut Reader<'_>) {
    for (name, reason) in NAMES {
        if reader.raw(name).is_some_and(|value| !value.is_empty()) {
            reader.refuse(name, &format!("is set, but {reason}; unset it"));
        }
    }
}
