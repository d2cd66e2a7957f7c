//! A mail as it is to be sent, and what the server said to it. Who sends it builds the MIME message.

use super::addresses::Mailbox;
use crate::config::routes::TlsSettings;
use crate::config::setting::Secret;
use crate::model::Timestamp;
use crate::router::Failure;

/// A mail.
#[derive(Clone, Debug, PartialEq)]
pub struct Mail {
    /// Who is asked to take it.
    pub server: MailServer,
    /// Who it is from; bounces go there.
    pub from: Mailbox,
    /// Who gets it, whatever the headers say.
    pub recipients: Vec<Mailbox>,
    /// Its headers, in order, without those that say how it is built.
    pub headers: Vec<(String, HeaderText)>,
    /// The part of its id before the `@`, after which comes the name of our host; `None`: a header has the id.
    pub id: Option<String>,
    /// When it is sent.
    pub date: Timestamp,
    /// As plain text; may be empty.
    pub text: String,
    /// As HTML; may be empty.
    pub html: String,
}

/// The value of a header, in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderText {
    /// A text.
    Text(String),
    /// Addresses.
    Addresses(Vec<Mailbox>),
}

/// A mail server and how we speak to it. Mails to equal ones may share a connection.
#[derive(Clone, Debug, PartialEq)]
pub struct MailServer {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether we speak in secret.
    pub encryption: Encryption,
    /// How to check its certificate, and ours.
    pub tls: TlsSettings,
    /// What we call ourselves.
    pub hello: String,
    /// Who we are, if we are to say it.
    pub login: Option<Login>,
}

/// How a connection is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// From its start.
    Implicit,
    /// After STARTTLS, without which nothing is said.
    StartTls,
    /// Not at all.
    None,
}

/// Credentials. Which of them is used is up to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The user's name.
    pub username: String,
    /// Who to act as (PLAIN); mostly empty.
    pub identity: String,
    /// For PLAIN and LOGIN; may be empty.
    pub password: Secret,
    /// For CRAM-MD5; may be empty.
    pub secret: Secret,
}

/// What became of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailAnswer {
    /// What the server said to each recipient, up to where the conversation ended.
    pub recipients: Vec<(String, Taken)>,
    /// How it ended: whether the mail was taken for those recipients that were.
    pub end: Result<(), MailFailure>,
}

/// What a server said to a recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It takes mails for them.
    Yes,
    /// Not now (4xx), and why.
    Later(String),
    /// Never (5xx), and why.
    No(String),
}

/// Why the server did not take a mail at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailFailure {
    /// What kind of failure.
    pub failure: Failure,
    /// Whether another try would end the same way: the server said so (5xx).
    pub is_final: bool,
    /// Whether the mail was on its way: only the answer may be missing.
    pub maybe_taken: bool,
    /// What went wrong, for people; holds no secret.
    pub message: String,
}
