//! Values with templates in them, however deep: a webhook's payload, PagerDuty's details, Jira's fields.

use serde_json::{Map, Value as Json};

use super::{Message, Trouble};
use crate::config::yaml::untyped_text;

/// The value with each text in it rendered, keys too. As in Alertmanager, a text that is YAML of another type
/// when it is rendered becomes that: `{{ .Alerts | len }}` a number, `{{ .Alerts | toJson }}` a list. What is
/// inside of such a value is not rendered again. An empty text is YAML's null.
///
/// `key` is the setting's name, for messages.
pub(super) fn rendered(message: &Message<'_>, key: &str, value: &Json) -> Result<Json, Trouble> {
    match value {
        Json::String(template) => {
            let text = message.render_text(key, template)?;
            Ok(match untyped_text(&text) {
                // A text in quotes keeps them.
                None | Some(Json::String(_)) => Json::String(text),
                Some(
                    other @ (Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_)),
                ) => other,
            })
        }
        Json::Array(items) => items.iter().map(|item| rendered(message, key, item)).collect(),
        Json::Object(pairs) => {
            let pair = |(name, value): (&String, &Json)| {
                Ok((message.render_word(key, name)?, rendered(message, key, value)?))
            };
            Ok(Json::Object(pairs.iter().map(pair).collect::<Result<Map<_, _>, Trouble>>()?))
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => Ok(value.clone()),
    }
}
