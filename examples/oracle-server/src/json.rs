//! JSON objects as structs: serde would also take an array for one.

use serde::de::{DeserializeOwned, Error as _};

/// Reads one JSON object.
pub(crate) fn object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    let value: T = serde_json::from_slice(bytes)?;
    if bytes.trim_ascii_start().first() == Some(&b'{') {
        Ok(value)
    } else {
        Err(serde_json::Error::custom("expected an object"))
    }
}
