//! One persona for one agent, from a store of five.

use crate::Problem;
use crate::bench::Bench;
use crate::past::Past;
use crate::report::Row;
use crate::store::Store;

/// Measures `assign` and `persona-inject`, and how long the lines are that they write.
pub fn measure(bench: &mut Bench) -> Result<(), Problem> {
    let past = Past { personas: 5, events: 5 };
    let store = Store::with_past(&bench.programs, past)?;
    let assigned = bench.beside_floor(bench.rounds, &[], || store.assign_and_release())?;
    let payload = Store::payload(&store.new_session());
    let injected = bench.beside_floor(bench.rounds, payload.as_bytes(), || {
        let session = store.new_session();
        let ran = store.inject(&session)?;
        store.release(&session)?;
        Ok(ran.took)
    })?;
    let line_after = |write: &dyn Fn(&str) -> Result<_, Problem>| {
        let session = store.new_session();
        write(&session)?;
        let bytes = store.last_line_bytes();
        store.release(&session)?;
        bytes
    };
    let of_assign = line_after(&|session| store.assign(session))?;
    let of_inject = line_after(&|session| store.inject(session))?;
    drop(store);
    bench.report.add(assigned.row("`assign`, 5 personas").at_most(1.6))?;
    bench.report.add(injected.row("`persona-inject`, 5 personas").at_most(1.5))?;
    bench.report.add(
        Row::new("a line of one role", 1)
            .bytes("by `assign`", of_assign)
            .at_most(460.0)
            .bytes("by `persona-inject`", of_inject)
            .at_most(460.0),
    )
}
