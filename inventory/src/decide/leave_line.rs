use crate::{Answer, Change, Inventory, LineChange, TimeUs, UserId};

use super::Decision;

pub(super) fn decide(inventory: &Inventory, now: TimeUs, user: UserId, round: u32, number: Option<u32>) -> Decision {
    let line = inventory.line_of(round)?;
    let session = line.sessions.live(now, user).is_some();
    let place = number.and_then(|number| line.given_up(now, number));
    Ok(Change::Line(LineChange::Left { user, session, place }))
}

impl Inventory {
    /// Whether there is nothing to leave.
    pub(crate) fn has_left(&self, now: TimeUs, user: UserId, round: u32, number: Option<u32>) -> bool {
        self.line.as_deref().is_none_or(|line| {
            !line.settings.active
                || (line.round == round
                    && line.sessions.live(now, user).is_none()
                    && number.is_none_or(|number| line.given_up(now, number).is_none()))
        })
    }

    /// What starting a session answers a shopper who is inside, again. `None`: he is not.
    pub fn session_answer(&self, now: TimeUs, user: UserId) -> Option<Answer> {
        let line = self.line.as_deref().filter(|line| line.settings.active)?;
        let session = line.sessions.live(now, user)?;
        Some(Answer::SessionStarted { serial: session.serial, started_at: session.started_at, until: session.until })
    }
}
