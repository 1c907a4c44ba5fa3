//! The real program against the local SCF and COS.
