//! A process that does nothing, or, with a file named, appends a line to it and syncs: what starting
//! and ending a process costs here, and the least that one costs which makes a line durable.

use std::fs::File;
use std::io::{self, Write as _};

fn main() -> io::Result<()> {
    let Some(path) = std::env::args_os().nth(1) else {
        return Ok(());
    };
    let mut file = File::options().append(true).create(true).open(path)?;
    file.write_all(&[b'x'; 300])?;
    file.sync_data()
}
