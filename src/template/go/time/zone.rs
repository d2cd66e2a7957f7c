//! Where a time is shown: Go's `time.Location`.

use std::any::Any;

use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use crate::model::Str;
use crate::model::quote::GoQuoted;
use crate::template::go::value::{Object, Shape, Value};
use crate::template::go::{CallError, Signature};

/// A zone. There is no local one here: it is UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Zone {
    #[default]
    Utc,
    /// A constant distance from UTC in seconds, which may have a name.
    Fixed { name: Str, seconds: i32 },
    /// A zone of the tz database.
    Named { name: Str, zone: TimeZone },
}

impl Zone {
    /// The zone of that name in the tz database, as Go's `time.LoadLocation`.
    ///
    /// # Errors
    /// There is no such zone.
    pub(super) fn load(name: &str) -> Result<Self, CallError> {
        if matches!(name, "" | "UTC" | "Local") {
            return Ok(Self::Utc);
        }
        if name.contains("..") || name.starts_with(['/', '\\']) {
            return Err("time: invalid location name".into());
        }
        // The database ignores the case of names, Go's files do not.
        match TimeZone::get(name).ok().filter(|zone| zone.iana_name() == Some(name)) {
            Some(zone) => Ok(Self::Named { name: name.into(), zone }),
            None => Err(format!("unknown time zone {name}").into()),
        }
    }

    /// Seconds east of UTC at that instant, and the abbreviation in use, which may be empty.
    pub(super) fn at(&self, instant: jiff::Timestamp) -> (i32, String) {
        match self {
            Self::Utc => (0, "UTC".to_owned()),
            Self::Fixed { name, seconds } => (*seconds, name.to_string()),
            Self::Named { zone, .. } => {
                let info = zone.to_offset_info(instant);
                (info.offset().seconds(), info.abbreviation().to_owned())
            }
        }
    }

    /// The instant at which clocks there show that time; where they never do, or twice, one close to it.
    pub(super) fn instant(&self, civil: jiff::civil::DateTime) -> i128 {
        let offset = match self {
            Self::Utc => Offset::UTC,
            Self::Fixed { seconds, .. } => Offset::from_seconds(*seconds).unwrap_or(Offset::UTC),
            Self::Named { zone, .. } => match zone.to_ambiguous_timestamp(civil).offset() {
                AmbiguousOffset::Unambiguous { offset } => offset,
                AmbiguousOffset::Gap { before, .. } | AmbiguousOffset::Fold { before, .. } => before,
            },
        };
        offset.to_timestamp(civil).map_or(0, jiff::Timestamp::as_nanosecond)
    }

    fn name(&self) -> &str {
        match self {
            Self::Utc => "UTC",
            Self::Fixed { name, .. } | Self::Named { name, .. } => name,
        }
    }
}

/// A zone as a value in templates.
impl Object for Zone {
    fn type_name(&self) -> &str {
        "*time.Location"
    }

    fn shape(&self) -> Shape {
        Shape::Struct
    }

    fn string(&self) -> Option<String> {
        Some(self.name().to_owned())
    }

    fn go_string(&self) -> Option<String> {
        Some(match self {
            Self::Utc => "time.UTC".to_owned(),
            Self::Fixed { name, .. } | Self::Named { name, .. } => {
                format!("time.Location({})", GoQuoted(name))
            }
        })
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }

    fn signature(&self, name: &str) -> Option<Signature> {
        (name == "String").then_some(Signature::fixed(&[]))
    }

    fn call(&self, _name: &str, _args: &[Value]) -> Result<Value, CallError> {
        Ok(Value::str(self.name()))
    }
}
