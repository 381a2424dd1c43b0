//! How this crate speaks to `tracing`: target `comity.net`, and the event's name in the field `event`.

/// Emits an event: level, name, fields. The names are those of the table in the crate's documentation, and a test
/// compares the two.
macro_rules! emit {
    ($level:ident, $name:literal, $($fields:tt)+) => {
        tracing::event!(
            target: "comity.net",
            tracing::Level::$level,
            event = $name,
            $($fields)+
        )
    };
}

pub(crate) use emit;
