use crate::time;

pub fn mail(mail: persistence::Mail) -> wire::Mail {
    let status = status(mail.status);
    wire::Mail {
        id: mail.id,
        kind: mail.kind,
        recipient: mail.recipient,
        subject: mail.subject,
        status,
        attempts: mail.attempts,
        due_at: (status == wire::MailStatus::Queued).then(|| time::utc(mail.due_at)),
        last_error: mail.last_error,
        created_at: time::utc(mail.created_at),
    }
}

const fn status(status: persistence::MailStatus) -> wire::MailStatus {
    match status {
        persistence::MailStatus::Queued => wire::MailStatus::Queued,
        persistence::MailStatus::Sent => wire::MailStatus::Sent,
        persistence::MailStatus::Failed => wire::MailStatus::Failed,
    }
}

pub const fn stored_status(status: wire::MailStatus) -> persistence::MailStatus {
    match status {
        wire::MailStatus::Queued => persistence::MailStatus::Queued,
        wire::MailStatus::Sent => persistence::MailStatus::Sent,
        wire::MailStatus::Failed => persistence::MailStatus::Failed,
    }
}
