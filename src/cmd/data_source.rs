//! The data source as an argument: where it is, who we are to it, how long it may take.

use clap::Args;
use url::Url;

use super::credentials::auth;
use super::time_words::pair;
use crate::config::routes::{HttpSettings, SecretSource, TlsSettings};
use crate::model::{Duration, Str};
use crate::shell::data_source::DataSource;
use crate::shell::http::HttpClients;

/// The arguments that say it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Data source")]
pub(super) struct DataSourceArguments {
    /// The data source: Prometheus or any server with its API. The path may be a prefix
    #[arg(long, env = "SERENO_PROMETHEUS_URL", value_name = "URL", default_value = "http://127.0.0.1:9090")]
    pub(super) prometheus_url: Url,
    /// User name for basic authentication
    #[arg(long, env = "SERENO_PROMETHEUS_USERNAME", value_name = "NAME")]
    prometheus_username: Option<String>,
    /// File with the password for basic authentication, read for each request
    #[arg(
        long,
        env = "SERENO_PROMETHEUS_PASSWORD_FILE",
        value_name = "FILE",
        requires = "prometheus_username"
    )]
    prometheus_password_file: Option<String>,
    /// File with a bearer token, read for each request
    #[arg(
        long,
        env = "SERENO_PROMETHEUS_BEARER_TOKEN_FILE",
        value_name = "FILE",
        conflicts_with = "prometheus_username"
    )]
    prometheus_bearer_token_file: Option<String>,
    /// A header to send, such as `X-Scope-OrgID=team`. Can be given several times
    #[arg(long = "prometheus-header", env = "SERENO_PROMETHEUS_HEADER", value_name = "NAME=VALUE", value_delimiter = ',', value_parser = pair)]
    prometheus_headers: Vec<(String, String)>,
    /// Certificates (PEM) of the authorities to trust, instead of the system's
    #[arg(long, env = "SERENO_PROMETHEUS_CA_FILE", value_name = "FILE")]
    prometheus_ca_file: Option<String>,
    /// Certificate (PEM) that shows who we are
    #[arg(long, env = "SERENO_PROMETHEUS_CERT_FILE", value_name = "FILE", requires = "prometheus_key_file")]
    prometheus_cert_file: Option<String>,
    /// Private key (PEM) of that certificate
    #[arg(long, env = "SERENO_PROMETHEUS_KEY_FILE", value_name = "FILE", requires = "prometheus_cert_file")]
    prometheus_key_file: Option<String>,
    /// The name that the server's certificate must have, if it is not the URL's
    #[arg(long, env = "SERENO_PROMETHEUS_SERVER_NAME", value_name = "NAME")]
    prometheus_server_name: Option<String>,
    /// Take any certificate. Whoever is between us and the data source can then decide what fires
    #[arg(long, env = "SERENO_PROMETHEUS_INSECURE_SKIP_VERIFY")]
    prometheus_insecure_skip_verify: bool,
    /// How long one query may take
    #[arg(long, env = "SERENO_QUERY_TIMEOUT", value_name = "DURATION", default_value = "30s", value_parser = positive)]
    pub(super) query_timeout: Duration,
    /// How many queries may run at once
    #[arg(long, env = "SERENO_QUERY_CONCURRENCY", value_name = "COUNT", default_value_t = 20)]
    query_concurrency: usize,
}

impl DataSourceArguments {
    /// How requests to it are made.
    pub(super) fn http(&self) -> HttpSettings {
        let text = |value: &Option<String>| value.as_deref().map(Str::from);
        let auth = auth(
            self.prometheus_username.as_deref(),
            self.prometheus_password_file.as_deref(),
            self.prometheus_bearer_token_file.as_deref(),
        );
        let tls = TlsSettings {
            ca_file: text(&self.prometheus_ca_file),
            cert_file: text(&self.prometheus_cert_file),
            key_file: text(&self.prometheus_key_file),
            server_name: text(&self.prometheus_server_name),
            insecure_skip_verify: self.prometheus_insecure_skip_verify,
            ..TlsSettings::default()
        };
        let header = |(name, value): &(String, String)| {
            (name.as_str().into(), SecretSource::Inline(value.as_str().into()))
        };
        let headers = self.prometheus_headers.iter().map(header).collect();
        HttpSettings { auth, tls, follow_redirects: true, headers, ..HttpSettings::default() }
    }

    /// Its client.
    pub(super) fn client(&self, clients: HttpClients) -> DataSource {
        let (url, limit) = (&self.prometheus_url, self.query_concurrency);
        DataSource::new(url, self.http(), clients, self.query_timeout, limit)
    }
}

fn positive(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text).map(Duration::from_std) {
        Ok(Duration::ZERO) => Err("must be longer than 0".to_owned()),
        Ok(duration) => Ok(duration),
        Err(error) => Err(error.to_string()),
    }
}
