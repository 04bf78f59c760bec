//! Alerts, groups and silences as Alertmanager's JSON.

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use watchkeep_alerts::matcher::{MatchOp, Matcher};
use watchkeep_alerts::{GroupListing, ListedAlert, SilenceView};

/// A list in JSON, of which a part is written at a time.
#[derive(Debug, Default)]
pub(super) struct List {
    bytes: Vec<u8>,
}

/// How far a list is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Place {
    Begin,
    Within,
}

impl List {
    /// Adds an item, with a comma before it.
    pub(super) fn push(&mut self, item: &impl Serialize) {
        self.bytes.push(b',');
        let length = self.bytes.len();
        if serde_json::to_writer(&mut self.bytes, item).is_err() {
            // Texts and times are JSON.
            self.bytes.truncate(length - 1);
        }
    }

    /// Returns what is written of the list, to be sent after what was before.
    pub(super) fn part(self, place: &mut Place) -> Vec<u8> {
        let mut bytes = self.bytes;
        if *place == Place::Begin
            && let Some(first) = bytes.first_mut()
        {
            *first = b'[';
            *place = Place::Within;
        }
        bytes
    }

    /// Returns the end of the list.
    pub(super) fn end(place: Place) -> Vec<u8> {
        match place {
            Place::Begin => b"[]\n".to_vec(),
            Place::Within => b"]\n".to_vec(),
        }
    }
}

pub(super) struct Alert<'a>(pub(super) &'a ListedAlert<'a>);

pub(super) struct Group<'a>(pub(super) &'a GroupListing<'a>);

pub(super) struct Silence<'a>(pub(super) &'a SilenceView);

struct Named<'a>(&'a str);

struct Pairs<I>(I);

struct Status<'a>(&'a ListedAlert<'a>);

#[derive(Serialize)]
struct SilenceStatus {
    state: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SilenceMatcher<'a> {
    is_equal: bool,
    is_regex: bool,
    name: &'a str,
    value: &'a str,
}

impl Serialize for Alert<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let alert = self.0;
        let receivers: Vec<_> = alert.receivers().iter().map(|name| Named(name)).collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("annotations", &Pairs(|| alert.annotations()))?;
        map.serialize_entry("endsAt", &alert.ends_at())?;
        map.serialize_entry("fingerprint", &alert.fingerprint())?;
        map.serialize_entry("receivers", &receivers)?;
        map.serialize_entry("startsAt", &alert.starts_at())?;
        map.serialize_entry("status", &Status(alert))?;
        map.serialize_entry("updatedAt", &alert.updated_at())?;
        if !alert.generator_url().is_empty() {
            map.serialize_entry("generatorURL", alert.generator_url())?;
        }
        map.serialize_entry("labels", &Pairs(|| alert.labels()))?;
        map.end()
    }
}

impl Serialize for Status<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let alert = self.0;
        let state = match alert.is_suppressed() {
            true => "suppressed",
            false => "active",
        };
        let inhibited_by: Vec<_> = alert.inhibited_by().into_iter().collect();
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("inhibitedBy", &inhibited_by)?;
        map.serialize_entry("mutedBy", alert.muted_by())?;
        map.serialize_entry("silencedBy", alert.silenced_by())?;
        map.serialize_entry("state", state)?;
        map.end()
    }
}

impl Serialize for Group<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let group = self.0;
        let alerts: Vec<_> = group.alerts().iter().map(Alert).collect();
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("alerts", &alerts)?;
        map.serialize_entry("labels", &Pairs(|| group.labels()))?;
        map.serialize_entry("receiver", &Named(group.receiver()))?;
        map.end()
    }
}

impl Serialize for Silence<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let silence = self.0;
        let matchers: Vec<_> = silence.matchers.iter().map(SilenceMatcher::of).collect();
        let state = silence.state;
        let mut map = serializer.serialize_map(Some(8))?;
        map.serialize_entry("id", &silence.id)?;
        map.serialize_entry("status", &SilenceStatus { state })?;
        map.serialize_entry("updatedAt", &silence.updated_at)?;
        map.serialize_entry("comment", &silence.comment)?;
        map.serialize_entry("createdBy", &silence.created_by)?;
        map.serialize_entry("endsAt", &silence.ends_at)?;
        map.serialize_entry("matchers", &matchers)?;
        map.serialize_entry("startsAt", &silence.starts_at)?;
        map.end()
    }
}

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([("name", self.0)])
    }
}

impl<'a, I: Iterator<Item = (&'a str, &'a str)>, F: Fn() -> I> Serialize for Pairs<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map((self.0)())
    }
}

impl<'a> SilenceMatcher<'a> {
    fn of(matcher: &'a Matcher) -> Self {
        let (is_equal, is_regex) = match matcher.op() {
            MatchOp::Equal => (true, false),
            MatchOp::NotEqual => (false, false),
            MatchOp::Regex => (true, true),
            MatchOp::NotRegex => (false, true),
        };
        Self {
            is_equal,
            is_regex,
            name: matcher.name(),
            value: matcher.value(),
        }
    }
}
