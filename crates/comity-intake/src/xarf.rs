//! XARF 4, one report a line, as ours.
//!
//! | XARF | ours |
//! | --- | --- |
//! | `report_id` | `source`; the reference, if no tag gives one |
//! | `tags`: `hotline:ref-…` | `reference` |
//! | `url` | `locator`, `host`, `canonical` |
//! | `source_identifier`, if an address; `asn`, `hosting_provider`, `country_code` | one entry of `hosting`, `country` |
//! | `timestamp` | `reported_at` |
//! | `verified_at`, else `timestamp` | `assessed_at`, `hosting.at` |
//! | `type` | the scheme: `xarf-csam` or `xarf-csem` |
//! | `xarf_version` | `scheme_version` |
//! | `classification` (csam) | `code`, and what follows from it (`scheme`) |
//! | `exploitation_type` (csem) | `code`, `context`, `urgency` |
//! | `victim_age_range` (csem) | `age` |
//! | `media_type`: image, video, audio | `unit` file; else page |
//! | `detection_method`, `verification_method` | `reviewers`: 1 if a person looked |
//! | `confidence` | `confidence` |
//! | `content_removed`: true | a person looks first |
//!
//! Everything else is not carried: reporter and sender (who assessed is who signs),
//! descriptions, evidence, hashes, and what is said of the person who posted it.

use std::net::IpAddr;

use comity_wire::registry::{scheme as schemes, unit, urgency};
use comity_wire::words::{Code, Reference};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::country::country;
use crate::fault::{Fault, Refused};
use crate::hosting::HostingSaid;
use crate::place::{name, place, reference, source_address};
use crate::report::{Disposition, Finding, Report, ReportKey, ReviewReason, word};
use crate::scheme;
use crate::when::time;

/// What a tag with the hotline's reference begins with.
const REFERENCE_TAG: &str = "hotline:ref-";

/// The fields that are read. A second field of one name is an error, whichever
/// value would hold.
#[derive(Deserialize)]
struct Fields {
    xarf_version: Option<Value>,
    report_id: Option<Value>,
    timestamp: Option<Value>,
    source_identifier: Option<Value>,
    category: Option<Value>,
    #[serde(rename = "type")]
    kind: Option<Value>,
    url: Option<Value>,
    hosting_provider: Option<Value>,
    asn: Option<Value>,
    country_code: Option<Value>,
    verified_at: Option<Value>,
    verification_method: Option<Value>,
    tags: Option<Value>,
    confidence: Option<Value>,
    classification: Option<Value>,
    media_type: Option<Value>,
    detection_method: Option<Value>,
    exploitation_type: Option<Value>,
    victim_age_range: Option<Value>,
    content_removed: Option<Value>,
}

/// Reads one line.
pub(crate) fn report(line: u64, bytes: &[u8]) -> Result<Report, Refused> {
    let fields = parse(bytes)?;
    let version = version(&fields)?;
    only(&fields.category, "category", "content", Fault::Category)?;
    let kind = required(&fields.kind, "type")?;
    let id = required(&fields.report_id, "report_id")?;
    let id = Uuid::try_parse(id).map_err(|_| Fault::ReportId.in_field("report_id"))?;
    let found = required(&fields.url, "url")?;
    let found = place(found).map_err(|fault| fault.in_field("url"))?;
    let reported_at = required(&fields.timestamp, "timestamp")?;
    let reported_at = time(reported_at).map_err(|fault| fault.in_field("timestamp"))?;
    let assessed_at = read(&fields.verified_at, "verified_at", time)?.unwrap_or(reported_at);
    let said = HostingSaid {
        at: assessed_at,
        ip: source(&fields)?,
        asn: asn(&fields)?,
        name: read(&fields.hosting_provider, "hosting_provider", name)?,
        country: read(&fields.country_code, "country_code", country)?,
    };
    let (finding, disposition, urgency) = match kind {
        "csam" => csam(&fields, version)?,
        "csem" => csem(&fields, version)?,
        _ => return Err(Fault::Type.in_field("type")),
    };
    Ok(Report {
        source: ReportKey::of(&[b"xarf", id.as_bytes()]),
        line,
        reference: match tagged_reference(&fields)? {
            Some(tagged) => tagged,
            None => reference(&id.to_string()).map_err(|fault| fault.in_field("report_id"))?,
        },
        locator: found.locator,
        host: found.host,
        canonical: found.canonical,
        country: said.country.clone(),
        hosting: said.into_hosting(),
        finding,
        disposition,
        urgency: word(urgency),
        done: Vec::new(),
        reported_at,
        assessed_at,
    })
}

/// What a parser says of an error holds parts of the line; only its sort is used.
fn parse(bytes: &[u8]) -> Result<Fields, Refused> {
    let text = std::str::from_utf8(bytes).map_err(|_| Fault::NotUtf8)?;
    let value: Value = serde_json::from_str(text).map_err(|_| Fault::NotJson)?;
    // A list would be read as the fields in their order.
    if !value.is_object() {
        return Err(Fault::NotAnObject.into());
    }
    // Every field takes every value, so what is left to go wrong is a second one.
    serde_json::from_str(text).map_err(|_| Fault::DuplicateKey.into())
}

type Found = (Finding, Disposition, &'static str);

fn csam(fields: &Fields, version: &str) -> Result<Found, Refused> {
    let class = required(&fields.classification, "classification")?;
    let by_program = matches!(
        text(&fields.detection_method, "detection_method")?,
        Some("ai_detection" | "automated_scan")
    );
    let reviewers = reviewers(fields)?;
    let said = scheme::csam(class, reviewers > 0 || !by_program)
        .map_err(|fault| fault.in_field("classification"))?;
    let gone = matches!(fields.content_removed, Some(Value::Bool(true)));
    let one_file = matches!(
        text(&fields.media_type, "media_type")?,
        Some("image" | "video" | "audio")
    );
    let finding = Finding {
        standing: word(said.standing),
        reviewers,
        confidence: confidence(fields)?,
        ..Finding::new(
            word(schemes::XARF_CSAM),
            keep(version, "xarf_version")?,
            keep(class, "classification")?,
            if one_file { unit::FILE } else { unit::PAGE },
        )
    }
    .with(&said.facts);
    let disposition = if gone {
        Disposition::Review(ReviewReason::Gone)
    } else {
        said.disposition
    };
    Ok((finding, disposition, urgency::ROUTINE))
}

fn csem(fields: &Fields, version: &str) -> Result<Found, Refused> {
    const FIELD: &str = "exploitation_type";
    let kind = required(&fields.exploitation_type, FIELD)?;
    let (said, urgency) = scheme::csem(kind).map_err(|fault| fault.in_field(FIELD))?;
    let age = read(
        &fields.victim_age_range,
        "victim_age_range",
        scheme::csem_age,
    )?;
    let finding = Finding {
        age: age.flatten(),
        reviewers: reviewers(fields)?,
        confidence: confidence(fields)?,
        ..Finding::new(
            word(schemes::XARF_CSEM),
            keep(version, "xarf_version")?,
            keep(kind, FIELD)?,
            unit::PAGE,
        )
    }
    .with(&said.facts);
    Ok((finding, said.disposition, urgency))
}

fn reviewers(fields: &Fields) -> Result<u64, Refused> {
    let detected = text(&fields.detection_method, "detection_method")?;
    let verified = text(&fields.verification_method, "verification_method")?;
    let looked = detected == Some("manual_review") || verified == Some("manual");
    Ok(u64::from(looked))
}

fn confidence(fields: &Fields) -> Result<Code, Refused> {
    let score = match &fields.confidence {
        None | Some(Value::Null) => None,
        // What is no number is not from 0 to 1 either.
        Some(value) => Some(value.as_f64().unwrap_or(f64::NAN)),
    };
    let sureness = scheme::sureness(score).map_err(|fault| fault.in_field("confidence"))?;
    Ok(word(sureness))
}

fn version(fields: &Fields) -> Result<&str, Refused> {
    let version = required(&fields.xarf_version, "xarf_version")?;
    let mut parts = version.split('.');
    let four = parts.next() == Some("4");
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if four && version.contains('.') && parts.all(number) {
        Ok(version)
    } else {
        Err(Fault::XarfVersion.in_field("xarf_version"))
    }
}

fn source(fields: &Fields) -> Result<Option<IpAddr>, Refused> {
    const FIELD: &str = "source_identifier";
    let source = required(&fields.source_identifier, FIELD)?;
    source_address(source).map_err(|fault| fault.in_field(FIELD))
}

fn asn(fields: &Fields) -> Result<Option<u64>, Refused> {
    match &fields.asn {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_u64()
            .filter(|asn| (1..=u64::from(u32::MAX)).contains(asn))
            .map(Some)
            .ok_or(Fault::Asn.in_field("asn")),
    }
}

fn tagged_reference(fields: &Fields) -> Result<Option<Reference>, Refused> {
    let tags = fields.tags.as_ref().and_then(Value::as_array);
    let tagged = tags
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .find_map(|tag| tag.strip_prefix(REFERENCE_TAG))
        .filter(|tagged| !tagged.is_empty());
    tagged.map(|tagged| keep(tagged, "tags")).transpose()
}

fn keep(text: &str, field: &'static str) -> Result<Reference, Refused> {
    reference(text).map_err(|fault| fault.in_field(field))
}

fn only(
    value: &Option<Value>,
    field: &'static str,
    wanted: &str,
    otherwise: Fault,
) -> Result<(), Refused> {
    if required(value, field)? == wanted {
        Ok(())
    } else {
        Err(otherwise.in_field(field))
    }
}

/// A text, trimmed; nothing if it is absent, null or empty.
fn text<'a>(value: &'a Option<Value>, field: &'static str) -> Result<Option<&'a str>, Refused> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
        Some(_) => Err(Fault::NotAText.in_field(field)),
    }
}

fn required<'a>(value: &'a Option<Value>, field: &'static str) -> Result<&'a str, Refused> {
    text(value, field)?.ok_or(Fault::MissingField.in_field(field))
}

fn read<T>(
    value: &Option<Value>,
    field: &'static str,
    reader: impl FnOnce(&str) -> Result<T, Fault>,
) -> Result<Option<T>, Refused> {
    let found = text(value, field)?.map(reader).transpose();
    found.map_err(|fault| fault.in_field(field))
}
