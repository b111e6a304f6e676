//! Whether the audit log is whole.

use std::fmt;

use carehub_domain::{
    chain::{Break, Head, Imprint, Intact, Month, Proofs, Tenant},
    secret::Pepper,
};
use carehub_objects::Objects;
use carehub_store::Store;
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use crate::OperatorError;

/// How many checkpoints, or chains of a month, are read at once.
const AT_ONCE: usize = 16;

/// Where the log of a hub is, and what proves it.
#[derive(Clone, Debug)]
pub struct Archive {
    /// The log and its links.
    pub store: Store,
    /// The checkpoints.
    pub objects: Objects,
    /// What checkpoints are signed with, and were.
    pub peppers: Vec<Pepper>,
}

/// How much of the log to look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Only this chain.
    pub tenant: Option<Tenant>,
    /// Only events from this month on. Links are gone through from the first.
    pub since: Option<Month>,
}

/// What became of one chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whose chain it is.
    pub tenant: Tenant,
    /// What it shows.
    pub verdict: Result<Intact, Break>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.tenant)?;
        let intact = match self.verdict {
            Ok(intact) => intact,
            Err(found) => return write!(f, "broken at {found}"),
        };
        write!(f, "intact: {} events, {} checkpoints", intact.events, intact.checkpoints)?;
        match intact.young {
            0 => {}
            young => write!(f, ", {young} not sealed yet")?,
        }
        match intact.before {
            0 => Ok(()),
            before => write!(f, ", {before} from before the chain"),
        }
    }
}

/// Compares the log with its links, and those with their checkpoints.
pub async fn verify(
    archive: &Archive,
    scope: Scope,
    now: Timestamp,
) -> Result<Vec<Finding>, OperatorError> {
    let proofs = go_through(archive, scope, now).await?;
    // A head that is read last is behind nothing that was read before.
    let heads = archive.store.chains().heads().await?;
    let findings = proofs.finish(&heads).into_iter();
    Ok(findings.map(|(tenant, verdict)| Finding { tenant, verdict }).collect())
}

/// Links the events that should have a link and have none, as when `relay` gave them up. Says how
/// many there were.
pub async fn seal(archive: &Archive, scope: Scope, now: Timestamp) -> Result<usize, OperatorError> {
    let proofs = go_through(archive, scope, now).await?;
    let loose: Vec<Imprint> = proofs.loose().copied().collect();
    archive.store.chains().seal(&loose).await?;
    Ok(loose.len())
}

async fn go_through(
    archive: &Archive,
    scope: Scope,
    now: Timestamp,
) -> Result<Proofs, OperatorError> {
    let (chains, ledger) = (archive.store.chains(), archive.objects.ledger());
    let heads: Vec<(Tenant, Option<Head>)> = chains.heads().await?;
    let mut proofs = Proofs::begin(&heads, scope.tenant, now);
    let names = ledger.list(scope.tenant).await?;
    let mut checkpoints = stream::iter(names)
        .map(async |(tenant, number)| {
            let found = ledger.get(tenant, number).await?;
            Ok::<_, OperatorError>((tenant, number, found))
        })
        .buffer_unordered(AT_ONCE);
    while let Some((tenant, number, found)) = checkpoints.try_next().await? {
        proofs.confirm(tenant, number, found, &archive.peppers);
    }
    let last = Month::of(now);
    let first = proofs.first_month().or(scope.since).unwrap_or(last);
    for month in first.through(last) {
        let with_events = scope.since.is_none_or(|since| month >= since);
        // Links come first: an event is always there before its link.
        let mut filed = stream::iter(proofs.tenants())
            .map(async |tenant| {
                Ok::<_, OperatorError>((tenant, chains.links(tenant, month).await?))
            })
            .buffer_unordered(AT_ONCE);
        while let Some((tenant, links)) = filed.try_next().await? {
            proofs.file(tenant, links, with_events);
        }
        if with_events {
            chains.log(month, |imprint| proofs.show(&imprint)).await?;
        }
        proofs.turn_page();
    }
    Ok(proofs)
}
