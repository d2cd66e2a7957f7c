//! What receivers get over HTTP or SMTP, and what their answers lead to. Each test reads a routing file, tells its
//! receiver of alerts through the code that the server delivers with, and lets a strict fake of the receiver's
//! API judge each request as the real one would: by method, path, headers, body and limits.
//!
//! Secrets in these tests contain `s3cret`: no outcome may show one.

mod aws;
mod discord;
mod email;
mod fakes;
mod faults;
mod harness;
mod incidentio;
mod jira;
mod mattermost;
mod msteams;
mod needs_tools;
mod opsgenie;
mod pagerduty;
mod pushover;
mod rocketchat;
mod running;
mod slack;
mod sns;
mod telegram;
mod victorops;
mod webex;
mod webhook;
mod wechat;
