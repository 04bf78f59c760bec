//! What tells the series of a family apart, beside the route.

use std::str;

use http::{StatusCode, Uri, Version};

use crate::{grpc::Code, method::MethodLabel, outcome::Outcome};

/// The three digits of every status code, so that a label needs no allocation.
static DIGITS: [[u8; 3]; 900] = digits();

/// The label of a request that never got a response.
const NO_STATUS: &str = "none";

/// All that a series may be told apart by, each from a closed set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Labels {
    pub(crate) method: MethodLabel,
    pub(crate) status: Option<StatusCode>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) scheme: Scheme,
    pub(crate) version: Option<VersionLabel>,
    pub(crate) grpc: Option<Code>,
}

/// The scheme of a request; a server that sees only a path is taken to speak `http`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Scheme {
    #[default]
    Http,
    Https,
}

/// The version of HTTP.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum VersionLabel {
    Http10,
    Http11,
    Http2,
    Http3,
}

// === impl Labels ===

impl Labels {
    /// The bits of each part of a packed number.
    pub(crate) const METHOD: u32 = 0xf << 24;
    pub(crate) const STATUS: u32 = 0x3ff << 14;
    pub(crate) const OUTCOME: u32 = 0x7 << 11;
    pub(crate) const SCHEME: u32 = 0x1 << 10;
    pub(crate) const VERSION: u32 = 0x7 << 7;
    pub(crate) const GRPC: u32 = 0x1f;

    pub(crate) fn new(method: MethodLabel) -> Self {
        Self {
            method,
            status: None,
            outcome: None,
            scheme: Scheme::Http,
            version: None,
            grpc: None,
        }
    }

    /// Returns a number below 2^28 that no other labels have; each part has bits of its own.
    pub(crate) fn pack(self) -> u32 {
        let status = self.status.map_or(0, |status| u32::from(status.as_u16()));
        let outcome = self.outcome.map_or(0, |outcome| outcome as u32 + 1);
        let version = self.version.map_or(0, |version| version as u32 + 1);
        let grpc = self.grpc.map_or(0, |code| u32::from(code.number()) + 1);
        u32::from(self.method.index()) << Self::METHOD.trailing_zeros()
            | status << Self::STATUS.trailing_zeros()
            | outcome << Self::OUTCOME.trailing_zeros()
            | (self.scheme as u32) << Self::SCHEME.trailing_zeros()
            | version << Self::VERSION.trailing_zeros()
            | grpc << Self::GRPC.trailing_zeros()
    }
}

impl Default for Labels {
    fn default() -> Self {
        Self::new(MethodLabel::of(&http::Method::GET))
    }
}

// === impl Scheme ===

impl Scheme {
    pub(crate) fn of(uri: &Uri) -> Self {
        match uri.scheme_str() {
            Some("https") => Self::Https,
            _ => Self::Http,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

// === impl VersionLabel ===

impl VersionLabel {
    pub(crate) fn of(version: Version) -> Option<Self> {
        match version {
            Version::HTTP_10 => Some(Self::Http10),
            Version::HTTP_11 => Some(Self::Http11),
            Version::HTTP_2 => Some(Self::Http2),
            Version::HTTP_3 => Some(Self::Http3),
            _ => None,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Http10 => "1.0",
            Self::Http11 => "1.1",
            Self::Http2 => "2",
            Self::Http3 => "3",
        }
    }
}

pub(crate) fn status_label(status: Option<StatusCode>) -> &'static str {
    status
        .and_then(|status| DIGITS.get(usize::from(status.as_u16()).checked_sub(100)?))
        .and_then(|digits| str::from_utf8(digits).ok())
        .unwrap_or(NO_STATUS)
}

const fn digits() -> [[u8; 3]; 900] {
    let mut table = [[b'0'; 3]; 900];
    let mut index = 0;
    while index < table.len() {
        let code = index + 100;
        table[index] = [
            b'0' + (code / 100) as u8,
            b'0' + (code / 10 % 10) as u8,
            b'0' + (code % 10) as u8,
        ];
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_status_is_its_own_label() {
        for code in 100..=999 {
            let status = StatusCode::from_u16(code).unwrap();
            assert_eq!(status_label(Some(status)), code.to_string());
        }
        assert_eq!(status_label(None), "none");
    }

    #[test]
    fn different_labels_pack_into_different_numbers() {
        let mut packed = HashSet::new();
        let mut count = 0;
        for method in ["GET", "TRACE", "FOO"] {
            let method = http::Method::from_bytes(method.as_bytes()).unwrap();
            for status in [
                None,
                StatusCode::from_u16(100).ok(),
                StatusCode::from_u16(999).ok(),
            ] {
                for outcome in [None, Some(Outcome::BodyError), Some(Outcome::Upgraded)] {
                    for scheme in [Scheme::Http, Scheme::Https] {
                        for version in [None, Some(VersionLabel::Http10), Some(VersionLabel::Http3)]
                        {
                            for grpc in [None, Some(Code::missing(Outcome::Completed))] {
                                packed.insert(
                                    Labels {
                                        method: MethodLabel::of(&method),
                                        status,
                                        outcome,
                                        scheme,
                                        version,
                                        grpc,
                                    }
                                    .pack(),
                                );
                                count += 1;
                            }
                        }
                    }
                }
            }
        }
        assert_eq!(packed.len(), count);
        assert!(packed.iter().all(|number| *number < 1 << 28));
    }
}
