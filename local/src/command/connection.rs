//! Instructions for connecting to the local COS and the cloud API.

use scf_local::{Cos, CosOptions, ScfApi};

/// Returns addresses, credentials, and code for the Python SDK that uploads to `bucket`.
pub(super) fn instructions(bucket: &str, cos: &Cos, options: &CosOptions) -> String {
    let CosOptions { root, secret_id, secret_key, region, .. } = options;
    let address = cos.address();
    let (ip, port) = (address.ip(), address.port());
    let suffixes: String =
        options.host_suffixes.iter().map(|suffix| format!(", http://{bucket}.{suffix}:{port}")).collect();
    format!(
        "COS           {endpoint}, buckets in {root}
as a proxy    http_proxy={endpoint}, for every client of COS with http instead of https
by name       http://{bucket}.localhost:{port}{suffixes}
by path       {endpoint}/{bucket}
admin port    {admin}
SecretId      {secret_id}
SecretKey     {secret_key}

Clients of COS and S3 that were tried, with a block to copy for each: local/README.md. With the Python SDK (pip install cos-python-sdk-v5):
  from qcloud_cos import CosConfig, CosS3Client
  client = CosS3Client(CosConfig(Region='{region}', Scheme='http', IP='{ip}', Port={port},
                                 SecretId='{secret_id}', SecretKey='{secret_key}'))
  client.upload_file(Bucket='{bucket}', Key='cat.jpg', LocalFilePath='cat.jpg')
",
        endpoint = cos.endpoint(),
        admin = cos.admin_endpoint(),
        root = root.display(),
    )
}

/// Returns both addresses, also as variables for programs that connect to them instead of the real hosts.
pub(super) fn endpoints(cos: &Cos, api: &ScfApi, function: &str) -> String {
    let (cos, scf) = (cos.endpoint(), api.endpoint());
    format!("SCF           {scf}, function {function}\n\nCOS_ENDPOINT={cos}\nSCF_ENDPOINT={scf}\n")
}
