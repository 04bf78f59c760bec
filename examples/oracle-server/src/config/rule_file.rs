//! Which rules run in the process: those that are built in, those of a file, or none.

use std::path::Path;

use watchkeep::rules::{Engine, Group, RuleFile};

use super::reader::Reader;

/// The rules that the server brings along.
const BUILT_IN: &str = include_str!("../../config/rules.yml");

/// The rules in force, and where they come from.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) groups: Vec<Group>,
    pub(crate) source: Source,
}

/// Where rules come from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Source {
    BuiltIn,
    File(String),
    /// A Prometheus runs them.
    Nowhere,
}

/// Reads the rules: unset means the built-in ones, empty means none in the process. Every problem of a file becomes a line.
pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Rules> {
    let source = match reader.raw("RULES_CONFIG") {
        None => Source::BuiltIn,
        Some(path) if path.is_empty() => Source::Nowhere,
        Some(path) => Source::File(path),
    };
    match load(source) {
        Ok(rules) => Some(rules),
        Err(problems) => {
            for problem in problems {
                reader.refuse("RULES_CONFIG", &problem);
            }
            None
        }
    }
}

/// Reads rules again from where they came.
pub(crate) fn load(source: Source) -> Result<Rules, Vec<String>> {
    let (name, text) = match &source {
        Source::BuiltIn => ("the built-in rules", BUILT_IN.to_owned()),
        Source::File(path) => {
            let text = std::fs::read_to_string(Path::new(path))
                .map_err(|error| vec![format!("`{path}` cannot be read: {error}")])?;
            (path.as_str(), text)
        }
        Source::Nowhere => {
            let groups = Vec::new();
            return Ok(Rules { groups, source });
        }
    };
    let groups = RuleFile::parse(&text).map(RuleFile::into_groups);
    // Whether they can run is found out now, and not when the server starts.
    let groups = groups.and_then(|groups| Engine::new(groups.clone()).map(|_| groups));
    match groups {
        Ok(groups) => Ok(Rules { groups, source }),
        Err(error) => Err(error
            .problems()
            .iter()
            .map(|problem| format!("{name}:{problem}"))
            .collect()),
    }
}

impl Rules {
    /// Says what they are, in a few words.
    pub(crate) fn in_words(&self) -> String {
        let count: usize = self.groups.iter().map(|group| group.rules().len()).sum();
        match &self.source {
            Source::BuiltIn => format!("the {count} built-in rules"),
            Source::File(path) => format!("{count} rules of {path}"),
            Source::Nowhere => "no rules in the process".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_rules_mean_what_the_guide_says() {
        let rules = load(Source::BuiltIn).unwrap();
        let rules = rules.groups[0].rules();
        let said: Vec<(&str, &str, u64)> = rules
            .iter()
            .map(|rule| (rule.name(), rule.level().severity(), rule.hold().as_secs()))
            .collect();
        assert_eq!(
            said,
            [
                ("HighErrorRate", "warning", 0),
                ("SlowResponses", "warning", 0),
                ("HighLatency", "warning", 300),
                ("DatabaseDown", "critical", 0),
            ]
        );
        for (rule, summary) in rules.iter().zip([
            "High error rate detected: ",
            "Slow response times: ",
            "Slow responses: p95",
            "Database connection failed",
        ]) {
            assert!(rule.annotation("summary").unwrap().starts_with(summary));
            assert!(rule.expression().span().as_secs() <= 3_600);
        }
        let engine = Engine::new(load(Source::BuiltIn).unwrap().groups).unwrap();
        assert_eq!(engine.notices(), [] as [&str; 0]);
        assert_eq!(engine.interval().as_secs(), 60);
    }

    #[test]
    fn problems_name_the_file_the_place_and_the_rule() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rules.yml");
        std::fs::write(
            &path,
            "groups: [{name: g, rules: [{alert: TornRule, expr: 'rate(x[5m'}, {alert: B, expr: x, for: 1}]}]\n",
        )
        .unwrap();
        let path = path.display().to_string();
        let problems = load(Source::File(path.clone())).unwrap_err();
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(
            problems[0].starts_with(&format!("{path}:1:52: rule `TornRule`")),
            "{problems:?}"
        );
        let missing = load(Source::File("/no/such/file.yml".to_owned())).unwrap_err();
        assert!(missing[0].contains("/no/such/file.yml"), "{missing:?}");
        assert_eq!(
            load(Source::Nowhere).unwrap().in_words(),
            "no rules in the process"
        );
    }
}
