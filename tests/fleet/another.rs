//! A fleet's log that is not the one that a mirror follows: restored, replaced, emptied, or with a hole.

use crate::machine::{self, Machine, change, delete};

/// A write is refused, a look goes on and says so, and the mirror stays as it is.
fn is_refused(machine: &Machine, said: &str) {
    let before = machine.home.whole_log();
    for refused in [machine.assign("new"), machine.home.run(&["grow"])] {
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(3), ""), "{}", refused.stderr);
        assert!(refused.stderr.contains(said), "{}", refused.stderr);
        assert!(refused.stderr.contains("muzzle-persona remote check"), "{}", refused.stderr);
    }
    let looked = machine.list();
    assert_eq!(looked.code, Some(0));
    assert!(looked.stderr.contains(said), "{}", looked.stderr);
    assert!(machine.home.whole_log() == before, "the mirror was touched");
}

#[test]
fn one_that_was_restored_or_emptied_is_refused() {
    let Some(cluster) = machine::shared() else { return };
    let config = machine::new_fleet(&cluster);
    let [machine] = Machine::several(&config);
    machine.assign("s1").ok();
    machine.release("s1").ok();
    let lines = machine.lines().len() as u64;
    // As it was before the last two events; then as a new one.
    change(&cluster, &config, delete(&config, lines - 1..=lines));
    is_refused(&machine, &format!("its line {lines} is missing"));
    change(&cluster, &config, delete(&config, 1..=lines));
    is_refused(&machine, &format!("its line {lines} is missing"));
}

#[test]
fn another_one_behind_the_same_address_is_refused() {
    let Some(cluster) = machine::shared() else { return };
    let configs = [0, 1].map(|_| machine::new_fleet(&cluster));
    let [machine] = Machine::several(&configs[0]);
    let [other] = Machine::several(&configs[1]);
    machine.assign("s1").ok();
    other.assign("s2").ok();
    other.assign("s3").ok();
    // The settings are what stands for the address here.
    machine.follow(&configs[1]);
    let lines = machine.lines().len();
    is_refused(&machine, &format!("its line {lines} is another event"));
    assert_eq!(other.lines().len(), 14);
}

#[test]
fn a_line_that_is_gone_is_found_by_whoever_reads_from_before_it() {
    let Some(cluster) = machine::shared() else { return };
    let config = machine::new_fleet(&cluster);
    let [machine] = Machine::several(&config);
    machine.assign("s1").ok();
    let newcomer = Machine::of(&config);
    change(&cluster, &config, delete(&config, 5..=5));
    let refused = newcomer.assign("s2");
    assert_eq!(refused.code, Some(3), "{}", refused.stderr);
    assert!(refused.stderr.contains("its line 5 is missing"), "{}", refused.stderr);
}
