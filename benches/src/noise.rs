//! Random numbers of made-up series.

/// Xorshift (Marsaglia 2003), and Box & Muller's normal numbers, from a seed that is not 0.
#[derive(Clone, Debug)]
pub struct Noise(pub u64);

impl Noise {
    /// A number between 0 and 1, neither of them.
    pub fn share(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// A normal number of variance 1.
    pub fn normal(&mut self) -> f64 {
        (-2.0 * self.share().ln()).sqrt() * (std::f64::consts::TAU * self.share()).cos()
    }

    /// Student's t with three degrees of freedom.
    pub fn heavy(&mut self) -> f64 {
        let square: f64 = (0..3).map(|_| self.normal().powi(2)).sum();
        self.normal() / (square / 3.0).sqrt()
    }
}
