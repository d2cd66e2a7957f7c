//! `sereno routes test` beside `amtool config routes test`: the same receivers for many alerts of many files.

use std::process::Command;

use sereno::config::read_routing;
use sereno::model::{LabelSet, Matcher};
use sereno::router::diff::specimens;

use super::corpora;
use crate::harness::tool;

/// How many alerts are tried of each file.
const ALERTS: usize = 12;

/// What the collected files may not have: several levels, `continue`, all operators, odd values.
const FIXTURE: &str = r#"
route:
  receiver: root
  routes:
    - {matchers: ['team=~"db|data"'], receiver: db, continue: true}
    - matchers: ['team="db"', 'severity!="none"']
      receiver: db-loud
      routes:
        - {matchers: ['zone!~"eu.*"'], receiver: abroad, continue: true}
        - {match_re: {zone: '|eu-[0-9]+'}, receiver: home}
    - {match: {severity: page}, receiver: pager}
    - {matchers: ['note="a, b \"c\""'], receiver: quoted}
    - {matchers: ['cluster='], receiver: no-cluster}
receivers: [{name: root}, {name: db}, {name: db-loud}, {name: abroad}, {name: home}, {name: pager}, {name: quoted}, {name: no-cluster}]
"#;

#[test]
fn an_alert_reaches_the_receivers_that_amtool_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let fixture = folder.path().join("fixture.yml").display().to_string();
    std::fs::write(&fixture, FIXTURE).expect("written");
    let mut files = vec![(fixture, FIXTURE.to_owned())];
    files.extend(
        corpora::folder("alertmanager-config").map(|folder| corpora::files(&folder)).unwrap_or_default(),
    );
    let (mut compared, mut together) = (0, 0);
    for (path, text) in &files {
        let Some(routing) = read_routing(path, text).0 else { continue };
        let limit = if text == FIXTURE { usize::MAX } else { ALERTS };
        for labels in specimens(&routing, &routing, limit).alerts {
            let Some(theirs) = receivers(tool("amtool").as_ref(), "config", path, &labels) else {
                break; // Debian's amtool is older than some of the files
            };
            let ours = receivers(env!("CARGO_BIN_EXE_sereno").as_ref(), "ours", path, &labels);
            assert_eq!(ours.as_deref(), Some(theirs.as_str()), "{path} {labels}");
            compared += 1;
            together += usize::from(theirs.contains(','));
        }
    }
    assert!(
        compared > 60 && together > 3,
        "only {compared} alerts compared, {together} with several receivers"
    );
}

/// What the program prints; `None` if it does not take the file.
fn receivers(program: &std::path::Path, dialect: &str, path: &str, labels: &LabelSet) -> Option<String> {
    let words = labels.iter().map(|(name, value)| Matcher::equal(name, value).to_string());
    let mut command = Command::new(program);
    match dialect {
        "ours" => command.args(["routes", "test", "-q", path]),
        _ => command.args(["config", "routes", "test", "--config.file", path]),
    };
    let output = command.args(words).output().expect("it starts");
    output.status.success().then(|| String::from_utf8(output.stdout).expect("a text"))
}
