//! The outbox: a batch of 100,000 put in, and messages leased, marked and settled one by one. Prints the peak memory.

#![allow(clippy::disallowed_methods, reason = "a bench measures the clock")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a bench ends at the first failure, and prints")]

use dermawan::bot::Number;
use dermawan::outbox::{Ask, Draft, Next, Outbox, Outcome, Sqlite};
use jiff::{SignedDuration, Timestamp};
use std::time::Instant;

const MESSAGES: u64 = 100_000;
const SENT: u64 = 2_000;

/// A report of 600 bytes, as long as the real one.
fn draft(i: u64) -> Draft {
    let number = Number::parse(&format!("62812{i:08}")).unwrap();
    Draft::batch(format!("laporan:2026-08:{i}"), "fonnte", "laporan:2026-08", number, "Halo *Pak Budi*! ".repeat(35))
}

fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default() / 1024
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = Sqlite::open(folder.path().join("outbox.sqlite")).unwrap();
    let now = Timestamp::now();
    let before = Instant::now();
    assert_eq!(outbox.put(&mut (0..MESSAGES).map(draft), now).unwrap().added, MESSAGES);
    println!("put {MESSAGES} drafts: {:.2} s, peak memory {} MB", before.elapsed().as_secs_f64(), peak_mb());

    let before = Instant::now();
    for token in 0..SENT {
        let ask = Ask {
            lane: "fonnte".into(),
            holder: "bench".into(),
            token,
            hold: SignedDuration::from_secs(3600),
            quiet_until: None,
            reply_gap: SignedDuration::ZERO,
            gap: SignedDuration::ZERO,
            recipient_gap: SignedDuration::ZERO,
        };
        let Next::Message(leased) = outbox.lease(&ask, now).unwrap() else { unreachable!("messages are left") };
        assert!(outbox.mark_sending(&leased.ticket, now).unwrap());
        outbox.settle(&leased.ticket, &Outcome::Accepted(Some(token.to_string())), now).unwrap();
    }
    let each = before.elapsed().as_secs_f64() / SENT as f64;
    println!("lease, mark, settle of {SENT}: {:.2} ms each, each three flushes to the disk", each * 1000.0);
}
