//! A roster, and how far in which history it stands.

use std::collections::BTreeSet;
use std::{iter, mem};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::graph::{EventGraph, LineSpan};
use super::line::{Line, LineDamage, line_ranges};
use super::{Cutoff, Needs, Roster};
use crate::events::{
    DamageReason, Event, EventId, Heads, LineError, Log, Position, Record, Seq, decode,
    decode_checked,
};

/// What the events up to a position add up to, as far as they are within a cut-off.
///
/// In a linear history the order of the file is the order of the fold, and
/// lines stream through [`View::fold`]. Where git merged two branches it is
/// not; then [`View::fold_all`] takes the whole log and sorts it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The personas. A checkpoint keeps them apart.
    #[serde(skip)]
    pub roster: Roster,
    /// How far the log was read.
    pub position: Position,
    /// The ends of the history that was folded.
    pub heads: Heads,
    /// How many events were folded, each id once.
    pub events: u64,
    /// How long their lines are, line ends included.
    pub bytes: u64,
    /// When the first event in fold order was written.
    pub first_at: Option<Timestamp>,
    /// When the last event in fold order was written.
    pub last_at: Option<Timestamp>,
    /// The largest `seq` of any event that was folded.
    depth: Seq,
    /// Whether the fold order is another one than the log's, as after most merges.
    pub(crate) reordered: bool,
    /// Where the lines of the heads end, in fold order.
    ends: Vec<Position>,
    /// Where lines end that stood in the log before.
    repeats: Vec<Position>,
    /// Which events are folded. The others are read and checked all the same:
    /// the last line may be the one that shows a merge or damage.
    #[serde(skip)]
    pub(crate) cutoff: Cutoff,
    /// When the first event past the cut-off was written, in fold order.
    #[serde(skip)]
    pub first_excluded: Option<Timestamp>,
}

/// What became of the lines that were handed to [`View::fold`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    /// They are folded.
    Done,
    /// One of them does not follow from the heads: the log was merged, and
    /// has to be folded as a whole.
    Merged,
    /// One of them changes a persona that cannot be loaded from the checkpoint
    /// any more: the log has to be folded from its start.
    Lost,
}

impl View {
    /// A view of nothing yet, which takes the events within a cut-off.
    pub(crate) fn until(cutoff: Cutoff) -> Self {
        Self { cutoff, ..Self::default() }
    }

    /// Returns whether a log is the one that was folded, as far as the position.
    ///
    /// A head's id vouches for all events behind it. If every head and every
    /// repeated line stands where it stood, a sound log has no byte to spare
    /// before the position for anything else: its lines there are the same.
    pub(crate) fn stands_in(&self, log: &mut impl Log) -> bool {
        let elsewhere = |place: &&Position| **place != self.position;
        let others = self.ends.iter().chain(&self.repeats).filter(elsewhere);
        iter::once(&self.position).chain(others).all(|place| log.holds(place).unwrap_or(false))
    }

    pub(crate) fn next_seq(&self) -> Option<Seq> {
        self.depth.next()
    }

    /// The last of the heads in fold order: the next event is one below it.
    pub(crate) fn deepest_head(&self) -> Option<EventId> {
        self.ends.last().and_then(|end| end.last)
    }

    /// Folds whole lines that follow the position, as long as each follows from the heads.
    ///
    /// After anything but [`Fold::Done`] the view is void.
    pub fn fold(&mut self, lines: &[u8]) -> Result<Fold, LineDamage> {
        for range in line_ranges(lines) {
            let line = lines.get(range).unwrap_or_default();
            let folded = self.fold_decoded(decode(line), line.len())?;
            if folded != Fold::Done {
                return Ok(folded);
            }
        }
        Ok(Fold::Done)
    }

    /// Folds the line that follows the position; `length` is its bytes without its line end.
    pub(crate) fn fold_decoded(
        &mut self,
        decoded: Result<Record, LineError>,
        length: usize,
    ) -> Result<Fold, LineDamage> {
        let record = decoded.map_err(|error| self.damaged(error.into()))?;
        let (heads, due) = match self.cutoff {
            Cutoff::All => (self.heads.ids(), self.next_seq()),
            // Such a fold starts with the log: each line follows from the one before it, folded or not.
            _ => (self.position.last.as_slice(), Seq(self.position.lines).next()),
        };
        if record.prev.ids() != heads {
            return Ok(Fold::Merged);
        }
        if Some(record.seq) != due {
            return Err(self.damaged(DamageReason::WrongSeq { written: record.seq, due }));
        }
        if self.cutoff.includes(&record) {
            if self.roster.is_partial() && self.roster.load(&Needs::event(&record.event)).is_none()
            {
                return Ok(Fold::Lost);
            }
            self.apply(&record, length);
            self.follow(&record);
        } else {
            self.exclude(&record);
        }
        self.advance(&record, length);
        Ok(Fold::Done)
    }

    /// Passes over the next event, which is past the cut-off. What was forgotten is not told of the
    /// past either.
    fn exclude(&mut self, record: &Record) {
        self.first_excluded.get_or_insert(record.at);
        if let Event::Forget(forget) = &record.event {
            self.roster.forget(forget.event);
        }
    }

    /// Puts an event that was folded in the place of its parents among the heads.
    fn follow(&mut self, record: &Record) {
        if record.prev == self.heads {
            self.heads = record.id.into();
            return;
        }
        let mut heads: Vec<_> = mem::take(&mut self.heads).into();
        heads.retain(|head| !record.prev.ids().contains(head));
        heads.push(record.id);
        self.heads = heads.into();
    }

    fn advance(&mut self, record: &Record, length: usize) {
        self.position.offset += length as u64 + 1;
        self.position.lines += 1;
        self.position.last = Some(record.id);
        self.ends.clear();
        self.ends.push(self.position);
    }

    fn damaged(&self, reason: DamageReason) -> LineDamage {
        LineDamage { line: self.position.lines + 1, reason }
    }

    /// Folds a whole log, in whatever order its lines are.
    pub fn fold_all(log: &[u8]) -> Result<Self, LineDamage> {
        Self::fold_until(log, Cutoff::All)
    }

    /// Folds the events of a whole log within a cut-off, in whatever order its lines are.
    pub(crate) fn fold_until(log: &[u8], cutoff: Cutoff) -> Result<Self, LineDamage> {
        let (graph, ancestry) = EventGraph::of_log(log)?;
        let order = graph.in_fold_order();
        let nodes = || order.iter().filter_map(|at| Some((*at, graph.get(*at)?)));
        let ends = nodes().filter(|(at, _)| ancestry.is_head(*at)).map(|(_, node)| node.end());
        let mut view = Self {
            position: graph.end(),
            reordered: !order.iter().copied().eq(0..graph.lines()),
            ends: ends.collect(),
            repeats: graph.repeat_ends(),
            ..Self::until(cutoff)
        };
        let lines: Vec<_> =
            nodes().map(|(at, node)| graph.copy_of(at).unwrap_or(node).span).collect();
        drop((graph, ancestry));
        let mut heads = BTreeSet::new();
        for span in lines {
            let line = log.get(span.range(0)).unwrap_or_default();
            // It was decoded before, to find its place; to keep a million
            // decoded events would take more memory than their log.
            let Ok(record) = decode_checked(line) else { continue };
            if !cutoff.includes(&record) {
                view.exclude(&record);
                continue;
            }
            view.apply(&record, line.len());
            for parent in record.prev.ids() {
                heads.remove(parent);
            }
            heads.insert(record.id);
        }
        view.heads = heads.into_iter().collect::<Vec<_>>().into();
        Ok(view)
    }

    /// The lines of a whole log, in fold order, each event once.
    pub(crate) fn in_order(
        log: &[u8],
    ) -> Result<impl DoubleEndedIterator<Item = Line<'_>>, LineDamage> {
        let (graph, _) = EventGraph::of_log(log)?;
        let order = graph.in_fold_order().into_iter();
        let spans = order.filter_map(|at| Some(graph.copy_of(at)?.span));
        let line =
            |span: LineSpan| Line::new(span.line, log.get(span.range(0)).unwrap_or_default());
        Ok(spans.map(line).collect::<Vec<_>>().into_iter())
    }

    /// Applies the next event in fold order, whose line has `length` bytes without its end.
    fn apply(&mut self, record: &Record, length: usize) {
        self.roster.apply(record);
        self.depth = self.depth.max(record.seq);
        // A checkpoint may have said anything.
        self.events = self.events.saturating_add(1);
        self.bytes = self.bytes.saturating_add(length as u64 + 1);
        self.first_at = self.first_at.or(Some(record.at));
        self.last_at = Some(record.at);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::events::{PersonaName, without_text};
    use crate::projection::{FoldKey, Persona};

    /// The type and the data of an event.
    pub type Said = (&'static str, Value);

    /// A log that is written line by line, each a second after the one before.
    #[derive(Debug, Clone, Default)]
    pub struct History {
        pub lines: Vec<String>,
        pub heads: Vec<EventId>,
        pub seq: u64,
        /// In seconds since 1970.
        pub now: i64,
        /// The format version of the next lines, unless it is the present one.
        pub newer: Option<u32>,
    }

    impl History {
        pub fn of(said: impl IntoIterator<Item = Said>) -> Self {
            let mut history = Self::default();
            history.extend(said);
            history
        }

        pub fn then(&mut self, (kind, mut data): Said) -> &mut Self {
            self.seq += 1;
            self.now += 1;
            let is_detached = data.get("says").is_some();
            let v = self.newer.unwrap_or(if is_detached { 2 } else { 1 });
            let (seq, prev) = (self.seq, json!(self.heads));
            let at = Timestamp::from_second(self.now).unwrap();
            // What it says stands after the id, as a text that the data vouches for.
            let says = data.as_object_mut().and_then(|data| data.remove("says"));
            let text =
                says.map(|says| json!({ "salt": "0123456789abcdef", kind: says }).to_string());
            if let Some(text) = &text {
                data["text"] = json!(EventId::of(text.as_bytes()));
            }
            let tail = text.map(|text| format!(",\"text\":{text}")).unwrap_or_default();
            let content = format!(
                r#"{{"v":{v},"seq":{seq},"at":"{at}","type":"{kind}","data":{data},"prev":{prev}"#
            );
            let id = EventId::of(content.as_bytes());
            self.lines.push(format!("{content},\"id\":\"{id}\"{tail}}}\n"));
            self.heads = vec![id];
            self
        }

        pub fn extend(&mut self, said: impl IntoIterator<Item = Said>) -> &mut Self {
            for one in said {
                self.then(one);
            }
            self
        }

        /// This history and what else there is in another one, as git merges them.
        pub fn merged(&self, other: &Self) -> Self {
            let mut merged = self.clone();
            let new = other.lines.iter().filter(|line| !self.lines.contains(line));
            merged.lines.extend(new.cloned());
            merged.heads.extend(&other.heads);
            merged.heads.sort_unstable();
            merged.heads.dedup();
            // A head stands in its own line only.
            let naming = |id: &str| merged.lines.iter().filter(|line| line.contains(id)).count();
            merged.heads.retain(|id| naming(&id.to_string()) == 1);
            merged.seq = self.seq.max(other.seq);
            merged
        }

        pub fn view(&self) -> View {
            View::fold_all(self.lines.concat().as_bytes()).unwrap()
        }

        pub fn persona(&self, name: &str) -> Persona {
            self.view().roster.get(&PersonaName::parse(name).unwrap()).unwrap().clone()
        }
    }

    pub fn seed(name: &str) -> Said {
        ("seed", definition(name, "calm"))
    }

    pub fn definition(name: &str, working_style: &str) -> Value {
        json!({ "name": name, "traits": [working_style], "expertise": [], "instructions": {} })
    }

    /// As a client's call opens it.
    pub fn called(session: &str, slot: &str, persona: &str, role: &str) -> Said {
        let (kind, mut data) = assign(session, slot, persona, role);
        data["tool_use_id"] = "toolu_1".into();
        (kind, data)
    }

    pub fn assign(session: &str, slot: &str, persona: &str, role: &str) -> Said {
        let slots = json!([{ "slot": slot, "persona": persona, "role": role, "requested": role }]);
        ("assign", json!({ "session": session, "agent": "w", "project": "acme", "slots": slots }))
    }

    pub fn release(session: &str, slot: &str, persona: &str, role: &str, reason: &str) -> Said {
        let slots = json!([{ "slot": slot, "persona": persona, "role": role }]);
        ("release", json!({ "session": session, "reason": reason, "slots": slots }))
    }

    pub fn feedback(session: Option<&str>, persona: &str, role: &str, sentiment: &str) -> Said {
        let data = json!({
            "persona": persona, "role": role, "session": session,
            "observation": "seen", "sentiment": sentiment, "source": "test",
        });
        ("feedback", data)
    }

    /// Of the session's slot `w-0` and a source `ci`.
    pub fn outcome(session: &str, persona: &str, role: &str, result: &str) -> Said {
        let data = json!({
            "session": session, "slot": "w-0", "persona": persona, "role": role,
            "run": format!("{session}:w"), "result": result, "source": "ci",
        });
        ("outcome", data)
    }

    /// A run of the slot `w-0` began.
    pub fn delivery(session: &str, run: &str) -> Said {
        let of = json!({
            "session": session, "slot": "w-0", "agent_id": run, "channel": "mod", "arrived": true,
        });
        ("delivery", of)
    }

    /// A run of the slot `w-0` is over, or rests.
    pub fn end(session: &str, persona: &str, role: &str, run: &str, ended: bool) -> Said {
        let of = json!({
            "session": session, "slot": "w-0", "persona": persona, "role": role, "run": run,
            "result": "stopped", "source": "client", "ended": ended.then_some(true),
        });
        ("outcome", of)
    }

    pub fn lesson(persona: &str, says: &str) -> Said {
        ("lesson", json!({ "persona": persona, "role": "testing", "says": says }))
    }

    pub fn note(persona: &str, project: &str, says: &str) -> Said {
        let of = json!({
            "session": "s1", "slot": "w-0", "persona": persona, "project": project, "says": says,
        });
        ("note", of)
    }

    pub fn retract(event: EventId) -> Said {
        ("retract", json!({ "event": event }))
    }

    pub fn retire(persona: &str, reason: &str) -> Said {
        ("retire", json!({ "persona": persona, "reason": reason }))
    }

    pub fn reactivate(persona: &str) -> Said {
        ("reactivate", json!({ "persona": persona, "reason": "manual" }))
    }

    /// Feedback from before this second does not count.
    pub fn compact(before: i64) -> Said {
        let before = Timestamp::from_second(before).unwrap();
        ("compact", json!({ "before": before, "summaries": [] }))
    }

    /// Anything that can be said of a few personas, sessions and roles.
    pub fn anything() -> impl Strategy<Value = Said> {
        let session = || prop::sample::select(vec!["s1", "s2"]);
        let persona = || prop::sample::select(vec!["Ann", "Bo", "Nobody"]);
        let role = || prop::sample::select(vec!["testing", "general"]);
        let sentiment = prop::sample::select(vec!["positive", "negative", "neutral"]);
        let reasons = vec!["session_end", "manual", "orphaned", "finished", "not_started"];
        let reason = prop::sample::select(reasons);
        let run = || prop::sample::select(vec!["r1", "r2"]);
        let result = prop::sample::select(vec!["ok", "bad", "stopped"]);
        let style = || prop::sample::select(vec!["calm", "direct"]);
        prop_oneof![
            (persona(), style()).prop_map(|(p, style)| ("seed", definition(p, style))),
            (persona(), style()).prop_map(|(p, style)| ("revise", definition(p, style))),
            (session(), persona(), role(), prop::bool::ANY).prop_map(|(s, p, r, has_work)| {
                let (kind, mut data) = assign(s, "w-0", p, r);
                if has_work {
                    data["work"] = "fix".into();
                }
                (kind, data)
            }),
            (session(), persona(), role()).prop_map(|(s, p, r)| called(s, "w-0", p, r)),
            (session(), persona(), role(), reason)
                .prop_map(|(s, p, r, reason)| release(s, "w-0", p, r, reason)),
            (session(), persona(), role(), sentiment).prop_map(|(s, p, r, sentiment)| feedback(
                Some(s),
                p,
                r,
                sentiment
            )),
            (session(), persona(), role(), result)
                .prop_map(|(s, p, r, result)| outcome(s, p, r, result)),
            (session(), run()).prop_map(|(s, run)| delivery(s, run)),
            (session(), persona(), role(), run(), any::<bool>())
                .prop_map(|(s, p, r, run, ended)| end(s, p, r, run, ended)),
            (persona(), style()).prop_map(|(p, says)| lesson(p, says)),
            (persona(), session(), style()).prop_map(|(p, project, says)| note(p, project, says)),
            persona().prop_map(|p| retire(p, "manual")),
            persona().prop_map(reactivate),
            (0_i64..20).prop_map(compact),
            Just(("mystery", json!({}))),
        ]
    }

    fn history() -> impl Strategy<Value = History> {
        prop::collection::vec(anything(), 0..12)
            .prop_map(|said| History::of([seed("Ann"), seed("Bo")].into_iter().chain(said)))
    }

    fn streamed(lines: &[String]) -> View {
        let mut view = View::default();
        assert_eq!(view.fold(lines.concat().as_bytes()).unwrap(), Fold::Done);
        view
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_log_folds_in_pieces_as_it_does_in_one_go(history in history(), cut in any::<prop::sample::Index>()) {
            let (a, b) = history.lines.split_at(cut.index(history.lines.len() + 1));
            let mut view = streamed(a);
            prop_assert_eq!(view.fold(b.concat().as_bytes()).unwrap(), Fold::Done);
            prop_assert_eq!(&view, &streamed(&history.lines));
            prop_assert_eq!(&view, &history.view(), "streamed or sorted, it is the same");
        }
    }

    #[test]
    fn a_view_tells_how_far_in_which_history_it_stands() {
        let history = History::of([seed("Ann"), seed("Bo")]);
        let view = streamed(&history.lines);
        let bytes = history.lines.concat().len() as u64;
        assert_eq!(view.heads.ids(), history.heads);
        assert_eq!(
            view.position,
            Position { offset: bytes, lines: 2, last: Some(history.heads[0]) }
        );
        assert_eq!((view.events, view.bytes, view.next_seq()), (2, bytes, Some(Seq(3))));
        assert_eq!(view.first_at.unwrap().as_second(), 1);
        assert_eq!(view.last_at.unwrap().as_second(), 2);
    }

    #[test]
    fn a_line_that_does_not_follow_from_the_heads_tells_of_a_merge() {
        let base = History::of([seed("Ann")]);
        let left = base.clone().then(seed("Bo")).clone();
        let right = base.clone().then(seed("Cy")).clone();
        let mut merged = left.merged(&right);
        let folded = |log: &History| View::default().fold(log.lines.concat().as_bytes()).unwrap();
        assert_eq!(folded(&merged), Fold::Merged);
        let beside = left.clone().then(seed("Dee")).lines[2].clone();
        assert_eq!(
            merged.view().fold(beside.as_bytes()).unwrap(),
            Fold::Merged,
            "of one head only"
        );
        // Once the branches are folded, what follows both of them streams again.
        let mut view = merged.view();
        merged.then(seed("Dee"));
        let last = merged.lines.last().unwrap();
        assert_eq!(view.fold(last.as_bytes()).unwrap(), Fold::Done);
        assert_eq!(view, merged.view());
    }

    #[test]
    fn a_log_is_reordered_if_its_lines_are_not_those_of_the_fold_in_their_order() {
        let earlier = History::of([seed("Ann"), seed("Bo")]);
        let mut later = History::of([seed("Ann")]);
        later.now += 1;
        later.then(seed("Cy"));
        assert!(!earlier.merged(&later).view().reordered, "it happens to be in fold order");
        assert!(later.merged(&earlier).view().reordered);
        let mut repeated = earlier;
        repeated.lines.push(repeated.lines[1].clone());
        assert!(repeated.view().reordered);
    }

    #[test]
    fn a_depth_that_does_not_follow_is_damage() {
        let mut history = History::of([seed("Ann")]);
        history.seq = 6;
        history.then(seed("Bo"));
        let log = history.lines.concat();
        let streamed = View::default().fold(log.as_bytes()).unwrap_err();
        let sorted = View::fold_all(log.as_bytes()).unwrap_err();
        for damage in [streamed, sorted] {
            assert_eq!(damage.line, 2);
            assert_eq!(damage.reason.to_string(), "its `seq` is 7; after its parents it must be 2");
        }
    }

    #[test]
    fn a_line_that_was_changed_is_damage() {
        let mut history = History::of([seed("Ann"), seed("Bo"), seed("Cy")]);
        history.lines[1] = history.lines[1].replace("calm", "wild");
        let log = history.lines.concat();
        assert_eq!(View::default().fold(log.as_bytes()).unwrap_err().line, 2);
        assert_eq!(View::fold_all(log.as_bytes()).unwrap_err().line, 2);
    }

    /// A log, merged or not, with its lines in any order that git may leave, some of them twice.
    fn any_log() -> impl Strategy<Value = Vec<String>> {
        let said = |n| prop::collection::vec(anything(), 0..n);
        (said(6), said(6), said(3), -3_i64..3, any::<bool>()).prop_flat_map(
            |(left, right, last, lag, is_merged)| {
                let base = History::of([seed("Ann"), seed("Bo")]);
                let mut history = base.clone().extend(left).clone();
                if is_merged {
                    let mut other = base;
                    other.now += lag;
                    history = history.merged(other.extend(right));
                }
                let lines = history.extend(last).lines.clone();
                let repeats = if is_merged { lines.clone() } else { Vec::new() };
                let repeats = prop::sample::subsequence(repeats.clone(), 0..=repeats.len().min(2));
                let shuffled = if is_merged {
                    Just(lines).prop_shuffle().boxed()
                } else {
                    Just(lines).boxed()
                };
                (shuffled, repeats).prop_map(|(lines, repeats)| [lines, repeats].concat())
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn of_copies_the_one_with_its_text_is_read_wherever_it_stands(
            lines in any_log(), cuts in prop::collection::vec(any::<[prop::sample::Index; 2]>(), 0..4),
        ) {
            let cut = |line: &String| {
                let cut = without_text(line.trim_end().as_bytes());
                cut.map_or(line.clone(), |cut| String::from_utf8(cut).unwrap() + "\n")
            };
            let mut copies = lines.clone();
            for [line, place] in cuts.iter().filter(|_| !lines.is_empty()) {
                copies.insert(place.index(copies.len() + 1), cut(line.get(&lines)));
            }
            let whole = View::fold_all(lines.concat().as_bytes()).unwrap();
            let view = View::fold_all(copies.concat().as_bytes()).unwrap();
            prop_assert_eq!((&view.roster, &view.heads), (&whole.roster, &whole.heads));
            let read = |lines: &[String]| {
                let log = lines.concat();
                let in_order = View::in_order(log.as_bytes()).unwrap();
                in_order.map(|line| line.decode().unwrap()).collect::<Vec<_>>()
            };
            prop_assert_eq!(read(&copies), read(&lines));
        }
    }

    #[test]
    fn what_was_forgotten_after_the_cutoff_is_not_told_before_it_either() {
        let mut history = History::of([seed("Ann"), lesson("Ann", "Run it twice.")]);
        let event = history.heads[0];
        history.then(seed("Bo")).then(("forget", json!({ "event": event })));
        for at in [Cutoff::Seq(Seq(2)), Cutoff::Time(Timestamp::from_second(3).unwrap())] {
            let then = cut(&history.lines, at);
            assert!(then.roster.is_forgotten(event));
            let ann = then.roster.get(&PersonaName::unchecked("Ann")).unwrap();
            assert_eq!(ann.lessons()[0].text, None);
        }
    }

    fn record(line: &str) -> Record {
        decode(line.trim_end().as_bytes()).unwrap()
    }

    /// The lines in fold order, each once.
    fn in_order(mut lines: Vec<String>) -> Vec<String> {
        lines.sort_by_key(|line| FoldKey::of(&record(line)));
        lines.dedup();
        lines
    }

    /// A log folded within a cut-off: line by line if it was not merged, and as a whole.
    fn cut(lines: &[String], cutoff: Cutoff) -> View {
        let (log, mut streamed) = (lines.concat(), View::until(cutoff));
        let whole = View::fold_until(log.as_bytes(), cutoff).unwrap();
        if streamed.fold(log.as_bytes()).unwrap() == Fold::Done {
            assert_eq!(streamed, whole);
        }
        whole
    }

    #[track_caller]
    fn assert_same(then: &View, ended: &View) {
        assert_eq!(then.roster, ended.roster);
        assert_eq!(then.heads, ended.heads);
        assert_eq!((then.events, then.bytes), (ended.events, ended.bytes));
        assert_eq!((then.first_at, then.last_at), (ended.first_at, ended.last_at));
        assert_eq!(then.next_seq(), ended.next_seq());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_roster_at_an_event_is_that_of_a_log_that_ends_there(lines in any_log()) {
            let ordered = in_order(lines.clone());
            let ended = |n: usize| View::fold_all(ordered[..n].concat().as_bytes()).unwrap();
            for (n, line) in ordered.iter().enumerate() {
                let at = record(line);
                assert_same(&cut(&lines, Cutoff::Through(FoldKey::of(&at))), &ended(n + 1));
                assert_same(&cut(&lines, Cutoff::Before(FoldKey::of(&at))), &ended(n));
                let deep = ordered.iter().filter(|line| record(line).seq <= at.seq).count();
                assert_same(&cut(&lines, Cutoff::Seq(at.seq)), &ended(deep));
            }
            assert_same(&cut(&lines, Cutoff::All), &ended(ordered.len()));
            assert_same(&cut(&lines, Cutoff::Seq(Seq(0))), &View::default());
        }

        #[test]
        fn the_roster_at_a_time_is_that_of_the_events_that_were_written_by_then(lines in any_log(), second in -1_i64..20) {
            let cutoff = Cutoff::Time(Timestamp::from_second(second).unwrap());
            let records: Vec<_> = in_order(lines.clone()).iter().map(|line| record(line)).collect();
            let by_then: Vec<_> = records.iter().filter(|it| it.at.as_second() <= second).collect();
            let mut roster = Roster::default();
            for record in &by_then {
                roster.apply(record);
            }
            let then = cut(&lines, cutoff);
            prop_assert_eq!(&then.roster, &roster);
            prop_assert_eq!(then.events, by_then.len() as u64);
            let is_head = |id: &EventId| !by_then.iter().any(|it| it.prev.ids().contains(id));
            let heads: Vec<_> = by_then.iter().map(|it| it.id).filter(is_head).collect();
            prop_assert_eq!(then.heads, Heads::from(heads));
        }
    }

    #[test]
    fn damage_past_the_cutoff_is_damage() {
        let mut history = History::of([seed("Ann"), seed("Bo"), seed("Cy")]);
        history.lines[2] = history.lines[2].replace("calm", "wild");
        let log = history.lines.concat();
        let first = Cutoff::Seq(Seq(1));
        assert_eq!(View::until(first).fold(log.as_bytes()).unwrap_err().line, 3);
        assert_eq!(View::fold_until(log.as_bytes(), first).unwrap_err().line, 3);
    }

    #[test]
    fn the_first_event_past_the_cutoff_is_known() {
        for is_merged in [false, true] {
            let mut history = History::of([seed("Ann"), seed("Bo")]);
            if is_merged {
                history = history.merged(History::of([seed("Ann")]).extend([seed("Cy")]));
            }
            let view = cut(&history.lines, Cutoff::Seq(Seq(0)));
            assert_eq!(view.first_excluded.unwrap().as_second(), 1);
            assert!(view.roster.is_empty());
        }
    }
}
