//! Webhooks behind a proxy, and to a server that asks for a certificate: a Prometheus, which reloads itself.

use crate::harness::{Prometheus, Proxy, Receiver, Sereno, Target, eventually};

use super::data_source_security::{
    Files, PASSWORD, RULES, SERVER_NAME, USER, authority, guarded_prometheus, signed_by,
};

/// Tells the webhook at once.
fn routes(url: &str, http_config: &str) -> String {
    format!(
        "route: {{receiver: ops, group_wait: 0s}}\n\
         receivers: [{{name: ops, webhook_configs: [{{url: '{url}', http_config: {{{http_config}}}}}]}}]\n"
    )
}

/// Waits until the webhook was told.
async fn wait_told(sereno: &Sereno) {
    eventually(&format!("the webhook is told; log:\n{}", sereno.log()), || async {
        let told = "alertmanager_notifications_total{integration=\"webhook\"}";
        (sereno.metric(told).await? >= 1.0).then_some(())
    })
    .await;
}

/// Waits until `/health` says why the webhook is not told, and that nothing of it is secret.
async fn assert_not_told(sereno: &Sereno, reason: &str, secret: &str) {
    let health = eventually(&format!("it fails: {reason}"), || async {
        let health = sereno.get_json("/health").await;
        let failing = health["checks"]["receivers"]["failing"]["ops/webhook[0]"]["message"].clone();
        failing.as_str().is_some().then_some(failing)
    })
    .await;
    let said = health.as_str().expect("a text");
    assert!(said.contains(reason), "{reason}: {said}");
    let everything = format!("{said}{}", sereno.log());
    assert!(!everything.contains(secret), "{everything}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_forwards_webhooks_for_the_right_password() {
    let target = Target::start().await;
    let prometheus = Prometheus::start(&[&target]).await;
    let (proxy, receiver) = (Proxy::start().await, Receiver::start().await);
    let url = receiver.url("ops");
    let with = |password: &str| routes(&url, &format!("proxy_url: '{}'", proxy.url(password)));

    let sereno = Sereno::start(&prometheus.url(), RULES, &with("mistaken"), &[]).await;
    assert_not_told(&sereno, "407", "mistaken").await;
    assert_eq!((proxy.seen(), receiver.taken()), (vec![], vec![]));
    drop(sereno);

    let sereno = Sereno::start(&prometheus.url(), RULES, &with("hidden"), &[]).await;
    wait_told(&sereno).await;
    assert_eq!((proxy.seen(), receiver.taken()), (vec![format!("POST {url}")], vec!["firing".to_owned()]));
    assert!(!sereno.log().contains("hidden"), "{}", sereno.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_tunnels_tls_with_our_certificate() {
    let target = Target::start().await;
    let (ca, issuer) = authority("the right one");
    let prometheus = guarded_prometheus(&target, &signed_by(&issuer), Some((&ca, &issuer))).await;
    let files = Files::new(&ca.certificate, PASSWORD);
    let (ours, proxy) = (signed_by(&issuer), Proxy::start().await);
    let [cert_file, key_file] = files.identity(&ours);
    let (ca_file, password_file) = (files.ca.display(), files.password.display());
    let url = format!("{}/-/reload", prometheus.url());
    let with = |password: &str, identity: &str| {
        let tls = format!("ca_file: '{ca_file}', server_name: {SERVER_NAME}{identity}");
        let basic = format!("username: {USER}, password_file: '{password_file}'");
        let proxy = proxy.url(password);
        routes(&url, &format!("proxy_url: '{proxy}', tls_config: {{{tls}}}, basic_auth: {{{basic}}}"))
    };
    let identity = format!(", cert_file: '{cert_file}', key_file: '{key_file}'");
    for (password, identity, want) in [
        ("mistaken", &*identity, Err("proxy authorization required")),
        // The server's reason may be lost with the connection.
        ("hidden", "", Err("127.0.0.1:")),
        ("hidden", &*identity, Ok(())),
    ] {
        let routes = with(password, identity);
        let sereno = files.serve_with(&prometheus, SERVER_NAME, &routes, Some(&ours)).await;
        match want {
            Ok(()) => wait_told(&sereno).await,
            Err(reason) => assert_not_told(&sereno, reason, password).await,
        }
    }
    let tunnel = format!("CONNECT {}", prometheus.url().trim_start_matches("https://"));
    let seen = proxy.seen();
    assert!(!seen.is_empty() && seen.iter().all(|line| *line == tunnel), "{seen:?}");
}
