//! Vectors that others have published.

use comity_log::hash::{Hash, leaf_hash};
use comity_log::head::Head;
use comity_log::key::VerifierKey;
use comity_log::note::{Note, SignatureLine};
use comity_log::proof::{verify_consistency, verify_inclusion};
use ed25519_dalek::SigningKey;

use crate::fixture::{TestLog, hash, hex};

/// The eight leaves that the tests of Certificate Transparency use since 2012.
const LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];

/// The roots of the trees of 0 to 8 of these leaves.
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn published_log() -> TestLog {
    let mut log = TestLog::empty();
    for leaf in LEAVES {
        log.append(&[hex(leaf)]);
    }
    log
}

fn published_head(size: usize) -> Head {
    Head::new(u64::try_from(size).unwrap(), hash(ROOTS[size])).unwrap()
}

#[test]
fn the_roots_of_the_eight_leaves_are_the_published_ones() {
    let log = published_log();
    for (size, _) in ROOTS.iter().enumerate() {
        let head = published_head(size);
        assert_eq!(log.tree().head_at(head.size()).unwrap(), head);
    }
}

#[test]
fn the_inclusion_paths_of_the_eight_leaves_are_the_published_ones() {
    let check = |index: u64, size: usize, path: &[&str]| {
        let path: Vec<Hash> = path.iter().map(|text| hash(text)).collect();
        let head = published_head(size);
        let made = published_log().tree().inclusion_path(index, head.size());
        assert_eq!(made.unwrap(), path);
        let leaf = leaf_hash(&hex(LEAVES[usize::try_from(index).unwrap()]));
        assert_eq!(verify_inclusion(&leaf, index, &path, &head), Ok(()));
    };
    check(0, 1, &[]);
    check(
        0,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    );
    check(
        5,
        8,
        &[
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    );
    check(
        2,
        3,
        &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    );
    check(
        1,
        5,
        &[
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    );
}

#[test]
fn the_consistency_paths_of_the_eight_leaves_are_the_published_ones() {
    let check = |old: usize, new: usize, path: &[&str]| {
        let path: Vec<Hash> = path.iter().map(|text| hash(text)).collect();
        let (old, new) = (published_head(old), published_head(new));
        assert_eq!(published_log().consistency(old.size(), new.size()), path);
        assert_eq!(verify_consistency(&old, &new, &path), Ok(()));
    };
    check(1, 1, &[]);
    check(
        1,
        8,
        &[
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    );
    check(
        6,
        8,
        &[
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    );
    check(
        2,
        5,
        &[
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    );
    check(
        6,
        7,
        &[
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    );
}

/// The example of the `signed-note` specification, and that of Go's `sumdb/note`.
const NOTES: [(&str, &str); 2] = [
    (
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "This is an example message.\n\
         \n\
         — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n",
    ),
    (
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "If you think cryptography is the answer to your problem,\n\
         then you don't know what your problem is.\n\
         \n\
         — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n",
    ),
];

#[test]
fn the_published_notes_verify_under_their_published_keys() {
    for (key_text, note_text) in NOTES {
        let key: VerifierKey = key_text.parse().unwrap();
        assert_eq!(key.to_string(), key_text);
        let note = Note::parse(note_text.as_bytes()).unwrap();
        let signed = note.verify(std::slice::from_ref(&key)).unwrap();
        assert_eq!((signed[0].key, signed[0].time_s), (&key, None));
        assert_eq!(note.to_string(), note_text);
    }
}

#[test]
fn the_published_secret_key_makes_the_published_signature() {
    // PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz
    let secret = "810a1402d5146c8d84f2443330f54080ebf98ee17d9c74f6252fc5d5c7283173";
    let key = SigningKey::from_bytes(&hex(secret).try_into().unwrap());
    let (verifier, note_text) = NOTES[1];
    let verifier: VerifierKey = verifier.parse().unwrap();
    let text = Note::parse(note_text.as_bytes()).unwrap().text().to_owned();
    let line = SignatureLine::sign(verifier.name(), &key, &text);
    assert_eq!(Note::new(text, line).unwrap().to_string(), note_text);
}

#[test]
fn the_cosignature_in_the_specification_has_the_time_in_the_specification() {
    // The specification gives no key, so it is the framing that is held against it.
    let line = "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==";
    let parsed = SignatureLine::parse(line).unwrap();
    let (time, signature) = parsed.signature().split_first_chunk::<8>().unwrap();
    assert_eq!(u64::from_be_bytes(*time), 1_679_315_147);
    assert_eq!(signature.len(), 64);
    assert_eq!(parsed.id().to_string(), "8d66cf3f");
    assert_eq!(parsed.to_string(), line);
}
