//! Rows written inside journal commits.

use engine::{Appended, Journal};
use inventory::{
    Currency, EventId, ItemRow, Lsn, OrderId, OrderRow, OutboxKind, OutboxRow, PaymentRow, PaymentStatus, Row,
    TicketRow, TimeUs,
};
use persistence::{EventStatus, Order, OrderItem, OrderStatus, OutboxStatus, TicketState};

use super::fixture::{
    Fixture, append_one, batch, event, on_every_store, order, payment, ticket, tier, user, with_rows,
};

on_every_store!(
    a_purchase_is_found_with_everything_that_belongs_to_it,
    a_row_written_twice_changes_nothing,
    an_older_row_after_a_newer_one_changes_nothing,
    rows_of_one_order_in_one_commit_end_at_the_newest,
    amounts_and_times_at_the_ends_of_their_range_survive,
    text_that_a_database_cannot_store_never_holds_back_a_commit,
    the_status_of_an_event_follows_its_journal,
    a_commit_of_thousands_of_rows_is_written_whole,
);

pub fn order_row(event: EventId, order: OrderId, status: &'static str, lsn: u64) -> OrderRow {
    OrderRow {
        order,
        event,
        customer: user(),
        status,
        items: vec![ItemRow {
            place: "A-12-7".into(),
            is_area: false,
            quantity: 1,
            tier: tier(),
            tier_name: "Front".into(),
            price_minor: 4_500,
            refund: Some(inventory::RefundPolicy { until: Some(TimeUs(5)), ..inventory::RefundPolicy::flat(80) }),
            discount: Some(inventory::ItemDiscount { label: "Spring\0".into(), off_minor: 500 }),
        }],
        total_minor: 4_500,
        refunded_minor: 0,
        currency: Currency::new("EUR").unwrap(),
        placed_at: TimeUs(1_000),
        expires_at: TimeUs(601_000_000),
        lsn: Lsn(lsn),
    }
}

fn ticket_row(order: &OrderRow, lsn: u64) -> TicketRow {
    TicketRow {
        ticket: ticket(),
        order: order.order,
        event: order.event,
        holder: order.customer,
        place: order.items[0].place.clone(),
        is_area: false,
        tier: order.items[0].tier,
        tier_name: order.items[0].tier_name.clone(),
        price_minor: 4_500,
        state: "issued",
        generation: 0,
        issued_at: TimeUs(2_000),
        scanned_at: None,
        lsn: Lsn(lsn),
    }
}

pub fn payment_row(order: &OrderRow, status: PaymentStatus, lsn: u64) -> PaymentRow {
    PaymentRow {
        payment: payment(),
        order: order.order,
        event: order.event,
        status,
        amount_minor: order.total_minor,
        currency: order.currency,
        at: TimeUs(3_000),
        lsn: Lsn(lsn),
    }
}

pub fn outbox_row(order: &OrderRow, kind: OutboxKind, lsn: u64) -> OutboxRow {
    OutboxRow {
        event: order.event,
        lsn: Lsn(lsn),
        kind,
        order: order.order,
        user: order.customer,
        at: TimeUs(4_000),
        owed: None,
        ticket: None,
        asker: None,
    }
}

fn row(order: &OrderRow) -> Row {
    Row::Order(Box::new(order.clone()))
}

/// Makes each set of rows durable in a commit of its own, LSN after LSN.
pub async fn commit(fixture: &Fixture, event: EventId, commits: impl IntoIterator<Item = Vec<Row>>) {
    let opened = fixture.store.open(event).await.unwrap();
    let mut lsn = opened.last_lsn.0;
    for rows in commits {
        lsn += 1;
        let batch = with_rows(batch(event, opened.epoch, lsn, lsn), rows);
        assert_eq!(append_one(&fixture.store, batch).await, Appended::Durable);
    }
}

async fn found(fixture: &Fixture, order: OrderId) -> Order {
    fixture.store.order_find(order).await.unwrap().unwrap()
}

async fn a_purchase_is_found_with_everything_that_belongs_to_it(fixture: Fixture) {
    let event = event();
    let order = order_row(event, order(), "paid", 1);
    let (first, second) = (ticket_row(&order, 1), ticket_row(&order, 1));
    let payment = payment_row(&order, PaymentStatus::Captured, 1);
    let rows = vec![
        row(&order),
        Row::Ticket(Box::new(first.clone())),
        Row::Ticket(Box::new(second.clone())),
        Row::Payment(Box::new(payment.clone())),
        Row::Outbox(Box::new(outbox_row(&order, OutboxKind::OrderPaid, 1))),
    ];
    commit(&fixture, event, [rows]).await;

    let store = &fixture.store;
    let expected = Order {
        id: order.order,
        event_id: event,
        customer_id: order.customer,
        status: OrderStatus::Paid,
        items: vec![OrderItem {
            place: "A-12-7".into(),
            is_area: false,
            quantity: 1,
            tier_id: order.items[0].tier.uuid(),
            tier_name: "Front".into(),
            price_minor: 4_500,
            refund: Some(persistence::RefundTerms {
                refundable: true,
                percent: 80,
                until_us: Some(5),
                steps: Vec::new(),
            }),
            discount: Some(persistence::ItemDiscount { label: "Spring\0".into(), off_minor: 500 }),
        }],
        total_minor: 4_500,
        refunded_minor: 0,
        currency: "EUR".into(),
        placed_at: TimeUs(1_000),
        expires_at: TimeUs(601_000_000),
        lsn: Lsn(1),
    };
    assert_eq!(found(&fixture, order.order).await, expected);
    assert_eq!(store.order_list(order.customer, None, 10).await.unwrap(), std::slice::from_ref(&expected));
    assert_eq!(store.order_list_of_event(event, None, 10).await.unwrap(), [expected]);
    assert_eq!(store.order_list(order.customer, Some(order.order), 10).await.unwrap(), []);

    let tickets = store.ticket_list(order.order).await.unwrap();
    assert_eq!(tickets.iter().map(|ticket| ticket.id).collect::<Vec<_>>(), [first.ticket, second.ticket]);
    let ticket = store.ticket_find(first.ticket).await.unwrap().unwrap();
    assert_eq!(ticket, tickets[0]);
    assert_eq!(
        (ticket.state, ticket.currency.as_str(), ticket.holder_id, ticket.scanned_at),
        (TicketState::Issued, "EUR", order.customer, None)
    );
    assert_eq!(store.ticket_list_of_holder(order.customer, None, 10).await.unwrap().len(), 2);

    let payments = store.payment_list(order.order).await.unwrap();
    assert_eq!(
        payments.iter().map(|payment| (payment.id, payment.status, payment.amount_minor)).collect::<Vec<_>>(),
        [(payment.payment, PaymentStatus::Captured, 4_500)]
    );
    let outbox = store.outbox_list(event, Lsn::ZERO, 10).await.unwrap();
    assert_eq!(
        outbox.iter().map(|work| (work.kind, work.order_id, work.status, work.attempts)).collect::<Vec<_>>(),
        [(OutboxKind::OrderPaid, order.order, OutboxStatus::Queued, 0)]
    );
}

async fn a_row_written_twice_changes_nothing(fixture: Fixture) {
    let event = event();
    let order = order_row(event, order(), "paid", 1);
    let ticket = ticket_row(&order, 1);
    let rows = vec![
        row(&order),
        Row::Ticket(Box::new(ticket.clone())),
        Row::Payment(Box::new(payment_row(&order, PaymentStatus::Captured, 1))),
        Row::Outbox(Box::new(outbox_row(&order, OutboxKind::OrderPaid, 1))),
    ];
    commit(&fixture, event, [rows.clone(), rows.clone(), [rows.clone(), rows].concat()]).await;
    assert_eq!(found(&fixture, order.order).await.lsn, Lsn(1));
    assert_eq!(fixture.store.ticket_list(order.order).await.unwrap().len(), 1);
    assert_eq!(fixture.store.payment_list(order.order).await.unwrap().len(), 1);
    assert_eq!(fixture.store.outbox_list(event, Lsn::ZERO, 10).await.unwrap().len(), 1);
}

async fn an_older_row_after_a_newer_one_changes_nothing(fixture: Fixture) {
    let event = event();
    let pending = order_row(event, order(), "pending_payment", 1);
    let paid = OrderRow { status: "paid", lsn: Lsn(2), ..pending.clone() };
    let issued = ticket_row(&paid, 2);
    let inside =
        TicketRow { state: "checked_in", generation: 3, scanned_at: Some(TimeUs(9)), lsn: Lsn(5), ..issued.clone() };
    let started = payment_row(&pending, PaymentStatus::Started, 1);
    let captured = PaymentRow { status: PaymentStatus::Captured, lsn: Lsn(2), ..started.clone() };
    let newer = vec![row(&paid), Row::Ticket(Box::new(inside.clone())), Row::Payment(Box::new(captured))];
    let older = vec![row(&pending), Row::Ticket(Box::new(issued)), Row::Payment(Box::new(started))];
    commit(&fixture, event, [newer, older]).await;

    assert_eq!(found(&fixture, pending.order).await.status, OrderStatus::Paid);
    let ticket = fixture.store.ticket_find(inside.ticket).await.unwrap().unwrap();
    assert_eq!(
        (ticket.state, ticket.generation, ticket.scanned_at, ticket.lsn),
        (TicketState::CheckedIn, 3, Some(TimeUs(9)), Lsn(5))
    );
    assert_eq!(fixture.store.payment_list(pending.order).await.unwrap()[0].status, PaymentStatus::Captured);
}

async fn rows_of_one_order_in_one_commit_end_at_the_newest(fixture: Fixture) {
    let event = event();
    let pending = order_row(event, order(), "pending_payment", 1);
    let paid = OrderRow { status: "paid", lsn: Lsn(2), ..pending.clone() };
    let refunded = OrderRow { status: "refunded", refunded_minor: 4_500, lsn: Lsn(3), ..pending.clone() };
    commit(&fixture, event, [vec![row(&pending), row(&paid), row(&refunded)]]).await;
    let order = found(&fixture, pending.order).await;
    assert_eq!((order.status, order.refunded_minor, order.lsn), (OrderStatus::Refunded, 4_500, Lsn(3)));
}

async fn amounts_and_times_at_the_ends_of_their_range_survive(fixture: Fixture) {
    let event = event();
    let order = OrderRow {
        total_minor: i64::MAX,
        refunded_minor: i64::MIN,
        placed_at: TimeUs::MIN,
        expires_at: TimeUs::MAX,
        lsn: Lsn(u64::MAX >> 1),
        ..order_row(event, order(), "paid", 1)
    };
    let ticket = TicketRow { generation: u32::MAX, price_minor: i64::MIN, ..ticket_row(&order, 1) };
    commit(&fixture, event, [vec![row(&order), Row::Ticket(Box::new(ticket.clone()))]]).await;
    let stored = found(&fixture, order.order).await;
    assert_eq!((stored.total_minor, stored.refunded_minor), (i64::MAX, i64::MIN));
    assert_eq!((stored.placed_at, stored.expires_at, stored.lsn), (TimeUs::MIN, TimeUs::MAX, order.lsn));
    let stored = fixture.store.ticket_find(ticket.ticket).await.unwrap().unwrap();
    assert_eq!((stored.generation, stored.price_minor), (u32::MAX, i64::MIN));
}

async fn text_that_a_database_cannot_store_never_holds_back_a_commit(fixture: Fixture) {
    let event = event();
    let mut order = order_row(event, order(), "paid", 1);
    order.items[0].tier_name = "a\0b 'quoted' \u{1f3ab}".into();
    let ticket = ticket_row(&order, 1);
    commit(&fixture, event, [vec![row(&order), Row::Ticket(Box::new(ticket.clone()))]]).await;
    assert_eq!(found(&fixture, order.order).await.items[0].tier_name, "a\0b 'quoted' \u{1f3ab}");
    let stored = fixture.store.ticket_find(ticket.ticket).await.unwrap().unwrap();
    assert_eq!(stored.tier_name, "a\u{fffd}b 'quoted' \u{1f3ab}");
}

/// One order of the event is paid.
pub async fn sell(fixture: &Fixture, event: EventId) {
    let order = order_row(event, order(), "paid", 1);
    commit(fixture, event, [vec![row(&order)]]).await;
}

async fn the_status_of_an_event_follows_its_journal(fixture: Fixture) {
    let show = super::events::show(user());
    fixture.store.event_insert(&show).await.unwrap();
    let at = |lsn: i64| show.changed_at.plus_us(lsn);
    let row = |status, at, lsn| vec![Row::EventStatus { event: show.id, status, at, lsn: Lsn(lsn) }];
    let status = |status, lsn: u32| row(status, at(lsn.into()), lsn.into());
    commit(&fixture, show.id, [status("published", 1)]).await;
    let stored = |fixture: &Fixture| {
        let store = fixture.store.clone();
        async move {
            let event = store.event_find(show.id).await.unwrap().unwrap();
            (event.status, event.changed_at)
        }
    };
    assert_eq!(stored(&fixture).await, (EventStatus::Published, at(1)));
    commit(&fixture, show.id, [status("cancelled", 2), status("published", 1)]).await;
    assert_eq!(stored(&fixture).await, (EventStatus::Cancelled, at(2)));
    // By a clock that went back: a change is never older than the one before.
    commit(&fixture, show.id, [row("cancelled", at(-1), 3)]).await;
    assert_eq!(stored(&fixture).await, (EventStatus::Cancelled, at(2)));

    let nowhere = Row::EventStatus { event: event(), status: "published", at: TimeUs(1), lsn: Lsn(1) };
    commit(&fixture, show.id, [vec![nowhere]]).await;
}

async fn a_commit_of_thousands_of_rows_is_written_whole(fixture: Fixture) {
    let event = event();
    let orders: Vec<OrderRow> = (0..1_077).map(|_| order_row(event, order(), "paid", 1)).collect();
    let rows = orders
        .iter()
        .flat_map(|order| {
            let payment = payment_row(order, PaymentStatus::Captured, 1);
            [row(order), Row::Ticket(Box::new(ticket_row(order, 1))), Row::Payment(Box::new(payment))]
        })
        .collect();
    commit(&fixture, event, [rows]).await;
    assert_eq!(fixture.store.order_list_of_event(event, None, 2_000).await.unwrap().len(), orders.len());
    for order in orders {
        assert_eq!(fixture.store.ticket_list(order.order).await.unwrap().len(), 1);
        assert_eq!(fixture.store.payment_list(order.order).await.unwrap().len(), 1);
    }
}
