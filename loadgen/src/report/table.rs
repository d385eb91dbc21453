//! The report on the terminal.

use std::fmt::{self, Write};

use super::{LatencyLine, Report, Sheet, Table};
use crate::audit::Verdict;
use crate::holds::HoldsReport;
use crate::logins::LoginsReport;
use crate::measure::Step;
use crate::scans::ScansReport;

pub fn of_sale(report: &Report) -> String {
    collect(|out| {
        let (event, plan, rates) = (&report.event, &report.plan, &report.rates);
        writeln!(out, "{}: {} buyers over {:.0} s at {}", report.preset, plan.buyers, plan.duration_s, report.url)?;
        writeln!(out, "event {} “{}”, {} places", event.id, event.title, event.capacity)?;
        writeln!(out, "took {:.1} s with {} accounts, {} connections", report.took_s, plan.accounts, plan.connections)?;
        writeln!(out)?;
        writeln!(
            out,
            "holds      {:>8}   {:>8.0}/s   peak {}/s",
            rates.holds, rates.holds_per_s, rates.holds_per_s_peak
        )?;
        let (sold, per_s, peak) = (rates.purchases, rates.purchases_per_s, rates.purchases_per_s_peak);
        writeln!(out, "purchases  {sold:>8}   {per_s:>8.0}/s   peak {peak}/s   {} tickets", rates.units_sold)?;
        let leavings: Vec<String> =
            report.buyers.iter().map(|line| format!("{:?} {}", line.leaving, line.count)).collect();
        writeln!(out, "buyers     {}", leavings.join(", ").to_lowercase().replace("leftunknown", "left unknown"))?;
        writeln!(out)?;
        latency(out, &report.latency)?;
        writeln!(out)?;
        answers(out, report)?;
        writeln!(out)?;
        for note in &report.notes {
            writeln!(out, "{note}")?;
            writeln!(out)?;
        }
        verdict(out, &report.audit)
    })
}

pub fn of_holds(report: &HoldsReport) -> String {
    collect(|out| {
        let (connections, slices) = (report.connections, report.slices);
        writeln!(out, "holds: {connections} connections, {slices} slices of {:.1} s each way", report.slice_s)?;
        writeln!(out)?;
        writeln!(out, "holds      {:>8.0}/s   {} done, {} refused", report.holds_per_s, report.holds, report.refused)?;
        if report.purchases > 0 {
            writeln!(out, "requests   {:>8.0}/s   {} purchases paid", report.requests_per_s, report.purchases)?;
        }
        writeln!(out, "no-op      {:>8.0}/s   {} done", report.no_op_per_s, report.no_ops)?;
        writeln!(out, "ratio      {:>8.2}", report.ratio)?;
        writeln!(out)?;
        latency(out, &report.latency)?;
        for (code, count) in &report.failures {
            writeln!(out, "{code}: {count}")?;
        }
        Ok(())
    })
}

pub fn of_scans(report: &ScansReport) -> String {
    collect(|out| {
        writeln!(out, "scans: {} tickets, {} gates, {:.1} s", report.tickets, report.gates, report.took_s)?;
        writeln!(out)?;
        if report.forged > 0 {
            writeln!(out, "forged     {:>8.0}/s   {} shown", report.forged_per_s, report.forged)?;
        }
        writeln!(out, "scans      {:>8.0}/s   {} done", report.scans_per_s, report.scans)?;
        writeln!(
            out,
            "rounds     {:>8}     {} admitted, {} inside",
            report.rounds, report.admitted, report.inside_at_end
        )?;
        writeln!(out)?;
        latency(out, &report.latency)?;
        for (answer, count) in &report.repeated {
            writeln!(out, "asked again, {answer}: {count}")?;
        }
        for violation in &report.violations {
            writeln!(out, "must not be: {violation}")?;
        }
        Ok(())
    })
}

pub fn of_logins(report: &LoginsReport) -> String {
    collect(|out| {
        writeln!(out, "logins: {} in {:.1} s, {} not sent", report.sent, report.took_s, report.not_sent)?;
        for (answer, count) in &report.answers {
            writeln!(out, "{answer}: {count}")?;
        }
        writeln!(out)?;
        latency(out, &report.latency)?;
        if let (Some(before), Some(most)) = (report.memory_before_mib, report.memory_most_mib) {
            writeln!(out, "memory     {before:.0} MiB before, {most:.0} MiB at most")?;
        }
        Ok(())
    })
}

pub fn of_sheet(sheet: &Sheet) -> String {
    collect(|out| {
        writeln!(out, "{}", sheet.title)?;
        writeln!(out, "{}", sheet.subtitle)?;
        writeln!(out)?;
        for (figure, name) in &sheet.tiles {
            writeln!(out, "{figure:>14}   {name}")?;
        }
        writeln!(out)?;
        latency(out, &sheet.latency)?;
        writeln!(out)?;
        for of in sheet.tables.iter().filter(|table| !table.rows.is_empty()) {
            table(out, of)?;
            writeln!(out)?;
        }
        for note in &sheet.notes {
            writeln!(out, "{note}")?;
            writeln!(out)?;
        }
        verdict(out, &sheet.audit)
    })
}

pub fn of_verdict(of: &Verdict) -> String {
    collect(|out| verdict(out, of))
}

fn latency(out: &mut String, lines: &[LatencyLine]) -> fmt::Result {
    let width = lines.iter().map(|line| line.step.chars().count()).max().unwrap_or(0).max(10);
    writeln!(
        out,
        "{:<width$} {:>8} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "latency ms", "count", "mean", "p50", "p90", "p99", "p99.9", "max"
    )?;
    for line in lines {
        let LatencyLine { step, count, mean_ms, p50_ms, p90_ms, p99_ms, p999_ms, max_ms, histogram: _ } = line;
        write!(out, "{step:<width$} {count:>8}")?;
        for ms in [mean_ms, p50_ms, p90_ms, p99_ms, p999_ms, max_ms] {
            write!(out, " {ms:>9.2}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn answers(out: &mut String, report: &Report) -> fmt::Result {
    writeln!(out, "answers")?;
    for line in report.answers.iter().filter(|line| Step::OF_BUYERS.contains(&line.step)) {
        let (step, class) = (line.step.name(), line.class.to_string());
        writeln!(out, "{step:<10} {:>8}   {class:<14} {}", line.count, line.code)?;
    }
    Ok(())
}

fn table(out: &mut String, table: &Table) -> fmt::Result {
    let width = |column: usize| {
        let cells = table.rows.iter().map(|row| row[column].chars().count());
        cells.chain([table.heads[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..table.heads.len()).map(width).collect();
    writeln!(out, "{}", table.title)?;
    let heads: Vec<String> = table.heads.iter().map(|head| (*head).to_owned()).collect();
    for row in std::iter::once(&heads).chain(&table.rows) {
        let cell = |(column, text): (usize, &String)| match column < table.texts {
            true => format!("{text:<width$}", width = widths[column]),
            false => format!("{text:>width$}", width = widths[column]),
        };
        let cells: Vec<String> = row.iter().enumerate().map(cell).collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

fn verdict(out: &mut String, verdict: &Verdict) -> fmt::Result {
    writeln!(out, "audit")?;
    for check in &verdict.checks {
        let mark = if check.passed { "pass" } else { "FAIL" };
        writeln!(out, "{mark}  {:>8}  {}", check.looked_at, check.name)?;
        for violation in &check.violations {
            writeln!(out, "                  {violation}")?;
        }
        if check.violations_total > check.violations.len() as u64 {
            writeln!(out, "                  … {} in all", check.violations_total)?;
        }
    }
    write!(out, "{}", if verdict.passed { "audit passed" } else { "AUDIT FAILED" })
}

fn collect(write: impl FnOnce(&mut String) -> fmt::Result) -> String {
    let mut out = String::new();
    match write(&mut out) {
        Ok(()) => out,
        Err(_) => unreachable!("a string takes every write"),
    }
}
