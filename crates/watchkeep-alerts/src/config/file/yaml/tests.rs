//! YAML becomes nodes with their places, and bombs become errors.

use super::*;

fn json(text: &str) -> serde_json::Value {
    parse(text).unwrap().json()
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    let error = parse(text).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn texts_stay_as_they_are_written() {
    let node = parse("[0e1234, 007, 1_000, yes, '1', \"a\\n\", ~, null, '', 12:30, |\n  x\n]")
        .unwrap_err();
    assert_eq!(node.line(), Some(1), "a block in a flow list is not YAML");
    let node =
        parse("[0e1234, 007, 1_000, yes, '1', \"a\\n\", ~, null, '', 12:30, !!str ~]").unwrap();
    let texts: Vec<Option<&str>> = node
        .list()
        .unwrap()
        .iter()
        .map(|node| node.text().ok())
        .collect();
    assert_eq!(
        texts,
        [
            Some("0e1234"),
            Some("007"),
            Some("1_000"),
            Some("yes"),
            Some("1"),
            Some("a\n"),
            None,
            None,
            Some(""),
            Some("12:30"),
            Some("~"),
        ]
    );
}

#[test]
fn every_node_knows_its_place() {
    let node = parse("a:\n  - b\n  - é: [c, d]\n").unwrap();
    let Kind::Map(entries) = &node.kind else {
        panic!("it has fields");
    };
    let items = entries[0].1.list().unwrap();
    assert_eq!(items[0].at, Position { line: 2, column: 5 });
    let Kind::Map(entries) = &items[1].kind else {
        panic!("it has fields");
    };
    assert_eq!(entries[0].0.at, Position { line: 3, column: 5 });
    assert_eq!(
        entries[0].1.list().unwrap()[1].at,
        Position {
            line: 3,
            column: 12
        }
    );
}

#[test]
fn aliases_and_merged_fields_are_written_out() {
    assert_eq!(
        json(
            "a: &x [1, {b: c}]\nd: *x\ne: &y {f: 1, g: 2}\nh: {<<: *y, g: 3}\ni: {g: 4, <<: [*y, {f: 5, j: 6}]}"
        ),
        serde_json::json!({
            "a": [1, {"b": "c"}], "d": [1, {"b": "c"}], "e": {"f": 1, "g": 2}, "h": {"f": 1, "g": 3},
            "i": {"f": 1, "g": 4, "j": 6},
        })
    );
    assert_eq!(json("'<<': 1"), serde_json::json!({"<<": 1}));
    refused("a: {<<: 1}", "only fields can be merged");
    refused("a: {<<: [1]}", "only fields can be merged");
    refused("a: *b", "not YAML");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    refused(
        "a: 1\na: 2",
        "line 2, column 1: the field `a` is there twice",
    );
    refused("[a]: 1", "the name of a field is not a text");
    refused("a: !foo b", "a tag is not supported");
    refused("a: !foo [b]", "a tag is not supported");
    refused("a: !!binary Yg==", "a tag is not supported");
    refused(
        "a: 1\n---\nb: 2",
        "line 2, column 1: there is a second document",
    );
    refused("a: [", "line 1");
    refused("a: &x [*x]", "an alias stands inside of what it stands for");
    refused(
        "a: &x {b: *x}",
        "an alias stands inside of what it stands for",
    );
}

#[test]
fn nesting_is_bounded() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(parse(&nested(63)).is_ok());
    assert!(parse(&nested(65)).is_err());
    assert!(parse(&"[".repeat(1_000_000)).is_err());
    assert!(parse(&"- ".repeat(500_000)).is_err());
    assert!(parse(&"a: ".repeat(300_000)).is_err());
    assert!(parse(&"? ".repeat(300_000)).is_err());
}

#[test]
fn aliases_do_not_make_more_than_the_bounds() {
    let mut laughs = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..12 {
        let alias = format!("*a{}", level - 1);
        laughs += &format!("a{level}: &a{level} [{}]\n", vec![alias; 10].join(","));
    }
    refused(&laughs, "more than 100000 nodes");

    let long = "y".repeat(100_000);
    refused(
        &format!("a: &a {long}\nb: [{}]", vec!["*a"; 50].join(",")),
        "4194304 bytes of text",
    );
    assert!(parse(&format!("a: &a {long}\nb: [{}]", vec!["*a"; 40].join(","))).is_ok());

    let mut deep = "a0: &a0 [x]\n".to_owned();
    for level in 1..200 {
        deep += &format!("a{level}: &a{level} [*a{}]\n", level - 1);
    }
    refused(&deep, "nested more than 64 deep");
}

#[test]
fn many_fields_are_not_slow() {
    let many: String = (0..60_000).map(|index| format!("f{index}: 1\n")).collect();
    assert!(parse(&many).is_err(), "twice as many nodes as there may be");
    let many: String = (0..40_000).map(|index| format!("f{index}: 1\n")).collect();
    assert!(parse(&many).is_ok());
}
