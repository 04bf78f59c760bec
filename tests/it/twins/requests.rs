//! A table of requests, good and bad, to both: the same status, and the same JSON where it is not about a mistake.

use reqwest::{Client, Method};
use serde_json::{Value, json};
use watchkeep_tests::client::client;
use watchkeep_tests::eventually::eventually;

use super::{Asked, both, comparable, url_of};

const ALERTS: &str = "/api/v2/alerts";
const SILENCES: &str = "/api/v2/silences";

pub(super) const CONFIG: &str = r#"
route:
  receiver: root
  group_by: [alertname]
  group_wait: 1h
  routes:
    - {matchers: ['team =~ "a|b"'], receiver: chat, continue: true}
    - {matchers: [team = a], receiver: pager, group_by: [team]}
receivers: [{name: root}, {name: chat}, {name: pager}]
inhibit_rules: [{source_matchers: [alertname = Down], target_matchers: [alertname = Slow], equal: [team]}]
"#;
pub(super) const RECEIVERS: [&str; 3] = ["root", "chat", "pager"];

/// Bodies of alerts.
const POSTED: &[&str] = &[
    "",
    " ",
    "[]",
    "null",
    "{}",
    "\"x\"",
    "[",
    "[1]",
    "[{}]",
    r#"[{"labels":null}]"#,
    r#"[{"labels":{}}]"#,
    r#"[{"labels":{"a":""}}]"#,
    r#"[{"labels":{"alertname":"Disk","team":"a","b":""},"annotations":{"summary":"full","empty":""}}]"#,
    r#"[{"Labels":{"alertname":"Case"}}]"#,
    r#"[{"labels":{"a":null}}]"#,
    r#"[{"labels":{"a":1}}]"#,
    r#"[{"labels":[]}]"#,
    r#"[{"labels":{"a-b":"c"}}]"#,
    r#"[{"labels":{"":"c"}}]"#,
    r#"[{"labels":{"Σ":"c"}}]"#,
    r#"[{"labels":{"a:b":"c"}}]"#,
    r#"[{"labels":{"0a":"c"}}]"#,
    r#"[{"labels":{"alertname":"Utf8","v":"Σ\u0000\t\u202e"}}]"#,
    r#"[{"labels":{"a":"b"},"annotations":{"x-y":"1"}}]"#,
    r#"[{"labels":{"alertname":"NoAnnotations"},"annotations":null}]"#,
    r#"[{"labels":{"alertname":"Url"},"generatorURL":"x"}]"#,
    r#"[{"labels":{"alertname":"Url"},"generatorURL":""}]"#,
    r#"[{"labels":{"alertname":"Url"},"generatorURL":"not a url"}]"#,
    r#"[{"labels":{"alertname":"Url1"},"generatorURL":"/graph"}]"#,
    r#"[{"labels":{"alertname":"Url"},"generatorURL":"http://x/%zz"}]"#,
    r#"[{"labels":{"alertname":"Url2"},"generatorURL":"mailto:x"}]"#,
    r#"[{"labels":{"alertname":"Url"},"generatorURL":"http://a b"}]"#,
    r#"[{"labels":{"alertname":"Url3"},"generatorURL":"http://a:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1"}]"#,
    r#"[{"labels":{"alertname":"Url"},"generatorURL":7}]"#,
    r#"[{"labels":{"a":"b"},"startsAt":"x"}]"#,
    r#"[{"labels":{"alertname":"EmptyTime"},"startsAt":""}]"#,
    r#"[{"labels":{"alertname":"NullTime"},"startsAt":null,"endsAt":null}]"#,
    r#"[{"labels":{"a":"b"},"startsAt":5}]"#,
    r#"[{"labels":{"alertname":"YearOne"},"startsAt":"0001-01-01T00:00:00.000Z","endsAt":"0001-01-01T00:00:00.000Z"}]"#,
    r#"[{"labels":{"a":"b"},"startsAt":"2098-01-02T00:00:00Z","endsAt":"2098-01-01T00:00:00Z"}]"#,
    r#"[{"labels":{"alertname":"Instant"},"startsAt":"2098-01-01T00:00:00Z","endsAt":"2098-01-01T00:00:00Z"}]"#,
    r#"[{"labels":{"alertname":"Long"},"startsAt":"2020-01-01T00:00:00","endsAt":"2098-01-01T00:00:00"}]"#,
    r#"[{"labels":{"a":"b"},"startsAt":"2020-01-01 00:00:00Z"}]"#,
    r#"[{"labels":{"a":"b"},"startsAt":"2020-01-01"}]"#,
    r#"[{"labels":{"alertname":"Zone"},"startsAt":"2020-01-01T00:00:00.123456789+02:00"}]"#,
    r#"[{"labels":{"a":"b"},"startsAt":"2020-13-01T00:00:00Z"}]"#,
    r#"[{"labels":{"alertname":"Over"},"endsAt":"2020-01-01T00:00:00Z"}]"#,
    r#"[{"labels":{"alertname":"Good1"}},{"labels":{}},{"labels":{"b-c":"d"}},{"labels":{"alertname":"Good2"}}]"#,
    r#"[{"labels":{"alertname":"NotTaken"}},{"annotations":{}}]"#,
    r#"[{"labels":{"alertname":"Unknown"},"nonsense":{"x":[1]}}]"#,
    r#"[{"labels":{"alertname":"After"}}] x"#,
    r#"[{"labels":{"alertname":"Twice","alertname":"Last"}}]"#,
    r#"[{"labels":{"alertname":"Twice"},"labels":{"alertname":"LastLabels"}}]"#,
    r#"[{"labels":{"alertname":"Down","team":"a"}},{"labels":{"alertname":"Slow","team":"a","instance":"2"}},{"labels":{"alertname":"Slow","team":"b"}}]"#,
    r#"[{"labels":{"alertname":"Slow","team":"a","instance":"1"}},{"labels":{"alertname":"Slow","team":"a","job":"x"}}]"#,
];

const QUERIES: &[&str] = &[
    "filter=team%3Da",
    "filter=team",
    "filter=%7Bteam%3Da%7D",
    "filter=team%3D~%5B",
    "filter=team%3D%22a%22",
    "filter=team!%3Da",
    "filter=",
    "filter=team%3Da&filter=alertname%3DDisk",
    "filter=alertname%3D~%22D.*%22",
    "filter=team%3Da,b%3Dd",
    "filter=missing%3D",
    "receiver=chat",
    "receiver=%5B",
    "receiver=ch",
    "receiver=",
    "receiver=ch.*|pager",
    "active=false",
    "active=maybe",
    "active=",
    "silenced=false",
    "silenced=1",
    "inhibited=false",
    "inhibited=yes",
    "unprocessed=false",
    "nonsense=1",
    "active=FALSE",
    "active=True&active=false",
];

fn silence(change: impl FnOnce(&mut Value)) -> String {
    let mut silence = json!({
        "matchers": [{"name": "alertname", "value": "Silenced", "isRegex": false}],
        "startsAt": "2020-01-01T00:00:00Z",
        "endsAt": "2097-01-01T00:00:00Z",
        "createdBy": "me",
        "comment": "why",
    });
    change(&mut silence);
    silence.to_string()
}

fn with(name: &str, value: Value) -> String {
    silence(|silence| silence[name] = value)
}

fn without(name: &str) -> String {
    silence(|silence| drop(silence.as_object_mut().map(|fields| fields.remove(name))))
}

fn matcher(matcher: &Value) -> String {
    with("matchers", json!([matcher]))
}

fn silences() -> Vec<String> {
    let m = |name: &str, value: &str, is_regex| json!({"name": name, "value": value, "isRegex": is_regex});
    vec![
        String::new(),
        "null".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        silence(|_| {}),
        silence(|it| {
            it["comment"] = json!("");
            it["endsAt"] = json!("2096-01-01T00:00:00Z");
        }),
        silence(|it| {
            it["createdBy"] = json!("");
            it["endsAt"] = json!("2095-01-01T00:00:00Z");
        }),
        without("comment"),
        without("createdBy"),
        without("matchers"),
        without("startsAt"),
        without("endsAt"),
        with("matchers", json!([])),
        with("matchers", json!(null)),
        with("startsAt", json!("x")),
        with("startsAt", json!("2097-01-01T00:00:00Z")),
        with("startsAt", json!("2098-01-01T00:00:00Z")),
        with("endsAt", json!("2021-01-01T00:00:00Z")),
        with("endsAt", json!("9999-12-30T00:00:00Z")),
        with("id", json!("x")),
        with("id", json!("00000000-0000-4000-8000-000000000000")),
        silence(|it| {
            it["id"] = json!("");
            it["endsAt"] = json!("2094-01-01T00:00:00Z");
        }),
        matcher(&json!({"name": "a", "value": "b"})),
        matcher(&json!({"name": "a", "isRegex": false})),
        matcher(&json!({"value": "a", "isRegex": false})),
        matcher(&json!({})),
        matcher(&m("", "b", false)),
        matcher(&m("a-b", "b", false)),
        matcher(&m("Σ", "b", false)),
        matcher(&m("a", "[", true)),
        matcher(&m("a", ".*", true)),
        matcher(&m("a", "", false)),
        matcher(&m("a", "b{1001}", true)),
        matcher(&json!({"name": "a", "value": "b", "isRegex": "no"})),
        silence(|it| {
            it["matchers"] = json!([{"name": "alertname", "value": "zzz", "isRegex": false, "isEqual": false}, m("area", "none", false)]);
            it["endsAt"] = json!("2093-01-01T00:00:00Z");
        }),
        silence(|it| {
            it["matchers"] = json!([m("alertname", "Di.*", true)]);
            it["endsAt"] = json!("2092-01-01T00:00:00Z");
        }),
        silence(|it| {
            it["startsAt"] = json!("0001-01-01T00:00:00.000Z");
            it["endsAt"] = json!("2091-01-01T00:00:00Z");
        }),
        silence(|it| {
            it["startsAt"] = json!("2089-01-01T00:00:00Z");
            it["endsAt"] = json!("2090-01-01T00:00:00Z");
        }),
        silence(|it| {
            it["extra"] = json!(1);
            it["endsAt"] = json!("2088-01-01T00:00:00Z");
        }),
        with("comment", json!(5)),
    ]
}

fn others() -> Vec<Asked> {
    let good = r#"[{"labels":{"alertname":"Type"}}]"#;
    let mut asked: Vec<_> = [
        "",
        "text/plain",
        "application/json; charset=latin1",
        "application/JSON",
        "application/xml",
        "*/*",
        "application/vnd.x+json",
        "application/json;",
        "junk",
    ]
    .into_iter()
    .map(|kind| Asked::post(ALERTS, good).header("content-type", kind))
    .collect();
    let gzip = [
        0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3, 0x8b, 0x8e, 5, 0, 0x29, 0xbb, 0x4c, 0x0d, 2, 0, 0, 0,
    ];
    let unknown = "/api/v2/silence/00000000-0000-4000-8000-000000000000";
    asked.extend([
        Asked::post(ALERTS, gzip).header("content-encoding", "gzip"),
        Asked::get(ALERTS).header("accept", "text/html"),
        Asked::get(ALERTS).header("accept", "text/html, */*"),
        Asked::get(ALERTS).method(Method::PUT),
        Asked::get(ALERTS).method(Method::DELETE),
        Asked::get("/api/v2/nothing"),
        Asked::get("/api/v2/"),
        Asked::post("/api/v2/status", "{}"),
        Asked::get(SILENCES).method(Method::PUT),
        Asked::post("/api/v2/silence/x", "{}"),
        Asked::get("/api/v2/silence/x"),
        Asked::get("/api/v2/silence/x").method(Method::DELETE),
        Asked::get("/api/v2/silence/"),
        Asked::get(unknown),
        Asked::get("/api/v2/silence/00000000000040008000000000000000"),
        Asked::get("/api/v2/receivers"),
        Asked::get("/-/healthy"),
        Asked::get("/-/ready"),
        Asked::get("/-/ready").method(Method::POST),
    ]);
    asked
}

#[tokio::test]
async fn the_same_requests_have_the_same_answers() {
    let Some((theirs, ours)) = both(CONFIG, &RECEIVERS).await else {
        return;
    };
    let posted = POSTED.iter().map(|body| Asked::post(ALERTS, *body));
    let silences = silences()
        .into_iter()
        .map(|body| Asked::post(SILENCES, body));
    let groups = QUERIES
        .iter()
        .map(|query| Asked::get(format!("{ALERTS}/groups?{query}")));
    let queries = QUERIES
        .iter()
        .map(|query| Asked::get(format!("{ALERTS}?{query}")));
    let filters = [
        "",
        "?filter=alertname%3D~%22Di.*%22",
        "?filter=alertname!%3Dzzz",
        "?filter=alertname!%3Dz",
        "?filter=missing%3D",
        "?filter=alertname%3DSilenced",
        "?filter=a",
        "?filter=alertname%3D~%22D.%2B%22",
        "?x=1",
    ];
    let filters = filters
        .iter()
        .map(|query| Asked::get(format!("{SILENCES}{query}")));
    let writes: Vec<_> = posted.chain(others()).chain(silences).collect();
    let reads: Vec<_> = queries.chain(groups).chain(filters).collect();
    assert!(writes.len() + reads.len() > 150, "a table of some size");
    let client = client();
    let mut wrong = Vec::new();
    for asked in writes {
        compare(&client, &asked, [&url_of(&theirs), &ours.url()], &mut wrong).await;
    }
    // Their groups are made a moment after the answer.
    eventually(5, "the groups are made", || async {
        let groups = Asked::get(format!("{ALERTS}/groups"));
        let theirs = groups.ask(&client, &url_of(&theirs)).await;
        let ours = groups.ask(&client, &ours.url()).await;
        let (Ok(theirs), Ok(ours)) = (theirs, ours) else {
            return Err("no answer");
        };
        match comparable(theirs.body) == comparable(ours.body) {
            true => Ok(()),
            false => Err("they differ"),
        }
    })
    .await;
    for asked in reads {
        compare(&client, &asked, [&url_of(&theirs), &ours.url()], &mut wrong).await;
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n\n")
    );
}

async fn compare(client: &Client, asked: &Asked, bases: [&str; 2], wrong: &mut Vec<String>) {
    let theirs = asked.ask(client, bases[0]).await.expect("theirs answers");
    let ours = asked.ask(client, bases[1]).await.expect("ours answers");
    let body = String::from_utf8_lossy(&asked.body);
    let what = format!("{} {} {:?} {body}", asked.method, asked.path, asked.headers);
    if ours.status != theirs.status {
        wrong.push(format!(
            "{what}\n  theirs {} {}\n  ours   {} {}",
            theirs.status, theirs.body, ours.status, ours.body
        ));
        return;
    }
    if theirs.status >= 400 {
        // A mistake is explained wherever theirs is, in its form.
        let explained = !explanation(&theirs.body).is_empty();
        let is_of_the_api = asked.path.starts_with("/api/v2/") && !matches!(ours.status, 404 | 405);
        if explained
            && is_of_the_api
            && (explanation(&ours.body).is_empty() || ours.body["code"] != theirs.body["code"])
        {
            wrong.push(format!(
                "{what}\n  theirs {}\n  ours   {}",
                theirs.body, ours.body
            ));
        }
        return;
    }
    let (theirs, ours) = (comparable(theirs.body), comparable(ours.body));
    if theirs != ours {
        wrong.push(format!("{what}\n  theirs {theirs}\n  ours   {ours}"));
    }
}

fn explanation(body: &Value) -> &str {
    body.as_str()
        .or_else(|| body["message"].as_str())
        .unwrap_or_default()
}
