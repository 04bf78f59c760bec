//! What is asked for, in the query of an address.

use http::StatusCode;
use watchkeep_alerts::AlertQuery;
use watchkeep_alerts::matcher::{MatchOp, Matcher};

use super::answer::Problem;

/// The most filters of one request.
const FILTERS: usize = 64;

/// Names and values, as they came.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

// === impl Query ===

impl Query {
    pub(super) fn of(uri: &http::Uri) -> Self {
        let pairs = uri.query().unwrap_or_default().split('&');
        let pairs = pairs.filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        });
        Self(pairs.collect())
    }

    /// Returns which alerts are asked for.
    pub(super) fn alerts(&self) -> Result<AlertQuery, Problem> {
        let query = AlertQuery::new()
            .matching(self.filters()?.into_iter().collect())
            .active(self.says("active"))
            .silenced(self.says("silenced"))
            .inhibited(self.says("inhibited"));
        match self.last("receiver") {
            None | Some("") => Ok(query),
            Some(receiver) => match Matcher::new("receiver", MatchOp::Regex, receiver) {
                Ok(matcher) => Ok(query.of_receiver(matcher)),
                Err(error) => Err(Problem::said(
                    StatusCode::BAD_REQUEST,
                    format!("failed to parse receiver param: {error}"),
                )),
            },
        }
    }

    /// Returns the matchers of all filters.
    pub(super) fn filters(&self) -> Result<Vec<Matcher>, Problem> {
        let texts = self.0.iter().filter(|(name, _)| name == "filter");
        let bad = |message: String| Problem::said(StatusCode::BAD_REQUEST, message);
        let mut filters = Vec::new();
        for (_, text) in texts {
            if filters.len() == FILTERS {
                return Err(bad(format!("there are more than {FILTERS} filters")));
            }
            let matcher = Matcher::parse(text);
            filters.push(matcher.map_err(|error| {
                let shown: String = text.chars().take(200).collect();
                bad(format!("bad matcher format: {shown}: {error}"))
            })?);
        }
        Ok(filters)
    }

    /// Says what a switch says; they are all on unless something else is said.
    fn says(&self, name: &str) -> bool {
        const TRUE: [&str; 10] = [
            "true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled",
        ];
        match self.last(name) {
            None | Some("") => true,
            Some(text) => TRUE.iter().any(|word| word.eq_ignore_ascii_case(text)),
        }
    }

    fn last(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().rev().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Decodes `%41` and `+`; what is no text becomes replacement characters.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        bytes.push(match (first, after) {
            (b'+', _) => b' ',
            (b'%', [high, low, after @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    rest = after;
                    high * 16 + low
                }
                _ => b'%',
            },
            _ => *first,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(decoded(text), expected);
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        check("a%3D%22b+c%22", "a=\"b c\"");
        check("%ce%A3", "Σ");
        check("100%", "100%");
        check("%4", "%4");
        check("%zz", "%zz");
        check("%ff", "\u{fffd}");
        check("%+1", "% 1");
    }

    #[test]
    fn the_last_of_a_name_counts_and_filters_add_up() {
        let uri = "/?active=true&active=NO&silenced=Yes&inhibited=&filter=a%3Db&filter=c!%3Dd";
        let query = Query::of(&uri.parse().unwrap());
        let switches = ["active", "silenced", "inhibited", "unprocessed"];
        let said = switches.map(|name| query.says(name));
        assert_eq!(said, [false, true, true, true]);
        let filters = query.filters().unwrap();
        let texts: Vec<_> = filters.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["a=\"b\"", "c!=\"d\""]);
    }

    #[test]
    fn there_is_an_end_to_filters() {
        let query = |count: usize| {
            let uri = format!("/?{}", "filter=a%3Db&".repeat(count));
            Query::of(&uri.parse().unwrap())
                .filters()
                .map(|it| it.len())
        };
        assert_eq!(query(FILTERS), Ok(FILTERS));
        assert!(query(FILTERS + 1).is_err());
    }
}
