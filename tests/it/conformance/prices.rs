//! What a list shows, filters and orders by while prices end by the clock.

use inventory::{EventId, OfferedPrice, OfferedTier, SaleWindow};
use persistence::{Event, EventQuery, EventSort};

use super::events::show;
use super::finding::{LIMIT, NOW, at, offered, published, told};
use super::fixture::{Fixture, on_every_store, user};

on_every_store!(a_price_that_ends_is_shown_no_longer);

async fn a_price_that_ends_is_shown_no_longer(fixture: Fixture) {
    let store = &fixture.store;
    let early = OfferedPrice { price_minor: 1_000, from: None, until: Some(at(2)) };
    let later = OfferedPrice { price_minor: 3_000, from: Some(at(2)), until: Some(at(5)) };
    let sale = SaleWindow { from: None, until: Some(at(5)) };
    let stepped = OfferedTier { prices: vec![early, later], ..offered("Seat", 3_000, sale) };
    let event = Event { starts_at: at(24), ..show(user()) };
    let id = published(store, event, vec![stepped, offered("Box", 4_000, SaleWindow::ALWAYS)], false).await.id;
    let other = Event { starts_at: at(24), ..show(user()) };
    let other = published(store, other, vec![offered("Seat", 2_000, SaleWindow::ALWAYS)], false).await.id;

    let by_price = EventQuery { sort: EventSort::Price, ..EventQuery::default() };
    let most = |price| EventQuery { price_max_minor: Some(price), ..by_price.clone() };
    let listed = async |query: &EventQuery, now| -> Vec<(EventId, Option<i64>)> {
        let found = store.event_search(query, now, LIMIT).await.unwrap();
        found.into_iter().map(|listing| (listing.event.id, listing.price_min_minor)).collect()
    };
    assert_eq!(store.event_prices_refresh(at(1)).await.unwrap(), 0);
    assert_eq!(listed(&by_price, at(1)).await, [(id, Some(1_000)), (other, Some(2_000))]);
    assert_eq!(listed(&most(1_000), at(1)).await, [(id, Some(1_000))]);
    // It has ended, and nobody has looked yet.
    assert_eq!(listed(&by_price, at(2)).await, [(id, None), (other, Some(2_000))]);
    assert_eq!(listed(&most(1_000), at(2)).await, []);
    for (hours, price) in [(2, 3_000), (5, 4_000)] {
        assert_eq!(store.event_prices_refresh(at(hours)).await.unwrap(), 1);
        assert_eq!(listed(&by_price, at(hours)).await, [(other, Some(2_000)), (id, Some(price))]);
        assert_eq!(listed(&most(price - 1), at(hours)).await, [(other, Some(2_000))]);
        assert_eq!(listed(&most(price), at(hours)).await.len(), 2);
        assert_eq!(store.event_prices_refresh(at(hours)).await.unwrap(), 0);
    }
    // What the journal tells anew counts from then on.
    told(store, id, vec![], false, "published").await;
    assert_eq!(listed(&by_price, NOW).await, [(other, Some(2_000)), (id, None)]);
}
