use super::{START, Stage, duration_us, number, ticket, user};
use crate::{RefundOrder, RefundPolicy, RefundRight, RefundStep, RefundTo};

/// A percentage, or percentages by the time before the event that they end at, as in `100/14d,50/2d`; after `|`, the time
/// from which on nothing is promised.
pub(super) fn policy(text: &str) -> RefundPolicy {
    let (percents, until) = text.split_once('|').map_or((text, None), |(percents, until)| (percents, Some(until)));
    let until = until.map(|until| START.plus_us(duration_us(until)));
    if !percents.contains('/') {
        return RefundPolicy { until, ..RefundPolicy::flat(number(percents)) };
    }
    let step = |text: &str| {
        let (percent, before) = text.split_once('/').expect("a step has a percentage and a time");
        RefundStep { percent: number(percent), before_us: duration_us(before) }
    };
    RefundPolicy { until, steps: percents.split(',').map(step).collect(), ..RefundPolicy::flat(0) }
}

/// The amount, `worth`, `all`, or `ann@30d` for what Ann was promised of an event that starts then.
pub(super) fn order(stage: &Stage, args: &[&str]) -> RefundOrder {
    let tickets = args[2..].iter().filter(|arg| **arg != "wallet");
    let right = match args[1].split_once('@') {
        Some((name, starts)) => {
            RefundRight::Promise { customer: user(name), starts_at: START.plus_us(duration_us(starts)) }
        }
        None if args[1] == "all" => RefundRight::Cancellation,
        None => RefundRight::Organizer { amount_minor: (args[1] != "worth").then(|| number(args[1])) },
    };
    RefundOrder {
        order: super::order(args[0]),
        tickets: tickets.map(|name| ticket(stage, name)).collect(),
        right,
        to: if args.contains(&"wallet") { RefundTo::Wallet } else { RefundTo::Original },
    }
}
