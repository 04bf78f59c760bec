//! The two grammars, the canonical form, and what matches.

use proptest::prelude::*;

use super::*;

fn canonical(grammar: Grammar, text: &str) -> Result<String, MatcherError> {
    Matchers::parse_in(grammar, text).map(|matchers| matchers.to_string())
}

#[track_caller]
fn reads(grammar: Grammar, rows: &[(&str, &str)]) {
    for (text, expected) in rows {
        let read = canonical(grammar, text);
        assert_eq!(read.as_deref(), Ok(*expected), "{grammar:?}: {text:?}");
    }
}

#[track_caller]
fn refuses(grammar: Grammar, texts: &[&str]) {
    for text in texts {
        let read = canonical(grammar, text);
        assert!(read.is_err(), "{grammar:?}: {text:?} is read as {read:?}");
    }
}

#[test]
fn the_classic_grammar_reads_what_it_always_read() {
    reads(
        Grammar::Classic,
        &[
            ("", "{}"),
            ("{}", "{}"),
            ("foo=", r#"{foo=""}"#),
            ("foo==bar", r#"{foo="=bar"}"#),
            ("foo=a b", r#"{foo="a b"}"#),
            ("foo=[a]", r#"{foo="[a]"}"#),
            ("foo='bar'", r#"{foo="'bar'"}"#),
            (r#"{foo="bar",}"#, r#"{foo="bar"}"#),
            (r#"foo="",bar=x"#, r#"{bar="x",foo=""}"#),
            (r#" foo !~ "a|b" , :b_1 = c "#, r#"{:b_1="c",foo!~"a|b"}"#),
            (r#"foo="a,b",c=d"#, r#"{c="d",foo="a,b"}"#),
            (r#"foo="a\"b\\c\nd\q""#, r#"{foo="a\"b\\c\nd\\q"}"#),
            (r"foo=a\", r#"{foo="a\\"}"#),
            ("foo=a=~b", r#"{foo="a=~b"}"#),
            ("{foo=bar", r#"{foo="bar"}"#),
            ("foo=bar}", r#"{foo="bar"}"#),
            ("foo=x,", r#"{foo="x"}"#),
            ("foo=ü", r#"{foo="ü"}"#),
        ],
    );
    refuses(
        Grammar::Classic,
        &[
            r#""foo"="bar""#,
            "Σ=x",
            "foo-bar=x",
            "0foo=x",
            "foo",
            r#"foo="x"baz"#,
            ",foo=x",
            "foo=x,,bar=y",
            r#"foo="x"#,
            r#"foo="a\,",c=d"#,
            r#"foo=a"b"#,
            "=x",
            "foo!x",
            "foo~x",
            "foo=~(",
        ],
    );
}

#[test]
fn the_utf_8_grammar_reads_names_and_values_in_quotes() {
    reads(
        Grammar::Utf8,
        &[
            ("", "{}"),
            (" ", "{}"),
            ("{}", "{}"),
            ("foo=bar", r#"{foo="bar"}"#),
            (r#"{"foo"="bar"}"#, r#"{foo="bar"}"#),
            ("{foo=bar,}", r#"{foo="bar"}"#),
            ("foo=bar,", r#"{foo="bar"}"#),
            ("foo-bar=x", r#"{foo-bar="x"}"#),
            ("Σ=Ω", r#"{Σ="Ω"}"#),
            (r#""a b"="c\td""#, r#"{"a b"="c\td"}"#),
            (r#"foo="\u00e9\x41\101""#, r#"{foo="éAA"}"#),
            ("foo=[a]", r#"{foo="[a]"}"#),
            ("0foo=1,b!~2", r#"{0foo="1",b!~"2"}"#),
            (r#"foo = "" "#, r#"{foo=""}"#),
            ("a=b, a!=b, a=a", r#"{a="a",a="b",a!="b"}"#),
        ],
    );
    refuses(
        Grammar::Utf8,
        &[
            "foo=",
            "foo==bar",
            "foo=a b",
            "foo='bar'",
            r"foo=a\",
            "{foo=bar",
            "foo=bar}",
            ",",
            "{,}",
            "foo",
            "foo!",
            "foo~x",
            r#"foo="x"baz"#,
            r#"foo="x"#,
            r#"foo="\q""#,
            r#"foo="\xff""#,
            "{{}}",
            "{}{}",
            "{} x",
            "foo=x,,bar=y",
            r#"""=x"#,
            "=x",
            "a=b c=d",
            "a=`b`",
            "{a=b}}",
        ],
    );
}

#[test]
fn the_classic_reading_wins_where_both_read_and_disagree() {
    reads(
        Grammar::Fallback,
        &[
            ("foo==bar", r#"{foo="=bar"}"#),
            ("foo-bar=x", r#"{foo-bar="x"}"#),
            (r#"foo="\u00e9""#, r#"{foo="\\u00e9"}"#),
            (r#"foo="a\tb""#, r#"{foo="a\\tb"}"#),
            (r#""a b"="\t""#, r#"{"a b"="\t"}"#),
            ("foo=bar}", r#"{foo="bar"}"#),
        ],
    );
    refuses(Grammar::Fallback, &["foo", r#"foo="x"baz"#, "a b=c"]);
}

#[test]
fn one_matcher_has_no_braces_and_no_neighbors() {
    for grammar in [Grammar::Fallback, Grammar::Utf8] {
        assert!(Matcher::parse_in(grammar, "foo=bar").is_ok());
        for text in ["{foo=bar}", "{foo=bar", "foo=bar}", "", " ", "foo"] {
            assert!(
                Matcher::parse_in(grammar, text).is_err(),
                "{grammar:?}: {text}"
            );
        }
    }
    assert!(Matcher::parse_in(Grammar::Utf8, "foo=bar,").is_err());
    // In the classic grammar, a comma is a part of the value.
    let one = Matcher::parse(r#"foo=bar,baz=x"#).unwrap();
    assert_eq!(one.value(), "bar,baz=x");
}

#[test]
fn a_label_that_is_not_there_is_empty() {
    let labels = Labels::from([("a".to_owned(), "1".to_owned())]);
    let holds = |text: &str| Matchers::parse(text).unwrap().matches(&labels);
    assert!(holds("a=1") && holds("a=~[0-9]") && holds("a!=2") && holds("a!~x"));
    assert!(!holds("a=2") && !holds("a=~[0-9]x") && !holds("a!=1") && !holds("a!~1"));
    assert!(holds("foo=") && holds("foo!=x") && holds("foo=~.*") && holds("foo!~.+"));
    assert!(!holds("foo=x") && !holds(r#"foo!="""#) && !holds("foo=~.+") && !holds("foo!~.*"));
    assert!(holds("") && holds("a=1,foo=") && !holds("a=1,foo=x"));
    assert!(!holds("a=~1|x,a!~(?:1|2)"));
}

#[test]
fn an_expression_matches_the_whole_value() {
    let matcher = Matcher::new("a", MatchOp::Regex, "b|cd").unwrap();
    for (value, expected) in [
        ("b", true),
        ("cd", true),
        ("bd", false),
        ("xb", false),
        ("b\n", false),
    ] {
        let labels = Labels::from([("a".to_owned(), value.to_owned())]);
        assert_eq!(matcher.matches(&labels), expected, "{value:?}");
    }
}

#[test]
fn what_is_too_large_is_refused() {
    let name = |bytes: usize| Matcher::new("n".repeat(bytes), MatchOp::Equal, "");
    assert!(name(1_024).is_ok() && name(1_025).is_err() && name(0).is_err());
    let value = |bytes: usize| Matcher::new("n", MatchOp::Equal, "v".repeat(bytes));
    assert!(value(4_096).is_ok() && value(4_097).is_err());
    let regex = |value: &str| Matcher::new("n", MatchOp::Regex, value).map_err(|e| e.to_string());
    assert!(regex(".{1000}").is_ok());
    let error = regex(r"(?i)[\p{L}\p{M}]{1000}").unwrap_err();
    assert!(error.contains("1 MiB"), "{error}");
    let many = |count: usize| Matchers::parse(&vec!["a=b"; count].join(","));
    assert!(many(256).is_ok() && many(257).is_err());
    assert!(Matchers::parse(&" ".repeat(64 * 1_024)).is_ok());
    assert!(Matchers::parse(&" ".repeat(64 * 1_024 + 1)).is_err());
}

#[test]
fn an_error_says_where() {
    let error = Matchers::parse_in(Grammar::Utf8, r#"a=b,c="\q""#).unwrap_err();
    assert_eq!(error.offset(), Some(6));
    assert_eq!(
        error.to_string(),
        "a text in quotes has a bad escape (at byte 6)"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_canonical_form_reads_back(name in "[a-z][a-z0-9_]{0,4}|.{1,6}", op in 0..4usize, value in ".{0,8}|[\n\"\\\\,={}a]{0,6}") {
        let op = [MatchOp::Equal, MatchOp::NotEqual, MatchOp::Regex, MatchOp::NotRegex][op];
        let Ok(matcher) = Matcher::new(name, op, value) else { return Ok(()) };
        // A name of reserved characters is quoted in Go's way, which only the newer grammar reads.
        let printed = Matchers::new([matcher.clone()]).to_string();
        let grammar = match matcher.name().contains(utf8::is_reserved) {
            true => Grammar::Utf8,
            false => Grammar::Fallback,
        };
        prop_assert_eq!(Matchers::parse_in(grammar, &printed), Ok(Matchers::new([matcher])), "{}", printed);
    }

    #[test]
    fn no_text_makes_a_grammar_panic(text in ".{0,24}|[a=!~{}\",\\\\ \n(|)*\\[\\]?:]{0,24}") {
        for grammar in [Grammar::Classic, Grammar::Fallback, Grammar::Utf8] {
            let _ = Matchers::parse_in(grammar, &text);
            let _ = Matcher::parse_in(grammar, &text);
        }
        let _ = Matcher::new("a", MatchOp::Regex, text);
    }
}
