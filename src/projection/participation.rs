//! A part that a persona took in some work, and what that work is known by.

use std::num::ParseIntError;

use serde::{Deserialize, Serialize};

use super::Lease;
use super::buckets::{Kept, Key, Part};
use crate::events::{Assign, EventId, ProjectName, RoleName, SessionId, WorkName};

/// What is worked on: by a session on a project and, where it is known, on a branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkScope {
    /// The session.
    pub session: SessionId,
    /// The project.
    pub project: ProjectName,
    /// What is worked on there.
    pub work: Option<WorkName>,
}

/// Which part of a [`WorkScope`] two slots have in common, besides the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PartIn {
    /// The work.
    Work,
    /// The session only.
    Session,
}

impl WorkScope {
    /// What an assignment is for.
    #[must_use]
    pub fn of(assign: &Assign) -> Self {
        let Assign { session, project, work, .. } = assign;
        Self { session: session.clone(), project: project.clone(), work: work.clone() }
    }

    /// What a slot of this has in common with an open one.
    pub(crate) fn shares(&self, lease: &Lease) -> Option<PartIn> {
        if lease.project != self.project {
            return None;
        }
        let same_work = self.work.is_some() && lease.work == self.work;
        let same_session = (lease.session == self.session).then_some(PartIn::Session);
        if same_work { Some(PartIn::Work) } else { same_session }
    }

    /// The keys of those who took part in it.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (PartIn, ParticipationKey)> {
        let Self { session, project, work } = self;
        let of_session = ParticipationKey::of(b's', project, session.as_str());
        let of_work = work.as_ref().map(|work| ParticipationKey::of(b'w', project, work.as_str()));
        let of_work = of_work.map(|key| (PartIn::Work, key));
        of_work.into_iter().chain([(PartIn::Session, of_session)])
    }
}

/// A slot that a persona held. While one is open, it is among the persona's leases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Participation {
    /// The persona's position in the roster.
    pub(crate) persona: u32,
    pub(crate) role: RoleName,
    /// When the last such slot was given back, in whole seconds since 1970.
    pub(crate) until: i64,
}

/// A project and one of its sessions, or one of its works: the first 64 bits of a digest. Should two
/// be the same by chance, some persona is passed over that need not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(crate) struct ParticipationKey(u64);

impl ParticipationKey {
    /// The length of the project is taken with it, so that no two pairs look alike. Most pairs are
    /// no longer than a block of the digest, because a log has as many as assignments.
    fn of(kind: u8, project: &ProjectName, name: &str) -> Self {
        let project = project.as_str();
        let mut bytes = Vec::with_capacity(64);
        bytes.push(kind);
        bytes.extend((project.len() as u64).to_le_bytes());
        bytes.extend(project.as_bytes());
        bytes.extend(name.as_bytes());
        Self(EventId::of(&bytes).first_bits())
    }
}

impl From<ParticipationKey> for String {
    fn from(key: ParticipationKey) -> Self {
        format!("{:016x}", key.0)
    }
}

impl TryFrom<String> for ParticipationKey {
    type Error = ParseIntError;

    fn try_from(digits: String) -> Result<Self, ParseIntError> {
        u64::from_str_radix(&digits, 16).map(Self)
    }
}

impl Key for ParticipationKey {
    fn first_bits(self) -> u64 {
        self.0
    }

    fn digits(self) -> impl AsRef<[u8]> {
        String::from(self)
    }
}

/// How a checkpoint keeps them.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredParticipations {
    /// Some that ended before this second are left out.
    pub complete_since: i64,
    pub parts: Vec<Part>,
}

impl Kept for Participation {
    type Key = ParticipationKey;
    type Row<'a> = (u32, RoleName, i64);
    // Whoever asks for a review waits for one or two of them.
    const BUCKET_KEYS: u64 = 2;

    fn row(&self) -> Self::Row<'_> {
        (self.persona, self.role.clone(), self.until)
    }

    fn of_row((persona, role, until): Self::Row<'_>) -> Option<Self> {
        Some(Self { persona, role, until })
    }
}
