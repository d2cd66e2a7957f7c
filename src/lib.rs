//! Sereno evaluates Prometheus alerting rules and routes alerts to people.
//!
//! ```text
//!  rules/*.yml  routes.yml                  model     words: time, labels, matchers, alerts
//!        │          │                       template  Go's templates and handlebars
//!        │          │                       promql    expressions, and their evaluation
//!        └── config ┴─► check               config    text → problems with places, or resolved values
//!              │
//!              ▼
//!   ┌──────── core ────────┐   effects      core      the two machines behind one `handle`
//!   │  rules ──► router    │ ───────────►   rules     evaluation slots, pending and firing alerts
//!   └──────────────────────┘   Query        router    routes, groups, timers, what to tell whom
//!              ▲               Notify       notify    an attempt → the request to send (pure)
//!              │  inputs       Write …
//!        shell (or sim) ◄──────────┘        shell     the only I/O: clock, HTTP, files, tasks
//!              ▲                            sim       a jumping clock and a scripted world
//!              │                            testing   unit tests of rules, from their text to verdicts
//!          api, cmd                         api, cmd  HTTP server and command line
//!                                           demo      made-up services to try it on (pure)
//! ```
//!
//! Imports go one way, from the bottom of that picture to its top: the shell knows the core, the core
//! knows nothing of the shell. Everything that decides is pure: it is told the time and answers with
//! effects. `ARCHITECTURE.md` has the map from ideas to files.

pub mod api;
pub mod check;
pub mod cmd;
pub mod config;
pub mod core;
pub mod demo;
pub mod model;
pub mod notify;
pub mod promql;
pub mod router;
pub mod rules;
pub mod shell;
pub mod sim;
pub mod template;
pub mod testing;
