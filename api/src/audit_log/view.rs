use inventory::{EventId, UserId};
use persistence::AuditVia;

use crate::auth::roles;
use crate::time;

/// For somebody who may see all of it.
pub fn shown(entry: persistence::AuditEntry) -> wire::AuditEntry {
    wire::AuditEntry {
        id: entry.id,
        at: time::utc(entry.at),
        actor_id: entry.actor_id.map(UserId::uuid),
        actor_role: entry.actor_role.map(roles::role),
        via: match entry.via {
            AuditVia::Session => wire::AuditVia::Session,
            AuditVia::ApiKey => wire::AuditVia::ApiKey,
            AuditVia::System => wire::AuditVia::System,
            AuditVia::Anonymous => wire::AuditVia::Anonymous,
        },
        action: entry.action,
        object_kind: entry.object_kind,
        object_id: entry.object_id,
        event_id: entry.event_id.map(EventId::uuid),
        old: entry.old_values.as_deref().and_then(values),
        new: entry.new_values.as_deref().and_then(values),
        ip: entry.ip,
        user_agent: entry.user_agent,
        request_id: entry.request_id,
    }
}

/// Written by this server as an object.
fn values(text: &str) -> Option<serde_json::Map<String, serde_json::Value>> {
    serde_json::from_str(text).ok()
}
