//! W3C trace context: the ids that tie this request to the ones before and after it.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::{
    context::RequestContext,
    headers,
    hex::{self, as_text},
};

pub(crate) static HEADER: HeaderName = HeaderName::from_static("traceparent");

/// `vv-tttttttttttttttttttttttttttttttt-ssssssssssssssss-ff`
const LENGTH: usize = 55;

const SAMPLED: u8 = 0x01;
const RANDOM: u8 = 0x02;

/// The id of a trace: 32 lowercase hexadecimal digits, never all zero.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TraceId(u128);

/// The id of one span in a trace: 16 lowercase hexadecimal digits, never all zero.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SpanId(u64);

/// Where a request stands in its trace.
///
/// The layer continues a valid `traceparent` header with a span id of its own, or begins a new trace; the result is in
/// the request's [`RequestContext`].
/// A request of your own to another service continues the trace with [`to_header`](Self::to_header):
///
/// ```
/// use watchkeep_tower::TraceContext;
///
/// let incoming = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let context = TraceContext::parse(incoming).ok_or("no trace context")?;
/// assert_eq!(context.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
/// assert_eq!(context.to_header(), incoming);
/// # Ok::<(), &'static str>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct TraceContext {
    trace_id: TraceId,
    span_id: SpanId,
    flags: u8,
}

// === impl TraceContext ===

impl TraceContext {
    /// Returns the first context of a new trace, with random ids.
    ///
    /// It is marked as sampled, because every request is logged under its id, and so that services behind this one
    /// that follow their caller's decision record it too.
    pub fn generate() -> Self {
        Self {
            trace_id: TraceId(fastrand::u128(1..)),
            span_id: SpanId::generate(),
            flags: SAMPLED | RANDOM,
        }
    }

    /// Returns the context with these ids, or nothing when one of them is zero.
    ///
    /// Of the flags only those that are defined are kept, see [`flags`](Self::flags).
    pub const fn from_parts(trace_id: u128, span_id: u64, flags: u8) -> Option<Self> {
        if trace_id == 0 || span_id == 0 {
            return None;
        }
        Some(Self {
            trace_id: TraceId(trace_id),
            span_id: SpanId(span_id),
            // The other bits mean nothing yet, and must be zero on the way out.
            flags: flags & (SAMPLED | RANDOM),
        })
    }

    /// Returns the context that a `traceparent` header's value says, or nothing when it is not valid.
    ///
    /// This is as strict as the specification: lowercase digits only, no zero id, not version `ff`, exactly 55 bytes in
    /// version `00`, and a later version may only go on after a `-`; of its flags only the sampled one is read.
    pub fn parse(value: &str) -> Option<Self> {
        Self::parse_bytes(value.as_bytes())
    }

    /// Returns the context of the request that this thread works on, if it does.
    ///
    /// That is so inside the service, its future and its body, as long as they are polled through the layer; a task
    /// that was spawned is on its own.
    pub fn current() -> Option<Self> {
        RequestContext::with_current(|current| *current.trace_context())
    }

    /// Returns the context of a new span in the same trace.
    #[must_use]
    pub fn child(&self) -> Self {
        Self {
            span_id: SpanId::generate(),
            ..*self
        }
    }

    /// Returns the id that all requests of the trace share.
    pub const fn trace_id(&self) -> TraceId {
        self.trace_id
    }

    /// Returns the id of this span.
    pub const fn span_id(&self) -> SpanId {
        self.span_id
    }

    /// Returns the flags that are defined: 1 for sampled, 2 for a random trace id.
    pub const fn flags(&self) -> u8 {
        self.flags
    }

    /// Says whether the caller may have recorded the trace.
    pub const fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// Returns the value of a `traceparent` header that names this span as the parent.
    pub fn to_header(&self) -> HeaderValue {
        hex::header_value(&self.encode())
    }

    /// Returns the context that the request's headers ask to continue; two headers contradict each other.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        Self::parse_bytes(headers::only(headers, &HEADER)?.as_bytes())
    }

    fn parse_bytes(bytes: &[u8]) -> Option<Self> {
        let (known, rest) = bytes.split_first_chunk::<LENGTH>()?;
        if known[2] != b'-' || known[35] != b'-' || known[52] != b'-' {
            return None;
        }
        let (may_end_so, known_flags) = match &known[..2] {
            b"00" => (rest.is_empty(), SAMPLED | RANDOM),
            b"ff" => (false, 0),
            // Nothing else may be assumed about the flags of a version that is not known (section 3.2.4).
            version => {
                let is_version = hex::decode(version).is_some();
                let goes_on = rest.first().is_none_or(|byte| *byte == b'-');
                (is_version && goes_on, SAMPLED)
            }
        };
        if !may_end_so {
            return None;
        }
        let trace_id = hex::decode(&known[3..35])?;
        let span_id = hex::decode(&known[36..52])?;
        let flags = hex::decode(&known[53..])?;
        Self::from_parts(trace_id, span_id as u64, flags as u8 & known_flags)
    }

    fn encode(&self) -> [u8; LENGTH] {
        let mut bytes = [b'-'; LENGTH];
        bytes[..2].copy_from_slice(b"00");
        bytes[3..35].copy_from_slice(&self.trace_id.digits());
        bytes[36..52].copy_from_slice(&self.span_id.digits());
        bytes[53..].copy_from_slice(&hex::encode::<2>(u128::from(self.flags)));
        bytes
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(as_text(&self.encode()))
    }
}

// === impl TraceId ===

impl TraceId {
    /// Returns the id as a number, which is never zero.
    pub const fn to_bits(self) -> u128 {
        self.0
    }

    pub(crate) fn digits(self) -> [u8; 32] {
        hex::encode(self.0)
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(as_text(&self.digits()))
    }
}

// === impl SpanId ===

impl SpanId {
    /// Returns the id as a number, which is never zero.
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    fn generate() -> Self {
        Self(fastrand::u64(1..))
    }

    pub(crate) fn digits(self) -> [u8; 16] {
        hex::encode(u128::from(self.0))
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(as_text(&self.digits()))
    }
}

#[cfg(test)]
mod tests;
