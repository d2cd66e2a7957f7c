//! What series notation means and what is refused, in tables.

use proptest::prelude::*;

use super::{
    SequenceValue, StartsNotation, UnpairedStarts, parse_histogram, parse_series, parse_starts, parse_values,
};

/// The values as text.
fn expanded(text: &str) -> String {
    match parse_values(text) {
        Ok(values) => values.iter().map(SequenceValue::to_string).collect::<Vec<_>>().join(" "),
        Err(error) => error.to_string(),
    }
}

#[test]
fn sequences_of_floats() {
    for (text, values) in [
        ("", ""),
        ("  1 \t 2\n3 ", "1 2 3"),
        ("1+2x3", "1 3 5 7"),
        ("1-1x3", "1 0 -1 -2"),
        ("-3-10x2 7 +5", "-3 -13 -23 7 5"),
        ("5x0", "5"),
        ("5x2 _ _x3 1", "5 5 5 _ _ _ _ 1"),
        ("_x0 1", "1"),
        ("stale 1 stale", "stale 1 stale"),
        ("0x3", "0 0 0 0"),
        (".5 1e3 1.5e-3x1 1_000", "0.5 1000 0.0015 0.0015 1000"),
        ("010 08 0_17 0777777777777", "8 8 15 6.8719476735e+10"),
        ("NaN inf -Inf +INF", "NaN +Inf -Inf +Inf"),
        ("0.1+0.1x2", "0.1 0.2 0.30000000000000004"),
        ("-0+0x2 -0x1", "-0 0 0 -0 -0"),
    ] {
        assert_eq!(expanded(text), values, "{text}");
    }
}

#[test]
fn what_is_no_sequence_is_refused_with_its_place() {
    for (text, message) in [
        ("1+1", "1:4: parse error: unexpected end of input in series values"),
        ("1-1 2", "1:4: parse error: unexpected \" \" in series values"),
        ("1 _-2", "1:4: parse error: unexpected <op:-> in series values"),
        ("3+3x4-4", "1:6: parse error: unexpected <op:-> in series values"),
        ("1 _a4", "1:4: parse error: unexpected identifier \"a4\" in series values"),
        (
            "stalex3",
            "1:1: parse error: unexpected identifier \"stalex3\" in series values, expected number or \"stale\"",
        ),
        ("1\n 5m", "2:2: parse error: bad number syntax: \"5\""),
        (
            "1x1.5",
            "1:3: parse error: invalid repetition in series values: strconv.ParseUint: parsing \"1.5\": invalid syntax",
        ),
        ("1x", "1:3: parse error: unexpected end of input in series values"),
        (
            "1x99999999999999999999",
            "1:3: parse error: invalid repetition in series values: strconv.ParseUint: parsing \"99999999999999999999\": value out of range",
        ),
        (
            "1e999",
            "1:1: parse error: error parsing number: strconv.ParseFloat: parsing \"1e999\": value out of range",
        ),
        ("1 # 2", "1:3: parse error: unexpected character in series sequence: '#'"),
        ("1 {a}", "1:3: parse error: unexpected character in series sequence: '{'"),
        ("1x5000000", "1:10: parse error: series values expand to more than 4000000 samples"),
        ("1x18446744073709551615", "1:23: parse error: series values expand to more than 4000000 samples"),
        (
            "{{sum:1}}+{{buckets:[1 2 3]}}x1000000",
            "1:30: parse error: series values expand to more than 4000000 samples",
        ),
    ] {
        assert_eq!(expanded(text), message, "{text}");
    }
}

#[test]
fn sequences_of_histograms() {
    for (text, values) in [
        ("{{}}", "{{}}"),
        ("{{ }} {{}}x1", "{{}} {{}} {{}}"),
        (
            "{{schema:1  sum:-0.3 count:3.1 z_bucket:7.1 z_bucket_w:0.05 buckets:[5.1 10 7 ] offset:-3 \
             n_buckets:[4.1 5] n_offset:5 counter_reset_hint:gauge  }}",
            "{{schema:1 count:3.1 sum:-0.3 z_bucket:7.1 z_bucket_w:0.05 counter_reset_hint:gauge offset:-3 \
             buckets:[5.1 10 7] n_offset:5 n_buckets:[4.1 5]}}",
        ),
        (
            "{{schema:-53 custom_values:[5 10] buckets:[1 4]}}",
            "{{schema:-53 custom_values:[5 10] buckets:[1 4]}}",
        ),
        ("{{SUM:Inf count:nan buckets:[-1]}}", "{{count:NaN sum:+Inf buckets:[-1]}}"),
        (
            "{{buckets:[5]}}+{{buckets:[1 2] schema:1}}x2",
            "{{buckets:[5]}} {{buckets:[6 2]}} {{buckets:[7 4]}}",
        ),
        ("{{sum:9}}-{{sum:1}}x1 1 _", "{{sum:9}} {{sum:8}} 1 _"),
        (
            "{{counter_reset_hint:reset}} {{counter_reset_hint:not_reset}} {{counter_reset_hint:unknown}}",
            "{{counter_reset_hint:reset}} {{counter_reset_hint:not_reset}} {{}}",
        ),
    ] {
        assert_eq!(expanded(text), values, "{text}");
    }
}

#[test]
fn what_is_no_histogram_is_refused_with_its_place() {
    for (text, message) in [
        ("{{schema:1 schema:1}}", "1:12: parse error: duplicate key \"schema\" in histogram"),
        ("{{foo:1}}", "1:3: parse error: bad histogram descriptor found: \"foo\""),
        ("{{schema :1}}", "1:3: parse error: missing `:` for histogram descriptor"),
        ("{{schema: 1}}", "1:10: parse error: unexpected \" \" in series values"),
        ("{{buckets:[ 1]}}", "1:12: parse error: unexpected \" \" in series values"),
        ("{{buckets:[]}}", "1:12: parse error: unexpected \"]\" in series values"),
        ("{{ schema:1}}", "1:4: parse error: unexpected identifier \"schema:1\" in series values"),
        ("{{counter_reset_hint:foo}}", "1:22: parse error: bad histogram descriptor found: \"foo\""),
        (
            "{{sum:1 count:}}",
            "1:15: parse error: unexpected \"}}\" in histogram description, expected histogram description key, \
             e.g. buckets:[5 10 7]",
        ),
        ("{{sum:1count:2}}", "1:7: parse error: bad number syntax: \"1\""),
        ("{{sum:1", "1:8: parse error: histogram description incomplete unexpected: end of input"),
        ("{{sum:1,}}", "1:8: parse error: histogram description incomplete unexpected: ','"),
        ("{{buckets:[1 a]}}", "1:14: parse error: invalid character in buckets description: 'a'"),
        ("{{buckets:[1", "1:13: parse error: invalid character in buckets description: end of input"),
        ("{{offset:99999999999}}", "1:10: parse error: error parsing offset number: 99999999999"),
        (
            "{{schema:9}}",
            "1:10: parse error: histogram has an invalid schema, which must be between -4 and 8 for exponential \
             buckets, or -53 for custom buckets, got schema 9",
        ),
        (
            "{{schema:1}}+{{schema:0}}x2",
            "1:26: parse error: error combining histograms: cannot merge from schema 0 to 1",
        ),
        (
            "{{schema:-53}}+{{}}x2",
            "1:20: parse error: cannot apply this operation on histograms with a mix of exponential and custom \
             bucket schemas",
        ),
        ("{{}}+1x2", "1:6: parse error: unexpected number \"1\" in series values"),
        ("{{}}{{}}", "1:5: parse error: unexpected \"{{\" in series values"),
    ] {
        assert_eq!(expanded(text), message, "{text}");
    }
}

#[test]
fn metrics_before_values() {
    for (text, labels, values) in [
        ("up 1 2", r#"{__name__="up"}"#, "1 2"),
        (r#"up{job="a} b",x='"'} 1"#, r#"{__name__="up", job="a} b", x="\""}"#, "1"),
        ("{} 3", "{}", "3"),
        ("  a:b", r#"{__name__="a:b"}"#, ""),
    ] {
        let series = parse_series(text).expect(text);
        let shown: Vec<String> = series.values.iter().map(SequenceValue::to_string).collect();
        assert_eq!(
            (series.labels.to_string().as_str(), shown.join(" ").as_str()),
            (labels, values),
            "{text}"
        );
    }
    for (text, message) in [
        ("up{}5", "1:5: parse error: unexpected number \"5\" in series values"),
        ("1 2", "1:1: parse error: unexpected number \"1\" in series values"),
        ("up {} 1", "1:4: parse error: unexpected character in series sequence: '{'"),
        ("up{a=b} 1", "1:6: parse error: unexpected identifier \"b\" in label set, expected string"),
        ("up[5m] 1", "1:3: parse error: unexpected \"[\" in series values"),
    ] {
        assert_eq!(parse_series(text).expect_err(text).to_string(), message);
    }
}

#[test]
fn one_histogram_alone() {
    assert_eq!(parse_histogram("{{sum:3}}").expect("a histogram").to_string(), "{count:0, sum:3}");
    for text in ["{{sum:3}} ", " {{sum:3}}", "3", ""] {
        assert!(parse_histogram(text).is_err(), "{text:?}");
    }
}

/// The start timestamps as text.
fn starts(text: &str) -> String {
    match parse_starts(text) {
        Ok(Some(StartsNotation { labels, starts })) => {
            let starts = starts.iter().map(|start| start.map_or("_".to_owned(), |start| start.to_string()));
            format!("{labels} {}", starts.collect::<Vec<_>>().join(" "))
        }
        Ok(None) => "none".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn start_timestamps_before_a_series() {
    for (text, expected) in [
        ("m@st -30s", r#"{__name__="m"} -30000"#),
        ("  m{a=\"x y\"}@st\t_ 0 1ms _x2 +1m ", r#"{__name__="m", a="x y"} _ 0 1 _ _ 60000"#),
        ("{}@st -1mx2", "{} -60000 -60000 -60000"),
        ("m@st -30s-1mx2 -1ms+2msx2 0x0", r#"{__name__="m"} -30000 -90000 -150000 -1 1 3 0"#),
        ("m@st -1m--30sx1", r#"{__name__="m"} -60000 -30000"#),
        // Series, or what is refused as one.
        ("m 1", "none"),
        ("m@st", "none"),
        ("m@st  ", "none"),
        ("m @st 1", "none"),
        ("m@stx 1", "none"),
        (r#"m{a="b@st "} 1"#, "none"),
        (
            "m@st 1h30m",
            r#"1:6: parse error: invalid @st sequence: invalid ST item "1h30m": unexpected character '3' after duration"#,
        ),
        (
            "m@st 0 5q",
            r#"1:8: parse error: invalid @st sequence: invalid ST item "5q": invalid duration "5q": unknown unit "q" in duration "5q""#,
        ),
        (
            "m@st -s",
            r#"1:6: parse error: invalid @st sequence: invalid ST item "-s": expected digits in duration "-s""#,
        ),
        (
            "m@st 1m-1m",
            r#"1:6: parse error: invalid @st sequence: invalid ST item "1m-1m": expected 'x<count>' after step duration"#,
        ),
        (
            "m@st 1mx+2",
            r#"1:6: parse error: invalid @st sequence: invalid ST item "1mx+2": invalid repeat count"#,
        ),
        (
            "m@st _x0",
            r#"1:6: parse error: invalid @st sequence: invalid ST item "_x0": invalid repeat count"#,
        ),
        (
            "m@st _y",
            r#"1:6: parse error: invalid @st sequence: invalid ST item "_y": expected digits in duration "_y""#,
        ),
        ("m{a=b}@st 0", r#"1:5: parse error: unexpected identifier "b" in label set, expected string"#),
        ("m@st _x9 0x4000000", "1:10: parse error: series values expand to more than 4000000 samples"),
    ] {
        assert_eq!(starts(text), expected, "{text}");
    }
}

#[test]
fn start_timestamps_belong_to_the_series_that_follows() {
    let of = |starts: &str, series: &str| {
        let starts = parse_starts(starts).expect("valid").expect("there are some");
        starts.of(&parse_series(series).expect("valid"))
    };
    assert_eq!(of("m@st -1msx1 _", "m 1+1x2"), Ok(vec![Some(-1), Some(-1), None]));
    assert_eq!(of("m@st 0", "n 1"), Err(UnpairedStarts::OtherMetric));
    assert_eq!(of("m@st 0x3", "m 1"), Err(UnpairedStarts::OtherLength { starts: 4, values: 1 }));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in r"(?s)(a\{b=.c.\} )?[-+x_{}\[\]: 0-9a-zA-Z.,é]{0,60}") {
        let _ = parse_series(&text);
        let _ = parse_values(&text);
        let _ = parse_starts(&format!("m@st {text}"));
    }

    #[test]
    fn what_is_written_is_read_again(
        schema in -4_i32..=8, counts in prop::collection::vec(1_u32..9, 0..5), offset in -9_i32..9, sum in prop::num::f64::NORMAL,
    ) {
        let list: Vec<String> = counts.iter().map(u32::to_string).collect();
        let buckets = if list.is_empty() { String::new() } else { format!(" buckets:[{}]", list.join(" ")) };
        let first = parse_histogram(&format!(
            "{{{{schema:{schema} sum:{} offset:{offset}{buckets}}}}}",
            crate::model::number::format_float(sum, 'f', None).trim_start_matches('+')
        )).expect("a histogram");
        let again = parse_histogram(&first.notation().replace('+', "")).expect("its notation");
        prop_assert_eq!(first, again);
    }
}
