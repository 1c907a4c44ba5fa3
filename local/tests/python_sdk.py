"""Uses the local COS through the official Python SDK, as a program uses the real COS.

Usage: python_sdk.py PORT SECRET_ID SECRET_KEY. The COS must be in strict mode.
"""

import io
import os
import sys
import tempfile

from qcloud_cos import CosConfig, CosS3Client
from qcloud_cos.cos_exception import CosServiceError

PORT, SECRET_ID, SECRET_KEY = int(sys.argv[1]), sys.argv[2], sys.argv[3]
BUCKET = "photos-1250000000"
ODD_KEYS = [
    "photos/cat.jpg",
    "a//b.jpg",
    "a/./b",
    "../x",
    "图片/猫 1.jpg",
    "100% sure+more.jpg",
    "%2F%252F",
    "q?x=1&y#z[1].jpg",
    "(a)!'*~_-.jpg",
    "folder/",
    " spaces ",
]


def client(secret_id=SECRET_ID, secret_key=SECRET_KEY):
    # IP and Port set the address of the connection. The Host header, which is signed, is that of the real service.
    config = CosConfig(
        Region="ap-guangzhou", Scheme="http", IP="127.0.0.1", Port=PORT, SecretId=secret_id, SecretKey=secret_key
    )
    return CosS3Client(config, retry=0)


def refused(code, status, call, **arguments):
    try:
        call(**arguments)
    except CosServiceError as error:
        assert (error.get_status_code(), error.get_error_code()) == (status, code), error.get_origin_msg()
        return
    raise AssertionError(f"{code} was expected")


def objects(cos):
    for key in ODD_KEYS:
        body = key.encode()
        put = cos.put_object(
            Bucket=BUCKET, Key=key, Body=body, ContentType="text/plain", CacheControl="max-age=60",
            Metadata={"x-cos-meta-a": "b"}, StorageClass="STANDARD_IA", EnableMD5=True,
        )
        got = cos.get_object(Bucket=BUCKET, Key=key)
        assert got["Body"].get_raw_stream().read() == body, key
        assert (got["ETag"], got["Content-Type"]) == (put["ETag"], "text/plain")
        head = cos.head_object(Bucket=BUCKET, Key=key)
        assert (head["x-cos-meta-a"], head["Content-Length"]) == ("b", str(len(body)))
        assert head["x-cos-storage-class"] == "STANDARD_IA"
    part = cos.get_object(Bucket=BUCKET, Key="photos/cat.jpg", Range="bytes=2-5")
    assert part["Body"].get_raw_stream().read() == b"otos"
    assert part["Content-Range"] == "bytes 2-5/14"
    refused("PreconditionFailed", 412, cos.get_object, Bucket=BUCKET, Key="photos/cat.jpg", IfMatch='"other"')
    refused("NoSuchKey", 404, cos.get_object, Bucket=BUCKET, Key="none")
    assert not cos.object_exists(Bucket=BUCKET, Key="none")
    assert cos.bucket_exists(Bucket=BUCKET)


def listing(cos):
    keys, marker = [], ""
    while True:
        page = cos.list_objects(Bucket=BUCKET, MaxKeys=3, Marker=marker)
        keys += [entry["Key"] for entry in page.get("Contents", [])]
        if page["IsTruncated"] == "false":
            break
        marker = page["NextMarker"]
    assert keys == sorted(ODD_KEYS, key=str.encode), keys
    page = cos.list_objects(Bucket=BUCKET, Prefix="a/", Delimiter="/")
    assert [entry["Prefix"] for entry in page["CommonPrefixes"]] == ["a/./", "a//"], page


def copies(cos):
    source = {"Bucket": BUCKET, "Key": "图片/猫 1.jpg", "Region": "ap-guangzhou"}
    cos.copy_object(Bucket=BUCKET, Key="copy", CopySource=source)
    got = cos.get_object(Bucket=BUCKET, Key="copy")
    assert got["Body"].get_raw_stream().read() == "图片/猫 1.jpg".encode()
    assert got["x-cos-meta-a"] == "b"


def multipart(cos):
    content = os.urandom(5 << 20)
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        done = cos.upload_file(
            Bucket=BUCKET, Key="big/p.tif", LocalFilePath=file.name, PartSize=1, MAXThread=3, EnableMD5=True
        )
    assert done["ETag"].strip('"').endswith("-5"), done
    got = cos.get_object(Bucket=BUCKET, Key="big/p.tif")
    assert got["Body"].get_raw_stream().read() == content
    with tempfile.TemporaryDirectory() as folder:
        # The SDK compares the CRC-64 of the download with the header.
        path = os.path.join(folder, "p.tif")
        cos.download_file(Bucket=BUCKET, Key="big/p.tif", DestFilePath=path, PartSize=1, EnableCRC=True)
        with open(path, "rb") as file:
            assert file.read() == content
    upload = cos.create_multipart_upload(Bucket=BUCKET, Key="big/q")["UploadId"]
    cos.upload_part(Bucket=BUCKET, Key="big/q", Body=io.BytesIO(b"x"), PartNumber=1, UploadId=upload)
    assert cos.list_parts(Bucket=BUCKET, Key="big/q", UploadId=upload)["Part"][0]["Size"] == "1"
    cos.abort_multipart_upload(Bucket=BUCKET, Key="big/q", UploadId=upload)
    refused("NoSuchUpload", 404, cos.list_parts, Bucket=BUCKET, Key="big/q", UploadId=upload)


def presigned(cos):
    import requests

    host = f"{BUCKET}.cos.ap-guangzhou.myqcloud.com"
    # Without this header, the SDK signs the address of the URL as the host.
    url = cos.get_presigned_url(
        Bucket=BUCKET, Key="图片/猫 1.jpg", Method="GET", Expired=60, Headers={"Host": host}
    )
    answer = requests.get(url, headers={"Host": host})
    assert (answer.status_code, answer.content) == (200, "图片/猫 1.jpg".encode()), answer.text
    answer = requests.get(url.replace("q-signature=", "q-signature=0"), headers={"Host": host})
    assert "SignatureDoesNotMatch" in answer.text


def versions(cos):
    cos.put_bucket_versioning(Bucket="versioned-1250000000", Status="Enabled")
    assert cos.get_bucket_versioning(Bucket="versioned-1250000000")["Status"] == "Enabled"
    first = cos.put_object(Bucket="versioned-1250000000", Key="k", Body=b"one")["x-cos-version-id"]
    cos.put_object(Bucket="versioned-1250000000", Key="k", Body=b"two")
    got = cos.get_object(Bucket="versioned-1250000000", Key="k", VersionId=first)
    assert got["Body"].get_raw_stream().read() == b"one"


def inventory(cos):
    destination = {"AccountId": "100000000001", "Bucket": "qcs::cos:ap-guangzhou::reports-1250000000",
                   "Format": "CSV", "Prefix": "list1", "Encryption": {"SSECOS": {}}}
    job = {
        "Destination": {"COSBucketDestination": destination},
        "Filter": {"Prefix": "photos/"},
        "IncludedObjectVersions": "All",
        "OptionalFields": {"Field": ["Size", "LastModifiedDate", "ETag", "StorageClass"]},
    }
    cos.put_bucket_inventory(
        Bucket=BUCKET, Id="daily", InventoryConfiguration={**job, "IsEnabled": "True", "Schedule": {"Frequency": "Daily"}}
    )
    stored = cos.get_bucket_inventory(Bucket=BUCKET, Id="daily")
    assert (stored["Id"], stored["Filter"]["Prefix"]) == ("daily", "photos/"), stored
    assert stored["OptionalFields"]["Field"] == job["OptionalFields"]["Field"], stored
    listed = cos.list_bucket_inventory_configurations(Bucket=BUCKET)
    assert (listed["InventoryConfiguration"]["Id"], listed["IsTruncated"]) == ("daily", "false"), listed
    cos.delete_bucket_inventory(Bucket=BUCKET, Id="daily")
    refused("InventoryConfigurationNotFoundError", 404, cos.get_bucket_inventory, Bucket=BUCKET, Id="daily")
    cos.post_bucket_inventory(Bucket=BUCKET, Id="once", InventoryConfiguration=dict(job))
    keys = [entry["Key"] for entry in cos.list_objects(Bucket="reports-1250000000")["Contents"]]
    assert len(keys) == 3 and all(key.startswith("list1/1250000000/photos/once/") for key in keys), keys


def deletion(cos):
    cos.delete_object(Bucket=BUCKET, Key="copy")
    cos.delete_object(Bucket=BUCKET, Key="copy")
    keys = ODD_KEYS + ["big/p.tif", "never"]
    done = cos.delete_objects(Bucket=BUCKET, Delete={"Object": [{"Key": key} for key in keys], "Quiet": "false"})
    assert len(done["Deleted"]) == len(keys), done
    assert "Contents" not in cos.list_objects(Bucket=BUCKET)


def unknown_credentials():
    wrong_key, wrong_id = client(secret_key="wrong"), client(secret_id="AKIDwrong")
    refused("SignatureDoesNotMatch", 403, wrong_key.put_object, Bucket=BUCKET, Key="k", Body=b"")
    refused("InvalidAccessKeyId", 403, wrong_id.get_object, Bucket=BUCKET, Key="k")


def main():
    cos = client()
    objects(cos)
    listing(cos)
    copies(cos)
    multipart(cos)
    presigned(cos)
    versions(cos)
    inventory(cos)
    deletion(cos)
    unknown_credentials()
    print("all done")


main()
