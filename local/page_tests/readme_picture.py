"""The picture of the page in the README."""
import subprocess

from programs import FOLDER, ROOT


def write_picture(new_page):
    """Writes the picture of the page in the README, made small by the function's own program."""
    shot, picture = FOLDER / "readme.png", ROOT / "docs" / "images" / "playground.webp"
    with new_page(width=1280, height=900) as one:
        one.page.click(".sample")
        one.wait_for_run(None)
        one.wait_for_scores()
        one.page.hover("figure:nth-child(2)")
        one.page.click("#formats-1")
        one.wait_for_formats()
        one.page.click("#same-webp")
        one.page.evaluate("scrollTo(0, 0)")
        one.page.screenshot(path=shot)
        subprocess.run([one.program, "render", "--box", "1280x900", "--quality", "80", shot, picture], check=True)
