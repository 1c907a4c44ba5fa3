"""Tests of scores, other formats and the comparison with the exact reduction."""
import re

from programs import FOLDER, ROOT


def thumbnails_have_scores(new_page):
    with new_page() as one:
        one.choose()
        number = lambda text: float(re.search(r"SSIMULACRA2 ([\d.]+)", text)[1])  # noqa: E731
        good = [number(text) for text in one.wait_for_scores()]
        assert all(50 < score < 100 for score in good), good
        one.change("#quality", "30")
        texts = one.wait_for_scores()
        assert all("quality 30" in text for text in texts), texts
        poor = [number(text) for text in texts]
        assert all(worse < better for worse, better in zip(poor, good, strict=True)), (poor, good)
        before = one.version()
        one.page.click("text=PNG")
        one.wait_for_run(before)
        # PNG loses nothing; what remains is decoding at a reduced size.
        assert all("quality" not in text and number(text) > better for text, better in zip(one.wait_for_scores(), good, strict=True))


def transparency_is_scored_over_white_or_not_at_all(new_page):
    with new_page() as one:
        one.choose(ROOT / "tests" / "data" / "rgba.png")
        assert all("over white" in text for text in one.wait_for_scores()), one.wait_for_scores()
        before = one.version()
        one.page.click("text=JPEG")
        one.wait_for_run(before)
        assert all("no score" in text for text in one.wait_for_scores()), one.wait_for_scores()
        assert one.page.is_disabled("#formats-0")


def formats_at_the_same_look_are_taken_over(new_page):
    with new_page() as one:
        one.choose()
        one.wait_for_scores()
        one.page.click("#formats-1")
        one.wait_for_formats()
        formats = one.page.eval_on_selector_all("#format-tabs [role=tab]", "all => all.map(one => one.dataset.format)")
        assert formats == ["jpeg", "png", "webp", "avif"], formats
        own = float(re.search(r"SSIMULACRA2 ([\d.]+)", one.page.inner_text("#format-panel"))[1])
        assert "the thumbnail itself" in one.page.inner_text("#format-panel")
        one.page.keyboard.press("Tab")
        one.page.click("#same-webp")
        text = one.page.inner_text("#format-panel")
        assert abs(float(re.search(r"SSIMULACRA2 ([\d.]+)", text)[1]) - own) < 2, (text, own)
        one.page.eval_on_selector("#formats", "section => section.scrollIntoView()")
        one.screenshot("formats")
        one.page.click("#same-avif")
        one.wait_for_picture("#format-panel img")
        avif = one.page.inner_text("#format-panel")
        assert abs(float(re.search(r"SSIMULACRA2 ([\d.]+)", avif)[1]) - own) < 2 and "less than JPEG" in avif, (avif, own)
        one.page.click("#same-png")
        assert "without loss" in one.page.inner_text("#format-panel")
        one.page.click("#same-webp")
        before = one.version()
        one.page.click("#format-take")
        one.wait_for_run(before)
        quality = re.search(r"quality (\d+)", text)[1]
        assert f"card=400x300/fit/cover/gravity/auto/format/webp/quality/{quality};" in one.output("variables")
        assert "WebP" in one.page.inner_text("figure:nth-child(2)")
        assert f"WebP, quality {quality}" in one.page.inner_text(".size:nth-child(2) .own")
        # The bytes are those that the formats promised.
        promised = re.search(r"[\d.]+ KB", text)[0]
        assert promised in one.page.inner_text("figure:nth-child(2) .facts"), one.page.inner_text("figure:nth-child(2)")
        one.page.click("#formats-close")
        assert not one.page.is_visible("#formats")
        one.page.click(".own button")
        one.page.wait_for_function("() => !document.querySelector('.own')")
        one.page.click("#mode-file")
        one.wait_for_scores()


def limit_of_bytes_holds_in_every_format(new_page):
    with new_page() as one:
        one.choose()
        one.page.click("#mode-variables")
        one.change("#variables", "THUMBNAILS=card=400x300/max_bytes/9k")
        one.wait_for_scores()
        one.page.click("#formats-0")
        one.wait_for_formats()
        for name in ("webp", "avif"):
            one.page.click(f"#same-{name}")
            text = one.page.inner_text("#format-panel")
            assert "limit 9 KB" in text and float(re.search(r"([\d.]+) KB", text)[1]) <= 9, text
        one.page.click("#same-png")
        assert "bytes" in one.page.inner_text("#format-panel .empty")


def thumbnail_is_compared_with_its_exact_reduction(new_page):
    with new_page() as one:
        one.choose()
        one.wait_for_scores()
        one.page.click("#compare-1")
        one.page.wait_for_selector("#compare[open]")
        sizes = one.page.eval_on_selector_all("#comparison img", "all => all.map(one => [one.naturalWidth, one.naturalHeight])")
        assert sizes == [[400, 300], [400, 300]], sizes
        one.page.screenshot(path=FOLDER / "compare-part.png")
        one.page.click("#compare-close")
        one.page.click("#compare-2")
        one.page.wait_for_selector("#compare[open]")
        assert one.page.evaluate("document.activeElement.id") == "compare-range"
        one.page.keyboard.press("Home")
        assert one.page.eval_on_selector("#comparison", "one => one.style.getPropertyValue('--border')") == "0%"
        one.page.fill("#compare-range", "35")
        one.page.screenshot(path=FOLDER / "compare.png")
        one.page.keyboard.press("Escape")
        assert one.page.query_selector("#compare[open]") is None


TESTS = [
    thumbnails_have_scores,
    transparency_is_scored_over_white_or_not_at_all,
    formats_at_the_same_look_are_taken_over,
    limit_of_bytes_holds_in_every_format,
    thumbnail_is_compared_with_its_exact_reduction,
]
