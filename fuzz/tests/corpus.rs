//! Every seed keeps its target's promises, and so does what is left of it when it is cut off anywhere.

use std::collections::BTreeSet;
use std::fs;

use paste_fuzz::{TARGETS, corpus, mutation::Mutator};

#[test]
fn seeds_and_their_beginnings_keep_the_promises() {
    for (name, target) in TARGETS {
        let seeds = corpus::seeds(name).expect("a folder of seeds");
        assert!(!seeds.is_empty(), "{name} has no seeds");
        for seed in seeds {
            for end in 0..=seed.len() {
                target(&seed[..end]);
            }
        }
    }
}

#[test]
fn a_thousand_descendants_keep_the_promises() {
    for (name, target) in TARGETS {
        let mut mutator = Mutator::new(corpus::seeds(name).expect("a folder of seeds"), 0);
        for _ in 0..1_000 {
            target(&mutator.next_input());
        }
    }
}

#[test]
fn every_folder_of_seeds_has_its_target() {
    let named: BTreeSet<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let folders = fs::read_dir(corpus::folder("")).expect("the corpus");
    let found: BTreeSet<_> = folders
        .map(|entry| {
            entry
                .expect("a folder")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    assert_eq!(found, named);
}
