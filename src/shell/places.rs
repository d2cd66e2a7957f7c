//! Where things are kept that others give for a time (tokens, credentials), by what they were asked for with. Who
//! looks for one has its place to himself, so that many at once ask once.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Mutex as AsyncMutex;

/// A place for one thing.
pub(super) type Place<T> = Arc<AsyncMutex<T>>;

/// Places by what their things are asked for with.
#[derive(Debug)]
pub(super) struct Places<K, T>(Mutex<Vec<(K, Place<T>)>>);

impl<K, T> Default for Places<K, T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Clone + PartialEq, T: Default> Places<K, T> {
    /// The place of what is asked for with `key`. When there is a new one, those that nobody holds and that have
    /// nothing `good` are forgotten: of settings that were reloaded nobody asks again.
    pub(super) fn of(&self, key: &K, good: impl Fn(&T) -> bool) -> Place<T> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, place)) = places.iter().find(|(known, _)| known == key) {
            return Arc::clone(place);
        }
        places.retain(|(_, place)| {
            Arc::strong_count(place) > 1 || place.try_lock().is_ok_and(|kept| good(&kept))
        });
        let place = Place::default();
        places.push((key.clone(), Arc::clone(&place)));
        place
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[cfg(test)]
mod tests {
    use super::Places;

    #[tokio::test]
    async fn what_is_no_good_is_forgotten_once_something_else_is_asked_for() {
        let places: Places<&str, u32> = Places::default();
        let good = |kept: &u32| *kept > 0;
        *places.of(&"good", good).lock().await = 7;
        let held = places.of(&"held", good);
        places.of(&"over", good);
        places.of(&"new", good);
        let mut known: Vec<&str> = places.0.lock().expect("no panic").iter().map(|(key, _)| *key).collect();
        known.sort_unstable();
        assert_eq!(known, ["good", "held", "new"]);
        *held.lock().await = 8;
        assert_eq!((*places.of(&"good", good).lock().await, *places.of(&"held", good).lock().await), (7, 8));
        places.clear();
        assert_eq!(*places.of(&"good", good).lock().await, 0);
    }
}
