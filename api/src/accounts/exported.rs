//! Rows about an account as its owner's export shows them.

use wire::{
    Attendee, ExportedAttendees, ExportedEvent, ExportedFeedback, ExportedIdentity, ExportedMail, ExportedPass,
    ExportedPlace, ExportedRsvp, ExportedSeries, ExportedStaffRole, ExportedVenue,
};

use crate::auth::roles;
use crate::{coordinates, event_status, mail_status, rsvp_answer, time};

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

pub fn priority_pass(pass: persistence::PriorityPass) -> ExportedPass {
    ExportedPass {
        id: pass.id,
        event_id: pass.event_id.uuid(),
        reason: pass.reason,
        uses: pass.uses,
        issued_at: time::utc(pass.issued_at),
        expires_at: time::utc(pass.expires_at),
    }
}

/// By order, as they come.
pub fn named_attendees(named: Vec<persistence::NamedAttendee>) -> Vec<ExportedAttendees> {
    let mut orders: Vec<ExportedAttendees> = Vec::new();
    for one in named {
        let attendee = Attendee { name: one.name, email: one.email };
        match orders.last_mut() {
            Some(order) if order.order_id == one.order_id.uuid() => order.attendees.push(attendee),
            _ => orders.push(ExportedAttendees { order_id: one.order_id.uuid(), attendees: vec![attendee] }),
        }
    }
    orders
}

pub fn venue(venue: persistence::Venue, seat_maps: Vec<persistence::VenueSeatMap>) -> ExportedVenue {
    ExportedVenue {
        id: venue.id,
        name: venue.name,
        address: venue.address,
        city: venue.city,
        country: venue.country,
        timezone: venue.timezone,
        coordinates: coordinates::degrees(venue.latitude_e6, venue.longitude_e6),
        seat_maps: seat_maps.into_iter().map(|map| map.name).collect(),
        created_at: time::utc(venue.created_at),
    }
}

pub fn event(event: persistence::Event) -> ExportedEvent {
    ExportedEvent {
        id: event.id.uuid(),
        title: event.title,
        organization: event.organization,
        status: event_status::stored(event.status),
        starts_at: time::utc(event.starts_at),
        created_at: time::utc(event.created_at),
    }
}

pub fn series(series: persistence::SeriesSummary) -> ExportedSeries {
    let words = serde_json::from_str(&series.words).unwrap_or_default();
    ExportedSeries { id: series.id, words, sessions: series.sessions, created_at: time::utc(series.created_at) }
}
