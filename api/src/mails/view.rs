use crate::{mail_status, time};

pub fn mail(mail: persistence::Mail) -> wire::Mail {
    let status = mail_status::render(mail.status);
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
