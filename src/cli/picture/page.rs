//! `page`: the record of a store as one file of HTML.

use std::fmt;
use std::path::PathBuf;

use askama::Template as _;
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::page_file::{self, open};
use super::view::PageView;
use super::{Picture, PictureArgs, Size};
use crate::cli::{Context, Failure, ShownPath};

/// Write a page of HTML: who is held, who fits what, who did what
///
/// One file without scripts or addresses, for a browser, a phone or a printer. A page that was written
/// before is replaced; any other file is left alone. Like the store, only you can read it.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona page --open
  muzzle-persona page -p acme-api --since 2026-03-01 --out acme.html")]
pub struct PageArgs {
    #[command(flatten)]
    picture: PictureArgs,
    /// Where to write it; `-` is the standard output
    #[arg(long, value_name = "FILE", default_value = "muzzle-persona.html")]
    out: PathBuf,
    /// Show it in the browser
    #[arg(long)]
    open: bool,
}

/// The page itself, or what is told of its file.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum PageAnswer {
    Page(String),
    File(PageReport),
}

impl fmt::Display for PageAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Page(page) => f.write_str(page),
            Self::File(report) => writeln!(f, "Wrote `{}`.", report.file),
        }
    }
}

pub fn run(args: &PageArgs, context: &mut Context, json: bool) -> Result<PageAnswer, Failure> {
    let is_stdout = args.out.as_os_str() == "-";
    if is_stdout && (json || args.open) {
        let flag = if json { "--json" } else { "--open" };
        let message =
            format!("`--out -` writes the page itself, and there is no `{flag}` for that");
        return Err(Failure::usage(message, "name a file, as in `--out page.html`"));
    }
    if !is_stdout {
        // Before the log is read, which may take a while.
        page_file::check(&args.out)?;
    }
    let size = || Size { columns: PageView::COLUMNS, jobs: PageView::JOBS };
    let picture = Picture::gather(&args.picture, context, size)?;
    let page = PageView::of(&picture).map_err(Failure::bug)?.render().map_err(Failure::bug)?;
    if is_stdout {
        return Ok(PageAnswer::Page(page));
    }
    let path = page_file::write(&args.out, page.as_bytes())?;
    if args.open {
        context.warn(open(&path).err());
    }
    let (bytes, personas, events) = (page.len(), picture.personas.len(), picture.events);
    Ok(PageAnswer::File(PageReport { file: path.into(), bytes, at: picture.now, personas, events }))
}

#[derive(Debug, Serialize)]
pub struct PageReport {
    file: ShownPath,
    bytes: usize,
    at: Timestamp,
    personas: usize,
    events: u64,
}
