//! No text can break out of its context, and no template can upset the escaper.

use proptest::prelude::*;

use super::world::World;
use super::{HtmlTemplates, with_value};
use crate::template::go::{MissingKey, Outcome, Templates, Value};

/// Any text, and texts made of what attacks are made of.
fn hostile() -> impl Strategy<Value = String> {
    const PARTS: [&str; 40] = [
        "</script>",
        "<script>",
        "<!--",
        "-->",
        "\"",
        "'",
        "`",
        "<",
        ">",
        "&",
        "\\",
        "/",
        "*/",
        "//",
        "\n",
        "\r",
        "\0",
        "\u{2028}",
        "\u{2029}",
        "${",
        "}",
        "{",
        "(",
        ")",
        ";",
        ":",
        "javascript:",
        "http:",
        "#",
        "?",
        " ",
        "\t",
        "=",
        "+",
        "%",
        "%2",
        "expression",
        "\u{fffe}",
        "&#34;",
        "</style></textarea></title>",
    ];
    let part = prop_oneof![
        4 => prop::sample::select(&PARTS[..]).prop_map(str::to_owned),
        1 => "[a-z0-9]{1,4}",
        1 => any::<char>().prop_map(String::from),
    ];
    prop_oneof![prop::collection::vec(part, 0..20).prop_map(|parts| parts.concat()), any::<String>()]
}

/// What the page between `before` and `after` holds for `text`.
fn inside(before: &str, text: &str, after: &str) -> String {
    let page = with_value(&format!("{before}{{{{ . }}}}{after}"), Value::str(text));
    let rest = page.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    rest.unwrap_or_else(|| panic!("{page} is not {before}…{after}")).to_owned()
}

fn has_none(inside: &str, bad: &str) -> bool {
    !inside.contains(|c| bad.contains(c))
}

/// The text that a script reads, where it is written with the escapes that JSON has, too.
fn read_string(inside: &str) -> Option<String> {
    serde_json::from_str(&format!("\"{inside}\"")).ok()
}

/// Whether every character that is not escaped by a backslash is fine.
fn unescaped_are(inside: &str, fine: impl Fn(char) -> bool) -> bool {
    let mut chars = inside.chars();
    while let Some(c) = chars.next() {
        let escaped = if c == '\\' { chars.next() } else { Some('x') };
        if escaped.is_none() || (c != '\\' && !fine(c)) {
            return false;
        }
    }
    true
}

/// The text of a value of an attribute.
fn read_value(inside: &str) -> String {
    [("&lt;", "<"), ("&gt;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#43;", "+"), ("&amp;", "&")]
        .into_iter()
        .fold(inside.to_owned(), |text, (reference, c)| text.replace(reference, c))
}

fn is_safe_address(address: &str) -> bool {
    let scheme = address.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    scheme.is_none_or(|scheme| {
        scheme.contains(['/', '?', '#', '%']) || ["http", "https", "mailto"].contains(&scheme.as_str())
    })
}

proptest! {
    #[test]
    fn text_stays_text(text in hostile()) {
        for (before, after) in [
            ("<p>", "</p>"), ("<p title=\"", "\">"), ("<p title='", "'>"), ("<p title=\"a ", " b\">"),
            ("<textarea>", "</textarea>"), ("<title>", "</title>"), ("<iframe srcdoc=\"", "\">"),
        ] {
            let got = inside(before, &text, after);
            prop_assert!(has_none(&got, "<>\"'\0"), "{}{}{}", before, got, after);
            prop_assert_eq!(read_value(&got), text.replace('\0', "\u{fffd}"), "{}", before);
        }
        let got = inside("<p title=", &text, ">");
        prop_assert!(!got.is_empty() && has_none(&got, "<>\"'`= \t\n\r\u{c}\u{b}\0"), "{}", got);
        let got = inside("<p ", &text, ">");
        prop_assert!(got == "ZgotmplZ" || got.chars().all(|c| c.is_ascii_alphanumeric()), "{}", got);
        prop_assert_eq!(with_value("<p>a<!-- {{ . }} -->b", Value::str(&text)), "<p>ab");
    }

    #[test]
    fn addresses_stay_addresses(text in hostile()) {
        for (before, after) in [("<a href=\"", "\">"), ("<a href='", "'>"), ("<a href=\"/x/", "\">"), ("<a href=", ">")] {
            let got = inside(before, &text, after);
            prop_assert!(has_none(&got, "<>\"' \n\t\0\\"), "{}{}{}", before, got, after);
            prop_assert!(before.contains("/x/") || is_safe_address(&read_value(&got)), "{}{}", before, got);
        }
        let got = inside("<a href=\"?q=", &text, "\">");
        prop_assert!(got.chars().all(|c| c.is_ascii_alphanumeric() || "%-._~".contains(c)), "{}", got);
        let got = inside("<meta content=\"0; url=", &text, "\">");
        prop_assert!(has_none(&got, "<>\"'") && is_safe_address(&read_value(&got)), "{}", got);
        let got = inside("<img srcset=\"", &text, "\">");
        prop_assert!(has_none(&got, "<>\"'") && read_value(&got).split(',').all(|part| is_safe_address(part.trim())));
        let got = inside("<style>p { x: url(", &text, ") }</style>");
        prop_assert!(has_none(&got, "<>\"'() \n\t\\") && is_safe_address(&got), "{}", got);
    }

    #[test]
    fn strings_in_scripts_stay_strings(text in hostile()) {
        const BAD: &str = "<>\n\r\u{2028}\u{2029}\0";
        let got = inside("<script>x = ", &text, ";</script>");
        prop_assert!(has_none(&got, BAD), "{}", got);
        prop_assert_eq!(serde_json::from_str::<String>(&got).ok(), Some(text.clone()));
        let got = inside("<p onclick=\"f(", &text, ")\">");
        prop_assert!(has_none(&got, BAD) && has_none(&got, "\"'"), "{}", got);
        prop_assert_eq!(serde_json::from_str::<String>(&read_value(&got)).ok(), Some(text.clone()));
        for (before, after) in [
            ("<script>x = \"", "\"</script>"), ("<script>x = 'a", "b'</script>"), ("<script>x = `", "`</script>"),
            ("<p onclick=\"f('", "')\">"), ("<p onclick='f(\"", "\")'>"), ("<script>x = `${ \"", "\" }`</script>"),
        ] {
            let got = inside(before, &text, after);
            prop_assert!(has_none(&got, BAD) && has_none(&got, "\"'`"), "{}{}{}", before, got, after);
            let read = read_string(&got);
            prop_assert!(read.is_some_and(|read| read.ends_with(&text) || before.ends_with('a')), "{}{}", before, got);
        }
        let got = inside("<script>x = `", &text, "`</script>");
        prop_assert!(has_none(&got, "${}"), "{}", got);
        let got = inside("<script>x = /", &text, "/</script>");
        prop_assert!(!got.is_empty() && has_none(&got, BAD), "{}", got);
        prop_assert!(unescaped_are(&got, |c| !"/[]()*+?.$^{}|\"'".contains(c)) || got == "(?:)", "{}", got);
    }

    #[test]
    fn values_in_styles_stay_values(text in hostile()) {
        for (before, after) in [("<style>p { x: ", " }</style>"), ("<p style=\"x: ", "\">")] {
            let got = read_value(&inside(before, &text, after));
            prop_assert!(has_none(&got, "\"'()/;@[\\]`{}<>\0") && !got.contains("--"), "{}{}{}", before, got, after);
            prop_assert!(!got.to_ascii_lowercase().contains("expression"), "{}", got);
        }
        for (before, after) in [("<style>p { x: \"", "\" }</style>"), ("<p style='x: \"", "\"'>")] {
            let got = inside(before, &text, after);
            prop_assert!(unescaped_are(&got, |c| !"\"'<>&(){}:;/\n\r\u{c}\0".contains(c)), "{}{}{}", before, got, after);
        }
    }
}

/// Templates made of the pieces of pages.
fn pages() -> impl Strategy<Value = String> {
    const PIECES: [&str; 56] = [
        "{{ if true }}",
        "{{ else }}",
        "{{ end }}",
        "{{ range list }}",
        "{{ with 1 }}",
        "{{ end }}",
        "{{ break }}",
        "{{ continue }}",
        "{{ $x := . }}",
        "{{- . -}}",
        "<",
        ">",
        "\"",
        "'",
        "`",
        "=",
        " ",
        "\n",
        "/",
        "//",
        "/*",
        "*/",
        "<!--",
        "-->",
        "<p ",
        "<p>",
        "</p>",
        "<script>",
        "</script>",
        "<script type=\"",
        "text/x",
        "module",
        "<style>",
        "</style>",
        "<textarea>",
        "</textarea>",
        "<title>",
        "</title>",
        "<a href=",
        "title",
        "onclick=",
        "style=",
        "srcset=",
        "<meta content=",
        "url=",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "${",
        "\\",
        "&quot;",
        "x",
        "é\u{2028}",
    ];
    const WHOLE: [&str; 20] = [
        "{{ . }}",
        "{{ . }}",
        "{{ 1 }}",
        "a",
        " ",
        "{{ . | html }}",
        "{{ urlquery . }}",
        "{{ template \"a\" . }}",
        "{{ template \"b\" . }}",
        "{{ if true }}{{ . }}{{ end }}",
        "{{ if 0 }}x{{ else }}{{ . }}{{ end }}",
        "{{ range list }}{{ . }}{{ $ }}{{ end }}",
        "{{ range list }}{{ if 1 }}{{ break }}{{ end }}{{ $ }}{{ end }}",
        "<b>{{ . }}</b>",
        "<p title=\"{{ . }}\" {{ . }}>",
        "<a href='{{ . }}?{{ . }}'>",
        "<p onclick=\"f({{ . }})\">",
        "<script>x = {{ . }} + '{{ . }}'</script>",
        "<style>p { x: {{ . }} }</style>",
        "<!-- {{ . }} -->",
    ];
    let part = prop_oneof![1 => prop::sample::select(&PIECES[..]), 3 => prop::sample::select(&WHOLE[..])];
    let body = move || prop::collection::vec(part.clone(), 0..8).prop_map(|parts| parts.concat());
    let around = prop::sample::select(
        &[
            ("<p title=\"", "\">"),
            ("<p>", "</p>"),
            ("<script>", "</script>"),
            ("<script>\"", "\"</script>"),
            ("<style>", "</style>"),
            ("<a href=\"", "\">"),
            ("<p onclick='", "'>"),
            ("<script>`", "`</script>"),
            ("<textarea>", "</textarea>"),
            ("<p ", ">"),
            ("<script>`${", "}`</script>"),
            ("<p title=", ">"),
            ("<style>p{x:url(", ")}</style>"),
            ("<script>/", "/</script>"),
            ("", ""),
        ][..],
    );
    (around, body(), body(), body()).prop_map(|((before, after), page, a, b)| {
        format!("{{{{ define \"a\" }}}}{a}{{{{ end }}}}{{{{ define \"b\" }}}}{b}{{{{ end }}}}{before}{page}{after}")
    })
}

/// The run of a page on a text, unless it is no template or no page.
fn run(page: &str, text: &str) -> Option<String> {
    let mut templates = Templates::default();
    templates.parse("page", &page.replace("list", "(stringSlice \"a\" \"b\")"), &World).ok()?;
    let mut templates = HtmlTemplates::new(&templates);
    templates.compile("page").ok()?;
    match templates.execute("page", &Value::str(text), &World, MissingKey::Zero) {
        Outcome::Text(page) => Some(page),
        Outcome::Failed(_) | Outcome::Needs(_) => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn no_text_adds_a_tag_to_any_page(page in pages(), text in hostile()) {
        if let (Some(plain), Some(got)) = (run(&page, "x"), run(&page, &text)) {
            for c in ["<", ">"] {
                prop_assert_eq!(plain.matches(c).count(), got.matches(c).count(), "{}\n{}\n{}", page, plain, got);
            }
        }
    }
}
