//! `changes` and `resets`: how often the samples of a window differ from the one before, or fall.

use super::starts::Starts;
use super::window::Point;
use super::{Context, Window};
use crate::promql::ast::Extension;
use crate::promql::value::Value;

/// `changes`: a float after a histogram is one, and the other way round; NaN after NaN is none.
pub(super) fn changes(window: &Window<'_>, _: &mut Context<'_>) -> Option<Value> {
    count(window, Starts(&[]), |before, after| match (before, after) {
        (Point::Float(before), Point::Float(after)) => {
            after != before && !(after.is_nan() && before.is_nan())
        }
        (Point::Histogram(before), Point::Histogram(after)) => !after.equals(before),
        (Point::Float(_), Point::Histogram(_)) | (Point::Histogram(_), Point::Float(_)) => true,
    })
}

/// `resets`: how often a counter fell or began anew; a float after a histogram is a reset, and the other way round.
pub(super) fn resets(window: &Window<'_>, _: &mut Context<'_>) -> Option<Value> {
    count(window, Starts(window.starts), |before, after| match (before, after) {
        (Point::Float(before), Point::Float(after)) => after < before,
        (Point::Histogram(before), Point::Histogram(after)) => after.detect_reset(before),
        (Point::Float(_), Point::Histogram(_)) | (Point::Histogram(_), Point::Float(_)) => true,
    })
}

/// How many samples `differ` from the one before, or say by their start timestamps that they do.
fn count(
    window: &Window<'_>,
    starts: Starts<'_>,
    differ: impl Fn(Point<'_>, Point<'_>) -> bool,
) -> Option<Value> {
    match window.histograms {
        // Nearly always so: nothing has to be merged.
        [] => {
            let points = window.floats.iter().map(|point| (point.t, Point::Float(point.v)));
            count_points(points, window, starts, differ)
        }
        _ => count_points(window.points(), window, starts, differ),
    }
}

/// Of an anchored range the newest sample at or before its start is the first; without any after its start there is no
/// result.
fn count_points<'p>(
    points: impl Iterator<Item = (i64, Point<'p>)>,
    window: &Window<'_>,
    mut starts: Starts<'_>,
    differ: impl Fn(Point<'_>, Point<'_>) -> bool,
) -> Option<Value> {
    let anchored = window.extension == Some(Extension::Anchored);
    let (mut before, mut before_t) = (None, 0);
    let mut count = 0_u32;
    let mut inside = false;
    for (t, point) in points {
        if !anchored || t > window.start {
            inside = true;
            let differs = |before| differ(before, point) || starts.tell_reset(before_t, t);
            count += u32::from(before.is_some_and(differs));
        }
        (before, before_t) = (Some(point), t);
    }
    inside.then(|| Value::Float(f64::from(count)))
}

#[cfg(test)]
mod tests {
    use crate::promql::ast::Extension;
    use crate::promql::functions::Function::{self, Changes, Resets};
    use crate::promql::functions::testing::{Spec, counted, window};

    const NAN: f64 = f64::NAN;

    #[test]
    fn floats() {
        let cases: &[(Function, &[f64], f64)] = &[
            (Changes, &[1.0, 1.0, 2.0, 2.0, 1.0], 2.0),
            (Changes, &[NAN, NAN, 1.0, NAN], 2.0),
            (Changes, &[1.0], 0.0),
            (Resets, &[1.0, 2.0, 1.0, 5.0, 0.0], 2.0),
            (Resets, &[3.0, NAN, 1.0], 0.0),
            (Resets, &[1.0], 0.0),
        ];
        for (function, values, expected) in cases {
            assert_eq!(
                window(*function, &Spec::of(values)).float(),
                Some(*expected),
                "{function:?} {values:?}"
            );
        }
    }

    #[test]
    fn histograms_and_floats_take_turns() {
        let spec =
            Spec { histograms: counted(&[(90, 4.0), (150, 4.0), (210, 1.0)]), ..Spec::of(&[1.0, 5.0]) };
        // 1 5 | h4 h4 h1
        assert_eq!(window(Changes, &spec).float(), Some(3.0));
        assert_eq!(window(Resets, &spec).float(), Some(2.0));
        let spec = Spec { histograms: counted(&[(30, 4.0), (90, 4.0)]), ..Spec::of(&[1.0, 1.0, 1.0]) };
        // 1 h4 1 h4 1
        assert_eq!(window(Changes, &spec).float(), Some(4.0));
    }

    #[test]
    fn an_anchored_range_starts_from_the_sample_before_it() {
        // Samples at 0s, 60s, 120s, 180s.
        let at = |start: i64| {
            let spec = Spec::of(&[5.0, 3.0, 3.0, 2.0]);
            window(Resets, &Spec { start, extension: Some(Extension::Anchored), ..spec }).float()
        };
        assert_eq!(at(60_000), Some(1.0));
        assert_eq!(at(30_000), Some(2.0));
        assert_eq!(at(-1), Some(2.0));
        assert_eq!(at(180_000), None);
    }
}
