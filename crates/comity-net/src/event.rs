//! How this crate speaks to `tracing`: target `comity.net`, the event's name as its name and as its message.

/// Emits an event: level, name, fields. The names are those of the table in the crate's documentation, and a test
/// compares the two.
macro_rules! emit {
    ($level:ident, $name:literal, $($fields:tt)+) => {
        tracing::event!(
            name: $name,
            target: "comity.net",
            tracing::Level::$level,
            $($fields)+,
            $name
        )
    };
}

pub(crate) use emit;
