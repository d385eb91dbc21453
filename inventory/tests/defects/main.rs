//! Defects that were found in ticket systems people paid with (FEATURES, section 2), each as the test that would have
//! caught it. The first word of a name is the system: `t` Tiketku, `d` the DDD ticketing system, `r` the registration
//! platform, `b` Bookit, `peers` for what users report of others.

mod show;

use inventory::{
    Answer, CallerKey, Command, Direction, Inventory, OrderId, Origin, PaymentOutcome, RefundOrder, RefundRight,
    RefundTo, Row, ScanTicket, TicketId, Verb,
};
use show::{MINUTE_US, PRICE_MINOR, SECOND_US, Show, buyer, euro, map, seat, standing, tier};

const TTL_US: i64 = inventory::limits::HOLD_TTL_DEFAULT_US;

fn scan(ticket: TicketId, generation: u32, nonce: u64) -> Verb {
    Verb::ScanTicket(ScanTicket::live(ticket, generation, Direction::Entry, nonce))
}

fn refund(order: OrderId, tickets: Vec<TicketId>, amount_minor: i64) -> Verb {
    let right = RefundRight::Organizer { amount_minor: Some(amount_minor) };
    Verb::RefundOrder(RefundOrder { order, tickets, right, to: RefundTo::Original })
}

/// Stock was read outside of the transaction that wrote it.
#[test]
fn t_many_buyers_of_the_last_places_get_just_those() {
    let mut show = Show::new(1, 20, 7);
    let sold = (0..100u8).filter(|number| show.hold(buyer(*number), vec![standing(1)]).is_ok()).count();
    assert_eq!((sold, show.counts()), (7, (14, 7, 0)));
    assert_eq!(show.inventory.availability().tiers[0].free, 0);
}

/// A thousand clicks on the last seat.
#[test]
fn r_a_thousand_attempts_on_one_seat_have_one_winner() {
    let mut show = Show::new(1, 1, 100);
    let attempt = |show: &mut Show, at: u32| {
        let hold = inventory::HoldId::from_bytes(u128::from(at).to_be_bytes());
        let place = inventory::PlaceHold {
            hold,
            customer: buyer(at as u8),
            wants: vec![seat(0)],
            access_codes: vec![],
            discount_codes: Box::default(),
            box_office: None,
        };
        show.ask(Verb::PlaceHold(place))
    };
    let outcomes: Vec<_> = (1..=1_000).map(|at| attempt(&mut show, at)).collect();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let is_taken = |outcome: &Result<Answer, inventory::Rejection>| {
        outcome.as_ref().is_err_and(|rejection| rejection.code() == "SEATS_TAKEN")
    };
    assert_eq!(outcomes.iter().filter(|outcome| is_taken(outcome)).count(), 999);
}

/// The expiry job forgot the quota.
#[test]
fn t_an_expired_order_returns_its_places_and_its_quota_exactly_once() {
    let mut show = Show::new(4, 4, 5);
    let hold = show.hold(buyer(1), vec![seat(0), standing(2)]).unwrap();
    let order = show.order(buyer(1), hold, false);
    show.wait(TTL_US);
    for expected in [1, 0, 0] {
        assert_eq!(show.must(Verb::ExpireHolds), Answer::HoldsExpired { count: expected });
        assert_eq!(show.counts(), (8, 0, 0));
        assert_eq!(show.inventory.availability().tiers[0].free, 5);
    }
    assert_eq!(show.status(order), "expired");
}

/// Unpaid orders counted as sold for ever.
#[test]
fn d_an_order_that_is_never_paid_is_not_a_sale() {
    let mut show = Show::new(1, 1, 10);
    let hold = show.hold(buyer(1), vec![seat(0)]).unwrap();
    show.order(buyer(1), hold, false);
    assert_eq!(show.hold(buyer(2), vec![seat(0)]).unwrap_err().code(), "SEATS_TAKEN");
    show.wait(TTL_US);
    show.must(Verb::ExpireHolds);
    show.hold(buyer(2), vec![seat(0)]).expect("the seat is free again");
}

/// Money for an expired order issued tickets whatever had become of the places.
#[test]
fn t_a_late_payment_gets_its_places_back_while_they_are_free() {
    let mut show = Show::new(2, 1, 10);
    let hold = show.hold(buyer(1), vec![seat(1)]).unwrap();
    let order = show.order(buyer(1), hold, false);
    show.wait(TTL_US);
    show.must(Verb::ExpireHolds);
    let pay = show.pay(order);
    assert!(matches!(show.must(pay), Answer::OrderPaid(paid) if !paid.reseated && paid.tickets.len() == 1));
    assert_eq!((show.status(order), show.counts()), ("paid", (2, 0, 1)));
}

#[test]
fn t_a_late_payment_for_places_that_are_gone_goes_back_and_issues_nothing() {
    let mut show = Show::new(2, 1, 10);
    let hold = show.hold(buyer(1), vec![seat(1)]).unwrap();
    let order = show.order(buyer(1), hold, false);
    show.wait(TTL_US);
    show.must(Verb::ExpireHolds);
    show.buy(buyer(2), vec![seat(1)]);
    let pay = show.pay(order);
    assert_eq!(show.must(pay.clone()), Answer::PaymentRefused { order });
    let records = show.journal.len();
    assert_eq!(show.must(pay), Answer::PaymentRefused { order }, "the notice comes again");
    assert_eq!((show.journal.len(), show.status(order), show.counts()), (records, "expired", (2, 0, 1)));
    assert!(show.inventory.order(order).unwrap().tickets.is_empty());
}

#[test]
fn t_a_late_payment_takes_other_seats_only_when_the_buyer_agreed() {
    let mut show = Show::new(4, 1, 10);
    let hold = show.hold(buyer(1), vec![seat(1)]).unwrap();
    let order = show.order(buyer(1), hold, true);
    show.wait(TTL_US);
    show.must(Verb::ExpireHolds);
    show.buy(buyer(2), vec![seat(1)]);
    let pay = show.pay(order);
    assert!(matches!(show.must(pay), Answer::OrderPaid(paid) if paid.reseated));
    assert_ne!(show.places(order), [inventory::Place::Seat(inventory::SeatIx(1))]);
    assert_eq!(show.counts(), (3, 0, 2));
}

/// A purchase was many statements, and a crash between two of them left half of it.
#[test]
fn t_a_purchase_is_one_record_with_everything_that_follows_from_it() {
    let mut show = Show::new(4, 4, 8);
    let (order, paid) = show.buy(buyer(1), vec![seat(0), seat(1), standing(2)]);
    let mut inventory = Inventory::new(show.inventory.event());
    for record in &show.journal {
        inventory.apply(record);
        let view = inventory.order(order);
        let is_paid = view.as_ref().is_some_and(|view| view.status.name() == "paid");
        assert_eq!(view.map_or(0, |view| view.tickets.len()), if is_paid { 4 } else { 0 });
    }
    let mut rows = Vec::new();
    inventory.rows(show.journal.last().unwrap(), &mut rows);
    let tickets = rows.iter().filter(|row| matches!(row, Row::Ticket(ticket) if paid.tickets.contains(&ticket.ticket)));
    assert_eq!(tickets.count(), 4);
    assert!(rows.iter().any(|row| matches!(row, Row::Order(row) if row.status == "paid")));
    assert!(rows.iter().any(|row| matches!(row, Row::Payment(row) if row.amount_minor == 4 * PRICE_MINOR)));
    assert!(rows.iter().any(|row| matches!(row, Row::Outbox(_))));
}

/// Tickets were numbered, by a count that two purchases could read alike.
#[test]
fn t_ticket_ids_can_neither_collide_nor_be_guessed() {
    let mut show = Show::new(1, 40, 100);
    let mut ids: Vec<u128> = (0..8)
        .flat_map(|number| show.buy(buyer(number), vec![standing(4)]).1.tickets)
        .map(|ticket| u128::from_be_bytes(ticket.bytes()))
        .collect();
    assert_eq!(ids.len(), 32);
    ids.sort_unstable();
    assert!(ids.windows(2).all(|pair| pair[1] - pair[0] > u128::from(u32::MAX)), "ids lie far apart");
}

/// Check-in was an unconditional update after a separate read.
#[test]
fn t_two_gates_admit_a_ticket_once() {
    let mut show = Show::new(1, 1, 10);
    let ticket = show.buy(buyer(1), vec![seat(0)]).1.tickets[0];
    show.must(scan(ticket, 1, 1));
    let records = show.journal.len();
    show.wait(SECOND_US);
    let again = show.ask(scan(ticket, 1, 2)).unwrap_err();
    assert_eq!((again.code(), again.to_string()), ("SCAN_REFUSED", "refused at the gate: already_redeemed".to_owned()));
    show.must(scan(ticket, 1, 1));
    assert_eq!(show.journal.len(), records, "the first gate's retry succeeds without another record");
}

/// Whether a ticket was used was asked of its type.
#[test]
fn t_a_used_ticket_blocks_no_refund_but_its_own() {
    let mut show = Show::new(4, 1, 10);
    let (order, paid) = show.buy(buyer(1), vec![seat(0), seat(1)]);
    let (other, _) = show.buy(buyer(2), vec![seat(2)]);
    show.must(scan(paid.tickets[0], 1, 1));
    assert_eq!(show.refusal(refund(order, vec![paid.tickets[0]], 0)), "TICKET_USED");
    show.must(refund(order, vec![paid.tickets[1]], 0));
    show.must(refund(other, vec![], 0));
    assert_eq!((show.status(order), show.status(other)), ("partially_refunded", "refunded"));
}

/// A refund returned no quota and left the ticket valid; two at once paid twice.
#[test]
fn t_a_refund_returns_places_once_and_kills_the_tickets() {
    let mut show = Show::new(2, 2, 4);
    let (order, paid) = show.buy(buyer(1), vec![seat(0), standing(1)]);
    let refund = |amount_minor| refund(order, vec![], amount_minor);
    assert_eq!(show.refusal(refund(2 * PRICE_MINOR + 1)), "REFUND_EXCEEDS");
    assert_eq!(show.refusal(refund(-1)), "REFUND_EXCEEDS");
    show.must(refund(2 * PRICE_MINOR));
    assert_eq!((show.status(order), show.counts()), ("refunded", (4, 0, 0)));
    assert_eq!(show.inventory.availability().tiers[0].free, 4);
    assert_eq!(show.refusal(refund(0)), "ORDER_TRANSITION");
    assert_eq!(show.counts(), (4, 0, 0));
    for ticket in paid.tickets {
        let refused = show.ask(scan(ticket, 1, 1)).unwrap_err();
        assert_eq!(refused.to_string(), "refused at the gate: canceled");
    }
}

/// The status call had no state machine: paid became rejected, rejected became paid.
#[test]
fn d_an_order_never_turns_back() {
    let mut show = Show::new(4, 1, 10);
    let (paid, _) = show.buy(buyer(1), vec![seat(0)]);
    let declined = show.settle(paid, PaymentOutcome::Declined);
    assert_eq!(show.refusal(declined), "ORDER_TRANSITION");
    assert_eq!(show.refusal(Verb::CancelOrder { order: paid, customer: buyer(1) }), "ORDER_TRANSITION");
    let again = show.pay(paid);
    assert_eq!(show.must(again), Answer::PaymentRefused { order: paid }, "a second payment goes back");
    assert_eq!((show.status(paid), show.counts()), ("paid", (4, 0, 1)));
}

/// A replayed notice issued tickets again.
#[test]
fn d_a_payment_notice_that_comes_again_gets_the_first_answer() {
    let mut show = Show::new(1, 1, 10);
    let hold = show.hold(buyer(1), vec![seat(0)]).unwrap();
    let order = show.order(buyer(1), hold, false);
    let pay = show.pay(order);
    let first = show.must(pay.clone());
    let digest = show.inventory.digest();
    show.wait(30 * MINUTE_US);
    assert_eq!(show.must(pay), first);
    assert_eq!(show.inventory.digest(), digest);
}

/// The client said what it wanted to pay.
#[test]
fn d_the_price_is_the_servers_and_that_of_the_hold() {
    let mut show = Show::new(2, 1, 10);
    let hold = show.hold(buyer(1), vec![seat(0)]).unwrap();
    let order = show.order(buyer(1), hold, false);
    let mut dearer = tier(10);
    dearer.price_minor = 2 * PRICE_MINOR;
    show.must(Verb::SetTier(Box::new(dearer)));
    for amount_minor in [1, PRICE_MINOR - 1, 2 * PRICE_MINOR, -PRICE_MINOR] {
        let pay = show.settle(order, PaymentOutcome::Paid { amount_minor, currency: euro() });
        assert_eq!(show.refusal(pay), "AMOUNT_MISMATCH");
    }
    let foreign = inventory::Currency::new("USD").unwrap();
    let pay = show.settle(order, PaymentOutcome::Paid { amount_minor: PRICE_MINOR, currency: foreign });
    assert_eq!(show.refusal(pay), "CURRENCY_MISMATCH");
    let pay = show.pay(order);
    show.must(pay);
    assert_eq!(show.inventory.order(order).unwrap().total_minor, PRICE_MINOR);
}

/// Any status could be set on a cancelled registration, which came back without a place.
#[test]
fn r_a_cancelled_order_cannot_be_brought_back() {
    let mut show = Show::new(1, 1, 10);
    let hold = show.hold(buyer(1), vec![seat(0)]).unwrap();
    let order = show.order(buyer(1), hold, true);
    show.must(Verb::CancelOrder { order, customer: buyer(1) });
    show.buy(buyer(2), vec![seat(0)]);
    let pay = show.pay(order);
    assert_eq!(show.must(pay), Answer::PaymentRefused { order });
    assert_eq!((show.status(order), show.counts()), ("cancelled", (1, 0, 1)));
}

/// Editing an event could overwrite what was left of it.
#[test]
fn r_no_edit_takes_capacity_below_what_is_held_and_sold() {
    let mut show = Show::new(4, 4, 6);
    show.buy(buyer(1), vec![seat(0), standing(1)]);
    show.hold(buyer(2), vec![seat(1)]).unwrap();
    assert_eq!(show.refusal(Verb::SetTier(Box::new(tier(2)))), "TIER_INVALID");
    assert_eq!(show.refusal(Verb::SetSeatMap(Box::new(map(1, 1)))), "EVENT_ALREADY_PUBLISHED");
    show.must(Verb::SetTier(Box::new(tier(3))));
    assert_eq!((show.counts(), show.inventory.availability().tiers[0].free), ((5, 1, 2), 0));
}

/// Nobody counted what one user had bought before.
#[test]
fn r_a_customers_limit_counts_over_all_orders() {
    let mut show = Show::new(1, 10, 10);
    let mut limited = tier(10);
    limited.per_customer_max = Some(3);
    show.must(Verb::SetTier(Box::new(limited)));
    show.buy(buyer(1), vec![standing(2)]);
    show.hold(buyer(1), vec![standing(1)]).unwrap();
    assert_eq!(show.hold(buyer(1), vec![standing(1)]).unwrap_err().code(), "PER_CUSTOMER_MAXIMUM");
    show.hold(buyer(2), vec![standing(1)]).expect("another buyer has a limit of their own");
}

/// The transfer call never worked; elsewhere (hi#823) it wanted free stock.
#[test]
fn r_a_transfer_on_a_sold_out_event_kills_the_old_code() {
    let mut show = Show::new(1, 1, 2);
    let ticket = show.buy(buyer(1), vec![seat(0), standing(1)]).1.tickets[0];
    assert_eq!(show.counts(), (0, 0, 2));
    let transfer = |from, to| Verb::TransferTicket { ticket, from: buyer(from), to: buyer(to) };
    assert_eq!(show.refusal(transfer(3, 2)), "TICKET_NOT_FOUND");
    assert_eq!(show.must(transfer(1, 2)), Answer::TicketTransferred { ticket, generation: 2 });
    assert_eq!(show.ask(scan(ticket, 1, 1)).unwrap_err().to_string(), "refused at the gate: revoked");
    show.must(scan(ticket, 2, 2));
    assert_eq!(show.refusal(transfer(2, 1)), "TICKET_USED");
}

/// Seats were locked while the payment provider was called: here they are held, before and without any call.
#[test]
fn b_a_buyer_who_pays_has_the_seat_and_blocks_nobody_else() {
    let mut show = Show::new(2, 1, 10);
    let hold = show.hold(buyer(1), vec![seat(0)]).unwrap();
    let order = show.order(buyer(1), hold, false);
    let payment = inventory::PaymentId::from_bytes(show.id());
    show.must(Verb::StartPayment { order, customer: buyer(1), payment });
    show.buy(buyer(2), vec![seat(1)]);
    show.wait(TTL_US + 4 * MINUTE_US);
    show.must(Verb::ExpireHolds);
    let pay = show.pay(order);
    assert!(matches!(show.must(pay), Answer::OrderPaid(_)), "a payment that started has its five minutes more");
}

/// Cancelling twice returned the place twice and sold it twice (hi#218, emf#638).
#[test]
fn peers_whatever_ends_twice_frees_once() {
    let mut show = Show::new(1, 3, 4);
    let hold = show.hold(buyer(1), vec![standing(2)]).unwrap();
    let order = show.order(buyer(1), hold, false);
    show.must(Verb::CancelOrder { order, customer: buyer(1) });
    assert_eq!(show.refusal(Verb::CancelOrder { order, customer: buyer(1) }), "ORDER_TRANSITION");
    let released = show.hold(buyer(1), vec![standing(2)]).unwrap();
    for _ in 0..2 {
        show.must(Verb::ReleaseHold { hold: released, customer: buyer(1) });
        assert_eq!(show.counts(), (4, 0, 0));
    }
    show.hold(buyer(2), vec![standing(3)]).unwrap();
    assert_eq!(show.hold(buyer(3), vec![standing(1)]).unwrap_err().code(), "AREA_SOLD_OUT");
}

/// Renewing kept a cart for ever (px#1575).
#[test]
fn peers_a_hold_cannot_be_extended_for_ever() {
    let mut show = Show::new(1, 1, 10);
    let hold = show.hold(buyer(1), vec![seat(0)]).unwrap();
    let placed_at = show.now;
    while show.now.since(placed_at) < inventory::limits::HOLD_AGE_MAX_US - TTL_US / 2 {
        show.wait(TTL_US / 2);
        if show.ask(Verb::ExtendHold { hold, customer: buyer(1) }).is_err() {
            break;
        }
    }
    assert_eq!(show.refusal(Verb::ExtendHold { hold, customer: buyer(1) }), "HOLD_EXTENSION_EXHAUSTED");
    show.now = placed_at.plus_us(inventory::limits::HOLD_AGE_MAX_US);
    assert_eq!(show.must(Verb::ExpireHolds), Answer::HoldsExpired { count: 1 });
}

/// The same key with another order got the old order's answer; after a crash the key was locked for ever.
#[test]
fn peers_a_key_knows_its_request_and_survives_a_crash() {
    let mut show = Show::new(4, 1, 10);
    let place = |ix: u32, body: u8| Command {
        origin: Origin { key: Some(CallerKey { key: [1; 16], body: [body; 16] }), ..Origin::ENGINE },
        verb: Verb::PlaceHold(inventory::PlaceHold {
            hold: inventory::HoldId::from_bytes([200 + body; 16]),
            customer: buyer(1),
            wants: vec![seat(ix)],
            access_codes: vec![],
            discount_codes: Box::default(),
            box_office: None,
        }),
    };
    let first = show.send(place(0, 1)).unwrap();
    let mut replayed = Inventory::new(show.inventory.event());
    for record in &show.journal {
        replayed.apply(record);
    }
    show.inventory = replayed;
    assert_eq!(show.send(place(0, 1)), Ok(first));
    assert_eq!(show.send(place(1, 2)).unwrap_err().code(), "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(show.counts(), (4, 1, 0));
}

/// Refusals are ordered: of a tier that has not opened and a sale that is over, the one that stands first is told. Seen
/// while the twin was written.
#[test]
fn the_first_reason_by_precedence_is_given_even_across_windows() {
    let mut show = Show::new(1, 1, 10);
    let mut later = tier(10);
    later.sale.from = Some(show.now.plus_us(MINUTE_US));
    show.must(Verb::SetTier(Box::new(later)));
    let mut over = show::policy();
    over.sale.until = Some(show.now);
    show.must(Verb::SetPolicy(Box::new(over)));
    let asked = inventory::Want::Seat { seat: inventory::SeatIx(0), tier: Some(inventory::TierIx(0)) };
    assert_eq!(show.hold(buyer(1), vec![asked]).unwrap_err().code(), "SALE_NOT_STARTED");
}
