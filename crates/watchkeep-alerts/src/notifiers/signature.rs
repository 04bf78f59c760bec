//! Standard Webhooks signatures.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::error::{Error, Kind};

/// A signing key; never shown.
#[derive(Clone)]
pub(crate) struct Secret {
    key: Vec<u8>,
}

impl Secret {
    /// Reads `whsec_` and 24 to 64 bytes in Base64.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let Some(encoded) = text.strip_prefix("whsec_") else {
            return Err(Kind::Secret("it does not begin with `whsec_`").into());
        };
        let Ok(key) = STANDARD.decode(encoded) else {
            return Err(Kind::Secret("what follows `whsec_` is not Base64").into());
        };
        if !(24..=64).contains(&key.len()) {
            return Err(Kind::Secret("it is not 24 to 64 bytes long").into());
        }
        Ok(Self { key })
    }

    /// Signs one try: `v1,` and the Base64 of the HMAC-SHA256 over id, time and body.
    pub(crate) fn sign(&self, id: &str, unix_seconds: i64, body: &[u8]) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("an HMAC takes a key of any length");
        mac.update(format!("{id}.{unix_seconds}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_specification() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = secret.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[track_caller]
    fn check_refused(text: &str, expected: &str) {
        let error = Secret::parse(text).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the webhook secret is not usable: {expected}")
        );
    }

    #[test]
    fn bad_secrets_are_refused_without_quoting_them() {
        check_refused("hunter2", "it does not begin with `whsec_`");
        check_refused("whsec_hunter2!", "what follows `whsec_` is not Base64");
        check_refused("whsec_aHVudGVyMg==", "it is not 24 to 64 bytes long");
        let long = STANDARD.encode([7; 65]);
        check_refused(&format!("whsec_{long}"), "it is not 24 to 64 bytes long");
    }

    #[test]
    fn a_secret_does_not_show_in_debug() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }
}
