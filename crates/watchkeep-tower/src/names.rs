//! What the metrics and their labels are called.

use http::StatusCode;
use metrics::{Key, Label, SharedString, Unit};

use crate::{
    labels::{Labels, status_label},
    outcome::Outcome,
    route::UNMATCHED,
};

/// What the metrics and their labels are called.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Names {
    /// The names of the table on the crate's first page, which Prometheus' own rules for names allow.
    #[default]
    Prometheus,
    /// The names and attributes of OpenTelemetry's semantic conventions for HTTP and RPC servers (1.44).
    ///
    /// `http.server.request.duration` and `http.server.active_requests`, with
    /// [`Builder::with_body_sizes`](crate::Builder::with_body_sizes) also `http.server.request.body.size` and
    /// `http.server.response.body.size`, and for gRPC `rpc.server.call.duration`.
    /// What the conventions have no name for is called `http.server.requests` (with the label `outcome`),
    /// `http.server.time_to_first_byte` and `http.server.panics`.
    OpenTelemetry,
}

/// One family of the layer's metrics.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Family {
    Duration,
    FirstByte,
    Grpc,
    InFlight,
    Panics,
    Requests,
    RequestSize,
    ResponseSize,
}

/// What a recorder makes of a family.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

// === impl Family ===

impl Family {
    #[cfg(test)]
    const ALL: [Self; 8] = [
        Self::Duration,
        Self::FirstByte,
        Self::Grpc,
        Self::InFlight,
        Self::Panics,
        Self::Requests,
        Self::RequestSize,
        Self::ResponseSize,
    ];

    /// Those that every layer has.
    pub(crate) const COMMON: [Self; 5] = [
        Self::Duration,
        Self::FirstByte,
        Self::InFlight,
        Self::Panics,
        Self::Requests,
    ];

    pub(crate) const SIZES: [Self; 2] = [Self::RequestSize, Self::ResponseSize];

    pub(crate) const fn help(self) -> &'static str {
        match self {
            Self::Duration => {
                "Time from the arrival of an HTTP request to the end of its response, event streams excepted."
            }
            Self::FirstByte => {
                "Time from the arrival of an HTTP request to the head of its response."
            }
            Self::Grpc => "gRPC calls that have ended, by their status.",
            Self::InFlight => "HTTP requests that have begun and not ended.",
            Self::Panics => "Panics of the HTTP service, its futures and its bodies.",
            Self::Requests => "HTTP requests that have ended, by how they ended.",
            Self::RequestSize => "Size of HTTP request bodies, as the client declared it.",
            Self::ResponseSize => "Size of HTTP response bodies, as far as they were sent.",
        }
    }

    pub(crate) const fn unit(self) -> Option<Unit> {
        match self {
            Self::Duration | Self::FirstByte => Some(Unit::Seconds),
            Self::RequestSize | Self::ResponseSize => Some(Unit::Bytes),
            Self::Grpc | Self::InFlight | Self::Panics | Self::Requests => None,
        }
    }

    pub(crate) const fn kind(self, names: Names) -> Kind {
        match (self, names) {
            (Self::InFlight, _) => Kind::Gauge,
            (Self::Panics | Self::Requests, _) | (Self::Grpc, Names::Prometheus) => Kind::Counter,
            (Self::Duration | Self::FirstByte | Self::RequestSize | Self::ResponseSize, _)
            | (Self::Grpc, Names::OpenTelemetry) => Kind::Histogram,
        }
    }
}

// === impl Names ===

impl Names {
    pub(crate) const fn of(self, family: Family) -> &'static str {
        match self {
            Self::Prometheus => match family {
                Family::Duration => "http_server_request_duration_seconds",
                Family::FirstByte => "http_server_time_to_first_byte_seconds",
                Family::Grpc => "http_server_grpc_requests_total",
                Family::InFlight => "http_server_requests_in_flight",
                Family::Panics => "http_server_panics_total",
                Family::Requests => "http_server_requests_total",
                Family::RequestSize => "http_server_request_body_bytes",
                Family::ResponseSize => "http_server_response_body_bytes",
            },
            Self::OpenTelemetry => match family {
                Family::Duration => "http.server.request.duration",
                Family::FirstByte => "http.server.time_to_first_byte",
                Family::Grpc => "rpc.server.call.duration",
                Family::InFlight => "http.server.active_requests",
                Family::Panics => "http.server.panics",
                Family::Requests => "http.server.requests",
                Family::RequestSize => "http.server.request.body.size",
                Family::ResponseSize => "http.server.response.body.size",
            },
        }
    }

    /// Returns a number that tells the series of a route apart: the family, and those of the packed labels that it has.
    pub(crate) const fn pack(self, family: Family, labels: u32) -> u64 {
        (family as u64) << 32 | (labels & self.relevant(family)) as u64
    }

    /// Returns the bits of those labels that the key of a family depends on.
    const fn relevant(self, family: Family) -> u32 {
        match (self, family) {
            (_, Family::Panics) | (Self::Prometheus, Family::InFlight) => 0,
            (Self::OpenTelemetry, Family::InFlight) => Labels::METHOD | Labels::SCHEME,
            (_, Family::Grpc) => Labels::GRPC,
            (Self::Prometheus, Family::Requests) => {
                Labels::METHOD | Labels::STATUS | Labels::OUTCOME
            }
            (Self::Prometheus, _) => Labels::METHOD,
            // What becomes of a response is not known yet when its head is there.
            (Self::OpenTelemetry, Family::FirstByte) => !Labels::GRPC & !Labels::OUTCOME,
            (Self::OpenTelemetry, _) => !Labels::GRPC,
        }
    }

    /// Returns the key of a series.
    pub(crate) fn key(self, family: Family, route: &SharedString, labels: Labels) -> Key {
        let list = match self {
            Self::Prometheus => prometheus(family, route, labels),
            Self::OpenTelemetry => open_telemetry(family, route, labels),
        };
        Key::from_parts(self.of(family), list)
    }
}

fn label(name: &'static str, value: &'static str) -> Label {
    Label::from_static_parts(name, value)
}

fn prometheus(family: Family, route: &SharedString, labels: Labels) -> Vec<Label> {
    let route = || Label::new("route", route.clone());
    let method = label("method", labels.method.as_str());
    match family {
        Family::InFlight | Family::Panics => Vec::new(),
        Family::Duration | Family::FirstByte | Family::RequestSize | Family::ResponseSize => {
            vec![method, route()]
        }
        Family::Grpc => vec![route(), label("grpc_status", grpc(labels))],
        Family::Requests => vec![
            method,
            route(),
            label("status", status_label(labels.status)),
            label("outcome", labels.outcome.map_or("", Outcome::as_str)),
        ],
    }
}

/// An attribute that has no value is left out, where Prometheus' names have a word for it.
fn open_telemetry(family: Family, route: &SharedString, labels: Labels) -> Vec<Label> {
    let mut list = match family {
        Family::Panics => return Vec::new(),
        Family::Grpc => return rpc(route, labels),
        _ => vec![
            label("http.request.method", labels.method.as_str()),
            label("url.scheme", labels.scheme.as_str()),
        ],
    };
    if family == Family::InFlight {
        return list;
    }
    if route.as_ref() != UNMATCHED {
        list.push(Label::new("http.route", route.clone()));
    }
    if labels.status.is_some() {
        let status = status_label(labels.status);
        list.push(label("http.response.status_code", status));
    }
    if family == Family::Requests {
        list.push(label("outcome", labels.outcome.map_or("", Outcome::as_str)));
        return list;
    }
    let outcome = labels.outcome.filter(|_| family != Family::FirstByte);
    list.extend(error_type(labels.status, outcome).map(|value| label("error.type", value)));
    list.extend(
        labels
            .version
            .map(|version| label("network.protocol.version", version.as_str())),
    );
    list
}

/// What went wrong: the outcome where the response was not delivered, else the status of a server's error.
fn error_type(status: Option<StatusCode>, outcome: Option<Outcome>) -> Option<&'static str> {
    match outcome {
        None | Some(Outcome::Completed | Outcome::Upgraded) => status
            .filter(StatusCode::is_server_error)
            .map(|status| status_label(Some(status))),
        Some(outcome) => Some(outcome.as_str()),
    }
}

fn rpc(route: &SharedString, labels: Labels) -> Vec<Label> {
    let method = match route.strip_prefix('/') {
        Some(method) => Label::new("rpc.method", String::from(method)),
        None => label("rpc.method", "_OTHER"),
    };
    vec![
        label("rpc.system.name", "grpc"),
        method,
        label("rpc.response.status_code", grpc(labels)),
    ]
}

fn grpc(labels: Labels) -> &'static str {
    labels.grpc.map_or("", |code| code.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        grpc::Code,
        labels::{Scheme, VersionLabel},
        method::MethodLabel,
    };

    /// Labels that differ from the first in one part each, or in two.
    fn variants() -> Vec<Labels> {
        let first = Labels::default();
        let with = |change: &dyn Fn(&mut Labels)| {
            let mut labels = first;
            change(&mut labels);
            labels
        };
        vec![
            first,
            with(&|labels| labels.method = MethodLabel::of(&http::Method::PUT)),
            with(&|labels| labels.status = Some(StatusCode::OK)),
            with(&|labels| labels.status = Some(StatusCode::BAD_GATEWAY)),
            with(&|labels| labels.outcome = Some(Outcome::Completed)),
            with(&|labels| labels.outcome = Some(Outcome::Panicked)),
            with(&|labels| labels.scheme = Scheme::Https),
            with(&|labels| labels.version = Some(VersionLabel::Http2)),
            with(&|labels| labels.grpc = Some(Code::missing(Outcome::Completed))),
            with(&|labels| {
                labels.status = Some(StatusCode::OK);
                labels.outcome = Some(Outcome::Completed);
            }),
        ]
    }

    #[test]
    fn labels_with_different_keys_have_different_numbers() {
        let route = SharedString::const_str("/a");
        for names in [Names::Prometheus, Names::OpenTelemetry] {
            for family in Family::ALL {
                for one in variants() {
                    for other in variants() {
                        let keys = [one, other].map(|labels| names.key(family, &route, labels));
                        let packed = [one, other].map(|labels| names.pack(family, labels.pack()));
                        assert!(
                            keys[0] == keys[1] || packed[0] != packed[1],
                            "{names:?} {family:?} {one:?} {other:?}"
                        );
                    }
                }
            }
        }
    }
}
