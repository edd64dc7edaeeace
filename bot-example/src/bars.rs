//! Progress of a load: one bar a table, on standard error, and only where that is a terminal.

use dermawan::etl::{Progress, Step};
use dermawan::{Result, Table};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::time::Duration;

/// The bars of one load.
pub(crate) struct Bars {
    group: MultiProgress,
    tables: BTreeMap<Table, ProgressBar>,
    last: Option<ProgressBar>,
}

impl Bars {
    /// Bars; invisible where standard error is no terminal.
    pub(crate) fn new() -> Self {
        Self { group: MultiProgress::new(), tables: BTreeMap::new(), last: None }
    }

    /// Shows how far the load has come, and ends it when Ctrl-C was pressed.
    pub(crate) fn show(&mut self, progress: &Progress) -> Result<()> {
        crate::interrupt::check()?;
        match progress.step {
            Step::Reading(table) => drop(self.bar(table, progress)),
            Step::Read(table) => {
                let bar = self.bar(table, progress);
                bar.set_length(progress.rows);
                bar.finish();
            }
            Step::Reconciling => self.say("comparing counts and sums with the source"),
            Step::Committing => self.say("summing and committing"),
            Step::Done => self.tables.values().chain(&self.last).for_each(ProgressBar::finish),
        }
        Ok(())
    }

    fn bar(&mut self, table: Table, progress: &Progress) -> ProgressBar {
        let group = &self.group;
        let bar = self.tables.entry(table).or_insert_with(|| {
            let bar = group.add(ProgressBar::no_length().with_message(table.name()));
            bar.set_style(style("  {msg:<14}{bar:24} {human_pos:>10} rows  {per_sec}"));
            bar
        });
        if let Some(expected) = progress.expected {
            bar.set_length(expected.max(progress.rows));
        }
        bar.set_position(progress.rows);
        bar.clone()
    }

    fn say(&mut self, what: &'static str) {
        let group = &self.group;
        let line = self.last.get_or_insert_with(|| {
            let line = group.add(ProgressBar::new_spinner());
            line.set_style(style("  {msg}"));
            line.enable_steady_tick(Duration::from_millis(100));
            line
        });
        line.set_message(what);
    }
}

/// An unfinished load leaves no bars behind.
impl Drop for Bars {
    fn drop(&mut self) {
        let unfinished = self.last.as_ref().is_none_or(|line| !line.is_finished());
        if unfinished {
            let _ = self.group.clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
