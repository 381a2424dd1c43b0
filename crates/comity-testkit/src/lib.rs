//! Fixtures for the tests of Comity: a federation with fixed keys, builders, generators.
