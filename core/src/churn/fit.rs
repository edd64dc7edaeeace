//! Fitting the models, by maximum likelihood or with a weak prior.

use super::repeat::Cells;
use super::{Model, Repeat};
use crate::error::{Error, ErrorKind, Result};
use crate::stats::minimise;
use serde::{Deserialize, Serialize};

/// How parameters are estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Estimate {
    /// Maximum a posteriori under the prior of [`FitOptions`]: a fit for a charity of any size. The default.
    #[default]
    Map,
    /// Maximum likelihood. With few donors the likelihood often has no maximum, and the fit says so.
    Ml,
}

/// How a model is fitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FitOptions {
    /// The model; MBG/NBD by default.
    pub model: Model,
    /// With or without the prior; with it by default.
    pub estimate: Estimate,
    /// The standard deviation of the normal prior on the logarithm of each parameter. Default 1: two thirds of its weight
    /// within a factor of e. It stands against about one donor's evidence for each parameter, and fades as donors come.
    pub prior_spread: f64,
    /// The prior's centres, in the order of [`Model::names`]; by default those of [`FitOptions::centres`].
    pub prior_centres: Option<[f64; 4]>,
    /// Fewest donors; 30 by default. Below, four parameters are more than the data can tell.
    pub min_donors: u32,
    /// Most steps of the search; 200 by default, ten times what is usual.
    pub max_steps: u32,
}

impl Default for FitOptions {
    fn default() -> Self {
        Self {
            model: Model::MbgNbd,
            estimate: Estimate::Map,
            prior_spread: 1.0,
            prior_centres: None,
            min_donors: 30,
            max_steps: 200,
        }
    }
}

impl FitOptions {
    /// Checks every value; names the one that is wrong.
    pub fn validate(&self) -> Result<()> {
        let wrong = |why| Err(Error::new(ErrorKind::InvalidInput, why));
        if !(0.05..=10.0).contains(&self.prior_spread) {
            return wrong("prior_spread must be 0.05 to 10");
        }
        if self.prior_centres.is_some_and(|centres| centres.iter().any(|c| !(1e-9..=1e9).contains(c))) {
            return wrong("prior_centres must be 1e-9 to 1e9");
        }
        if self.min_donors < 2 || self.max_steps == 0 {
            return wrong("min_donors must be at least 2, and max_steps at least 1");
        }
        Ok(())
    }

    /// The prior's centres by default, from which every search starts too.
    ///
    /// Shapes have 1 (an even spread), those of staying 3: a donor in four leaves at a time. α of the models in time is
    /// that of the average rate of the data, β the average age, so that the prior does not depend on the unit of time.
    pub fn centres(model: Model, repeat: &Repeat) -> [f64; 4] {
        let n = repeat.len().max(1) as f64;
        let age = (repeat.age.iter().sum::<f64>() / n).max(1e-6);
        let gifts = repeat.frequency.iter().sum::<f64>() / n;
        match model {
            Model::BgNbd | Model::MbgNbd => [1.0, age / (gifts + 0.5), 1.0, 3.0],
            Model::ParetoNbd => [1.0, age / (gifts + 0.5), 1.0, age],
            Model::BgBb => [1.0, 1.0, 1.0, 3.0],
        }
    }
}

/// How a search ended. A fit that did not converge is an error and never a result, so this one did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Convergence {
    /// Steps of the search.
    pub steps: u32,
    /// The largest slope left, by the logarithm of a parameter, for each donor.
    pub gradient: f64,
    /// The condition of the curvature, largest over smallest: above 1e6 the data hardly tell some parameters apart.
    pub condition: f64,
}

/// A fitted model. Read from text, the model and its parameters are enough, as in [`Fitted::known`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fitted {
    /// The model.
    pub model: Model,
    /// The parameters, in the order of [`Model::names`].
    pub parameters: [f64; 4],
    /// Their standard errors, from the curvature at the maximum; zeros for parameters that were given.
    #[serde(default)]
    pub standard_errors: [f64; 4],
    /// The share of what is known of each parameter that the data tell, the rest being the prior: 1 less the posterior over the
    /// prior variance of its logarithm. 1 without a prior; zeros for parameters that were given.
    #[serde(default)]
    pub information: [f64; 4],
    /// Parameters of which the prior tells more than the data ([`information`](Self::information) below a half): the fit of
    /// these is hardly more than the prior's centre, whatever `convergence` says. Predictions of donors like those seen can be
    /// good all the same; their intervals have the uncertainty in them.
    #[serde(default)]
    pub weak: [bool; 4],
    /// The covariance of the parameters' logarithms.
    #[serde(default)]
    pub covariance: [[f64; 4]; 4],
    /// The log likelihood at the parameters, without the prior.
    #[serde(default)]
    pub log_likelihood: f64,
    /// Donors.
    #[serde(default)]
    pub donors: u64,
    /// Distinct (x, `t_x`, T) among them.
    #[serde(default)]
    pub distinct: u64,
    /// With or without the prior.
    #[serde(default)]
    pub estimate: Estimate,
    /// How the search ended.
    #[serde(default)]
    pub convergence: Convergence,
}

/// Fits a model; see [`FitOptions`]. Equal rows are counted once.
///
/// # Errors
///
/// `invalid_input` for columns that contradict themselves or options out of range; `not_enough_history` for too few
/// donors, when no time has passed since the first gift of any, and when the likelihood has no maximum within reach: maximum likelihood with few donors, or donors who are
/// too much alike.
///
/// ```
/// use dermawan::churn::{FitOptions, Repeat, fit};
/// let (mut frequency, mut recency, mut age) = (vec![], vec![], vec![]);
/// for i in 0..60 {
///     let gifts = f64::from(i % 5);
///     frequency.push(gifts);
///     recency.push(if i % 3 == 0 { gifts * 100.0 } else { gifts * 30.0 });
///     age.push(f64::from(400 + i));
/// }
/// let fitted = fit(&Repeat { frequency, recency, age }, &FitOptions::default())?;
/// assert!(fitted.parameters.iter().all(|value| *value > 0.0));
/// # Ok::<(), dermawan::Error>(())
/// ```
pub fn fit(repeat: &Repeat, options: &FitOptions) -> Result<Fitted> {
    options.validate()?;
    let cells = repeat.cells(options.model.counts_opportunities())?;
    fit_cells(repeat, &cells, options)
}

pub(super) fn fit_cells(repeat: &Repeat, cells: &Cells, options: &FitOptions) -> Result<Fitted> {
    let donors = repeat.len();
    if donors < options.min_donors as usize {
        return Err(Error::new(ErrorKind::NotEnoughHistory, "too few donors for a churn model")
            .context("donors", donors)
            .context("needed", options.min_donors)
            .hint("use the rule score"));
    }
    // Nobody could have given again: the answer would be the prior's alone.
    if cells.t.iter().all(|&t| t <= 0.0) {
        return Err(Error::new(ErrorKind::NotEnoughHistory, "no time has passed since the first gift of any donor")
            .context("donors", donors)
            .hint("wait for a time to give again in the model's unit, or use the rule score"));
    }
    let n = donors as f64;
    let centres = options.prior_centres.unwrap_or_else(|| FitOptions::centres(options.model, repeat));
    let weight = match options.estimate {
        Estimate::Map => (options.prior_spread * options.prior_spread * n).recip(),
        Estimate::Ml => 0.0,
    };
    let at = |shift: &[f64; 4]| -> [f64; 4] { std::array::from_fn(|i| centres[i] * shift[i].exp()) };
    let goal = |shift: &[f64; 4], cells: &Cells, weight: f64, n: f64| {
        let parameters = at(shift);
        let (ln, slopes) = options.model.log_likelihood(&parameters, cells);
        let prior = 0.5 * weight * shift.iter().map(|s| s * s).sum::<f64>();
        (prior - ln / n, std::array::from_fn(|i| weight * shift[i] - parameters[i] * slopes[i] / n))
    };
    // Of many distinct rows a part shows the way, so that few steps are left for all of them.
    let (mut start, mut guess) = ([0.0; 4], None);
    if cells.len() > 4 * PART {
        let part = cells.thinned(cells.len() / PART);
        let n = part.count.iter().sum::<f64>();
        let found = minimise([0.0; 4], EDGE, 1e-5, options.max_steps, None, |shift| goal(shift, &part, weight, n));
        if found.converged {
            (start, guess) = (found.at, found.curvature.try_inverse());
        }
    }
    let found = minimise(start, EDGE, TOLERANCE, options.max_steps, guess, |shift| goal(shift, cells, weight, n));
    let parameters = at(&found.at);
    let inverse = found.curvature.try_inverse();
    let (Some(inverse), true) = (inverse, found.converged) else {
        let names = options.model.names();
        let runaway = (0..4).find(|&i| found.at[i].abs() > EDGE - 1.0).map_or("none", |i| names[i]);
        return Err(Error::new(ErrorKind::NotEnoughHistory, "the likelihood has no maximum within reach")
            .context("parameter at the edge", runaway)
            .context("steps", found.steps)
            .context("donors", donors)
            .hint("fit with the prior (estimate: map), or use another model"));
    };
    let covariance: [[f64; 4]; 4] = std::array::from_fn(|i| std::array::from_fn(|j| inverse[(i, j)] / n));
    let information = std::array::from_fn(|i| match options.estimate {
        Estimate::Map => data_share(covariance[i][i], options.prior_spread),
        Estimate::Ml => 1.0,
    });
    let bends = found.curvature.symmetric_eigenvalues();
    Ok(Fitted {
        model: options.model,
        parameters,
        standard_errors: std::array::from_fn(|i| parameters[i] * covariance[i][i].max(0.0).sqrt()),
        information,
        weak: information.map(is_weak),
        covariance,
        log_likelihood: options.model.log_likelihood(&parameters, cells).0,
        donors: donors as u64,
        distinct: cells.len() as u64,
        estimate: options.estimate,
        convergence: Convergence { steps: found.steps, gradient: found.gradient, condition: bends.max() / bends.min() },
    })
}

/// How far the logarithm of a parameter may go from its centre: a factor of 160,000.
const EDGE: f64 = 12.0;
/// Distinct rows of the part that is fitted first.
const PART: usize = 4000;
/// The slope, per donor, at which a search is at its end.
const TOLERANCE: f64 = 1e-9;

/// 1 less posterior over prior variance. Where the likelihood is bent the other way the posterior is wider than the prior, and
/// the data tell nothing.
pub(super) fn data_share(posterior_variance: f64, prior_spread: f64) -> f64 {
    (1.0 - posterior_variance / (prior_spread * prior_spread)).clamp(0.0, 1.0)
}

/// Whether the prior tells more than the data.
pub(super) fn is_weak(information: f64) -> bool {
    information < 0.5
}

/// Refuses parameters that no fit gives.
pub(super) fn check_parameters(model: Model, parameters: [f64; 4]) -> Result<()> {
    for (name, value) in model.names().iter().zip(parameters) {
        if !(1e-12..=1e12).contains(&value) {
            return Err(Error::new(ErrorKind::InvalidInput, "a parameter must be above zero and finite")
                .context("parameter", name));
        }
    }
    Ok(())
}

impl Fitted {
    /// A model with parameters that are known, from a paper or an earlier fit, in the order of [`Model::names`]. Their
    /// uncertainty is not known, so intervals of its predictions have no width.
    ///
    /// # Errors
    ///
    /// `invalid_input` for parameters that are not above zero.
    pub fn known(model: Model, parameters: [f64; 4]) -> Result<Self> {
        check_parameters(model, parameters)?;
        Ok(Self {
            model,
            parameters,
            standard_errors: [0.0; 4],
            information: [0.0; 4],
            weak: [false; 4],
            covariance: [[0.0; 4]; 4],
            log_likelihood: 0.0,
            donors: 0,
            distinct: 0,
            estimate: Estimate::Ml,
            convergence: Convergence::default(),
        })
    }

    /// The log likelihood of each row.
    ///
    /// # Errors
    ///
    /// `invalid_input` for columns that contradict themselves.
    pub fn log_likelihoods(&self, repeat: &Repeat) -> Result<Vec<f64>> {
        let cells = repeat.cells(self.model.counts_opportunities())?;
        let one = |i: usize| Cells {
            x: vec![cells.x[i]],
            t_x: vec![cells.t_x[i]],
            t: vec![cells.t[i]],
            count: vec![1.0],
            cell_of: vec![0],
        };
        let values: Vec<f64> =
            (0..cells.len()).map(|i| self.model.log_likelihood(&self.parameters, &one(i)).0).collect();
        Ok(cells.spread(&values))
    }
}
