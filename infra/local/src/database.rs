//! DynamoDB on one machine: dynoxide on a file.

use std::{path::Path, time::Duration};

use aws_sdk_dynamodb::{
    Client, Config,
    config::{
        self, BehaviorVersion, ConfigBag, Credentials, Intercept, Region, RuntimeComponents,
        interceptors::FinalizerInterceptorContextRef,
    },
    error::BoxError,
    operation::{batch_get_item::BatchGetItemOutput, get_item::GetItemOutput, query::QueryOutput},
};
use dynoxide::{Database, DynoxideError, server, storage::Storage};
use tokio::{net::TcpListener, sync::watch, task};

use crate::group::Stop;

/// Who may use the services of the one machine: everyone who can reach them.
pub(crate) const ACCESS_KEY: &str = "local";

const SWEEP_INTERVAL: Duration = Duration::from_mins(1);

/// Opens the database in `file`, creating it where needed.
pub(crate) fn open(file: &Path) -> Result<Database, DynoxideError> {
    let file = file.to_string_lossy();
    Storage::new(&file)?.conn().execute_batch(STREAM_UPKEEP)?;
    Database::new(&file)
}

// dynoxide keeps every stream record and looks for the last one by reading all of them, on every
// write. DynamoDB forgets them after a day; a machine may stay switched off for longer than that.
// The last one of a table stays, as the numbers continue from it.
const STREAM_UPKEEP: &str = "
    CREATE INDEX IF NOT EXISTS carehub_stream_order
        ON _stream_records (table_name, CAST(sequence_number AS INTEGER));
    DELETE FROM _stream_records
        WHERE created_at < unixepoch() - 30 * 86400
        AND id NOT IN (SELECT max(id) FROM _stream_records GROUP BY table_name);";

/// Serves the database until it is time to stop.
pub(crate) async fn serve(database: Database, listener: TcpListener, stop: Stop) {
    if let Err(error) = server::serve_with_shutdown(listener, database, stop.requested()).await {
        tracing::error!(error, "DynamoDB stopped");
    }
}

/// Deletes expired items now and then.
pub(crate) async fn sweep(database: Database, stop: Stop) {
    while stop.sleep(SWEEP_INTERVAL).await {
        let database = database.clone();
        match task::spawn_blocking(move || database.sweep_ttl()).await {
            Ok(Ok(0)) => {}
            Ok(Ok(count)) => tracing::debug!(count, "expired items deleted"),
            Ok(Err(error)) => tracing::error!(%error, "expired items cannot be deleted"),
            Err(error) => tracing::error!(%error, "expired items cannot be deleted"),
        }
    }
}

/// A client of the DynamoDB that listens at `port`.
pub(crate) fn client(port: u16) -> Client {
    Client::from_conf(at(port).build())
}

/// The same, whose writes are told.
pub(crate) fn telling_client(port: u16, written: Written) -> Client {
    Client::from_conf(at(port).interceptor(written).build())
}

fn at(port: u16) -> config::Builder {
    Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(Credentials::new(ACCESS_KEY, ACCESS_KEY, None, None, "local"))
        .region(Region::from_static("local"))
        .endpoint_url(format!("http://127.0.0.1:{port}"))
}

/// Tells at once that something may have been written.
///
/// The database tells nobody, so the client does. Others may write as well, so whoever listens
/// looks for themselves now and then.
#[derive(Clone, Debug)]
pub(crate) struct Written(watch::Sender<()>);

impl Written {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(()))
    }

    pub(crate) fn listen(&self) -> watch::Receiver<()> {
        self.0.subscribe()
    }

    pub(crate) fn tell(&self) {
        self.0.send_replace(());
    }
}

impl Intercept for Written {
    fn name(&self) -> &'static str {
        "Written"
    }

    /// Whatever did not surely only look may have written, also what failed on its way back.
    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let looked = match context.output_or_error() {
            Some(Ok(output)) => {
                output.downcast_ref::<GetItemOutput>().is_some()
                    || output.downcast_ref::<BatchGetItemOutput>().is_some()
                    || output.downcast_ref::<QueryOutput>().is_some()
            }
            Some(Err(_)) | None => false,
        };
        if !looked {
            self.tell();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::{
        AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
        ScalarAttributeType,
    };

    use super::*;
    use crate::group::Group;

    #[tokio::test]
    async fn a_write_is_told_and_a_look_is_not() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut group = Group::new();
        group.spawn(|stop| serve(Database::memory().unwrap(), listener, stop));
        let written = Written::new();
        let client = telling_client(port, written.clone());
        let pk = AttributeDefinition::builder()
            .attribute_name("pk")
            .attribute_type(ScalarAttributeType::S);
        let hash = KeySchemaElement::builder().attribute_name("pk").key_type(KeyType::Hash);
        let table = client
            .create_table()
            .table_name("people")
            .attribute_definitions(pk.build().unwrap())
            .key_schema(hash.build().unwrap())
            .billing_mode(BillingMode::PayPerRequest);
        table.send().await.unwrap();
        let ana = || AttributeValue::S("ana".to_owned());
        let mut heard = written.listen();

        let put = client.put_item().table_name("people").item("pk", ana());
        put.send().await.unwrap();
        assert!(heard.has_changed().unwrap());
        heard.mark_unchanged();

        let get = client.get_item().table_name("people").key("pk", ana());
        assert!(get.send().await.unwrap().item.is_some());
        assert!(!heard.has_changed().unwrap());

        let put = client.put_item().table_name("people").item("pk", ana());
        put.condition_expression("attribute_not_exists(pk)").send().await.unwrap_err();
        assert!(heard.has_changed().unwrap());
        group.finish(Duration::from_secs(5)).await;
    }
}
