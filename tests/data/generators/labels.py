"""Small pictures in labels/ that say how their content came about, each by a program of others.

- `exempi.*`: the label of GB 45438-2025 by cntc260, with python-xmp-toolkit and exempi, as in the guide TC260-PG-20258A
  (not WebP, of which exempi 2.6 loses the header of the pixels);
- `exiftool.*`: the same and IPTC's digital source type by ExifTool, with a position and a serial number (the picture of
  `exiftool.jxl` by cjxl);
- `segment.jpg`, `text.png`: the label outside of XMP, by the npm package image-aigc-metadata;
- `comment.jpg`: the label in the user's comment of EXIF, by ExifTool;
- `c2pa.*`: a manifest of C2PA by c2pa-python, signed with a certificate that is made for it.

Needs Pillow, cntc260, python-xmp-toolkit, c2pa-python and cryptography, exempi, ExifTool, cjxl, and Node.js with
image-aigc-metadata in node_modules of the working folder.
"""
import datetime
import io
import json
import subprocess
import tempfile

from PIL import Image

from .common import HERE

FOLDER = HERE / "labels"
FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "gif": "GIF", "tif": "TIFF", "avif": "AVIF"}
LABEL = {
    "Label": "1",
    "ContentProducer": "001191110102EXAMPLE00X10001",
    "ProduceID": "ex-0001",
    "ReservedCode1": "",
    "ContentPropagator": "",
    "PropagateID": "",
    "ReservedCode2": "",
}
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"

# ExifTool writes no namespace that it does not know.
EXIFTOOL = """
%Image::ExifTool::UserDefined = ('Image::ExifTool::XMP::Main' => {
    TC260 => { SubDirectory => { TagTable => 'Image::ExifTool::UserDefined::TC260' } },
});
%Image::ExifTool::UserDefined::TC260 = (
    GROUPS => { 0 => 'XMP', 1 => 'XMP-TC260', 2 => 'Image' },
    NAMESPACE => { 'TC260' => 'http://www.tc260.org.cn/ns/AIGC/1.0/' },
    WRITABLE => 'string', AIGC => { },
);
"""

# The package takes and returns data URLs.
NODE = """
import { readFileSync, writeFileSync } from "node:fs";
import { writeMetadata } from "image-aigc-metadata";
const [file, type, label] = process.argv.slice(1);
const url = `data:${type};base64,${readFileSync(file).toString("base64")}`;
writeFileSync(file, Buffer.from(writeMetadata(url, JSON.parse(label)).split(",")[1], "base64"));
"""


def plain(name):
    """A picture of 16 x 12 pixels in one colour, without metadata."""
    path = FOLDER / name
    Image.new("RGB", (16, 12), (200, 90, 40)).save(path, FORMATS[path.suffix[1:]])
    return path


def make_labels():
    FOLDER.mkdir(exist_ok=True)
    make_exempi()
    make_exiftool()
    for name, media_type in [("segment.jpg", "image/jpeg"), ("text.png", "image/png")]:
        command = ["node", "--input-type=module", "-e", NODE, plain(name), media_type, json.dumps(LABEL)]
        subprocess.run(command, check=True)
    make_c2pa()


def make_exempi():
    from cntc260.tc260 import GBxmp

    for ending in ["jpg", "png", "tif"]:
        writer = GBxmp(str(plain(f"exempi.{ending}")))
        writer.setAIGC(dict(LABEL))
        assert writer.writeXmp()[0] == 1, ending


def make_exiftool():
    tags = [f"-XMP-TC260:AIGC={json.dumps(LABEL)}", f"-XMP-iptcExt:DigitalSourceType={SOURCE_TYPE}"]
    private = ["-XMP-exif:GPSLatitude=31.2", "-XMP-exif:GPSLongitude=121.5", "-XMP-aux:SerialNumber=SN-12345"]
    with tempfile.NamedTemporaryFile("w", suffix=".config") as config:
        config.write(EXIFTOOL)
        config.flush()
        tool = ["exiftool", "-config", config.name, "-q", "-overwrite_original", "-api", "Compact=NoPadding"]
        for ending in FORMATS:
            subprocess.run([*tool, *tags, *private, plain(f"exiftool.{ending}")], check=True)
        with tempfile.NamedTemporaryFile(suffix=".png") as picture:
            Image.new("RGB", (16, 12), (200, 90, 40)).save(picture.name)
            lossless = FOLDER / "exiftool.jxl"
            subprocess.run(["cjxl", picture.name, lossless, "-d", "0", "--container=1", "--quiet"], check=True)
        subprocess.run([*tool, *tags, *private, lossless], check=True)
        comment = "-UserComment=" + json.dumps({"AIGC": LABEL})
        subprocess.run([*tool, comment, "-SerialNumber=SN-12345", plain("comment.jpg")], check=True)


def make_c2pa():
    import c2pa

    chain, key = certificate()
    signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo(b"es256", chain, key, None))
    manifest = {
        "claim_generator_info": [{"name": "cos-thumbnailer tests", "version": "1"}],
        "assertions": [
            {
                "label": "c2pa.actions",
                "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": SOURCE_TYPE}]},
            }
        ],
    }
    settings = c2pa.Settings.from_dict({"builder": {"thumbnail": {"enabled": False}}})
    for ending, name in FORMATS.items():
        path = plain(f"c2pa.{ending}")
        signed = io.BytesIO()
        builder = c2pa.Builder(manifest, context=c2pa.Context(settings=settings))
        builder.sign(signer, f"image/{name.lower()}", io.BytesIO(path.read_bytes()), signed)
        path.write_bytes(signed.getvalue())


def certificate():
    """A chain of two certificates that nobody trusts, and the key of the first."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]) for name in ["signer", "root"]]
    usages = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"]
    usages += ["key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
    chain = b""
    for number, (name, key) in enumerate(zip(names, keys)):
        is_root = number == 1
        used = {"key_cert_sign", "crl_sign"} if is_root else {"digital_signature"}
        builder = x509.CertificateBuilder(names[1], name, key.public_key(), number + 1)
        builder = builder.not_valid_before(datetime.datetime(2025, 1, 1)).not_valid_after(datetime.datetime(2045, 1, 1))
        builder = builder.add_extension(x509.BasicConstraints(is_root, None), critical=True)
        builder = builder.add_extension(x509.KeyUsage(**{usage: usage in used for usage in usages}), critical=True)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[1].public_key())
        builder = builder.add_extension(issuer, critical=False)
        if not is_root:
            purpose = x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.EMAIL_PROTECTION])
            builder = builder.add_extension(purpose, critical=False)
        chain += builder.sign(keys[1], hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    formats = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return chain, keys[0].private_bytes(*formats)
