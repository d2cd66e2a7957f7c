//! Connections, one pool for each way to connect. A pool is replaced when the files of its certificates change.

use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::redirect::Policy;

use super::proxy::Proxies;
use super::{HttpError, USER_AGENT};
use crate::config::http::{HttpSettings, OAuth2Settings, ProxySettings, TlsSettings};
use crate::model::Str;
use crate::shell::tls;

/// How long connecting may take, whatever the request's own limit is.
const CONNECT_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

/// After how much silence an HTTP/2 connection is asked whether it is still there, and how long it has to answer:
/// as Prometheus' clients do it.
const PING_INTERVAL: std::time::Duration = std::time::Duration::from_secs(60);
const PING_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(15);

/// Pools. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Pools(Arc<Mutex<Vec<Pool>>>);

/// How to connect.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Transport<'a> {
    tls: &'a TlsSettings,
    proxy: &'a ProxySettings,
    http1_only: bool,
}

impl<'a> Transport<'a> {
    /// To whom these settings are for.
    pub(super) fn of(http: &'a HttpSettings) -> Self {
        Self { tls: &http.tls, proxy: &http.proxy, http1_only: http.http1_only }
    }

    /// To the server that gives tokens.
    pub(super) fn to_token_server(oauth2: &'a OAuth2Settings) -> Self {
        Self { tls: &oauth2.tls, proxy: &oauth2.proxy, http1_only: false }
    }
}

#[derive(Debug)]
struct Pool {
    tls: TlsSettings,
    proxy: ProxySettings,
    http1_only: bool,
    /// The files of its certificates when they were read.
    stamps: Vec<Option<Stamp>>,
    client: reqwest::Client,
}

/// What changes with a file: its length, where it is, and when it was written.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    size: u64,
    inode: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Pools {
    /// Forgets all connections.
    pub(super) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Who connects so.
    ///
    /// # Errors
    /// A certificate cannot be used, or the proxy's address is none.
    pub(super) async fn client(&self, transport: Transport<'_>) -> Result<reqwest::Client, HttpError> {
        // Before the files are read: if they change meanwhile, the next request notices.
        let stamps = stamps(transport.tls).await;
        if let Some(client) = self.known(transport, &stamps) {
            return Ok(client);
        }
        let Transport { tls, proxy, http1_only } = transport;
        let (tls, proxy) = (tls.clone(), proxy.clone());
        let built = tokio::task::spawn_blocking(move || {
            let client = build(&tls, &proxy, http1_only)?;
            Ok::<Pool, HttpError>(Pool { tls, proxy, http1_only, stamps, client })
        });
        let pool = built.await.map_err(|died| HttpError::Setup(died.to_string()))??;
        let client = pool.client.clone();
        let mut pools = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pools.retain(|known| known.transport() != transport);
        pools.push(pool);
        Ok(client)
    }

    fn known(&self, transport: Transport<'_>, stamps: &[Option<Stamp>]) -> Option<reqwest::Client> {
        let pools = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = |pool: &&Pool| pool.transport() == transport && pool.stamps == stamps;
        pools.iter().find(fits).map(|pool| pool.client.clone())
    }
}

impl Pool {
    fn transport(&self) -> Transport<'_> {
        Transport { tls: &self.tls, proxy: &self.proxy, http1_only: self.http1_only }
    }
}

/// The state of the files of certificates; `None` for one that is not there.
async fn stamps(tls: &TlsSettings) -> Vec<Option<Stamp>> {
    let files = [&tls.ca_file, &tls.cert_file, &tls.key_file].into_iter().flatten();
    let files: Vec<Str> = files.cloned().collect();
    if files.is_empty() {
        return Vec::new();
    }
    let read = tokio::task::spawn_blocking(move || files.iter().map(|file| stamp(file)).collect());
    read.await.unwrap_or_default()
}

fn stamp(file: &str) -> Option<Stamp> {
    let found = std::fs::metadata(file).ok()?;
    Some(Stamp {
        size: found.size(),
        inode: found.ino(),
        modified: (found.mtime(), found.mtime_nsec()),
        changed: (found.ctime(), found.ctime_nsec()),
    })
}

fn build(tls: &TlsSettings, proxy: &ProxySettings, http1_only: bool) -> Result<reqwest::Client, HttpError> {
    let mut builder = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECT_TIMEOUT)
        // A connection that is dead without a word must not swallow one request after the other.
        .http2_keep_alive_interval(PING_INTERVAL)
        .http2_keep_alive_timeout(PING_TIMEOUT)
        .http2_keep_alive_while_idle(true)
        .redirect(Policy::none())
        .referer(false)
        .no_proxy();
    for proxy in Proxies::new(proxy, super::proxy::environment)?.into_iter().flat_map(Proxies::into_rules) {
        builder = builder.proxy(proxy?);
    }
    if http1_only {
        builder = builder.http1_only();
    }
    if let Some(mut config) = tls::client_config(tls)? {
        if http1_only {
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
        }
        builder = builder.tls_backend_preconfigured(config);
    }
    builder.build().map_err(|error| HttpError::Setup(error.without_url().to_string()))
}
