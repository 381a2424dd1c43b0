//! A federation with fixed keys: four members, three governance keys of which two
//! must sign, the first charter and the first roster.
//!
//! ```text
//! north.example      hotline     SE
//! south.example      hotline     NL     hotline for orphans
//! platform.example   platform    IE     owns names, addresses and a network of reserved ranges
//! regulator.example  regulator   IE     may audit the platform
//! ```
//!
//! Everything follows from constants, so two runs give the same bytes. Times are
//! around [`NOW_MS`]; keys are valid from a year before it, and the roster expires
//! 90 days after it.
//!
//! ```
//! use comity_testkit::federation::{Federation, NOW_MS, takedown_request};
//!
//! let federation = Federation::new();
//! let north = federation.member("north");
//! let draft = federation.draft("north", "platform", takedown_request());
//! let statement = federation.sign(draft);
//! assert_eq!(statement.issuer(), &north.id);
//! assert!(federation.history().member(&north.id).is_some());
//! # let _ = NOW_MS;
//! ```
//!
//! | call | gives |
//! | --- | --- |
//! | [`Federation::history`], [`Federation::fed`] | the chain as a verifier has it; the federation's hash |
//! | [`Federation::member`] | id and keys of `"north"`, `"south"`, `"platform"` or `"regulator"` |
//! | [`Federation::draft`], [`Federation::reply`], [`Federation::sign`] | an opening statement, one in a case, its signature |
//! | [`Federation::parties`] | the two parties of a case |
//! | [`Federation::next_roster`], [`Federation::next_charter`] | what the governance would sign next, with an edit |
//! | [`Federation::take_roster`], [`Federation::take_charter`] | makes it part of the history |

use std::sync::atomic::{AtomicU64, Ordering};

use comity_trust::authorise::Parties;
use comity_trust::charter::{Charter, Mandate, Quorum};
use comity_trust::history::{Added, History};
use comity_trust::key::Key;
use comity_trust::matrix::default_matrix;
use comity_trust::member::{Contact, Log, LogState, Member, Node};
use comity_trust::owned::{Domain, Owns, Prefix};
use comity_trust::roster::Roster;
use comity_trust::signed::SignedPayload;
use comity_wire::body::{Body, TakedownRequest};
use comity_wire::cose::kid_of;
use comity_wire::ids::{CaseId, Hash, MemberId, Nonce, PublicKey, StatementId};
use comity_wire::leaf::Origin;
use comity_wire::parts::{Ground, Handling, Item, Locator, NotifyUploader, Requester};
use comity_wire::registry::{
    KeyPurpose, audience, capacity, measure_action, measure_target, nature, requester_capacity,
    role, scope, sensitive, urgency,
};
use comity_wire::statement::{Draft, Statement};
use comity_wire::words::{
    Code, Country, Language, LocatorText, Name, Reference, Sorted, TimeMs, Version,
};
use ed25519_dalek::SigningKey;

/// Now, in every test: 2026-03-02, 12:00 UTC.
pub const NOW_MS: TimeMs = 1_772_452_800_000;

/// A day.
pub const DAY_MS: u64 = 86_400_000;

/// From when the keys of the members are valid.
pub const KEYS_FROM_MS: TimeMs = NOW_MS - 365 * DAY_MS;

/// When the charter and the first roster were issued.
pub const ISSUED_MS: TimeMs = NOW_MS - 30 * DAY_MS;

/// When the first roster expires.
pub const EXPIRES_MS: TimeMs = NOW_MS + 90 * DAY_MS;

/// How long members go on after that.
pub const GRACE_MS: u64 = 30 * DAY_MS;

/// The id and the keys of one member.
#[derive(Debug, Clone)]
pub struct MemberKeys {
    /// Its id.
    pub id: MemberId,
    /// Signs its statements.
    pub statement: SigningKey,
    /// Signs the checkpoints and receipts of its first log.
    pub log: SigningKey,
    /// Cosigns the checkpoints of others.
    pub witness: SigningKey,
    /// Is the identity of its node.
    pub transport: SigningKey,
}

/// The federation, and the chain of its charters and rosters.
#[derive(Debug)]
pub struct Federation {
    governance: Vec<SigningKey>,
    members: Vec<MemberKeys>,
    history: History,
    nonces: AtomicU64,
}

impl Default for Federation {
    fn default() -> Self {
        Self::new()
    }
}

impl Federation {
    /// The federation after its first roster.
    ///
    /// # Panics
    /// Never: a test below makes it.
    #[must_use]
    pub fn new() -> Self {
        let governance: Vec<_> = (1..=3).map(|n| key("governance", n)).collect();
        let members = ["north", "south", "platform", "regulator"].map(MemberKeys::new);
        let signers: Vec<_> = governance.iter().take(2).collect();
        let charter = first_charter(&governance).sign(&signers);
        let history = History::start(&charter.encode());
        #[expect(clippy::expect_used, reason = "a fixture; see `Panics`")]
        let history = history.expect("the first charter is valid");
        let fed = *history.fed();
        let roster = Roster {
            v: Version,
            fed,
            issued: ISSUED_MS,
            charter: charter.hash(),
            expires: EXPIRES_MS,
            members: Sorted::new(members.iter().map(|keys| entry(keys, &fed))),
            version: 1,
            previous: fed,
            resolves: None,
        };
        let signed = roster.sign(&signers);
        let mut federation = Self {
            governance,
            members: members.into(),
            history,
            nonces: AtomicU64::new(1),
        };
        federation.take_roster(&signed);
        federation
    }

    /// The chain, as a verifier has it.
    #[must_use]
    pub const fn history(&self) -> &History {
        &self.history
    }

    /// The federation: the hash of its first charter.
    #[must_use]
    pub const fn fed(&self) -> &Hash {
        self.history.fed()
    }

    /// Id and keys of a member, by the first part of its name: `"north"`.
    ///
    /// # Panics
    /// When there is no such member.
    #[must_use]
    pub fn member(&self, name: &str) -> &MemberKeys {
        let is_it = |member: &&MemberKeys| {
            let id = member.id.as_str();
            id == name || id.strip_suffix(".example") == Some(name)
        };
        #[expect(clippy::expect_used, reason = "a fixture; see `Panics`")]
        self.members
            .iter()
            .find(is_it)
            .expect("there is such a member")
    }

    /// The members.
    #[must_use]
    pub fn members(&self) -> &[MemberKeys] {
        &self.members
    }

    /// The governance keys. Two of three must sign.
    #[must_use]
    pub fn governance(&self) -> &[SigningKey] {
        &self.governance
    }

    /// The parties of a case that `opener` opened with `recipient`.
    #[must_use]
    pub fn parties(&self, opener: &str, recipient: &str) -> Parties {
        Parties {
            opener: self.member(opener).id.clone(),
            recipient: self.member(recipient).id.clone(),
        }
    }

    /// An opening statement, dated [`NOW_MS`], of a new case.
    #[must_use]
    pub fn draft(&self, from: &str, to: &str, body: Body) -> Draft {
        let case_nonce = self.nonce();
        let case = CaseId::derive(&self.member(from).id, &case_nonce);
        Draft {
            case_nonce: Some(case_nonce),
            ..self.reply(from, to, case, [], body)
        }
    }

    /// A statement of a case that is open, dated [`NOW_MS`]. `re` are the heads
    /// that it builds on.
    #[must_use]
    pub fn reply(
        &self,
        from: &str,
        to: &str,
        case: CaseId,
        re: impl IntoIterator<Item = StatementId>,
        body: Body,
    ) -> Draft {
        Draft {
            issuer: self.member(from).id.clone(),
            case,
            issued_at_s: NOW_MS / 1000,
            to: self.member(to).id.clone(),
            fed: *self.fed(),
            re: Sorted::new(re),
            refs: None,
            evidence: None,
            parent: None,
            nonce: self.nonce(),
            case_nonce: None,
            handling: handling(),
            ext: None,
            body,
        }
    }

    /// Signs with the statement key of the draft's issuer. What a test signs here is
    /// held to the CDDL.
    ///
    /// # Panics
    /// When the draft is not a valid statement.
    #[must_use]
    pub fn sign(&self, draft: Draft) -> Statement {
        let key = &self.member(draft.issuer.as_str()).statement;
        #[expect(clippy::expect_used, reason = "a fixture; see `Panics`")]
        let statement = draft.sign(key).expect("the draft is a valid statement");
        hold_to_cddl("statement", statement.bytes());
        statement
    }

    /// The roster that follows the newest one, with an edit. It is issued a day
    /// later, expires a day later, and is not part of the history yet.
    ///
    /// # Panics
    /// Never: there is a roster.
    #[must_use]
    pub fn next_roster(&self, edit: impl FnOnce(&mut Roster)) -> Roster {
        #[expect(clippy::expect_used, reason = "a fixture; see `Panics`")]
        let last = self.history.roster().expect("there is a roster");
        let mut next = Roster {
            issued: last.issued + DAY_MS,
            expires: last.expires + DAY_MS,
            version: last.version + 1,
            previous: last.reference().1,
            resolves: None,
            ..last.clone()
        };
        let (charter, hash) = self.history.newest_charter();
        if charter.first_roster <= next.version {
            next.charter = hash;
        }
        edit(&mut next);
        next
    }

    /// The charter that follows the newest one, for rosters from the next on,
    /// with an edit. It is not part of the history yet.
    #[must_use]
    pub fn next_charter(&self, edit: impl FnOnce(&mut Charter)) -> Charter {
        let (last, hash) = self.history.newest_charter();
        let mut next = Charter {
            issued: last.issued + DAY_MS,
            version: last.version + 1,
            previous: Some(hash),
            first_roster: self.history.roster_ref().map_or(1, |roster| roster.0) + 1,
            ..last.clone()
        };
        edit(&mut next);
        next
    }

    /// The first two governance keys sign a roster.
    #[must_use]
    pub fn sign_roster(&self, roster: &Roster) -> SignedPayload {
        roster.sign(&self.governance.iter().take(2).collect::<Vec<_>>())
    }

    /// The first two governance keys sign a charter.
    #[must_use]
    pub fn sign_charter(&self, charter: &Charter) -> SignedPayload {
        charter.sign(&self.governance.iter().take(2).collect::<Vec<_>>())
    }

    /// Makes a roster part of the history, at the time when it was issued.
    ///
    /// # Panics
    /// When it does not follow.
    pub fn take_roster(&mut self, signed: &SignedPayload) {
        hold_to_cddl("signed-roster", &signed.encode());
        let added = self.history.add_roster(&signed.encode(), NOW_MS);
        assert_eq!(added, Ok(Added::Extended), "the roster follows");
    }

    /// Makes a charter part of the history.
    ///
    /// # Panics
    /// When it does not follow.
    pub fn take_charter(&mut self, signed: &SignedPayload) {
        hold_to_cddl("signed-charter", &signed.encode());
        let added = self.history.add_charter(&signed.encode());
        assert_eq!(added, Ok(Added::Extended), "the charter follows");
    }

    fn nonce(&self) -> Nonce {
        let n = self.nonces.fetch_add(1, Ordering::Relaxed);
        Nonce::new(u128::from(n).to_be_bytes())
    }
}

/// What our code takes as valid is valid under the definition too.
fn hold_to_cddl(rule: &str, bytes: &[u8]) {
    assert_eq!(crate::cddl::validate(rule, bytes), Ok(()), "{rule}");
}

impl MemberKeys {
    /// The member of a name, with the keys that follow from it.
    ///
    /// # Panics
    /// When the name is not the first part of a domain name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        #[expect(clippy::expect_used, reason = "a fixture; see `Panics`")]
        let id = MemberId::new(&format!("{name}.example")).expect("a label gives a member id");
        Self {
            id,
            statement: key(name, 1),
            log: key(name, 2),
            witness: key(name, 3),
            transport: key(name, 4),
        }
    }
}

/// Changes one member of a roster.
pub fn edit_member(roster: &mut Roster, name: &str, mut edit: impl FnMut(&mut Member)) {
    let members = roster.members.iter().cloned().map(|mut member| {
        if member.id.as_str().strip_suffix(".example") == Some(name) {
            edit(&mut member);
        }
        member
    });
    roster.members = Sorted::new(members);
}

/// Changes the keys of one purpose of a member.
pub fn edit_keys(member: &mut Member, purpose: KeyPurpose, mut edit: impl FnMut(&mut Key)) {
    let keys = member.keys.iter().cloned().map(|mut key| {
        if key.purpose == purpose {
            edit(&mut key);
        }
        key
    });
    member.keys = Sorted::new(keys);
}

/// Lists another key for a member.
pub fn add_key(member: &mut Member, key: &SigningKey, purpose: KeyPurpose) {
    let added = Key::new(public(key), purpose, KEYS_FROM_MS);
    member.keys = Sorted::new(member.keys.iter().cloned().chain([added]));
}

/// The entry of a roster for a member with one log and one node.
#[must_use]
pub fn entry(keys: &MemberKeys, fed: &Hash) -> Member {
    let (role, country) = match keys.id.as_str().split('.').next() {
        Some("platform") => (role::PLATFORM, "IE"),
        Some("regulator") => (role::REGULATOR, "IE"),
        Some("south") => (role::HOTLINE, "NL"),
        _ => (role::HOTLINE, "SE"),
    };
    let owns = if role == role::PLATFORM {
        what_the_platform_owns()
    } else {
        Owns::default()
    };
    let listed = [
        (&keys.statement, KeyPurpose::Statement),
        (&keys.log, KeyPurpose::Log),
        (&keys.witness, KeyPurpose::Witness),
        (&keys.transport, KeyPurpose::Transport),
    ];
    let listed = listed.map(|(key, purpose)| Key::new(public(key), purpose, KEYS_FROM_MS));
    Member {
        id: keys.id.clone(),
        ext: None,
        keys: Sorted::new(listed),
        logs: vec![Log {
            key: kid_of(&keys.log),
            state: LogState::Open,
            origin: Origin {
                fed: *fed,
                member: keys.id.clone(),
                n: 1,
            },
        }],
        owns,
        names: vec![(language("en"), name(keys.id.as_str()))],
        nodes: Sorted::new([Node {
            key: kid_of(&keys.transport),
            addresses: vec![reference(&format!("/dns/{}/tcp/4001", keys.id))],
        }]),
        roles: Sorted::new([code(role)]),
        contact: Contact {
            hours: reference("Mo-Fr 08:00-18:00"),
            address: reference(&format!("desk@{}", keys.id)),
            time_zone: reference("Etc/UTC"),
            out_of_hours: Some(reference(&format!("duty@{}", keys.id))),
        },
        languages: vec![language("en")],
        capacities: vec![code(capacity::SERVICE)],
        jurisdictions: Sorted::new([self::country(country)]),
        transfer_basis: None,
        trusted_flagger: None,
    }
}

/// Asks for one URL to be removed.
#[must_use]
pub fn takedown_request() -> Body {
    Body::TakedownRequest(TakedownRequest {
        text: None,
        asked: vec![(code(measure_target::CONTENT), code(measure_action::REMOVED))],
        basis: vec![Ground {
            nature: code(nature::NOTICE),
            article: Some(reference("16")),
            redress: None,
            authority: None,
            order_ref: None,
            good_faith: true,
            instrument: code("eu-dsa"),
            jurisdiction: country("IE"),
        }],
        items: Sorted::new([Item {
            n: 1,
            scope: code(scope::THIS_LOCATION),
            hosting: vec![],
            locator: Locator::Url(locator("https://platform.example/item/1")),
            assessments: vec![],
        }]),
        clocks: vec![],
        urgency: code(urgency::ROUTINE),
        capacity: code(capacity::SERVICE),
        reference: reference("case-1"),
        requester: Requester {
            attested: true,
            capacity: code(requester_capacity::HOTLINE),
        },
        assessed_at: NOW_MS - 3_600_000,
        reported_at: Some(NOW_MS - 7_200_000),
        preserve_until: None,
    })
}

/// The handling of every draft.
#[must_use]
pub fn handling() -> Handling {
    Handling {
        lang: language("en"),
        audience: code(audience::CASE_STAFF),
        sensitive: code(sensitive::NONE),
        notify_uploader: NotifyUploader::Allowed,
    }
}

/// The key of a name and a number: the seed is their hash.
#[must_use]
pub fn key(name: &str, n: u8) -> SigningKey {
    let seed = Hash::of_parts(&[b"comity-testkit/1 ", name.as_bytes(), &[n]]);
    comity_trust::key_file::from_seed(seed.as_bytes())
}

/// The public half of a key.
#[must_use]
pub fn public(key: &SigningKey) -> PublicKey {
    PublicKey::new(key.verifying_key().to_bytes())
}

fn first_charter(governance: &[SigningKey]) -> Charter {
    Charter {
        k: 2,
        v: Version,
        keys: Sorted::new(governance.iter().map(public)),
        name: name("Example federation"),
        grace: GRACE_MS,
        clocks: vec![(code("eu-tco-1h"), None)],
        issued: ISSUED_MS,
        matrix: default_matrix(),
        quorum: Quorum {
            roles: Sorted::new([(code(role::REGULATOR), 1)]),
            members: 2,
            different_roles: true,
        },
        orphans: MemberId::new("south.example"),
        version: 1,
        contacts: vec![(code("governance"), reference("board@federation.example"))],
        mandates: MemberId::new("regulator.example")
            .map(|regulator| Mandate {
                cites: reference("Example Act 2024, s. 5"),
                roles: Sorted::new([code(role::PLATFORM)]),
                regulator,
                jurisdictions: Sorted::new([country("IE")]),
            })
            .into_iter()
            .collect(),
        previous: None,
        small_cell: 10,
        first_roster: 1,
        human_answer: 3_600_000,
    }
}

fn what_the_platform_owns() -> Owns {
    let domains = ["platform.example", "cdn.platform.example.net"];
    let prefixes = ["192.0.2.0/24", "2001:db8::/32"];
    Owns {
        asns: Sorted::new([64_496]),
        domains: Sorted::new(domains.iter().filter_map(|name| Domain::new(name))),
        prefixes: Sorted::new(
            prefixes
                .iter()
                .filter_map(|net| net.parse().ok())
                .map(Prefix::new),
        ),
    }
}

/// Declares makers of words that panic when the text has not the right form.
macro_rules! words {
    ($($(#[$doc:meta])* $maker:ident -> $word:ident;)*) => {
        $(
            $(#[$doc])*
            ///
            /// # Panics
            /// When the text has another form.
            #[must_use]
            pub fn $maker(text: &str) -> $word {
                $word::new(text).expect("the text has the form of a word")
            }
        )*
    };
}

words! {
    /// A code.
    code -> Code;
    /// A country.
    country -> Country;
    /// A language.
    language -> Language;
    /// A name.
    name -> Name;
    /// A reference.
    reference -> Reference;
    /// The text of a locator.
    locator -> LocatorText;
    /// The id of a member.
    member_id -> MemberId;
}
