"""Prints the labels of AI-generated content in images, as Pillow and exiv2 find them.

    read_labels.py IMAGE...

One line of JSON for each image: `packet`, the names of all properties in the packet of XMP by Pillow and Python's own
parser; and `label` and `source_type`, by exiv2.
"""
import json
import sys
import xml.etree.ElementTree as ElementTree

import pyexiv2
from PIL import Image

RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"


def properties(packet):
    """The names of all elements and attributes of the nodes in a packet."""
    root = ElementTree.fromstring(packet)
    nodes = root.iter(RDF + "Description")
    return sorted(name for node in nodes for name in [*node.attrib, *(child.tag for child in node)])


for path in sys.argv[1:]:
    with Image.open(path) as image:
        packet = properties(image.info["xmp"])
    image = pyexiv2.Image(path)
    xmp = image.read_xmp()
    image.close()
    label, source_type = xmp.get("Xmp.TC260.AIGC"), xmp.get("Xmp.iptcExt.DigitalSourceType")
    print(json.dumps({"packet": packet, "label": json.loads(label), "source_type": source_type}))
