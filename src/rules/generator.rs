//! The link from an alert back to its expression.

use std::fmt::Write;

use crate::model::Str;

/// Prometheus' generator URL: the expression in its graph page's table.
pub(super) fn generator_url(external_url: &str, expr: &str) -> Str {
    let base = external_url.trim_end_matches('/');
    format!("{base}/graph?g0.expr={}&g0.tab=1", query_escape(expr)).into()
}

/// Go's `url.QueryEscape`. The `url` crate's form encoding differs in `~` and `*`.
fn query_escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() * 3 / 2);
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => escaped.push(byte.into()),
            b' ' => escaped.push('+'),
            _ => write!(escaped, "%{byte:02X}").expect("writing to a String cannot fail"),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::generator_url;

    #[test]
    fn the_expression_is_escaped_as_go_does() {
        assert_eq!(
            &*generator_url("http://prom:9090/", r#"up{job=~"a*|é"} == 0"#),
            "http://prom:9090/graph?g0.expr=up%7Bjob%3D~%22a%2A%7C%C3%A9%22%7D+%3D%3D+0&g0.tab=1"
        );
    }
}
