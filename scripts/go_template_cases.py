#!/usr/bin/env python3
"""Renders the templates of tests/fixtures/go_template_cases.tsv and go_default_templates.tsv with Debian's amtool
again and writes what it answers into their last column. Lines of other tools are left as they are. To add a case,
add its line with "" as the answer and run this.

usage: scripts/tools.sh prometheus-alertmanager && scripts/go_template_cases.py
"""
import json
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "tests/fixtures"
AMTOOL = ROOT / "target/tools/usr/bin/amtool"
# The default templates of that version. The tool would look for them in /usr/share.
DEFAULTS = ROOT / "target/tools/usr/share/prometheus/alertmanager/*.tmpl"


def amtool(kind, data, text):
    """What amtool prints; where it fails, its message behind ERR."""
    done = subprocess.run(
        [
            AMTOOL, "template", "render", f"--template.glob={DEFAULTS}", f"--template.type={kind}",
            f"--template.text={text}", f"--template.data={FIXTURES / 'go_template_data' / data}.json",
        ],
        capture_output=True,
        check=False,
    )
    if done.returncode == 0:
        return done.stdout.decode("utf-8", "replace")
    return "ERR " + done.stderr.decode("utf-8", "replace").removeprefix("amtool: error: ").rstrip("\n")


def answers(file, kind, data, template):
    """The answer to one line: of several names the templates must give the same."""
    if file == "go_template_cases.tsv":
        return amtool(kind, data, json.loads(template))
    rendered = {amtool(kind, data, call(name)) for name in template.split(",")}
    if len(rendered) != 1:
        raise SystemExit(f"not the same with {data}: {template}")
    return rendered.pop()


def call(name):
    """A text that is only that template; lists of alerts are called with such a list."""
    is_list = name.startswith("__text_alert_list") or name.endswith(".instances")
    return '{{ template "%s" %s }}' % (name, ".Alerts" if is_list else ".")


def as_json(text):
    """JSON in which letters are readable and nothing is invisible or ends a line."""
    shown = json.dumps(text, ensure_ascii=False)
    return "".join(c if c == " " or c.isprintable() else "\\u%04x" % ord(c) for c in shown)


def main():
    for file in ("go_template_cases.tsv", "go_default_templates.tsv"):
        lines = []
        for line in (FIXTURES / file).read_text().removesuffix("\n").split("\n"):
            if line.startswith("amtool\t"):
                tool, kind, data, template, _ = line.split("\t")
                answer = answers(file, kind, data, template)
                line = "\t".join([tool, kind, data, template, as_json(answer)])
            lines.append(line)
        (FIXTURES / file).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
