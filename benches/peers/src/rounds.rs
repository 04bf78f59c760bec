//! Rounds in which every case has its turn, so that what the machine does meanwhile meets all of them.

use std::io;

/// How often every case has its turn.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Rounds {
    warm_up: usize,
    measured: usize,
}

// === impl Rounds ===

impl Rounds {
    /// Returns so many rounds whose samples are kept, after `warm_up` whose samples are not.
    #[must_use]
    pub fn new(warm_up: usize, measured: usize) -> Self {
        Self { warm_up, measured }
    }

    /// Runs the cases in turn (A B C A B C …) and returns the samples of each, by round; progress goes to standard error.
    ///
    /// # Errors
    ///
    /// A run failed; the rest is not run.
    pub fn run<S>(
        self,
        title: &str,
        cases: &[&str],
        mut run: impl FnMut(usize) -> io::Result<S>,
    ) -> io::Result<Vec<Vec<S>>> {
        let mut samples: Vec<Vec<S>> = cases.iter().map(|_| Vec::new()).collect();
        for round in 0..self.warm_up + self.measured {
            let is_measured = round >= self.warm_up;
            match is_measured {
                false => eprintln!("{title}: warm-up {} of {}", round + 1, self.warm_up),
                true => eprintln!(
                    "{title}: round {} of {}",
                    round + 1 - self.warm_up,
                    self.measured
                ),
            }
            for (index, case) in cases.iter().enumerate() {
                let sample = run(index)
                    .map_err(|error| io::Error::other(format!("{title}, {case}: {error}")))?;
                if is_measured {
                    samples[index].push(sample);
                }
            }
        }
        Ok(samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_take_turns_and_the_warm_up_is_forgotten() {
        let mut order = Vec::new();
        let samples = Rounds::new(1, 2).run("test", &["a", "b"], |case| {
            order.push(case);
            Ok(order.len())
        });
        assert_eq!(samples.expect("no run fails"), [[3, 5], [4, 6]]);
        assert_eq!(order, [0, 1, 0, 1, 0, 1]);
    }
}
