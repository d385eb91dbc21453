use inventory::Phase;
use wire::EventStatus;

pub const fn render(phase: Phase) -> EventStatus {
    match phase {
        Phase::Draft => EventStatus::Draft,
        Phase::Published => EventStatus::Published,
        Phase::Cancelled => EventStatus::Cancelled,
    }
}
