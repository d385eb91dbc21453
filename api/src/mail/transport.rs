use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use inventory::TimeUs;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use persistence::Mail;
use secrecy::ExposeSecret;
use thiserror::Error;
use uuid::Uuid;

use super::render::Rendered;
use crate::config::{self, SmtpTls};

/// RFC 3834: answering machines leave it alone.
const AUTO_SUBMITTED: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");

/// Of mails that became files.
const FILES_MAX: usize = 10_000;

#[derive(Debug, Error)]
pub enum MailSetupError {
    #[error("mails cannot be sent to `{host}`")]
    Smtp {
        host: String,
        #[source]
        source: lettre::transport::smtp::Error,
    },
    #[error("mails cannot be written to {folder}")]
    Folder {
        folder: PathBuf,
        #[source]
        source: std::io::Error,
    },
}

/// Why a mail was not sent.
#[derive(Debug)]
pub struct Refused {
    /// The mail itself is at fault: it will be refused again.
    pub is_final: bool,
    pub why: String,
}

pub enum Transport {
    /// A connection for each mail: those that a pool keeps die unnoticed between two mails, and the first mail with them.
    Smtp { relay: Box<AsyncSmtpTransport<Tokio1Executor>>, from: Mailbox, timeout: Duration },
    /// For development: a file for each mail.
    Folder { folder: PathBuf, from: Mailbox },
}

impl Transport {
    /// # Errors
    /// A host that can be none, or a folder that cannot be made.
    pub fn new(config: &config::Mail, data_dir: &Path) -> Result<Self, MailSetupError> {
        let from = config.from.clone();
        let Some(host) = &config.smtp_host else {
            let folder = config.folder.clone().unwrap_or_else(|| data_dir.join("mail"));
            let made = persistence::private::create_dir(&folder);
            made.map_err(|source| MailSetupError::Folder { folder: folder.clone(), source })?;
            tracing::info!("mails are not sent but written to {}: no SMTP server is set", folder.display());
            return Ok(Self::Folder { folder, from });
        };
        let tls = tls(config.smtp_tls, host).map_err(|source| MailSetupError::Smtp { host: host.clone(), source })?;
        let mut relay = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(config.smtp_port.unwrap_or_else(|| config.smtp_tls.port()))
            .tls(tls)
            .timeout(Some(config.timeout))
            .hello_name(ClientId::Domain(from.email.domain().to_owned()));
        if let (Some(user), Some(password)) = (&config.smtp_user, &config.smtp_password) {
            relay = relay.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
        }
        Ok(Self::Smtp { relay: Box::new(relay.build()), from, timeout: config.timeout })
    }

    /// Of mails that became files: deletes those written before `before`, and the oldest beyond [`FILES_MAX`]. A folder that
    /// cannot be read is logged.
    pub async fn prune(&self, before: TimeUs) {
        let Self::Folder { folder, .. } = self else { return };
        let folder = folder.clone();
        let before = UNIX_EPOCH + Duration::from_micros(u64::try_from(before.0).unwrap_or(0));
        let pruned = tokio::task::spawn_blocking(move || prune(&folder, before, FILES_MAX)).await;
        if let Ok(Err(error)) = pruned {
            tracing::warn!(%error, "old mails stay in their folder: {error}");
        }
    }

    /// # Errors
    /// Not sent, or not surely.
    pub async fn send(&self, mail: &Mail, rendered: Rendered) -> Result<(), Refused> {
        match self {
            Self::Smtp { relay, from, timeout } => {
                let message = message(mail, rendered, from)?;
                match tokio::time::timeout(*timeout, relay.send(message)).await {
                    Ok(Ok(_)) => Ok(()),
                    Ok(Err(error)) => Err(Refused { is_final: is_final(&error), why: error.to_string() }),
                    Err(_) => Err(Refused { is_final: false, why: "the server did not answer in time".to_owned() }),
                }
            }
            Self::Folder { folder, from } => {
                let message = message(mail, rendered, from)?;
                let written = write(folder, mail.id, &message.formatted()).await;
                written.map_err(|error| Refused { is_final: false, why: error.to_string() })
            }
        }
    }
}

fn tls(tls: SmtpTls, host: &str) -> Result<Tls, lettre::transport::smtp::Error> {
    Ok(match tls {
        SmtpTls::Wrapped => Tls::Wrapper(TlsParameters::new(host.to_owned())?),
        SmtpTls::StartTls => Tls::Required(TlsParameters::new(host.to_owned())?),
        SmtpTls::Off => Tls::None,
    })
}

/// A refused login says nothing about the mail: 530, 534, 535 and 538 are ours to mend.
fn is_final(error: &lettre::transport::smtp::Error) -> bool {
    let is_about_login = error.status().is_some_and(|code| code.to_string().starts_with("53"));
    (error.is_permanent() && !is_about_login) || error.is_client()
}

fn message(mail: &Mail, rendered: Rendered, from: &Mailbox) -> Result<Message, Refused> {
    let unfit = |why: String| Refused { is_final: true, why };
    let address = mail.recipient.parse().map_err(|error| unfit(format!("not an address: {error}")))?;
    let written = UNIX_EPOCH + Duration::from_micros(u64::try_from(mail.created_at.0).unwrap_or(0));
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, address))
        .subject(mail.subject.as_str())
        .date(written)
        .message_id(Some(format!("<{}@{}>", mail.id, from.email.domain())))
        .raw_header(HeaderValue::new(AUTO_SUBMITTED, "auto-generated".to_owned()))
        .multipart(body(rendered).map_err(|error| unfit(error.to_string()))?)
        .map_err(|error| unfit(error.to_string()))
}

/// Text and HTML say the same; pictures belong to the HTML.
fn body(rendered: Rendered) -> Result<MultiPart, lettre::message::header::ContentTypeErr> {
    let Rendered { plain, html, pictures } = rendered;
    if pictures.is_empty() {
        return Ok(MultiPart::alternative_plain_html(plain, html));
    }
    let png = ContentType::parse("image/png")?;
    let related =
        pictures.into_iter().fold(MultiPart::related().singlepart(SinglePart::html(html)), |parts, picture| {
            parts.singlepart(Attachment::new_inline(picture.cid).body(picture.png, png.clone()))
        });
    Ok(MultiPart::alternative().singlepart(SinglePart::plain(plain)).multipart(related))
}

/// Only files that [`write`] has made, whole or not.
fn prune(folder: &Path, before: SystemTime, files_max: usize) -> std::io::Result<()> {
    let mut written = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let is_mail = path.extension().is_some_and(|extension| extension == "eml" || extension == "part")
            && path.file_stem().and_then(|stem| stem.to_str()).is_some_and(|stem| Uuid::try_parse(stem).is_ok());
        // One that is gone by now is none of ours to delete.
        if is_mail && let Ok(metadata) = entry.metadata() {
            written.push((metadata.modified()?, path));
        }
    }
    written.sort();
    let too_many = written.len().saturating_sub(files_max);
    for (ix, (at, path)) in written.iter().enumerate() {
        if ix < too_many || *at < before {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Whole or not at all, for whoever watches the folder.
async fn write(folder: &Path, id: Uuid, message: &[u8]) -> std::io::Result<()> {
    let unfinished = folder.join(format!("{id}.part"));
    let (path, bytes) = (unfinished.clone(), message.to_vec());
    let written = tokio::task::spawn_blocking(move || {
        // Left over from an attempt that broke off.
        let file = persistence::private::create_file(&path)?;
        file.set_len(0)?;
        (&file).write_all(&bytes)
    });
    written.await.map_err(std::io::Error::other)??;
    tokio::fs::rename(&unfinished, folder.join(format!("{id}.eml"))).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn old_mails_and_too_many_mails_go_and_nothing_else_does() {
        let folder = std::env::temp_dir().join(format!("usher-mail-{}-prune", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let hour = Duration::from_secs(3_600);
        let mut hours = Vec::new();
        for age in 0..5_u32 {
            let id = Uuid::from_u128(u128::from(age) + 1);
            write(&folder, id, b"a mail").await.unwrap();
            let path = folder.join(format!("{id}.eml"));
            let file = std::fs::File::options().write(true).open(&path).unwrap();
            let at = UNIX_EPOCH + hour * (1_000 - age);
            file.set_modified(at).unwrap();
            hours.push((at, path));
        }
        let foreign = folder.join("notes.eml");
        std::fs::write(&foreign, b"mine").unwrap();
        let left = || hours.iter().filter(|(_, path)| path.exists()).count();
        prune(&folder, hours[3].0, 10).unwrap();
        assert_eq!(left(), 4, "what was written at the time stays");
        prune(&folder, UNIX_EPOCH, 2).unwrap();
        assert!(left() == 2 && hours[0].1.exists() && hours[1].1.exists() && foreign.exists());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
