//! Who we are, said to a mail server: PLAIN, LOGIN, CRAM-MD5. What is said, without saying it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

use crate::notify::email::mail::Login;

/// A mechanism whose first step is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mechanism {
    Plain,
    Login,
    CramMd5,
}

/// The first mechanism of those the server offers, in its order, that we have what it needs for.
///
/// PLAIN says the password to who listens, so it needs encryption, or a server on this machine: as Go has it.
///
/// # Errors
/// Why none of them will do.
pub(super) fn choose(offered: &[String], login: &Login, is_private: bool) -> Result<Mechanism, String> {
    let mut missing = Vec::new();
    for name in offered {
        let (mechanism, has_secret, secret) = match name.as_str() {
            "CRAM-MD5" => (Mechanism::CramMd5, !login.secret.reveal().is_empty(), "secret"),
            "PLAIN" => (Mechanism::Plain, !login.password.reveal().is_empty(), "password"),
            "LOGIN" => (Mechanism::Login, !login.password.reveal().is_empty(), "password"),
            _ => {
                missing.push(format!("unknown auth mechanism: {name}"));
                continue;
            }
        };
        if !has_secret {
            missing.push(format!("missing {secret} for {name} auth mechanism"));
        } else if mechanism == Mechanism::Plain && !is_private {
            missing.push("PLAIN would show the password, as the connection is not encrypted".to_owned());
        } else {
            return Ok(mechanism);
        }
    }
    Err(missing.join("; "))
}

impl Mechanism {
    /// The command that begins it.
    pub(super) fn command(self, login: &Login) -> String {
        match self {
            Self::Plain => {
                let whole = format!("{}\0{}\0{}", login.identity, login.username, login.password.reveal());
                format!("AUTH PLAIN {}\r\n", STANDARD.encode(whole))
            }
            Self::Login => "AUTH LOGIN\r\n".to_owned(),
            Self::CramMd5 => "AUTH CRAM-MD5\r\n".to_owned(),
        }
    }

    /// The answer to the challenge that comes as number `at`, counted from 0; `None`: none is expected.
    pub(super) fn answer(self, at: usize, challenge: &str, login: &Login) -> Option<String> {
        let answer = match (self, at) {
            (Self::Login, 0) => login.username.clone(),
            (Self::Login, 1) => login.password.reveal().to_string(),
            (Self::CramMd5, 0) => {
                let challenge = STANDARD.decode(challenge.trim()).ok()?;
                format!("{} {}", login.username, hmac_md5(login.secret.reveal().as_bytes(), &challenge))
            }
            (Self::Plain | Self::Login | Self::CramMd5, _) => return None,
        };
        Some(STANDARD.encode(answer) + "\r\n")
    }
}

/// The HMAC (RFC 2104) of a text with MD5, in hexadecimal digits.
fn hmac_md5(key: &[u8], text: &[u8]) -> String {
    const BLOCK: usize = 64;
    let mut padded = [0_u8; BLOCK];
    if key.len() > BLOCK {
        padded[..16].copy_from_slice(&Md5::digest(key));
    } else {
        padded[..key.len()].copy_from_slice(key);
    }
    let keyed = |pad: u8, text: &[u8]| {
        let key = padded.map(|byte| byte ^ pad);
        Md5::new().chain_update(key).chain_update(text).finalize()
    };
    let inner = keyed(0x36, text);
    keyed(0x5c, &inner).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{Login, Mechanism, choose, hmac_md5};
    use crate::config::setting::Secret;

    fn login(password: &str, secret: &str) -> Login {
        Login {
            username: "tim".to_owned(),
            identity: "boss".to_owned(),
            password: Secret::new(password.into()),
            secret: Secret::new(secret.into()),
        }
    }

    #[test]
    fn the_first_that_is_offered_and_possible() {
        for (offered, password, secret, is_private, want) in [
            ("PLAIN LOGIN", "p", "", true, "Plain"),
            ("LOGIN PLAIN", "p", "", true, "Login"),
            ("CRAM-MD5 PLAIN", "p", "s", true, "CramMd5"),
            ("CRAM-MD5 PLAIN", "p", "", true, "Plain"),
            ("XOAUTH2 PLAIN", "p", "", true, "Plain"),
            ("PLAIN LOGIN", "p", "", false, "Login"),
            ("PLAIN CRAM-MD5", "p", "s", false, "CramMd5"),
            ("PLAIN", "p", "", false, "PLAIN would show the password, as the connection is not encrypted"),
            (
                "GSSAPI PLAIN CRAM-MD5",
                "",
                "",
                true,
                "unknown auth mechanism: GSSAPI; missing password for PLAIN auth mechanism; \
                 missing secret for CRAM-MD5 auth mechanism",
            ),
        ] {
            let offered: Vec<String> = offered.split(' ').map(str::to_owned).collect();
            let chosen = choose(&offered, &login(password, secret), is_private);
            let shown = chosen.map_or_else(|error| error, |mechanism| format!("{mechanism:?}"));
            assert_eq!(shown, want, "{offered:?}");
        }
    }

    #[test]
    fn what_is_said() {
        let login = login("tanstaaftanstaaf", "tanstaaftanstaaf");
        assert_eq!(Mechanism::Plain.command(&login), "AUTH PLAIN Ym9zcwB0aW0AdGFuc3RhYWZ0YW5zdGFhZg==\r\n");
        assert_eq!(Mechanism::Plain.answer(0, "", &login), None);
        assert_eq!(Mechanism::Login.answer(0, "VXNlcm5hbWU6", &login).as_deref(), Some("dGlt\r\n"));
        let password = Mechanism::Login.answer(1, "UGFzc3dvcmQ6", &login);
        assert_eq!(password.as_deref(), Some("dGFuc3RhYWZ0YW5zdGFhZg==\r\n"));
        assert_eq!(Mechanism::Login.answer(2, "", &login), None);
        // The example of RFC 2195.
        let challenge = "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+";
        let want = "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\r\n";
        assert_eq!(Mechanism::CramMd5.answer(0, challenge, &login).as_deref(), Some(want));
        assert_eq!(Mechanism::CramMd5.answer(0, "no base64!", &login), None);
        // The sixth example of RFC 2202: a key longer than a block.
        let text = b"Test Using Larger Than Block-Size Key - Hash Key First";
        assert_eq!(hmac_md5(&[0xaa; 80], text), "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd");
    }
}
