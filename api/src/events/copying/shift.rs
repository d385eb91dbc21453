use inventory::{
    AccessCodeSpec, DiscountCodeSpec, Policy, PriceStep, QuotaSpec, RefundPolicy, RoomSettings, SaleWindow, TierId,
    TierSpec, TierTerms, TimeUs, WaitlistSettings,
};

use crate::time_zone::Zone;

/// From an event to a copy at another time: everything that it says of times keeps its distance to the start, by the clock
/// on the wall.
pub struct Shift {
    zone: Zone,
    from: TimeUs,
    to: TimeUs,
}

impl Shift {
    pub fn new(event: &persistence::Event, to: TimeUs) -> Self {
        Self { zone: Zone::of(event), from: event.starts_at, to }
    }

    fn time(&self, at: TimeUs) -> TimeUs {
        self.zone.moved(at, self.from, self.to)
    }

    /// Where the clocks change within it, a window of less than an hour keeps its length.
    fn pair(&self, from: Option<TimeUs>, until: Option<TimeUs>) -> (Option<TimeUs>, Option<TimeUs>) {
        match (from, until) {
            (Some(from), Some(until)) => {
                let (start, end) = (self.time(from), self.time(until));
                (Some(start), Some(if start < end { end } else { start.plus_us(until.since(from)) }))
            }
            (from, until) => (from.map(|at| self.time(at)), until.map(|at| self.time(at))),
        }
    }

    fn window(&self, window: SaleWindow) -> SaleWindow {
        let (from, until) = self.pair(window.from, window.until);
        SaleWindow { from, until }
    }

    pub fn policy(&self, policy: &Policy) -> Policy {
        Policy {
            sale: self.window(policy.sale),
            doors_from: policy.doors_from.map(|at| self.time(at)),
            ..policy.clone()
        }
    }

    /// Under another id, with its own quota named after that.
    pub fn tier(&self, tier: &TierSpec, id: TierId) -> TierSpec {
        let own_quota = tier.id.uuid().simple().to_string();
        let quota = |quota: &QuotaSpec| {
            let id = if quota.id == own_quota { id.uuid().simple().to_string() } else { quota.id.clone() };
            QuotaSpec { id, limit: quota.limit }
        };
        let step = |step: &PriceStep| PriceStep { until: step.until.map(|at| self.time(at)), ..*step };
        let terms = &tier.terms;
        let refund = terms.refund.clone();
        let refund = refund.map(|refund| RefundPolicy { until: refund.until.map(|at| self.time(at)), ..refund });
        TierSpec {
            id,
            quotas: tier.quotas.iter().map(quota).collect(),
            sale: self.window(tier.sale),
            terms: TierTerms { price_steps: terms.price_steps.iter().map(step).collect(), refund, ..terms.clone() },
            ..tier.clone()
        }
    }

    /// `None` when all that it opens is gone: without a tier it would open every one.
    pub fn code(&self, code: &AccessCodeSpec, new_id: impl Fn(TierId) -> Option<TierId>) -> Option<AccessCodeSpec> {
        let tiers: Vec<TierId> = code.tiers.iter().copied().filter_map(new_id).collect();
        let opens_nothing = tiers.is_empty() && !code.tiers.is_empty();
        (!opens_nothing).then(|| AccessCodeSpec { tiers, window: self.window(code.window), ..code.clone() })
    }

    /// `None` when all that it is for is gone: without a tier it would be for every one.
    pub fn discount(
        &self,
        code: &DiscountCodeSpec,
        new_id: impl Fn(TierId) -> Option<TierId>,
    ) -> Option<DiscountCodeSpec> {
        let tiers: Vec<TierId> = code.tiers.iter().copied().filter_map(new_id).collect();
        let is_for_nothing = tiers.is_empty() && !code.tiers.is_empty();
        (!is_for_nothing).then(|| DiscountCodeSpec { tiers, window: self.window(code.window), ..code.clone() })
    }

    /// Where the list would be closed already, it closes when the copy begins.
    pub fn waitlist(&self, list: WaitlistSettings, now: TimeUs) -> WaitlistSettings {
        let closes_at = list.closes_at.map(|at| self.time(at));
        WaitlistSettings { closes_at: closes_at.map(|at| if at > now { at } else { self.to }), ..list }
    }

    /// Nobody waits yet. A beacon names a value that will have been known for long.
    pub fn room(&self, room: &RoomSettings) -> RoomSettings {
        let (pre_queue_from, opens_at) = self.pair(room.pre_queue_from, room.opens_at);
        RoomSettings { pre_queue_from, opens_at, paused: false, beacon: None, ..room.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time;

    fn at(text: &str) -> TimeUs {
        time::time_us(text.parse().unwrap())
    }

    fn shift() -> Shift {
        let zone = Zone::find("Europe/Berlin").unwrap();
        Shift { zone, from: at("2026-10-20T17:00:00Z"), to: at("2026-11-20T18:00:00Z") }
    }

    #[test]
    fn a_short_window_around_a_change_of_the_clocks_stays_one() {
        // It would be from the first 02:30 of that night, summer time, to the first 02:30 as well.
        let zone = Zone::find("Europe/Berlin").unwrap();
        let shift = Shift { zone, from: at("2026-10-24T22:00:00Z"), to: at("2027-10-30T22:00:00Z") };
        let window = SaleWindow { from: Some(at("2026-10-25T00:30:00Z")), until: Some(at("2026-10-25T01:30:00Z")) };
        let moved = shift.window(window);
        assert!(moved.from < moved.until, "{moved:?}");
        assert_eq!(moved.until.unwrap().since(moved.from.unwrap()), 3_600_000_000);
    }

    #[test]
    fn a_tier_keeps_prices_and_limits_and_moves_its_times() {
        let (old, new) = (TierId::from_bytes([1; 16]), TierId::from_bytes([2; 16]));
        let own = |id: TierId| id.uuid().simple().to_string();
        let tier = TierSpec {
            quotas: vec![QuotaSpec { id: own(old), limit: 5 }, QuotaSpec { id: "house".into(), limit: 9 }],
            sale: SaleWindow { from: Some(at("2026-09-01T08:00:00Z")), until: None },
            per_customer_max: Some(3),
            access_code: Some([9; 16]),
            terms: TierTerms {
                position: 4,
                price_steps: vec![
                    PriceStep { price_minor: 10, until: Some(at("2026-09-10T08:00:00Z")), first: Some(7) },
                    PriceStep { price_minor: 20, until: None, first: Some(50) },
                ],
                refund: Some(RefundPolicy { until: Some(at("2026-10-13T17:00:00Z")), ..RefundPolicy::flat(80) }),
                needs_code: true,
                ..TierTerms::PLAIN
            },
            ..TierSpec::new(old, "Seat".into(), 30)
        };
        let copy = shift().tier(&tier, new);
        assert_eq!(copy.quotas[0], QuotaSpec { id: own(new), limit: 5 });
        assert_eq!(copy.quotas[1], tier.quotas[1]);
        assert_eq!(copy.sale.from, Some(at("2026-10-02T08:00:00Z")));
        let steps = &copy.terms.price_steps;
        assert_eq!(steps[0], PriceStep { price_minor: 10, until: Some(at("2026-10-11T08:00:00Z")), first: Some(7) });
        assert_eq!(steps[1], tier.terms.price_steps[1]);
        assert_eq!(copy.terms.refund.unwrap().until, Some(at("2026-11-13T18:00:00Z")));
        let back =
            TierSpec { id: old, quotas: tier.quotas.clone(), sale: tier.sale, terms: tier.terms.clone(), ..copy };
        assert_eq!(back, tier, "and nothing else");
    }

    #[test]
    fn a_waitlist_closes_as_long_before_the_start_or_at_it() {
        let list = WaitlistSettings { active: true, offer_us: 7, closes_at: Some(at("2026-10-20T11:00:00Z")) };
        let closes_at = |now| shift().waitlist(list, at(now)).closes_at;
        assert_eq!(closes_at("2026-11-01T00:00:00Z"), Some(at("2026-11-20T12:00:00Z")));
        assert_eq!(closes_at("2026-11-20T12:00:00Z"), Some(at("2026-11-20T18:00:00Z")));
        let open = WaitlistSettings { closes_at: None, ..list };
        assert_eq!(shift().waitlist(open, at("2026-11-20T12:00:00Z")), open);
    }

    #[test]
    fn a_code_never_opens_more_than_it_did() {
        let (kept, gone, new) = (TierId::from_bytes([1; 16]), TierId::from_bytes([2; 16]), TierId::from_bytes([3; 16]));
        let code = |tiers: Vec<TierId>| AccessCodeSpec {
            digest: [7; 16],
            label: "Press".into(),
            tiers,
            units_max: Some(5),
            window: SaleWindow::ALWAYS,
            open: true,
        };
        let new_id = |id| (id == kept).then_some(new);
        let tiers = |tiers| shift().code(&code(tiers), new_id).map(|code| code.tiers);
        assert_eq!(tiers(vec![kept, gone]), Some(vec![new]));
        assert_eq!(tiers(vec![gone]), None);
        assert_eq!(tiers(vec![]), Some(vec![]));
        let discount = |tiers: Vec<TierId>| DiscountCodeSpec {
            digest: [8; 16],
            label: "Spring".into(),
            discount: inventory::Discount::Percent { basis_points: 1_000 },
            tiers,
            uses_max: None,
            units_max: Some(5),
            per_customer_max: None,
            window: SaleWindow::ALWAYS,
            open: true,
        };
        let tiers = |tiers| shift().discount(&discount(tiers), new_id).map(|code| code.tiers);
        assert_eq!(tiers(vec![kept, gone]), Some(vec![new]));
        assert_eq!(tiers(vec![gone]), None);
        assert_eq!(tiers(vec![]), Some(vec![]));
    }

    #[test]
    fn a_room_begins_anew_without_the_beacon_of_the_old_one() {
        let room = RoomSettings {
            active: true,
            paused: true,
            opens_at: Some(at("2026-09-01T08:00:00Z")),
            beacon: Some("round 7".into()),
            rate_per_min: 33,
            ..RoomSettings::default()
        };
        let copy = shift().room(&room);
        assert_eq!(copy.opens_at, Some(at("2026-10-02T08:00:00Z")));
        assert_eq!((copy.active, copy.paused, copy.beacon, copy.rate_per_min), (true, false, None, 33));
    }
}
