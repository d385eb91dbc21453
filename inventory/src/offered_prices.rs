//! What a tier costs when, for those who find it in a list.

use crate::{OfferedPrice, SaleWindow, TierSpec, TimeUs};

/// Until the sale ends, ascending and without gaps.
pub(crate) fn offered_prices(tier: &TierSpec, sale: SaleWindow) -> Vec<OfferedPrice> {
    if sale.from.zip(sale.until).is_some_and(|(from, until)| until <= from) {
        return Vec::new();
    }
    let opens_at = sale.from.unwrap_or(TimeUs::MIN);
    let mut ends: Vec<TimeUs> = tier.terms.price_steps.iter().filter_map(|step| step.until).collect();
    ends.retain(|end| opens_at < *end && sale.until.is_none_or(|until| *end < until));
    ends.sort_unstable();
    let mut prices: Vec<OfferedPrice> = Vec::with_capacity(ends.len() + 1);
    let mut from = None;
    for until in ends.into_iter().map(Some).chain([sale.until]) {
        let price_minor = price_at(tier, from.unwrap_or(opens_at));
        match prices.last_mut() {
            Some(last) if last.price_minor == price_minor => last.until = until,
            _ => prices.push(OfferedPrice { price_minor, from, until }),
        }
        from = until;
    }
    prices
}

/// The most that somebody pays: whether he is among the first so many of a step, nobody knows before.
fn price_at(tier: &TierSpec, now: TimeUs) -> i64 {
    let mut most = i64::MIN;
    for step in tier.terms.price_steps.iter().filter(|step| step.until.is_none_or(|until| now < until)) {
        most = most.max(step.price_minor);
        if step.first.is_none() {
            return most;
        }
    }
    most.max(tier.price_minor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PriceStep, TierId};

    /// Price, from when, until when.
    type Shown = (i64, Option<i64>, Option<i64>);

    fn until(price_minor: i64, until: i64) -> PriceStep {
        PriceStep { price_minor, until: Some(TimeUs(until)), first: None }
    }

    fn first(price_minor: i64, first: u32) -> PriceStep {
        PriceStep { price_minor, until: None, first: Some(first) }
    }

    #[test]
    fn a_tier_costs_what_its_steps_say_and_never_less() {
        let window = |from: i64, until: i64| SaleWindow { from: Some(TimeUs(from)), until: Some(TimeUs(until)) };
        let both = PriceStep { first: Some(5), ..until(10, 20) };
        let rows: Vec<(Vec<PriceStep>, SaleWindow, &[Shown])> = vec![
            (vec![], SaleWindow::ALWAYS, &[(100, None, None)]),
            (vec![], window(5, 9), &[(100, None, Some(9))]),
            (vec![], window(9, 9), &[]),
            (vec![until(10, 20)], SaleWindow::ALWAYS, &[(10, None, Some(20)), (100, Some(20), None)]),
            (
                vec![until(10, 20), until(50, 30)],
                SaleWindow::ALWAYS,
                &[(10, None, Some(20)), (50, Some(20), Some(30)), (100, Some(30), None)],
            ),
            // The step is over before the sale begins, or lasts until its end.
            (vec![until(10, 20)], window(20, 40), &[(100, None, Some(40))]),
            (vec![until(10, 20)], window(5, 20), &[(10, None, Some(20))]),
            // Who is too late for the first so many pays what comes after.
            (vec![first(10, 3)], SaleWindow::ALWAYS, &[(100, None, None)]),
            (vec![both], SaleWindow::ALWAYS, &[(100, None, None)]),
            (vec![first(10, 3), until(50, 30)], SaleWindow::ALWAYS, &[(50, None, Some(30)), (100, Some(30), None)]),
            // A step may be dearer.
            (vec![until(300, 20)], SaleWindow::ALWAYS, &[(300, None, Some(20)), (100, Some(20), None)]),
            (vec![first(300, 3)], SaleWindow::ALWAYS, &[(300, None, None)]),
        ];
        for (steps, sale, expected) in rows {
            let mut tier = TierSpec::new(TierId::from_bytes([1; 16]), "Seat".into(), 100);
            tier.terms.price_steps.clone_from(&steps);
            let prices = offered_prices(&tier, sale);
            let prices: Vec<_> =
                prices.iter().map(|it| (it.price_minor, it.from.map(|at| at.0), it.until.map(|at| at.0))).collect();
            assert_eq!(prices, expected, "{steps:?} {sale:?}");
        }
    }
}
