//! The closed set of methods that may become a label.

use http::Method;

const NAMES: [&str; 11] = [
    "_OTHER", "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY",
    "TRACE",
];

/// A method's label: itself when well known, else `_OTHER`, because anybody can invent methods.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct MethodLabel(u8);

impl MethodLabel {
    pub(crate) const CONNECT: Self = Self(1);
    pub(crate) const HEAD: Self = Self(4);

    pub(crate) fn of(method: &Method) -> Self {
        Self(match method.as_str() {
            "CONNECT" => 1,
            "DELETE" => 2,
            "GET" => 3,
            "HEAD" => 4,
            "OPTIONS" => 5,
            "PATCH" => 6,
            "POST" => 7,
            "PUT" => 8,
            "QUERY" => 9,
            "TRACE" => 10,
            _ => 0,
        })
    }

    pub(crate) fn as_str(self) -> &'static str {
        NAMES[usize::from(self.0)]
    }

    /// Returns a number below 16.
    pub(crate) fn index(self) -> u8 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_method_is_its_own_label() {
        for (index, name) in NAMES.iter().enumerate().skip(1) {
            let label = MethodLabel::of(&Method::from_bytes(name.as_bytes()).unwrap());
            assert_eq!((label.as_str(), usize::from(label.index())), (*name, index));
        }
        for name in ["get", "FOO", "_OTHER"] {
            let label = MethodLabel::of(&Method::from_bytes(name.as_bytes()).unwrap());
            assert_eq!(label.as_str(), "_OTHER");
        }
    }
}
