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
    }
}
