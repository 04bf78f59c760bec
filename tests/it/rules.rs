//! Rules beside Prometheus' own programs: the same values, the same alerts, files that both read.

mod bad_input;
mod differential;
mod end_to_end;
mod exports;
mod generate;
mod promtool;
mod templates;
