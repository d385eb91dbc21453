use persistence::Webhook;
use wire::WebhookType;

use crate::time;

/// As its owner sees it: without its secret.
pub fn shown(webhook: &Webhook) -> wire::Webhook {
    let is_wanted = |wanted: &WebhookType| webhook.kinds.split(' ').any(|kind| kind == wanted.name());
    wire::Webhook {
        id: webhook.id,
        url: webhook.url.clone(),
        types: WebhookType::ALL.into_iter().filter(is_wanted).collect(),
        active: webhook.is_active,
        is_gone: webhook.is_gone,
        old_secret_until: webhook.old_secret_until.map(time::utc),
        created_at: time::utc(webhook.created_at),
    }
}
