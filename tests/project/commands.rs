//! The commands that documents and `--help` show are commands: their subcommands, flags and values exist.

use std::collections::BTreeSet;
use std::fs;

use clap::error::ErrorKind;
use clap::{Command, CommandFactory, Parser};
use sereno::cmd::Arguments;

use crate::layers;
use crate::markdown::{Part, documents, parts, root, spans};

/// The words of each call of `sereno` in a line of a shell, those in `$(…)` included.
fn calls(line: &str) -> Vec<Vec<String>> {
    let mut calls = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        match first {
            '#' | '>' | '<' => break,
            '|' | ';' | '&' => {
                calls.push(std::mem::take(&mut words));
                rest = &rest[1..];
            }
            _ => {
                let (word, tail) = word(rest, &mut calls);
                words.push(word);
                rest = tail;
            }
        }
        rest = rest.trim_start();
    }
    calls.push(words);
    calls.retain(|words| words.first().is_some_and(|word| word.rsplit('/').next() == Some("sereno")));
    calls
}

/// The first word, and what comes after it; calls within the word are added to the others.
fn word<'a>(text: &'a str, calls: &mut Vec<Vec<String>>) -> (String, &'a str) {
    let mut word = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let tail = &rest[first.len_utf8()..];
        match first {
            '\'' | '"' => {
                let (inner, after) = tail.split_once(first).unwrap_or((tail, ""));
                word.push_str(inner);
                rest = after;
            }
            '$' if tail.starts_with('(') => {
                let (inner, after) = tail[1..].split_once(')').unwrap_or((&tail[1..], ""));
                calls.extend(self::calls(inner));
                word.push('x');
                rest = after;
            }
            c if c.is_whitespace() || "|;&<>".contains(c) => break,
            c => {
                word.push(c);
                rest = tail;
            }
        }
    }
    (word, rest)
}

/// The lines of a text, those joined that end with a backslash.
fn joined(text: &str) -> Vec<String> {
    let text = text.replace("\\\n", " ");
    text.lines().map(str::to_owned).collect()
}

/// Why the words are no call of our program; nothing if they are. Words in the middle of a text may leave out what
/// everybody knows.
fn why_not(words: &[String], is_whole: bool) -> Option<String> {
    let error = Arguments::try_parse_from(words).err()?;
    let is_fine = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => true,
        ErrorKind::MissingRequiredArgument
        | ErrorKind::MissingSubcommand
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => !is_whole,
        _ => false,
    };
    (!is_fine).then(|| format!("{}\n{error}", words.join(" ")))
}

/// The document without its section of what does not exist yet.
fn without_plans(document: &str) -> String {
    let Some((before, plans)) = document.split_once("\n## What is not there yet\n") else {
        return document.to_owned();
    };
    before.to_owned() + plans.find("\n## ").map_or("", |end| &plans[end..])
}

#[test]
fn the_commands_of_documents_are_right() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (name, text) in documents() {
        for part in parts(&without_plans(&text)) {
            let (lines, is_whole) = match &part {
                Part::Block { text, .. } => {
                    let lines = joined(text).into_iter();
                    (
                        lines.filter_map(|line| Some(line.trim().strip_prefix("$ ")?.to_owned())).collect(),
                        true,
                    )
                }
                // Dots stand for a value.
                Part::Text(text) => {
                    (spans(text).into_iter().map(|span| span.replace(" …", " x")).collect(), false)
                }
            };
            let _: &Vec<String> = &lines;
            for words in lines.iter().flat_map(|line| calls(line)) {
                count += 1;
                wrong.extend(why_not(&words, is_whole).map(|why| format!("{name}: {why}")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 30, "only {count} commands");
}

/// The command and all below it.
fn all<'a>(command: &'a Command, found: &mut Vec<&'a Command>) {
    found.push(command);
    command.get_subcommands().for_each(|command| all(command, found));
}

#[test]
fn the_examples_of_help_are_right() {
    let command = Arguments::command();
    let mut commands = Vec::new();
    all(&command, &mut commands);
    let mut wrong = Vec::new();
    let mut count = 0;
    for command in commands {
        let texts = [
            command.get_about(),
            command.get_long_about(),
            command.get_after_help(),
            command.get_after_long_help(),
        ];
        for text in texts.into_iter().flatten() {
            let text = text.to_string();
            for words in
                joined(&text).iter().filter(|line| line.starts_with("  ")).flat_map(|line| calls(line))
            {
                count += 1;
                wrong.extend(why_not(&words, true));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 40, "only {count} examples");
}

/// What is wider is broken by clap wherever the terminal ends, so that the indentation is lost.
#[test]
fn texts_below_the_options_fit_into_a_narrow_terminal() {
    const COLUMNS: usize = 80;
    let command = Arguments::command();
    let mut commands = Vec::new();
    all(&command, &mut commands);
    let texts = commands.iter().flat_map(|command| [command.get_after_help(), command.get_after_long_help()]);
    let texts: Vec<String> = texts.flatten().map(ToString::to_string).collect();
    let wide: Vec<&str> =
        texts.iter().flat_map(|text| text.lines()).filter(|line| line.chars().count() > COLUMNS).collect();
    assert!(wide.is_empty(), "{}", wide.join("\n"));
    assert!(texts.len() > 20, "only {} texts", texts.len());
}

#[test]
fn each_command_has_examples_and_says_its_exit_codes() {
    let command = Arguments::command();
    let mut commands = Vec::new();
    all(&command, &mut commands);
    let of_itself =
        |command: &&&Command| !command.has_subcommands() || command.is_args_conflicts_with_subcommands_set();
    for command in commands.iter().filter(of_itself) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        for wanted in ["Examples:\n", "Exit codes: 0 "] {
            assert!(help.contains(wanted), "{} --help lacks {wanted:?}\n{help}", command.get_name());
        }
    }
}

/// A flag alone (`--data-dir`) is one of some command; a variable is one of a flag, or of our tests.
#[test]
fn flags_and_variables_of_documents_exist() {
    let command = Arguments::command();
    let mut commands = Vec::new();
    all(&command, &mut commands);
    let arguments: Vec<_> = commands.iter().flat_map(|command| command.get_arguments()).collect();
    let mut flags: BTreeSet<String> = ["--help".to_owned()].into();
    for argument in &arguments {
        flags.extend(
            argument.get_long_and_visible_aliases().into_iter().flatten().map(|flag| format!("--{flag}")),
        );
        flags.extend(argument.get_all_aliases().into_iter().flatten().map(|flag| format!("--{flag}")));
    }
    let variables: BTreeSet<String> = arguments
        .iter()
        .filter_map(|argument| Some(argument.get_env()?.to_string_lossy().into_owned()))
        .collect();
    let mut sources = Vec::new();
    for folder in ["tests", "benches", "examples", "src"] {
        layers::list(&root().join(folder), &mut sources);
    }
    let sources: String = sources.iter().map(|path| fs::read_to_string(path).expect("a text")).collect();
    for (name, text) in documents() {
        for span in parts(&text).iter().flat_map(|part| match part {
            Part::Text(text) => spans(text).into_iter().map(str::to_owned).collect::<Vec<_>>(),
            Part::Block { .. } => Vec::new(),
        }) {
            let word = span.split([' ', '=']).next().unwrap_or_default();
            if word.starts_with("--") {
                let is_of_an_example = sources.contains(&format!("\"{word}\" =>"));
                assert!(flags.contains(word) || is_of_an_example, "{name}: {span}");
            }
            if word.starts_with("SERENO_") {
                let is_ours = variables.contains(word) || sources.contains(&format!("\"{word}\""));
                assert!(is_ours || word.ends_with('*'), "{name}: {span}");
            }
        }
    }
}

#[test]
fn calls_are_found_in_lines_of_a_shell() {
    let words = |line: &str| calls(line).iter().map(|words| words.join("|")).collect::<Vec<_>>();
    assert_eq!(words("sereno a --b 'c d'e \"f\" # g"), ["sereno|a|--b|c de|f"]);
    assert_eq!(words("target/release/sereno a >b"), ["target/release/sereno|a"]);
    assert_eq!(words("curl x | sereno a; other && sereno b"), ["sereno|a", "sereno|b"]);
    assert_eq!(words("sereno a $(sereno b -q) c"), ["sereno|b|-q", "sereno|a|x|c"]);
    assert!(why_not(&["sereno".to_owned(), "chekc".to_owned()], false).is_some());
}
