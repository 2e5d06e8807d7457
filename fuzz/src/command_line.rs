//! Command lines.

use std::ffi::OsString;

use clap::Parser;

/// A command line, an argument a line, is taken or refused as a usage error: with 0 or 2.
pub fn check<C: Parser>(bytes: &[u8]) {
    let args = bytes.split(|byte| *byte == b'\n').map(argument);
    let args = std::iter::once("muzzle-persona".into()).chain(args);
    if let Err(error) = C::try_parse_from(args) {
        assert!([0, 2].contains(&error.exit_code()), "{error}");
        assert!(!error.to_string().is_empty());
    }
}

/// An argument is bytes, where the system has it so.
#[cfg(unix)]
fn argument(bytes: &[u8]) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec())
}

#[cfg(not(unix))]
fn argument(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}
