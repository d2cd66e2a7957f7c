//! `GET /`: what is here, for people who open the server in a browser.

use axum::response::Html;

/// The page.
const PAGE: &str = r#"<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sereno</title></head><body>
<h1>Sereno</h1>
<p>It evaluates rules and routes alerts. There is no user interface here yet; amtool, karma and Grafana can use
this address as an Alertmanager.</p>
<ul>
<li><a href="api/v2/alerts">Alerts</a>, <a href="api/v2/alerts/groups">in groups</a></li>
<li><a href="api/v2/silences">Silences</a></li>
<li><a href="api/v1/rules">Rules</a></li>
<li><a href="api/v2/status">Status and configuration</a></li>
<li><a href="health">Health</a>, <a href="metrics">metrics</a></li>
</ul></body></html>
"#;

/// The page with links to what there is.
pub(super) async fn index() -> Html<&'static str> {
    Html(PAGE)
}
