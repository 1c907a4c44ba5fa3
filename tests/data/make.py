"""Makes the small test images in this folder and the references in reference/: make.py [GROUP...]

Without arguments it makes all groups. Needs Pillow with pillow-jxl-plugin, NumPy, SciPy, OpenCV, OpenEXR, tifffile with
imagecodecs, pyvips with libheif, libjxl's cjxl, for the group heic pillow-heif, and for labels what their module states.
It does not make the photographs and the suites; README.md names their sources.
"""
import sys

from generators import avif, checksums, cmyk, common, formats, heic, labels, png, profiles, rare, references, small

# In this order: later groups read files of earlier ones.
GROUPS = {
    "cmyk": [cmyk.make_cmyk],
    "profiles": [profiles.make_profiles, profiles.make_bmpsuite],
    "png": [png.make_pngs],
    "formats": [formats.make_orientations, formats.make_formats],
    "avif": [avif.make_avifs, avif.make_large],
    "heic": [heic.make_heics],
    "small": [small.make_small],
    "rare": [rare.make_jxl, rare.make_jxl_references, rare.make_rare],
    "checksums": [checksums.make_checksums, checksums.make_tiff_references],
    "labels": [labels.make_labels],
    "references": [references.make_photos, references.make_references, references.make_operations,
                   references.make_effects],
}


def main():
    names = sys.argv[1:] or list(GROUPS)
    unknown = [name for name in names if name not in GROUPS]
    if unknown:
        sys.exit(f"make.py: there is no group {', '.join(unknown)}; the groups are {', '.join(GROUPS)}")
    (common.HERE / "reference").mkdir(exist_ok=True)
    for name in names:
        for make in GROUPS[name]:
            make()


if __name__ == "__main__":
    main()
