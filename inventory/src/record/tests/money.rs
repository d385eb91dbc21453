use super::{decoded, encoded, records_of, tier};
use crate::record::HEAD_BYTES;
use crate::{Change, OrderId, RefundPolicy, RefundStep, TicketId, TierSpec, TierTerms, TimeUs};

/// Refunds by steps and into wallets, which came with version 4.
const GOLDEN: &[u8] = include_bytes!("../../../golden/record-v4-money.bin");

fn money_changes() -> Vec<Change> {
    let steps =
        vec![RefundStep { before_us: 14 * 86_400_000_000, percent: 100 }, RefundStep { before_us: 0, percent: 50 }];
    let until = Some(TimeUs(1_800_000_600_000_000));
    let refund = Some(RefundPolicy { refundable: true, percent: 0, until, steps });
    let terms = TierTerms { description: "Größe".into(), refund, ..TierTerms::PLAIN };
    let (order, ticket) = (OrderId::from_bytes([2; 16]), TicketId::from_bytes([3; 16]));
    vec![
        Change::TierSetWithRefundSteps(Box::new(TierSpec { terms, ..tier() })),
        Change::OrderRefundedToWallet { order, tickets: vec![ticket, ticket], amount_minor: 12_050 },
    ]
}

#[test]
fn version_4_is_written_and_read_as_ever() {
    let records = records_of(money_changes());
    assert_eq!(decoded(GOLDEN).unwrap(), records);
    assert!(encoded(&records) == GOLDEN, "the encoding of version 4 has changed: make it another version");
    assert_eq!(GOLDEN[HEAD_BYTES], 4);
}
