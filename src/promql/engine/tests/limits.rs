//! What an evaluation may cost.

use std::cell::Cell;

use super::{at, loaded, over};
use crate::promql::ast::{Expr, NumberLiteral, Paren, Sign, Unary};
use crate::promql::engine::{EvalError, Options, instant};
use crate::promql::memory::MemoryStore;
use crate::promql::parser::MAX_HEIGHT;
use crate::promql::span::Span;

const METRICS: &str = r#"
    metric 1+1x100
    big{a="1"} 1+1x100
    big{a="2"} 1+1x100
"#;

/// The samples in memory are counted as in Prometheus, so that a query fails there and here.
#[test]
fn samples_in_memory_are_limited() {
    let store = loaded(METRICS);
    for (query, (start, end, step), peak) in [
        ("1", (1, 1, 0), 1),
        ("metric", (1, 1, 0), 1),
        ("metric[20s]", (10, 10, 0), 2),
        ("rate(metric[20s])", (10, 10, 0), 3),
        ("metric[20s:5s]", (10, 10, 0), 3),
        ("metric[20s] @ 10", (0, 0, 0), 2),
        ("1", (0, 2, 1), 3),
        ("metric", (0, 10, 5), 3),
        ("rate(big[1s])", (0, 10, 5), 1),
        ("metric @ 10", (0, 10, 5), 3),
        ("rate(big[10s:1s] @ 10)", (0, 10, 5), 32),
        ("rate(big[10s:1s] @ 10) + rate(big[10s:1s] @ 30)", (0, 10, 5), 34),
        ("rate(big[10s:1s]) + rate(big[10s:1s] @ 30)", (10, 20, 5), 56),
        ("rate(rate(big[10s:1s] @ 10)[100s:25s] @ 1000)[17s:1s] @ 2000", (10, 10, 0), 34),
    ] {
        let run = |max_samples: usize| {
            let options = Options { max_samples, ..Options::default() };
            match step {
                0 => at(&store, query, start, &options),
                step => over(&store, query, (start, end, step), &options),
            }
        };
        match run(peak) {
            Ok(evaluation) => assert_eq!(evaluation.samples.peak, peak, "{query}"),
            Err(error) => panic!("{query}: {error}"),
        }
        assert_eq!(run(peak - 1).err(), Some(EvalError::TooManySamples), "{query}");
    }
}

#[test]
fn the_deadline_is_asked_also_while_nothing_is_found() {
    let asked = Cell::new(0);
    let is_over = || {
        asked.set(asked.get() + 1);
        asked.get() > 3
    };
    let options = Options { deadline: Some(&is_over), ..Options::default() };
    let result = at(&loaded(METRICS), "count_over_time(sum(nothing or vector(1))[10h:1s])", 0, &options);
    assert_eq!(result.err(), Some(EvalError::TimedOut));
    assert_eq!(asked.get(), 4);
}

#[test]
fn what_does_not_fit_into_memory_is_not_computed_first() {
    for query in ["vector(time())", "vector(scalar(nothing))", "vector(1)"] {
        let query = format!("count_over_time({query}[500d:1s])");
        let asked = Cell::new(0);
        let is_over = || {
            asked.set(asked.get() + 1);
            false
        };
        let options = Options { max_samples: 1000, deadline: Some(&is_over), ..Options::default() };
        let result = at(&loaded(METRICS), &query, 0, &options);
        assert_eq!(result.err(), Some(EvalError::TooManySamples), "{query}");
        assert!(asked.get() < 10, "{query}: the deadline was asked {} times", asked.get());
    }
}

#[test]
fn there_can_be_too_many_steps() {
    let store = loaded(METRICS);
    let result = at(&store, "metric[10y:1ms]", 0, &Options::default());
    assert_eq!(
        result.err().map(|error| error.to_string()).as_deref(),
        Some("query has too many steps: 315360000000 of at most 50000000")
    );
}

/// The stack of a thread is enough for whatever the parser lets pass.
#[test]
fn deep_expressions_fit_on_the_stack() {
    let store = loaded(METRICS);
    let sum = vec!["metric"; MAX_HEIGHT].join(" + ");
    assert!(at(&store, &sum, 0, &Options::default()).is_ok());
    let ors = vec!["nothing"; MAX_HEIGHT].join(" or ");
    assert!(at(&store, &ors, 0, &Options::default()).is_ok());
    for (open, close) in [
        ("abs(", ")"),
        ("clamp_min(", ", 1)"),
        ("sum without () (", ")"),
        ("topk(1, ", ")"),
        ("label_join(", ", \"a\", \"b\", \"c\")"),
        ("-(", ")"),
        ("(", " and 1 < metric)"),
        ("last_over_time((", ")[1m:1m])"),
    ] {
        let nested = format!("{}metric{}", open.repeat(70), close.repeat(70));
        assert!(at(&store, &nested, 0, &Options::default()).is_ok(), "{nested}");
    }
}

#[test]
fn expressions_that_no_parser_made_may_not_be_deeper() {
    let span = Span::default();
    let mut expr = Expr::Number(NumberLiteral { value: 1.0, duration: false, span });
    for _ in 0..600 {
        expr = Expr::Unary(Unary { sign: Sign::Minus, operand: Box::new(expr), span });
        expr = Expr::Paren(Paren { inner: Box::new(expr), span });
    }
    let result = instant(&expr, &MemoryStore::default(), 0, &Options::default());
    assert!(matches!(result.err(), Some(EvalError::TooDeep(_))));
}

#[test]
fn extreme_times_do_no_harm() {
    let store = loaded(METRICS);
    for query in [
        "metric offset 290y",
        "metric offset -290y",
        "rate(metric[290y])",
        "metric @ 9223372036854774",
        "max_over_time(metric[290y:100y])",
        "max_over_time(metric[1h:1h] @ -9223372036854774)",
    ] {
        assert!(at(&store, query, 100, &Options::default()).is_ok(), "{query}");
    }
}
