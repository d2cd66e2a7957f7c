//! History in the file: added with the records that it belongs to, read through a connection of its own, and
//! forgotten in small steps.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rusqlite::types::{ToSql, Value};
use rusqlite::{Connection, Row, Transaction, params_from_iter};

use super::connect::{for_reading, told};
use super::{Identity, Settings, unwritable};
use crate::model::labels::ALERT_NAME;
use crate::model::{Fingerprint, LabelSet, MatchOp, Timestamp};
use crate::shell::history::{HistoryKind, HistoryRow};
use crate::shell::store::{HistoryCursor, HistoryPage, HistoryQuery, HistoryReader, StoreError};

/// How many rows one question looks at before it answers with what it has.
const LOOK_AT: usize = 20_000;

/// How many rows one step of housekeeping forgets.
const STEP: i64 = 500;

/// How many free pages one step gives back to the disk, and from how many on that is worth it.
const PAGES: i64 = 256;
const MANY_PAGES: i64 = 4096;

/// How many rows wait to be found by alert and name. Together they write each page of that index once, where
/// one after the other they would write one or two pages each.
const BEFORE_FOUND: i64 = 16_384;

/// The number of the next row: greater than any that was given, also if all rows are forgotten.
const NEXT: &str = "SELECT 1 + max(value, (SELECT ifnull(max(id), 0) FROM history)) FROM totals
                    WHERE name = 'history_found'";

/// Lets rows be found by alert and name, if there are enough of them that cannot be yet.
fn find_all(transaction: &Transaction<'_>, last: i64) -> Result<(), rusqlite::Error> {
    let found = transaction
        .prepare_cached("SELECT value FROM totals WHERE name = 'history_found'")?
        .query_row([], |row| row.get::<_, i64>(0))?;
    if last - found < BEFORE_FOUND {
        return Ok(());
    }
    transaction.execute(
        "INSERT INTO history_places
             SELECT fingerprint, at, id FROM history WHERE id > ?1 AND fingerprint IS NOT NULL
             UNION ALL SELECT alertname, at, id FROM history WHERE id > ?1 AND alertname IS NOT NULL
             ORDER BY 1, 2, 3",
        [found],
    )?;
    transaction.execute("UPDATE totals SET value = ?1 WHERE name = 'history_found'", [last])?;
    Ok(())
}

/// Adds rows; answers with their size in bytes.
pub(super) fn add_all<'r>(
    transaction: &Transaction<'_>,
    rows: impl Iterator<Item = &'r HistoryRow>,
) -> Result<usize, rusqlite::Error> {
    let (mut bytes, mut last) = (0, None);
    for row in rows {
        let id = match last {
            Some(last) => last + 1,
            None => transaction.prepare_cached(NEXT)?.query_row([], |row| row.get(0))?,
        };
        bytes += add(transaction, id, row)?;
        last = Some(id);
    }
    let Some(last) = last else { return Ok(0) };
    find_all(transaction, last)?;
    transaction
        .prepare_cached("UPDATE totals SET value = value + ?1 WHERE name = 'history_bytes'")?
        .execute([i64::try_from(bytes).unwrap_or(i64::MAX)])?;
    Ok(bytes)
}

/// What a row takes beside its texts: its numbers, and its places in the indexes.
const ROW: usize = 120;

/// Adds a row; answers with its size in bytes, as the trigger that subtracts it counts.
fn add(transaction: &Transaction<'_>, id: i64, row: &HistoryRow) -> Result<usize, rusqlite::Error> {
    let json = |text: Result<String, serde_json::Error>| text.map_err(|error| unwritable(error.into()));
    let labels = json(serde_json::to_string(&row.labels))?;
    let detail = json(serde_json::to_string(&row.detail))?;
    let alertname = Some(row.labels.value(ALERT_NAME)).filter(|name| !name.is_empty());
    let indexed = row.receiver.as_deref().map_or(0, str::len) + alertname.map_or(0, str::len);
    let bytes = ROW + labels.len() + detail.len() + 2 * indexed;
    transaction
        .prepare_cached(
            "INSERT INTO history (id, at, kind, receiver, fingerprint, alertname, labels, detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute((
            id,
            row.at.millis(),
            row.kind.as_str(),
            row.receiver.as_deref(),
            row.fingerprint.map(|fingerprint| fingerprint.0.cast_signed()),
            alertname,
            labels,
            detail,
        ))?;
    Ok(bytes)
}

/// Forgets a few rows that are too old or too many, and gives a little room back. Answers whether there is
/// more to do.
pub(super) fn forget_some(
    connection: &mut Connection,
    now: Timestamp,
    settings: &Settings,
) -> Result<bool, rusqlite::Error> {
    let oldest = (now - settings.history_retention).millis();
    let transaction = connection.transaction()?;
    let size: i64 =
        transaction
            .query_row("SELECT value FROM totals WHERE name = 'history_bytes'", [], |row| row.get(0))?;
    let limit = i64::try_from(settings.history_max_size).unwrap_or(i64::MAX);
    let before = if size > limit { i64::MAX } else { oldest };
    let forgotten = transaction.execute(
        "DELETE FROM history WHERE id IN (SELECT id FROM history WHERE at < ?1 ORDER BY at LIMIT ?2)",
        (before, STEP),
    )?;
    transaction.commit()?;
    let free: i64 = connection.pragma_query_value(None, "freelist_count", |row| row.get(0))?;
    let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
    // Most free pages are soon used again; many of them are what a large clean-up left.
    let is_roomy = free > MANY_PAGES && free > pages / 4;
    if is_roomy && forgotten == 0 {
        // It gives a page back with each row that is asked for.
        let mut vacuum = connection.prepare(&format!("PRAGMA incremental_vacuum({PAGES})"))?;
        let mut rows = vacuum.query([])?;
        while rows.next()?.is_some() {}
    }
    Ok(forgotten > 0 || is_roomy)
}

/// Answers questions about the history of a file.
#[derive(Debug)]
pub struct SqliteHistory {
    file: PathBuf,
    /// Opened when it is first needed, with the identity of the file: another may have taken its place.
    connection: Mutex<Option<(Connection, Identity)>>,
}

impl SqliteHistory {
    pub(super) fn new(file: PathBuf) -> Self {
        Self { file, connection: Mutex::new(None) }
    }

    /// How SQLite goes about a question.
    #[cfg(test)]
    pub(in crate::shell::store) fn plan(&self, query: &HistoryQuery) -> String {
        let connection = for_reading(&self.file).expect("it is there");
        let (sql, values) = select(query);
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("valid");
        let steps = explain.query_map(params_from_iter(values), |row| row.get::<_, String>(3));
        steps.expect("explained").collect::<Result<Vec<_>, _>>().expect("explained").join("; ")
    }

    fn identity(&self) -> Result<Identity, StoreError> {
        let cannot = |error| StoreError::Unavailable(format!("cannot read {}: {error}", self.file.display()));
        Identity::of(&self.file).map_err(cannot)
    }
}

impl HistoryReader for SqliteHistory {
    fn read(&self, query: &HistoryQuery) -> Result<HistoryPage, StoreError> {
        let cannot = |error| told("cannot read", &self.file, &error);
        let identity = self.identity()?;
        let mut open = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if open.as_ref().is_none_or(|(_, opened)| *opened != identity) {
            *open = Some((for_reading(&self.file).map_err(cannot)?, identity));
        }
        let (connection, _) = open.as_ref().expect("just opened");
        page(connection, query).map_err(cannot)
    }
}

fn page(connection: &Connection, query: &HistoryQuery) -> Result<HistoryPage, rusqlite::Error> {
    let (sql, values) = select(query);
    let mut select = connection.prepare_cached(&sql)?;
    let mut rows = select.query(params_from_iter(values.iter().map(|value| value as &dyn ToSql)))?;
    let mut page = HistoryPage::default();
    let mut last = None;
    for looked_at in 0.. {
        let Some(row) = rows.next()? else { return Ok(HistoryPage { next: None, ..page }) };
        if looked_at == LOOK_AT || page.rows.len() == query.limit {
            page.next = last;
            return Ok(page);
        }
        last = Some(HistoryCursor { at: Timestamp::from_millis(row.get(1)?), id: row.get(0)? });
        // A row of a kind or form that we do not know is of a newer version: not ours to show.
        if let Some(row) = read(row)?.filter(|row| query.wants(row)) {
            page.rows.push(row);
        }
    }
    Ok(page)
}

/// Where rows of a question are.
enum Place {
    /// In this index, at this value; all of it if there is none.
    Index(&'static str, Option<Value>),
    /// Among the rows that are found by alert or name.
    Found(Value),
    /// Among the newest rows, which are not: in this column.
    NotYetFound(&'static str, Value),
}

/// The statement for a question: through the indexes that leave the fewest rows to look at. Notifications that
/// name an alert are found by looking at all of them.
fn select(query: &HistoryQuery) -> (String, Vec<Value>) {
    let mut values: Vec<Value> = Vec::new();
    let selects: Vec<String> = places(query)
        .into_iter()
        .map(|place| {
            let (mut sql, value) = begin(place, query.fingerprint.is_some());
            values.extend(value);
            if let Some(from) = query.from {
                sql += " AND place.at >= ?";
                values.push(from.millis().into());
            }
            if let Some(to) = query.to {
                sql += " AND place.at <= ?";
                values.push(to.millis().into());
            }
            if let Some(before) = query.before {
                sql += " AND place.at <= ? AND (place.at < ? OR place.id < ?)";
                values.extend([before.at.millis().into(), before.at.millis().into(), before.id.into()]);
            }
            sql
        })
        .collect();
    (format!("{} ORDER BY at DESC, id DESC", selects.join(" UNION ALL ")), values)
}

/// How the statement begins for the rows of one place, and its value. `others`: only rows that are of no
/// alert, because the others are found elsewhere.
fn begin(place: Place, others: bool) -> (String, Option<Value>) {
    const ROW: &str = "SELECT place.id AS id, place.at AS at, kind, receiver, fingerprint, labels, detail";
    match place {
        Place::Index(index, value) => {
            let mut sql = format!("{ROW} FROM history AS place INDEXED BY history_by_{index} WHERE 1");
            if value.is_some() {
                sql += &format!(" AND {index} = ?");
            }
            if index == "kind" {
                sql += " AND kind <> 'alert'"; // those are not in it
            }
            if others {
                sql += " AND fingerprint IS NULL";
            }
            (sql, value)
        }
        Place::Found(value) => (
            format!("{ROW} FROM history_places AS place CROSS JOIN history USING (id) WHERE place.value = ?"),
            Some(value),
        ),
        Place::NotYetFound(column, value) => {
            let newest = "place.id > (SELECT value FROM totals WHERE name = 'history_found')";
            (format!("{ROW} FROM history AS place WHERE {newest} AND {column} = ?"), Some(value))
        }
    }
}

/// Where the rows of a question are.
fn places(query: &HistoryQuery) -> Vec<Place> {
    let alertname = query.matchers.iter().find(|matcher| {
        &**matcher.name() == ALERT_NAME && matcher.op() == MatchOp::Equal && !matcher.value().is_empty()
    });
    let kind = |kind: HistoryKind| Place::Index("kind", Some(kind.as_str().to_owned().into()));
    let found = |column, value: Value| vec![Place::Found(value.clone()), Place::NotYetFound(column, value)];
    if let Some(fingerprint) = query.fingerprint {
        let mut places = found("fingerprint", fingerprint.0.cast_signed().into());
        if query.kinds.is_empty() || query.kinds.contains(&HistoryKind::Notification) {
            places.push(kind(HistoryKind::Notification));
        }
        return places;
    }
    if let Some(alertname) = alertname {
        return found("alertname", alertname.value().to_string().into());
    }
    vec![match (&query.receiver, &query.kinds[..]) {
        (Some(receiver), _) => Place::Index("receiver", Some(receiver.to_string().into())),
        // Most rows are of alerts.
        (None, [HistoryKind::Alert]) => Place::Index("time", None),
        (None, [only]) => kind(*only),
        (None, _) => Place::Index("time", None),
    }]
}

fn read(row: &Row<'_>) -> Result<Option<HistoryRow>, rusqlite::Error> {
    let kind: String = row.get(2)?;
    let (labels, detail): (String, String) = (row.get(5)?, row.get(6)?);
    let Some(kind) = HistoryKind::ALL.into_iter().find(|known| known.as_str() == kind) else {
        return Ok(None);
    };
    let (Ok(labels), Ok(detail)) = (serde_json::from_str::<LabelSet>(&labels), serde_json::from_str(&detail))
    else {
        return Ok(None);
    };
    Ok(Some(HistoryRow {
        at: Timestamp::from_millis(row.get(1)?),
        kind,
        receiver: row.get::<_, Option<String>>(3)?.map(Into::into),
        fingerprint: row.get::<_, Option<i64>>(4)?.map(|bits| Fingerprint(bits.cast_unsigned())),
        labels,
        detail,
    }))
}
