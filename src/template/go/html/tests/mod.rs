//! Contextual escaping against Go's own answers, and against any text.
//!
//! The templates and answers are in `tests/fixtures/go_html_cases.tsv`, which says how it was made.

mod breakout;
mod world;

use super::{ContentKind, HtmlErrorKind, HtmlTemplates, content};
use crate::template::go::{MissingKey, Outcome, Templates, Value};
use world::{World, data};

/// What a page makes of `text` as the nameless template, run on the alerts of the fixture.
fn render(text: &str, data: &Value) -> String {
    let mut templates = Templates::default();
    if let Err(error) = templates.parse("", text, &World) {
        return format!("ERR {error}");
    }
    let mut templates = HtmlTemplates::new(&templates);
    if let Err(error) = templates.compile("") {
        return format!("ERR {error}");
    }
    match templates.execute("", data, &World, MissingKey::Zero) {
        Outcome::Text(text) => text,
        Outcome::Failed(error) => format!("ERR {error}"),
        Outcome::Needs(what) => format!("needs {what}"),
    }
}

#[test]
fn pages_are_what_go_makes_of_them() {
    let table = include_str!("../../../../../tests/fixtures/go_html_cases.tsv");
    let data = data();
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&str> = line.split('\t').collect();
        let text = |json: &str| serde_json::from_str::<String>(json).expect("JSON");
        let (template, expected) = match columns[..] {
            [template, answer] => (text(template), text(answer)),
            [template, _, newer, _why] => (text(template), text(newer)),
            _ => panic!("two or four columns: {line}"),
        };
        let got = render(&template, &data);
        count += 1;
        if got != expected {
            wrong.push(format!("{template:?}\n  Go:   {expected:?}\n  ours: {got:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 700, "the table is whole");
}

/// Parses `text` as the file `page`, and compiles `name` of it.
fn compiled(text: &str, name: &str) -> HtmlTemplates {
    let mut templates = Templates::default();
    templates.parse("page", text, &World).expect(text);
    let mut templates = HtmlTemplates::new(&templates);
    templates.compile(name).expect(text);
    templates
}

fn mistake(text: &str, name: &str) -> (HtmlErrorKind, String) {
    let mut templates = Templates::default();
    templates.parse("page", text, &World).expect(text);
    let error = HtmlTemplates::new(&templates).compile(name).expect_err(text);
    (error.kind, error.text)
}

#[test]
fn mistakes_name_the_file_line_and_column() {
    for (text, kind, expected) in [
        (
            "<a>\n{{ template \"b\" }}",
            HtmlErrorKind::NoSuchTemplate,
            "html/template:page:2:12: no such template \"b\"",
        ),
        (
            "{{ if . }}<a b=\"{{ end }}",
            HtmlErrorKind::BranchEnd,
            "html/template:page:1:6: {{if}} branches end in different contexts: {stateAttr delimDoubleQuote \
             urlPartNone jsCtxRegexp attrNone elementNone <nil>}, {stateText delimNone urlPartNone jsCtxRegexp \
             attrNone elementNone <nil>}",
        ),
        (
            "<a href=\"{{ if . }}/{{ else }}/?{{ end }}{{ . }}\">",
            HtmlErrorKind::AmbiguousContext,
            "html/template:page:1:44: {{.}} appears in an ambiguous context within a URL",
        ),
        ("\n<a b\"", HtmlErrorKind::BadHtml, r#"html/template:page: "\"" in attribute name: " b\"""#),
        (
            "<script>x = \"",
            HtmlErrorKind::EndContext,
            "html/template:page: ends in a non-text context: {stateJSDqStr delimNone urlPartNone jsCtxRegexp \
             attrNone elementScript <nil>}",
        ),
        (
            "{{ range . }}\n{{ range . }}{{ . }}<a b=c {{ end }}>{{ end }}",
            HtmlErrorKind::BadHtml,
            "html/template:page:2: on range loop re-entry: \"<\" in attribute name: \"<a b=c \"",
        ),
    ] {
        assert_eq!(mistake(text, "page"), (kind, expected.to_owned()), "{text}");
    }
}

#[test]
fn only_compiled_templates_run() {
    let text = r#"{{ define "a" }}<b>{{ . }}</b>{{ end }}{{ define "bad" }}<b {{ end }}"#;
    let mut templates = Templates::default();
    templates.parse("page", text, &World).expect(text);
    let mut templates = HtmlTemplates::new(&templates);
    let run = |templates: &HtmlTemplates, name| {
        templates.execute(name, &Value::str("<"), &World, MissingKey::Invalid)
    };
    let failed = |outcome| match outcome {
        Outcome::Failed(error) => error.text,
        other => format!("{other:?}"),
    };
    assert_eq!(failed(run(&templates, "a")), "html/template: \"a\" is not compiled");
    assert_eq!(failed(run(&templates, "nope")), "html/template: \"nope\" is not compiled");
    templates.compile("a").expect("a page");
    assert_eq!(run(&templates, "a"), Outcome::Text("<b>&lt;</b>".to_owned()));
    let missing = templates.compile("nope").expect_err("no such template");
    assert_eq!(missing.text, "html/template: \"nope\" is undefined");
    let bad = templates.compile("bad").expect_err("an open tag");
    assert_eq!(bad.kind, HtmlErrorKind::EndContext);
    assert_eq!(templates.compile("bad"), Err(bad.clone()));
    assert_eq!(failed(run(&templates, "bad")), bad.text);
    assert_eq!(run(&templates, "a"), Outcome::Text("<b>&lt;</b>".to_owned()), "others are not harmed");
}

/// What `text` makes of a value.
fn with_value(text: &str, value: Value) -> String {
    let templates = compiled(text, "page");
    match templates.execute("page", &value, &World, MissingKey::Zero) {
        Outcome::Text(text) => text,
        other => format!("{other:?}"),
    }
}

#[test]
fn content_is_let_through_where_it_belongs() {
    let kinds = [
        (ContentKind::Html, "<i title=\"&amp;\">a+</i>'"),
        (ContentKind::HtmlAttr, " dir=\"ltr\""),
        (ContentKind::Css, "url(x) \"<\""),
        (ContentKind::Js, "f(\"<\") && 1"),
        (ContentKind::JsStr, "a\\n\"<"),
        (ContentKind::Url, "javascript:f('a b',c)"),
        (ContentKind::Srcset, "javascript:x 1.5x, 'y' 2w"),
    ];
    for (page, expected) in [
        (
            "{{ . }}",
            [
                "<i title=\"&amp;\">a+</i>'",
                " dir=&#34;ltr&#34;",
                "url(x) &#34;&lt;&#34;",
                "f(&#34;&lt;&#34;) &amp;&amp; 1",
                "a\\n&#34;&lt;",
                "javascript:f(&#39;a b&#39;,c)",
                "javascript:x 1.5x, &#39;y&#39; 2w",
            ],
        ),
        (
            "<p {{ . }}>",
            [
                "<p ZgotmplZ>",
                "<p  dir=\"ltr\">",
                "<p ZgotmplZ>",
                "<p ZgotmplZ>",
                "<p ZgotmplZ>",
                "<p ZgotmplZ>",
                "<p ZgotmplZ>",
            ],
        ),
        (
            "<p title=\"{{ . }}\">",
            [
                "<p title=\"a&#43;&#39;\">",
                "<p title=\" dir=&#34;ltr&#34;\">",
                "<p title=\"url(x) &#34;&lt;&#34;\">",
                "<p title=\"f(&#34;&lt;&#34;) &amp;&amp; 1\">",
                "<p title=\"a\\n&#34;&lt;\">",
                "<p title=\"javascript:f(&#39;a b&#39;,c)\">",
                "<p title=\"javascript:x 1.5x, &#39;y&#39; 2w\">",
            ],
        ),
        (
            "<p style=\"{{ . }}\">",
            [
                "<p style=\"ZgotmplZ\">",
                "<p style=\"ZgotmplZ\">",
                "<p style=\"url(x) &#34;&lt;&#34;\">",
                "<p style=\"ZgotmplZ\">",
                "<p style=\"ZgotmplZ\">",
                "<p style=\"ZgotmplZ\">",
                "<p style=\"ZgotmplZ\">",
            ],
        ),
        (
            "<script>{{ . }}</script>",
            [
                "<script>\"\\u003ci title=\\\"\\u0026amp;\\\"\\u003ea+\\u003c/i\\u003e'\"</script>",
                "<script>\" dir=\\\"ltr\\\"\"</script>",
                "<script>\"url(x) \\\"\\u003c\\\"\"</script>",
                "<script>f(\"<\") && 1</script>",
                "<script>\"a\\n\"<\"</script>",
                "<script>\"javascript:f('a b',c)\"</script>",
                "<script>\"javascript:x 1.5x, 'y' 2w\"</script>",
            ],
        ),
        (
            "<script>'{{ . }}'</script>",
            [
                "<script>'\\u003ci title=\\u0022\\u0026amp;\\u0022\\u003ea\\u002b\\u003c\\/i\\u003e\\u0027'</script>",
                "<script>' dir=\\u0022ltr\\u0022'</script>",
                "<script>'url(x) \\u0022\\u003c\\u0022'</script>",
                "<script>'f(\\u0022\\u003c\\u0022) \\u0026\\u0026 1'</script>",
                "<script>'a\\n\\u0022\\u003c'</script>",
                "<script>'javascript:f(\\u0027a b\\u0027,c)'</script>",
                "<script>'javascript:x 1.5x, \\u0027y\\u0027 2w'</script>",
            ],
        ),
        (
            "<a href=\"{{ . }}\">",
            [
                "<a href=\"%3ci%20title=%22&amp;amp;%22%3ea&#43;%3c/i%3e%27\">",
                "<a href=\"%20dir=%22ltr%22\">",
                "<a href=\"url%28x%29%20%22%3c%22\">",
                "<a href=\"f%28%22%3c%22%29%20&amp;&amp;%201\">",
                "<a href=\"a%5cn%22%3c\">",
                "<a href=\"javascript:f%28%27a%20b%27,c%29\">",
                "<a href=\"#ZgotmplZ\">",
            ],
        ),
        (
            "<a href=\"?{{ . }}\">",
            [
                "<a href=\"?%3ci%20title%3d%22%26amp%3b%22%3ea%2b%3c%2fi%3e%27\">",
                "<a href=\"?%20dir%3d%22ltr%22\">",
                "<a href=\"?url%28x%29%20%22%3c%22\">",
                "<a href=\"?f%28%22%3c%22%29%20%26%26%201\">",
                "<a href=\"?a%5cn%22%3c\">",
                "<a href=\"?javascript:f%28%27a%20b%27,c%29\">",
                "<a href=\"?javascript%3ax%201.5x%2c%20%27y%27%202w\">",
            ],
        ),
        (
            "<img srcset=\"{{ . }}\">",
            [
                "<img srcset=\"#ZgotmplZ\">",
                "<img srcset=\" dir=%22ltr%22\">",
                "<img srcset=\"#ZgotmplZ\">",
                "<img srcset=\"#ZgotmplZ\">",
                "<img srcset=\"a%5cn%22%3c\">",
                "<img srcset=\"javascript:f%28%27a%20b%27%2cc%29\">",
                "<img srcset=\"javascript:x 1.5x, &#39;y&#39; 2w\">",
            ],
        ),
    ] {
        for ((kind, text), expected) in kinds.into_iter().zip(expected) {
            assert_eq!(with_value(page, content(kind, text.into())), expected, "{kind:?} in {page}");
        }
    }
}

#[test]
fn values_that_have_no_json_are_null() {
    let page = "<script>x = 1/{{ . }}</script>";
    for (value, expected) in [
        (Value::Float(f64::NAN), "<script>x = 1/ /* json: unsupported value: NaN */null </script>"),
        (Value::Float(-0.0), "<script>x = 1/ -0 </script>"),
        (Value::Complex(1.0, 2.0), "<script>x = 1/ /* json: unsupported type: complex128 */null </script>"),
        (Value::Byte(7), "<script>x = 1/ 7 </script>"),
    ] {
        assert_eq!(with_value(page, value), expected);
    }
}

#[test]
fn values_too_long_for_a_page_stop_it() {
    let mut value = Value::str(&"<".repeat(1000));
    for _ in 0..20 {
        let items = vec![value.clone(), value];
        value = Value::object(crate::template::go::value::List { type_name: "[]interface {}".into(), items });
    }
    for page in ["{{ . }}", "<script>{{ . }}</script>", "<p title={{ . }}>"] {
        let outcome = with_value(page, value.clone());
        assert!(outcome.contains("exceeded"), "{}", outcome.chars().take(100).collect::<String>());
    }
}

#[test]
fn no_template_keeps_the_escaper_busy() {
    let ranges = format!("{}<b{{{{ . }}}}{}", "{{ range . }}<i ".repeat(90), ">{{ end }}".repeat(90));
    let chain: String = (0..400)
        .map(|at| format!("{{{{ define \"t{at}\" }}}}{{{{ template \"t{}\" }}}}{{{{ end }}}}", at + 1))
        .collect();
    let tree: String = (0..60)
        .map(|at| {
            let next = at + 1;
            format!(
                "{{{{ define \"t{at}\" }}}}<{{{{ if . }}}}{{{{ template \"t{next}\" }}}}{{{{ else }}}} \
                 {{{{ template \"t{next}\" }}}}{{{{ end }}}}{{{{ end }}}}"
            )
        })
        .collect();
    let css = format!("<style>p {{ x: \"{}", "\\3".repeat(300_000));
    let script = format!("<script>{}", "\"<\"+'</'+/a/+".repeat(50_000));
    for text in [
        ranges,
        format!("{chain}{{{{ template \"t0\" }}}}"),
        format!("{tree}{{{{ template \"t0\" }}}}"),
        css,
        script,
    ] {
        let mut templates = Templates::default();
        templates.parse("page", &text, &World).expect("a template");
        assert!(HtmlTemplates::new(&templates).compile("page").is_err());
    }
}
