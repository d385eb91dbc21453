//! Where an account stands in line. Answered from the durable line alone, until it is the account's turn: then the event
//! is asked, and lets it in.

use engine::{Caller, EventHandle, SubmitError};
use inventory::{Answer, Entry, LineView, Rejection};
use wire::{Place, PlaceState, WaitingRoom};

use crate::error::{ApiError, Busy};
use crate::event_access;
use crate::line::reading::eta_s;
use crate::line::tokens::{Pass, PlaceTicket, PriorityPass};
use crate::state::AppState;
use crate::time;

/// Who asks about which event's room.
pub struct Asker<'a> {
    pub state: &'a AppState,
    pub handle: &'a EventHandle,
    /// Without an idempotency key: what is asked for may be asked again, and the answer is the one of that time.
    pub caller: Caller,
}

impl Asker<'_> {
    fn room(&self, line: &LineView) -> WaitingRoom {
        self.state.keepers.show(self.handle.event(), line, self.state.now())
    }

    fn bare(&self, state: PlaceState, line: &LineView) -> Place {
        Place {
            state,
            place_ticket: None,
            number: None,
            rank: None,
            position: None,
            eta_s: None,
            pass: None,
            session_until: None,
            room: self.room(line),
        }
    }

    pub fn not_needed(&self) -> Place {
        self.bare(PlaceState::NotNeeded, &self.handle.line())
    }

    fn standing(&self, state: PlaceState, line: &LineView, at: PlaceTicket) -> Place {
        Place {
            place_ticket: Some(self.state.line_tokens.place_ticket(self.handle.event(), &at)),
            number: Some(at.number),
            rank: line.rank(at.number),
            ..self.bare(state, line)
        }
    }

    fn waiting(&self, line: &LineView, at: PlaceTicket) -> Place {
        let place = self.standing(PlaceState::Waiting, line, at);
        let position = place.rank.map(|rank| rank.saturating_sub(line.called));
        let eta_s = position.and_then(|position| eta_s(position, place.room.rate_per_minute));
        Place { position, eta_s, ..place }
    }

    /// Before the opening. Whoever came after the pre-queue was closed waits behind all who take part in the shuffle.
    fn before_opening(&self, line: &LineView, at: PlaceTicket) -> Place {
        let is_late = line.closed.is_some_and(|closed| at.number >= closed.shuffled);
        self.standing(if is_late { PlaceState::Waiting } else { PlaceState::PreQueue }, line, at)
    }

    /// Lets the account in if it is its turn.
    ///
    /// # Errors
    /// The event is not available, the outcome is unknown, or another line has begun: then the place is nobody's.
    pub async fn place(&self, at: PlaceTicket) -> Result<Place, ApiError> {
        let line = self.handle.line();
        if !line.is_active {
            return Ok(self.not_needed());
        }
        if at.round != line.round {
            return Err(ApiError::Busy(Busy::Line));
        }
        match line.rank(at.number) {
            None => Ok(self.before_opening(&line, at)),
            Some(rank) if rank >= line.called => Ok(self.waiting(&line, at)),
            Some(_) => self.claim(at).await,
        }
    }

    async fn claim(&self, at: PlaceTicket) -> Result<Place, ApiError> {
        let PlaceTicket { user: _, round, number } = at;
        let started = self.handle.start_session(self.caller, Entry::Place { round, number }).await;
        let line = self.handle.line();
        match started {
            Ok(started) => {
                let place = self.standing(PlaceState::Admitted, &line, at);
                self.admitted(Place { position: Some(0), eta_s: Some(0), ..place }, &started.answer)
            }
            Err(SubmitError::Rejected(Rejection::PlaceLapsed)) => Ok(self.standing(PlaceState::Lapsed, &line, at)),
            Err(SubmitError::Rejected(Rejection::RoomOff)) => Ok(self.not_needed()),
            Err(SubmitError::Rejected(Rejection::LineBeganAnew)) => Err(ApiError::Busy(Busy::Line)),
            Err(SubmitError::Rejected(Rejection::PlaceNotCalled { .. })) => Ok(self.waiting(&line, at)),
            Err(SubmitError::Rejected(Rejection::LineNotOpen)) => Ok(self.before_opening(&line, at)),
            Err(error) => Err(error.into()),
        }
    }

    /// # Errors
    /// The pass has expired or is used up; the event is not available, or the outcome is unknown.
    pub async fn enter(&self, pass: PriorityPass) -> Result<Place, ApiError> {
        let entry = Entry::Priority { pass: pass.id, uses_max: pass.uses, until: pass.until };
        match self.handle.start_session(self.caller, entry).await {
            Ok(started) => self.admitted(self.bare(PlaceState::Admitted, &self.handle.line()), &started.answer),
            Err(SubmitError::Rejected(Rejection::RoomOff)) => Ok(self.not_needed()),
            Err(error) => Err(error.into()),
        }
    }

    /// Of somebody without a place: he may have come by a priority pass. `None`: he is not inside.
    ///
    /// # Errors
    /// The event is not available.
    pub async fn inside(&self) -> Result<Option<Place>, ApiError> {
        let session = self.handle.session(self.state.now(), self.caller.user).await?;
        let line = self.handle.line();
        session.map(|session| self.admitted(self.bare(PlaceState::Admitted, &line), &session)).transpose()
    }

    /// # Errors
    /// The event was cancelled: nobody need wait.
    pub fn must_take_place(&self) -> Result<(), ApiError> {
        let line = self.handle.line();
        if line.settings.active && !line.is_active { Err(Rejection::EventCancelled.into()) } else { Ok(()) }
    }

    fn admitted(&self, place: Place, started: &Answer) -> Result<Place, ApiError> {
        let Answer::SessionStarted { serial, started_at, until } = *started else {
            return Err(event_access::unexpected("a session", started));
        };
        let pass = Pass { serial, started: started_at };
        let text = self.state.line_tokens.pass(self.handle.event(), self.caller.user, &pass);
        Ok(Place { pass: Some(text), session_until: Some(time::utc(until)), ..place })
    }
}
