//! `doctor`.
use super::{Context, failure::Failure, output::Report};
use clap::Args;
#[derive(Debug, Args)]
pub struct DoctorArgs;
#[derive(serde::Serialize)]
pub struct R;
impl Report for R {}
impl std::fmt::Display for R {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}
pub fn run(_: &DoctorArgs, c: &mut Context) -> Result<R, Failure> {
    let _ = &c.variables;
    Ok(R)
}
