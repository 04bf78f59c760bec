//! Tests of the letter on the wire, of recipients that are refused, and of servers that misbehave.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use super::*;
use crate::notifier::NotifyErrorKind;
use crate::notifiers::samples::{HOSTILE, down, hostile, notice};
use crate::view::Status;

/// How a server behaves.
#[derive(Clone, Default)]
struct Manners {
    /// What `EHLO` is answered beside the name.
    extensions: Vec<&'static str>,
    /// The answers to recipients, by what their address contains; else 250.
    recipients: BTreeMap<&'static str, &'static str>,
    /// It never says a word.
    is_silent: bool,
    /// TLS from the start.
    tls: Option<Arc<rustls::ServerConfig>>,
}

struct Server {
    port: u16,
    letters: UnboundedReceiver<(String, String)>,
}

impl Server {
    async fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (send, letters) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (manners, send) = (manners.clone(), send.clone());
                tokio::spawn(async move {
                    match manners.tls.clone() {
                        None => talk(stream, manners, send).await,
                        Some(tls) => {
                            let acceptor = tokio_rustls::TlsAcceptor::from(tls);
                            if let Ok(stream) = acceptor.accept(stream).await {
                                talk(stream, manners, send).await;
                            }
                        }
                    }
                });
            }
        });
        Self { port, letters }
    }

    fn email(&self, to: &str) -> Email {
        let address = format!("smtp://127.0.0.1:{}", self.port);
        Email::new(address, "Oracle <oracle@example.org>", to).unwrap()
    }

    /// Returns the recipients and texts of the letters so far.
    fn letters(&mut self) -> Vec<(String, String)> {
        std::iter::from_fn(|| self.letters.try_recv().ok()).collect()
    }
}

/// Speaks as much SMTP as a client needs, until it goes.
async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    manners: Manners,
    letters: UnboundedSender<(String, String)>,
) {
    if manners.is_silent {
        std::future::pending::<()>().await;
    }
    let mut stream = BufReader::new(stream);
    let mut to = String::new();
    let mut answer = "220 mail.example".to_owned();
    loop {
        let line = format!("{answer}\r\n");
        if stream.get_mut().write_all(line.as_bytes()).await.is_err() {
            return;
        }
        let Some(command) = line_of(&mut stream).await else {
            return;
        };
        answer = match command.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => {
                let all = manners.extensions.iter().map(|it| format!("250-{it}\r\n"));
                all.collect::<String>() + "250 OK"
            }
            "RCPT" => {
                to = command.clone();
                let rule = manners
                    .recipients
                    .iter()
                    .find(|(part, _)| command.contains(**part));
                rule.map_or("250 OK", |(_, answer)| answer).to_owned()
            }
            "DATA" => {
                let go = b"354 go on\r\n";
                stream.get_mut().write_all(go).await.unwrap();
                let mut text = String::new();
                while let Some(line) = line_of(&mut stream).await {
                    if line == "." {
                        break;
                    }
                    text.push_str(&line);
                    text.push('\n');
                }
                letters.send((to.clone(), text)).unwrap();
                "250 taken".to_owned()
            }
            "STARTTLS" => "454 TLS is not to be had".to_owned(),
            "QUIT" => return,
            _ => "250 OK".to_owned(),
        };
    }
}

async fn line_of(stream: &mut (impl tokio::io::AsyncBufRead + Unpin)) -> Option<String> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).await.ok()?;
    (read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}

fn headers(letter: &str) -> &str {
    letter.split("\n\n").next().unwrap()
}

#[tokio::test]
async fn a_letter_has_a_subject_a_text_and_the_alert_as_json() {
    let mut server = Server::start(Manners::default()).await;
    let email = server.email("ops@example.org");
    let notification = notice(&[(&down(), Status::Firing)]);
    email.notify(&notification).await.unwrap();
    email.notify(&notification).await.unwrap();
    let letters = server.letters();
    let (to, letter) = &letters[0];
    assert!(to.contains("<ops@example.org>"), "{to}");
    for line in [
        "Subject: ORACLE Critical: Database connection failed",
        "Message-ID: <msg_17@example.org>",
        "Auto-Submitted: auto-generated",
        "From: Oracle <oracle@example.org>",
        "To: ops@example.org",
    ] {
        assert!(
            headers(letter).lines().any(|it| it == line),
            "{line} is not in\n{letter}"
        );
    }
    assert!(headers(letter).contains("\nReferences: <"), "{letter}");
    assert!(
        letter.contains("[CRITICAL] DatabaseDown: Database connection failed"),
        "{letter}"
    );
    assert!(
        letter.contains("\"alertname\": \"DatabaseDown\""),
        "{letter}"
    );
    // A second try is the same letter to a mail program.
    let id = |letter: &str| {
        let line = headers(letter)
            .lines()
            .find(|it| it.starts_with("Message-ID"));
        line.map(str::to_owned)
    };
    assert_eq!(id(letter), id(&letters[1].1));
}

#[tokio::test]
async fn a_resolved_alert_says_so_in_the_same_thread() {
    let mut server = Server::start(Manners::default()).await;
    let email = server.email("ops@example.org");
    for state in [Status::Firing, Status::Resolved] {
        email.notify(&notice(&[(&down(), state)])).await.unwrap();
    }
    let letters = server.letters();
    let subject = "\nSubject: ORACLE Critical resolved: Database connection failed\n";
    assert!(letters[1].1.contains(subject), "{}", letters[1].1);
    let thread = |letter: &str| {
        let line = headers(letter)
            .lines()
            .find(|it| it.starts_with("References"));
        line.unwrap().to_owned()
    };
    assert_eq!(thread(&letters[0].1), thread(&letters[1].1));
}

#[tokio::test]
async fn hostile_text_adds_no_header() {
    let mut server = Server::start(Manners::default()).await;
    let email = server.email("ops@example.org");
    email
        .notify(&notice(&[(&hostile(), Status::Firing)]))
        .await
        .unwrap();
    let (_, letter) = server.letters().remove(0);
    assert!(HOSTILE.contains("\r\nBcc:"));
    assert!(!headers(&letter).contains("\nBcc:"), "{letter}");
    assert!(
        !letter.contains('\0') && !letter.contains('\u{202e}'),
        "{letter}"
    );
    assert!(headers(&letter).lines().all(|line| line.len() < 998));
}

#[tokio::test]
async fn one_recipient_that_is_refused_keeps_it_from_nobody_else() {
    let mut manners = Manners::default();
    manners.recipients.insert("gone@", "550 no such user");
    let mut server = Server::start(manners).await;
    let email = server.email("a@example.org, gone@example.org, b@example.org");
    email
        .notify(&notice(&[(&down(), Status::Firing)]))
        .await
        .unwrap();
    let told: Vec<_> = server.letters().into_iter().map(|(to, _)| to).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    let nobody = server.email("gone@example.org");
    let error = nobody
        .notify(&notice(&[(&down(), Status::Firing)]))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), NotifyErrorKind::Permanent);
}

#[tokio::test]
async fn another_try_goes_only_to_those_who_have_it_not() {
    let mut manners = Manners::default();
    manners.recipients.insert("busy@", "451 try again later");
    let mut server = Server::start(manners).await;
    let email = server.email("a@example.org,busy@example.org");
    let notification = notice(&[(&down(), Status::Firing)]);
    for _ in 0..3 {
        let error = email.notify(&notification).await.unwrap_err();
        assert_eq!(error.kind(), NotifyErrorKind::Transient);
    }
    let told: Vec<_> = server.letters().into_iter().map(|(to, _)| to).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("<a@"), "{told:?}");
}

#[test]
fn of_so_many_notices_it_is_remembered_who_has_them() {
    let email = Email::new("smtp://127.0.0.1:1", "a@b.example", "c@d.example").unwrap();
    for at in 0..3 * REMEMBERED {
        email.remember(&at.to_string(), vec![0]);
        email.remember(&at.to_string(), vec![0]);
    }
    assert_eq!(email.delivered.lock().unwrap().len(), REMEMBERED);
    assert_eq!(email.have(&(3 * REMEMBERED - 1).to_string()), [0]);
    assert!(email.have("0").is_empty());
}

#[tokio::test]
async fn without_tls_nothing_is_sent_where_tls_is_asked_for() {
    for extensions in [vec![], vec!["STARTTLS"]] {
        let manners = Manners {
            extensions,
            ..Manners::default()
        };
        let mut server = Server::start(manners).await;
        let address = format!("smtp+starttls://user:hunter2@localhost:{}", server.port);
        let email = Email::new(address, "a@b.example", "c@d.example").unwrap();
        let error = email
            .notify(&notice(&[(&down(), Status::Firing)]))
            .await
            .unwrap_err();
        assert!(server.letters().is_empty());
        let text = format!("{error} {error:?} {email:?}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}

/// Makes a certificate for a name, and the server's settings with it.
fn certificate(name: &str) -> (String, Arc<rustls::ServerConfig>) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    (made.cert.pem(), Arc::new(config))
}

#[tokio::test]
async fn tls_holds_the_server_to_its_certificate() {
    let notification = notice(&[(&down(), Status::Firing)]);
    for (name, is_trusted, expected) in [
        ("localhost", true, true),
        ("other.example", true, false),
        ("localhost", false, false),
    ] {
        let (pem, tls) = certificate(name);
        let manners = Manners {
            tls: Some(tls),
            ..Manners::default()
        };
        let mut server = Server::start(manners).await;
        let address = format!("smtps://localhost:{}", server.port);
        let email = match is_trusted {
            true => {
                Email::with_root_certificate(address, pem.as_bytes(), "a@b.example", "c@d.example")
            }
            false => Email::new(address, "a@b.example", "c@d.example"),
        };
        let result = email.unwrap().notify(&notification).await;
        assert_eq!(result.is_ok(), expected, "{name} {is_trusted} {result:?}");
        assert_eq!(server.letters().len(), usize::from(expected));
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_says_a_word_is_given_up() {
    let manners = Manners {
        is_silent: true,
        ..Manners::default()
    };
    let server = Server::start(manners).await;
    let email = server.email("ops@example.org");
    let error = email
        .notify(&notice(&[(&down(), Status::Firing)]))
        .await
        .unwrap_err();
    assert!(!error.is_permanent(), "{error}");
}

#[test]
fn addresses_that_are_none_are_refused() {
    for (from, to) in [
        ("", "a@b.example"),
        ("a@b.example", ""),
        ("a@b.example", "c@d.example,,"),
    ] {
        assert!(
            Email::new("smtp://127.0.0.1", from, to).is_err(),
            "{from:?} {to:?}"
        );
    }
    let many = vec!["a@b.example"; 51].join(",");
    assert!(Email::new("smtp://127.0.0.1", "a@b.example", many).is_err());
}
