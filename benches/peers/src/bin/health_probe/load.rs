//! Requests at a fixed rate over kept connections, whatever the answers take.
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "requests are due at times of the clock, whatever the answers do"
)]

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// How many ask, how often and how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    connections: usize,
    requests: usize,
    every: Duration,
}

// === impl Load ===

impl Default for Load {
    /// 500 requests a second over 4 connections, for 2 seconds.
    fn default() -> Self {
        Self {
            connections: 4,
            requests: 250,
            every: Duration::from_millis(8),
        }
    }
}

impl Load {
    pub(crate) fn small() -> Self {
        Self {
            connections: 2,
            requests: 10,
            every: Duration::from_millis(1),
        }
    }

    /// Asks for this path; returns the 99th percentile, from when a request was due to its whole answer.
    pub(crate) fn run(self, server: SocketAddr, path: &'static str) -> io::Result<Duration> {
        let clients: Vec<_> = (0..self.connections)
            .map(|_| thread::spawn(move || self.ask(server, path)))
            .collect();
        let mut times = Vec::new();
        for client in clients {
            let asked = client
                .join()
                .map_err(|_| io::Error::other("a client panicked"))?;
            times.extend(asked?);
        }
        times.sort_unstable();
        let index = times.len() * 99 / 100;
        times
            .get(index)
            .copied()
            .ok_or_else(|| io::Error::other("no request"))
    }

    fn ask(self, server: SocketAddr, path: &str) -> io::Result<Vec<Duration>> {
        let mut stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        let mut answer = [0; 1_024];
        let begin = Instant::now();
        let mut times = Vec::with_capacity(self.requests);
        for number in 0..self.requests {
            let due = begin + self.every * u32::try_from(number).unwrap_or(u32::MAX);
            thread::sleep(due.saturating_duration_since(Instant::now()));
            stream.write_all(request.as_bytes())?;
            let read = read_answer(&mut stream, &mut answer)?;
            times.push(due.elapsed());
            if !read.starts_with(b"HTTP/1.1 ") {
                return Err(io::Error::other("no answer of HTTP"));
            }
        }
        Ok(times)
    }
}

/// Reads until a short answer is whole: its head, and the body that follows in the same or the next packet.
fn read_answer<'a>(stream: &mut TcpStream, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
    let mut length = 0;
    loop {
        let read = stream.read(&mut buffer[length..])?;
        length += read;
        if read == 0 {
            return Err(io::Error::other(
                "the connection was closed, or the answer is long",
            ));
        }
        if is_whole(&buffer[..length]) {
            return Ok(&buffer[..length]);
        }
    }
}

fn is_whole(answer: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(answer) else {
        return false;
    };
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .and_then(|length| length.parse().ok());
    length.is_some_and(|length: usize| body.len() >= length)
}
