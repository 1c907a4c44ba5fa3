//! Rights of the role: tries every kind of request that the function makes, on keys that no real object has.
//!
//! A test object has a name beside the sources of a rule: it is requested there and never stored. Test thumbnails are
//! stored under the keys that the rule gives them, carry a mark instead of a stamp, and are deleted again.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

use bytes::Bytes;
use tokio::time::Instant;

use super::finding::{Check, Finding, Status};
use crate::config::{Rule, SourcePattern, ThumbnailRule};
use crate::cos::{
    ACL_ACTION, BucketLocation, Client, Credential, Error, Head, LIST_ACTION, Method, MissingResource,
    Operation, RefusedRequest, Session, Upload,
};
use crate::object::{Bucket, Key, Region};
use crate::text;

/// The file name of a test object, before the suffix that a rule asks for.
const NAME: &str = "cos-thumbnailer-doctor";

/// `x-cos-meta-doctor`: the run that stored a test object. No thumbnail has it, and a test object has no stamp.
const MARK: &str = "doctor";

const CONTENT: &[u8] =
    b"cos-thumbnailer doctor tries with this object what it may do, and deletes it again.\n";

/// The extent of what a failure makes pointless.
enum Stop {
    /// Further requests to this bucket would fail the same way.
    Bucket,
    /// Further requests to any bucket would.
    Everything,
}

/// The object under a key, by an answer.
enum Seen {
    /// There is none.
    Absent,
    /// An object with these headers, which are empty after an upload or removal.
    There(Head),
    /// The request was refused, which is a finding.
    Unknown,
}

/// Requests on test objects, and their answers.
pub(super) struct Rights {
    region: Region,
    session: Session,
    /// A session with time of its own, so that no test object stays.
    cleaning: Session,
    /// Identifies this run in the marks.
    nonce: String,
    seen: HashSet<(Bucket, Key)>,
    denied: HashSet<(Bucket, &'static str)>,
    /// True while an upload sets an ACL.
    sets_acl: bool,
    pub(super) findings: Vec<Finding>,
    /// The error if COS rejects the keys.
    pub(super) rejected: Option<Error>,
    /// True if COS refused a signature for its time, also after it was corrected.
    pub(super) is_late: bool,
}

impl Rights {
    /// Splits the time: requests end after 60 % of it, and cleaning up after 80 %.
    pub(super) fn new(client: &Client, credential: Credential, region: Region, deadline: Instant) -> Self {
        let left = deadline.saturating_duration_since(Instant::now());
        let end = |tenths: u32| deadline - left.saturating_sub(left / 10 * tenths);
        Self {
            region,
            session: client.session(credential.clone(), end(6)),
            cleaning: client.session(credential, end(8)),
            nonce: format!("{:016x}", RandomState::new().hash_one(NAME)),
            seen: HashSet::new(),
            denied: HashSet::new(),
            sets_acl: false,
            findings: Vec::new(),
            rejected: None,
            is_late: false,
        }
    }

    /// Seconds by which the clock of COS is ahead.
    pub(super) fn clock_ahead(&self) -> Option<i64> {
        self.session.clock_ahead()
    }

    /// Tries all rights that a rule needs. `false` when nothing more can be tried.
    pub(super) async fn try_rule(&mut self, rule: &Rule, source: Option<&Bucket>) -> bool {
        let Some(key) = test_key(rule.source(), NAME) else {
            let sentence = format!("{}: its prefix is too long for a test object", rule.label());
            self.findings.push(Finding::note(Check::Rights, sentence));
            return true;
        };
        if let Some(source) = source
            && let Err(Stop::Everything) =
                self.try_source(source, key, &rule.source().prefix().filled("*")).await
        {
            return false;
        }
        // A rule for all buckets still has a target of its own, or none that is known.
        let target =
            source.map(|source| rule.target_bucket(source)).or_else(|| rule.fixed_target().cloned().map(Ok));
        let target = match target {
            None => return true,
            Some(Ok(target)) => target,
            Some(Err(error)) => {
                let sentence = format!("{}: it has no target bucket: {error}", rule.label());
                self.say(Check::Configuration, Status::Wrong, &sentence);
                return true;
            }
        };
        let Some(bucket) = target.only() else {
            let sentence = format!(
                "{} stores thumbnails in {target}, a bucket for each value of a folder; which there are is not known \
                 here, so none was tried, and a value that makes no bucket name ends as target.name",
                rule.label()
            );
            self.findings.push(Finding::note(Check::Rights, sentence));
            return true;
        };
        let thumbnails = rule.thumbnails().iter().map(Some);
        for target in thumbnails.chain(rule.has_manifest().then_some(None)) {
            match self.try_target(rule, target, bucket).await {
                Ok(()) => {}
                Err(Stop::Bucket) => return true,
                Err(Stop::Everything) => return false,
            }
        }
        true
    }

    async fn try_source(&mut self, bucket: &Bucket, key: Key, prefix: &str) -> Result<(), Stop> {
        let under = format!("{prefix}*");
        if !self.seen.insert((bucket.clone(), key.clone())) {
            return Ok(());
        }
        let place = self.place(bucket);
        // GET comes first: an answer to HEAD has no body with the code of the error.
        let got = self.session.get(&place, &key, None).await.map(|download| download.head);
        let got = self.look(got, &under)?;
        let seen = self.session.head(&place, &key, None).await;
        let seen = self.look(seen, &under)?;
        let object = format!("{bucket}/{under}");
        let sentence = match (got, seen) {
            (Seen::Unknown, _) | (_, Seen::Unknown) => return Ok(()),
            (Seen::There(_), Seen::There(_)) => format!("GET and HEAD are allowed on {object}"),
            _ => format!(
                "GET and HEAD on {object} were answered as for an object that is not there, so the role seems to have \
                 both rights (Tencent does not document whether COS checks existence or permission first)"
            ),
        };
        self.findings.push(Finding::ok(Check::Rights, sentence));
        Ok(())
    }

    /// Tries the rights on the key of a thumbnail, or on that of the manifest.
    async fn try_target(
        &mut self,
        rule: &Rule,
        thumbnail: Option<&ThumbnailRule>,
        bucket: &Bucket,
    ) -> Result<(), Stop> {
        let place = self.place(bucket);
        let key_of = |name: &str| {
            let source = test_key(rule.source(), name)?;
            match thumbnail {
                Some(thumbnail) => rule.target_key(&source, thumbnail).ok(),
                None => rule.manifest_key(&source).ok()?,
            }
        };
        let Some(key) = key_of(NAME) else { return Ok(()) };
        if !self.seen.insert((bucket.clone(), key.clone())) {
            return Ok(());
        }
        let seen = match self.session.head(&place, &key, None).await {
            Err(denied @ Error::Denied(_)) => {
                // The object there is unknown, so another name is taken that nothing has.
                let key = key_of(&format!("{NAME}-{}", self.nonce)).unwrap_or(key);
                return self.store(rule, &place, &key, Some(denied)).await;
            }
            answer => self.look(answer, "*")?,
        };
        match seen {
            Seen::Absent => self.store(rule, &place, &key, None).await,
            // An earlier run could not delete it.
            Seen::There(head) if head.meta.contains_key(MARK) => {
                let deleted = self.cleaning.delete(&place, &key, head.version.as_ref()).await;
                match self.look(deleted.map(|()| Head::default()), "*")? {
                    Seen::Unknown => Ok(()),
                    Seen::Absent | Seen::There(_) => self.store(rule, &place, &key, None).await,
                }
            }
            Seen::There(_) => {
                let sentence = format!(
                    "{bucket}/{key} is an object that this function did not make, so nothing was stored and deleted there; \
                     rename it and ask again"
                );
                self.say(Check::Rights, Status::Warning, &sentence);
                Ok(())
            }
            Seen::Unknown => Ok(()),
        }
    }

    /// Stores a test object where none is, as the rule stores thumbnails, looks at it and deletes it. `denied` is the
    /// refusal of the HEAD before.
    async fn store(
        &mut self,
        rule: &Rule,
        place: &BucketLocation,
        key: &Key,
        denied: Option<Error>,
    ) -> Result<(), Stop> {
        let upload = Upload {
            body: Bytes::from_static(CONTENT),
            content_type: "text/plain",
            cache_control: rule.cache_control().map(str::to_owned),
            storage_class: rule.storage_class(),
            acl: rule.acl(),
            only_if_absent: true,
            meta: vec![(MARK, self.nonce.clone())],
        };
        self.sets_acl = rule.sets_acl();
        let stored = self.session.put(place, key, upload).await;
        let version = stored.as_ref().ok().and_then(|stored| stored.version.clone());
        let after = self.cleaning.head(place, key, None).await;
        // An upload whose answer was lost may have been done, and found itself at the retry.
        let ours = after.as_ref().ok().filter(|head| head.meta.get(MARK) == Some(&self.nonce));
        let version = version.or_else(|| ours?.version.clone());
        let is_ours = ours.is_some();
        let told = match stored {
            Err(Error::Exists(_)) if is_ours => Ok(Seen::There(Head::default())),
            stored => self.look(stored.map(|_| Head::default()), "*"),
        };
        let may_look = match denied {
            Some(denied) if after.is_ok() => self.look_into_absence(&denied),
            Some(denied) => matches!(self.look(Err(denied), "*"), Ok(Seen::There(_))),
            None => true,
        };
        let is_stored = matches!(told, Ok(Seen::There(_)));
        if !is_stored && !is_ours {
            return told.map(drop);
        }
        let may_look = may_look && !matches!(self.look(after, "*")?, Seen::Unknown);
        if let Err(error) = self.cleaning.delete(place, key, version.as_ref()).await {
            let sentence =
                format!("the doctor could not delete its object {}/{key}; delete it by hand", place.bucket);
            self.say(Check::Rights, Status::Warning, &sentence);
            self.look(Err(error), "*")?;
        } else if is_stored && may_look {
            let sentence = format!("HEAD, PUT and DELETE are allowed on {}/{key}", place.bucket);
            self.findings.push(Finding::ok(Check::Rights, sentence));
        }
        told.map(drop)
    }

    /// Reads an answer, and reports a refusal. `under` is the pattern of keys that the right is needed on.
    fn look(&mut self, answer: Result<Head, Error>, under: &str) -> Result<Seen, Stop> {
        let error = match answer {
            Ok(head) => return Ok(Seen::There(head)),
            Err(Error::NotFound {
                missing: MissingResource::Deleted | MissingResource::Object | MissingResource::Version,
                ..
            }) => {
                return Ok(Seen::Absent);
            }
            Err(error) => error,
        };
        match &error {
            Error::CredentialsRejected(_) => {
                self.rejected = Some(error);
                return Err(Stop::Everything);
            }
            Error::Clock(_) => {
                self.is_late = true;
                self.say(Check::Clock, Status::Wrong, &error.to_string());
                return Err(Stop::Everything);
            }
            Error::Denied(refusal) => {
                self.deny(refusal, under);
                return Ok(Seen::Unknown);
            }
            Error::Redirected(refusal) | Error::NotFound { refusal, .. } => {
                self.miss(refusal, matches!(error, Error::Redirected(_)));
                return Err(Stop::Bucket);
            }
            Error::Exists(_) => {
                let text = format!("{error}, which another program stored at this moment; ask again");
                self.say(Check::Rights, Status::Warning, &text);
                return Ok(Seen::Unknown);
            }
            _ => {}
        }
        let mut finding = Finding::of_sentence(Check::Rights, Status::Wrong, &error.to_string());
        if let Some(cause) = std::error::Error::source(&error) {
            finding.sentence = format!("{} ({})", finding.sentence, text::sentence(cause));
        }
        self.findings.push(finding);
        match error {
            Error::Deadline { .. } | Error::Transport { .. } => Err(Stop::Everything),
            _ => Ok(Seen::Unknown),
        }
    }

    /// Reports once for each bucket that a right is missing.
    fn deny(&mut self, refusal: &RefusedRequest, under: &str) {
        let RefusedRequest { operation, response: answer } = refusal;
        let action = operation.method.action();
        if !self.denied.insert((operation.location.bucket.clone(), action)) {
            return;
        }
        let all = resource(operation, under);
        let also = match operation.method {
            Method::Get | Method::Head => format!(
                " (Tencent does not document whether COS hides missing objects, as here, from a role without \
                 {LIST_ACTION}: grant that as well if it has the right)"
            ),
            Method::Put if self.sets_acl => {
                format!(" (with an ACL, as here, it may be {ACL_ACTION} that is missing: grant that as well)")
            }
            Method::Delete | Method::List | Method::Put => String::new(),
        };
        let text = format!(
            "COS denied {operation} ({answer}); grant {action} on {all} to the role of the function, and look for a \
             denying bucket policy{also}"
        );
        self.say(Check::Rights, Status::Wrong, &text);
    }

    /// Reports that HEAD is denied only for missing objects. Always `false`: it is not allowed.
    fn look_into_absence(&mut self, denied: &Error) -> bool {
        let Some(RefusedRequest { operation, response: answer }) = denied.refusal() else { return false };
        let bucket = &operation.location.bucket;
        if self.denied.insert((bucket.clone(), LIST_ACTION)) {
            let text = format!(
                "COS denied {operation} ({answer}) for a missing object, and allows it for an existing one; grant {LIST_ACTION} \
                 on {bucket} to the role of the function as well, so that COS reports missing objects as such"
            );
            self.say(Check::Rights, Status::Wrong, &text);
        }
        false
    }

    /// Reports that a bucket does not exist or is elsewhere.
    fn miss(&mut self, refusal: &RefusedRequest, is_elsewhere: bool) {
        let RefusedRequest { operation, response: answer } = refusal;
        let BucketLocation { bucket, region } = &operation.location;
        let text = if is_elsewhere {
            format!(
                "{bucket} is not in {region}: COS sent {operation} elsewhere ({answer}); function and buckets must be in \
                 one region"
            )
        } else {
            format!(
                "there is no bucket {bucket} in {region} ({answer}); correct its name, or the region: a bucket of another \
                 region may be answered like this"
            )
        };
        self.say(Check::Region, Status::Wrong, &text);
    }

    fn say(&mut self, check: Check, status: Status, text: &str) {
        self.findings.push(Finding::of_sentence(check, status, text));
    }

    fn place(&self, bucket: &Bucket) -> BucketLocation {
        BucketLocation { bucket: bucket.clone(), region: self.region.clone() }
    }
}

/// The key of a test object that a pattern takes, with this file name.
fn test_key(pattern: &SourcePattern, name: &str) -> Option<Key> {
    let suffix = pattern.suffixes().first().map_or(".jpg", String::as_str);
    Key::parse(&format!("{}{name}{suffix}", pattern.prefix().filled(NAME))).ok()
}

/// The resource of a policy for the keys that a pattern describes, in the place of an operation.
fn resource(operation: &Operation, under: &str) -> String {
    let key = Key::parse(under).ok().or_else(|| operation.key.clone());
    Operation { key, ..operation.clone() }.resource()
}
