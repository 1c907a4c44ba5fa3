"""A function with the usual libraries of Python, up to `ready`. The environment names the runtime API."""
import os
import urllib.request

from PIL import Image  # noqa: F401
from qcloud_cos import CosConfig, CosS3Client

client = CosS3Client(CosConfig(Region="ap-guangzhou", SecretId="id", SecretKey="key"))
api = f"http://{os.environ['SCF_RUNTIME_API']}:{os.environ['SCF_RUNTIME_API_PORT']}"
urllib.request.urlopen(f"{api}/runtime/init/ready", data=b" ").read()
