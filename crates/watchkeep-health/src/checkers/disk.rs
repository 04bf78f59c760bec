//! Room on a disk.

use std::path::PathBuf;

use crate::check::CheckError;

/// Fails while fewer than `at_least_bytes` are free, for others than root, on the file system that holds `path`;
/// for [`Component::blocking`](crate::Component::blocking), since a network file system may hang.
pub fn disk_space(
    path: impl Into<PathBuf>,
    at_least_bytes: u64,
) -> impl Fn() -> Result<(), CheckError> + Send + Sync + 'static {
    let path = path.into();
    move || {
        let shown = path.display();
        let found = rustix::fs::statvfs(&path)
            .map_err(|error| CheckError::new(format!("{shown} cannot be looked at: {error}")))?;
        let free = found.f_bavail.saturating_mul(found.f_frsize);
        if free < at_least_bytes {
            return Err(CheckError::new(format!(
                "{free} bytes are free for {shown}, {at_least_bytes} is the least"
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_compared_and_a_missing_path_fails() {
        let folder = tempfile::tempdir().unwrap();
        disk_space(folder.path(), 1)().unwrap();
        let error = disk_space(folder.path(), u64::MAX)().unwrap_err();
        assert!(error.message().contains("is the least"), "{error}");
        let error = disk_space(folder.path().join("nothing"), 1)().unwrap_err();
        assert!(error.message().contains("cannot be looked at"), "{error}");
    }
}
