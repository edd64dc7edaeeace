//! Published and independently computed values of the models; see `testdata/churn/README.md`.

use crate::churn::repeat::Cells;
use crate::churn::*;

const BG_NBD: [f64; 4] = [0.2426, 4.4136, 0.7929, 2.4259];
const MBG_NBD: [f64; 4] = [0.5248, 6.1831, 0.8914, 1.6140];
const PARETO_NBD: [f64; 4] = [0.5533, 10.5777, 0.6062, 11.6687];
/// Those of the reference file, to eight digits; published with four.
const BG_BB: [f64; 4] = [1.203_522_26, 0.749_716_30, 0.656_718_31, 2.783_442_94];

fn table(text: &str) -> Vec<Vec<f64>> {
    text.lines().skip(1).map(|line| line.split(',').map(|cell| cell.parse().unwrap()).collect()).collect()
}

fn cdnow() -> (Repeat, Spending) {
    let rows = table(include_str!("../../../testdata/churn/cdnow_cbs_2357.csv"));
    let column = |i: usize| rows.iter().map(|row| row[i]).collect();
    (
        Repeat { frequency: column(0), recency: column(1), age: column(2) },
        Spending { gifts: column(0), mean: column(4) },
    )
}

/// The cohort of 1995: 11,104 donors.
fn donations() -> Repeat {
    let mut repeat = Repeat::default();
    for row in table(include_str!("../../../testdata/churn/donations_1995_cohort.csv")) {
        for _ in 0..row[3] as usize {
            repeat.frequency.push(row[0]);
            repeat.recency.push(row[1]);
            repeat.age.push(row[2]);
        }
    }
    repeat
}

fn ml(model: Model) -> FitOptions {
    FitOptions { model, estimate: Estimate::Ml, ..FitOptions::default() }
}

fn assert_near(what: &str, ours: f64, truth: f64, tolerance: f64) {
    let error = (ours - truth).abs() / truth.abs().max(1e-3);
    assert!(error < tolerance, "{what}: {ours}, reference {truth}, off by {error:e}");
}

/// 127 rows of CDNOW and extreme ones with 40 digits: log likelihood, P(alive), P(active), expectations.
#[test]
fn cdnow_to_nine_digits() {
    let rows = table(include_str!("../../../testdata/churn/ref_cdnow_mpmath.csv"));
    assert_eq!(rows.len(), 127);
    for v in rows {
        let row = [v[0], v[1], v[2]];
        let one = Repeat { frequency: vec![v[0]], recency: vec![v[1]], age: vec![v[2]] };
        for (model, parameters, [ll, alive, expected, active]) in [
            (Model::BgNbd, BG_NBD, [Some(v[3]), Some(v[4]), Some(v[5]), Some(v[6])]),
            (Model::MbgNbd, MBG_NBD, [Some(v[7]), Some(v[8]), None, Some(v[9])]),
            (Model::ParetoNbd, PARETO_NBD, [Some(v[10]), Some(v[11]), Some(v[12]), None]),
        ] {
            let known = Fitted::known(model, parameters).unwrap();
            for (name, ours, truth) in [
                ("log likelihood", known.log_likelihoods(&one).unwrap()[0], ll),
                ("P(alive)", model.p_alive(&parameters, row), alive),
                ("expected gifts in 39", model.expected(&parameters, row, 39.0), expected),
                ("P(active in 39)", model.p_active(&parameters, row, 39.0), active),
            ] {
                if let Some(truth) = truth {
                    assert_near(&format!("{model:?} {row:?} {name}"), ours, truth, 1e-9);
                }
            }
        }
    }
}

#[test]
fn donations_to_nine_digits() {
    for v in table(include_str!("../../../testdata/churn/ref_bgbb_donations.csv")) {
        let row = [v[0], v[1], v[2]];
        let one = Repeat { frequency: vec![v[0]], recency: vec![v[1]], age: vec![v[2]] };
        let known = Fitted::known(Model::BgBb, BG_BB).unwrap();
        let donor = bg_bb::Donor::new(&BG_BB, v[0], v[1], v[2], 5);
        for (name, ours, truth) in [
            ("log likelihood", known.log_likelihoods(&one).unwrap()[0], v[5]),
            ("P(alive in 2001)", donor.p_alive(0), v[6]),
            ("P(alive in 2002)", donor.p_alive(1), v[7]),
            ("expected gifts in 5 years", donor.expected(5), v[8]),
            ("P(active in 5 years)", donor.p_active(5), v[9]),
            ("P(active in a year)", donor.p_active(1), v[10]),
            ("expected gifts of all", donor.expected(5) * v[3], v[12]),
        ] {
            assert_near(&format!("{row:?} {name}"), ours, truth, 1e-9);
        }
    }
}

/// Parameters to four digits and log likelihoods to 1e-4, as published and as computed independently.
#[test]
fn maximum_likelihood_of_the_papers() {
    let (cdnow, spending) = cdnow();
    for (model, data, parameters, ln) in [
        (Model::BgNbd, &cdnow, BG_NBD, -9582.4292),
        (Model::MbgNbd, &cdnow, MBG_NBD, -9582.1357),
        (Model::ParetoNbd, &cdnow, PARETO_NBD, -9594.9762),
        (Model::BgBb, &donations(), BG_BB, -33225.5813),
    ] {
        let fitted = fit(data, &ml(model)).unwrap();
        assert!((fitted.log_likelihood - ln).abs() < 1e-4, "{model:?}: {}", fitted.log_likelihood);
        for (ours, truth) in fitted.parameters.iter().zip(parameters) {
            assert!(
                (ours - truth).abs() < 6e-5 * truth.max(1.0),
                "{model:?}: {:?}, not {parameters:?}",
                fitted.parameters
            );
        }
        assert!(fitted.convergence.gradient < 1e-9);
    }
    let options = SpendingOptions { estimate: Estimate::Ml, ..SpendingOptions::default() };
    let fitted = fit_spending(&spending, &options).unwrap();
    assert_eq!(fitted.donors, 946);
    assert!((fitted.log_likelihood + 4055.9177).abs() < 1e-4, "{fitted:?}");
    for (ours, truth) in fitted.parameters.iter().zip([6.2496, 3.7442, 15.4435]) {
        assert!((ours - truth).abs() < 1e-4 * truth, "{fitted:?}");
    }
}

/// Fader, Hardie & Shang (2010), tables 3 and 5.
#[test]
fn bg_bb_of_the_paper() {
    let fitted = fit(&donations(), &ml(Model::BgBb)).unwrap();
    // Donors with 0 … 6 gifts: the likelihood of every history with so many.
    let mut donors = [0.0; 7];
    for x in 0..=6_u32 {
        for t_x in x..=6 {
            if (x == 0) != (t_x == 0) {
                continue;
            }
            let one = Repeat { frequency: vec![x.into()], recency: vec![t_x.into()], age: vec![6.0] };
            // Orders of x gifts with the last at t_x.
            let orders = (1..x).fold(1.0, |c, i| c * f64::from(t_x - i) / f64::from(i));
            donors[x as usize] += 11_104.0 * orders * fitted.log_likelihoods(&one).unwrap()[0].exp();
        }
    }
    for (ours, truth) in donors.iter().zip([3454.9, 1888.7, 1348.9, 1113.4, 1017.9, 1027.2, 1253.1]) {
        assert!((ours - truth).abs() < 0.06, "{donors:?}");
    }
    let cells = donations().cells(true).unwrap();
    let gifts: f64 =
        cells.iter().map(|(x, t_x, n, count)| count * Model::BgBb.expected(&fitted.parameters, [x, t_x, n], 5.0)).sum();
    assert!((gifts - 12_884.2).abs() < 0.1, "{gifts}");
    for (row, truth) in [([0.0, 0.0, 6.0], 0.108), ([2.0, 4.0, 6.0], 0.590), ([6.0, 6.0, 6.0], 0.930)] {
        let alive = Model::BgBb.p_alive(&fitted.parameters, row);
        assert!((alive - truth).abs() < 5.1e-4, "{row:?}: {alive}");
    }
}

/// The gradients are the slopes of the likelihood.
#[test]
fn gradients_are_slopes() {
    let (cdnow, _) = cdnow();
    let some = |repeat: &Repeat, every: usize| -> Cells {
        let pick = |column: &[f64]| column.iter().step_by(every).copied().collect();
        let thin =
            Repeat { frequency: pick(&repeat.frequency), recency: pick(&repeat.recency), age: pick(&repeat.age) };
        thin.cells(false).unwrap()
    };
    for (model, parameters, cells) in [
        (Model::BgNbd, BG_NBD, some(&cdnow, 20)),
        (Model::MbgNbd, MBG_NBD, some(&cdnow, 20)),
        (Model::ParetoNbd, PARETO_NBD, some(&cdnow, 20)),
        (Model::ParetoNbd, [0.5, 9.0, 0.6, 900.0], some(&cdnow, 20)),
        (Model::BgBb, BG_BB, some(&donations(), 20)),
    ] {
        let (_, gradient) = model.log_likelihood(&parameters, &cells);
        for i in 0..4 {
            let mut ends = [parameters; 2];
            let step = 1e-5 * parameters[i];
            ends[0][i] -= step;
            ends[1][i] += step;
            let [low, high] = ends.map(|p| model.log_likelihood(&p, &cells).0);
            let slope = (high - low) / (2.0 * step);
            assert!((slope - gradient[i]).abs() < 1e-4 * (1.0 + slope.abs()), "{model:?} {i}: {slope} {gradient:?}");
        }
    }
}
