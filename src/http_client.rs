//! Common base of the HTTP clients: TLS on ring with built-in trust roots, HTTP/1.1, no proxy, no redirects.
//!
//! The runtime API and COS set their own timeouts on it. No other module starts an HTTP client.

use reqwest::ClientBuilder;
use rustls::{ClientConfig, RootCertStore};

/// Returns a builder with the settings that all HTTP clients share.
///
/// The trust roots are built in, so an image without a CA store works as well, and nothing is read or parsed
/// before the first handshake.
///
/// # Errors
/// [`rustls::Error`] when the TLS library does not support the requested protocol versions; no input can
/// cause that.
pub(crate) fn client_builder() -> Result<ClientBuilder, rustls::Error> {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(ClientBuilder::new()
        .tls_backend_preconfigured(tls)
        .http1_only()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .user_agent(concat!("cos-thumbnailer/", env!("CARGO_PKG_VERSION"))))
}
