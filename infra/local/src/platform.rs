//! The whole platform in one process.

use std::{
    error::Error,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use aws_sdk_apigatewaymanagement::config::{BehaviorVersion, Credentials, Region};
use axum::Router;
use carehub_api::{AppState, config::ConfigError, lambda};
use carehub_clients::{AwsQueues, AwsWire, Queue, SharedPost, SharedQueues, SharedWire};
use carehub_domain::clock::{SharedClock, SystemClock};
use carehub_operator::audit::Archive;
use carehub_sqs::{Engine, OpenError, Sqs};
use carehub_store::Store;
use dynoxide::{Database, DynoxideError};
use tokio::net::TcpListener;

use crate::{
    arrivals::{Bell, Watch},
    database::{self, ACCESS_KEY, Written},
    dev::Backstage,
    folder::{Folder, FolderError, SECRETS},
    functions::{self, Model},
    gateway::{self, Gateway},
    group::Group,
    journal::Journal,
    objects::{self, ObjectsError},
    options::Options,
    outbox::Outbox,
    queues::{self, Mapping},
    schedules::Timer,
    secrets::{Secrets, Services},
    streams::Reader,
    tables::{self, TableError},
    template::{
        Arrivals, Bucket, Function, Intake, Schedule, Stream, Template, TemplateError, Trigger,
    },
    websocket::Sockets,
};

/// What the names of tables begin with on one machine.
pub const PREFIX: &str = "carehub";

/// How long a stop waits for what is under way.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many batches of a queue a function works on at once.
const AT_ONCE: usize = 2;

/// A running platform.
#[derive(Debug)]
pub struct Platform {
    /// Where the API listens.
    pub gateway: SocketAddr,
    /// Where DynamoDB listens.
    pub dynamodb: SocketAddr,
    /// Where S3 listens.
    pub s3: SocketAddr,
    /// Where SQS listens.
    pub sqs: SocketAddr,
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
        let sqs = bind(everyone, options.sqs_port, "--sqs-port").await?;
        let addresses =
            (gateway.local_addr()?, dynamodb.local_addr()?, s3.local_addr()?, sqs.local_addr()?);
        let folder = Folder::open(&options.data, options.fresh)?;
        let secrets = Secrets::open(&folder.secrets()).map_err(StartError::Secrets)?;
        if options.share {
            tracing::warn!(
                "DynamoDB, S3 and SQS are open to every machine that can reach this one"
            );
            let services = Services {
                bucket: files(&template),
                gateway: addresses.0.port(),
                dynamodb: addresses.1.port(),
                s3: addresses.2.port(),
                sqs: addresses.3.port(),
            };
            secrets.export(&folder.exported(), &services).map_err(StartError::Secrets)?;
        }
        let database = database::open(&folder.database())?;
        let bell = Bell::new();
        let buckets: Vec<_> = template.buckets.iter().map(|one| one.name().to_owned()).collect();
        let objects_at = objects::at(addresses.2.port(), files(&template));
        let objects_at = objects_at.with_ledger(ledger(&template));
        let objects = objects::open(&folder.objects(), &buckets, bell.clone())?;
        let clock: SharedClock = Arc::new(SystemClock);
        let engine = Engine::open(&folder.queues(), template.queues.clone())?;
        let messages = Sqs::new(engine, Arc::clone(&clock));
        let mut services = Group::new();
        services.spawn(|stop| database::serve(database.clone(), dynamodb, stop));
        services.spawn(|stop| database::sweep(database.clone(), stop));
        services.spawn(|stop| objects::serve(objects, s3, stop));
        services.spawn(|stop| queues::serve(messages.clone(), sqs, stop));

        let written = Written::new();
        let client = database::telling_client(addresses.1.port(), written.clone());
        tables::create(&client, &template.tables).await?;
        let outbox = Arc::new(Outbox::open(&folder.outbox(), Arc::clone(&clock)).await?);
        let store = Store::new(client, PREFIX);
        let mut config = secrets.config()?;
        if config.public_url.is_none() {
            config.public_url = format!("http://{}", addresses.0).try_into().ok();
        }
        if config.realtime_url.is_none() {
            config.realtime_url = format!("ws://{}/ws", addresses.0).try_into().ok();
        }
        let state = lambda::assemble(&config, store.clone(), objects_at)?;
        let post: SharedPost = outbox.clone();
        let dead_letters = Arc::new(Journal::open(&folder.dead_letters()).await?);
        let wiring = Wiring {
            model: Model::of(&config),
            state,
            post,
            queues: errands(addresses.3.port()),
            wire: wire(addresses.0),
            folder: &folder,
            clock,
            database,
            written,
            bell,
            messages,
            dead_letters,
        };
        let functions = wiring.functions(template, gateway, outbox.router())?;

        let (gateway, dynamodb, s3, sqs) = addresses;
        Ok(Self { gateway, dynamodb, s3, sqs, store, functions, services, _folder: folder })
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
    model: Model,
    state: AppState,
    post: SharedPost,
    queues: SharedQueues,
    wire: SharedWire,
    folder: &'a Folder,
    clock: SharedClock,
    database: Database,
    written: Written,
    bell: Bell,
    messages: Sqs,
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
        let mut timers = Vec::new();
        let mut sockets = None;
        let routers = functions::routers(&self.state);
        for Function { name, timeout, triggers } in &template.functions {
            for trigger in triggers {
                let known = match trigger {
                    Trigger::Http(_) => routers.get(name.as_str()).map(|_| ()),
                    Trigger::Stream(stream) => self.follow(&mut group, name, stream),
                    Trigger::Queue(intake) => self.feed(&mut group, name, intake, *timeout),
                    Trigger::Schedule(schedule) => {
                        self.timer(name, schedule).map(|timer| timers.push(timer))
                    }
                    Trigger::Arrivals(arrivals) => self.watch(&mut group, name, arrivals),
                    Trigger::WebSocket(_) => functions::listener(name, &self.state, &self.wire)
                        .map(|listener| sockets = Some(listener)),
                };
                known.ok_or_else(|| StartError::Nobody(name.clone()))?;
            }
        }
        for timer in &timers {
            group.spawn(|stop| Arc::clone(timer).run(stop));
        }
        let (sqs, dead_letters) = (self.messages.clone(), Arc::clone(&self.dead_letters));
        let development = development.merge(Backstage { sqs, timers, dead_letters }.router());
        let sockets = sockets
            .map(|listener| Sockets::new(listener, Arc::clone(&self.clock), group.stop()).router());
        let development = development.merge(sockets.unwrap_or_default());
        let router = Gateway::new(template, routers).router(development);
        group.spawn(|stop| gateway::serve(router, listener, stop));
        Ok(group)
    }

    fn follow(&self, group: &mut Group, name: &str, stream: &Stream) -> Option<()> {
        let consumer = functions::consumer(name, &self.state, &self.queues, &self.wire)?;
        let reader = Reader {
            function: name.to_owned(),
            stream: stream.clone(),
            database: self.database.clone(),
            written: self.written.listen(),
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

    fn feed(
        &self,
        group: &mut Group,
        name: &str,
        intake: &Intake,
        timeout: Duration,
    ) -> Option<()> {
        let mapping = Mapping {
            function: name.to_owned(),
            timeout,
            intake: intake.clone(),
            sqs: self.messages.clone(),
        };
        for _ in 0..AT_ONCE {
            let worker = functions::worker(name, &self.state, &self.post, &self.model)?;
            group.spawn(|stop| mapping.clone().run(worker, stop));
        }
        Some(())
    }

    fn timer(&self, name: &str, schedule: &Schedule) -> Option<Arc<Timer>> {
        Some(Arc::new(Timer {
            function: name.to_owned(),
            schedule: schedule.clone(),
            clock: Arc::clone(&self.clock),
            task: functions::task(name, &self.state, &self.queues)?,
            mark: self.folder.mark(name, &schedule.name),
            run: Mutex::default(),
        }))
    }
}

/// The records of a platform that runs, with its DynamoDB at `port`.
pub fn store_at(port: u16) -> Store {
    Store::new(database::client(port), PREFIX)
}

/// The log of a platform that runs, with its DynamoDB and its S3 at these ports.
pub fn archive_at(
    options: &Options,
    dynamodb_port: u16,
    s3_port: u16,
) -> Result<Archive, StartError> {
    let template = Template::load(&options.template, PREFIX)?;
    let secrets = Secrets::open(&options.data.join(SECRETS)).map_err(StartError::Secrets)?;
    Ok(Archive {
        store: store_at(dynamodb_port),
        objects: objects::at(s3_port, files(&template)).with_ledger(ledger(&template)),
        peppers: lambda::peppers(&secrets.config()?)?,
    })
}

/// The bucket of the files.
fn files(template: &Template) -> &str {
    bucket(template, "files")
}

/// The bucket of the checkpoints of the audit log.
fn ledger(template: &Template) -> &str {
    bucket(template, "ledger")
}

fn bucket<'t>(template: &'t Template, what: &'t str) -> &'t str {
    let named = |bucket: &&Bucket| bucket.name().starts_with(&format!("{PREFIX}-{what}"));
    template.buckets.iter().find(named).map_or(what, Bucket::name)
}

/// The queues of a platform that runs, with its SQS at `port`.
pub fn queues_at(port: u16) -> aws_sdk_sqs::Client {
    queues::client(port)
}

/// The queues that functions put errands on, with SQS at `port`.
fn errands(port: u16) -> SharedQueues {
    let at = |name: &str| {
        let host = format!("127.0.0.1:{port}");
        Some(carehub_sqs::Queue::url_of(&host, &format!("{PREFIX}-{name}")))
    };
    let addresses = [
        (Queue::Sms, at("sms")),
        (Queue::Mail, at("mail")),
        (Queue::Webhooks, at("webhooks")),
        (Queue::Pharmacy, at("pharmacy.fifo")),
        (Queue::Recommendations, at("recommendations")),
    ];
    Arc::new(AwsQueues::new(addresses, move || async move { queues::client(port) }))
}

/// The live connections of the gateway at this address.
fn wire(gateway: SocketAddr) -> SharedWire {
    let configure = || {
        aws_sdk_apigatewaymanagement::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::new(ACCESS_KEY, ACCESS_KEY, None, None, "local"))
            .region(Region::from_static("local"))
    };
    Arc::new(AwsWire::new(Some(format!("http://{gateway}")), move || async move { configure() }))
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
    /// The queues cannot be opened.
    #[error(transparent)]
    Queues(#[from] OpenError),
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
