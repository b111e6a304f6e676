//! The folder that holds everything the one machine remembers.

use std::{
    fs::{self, DirBuilder, File},
    io,
    path::{Path, PathBuf},
};

/// The file of the secrets.
pub(crate) const SECRETS: &str = "secrets.json";

/// The folder, `.carehub` unless told otherwise.
///
/// As long as it exists, no other process can open the same folder.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Opens the folder, creating it where needed; a `fresh` one has nothing in it.
    pub(crate) fn open(path: &Path, fresh: bool) -> Result<Self, FolderError> {
        let unusable = |error| FolderError::Unusable(path.to_owned(), error);
        let lock = path.join("carehub.lock");
        // A mistyped path must not cost anyone their files.
        if fresh
            && !lock.exists()
            && fs::read_dir(path).is_ok_and(|mut found| found.next().is_some())
        {
            return Err(FolderError::Foreign(path.to_owned()));
        }
        private().create(path).map_err(unusable)?;
        let lock = File::create(lock).map_err(unusable)?;
        lock.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => FolderError::Busy(path.to_owned()),
            fs::TryLockError::Error(error) => unusable(error),
        })?;
        let folder = Self { path: path.to_owned(), _lock: lock };
        if fresh {
            folder.clear().map_err(unusable)?;
        }
        for path in [folder.objects(), folder.progress()] {
            private().create(path).map_err(unusable)?;
        }
        Ok(folder)
    }

    fn clear(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_name() == "carehub.lock" {
                continue;
            }
            if entry.file_type()?.is_dir() {
                fs::remove_dir_all(entry.path())?;
            } else {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path.join("dynamodb.sqlite")
    }

    pub(crate) fn queues(&self) -> PathBuf {
        self.path.join("sqs.sqlite")
    }

    pub(crate) fn objects(&self) -> PathBuf {
        self.path.join("s3")
    }

    pub(crate) fn secrets(&self) -> PathBuf {
        self.path.join(SECRETS)
    }

    pub(crate) fn exported(&self) -> PathBuf {
        self.path.join("sam-env.json")
    }

    pub(crate) fn outbox(&self) -> PathBuf {
        self.path.join("outbox.jsonl")
    }

    pub(crate) fn dead_letters(&self) -> PathBuf {
        self.path.join("dead-letters.jsonl")
    }

    /// How far `function` has come with `what`.
    pub(crate) fn mark(&self, function: &str, what: &str) -> Mark {
        Mark(self.progress().join(format!("{function}.{what}")))
    }

    fn progress(&self) -> PathBuf {
        self.path.join("progress")
    }
}

/// Makes folders that other people of the machine cannot look into.
fn private() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// How far some work has come, kept between starts.
#[derive(Clone, Debug)]
pub(crate) struct Mark(PathBuf);

impl Mark {
    pub(crate) fn read(&self) -> io::Result<Option<String>> {
        match fs::read_to_string(&self.0) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Moves the mark; a crash leaves the old one or the new one.
    pub(crate) fn write(&self, text: &str) -> io::Result<()> {
        let new = self.0.with_added_extension("new");
        fs::write(&new, text)?;
        fs::rename(&new, &self.0)
    }
}

/// A folder that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The disk says no.
    #[error("the folder {} cannot be used", .0.display())]
    Unusable(PathBuf, #[source] io::Error),
    /// Another process is using it.
    #[error("the folder {} is in use by another CareHub", .0.display())]
    Busy(PathBuf),
    /// It is someone else's.
    #[error("the folder {} holds other files, so --fresh leaves it alone", .0.display())]
    Foreign(PathBuf),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_folder_remembers_nothing() {
        let path = scratch("fresh");
        let mark = Folder::open(&path, false).unwrap().mark("relay", "events");
        mark.write("7").unwrap();
        assert_eq!(mark.read().unwrap().as_deref(), Some("7"));

        drop(Folder::open(&path, true).unwrap());

        assert_eq!(mark.read().unwrap(), None);
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn a_folder_serves_one_process_at_a_time() {
        let path = scratch("busy");
        let first = Folder::open(&path, false).unwrap();

        assert!(matches!(Folder::open(&path, true), Err(FolderError::Busy(_))));

        drop(first);
        Folder::open(&path, false).unwrap();
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn other_peoples_files_are_not_cleared() {
        let path = scratch("foreign");
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("thesis.txt"), "final").unwrap();

        assert!(matches!(Folder::open(&path, true), Err(FolderError::Foreign(_))));

        assert!(path.join("thesis.txt").exists());
        fs::remove_dir_all(path).unwrap();
    }

    fn scratch(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("carehub-{name}-{}", std::process::id()))
    }
}
