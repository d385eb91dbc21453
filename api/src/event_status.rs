use inventory::Phase;
use persistence::EventStatus as Stored;
use wire::EventStatus;

pub const fn render(phase: Phase) -> EventStatus {
    match phase {
        Phase::Draft => EventStatus::Draft,
        Phase::Published => EventStatus::Published,
        Phase::Cancelled => EventStatus::Cancelled,
    }
}

pub const fn stored(status: Stored) -> EventStatus {
    match status {
        Stored::Draft => EventStatus::Draft,
        Stored::Published => EventStatus::Published,
        Stored::Cancelled => EventStatus::Cancelled,
    }
}
