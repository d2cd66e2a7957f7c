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

/// Adds rows; answers with their size in bytes.
pub(super) fn add_all<'r>(
    transaction: &Transaction<'_>,
    rows: impl Iterator<Item = &'r HistoryRow>,
) -> Result<usize, rusqlite::Error> {
    let mut bytes = 0;
    for row in rows {
        bytes += add(transaction, row)?;
    }
    if bytes == 0 {
        return Ok(0);
    }
    transaction
        .prepare_cached("UPDATE totals SET value = value + ?1 WHERE name = 'history_bytes'")?
        .execute([i64::try_from(bytes).unwrap_or(i64::MAX)])?;
    Ok(bytes)
}

/// What a row takes beside its texts: its numbers, and its places in the indexes.
const ROW: usize = 120;

/// Adds a row; answers with its size in bytes, as the trigger that subtracts it counts.
fn add(transaction: &Transaction<'_>, row: &HistoryRow) -> Result<usize, rusqlite::Error> {
    let json = |text: Result<String, serde_json::Error>| text.map_err(|error| unwritable(error.into()));
    let labels = json(serde_json::to_string(&row.labels))?;
    let detail = json(serde_json::to_string(&row.detail))?;
    let alertname = Some(row.labels.value(ALERT_NAME)).filter(|name| !name.is_empty());
    let indexed = row.receiver.as_deref().map_or(0, str::len) + alertname.map_or(0, str::len);
    let bytes = ROW + labels.len() + detail.len() + 2 * indexed;
    transaction
        .prepare_cached(
            "INSERT INTO history (at, kind, receiver, fingerprint, alertname, labels, detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute((
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

/// The statement for a question: through the index that leaves the fewest rows to look at. Notifications that
/// name an alert are found by looking at all of them.
fn select(query: &HistoryQuery) -> (String, Vec<Value>) {
    let mut values: Vec<Value> = Vec::new();
    let selects: Vec<String> = places(query)
        .into_iter()
        .map(|(index, value)| {
            let mut sql = format!(
                "SELECT id, at, kind, receiver, fingerprint, labels, detail FROM history \
                 INDEXED BY history_by_{index} WHERE 1"
            );
            if let Some(value) = value {
                sql += &format!(" AND {index} = ?");
                values.push(value);
            }
            if index != "fingerprint" && query.fingerprint.is_some() {
                sql += " AND fingerprint IS NULL"; // the others are found already
            }
            if let Some(from) = query.from {
                sql += " AND at >= ?";
                values.push(from.millis().into());
            }
            if let Some(to) = query.to {
                sql += " AND at <= ?";
                values.push(to.millis().into());
            }
            if let Some(before) = query.before {
                sql += " AND at <= ? AND (at < ? OR id < ?)";
                values.extend([before.at.millis().into(), before.at.millis().into(), before.id.into()]);
            }
            sql
        })
        .collect();
    (format!("{} ORDER BY at DESC, id DESC", selects.join(" UNION ALL ")), values)
}

/// Where the rows of a question are: an index and, unless it is the one by time, the value to look for.
fn places(query: &HistoryQuery) -> Vec<(&'static str, Option<Value>)> {
    let alertname = query.matchers.iter().find(|matcher| {
        &**matcher.name() == ALERT_NAME && matcher.op() == MatchOp::Equal && !matcher.value().is_empty()
    });
    let kind = |kind: HistoryKind| ("kind", Some(kind.as_str().to_owned().into()));
    if let Some(fingerprint) = query.fingerprint {
        let own = ("fingerprint", Some(fingerprint.0.cast_signed().into()));
        let told = query.kinds.is_empty() || query.kinds.contains(&HistoryKind::Notification);
        return if told { vec![own, kind(HistoryKind::Notification)] } else { vec![own] };
    }
    vec![if let Some(alertname) = alertname {
        ("alertname", Some(alertname.value().to_string().into()))
    } else if let Some(receiver) = &query.receiver {
        ("receiver", Some(receiver.to_string().into()))
    } else if let [only] = query.kinds[..] {
        kind(only)
    } else {
        ("time", None)
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
