//! Where credentials for AWS come from, in which order, for how long they are kept, and what is said if there are
//! none. Each ends in a notification to SNS, which checks the signature.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sereno::model::{Duration, Timestamp};
use sereno::shell::aws::Environment;
use sereno::shell::clock::Clock;

use super::fakes::aws::{AGENT_TOKEN, ROLE, WEB_TOKEN, container, metadata, sts};
use super::fakes::sns::{ACCESS_KEY, SECRET_KEY, Seen, api, error};
use super::fakes::trouble::{Mood, Trouble};
use super::fakes::{Fake, Reply};
use super::harness::{Receiver, firing, variables_of};

/// SNS, all who give credentials, and files.
struct World {
    sns: Fake,
    metadata: Fake,
    container: Fake,
    sts: Fake,
    folder: tempfile::TempDir,
}

impl World {
    /// What is given lasts that long.
    async fn start(lasts: Duration) -> Self {
        let now: Timestamp = Clock::default().now();
        let ends_at = || (now + lasts).rfc3339();
        Self {
            sns: Fake::start(api(Seen::default())).await,
            metadata: Fake::start(metadata(ends_at())).await,
            container: Fake::start(container(ends_at())).await,
            sts: Fake::start(sts(ends_at())).await,
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    /// The path of a file with this text.
    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    }

    /// With these keys of `sigv4` and this environment, in which words in capital letters stand for the fakes
    /// and for files: the credentials of `ops`, a token.
    fn receiver(&self, sigv4: &str, environment: &str) -> Receiver {
        let credentials = format!(
            "[default]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = wrong\n\
             [ops]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n"
        );
        let config = format!(
            "[profile ops]\nregion = eu-west-1\n[profile role]\nregion = eu-west-1\nrole_arn = {ROLE}\n\
             source_profile = ops\n[profile task]\nregion = eu-west-1\nrole_arn = {ROLE}\n\
             credential_source = Environment\n[profile empty]\nregion = eu-west-1\n"
        );
        let environment = environment
            .replace("KEYS", &format!("AWS_ACCESS_KEY_ID={ACCESS_KEY} AWS_SECRET_ACCESS_KEY={SECRET_KEY}"))
            .replace(
                "FILES",
                &format!(
                    "AWS_SHARED_CREDENTIALS_FILE={} AWS_CONFIG_FILE={}",
                    self.file("credentials", &credentials),
                    self.file("config", &config)
                ),
            )
            .replace("=CONTAINER", &format!("={}/v2/credentials?id=1", self.container.url))
            .replace("=AGENT_TOKEN", &format!("={}", self.file("agent", &format!("{AGENT_TOKEN}\n"))))
            .replace("=WEB_TOKEN", &format!("={}", self.file("web", WEB_TOKEN)));
        let mut variables: Vec<(&str, &str)> =
            environment.split_whitespace().filter_map(|pair| pair.split_once('=')).collect();
        variables.push(("AWS_EC2_METADATA_SERVICE_ENDPOINT", &self.metadata.url));
        variables.push(("AWS_ENDPOINT_URL_STS", &self.sts.url));
        let keys = format!("api_url: {}\ntopic_arn: t\nmessage: x\nsigv4: {{{sigv4}}}", self.sns.url);
        Receiver::new("sns", &keys).with_environment(&variables)
    }

    /// How many requests came to the metadata, the container's agent, and STS.
    fn asked(&self) -> [usize; 3] {
        [&self.metadata, &self.container, &self.sts].map(|fake| fake.requests().len())
    }
}

const LONG: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn credentials_are_found_wherever_amazons_tools_find_them() {
    let assumed = format!("region: eu-west-1, role_arn: '{ROLE}'");
    let region = "region: eu-west-1";
    let web = "AWS_REGION=eu-west-1 AWS_ROLE_ARN=ROLE AWS_WEB_IDENTITY_TOKEN_FILE=WEB_TOKEN";
    let web = &web.replace("ROLE ", &format!("{ROLE} "));
    let agent =
        "AWS_CONTAINER_CREDENTIALS_FULL_URI=CONTAINER AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=AGENT_TOKEN";
    for (sigv4, environment, asked) in [
        (region, "KEYS", [0, 0, 0]),
        ("", "KEYS AWS_DEFAULT_REGION=eu-west-1", [0, 0, 0]),
        ("profile: ops", "FILES", [0, 0, 0]),
        ("", "FILES AWS_PROFILE=ops", [0, 0, 0]),
        (region, "FILES KEYS", [0, 0, 0]), // before the default profile, whose key is wrong
        ("profile: ops", "FILES AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=wrong", [0, 0, 0]),
        ("profile: role", "FILES", [0, 0, 1]),
        ("profile: task", "FILES KEYS", [0, 0, 1]),
        (&assumed, "KEYS", [0, 0, 1]),
        ("", web, [0, 0, 1]),
        (region, agent, [0, 1, 0]),
        ("profile: empty", &format!("FILES {agent}"), [0, 1, 0]),
        ("profile: empty", "FILES", [3, 0, 0]),
        (region, "", [3, 0, 0]),
        (&assumed, agent, [0, 1, 1]),
    ] {
        let world = World::start(LONG).await;
        let mut receiver = world.receiver(sigv4, environment);
        assert_eq!(receiver.told(firing()).await, "delivered", "{sigv4} {environment}");
        assert_eq!(world.asked(), asked, "{sigv4} {environment}");
        assert_eq!(receiver.told(firing()).await, "delivered");
        assert_eq!(world.asked(), asked, "they are kept: {sigv4} {environment}");
    }
}

#[tokio::test]
async fn many_messages_at_once_ask_once() {
    let world = World::start(LONG).await;
    let told = world.receiver("region: eu-west-1", "").told_at_once(12, firing()).await;
    assert_eq!(told, ["delivered"; 12]);
    assert_eq!(world.asked(), [3, 0, 0]);
}

#[tokio::test]
async fn credentials_are_asked_for_anew_before_they_end_and_used_until_then() {
    let world = World::start(Duration::from_secs(120)).await;
    let mut receiver = world.receiver("region: eu-west-1", "");
    assert_eq!(receiver.told(firing()).await, "delivered");
    assert_eq!(receiver.told(firing()).await, "delivered");
    assert_eq!(world.asked(), [6, 0, 0]);
    world.metadata.answer_next(Reply::text(500, "oops"));
    assert_eq!(receiver.told(firing()).await, "delivered", "the old ones are still good");
    assert_eq!(world.asked(), [7, 0, 0]);

    let world = World::start(Duration::from_secs(-1)).await;
    let mut receiver = world.receiver("region: eu-west-1", "");
    assert_eq!(receiver.told(firing()).await, "delivered");
    world.metadata.answer_next(Reply::text(500, "oops"));
    let told = receiver.told(firing()).await;
    assert!(told.ends_with("instance metadata: no token: the answer is HTTP 500"), "{told}");
}

#[tokio::test]
async fn nobody_waits_for_others_until_it_is_too_late_to_use_those_that_are_good() {
    let world = World::start(Duration::from_secs(120)).await;
    let hanging = Trouble::start(Mood::Deaf, None);
    let hangs = Arc::new(AtomicBool::new(false));
    let (is_now, url) = (Arc::clone(&hangs), format!("http://127.0.0.1:{}", hanging.port));
    let others = variables_of(&[
        ("AWS_ENDPOINT_URL_STS", &world.sts.url),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
    ]);
    let environment = Environment::new(move |name| match name {
        "AWS_ENDPOINT_URL_STS" if is_now.load(Ordering::Relaxed) => Some(url.clone()),
        _ => others(name),
    });
    let sigv4 = format!("{{region: eu-west-1, role_arn: '{ROLE}'}}");
    let keys = format!("api_url: {}\ntopic_arn: t\nsigv4: {sigv4}", world.sns.url);
    let mut receiver = Receiver::new("sns", &keys).in_environment(environment);
    receiver.patience = Duration::from_secs(3);
    assert_eq!(receiver.told(firing()).await, "delivered");
    hangs.store(true, Ordering::Relaxed);
    assert_eq!(receiver.told(firing()).await, "delivered", "the old ones are still good");
    assert_eq!(receiver.told(firing()).await, "delivered");
    assert_eq!(hanging.counts().accepted, 1, "it is not asked for each message");
}

#[tokio::test]
async fn credentials_that_were_taken_back_are_replaced_if_there_are_others() {
    let world = World::start(LONG).await;
    let mut receiver = world.receiver("region: eu-west-1", "");
    assert_eq!(receiver.told(firing()).await, "delivered");
    let refusal = || error(403, "ExpiredToken", "the token is over");
    let want = "refused authError: unexpected status code 403: ExpiredToken: the token is over";
    world.sns.answer_next(refusal());
    assert_eq!(receiver.told(firing()).await, want, "the instance has no others");
    assert_eq!((world.asked(), world.sns.requests().len()), ([6, 0, 0], 2));
    world.sns.answer_next(refusal());
    let other = serde_json::json!({
        "AccessKeyId": ACCESS_KEY, "SecretAccessKey": SECRET_KEY, "Expiration": "2100-01-01T00:00:00Z",
    });
    for text in ["token", "ops+1", &other.to_string()] {
        world.metadata.answer_next(Reply::text(200, text));
    }
    assert_eq!(receiver.told(firing()).await, "delivered");
    assert_eq!((world.asked(), world.sns.requests().len()), ([9, 0, 0], 4));
    assert_eq!(receiver.told(firing()).await, "delivered");
    assert_eq!((world.asked(), world.sns.requests().len()), ([9, 0, 0], 5), "the others are kept");

    let mut receiver = world.receiver("region: eu-west-1", "KEYS");
    world.sns.answer_next(refusal());
    assert_eq!(receiver.told(firing()).await, want);
    assert_eq!(world.sns.requests().len(), 6, "the same again would be of no use");
}

#[tokio::test]
async fn what_was_looked_at_and_why_it_is_of_no_use() {
    let world = World::start(LONG).await;
    let start = "retry other: no AWS credentials: ";
    let assumed = "region: eu-west-1, role_arn: 'arn:other'";
    let folder = world.folder.path().display().to_string();
    let agent = "AWS_CONTAINER_CREDENTIALS_FULL_URI=CONTAINER AWS_CONTAINER_AUTHORIZATION_TOKEN=s3cret-wrong";
    let web =
        |file: &str| format!("AWS_REGION=eu-west-1 AWS_ROLE_ARN={ROLE} AWS_WEB_IDENTITY_TOKEN_FILE={file}");
    for (sigv4, environment, want) in [
        (
            "region: r",
            "AWS_EC2_METADATA_DISABLED=true HOME=/nowhere",
            format!(
                "{start}sigv4: it has no access_key and no profile; file /nowhere/.aws/credentials: no such file or \
                 directory; file /nowhere/.aws/config: no such file or directory; environment: AWS_ACCESS_KEY_ID \
                 and AWS_SECRET_ACCESS_KEY are not both set; web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set; \
                 profile default: there is none; container: AWS_CONTAINER_CREDENTIALS_*_URI are not set; \
                 instance metadata: AWS_EC2_METADATA_DISABLED is set"
            ),
        ),
        ("region: r, profile: none", "FILES", format!("{start}profile none: there is none")),
        ("region: r", "KEYS AWS_PROFILE=none", format!("{start}profile none: there is none")),
        (
            "",
            "KEYS",
            "refused other: no region: set sigv4.region, AWS_REGION, or region in the AWS profile default".to_owned(),
        ),
        (
            assumed,
            "KEYS",
            "refused authError: cannot take the role arn:other: unexpected status code 403: AccessDenied: not \
             authorized to take this role"
                .to_owned(),
        ),
        (
            "",
            &web(&format!("{folder}/none")),
            format!(
                "{start}sigv4: it has no access_key and no profile; environment: AWS_ACCESS_KEY_ID and \
                 AWS_SECRET_ACCESS_KEY are not both set; web identity: token {folder}/none: no such file or directory"
            ),
        ),
        (
            "",
            &web(&world.file("wrong", "s3cret.wrong")),
            format!(
                "refused clientError: cannot take the role {ROLE}: unexpected status code 400: \
                 InvalidIdentityToken: Couldn't read <secret>"
            ),
        ),
        (
            "profile: empty",
            &format!("FILES {agent}"),
            format!(
                "{start}profile empty: it has no keys; container: the answer is HTTP 403: AccessDenied: who is \
                 <secret>?"
            ),
        ),
    ] {
        assert_eq!(world.receiver(sigv4, environment).told(firing()).await, want, "{sigv4} {environment}");
    }
    world.metadata.answer_next(Reply::text(200, "t"));
    world.metadata.answer_next(Reply::text(404, "<html>"));
    assert_eq!(
        world.receiver("profile: empty", "FILES").told(firing()).await,
        format!(
            "{start}profile empty: it has no keys; container: AWS_CONTAINER_CREDENTIALS_*_URI are not set; \
             instance metadata: no role: the answer is HTTP 404"
        )
    );
}

#[tokio::test]
async fn a_server_of_credentials_that_is_not_there_is_named() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = closed.local_addr().expect("it is bound").to_string();
    drop(closed);
    let endpoint = format!("http://{address}");
    let mut receiver = Receiver::new("sns", "topic_arn: t\nsigv4: {region: r}")
        .with_environment(&[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &endpoint)]);
    let told = receiver.told(firing()).await;
    let want = format!("instance metadata: connect to {address}: connection refused");
    assert!(told.starts_with("retry other: no AWS credentials: ") && told.ends_with(&want), "{told}");
}
