//! The rule files in `rules/` are what they say: Prometheus' and VictoriaMetrics' own tools accept them, and
//! the unit tests in `tests/rules/` pass. The modules named `needs_tools`, here and elsewhere, need the
//! programs that `make tools` unpacks.

mod needs_tools {
    use std::path::Path;
    use std::process::Command;

    /// Runs a program of `target/tools` in the project's root. It must succeed.
    fn run(program: &str, arguments: &[&str]) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let path = root.join("target/tools/usr/bin").join(program);
        assert!(path.exists(), "{} is missing: run `make tools` (or `make test-core`)", path.display());
        let output = Command::new(&path).args(arguments).current_dir(root).output();
        let output = output.unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{program} {arguments:?}\n{stdout}{stderr}");
    }

    /// `rules/*.yml`, which promtool does not expand by itself.
    fn rule_files() -> Vec<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
        let entries = std::fs::read_dir(folder).expect("the folder `rules` is part of the project");
        let names = entries.map(|entry| entry.expect("a readable entry").file_name());
        names.map(|name| format!("rules/{}", name.to_string_lossy())).collect()
    }

    #[test]
    fn promtool_accepts_the_rules() {
        let files = rule_files();
        let mut arguments = vec!["check", "rules", "--lint=all", "--lint-fatal"];
        arguments.extend(files.iter().map(String::as_str));
        run("promtool", &arguments);
    }

    #[test]
    fn vmalert_accepts_the_rules() {
        run("vmalert", &["-dryRun", "-rule=rules/*.yml"]);
    }

    #[test]
    fn the_rules_fire_when_they_should() {
        run("promtool", &["test", "rules", "tests/rules/examples.yml"]);
    }
}
