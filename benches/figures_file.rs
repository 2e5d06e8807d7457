//! Where the figures of a run are kept.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use serde::Serialize;

/// Writes figures as JSON to a file in `target/bench/`, and says so.
pub fn save(figures: &impl Serialize, name: &str) -> io::Result<()> {
    // Cargo marks its target directory; what it builds for a named target lies deeper in it.
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let marked = scratch.ancestors().filter(|dir| dir.join("CACHEDIR.TAG").is_file());
    let target = marked.last().unwrap_or(scratch);
    let dir = target.join("bench");
    std::fs::create_dir_all(&dir)?;
    let path = dir.join(name);
    let mut json = serde_json::to_vec_pretty(figures)?;
    json.push(b'\n');
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).open(&path)?.write_all(&json)?;
    writeln!(io::stdout(), "\nAll figures are in `{}`.", path.display())
}
