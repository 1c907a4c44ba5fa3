//! Reader of COS inventory reports (436/30622): manifest, data files, and the sorting of their rows.
//!
//! It sends nothing: the bytes of manifest and files come from the caller. Memory is bounded, whatever a
//! report holds.
//!
//! Tencent documents little of the bytes of a report. So the columns are those of the manifest's schema,
//! names and words are compared without regard to case, and header row, quotes, number types and forms of
//! dates are read as they come. Only what makes an object unknown is an error.

mod date;
mod error;
mod file_check;
mod manifest;
mod record;
mod row;
mod rows;
mod schema;
mod sorter;

pub use self::error::Error;
pub use self::file_check::Expected;
pub use self::manifest::{DataFile, Manifest, ObjectCounts};
pub use self::row::{Row, RowFault};
pub use self::rows::{Rows, rows};
pub use self::schema::Schema;
pub use self::sorter::{SortedRows, Sorter};
