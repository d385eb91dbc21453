//! Bugs to plant: what the checker must find, or its silence over the real engine means little.

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
}

impl Bug {
    pub const PLANTED: [Self; 14] = [
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
    ];
}
