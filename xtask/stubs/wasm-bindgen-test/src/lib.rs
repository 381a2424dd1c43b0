//! Nothing: see the description of the package.
