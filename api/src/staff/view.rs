use wire::{StaffMember, StaffPost, StaffRole};

use crate::auth::roles;
use crate::time;

pub fn member(member: persistence::StaffMember) -> StaffMember {
    StaffMember {
        user_id: member.user_id.uuid(),
        name: member.name,
        email: member.email,
        role: roles::staff_role(member.role),
        added_at: time::utc(member.added_at),
    }
}

pub fn post(post: persistence::StaffPost) -> StaffPost {
    StaffPost {
        event_id: post.event_id.uuid(),
        title: post.title,
        starts_at: time::utc(post.starts_at),
        role: roles::staff_role(post.role),
        added_at: time::utc(post.added_at),
    }
}

pub const fn stored(role: StaffRole) -> persistence::StaffRole {
    match role {
        StaffRole::Door => persistence::StaffRole::Door,
        StaffRole::BoxOffice => persistence::StaffRole::BoxOffice,
    }
}
