//! Places where fronts keep what they encoded of an immutable value.
//!
//! The catalog knows no front's format; it only lets what was made of a value live as long as the value.

use std::any::Any;
use std::fmt;
use std::sync::OnceLock;

/// Places beside an immutable value where fronts keep what they encoded of it. Each index is for one front.
#[derive(Default)]
pub struct Slots([OnceLock<Box<dyn Any + Send + Sync>>; Slots::COUNT]);

impl Slots {
    /// How many there are.
    pub const COUNT: usize = 2;
    /// The place of the REST front.
    pub const REST: usize = 0;

    /// What is kept at `index`, made by `make` when nothing is. Of several who come first together one makes it and the
    /// others wait.
    ///
    /// # Panics
    /// When `index` is not below [`Slots::COUNT`], or the same index is asked for two different types.
    #[expect(
        clippy::expect_used,
        reason = "an index belongs to one front, which keeps one type there"
    )]
    pub fn get_or_init<T: Any + Send + Sync>(&self, index: usize, make: impl FnOnce() -> T) -> &T {
        self.0[index]
            .get_or_init(|| Box::new(make()))
            .downcast_ref()
            .expect("one type per index")
    }
}

impl fmt::Debug for Slots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let filled = self.0.iter().filter(|slot| slot.get().is_some()).count();
        write!(f, "Slots({filled} of {})", Self::COUNT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_filled_once() {
        let slots = Slots::default();
        assert_eq!(*slots.get_or_init(Slots::REST, || 1_u8), 1);
        assert_eq!(*slots.get_or_init(Slots::REST, || 2_u8), 1);
        assert_eq!(*slots.get_or_init(1, || "other"), "other");
    }
}
