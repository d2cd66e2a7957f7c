//! Who we are at AWS: what is looked for, in which order, and what the answers say, as its SDK for Go has it (which
//! Alertmanager uses). Pure: `shell/aws.rs` reads the files and asks the servers.
//!
//! The first that is set is taken, and if it gives no credentials there are none: keys in `sigv4`; the profile of
//! `sigv4`; keys in the environment; a web identity in the environment; the profile of the environment, or
//! `default`. A profile has keys, another profile, a web identity, or else what the machine gives: the
//! container's credentials if the environment names their place, or the instance's. With a role, in the profile or
//! in `sigv4`, STS gives its credentials for those. Not there: SSO, `credential_process`, MFA.

pub mod answers;
pub mod profile;
pub mod requests;

use super::Message;
use crate::config::http::HttpSettings;
use crate::config::setting::Secret;
use crate::model::Timestamp;

pub use super::sigv4::Credentials;

/// `sigv4` of an integration, and how its servers are reached.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// Where the service is; may be empty, as all of these texts.
    pub region: String,
    /// Whose key.
    pub access_key: String,
    /// The key.
    pub secret_key: Secret,
    /// The section of the shared files.
    pub profile: String,
    /// The role to take.
    pub role_arn: String,
    /// What its owner wants to hear beside.
    pub external_id: String,
    /// Whether STS is asked at its FIPS endpoint.
    pub use_fips: bool,
    /// How to connect to STS and the service.
    pub http: HttpSettings,
}

/// Credentials that were found.
#[derive(Clone, Debug)]
pub struct Granted {
    /// Them.
    pub credentials: Credentials,
    /// When they end; `None`: when somebody changes them.
    pub ends_at: Option<Timestamp>,
}

/// All that a request to a service needs.
#[derive(Clone, Debug)]
pub struct Access {
    /// Who signs.
    pub credentials: Credentials,
    /// Where the service is.
    pub region: String,
    /// Its URL, if the environment says another than AWS' own.
    pub endpoint: Option<String>,
}

/// A role to take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub arn: String,
    /// What its owner wants to hear beside; may be empty.
    pub external_id: String,
    /// What the session is called; may be empty.
    pub session: String,
    /// For how many seconds; empty: as the SDK has it.
    pub seconds: String,
}

impl Identity {
    /// Of a message's integration.
    #[must_use]
    pub(super) fn of(message: &Message<'_>) -> Self {
        let sigv4 = message.values().get("sigv4");
        let text = |key: &str| sigv4.map_or("", |sigv4| sigv4.text_at(key)).to_owned();
        let is_true = |key: &str| sigv4.and_then(|sigv4| sigv4.flag_at(key)) == Some(true);
        Self {
            region: text("region"),
            access_key: text("access_key"),
            secret_key: Secret::new(text("secret_key").into()),
            profile: text("profile"),
            role_arn: text("role_arn"),
            external_id: text("external_id"),
            use_fips: is_true("use_fips_sts_endpoint"),
            http: message.http(),
        }
    }
}

/// The URL of a service: the one of the environment, or AWS' own.
#[must_use]
pub fn endpoint(service: &str, region: &str, is_fips: bool, environment: &dyn Fn(&str) -> String) -> String {
    own_endpoint(service, environment).unwrap_or_else(|| {
        let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        format!("https://{service}{}.{region}.{domain}/", if is_fips { "-fips" } else { "" })
    })
}

/// `AWS_ENDPOINT_URL_STS` and its like, or `AWS_ENDPOINT_URL`.
#[must_use]
pub fn own_endpoint(service: &str, environment: &dyn Fn(&str) -> String) -> Option<String> {
    if environment("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") == "true" {
        return None;
    }
    let of_service = format!("AWS_ENDPOINT_URL_{}", service.to_uppercase());
    [&*of_service, "AWS_ENDPOINT_URL"].into_iter().map(environment).find(|url| !url.is_empty())
}

#[cfg(test)]
mod tests {
    use super::endpoint;

    #[test]
    fn where_services_are() {
        for (service, region, is_fips, set, want) in [
            ("sts", "eu-west-1", false, "", "https://sts.eu-west-1.amazonaws.com/"),
            ("sts", "us-east-1", true, "", "https://sts-fips.us-east-1.amazonaws.com/"),
            ("sns", "cn-north-1", false, "", "https://sns.cn-north-1.amazonaws.com.cn/"),
            ("sts", "r", true, "AWS_ENDPOINT_URL_STS", "http://AWS_ENDPOINT_URL_STS"),
            ("sns", "r", false, "AWS_ENDPOINT_URL_STS", "https://sns.r.amazonaws.com/"),
            ("sns", "r", false, "AWS_ENDPOINT_URL", "http://AWS_ENDPOINT_URL"),
        ] {
            let environment = |name: &str| match name == set {
                true => format!("http://{name}"),
                false => String::new(),
            };
            assert_eq!(endpoint(service, region, is_fips, &environment), want);
        }
        let ignored =
            |name: &str| if name.contains("IGNORE") { "true".to_owned() } else { "http://x".to_owned() };
        assert_eq!(endpoint("sns", "r", false, &ignored), "https://sns.r.amazonaws.com/");
    }
}
