//! What Go's dialect means, row by row.

use super::translate;

fn is_match(expression: &str, text: &str) -> bool {
    let translated = translate(&format!("^(?:{expression})$")).unwrap();
    regex::Regex::new(&translated).unwrap().is_match(text)
}

#[track_caller]
fn matches(expression: &str, texts: &[&str]) {
    for text in texts {
        assert!(is_match(expression, text), "{expression} matches {text:?}");
    }
}

#[track_caller]
fn matches_not(expression: &str, texts: &[&str]) {
    for text in texts {
        assert!(
            !is_match(expression, text),
            "{expression} does not match {text:?}"
        );
    }
}

#[track_caller]
fn refuses(expressions: &[&str]) {
    for expression in expressions {
        let whole = format!("^(?:{expression})$");
        let compiled =
            translate(&whole).and_then(|e| regex::Regex::new(&e).map_err(|e| e.to_string()));
        assert!(compiled.is_err(), "{expression} is refused");
    }
}

#[test]
fn perl_classes_are_ascii() {
    matches(r"\d", &["3"]);
    matches_not(r"\d", &["٣"]);
    matches(r"\D", &["٣", "é"]);
    matches(r"\w+", &["a_9"]);
    matches_not(r"\w", &["é"]);
    matches(r"\W", &["é"]);
    matches(r"\s", &[" ", "\t", "\n", "\u{c}", "\r"]);
    matches_not(r"\s", &["\u{a0}", "\u{b}"]);
    matches(r"[\d\W]+", &["3é-"]);
    matches_not(r"[^\D]", &["٣", "a"]);
    matches(r"[[:space:]]", &["\u{b}"]);
    matches(r".*\bb.*", &["éb"]);
    matches(r"é\Bé", &["éé"]);
}

#[test]
fn operators_of_classes_are_characters() {
    matches("[a&&b]", &["a", "b", "&"]);
    matches("[a~~b]", &["~"]);
    matches("[[a]", &["[", "a"]);
    matches("[[a]]", &["[]", "a]"]);
    matches("[]a]", &["]", "a"]);
    matches("[^]a]", &["b", "\n"]);
    matches("[a-]", &["-", "a"]);
    matches("[a-b-c]", &["a", "b", "-", "c"]);
    matches("[--a]", &["-", "A"]);
    matches("[#-%]", &["$"]);
    refuses(&[
        "[a--b]",
        "[b-a]",
        "[a",
        "[]",
        "[^]",
        r"[a-\d]",
        "[[:foo:]]",
        "[a-",
    ]);
}

#[test]
fn quoting_takes_everything_as_it_is() {
    matches(r"\Qa.b\E", &["a.b"]);
    matches_not(r"\Qa.b\E", &["axb"]);
    matches(r"\Qab\E*", &["a", "abbb"]);
    matches(r"x\Q\E*", &["xxx"]);
    refuses(&[r"\E", r"\Qa"]);
}

#[test]
fn repetitions_are_bounded_and_not_stacked() {
    matches("a{1000}", &[&"a".repeat(1_000)]);
    matches("(a{10}){100}", &[&"a".repeat(1_000)]);
    matches("a*?", &["", "aa"]);
    matches("(?:a*)*", &["aaa"]);
    matches("a{2}?", &["aa"]);
    matches("a{0}", &[""]);
    refuses(&[
        "a{1001}",
        "a{2,1}",
        "a{1,1001}",
        "a**",
        "a*+",
        "a*??",
        "a++",
        "a{2}{3}",
        "*",
        "+a",
        "a|*",
        "(*)",
        "(a{101}){10}",
        "((a{11}){10}){10}",
        "a{99999999999}",
    ]);
}

#[test]
fn braces_that_are_no_repetition_are_characters() {
    matches("a{,5}", &["a{,5}"]);
    matches("a{x}", &["a{x}"]);
    matches("{", &["{"]);
    matches("a{1", &["a{1"]);
    matches("a{01}", &["a{01}"]);
    matches("a{1,x}", &["a{1,x}"]);
    matches("}", &["}"]);
}

#[test]
fn flags_apply_to_what_follows() {
    matches("(?i)AbC", &["abc", "ABC"]);
    matches("a(?i)b|c", &["aB", "C"]);
    matches_not("a(?i)b|c", &["AB"]);
    matches("(?i:a)b", &["Ab"]);
    matches_not("(?i:a)b", &["AB"]);
    matches("(?s).", &["\n"]);
    matches_not(".", &["\n"]);
    matches("(?i)(?-i)a", &["a"]);
    matches("(?i)k", &["\u{212a}"]);
    matches(r"(?i)\w", &["\u{17f}"]);
    matches_not(r"(?i)\W", &["k", "\u{17f}"]);
    matches("a(?i)*", &["aaa"]);
    matches("a*(?i)*", &["aaa"]);
    matches("a{2}(?i)?", &["", "aa"]);
    matches(r"\Qba\E{2}(?i)?", &["b", "baa"]);
    matches_not(r"\Qba\E{2}(?i)?", &["ba", ""]);
    matches("(?)a", &["a"]);
    matches("(?ii-i)a", &["a"]);
    matches_not("(?i-i)a", &["A"]);
    refuses(&[
        "(?x)a", "(?u)a", "(?-)a", "(?i-)a", "(?--i)a", "(?", "(?i", "(?=a)", "(?!a)", "(?#a)",
    ]);
}

#[test]
fn groups_may_have_names() {
    matches("(?P<n>a)(?P<m>b)", &["ab"]);
    matches("(?<n>a)", &["a"]);
    matches("(?P<1>a)", &["a"]);
    matches("(?P<n>a)(?P<n>b)", &["ab"]);
    matches("()", &[""]);
    matches("(|a)+", &["", "aa"]);
    refuses(&["(?P<n", "(?P<>a)", "(?P<n-m>a)", "(?P=n)", "(a", "(?P"]);
}

#[test]
fn a_parenthesis_closes_the_one_around_the_value() {
    matches("a)(b", &["ab"]);
    matches("a)|(?:b", &["a", "axx", "xxb"]);
    refuses(&["a)", "a))(b"]);
}

#[test]
fn escapes_are_those_of_go() {
    matches(r"\a\f\n\r\t\v", &["\x07\x0c\n\r\t\x0b"]);
    matches(r"\x41\x{42}\103\0", &["ABC\0"]);
    matches(r"\-\_\<\>\ \/\%\!", &["-_<> /%!"]);
    matches(r"\.\\\*", &[r".\*"]);
    matches(r"[\]\-\\]+", &[r"]-\"]);
    matches(r"\12", &["\n"]);
    refuses(&[
        r"\1",
        r"\8",
        r"\C",
        r"\Z",
        r"\G",
        r"\e",
        r"\u0041",
        r"\é",
        r"\x4",
        r"\x{}",
        r"\x{110000}",
        r"\xé",
        r"\k<n>",
        r"\h",
        r"\R",
        r"\X",
    ]);
}

#[test]
fn unicode_classes_have_the_names_of_go() {
    matches(r"\pL", &["é"]);
    matches(r"\p{Lu}", &["É"]);
    matches_not(r"\p{Lu}", &["é"]);
    matches(r"\P{Lu}", &["é"]);
    matches(r"\p{^Lu}", &["é"]);
    matches(r"\P{^Lu}", &["É"]);
    matches(r"\p{Greek}+", &["αβ"]);
    matches(r"[\p{Greek}a]+", &["αa"]);
    matches(r"\p{Any}", &["x", "\n"]);
    matches(r"\p{Old_Italic}", &["\u{10300}"]);
    refuses(&[
        r"\p",
        r"\p{Lu",
        r"\p{greek}",
        r"\p{Foo}",
        r"\p{Letter}",
        r"\p{Alphabetic}",
        r"\pX",
        r"\p{}",
        r"\p{sc=Greek}",
    ]);
}

#[test]
fn deep_nesting_is_an_error_and_no_overflow() {
    let deep = |depth: usize| format!("{}{}", "(".repeat(depth), ")".repeat(depth));
    assert!(translate(&deep(200)).is_ok());
    assert!(translate(&deep(201)).is_err());
    assert!(translate(&"(".repeat(1_000_000)).is_err());
}

#[test]
fn lines_begin_and_end_only_where_asked() {
    matches_not("a$\nb", &["a\nb"]);
    matches("(?m)a$\n^b", &["a\nb"]);
    matches("^a$", &["a"]);
    matches("^*a", &["a"]);
}
