//! `match[]`: selectors of series or rules, as Prometheus' API reads them.

use crate::model::Matcher;
use crate::promql::parser::parse_selector;

/// Reads selectors; each must demand something.
///
/// # Errors
/// The first text that is no selector, in Prometheus' words; else that one of them selects everything.
pub(super) fn parse<T: AsRef<str>>(texts: impl Iterator<Item = T>) -> Result<Vec<Vec<Matcher>>, String> {
    let read = |text: T| parse_selector(text.as_ref()).map_err(|errors| errors.to_string());
    let selectors = texts.map(read).collect::<Result<Vec<_>, _>>()?;
    let demands = |matchers: &Vec<Matcher>| matchers.iter().any(|matcher| !matcher.matches_value(""));
    match selectors.iter().all(demands) {
        true => Ok(selectors),
        false => Err("match[] must contain at least one non-empty matcher".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::model::matcher::MatcherList;

    /// The last selector, the others being read, too.
    fn last(texts: &[&str]) -> Result<String, String> {
        let selectors = parse(texts.iter())?;
        Ok(selectors.last().map(|matchers| MatcherList(matchers).to_string()).unwrap_or_default())
    }

    #[test]
    fn selectors_are_read() {
        for (text, want) in [
            (r#"{team="db"}"#, r#"{team="db"}"#),
            (r#" { team =~ 'd.*' , a!="b", } "#, r#"{team=~"d.*",a!="b"}"#),
            (r#"up{job!~`x\d`}"#, r#"{job!~"x\\d",__name__="up"}"#),
            ("job:up:sum", r#"{__name__="job:up:sum"}"#),
            (r#"{"a b"="c\"\u0041\101"}"#, r#"{"a b"="c\"AA"}"#),
            (r#"{"metric.name"}"#, r#"{__name__="metric.name"}"#),
            ("up{} # of all jobs", r#"{__name__="up"}"#),
        ] {
            assert_eq!(last(&[text]), Ok(want.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_selector_is_refused_in_prometheus_words() {
        for (texts, want) in [
            (&[""][..], "unknown position: parse error: unexpected end of input"),
            (&["{}"], "match[] must contain at least one non-empty matcher"),
            (&[r#"{a=~".*"}"#], "match[] must contain at least one non-empty matcher"),
            (&["up", "{}"], "match[] must contain at least one non-empty matcher"),
            (&["{}", "{"], "1:2: parse error: unexpected end of input inside braces"),
            (&["{a=b}"], "1:4: parse error: unexpected identifier \"b\" in label matching, expected string"),
            (&[r#"{a="b"#], "1:4: parse error: unterminated quoted string"),
            (&[r#"{a="b"} x"#], "1:9: parse error: unexpected identifier \"x\""),
            (&["up[5m]"], "1:3: parse error: unexpected \"[\""),
            (&[r#"{a=~"("}"#], "1:2: parse error: error parsing regexp: missing closing ): `(`"),
        ] {
            assert_eq!(last(texts), Err(want.to_owned()), "{texts:?}");
        }
    }
}
