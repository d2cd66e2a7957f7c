//! The inputs that others are made from: `tests/fuzz/corpus/`, one a line, or one a file of unit tests.

use std::fs;
use std::io;
use std::path::Path;

use super::Target;
use super::random::Random;

/// Inputs, and words to mix in.
pub(crate) struct Corpus {
    pub(crate) inputs: Vec<String>,
    pub(crate) words: &'static [&'static str],
    /// The rules that unit tests are about.
    pub(crate) rules: String,
}

impl Corpus {
    pub(crate) fn read(target: Target, folder: &Path) -> io::Result<Self> {
        let lines = |name: &str| -> io::Result<Vec<String>> {
            let text = fs::read_to_string(folder.join(name))?;
            Ok(text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
        };
        let mut rules = String::new();
        let (inputs, words) = match target {
            Target::Parser => ([lines("parser.txt")?, lines("engine.txt")?].concat(), EXPRESSION_WORDS),
            Target::Engine => (lines("engine.txt")?, EXPRESSION_WORDS),
            Target::Notation => (lines("notation.txt")?, NOTATION_WORDS),
            Target::TestFile => {
                let folder = folder.join(target.name());
                rules = fs::read_to_string(folder.join("rules.yml"))?;
                let mut files = Vec::new();
                for entry in fs::read_dir(folder)? {
                    let path = entry?.path();
                    if path.to_string_lossy().ends_with("_test.yml") {
                        files.push(path);
                    }
                }
                files.sort();
                let texts: io::Result<Vec<String>> = files.iter().map(fs::read_to_string).collect();
                (texts?, TEST_FILE_WORDS)
            }
        };
        Ok(Self { inputs, words, rules })
    }

    pub(crate) fn any(&self, random: &mut Random) -> &str {
        &self.inputs[random.below(self.inputs.len())]
    }
}

const EXPRESSION_WORDS: &[&str] = &[
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "'",
    "`",
    "#",
    "\n",
    " ",
    "\\",
    "$",
    "é",
    "\u{fffd}",
    "@",
    "=",
    "=~",
    "!=",
    "!~",
    "==",
    "+",
    "-",
    "*",
    "/",
    "%",
    "^",
    "<",
    ">=",
    "</",
    ">/",
    "and",
    "or",
    "unless",
    "atan2",
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "fill",
    "fill_left",
    "bool",
    "offset",
    "start",
    "end",
    "step",
    "range",
    "min_of",
    "max_of",
    "smoothed",
    "anchored",
    "sum",
    "avg",
    "topk",
    "limit_ratio",
    "quantile",
    "count_values",
    "rate",
    "increase",
    "histogram_quantile",
    "label_replace",
    "info",
    "absent",
    "scalar",
    "vector",
    "time()",
    "[5m]",
    "[1m:15s]",
    "[step()*2]",
    "mixed",
    "h",
    "custom",
    "requests_total",
    "job",
    "__name__",
    "\"\\xff\"",
    "\"\\u00e9\"",
    "(1)",
    "{job=\"a\"}",
    "\"a.*|b\"",
    "-5m",
];
const NOTATION_WORDS: &[&str] = &[
    "_",
    "x",
    "x3",
    "x0",
    "stale",
    "+",
    "-",
    " ",
    "\t",
    "NaN",
    "Inf",
    "{{",
    "}}",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
    "=",
    "schema:",
    "sum:",
    "count:",
    "z_bucket:",
    "z_bucket_w:",
    "buckets:",
    "n_buckets:",
    "offset:",
    "n_offset:",
    "custom_values:",
    "counter_reset_hint:",
    "gauge",
    "reset",
    "not_reset",
    "unknown",
    "-53",
    "buckets:[1 2 3]",
    "{{sum:1 count:2}}",
    "{{}}x3",
    "é",
    "x100000",
    "x99999999",
    "1e400",
];
const TEST_FILE_WORDS: &[&str] = &[
    "\n",
    "\n  ",
    "\n    ",
    "- ",
    ": ",
    "{",
    "}",
    "[",
    "]",
    "'",
    "\"",
    "|",
    ">-",
    "&a",
    "*a",
    "!!str",
    "#",
    "---",
    "~",
    "true",
    "1m",
    "5m",
    "eval_time: 3m",
    "name: x",
    "alertname: Down",
    "exp_alerts: []",
    "exp_labels: {job: a}",
    "up{job=\"a\"}",
    "1+1x5",
    "stale",
    "_",
    "0x4",
    "{{sum:1 count:2 buckets:[1 1]}}",
    "{{ $value }}",
    "{{ end }}",
    "expr",
    "sum(up)",
    "topk(1, up)",
    "value",
    "labels",
    "evaluation_interval",
    "group_eval_order",
    "fuzzy_compare",
];
