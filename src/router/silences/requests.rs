//! What becomes of silences: they are made, changed, ended, end on their own, and are forgotten.

use std::collections::BTreeSet;

use super::{SilenceIndex, after, draft, end_before, ends_on_its_own, is_over};
use crate::model::labels::ALERT_NAME;
use crate::model::{LabelSet, Matcher, Silence, SilenceId, SilenceKind, SilenceState, Timestamp};
use crate::router::alerts::AlertIndex;
use crate::router::machine::Router;
use crate::router::{AckDraft, AckOf, Event, Key, Record, Refusal, SilenceChange, SilenceDraft};

impl Router {
    /// All silences that are kept, ended ones included, in order of their ids.
    pub fn silences(&self) -> impl Iterator<Item = &Silence> {
        self.silences.iter().map(|slot| &slot.silence)
    }

    /// The silences whose ids come after this one, or all, in order of their ids.
    pub fn silences_after(&self, id: Option<&SilenceId>) -> impl Iterator<Item = &Silence> {
        self.silences.iter_after(id).map(|slot| &slot.silence)
    }

    /// The silence with this id, if it is kept.
    #[must_use]
    pub fn silence(&self, id: &SilenceId) -> Option<&Silence> {
        self.silences.find(id).map(|index| &self.silences.at(index).silence)
    }

    /// Makes or changes a silence. If it cannot keep its id, the old one ends and a new one begins.
    pub(in crate::router) fn set_silence(
        &mut self,
        now: Timestamp,
        wanted: SilenceDraft,
    ) -> Result<SilenceId, Refusal> {
        draft::check(&wanted, now, self.routing.strict)?;
        self.index_for(&wanted.matchers);
        let known = match &wanted.id {
            Some(id) => Some(self.silences.find(id).ok_or(Refusal::UnknownSilence)?),
            None => None,
        };
        let in_place =
            known.filter(|index| draft::fits_in_place(&self.silences.at(*index).silence, &wanted, now));
        let id = match in_place {
            Some(index) => self.silences.at(index).silence.id.clone(),
            None => self.new_silence_id(),
        };
        let starts_at = match in_place.map(|index| &self.silences.at(index).silence) {
            Some(old) if old.starts_at <= now => old.starts_at,
            Some(_) | None => wanted.starts_at.max(now),
        };
        let silence = Silence {
            id,
            matchers: wanted.matchers,
            starts_at,
            ends_at: wanted.ends_at,
            updated_at: now,
            created_by: wanted.created_by,
            comment: wanted.comment,
            annotations: wanted.annotations,
            kind: wanted.kind,
        };
        self.check_size(&silence)?;
        let must_mute = ends_on_its_own(&silence) && starts_at <= now;
        match in_place {
            Some(index) if must_mute && self.firing_alert(now, index).is_none() => Err(Refusal::NothingFires),
            Some(index) => Ok(self.change_silence(now, index, silence)),
            None => {
                let alerts: BTreeSet<AlertIndex> = self.find_alerts(&silence.matchers).collect();
                if must_mute && !self.any_fires(now, &alerts) {
                    return Err(Refusal::NothingFires);
                }
                self.check_room(1)?;
                if let Some(index) = known.filter(|index| !self.silences.at(*index).ended) {
                    self.end_silence(now, index);
                }
                Ok(self.add_silence(now, silence, alerts))
            }
        }
    }

    /// Ends a silence; nothing happens if it has ended.
    pub(in crate::router) fn expire_silence(
        &mut self,
        now: Timestamp,
        id: &SilenceId,
    ) -> Result<(), Refusal> {
        let index = self.silences.find(id).ok_or(Refusal::UnknownSilence)?;
        if !self.silences.at(index).ended {
            self.end_silence(now, index);
        }
        Ok(())
    }

    /// Makes one silence for each alert that fires and is named. An alert that is acknowledged already
    /// keeps its silence, with the new words.
    pub(in crate::router) fn ack(
        &mut self,
        now: Timestamp,
        wanted: &AckDraft,
    ) -> Result<Vec<SilenceId>, Refusal> {
        if wanted.until < now {
            return Err(Refusal::EndsInThePast);
        }
        if let AckOf::Matchers(matchers) = &wanted.of {
            self.index_for(matchers);
        }
        let named = self.alerts_to_ack(now, &wanted.of)?;
        let known: Vec<Option<SilenceIndex>> =
            named.iter().map(|(alert, matchers)| self.ack_of(*alert, matchers)).collect();
        self.check_room(known.iter().filter(|known| known.is_none()).count())?;
        let mut silences = Vec::new();
        for ((_, matchers), known) in named.into_iter().zip(&known) {
            let old = known.map(|index| &self.silences.at(index).silence);
            let (id, starts_at) = match old {
                Some(old) => (old.id.clone(), old.starts_at.min(now)),
                None => (self.new_silence_id(), now),
            };
            let silence = Silence {
                id,
                matchers,
                starts_at,
                ends_at: wanted.until,
                updated_at: now,
                created_by: wanted.by.clone(),
                comment: wanted.comment.clone(),
                annotations: Default::default(),
                kind: SilenceKind::Ack,
            };
            self.check_size(&silence)?;
            silences.push(silence);
        }
        if let [first, _, ..] = &silences[..] {
            // So many searches are worth an index that is there at once.
            let by_name = first.matchers.iter().find(|matcher| &**matcher.name() == ALERT_NAME);
            self.index_at_once(by_name.or(first.matchers.first()).cloned().as_slice());
        }
        let made = silences.into_iter().zip(known).map(|(silence, known)| match known {
            Some(index) => self.change_silence(now, index, silence),
            None => {
                let alerts = self.find_alerts(&silence.matchers).collect();
                self.add_silence(now, silence, alerts)
            }
        });
        Ok(made.collect())
    }

    /// The alerts that fire and are named, each with matchers that name it.
    fn alerts_to_ack(&self, now: Timestamp, of: &AckOf) -> Result<Vec<(AlertIndex, Vec<Matcher>)>, Refusal> {
        let found: Vec<AlertIndex> = match of {
            AckOf::Labels(labels) => {
                let known = self.alerts.find(labels.fingerprint());
                known.into_iter().filter(|index| self.alerts.at(*index).alert.labels == *labels).collect()
            }
            AckOf::Matchers(matchers) if matchers.is_empty() => return Err(Refusal::NoMatchers),
            AckOf::Matchers(matchers) => self.find_alerts(matchers).collect(),
        };
        let fires = |index: &AlertIndex| !self.alerts.at(*index).alert.is_resolved_at(now);
        let named = found.into_iter().filter(fires).map(|index| {
            let labels: &LabelSet = &self.alerts.at(index).alert.labels;
            (index, labels.iter().map(|(name, value)| Matcher::equal(name, value)).collect())
        });
        // An alert without labels cannot be named by matchers.
        let named: Vec<_> = named.filter(|(_, matchers): &(_, Vec<Matcher>)| !matchers.is_empty()).collect();
        if named.is_empty() { Err(Refusal::NothingFires) } else { Ok(named) }
    }

    /// The acknowledgement of exactly this alert.
    fn ack_of(&self, alert: AlertIndex, matchers: &[Matcher]) -> Option<SilenceIndex> {
        let muting = self.alerts.at(alert).muting.as_ref()?;
        let is_ack = |index: &SilenceIndex| {
            let silence = &self.silences.at(*index).silence;
            silence.kind == SilenceKind::Ack && draft::same_matchers(&silence.matchers, matchers)
        };
        muting.silences.iter().copied().find(is_ack)
    }

    fn check_size(&self, silence: &Silence) -> Result<(), Refusal> {
        let limit = self.routing.limits.max_silence_size;
        if limit == 0 {
            return Ok(());
        }
        let size = serde_json::to_vec(silence).map_or(0, |json| json.len());
        if size > limit { Err(Refusal::SilenceTooLarge { size, limit }) } else { Ok(()) }
    }

    fn check_room(&self, more: usize) -> Result<(), Refusal> {
        let limit = self.routing.limits.max_silences;
        match limit > 0 && more > 0 && self.silences.len() + more > limit {
            true => Err(Refusal::TooManySilences { limit }),
            false => Ok(()),
        }
    }

    fn new_silence_id(&mut self) -> SilenceId {
        loop {
            let id = SilenceId(self.random.uuid().into());
            if self.silences.find(&id).is_none() {
                return id;
            }
        }
    }

    fn any_fires(&self, now: Timestamp, alerts: &BTreeSet<AlertIndex>) -> bool {
        alerts.iter().any(|index| !self.alerts.at(*index).alert.is_resolved_at(now))
    }

    fn add_silence(&mut self, now: Timestamp, silence: Silence, alerts: BTreeSet<AlertIndex>) -> SilenceId {
        let id = silence.id.clone();
        let members: Vec<AlertIndex> = alerts.iter().copied().collect();
        let index = self.silences.insert(silence, alerts);
        for alert in members {
            self.alerts.at_mut(alert).muting_mut().add_silence(index);
        }
        self.keep_silence(index);
        self.note_silence(index, SilenceChange::Made);
        self.schedule_silence(now, index);
        id
    }

    fn change_silence(&mut self, now: Timestamp, index: SilenceIndex, silence: Silence) -> SilenceId {
        let id = silence.id.clone();
        self.silences.at_mut(index).silence = silence;
        self.keep_silence(index);
        self.note_silence(index, SilenceChange::Changed);
        self.schedule_silence(now, index);
        id
    }

    /// Ends a silence before its end.
    fn end_silence(&mut self, now: Timestamp, index: SilenceIndex) {
        end_before(&mut self.silences.at_mut(index).silence, now);
        self.keep_silence(index);
        self.silence_ended(index);
    }

    /// A silence has ended: it matches nothing any more, and is kept for a while.
    fn silence_ended(&mut self, index: SilenceIndex) {
        for alert in self.silences.end(index) {
            self.alerts.at_mut(alert).drop_silence(index);
        }
        self.note_silence(index, SilenceChange::Ended);
        self.schedule_oblivion(index);
    }

    fn schedule_oblivion(&mut self, index: SilenceIndex) {
        let kept_until = after(&self.silences.at(index).silence) + self.routing.limits.silence_retention;
        self.silences.look_again_at(index, kept_until);
    }

    /// Sets when a silence that has not ended is looked at: at its end, and before if it may end on its own.
    fn schedule_silence(&mut self, now: Timestamp, index: SilenceIndex) {
        let silence = &self.silences.at(index).silence;
        let (starts_at, end) = (silence.starts_at, after(silence));
        let due = match silence.state_at(now) {
            SilenceState::Pending if ends_on_its_own(silence) => Some(starts_at),
            SilenceState::Active if ends_on_its_own(silence) => {
                // Not before this alert does, which may be long before the last one.
                let witness = self.firing_alert(now, index);
                witness.and_then(|alert| self.alerts.at(alert).alert.ends_at)
            }
            SilenceState::Pending | SilenceState::Active | SilenceState::Expired => None,
        };
        self.silences.look_again_at(index, due.map_or(end, |due| due.min(end)));
    }

    /// An alert that fires and that a silence matches.
    fn firing_alert(&mut self, now: Timestamp, index: SilenceIndex) -> Option<AlertIndex> {
        let slot = self.silences.at(index);
        let from_witness = slot.alerts.range(slot.witness..).chain(slot.alerts.range(..slot.witness));
        let fires = |alert: &AlertIndex| !self.alerts.at(*alert).alert.is_resolved_at(now);
        let found = from_witness.copied().find(fires)?;
        self.silences.at_mut(index).witness = found;
        Some(found)
    }

    /// Looks at all silences whose time has come.
    pub(in crate::router) fn settle_silences(&mut self, now: Timestamp) {
        while let Some(index) = self.silences.next_due(now) {
            let slot = self.silences.at(index);
            if slot.ended {
                if let Some(silence) = self.silences.remove(index) {
                    self.forget(Key::Silence(silence.id));
                }
            } else if is_over(&slot.silence, now) {
                self.silence_ended(index);
            } else {
                self.settle_silence(now, index);
            }
        }
    }

    /// Ends a silence that has begun if it ends on its own and nothing fires that it matches.
    pub(in crate::router) fn settle_silence(&mut self, now: Timestamp, index: SilenceIndex) {
        let slot = self.silences.at(index);
        if slot.ended || !ends_on_its_own(&slot.silence) {
            return;
        }
        match slot.silence.state_at(now) {
            SilenceState::Active if self.firing_alert(now, index).is_none() => self.end_silence(now, index),
            SilenceState::Active | SilenceState::Pending => self.schedule_silence(now, index),
            SilenceState::Expired => {}
        }
    }

    /// An alert came in: finds the silences that match it.
    pub(in crate::router) fn meet_silences(&mut self, alert: AlertIndex) {
        let found = self.silences.matching(&self.alerts.at(alert).alert.labels);
        if !found.is_empty() {
            self.silences.note_alert(alert, &found);
            self.alerts.at_mut(alert).muting_mut().silences = found;
        }
    }

    /// An alert's end may have changed: silences that end on their own look at it.
    pub(in crate::router) fn settle_silences_of(&mut self, now: Timestamp, alert: AlertIndex) {
        let Some(muting) = &self.alerts.at(alert).muting else { return };
        for index in muting.silences.clone() {
            self.settle_silence(now, index);
        }
    }

    /// Takes in a silence of an earlier run; alerts come later.
    pub(in crate::router) fn restore_silence(&mut self, now: Timestamp, silence: Silence) {
        let index = self.silences.insert(silence, BTreeSet::new());
        if is_over(&self.silences.at(index).silence, now) {
            // Its end is not noted: the earlier run may have done so, at each restart it would be once more.
            self.silences.end(index);
        }
    }

    /// The alerts of an earlier run are there, or the limits are new: silences can be looked at.
    pub(in crate::router) fn schedule_silences(&mut self, now: Timestamp) {
        for index in self.silences.places() {
            if self.silences.at(index).ended {
                self.schedule_oblivion(index);
            } else {
                self.schedule_silence(now, index);
                self.settle_silence(now, index);
            }
        }
        self.settle_silences(now);
    }

    fn keep_silence(&mut self, index: SilenceIndex) {
        let silence = self.silences.at(index).silence.clone();
        self.keep(Key::Silence(silence.id.clone()), Record::Silence(silence));
    }

    fn note_silence(&mut self, index: SilenceIndex, change: SilenceChange) {
        let silence = Box::new(self.silences.at(index).silence.clone());
        self.note(Event::Silence { change, silence });
    }
}
