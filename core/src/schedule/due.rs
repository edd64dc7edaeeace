//! What is due: a pure function.

use super::{Job, Options, Run, RunState};
use crate::model::Month;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;

/// A clock before this is not set (2025-01-01): nothing is due, or the report of an odd month would go out.
const SANE: i64 = 1_735_689_600;

/// Minutes after which what failed often is tried again.
const HOURLY: i64 = 60;

/// A job whose hour has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Due {
    /// The job.
    pub job: Job,
    /// Its period.
    pub period: String,
}

/// The jobs whose hour has come and that have not run, facts first.
///
/// Only the civil day and hour where the organisation is count, and whether the period ran: so an hour that a change to summer
/// time leaves out is caught up right behind it, one that comes twice is not used twice, and a clock that was set back
/// begins nothing anew. What was missed is caught up on its own day, not later.
pub fn due(plan: &Options, now: Timestamp, zone: &TimeZone, past: &[Run]) -> Vec<Due> {
    if now.as_second() < SANE {
        return Vec::new();
    }
    let here = zone.to_datetime(now);
    let (today, hour) = (here.date(), here.time());
    Job::ALL
        .into_iter()
        .flat_map(|job| periods(plan, job, today, hour).into_iter().map(move |period| Due { job, period }))
        .filter(|due| is_open(plan, now, past.iter().find(|run| run.job == due.job && run.period == due.period)))
        .collect()
}

/// The periods of a job that have begun today.
fn periods(plan: &Options, job: Job, today: Date, hour: Time) -> Vec<String> {
    let daily = |wanted: bool, at: Time| if wanted && hour >= at { vec![today.to_string()] } else { Vec::new() };
    match job {
        Job::Load => {
            let mut periods = daily(true, plan.load_at);
            // Of the further loads of a day only the newest: one load brings all that is new.
            if plan.load_every_minutes > 0 && (periods.is_empty() || hour > plan.load_at) {
                periods.extend(slot(today, hour, plan.load_every_minutes));
            }
            periods
        }
        Job::Report => {
            let is_day = plan.report && today.day() == plan.report_day;
            let month = Month::of(today) - 1;
            // A trial does not use up the month.
            let month = if plan.report_test { format!("{month} test") } else { month.to_string() };
            if is_day && hour >= plan.report_at { vec![month] } else { Vec::new() }
        }
        Job::Brief => daily(plan.brief && today.weekday() == plan.brief_day.weekday(), plan.brief_at),
        Job::Greetings => daily(plan.greetings && today.weekday() == plan.greetings_day.weekday(), plan.greetings_at),
        Job::Alerts => daily(plan.alerts, plan.alerts_at),
        Job::Thanks if plan.thanks => slot(today, hour, plan.thanks_every_minutes).into_iter().collect(),
        Job::Thanks => Vec::new(),
        Job::Tidy => daily(true, plan.load_at),
    }
}

/// The slot of a day that an hour lies in, such as `2026-08-03 13:30`.
fn slot(today: Date, hour: Time, minutes: u16) -> Option<String> {
    let minute = u16::from(hour.hour().unsigned_abs()) * 60 + u16::from(hour.minute().unsigned_abs());
    let begin = minute.checked_div(minutes)? * minutes;
    Some(format!("{today} {:02}:{:02}", begin / 60, begin % 60))
}

fn is_open(plan: &Options, now: Timestamp, run: Option<&Run>) -> bool {
    let Some(run) = run else { return true };
    // After a clock that was set back, waiting would last until it is there again.
    let has_passed = |minutes: i64| run.at > now || run.at.checked_add(minutes.minutes()).is_ok_and(|then| now >= then);
    match run.state {
        RunState::Done => false,
        // Whoever asks is not at it, so it was cut off. Beginning it again is safe: what it puts into the outbox has
        // keys. But not for ever, should it be what stops the program.
        RunState::Begun => run.attempts < plan.attempts,
        // A night without the database, or a morning without facts, does not cost the day.
        RunState::Failed => {
            let doubled = 1_i64 << run.attempts.saturating_sub(1).min(10);
            let first = i64::from(plan.retry_minutes);
            let quick = if run.attempts < plan.attempts { first * doubled } else { HOURLY };
            has_passed(quick.min(HOURLY.max(first)))
        }
        RunState::Waiting => has_passed(plan.retry_minutes.into()),
    }
}

/// The month whose report was missed: its day has passed and it has not run, though an earlier one has, or
/// it was begun and did not end well. For the administrators to know; it is not sent late.
pub fn missed_report(plan: &Options, now: Timestamp, zone: &TimeZone, past: &[Run]) -> Option<Month> {
    let today = zone.to_datetime(now).date();
    let month = Month::of(today) - 1;
    let reports = || past.iter().filter(|run| run.job == Job::Report && run.state == RunState::Done);
    let has_run = reports().any(|run| run.period == month.to_string());
    let has_before = reports().any(|run| run.period < month.to_string());
    let was_begun = past.iter().any(|run| run.job == Job::Report && run.period == month.to_string());
    let was_promised = has_before || was_begun;
    (plan.report && !plan.report_test && today.day() > plan.report_day && !has_run && was_promised).then_some(month)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::Day;
    use jiff::civil::{date, time};

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn at(text: &str, zone: &TimeZone) -> Timestamp {
        text.parse::<jiff::civil::DateTime>().unwrap().to_zoned(zone.clone()).unwrap().timestamp()
    }

    /// What is due, as `job period`.
    fn shown(plan: &Options, now: Timestamp, zone: &TimeZone, past: &[Run]) -> Vec<String> {
        due(plan, now, zone, past).into_iter().map(|due| format!("{} {}", due.job.code(), due.period)).collect()
    }

    fn only_report() -> Options {
        Options { report: true, report_test: false, brief: false, alerts: false, ..Options::default() }
    }

    fn reports(plan: &Options, now: &str, zone: &TimeZone, past: &[Run]) -> Vec<String> {
        let now = at(now, zone);
        shown(plan, now, zone, past).into_iter().filter(|due| due.starts_with("report")).collect()
    }

    fn run(job: Job, period: &str, state: RunState, attempts: u32, at: Timestamp) -> Run {
        Run { job, period: period.into(), state, attempts, at }
    }

    #[test]
    fn the_report_is_due_on_the_first_at_eight_for_the_month_before() {
        let (plan, jakarta) = (only_report(), zone("Asia/Jakarta"));
        for (now, wanted) in [
            ("2026-08-31T23:59:59", &[][..]),
            ("2026-09-01T07:59:59", &[]),
            ("2026-09-01T08:00:00", &["report 2026-08"]),
            ("2026-09-01T23:59:59", &["report 2026-08"]),
            ("2026-09-02T00:00:00", &[]),
            ("2026-01-01T08:00:00", &["report 2025-12"]),
        ] {
            assert_eq!(reports(&plan, now, &jakarta, &[]), wanted, "{now}");
        }
        // 08:00 in Jakarta is 01:00 in UTC, still the 1st there; 08:00 in Kiritimati is the day before.
        let now: Timestamp = "2026-08-31T18:00:00Z".parse().unwrap();
        assert!(shown(&plan, now, &zone("Pacific/Kiritimati"), &[]).contains(&"report 2026-08".into()));
        assert!(!shown(&plan, now, &jakarta, &[]).iter().any(|due| due.starts_with("report")));
    }

    #[test]
    fn a_month_is_reported_once_whatever_the_clock_does() {
        let (plan, jakarta) = (only_report(), zone("Asia/Jakarta"));
        let done = [run(Job::Report, "2026-08", RunState::Done, 1, at("2026-09-01T08:01:00", &jakarta))];
        assert!(reports(&plan, "2026-09-01T08:02:00", &jakarta, &done).is_empty());
        assert!(reports(&plan, "2026-09-01T08:00:30", &jakarta, &done).is_empty(), "set back by a minute");
        assert_eq!(reports(&plan, "2026-10-01T08:00:00", &jakarta, &done), ["report 2026-09"]);
        // set back by a month: August is reported of already
        assert!(reports(&plan, "2026-09-01T09:00:00", &jakarta, &done).is_empty());
        // never set at all
        assert!(due(&plan, Timestamp::UNIX_EPOCH, &jakarta, &[]).is_empty());
    }

    #[test]
    fn what_was_cut_off_or_failed_is_tried_again_the_same_day() {
        let (plan, jakarta) = (only_report(), zone("Asia/Jakarta"));
        let begun =
            |attempts| [run(Job::Report, "2026-08", RunState::Begun, attempts, at("2026-09-01T08:00:00", &jakarta))];
        assert_eq!(reports(&plan, "2026-09-01T08:00:10", &jakarta, &begun(1)), ["report 2026-08"]);
        assert!(reports(&plan, "2026-09-01T08:00:10", &jakarta, &begun(5)).is_empty(), "it stops the program");
        assert!(reports(&plan, "2026-09-02T08:00:10", &jakarta, &begun(1)).is_empty());
        let failed = |n| [run(Job::Report, "2026-08", RunState::Failed, n, at("2026-09-01T08:00:00", &jakarta))];
        for (attempts, minutes) in [(1, 5), (2, 10), (3, 20), (4, 40)] {
            let soon = format!("2026-09-01T08:{:02}:59", minutes - 1);
            assert!(reports(&plan, &soon, &jakarta, &failed(attempts)).is_empty(), "{attempts}");
            let then = format!("2026-09-01T08:{minutes:02}:00");
            assert_eq!(reports(&plan, &then, &jakarta, &failed(attempts)).len(), 1, "{attempts}");
        }
        // Hourly from then on, until the day is over; and every few minutes where only the facts are missing.
        assert!(reports(&plan, "2026-09-01T08:59:59", &jakarta, &failed(5)).is_empty());
        assert_eq!(reports(&plan, "2026-09-01T09:00:00", &jakarta, &failed(5)), ["report 2026-08"]);
        assert_eq!(reports(&plan, "2026-09-01T20:00:00", &jakarta, &failed(19)), ["report 2026-08"]);
        assert!(reports(&plan, "2026-09-02T00:00:00", &jakarta, &failed(5)).is_empty());
        let waiting = [run(Job::Report, "2026-08", RunState::Waiting, 0, at("2026-09-01T08:00:00", &jakarta))];
        assert!(reports(&plan, "2026-09-01T08:04:59", &jakarta, &waiting).is_empty());
        assert_eq!(reports(&plan, "2026-09-01T08:05:00", &jakarta, &waiting), ["report 2026-08"]);
        assert_eq!(reports(&plan, "2026-09-01T23:59:00", &jakarta, &waiting), ["report 2026-08"]);
        assert!(reports(&plan, "2026-09-02T00:00:00", &jakarta, &waiting).is_empty());
        assert_eq!(
            reports(
                &plan,
                "2026-09-01T08:00:00",
                &jakarta,
                &[run(Job::Report, "2026-08", RunState::Failed, 1, at("2026-09-01T12:00:00", &jakarta),)]
            )
            .len(),
            1,
            "the clock was set back after it failed"
        );
    }

    /// Every minute of days on which clocks jump, in zones where they do so by an hour, by half an hour, at midnight, and
    /// by a whole day: each daily job runs exactly once on each civil day that there is.
    #[test]
    fn daily_jobs_run_once_on_days_when_clocks_jump() {
        for (name, from, days) in [
            ("Asia/Jakarta", date(2026, 3, 1), 3),
            ("Asia/Kathmandu", date(2026, 3, 1), 3),
            ("Europe/Berlin", date(2026, 3, 28), 3),
            ("Europe/Berlin", date(2026, 10, 24), 3),
            ("Australia/Lord_Howe", date(2026, 4, 4), 3),
            ("Australia/Lord_Howe", date(2026, 10, 3), 3),
            // midnight does not exist on 2025-04-25 in Cairo
            ("Africa/Cairo", date(2026, 4, 23), 3),
        ] {
            let zone = zone(name);
            for hour in 0..24 {
                let at = time(hour, 30, 0, 0);
                let plan = Options { load_at: at, brief: false, alerts: false, ..Options::default() };
                let begin = from.to_zoned(zone.clone()).unwrap().timestamp();
                let end = from.checked_add(days.days()).unwrap().to_zoned(zone.clone()).unwrap().timestamp();
                let mut past: Vec<Run> = Vec::new();
                let mut now = begin;
                while now < end {
                    for due in due(&plan, now, &zone, &past) {
                        past.push(run(due.job, &due.period, RunState::Done, 1, now));
                    }
                    now += 1.minutes();
                }
                let loads = past.iter().filter(|run| run.job == Job::Load).count();
                assert_eq!(loads as i64, days, "{name} {at}");
                let mut periods: Vec<_> = past.iter().map(|run| (run.job, &run.period)).collect();
                let count = periods.len();
                periods.sort();
                periods.dedup();
                assert_eq!(periods.len(), count, "{name} {at}: something ran twice");
            }
        }
        // Samoa had no 2011-12-30; the clock must be sane first, so the rule is shown on the civil day alone.
        assert_eq!(periods(&only_report(), Job::Load, date(2011, 12, 31), time(1, 0, 0, 0)), ["2011-12-31"]);
    }

    #[test]
    fn further_loads_use_the_newest_slot_only() {
        let jakarta = zone("Asia/Jakarta");
        let plan = Options { load_every_minutes: 30, thanks: true, brief: false, alerts: false, ..Options::default() };
        plan.validate().unwrap();
        let now = at("2026-08-03T13:47:00", &jakarta);
        let wanted = ["load 2026-08-03", "load 2026-08-03 13:30", "thanks 2026-08-03 13:45", "tidy 2026-08-03"];
        assert_eq!(shown(&plan, now, &jakarta, &[]), wanted);
        assert!(
            due(&plan, at("2026-08-03T00:10:00", &jakarta), &jakarta, &[])
                .iter()
                .any(|due| due.period == "2026-08-03 00:00")
        );
    }

    #[test]
    fn the_brief_is_weekly_and_facts_come_first() {
        let jakarta = zone("Asia/Jakarta");
        let plan = Options { report: true, report_day: 3, ..Options::default() };
        // 2026-08-03 is a Monday.
        let wanted =
            ["load 2026-08-03", "report 2026-07 test", "alerts 2026-08-03", "brief 2026-08-03", "tidy 2026-08-03"];
        assert_eq!(shown(&plan, at("2026-08-03T09:00:00", &jakarta), &jakarta, &[]), wanted);
        let tuesday = shown(&plan, at("2026-08-04T09:00:00", &jakarta), &jakarta, &[]);
        assert!(!tuesday.iter().any(|due| due.starts_with("brief")), "{tuesday:?}");
        let friday = Options { brief_day: Day::Friday, ..plan };
        assert!(
            shown(&friday, at("2026-08-07T07:00:00", &jakarta), &jakarta, &[]).contains(&"brief 2026-08-07".into())
        );
    }

    #[test]
    fn a_missed_report_is_named_and_not_sent() {
        let (plan, jakarta) = (only_report(), zone("Asia/Jakarta"));
        let now = at("2026-09-02T08:00:00", &jakarta);
        let done = |period: &str| run(Job::Report, period, RunState::Done, 1, now);
        assert_eq!(missed_report(&plan, now, &jakarta, &[]), None, "new here: nothing was promised");
        assert_eq!(missed_report(&plan, now, &jakarta, &[done("2026-07")]).unwrap().to_string(), "2026-08");
        assert_eq!(missed_report(&plan, now, &jakarta, &[done("2026-07"), done("2026-08")]), None);
        assert!(reports(&plan, "2026-09-02T08:00:00", &jakarta, &[done("2026-07")]).is_empty());
        // The first report of all, which failed or was cut off: it was promised.
        for state in [RunState::Failed, RunState::Begun, RunState::Waiting] {
            let first = [run(Job::Report, "2026-08", state, 5, now)];
            assert_eq!(missed_report(&plan, now, &jakarta, &first).unwrap().to_string(), "2026-08", "{state:?}");
        }
    }

    #[test]
    fn options_are_checked_and_read() {
        Options::default().validate().unwrap();
        for wrong in [
            Options { report_day: 29, ..Options::default() },
            Options { report_day: 0, ..Options::default() },
            Options { thanks: true, ..Options::default() },
            Options { thanks_every_minutes: 0, ..Options::default() },
            Options { attempts: 0, ..Options::default() },
            Options { retry_minutes: 0, ..Options::default() },
        ] {
            assert_eq!(wrong.validate().unwrap_err().code(), "configuration");
        }
        let options: Options = toml::from_str("load_at = \"02:30\"\nbrief_day = \"friday\"").unwrap();
        assert_eq!((options.load_at, options.brief_day), (time(2, 30, 0, 0), Day::Friday));
    }
}
