//! W3C trace context: the ids that tie this request to the ones before and after it.

use std::{cell::Cell, fmt, str};

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::trace_state::TraceState;

pub(crate) const HEADER: HeaderName = HeaderName::from_static("traceparent");

/// `vv-tttttttttttttttttttttttttttttttt-ssssssssssssssss-ff`
const LENGTH: usize = 55;

const SAMPLED: u8 = 0x01;
const RANDOM: u8 = 0x02;

thread_local! {
    /// The context, and whether it has a state: most have none, and then the other cell is left alone.
    static CURRENT: Cell<Option<(TraceContext, bool)>> = const { Cell::new(None) };
    static CURRENT_STATE: Cell<Option<TraceState>> = const { Cell::new(None) };
}

/// The id of a trace: 32 lowercase hexadecimal digits, never all zero.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TraceId(u128);

/// The id of one span in a trace: 16 lowercase hexadecimal digits, never all zero.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct SpanId(u64);

/// Where a request stands in its trace.
///
/// The layer continues a valid `traceparent` header with a span id of its own, or begins a new trace, and puts the
/// result among the request's extensions.
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
    /// version `00`, and a later version may only go on after a `-`.
    pub fn parse(value: &str) -> Option<Self> {
        Self::parse_bytes(value.as_bytes())
    }

    /// Returns the context of the request that this thread works on, if it does.
    ///
    /// That is so inside the service, its future and its body, as long as they are polled through the layer; a task
    /// that was spawned is on its own.
    pub fn current() -> Option<Self> {
        let current = CURRENT.try_with(Cell::get).ok().flatten();
        current.map(|(context, _)| context)
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
        header_value(&self.encode())
    }

    /// Returns the context that the request's headers ask to continue; two headers contradict each other.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(HEADER).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return None;
        };
        Self::parse_bytes(value.as_bytes())
    }

    fn parse_bytes(bytes: &[u8]) -> Option<Self> {
        let (known, rest) = bytes.split_at_checked(LENGTH)?;
        if known[2] != b'-' || known[35] != b'-' || known[52] != b'-' {
            return None;
        }
        let version = parse_hex(&known[..2])?;
        let may_end_so = match version {
            0x00 => rest.is_empty(),
            0xff => false,
            _ => rest.first().is_none_or(|byte| *byte == b'-'),
        };
        let trace_id = parse_hex(&known[3..35])?;
        let span_id = u64::try_from(parse_hex(&known[36..52])?).ok()?;
        let flags = u8::try_from(parse_hex(&known[53..])?).ok()?;
        Self::from_parts(trace_id, span_id, flags).filter(|_| may_end_so)
    }

    fn encode(&self) -> [u8; LENGTH] {
        let mut bytes = [b'-'; LENGTH];
        bytes[..2].copy_from_slice(b"00");
        bytes[3..35].copy_from_slice(&self.trace_id.digits());
        bytes[36..52].copy_from_slice(&self.span_id.digits());
        bytes[53..].copy_from_slice(&hex::<2>(u128::from(self.flags)));
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
        hex(self.0)
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
        hex(u128::from(self.0))
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(as_text(&self.digits()))
    }
}

/// Makes a context and its state the thread's current ones until it is dropped.
#[derive(Debug)]
pub(crate) struct Scope {
    before: Option<(TraceContext, bool)>,
    /// The state before, where this scope or the one around it has one.
    state: Option<Option<TraceState>>,
}

impl Scope {
    pub(crate) fn enter(context: TraceContext, state: Option<&TraceState>) -> Self {
        let now = Some((context, state.is_some()));
        let before = CURRENT.try_with(|current| current.replace(now));
        let before = before.ok().flatten();
        let touches = state.is_some() || before.is_some_and(|(_, has_state)| has_state);
        let replace = |current: &Cell<Option<TraceState>>| current.replace(state.cloned());
        Self {
            before,
            state: touches.then(|| CURRENT_STATE.try_with(replace).ok().flatten()),
        }
    }
}

impl Drop for Scope {
    fn drop(&mut self) {
        // While a thread ends its cells may be gone already, and then nobody asks.
        let _ = CURRENT.try_with(|current| current.set(self.before));
        if let Some(state) = self.state.take() {
            let _ = CURRENT_STATE.try_with(|current| current.set(state));
        }
    }
}

/// Returns the trace state of the request that this thread works on.
pub(crate) fn current_state() -> Option<TraceState> {
    CURRENT_STATE
        .try_with(|current| {
            let state = current.take();
            current.set(state.clone());
            state
        })
        .ok()
        .flatten()
}

/// Returns the lowest `N` hexadecimal digits of a number, in lower case.
pub(crate) fn hex<const N: usize>(number: u128) -> [u8; N] {
    let mut digits = [0; N];
    let mut rest = number;
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(rest & 0xf) as usize];
        rest >>= 4;
    }
    digits
}

/// Returns ASCII that this module made as text.
pub(crate) fn as_text(ascii: &[u8]) -> &str {
    str::from_utf8(ascii).expect("hexadecimal digits and dashes are ASCII")
}

/// Returns ASCII that this crate made as a header's value.
pub(crate) fn header_value(ascii: &[u8]) -> HeaderValue {
    HeaderValue::from_bytes(ascii).expect("hexadecimal digits and dashes are a valid header value")
}

fn parse_hex(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0, |number, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u128::from(value))
    })
}

#[cfg(test)]
mod tests;
