//! A mail room: letters come in for somebody, and wait until they are fetched.
//!
//! Its page shows a tile and a section of its own, and stands under `/internal` with all other endpoints.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::put;
use watchkeep::endpoints::{Access, POLLED_PATHS, Section, Source, Tile};
use watchkeep::{Builder, Watchkeep};

/// Where everything that is not for customers stands.
pub const INTERNAL: &str = "/internal";

/// More people than this have no box here.
const MOST_BOXES: usize = 1_000;

/// The boxes, and what lies in them.
#[derive(Debug, Default)]
pub struct MailRoom {
    boxes: Mutex<BTreeMap<String, u64>>,
    letters: AtomicU64,
}

/// Begins with what is special about this service: what is asked again and again is not logged, here under its own path.
pub fn watchkeep() -> Builder {
    Watchkeep::builder("mailroom")
        .with_version(env!("CARGO_PKG_VERSION"))
        .with_layer(|layer| layer.with_skip(POLLED_PATHS.map(|path| format!("{INTERNAL}{path}"))))
}

/// The whole service.
pub fn app(watchkeep: &Watchkeep, room: &Arc<MailRoom>, listener: SocketAddr) -> Router {
    let page = watchkeep
        .dashboard("Mail Room")
        .with_source(Shelf(Arc::clone(room)))
        .with_detail("Boxes at most", MOST_BOXES.to_string());
    let internal = watchkeep
        .endpoints(Access::for_listener(listener))
        .with_dashboard(page)
        .router();
    Router::new()
        .route(
            "/letters/{name}",
            put(MailRoom::put).delete(MailRoom::fetch),
        )
        .with_state(Arc::clone(room))
        .nest(INTERNAL, internal)
        .layer(watchkeep.layer())
}

// === impl MailRoom ===

impl MailRoom {
    async fn put(State(room): State<Arc<Self>>, Path(name): Path<String>) -> StatusCode {
        let mut boxes = room.boxes();
        if boxes.len() >= MOST_BOXES && !boxes.contains_key(&name) {
            return StatusCode::INSUFFICIENT_STORAGE;
        }
        *boxes.entry(name).or_default() += 1;
        room.letters.fetch_add(1, Ordering::Relaxed);
        StatusCode::NO_CONTENT
    }

    async fn fetch(State(room): State<Arc<Self>>, Path(name): Path<String>) -> String {
        let letters = room.boxes().remove(&name).unwrap_or_default();
        format!("{letters}\n")
    }

    fn boxes(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.boxes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the page shows of a mail room.
struct Shelf(Arc<MailRoom>);

impl Source for Shelf {
    fn tiles(&self) -> Vec<Tile> {
        let letters = self.0.letters.load(Ordering::Relaxed);
        let waiting: u64 = self.0.boxes().values().sum();
        #[expect(clippy::cast_precision_loss, reason = "letters are far below 2^52")]
        let tile = Tile::new("Letters", letters.to_string())
            .with_note(format!("{waiting} waiting"))
            .with_counter(letters as f64, "letters");
        vec![tile]
    }

    fn sections(&self) -> Vec<Section> {
        let boxes = self.0.boxes();
        let mut fullest: Vec<(&String, &u64)> = boxes.iter().collect();
        fullest.sort_by_key(|(_, letters)| std::cmp::Reverse(**letters));
        let mut section = Section::new("Fullest Boxes", ["Name", "Letters"]);
        for (name, letters) in fullest.into_iter().take(10) {
            section = section.with_row([name.clone(), letters.to_string()]);
        }
        vec![section]
    }
}
