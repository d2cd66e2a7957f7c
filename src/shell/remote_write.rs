//! Prometheus remote write 1.0: recorded samples and `ALERTS` go back to the data source.

use prost::Message;
use url::Url;

use super::clock;
use super::http::{AnswerLimit, HttpClients, Request, USER_AGENT};
use super::query_response::excerpt;
use crate::config::routes::HttpSettings;
use crate::model::{Duration, SampleValue, SeriesPoint};

/// Pauses before the second and the third try.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(500)];

/// What is read of an answer, in bytes: a message for people.
const ANSWER_LIMIT: usize = 64 * 1024;

/// Where samples are written.
#[derive(Clone, Debug)]
pub struct RemoteWrite {
    url: Url,
    http: HttpSettings,
    clients: HttpClients,
    timeout: Duration,
}

impl RemoteWrite {
    /// Writes to `url`; one try may take `timeout`.
    #[must_use]
    pub fn new(url: Url, http: HttpSettings, clients: HttpClients, timeout: Duration) -> Self {
        Self { url, http, clients, timeout }
    }

    /// Writes the samples and waits until they are taken, so that the next rule can query them. A server
    /// that cannot be reached or answers 5xx is tried again, twice and soon.
    ///
    /// # Errors
    /// The text says why the samples were not taken.
    pub async fn write(&self, points: &[SeriesPoint]) -> Result<(), String> {
        let body = encode(points)?;
        let mut pauses = PAUSES.into_iter();
        loop {
            match (self.try_once(body.clone()).await, pauses.next()) {
                (Ok(()), _) => return Ok(()),
                (Err(Failed { again: true, .. }), Some(pause)) => clock::pause(pause).await,
                (Err(failed), _) => return Err(format!("remote write: {}", failed.message)),
            }
        }
    }

    async fn try_once(&self, body: Vec<u8>) -> Result<(), Failed> {
        let request = Request {
            method: "POST",
            url: self.url.as_str(),
            http: &self.http,
            headers: vec![
                ("Content-Type", "application/x-protobuf"),
                ("Content-Encoding", "snappy"),
                ("X-Prometheus-Remote-Write-Version", "0.1.0"),
                ("User-Agent", USER_AGENT),
            ],
            body,
            may_drop_body: false,
            timeout: self.timeout.to_std(),
            answer: AnswerLimit::Start(ANSWER_LIMIT),
        };
        let answer = match self.clients.send(request).await {
            Ok(answer) => answer,
            Err(error) => return Err(Failed { again: true, message: error.to_string() }),
        };
        match answer.status {
            200..300 => Ok(()),
            status => Err(Failed {
                again: status >= 500 || status == 429,
                message: format!("HTTP {status}: {}", excerpt(&answer.body)),
            }),
        }
    }
}

struct Failed {
    again: bool,
    message: String,
}

/// The snappy-compressed protobuf message with these samples.
fn encode(points: &[SeriesPoint]) -> Result<Vec<u8>, String> {
    let timeseries = points.iter().map(series).collect::<Result<_, _>>()?;
    let message = WriteRequest { timeseries }.encode_to_vec();
    snap::raw::Encoder::new().compress_vec(&message).map_err(|error| error.to_string())
}

fn series(point: &SeriesPoint) -> Result<TimeSeries, String> {
    let value = match point.value {
        SampleValue::Float(value) => value,
        // The query API gives buckets by their bounds, remote write wants the exponential schema, which
        // cannot be recovered from them.
        SampleValue::Histogram(_) => {
            return Err(format!("native histograms cannot be recorded: {}", point.labels));
        }
    };
    let label = |(name, value): (&str, &str)| Label { name: name.to_owned(), value: value.to_owned() };
    Ok(TimeSeries {
        labels: point.labels.iter().map(label).collect(),
        samples: vec![WireSample { value, timestamp: point.at.millis() }],
    })
}

#[derive(Clone, PartialEq, Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
}

#[derive(Clone, PartialEq, Message)]
struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<WireSample>,
}

#[derive(Clone, PartialEq, Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Clone, PartialEq, Message)]
struct WireSample {
    #[prost(double, tag = "1")]
    value: f64,
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::{WriteRequest, encode};
    use crate::model::sample::{STALE_NAN_BITS, stale_nan};
    use crate::model::{Histogram, LabelSet, SampleValue, SeriesPoint, Timestamp};

    fn point(value: SampleValue) -> SeriesPoint {
        let labels = LabelSet::from_pairs([("job", "api"), ("__name__", "job:up:sum")]);
        SeriesPoint { labels, at: Timestamp::from_millis(1_726_000_000_123), value }
    }

    #[test]
    fn what_is_sent_is_what_was_recorded_and_stale_markers_keep_their_bits() {
        let points = [point(SampleValue::Float(2.5)), point(SampleValue::Float(stale_nan()))];
        let bytes = encode(&points).expect("floats");
        let message = snap::raw::Decoder::new().decompress_vec(&bytes).expect("snappy");
        let request = WriteRequest::decode(&*message).expect("protobuf");
        let names: Vec<_> = request.timeseries[0].labels.iter().map(|label| &*label.name).collect();
        assert_eq!(names, ["__name__", "job"]);
        let sample = &request.timeseries[0].samples[0];
        assert_eq!((sample.value, sample.timestamp), (2.5, 1_726_000_000_123));
        assert_eq!(request.timeseries[1].samples[0].value.to_bits(), STALE_NAN_BITS);
    }

    #[test]
    fn the_bytes_are_the_protocols() {
        let mut one = point(SampleValue::Float(1.0));
        (one.labels, one.at) = (LabelSet::from_pairs([("a", "b")]), Timestamp::from_millis(5));
        let message = snap::raw::Decoder::new().decompress_vec(&encode(&[one]).expect("floats"));
        let label = [0x0a, 0x06, 0x0a, 0x01, b'a', 0x12, 0x01, b'b'];
        let sample = [0x12, 0x0b, 0x09, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0x10, 0x05];
        let want: Vec<u8> = [0x0a, 21].into_iter().chain(label).chain(sample).collect();
        assert_eq!(message.expect("snappy"), want);
    }

    #[test]
    fn native_histograms_are_refused() {
        let histogram = Histogram { count: 1.0, sum: 1.0, buckets: Vec::new() };
        let refused = encode(&[point(SampleValue::Histogram(histogram.into()))]);
        assert!(refused.expect_err("refused").starts_with("native histograms cannot be recorded"));
    }
}
