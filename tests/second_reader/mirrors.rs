//! What fleets left after they were tried at length.

use std::fs;
use std::path::Path;

use crate::agreement::agreed;
use crate::harness::Home;

#[expect(clippy::disallowed_methods, reason = "whoever runs it names them")]
#[ignore = "it reads what the fleet's tests left: `just fleet` runs both"]
#[test]
fn both_read_the_mirrors_of_a_fleet_alike() {
    let dir = std::env::var_os("MUZZLE_FLEET_MIRRORS").expect("MUZZLE_FLEET_MIRRORS names them");
    let mut mirrors: Vec<_> =
        fs::read_dir(Path::new(&dir)).unwrap().map(|entry| entry.unwrap().path()).collect();
    mirrors.sort();
    assert!(!mirrors.is_empty(), "no test left a mirror");
    let mut home = Home::new();
    for mirror in mirrors {
        home.use_store(&mirror);
        agreed(&home, &mirror.display().to_string());
    }
}
