//! `alerts` and `alerts/groups`: what fires, and what is reported to.

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode, Uri};
use tokio::sync::SemaphorePermit;
use watchkeep_alerts::journal::Durability;
use watchkeep_alerts::{Ack, Error, GroupListing, Incoming, ListedAlert};

use super::answer::{self, Problem, REQUIRED, TYPE};
use super::body::{self, Sender};
use super::query::Query;
use super::read::{PostedAlert, is_uri};
use super::write::{Alert, Group, List, Place};
use super::{Api, check_accept, of_engine};
use crate::respond;

/// The most alerts of one request.
pub(super) const MOST: usize = 10_000;
/// The most problems that an answer names.
const NAMED: usize = 20;

/// What is wrong with some of the alerts of one request.
#[derive(Default)]
struct Problems {
    /// By the place of the alert.
    found: Vec<(usize, String)>,
    status: Option<StatusCode>,
}

pub(super) async fn list(
    State(api): State<Api>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    check_accept(&headers)?;
    let mut walk = api.alerting.walk(Query::of(&uri).alerts()?);
    // The first part decides about the status.
    let first = walk.next(show).await.map_err(|error| of_engine(&error))?;
    let (sender, body) = body::channel();
    tokio::spawn(async move {
        let mut place = Place::Begin;
        let mut next = Ok(first);
        while let Ok(Some(list)) = next {
            if sender.send(list.part(&mut place)).await.is_err() {
                return;
            }
            next = walk.next(show).await;
        }
        end(&sender, place, next.is_ok()).await;
    });
    Ok(respond::fresh(StatusCode::OK, "application/json", body))
}

pub(super) async fn groups(
    State(api): State<Api>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Problem> {
    check_accept(&headers)?;
    let walk = api.alerting.walk_groups(Query::of(&uri).alerts()?).await;
    let mut walk = walk.map_err(|error| of_engine(&error))?;
    let (sender, body) = body::channel();
    tokio::spawn(async move {
        let mut place = Place::Begin;
        let is_whole = loop {
            match walk.next(show_group).await {
                Ok(Some(list)) => {
                    if sender.send(list.part(&mut place)).await.is_err() {
                        return;
                    }
                }
                Ok(None) => break true,
                Err(_) => break false,
            }
        };
        end(&sender, place, is_whole).await;
    });
    Ok(respond::fresh(StatusCode::OK, "application/json", body))
}

fn show(list: &mut List, alert: &ListedAlert<'_>) {
    list.push(&Alert(alert));
}

fn show_group(list: &mut List, group: &GroupListing<'_>) {
    list.push(&Group(group));
}

async fn end(sender: &Sender, place: Place, is_whole: bool) {
    if is_whole {
        // Nobody may take it any more.
        let _ = sender.send(List::end(place)).await;
    } else {
        sender.cut().await;
    }
}

pub(super) async fn post(State(api): State<Api>, request: Request) -> Result<Response, Problem> {
    let _permit = permit(&api).await?;
    let (parts, body) = request.into_parts();
    let batch = body::read("alerts", &parts.headers, body, Batch::read).await?;
    let Batch {
        places,
        alerts,
        mut problems,
    } = batch;
    let answers = api.alerting.receive(alerts).await;
    let answers = answers.map_err(|error| of_engine(&error))?;
    for (place, answer) in places.into_iter().zip(&answers) {
        match answer {
            Ok(_) => {}
            // What is not valid otherwise was not handed to the engine.
            Err(error) if error.is_invalid_alert() => {
                problems.add_text(place, "start time must be before end time".to_owned());
            }
            Err(error) if error.is_full() => problems.add_full(place, error),
            Err(error) => problems.add_text(place, answer::in_full(error)),
        }
    }
    problems.check()?;
    let durability = answers.iter().flatten().map(Ack::durability);
    check_durability(&api, durability)?;
    Ok(answer::done())
}

/// Waits until there is room for another body.
pub(super) async fn permit(api: &Api) -> Result<SemaphorePermit<'_>, Problem> {
    let closed = |_| Problem::said(StatusCode::SERVICE_UNAVAILABLE, "the service is stopping");
    api.gate.acquire().await.map_err(closed)
}

/// Sees to it that nothing is said to be done which a crash would undo, where there is a journal on disk.
pub(super) fn check_durability(
    api: &Api,
    durability: impl IntoIterator<Item = Durability>,
) -> Result<(), Problem> {
    let wanted = api.alerting.durability();
    if durability.into_iter().all(|reached| reached == wanted) {
        return Ok(());
    }
    Err(Problem::said(
        StatusCode::SERVICE_UNAVAILABLE,
        "taken, but the alert journal cannot be written: a crash would lose it",
    ))
}

/// The alerts of one request.
struct Batch {
    /// The place of each alert in the request.
    places: Vec<usize>,
    alerts: Vec<Incoming>,
    problems: Problems,
}

impl Batch {
    fn read(body: &[u8]) -> Result<Self, Problem> {
        let posted: Option<Vec<Option<PostedAlert<'_>>>> = body::parse("alerts", body)?;
        let posted = posted.unwrap_or_default();
        if posted.len() > MOST {
            let message = format!("there are more than {MOST} alerts in one request");
            return Err(Problem::coded(StatusCode::PAYLOAD_TOO_LARGE, message));
        }
        let posted = checked(posted)?;
        let mut batch = Self {
            places: Vec::with_capacity(posted.len()),
            alerts: Vec::with_capacity(posted.len()),
            problems: Problems::default(),
        };
        for (place, posted) in posted.into_iter().enumerate() {
            match taken(posted) {
                Ok(alert) => {
                    batch.places.push(place);
                    batch.alerts.push(alert);
                }
                Err(error) => batch.problems.add_text(place, answer::in_full(&error)),
            }
        }
        Ok(batch)
    }
}

/// Refuses a request of which an alert is not of the right form: then none is taken.
fn checked(posted: Vec<Option<PostedAlert<'_>>>) -> Result<Vec<PostedAlert<'_>>, Problem> {
    let posted = posted.into_iter().enumerate();
    posted.map(|(place, posted)| check(place, posted)).collect()
}

fn check(place: usize, posted: Option<PostedAlert<'_>>) -> Result<PostedAlert<'_>, Problem> {
    let required = |what: String| Problem::value(REQUIRED, format!("{what} in body is required"));
    let posted = posted.ok_or_else(|| required(place.to_string()))?;
    let url = &posted.generator_url;
    if !url.is_empty() && !is_uri(url) {
        let shown: String = url.chars().take(200).collect();
        let message = format!("{place}.generatorURL in body must be of type uri: {shown:?}");
        return Err(Problem::value(TYPE, message));
    }
    if posted.labels.is_none() {
        return Err(required(format!("{place}.labels")));
    }
    Ok(posted)
}

fn taken(posted: PostedAlert<'_>) -> Result<Incoming, Error> {
    let labels = posted.labels.unwrap_or_default();
    let mut alert = Incoming::from_pairs(labels, posted.annotations)?;
    if !posted.generator_url.is_empty() {
        alert = alert.from_source(posted.generator_url)?;
    }
    if let Some(at) = posted.starts_at {
        alert = alert.starting(at);
    }
    if let Some(at) = posted.ends_at {
        alert = alert.ending(at);
    }
    Ok(alert)
}

// === impl Problems ===

impl Problems {
    fn add_text(&mut self, place: usize, text: String) {
        self.found.push((place, text));
        self.status = Some(StatusCode::BAD_REQUEST);
    }

    /// What the client can mend comes before what it cannot.
    fn add_full(&mut self, place: usize, error: &Error) {
        self.found.push((place, answer::in_full(error)));
        self.status.get_or_insert(StatusCode::TOO_MANY_REQUESTS);
    }

    fn check(mut self) -> Result<(), Problem> {
        let Some(status) = self.status else {
            return Ok(());
        };
        self.found.sort_by_key(|(place, _)| *place);
        let more = self.found.len().saturating_sub(NAMED);
        let named = self.found.into_iter().take(NAMED).map(|(_, text)| text);
        let mut message = named.collect::<Vec<_>>().join("; ");
        if more > 0 {
            message.push_str(&format!("; and {more} more"));
        }
        Err(Problem::said(status, message))
    }
}
