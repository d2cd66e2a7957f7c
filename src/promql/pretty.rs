//! Expressions over several lines, as Prometheus' `format_query` and `promtool promql format` write them.

use std::fmt;

use super::ast::{Aggregate, Binary, Call, Expr, Subquery};
use super::printer;

/// How long the canonical text of an expression may be, in bytes, so that it stays on one line.
const WIDTH: usize = 100;

impl Expr {
    /// Its text for people: as the canonical one where that is short, else split, with two blanks a level.
    #[must_use]
    pub fn pretty(&self) -> String {
        Pretty { width: WIDTH }.expr(self, 0)
    }
}

struct Pretty {
    width: usize,
}

impl Pretty {
    fn expr(&self, expr: &Expr, level: usize) -> String {
        let line = expr.to_string();
        let is_short = line.len() <= self.width;
        match expr {
            Expr::Unary(node) => {
                format!("{}{}{}", indent(level), node.sign, self.expr(&node.operand, level).trim())
            }
            // Prometheus does not indent those.
            Expr::Subquery(_) if is_short => line,
            Expr::Subquery(node) => self.subquery(node, level),
            Expr::Aggregate(node) if !is_short => self.aggregate(node, level),
            Expr::Binary(node) if !is_short => self.binary(node, level),
            Expr::Call(node) if !is_short => self.call(node, level),
            Expr::Paren(node) if !is_short => self.in_parens("", &[&node.inner], level),
            Expr::Aggregate(_)
            | Expr::Binary(_)
            | Expr::Call(_)
            | Expr::Matrix(_)
            | Expr::Number(_)
            | Expr::Paren(_)
            | Expr::String(_)
            | Expr::Vector(_) => indent(level) + &line,
        }
    }

    fn aggregate(&self, node: &Aggregate, level: usize) -> String {
        let head = fmt::from_fn(|f| printer::aggregate_head(node, f)).to_string();
        let inside: Vec<&Expr> = node.param.iter().chain([&node.operand]).map(|expr| &**expr).collect();
        self.in_parens(&head, &inside, level)
    }

    fn binary(&self, node: &Binary, level: usize) -> String {
        let (left, right) = (self.expr(&node.left, level + 1), self.expr(&node.right, level + 1));
        let operator = fmt::from_fn(|f| printer::operator(node, f));
        format!("{left}\n{}{operator}\n{right}", indent(level))
    }

    fn call(&self, node: &Call, level: usize) -> String {
        let inside: Vec<&Expr> = node.args.iter().collect();
        self.in_parens(node.function.signature().name, &inside, level)
    }

    fn subquery(&self, node: &Subquery, level: usize) -> String {
        let time = fmt::from_fn(|f| printer::subquery_time(node, f));
        format!("{}{time}", self.expr(&node.inner, level))
    }

    fn in_parens(&self, head: &str, inside: &[&Expr], level: usize) -> String {
        let inside: Vec<String> = inside.iter().map(|expr| self.expr(expr, level + 1)).collect();
        let indent = indent(level);
        format!("{indent}{head}(\n{}\n{indent})", inside.join(",\n"))
    }
}

fn indent(level: usize) -> String {
    "  ".repeat(level)
}

#[cfg(test)]
mod tests {
    use super::Pretty;
    use crate::promql::parser::{Features, parse};

    #[test]
    fn long_expressions_are_split_at_their_joints() {
        for (text, wanted) in [
            ("a+b", "a + b"),
            ("sum by() (task:errors{job=\"s\"})", "sum(\n  task:errors{job=\"s\"}\n)"),
            ("topk(10, errors{job='s'}) by(job,foo)", "topk by (job, foo) (\n  10,\n  errors{job=\"s\"}\n)"),
            ("a == bool on(x) group_left() bcd", "  a\n== bool on (x) group_left ()\n  bcd"),
            ("rate(errors[5m])", "rate(\n  errors[5m]\n)"),
            ("label_join(a, 'b', ',')", "label_join(\n  a,\n  \"b\",\n  \",\"\n)"),
            ("(errors + fails)", "(\n    errors\n  +\n    fails\n)"),
            ("-sum(errors_total)", "-sum(\n  errors_total\n)"),
            ("sum(-errors_total)", "sum(\n  -errors_total\n)"),
            (
                "min_over_time(errors[1h:5m] @ end() offset 1m)",
                "min_over_time(\n  errors[1h:5m] @ end() offset 1m\n)",
            ),
            // A short subquery is not indented.
            ("avg_over_time(a[1h:])", "avg_over_time(\na[1h:]\n)"),
        ] {
            let expr = parse(text, Features::ALL).expect(text);
            assert_eq!(Pretty { width: 10 }.expr(&expr, 0), wanted, "{text}");
        }
    }

    #[test]
    fn what_is_split_means_the_same() {
        let long = "sum by (instance, job) (rate(http_requests_total{status=~\"5..\"}[5m])) / ignoring (status) \
                    group_left (team) sum by (instance, job) (rate(http_requests_total[5m] offset 1w)) > bool 0.01";
        let expr = parse(long, Features::ALL).expect("valid");
        let pretty = expr.pretty();
        assert!(pretty.lines().count() > 4 && pretty.lines().all(|line| line.len() <= 100), "{pretty}");
        assert_eq!(parse(&pretty, Features::ALL).expect(&pretty).to_string(), expr.to_string());
    }
}
