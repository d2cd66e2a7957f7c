//! Matchers in records and JSON: `{"name":"team","op":"=~","value":"a|b"}`.

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::{MatchOp, Matcher};
use crate::model::Str;

impl Serialize for Matcher {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Matcher", 3)?;
        fields.serialize_field("name", &self.name)?;
        fields.serialize_field("op", &self.op.to_string())?;
        fields.serialize_field("value", &self.value)?;
        fields.end()
    }
}

#[derive(serde::Deserialize)]
struct Stored {
    name: Str,
    op: Str,
    value: Str,
}

impl<'de> Deserialize<'de> for Matcher {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Stored { name, op, value } = Stored::deserialize(deserializer)?;
        let op = match &*op {
            "=" => MatchOp::Equal,
            "!=" => MatchOp::NotEqual,
            "=~" => MatchOp::Regex,
            "!~" => MatchOp::NotRegex,
            other => return Err(D::Error::custom(format!("unknown match operator {other:?}"))),
        };
        Self::new(name, op, value).map_err(D::Error::custom)
    }
}
