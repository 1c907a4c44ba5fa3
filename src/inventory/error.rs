//! Errors of reading an inventory report.

use std::io;

use crate::inventory::row::RowFault;
use crate::object;

/// Failure of reading a report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `manifest.checksum` does not hold an MD5.
    #[error(
        "manifest.checksum of the inventory is no MD5 but {0:?}; check that it is the file beside the manifest"
    )]
    ChecksumFile(String),
    /// A file has another MD5 than the report says.
    #[error("{file} of the inventory has the MD5 {found} instead of {expected}; download it again")]
    Damaged {
        /// Name of the file, or its role.
        file: &'static str,
        /// MD5 that the report names, hexadecimal.
        expected: String,
        /// MD5 of the bytes that were read, hexadecimal.
        found: String,
    },
    /// The data files are no CSV.
    #[error("the inventory has the format {0:?}; make it write CSV")]
    Format(String),
    /// The manifest is not one.
    #[error(
        "the manifest of the inventory cannot be read: {0}; check that it is manifest.json of a COS inventory"
    )]
    Manifest(String),
    /// The manifest names no bucket that COS could have.
    #[error("the manifest of the inventory names no source bucket")]
    SourceBucket(#[source] object::Error),
    /// A data file cannot be read, or is damaged.
    #[error("a data file of the inventory cannot be read")]
    Read(#[source] io::Error),
    /// One row names no object. The rows after it can be read.
    #[error("line {line} of a data file of the inventory names no object")]
    Row {
        /// Line on which the row begins, from 1.
        line: u64,
        /// Defect of the row.
        #[source]
        fault: RowFault,
    },
    /// A data file has another length than the manifest says.
    #[error("a data file of the inventory has {found} bytes instead of {expected}; download it again")]
    Size {
        /// Length that the manifest names, bytes.
        expected: u64,
        /// Bytes read.
        found: u64,
    },
    /// A temporary file of the sorter cannot be written or read.
    #[error(
        "a temporary file for sorting the inventory failed; check the space in the folder of temporary files"
    )]
    Temporary(#[source] io::Error),
}

impl Error {
    /// Stable code of the error, for logs and alarms.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ChecksumFile(_) | Self::Format(_) | Self::Manifest(_) | Self::SourceBucket(_) => {
                "inventory.manifest"
            }
            Self::Damaged { .. } | Self::Read(_) | Self::Size { .. } => "inventory.damaged",
            Self::Row { .. } => "inventory.row",
            Self::Temporary(_) => "inventory.temporary",
        }
    }

    /// Returns `true` if only one row is at fault, and the reading goes on after it.
    #[must_use]
    pub fn is_one_row(&self) -> bool {
        matches!(self, Self::Row { .. })
    }
}
