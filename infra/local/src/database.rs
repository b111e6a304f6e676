//! DynamoDB on one machine: dynoxide on a file.

use std::{path::Path, time::Duration};

use aws_sdk_dynamodb::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region},
};
use dynoxide::{Database, DynoxideError, server, storage::Storage};
use tokio::{net::TcpListener, task};

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
    Client::from_conf(
        Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(Credentials::new(ACCESS_KEY, ACCESS_KEY, None, None, "local"))
            .region(Region::from_static("local"))
            .endpoint_url(format!("http://127.0.0.1:{port}"))
            .build(),
    )
}
