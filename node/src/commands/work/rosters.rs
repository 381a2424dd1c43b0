//! `comity roster publish`: gives a running node the charters and rosters of a folder. Their signatures decide, not who
//! gives them; from then on the members learn of them from each other.

use std::path::PathBuf;

use clap::Args;
use data_encoding::HEXLOWER;
use serde_json::json;

use super::said;
use crate::answers;
use crate::client::Reach;
use crate::clock::now_ms;
use crate::error::Failure;
use crate::federation_dir::FederationDir;
use crate::limits::ROSTERS_PART_BYTES_MAX;
use crate::output::Output;

pub(crate) const PUBLISH_EXAMPLE: &str = "\
Example:
  comity roster publish --federation federation --config north/comity.toml";

/// Which folder, and to which node.
#[derive(Debug, Args)]
pub(crate) struct Publish {
    /// The folder of the federation
    #[arg(long, value_name = "DIR", default_value = "federation")]
    federation: PathBuf,
    #[command(flatten)]
    reach: Reach,
}

/// Verifies the folder as a chain, then sends it, oldest first, in parts.
pub(crate) fn publish(args: &Publish, output: &Output) -> Result<(), Failure> {
    let chain = FederationDir::new(&args.federation).load(now_ms())?;
    let hex = |bytes: &[u8]| HEXLOWER.encode(bytes);
    let charters: Vec<String> = chain.history.charters_from(1).map(hex).collect();
    let rosters: Vec<String> = chain.history.rosters_from(1).map(hex).collect();
    let client = args.reach.client()?;
    let mut taken = None;
    for (place, part) in parts(&rosters).into_iter().enumerate() {
        let charters: &[String] = if place == 0 { &charters } else { &[] };
        let body = json!({"charters": charters, "rosters": part});
        match client.post("/v1/rosters", &body) {
            Ok(answer) => taken = Some(answer),
            // The node knows this part: the next one may be new.
            Err(failure) if failure.code == "nothing-new" => {}
            Err(failure) => return Err(failure),
        }
    }
    if let Some(answer) = taken {
        return said::done(&answer, output);
    }
    let answer = client.get("/v1/members", &[])?;
    let roster = answer
        .pointer("/members/roster")
        .ok_or_else(answers::not_understood)?;
    let text = said::roster(&answers::read(roster)?);
    output.note("The node knows all of this folder already.");
    output.result(&json!({"roster": roster}), &text);
    Ok(())
}

/// Neighbours, together as long as the limit lets them; at least one part.
fn parts(rosters: &[String]) -> Vec<Vec<&String>> {
    let mut parts = vec![Vec::new()];
    let mut bytes = 0;
    for roster in rosters {
        if bytes > 0 && bytes + roster.len() > ROSTERS_PART_BYTES_MAX {
            parts.push(Vec::new());
            bytes = 0;
        }
        bytes += roster.len();
        if let Some(part) = parts.last_mut() {
            part.push(roster);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rosters_go_in_parts_and_in_order() {
        let check = |lengths: &[usize], expected: &[usize]| {
            let rosters: Vec<String> = lengths.iter().map(|length| "a".repeat(*length)).collect();
            let sizes: Vec<usize> = parts(&rosters).iter().map(Vec::len).collect();
            assert_eq!(sizes, expected, "{lengths:?}");
        };
        let half = ROSTERS_PART_BYTES_MAX / 2;
        check(&[], &[0]);
        check(&[10], &[1]);
        check(&[half, half], &[2]);
        check(&[half, half, 1], &[2, 1]);
        check(&[ROSTERS_PART_BYTES_MAX + 1, 1, 1], &[1, 2]);
    }
}
