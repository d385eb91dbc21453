//! Scenes in which row after row is called: making one takes longer than calling a row.

use std::collections::BTreeMap;

use super::rules::Operation;
use super::scene::{Scene, World};

/// Whom a scene is for. The one who comes second would find it as the first has left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    People,
    Machine,
}

/// What came of a try.
pub struct Tried<T> {
    pub outcome: T,
    /// Whether it would be the same in a new scene.
    pub is_certain: bool,
}

/// Takes rows one after the other; several lanes may go side by side.
pub struct Lane<'a> {
    world: &'a World<'a>,
    /// By part, and whether the event is a draft.
    used: BTreeMap<(Part, bool), Scene>,
}

impl<'a> Lane<'a> {
    pub const fn new(world: &'a World<'a>) -> Self {
        Self { world, used: BTreeMap::new() }
    }

    /// Tries it where earlier rows have changed what they like. Where that may be why it came out so, it is tried again in a
    /// new scene, and that is what counts.
    pub async fn in_scene<T>(&mut self, row: &Operation, part: Part, attempt: impl AsyncFn(&Scene) -> Tried<T>) -> T {
        let place = (part, row.is_about_draft);
        // What was sent to the webhook of a used scene is not known.
        let needs_deliveries = row.name.ends_with("/replay");
        if let Some(scene) = self.used.get(&place).filter(|_| !needs_deliveries) {
            let tried = attempt(scene).await;
            if tried.is_certain {
                return tried.outcome;
            }
        }
        let scene = if row.is_about_draft { self.world.draft().await } else { self.world.on_sale().await };
        if needs_deliveries {
            scene.until_sent(self.world.server).await;
        }
        let tried = attempt(&scene).await;
        self.used.insert(place, scene);
        tried.outcome
    }
}

/// Whether an answer may speak of what an earlier row has ended or used up.
pub fn may_be_spoiled(status: u16) -> bool {
    matches!(status, 401 | 404 | 409 | 410)
}
