//! Files that only grow, one JSON value per line.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};
use tokio::{
    fs::{self, File},
    io::AsyncWriteExt,
    sync::Mutex,
};

/// A file of JSON lines.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: Mutex<File>,
}

impl Journal {
    pub(crate) async fn open(path: &Path) -> io::Result<Self> {
        let file = File::options().create(true).append(true).open(path).await?;
        Ok(Self { path: path.to_owned(), file: Mutex::new(file) })
    }

    pub(crate) async fn append(&self, entry: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        let mut file = self.file.lock().await;
        file.write_all(&line).await?;
        file.flush().await
    }

    /// Everything in the file, oldest first, but for lines cut short by a crash.
    pub(crate) async fn read<T: DeserializeOwned>(&self) -> io::Result<Vec<T>> {
        let text = fs::read_to_string(&self.path).await?;
        Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
    }
}
