//! Turns the built-in roles and numbers from TOML into constants.
//!
//! A hook needs them before every agent; to parse them took longer than all
//! the rest of its work.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use toml::{Table, Value};

const SOURCE: &str = "seed/roles.toml";

#[expect(clippy::disallowed_methods, reason = "a build script is its own room")]
fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={SOURCE}");
    let seed: Table = fs::read_to_string(SOURCE)?.parse()?;
    let mut constants = String::new();
    for (table, kind) in [("scoring", "f64"), ("lifecycle", "u32")] {
        for (name, value) in seed.get(table).and_then(Value::as_table).into_iter().flatten() {
            let number = match value {
                Value::Float(number) => format!("{number:?}"),
                Value::Integer(number) => number.to_string(),
                _ => return Err(format!("`{name}` is no number").into()),
            };
            writeln!(constants, "pub const {}: {kind} = {number};", name.to_uppercase())?;
        }
    }
    writeln!(constants, "pub static ROLES: &[BuiltInRole] = &[")?;
    for role in seed.get("role").and_then(Value::as_array).into_iter().flatten() {
        writeln!(constants, "BuiltInRole {{")?;
        for field in ["name", "instruction"] {
            let text = role.get(field).and_then(Value::as_str).ok_or(field)?;
            writeln!(constants, "{field}: {text:?},")?;
        }
        for field in ["expertise", "aliases", "keywords"] {
            let words = role.get(field).and_then(Value::as_array).cloned().unwrap_or_default();
            let words: Vec<_> = words.iter().filter_map(Value::as_str).collect();
            writeln!(constants, "{field}: &{words:?},")?;
        }
        writeln!(constants, "}},")?;
    }
    writeln!(constants, "];")?;
    let out = env::var_os("OUT_DIR").ok_or("no OUT_DIR")?;
    fs::write(Path::new(&out).join("roles.rs"), constants)?;
    Ok(())
}
