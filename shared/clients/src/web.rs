//! Requests to programs of others.

use std::{
    error::Error,
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
    vec,
};

use carehub_domain::{Class, Failure, webhook::Hosts};
use http::{HeaderMap, Request, StatusCode, Uri, header::CONTENT_TYPE};
use http_body_util::BodyExt;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{HttpConnector, dns::Name},
    },
    rt::TokioExecutor,
};
use tokio::{net::lookup_host, time::timeout};
use tower::Service;

/// How long a program has to take up the connection.
const KNOCK: Duration = Duration::from_secs(3);

type Connection = Client<HttpsConnector<HttpConnector<Resolver>>, String>;

/// Posts JSON to programs of others. It follows no redirect, keeps no cookie and no connection, and
/// no setting of the environment sends it by way of a proxy.
#[derive(Clone, Debug)]
pub struct Web {
    guard: Guard,
    client: Arc<OnceLock<Connection>>,
}

/// What is asked of a program.
#[derive(Clone, Copy)]
pub struct Inquiry<'a> {
    /// Where it listens.
    pub url: &'a str,
    /// What stands above the body, beside its type.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body, as JSON.
    pub body: &'a str,
    /// How long the whole answer may take.
    pub patience: Duration,
    /// How many bytes of it are read.
    pub most: usize,
}

/// What a program answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Whether it could do it.
    pub status: StatusCode,
    /// What stood above the body.
    pub headers: HeaderMap,
    /// As much of the body as was to be read.
    pub body: Vec<u8>,
    /// Whether that is all of it.
    pub is_whole: bool,
}

/// Who may be asked.
#[derive(Clone, Debug)]
enum Guard {
    /// Whoever stands in the settings of the hub.
    Settings,
    /// Whom strangers name: programs on the open Internet, by HTTPS, and the hosts that are named
    /// here.
    Strangers(Arc<Hosts>),
}

impl Web {
    /// Asks programs whose addresses stand in the settings of the hub, wherever they are.
    pub fn of_settings() -> Self {
        Self::guarded(Guard::Settings)
    }

    /// Asks programs whose addresses strangers have entered. They must speak HTTPS and be on the
    /// open Internet, unless `exempt` names their host.
    ///
    /// Which address a name stands for is looked up once, and the connection goes to the address
    /// that was checked. So a name that stands for something else a moment later gains nothing.
    pub fn of_strangers(exempt: Hosts) -> Self {
        Self::guarded(Guard::Strangers(Arc::new(exempt)))
    }

    fn guarded(guard: Guard) -> Self {
        Self { guard, client: Arc::default() }
    }

    /// Posts an inquiry and reads the answer.
    pub async fn post(&self, inquiry: Inquiry<'_>) -> Result<Answer, WebError> {
        let uri: Uri = inquiry.url.parse().map_err(|_| WebError::Forbidden)?;
        self.guard.check(&uri)?;
        let mut request = Request::post(uri).header(CONTENT_TYPE, "application/json");
        for (name, value) in inquiry.headers {
            request = request.header(*name, *value);
        }
        let request = request.body(inquiry.body.to_owned()).map_err(failed)?;
        let answer = self.ask(request, inquiry.most);
        timeout(inquiry.patience, answer).await.map_err(|_| WebError::Late)?
    }

    async fn ask(&self, request: Request<String>, most: usize) -> Result<Answer, WebError> {
        let answer = self.client()?.request(request).await.map_err(failed)?;
        let (head, mut rest) = answer.into_parts();
        let mut body = Vec::new();
        let mut is_whole = true;
        while let Some(frame) = rest.frame().await {
            let Ok(data) = frame.map_err(failed)?.into_data() else { continue };
            let room = most - body.len();
            body.extend_from_slice(&data[..data.len().min(room)]);
            if data.len() > room {
                is_whole = false;
                break;
            }
        }
        Ok(Answer { status: head.status, headers: head.headers, body, is_whole })
    }

    /// The certificates of authorities are read when somebody is asked for the first time.
    fn client(&self) -> Result<&Connection, WebError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let mut connector = HttpConnector::new_with_resolver(Resolver(self.guard.clone()));
        connector.enforce_http(false);
        connector.set_connect_timeout(Some(KNOCK));
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::aws_lc_rs::default_provider())
            .map_err(failed)?
            .https_or_http()
            .enable_http1()
            .wrap_connector(connector);
        // A connection that slept with the function is dead more often than not.
        let client =
            Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Ok(self.client.get_or_init(|| client))
    }
}

impl fmt::Debug for Inquiry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inquiry").finish_non_exhaustive()
    }
}

impl Guard {
    /// Checks what can be said of an address before its name is looked up. A host that is an
    /// address itself is never looked up.
    fn check(&self, uri: &Uri) -> Result<(), WebError> {
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(WebError::Forbidden);
        };
        if authority.as_str().contains('@') {
            return Err(WebError::Forbidden);
        }
        let host = authority.host();
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let may = match (self.lets_in(bare), scheme) {
            (true, "http" | "https") => true,
            (false, "https") => bare.parse::<IpAddr>().is_ok_and(is_public) || is_name(bare),
            _ => false,
        };
        if may { Ok(()) } else { Err(WebError::Forbidden) }
    }

    /// Whether a host may be anywhere.
    fn lets_in(&self, host: &str) -> bool {
        match self {
            Self::Settings => true,
            Self::Strangers(exempt) => exempt.has(&host.to_ascii_lowercase()),
        }
    }
}

fn is_name(host: &str) -> bool {
    host.parse::<IpAddr>().is_err()
}

/// Looks up names, and leaves out every address that is not to be reached.
#[derive(Clone, Debug)]
struct Resolver(Guard);

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let lets_in = self.0.lets_in(name.as_str());
        Box::pin(async move {
            let found = lookup_host((name.as_str(), 0)).await?;
            let reachable = found.filter(|address| lets_in || is_public(address.ip()));
            let reachable: Vec<_> = reachable.collect();
            if reachable.is_empty() {
                return Err(io::Error::other(
                    "the name stands for no address of the open Internet",
                ));
            }
            Ok(reachable.into_iter())
        })
    }
}

/// Whether an address is one of the open Internet: no machine next door, no service of a cloud,
/// nothing that leads to one.
/// <https://www.iana.org/assignments/iana-ipv4-special-registry>
/// <https://www.iana.org/assignments/iana-ipv6-special-registry>
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => is_public_v4(address),
            None => is_public_v6(address),
        },
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224.., ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 168, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !special
}

/// Of the sixth version only `2000::/3` is given out; what is in it for protocols, documents and ways
/// back to the fourth is left out.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let given_out = a & 0xe000 == 0x2000;
    let special =
        matches!((a, b), (0x2001, 0..=0x01ff | 0x0db8) | (0x2002, _) | (0x3fff, 0..=0x0fff));
    given_out && !special
}

/// Why a program gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// It is not where the hub asks.
    #[error("the address is not one that the hub asks")]
    Forbidden,
    /// It took too long.
    #[error("the program took too long")]
    Late,
    /// It cannot be reached, or its answer cannot be read.
    #[error("the program cannot be reached")]
    Unreachable(#[source] Box<dyn Error + Send + Sync>),
}

fn failed(error: impl Error + Send + Sync + 'static) -> WebError {
    WebError::Unreachable(error.into())
}

impl Failure for WebError {
    fn class(&self) -> Class {
        match self {
            Self::Forbidden => Class::Unavailable,
            Self::Late => Class::Unavailable,
            Self::Unreachable(_) => Class::Unavailable,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Forbidden => "web-forbidden",
            Self::Late => "web-late",
            Self::Unreachable(_) => "web-unreachable",
        }
    }
}

#[cfg(test)]
mod tests;
