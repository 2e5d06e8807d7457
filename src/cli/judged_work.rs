//! The work that a judgement is of, where it is named by its session or is the last one.

use muzzle_persona::broker::{self, JudgedWork};
use muzzle_persona::events::{
    Assign, AssignedSlot, Event, PersonaName, ProjectName, SessionId, Slot,
};
use muzzle_persona::projection::Needs;
use muzzle_persona::wording::quoted;

use super::{Context, Failure};

const HINT: &str = "`muzzle-persona log --type assign` shows who was lent whom";

/// Which work is meant.
pub struct Wanted {
    /// Whose, as typed; else whoever was lent last.
    pub name: Option<String>,
    /// How its session begins.
    pub session: Option<SessionId>,
    /// In which slot of it, if just the run there is judged.
    pub slot: Option<Slot>,
    /// On which project, if that is said.
    pub project: Option<ProjectName>,
    /// In which role, if that is said.
    pub role: Option<muzzle_persona::events::RoleName>,
}

/// Finds the last assignment that fits: its persona, and the work that it was lent for.
pub fn find(wanted: &Wanted, context: &mut Context) -> Result<(PersonaName, JudgedWork), Failure> {
    let mut snapshot = context.present()?;
    let name = wanted.name.as_deref();
    let name = name
        .map(|typed| {
            snapshot.look(&Needs::nothing(), |it| Ok(broker::find(it.roster(), typed)?.clone()))
        })
        .transpose()?;
    let role = wanted.role.as_ref().map(|role| {
        snapshot.look(&Needs::nothing(), |it| Ok(it.rules().roles.known(role)?.name.clone()))
    });
    let role = role.transpose()?;
    let mut texts = vec!["assign"];
    texts.extend(name.as_ref().map(PersonaName::as_str));
    texts.extend(wanted.project.as_ref().map(ProjectName::as_str));
    let (mut last, mut sessions) = (None, Vec::new());
    snapshot.visit(&texts, |record| {
        let Event::Assign(assign) = &record.event else { return };
        let begins = |typed: &SessionId| assign.session.as_str().starts_with(typed.as_str());
        let is_elsewhere =
            wanted.project.as_ref().is_some_and(|project| assign.project != *project);
        if is_elsewhere || !wanted.session.as_ref().is_none_or(begins) {
            return;
        }
        let fits = |slot: &&AssignedSlot| {
            name.as_ref().is_none_or(|name| slot.persona == *name)
                && wanted.slot.as_ref().is_none_or(|wanted| slot.slot == *wanted)
                && role.as_ref().is_none_or(|role| slot.role == *role)
        };
        let slots: Vec<_> = assign.slots.iter().filter(fits).cloned().collect();
        if slots.is_empty() {
            return;
        }
        if !sessions.contains(&assign.session) {
            sessions.push(assign.session.clone());
        }
        let is_exact = wanted.session.as_ref() == Some(&assign.session);
        let is_hidden = last.as_ref().is_some_and(|(_, _, exact)| *exact && !is_exact);
        if !is_hidden {
            last = Some((assign.clone(), slots, is_exact));
        }
    })?;
    let Some((Assign { session, project, .. }, slots, is_exact)) = last else {
        return Err(Failure::not_found(nobody(wanted, name.as_ref()), HINT));
    };
    if let Some(typed) = wanted.session.as_ref().filter(|_| !is_exact && sessions.len() > 1) {
        return Err(Failure::ambiguous_session(typed, &sessions));
    }
    let mut personas: Vec<_> = slots.iter().map(|slot| slot.persona.clone()).collect();
    personas.dedup();
    let ([persona], Some(slot)) = (personas.as_slice(), slots.last()) else {
        let message = format!("the last assignment there is of {}", quoted(&personas));
        return Err(Failure::not_found(message, "name one of them in place of `--last`"));
    };
    let role = slot.role.clone();
    Ok((persona.clone(), JudgedWork { role, project, session, slot: wanted.slot.clone() }))
}

fn nobody(wanted: &Wanted, name: Option<&PersonaName>) -> String {
    let who = name.map_or("nobody was".to_owned(), |name| format!("`{name}` was not"));
    let role = wanted.role.as_ref().map(|role| format!(" as `{role}`")).unwrap_or_default();
    let on = wanted.project.as_ref().map(|project| format!(" on `{project}`")).unwrap_or_default();
    let session = wanted.session.as_ref().map(|typed| format!(" in a session `{typed}`"));
    let slot = wanted.slot.as_ref().map(|slot| format!(" to `{slot}`")).unwrap_or_default();
    format!("{who} lent{slot}{role}{on}{}", session.unwrap_or_default())
}
