use inventory::EventId;

/// Differences listed in full. The rest is counted: a broken table would fill the terminal.
const SHOWN_MAX: usize = 100;

/// What was checked and what does not agree.
#[derive(Debug, Default)]
pub struct Report {
    pub events: u64,
    pub records: u64,
    pub orders: u64,
    pub tickets: u64,
    pub payments: u64,
    pub outbox: u64,
    pub ledger: u64,
    found: u64,
    shown: Vec<Finding>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub event: EventId,
    pub problem: String,
}

impl Report {
    pub fn add(&mut self, event: EventId, problem: String) {
        self.found += 1;
        if self.shown.len() < SHOWN_MAX {
            self.shown.push(Finding { event, problem });
        }
    }

    pub const fn is_clean(&self) -> bool {
        self.found == 0
    }

    pub fn findings(&self) -> &[Finding] {
        &self.shown
    }

    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> =
            self.shown.iter().map(|finding| format!("event {}: {}", finding.event, finding.problem)).collect();
        let hidden = self.found - self.shown.len() as u64;
        if hidden > 0 {
            lines.push(format!("and {hidden} more"));
        }
        lines.push(format!(
            "checked {} events, {} records, {} orders, {} tickets, {} payments, {} outbox entries, {} ledger entries: {}",
            self.events,
            self.records,
            self.orders,
            self.tickets,
            self.payments,
            self.outbox,
            self.ledger,
            if self.is_clean() { "everything agrees".to_owned() } else { format!("{} differences", self.found) },
        ));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_shown_is_counted() {
        let mut report = Report::default();
        assert!(report.is_clean());
        for ix in 0..=SHOWN_MAX {
            report.add(EventId::from_bytes([1; 16]), format!("problem {ix}"));
        }
        let lines = report.lines();
        assert!(!report.is_clean());
        assert_eq!(lines.len(), SHOWN_MAX + 2);
        assert_eq!(lines[SHOWN_MAX], "and 1 more");
        assert!(lines[SHOWN_MAX + 1].ends_with("101 differences"), "{}", lines[SHOWN_MAX + 1]);
    }
}
