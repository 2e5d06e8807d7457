//! What etcd's gateway answers, or whatever stands in its place: the body of an answer, read in every way.

use std::path::Path;
use std::sync::{LazyLock, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use muzzle_persona::events::{EventId, Position, is_hidden};
use muzzle_persona::fleet::answers::{Asked, Watched, committed, member, page, token, watched};
use muzzle_persona::fleet::{Committed, Entry, FleetError, FleetLog, Page, RemoteConfig};
use serde_json::Value;

use super::line::{with_id, without_id};

/// The most bytes of a line, as docs/format.md has it.
const LINE_LIMIT: usize = 64 * 1024;
/// The most characters of an error or a hint: what a server says of it is cut.
const ERROR_LIMIT: usize = 1000;

/// The log of a roster, of which nothing is asked.
static LOG: LazyLock<Mutex<FleetLog>> = LazyLock::new(|| {
    let config = RemoteConfig::new(vec!["http://127.0.0.1:1".to_owned()], "team".to_owned());
    Mutex::new(FleetLog::new(config, Path::new("/nowhere")).unwrap())
});

/// What is read is what is written there; lines that are taken are those of their keys; no error hides anything.
pub fn check(bytes: &[u8]) {
    for (status, kind) in [(200, "text/html"), (404, ""), (503, "application/json")] {
        for (user, has_client_certificate) in [(None, false), (Some("ann"), true)] {
            let asked = Asked { endpoint: "http://127.0.0.1:1", user, has_client_certificate };
            is_plain(&asked.refusal(status, kind, bytes));
            is_plain(&asked.not_etcd(status, &String::from_utf8_lossy(bytes)));
            if let Some(Watched::Ended(reason)) = watched(bytes) {
                is_plain(&asked.problem(200, &reason));
            }
        }
    }
    if let Some(page) = page(bytes) {
        is_as_written(bytes, "", &page);
        are_lines(&page);
    }
    if let Some(Committed::Failed(page)) = committed(bytes) {
        is_as_written(bytes, "/responses/0/response_range", &page);
        are_lines(&page);
    }
    if let Some(token) = token(bytes) {
        assert!(!token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()));
    }
    if let Some(member) = member(bytes) {
        for text in member.errors.iter().chain([&member.version]) {
            assert!(!text.contains(is_hidden) && text.chars().count() <= ERROR_LIMIT, "{text:?}");
        }
        assert!(member.cluster != 0 && member.leader != Some(0));
    }
    if let Some(Watched::Put(entries)) = watched(bytes) {
        assert!(!entries.is_empty());
    }
}

/// Bytes are in base64, as another decoder of JSON has them.
fn is_as_written(bytes: &[u8], place: &str, page: &Page) {
    // It does not take numbers that are too large, even where nobody looks at them.
    let Ok(answer) = serde_json::from_slice::<Value>(bytes) else { return };
    let number = |at| answer.pointer(at).and_then(Value::as_str)?.parse::<u64>().ok();
    assert!(number("/header/cluster_id").is_some_and(|cluster| cluster != 0));
    let range = answer.pointer(place).unwrap();
    let written = range.get("kvs").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    assert_eq!(written.len(), page.entries.len());
    for (written, Entry { key, value }) in written.iter().zip(&page.entries) {
        let encoded = |name| written.get(name).and_then(Value::as_str).unwrap_or_default();
        assert_eq!(encoded("value"), STANDARD.encode(value));
        // A key that is no text is none of a roster's.
        let is_text = !key.contains(char::REPLACEMENT_CHARACTER);
        assert!(!is_text || encoded("key") == STANDARD.encode(key));
    }
    assert_eq!(range.get("more").is_some_and(|more| *more == true), page.more);
}

/// The entries as they are, with right ids, which no fuzzer guesses, and with right keys besides.
fn are_lines(page: &Page) {
    let log = LOG.lock().unwrap();
    let mut with_ids = page.clone();
    for entry in &mut with_ids.entries {
        entry.value = with_id(without_id(&entry.value));
    }
    let mut sound = with_ids.clone();
    for (entry, number) in sound.entries.iter_mut().zip(1..) {
        entry.key = log.config().key(number);
    }
    for page in [page, &with_ids, &sound] {
        are_lines_since(&log, &Position::START, page);
        // And as they come to a mirror that has the first of them.
        if let Some(Entry { key, value }) = page.entries.first()
            && let Some(lines) = log.config().line_number(key).filter(|lines| *lines < 1 << 40)
        {
            let last = Some(EventId::of(without_id(value)));
            are_lines_since(&log, &Position { offset: 0, lines, last }, page);
        }
    }
    // Nothing is refused without a reason.
    let can_be = |value: &Vec<u8>| {
        let field = b",\"id\":\"";
        let is_once = value.windows(field.len()).filter(|it| it == field).count() == 1;
        value.starts_with(b"{") && is_once && !value.contains(&b'\n') && value.len() <= LINE_LIMIT
    };
    let has_lines = !sound.more || !sound.entries.is_empty();
    if has_lines && sound.entries.iter().all(|entry| can_be(&entry.value)) {
        log.lines_after(&Position::START, sound).unwrap();
    }
}

fn are_lines_since(log: &FleetLog, since: &Position, page: &Page) {
    let (there, lines) = match log.lines_after(since, page.clone()) {
        Ok(taken) => taken,
        Err(error) => return is_plain(&error),
    };
    assert_eq!(there.is_some(), since.lines > 0);
    assert!(!page.more || !lines.is_empty(), "whoever asks for more would ask for ever");
    let lines = lines.split_inclusive(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\n"));
    let taken: Vec<_> = there.as_deref().map(Some).into_iter().chain(lines).collect();
    assert_eq!(taken.len(), page.entries.len());
    for ((line, entry), number) in taken.iter().zip(&page.entries).zip(since.lines.max(1)..) {
        let line = line.unwrap();
        assert_eq!(entry.key, format!("/muzzle-persona/team/{number:020}"));
        assert_eq!(entry.value, line);
        assert!(line.len() <= LINE_LIMIT && !line.contains(&b'\n'));
        assert!(has_its_id(line), "{:?}", String::from_utf8_lossy(line));
    }
}

/// Returns whether a line says somewhere that its bytes so far have the id that they have.
fn has_its_id(line: &[u8]) -> bool {
    let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
    let field = b",\"id\":\"";
    let mut places = (0..line.len()).filter(|at| line[*at..].starts_with(field));
    places.any(|at| {
        let id = EventId::of(&line[..at]).to_string();
        line[at + field.len()..].starts_with(id.as_bytes())
    })
}

fn is_plain(error: &FleetError) {
    for text in [error.to_string(), error.hint().unwrap_or_default()] {
        assert!(!text.is_empty() && !text.contains(is_hidden), "{text:?}");
        assert!(text.chars().count() <= ERROR_LIMIT, "{text:?}");
    }
}
