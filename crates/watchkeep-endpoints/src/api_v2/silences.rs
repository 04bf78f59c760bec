//! `silences` and `silence/{id}`: their whole life.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode, Uri};
use serde::Serialize;
use watchkeep_alerts::matcher::{MatchOp, Matcher, Matchers};
use watchkeep_alerts::{SilenceRequest, SilenceView, Timestamp, is_label_name};

use super::alerts::{check_durability, permit};
use super::answer::{self, Problem, REQUIRED, TOO_FEW, TOO_MANY, TYPE};
use super::body;
use super::query::Query;
use super::read::{PostedMatcher, PostedSilence, Time};
use super::write::{List, Place, Silence};
use super::{Api, check_accept, of_engine};
use crate::respond;

/// The most matchers of one silence.
pub(super) const MATCHERS: usize = 32;
/// No silence lasts longer: 9999-12-20, so that its retention has an end in the calendar too.
const LAST: Timestamp = Timestamp::from_millis(253_401_264_000_000);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    #[serde(rename = "silenceID")]
    silence_id: String,
}

pub(super) async fn list(
    State(api): State<Api>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    check_accept(&headers)?;
    let filters = Query::of(&uri).filters()?;
    let mut silences = api.alerting.silences().await;
    silences.retain(|silence| passes(silence, &filters));
    silences.sort_by_key(order);
    let mut list = List::default();
    for silence in &silences {
        list.push(&Silence(silence));
    }
    let mut place = Place::Begin;
    let mut body = list.part(&mut place);
    body.append(&mut List::end(place));
    Ok(respond::fresh(StatusCode::OK, "application/json", body))
}

pub(super) async fn get(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    check_accept(&headers)?;
    check_id(&id)?;
    match api.alerting.find_silence(&id).await {
        Some(silence) => Ok(answer::json(StatusCode::OK, &Silence(&silence))),
        None => Err(Problem::said(StatusCode::NOT_FOUND, "silence not found")),
    }
}

pub(super) async fn expire(
    State(api): State<Api>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    check_id(&id)?;
    let expired = api.alerting.expire_silence(&id).await;
    let expired = expired.map_err(|error| of_engine(&error))?;
    check_durability(&api, [expired.durability()])?;
    Ok(answer::done())
}

pub(super) async fn post(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let _permit = permit(&api).await?;
    let (parts, body) = request.into_parts();
    let request = body::read("silence", &parts.headers, body, |bytes| {
        let posted: Option<PostedSilence> = body::parse("silence", bytes)?;
        asked(posted.unwrap_or_default())
    });
    let request = request.await?;
    let made = api.alerting.silence(request).await;
    let made = made.map_err(|error| of_engine(&error))?;
    check_durability(&api, [made.durability()])?;
    let silence_id = made.into_id();
    Ok(answer::json(StatusCode::OK, &Made { silence_id }))
}

/// Makes a request of what was posted.
fn asked(posted: PostedSilence) -> Result<SilenceRequest, Problem> {
    let comment = required("comment", posted.comment)?;
    let created_by = required("createdBy", posted.created_by)?;
    let ends_at = required("endsAt", posted.ends_at)?.written();
    let matchers = matchers(required("matchers", posted.matchers)?)?;
    let starts_at = required("startsAt", posted.starts_at).map(Time::written)?;
    let failed = |problem: &str| {
        let message = format!("Failed to create silence: {problem}");
        Problem::said(StatusCode::BAD_REQUEST, message)
    };
    if starts_at >= ends_at {
        return Err(failed("start time must be before end time"));
    }
    if ends_at > LAST {
        return Err(failed("end time can't be after the year 9999"));
    }
    let request = SilenceRequest::until(Matchers::as_given(matchers), ends_at)
        .from(starts_at)
        .by(created_by)
        .because(comment);
    match posted.id.filter(|id| !id.is_empty()) {
        Some(id) => Ok(request.replacing(id)),
        None => Ok(request),
    }
}

fn matchers(posted: Vec<Option<PostedMatcher>>) -> Result<Vec<Matcher>, Problem> {
    if posted.is_empty() {
        let message = "matchers in body should have at least 1 items";
        return Err(Problem::value(TOO_FEW, message));
    }
    if posted.len() > MATCHERS {
        let message = format!("matchers in body should have at most {MATCHERS} items");
        return Err(Problem::value(TOO_MANY, message));
    }
    let posted = posted.into_iter().enumerate();
    let whole: Result<Vec<_>, Problem> = posted.map(|(at, it)| whole_matcher(at, it)).collect();
    let matcher = |(at, (name, op, value)): (usize, (String, MatchOp, String))| {
        let invalid = |problem: String| {
            let message = format!("silence invalid: invalid label matcher {at}: {problem}");
            Problem::said(StatusCode::BAD_REQUEST, message)
        };
        if !is_label_name(&name) {
            let shown: String = name.chars().take(200).collect();
            return Err(invalid(format!("invalid label name {shown:?}")));
        }
        Matcher::new(name, op, value).map_err(|error| invalid(error.to_string()))
    };
    whole?.into_iter().enumerate().map(matcher).collect()
}

fn whole_matcher(
    at: usize,
    posted: Option<PostedMatcher>,
) -> Result<(String, MatchOp, String), Problem> {
    let posted = required(&format!("matchers.{at}"), posted)?;
    let is_regex = required(&format!("matchers.{at}.isRegex"), posted.is_regex)?;
    let name = required(&format!("matchers.{at}.name"), posted.name)?;
    let value = required(&format!("matchers.{at}.value"), posted.value)?;
    let op = match (posted.is_equal.unwrap_or(true), is_regex) {
        (true, false) => MatchOp::Equal,
        (false, false) => MatchOp::NotEqual,
        (true, true) => MatchOp::Regex,
        (false, true) => MatchOp::NotRegex,
    };
    Ok((name, op, value))
}

fn required<T>(what: &str, value: Option<T>) -> Result<T, Problem> {
    value.ok_or_else(|| Problem::value(REQUIRED, format!("{what} in body is required")))
}

/// Refuses what is no UUID, with or without its hyphens.
fn check_id(id: &str) -> Result<(), Problem> {
    let parts: Vec<_> = id.split('-').collect();
    let lengths: Vec<_> = parts.iter().map(|part| part.len()).collect();
    let digits = parts
        .iter()
        .all(|part| part.bytes().all(|b| b.is_ascii_hexdigit()));
    if digits && (lengths == [8, 4, 4, 4, 12] || lengths == [32]) {
        return Ok(());
    }
    let shown: String = id.chars().take(200).collect();
    let message = format!("silenceID in path must be of type uuid: {shown:?}");
    Err(Problem::value(TYPE, message))
}

/// Says whether a silence has all of these matchers, as they are.
fn passes(silence: &SilenceView, filters: &[Matcher]) -> bool {
    let has = |filter| silence.matchers.iter().any(|matcher| matcher == filter);
    filters.iter().all(has)
}

/// Alertmanager's order: active ones by their end, pending ones by their start, expired ones by their end, the last first.
fn order(silence: &SilenceView) -> (u8, i64) {
    match silence.state {
        "active" => (0, silence.ends_at.as_millis()),
        "pending" => (1, silence.starts_at.as_millis()),
        _ => (2, -silence.ends_at.as_millis()),
    }
}
