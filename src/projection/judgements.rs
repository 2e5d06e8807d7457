//! How a checkpoint writes a list of judgements: there may be thousands of them.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Value, json};

use crate::events::Sentiment;

/// The moments of judgements, and a letter for each verdict.
#[derive(Serialize, Deserialize)]
struct Columns<'a> {
    /// Each as its second, or as a text where it is none to the second.
    at: Vec<Value>,
    #[serde(borrow)]
    verdicts: Cow<'a, str>,
}

pub fn serialize<S: Serializer>(
    judgements: &[(Timestamp, Sentiment)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let letter = |sentiment| match sentiment {
        Sentiment::Positive => '+',
        Sentiment::Negative => '-',
        Sentiment::Neutral => '=',
    };
    let verdicts: String = judgements.iter().map(|(_, sentiment)| letter(*sentiment)).collect();
    let moment = |at: Timestamp| match at.subsec_nanosecond() {
        0 => json!(at.as_second()),
        _ => json!(at),
    };
    let at = judgements.iter().map(|(at, _)| moment(*at)).collect();
    Columns { at, verdicts: verdicts.into() }.serialize(serializer)
}

pub fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<(Timestamp, Sentiment)>, D::Error> {
    let Columns { at, verdicts } = Columns::deserialize(deserializer)?;
    if at.len() != verdicts.len() {
        return Err(de::Error::custom("not as many moments as verdicts"));
    }
    let judgement = |(at, letter): (Value, u8)| {
        let at = match at.as_i64() {
            Some(second) => Timestamp::from_second(second).map_err(de::Error::custom)?,
            None => serde_json::from_value(at).map_err(de::Error::custom)?,
        };
        match letter {
            b'+' => Ok((at, Sentiment::Positive)),
            b'-' => Ok((at, Sentiment::Negative)),
            b'=' => Ok((at, Sentiment::Neutral)),
            _ => Err(de::Error::custom("a letter that is no verdict")),
        }
    };
    at.into_iter().zip(verdicts.bytes()).map(judgement).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct List(#[serde(with = "super")] Vec<(Timestamp, Sentiment)>);

    #[test]
    fn a_list_is_read_as_it_was_written() {
        let at = |text: &str| text.parse().unwrap();
        let list = List(vec![
            (at("2026-03-25T15:30:00Z"), Sentiment::Positive),
            (at("2026-03-25T15:30:00.5Z"), Sentiment::Negative),
            (at("1960-01-01T00:00:00Z"), Sentiment::Neutral),
        ]);
        let json = serde_json::to_string(&list).unwrap();
        assert_eq!(
            json,
            r#"{"at":[1774452600,"2026-03-25T15:30:00.5Z",-315619200],"verdicts":"+-="}"#
        );
        assert_eq!(serde_json::from_str::<List>(&json).unwrap(), list);
        for wrong in [r#"{"at":[1],"verdicts":""}"#, r#"{"at":[1],"verdicts":"?"}"#] {
            assert!(serde_json::from_str::<List>(wrong).is_err(), "{wrong}");
        }
    }
}
