//! Rows about an account as its owner's export shows them.

use wire::{ExportedFeedback, ExportedIdentity, ExportedMail, ExportedPlace, ExportedRsvp, ExportedStaffRole};

use crate::auth::roles;
use crate::{mail_status, rsvp_answer, time};

pub fn identity(identity: persistence::Identity) -> ExportedIdentity {
    ExportedIdentity {
        issuer: identity.issuer,
        subject: identity.subject,
        email: identity.email,
        linked_at: time::utc(identity.created_at),
    }
}

pub fn place(place: persistence::PlaceOfUser) -> ExportedPlace {
    ExportedPlace { event_id: place.event_id.uuid(), number: place.number, joined_at: time::utc(place.joined_at) }
}

pub fn staff_role(post: persistence::StaffPost) -> ExportedStaffRole {
    let (role, added_at) = (roles::staff_role(post.role), time::utc(post.added_at));
    ExportedStaffRole { event_id: post.event_id.uuid(), role, added_at }
}

pub fn rsvp(rsvp: persistence::OwnRsvp) -> ExportedRsvp {
    let answer = rsvp_answer::render(rsvp.answer);
    ExportedRsvp { event_id: rsvp.event_id.uuid(), answer, answered_at: time::utc(rsvp.answered_at) }
}

pub fn feedback(feedback: persistence::OwnFeedback) -> ExportedFeedback {
    ExportedFeedback {
        event_id: feedback.event_id.uuid(),
        rating: feedback.rating,
        text: feedback.text,
        created_at: time::utc(feedback.created_at),
        changed_at: time::utc(feedback.changed_at),
    }
}

pub fn mail(mail: persistence::Mail) -> ExportedMail {
    let (status, created_at) = (mail_status::render(mail.status), time::utc(mail.created_at));
    ExportedMail { id: mail.id, kind: mail.kind, subject: mail.subject, status, created_at }
}
