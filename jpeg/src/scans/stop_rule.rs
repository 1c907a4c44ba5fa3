//! When a progressive picture is known well enough (ITU-T T.81, section G.1.1).
//!
//! Every scan adds coefficients or bits of them. What scans that have not come could still change is
//! estimated as a root mean square in levels of the final picture: a coefficient whose lowest bit so far is
//! 2^l may be off by up to 2^l - 1 steps, evenly spread, and a basis function of one step has a root mean
//! square of 1/8. Reducing the picture r times afterwards averages r x r pixels, over which errors of AC
//! coefficients are independent, and those of DC from block to block; that DC is rounded down is an offset
//! which no averaging removes.

use crate::scans::store::{Plane, Store};

/// Levels that may be missing, root mean square: half of what rounding to whole levels could show.
const TOLERANCE: f64 = 0.5;

impl Store {
    /// Whether no scan to come could matter, if the picture is made `reduction` times smaller afterwards.
    pub(crate) fn is_known(&self, reduction: f64) -> bool {
        self.planes.iter().all(|plane| plane.is_known(reduction))
    }
}

impl Plane {
    /// See [`Store::is_known`].
    pub(crate) fn is_known(&self, reduction: f64) -> bool {
        if reduction <= 0.0 {
            return self.is_complete();
        }
        self.error(reduction).is_some_and(|error| error <= TOLERANCE)
    }

    /// Whether nothing that is kept has yet to come.
    pub(crate) fn is_complete(&self) -> bool {
        self.wanted().all(|at| self.precision.get(at).copied().flatten() == Some(0))
    }

    /// Coefficients that are kept, zigzag order.
    fn wanted(&self) -> impl Iterator<Item = usize> {
        (0..64).filter(|at| self.slots.get(*at).copied().flatten().is_some())
    }

    /// Levels, root mean square; `None` while a coefficient has not come at all.
    fn error(&self, reduction: f64) -> Option<f64> {
        let averaged = (reduction * reduction).max(1.0);
        let pixels = f64::from(self.size.0 * self.size.1);
        let mut variance = 0.0;
        for at in self.wanted() {
            let low = self.precision.get(at).copied().flatten()?;
            let natural = crate::syntax::frame::NATURAL.get(at).copied().map_or(0, usize::from);
            let step = f64::from(self.steps.as_ref()?.get(natural).copied()?) / 8.0;
            let steps = f64::from((1_u32 << low.min(15)) - 1);
            if at == 0 {
                let (offset, spread) = (steps / 2.0 * step, steps * step);
                variance += offset * offset + spread * spread / 12.0 / (averaged / pixels).max(1.0);
            } else {
                let spread = steps * step;
                variance += spread * spread / 3.0 / averaged;
            }
        }
        Some(variance.sqrt())
    }
}
