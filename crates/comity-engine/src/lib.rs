//! The way of a statement, one file for each stage.

pub mod desk;
pub mod error;
pub mod limits;
pub mod ports;
