//! Prepares an expression for one query: durations are computed, `start()` and the like become numbers, times of
//! `@` are known, parentheses are gone, and the highest parts that are the same at every step are marked, so that
//! they are evaluated once.

use super::durations;
use super::error::EvalError;
use crate::model::Matcher;
use crate::promql::ast::{
    Aggregate, At, AtTime, Binary, BinaryOp, Call, Expr, Extension, MatrixSelector, Offset, Sign,
    StringLiteral, Subquery, Unary, ValueType, VectorSelector,
};
use crate::promql::parser::MAX_HEIGHT;
use crate::promql::signature::Function;
use crate::promql::span::Span;

/// How deep expressions may be nested, each level takes some of the stack: those that the parser lets pass.
const MAX_DEPTH: usize = MAX_HEIGHT + 1;

/// What is known of the query; milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query {
    pub(super) start: i64,
    pub(super) end: i64,
    /// 0 for an instant query.
    pub(super) step: i64,
}

/// A prepared expression.
#[derive(Debug)]
pub(super) struct Plan<'e> {
    pub(super) kind: Kind<'e>,
    /// Where the expression stands, without parentheses around it.
    pub(super) span: Span,
    pub(super) value_type: ValueType,
}

/// What is evaluated.
#[derive(Debug)]
pub(super) enum Kind<'e> {
    Number(f64),
    String(&'e StringLiteral),
    Selector(Selector),
    Range(RangePlan),
    Subquery(Box<SubqueryPlan<'e>>),
    Aggregate(Box<AggregatePlan<'e>>),
    Binary(Box<BinaryPlan<'e>>),
    Call(&'e Call, Vec<Plan<'e>>),
    Negated(Box<Plan<'e>>),
    /// The same at every step.
    Once(Box<Plan<'e>>),
}

/// A selection of series at instants.
#[derive(Debug)]
pub(super) struct Selector {
    pub(super) matchers: Vec<Matcher>,
    pub(super) shift: Shift,
    pub(super) extension: Option<Extension>,
    /// Of histograms only counts and sums are needed.
    pub(super) stats: bool,
}

/// A selection of series over ranges.
#[derive(Debug)]
pub(super) struct RangePlan {
    pub(super) selector: Selector,
    /// Milliseconds.
    pub(super) range: i64,
}

/// An expression evaluated at many times; milliseconds.
#[derive(Debug)]
pub(super) struct SubqueryPlan<'e> {
    pub(super) inner: Plan<'e>,
    pub(super) range: i64,
    pub(super) step: Option<i64>,
    pub(super) shift: Shift,
}

#[derive(Debug)]
pub(super) struct AggregatePlan<'e> {
    pub(super) node: &'e Aggregate,
    pub(super) operand: Plan<'e>,
    pub(super) param: Option<Plan<'e>>,
}

#[derive(Debug)]
pub(super) struct BinaryPlan<'e> {
    pub(super) node: &'e Binary,
    pub(super) left: Plan<'e>,
    pub(super) right: Plan<'e>,
}

/// From which time something is taken, instead of the time of the step.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shift {
    /// `offset`, milliseconds.
    pub(super) offset: i64,
    /// `@`, milliseconds since the epoch.
    pub(super) at: Option<i64>,
}

impl Shift {
    /// The time that is meant at a step.
    pub(super) fn of(self, step: i64) -> i64 {
        self.at.unwrap_or(step).saturating_sub(self.offset)
    }
}

/// Prepares an expression.
pub(super) fn prepare<'e>(expr: &'e Expr, query: &Query) -> Result<Plan<'e>, EvalError> {
    let prepared = Preparation { query: *query }.prepare(expr, Inside::default())?;
    Ok(prepared.marked())
}

/// A plan, and whether it is the same at every step.
struct Prepared<'e> {
    plan: Plan<'e>,
    /// It is the same at every step.
    invariant: bool,
    /// It is worth to be evaluated once; numbers and ranges are not.
    mark: bool,
}

impl<'e> Prepared<'e> {
    fn marked(self) -> Plan<'e> {
        if self.mark { once(self.plan) } else { self.plan }
    }
}

fn once(plan: Plan<'_>) -> Plan<'_> {
    let (span, value_type) = (plan.span, plan.value_type);
    Plan { kind: Kind::Once(Box::new(plan)), span, value_type }
}

/// What is around a part of an expression.
#[derive(Clone, Copy, Debug, Default)]
struct Inside {
    depth: usize,
    /// A function that needs only counts and sums of histograms.
    counts: bool,
    /// Something that needs their buckets.
    needs_buckets: bool,
}

impl Inside {
    fn deeper(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }

    /// Within a call.
    fn of_call(self, function: Function) -> Self {
        let counts =
            matches!(function, Function::HistogramAvg | Function::HistogramCount | Function::HistogramSum);
        let needs_buckets = matches!(
            function,
            Function::HistogramFraction | Function::HistogramQuantile | Function::HistogramQuantiles
        );
        Self {
            depth: self.depth + 1,
            counts: self.counts || counts,
            needs_buckets: self.needs_buckets || needs_buckets,
        }
    }

    /// Within something that needs buckets, if it does.
    fn needing_buckets(self, needs_buckets: bool) -> Self {
        Self { needs_buckets: self.needs_buckets || needs_buckets, ..self.deeper() }
    }
}

struct Preparation {
    query: Query,
}

impl Preparation {
    /// Small, and so are those that it calls on its way down: the stack has to hold many of them.
    fn prepare<'e>(&self, expr: &'e Expr, inside: Inside) -> Result<Prepared<'e>, EvalError> {
        if inside.depth > MAX_DEPTH {
            return Err(EvalError::TooDeep(MAX_DEPTH));
        }
        let expr = expr.without_parens();
        match expr {
            Expr::Number(_) | Expr::String(_) | Expr::Vector(_) | Expr::Matrix(_) => self.leaf(expr, inside),
            Expr::Subquery(node) => self.subquery(node, inside),
            Expr::Unary(node) => self.unary(node, inside),
            Expr::Aggregate(node) => self.aggregate(node, inside),
            Expr::Binary(node) => self.binary(node, expr.span(), inside),
            Expr::Call(node) => self.call(node, inside),
            Expr::Paren(node) => self.prepare(&node.inner, inside.deeper()),
        }
    }

    fn leaf<'e>(&self, expr: &'e Expr, inside: Inside) -> Result<Prepared<'e>, EvalError> {
        let plan = |kind| Plan { kind, span: expr.span(), value_type: expr.value_type() };
        Ok(match expr {
            Expr::Number(number) => constant(plan(Kind::Number(number.value))),
            Expr::String(text) => constant(plan(Kind::String(text))),
            Expr::Matrix(node) => {
                let range = self.range(node, inside)?;
                let invariant = range.selector.shift.at.is_some();
                Prepared { plan: plan(Kind::Range(range)), invariant, mark: false }
            }
            Expr::Vector(node) => {
                let selector = self.selector(node, inside)?;
                let invariant = selector.shift.at.is_some();
                Prepared { plan: plan(Kind::Selector(selector)), invariant, mark: invariant }
            }
            Expr::Aggregate(_)
            | Expr::Binary(_)
            | Expr::Call(_)
            | Expr::Paren(_)
            | Expr::Subquery(_)
            | Expr::Unary(_) => constant(plan(Kind::Number(f64::NAN))),
        })
    }

    fn unary<'e>(&self, node: &'e Unary, inside: Inside) -> Result<Prepared<'e>, EvalError> {
        let operand = self.prepare(&node.operand, inside.deeper())?;
        Ok(match node.sign {
            Sign::Plus => operand,
            Sign::Minus => {
                let Prepared { plan, invariant, mark } = operand;
                let value_type = plan.value_type;
                let kind = Kind::Negated(Box::new(plan));
                Prepared { plan: Plan { kind, span: node.span, value_type }, invariant, mark }
            }
        })
    }

    /// As in Prometheus only the operand decides whether an aggregation varies, not the parameter.
    fn aggregate<'e>(&self, node: &'e Aggregate, inside: Inside) -> Result<Prepared<'e>, EvalError> {
        let operand = self.prepare(&node.operand, inside.deeper())?;
        let param = match &node.param {
            Some(param) => Some(self.prepare(param, inside.deeper())?.marked()),
            None => None,
        };
        let (invariant, mark) = (operand.invariant, operand.mark);
        let kind = Kind::Aggregate(Box::new(AggregatePlan { node, operand: operand.plan, param }));
        Ok(Prepared { plan: Plan { kind, span: node.span, value_type: ValueType::Vector }, invariant, mark })
    }

    fn binary<'e>(&self, node: &'e Binary, span: Span, inside: Inside) -> Result<Prepared<'e>, EvalError> {
        let inside = inside.needing_buckets(matches!(node.op, BinaryOp::TrimLower | BinaryOp::TrimUpper));
        let left = self.prepare(&node.left, inside)?;
        let right = self.prepare(&node.right, inside)?;
        let invariant = left.invariant && right.invariant;
        let value_type = match (left.plan.value_type, right.plan.value_type) {
            (ValueType::Scalar, ValueType::Scalar) => ValueType::Scalar,
            _ => ValueType::Vector,
        };
        let (left, right) = if invariant { (left.plan, right.plan) } else { (left.marked(), right.marked()) };
        let kind = Kind::Binary(Box::new(BinaryPlan { node, left, right }));
        Ok(Prepared { plan: Plan { kind, span, value_type }, invariant, mark: invariant })
    }

    fn call<'e>(&self, node: &'e Call, inside: Inside) -> Result<Prepared<'e>, EvalError> {
        let plan = |kind| Plan { kind, span: node.span, value_type: node.function.signature().returns };
        if let Some(number) = self.context_number(node.function) {
            return Ok(constant(plan(Kind::Number(number))));
        }
        let mut args = Vec::with_capacity(node.args.len());
        for arg in &node.args {
            args.push(self.prepare(arg, inside.of_call(node.function))?);
        }
        let arguments_are = args.iter().all(|arg| arg.invariant);
        let selectors_are =
            !args.is_empty() && args.iter().all(|arg| matches!(arg.plan.kind, Kind::Selector(_)));
        let invariant = arguments_are
            && (!uses_time(node.function) || (node.function == Function::Timestamp && selectors_are));
        let args = args.into_iter().map(|arg| if invariant { arg.plan } else { arg.marked() }).collect();
        Ok(Prepared { plan: plan(Kind::Call(node, args)), invariant, mark: invariant })
    }

    /// What functions of the query itself give, seconds.
    fn context_number(&self, function: Function) -> Option<f64> {
        let Query { start, end, step } = self.query;
        let millis = match function {
            Function::Start => start,
            Function::End => end,
            Function::Range => end.saturating_sub(start),
            Function::Step => {
                if start == end {
                    0
                } else {
                    step
                }
            }
            _ => return None,
        };
        Some(millis as f64 / 1000.0)
    }

    fn selector(&self, node: &VectorSelector, inside: Inside) -> Result<Selector, EvalError> {
        Ok(Selector {
            matchers: node.matchers.iter().map(|matcher| matcher.matcher.clone()).collect(),
            shift: self.shift(node.offset.as_ref(), node.at)?,
            extension: node.extension,
            stats: inside.counts && !inside.needs_buckets,
        })
    }

    fn range(&self, node: &MatrixSelector, inside: Inside) -> Result<RangePlan, EvalError> {
        let selector = self.selector(&node.selector, inside)?;
        Ok(RangePlan { selector, range: durations::positive(&node.range, &self.query)? })
    }

    /// What is inside is evaluated once if it can be, whatever the subquery itself is.
    fn subquery<'e>(&self, node: &'e Subquery, inside: Inside) -> Result<Prepared<'e>, EvalError> {
        // Counts alone do not show all resets between samples that are far apart.
        let inner = self.prepare(&node.inner, inside.needing_buckets(true))?;
        let inner = if inner.invariant { once(inner.plan) } else { inner.plan };
        let shift = self.shift(node.offset.as_ref(), node.at)?;
        let step = match &node.step {
            Some(step) => Some(durations::positive(step, &self.query)?).filter(|step| *step > 0),
            None => None,
        };
        let range = durations::positive(&node.range, &self.query)?;
        let kind = Kind::Subquery(Box::new(SubqueryPlan { inner, range, step, shift }));
        let plan = Plan { kind, span: node.span, value_type: ValueType::Matrix };
        Ok(Prepared { plan, invariant: shift.at.is_some(), mark: false })
    }

    fn shift(&self, offset: Option<&Offset>, at: Option<At>) -> Result<Shift, EvalError> {
        let offset = match offset {
            Some(offset) => durations::signed(&offset.length, &self.query)?,
            None => 0,
        };
        let at = at.map(|at| match at.time {
            AtTime::Fixed(millis) => millis,
            AtTime::Start => self.query.start,
            AtTime::End => self.query.end,
        });
        Ok(Shift { offset, at })
    }
}

/// A number or text: it is always the same, but nothing is gained by evaluating it once.
fn constant(plan: Plan<'_>) -> Prepared<'_> {
    Prepared { plan, invariant: true, mark: false }
}

/// Functions whose result depends on the step even if their arguments do not.
fn uses_time(function: Function) -> bool {
    matches!(
        function,
        Function::DaysInMonth
            | Function::DayOfMonth
            | Function::DayOfWeek
            | Function::DayOfYear
            | Function::End
            | Function::Hour
            | Function::Minute
            | Function::Month
            | Function::Year
            | Function::PredictLinear
            | Function::Range
            | Function::Start
            | Function::Step
            | Function::Time
            | Function::Timestamp
    )
}
