//! Events as COS sends them to a function (583/9707).

mod kind;
mod message;

pub use self::kind::EventKind;
pub use self::message::{DescribedObject, created, from_notification, merged, of_kind, removed};
