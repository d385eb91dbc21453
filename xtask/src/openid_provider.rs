//! A provider of OpenID Connect that is not ours, which tests start themselves.

use std::path::PathBuf;

use anyhow::Result;

use crate::python;

/// Pinned, because a test that fails should fail by a change of ours.
const PACKAGES: [&str; 1] = ["oidc-provider-mock==0.3.4"];

const BY_HAND: &str =
    "install Python 3 with venv (Debian: apt-get install python3-venv) or set USHER_OPENID_PYTHON to one that has it";

/// The interpreter that has it.
pub fn installed() -> Result<PathBuf> {
    match std::env::var_os("USHER_OPENID_PYTHON") {
        Some(python) => Ok(python.into()),
        None => python::environment("openid-provider", &PACKAGES, BY_HAND),
    }
}
