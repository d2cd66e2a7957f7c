//! `sereno alert` and `sereno silence` beside amtool, against Debian's Alertmanager and our own server: what
//! one writes the other reads.

use std::process::{Command, Output};

use serde_json::Value;

use crate::harness::{Alertmanager, Sereno, eventually, tool};

const ROUTES: &str = "
route: {receiver: ops, group_wait: 1h}
receivers: [{name: ops}]
inhibit_rules: [{source_matchers: [alertname=Cluster], target_matchers: [alertname=Node], equal: [zone]}]
";

/// A command line of ours or amtool's, for one server.
struct Line {
    program: std::path::PathBuf,
    url: [String; 2],
}

impl Line {
    fn sereno(address: &str) -> Self {
        let url = ["--url".to_owned(), format!("http://{address}")];
        Self { program: env!("CARGO_BIN_EXE_sereno").into(), url }
    }

    fn amtool(address: &str) -> Self {
        let url = [format!("--alertmanager.url=http://{address}"), "--no-version-check".to_owned()];
        Self { program: tool("amtool"), url }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(&self.program);
        command.args(arguments).args(&self.url).env("USER", "ana").env_remove("SERENO_OUTPUT");
        command.output().expect("it starts")
    }

    /// Standard output of a command that goes well.
    fn fine(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let text = self.fine(arguments);
        serde_json::from_str(&text).expect(&text)
    }

    /// The name of each alert, sorted.
    fn alerts(&self, arguments: &[&str]) -> String {
        let list = self.json(&[&["alert", "list", "--format", "json"], arguments].concat());
        let name = |alert: &Value| alert["labels"]["alertname"].as_str().expect("a name").to_owned();
        let mut names: Vec<String> = list.as_array().expect("a list").iter().map(name).collect();
        names.sort();
        names.join(" ")
    }

    fn ids(&self, arguments: &[&str]) -> Vec<String> {
        let text = self.fine(&[&["silence", "list", "-q"], arguments].concat());
        text.lines().map(str::to_owned).collect()
    }
}

#[tokio::test]
async fn an_alertmanager_understands_our_command_line() {
    let alertmanager = Alertmanager::start(ROUTES, "http://alertmanager.example").await;
    alerts_and_what_mutes_them(&alertmanager.address()).await;
    silences_from_their_beginning_to_their_end(&alertmanager.address());
    silences_between_amtool_and_us(&alertmanager.address());
    routes_of_a_server(&alertmanager.address());
}

#[tokio::test]
async fn our_server_understands_our_command_line_and_amtool() {
    let nowhere = "http://127.0.0.1:1";
    let sereno = Sereno::start(nowhere, "groups: []", ROUTES, &[]).await;
    alerts_and_what_mutes_them(sereno.address()).await;
    silences_from_their_beginning_to_their_end(sereno.address());
    silences_between_amtool_and_us(sereno.address());
    routes_of_a_server(sereno.address());
    acknowledgements_and_snoozes(sereno.address());
}

fn acknowledgements_and_snoozes(address: &str) {
    let line = Line::sereno(address);
    let acked = line.json(&["alert", "ack", "Node", "-c", "on it", "-d", "2h", "--format", "json"]);
    assert_eq!(acked["acks"].as_array().map(Vec::len), Some(2), "both nodes: {acked}");
    let listed = line.fine(&["alert", "ack", "--list"]);
    assert!(listed.matches("ana  on it").count() == 2, "{listed}");
    assert_eq!(line.alerts(&["--active"]), "Cluster");
    let shown = line.fine(&["silence", "list"]);
    assert_eq!(shown.matches("active (ack)").count(), 2, "{shown}");
    let id = acked["acks"][0]["id"].as_str().expect("an id");
    line.fine(&["alert", "ack", "--take-back", id]);
    assert_eq!(
        line.json(&["alert", "ack", "--list", "--format", "json"])["acks"].as_array().map(Vec::len),
        Some(1)
    );

    let snooze =
        line.fine(&["silence", "add", "Cluster", "--until-resolved", "-c", "we know", "--annotation", "t=1"]);
    let shown = line.fine(&["silence", "show", snooze.trim()]);
    assert!(shown.contains("active (until resolved)") && shown.contains("t: 1"), "{shown}");
    line.fine(&["alert", "add", "Cluster", "zone=a", "--end", "2026-01-02T03:04:05Z"]);
    assert!(!line.ids(&[]).contains(&snooze.trim().to_owned()), "it ended with its alert");

    let all = ["silence", "add", "alertname=~.*", "zone!=nowhere", "-c", "everything"];
    let refused = line.run(&all);
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(refused.status.code() == Some(2) && error.contains("force"), "{error}");
    line.fine(&[&all[..], &["--force"]].concat());
}

async fn alerts_and_what_mutes_them(address: &str) {
    let line = Line::sereno(address);
    let fingerprint = line.fine(&["alert", "add", "Node", "zone=a", "--annotation", "summary=a=b"]);
    line.fine(&["alert", "add", "Cluster", "zone=a", "--generator-url", "http://x.example/"]);
    line.fine(&["alert", "add", "Node", "zone=b", "team=db", "--start", "2026-01-02T03:04:05Z"]);
    line.fine(&["alert", "add", "alertname=Over", "--end", "2026-01-02T03:04:05Z"]);
    assert_eq!(line.alerts(&[]), "Cluster Node Node", "Over is resolved");
    let all = line.json(&["alert", "list", "Node", "zone=a", "--format", "json"]);
    assert_eq!(all[0]["fingerprint"], fingerprint.trim());
    assert_eq!(all[0]["annotations"]["summary"], "a=b");
    let id = line.fine(&["silence", "add", "team=~db|data", "-c", "new disk"]);
    eventually("the mutes show", || async {
        (line.alerts(&["--silenced"]) == "Node" && line.alerts(&["--inhibited"]) == "Node").then_some(())
    })
    .await;
    assert_eq!(line.alerts(&["--active"]), "Cluster");
    assert_eq!(line.alerts(&["Node", "zone!=b"]), "Node");
    assert_eq!(
        (line.alerts(&["-r", "o.*"]), line.alerts(&["-r", "o"])),
        ("Cluster Node Node".into(), "".into())
    );
    let table = line.fine(&["alert", "list", "zone=b"]);
    let row = table.lines().nth(1).expect("a row");
    assert!(row.starts_with(r#"Node  {team="db", zone="b"}  2026-01-02T03:04:05Z ("#), "{table}");
    assert!(row.ends_with(&format!("suppressed  silenced by {}", id.trim())), "{table}");
    let shown = line.fine(&["silence", "show", id.trim()]);
    assert!(
        shown.contains("mutes    1 alert now") && shown.contains(r#"matchers team=~"db|data""#),
        "{shown}"
    );
    line.fine(&["silence", "expire", id.trim()]);
}

fn silences_from_their_beginning_to_their_end(address: &str) {
    let line = Line::sereno(address);
    assert!(line.ids(&[]).is_empty());
    let dry = line.fine(&["silence", "add", "Node", "zone=a", "--dry-run"]);
    assert!(dry.contains("1 alert matches now; nothing was silenced") && line.ids(&[]).is_empty(), "{dry}");
    let made = line.run(&["silence", "add", "Node", "zone!=a", "-d", "2h", "--comment", "x"]);
    assert_eq!(String::from_utf8_lossy(&made.stderr), "1 alert matches now\n");
    let one = String::from_utf8_lossy(&made.stdout).trim().to_owned();
    let far =
        ["--start", "2100-01-01T00:00:00Z", "--end", "2100-01-02T00:00:00+01:00", "-c", "later", "-a", "bob"];
    let other = line.json(&[&["silence", "add", "zone=c", "--format", "json"], &far[..]].concat());
    let other = other["silenceID"].as_str().expect("an id").to_owned();
    let (only_one, only_other) = (std::slice::from_ref(&one), std::slice::from_ref(&other));
    assert_eq!(line.ids(&[]), [one.clone(), other.clone()]);
    assert_eq!(line.ids(&["--created-by", "bob"]), only_other);
    assert_eq!(line.ids(&["--within", "3h"]), only_one);
    assert!(line.ids(&["--within", "1h"]).is_empty());
    assert_eq!(line.ids(&["zone=c"]), only_other);
    let changed = line.fine(&["silence", "update", &one, &other, "--duration", "30m", "-c", "sooner"]);
    assert_eq!(changed, format!("{one}\n{other}\n"), "both can be changed in place");
    assert_eq!(line.ids(&["--within", "1h"]), only_one);
    let shown = line.json(&["silence", "show", &other, "--format", "json"]);
    assert_eq!((&shown["comment"], &shown["createdBy"]), (&"sooner".into(), &"bob".into()));
    assert_eq!(shown["endsAt"], "2100-01-01T00:30:00.000Z", "from its start");
    assert_eq!(line.fine(&["silence", "expire", &one, &one]), format!("{one}\n{one}\n"), "twice is fine");
    assert_eq!(line.ids(&[]), only_other);
    assert!(line.ids(&["--expired", "--within", "1m"]).contains(&one));
    let unknown = "11111111-2222-4333-8444-555555555555";
    let failed = line.run(&["silence", "expire", unknown, &other]);
    assert_eq!(failed.status.code(), Some(2));
    assert_eq!(String::from_utf8_lossy(&failed.stdout), format!("{other}\n"), "one does not keep the others");
    let error = String::from_utf8_lossy(&failed.stderr).into_owned();
    assert!(
        error.contains(&format!("error: no silence has the id {unknown}; `sereno silence list`")),
        "{error}"
    );
    let reborn = line.run(&["silence", "update", &one, "-d", "1h"]);
    let error = String::from_utf8_lossy(&reborn.stderr).into_owned();
    assert!(error.starts_with(&format!("{one} could not be changed in place: ")), "{error}");
    line.fine(&["silence", "expire", String::from_utf8_lossy(&reborn.stdout).trim()]);
}

fn silences_between_amtool_and_us(address: &str) {
    let (line, amtool) = (Line::sereno(address), Line::amtool(address));
    let ours = line.fine(&["silence", "add", "Disk", "mount=~/a.*", "-c", "ours"]);
    let theirs = amtool.fine(&["silence", "add", "Disk", "mount!=/b", "--comment=theirs", "--author=bob"]);
    let (ours, theirs) = (ours.trim(), theirs.trim());
    let mut seen: Vec<String> = amtool.fine(&["silence", "query", "-q"]).lines().map(str::to_owned).collect();
    let mut listed = line.ids(&[]);
    seen.sort();
    listed.sort();
    assert!(seen == listed && seen.len() == 2, "{seen:?} {listed:?}");
    let table = line.fine(&["silence", "list", "Disk"]);
    assert!(table.contains(r#"alertname="Disk" mount!="/b""#) && table.contains("bob  theirs"), "{table}");

    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: String| {
        let path = folder.path().join(name).display().to_string();
        std::fs::write(&path, text).expect("written");
        path
    };
    let theirs_file = file("theirs.json", amtool.fine(&["silence", "query", "-o", "json"]));
    let ours_file = file("ours.json", line.fine(&["silence", "list", "--format", "json"]));
    line.fine(&["silence", "expire", ours, theirs]);
    let again = line.fine(&["silence", "import", &theirs_file]);
    assert_eq!((again.lines().count(), line.ids(&[]).len()), (2, 2), "what was ended is made anew");
    amtool.fine(&["silence", "import", &ours_file]);
    assert_eq!(line.ids(&[]).len(), 4);
    let by: Vec<String> = line.ids(&["--created-by", "bob"]);
    assert_eq!(by.len(), 2);
    let edited = line.fine(&["silence", "list", "--format", "json"]).replace("theirs", "edited");
    line.fine(&["silence", "import", &file("edited.json", edited)]);
    assert_eq!(line.ids(&[]).len(), 4, "known ids are changed");
    assert_eq!(line.fine(&["silence", "list"]).matches("edited").count(), 2);
    let all = line.ids(&[]);
    let ids: Vec<&str> = all.iter().map(String::as_str).collect();
    line.fine(&[&["silence", "expire"], &ids[..]].concat());
}

fn routes_of_a_server(address: &str) {
    let line = Line::sereno(address);
    assert_eq!(line.fine(&["routes", "test", "a=b", "--server", "-q"]), "ops\n");
    assert!(line.fine(&["routes", "show", "--server"]).starts_with("{} → ops  (group_by "), "its own file");
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("old.yml"), ROUTES).expect("written");
    std::fs::write(path("new.yml"), ROUTES.replace("ops", "others")).expect("written");
    let told = line.run(&["routes", "diff", &path("old.yml"), &path("new.yml"), "--server"]);
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    assert_eq!(told.status.code(), Some(1));
    assert!(text.ends_with("3 of 3 alerts reach other receivers, 0 the same in another way\n"), "{text}");
}
