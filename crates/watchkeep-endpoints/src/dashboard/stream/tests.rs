//! Streams to real sockets, with frames of the test's own.

use std::net::SocketAddr;

use axum::Router;
use axum::routing::get;
use http_body_util::BodyExt as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::super::sampler::Frame;
use super::*;

const SHORT: Duration = Duration::from_millis(300);
const SOON: Duration = Duration::from_secs(20);

type Sender = watch::Sender<Option<Arc<Frame>>>;

fn frame(event: impl Into<Bytes>) -> Option<Arc<Frame>> {
    Some(Arc::new(Frame::of_event(event.into())))
}

/// Serves streams of these frames, with room for so many viewers.
async fn serve(frames: Frames, viewers: &Viewers, patience: Duration) -> SocketAddr {
    let room = Arc::clone(&viewers.room);
    let answer = move || {
        let permit = Arc::clone(&room).try_acquire_owned().unwrap();
        let viewer = Viewer::new(frames.clone(), permit, patience);
        async move { viewer.into_body() }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router: Router = Router::new().route("/", get(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

async fn connect(address: SocketAddr) -> TcpStream {
    let mut client = TcpStream::connect(address).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
    client.write_all(request).await.unwrap();
    client
}

/// Sends frames of a megabyte as fast as a viewer that reads would take them.
fn flood(sender: Sender) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let large = vec![b'x'; 1024 * 1024];
        let mut ticks = interval(Duration::from_millis(5));
        loop {
            ticks.tick().await;
            sender.send_replace(frame(large.clone()));
        }
    })
}

#[tokio::test]
async fn a_viewer_that_never_reads_is_cut_off_and_its_room_is_free() {
    let (sender, frames) = watch::channel(None);
    let viewers = Viewers::new(1);
    let address = serve(frames, &viewers, SHORT).await;
    let mut client = connect(address).await;
    let flood = flood(sender);
    // Long enough for what the system buffers, and then for the viewer's time to be over.
    let taken = timeout(SOON, async {
        while viewers.room.available_permits() == 1 {
            tokio::task::yield_now().await;
        }
        Arc::clone(&viewers.room).acquire_owned().await.unwrap()
    });
    drop(taken.await.expect("the room is free again"));
    let mut sent = Vec::new();
    // Whether by an end or by a reset, the connection is over.
    let over = timeout(SOON, client.read_to_end(&mut sent)).await;
    drop(over.expect("the connection is closed"));
    flood.abort();
}

#[tokio::test]
async fn a_viewer_that_reads_stays_longer_than_the_patience() {
    let (sender, frames) = watch::channel(frame("data: 1\n\n"));
    let viewers = Viewers::new(1);
    let address = serve(frames, &viewers, SHORT).await;
    let mut client = connect(address).await;
    for number in 2..6 {
        let mut seen = String::new();
        let wanted = format!("data: {}\n\n", number - 1);
        while !seen.contains(&wanted) {
            let mut part = [0; 4_096];
            let length = timeout(SOON, client.read(&mut part))
                .await
                .unwrap()
                .unwrap();
            assert_ne!(length, 0, "cut off after {seen:?}");
            seen.push_str(&String::from_utf8_lossy(&part[..length]));
        }
        tokio::time::sleep(SHORT).await;
        sender.send_replace(frame(format!("data: {number}\n\n")));
    }
}

#[tokio::test]
async fn a_slow_viewer_gets_the_newest_frame_and_not_all_in_between() {
    let (sender, frames) = watch::channel(frame("first"));
    let viewers = Viewers::new(1);
    let room = Arc::clone(&viewers.room).try_acquire_owned().unwrap();
    let mut body = Viewer::new(frames, room, SOON).into_body();
    let mut next = async || body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(next().await, GREETING);
    assert_eq!(next().await, "first");
    for number in 0..1_000 {
        sender.send_replace(frame(number.to_string()));
    }
    assert_eq!(next().await, "999");
}

#[tokio::test]
async fn an_event_leaves_in_pieces_one_after_the_other() {
    let large = vec![b'x'; 2 * MOST_PIECE_BYTES + 1];
    let (_sender, frames) = watch::channel(frame(large));
    let viewers = Viewers::new(1);
    let room = Arc::clone(&viewers.room).try_acquire_owned().unwrap();
    let mut body = Viewer::new(frames, room, SHORT).into_body();
    let mut next = async || {
        body.frame()
            .await
            .unwrap()
            .map(|it| it.into_data().unwrap())
    };
    drop(next().await);
    let first = next().await.unwrap();
    assert_eq!(first.len(), MOST_PIECE_BYTES);
    drop(first);
    let second = next().await.unwrap();
    assert_eq!(second.len(), MOST_PIECE_BYTES);
    // The second one is still held, as by a socket that takes nothing: that is the end.
    assert!(next().await.is_err());
    drop(second);
}

#[tokio::test]
async fn streams_end_with_the_frames_at_once() {
    let (sender, frames) = watch::channel(frame("last"));
    let viewers = Viewers::new(2);
    let body = |frames| {
        let room = Arc::clone(&viewers.room).try_acquire_owned().unwrap();
        Viewer::new(frames, room, SOON).into_body()
    };
    let mut reads = body(frames.clone());
    let mut stuck = body(frames);
    let held = stuck.frame().await.unwrap().unwrap();
    drop(sender);
    let mut seen = Vec::new();
    let all = async {
        while let Some(Ok(piece)) = reads.frame().await {
            seen.extend_from_slice(&piece.into_data().unwrap());
        }
        stuck.frame().await.unwrap().map(drop)
    };
    let stuck = timeout(Duration::from_secs(1), all)
        .await
        .expect("within a second");
    assert_eq!(String::from_utf8_lossy(&seen), format!("{GREETING}last"));
    assert!(stuck.is_err(), "what does not leave holds up no stop");
    drop(held);
}
