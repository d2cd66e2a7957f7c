//! The JSON of each endpoint, as Prometheus 3.14 writes it, over a small store.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use tower::ServiceExt;

use super::{Metadata, QueryLimits, Storage, router};
use crate::model::Duration;
use crate::promql::memory::MemoryStore;
use crate::promql::notation::{SequenceValue, parse_series};
use crate::promql::source::Source;
use crate::shell::clock::Clock;

/// Samples each minute from 0 on.
const SERIES: [&str; 5] = [
    r#"up{job="api",instance="a"} 1 1 0 1"#,
    r#"up{job="api",instance="b"} 1 1 1 1"#,
    r#"up{job="db",instance="c"} 1 1"#,
    r#"latency{job="api"} {{schema:0 sum:5 count:4 z_bucket:1 z_bucket_w:0.001 buckets:[1 2] n_buckets:[0 1]}}x3"#,
    r#"odd{job="<&>"} NaN Inf 1e-9 1e21"#,
];

#[derive(Debug)]
struct Fixed(MemoryStore);

impl Fixed {
    fn new() -> Self {
        let mut store = MemoryStore::default();
        for line in SERIES {
            let series = parse_series(line).expect("valid");
            for (value, at) in series.values.into_iter().zip((0..).step_by(60_000)) {
                if let SequenceValue::Value(value) = value {
                    store.append(&series.labels, at, value).expect("times rise");
                }
            }
        }
        Self(store)
    }
}

impl Storage for Fixed {
    fn read(&self, look: &mut dyn FnMut(&dyn Source)) {
        look(&self.0);
    }

    fn metadata(&self) -> Vec<Metadata> {
        let one = |metric, kind, help| Metadata { metric, kind, help, unit: "" };
        vec![
            one("up", "gauge", "Whether it is."),
            one("latency", "histogram", "How long."),
            one("latency", "gauge", "Another idea."),
        ]
    }
}

fn api(limits: QueryLimits) -> Router {
    router(Arc::new(Fixed::new()), Arc::new(Clock::default()), limits)
}

async fn send(limits: QueryLimits, request: Request<Body>) -> String {
    let answer = api(limits).oneshot(request).await.expect("it answers");
    let status = answer.status().as_u16();
    let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await.expect("a body");
    format!("{status} {}", String::from_utf8_lossy(&body))
}

/// Status and body of a `GET`. Parameters are `name=value`, not encoded yet.
async fn get(path: &str, parameters: &[&str]) -> String {
    get_within(QueryLimits::default(), path, parameters).await
}

async fn get_within(limits: QueryLimits, path: &str, parameters: &[&str]) -> String {
    let uri = format!("{path}?{}", form(parameters));
    send(limits, Request::get(uri).body(Body::empty()).expect("valid")).await
}

fn form(parameters: &[&str]) -> String {
    let pairs = parameters.iter().map(|pair| pair.split_once('=').expect("name=value"));
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The error of a request that has one: status, kind and text.
async fn refused(path: &str, parameters: &[&str]) -> String {
    let answer = get(path, parameters).await;
    let (status, body) = answer.split_once(' ').expect("a status");
    let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(body["status"], "error", "{body}");
    format!(
        "{status} {}: {}",
        body["errorType"].as_str().expect("a kind"),
        body["error"].as_str().expect("a text")
    )
}

#[tokio::test]
async fn an_instant_query_has_each_type_of_result() {
    let ask = async |query: &str| get("/api/v1/query", &["time=60.5", &format!("query={query}")]).await;
    insta::assert_snapshot!(ask("up{job='api'}").await, @r#"200 {"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","instance":"a","job":"api"},"value":[60.5,"1"]},{"metric":{"__name__":"up","instance":"b","job":"api"},"value":[60.5,"1"]}]}}"#);
    insta::assert_snapshot!(ask("nothing").await, @r#"200 {"status":"success","data":{"resultType":"vector","result":[]}}"#);
    insta::assert_snapshot!(ask("1 / 3").await, @r#"200 {"status":"success","data":{"resultType":"scalar","result":[60.5,"0.3333333333333333"]}}"#);
    insta::assert_snapshot!(ask("'some \"text\"'").await, @r#"200 {"status":"success","data":{"resultType":"string","result":[60.5,"some \"text\""]}}"#);
    insta::assert_snapshot!(ask("odd[5m]").await, @r#"200 {"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"odd","job":"<&>"},"values":[[0,"NaN"],[60,"+Inf"]]}]}}"#);
    insta::assert_snapshot!(ask("latency").await, @r#"200 {"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"latency","job":"api"},"histogram":[60.5,{"count":"4","sum":"5","buckets":[[1,"-2","-1","1"],[3,"-0.001","0.001","1"],[0,"0.5","1","1"],[0,"1","2","2"]]}]}]}}"#);
}

#[tokio::test]
async fn a_range_query_is_always_a_matrix() {
    let ask = async |query: &str, more: &[&str]| {
        let query = format!("query={query}");
        get("/api/v1/query_range", &[&["start=0", "end=180", "step=1m", &query], more].concat()).await
    };
    insta::assert_snapshot!(ask("sum(up)", &[]).await, @r#"200 {"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[0,"3"],[60,"3"],[120,"2"],[180,"3"]]}]}}"#);
    insta::assert_snapshot!(ask("up{job='db'}", &["lookback_delta=30"]).await, @r#"200 {"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up","instance":"c","job":"db"},"values":[[0,"1"],[60,"1"]]}]}}"#);
    insta::assert_snapshot!(ask("sum(latency) > 0", &[]).await, @r#"200 {"status":"success","data":{"resultType":"matrix","result":[]},"infos":["PromQL info: incompatible sample types encountered for binary operator \">\": histogram > float (1:1)"]}"#);
    insta::assert_snapshot!(ask("odd", &["limit=1"]).await, @r#"200 {"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"odd","job":"<&>"},"values":[[0,"NaN"],[60,"+Inf"],[120,"1e-09"],[180,"1e+21"]]}]}}"#);
}

#[tokio::test]
async fn remarks_and_limits_are_told_beside_the_result() {
    let ask = async |more: &[&str]| get("/api/v1/query", &[&["time=60"], more].concat()).await;
    insta::assert_snapshot!(ask(&["query=up", "limit=1"]).await, @r#"200 {"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","instance":"a","job":"api"},"value":[60,"1"]}]},"warnings":["results truncated due to limit"]}"#);
    insta::assert_snapshot!(ask(&["query=rate(odd[5m])"]).await, @r#"200 {"status":"success","data":{"resultType":"vector","result":[{"metric":{"job":"<&>"},"value":[60,"NaN"]}]},"infos":["PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \"odd\" (1:6)"]}"#);
    insta::assert_snapshot!(ask(&["query=quantile(2, up)"]).await, @r#"200 {"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[60,"+Inf"]}]},"warnings":["PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)"]}"#);
    let stats = ask(&["query=up", "stats=all"]).await;
    for part in
        [r#""stats":{"samples":{"peakSamples":"#, r#""totalQueryableSamples":3"#, r#""evalTotalTime":"#]
    {
        assert!(stats.contains(part), "{stats}");
    }
    let old = ask(&["query=up", "stats=yes"]).await;
    assert!(old.contains(r#"value \"yes\" for parameter \"stats\" is deprecated"#), "{old}");
}

#[tokio::test]
async fn parameters_come_by_url_or_form_and_the_form_wins() {
    let post = async |uri: &str, body: &str| {
        let kind = "Application/x-www-form-urlencoded; charset=UTF-8";
        let request = Request::post(uri).header("Content-Type", kind);
        send(QueryLimits::default(), request.body(Body::from(body.to_owned())).expect("valid")).await
    };
    let one = r#"200 {"status":"success","data":{"resultType":"scalar","result":[7,"1"]}}"#;
    assert_eq!(post("/api/v1/query", "query=1&time=7").await, one);
    assert_eq!(post("/api/v1/query?query=2&time=7", "query=1").await, one);
    let range = "query=1&start=0&end=0&step=1";
    assert!(post("/api/v1/query_range", range).await.contains(r#"[{"metric":{},"values":[[0,"1"]]}]"#));
    let series = post("/api/v1/series", "match%5B%5D=up%7Bjob%3D%22db%22%7D").await;
    assert!(series.contains(r#"[{"__name__":"up","instance":"c","job":"db"}]"#), "{series}");
    assert!(post("/api/v1/labels", "limit=1").await.contains(r#"["__name__"]"#));
}

#[tokio::test]
async fn series_names_and_values_of_labels_are_listed() {
    for (path, parameters, want) in [
        (
            "series",
            &["match[]=up{instance=~'a|c'}", "match[]={job='db'}"][..],
            r#"[{"__name__":"up","instance":"a","job":"api"},{"__name__":"up","instance":"c","job":"db"}]"#,
        ),
        ("series", &["match[]=up", "start=90", "end=100"], "[]"),
        (
            "series",
            &["match[]=up", "start=150"],
            r#"[{"__name__":"up","instance":"a","job":"api"},{"__name__":"up","instance":"b","job":"api"}]"#,
        ),
        ("labels", &[], r#"["__name__","instance","job"]"#),
        ("labels", &["match[]=latency"], r#"["__name__","job"]"#),
        ("label/job/values", &[], r#"["<&>","api","db"]"#),
        ("label/job/values", &["match[]=up"], r#"["api","db"]"#),
        ("label/__name__/values", &["start=1970-01-01T00:02:30Z"], r#"["latency","odd","up"]"#),
        ("label/U__job/values", &["match[]=up{instance='c'}"], r#"["db"]"#),
        ("label/none/values", &[], "[]"),
    ] {
        let want = format!(r#"200 {{"status":"success","data":{want}}}"#);
        assert_eq!(get(&format!("/api/v1/{path}"), parameters).await, want, "{path} {parameters:?}");
    }
    insta::assert_snapshot!(get("/api/v1/label/job/values", &["limit=1"]).await, @r#"200 {"status":"success","data":["<&>"],"warnings":["results truncated due to limit"]}"#);
}

#[tokio::test]
async fn what_is_wrong_has_prometheus_words() {
    for (path, parameters, want) in [
        (
            "query",
            &["query=sum("][..],
            "400 bad_data: invalid parameter \"query\": 1:5: parse error: unclosed left parenthesis",
        ),
        (
            "query",
            &["query="],
            "400 bad_data: invalid parameter \"query\": unknown position: parse error: no expression found in input",
        ),
        (
            "query",
            &["query=1", "time=x"],
            "400 bad_data: invalid parameter \"time\": invalid time value for 'time': cannot parse \"x\" to a valid timestamp",
        ),
        (
            "query",
            &["query=1", "timeout=x"],
            "400 bad_data: invalid parameter \"timeout\": cannot parse \"x\" to a valid duration",
        ),
        (
            "query",
            &["query=1", "lookback_delta=x"],
            "400 bad_data: error parsing lookback delta duration: cannot parse \"x\" to a valid duration",
        ),
        (
            "query",
            &["query=1", "limit=-1"],
            "400 bad_data: invalid parameter \"limit\": limit must be non-negative",
        ),
        (
            "query",
            &["query=1", "limit=x"],
            "400 bad_data: invalid parameter \"limit\": strconv.Atoi: parsing \"x\": invalid syntax",
        ),
        ("query", &["query=up", "timeout=0"], "503 timeout: query timed out in expression evaluation"),
        (
            "query",
            &["query=up * on(job) up", "time=0"],
            "422 execution: found duplicate series for the match group {job=\"api\"} on the right hand-side of the operation: [{__name__=\"up\", instance=\"a\", job=\"api\"}, {__name__=\"up\", instance=\"b\", job=\"api\"}];many-to-many matching not allowed: matching labels must be unique on one side",
        ),
        (
            "query_range",
            &["query=up", "end=1", "step=1"],
            "400 bad_data: invalid parameter \"start\": cannot parse \"\" to a valid timestamp",
        ),
        (
            "query_range",
            &["query=up", "start=2", "end=1", "step=1"],
            "400 bad_data: invalid parameter \"end\": end timestamp must not be before start time",
        ),
        (
            "query_range",
            &["query=up", "start=0", "end=1"],
            "400 bad_data: invalid parameter \"step\": cannot parse \"\" to a valid duration",
        ),
        (
            "query_range",
            &["query=up", "start=0", "end=1", "step=0"],
            "400 bad_data: invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer",
        ),
        (
            "query_range",
            &["query=up", "start=0", "end=11001", "step=1"],
            "400 bad_data: exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)",
        ),
        (
            "query_range",
            &["query=up[1m]", "start=0", "end=1", "step=1"],
            "400 bad_data: invalid parameter \"query\": invalid expression type \"range vector\" for range query, must be Scalar or instant Vector",
        ),
        ("series", &["start=0"], "400 bad_data: no match[] parameter provided"),
        (
            "series",
            &["match[]={}"],
            "400 bad_data: invalid parameter \"match[]\": match[] must contain at least one non-empty matcher",
        ),
        (
            "series",
            &["match[]=up", "end=x"],
            "400 bad_data: invalid parameter \"end\": invalid time value for 'end': cannot parse \"x\" to a valid timestamp",
        ),
        (
            "labels",
            &["match[]={job=~'.*'}"],
            "400 bad_data: match[] must contain at least one non-empty matcher",
        ),
        (
            "label/job/values",
            &["match[]=up{"],
            "400 bad_data: 1:4: parse error: unexpected end of input inside braces",
        ),
        ("metadata", &["limit=x"], "400 bad_data: limit must be a number"),
    ] {
        assert_eq!(refused(&format!("/api/v1/{path}"), parameters).await, want, "{path} {parameters:?}");
    }
    let most = get("/api/v1/query_range", &["query=1", "start=0", "end=11000", "step=1"]).await;
    assert!(most.starts_with("200 "), "11,000 steps are allowed: {most}");
}

#[tokio::test]
async fn expressions_are_formatted_and_taken_apart() {
    let long = "sum by (job) (rate(latency{job=~'api|db'}[5m])) / on (job) group_left () sum by (job) (rate(odd[5m])) > 1";
    insta::assert_snapshot!(get("/api/v1/format_query", &["query=sum(up)by(job)"]).await, @r#"200 {"status":"success","data":"sum by (job) (up)"}"#);
    let query = format!("query={long}");
    insta::assert_snapshot!(get("/api/v1/format_query", &[&query]).await, @r#"200 {"status":"success","data":"    sum by (job) (rate(latency{job=~\"api|db\"}[5m]))\n  / on (job) group_left ()\n    sum by (job) (rate(odd[5m]))\n>\n  1"}"#);
    let tree = async |query: &str| get("/api/v1/parse_query", &[&format!("query={query}")]).await;
    insta::assert_snapshot!(tree("up{job='a'} offset -5m @ start()").await, @r#"200 {"status":"success","data":{"anchored":false,"matchers":[{"name":"job","type":"=","value":"a"},{"name":"__name__","type":"=","value":"up"}],"name":"up","offset":-300000,"offsetExpr":null,"smoothed":false,"startOrEnd":"start","timestamp":null,"type":"vectorSelector"}}"#);
    insta::assert_snapshot!(tree("a * on (x) group_left (y) b").await, @r#"200 {"status":"success","data":{"bool":false,"lhs":{"anchored":false,"matchers":[{"name":"__name__","type":"=","value":"a"}],"name":"a","offset":0,"offsetExpr":null,"smoothed":false,"startOrEnd":null,"timestamp":null,"type":"vectorSelector"},"matching":{"card":"many-to-one","fillValues":{"lhs":null,"rhs":null},"include":["y"],"labels":["x"],"on":true},"op":"*","rhs":{"anchored":false,"matchers":[{"name":"__name__","type":"=","value":"b"}],"name":"b","offset":0,"offsetExpr":null,"smoothed":false,"startOrEnd":null,"timestamp":null,"type":"vectorSelector"},"type":"binaryExpr"}}"#);
    insta::assert_snapshot!(tree("topk(2, rate(up[5m:] @ 1.5)) == bool -1").await, @r#"200 {"status":"success","data":{"bool":true,"lhs":{"expr":{"args":[{"expr":{"anchored":false,"matchers":[{"name":"__name__","type":"=","value":"up"}],"name":"up","offset":0,"offsetExpr":null,"smoothed":false,"startOrEnd":null,"timestamp":null,"type":"vectorSelector"},"offset":0,"offsetExpr":null,"range":300000,"rangeExpr":null,"startOrEnd":null,"step":0,"stepExpr":null,"timestamp":1500,"type":"subquery"}],"func":{"argTypes":["matrix"],"name":"rate","returnType":"vector","variadic":0},"type":"call"},"grouping":[],"op":"topk","param":{"type":"numberLiteral","val":"2"},"type":"aggregation","without":false},"matching":null,"op":"==","rhs":{"type":"numberLiteral","val":"-1"},"type":"binaryExpr"}}"#);
    insta::assert_snapshot!(tree("a[5m + step()] offset -(2)").await, @r#"200 {"status":"success","data":{"anchored":false,"matchers":[{"name":"__name__","type":"=","value":"a"}],"name":"a","offset":0,"offsetExpr":{"lhs":null,"op":"-","rhs":{"lhs":null,"op":"+","rhs":{"duration":false,"type":"numberLiteral","val":"2"},"type":"durationExpr","wrapped":true},"type":"durationExpr","wrapped":false},"range":0,"rangeExpr":{"lhs":{"duration":true,"type":"numberLiteral","val":"300"},"op":"+","rhs":{"lhs":null,"op":"step","rhs":null,"type":"durationExpr","wrapped":false},"type":"durationExpr","wrapped":false},"smoothed":false,"startOrEnd":null,"timestamp":null,"type":"matrixSelector"}}"#);
    insta::assert_snapshot!(tree("round(up, 5m) + (-vector(0x1F))").await, @r#"200 {"status":"success","data":{"bool":false,"lhs":{"args":[{"anchored":false,"matchers":[{"name":"__name__","type":"=","value":"up"}],"name":"up","offset":0,"offsetExpr":null,"smoothed":false,"startOrEnd":null,"timestamp":null,"type":"vectorSelector"},{"type":"numberLiteral","val":"300"}],"func":{"argTypes":["vector","scalar"],"name":"round","returnType":"vector","variadic":1},"type":"call"},"matching":{"card":"one-to-one","fillValues":{"lhs":null,"rhs":null},"include":[],"labels":[],"on":false},"op":"+","rhs":{"expr":{"expr":{"args":[{"type":"numberLiteral","val":"31"}],"func":{"argTypes":["scalar"],"name":"vector","returnType":"vector","variadic":0},"type":"call"},"op":"-","type":"unaryExpr"},"type":"parenExpr"},"type":"binaryExpr"}}"#);
    for path in ["format_query", "parse_query"] {
        assert_eq!(
            refused(&format!("/api/v1/{path}"), &["query=sum("]).await,
            "400 bad_data: invalid parameter \"query\": 1:5: parse error: unclosed left parenthesis"
        );
    }
}

#[tokio::test]
async fn a_query_has_limits() {
    let limits = QueryLimits { max_samples: 2, ..QueryLimits::default() };
    insta::assert_snapshot!(get_within(limits, "/api/v1/query", &["query=up", "time=0"]).await, @r#"422 {"status":"error","errorType":"execution","error":"query processing would load too many samples into memory in query execution"}"#);
    let limits = QueryLimits { timeout: Duration::ZERO, ..QueryLimits::default() };
    insta::assert_snapshot!(get_within(limits, "/api/v1/query", &["query=up", "timeout=1h"]).await, @r#"503 {"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}"#);
    // Also one that finds out while it runs.
    let heavy = "query=count_over_time((up - up)[10h:1ms])";
    let limits = QueryLimits { timeout: Duration::from_millis(100), ..QueryLimits::default() };
    insta::assert_snapshot!(get_within(limits, "/api/v1/query", &[heavy]).await, @r#"503 {"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}"#);
}

#[tokio::test]
async fn metadata_and_what_the_server_says_of_itself() {
    insta::assert_snapshot!(get("/api/v1/metadata", &[]).await, @r#"200 {"status":"success","data":{"latency":[{"type":"gauge","help":"Another idea.","unit":""},{"type":"histogram","help":"How long.","unit":""}],"up":[{"type":"gauge","help":"Whether it is.","unit":""}]}}"#);
    insta::assert_snapshot!(get("/api/v1/metadata", &["metric=up"]).await, @r#"200 {"status":"success","data":{"up":[{"type":"gauge","help":"Whether it is.","unit":""}]}}"#);
    insta::assert_snapshot!(get("/api/v1/metadata", &["limit=1", "limit_per_metric=1"]).await, @r#"200 {"status":"success","data":{"latency":[{"type":"histogram","help":"How long.","unit":""}]}}"#);
    let info = get("/api/v1/status/buildinfo", &[]).await;
    assert!(info.contains(r#""version":"3.14.0""#) && info.contains(r#""application":"Sereno "#), "{info}");
    assert_eq!(get("/-/healthy", &[]).await, "200 Prometheus API of Sereno is Healthy.\n");
    assert_eq!(get("/-/ready", &[]).await, "200 Prometheus API of Sereno is Ready.\n");
    assert!(get("/", &[]).await.contains("<a href=\"api/v1/query?query=up\">"));
    assert_eq!(
        get("/api/v1/alerts", &[]).await,
        "404 404 page not found\n",
        "rules are somebody else's business"
    );
}
