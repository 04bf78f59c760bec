//! Texts of matchers: the classic grammar takes what amtool 0.25 takes, and prints what it prints.

use watchkeep_alerts::matcher::{Grammar, Matchers};

use super::amtool::{Amtool, with_routes};
use super::{pick, random, rounds};

/// Texts of which somebody once wondered what they mean.
const TEXTS: &[&str] = &[
    "",
    "{}",
    "{",
    "}",
    "foo=",
    "foo==bar",
    "foo=a b",
    "foo=[a]",
    "foo='bar'",
    "{foo=\"bar\",}",
    "foo=\"\",bar=x",
    "\"foo\"=\"bar\"",
    "Σ=x",
    "foo-bar=x",
    "0foo=x",
    "foo",
    "foo=\"x\"baz",
    ",foo=x",
    "foo=x,",
    "foo=x,,bar=y",
    "foo=~a|b",
    "foo!~\"a,b\"",
    "foo!=x,bar=~\"y.*\"",
    " foo = bar ",
    "foo=\"a\\\"b\\\\c\\nd\\q\"",
    "foo=a\\",
    "foo=\"a\\,\",c=d",
    "{foo=bar",
    "foo=bar}",
    "foo=ü",
    "foo=\"\\\\\"",
    "a:b=c",
    ":=x",
    "_=x",
    "foo=~(",
    "foo=~[",
    "foo=(",
    "{{a=b}}",
    "{a=b}}",
    "foo=\"a\\,\"b\",c=d",
    "foo=\"a,b",
    "a=b\u{a0}",
    "a=\u{a0}b",
    "\u{a0}a=b",
    "a = = b",
    "a=!b",
    "a!b",
    "a=\"b\" ",
    "a=b\n",
    "a=b\nc",
    "a=\"b\nc\"",
    "a\n=b",
    "a\t=~\tb",
    "a=\"\\",
    "a=\\",
    "a=\\\"",
    "a=\"\\\"",
    "a=b\u{b}",
    "a=b , c=d",
    "{a=b, }",
    "{ a=b }",
    "a=b,a=b",
    "a=b,a!=b,a=~b,a!~b",
    "b=1,a=2,a=1",
    "a=\u{e000}",
    "a=日本,b=\"🙂\"",
];

/// Pieces that random texts are made of.
const PIECES: &[&str] = &[
    "a",
    "b1",
    "_",
    ":",
    "=",
    "!=",
    "=~",
    "!~",
    "!",
    "~",
    "\"",
    "\"",
    "\\",
    "\\\"",
    "\\n",
    "\n",
    ",",
    ",",
    " ",
    "\t",
    "{",
    "}",
    "x",
    "é",
    "'",
    "`",
    "|",
    ".*",
    "(",
    ")",
    "[",
    "]",
    "a=b",
    "a=\"b\"",
    "c!~\"d,e\"",
    "0",
    "-",
    "\u{a0}",
];

#[test]
fn the_classic_grammar_is_that_of_amtool() {
    let Some(amtool) = Amtool::find() else {
        return;
    };
    let (mut random, seed) = random();
    let mut texts: Vec<String> = TEXTS.iter().map(|&text| text.to_owned()).collect();
    for _ in 0..rounds(600) {
        // Without such a beginning, hardly any would be valid.
        let begin = pick(&mut random, &["", "a=", "{b=~", "c!=x,", "a=\""]);
        let length = random.usize(1..8);
        let rest = (0..length).map(|_| pick(&mut random, PIECES));
        texts.push(std::iter::once(begin).chain(rest).collect());
    }
    let files: Vec<String> = texts
        .iter()
        .map(|text| with_routes(std::slice::from_ref(text)).to_string())
        .collect();
    let verdicts = amtool.verdicts(&files);
    let mut valid = Vec::new();
    for (text, verdict) in texts.iter().zip(verdicts) {
        let ours = Matchers::parse_in(Grammar::Classic, text);
        assert_eq!(
            ours.is_ok(),
            verdict.is_ok(),
            "{text:?}: amtool says {verdict:?}, we {ours:?} (seed {seed})"
        );
        valid.extend(ours.map(|ours| (text.clone(), ours.to_string())));
    }
    let share = valid.len() as f64 / texts.len() as f64;
    assert!(
        (0.05..0.95).contains(&share),
        "{share} of the texts are valid"
    );
    let texts: Vec<String> = valid.iter().map(|(text, _)| text.clone()).collect();
    let printed = amtool.printed(&with_routes(&texts));
    for (index, (text, ours)) in valid.iter().enumerate() {
        let theirs = printed.get(&index.to_string());
        assert_eq!(theirs, Some(ours), "{text:?} (seed {seed})");
    }
}

#[test]
fn what_both_grammars_read_is_read_as_amtool_reads_it() {
    let (mut random, seed) = random();
    for _ in 0..rounds(20_000) {
        let length = random.usize(1..8);
        let text: String = (0..length).map(|_| pick(&mut random, PIECES)).collect();
        let read = |grammar| Matchers::parse_in(grammar, &text);
        let (classic, utf8, both) = (
            read(Grammar::Classic),
            read(Grammar::Utf8),
            read(Grammar::Fallback),
        );
        match (classic, utf8) {
            (Ok(classic), _) => assert_eq!(both, Ok(classic), "{text:?} (seed {seed})"),
            // An expression that only the classic grammar sees is an error of its own.
            (Err(_), utf8) => assert!(both == utf8 || both.is_err(), "{text:?} (seed {seed})"),
        }
    }
}
