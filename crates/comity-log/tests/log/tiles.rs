//! Paths and bundles of `tlog-tiles`.

use comity_log::bundle;
use comity_log::store::TileReader;
use comity_log::tile::{BundleId, TileId, TilePath};

use crate::fixture::TestLog;

#[test]
fn a_tile_has_one_path() {
    let check = |path: &str, expected: Result<TilePath, &str>| {
        let found = path.parse::<TilePath>();
        assert_eq!(found.map_err(|error| error.code()), expected, "{path:?}");
        if let Ok(tile) = expected {
            assert_eq!(tile.to_string(), path);
        }
    };
    let hashes =
        |level, index, width| Ok(TilePath::Hashes(TileId::new(level, index, width).unwrap()));
    let entries = |index, width| Ok(TilePath::Entries(BundleId::new(index, width).unwrap()));

    check("tile/0/000", hashes(0, 0, 256));
    check("tile/0/001.p/5", hashes(0, 1, 5));
    check("tile/4/001", hashes(4, 1, 256));
    check("tile/0/x001/x234/067", hashes(0, 1_234_067, 256));
    check("tile/1/x123/x456/078.p/2", hashes(1, 123_456_078, 2));
    check("tile/6/000.p/31", hashes(6, 0, 31));
    check(
        "tile/0/x035/x184/x372/x088/831.p/255",
        hashes(0, 35_184_372_088_831, 255),
    );
    check("tile/entries/000.p/1", entries(0, 1));
    check("tile/entries/x001/000", entries(1000, 256));

    for path in [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/x000/001",
        "tile/0/x001",
        "tile/0/001/002",
        "tile/0/x001/x002",
        "tile/0/001/x002",
        "tile/0/-01",
        "tile/0/+01",
        "tile/00/001",
        "tile/+0/001",
        "tile/ 0/001",
        "tile/data/001",
        "tile/entries/1",
        "tile/0/001.p/",
        "tile/0/001.p/01",
        "tile/0/001.p/256",
        "tile/0/001.p/+1",
        "tile/0/001.p/1/",
        "tile/0/001.p/1.p/1",
        "tile/0/001.",
        "/tile/0/001",
        "tile/0/001/",
        "tile/0/٠٠١",
        "checkpoint",
    ] {
        check(path, Err("tile-path-format"));
    }
    check("tile/0/001.p/0", Err("tile-width"));
    check("tile/0/001.p/257", Err("tile-width"));
    check("tile/0/001.p/65537", Err("tile-width"));
    check("tile/7/000", Err("tile-level-over-limit"));
    check("tile/63/000", Err("tile-level-over-limit"));
    check("tile/256/000", Err("tile-level-over-limit"));
    check("tile/6/000", Err("tile-index-over-limit"));
    check("tile/6/000.p/32", Err("tile-index-over-limit"));
    check(
        "tile/0/x999/x999/x999/x999/x999/999",
        Err("tile-index-over-limit"),
    );
    check(
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        Err("tile-index-over-limit"),
    );
    check(
        &format!("tile/0/{}001", "x001/".repeat(30)),
        Err("tile-path-too-long"),
    );
}

#[test]
fn a_tree_of_70_000_leaves_has_the_tiles_of_the_example_in_the_specification() {
    let log = TestLog::of_size(70_000);
    let has = |path: &str| {
        log.tiles
            .read_tile(path.parse().unwrap())
            .unwrap()
            .is_some()
    };
    assert!(has("tile/0/000") && has("tile/0/272") && !has("tile/0/273"));
    assert!(has("tile/0/273.p/112"));
    assert!(has("tile/1/000") && !has("tile/1/001"));
    assert!(has("tile/1/001.p/17"));
    assert!(has("tile/2/000.p/1"));
    assert!(log.tiles.tiles().all(|tile| tile.level() < 3));
}

#[test]
fn a_full_tile_is_8_192_bytes() {
    let log = TestLog::of_size(256);
    let bytes = |path: &str| log.tiles.read_tile(path.parse().unwrap()).unwrap().unwrap();
    assert_eq!(bytes("tile/0/000").len(), 8_192);
    assert_eq!(bytes("tile/1/000.p/1").len(), 32);
}

#[test]
fn a_bundle_has_exactly_the_entries_that_its_path_says() {
    let entries: [&[u8]; 3] = [b"", b"a", &[7; 65_535]];
    let bytes = bundle::encode(&entries).unwrap();
    assert!(bytes.starts_with(&[0, 0, 0, 1, b'a', 0xff, 0xff, 7]));

    let check = |width, bytes: &[u8], expected: Result<&[&[u8]], &str>| {
        let found = bundle::decode(BundleId::new(0, width).unwrap(), bytes);
        let found = found.map_err(|error| error.code());
        assert_eq!(found.as_deref(), expected.as_ref().map(|entries| *entries));
    };
    check(3, &bytes, Ok(&entries));
    check(2, &bytes, Err("bundle-left-over"));
    check(4, &bytes, Err("bundle-cut-off"));
    check(3, &bytes[..bytes.len() - 1], Err("bundle-cut-off"));
    check(3, &bytes[..4], Err("bundle-cut-off"));
    check(1, &[], Err("bundle-cut-off"));
    check(1, &[0], Err("bundle-cut-off"));
    check(1, &[0, 0, 0], Err("bundle-left-over"));

    let code = |entries: &[Vec<u8>]| bundle::encode(entries).unwrap_err().code();
    assert_eq!(code(&[]), "bundle-width");
    assert_eq!(code(&vec![vec![]; 257]), "bundle-width");
    assert_eq!(code(&[vec![0; 65_536]]), "leaf-too-long");
}
