//! Regular expressions: Go and we find the same ones valid, and match the same values.

use std::collections::BTreeMap;

use watchkeep_alerts::matcher::{MatchOp, Matcher};

use super::amtool::{Amtool, quoted, with_routes};
use super::{pick, random, rounds};

/// Expressions in which the dialects differ, or might.
const EXPRESSIONS: &[&str] = &[
    r"\d",
    r"\w+",
    r"\s",
    r"\S",
    r"\D",
    r"\W",
    r"[\d\W]",
    r"[^\D]",
    r"[a&&b]",
    "[a--b]",
    "[a~~b]",
    "[[a]]",
    "[[a]",
    "[]a]",
    "[^]a]",
    "[a-]",
    "[-a]",
    "[a-b-c]",
    "[--a]",
    "[b-a]",
    "[]",
    "[^]",
    r"[a-\d]",
    r"\Qa.b\E",
    r"\Qab\E*",
    r"\E",
    r"\Qa",
    r"x\Q\E*",
    "a{1000}",
    "a{1001}",
    "a{2,1}",
    "a**",
    "a*+",
    "a*?",
    "a*??",
    "a++",
    "a{2}{3}",
    "a{2}?",
    "*",
    "a|*",
    "(a{10}){100}",
    "(a{101}){10}",
    "((a{11}){10}){10}",
    "(a{0}){1000}",
    "(?:a{0,}){1000}",
    "(a{2,}){600}",
    "(a*){1000}",
    "a{,5}",
    "a{x}",
    "{",
    "a{1",
    "a{01}",
    "}",
    "(?i)AbC",
    "a(?i)b|c",
    "(?i:a)b",
    "(?s).",
    ".",
    "(?i)k",
    r"(?i)\w",
    r"(?i)\W",
    "a(?i)*",
    "a*(?i)*",
    "a{2}(?i)?",
    r"\Qba\E{2}(?i)?",
    "a{2}(?s){3}",
    "(?)a",
    "(?ii-i)a",
    "(?i-i)a",
    "(?-)a",
    "(?x)a",
    "(?u)a",
    "(?U)a*",
    "(?i-)a",
    "(?--i)a",
    "(?=a)",
    "(?P<n>a)(?P<m>b)",
    "(?P<n>a)(?P<n>b)",
    "(?P<1>a)",
    "(?P<é>a)",
    "()",
    "(|a)+",
    "a||b",
    "a)(b",
    "a)|(?:b",
    "a)",
    "(a",
    r"\a\f\n\r\t\v",
    r"\x41\x{42}\103\0",
    r"\-\_\<\>\ \/",
    r"\1",
    r"\12",
    r"\8",
    r"\C",
    r"\Z",
    r"\G",
    r"\e",
    r"\é",
    r"\x4",
    r"\x{}",
    r"\x{110000}",
    r"\pL",
    r"\p{Lu}",
    r"\P{Lu}",
    r"\p{^Lu}",
    r"\P{^Lu}",
    r"\p{Greek}+",
    r"[\p{Greek}a]+",
    r"\p{Any}",
    r"\p{greek}",
    r"\p{Letter}",
    r"\pX",
    r"\p",
    "[[:alpha:]]",
    "[[:^alpha:]]",
    "[[:word:]é]",
    "[[:space:]]",
    "[[:foo:]]",
    "[:alpha:]",
    r"[\]\-\\]+",
    r"a\b",
    r"é\bé",
    r"a\Bb",
    "^a$",
    "^*a",
    "a$\nb",
    "(?m)a$\n^b",
    r"\Aa\z",
    "a^",
    "$a",
    "[^a]",
    "[^\\n]",
    "é+",
    "[à-ü]",
    "(?i)[à-ü]",
    "(?i)ß",
    "(?i)σ",
    "(?i)straße",
    "(?i)[^k]",
    "(?i)[[:lower:]]",
    "(?i)[[:^lower:]]",
    r"(?i)\P{Lu}",
    r"(?i)\p{Lu}",
    "a?b+c*",
    "(a|b)*?c",
    "x{0}",
    "x{0,0}y",
    "x{3,}",
    r"\Q*\E+",
    r"[\Qa\E]",
    r"[\a\x41\101]",
    "[[.a.]]",
    "[a",
    "[a-",
    r"[\",
    r"\",
];

/// Values that tell them apart.
const VALUES: &[&str] = &[
    "",
    "a",
    "b",
    "A",
    "ab",
    "aB",
    "aaa",
    "x",
    "xxx",
    "y",
    "xxy",
    "3",
    "٣",
    "é",
    "É",
    "éé",
    " ",
    "\t",
    "\n",
    "\u{b}",
    "\u{a0}",
    "&",
    "~",
    "-",
    "[",
    "]",
    "[]",
    "a]",
    "a.b",
    "axb",
    "abbb",
    "abc",
    "ABC",
    "k",
    "K",
    "\u{212a}",
    "\u{17f}",
    "s",
    "a{,5}",
    "a{x}",
    "{",
    "}",
    "a{1",
    "a{01}",
    "a\nb",
    "ABC",
    "-_<> /",
    r"]-\",
    "αβ",
    "σ",
    "ς",
    "Σ",
    "ß",
    "ẞ",
    "ss",
    "STRASSE",
    "straße",
    "bd",
    "axx",
    "xxb",
    "ü",
    "Ü",
    "\x07\x0c\n\r\t\x0b",
    "aaaaaaaaaa",
    "Q",
    "E",
    "*",
    "**",
    "A a",
    "🙂",
    ":",
    "alp",
];

/// Pieces that random expressions are made of.
const PIECES: &[&str] = &[
    "a",
    "b",
    "é",
    "k",
    ".",
    "*",
    "+",
    "?",
    "|",
    "(",
    ")",
    "(?:",
    "(?i)",
    "(?i:",
    "(?s)",
    "[",
    "]",
    "[^",
    "-",
    "^",
    "$",
    r"\d",
    r"\W",
    r"\s",
    r"\b",
    r"\B",
    r"\pL",
    r"\PN",
    r"\p{Greek}",
    r"\Q",
    r"\E",
    r"\x41",
    r"\101",
    r"\.",
    r"\\",
    "{2}",
    "{1,3}",
    "{2,}",
    "{",
    "}",
    ",",
    "1",
    "[:alpha:]",
    "[a-c]",
    "[^a]",
    "&&",
    "--",
    "~~",
    "[[",
    "]]",
    "(?P<n>",
    "\n",
    r"\n",
    "(a|b)",
    "(?-i)",
    "(?m)",
];

#[test]
fn expressions_mean_what_go_says() {
    let Some(amtool) = Amtool::find() else {
        return;
    };
    let (mut random, seed) = random();
    let mut expressions: Vec<String> = EXPRESSIONS.iter().map(|&text| text.to_owned()).collect();
    for _ in 0..rounds(600) {
        let length = random.usize(1..7);
        expressions.push((0..length).map(|_| pick(&mut random, PIECES)).collect());
    }
    let as_matcher = |expression: &String| format!("v=~{}", quoted(expression));
    let texts: Vec<String> = expressions.iter().map(as_matcher).collect();
    let files: Vec<String> = texts
        .iter()
        .map(|text| with_routes(std::slice::from_ref(text)).to_string())
        .collect();
    let verdicts = amtool.verdicts(&files);
    let (mut valid, mut wrong) = (Vec::new(), Vec::new());
    for ((expression, text), verdict) in expressions.iter().zip(texts).zip(verdicts) {
        let ours = Matcher::new("v", MatchOp::Regex, expression.as_str());
        if ours.is_ok() != verdict.is_ok() {
            wrong.push(format!(
                "{expression:?}: amtool says {verdict:?}, we {ours:?}"
            ));
        }
        valid.extend(ours.map(|ours| (text, ours)));
    }
    assert!(wrong.is_empty(), "seed {seed}:\n{}", wrong.join("\n"));
    let share = valid.len() as f64 / expressions.len() as f64;
    assert!(
        (0.2..0.9).contains(&share),
        "{share} of the expressions are valid"
    );

    let (texts, matchers): (Vec<String>, Vec<Matcher>) = valid.into_iter().unzip();
    let config = with_routes(&texts);
    let mut matched = 0;
    for value in VALUES {
        let labels = BTreeMap::from([("v".to_owned(), (*value).to_owned())]);
        let theirs = amtool.receivers(&config, &labels);
        let ours: Vec<String> = (0..matchers.len())
            .filter(|&index| matchers[index].matches(&labels))
            .map(|index| index.to_string())
            .collect();
        matched += ours.len();
        let theirs: Vec<&str> = theirs.split(',').filter(|name| *name != "root").collect();
        for (index, matcher) in matchers.iter().enumerate() {
            let index = index.to_string();
            if ours.contains(&index) != theirs.contains(&index.as_str()) {
                wrong.push(format!("{value:?} by {matcher}"));
            }
        }
    }
    assert!(wrong.is_empty(), "seed {seed}:\n{}", wrong.join("\n"));
    assert!(matched > 1_000, "only {matched} pairs match");
}
