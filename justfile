# Each recipe is a line that also works without just.

# Format, lints and docs, warnings denied
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- --deny warnings
    RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --no-deps --locked

# All tests
test:
    cargo test --workspace

# All benchmarks, or those of the named groups; `--quick` for a first look
bench *args:
    cargo build --release --workspace --bins --examples --locked
    cargo bench --bench floor --locked -- {{ args }}
    cargo bench --bench choice --locked -- {{ args }}

# Kills, faults and limits, for as many minutes as MUZZLE_TORTURE_MINUTES says, or ten
torture:
    cargo test --release --lib --locked -- --ignored --exact broker::four_eyes::tests::no_review_does_in_many_histories
    cargo test --release --test torture --locked -- --ignored --exact kill::long --nocapture

# Fleets for minutes: servers killed, stopped and cut off, answers lost, requests sent twice; needs etcd
fleet mirrors=`mktemp -d`:
    MUZZLE_FLEET_MIRRORS={{ mirrors }} cargo test --release --test fleet --locked -- --ignored --nocapture --test-threads 1
    MUZZLE_FLEET_MIRRORS={{ mirrors }} cargo test --release --test second_reader --locked -- --ignored mirrors
    rm -r {{ mirrors }}

# The three programs, onto the path
install:
    cargo install --locked --path .
    cargo install --locked --path hook

# The archive of a release, in target/dist/
archive:
    packaging/archive
