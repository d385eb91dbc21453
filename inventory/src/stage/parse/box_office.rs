use super::{id, list, number, order, place_hold, user, value};
use crate::stage::Stage;
use crate::{BoxOffice, BoxOfficeSale, HoldId, PaymentId, PlaceHold, Sold, Tender};

/// `keep h1 desk A-1-1 F*2 from=kept,vip at=500`.
pub fn hold(stage: &Stage, args: &[&str]) -> PlaceHold {
    let box_office = BoxOffice { blocks: list(value(args, "from")), price_minor: value(args, "at").map(number) };
    PlaceHold { box_office: Some(Box::new(box_office)), ..place_hold(stage, args) }
}

/// `sell o1 desk hold=h1 at=0 by=comp`, `sell o1 desk A-1-1 from=kept`. In cash, unless it says how. Payment and entropy are
/// named after the order.
pub fn sale(stage: &Stage, args: &[&str]) -> BoxOfficeSale {
    let price_minor = value(args, "at").map(number);
    let sold = match value(args, "hold") {
        Some(hold) => Sold::Held { hold: HoldId::from_bytes(id(hold)), price_minor },
        None => Sold::Fresh(PlaceHold {
            hold: HoldId::from_bytes(id(&format!("h-{}", args[0]))),
            ..self::hold(stage, args)
        }),
    };
    let by = value(args, "by").unwrap_or(Tender::Cash.name());
    let tender = Tender::ALL.into_iter().find(|tender| tender.name() == by).expect("a tender");
    let (payment, entropy) = (PaymentId::from_bytes(id(args[0])), id(args[0]));
    BoxOfficeSale { order: order(args[0]), customer: user(args[1]), sold, payment, tender, entropy }
}
