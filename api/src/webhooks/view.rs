use persistence::{DeliveryStatus, WebhookDelivery};
use wire::WebhookDeliveryStatus;

use crate::time;

pub fn delivery(delivery: WebhookDelivery) -> wire::WebhookDelivery {
    wire::WebhookDelivery {
        id: delivery.id,
        event_id: delivery.event_id.uuid(),
        sequence: delivery.sequence,
        r#type: delivery.kind,
        object_id: delivery.object_id,
        occurred_at: time::utc(delivery.occurred_at),
        status: match delivery.status {
            DeliveryStatus::Queued => WebhookDeliveryStatus::Queued,
            DeliveryStatus::Delivered => WebhookDeliveryStatus::Delivered,
            DeliveryStatus::Failed => WebhookDeliveryStatus::Failed,
        },
        attempts: delivery.attempts,
        tried_at: delivery.tried_at.map(time::utc),
        response_status: delivery.response_status,
        last_error: delivery.last_error,
    }
}
