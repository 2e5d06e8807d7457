use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::events::{Batch, Heads, IdPrefix, Segment, decode};
use crate::projection::testing::{History, anything, assign, lesson, retire, seed};

/// Audits lines as one file, as a store does it.
fn auditor(lines: &[String]) -> Auditor {
    let log = lines.concat().into_bytes();
    let bytes = log.len() as u64;
    let name = "events.jsonl";
    let segment =
        Segment { name: name.into(), path: name.into(), start: 0, bytes, is_sealed: false };
    let mut auditor = Auditor::new(&[segment], FoundCheckpoint::None, Purpose::Repair);
    let (whole, bytes) = (log.len(), log.clone());
    let (batch, lines) =
        inspect(Batch { file: 0, lines: 0, offset: 0, bytes, whole, rest: 0, unended: false });
    let again = Batch { bytes: log, ..batch };
    auditor.take((batch, lines));
    if auditor.is_out_of_order() {
        auditor.begin_again();
        auditor.take_again(&again);
        auditor.fold_all();
    }
    auditor
}

fn audit(lines: &[String]) -> Audit {
    auditor(lines).finish(&[]).unwrap()
}

/// The kinds that are found, each with its line.
fn found(lines: &[String]) -> Vec<(&'static str, Severity, u64)> {
    let findings = audit(lines).findings.into_iter();
    findings
        .map(|Finding { place, fault }| {
            (fault.kind(), fault.severity(), place.and_then(|place| place.line).unwrap_or(0))
        })
        .collect()
}

fn id(line: &str) -> EventId {
    decode(line.trim_end().as_bytes()).unwrap().id
}

/// Two branches that each said something after a common beginning, and are merged.
fn branched(left: usize, right: usize) -> History {
    let base = History::of([seed("Ann"), seed("Bo"), seed("Cy")]);
    let side = |n: usize, name: &'static str| {
        let mut side = base.clone();
        for n in 0..n {
            side.then(assign(name, &format!("w-{n}"), name, "testing"));
        }
        side
    };
    side(left, "Ann").merged(&side(right, "Bo"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_merges_can_leave_is_not_damaged_and_what_is_not_damaged_folds(
        left in prop::collection::vec(anything(), 0..6),
        right in prop::collection::vec(anything(), 0..6),
        repeated in prop::collection::vec(any::<prop::sample::Index>(), 0..3),
    ) {
        let base = History::of([seed("Ann"), seed("Bo")]);
        let left = base.clone().extend(left).clone();
        let right = base.clone().extend(right).clone();
        let mut lines = left.merged(&right).then(seed("Dee")).lines.clone();
        for index in repeated {
            lines.push(index.get(&lines).clone());
        }
        let audit = audit(&lines);
        prop_assert!(audit.is_sound());
        let view = View::fold_all(lines.concat().as_bytes()).unwrap();
        prop_assert_eq!(&audit.heads, &view.heads);
        prop_assert_eq!(audit.events, view.events);
        prop_assert_eq!(audit.lines, lines.len() as u64);
        prop_assert_eq!(audit.repeated, audit.lines - audit.events);
        let plan = auditor(&lines).repair_plan(&BTreeSet::new());
        prop_assert!(plan.cut.is_empty() && plan.missing.is_empty());
        prop_assert_eq!((plan.heads, plan.next_seq), (view.heads.clone(), view.next_seq()));
    }

    #[test]
    fn a_log_without_its_unsound_lines_and_with_their_record_folds_and_is_sound(
        left in prop::collection::vec(anything(), 1..6),
        right in prop::collection::vec(anything(), 1..6),
        damage in prop::collection::vec((any::<prop::sample::Index>(), 0..4_u8), 1..5),
    ) {
        let base = History::of([seed("Ann"), seed("Bo")]);
        let left = base.clone().extend(left).clone();
        let mut history = left.merged(base.clone().extend(right));
        history.then(seed("Dee"));
        let mut lines = history.lines.clone();
        for (index, how) in damage {
            let at = index.index(lines.len());
            match how {
                0 if lines.len() > 1 => { lines.remove(at); }
                1 => lines[at] = lines[at].replacen("data", "Data", 1),
                2 => "{}\n".clone_into(&mut lines[at]),
                _ => {
                    let mut forged = history.clone();
                    forged.seq += 3;
                    lines[at].clone_from(forged.then(retire("Ann", "manual")).lines.last().unwrap());
                }
            }
        }
        let audited = audit(&lines);
        prop_assert_eq!(audited.is_sound(), View::fold_all(lines.concat().as_bytes()).is_ok());
        let plan = auditor(&lines).repair_plan(&BTreeSet::new());
        let cut: BTreeSet<_> = plan.cut.iter().map(|(span, _)| span.line).collect();
        let left = lines.iter().zip(1..).filter(|(_, line)| !cut.contains(line));
        let mut mended = history;
        mended.lines = left.map(|(line, _)| line.clone()).collect();
        mended.heads = plan.heads.into();
        mended.seq = plan.next_seq.unwrap().0 - 1;
        let missing: Vec<_> = plan.missing.iter().map(|(id, _)| id).collect();
        mended.then(("repair", json!({ "cut": [], "missing": missing })));
        prop_assert!(audit(&mended.lines).is_sound());
        prop_assert!(View::fold_all(mended.lines.concat().as_bytes()).is_ok());
        let again = auditor(&mended.lines).repair_plan(&BTreeSet::new());
        prop_assert!(again.cut.is_empty() && again.missing.is_empty());
    }
}

#[test]
fn a_line_before_its_parent_is_a_warning_as_long_as_the_history_has_no_fork() {
    let order = |lines: &[String]| of_kind(lines, "out_of_order");
    // Three common lines, then two branches of three.
    let merged = branched(3, 3).then(seed("Dee")).clone();
    assert_eq!(order(&merged.lines), []);
    for (at, severity) in [
        (0, Severity::Warning),
        (1, Severity::Warning),
        (3, Severity::Note),
        (4, Severity::Note),
        (7, Severity::Note),
        (8, Severity::Note),
    ] {
        let mut lines = merged.lines.clone();
        lines.swap(at, at + 1);
        assert_eq!(order(&lines), [("out_of_order", severity, at as u64 + 1)], "{at}");
    }
    // The last common line behind the first of a branch: that is where the fork is.
    let mut lines = merged.lines.clone();
    lines.swap(2, 3);
    assert_eq!(order(&lines), [("out_of_order", Severity::Note, 3)]);
    // Without a branch, all is common, and a second beginning ends what is.
    let mut line = History::of([seed("Ann"), seed("Bo"), seed("Cy")]).lines;
    line.swap(1, 2);
    assert_eq!(order(&line), [("out_of_order", Severity::Warning, 2)]);
    line.push(History::of([seed("Dee")]).lines.remove(0));
    assert_eq!(order(&line), [("out_of_order", Severity::Note, 2)]);
    // The one beginning of a log is none too many, wherever it stands.
    let mut line = History::of([seed("Ann"), seed("Bo"), seed("Cy")]).lines;
    line.reverse();
    assert!(audit(&line).is_sound());
    assert_eq!(of_kind(&line, "beginning"), []);
}

/// The findings of one kind.
fn of_kind(lines: &[String], kind: &str) -> Vec<(&'static str, Severity, u64)> {
    found(lines).into_iter().filter(|(found, ..)| *found == kind).collect()
}

#[test]
fn below_a_gap_a_line_may_be_deeper_but_not_shallower_than_it_must() {
    let lost = EventId::of(b"lost");
    let mut history =
        History::of([seed("Ann"), ("repair", json!({ "cut": [], "missing": [lost] }))]);
    history.heads.push(lost);
    for (by, is_found) in [(-1, true), (0, false), (7, false)] {
        let mut history = history.clone();
        history.seq = history.seq.saturating_add_signed(by);
        let found = of_kind(&history.then(seed("Bo")).lines, "wrong_seq");
        assert_eq!(found, [("wrong_seq", Severity::Damage, 3)][..usize::from(is_found)]);
    }
}

#[test]
fn a_fork_is_told_once_where_it_begins() {
    let branch = |line| ("branch", Severity::Note, line);
    let merged = branched(2, 2);
    assert_eq!(of_kind(&merged.lines, "branch"), [branch(6)]);
    // Both sides took in the other and went on: two lines that follow both heads.
    let one = merged.clone().then(seed("Dee")).clone();
    let both = one.merged(merged.clone().then(seed("Eva")));
    assert_eq!(of_kind(&both.lines, "branch"), [branch(6), branch(9)]);
    assert_eq!(audit(&both.lines).heads, Heads::from(both.heads));
}

#[test]
fn heads_of_which_one_is_the_others_ancestor_are_no_writers() {
    // Three common lines, then two of each branch.
    let merged = branched(2, 2);
    for (among, is_told) in [
        ([4, 6], false),
        ([3, 5], false),
        ([4, 5], false),
        ([4, 3], true),
        ([4, 1], true),
        ([0, 6], true),
    ] {
        let mut history = merged.clone();
        history.heads = among.map(|line| id(&history.lines[line])).to_vec();
        history.heads.sort_unstable();
        let told = of_kind(&history.clone().then(seed("Dee")).lines, "not_heads");
        assert_eq!(told, [("not_heads", Severity::Warning, 8)][..usize::from(is_told)]);
        // Before a gap that was closed again, there may have been a head.
        history.then(("repair", json!({ "cut": [], "missing": [] })));
        assert_eq!(of_kind(&history.lines, "not_heads"), []);
    }
}

#[test]
fn a_head_whose_beginning_others_share_is_ambiguous() {
    let mut auditor = auditor(&[]);
    let history = History::of([seed("Ann")]);
    let record = decode(history.lines[0].trim_end().as_bytes()).unwrap();
    let span = LineSpan { file: 0, line: 1, offset: 0, length: 0 };
    for digits in ["0123456700000000000000000000000a", "0123456700000000000000000000000b"] {
        let id = EventId::parse(digits.as_bytes()).unwrap();
        auditor.graph.push(&Record { id, ..record.clone() }, span);
    }
    let noted = IdPrefix::parse("01234567").unwrap();
    assert_eq!(auditor.finish(std::slice::from_ref(&noted)).unwrap_err(), noted);
}

#[test]
fn a_line_that_lies_about_its_depth_is_cut_and_what_follows_it_is_kept() {
    let mut history = History::of([seed("Ann")]);
    history.seq = 6;
    history.extend([seed("Bo"), seed("Cy")]);
    let plan = auditor(&history.lines).repair_plan(&BTreeSet::new());
    let cut: Vec<_> = plan.cut.iter().map(|(span, reason)| (span.line, reason)).collect();
    let reason = "its `seq` is 7, and after its parents it must be 2: no writer made this line";
    assert_eq!(cut, [(2, &reason.to_owned())]);
    let missing: Vec<_> =
        plan.missing.iter().map(|(id, at)| (*id, at.as_ref().and_then(|at| at.line))).collect();
    assert_eq!(missing, [(id(&history.lines[1]), Some(3))]);
    assert_eq!(plan.next_seq, Some(Seq(9)));
    let heads = Heads::from(vec![id(&history.lines[0]), id(&history.lines[2])]);
    assert_eq!(plan.heads, heads);
}

/// A line without the text after its id.
fn cut(line: &str) -> String {
    let cut = crate::events::without_text(line.trim_end().as_bytes()).unwrap();
    String::from_utf8(cut).unwrap() + "\n"
}

/// Ann is taught something in the third line of four.
fn taught() -> History {
    History::of([seed("Ann"), seed("Bo"), lesson("Ann", "Run it twice."), retire("Bo", "manual")])
}

#[test]
fn a_text_that_is_gone_or_changed_is_damage_of_that_text_alone() {
    use Severity::{Damage, Note, Warning};

    let whole = taught().lines;
    assert_eq!(found(&whole), []);
    let with = |third: String| {
        let mut lines = whole.clone();
        lines[2] = third;
        lines
    };
    let changed = whole[2].replace("twice", "once.");
    let unread = whole[2].replace("Run it", "Run\"it");
    for (third, fault) in [
        (cut(&whole[2]), ("text_missing", Damage, 3)),
        (changed.clone(), ("text_changed", Damage, 3)),
        (unread, ("text_changed", Damage, 3)),
    ] {
        let lines = with(third);
        assert_eq!(found(&lines), [fault]);
        let view = View::fold_all(lines.concat().as_bytes()).unwrap();
        assert_eq!(view.heads.ids(), taught().heads, "the history is whole");
        let ann = view.roster.personas()[0].clone();
        assert_eq!((ann.lessons().len(), ann.lessons()[0].text.clone()), (1, None));
    }
    // A copy of the line has the text.
    for (third, fault) in [(cut(&whole[2]), None), (changed, Some(("text_changed", Note, 3)))] {
        for third in [third.clone() + &whole[2], whole[2].clone() + &third] {
            let lines = with(third);
            let mut faults = found(&lines);
            faults.retain(|(kind, ..)| *kind != "repeated");
            assert_eq!(
                faults.iter().map(|(kind, severity, _)| (*kind, *severity)).next(),
                fault.map(|(kind, severity, _)| (kind, severity))
            );
            assert_eq!(faults.len(), usize::from(fault.is_some()));
            let view = View::fold_all(lines.concat().as_bytes()).unwrap();
            assert_eq!(view.roster, taught().view().roster);
        }
    }
    let mut history = taught();
    history.newer = Some(2);
    history
        .then(("lesson", json!({ "persona": "Ann", "text": EventId::of(b"{\"lesson\":\"x\"}") })));
    let last = history.lines.last_mut().unwrap();
    *last = last.replace("\"}\n", "\",\"text\":{\"lesson\":\"x\"}}\n");
    assert_eq!(found(&history.lines), [("text_unsalted", Warning, 5)]);
    // Nobody vouches for what stands behind the id of an event that has no text.
    history = taught();
    history.newer = Some(2);
    history.then(retire("Ann", "manual"));
    let last = history.lines.last_mut().unwrap();
    *last = last.replace("\"}\n", "\",\"text\":{\"salt\":\"0123456789abcdef\"}}\n");
    assert_eq!(found(&history.lines), [("text_changed", Damage, 5)]);
}

#[test]
fn what_was_forgotten_is_noted_and_named_where_it_is_back() {
    use Severity::{Note, Warning};

    let mut history = taught();
    let event = id(&history.lines[2]);
    history.then(("forget", json!({ "event": event })));
    assert_eq!(found(&history.lines), [("text_returned", Warning, 3)]);
    let whole = history.lines[2].clone();
    history.lines[2] = cut(&whole);
    assert_eq!(found(&history.lines), [("forgotten", Note, 3)]);
    let sound = audit(&history.lines);
    assert!(sound.is_sound());
    assert_eq!(
        sound.findings[0].fault.to_string(),
        "its text is not there: it was forgotten at 1970-01-01T00:00:05Z"
    );
    // An old clone is merged.
    history.lines.push(whole.clone());
    assert_eq!(found(&history.lines), [("repeated", Note, 6), ("text_returned", Warning, 6)]);
    let told = View::fold_all(history.lines.concat().as_bytes()).unwrap();
    assert_eq!(told.roster.personas()[0].lessons()[0].text, None, "nobody is told");
    // A changed text of a forgotten event is not worth a word of its own.
    history.lines[5] = whole.replace("twice", "once.");
    assert!(!found(&history.lines).iter().any(|(kind, ..)| *kind == "text_changed"));
}
