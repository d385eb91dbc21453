//! How a ticket looks on paper: one page, words on the left, the code on the right, the small print at the foot.

use super::super::words::Words;
use super::paper::{Fault, HEIGHT, Page, Paper, WIDTH};
use super::typeface::Weight::{Bold, Regular};
use crate::code_picture::Modules;

const MARGIN: f32 = 48.0;
const INNER: f32 = WIDTH - 2.0 * MARGIN;
/// Of the code with its quiet zone: modules of more than a millimetre, which every camera reads from a hand's breadth.
const CODE_SIDE: f32 = 216.0;
const COLUMN: f32 = INNER - CODE_SIDE - 24.0;
const GRAY: f32 = 0.35;

/// A page for each.
///
/// # Errors
/// A defect.
pub fn document(tickets: &[Words]) -> Result<Vec<u8>, Fault> {
    let mut paper = Paper::new();
    for words in tickets {
        let mut page = paper.page();
        ticket(&mut page, words);
        page.finish();
    }
    let title = tickets.first().map_or("Tickets", |words| words.title.as_str());
    paper.finish(title)
}

fn ticket(page: &mut Page<'_>, words: &Words) {
    let mut y = HEIGHT - MARGIN - 24.0;
    for line in page.wrap(Bold, &words.title, 24.0, INNER, 3) {
        page.text(Bold, 24.0, MARGIN, y, &line);
        y -= 30.0;
    }
    for line in page.wrap(Bold, &words.when, 13.0, INNER, 2) {
        page.text(Bold, 13.0, MARGIN, y, &line);
        y -= 19.0;
    }
    for venue in &words.venue {
        for line in page.wrap(Regular, venue, 12.0, INNER, 2) {
            page.text(Regular, 12.0, MARGIN, y, &line);
            y -= 17.0;
        }
    }
    page.rule(MARGIN, y, INNER);
    y -= 24.0;
    code(page, words, y);
    facts(page, words, y);
    foot(page, words);
}

fn code(page: &mut Page<'_>, words: &Words, top: f32) {
    // A code of 120 characters fits; of one that did not, the page would say so by its absence.
    let Some(modules) = Modules::of(&words.code) else { return };
    let left = WIDTH - MARGIN - CODE_SIDE;
    page.code(&modules, left, top, CODE_SIDE);
    page.gray(GRAY);
    let mut y = top - CODE_SIDE - 14.0;
    for line in page.wrap(Regular, "Show this code at the entrance. It lets one person in.", 9.0, CODE_SIDE, 2) {
        page.text(Regular, 9.0, left, y, &line);
        y -= 12.0;
    }
    page.gray(0.0);
}

fn facts(page: &mut Page<'_>, words: &Words, top: f32) {
    let mut y = top - 10.0;
    for (label, value) in &words.facts {
        page.gray(GRAY);
        page.text(Regular, 9.0, MARGIN, y, label);
        page.gray(0.0);
        y -= 18.0;
        for line in page.wrap(Bold, value, 14.0, COLUMN, 3) {
            page.text(Bold, 14.0, MARGIN, y, &line);
            y -= 18.0;
        }
        y -= 8.0;
    }
}

fn foot(page: &mut Page<'_>, words: &Words) {
    page.rule(MARGIN, MARGIN + 40.0, INNER);
    page.gray(GRAY);
    let small = [
        format!("Order {}", words.order),
        format!("Ticket {}", words.ticket),
        "Whoever has the code has the ticket: show it to nobody else. A transfer makes a new one, and this one is void then."
            .to_owned(),
    ];
    let mut y = MARGIN + 26.0;
    for line in &small {
        page.text(Regular, 8.0, MARGIN, y, line);
        y -= 12.0;
    }
    page.gray(0.0);
}
