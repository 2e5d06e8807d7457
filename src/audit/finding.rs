//! What an audit found, and where.

use serde::ser::{Serialize, SerializeStruct as _, Serializer};

use super::fault::Fault;
use super::place::Place;

/// Something that an audit found, and where.
#[derive(Debug)]
pub struct Finding {
    /// Where, unless it is nowhere.
    pub place: Option<Place>,
    /// What.
    pub fault: Fault,
}

impl Finding {
    /// A finding of a file of the store that is none of the log's.
    pub(crate) fn of_file(file: &str, fault: Fault) -> Self {
        let place = Place { index: usize::MAX, file: file.into(), line: None };
        Self { place: Some(place), fault }
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { place, fault } = self;
        let mut finding = serializer.serialize_struct("Finding", 5)?;
        finding.serialize_field("severity", &fault.severity())?;
        finding.serialize_field("kind", fault.kind())?;
        finding.serialize_field("file", &place.as_ref().map(|it| &it.file))?;
        finding.serialize_field("line", &place.as_ref().and_then(|it| it.line))?;
        finding.serialize_field("message", &fault.to_string())?;
        finding.end()
    }
}
