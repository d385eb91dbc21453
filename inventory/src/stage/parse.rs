//! Rows of text to commands.

mod box_office;
mod refund;
mod waitlist;

use super::{START, Stage};
use crate::{
    AccessCodeSpec, BestAvailable, CallerKey, Currency, Direction, Discount, DiscountCodeSpec, Entry, HoldId, OrderId,
    Origin, PaymentId, PaymentOutcome, PlaceHold, PlaceOrder, Policy, PriceStep, QueuedScan, QuotaSpec, RoomSettings,
    RowSpec, SaleWindow, ScanList, ScanTicket, SeatIx, SeatMapSpec, SeatSpec, SectionIx, SectionKind, SectionSpec,
    SettlePayment, TicketId, TierId, TierIx, TierPatch, TierSpec, TierTerms, TimeUs, UndoReason, UserId, Verb, Want,
};

/// Sections by line: `id distance_cm | row of seats | row of seats`, `id distance_cm area 50`, each with an optional
/// `!block` after the distance. Seats: `o` ordinary, `a` accessible, `c` companion, `_` a gap, a capital letter or digit
/// is a seat of that category, `!` one of the block `kept`.
pub(super) fn seat_map(text: &str) -> SeatMapSpec {
    let sections = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(section).collect();
    SeatMapSpec { sections, focal_point: (0, 0) }
}

fn section(line: &str) -> SectionSpec {
    let mut parts = line.split('|');
    let head: Vec<&str> = parts.next().expect("a head").split_whitespace().collect();
    let area = head.iter().position(|word| *word == "area");
    let rows = parts.enumerate().map(|(at, seats)| RowSpec { id: (at + 1).to_string(), seats: row(seats.trim()) });
    SectionSpec {
        id: head[0].to_owned(),
        name: format!("Section {}", head[0]),
        position: (0, head[1].parse().expect("a distance")),
        block: head.iter().find_map(|word| word.strip_prefix('!')).map(str::to_owned),
        kind: match area {
            Some(at) => SectionKind::Area { capacity: head[at + 1].parse().expect("a capacity"), category: None },
            None => SectionKind::Rows(rows.collect()),
        },
    }
}

fn row(seats: &str) -> Vec<Option<SeatSpec>> {
    let seat = |(at, kind): (usize, char)| SeatSpec {
        number: (at + 1).to_string(),
        category: kind.is_ascii_uppercase().then(|| kind.to_string()),
        accessible: kind == 'a',
        companion: kind == 'c',
        block: (kind == '!').then(|| "kept".to_owned()),
    };
    seats.chars().enumerate().map(|it| (it.1 != '_').then(|| seat(it))).collect()
}

pub(super) fn duration_us(text: &str) -> i64 {
    let (number, unit) = text.trim().split_at(text.trim().len() - 1);
    let unit_us = match unit {
        "s" => 1_000_000,
        "m" => 60_000_000,
        "h" => 3_600_000_000,
        "d" => 24 * 3_600_000_000,
        unit => panic!("no unit {unit}"),
    };
    number.parse::<i64>().expect("a number") * unit_us
}

pub(super) fn id(name: &str) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    bytes
}

fn user(name: &str) -> UserId {
    UserId::from_bytes(id(name))
}

fn order(name: &str) -> OrderId {
    OrderId::from_bytes(id(name))
}

fn number<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("no number: {text}"))
}

/// The value of `name=value` among the words.
fn value<'a>(words: &[&'a str], name: &str) -> Option<&'a str> {
    words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
}

fn time(text: &str) -> TimeUs {
    START.plus_us(duration_us(text))
}

fn list(text: Option<&str>) -> Vec<String> {
    text.map(|text| text.split(',').map(str::to_owned).collect()).unwrap_or_default()
}

/// Words: the verb, then names and values. `key=k/body` gives an idempotency key.
pub(super) fn command(stage: &mut Stage, row: &str) -> (Origin, Verb) {
    let words: Vec<&str> = row.split_whitespace().collect();
    let key = value(&words, "key").map(|key| {
        let (key, body) = key.split_once('/').expect("key=k/body");
        CallerKey { key: id(key), body: id(body) }
    });
    let args: Vec<&str> = words[1..].iter().copied().filter(|word| !word.starts_with("key=")).collect();
    (Origin { user: None, request: None, key }, verb(stage, words[0], &args))
}

fn verb(stage: &mut Stage, verb: &str, args: &[&str]) -> Verb {
    match verb {
        "seat-map" => Verb::SetSeatMap(Box::new(seat_map(&args.join(" ")))),
        "tier" => Verb::SetTier(Box::new(tier(args))),
        "patch-tier" => {
            Verb::PatchTier { tier: TierId::from_bytes(id(args[0])), patch: Box::new(tier_patch(&args[1..])) }
        }
        "delete-tier" => Verb::DeleteTier { tier: TierId::from_bytes(id(args[0])) },
        "code" => Verb::SetAccessCode(Box::new(access_code(args))),
        "discount" => Verb::SetDiscountCode(Box::new(discount_code(args))),
        "keep" => Verb::PlaceHold(box_office::hold(stage, args)),
        "sell" => Verb::SellAtBoxOffice(Box::new(box_office::sale(stage, args))),
        "policy" => Verb::SetPolicy(Box::new(policy(args))),
        "publish" => Verb::Publish,
        "cancel-event" => Verb::CancelEvent { only_unsold: args.contains(&"unsold") },
        "withhold" => Verb::SetBlock { block: args[0].to_owned(), withheld: true },
        "open" => Verb::SetBlock { block: args[0].to_owned(), withheld: false },
        "hold" => Verb::PlaceHold(place_hold(stage, args)),
        "extend" => Verb::ExtendHold { hold: HoldId::from_bytes(id(args[0])), customer: user(args[1]) },
        "release" => Verb::ReleaseHold { hold: HoldId::from_bytes(id(args[0])), customer: user(args[1]) },
        "expire" => Verb::ExpireHolds,
        "order" => Verb::PlaceOrder(PlaceOrder {
            order: order(args[0]),
            hold: HoldId::from_bytes(id(args[1])),
            customer: user(args[2]),
            accept_other_seats: args.contains(&"any"),
        }),
        "start" => Verb::StartPayment {
            order: order(args[0]),
            customer: user(args[1]),
            payment: PaymentId::from_bytes(id(args[2])),
        },
        "pay" => Verb::SettlePayment(settle(args)),
        "cancel" => Verb::CancelOrder { order: order(args[0]), customer: user(args[1]) },
        "refund" => Verb::RefundOrder(refund::order(stage, args)),
        "in" | "out" => Verb::ScanTicket(ScanTicket {
            ticket: ticket(stage, args[0]),
            generation: value(args, "gen").map_or(1, number),
            direction: if verb == "in" { Direction::Entry } else { Direction::Exit },
            nonce: value(args, "nonce").map_or_else(|| 1_000 + stage.next_scan(), number),
            queued: value(args, "queued")
                .map(|at| QueuedScan { scanned_at: time(at), forced: args.contains(&"forced") }),
            list: value(args, "list").map(|list| Box::new(scan_list(list))),
        }),
        "undo" => Verb::UndoScan {
            ticket: ticket(stage, args[0]),
            nonce: number(value(args, "nonce").expect("nonce=n")),
            reason: UndoReason::Mistake,
        },
        "void" => Verb::VoidTicket { ticket: ticket(stage, args[0]) },
        "transfer" => Verb::TransferTicket { ticket: ticket(stage, args[0]), from: user(args[1]), to: user(args[2]) },
        "room" => {
            Verb::SetWaitingRoom { settings: Box::new(room(args)), key: [value(args, "secret").map_or(1, number); 32] }
        }
        "open-line" => {
            let beacon_value = value(args, "value").map(str::to_owned);
            Verb::OpenLine { round: round(stage, args), joined: number(args[0]), beacon_value }
        }
        "call" => {
            let rate_per_min = positional(args, 1).map_or(u32::MAX, number);
            Verb::CallPlaces { round: round(stage, args), joined: number(args[0]), rate_per_min }
        }
        "enter" => Verb::StartSession { user: user(args[0]), entry: entry(stage, args) },
        "leave" => {
            Verb::LeaveLine { user: user(args[0]), round: round(stage, args), number: positional(args, 1).map(number) }
        }
        "waitlist" | "join" | "quit" | "remove" | "serve" | "close-list" => waitlist::verb(stage, verb, args),
        verb => panic!("no verb {verb}"),
    }
}

/// `room rate=600 max=500 opens=10m`, `room off`.
fn room(args: &[&str]) -> RoomSettings {
    RoomSettings {
        active: !args.contains(&"off"),
        pre_queue_from: value(args, "from").map(time),
        opens_at: value(args, "opens").map(time),
        rate_per_min: value(args, "rate").map_or(600, number),
        shoppers_max: value(args, "max").map_or(500, number),
        session_us: value(args, "session").map_or(600_000_000, duration_us),
        claim_within_us: value(args, "claim").map_or(120_000_000, duration_us),
        paused: args.contains(&"paused"),
        beacon: value(args, "beacon").map(str::to_owned),
        latency_target_us: value(args, "latency").map_or(50_000, number),
    }
}

/// `list=full,pit/A`: tiers before the stroke, sections behind it.
fn scan_list(text: &str) -> ScanList {
    let (tiers, sections) = text.split_once('/').unwrap_or((text, ""));
    let words = |text: &str| list(Some(text).filter(|text| !text.is_empty()));
    let tiers = words(tiers).iter().map(|tier| TierId::from_bytes(id(tier))).collect();
    ScanList { tiers, sections: words(sections) }
}

/// The present line, unless `round=1` says another.
fn round(stage: &Stage, args: &[&str]) -> u32 {
    value(args, "round").map_or_else(|| stage.inventory.line_view().round, number)
}

/// The word there, if it is not a `name=value`.
fn positional<'a>(args: &[&'a str], at: usize) -> Option<&'a str> {
    args.get(at).copied().filter(|word| !word.contains('='))
}

/// `enter ann 7` by a place, `enter ann pass=p/2 until=1h` by a pass for two.
fn entry(stage: &Stage, args: &[&str]) -> Entry {
    let Some(pass) = value(args, "pass") else {
        return Entry::Place { round: round(stage, args), number: number(args[1]) };
    };
    let (pass, uses_max) = pass.split_once('/').expect("pass=p/uses");
    Entry::Priority { pass: id(pass), uses_max: number(uses_max), until: time(value(args, "until").unwrap_or("1h")) }
}

/// `order.2`: the second ticket of an order.
fn ticket(stage: &Stage, name: &str) -> TicketId {
    let (order_name, index) = name.split_once('.').expect("order.index");
    let index: usize = number(index);
    let found = stage.inventory.order(order(order_name));
    let tickets = found.map(|order| order.tickets).unwrap_or_default();
    tickets.get(index.wrapping_sub(1)).copied().unwrap_or_else(|| TicketId::from_bytes(id(name)))
}

/// Seats by public id, `#n` by index; `F*3` units of an area; `best*2` best available, with `/section`; each with
/// `:tier`, and `acc` for an accessible party.
fn place_hold(stage: &Stage, args: &[&str]) -> PlaceHold {
    let wants = args[2..].iter().filter(|word| !word.contains('=')).map(|word| want(stage, word)).collect();
    let access_codes = list(value(args, "code")).iter().map(|code| id(code)).collect();
    let discount_codes = list(value(args, "off")).iter().map(|code| id(code)).collect();
    PlaceHold {
        hold: HoldId::from_bytes(id(args[0])),
        customer: user(args[1]),
        wants,
        access_codes,
        discount_codes,
        box_office: None,
    }
}

fn want(stage: &Stage, word: &str) -> Want {
    let layout = stage.inventory.layout();
    let (place, tier) = match word.split_once(':') {
        Some((place, tier)) => (place, Some(layout.tier(TierId::from_bytes(id(tier))).unwrap_or(TierIx(63)))),
        None => (word, None),
    };
    let Some((place, units)) = place.split_once('*') else {
        let seat = match place.strip_prefix('#') {
            Some(index) => SeatIx(number(index)),
            None => layout.seat(place).unwrap_or_else(|| panic!("no seat {place}")),
        };
        return Want::Seat { seat, tier };
    };
    let quantity = number(units);
    if let Some(scope) = place.strip_prefix("best").or_else(|| place.strip_prefix("acc")) {
        let section = scope.strip_prefix('/').map(|id| layout.section(id).unwrap_or(SectionIx(999)));
        return Want::BestAvailable(BestAvailable { quantity, tier, section, accessible: place.starts_with("acc") });
    }
    Want::Area { area: layout.area(place).unwrap_or(crate::AreaIx(999)), quantity, tier }
}

/// `pay order payment 2000`, `… 2000 USD`, `… declined`. The entropy is the payment's name.
fn settle(args: &[&str]) -> SettlePayment {
    let outcome = match args[2] {
        "declined" => PaymentOutcome::Declined,
        amount => PaymentOutcome::Paid {
            amount_minor: number(amount),
            currency: Currency::new(args.get(3).copied().unwrap_or("EUR")).expect("a currency"),
        },
    };
    SettlePayment { order: order(args[0]), payment: PaymentId::from_bytes(id(args[1])), outcome, entropy: id(args[1]) }
}

fn quota(text: &str) -> QuotaSpec {
    let (id, limit) = text.split_once('/').expect("id/limit");
    QuotaSpec { id: id.to_owned(), limit: number(limit) }
}

fn tier_patch(args: &[&str]) -> TierPatch {
    let window = sale(args);
    TierPatch {
        name: value(args, "name").map(str::to_owned),
        price_minor: value(args, "price").map(number),
        quota: value(args, "quota").map(quota),
        quota_gone: value(args, "no-quota").map(str::to_owned),
        sale: (window != SaleWindow::ALWAYS).then_some(window),
        per_order_min: value(args, "min").map(number),
        per_order_max: value(args, "max").map(number),
        per_customer_max: value(args, "customer").map(|max| (max != "none").then(|| number(max))),
        open: value(args, "open").map(number),
        description: value(args, "about").map(str::to_owned),
        position: value(args, "position").map(number),
        price_steps: value(args, "steps").map(|steps| list(Some(steps)).iter().map(|text| price_step(text)).collect()),
        needs_code: value(args, "needs-code").map(number),
        refund: value(args, "refund").map(|policy| (policy != "none").then(|| refund::policy(policy))),
    }
}

fn tier(args: &[&str]) -> TierSpec {
    TierSpec {
        id: TierId::from_bytes(id(args[0])),
        name: value(args, "name").unwrap_or(args[0]).to_owned(),
        price_minor: value(args, "price").map_or(1_000, number),
        sections: list(value(args, "sections")),
        categories: list(value(args, "categories")),
        quotas: list(value(args, "quotas")).iter().map(|text| quota(text)).collect(),
        sale: sale(args),
        per_order_min: value(args, "min").map_or(1, number),
        per_order_max: value(args, "max").map_or(100, number),
        per_customer_max: value(args, "customer").map(number),
        access_code: value(args, "code").map(id),
        open: !args.contains(&"closed"),
        terms: TierTerms {
            description: value(args, "about").unwrap_or_default().to_owned(),
            position: value(args, "position").map_or(0, number),
            price_steps: list(value(args, "steps")).iter().map(|text| price_step(text)).collect(),
            needs_code: args.contains(&"needs-code"),
            refund: value(args, "refund").map(refund::policy),
            deleted: args.contains(&"deleted"),
        },
    }
}

/// `500/3` for the first three, `500@10m` for the first ten minutes, `500/3@10m` for whichever ends first.
fn price_step(text: &str) -> PriceStep {
    let (text, until) = text.split_once('@').map_or((text, None), |(text, until)| (text, Some(time(until))));
    let (price, first) = text.split_once('/').map_or((text, None), |(price, first)| (price, Some(number(first))));
    PriceStep { price_minor: number(price), until, first }
}

/// `code fan tiers=vip,pit max=3 until=1h`, `… closed`.
fn access_code(args: &[&str]) -> AccessCodeSpec {
    AccessCodeSpec {
        digest: id(args[0]),
        label: value(args, "label").unwrap_or(args[0]).to_owned(),
        tiers: list(value(args, "tiers")).iter().map(|tier| TierId::from_bytes(id(tier))).collect(),
        units_max: value(args, "max").map(number),
        window: sale(args),
        open: !args.contains(&"closed"),
    }
}

/// `discount half percent=5000 tiers=pit uses=3 max=5 customer=1 until=1h`, `… off=300`, `… fixed=500`, `… closed`.
fn discount_code(args: &[&str]) -> DiscountCodeSpec {
    let percent = value(args, "percent").map(|it| Discount::Percent { basis_points: number(it) });
    let amount = || value(args, "off").map(|it| Discount::Amount { minor: number(it) });
    let fixed = || value(args, "fixed").map(|it| Discount::Fixed { minor: number(it) });
    DiscountCodeSpec {
        digest: id(args[0]),
        label: value(args, "label").unwrap_or(args[0]).to_owned(),
        discount: percent.or_else(amount).or_else(fixed).unwrap_or(Discount::Percent { basis_points: 5_000 }),
        tiers: list(value(args, "tiers")).iter().map(|tier| TierId::from_bytes(id(tier))).collect(),
        uses_max: value(args, "uses").map(number),
        units_max: value(args, "max").map(number),
        per_customer_max: value(args, "customer").map(number),
        window: sale(args),
        open: !args.contains(&"closed"),
    }
}

fn sale(args: &[&str]) -> SaleWindow {
    SaleWindow { from: value(args, "from").map(time), until: value(args, "until").map(time) }
}

fn policy(args: &[&str]) -> Policy {
    let currency = Currency::new(value(args, "currency").unwrap_or("EUR")).expect("a currency");
    Policy {
        sale: sale(args),
        hold_ttl_us: value(args, "ttl").map_or(crate::limits::HOLD_TTL_DEFAULT_US, duration_us),
        holds_per_customer_max: value(args, "holds").map_or(4, number),
        units_per_hold_max: value(args, "units").map_or(10, number),
        units_per_customer_max: value(args, "customer").map(number),
        doors_from: value(args, "doors").map(time),
        reentry: !args.contains(&"no-reentry"),
        entries_max: value(args, "entries").map(number),
        ..Policy::new(currency)
    }
}
