//! Routing files: Alertmanager's verdicts, the seeds' faults all at once, and what resolution yields.

use sereno::config::problem::{Problem, Severity};
use sereno::config::read_routing;
use sereno::config::routes::{GroupBy, HttpAuth, HttpSettings, Routing, SecretSource, Settings};
use sereno::config::setting::{Secret, Setting};
use sereno::model::Duration;

use crate::corpora;

fn errors(problems: &[Problem]) -> Vec<&Problem> {
    problems.iter().filter(|problem| problem.severity == Severity::Error).collect()
}

fn good(text: &str) -> Routing {
    let (routing, problems) = read_routing("etc/routes.yml", text);
    assert!(errors(&problems).is_empty(), "{problems:#?}");
    routing.expect("no error, so a routing")
}

/// The one error's message.
fn refusal(text: &str) -> String {
    let (routing, problems) = read_routing("routes.yml", text);
    assert!(routing.is_none(), "accepted: {text}");
    let messages: Vec<_> = errors(&problems).iter().map(|problem| problem.message.clone()).collect();
    assert_eq!(messages.len(), 1, "{messages:#?} for {text}");
    messages[0].clone()
}

#[test]
fn the_verdicts_are_alertmanagers() {
    let Some(folder) = corpora::folder("alertmanager-config") else { return };
    let table = std::fs::read_to_string(folder.join("VERDICTS.tsv")).expect("the verdicts");
    for line in table.lines() {
        let mut columns = line.split('\t');
        let (verdict, name) = (columns.next().expect("a verdict"), columns.next().expect("a name"));
        let message = columns.next().unwrap_or_default().trim();
        let text = std::fs::read_to_string(folder.join(name)).expect("a file");
        let (routing, problems) = read_routing(name, &text);
        let errors = errors(&problems);
        assert_eq!(routing.is_some(), verdict == "good", "{name}: {errors:#?}");
        assert_eq!(errors.is_empty(), verdict == "good", "{name}");
        assert!(errors.iter().all(|problem| problem.span.is_some()), "{name}: {errors:#?}");
        // Go's own type names are not worth repeating.
        let message = message.rsplit_once("line 16: ").map_or(message, |(_, message)| message);
        let message = message.split(" in type ").next().unwrap_or_default();
        let said = errors.iter().any(|problem| problem.message.starts_with(message));
        assert!(said || verdict == "good", "{name}: {message:?} not in {errors:#?}");
    }
}

#[test]
fn all_faults_of_a_seed_are_reported_at_once() {
    let Some(folder) = corpora::folder("seeds") else { return };
    let text = std::fs::read_to_string(folder.join("002-alertmanager.yml")).expect("a seed");
    let (routing, problems) = read_routing("alertmanager.yml", &text);
    assert!(routing.is_none());
    let found: Vec<_> = errors(&problems)
        .into_iter()
        .map(|problem| {
            let span = problem.span.clone().expect("a place");
            let line = text[..span.start].matches('\n').count() + 1;
            (line, &text[span], problem.help.as_deref().unwrap_or_default())
        })
        .collect();
    assert_eq!(
        found,
        [
            (30, "subject", "the subject is a header: `headers: {Subject: …}`"),
            (31, "body", "the body is called `text`, or `html`"),
            (45, "subject", "the subject is a header: `headers: {Subject: …}`"),
        ]
    );
    let text = std::fs::read_to_string(folder.join("003-alertmanager.yml")).expect("a seed");
    let routing = good(&text);
    assert_eq!(routing.routes.len(), 3);
}

const RECEIVERS: &str = "receivers: [{name: a}, {name: b}]\n";

#[test]
fn routes_inherit_and_have_defaults() {
    let routing = good(&format!(
        "{RECEIVERS}
time_intervals: [{{name: night, time_intervals: [{{times: [{{start_time: '22:00', end_time: '24:00'}}]}}]}}]
route:
  receiver: a
  group_by: [b, a]
  cooldown: 5m
  labels: {{team: x}}
  routes:
  - matchers: ['sev=~\"a|b\", team=x']
    match: {{c: d}}
    continue: true
    group_by: []
    mute_time_intervals: [night]
    routes:
    - receiver: b
      labels: {{kind: y}}
      group_wait: 0s
      repeat_interval: 1d
    - group_by: ['...']
  - match_re: {{service: foo|bar}}
"
    ));
    let [root, first, deep, all, second] = routing.routes.as_slice() else { panic!("{routing:#?}") };
    assert_eq!(root.children, [1, 4]);
    assert_eq!(first.children, [2, 3]);
    assert_eq!((&*root.key, &*root.id), ("{}", "{}"));
    assert_eq!(&*first.key, r#"{}/{c="d",sev=~"a|b",team="x"}"#);
    assert_eq!(&*first.id, r#"{}/{c="d",sev=~"a|b",team="x"}/0"#);
    assert_eq!(&*deep.key, r#"{}/{c="d",sev=~"a|b",team="x"}/{}"#);
    assert_eq!(&*all.id, r#"{}/{c="d",sev=~"a|b",team="x"}/0/{}/1"#);
    assert_eq!(&*second.key, r#"{}/{service=~"^(?:foo|bar)$"}"#, "as amtool prints it");
    assert_eq!(root.group_by, GroupBy::Labels(vec!["a".into(), "b".into()]));
    assert_eq!(deep.group_by, GroupBy::Labels(vec![]), "an empty list overrides");
    assert_eq!(all.group_by, GroupBy::All);
    assert!(first.continues && !deep.continues);
    assert_eq!((&*first.receiver, &*deep.receiver), ("a", "b"));
    assert_eq!(first.mute_time_intervals.len(), 1);
    assert!(deep.mute_time_intervals.is_empty(), "not inherited");
    let timings = |at: usize| {
        let route = &routing.routes[at];
        (route.group_wait, route.group_interval, route.repeat_interval, route.cooldown)
    };
    let (half, five, four) = (Duration::from_secs(30), Duration::from_mins(5), Duration::from_mins(240));
    assert_eq!(timings(1), (half, five, four, five));
    assert_eq!(timings(2), (Duration::ZERO, five, Duration::from_mins(1440), five));
    let labels: Vec<_> = deep.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(labels, ["kind=y", "team=x"]);
    assert!(routing.routes[1].span.start < routing.routes[2].span.start);
}

#[test]
fn a_webhook_gets_the_global_http_settings_and_paths_start_at_the_folder() {
    let routing = good(
        "global: {http_config: {basic_auth: {username: u, password_file: pw}, follow_redirects: false}}
route: {receiver: a}
receivers:
- name: a
  labels: {team: x}
  rate_limit: 30/1h
  fallback: b
  webhook_configs:
  - url: 'http://x/{{ .GroupLabels.a }}'
  - {url_file: hook, max_alerts: 3, timeout: 1.5s, send_resolved: false, http_config: {authorization: {credentials: t}}}
- {name: b, console_configs: [{}]}
templates: ['*.tmpl', /abs/x.tmpl]
template_language: go
compat: strict
",
    );
    let receiver = routing.receiver("a").expect("there");
    let settings: Vec<_> = receiver
        .integrations
        .iter()
        .map(|integration| match &integration.settings {
            Settings::Keys { values, http } => (Setting::Map(values.clone()), http),
            Settings::Console => panic!("{integration:?}"),
        })
        .collect();
    let [(own, global_http), (other, own_http)] = settings.as_slice() else { panic!("{settings:?}") };
    assert_eq!(own.get("url"), Some(&Setting::Secret(Secret::new("http://x/{{ .GroupLabels.a }}".into()))));
    let password = Some(SecretSource::File("etc/pw".into()));
    assert_eq!(global_http.auth, HttpAuth::Basic { username: "u".into(), password });
    assert!(!global_http.follow_redirects && own_http.follow_redirects);
    assert_eq!((other.text_at("url_file"), other.text_at("timeout")), ("etc/hook", "1s500ms"));
    assert_eq!(other.get("max_alerts"), Some(&Setting::Integer(3)));
    let credentials = SecretSource::Inline("t".into());
    assert_eq!(own_http.auth, HttpAuth::Authorization { scheme: "Bearer".into(), credentials });
    assert_eq!(receiver.integrations[1].index, 1);
    assert!(receiver.integrations[0].send_resolved && !receiver.integrations[1].send_resolved);
    assert_eq!(receiver.labels.len(), 2);
    assert_eq!(receiver.fallback.as_deref(), Some("b"));
    assert!(receiver.rate_limit.is_some_and(|limit| limit.notifications == 30));
    assert_eq!(routing.receiver("b").expect("there").integrations[0].settings, Settings::Console);
    let paths: Vec<&str> = routing.templates.iter().map(|template| &*template.path).collect();
    assert_eq!(paths, ["etc/*.tmpl", "/abs/x.tmpl"]);
    assert!(routing.strict);
}

#[test]
fn other_kinds_are_resolved_into_their_keys() {
    let (routing, problems) = read_routing(
        "r.yml",
        "global: {smtp_smarthost: 'm:25', smtp_from: f@x, smtp_auth_password_file: pw}
route: {receiver: a}
receivers: [{name: a, email_configs: [{to: x@y, headers: {subject: s}}, {to: z@y, auth_password: p}]}]
",
    );
    assert_eq!(problems, []);
    let routing = routing.expect("valid");
    let of = |at: usize| match &routing.receivers[0].integrations[at].settings {
        Settings::Keys { values, .. } => Setting::Map(values.clone()),
        other => panic!("{other:?}"),
    };
    let text = |setting: Option<&Setting>| setting.and_then(Setting::reveal).map(|text| text.to_string());
    assert_eq!(text(of(0).get("smarthost")).as_deref(), Some("m:25"));
    assert_eq!(text(of(0).get("headers").and_then(|all| all.get("Subject"))).as_deref(), Some("s"));
    assert_eq!(text(of(0).get("auth_password_file")).as_deref(), Some("pw"));
    assert_eq!(of(0).get("require_tls"), Some(&Setting::Bool(true)));
    assert_eq!(of(1).get("auth_password_file"), None, "its own password wins over the global file");
    let subject = text(of(1).get("headers").and_then(|all| all.get("Subject")));
    assert_eq!(subject.as_deref(), Some(r#"{{ template "email.default.subject" . }}"#));
}

#[test]
fn each_semantic_fault_has_alertmanagers_message() {
    let route = "route: {receiver: a}\n";
    for (text, message) in [
        (String::new(), "no route provided in config"),
        ("receivers: [{name: a}]".to_owned(), "no routes provided"),
        (
            "route: {group_by: [x]}\nreceivers: [{name: a}]".to_owned(),
            "root route must specify a default receiver",
        ),
        (
            format!("route: {{receiver: a, match: {{x: y}}}}\n{RECEIVERS}"),
            "root route must not have any matchers",
        ),
        (
            format!("route: {{receiver: a, continue: true}}\n{RECEIVERS}"),
            "cannot have continue in root route",
        ),
        (format!("route: {{receiver: x}}\n{RECEIVERS}"), "undefined receiver \"x\" used in route"),
        (
            format!("route: {{receiver: a, routes: [{{mute_time_intervals: [x]}}]}}\n{RECEIVERS}"),
            "undefined time interval \"x\" used in route",
        ),
        (format!("route: {{receiver: a, group_interval: 0s}}\n{RECEIVERS}"), "group_interval cannot be zero"),
        (
            format!("route: {{receiver: a, repeat_interval: 0}}\n{RECEIVERS}"),
            "repeat_interval cannot be zero",
        ),
        (
            format!("route: {{receiver: a, group_by: [x, x]}}\n{RECEIVERS}"),
            "duplicated label \"x\" in group_by",
        ),
        (
            format!("route: {{receiver: a, group_by: ['...', x]}}\n{RECEIVERS}"),
            "cannot have wildcard group_by (`...`) and other labels at the same time",
        ),
        (
            format!("{route}receivers: [{{name: a}}, {{name: a}}]"),
            "notification config name \"a\" is not unique",
        ),
        (format!("{route}receivers: [{{name: a}}, {{webhook_configs: []}}]"), "missing name in receiver"),
        (
            format!("{route}receivers: [{{name: a, webhook_configs: [{{max_alerts: 1}}]}}]"),
            "one of url or url_file must be configured",
        ),
        (
            format!("{route}receivers: [{{name: a, webhook_configs: [{{url: 'http://x/{{{{ .Status'}}]}}]"),
            "invalid template syntax in url",
        ),
        (
            format!("{route}receivers: [{{name: a, webhook_configs: [{{url: foo}}]}}]"),
            "unsupported scheme \"\" for URL",
        ),
        (
            format!("{route}receivers: [{{name: a, email_configs: [{{to: x}}]}}]\nglobal: {{smtp_from: x}}"),
            "no global SMTP smarthost set",
        ),
        (
            format!("{route}receivers: [{{name: a, webex_configs: [{{room_id: x}}]}}]"),
            "missing webex_configs.http_config.authorization",
        ),
        (
            format!(
                "{route}{RECEIVERS}time_intervals: [{{name: x, time_intervals: [{{weekdays: [funday]}}]}}]"
            ),
            "funday is not a valid weekday",
        ),
        (
            format!("{route}{RECEIVERS}time_intervals: [{{name: x}}, {{name: x}}]"),
            "time interval \"x\" is not unique",
        ),
        (
            format!(
                "{route}{RECEIVERS}time_intervals: [{{name: x, time_intervals: [{{location: Mars/Base}}]}}]"
            ),
            "unknown time zone Mars/Base",
        ),
        (
            format!("route: {{receiver: a, routes: [{{matchers: ['a=~\"(\"']}}]}}\n{RECEIVERS}"),
            "error parsing regexp: missing closing ): `^(?:()$`",
        ),
        (
            format!(
                "{route}{RECEIVERS}global: {{http_config: {{bearer_token: a, basic_auth: {{username: b}}}}}}"
            ),
            "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured",
        ),
        (
            format!("{route}{RECEIVERS}global: {{http_config: {{tls_config: {{cert_file: x}}}}}}"),
            "exactly one of key or key_file must be configured when a client certificate is configured",
        ),
        (
            format!(
                "{route}{RECEIVERS}global: {{http_config: {{tls_config: {{min_version: TLS13, max_version: TLS12}}}}}}"
            ),
            "tls_config.max_version must be greater than or equal to tls_config.min_version if both are specified",
        ),
        (
            format!(
                "{route}{RECEIVERS}global: {{http_config: {{oauth2: {{client_id: a, token_url: b, grant_type: \
                 'urn:ietf:params:oauth:grant-type:jwt-bearer', signature_algorithm: HS256}}}}}}"
            ),
            "valid signature algorithms are RS256, RS384 and RS512",
        ),
        (format!("{route}receivers: [{{name: a, fallback: a}}]"), "a receiver cannot be its own fallback"),
        (format!("{route}receivers: [{{name: a, rate_limit: 5}}]"), "not a valid rate limit: \"5\""),
        (format!("{route}{RECEIVERS}compat: loose"), "unknown compat mode \"loose\""),
    ] {
        assert_eq!(refusal(&text), message, "{text}");
    }
}

#[test]
fn the_second_kind_of_teams_alone_takes_the_global_proxy_beside_an_http_config_of_its_own() {
    let text = r"
global: {http_config: {proxy_url: 'http://global:3128'}}
route: {receiver: ops}
receivers:
- name: ops
  msteamsv2_configs:
  - {webhook_url: 'http://y/', http_config: {enable_http2: false}}
  - {webhook_url: 'http://y/', http_config: {proxy_url: 'http://own:3128'}}
  msteams_configs: [{webhook_url: 'http://y/', http_config: {enable_http2: false}}]
";
    let routing = good(text);
    let proxies = routing.receivers[0].integrations.iter().map(|integration| match &integration.settings {
        Settings::Keys { http, .. } => (integration.kind, http.proxy.url.as_ref().map(ToString::to_string)),
        other @ Settings::Console => panic!("{other:?}"),
    });
    let mut proxies: Vec<_> = proxies.collect();
    proxies.sort();
    let some = |url: &str| Some(url.to_owned());
    let want = [
        ("msteams", None),
        ("msteamsv2", some("http://global:3128")),
        ("msteamsv2", some("http://own:3128")),
    ];
    assert_eq!(proxies, want);
    assert_eq!(routing.original.matches("proxy_url: http://global:3128").count(), 2, "{}", routing.original);
}

#[test]
fn every_key_of_http_config_comes_through_and_no_secret_is_shown() {
    let text = r#"
route: {receiver: ops}
receivers:
- name: ops
  webhook_configs:
  - url: http://y/
    http_config:
      follow_redirects: false
      enable_http2: false
      proxy_url: http://u:hidden@proxy:3128
      no_proxy: a.example,10.0.0.0/8
      proxy_connect_header: {X-Hop: [hidden, hidden]}
      http_headers:
        X-Team: {values: [hidden], secrets: [hidden], files: [team]}
      tls_config:
        ca: ca text
        cert: cert text
        key: hidden
        server_name: s
        min_version: TLS12
        max_version: TLS13
      oauth2:
        client_id: me
        client_certificate_key: hidden
        client_certificate_key_id: k
        grant_type: urn:ietf:params:oauth:grant-type:jwt-bearer
        signature_algorithm: RS512
        iss: i
        audience: aud
        claims: {team: db, level: 3}
        scopes: [a, b]
        token_url: http://u:hidden@auth/token
        endpoint_params: {resource: hidden}
        proxy_from_environment: true
        tls_config: {ca_file: ca.pem}
  - url: http://y/
    http_config: {basic_auth: {username_file: user, password: hidden}}
"#;
    let (routing, problems) = read_routing("etc/routes.yml", text);
    assert_eq!(problems, []);
    let routing = routing.expect("valid");
    let http = |index: usize| match &routing.receivers[0].integrations[index].settings {
        Settings::Keys { http, .. } => http.clone(),
        other => panic!("{other:?}"),
    };
    let HttpSettings { auth, tls, follow_redirects, http1_only, headers, proxy } = http(0);
    assert!(!follow_redirects && http1_only);
    let shown = format!("{auth:?}\n{tls:?}\n{headers:?}\n{proxy:?}\n{:?}", http(1).auth);
    assert!(!shown.contains("hidden"), "{shown}");
    insta::assert_snapshot!(shown, @r#"
    OAuth2(OAuth2Settings { client_id: "me", secret: Some(<secret>), grant: JwtBearer(JwtGrant { key_id: Some("k"), hash: Sha512, issuer: Some("i"), audience: Some("aud"), claims: {"level": Number(3), "team": String("db")} }), scopes: ["a", "b"], token_url: "http://u:xxxxx@auth/token", endpoint_params: [("resource", <secret>)], tls: TlsSettings { ca: None, ca_file: Some("etc/ca.pem"), cert: None, cert_file: None, key: None, key_file: None, server_name: None, insecure_skip_verify: false, min_version: None, max_version: None }, proxy: ProxySettings { url: None, from_environment: true, no_proxy: None, connect_headers: [] } })
    TlsSettings { ca: Some("ca text"), ca_file: None, cert: Some("cert text"), cert_file: None, key: Some(<secret>), key_file: None, server_name: Some("s"), insecure_skip_verify: false, min_version: Some(Tls12), max_version: Some(Tls13) }
    [("X-Team", <secret>), ("X-Team", <secret>), ("X-Team", <secret in etc/team>)]
    ProxySettings { url: Some("http://u:xxxxx@proxy:3128"), from_environment: false, no_proxy: Some("a.example,10.0.0.0/8"), connect_headers: [("X-Hop", <secret>), ("X-Hop", <secret>)] }
    Basic { username: <secret in etc/user>, password: Some(<secret>) }
    "#);
}
