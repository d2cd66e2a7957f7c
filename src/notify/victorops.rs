//! VictorOps (Splunk On-Call): its generic REST endpoint.

use std::collections::BTreeMap;

use super::truncate::in_runes;
use super::{Message, Step, Trouble, address, ids, json};
use crate::config::setting::Secret;

/// The most characters of the message.
const MESSAGE_LIMIT: usize = 20_480;

pub(super) fn begin(message: &Message<'_>) -> Result<Step, Trouble> {
    let key = message.secret("api_key")?;
    let path = format!("{}/{}", key.reveal(), message.word("routing_key")?);
    let url = address::endpoint(message.raw("api_url"), &path, &[]);
    Ok(Step::request(json::post(message, Secret::new(url.into()), &fields(message)?)))
}

/// What is sent: the fixed fields, and those of `custom_fields`, which have other names.
fn fields<'a>(message: &Message<'a>) -> Result<BTreeMap<&'a str, String>, Trouble> {
    let mut fields = BTreeMap::from([
        ("message_type", message_type(message)?),
        ("entity_id", ids::of_group(&message.data.group_key)),
        ("entity_display_name", message.text("entity_display_name")?),
        ("state_message", in_runes(message.text("state_message")?, MESSAGE_LIMIT)),
        ("monitoring_tool", message.text("monitoring_tool")?),
    ]);
    for (name, template) in message.pairs("custom_fields") {
        fields.insert(name, message.render_text("custom_fields", template)?);
    }
    Ok(fields)
}

/// A firing group takes a type that opens or shows an incident; a resolved one always ends it.
fn message_type(message: &Message<'_>) -> Result<String, Trouble> {
    if !message.data.is_firing {
        return Ok("RECOVERY".to_owned());
    }
    let word = message.word("message_type")?;
    let is_known = ["INFO", "WARNING", "CRITICAL"].contains(&word.as_str());
    Ok(if is_known { word } else { "CRITICAL".to_owned() })
}
