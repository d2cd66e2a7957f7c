//! What is asked for credentials: the instance's metadata, the container's agent, STS.

use super::{Credentials, Role};
use crate::config::http::HttpSettings;
use crate::config::setting::Secret;
use crate::model::{Duration, Timestamp};
use crate::notify::sigv4::{Scope, Signed, headers};
use crate::notify::{HttpRequest, USER_AGENT, address, open};

/// Where the instance's metadata are, by IPv4 and IPv6.
const METADATA: &str = "http://169.254.169.254";
const METADATA_IPV6: &str = "http://[fd00:ec2::254]";

/// Where the agent of ECS is, and that of EKS.
const ECS: &str = "http://169.254.170.2";
const AGENTS: [&str; 3] = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"];

/// How long a token for the metadata is to last, in seconds: the longest.
const TOKEN_LASTS: &str = "21600";

/// How long servers on the machine itself may take.
const NEARBY: Duration = Duration::from_secs(2);

/// What STS and SNS take.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// The base of the metadata's URLs.
#[must_use]
pub fn metadata_base(environment: &dyn Fn(&str) -> String) -> String {
    let own = environment("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    let is_ipv6 = environment("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE").eq_ignore_ascii_case("ipv6");
    match (own.trim_end_matches('/'), is_ipv6) {
        ("", true) => METADATA_IPV6.to_owned(),
        ("", false) => METADATA.to_owned(),
        (own, _) => own.to_owned(),
    }
}

/// For the token that the other two need.
#[must_use]
pub fn metadata_token(base: &str) -> HttpRequest {
    let mut request = nearby("PUT", format!("{base}/latest/api/token"));
    request.headers.push(("X-aws-ec2-metadata-token-ttl-seconds", open(TOKEN_LASTS)));
    request
}

/// For the name of the instance's role if `role` is empty, or else for its credentials.
#[must_use]
pub fn metadata_role(base: &str, token: &str, role: &str) -> HttpRequest {
    let path = format!("/latest/meta-data/iam/security-credentials/{}", address::encoded(role, "+=,.@"));
    let mut request = nearby("GET", base.to_owned() + &path);
    request.headers.push(("X-aws-ec2-metadata-token", Secret::new(token.into())));
    request
}

/// The URL of the container's credentials, if the environment has one.
///
/// # Errors
/// It is one that tokens are not sent to.
pub fn container_url(environment: &dyn Fn(&str) -> String) -> Result<Option<String>, String> {
    let full = environment("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    let relative = environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    if full.is_empty() {
        return Ok(Some(relative).filter(|path| !path.is_empty()).map(|path| ECS.to_owned() + &path));
    }
    let name = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    let url = url::Url::parse(&full).map_err(|_| format!("{name} is not a URL"))?;
    let is_here = match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    let is_agent = url.host_str().is_some_and(|host| AGENTS.contains(&host));
    match url.scheme() {
        "https" => Ok(Some(full)),
        "http" if is_here || is_agent => Ok(Some(full)),
        _ => Err(format!("{name} is neither HTTPS nor on this machine nor an agent of ECS or EKS")),
    }
}

/// For the container's credentials; `authorization` may be empty.
#[must_use]
pub fn container(url: String, authorization: &str) -> HttpRequest {
    let mut request = nearby("GET", url);
    request.headers.push(("Accept", open("application/json")));
    if !authorization.is_empty() {
        request.headers.push(("Authorization", Secret::new(authorization.into())));
    }
    request
}

/// For the credentials of a role, as who `own` is.
///
/// # Errors
/// The URL is none.
pub fn assume_role(
    url: &str,
    region: &str,
    role: &Role,
    own: &Credentials,
    http: &HttpSettings,
    at: Timestamp,
) -> Result<HttpRequest, String> {
    let seconds = if role.seconds.is_empty() { "900" } else { &role.seconds };
    let mut parameters = role_parameters("AssumeRole", role);
    parameters.push(("DurationSeconds", seconds));
    if !role.external_id.is_empty() {
        parameters.push(("ExternalId", &role.external_id));
    }
    parameters.sort_unstable();
    signed(url, address::form(parameters), Scope { region, service: "sts", at }, own, http)
}

/// For the credentials of a role, as who `token` says.
#[must_use]
pub fn assume_role_with_web_identity(
    url: &str,
    role: &Role,
    token: &str,
    http: &HttpSettings,
) -> HttpRequest {
    let mut parameters = role_parameters("AssumeRoleWithWebIdentity", role);
    parameters.push(("WebIdentityToken", token));
    parameters.sort_unstable();
    HttpRequest {
        method: "POST",
        url: open(url),
        headers: vec![("Content-Type", open(FORM)), ("User-Agent", open(USER_AGENT))],
        body: address::form(parameters).into_bytes(),
        timeout: Duration::ZERO,
        http: http.clone(),
    }
}

fn role_parameters<'a>(action: &'a str, role: &'a Role) -> Vec<(&'static str, &'a str)> {
    let session = if role.session.is_empty() { "sereno" } else { &role.session };
    vec![("Action", action), ("RoleArn", &role.arn), ("RoleSessionName", session), ("Version", "2011-06-15")]
}

/// A signed form.
///
/// # Errors
/// The URL is none.
pub fn signed(
    url: &str,
    body: String,
    scope: Scope<'_>,
    credentials: &Credentials,
    http: &HttpSettings,
) -> Result<HttpRequest, String> {
    let parsed = url::Url::parse(url).ok();
    let Some((parsed, host)) = parsed.as_ref().and_then(|url| Some((url, url.host_str()?))) else {
        return Err("the address of the service is not a URL".to_owned());
    };
    let host = parsed.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let request = Signed {
        method: "POST",
        path: parsed.path(),
        query: parsed.query().unwrap_or_default(),
        headers: &[("content-type", FORM), ("host", &host)],
        body: body.as_bytes(),
    };
    let mut all = vec![("Content-Type", open(FORM)), ("User-Agent", open(USER_AGENT))];
    all.extend(headers(request, scope, credentials));
    Ok(HttpRequest {
        method: "POST",
        url: Secret::new(parsed.as_str().into()),
        headers: all,
        body: body.into(),
        timeout: Duration::ZERO,
        http: http.clone(),
    })
}

/// To a server that is no farther than the machine's own: never through a proxy.
fn nearby(method: &'static str, url: String) -> HttpRequest {
    HttpRequest {
        method,
        url: open(url),
        headers: vec![("User-Agent", open(USER_AGENT))],
        body: Vec::new(),
        timeout: NEARBY,
        http: HttpSettings::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::{container_url, metadata_base};

    #[test]
    fn tokens_go_only_to_where_agents_may_be() {
        let denied =
            Err("AWS_CONTAINER_CREDENTIALS_FULL_URI is neither HTTPS nor on this machine nor an agent of \
                          ECS or EKS"
                .to_owned());
        for (full, relative, want) in [
            ("", "", Ok(None)),
            ("", "/v2/x", Ok(Some("http://169.254.170.2/v2/x".to_owned()))),
            ("http://127.0.0.1:1/x", "/v2/x", Ok(Some("http://127.0.0.1:1/x".to_owned()))),
            ("http://localhost/x", "", Ok(Some("http://localhost/x".to_owned()))),
            (
                "http://169.254.170.23/v1/credentials",
                "",
                Ok(Some("http://169.254.170.23/v1/credentials".to_owned())),
            ),
            ("http://[fd00:ec2::23]/v1", "", Ok(Some("http://[fd00:ec2::23]/v1".to_owned()))),
            ("https://agent.example/x", "", Ok(Some("https://agent.example/x".to_owned()))),
            ("http://agent.example/x", "", denied.clone()),
            ("ftp://localhost/x", "", denied.clone()),
            ("x", "", Err("AWS_CONTAINER_CREDENTIALS_FULL_URI is not a URL".to_owned())),
        ] {
            let environment = |name: &str| match name {
                "AWS_CONTAINER_CREDENTIALS_FULL_URI" => full.to_owned(),
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" => relative.to_owned(),
                _ => String::new(),
            };
            assert_eq!(container_url(&environment), want, "{full} {relative}");
        }
    }

    #[test]
    fn where_metadata_are() {
        for (endpoint, mode, want) in [
            ("", "", "http://169.254.169.254"),
            ("", "IPv6", "http://[fd00:ec2::254]"),
            ("http://127.0.0.1:1/", "IPv6", "http://127.0.0.1:1"),
        ] {
            let environment =
                |name: &str| if name.ends_with("MODE") { mode.to_owned() } else { endpoint.to_owned() };
            assert_eq!(metadata_base(&environment), want);
        }
    }
}
