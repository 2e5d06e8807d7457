//! Requests and answers of etcd's gateway, as JSON has them.
//!
//! Bytes are in base64, 64-bit numbers are strings, and what is zero or empty is left out of an answer.
//! What every answer has is its header: without one, it is not etcd's.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserializer, Error as _, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use super::request::{
    Committed, Compare, Entry, MemberStatus, Operation, Page, Range, Transaction,
};
use crate::events::one_line;
use crate::wording::shortened;

pub const RANGE: &str = "/v3/kv/range";
pub const TRANSACTION: &str = "/v3/kv/txn";
pub const WATCH: &str = "/v3/watch";
pub const AUTHENTICATE: &str = "/v3/auth/authenticate";
pub const STATUS: &str = "/v3/maintenance/status";

/// Bytes in base64, to be written.
struct Base64<'a>(&'a [u8]);

impl Serialize for Base64<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(self.0))
    }
}

/// Bytes in base64, as they were read.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Decoded;
        impl Visitor<'_> for Decoded {
            type Value = Bytes;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("bytes in base64")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Bytes, E> {
                STANDARD.decode(text).map(Bytes).map_err(E::custom)
            }
        }
        from.deserialize_str(Decoded)
    }
}

/// A number of 64 bits in a string.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
struct Number(u64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(from)?;
        text.parse().map(Self).map_err(D::Error::custom)
    }
}

#[derive(Serialize)]
struct RangeRequest<'a> {
    key: Base64<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    range_end: Option<Base64<'a>>,
    limit: String,
}

impl<'a> From<&'a Range> for RangeRequest<'a> {
    fn from(range: &'a Range) -> Self {
        Self {
            key: Base64(range.from.as_bytes()),
            range_end: range.end.as_ref().map(|end| Base64(end.as_bytes())),
            limit: range.limit.to_string(),
        }
    }
}

#[derive(Serialize)]
struct TransactionRequest<'a> {
    compare: Vec<CompareRequest<'a>>,
    success: Vec<Request<'a>>,
    failure: [Request<'a>; 1],
}

#[derive(Serialize)]
struct CompareRequest<'a> {
    key: Base64<'a>,
    result: &'static str,
    #[serde(flatten)]
    target: Target<'a>,
}

#[derive(Serialize)]
#[serde(tag = "target")]
enum Target<'a> {
    #[serde(rename = "VALUE")]
    Value { value: Base64<'a> },
    /// A key that is not there was created at revision 0.
    #[serde(rename = "CREATE")]
    Create { create_revision: &'static str },
}

#[derive(Serialize)]
enum Request<'a> {
    #[serde(rename = "request_range")]
    Range(RangeRequest<'a>),
    #[serde(rename = "request_put")]
    Put { key: Base64<'a>, value: Base64<'a> },
    #[serde(rename = "request_delete_range")]
    Delete { key: Base64<'a> },
}

impl<'a> From<&'a Compare> for CompareRequest<'a> {
    fn from(compare: &'a Compare) -> Self {
        let (key, target) = match compare {
            Compare::Holds { key, value } => (key, Target::Value { value: Base64(value) }),
            Compare::Absent { key } => (key, Target::Create { create_revision: "0" }),
        };
        Self { key: Base64(key.as_bytes()), result: "EQUAL", target }
    }
}

impl<'a> From<&'a Operation> for Request<'a> {
    fn from(operation: &'a Operation) -> Self {
        match operation {
            Operation::Put { key, value } => {
                Self::Put { key: Base64(key.as_bytes()), value: Base64(value) }
            }
            Operation::Delete { key } => Self::Delete { key: Base64(key.as_bytes()) },
        }
    }
}

#[derive(Serialize)]
struct WatchRequest<'a> {
    create_request: WatchedRange<'a>,
}

#[derive(Serialize)]
struct WatchedRange<'a> {
    key: Base64<'a>,
    range_end: Base64<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_revision: Option<String>,
}

#[derive(Serialize)]
struct LoginRequest<'a> {
    name: &'a str,
    password: &'a str,
}

/// What can be sent is made of strings and numbers, which cannot fail to be written.
fn written(request: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(request).unwrap_or_default()
}

pub fn range(range: &Range) -> Vec<u8> {
    written(&RangeRequest::from(range))
}

pub fn transaction(transaction: &Transaction) -> Vec<u8> {
    written(&TransactionRequest {
        compare: transaction.compare.iter().map(Into::into).collect(),
        success: transaction.success.iter().map(Into::into).collect(),
        failure: [Request::Range((&transaction.failure).into())],
    })
}

pub fn watch(from: &str, end: &str, start_revision: Option<u64>) -> Vec<u8> {
    written(&WatchRequest {
        create_request: WatchedRange {
            key: Base64(from.as_bytes()),
            range_end: Base64(end.as_bytes()),
            start_revision: start_revision.map(|revision| revision.to_string()),
        },
    })
}

pub fn login(name: &str, password: &str) -> Vec<u8> {
    written(&LoginRequest { name, password })
}

/// What every answer has. That it names a cluster tells etcd from what else answers with JSON.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Header {
    cluster_id: Number,
    member_id: Number,
}

#[derive(Deserialize)]
struct KeyValue {
    key: Bytes,
    #[serde(default)]
    value: Bytes,
}

impl From<KeyValue> for Entry {
    fn from(it: KeyValue) -> Self {
        // A key of another program's may hold any bytes; it is none of a roster's.
        let key = String::from_utf8(it.key.0)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        Self { key, value: it.value.0 }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RangeAnswer {
    header: Header,
    kvs: Vec<KeyValue>,
    more: bool,
}

impl From<RangeAnswer> for Page {
    fn from(answer: RangeAnswer) -> Self {
        Self { entries: answer.kvs.into_iter().map(Into::into).collect(), more: answer.more }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TransactionAnswer {
    header: Header,
    succeeded: bool,
    responses: Vec<Response>,
}

#[derive(Deserialize)]
struct Response {
    response_range: Option<RangeAnswer>,
}

#[derive(Deserialize)]
struct LoginAnswer {
    token: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct StatusAnswer {
    header: Header,
    version: String,
    db_size: Number,
    db_size_quota: Number,
    leader: Number,
    errors: Vec<String>,
}

#[derive(Deserialize)]
struct WatchLine {
    result: Option<WatchAnswer>,
    error: Option<Problem>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WatchAnswer {
    canceled: bool,
    cancel_reason: String,
    compact_revision: Number,
    events: Vec<WatchEvent>,
}

#[derive(Deserialize)]
struct WatchEvent {
    #[serde(default, rename = "type")]
    kind: String,
    kv: KeyValue,
}

/// What an answer says that is an error. Releases name the field one way or the other, or both.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    error: String,
    message: String,
}

impl Problem {
    fn words(self) -> Option<String> {
        [self.message, self.error].into_iter().find(|words| !words.is_empty())
    }
}

/// What a line of a watch tells.
#[derive(Debug)]
pub enum Watched {
    /// It has begun, or is still there.
    Alive,
    /// Keys were given these values.
    Put(Vec<Entry>),
    /// It ended, for this reason.
    Ended(String),
}

/// The keys and values of an answer to a range request. `None` if it is none, as of all that follow.
#[must_use]
pub fn page(answer: &[u8]) -> Option<Page> {
    let answer: RangeAnswer = parsed(answer, |it: &RangeAnswer| &it.header)?;
    Some(answer.into())
}

/// What became of a transaction.
#[must_use]
pub fn committed(answer: &[u8]) -> Option<Committed> {
    let answer: TransactionAnswer = parsed(answer, |it: &TransactionAnswer| &it.header)?;
    if answer.succeeded {
        return Some(Committed::Done);
    }
    let range = answer.responses.into_iter().next()?.response_range?;
    Some(Committed::Failed(range.into()))
}

/// The token of a login.
#[must_use]
pub fn token(answer: &[u8]) -> Option<String> {
    let answer: LoginAnswer = serde_json::from_slice(answer).ok()?;
    // It becomes a header's value, and a line of a file.
    let is_token = !answer.token.is_empty() && answer.token.bytes().all(|it| it.is_ascii_graphic());
    is_token.then_some(answer.token)
}

/// How a member is.
#[must_use]
pub fn member(answer: &[u8]) -> Option<MemberStatus> {
    let answer: StatusAnswer = parsed(answer, |it: &StatusAnswer| &it.header)?;
    let (member, leader) = (answer.header.member_id.0, answer.leader.0);
    let shown = |text: &String| shortened(&one_line(text));
    Some(MemberStatus {
        version: shown(&answer.version),
        cluster: answer.header.cluster_id.0,
        member,
        leader: (leader != 0).then_some(leader),
        is_leader: leader == member,
        db_size: answer.db_size.0,
        quota: (answer.db_size_quota.0 != 0).then_some(answer.db_size_quota.0),
        is_full: answer.errors.iter().any(|error| error.contains("NOSPACE")),
        errors: answer.errors.iter().map(shown).collect(),
    })
}

/// What a line of a watch tells.
#[must_use]
pub fn watched(line: &[u8]) -> Option<Watched> {
    let line: WatchLine = serde_json::from_slice(line).ok()?;
    if let Some(reason) = line.error.and_then(Problem::words) {
        return Some(Watched::Ended(reason));
    }
    let answer = line.result?;
    if answer.compact_revision.0 != 0 {
        let revision = answer.compact_revision.0;
        return Some(Watched::Ended(format!("what was before revision {revision} is compacted")));
    }
    if answer.canceled {
        return Some(Watched::Ended(answer.cancel_reason));
    }
    let put = answer.events.into_iter().filter(|event| event.kind != "DELETE");
    let entries: Vec<Entry> = put.map(|event| event.kv.into()).collect();
    Some(if entries.is_empty() { Watched::Alive } else { Watched::Put(entries) })
}

/// The words of an error, if an answer is one.
pub fn problem(answer: &[u8]) -> Option<String> {
    serde_json::from_slice::<Problem>(answer).ok()?.words()
}

fn parsed<'a, T: Deserialize<'a>>(answer: &'a [u8], header: impl Fn(&T) -> &Header) -> Option<T> {
    let answer = serde_json::from_slice(answer).ok()?;
    (header(&answer).cluster_id != Number(0)).then_some(answer)
}
