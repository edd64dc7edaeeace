//! What differs from one organisation to the next.

use crate::anomaly::{ExpenseOptions, GiftOptions, ScreenOptions, TransactionOptions};
use crate::calendar::hijri::Overrides;
use crate::churn::{BacktestOptions, Method, OutlookOptions, RecommendOptions, ScoreOptions, SegmentOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::forecast::{CashFlowOptions, NextGiftOptions};
use crate::insight::ThanksOptions;
use crate::model::Organisation;
use crate::{etl, forecast, register};
use serde::{Deserialize, Serialize};

/// Everything that differs from one organisation to the next. Every part has a default and can be left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The charity itself.
    pub organisation: Organisation,
    /// How to load.
    pub etl: etl::Options,
    /// First days of Hijri months as the organisation's authority announced them, where these differ from Umm al-Qura.
    /// They hold wherever a part below has none of its own.
    pub hijri: Overrides,
    /// How to forecast donations.
    pub forecast: forecast::Options,
    /// How to forecast the cash flow.
    pub cash_flow: CashFlowOptions,
    /// How to look for a donor's rhythm.
    pub next_gift: NextGiftOptions,
    /// The churn score.
    pub churn: ScoreOptions,
    /// What tells who will not give again; left out (the default), the backtest chooses, and may keep the rule score.
    pub churn_method: Option<Method>,
    /// How the backtest goes through the past. Its `score` is `churn` above, its `horizon_days` that of `outlook` below.
    pub churn_backtest: BacktestOptions,
    /// Most donors that a backtest reads, by their number, at even distances; 20,000 are as good as all of them.
    pub churn_backtest_donors: u32,
    /// How donors' outlooks are made.
    pub outlook: OutlookOptions,
    /// Whom to call.
    pub calls: RecommendOptions,
    /// The segments.
    pub segments: SegmentOptions,
    /// When a category's month is strange.
    pub expense_anomalies: ExpenseOptions,
    /// When a single expense is strange.
    pub unusual_transactions: TransactionOptions,
    /// When a gift differs from what its donor usually gives.
    pub unusual_gifts: GiftOptions,
    /// When a line of the cash book is worth a look.
    pub screening: ScreenOptions,
    /// Donors from this score on are listed as at risk; 50, the existing application's bound.
    pub risk_score: u8,
    /// How many of them a message lists; 10 fit on a telephone's screen.
    pub risk_list: usize,
    /// Registration, codes and consent.
    pub register: register::Options,
    /// Thanks for new gifts.
    pub thanks: ThanksOptions,
    /// How far back unusual transactions are reported in messages, in days; 90, a quarter.
    pub unusual_days: u16,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            organisation: Organisation::default(),
            etl: etl::Options::default(),
            hijri: Overrides::default(),
            forecast: forecast::Options::default(),
            cash_flow: CashFlowOptions::default(),
            next_gift: NextGiftOptions::default(),
            churn: ScoreOptions::default(),
            churn_method: None,
            churn_backtest: BacktestOptions::default(),
            churn_backtest_donors: 20_000,
            outlook: OutlookOptions::default(),
            calls: RecommendOptions::default(),
            segments: SegmentOptions::default(),
            expense_anomalies: ExpenseOptions::default(),
            unusual_transactions: TransactionOptions::default(),
            unusual_gifts: GiftOptions::default(),
            screening: ScreenOptions::default(),
            risk_score: 50,
            risk_list: 10,
            register: register::Options::default(),
            thanks: ThanksOptions::default(),
            unusual_days: 90,
        }
    }
}

impl Settings {
    /// Reads settings from TOML; what is left out keeps its default.
    ///
    /// # Errors
    ///
    /// `configuration` for text that is not TOML or a key that is not known; that of the part that is
    /// wrong otherwise.
    pub fn from_toml(text: &str) -> Result<Self> {
        let settings: Self = toml::from_str(text)
            .map_err(|cause| Error::unreadable(ErrorKind::Configuration, "settings", &cause.message()))?;
        settings.validate()?;
        Ok(settings)
    }

    /// The same with the organisation's calendar in every part that has none of its own.
    pub(super) fn with_one_calendar(mut self) -> Self {
        let parts = [
            &mut self.forecast.hijri_overrides,
            &mut self.cash_flow.hijri_overrides,
            &mut self.next_gift.hijri_overrides,
            &mut self.expense_anomalies.hijri,
        ];
        for part in parts {
            if *part == Overrides::default() {
                part.clone_from(&self.hijri);
            }
        }
        self
    }

    /// Checks every part; names the value that is wrong.
    pub fn validate(&self) -> Result<()> {
        in_section("organisation", self.organisation.validate())?;
        in_section("etl", self.etl.validate())?;
        in_section("forecast", self.forecast.validate())?;
        in_section("cash_flow", self.cash_flow.validate())?;
        in_section("next_gift", self.next_gift.validate())?;
        in_section("churn", self.churn.validate())?;
        in_section("churn_backtest", self.churn_backtest.validate())?;
        in_section("outlook", self.outlook.validate())?;
        let asked = self.churn_backtest.horizon_days;
        if asked != BacktestOptions::default().horizon_days && asked != self.outlook.horizon_days {
            return Err(Error::new(ErrorKind::Configuration, "churn_backtest and outlook have different horizons")
                .context("churn_backtest.horizon_days", asked)
                .context("outlook.horizon_days", self.outlook.horizon_days)
                .hint("set outlook.horizon_days only: a method is chosen over the horizon that it is asked about"));
        }
        in_section("calls", self.calls.validate())?;
        in_section("segments", self.segments.validate())?;
        in_section("expense_anomalies", self.expense_anomalies.validate())?;
        in_section("unusual_transactions", self.unusual_transactions.validate())?;
        in_section("screening", self.screening.validate())?;
        in_section("register", self.register.validate())?;
        if self.risk_score > 100 {
            return Err(Error::new(ErrorKind::Configuration, "risk_score must be 0 to 100"));
        }
        if self.churn_backtest_donors < 100 {
            return Err(Error::new(ErrorKind::Configuration, "churn_backtest_donors must be at least 100"));
        }
        Ok(())
    }
}
/// Says in which section of the settings a value is wrong: half of them have a `horizon`.
fn in_section(name: &'static str, outcome: Result<()>) -> Result<()> {
    outcome.map_err(|error| error.context("section", name))
}
