//! Counters, and how Prometheus reads them.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only grows.
#[derive(Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    pub(super) fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

macro_rules! counters {
    ($($(#[doc = $doc:literal])* $name:ident = $metric:literal $label:literal;)*) => {
        /// What the server counts.
        #[derive(Default)]
        pub(super) struct Counters { $($(#[doc = $doc])* pub(super) $name: Counter,)* }

        impl Counters {
            /// Name, label and help of each, and its value.
            fn all(&self) -> Vec<(&'static str, &'static str, u64)> {
                vec![$(($metric, $label, self.$name.value()),)*]
            }
        }
    };
}

counters! {
    /// Messages kept.
    kept = "dermawan_webhook_events_total" "outcome=\"kept\"";
    /// Delivered again.
    known = "dermawan_webhook_events_total" "outcome=\"known\"";
    /// Groups, broadcasts, senders without a number, our own.
    ignored = "dermawan_webhook_events_total" "outcome=\"ignored\"";
    /// Too old to be acted on.
    old = "dermawan_webhook_events_total" "outcome=\"old\"";
    /// Above a sender's limit.
    flooded = "dermawan_webhook_events_total" "outcome=\"flooded\"";
    /// A wrong path.
    lost = "dermawan_webhook_refused_total" "reason=\"path\"";
    /// A wrong secret or signature.
    forged = "dermawan_webhook_refused_total" "reason=\"forged\"";
    /// For another device.
    other_device = "dermawan_webhook_refused_total" "reason=\"device\"";
    /// Not readable, or too large.
    malformed = "dermawan_webhook_refused_total" "reason=\"malformed\"";
    /// Above the limit in all.
    refused = "dermawan_webhook_refused_total" "reason=\"limit\"";
    /// Not written.
    unwritten = "dermawan_webhook_refused_total" "reason=\"unwritten\"";
    /// Flushes of the inbox.
    flushes = "dermawan_inbox_flushes_total" "";
    /// Messages answered.
    answered = "dermawan_messages_settled_total" "outcome=\"answered\"";
    /// Messages that need no answer.
    silent = "dermawan_messages_settled_total" "outcome=\"silent\"";
    /// Messages that could not be answered.
    failed = "dermawan_messages_settled_total" "outcome=\"failed\"";
    /// Answers with a fault behind them.
    troubled = "dermawan_reply_faults_total" "";
    /// Messages that the gateway took over.
    accepted = "dermawan_sent_total" "outcome=\"accepted\"";
    /// Messages that went another way.
    not_accepted = "dermawan_sent_total" "outcome=\"other\"";
    /// Runs of jobs that went well.
    jobs_done = "dermawan_jobs_total" "outcome=\"done\"";
    /// Runs of jobs that failed.
    jobs_failed = "dermawan_jobs_total" "outcome=\"failed\"";
    /// Times that the schedule was looked at, and what was due was done.
    looks = "dermawan_schedule_looks_total" "";
    /// Questions with a wrong token.
    unauthorised = "dermawan_api_unauthorised_total" "";
}

/// A number of the moment, with its labels.
pub(super) struct Gauge {
    pub(super) name: &'static str,
    pub(super) labels: String,
    pub(super) value: f64,
}

/// Everything in the text format of Prometheus.
pub(super) fn text(counters: &Counters, gauges: &[Gauge]) -> String {
    let mut text = String::new();
    let mut last = "";
    let mut line = |name: &'static str, kind: &str, labels: &str, value: String| {
        if name != last {
            let _ = writeln!(text, "# TYPE {name} {kind}");
            last = name;
        }
        let labels = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
        let _ = writeln!(text, "{name}{labels} {value}");
    };
    for (name, label, value) in counters.all() {
        line(name, "counter", label, value.to_string());
    }
    for gauge in gauges {
        line(gauge.name, "gauge", &gauge.labels, gauge.value.to_string());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_its_type_once() {
        let counters = Counters::default();
        counters.kept.add(3);
        let gauges = ["a", "b"].map(|lane| Gauge { name: "g", labels: format!("lane=\"{lane}\""), value: 1.5 });
        let text = text(&counters, &gauges);
        assert!(text.starts_with(
            "# TYPE dermawan_webhook_events_total counter\ndermawan_webhook_events_total{outcome=\"kept\"} 3\n"
        ));
        assert!(text.ends_with("# TYPE g gauge\ng{lane=\"a\"} 1.5\ng{lane=\"b\"} 1.5\n"));
        let types: Vec<&str> = text.lines().filter(|line| line.starts_with('#')).collect();
        let mut once = types.clone();
        once.dedup();
        once.sort_unstable();
        once.dedup();
        assert_eq!(types.len(), once.len());
    }
}
