//! Parts of dates: `year`, `hour`, `days_in_month` and their like, in UTC by the Gregorian calendar.

use super::vectors::{each_float, vector};
use super::{Argument, Context, go_math};
use crate::model::LabelSet;
use crate::promql::value::{Value, VectorSample};

const DAY: i64 = 86_400;

/// A moment, taken apart.
struct Date {
    year: i64,
    month: i64,
    day: i64,
    /// Days since 1970-01-01.
    days: i64,
    /// Seconds since midnight.
    second: i64,
}

impl Date {
    /// The moment `seconds` after the epoch, as Go's `time.Unix` has it.
    fn from_seconds(seconds: i64) -> Self {
        // Go counts in unsigned seconds from a year far in the past; what is before that year wraps around.
        const GO_EPOCH: i64 = -9_223_371_966_579_724_800;
        let wrapped = if seconds < GO_EPOCH { 1_i128 << 64 } else { 0 };
        let seconds = i128::from(seconds) + wrapped;
        let days = i64::try_from(seconds.div_euclid(i128::from(DAY))).unwrap_or(i64::MAX);
        let second = i64::try_from(seconds.rem_euclid(i128::from(DAY))).unwrap_or(0);
        let (year, month, day) = civil(days);
        Self { year, month, day, days, second }
    }
}

/// Year, month and day of the day that is so many days after 1970-01-01.
///
/// Years are counted from March here, so that a leap day is the last of its year.
fn civil(days: i64) -> (i64, i64, i64) {
    const DAYS_OF_400_YEARS: i64 = 146_097;
    // From 0000-03-01 on.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(DAYS_OF_400_YEARS);
    let of_era = shifted.rem_euclid(DAYS_OF_400_YEARS);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn length_of_month(date: &Date) -> i64 {
    match date.month {
        2 if is_leap(date.year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn day_of_the_year(date: &Date) -> i64 {
    const BEFORE: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let before = usize::try_from(date.month - 1).ok().and_then(|month| BEFORE.get(month)).copied();
    before.unwrap_or(0) + i64::from(date.month > 2 && is_leap(date.year)) + date.day
}

/// Each float as seconds since the epoch; without an argument the time of the step.
fn each_date(args: &[Argument<'_>], ctx: &Context<'_>, part: fn(&Date) -> i64) -> Vec<VectorSample> {
    if args.is_empty() {
        let value = Value::Float(part(&Date::from_seconds(ctx.step / 1000)) as f64);
        return vec![VectorSample { labels: LabelSet::default(), drop_name: false, value, t: ctx.step }];
    }
    each_float(vector(args, 0), ctx, |value| part(&Date::from_seconds(go_math::to_i64(value))) as f64)
}

/// `year`
pub(super) fn year(args: &[Argument<'_>], ctx: &mut Context<'_>) -> Vec<VectorSample> {
    each_date(args, ctx, |date| date.year)
}

/// `month`: 1 is January.
pub(super) fn month(args: &[Argument<'_>], ctx: &mut Context<'_>) -> Vec<VectorSample> {
    each_date(args, ctx, |date| date.month)
}

/// `day_of_month`: from 1.
pub(super) fn day_of_month(args: &[Argument<'_>], ctx: &mut Context<'_>) -> Vec<VectorSample> {
    each_date(args, ctx, |date| date.day)
}

/// `day_of_week`: 0 is Sunday.
pub(super) fn day_of_week(args: &[Argument<'_>], ctx: &mut Context<'_>) -> Vec<VectorSample> {
    // The epoch was a Thursday.
    each_date(args, ctx, |date| (date.days + 4).rem_euclid(7))
}

/// `day_of_year`: from 1.
pub(super) fn day_of_year(args: &[Argument<'_>], ctx: &mut Context<'_>) -> Vec<VectorSample> {
    each_date(args, ctx, day_of_the_year)
}

/// `days_in_month`
pub(super) fn days_in_month(args: &[Argument<'_>], ctx: &mut Context<'_>) -> Vec<VectorSample> {
    each_date(args, ctx, length_of_month)
}

/// `hour`
pub(super) fn hour(args: &[Argument<'_>], ctx: &mut Context<'_>) -> Vec<VectorSample> {
    each_date(args, ctx, |date| date.second / 3600)
}

/// `minute`
pub(super) fn minute(args: &[Argument<'_>], ctx: &mut Context<'_>) -> Vec<VectorSample> {
    each_date(args, ctx, |date| date.second / 60 % 60)
}

#[cfg(test)]
mod tests {
    use crate::promql::functions::testing::{on_vector, on_vector_at, sample};
    use crate::promql::functions::{Argument, Function};

    /// All parts of one date, in the order year, month, day, weekday, day of the year, days, hour, minute.
    fn parts(seconds: f64) -> Vec<f64> {
        use Function::*;
        [Year, Month, DayOfMonth, DayOfWeek, DayOfYear, DaysInMonth, Hour, Minute]
            .into_iter()
            .map(|function| {
                let samples = [sample("t", seconds)];
                on_vector(function, &[Argument::Vector(&samples)]).0[0].1
            })
            .collect()
    }

    #[test]
    fn dates_are_taken_apart() {
        let cases: &[(f64, [f64; 8])] = &[
            (0.0, [1970., 1., 1., 4., 1., 31., 0., 0.]),
            // 2000-02-29T23:59:59Z: a leap year, though it ends a century.
            (951_868_799.0, [2000., 2., 29., 2., 60., 29., 23., 59.]),
            // 2023-12-31T00:00:00Z
            (1_703_980_800.0, [2023., 12., 31., 0., 365., 31., 0., 0.]),
            // 2024-12-31T12:30:00.9Z
            (1_735_648_200.9, [2024., 12., 31., 2., 366., 31., 12., 30.]),
            // 1969-12-31T23:59:59Z
            (-1.0, [1969., 12., 31., 3., 365., 31., 23., 59.]),
            // Fractions are cut off towards zero.
            (-0.9, [1970., 1., 1., 4., 1., 31., 0., 0.]),
            // 2100-03-01: no leap day in 2100.
            (4_107_542_400.0, [2100., 3., 1., 1., 60., 31., 0., 0.]),
        ];
        for (seconds, expected) in cases {
            assert_eq!(parts(*seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn what_is_no_time_is_the_last_second_that_go_knows() {
        for value in [f64::NAN, f64::INFINITY, 1e30] {
            assert_eq!(parts(value), [292_277_026_596., 12., 4., 0., 339., 31., 15., 30.], "{value}");
        }
    }

    #[test]
    fn without_an_argument_it_is_the_time_of_the_step() {
        assert_eq!(on_vector_at(Function::Hour, &[], 3_600_000 * 30).0, [("{}".to_owned(), 6.0)]);
    }
}
