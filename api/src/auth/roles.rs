//! The store and the wire name roles alike; neither may know the other.

pub const fn role(role: persistence::Role) -> wire::Role {
    match role {
        persistence::Role::Attendee => wire::Role::Attendee,
        persistence::Role::Organizer => wire::Role::Organizer,
        persistence::Role::Admin => wire::Role::Admin,
    }
}

pub const fn status(status: persistence::UserStatus) -> wire::UserStatus {
    match status {
        persistence::UserStatus::Active => wire::UserStatus::Active,
        persistence::UserStatus::Suspended => wire::UserStatus::Suspended,
    }
}

pub const fn staff_role(role: persistence::StaffRole) -> wire::StaffRole {
    match role {
        persistence::StaffRole::Door => wire::StaffRole::Door,
        persistence::StaffRole::BoxOffice => wire::StaffRole::BoxOffice,
    }
}

pub const fn stored_role(role: wire::Role) -> persistence::Role {
    match role {
        wire::Role::Attendee => persistence::Role::Attendee,
        wire::Role::Organizer => persistence::Role::Organizer,
        wire::Role::Admin => persistence::Role::Admin,
    }
}

pub const fn stored_status(status: wire::UserStatus) -> persistence::UserStatus {
    match status {
        wire::UserStatus::Active => persistence::UserStatus::Active,
        wire::UserStatus::Suspended => persistence::UserStatus::Suspended,
    }
}
