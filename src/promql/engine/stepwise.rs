//! Calls of functions: which way each goes, and those that are computed from whole vectors step by step.

use super::cursor::Cursor;
use super::error::EvalError;
use super::evaluator::Evaluator;
use super::gathered::Gathered;
use super::names;
use super::prepare::{Kind, Plan};
use super::steps::Steps;
use crate::promql::ast::{Call, ValueType};
use crate::promql::functions::{Argument, Context, Implementation, QueryTimes, implementation};
use crate::promql::signature::Function;
use crate::promql::span::Span;
use crate::promql::value::{FloatPoint, Series, VectorSample};

impl Evaluator<'_> {
    /// A call of a function.
    pub(super) fn call(
        &mut self,
        call: &Call,
        args: &[Plan<'_>],
        steps: Steps,
    ) -> Result<Vec<Series>, EvalError> {
        match implementation(call.function) {
            Implementation::Math(compute) => self.math(compute, args, steps),
            Implementation::Window { compute, keeps_name } => {
                self.window_function(call, compute, keeps_name, args, steps)
            }
            Implementation::Vector(compute) => self.vector_function(call, compute, args, steps),
            Implementation::Scalar(compute) => self.scalar_function(call, compute, args, steps),
            Implementation::Evaluator => self.own_function(call, args, steps),
        }
    }

    fn own_function(
        &mut self,
        call: &Call,
        args: &[Plan<'_>],
        steps: Steps,
    ) -> Result<Vec<Series>, EvalError> {
        match (call.function, args) {
            (Function::Timestamp, [arg]) => self.timestamp(arg, steps),
            (Function::StartTimestamp, [arg]) => self.start_timestamp(arg, steps),
            (Function::Absent, [arg]) => self.absent(arg, steps),
            (Function::AbsentOverTime, [arg]) => self.absent_over_time(arg, steps),
            (Function::LabelReplace, args) => self.label_replace(args, steps),
            (Function::LabelJoin, args) => self.label_join(args, steps),
            (Function::Info, args) => self.info(args, steps),
            (Function::Scalar, [arg]) => self.scalar(arg, steps),
            // A scalar is a series without labels, and so is the vector made of it.
            (Function::Vector, [arg]) => self.eval(arg, steps),
            // Numbers of the query were put in when it was prepared; all others have an implementation.
            _ => Ok(Vec::new()),
        }
    }

    fn math(
        &mut self,
        compute: fn(f64) -> f64,
        args: &[Plan<'_>],
        steps: Steps,
    ) -> Result<Vec<Series>, EvalError> {
        let before = self.limits.current;
        let [arg, ..] = args else { return Ok(Vec::new()) };
        let mut matrix = self.eval(arg, steps)?;
        matrix.retain(|series| !series.floats.is_empty());
        for series in &mut matrix {
            series.histograms = Vec::new();
            for point in &mut series.floats {
                point.v = compute(point.v);
            }
        }
        let matrix = self.dropping_names(matrix)?;
        self.replace(before, &matrix)?;
        Ok(matrix)
    }

    fn scalar(&mut self, arg: &Plan<'_>, steps: Steps) -> Result<Vec<Series>, EvalError> {
        let before = self.limits.current;
        let matrix = self.eval(arg, steps)?;
        let mut cursor = Cursor::new(&matrix);
        self.limits.pass(steps.count())?;
        let mut floats = Vec::with_capacity(steps.count());
        for t in steps.iter() {
            self.limits.tick(cursor.len())?;
            let (mut v, mut found) = (f64::NAN, 0);
            for series in 0..cursor.len() {
                if let Some(super::cursor::Point::Float(float)) = cursor.take(series, t) {
                    found += 1;
                    v = float;
                }
            }
            floats.push(FloatPoint { t, v: if found == 1 { v } else { f64::NAN } });
        }
        let result = vec![Series { floats, ..Series::default() }];
        self.replace(before, &result)?;
        Ok(result)
    }

    fn vector_function(
        &mut self,
        call: &Call,
        compute: fn(&[Argument<'_>], &mut Context<'_>) -> Vec<VectorSample>,
        args: &[Plan<'_>],
        steps: Steps,
    ) -> Result<Vec<Series>, EvalError> {
        let before = self.limits.current;
        let mut matrices = self.eval_args(args, steps)?;
        if !self.options.delayed_name_removal && takes_elements_alone(call.function) {
            // It would do this itself, but at every step.
            matrices.iter_mut().for_each(|matrix| names::drop_names(matrix));
        }
        let spans: Vec<Span> = args.iter().map(|arg| arg.span).collect();
        let mut vectors = StepArguments::new(args, &matrices);
        let mut gathered = Gathered::new(steps);
        for (step, t) in steps.iter().enumerate() {
            let count = vectors.at(t);
            self.limits.tick(count)?;
            let result = {
                let arguments = vectors.arguments();
                compute(&arguments, &mut self.context(call, &spans, steps, t))
            };
            self.limits.pass(count + result.len())?;
            let mut hint = 0;
            for sample in result {
                let place = if steps.is_single() && self.options.delayed_name_removal {
                    gathered.place_apart(&sample.labels, sample.drop_name, step, hint)
                } else {
                    gathered.place(&sample.labels, sample.drop_name, hint)
                };
                gathered.push(place, step, t, sample.value)?;
                hint = place + 1;
            }
        }
        let result = gathered.finish();
        self.replace(before, &result)?;
        Ok(result)
    }

    fn scalar_function(
        &mut self,
        call: &Call,
        compute: fn(&[Argument<'_>], &mut Context<'_>) -> f64,
        args: &[Plan<'_>],
        steps: Steps,
    ) -> Result<Vec<Series>, EvalError> {
        let before = self.limits.current;
        let matrices = self.eval_args(args, steps)?;
        let spans: Vec<Span> = args.iter().map(|arg| arg.span).collect();
        let mut vectors = StepArguments::new(args, &matrices);
        self.limits.pass(steps.count())?;
        let mut floats = Vec::with_capacity(steps.count());
        for t in steps.iter() {
            let count = vectors.at(t);
            self.limits.tick(count)?;
            let arguments = vectors.arguments();
            let v = compute(&arguments, &mut self.context(call, &spans, steps, t));
            floats.push(FloatPoint { t, v });
        }
        let result = vec![Series { floats, ..Series::default() }];
        self.replace(before, &result)?;
        Ok(result)
    }

    /// The values of all arguments; those of texts are empty.
    fn eval_args(&mut self, args: &[Plan<'_>], steps: Steps) -> Result<Vec<Vec<Series>>, EvalError> {
        args.iter().map(|arg| self.eval(arg, steps)).collect()
    }

    /// What a function is told at a step.
    pub(super) fn context<'c>(
        &'c mut self,
        call: &Call,
        spans: &'c [Span],
        steps: Steps,
        t: i64,
    ) -> Context<'c> {
        let query = QueryTimes {
            start: steps.start,
            end: steps.end,
            interval: steps.interval,
            is_range: !steps.is_single(),
        };
        Context {
            step: t,
            query,
            delayed_name_removal: self.options.delayed_name_removal,
            call: call.span,
            args: spans,
            annotations: &mut self.annotations,
        }
    }
}

/// Whether a function looks only at the values of elements and drops their names.
fn takes_elements_alone(function: Function) -> bool {
    matches!(
        function,
        Function::Clamp
            | Function::ClampMax
            | Function::ClampMin
            | Function::DayOfMonth
            | Function::DayOfWeek
            | Function::DayOfYear
            | Function::DaysInMonth
            | Function::Hour
            | Function::Minute
            | Function::Month
            | Function::Round
            | Function::Year
    )
}

/// The arguments of a function at one step after the other.
struct StepArguments<'m, 'e> {
    args: Vec<StepArgument<'m, 'e>>,
}

enum StepArgument<'m, 'e> {
    Vector { cursor: Cursor<'m>, matrix: &'m [Series], samples: Vec<VectorSample> },
    Scalar { cursor: Cursor<'m>, value: f64 },
    Text(&'e str),
}

impl<'m, 'e> StepArguments<'m, 'e> {
    fn new(args: &[Plan<'e>], matrices: &'m [Vec<Series>]) -> Self {
        let args = args.iter().zip(matrices).map(|(arg, matrix)| match (arg.value_type, &arg.kind) {
            (_, Kind::String(text)) => StepArgument::Text(&text.value),
            (ValueType::Scalar, _) => StepArgument::Scalar { cursor: Cursor::new(matrix), value: f64::NAN },
            (ValueType::String | ValueType::Vector | ValueType::Matrix, _) => {
                StepArgument::Vector { cursor: Cursor::new(matrix), matrix, samples: Vec::new() }
            }
        });
        Self { args: args.collect() }
    }

    /// Goes to a step; says how many samples there are.
    fn at(&mut self, t: i64) -> usize {
        let mut count = 0;
        for arg in &mut self.args {
            match arg {
                StepArgument::Text(_) => {}
                StepArgument::Scalar { cursor, value } => {
                    if let Some(super::cursor::Point::Float(v)) =
                        (cursor.len() > 0).then(|| cursor.take(0, t)).flatten()
                    {
                        *value = v;
                    }
                    count += 1;
                }
                StepArgument::Vector { cursor, matrix, samples } => {
                    samples.clear();
                    for (index, series) in matrix.iter().enumerate() {
                        let Some(point) = cursor.take(index, t) else { continue };
                        samples.push(VectorSample {
                            labels: series.labels.clone(),
                            drop_name: series.drop_name,
                            value: point.to_value(),
                            t,
                        });
                    }
                    count += samples.len();
                }
            }
        }
        count
    }

    fn arguments(&self) -> Vec<Argument<'_>> {
        let arguments = self.args.iter().map(|arg| match arg {
            StepArgument::Text(text) => Argument::String(text),
            StepArgument::Scalar { value, .. } => Argument::Scalar(*value),
            StepArgument::Vector { samples, .. } => Argument::Vector(samples),
        });
        arguments.collect()
    }
}
