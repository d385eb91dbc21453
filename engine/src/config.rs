use std::time::Duration;

/// Commands that wait in one event's mailbox. Past it callers are refused at once.
const MAILBOX_MESSAGES: usize = 4_096;
/// Records in one commit of the journal, over all events.
const COMMIT_RECORDS_MAX: usize = 4_096;
/// Bytes of records in one commit. A single larger record still goes, alone.
const COMMIT_BYTES_MAX: usize = 4 << 20;
/// Records and bytes that one event collects while a commit is under way.
const LANE_RECORDS_MAX: usize = 4_096;
const LANE_BYTES_MAX: usize = 4 << 20;
/// Replies of one event that wait for the journal.
const PARKED_REPLIES_MAX: usize = 16_384;

const _: () = {
    // A commit always has room for one event's whole lane: lanes are never split.
    assert!(LANE_RECORDS_MAX <= COMMIT_RECORDS_MAX);
    assert!(LANE_BYTES_MAX <= COMMIT_BYTES_MAX);
    // The records of a full lane and of the commit before it have room for their replies.
    assert!(2 * LANE_RECORDS_MAX <= PARKED_REPLIES_MAX);
};

/// Every size, interval and deadline of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineConfig {
    /// Messages in one event's mailbox.
    pub mailbox_messages: usize,
    /// Replies of one event parked for the journal. The actor takes no new command while there are more.
    pub parked_replies_max: usize,
    pub commit_records_max: usize,
    pub commit_bytes_max: usize,
    pub lane_records_max: usize,
    pub lane_bytes_max: usize,
    /// From the call to its answer. Past it the caller hears that the outcome is unknown. Longer than
    /// `append_deadline`, so that the journal's own verdict comes first.
    pub submit_deadline: Duration,
    /// One commit of the journal. Past it the outcome of the commit is unknown and its events are rebuilt.
    pub append_deadline: Duration,
    /// One call of the journal other than a commit: open, one read, one snapshot.
    pub journal_deadline: Duration,
    /// How long [`crate::Directory::open`] waits for an event that is starting.
    pub open_deadline: Duration,
    /// Events running at once on this node.
    pub events_max: usize,
    /// Events recovered at once.
    pub recoveries_max: usize,
    /// Bytes of journal read at a time during recovery.
    pub recovery_read_bytes: usize,
    /// Pause before a second attempt to recover; doubles up to `recovery_pause_max`.
    pub recovery_pause_min: Duration,
    pub recovery_pause_max: Duration,
    /// A snapshot is taken after this many changes, but not sooner than `snapshot_interval` after the one before.
    pub snapshot_records: u64,
    pub snapshot_interval: Duration,
    /// Snapshots that wait to be written, over all events. One more is skipped: the next takes its place.
    pub snapshot_queue: usize,
    /// How often due holds are looked for.
    pub tick: Duration,
    /// An event without a live hold leaves memory after this long without a message.
    pub idle_after: Duration,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            mailbox_messages: MAILBOX_MESSAGES,
            parked_replies_max: PARKED_REPLIES_MAX,
            commit_records_max: COMMIT_RECORDS_MAX,
            commit_bytes_max: COMMIT_BYTES_MAX,
            lane_records_max: LANE_RECORDS_MAX,
            lane_bytes_max: LANE_BYTES_MAX,
            submit_deadline: Duration::from_millis(1_900),
            append_deadline: Duration::from_millis(1_500),
            journal_deadline: Duration::from_secs(10),
            open_deadline: Duration::from_millis(1_500),
            events_max: 10_000,
            recoveries_max: 4,
            recovery_read_bytes: 4 << 20,
            recovery_pause_min: Duration::from_millis(50),
            recovery_pause_max: Duration::from_millis(500),
            snapshot_records: 200_000,
            snapshot_interval: Duration::from_secs(10),
            snapshot_queue: 4,
            tick: Duration::from_millis(50),
            idle_after: Duration::from_secs(600),
        }
    }
}

impl EngineConfig {
    /// # Panics
    /// When the values contradict each other; the message says which.
    pub(crate) fn assert_consistent(&self) {
        assert!(self.mailbox_messages > 0 && self.events_max > 0 && self.recoveries_max > 0, "a size is zero");
        assert!(self.snapshot_queue > 0 && self.snapshot_records > 0, "a size is zero");
        assert!(self.lane_records_max > 0 && self.lane_bytes_max > 0, "a size is zero");
        assert!(self.lane_records_max <= self.commit_records_max, "a lane does not fit into a commit");
        assert!(self.lane_bytes_max <= self.commit_bytes_max, "a lane does not fit into a commit");
        assert!(2 * self.lane_records_max <= self.parked_replies_max, "records without room for their replies");
        assert!(self.append_deadline < self.submit_deadline, "callers give up before the journal does");
        assert!(self.recovery_pause_min <= self.recovery_pause_max, "the recovery pauses are in the wrong order");
        assert!(!self.tick.is_zero() && !self.recovery_pause_min.is_zero(), "a period is zero");
    }
}
