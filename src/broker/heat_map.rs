//! How well each persona fits each role, side by side, and where that is not known yet.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Role, Roles, Rules, Score, rank};
use crate::events::{PersonaName, RoleName};
use crate::projection::{Persona, Roster};

/// The scores of personas by role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeatMap {
    /// The columns: first the roles of the rules, in their order, then others, by name.
    pub roles: Vec<RoleName>,
    /// How many roles more there are.
    pub roles_left_out: usize,
    /// The rows, the best first: by the best score of each, then by name.
    pub rows: Vec<HeatRow>,
}

/// One persona.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeatRow {
    /// Whose scores these are.
    pub persona: PersonaName,
    /// For each role a score, if the persona has a record in it.
    pub cells: Vec<Option<HeatCell>>,
}

/// One persona in one role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeatCell {
    /// How well it fits.
    pub score: Score,
    /// Whether it is told apart from the best of all others in that role.
    pub told_apart: bool,
}

impl HeatMap {
    /// The most columns: a log can name any number of roles.
    const MOST_ROLES: usize = 24;

    /// Scores the personas for the roles in which they have a record and that `is_wanted` takes.
    ///
    /// A persona without such a role has no row. All personas have to be loaded.
    #[must_use]
    pub fn of(
        roster: &Roster,
        rules: &Rules,
        now: Timestamp,
        is_wanted: impl Fn(&Persona, &RoleName) -> bool,
    ) -> Self {
        let personas = roster.by_name();
        let has = |persona: &Persona, role: &RoleName| {
            persona.roles.contains_key(role) && is_wanted(persona, role)
        };
        let names = personas.iter().flat_map(|it| it.roles.keys().filter(|role| has(it, role)));
        let names: BTreeSet<_> = names.collect();
        let known = rules.roles.all().iter().filter(|role| names.contains(&role.name)).cloned();
        let is_known = |name: &RoleName| rules.roles.all().iter().any(|role| role.name == *name);
        // A role that is none any more asks for no expertise.
        let no_role = |name: &RoleName| Role {
            name: name.clone(),
            expertise: Vec::new(),
            ..rules.roles.resolve(Roles::GENERAL).clone()
        };
        let others = names.iter().filter(|name| !is_known(name)).map(|name| no_role(name));
        let columns: Vec<_> = known.chain(others).take(Self::MOST_ROLES).collect();
        let mut rows: Vec<_> = personas
            .iter()
            .map(|it| HeatRow { persona: it.name().clone(), cells: vec![None; columns.len()] })
            .collect();
        for (column, role) in columns.iter().enumerate() {
            let candidates = roster.candidates_for(&role.name, &role.expertise);
            let ranking = rank(candidates, role, &rules.scoring, now);
            for (place, (it, score)) in ranking.iter().enumerate() {
                let Ok(row) = personas.binary_search_by(|of| of.name().cmp(it.name)) else {
                    continue;
                };
                if !personas.get(row).is_some_and(|persona| has(persona, &role.name)) {
                    continue;
                }
                let other = ranking.get(usize::from(place == 0));
                let told_apart = other.is_none_or(|(_, other)| score.is_told_apart_from(other));
                let cell = rows.get_mut(row).and_then(|row| row.cells.get_mut(column));
                if let Some(cell) = cell {
                    *cell = Some(HeatCell { score: *score, told_apart });
                }
            }
        }
        rows.retain(|row| row.cells.iter().any(Option::is_some));
        let best = |row: &HeatRow| row.cells.iter().flatten().map(|it| it.score.total).max();
        rows.sort_by_cached_key(|row| Reverse(best(row)));
        let roles_left_out = names.len() - columns.len();
        let columns = columns.into_iter().map(|role| role.name);
        Self { roles: columns.collect(), roles_left_out, rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::testing::World;
    use crate::events::Sentiment;

    /// The map, a line for each persona: `=` where it is not told apart.
    fn lines(
        world: &World,
        is_wanted: impl Fn(&Persona, &RoleName) -> bool,
    ) -> (String, Vec<String>) {
        let map = HeatMap::of(&world.roster, &world.rules, world.now, is_wanted);
        let roles: Vec<_> = map.roles.iter().map(RoleName::as_str).collect();
        let rows = map.rows.iter().map(|row| {
            let cells = row.cells.iter().map(|cell| match cell {
                Some(HeatCell { score, told_apart }) => {
                    let sign = if *told_apart { "" } else { "=" };
                    format!("{sign}{:.3}", score.total.as_f64())
                }
                None => "-".to_owned(),
            });
            format!("{}: {}", row.persona, cells.collect::<Vec<_>>().join(" "))
        });
        (roles.join(" "), rows.collect())
    }

    fn judged(world: &mut World, persona: &str, role: &str, times: usize, sentiment: Sentiment) {
        (0..times).for_each(|_| _ = world.judged(persona, role, sentiment));
    }

    #[test]
    fn those_with_a_record_are_scored_and_the_best_come_first() {
        let mut world = World::of(&["Ann", "Bo", "Cy", "Di"]);
        world.worked("Ann", "testing").worked("Cy", "stargazing").worked("Cy", "testing");
        judged(&mut world, "Bo", "testing", 40, Sentiment::Positive);
        judged(&mut world, "Cy", "testing", 40, Sentiment::Negative);
        let (roles, rows) = lines(&world, |_, _| true);
        assert_eq!(roles, "testing stargazing");
        // Bo is better than everybody, and Ann is no better than whoever did nothing.
        assert_eq!(rows, ["Bo: 0.908 -", "Cy: 0.076 =0.552", "Ann: 0.452 -"]);
        let (roles, rows) = lines(&world, |it, _| it.name().as_str() == "Ann");
        assert_eq!((roles.as_str(), rows), ("testing", vec!["Ann: 0.452".to_owned()]));
    }

    #[test]
    fn a_cell_is_told_apart_from_the_best_of_the_others() {
        let mut world = World::of(&["Ann", "Bo"]);
        world.worked("Ann", "general").worked("Bo", "general");
        assert_eq!(lines(&world, |_, _| true).1, ["Ann: =0.552", "Bo: =0.552"]);
        judged(&mut world, "Bo", "general", 40, Sentiment::Positive);
        assert_eq!(lines(&world, |_, _| true).1, ["Bo: 0.925", "Ann: 0.552"]);
    }

    #[test]
    fn a_log_with_any_number_of_roles_has_a_map() {
        let mut world = World::of(&["Ann"]);
        for role in 0..30 {
            world.worked("Ann", &format!("role-{role}"));
        }
        let map = HeatMap::of(&world.roster, &world.rules, world.now, |_, _| true);
        assert_eq!((map.roles.len(), map.roles_left_out), (HeatMap::MOST_ROLES, 6));
        assert_eq!(map.rows[0].cells.len(), HeatMap::MOST_ROLES);
    }
}
