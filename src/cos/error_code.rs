//! Error codes of COS (436/7730): the cause of each, and what to do about it.
//!
//! The cause decides the error, and with it if a retry may help. A code decides whatever its status is, because COS sends
//! some with several. Codes of other stores, and of later releases of COS, are judged by their words.

/// Cause of an error response.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Cause {
    /// The account: arrears, quotas.
    Account,
    /// The object is in an archive class.
    Archived,
    /// COS or the account has blocked the content.
    Blocked,
    /// COS or KMS is busy or broken, or the transfer was damaged.
    Busy,
    /// The time of the signature.
    Clock,
    /// The keys that the request was signed by.
    Credentials,
    /// The key that the bucket or object is encrypted by.
    Encryption,
    /// A denial that no right of the role lifts.
    Forbidden,
    /// A lock or a retention of the bucket or object.
    Locked,
    /// The picture, which Cloud Infinite cannot process.
    Picture,
    /// The request: the configuration, or something between the function and COS.
    Request,
}

/// Error code of COS.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct KnownCode {
    /// Code, as in the error document.
    pub(super) code: &'static str,
    pub(super) cause: Cause,
    /// Fact and remedy, for the end of a sentence.
    pub(super) remedy: &'static str,
}

const fn known(code: &'static str, cause: Cause, remedy: &'static str) -> KnownCode {
    KnownCode { code, cause, remedy }
}

/// Codes that a response to a request of this client can have, in alphabetical order.
#[rustfmt::skip]
pub(super) const KNOWN: [KnownCode; 71] = [
    known("AccessForbidden", Cause::Forbidden,
        "a rule of the bucket for cross-origin requests refuses it; check what adds an Origin header between the \
         function and COS"),
    known("ActionAccelerateNotSupported", Cause::Request,
        "the accelerated domain does not take it; set COS_DOMAIN to a domain of the region"),
    known("AttachmentFull", Cause::Request,
        "the account has all the ACL rules it may have; leave ACL out of the configuration"),
    known("BadDigest", Cause::Busy, "the upload was damaged on its way"),
    known("BadRequest", Cause::Request,
        "COS finds a parameter invalid; leave out STORAGE_CLASS, ACL and CACHE_CONTROL to see which"),
    known("BadRquest", Cause::Request,
        "COS finds a parameter invalid; leave out STORAGE_CLASS, ACL and CACHE_CONTROL to see which"),
    known("BucketAccelerateNotEnabled", Cause::Request,
        "the bucket has no accelerated domain; enable global acceleration for it, or set COS_DOMAIN to a domain \
         of the region"),
    known("BucketLocked", Cause::Locked,
        "the bucket is locked; wait for the end of its lock, or store the thumbnails in another bucket"),
    known("BucketNameTooLong", Cause::Request, "the name of the bucket is too long; correct TARGET_BUCKET"),
    known("DomainAuditFailed", Cause::Request,
        "the domain has no ICP filing; use the default domain of COS, or file the domain"),
    known("EntitySizeNotMatch", Cause::Busy, "the upload was cut on its way"),
    known("EntityTooLarge", Cause::Request,
        "the object is larger than COS takes in one request; store smaller thumbnails"),
    known("EntityTooSmall", Cause::Request,
        "the object is smaller than COS takes; check what shortens uploads between the function and COS"),
    known("ExpiredToken", Cause::Credentials, "renew the keys"),
    known("ImageResolutionExceed", Cause::Picture,
        "the picture is too large for Cloud Infinite; upload a smaller one, or JPEG, PNG or WebP"),
    known("ImageTooLarge", Cause::Picture,
        "the file is too large for Cloud Infinite; upload a smaller one, or JPEG, PNG or WebP"),
    known("IncompleteBody", Cause::Busy, "the upload was cut on its way"),
    known("InternalError", Cause::Busy, "it has an internal error"),
    known("InvalidAccessKeyId", Cause::Credentials,
        "the key does not exist; give the function a role, or correct COS_SECRET_ID"),
    known("InvalidArgument", Cause::Request,
        "COS finds an argument invalid; leave out STORAGE_CLASS, ACL and CACHE_CONTROL to see which"),
    known("InvalidBucketName", Cause::Request, "the bucket cannot have this name; correct TARGET_BUCKET"),
    known("InvalidBucketState", Cause::Request,
        "the versioning or replication of the bucket does not allow it; look at both in the console"),
    known("InvalidDigest", Cause::Busy, "the checksum was damaged on its way"),
    known("InvalidImageFormat", Cause::Picture,
        "Cloud Infinite does not read this picture; upload JPEG, PNG or WebP"),
    known("InvalidImageSource", Cause::Picture, "Cloud Infinite finds no picture in the object; upload it again"),
    known("InvalidLocationConstraint", Cause::Request,
        "the bucket is in another region; set the region of the function to that of the bucket"),
    known("InvalidObjectName", Cause::Request,
        "COS does not take this key; give the source or TARGET_KEY another name"),
    known("InvalidObjectState", Cause::Archived, "restore it before it is read"),
    known("InvalidPicOperations", Cause::Request,
        "Cloud Infinite does not know the processing; enable image processing for the bucket, or leave HEIC out"),
    known("InvalidRange", Cause::Request, "the object is shorter than before; send the event again"),
    known("InvalidRegionName", Cause::Request,
        "there is no such region; set TENCENTCLOUD_REGION, for example to ap-guangzhou"),
    known("InvalidRequest", Cause::Request,
        "COS finds the request invalid; check what changes requests between the function and COS"),
    known("InvalidSHA1Digest", Cause::Busy, "the checksum was damaged on its way"),
    known("InvalidTag", Cause::Request, "the default tags of the bucket are invalid; correct them in the console"),
    known("InvalidToken", Cause::Credentials, "the session token does not belong to the keys; renew all three"),
    known("InvalidURI", Cause::Request,
        "COS does not take the path of the key; give the source or TARGET_KEY another name"),
    known("KeyTooLong", Cause::Request, "the key is longer than 850 bytes; shorten TARGET_KEY"),
    known("KmsException", Cause::Encryption,
        "KMS refused the key of the bucket or object; let COS use KMS in the console, and grant the role the key"),
    known("KmsFreqControl", Cause::Busy, "KMS limits the rate"),
    known("KmsInternalException", Cause::Busy, "KMS failed"),
    known("KmsKeyDisabled", Cause::Encryption,
        "the KMS key of the bucket or object is disabled; enable it in the KMS console"),
    known("KmsKeyNotExist", Cause::Encryption,
        "the KMS key of the bucket or object does not exist; choose another key for the encryption of the bucket"),
    known("MAZOperationNotSupportOnOAZBucket", Cause::Request,
        "the bucket is in one zone only; set STORAGE_CLASS without MAZ_"),
    known("MethodNotAllowed", Cause::Request,
        "the object or bucket does not allow it; check for a delete marker, a static website and a bucket policy"),
    known("MissingContentLength", Cause::Request,
        "the length of the upload was lost; check what changes requests between the function and COS"),
    known("MultiAZFeatureNotSupport", Cause::Request,
        "the region has no storage in several zones; set STORAGE_CLASS without MAZ_"),
    known("MultiBucketNotSupport", Cause::Request, "the bucket does not support it; use another bucket"),
    known("NoProcessAuthority", Cause::Forbidden,
        "Cloud Infinite may not process the object; let it access the bucket in the console, and grant name/ci:* \
         to the role"),
    known("NotImplemented", Cause::Request,
        "the store does not know this request; check COS_DOMAIN and COS_ENDPOINT"),
    known("NotSupportedStorageClass", Cause::Request,
        "the bucket does not take this storage class; leave out or change STORAGE_CLASS"),
    known("OAZOperationNotSupportOnMAZBucket", Cause::Request,
        "the bucket is in several zones; set STORAGE_CLASS with MAZ_"),
    known("ObjectLocked", Cause::Locked,
        "the object lock of the bucket keeps the object; wait for the end of its retention, or store the \
         thumbnails in a bucket without object lock"),
    known("PathConflict", Cause::Request,
        "a file or folder of the same name is in the way; change TARGET_KEY so that no key is the folder of \
         another"),
    known("PaymentRequired", Cause::Account, "the account is in arrears; top it up, and send the events again"),
    known("QuotaConflict", Cause::Account,
        "the bucket has reached its storage quota; raise the quota or delete objects, and send the events again"),
    known("RequestTimeTooSkewed", Cause::Clock, "set the clock of this machine"),
    known("RequestTimeout", Cause::Busy, "the upload was too slow"),
    known("SSEContentNotSupported", Cause::Encryption,
        "the encryption of the bucket does not fit the object; choose SSE-COS for the bucket"),
    known("SSEHeaderNotAllowed", Cause::Encryption,
        "the bucket does not take uploads without its encryption; enable the default encryption of the bucket"),
    known("ServiceUnavailable", Cause::Busy, "COS is overloaded"),
    known("SignatureDoesNotMatch", Cause::Credentials, "the key and its id do not belong together; renew both"),
    known("SlowDown", Cause::Busy, "the rate of requests is too high"),
    known("SsecDecryptHeaderInvalid", Cause::Encryption,
        "the object is encrypted by a key of the uploader (SSE-C), which the function does not have; upload it \
         with SSE-COS"),
    known("UnavailableForLegalReasons", Cause::Blocked,
        "COS has blocked the bucket or object, for its content or for arrears; look at the notices of the account \
         in the console"),
    known("UnexpectedContent", Cause::Request,
        "the request has a body that COS does not take; check what changes requests between the function and COS"),
    known("UploadConflict", Cause::Busy, "another upload of this object is under way"),
    known("UserCnameInvalid", Cause::Request,
        "the custom domain is not bound to the bucket; set COS_DOMAIN to a domain of COS"),
    known("UserNetworkTooSlow", Cause::Busy, "the upload was too slow"),
    known("UserNotSourceBucketOwner", Cause::Forbidden,
        "the source bucket belongs to another account; use a bucket of the account of the function"),
    known("UserNotTargetBucketOwner", Cause::Forbidden,
        "the target bucket belongs to another account; use a bucket of the account of the function"),
    known("VerifyAlgorithmNotSupported", Cause::Request,
        "the store does not know this signature; check COS_DOMAIN and COS_ENDPOINT"),
];

/// Codes of requests for buckets, policies, multipart uploads and so on, none of which this client sends.
#[rustfmt::skip]
pub(super) const NOT_SENT: [&str; 54] = [
    "AppendPositionErr", "BucketAlreadyExists", "BucketAlreadyOwnedByYou", "BucketNotEmpty", "BucketVersionNotOpen",
    "DNSRecordVerifyFailed", "DomainConfigConflict", "IncorrectNumberOfFilesInPostRequest", "InvalidCopySource",
    "InvalidDelimiter", "InvalidLockedTime", "InvalidPart", "InvalidPartOrder", "InvalidPolicyDocument",
    "InvalidTargetBucketForLogging", "InvalidUploadStatus", "InventoryConfigurationNotFoundError", "InventoryFull",
    "JsonAPINotSupportOnMAZBucket", "ListPartUploadIdIsEmpty", "LoggingConfExists", "LoggingPrefixInvalid",
    "MalformedPOSTRequest", "MalformedPolicy", "MalformedXML", "MissingRequestBodyError", "NoBucketQuotaPolicy",
    "NoSuchCORSConfiguration", "NoSuchCopySource", "NoSuchEncryptionConfiguration", "NoSuchJob",
    "NoSuchLifecycleConfiguration", "NoSuchObjectLockConfiguration", "NoSuchPolicyVersion", "NoSuchTagSet",
    "NoSuchUpload", "NoSuchWebsiteConfiguration", "NotifyRuleEventConflict", "NotifyRulePrefixConflict",
    "NotifyRuleSuffixConflict", "ObjectNotAppendable", "OriginConfigurationNotFoundError", "PolicyFull",
    "PolicyVersionFull", "QuotaOperationConfilct", "RecordAlreadyExist", "ReplicationConfigurationNotFoundError",
    "RestoreAlreadyInProgress", "RestoreNonArchiveObject", "TargetBucketNameInvalid", "TooManyBuckets",
    "UploadIdNotSupported", "WebsiteURLInvalid", "XMLSizeLimit",
];

/// Words in codes and messages that tell the cause, in lower case.
const WORDS: [(&str, Cause, &str); 9] = [
    ("request has expired", Cause::Clock, "set the clock of this machine"),
    ("arrear", Cause::Account, ARREARS),
    ("overdue", Cause::Account, ARREARS),
    ("insufficientbalance", Cause::Account, ARREARS),
    (
        "kms",
        Cause::Encryption,
        "KMS refused the key of the bucket or object; let COS use KMS, and grant the role the key",
    ),
    ("locked", Cause::Locked, LOCKED),
    ("retention", Cause::Locked, LOCKED),
    ("worm", Cause::Locked, LOCKED),
    (
        "referer",
        Cause::Forbidden,
        "the hotlink protection of the bucket refuses it; allow requests without a referer there",
    ),
];

const ARREARS: &str = "the account is in arrears; top it up, and send the events again";
const LOCKED: &str = "a lock or a retention of the bucket keeps the object; wait for its end, or store the thumbnails in a bucket without one";

/// Finds cause and remedy of an error response; `None` if its status has to do.
pub(super) fn judge(status: u16, code: Option<&str>, message: Option<&str>) -> Option<(Cause, &'static str)> {
    let by_words = |text: &str| {
        let text = text.to_ascii_lowercase();
        WORDS.iter().find(|(word, ..)| text.contains(word)).map(|(_, cause, remedy)| (*cause, *remedy))
    };
    match code {
        // These two have several causes, which only their message tells.
        Some("AccessDenied" | "UnavailableForLegalReasons") => {
            message.and_then(by_words).or_else(|| exact(code?))
        }
        Some(code) => exact(code).or_else(|| by_words(code)),
        None if status == 402 => exact("PaymentRequired"),
        None if status == 451 => exact("UnavailableForLegalReasons"),
        None => None,
    }
}

fn exact(code: &str) -> Option<(Cause, &'static str)> {
    let known = KNOWN.iter().find(|known| known.code == code).map(|known| (known.cause, known.remedy));
    let not_sent = || {
        let is_other = NOT_SENT.contains(&code);
        is_other.then_some((
            Cause::Request,
            "COS answers another request than that; check what changes requests between the function and COS",
        ))
    };
    known.or_else(not_sent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted_and_each_remedy_says_what_to_do() {
        assert!(KNOWN.is_sorted_by_key(|known| known.code) && NOT_SENT.is_sorted());
        for KnownCode { code, cause, remedy } in KNOWN {
            // Load and damage are retried, and archived objects are restored: their errors have the remedy.
            let tells_remedy =
                matches!(cause, Cause::Archived | Cause::Busy | Cause::Clock | Cause::Credentials)
                    || remedy.contains("; ");
            assert!(tells_remedy && !remedy.ends_with('.') && !NOT_SENT.contains(&code), "{code}");
            assert_eq!(judge(400, Some(code), None), Some((cause, remedy)), "{code}");
        }
    }

    #[test]
    fn words_tell_the_cause_of_unknown_codes_and_of_denials() {
        let denied = Some("AccessDenied");
        let legal = Some("UnavailableForLegalReasons");
        for (code, message, cause) in [
            (denied, Some("Access Denied."), None),
            (denied, None, None),
            (denied, Some("Request has expired"), Some(Cause::Clock)),
            (denied, Some("You are denied by bucket referer rule"), Some(Cause::Forbidden)),
            (denied, Some("KMS key is not authorized"), Some(Cause::Encryption)),
            (denied, Some("The object is protected by WORM"), Some(Cause::Locked)),
            (
                legal,
                Some("Due to your account is arrears, it is unavailable until you recharge."),
                Some(Cause::Account),
            ),
            (legal, Some("The content is illegal"), Some(Cause::Blocked)),
            (Some("AccountArrears"), None, Some(Cause::Account)),
            (Some("KMS.DisabledException"), None, Some(Cause::Encryption)),
            (Some("ObjectRetentionNotExpired"), None, Some(Cause::Locked)),
            (Some("NoSuchJob"), None, Some(Cause::Request)),
            (Some("SomethingNew"), Some("kms"), None),
            (None, None, None),
        ] {
            assert_eq!(judge(403, code, message).map(|(cause, _)| cause), cause, "{code:?} {message:?}");
        }
        assert_eq!(judge(402, None, None).map(|(cause, _)| cause), Some(Cause::Account));
        assert_eq!(judge(451, None, None).map(|(cause, _)| cause), Some(Cause::Blocked));
    }
}
