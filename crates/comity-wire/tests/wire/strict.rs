//! Every fault at every place of every object is refused, with the code that the
//! order of checks gives. Signatures are made anew around a fault, so that it is
//! the fault that is found.

use std::collections::BTreeMap;

use crate::objects;

#[test]
fn every_fault_at_every_place_is_refused_with_its_code() {
    let mut faults: BTreeMap<&str, usize> = BTreeMap::new();
    for object in objects::all() {
        assert_eq!((object.read)(&object.bytes), Ok(()), "{}", object.rule);
        for (layer, code) in &object.layers {
            for mutant in layer.mutants() {
                let found = (object.read)(&mutant.bytes);
                // What stands unprotected may be canonical and yet not be the
                // header that the object must have.
                let unprotected =
                    mutant.place.starts_with("outer/tag/1") && found == Err("bad-header");
                assert!(
                    found == Err(code) || unprotected,
                    "{}: {} at {}: {found:?}, not {code}",
                    object.rule,
                    mutant.fault,
                    mutant.place
                );
                *faults.entry(mutant.fault).or_default() += 1;
            }
        }
    }
    println!(
        "{} faulty objects refused: {faults:#?}",
        faults.values().sum::<usize>()
    );
    assert!(faults.len() >= 25, "{} sorts of fault", faults.len());
    assert!(faults.values().all(|count| *count > 0));
}
