//! Batches of samples.

/// Batches of samples, by the number of the step alone: nothing to remember.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batches {
    /// Samples of a batch, at least 1; the last of an epoch may have fewer.
    pub size: usize,
    /// The seed of the order, new in every epoch; in the order of the samples without.
    pub seed: Option<u64>,
}

impl Batches {
    /// The samples of step `step`, out of `count`; `order` is the one of an epoch, and is drawn anew
    /// where the step belongs to another.
    pub(crate) fn rows(
        self,
        step: u64,
        count: usize,
        order: &mut Option<(u64, Vec<usize>)>,
    ) -> Vec<usize> {
        let per_epoch = count.div_ceil(self.size) as u64;
        let (epoch, batch) = (step / per_epoch, (step % per_epoch) as usize);
        let known = order.take().filter(|(of, _)| *of == epoch);
        let (_, order) = order.insert(known.unwrap_or_else(|| {
            let drawn = match self.seed {
                Some(seed) => implicit_bias_data::random::shuffled(count, seed, epoch),
                None => (0..count).collect(),
            };
            (epoch, drawn)
        }));
        let first = batch * self.size;
        order[first..count.min(first + self.size)].to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_epoch_has_every_sample_once_and_orders_differ() {
        let batches = Batches {
            size: 3,
            seed: Some(7),
        };
        let epoch = |number: u64| -> Vec<usize> {
            (0..4)
                .flat_map(|batch| batches.rows(4 * number + batch, 10, &mut None))
                .collect()
        };
        for number in [0, 1, 1 << 40] {
            let mut rows = epoch(number);
            rows.sort_unstable();
            assert_eq!(rows, (0..10).collect::<Vec<_>>());
        }
        assert_ne!(epoch(0), epoch(1));
        let cyclic = Batches {
            size: 1,
            seed: None,
        };
        assert_eq!(cyclic.rows(23, 10, &mut None), [3]);
    }
}
