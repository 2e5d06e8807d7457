//! `remote join`: make the store a member of a fleet.

use std::fmt;
use std::path::PathBuf;

use clap::Args;
use muzzle_persona::fleet::RemoteConfig;
use muzzle_persona::wording::Count;
use muzzle_persona::{Joined, Store};
use serde::Serialize;

use super::{Context, Failure, Fleet, ShownPath, line};

/// What is so wherever a join was cut short.
const AGAIN: &str = "this store works without it, and the same command finishes what was begun";

/// Make this store a member of a fleet
///
/// What the log here has and the fleet's has not is published, as a branch is merged; a
/// store that was never used publishes nothing to a fleet that has a roster. Then the log
/// becomes a copy of the fleet's, and where it was another one its files are kept in
/// `quarantine/`. Whatever cuts it short, the store works, and the same command finishes it.
/// A password is read from a file that nobody else may read, each time it is needed.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  muzzle-persona remote join http://127.0.0.1:2379 --roster team
  muzzle-persona remote join https://etcd1,https://etcd2 --roster team --tls-ca ca.pem
  muzzle-persona remote join https://etcd1 --roster team --user ann --password-file pw")]
pub struct JoinArgs {
    /// Where etcd's members listen, as `https://host:2379`, with commas between them
    #[arg(value_name = "URL", required = true, value_delimiter = ',')]
    endpoints: Vec<String>,
    /// The roster to share
    #[arg(long, value_name = "NAME")]
    roster: String,
    /// What the keys of all rosters begin with [default: /muzzle-persona]
    #[arg(long, value_name = "PREFIX")]
    prefix: Option<String>,
    /// Log in as this user
    #[arg(long, value_name = "USER", requires = "password_file")]
    user: Option<String>,
    /// The file with the user's password
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// The certificates of the authorities that vouch for the servers
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// The certificate of this machine, where the servers ask for one
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The private key of that certificate
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Let the texts of all members reach prompts here, without `allow`
    #[arg(long)]
    trust: bool,
}

pub fn run(args: JoinArgs, context: &mut Context) -> Result<JoinReport, Failure> {
    let mut config = RemoteConfig::new(args.endpoints, args.roster);
    config.prefix = args.prefix.unwrap_or(config.prefix);
    (config.user, config.password_file) = (args.user, args.password_file);
    (config.tls_ca, config.tls_cert, config.tls_key) = (args.tls_ca, args.tls_cert, args.tls_key);
    config.trust = args.trust;
    let mut rng = context.rng();
    let joined = Store::join_fleet(&context.options, &config, &mut rng)
        .map_err(|error| Failure::from(error).unfinished(AGAIN))?;
    let Joined { published, fetched, lines, aside, is_made } = joined;
    let (store, kept) = (context.options.dir.as_path().into(), aside.map(Into::into));
    Ok(JoinReport { store, made: is_made, published, fetched, lines, kept, fleet: config.into() })
}

#[derive(Debug, Serialize)]
pub struct JoinReport {
    store: ShownPath,
    /// Whether there was none before.
    made: bool,
    /// How many events the fleet did not have.
    published: u64,
    /// How many events the store did not have.
    fetched: u64,
    /// How many lines the log has now.
    lines: u64,
    /// Where the files of the log are kept as they were; null if they are in use.
    kept: Option<ShownPath>,
    #[serde(flatten)]
    fleet: Fleet,
}

impl fmt::Display for JoinReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { store, made, published, fetched, lines, kept, fleet } = self;
        let is_new = if *made { "new " } else { "" };
        line(f, format!("The {is_new}store in `{store}` shares {fleet}."))?;
        let (published, fetched) = (Count(*published, "event"), Count(*fetched, "event"));
        let lines = Count(*lines, "line");
        line(f, format!("{published} published, {fetched} fetched; the log has {lines}."))?;
        if let Some(kept) = kept {
            line(f, format!("The log as it was is kept in `{kept}`."))?;
        }
        if fleet.trust {
            return line(f, "The texts of all members may reach prompts here.");
        }
        line(f, "Texts of other members wait for `muzzle-persona allow`.")
    }
}
