//! Inputs that are almost right.
//!
//! Each is a seed, or a recent descendant of one, after a handful of changes; a few are noise from nothing. Memory is
//! bounded: descendants live in a pool of fixed size, and none is over [`INPUT_BYTES_MAX`].

use std::collections::BTreeSet;

use crate::INPUT_BYTES_MAX;
use crate::random::Random;

/// Most descendants that are kept to be changed further.
const POOL_MAX: usize = 64;
/// Most changes on the way from one input to the next.
const STEPS_MAX: usize = 6;
/// Longest token taken from a seed, in bytes.
const TOKEN_BYTES_MAX: usize = 48;

/// What has broken decoders before, whatever the format.
const TOKENS: &[&[u8]] = &[
    b"",
    b"\0",
    b"\n",
    b"\r\n",
    b"\t",
    b"\x7f",
    b"\xff",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    "é".as_bytes(),
    "\u{202e}".as_bytes(),
    "\u{10ffff}".as_bytes(),
    b"%00",
    b"%",
    b"%zz",
    b"%2F",
    b"+",
    b"0",
    b"-0",
    b"-1",
    b"1e999",
    b"1.5",
    b"65535",
    b"65536",
    b"2147483648",
    b"4294967296",
    b"9007199254740993",
    b"9223372036854775808",
    b"18446744073709551615",
    b"18446744073709551616",
    b"null",
    b"true",
    b"[]",
    b"{}",
    b"[",
    b"{",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b":",
    b",",
    b".",
    b"..",
    b"/",
    b"//",
    b"-",
    b"=",
    b"&",
    b";",
    b"#",
    b"*",
    b" ",
    b"|",
    b"'",
    b"\x00\x00\x00\x00",
    b"\xff\xff\xff\xff",
    b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
];

/// An endless row of inputs, the same for the same seeds.
pub struct Mutator {
    random: Random,
    seeds: Vec<Vec<u8>>,
    pool: Vec<Vec<u8>>,
    tokens: Vec<Vec<u8>>,
}

impl Mutator {
    /// Begins with `seeds`; `seed` decides what comes of them.
    pub fn new(seeds: Vec<Vec<u8>>, seed: u64) -> Self {
        let mut tokens: BTreeSet<Vec<u8>> = TOKENS.iter().map(|token| token.to_vec()).collect();
        tokens.extend(seeds.iter().flat_map(|seed| words(seed)));
        Self {
            random: Random::new(seed),
            seeds,
            pool: Vec::new(),
            tokens: tokens.into_iter().collect(),
        }
    }

    /// The next input.
    pub fn next_input(&mut self) -> Vec<u8> {
        let mut input = self.base();
        for _ in 0..=self.random.below(STEPS_MAX) {
            self.change(&mut input);
            input.truncate(INPUT_BYTES_MAX);
        }
        if self.random.once_in(4) {
            if self.pool.len() < POOL_MAX {
                self.pool.push(input.clone());
            } else {
                let slot = self.random.below(POOL_MAX);
                self.pool[slot].clone_from(&input);
            }
        }
        input
    }

    fn base(&mut self) -> Vec<u8> {
        match self.random.below(16) {
            0 => {
                let length = self.random.below(64);
                (0..length).map(|_| self.random.byte()).collect()
            }
            1 => {
                let count = self.random.below(12);
                (0..count).flat_map(|_| self.token()).collect()
            }
            2..6 if !self.pool.is_empty() => {
                self.random.pick(&self.pool).cloned().unwrap_or_default()
            }
            _ => self.random.pick(&self.seeds).cloned().unwrap_or_default(),
        }
    }

    fn token(&mut self) -> Vec<u8> {
        self.random.pick(&self.tokens).cloned().unwrap_or_default()
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let random = &mut self.random;
        let at = random.below(input.len() + 1);
        match random.below(12) {
            0 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
            }
            1 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte = random.byte();
                }
            }
            2 => input.insert(at, random.byte()),
            3 => drop(input.drain(random.range(input.len()))),
            4 => {
                let copy = input[random.range(input.len())].to_vec();
                input.splice(at..at, copy);
            }
            5 => input.truncate(at),
            6 => {
                let other = random.pick(&self.seeds).map_or(&[][..], Vec::as_slice);
                let tail = other[random.below(other.len() + 1)..].to_vec();
                input.truncate(at);
                input.extend(tail);
            }
            7 => {
                let token = self.token();
                input.splice(at..at, token);
            }
            8 => {
                let hole = random.range(input.len());
                let token = self.token();
                input.splice(hole, token);
            }
            9 => self.change_word(input),
            10 => {
                // In place: what says its own length still does.
                let token = self.token();
                input[at..]
                    .iter_mut()
                    .zip(token)
                    .for_each(|(byte, new)| *byte = new);
            }
            _ => self.repeat(input, at),
        }
    }

    /// Puts a token in the place of a whole word or number, which keeps the rest well formed.
    fn change_word(&mut self, input: &mut Vec<u8>) {
        let at = self.random.below(input.len());
        let inside = |byte: &u8| byte.is_ascii_alphanumeric();
        if input.get(at).is_some_and(inside) {
            let from = input[..at]
                .iter()
                .rposition(|byte| !inside(byte))
                .map_or(0, |gap| gap + 1);
            let to = input[at..]
                .iter()
                .position(|byte| !inside(byte))
                .map_or(input.len(), |gap| at + gap);
            let token = self.token();
            input.splice(from..to, token);
        }
    }

    /// Says something over and over: what nests or grows, and what counts past a limit. Long only now and then.
    fn repeat(&mut self, input: &mut Vec<u8>, at: usize) {
        let piece = if self.random.once_in(2) {
            self.token()
        } else {
            input[self.random.range(input.len())].to_vec()
        };
        let most = if self.random.once_in(8) {
            INPUT_BYTES_MAX
        } else {
            256
        };
        let times = self.random.below(most) / piece.len().max(1);
        input.splice(at..at, piece.repeat(times));
    }
}

/// The words of a seed and what stands between them.
fn words(seed: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    seed.chunk_by(|a, b| a.is_ascii_alphanumeric() == b.is_ascii_alphanumeric())
        .filter(|word| word.len() <= TOKEN_BYTES_MAX)
        .map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(seed: u64) -> Vec<Vec<u8>> {
        let mut mutator = Mutator::new(vec![b">=1.2 <3".to_vec(), b"^1".to_vec()], seed);
        (0..2_000).map(|_| mutator.next_input()).collect()
    }

    #[test]
    fn a_seed_gives_its_row_of_inputs_again() {
        assert_eq!(row(7), row(7));
        assert_ne!(row(7), row(8));
    }

    #[test]
    fn inputs_are_bounded_and_various() {
        let inputs = row(1);
        assert!(inputs.iter().all(|input| input.len() <= INPUT_BYTES_MAX));
        let distinct: BTreeSet<_> = inputs.iter().collect();
        assert!(distinct.len() > 1_500, "{}", distinct.len());
    }

    #[test]
    fn no_seeds_are_seeds_enough() {
        let mut mutator = Mutator::new(Vec::new(), 3);
        assert!((0..500).any(|_| !mutator.next_input().is_empty()));
    }
}
