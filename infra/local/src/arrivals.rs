//! What EventBridge tells of buckets on one machine: an object has arrived.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value as Json, json};
use tokio::{fs, sync::broadcast, task};

use crate::{functions::Outcome, group::Stop, journal::Journal, reasons, template::Arrivals};

const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(30);

/// How long to wait when there is nothing to do.
const QUIET: Duration = Duration::from_mins(1);

/// How many arrivals are told at once before those who listen have to look for themselves.
const CROWD: usize = 1024;

/// Tells of objects, by bucket and key.
#[derive(Clone, Debug)]
pub(crate) struct Bell(broadcast::Sender<(String, String)>);

impl Bell {
    pub(crate) fn new() -> Self {
        Self(broadcast::Sender::new(CROWD))
    }

    pub(crate) fn ring(&self, bucket: &str, key: &str) {
        // Nobody need be listening.
        let _ = self.0.send((bucket.to_owned(), key.to_owned()));
    }
}

/// A function that is told of the objects which arrive.
pub(crate) struct Watch {
    pub(crate) function: String,
    pub(crate) arrivals: Arrivals,
    /// The folder that stands for all buckets.
    pub(crate) folder: PathBuf,
    pub(crate) bell: Bell,
    pub(crate) dead_letters: Arc<Journal>,
}

/// An object that the function has not been told of, or not with success.
struct Waiting {
    refusals: u32,
    due: Instant,
}

impl Watch {
    /// Tells the function of every object, until it is time to stop.
    ///
    /// What arrived while the machine was off, or right before it went off, is found at the
    /// start. So an object that stays is told of again at every start.
    pub(crate) async fn run<F>(self, call: impl Fn(Json) -> F, stop: Stop)
    where
        F: Future<Output = Outcome<()>> + Send + 'static,
    {
        // To listen comes before to look, so that nothing falls in between.
        let mut heard = self.bell.0.subscribe();
        let mut waiting = BTreeMap::new();
        self.look(&mut waiting).await;
        loop {
            self.tell(&mut waiting, &call).await;
            let next = waiting.values().map(|one: &Waiting| one.due).min();
            let pause = next.map_or(QUIET, |due| due.saturating_duration_since(Instant::now()));
            tokio::select! {
                on = stop.sleep(pause) => if !on { return },
                arrived = heard.recv() => match arrived {
                    Ok((bucket, key)) => self.note(&mut waiting, &bucket, key),
                    Err(_) => self.look(&mut waiting).await,
                },
            }
        }
    }

    /// Finds all that is there.
    async fn look(&self, waiting: &mut BTreeMap<String, Waiting>) {
        let bucket = self.folder.join(&self.arrivals.bucket);
        match keys(&bucket).await {
            Ok(keys) => {
                for key in keys {
                    self.note(waiting, &self.arrivals.bucket, key);
                }
            }
            Err(error) => tracing::error!(%error, "a bucket cannot be listed"),
        }
    }

    fn note(&self, waiting: &mut BTreeMap<String, Waiting>, bucket: &str, key: String) {
        if bucket == self.arrivals.bucket && key.starts_with(&self.arrivals.prefix) {
            waiting.insert(key, Waiting { refusals: 0, due: Instant::now() });
        }
    }

    /// Tells of what is due, one after the other.
    async fn tell<F>(&self, waiting: &mut BTreeMap<String, Waiting>, call: impl Fn(Json) -> F)
    where
        F: Future<Output = Outcome<()>> + Send + 'static,
    {
        let now = Instant::now();
        let due: Vec<_> =
            waiting.iter().filter(|(_, one)| one.due <= now).map(|(key, _)| key.clone()).collect();
        for key in due {
            let Some(mut one) = waiting.remove(&key) else { continue };
            let event = self.event(&key);
            // In a task of its own, so that a panic costs this attempt and no more.
            let told = task::spawn(call(event.clone())).await.map_err(Into::into).flatten();
            let Err(error) = told else { continue };
            let (function, reason) = (self.function.as_str(), reasons(error.as_ref()));
            one.refusals += 1;
            let refusals = one.refusals;
            if refusals < self.arrivals.attempts {
                tracing::warn!(function, reason, refusals, "an object is refused and tried again");
                let pause = FIRST_RETRY.saturating_mul(1 << (refusals - 1).min(16));
                one.due = Instant::now() + pause.min(LAST_RETRY);
                waiting.insert(key, one);
                continue;
            }
            tracing::error!(function, reason, refusals, "an object is refused and put aside");
            let letter = json!({ "function": function, "reason": reason, "event": event });
            if let Err(error) = self.dead_letters.append(&letter).await {
                tracing::error!(%error, "a dead letter cannot be kept");
            }
        }
    }

    /// As EventBridge words it.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>
    fn event(&self, key: &str) -> Json {
        json!({
            "version": "0",
            "detail-type": "Object Created",
            "source": "aws.s3",
            "account": "000000000000",
            "region": "local",
            "detail": { "bucket": { "name": self.arrivals.bucket }, "object": { "key": key } },
        })
    }
}

/// The keys of all files in a folder, which is a bucket.
async fn keys(bucket: &Path) -> io::Result<Vec<String>> {
    let (mut keys, mut folders) = (Vec::new(), vec![bucket.to_owned()]);
    while let Some(folder) = folders.pop() {
        let mut entries = fs::read_dir(&folder).await?;
        while let Some(entry) = entries.next_entry().await? {
            let path = entry.path();
            if entry.file_type().await?.is_dir() {
                folders.push(path);
            } else if let Ok(key) = path.strip_prefix(bucket) {
                let steps = key.iter().map(|step| step.to_string_lossy());
                keys.push(steps.collect::<Vec<_>>().join("/"));
            }
        }
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use std::{env, fs, process, sync::Mutex};

    use futures_util::{FutureExt, future};

    use super::*;
    use crate::group::Group;

    #[tokio::test]
    async fn what_arrived_before_the_start_is_told_and_what_is_refused_is_put_aside() {
        let scene = Scene::new("start").await;
        scene.put("quarantine/early");
        scene.put("clean/other");

        let told = scene.run(3, |_| future::ready(Err("no".into())).boxed(), 3).await;

        assert_eq!(told, ["quarantine/early"; 3]);
        let letters: Vec<Json> = scene.dead_letters.read().await.unwrap();
        assert_eq!(letters[0]["event"]["detail"]["object"]["key"], "quarantine/early");
        assert_eq!(letters.len(), 1);
    }

    #[tokio::test]
    async fn what_arrives_is_told_once_and_a_panic_is_a_refusal() {
        let scene = Scene::new("later").await;
        let refused = Arc::new(Mutex::new(false));
        let bell = scene.bell.clone();
        scene.put("quarantine/first");

        let once = Arc::clone(&refused);
        let call = move |_: Json| {
            let first = !std::mem::replace(&mut *once.lock().unwrap(), true);
            bell.ring("files", "quarantine/second");
            bell.ring("files", "clean/second");
            bell.ring("elsewhere", "quarantine/third");
            async move {
                assert!(!first, "out of paper");
                Ok(())
            }
            .boxed()
        };
        let told = scene.run(3, call, 2).await;

        assert!(told.contains(&"quarantine/second".to_owned()), "{told:?}");
        assert!(told.iter().filter(|key| *key == "quarantine/first").count() <= 2, "{told:?}");
        assert!(told.iter().all(|key| key.starts_with("quarantine/")), "{told:?}");
    }

    struct Scene {
        folder: PathBuf,
        bell: Bell,
        dead_letters: Arc<Journal>,
    }

    impl Scene {
        async fn new(name: &str) -> Self {
            let folder = env::temp_dir().join(format!("carehub-arrivals-{name}-{}", process::id()));
            fs::create_dir_all(folder.join("files/quarantine")).unwrap();
            fs::create_dir_all(folder.join("files/clean")).unwrap();
            let dead_letters = Journal::open(&folder.join("dead-letters.jsonl")).await.unwrap();
            Self { folder, bell: Bell::new(), dead_letters: Arc::new(dead_letters) }
        }

        fn put(&self, key: &str) {
            fs::write(self.folder.join("files").join(key), "x").unwrap();
        }

        /// The keys that were told, once there are enough.
        async fn run(
            &self,
            attempts: u32,
            call: impl Fn(Json) -> future::BoxFuture<'static, Outcome<()>> + Send + Sync + 'static,
            enough: usize,
        ) -> Vec<String> {
            let watch = Watch {
                function: "inspector".to_owned(),
                arrivals: Arrivals {
                    bucket: "files".to_owned(),
                    prefix: "quarantine/".to_owned(),
                    attempts,
                },
                folder: self.folder.clone(),
                bell: self.bell.clone(),
                dead_letters: Arc::clone(&self.dead_letters),
            };
            let (told, mut counted) = tokio::sync::mpsc::unbounded_channel();
            let mut group = Group::new();
            group.spawn(|stop| {
                let call = move |event: Json| {
                    let key = event["detail"]["object"]["key"].as_str().unwrap().to_owned();
                    told.send(key).unwrap();
                    call(event)
                };
                async move { watch.run(call, stop).await }
            });
            let mut keys = Vec::new();
            while keys.len() < enough {
                keys.extend(counted.recv().await);
            }
            group.finish(Duration::from_secs(5)).await;
            keys
        }
    }

    impl Drop for Scene {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}
