//! Tests of what is read, printed back and refused.

use crate::expression::Expression;

fn read(source: &str) -> Expression {
    Expression::read(source).unwrap_or_else(|refusal| panic!("{source}: {refusal}"))
}

#[test]
fn prints_what_it_read_with_the_brackets_that_it_needs() {
    for (source, printed) in [
        ("1+2*3", "1 + 2 * 3"),
        ("(1+2)*3", "(1 + 2) * 3"),
        ("1-(2-3)", "1 - (2 - 3)"),
        ("(1-2)-3", "1 - 2 - 3"),
        ("2^3^2", "2 ^ 3 ^ 2"),
        ("(2^3)^2", "(2 ^ 3) ^ 2"),
        ("(-1)^2", "(-1) ^ 2"),
        ("-1^2", "-1 ^ 2"),
        ("-x^2", "-x ^ 2"),
        ("(-x)^2", "(-x) ^ 2"),
        ("-(x*2)", "-(x * 2)"),
        ("-x*2", "-x * 2"),
        ("--x", "--x"),
        ("x - -1", "x - -1"),
        ("-(-1)", "-(-1)"),
        ("+x", "x"),
        ("{__name__=\"m\",a='b'}", "m{a=\"b\"}"),
        ("{__name__=~\"m.*\"}", "{__name__=~\"m.*\"}"),
        (
            "m{a!~`5\\d`, b!=\"\"}offset 5m",
            "m{a!~\"5\\\\d\",b!=\"\"} offset 5m",
        ),
        ("rate(m[1m30s] offset 1h)", "rate(m[90s] offset 1h)"),
        ("sum(m)by(a,b)", "sum by (a, b) (m)"),
        ("sum without()(m)", "sum without () (m)"),
        ("SUM(m)", "sum(m)"),
        ("a==bool on(x)b", "a == bool on (x) b"),
        ("a and on()b", "a and on () b"),
        ("a / ignoring(x) b > 0.05", "a / ignoring (x) b > 0.05"),
        ("a or b and c", "a or b and c"),
        ("(a or b) and c", "(a or b) and c"),
        (
            "histogram_quantile(0.95,sum by(le)(rate(h_bucket[5m])))",
            "histogram_quantile(0.95, sum by (le) (rate(h_bucket[5m])))",
        ),
        ("time()-scalar(vector(1))", "time() - scalar(vector(1))"),
        ("clamp(m,-Inf,+Inf)", "clamp(m, -Inf, +Inf)"),
        ("m > NaN", "m > NaN"),
        ("m*0x10", "m * 16"),
    ] {
        let expression = read(source);
        assert_eq!(expression.to_string(), printed);
        assert_eq!(read(printed).to_string(), printed, "{source}");
    }
}

#[test]
fn refuses_by_name_and_place() {
    for (source, what, column) in [
        (
            "sum(predict_linear(x[1h], 60))",
            "`predict_linear` is outside",
            5,
        ),
        ("topk(3, x)", "`topk` is outside", 1),
        ("a + on(x) group_left b", "`group_left` is outside", 11),
        ("a * on(x) group_right(y) b", "`group_right` is outside", 11),
        ("x @ 5", "`@` is outside", 3),
        ("rate(x[5m] @ end())", "`@` is outside", 12),
        (
            "max_over_time(rate(x[5m])[1h:1m])",
            "a subquery is outside",
            21,
        ),
        ("a atan2 b", "`atan2` is outside", 3),
        (
            "label_replace(x, \"a\", \"b\", \"c\", \"d\")",
            "`label_replace` is outside",
            1,
        ),
        ("nosuch(x)", "unknown function", 1),
        ("\"text\"", "a string is neither", 1),
        ("x[5m]", "a range of samples that no function takes", 2),
        ("x{a=~\"(\"}", "illegal regex", 1),
        ("x{a=~\"a**\"}", "a repetition of a repetition", 6),
        ("x{\"a.b\"=\"1\"}", "the label `a.b`", 3),
        ("rate(x)", "expected type", 1),
        ("1 and x", "set operator", 3),
        ("1 > 2", "comparisons between scalars", 1),
        ("x +", "this is no PromQL", 1),
        ("", "no expression", 1),
        ("x y", "this is no PromQL", 1),
    ] {
        let refusal = Expression::read(source).expect_err(source);
        assert!(refusal.what.contains(what), "{source}: {refusal}");
        assert_eq!(refusal.column, column, "{source}: {refusal}");
    }
}

#[test]
fn knows_how_far_back_it_looks() {
    let span = |source: &str| read(source).span().as_secs();
    assert_eq!(span("x"), 300);
    assert_eq!(span("rate(x[10m]) > y offset 6m"), 660);
    assert_eq!(span("rate(x[1m])"), 60);
    assert_eq!(span("time() > bool 1"), 0);
    assert_eq!(read("x > rate(y[10m])").window().as_secs(), 600);
}
