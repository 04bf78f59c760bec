//! Letters through a real mail server, read by a parser that is not ours.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use watchkeep_alerts::notifiers::Email;
use watchkeep_alerts::{Alert, Alerting, Level, Notification, Notifier as _, NotifyError};
use watchkeep_tests::programs;
use watchkeep_tests::servers::{Encryption, Real, letters, smtp};

const FROM: &str = "Oracle <oracle@example.org>";
const TO: &str = "admin@example.org";

/// What others may write, to break out of a header.
const HOSTILE: &str = "Überlast 😀\r\nBcc: x@evil.example\r\n\r\n.\r\n</b>";

/// Prints a letter as JSON: headers in their order, the text for people, and what is attached.
const PARSER: &str = r#"
import email, email.policy, json, sys
letter = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
parts = list(letter.walk())
print(json.dumps({
    "names": [name.lower() for name in letter.keys()],
    "headers": {name.lower(): str(value) for name, value in letter.items()},
    "text": letter.get_body(("plain",)).get_content(),
    "attached": {part.get_filename(): part.get_content().decode() if isinstance(part.get_content(), bytes) else part.get_content() for part in letter.iter_attachments()},
    "defects": [str(defect) for part in parts for defect in part.defects],
}))
"#;

/// A mail server, and the certificate that a client may trust.
struct Mail {
    server: Real,
    certificate: String,
}

impl Mail {
    async fn start(program: &Path, encryption: Encryption) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])
            .expect("a certificate can be made");
        let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        let server = smtp(program, encryption, (&certificate, &key)).await;
        Self {
            server,
            certificate,
        }
    }

    fn url(&self, scheme: &str) -> String {
        format!("{scheme}://localhost:{}", self.server.port())
    }

    /// Returns a channel that trusts the server's certificate.
    fn trusting(&self, scheme: &str) -> Email {
        let pem = self.certificate.as_bytes();
        Email::with_root_certificate(self.url(scheme), pem, FROM, TO).expect("it is usable")
    }

    fn letters(&self, python: &Path) -> Vec<Value> {
        let parse = |path| parse(python, path);
        letters(&self.server)
            .iter()
            .map(|path| parse(path))
            .collect()
    }
}

fn parse(python: &Path, letter: &Path) -> Value {
    let output = Command::new(python)
        .args(["-c", PARSER])
        .arg(letter)
        .output()
        .expect("the parser runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    serde_json::from_slice(&output.stdout).expect("the parser prints JSON")
}

async fn test(channel: &Email) -> Result<(), NotifyError> {
    channel.notify(&Notification::test("mail", "oracle")).await
}

#[tokio::test]
async fn letters_arrive_over_tls_and_say_the_same_to_another_parser() {
    let (Some(program), Some(python)) =
        (programs::require("aiosmtpd"), programs::require("python3"))
    else {
        return;
    };
    let mail = Mail::start(&program, Encryption::StartTls).await;
    let alerting = Alerting::builder("oracle")
        .notifier("mail", mail.trusting("smtp+starttls"))
        .route(Level::Critical, &["mail"])
        .build()
        .expect("the engine starts");
    let alert = Alert::new("DatabaseDown", Level::Critical, HOSTILE).with_detail("error", HOSTILE);
    let ack = alerting.fire(alert).await.expect("it is taken");
    watchkeep_tests::eventually::eventually(20, "the first letter is there", || async {
        match letters(&mail.server).len() {
            1 => Ok(()),
            count => Err(count),
        }
    })
    .await;
    assert!(
        alerting
            .resolve(ack.fingerprint())
            .await
            .expect("it is taken")
    );
    assert!(alerting.shutdown(Duration::from_secs(20)).await);

    let letters = mail.letters(&python);
    let subject = |letter: &&Value, start: &str| {
        let subject = letter["headers"]["subject"].as_str();
        subject.is_some_and(|subject| subject.starts_with(start))
    };
    let find = |start: &str| letters.iter().find(|letter| subject(letter, start));
    let first = find("ORACLE Critical: ").expect("the alert was told");
    let last = find("ORACLE Critical resolved: ").expect("its end was told");
    assert_eq!(letters.len(), 2);
    for letter in [first, last] {
        check(letter);
    }
    let header = |letter: &Value, name: &str| letter["headers"][name].as_str().map(str::to_owned);
    assert_ne!(header(first, "message-id"), header(last, "message-id"));
    assert_eq!(header(first, "references"), header(last, "references"));
    assert_eq!(header(first, "references"), header(first, "in-reply-to"));
}

/// Checks what every letter about the hostile alert has.
fn check(letter: &Value) {
    let header = |name: &str| {
        letter["headers"][name]
            .as_str()
            .expect("the header is there")
    };
    let shown = HOSTILE.replace('\r', "\\r").replace('\n', "\\n");
    assert!(header("subject").ends_with(&shown), "{letter}");
    assert_eq!(header("from"), FROM);
    assert_eq!(header("to"), TO);
    let id = header("message-id");
    assert!(id.starts_with('<') && id.ends_with("@example.org>"), "{id}");
    assert_eq!(header("auto-submitted"), "auto-generated");
    let names = letter["names"].as_array().expect("there are names");
    assert!(!names.iter().any(|name| name == "bcc"), "{letter}");
    assert_eq!(letter["defects"], serde_json::json!([]));
    let text = letter["text"].as_str().expect("there is a text");
    assert!(text.contains(&shown), "{text}");
    let attached = letter["attached"]["alerts.json"].as_str();
    let alerts: Value =
        serde_json::from_str(attached.expect("the alerts are attached")).expect("they are JSON");
    let alert = &alerts["alerts"][0];
    assert_eq!(alert["labels"]["alertname"], "DatabaseDown");
    assert_eq!(alert["annotations"]["summary"], HOSTILE);
    assert_eq!(alert["annotations"]["error"], HOSTILE);
}

#[tokio::test]
async fn a_letter_that_is_tried_again_has_the_same_id() {
    let (Some(program), Some(python)) =
        (programs::require("aiosmtpd"), programs::require("python3"))
    else {
        return;
    };
    let mail = Mail::start(&program, Encryption::FromStart).await;
    let notification = Notification::test("mail", "oracle");
    for _ in 0..2 {
        let channel = mail.trusting("smtps");
        channel.notify(&notification).await.expect("it is taken");
    }
    let letters = mail.letters(&python);
    assert_eq!(letters.len(), 2);
    let id = |at: usize| &letters[at]["headers"]["message-id"];
    assert_eq!(id(0), id(1));
    let expected = format!("<{}@example.org>", notification.id());
    assert_eq!(*id(0), expected);
}

#[tokio::test]
async fn a_server_that_wants_tls_takes_nothing_without_it() {
    let Some(program) = programs::require("aiosmtpd") else {
        return;
    };
    let mail = Mail::start(&program, Encryption::StartTls).await;
    let plain = Email::new(mail.url("smtp"), FROM, TO).expect("loopback may be plain");
    let error = test(&plain).await.expect_err("the server refuses");
    assert!(error.is_permanent(), "{error}");
    assert!(error.to_string().contains("530"), "{error}");
    assert!(letters(&mail.server).is_empty());
}

#[tokio::test]
async fn a_channel_that_wants_tls_says_nothing_without_it_or_to_a_stranger() {
    let Some(program) = programs::require("aiosmtpd") else {
        return;
    };
    let plain = Mail::start(&program, Encryption::None).await;
    test(&plain.trusting("smtp+starttls"))
        .await
        .expect_err("there is no STARTTLS");
    test(&plain.trusting("smtps"))
        .await
        .expect_err("there is no TLS");
    assert!(letters(&plain.server).is_empty());

    for (encryption, scheme) in [
        (Encryption::StartTls, "smtp+starttls"),
        (Encryption::FromStart, "smtps"),
    ] {
        let mail = Mail::start(&program, encryption).await;
        let other = Mail::start(&program, encryption).await;
        let untrusting = Email::new(mail.url(scheme), FROM, TO).expect("it is usable");
        let error = test(&untrusting).await.expect_err("nobody signed it");
        assert!(!error.is_permanent(), "{error}");
        let pem = other.certificate.as_bytes();
        let deceived = Email::with_root_certificate(mail.url(scheme), pem, FROM, TO);
        test(&deceived.expect("it is usable"))
            .await
            .expect_err("it is another's certificate");
        assert!(letters(&mail.server).is_empty());
        // And it was for the certificate only.
        test(&mail.trusting(scheme)).await.expect("it is taken");
        assert_eq!(letters(&mail.server).len(), 1);
    }
}
