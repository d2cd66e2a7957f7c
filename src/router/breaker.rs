//! Attempts pass by what is known of their endpoint: they are made, or wait in line.

use std::sync::Arc;

use super::endpoints::{EndpointView, Heard, Pass, Turn};
use super::groups::{GroupIndex, State, Wait};
use super::machine::Router;
use super::tree::Destination;
use super::{AttemptId, Event, Failure, Outcome, Pending};
use crate::model::{Str, Timestamp};

impl Router {
    /// Makes an attempt, or has it wait in line.
    pub(super) fn try_attempt(
        &mut self,
        now: Timestamp,
        index: GroupIndex,
        place: usize,
        pending: Arc<Pending>,
        number: u32,
    ) {
        let destination = self.destination_of(index, place);
        let pass = match self.routing.strict {
            true => Pass::Free,
            false => self.endpoints.pass(now, &destination.endpoint, &destination.name),
        };
        match pass {
            Pass::Free => self.attempt(now, index, place, pending, number),
            Pass::Probe => {
                self.attempt(now, index, place, pending, number);
                self.endpoints.is_probe(&destination.endpoint, AttemptId(self.last_attempt));
            }
            Pass::Wait => self.wait_in_line(now, index, place, pending, number.saturating_sub(1)),
        }
    }

    /// Puts a delivery at the end of the line of its endpoint.
    pub(super) fn wait_in_line(
        &mut self,
        now: Timestamp,
        index: GroupIndex,
        place: usize,
        pending: Arc<Pending>,
        attempts: u32,
    ) {
        let destination = self.destination_of(index, place);
        self.last_ticket += 1;
        let ticket = self.last_ticket;
        let delivery = &mut self.groups.at_mut(index).deliveries[place];
        delivery.not_told = None;
        let is_new = !delivery.is_waiting();
        delivery.state =
            State::Waiting { attempts, wait: Wait::InLine(ticket), pending: Arc::clone(&pending) };
        if is_new {
            self.waiting += 1;
            self.keep_pending(index, place, &pending, false);
        }
        self.set_wait_timer(now, index, place);
        self.endpoints.join(now, &destination.endpoint, &destination.name, ticket, (index, place));
    }

    /// Takes a delivery out of the line, if it stands in one.
    pub(super) fn leave_line(&mut self, index: GroupIndex, place: usize) {
        let delivery = &self.groups.at(index).deliveries[place];
        if let State::Waiting { wait: Wait::InLine(ticket), .. } = delivery.state {
            let Destination { endpoint, name, .. } = &*delivery.destination;
            self.endpoints.leave(endpoint, name, ticket);
        }
    }

    /// Takes note of how an endpoint took an attempt.
    pub(super) fn hear(
        &mut self,
        now: Timestamp,
        destination: &Destination,
        attempt: AttemptId,
        outcome: &Outcome,
    ) {
        if self.routing.strict {
            return;
        }
        let heard = match outcome {
            Outcome::Delivered | Outcome::Refused { .. } => Heard::Answer,
            Outcome::Retryable { failure, message, retry_after, .. } => match (failure, retry_after) {
                (Failure::RateLimited, Some(time)) => Heard::Hold(now + *time),
                (Failure::RateLimited | Failure::ClientError | Failure::AuthError, _) => Heard::Answer,
                (Failure::ServerError | Failure::DeadlineExceeded | Failure::Other, _) => {
                    Heard::Failure(message.as_str().into())
                }
            },
        };
        let Destination { endpoint, name, .. } = destination;
        let turn = self.endpoints.hear(now, endpoint, name, attempt, heard, &mut self.random);
        let next_try = self.endpoints.next_try(now, endpoint);
        let (waiting, error) = self.endpoints.state_of(endpoint);
        let endpoint = endpoint.clone();
        match turn {
            None => {}
            Some(Turn::Opened) => {
                let error = error.unwrap_or_else(|| "no answer".into());
                self.note(Event::CircuitOpened { endpoint, error, next_try });
            }
            Some(Turn::Closed) => self.note(Event::CircuitClosed { endpoint, waiting }),
        }
    }

    /// Lets those in line go that may.
    pub(super) fn release(&mut self, now: Timestamp, endpoint: &Str) {
        while let Some(((index, place), is_probe)) = self.endpoints.take_next(now, endpoint) {
            self.retry(now, index, place);
            if let State::InFlight { attempt, .. } = self.groups.at(index).deliveries[place].state
                && is_probe
            {
                self.endpoints.is_probe(endpoint, attempt);
            }
        }
        self.endpoints.arm(now, endpoint);
    }

    /// Endpoints that are left alone, or for which somebody waits, with how they do.
    #[must_use]
    pub fn endpoints(&self, now: Timestamp) -> Vec<EndpointView> {
        self.endpoints.views(now)
    }

    pub(super) fn destination_of(&self, index: GroupIndex, place: usize) -> Arc<Destination> {
        Arc::clone(&self.groups.at(index).deliveries[place].destination)
    }
}
