//! Why a persona was chosen, in one sentence.

use muzzle_persona::broker::{Account, Grounds, TieBreak};

/// Says why, in one sentence.
pub fn explain(account: &Account) -> String {
    let of = account.ranking.candidates.len();
    match (account.grounds, place(account)) {
        (Some(Grounds::BestFree), _) if of == 1 => "It was the only one that was free.".to_owned(),
        (Some(Grounds::BestFree), _) => {
            format!("It was the best of the {of} that were free{}.", tie(account))
        }
        (Some(Grounds::Kept | Grounds::Reused), _) => {
            "The agent had it in this slot already, in another role, and kept it.".to_owned()
        }
        (Some(Grounds::Summoned), Some(place)) => {
            format!("It was asked for by name; by its score it was {place}.")
        }
        (Some(Grounds::Summoned), None) => {
            "It was asked for by name, and was not free before.".to_owned()
        }
        (Some(Grounds::BroughtBack), Some(place)) => {
            format!("Nobody was free, so it was brought back: it was {place}{}.", tie(account))
        }
        (Some(Grounds::BroughtBack), None) => {
            "Nobody was free, so it was brought back.".to_owned()
        }
        (Some(Grounds::Grown), _) => {
            "Nobody was free or could be brought back, so it was grown.".to_owned()
        }
        (None, Some(place)) => {
            let summoned = "it was asked for by name, or ";
            let summoned = if account.may_be_summoned { summoned } else { "" };
            format!(
                "The log does not tell: by today's rules it was {place}, so {summoned}other rules were in force."
            )
        }
        (None, None) => {
            "The log does not tell: in its order of events the persona was not free, as can be after a merge.".to_owned()
        }
    }
}

/// What decided, if the score did not.
fn tie(account: &Account) -> &'static str {
    match account.ranking.tie_break.filter(|_| account.rank == Some(1)) {
        None => "",
        Some(TieBreak::OwnInstruction) => {
            "; of equal scores, the one with its own instruction for the role"
        }
        Some(TieBreak::LongestAgo) => {
            "; of equal scores, the one that was lent longest ago, or never"
        }
        Some(TieBreak::CreatedEarlier) => "; of equal scores, the one that was created first",
    }
}

/// Where it stood among whom.
fn place(account: &Account) -> Option<String> {
    let of = account.ranking.candidates.len();
    let whom = if account.ranking.is_of_free { "free" } else { "archived for inactivity" };
    account.rank.map(|rank| format!("number {rank} of the {of} that were {whom}"))
}
