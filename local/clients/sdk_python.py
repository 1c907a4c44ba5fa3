"""Runs operations with a client library for Python: sdk_python.py LIBRARY

Reads a line of JSON for each operation from standard input, and answers with a line: {"ok": result} or {"error": text}.
The first line has the connection.
"""

import json
import sys

DOMAIN = "cos.ap-guangzhou.myqcloud.com"


class CosPythonSdk:
    """cos-python-sdk-v5, through the proxy."""

    def __init__(self, c):
        from qcloud_cos import CosConfig, CosS3Client

        proxies = {"http": c["proxy"]}
        config = CosConfig(
            Region="ap-guangzhou", Scheme="http", SecretId=c["id"], SecretKey=c["key"], Proxies=proxies
        )
        self.bucket, self.client = c["bucket"], CosS3Client(config, retry=0)

    def put(self, key, file):
        with open(file, "rb") as body:
            self.client.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType="image/jpeg")

    def get(self, key, file):
        self.client.get_object(Bucket=self.bucket, Key=key)["Body"].get_stream_to_file(file)

    def list(self, prefix):
        keys, marker = [], ""
        while True:
            page = self.client.list_objects(Bucket=self.bucket, Prefix=prefix, Marker=marker, MaxKeys=4)
            keys += [entry["Key"] for entry in page.get("Contents", [])]
            if page["IsTruncated"] == "false":
                return keys
            marker = page["NextMarker"]

    def copy(self, source, key):
        source = {"Bucket": self.bucket, "Key": source, "Region": "ap-guangzhou"}
        self.client.copy_object(Bucket=self.bucket, Key=key, CopySource=source)

    def multipart(self, key, file):
        self.client.upload_file(Bucket=self.bucket, Key=key, LocalFilePath=file, PartSize=1, MAXThread=3)

    def presign(self, method, key):
        return self.client.get_presigned_url(Bucket=self.bucket, Key=key, Method=method, Expired=600)

    def delete(self, key):
        self.client.delete_object(Bucket=self.bucket, Key=key)


class Boto3:
    """boto3 with signatures of version 4, through the proxy."""

    signature = "s3v4"

    def __init__(self, c):
        import boto3
        from boto3.s3.transfer import TransferConfig
        from botocore.config import Config

        config = Config(
            signature_version=self.signature,
            s3={"addressing_style": "virtual"},
            proxies={"http": c["proxy"]},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            retries={"total_max_attempts": 1},
        )
        self.client = boto3.client(
            "s3", region_name="ap-guangzhou", endpoint_url=f"http://{DOMAIN}", config=config,
            aws_access_key_id=c["id"], aws_secret_access_key=c["key"],
        )
        self.bucket = c["bucket"]
        self.parts = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)

    def put(self, key, file):
        with open(file, "rb") as body:
            self.client.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType="image/jpeg")

    def get(self, key, file):
        self.client.download_file(self.bucket, key, file)

    def list(self, prefix):
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=prefix, PaginationConfig={"PageSize": 4}
        )
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def copy(self, source, key):
        self.client.copy_object(Bucket=self.bucket, Key=key, CopySource={"Bucket": self.bucket, "Key": source})

    def multipart(self, key, file):
        self.client.upload_file(file, self.bucket, key, Config=self.parts)

    def presign(self, method, key):
        operation = {"GET": "get_object", "PUT": "put_object"}[method]
        content_type = {"PUT": {"ContentType": "image/jpeg"}}.get(method, {})
        parameters = {"Bucket": self.bucket, "Key": key, **content_type}
        return self.client.generate_presigned_url(operation, parameters, ExpiresIn=600)

    def delete(self, key):
        self.client.delete_object(Bucket=self.bucket, Key=key)


class Boto3V2(Boto3):
    """boto3 with signatures of version 2."""

    signature = "s3"


class S3fs:
    """s3fs, by path style at the address of the COS."""

    def __init__(self, c):
        import s3fs

        config = {
            "s3": {"addressing_style": "path"}, "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
        }
        self.fs = s3fs.S3FileSystem(
            key=c["id"], secret=c["key"], endpoint_url=c["proxy"], config_kwargs=config, use_listings_cache=False,
            client_kwargs={"region_name": "ap-guangzhou"},
        )
        self.bucket = c["bucket"]

    def path(self, key):
        return f"{self.bucket}/{key}"

    def put(self, key, file):
        with open(file, "rb") as body:
            self.fs.pipe_file(self.path(key), body.read())

    def get(self, key, file):
        with open(file, "wb") as out:
            out.write(self.fs.cat_file(self.path(key)))

    def list(self, prefix):
        folder = prefix.rsplit("/", 1)[0]
        return [path[len(self.bucket) + 1:] for path in self.fs.find(self.path(folder))]

    def copy(self, source, key):
        self.fs.cp_file(self.path(source), self.path(key))

    def multipart(self, key, file):
        with open(file, "rb") as body, self.fs.open(self.path(key), "wb", block_size=5 << 20) as out:
            out.write(body.read())

    def presign(self, method, key):
        operation = {"GET": "get_object", "PUT": "put_object"}[method]
        return self.fs.url(self.path(key), expires=600, client_method=operation)

    def delete(self, key):
        self.fs.rm_file(self.path(key))


class OpendalCos:
    """opendal with its service for COS, through the proxy of the environment."""

    def __init__(self, c):
        import opendal

        self.operator = opendal.Operator(
            "cos", bucket=c["bucket"], endpoint=f"http://{DOMAIN}", secret_id=c["id"], secret_key=c["key"], root="/"
        )

    def put(self, key, file):
        with open(file, "rb") as body:
            self.operator.write(key, body.read(), content_type="image/jpeg")

    def get(self, key, file):
        with open(file, "wb") as out:
            out.write(self.operator.read(key))

    def list(self, prefix):
        entries = self.operator.list(prefix, recursive=True)
        return [entry.path for entry in entries if not entry.path.endswith("/")]

    def copy(self, source, key):
        self.operator.copy(source, key)

    def multipart(self, key, file):
        with open(file, "rb") as body:
            self.operator.write(key, body.read(), chunk=2 << 20, content_type="image/jpeg")

    def delete(self, key):
        self.operator.delete(key)


class Obstore:
    """obstore, by path style at the address of the COS."""

    def __init__(self, c):
        from obstore.store import S3Store

        self.store = S3Store(
            c["bucket"], endpoint=c["proxy"], access_key_id=c["id"], secret_access_key=c["key"],
            region="ap-guangzhou", virtual_hosted_style_request=False, client_options={"allow_http": True},
        )

    def put(self, key, file):
        with open(file, "rb") as body:
            self.store.put(key, body.read(), use_multipart=False)

    def get(self, key, file):
        with open(file, "wb") as out:
            out.write(bytes(self.store.get(key).bytes()))

    def list(self, prefix):
        return [entry["path"] for page in self.store.list(prefix) for entry in page]

    def copy(self, source, key):
        self.store.copy(source, key)

    def multipart(self, key, file):
        with open(file, "rb") as body:
            self.store.put(key, body, use_multipart=True, chunk_size=5 << 20)

    def presign(self, method, key):
        import datetime

        import obstore

        return obstore.sign(self.store, method, key, datetime.timedelta(minutes=10))

    def delete(self, key):
        self.store.delete(key)


LIBRARIES = {
    "boto3": Boto3,
    "boto3-v2": Boto3V2,
    "cos-python-sdk-v5": CosPythonSdk,
    "obstore": Obstore,
    "opendal": OpendalCos,
    "s3fs": S3fs,
}


def main():
    client = LIBRARIES[sys.argv[1]](json.loads(sys.stdin.readline()))
    # Libraries print; the answers have a file of their own.
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = {"ok": getattr(client, request["operation"])(*request["arguments"])}
        except Exception as error:  # noqa: BLE001: whatever it is, it is the result
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


main()
