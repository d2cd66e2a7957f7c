//! What happened in a test, line by line.

use std::fmt::Write;

use super::Look;
use super::table::paint;
use crate::model::text::printable;
use crate::testing::verdict::Moment;

/// How many moments are shown of many.
const MOST: usize = 60;

const DIM: &str = "2";

/// The moments as text, each line indented by so many spaces; nothing if there are none.
pub(super) fn timeline(moments: &[Moment], indent: usize, look: Look) -> String {
    if moments.is_empty() {
        return String::new();
    }
    let limit = if look.verbose { moments.len() } else { MOST };
    let shown = &moments[..limit.min(moments.len())];
    let at = shown.iter().map(|moment| moment.at.to_string().len()).max().unwrap_or(0);
    let what = shown.iter().map(|moment| moment.what.len()).max().unwrap_or(0);
    let mut text = format!("{:indent$}{}\n", "", paint(look, "1", "what happened"));
    for moment in shown {
        let head = format!("{:>at$}  {:what$}", moment.at.to_string(), moment.what);
        let _ = writeln!(text, "{:indent$}  {}  {}", "", paint(look, DIM, &head), printable(&moment.text));
    }
    if moments.len() > limit {
        let _ = writeln!(text, "{:indent$}  … and {} more; --verbose shows all", "", moments.len() - limit);
    }
    text
}
