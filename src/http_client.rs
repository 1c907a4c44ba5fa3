//! The one way to begin an HTTP client: TLS on ring with the roots inside the program, HTTP/1.1, no proxy, no
//! redirects.

use reqwest::ClientBuilder;
use rustls::{ClientConfig, RootCertStore};

/// A builder with everything the clients of this program share.
///
/// The roots come with the program, so that an image without a CA store does as well as one with it, and
/// nothing is read or parsed before the first handshake.
///
/// # Errors
/// [`rustls::Error`] when the TLS library does not support the protocol versions asked for, which no input
/// can bring about.
pub fn client_builder() -> Result<ClientBuilder, rustls::Error> {
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
