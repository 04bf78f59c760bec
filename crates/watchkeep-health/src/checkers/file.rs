//! The age of a file.

use std::path::PathBuf;
use std::time::Duration;

use crate::check::CheckError;
use crate::clock;

/// Fails when the file is missing, or was last written longer ago than `most`; for
/// [`Component::blocking`](crate::Component::blocking).
///
/// For backups, exports, and whatever a job of others leaves behind. A time in the future counts as now.
pub fn file_age(
    path: impl Into<PathBuf>,
    most: Duration,
) -> impl Fn() -> Result<(), CheckError> + Send + Sync + 'static {
    let path = path.into();
    move || {
        let shown = path.display();
        let written = std::fs::metadata(&path)
            .and_then(|file| file.modified())
            .map_err(|error| CheckError::new(format!("{shown} cannot be looked at: {error}")))?;
        let age = clock::age(written);
        if age > most {
            let (age, most) = (age.as_secs(), most.as_secs());
            return Err(CheckError::new(format!(
                "{shown} is {age} s old, {most} s is the most"
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_be_as_old_as_it_may() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export");
        let check = file_age(&path, Duration::from_secs(60));
        assert!(
            check()
                .unwrap_err()
                .message()
                .contains("cannot be looked at")
        );
        let file = std::fs::File::create(&path).unwrap();
        check().unwrap();
        let written = file.metadata().unwrap().modified().unwrap();
        file.set_modified(written - Duration::from_secs(61))
            .unwrap();
        let message = check().unwrap_err().to_string();
        assert!(message.contains("60 s is the most"), "{message}");
        file.set_modified(written + Duration::from_secs(3_600))
            .unwrap();
        check().unwrap();
    }
}
