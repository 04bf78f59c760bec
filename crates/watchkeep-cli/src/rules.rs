//! `watchkeep rules`: checks files of rules, runs their unit tests, and writes rules out of thresholds.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use watchkeep_rules::{Engine, Group, Rule, RuleBuilder, RuleFile, RuleTests, Selector, Semantics};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check files of rules, in Prometheus' format: every problem with its file, line and column.
    Check {
        /// The files.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Run unit tests of rules, in promtool's format.
    Test {
        /// The files with the tests.
        #[arg(required = true)]
        files: Vec<PathBuf>,
        /// Which Prometheus decides where they differ.
        #[arg(long, value_enum, default_value_t = Like::Prometheus3)]
        like: Like,
    },
    /// Write a rule as a file for a Prometheus.
    #[command(subcommand)]
    Export(Export),
}

/// Which Prometheus decides where they differ.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Like {
    /// Version 2.42.
    Prometheus2,
    /// Version 3.
    Prometheus3,
}

/// What a rule is about.
#[derive(Debug, Subcommand)]
pub(crate) enum Export {
    /// The mean of what a histogram observed.
    Average {
        /// The histogram, without `_sum` and `_count`.
        histogram: String,
        #[command(flatten)]
        common: Common,
    },
    /// A component whose health reads unhealthy.
    ComponentDown {
        /// The component.
        component: String,
        #[command(flatten)]
        common: Common,
    },
    /// A share of failures.
    ErrorRatio {
        /// The counter of failures.
        errors: String,
        /// The counter of everything.
        total: String,
        #[command(flatten)]
        common: Common,
    },
    /// A quantile of what a histogram observed.
    Quantile {
        /// The histogram, without `_bucket`.
        histogram: String,
        /// Which quantile, from 0 to 1.
        #[arg(long, default_value_t = 0.95)]
        q: f64,
        #[command(flatten)]
        common: Common,
    },
}

/// What all rules have.
#[derive(Debug, clap::Args)]
pub(crate) struct Common {
    /// The alert's name.
    #[arg(long, default_value = "Rule")]
    name: String,
    /// Fires above this.
    #[arg(long, default_value_t = 0.0)]
    above: f64,
    /// Ends only below this.
    #[arg(long)]
    clear_below: Option<f64>,
    /// The window in seconds.
    #[arg(long, default_value_t = 300)]
    over: u64,
    /// For how many seconds it must be true before it fires.
    #[arg(long, default_value_t = 0)]
    lasting: u64,
}

/// Runs a command; the answer is what to print.
pub(crate) fn run(command: Command) -> Result<String, String> {
    match command {
        Command::Check { files } => check(&files),
        Command::Test { files, like } => {
            let semantics = match like {
                Like::Prometheus2 => Semantics::Prometheus2,
                Like::Prometheus3 => Semantics::Prometheus3,
            };
            test(&files, semantics)
        }
        Command::Export(export) => {
            let rule = export.rule().map_err(|error| error.to_string())?;
            let group = Group::new("watchkeep", vec![rule]);
            let file = group.and_then(|group| RuleFile::new(vec![group]));
            let file = file.map_err(|error| error.to_string())?;
            Ok(file.to_string().trim_end().to_owned())
        }
    }
}

fn check(files: &[PathBuf]) -> Result<String, String> {
    let mut lines = Vec::new();
    let mut is_good = true;
    for path in files {
        let found = read(path).and_then(|groups| {
            let engine = Engine::new(groups).map_err(|error| error.problems())?;
            Ok(engine)
        });
        match found {
            Ok(engine) => {
                lines.push(format!(
                    "{}: {} rules run here",
                    path.display(),
                    engine.rule_count()
                ));
                let notices = engine.notices().iter();
                lines.extend(notices.map(|notice| format!("{}: {notice}", path.display())));
            }
            Err(problems) => {
                is_good = false;
                lines.extend(problems);
            }
        }
    }
    let text = lines.join("\n");
    if is_good { Ok(text) } else { Err(text) }
}

/// Reads a file of rules; every problem begins with the file's name.
fn read(path: &Path) -> Result<Vec<Group>, Vec<String>> {
    let named = |what: &str| format!("{}:{what}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| vec![named(&format!(" {error}"))])?;
    match RuleFile::parse(&text) {
        Ok(file) => Ok(file.into_groups()),
        Err(error) => Err(error
            .problems()
            .iter()
            .map(|problem| named(problem))
            .collect()),
    }
}

fn test(files: &[PathBuf], semantics: Semantics) -> Result<String, String> {
    let mut lines = Vec::new();
    let mut is_good = true;
    for path in files {
        match test_file(path, semantics) {
            Ok(count) => lines.push(format!("{}: {count} expectations hold", path.display())),
            Err(problems) => {
                is_good = false;
                lines.extend(problems);
            }
        }
    }
    let text = lines.join("\n");
    if is_good { Ok(text) } else { Err(text) }
}

/// Runs one file of tests; returns how many expectations hold, or what does not.
fn test_file(path: &Path, semantics: Semantics) -> Result<usize, Vec<String>> {
    let named = |what: &str| format!("{}:{what}", path.display());
    let text = std::fs::read_to_string(path).map_err(|error| vec![named(&format!(" {error}"))])?;
    let tests = RuleTests::parse(&text).map_err(|error| {
        error
            .problems()
            .iter()
            .map(|problem| named(problem))
            .collect::<Vec<_>>()
    })?;
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let mut groups = Vec::new();
    for pattern in tests.rule_files() {
        for file in matching(folder, pattern).map_err(|problem| vec![named(&problem)])? {
            groups.extend(read(&file)?);
        }
    }
    let outcomes = tests
        .run(&groups, semantics)
        .map_err(|error| error.problems())?;
    let failed = outcomes.iter().filter(|outcome| !outcome.is_expected());
    let failed: Vec<String> = failed
        .map(|outcome| named(&format!(" {outcome}")))
        .collect();
    if failed.is_empty() {
        Ok(outcomes.len())
    } else {
        Err(failed)
    }
}

/// The files that a pattern names, beside the tests; `*` in the last part stands for anything.
fn matching(folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, String> {
    let path = folder.join(pattern);
    let Some((before, after)) = path
        .file_name()
        .and_then(|name| name.to_str())
        .and_then(|name| name.split_once('*'))
    else {
        return Ok(vec![path]);
    };
    let folder = path.parent().unwrap_or(folder);
    let listed = std::fs::read_dir(folder).map_err(|error| format!(" {pattern}: {error}"))?;
    let mut files: Vec<PathBuf> = listed
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|file| {
            let name = file
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or("");
            name.len() >= before.len() + after.len()
                && name.starts_with(before)
                && name.ends_with(after)
        })
        .collect();
    files.sort();
    Ok(files)
}

impl Export {
    fn rule(self) -> Result<Rule, watchkeep_rules::Error> {
        match self {
            Self::Average { histogram, common } => {
                let name = common.name.clone();
                common.apply(Rule::average(name, Selector::new(histogram), 1.0))
            }
            Self::ComponentDown { component, common } => {
                let name = common.name.clone();
                common.apply(Rule::component_down(name, component))
            }
            Self::ErrorRatio {
                errors,
                total,
                common,
            } => {
                let name = common.name.clone();
                let (errors, total) = (Selector::new(errors), Selector::new(total));
                common.apply(Rule::error_ratio(name, errors, total))
            }
            Self::Quantile {
                histogram,
                q,
                common,
            } => {
                let name = common.name.clone();
                common.apply(Rule::quantile(name, q, Selector::new(histogram)))
            }
        }
    }
}

impl Common {
    fn apply(&self, rule: RuleBuilder) -> Result<Rule, watchkeep_rules::Error> {
        let mut rule = rule
            .above(self.above)
            .over(Duration::from_secs(self.over))
            .lasting(Duration::from_secs(self.lasting))
            .with_summary("{{ $value }}");
        if let Some(clear) = self.clear_below {
            rule = rule.clear_below(clear);
        }
        rule.build()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(subcommand)]
        command: Command,
    }

    fn ask(line: &[&str]) -> Result<String, String> {
        let line =
            Line::try_parse_from([&["rules"], line].concat()).map_err(|error| error.to_string())?;
        run(line.command)
    }

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("the file is written");
        };
        write(
            "good.rules.yml",
            "groups: [{name: g, rules: [{alert: Low, expr: 'm < 2'}]}]",
        );
        write(
            "long.yml",
            "groups: [{name: h, rules: [{alert: Long, expr: 'rate(m[3d]) > 1'}]}]",
        );
        write(
            "bad.yml",
            "groups:\n- name: g\n  rules:\n  - {alert: Torn, expr: 'rate(x[5m'}\n  - {alert: Far, expr: 'deriv(x[5m])'}\n",
        );
        write(
            "pass.yml",
            "rule_files: ['*.rules.yml']\ntests: [{input_series: [{series: m, values: '3 1'}], alert_rule_test: [{eval_time: 1m, alertname: Low, exp_alerts: [{}]}]}]",
        );
        write(
            "fail.yml",
            "rule_files: [good.rules.yml]\ntests: [{input_series: [{series: m, values: '3 1'}], alert_rule_test: [{eval_time: 1m, alertname: Low, exp_alerts: []}]}]",
        );
        folder
    }

    #[test]
    fn check_names_file_line_and_column_of_every_problem() {
        let folder = folder();
        let path = |name: &str| folder.path().join(name).display().to_string();
        assert_eq!(
            ask(&["check", &path("good.rules.yml"), &path("long.yml")]).unwrap(),
            format!(
                "{}: 1 rules run here\n{}: 0 rules run here\n{}: rule `Long` looks back 3d, over the 1h of the history: it runs on a Prometheus only",
                path("good.rules.yml"),
                path("long.yml"),
                path("long.yml")
            )
        );
        let problems = ask(&["check", &path("bad.yml"), &path("missing.yml")]).unwrap_err();
        let problems: Vec<&str> = problems.lines().collect();
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(
            problems[0].starts_with(&format!("{}:4:25: rule `Torn`", path("bad.yml"))),
            "{problems:?}"
        );
        assert!(
            problems[1].starts_with(&format!("{}:5:24: rule `Far`: `deriv`", path("bad.yml"))),
            "{problems:?}"
        );
        assert!(
            problems[2].starts_with(&path("missing.yml")),
            "{problems:?}"
        );
    }

    #[test]
    fn tests_are_run_over_the_files_that_they_name() {
        let folder = folder();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let answer = ask(&["test", &path("pass.yml")]).unwrap();
        assert!(answer.ends_with("1 expectations hold"), "{answer}");
        let answer = ask(&["test", "--like", "prometheus2", &path("fail.yml")]).unwrap_err();
        assert!(answer.contains("alertname: Low, time: 1m"), "{answer}");
        assert!(ask(&["test", &path("missing.yml")]).is_err());
        assert!(ask(&["check"]).is_err());
    }

    #[test]
    fn export_writes_what_check_reads() {
        let folder = folder();
        let file = folder.path().join("exported.yml");
        for line in [
            &[
                "export",
                "error-ratio",
                "errors_total",
                "all_total",
                "--above",
                "0.05",
                "--clear-below",
                "0.03",
            ][..],
            &[
                "export",
                "average",
                "h",
                "--name",
                "Slow",
                "--lasting",
                "60",
            ],
            &["export", "quantile", "h", "--q", "0.99", "--over", "600"],
            &["export", "component-down", "database"],
        ] {
            let text = ask(line).unwrap();
            std::fs::write(&file, &text).unwrap();
            ask(&["check", &file.display().to_string()]).unwrap();
        }
        assert!(ask(&["export", "quantile", "h", "--q", "2"]).is_err());
    }
}
