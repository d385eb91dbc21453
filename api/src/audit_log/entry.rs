use inventory::{EventId, Lsn, TimeUs, UserId};
use persistence::{AuditEntry, AuditVia, Role};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Action, Source};
use crate::{digest, ids};

/// What stands for a value that nobody may read again.
const REDACTED: &str = "[redacted]";
/// Parts of the names of fields that are secrets, whatever object they are in.
const SECRET: [&str; 8] = ["password", "secret", "token", "hash", "access_code", "otp", "priority_pass", "api_key"];
/// Of one field. A longer value is told by its size.
const VALUE_BYTES_MAX: usize = 1_024;

/// Something done, on its way into the audit log.
#[derive(Clone, Debug)]
pub struct Entry {
    action: Action,
    via: AuditVia,
    actor: Option<UserId>,
    role: Option<Role>,
    object: Option<String>,
    event: Option<EventId>,
    old: Option<String>,
    new: Option<String>,
    source: Option<Source>,
    /// What tells the change from every other one.
    once: Option<Once>,
}

/// How often the same can be done to an object.
#[derive(Clone, Copy, Debug)]
enum Once {
    /// For each change of its journal.
    PerChange(Lsn),
    /// Not again in its life.
    Ever,
}

impl Entry {
    pub(super) const fn new(action: Action, via: AuditVia) -> Self {
        Self {
            action,
            via,
            actor: None,
            role: None,
            object: None,
            event: None,
            old: None,
            new: None,
            source: None,
            once: None,
        }
    }

    /// Of something that the server does by itself.
    pub const fn by_system(action: Action) -> Self {
        Self::new(action, AuditVia::System)
    }

    pub(super) const fn by(mut self, actor: Option<UserId>, role: Option<Role>) -> Self {
        self.actor = actor;
        self.role = role;
        self
    }

    pub(super) fn at_source(mut self, source: &Source) -> Self {
        self.source = Some(source.clone());
        self
    }

    /// Keeps neither address nor user agent: of somebody who wants nothing of himself to be left.
    pub fn without_source(mut self) -> Self {
        self.source = None;
        self
    }

    /// The event whose organizer sees the entry.
    pub const fn event(mut self, event: EventId) -> Self {
        self.event = Some(event);
        self
    }

    pub fn object(mut self, id: impl std::fmt::Display) -> Self {
        self.object = Some(id.to_string());
        self
    }

    /// Of a change in the event's journal: a request that is repeated under its idempotency key finds the change that it
    /// made before, and there is one entry all the same. The key alone does not tell: it may be used again.
    pub const fn once_per(mut self, change: Lsn) -> Self {
        self.once = Some(Once::PerChange(change));
        self
    }

    /// Of something that happens to the object once, however often it is asked for.
    pub const fn once_ever(mut self) -> Self {
        self.once = Some(Once::Ever);
        self
    }

    /// Keeps the fields that differ. Fields that a side does not have are left out of it.
    pub fn change(mut self, old: &impl Serialize, new: &impl Serialize) -> Self {
        let (mut old, mut new) = (fields(old), fields(new));
        let is_same = |field: &String, value: &Value, other: &Map<String, Value>| other.get(field) == Some(value);
        let before = old.clone();
        old.retain(|field, value| !is_same(field, value, &new));
        new.retain(|field, value| !is_same(field, value, &before));
        self.old = text(old);
        self.new = text(new);
        self
    }

    /// What came to be, or what was asked for.
    pub fn made(mut self, new: &impl Serialize) -> Self {
        self.new = text(fields(new));
        self
    }

    /// What is gone.
    pub fn removed(mut self, old: &impl Serialize) -> Self {
        self.old = text(fields(old));
        self
    }

    /// For a store method that writes it with its change.
    pub fn row(self, at: TimeUs) -> AuditEntry {
        let name = self.action.name();
        let request_key = self.once.map(|once| {
            let lsn = match once {
                Once::PerChange(lsn) => lsn.0,
                Once::Ever => 0,
            };
            let event = self.event.map(EventId::bytes).unwrap_or_default();
            let object = self.object.as_deref().unwrap_or_default();
            digest::of(&[name.as_bytes(), &event, object.as_bytes(), &lsn.to_be_bytes()])
        });
        let (ip, user_agent, request_id) = match self.source {
            Some(Source { ip, user_agent, request_id }) => (Some(ip.to_string()), user_agent, Some(request_id)),
            None => (None, None, None),
        };
        AuditEntry {
            id: ids::mint(at),
            at,
            actor_id: self.actor,
            actor_role: self.role,
            via: self.via,
            action: name.to_owned(),
            object_kind: self.action.noun().to_owned(),
            object_id: self.object,
            event_id: self.event,
            old_values: self.old,
            new_values: self.new,
            ip,
            user_agent,
            request_id,
            request_key,
        }
    }
}

fn fields(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields,
        Ok(Value::Null) | Err(_) => Map::new(),
        Ok(other) => Map::from_iter([("value".to_owned(), other)]),
    }
}

/// Compared whole, kept without secrets.
fn text(mut fields: Map<String, Value>) -> Option<String> {
    redact(&mut fields);
    for value in fields.values_mut() {
        let bytes = value.to_string().len();
        if bytes > VALUE_BYTES_MAX {
            *value = format!("[{bytes} bytes]").into();
        }
    }
    (!fields.is_empty()).then(|| Value::Object(fields).to_string())
}

fn redact(fields: &mut Map<String, Value>) {
    for (name, value) in fields {
        let name = name.to_ascii_lowercase();
        match value {
            Value::Null | Value::Bool(_) => {}
            _ if SECRET.iter().any(|secret| name.contains(secret)) => *value = REDACTED.into(),
            Value::Object(inner) => redact(inner),
            Value::Array(items) => items.iter_mut().filter_map(Value::as_object_mut).for_each(redact),
            Value::Number(_) | Value::String(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn changed(old: Value, new: Value) -> (Option<Value>, Option<Value>) {
        let row = Entry::by_system(Action::TierUpdate).change(&old, &new).row(TimeUs(1));
        let parsed = |text: Option<String>| text.map(|text| serde_json::from_str(&text).unwrap());
        (parsed(row.old_values), parsed(row.new_values))
    }

    #[test]
    fn only_fields_that_differ_are_kept_on_both_sides() {
        let (old, new) =
            changed(json!({"name": "A", "price": 1, "gone": 2}), json!({"name": "A", "price": 3, "new": 4}));
        assert_eq!(old, Some(json!({"price": 1, "gone": 2})));
        assert_eq!(new, Some(json!({"price": 3, "new": 4})));
        assert_eq!(changed(json!({"name": "A"}), json!({"name": "A"})), (None, None));
    }

    #[test]
    fn a_secret_is_seen_to_change_and_not_seen() {
        let (old, new) = changed(
            json!({"access_code": "SPRING", "inner": {"password_hash": "x", "name": "A"}, "has_password": false}),
            json!({"access_code": "SUMMER", "inner": {"password_hash": "y", "name": "A"}, "has_password": true}),
        );
        let inner = json!({"password_hash": REDACTED, "name": "A"});
        assert_eq!(old, Some(json!({"access_code": REDACTED, "inner": inner, "has_password": false})));
        assert_eq!(new, Some(json!({"access_code": REDACTED, "inner": inner, "has_password": true})));
    }

    #[test]
    fn a_long_value_is_told_by_its_size() {
        let (_, new) = changed(json!({}), json!({"description": "x".repeat(2_000)}));
        assert_eq!(new, Some(json!({"description": "[2002 bytes]"})));
    }

    #[test]
    fn one_change_is_one_entry_per_action_and_object() {
        let of =
            |action, object, lsn| Entry::by_system(action).object(object).once_per(Lsn(lsn)).row(TimeUs(1)).request_key;
        let one = of(Action::TierUpdate, "tier", 7);
        assert_eq!(one, of(Action::TierUpdate, "tier", 7));
        for other in
            [of(Action::TierDelete, "tier", 7), of(Action::TierUpdate, "other", 7), of(Action::TierUpdate, "tier", 8)]
        {
            assert_ne!(one, other);
        }
        assert_eq!(Entry::by_system(Action::TierUpdate).row(TimeUs(1)).request_key, None);
        assert!(Entry::by_system(Action::EventCreate).once_ever().row(TimeUs(1)).request_key.is_some());
    }
}
