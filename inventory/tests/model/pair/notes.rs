use inventory::{Change, LineChange, LineView, Record};
use proptest::prelude::*;

use super::{Checked, Pair};

impl Pair<'_> {
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
