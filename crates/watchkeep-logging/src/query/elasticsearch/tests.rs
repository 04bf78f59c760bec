//! Answers of every kind, without a server.

use super::*;

fn query() -> ErrorQuery {
    ErrorQuery::new("2026-08-22T10:15:00Z".parse().unwrap())
}

/// Answers one question after the other, and remembers them.
fn asked(answers: &[(u16, &str)]) -> (Result<ErrorReport, ElasticsearchError>, Vec<Value>) {
    let mut questions = Vec::new();
    let mut answers = answers.iter();
    let report = query().of_search(|body| {
        questions.push(serde_json::from_str(body).unwrap());
        let (status, body) = answers.next().unwrap();
        Ok((*status, body.as_bytes().to_vec()))
    });
    (report, questions)
}

const FOUND: &str = r#"{"took":3,"timed_out":false,"_shards":{"total":2,"successful":2,"failed":0},
    "hits":{"total":{"value":7,"relation":"eq"},"hits":[{"_id":"1","_source":{"message":"no answer","error.code":"AI_ERROR"}}]},
    "aggregations":{"by":{"sum_other_doc_count":1,"buckets":[{"key":"AI_ERROR","doc_count":4},{"key":5,"doc_count":1}]},"without":{"doc_count":1}}}"#;
const EMPTY: &str = r#"{"hits":{"total":{"value":0},"hits":[]}}"#;

#[test]
fn question_is_the_seeds_with_a_filter_and_keywords() {
    let (report, questions) = asked(&[(200, FOUND)]);
    let report = report.unwrap();
    assert_eq!(report.total, 7);
    assert_eq!(report.counts["AI_ERROR"], 4);
    assert_eq!(report.counts["5"], 1);
    assert_eq!((report.without, report.other), (1, 1));
    assert_eq!(report.recent[0]["message"], "no answer");
    assert!(report.partial.is_empty());
    let filter = &questions[0]["query"]["bool"]["filter"];
    assert_eq!(
        filter[0]["range"]["@timestamp"]["gte"],
        "2026-08-22T10:15:00.000000Z"
    );
    let levels = &filter[1]["bool"]["should"];
    assert_eq!(levels[0]["term"]["log.level"], "ERROR");
    assert_eq!(levels[1]["term"]["log.level.keyword"], "ERROR");
    assert_eq!(questions[0]["aggs"]["by"]["terms"]["field"], "error.code");
    assert_eq!(questions[0]["track_total_hits"], true);
    assert_eq!(questions.len(), 1);
}

#[test]
fn index_without_a_template_is_asked_for_its_keywords() {
    let refusal = (400, r#"{"error":{}}"#);
    let (report, questions) = asked(&[refusal, (200, FOUND)]);
    assert_eq!(report.unwrap().total, 7);
    let aggs = &questions[1]["aggs"];
    assert_eq!(aggs["by"]["terms"]["field"], "error.code.keyword");
    assert_eq!(aggs["with"]["filter"]["exists"]["field"], "error.code");
    assert_eq!(asked(&[(200, EMPTY)]).0.unwrap().total, 0);
    assert_eq!(asked(&[refusal, (200, EMPTY)]).0.unwrap().total, 0);
    let refused = asked(&[refusal, refusal]).0.unwrap_err();
    assert!(refused.to_string().contains("(400)"), "{refused}");
}

#[test]
fn text_without_a_keyword_is_not_taken_for_nothing() {
    let answer = |with| {
        format!(
            r#"{{"hits":{{"total":{{"value":5}},"hits":[]}},"aggregations":{{
            "by":{{"buckets":[]}},"without":{{"doc_count":5}},"with":{{"doc_count":{with}}}}}}}"#
        )
    };
    let error = asked(&[(400, ""), (200, &answer(5))]).0.unwrap_err();
    let words =
        "cannot be counted by `error.code`: elasticsearch holds it as text without a keyword";
    assert_eq!(error.to_string(), words);
    // A server that does not refuse, and counts nothing.
    let report = asked(&[(200, &answer(5)), (200, FOUND)]).0.unwrap();
    assert_eq!(report.total, 7);
    let report = asked(&[(400, ""), (200, &answer(0))]).0.unwrap();
    assert_eq!((report.total, report.without), (5, 5));
}

#[test]
fn refusal_and_nonsense_are_told_apart() {
    for (answer, part) in [
        ((401, ""), "user or the password (401)"),
        ((403, ""), "user or the password (403)"),
        ((503, "<html>"), "status 503"),
        ((302, ""), "status 302"),
        ((200, ""), "no search result"),
        ((200, "<html>secret</html>"), "no search result"),
        ((200, "{}"), "no search result"),
        ((200, r#"{"hits":{"total":"secret"}}"#), "no search result"),
        (
            (200, r#"{"hits":{"total":{"value":-1}}}"#),
            "no search result",
        ),
    ] {
        let error = asked(&[answer]).0.unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}

#[test]
fn half_an_answer_is_partial() {
    let half = FOUND.replace("\"timed_out\":false", "\"timed_out\":true");
    let half = half.replace("\"failed\":0", "\"failed\":1");
    let report = asked(&[(200, &half)]).0.unwrap();
    assert_eq!(
        report.partial,
        [
            "elasticsearch ran out of time",
            "1 shards of elasticsearch failed"
        ]
    );
}

#[test]
fn answer_that_cannot_be_whole_is_partial() {
    for (from, to, reason) in [
        (
            "\"eq\"",
            "\"gte\"",
            "elasticsearch counted no further than 7",
        ),
        (
            "\"timed_out\":false",
            "\"terminated_early\":true",
            "elasticsearch stopped early",
        ),
        (
            "\"sum_other_doc_count\":1",
            "\"sum_other_doc_count\":1,\"doc_count_error_upper_bound\":9",
            "each count of a value may be too small by 9",
        ),
        (
            "\"doc_count\":4",
            "\"doc_count\":18446744073709551615",
            "elasticsearch counted 18446744073709551615 values in 7 errors",
        ),
        (
            "\"aggregations\"",
            "\"others\"",
            "elasticsearch did not count by value",
        ),
    ] {
        let answer = FOUND.replace(from, to);
        let report = asked(&[(200, &answer)]).0.unwrap();
        assert_eq!(report.partial, [reason]);
    }
}

#[test]
fn more_values_than_are_kept_are_others() {
    let query = ErrorQuery {
        max_values: 1,
        ..query()
    };
    let report = query.of_search(|_| Ok((200, FOUND.as_bytes().to_vec())));
    let report = report.unwrap();
    assert_eq!((report.counts.len(), report.other), (1, 2));
}

#[test]
fn documents_that_were_taken_apart_have_the_keys_of_ours() {
    let apart = r#"{"message":"no answer","log":{"logger":"api::ai"},"error":{"code":"AI_ERROR"},"labels":{"user":{"id":"7"}}}"#;
    let answer = FOUND.replace(r#"{"message":"no answer","error.code":"AI_ERROR"}"#, apart);
    let report = asked(&[(200, &answer)]).0.unwrap();
    let document = &report.recent[0];
    assert_eq!(
        (&document["log.logger"], &document["error.code"]),
        (&json!("api::ai"), &json!("AI_ERROR"))
    );
    assert_eq!(document["labels"]["user"]["id"], "7");
}

#[test]
fn answer_cannot_be_larger_than_what_was_asked() {
    let hit = format!(r#"{{"_source":{{"message":"{}"}}}}"#, "x".repeat(20_000));
    let hits = vec![hit; 50].join(",");
    let answer = format!(r#"{{"hits":{{"total":{{"value":50}},"hits":[{hits}]}}}}"#);
    let report = asked(&[(200, &answer)]).0.unwrap();
    assert_eq!(report.recent.len(), 20);
    assert_eq!(report.recent[0]["truncated"], true);
}

#[test]
fn nothing_shows_the_password() {
    let server = Elasticsearch::new("http://user:hunter2@es.example:9200/private").unwrap();
    let shown = format!("{server:?} {}", server.shown());
    assert_eq!(
        shown,
        "Elasticsearch(\"http://es.example:9200\") http://es.example:9200"
    );
    let error = Elasticsearch::new("http://user:hunter2@").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}
