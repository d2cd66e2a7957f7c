//! Records in the file, and where each of them is.
//!
//! Rows have numbers that rise: what is new goes to the end of the file, many records to a page. By key, each
//! alert would write a page of its own, because fingerprints have no order. So the file has no index of keys:
//! where each record is, is kept in memory, some twenty bytes a record, and read when the file is opened.

use rusqlite::{Connection, Transaction};

use super::connect::RawRecord;
use crate::model::finder::{Finder, hash_of};

/// Where the records of a file are.
#[derive(Debug, Default)]
pub(super) struct Places {
    table: Finder<Place>,
}

/// The place of one record. Packed: there are as many as records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(Rust, packed(4))]
struct Place {
    /// A hash of the key. Others may have the same: the key itself is compared in the file.
    hash: u32,
    /// The row's number.
    id: i64,
}

impl Place {
    fn new(key: &[u8], id: i64) -> Self {
        // The other half goes unused: of a million keys, some hundred meet another with the same half.
        Self { hash: (hash_of(key) >> 32) as u32, id }
    }

    /// The hash for the table, which looks at both ends of it.
    fn spread(self) -> u64 {
        hash_of(&u64::from(self.hash))
    }
}

impl Places {
    /// Finds all records of the file, and shows the key and the record of each to `see`.
    pub(super) fn read(
        connection: &Connection,
        mut see: impl FnMut(&[u8], &[u8]),
    ) -> Result<Self, rusqlite::Error> {
        let mut places = Self::default();
        let mut select = connection.prepare("SELECT id, key, record FROM records")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let key = row.get_ref(1)?.as_blob()?;
            see(key, row.get_ref(2)?.as_blob()?);
            places.add(Place::new(key, row.get(0)?));
        }
        Ok(places)
    }

    fn add(&mut self, place: Place) {
        self.table.insert(place.spread(), place, |place| place.spread());
    }

    /// The row of a key, if it has one.
    fn find(&self, connection: &Connection, key: &[u8]) -> Result<Option<i64>, rusqlite::Error> {
        let wanted = Place::new(key, 0);
        let mut compare = connection.prepare_cached("SELECT 1 FROM records WHERE id = ?1 AND key = ?2")?;
        let mut failed = None;
        let found = self.table.find(wanted.spread(), |place| {
            place.hash == wanted.hash
                && compare.exists((place.id, key)).unwrap_or_else(|error| {
                    failed = Some(error);
                    false
                })
        });
        match failed {
            Some(error) => Err(error),
            None => Ok(found.map(|place| place.id)),
        }
    }

    /// Whether there is a record with this key.
    pub(super) fn is_kept(&self, connection: &Connection, key: &[u8]) -> Result<bool, rusqlite::Error> {
        Ok(self.find(connection, key)?.is_some())
    }

    /// A transaction is committed: what it changed counts from here on.
    pub(super) fn apply(&mut self, changes: Changes) {
        for place in changes.removed {
            self.table.remove(place.spread(), |other| *other == place);
        }
        changes.added.into_iter().for_each(|place| self.add(place));
    }
}

/// What a transaction changes of the places.
#[derive(Debug, Default)]
pub(super) struct Changes {
    added: Vec<Place>,
    removed: Vec<Place>,
}

/// Keeps a record, or forgets it if it is `None`. A transaction does this but once for each key.
pub(super) fn write(
    transaction: &Transaction<'_>,
    places: &Places,
    changes: &mut Changes,
    key: &[u8],
    record: Option<&[u8]>,
) -> Result<(), rusqlite::Error> {
    match (places.find(transaction, key)?, record) {
        (Some(id), Some(record)) => {
            let sql = "UPDATE records SET record = ?2 WHERE id = ?1";
            transaction.prepare_cached(sql)?.execute((id, record))?;
        }
        (None, Some(record)) => {
            let sql = "INSERT INTO records (key, record) VALUES (?1, ?2)";
            let id = transaction.prepare_cached(sql)?.insert((key, record))?;
            changes.added.push(Place::new(key, id));
        }
        (Some(id), None) => {
            transaction.prepare_cached("DELETE FROM records WHERE id = ?1")?.execute([id])?;
            changes.removed.push(Place::new(key, id));
        }
        (None, None) => {}
    }
    Ok(())
}

/// Fills a new file with the records of another.
pub(super) fn fill(connection: &mut Connection, records: &[RawRecord]) -> Result<(), rusqlite::Error> {
    let transaction = connection.transaction()?;
    for (key, record) in records {
        let sql = "INSERT INTO records (key, record) VALUES (?1, ?2)";
        transaction.prepare_cached(sql)?.execute((key, record))?;
    }
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::{Changes, Place, Places, write};

    #[test]
    fn keys_with_one_hash_are_told_apart() {
        let mut connection = Connection::open_in_memory().expect("a database");
        let table = "CREATE TABLE records (id INTEGER PRIMARY KEY, key BLOB NOT NULL, record BLOB NOT NULL)";
        connection.execute(table, []).expect("made");
        connection.execute("INSERT INTO records VALUES (7, x'01', x'11')", []).expect("written");
        let mut places = Places::default();
        // As if both keys had the hash of the second.
        places.add(Place { hash: Place::new(&[2], 0).hash, id: 7 });
        for record in [Some(&[0x22_u8][..]), Some(&[0x33]), None] {
            let transaction = connection.transaction().expect("begun");
            let mut changes = Changes::default();
            write(&transaction, &places, &mut changes, &[2], record).expect("written");
            transaction.commit().expect("written");
            places.apply(changes);
            let select = "SELECT record FROM records ORDER BY id";
            let mut select = connection.prepare(select).expect("valid");
            let found = select.query_map([], |row| row.get(0)).expect("read");
            let found: Vec<Vec<u8>> = found.collect::<Result<_, _>>().expect("read");
            let want: Vec<Vec<u8>> =
                [Some(&[0x11][..]), record].into_iter().flatten().map(<[u8]>::to_vec).collect();
            assert_eq!(found, want);
        }
    }

    #[test]
    fn a_place_takes_little_memory() {
        assert_eq!(size_of::<Place>(), 12);
    }
}
