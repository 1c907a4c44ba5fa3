//! Kinds of events: those of the documents (583/9707, 436/31648), and the template of the SCF console.

/// Kind of an event. Its name is that of its example in the folder `events`.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum EventKind {
    /// PUT Object.
    Put,
    /// POST Object, the upload of a form.
    Post,
    /// PUT Object - Copy.
    Copy,
    /// Complete Multipart Upload.
    Multipart,
    /// APPEND Object, which no table of the documents lists.
    Append,
    /// An object that COS fetched from its origin.
    Origin,
    /// Replication from another region.
    Replication,
    /// DELETE Object.
    Remove,
    /// DELETE Object in a bucket with versioning.
    RemoveMarker,
    /// POST Object restore of an archived object.
    RestoreStarted,
    /// An archived object that can be read again.
    RestoreCompleted,
    /// The template of the SCF console for test events.
    ConsoleTemplate,
}

impl EventKind {
    /// All kinds.
    pub const ALL: [Self; 12] = [
        Self::Put,
        Self::Post,
        Self::Copy,
        Self::Multipart,
        Self::Append,
        Self::Origin,
        Self::Replication,
        Self::Remove,
        Self::RemoveMarker,
        Self::RestoreStarted,
        Self::RestoreCompleted,
        Self::ConsoleTemplate,
    ];

    /// Finds a kind by its name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Returns the name of the kind, such as `remove-marker`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Put => "put",
            Self::Post => "post",
            Self::Copy => "copy",
            Self::Multipart => "multipart",
            Self::Append => "append",
            Self::Origin => "origin",
            Self::Replication => "replication",
            Self::Remove => "remove",
            Self::RemoveMarker => "remove-marker",
            Self::RestoreStarted => "restore-started",
            Self::RestoreCompleted => "restore-completed",
            Self::ConsoleTemplate => "console-template",
        }
    }

    /// Returns the event name in the message, such as `cos:ObjectRemove:DeleteMarkerCreated`.
    #[must_use]
    pub fn event_name(self) -> &'static str {
        match self {
            Self::Put => "cos:ObjectCreated:Put",
            Self::Post => "cos:ObjectCreated:Post",
            Self::Copy => "cos:ObjectCreated:Copy",
            Self::Multipart => "cos:ObjectCreated:CompleteMultipartUpload",
            Self::Append => "cos:ObjectCreated:Append",
            Self::Origin => "cos:ObjectCreated:Origin",
            Self::Replication => "cos:ObjectCreated:Replication",
            Self::Remove => "cos:ObjectRemove:Delete",
            Self::RemoveMarker => "cos:ObjectRemove:DeleteMarkerCreated",
            Self::RestoreStarted => "cos:ObjectRestore:Post",
            Self::RestoreCompleted => "cos:ObjectRestore:Completed",
            Self::ConsoleTemplate => "cos: ObjectCreated: *",
        }
    }

    /// Returns what fires the event, for help texts.
    #[must_use]
    pub fn cause(self) -> &'static str {
        match self {
            Self::Put => "an upload",
            Self::Post => "an upload by a form",
            Self::Copy => "a copy",
            Self::Multipart => "the end of a multipart upload",
            Self::Append => "an append",
            Self::Origin => "an object that COS fetched from its origin",
            Self::Replication => "a replication from another region",
            Self::Remove => "a removal",
            Self::RemoveMarker => "a removal in a bucket with versioning",
            Self::RestoreStarted => "the request to restore an archived object",
            Self::RestoreCompleted => "an archived object that can be read again",
            Self::ConsoleTemplate => "the template of the SCF console for test events",
        }
    }

    /// Returns whether the object is gone after the event.
    #[must_use]
    pub fn is_removal(self) -> bool {
        matches!(self, Self::Remove | Self::RemoveMarker)
    }
}
