mod box_office;
mod codes;
mod door;
mod shown;
mod waitlist;

pub use shown::Shown;

use std::sync::Arc;

use inventory::{
    AccessCodeSpec, Answer, Availability, CallerKey, CodeView, Command, Entry, EventId, HoldId, HoldView, Inventory,
    Layout, LineView, Lsn, OrderId, OrderView, Origin, PaymentId, PlaceHold, Policy, PolicyPatch, RefundOrder,
    RefundRight, RefundTo, RequestId, RoomSettings, RowStates, ScanTicket, SeatMapSpec, SettlePayment, TicketId,
    TicketView, TierId, TierPatch, TierSpec, TimeUs, UserId, Verb,
};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::actor::{Look, Submit, Watch};
use crate::directory::Directory;
use crate::pending::ViewReply;
use crate::slot::{Slot, Unsent};
use crate::waiter::{Reply, Submitted, Waiter};
use crate::{Pace, Picture, SubmitError, Tap, Unavailable};

/// How callers reach one event. Cheap to clone and good for as long as the server runs: an event that has left memory is
/// brought back by the next command.
///
/// Every method that takes a command answers once the change is durable, within `submit_deadline`, or says why not:
/// see [`SubmitError`]. A refused command had no effect. What the views show is durable too.
#[derive(Clone)]
pub struct EventHandle {
    slot: Arc<Slot>,
    directory: Directory,
}

impl EventHandle {
    pub(crate) const fn new(slot: Arc<Slot>, directory: Directory) -> Self {
        Self { slot, directory }
    }

    pub fn event(&self) -> EventId {
        self.slot.event()
    }

    /// The seat map and tiers as last made durable. Asks nobody.
    pub fn layout(&self) -> Arc<Layout> {
        self.slot.layout()
    }

    /// The waiting line as last made durable. Asks nobody.
    pub fn line(&self) -> Arc<LineView> {
        self.slot.line()
    }

    /// How fast the event answers: what admission is steered by. Asks nobody.
    pub fn pace(&self) -> Pace {
        self.slot.meter().pace()
    }

    /// Messages that wait for their turn at this moment.
    pub fn mailbox_messages(&self) -> usize {
        self.slot.mailbox_messages()
    }

    /// # Errors
    /// See [`SubmitError`]: rejected for good, not now and without effect, or outcome unknown.
    pub async fn submit(&self, command: Command) -> Result<Submitted, SubmitError> {
        let (waiter, reply) = Waiter::new();
        self.submit_for(command, waiter, reply).await
    }

    async fn submit_for(&self, command: Command, waiter: Waiter, reply: oneshot::Receiver<Reply>) -> Outcome {
        let waiter = waiter.timed_by(self.slot.meter().stopwatch());
        if let Some(fresh) = self.tell_or_open(Submit { command, waiter }).await? {
            return fresh.answered(reply).await;
        }
        self.answered(reply).await
    }

    async fn answered(&self, reply: oneshot::Receiver<Reply>) -> Result<Submitted, SubmitError> {
        match timeout(self.directory.config().submit_deadline, reply).await {
            Ok(Ok(Err(SubmitError::Unavailable(Unavailable::Recovering)))) => Err(self.why_not().into()),
            Ok(Ok(reply)) => reply,
            Ok(Err(_)) | Err(_) => Err(SubmitError::OutcomeUnknown),
        }
    }

    /// Says more than "recovering" where more is known.
    fn why_not(&self) -> Unavailable {
        self.slot.state().unavailable().unwrap_or(Unavailable::Recovering)
    }

    /// Sends to the running actor, or wakes the event and gives the handle that leads there now.
    async fn tell_or_open<M: Send + 'static>(&self, message: M) -> Result<Option<Self>, Unavailable>
    where
        crate::actor::EventActor: kameo::message::Message<M>,
    {
        let message = match self.slot.tell(message) {
            Ok(()) => return Ok(None),
            Err(Unsent::No(unavailable)) => return Err(unavailable),
            Err(Unsent::NotRunning(message)) => message,
        };
        let fresh = self.directory.open(self.event()).await?;
        match fresh.slot.tell(message) {
            Ok(()) => Ok(Some(fresh)),
            Err(Unsent::No(unavailable)) => Err(unavailable),
            Err(Unsent::NotRunning(_)) => Err(Unavailable::Recovering),
        }
    }

    /// Reads the state in the actor's turn; the reading arrives once everything in it is durable.
    async fn view<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Inventory) -> T + Send + 'static,
    ) -> Result<T, Unavailable> {
        let (sender, reply) = oneshot::channel();
        let look = Look(Box::new(move |inventory| {
            let view = read(inventory);
            let hand_over = move |result: Result<(), Unavailable>| {
                // A reader that has gone away needs no answer.
                let _ = sender.send(result.map(|()| view));
            };
            Box::new(hand_over) as ViewReply
        }));
        let fresh = self.tell_or_open(look).await?;
        fresh.as_ref().unwrap_or(self).viewed(reply).await
    }

    async fn viewed<T>(&self, reply: oneshot::Receiver<Result<T, Unavailable>>) -> Result<T, Unavailable> {
        match timeout(self.directory.config().submit_deadline, reply).await {
            Ok(Ok(view)) => view,
            // The mailbox was dropped with the message in it.
            Ok(Err(_)) => Err(self.why_not()),
            Err(_) => Err(Unavailable::JournalDown),
        }
    }

    /// # Errors
    /// [`Unavailable`]; a view has no effect.
    pub async fn availability(&self) -> Result<Availability, Unavailable> {
        self.view(Inventory::availability).await
    }

    /// The seats of one section, or of all, row by row.
    ///
    /// # Errors
    /// [`Unavailable`]; a view has no effect.
    pub async fn row_states(&self, section: Option<String>) -> Result<Vec<RowStates>, Unavailable> {
        self.view(move |inventory| inventory.row_states(section.as_deref())).await
    }

    /// [`Self::availability`] and [`Self::row_states`] of the same moment.
    ///
    /// # Errors
    /// [`Unavailable`]; a view has no effect.
    pub async fn seats(&self, section: Option<String>) -> Result<(Availability, Vec<RowStates>), Unavailable> {
        self.view(move |inventory| (inventory.availability(), inventory.row_states(section.as_deref()))).await
    }

    /// Names of the blocks that are withheld from sale.
    ///
    /// # Errors
    /// [`Unavailable`]; a view has no effect.
    pub async fn blocks_withheld(&self) -> Result<Vec<String>, Unavailable> {
        self.view(Inventory::blocks_withheld).await
    }

    /// By ascending digest, behind `after`.
    ///
    /// # Errors
    /// [`Unavailable`]; a view has no effect.
    pub async fn access_codes(&self, after: Option<[u8; 16]>, count: usize) -> Result<Vec<CodeView>, Unavailable> {
        self.view(move |inventory| inventory.access_codes(after, count)).await
    }

    /// # Errors
    /// [`Unavailable`]; a view has no effect.
    pub async fn access_code(&self, digest: [u8; 16]) -> Result<Option<CodeView>, Unavailable> {
        self.view(move |inventory| inventory.access_code(&digest)).await
    }

    /// Tiers that the code opens now.
    ///
    /// # Errors
    /// [`Unavailable`]; a view has no effect.
    pub async fn opened_by(&self, now: TimeUs, code: [u8; 16]) -> Result<Vec<TierId>, Unavailable> {
        self.view(move |inventory| inventory.opened_by(now, &code)).await
    }

    /// `None`: there is no such hold, or it ended long ago.
    ///
    /// # Errors
    /// [`Unavailable`]; a view has no effect.
    pub async fn hold(&self, hold: HoldId) -> Result<Option<HoldView>, Unavailable> {
        self.view(move |inventory| inventory.hold(hold)).await
    }

    /// # Errors
    /// [`Unavailable`]; a view has no effect.
    pub async fn order(&self, order: OrderId) -> Result<Option<OrderView>, Unavailable> {
        self.view(move |inventory| inventory.order(order)).await
    }

    /// # Errors
    /// [`Unavailable`]; a view has no effect.
    pub async fn ticket(&self, ticket: TicketId) -> Result<Option<TicketView>, Unavailable> {
        self.view(move |inventory| inventory.ticket(ticket)).await
    }

    /// The account's session in the waiting room that is live at `now`, as it was answered when it started.
    ///
    /// # Errors
    /// [`Unavailable`]; a view has no effect.
    pub async fn session(&self, now: TimeUs, user: UserId) -> Result<Option<Answer>, Unavailable> {
        self.view(move |inventory| inventory.session_answer(now, user)).await
    }

    /// What was answered under the caller's key, for one whose request would not come as far as the event any more.
    ///
    /// # Errors
    /// The key belongs to another request; [`Unavailable`].
    pub async fn recall(&self, now: TimeUs, caller: Caller) -> Result<Option<Submitted>, SubmitError> {
        let origin = Origin::from(caller);
        let recalled = self.view(move |inventory| {
            let lsn = inventory.lsn_of_key(&origin.key?.key)?;
            let answer = inventory.answer_to_key(now, &origin)?;
            Some(answer.map(|answer| Submitted { lsn, answer, at: now }))
        });
        Ok(recalled.await?.transpose()?)
    }

    /// Hash of the whole durable state, to compare with a replay of the journal. Costs as much as a snapshot.
    ///
    /// # Errors
    /// [`Unavailable`]; a view has no effect.
    pub async fn digest(&self) -> Result<(Lsn, u64), Unavailable> {
        self.view(|inventory| (inventory.lsn(), inventory.digest())).await
    }
}

impl EventHandle {
    /// The whole state, and a tap that tells of all that becomes durable after it. The event stays in memory for as long
    /// as the tap is kept.
    ///
    /// # Errors
    /// [`Unavailable`]; a few taps may watch an event at the same time.
    pub async fn tap(&self) -> Result<(Picture, Tap), Unavailable> {
        let (sender, reply) = oneshot::channel();
        let fresh = self.tell_or_open(Watch(sender)).await?;
        fresh.as_ref().unwrap_or(self).viewed(reply).await
    }
}

/// Who asks and under which key; becomes the [`Origin`] of the change.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    pub user: UserId,
    pub request: Option<RequestId>,
    pub key: Option<CallerKey>,
}

impl From<Caller> for Origin {
    fn from(caller: Caller) -> Self {
        Self { user: Some(caller.user), request: caller.request, key: caller.key }
    }
}

type Outcome = Result<Submitted, SubmitError>;

/// One method per verb; each is [`EventHandle::submit`] of that verb.
impl EventHandle {
    async fn ask(&self, caller: Caller, verb: Verb) -> Outcome {
        self.submit(Command { origin: caller.into(), verb }).await
    }

    pub async fn set_seat_map(&self, caller: Caller, seat_map: SeatMapSpec) -> Outcome {
        self.ask(caller, Verb::SetSeatMap(Box::new(seat_map))).await
    }

    pub async fn set_tier(&self, caller: Caller, tier: TierSpec) -> Outcome {
        self.ask(caller, Verb::SetTier(Box::new(tier))).await
    }

    pub async fn patch_tier(&self, caller: Caller, tier: TierId, patch: TierPatch) -> Outcome {
        self.ask(caller, Verb::PatchTier { tier, patch: Box::new(patch) }).await
    }

    pub async fn delete_tier(&self, caller: Caller, tier: TierId) -> Outcome {
        self.ask(caller, Verb::DeleteTier { tier }).await
    }

    pub async fn set_access_code(&self, caller: Caller, code: AccessCodeSpec) -> Outcome {
        self.ask(caller, Verb::SetAccessCode(Box::new(code))).await
    }

    pub async fn set_policy(&self, caller: Caller, policy: Policy) -> Outcome {
        self.ask(caller, Verb::SetPolicy(Box::new(policy))).await
    }

    pub async fn patch_policy(&self, caller: Caller, patch: PolicyPatch) -> Outcome {
        self.ask(caller, Verb::PatchPolicy(Box::new(patch))).await
    }

    pub async fn set_block(&self, caller: Caller, block: String, withheld: bool) -> Outcome {
        self.ask(caller, Verb::SetBlock { block, withheld }).await
    }

    pub async fn publish(&self, caller: Caller) -> Outcome {
        self.ask(caller, Verb::Publish).await
    }

    pub async fn cancel_event(&self, caller: Caller) -> Outcome {
        self.ask(caller, Verb::CancelEvent { only_unsold: false }).await
    }

    /// Refused while anything of it is held or sold.
    pub async fn cancel_unsold_event(&self, caller: Caller) -> Outcome {
        self.ask(caller, Verb::CancelEvent { only_unsold: true }).await
    }

    pub async fn place_hold(&self, caller: Caller, hold: PlaceHold) -> Outcome {
        self.ask(caller, Verb::PlaceHold(hold)).await
    }

    pub async fn extend_hold(&self, caller: Caller, hold: HoldId) -> Outcome {
        self.ask(caller, Verb::ExtendHold { hold, customer: caller.user }).await
    }

    pub async fn release_hold(&self, caller: Caller, hold: HoldId) -> Outcome {
        self.ask(caller, Verb::ReleaseHold { hold, customer: caller.user }).await
    }

    pub async fn start_payment(&self, caller: Caller, order: OrderId, payment: PaymentId) -> Outcome {
        self.ask(caller, Verb::StartPayment { order, customer: caller.user, payment }).await
    }

    /// `origin` because money may also be reported by a provider, for whom no user asks.
    pub async fn settle_payment(&self, origin: Origin, payment: SettlePayment) -> Outcome {
        self.submit(Command { origin, verb: Verb::SettlePayment(payment) }).await
    }

    pub async fn cancel_order(&self, caller: Caller, order: OrderId) -> Outcome {
        self.ask(caller, Verb::CancelOrder { order, customer: caller.user }).await
    }

    pub async fn refund_order(&self, caller: Caller, refund: RefundOrder) -> Outcome {
        self.ask(caller, Verb::RefundOrder(refund)).await
    }

    /// Timed work of the server itself: all that is left, of an order of a cancelled event.
    pub async fn refund_cancelled(&self, order: OrderId) -> Outcome {
        let (right, to) = (RefundRight::Cancellation, RefundTo::Original);
        let verb = Verb::RefundOrder(RefundOrder { order, tickets: Vec::new(), right, to });
        self.submit(Command { origin: Origin::ENGINE, verb }).await
    }

    pub async fn scan_ticket(&self, caller: Caller, scan: ScanTicket) -> Outcome {
        self.ask(caller, Verb::ScanTicket(scan)).await
    }

    pub async fn void_ticket(&self, caller: Caller, ticket: TicketId) -> Outcome {
        self.ask(caller, Verb::VoidTicket { ticket }).await
    }

    /// From the caller to `to`.
    pub async fn transfer_ticket(&self, caller: Caller, ticket: TicketId, to: UserId) -> Outcome {
        self.ask(caller, Verb::TransferTicket { ticket, from: caller.user, to }).await
    }

    /// `key`: 32 fresh random bytes; they become the line's key when this begins one.
    pub async fn set_waiting_room(&self, caller: Caller, settings: RoomSettings, key: [u8; 32]) -> Outcome {
        self.ask(caller, Verb::SetWaitingRoom { settings: Box::new(settings), key }).await
    }

    /// `origin` because the line opens by time, unless its organizer gives the value of a beacon.
    pub async fn open_line(&self, origin: Origin, round: u32, joined: u32, beacon_value: Option<String>) -> Outcome {
        self.submit(Command { origin, verb: Verb::OpenLine { round, joined, beacon_value } }).await
    }

    /// Timed work of the server itself.
    pub async fn call_places(&self, round: u32, joined: u32, rate_per_min: u32) -> Outcome {
        self.submit(Command { origin: Origin::ENGINE, verb: Verb::CallPlaces { round, joined, rate_per_min } }).await
    }

    pub async fn start_session(&self, caller: Caller, entry: Entry) -> Outcome {
        self.ask(caller, Verb::StartSession { user: caller.user, entry }).await
    }

    /// Ends the caller's session and gives up his place in the line of `round`.
    pub async fn leave_line(&self, caller: Caller, round: u32, number: Option<u32>) -> Outcome {
        self.ask(caller, Verb::LeaveLine { user: caller.user, round, number }).await
    }
}
