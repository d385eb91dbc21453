pub const fn render(status: persistence::MailStatus) -> wire::MailStatus {
    match status {
        persistence::MailStatus::Queued => wire::MailStatus::Queued,
        persistence::MailStatus::Sent => wire::MailStatus::Sent,
        persistence::MailStatus::Failed => wire::MailStatus::Failed,
    }
}

pub const fn stored(status: wire::MailStatus) -> persistence::MailStatus {
    match status {
        wire::MailStatus::Queued => persistence::MailStatus::Queued,
        wire::MailStatus::Sent => persistence::MailStatus::Sent,
        wire::MailStatus::Failed => persistence::MailStatus::Failed,
    }
}
