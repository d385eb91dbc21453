use wire::ApiKey;

use crate::auth::Scopes;
use crate::time;

pub fn render(key: persistence::ApiKey) -> ApiKey {
    ApiKey {
        id: key.id,
        name: key.name,
        prefix: key.prefix,
        scopes: Scopes::read(&key.scopes).iter().collect(),
        created_at: time::utc(key.created_at),
        expires_at: key.expires_at.map(time::utc),
        last_used_at: key.last_used_at.map(time::utc),
    }
}
