//! Real servers that take alerts: a mail server, an Alertmanager.

use std::path::Path;

use serde_json::Value;
use tokio::process::Command;

use super::{Real, free_port};
use crate::client::client;

/// How a mail server encrypts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Encryption {
    /// From the first byte.
    FromStart,
    /// Not at all.
    None,
    /// After `STARTTLS`, without which it takes nothing.
    StartTls,
}

/// Starts a mail server (aiosmtpd) that puts letters into the folder `letters` of its own, in the Maildir format.
///
/// `certificate` is the certificate and its key, both as PEM.
///
/// # Panics
/// When it does not start.
pub async fn smtp(program: &Path, encryption: Encryption, certificate: (&str, &str)) -> Real {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let port = free_port();
    let path = |name: &str| folder.path().join(name).display().to_string();
    for (name, text) in [
        ("certificate.pem", certificate.0),
        ("key.pem", certificate.1),
    ] {
        std::fs::write(folder.path().join(name), text).expect("the file is written");
    }
    let flags = match encryption {
        Encryption::FromStart => Some(["--smtpscert", "--smtpskey"]),
        Encryption::None => None,
        Encryption::StartTls => Some(["--tlscert", "--tlskey"]),
    };
    let mut command = Command::new(program);
    command
        .args(["--nosetuid", "--class", "aiosmtpd.handlers.Mailbox"])
        .args(["--listen", &format!("127.0.0.1:{port}")]);
    if let Some([certificate, key]) = flags {
        command.args([certificate, &path("certificate.pem"), key, &path("key.pem")]);
    }
    command.arg(path("letters"));
    Real::start(folder, port, command).await
}

/// Returns the files of the letters that a server of [`smtp`] took, in no order.
#[must_use]
pub fn letters(server: &Real) -> Vec<std::path::PathBuf> {
    let folder = server.folder().join("letters/new");
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect()
}

/// A configuration that tells nobody.
const NOBODY: &str = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n";

/// Starts Alertmanagers that are one cluster.
///
/// # Panics
/// When one does not start.
pub async fn alertmanagers<const N: usize>(program: &Path) -> [Real; N] {
    let gossip: Vec<u16> = (0..N).map(|_| free_port()).collect();
    let mut peers = Vec::new();
    for own in &gossip {
        let others = gossip.iter().filter(|port| *port != own);
        let others = others.map(|port| format!("--cluster.peer=127.0.0.1:{port}"));
        peers.push(alertmanager(program, *own, others.collect()).await);
    }
    peers
        .try_into()
        .expect("there are as many as there are ports")
}

async fn alertmanager(program: &Path, gossip: u16, peers: Vec<String>) -> Real {
    let mut arguments = vec![
        format!("--cluster.listen-address=127.0.0.1:{gossip}"),
        format!("--cluster.advertise-address=127.0.0.1:{gossip}"),
    ];
    arguments.extend(peers);
    run_alertmanager(program, NOBODY, arguments).await
}

/// Starts an Alertmanager that is alone, with this configuration.
///
/// # Panics
/// When it does not start.
pub async fn alertmanager_with(program: &Path, config: &str) -> Real {
    let arguments = vec!["--cluster.listen-address=".to_owned()];
    run_alertmanager(program, config, arguments).await
}

async fn run_alertmanager(program: &Path, text: &str, arguments: Vec<String>) -> Real {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let port = free_port();
    let config = folder.path().join("alertmanager.yml");
    std::fs::write(&config, text).expect("the configuration is written");
    let data = folder.path().join("data");
    let mut command = Command::new(program);
    command
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.path={}", data.display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .args(arguments);
    Real::start(folder, port, command).await
}

/// Returns an answer of an Alertmanager's API, by the last part of its path: `alerts`, `status`.
///
/// # Errors
/// When it does not answer with JSON.
pub async fn of_alertmanager(server: &Real, what: &str) -> Result<Value, String> {
    let url = format!("http://127.0.0.1:{}/api/v2/{what}", server.port());
    let answer = client().get(url).send().await;
    let answer = answer.map_err(|error| error.to_string())?;
    answer.json().await.map_err(|error| error.to_string())
}
