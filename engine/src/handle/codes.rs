use inventory::{DiscountCodeSpec, DiscountCodeView, Verb};

use super::{Caller, EventHandle, Outcome};
use crate::Unavailable;

/// Discount codes.
impl EventHandle {
    /// By ascending digest, behind `after`.
    ///
    /// # Errors
    /// [`Unavailable`]; a view has no effect.
    pub async fn discount_codes(
        &self,
        after: Option<[u8; 16]>,
        count: usize,
    ) -> Result<Vec<DiscountCodeView>, Unavailable> {
        self.view(move |inventory| inventory.discount_codes(after, count)).await
    }

    /// # Errors
    /// [`Unavailable`]; a view has no effect.
    pub async fn discount_code(&self, digest: [u8; 16]) -> Result<Option<DiscountCodeView>, Unavailable> {
        self.view(move |inventory| inventory.discount_code(&digest)).await
    }

    pub async fn set_discount_code(&self, caller: Caller, code: DiscountCodeSpec) -> Outcome {
        self.ask(caller, Verb::SetDiscountCode(Box::new(code))).await
    }
}
