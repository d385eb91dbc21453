use inventory::{Change, LineChange, LineView, OrderStatus, Record, Reseated};
use proptest::prelude::*;

use super::{Checked, Pair};

impl Pair<'_> {
    pub(super) fn note_late(&self, change: &Change) {
        let Change::OrderPaid { order, reseated, .. } = change else { return };
        let is_late = self.fast.order(*order).is_some_and(|view| view.status == OrderStatus::Expired);
        match reseated {
            Reseated::SamePlaces if is_late => self.reached.borrow_mut().note("late_same_places".to_owned()),
            Reseated::OtherPlaces(_) => self.reached.borrow_mut().note("late_other_places".to_owned()),
            Reseated::SamePlaces | Reseated::No => {}
        }
    }

    /// Right after a change of the line, when what is past has been dropped.
    pub(super) fn compare_line(&self, record: &Record, view: &LineView) -> Checked {
        let (called, shoppers, waiting) = self.twin.line(self.now);
        prop_assert_eq!((view.called, view.shoppers), (called, shoppers));
        let is_call = matches!(record.change, Change::Line(LineChange::PlacesCalled { .. }));
        // Ranks that were given up are passed over in a full room as well.
        prop_assert!(!is_call || waiting == 0 || shoppers + waiting <= view.settings.shoppers_max);
        Ok(())
    }
}
