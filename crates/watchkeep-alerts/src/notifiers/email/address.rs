//! The address of a mail server, and how TLS is had with it.

use std::net::IpAddr;

use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use url::Url;

use super::Transport;
use crate::error::{Error, Kind};

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

/// How TLS is had.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Security {
    /// Not at all.
    None,
    /// From the start.
    Wrapper,
    /// After `STARTTLS`, or nothing is sent.
    Required,
}

/// Makes the transport; what it names as a problem never quotes the address.
pub(super) fn transport(address: &str, root: Option<&[u8]>) -> Result<Transport, Error> {
    let unusable = |problem| {
        Error::from(Kind::Address {
            notifier: "email",
            problem,
        })
    };
    if address.len() > 4_096 {
        return Err(unusable("it is longer than 4,096 bytes"));
    }
    let url = Url::parse(address.trim()).map_err(|_| unusable("it is not an absolute URL"))?;
    let host = url.host_str().filter(|host| !host.is_empty());
    let host = host.ok_or_else(|| unusable("it has no host"))?;
    let security = security(&url, host).map_err(unusable)?;
    // The library reads user, password, host and port of these two schemes.
    let scheme = match security {
        Security::Wrapper => "smtps",
        Security::None | Security::Required => "smtp",
    };
    let after = address
        .trim()
        .split_once("://")
        .map_or("", |(_, rest)| rest);
    let after = after.split(['?', '#']).next().unwrap_or_default();
    let mut builder = Transport::from_url(&format!("{scheme}://{after}"))
        .map_err(|_| unusable("user, password or port cannot be read"))?;
    let tls = || {
        let mut parameters = TlsParameters::builder(host.to_owned());
        if let Some(pem) = root {
            // Text without a certificate in it would be taken for none.
            let is_pem = pem
                .windows(BEGIN.len())
                .any(|window| window == BEGIN.as_bytes());
            let certificate = Certificate::from_pem(pem).ok().filter(|_| is_pem);
            let certificate =
                certificate.ok_or_else(|| unusable("the root certificate cannot be read"))?;
            parameters = parameters.add_root_certificate(certificate);
        }
        let built = parameters.build_rustls();
        built.map_err(|_| unusable("TLS cannot be set up for this host"))
    };
    builder = builder.tls(match security {
        Security::None => Tls::None,
        Security::Wrapper => Tls::Wrapper(tls()?),
        Security::Required => Tls::Required(tls()?),
    });
    if url.port().is_none() {
        builder = builder.port(match security {
            Security::None => 25,
            Security::Wrapper => 465,
            Security::Required => 587,
        });
    }
    Ok(builder.build())
}

/// Passwords and alerts go over a network only when that is asked for.
fn security(url: &Url, host: &str) -> Result<Security, &'static str> {
    match (url.scheme(), url.query()) {
        ("smtps", None) => Ok(Security::Wrapper),
        ("smtp+starttls", None) => Ok(Security::Required),
        ("smtp", Some("tls=none")) => Ok(Security::None),
        ("smtp", None) if is_loopback(host) => Ok(Security::None),
        ("smtp", None) => Err(
            "`smtp://` is without TLS: use `smtp+starttls://` or `smtps://`, or say `?tls=none`",
        ),
        ("smtp" | "smtp+starttls" | "smtps", Some(_)) => {
            Err("after `?` nothing but `tls=none` is known, and that only with `smtp://`")
        }
        _ => Err("its scheme is neither `smtp`, `smtp+starttls` nor `smtps`"),
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, expected: Result<Security, &str>) {
        let url = Url::parse(address).unwrap();
        let found = security(&url, url.host_str().unwrap());
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{address}"),
            (Err(found), Err(part)) => assert!(found.contains(part), "{address}: {found}"),
            (found, _) => panic!("{address}: {found:?}"),
        }
    }

    #[test]
    fn without_tls_goes_only_to_this_machine_or_on_demand() {
        check("smtps://mail.example", Ok(Security::Wrapper));
        check("smtp+starttls://mail.example:2525", Ok(Security::Required));
        check("smtp://127.0.0.1:2525", Ok(Security::None));
        check("smtp://[::1]", Ok(Security::None));
        check("smtp://LocalHost", Ok(Security::None));
        check("smtp://mail.example?tls=none", Ok(Security::None));
        check("smtp://mail.example", Err("without TLS"));
        check("smtp://127.0.0.1.mail.example", Err("without TLS"));
        check("smtp://mail.example?tls=maybe", Err("tls=none"));
        check("smtps://mail.example?tls=none", Err("tls=none"));
        check("http://mail.example", Err("scheme"));
    }

    #[tokio::test]
    async fn an_address_that_is_not_usable_is_not_quoted() {
        for address in [
            "",
            "mail.example:25",
            "smtp://user:hunter2@",
            "smtp://user:hunter2@mail.example",
            "smtps://user:hunter2@mail.example:99999",
            "ftp://user:hunter2@mail.example",
            &format!("smtps://{}", "hunter2".repeat(1_000)),
        ] {
            let error = transport(address, None).unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(!text.contains("hunter2"), "{text}");
        }
        let error = transport("smtps://mail.example", Some(b"hunter2")).unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"));
        transport("smtps://user:p%40ss@mail.example", None).unwrap();
    }
}
