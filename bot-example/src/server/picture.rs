//! The picture that goes out with the monthly report.

use super::House;
use dermawan::chart::{self, Chart, ForecastChart, Options};
use dermawan::transport::Picture;
use dermawan::{ErrorKind, Month, Result};
use jiff::Timestamp;

/// Gateways take less than 4 MB; what is larger stays at home.
const LARGEST: usize = 4_000_000;
/// Months to come that the picture shows.
const AHEAD: u16 = 3;

impl House {
    /// Keeps the picture of a batch, where the plan wants one and the gateway can send it. Whether there is one: a report
    /// goes out without it rather than not at all.
    pub(super) fn put_picture(&self, batch: &str, month: Month, now: Timestamp) -> Result<bool> {
        if !self.plan.report_picture || !self.transport.capabilities().pictures {
            return Ok(false);
        }
        // As of the day behind the month, so that all of it is history and none of the running month is.
        let day = (month + 1).first_day();
        let found = match self.analytics.donation_forecast(day, AHEAD) {
            Err(error) if error.kind() == ErrorKind::NotEnoughHistory => return Ok(false),
            found => found?,
        };
        let settings = self.analytics.settings();
        let options = Options {
            language: settings.organisation.language,
            calendar: settings.hijri.clone(),
            ..Options::default()
        };
        let bytes = chart::png(&Chart::Forecast(ForecastChart::new(found.history, found.forecast)), &options)?;
        if bytes.len() > LARGEST {
            tracing::warn!(batch, bytes = bytes.len(), "the picture is too large for the gateway and stays here");
            return Ok(false);
        }
        let picture = Picture { name: format!("laporan-{month}.png"), media_type: "image/png".into(), bytes };
        self.outbox.put_picture(batch, &picture, now)?;
        Ok(true)
    }
}
