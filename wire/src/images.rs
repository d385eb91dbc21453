use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A picture of an event. Its addresses never change what they show, so they can be cached for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Image {
    pub id: Uuid,
    /// Pixels of the large one.
    pub width: u32,
    pub height: u32,
    pub urls: ImageUrls,
}

/// Paths on this server. None is larger than the picture that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImageUrls {
    /// At most 320 pixels wide and high.
    pub small: String,
    /// At most 800 pixels wide and high.
    pub medium: String,
    /// At most 1,600 pixels wide and high.
    pub large: String,
}

/// Paths on this server of an account's square picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Avatar {
    /// 64 pixels.
    pub small: String,
    /// 256 pixels.
    pub large: String,
}

/// `PUT /events/{id}/images`: all pictures of the event, each once, in their new order. The first is the cover.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventImagesOrder {
    pub order: Vec<Uuid>,
}

#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct EventImages {
    pub images: Vec<Image>,
}
