"""A thumbnail function as Tencent's tutorial writes it, with its mistakes mended: Python, Pillow and the official COS SDK.

The client and its connections are kept, the source is not written to disk, and JPEG is decoded at a reduced scale, with
the margin that `Image.thumbnail` keeps too. SIDES names the longest sides of the thumbnails.
"""
import http.client
import io
import json
import os
from urllib.parse import unquote

from PIL import Image, ImageOps
from qcloud_cos import CosConfig, CosS3Client

Image.MAX_IMAGE_PIXELS = None
SIDES = [int(side) for side in os.environ["SIDES"].split(",")]
HOST, PORT = os.environ["COS_ENDPOINT"].removeprefix("http://").split(":")
CLIENT = CosS3Client(CosConfig(
    Region=os.environ["TENCENTCLOUD_REGION"], Scheme="http", IP=HOST, Port=int(PORT),
    SecretId=os.environ["TENCENTCLOUD_SECRETID"], SecretKey=os.environ["TENCENTCLOUD_SECRETKEY"]))


def thumbnails(bucket, key):
    """Makes and stores the thumbnails of one object, each of the next larger one."""
    body = CLIENT.get_object(Bucket=bucket, Key=key)["Body"].get_raw_stream().read()
    image = Image.open(io.BytesIO(body))
    image.draft("RGB", (2 * max(SIDES), 2 * max(SIDES)))
    image = ImageOps.exif_transpose(image)
    if image.mode not in ("RGB", "L"):
        background = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(background, image.convert("RGBA")).convert("RGB")
    for side in sorted(SIDES, reverse=True):
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        file = io.BytesIO()
        image.save(file, "JPEG", quality=80)
        CLIENT.put_object(Bucket=os.environ["TARGET_BUCKET"], Key=f"{side}/{key}", Body=file.getvalue(),
                          ContentType="image/jpeg")


def handle(event):
    """Handles the message of a trigger."""
    for record in event["Records"]:
        cos = record["cos"]
        bucket = f"{cos['cosBucket']['name']}-{cos['cosBucket']['appid']}"
        thumbnails(bucket, unquote(cos["cosObject"]["key"]).split("/", 3)[3])
    return "stored"


def main():
    """Runs the loop of a custom runtime, as the platform's own Python runtime does."""
    api = http.client.HTTPConnection(os.environ["SCF_RUNTIME_API"], int(os.environ["SCF_RUNTIME_API_PORT"]))

    def call(method, path, body=None):
        api.request(method, path, body)
        return api.getresponse().read()
    call("POST", "/runtime/init/ready", " ")
    while True:
        event = json.loads(call("GET", "/runtime/invocation/next"))
        try:
            call("POST", "/runtime/invocation/response", handle(event))
        except Exception as error:  # pylint: disable=broad-except
            call("POST", "/runtime/invocation/error", repr(error))


if __name__ == "__main__":
    main()
