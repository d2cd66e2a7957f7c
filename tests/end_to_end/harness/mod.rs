//! Starts real servers on free ports, each with its own folder, and stops them with the test.

pub(crate) use alertmanager::Alertmanager;
pub(crate) use prometheus::{Prometheus, Setup};
pub(crate) use receiver::{Message, Mode, Receiver};
