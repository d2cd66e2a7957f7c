//! Follows the context through templates and rewrites them: each action gets the escapers of its context,
//! each template that is called in another context than text a copy of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::context::{Context, Slash, State};
use super::error::{Fault, HtmlError, HtmlErrorKind, Location};
use super::pipeline;
use super::text::escape_text;
use crate::model::Str;
use crate::model::quote::GoQuoted;
use crate::template::go::ast::{Branch, List, Node, Pipe, Tree};

/// Templates by name.
pub(super) type Trees = BTreeMap<Str, Arc<Tree>>;

/// How deep templates, branches and lists may nest: a run stops soon behind that, too.
const MAX_DEPTH: usize = 200;
/// How many bytes of text, and about how many statements, may be looked at. Loops and calls are looked at
/// more than once, so that few lines could mean work without end.
const MAX_WORK: usize = 16 << 20;

/// What is known of templates that were escaped before.
#[derive(Clone, Debug, Default)]
pub(super) struct Escaped {
    /// The rewritten templates, by mangled name.
    pub(super) trees: Trees,
    /// Where each of them ends.
    outputs: BTreeMap<Str, Context>,
}

impl Escaped {
    /// Escapes the template `name` of `sources` for use as text, and all that it calls.
    pub(super) fn add(&mut self, sources: &Trees, name: &str) -> Result<(), HtmlError> {
        let Some(tree) = sources.get(name) else {
            let text = format!("html/template: {} is undefined", GoQuoted(name));
            return Err(HtmlError { kind: HtmlErrorKind::NoSuchTemplate, text });
        };
        let mut walk = Walk {
            sources,
            outputs: self.outputs.clone(),
            trees: Trees::new(),
            called: BTreeSet::new(),
            loops: Vec::new(),
            depth: 0,
            work: 0,
        };
        let c = walk.call(Context::default(), &Location::of(tree, tree.root_pos), name).0;
        if let Some(fault) = &c.fault {
            return Err(fault.of_template(name));
        }
        if c.state != State::Text {
            let description = format!("ends in a non-text context: {c}");
            let kind = HtmlErrorKind::EndContext;
            return Err(Fault { kind, location: None, line: 0, description }.of_template(name));
        }
        let Walk { outputs, trees, .. } = walk;
        self.outputs = outputs;
        self.trees.extend(trees);
        Ok(())
    }
}

/// One walk through a template and all that it calls.
struct Walk<'s> {
    sources: &'s Trees,
    /// Where templates end, by mangled name; of those being walked, where they are assumed to end.
    outputs: BTreeMap<Str, Context>,
    trees: Trees,
    called: BTreeSet<Str>,
    loops: Vec<Loop>,
    depth: usize,
    work: usize,
}

/// The contexts in which a loop is left or continued early, and where.
#[derive(Clone, Default)]
struct Loop {
    breaks: Vec<(Context, Location)>,
    continues: Vec<(Context, Location)>,
}

impl Walk<'_> {
    /// Counts work; an error once it is too much.
    fn worked(&mut self, amount: usize) -> Result<(), Context> {
        self.work = self.work.saturating_add(amount);
        if self.work <= MAX_WORK {
            return Ok(());
        }
        let description = format!("exceeded {MAX_WORK} steps to find out contexts");
        Err(Context::wrong(HtmlErrorKind::TooMuchWork, description))
    }

    /// Runs `walk` one level deeper.
    fn deeper<T>(&mut self, walk: impl FnOnce(&mut Self) -> T) -> Result<T, Context> {
        if self.depth == MAX_DEPTH {
            let description = format!("exceeded maximum template depth ({MAX_DEPTH})");
            return Err(Context::wrong(HtmlErrorKind::TooMuchWork, description));
        }
        self.depth += 1;
        let walked = walk(self);
        self.depth -= 1;
        Ok(walked)
    }

    fn list(&mut self, c: Context, tree: &Tree, list: &[Node], out: &mut List) -> Context {
        self.deeper(|walk| {
            let mut c = c;
            for node in list {
                c = walk.node(c, tree, node, out);
                if c.state == State::Dead {
                    // What follows is never run, and has not been escaped: it is left out.
                    break;
                }
            }
            c
        })
        .unwrap_or_else(|wrong| wrong)
    }

    fn node(&mut self, c: Context, tree: &Tree, node: &Node, out: &mut List) -> Context {
        if let Err(wrong) = self.worked(16) {
            return wrong;
        }
        match node {
            Node::Text { pos, text } => self.text(c, *pos, text, out),
            Node::Action { pos, pipe } => action(c, tree, node, *pos, pipe, out),
            Node::If(branch) => {
                let (c, branch) = self.branch(c, tree, branch, "if");
                out.push(Node::If(branch));
                c
            }
            Node::With(branch) => {
                let (c, branch) = self.branch(c, tree, branch, "with");
                out.push(Node::With(branch));
                c
            }
            Node::Range(branch) => {
                let (c, branch) = self.range(c, tree, branch);
                out.push(Node::Range(branch));
                c
            }
            Node::Template { pos, name, pipe } => {
                let (c, name) = self.call(c, &Location::of(tree, *pos), name);
                out.push(Node::Template { pos: *pos, name, pipe: pipe.clone() });
                c
            }
            Node::Break { pos } | Node::Continue { pos } => {
                let left = (c, Location::of(tree, *pos));
                if let Some(around) = self.loops.last_mut() {
                    let is_break = matches!(node, Node::Break { .. });
                    if is_break { around.breaks.push(left) } else { around.continues.push(left) }
                }
                out.push(node.clone());
                Context::of(State::Dead)
            }
        }
    }

    fn text(&mut self, c: Context, pos: usize, text: &Str, out: &mut List) -> Context {
        if let Err(wrong) = self.worked(text.len()) {
            return wrong;
        }
        let (c, edited) = escape_text(c, text.as_bytes());
        let text = edited.map_or_else(|| text.clone(), |edited| String::from_utf8_lossy(&edited).into());
        out.push(Node::Text { pos, text });
        c
    }

    fn branch(&mut self, c: Context, tree: &Tree, branch: &Branch, word: &str) -> (Context, Branch) {
        let (mut list, mut otherwise) = (List::new(), List::new());
        let then = self.list(c.clone(), tree, &branch.list, &mut list);
        let other = self.otherwise(c, tree, branch, &mut otherwise);
        let end = then.join(other, word, &Location::of(tree, branch.pipe.pos));
        (end, rewritten(branch, list, otherwise))
    }

    fn otherwise(&mut self, c: Context, tree: &Tree, branch: &Branch, out: &mut List) -> Context {
        match &branch.otherwise {
            Some(list) => self.list(c, tree, list, out),
            None => c,
        }
    }

    /// A loop's body may run again where it ended, so it must end where it started.
    fn range(&mut self, c: Context, tree: &Tree, branch: &Branch) -> (Context, Branch) {
        let location = Location::of(tree, branch.pipe.pos);
        let (mut list, mut otherwise) = (List::new(), List::new());
        let (first, left) = self.body(c.clone(), tree, branch, &mut list);
        let once = if first.is_error() { first.clone() } else { left.join_into(first.clone()) };
        if once.is_error() {
            return (once, rewritten(branch, list, otherwise));
        }
        // Where the second round starts as the first did, it ends as that did.
        let (second, left) = if once.same(&c) {
            (first, left)
        } else {
            let (round, _) =
                self.trial(|walk| (walk.body(once.clone(), tree, branch, &mut List::new()), false));
            round
        };
        let again = once.join(second, "range", &location);
        let twice = match &again.fault {
            Some(fault) => prefixed(fault, location.line, "on range loop re-entry: "),
            None => left.join_into(again),
        };
        if twice.is_error() {
            return (twice, rewritten(branch, list, otherwise));
        }
        let other = self.otherwise(c, tree, branch, &mut otherwise);
        (twice.join(other, "range", &location), rewritten(branch, list, otherwise))
    }

    fn body(&mut self, c: Context, tree: &Tree, branch: &Branch, out: &mut List) -> (Context, Loop) {
        self.loops.push(Loop::default());
        let c = self.list(c, tree, &branch.list, out);
        (c, self.loops.pop().unwrap_or_default())
    }

    /// A template that is called in context `c`: where it ends, and its name for that context.
    fn call(&mut self, c: Context, location: &Location, name: &str) -> (Context, Str) {
        let mangled: Str = c.mangle(name).into();
        self.called.insert(Arc::clone(&mangled));
        if let Some(end) = self.outputs.get(&mangled) {
            return (end.clone(), mangled);
        }
        if let Err(wrong) = self.worked(16 + 4 * self.outputs.len()) {
            return (wrong, mangled);
        }
        let sources = self.sources;
        let Some(tree) = sources.get(name) else {
            let description = format!("no such template {}", GoQuoted(name));
            let kind = HtmlErrorKind::NoSuchTemplate;
            return (Context::wrong_at(kind, location.clone(), description), mangled);
        };
        let end = self.deeper(|walk| walk.output(c, tree, &mangled)).unwrap_or_else(|wrong| wrong);
        (end, mangled)
    }

    /// Where a template ends. One that calls itself is assumed to end where it starts, or else where it
    /// ended under that assumption.
    fn output(&mut self, c: Context, tree: &Tree, mangled: &Str) -> Context {
        let (end, holds) = self.assume(&c, &c, tree, mangled);
        if holds || end.is_error() {
            return end;
        }
        let (second, holds) = self.assume(&c, &end, tree, mangled);
        if holds {
            return second;
        }
        let description = format!("cannot compute output context for template {mangled}");
        Context::wrong_at(HtmlErrorKind::OutputContext, Location::of(tree, tree.root_pos), description)
    }

    /// Walks through a template as if its calls of itself ended in `end`; says where it ends, and whether
    /// that fits. Go starts the second try in `end`, not in `c`, and so escapes for another context than the
    /// one it is called in; no template is known that ends well there.
    fn assume(&mut self, c: &Context, end: &Context, tree: &Tree, mangled: &Str) -> (Context, bool) {
        self.outputs.insert(Arc::clone(mangled), end.clone());
        self.trial(|walk| {
            let mut root = List::new();
            let got = walk.list(c.clone(), tree, &tree.root, &mut root);
            let holds = !got.is_error() && (!walk.called.contains(mangled) || end.same(&got));
            if holds {
                let tree = Tree {
                    name: Arc::clone(mangled),
                    parse_name: Arc::clone(&tree.parse_name),
                    text: Arc::clone(&tree.text),
                    root_pos: tree.root_pos,
                    root,
                };
                walk.trees.insert(Arc::clone(mangled), Arc::new(tree));
            }
            (got, holds)
        })
    }

    /// Runs `walk`, and forgets what was found out on the way unless it says that it holds.
    fn trial<T>(&mut self, walk: impl FnOnce(&mut Self) -> (T, bool)) -> (T, bool) {
        let outputs = self.outputs.clone();
        let trees = std::mem::take(&mut self.trees);
        let mut called = std::mem::take(&mut self.called);
        let (result, holds) = walk(self);
        let found = std::mem::replace(&mut self.trees, trees);
        if holds {
            self.trees.extend(found);
            called.append(&mut self.called);
        } else {
            self.outputs = outputs;
        }
        self.called = called;
        (result, holds)
    }
}

impl Loop {
    /// The end of the loop's body joined with where it is left early.
    fn join_into(&self, mut c: Context) -> Context {
        let ways = [(&self.breaks, "at range loop break: "), (&self.continues, "at range loop continue: ")];
        for (lefts, prefix) in ways {
            for (left, location) in lefts {
                c = c.join(left.clone(), "range", location);
                if let Some(fault) = &c.fault {
                    return prefixed(fault, location.line, prefix);
                }
            }
        }
        c
    }
}

fn prefixed(fault: &Fault, line: usize, prefix: &str) -> Context {
    let description = format!("{prefix}{}", fault.description);
    Context::fault(Fault { line, description, ..fault.clone() })
}

fn rewritten(branch: &Branch, list: List, otherwise: List) -> Branch {
    let otherwise = branch.otherwise.is_some().then_some(otherwise);
    Branch { pipe: branch.pipe.clone(), list, otherwise }
}

fn action(c: Context, tree: &Tree, node: &Node, pos: usize, pipe: &Pipe, out: &mut List) -> Context {
    if !pipe.variables.is_empty() {
        out.push(node.clone());
        return c;
    }
    let mut c = c.nudge();
    let location = Location::of(tree, pos);
    if let Err(wrong) = pipeline::check_predefined(&c, pipe, &location) {
        return wrong;
    }
    if c.is_error() {
        return c;
    }
    let Some(escapers) = pipeline::escapers(&c) else {
        let description = format!("{node} appears in an ambiguous context within a URL");
        return Context::wrong_at(HtmlErrorKind::AmbiguousContext, location, description);
    };
    let mut pipe = pipe.clone();
    pipeline::append(&mut pipe, &escapers);
    out.push(Node::Action { pos, pipe });
    match c.state {
        // A slash behind a value divides.
        State::Js => c.slash = Slash::Division,
        State::Tag => c.state = State::AttrName,
        _ => {}
    }
    c
}
