//! Whom to believe about a log, in the format of C2SP `tlog-policy`: written for other people's verifiers, and read.
//!
//! ```text
//! policy                               roster and charter in force -> a policy file
//! verify --policy --checkpoint         a policy and a checkpoint, from whoever, checked without any node
//! ```

use std::path::Path;

use comity_audit::{OutsideWitness, policy_for};
use comity_log::checkpoint::UnverifiedCheckpoint;
use comity_log::limits::{NOTE_BYTES_MAX, POLICY_BYTES_MAX};
use comity_log::policy::Policy;
use comity_trust::member::LogState;
use comity_wire::ids::MemberId;
use serde_json::json;

use super::log::not_verified;
use crate::clock::now_ms;
use crate::config::Config;
use crate::error::Failure;
use crate::federation_dir::FederationDir;
use crate::files;
use crate::output::Output;

/// Writes the policy for the newest log of a member.
pub(super) fn write(
    folder: &Path,
    member: &MemberId,
    config: Option<&Path>,
    output: &Output,
) -> Result<(), Failure> {
    let outside = config.map_or_else(|| Ok(Vec::new()), |path| outside_of(path, member))?;
    let now = now_ms();
    let chain = FederationDir::new(folder).load(now)?;
    let logs = chain.history.logs_of(member);
    let open = logs.iter().rfind(|log| matches!(log.state, LogState::Open));
    let Some(log) = open else {
        return Err(Failure::new(
            "unknown-origin",
            format!("The roster lists no open log of {member}."),
            "`comity roster show` lists the members and their logs.",
        ));
    };
    let Some(policy) = policy_for(&chain.history, &log.origin, &outside, now) else {
        return Err(Failure::new(
            "quorum-cannot-hold",
            format!(
                "The quorum of the charter cannot hold for the log of {member}: too few other members have a witness key, or they have not the roles that it wants."
            ),
            "Have the members give their witness keys (`comity member export`) and the governance list them, or amend the quorum (`comity federation amend`).",
        ));
    };
    output.result(&json!({"policy": policy}), policy.trim_end());
    Ok(())
}

/// The witnesses from outside that a member's node asks.
fn outside_of(config: &Path, member: &MemberId) -> Result<Vec<OutsideWitness>, Failure> {
    let config = Config::load(config)?;
    if config.id != *member {
        return Err(Failure::new(
            "config-of-another",
            format!(
                "{} is the configuration of {}, not of {member}.",
                config.path.display(),
                config.id
            ),
            "Name the member whose configuration it is, or leave --config out.",
        ));
    }
    let named = config.log.witnesses.into_iter();
    let witnesses = named.map(|one| OutsideWitness {
        key: one.key,
        url: one.url,
    });
    Ok(witnesses.collect())
}

/// Checks a checkpoint under a policy; no node and no federation is needed.
pub(super) fn check(policy: &Path, checkpoint: &Path, output: &Output) -> Result<(), Failure> {
    let read = |path: &Path, max: usize| files::read(path, u64::try_from(max).unwrap_or(u64::MAX));
    let parsed = Policy::parse(&read(policy, POLICY_BYTES_MAX)?).map_err(|error| {
        Failure::new(
            error.code(),
            format!("{}: {error}.", policy.display()),
            "Correct the file; `comity log policy` writes one for a log of the federation.",
        )
    })?;
    let unverified = UnverifiedCheckpoint::parse(&read(checkpoint, NOTE_BYTES_MAX)?)
        .map_err(|error| not_verified(error.code(), &format!("the checkpoint: {error}")))?;
    let trusted = parsed
        .check(&unverified)
        .map_err(|error| not_verified(error.code(), &error.to_string()))?;
    let head = trusted.head();
    let text = format!(
        "The checkpoint is trusted under the policy.\n  log      {}\n  records  {}\n  root     {}",
        trusted.origin(),
        head.size(),
        head.root(),
    );
    let value = json!({"log": {
        "origin": trusted.origin().to_string(),
        "size": head.size(),
        "root": head.root().to_string(),
    }, "verified": {"policy": true, "records": false}});
    output.result(&value, &text);
    Ok(())
}
