//! One look for credentials, in the order of AWS' SDK for Go.

use std::time::Duration as StdDuration;

use super::{AwsAccess, Identity, no_credentials};
use crate::config::http::SecretSource;
use crate::config::setting::HIDDEN;
use crate::model::Timestamp;
use crate::notify::aws::profile::{Profiles, Source};
use crate::notify::aws::{self, Access, Credentials, Granted, Role, answers, requests};
use crate::notify::{HttpAnswer, HttpRequest};
use crate::router::{Failure, Outcome};
use crate::shell::http::{AnswerLimit, HttpError, read_secret};

/// The largest answer that is read, in bytes.
const ANSWER_LIMIT: usize = 64 * 1024;

/// How many profiles may lead from one to the next.
const MOST_PROFILES: usize = 5;

/// What was looked at so far.
pub(super) struct Search<'a> {
    aws: &'a AwsAccess,
    identity: &'a Identity,
    timeout: StdDuration,
    profiles: Profiles,
    region: String,
    /// What gives no credentials, and why.
    tried: Vec<String>,
}

impl<'a> Search<'a> {
    pub(super) fn new(aws: &'a AwsAccess, identity: &'a Identity, timeout: StdDuration) -> Self {
        let (profiles, region, tried) = (Profiles::default(), String::new(), Vec::new());
        Self { aws, identity, timeout, profiles, region, tried }
    }

    /// Finds all that a request to `service` needs, and until when it is good.
    pub(super) async fn run(&mut self, service: &str) -> Result<(Access, Option<Timestamp>), Outcome> {
        self.read_profiles().await;
        self.region = self.find_region()?;
        let mut granted = self.own().await?;
        if !self.identity.role_arn.is_empty() {
            let (arn, external_id) = (self.identity.role_arn.clone(), self.identity.external_id.clone());
            granted = self.assume(&Role { arn, external_id, ..Role::default() }, &granted).await?;
        }
        let endpoint = aws::own_endpoint(service, &|name| self.variable(name));
        let access = Access { credentials: granted.credentials, region: self.region.clone(), endpoint };
        Ok((access, granted.ends_at))
    }

    fn variable(&self, name: &str) -> String {
        self.aws.environment.text(name)
    }

    /// The name of the profile, and whether somebody asks for it.
    fn profile(&self) -> (String, bool) {
        let named = [self.identity.profile.clone(), self.variable("AWS_PROFILE")];
        match named.into_iter().find(|name| !name.is_empty()) {
            Some(name) => (name, true),
            None => ("default".to_owned(), false),
        }
    }

    async fn read_profiles(&mut self) {
        let credentials = self.shared_file("AWS_SHARED_CREDENTIALS_FILE", "credentials").await;
        let config = self.shared_file("AWS_CONFIG_FILE", "config").await;
        self.profiles = Profiles::read(&credentials, &config);
    }

    /// The text of a file, empty if it cannot be read.
    async fn shared_file(&mut self, variable: &str, name: &str) -> String {
        let path = match (self.variable(variable), self.variable("HOME")) {
            (path, _) if !path.is_empty() => path,
            (_, home) if !home.is_empty() => format!("{home}/.aws/{name}"),
            (_, _) => return String::new(),
        };
        match read(&path).await {
            Ok(text) => text,
            Err(reason) => {
                self.tried.push(format!("file {path}: {reason}"));
                String::new()
            }
        }
    }

    fn find_region(&self) -> Result<String, Outcome> {
        let (profile, _) = self.profile();
        let known = [
            self.identity.region.clone(),
            self.variable("AWS_REGION"),
            self.variable("AWS_DEFAULT_REGION"),
            self.profiles.text(&profile, "region").to_owned(),
        ];
        let region = known.into_iter().find(|region| !region.is_empty());
        let missing =
            format!("no region: set sigv4.region, AWS_REGION, or region in the AWS profile {profile}");
        region.ok_or(Outcome::Refused { failure: Failure::Other, message: missing })
    }

    /// Those before the role of `sigv4` is taken.
    async fn own(&mut self) -> Result<Granted, Outcome> {
        let Identity { access_key, secret_key, .. } = self.identity;
        if !access_key.is_empty() {
            return Ok(forever(Credentials {
                access_key: access_key.clone(),
                secret_key: secret_key.clone(),
                session_token: None,
            }));
        }
        let (profile, is_asked_for) = self.profile();
        if is_asked_for && !self.profiles.has(&profile) {
            return Err(self.nothing(&format!("profile {profile}"), "there is none"));
        }
        if !self.identity.profile.is_empty() {
            return self.of_profile(profile).await;
        }
        self.tried.insert(0, "sigv4: it has no access_key and no profile".to_owned());
        if let Some(credentials) = self.of_environment() {
            return Ok(forever(credentials));
        }
        let file = self.variable("AWS_WEB_IDENTITY_TOKEN_FILE");
        if !file.is_empty() {
            let role = Role {
                arn: self.variable("AWS_ROLE_ARN"),
                session: self.variable("AWS_ROLE_SESSION_NAME"),
                ..Role::default()
            };
            return self.web_identity(&file, &role).await;
        }
        self.tried.push("web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set".to_owned());
        self.of_profile(profile).await
    }

    fn of_environment(&mut self) -> Option<Credentials> {
        let found = aws::Credentials::new(
            &self.variable("AWS_ACCESS_KEY_ID"),
            &self.variable("AWS_SECRET_ACCESS_KEY"),
            &self.variable("AWS_SESSION_TOKEN"),
        );
        if found.is_none() {
            let reason = "environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set";
            self.tried.push(reason.to_owned());
        }
        found
    }

    /// Those of a profile, with the roles of it and of those that it leads to.
    async fn of_profile(&mut self, mut name: String) -> Result<Granted, Outcome> {
        let mut roles = Vec::new();
        for _ in 0..MOST_PROFILES {
            let what = format!("profile {name}");
            let (source, role) = match self.profiles.source(&name) {
                Ok(found) => found,
                Err(reason) => return Err(self.nothing(&what, &reason)),
            };
            roles.extend(role);
            let found = match source {
                Source::Profile(other) if self.profiles.has(&other) => {
                    name = other;
                    continue;
                }
                Source::Profile(other) => {
                    return Err(self.nothing(&what, &format!("its source_profile {other} does not exist")));
                }
                Source::Keys(credentials) => Ok(forever(credentials)),
                Source::WebIdentity { file, role } => self.web_identity(&file, &role).await,
                Source::Environment => {
                    let found = self.of_environment();
                    found.map(forever).ok_or_else(|| self.nothing(&what, "it names the environment"))
                }
                Source::Container => match self.container().await? {
                    Some(granted) => Ok(granted),
                    None => Err(self.nothing(&what, "it names the container")),
                },
                Source::Instance => self.instance().await,
                Source::Machine => {
                    let is_there = self.profiles.has(&name);
                    let reason = if is_there { "it has no keys" } else { "there is none" };
                    self.tried.push(format!("{what}: {reason}"));
                    self.machine().await
                }
            };
            let mut granted = found?;
            for role in roles.iter().rev() {
                granted = self.assume(role, &granted).await?;
            }
            return Ok(granted);
        }
        Err(self.nothing(&format!("profile {name}"), "too many profiles lead to it"))
    }

    async fn machine(&mut self) -> Result<Granted, Outcome> {
        match self.container().await? {
            Some(granted) => Ok(granted),
            None => self.instance().await,
        }
    }

    /// Those of the container, if the environment says where they are.
    async fn container(&mut self) -> Result<Option<Granted>, Outcome> {
        let what = "container";
        let url = match requests::container_url(&|name| self.variable(name)) {
            Ok(Some(url)) => url,
            Ok(None) => {
                self.tried.push(format!("{what}: AWS_CONTAINER_CREDENTIALS_*_URI are not set"));
                return Ok(None);
            }
            Err(reason) => return Err(self.nothing(what, &reason)),
        };
        let file = self.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
        let token = match file.is_empty() {
            true => self.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
            false => match read(&file).await {
                Ok(token) => token,
                Err(reason) => return Err(self.nothing(what, &format!("token {file}: {reason}"))),
            },
        };
        let answer = self.ask(requests::container(url, &token)).await;
        let granted = answer.map_err(|error| error.to_string()).and_then(|answer| answers::json(&answer));
        granted.map(Some).map_err(|reason| self.nothing(what, &hidden(&reason, &token)))
    }

    /// Those of the role of the instance.
    async fn instance(&mut self) -> Result<Granted, Outcome> {
        let what = "instance metadata";
        if self.variable("AWS_EC2_METADATA_DISABLED").eq_ignore_ascii_case("true") {
            return Err(self.nothing(what, "AWS_EC2_METADATA_DISABLED is set"));
        }
        let base = requests::metadata_base(&|name| self.variable(name));
        let granted = self.of_metadata(&base).await;
        granted.map_err(|reason| self.nothing(what, &reason))
    }

    async fn of_metadata(&self, base: &str) -> Result<Granted, String> {
        let ask = async |request| self.ask(request).await.map_err(|error| error.to_string());
        let token = answers::text(&ask(requests::metadata_token(base)).await?)
            .map_err(|reason| format!("no token: {reason}"))?;
        let names = ask(requests::metadata_role(base, &token, "")).await?;
        let names = answers::text(&names).map_err(|reason| format!("no role: {reason}"))?;
        let role = names.lines().next().filter(|name| !name.is_empty());
        let role = role.ok_or("the instance has no role")?;
        answers::json(&ask(requests::metadata_role(base, &token, role)).await?)
    }

    async fn web_identity(&mut self, file: &str, role: &Role) -> Result<Granted, Outcome> {
        if role.arn.is_empty() {
            return Err(self.nothing("web identity", "there is no role for it: AWS_ROLE_ARN or role_arn"));
        }
        let token = match read(file).await {
            Ok(token) => token,
            Err(reason) => return Err(self.nothing("web identity", &format!("token {file}: {reason}"))),
        };
        let request = requests::assume_role_with_web_identity(&self.sts(), role, &token, &self.identity.http);
        self.ask_sts(request, role, &token).await
    }

    async fn assume(&mut self, role: &Role, own: &Granted) -> Result<Granted, Outcome> {
        let (now, http) = (self.aws.clock.now(), &self.identity.http);
        let request = requests::assume_role(&self.sts(), &self.region, role, &own.credentials, http, now);
        match request {
            Ok(request) => self.ask_sts(request, role, own.credentials.secret_key.reveal()).await,
            Err(reason) => Err(Outcome::Refused { failure: Failure::Other, message: reason }),
        }
    }

    fn sts(&self) -> String {
        aws::endpoint("sts", &self.region, self.identity.use_fips, &|name| self.variable(name))
    }

    async fn ask_sts(&self, request: HttpRequest, role: &Role, secret: &str) -> Result<Granted, Outcome> {
        let about = |text: String| format!("cannot take the role {}: {}", role.arn, hidden(&text, secret));
        let retry = |text: String| no_credentials(Failure::Other, about(text));
        let answer = self.ask(request).await.map_err(|error| retry(error.to_string()))?;
        match aws::answers::outcome(&answer, self.aws.clock.now()) {
            Outcome::Delivered => {
                answers::sts(&answer).ok_or_else(|| retry("the answer has no credentials".to_owned()))
            }
            Outcome::Retryable { failure, message, retry_after, .. } => {
                let message = about(message);
                Err(Outcome::Retryable { failure, message, retry_after, maybe_taken: false })
            }
            Outcome::Refused { failure, message } => {
                Err(Outcome::Refused { failure, message: about(message) })
            }
        }
    }

    async fn ask(&self, request: HttpRequest) -> Result<HttpAnswer, HttpError> {
        self.aws.clients.send_made(request, self.timeout, AnswerLimit::Whole(ANSWER_LIMIT), false).await
    }

    /// There are none, for all that was looked at and this.
    fn nothing(&self, what: &str, reason: &str) -> Outcome {
        let mut tried = self.tried.clone();
        tried.push(format!("{what}: {reason}"));
        no_credentials(Failure::Other, format!("no AWS credentials: {}", tried.join("; ")))
    }
}

/// Credentials that somebody else changes.
fn forever(credentials: Credentials) -> Granted {
    Granted { credentials, ends_at: None }
}

fn hidden(text: &str, secret: &str) -> String {
    if secret.is_empty() { text.to_owned() } else { text.replace(secret, HIDDEN) }
}

async fn read(path: &str) -> Result<String, String> {
    read_secret(&SecretSource::File(path.into())).await.map_err(|error| match error {
        HttpError::Secret { source, .. } => crate::shell::cause::of(&source),
        error => error.to_string(),
    })
}
