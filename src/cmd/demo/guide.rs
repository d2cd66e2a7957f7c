//! What people read who try the demo: what runs where, and what to do next.

use std::io::Write;

use crate::cmd::logging;

/// What a guide has to name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guide<'a> {
    /// Prometheus' API.
    pub(super) data_url: &'a str,
    /// Sereno.
    pub(super) url: &'a str,
    pub(super) rules: &'a [String],
    pub(super) routes: &'a str,
}

impl Guide<'_> {
    /// What is said at the start.
    pub(super) fn welcome(&self) -> String {
        let Self { data_url, url, routes, .. } = self;
        let rules = self.rules.join(" ");
        let title = bold("sereno demo");
        format!(
            "{title}: made-up services, and Sereno watching them. Ctrl-C stops it.

  services   {data_url}   Prometheus' API: web, api, db, worker and redis on a dozen machines
  Sereno     {url}   alerts, silences, history; the API of Alertmanager
  rules      {rules}
  routes     {routes}
             Edit them, then: curl -X POST {url}/-/reload
             No answer means that they are in force; else it says what is wrong, and where.

In a few seconds the api in zone eu-1a goes down. What follows takes about a minute: alerts are pending,
fire, are put together in groups, inhibited, told, held back by a cooldown, and resolved. The lines with
times say what Sereno does; the others are the messages that people would get.

"
        )
    }

    /// What is said after the first message.
    pub(super) fn first_message(&self) -> String {
        let Self { data_url, url, .. } = self;
        let title = bold("That was the first message. In another terminal, try:");
        let first = match *url == "http://127.0.0.1:9093" {
            true => String::new(),
            false => format!("  export SERENO_URL={url}\n"),
        };
        // Such as in a container: who silences something has to say who that is.
        let author = if std::env::var_os("USER").is_some() { "" } else { " --author me" };
        format!(
            "
{title}
{first}  sereno alert list                what fires, and what mutes it
  sereno explain DiskFillingSoon   why somebody is told, or not
  sereno history                   what happened
  sereno silence add alertname=ServiceDown -d 10m -c 'I know'{author}
                                   what nobody wants to hear about for now
  amtool --alertmanager.url={url} alert
                                   Alertmanager's tool works, too
  curl -s '{data_url}/api/v1/query?query=up==0'
                                   what is down just now, straight from the data
  Grafana: a data source Prometheus at {data_url}, and an Alertmanager (of Prometheus) at {url}

"
        )
    }

    /// What is said when the first outage is over.
    pub(super) fn last_message(&self) -> String {
        let Self { data_url, .. } = self;
        format!(
            "
That was the first outage. From here on only messages are printed; the next outage comes within
five minutes. `sereno history` has what happened, and this makes a unit test of it:
  sereno test record --prometheus-url {data_url} --alert ErrorsRising --from 3m -o outage.yml
  sereno test outage.yml
Ctrl-C stops the demo.

"
        )
    }
}

/// Prints a text as it is.
pub(super) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    // Nobody reads us: then the demo is watched by other means.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// A text that is only beside the point: on a terminal in grey.
pub(super) fn grey(text: &str) -> String {
    match logging::wants_colour(&std::io::stdout()) {
        true => format!("\u{1b}[2m{}\u{1b}[0m\n", text.trim_end_matches('\n')),
        false => text.to_owned(),
    }
}

fn bold(text: &str) -> String {
    match logging::wants_colour(&std::io::stdout()) {
        true => format!("\u{1b}[1m{text}\u{1b}[0m"),
        false => text.to_owned(),
    }
}
