//! The `sereno` binary as people and scripts meet it: exit codes, standard output, standard error.

#[path = "../shared/corpora.rs"]
mod corpora;
mod demo;
mod explaining;
mod expressions;
mod lines;
mod routes;
mod routing_file;
mod server;
mod server_commands;
mod serving;
mod templates;
mod unit_tests;
mod unit_tests_notifications;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

const RULES: &str = "groups:
- name: hosts
  rules:
  - alert: Down
    expr: up == 0
    for: 5m
";

const ROUTES: &str = "route: {receiver: ops}
receivers:
- name: ops
  console_configs: [{}]
";

const BAD_RULES: &str = "groups:
- name: hosts
  rules:
  - alert: Down
    expr: up == 0
    fro: 5m
";

const BAD_ROUTES: &str = "route: {receiver: opps}
receivers:
- name: ops
  webhook_configs: [{}]
";

/// What is wrong with both.
const MISTAKES: &str = r#"error[unknown-field]: field fro not found in a rule
 --> rules/hosts.yml:6:5
  |
6 |     fro: 5m
  |     ^^^
  = help: did you mean `for`?

error[undefined-receiver]: undefined receiver "opps" used in route
 --> routes.yml:1:19
  |
1 | route: {receiver: opps}
  |                   ^^^^
  = help: did you mean `ops`?

error[missing-field]: one of url or url_file must be configured
 --> routes.yml:4:21
  |
4 |   webhook_configs: [{}]
  |                     ^^
"#;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("it is below the folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    folder
}

/// The binary there, with no setting from outside.
fn command(folder: &Path) -> Command {
    let settings = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SERENO_"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_sereno"));
    for (name, _) in settings {
        command.env_remove(name);
    }
    command.current_dir(folder);
    command
}

/// Runs it there, with no setting but these arguments.
fn sereno(folder: &Path, arguments: &[&str]) -> Output {
    command(folder).args(arguments).output().expect("sereno starts")
}

/// Exit code, standard output, standard error.
fn told(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn check(files: &[(&str, &str)], arguments: &[&str]) -> (Option<i32>, String, String) {
    let folder = folder(files);
    told(&sereno(folder.path(), &[&["check"], arguments].concat()))
}

#[test]
fn good_files_exit_with_0() {
    let fine = (Some(0), "2 files checked: 0 errors, 0 warnings\n".to_owned(), String::new());
    let files = [("rules/hosts.yml", RULES), ("routes.yml", ROUTES)];
    assert_eq!(check(&files, &[]), fine);
    assert_eq!(check(&files, &["routes.yml", "rules/hosts.yml", "rules/*.yml"]), fine, "each file once");
}

#[test]
fn warnings_alone_exit_with_0() {
    let routes =
        format!("{ROUTES}- name: nobody\nevent_recorder: {{file_outputs: [{{path: /tmp/events}}]}}\n");
    let (code, out, err) = check(&[("routes.yml", &routes)], &["--format", "concise"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    insta::assert_snapshot!(out, @r#"
    routes.yml:5:9: warning[unused-receiver]: no route leads to receiver "nobody" (name it in a route, or remove it)
    routes.yml:6:1: warning[not-obeyed-yet]: event_recorder is read, but not obeyed yet: nothing is recorded
    "#);
}

#[test]
fn bad_files_exit_with_1_and_all_that_is_wrong_is_on_standard_output() {
    let (code, out, err) = check(&[("rules/hosts.yml", BAD_RULES), ("routes.yml", BAD_ROUTES)], &[]);
    assert_eq!((code, err.as_str()), (Some(1), ""));
    assert_eq!(out, format!("{MISTAKES}\n2 files checked: 3 errors, 0 warnings\n"));
}

/// However many files are checked at once.
#[test]
fn findings_are_in_the_order_in_which_the_files_are_named() {
    let names: Vec<String> = (0..60).rev().map(|number| format!("{number}.yml")).collect();
    let text =
        |at: usize| format!("groups: [{}{{name: g}}, {{name: g}}]", "{name: h}, ".repeat((60 - at) % 7 * 50));
    let texts: Vec<String> = (0..names.len()).map(text).collect();
    let files: Vec<_> = names.iter().zip(&texts).map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let arguments: Vec<_> =
        ["--format", "concise"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let (code, out, _) = check(&files, &arguments);
    let mut found: Vec<&str> = out.lines().filter_map(|line| Some(line.split_once(':')?.0)).collect();
    found.dedup();
    assert_eq!((code, found), (Some(1), names.iter().map(String::as_str).collect()));
}

#[test]
fn json_is_one_array_whatever_was_found() {
    let json = |files: &[(&str, &str)]| {
        let (code, out, _) = check(files, &["--format", "json"]);
        (code, serde_json::from_str::<Vec<Value>>(&out).expect(&out))
    };
    let (code, found) = json(&[("rules/hosts.yml", BAD_RULES), ("routes.yml", ROUTES)]);
    assert_eq!((code, found.len()), (Some(1), 1));
    assert_eq!((&found[0]["check"], &found[0]["start"]["line"]), (&"unknown-field".into(), &6.into()));
    assert_eq!(json(&[("routes.yml", ROUTES)]), (Some(0), Vec::new()));
}

#[test]
fn what_cannot_be_read_exits_with_2_and_is_told_at_once() {
    let folder = folder(&[("some/hosts.yml", RULES), ("nul.yml", "\0\u{1}junk"), ("a[1].yml", RULES)]);
    fs::write(folder.path().join("junk.yml"), b"groups:\xff\xfe\x00").expect("a file");
    for (arguments, code, want) in [
        (
            &[][..],
            2,
            "error: cannot read routes.yml: no such file; name the files to check, as in `sereno check FILE …`\n",
        ),
        (&["nope.yml"], 2, "error: cannot read nope.yml: no such file\n"),
        (&["some/"], 2, "error: cannot read some/: it is a folder; name its files, as in 'some/*.yml'\n"),
        (&["junk.yml"], 2, "error: cannot read junk.yml: it is not text (byte 7 is not UTF-8)\n"),
        (&["x*.yml"], 2, "error: no file matches x*.yml\n"),
        (
            &["nope.yml", "a[.yml", "x*.yml"],
            2,
            "error: cannot read nope.yml: no such file\n\"a[.yml\" is not a pattern: a [ is not closed\n\
             no file matches x*.yml\n",
        ),
        (&["nul.yml"], 1, ""),
        (&["a[1].yml"], 0, ""),
    ] {
        let (got, out, err) = told(&sereno(folder.path(), &[&["check"], arguments].concat()));
        assert_eq!((got, err.as_str()), (Some(code), want), "{arguments:?}\n{out}");
        assert_eq!(out.is_empty(), code == 2, "{arguments:?}\n{out}");
        assert!(!out.contains(['\0', '\u{1}']), "junk must not reach a terminal: {out:?}");
    }
}

#[test]
fn no_colours_without_a_terminal() {
    let folder = folder(&[("routes.yml", BAD_ROUTES)]);
    for arguments in [&["check"][..], &["serve", "--listen", "127.0.0.1:0"]] {
        let (_, out, err) = told(&sereno(folder.path(), arguments));
        assert!(!out.contains('\u{1b}') && !err.contains('\u{1b}'), "{out}{err}");
    }
}

#[test]
fn help_tells_the_exit_codes() {
    let folder = folder(&[]);
    for arguments in [&["--help"][..], &["check", "--help"], &["serve", "--help"], &["demo", "--help"]] {
        let (code, out, _) = told(&sereno(folder.path(), arguments));
        assert_eq!(code, Some(0));
        assert!(out.contains("Exit codes: 0 "), "{arguments:?}\n{out}");
    }
}

#[test]
fn a_command_line_that_means_nothing_exits_with_2() {
    let folder = folder(&[]);
    for arguments in [&[][..], &["chekc"], &["check", "--nope"], &["serve", "--evaluation-interval", "0s"]] {
        let (code, out, err) = told(&sereno(folder.path(), arguments));
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(err.contains("Usage:") || err.contains("--help"), "{arguments:?}\n{err}");
    }
}

#[test]
fn a_server_with_bad_files_does_not_start_and_tells_all_that_is_wrong() {
    let folder = folder(&[("rules/hosts.yml", BAD_RULES), ("routes.yml", BAD_ROUTES)]);
    let (code, out, err) = told(&sereno(folder.path(), &["serve", "--listen", "127.0.0.1:0"]));
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert_eq!(err, format!("error: cannot load the configuration\n\n{MISTAKES}"));
}
