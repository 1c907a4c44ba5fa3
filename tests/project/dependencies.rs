//! Runs the tests in `deploy/dependencies/tests`: the bill of materials by the schema of CycloneDX, the count of unsafe code,
//! licences and advisories.
//!
//! Needs `python3` with `venv`. The first run installs packages; the environment stays in the target folder.

use crate::python;

/// The schema of CycloneDX, and a validator.
const PACKAGES: [&str; 1] = ["cyclonedx-python-lib[json-validation]==11.12.0"];

#[test]
fn crates_of_others_are_listed_counted_and_checked() {
    let import = "import cyclonedx, jsonschema, referencing, rfc3987_syntax";
    python::run_tests(&python::with("dependencies-tests", &PACKAGES, import), "deploy/dependencies/tests");
}
