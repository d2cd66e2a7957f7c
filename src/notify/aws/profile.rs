//! The files that AWS' tools share, `~/.aws/credentials` and `~/.aws/config`: profiles, and where the credentials
//! of each come from.

use std::collections::BTreeMap;

use super::{Credentials, Role};

/// The keys of each profile. What stands in both files is that of `credentials`.
#[derive(Clone, Default)]
pub struct Profiles(BTreeMap<String, BTreeMap<String, String>>);

impl std::fmt::Debug for Profiles {
    /// Shows names only.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Where the credentials of a profile come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// They stand in it.
    Keys(Credentials),
    /// They are those of another profile.
    Profile(String),
    /// STS gives them for the token in a file. They are the role's already.
    WebIdentity {
        /// The file.
        file: String,
        /// The role.
        role: Role,
    },
    /// They stand in the environment (`credential_source: Environment`).
    Environment,
    /// They are those of the container (`EcsContainer`).
    Container,
    /// They are those of the instance (`Ec2InstanceMetadata`).
    Instance,
    /// The profile does not say: they are those of the container or of the instance.
    Machine,
}

impl Profiles {
    /// Of the texts of both files; one that is not there is empty.
    #[must_use]
    pub fn read(credentials: &str, config: &str) -> Self {
        let mut profiles = Self::default();
        // `[profile default]` wins over `[default]`.
        let is_plain_default = |section: &str| section == "default";
        profiles.add(config, |section| is_plain_default(section).then_some(section));
        profiles.add(config, |section| section.strip_prefix("profile").map(str::trim));
        profiles.add(credentials, Some);
        profiles
    }

    /// Adds a file; `name` is the profile that a section is for.
    fn add<'t>(&mut self, text: &'t str, name: impl Fn(&'t str) -> Option<&'t str>) {
        let mut current = None;
        for line in text.lines() {
            let is_nested = line.starts_with(char::is_whitespace);
            let line = without_comment(line);
            if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
                current = name(section.trim()).map(|name| name.trim_matches(['"', '\'']));
                if let Some(name) = current {
                    self.0.entry(name.to_owned()).or_default();
                }
            } else if let (Some(name), Some((key, value)), false) = (current, line.split_once('='), is_nested)
            {
                let keys = self.0.entry(name.to_owned()).or_default();
                keys.insert(key.trim().to_lowercase(), value.trim().to_owned());
            }
        }
    }

    /// Whether there is such a profile.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A key of a profile; empty if there is none.
    #[must_use]
    pub fn text(&self, profile: &str, key: &str) -> &str {
        self.0.get(profile).and_then(|keys| keys.get(key)).map_or("", String::as_str)
    }

    /// Where the credentials of a profile come from, and the role to take with them.
    ///
    /// # Errors
    /// In a way that is not known here.
    pub fn source(&self, name: &str) -> Result<(Source, Option<Role>), String> {
        let text = |key: &str| self.text(name, key).to_owned();
        let role = Role {
            arn: text("role_arn"),
            external_id: text("external_id"),
            session: text("role_session_name"),
            seconds: text("duration_seconds"),
        };
        let has_role = !role.arn.is_empty();
        if has_role && !text("mfa_serial").is_empty() {
            return Err("its role needs a code of mfa_serial, for which nobody can be asked".to_owned());
        }
        let (other, named, file) =
            (text("source_profile"), text("credential_source"), text("web_identity_token_file"));
        let keys = Credentials::new(
            &text("aws_access_key_id"),
            &text("aws_secret_access_key"),
            &text("aws_session_token"),
        );
        let source = if has_role && !other.is_empty() && other != name {
            Source::Profile(other)
        } else if let Some(keys) = keys {
            Source::Keys(keys)
        } else if !named.is_empty() {
            match &*named {
                "Environment" => Source::Environment,
                "EcsContainer" => Source::Container,
                "Ec2InstanceMetadata" => Source::Instance,
                _ => return Err(format!("its credential_source {named:?} is not known")),
            }
        } else if !file.is_empty() {
            return Ok((Source::WebIdentity { file, role }, None));
        } else if let Some(key) =
            ["sso_session", "sso_start_url", "credential_process"].iter().find(|key| !text(key).is_empty())
        {
            return Err(format!("its {key} is not supported"));
        } else {
            Source::Machine
        };
        Ok((source, has_role.then_some(role)))
    }
}

/// Without white space around it and what is behind ` #` or ` ;`.
fn without_comment(line: &str) -> &str {
    let line = line.trim();
    if line.starts_with(['#', ';']) {
        return "";
    }
    let end = [" #", " ;", "\t#", "\t;"].iter().filter_map(|start| line.find(start)).min();
    line[..end.unwrap_or(line.len())].trim_end()
}

#[cfg(test)]
mod tests {
    use super::{Profiles, Source};

    const CREDENTIALS: &str = "
# of ours
[default]
aws_access_key_id = AKID
AWS_SECRET_ACCESS_KEY=a=b/c+d ; the old one
[ops]
aws_access_key_id=OPS
aws_secret_access_key=s1
aws_session_token=t
";
    const CONFIG: &str = "
[profile default]
region = eu-west-1
[default]
region = us-east-1
output = text
[profile ops]
aws_access_key_id = other
region = eu-north-1 # where we are
s3 =
  region = nowhere
[ops]
region = not a profile
[profile deploy]
role_arn = arn:aws:iam::1:role/deploy
source_profile = ops
external_id = e
role_session_name = n
duration_seconds = 1800
[profile own]
role_arn = r
source_profile = own
aws_access_key_id = O
aws_secret_access_key = s
[profile pod]
role_arn = r
web_identity_token_file = /token
[profile task]
role_arn = r
credential_source = EcsContainer
[profile sso]
sso_session = x
[profile mfa]
role_arn = r
mfa_serial = 1
[profile process]
credential_process = /bin/echo
[profile typo]
role_arn = r
credential_source = Ecs
[profile \"with space\"]
region = r
";

    #[test]
    fn where_credentials_of_a_profile_come_from() {
        let profiles = Profiles::read(CREDENTIALS, CONFIG);
        let shown = |name: &str| match profiles.source(name) {
            Err(error) => error,
            Ok((source, role)) => {
                let source = match source {
                    Source::Keys(keys) => format!(
                        "{} {} {}",
                        keys.access_key,
                        keys.secret_key.reveal(),
                        keys.session_token.map(|token| token.reveal().to_string()).unwrap_or_default()
                    ),
                    other => format!("{other:?}"),
                };
                let role = role.map(|role| {
                    format!(" as {} {} {} {}", role.arn, role.external_id, role.session, role.seconds)
                });
                (source + &role.unwrap_or_default()).trim().to_owned()
            }
        };
        for (name, want) in [
            ("default", "AKID a=b/c+d"),
            ("ops", "OPS s1 t"),
            ("deploy", "Profile(\"ops\") as arn:aws:iam::1:role/deploy e n 1800"),
            ("own", "O s  as r"),
            (
                "pod",
                "WebIdentity { file: \"/token\", role: Role { arn: \"r\", external_id: \"\", session: \"\", seconds: \
                 \"\" } }",
            ),
            ("task", "Container as r"),
            ("sso", "its sso_session is not supported"),
            ("mfa", "its role needs a code of mfa_serial, for which nobody can be asked"),
            ("process", "its credential_process is not supported"),
            ("typo", "its credential_source \"Ecs\" is not known"),
            ("with space", "Machine"),
            ("missing", "Machine"),
        ] {
            assert_eq!(shown(name), want, "{name}");
        }
        let region = |name: &str| profiles.text(name, "region").to_owned();
        assert_eq!([region("default"), region("ops"), region("missing")], ["eu-west-1", "eu-north-1", ""]);
        assert!(profiles.has("with space") && !profiles.has("missing"));
        assert!(!format!("{profiles:?}").contains("s1"));
    }
}
