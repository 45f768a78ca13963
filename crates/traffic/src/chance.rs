//! Draws, from random numbers that are handed in.

/// `⌊r·n / 2^64⌋`: a number from 0 to n − 1 (0 if n is 0).
pub(crate) fn mulhi(r: u64, n: u64) -> u64 {
    ((u128::from(r) * u128::from(n)) >> 64) as u64
}

/// An index below `n`.
#[expect(
    clippy::cast_possible_truncation,
    reason = "what is below a usize is one"
)]
pub(crate) fn index(r: u64, n: usize) -> usize {
    mulhi(r, n as u64) as usize
}

/// Two different indices below `n`, which is 2 or more.
pub(crate) fn two<R: FnMut() -> u64>(n: usize, random: &mut R) -> (usize, usize) {
    let first = index(random(), n);
    let second = index(random(), n - 1);
    (first, second + usize::from(second >= first))
}

/// A number of [0, 1), in steps of 2^-53.
pub(crate) fn unit(r: u64) -> f64 {
    const STEPS: u64 = 1 << 53;
    mulhi(r, STEPS) as f64 / STEPS as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_reach_both_ends() {
        assert_eq!((mulhi(0, 5), mulhi(u64::MAX, 5)), (0, 4));
        assert_eq!(mulhi(u64::MAX, u64::MAX), u64::MAX - 1);
        assert_eq!((index(7, 0), index(u64::MAX, 1)), (0, 0));
        assert!(unit(u64::MAX) < 1.0);
        assert!(unit(0).abs() < f64::EPSILON);
    }

    #[test]
    fn two_are_always_different() {
        let two_of_five = |r1, r2| {
            let mut drawn = [r1, r2].into_iter();
            two(5, &mut || drawn.next().expect("two draws"))
        };
        assert_eq!(two_of_five(0, 0), (0, 1));
        assert_eq!(two_of_five(1 << 63, 1 << 63), (2, 3));
        assert_eq!(two_of_five(u64::MAX, u64::MAX), (4, 3));
    }
}
