//! Host name and origin of a bucket (436/6224).
//!
//! The host name is signed and sent as `Host`. The origin is the address of the connection. They differ only
//! when requests go to a local COS.

use crate::cos::BucketLocation;
use crate::object::{Domain, Endpoint};

/// Choice between the two public host names of a bucket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum HostChoice {
    /// `tencentcos.cn`, the newer domain of the same buckets, which does not share the DNS or edge of the
    /// first. Only [`Domain::Public`] has it; other domains use the host name of [`Self::Primary`].
    Backup,
    /// Host name of the configured domain.
    Primary,
}

/// Destination of a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Route {
    /// `Host` header, which is signed.
    pub(super) host: String,
    /// Scheme and authority of the connection.
    pub(super) origin: String,
}

impl Route {
    /// Builds the host name and origin of a bucket.
    pub(super) fn new(
        domain: &Domain,
        endpoint: Option<&Endpoint>,
        location: &BucketLocation,
        name: HostChoice,
    ) -> Self {
        let BucketLocation { bucket, region } = location;
        let host = match (domain, name) {
            (Domain::Accelerate, _) => format!("{bucket}.cos.accelerate.myqcloud.com"),
            (Domain::Internal, _) => format!("{bucket}.cos-internal.{region}.tencentcos.cn"),
            (Domain::Public, HostChoice::Backup) => format!("{bucket}.cos.{region}.tencentcos.cn"),
            (Domain::Public, HostChoice::Primary) => format!("{bucket}.cos.{region}.myqcloud.com"),
            (Domain::Suffix(suffix), _) => {
                format!("{bucket}.{}", suffix.replace("{region}", region.as_str()))
            }
        };
        let origin = endpoint.map_or_else(|| format!("https://{host}"), |origin| origin.as_str().to_owned());
        Self { host, origin }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::{Bucket, Region};

    fn location() -> BucketLocation {
        BucketLocation {
            bucket: Bucket::parse("photos-1250000000").unwrap(),
            region: Region::parse("ap-guangzhou").unwrap(),
        }
    }

    #[test]
    fn every_domain_has_its_host() {
        let table = [
            ("public", HostChoice::Primary, "photos-1250000000.cos.ap-guangzhou.myqcloud.com"),
            ("public", HostChoice::Backup, "photos-1250000000.cos.ap-guangzhou.tencentcos.cn"),
            ("internal", HostChoice::Primary, "photos-1250000000.cos-internal.ap-guangzhou.tencentcos.cn"),
            ("accelerate", HostChoice::Backup, "photos-1250000000.cos.accelerate.myqcloud.com"),
            (
                "cos.{region}.cloud.example",
                HostChoice::Primary,
                "photos-1250000000.cos.ap-guangzhou.cloud.example",
            ),
        ];
        for (domain, name, host) in table {
            let route = Route::new(&Domain::parse(domain).unwrap(), None, &location(), name);
            assert_eq!(route, Route { host: host.to_owned(), origin: format!("https://{host}") });
        }
    }

    #[test]
    fn an_endpoint_changes_the_connection_and_not_the_host() {
        let endpoint = Endpoint::parse("http://127.0.0.1:9000").unwrap();
        let route = Route::new(&Domain::Public, Some(&endpoint), &location(), HostChoice::Primary);
        assert_eq!(route.origin, "http://127.0.0.1:9000");
        assert_eq!(route.host, "photos-1250000000.cos.ap-guangzhou.myqcloud.com");
    }
}
