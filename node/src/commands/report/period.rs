//! Which period, and whose records.

use clap::Args;
use comity_report::Source;

use crate::client::Client;
use crate::error::Failure;
use crate::times::When;

/// What every report can be limited to.
#[derive(Debug, Args)]
pub(super) struct Period {
    /// Count what began at or after this time: 2026-01-01, 2026-01-01T12:00:00Z or -30d
    #[arg(long, value_name = "TIME", value_parser = day_or_time, allow_hyphen_values = true)]
    from: Option<When>,
    /// Count what began before this time
    #[arg(long, value_name = "TIME", value_parser = day_or_time, allow_hyphen_values = true)]
    until: Option<When>,
    /// Whose records: our `own` log, or the logs of our last `audit`
    #[arg(long, value_name = "SOURCE", value_parser = source)]
    source: Option<Source>,
}

impl Period {
    /// Whether nothing of it was said.
    pub(super) fn is_empty(&self) -> bool {
        self.from.is_none() && self.until.is_none() && self.source.is_none()
    }

    /// As the node is asked for it.
    ///
    /// # Errors
    /// The node does not say what time it is, for a time from now.
    pub(super) fn asked(&self, client: &Client) -> Result<Vec<(&'static str, String)>, Failure> {
        let mut asked = Vec::new();
        for (name, when) in [("from", self.from), ("until", self.until)] {
            if let Some(when) = when {
                asked.push((name, client.time(when)?.to_string()));
            }
        }
        let source = self.source.map(|source| source.as_str().to_owned());
        asked.extend(source.map(|source| ("source", source)));
        Ok(asked)
    }
}

fn source(name: &str) -> Result<Source, String> {
    Source::find(name).ok_or_else(|| "the records are `own` or of the last `audit`".to_owned())
}

/// A day stands for its beginning, UTC.
fn day_or_time(text: &str) -> Result<When, String> {
    let is_day = text.len() == 10
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-');
    if is_day && !text.starts_with('-') {
        format!("{text}T00:00:00Z").parse()
    } else {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::day_or_time;
    use crate::times::When;

    #[test]
    fn a_day_stands_for_its_beginning() {
        let check = |text: &str, expected: Option<When>| {
            assert_eq!(day_or_time(text).ok(), expected, "{text}");
        };
        check("1970-01-02", Some(When::At(86_400_000)));
        check("1970-01-01T00:00:01Z", Some(When::At(1_000)));
        check("-30d", Some(When::Ago(30 * 86_400_000)));
        check("2026-13-01", None);
        check("yesterday", None);
    }
}
