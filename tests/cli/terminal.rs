//! A terminal for the real binary.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::Command;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

/// Runs a command on a terminal of so many columns and rows, and returns all that was shown there.
#[track_caller]
pub fn on_screen(mut command: Command, columns: u16, rows: u16) -> String {
    command.env("TERM", "xterm");
    let (code, shown) = run(command, "", Some((columns, rows)));
    assert_eq!(code, Some(0), "{shown}");
    shown
}

/// Runs a command on a terminal at which somebody types, and returns its exit code and all that
/// was shown there.
pub fn on_terminal(command: Command, typed: &str) -> (Option<i32>, String) {
    run(command, typed, None)
}

fn run(mut command: Command, typed: &str, size: Option<(u16, u16)>) -> (Option<i32>, String) {
    let (mut user, screen) = open();
    if let Some((ws_col, ws_row)) = size {
        tcsetwinsize(&screen, Winsize { ws_row, ws_col, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    }
    command.stdin(screen.try_clone().unwrap()).stderr(screen.try_clone().unwrap());
    let mut child = command.stdout(screen).spawn().unwrap();
    // The user's end reads to its end once nobody has the other one open.
    drop(command);
    user.write_all(typed.as_bytes()).unwrap();
    let mut shown = Vec::new();
    let mut bytes = [0; 4096];
    while let Ok(read @ 1..) = user.read(&mut bytes) {
        shown.extend_from_slice(&bytes[..read]);
    }
    let shown = String::from_utf8(shown).unwrap().replace("\r\n", "\n");
    (child.wait().unwrap().code(), shown)
}

/// Opens a terminal: the end of who sits before it, and the end of programs.
fn open() -> (File, OwnedFd) {
    let user = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&user).unwrap();
    unlockpt(&user).unwrap();
    let name = ptsname(&user, Vec::new()).unwrap();
    let screen = Path::new(std::ffi::OsStr::from_bytes(name.as_bytes()));
    let screen = File::options().read(true).write(true).open(screen).unwrap();
    // What is typed would be shown at any time.
    let mut modes = tcgetattr(&screen).unwrap();
    modes.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&screen, OptionalActions::Now, &modes).unwrap();
    (user.into(), screen.into())
}
