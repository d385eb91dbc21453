//! Bugs to plant: what the checker must find, or its silence over the real engine means little.

use inventory::{Command, Entry, Verb};

/// One thing that is wrong with the world of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    None,
    /// The journal says durable when it has only queued the commit.
    AckBeforeDurable,
    /// A crash takes the last durable commit with it.
    CrashLosesLastCommit,
    /// Whoever opens an event finds it without its last commit.
    OpenForgetsLastCommit,
    /// Appends of owners long gone are accepted.
    EpochsIgnored,
    /// An event is given to another node while its owner may still answer.
    LeasesIgnored,
    /// A commit that failed leaves its rows behind.
    RowsWithoutRecords,
    /// Some commits write their records and not their rows.
    RecordsWithoutRows,
    /// Now and then a record of a hold names another seat than was decided.
    SeatSwapped,
    /// Now and then a record of a hold has lost an item.
    ItemDropped,
    /// The journal says that nothing was written, and it was.
    UnreachableButWritten,
    /// The idempotency key does not arrive.
    KeysForgotten,
    /// The clock of a restarted node runs two seconds ahead: holds expire early.
    ClockAhead,
    /// The clock of a restarted node runs three seconds behind: holds expire late.
    ClockBehind,
    /// Now and then a watcher is not told of a seat.
    FeedLosesChange,
    /// The waiting room is not switched on: nobody is asked for a session.
    RoomLeftOff,
    /// The line is called at three times its rate.
    CalledTooFast,
    /// Three times as many as may be are called in.
    CalledTooMany,
    /// Whoever opens an event does not find who has come in.
    OpenForgetsSessions,
    /// Which line was meant does not arrive: what was said of one is done in whichever there is.
    RoundsIgnored,
}

impl Bug {
    pub const PLANTED: [Self; 19] = [
        Self::AckBeforeDurable,
        Self::CrashLosesLastCommit,
        Self::OpenForgetsLastCommit,
        Self::EpochsIgnored,
        Self::LeasesIgnored,
        Self::RowsWithoutRecords,
        Self::RecordsWithoutRows,
        Self::SeatSwapped,
        Self::ItemDropped,
        Self::UnreachableButWritten,
        Self::KeysForgotten,
        Self::ClockAhead,
        Self::ClockBehind,
        Self::FeedLosesChange,
        Self::RoomLeftOff,
        Self::CalledTooFast,
        Self::CalledTooMany,
        Self::OpenForgetsSessions,
        Self::RoundsIgnored,
    ];

    /// What is sent in the place of a command.
    pub fn falsify(self, command: &mut Command) {
        match (self, &mut command.verb) {
            (Self::KeysForgotten, _) => command.origin.key = None,
            (Self::RoomLeftOff, Verb::SetWaitingRoom { settings, .. }) => settings.active = false,
            (Self::CalledTooFast, Verb::SetWaitingRoom { settings, .. }) => settings.rate_per_min *= 3,
            (Self::CalledTooMany, Verb::SetWaitingRoom { settings, .. }) => settings.shoppers_max *= 3,
            _ => {}
        }
    }

    /// The same, where the line that there is must be known.
    pub const fn falsify_round(self, command: &mut Command, present: u32) {
        if let (
            Self::RoundsIgnored,
            Verb::OpenLine { round, .. }
            | Verb::CallPlaces { round, .. }
            | Verb::LeaveLine { round, .. }
            | Verb::StartSession { entry: Entry::Place { round, .. }, .. },
        ) = (self, &mut command.verb)
        {
            *round = present;
        }
    }
}
