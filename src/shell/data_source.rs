//! The client of a Prometheus-compatible query API.

use std::sync::Arc;

use tokio::sync::Semaphore;
use url::Url;

use super::http::{AnswerLimit, HttpClients, HttpError, Request};
use super::query_response::{
    ApiGroup, RawSeries, RuleSettings, read_answer, read_external_url, read_rule_settings, read_rules,
    read_series,
};
use crate::config::routes::HttpSettings;
use crate::model::{Duration, QueryValue, Timestamp};
use crate::rules::QueryError;

/// The largest answer that is read, in bytes: some hundred thousand series.
const ANSWER_LIMIT: usize = 256 * 1024 * 1024;

/// How much longer than the query itself we wait for its answer, so that the data source's own "timed
/// out" arrives, which says more than our giving up.
const GRACE: Duration = Duration::from_millis(500);

/// Asks instant queries, a limited number at a time.
#[derive(Clone, Debug)]
pub struct DataSource {
    base: Url,
    endpoint: Url,
    http: Arc<HttpSettings>,
    clients: HttpClients,
    timeout: Duration,
    slots: Arc<Semaphore>,
}

impl DataSource {
    /// A client for the server at `base`, whose path may be a prefix. At most `concurrency` queries are
    /// asked at once and each may take `timeout`.
    #[must_use]
    pub fn new(
        base: &Url,
        http: HttpSettings,
        clients: HttpClients,
        timeout: Duration,
        concurrency: usize,
    ) -> Self {
        let slots = Arc::new(Semaphore::new(concurrency.max(1)));
        let (base, endpoint) = (base.clone(), endpoint(base, "api/v1/query"));
        Self { base, endpoint, http: Arc::new(http), clients, timeout, slots }
    }

    /// The value of `expr` at `at`.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn query(&self, expr: &str, at: Timestamp) -> Result<QueryValue, QueryError> {
        let (status, body) = self.ask(expr, at).await?;
        read_answer(status, &body)
    }

    /// The samples that `selector` has from `from` to `to`, both included, with the times that they are stored
    /// with. Stale markers are not among them: the API does not tell them.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn samples(
        &self,
        selector: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<RawSeries>, QueryError> {
        // Ranges are open on the left in Prometheus 3, closed in Prometheus 2.
        let range = to.since(from).millis().max(0).saturating_add(1);
        let (status, body) = self.ask(&format!("{selector}[{range}ms]"), to).await?;
        let mut series = read_series(status, &body)?;
        for one in &mut series {
            one.floats.retain(|(at, _)| *at >= from.millis());
            one.histograms.retain(|(at, _)| *at >= from.millis());
        }
        Ok(series)
    }

    /// The rules that the data source itself evaluates.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn rules(&self) -> Result<Vec<ApiGroup>, QueryError> {
        let (status, body) = self.get("api/v1/rules").await?;
        read_rules(status, &body)
    }

    /// What its configuration says for all of its rules. Only Prometheus itself tells that.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn rule_settings(&self) -> Result<RuleSettings, QueryError> {
        let (status, body) = self.get("api/v1/status/config").await?;
        read_rule_settings(status, &body)
    }

    /// Where people reach it, if it was told that (`--web.external-url`). Only Prometheus itself says so.
    ///
    /// # Errors
    /// See [`QueryError`].
    pub async fn external_url(&self) -> Result<Option<String>, QueryError> {
        let (status, body) = self.get("api/v1/status/flags").await?;
        read_external_url(status, &body)
    }

    async fn get(&self, path: &str) -> Result<(u16, Vec<u8>), QueryError> {
        let url = endpoint(&self.base, path);
        self.send("GET", &url, Vec::new(), vec![("Accept", "application/json")]).await
    }

    async fn ask(&self, expr: &str, at: Timestamp) -> Result<(u16, Vec<u8>), QueryError> {
        let _slot = self.slots.acquire().await; // never closed; without a slot we would still be right
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("query", expr)
            .append_pair("time", &seconds(at))
            .append_pair("timeout", &self.timeout.to_string())
            .finish();
        let headers =
            vec![("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")];
        self.send("POST", &self.endpoint, body.into_bytes(), headers).await
    }

    async fn send(
        &self,
        method: &str,
        url: &Url,
        body: Vec<u8>,
        headers: Vec<(&str, &str)>,
    ) -> Result<(u16, Vec<u8>), QueryError> {
        let request = Request {
            method,
            url: url.as_str(),
            http: &self.http,
            headers,
            body,
            may_drop_body: false,
            timeout: (self.timeout + GRACE).to_std(),
            answer: AnswerLimit::Whole(ANSWER_LIMIT),
        };
        match self.clients.send(request).await {
            Ok(answer) => Ok((answer.status, answer.body)),
            Err(error @ HttpError::TooLarge(_)) => Err(QueryError::Malformed(error.to_string())),
            Err(error) => Err(QueryError::Unreachable(error.to_string())),
        }
    }
}

/// `path` below the path of `base`, which may end with a slash or not. A query string of `base` is kept.
fn endpoint(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url.set_fragment(None);
    url
}

/// Seconds with exactly the milliseconds as fraction, so that nothing is rounded on the way.
fn seconds(at: Timestamp) -> String {
    let millis = at.millis();
    let sign = if millis < 0 { "-" } else { "" };
    format!("{sign}{}.{:03}", millis.unsigned_abs() / 1000, millis.unsigned_abs() % 1000)
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::{endpoint, seconds};
    use crate::model::Timestamp;

    #[test]
    fn the_path_of_the_url_is_a_prefix() {
        for (base, want) in [
            ("http://a:9090", "http://a:9090/api/v1/query"),
            ("http://a:9090/", "http://a:9090/api/v1/query"),
            ("https://a/select/0/prometheus", "https://a/select/0/prometheus/api/v1/query"),
            ("https://a/prom/?tenant=x", "https://a/prom/api/v1/query?tenant=x"),
        ] {
            assert_eq!(endpoint(&Url::parse(base).expect("valid"), "api/v1/query").as_str(), want);
        }
    }

    #[test]
    fn times_keep_their_milliseconds() {
        for (millis, want) in [(0, "0.000"), (1_726_000_000_123, "1726000000.123"), (-1_050, "-1.050")] {
            assert_eq!(seconds(Timestamp::from_millis(millis)), want);
        }
    }
}
