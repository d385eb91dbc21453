//! Which of many things of a kind a refusal speaks of.

use engine::Unavailable;

/// What was looked for. Something of another owner is answered like something that never was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Noun {
    Route,
    User,
    Event,
    Tier,
    SeatMap,
    SeatMapExample,
    Series,
    CalendarFeed,
    Venue,
    VenueSeatMap,
    Image,
    Session,
    /// Of the caller at another provider.
    Identity,
    /// Nobody has configured it.
    GoogleSignIn,
    Hold,
    Order,
    Ticket,
    /// Of the caller, or to him.
    TicketTransfer,
    Mail,
    PaymentRefund,
    /// Work that was given up.
    Outbox,
    Webhook,
    WaitingRoom,
    /// In a waiting room.
    WaitingPlace,
    StaffMember,
    ApiKey,
    /// Of an event that goes on.
    Cancellation,
    Withdrawal,
    CheckInList,
    Scanner,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflict {
    EmailTaken,
    /// The same key is being answered at this moment.
    InProgress,
    /// An admin may not demote or suspend himself.
    OwnAccount,
    /// As many as an account may have.
    ApiKeysTooMany,
    SecondFactorOn,
    SecondFactorOff,
    /// The account organizes events that are not over.
    EventsLive,
    /// Nobody else administers the server.
    LastAdmin,
    /// What is said of an event is too early.
    EventNotStarted,
    /// As many as may say yes already do.
    RsvpFull,
    /// The account has a role at the event already, or organizes it.
    StaffMemberExists,
    /// Only what was given up is tried again by hand.
    MailNotFailed,
    PaymentRefundNotFailed,
    /// Nothing is owed back of the order, or it was paid out.
    NothingDue,
    ImagesTooMany,
    /// Its organizer has another of this title at this time.
    EventTitleTaken,
    /// It is a session of a series already.
    EventInSeries,
    /// Places of it are held or paid for.
    EventSold,
    EventStarted,
    /// As many sessions as a series may have.
    SeriesFull,
    SeatMapsTooMany,
    VenuesTooMany,
    WebhooksTooMany,
    /// The pre-queue has not begun.
    WaitingRoomClosed,
    /// The account has money with us.
    WalletNotEmpty,
    /// The wallet has less.
    FundsInsufficient,
    /// As many undecided ones as an account may have.
    WithdrawalsTooMany,
    /// Otherwise, before.
    WithdrawalDecided,
    /// As many as an event may have.
    CheckInListsTooMany,
    /// A scanner is bound to it.
    CheckInListInUse,
    /// As many as an event may have.
    ScannersTooMany,
    /// The ticket is offered to somebody already.
    TransferOpen,
    /// The offer of a ticket was answered, taken back, or is too old.
    TransferClosed,
    /// It is too late to say who comes with a ticket.
    AttendeesFixed,
    /// Money for the order is on its way at another provider.
    PaymentUnderWay,
}

/// Why no ticket came of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentFailure {
    Declined,
    /// The order had lapsed and its places are gone: the money goes back.
    TooLate,
    /// The provider does not take it.
    Refused,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Busy {
    Event(Unavailable),
    Store,
    /// Too many passwords wait to be checked.
    Passwords,
    /// Too many pictures are being sent or cut.
    Images,
    /// Where files are kept.
    Objects,
    /// The provider of a sign-in.
    IdentityProvider,
    /// That of payments.
    PaymentProvider,
    /// Too many documents are being set.
    Documents,
    /// Too many look back, or the journal is longer than can be replayed in time.
    History,
    /// Too many mails are being written.
    Aside,
    /// Too many joins wait to be written.
    Line,
    /// Events are being brought back, or the server is about to stop.
    NotReady,
    Deadline,
    /// As many live feeds are open, or being opened, as the server may have. Whoever comes back does so within
    /// `spread_s` seconds, each at another moment.
    Sockets {
        spread_s: u32,
    },
}
