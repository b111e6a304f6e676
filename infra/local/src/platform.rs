//! The whole platform in one process.

use std::{
    error::Error,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::Router;
use carehub_api::{AppState, config::ConfigError, lambda};
use carehub_clients::SharedPost;
use carehub_domain::clock::{SharedClock, SystemClock};
use carehub_store::Store;
use dynoxide::{Database, DynoxideError};
use tokio::net::TcpListener;

use crate::{
    arrivals::{Bell, Watch},
    database,
    folder::{Folder, FolderError},
    functions,
    gateway::{self, Gateway},
    group::Group,
    journal::Journal,
    objects::{self, ObjectsError},
    options::Options,
    outbox::Outbox,
    schedules::Timer,
    secrets::Secrets,
    streams::Reader,
    tables::{self, TableError},
    template::{Arrivals, Bucket, Function, Schedule, Stream, Template, TemplateError, Trigger},
};

/// What the names of tables begin with on one machine.
pub const PREFIX: &str = "carehub";

/// How long a stop waits for what is under way.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running platform.
#[derive(Debug)]
pub struct Platform {
    /// Where the API listens.
    pub gateway: SocketAddr,
    /// Where DynamoDB listens.
    pub dynamodb: SocketAddr,
    /// Where S3 listens.
    pub s3: SocketAddr,
    store: Store,
    functions: Group,
    services: Group,
    _folder: Folder,
}

impl Platform {
    /// Starts everything that the template declares.
    pub async fn start(options: &Options) -> Result<Self, StartError> {
        let template = Template::load(&options.template, PREFIX)?;
        let everyone = if options.share { Ipv4Addr::UNSPECIFIED } else { Ipv4Addr::LOCALHOST };
        let gateway = bind(Ipv4Addr::LOCALHOST, options.port, "--port").await?;
        let dynamodb = bind(everyone, options.dynamodb_port, "--dynamodb-port").await?;
        let s3 = bind(everyone, options.s3_port, "--s3-port").await?;
        let addresses = (gateway.local_addr()?, dynamodb.local_addr()?, s3.local_addr()?);
        let folder = Folder::open(&options.data, options.fresh)?;
        let secrets = Secrets::open(&folder.secrets()).map_err(StartError::Secrets)?;
        if options.share {
            tracing::warn!("DynamoDB and S3 are open to every machine that can reach this one");
            secrets
                .export(&folder.exported(), addresses.1.port(), addresses.2.port())
                .map_err(StartError::Secrets)?;
        }
        let database = database::open(&folder.database())?;
        let bell = Bell::new();
        let buckets: Vec<_> = template.buckets.iter().map(|one| one.name().to_owned()).collect();
        let bucket = template.buckets.first().map_or("files", Bucket::name);
        let objects_at = objects::at(addresses.2.port(), bucket);
        let objects = objects::open(&folder.objects(), &buckets, bell.clone())?;
        let mut services = Group::new();
        services.spawn(|stop| database::serve(database.clone(), dynamodb, stop));
        services.spawn(|stop| database::sweep(database.clone(), stop));
        services.spawn(|stop| objects::serve(objects, s3, stop));

        let client = database::client(addresses.1.port());
        tables::create(&client, &template.tables).await?;
        let clock: SharedClock = Arc::new(SystemClock);
        let outbox = Arc::new(Outbox::open(&folder.outbox(), Arc::clone(&clock)).await?);
        let store = Store::new(client, PREFIX);
        let mut config = secrets.config()?;
        if config.public_url.is_none() {
            config.public_url = format!("http://{}", addresses.0).try_into().ok();
        }
        let state = lambda::assemble(&config, store.clone(), objects_at)?;
        let post: SharedPost = outbox.clone();
        let dead_letters = Arc::new(Journal::open(&folder.dead_letters()).await?);
        let wiring = Wiring { state, post, folder: &folder, clock, database, bell, dead_letters };
        let functions = wiring.functions(template, gateway, outbox.router())?;

        let (gateway, dynamodb, s3) = addresses;
        Ok(Self { gateway, dynamodb, s3, store, functions, services, _folder: folder })
    }

    /// The records that the functions work on.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Finishes what is under way, then stops.
    pub async fn stop(self) {
        self.functions.finish(PATIENCE).await;
        self.services.finish(PATIENCE).await;
    }
}

/// What connects the functions with what triggers them.
struct Wiring<'a> {
    state: AppState,
    post: SharedPost,
    folder: &'a Folder,
    clock: SharedClock,
    database: Database,
    bell: Bell,
    dead_letters: Arc<Journal>,
}

impl Wiring<'_> {
    /// Starts whatever calls the functions of the template.
    fn functions(
        &self,
        template: Template,
        listener: TcpListener,
        development: Router,
    ) -> Result<Group, StartError> {
        let mut group = Group::new();
        let routers = functions::routers(&self.state);
        for Function { name, triggers } in &template.functions {
            for trigger in triggers {
                let known = match trigger {
                    Trigger::Http(_) => routers.get(name.as_str()).map(|_| ()),
                    Trigger::Stream(stream) => self.follow(&mut group, name, stream),
                    Trigger::Schedule(schedule) => self.time(&mut group, name, schedule),
                    Trigger::Arrivals(arrivals) => self.watch(&mut group, name, arrivals),
                };
                known.ok_or_else(|| StartError::Nobody(name.clone()))?;
            }
        }
        let router = Gateway::new(template, routers).router(development);
        group.spawn(|stop| gateway::serve(router, listener, stop));
        Ok(group)
    }

    fn follow(&self, group: &mut Group, name: &str, stream: &Stream) -> Option<()> {
        let consumer = functions::consumer(name, &self.state, &self.post)?;
        let reader = Reader {
            function: name.to_owned(),
            stream: stream.clone(),
            database: self.database.clone(),
            mark: self.folder.mark(name, &stream.table),
            dead_letters: Arc::clone(&self.dead_letters),
        };
        group.spawn(|stop| reader.run(consumer, stop));
        Some(())
    }

    fn watch(&self, group: &mut Group, name: &str, arrivals: &Arrivals) -> Option<()> {
        let receiver = functions::receiver(name, &self.state)?;
        let watch = Watch {
            function: name.to_owned(),
            arrivals: arrivals.clone(),
            folder: self.folder.objects(),
            bell: self.bell.clone(),
            dead_letters: Arc::clone(&self.dead_letters),
        };
        group.spawn(|stop| watch.run(receiver, stop));
        Some(())
    }

    fn time(&self, group: &mut Group, name: &str, schedule: &Schedule) -> Option<()> {
        let task = functions::task(name, &self.state)?;
        let timer = Timer {
            function: name.to_owned(),
            schedule: schedule.clone(),
            clock: Arc::clone(&self.clock),
            mark: self.folder.mark(name, &schedule.name),
        };
        group.spawn(|stop| timer.run(task, stop));
        Some(())
    }
}

/// The records of a platform that runs, with its DynamoDB at `port`.
pub fn store_at(port: u16) -> Store {
    Store::new(database::client(port), PREFIX)
}

async fn bind(host: Ipv4Addr, port: u16, flag: &'static str) -> Result<TcpListener, StartError> {
    TcpListener::bind((host, port)).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => StartError::PortTaken { port, flag },
        _ => StartError::Io(error),
    })
}

/// Why the platform does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Someone else listens there.
    #[error("port {port} is taken: stop whatever uses it, or choose another with {flag}")]
    PortTaken {
        /// The port.
        port: u16,
        /// The flag that chooses it.
        flag: &'static str,
    },
    /// The template cannot be followed.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The database cannot be opened.
    #[error("the database cannot be opened")]
    Database(#[from] DynoxideError),
    /// The objects cannot be opened.
    #[error(transparent)]
    Objects(#[from] ObjectsError),
    /// A table cannot be created.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The secrets cannot be kept.
    #[error("the secrets cannot be kept")]
    Secrets(#[source] Box<dyn Error + Send + Sync>),
    /// A setting of the environment makes no sense.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The template declares a trigger of a function that has none.
    #[error("the template triggers {0} in a way that infra/local/src/functions.rs does not know")]
    Nobody(String),
    /// A file or a socket fails.
    #[error(transparent)]
    Io(#[from] io::Error),
}
