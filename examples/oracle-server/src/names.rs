//! The names of ORACLE's own metrics, which dashboards and rules speak of.

/// Calls to the AI engine.
pub const AI_TASKS: &str = "oracle_ai_tasks_total";
/// Distinct users of the last five minutes.
pub const ACTIVE_USERS: &str = "oracle_active_users";
/// Always 1, with the version and the environment as labels.
pub const BUILD_INFO: &str = "oracle_build_info";
/// Money spent, in USD.
pub const COST_USD: &str = "oracle_cost_usd_total";
/// Messages that failed, by `error_type`.
pub const ERRORS: &str = "oracle_errors_total";
/// Messages by `outcome`, failed ones too.
pub const MESSAGES: &str = "oracle_messages_total";
/// A histogram: from an accepted message to its answer or failure.
pub const RESPONSE_TIME: &str = "oracle_response_time_seconds";
/// Tokens that the AI engine charged for.
pub const TOKENS_USED: &str = "oracle_tokens_used_total";
/// Distinct users ever seen.
pub const USERS: &str = "oracle_users";
