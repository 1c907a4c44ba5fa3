"""Seeds that are texts: of configurations, keys, recipes, and answers of COS and the runtime API."""

CONFIGURATIONS = [
    "", "THUMBNAILS=small=150x150;large=1600x1600/format/webp\nTARGET_KEY={name}/{key}.{ext}\nQUALITY=auto:70\n",
    "TARGET_BUCKET=thumbs-{tenant}-1250000000\nSOURCE_PREFIX={tenant}/uploads/\nTARGET_KEY={name}/{stem}-{hash}.{ext}\n",
    "THUMBNAIL=3x\nQUALITY=８０\nCOS_SECRET_ID=a\nCOS_ENDPOINT=http://user:secret@127.0.0.1:9000/\n",
    "MANIFEST={key}.json\nON_DAMAGE=fail\nON_FAILURE=error\nON_FOREIGN=overwrite\nLOG_LEVEL=debug\nMAX_PIXELS=1\n",
    "HEIC=ci\nCOS_DOMAIN=cos.{region}.example.com\nACL=private\nSTORAGE_CLASS=ARCHIVE\nCACHE_CONTROL=no-cache\n",
    "LOG_LEVEL=info\n---\n{\"log_level\":\"error\",\"rules\":[{\"thumbnails\":[\"9x9\",\"a=x9\"],\"quality\":80.0}]}",
    "---\n\ufeff{\"rules\":[{\"thumbnails\":{\"a\":{\"size\":\"9x9\",\"focus\":[0.31,0.62],\"fit\":\"cover\",\"linear\":true,"
    "\"max_bytes\":\"20k\",\"keep\":[\"copyright\",\"profile\"],\"watermark\":{\"image\":\"a.png\",\"tile\":true}}}}]}",
    "---\n{\"rules\":[{\"source\":{\"suffix\":[\".jpg\",1]},\"target\":null,\"aigc_label\":\"drop\",\"heic\":\"refuse\"}],\"x\":0}",
]

RECIPES = [
    "300x300", "x9", "16:9/fit/cover/focus/0.31x0.62", "400x300/fit/cover/gravity/auto/sharpen/70/format/avif",
    "64x64/fit/pad/background/#fff/radius/round/grayscale/1", "64x64/enlarge/only/blur/1.5/colors/16/lossless/near",
    "9x9/max_bytes/30k/keep/copyright+profile/animation/keep/progressive/0/subsampling/444/effort/light/linear/1",
    "64x64/watermark/logo.png+gravity=east+dx=1+dy=2+dissolve=3+tile=1", "9x9/quality/auto:60", "300", "a=9x", "9x9,b=1",
    "imageMogr2/thumbnail/!400x300r/gravity/center/crop/400x300/format/webp/quality/80!/interlace/1",
    "imageMogr2/thumbnail/300x300/pad/1/color/I2ZmZmZmZg==|imageMogr2/rotate/45|imageMogr2/flip/vertical/strip",
    "imageMogr2/auto-orient/thumbnail/!x50p/iradius/9/rradius/5/blur/8x0.5/size-limit/30k!/rquality/60/sharpen/70",
    "imageMogr2/cut/9x9x1x1/gravity/southeast/scrop/9x9/lquality/70", "imageMogr2/thumbnail/60000@/format/gif",
    "imageView2/5/w/500/h/400/rq/50/format/jpg", "imageView2/format/png", "imageMogr2/thumbnail/99999x/bright/5",
    "imageMogr2/thumbnail/800x|watermark/1/image/bG9nby5wbmc/gravity/north/dx/10/dissolve/90/batch/1",
]

SOURCES = "a/b.jpg\na/b.JPG\na.b/c\na-b.c\na.b-c\nx-s.jpg\nx.jpg\n.jpg\na/.jpg\na//b.\n猫/100%25.png\nin/t/u/a.webp\nin/t/u/a\n"

# Template, template of manifests, prefix, suffixes, thumbnails and mode.
RULES = [
    ("{name}/{key}", "", "", "", "9x9;s=x9", ""), ("{dir}{stem}-{name}.{ext}", "", "", "", "s=9x9;l=99x99", ""),
    ("{key}", "{key}.json", "", ".jpg", "9x9", ""), ("{stem}-{hash}.{ext}", "", "", "", "9x9/format/webp", ""),
    ("{dir}{stem}.{ext}", "", "", ".jpg", "9x9/format/webp", ""), ("{dir}{stem}.webp", "", "", "", "9x9", "first"),
    ("{tenant}/{name}/{key}", "m/{tenant}/{key}.json", "in/{tenant}/", "", "9x9;8x8", ""), ("{hash:16}.webp", "", "", "", "9x9", ""),
    ("thumbs/{name}/{key}", "m/{key}.json", "in/", "", "9x9;8x8", "loop"), ("{key}.webp", "", "", ".jpg;.png", "9x9", "loop"),
    ("{tenant}/thumbs/{key}", "", "{tenant}/u/", "", "9x9", "loop"), ("", "", "", "", "", ""), ("{key}-{name}", "", "a", "g", "a=9x;b=8x", ""),
    ("{dir}{name}-{stem}.{ext}", "{dir}{stem}.{ext}.json", "", "", "a=9x;b-a=8x", "first"),
]

HEAD = ("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nETag: \"9b2cf535f27731c974343645a3985328\"\r\n"
        "Date: Fri, 03 May 2024 08:15:42 GMT\r\nLast-Modified: Fri, 03 May 2024 08:15:41 GMT\r\n"
        "x-cos-request-id: NjYz\r\nx-cos-hash-crc64ecma: 11051210869376104954\r\nContent-Type: image/jpeg\r\n")
PART = HEAD + "Content-Range: bytes {range}\r\n"
STAMP = ("x-cos-meta-thumbnail-source: photos-1250000000/%E7%8C%AB.jpg\r\nx-cos-meta-thumbnail-etag: 9b2c\r\n"
         "x-cos-meta-thumbnail-length: 9\r\nx-cos-meta-thumbnail-crc64: 18446744073709551615\r\n"
         "x-cos-meta-thumbnail-version: MTg0\r\nx-cos-meta-thumbnail-recipe: 56e07a27563210de84a1ee0418eac7ed2f111d60\r\n")
ERROR = ("HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nx-cos-request-id: NjYz\r\nLocation: http://a/b\r\n\r\n"
         "<?xml version='1.0' encoding='utf-8' ?>\n<Error>\n\t<Code>{code}</Code>\n\t<Message>key keykeykeykeykey and "
         "tokentoken%2Ftoken%2Btoken%3D%3D &amp; more</Message>\n\t<RequestId>Njg=</RequestId></Error>")
LISTING = ("HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n\r\n<?xml version='1.0' encoding='utf-8' ?><ListBucketResult>"
           "<EncodingType>url</EncodingType><IsTruncated>{truncated}</IsTruncated>{next}<Contents><Key>a/%E6%B5%B7%20%2B1.jpg</Key>"
           "<LastModified>2020-12-10T03:37:30.000Z</LastModified><ETag>&quot;9b2c-2&quot;</ETag><Size>7</Size>"
           "<StorageClass>ARCHIVE</StorageClass><RestoreStatus>DONE</RestoreStatus></Contents><Contents><Key>/odd</Key></Contents>"
           "</ListBucketResult>")
SEPARATOR = "\n=====\n"

COS = [
    "g" + HEAD.format(status="200 OK", length=9) + "\r\n123456789",
    "g" + HEAD.format(status="200 OK", length=9) + "\r\n1234" + SEPARATOR
    + PART.format(status="206 Partial Content", length=5, range="4-8/9") + "\r\n56789",
    "g" + HEAD.format(status="200 OK", length=9) + "Transfer-Encoding: chunked\r\n\r\n4\r\n1234\r\n0\r\n\r\n",
    "g" + ERROR.format(status="503 Slow Down", code="SlowDown") + SEPARATOR + HEAD.format(status="200 OK", length=2) + "\r\n12",
    "g" + ERROR.format(status="403 Forbidden", code="RequestTimeTooSkewed"), "g" + ERROR.format(status="404 Not Found", code="NoSuchKey"),
    "g" + ERROR.format(status="301 Moved", code="PermanentRedirect"), "g" + ERROR.format(status="403 Forbidden", code="InvalidObjectState"),
    "r" + PART.format(status="206 Partial Content", length=7, range="2-8/20") + "\r\n3456789",
    "r" + PART.format(status="206 Partial Content", length=3, range="2-4/5") + "\r\n345",
    "r" + ERROR.format(status="416 Range", code="InvalidRange"), "h" + HEAD.format(status="200 OK", length=9) + STAMP + "\r\n",
    "h" + HEAD.format(status="200 OK", length=9) + "x-cos-storage-class: ARCHIVE\r\nx-cos-version-id: MTg\r\n\r\n",
    "hHTTP/1.1 404 Not Found\r\nx-cos-delete-marker: true\r\nx-cos-request-id: NjYz\r\n\r\n",
    "l" + LISTING.format(truncated="true", next="<NextMarker>a/%E6</NextMarker>"), "l" + LISTING.format(truncated="false", next=""),
    "l" + LISTING.format(truncated="true", next=""), "l" + ERROR.format(status="403 Forbidden", code="AccessDenied"),
    "p" + HEAD.format(status="200 OK", length=0) + "x-cos-version-id: MTg\r\n\r\n", "p" + ERROR.format(status="409 Conflict", code="FileAlreadyExists"),
    "p" + ERROR.format(status="400 Bad Request", code="BadDigest"), "dHTTP/1.1 204 No Content\r\nx-cos-request-id: NjYz\r\n\r\n", "d",
]

LIMITS = "memory_limit_in_mb: 512\r\ntime_limit_in_ms: 30000\r\nrequest_id: 4a1b\r\n"
RUNTIME = [
    "HTTP/1.1 200 OK\r\n" + LIMITS + "Content-Length: 2\r\n\r\n{}", "HTTP/1.1 500 Oops\r\n\r\nno", "HTTP/1.1 200 OK\r\n\r\n", "",
    "HTTP/1.1 200 OK\r\nX-Scf-Request-Id: 4a1b\r\nX-Scf-Memory: 0\r\nX-Scf-Timeout: 18446744073709551615\r\n"
    "X-Scf-Secret-Key: 0123456789abcdef0123\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nmemory-limit-in-mb: -1\r\ntime-limit-in-ms: soon\r\nContent-Length: 99\r\n\r\n{",
]

# The picture, the syntax, the sides, and pairs of an option or operation and its value.
RENDERINGS = [bytes(value % 256 for value in [picture, picture, 17 + 3 * picture, 90 + 254 * picture,
              *(picture * factor for factor in range(1, 1 + picture % 9))])
              for picture in range(48)]
