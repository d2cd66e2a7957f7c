//! Records as bytes: the key and the record as JSON, which later versions can read after fields were added,
//! and people can read without us.

use serde::de::DeserializeOwned;

use crate::core::Entry;
use crate::{router, rules};

/// What a key begins with: whose it is.
const RULES: u8 = b'u';
const ROUTER: u8 = b'r';

/// The bytes of an entry: its key, and its record unless it is to be forgotten.
pub(super) fn encode(entry: &Entry) -> Result<(Vec<u8>, Option<Vec<u8>>), serde_json::Error> {
    match entry {
        Entry::Rules(rules::Entry { key, record }) => {
            Ok((encode_rules_key(key)?, record.as_ref().map(serde_json::to_vec).transpose()?))
        }
        Entry::Router(router::Entry { key, record }) => {
            Ok((encode_router_key(key)?, record.as_ref().map(serde_json::to_vec).transpose()?))
        }
    }
}

/// The bytes of a key of the rules engine.
pub(super) fn encode_rules_key(key: &rules::Key) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = vec![RULES];
    serde_json::to_writer(&mut bytes, key)?;
    Ok(bytes)
}

/// The bytes of a key of the router.
pub(super) fn encode_router_key(key: &router::Key) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = vec![ROUTER];
    serde_json::to_writer(&mut bytes, key)?;
    Ok(bytes)
}

/// The entry with these bytes; `None` if they are not of one.
pub(super) fn decode(key: &[u8], record: &[u8]) -> Option<Entry> {
    match key.split_first()? {
        (&RULES, key) => Some(Entry::Rules(rules::Entry { key: read(key)?, record: Some(read(record)?) })),
        (&ROUTER, key) => Some(Entry::Router(router::Entry { key: read(key)?, record: Some(read(record)?) })),
        _ => None,
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(bytes).ok()
}
