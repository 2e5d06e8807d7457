//! Claude Code's files, as far as hooks are registered in them.
//!
//! There are two ways to register, a [`Plugin`](Via::Plugin) folder of our own
//! and an entry in a settings file that is somebody else's, and three scopes.
//! [`place`] knows where they are, [`registration`] what is registered and which
//! handlers are ours, [`settings`] and [`plugin`] how to put it there and take it
//! away. Both answer with a [`Plan`](change::Plan): the bytes of each file before
//! and after, to be shown or carried out.
//!
//! A settings file is never written anew: [`document`] finds where its values
//! lie, and [`splice`] changes the text between them, in the [`style`] of what is
//! there, so that every other byte stays. A file that cannot be understood is left alone, for a [`reason`].
//!
//! `docs/claude-code.md` describes the files. Only `install`, `uninstall` and
//! `doctor` come in here.

pub mod change;
pub mod document;
pub mod place;
pub mod plugin;
pub mod reason;
pub mod registration;
pub mod settings;
mod settings_file;
mod splice;
mod style;

pub use self::place::{ClaudeCode, Place, Scope, Via};
pub use self::reason::Reason;
pub use self::registration::{Inject, Registration};
