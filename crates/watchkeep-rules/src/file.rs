//! Files of rules in Prometheus' format: read strictly, and written again.

mod raw;
#[cfg(test)]
mod tests;
mod write;

use std::collections::HashSet;
use std::time::Duration;

pub(crate) use raw::yaml_problem;
use raw::{RawGroup, RawRule, Spanned};

use crate::duration;
use crate::error::{Error, Kind, Problem};
use crate::expression::Expression;
use crate::group::Group;
use crate::rule::{Alerting, Purpose, Rule};
use crate::template::Template;

/// The longest file, in bytes.
const LONGEST: usize = 4 * 1_024 * 1_024;

/// A file of rules.
///
/// It is read as Prometheus does, strictly: an unknown field, a name twice or a duration without a unit is an error, and so is an
/// expression or a template outside the subset that means the same here. Every problem is found, each with its line and column.
///
/// ```
/// use watchkeep_rules::RuleFile;
///
/// let text = "groups: [{name: g, rules: [{alert: Down, expr: 'absent(jobs_total)'}]}]";
/// let file = RuleFile::parse(text)?;
/// assert_eq!(file.groups()[0].rules()[0].name(), "Down");
/// let error = RuleFile::parse("groups: [{name: g, rules: [{alert: Torn, expr: 'rate(x[5m'}]}]").unwrap_err();
/// assert!(error.to_string().starts_with("1:48: rule `Torn`: a `[` that is not closed"));
/// # Ok::<(), watchkeep_rules::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RuleFile {
    groups: Vec<Group>,
}

impl RuleFile {
    /// Makes a file out of groups, to be written.
    ///
    /// # Errors
    /// When two groups have the same name.
    pub fn new(groups: Vec<Group>) -> Result<Self, Error> {
        let mut names = HashSet::new();
        for group in &groups {
            if !names.insert(group.name()) {
                return Err(Kind::Group {
                    group: group.name().to_owned(),
                    what: "there are two of this name".to_owned(),
                }
                .into());
            }
        }
        Ok(Self { groups })
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When it is no YAML of this form, or has a rule that cannot run here; all such problems are in the error.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > LONGEST {
            let what = format!("the file is longer than {LONGEST} bytes");
            return Err(Kind::File(vec![Problem::at(1, 1, what)]).into());
        }
        let raw = raw::read(text)?;
        let mut reader = Reader {
            problems: Vec::new(),
        };
        let mut groups = Vec::new();
        let mut names = HashSet::new();
        for group in raw.groups {
            if !names.insert(group.name.value.clone()) {
                let what = format!("group `{}`: there are two of this name", group.name.value);
                reader.complain(&group.name, what);
            }
            groups.extend(reader.group(group));
        }
        if reader.problems.is_empty() {
            Ok(Self { groups })
        } else {
            Err(Kind::File(reader.problems).into())
        }
    }

    /// Returns the groups.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Takes the groups out, as an [`Engine`](crate::Engine) wants them.
    #[must_use]
    pub fn into_groups(self) -> Vec<Group> {
        self.groups
    }
}

struct Reader {
    problems: Vec<Problem>,
}

impl Reader {
    fn complain<T>(&mut self, place: &Spanned<T>, what: impl Into<String>) {
        let location = place.referenced;
        self.problems
            .push(Problem::at(location.line(), location.column(), what.into()));
    }

    fn group(&mut self, raw: RawGroup) -> Option<Group> {
        let known = self.problems.len();
        let interval = raw.interval.as_ref().map(|text| self.duration(text));
        if let Some(interval) = &interval
            && interval.is_zero()
            && let Some(place) = &raw.interval
            && self.problems.len() == known
        {
            self.complain(place, "an interval of nothing");
        }
        let rules = raw.rules.into_iter().flatten();
        let rules: Vec<Rule> = rules.filter_map(|rule| self.rule(rule)).collect();
        match Group::new(raw.name.value.clone(), rules) {
            Ok(group) => {
                let group = group.with_limit(raw.limit.unwrap_or(0));
                Some(match interval {
                    Some(interval) => group.with_interval(interval),
                    None => group,
                })
            }
            Err(error) => {
                self.complain(&raw.name, error.to_string());
                None
            }
        }
    }

    fn duration(&mut self, text: &Spanned<String>) -> Duration {
        duration::parse(&text.value).unwrap_or_else(|| {
            let what = format!("`{}` is no duration, such as 5m or 1h30m", text.value);
            self.complain(text, what);
            Duration::ZERO
        })
    }

    fn rule(&mut self, raw: Spanned<RawRule>) -> Option<Rule> {
        let place = Spanned::new((), raw.referenced, raw.defined);
        let raw = raw.value;
        let (name, is_alert) = match (&raw.alert, &raw.record) {
            (Some(name), None) => (name.clone(), true),
            (None, Some(name)) => (name.clone(), false),
            _ => {
                self.complain(&place, "a rule has either `alert` or `record`");
                return None;
            }
        };
        let known = self.problems.len();
        let title = format!("rule `{}`", name.value);
        let expression = match Expression::read(&raw.expr.value) {
            Ok(expression) => Some(expression),
            Err(refusal) => {
                self.complain(&raw.expr, format!("{title}: {refusal} of the expression"));
                None
            }
        };
        let labels = self.templates(&title, raw.labels, is_alert);
        let annotations = self.templates(&title, raw.annotations.clone(), true);
        let hold = raw.hold.as_ref().map(|text| self.duration(text));
        let keep = raw.keep_firing_for.as_ref().map(|text| self.duration(text));
        let purpose = if is_alert {
            Purpose::Alert(Alerting {
                hold: hold.unwrap_or_default(),
                keep_firing: keep.unwrap_or_default(),
                annotations: annotations.into_iter().collect(),
            })
        } else {
            if raw.hold.is_some() || raw.keep_firing_for.is_some() || raw.annotations.is_some() {
                let what =
                    format!("{title}: `for`, `keep_firing_for` and `annotations` are of alerts");
                self.complain(&name, what);
            }
            Purpose::Record
        };
        if self.problems.len() > known {
            return None;
        }
        match Rule::new(name.value.clone(), purpose, expression?, labels) {
            Ok(rule) => Some(rule),
            Err(error) => {
                self.complain(&name, error.to_string());
                None
            }
        }
    }

    /// The labels of a recording rule are texts as they are.
    fn templates(
        &mut self,
        title: &str,
        texts: Option<raw::Texts>,
        are_templates: bool,
    ) -> Vec<(String, Template)> {
        let mut templates = Vec::new();
        for (name, text) in texts.unwrap_or_default() {
            let template = if are_templates {
                Template::parse(&text.value)
            } else {
                Ok(Template::plain(&text.value))
            };
            match template {
                Ok(template) => templates.push((name, template)),
                Err(what) => self.complain(&text, format!("{title}, `{name}`: {what}")),
            }
        }
        templates
    }
}
