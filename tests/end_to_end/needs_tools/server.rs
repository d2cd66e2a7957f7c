//! The whole server against a real Prometheus, a target that can be switched off and a webhook receiver.

use crate::harness::{IrcRelay, Mode, Prometheus, Receiver, Sereno, Target, eventually};
use sereno::shell::clock::Stopwatch;

/// A group `app` with one rule that fires after two seconds of an unreachable target.
const DOWN: &str = r#"
groups:
  - name: app
    rules:
      - alert: Down
        expr: up == 0
        for: 2s
        labels: {severity: page}
        annotations: {summary: "{{ $labels.instance }} is down"}
"#;

/// Tells the webhooks at these URLs, in a second.
fn routes(urls: &[String]) -> String {
    let hooks: Vec<String> = urls.iter().map(|url| format!("{{url: '{url}'}}")).collect();
    format!(
        "route: {{receiver: ops, group_by: [alertname], group_wait: 100ms, group_interval: 1s, repeat_interval: 1h}}\n\
         receivers: [{{name: ops, webhook_configs: [{}]}}]\n",
        hooks.join(", ")
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_goes_down_and_comes_back_and_each_is_told_once() {
    let (target, receiver) = (Target::start().await, Receiver::start().await);
    let prometheus = Prometheus::start(&[&target]).await;
    let sereno = Sereno::start(&prometheus.url(), DOWN, &routes(&[receiver.url("hook")]), &[]).await;
    sereno.wait_evaluations(2).await;
    sereno.wait_alerts(&[]).await;
    let told = "alertmanager_notifications_total{integration=\"webhook\"}";
    assert_eq!(sereno.metric(told).await, Some(0.0), "a counter is there before it counts");

    target.switch(false);
    sereno.wait_alerts(&["pending"]).await;
    assert_eq!(receiver.taken(), Vec::<String>::new(), "nobody is told of a pending alert");
    sereno.wait_alerts(&["firing"]).await;
    let message = receiver.wait_taken(1).await;
    assert_eq!(message["status"], "firing");
    assert_eq!(message["version"], "4");
    assert_eq!(message["commonLabels"]["alertname"], "Down");
    assert_eq!(message["commonLabels"]["severity"], "page");
    assert_eq!(message["alerts"][0]["annotations"]["summary"], format!("{} is down", target.address()));
    sereno.wait_evaluations(4).await;
    assert_eq!(receiver.taken(), ["firing"], "told once while nothing changes");

    target.switch(true);
    let message = receiver.wait_taken(2).await;
    assert_eq!(message["status"], "resolved");
    sereno.wait_alerts(&[]).await;
    sereno.wait_evaluations(4).await;
    assert_eq!(receiver.taken(), ["firing", "resolved"]);
    assert_eq!(sereno.metric(told).await, Some(2.0));
    assert_eq!(sereno.get("/health").await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_data_source_is_away_alerts_stay_as_they_are() {
    let (target, receiver) = (Target::start().await, Receiver::start().await);
    let mut prometheus = Prometheus::start(&[&target]).await;
    let sereno = Sereno::start(&prometheus.url(), DOWN, &routes(&[receiver.url("hook")]), &[]).await;
    target.switch(false);
    receiver.wait_taken(1).await;

    prometheus.stop();
    eventually("/health says that the data source is away", || async {
        let health = sereno.get_json("/health").await;
        (health["checks"]["data_source"]["status"] == "degraded").then_some(())
    })
    .await;
    assert_eq!(sereno.get("/health").await.0, 503);
    assert_eq!(sereno.get("/health/ready").await.0, 200, "a restart would not mend it");
    sereno.wait_evaluations(4).await;
    assert_eq!(sereno.alert_states().await, ["firing"]);
    let rules = sereno.get_json("/api/v1/rules").await;
    assert_eq!(rules["data"]["groups"][0]["rules"][0]["health"], "err");

    prometheus.run();
    eventually("/health is fine", || async { (sereno.get("/health").await.0 == 200).then_some(()) }).await;
    sereno.wait_evaluations(4).await;
    assert_eq!(sereno.alert_states().await, ["firing"]);
    assert_eq!(receiver.taken(), ["firing"], "nothing was resolved by mistake, nothing told twice");

    target.switch(true);
    assert_eq!(receiver.wait_taken(2).await["status"], "resolved");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_fails_is_told_again() {
    let (target, receiver) = (Target::start().await, Receiver::start().await);
    let prometheus = Prometheus::start(&[&target]).await;
    let sereno = Sereno::start(&prometheus.url(), DOWN, &routes(&[receiver.url("hook")]), &[]).await;
    receiver.set_mode(Mode::Fail);
    target.switch(false);
    eventually("the receiver has refused twice", || async { (receiver.messages().len() >= 2).then_some(()) })
        .await;
    eventually("/health names the receiver", || async {
        let health = sereno.get_json("/health").await;
        let failing = &health["checks"]["receivers"]["failing"]["ops/webhook[0]"]["message"];
        failing.as_str()?.contains("500").then_some(())
    })
    .await;

    receiver.set_mode(Mode::Take);
    assert_eq!(receiver.wait_taken(1).await["status"], "firing");
    eventually("/health is fine", || async { (sereno.get("/health").await.0 == 200).then_some(()) }).await;
    sereno.wait_evaluations(3).await;
    assert_eq!(receiver.taken(), ["firing"]);
    let failed =
        sereno.metric("alertmanager_notification_requests_failed_total{integration=\"webhook\"}").await;
    assert!(failed.is_some_and(|failed| failed >= 2.0), "{failed:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_hangs_holds_up_nobody_else_and_no_stop() {
    let (target, receiver) = (Target::start().await, Receiver::start().await);
    let prometheus = Prometheus::start(&[&target]).await;
    let both = routes(&[receiver.url("hang"), receiver.url("hook")]);
    let mut sereno = Sereno::start(&prometheus.url(), DOWN, &both, &[]).await;
    target.switch(false);
    assert_eq!(receiver.wait_taken(1).await["status"], "firing");
    eventually("the other one hangs", || async {
        receiver.messages().iter().any(|message| message.path == "hang").then_some(())
    })
    .await;
    target.switch(true);
    assert_eq!(receiver.wait_taken(2).await["status"], "resolved");

    let watch = Stopwatch::start();
    sereno.signal("TERM");
    assert!(sereno.wait_end().await.success(), "{}", sereno.log());
    assert!(watch.elapsed() < std::time::Duration::from_secs(11), "{:?}", watch.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_file_changes_nothing_and_says_why() {
    let (target, receiver) = (Target::start().await, Receiver::start().await);
    let prometheus = Prometheus::start(&[&target]).await;
    let good = routes(&[receiver.url("hook")]);
    let sereno = Sereno::start(&prometheus.url(), DOWN, &good, &[]).await;
    assert_eq!(sereno.get("/-/reload").await.0, 405);

    let bad = DOWN.replace("expr: up == 0", "expression: up == 0");
    sereno.write_files(&bad, &good.replace("receiver: ops", "receiver: nobody"));
    let (status, text) = sereno.post("/-/reload").await;
    assert_eq!(status, 500);
    assert!(text.starts_with("failed to reload config: "), "{text}");
    assert!(text.contains("rules/app.yml:") && text.contains("routes.yml:"), "all that is wrong: {text}");
    assert_eq!(sereno.metric("alertmanager_config_last_reload_successful").await, Some(0.0));
    let health = sereno.get_json("/health").await;
    assert_eq!(health["checks"]["configuration"]["status"], "degraded");
    target.switch(false);
    assert_eq!(receiver.wait_taken(1).await["status"], "firing", "the old files are in force");

    sereno.write_files(&DOWN.replace("alert: Down", "alert: Gone"), &good);
    sereno.signal("HUP");
    eventually("the new rules are in force", || async {
        let rules = sereno.get_json("/api/v1/rules").await;
        (rules["data"]["groups"][0]["rules"][0]["name"] == "Gone").then_some(())
    })
    .await;
    assert_eq!(sereno.post("/-/reload").await, (200, String::new()));
    assert_eq!(sereno.metric("alertmanager_config_last_reload_successful").await, Some(1.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_samples_that_become_one_alert_are_an_error_of_the_rule() {
    let targets = (Target::start().await, Target::start().await);
    let prometheus = Prometheus::start(&[&targets.0, &targets.1]).await;
    let rules = "groups: [{name: app, rules: [{alert: Twice, expr: up >= 0, labels: {instance: all}}]}]";
    let routes = routes(&["http://127.0.0.1:9/".to_owned()]);
    let sereno = Sereno::start(&prometheus.url(), rules, &routes, &[]).await;
    let rule = eventually("the rule is evaluated", || async {
        let rules = sereno.get_json("/api/v1/rules").await;
        let rule = rules["data"]["groups"][0]["rules"][0].clone();
        (rule["health"] != "unknown").then_some(rule)
    })
    .await;
    assert_eq!(rule["health"], "err");
    assert_eq!(
        rule["lastError"],
        "vector contains metrics with the same labelset after applying alert labels"
    );
    assert_eq!(sereno.alert_states().await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_for_shorter_than_the_interval_fires_at_the_second_evaluation() {
    let (target, receiver) = (Target::start().await, Receiver::start().await);
    let prometheus = Prometheus::start(&[&target]).await;
    let rules = DOWN.replace("for: 2s", "for: 100ms");
    let sereno = Sereno::start(&prometheus.url(), &rules, &routes(&[receiver.url("hook")]), &[]).await;
    target.switch(false);
    let message = receiver.wait_taken(1).await;
    let alerts = sereno.get_json("/api/v1/alerts").await;
    let active_at = alerts["data"]["alerts"][0]["activeAt"].as_str().expect("a time").to_owned();
    let time = |text: &str| text.parse::<jiff::Timestamp>().expect("a time").as_millisecond();
    let starts_at = message["alerts"][0]["startsAt"].as_str().expect("a time");
    assert_eq!(time(starts_at) - time(&active_at), 1_000, "one interval from pending to firing");
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_series_can_be_used_by_the_next_rule() {
    let (target, receiver) = (Target::start().await, Receiver::start().await);
    let prometheus = Prometheus::start(&[&target]).await;
    let rules = r#"
groups:
  - name: app
    rules:
      - {record: "app:down:count", expr: "count(up == 0)", labels: {team: db}}
      - {alert: ManyDown, expr: "app:down:count > 0"}
"#;
    let write = format!("{}/api/v1/write", prometheus.url());
    let hook = routes(&[receiver.url("hook")]);
    let sereno = Sereno::start(&prometheus.url(), rules, &hook, &["--remote-write-url", &write]).await;
    target.switch(false);
    let message = receiver.wait_taken(1).await;
    assert_eq!(message["commonLabels"]["team"], "db");
    target.switch(true);
    // The recorded series ends with a stale marker; without it, it would be seen for five minutes more.
    assert_eq!(receiver.wait_taken(2).await["status"], "resolved", "{}", sereno.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_stops_at_once_when_nothing_is_on_its_way() {
    let routes = routes(&["http://127.0.0.1:9/".to_owned()]);
    let mut sereno = Sereno::start("http://127.0.0.1:9", DOWN, &routes, &[]).await;
    assert_eq!(sereno.get("/-/healthy").await, (200, "OK".to_owned()));
    assert_eq!(sereno.get("/-/ready").await, (200, "OK".to_owned()));
    let watch = Stopwatch::start();
    sereno.signal("TERM");
    assert_eq!(sereno.wait_end().await.code(), Some(0));
    assert!(watch.elapsed() < std::time::Duration::from_secs(5), "{:?}", watch.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_others_wrote_for_alertmanager_understands_our_webhooks() {
    let (target, relay) = (Target::start().await, IrcRelay::start().await);
    let prometheus = Prometheus::start(&[&target]).await;
    let hook =
        routes(&[relay.url()]).replace("webhook_configs: [{", "webhook_configs: [{send_resolved: true, ");
    let _sereno = Sereno::start(&prometheus.url(), DOWN, &hook, &[]).await;
    target.switch(false);
    let down = format!("{} is down", target.address());
    assert_eq!(relay.wait_said(1).await, [format!("Down is firing: {down}")]);
    target.switch(true);
    assert_eq!(relay.wait_said(2).await[1], format!("Down is resolved: {down}"));
}
