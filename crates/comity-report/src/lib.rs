//! From matched statements to figures that people read. Pure: records and times come in, documents and files go out;
//! there is no clock, no I/O and no network.
//!
//! ```text
//! base       statements of one case -> compact rows: requests, rounds of items, legal clocks
//! legal      which law's clock runs, as far as records show it, and where it stands
//! figures    rows -> groups, percentiles, shares, ages, weeks, distributions
//! report     the document that says them
//!
//! public     rows -> tables for everybody; suppress hides small cells so that nobody can compute them
//! html       the document as one file that people look at
//! sheet      the document as one flat table -> csv, parquet
//!
//! ages, limits
//! ```

pub mod ages;
pub mod base;
pub mod csv;
pub mod figures;
pub mod html;
mod legal;
pub mod limits;
pub mod parquet;
pub mod public;
pub mod report;
pub mod sheet;
pub mod suppress;

pub use base::{Adding, Base, Context};
pub use figures::{TooManyGroups, cases, figures, pages};
pub use report::{Basis, Dimension, Report, Source, Wish};
