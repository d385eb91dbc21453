use uuid::Uuid;

use crate::auth::roles;
use crate::{image_view, time};

pub fn user(user: &persistence::User) -> wire::User {
    wire::User {
        id: user.id.uuid(),
        name: user.name.clone(),
        email: user.email.clone(),
        role: roles::role(user.role),
        status: roles::status(user.status),
        email_confirmed: user.email_confirmed_at.is_some(),
        created_at: time::utc(user.created_at),
        avatar: user.avatar.as_ref().map(image_view::avatar),
        whitelisted: None,
        reminders: None,
    }
}

/// For the account itself.
pub fn own(user: &persistence::User, reminders: bool) -> wire::User {
    wire::User { reminders: Some(reminders), ..self::user(user) }
}

/// `current`: the session that asks.
pub fn session(session: persistence::Session, current: Uuid) -> wire::Session {
    wire::Session {
        id: session.id,
        created_at: time::utc(session.created_at),
        last_used_at: time::utc(session.used_at.unwrap_or(session.created_at)),
        expires_at: time::utc(session.expires_at),
        ip: session.ip,
        user_agent: session.user_agent,
        is_current: session.id == current,
    }
}

pub fn for_admins(user: &persistence::User) -> wire::User {
    wire::User { whitelisted: Some(user.whitelisted), ..self::user(user) }
}
