//! What is sealed is opened by who has the key, and by nobody else.

use proptest::prelude::*;

use super::*;

const ONE: &str = "one:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const TWO: &str = "two:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

fn vault(lines: &[&str]) -> Vault {
    Vault::parse(&lines.join("\n")).expect("valid")
}

proptest! {
    #[test]
    fn secrets_survive(plain in prop::collection::vec(any::<u8>(), 0..1_000)) {
        let vault = vault(&[ONE]);
        let (sealed, seal) = vault.seal(&plain, "default/shop/password").expect("has a key");
        prop_assert_eq!(vault.open(&sealed, &seal, "default/shop/password").expect("own"), plain);
    }

    #[test]
    fn any_change_is_noticed(plain in prop::collection::vec(any::<u8>(), 0..100), at: prop::sample::Index, bit in 0..8_u8) {
        let vault = vault(&[ONE]);
        let (sealed, seal) = vault.seal(&plain, "a").expect("has a key");
        let mut other = sealed.clone();
        let place = at.index(other.len());
        other[place] ^= 1 << bit;
        prop_assert_eq!(vault.open(&other, &seal, "a"), Err(VaultError::Damaged));
        let mut wrapped = seal.wrapped.to_vec();
        let place = at.index(wrapped.len());
        wrapped[place] ^= 1 << bit;
        let seal = Seal { wrapped: wrapped.into(), ..seal };
        prop_assert_eq!(vault.open(&sealed, &seal, "a"), Err(VaultError::Damaged));
    }
}

#[test]
fn a_secret_belongs_to_its_item() {
    let vault = vault(&[ONE]);
    let (sealed, seal) = vault
        .seal(b"hunter2", "default/shop/password")
        .expect("has a key");
    assert_eq!(
        vault.open(&sealed, &seal, "default/shop/other"),
        Err(VaultError::Damaged)
    );
    assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
    let (again, _) = vault
        .seal(b"hunter2", "default/shop/password")
        .expect("has a key");
    assert_ne!(sealed, again, "nobody sees that it is the same");
}

#[test]
fn keys_are_rotated_by_putting_a_new_one_first() {
    let (sealed, seal) = vault(&[ONE]).seal(b"x", "a").expect("has a key");
    let rotated = vault(&["# new", TWO, "", ONE]);
    assert_eq!(rotated.open(&sealed, &seal, "a").as_deref(), Ok(&b"x"[..]));
    let (_, seal_of_two) = rotated.seal(b"x", "a").expect("has a key");
    assert_eq!(seal_of_two.key, "two");
    assert_eq!(
        vault(&[TWO]).open(&sealed, &seal, "a"),
        Err(VaultError::UnknownKey("one".to_owned()))
    );
    assert_eq!(
        Vault::none().seal(b"x", "a").expect_err("no key"),
        VaultError::NoKeys
    );
}

#[test]
fn keys_that_can_not_be_are_refused_without_showing_them() {
    let secret = "c2VjcmV0c2VjcmV0";
    for (text, line) in [
        ("nokey".to_owned(), 1),
        (format!("{ONE}\nbad name:{secret}"), 2),
        (format!("short:{secret}"), 1),
        (format!("\nodd:{secret}!"), 2),
        (format!("{ONE}\n{ONE}"), 2),
    ] {
        let refused = Vault::parse(&text).expect_err(&text);
        assert!(
            matches!(refused, VaultError::InvalidKeys { line: at, .. } if at == line),
            "{refused:?}"
        );
        assert!(!refused.to_string().contains(secret), "{refused}");
    }
    assert_eq!(format!("{:?}", vault(&[ONE, TWO])), "[\"one\", \"two\"]");
}
