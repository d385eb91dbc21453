use crate::auth::roles;
use crate::time;

pub fn user(user: &persistence::User) -> wire::User {
    wire::User {
        id: user.id.uuid(),
        name: user.name.clone(),
        email: user.email.clone(),
        role: roles::role(user.role),
        status: roles::status(user.status),
        email_confirmed: user.email_confirmed_at.is_some(),
        created_at: time::utc(user.created_at),
    }
}
