//! A conversation with a mail server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::commands::{Data, Ehlo, Mail as MailFrom, Rcpt, Rset, Starttls};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::Response;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::wire::Wire;
use super::{auth, mime};
use crate::model::Str;
use crate::notify::email::mail::{Encryption, Login, Mail, MailAnswer, MailFailure, MailServer, Taken};
use crate::router::Failure;
use crate::shell::cause;
use crate::shell::tls::{self, TlsError};

/// Why a mail cannot be sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum SmtpError {
    /// There is no connection.
    #[error("connect to the mail server {to}: {}", cause::of(error))]
    Connect {
        /// Host and port.
        to: String,
        /// Why not.
        error: std::io::Error,
    },
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The server has no certificate that we trust, or the like.
    #[error("cannot speak TLS with the mail server: {}", cause::of(.0))]
    Handshake(std::io::Error),
    /// It does not offer STARTTLS.
    #[error("'require_tls' is true (default) but the mail server does not advertise the STARTTLS extension")]
    NoStartTls,
    /// It offers no way to say who we are that we could go.
    #[error("cannot log in to the mail server: {0}")]
    NoMechanism(String),
    /// It said no, or nothing that we understand.
    #[error("{during}: {error}")]
    Smtp {
        /// What we asked.
        during: &'static str,
        /// What it said.
        error: Error,
    },
    /// The mail cannot be written.
    #[error("cannot write the mail: {0}")]
    Mail(String),
}

/// What is asked of the server, for messages and to tell kinds of failures apart.
const GREETING: &str = "greeting of the mail server";
const LOGIN: &str = "login at the mail server";
const CONTENT: &str = "content of the mail";

impl SmtpError {
    /// The failure, if the mail was `on_its_way`.
    pub(super) fn into_failure(self, on_its_way: bool) -> MailFailure {
        let message = self.to_string();
        let (failure, is_final) = match &self {
            Self::Smtp { during, error } if error.is_permanent() => {
                (if *during == LOGIN { Failure::AuthError } else { Failure::ClientError }, true)
            }
            Self::Smtp { error, .. } if error.is_transient() => (Failure::ServerError, false),
            Self::Mail(_) => (Failure::Other, true),
            Self::Connect { .. }
            | Self::Tls(_)
            | Self::Handshake(_)
            | Self::NoStartTls
            | Self::NoMechanism(_)
            | Self::Smtp { .. } => (Failure::Other, false),
        };
        // An answer, whatever it says, is one: then the mail was not taken.
        let answered = matches!(&self, Self::Smtp { error, .. } if error.status().is_some());
        MailFailure { failure, is_final, maybe_taken: on_its_way && !answered, message }
    }
}

/// A connection that is ready for mails.
pub(super) struct Connection {
    smtp: AsyncSmtpConnection,
    /// Whether it takes addresses that are not ASCII.
    takes_utf8: bool,
    /// Whether the server and we agree on where in the conversation we are.
    is_in_step: bool,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("is_in_step", &self.is_in_step).finish_non_exhaustive()
    }
}

impl Connection {
    /// Connects, encrypts, and says who we are.
    pub(super) async fn open(server: &MailServer) -> Result<Self, SmtpError> {
        let hello = ClientId::Domain(server.hello.clone());
        let stream = TcpStream::connect((server.host.as_str(), server.port)).await;
        let stream = stream.and_then(|stream| stream.set_nodelay(true).map(|()| stream));
        let plain = stream.and_then(Wire::plain).map_err(|error| no_connection(server, error))?;
        let smtp = match server.encryption {
            Encryption::None => greet(Box::new(plain), &hello).await?,
            Encryption::Implicit => greet(Box::new(encrypt(&plain, server).await?), &hello).await?,
            Encryption::StartTls => start_tls(plain, server, &hello).await?,
        };
        let mut connection = Self { smtp, takes_utf8: false, is_in_step: true };
        // The library keeps only the mechanisms that it knows, so we ask again.
        let offers = connection.ask(GREETING, Ehlo::new(hello)).await?;
        let offers: Vec<String> = offers.message().map(str::to_ascii_uppercase).collect();
        connection.takes_utf8 = offers.iter().any(|offer| offer == "SMTPUTF8");
        let mechanisms = offers.iter().find_map(|offer| offer.strip_prefix("AUTH "));
        if let (Some(login), Some(mechanisms)) = (&server.login, mechanisms) {
            let mechanisms: Vec<String> = mechanisms.split_ascii_whitespace().map(str::to_owned).collect();
            let is_private = server.encryption != Encryption::None || is_local(&server.host);
            connection.log_in(login, &mechanisms, is_private).await?;
        }
        Ok(connection)
    }

    async fn log_in(&mut self, login: &Login, offered: &[String], is_private: bool) -> Result<(), SmtpError> {
        let mechanism = auth::choose(offered, login, is_private).map_err(SmtpError::NoMechanism)?;
        let mut said = self.ask(LOGIN, mechanism.command(login)).await?;
        for at in 0.. {
            if !said.has_code(334) {
                return Ok(());
            }
            let challenge = said.message().next().unwrap_or_default();
            let answer = mechanism.answer(at, challenge, login);
            // A star gives up, so that the conversation goes on properly.
            said = self.ask(LOGIN, answer.unwrap_or_else(|| "*\r\n".to_owned())).await?;
        }
        Ok(())
    }

    /// Whether an unused connection still works.
    pub(super) async fn is_alive(&mut self) -> bool {
        self.ask("reset", Rset).await.is_ok()
    }

    /// Whether it can be used for another mail.
    pub(super) fn is_usable(&self) -> bool {
        self.is_in_step
    }

    /// Takes leave.
    pub(super) async fn close(mut self) {
        // Nothing follows from what the server says to that.
        drop(self.smtp.quit().await);
    }

    /// Sends a mail. `on_its_way` becomes true when its content goes out.
    pub(super) async fn send(
        &mut self,
        mail: &Mail,
        bytes: &[u8],
        on_its_way: &AtomicBool,
    ) -> Result<MailAnswer, SmtpError> {
        let is_ascii = |address: &str| address.is_ascii();
        let all_ascii =
            is_ascii(&mail.from.address) && mail.recipients.iter().all(|to| is_ascii(&to.address));
        let parameters = match self.takes_utf8 && !all_ascii {
            true => vec![MailParameter::SmtpUtfEight],
            false => Vec::new(),
        };
        self.ask("sender", MailFrom::new(Some(mime::address(&mail.from.address)), parameters)).await?;
        let mut recipients = Vec::new();
        for to in &mail.recipients {
            let taken = match self.takes_utf8 || is_ascii(&to.address) {
                true => self.recipient(&to.address).await?,
                false => Taken::No("the mail server takes only addresses in ASCII".to_owned()),
            };
            recipients.push((to.address.clone(), taken));
        }
        let end = match recipients.iter().any(|(_, taken)| *taken == Taken::Yes) {
            true => self.content(bytes, on_its_way).await,
            false => self.ask("reset", Rset).await.map(drop),
        };
        let on_its_way = on_its_way.load(Ordering::Relaxed);
        Ok(MailAnswer { recipients, end: end.map_err(|error| error.into_failure(on_its_way)) })
    }

    async fn recipient(&mut self, address: &str) -> Result<Taken, SmtpError> {
        match self.ask("recipient", Rcpt::new(mime::address(address), Vec::new())).await {
            Ok(_) => Ok(Taken::Yes),
            Err(SmtpError::Smtp { error, .. }) if error.is_permanent() => Ok(Taken::No(error.to_string())),
            Err(SmtpError::Smtp { error, .. }) if error.is_transient() => Ok(Taken::Later(error.to_string())),
            Err(error) => Err(error),
        }
    }

    async fn content(&mut self, bytes: &[u8], on_its_way: &AtomicBool) -> Result<(), SmtpError> {
        self.ask("request to send the mail", Data).await?;
        on_its_way.store(true, Ordering::Relaxed);
        self.is_in_step = false;
        let said = self.smtp.message(bytes).await;
        self.heard(CONTENT, said).map(drop)
    }

    async fn ask(
        &mut self,
        during: &'static str,
        command: impl std::fmt::Display,
    ) -> Result<Response, SmtpError> {
        self.is_in_step = false; // until it has answered
        let said = self.smtp.command(command).await;
        self.heard(during, said)
    }

    fn heard(&mut self, during: &'static str, said: Result<Response, Error>) -> Result<Response, SmtpError> {
        self.is_in_step = match &said {
            Ok(_) => true,
            // 421: the server closes the connection.
            Err(error) => error.status().is_some_and(|code| code.to_string() != "421"),
        };
        said.map_err(|error| SmtpError::Smtp { during, error })
    }
}

async fn greet(
    stream: Box<dyn AsyncTokioStream>,
    hello: &ClientId,
) -> Result<AsyncSmtpConnection, SmtpError> {
    let greeted = AsyncSmtpConnection::connect_with_transport(stream, hello).await;
    greeted.map_err(|error| SmtpError::Smtp { during: GREETING, error })
}

/// Starts in the open and goes on encrypted. What the server said before is forgotten: somebody else may have
/// said it.
async fn start_tls(
    plain: Wire<TcpStream>,
    server: &MailServer,
    hello: &ClientId,
) -> Result<AsyncSmtpConnection, SmtpError> {
    let mut smtp = greet(Box::new(plain.clone()), hello).await?;
    if !smtp.server_info().supports_feature(Extension::StartTls) {
        return Err(SmtpError::NoStartTls);
    }
    let ready = smtp.command(Starttls).await;
    ready.map_err(|error| SmtpError::Smtp { during: "STARTTLS", error })?;
    let encrypted = encrypt(&plain, server).await?;
    #[expect(deprecated, reason = "only so does a connection go on with another stream")]
    smtp.set_stream(lettre::transport::smtp::client::AsyncNetworkStream::use_existing_tokio1(Box::new(
        encrypted,
    )));
    Ok(smtp)
}

async fn encrypt(
    plain: &Wire<TcpStream>,
    server: &MailServer,
) -> Result<Wire<TlsStream<TcpStream>>, SmtpError> {
    let mut settings = server.tls.clone();
    let name = settings.server_name.get_or_insert_with(|| server.host.as_str().into()).clone();
    // Reads files.
    let config = tokio::task::spawn_blocking(move || tls::client_config(&settings)).await;
    let config = config.map_err(|error| SmtpError::Handshake(std::io::Error::other(error)))??;
    let mut config = config.ok_or_else(|| TlsError::Setup("no settings".to_owned()))?;
    config.alpn_protocols.clear(); // those are for HTTP
    let name_of = ServerName::try_from(name.to_string());
    let name_of = name_of.map_err(|_| TlsError::ServerName(Str::clone(&name)))?;
    let gone = || no_connection(server, std::io::ErrorKind::NotConnected.into());
    let stream = plain.take().ok_or_else(gone)?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name_of, stream).await;
    Ok(Wire::new(stream.map_err(SmtpError::Handshake)?, plain.peer()))
}

fn no_connection(server: &MailServer, error: std::io::Error) -> SmtpError {
    SmtpError::Connect { to: format!("{}:{}", server.host, server.port), error }
}

/// Whether the server is on this machine, so that nobody listens.
fn is_local(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "::1")
}
