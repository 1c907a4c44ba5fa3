//! Runs the tests in `deploy/tests`: `scripts/deploy` and `scripts/undeploy` against a recorder that speaks the cloud
//! API, and `deploy/terraform` compared with them.
//!
//! Needs `python3` with `venv`. The first run installs packages; the environments stay in the target folder.

use crate::python;

/// A parser of Terraform's language, and its dependencies.
const PACKAGES: [&str; 3] = ["python-hcl2==8.1.4", "lark==1.3.1", "regex==2026.11.19"];

#[test]
fn scripts_and_terraform_deploy_what_the_program_prints() {
    python::run_tests(&python::with("deploy-tests", &PACKAGES, "import hcl2"), "deploy/tests");
}
